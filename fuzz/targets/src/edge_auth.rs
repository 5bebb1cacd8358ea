//! Akamai EdgeAuth tokens: with and without early escapes.

use std::sync::LazyLock;

use stagedoor::catalog::TokenPolicy;

use crate::signed_url;

static POLICY: LazyLock<TokenPolicy> = LazyLock::new(|| serde_json::from_str(r#"{"accept":[{"edge_auth":{"keys":"cdn"}},{"edge_auth":{"keys":"cdn","escape_early":true,"names":["e"]}}]}"#).unwrap());

/// Takes a request as `signed_url` reads it.
pub fn run(request: &str) {
    signed_url::ask(&POLICY, request);
}
