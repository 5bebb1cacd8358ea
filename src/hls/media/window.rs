//! How far a viewer may go back in a live stream.
//!
//! > The server MUST NOT remove a Media Segment from a Playlist file without an EXT-X-ENDLIST tag if that would produce a
//! > Playlist whose duration is less than three times the Target Duration.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 6.2.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.2.2)

use std::time::Duration;

use super::playlist::MediaPlaylist;
use super::timeline::Timeline;
use crate::manifest::Misplaced;

/// The shortest window of a live playlist: the longest of the time that rights give, the three Target Durations of the
/// specification, and the distance from the end at which players are told to begin.
///
/// A Skip Boundary makes no window longer: in a shorter one there is just nothing to skip. The window is never zero, so
/// something remains even if the segments have no duration.
pub(super) fn least(playlist: &MediaPlaylist<'_>, rewind_s: u32) -> Duration {
    Duration::from_secs(u64::from(rewind_s))
        .max(playlist.target.saturating_mul(3))
        .max(playlist.hold_back)
        .max(Duration::from_nanos(1))
}

/// Takes segments off the front as long as the segments behind them last for `least`. Of a longer playlist, less than
/// one segment more than `least` remains.
pub(super) fn clamped(mut timeline: Timeline<'_>, least: Duration) -> Result<Timeline<'_>, Misplaced> {
    timeline.left = timeline.take_while(|behind| behind >= least)?;
    Ok(timeline)
}
