//! HLS playlists ([RFC 8216]): read line by line, edited by lines, written byte for byte.
//!
//! What is not understood passes through: a line borrows the playlist's bytes, and is copied verbatim unless an
//! edit of it exists. So a playlist without edits comes out identical.
//!
//! ```text
//! lines       what the lines are                               (lines.rs, attributes.rs, event.rs, tag.rs)
//! shape       which of them remain, in which order             (variants, media.rs, steering.rs -> shape.rs)
//! sign        every URI that remains is resolved and signed    (variables.rs, place.rs, sign.rs, define.rs)
//! template    rendered for each viewer by copying              (crate::manifest)
//! ```
//!
//! [RFC 8216]: https://www.rfc-editor.org/rfc/rfc8216

mod attribute_edits;
mod attributes;
mod break_mark;
mod check;
mod compile;
mod cut;
mod dateranges;
mod define;
mod delta;
mod edits;
mod event;
mod in_force;
mod item;
mod lines;
mod list;
mod live;
mod media;
mod moment;
mod part_range;
mod place;
mod seconds;
mod shape;
mod sign;
mod steering;
mod tag;
mod timing;
mod variables;
mod variants;
mod window;
#[cfg(test)]
mod work;
mod writer;

pub use attributes::Attribute;
pub use check::{Rule, check};
pub(crate) use compile::is_playlist;
pub use compile::{CompileError, compile};
pub use delta::Skip;
pub use edits::Edits;
pub use event::{Event, EventKind, events};
pub(crate) use list::is_list;
pub use list::{List, compile_list};
pub use tag::{Applies, Known, SPECIFICATION, Stands, Tag, Type, Value};
pub(crate) use timing::timing;
pub use writer::Writer;
