//! Advertising in MPDs: the list MPD that fills a break.
//!
//! ```text
//! list        the MPD that lists a pod     (list.rs, callback.rs, overlay.rs)
//! ```

mod callback;
mod list;
mod overlay;
mod write;

pub use list::list_mpd;
