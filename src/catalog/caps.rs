//! The limits that an offer or a token sets on a manifest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{FrameRate, HdcpLevel};

/// The limits on a manifest. An absent limit does not apply.
///
/// The limits decide which renditions a manifest offers. They are not access control within a title: a viewer with a
/// session of the title can write the URL of a larger rendition by hand. Media that the viewer must not get belongs in
/// another title.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Caps {
    /// The greatest height of a picture, in pixels. A picture fits if it fits a 16:9 picture of this height, lying or
    /// standing: its shorter side is at most this height, and its longer side at most 16/9 of it, rounded up to whole
    /// blocks of 16 pixels. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_height: Option<u32>,
    /// The greatest bit rate of a variant, in kilobits a second. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bitrate_kbps: Option<u32>,
    /// Whether pictures of high dynamic range are offered. `true` does not limit. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hdr: Option<bool>,
    /// The codecs that are offered, by the start of their names in RFC 6381: `avc1`, `hvc1`, `mp4a`. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codecs: Option<Vec<String>>,
    /// The greatest frame rate of a picture, in frames a second. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_frame_rate: Option<FrameRate>,
    /// The highest HDCP level that a variant may require. Variants that require a higher level are not offered. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hdcp: Option<HdcpLevel>,
    /// The content protection labels that the viewers' devices conform to, by the `KEYFORMAT` of a DRM system. Variants
    /// that are restricted to other labels are not offered. A system that is not listed is not limited. A system with
    /// an empty list is ignored. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_cpc: Option<BTreeMap<String, Vec<String>>>,
    /// The audio languages that are offered, as language tags (BCP 47), in any case. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<Vec<String>>,
    /// The subtitle languages that are offered, as language tags (BCP 47), in any case. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtitles: Option<Vec<String>>,
    /// The most streams that a viewer may watch at a time. They are counted only if the viewer token names its viewer. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_streams: Option<u32>,
    /// Whether the title may be stored for offline viewing. `true` does not limit. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offline: Option<bool>,
    /// How far a viewer of a live stream may go back, in seconds. Older segments are left out of the playlists. Three
    /// target durations always remain. The limit still applies after the stream has ended, unless the playlists have
    /// the type `VOD`. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewind_s: Option<u32>,
}

impl Caps {
    /// Whether no limit is set.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The limits that satisfy both sides. They are never wider than either side.
    #[must_use]
    pub fn narrow(&self, other: &Self) -> Self {
        Self {
            max_height: least(self.max_height, other.max_height),
            max_bitrate_kbps: least(self.max_bitrate_kbps, other.max_bitrate_kbps),
            hdr: least(self.hdr, other.hdr),
            codecs: common(self.codecs.as_deref(), other.codecs.as_deref()),
            max_frame_rate: least(self.max_frame_rate, other.max_frame_rate),
            hdcp: least(self.hdcp, other.hdcp),
            allowed_cpc: both(self.allowed_cpc.as_ref(), other.allowed_cpc.as_ref()),
            audio: common(self.audio.as_deref(), other.audio.as_deref()),
            subtitles: common(self.subtitles.as_deref(), other.subtitles.as_deref()),
            max_streams: least(self.max_streams, other.max_streams),
            offline: least(self.offline, other.offline),
            rewind_s: least(self.rewind_s, other.rewind_s),
        }
    }
}

fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    [one, other].into_iter().flatten().min()
}

fn common(one: Option<&[String]>, other: Option<&[String]>) -> Option<Vec<String>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(
            one.iter()
                .filter(|name| other.iter().any(|listed| listed.eq_ignore_ascii_case(name)))
                .cloned()
                .collect(),
        ),
        (Some(list), None) | (None, Some(list)) => Some(list.to_vec()),
        (None, None) => None,
    }
}

/// The limits of both sides. Where both limit one key format, the labels that they have in common. Case does not
/// matter.
fn both(
    one: Option<&BTreeMap<String, Vec<String>>>,
    other: Option<&BTreeMap<String, Vec<String>>>,
) -> Option<BTreeMap<String, Vec<String>>> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other).cloned() };
    let mut both = one.clone();
    for (format, labels) in other {
        // Each entry of a format limits it, so entries in different case are all kept.
        let limited = both.get(format).map(Vec::as_slice);
        let labels = common(limited, Some(labels)).unwrap_or_default();
        both.insert(format.clone(), labels);
    }
    Some(both)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn caps(value: serde_json::Value) -> Caps {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_narrower_limit_holds() {
        let table = [
            (json!({}), json!({}), json!({})),
            (json!({ "max_height": 720 }), json!({}), json!({ "max_height": 720 })),
            (json!({ "max_height": 720 }), json!({ "max_height": 360 }), json!({ "max_height": 360 })),
            (json!({ "hdr": true }), json!({ "hdr": false }), json!({ "hdr": false })),
            (json!({ "offline": true }), json!({}), json!({ "offline": true })),
            (json!({ "rewind_s": 0 }), json!({ "rewind_s": 1800 }), json!({ "rewind_s": 0 })),
            (json!({ "audio": ["ar", "en"] }), json!({ "audio": ["EN", "fr"] }), json!({ "audio": ["en"] })),
            (json!({ "codecs": ["avc1"] }), json!({ "codecs": ["hvc1"] }), json!({ "codecs": [] })),
            (json!({ "hdcp": "TYPE-1" }), json!({ "hdcp": "NONE" }), json!({ "hdcp": "NONE" })),
            (json!({ "hdcp": "TYPE-0" }), json!({}), json!({ "hdcp": "TYPE-0" })),
            (
                json!({ "max_frame_rate": 59.94 }),
                json!({ "max_frame_rate": 60 }),
                json!({ "max_frame_rate": 59.94 }),
            ),
            (
                json!({ "allowed_cpc": { "a": ["HW", "SW"], "b": ["X"] } }),
                json!({ "allowed_cpc": { "a": ["sw"], "c": [] } }),
                json!({ "allowed_cpc": { "a": ["SW"], "b": ["X"], "c": [] } }),
            ),
            (json!({}), json!({ "allowed_cpc": { "a": [] } }), json!({ "allowed_cpc": { "a": [] } })),
        ];
        for (one, other, expected) in table {
            assert_eq!(caps(one.clone()).narrow(&caps(other.clone())), caps(expected), "{one} and {other}");
        }
    }

    proptest! {
        #[test]
        fn narrowing_is_never_wider(a: Option<u32>, b: Option<u32>, hdr: Option<bool>, other: Option<bool>) {
            let one = Caps { max_height: a, hdr, ..Caps::default() };
            let both = one.narrow(&Caps { max_height: b, hdr: other, ..Caps::default() });
            let height = |limit: Option<u32>| limit.unwrap_or(u32::MAX);
            prop_assert!(height(both.max_height) <= height(a).min(height(b)));
            prop_assert!(both.hdr.unwrap_or(true) == (hdr.unwrap_or(true) && other.unwrap_or(true)));
        }
    }
}
