//! MPDs of MPEG-DASH ([ISO/IEC 23009-1]): read as XML, edited by their text, written byte for byte.
//!
//! What is not understood passes through: an MPD without edits comes out identical, with its namespaces, comments and the
//! order of its attributes.
//!
//! ```text
//! parts       what is to be had elsewhere is put in           (xlink.rs)
//! document    what the elements are                           (document/)
//! edits       what is made of it, as changes of its text       (limits/, window.rs, update.rs, steering.rs -> change.rs)
//! sign        every URI that remains is resolved and signed   (url_template.rs, place.rs, sign/)
//! template    rendered for each viewer by copying             (crate::manifest)
//! patches     what has changed of a live MPD                  (patch.rs)
//! timing      for how long an MPD is kept                     (timing.rs)
//! findings    what is wrong with it                           (check/)
//! ```
//!
//! [ISO/IEC 23009-1]: https://standards.iso.org/ittf/PubliclyAvailableStandards/

mod change;
mod check;
mod compile;
mod digits;
mod document;
mod duration;
mod edits;
mod error;
mod limits;
mod patch;
mod place;
mod selector;
mod sign;
mod steering;
mod timing;
mod update;
mod url_template;
mod window;
mod xlink;

pub use check::{Known, KnownAttribute, KnownChild, Rule, SPECIFICATION, Type, check};
pub use compile::{compile, forbidden, is_xml};
pub use document::Malformed;
pub use edits::Edits;
pub use error::CompileError;
pub use patch::{VOID_PATCH, are_patched, compile_patch};
pub(crate) use timing::timing;
pub use xlink::{Room, remote_parts, with_remote_parts};
