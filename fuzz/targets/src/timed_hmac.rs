//! Timed HMACs of Cloudflare's WAF.

use std::sync::LazyLock;

use stagedoor::catalog::TokenPolicy;

use crate::signed_url;

static POLICY: LazyLock<TokenPolicy> = LazyLock::new(|| serde_json::from_str(r#"{"accept":[{"timed_hmac":{"keys":"cdn","lifetime_s":60}},{"timed_hmac":{"keys":"cdn","lifetime_s":60,"name":""}}]}"#).unwrap());

/// Takes a request as `signed_url` reads it.
pub fn run(request: &str) {
    signed_url::ask(&POLICY, request);
}
