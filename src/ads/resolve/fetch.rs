//! The one question to the outside.

use std::time::Duration;

use url::Url;

use crate::ads::AdEvent;

/// Answers questions of a decision: the Worker, the command, a test.
pub trait Fetch {
    /// The time, in Unix milliseconds.
    fn now_ms(&self) -> u64;

    /// Asks for documents at the same time, and answers in the order of the questions. Addresses have been checked; those that
    /// redirects lead to are checked by the same rule ([`Reach`](super::Reach)).
    fn fetch(&self, asks: Vec<Ask>) -> impl Future<Output = Vec<Result<Reply, Failure>>>;
}

/// A question: a request by GET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The URL.
    pub url: Url,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The longest time for the whole reply, with its redirects.
    pub within: Duration,
}

/// A reply with status 200, or with 204 and no bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The URL that answered, behind redirects.
    pub url: Url,
    /// The body, [`LONGEST`](crate::ads::vast::LONGEST) bytes at most.
    pub bytes: Vec<u8>,
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It did not come in time.
    #[error("no reply within the time budget")]
    Timeout,
    /// The ad server cannot be reached, or its reply breaks off.
    #[error("{0}")]
    Unreachable(String),
    /// The edge cannot ask, for a reason of its own: the ad server has not failed.
    #[error("{0}")]
    Own(String),
    /// It has another status.
    #[error("status {0}")]
    Status(u16),
    /// It is too long.
    #[error("a reply of more than {} bytes", crate::ads::vast::LONGEST)]
    TooLarge,
    /// It redirects to an address that is not allowed.
    #[error("{0}")]
    Disallowed(String),
    /// It redirects too often.
    #[error("more than {0} redirects")]
    Redirects(usize),
    /// The ad server failed repeatedly.
    #[error("the ad server failed repeatedly, and is asked again later")]
    CircuitOpen,
    /// The ad server has had its most requests a second.
    #[error("the site's most requests a second have been sent")]
    Rate,
}

/// An ad server that does not answer within this has failed, whatever time a site gives it.
const LONG_ENOUGH: Duration = Duration::from_secs(1);

impl Failure {
    /// Whether it tells of the ad server that it should be left alone for a while. `patience`: the time that the request had;
    /// `usual`: the time that requests have.
    ///
    /// The edge's own troubles, and addresses that are not allowed, tell nothing of it. Neither does the little time that slow
    /// wrappers in front of it have left. A status below 500 is an answer.
    pub fn is_fault_of_server(&self, patience: Duration, usual: Duration) -> bool {
        match self {
            Self::Unreachable(_) | Self::TooLarge => true,
            Self::Timeout => patience >= (usual / 2).min(LONG_ENOUGH),
            Self::Status(status) => *status >= 500 || *status == 429,
            Self::Own(_) | Self::Disallowed(_) | Self::Redirects(_) | Self::CircuitOpen | Self::Rate => false,
        }
    }

    /// The event for the log.
    pub const fn event(&self) -> AdEvent {
        match self {
            Self::Timeout => AdEvent::Timeout,
            Self::Unreachable(_) => AdEvent::Io,
            Self::Own(_) => AdEvent::Unknown,
            Self::Status(_) => AdEvent::InvalidResponse,
            Self::TooLarge => AdEvent::ResponseTooLarge,
            Self::Disallowed(_) => AdEvent::DisallowedHost,
            Self::Redirects(_) => AdEvent::TooManyRedirects,
            Self::CircuitOpen => AdEvent::CircuitOpen,
            Self::Rate => AdEvent::RateExceeded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ad_server_is_blamed_for_its_own_failures_alone() {
        let is_blamed = |failure: Failure, patience_ms, usual_ms| {
            let [patience, usual] = [patience_ms, usual_ms].map(Duration::from_millis);
            failure.is_fault_of_server(patience, usual)
        };
        for (failure, expected) in [
            (Failure::Unreachable("reset".to_owned()), true),
            (Failure::TooLarge, true),
            (Failure::Status(503), true),
            (Failure::Status(429), true),
            (Failure::Status(404), false),
            (Failure::Own("no room".to_owned()), false),
            (Failure::Disallowed("private".to_owned()), false),
            (Failure::Redirects(3), false),
            (Failure::Rate, false),
            (Failure::CircuitOpen, false),
        ] {
            assert_eq!(is_blamed(failure.clone(), 3_000, 3_000), expected, "{failure}");
        }
        // A slow wrapper in front of it has left it so much time.
        for (patience_ms, usual_ms, expected) in [
            (3_000, 3_000, true),
            (1_000, 3_000, true),
            (999, 3_000, false),
            (5, 3_000, false),
            (100, 200, true),
            (99, 200, false),
        ] {
            assert_eq!(is_blamed(Failure::Timeout, patience_ms, usual_ms), expected, "{patience_ms}");
        }
    }
}
