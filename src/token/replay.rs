//! Tokens that may be used once, and tokens whose second use is reported.
//!
//! A store knows whether a token has been used before; the caller asks it (a Durable Object in the Worker). A [`Use`]
//! is the question, and [`Use::judge`] interprets the answer.
//!
//! A player that opens a manifest twice, or asks for a live manifest at its entry again, is the same viewer: another
//! use by the first network, soon after that network's last use, is [the same use](Record::count). It opens [the same
//! session](super::session::SessionId::of), so a viewer who copies a token within one network gains nothing.
//!
//! [RFC 9246 section 2.1.7](https://www.rfc-editor.org/rfc/rfc9246#section-2.1.7) (`jti`), CTA-5007 (`catreplay`)

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::{Challenge, Dialect, Grant, Replay, network};
use crate::catalog::{Host, Site};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::time::UnixTime;

/// One use of a token, for the store of used tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Use {
    /// The token.
    pub name: TokenName,
    /// When the store may forget it: the token is not accepted any more.
    pub until: UnixTime,
    /// A second use is refused; otherwise it is reported.
    pub once: bool,
    /// Seconds after the last accepted use within which a use by the same network counts as the same use.
    pub again_within_s: u64,
    /// A name for the viewer's network, which says nothing of the network itself.
    #[serde(skip)]
    pub network: Option<TokenName>,
}

/// A token in the store: a hash that does not reveal the token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenName([u8; 32]);

impl TokenName {
    fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Names a genuine token of a site. `met` is the challenge that it met.
    ///
    /// The name is not made from the signature: ECDSA allows two for one message, and some texts of a token decode to
    /// the same bytes. Nor from a session's id, since a session may have several tokens.
    pub fn of_token(host: &Host, grant: &Grant, met: &Challenge<'_>) -> Self {
        let (host, issuer) = (host.as_str().as_bytes(), grant.issuer.as_str().as_bytes());
        let names_session = matches!(grant.dialect, Dialect::EdgeAuth | Dialect::MediaCdn);
        match grant.token_id.as_ref().filter(|_| !names_session) {
            Some(id) => Self::of(&[host, b"id", issuer, id.as_bytes()]),
            None => Self::of(&[host, b"message", issuer, &met.message]),
        }
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The part of the store that holds it, of 256: one part is one Durable Object.
    pub const fn shard(&self) -> u8 {
        let [first, ..] = self.0;
        first
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TokenName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The store's record of a token, this use included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// How often it has been used.
    pub uses: u64,
    /// It came from another network the first time.
    pub elsewhere: bool,
    /// This is an earlier use and no further one: the same network asks again.
    #[serde(default)]
    pub again: bool,
}

/// The stored record of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Record {
    /// How often it has been used.
    pub uses: u64,
    /// The network of its first use.
    pub network: Option<String>,
    /// When that network used it last, in Unix seconds, for a new use or the same one.
    pub last: Option<u64>,
}

impl Record {
    /// Counts a use by a network.
    #[must_use]
    pub fn count(self, network: Option<String>, again_within_s: u64, now: UnixTime) -> (Self, Seen) {
        let now_s = now.as_secs();
        if self.uses == 0 {
            let first = Self { uses: 1, network, last: Some(now_s) };
            return (first, Seen { uses: 1, elsewhere: false, again: false });
        }
        let own = network.is_some() && network == self.network;
        // `<=` would make 0 mean the whole second of the last use.
        let lately =
            again_within_s > 0 && self.last.is_some_and(|last| now_s.saturating_sub(last) <= again_within_s);
        let again = own && lately;
        let elsewhere = self.network.is_some() && network.is_some() && !own;
        let uses = if again { self.uses } else { self.uses.saturating_add(1) };
        // A further use does not prolong the time for repeats of the first.
        let last = if again { Some(now_s) } else { self.last };
        (Self { uses, last, ..self }, Seen { uses, elsewhere, again })
    }
}

/// Seconds for which the uses of a token without an end are counted.
const COUNTED_S: u64 = 86_400;

impl Use {
    /// The question for the store about a genuine token, if any. `met` is the challenge that it met.
    ///
    /// A token that may be used once is refused where its site keeps no store, as RFC 9246 demands, and where it does
    /// not say when it ends, since it would have to be kept for ever. A site without a store does not look for second
    /// uses either.
    pub fn of(
        facts: &Facts,
        site: &Site,
        grant: &Grant,
        met: &Challenge<'_>,
        now: UnixTime,
    ) -> Result<Option<Self>, Denial> {
        let store = site.tokens.replay;
        let once = grant.replay == Replay::Prohibit || store.is_some_and(|policy| policy.once);
        let detect = store.is_some_and(|policy| policy.detect || grant.replay == Replay::Detect);
        if !once && !detect {
            return Ok(None);
        }
        if store.is_none() {
            return Err(Denial::new(
                Reason::TokenReplayStore,
                "the token may be used once, and the site has no `tokens.replay`",
            ));
        }
        // Another alternative of a Common Access Token may end later than the one that was met this time.
        let end = if grant.dialect == Dialect::Cat { grant.accepted_until } else { grant.expires_at };
        let until = match end {
            Some(end) => end,
            None if once => {
                let detail = "expected an expiry in a token that may be used once";
                return Err(Denial::new(Reason::TokenClaims, detail));
            }
            None => now.plus_secs(COUNTED_S),
        };
        let name = TokenName::of_token(&site.host, grant, met);
        let host = site.host.as_str().as_bytes();
        let network =
            facts.address.map(|address| TokenName::of(&[host, b"network", &network::prefix(Some(address))]));
        let again_within_s = store.map_or(0, |policy| policy.again_within_s);
        Ok(Some(Self { name, until, once, again_within_s, network }))
    }

