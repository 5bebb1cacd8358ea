//! The media origin's headers about keeping its reply.
//!
//! [RFC 9111 section 5.2.2](https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2),
//! [RFC 5861](https://www.rfc-editor.org/rfc/rfc5861), [RFC 8246](https://www.rfc-editor.org/rfc/rfc8246),
//! and, in place of `Cache-Control` where it is there, `CDN-Cache-Control` of
//! [RFC 9213](https://www.rfc-editor.org/rfc/rfc9213).

/// The directives of the media origin that matter to a shared cache. Times are in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OriginControl {
    /// `no-store`, `private` or `Vary: *`: for this viewer alone.
    pub refuses: bool,
    /// `s-maxage`, else `max-age`; none with `no-cache`, which is 0.
    pub fresh_ms: Option<u64>,
    /// `stale-while-revalidate`
    pub stale_ms: Option<u64>,
    /// `stale-if-error`
    pub error_ms: Option<u64>,
    /// `immutable`
    pub immutable: bool,
    /// `Age`: how old the reply was when it came.
    pub age_ms: u64,
}

impl OriginControl {
    /// Reads the headers of a reply.
    ///
    /// The media origin's reply does not depend on headers of a viewer's request (see [`super::source`]), so a `Vary`
    /// that names headers does not matter; `*` says that the reply depends on something else.
    pub fn read(header: impl Fn(&str) -> Option<String>) -> Self {
        let control = header("CDN-Cache-Control").or_else(|| header("Cache-Control")).unwrap_or_default();
        let mut found = Self::default();
        let (mut own, mut shared, mut asks) = (None, None, false);
        for directive in directives(&control) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let ms = || milliseconds(value);
            match name.trim().to_ascii_lowercase().as_str() {
                // `private="Set-Cookie"` names headers; it is taken for the whole reply.
                "no-store" | "private" => found.refuses = true,
                "no-cache" => asks = true,
                "s-maxage" => shared = shared.or_else(ms),
                "max-age" => own = own.or_else(ms),
                "stale-while-revalidate" => found.stale_ms = found.stale_ms.or_else(ms),
                "stale-if-error" => found.error_ms = found.error_ms.or_else(ms),
                "immutable" => found.immutable = true,
                _ => {}
            }
        }
        found.fresh_ms = if asks { Some(0) } else { shared.or(own) };
        found.refuses |= header("Vary").is_some_and(|vary| vary.split(',').any(|name| name.trim() == "*"));
        found.age_ms = header("Age").and_then(|age| milliseconds(&age)).unwrap_or_default();
        found
    }
}

/// The parts between commas that are not in quotes.
fn directives(control: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    control.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

/// Seconds; more than a year counts as a year.
fn milliseconds(value: &str) -> Option<u64> {
    let digits = value.trim().trim_matches('"');
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().unwrap_or(YEAR_S).min(YEAR_S) * 1000)
}

const YEAR_S: u64 = 31_536_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &str)]) -> OriginControl {
        OriginControl::read(|wanted| {
            headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn directives_of_the_media_origin() {
        let none = OriginControl::default();
        for (control, expected) in [
            ("", none),
            ("max-age=60", OriginControl { fresh_ms: Some(60_000), ..none }),
            ("Max-Age=60 , S-MaxAge=5", OriginControl { fresh_ms: Some(5_000), ..none }),
            ("max-age=\"60\"", OriginControl { fresh_ms: Some(60_000), ..none }),
            ("max-age=99999999999999999999", OriginControl { fresh_ms: Some(YEAR_S * 1000), ..none }),
            ("max-age=-1, max-age=x, max-age", none),
            ("no-cache, max-age=60", OriginControl { fresh_ms: Some(0), ..none }),
            ("public, no-store", OriginControl { refuses: true, ..none }),
            (
                "private=\"Set-Cookie, X\", max-age=1",
                OriginControl { refuses: true, fresh_ms: Some(1_000), ..none },
            ),
            ("x=\"no-store, private\"", none),
            (
                "max-age=1, stale-while-revalidate=2, stale-if-error=3, immutable",
                OriginControl {
                    fresh_ms: Some(1_000),
                    stale_ms: Some(2_000),
                    error_ms: Some(3_000),
                    immutable: true,
                    ..none
                },
            ),
        ] {
            assert_eq!(read(&[("Cache-Control", control)]), expected, "{control}");
        }
    }

    #[test]
    fn other_headers() {
        let targeted = read(&[("Cache-Control", "no-store"), ("CDN-Cache-Control", "max-age=9")]);
        assert_eq!((targeted.refuses, targeted.fresh_ms), (false, Some(9_000)));
        assert!(read(&[("Vary", "Accept-Encoding, *")]).refuses);
        assert!(!read(&[("Vary", "Accept-Encoding, Cookie")]).refuses);
        assert_eq!(read(&[("Age", "12")]).age_ms, 12_000);
    }
}
