//! How many streams a viewer watches at a time.
//!
//! Which streams are on is known to a store, which is asked elsewhere (a Durable Object in the Worker): a [`Newcomer`]
//! says what to ask it at the entry, a [`Running`] stream what to tell it below, and their `judge` what its answer means.
//!
//! A stream that has not been seen for a while loses its place. When it is seen again, it takes its place again if there is
//! room, and else it is one too many: the store says so, and the edge refuses it from then on ([`Standing`]).

use serde::{Deserialize, Serialize};

use crate::catalog::{Caps, SessionId, Site};
use crate::denial::{Denial, Reason};
use crate::token::{session::Session, tags::NameTag};

/// A stream that is about to begin, of a viewer who may watch so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// The viewer.
    pub subject: NameTag,
    /// The session of the stream.
    pub session: SessionId,
    /// How many streams the viewer may watch at a time.
    pub limit: u32,
}

/// What the store knows of a viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// How many streams are on, this one not among them.
    pub others: u64,
    /// Whether this one has a place. A store of the version before does not say: there, a running stream has one.
    #[serde(default = "yes")]
    pub placed: bool,
}

const fn yes() -> bool {
    true
}

/// A stream that is on, of a viewer who may watch so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// The viewer.
    pub subject: NameTag,
    /// The session of the stream.
    pub session: SessionId,
    /// How many streams the viewer may watch at a time; `None`: so many that the session does not say.
    pub limit: Option<u32>,
}

impl Running {
    /// What the store is to be told of a session, if it is counted.
    pub fn of(session: &Session) -> Option<Self> {
        let (subject, most) = (session.subject?, session.streams?);
        let limit = Some(most).filter(|most| *most < u8::MAX).map(u32::from);
        Some(Self { subject, session: session.id, limit })
    }

    /// Whether it may go on, by what the store knows.
    pub fn judge(&self, watched: Watched) -> Result<(), Denial> {
        if watched.placed { Ok(()) } else { Err(self.refusal()) }
    }

    /// That others are on in its place.
    pub fn refusal(&self) -> Denial {
        let limit = self.limit.map_or_else(|| "as many".to_owned(), |limit| limit.to_string());
        let detail = format!(
            "expected {limit} streams at most, found so many others that began while this one was not watched"
        );
        Denial::new(Reason::Streams, detail)
    }
}

/// What an isolate knows of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// When it last told the store of it, in Unix milliseconds.
    pub told_at_ms: u64,
    /// The store has answered that it is one too many.
    pub surplus: bool,
}

/// What becomes of a request of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It is served, and the store is not told.
    Keep,
    /// It is served, and the store is told without making it wait.
    Tell,
    /// The store is asked first: the stream was one too many, and there may be room by now.
    Ask,
    /// It is refused, and the store is not told.
    Refuse,
}

impl Standing {
    /// What becomes of a request of a stream, of which the store is told once in so many milliseconds.
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
    /// What the store is to be asked at the entry, if anything: a session is counted where a limit holds and the
    /// viewer is known.
    pub fn of(session: &Session, caps: &Caps) -> Option<Self> {
        let (subject, limit) = (session.subject?, caps.max_streams?);
        session.streams.map(|_| Self { subject, session: session.id, limit })
    }

    /// Whether there is room for it, by what the store knows.
    pub fn judge(&self, watched: Watched) -> Result<(), Denial> {
        if watched.others < u64::from(self.limit) {
            return Ok(());
        }
        let detail = format!("expected {} streams at most, found {} that are on", self.limit, watched.others);
        Err(Denial::new(Reason::Streams, detail))
    }
}

/// The longest time between two signs of a running stream to the store, in seconds.
const SEEN_WITHIN_S: u64 = 30;

/// How long the edge keeps a stream's requests to itself before it tells the store of one, in seconds: several times
/// within the time after which a stream no longer counts.
pub fn seen_every_s(site: &Site) -> u64 {
    (site.sessions.streams_idle_s / 3).min(SEEN_WITHIN_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Lock;
    use crate::facts::Facts;
    use crate::rights::Class;
    use crate::time::UnixTime;
    use crate::token::{Dialect, Grant, session::Opening};

    fn session(subject: Option<&str>, counted: bool) -> Session {
        let grant = Grant {
            subject: subject.map(str::to_owned),
            ..Grant::new(Dialect::Jwt, "id".parse().unwrap(), "k".parse().unwrap())
        };
        Session::new(&Opening {
            id: SessionId([1; 8]),
            title: &"harbour".parse().unwrap(),
            class: Class([2; 4]),
            proved: None,
            grant: &grant,
            lock: Lock::default(),
            facts: &Facts::default(),
            generation: 0,
            streams: counted.then_some(2),
            expires_at: UnixTime::from_secs(60),
            ends_at: UnixTime::from_secs(60),
        })
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
        // A store of the version before knows no places.
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
