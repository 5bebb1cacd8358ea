//! Advertising in MPDs: the marks of breaks, the events that announce breaks, and the MPD that fills one.
//!
//! ```text
//! times        the times of Periods               (times.rs)
//! signals      the marks of breaks                (signals.rs, splice.rs)
//! inband       messages in segments               (inband/)
//! alternative  events that announce breaks        (alternative.rs)
//! list         the MPD that lists a pod           (list.rs, callback.rs, signaling.rs, overlay.rs)
//! ```

mod alternative;
mod callback;
mod inband;
mod list;
mod overlay;
mod signaling;
mod signals;
mod splice;
mod times;
mod write;

pub(super) use alternative::announce;
pub(super) use inband::leave_out as leave_out_inband;
pub use inband::{Beginning, SegmentHead, unread_segments, with_known_cues, with_segments};
pub use list::list_mpd;
