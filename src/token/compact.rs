//! The compact serialisation of a signed JSON object.
//!
//! ```text
//! JWS compact = BASE64URL(header) "." BASE64URL(payload) "." BASE64URL(signature)
//! ```
//!
//! [RFC 7515 section 7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::denial::{Denial, Reason};

/// A token that has been taken apart, of which nothing has been verified.
pub(super) struct Compact {
    pub(super) header: Header,
    pub(super) payload: Vec<u8>,
    /// The length of the part of the token that is signed.
    pub(super) signed_len: usize,
    pub(super) signature: Vec<u8>,
}

/// The members of the header that matter ([RFC 7515 section 4.1]). A member that stands twice is refused.
///
/// [RFC 7515 section 4.1]: https://www.rfc-editor.org/rfc/rfc7515#section-4.1
#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) alg: String,
    pub(super) kid: Option<String>,
    pub(super) crit: Option<Vec<String>>,
}

/// Longer tokens are not read; one that travels in a URL cannot be longer.
const LONGEST: usize = 8 * 1024;

impl Compact {
    pub(super) fn parse(token: &str) -> Result<Self, Denial> {
        if token.len() > LONGEST {
            return Err(malformed(format!("expected {LONGEST} bytes at most, found {}", token.len())));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            let found = token.split('.').count();
            return Err(malformed(format!("expected three parts separated by full stops, found {found}")));
        };
        let signed_len = header.len() + 1 + payload.len();
        let header: Header = serde_json::from_slice(&decode("header", header)?)
            .map_err(|error| malformed(format!("the header: {error}")))?;
        if let Some(name) = header.crit.as_ref().and_then(|names| names.first()) {
            return Err(malformed(format!(
                "the header's `crit` names `{}`, which is not supported",
                short(name)
            )));
        }
        let payload = decode("payload", payload)?;
        let signature = decode("signature", signature)?;
        Ok(Self { header, payload, signed_len, signature })
    }
}

fn decode(part: &str, text: &str) -> Result<Vec<u8>, Denial> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|error| malformed(format!("the {part}: expected base64url without padding: {error}")))
}

fn malformed(detail: String) -> Denial {
    Denial::new(Reason::TokenMalformed, detail)
}

/// Quotes what a stranger wrote, briefly.
pub(super) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{}"), "AAAA")
    }

    #[test]
    fn takes_a_token_apart() {
        let token = token(r#"{"alg":"HS256","kid":"k","typ":"JWT"}"#);
        let compact = Compact::parse(&token).ok().unwrap();
        assert_eq!((compact.header.alg.as_str(), compact.header.kid.as_deref()), ("HS256", Some("k")));
        assert_eq!(compact.payload, b"{}");
        assert_eq!(&token[compact.signed_len..], ".AAAA");
    }

    #[test]
    fn says_what_was_found() {
        for (bad, why) in [
            ("abc".to_owned(), "found 1"),
            ("a.b.c.d".to_owned(), "found 4"),
            ("a=.b.c".to_owned(), "the header: expected base64url"),
            (token("[]"), "the header"),
            (token(r#"{"kid":"k"}"#), "missing field `alg`"),
            (token(r#"{"alg":"none","alg":"HS256"}"#), "duplicate field `alg`"),
            (token(r#"{"alg":"HS256","crit":["b64"]}"#), "`b64`, which is not supported"),
            ("a".repeat(9000), "expected 8192 bytes at most"),
        ] {
            let denial = Compact::parse(&bad).err().unwrap();
            assert_eq!(denial.reason, Reason::TokenMalformed);
            assert!(denial.detail.contains(why), "{} does not say {why}", denial.detail);
        }
    }
}
