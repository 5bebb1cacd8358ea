//! The URL where an issuer publishes its keys, and the time for which they are used.

use std::time::Duration;

use sha2::{Digest, Sha256};
use url::{Host as UrlHost, Url};

use crate::catalog::{Issuer, PublishedKeys};
use crate::fault::{Fault, FaultKind};
use crate::shelf::{Times, jittered};
use crate::token::hex;

/// Seconds for which keys serve without newer ones from the issuer. Then the issuer's tokens are refused: a key that it has
/// withdrawn must not open doors for ever.
pub const KEPT_S: u64 = 24 * 3_600;

/// The least time between two early fetches for the sake of an unknown key.
pub const EARLY: Duration = Duration::from_secs(30);

/// A set of keys that an issuer publishes.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The issuer.
    pub issuer: Issuer,
    /// The URL of the set.
    pub url: Url,
    refresh_s: u64,
}

impl Publication {
    /// The set that an issuer's document names.
    ///
    /// Keys come over TLS only: whoever could change them on the way could sign tokens. For development, a deployment may
    /// allow plain HTTP from its own machine.
    pub fn new(
        issuer: &Issuer,
        published: &PublishedKeys,
        allows_loopback: impl FnOnce() -> bool,
    ) -> Result<Self, Fault> {
        let url = &published.url;
        let is_loopback = match url.host() {
            Some(UrlHost::Domain(name)) => name == "localhost",
            Some(UrlHost::Ipv4(address)) => address.is_loopback(),
            Some(UrlHost::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback && allows_loopback() => {}
            scheme => {
                let detail = format!("expected an https URL of published keys, found the scheme `{scheme}`");
                return Err(Fault::new(FaultKind::DocumentInvalid, detail));
            }
        }
        Ok(Self { issuer: issuer.clone(), url: url.clone(), refresh_s: published.refresh_s })
    }

    /// The URL for people and logs, without a query or credentials.
    pub fn name(&self) -> String {
        format!("{}{}", self.url.origin().ascii_serialization(), self.url.path())
    }

    /// The URL under which the data centre's cache has the set. No site has a host below `.invalid`.
    pub fn cache_key(&self) -> String {
        let hash = Sha256::digest(self.url.as_str());
        format!("https://published-keys.invalid/{}", hex::encode(&hash))
    }

    /// The fault of a set that could not be fetched.
    pub fn fault(&self, detail: impl std::fmt::Display) -> Fault {
        Fault::new(FaultKind::KeysUnavailable, format!("{}: {detail}", self.name()))
    }

    /// For how long a set serves. `random` is from 0 to 1.
    pub fn times(&self, fetched_at_ms: u64, random: f64) -> Times {
        let serves_until_ms = fetched_at_ms.saturating_add(KEPT_S * 1000);
        Times {
            fresh_until_ms: fetched_at_ms.saturating_add(jittered(self.refresh_s * 1000, random)),
            stale_until_ms: serves_until_ms,
            error_until_ms: serves_until_ms,
        }
    }

    /// Whether a set of this age in the cache spares a question to the issuer.
    pub fn is_recent(&self, age_ms: u64, is_early: bool) -> bool {
        let recent_s = if is_early { EARLY.as_secs() } else { self.refresh_s };
        age_ms < recent_s * 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::Freshness;

    fn publication(url: &str, allows_loopback: bool) -> Result<Publication, Fault> {
        let published = PublishedKeys { url: url.parse().unwrap(), refresh_s: 600 };
        Publication::new(&"https://id.example.com/".parse().unwrap(), &published, || allows_loopback)
    }

    #[test]
    fn keys_come_over_tls_or_from_this_machine_where_that_is_allowed() {
        for (url, allows_loopback, expected) in [
            ("https://id.example.com/jwks", false, true),
            ("http://id.example.com/jwks", true, false),
            ("http://localhost:8080/jwks", true, true),
            ("http://127.0.0.1/jwks", true, true),
            ("http://[::1]/jwks", true, true),
            ("http://localhost/jwks", false, false),
            ("http://localhost.example.com/jwks", true, false),
            ("http://192.0.2.1/jwks", true, false),
            ("ftp://localhost/jwks", true, false),
        ] {
            assert_eq!(publication(url, allows_loopback).is_ok(), expected, "{url}");
        }
    }

    #[test]
    fn its_name_shows_no_secret_and_its_cache_key_tells_queries_apart() {
        let named = |url| publication(url, false).unwrap();
        let one = named("https://user:password@id.example.com/jwks?secret=1");
        assert_eq!(one.name(), "https://id.example.com/jwks");
        assert_eq!(one.fault("gone").detail, "https://id.example.com/jwks: gone");
        assert_ne!(one.cache_key(), named("https://user:password@id.example.com/jwks?secret=2").cache_key());
    }

    #[test]
    fn keys_serve_for_a_day_without_newer_ones() {
        let published = publication("https://id.example.com/jwks", false).unwrap();
        let times = published.times(1_000, 0.0);
        for (now_ms, expected) in [
            (600_999, Freshness::Fresh),
            (601_000, Freshness::Stale),
            (KEPT_S * 1000 + 999, Freshness::Stale),
            (KEPT_S * 1000 + 1_000, Freshness::Over),
        ] {
            assert_eq!(times.freshness(now_ms), expected, "{now_ms}");
        }
        assert_eq!((published.is_recent(599_999, false), published.is_recent(600_000, false)), (true, false));
        assert_eq!((published.is_recent(29_999, true), published.is_recent(30_000, true)), (true, false));
    }
}
