//! What is to become of a playlist, besides the signing of its URIs.

use super::Bounds;
use crate::catalog::{Caps, Start};

/// The edits of a playlist.
#[derive(Clone, Copy, Debug)]
pub struct Edits<'a> {
    /// The limits that rights put on it.
    pub caps: &'a Caps,
    /// The sizes that it may have.
    pub bounds: Bounds,
    /// Which of the variants that remain comes first; `None`: their order stays. It is one viewer's: where playlists are
    /// shared by a class, there is none.
    pub start: Option<Start>,
    /// Whether the session's token is written once, as a variable (`EXT-X-DEFINE`), in place of once for each URI.
    pub define: bool,
}

impl<'a> Edits<'a> {
    /// Those that limits ask for, and no others.
    pub fn within(caps: &'a Caps) -> Self {
        Self { caps, bounds: Bounds::default(), start: None, define: false }
    }
}
