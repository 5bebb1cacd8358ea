//! The streams that a Multivariant Playlist states.

use std::str;

use crate::hls::read::attributes::attributes;
use crate::hls::read::line::{LineKind, lines};
use crate::hls::read::tag::Tag;
use crate::manifest::{Span, Streams};

/// The codecs and sizes of the variant streams of a Multivariant Playlist. A value with a variable is not known, and a Media Playlist
/// states none.
pub fn streams(playlist: &[u8]) -> Streams {
    let mut streams = Streams::default();
    for line in lines(Span::whole(playlist)) {
        let LineKind::Tag(tag) = line.kind() else { continue };
        let Some(list) = tag.value_of(Tag::StreamInf) else { continue };
        for attribute in attributes(list.text()) {
            let value = str::from_utf8(attribute.value).ok().filter(|value| !value.contains("{$"));
            match (attribute.name, value) {
                (b"CODECS", Some(value)) => streams.add_codecs(value),
                (b"RESOLUTION", Some(value)) => {
                    let (width, height) = value.split_once(['x', 'X']).unwrap_or_default();
                    streams.add_picture(width.parse().ok(), height.parse().ok());
                }
                _ => {}
            }
        }
    }
    streams
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_state_codecs_and_sizes() {
        let playlist = b"#EXTM3U\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"x\",CODECS=\"ac-3\"\n\
            #EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360,CODECS=\"avc1.64001f,mp4a.40.2\"\n1\n\
            #EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1280x720,CODECS=\"{$codecs}\"\n2\n\
            #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,RESOLUTION=1920x1080,CODECS=\"hvc1.1.6.L93\",URI=\"i\"\n";
        let found = streams(playlist);
        assert_eq!(
            (found.codecs.join(" "), found.max_height),
            ("avc1.64001f mp4a.40.2".to_owned(), Some(720))
        );
        assert_eq!(streams(b"#EXTM3U\n#EXTINF:4,\n1.ts\n"), Streams::default());
    }
}
