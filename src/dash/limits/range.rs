//! Whether pictures are of high dynamic range.
//!
//! | | values |
//! | --- | --- |
//! | `urn:mpeg:mpegB:cicp:TransferCharacteristics` ([Rec. ITU-T H.273] table 3) | 16 (PQ), 18 (HLG), and every value that is not known as standard range |
//! | `urn:dvb:dash:hdr-dmi` (ETSI TS 103 285 section 5.2.6) | any value: dynamic mapping is for PQ |
//! | `http://dashif.org/metadata/hdr` (DASH-IF IOP part 7) | any value |
//! | `@codecs` | Dolby Vision; the transfer characteristics in names of AV1 and VP9 |
//!
//! Properties count on the Representation and on its AdaptationSet, essential or supplemental. HLG that is labelled
//! BT.2020 for older players and HLG for newer ones counts as HLG.
//!
//! [Rec. ITU-T H.273]: https://www.itu.int/rec/T-REC-H.273

use super::descriptor::properties;
use crate::dash::document::Element;
use crate::manifest::codecs::{family, is_dolby_vision};

/// Whether the properties of an element declare a high dynamic range.
pub(super) fn is_high(element: Element<'_, '_>) -> bool {
    properties(element).any(|property| match &*property.scheme {
        "urn:mpeg:mpegB:cicp:TransferCharacteristics" => {
            !property.value().parse().is_ok_and(|transfer| STANDARD.contains(&transfer))
        }
        "urn:dvb:dash:hdr-dmi" | "http://dashif.org/metadata/hdr" => true,
        _ => false,
    })
}

/// Whether a codec string declares a high dynamic range. The transfer characteristics are the seventh field after
/// `av01` ([AV1 Codec ISO Media File Format Binding] section 5), and the sixth after `vp09` ([VP Codec ISO Media File
/// Format Binding]).
///
/// [AV1 Codec ISO Media File Format Binding]: https://aomediacodec.github.io/av1-isobmff/#codecsparam
/// [VP Codec ISO Media File Format Binding]: https://www.webmproject.org/vp9/mp4/#codecs-parameter-string
pub(super) fn is_high_codec(codec: &str) -> bool {
    let at = match family(codec).to_ascii_lowercase().as_str() {
        "av01" => 7,
        "vp09" => 6,
        _ => return is_dolby_vision(codec),
    };
    codec
        .split('.')
        .nth(at)
        .is_some_and(|transfer| !transfer.parse().is_ok_and(|transfer| STANDARD.contains(&transfer)))
}

/// The transfer characteristics of standard dynamic range: BT.709, unspecified, BT.470 (two), BT.601, SMPTE 240M,
/// xvYCC, BT.1361, sRGB, and BT.2020 with 10 and 12 bits.
const STANDARD: [u8; 11] = [1, 2, 4, 5, 6, 7, 11, 12, 13, 14, 15];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dash::document::Document;

    #[test]
    fn ranges() {
        let transfer = "urn:mpeg:mpegB:cicp:TransferCharacteristics";
        for (name, scheme, value, expected) in [
            ("EssentialProperty", transfer, "16", true),
            ("SupplementalProperty", transfer, " 18 ", true),
            ("SupplementalProperty", transfer, "1", false),
            ("SupplementalProperty", transfer, "14", false),
            ("SupplementalProperty", transfer, "15", false),
            ("SupplementalProperty", transfer, "2", false),
            ("SupplementalProperty", transfer, "17", true),
            ("SupplementalProperty", transfer, "", true),
            ("SupplementalProperty", transfer, "PQ", true),
            ("SupplementalProperty", "urn:mpeg:mpegB:cicp:ColourPrimaries", "9", false),
            ("EssentialProperty", "urn:dvb:dash:hdr-dmi", "SL-HDR2", true),
            ("SupplementalProperty", "http://dashif.org/metadata/hdr", "SMPTE2094-40", true),
            ("Role", transfer, "16", false),
        ] {
            let text = format!("<R><{name} schemeIdUri=\"{scheme}\" value=\"{value}\"/></R>");
            assert_eq!(is_high(Document::read(&text).unwrap().root()), expected, "{text}");
        }
        for (codec, expected) in [
            ("hvc1.2.4.L153.B0", false),
            ("dvh1.05.06", true),
            ("av01.0.04M.10", false),
            ("av01.0.04M.10.0.112.09.16.09.0", true),
            ("av01.0.04M.08.0.110.01.01.01.0", false),
            ("vp09.02.10.10.01.09.16.09.01", true),
            ("VP09.02.10.10.01.09.18.09.01", true),
            ("vp09.00.10.08", false),
            ("vp09.00.10.08.01.01.x", true),
        ] {
            assert_eq!(is_high_codec(codec), expected, "{codec}");
        }
    }
}
