//! The limit that a Representation exceeds.
//!
//! | limit | looks at | |
//! | --- | --- | --- |
//! | `max_height` | `@width`, `@height` | for tiled thumbnails, the size of one thumbnail |
//! | `max_bitrate_kbps` | `@bandwidth` | each Representation by itself |
//! | `max_frame_rate` | `@frameRate` | |
//! | `hdr: false` | properties, `@codecs` | range.rs |
//! | `codecs` | `@codecs` | pictures and sound only |
//! | `hdcp` | `OutputProtection` | HDCP 2.2 and later are `TYPE-1`, earlier versions `TYPE-0` |
//!
//! A Representation inherits the attributes of its AdaptationSet (ISO/IEC 23009-1 section 5.3.7.2), except
//! `@bandwidth`. A missing attribute is within every limit, an unreadable one within none.

use super::content::{Content, thumbnails};
use super::descriptor::{self, Descriptor};
use super::range;
use super::stated::{Stated, number};
use crate::catalog::{Caps, FrameRate, HdcpLevel};
use crate::dash::document::Element;
use crate::manifest::codecs::{is_listed, items};
use crate::manifest::{Limit, is_low_enough};

/// The properties that the Representations of an AdaptationSet inherit, looked up once for all of them.
pub(super) struct SetProperties<'d, 'a> {
    set: Element<'d, 'a>,
    content: Content,
    thumbnails: Option<Descriptor<'d, 'a>>,
    is_high: bool,
    protection: Stated<HdcpLevel>,
}

impl<'d, 'a> SetProperties<'d, 'a> {
    pub(super) fn of(content: Content, set: Element<'d, 'a>) -> Self {
        let (thumbnails, is_high) = (thumbnails(set), range::is_high(set));
        Self { set, content, thumbnails, is_high, protection: protection(set) }
    }

    /// The first limit that a Representation exceeds.
    pub(super) fn beyond(&self, caps: &Caps, representation: Element<'_, '_>) -> Option<Limit> {
        let Self { set, content, .. } = *self;
        let codecs = || representation.value("codecs").or_else(|| set.value("codecs")).unwrap_or_default();
        let is_within = |limit| match limit {
            Limit::MaxHeight => caps.max_height.is_none_or(|limit| self.is_low(limit, representation)),
            Limit::MaxBitrate => Stated::read(representation, representation, "bandwidth", number)
                .is_within(caps.max_bitrate_kbps, |limit, bits| bits.div_ceil(1000) <= u64::from(limit)),
            Limit::MaxFrameRate => Stated::read(representation, set, "frameRate", FrameRate::read_ratio)
                .is_within(caps.max_frame_rate, |limit, rate| *rate <= limit),
            Limit::Hdr => {
                let is_high = || self.is_high || range::is_high(representation);
                caps.hdr != Some(false) || !is_high() && !items(&codecs()).any(range::is_high_codec)
            }
            Limit::Codecs => caps.codecs.as_deref().is_none_or(|listed| {
                let is_judged = content.pictures || content.sound || !(content.text || content.images);
                !is_judged || items(&codecs()).all(|codec| is_listed(listed, codec))
            }),
            Limit::Hdcp => [self.protection, protection(representation)]
                .iter()
                .all(|protection| protection.is_within(caps.hdcp, |limit, level| *level <= limit)),
            // `ContentProtection@robustness` is the minimum that a licence server requires of a device, not a CPC
            // label.
            Limit::AllowedCpc => true,
        };
        Limit::ALL.into_iter().find(|limit| !is_within(*limit))
    }

