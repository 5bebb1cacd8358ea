//! How much of a playlist is read.

/// The sizes that a playlist may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The whole of it, in bytes.
    pub playlist_bytes: usize,
    /// One line with its end, in bytes.
    pub line_bytes: usize,
}

impl Bounds {
    /// The longest playlist, whatever a site allows: with what is made of it, it has to leave room for other tenants'.
    pub(crate) const MOST_BYTES: usize = 12 * 1024 * 1024;

    /// The longest Multivariant Playlist of which something is left out, or that is put into another order. 20,000 variants
    /// take as much.
    pub(super) const MOST_MULTIVARIANT_BYTES: usize = 4 * 1024 * 1024;
}

impl Default for Bounds {
    /// 12 MiB, of which 100,000 segments with names of 100 bytes take 11, and 64 KiB: four times the longest URL that Cloudflare
    /// accepts.
    fn default() -> Self {
        Self { playlist_bytes: Self::MOST_BYTES, line_bytes: 64 * 1024 }
    }
}
