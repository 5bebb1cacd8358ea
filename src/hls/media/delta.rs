//! Playlist Delta Updates that the edge makes: a client that has an older copy gets the new segments alone.
//!
//! > The Playlist Delta Update is a version of the Playlist in which Media Segments that are further from the end of the
//! > last (Parent) Media Segment in the Playlist than the Skip Boundary, as well as their associated tags, are replaced by
//! > an EXT-X-SKIP tag.
//!
//! [draft-pantos-hls-rfc8216bis-22 sections 4.4.5.2 and 6.2.5.1](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.2.5.1).
//! Date ranges are never skipped, whatever the client asks for, and `CAN-SKIP-DATERANGES` is not offered. To tell which date
//! ranges were added or removed recently, the edge would have to follow the playlist as it grows. A playlist that has ended
//! is read once more, and as a whole. Keys and maps of the skipped part that still apply are repeated, because hls.js does not
//! take them from its older copy.

use std::time::Duration;

use super::playlist::MediaPlaylist;
use super::timeline::Timeline;
use crate::hls::edits::{Edits, Skip};
use crate::hls::read::seconds::write;
use crate::manifest::Misplaced;

/// The version that a playlist with `EXT-X-SKIP` needs, as long as it leaves no date ranges out.
///
/// [Section 8](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-8)
pub(super) const LEAST_VERSION: u64 = 9;

/// Who makes a playlist's delta updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeltaMaker {
    /// The media origin, or nobody.
    Origin,
    /// The edge, which has to offer them, by this Skip Boundary.
    Edge(Duration),
    /// The edge, by the Skip Boundary that the media origin offers. The media origin is asked for whole playlists, since
    /// the rest of a window, and the breaks, depend on segments that its own delta updates leave out; or players' directives do not
    /// reach it.
    EdgeForOrigin(Duration),
}

impl DeltaMaker {
    /// > The Skip Boundary MUST be at least six times the Target Duration.
    ///
    /// [Section 4.4.3.8](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.3.8)
    pub(super) fn of(playlist: &MediaPlaylist<'_>, is_clamped: bool, edits: &Edits<'_>) -> Self {
        let offers = edits.delta_updates;
        match playlist.can_skip_until {
            Some(boundary) if is_clamped || edits.ads.is_some() || (offers && edits.directives_stop) => {
                Self::EdgeForOrigin(boundary)
            }
            Some(_) => Self::Origin,
            None if offers && !playlist.has_ended && !playlist.target.is_zero() => {
                Self::Edge(playlist.target.saturating_mul(6))
            }
            None => Self::Origin,
        }
    }

    /// The distance from the end behind which segments are left out.
    pub(super) const fn boundary(self) -> Option<Duration> {
        match self {
            Self::Origin => None,
            Self::Edge(boundary) | Self::EdgeForOrigin(boundary) => Some(boundary),
        }
    }

    /// The attribute that offers it, where the playlist has none.
    pub(super) fn offer(self) -> Option<String> {
        match self {
            Self::Edge(boundary) => Some(format!("CAN-SKIP-UNTIL={}", write(boundary))),
            Self::Origin | Self::EdgeForOrigin(_) => None,
        }
    }
}

/// Takes the segments off the front that a client has: those that are further from the end than the Skip Boundary.
pub(super) fn skipped(mut timeline: Timeline<'_>, boundary: Duration) -> Result<Timeline<'_>, Misplaced> {
    // Something is always written, of segments of no duration too.
    let boundary = boundary.max(Duration::from_nanos(1));
    timeline.skipped = timeline.take_while(|behind| behind >= boundary)?.segments;
    Ok(timeline)
}

/// The tag in place of segments.
pub(super) fn tag(skip: Skip, segments: u64) -> String {
    let removed = match skip {
        Skip::Segments => "",
        // "REQUIRED if the Client requested an update that skips EXT-X-DATERANGE tags".
        Skip::Dateranges => ",RECENTLY-REMOVED-DATERANGES=\"\"",
    };
    format!("#EXT-X-SKIP:SKIPPED-SEGMENTS={segments}{removed}\n")
}
