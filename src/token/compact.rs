//! The compact serialisation of a signed JSON object, and how its key is picked.
//!
//! ```text
//! JWS compact = BASE64URL(header) "." BASE64URL(payload) "." BASE64URL(signature)
//! ```
//!
//! [RFC 7515 section 7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Challenge;
use super::base64_fault::base64_fault;
use crate::catalog::{Algorithm, Jwk, KeySet};
use crate::denial::{Denial, Reason};
use crate::json;
use crate::redacted::Redacted;

/// A parsed token; nothing in it is verified.
pub(super) struct Compact {
    token: Redacted<String>,
    pub(super) header: Header,
    pub(super) payload: Vec<u8>,
    /// The length of the part of the token that is signed.
    signed_len: usize,
    signature: Vec<u8>,
}

/// The members of the header that matter ([RFC 7515 section 4.1]). Keys that a token brings along, or points to, are not
/// looked at.
///
/// [RFC 7515 section 4.1]: https://www.rfc-editor.org/rfc/rfc7515#section-4.1
pub(super) struct Header {
    pub(super) alg: String,
    pub(super) kid: Option<String>,
    pub(super) typ: Option<String>,
    /// Whether the payload is encoded ([RFC 7797 section 3](https://www.rfc-editor.org/rfc/rfc7797#section-3)).
    #[cfg_attr(target_arch = "wasm32", expect(dead_code, reason = "only the command reads what is no JWT"))]
    pub(super) b64: bool,
}

/// The longest token that is read, in bytes: a token in a URL cannot be longer.
const LONGEST: usize = 8 * 1024;

/// The most keys that a token without `kid` is tried with.
const MOST_CANDIDATES: usize = 4;

impl Compact {
    /// Parses a token with an encoded payload, as every JSON Web Token has ([RFC 7797 section 7]).
    ///
    /// [RFC 7797 section 7]: https://www.rfc-editor.org/rfc/rfc7797#section-7
    pub(super) fn parse(token: Redacted<String>) -> Result<Self, Denial> {
        let text = token.expose();
        if text.len() > LONGEST {
            return Err(malformed(format!("expected {LONGEST} bytes at most, found {}", text.len())));
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            let found = text.split('.').count();
            return Err(malformed(format!("expected three parts separated by full stops, found {found}")));
        };
        let signed_len = header.len() + 1 + payload.len();
        let header = Header::parse(&object("header", &decode("header", header)?)?, &Map::new(), &[])?;
        let payload = decode("payload", payload)?;
        let signature = decode("signature", signature)?;
        Ok(Self { header, payload, signed_len, signature, token })
    }

    /// The claims of a payload that is a JSON object.
    pub(super) fn claims(&self) -> Result<Map<String, Value>, Denial> {
        object("payload", &self.payload)
    }

    /// The challenges: with the key that the header names, or with `several` keys if it names none and the dialect
    /// allows that.
    pub(super) fn challenges<'a>(
        &'a self,
        keys: &'a KeySet,
        several: bool,
    ) -> Result<Vec<Challenge<'a>>, Denial> {
        let (algorithm, candidates) = self.header.candidates(&keys.keys, several)?;
        let message = self.token.expose().as_bytes().get(..self.signed_len).unwrap_or_default();
        let challenge = |key| Challenge {
            key,
            algorithm,
            message: message.into(),
            signature: self.signature.as_slice().into(),
        };
        Ok(candidates.into_iter().map(challenge).collect())
    }
}

impl Header {
    /// Reads the members of a protected and an unprotected header, which must not share a member ([RFC 7515 section
    /// 7.2.1]). `crit` names the members that a reader has to understand ([section 4.1.11]).
    ///
    /// [RFC 7515 section 7.2.1]: https://www.rfc-editor.org/rfc/rfc7515#section-7.2.1
    /// [section 4.1.11]: https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11
    pub(super) fn parse(
        protected: &Map<String, Value>,
        unprotected: &Map<String, Value>,
        understood: &[&str],
    ) -> Result<Self, Denial> {
        if let Some(name) = protected.keys().find(|name| unprotected.contains_key(*name)) {
            return Err(malformed(format!("the member `{}` stands in both headers", short(name))));
        }
        if let Some(name) = ["crit", "b64"].into_iter().find(|name| unprotected.contains_key(*name)) {
            return Err(malformed(format!("the member `{name}` is not protected")));
        }
        let text = |name: &str| match protected.get(name).or_else(|| unprotected.get(name)) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(malformed(format!("the header: expected a text in `{name}`"))),
        };
        let critical = critical(protected, understood)?;
        let b64 = match protected.get("b64") {
            None => true,
            Some(Value::Bool(b64)) if *b64 || critical.contains(&"b64") => *b64,
            Some(Value::Bool(_)) => return Err(malformed("the header: expected `b64` in `crit`")),
            Some(_) => return Err(malformed("the header: expected true or false in `b64`")),
        };
        let alg = text("alg")?.ok_or_else(|| malformed("the header: missing field `alg`"))?;
        Ok(Self { alg, kid: text("kid")?, typ: text("typ")?, b64 })
    }

    /// The keys that may have signed, one unless `several`, and the algorithm. The keys decide on the algorithm: a token
    /// that names another one is refused ([RFC 8725 section 3.1]).
    ///
    /// A token that names no key means the one key that its algorithm fits.
    ///
    /// [RFC 8725 section 3.1]: https://www.rfc-editor.org/rfc/rfc8725#section-3.1
    pub(super) fn candidates<'a>(
        &self,
        keys: &'a [Jwk],
        several: bool,
    ) -> Result<(Algorithm, Vec<&'a Jwk>), Denial> {
        let unknown = |named: &str| {
            let detail = format!("the token names {named}, the issuer has {} keys", keys.len());
            Denial::new(Reason::TokenKeyUnknown, detail)
        };
        let algorithm = Algorithm::named(&self.alg).filter(|algorithm| algorithm.is_jose());
        let permits = |key: &&Jwk| algorithm.is_some_and(|algorithm| key.permits(algorithm));
        let unfit = |of: &str| {
            Denial::new(Reason::TokenAlgorithm, format!("{of} not for `alg` {}", short(&self.alg)))
        };
        let candidates: Vec<_> = match &self.kid {
            Some(kid) => {
                let key = keys.iter().find(|key| key.kid.as_str() == kid);
                let key = key.ok_or_else(|| unknown(&format!("`kid` {}", short(kid))))?;
                [key].into_iter().filter(permits).collect()
            }
            None => keys.iter().filter(permits).collect(),
        };
        let (Some(algorithm), Some(first)) = (algorithm, candidates.first()) else {
            return Err(match (&self.kid, keys) {
                (Some(kid), _) => unfit(&format!("the key `{}` is", short(kid))),
                (None, [only]) => unfit(&format!("the key `{}` is", only.kid)),
                (None, _) => unfit("the issuer's keys are"),
            });
        };
        match (candidates.len(), several) {
            (1, _) => Ok((algorithm, vec![first])),
            (2..=MOST_CANDIDATES, true) => Ok((algorithm, candidates)),
            _ => Err(unknown("no `kid`")),
        }
    }
}

