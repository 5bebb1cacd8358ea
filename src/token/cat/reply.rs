//! `catif`: what to answer when a claim is not met.
//!
//! ```text
//! catif  = { + label => [status: uint, { * header name: text => value }, ? kid] }
//! value  = text / [text, claims]
//! ```
//!
//! A value of the second form ends in a new token with these claims, signed with the same key, for the service that the
//! viewer is sent to. In the claims, `null` stands for the value of the refused token; in `iss` for its issuer, and in
//! `iat` for now.

use super::cbor::{Map, Value, entry};
use super::claims::{CATIF, IAT, ISS};
use super::cose;
use crate::catalog::{Algorithm, Issuer, Jwk};
use crate::denial::WantedReply;
use crate::redacted::Redacted;
use crate::time::UnixTime;
use crate::token::challenge::authenticate;

/// The most headers.
const MOST: usize = 16;
/// The longest value of a header, in bytes.
const LONGEST: usize = 8 * 1024;

/// A genuine token, and the algorithm and key that signed it.
#[derive(Clone, Copy)]
pub(super) struct Genuine<'a> {
    pub(super) claims: &'a [(Value, Value)],
    pub(super) issuer: &'a Issuer,
    pub(super) key: &'a Jwk,
    pub(super) algorithm: Algorithm,
    pub(super) now: UnixTime,
}

impl Genuine<'_> {
    /// The reply that the token asks for when this claim is not met. `None` if it asks for none or for an impossible
    /// one; the refusal is then the usual one.
    pub(super) fn reply(self, label: &Value) -> Option<WantedReply> {
        let catif = entry(self.claims, CATIF)?.map()?;
        let (_, wanted) = catif.iter().find(|(key, _)| numbered(key) == *label)?;
        let (status, headers, kid) = match wanted.array()? {
            [status, headers] => (status, headers, None),
            [status, headers, kid] => (status, headers, Some(kid)),
            _ => return None,
        };
        let status = u16::try_from(status.integer()?).ok()?;
        // A 304 has no body, and every refusal has one: the runtime would not make such a response.
        if !(300..=599).contains(&status) || status == 304 {
            return None;
        }
        let headers = headers.map().filter(|headers| headers.len() <= MOST)?;
        let mut written = Vec::with_capacity(headers.len());
        for (name, value) in headers {
            let name = name.text().filter(|name| is_token(name))?.to_ascii_lowercase();
            if is_ours(&name) {
                continue;
            }
            let value = match value {
                Value::Text(text) => text.clone(),
                Value::Array(parts) => match parts.as_slice() {
                    [Value::Text(url), Value::Map(claims)] => format!("{url}{}", self.token(claims, kid)?),
                    _ => return None,
                },
                _ => return None,
            };
            if value.len() > LONGEST || !is_value(&value) {
                return None;
            }
            written.push((name, Redacted::new(value)));
        }
        // A redirect without a target is ignored.
        let redirects = matches!(status, 301..=303 | 307 | 308);
        let located = written.iter().any(|(name, _)| name == "location");
        (!redirects || located).then_some(WantedReply { status, headers: written })
    }

    fn token(self, claims: &[(Value, Value)], kid: Option<&Value>) -> Option<String> {
        let own = self.key.kid.as_str();
        let same = match kid {
            None | Some(Value::Null) => true,
            Some(Value::Text(kid)) => kid == own,
            Some(Value::Bytes(kid)) => kid == own.as_bytes(),
            Some(_) => false,
        };
        if !same {
            return None;
        }
        let filled = claims.iter().filter_map(|(label, value)| {
            let label = numbered(label);
            let value = match (value, label.integer()) {
                (Value::Null, Some(ISS)) => Value::Text(self.issuer.as_str().to_owned()),
                (Value::Null, Some(IAT)) => seconds(self.now)?,
                (Value::Null, Some(number)) => entry(self.claims, number)?.clone(),
                (value, _) => value.clone(),
            };
            Some((label, value))
        });
        self.sealed(filled.collect())
    }

    /// Signs claims with the token's own key; `None` if that key only verifies.
    pub(super) fn sealed(self, claims: Map) -> Option<String> {
        let sign = |message: &[u8]| authenticate(self.key, self.algorithm, message).ok_or(());
        cose::seal(&Value::Map(claims), self.algorithm, Some(self.key.kid.as_str()), sign).ok().flatten()
    }
}

pub(super) fn seconds(time: UnixTime) -> Option<Value> {
    i64::try_from(time.as_secs()).ok().map(Value::Integer)
}

/// A label that is written as a text of digits means the number: some languages have no other keys of objects.
fn numbered(label: &Value) -> Value {
    match label.text().and_then(|text| text.parse().ok()) {
        Some(number) => Value::Integer(number),
        None => label.clone(),
    }
}

/// `token` ([RFC 9110 section 5.6.2]): the syntax of the names of headers and cookies.
///
/// [RFC 9110 section 5.6.2]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
pub(super) fn is_token(text: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(is_tchar)
}

/// The value of a header: visible characters and spaces ([RFC 9110 section 5.5]).
///
/// [RFC 9110 section 5.5]: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
pub(super) fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Headers that say how the reply itself is sent, kept and read: no token writes them.
fn is_ours(name: &str) -> bool {
    const OURS: [&str; 9] = [
        "age",
        "cache-control",
        "connection",
        "date",
        "etag",
        "keep-alive",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    OURS.contains(&name) || name.starts_with("content-") || name.starts_with("access-control-")
}
