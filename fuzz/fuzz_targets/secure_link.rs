//! nginx secure links.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stagedoor::catalog::TokenPolicy;

mod signed_url;

static POLICY: LazyLock<TokenPolicy> = LazyLock::new(|| serde_json::from_str(r#"{"accept":[{"secure_link":{"keys":"cdn","expression":"{expires}{uri}{folder}{title}{address}{arg:a}{header:b}{cookie:c} {secret}"}}]}"#).unwrap());

fuzz_target!(|request: &str| signed_url::ask(&POLICY, request));
