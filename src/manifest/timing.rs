//! What a manifest says of its own life, whichever kind it is.

/// The times of a manifest. What it does not say, or says in a way that cannot be read, is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// It is a Multivariant Playlist: it has a tag that only those have.
    pub multivariant: bool,
    /// How often there is something new in it, in milliseconds: the Target Duration; of an MPD, its `minimumUpdatePeriod` or its
    /// longest segment, whichever is less.
    pub target_ms: Option<u32>,
    /// The Part Target Duration, in milliseconds.
    pub part_target_ms: Option<u32>,
    /// Nothing will be added: it has an `EXT-X-ENDLIST`, or is an MPD of the type `static`. The playlist type `VOD` alone does
    /// not say so: players ask again for a playlist without the tag.
    pub ended: bool,
    /// The media origin holds a request until the playlist has what is asked for.
    pub can_block_reload: bool,
}

/// The longest time that counts, in milliseconds: a day.
pub(crate) const LONGEST_MS: u32 = 86_400_000;
