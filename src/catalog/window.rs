//! The span of time in which an offer applies.

use serde::{Deserialize, Serialize};

use crate::time::UnixTime;

/// A span of time. It includes `from` and excludes `until`. An absent end is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Ends", into = "Ends")]
#[cfg_attr(feature = "schema", schemars(with = "Ends"))]
pub struct Window {
    from: Option<UnixTime>,
    until: Option<UnixTime>,
}

impl Window {
    /// The first instant inside, if the window has one.
    pub const fn from(&self) -> Option<UnixTime> {
        self.from
    }

    /// The first instant that is outside again, if the window has one.
    pub const fn until(&self) -> Option<UnixTime> {
        self.until
    }

    /// Whether the window has neither end.
    pub(super) fn is_always(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `now` is inside.
    pub fn is_open(&self, now: UnixTime) -> bool {
        !self.opens_after(now) && !self.closed_by(now)
    }

    /// Whether the window is still to open at `now`.
    pub fn opens_after(&self, now: UnixTime) -> bool {
        self.from.is_some_and(|from| now < from)
    }

    /// Whether the window has closed at `now`.
    pub fn closed_by(&self, now: UnixTime) -> bool {
        self.until.is_some_and(|until| now >= until)
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Window"))]
struct Ends {
    /// The first instant inside the window. Absent: the window has always been open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<UnixTime>,
    /// The first instant after the window. Absent: the window never closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<UnixTime>,
}

impl From<Window> for Ends {
    fn from(Window { from, until }: Window) -> Self {
        Self { from, until }
    }
}

impl TryFrom<Ends> for Window {
    type Error = String;

    fn try_from(Ends { from, until }: Ends) -> Result<Self, String> {
        match (from, until) {
            (Some(from), Some(until)) if until <= from => {
                Err(format!("expected `until` after `from`, found until {until} and from {from}"))
            }
            _ => Ok(Self { from, until }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_outside() {
        let window: Window =
            serde_json::from_str(r#"{"from":"2026-01-01T00:00:00Z","until":"2026-02-01T00:00:00Z"}"#)
                .unwrap();
        let (from, until) = (window.from().unwrap(), window.until().unwrap());
        assert!(!window.opens_after(from) && !window.closed_by(from));
        assert!(window.is_open(from) && !window.is_open(until) && Window::default().is_open(from));
        assert!(window.opens_after(UnixTime::from_secs(from.as_secs() - 1)));
        assert!(window.closed_by(until) && !window.closed_by(UnixTime::from_secs(until.as_secs() - 1)));
    }

    #[test]
    fn ends_in_the_wrong_order_are_refused() {
        let error = serde_json::from_str::<Window>(
            r#"{"from":"2026-02-01T00:00:00Z","until":"2026-01-01T00:00:00Z"}"#,
        )
        .unwrap_err();
        assert!(error.to_string().contains("expected `until` after `from`"), "{error}");
    }
}
