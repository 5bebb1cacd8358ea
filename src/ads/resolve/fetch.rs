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

impl Failure {
    /// The event for the log.
    pub const fn event(&self) -> AdEvent {
        match self {
            Self::Timeout => AdEvent::Timeout,
            Self::Unreachable(_) => AdEvent::Io,
            Self::Status(_) => AdEvent::InvalidResponse,
            Self::TooLarge => AdEvent::ResponseTooLarge,
            Self::Disallowed(_) => AdEvent::DisallowedHost,
            Self::Redirects(_) => AdEvent::TooManyRedirects,
            Self::CircuitOpen => AdEvent::CircuitOpen,
            Self::Rate => AdEvent::RateExceeded,
        }
    }
}
