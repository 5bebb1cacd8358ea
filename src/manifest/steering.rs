//! Content steering, as a manifest announces it.

use crate::catalog::{ExistingSteering, PathwayClone, PathwayId};

/// What a Multivariant Playlist or an MPD is to announce.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Steering<'a> {
    /// The URI of the steering manifest, relative to the manifest: it is signed as all URIs are.
    pub server_uri: &'a str,
    /// The pathways and clones that the steering manifest names, the preferred one first.
    pub order: Vec<&'a PathwayId>,
    /// Which of them are clones.
    pub clones: &'a [PathwayClone],
    /// What becomes of an announcement that is there already.
    pub existing: ExistingSteering,
}
