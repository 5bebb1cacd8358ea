//! Google's signed requests and tokens, in all their places.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stagedoor::catalog::TokenPolicy;

mod signed_url;

static POLICY: LazyLock<TokenPolicy> = LazyLock::new(|| serde_json::from_str(r#"{"accept":[{"media_cdn":{"keys":"cdn"}}]}"#).unwrap());

fuzz_target!(|request: &str| signed_url::ask(&POLICY, request));
