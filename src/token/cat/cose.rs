//! The envelope: `COSE_Mac0` and `COSE_Sign1` ([RFC 9052]), in a CBOR Web Token ([RFC 8392]).
//!
//! ```text
//! token          = BASE64URL([61(] COSE_Mac0 / COSE_Sign1 [)])
//! COSE_Mac0      = [17(] [protected: bstr, unprotected: map, payload: bstr, tag: bstr] [)]
//! COSE_Sign1     = [18(] [protected: bstr, unprotected: map, payload: bstr, signature: bstr] [)]
//! MAC_structure  = ["MAC0", protected, external_aad: bstr, payload]
//! Sig_structure  = ["Signature1", protected, external_aad: bstr, payload]
//! ```
//!
//! [RFC 9052]: https://www.rfc-editor.org/rfc/rfc9052
//! [RFC 8392]: https://www.rfc-editor.org/rfc/rfc8392

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};

use super::cbor::{Map, Value};
use crate::catalog::{Algorithm, Jwk, KeySet};
use crate::denial::{Denial, Reason};
use crate::token::base64_fault::base64_fault;
use crate::token::{Challenge, hex};

/// A parsed message; nothing in it is verified.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Message {
    kind: MessageKind,
    pub(super) algorithm: Algorithm,
    kid: Option<Vec<u8>>,
    /// The contents of the protected header's byte string; empty if the header is an empty map ([RFC 9052 section
    /// 4.4], step 2).
    ///
    /// [RFC 9052 section 4.4]: https://www.rfc-editor.org/rfc/rfc9052#section-4.4
    protected: Vec<u8>,
    payload: Payload,
    signature: Vec<u8>,
}

/// The signed bytes.
#[derive(Clone, Debug, PartialEq)]
enum Payload {
    Bytes(Vec<u8>),
    /// A text of hexadecimal digits. That is not COSE, but one implementation writes it when it leaves out the tag 61.
    Text(String),
}

/// The two kinds of message that a token may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MessageKind {
    Mac0,
    Sign1,
}

impl MessageKind {
    const fn of(algorithm: Algorithm) -> Self {
        use Algorithm as A;
        match algorithm {
            A::HS256 | A::HS384 | A::HS512 => Self::Mac0,
            _ => Self::Sign1,
        }
    }

    const fn tag(self) -> u64 {
        match self {
            Self::Mac0 => 17,
            Self::Sign1 => 18,
        }
    }

    const fn context(self) -> &'static str {
        match self {
            Self::Mac0 => "MAC0",
            Self::Sign1 => "Signature1",
        }
    }
}

/// The algorithms by their numbers ([IANA registry]). The 64-bit `HS256/64` is not accepted: guessing a tag of 8 bytes
/// would forge a token.
///
/// [IANA registry]: https://www.iana.org/assignments/cose/cose.xhtml#algorithms
const ALGORITHMS: [(i64, Algorithm); 14] = [
    (5, Algorithm::HS256),
    (6, Algorithm::HS384),
    (7, Algorithm::HS512),
    (-7, Algorithm::ES256),
    (-35, Algorithm::ES384),
    (-36, Algorithm::ES512),
    (-37, Algorithm::PS256),
    (-38, Algorithm::PS384),
    (-39, Algorithm::PS512),
    (-8, Algorithm::EdDSA),
    // Fully specified (RFC 9864).
    (-9, Algorithm::ES256),
    (-51, Algorithm::ES384),
    (-52, Algorithm::ES512),
    (-19, Algorithm::EdDSA),
];

/// The number of an algorithm.
pub(super) fn number(algorithm: Algorithm) -> Option<i64> {
    ALGORITHMS.iter().find(|(_, known)| *known == algorithm).map(|(number, _)| *number)
}

/// Header parameters ([RFC 9052 section 3.1]).
///
/// [RFC 9052 section 3.1]: https://www.rfc-editor.org/rfc/rfc9052#section-3.1
const ALG: i64 = 1;
const CRIT: i64 = 2;
const KID: i64 = 4;

const CWT_TAG: u64 = 61;
/// The longest token that is read, in bytes: a token in a URL cannot be longer.
const LONGEST: usize = 8 * 1024;
/// The most keys that are tried for a token that names none.
const MOST_CANDIDATES: usize = 8;

impl Message {
    /// Reads the text of a token: base64url or base64, with padding or without. In a query, a plus sign that was not
    /// percent-encoded has become a space.
    pub(super) fn parse(token: &str) -> Result<Self, Denial> {
        if token.len() > LONGEST {
            return Err(malformed(format!("expected {LONGEST} bytes at most, found {}", token.len())));
        }
        let token = token.replace(' ', "+");
        let engine = if token.contains(['+', '/']) { &STANDARD } else { &URL_SAFE };
        let bytes = engine
            .decode(&token)
            .map_err(|error| malformed(format!("expected base64url: {}", base64_fault(&error))))?;
        Self::read(&bytes)
    }

