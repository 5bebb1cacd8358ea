//! How much of a playlist is read.

/// The sizes that a playlist may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The whole of it, in bytes.
    pub playlist_bytes: usize,
    /// One line with its end, in bytes.
    pub line_bytes: usize,
}

impl Default for Bounds {
    /// 16 MiB, of which 100,000 segments with long names take 15, and 64 KiB: four times the longest URL that Cloudflare
    /// accepts.
    fn default() -> Self {
        Self { playlist_bytes: 16 * 1024 * 1024, line_bytes: 64 * 1024 }
    }
}
