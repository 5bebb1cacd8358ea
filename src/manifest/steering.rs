//! Content steering in a manifest.

use crate::catalog::{ExistingSteering, PathwayClone, PathwayId};

/// The steering that a Multivariant Playlist or an MPD announces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Steering<'a> {
    /// The URI of the steering manifest, relative to the manifest; it is signed like any other URI.
    pub server_uri: &'a str,
    /// The pathways and clones that the steering manifest names, the preferred one first.
    pub order: Vec<&'a PathwayId>,
    /// Which of them are clones.
    pub clones: &'a [PathwayClone],
    /// What to do with an existing announcement.
    pub existing: ExistingSteering,
}
