//! Time as an input: nothing in the core reads a clock.

use std::fmt;

use chrono::format::ParseErrorKind;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::reading::Quoted;

/// An instant in whole seconds since 1970-01-01T00:00:00Z.
///
/// In documents it is an [RFC 3339] string with any offset; it is stored and written in UTC. A time zone in brackets
/// behind it ([RFC 9557]) is for people: the offset counts, since the edge has no table of time zones. A time zone that
/// is marked as critical (`[!Asia/Dubai]`) would have to be compared with the offset, so it is refused.
///
/// [RFC 3339]: https://www.rfc-editor.org/rfc/rfc3339#section-5.6
/// [RFC 9557]: https://www.rfc-editor.org/rfc/rfc9557#section-4.1
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
pub struct UnixTime(u64);

impl UnixTime {
    /// Takes whole seconds since the Unix epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs)
    }

    /// Whole seconds since the Unix epoch.
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// This instant moved later; it stays at the end of time rather than wrap.
    #[must_use]
    pub const fn plus_secs(self, secs: u64) -> Self {
        Self(self.0.saturating_add(secs))
    }

    /// Whole seconds from `earlier` until this instant, zero when it is not later.
    pub const fn secs_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match i64::try_from(self.0).ok().and_then(|secs| DateTime::<Utc>::from_timestamp(secs, 0)) {
            Some(instant) => f.write_str(&instant.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => write!(f, "@{}", self.0),
        }
    }
}

impl Serialize for UnixTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An instant in milliseconds since 1970-01-01T00:00:00Z, as streams date their segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub u64);

/// A [`Duration`](std::time::Duration) as whole milliseconds, for `#[serde(with)]`.
pub mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes whole milliseconds.
    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    /// Reads whole milliseconds.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }

    /// The same for an optional duration.
    pub mod optional {
        use std::time::Duration;

        use serde::{Deserialize, Deserializer, Serializer};

        /// Writes whole milliseconds.
        pub fn serialize<S: Serializer>(
            duration: &Option<Duration>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match duration {
                Some(duration) => super::serialize(duration, serializer),
                None => serializer.serialize_none(),
            }
        }

        /// Reads whole milliseconds.
        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
            Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
        }
    }
}

/// The text in front of its suffix, `1*("[" ... "]")`; the whole text if what follows is no suffix to be ignored.
fn without_suffix(text: &str) -> &str {
    let Some((instant, suffix)) = text.split_once('[') else { return text };
    let Some(tags) = suffix.strip_suffix(']') else { return text };
    let is_tag = |tag: &str| {
        !tag.is_empty()
            && !tag.starts_with('!')
            && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_.+-=".contains(&b))
    };
    if tags.split("][").all(is_tag) { instant } else { text }
}

impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let instant = DateTime::parse_from_rfc3339(without_suffix(&text)).map_err(|error| {
            let why = match error.kind() {
                ParseErrorKind::OutOfRange | ParseErrorKind::Impossible => ": there is no such time",
                _ => "",
            };
            de::Error::custom(format_args!(
                "expected an RFC 3339 date and time with an offset, such as 2026-11-22T18:00:00Z, found {}{why}",
                Quoted(&text)
            ))
        })?;
        u64::try_from(instant.timestamp()).map(Self).map_err(|_| {
            de::Error::custom(format_args!("expected a time since 1970-01-01T00:00:00Z, found `{text}`"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_offset_and_writes_utc() {
        let time: UnixTime = serde_json::from_str(r#""2026-11-22T22:00:00+04:00""#).unwrap();
        assert_eq!(time, UnixTime::from_secs(1_795_370_400));
        assert_eq!(serde_json::to_string(&time).unwrap(), r#""2026-11-22T18:00:00Z""#);
    }

    #[test]
    fn a_time_zone_in_brackets_is_for_people() {
        let secs =
            |text: &str| serde_json::from_str::<UnixTime>(&format!("\"{text}\"")).map(UnixTime::as_secs).ok();
        let plain = secs("2026-12-01T00:00:00+04:00");
        assert!(plain.is_some());
        assert_eq!(secs("2026-12-01T00:00:00+04:00[Asia/Dubai]"), plain);
        assert_eq!(secs("2026-12-01T00:00:00+04:00[Asia/Dubai][u-ca=gregory]"), plain);
        for bad in ["[!Asia/Dubai]", "[]", "[Asia/Dubai", "[Asia/Dubai]x", "[Asia/Dubai]]", "[a b]"] {
            assert_eq!(secs(&format!("2026-12-01T00:00:00+04:00{bad}")), None, "{bad}");
        }
    }

    #[test]
    fn says_what_was_expected() {
        let read = |text: &str| serde_json::from_str::<UnixTime>(text).unwrap_err().to_string();
        assert!(
            read(r#""2026-02-30T00:00:00Z""#).contains("found `2026-02-30T00:00:00Z`: there is no such time")
        );
        let error = read(r#""tomorrow""#);
        assert!(
            error.contains("expected an RFC 3339 date and time") && error.contains("`tomorrow`"),
            "{error}"
        );
        assert!(serde_json::from_str::<UnixTime>(r#""1969-12-31T23:59:59Z""#).is_err());
    }
}
