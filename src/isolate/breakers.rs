//! The breakers of an ad server's host: one for all viewers of a site, and one for each viewer.
//!
//! A viewer chooses parts of a request, and could choose those that the ad server answers with an error. So a failure counts for
//! all viewers only if this viewer's request before it has not failed: one viewer opens a breaker of their own alone.

use std::net::IpAddr;

use crate::catalog::Host;
use crate::shelf::{Breaker, Memory};

/// The breakers for a viewer's request to an ad server.
pub struct Breakers<'m> {
    memory: &'m Memory<String, Breaker>,
    all: String,
    own: String,
}

impl<'m> Breakers<'m> {
    /// The breakers of a host that a site asks. Viewers are told apart by address; those of an IPv6 network (/64) are one.
    pub fn of(memory: &'m Memory<String, Breaker>, site: &Host, host: &str, address: Option<IpAddr>) -> Self {
        let viewer = match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}")
            }
            None => String::new(),
        };
        let all = format!("{site} {host}");
        let own = format!("{all} {viewer}");
        Self { memory, all, own }
    }

    /// Whether the host may be asked.
    pub fn admit(&self, now_ms: u64) -> bool {
        // Nothing is remembered of a host that answers.
        let is_failing = |name: &str| self.memory.find(name, Breaker::is_failing).unwrap_or(false);
        let admits = |name: &str| {
            !is_failing(name) || self.memory.with(name, now_ms, |breaker| breaker.admits(now_ms))
        };
        admits(&self.own) && admits(&self.all)
    }

    /// The host has failed.
    pub fn count(&self, now_ms: u64) {
        let is_first = self.memory.with(self.own.as_str(), now_ms, |breaker| {
            let is_first = !breaker.is_failing();
            breaker.settle(false, now_ms);
            is_first
        });
        if is_first {
            self.memory.with(self.all.as_str(), now_ms, |breaker| breaker.settle(false, now_ms));
        }
    }

    /// The host has answered.
    pub fn close(&self) {
        self.close_own();
        self.memory.remove(self.all.as_str());
    }

    /// The host has refused the viewer's request. Parameters of the viewer's own may be the reason, so this tells nothing of others.
    pub fn close_own(&self) {
        self.memory.remove(self.own.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::{Budget, plan};

    #[test]
    fn one_viewer_opens_a_breaker_for_nobody_else() {
        let budget = Budget::new(plan::LIMIT, plan::ROOMS, 1);
        let memory = plan::BREAKERS.of(&budget);
        let site: Host = "watch.example.com".parse().unwrap();
        let of = |address: &str| Breakers::of(&memory, &site, "ads.example.net", address.parse().ok());
        let others = of("198.51.100.8");
        for now_ms in 0..100 {
            assert!(others.admit(now_ms), "{now_ms}");
            // Viewers choose addresses within their own network.
            let viewer = of(&format!("2001:db8:1:2::{now_ms:x}"));
            assert_eq!(viewer.admit(now_ms), now_ms < 5, "{now_ms}");
            viewer.count(now_ms);
        }
        assert!(Breakers::of(&memory, &site, "other.example.net", None).admit(100));
    }

    #[test]
    fn a_host_that_fails_for_five_viewers_is_left_alone() {
        let budget = Budget::new(plan::LIMIT, plan::ROOMS, 1);
        let memory = plan::BREAKERS.of(&budget);
        let site: Host = "watch.example.com".parse().unwrap();
        let of =
            |last: u8| Breakers::of(&memory, &site, "ads.example.net", Some([198, 51, 100, last].into()));
        for last in 0..5 {
            assert!(of(last).admit(0), "{last}");
            of(last).count(0);
        }
        assert!(!of(9).admit(1) && !of(0).admit(1));
        // A refusal of one viewer's request opens it for nobody else.
        of(1).close_own();
        assert!(!of(9).admit(2) && !of(1).admit(2));
        // After the pause one request tries, and finds it well.
        assert!(of(9).admit(5_000) && !of(8).admit(5_000));
        of(9).close();
        assert!(of(8).admit(5_001) && of(7).admit(5_001));
        // Viewers for whom it failed before have no vote until it has answered them.
        for last in 0..5 {
            of(last).count(5_002);
        }
        assert!(of(9).admit(5_003));
    }
}
