//! HLS playlists ([RFC 8216]): read line by line, edited by lines, written byte for byte.
//!
//! Lines that are not understood pass through: a line borrows the playlist's bytes, and is copied verbatim unless an
//! edit changes it. So a playlist without edits comes out identical.
//!
//! ```text
//! read        the kind of each line, its tag and attributes    (read/)
//! edit        which lines remain, in which order               (media/, multivariant/ -> write/shape.rs)
//! sign        every URI that remains is resolved and signed    (write/)
//! template    rendered for each viewer by copying              (crate::manifest)
//! ```
//!
//! [RFC 8216]: https://www.rfc-editor.org/rfc/rfc8216

mod asset_list;
mod check;
mod compile;
mod edits;
mod error;
mod media;
mod multivariant;
mod read;
mod write;

pub use asset_list::asset_list;
pub use check::{Rule, check};
pub use compile::compile;
pub(crate) use compile::is_playlist;
pub use edits::{Edits, Skip};
pub use error::CompileError;
pub use multivariant::streams;
pub use read::attributes::Attribute;
pub use read::event::{Event, EventKind, events};
pub use read::tag::{Applies, Known, SPECIFICATION, Stands, Tag, Type, Value};
pub(crate) use read::timing::timing;
pub(crate) use write::list::is_list;
pub use write::list::{List, compile_list};
pub use write::writer::Writer;
