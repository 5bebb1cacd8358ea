//! Match types: how `catu` and `cath` compare a text of the request (CTA-5007).
//!
//! | type | | value |
//! | --- | --- | --- |
//! | 0 | exact | text |
//! | 1 | prefix | text |
//! | 2 | suffix | text |
//! | 3 | contains | text |
//! | 4 | regex | an array of one text, or a text |
//! | -1 | SHA-256 of the whole | 32 bytes, or a text of their hexadecimal digits or base64 |
//! | -2 | SHA-512/256 of the whole | the same; where 64 bytes are given, SHA-512, which one implementation takes |

use base64::Engine as _;
use regex_lite::RegexBuilder;
use sha2::{Digest, Sha256, Sha512, Sha512_256};

use super::cbor::Value;
use super::cose::{STANDARD, URL_SAFE};
use crate::token::hex;

/// The longest regular expression, in bytes, and the most memory of its program.
const LONGEST_REGEX: usize = 1024;
const LARGEST_REGEX: usize = 64 * 1024;
const DEEPEST_REGEX: u32 = 32;
/// The most matches of one component.
const MOST: usize = 8;

/// Whether one of the request's texts meets all matches of a map. The error names the match that is not understood.
///
/// Several texts stand for one thing where implementations disagree about it, such as a path with and without needless
/// percent-encoding.
pub(super) fn matches(matches: &Value, texts: &[&str], any_case: bool) -> Result<bool, String> {
    let entries = matches.map().filter(|entries| (1..=MOST).contains(&entries.len()));
    let entries = entries.ok_or_else(|| format!("expected a map of 1 to {MOST} matches"))?;
    // Every match is read, so that an unknown match is noticed even after a match that fails.
    let mut met = true;
    for (kind, value) in entries {
        let test = Test::read(kind, value, any_case)?;
        met &= texts.iter().any(|text| test.is_met(text));
    }
    Ok(met)
}

enum Test {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    Regex(regex_lite::Regex),
    Hash(Hash, Vec<u8>),
}

#[derive(Clone, Copy)]
enum Hash {
    Sha256,
    Sha512Of256,
    Sha512,
}

impl Test {
    fn read(kind: &Value, value: &Value, any_case: bool) -> Result<Self, String> {
        let kind = kind.integer().ok_or("expected a match type, which is an integer")?;
        let text = || {
            let text = match value {
                Value::Text(text) if any_case => text.to_ascii_lowercase(),
                Value::Text(text) => text.clone(),
                // A port.
                Value::Integer(number) => number.to_string(),
                _ => return Err(format!("expected a text to match (type {kind})")),
            };
            Ok(text)
        };
        Ok(match kind {
            0 => Self::Exact(text()?),
            1 => Self::Prefix(text()?),
            2 => Self::Suffix(text()?),
            3 => Self::Contains(text()?),
            4 => Self::Regex(regex(value)?),
            -1 => match hash(value).filter(|hash| hash.len() == 32) {
                Some(hash) => Self::Hash(Hash::Sha256, hash),
                None => return Err("expected a SHA-256 hash".to_owned()),
            },
            -2 => match hash(value).map(|hash| (hash.len(), hash)) {
                Some((32, hash)) => Self::Hash(Hash::Sha512Of256, hash),
                Some((64, hash)) => Self::Hash(Hash::Sha512, hash),
                _ => return Err("expected a SHA-512/256 hash".to_owned()),
            },
            _ => return Err(format!("the match type {kind} is not known")),
        })
    }

    fn is_met(&self, text: &str) -> bool {
        match self {
            Self::Exact(expected) => text == expected,
            Self::Prefix(expected) => text.starts_with(expected),
            Self::Suffix(expected) => text.ends_with(expected),
            Self::Contains(expected) => text.contains(expected),
            Self::Regex(regex) => regex.is_match(text),
            Self::Hash(Hash::Sha256, expected) => Sha256::digest(text).as_slice() == expected,
            Self::Hash(Hash::Sha512Of256, expected) => Sha512_256::digest(text).as_slice() == expected,
            Self::Hash(Hash::Sha512, expected) => Sha512::digest(text).as_slice() == expected,
        }
    }
}

