//! Texts of VAST and VMAP documents: times, URLs, numbers.

use std::time::Duration;

/// The longest URL, in bytes.
pub const URL_MAX: usize = 8 * 1024;

/// A time, as `HH:MM:SS` or `HH:MM:SS.mmm` (VAST 4.3 section 3.9); a number of seconds is read too.
pub fn duration(text: &str) -> Option<Duration> {
    let mut parts = text.trim().rsplit(':');
    let (seconds, millis) = seconds(parts.next()?)?;
    let minutes = parts.next().map_or(Some(0), small)?;
    let hours = parts.next().map_or(Some(0), small)?;
    if parts.next().is_some() {
        return None;
    }
    let seconds = hours * 3_600 + minutes * 60 + seconds;
    Some(Duration::from_millis(seconds * 1_000 + millis))
}

/// `SS` or `SS.mmm`; digits behind the third are dropped.
fn seconds(text: &str) -> Option<(u64, u64)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digit = |at: usize| fraction.as_bytes().get(at).map_or(0, |digit| u64::from(digit - b'0'));
    Some((small(whole)?, digit(0) * 100 + digit(1) * 10 + digit(2)))
}

/// Up to six digits: more are not a time of an advertisement.
fn small(text: &str) -> Option<u64> {
    let is_number = (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// A place within an ad: a time from its start, or a part of its duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// A time from the start.
    Time(Duration),
    /// A part of the duration, in thousandths of a per cent.
    Part(u32),
}

impl Offset {
    /// Reads a time or a percentage.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.strip_suffix('%') {
            Some(number) => {
                let (whole, thousandths) = seconds(number.trim())?;
                let part = whole * 1_000 + thousandths;
                (part <= 100_000).then(|| Self::Part(u32::try_from(part).unwrap_or_default()))
            }
            None => duration(text).map(Self::Time),
        }
    }

    /// The time from the start; `None`: a part of a duration that is not known.
    pub fn time(self, duration: Option<Duration>) -> Option<Duration> {
        match self {
            Self::Time(time) => Some(time),
            Self::Part(part) => duration.map(|duration| duration.saturating_mul(part) / 100_000),
        }
    }
}

/// A URL of HTTP, which may have macros. A URL without a scheme gets `https`; any other scheme is not requested by anybody.
pub fn url(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > URL_MAX || text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return None;
    }
    let starts =
        |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if starts("//") {
        return Some(format!("https:{text}"));
    }
    let rest = [8, 7].into_iter().zip(["https://", "http://"]);
    let rest =
        rest.into_iter().find(|(_, scheme)| starts(scheme)).and_then(|(length, _)| text.get(length..))?;
    (!rest.is_empty() && !rest.starts_with(['/', '?', '#'])).then(|| text.to_owned())
}

/// A boolean attribute: `true`, `1`, in any case.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_to_the_millisecond() {
        for (text, expected) in [
            ("00:00:16", Some(16_000)),
            (" 00:01:30.123 ", Some(90_123)),
            ("01:00:00.5", Some(3_600_500)),
            ("00:00:15.1239", Some(15_123)),
            ("30", Some(30_000)),
            ("09:15:23", Some(33_323_000)),
            ("00:00:-1", None),
            ("00:00", Some(0)),
            ("1:2:3:4", None),
            ("00:00:15,5", None),
            ("99999999999:00:00", None),
            ("", None),
        ] {
            assert_eq!(duration(text), expected.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn offsets_are_times_or_parts() {
        let whole = Some(Duration::from_secs(30));
        assert_eq!(Offset::read("60%").unwrap().time(whole), Some(Duration::from_secs(18)));
        assert_eq!(Offset::read("12.5%").unwrap().time(whole), Some(Duration::from_millis(3_750)));
        assert_eq!(Offset::read("00:00:05").unwrap().time(None), Some(Duration::from_secs(5)));
        assert_eq!(Offset::read("60%").unwrap().time(None), None);
        assert_eq!((Offset::read("101%"), Offset::read("x")), (None, None));
    }

    #[test]
    fn urls_are_of_http() {
        assert_eq!(url(" //a.example/b ").as_deref(), Some("https://a.example/b"));
        assert_eq!(url("HTTP://a.example/[ERRORCODE]").as_deref(), Some("HTTP://a.example/[ERRORCODE]"));
        for bad in
            ["about:blank", "javascript:alert(1)", "invalid-url", "", "http://", "https:///x", "http://a\nb"]
        {
            assert_eq!(url(bad), None, "{bad}");
        }
        assert_eq!(url(&format!("http://{}", "a".repeat(URL_MAX))), None);
    }
}
