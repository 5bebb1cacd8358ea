//! What is written: pieces of a playlist, with every URI signed.

pub(super) mod attribute_edits;
mod define;
pub(super) mod list;
mod place;
pub(super) mod shape;
pub(super) mod sign;
pub(super) mod writer;