    /// Whether the pictures of a Representation are low enough.
    fn is_low(&self, limit: u32, representation: Element<'_, '_>) -> bool {
        let side = |name| Stated::read(representation, self.set, name, number);
        let (width, height) = (side("width"), side("height"));
        if width == Stated::Unreadable || height == Stated::Unreadable {
            return false;
        }
        let (width, height) = (width.known(), height.known());
        let own = thumbnails(representation).map(|tiles| tiles.value());
        let Some(grid) = own.or_else(|| self.thumbnails.as_ref().map(Descriptor::value)) else {
            return is_low_enough(limit, width, height);
        };
        let grid = grid.split_once(['x', 'X']).and_then(|(columns, rows)| {
            let count = |text| number(text).filter(|count| *count > 0);
            Some((count(columns)?, count(rows)?))
        });
        match grid {
            Some((columns, rows)) => is_low_enough(
                limit,
                width.map(|width| width.div_ceil(columns)),
                height.map(|height| height.div_ceil(rows)),
            ),
            None => width.is_none() && height.is_none(),
        }
    }
}

/// The output protection that an element requires (ISO/IEC 23009-1 section 5.8.5.14); the highest if there are several.
fn protection(element: Element<'_, '_>) -> Stated<HdcpLevel> {
    let protections = descriptor::of(element, |name| name == "OutputProtection")
        .filter(|protection| protection.scheme == "urn:mpeg:dash:output-protection:hdcp:2020");
    protections.map(|protection| level(&protection.value())).fold(Stated::Nothing, |found, level| {
        match (found, level) {
            (Stated::Unreadable, _) | (_, None) => Stated::Unreadable,
            (Stated::Nothing, Some(level)) => Stated::Known(level),
            (Stated::Known(found), Some(level)) => Stated::Known(found.max(level)),
        }
    })
}

