//! No playlist panics. Without an edit it comes out identical. With the session, no URI leaves the title.

use stagedoor::catalog::{Caps, Start};
use stagedoor::hls::{CompileError, Edits, compile};
use stagedoor::manifest::Signing;
use stagedoor::resource::ResourcePath;
use url::Url;

use crate::mpd::{frame, replaced, without_session};

/// Takes one input.
pub fn run((playlist, max_height, define): (&[u8], Option<u32>, bool)) {
    let folder = Url::parse("https://media.example/vod/harbour/").unwrap();
    let resource = ResourcePath::parse("hls/index.m3u8").unwrap();
    let languages = define.then(|| vec!["en".to_owned()]);
    let caps = Caps { max_height, audio: languages.clone(), subtitles: languages, ..Caps::default() };
    let start = max_height.map(|kbps| Start { max_bitrate_kbps: Some(kbps), max_height: None });
    let none = Caps::default();
    if let Ok(template) = compile(playlist, Some(&frame(&folder, &resource, Signing::Inherited)), &Edits::within(&none))
        && template.is_shared()
        && !playlist.windows(2).any(|pair| pair == b"{$")
        && !holds_mark_or_session(playlist)
    {
        assert_eq!(without_marks(&template.render("")), playlist);
    }
    for signing in [Signing::Path, Signing::Query] {
        let edits = Edits { define, start, ..Edits::within(&caps) };
        let Ok(template) = compile(playlist, Some(&frame(&folder, &resource, signing)), &edits) else { continue };
        let rendered = without_session(&template.render("S"));
        // A path before an unknown variable has become a path from the root, and is not resolved again.
        if rendered.windows(2).any(|pair| pair == b"{$") {
            continue;
        }
        // A rewritten playlist is covered: below the edge's host, nothing is left to rewrite.
        let root = if signing == Signing::Path { "https://edge.example/~S/harbour/" } else { "https://edge.example/harbour/" };
        let edge = Url::parse(root).unwrap();
        let again = compile(&rendered, Some(&frame(&edge, &resource, Signing::Inherited)), &edits);
        // Without a header, the first tag may have been removed by the limits.
        let is_covered = matches!(again, Ok(_) | Err(CompileError::NotAPlaylist));
        assert!(is_covered, "a URI left the title: {again:?}");
    }
}

/// The marks that the edge appends to names that do not tell their kind.
const MARKS: [&[u8]; 4] = [b".sd-m3u8", b".sd-mpd", b".sd-assets", b".sd-steering"];

/// Whether a playlist itself contains text that the edge adds or removes.
fn holds_mark_or_session(playlist: &[u8]) -> bool {
    let lower = playlist.to_ascii_lowercase();
    lower.windows(4).any(|found| found == b".sd-") || lower.windows(3).any(|found| found == b"sd_" || found == b"%73" || found == b"%64")
}

fn without_marks(playlist: &[u8]) -> Vec<u8> {
    replaced(playlist, &MARKS.map(|mark| (mark, &b""[..])))
}
