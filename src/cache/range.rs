//! Byte ranges of a kept file.
//!
//! ```text
//! ranges-specifier = "bytes" "=" range-set
//! int-range        = first-pos "-" [ last-pos ]
//! suffix-range     = "-" suffix-length
//! ```
//!
//! [RFC 9110 section 14.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-14.1.2)

use std::ops::Range;

/// The one range that a player asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From a position to another, both included; or to the end.
    From(u64, Option<u64>),
    /// The last bytes, so many.
    Last(u64),
}

impl ByteRange {
    /// Reads a `Range`. `None`: it has another unit or several ranges, or is malformed; the reply may then be the whole
    /// file.
    pub fn read(header: &str) -> Option<Self> {
        let (unit, set) = header.split_once('=')?;
        let (first, last) =
            set.trim().split_once('-').filter(|_| unit.trim().eq_ignore_ascii_case("bytes"))?;
        let position = |text: &str| {
            let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            digits?.parse().ok()
        };
        match (first.trim(), last.trim()) {
            ("", length) => position(length).map(Self::Last),
            (first, "") => position(first).map(|first| Self::From(first, None)),
            (first, last) => {
                let (first, last) = (position(first)?, position(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    /// The first position, where it is known without the file's length.
    pub const fn first(&self) -> u64 {
        match self {
            Self::From(first, _) => *first,
            Self::Last(_) => 0,
        }
    }

    /// The bytes that it selects of a file of this length; `None`: none (416).
    pub fn of(&self, length: u64) -> Option<Range<u64>> {
        let range = match *self {
            Self::From(first, last) => first..last.map_or(length, |last| last.saturating_add(1).min(length)),
            Self::Last(count) => length.saturating_sub(count)..length,
        };
        Some(range).filter(|range| range.start < range.end)
    }
}

/// Whether a part of a file is of the file that an `If-Range` names, by the part's own validators; else the whole is to be
/// sent ([RFC 9110 section 13.1.5]). A weak tag names no bytes, and a date counts where it is the very same.
///
/// [RFC 9110 section 13.1.5]: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5
pub fn is_of_known(if_range: &str, etag: Option<&str>, last_modified: Option<&str>) -> bool {
    let known = if_range.trim();
    if known.starts_with('"') {
        etag.is_some_and(|etag| etag.trim() == known)
    } else {
        !known.is_empty() && last_modified.is_some_and(|date| date.trim() == known)
    }
}

/// The length of the whole file according to `Content-Range`.
pub fn whole_length(content_range: &str) -> Option<u64> {
    content_range.rsplit_once('/')?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_bytes() {
        for (header, expected) in [
            ("bytes=0-4", Some(0..5)),
            ("Bytes = 10-14", Some(10..15)),
            ("bytes=95-", Some(95..100)),
            ("bytes=95-500", Some(95..100)),
            ("bytes=0-18446744073709551615", Some(0..100)),
            ("bytes=-5", Some(95..100)),
            ("bytes=-500", Some(0..100)),
            ("bytes=100-", None),
            ("bytes=500-600", None),
            ("bytes=-0", None),
        ] {
            assert_eq!(ByteRange::read(header).unwrap().of(100), expected, "{header}");
        }
        assert_eq!(ByteRange::read("bytes=0-").unwrap().of(0), None);
    }

    #[test]
    fn other_ranges_are_not_read() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-4",
            "bytes=0-1,3-4",
            "items=0-1",
            "bytes=+1-2",
            "bytes=a-b",
        ] {
            assert_eq!(ByteRange::read(header), None, "{header}");
        }
    }

    #[test]
    fn a_part_is_of_the_file_that_the_player_knows() {
        let date = "Sun, 22 Nov 2026 06:00:00 GMT";
        for (if_range, etag, last_modified, expected) in [
            ("\"a\"", Some("\"a\""), None, true),
            ("\"a\"", Some("\"b\""), None, false),
            ("\"a\"", None, Some(date), false),
            ("W/\"a\"", Some("W/\"a\""), None, false),
            ("\"a\"", Some("W/\"a\""), None, false),
            (date, Some("\"a\""), Some(date), true),
            (date, None, Some("Sun, 22 Nov 2026 06:00:01 GMT"), false),
            (date, None, None, false),
            ("", None, Some(""), false),
        ] {
            assert_eq!(is_of_known(if_range, etag, last_modified), expected, "{if_range} {etag:?}");
        }
    }

    #[test]
    fn a_part_tells_the_length_of_the_whole() {
        assert_eq!(whole_length("bytes 0-4/100"), Some(100));
        assert_eq!((whole_length("bytes 0-4/*"), whole_length("")), (None, None));
    }
}
