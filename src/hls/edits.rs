//! What is to become of a playlist, besides the signing of its URIs.

use super::Bounds;
use crate::catalog::Caps;

/// The edits of a playlist.
#[derive(Clone, Copy, Debug)]
pub struct Edits<'a> {
    /// The limits that rights put on it.
    pub caps: &'a Caps,
    /// The sizes that it may have.
    pub bounds: Bounds,
    /// Whether the session's token is written once, as a variable (`EXT-X-DEFINE`), in place of once for each URI.
    pub define: bool,
}

impl<'a> Edits<'a> {
    /// Those that limits ask for, and no others.
    pub fn within(caps: &'a Caps) -> Self {
        Self { caps, bounds: Bounds::default(), define: false }
    }
}
