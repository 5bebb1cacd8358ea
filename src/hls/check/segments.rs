//! Segments and variants: each tag that is for a URI has one, and each URI has its tag.

use super::entry::Entry;
use super::outline::Outline;
use super::rule::Rule;
use super::scalar;
use super::subject::{Check, Report};
use crate::hls::read::event::EventKind;
use crate::hls::read::tag::Tag;
use crate::manifest::quote;

#[derive(Default)]
pub(super) struct Segments<'a> {
    /// The last tag that waits for its URI, and where it stands.
    waiting: Option<(Tag, usize)>,
    /// A range of the next segment: where it stands, and whether it has an offset.
    range: Option<(usize, bool)>,
    /// The URI of the last segment, if that segment is a range of it.
    last: Option<&'a [u8]>,
    has_map: bool,
    told_map: bool,
}

impl<'a> Check<'a> for Segments<'a> {
    fn line(&mut self, entry: &Entry<'a, '_>, outline: &Outline, report: &mut Report) {
        if let EventKind::Uri(uri) = entry.event.kind {
            self.uri(uri, entry.at(), outline, report);
            return;
        }
        match entry.tag() {
            Some(tag @ (Tag::Inf | Tag::StreamInf)) => {
                if let Some((before, at)) = self.waiting.replace((tag, entry.at())) {
                    let rule = if before == Tag::Inf { Rule::ExtinfRepeated } else { Rule::UriMissing };
                    report.add_to(before.clause(), rule, at, || {
                        format!("expected a URI behind `{}`, found `{}`", before.name(), tag.name())
                    });
                }
                // A segment of images is one picture, shown for as long as it may be.
                if tag == Tag::Inf && !outline.is_images_only {
                    duration(entry, outline, report);
                }
            }
            Some(Tag::ByteRange) => {
                let has_offset = entry.event.value().is_some_and(|value| value.contains(&b'@'));
                self.range = Some((entry.at(), has_offset));
            }
            Some(Tag::Map) => self.has_map = true,
            Some(Tag::TargetDuration) if outline.target_secs == Some(0.0) => {
                report.add(Rule::TargetDurationZero, entry.at(), || "expected 1 or more, found 0".to_owned());
            }
            _ => {}
        }
    }

    fn end(&mut self, outline: &Outline, report: &mut Report) {
        if let Some((tag, at)) = self.waiting {
            report.add_to(tag.clause(), Rule::UriMissing, at, || {
                format!("expected a URI behind `{}`, found none", tag.name())
            });
        }
        if outline.is_media && !outline.is_multivariant && outline.target_secs.is_none() {
            report.add(Rule::TargetDurationMissing, 0, || {
                "expected `EXT-X-TARGETDURATION`, found none".to_owned()
            });
        }
    }
}

impl<'a> Segments<'a> {
    fn uri(&mut self, uri: &'a [u8], at: usize, outline: &Outline, report: &mut Report) {
        let waiting = self.waiting.take();
        if waiting.is_none() {
            if outline.is_media {
                report.add(Rule::ExtinfMissing, at, || {
                    format!("expected `EXTINF` before the segment {}", quote(uri))
                });
            } else if outline.is_multivariant {
                report.add(Rule::StreamInfMissing, at, || {
                    format!("expected `EXT-X-STREAM-INF` before the variant {}", quote(uri))
                });
            }
        }
        // A delta update may have left the map out.
        if outline.is_media
            && !(self.has_map || outline.has_skip || outline.is_images_only)
            && is_fragment(uri)
            && !std::mem::replace(&mut self.told_map, true)
        {
            report.add(Rule::MapMissing, at, || {
                format!("expected `EXT-X-MAP` before {}, found none", quote(uri))
            });
        }
        let range = self.range.take();
        if let Some((at, false)) = range
            && self.last != Some(uri)
        {
            report.add(Rule::ByteRangeStart, at, || {
                "expected an offset, or a range of the same resource before, found neither".to_owned()
            });
        }
        self.last = range.map(|_| uri);
    }
}

