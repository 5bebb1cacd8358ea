//! All worked examples of RFC 7520, RFC 8037 and RFC 7797.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use stagedoor::denial::Reason;
use stagedoor::token::jws::{Verifiers, check};
use stagedoor::token::mint::PrivateKey;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tokens/ietf-jose-cookbook");

/// Examples that are not signatures, or are refused on purpose.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("curve25519/ecdh-es.json", "encryption, which no token here uses"),
    (
        "rfc7797/4.2.hmac-sha2_b64_false.json",
        "`b64` is false and not in `crit`, as in an early draft; RFC 7797 section 6 demands it",
    ),
];

fn files(folder: &Path) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.strip_prefix(FOLDER).unwrap().to_str().unwrap().to_owned();
            found.push((name, serde_json::from_slice(&fs::read(&path).unwrap()).unwrap()));
        }
    }
    found
}

/// Every serialisation of a worked example, and the signed content.
fn check_all(name: &str, input: &Value, output: &Value) -> Vec<Result<(), Reason>> {
    let keys = match &input["key"] {
        Value::Array(keys) => json!({ "keys": keys }),
        key => key.clone(),
    };
    let keys = Verifiers::from_slice(keys.to_string().as_bytes()).unwrap();
    let serialisations = ["compact", "json", "json_flat"];
    let tokens = serialisations.iter().filter_map(|form| match &output[*form] {
        Value::Null => None,
        Value::String(compact) => Some(compact.clone()),
        json => Some(json.to_string()),
    });
    let detached = name.contains("detached").then(|| input["payload"].as_str().unwrap().as_bytes());
    tokens.map(|token| check(&token, &keys, detached).map(|_| ()).map_err(|denial| denial.reason)).collect()
}

#[test]
fn every_example_verifies() {
    let mut seen = Vec::new();
    for (name, example) in files(Path::new(FOLDER)) {
        let found = if name.starts_with("jwk/") {
            check_key(&name, &example);
            seen.push(name);
            continue;
        } else if name.starts_with("6.") {
            check_all(&name, &example["sign"]["input"], &example["sign"]["output"])
        } else if name == "curve25519/ecdh-es.json" {
            seen.push(name);
            continue;
        } else {
            check_all(&name, &example["input"], &example["output"])
        };
        assert!(!found.is_empty(), "{name}: no token");
        let exception = EXCEPTIONS.iter().any(|(known, _)| *known == name);
        for result in found {
            match result {
                Ok(()) => assert!(!exception, "{name} verifies"),
                Err(reason) => {
                    assert!(exception, "{name}: {reason:?}");
                    assert_eq!(reason, Reason::TokenMalformed, "{name}");
                }
            }
        }
        seen.push(name);
    }
    assert_eq!(seen.len(), 19, "{seen:?}");
    assert!(EXCEPTIONS.iter().all(|(name, _)| seen.iter().any(|seen| seen == name)));
}

fn check_key(name: &str, key: &Value) {
    let read = PrivateKey::from_jwk(key.as_object().unwrap());
    match name {
        "jwk/3_1.ec_public_key.json" | "jwk/3_3.rsa_public_key.json" => {
            assert_eq!(read.unwrap_err().to_string().split(':').next(), Some("`d`"), "{name}");
            Verifiers::from_slice(key.to_string().as_bytes()).unwrap();
        }
        "jwk/3_6.symmetric_key_encryption.json" => {
            assert!(read.unwrap_err().to_string().starts_with("`alg`"), "{name}");
        }
        _ => {
            read.unwrap();
        }
    }
}

#[test]
fn an_example_of_which_anything_is_changed_does_not_verify() {
    for (name, example) in files(&Path::new(FOLDER).join("jws")) {
        let Value::String(compact) = &example["output"]["compact"] else { continue };
        if name.contains("detached") {
            continue;
        }
        let keys = Verifiers::from_slice(example["input"]["key"].to_string().as_bytes()).unwrap();
        for at in (0..compact.len()).step_by(7) {
            let mut bytes = compact.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(check(&changed, &keys, None).is_err(), "{name}: byte {at}");
        }
    }
}
