//! Where a credential stands in a request.

use crate::catalog::{PathPlacement, Placement};

/// A part of a request in which a credential, or a part of it, may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Spot<'a> {
    /// A query parameter of this name.
    Parameter(&'a str),
    /// `name=value` of this name behind any delimiter of a URI, in the path or in the query: within another parameter's
    /// value too.
    Delimited(&'a str),
    /// A query parameter without a name, which begins with ten digits and `-`.
    Stamped,
    /// A header of this name, in any case.
    Header(&'a str),
    /// A cookie of this name.
    Cookie(&'a str),
    /// The first segment of the path.
    FirstSegment,
    /// A path-style parameter of this name: `;name=value`.
    PathParameter(&'a str),
    /// A segment of the path that begins with this text.
    Segment(&'a str),
}

impl<'a> From<&'a Placement> for Spot<'a> {
    fn from(placement: &'a Placement) -> Self {
        match placement {
            Placement::Query(name) => Self::Parameter(name),
            Placement::Authorization => Self::Header("authorization"),
            Placement::Cookie(name) => Self::Cookie(name),
            Placement::Header(name) => Self::Header(name),
            Placement::Path(PathPlacement::Before | PathPlacement::Title) => Self::FirstSegment,
            Placement::Path(PathPlacement::Parameter(name)) => Self::PathParameter(name),
        }
    }
}

/// Whether a text begins as a timed HMAC does.
pub(super) fn is_stamped(text: &str) -> bool {
    text.split_once('-')
        .is_some_and(|(stamp, _)| stamp.len() == 10 && stamp.bytes().all(|b| b.is_ascii_digit()))
}