/// A regular expression that is found anywhere in the text. Implementations disagree about what may stand behind it in
/// the array (flags, or the texts of its groups): it has to stand alone.
fn regex(value: &Value) -> Result<regex_lite::Regex, String> {
    let [Value::Text(expression)] = value.list() else {
        return Err("expected an array of one regular expression".to_owned());
    };
    if expression.len() > LONGEST_REGEX {
        return Err(format!("expected a regular expression of {LONGEST_REGEX} bytes at most"));
    }
    RegexBuilder::new(expression)
        .size_limit(LARGEST_REGEX)
        .nest_limit(DEEPEST_REGEX)
        .build()
        .map_err(|error| format!("the regular expression: {error}"))
}

fn hash(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Bytes(hash) => Some(hash.clone()),
        Value::Text(digits) if matches!(digits.len(), 64 | 128) => hex::decode(digits),
        Value::Text(text) => URL_SAFE.decode(text).or_else(|_| STANDARD.decode(text)).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA_256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const SHA_512_256: &str = "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23";
    const SHA_512: &str = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn one(kind: i64, value: Value) -> Value {
        Value::Map(vec![(Value::Integer(kind), value)])
    }

    #[test]
    fn every_type_matches_or_not() {
        let regex = |expression: &str| Value::Array(vec![text(expression)]);
        let base64 = STANDARD.encode(hex::decode(SHA_256).unwrap());
        for (name, matching, good, bad) in [
            ("exact", one(0, text("abc")), "abc", "abcd"),
            ("exact integer", one(0, Value::Integer(443)), "443", "80"),
            ("prefix", one(1, text("ab")), "abc", "bab"),
            ("suffix", one(2, text("bc")), "abc", "bca"),
            ("contains", one(3, text("bc")), "abcd", "acb"),
            ("regex", one(4, regex("^a.c$")), "abc", "abcd"),
            ("regex without anchors", one(4, regex("b+")), "abc", "ac"),
            ("regex as text", one(4, text("^a")), "abc", "bca"),
            ("SHA-256 digits", one(-1, text(SHA_256)), "abc", "abd"),
            ("SHA-256 capitals", one(-1, text(&SHA_256.to_uppercase())), "abc", "abd"),
            ("SHA-256 base64", one(-1, text(&base64)), "abc", "abd"),
            ("SHA-256 bytes", one(-1, Value::Bytes(hex::decode(SHA_256).unwrap())), "abc", "abd"),
            ("SHA-512/256", one(-2, text(SHA_512_256)), "abc", "abd"),
            ("SHA-512", one(-2, Value::Bytes(hex::decode(SHA_512).unwrap())), "abc", "abd"),
            (
                "all of several",
                Value::Map(vec![(Value::Integer(1), text("a")), (Value::Integer(2), text("c"))]),
                "abc",
                "abd",
            ),
        ] {
            assert_eq!(matches(&matching, &[good], false), Ok(true), "{name}");
            assert_eq!(matches(&matching, &["", bad], false), Ok(false), "{name}");
            assert_eq!(matches(&matching, &[bad, good], false), Ok(true), "{name}");
        }
        assert_eq!(matches(&one(1, text("EX")), &["example.com"], true), Ok(true));
        assert_eq!(matches(&one(1, text("EX")), &["example.com"], false), Ok(false));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let regex = |items: &[&str]| one(4, Value::Array(items.iter().map(|item| text(item)).collect()));
        for (matching, why) in [
            (text("abc"), "a map of 1 to 8"),
            (Value::Map(vec![]), "a map of 1 to 8"),
            (one(5, text("a")), "type 5 is not known"),
            (one(-3, text("a")), "type -3 is not known"),
            (one(0, Value::Null), "expected a text"),
            (Value::Map(vec![(text("0"), text("a"))]), "which is an integer"),
            (regex(&[]), "one regular expression"),
            (regex(&["a", "i"]), "one regular expression"),
            (regex(&["(?=a)"]), "the regular expression"),
            (regex(&[&"a".repeat(1025)]), "1024 bytes"),
            (regex(&["((a{99}){99}){99}"]), "the regular expression"),
            (regex(&[&"(".repeat(99)]), "the regular expression"),
            (one(-1, text("abcd")), "SHA-256"),
            (one(-2, Value::Bytes(vec![0; 31])), "SHA-512/256"),
            (
                Value::Map(vec![(Value::Integer(0), text("other")), (Value::Integer(9), text("a"))]),
                "type 9 is not known",
            ),
        ] {
            let error = matches(&matching, &["abc"], false).unwrap_err();
            assert!(error.contains(why), "{matching:?}: {error}");
        }
    }
}
