//! Viewer tokens of nginx's `secure_link`: an MD5 over a configured text with the secret in it, and an expiry.
//!
//! ```text
//! secure_link     $arg_md5,$arg_expires;
//! secure_link_md5 "$secure_link_expires$uri$remote_addr secret";
//! ```
//!
//! The hash is base64url, with or without padding. nginx accepts a link in its last second; here it has ended then, as
//! in every other dialect.
//!
//! [ngx_http_secure_link_module](https://nginx.org/en/docs/http/ngx_http_secure_link_module.html)

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::base64_fault::base64_fault;
use super::dialect::Dialect;
use super::network;
use super::presented::{Asked, Presented, Reader};
use super::signed_url::{
    bounded, candidates, check_expiry, decoded, folder, malformed, titles, unix_seconds,
};
use super::spot::Spot;
use super::{Challenge, Grant};
use crate::catalog::{
    Algorithm, Issuer, Jwk, KeyMaterial, KeySet, Lock, SecureLinkExpression, SecureLinkPart as Part,
    SecureLinkPolicy, TokenPolicy,
};
use crate::denial::Denial;
use crate::facts::Facts;
use crate::redacted::Redacted;
use crate::time::UnixTime;

/// A secure link.
struct SecureLink {
    keys: Issuer,
    hash: Vec<u8>,
    expires: Option<UnixTime>,
    /// The hashed text without the secret, which stands between each two parts.
    message: Redacted<Vec<String>>,
    binds_address: bool,
    /// It is for a folder, and not for one URL.
    for_folder: bool,
}

impl Reader for SecureLinkPolicy {
    fn find(&self, facts: &Facts, _: &TokenPolicy) -> Result<Option<Box<dyn Presented>>, Denial> {
        let Some(hash) = facts.query_parameter(&self.hash).filter(|hash| !hash.is_empty()) else {
            return Ok(None);
        };
        let hash = URL_SAFE_NO_PAD.decode(bounded(&hash)?.trim_end_matches('=')).map_err(|error| {
            malformed(format!("`{}`: expected base64url: {}", self.hash, base64_fault(&error)))
        })?;
        if hash.len() != 16 {
            return Err(malformed(format!(
                "`{}`: expected the 16 bytes of an MD5, found {}",
                self.hash,
                hash.len()
            )));
        }
        let written = if self.expression.parts().contains(&Part::Expires) {
            let written = facts.query_parameter(&self.expires).unwrap_or_default();
            let expires = unix_seconds(&written)
                .ok_or_else(|| malformed(format!("`{}`: expected Unix seconds", self.expires)))?;
            Some((written, expires))
        } else {
            None
        };
        let expires = written.as_ref().map(|(written, _)| written.as_str()).unwrap_or_default();
        Ok(Some(Box::new(SecureLink {
            keys: self.keys.clone(),
            hash,
            expires: written.as_ref().map(|(_, expires)| *expires),
            message: Redacted::new(self.expression.message(facts, expires)?),
            binds_address: self.expression.parts().contains(&Part::Address),
            for_folder: self.expression.parts().contains(&Part::Folder)
                && !self.expression.parts().iter().any(|part| matches!(part, Part::Uri | Part::Path)),
        })))
    }

    fn spots<'a>(&'a self, _: &'a TokenPolicy) -> Vec<Spot<'a>> {
        vec![Spot::Parameter(&self.hash), Spot::Parameter(&self.expires)]
    }
}

