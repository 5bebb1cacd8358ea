//! Signed URLs and cookies of CloudFront, with both kinds of policy.

use std::sync::LazyLock;

use stagedoor::catalog::TokenPolicy;

use crate::signed_url;

static POLICY: LazyLock<TokenPolicy> = LazyLock::new(|| serde_json::from_str(r#"{"accept":[{"cloud_front":{"keys":"cdn"}}]}"#).unwrap());

/// Takes a request as `signed_url` reads it.
pub fn run(request: &str) {
    signed_url::ask(&POLICY, request);
}
