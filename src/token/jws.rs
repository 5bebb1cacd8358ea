//! Signed content in all its serialisations ([RFC 7515 section 7]): for the command, which checks a signature and
//! nothing else. Viewer tokens are compact.
//!
//! A token may have several signatures, and a reader has to choose how many it requires ([RFC 7515 section 5.2]): at
//! least one has to be made with a known key, and all signatures that name a known key have to be valid. Signatures
//! with unknown keys are skipped.
//!
//! [RFC 7515 section 7]: https://www.rfc-editor.org/rfc/rfc7515#section-7
//! [RFC 7515 section 5.2]: https://www.rfc-editor.org/rfc/rfc7515#section-5.2

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::compact::{Header, decode, malformed, object, short};
use super::{Challenge, native};
use crate::catalog::{Algorithm, Jwk, KeyId, published};
use crate::denial::{Denial, Reason};
use crate::json;

/// Keys that signatures are checked with: a JWK Set, one JWK, or a document `v1/keys/{…}`.
#[derive(Debug)]
pub struct Verifiers {
    keys: Vec<Verifier>,
    /// A set of strangers' making, rather than our document.
    foreign: bool,
}

/// A key, or why it cannot be used.
#[derive(Debug)]
struct Verifier {
    kid: Option<KeyId>,
    kty: String,
    key: Result<Jwk, String>,
}

/// The result for a valid signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The key's name, if it has one.
    pub kid: Option<KeyId>,
}

/// The most signatures that are looked at.
const MOST_SIGNATURES: usize = 16;

impl Verifiers {
    /// Reads keys. A key that cannot be used is no error until a token needs it.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, String> {
        let mut members = json::object(bytes).map_err(|error| error.to_string())?;
        let foreign = !members.contains_key("issuer");
        let keys = match members.remove("keys") {
            Some(Value::Array(keys)) => keys,
            None if members.contains_key("kty") => vec![Value::Object(members)],
            _ => return Err("expected a JWK (`kty`), a JWK Set (`keys`) or a document of keys".to_owned()),
        };
        let read = |key: &Value| match key {
            Value::Object(members) => {
                let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
                let (kid, kty) = (text("kid").parse().ok(), short(text("kty")));
                Verifier { kid, kty, key: published::read(members) }
            }
            _ => Verifier { kid: None, kty: String::new(), key: Err("expected an object".to_owned()) },
        };
        Ok(Self { keys: keys.iter().map(read).collect(), foreign })
    }

    /// Refuses sets in which one name stands for two keys of one type ([RFC 7517 section 4.5]), or which mix shared
    /// secrets with public keys: another reader may take another key. With several signatures, keys of several types
    /// are normal.
    ///
    /// [RFC 7517 section 4.5]: https://www.rfc-editor.org/rfc/rfc7517#section-4.5
    fn ambiguity(&self, signatures: usize) -> Option<String> {
        for (at, verifier) in self.keys.iter().enumerate() {
            let Some(kid) = &verifier.kid else { continue };
            let same = |other: &Verifier| other.kid.as_ref() == Some(kid) && other.kty == verifier.kty;
            if self.keys.iter().take(at).any(same) {
                return Some(format!("two keys are named `{kid}`"));
            }
        }
        let secrets = self.keys.iter().filter(|verifier| verifier.kty == "oct").count();
        (self.foreign && signatures == 1 && secrets > 0 && secrets < self.keys.len())
            .then(|| "the set mixes shared secrets with public keys".to_owned())
    }

    /// The key that a header means: of its `kid`, where both have one, and fit for its `alg`.
    fn pick(&self, header: &Header) -> Result<(&Verifier, &Jwk, Algorithm), Denial> {
        let named = |verifier: &&Verifier| match (&header.kid, &verifier.kid) {
            (Some(named), Some(own)) => own.as_str() == named,
            _ => true,
        };
        let of_name: Vec<_> = self.keys.iter().filter(named).collect();
        let called = match &header.kid {
            Some(kid) => format!("`kid` {}", short(kid)),
            None => "no `kid`".to_owned(),
        };
        if of_name.is_empty() {
            return Err(Denial::new(
                Reason::TokenKeyUnknown,
                format!("the token names {called}, which is not among {} keys", self.keys.len()),
            ));
        }
        let usable: Vec<_> =
            of_name.iter().filter_map(|verifier| Some((*verifier, verifier.key.as_ref().ok()?))).collect();
        if let (true, Some(Err(why))) = (usable.is_empty(), of_name.first().map(|verifier| &verifier.key)) {
            return Err(Denial::new(Reason::TokenKeyUnknown, format!("the key cannot be used: {why}")));
        }
        let algorithm = Algorithm::named(&header.alg).filter(|algorithm| algorithm.is_jose());
        let fits: Vec<_> = algorithm
            .iter()
            .flat_map(|algorithm| usable.iter().map(move |(verifier, key)| (*verifier, *key, *algorithm)))
            .filter(|(_, key, algorithm)| key.permits(*algorithm))
            .collect();
        match fits.as_slice() {
            [only] => Ok(*only),
            [] => Err(Denial::new(
                Reason::TokenAlgorithm,
                format!("no key for {called} is for `alg` {}", short(&header.alg)),
            )),
            _ => Err(Denial::new(
                Reason::TokenKeyUnknown,
                format!("the token names {called}, which {} keys fit", fits.len()),
            )),
        }
    }
}

