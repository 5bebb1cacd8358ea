//! Viewer tokens for one URL, as Cloudflare's WAF verifies them with `is_timed_hmac_valid_v0`.
//!
//! ```text
//! URL   = message separator timestamp "-" mac
//! mac   = base64(HMAC-SHA256(secret, message timestamp)), percent-encoded, or base64url
//! ```
//!
//! The message is the path, with the query before the token where there is one; the separator is the start of the last
//! query parameter, `?verify=` or `&verify=`.
//!
//! [HMAC validation](https://developers.cloudflare.com/ruleset-engine/rules-language/functions/#hmac-validation)

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::base64_fault::base64_fault;
use super::dialect::Dialect;
use super::presented::{Asked, Presented, Reader};
use super::signed_url::{
    bounded, candidates, check_expiry, decoded, distinct, malformed, resource, titles, unescaped_query,
    unix_seconds, without_appended,
};
use super::spot::{Spot, is_stamped};
use super::{Challenge, Grant};
use crate::catalog::{Algorithm, Issuer, Jwk, KeySet, TimedHmacPolicy, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::redacted::Redacted;
use crate::time::UnixTime;

/// The least accepted lead of the signer's clock, in seconds. Cloudflare sets no limit.
const AHEAD_S: u64 = 60;

/// A timed HMAC.
struct TimedHmac {
    keys: Issuer,
    lifetime_s: u64,
    issued_at: UnixTime,
    mac: Vec<u8>,
    messages: Vec<Redacted<String>>,
}

impl Reader for TimedHmacPolicy {
    fn find(&self, facts: &Facts, _: &TokenPolicy) -> Result<Option<Box<dyn Presented>>, Denial> {
        let query = facts.query.expose();
        let is_token = |pair: &str| {
            if self.name.is_empty() {
                return is_stamped(pair).then(|| pair.to_owned());
            }
            let (name, value) = pair.split_once('=')?;
            (name == self.name).then(|| value.to_owned())
        };
        let (rest, last) = match without_appended(query).rsplit_once('&') {
            Some((rest, last)) => (rest, last),
            None => ("", without_appended(query)),
        };
        let Some(token) = is_token(last) else {
            return match query.split('&').any(|pair| is_token(pair).is_some()) {
                true => Err(malformed("expected the token to be the last parameter of the query")),
                false => Ok(None),
            };
        };
        let token = decoded(bounded(&token)?).unwrap_or_default();
        let (stamp, mac) = token
            .split_once('-')
            .filter(|(stamp, _)| stamp.len() == 10)
            .ok_or_else(|| malformed("expected a timestamp of ten digits, `-` and a MAC"))?;
        let issued_at = unix_seconds(stamp).ok_or_else(|| malformed("expected a timestamp of ten digits"))?;
        // Both alphabets, with or without padding.
        let mac = mac.trim_end_matches('=').replace('+', "-").replace('/', "_");
        let mac = URL_SAFE_NO_PAD
            .decode(mac)
            .map_err(|error| malformed(format!("the MAC: expected base64: {}", base64_fault(&error))))?;
        let messages = distinct(
            [rest.to_owned(), unescaped_query(rest)].map(|rest| resource(&facts.path, &rest) + stamp),
        );
        Ok(Some(Box::new(TimedHmac {
            keys: self.keys.clone(),
            lifetime_s: self.lifetime_s,
            issued_at,
            mac,
            messages: messages.into_iter().map(Redacted::new).collect(),
        })))
    }

    fn spots<'a>(&'a self, _: &'a TokenPolicy) -> Vec<Spot<'a>> {
        vec![if self.name.is_empty() { Spot::Stamped } else { Spot::Parameter(&self.name) }]
    }
}

pub(super) const USUAL: &[Spot<'static>] = &[Spot::Parameter("verify"), Spot::Stamped];

impl Presented for TimedHmac {
    fn dialect(&self) -> Dialect {
        Dialect::TimedHmac
    }

    fn keys(&self) -> &Issuer {
        &self.keys
    }

    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial> {
        let challenges = candidates(keys, Algorithm::HS256)?.into_iter().flat_map(|key| {
            self.messages.iter().map(move |message| Challenge {
                key,
                algorithm: Algorithm::HS256,
                message: message.expose().as_bytes().into(),
                signature: self.mac.as_slice().into(),
            })
        });
        Ok(challenges.collect())
    }

    /// A token of a signer whose clock is ahead begins now: it never lasts longer than the lifetime.
    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial> {
        let Asked { facts, policy, now } = *asked;
        if now.plus_secs(policy.leeway_s.max(AHEAD_S)) < self.issued_at {
            let early = self.issued_at.secs_since(now);
            return Err(Denial::new(Reason::TokenNotYetValid, format!("it was made {early} s ahead")));
        }
        let expires = self.issued_at.min(now).plus_secs(self.lifetime_s);
        check_expiry(expires, now)?;
        Ok(Grant {
            issued_at: Some(self.issued_at),
            expires_at: Some(expires),
            titles: titles(&facts.path),
            ..Grant::new(Dialect::TimedHmac, self.keys.clone(), key.kid.clone())
        })
    }
}

/// The contents of a minted token.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// When it was made, in Unix seconds.
    pub iat: u64,
}

/// Mints a token for a URL and appends it, under a name that may be empty.
#[cfg(not(target_arch = "wasm32"))]
pub fn mint(
    url: &str,
    claims: &Claims,
    name: &str,
    sign: super::signed_url::Sign<'_>,
) -> Result<super::signed_url::Minted, String> {
    use base64::engine::general_purpose::STANDARD;

    let stamp = claims.iat.to_string();
    if stamp.len() != 10 {
        return Err("expected ten digits in `iat`".to_owned());
    }
    let message = super::signed_url::target(url).to_owned() + &stamp;
    let mac = STANDARD.encode(sign(Algorithm::HS256, message.as_bytes())?);
    let mac = mac.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let token = format!("{stamp}-{mac}");
    let separator = if url.contains('?') { '&' } else { '?' };
    let equals = if name.is_empty() { "" } else { "=" };
    Ok(super::signed_url::Minted {
        url: format!("{url}{separator}{name}{equals}{token}"),
        token,
        cookies: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::signed_url::authenticate;
    use super::super::signed_url::testing::{NOW, appended, facts, flipped, keys, policy, verify};
    use super::*;
    use crate::catalog::TokenPolicy;

    /// `mysecrettoken` and `cloudflare`.
    fn set() -> KeySet {
        keys(&json!([
            { "kty": "oct", "kid": "new", "k": "bXlzZWNyZXR0b2tlbg" },
            { "kty": "oct", "kid": "old", "k": "Y2xvdWRmbGFyZQ" },
        ]))
    }

    fn named(name: &str, leeway_s: u64) -> TokenPolicy {
        let own = json!({ "keys": "cdn", "name": name, "lifetime_s": 100 });
        TokenPolicy { leeway_s, ..policy("timed_hmac", &own) }
    }

    fn minted(url: &str, iat: u64, name: &str) -> String {
        let set = set();
        mint(url, &Claims { iat }, name, &|algorithm, message| {
            authenticate(&set.keys[0], algorithm, message).ok_or_else(String::new)
        })
        .unwrap()
        .url
    }

    fn reason(url: &str, policy: &TokenPolicy, now: u64) -> Option<Reason> {
        verify(&facts(url, &[], None), policy, &set(), now).err().map(|denial| denial.reason)
    }

    /// Tokens that others made: the URL that <https://cloudflare-hmac.pages.dev/posts/hmac_validation> shows, with the
    /// secret `cloudflare`; and, with `mysecrettoken`,
    /// `printf '/images/cat.jpg1700000000' | openssl dgst -sha256 -hmac mysecrettoken -binary | openssl base64`.
    #[test]
    fn vectors() {
        let policy = named("verify", 0);
        for (url, iat, key) in [
            (
                "https://a.example/tokenauth/kayak.mp4?verify=1657026353-ZXJWAyFwAgJSY%2B5j3CkJE80TatA33E3MEH4D%2FkSnh7M%3D",
                1_657_026_353,
                "old",
            ),
            (
                "https://a.example/images/cat.jpg?verify=1700000000-D6LbrVQFjnvaAPuxW2Do9GDIVJeK1XjbyoejJ9C407k%3D",
                1_700_000_000,
                "new",
            ),
            (
                "https://a.example/images/cat.jpg?a=1&verify=1700000000-Yc27OwBCpfMo2ETyMZfTRTrwEOTWdR1bv%2BlQHnsdDh0%3D",
                1_700_000_000,
                "new",
            ),
        ] {
            let grant = verify(&facts(url, &[], None), &policy, &set(), iat).unwrap();
            assert_eq!((grant.key.as_str(), grant.issued_at), (key, Some(UnixTime::from_secs(iat))));
            assert_eq!(
                reason(&url.replace(".mp4", ".mp3").replace("cat", "dog"), &policy, iat),
                Some(Reason::TokenSignature)
            );
        }
    }

    #[test]
    fn it_is_good_for_its_lifetime() {
        let strict = named("verify", 0);
        let lenient = named("verify", 300);
        let url = minted("https://a.example/harbour/m.m3u8", NOW, "verify");
        for (policy, now, expected) in [
            (&strict, NOW, None),
            (&strict, NOW + 99, None),
            (&strict, NOW + 100, Some(Reason::TokenExpired)),
            (&lenient, NOW + 100, Some(Reason::TokenExpired)),
            (&strict, NOW - 60, None),
            (&strict, NOW - 61, Some(Reason::TokenNotYetValid)),
            (&lenient, NOW - 300, None),
            (&lenient, NOW - 301, Some(Reason::TokenNotYetValid)),
        ] {
            assert_eq!(reason(&url, policy, now), expected, "at {now}");
        }
        let early = verify(&facts(&url, &[], None), &strict, &set(), NOW - 60).unwrap();
        assert_eq!(early.expires_at, Some(UnixTime::from_secs(NOW - 60 + 100)));
        assert_eq!(early.titles, Some(vec!["harbour".parse().unwrap()]));
    }

    #[test]
    fn it_is_the_last_parameter() {
        let policy = named("verify", 0);
        let url = minted("https://a.example/harbour/m.m3u8?a=b/c&d=%20e", NOW, "verify");
        assert_eq!(reason(&url, &policy, NOW), None);
        for added in [vec![("_HLS_msn", "7"), ("_HLS_part", "2")], vec![("CMCD", "bl=1,sid=\"x\"")]] {
            assert_eq!(reason(&appended(&url, &added), &policy, NOW), None);
        }
        for (bad, expected) in [
            (format!("{url}&x=1"), Reason::TokenMalformed),
            (url.replace("a=b", "a=c"), Reason::TokenSignature),
            (url.replace("?a=b/c&d=%20e&", "?"), Reason::TokenSignature),
            (url.replace("verify", "vérify"), Reason::TokenMissing),
            ("https://a.example/harbour/m.m3u8?verify=".to_owned(), Reason::TokenMalformed),
            ("https://a.example/harbour/m.m3u8?verify=1700000000".to_owned(), Reason::TokenMalformed),
            ("https://a.example/harbour/m.m3u8?verify=170000000-AAAA".to_owned(), Reason::TokenMalformed),
            ("https://a.example/harbour/m.m3u8?verify=+700000000-AAAA".to_owned(), Reason::TokenMalformed),
            ("https://a.example/harbour/m.m3u8?verify=1795370400-A%".to_owned(), Reason::TokenMalformed),
            ("https://a.example/harbour/m.m3u8?verify=1795370400-".to_owned(), Reason::TokenSignature),
        ] {
            assert_eq!(reason(&bad, &policy, NOW), Some(expected), "{bad}");
        }
        let nameless = named("", 0);
        let url = minted("https://a.example/harbour/m.m3u8", NOW, "");
        assert!(url.contains("m3u8?17953704"), "{url}");
        assert_eq!(reason(&url, &nameless, NOW), None);
        assert_eq!(
            reason("https://a.example/harbour/m.m3u8?a-b", &nameless, NOW),
            Some(Reason::TokenMissing)
        );
        // The alphabet of Cloudflare's flag `s`.
        let safe = url.replace("%2B", "-").replace("%2F", "_").replace("%3D", "");
        assert_eq!(reason(&safe, &nameless, NOW), None, "{safe}");
    }

    /// Every bit matters, except the bit that makes a hexadecimal digit of an escape a small letter.
    #[test]
    fn a_changed_token_is_refused() {
        let policy = named("verify", 0);
        let url = minted("https://a.example/harbour/m.m3u8", NOW, "verify");
        let (bare, token) = url.split_once('=').unwrap();
        for changed in flipped(token) {
            let same = decoded(&changed) == decoded(token);
            assert_eq!(reason(&format!("{bare}={changed}"), &policy, NOW).is_none(), same, "{changed}");
        }
    }

    proptest! {
        #[test]
        fn a_grant_is_narrower_than_its_token(iat in NOW - 300..NOW + 300, leeway in 0..300u64, title in "[a-z]{1,9}") {
            let policy = named("verify", leeway);
            let url = minted(&format!("https://a.example/{title}/m.m3u8"), iat, "verify");
            if let Ok(grant) = verify(&facts(&url, &[], None), &policy, &set(), NOW) {
                prop_assert!(grant.expires_at.unwrap() <= UnixTime::from_secs(iat.min(NOW) + 100));
                prop_assert!(NOW < iat + 100 && iat <= NOW + leeway.max(60));
                prop_assert_eq!(grant.titles, Some(vec![title.parse().unwrap()]));
            } else {
                prop_assert!(NOW >= iat + 100 || iat > NOW + leeway.max(60));
            }
        }

        #[test]
        fn nothing_panics(token in ".{0,200}", name in "(verify)?") {
            let facts = facts(&format!("https://a.example/h/m?{name}={token}"), &[], None);
            prop_assert!(verify(&facts, &named(&name, 0), &set(), NOW).is_err());
        }
    }
}