/// The level of an HDCP version. Type 1 content requires HDCP 2.2 or later on every link (HDCP 2.2, section 1.4).
fn level(version: &str) -> Option<HdcpLevel> {
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    let version = (number(major)?, number(minor)?);
    Some(if version >= (2, 2) { HdcpLevel::Type1 } else { HdcpLevel::Type0 })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::dash::document::Document;

    fn is_allowed(caps: &Value, mpd: &str) -> bool {
        let caps: Caps = serde_json::from_value(caps.clone()).unwrap();
        let document = Document::read(mpd).unwrap();
        let set = document.root();
        let representation = set.child("Representation").unwrap();
        SetProperties::of(Content::of(set), set).beyond(&caps, representation).is_none()
    }

    fn property(scheme: &str, value: &str) -> String {
        format!("<EssentialProperty schemeIdUri=\"{scheme}\" value=\"{value}\"/>")
    }

    #[test]
    fn every_limit_both_ways_and_at_both_levels() {
        let transfer = |value| property("urn:mpeg:mpegB:cicp:TransferCharacteristics", value);
        let hdcp = |version| {
            format!(
                "<OutputProtection schemeIdUri=\"urn:mpeg:dash:output-protection:hdcp:2020\" value=\"{version}\"/>"
            )
        };
        for (attributes, children, within, above) in [
            (
                "width='1920' height='1080'",
                String::new(),
                json!({ "max_height": 1080 }),
                json!({ "max_height": 1079 }),
            ),
            (
                "width='1280' height='536'",
                String::new(),
                json!({ "max_height": 720 }),
                json!({ "max_height": 576 }),
            ),
            ("height='720'", String::new(), json!({ "max_height": 720 }), json!({ "max_height": 719 })),
            (
                "frameRate='30000/1001'",
                String::new(),
                json!({ "max_frame_rate": 29.97 }),
                json!({ "max_frame_rate": 29.969 }),
            ),
            (
                "frameRate='50'",
                String::new(),
                json!({ "max_frame_rate": 50 }),
                json!({ "max_frame_rate": 30 }),
            ),
            (
                "codecs='hvc1.2.4.L153,mp4a.40.2'",
                String::new(),
                json!({ "codecs": ["HVC1", "mp4a"] }),
                json!({ "codecs": ["hvc1"] }),
            ),
            ("codecs='dvh1.05.06'", String::new(), json!({ "hdr": true }), json!({ "hdr": false })),
            ("", transfer("16"), json!({ "hdr": true }), json!({ "hdr": false })),
            ("", hdcp("2.1"), json!({ "hdcp": "TYPE-0" }), json!({ "hdcp": "NONE" })),
            ("", hdcp("2.2"), json!({ "hdcp": "TYPE-1" }), json!({ "hdcp": "TYPE-0" })),
        ] {
            let own = format!(
                "<AdaptationSet contentType='video'><Representation {attributes}>{children}</Representation></AdaptationSet>"
            );
            let inherited = format!(
                "<AdaptationSet contentType='video' {attributes}>{children}<Representation/></AdaptationSet>"
            );
            for mpd in [own, inherited] {
                assert!(is_allowed(&within, &mpd), "{within}: {mpd}");
                assert!(!is_allowed(&above, &mpd), "{above}: {mpd}");
            }
        }
        let own = "<AdaptationSet height='2160' codecs='hvc1' bandwidth='9'><Representation height='720' codecs='avc1.1' bandwidth='2000001'/></AdaptationSet>";
        assert!(is_allowed(&json!({ "max_height": 720, "codecs": ["avc1"], "max_bitrate_kbps": 2001 }), own));
        assert!(!is_allowed(&json!({ "max_bitrate_kbps": 2000 }), own));
    }

    fn narrow() -> Value {
        json!({ "max_height": 1, "max_bitrate_kbps": 1, "max_frame_rate": 1, "hdr": false, "codecs": ["x"],
            "hdcp": "NONE", "allowed_cpc": { "a": [] } })
    }

    #[test]
    fn a_representation_without_the_attribute_stays() {
        for (set, representation) in [
            ("", ""),
            ("", "width='' height=' ' bandwidth='' frameRate='' codecs=''"),
            ("contentType='video'", "codecs='x.1,wvtt'"),
            ("contentType='text'", "codecs='anything'"),
            ("mimeType='application/mp4'", "codecs='stpp.ttml.im1t'"),
            ("mimeType='image/jpeg'", "codecs='jpeg'"),
            ("x:height='9' maxHeight='9' bandwidth='9000'", ""),
        ] {
            let mpd = format!("<AdaptationSet {set}><Representation {representation}/></AdaptationSet>");
            assert!(is_allowed(&narrow(), &mpd), "{mpd}");
        }
    }

    #[test]
    fn an_unreadable_attribute_is_within_no_limit() {
        for representation in [
            "width='wide'",
            "height='-1'",
            "bandwidth='2M'",
            "bandwidth='99999999999999999999999'",
            "frameRate='30/0'",
            "frameRate='fast'",
            "codecs='y'",
            "codecs='x,y'",
            "codecs='dvh1.05'",
        ] {
            let mpd = format!("<AdaptationSet><Representation {representation}/></AdaptationSet>");
            assert!(!is_allowed(&narrow(), &mpd), "{mpd}");
            assert!(is_allowed(&json!({}), &mpd), "{mpd}");
        }
        let protection = "<AdaptationSet><OutputProtection schemeIdUri='urn:mpeg:dash:output-protection:hdcp:2020'/><Representation/></AdaptationSet>";
        assert!(!is_allowed(&json!({ "hdcp": "TYPE-1" }), protection));
    }

    #[test]
    fn of_thumbnails_one_counts() {
        let tiles = |value: &str, size: &str| {
            let property = property("http://dashif.org/guidelines/thumbnail_tile", value);
            format!(
                "<AdaptationSet mimeType='image/jpeg'><Representation codecs='jpeg' {size}>{property}</Representation></AdaptationSet>"
            )
        };
        for (value, size, expected) in [
            ("10x20", "width='3200' height='3600'", true),
            ("10x19", "width='3200' height='3600'", false),
            ("1x1", "width='320' height='180'", true),
            ("", "width='320' height='180'", false),
            ("0x1", "width='1' height='1'", false),
            ("tiles", "", true),
        ] {
            let mpd = tiles(value, size);
            assert_eq!(
                is_allowed(&json!({ "max_height": 180, "codecs": ["avc1"] }), &mpd),
                expected,
                "{mpd}"
            );
        }
    }
}
