//! HLS playlists ([RFC 8216]): read line by line, edited by lines, written byte for byte.
//!
//! What is not understood passes through: a line borrows the playlist's bytes, and is copied verbatim unless an
//! edit of it exists. So a playlist without edits comes out identical.
//!
//! ```text
//! lines       what the lines are                               (lines.rs, attributes.rs)
//! shape       which of them remain, in which order             (variants.rs, limits.rs -> shape.rs)
//! sign        every URI that remains is resolved and signed    (variables.rs, place.rs, sign.rs, define.rs)
//! template    rendered for each viewer by copying              (template.rs)
//! ```
//!
//! [RFC 8216]: https://www.rfc-editor.org/rfc/rfc8216

mod attributes;
mod bounds;
mod compile;
mod define;
mod edits;
mod limits;
mod lines;
mod place;
mod shape;
mod sign;
mod template;
mod timing;
mod variables;
mod variants;

pub use bounds::Bounds;
pub use compile::{CompileError, compile};
pub use edits::Edits;
pub use place::{Frame, Signing};
pub use template::Template;
pub use timing::Timing;
