//! Google's signed requests and tokens, in all their placements.

use std::sync::LazyLock;

use stagedoor::catalog::TokenPolicy;

use crate::signed_url;

static POLICY: LazyLock<TokenPolicy> = LazyLock::new(|| serde_json::from_str(r#"{"accept":[{"media_cdn":{"keys":"cdn"}}]}"#).unwrap());

/// Takes a request as `signed_url` reads it.
pub fn run(request: &str) {
    signed_url::ask(&POLICY, request);
}
