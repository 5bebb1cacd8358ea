//! No Common Access Token panics, and only a genuine one is accepted.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use stagedoor::catalog::{KeySet, TokenPolicy};
use stagedoor::facts::{Connection, Facts, Headers};
use stagedoor::redacted::Redacted;
use stagedoor::time::UnixTime;
use stagedoor::token::{self, Asked, native};

static POLICY: LazyLock<TokenPolicy> = LazyLock::new(|| {
    serde_json::from_str(r#"{"issuers":["id","eyevinn"],"accept":[{"cat":{"keys":"id"}}]}"#).unwrap()
});
static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    serde_json::from_str(
        r#"{"issuer":"id","keys":[
            {"kty":"oct","kid":"Symmetric256","alg":"HS256","k":"aHMyNTYtc2VjcmV0LW9mLXRoZS1mbG93LXRlc3RzLSE"},
            {"kty":"EC","kid":"e","alg":"ES256","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
             "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#,
    )
    .unwrap()
});

/// Takes one input.
pub fn run(bytes: &[u8]) {
    // As a token, and as the claims of a token: [h'a10105', {}, claims, h''].
    attempt(bytes);
    let mut token = vec![0x84, 0x43, 0xa1, 0x01, 0x05, 0xa0, 0x5a];
    token.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    token.extend(bytes);
    token.push(0x40);
    attempt(&token);
}

fn attempt(token: &[u8]) {
    let header = ("cta-common-access-token".to_owned(), Redacted::new(URL_SAFE_NO_PAD.encode(token)));
    let facts = Facts {
        host: "watch.example.com".to_owned(),
        path: "/content/a.m3u8".to_owned(),
        headers: Headers { all: vec![header], ..Headers::default() },
        address: "192.0.2.9".parse().ok(),
        geography: "AE-DU;asn=64496;lat=25.2048;lon=55.2708".parse().unwrap(),
        connection: Connection { alpn: Some("h2".to_owned()), ja3: None, ja4: Some("t13d".to_owned()) },
        ..Facts::default()
    };
    let Ok(presented) = token::present(&facts, &POLICY) else { return };
    let Ok(challenges) = presented.challenges(&KEYS) else { return };
    assert!(!challenges.iter().any(native::settle), "a forged token was taken for genuine");
    // The claims are compared with the request as if it were genuine.
    let asked = Asked { facts: &facts, policy: &POLICY, now: UnixTime::from_secs(1_747_983_275) };
    let _ = presented.grant(challenges[0].key, &asked);
}
