//! Reads a request from a few lines: the path and query, then headers as `name: value`.

use std::sync::LazyLock;

use stagedoor::catalog::{KeySet, TokenPolicy};
use stagedoor::facts::{Facts, Headers};
use stagedoor::redacted::Redacted;
use stagedoor::time::UnixTime;
use stagedoor::token::{Asked, native, present};

static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    serde_json::from_str(
        r#"{"issuer":"cdn","keys":[
            {"kty":"oct","kid":"k","k":"aHMyNTYtc2VjcmV0LW9mLXRoZS1mbG93LXRlc3RzLSE"},
            {"kty":"OKP","kid":"o","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
            {"kty":"EC","kid":"e","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
             "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#,
    )
    .unwrap()
});

/// No token panics, and none counts as genuine. Its content is read as if it were.
pub fn ask(policy: &TokenPolicy, request: &str) {
    let mut lines = request.lines();
    let target = lines.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let all = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), Redacted::new(value.to_owned())))
        .collect();
    let facts = Facts {
        host: "a.example".to_owned(),
        path: path.to_owned(),
        query: Redacted::new(query.to_owned()),
        headers: Headers { all, ..Headers::default() },
        address: Some([192, 0, 2, 7].into()),
        ..Facts::default()
    };
    let asked = Asked { facts: &facts, policy, now: UnixTime::from_secs(1) };
    if let Ok(presented) = present(&facts, policy) {
        if let Ok(challenges) = presented.challenges(&KEYS) {
            assert!(!challenges.iter().any(native::settle), "a forged token was taken for genuine");
        }
        for key in &KEYS.keys {
            if let Ok(grant) = presented.grant(key, &asked) {
                let titles = grant.titles.expect("a token for a URL is for its title");
                assert!(titles.len() <= 1);
            }
        }
    }
}
