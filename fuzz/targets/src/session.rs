//! No session token panics, and only a genuine one opens.

use std::sync::LazyLock;

use stagedoor::catalog::KeySet;
use stagedoor::token::session::Session;

static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    serde_json::from_str(
        r#"{"issuer":"s","keys":[{"kty":"oct","kid":"s","alg":"HS256","k":"c2Vzc2lvbi1zZWNyZXQtb2YtdGhlLWZsb3ctdGVzdHM"}]}"#,
    )
    .unwrap()
});

/// Takes one input.
pub fn run(token: &str) {
    let opened = Session::open(token, &KEYS, "watch.example.com");
    assert!(opened.is_err(), "a forged session was opened");
}
