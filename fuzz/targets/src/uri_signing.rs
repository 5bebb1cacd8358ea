//! A genuine token for any URI, with any claims, is read without a panic and in bounded time.

use std::sync::LazyLock;

use stagedoor::catalog::{Algorithm, KeySet, TokenPolicy};
use stagedoor::facts::Facts;
use stagedoor::redacted::Redacted;
use stagedoor::time::UnixTime;
use stagedoor::token::mint::PrivateKey;
use stagedoor::token::{Asked, native, present};

const OCT: &str = r#"{"kty":"oct","kid":"h","k":"aHMyNTYtc2VjcmV0LW9mLXRoZS1mbG93LXRlc3RzLSE"}"#;

static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::from_slice(OCT.as_bytes()).unwrap());
static KEYS: LazyLock<KeySet> =
    LazyLock::new(|| serde_json::from_str(&format!(r#"{{"issuer":"ucdn","keys":[{OCT}]}}"#)).unwrap());
static POLICY: LazyLock<TokenPolicy> =
    LazyLock::new(|| serde_json::from_str(r#"{"accept":[{"uri_signing":{"keys":"ucdn"}}]}"#).unwrap());

/// Takes one input.
pub fn run((path, query, container, claims): (&str, &str, &str, &str)) {
    // The container alone, or any claims.
    let container = serde_json::json!({ "cdniuc": container, "cdnistt": 1, "cdniets": 30 }).to_string();
    let now = UnixTime::from_secs(1_795_370_400);
    for payload in [container.as_str(), claims] {
        let token = KEY.jws(Algorithm::HS256, serde_json::Map::new(), payload.as_bytes()).unwrap();
        for (path, query) in [
            (format!("/{path}"), format!("{query}&URISigningPackage={token}")),
            (format!("/{path};URISigningPackage={token}"), query.to_owned()),
        ] {
            let facts = Facts { host: "a.example".to_owned(), path, query: Redacted::new(query), ..Facts::default() };
            let Ok(presented) = present(&facts, &POLICY) else { continue };
            let asked = Asked { facts: &facts, policy: &POLICY, now };
            if let Ok(grant) = native::prove(presented.as_ref(), &KEYS, &asked) {
                assert!(grant.expires_at.is_none_or(|expires_at| expires_at > now));
                assert!(grant.titles.is_some_and(|titles| titles.len() <= 1));
            }
        }
    }
}