/// Whether a URI names a segment of fragmented MP4, by its extension.
fn is_fragment(uri: &[u8]) -> bool {
    let path = uri.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
    let mut parts = path.rsplitn(2, |byte| *byte == b'.');
    let (extension, name) = (parts.next().unwrap_or_default(), parts.next());
    let known: [&[u8]; 4] = [b"m4s", b"mp4", b"cmfv", b"cmfa"];
    name.is_some() && known.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn duration(entry: &Entry<'_, '_>, outline: &Outline, report: &mut Report) {
    let Some((value, at)) = entry.stated() else { return };
    let number = value.split(|byte| matches!(byte, b',' | b' ')).next().unwrap_or_default();
    if let (Some(found), Some(most)) = (scalar::float(number), outline.target_secs)
        && found.round() > most
    {
        report.add(Rule::DurationLong, at, || {
            format!("expected {most} seconds at most, rounded, found {found}")
        });
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::hls::check::tests::Row;

    pub(in crate::hls::check) const ROWS: &[Row] = &[
        (
            "target-duration-missing",
            "#EXTM3U\n#EXTINF:4,\na.ts\n",
            "#EXTM3U\n#EXTINF:4,\na.ts\n#EXT-X-TARGETDURATION:4\n",
        ),
        ("target-duration-zero", "#EXTM3U\n#EXT-X-TARGETDURATION:0\n", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n"),
        (
            "duration-long",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.5,\na.ts\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.4,\na.ts\n",
        ),
        (
            "duration-long",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:60,\na.jpg\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-IMAGES-ONLY\n#EXTINF:60,\na.jpg\n",
        ),
        (
            "map-missing",
            "#EXTM3U\n#EXTINF:4,\na.m4s\n",
            "#EXTM3U\n#EXT-X-MAP:URI=\"a.mp4\"\n#EXTINF:4,\na.m4s\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\nb.m4s\n",
        ),
        (
            "map-missing",
            "#EXTM3U\n#EXTINF:4,\nv.1/a.CMFV?b=c.ts\n#EXT-X-MAP:URI=\"a.mp4\"\n",
            "#EXTM3U\n#EXTINF:4,\nv.mp4/a.ts?b=c.mp4#d.m4s\n#EXTINF:4,\nmp4\n",
        ),
        (
            "map-missing",
            "#EXTM3U\n#EXTINF:4,\na.cmfa\n",
            "#EXTM3U\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXTINF:4,\na.cmfa\n",
        ),
        ("map-missing", "#EXTM3U\n#EXTINF:4,\na.mp4\n", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.mp4\n"),
        ("uri-missing", "#EXTM3U\n#EXTINF:4,\n", "#EXTM3U\n#EXTINF:4,\n#EXT-X-GAP\n\n# a\na.ts\n"),
        (
            "uri-missing",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF:BANDWIDTH=2\na\n",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n",
        ),
        (
            "extinf-missing",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\na.ts\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n",
        ),
        (
            "extinf-repeated",
            "#EXTM3U\n#EXTINF:4,\n#EXTINF:4,\na.ts\n",
            "#EXTM3U\n#EXTINF:4,\na.ts\n#EXTINF:4,\na.ts\n",
        ),
        (
            "stream-inf-missing",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\nb\n",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n",
        ),
        (
            "byte-range-start",
            "#EXTM3U\n#EXT-X-BYTERANGE:1\n#EXTINF:4,\na.ts\n",
            "#EXTM3U\n#EXT-X-BYTERANGE:1@0\n#EXTINF:4,\na.ts\n#EXT-X-BYTERANGE:1\n#EXTINF:4,\na.ts\n",
        ),
        (
            "byte-range-start",
            "#EXTM3U\n#EXT-X-BYTERANGE:1@0\n#EXTINF:4,\na.ts\n#EXT-X-BYTERANGE:1\n#EXTINF:4,\nb.ts\n",
            "#EXTM3U\n#EXTINF:4,\na.ts\n",
        ),
    ];
}
