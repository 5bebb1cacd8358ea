//! No playlist panics. Its events cover it without gaps, so writing them gives the same playlist.

use stagedoor::hls::{Writer, events};

/// Takes one input.
pub fn run(playlist: &[u8]) {
    let mut writer = Writer::new(playlist);
    let mut end = 0;
    for event in events(playlist) {
        assert_eq!(event.start, end);
        assert!(event.end > event.start);
        let value = event.value().unwrap_or_default();
        assert!(playlist[event.value_at()..].starts_with(value));
        for attribute in event.attributes() {
            assert!(value[attribute.at..].starts_with(attribute.value));
        }
        end = event.end;
        writer.copy(&event);
    }
    assert_eq!(end, playlist.len());
    assert!(writer.finish() == playlist);
}