/// The names in `crit`.
fn critical<'a>(protected: &'a Map<String, Value>, understood: &[&str]) -> Result<Vec<&'a str>, Denial> {
    let Some(crit) = protected.get("crit") else { return Ok(Vec::new()) };
    let names: Option<Vec<_>> = crit.as_array().and_then(|names| names.iter().map(Value::as_str).collect());
    let names = names
        .filter(|names| !names.is_empty())
        .ok_or_else(|| malformed("the header: expected a list of names in `crit`"))?;
    for (at, name) in names.iter().enumerate() {
        let of = format!("the header's `crit` names `{}`", short(name));
        if !understood.contains(name) {
            return Err(malformed(format!("{of}, which is not supported")));
        }
        if !protected.contains_key(*name) {
            return Err(malformed(format!("{of}, which is not there")));
        }
        if names.iter().take(at).any(|other| other == name) {
            return Err(malformed(format!("{of} twice")));
        }
    }
    Ok(names)
}

/// Reads a JSON object.
pub(super) fn object(part: &str, bytes: &[u8]) -> Result<Map<String, Value>, Denial> {
    json::object(bytes).map_err(|error| malformed(format!("the {part}: {error}")))
}

/// Decodes base64url: without padding, white space or bits that do not count ([RFC 7515 section 2]).
///
/// [RFC 7515 section 2]: https://www.rfc-editor.org/rfc/rfc7515#section-2
pub(super) fn decode(part: &str, text: &str) -> Result<Vec<u8>, Denial> {
    URL_SAFE_NO_PAD.decode(text).map_err(|error| {
        malformed(format!("the {part}: expected base64url without padding: {}", base64_fault(&error)))
    })
}

pub(super) fn malformed(detail: impl Into<String>) -> Denial {
    Denial::new(Reason::TokenMalformed, detail)
}

/// Quotes untrusted text, shortened.
pub(super) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{}"), "AAAA")
    }

    fn parse(token: &str) -> Result<Compact, Denial> {
        Compact::parse(Redacted::new(token.to_owned()))
    }

    #[test]
    fn takes_a_token_apart() {
        let token = token(r#"{"alg":"HS256","kid":"k","typ":"JWT"}"#);
        let compact = parse(&token).ok().unwrap();
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
            (token(r#"{"alg":"HS256"}"#).replace("AAAA", "AB"), "the signature: expected base64url"),
            (token(r#"{"alg":"HS256"}"#).replace("AAAA", "AA=="), "the signature: expected base64url"),
            (token("[]"), "the header"),
            (token(r#"{"kid":"k"}"#), "missing field `alg`"),
            (token(r#"{"alg":"HS256","kid":7}"#), "expected a text in `kid`"),
            (token(r#"{"alg":"none","alg":"HS256"}"#), "found `alg` twice"),
            (token(r#"{"alg":"HS256","jwk":{"kty":"oct","kty":"EC"}}"#), "found `kty` twice"),
            (token(r#"{"alg":"HS256","crit":["b64"]}"#), "`b64`, which is not supported"),
            (token(r#"{"alg":"HS256","crit":[]}"#), "a list of names in `crit`"),
            (token(r#"{"alg":"HS256","crit":"exp"}"#), "a list of names in `crit`"),
            (token(r#"{"alg":"HS256","b64":false}"#), "expected `b64` in `crit`"),
            ("a".repeat(9000), "expected 8192 bytes at most"),
        ] {
            let denial = parse(&bad).err().unwrap();
            assert_eq!(denial.reason, Reason::TokenMalformed);
            assert!(denial.detail.contains(why), "{} does not say {why}", denial.detail);
        }
    }
}
