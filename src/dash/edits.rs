//! What is to become of an MPD, besides the signing of its URIs.

use url::Url;

use crate::catalog::{Caps, MOST_MPD_BYTES};
use crate::manifest::{Frame, Steering};

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
    /// Periods of other sources that are put in, in their order.
    pub inserted: &'a [InsertedPeriod<'a>],
}

/// A Period of another source (ISO/IEC 23009-1 section 5.3.2), such as an ad's.
///
/// Its URIs are resolved against a base of its own, whatever base URLs the MPD has, and signed under a frame of its own.
/// Its times are the caller's to set: `start`, `duration`, and those of the Periods around it.
#[derive(Clone, Copy, Debug)]
pub struct InsertedPeriod<'a> {
    /// The id of the MPD's Period that it comes in front of; `None`: it comes behind the last.
    pub before: Option<&'a str>,
    /// The `id` of the element, which no other Period of the MPD has.
    pub id: &'a str,
    /// The element `Period`. It declares the namespaces of the prefixes that it uses, and has the MPD's own prefix.
    pub period: &'a str,
    /// The URL at the source that its URIs are relative to.
    pub base_url: &'a Url,
    /// Which URIs the session covers, and how they carry it. A foreign base URL that the frame passes is left as it is.
    pub frame: Frame<'a>,
}

impl<'a> Edits<'a> {
    /// Those that limits ask for, and no others.
    pub fn within(caps: &'a Caps) -> Self {
        Self { caps, max_bytes: MOST_MPD_BYTES, update_within_s: None, steering: None, inserted: &[] }
    }
}
