//! Writes the pieces of a playlist, with every URI signed.

pub(super) mod attribute_edits;
mod define;
pub(super) mod list;
mod resolver;
pub(super) mod shape;
pub(super) mod sign;
mod uris;
pub(super) mod writer;