/// One signature, not verified.
struct Signed {
    protected: String,
    header: Header,
    signature: Vec<u8>,
}

/// Checks the signatures of a token in any serialisation. `detached` is the content of a token without a payload of its
/// own ([RFC 7515 appendix F]).
///
/// [RFC 7515 appendix F]: https://www.rfc-editor.org/rfc/rfc7515#appendix-F
pub fn check(token: &str, keys: &Verifiers, detached: Option<&[u8]>) -> Result<Verified, Denial> {
    let (payload, signatures) = if token.starts_with('{') { read_json(token)? } else { read_compact(token)? };
    let payload = match (payload, detached) {
        (None, None) => {
            return Err(malformed("expected the member `payload`, or the content beside the token"));
        }
        (Some(payload), None) => payload.into_bytes(),
        (Some(payload), Some(_)) if !payload.is_empty() => {
            return Err(malformed("the token has a payload of its own"));
        }
        (_, Some(content)) => {
            let encoded = signatures.first().is_none_or(|signed| signed.header.b64);
            if encoded { URL_SAFE_NO_PAD.encode(content).into_bytes() } else { content.to_vec() }
        }
    };
    if signatures.iter().any(|signed| signed.header.b64) {
        // Its bytes do not matter, but that they are told in one way only.
        let text = std::str::from_utf8(&payload).map_err(|_| malformed("the payload: expected base64url"))?;
        decode("payload", text)?;
    }
    if let Some(why) = keys.ambiguity(signatures.len()) {
        return Err(Denial::new(Reason::TokenKeyUnknown, why));
    }
    let (mut verified, mut stranger) = (None, None);
    for signed in &signatures {
        let (verifier, key, algorithm) = match keys.pick(&signed.header) {
            Ok(picked) => picked,
            Err(denial) if denial.reason == Reason::TokenKeyUnknown && signatures.len() > 1 => {
                stranger = stranger.or(Some(denial));
                continue;
            }
            Err(denial) => return Err(denial),
        };
        let message = [signed.protected.as_bytes(), b".", &payload].concat().into();
        let challenge = Challenge { key, algorithm, message, signature: signed.signature.as_slice().into() };
        if !native::settle(&challenge) {
            return Err(Denial::new(
                Reason::TokenSignature,
                format!("the signature with {} was not made with the key", algorithm.name()),
            ));
        }
        verified = verified.or(Some(Verified { algorithm, kid: verifier.kid.clone() }));
    }
    match (verified, stranger) {
        (Some(verified), _) => Ok(verified),
        (None, Some(denial)) => Err(denial),
        (None, None) => Err(malformed("expected a signature")),
    }
}

fn read_compact(token: &str) -> Result<(Option<String>, Vec<Signed>), Denial> {
    let parts: Vec<_> = token.split('.').collect();
    let [protected, payload, signature] = parts.as_slice() else {
        return Err(malformed(format!(
            "expected three parts separated by full stops, found {}",
            parts.len()
        )));
    };
    let signed = Signed::parse(Some(protected), &Map::new(), signature)?;
    Ok((Some((*payload).to_owned()), vec![signed]))
}

