//! The edge's own types read the documents in `docs/tokens/` for other CDNs' dialects.

use std::fs;

use serde_json::Value;
use stagedoor::catalog::{Acceptance, KeySet, TokenPolicy};
use stagedoor::token::Dialect;

#[test]
fn examples_are_documents() {
    for name in ["edge_auth", "timed_hmac", "media_cdn", "secure_link", "cloud_front"] {
        let path = format!("{}/docs/tokens/{name}.md", env!("CARGO_MANIFEST_DIR"));
        let page = fs::read_to_string(path).unwrap();
        let mut blocks = page.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        let site: Value = serde_json::from_str(blocks.next().unwrap()).unwrap();
        let policy: TokenPolicy = serde_json::from_value(site.get("tokens").unwrap().clone()).unwrap();
        let dialects: Vec<_> = policy.accept.iter().map(|own| Dialect::of(own).name()).collect();
        assert_eq!(dialects, [name]);
        let keys: KeySet = serde_json::from_str(blocks.next().unwrap()).unwrap();
        let named = policy.accept.iter().map(|own| match own {
            Acceptance::EdgeAuth(own) => &own.keys,
            Acceptance::TimedHmac(own) => &own.keys,
            Acceptance::MediaCdn(own) => &own.keys,
            Acceptance::SecureLink(own) => &own.keys,
            Acceptance::CloudFront(own) => &own.keys,
            other => panic!("{other:?}"),
        });
        assert!(named.into_iter().all(|issuer| *issuer == keys.issuer), "{name}");
        assert_eq!(blocks.next(), None, "{name}");
    }
}
