//! MPDs of MPEG-DASH ([ISO/IEC 23009-1]): read as XML, edited by their text, written byte for byte.
//!
//! Unknown input passes through: an MPD without edits comes out identical, with its namespaces, comments and the order
//! of its attributes.
//!
//! ```text
//! parts       remote elements are fetched and inserted        (xlink.rs)
//! document    elements and attributes over the text           (document/)
//! edits       changes of the text                             (limits/, window.rs, update.rs, steering.rs -> change.rs)
//! insertion   Periods of other sources are inserted           (insertion.rs)
//! sign        every remaining URI is resolved and signed      (url_template.rs, resolver.rs, sign/)
//! template    rendered for each viewer by copying             (crate::manifest)
//! patches     updates of a live MPD                           (patch.rs)
//! timing      how long an MPD is kept                         (timing.rs)
//! streams     what an MPD states of its streams, for ads      (streams.rs)
//! findings    the checks of an MPD                            (check/)
//! ads         the MPD that lists a pod                        (ads/)
//! emsg        event messages in segments                      (emsg.rs)
//! ```
//!
//! [ISO/IEC 23009-1]: https://standards.iso.org/ittf/PubliclyAvailableStandards/

mod ads;
mod change;
mod check;
mod compile;
mod digits;
mod document;
mod duration;
mod edits;
mod emsg;
mod error;
mod insertion;
mod limits;
mod patch;
mod resolver;
mod selector;
mod sign;
mod steering;
mod streams;
mod timing;
mod update;
mod url_template;
mod window;
mod xlink;

pub use ads::{Beginning, SegmentHead, list_mpd, unread_segments, with_known_cues, with_segments};
pub use check::{Known, KnownAttribute, KnownChild, Rule, SPECIFICATION, Type, check};
pub use compile::{compile, forbidden, is_xml};
pub use document::Malformed;
pub use edits::{Edits, InsertedPeriod};
pub use emsg::{EmsgError, EventMessage, EventTime, event_messages};
pub use error::CompileError;
pub use patch::{VOID_PATCH, are_patched, compile_patch};
pub use streams::streams;
pub(crate) use timing::timing;
pub use xlink::{Room, remote_parts, with_remote_parts};
