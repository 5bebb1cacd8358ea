//! A token of AWS Secure Media Delivery with any claims is read without a panic, and its bindings hold.

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
    LazyLock::new(|| serde_json::from_str(&format!(r#"{{"issuer":"media","keys":[{OCT}]}}"#)).unwrap());
static POLICY: LazyLock<TokenPolicy> =
    LazyLock::new(|| serde_json::from_str(r#"{"accept":[{"secure_media":{"keys":"media"}}]}"#).unwrap());

/// Takes one input.
pub fn run((session, path, query, payload): (&str, &str, &str, &[u8])) {
    let token = KEY.jws(Algorithm::HS256, serde_json::Map::new(), payload).unwrap();
    let facts = Facts {
        path: format!("/{session}{token}/{path}"),
        query: Redacted::new(query.to_owned()),
        address: "192.0.2.7".parse().ok(),
        geography: "AE-DU".parse().unwrap(),
        ..Facts::default()
    };
    let Ok(presented) = present(&facts, &POLICY) else { return };
    let now = UnixTime::from_secs(1_795_370_400);
    let asked = Asked { facts: &facts, policy: &POLICY, now };
    if let Ok(grant) = native::prove(presented.as_ref(), &KEYS, &asked) {
        assert!(grant.expires_at.is_some_and(|expires_at| expires_at > now));
        let claims: serde_json::Value = serde_json::from_slice(payload).unwrap();
        let excepted = claims["exc"].as_array().is_some_and(|list| !list.is_empty()) || claims["exc"].is_string();
        assert!(excepted || claims["ip"] != true || grant.lock.address);
    }
}
