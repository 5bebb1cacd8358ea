//! Something that an isolate fetches from a slower source, shares between its requests, and keeps for a while.
//!
//! A document of KV, a manifest or file of the media origin, an issuer's keys: each is held, fresh or stale, being
//! fetched, missing at its source, or not to be shared; its source may have failed a moment ago. [`Fetched`] keeps these
//! books for all of them. It knows no source and no clock: [`Fetched::look`] tells a request what to do at a time, and the
//! request that fetches reports by [`Fetched::settle`].
//!
//! ```text
//!                 look(now)                               settle(outcome, now)
//!   held, fresh   Serve                       Value       held anew, for its times
//!   held, stale   Refresh: one request        Failed      a held value serves on; the source is left alone for a while
//!                 fetches, all are served     Missing     nothing is held, and nobody asks until then
//!   nothing       Fetch: one request          Unshared    nothing is held, and nobody waits for another's fetch
//!                 fetches, the others Wait
//! ```
//!
//! A promise of one request cannot be awaited in another one, so a request that waits looks again and again whether
//! something has [arrived](Fetched::arrived) since it asked.

use std::time::Duration;

use super::{Flight, Freshness, Slot, Times, Weigh};

/// A value `T` that is fetched, or the error `E` of its last fetch.
#[derive(Debug)]
pub struct Fetched<T, E> {
    held: Option<Held<T>>,
    /// How the last fetch failed, if it did.
    failure: Option<Failure<E>>,
    /// The source is not asked before this instant.
    retry_at_ms: u64,
    /// Before this instant, each request fetches for itself.
    alone_until_ms: u64,
    flight: Flight,
    /// How many fetches have had an outcome.
    arrivals: u32,
}

#[derive(Debug)]
struct Held<T> {
    value: T,
    times: Times,
}

#[derive(Debug)]
struct Failure<E> {
    error: E,
    is_missing: bool,
}

/// For how long a source is left alone, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// After a failure, while a value serves on.
    pub retry_ms: u64,
    /// After a failure, where no value does.
    pub retry_without_ms: u64,
    /// How long requests fetch for themselves what cannot be shared.
    pub alone_ms: u64,
}

/// How a fetch ended.
#[derive(Debug)]
pub enum Outcome<T, E> {
    /// With a value, which serves for these times.
    Value(T, Times),
    /// With something for one request alone.
    Unshared,
    /// The source does not have it, and is not asked again before this instant in Unix milliseconds.
    Missing(E, u64),
    /// It failed.
    Failed(E),
}

/// What a request is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look<T, E> {
    /// Serve this.
    Serve(T),
    /// Serve this, and fetch it anew behind the reply.
    Refresh(T),
    /// Fail: the source has failed or did not have it, so lately that it is not asked again.
    Failed(E),
    /// Fetch, and report the outcome. The ticket is for a request that has others do its fetching.
    Fetch(Ticket),
    /// Wait for the request that fetches.
    Wait(Ticket),
    /// Fetch for this request alone, and report nothing.
    Alone,
}

/// Which request fetches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// This one.
    Mine(Ticket),
    /// Another one.
    Theirs(Ticket),
}

/// The moment at which a request asked: only what arrives afterwards is for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u32);

/// What has arrived for a request that waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived<T, E> {
    /// The value that was fetched, or an older one that serves on since the fetch failed.
    Value(T),
    /// The fetch failed, and there is nothing to serve.
    Failed(E),
    /// The fetch was cut off, or brought something for another request alone.
    Nothing,
}

impl<T: Clone, E: Clone> Look<&T, &E> {
    /// The same with values of its own.
    pub fn cloned(self) -> Look<T, E> {
        match self {
            Self::Serve(value) => Look::Serve(value.clone()),
            Self::Refresh(value) => Look::Refresh(value.clone()),
            Self::Failed(error) => Look::Failed(error.clone()),
            Self::Fetch(ticket) => Look::Fetch(ticket),
            Self::Wait(ticket) => Look::Wait(ticket),
            Self::Alone => Look::Alone,
        }
    }
}

