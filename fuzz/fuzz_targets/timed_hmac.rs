//! Timed HMACs of Cloudflare's WAF.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stagedoor::catalog::TokenPolicy;

mod signed_url;

static POLICY: LazyLock<TokenPolicy> = LazyLock::new(|| serde_json::from_str(r#"{"accept":[{"timed_hmac":{"keys":"cdn","lifetime_s":60}},{"timed_hmac":{"keys":"cdn","lifetime_s":60,"name":""}}]}"#).unwrap());

fuzz_target!(|request: &str| signed_url::ask(&POLICY, request));
