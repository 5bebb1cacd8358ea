//! Which streams of a Multivariant Playlist are within an offer's limits.
//!
//! | limit | leaves out | a stream that does not say |
//! | --- | --- | --- |
//! | `max_height` | streams with more in `RESOLUTION`, by its shorter side, or too wide for it by the longer one | stays |
//! | `max_bitrate_kbps` | streams with more in `BANDWIDTH`, or in `AVERAGE-BANDWIDTH` | stays |
//! | `max_frame_rate` | streams with more in `FRAME-RATE` | stays |
//! | `hdr: false` | streams whose `VIDEO-RANGE` is not SDR, or with Dolby Vision in `CODECS` | stays |
//! | `codecs` | streams with an entry in `CODECS` that begins with none of these and is no text format | stays |
//! | `hdcp` | streams with more in `HDCP-LEVEL` | stays |
//! | `allowed_cpc` | streams whose `ALLOWED-CPC` has none of these labels in any of its key formats | stays |
//!
//! `BANDWIDTH` is the peak of a variant, and the limit is on the peak too: a network or a licence that bears 3 Mbit/s
//! bears it at every moment. The average is never more than the peak, so it decides only if the peak is missing or
//! wrong. If players read a value differently, the greatest reading counts: every value of a repeated attribute has to be
//! within the limit (hls.js takes the last, Shaka Player the first).
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.4.6.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6.2)

use std::collections::BTreeMap;

use super::value::Value;
use crate::catalog::{Caps, FrameRate, HdcpLevel};
use crate::manifest::codecs::{is_dolby_vision, is_listed, items};
use crate::manifest::{self, Limit};

/// A kind of stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// `EXT-X-STREAM-INF` and `EXT-X-I-FRAME-STREAM-INF`.
    Played,
    /// `EXT-X-IMAGE-STREAM-INF`: its codec is a picture format that takes no decoder of the device.
    Images,
}

/// Whether any of the limits applies to playlists.
pub(super) fn are_in(caps: &Caps) -> bool {
    let Caps { max_streams, offline, rewind_s, .. } = *caps;
    *caps != Caps { max_streams, offline, rewind_s, ..Caps::default() }
}

/// The limit that one attribute of a stream is not within.
pub(super) fn beyond(caps: &Caps, stream: Stream, name: &[u8], value: &Value<'_>) -> Option<Limit> {
    let (limit, is_within) = match name {
        b"RESOLUTION" => (Limit::MaxHeight, value.is_within(caps.max_height, is_low_enough)),
        b"BANDWIDTH" | b"AVERAGE-BANDWIDTH" => {
            let is_within = value.is_within(caps.max_bitrate_kbps, |limit, text| {
                number(text).is_none_or(|bits| bits.div_ceil(1000) <= u64::from(limit))
            });
            (Limit::MaxBitrate, is_within)
        }
        b"FRAME-RATE" => {
            let is_within = value.is_within(caps.max_frame_rate, |limit, text| {
                FrameRate::read(text).is_none_or(|rate| rate <= limit)
            });
            (Limit::MaxFrameRate, is_within)
        }
        b"VIDEO-RANGE" => {
            let is_standard = |_, text: &str| text.trim().eq_ignore_ascii_case("SDR");
            (Limit::Hdr, value.is_within(forbids_hdr(caps), is_standard))
        }
        b"CODECS" if !allow_range(caps, value) => (Limit::Hdr, false),
        b"CODECS" => (Limit::Codecs, stream == Stream::Images || are_listed(caps, value)),
        b"HDCP-LEVEL" => {
            let is_within = value.is_within(caps.hdcp, |limit, text| {
                HdcpLevel::from_name(text.trim()).is_some_and(|level| level <= limit)
            });
            (Limit::Hdcp, is_within)
        }
        b"ALLOWED-CPC" => (Limit::AllowedCpc, value.is_within(caps.allowed_cpc.as_ref(), is_robust_enough)),
        _ => return None,
    };
    (!is_within).then_some(limit)
}

/// Whether `SUPPLEMENTAL-CODECS` is within the limits. A codec there only adds to one of `CODECS`, which is played without
/// it: the stream stays, whatever its supplement is, and `VIDEO-RANGE` tells the range that is played then.
pub(super) fn allow_supplement(caps: &Caps, value: &Value<'_>) -> bool {
    are_listed(caps, value) && allow_range(caps, value)
}

/// The limit on the dynamic range, if there is one: `hdr: false`.
fn forbids_hdr(caps: &Caps) -> Option<()> {
    (caps.hdr == Some(false)).then_some(())
}

/// Whether the dynamic range of a list of codecs is within the limits, as far as the codecs tell it.
fn allow_range(caps: &Caps, value: &Value<'_>) -> bool {
    value.is_within(forbids_hdr(caps), |(), text| !items(text).any(is_dolby_vision))
}

