//! A limited MPD is within the limits, is never empty, and refers to no removed element.

use stagedoor::catalog::Caps;

use crate::offer::offered;

/// Takes one input: limits, and an MPD.
pub fn run((max_height, kbps, hdr, lists, mpd): (Option<u16>, Option<u16>, bool, u8, &[u8])) {
    let Ok(mpd) = str::from_utf8(mpd) else { return };
    let list = |bit: u8, names: &[&str]| {
        let names = names.iter().take(usize::from(lists >> 6)).map(|name| (*name).to_owned());
        (lists & (1 << bit) != 0).then(|| names.collect())
    };
    let caps = Caps {
        max_height: max_height.map(u32::from),
        max_bitrate_kbps: kbps.map(u32::from),
        hdr: Some(hdr),
        codecs: list(0, &["avc1", "mp4a", "hvc1"]),
        audio: list(1, &["en", "fr", "de"]),
        subtitles: list(2, &["de", "en"]),
        ..Caps::default()
    };
    // Malformed, or without anything within the limits.
    let _ = offered(mpd, &caps);
}
