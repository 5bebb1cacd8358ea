//! `v1/keys/{issuer}`: the keys that verify an issuer's tokens or a site's sessions.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use url::Url;

use super::jwk::Members;
use super::kv_document::KvDocument;
use super::range::bounded;
use super::{IdError, Issuer, Jwk, KeySetError};

/// An issuer and its keys: a JWK Set ([RFC 7517 section 5]) with a member for the issuer.
///
/// [RFC 7517 section 5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(!from))]
#[serde(from = "RawKeySet<Distinct>")]
pub struct KeySet {
    /// The name under which the set is stored, and the `iss` of the tokens that it verifies. For dialects without an
    /// issuer, any name that the site's document uses.
    pub issuer: Issuer,
    /// The keys, each with its own `kid`.
    pub keys: Vec<Jwk>,
    /// The JWK Set in which the issuer publishes further keys. Absent: `keys` alone count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<PublishedKeys>,
}

/// A JWK Set that the issuer publishes ([RFC 7517 section 5]). The edge fetches the set and keeps it.
///
/// [RFC 7517 section 5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PublishedKeys {
    /// The URL of the set, such as `https://id.example.com/.well-known/jwks.json`.
    #[serde(deserialize_with = "url")]
    pub url: Url,
    /// Seconds after which the edge fetches the set again, in the background, 60 to 86,400.
    #[serde(default = "PublishedKeys::default_refresh_s", deserialize_with = "refresh")]
    #[cfg_attr(feature = "schema", schemars(range(min = 60, max = 86_400)))]
    pub refresh_s: u64,
}

impl PublishedKeys {
    const fn default_refresh_s() -> u64 {
        600
    }
}

fn refresh<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 60, 86_400)
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    let expected = "a URL such as https://id.example.com/.well-known/jwks.json";
    Url::parse(&text).map_err(|_| de::Error::custom(IdError::new(expected, &text)))
}

impl KeySet {
    /// The key of this id.
    pub fn key(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid.as_str() == kid)
    }
}

#[derive(Deserialize)]
#[serde(rename = "KeySet")]
struct RawKeySet<K> {
    issuer: Issuer,
    keys: K,
    #[serde(default)]
    published: Option<PublishedKeys>,
}

impl From<RawKeySet<Distinct>> for KeySet {
    fn from(RawKeySet { issuer, keys: Distinct(keys), published }: RawKeySet<Distinct>) -> Self {
        Self { issuer, keys, published }
    }
}

/// Keys of which each has its own `kid`.
struct Distinct(Vec<Jwk>);

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let keys = Vec::<Jwk>::deserialize(deserializer)?;
        let mut seen = BTreeSet::new();
        match keys.iter().find(|key| !seen.insert(&key.kid)) {
            Some(key) => Err(de::Error::custom(KeySetError::DuplicateKeyId(key.kid.clone()))),
            None => Ok(Self(keys)),
        }
    }
}

impl KvDocument for KeySet {
    /// Takes the keys that can be used. A key that cannot be read does not affect the others; its tokens are refused as
    /// if the key were absent. The origin service refuses such a document, but another writer may have stored it, or it
    /// may be older than the rule that it breaks.
    fn read(json: &[u8]) -> Result<(Self, Vec<String>), serde_json::Error> {
        let RawKeySet { issuer, keys: Usable { keys, skipped }, published } = serde_json::from_slice(json)?;
        match skipped.first().filter(|_| keys.is_empty()) {
            Some(why) => Err(de::Error::custom(why)),
            None => Ok((Self { issuer, keys, published }, skipped)),
        }
    }
}

/// The keys that can be used, and the reasons why other keys cannot.
struct Usable {
    keys: Vec<Jwk>,
    skipped: Vec<String>,
}

impl Usable {
    /// The most skipped keys that are listed.
    const MOST_SKIPPED: usize = 100;
}

