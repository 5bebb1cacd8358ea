//! What is asked.

use std::time::Duration;

use super::Reach;
use crate::ads::macros::Values;

/// A decision that an ad server is asked for.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// Where it starts.
    pub start: Start<'a>,
    /// The values of macros.
    pub values: &'a Values,
    /// The addresses that requests may lead to.
    pub reach: Reach,
    /// The longest time for one request.
    pub each: Duration,
    /// The longest time for all.
    pub total: Duration,
    /// The most wrappers in front of an ad.
    pub wrappers: u8,
}

/// Where a decision starts.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// With the document at this URL, which may have macros.
    Template(&'a str),
    /// With a document that is there already, as within a VMAP document.
    Document(&'a [u8]),
}
