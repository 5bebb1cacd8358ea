//! A VMAP document.

use std::time::Duration;

use crate::ads::xml::Malformed;
use crate::ads::{Happening, Offset, Scheduled, Tracking};

/// A VMAP document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vmap {
    /// The version, as it is stated.
    pub version: Option<String>,
    /// The breaks, in the order of the document.
    pub breaks: Vec<AdBreak>,
    /// Parts that are left out, with reasons.
    pub left_out: Vec<Happening>,
}

impl Vmap {
    /// The break of an id.
    pub fn find(&self, id: &str) -> Option<&AdBreak> {
        self.breaks.iter().find(|found| found.id == id)
    }

    /// Where its breaks lie.
    pub fn schedule(&self) -> Vec<Scheduled> {
        let scheduled = |found: &AdBreak| Scheduled {
            at: found.offset,
            id: found.id.clone(),
            repeat_after: found.repeat_after,
        };
        self.breaks.iter().map(scheduled).collect()
    }
}

/// An element `AdBreak` (section 2.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdBreak {
    /// Its id, unique within the document: `breakId`, or a name of its number if it states none, or one that stands earlier
    /// already.
    pub id: String,
    /// Where it lies.
    pub offset: Offset,
    /// The time after which it repeats.
    pub repeat_after: Option<Duration>,
    /// Whether linear ads may fill it.
    pub linear: bool,
    /// Whether non-linear items may be shown in it.
    pub non_linear: bool,
    /// Where its ads come from.
    pub source: AdSource,
    /// Whether a pod may fill it, rather than one ad. Absent: it may.
    pub allows_pod: Option<bool>,
    /// Whether wrappers are followed. Absent: they are.
    pub follows: Option<bool>,
    /// URLs that are requested as it begins, ends or fails.
    pub tracking: Vec<Tracking>,
}

/// Where the ads of a break come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdSource {
    /// A VAST document, as it stands in the VMAP document.
    Vast(String),
    /// The URL of a VAST document, which may have macros.
    Tag(String),
}

/// Why a text is not a VMAP document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VmapError {
    /// It is not XML, or exceeds a limit.
    #[error(transparent)]
    Xml(#[from] Malformed),
    /// Its root is another element.
    #[error("expected the root element `VMAP`, found `{0}`")]
    Root(String),
    /// Its version is not supported.
    #[error("expected VMAP 1.x, found `{0}`")]
    Version(String),
}
