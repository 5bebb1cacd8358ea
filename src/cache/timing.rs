//! The times that a manifest itself states.

use crate::manifest::Timing;
use crate::{dash, hls};

/// Reads the times of a manifest in one pass: of an MPD if it is XML, else of a playlist.
pub fn timing(manifest: &[u8]) -> Timing {
    if dash::is_xml(manifest) { dash::timing(manifest) } else { hls::timing(manifest) }
}