impl<T: Clone, E: Clone> Arrived<&T, &E> {
    /// The same with values of its own.
    pub fn cloned(self) -> Arrived<T, E> {
        match self {
            Self::Value(value) => Arrived::Value(value.clone()),
            Self::Failed(error) => Arrived::Failed(error.clone()),
            Self::Nothing => Arrived::Nothing,
        }
    }
}

impl<T, E> Default for Fetched<T, E> {
    fn default() -> Self {
        Self {
            held: None,
            failure: None,
            retry_at_ms: 0,
            alone_until_ms: 0,
            flight: Flight::default(),
            arrivals: 0,
        }
    }
}

impl<T, E> Fetched<T, E> {
    /// Tells a request what to do. If the request is to fetch, the fetch counts as under way, for `patience` at most.
    pub fn look(&mut self, now_ms: u64, patience: Duration) -> Look<&T, &E> {
        let freshness = self.freshness(now_ms);
        let is_failing = self.is_failing(now_ms);
        let serves = match freshness {
            Freshness::Fresh => true,
            Freshness::Stale => is_failing || !self.flight.begin(now_ms, patience),
            Freshness::OnError => is_failing,
            Freshness::Over => false,
        };
        match (&self.held, &self.failure) {
            (Some(held), _) if serves => return Look::Serve(&held.value),
            (Some(held), _) if freshness == Freshness::Stale => return Look::Refresh(&held.value),
            (_, Some(failure)) if is_failing => return Look::Failed(&failure.error),
            _ if self.is_alone(now_ms) => return Look::Alone,
            _ => {}
        }
        let ticket = Ticket(self.arrivals);
        if self.flight.begin(now_ms, patience) { Look::Fetch(ticket) } else { Look::Wait(ticket) }
    }

    /// The value, while it is fresh. It changes nothing, and costs nothing.
    pub fn fresh(&self, now_ms: u64) -> Option<&T> {
        let held = self.held.as_ref()?;
        (now_ms < held.times.fresh_until_ms).then_some(&held.value)
    }

    /// The value, while it may serve in any way.
    pub fn serving(&self, now_ms: u64) -> Option<&T> {
        let held = self.held.as_ref()?;
        (held.times.freshness(now_ms) != Freshness::Over).then_some(&held.value)
    }

    /// The value, whether it may serve or not.
    pub fn held(&self) -> Option<&T> {
        self.held.as_ref().map(|held| &held.value)
    }

    /// How old the value is; without one, [`Freshness::Over`].
    pub fn freshness(&self, now_ms: u64) -> Freshness {
        self.held.as_ref().map_or(Freshness::Over, |held| held.times.freshness(now_ms))
    }

    /// Whether the source is to be left alone.
    pub const fn is_failing(&self, now_ms: u64) -> bool {
        now_ms < self.retry_at_ms
    }

    /// Whether the last fetch had no value.
    pub const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Whether each request fetches for itself.
    pub const fn is_alone(&self, now_ms: u64) -> bool {
        now_ms < self.alone_until_ms
    }

    /// Whether a fetch is under way.
    pub const fn is_under_way(&self, now_ms: u64) -> bool {
        self.flight.is_under_way(now_ms)
    }

    /// Until when it is known that the source does not have it, in Unix milliseconds.
    pub fn missing_until_ms(&self, now_ms: u64) -> Option<u64> {
        let is_missing = self.failure.as_ref().is_some_and(|failure| failure.is_missing);
        (is_missing && self.is_failing(now_ms)).then_some(self.retry_at_ms)
    }

    /// Begins a fetch whatever is held, unless one is under way.
    pub fn begin(&mut self, now_ms: u64, patience: Duration) -> Turn {
        let ticket = Ticket(self.arrivals);
        if self.flight.begin(now_ms, patience) { Turn::Mine(ticket) } else { Turn::Theirs(ticket) }
    }

