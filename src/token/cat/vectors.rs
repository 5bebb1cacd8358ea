//! Other people's tokens: `cat-static` (node-cat, Akamai, customers) and the examples of the COSE working group.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};

use super::cose::Message;
use crate::catalog::{Jwk, KeySet, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::{Facts, Headers};
use crate::redacted::Redacted;
use crate::time::UnixTime;
use crate::token::hex;
use crate::token::native::{prove, settle};
use crate::token::{Asked, Challenge, Grant, present};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tokens");

fn read(path: &Path) -> Json {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Examples that are refused although COSE allows them, and why.
const REFUSED: [(&str, &str); 37] = [
    ("CWT/A_4.json", "a tag of 64 bits"),
    ("CWT/A_7.json", "a tag of 64 bits"),
    ("hmac-examples/HMac-enc-05.json", "a tag of 64 bits"),
    ("RFC8152/Appendix_C_6_1.json", "AES-CBC-MAC"),
    ("ecdsa-examples/ecdsa-sig-04.json", "ES512 with a key on P-256: a curve has one algorithm (RFC 7518)"),
    ("eddsa-examples/eddsa-sig-02.json", "Ed448"),
    ("CWT/A_5.json", "COSE_Encrypt0"),
    ("CWT/A_6.json", "COSE_Encrypt0"),
    ("RFC8152/Appendix_C_4_1.json", "COSE_Encrypt0"),
    ("RFC8152/Appendix_C_4_2.json", "COSE_Encrypt0"),
    ("RFC8152/Appendix_B.json", "COSE_Encrypt"),
    ("RFC8152/Appendix_C_3_1.json", "COSE_Encrypt"),
    ("RFC8152/Appendix_C_3_2.json", "COSE_Encrypt"),
    ("RFC8152/Appendix_C_3_3.json", "COSE_Encrypt, with a countersignature"),
    ("RFC8152/Appendix_C_3_4.json", "COSE_Encrypt"),
    ("RFC8152/Appendix_C_1_1.json", "COSE_Sign"),
    ("RFC8152/Appendix_C_1_2.json", "COSE_Sign"),
    ("RFC8152/Appendix_C_1_3.json", "COSE_Sign, with a countersignature"),
    ("RFC8152/Appendix_C_1_4.json", "COSE_Sign"),
    ("ecdsa-examples/ecdsa-01.json", "COSE_Sign"),
    ("ecdsa-examples/ecdsa-02.json", "COSE_Sign"),
    ("ecdsa-examples/ecdsa-03.json", "COSE_Sign"),
    ("ecdsa-examples/ecdsa-04.json", "COSE_Sign"),
    ("eddsa-examples/eddsa-01.json", "COSE_Sign"),
    ("eddsa-examples/eddsa-02.json", "COSE_Sign"),
    ("rsa-pss-examples/rsa-pss-01.json", "COSE_Sign"),
    ("rsa-pss-examples/rsa-pss-02.json", "COSE_Sign"),
    ("rsa-pss-examples/rsa-pss-03.json", "COSE_Sign"),
    ("RFC8152/Appendix_C_5_1.json", "COSE_Mac"),
    ("RFC8152/Appendix_C_5_2.json", "COSE_Mac"),
    ("RFC8152/Appendix_C_5_3.json", "COSE_Mac"),
    ("RFC8152/Appendix_C_5_4.json", "COSE_Mac"),
    ("hmac-examples/HMac-01.json", "COSE_Mac"),
    ("hmac-examples/HMac-02.json", "COSE_Mac"),
    ("hmac-examples/HMac-03.json", "COSE_Mac"),
    ("hmac-examples/HMac-04.json", "COSE_Mac"),
    ("hmac-examples/HMac-05.json", "COSE_Mac"),
];

#[test]
fn the_examples_of_the_working_group() {
    let mut count = (0, 0, 0);
    let folder = Path::new(FIXTURES).join("cose-wg-examples");
    for group in
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        for path in fs::read_dir(group).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
            let example = read(&path);
            let met = example_is_met(&example);
            match REFUSED.iter().find(|(refused, _)| *refused == name) {
                Some((_, why)) => {
                    assert!(met.is_err(), "{name} is listed ({why}), and is taken: {met:?}");
                    count.0 += 1;
                }
                None if example["fail"] == json!(true) => {
                    assert!(!matches!(met, Ok(true)), "{name} was taken");
                    count.1 += 1;
                }
                None => {
                    assert_eq!(met, Ok(true), "{name} was refused");
                    count.2 += 1;
                }
            }
        }
    }
    assert_eq!(count, (37, 13, 16), "refused by list, refused as they should be, taken");
}

