//! The delivery directives of low-latency HLS, as a player puts them into a playlist's query.
//!
//! | directive | value | |
//! | --- | --- | --- |
//! | `_HLS_msn` | decimal integer | answer once the playlist has this Media Sequence Number |
//! | `_HLS_part` | decimal integer, with `_HLS_msn` | and this Part Index |
//! | `_HLS_skip` | `YES` or `v2` | leave out the segments that the player has |
//!
//! [draft-pantos-hls-rfc8216bis-22 section 6.2.5](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.2.5).
//! Other names that begin with `_HLS_` are reserved there: they stop at the edge unless a site lists them.

use super::query;
use crate::denial::{Denial, Reason};
use crate::hls::Skip;

/// The delivery directives of a player's request for a playlist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// `_HLS_msn`: hold the reply until the playlist has this Media Sequence Number.
    pub msn: Option<u64>,
    /// `_HLS_part`: and this Part Index of it.
    pub part: Option<u64>,
    /// `_HLS_skip`: a Playlist Delta Update.
    pub skip: Option<Skip>,
}

impl Directives {
    /// Their names, in the order in which they are written.
    pub const NAMES: [&str; 3] = ["_HLS_msn", "_HLS_part", "_HLS_skip"];

    /// Reads them from a query. Repeated directives, malformed numbers, and a part without a Media Sequence Number are
    /// refused: "the Server MUST return Bad Request, such as HTTP 400" ([section 6.2.5.2]).
    ///
    /// [section 6.2.5.2]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.2.5.2
    pub fn read(query: &str) -> Result<Self, Denial> {
        let mut found = Self::default();
        for (name, value) in query::parameters(query) {
            let again = match &*name {
                "_HLS_msn" => found.msn.replace(integer(&name, &value)?).is_some(),
                "_HLS_part" => found.part.replace(integer(&name, &value)?).is_some(),
                "_HLS_skip" => found.skip.replace(skip(&value)?).is_some(),
                _ => false,
            };
            if again {
                return Err(bad(format!("expected {name} once")));
            }
        }
        match found {
            Self { part: Some(_), msn: None, .. } => {
                Err(bad("expected _HLS_msn beside _HLS_part".to_owned()))
            }
            found => Ok(found),
        }
    }

    /// Whether the media origin holds the reply until the playlist has the requested segment or part.
    pub const fn is_blocking(&self) -> bool {
        self.msn.is_some()
    }

    /// The query's parameters.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (String, String)> {
        let Self { msn, part, skip } = self;
        let values = [
            msn.map(|msn| msn.to_string()),
            part.map(|part| part.to_string()),
            skip.map(|skip| skip.name().to_owned()),
        ];
        Self::NAMES.into_iter().zip(values).filter_map(|(name, value)| Some((name.to_owned(), value?)))
    }
}

/// > decimal-integer: an unquoted string of characters from the set \[0..9\] expressing an integer in base-10
/// > arithmetic in the range from 0 to 2^64-1
///
/// [Section 4.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.2)
fn integer(name: &str, value: &str) -> Result<u64, Denial> {
    let digits = Some(value).filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
        bad(format!("{name}: expected a decimal integer below 2^64, found `{}`", shortened(value)))
    })
}

fn skip(value: &str) -> Result<Skip, Denial> {
    Skip::from_directive(value)
        .ok_or_else(|| bad(format!("_HLS_skip: expected `YES` or `v2`, found `{}`", shortened(value))))
}

fn shortened(value: &str) -> &str {
    value.get(..20).unwrap_or(value)
}

fn bad(detail: String) -> Denial {
    Denial::new(Reason::DirectiveInvalid, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_in_any_order_and_spelling() {
        for (query, expected) in [
            ("", ""),
            ("token=x&CMCD=bl%3D1", ""),
            ("_HLS_msn=7", "_HLS_msn=7"),
            ("_HLS_skip=YES&_HLS_part=0&token=a%7Eb&_HLS_msn=007", "_HLS_msn=7&_HLS_part=0&_HLS_skip=YES"),
            ("_HLS%5Fmsn=%37&_HLS_skip=v2", "_HLS_msn=7&_HLS_skip=v2"),
            ("_HLS_msn=18446744073709551615", "_HLS_msn=18446744073709551615"),
            ("_HLS_pathway=a&_HLS_throughput=1&_HLS_start_offset=3&_HLS_primary_id=b&_hls_msn=1", ""),
        ] {
            let found: Vec<_> = Directives::read(query).unwrap().parameters().collect();
            assert_eq!(query::write(&found), expected, "{query}");
        }
    }

    #[test]
    fn what_the_specification_refuses_is_refused() {
        for bad in [
            "_HLS_msn=",
            "_HLS_msn",
            "_HLS_msn=-1",
            "_HLS_msn=+1",
            "_HLS_msn=1.5",
            "_HLS_msn=x",
            "_HLS_msn=18446744073709551616",
            "_HLS_msn=1&_HLS_msn=1",
            "_HLS_part=1",
            "_HLS_msn=1&_HLS_part=",
            "_HLS_skip=yes",
            "_HLS_skip=",
        ] {
            let denial = Directives::read(bad).unwrap_err();
            assert_eq!((denial.reason, denial.reason.status()), (Reason::DirectiveInvalid, 400), "{bad}");
        }
    }
}