    /// What has arrived for a request that asked at the time of the ticket; `None`: the fetch is still under way.
    ///
    /// A value arrives however short its times are: it was fetched for the requests that waited.
    pub fn arrived(&self, Ticket(asked): Ticket, now_ms: u64) -> Option<Arrived<&T, &E>> {
        if self.arrivals == asked {
            return (!self.is_under_way(now_ms)).then_some(Arrived::Nothing);
        }
        Some(match (&self.failure, &self.held) {
            (None, Some(held)) => Arrived::Value(&held.value),
            (None, None) => Arrived::Nothing,
            (Some(failure), _) => match self.serving(now_ms) {
                Some(value) => Arrived::Value(value),
                None => Arrived::Failed(&failure.error),
            },
        })
    }

    /// Ends the fetch with its outcome.
    pub fn settle(&mut self, outcome: Outcome<T, E>, policy: &Policy, now_ms: u64) {
        self.end();
        match outcome {
            Outcome::Value(value, times) => return self.bring(value, times),
            Outcome::Unshared => {
                (self.held, self.failure, self.retry_at_ms) = (None, None, 0);
                self.alone_until_ms = now_ms.saturating_add(policy.alone_ms);
            }
            Outcome::Missing(error, until_ms) => {
                self.held = None;
                self.failure = Some(Failure { error, is_missing: true });
                self.retry_at_ms = until_ms;
            }
            Outcome::Failed(error) => {
                let serves = self.serving(now_ms).is_some();
                let wait_ms = if serves { policy.retry_ms } else { policy.retry_without_ms };
                self.failure = Some(Failure { error, is_missing: false });
                self.retry_at_ms = now_ms.saturating_add(wait_ms);
            }
        }
        self.arrivals = self.arrivals.wrapping_add(1);
    }

    /// Brings a value to the requests that wait, while the fetch goes on.
    pub fn bring(&mut self, value: T, times: Times) {
        self.hold(value, times);
        (self.failure, self.retry_at_ms, self.alone_until_ms) = (None, 0, 0);
        self.arrivals = self.arrivals.wrapping_add(1);
    }

    /// Holds a value for the case that the fetch fails. The fetch goes on.
    pub fn hold(&mut self, value: T, times: Times) {
        self.held = Some(Held { value, times });
    }

    /// Lets go of a value that may not serve any more.
    pub fn drop_over(&mut self, now_ms: u64) {
        self.held.take_if(|held| held.times.freshness(now_ms) == Freshness::Over);
    }

    /// Ends the fetch. A request that waits gets the value that was brought, if there is one.
    pub const fn end(&mut self) {
        self.flight.end();
    }

    /// Leaves the source alone until then, in Unix milliseconds: a request that fetched for itself has seen it fail.
    pub fn back_off(&mut self, until_ms: u64) {
        self.failure.take_if(|failure| failure.is_missing);
        self.retry_at_ms = until_ms;
    }
}

impl<T: Weigh, E: Weigh> Weigh for Fetched<T, E> {
    fn heap_bytes(&self) -> usize {
        let held = self.held.as_ref().map_or(0, |held| held.value.heap_bytes());
        held + self.failure.as_ref().map_or(0, |failure| failure.error.heap_bytes())
    }
}

impl<T: Weigh, E: Weigh> Slot for Fetched<T, E> {
    /// Nothing is left that could serve, or that would keep a request from asking the source.
    fn is_spent(&self, now_ms: u64) -> bool {
        self.serving(now_ms).is_none() && !self.is_failing(now_ms) && !self.is_alone(now_ms)
    }

    fn is_busy(&self, now_ms: u64) -> bool {
        self.is_under_way(now_ms)
    }
}

#[cfg(test)]
mod tests;