    /// Reads the bytes of a token.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Denial> {
        let mut message = Value::read(bytes).map_err(|error| malformed(format!("CBOR: {error}")))?;
        if let Value::Tag(CWT_TAG, inner) = message {
            message = *inner;
        }
        let (tag, message) = match message {
            Value::Tag(tag, message) => (Some(tag), *message),
            message => (None, message),
        };
        if let Some(tag) =
            tag.filter(|tag| ![MessageKind::Mac0.tag(), MessageKind::Sign1.tag()].contains(tag))
        {
            return Err(malformed(format!(
                "expected COSE_Mac0 (tag 17) or COSE_Sign1 (18), found tag {tag}"
            )));
        }
        let Value::Array(parts) = message else {
            return Err(malformed("expected a COSE message, which is an array"));
        };
        let found = parts.len();
        let Ok([protected, unprotected, payload, signature]) = <[Value; 4]>::try_from(parts) else {
            return Err(malformed(format!("expected 4 parts of a COSE message, found {found}")));
        };
        let Value::Bytes(protected) = protected else {
            return Err(malformed("expected the protected header in a byte string"));
        };
        let in_protected = match protected.as_slice() {
            [] => Map::new(),
            written => match Value::read(written) {
                Ok(Value::Map(header)) => header,
                Ok(_) => return Err(malformed("expected a map as the protected header")),
                Err(error) => return Err(malformed(format!("the protected header: {error}"))),
            },
        };
        let Value::Map(unprotected) = unprotected else {
            return Err(malformed("expected a map as the unprotected header"));
        };
        critical(&in_protected, &unprotected)?;
        let parameter = |label| parameter(&in_protected, &unprotected, label);
        let algorithm = algorithm(parameter(ALG)?)?;
        let kind = MessageKind::of(algorithm);
        if let Some(tag) = tag.filter(|tag| *tag != kind.tag()) {
            return Err(Denial::new(
                Reason::TokenAlgorithm,
                format!("`alg` {} does not belong into a message of tag {tag}", algorithm.name()),
            ));
        }
        let kid = match parameter(KID)? {
            None => None,
            Some(Value::Bytes(kid)) => Some(kid.clone()),
            Some(Value::Text(kid)) => Some(kid.clone().into_bytes()),
            Some(_) => return Err(malformed("expected `kid` to be a byte string")),
        };
        let payload = match payload {
            Value::Bytes(payload) => Payload::Bytes(payload),
            Value::Text(payload) => Payload::Text(payload),
            _ => return Err(malformed("expected the payload in a byte string")),
        };
        let Value::Bytes(signature) = signature else {
            return Err(malformed("expected the signature in a byte string"));
        };
        let protected = if in_protected.is_empty() { Vec::new() } else { protected };
        Ok(Self { kind, algorithm, kid, protected, payload, signature })
    }

    /// The claims.
    pub(super) fn claims(&self) -> Result<Map, Denial> {
        let claims = match &self.payload {
            Payload::Bytes(payload) => Value::read(payload),
            Payload::Text(digits) => {
                let payload = hex::decode(digits)
                    .ok_or_else(|| malformed("expected the payload in a byte string, found a text"))?;
                Value::read(&payload)
            }
        };
        match claims {
            Ok(Value::Map(claims)) => Ok(claims),
            Ok(_) => Err(malformed("expected a map of claims")),
            Err(error) => Err(malformed(format!("the claims: {error}"))),
        }
    }

    /// The challenges, with the key that the token names, or with every suitable key if it names none. The algorithm is
    /// the key's: a token that names another one is refused.
    pub(super) fn challenges<'a>(
        &'a self,
        keys: &'a KeySet,
        external: &[u8],
    ) -> Result<Vec<Challenge<'a>>, Denial> {
        let candidates: Vec<_> = match &self.kid {
            Some(kid) => keys.keys.iter().filter(|key| is_named(key, kid)).collect(),
            None => {
                keys.keys.iter().filter(|key| key.permits(self.algorithm)).take(MOST_CANDIDATES).collect()
            }
        };
        if candidates.is_empty() {
            let named = if self.kid.is_some() { "`kid` that is none of them" } else { "no `kid`" };
            return Err(Denial::new(
                Reason::TokenKeyUnknown,
                format!(
                    "the token names {named} and `alg` {}, the issuer has {} keys",
                    self.algorithm.name(),
                    keys.keys.len()
                ),
            ));
        }
        if let Some(key) = candidates.iter().find(|key| !key.permits(self.algorithm)) {
            return Err(Denial::new(
                Reason::TokenAlgorithm,
                format!("the key `{}` is not for `alg` {}", key.kid, self.algorithm.name()),
            ));
        }
        let message = self.signed(external);
        let challenge = |key| Challenge {
            key,
            algorithm: self.algorithm,
            message: message.clone().into(),
            signature: self.signature.as_slice().into(),
        };
        Ok(candidates.into_iter().map(challenge).collect())
    }

    /// `MAC_structure` or `Sig_structure`.
    fn signed(&self, external: &[u8]) -> Vec<u8> {
        let payload = match &self.payload {
            Payload::Bytes(payload) => Value::Bytes(payload.clone()),
            Payload::Text(payload) => Value::Text(payload.clone()),
        };
        signed(self.kind, &self.protected, external, payload)
    }
}