/// Whether the signature of an example fits, or why that was not even asked.
fn example_is_met(example: &Json) -> Result<bool, Reason> {
    let input = &example["input"];
    let (signed, key) = match (&input["mac0"], &input["sign0"]) {
        (Json::Null, sign) => (sign, &sign["key"]),
        (mac, _) => (mac, &mac["recipients"][0]["key"]),
    };
    let message = Message::read(&hex::decode(example["output"]["cbor"].as_str().unwrap()).unwrap());
    let message = message.map_err(|denial| denial.reason)?;
    let external = hex::decode(signed["external"].as_str().unwrap_or_default()).unwrap();
    let Some(key) = jwk(key) else { return Err(Reason::TokenKeyUnknown) };
    let keys = KeySet { issuer: "id".parse().unwrap(), keys: vec![key], published: None };
    let challenges = message.challenges(&keys, &external).map_err(|denial| denial.reason)?;
    assert!(
        external.is_empty() || !message.challenges(&keys, &[]).unwrap().iter().any(settle),
        "what is signed outside of the message does not count"
    );
    Ok(challenges.iter().any(settle))
}

/// A key as the examples write it: with some members in hexadecimal digits. `None` where it is of no type that we have.
fn jwk(written: &Json) -> Option<Jwk> {
    let mut jwk = written.as_object().cloned()?;
    for member in ["k", "x", "y"] {
        if let Some(Json::String(digits)) = jwk.remove(&format!("{member}_hex")) {
            jwk.insert(member.to_owned(), json!(URL_SAFE_NO_PAD.encode(hex::decode(&digits).unwrap())));
        }
    }
    jwk.remove("alg");
    jwk.entry("kid").or_insert(json!("key"));
    serde_json::from_value(Json::Object(jwk)).ok()
}

fn static_tokens() -> Vec<(String, Vec<u8>)> {
    let tokens = read(&Path::new(FIXTURES).join("cat-static/tokens.json"));
    let token = |token: &Json| {
        let key = hex::decode(token["mac_ok_with"][0].as_str().unwrap()).unwrap();
        (token["token"].as_str().unwrap().to_owned(), key)
    };
    tokens.as_array().unwrap().iter().map(token).collect()
}

fn keys(secret: &[u8]) -> KeySet {
    let k = URL_SAFE_NO_PAD.encode(secret);
    let key = |kid: &str| json!({ "kty": "oct", "kid": kid, "k": k });
    let keys = [key("Symmetric256"), key("akamai_key_hs256")];
    serde_json::from_value(json!({ "issuer": "keys", "keys": keys })).unwrap()
}

fn grant(token: &str, secret: &[u8], url: &str, policy: &Json, now: u64) -> Result<Grant, Denial> {
    let url = url::Url::parse(url).unwrap();
    let header = ("cta-common-access-token".to_owned(), Redacted::new(token.to_owned()));
    let facts = Facts {
        host: url.host_str().unwrap().to_owned(),
        path: url.path().to_owned(),
        headers: Headers { all: vec![header], ..Headers::default() },
        ..Facts::default()
    };
    let policy: TokenPolicy = serde_json::from_value(policy.clone()).unwrap();
    let presented = present(&facts, &policy)?;
    let asked = Asked { facts: &facts, policy: &policy, now: UnixTime::from_secs(now) };
    prove(presented.as_ref(), &keys(secret), &asked)
}

