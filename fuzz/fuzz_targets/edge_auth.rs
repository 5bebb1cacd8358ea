//! Akamai EdgeAuth tokens: with and without early escapes.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stagedoor::catalog::TokenPolicy;

mod signed_url;

static POLICY: LazyLock<TokenPolicy> = LazyLock::new(|| serde_json::from_str(r#"{"accept":[{"edge_auth":{"keys":"cdn"}},{"edge_auth":{"keys":"cdn","escape_early":true,"names":["e"]}}]}"#).unwrap());

fuzz_target!(|request: &str| signed_url::ask(&POLICY, request));
