//! Viewer tokens of Cloudflare Stream: JSON Web Tokens with RS256 that stand in the path in place of the video.
//!
//! ```text
//! /{token}/{manifest}        `sub` is the title
//! ```
//!
//! | claim | | |
//! | --- | --- | --- |
//! | `sub` | required | the video: a title here |
//! | `exp` | required | a number or a numeric text, at most 24 hours ahead |
//! | `nbf` | optional | a number or a numeric text |
//! | `kid` | optional | the key, where the header does not name it |
//! | `downloadable` | optional | whether the video may be downloaded |
//! | `accessRules` | optional | at most 5: the first that matches decides, and no match allows |
//!
//! <https://developers.cloudflare.com/stream/viewing-videos/securing-your-stream/>

use serde_json::Value;

use super::claims::{Claims, unreadable};
use super::compact::{Compact, short};
use super::dialect::Dialect;
use super::jwt::read_first;
use super::network::Network;
use super::placement::{Found, Rest};
use super::presented::{Asked, Presented, Reader};
use super::spot::Spot;
use super::{Challenge, Grant};
use crate::catalog::{
    Issuer, Jwk, KeySet, Lock, PathPlacement, Placement, StreamPolicy, TitleId, TokenPolicy,
};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::time::UnixTime;

/// A token of Cloudflare Stream.
struct Stream {
    keys: Issuer,
    compact: Compact,
    claims: Claims,
    title: TitleId,
    path: Option<String>,
}

/// The most access rules of a token.
const MOST_RULES: usize = 5;

/// The most networks or countries of a rule.
const MOST_VALUES: usize = 200;

/// The longest that a token may last from when it was signed, and so from now.
const LONGEST_S: u64 = 24 * 3600;

impl Reader for StreamPolicy {
    fn find(&self, facts: &Facts, _: &TokenPolicy) -> Result<Option<Box<dyn Presented>>, Denial> {
        let usual = [Placement::Path(PathPlacement::Title)];
        read_first(facts, self.placements.as_deref().unwrap_or(&usual), |found| Stream::parse(found, self))
    }

    fn spots<'a>(&'a self, _: &'a TokenPolicy) -> Vec<Spot<'a>> {
        match &self.placements {
            Some(placements) => placements.iter().map(Spot::from).collect(),
            None => USUAL.to_vec(),
        }
    }
}

