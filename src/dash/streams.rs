//! The streams that an MPD states.

use std::str;

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::manifest::Streams;

/// The bytes of an MPD that are looked at: a live one with hours of segments may be longer.
const MOST_READ: usize = 512 * 1024;

/// The codecs and sizes of the Representations of an MPD, as far as it is XML.
pub fn streams(mpd: &[u8]) -> Streams {
    let mut streams = Streams::default();
    let read = mpd.get(..MOST_READ).unwrap_or(mpd);
    let text = match str::from_utf8(read) {
        Ok(text) => text,
        Err(error) => {
            read.get(..error.valid_up_to()).and_then(|read| str::from_utf8(read).ok()).unwrap_or_default()
        }
    };
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => add(&mut streams, &tag),
            Ok(Event::Eof) | Err(_) => return streams,
            Ok(_) => {}
        }
    }
}

/// Adds the attributes of an AdaptationSet or Representation, which may have them or inherit them.
fn add(streams: &mut Streams, tag: &BytesStart<'_>) {
    if !matches!(tag.local_name().as_ref(), "AdaptationSet" | "Representation") {
        return;
    }
    let (mut width, mut height) = (None, None);
    for attribute in tag.attributes().flatten() {
        let value = &attribute.value;
        match attribute.key.as_ref() {
            "codecs" => streams.add_codecs(value),
            "width" => width = value.parse().ok(),
            "height" => height = value.parse().ok(),
            _ => {}
        }
    }
    streams.add_picture(width, height);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_and_representations_state_codecs_and_sizes() {
        let mpd = br#"<MPD><Period><AdaptationSet codecs="mp4a.40.2"><Representation id="1"/></AdaptationSet>
            <!-- <Representation codecs="vp09.00.10.08"/> --><d:AdaptationSet xmlns:d="urn:mpeg:dash:schema:mpd:2011">
            <d:Representation codecs="avc1.64001f" width="1280" height="720"></d:Representation></d:AdaptationSet>
            <AdaptationSet codecs="stpp"/></Period></MPD>"#;
        let found = streams(mpd);
        assert_eq!(
            (found.codecs.join(" "), found.max_height),
            ("mp4a.40.2 avc1.64001f".to_owned(), Some(720))
        );
        assert_eq!(
            streams(b"<MPD><Representation codecs=\"avc1\"/><"),
            Streams { codecs: vec!["avc1".to_owned()], max_height: None }
        );
    }
}