    /// Whether the token is accepted, by the store's record.
    pub fn judge(&self, seen: Seen) -> Result<(), Denial> {
        if self.once && seen.uses > 1 && !seen.again {
            let detail = format!("this is use {} of it", seen.uses);
            return Err(Denial::new(Reason::TokenReplayed, detail));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Algorithm, Jwk, ReplayPolicy};

    const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);

    fn key() -> Jwk {
        let json = r#"{"kty":"oct","kid":"a","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
        serde_json::from_str(json).unwrap()
    }

    fn site(host: &str, replay: Option<ReplayPolicy>) -> Site {
        let mut site: Site = serde_json::from_value(serde_json::json!({
            "host": host, "media": { "origin": "https://m.example/" }, "tokens": {}, "sessions": { "keys": "s" },
        }))
        .unwrap();
        site.tokens.replay = replay;
        site
    }

    struct Case<'a> {
        host: &'a str,
        store: Option<ReplayPolicy>,
        replay: Replay,
        id: Option<&'a str>,
        message: &'a [u8],
        ends: bool,
        address: Option<&'a str>,
    }

    const USUAL: Case<'_> = Case {
        host: "a.example",
        store: Some(ReplayPolicy { once: false, detect: false, again_within_s: 30 }),
        replay: Replay::Prohibit,
        id: Some("7"),
        message: b"m",
        ends: true,
        address: None,
    };

    fn of(case: &Case<'_>) -> Result<Option<Use>, Denial> {
        let key = key();
        let mut grant = Grant::new(Dialect::Jwt, "id".parse().unwrap(), key.kid.clone());
        grant.replay = case.replay;
        grant.token_id = case.id.map(str::to_owned);
        grant.expires_at = case.ends.then(|| NOW.plus_secs(60));
        let met = Challenge {
            key: &key,
            algorithm: Algorithm::HS256,
            message: case.message.into(),
            signature: Vec::new().into(),
        };
        let facts = Facts { address: case.address.map(|text| text.parse().unwrap()), ..Facts::default() };
        Use::of(&facts, &site(case.host, case.store), &grant, &met, NOW)
    }

    #[test]
    fn who_is_asked_about() {
        let store = |once| Some(ReplayPolicy { once, ..ReplayPolicy::default() });
        let counts = Some(ReplayPolicy { detect: true, ..ReplayPolicy::default() });
        for (name, replay, policy, ends, expected) in [
            ("permit, no store", Replay::Permit, None, true, Ok(None)),
            ("permit, a store for those who ask", Replay::Permit, store(false), true, Ok(None)),
            ("permit, the site wants once", Replay::Permit, store(true), true, Ok(Some(true))),
            ("permit, the site counts", Replay::Permit, counts, true, Ok(Some(false))),
            ("prohibit, the site counts", Replay::Prohibit, counts, true, Ok(Some(true))),
            ("prohibit, no store", Replay::Prohibit, None, true, Err(Reason::TokenReplayStore)),
            ("prohibit, a store", Replay::Prohibit, store(false), true, Ok(Some(true))),
            ("prohibit, endless", Replay::Prohibit, store(false), false, Err(Reason::TokenClaims)),
            ("detect, no store", Replay::Detect, None, true, Ok(None)),
            ("detect, a store", Replay::Detect, store(false), true, Ok(Some(false))),
            ("detect, endless", Replay::Detect, store(false), false, Ok(Some(false))),
            ("detect, the site wants once", Replay::Detect, store(true), true, Ok(Some(true))),
        ] {
            let found = of(&Case { replay, store: policy, ends, ..USUAL });
            let found = found.map(|found| found.map(|found| found.once)).map_err(|denial| denial.reason);
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn a_name_is_of_a_site_an_issuer_and_a_token() {
        let name = |case: &Case<'_>| of(case).unwrap().unwrap().name;
        let usual = name(&USUAL);
        assert_eq!(name(&Case { message: b"another", ..USUAL }), usual, "the id names the token");
        assert_ne!(name(&Case { host: "b.example", ..USUAL }), usual);
        assert_ne!(name(&Case { id: Some("8"), ..USUAL }), usual);
        let unnamed = name(&Case { id: None, ..USUAL });
        assert_ne!(unnamed, usual);
        assert_ne!(name(&Case { id: None, message: b"another", ..USUAL }), unnamed);
        assert_eq!(usual.to_string().len(), 64);
    }

    #[test]
    fn a_session_of_several_tokens_is_no_token() {
        let key = key();
        let site = site("a.example", USUAL.store);
        for (dialect, same) in [
            (Dialect::Jwt, true),
            (Dialect::Cat, true),
            (Dialect::EdgeAuth, false),
            (Dialect::MediaCdn, false),
        ] {
            let name = |message: &'static [u8]| {
                let mut grant = Grant::new(dialect, "id".parse().unwrap(), key.kid.clone());
                (grant.replay, grant.token_id) = (Replay::Prohibit, Some("7".to_owned()));
                grant.expires_at = Some(NOW.plus_secs(60));
                grant.accepted_until = grant.expires_at;
                let (message, signature) = (message.into(), Vec::new().into());
                let met = Challenge { key: &key, algorithm: Algorithm::HS256, message, signature };
                Use::of(&Facts::default(), &site, &grant, &met, NOW).unwrap().unwrap().name
            };
            assert_eq!(name(b"first") == name(b"second"), same, "{dialect:?}");
            assert_eq!(name(b"first"), name(b"first"));
        }
    }

    #[test]
    fn a_token_with_alternatives_is_remembered_to_the_last() {
        let key = key();
        let mut grant = Grant::new(Dialect::Cat, "id".parse().unwrap(), key.kid.clone());
        (grant.replay, grant.expires_at) = (Replay::Prohibit, Some(NOW.plus_secs(10)));
        let of = |grant: &Grant| {
            let (message, signature) = (b"m".as_slice().into(), Vec::new().into());
            let met = Challenge { key: &key, algorithm: Algorithm::HS256, message, signature };
            let found = Use::of(&Facts::default(), &site("a.example", USUAL.store), grant, &met, NOW);
            found.map(|found| found.unwrap().until).map_err(|denial| denial.reason)
        };
        assert_eq!(of(&grant), Err(Reason::TokenClaims));
        grant.accepted_until = Some(NOW.plus_secs(900));
        assert_eq!(of(&grant), Ok(NOW.plus_secs(900)));
    }

    #[test]
    fn a_network_is_a_prefix() {
        let network = |address| of(&Case { address: Some(address), ..USUAL }).unwrap().unwrap().network;
        assert_eq!(network("192.0.2.1"), network("192.0.2.255"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.9"));
        assert_ne!(network("192.0.2.1"), network("192.0.3.1"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:ffff::2"));
        assert_ne!(network("2001:db8:1::1"), network("2001:db8:2::1"));
        assert_eq!(of(&USUAL).unwrap().unwrap().network, None);
    }

    #[test]
    fn the_second_use_is_refused_or_passes() {
        let once = of(&USUAL).unwrap().unwrap();
        let seen = |uses| Seen { uses, elsewhere: false, again: false };
        assert_eq!(once.judge(seen(1)), Ok(()));
        assert_eq!(once.judge(seen(2)).unwrap_err().reason, Reason::TokenReplayed);
        let detect = of(&Case { replay: Replay::Detect, ..USUAL }).unwrap().unwrap();
        assert_eq!(detect.judge(Seen { uses: 9, elsewhere: true, again: false }), Ok(()));
        // Somebody has tried it elsewhere: who was first goes on.
        assert_eq!(once.judge(Seen { uses: 2, elsewhere: false, again: true }), Ok(()));
    }

    #[test]
    fn the_same_network_asking_again_soon_is_no_further_use() {
        let mut record = Record::default();
        let (home, away) = (Some("home"), Some("away"));
        // Seconds, the network, and what it is: the number of uses, whether it came from elsewhere, whether it is one of before.
        for (at, network, expected) in [
            (0, home, (1, false, false)),
            (30, home, (1, false, true)),
            (58, home, (1, false, true)),
            (59, away, (2, true, false)),
            (60, home, (2, false, true)),
            (61, away, (3, true, false)),
            (61, None, (4, false, false)),
            (91, home, (5, false, false)),
            (92, home, (6, false, false)),
            (1_000, home, (7, false, false)),
            (1_001, home, (8, false, false)),
        ] {
            let network = network.map(str::to_owned);
            let (kept, seen) = record.count(network, 30, NOW.plus_secs(at));
            assert_eq!((seen.uses, seen.elsewhere, seen.again), expected, "after {at} s");
            record = kept;
        }
    }

    #[test]
    fn without_a_network_or_a_time_each_use_is_one() {
        for (network, again_within_s) in [(None, 30), (Some("home".to_owned()), 0)] {
            let (record, _) = Record::default().count(network.clone(), again_within_s, NOW);
            let (_, seen) = record.count(network, again_within_s, NOW);
            assert_eq!((seen.uses, seen.again), (2, false));
        }
        // The store of before kept no time.
        let before = Record { uses: 1, network: Some("home".to_owned()), last: None };
        assert_eq!(before.count(Some("home".to_owned()), 30, NOW).1.uses, 2);
    }
}
