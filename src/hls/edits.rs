//! The edits of a playlist, besides the signing of its URIs.

use crate::ads::Plan;
use crate::catalog::{Caps, PlaylistBounds, Start};
use crate::manifest::Steering;

/// The edits of a playlist.
#[derive(Clone, Copy, Debug)]
pub struct Edits<'a> {
    /// The limits that rights put on it.
    pub caps: &'a Caps,
    /// The sizes that it may have.
    pub bounds: PlaylistBounds,
    /// The rule for which remaining variant comes first. `None`: their order stays. The rule belongs to one viewer, so a
    /// playlist that a class shares has none.
    pub start: Option<Start>,
    /// Whether the session's token is written once, as a variable (`EXT-X-DEFINE`), in place of once for each URI.
    pub define: bool,
    /// Whether delta updates are made of live playlists whose media origin offers none.
    pub delta_updates: bool,
    /// The parts that the client has already, where the edge makes the delta update: `delta_updates`, or a rewind
    /// window, with which the media origin is asked for whole playlists.
    pub skip: Option<Skip>,
    /// Whether players' delivery directives stop at the edge: then nothing is offered that takes the media origin to answer
    /// them.
    pub directives_stop: bool,
    /// The content steering that it announces.
    pub steering: Option<&'a Steering<'a>>,
    /// The breaks of the title, which players are told of as interstitials.
    pub ads: Option<&'a Plan<'a>>,
}

impl<'a> Edits<'a> {
    /// The edits that the limits require, and no others.
    pub fn within(caps: &'a Caps) -> Self {
        Self {
            caps,
            bounds: PlaylistBounds::default(),
            start: None,
            define: false,
            delta_updates: false,
            skip: None,
            directives_stop: false,
            steering: None,
            ads: None,
        }
    }
}

/// The parts that a client asks to leave out (`_HLS_skip`).
///
/// [draft-pantos-hls-rfc8216bis-22 section 6.3.7](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.3.7)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Skip {
    /// Segments: `YES`.
    Segments,
    /// Date ranges as well: `v2`.
    Dateranges,
}

impl Skip {
    /// The directive's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Segments => "YES",
            Self::Dateranges => "v2",
        }
    }

    /// Reads the directive's value; others ask for nothing.
    pub fn from_directive(value: &str) -> Option<Self> {
        match value {
            "YES" => Some(Self::Segments),
            "v2" => Some(Self::Dateranges),
            _ => None,
        }
    }
}
