//! The limit on a viewer's simultaneous streams.
//!
//! A store knows the running streams (a Durable Object in the Worker). A [`Newcomer`] is the question to the store at the entry, and
//! a [`Running`] stream is the report below it. Their `judge` functions evaluate the store's answer.
//!
//! A stream that was not reported for a while loses its place. When it is reported again, it gets a place if there is room.
//! Otherwise the store answers that it is surplus, and the edge refuses it from then on ([`Standing`]).

use serde::{Deserialize, Serialize};

use crate::catalog::{Caps, SessionId, Site};
use crate::denial::{Denial, Reason};
use crate::token::{session::Session, tags::NameTag};

/// A stream that is about to begin, of a viewer with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// The viewer.
    pub subject: NameTag,
    /// The session of the stream.
    pub session: SessionId,
    /// The viewer's limit.
    pub limit: u32,
}

/// The store's answer about a viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// The number of other running streams.
    pub others: u64,
    /// Whether this stream has a place. A store of an older version does not say; there, a running stream has one.
    #[serde(default = "yes")]
    pub placed: bool,
}

const fn yes() -> bool {
    true
}

/// A running stream of a viewer with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// The viewer.
    pub subject: NameTag,
    /// The session of the stream.
    pub session: SessionId,
    /// The viewer's limit; `None` if it is too large for the session token.
    pub limit: Option<u32>,
}

impl Running {
    /// The report to the store about a session, if the session is counted.
    pub fn of(session: &Session) -> Option<Self> {
        let (subject, most) = (session.subject?, session.streams?);
        let limit = Some(most).filter(|most| *most < u8::MAX).map(u32::from);
        Some(Self { subject, session: session.id, limit })
    }

    /// Whether the stream may continue, by the store's answer.
    pub fn judge(&self, watched: Watched) -> Result<(), Denial> {
        if watched.placed { Ok(()) } else { Err(self.refusal()) }
    }

    /// The denial of a surplus stream.
    pub fn refusal(&self) -> Denial {
        let limit = self.limit.map_or_else(|| "as many".to_owned(), |limit| limit.to_string());
        let detail = format!(
            "expected {limit} streams at most, found so many others that began while this one was not watched"
        );
        Denial::new(Reason::Streams, detail)
    }
}

/// The state of a stream in an isolate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The time of the last report to the store, in Unix milliseconds.
    pub told_at_ms: u64,
    /// The store has answered that the stream is surplus.
    pub surplus: bool,
}

/// The treatment of a request of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It is served without a report.
    Keep,
    /// It is served, and the report is sent in the background.
    Tell,
    /// The store is asked first, because the stream was surplus and there may be room by now.
    Ask,
    /// It is refused without a report.
    Refuse,
}

impl Standing {
    /// Decides about a request of a stream that is reported every `every_ms` milliseconds.
    pub fn sign(known: Option<Self>, now_ms: u64, every_ms: u64) -> Sign {
        let Some(Self { told_at_ms, surplus }) = known else { return Sign::Tell };
        let lately = now_ms.saturating_sub(told_at_ms) < every_ms;
        match (lately, surplus) {
            (true, false) => Sign::Keep,
            (true, true) => Sign::Refuse,
            (false, false) => Sign::Tell,
            (false, true) => Sign::Ask,
        }
    }
}

impl Newcomer {
    /// The question to the store at the entry. `None` for a session without a limit or without a subject, which is not counted.
    pub fn of(session: &Session, caps: &Caps) -> Option<Self> {
        let (subject, limit) = (session.subject?, caps.max_streams?);
        session.streams.map(|_| Self { subject, session: session.id, limit })
    }

    /// Whether there is room, by the store's answer.
    pub fn judge(&self, watched: Watched) -> Result<(), Denial> {
        if watched.others < u64::from(self.limit) {
            return Ok(());
        }
        let detail = format!("expected {} streams at most, found {} that are on", self.limit, watched.others);
        Err(Denial::new(Reason::Streams, detail))
    }
}