pub(super) const USUAL: &[Spot<'static>] = &[Spot::Parameter("md5"), Spot::Parameter("expires")];

impl SecureLinkExpression {
    /// The hashed text without the secret, which stands between each two parts.
    fn message(&self, facts: &Facts, expires: &str) -> Result<Vec<String>, Denial> {
        let uri = || {
            decoded(&facts.path)
                .ok_or_else(|| malformed("expected a path that is UTF-8 without its percent-encoding"))
        };
        let mut pieces = vec![String::new()];
        for part in self.parts() {
            let text = match part {
                Part::Secret => {
                    pieces.push(String::new());
                    continue;
                }
                Part::Text(text) => text.clone(),
                Part::Expires => expires.to_owned(),
                Part::Uri => uri()?,
                Part::Path => facts.path.clone(),
                Part::Folder => {
                    let uri = uri()?;
                    let end = uri.rfind('/').map_or(0, |slash| slash + 1);
                    uri.get(..end).unwrap_or_default().to_owned()
                }
                Part::Title => facts.path.split('/').nth(1).unwrap_or_default().to_owned(),
                Part::Address => network::of_viewer(facts)?.to_canonical().to_string(),
                Part::Host => facts.host.clone(),
                Part::Scheme => facts.scheme.name().to_owned(),
                Part::Argument(name) => facts.raw_query_parameter(name).unwrap_or_default().to_owned(),
                Part::Header(name) => facts.headers.named(name).unwrap_or_default().to_owned(),
                Part::Cookie(name) => facts.cookie(name).unwrap_or_default().to_owned(),
            };
            if let Some(last) = pieces.last_mut() {
                last.push_str(&text);
            }
        }
        Ok(pieces)
    }
}

/// The pieces with a key's secret between each two.
fn with_secret(pieces: &[String], key: &Jwk) -> Option<Vec<u8>> {
    let KeyMaterial::Symmetric { k } = &key.material else { return None };
    let pieces: Vec<&[u8]> = pieces.iter().map(String::as_bytes).collect();
    Some(pieces.join(k.expose().0.as_slice()))
}

impl Presented for SecureLink {
    fn dialect(&self) -> Dialect {
        Dialect::SecureLink
    }

    fn keys(&self) -> &Issuer {
        &self.keys
    }

    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial> {
        let challenges = candidates(keys, Algorithm::MD5)?.into_iter().filter_map(|key| {
            let message = with_secret(self.message.expose(), key)?.into();
            Some(Challenge {
                key,
                algorithm: Algorithm::MD5,
                message,
                signature: self.hash.as_slice().into(),
            })
        });
        Ok(challenges.collect())
    }

    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial> {
        if let Some(expires) = self.expires {
            check_expiry(expires, asked.now)?;
        }
        let path = &asked.facts.path;
        Ok(Grant {
            expires_at: self.expires,
            titles: titles(path),
            folder: self.for_folder.then(|| folder(path, [path.as_str()])).flatten(),
            lock: Lock { address: self.binds_address, ..Lock::default() },
            ..Grant::new(Dialect::SecureLink, self.keys.clone(), key.kid.clone())
        })
    }
}

/// The contents of a minted link.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// When it ends, in Unix seconds; needed where the expression has `{expires}`.
    pub exp: Option<u64>,
}

