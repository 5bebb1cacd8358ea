//! Each rule has an MPD that violates it, and a similar one that does not.

use std::collections::BTreeSet;

use super::*;
use crate::manifest::{FINDINGS_MAX, Severity};

/// The code of a rule, an MPD that violates it, and an MPD that does not.
pub(super) type Row = (&'static str, &'static str, &'static str);

/// A static MPD of ten seconds with these attributes and this content.
macro_rules! mpd {
    ($attributes:expr, $inner:expr) => {
        concat!(
            "<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' profiles='a' minBufferTime='PT1S' mediaPresentationDuration='PT10S' ",
            $attributes,
            ">",
            $inner,
            "</MPD>"
        )
    };
}

/// A dynamic MPD.
macro_rules! live {
    ($attributes:literal, $inner:expr) => {
        concat!(
            "<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' profiles='a' minBufferTime='PT1S' type='dynamic' ",
            "availabilityStartTime='2026-01-01T00:00:00Z' publishTime='2026-01-01T00:00:00Z' ",
            $attributes,
            ">",
            $inner,
            "</MPD>"
        )
    };
}

/// An MPD of one Period.
macro_rules! period {
    ($attributes:expr, $inner:expr) => {
        $crate::dash::check::tests::mpd!("", concat!("<Period ", $attributes, ">", $inner, "</Period>"))
    };
}

/// An MPD of one AdaptationSet.
macro_rules! set {
    ($attributes:expr, $inner:expr) => {
        $crate::dash::check::tests::period!(
            "",
            concat!("<AdaptationSet ", $attributes, ">", $inner, "</AdaptationSet>")
        )
    };
}

/// An MPD of one Representation.
macro_rules! representation {
    ($attributes:expr, $inner:expr) => {
        $crate::dash::check::tests::set!(
            "",
            concat!("<Representation id='a' bandwidth='1' ", $attributes, ">", $inner, "</Representation>")
        )
    };
}

pub(super) use {live, mpd, period, representation, set};

const ROWS: &[Row] = &[
    ("malformed", "<MPD", "<MPD/>"),
    ("malformed", "<MPD><Period></MPD>", "<MPD><Period/></MPD>"),
    ("forbidden", "<!DOCTYPE MPD><MPD/>", "<MPD/>"),
    ("forbidden", "<MPD>&e;</MPD>", "<MPD>&amp;</MPD>"),
    ("root-name", "<Patch/>", "<m:MPD/>"),
];

fn rows() -> impl Iterator<Item = &'static Row> {
    [
        ROWS,
        names::rows::ROWS,
        types::rows::ROWS,
        ids::rows::ROWS,
        presentation::rows::ROWS,
        periods::rows::ROWS,
        sets::rows::ROWS,
        representations::rows::ROWS,
        references::rows::ROWS,
        descriptors::rows::ROWS,
        addressing::rows::ROWS,
        templates::rows::ROWS,
        timelines::rows::ROWS,
        early::rows::ROWS,
        uris::rows::ROWS,
        remote::rows::ROWS,
        clock::rows::ROWS,
        events::rows::ROWS,
        alternative::rows::ROWS,
        splice::rows::ROWS,
        protection::rows::ROWS,
    ]
    .into_iter()
    .flatten()
}

