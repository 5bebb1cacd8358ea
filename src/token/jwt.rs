//! Viewer tokens as JSON Web Tokens ([RFC 7519]), with any algorithm of [RFC 7518] that the key is for, and Ed25519.
//!
//! | claim | | |
//! | --- | --- | --- |
//! | `iss` | required | one of the site's issuers |
//! | `exp` | required | the token is refused from this second on, plus the site's leeway |
//! | `nbf`, `iat` | optional | the token is refused before them, less the leeway |
//! | `aud` | as the site says | a text or a list; refused where the site names no audience |
//!
//! `mapping.rs` defines the other claims.
//!
//! [RFC 7518]: https://www.rfc-editor.org/rfc/rfc7518
//! [RFC 7519]: https://www.rfc-editor.org/rfc/rfc7519

use serde_json::Value;

use super::claims::{Claims, unreadable};
use super::compact::{Compact, short};
use super::dialect::Dialect;
use super::mapping;
use super::placement::{self, Found, Rest};
use super::presented::{Asked, Presented, Reader};
use super::spot::Spot;
use super::{Challenge, Grant};
use crate::catalog::{Issuer, Jwk, JwtPolicy, KeySet, Placement, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;

/// The audience of a site that accepts tokens for any audience.
pub(super) const ANY_AUDIENCE: &str = "*";

/// A JSON Web Token of an issuer that the site accepts.
struct Jwt {
    path: Option<String>,
    compact: Compact,
    claims: Claims,
    issuer: Issuer,
    audience: Option<String>,
    own: JwtPolicy,
}

impl Reader for JwtPolicy {
    fn find(&self, facts: &Facts, policy: &TokenPolicy) -> Result<Option<Box<dyn Presented>>, Denial> {
        read_first(facts, self.placed(policy), |found| Jwt::parse(found, policy, self))
    }

    fn spots<'a>(&'a self, policy: &'a TokenPolicy) -> Vec<Spot<'a>> {
        self.placed(policy).iter().map(Spot::from).collect()
    }
}

impl JwtPolicy {
    fn placed<'a>(&'a self, policy: &'a TokenPolicy) -> &'a [Placement] {
        self.placements.as_ref().unwrap_or(&policy.placements)
    }
}

/// As a site's placements are by default, and [RFC 6750 section 2.3].
///
/// [RFC 6750 section 2.3]: https://www.rfc-editor.org/rfc/rfc6750#section-2.3
pub(super) const USUAL: &[Spot<'static>] =
    &[Spot::Parameter("token"), Spot::Parameter("access_token"), Spot::Header("authorization")];

/// Reads the first readable token in the placements; if none is readable, the denial is the first token's.
pub(super) fn read_first<T: Presented + 'static>(
    facts: &Facts,
    placements: &[Placement],
    read: impl Fn(Found) -> Result<T, Denial>,
) -> Result<Option<Box<dyn Presented>>, Denial> {
    let mut first = None;
    for found in placement::find(facts, placements) {
        match read(found) {
            Ok(token) => return Ok(Some(Box::new(token))),
            Err(denial) => first = first.or(Some(denial)),
        }
    }
    first.map_or(Ok(None), Err)
}

impl Jwt {
    fn parse(found: Found, policy: &TokenPolicy, own: &JwtPolicy) -> Result<Self, Denial> {
        let compact = Compact::parse(found.token)?;
        let claims = Claims::new(compact.claims()?);
        let issuers = own.issuers.as_ref().unwrap_or(&policy.issuers);
        let issuer = issuer(&claims, issuers)?
            .ok_or_else(|| Denial::new(Reason::TokenClaims, "expected the claim `iss`"))?;
        let path = match found.rest {
            Rest::Whole => None,
            Rest::Path(path) => Some(path),
            Rest::BelowTitle(_) => {
                return Err(Denial::new(Reason::TokenMalformed, "a JSON Web Token does not name its title"));
            }
        };
        let audience = own.audience.as_ref().or(policy.audience.as_ref()).cloned();
        Ok(Self { path, compact, claims, issuer, audience, own: own.clone() })
    }

    /// Whether the site accepts the header's `typ` ([RFC 7515 section 4.1.9]).
    ///
    /// [RFC 7515 section 4.1.9]: https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9
    fn typed(&self) -> Result<(), Denial> {
        let plain = |typ: &str| {
            let typ = typ.to_ascii_lowercase();
            typ.strip_prefix("application/").map_or(typ.clone(), str::to_owned)
        };
        let typ = self.compact.header.typ.as_deref().unwrap_or_default();
        if self.own.types.is_empty() || self.own.types.iter().any(|wanted| plain(wanted) == plain(typ)) {
            return Ok(());
        }
        Err(Denial::new(
            Reason::TokenClaims,
            format!("expected `typ` {} in the header, found `{}`", self.own.types.join(" or "), short(typ)),
        ))
    }

    /// Whether the claims have the values that the site requires.
    fn required(&self) -> Result<(), Denial> {
        for (name, wanted) in &self.own.require {
            let wanted = match wanted {
                Value::Array(several) => several.as_slice(),
                one => std::slice::from_ref(one),
            };
            let met = match self.claims.find(name) {
                None => false,
                Some(Value::Array(found)) => found.iter().any(|found| wanted.contains(found)),
                Some(found) => wanted.contains(found),
            };
            if !met {
                return Err(Denial::new(
                    Reason::TokenClaims,
                    format!("`{name}`: expected what the site requires"),
                ));
            }
        }
        Ok(())
    }
}

/// The claim `iss`, which has to be one of the issuers.
pub(super) fn issuer(claims: &Claims, issuers: &[Issuer]) -> Result<Option<Issuer>, Denial> {
    let Some(iss) = claims.text("iss")? else { return Ok(None) };
    let listed = issuers.iter().find(|issuer| issuer.as_str() == iss).cloned();
    listed.map(Some).ok_or_else(|| {
        Denial::new(Reason::TokenIssuer, format!("the site does not list the issuer `{}`", short(iss)))
    })
}

/// Whether a claim names the site's audience, alone or in a list ([RFC 7519 section 4.1.3]). A recipient that the claim
/// does not name has to refuse the token, and so has a recipient without a name, unless it accepts any audience.
///
/// [RFC 7519 section 4.1.3]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3
pub(super) fn meant_for(claims: &Claims, claim: &str, audience: Option<&str>) -> Result<(), Denial> {
    let audience = match audience {
        Some(ANY_AUDIENCE) => return Ok(()),
        Some(audience) => audience,
        None if claims.find("aud").is_none() && !claims.is_null("aud") => return Ok(()),
        None => return Err(Denial::new(Reason::TokenAudience, "the token names an audience, the site none")),
    };
    if claims.texts(claim)?.is_some_and(|named| named.contains(&audience)) {
        return Ok(());
    }
    Err(Denial::new(Reason::TokenAudience, format!("expected `{claim}` to name `{audience}`")))
}

impl Presented for Jwt {
    fn dialect(&self) -> Dialect {
        Dialect::Jwt
    }

    fn keys(&self) -> &Issuer {
        &self.issuer
    }

    fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial> {
        self.compact.challenges(keys, false)
    }

    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial> {
        let Asked { facts, policy, now } = *asked;
        self.typed()?;
        let expires_at = self.claims.alive(now, policy.leeway_s)?;
        if self.claims.is_null("nbf") {
            return Err(unreadable("nbf", "a time, or no claim"));
        }
        meant_for(&self.claims, &self.own.audience_claim, self.audience.as_deref())?;
        self.required()?;
        let mut grant = Grant::new(Dialect::Jwt, self.issuer.clone(), key.kid.clone());
        grant.issued_at = self.claims.start("iat")?;
        grant.expires_at = Some(expires_at);
        mapping::fill(&mut grant, &self.claims, &self.own.claims, &facts.geography)?;
        Ok(grant)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jwt_simple::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::redacted::Redacted;
    use crate::time::UnixTime;
    use crate::token::native::prove;
    use crate::token::present;

    const NOW: u64 = 1_795_370_400;
    const SECRET: [u8; 32] = [7; 32];

    fn policy(extra: &Value) -> TokenPolicy {
        let mut policy = json!({ "issuers": ["id"] });
        policy.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_value(policy).unwrap()
    }

    fn keys() -> KeySet {
        let elliptic: Value = serde_json::from_str(&pair().public_key().to_jwk()).unwrap();
        serde_json::from_value(json!({ "issuer": "id", "keys": [
            { "kty": "oct", "kid": "h", "alg": "HS256", "k": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc" },
            { "kty": "EC", "kid": "e", "alg": "ES256", "crv": "P-256", "x": elliptic["x"], "y": elliptic["y"] },
        ]}))
        .unwrap()
    }

    fn pair() -> ES256KeyPair {
        ES256KeyPair::from_bytes(&[9; 32]).unwrap().with_key_id("e")
    }

    fn claims(json: Value) -> JWTClaims<serde_json::Map<String, Value>> {
        serde_json::from_value(json).unwrap()
    }

    fn hs256(json: Value) -> String {
        HS256Key::from_bytes(&SECRET).with_key_id("h").authenticate(claims(json)).unwrap()
    }

    fn es256(json: Value) -> String {
        pair().sign(claims(json)).unwrap()
    }

    fn verify(token: &str, policy: &TokenPolicy) -> Result<Grant, Denial> {
        let facts = Facts { query: Redacted::new(format!("token={token}")), ..Facts::default() };
        let presented = present(&facts, policy)?;
        let asked = Asked { facts: &facts, policy, now: UnixTime::from_secs(NOW) };
        prove(presented.as_ref(), &keys(), &asked)
    }

    #[test]
    fn a_genuine_token_becomes_a_grant() {
        let claims =
            json!({ "iss": "id", "exp": NOW + 60, "sub": "v1", "plan": "gold", "titles": ["harbour"] });
        for token in [hs256(claims.clone()), es256(claims.clone())] {
            let grant = verify(&token, &policy(&json!({}))).unwrap();
            assert_eq!(grant.subject.as_deref(), Some("v1"));
            assert_eq!(grant.expires_at, Some(UnixTime::from_secs(NOW + 60)));
            assert_eq!(grant.plans, ["gold".parse().unwrap()]);
            assert!(grant.covers(&"harbour".parse().unwrap()) && !grant.covers(&"other".parse().unwrap()));
        }
        let many = hs256(json!({ "iss": "id", "exp": NOW + 60, "plan": ["a", "b"] }));
        assert_eq!(verify(&many, &policy(&json!({}))).unwrap().plans.len(), 2);
    }

    #[test]
    fn every_claim_is_checked() {
        let strict = policy(&json!({ "audience": "tv" }));
        let lenient = policy(&json!({ "leeway_s": 30 }));
        let plain = policy(&json!({}));
        let any = policy(&json!({ "audience": "*" }));
        let table = [
            (&plain, json!({ "iss": "id", "exp": NOW }), Some(Reason::TokenExpired)),
            (&plain, json!({ "iss": "id", "exp": NOW + 1 }), None),
            (&lenient, json!({ "iss": "id", "exp": NOW - 29 }), None),
            (&lenient, json!({ "iss": "id", "exp": NOW - 30 }), Some(Reason::TokenExpired)),
            (&plain, json!({ "iss": "id" }), Some(Reason::TokenClaims)),
            (&plain, json!({ "exp": NOW + 1 }), Some(Reason::TokenClaims)),
            (&plain, json!({ "iss": "other", "exp": NOW + 1 }), Some(Reason::TokenIssuer)),
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "nbf": NOW + 1 }), Some(Reason::TokenNotYetValid)),
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "nbf": NOW }), None),
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "iat": NOW + 1 }), Some(Reason::TokenNotYetValid)),
            (&lenient, json!({ "iss": "id", "exp": NOW + 1, "nbf": NOW + 30, "iat": NOW + 30 }), None),
            (
                &lenient,
                json!({ "iss": "id", "exp": NOW + 1, "nbf": NOW + 31 }),
                Some(Reason::TokenNotYetValid),
            ),
            (&strict, json!({ "iss": "id", "exp": NOW + 1 }), Some(Reason::TokenAudience)),
            (&strict, json!({ "iss": "id", "exp": NOW + 1, "aud": "radio" }), Some(Reason::TokenAudience)),
            (&strict, json!({ "iss": "id", "exp": NOW + 1, "aud": "tv" }), None),
            (&strict, json!({ "iss": "id", "exp": NOW + 1, "aud": ["radio", "tv"] }), None),
            // RFC 7519 section 4.1.3: a recipient that does not find itself in it has to refuse.
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "aud": "tv" }), Some(Reason::TokenAudience)),
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "aud": [] }), Some(Reason::TokenAudience)),
            (&any, json!({ "iss": "id", "exp": NOW + 1, "aud": "tv" }), None),
            (&any, json!({ "iss": "id", "exp": NOW + 1 }), None),
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "titles": null }), Some(Reason::TokenClaims)),
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "territories": null }), Some(Reason::TokenClaims)),
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "max_height": null }), Some(Reason::TokenClaims)),
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "max_streams": null }), Some(Reason::TokenClaims)),
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "device": null }), Some(Reason::TokenClaims)),
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "age": null }), Some(Reason::TokenClaims)),
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "plan": null }), None),
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "plan": 7 }), Some(Reason::TokenClaims)),
            (&plain, json!({ "iss": "id", "exp": NOW + 1, "titles": ["../x"] }), Some(Reason::TokenClaims)),
        ];
        for (policy, claims, expected) in table {
            let found = verify(&hs256(claims.clone()), policy).err().map(|denial| denial.reason);
            assert_eq!(found, expected, "{claims}");
        }
    }

    #[test]
    fn the_key_chooses_the_algorithm() {
        let claims = json!({ "iss": "id", "exp": NOW + 60 });
        let as_if = |kid: &str, key: HS256Key| {
            key.with_key_id(kid).authenticate(self::claims(claims.clone())).unwrap()
        };
        // The public key used as an HMAC secret: the classic confusion.
        let confused = as_if("e", HS256Key::from_bytes(&pair().public_key().to_bytes()));
        assert_eq!(verify(&confused, &policy(&json!({}))).unwrap_err().reason, Reason::TokenAlgorithm);
        let unknown = as_if("x", HS256Key::from_bytes(&SECRET));
        assert_eq!(verify(&unknown, &policy(&json!({}))).unwrap_err().reason, Reason::TokenKeyUnknown);
        let nameless = HS256Key::from_bytes(&SECRET).authenticate(self::claims(claims.clone())).unwrap();
        // The one key that the algorithm fits is meant.
        assert_eq!(verify(&nameless, &policy(&json!({}))).unwrap().key.as_str(), "h");
    }

    #[test]
    fn a_changed_token_is_refused() {
        for token in
            [hs256(json!({ "iss": "id", "exp": NOW + 60 })), es256(json!({ "iss": "id", "exp": NOW + 60 }))]
        {
            for at in 0..token.len() {
                for bit in 0..7 {
                    let mut bytes = token.clone().into_bytes();
                    bytes[at] ^= 1 << bit;
                    let Ok(changed) = String::from_utf8(bytes) else { continue };
                    assert!(verify(&changed, &policy(&json!({}))).is_err(), "bit {bit} of byte {at} changed");
                }
            }
        }
    }

    #[test]
    fn every_algorithm_and_what_is_none() {
        use crate::token::mint::PrivateKey;
        let elliptic = |kid: &str, crv: &str, size: usize| {
            let mut d = vec![3; size];
            d[0] = 0;
            json!({ "kty": "EC", "kid": kid, "crv": crv, "d": URL_SAFE_NO_PAD.encode(d) })
        };
        let mut rsa: Value = serde_json::from_str(include_str!(
            "../../tests/fixtures/tokens/ietf-jose-cookbook/jwk/3_4.rsa_private_key.json"
        ))
        .unwrap();
        rsa["kid"] = "rsa".into();
        let private = [
            json!({ "kty": "oct", "kid": "oct", "k": URL_SAFE_NO_PAD.encode([1; 64]) }),
            elliptic("p256", "P-256", 32),
            elliptic("p384", "P-384", 48),
            elliptic("p521", "P-521", 66),
            json!({ "kty": "OKP", "kid": "okp", "crv": "Ed25519", "d": URL_SAFE_NO_PAD.encode([1; 32]) }),
            rsa,
        ]
        .map(|jwk| PrivateKey::from_jwk(jwk.as_object().unwrap()).unwrap());
        let public: Vec<_> = private.iter().map(PrivateKey::public).collect();
        let keys: KeySet = serde_json::from_value(json!({ "issuer": "id", "keys": public })).unwrap();
        let policy = policy(&json!({}));
        let prove = |token: String| {
            let facts = Facts { query: Redacted::new(format!("token={token}")), ..Facts::default() };
            let presented = present(&facts, &policy)?;
            prove(
                presented.as_ref(),
                &keys,
                &Asked { facts: &facts, policy: &policy, now: UnixTime::from_secs(NOW) },
            )
        };
        let claims = json!({ "iss": "id", "exp": NOW + 60 }).to_string();
        let mut seen = 0;
        for key in &private {
            for algorithm in crate::catalog::Algorithm::ALL {
                let Ok(signature) = key.sign(*algorithm, b"") else { continue };
                assert!(!signature.is_empty());
                for kid in [key.kid(), None] {
                    let mut header = json!({ "alg": algorithm.name() });
                    if let Some(kid) = kid {
                        header["kid"] = kid.into();
                    }
                    let message =
                        [header.to_string(), claims.clone()].map(|part| URL_SAFE_NO_PAD.encode(part));
                    let message = message.join(".");
                    let signature = key.sign(*algorithm, message.as_bytes()).unwrap();
                    let found = prove(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)));
                    if algorithm.is_jose() {
                        assert_eq!(found.unwrap().key.as_str(), key.kid().unwrap(), "{header}");
                        seen += 1;
                    } else {
                        assert_eq!(found.unwrap_err().reason, Reason::TokenAlgorithm, "{header}");
                    }
                }
            }
        }
        // HS, RS, PS and ES with three hashes each, and EdDSA: each with and without `kid`.
        assert_eq!(seen, 13 * 2);
        let newer = private[4].jws(
            crate::catalog::Algorithm::EdDSA,
            serde_json::Map::from_iter([("alg".to_owned(), json!("Ed25519"))]),
            claims.as_bytes(),
        );
        assert!(prove(newer.unwrap()).is_ok());
        for alg in ["none", "None", "ES256K", "HS1", "RS1", "MD5", "", "Ed448"] {
            let message = [json!({ "alg": alg, "kid": "oct" }).to_string(), claims.clone()];
            let token = message.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".") + ".";
            assert_eq!(prove(token).unwrap_err().reason, Reason::TokenAlgorithm, "{alg}");
        }
    }

    #[test]
    fn what_two_readers_may_read_differently_is_refused() {
        let key = crate::token::mint::PrivateKey::from_jwk(
            json!({ "kty": "oct", "kid": "h", "k": URL_SAFE_NO_PAD.encode(SECRET) }).as_object().unwrap(),
        )
        .unwrap();
        let signed = |payload: &str| {
            key.jws(crate::catalog::Algorithm::HS256, serde_json::Map::new(), payload.as_bytes()).unwrap()
        };
        let deep = "[".repeat(20) + &"]".repeat(20);
        for (payload, expected) in [
            (r#"{"iss":"id","exp":1795370401}"#.to_owned(), None),
            (r#"{"iss":"id","exp":1,"exp":1795370401}"#.to_owned(), Some(Reason::TokenMalformed)),
            (r#"{"iss":"id","exp":1795370401,"a":[{"b":1,"b":1}]}"#.to_owned(), Some(Reason::TokenMalformed)),
            (format!(r#"{{"iss":"id","exp":1795370401,"a":{deep}}}"#), Some(Reason::TokenMalformed)),
            (r#"{"iss":"id","exp":1795370401,"nbf":null}"#.to_owned(), Some(Reason::TokenClaims)),
            (r#"{"iss":"id","exp":1795370401,"aud":null}"#.to_owned(), Some(Reason::TokenAudience)),
            (r#"{"iss":"id","exp":1795370401} "#.to_owned(), None),
            (r#"{"iss":"id","exp":1795370401}{}"#.to_owned(), Some(Reason::TokenMalformed)),
            (r#"["iss"]"#.to_owned(), Some(Reason::TokenMalformed)),
            (r#"{"iss":["id"],"exp":1795370401}"#.to_owned(), Some(Reason::TokenClaims)),
        ] {
            let found = verify(&signed(&payload), &policy(&json!({}))).err().map(|denial| denial.reason);
            assert_eq!(found, expected, "{payload}");
        }
    }
}
