//! The edits of an MPD, apart from signing its URIs.

use url::Url;

use crate::ads::Plan;
use crate::catalog::{Caps, MOST_MPD_BYTES};
use crate::manifest::{Frame, Steering};

/// The edits of an MPD.
#[derive(Clone, Copy, Debug)]
pub struct Edits<'a> {
    /// The limits from the viewer's rights.
    pub caps: &'a Caps,
    /// The longest MPD that is read, in bytes; at most [`MOST_MPD_BYTES`].
    pub max_bytes: usize,
    /// The longest time, in seconds, until players request a live MPD again.
    pub update_within_s: Option<u64>,
    /// The content steering that the MPD announces.
    pub steering: Option<&'a Steering<'a>>,
    /// Periods of other sources to insert, in order.
    pub inserted: &'a [InsertedPeriod<'a>],
    /// The breaks to announce. A patch is then refused, because it could mark a break that the edge has not announced.
    pub ads: Option<&'a Plan<'a>>,
}

/// A Period of another source (ISO/IEC 23009-1 section 5.3.2), such as an ad's.
///
/// Its URIs are resolved against its own base, whatever base URLs the MPD has, and signed under its own frame. The
/// caller sets its times: `start`, `duration`, and those of the Periods around it.
#[derive(Clone, Copy, Debug)]
pub struct InsertedPeriod<'a> {
    /// The id of the Period that it is inserted in front of; `None`: it is appended behind the last Period.
    pub before: Option<&'a str>,
    /// The `id` of the element; no other Period of the MPD may have it.
    pub id: &'a str,
    /// The element `Period`, with the prefix of the MPD's own elements. It declares the other prefixes that it uses.
    pub period: &'a str,
    /// The URL that its URIs are relative to at its source.
    pub base_url: &'a Url,
    /// Which URIs the session covers, and how they carry it. A foreign base URL that the frame passes stays as it is.
    pub frame: Frame<'a>,
}

impl<'a> Edits<'a> {
    /// Only the edits that the limits require.
    pub fn within(caps: &'a Caps) -> Self {
        Self {
            caps,
            max_bytes: MOST_MPD_BYTES,
            update_within_s: None,
            steering: None,
            inserted: &[],
            ads: None,
        }
    }

    /// Whether breaks are announced that the media marks, so that each version of a live MPD may have others.
    pub(super) fn announce_marks(&self) -> bool {
        self.ads.is_some_and(|plan| !plan.ads.is_some_and(|ads| ads.ignore_markers))
    }
}
