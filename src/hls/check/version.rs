//! Protocol versions ([draft-pantos-hls-rfc8216bis-22 section 8][bis]): what each brought, and what each removed.
//!
//! [bis]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-8

use super::entry::Entry;
use super::outline::Outline;
use super::rule::Rule;
use super::scalar;
use super::subject::{Check, Report};
use crate::hls::read::tag::Tag;

/// The newest version.
const NEWEST: u64 = 13;

/// Reports each version that the playlist needs and does not declare once, at the first line that needs it.
#[derive(Default)]
pub(super) struct Version {
    told: u64,
}

impl Check<'_> for Version {
    fn line(&mut self, entry: &Entry<'_, '_>, outline: &Outline, report: &mut Report) {
        let has = outline.version.unwrap_or(1);
        if let Some((needed, what)) = needed(entry, outline)
            && needed > has.max(self.told)
        {
            self.told = needed;
            report.add(Rule::VersionLow, entry.at(), || match outline.version {
                Some(found) => {
                    format!("expected `EXT-X-VERSION` of {needed} or higher for {what}, found {found}")
                }
                None => format!("expected `EXT-X-VERSION` of {needed} or higher for {what}, found none"),
            });
        }
        let removed = match entry.tag() {
            Some(Tag::AllowCache) if has >= 7 => Some(("`EXT-X-ALLOW-CACHE`", 7)),
            Some(Tag::StreamInf | Tag::IFrameStreamInf) if has >= 6 && entry.has("PROGRAM-ID") => {
                Some(("`PROGRAM-ID`", 6))
            }
            _ => None,
        };
        if let Some((what, version)) = removed {
            report
                .add(Rule::Removed, entry.at(), || format!("found {what}, which version {version} removed"));
        }
        if entry.is(Tag::Version) && has > NEWEST {
            report.add(Rule::VersionUnknown, entry.at(), || {
                format!("expected `EXT-X-VERSION` of {NEWEST} at most, found {has}")
            });
        }
    }
}

/// The version that a line needs, and what needs it.
fn needed(entry: &Entry<'_, '_>, outline: &Outline) -> Option<(u64, &'static str)> {
    let from_attributes = || {
        let required = entry.attributes.iter().any(|attribute| attribute.name.starts_with(b"REQ-"));
        required.then_some((12, "an attribute that begins with `REQ-`"))
    };
    let from_tag = || {
        Some(match entry.tag()? {
            Tag::Media if !entry.says("TYPE", "CLOSED-CAPTIONS") && entry.has("INSTREAM-ID") => {
                (13, "`INSTREAM-ID` of a rendition other than closed captions")
            }
            Tag::Media if entry.value("INSTREAM-ID").is_some_and(|id| id.starts_with(b"SERVICE")) => {
                (7, "a `SERVICE` in `INSTREAM-ID`")
            }
            Tag::Define if entry.has("QUERYPARAM") => (11, "`QUERYPARAM`"),
            Tag::Define => (8, "variables"),
            Tag::Skip if entry.has("RECENTLY-REMOVED-DATERANGES") => (10, "`EXT-X-SKIP` of ranges of dates"),
            Tag::Skip => (9, "`EXT-X-SKIP`"),
            Tag::Map if outline.is_i_frames_only => (5, "`EXT-X-MAP`"),
            Tag::Map => (6, "`EXT-X-MAP` without `EXT-X-I-FRAMES-ONLY`"),
            Tag::Key if entry.has("KEYFORMAT") || entry.has("KEYFORMATVERSIONS") => (5, "`KEYFORMAT`"),
            Tag::Key if entry.value("METHOD").is_some_and(|method| method.starts_with(b"SAMPLE-AES")) => {
                (5, "`SAMPLE-AES`")
            }
            Tag::ByteRange => (4, "`EXT-X-BYTERANGE`"),
            Tag::IFramesOnly => (4, "`EXT-X-I-FRAMES-ONLY`"),
            Tag::Inf if is_fraction(entry.stated().map_or(&[], |(value, _)| value)) => {
                (3, "a duration that is no integer")
            }
            Tag::Key if entry.has("IV") => (2, "`IV`"),
            _ => return None,
        })
    };
    from_attributes().max(from_tag())
}

fn is_fraction(value: &[u8]) -> bool {
    let number = value.split(|byte| matches!(byte, b',' | b' ')).next().unwrap_or_default();
    scalar::float(number).is_some() && number.contains(&b'.')
}

#[cfg(test)]
pub(super) mod rows {
    use crate::hls::check::tests::Row;

    pub(in crate::hls::check) const ROWS: &[Row] = &[
        ("version-low", "#EXTM3U\n#EXTINF:4.5,\na.ts\n", "#EXTM3U\n#EXTINF:4,a.b\na.ts\n"),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-VERSION:2\n#EXTINF:4.5,\na.ts\n",
            "#EXTM3U\n#EXTINF:4.5,\na.ts\n#EXT-X-VERSION:3\n",
        ),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\",IV=0x1\n",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\"\n",
        ),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-BYTERANGE:1@0\n",
            "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-BYTERANGE:1@0\n",
        ),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-I-FRAMES-ONLY\n",
            "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-I-FRAMES-ONLY\n",
        ),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"a\"\n",
            "#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"a\"\n",
        ),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\",KEYFORMAT=\"identity\"\n",
            "#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\",KEYFORMAT=\"identity\"\n",
        ),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-MAP:URI=\"a\"\n",
            "#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-I-FRAMES-ONLY\n#EXT-X-MAP:URI=\"a\"\n",
        ),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"a\",NAME=\"b\",INSTREAM-ID=\"SERVICE1\"\n",
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"a\",NAME=\"b\",INSTREAM-ID=\"CC1\"\n",
        ),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n",
            "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n",
        ),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n",
            "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n",
        ),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1,RECENTLY-REMOVED-DATERANGES=\"\"\n",
            "#EXTM3U\n#EXT-X-VERSION:10\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1,RECENTLY-REMOVED-DATERANGES=\"\"\n",
        ),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-VERSION:10\n#EXT-X-DEFINE:QUERYPARAM=\"a\"\n",
            "#EXTM3U\n#EXT-X-VERSION:11\n#EXT-X-DEFINE:QUERYPARAM=\"a\"\n",
        ),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-VERSION:11\n#EXT-X-STREAM-INF:BANDWIDTH=1,REQ-VIDEO-LAYOUT=\"CH-STEREO\"\na\n",
            "#EXTM3U\n#EXT-X-VERSION:12\n#EXT-X-STREAM-INF:BANDWIDTH=1,REQ-VIDEO-LAYOUT=\"CH-STEREO\"\na\n",
        ),
        (
            "version-low",
            "#EXTM3U\n#EXT-X-VERSION:12\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"b\",INSTREAM-ID=\"c\"\n",
            "#EXTM3U\n#EXT-X-VERSION:13\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"b\",INSTREAM-ID=\"c\"\n",
        ),
        ("version-unknown", "#EXTM3U\n#EXT-X-VERSION:14\n", "#EXTM3U\n#EXT-X-VERSION:13\n"),
        (
            "removed",
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-ALLOW-CACHE:YES\n",
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-ALLOW-CACHE:YES\n",
        ),
        (
            "removed",
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-STREAM-INF:BANDWIDTH=1,PROGRAM-ID=1\na\n",
            "#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-STREAM-INF:BANDWIDTH=1,PROGRAM-ID=1\na\n",
        ),
    ];
}