/// Mints a link for a request: its URL, and what else of it the expression names.
#[cfg(not(target_arch = "wasm32"))]
pub fn mint(
    url: &str,
    claims: &Claims,
    own: &SecureLinkPolicy,
    facts: &Facts,
    key: &Jwk,
) -> Result<super::signed_url::Minted, String> {
    let expires = claims.exp.map(|exp| exp.to_string());
    if expires.is_none() && own.expression.parts().contains(&Part::Expires) {
        return Err("expected `exp`, since the expression has {expires}".to_owned());
    }
    let pieces = own
        .expression
        .message(facts, expires.as_deref().unwrap_or_default())
        .map_err(|denial| denial.detail)?;
    let message = with_secret(&pieces, key).ok_or("expected a key of type oct")?;
    let hash = super::signed_url::authenticate(key, Algorithm::MD5, &message)
        .ok_or("expected a key of type oct, without `alg` or with MD5")?;
    let token = URL_SAFE_NO_PAD.encode(hash);
    let separator = if url.contains('?') { '&' } else { '?' };
    let end = expires.map_or_else(String::new, |expires| format!("&{}={expires}", own.expires));
    Ok(super::signed_url::Minted {
        url: format!("{url}{separator}{}={token}{end}", own.hash),
        token,
        cookies: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::signed_url::testing::{NOW, appended, facts, flipped, keys, policy, verify};
    use super::*;
    use crate::catalog::{Acceptance, TokenPolicy};
    use crate::denial::Reason;

    /// `other` and `secret`.
    fn set() -> KeySet {
        keys(&json!([
            { "kty": "oct", "kid": "a", "k": "b3RoZXI" },
            { "kty": "oct", "kid": "b", "k": "c2VjcmV0" },
        ]))
    }

    fn with(expression: &str) -> TokenPolicy {
        policy("secure_link", &json!({ "keys": "cdn", "expression": expression }))
    }

    fn own(policy: &TokenPolicy) -> &SecureLinkPolicy {
        let [Acceptance::SecureLink(own)] = policy.accept.as_slice() else { panic!() };
        own
    }

    fn minted(url: &str, exp: Option<u64>, policy: &TokenPolicy, headers: &[(&str, &str)]) -> String {
        let facts = facts(url, headers, Some("192.0.2.7"));
        mint(url, &Claims { exp }, own(policy), &facts, &set().keys[1]).unwrap().url
    }

    fn reason(url: &str, policy: &TokenPolicy, from: Option<&str>) -> Option<Reason> {
        verify(&facts(url, &[], from), policy, &set(), NOW).err().map(|denial| denial.reason)
    }

    /// The first is the example of nginx's documentation. The others were made with openssl:
    /// `printf TEXT | openssl md5 -binary | openssl base64 | tr +/ -_`
    #[test]
    fn vectors() {
        for (expression, url, text) in [
            (
                "{expires}{uri}{address} {secret}",
                "https://a.example/s/link?md5=_e4Nc3iduzkWRm01TBBNYw&expires=2147483647",
                "2147483647/s/link127.0.0.1 secret",
            ),
            (
                "{secret}{folder}{expires}",
                "https://a.example/harbour/hd%20/m.m3u8?md5=qQsAahoej044dCrDsQjGJA==&expires=2147483647",
                "secret/harbour/hd /2147483647",
            ),
            (
                "{scheme}:{host}{path}{arg:x}:{header:user-agent}:{cookie:c}:{title}:{secret}",
                "https://a.example/harbour/hd%20/m.m3u8?x=%41&md5=NkjUzO091lS6ubwYFK9--g==",
                "https:a.example/harbour/hd%20/m.m3u8%41:tv::harbour:secret",
            ),
        ] {
            let facts = facts(url, &[("user-agent", "tv")], Some("127.0.0.1"));
            let policy = with(expression);
            let grant =
                verify(&facts, &policy, &set(), NOW).unwrap_or_else(|denial| panic!("{denial}: {text}"));
            assert_eq!(grant.key.as_str(), "b");
            assert_eq!(grant.lock.address, expression.contains("{address}"));
            let expires = expression.contains("{expires}").then_some(UnixTime::from_secs(2_147_483_647));
            assert_eq!(grant.expires_at, expires);
        }
    }

    #[test]
    fn everything_in_the_expression_is_checked() {
        let path = "https://a.example/harbour/m.m3u8";
        let policy = with("{expires}{uri}{address} {secret}");
        let here = Some("192.0.2.7");
        let url = minted(path, Some(NOW + 60), &policy, &[]);
        for (url, from, expected) in [
            (url.clone(), here, None),
            (url.clone(), Some("::ffff:192.0.2.7"), None),
            (url.clone(), Some("192.0.2.8"), Some(Reason::TokenSignature)),
            (url.clone(), None, Some(Reason::TokenAddress)),
            (url.replace("m.m3u8", "n.m3u8"), here, Some(Reason::TokenSignature)),
            (
                url.replace(&format!("={}", NOW + 60), &format!("={}", NOW + 61)),
                here,
                Some(Reason::TokenSignature),
            ),
            (url.replace("expires=", "expires=+"), here, Some(Reason::TokenMalformed)),
            (url.replace("&expires", "&e"), here, Some(Reason::TokenMalformed)),
            (url.replace("md5=", "md5=A"), here, Some(Reason::TokenMalformed)),
            (format!("{path}?md5=AAAA&expires={}", NOW + 60), here, Some(Reason::TokenMalformed)),
            (format!("{path}?md5=&expires={}", NOW + 60), here, Some(Reason::TokenMissing)),
            (url.replace("&expires", "==&expires"), here, None),
            (appended(&url, &[("_HLS_msn", "7"), ("CMCD", "su")]), here, None),
            (minted(path, Some(NOW), &policy, &[]), here, Some(Reason::TokenExpired)),
            (minted(path, Some(NOW + 1), &policy, &[]), here, None),
        ] {
            assert_eq!(reason(&url, &policy, from), expected, "{url}");
        }
        let folder = with("{folder}{expires}{secret}");
        let url = minted(path, Some(NOW + 60), &folder, &[]);
        assert_eq!(reason(&url.replace("m.m3u8", "n.m3u8"), &folder, None), None);
        assert_eq!(
            reason(&url.replace("harbour/", "harbour/x/"), &folder, None),
            Some(Reason::TokenSignature)
        );
        let endless = with("{uri}{secret}");
        let url = minted(path, None, &endless, &[]);
        let grant = verify(&facts(&url, &[], None), &endless, &set(), NOW).unwrap();
        assert_eq!((grant.expires_at, grant.titles), (None, Some(vec!["harbour".parse().unwrap()])));
    }

    #[test]
    fn expressions() {
        let read = |text: &str| SecureLinkExpression::try_from(text.to_owned());
        for good in
            ["{secret}", "a{secret}b{arg:x}{header:y}{cookie:z}{expires}{folder}{title}", "{secret}{secret}"]
        {
            assert_eq!(String::from(read(good).unwrap()), good);
        }
        for (bad, why) in [
            ("{uri}", "{secret}"),
            ("{secret}{url}", "found `{url}`"),
            ("{secret}{arg:}", "found `{arg:}`"),
            ("{secret}{", "its `}`"),
            ("{secret}}", "its `}`"),
            ("}{secret}", "its `}`"),
        ] {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.contains(why), "{error} does not say {why}");
        }
        assert!(read(&format!("{{secret}}{}", "a".repeat(600))).is_err());
    }

    #[test]
    fn debug_tells_no_secret() {
        let policy = with("{uri} {secret}");
        let facts = facts(&minted("https://a.example/h/m", None, &policy, &[]), &[], None);
        let (presented, set) = (own(&policy).find(&facts, &policy).unwrap().unwrap(), set());
        assert!(!format!("{:?}", presented.challenges(&set).unwrap()).contains("115"));
    }

    #[test]
    fn a_changed_link_is_refused() {
        let policy = with("{expires}{uri} {secret}");
        let url = minted("https://a.example/harbour/m.m3u8", Some(NOW + 60), &policy, &[]);
        let (bare, token) = url.split_once('?').unwrap();
        for changed in flipped(token) {
            assert!(reason(&format!("{bare}?{changed}"), &policy, None).is_some(), "{changed}");
        }
    }

    proptest! {
        #[test]
        fn a_grant_is_narrower_than_its_link(exp in NOW - 100..NOW + 100, leeway in 0..300u64, title in "[a-z]{1,9}") {
            let policy = TokenPolicy { leeway_s: leeway, ..with("{expires}{uri}{secret}") };
            let url = minted(&format!("https://a.example/{title}/m.m3u8"), Some(exp), &policy, &[]);
            let verified = verify(&facts(&url, &[], None), &policy, &set(), NOW);
            prop_assert_eq!(verified.is_ok(), NOW < exp);
            if let Ok(grant) = verified {
                prop_assert_eq!(grant.expires_at, Some(UnixTime::from_secs(exp)));
                prop_assert_eq!(grant.titles, Some(vec![title.parse().unwrap()]));
            }
        }

        #[test]
        fn nothing_panics(query in ".{0,200}", expression in "[{}a-z:]{0,40}") {
            let facts = facts(&format!("https://a.example/h/m?md5={query}"), &[], None);
            let verified = verify(&facts, &with("{uri}{secret}"), &set(), NOW);
            prop_assert!(verified.is_err());
            let _ = SecureLinkExpression::try_from(expression);
        }
    }
}
