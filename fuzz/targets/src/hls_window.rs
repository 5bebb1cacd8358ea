//! No live playlist panics. A rewind window leaves a suffix, and a delta update turns an older playlist into the new one.

use stagedoor::catalog::Caps;
use stagedoor::hls::{Edits, Skip, compile};

use crate::live_edits::{a_delta_makes_the_new_one, a_window_is_a_suffix};
use crate::naive_playlist::playlist;

/// Takes one input: once as bytes that are turned into lines, and once as it is.
pub fn run((settings, rewind_s, new, dateranges, bytes): (u8, u8, u8, bool, &[u8])) {
    let bytes = bytes.get(..2_000).unwrap_or(bytes);
    let skip = if dateranges { Skip::Dateranges } else { Skip::Segments };
    let window = u32::from(rewind_s);
    let now = playlist(settings, bytes);
    a_window_is_a_suffix(&now, window);
    let before = bytes.get(..bytes.len().saturating_sub(usize::from(new))).unwrap_or(bytes);
    let rewind_s = (window < 200).then_some(window);
    a_delta_makes_the_new_one(&playlist(settings, before), &now, rewind_s, skip);

    let caps = Caps { rewind_s: Some(window), ..Caps::default() };
    let edits = Edits { delta_updates: true, skip: Some(skip), ..Edits::within(&caps) };
    if let Ok(template) = compile(bytes, None, &edits) {
        let written = template.render("");
        // The output is a playlist again. Compiling it again removes only lines for which it now has the tags.
        assert!(compile(&written, None, &edits).is_ok());
    }
}
