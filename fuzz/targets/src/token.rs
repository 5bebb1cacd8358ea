//! No token panics, and only a genuine one is accepted.

use std::sync::LazyLock;

use stagedoor::catalog::{KeySet, TokenPolicy};
use stagedoor::facts::{Facts, Headers};
use stagedoor::redacted::Redacted;
use stagedoor::time::UnixTime;
use stagedoor::token::{Asked, native, present};

static POLICY: LazyLock<TokenPolicy> = LazyLock::new(|| serde_json::from_str(r#"{"issuers":["id"]}"#).unwrap());
static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    serde_json::from_str(
        r#"{"issuer":"id","keys":[
            {"kty":"oct","kid":"h","alg":"HS256","k":"aHMyNTYtc2VjcmV0LW9mLXRoZS1mbG93LXRlc3RzLSE"},
            {"kty":"EC","kid":"e","alg":"ES256","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
             "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#,
    )
    .unwrap()
});

/// Takes one input.
pub fn run(token: &str) {
    let headers = Headers {
        authorization: Some(Redacted::new(format!("Bearer {token}"))),
        ..Headers::default()
    };
    let facts = Facts { headers, ..Facts::default() };
    let asked = Asked { facts: &facts, policy: &POLICY, now: UnixTime::from_secs(1) };
    if let Ok(presented) = present(&facts, &POLICY) {
        if let Ok(challenges) = presented.challenges(&KEYS) {
            assert!(!challenges.iter().any(native::settle), "a forged token was taken for genuine");
        }
        // The claims are read as if it were genuine.
        let _ = presented.grant(&KEYS.keys[0], &asked);
    }
}