/// Whether the limits name each codec of a list. Of `SUPPLEMENTAL-CODECS`, the part in front of the brands
/// counts.
fn are_listed(caps: &Caps, value: &Value<'_>) -> bool {
    value.is_within(caps.codecs.as_deref(), |listed, text| items(text).all(|codec| is_listed(listed, codec)))
}

/// Whether a `decimal-resolution`, `{width}x{height}`, is within a limit of its height.
pub(super) fn is_low_enough(limit: u32, resolution: &str) -> bool {
    let Some((width, height)) = resolution.split_once(['x', 'X']) else { return true };
    manifest::is_low_enough(limit, number(width), number(height))
}

/// A `decimal-integer`; of one with a fraction, the whole. A number too great for 64 bits is still great.
pub(super) fn number(text: &str) -> Option<u64> {
    let whole = text.trim().split('.').next()?;
    let is_number = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| whole.parse().unwrap_or(u64::MAX))
}

/// Whether a device with these labels may play a stream that is restricted to the labels of `ALLOWED-CPC`:
///
/// ```text
/// ALLOWED-CPC = DQUOTE entry *("," entry) DQUOTE
/// entry       = KEYFORMAT ":" label *("/" label)
/// ```
///
/// One entry is enough. A key format that the limits do not name is not limited. A `KEYFORMAT` may hold colons
/// itself, as a `urn:uuid:` does; a label does not.
fn is_robust_enough(limits: &BTreeMap<String, Vec<String>>, text: &str) -> bool {
    let mut entries = items(text).peekable();
    entries.peek().is_none()
        || entries.any(|entry| {
            let (format, wanted) = entry.rsplit_once(':').unwrap_or((entry, ""));
            let mut known = limits.iter().filter(|(known, _)| known.eq_ignore_ascii_case(format.trim()));
            known.all(|(_, labels)| {
                wanted
                    .split('/')
                    .any(|wanted| labels.iter().any(|label| label.eq_ignore_ascii_case(wanted.trim())))
            })
        })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::hls::read::attributes::attributes;
    use crate::hls::read::variables::Variables;

    fn is_allowed(caps: &Json, stream: Stream, list: &str) -> bool {
        let caps: Caps = serde_json::from_value(caps.clone()).unwrap();
        let mut all = attributes(list.as_bytes());
        all.all(|attribute| {
            let value = Value::of(&attribute, &Variables::default());
            beyond(&caps, stream, attribute.name, &value).is_none()
        })
    }

    #[test]
    fn every_limit_both_ways() {
        let all = r#"BANDWIDTH=2000001,AVERAGE-BANDWIDTH=1500000,RESOLUTION=1920x1080,FRAME-RATE=29.970,CODECS="hvc1.2.4,mp4a.40.2",SUPPLEMENTAL-CODECS="hvc1.2.20/cdm4",VIDEO-RANGE=PQ,HDCP-LEVEL=TYPE-0,ALLOWED-CPC="com.apple.streamingkeydelivery:AppleMain/Main,urn:uuid:edef8ba9:HW""#;
        for (caps, expected) in [
            (json!({}), true),
            (json!({ "max_height": 1080 }), true),
            (json!({ "max_height": 1079 }), false),
            (json!({ "max_bitrate_kbps": 2001 }), true),
            (json!({ "max_bitrate_kbps": 2000 }), false),
            (json!({ "max_frame_rate": 30 }), true),
            (json!({ "max_frame_rate": 29.97 }), true),
            (json!({ "max_frame_rate": 29.969 }), false),
            (json!({ "hdr": true }), true),
            (json!({ "hdr": false }), false),
            (json!({ "codecs": ["hvc1", "mp4a"] }), true),
            (json!({ "codecs": ["HVC1.2", "mp4a"] }), true),
            (json!({ "codecs": ["hvc1"] }), false),
            (json!({ "codecs": [] }), false),
            (json!({ "hdcp": "TYPE-1" }), true),
            (json!({ "hdcp": "TYPE-0" }), true),
            (json!({ "hdcp": "NONE" }), false),
            (json!({ "allowed_cpc": {} }), true),
            (json!({ "allowed_cpc": { "com.apple.streamingkeydelivery": ["main"] } }), true),
            (json!({ "allowed_cpc": { "com.apple.streamingkeydelivery": ["AppleBaseline"] } }), true),
            (
                json!({ "allowed_cpc": { "com.apple.streamingkeydelivery": ["AppleBaseline"], "URN:uuid:edef8ba9": [] } }),
                false,
            ),
            (
                json!({ "allowed_cpc": { "com.apple.streamingkeydelivery": [], "urn:uuid:edef8ba9": ["SW", "hw"] } }),
                true,
            ),
        ] {
            assert_eq!(is_allowed(&caps, Stream::Played, all), expected, "{caps}");
        }
    }

    #[test]
    fn heights_are_those_of_a_picture_of_16_to_9() {
        for (limit, within, above) in [
            (
                1080,
                ["1920x1080", "1080x1920", "1440x1080", "1080x1080", "1920x800"],
                ["1920x1082", "1082x1920", "2560x1080", "1090x1090", "1080x1940"],
            ),
            (
                720,
                ["1280x720", "720x1280", "960x720", "1280x536", "640x480"],
                ["1920x800", "1920x720", "720x1920", "1280x738", "x1080"],
            ),
            (
                576,
                ["1024x576", "720x576", "576x1024", "1024x436", "576x576"],
                ["1280x536", "536x1280", "1280x720", "1040x576", "0x1080"],
            ),
            (
                480,
                ["854x480", "864x480", "848x480", "480x854", "720x480"],
                ["866x480", "480x866", "960x400", "720x486", "1080x"],
            ),
            (
                0,
                ["0x0", "x", "1080", "", "wide x high"],
                ["1x1", "1x0", "0x1", "16x16", "99999999999999999999999x1"],
            ),
        ] {
            let allowed = |list: &str| is_low_enough(limit, list);
            assert_eq!((within.map(allowed), above.map(allowed)), ([true; 5], [false; 5]), "{limit}");
        }
        assert!(is_low_enough(u32::MAX, "4294967295x4294967295"));
    }

    fn narrow() -> Json {
        json!({ "max_height": 1, "max_bitrate_kbps": 1, "max_frame_rate": 1, "hdr": false, "codecs": ["x"],
            "hdcp": "NONE", "allowed_cpc": { "a": [] } })
    }

    #[test]
    fn what_says_nothing_stays() {
        for list in [
            "",
            "BANDWIDTH=x,RESOLUTION=1080,FRAME-RATE=fast,CODECS=\"\",ALLOWED-CPC=\" \"",
            "VIDEO-RANGE=SDR,CODECS=\"x\",SUPPLEMENTAL-CODECS=\"dvh1.08.07/db2g\"",
            "CODECS=\"wvtt,x.1,stpp.ttml.im1t,STPP,tx3g,c608,c708\"",
            "VIDEO-RANGE=SDR,HDCP-LEVEL=NONE,ALLOWED-CPC=\"b:X\",SUPPLEMENTAL-CODECS=\"hvc1.2.20/cdm4\"",
            "resolution=9x9,bandwidth=9000,hdcp-level=TYPE-1,X=RESOLUTION,Y=\"RESOLUTION=9x9,HDCP-LEVEL=TYPE-1\"",
        ] {
            assert!(is_allowed(&narrow(), Stream::Played, list), "{list}");
        }
    }

    #[test]
    fn what_says_more_in_any_way_is_left_out() {
        for list in [
            "RESOLUTION=1x1,RESOLUTION=1920x1080",
            "RESOLUTION=1920x1080,RESOLUTION=1x1",
            " RESOLUTION = 1920 X 1080 ",
            "RESOLUTION=\"1920x1080\"",
            "RESOLUTION= \"1920x1080\"",
            "RESOLUTION={$size}",
            "BANDWIDTH=99999999999999999999999",
            "BANDWIDTH=1001",
            "BANDWIDTH=5000000.0",
            "AVERAGE-BANDWIDTH=1001",
            "FRAME-RATE=1.001",
            "VIDEO-RANGE=HLG",
            "VIDEO-RANGE=\"pq\"",
            "VIDEO-RANGE=SOMETHING-NEW",
            "CODECS=\"y\"",
            "CODECS= \"x,y\"",
            "CODECS=\"x,{$codec}\"",
            "CODECS=\"DVH1.05.06\"",
            "CODECS=\"x,wvtt,y\"",
            "CODECS=\"stppx\"",
            "VIDEO-RANGE=PQ,SUPPLEMENTAL-CODECS=\"dvh1.08.07/db1p\"",
            "HDCP-LEVEL=TYPE-0",
            "HDCP-LEVEL=TYPE-2",
            "ALLOWED-CPC=\"A:X/Y\"",
            "ALLOWED-CPC=\"a\"",
        ] {
            assert!(!is_allowed(&narrow(), Stream::Played, list), "{list}");
        }
    }

    #[test]
    fn the_format_of_images_takes_no_decoder() {
        let codecs = json!({ "codecs": ["avc1"] });
        assert!(is_allowed(&codecs, Stream::Images, "CODECS=\"jpeg\""));
        assert!(!is_allowed(&codecs, Stream::Played, "CODECS=\"jpeg\""));
        assert!(!is_allowed(&json!({ "max_height": 90 }), Stream::Images, "RESOLUTION=320x180"));
    }

    #[test]
    fn some_limits_do_not_apply_to_playlists() {
        let are_in = |caps: Json| are_in(&serde_json::from_value(caps).unwrap());
        assert!(!are_in(json!({})) && !are_in(json!({ "max_streams": 1, "offline": false })));
        assert!(are_in(json!({ "subtitles": [] })) && are_in(json!({ "hdcp": "NONE" })));
    }
}