#[test]
fn each_rule_finds_what_it_is_for_and_nothing_else() {
    let has = |mpd: &str, code: &str| check(mpd.as_bytes()).iter().any(|found| found.code == code);
    let mut failed = Vec::new();
    for (code, with, without) in rows() {
        if !has(with, code) {
            failed.push(format!("{code} is not found in {with}: {:#?}", check(with.as_bytes())));
        }
        if has(without, code) {
            failed.push(format!("{code} is found in {without}: {:#?}", check(without.as_bytes())));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn no_rule_is_without_a_row() {
    let told: BTreeSet<_> = rows().map(|(code, ..)| *code).collect();
    for rule in Rule::ALL {
        assert!(told.contains(rule.code()) || *rule == Rule::TooMany, "{} has no row", rule.code());
    }
    let all: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert_eq!(all.len(), Rule::ALL.len(), "two rules have one code");
    assert!(told.iter().all(|code| all.contains(code)));
}

#[test]
fn a_finding_tells_its_place_and_its_clause() {
    let mpd = "\u{feff}<?xml version=\"1.0\"?>\r\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"\r\n  profiles=\"é\" new='1'\r\n  type=\"live\">\r\n</MPD>";
    let found: Vec<_> = check(mpd.as_bytes())
        .into_iter()
        .map(|found| (found.line, found.column, found.severity, found.code, found.clause))
        .collect();
    assert_eq!(
        found,
        [
            (2, 1, Severity::Error, "attribute-missing", "ISO/IEC 23009-1 5.3.1"),
            (2, 1, Severity::Error, "period-missing", "ISO/IEC 23009-1 5.3.2"),
            (3, 21, Severity::Info, "attribute-unknown", "ISO/IEC 23009-1 5.2.2"),
            (4, 9, Severity::Error, "attribute-type", "ISO/IEC 23009-1 5.3.1"),
        ]
    );
    let broken = check(b"<MPD>\n<Period>\n</MPD>\n");
    assert_eq!(broken.iter().map(|found| (found.line, found.code)).collect::<Vec<_>>(), [(3, "malformed")]);
    let encoded = check(b"<MPD>\n\xff</MPD>");
    assert_eq!(encoded.iter().map(|found| (found.line, found.code)).collect::<Vec<_>>(), [(2, "forbidden")]);
}

#[test]
fn an_mpd_by_the_letter_has_no_finding() {
    let mpd = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" type=\"dynamic\"
    availabilityStartTime=\"2026-01-01T00:00:00Z\" publishTime=\"2026-01-01T00:00:00Z\" minimumUpdatePeriod=\"PT2S\"
    minBufferTime=\"PT2S\" timeShiftBufferDepth=\"PT1M\" maxSegmentDuration=\"PT2S\">
  <Period id=\"1\" start=\"PT0S\">
    <AdaptationSet id=\"1\" contentType=\"video\" mimeType=\"video/mp4\" segmentAlignment=\"true\">
      <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"main\"/>
      <SegmentTemplate timescale=\"90000\" media=\"$RepresentationID$/$Time$.m4s\" initialization=\"$RepresentationID$/i.mp4\">
        <SegmentTimeline><S t=\"0\" d=\"180000\" r=\"2\"/><S d=\"90000\"/></SegmentTimeline>
      </SegmentTemplate>
      <Representation id=\"v1\" codecs=\"avc1.64001f\" width=\"640\" height=\"360\" bandwidth=\"500000\"/>
      <Representation id=\"v2\" codecs=\"avc1.64001f\" width=\"1280\" height=\"720\" bandwidth=\"1500000\"/>
    </AdaptationSet>
  </Period>
  <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"https://time.example/\"/>
</MPD>
";
    assert_eq!(check(mpd.as_bytes()), []);
}

/// A level is not read again for each of its children, however long it is.
#[test]
fn many_elements_take_no_longer_than_they_are() {
    const MANY: usize = 20_000;
    let of = |head: &str, one: &str, tail: &str| {
        let all: String = (0..MANY).map(|number| one.replace("{}", &number.to_string())).collect();
        format!("<MPD><Period>{head}{all}{tail}</Period></MPD>")
    };
    let representation = "<Representation id='{}' bandwidth='1' dependencyId='{}'/>";
    let long = "a".repeat(100_000);
    for mpd in [
        of("<AdaptationSet>", representation, "</AdaptationSet>"),
        of(&format!("<AdaptationSet lang='{long}' maxWidth='1'>"), representation, "</AdaptationSet>"),
        of(&format!("<SegmentTemplate media='{long}'/><AdaptationSet>"), representation, "</AdaptationSet>"),
        of(
            &format!(
                "<AdaptationSet><SegmentTemplate index='{long}' availabilityTimeComplete='false'><SegmentTimeline><S d='1'/></SegmentTimeline></SegmentTemplate>"
            ),
            "<Representation><SegmentTemplate presentationTimeOffset='{}' availabilityTimeOffset='1'/></Representation>",
            "</AdaptationSet>",
        ),
        of("", "<AdaptationSet id='{}'><Role schemeIdUri='a'/></AdaptationSet>", "<Subset contains='1'/>"),
        of("<SegmentTemplate><SegmentTimeline>", "<S t='{}' d='1'/>", "</SegmentTimeline></SegmentTemplate>"),
        of(
            "<AdaptationSet><SegmentList duration='1'>",
            "<SegmentURL media='{}'/>",
            "</SegmentList><Representation/><Representation/></AdaptationSet>",
        ),
        of("<EventStream>", "<Event id='{}' presentationTime='{}'/>", "</EventStream>"),
        of("", "<Preselection preselectionComponents='{}'/>", ""),
        of("", "<BaseURL serviceLocation='{}'>a</BaseURL>", ""),
        of(
            "</Period>",
            "<Period id='{}' duration='PT1S'><AssetIdentifier schemeIdUri='a' value='b'/></Period>",
            "<Period>",
        ),
    ] {
        assert!(check(mpd.as_bytes()).len() <= FINDINGS_MAX + 1);
    }
}
