//! Messages of SCTE 35: in `EXT-X-DATERANGE` as hexadecimal sequences ([section 4.4.5.1.1]), and in the tags of others in
//! base64.
//!
//! [section 4.4.5.1.1]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.5.1.1

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::entry::Entry;
use super::outline::Outline;
use super::rule::Rule;
use super::subject::{Check, Report};
use crate::hls::read::attributes::attribute;
use crate::hls::read::tag::Tag;
use crate::manifest::quote;
use crate::scte35::{self, Broken};

pub(super) struct Splice;

impl<'a> Check<'a> for Splice {
    fn line(&mut self, entry: &Entry<'a, '_>, _: &Outline, report: &mut Report) {
        match entry.tag() {
            Some(Tag::DateRange) => {
                for name in ["SCTE35-CMD", "SCTE35-OUT", "SCTE35-IN"] {
                    // Another rule reports a value that is no hexadecimal sequence.
                    if let Some(section) = entry.value(name).and_then(hexadecimal) {
                        check(Some(section), entry.value(name), entry.at_value(name), report);
                    }
                }
            }
            Some(Tag::Scte35 | Tag::ExtScte35) => {
                if let Some(cue) = entry.value("CUE") {
                    check(BASE64.decode(cue).ok(), Some(cue), entry.at_value("CUE"), report);
                }
            }
            Some(Tag::OatclsScte35 | Tag::SplicepointScte35) => {
                if let Some((cue, at)) = entry.stated() {
                    check(BASE64.decode(cue).ok(), Some(cue), at, report);
                }
            }
            Some(Tag::CueOutCont) => {
                let list = entry.event.value().unwrap_or_default();
                if let Some(cue) = attribute(list, b"SCTE35") {
                    check(BASE64.decode(cue).ok(), Some(cue), entry.at(), report);
                }
            }
            _ => {}
        }
    }
}

fn check(section: Option<Vec<u8>>, text: Option<&[u8]>, at: usize, report: &mut Report) {
    match section.map(|section| scte35::check(&section)) {
        Some(Ok(())) => {}
        None | Some(Err(Broken::Table { .. })) => report.add(Rule::SpliceBinary, at, || {
            format!("expected a splice information section, found {}", quote(text.unwrap_or_default()))
        }),
        Some(Err(broken)) => report.add(Rule::SpliceSection, at, || broken.to_string()),
    }
}

/// The bytes of a hexadecimal sequence: `0xFC30…`.
fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X"))?;
    let digit = |sign: &u8| char::from(*sign).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    // The first of an odd number of digits is a byte by itself.
    let digits: Cow<'_, [u8]> =
        if digits.len() % 2 == 0 { digits.into() } else { [b"0", digits].concat().into() };
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    digits.chunks(2).map(pair).collect()
}

#[cfg(test)]
pub(super) mod rows {
    use crate::hls::check::tests::Row;

    macro_rules! range {
        ($cue:literal) => {
            concat!("#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",", $cue, "\n")
        };
    }

    pub(in crate::hls::check) const ROWS: &[Row] = &[
        (
            "splice-binary",
            range!("SCTE35-OUT=0xFD3011000000000000FFFFF0000000000000000000"),
            range!(
                "SCTE35-OUT=0xFC3034000000000000FFFFF00506FE72BD0050001E021C435545494800008E7FCF0001A599B00808000000002CA0A18A3402009AC9D17E"
            ),
        ),
        (
            "splice-section",
            range!(
                "SCTE35-CMD=0xFC3034000000000000FFFFF00506FE72BD0050001E021C435545494800008E7FCF0001A599B00808000000002CA0A18A3402009AC9D17F"
            ),
            range!(
                "SCTE35-IN=0xFC3034000000000000FFFFF00506FE72BD0050001E021C435545494800008E7FCF0001A599B00808000000002CA0A18A3402009AC9D17E"
            ),
        ),
        ("splice-section", range!("SCTE35-OUT=0xFC"), range!("SCTE35-OUT=0xFX")),
        (
            "splice-section",
            "#EXTM3U\n#EXT-OATCLS-SCTE35:/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfw==\n",
            "#EXTM3U\n#EXT-OATCLS-SCTE35:/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==\n",
        ),
        (
            "splice-section",
            "#EXTM3U\n#EXT-X-SCTE35:CUE=\"/DA0AAAAAAAA\"\n",
            "#EXTM3U\n#EXT-X-SCTE35:CUE=\"/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==\"\n",
        ),
        (
            "splice-binary",
            "#EXTM3U\n#EXT-X-CUE-OUT-CONT:ElapsedTime=8.0,Duration=30,SCTE35=!\n",
            "#EXTM3U\n#EXT-X-CUE-OUT-CONT:ElapsedTime=8.0,Duration=30,SCTE35=/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==\n",
        ),
    ];
}
