//! Helpers that the integration tests share.

pub(crate) mod edge;
pub(crate) mod mint;
