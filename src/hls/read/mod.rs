//! What the lines of a playlist are.

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