/// ```text
/// general   = { "payload": text, "signatures": [ { "protected"?: text, "header"?: object, "signature": text }, … ] }
/// flattened = { "payload": text, "protected"?: text, "header"?: object, "signature": text }
/// ```
///
/// [RFC 7515 section 7.2](https://www.rfc-editor.org/rfc/rfc7515#section-7.2); members of other names are ignored.
fn read_json(token: &str) -> Result<(Option<String>, Vec<Signed>), Denial> {
    let members = object("token", token.as_bytes())?;
    let payload = text(&members, "payload")?.map(str::to_owned);
    let signatures: Vec<&Map<_, _>> = match members.get("signatures") {
        None => vec![&members],
        Some(_) if ["signature", "protected", "header"].iter().any(|name| members.contains_key(*name)) => {
            return Err(malformed("the token mixes the general and the flattened serialisation"));
        }
        Some(Value::Array(list)) if (1..=MOST_SIGNATURES).contains(&list.len()) => list
            .iter()
            .map(|one| one.as_object().ok_or_else(|| malformed("`signatures`: expected objects")))
            .collect::<Result<_, _>>()?,
        Some(_) => {
            return Err(malformed(format!("`signatures`: expected a list of 1 to {MOST_SIGNATURES}")));
        }
    };
    let none = Map::new();
    let signatures = signatures.into_iter().map(|members| {
        let header = match members.get("header") {
            None => &none,
            Some(Value::Object(header)) => header,
            Some(_) => return Err(malformed("`header`: expected an object")),
        };
        let signature =
            text(members, "signature")?.ok_or_else(|| malformed("expected the member `signature`"))?;
        Signed::parse(text(members, "protected")?, header, signature)
    });
    let signatures = signatures.collect::<Result<Vec<_>, _>>()?;
    // RFC 7797 section 3: one payload has one form.
    if signatures
        .windows(2)
        .any(|pair| pair.first().map(|s| s.header.b64) != pair.last().map(|s| s.header.b64))
    {
        return Err(malformed("the signatures disagree about `b64`"));
    }
    Ok((payload, signatures))
}

