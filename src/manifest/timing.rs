//! The times of a manifest of either format.

/// The times of a manifest. A missing or unreadable value is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// It is a Multivariant Playlist: it has a tag that only those have.
    pub multivariant: bool,
    /// How often the manifest changes, in milliseconds: the Target Duration, or for an MPD the lesser of its
    /// `minimumUpdatePeriod` and its longest segment.
    pub target_ms: Option<u32>,
    /// The Part Target Duration, in milliseconds.
    pub part_target_ms: Option<u32>,
    /// Nothing will be added: it has an `EXT-X-ENDLIST`, or is an MPD of the type `static`. The playlist type `VOD`
    /// alone is not enough: players request a playlist without the tag again.
    pub ended: bool,
    /// The media origin blocks a request until the playlist contains the requested part.
    pub can_block_reload: bool,
}

/// The longest time that counts, in milliseconds: a day.
pub(crate) const LONGEST_MS: u32 = 86_400_000;