fn signed(kind: MessageKind, protected: &[u8], external: &[u8], payload: Value) -> Vec<u8> {
    let context = Value::Text(kind.context().to_owned());
    Value::Array(vec![context, Value::Bytes(protected.to_vec()), Value::Bytes(external.to_vec()), payload])
        .write()
}

/// Writes a token: with tag 61, the algorithm in the protected header and the `kid` in the other, as the
/// implementations in use do. `sign` signs, or authenticates, the bytes that it is given.
pub(super) fn seal<E>(
    claims: &Value,
    algorithm: Algorithm,
    kid: Option<&str>,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<Option<String>, E> {
    let Some(number) = number(algorithm) else { return Ok(None) };
    let kind = MessageKind::of(algorithm);
    let protected = Value::Map(vec![(Value::Integer(ALG), Value::Integer(number))]).write();
    let kid = kid.map(|kid| (Value::Integer(KID), Value::Bytes(kid.as_bytes().to_vec())));
    let payload = Value::Bytes(claims.write());
    let signature = sign(&signed(kind, &protected, &[], payload.clone()))?;
    let message = Value::Array(vec![
        Value::Bytes(protected),
        Value::Map(kid.into_iter().collect()),
        payload,
        Value::Bytes(signature),
    ]);
    let token = Value::Tag(CWT_TAG, Box::new(Value::Tag(kind.tag(), Box::new(message))));
    Ok(Some(URL_SAFE_NO_PAD.encode(token.write())))
}

/// Refuses critical parameters that are not understood, absent, or unprotected ([RFC 9052 section 3.1], `crit`).
///
/// [RFC 9052 section 3.1]: https://www.rfc-editor.org/rfc/rfc9052#section-3.1
fn critical(protected: &[(Value, Value)], unprotected: &[(Value, Value)]) -> Result<(), Denial> {
    if named(unprotected, CRIT).next().is_some() {
        return Err(malformed("expected `crit` in the protected header"));
    }
    let Some(critical) = named(protected, CRIT).next() else { return Ok(()) };
    let labels = critical.array().unwrap_or_default();
    if labels.is_empty() {
        return Err(malformed("expected `crit` to name a header parameter"));
    }
    for label in labels {
        let understood = label.integer().is_some_and(|label| [ALG, CRIT, KID].contains(&label));
        if !understood {
            return Err(malformed("`crit` names a header parameter that is not supported"));
        }
        if !protected.iter().any(|(present, _)| present == label) {
            return Err(malformed("`crit` names a header parameter that is not there"));
        }
    }
    Ok(())
}

/// The parameters of a label, as an integer or as its digits: one implementation writes `"4"` for 4.
fn named(header: &[(Value, Value)], label: i64) -> impl Iterator<Item = &Value> {
    let digits = label.to_string();
    header
        .iter()
        .filter(move |(found, _)| found.integer() == Some(label) || found.text() == Some(&digits))
        .map(|(_, value)| value)
}

/// The one parameter of a label: a label may not stand twice, not even once in each header ([RFC 9052 section 3]).
///
/// [RFC 9052 section 3]: https://www.rfc-editor.org/rfc/rfc9052#section-3
fn parameter<'a>(
    protected: &'a [(Value, Value)],
    unprotected: &'a [(Value, Value)],
    label: i64,
) -> Result<Option<&'a Value>, Denial> {
    let mut all = named(protected, label).chain(named(unprotected, label));
    match (all.next(), all.next()) {
        (found, None) => Ok(found),
        _ => Err(malformed(format!("expected the header parameter {label} once, found it twice"))),
    }
}

fn algorithm(written: Option<&Value>) -> Result<Algorithm, Denial> {
    let known = written
        .and_then(Value::integer)
        .and_then(|number| ALGORITHMS.iter().find(|(known, _)| *known == number))
        .map(|(_, algorithm)| *algorithm);
    known.ok_or_else(|| {
        let found = match written {
            None => "none".to_owned(),
            Some(Value::Integer(number)) => number.to_string(),
            Some(_) => "what is no number".to_owned(),
        };
        Denial::new(Reason::TokenAlgorithm, format!("expected an `alg` that is supported, found {found}"))
    })
}

/// Whether a token names this key. A `kid` is bytes, mostly the bytes of a text; otherwise, keys are named by its
/// hexadecimal digits or its base64url.
fn is_named(key: &Jwk, kid: &[u8]) -> bool {
    let name = key.kid.as_str();
    name.as_bytes() == kid
        || hex::decode(name).is_some_and(|bytes| bytes == kid)
        || URL_SAFE_NO_PAD.decode(name).is_ok_and(|bytes| bytes == kid)
}

fn malformed(detail: impl Into<String>) -> Denial {
    Denial::new(Reason::TokenMalformed, detail)
}

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
/// base64url ([RFC 4648 section 5]).
///
/// [RFC 4648 section 5]: https://www.rfc-editor.org/rfc/rfc4648#section-5
pub(super) const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING);
/// base64 ([RFC 4648 section 4]).
///
/// [RFC 4648 section 4]: https://www.rfc-editor.org/rfc/rfc4648#section-4
pub(super) const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING);