impl<'de> Deserialize<'de> for Usable {
    /// The members of a key are dropped before the next one's are read.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> de::Visitor<'de> for Keys {
            type Value = Usable;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of keys")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut values: A) -> Result<Usable, A::Error> {
                let (mut keys, mut skipped) = (Vec::<Jwk>::new(), Vec::new());
                let mut known = BTreeSet::new();
                while let Some(Members(members)) = values.next_element()? {
                    let why = match Jwk::read(&members) {
                        Ok(key) if known.insert(key.kid.clone()) => {
                            keys.push(key);
                            continue;
                        }
                        Ok(key) => KeySetError::DuplicateKeyId(key.kid).to_string(),
                        Err(why) => why,
                    };
                    if skipped.len() < Usable::MOST_SKIPPED {
                        skipped.push(why);
                    }
                }
                Ok(Usable { keys, skipped })
            }
        }
        deserializer.deserialize_seq(Keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(keys: &str) -> Result<KeySet, serde_json::Error> {
        serde_json::from_str(&format!(r#"{{"issuer":"https://id.example.com/","keys":[{keys}]}}"#))
    }

    const OCT: &str = r#"{"kty":"oct","kid":"a","alg":"HS256","use":"sig","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
    // RFC 7515 appendix A.3.1.
    const EC: &str = r#"{"kty":"EC","kid":"b","alg":"ES256","crv":"P-256",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    #[test]
    fn reads_a_jwk_set_and_ignores_other_members() {
        let set = read(&format!("{OCT},{EC}")).unwrap();
        assert_eq!(set.keys.len(), 2);
        let written = serde_json::to_string(&set).unwrap();
        assert_eq!(serde_json::from_str::<KeySet>(&written).unwrap(), set);
    }

    #[test]
    fn refuses_what_cannot_be_used() {
        for (bad, why) in [
            (format!("{OCT},{OCT}"), "found `a` twice"),
            (OCT.replace("HS256", "ES256"), "`kty` EC"),
            (EC.replace("ES256", "HS256"), "`kty` oct"),
            (OCT.replace("AAAAAAAA", ""), "32 bytes or more"),
            (OCT.replace("HS256", "none"), "key `a`: `alg`: expected a signature algorithm"),
            (EC.replace("P-256", "secp256k1"), "key `b`: `crv`: expected P-256, P-384 or P-521"),
            (EC.replace("f83OJ", "f83OJ="), "key `b`: `x`: expected base64url without padding"),
            // The bits behind the last byte are not 0.
            (EC.replace("IWI5a0", "IWI5a1"), "key `b`: `y`: expected base64url without padding"),
            (OCT.replace("\"kid\":\"a\",", ""), "key `without a name`: `kid`: expected 1 to 128"),
            (OCT.replace("\"use\"", "\"kid\""), "found `kid` twice"),
            (EC.replace("P-256", "P-384"), "the curve's own size"),
        ] {
            let error = read(&bad).unwrap_err().to_string();
            assert!(error.contains(why), "{error} does not say {why}");
        }
    }

    #[test]
    fn at_the_edge_a_key_that_cannot_be_read_takes_no_other_down() {
        let bad = EC.replace("IWI5a0", "IWI5a1");
        let set = format!(r#"{{"revision":1,"issuer":"i","keys":[{bad},{OCT},{OCT}]}}"#);
        assert!(serde_json::from_str::<KeySet>(&set).is_err());
        let (found, skipped) = KeySet::read(set.as_bytes()).unwrap();
        assert_eq!(found.keys.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!(
            skipped,
            [
                "key `b`: `y`: expected base64url without padding",
                "expected a `kid` of its own for each key, found `a` twice"
            ]
        );
        // A set without any usable key is an error.
        let error = KeySet::read(format!(r#"{{"issuer":"i","keys":[{bad}]}}"#).as_bytes()).unwrap_err();
        assert!(error.to_string().contains("key `b`: `y`"), "{error}");
    }

    #[test]
    fn a_thumbprint_is_that_of_the_specification() {
        // RFC 7638 section 3.1.
        let key: Jwk = serde_json::from_str(
            r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
        )
        .unwrap();
        assert_eq!(key.material.thumbprint().as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn debug_shows_no_secret() {
        let set = read(OCT).unwrap();
        assert!(format!("{set:?}").contains("[redacted]"));
        assert!(!format!("{set:?}").contains("0, 0"));
    }
}
