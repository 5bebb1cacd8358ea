//! What is to become of an MPD, besides the signing of its URIs.

use crate::catalog::{Caps, MOST_MPD_BYTES};
use crate::manifest::Steering;

/// The edits of an MPD.
#[derive(Clone, Copy, Debug)]
pub struct Edits<'a> {
    /// The limits that rights put on it.
    pub caps: &'a Caps,
    /// The longest MPD that is read, in bytes; more than [`MOST_MPD_BYTES`] counts as that.
    pub max_bytes: usize,
    /// In how many seconds an MPD that changes is to be asked for again at the latest.
    pub update_within_s: Option<u64>,
    /// The content steering that an MPD is to announce.
    pub steering: Option<&'a Steering<'a>>,
}

impl<'a> Edits<'a> {
    /// Those that limits ask for, and no others.
    pub fn within(caps: &'a Caps) -> Self {
        Self { caps, max_bytes: MOST_MPD_BYTES, update_within_s: None, steering: None }
    }
}
