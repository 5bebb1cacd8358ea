//! The lines themselves: their encoding, their ends, and whether they are what they look like.

use super::entry::Entry;
use super::outline::Outline;
use super::rule::Rule;
use super::subject::{Check, Report};
use crate::hls::read::event::EventKind;
use crate::hls::read::tag::Tag;
use crate::manifest::quote;

pub(super) struct Lines {
    has_byte_order_mark: bool,
    /// The first byte that is not UTF-8.
    wrong_at: Option<usize>,
    is_headed: bool,
    /// Whether a line has said something.
    has_text: bool,
}

impl Lines {
    pub(super) fn new(playlist: &[u8]) -> Self {
        Self {
            has_byte_order_mark: playlist.starts_with("\u{feff}".as_bytes()),
            wrong_at: str::from_utf8(playlist).err().map(|error| error.valid_up_to()),
            is_headed: false,
            has_text: false,
        }
    }
}

impl Check<'_> for Lines {
    fn line(&mut self, entry: &Entry<'_, '_>, _: &Outline, report: &mut Report) {
        let event = &entry.event;
        let text = event.text;
        if event.line == 1 {
            if self.has_byte_order_mark {
                report.add(Rule::ByteOrderMark, 0, || "expected no byte order mark, found one".to_owned());
            }
            self.is_headed = entry.is(Tag::M3u);
        } else if entry.is(Tag::M3u) {
            self.is_headed = true;
            let rule = if self.has_text { Rule::M3uMisplaced } else { Rule::M3uBlank };
            report.add(rule, event.text_at, || {
                format!("expected `#EXTM3U` in line 1, found it in line {}", event.line)
            });
        }
        self.has_text |= !text.is_empty();
        for (at, what) in odd_signs(text) {
            let rule = if what == Odd::End { Rule::LineEnd } else { Rule::ControlCharacter };
            report.add(rule, event.text_at + at, || match what {
                Odd::End => "expected LF or CR LF as a line's end, found CR, U+2028 or U+2029 within a line"
                    .to_owned(),
                Odd::Control => "expected no control character, found one".to_owned(),
            });
        }
        if let Some(at) = glued(text) {
            report.add(Rule::TagGlued, event.text_at + at, || {
                format!(
                    "expected a tag at the start of its line, found {}",
                    quote(text.get(at..).unwrap_or(text))
                )
            });
        }
        let mark = if self.has_byte_order_mark && event.line == 1 { 3 } else { 0 };
        // A title may end with white space.
        let has_title = entry.is(Tag::Inf);
        let ends_with_space = !has_title && !text.is_empty() && event.end - event.text_at - text.len() > 2;
        if !text.is_empty() && event.text_at > event.start + mark {
            report.add(Rule::WhiteSpace, event.start + mark, || {
                "expected no white space before a line".to_owned()
            });
        } else if ends_with_space {
            report.add(Rule::WhiteSpace, event.text_at + text.len(), || {
                "expected no white space behind a line".to_owned()
            });
        }
        if let EventKind::Tag { name, known: None, .. } = event.kind {
            report.add(Rule::TagUnknown, event.text_at, || {
                format!("found the tag {}, which is not known", quote(name))
            });
        }
    }

    fn end(&mut self, _: &Outline, report: &mut Report) {
        if !self.is_headed {
            report.add(Rule::M3uMissing, 0, || "expected `#EXTM3U` in the first line, found none".to_owned());
        }
        if let Some(at) = self.wrong_at {
            report.add(Rule::NotUtf8, at, || "expected UTF-8, found a byte that is none".to_owned());
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Odd {
    /// It ends the line for some players.
    End,
    Control,
}

/// The first character of each kind that must not stand in a line.
fn odd_signs(text: &[u8]) -> impl Iterator<Item = (usize, Odd)> {
    let separator = memchr::memchr_iter(0xe2, text)
        .find(|at| matches!(text.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])));
    let end = memchr::memchr(b'\r', text).into_iter().chain(separator).min();
    // By the letter, a tab is a control character too. But titles have tabs, and so has RECENTLY-REMOVED-DATERANGES.
    let control = text.iter().position(|byte| byte.is_ascii_control() && !matches!(byte, b'\r' | b'\t'));
    [(end, Odd::End), (control, Odd::Control)].into_iter().filter_map(|(at, what)| Some((at?, what)))
}

/// Where a tag stands behind something else.
fn glued(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'#', text)
        .find(|at| *at > 0 && text.get(*at..).is_some_and(|rest| rest.starts_with(b"#EXT")))
}

#[cfg(test)]
pub(super) mod rows {
    use crate::hls::check::tests::Row;

    pub(in crate::hls::check) const ROWS: &[Row] = &[
        ("m3u-missing", "#EXT-X-ENDLIST\n", "#EXTM3U\n"),
        ("m3u-missing", "", "\u{feff}#EXTM3U"),
        ("m3u-missing", "# EXTM3U", "\n#EXTM3U\n"),
        ("m3u-misplaced", "# a\n#EXTM3U\n", "#EXTM3U\n# EXTM3U\n"),
        ("m3u-misplaced", "#EXTM3U\n\n#EXTM3U\n", "\n#EXTM3U\n"),
        ("m3u-blank", "\n \r\n#EXTM3U\n", "#EXTM3U\n\n"),
        ("m3u-blank", "\u{feff}\n#EXTM3U\n", "\n# a\n#EXTM3U\n"),
        ("byte-order-mark", "\u{feff}#EXTM3U\n", "#EXTM3U\n"),
        ("control-character", "#EXTM3U\n# \u{7}\n", "#EXTM3U\n# \t\n"),
        ("line-end", "#EXTM3U\n#EXTINF:4,a\ra.ts\n", "#EXTM3U\n#EXTINF:4,a\r\na.ts\n"),
        ("line-end", "#EXTM3U\n#EXTINF:4,a\u{2028}b\na.ts\n", "#EXTM3U\n#EXTINF:4,a\u{2030}b\na.ts\n"),
        ("tag-glued", "#EXTM3U\na.ts#EXT-X-ENDLIST\n", "#EXTM3U\na.ts#t=1\n"),
        ("tag-glued", "#EXTM3U\n##EXT-X-ENDLIST\n", "#EXTM3U\n## the end\n"),
        ("white-space", "#EXTM3U\n #EXT-X-ENDLIST\n", "#EXTM3U\n \n#EXT-X-ENDLIST\r\n"),
        ("white-space", "#EXTM3U\n#EXT-X-VERSION: 3\n", "#EXTM3U\n#EXT-X-VERSION:3\n"),
        (
            "white-space",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128, URI=\"a\"\n",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a, b\"\n",
        ),
        ("white-space", "#EXTM3U\n#EXT-X-ENDLIST  \n", "#EXTM3U\n#EXTINF:4,a  \na.ts\n"),
        ("tag-unknown", "#EXTM3U\n#EXT-X-NEW:1\n", "#EXTM3U\n#EXT-X-CUE-IN\n# EXT-X-NEW\n"),
    ];

    #[test]
    fn bytes_that_are_not_utf8_are_found() {
        let code =
            |playlist: &[u8]| crate::hls::check(playlist).into_iter().any(|found| found.code == "not-utf8");
        assert!(code(b"#EXTM3U\n# \xff\n"));
        assert!(!code("#EXTM3U\n# \u{ff}\n".as_bytes()));
    }
}