/// The longest time between two reports of a running stream, in seconds.
const SEEN_WITHIN_S: u64 = 30;

/// The interval between two reports of a stream, in seconds: several reports fit into the time after which a stream no longer
/// counts.
pub fn seen_every_s(site: &Site) -> u64 {
    (site.sessions.streams_idle_s / 3).min(SEEN_WITHIN_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::token::{Dialect, Grant, session::Opening};

    fn session(subject: Option<&str>, counted: bool) -> Session {
        let grant = Grant {
            subject: subject.map(str::to_owned),
            ..Grant::new(Dialect::Jwt, "id".parse().unwrap(), "k".parse().unwrap())
        };
        let (title, facts) = ("harbour".parse().unwrap(), Facts::default());
        Session::new(&Opening { streams: counted.then_some(2), ..Opening::plain(&title, &grant, &facts) })
    }

    #[test]
    fn who_is_counted() {
        for (subject, counted, max_streams, expected) in [
            (Some("viewer"), true, Some(2), Some(2)),
            (Some("viewer"), true, Some(0), Some(0)),
            (Some("viewer"), true, None, None),
            (Some("viewer"), false, Some(2), None),
            (None, true, Some(2), None),
        ] {
            let caps = Caps { max_streams, ..Caps::default() };
            let found = Newcomer::of(&session(subject, counted), &caps);
            let case = format!("{subject:?} {counted} {max_streams:?}");
            assert_eq!(found.map(|newcomer| newcomer.limit), expected, "{case}");
        }
    }

    #[test]
    fn there_is_room_below_the_limit() {
        for (limit, others, expected) in [
            (2, 0, Ok(())),
            (2, 1, Ok(())),
            (2, 2, Err(Reason::Streams)),
            (2, 3, Err(Reason::Streams)),
            (0, 0, Err(Reason::Streams)),
        ] {
            let newcomer = Newcomer { subject: [1; 8], session: SessionId([1; 8]), limit };
            let found = newcomer.judge(Watched { others, placed: true }).map_err(|denial| denial.reason);
            assert_eq!(found, expected, "{others} of {limit}");
        }
    }

    #[test]
    fn a_running_stream_that_has_no_place_is_refused() {
        let running = Running::of(&session(Some("viewer"), true)).unwrap();
        assert_eq!(running.limit, Some(2));
        let judge = |placed| running.judge(Watched { others: 2, placed }).map_err(|denial| denial.reason);
        assert_eq!((judge(true), judge(false)), (Ok(()), Err(Reason::Streams)));
        assert_eq!(Running::of(&session(Some("viewer"), false)), None);
        assert_eq!(Running::of(&session(None, true)), None);
        // A store of an older version has no places.
        let before: Watched = serde_json::from_str(r#"{"others":9}"#).unwrap();
        assert_eq!(running.judge(before), Ok(()));
    }

    #[test]
    fn the_store_is_told_once_in_a_while_and_asked_where_one_was_too_many() {
        let known = |surplus| Some(Standing { told_at_ms: 1_000, surplus });
        for (known, now_ms, expected) in [
            (None, 0, Sign::Tell),
            (known(false), 1_000, Sign::Keep),
            (known(false), 1_099, Sign::Keep),
            (known(false), 1_100, Sign::Tell),
            (known(true), 1_099, Sign::Refuse),
            (known(true), 1_100, Sign::Ask),
            (known(false), 0, Sign::Keep),
        ] {
            assert_eq!(Standing::sign(known, now_ms, 100), expected, "{known:?} {now_ms}");
        }
    }

    #[test]
    fn a_running_stream_is_seen_more_often_than_it_is_forgotten() {
        for (idle_s, expected) in [(5, 1), (60, 20), (90, 30), (600, 30)] {
            let site: Site = serde_json::from_value(serde_json::json!({
                "host": "a.example", "media": { "origin": "https://m.example/" }, "tokens": {},
                "sessions": { "keys": "s", "streams_idle_s": idle_s },
            }))
            .unwrap();
            assert_eq!(seen_every_s(&site), expected, "{idle_s}");
        }
    }
}
