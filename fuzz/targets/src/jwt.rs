//! A genuine JSON Web Token with any claims is read without a panic, and its grant is not wider than the token.

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
    LazyLock::new(|| serde_json::from_str(&format!(r#"{{"issuer":"id","keys":[{OCT}]}}"#)).unwrap());
static POLICIES: LazyLock<[TokenPolicy; 2]> = LazyLock::new(|| {
    [
        r#"{"issuers":["id"]}"#,
        r#"{"issuers":["id"],"accept":[{"jwt":{"require":{"/a/b":[1,"x"]},"claims":{
            "plans":{"from":"/r/0","prefix":"p","names":{"x":"gold"},"unknown":"drop"},
            "titles":"t","territories":"c","max_height":"h","entitlements":"e","age":{"from":"k","names":{"true":"7"}}}}}]}"#,
    ]
    .map(|json| serde_json::from_str(json).unwrap())
});

/// Takes one input.
pub fn run(payload: &[u8]) {
    let token = KEY.jws(Algorithm::HS256, serde_json::Map::new(), payload).unwrap();
    let facts = Facts { query: Redacted::new(format!("token={token}")), ..Facts::default() };
    let now = UnixTime::from_secs(1_795_370_400);
    for policy in &*POLICIES {
        let Ok(presented) = present(&facts, policy) else { continue };
        if let Ok(grant) = native::prove(presented.as_ref(), &KEYS, &Asked { facts: &facts, policy, now }) {
            let claims: serde_json::Value = serde_json::from_slice(payload).unwrap();
            let end = claims["exp"].as_f64().unwrap();
            assert!(grant.expires_at.unwrap().as_secs() as f64 <= end);
            assert!(grant.expires_at.unwrap() > now);
        }
    }
}
