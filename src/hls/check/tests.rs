//! Each rule has a playlist that goes against it, and one beside it that does not.

use std::collections::BTreeSet;

use super::*;
use crate::manifest::{FINDINGS_MAX, Severity};

/// The code of a rule, a playlist that violates the rule, and a playlist that does not.
pub(super) type Row = (&'static str, &'static str, &'static str);

fn rows() -> impl Iterator<Item = &'static Row> {
    [
        lines::rows::ROWS,
        placement::rows::ROWS,
        values::rows::ROWS,
        uris::rows::ROWS,
        version::rows::ROWS,
        segments::rows::ROWS,
        keys::rows::ROWS,
        low_latency::rows::ROWS,
        dateranges::rows::ROWS,
        splice::rows::ROWS,
        renditions::rows::ROWS,
        session::rows::ROWS,
        variables::rows::ROWS,
    ]
    .into_iter()
    .flatten()
}

#[test]
fn each_rule_finds_what_it_is_for_and_nothing_else() {
    let has = |playlist: &str, code: &str| check(playlist.as_bytes()).iter().any(|found| found.code == code);
    for (code, with, without) in rows() {
        assert!(has(with, code), "{code} is not found in {with:?}: {:#?}", check(with.as_bytes()));
        assert!(!has(without, code), "{code} is found in {without:?}: {:#?}", check(without.as_bytes()));
    }
}

#[test]
fn no_rule_is_without_a_row() {
    let told: BTreeSet<_> = rows().map(|(code, ..)| *code).collect();
    // These two cannot stand in a text, or are not about one.
    let elsewhere = [Rule::NotUtf8, Rule::TooMany].map(Rule::code);
    for rule in Rule::ALL {
        assert!(told.contains(rule.code()) || elsewhere.contains(&rule.code()), "{} has no row", rule.code());
    }
    let all: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert_eq!(all.len(), Rule::ALL.len(), "two rules have one code");
    assert!(told.iter().all(|code| all.contains(code)));
}

#[test]
fn a_finding_tells_its_place_and_its_clause() {
    let playlist = "\u{feff}#EXTM3U\r\n#EXT-X-TARGETDURATION:4\r\n#EXT-X-KEY:METHOD=NONE,URI=\"é\",IV=x\r\n";
    let found: Vec<_> = check(playlist.as_bytes())
        .into_iter()
        .map(|found| (found.line, found.column, found.severity, found.code, found.clause))
        .collect();
    assert_eq!(
        found,
        [
            (1, 1, Severity::Warning, "byte-order-mark", "rfc8216bis-22 4.1"),
            (3, 1, Severity::Error, "version-low", "rfc8216bis-22 8"),
            (3, 29, Severity::Error, "attribute-forbidden", "rfc8216bis-22 4.4.4.4"),
            (3, 35, Severity::Error, "attribute-type", "rfc8216bis-22 4.2"),
            (3, 35, Severity::Error, "attribute-forbidden", "rfc8216bis-22 4.4.4.4"),
        ]
    );
}

#[test]
fn playlists_by_the_letter_have_no_finding() {
    for playlist in [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-VERSION:3\n#EXTINF:9.009,\nhttp://media.example.com/first.ts\n\
         #EXTINF:3.003,\nhttp://media.example.com/third.ts\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1280000,AVERAGE-BANDWIDTH=1000000\nhttp://example.com/low.m3u8\n\
         #EXT-X-STREAM-INF:BANDWIDTH=65000,CODECS=\"mp4a.40.5\"\nhttp://example.com/audio-only.m3u8\n",
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:7794\n#EXT-X-TARGETDURATION:15\n\n\
         #EXT-X-KEY:METHOD=AES-128,URI=\"https://priv.example.com/key.php?r=52\"\n\n\
         #EXTINF:2.833,\nhttp://media.example.com/fileSequence52-A.ts\n",
    ] {
        assert_eq!(check(playlist.as_bytes()), [], "{playlist}");
    }
}

#[test]
fn long_lists_and_many_lines_take_no_longer_than_they_are() {
    let list = format!("#EXTM3U\n#EXT-X-DATERANGE:{}\n", "ID=\"a\",".repeat(40_000));
    let variables = format!("#EXTM3U\n#EXTINF:1,\n{}\n", "{$".repeat(200_000));
    let groups: String = (0..20_000)
        .map(|number| format!("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{number}\",NAME=\"{number}\"\n"))
        .collect();
    for playlist in [list, variables, groups] {
        assert!(check(playlist.as_bytes()).len() <= FINDINGS_MAX + 1);
    }
}
