//! The edits of Media Playlists: interstitials for breaks, and in live the rewind window, which stays when they end, and delta
//! updates.
//!
//! ```text
//! playlist      its own tags, and where its segments lie: the first pass               (playlist.rs, item.rs)
//! timeline      its segments, with the tags in force in front of them       (timeline.rs, in_force.rs, keys.rs, …)
//! window        which segments leave it                                                (window.rs, dateranges.rs)
//! delta         which of the remaining segments a client has                           (delta.rs)
//! interstitials breaks of the title, and of the marks in the playlist                  (interstitials.rs, marks/)
//! shape         the lines that are written, with the tags that are repeated in front of them     (shape.rs, settings.rs)
//! ```
//!
//! Each edit takes a [timeline](timeline) and returns one, so that the next edit works on the result.
//! The tags of the playlist and its date ranges stay where the segments around them go; the segments' own tags go with them,
//! known or not.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 6.2.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.2.2)

mod break_mark;
mod byte_range;
mod dateranges;
mod delta;
mod in_force;
#[cfg(test)]
mod inserted;
mod interstitials;
mod item;
mod keys;
mod marks;
mod next;
mod playlist;
mod settings;
mod shape;
#[cfg(test)]
mod tests;
mod timeline;
mod window;

pub(super) use shape::shape;
