//! Viewer tokens as JSON Web Tokens ([RFC 7519]), signed with HS256 or ES256.
//!
//! Three steps, since an asymmetric signature is verified elsewhere (by `crypto.subtle` in the Worker):
//! [`Presented::parse`] reads the token and names the issuer whose keys are needed, [`Presented::challenge`]
//! picks the key and says what is to be verified, [`Presented::grant`] reads the claims once it has been.
//!
//! | claim | | |
//! | --- | --- | --- |
//! | `iss` | required | one of the site's issuers |
//! | `exp` | required | the token is refused from this second on, plus the site's leeway |
//! | `nbf`, `iat` | optional | the token is refused before them, less the leeway |
//! | `aud` | as the site says | a text or a list |
//! | `sub` | optional | the viewer, for revocation |
//! | `plan` | optional | a plan or a list of them |
//! | `titles` | optional | the only titles that it is good for |
//!
//! [RFC 7519]: https://www.rfc-editor.org/rfc/rfc7519

use jwt_simple::claims::{Audiences, JWTClaims};
use serde::Deserialize;

use super::compact::{Compact, short};
use super::placement::{self, Found, Rest};
use super::presented::{Asked, Dialect, Presented};
use super::{Challenge, Grant};
use crate::catalog::{Issuer, Jwk, JwtPolicy, KeySet, Plan, TitleId, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::time::UnixTime;

/// A JSON Web Token of an issuer that the site accepts.
struct Jwt {
    path: Option<String>,
    compact: Compact,
    issuer: Issuer,
    audience: Option<String>,
}

#[derive(Deserialize)]
struct IssuerClaim {
    iss: Option<String>,
}

#[derive(Deserialize)]
struct ViewerClaims {
    #[serde(default)]
    plan: OneOrMany<Plan>,
    titles: Option<Vec<TitleId>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

/// Finds a token in the request.
pub(super) fn find(
    facts: &Facts,
    policy: &TokenPolicy,
    own: &JwtPolicy,
) -> Result<Option<Box<dyn Presented>>, Denial> {
    let mut first = None;
    for found in placement::find(facts, own.placements.as_ref().unwrap_or(&policy.placements)) {
        match Jwt::parse(found, policy, own) {
            Ok(jwt) => return Ok(Some(Box::new(jwt))),
            Err(denial) => first = first.or(Some(denial)),
        }
    }
    first.map_or(Ok(None), Err)
}

impl Jwt {
    fn parse(found: Found, policy: &TokenPolicy, own: &JwtPolicy) -> Result<Self, Denial> {
        let compact = Compact::parse(found.token)?;
        let IssuerClaim { iss } = serde_json::from_slice(&compact.payload)
            .map_err(|error| Denial::new(Reason::TokenMalformed, format!("the payload: {error}")))?;
        let iss = iss.ok_or_else(|| Denial::new(Reason::TokenClaims, "expected the claim `iss`"))?;
        let issuer = own
            .issuers
            .as_ref()
            .unwrap_or(&policy.issuers)
            .iter()
            .find(|issuer| issuer.as_str() == iss)
            .ok_or_else(|| {
                Denial::new(
                    Reason::TokenIssuer,
                    format!("the site does not list the issuer `{}`", short(&iss)),
                )
            })?
            .clone();
        let path = match found.rest {
            Rest::Whole => None,
            Rest::Path(path) => Some(path),
            Rest::BelowTitle(_) => {
                return Err(Denial::new(Reason::TokenMalformed, "a JSON Web Token does not name its title"));
            }
        };
        let audience = own.audience.as_ref().or(policy.audience.as_ref()).cloned();
        Ok(Self { path, compact, issuer, audience })
    }
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
        let Asked { policy, now, .. } = *asked;
        let claims: JWTClaims<ViewerClaims> = serde_json::from_slice(&self.compact.payload)
            .map_err(|error| Denial::new(Reason::TokenClaims, error.to_string()))?;
        let seconds = |claim: jwt_simple::prelude::UnixTimeStamp| UnixTime::from_secs(claim.as_secs());
        let expires_at = claims
            .expires_at
            .map(seconds)
            .ok_or_else(|| Denial::new(Reason::TokenClaims, "expected the claim `exp`"))?
            .plus_secs(policy.leeway_s);
        if now >= expires_at {
            return Err(Denial::new(
                Reason::TokenExpired,
                format!("expired {} s ago", now.secs_since(expires_at)),
            ));
        }
        for (name, claim) in [("nbf", claims.invalid_before), ("iat", claims.issued_at)] {
            if let Some(start) = claim.map(seconds).filter(|start| now.plus_secs(policy.leeway_s) < *start) {
                let early = start.secs_since(now);
                return Err(Denial::new(Reason::TokenNotYetValid, format!("`{name}` is {early} s ahead")));
            }
        }
        if let Some(audience) = &self.audience {
            let named = match &claims.audiences {
                Some(Audiences::AsString(named)) => named == audience,
                Some(Audiences::AsSet(named)) => named.contains(audience),
                None => false,
            };
            if !named {
                return Err(Denial::new(
                    Reason::TokenAudience,
                    format!("expected `aud` to name `{audience}`"),
                ));
            }
        }
        let plans = match claims.custom.plan {
            OneOrMany::One(plan) => vec![plan],
            OneOrMany::Many(plans) => plans,
        };
        Ok(Grant {
            subject: claims.subject,
            token_id: claims.jwt_id,
            issued_at: claims.issued_at.map(seconds),
            expires_at: Some(expires_at),
            plans,
            titles: claims.custom.titles,
            ..Grant::new(Dialect::Jwt, self.issuer.clone(), key.kid.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use jwt_simple::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::redacted::Redacted;
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
}
