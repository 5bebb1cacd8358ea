//! nginx secure links.

use std::sync::LazyLock;

use stagedoor::catalog::TokenPolicy;

use crate::signed_url;

static POLICY: LazyLock<TokenPolicy> = LazyLock::new(|| serde_json::from_str(r#"{"accept":[{"secure_link":{"keys":"cdn","expression":"{expires}{uri}{folder}{title}{address}{arg:a}{header:b}{cookie:c} {secret}"}}]}"#).unwrap());

/// Takes a request as `signed_url` reads it.
pub fn run(request: &str) {
    signed_url::ask(&POLICY, request);
}
