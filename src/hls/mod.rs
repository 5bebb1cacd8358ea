//! HLS playlists ([RFC 8216]): read line by line, written byte for byte.
//!
//! What is not understood passes through: a line borrows the playlist's bytes, and is copied verbatim unless an
//! edit of it exists. So a playlist without edits comes out identical.
//!
//! [RFC 8216]: https://www.rfc-editor.org/rfc/rfc8216

mod attributes;
mod check;
mod compile;
mod event;
mod limits;
mod lines;
mod place;
mod tag;
mod template;
mod writer;

pub use attributes::Attribute;
pub use check::{FINDINGS_MAX, Finding, Rule, Severity, check};
pub use compile::{CompileError, compile};
pub use event::{Event, EventKind, events};
pub use place::{Frame, Reach};
pub use tag::{Applies, Known, SPECIFICATION, Stands, Tag, Type, Value};
pub use template::Template;
pub use writer::Writer;
