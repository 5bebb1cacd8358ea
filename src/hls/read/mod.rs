//! Reads the lines of a playlist.

pub(super) mod attributes;
pub(super) mod event;
pub(super) mod line;
pub(super) mod moment;
pub(super) mod seconds;
pub(super) mod tag;
pub(super) mod timing;
pub(super) mod variables;
#[cfg(test)]
pub(super) mod work;
