//! The edits of a Multivariant Playlist: which variant streams and renditions remain, and which variant comes first.
//!
//! ```text
//! master       streams and renditions, and whether each is within the limits    (master.rs, value.rs, limits.rs, …)
//! consequences variants without sound, renditions without a variant, I-frames   (consequences.rs, groups.rs)
//! left out     why, if nothing remains                                  (left_out.rs)
//! repair       DEFAULT, names of groups that are gone, the pathway of content steering     (renditions.rs, repair.rs)
//! start        the variant that a player begins with                    (start.rs)
//! script       all of that as a shape                                   (script.rs)
//! streams      what it states of its streams, for ads                   (streams.rs)
//! ```
//!
//! Each step looks at each line once; groups, pathways and resolutions are found by key.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.4.6](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6)

mod consequences;
mod edit;
mod groups;
mod language;
mod left_out;
mod limits;
mod list_tag;
mod master;
#[cfg(test)]
mod properties;
mod renditions;
mod repair;
mod script;
mod start;
mod steering;
mod streams;
#[cfg(test)]
mod testing;
mod value;

pub(super) use edit::{are_edited, is_multivariant, shape};
pub(super) use steering::announce;
pub use streams::streams;
