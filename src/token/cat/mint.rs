//! Claims from JSON, and tokens with them: for the command and the tests.
//!
//! Claims, components of URLs and match types go by their names or by their labels. What JSON has no form for is written
//! so: bytes as `h'0102'` ([RFC 8949 section 8], anywhere), `cti` as hexadecimal digits, and networks in `catnip` as
//! `192.0.2.0/24`.
//!
//! [RFC 8949 section 8]: https://www.rfc-editor.org/rfc/rfc8949#section-8

use std::net::IpAddr;

use serde_json::{Map as Object, Value as Json};

use super::cbor::Value;
use super::claims::{self, CATIF, CATNIP, CATR, CATTPRINT, CATU, CLAIMS};
use super::cose;
use super::uri;
use crate::catalog::{Algorithm, KeyMaterial};
use crate::token::hex;
use crate::token::mint::{MintError, PrivateKey};

/// Why a token cannot be minted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatError {
    /// A claim has another form.
    #[error("`{claim}`: expected {expected}")]
    Claim {
        /// The claim.
        claim: String,
        /// The expected type.
        expected: &'static str,
    },
    /// The key does not sign such tokens.
    #[error(transparent)]
    Key(#[from] MintError),
    /// The algorithm is not a COSE algorithm for tokens.
    #[error("expected a key for an algorithm of COSE (HS256, ES256, PS256 or EdDSA), found `alg` {0}")]
    Algorithm(&'static str),
}

/// Writes a token with these claims, and signs it.
pub fn mint(key: &PrivateKey, claims: &Object<String, Json>) -> Result<String, CatError> {
    let claims = claims_set(claims)?;
    let public = key.public();
    // The usual algorithm of an RSA key is not one of these tokens.
    let algorithm = match (public.alg, &public.material) {
        (None, KeyMaterial::Rsa { .. }) => Algorithm::PS256,
        _ => key.algorithm(),
    };
    let token = cose::seal(&claims, algorithm, key.kid(), |message| key.sign(algorithm, message))?;
    token.ok_or(CatError::Algorithm(algorithm.name()))
}

fn wrong(claim: &str, expected: &'static str) -> CatError {
    CatError::Claim { claim: claim.to_owned(), expected }
}

/// A set of claims.
pub(super) fn claims_set(claims: &Object<String, Json>) -> Result<Value, CatError> {
    let one = |(name, value): (&String, &Json)| {
        let known = CLAIMS.iter().find(|(label, known, _)| known == name || label.to_string() == *name);
        let label = match known {
            Some((label, ..)) => Value::Integer(*label),
            None => key(name),
        };
        Ok((label.clone(), claim(name, label.integer(), value)?))
    };
    Ok(Value::Map(claims.iter().map(one).collect::<Result<_, CatError>>()?))
}

fn claim(name: &str, label: Option<i64>, value: &Json) -> Result<Value, CatError> {
    Ok(match (label, value) {
        (Some(claims::CTI), Json::String(digits)) => match generic(value) {
            bytes @ Value::Bytes(_) => bytes,
            _ => Value::Bytes(hex::decode(digits).ok_or_else(|| wrong(name, "hexadecimal digits"))?),
        },
        (Some(claims::OR | claims::NOR | claims::AND), Json::Array(sets)) => {
            let set = |set: &Json| set.as_object().map_or_else(|| Ok(generic(set)), claims_set);
            Value::Array(sets.iter().map(set).collect::<Result<_, _>>()?)
        }
        (Some(claims::CRIT), Json::Array(labels)) => {
            let label = |label: &Json| match label {
                Json::String(name) => match CLAIMS.iter().find(|(_, known, _)| known == name) {
                    Some((label, ..)) => Value::Integer(*label),
                    None => key(name),
                },
                label => generic(label),
            };
            Value::Array(labels.iter().map(label).collect())
        }
        (Some(CATNIP), Json::Array(entries)) => {
            let entry = |entry: &Json| match entry {
                Json::String(text) => {
                    network(text).ok_or_else(|| wrong(name, "ASNs, addresses and prefixes"))
                }
                entry => Ok(generic(entry)),
            };
            Value::Array(entries.iter().map(entry).collect::<Result<_, _>>()?)
        }
        (Some(CATU), Json::Object(components)) => named(components, &uri::NAMES, matching),
        (Some(claims::CATH), Json::Object(headers)) => {
            let header = |(name, value): (&String, &Json)| (Value::Text(name.clone()), matching(value));
            Value::Map(headers.iter().map(header).collect())
        }
        (Some(CATTPRINT), Json::Object(parts)) => {
            named(parts, &["fingerprint-type", "fingerprint-value"], generic)
        }
        (Some(CATR), Json::Object(parts)) => {
            const PARTS: [&str; 8] = [
                "type",
                "expadd",
                "deadline",
                "cookie-name",
                "header-name",
                "cookie-params",
                "header-params",
                "status",
            ];
            const TYPES: [&str; 4] = ["automatic", "cookie", "header", "redirect"];
            named(parts, &PARTS, |value| match value.as_str().and_then(|name| position(&TYPES, name)) {
                Some(number) => Value::Integer(number),
                None => generic(value),
            })
        }
        (Some(CATIF), Json::Object(replies)) => {
            let reply = |(name, value): (&String, &Json)| {
                let known = CLAIMS.iter().find(|(_, known, _)| known == name);
                (known.map_or_else(|| key(name), |(label, ..)| Value::Integer(*label)), generic(value))
            };
            Value::Map(replies.iter().map(reply).collect())
        }
        _ => generic(value),
    })
}

/// A map whose keys have names, in the order of their numbers.
fn named(map: &Object<String, Json>, names: &[&str], value: impl Fn(&Json) -> Value) -> Value {
    let entry = |(name, written): (&String, &Json)| {
        (position(names, name).map_or_else(|| key(name), Value::Integer), value(written))
    };
    Value::Map(map.iter().map(entry).collect())
}

fn position(names: &[&str], name: &str) -> Option<i64> {
    names.iter().position(|known| *known == name).and_then(|number| i64::try_from(number).ok())
}

/// Matches by their types: `exact` or `exact-match`, and so on.
fn matching(value: &Json) -> Value {
    let Json::Object(matches) = value else { return generic(value) };
    let entry = |(name, value): (&String, &Json)| {
        let kind = match name.strip_suffix("-match").unwrap_or(name) {
            "exact" => Value::Integer(0),
            "prefix" => Value::Integer(1),
            "suffix" => Value::Integer(2),
            "contains" => Value::Integer(3),
            "regex" => Value::Integer(4),
            "sha256" => Value::Integer(-1),
            "sha512-256" => Value::Integer(-2),
            other => key(other),
        };
        (kind, generic(value))
    };
    Value::Map(matches.iter().map(entry).collect())
}

/// An address in tag 52 or 54, a prefix without the bytes that it does not need ([RFC 9164]).
///
/// [RFC 9164]: https://www.rfc-editor.org/rfc/rfc9164
fn network(text: &str) -> Option<Value> {
    if let Ok(number) = text.strip_prefix("AS").unwrap_or(text).parse::<u32>() {
        return Some(Value::Integer(number.into()));
    }
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let (tag, octets) = match address.parse().ok()? {
        IpAddr::V4(address) => (52, address.octets().to_vec()),
        IpAddr::V6(address) => (54, address.octets().to_vec()),
    };
    let content = match length {
        None => Value::Bytes(octets),
        Some(length) => {
            let kept = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
            let octets = octets.into_iter().take(kept).collect();
            Value::Array(vec![Value::Integer(length.into()), Value::Bytes(octets)])
        }
    };
    Some(Value::Tag(tag, Box::new(content)))
}

/// A key of a map: a number, if it is written as one.
fn key(name: &str) -> Value {
    name.parse().map_or_else(|_| Value::Text(name.to_owned()), Value::Integer)
}

fn generic(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Integer(number),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => {
            let digits = text.strip_prefix("h'").and_then(|text| text.strip_suffix('\''));
            digits.and_then(hex::decode).map_or_else(|| Value::Text(text.clone()), Value::Bytes)
        }
        Json::Array(items) => Value::Array(items.iter().map(generic).collect()),
        Json::Object(members) => {
            Value::Map(members.iter().map(|(name, value)| (key(name), generic(value))).collect())
        }
    }
}
