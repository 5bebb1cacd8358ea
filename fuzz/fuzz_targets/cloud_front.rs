//! Signed URLs and cookies of CloudFront, with both kinds of policy.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stagedoor::catalog::TokenPolicy;

mod signed_url;

static POLICY: LazyLock<TokenPolicy> = LazyLock::new(|| serde_json::from_str(r#"{"accept":[{"cloud_front":{"keys":"cdn"}}]}"#).unwrap());

fuzz_target!(|request: &str| signed_url::ask(&POLICY, request));