impl Signed {
    fn parse(
        protected: Option<&str>,
        unprotected: &Map<String, Value>,
        signature: &str,
    ) -> Result<Self, Denial> {
        let protected = protected.unwrap_or_default();
        let members = match protected {
            "" => Map::new(),
            text => object("header", &decode("header", text)?)?,
        };
        Ok(Self {
            protected: protected.to_owned(),
            header: Header::parse(&members, unprotected, &["b64"])?,
            signature: decode("signature", signature)?,
        })
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Denial> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(malformed(format!("`{name}`: expected a text"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::token::mint::PrivateKey;

    const SECRET: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

    fn secret(more: &Value) -> Value {
        let mut key = json!({ "kty": "oct", "k": SECRET });
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        key
    }

    fn elliptic() -> Value {
        let d = URL_SAFE_NO_PAD.encode([9; 32]);
        json!({ "kty": "EC", "kid": "e", "crv": "P-256", "d": d })
    }

    fn public(private: &Value) -> Value {
        let key = PrivateKey::from_jwk(private.as_object().unwrap()).unwrap();
        serde_json::to_value(key.public()).unwrap()
    }

    /// The protected header and the signature of a payload.
    fn sign(key: &Value, alg: &str, header: &Value, payload: &str) -> (String, String) {
        let key = PrivateKey::from_jwk(key.as_object().unwrap()).unwrap();
        let protected = match header {
            Value::Null => String::new(),
            header => URL_SAFE_NO_PAD.encode(header.to_string()),
        };
        let message = format!("{protected}.{payload}");
        let signature = key.sign(Algorithm::named(alg).unwrap(), message.as_bytes()).unwrap();
        (protected, URL_SAFE_NO_PAD.encode(signature))
    }

    fn compact(header: &Value) -> String {
        let (protected, signature) = sign(&secret(&json!({})), "HS256", header, "Zm9v");
        format!("{protected}.Zm9v.{signature}")
    }

    fn found(token: &str, keys: &Value) -> Result<(), (Reason, String)> {
        let keys = Verifiers::from_slice(keys.to_string().as_bytes()).unwrap();
        check(token, &keys, None).map(|_| ()).map_err(|denial| (denial.reason, denial.detail))
    }

    #[test]
    fn the_key_says_what_it_is_for() {
        let token = compact(&json!({ "alg": "HS256", "kid": "a" }));
        let named = |more: Value| {
            let mut key = secret(&more);
            key["kid"] = "a".into();
            key
        };
        let unknown = Some(Reason::TokenKeyUnknown);
        for (name, keys, expected) in [
            ("a key", named(json!({})), None),
            ("without a name", secret(&json!({})), None),
            ("a set", json!({ "keys": [named(json!({ "alg": "HS256", "use": "sig" }))] }), None),
            ("a document", json!({ "issuer": "i", "keys": [named(json!({})), public(&elliptic())] }), None),
            ("that verifies", named(json!({ "key_ops": ["sign", "verify"] })), None),
            ("that only signs", named(json!({ "key_ops": ["sign"] })), unknown),
            ("for encryption", named(json!({ "use": "enc" })), unknown),
            ("of another name", secret(&json!({ "kid": "b" })), unknown),
            ("an encryption algorithm's", named(json!({ "alg": "A256KW" })), unknown),
            ("of another algorithm", named(json!({ "alg": "HS1" })), Some(Reason::TokenAlgorithm)),
            ("two of a name", json!({ "keys": [named(json!({})), named(json!({}))] }), unknown),
            ("a mixed set", json!({ "keys": [named(json!({})), public(&elliptic())] }), unknown),
            ("none", json!({ "keys": [] }), unknown),
            ("two without a name", json!({ "keys": [secret(&json!({})), secret(&json!({}))] }), unknown),
        ] {
            assert_eq!(found(&token, &keys).err().map(|(reason, _)| reason), expected, "{name}");
        }
    }

    #[test]
    fn headers_are_strict() {
        let key = secret(&json!({}));
        let (malformed, algorithm) = (Some(Reason::TokenMalformed), Some(Reason::TokenAlgorithm));
        let raw = |header: &str| format!("{}.Zm9v.AAAA", URL_SAFE_NO_PAD.encode(header));
        let right = compact(&json!({ "alg": "HS256" }));
        for (token, expected) in [
            (right.clone(), None),
            (compact(&json!({ "alg": "HS256", "typ": "x", "jku": "https://x/", "b64": true })), None),
            (compact(&json!({ "alg": "HS256", "crit": ["b64"], "b64": true })), None),
            (compact(&json!({ "alg": "HS256", "crit": ["b64"] })), malformed),
            (compact(&json!({ "alg": "HS256", "crit": ["exp"], "exp": 1 })), malformed),
            (compact(&json!({ "alg": "HS256", "crit": [] })), malformed),
            (compact(&json!({ "alg": "HS256", "b64": false })), malformed),
            (compact(&json!({ "alg": "none" })), algorithm),
            (compact(&json!({ "alg": "NONE" })), algorithm),
            (compact(&json!({ "alg": "ES256K" })), algorithm),
            (compact(&json!({ "alg": "HS1" })), algorithm),
            (compact(&json!({ "alg": 256 })), malformed),
            (compact(&json!({})), malformed),
            (raw(r#"{"alg":"HS256","alg":"HS256"}"#), malformed),
            (raw(r#"{"alg":"HS256","a":{"b":1,"b":1}}"#), malformed),
            (format!("{right} "), malformed),
            (format!("{right}="), malformed),
            (right.replace("Zm9v", "Zm9"), malformed),
            (right.replace("Zm9v", "Zm8w"), Some(Reason::TokenSignature)),
            (format!("{right}."), malformed),
            (String::new(), malformed),
        ] {
            assert_eq!(found(&token, &key).err().map(|(reason, _)| reason), expected, "{token}");
        }
    }

    #[test]
    fn json_serialisations() {
        let keys = json!({ "keys": [public(&elliptic()), { "kty": "oct", "kid": "a", "k": SECRET }] });
        let one = |kid: &str, protected: Value, header: Value| {
            let (key, alg) = if kid == "e" { (elliptic(), "ES256") } else { (secret(&json!({})), "HS256") };
            let (text, signature) = sign(&key, alg, &protected, "Zm9v");
            let mut one = json!({ "signature": signature });
            if protected != Value::Null {
                one["protected"] = text.into();
            }
            if header != Value::Null {
                one["header"] = header;
            }
            one
        };
        let right = || one("e", json!({ "alg": "ES256" }), json!({ "kid": "e" }));
        let secret = || one("a", json!({ "alg": "HS256", "kid": "a" }), Value::Null);
        let stranger = || one("a", json!({ "alg": "HS256", "kid": "x" }), Value::Null);
        let wrong = || {
            let mut wrong = right();
            wrong["signature"] =
                one("e", json!({ "alg": "ES256", "a": 1 }), Value::Null)["signature"].clone();
            wrong
        };
        let general = |list: Value| json!({ "payload": "Zm9v", "signatures": list });
        let flattened = |mut one: Value| {
            one["payload"] = "Zm9v".into();
            one
        };
        let (malformed, signature) = (Some(Reason::TokenMalformed), Some(Reason::TokenSignature));
        for (name, token, expected) in [
            (
                "flattened",
                flattened(one("e", json!({ "alg": "ES256", "kid": "e" }), Value::Null)),
                Some(Reason::TokenKeyUnknown),
            ),
            ("two", general(json!([right(), secret()])), None),
            (
                "nothing protected",
                general(json!([one("e", Value::Null, json!({ "alg": "ES256", "kid": "e" })), secret()])),
                None,
            ),
            ("a stranger's", general(json!([stranger(), right()])), None),
            ("strangers' alone", general(json!([stranger(), stranger()])), Some(Reason::TokenKeyUnknown)),
            ("one wrong", general(json!([secret(), wrong()])), signature),
            ("the first wrong", general(json!([wrong(), secret()])), signature),
            (
                "in both headers",
                general(json!([
                    secret(),
                    one("e", json!({ "alg": "ES256", "kid": "e" }), json!({ "kid": "e" }))
                ])),
                malformed,
            ),
            (
                "unprotected crit",
                general(json!([
                    secret(),
                    one("e", json!({ "alg": "ES256" }), json!({ "kid": "e", "crit": ["b64"] }))
                ])),
                malformed,
            ),
            ("none", general(json!([])), malformed),
            ("too many", general(json!(vec![secret(); 17])), malformed),
            ("no payload", json!({ "signatures": [secret(), right()] }), malformed),
            (
                "both forms",
                {
                    let mut both = general(json!([secret(), right()]));
                    both["signature"] = "AAAA".into();
                    both
                },
                malformed,
            ),
            ("a number", general(json!(7)), malformed),
        ] {
            let reason = found(&token.to_string(), &keys).err().map(|(reason, _)| reason);
            assert_eq!(reason, expected, "{name}");
        }
        let alone = flattened(one("e", json!({ "alg": "ES256", "kid": "e" }), Value::Null)).to_string();
        assert_eq!(found(&alone, &public(&elliptic())), Ok(()));
        let twice = alone.replacen('{', r#"{"payload":"Zm9v","#, 1);
        assert_eq!(found(&twice, &public(&elliptic())).unwrap_err().0, Reason::TokenMalformed);
    }

    #[test]
    fn content_beside_the_token() {
        let keys = Verifiers::from_slice(secret(&json!({})).to_string().as_bytes()).unwrap();
        let (protected, signature) = sign(&secret(&json!({})), "HS256", &json!({ "alg": "HS256" }), "Zm9v");
        let detached = format!("{protected}..{signature}");
        assert!(check(&detached, &keys, Some(b"foo")).is_ok());
        assert_eq!(check(&detached, &keys, None).unwrap_err().reason, Reason::TokenSignature);
        assert_eq!(check(&detached, &keys, Some(b"bar")).unwrap_err().reason, Reason::TokenSignature);
        let whole = format!("{protected}.Zm9v.{signature}");
        assert_eq!(check(&whole, &keys, Some(b"foo")).unwrap_err().reason, Reason::TokenMalformed);
        // RFC 7797: the content as it is.
        let header = json!({ "alg": "HS256", "b64": false, "crit": ["b64"] });
        let (protected, signature) = sign(&secret(&json!({})), "HS256", &header, "$.02");
        assert!(check(&format!("{protected}..{signature}"), &keys, Some(b"$.02")).is_ok());
        let flattened = json!({ "payload": "$.02", "protected": protected, "signature": signature });
        assert!(check(&flattened.to_string(), &keys, None).is_ok());
        assert!(check(&format!("{protected}.$.02.{signature}"), &keys, None).is_err());
    }
}