pub(super) const USUAL: &[Spot<'static>] = &[Spot::FirstSegment];

impl Stream {
    fn parse(found: Found, own: &StreamPolicy) -> Result<Self, Denial> {
        let mut compact = Compact::parse(found.token)?;
        let claims = Claims::new(compact.claims()?);
        if compact.header.alg != "RS256" {
            return Err(Denial::new(
                Reason::TokenAlgorithm,
                format!("expected `alg` RS256, found {}", short(&compact.header.alg)),
            ));
        }
        if compact.header.kid.is_none() {
            compact.header.kid = claims.text("kid")?.map(str::to_owned);
        }
        let title: TitleId = claims
            .text("sub")?
            .and_then(|video| video.parse().ok())
            .ok_or_else(|| unreadable("sub", "the id of a title"))?;
        let path = match found.rest {
            Rest::Whole => None,
            Rest::Path(path) => Some(path),
            Rest::BelowTitle(rest) => Some(format!("/{title}{rest}")),
        };
        Ok(Self { keys: own.keys.clone(), compact, claims, title, path })
    }

    /// A number, or a text that is one.
    fn seconds(&self, name: &str) -> Result<Option<UnixTime>, Denial> {
        match self.claims.find(name) {
            Some(Value::String(text)) => super::signed_url::unix_seconds(text)
                .map(Some)
                .ok_or_else(|| unreadable(name, "seconds since 1970")),
            _ if name == "exp" => self.claims.end(name),
            _ => self.claims.start(name),
        }
    }

    /// The lock of the session, if the rules admit the viewer: the properties that the rules checked. For an unknown
    /// viewer, a rule that allows does not match, and a rule that blocks does.
    fn admitted(&self, facts: &Facts) -> Result<Lock, Denial> {
        let malformed =
            || unreadable("accessRules", "5 rules at most, of the types that Cloudflare documents");
        let rules = match self.claims.find("accessRules") {
            None if self.claims.is_null("accessRules") => return Err(malformed()),
            None => return Ok(Lock::default()),
            Some(Value::Array(rules)) if rules.len() <= MOST_RULES => rules,
            Some(_) => return Err(malformed()),
        };
        // All are read before one decides: a rule that cannot be read may restrict.
        let rules: Option<Vec<_>> = rules.iter().map(Rule::read).collect();
        let mut lock = Lock::default();
        for Rule { allow, condition } in rules.ok_or_else(malformed)? {
            let matches = match &condition {
                Condition::Any => Some(true),
                Condition::Source(networks) => {
                    let smallest = networks.iter().fold(Lock::default(), |all, one| all.and(one.lock()));
                    lock = lock.and(Lock { network: true, ..smallest });
                    facts.address.map(|address| networks.iter().any(|network| network.contains(address)))
                }
                Condition::Country(countries) => {
                    lock.country = true;
                    facts
                        .geography
                        .country
                        .map(|country| countries.iter().any(|one| one.eq_ignore_ascii_case(country.as_str())))
                }
            };
            match (matches.unwrap_or(!allow), allow, condition) {
                (false, _, _) => {}
                (true, true, _) => return Ok(lock),
                (true, false, Condition::Source(_)) => {
                    return Err(Denial::new(Reason::TokenAddress, "blocked by a rule of type `ip.src`"));
                }
                (true, false, Condition::Country(_)) => {
                    let detail = "blocked by a rule of type `ip.geoip.country`";
                    return Err(Denial::new(Reason::TokenPlace, detail));
                }
                (true, false, Condition::Any) => {
                    return Err(Denial::new(Reason::TokenBinding, "no rule allows this viewer"));
                }
            }
        }
        Ok(lock)
    }
}

struct Rule {
    allow: bool,
    condition: Condition,
}

enum Condition {
    Any,
    Source(Vec<Network>),
    Country(Vec<String>),
}

impl Rule {
    fn read(rule: &Value) -> Option<Self> {
        let texts = |name: &str| {
            let list = rule.get(name)?.as_array().filter(|list| list.len() <= MOST_VALUES)?;
            list.iter().map(Value::as_str).collect::<Option<Vec<_>>>()
        };
        let allow = match rule.get("action")?.as_str()? {
            "allow" => true,
            "block" => false,
            _ => return None,
        };
        let condition = match rule.get("type")?.as_str()? {
            "any" => Condition::Any,
            "ip.src" => {
                Condition::Source(texts("ip")?.into_iter().map(Network::parse).collect::<Option<_>>()?)
            }
            "ip.geoip.country" => {
                Condition::Country(texts("country")?.into_iter().map(str::to_owned).collect())
            }
            _ => return None,
        };
        Some(Self { allow, condition })
    }
}

impl Presented for Stream {
    fn dialect(&self) -> Dialect {
        Dialect::Stream
    }

    fn keys(&self) -> &Issuer {
        &self.keys
    }

    fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial> {
        self.compact.challenges(keys, true)
    }

    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial> {
        let Asked { facts, policy, now } = *asked;
        let expires_at = self
            .seconds("exp")?
            .ok_or_else(|| Denial::new(Reason::TokenClaims, "expected the claim `exp`"))?;
        super::signed_url::check_expiry(expires_at, now)?;
        if expires_at > now.plus_secs(LONGEST_S + policy.leeway_s) {
            return Err(unreadable("exp", "24 hours ahead at most"));
        }
        if let Some(start) = self.seconds("nbf")? {
            super::signed_url::check_start(start, now, policy)?;
        }
        let lock = self.admitted(facts)?;
        Ok(Grant {
            issued_at: self.claims.start("iat")?,
            expires_at: Some(expires_at),
            titles: Some(vec![self.title.clone()]),
            downloadable: Some(self.claims.flag("downloadable")?),
            lock,
            ..Grant::new(Dialect::Stream, self.keys.clone(), key.kid.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::catalog::{Algorithm, TokenPolicy};
    use crate::token::{mint::PrivateKey, native, present};

    const NOW: u64 = 1_795_370_400;
    const VIDEO: &str = "5d5bc37ffcf54c9b82e996823bffbb81";

    fn key() -> PrivateKey {
        let jwk = include_str!("../../tests/fixtures/tokens/ietf-jose-cookbook/jwk/3_4.rsa_private_key.json");
        PrivateKey::from_slice(jwk.as_bytes()).unwrap()
    }

    fn mint(claims: &Value) -> String {
        key().jws(Algorithm::RS256, Map::new(), claims.to_string().as_bytes()).unwrap()
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = json!({ "sub": VIDEO, "exp": NOW + 3600 });
        claims[name] = value;
        claims
    }

    fn grant(path: &str, viewer: &str, ip: Option<&str>) -> Result<(Grant, Option<String>), Denial> {
        let policy: TokenPolicy =
            serde_json::from_value(json!({ "accept": [{ "stream": { "keys": "stream-keys" } }] })).unwrap();
        let keys: KeySet =
            serde_json::from_value(json!({ "issuer": "stream-keys", "keys": [key().public()] })).unwrap();
        let facts = Facts {
            path: path.to_owned(),
            geography: viewer.parse().unwrap(),
            address: ip.map(|ip| ip.parse().unwrap()),
            ..Facts::default()
        };
        let presented = present(&facts, &policy)?;
        let asked = Asked { facts: &facts, policy: &policy, now: UnixTime::from_secs(NOW) };
        let grant = native::prove(presented.as_ref(), &keys, &asked)?;
        Ok((grant, presented.path().map(str::to_owned)))
    }

    fn reason(claims: &Value, viewer: &str, ip: Option<&str>) -> Option<Reason> {
        grant(&format!("/{}/manifest/video.m3u8", mint(claims)), viewer, ip).err().map(|denial| denial.reason)
    }

    #[test]
    fn the_token_stands_in_the_titles_place() {
        let token = mint(&json!({ "sub": VIDEO, "exp": (NOW + 60).to_string(), "downloadable": true }));
        let (grant, path) = grant(&format!("/{token}/manifest/video.m3u8"), "GB", None).unwrap();
        assert_eq!(path, Some(format!("/{VIDEO}/manifest/video.m3u8")));
        assert_eq!(grant.titles, Some(vec![VIDEO.parse().unwrap()]));
        assert_eq!(grant.expires_at, Some(UnixTime::from_secs(NOW + 60)));
        assert_eq!((grant.downloadable, grant.lock), (Some(true), Lock::default()));
    }

    #[test]
    fn every_claim_is_checked() {
        for (name, value, expected) in [
            ("exp", json!(NOW), Some(Reason::TokenExpired)),
            ("exp", json!(NOW + 1), None),
            ("exp", json!((NOW + 1).to_string()), None),
            ("exp", json!("1e10"), Some(Reason::TokenClaims)),
            ("exp", Value::Null, Some(Reason::TokenClaims)),
            ("exp", json!(NOW + 24 * 3600), None),
            ("exp", json!(NOW + 24 * 3600 + 1), Some(Reason::TokenClaims)),
            ("nbf", json!(NOW), None),
            ("nbf", json!((NOW + 1).to_string()), Some(Reason::TokenNotYetValid)),
            ("sub", json!("Not A Title"), Some(Reason::TokenClaims)),
            ("sub", Value::Null, Some(Reason::TokenClaims)),
            ("kid", json!("another"), None),
            ("downloadable", json!("yes"), Some(Reason::TokenClaims)),
            ("accessRules", json!({}), Some(Reason::TokenClaims)),
            ("accessRules", json!([]), None),
        ] {
            assert_eq!(reason(&with(name, value.clone()), "GB", None), expected, "{name}: {value}");
        }
        let header = Map::from_iter([("kid".to_owned(), json!("x"))]);
        let unknown = key().jws(Algorithm::RS256, header, with("a", json!(1)).to_string().as_bytes());
        let denial = grant(&format!("/{}/a", unknown.unwrap()), "", None).unwrap_err();
        assert_eq!(denial.reason, Reason::TokenKeyUnknown);
        let other = key().jws(Algorithm::PS256, Map::new(), with("a", json!(1)).to_string().as_bytes());
        let denial = grant(&format!("/{}/a", other.unwrap()), "", None).unwrap_err();
        assert_eq!(denial.reason, Reason::TokenAlgorithm);
    }

    #[test]
    fn access_rules() {
        let country = |action: &str, of: &[&str]| json!({ "type": "ip.geoip.country", "action": action, "country": of });
        let source = |action: &str, of: &[&str]| json!({ "type": "ip.src", "action": action, "ip": of });
        let any = |action: &str| json!({ "type": "any", "action": action });
        let (place, address, bound, claims) = (
            Some(Reason::TokenPlace),
            Some(Reason::TokenAddress),
            Some(Reason::TokenBinding),
            Some(Reason::TokenClaims),
        );
        let both = ["93.184.216.0/24", "2400:cb00::/32"];
        for (rules, viewer, ip, expected) in [
            (json!([country("allow", &["GB"]), any("block")]), "GB", None, None),
            (json!([country("allow", &["GB"]), any("block")]), "FR", None, bound),
            (json!([country("allow", &["GB"]), any("block")]), "", None, bound),
            (json!([country("block", &["US", "DE"])]), "DE", None, place),
            (json!([country("block", &["US", "DE"])]), "GB", None, None),
            (json!([country("block", &["US", "DE"])]), "", None, place),
            (json!([source("allow", &both), any("block")]), "", Some("93.184.216.7"), None),
            (json!([source("allow", &both), any("block")]), "", Some("2400:cb00::1"), None),
            (json!([source("allow", &both), any("block")]), "", Some("93.184.217.7"), bound),
            // A rule for one family never matches a viewer of the other.
            (json!([source("allow", &["0.0.0.0/0"]), any("block")]), "", Some("2400:cb00::1"), bound),
            (json!([source("block", &["0.0.0.0/0"])]), "", Some("2400:cb00::1"), None),
            (json!([source("block", &["0.0.0.0/0"])]), "", Some("1.2.3.4"), address),
            (json!([source("block", &["1.2.3.4"])]), "", None, address),
            (json!([any("allow"), any("block")]), "", None, None),
            (json!(vec![any("allow"); 6]), "", None, claims),
            (json!([any("allow"), { "type": "ip.asn", "action": "block" }]), "", None, claims),
            (json!([{ "type": "any", "action": "log" }]), "", None, claims),
            (json!([source("allow", &["1.2.3.4/33"])]), "", Some("1.2.3.4"), claims),
            (json!([{ "type": "ip.src", "action": "allow" }]), "", Some("1.2.3.4"), claims),
            (json!([7]), "", None, claims),
        ] {
            let found = reason(&with("accessRules", rules.clone()), viewer, ip);
            assert_eq!(found, expected, "{rules} {viewer} {ip:?}");
        }
        let token = mint(&with("accessRules", json!([source("allow", &both), country("allow", &["GB"])])));
        let lock = grant(&format!("/{token}/a"), "GB", Some("1.2.3.4")).unwrap().0.lock;
        assert_eq!(lock, Lock { network: true, country: true, ..Lock::default() });
        for (of, address) in [
            (["93.184.216.0/24", "2400:cb00::/48"], false),
            (["93.184.216.0/25", "2400:cb00::/48"], true),
            (["93.184.216.7/32", "2400:cb00::/48"], true),
            (["93.184.216.7", "2400:cb00::/48"], true),
            (["93.184.216.0/24", "2400:cb00::/49"], true),
        ] {
            for rules in [json!([source("allow", &of), any("allow")]), json!([source("block", &of)])] {
                let token = mint(&with("accessRules", rules));
                let lock = grant(&format!("/{token}/a"), "GB", Some("1.2.3.4")).unwrap().0.lock;
                assert_eq!(lock, Lock { network: true, address, ..Lock::default() }, "{of:?}");
            }
        }
        assert_eq!(reason(&with("accessRules", Value::Null), "GB", None), claims, "null");
    }

    #[test]
    fn a_changed_token_is_refused() {
        let token = mint(&with("a", json!(1)));
        for at in (0..token.len()).step_by(3) {
            for bit in 0..7 {
                let mut bytes = token.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                assert!(grant(&format!("/{changed}/a"), "", None).is_err(), "bit {bit} of byte {at}");
            }
        }
    }
}