#[test]
fn tokens_of_other_implementations() {
    let tokens = static_tokens();
    let own = |own: Json| json!({ "accept": [{ "cat": own }] });
    let of = |issuer: &str| own(json!({ "issuers": [issuer] }));
    let any = "https://example.com/a/b.m3u8";
    let content = "https://example.com/content/a.m3u8";
    let long =
        "https://example.com/e059/7811/1640/47e1-9930-2a4341ea8b10/1bd1e26e-3407-4805-b806-13216b34d4bf.m3u8";
    let twice = own(json!({ "keys": "keys", "audience": "two" }));
    let other = own(json!({ "keys": "keys", "audience": "three" }));
    for (index, policy, url, now, expected) in [
        // Without the tag 61, and with its claims in a text of digits.
        (0, of("coap://as.example.com"), any, 0, Ok(None)),
        (1, of("coap://jonas.example.com"), any, 1_741_985_961, Ok(None)),
        (1, of("coap://jonas.example.com"), any, 1_741_985_960, Err(Reason::TokenNotYetValid)),
        (2, of("jonas"), any, 1_742_169_406, Ok(None)),
        (2, of("coap://jonas.example.com"), any, 1_742_169_406, Err(Reason::TokenIssuer)),
        (3, own(json!({ "keys": "keys" })), any, 1_742_161_068, Ok(Some(1_963_080_379))),
        (3, own(json!({ "keys": "keys" })), any, 1_963_080_379, Err(Reason::TokenExpired)),
        (3, own(json!({})), any, 1_742_161_068, Err(Reason::TokenClaims)),
        (4, own(json!({ "keys": "keys" })), any, 1_742_159_883, Err(Reason::TokenExpired)),
        (5, twice, any, 1_742_169_212, Ok(None)),
        (5, other, any, 1_742_169_212, Err(Reason::TokenAudience)),
        // With `"4"` for the label of `kid`, lengths of 16 bits, and maps in tag 259.
        (6, of("eyevinn"), content, 0, Ok(None)),
        (6, of("eyevinn"), any, 0, Err(Reason::TokenUrl)),
        (7, of("eyevinn"), any, 1_747_983_241, Ok(Some(1_747_983_301))),
        (7, of("eyevinn"), any, 1_747_983_301, Err(Reason::TokenExpired)),
        (8, of("eyevinn"), any, 3_599, Ok(Some(3_600))),
        // Its key is `testKey`, and an HMAC key has to be as long as the hash (RFC 7518 section 3.2).
        (9, of("cdnname"), long, 1_753_920_299, Err(Reason::TokenAlgorithm)),
    ] {
        let (token, secret) = &tokens[index];
        let found = grant(token, secret, url, &policy, now);
        let found = found.as_ref().map(|grant| grant.expires_at.map(UnixTime::as_secs));
        assert_eq!(found.map_err(|denial| denial.reason), expected, "token {index} at {now}: {found:?}");
    }
    let (token, secret) = &tokens[7];
    let grant = grant(token, secret, any, &of("eyevinn"), 1_747_983_272).unwrap();
    assert_eq!(grant.subject.unwrap().len(), 94);
    assert_eq!(grant.token_id.unwrap().len(), 72);
    let renewal = grant.renewal.unwrap();
    let (name, cookie) = &renewal.headers[0];
    assert_eq!(name, "Set-Cookie");
    assert!(cookie.expose().starts_with("CTA-Common-Access-Token=2D3R"));
    assert!(cookie.expose().ends_with("; Secure; Domain=.tv4play.se; path=/; SameSite=None"));
}

#[test]
fn the_short_key_signed_its_token_all_the_same() {
    let tokens = static_tokens();
    let (token, secret) = tokens.last().unwrap();
    let message = Message::parse(token).unwrap();
    let padded = [secret.as_slice(), &[0; 32]].concat();
    // HMAC pads a short key with zeros (RFC 2104): a key of the right size that is the same one.
    let keys = keys(&padded[..32]);
    assert!(
        message.challenges(&keys, &[]).unwrap().iter().any(|challenge: &Challenge<'_>| settle(challenge))
    );
    assert_eq!(message.claims().unwrap().len(), 4);
}
