//! No JWS in any serialisation panics, and none made without the keys verifies.

use std::sync::LazyLock;

use stagedoor::token::jws::{Verifiers, check};

static KEYS: LazyLock<Verifiers> = LazyLock::new(|| {
    let keys = r#"{"issuer":"id","keys":[
        {"kty":"oct","kid":"h","k":"aHMyNTYtc2VjcmV0LW9mLXRoZS1mbG93LXRlc3RzLSE"},
        {"kty":"EC","kid":"e","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
         "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
    Verifiers::from_slice(keys.as_bytes()).unwrap()
});

/// Takes one input.
pub fn run((token, detached): (&str, Option<&[u8]>)) {
    assert!(check(token, &KEYS, detached).is_err(), "a forged token was taken for genuine");
    // The same input as keys.
    let _ = Verifiers::from_slice(token.as_bytes());
}
