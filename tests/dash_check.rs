//! The MPDs of other projects: each reported error is a real one.
//!
//! `tests/fixtures/dash/README.md` lists their sources. Some were written by packagers, others by hand to test a
//! parser, against the standard. Each error was verified in its file; files that are not listed here have none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use stagedoor::dash::{check, is_xml};
use stagedoor::manifest::Severity;

/// The files with errors, by their path below `tests/fixtures/dash`, and the codes.
const WRONG: &[(&str, &[&str])] = &[
    ("dash-mpd-rs/incomplete.mpd", &["malformed"]),
    ("dash-mpd-rs/mediapackage.xml", &["attribute-missing", "duration-missing", "namespace"]),
    ("dash-mpd-rs/multiple_supplementals.mpd", &["attribute-missing"]),
    ("dash-mpd-rs/st-sl.mpd", &["attribute-missing"]),
    (
        "dash-mpd-rs/telestream-binary.xml",
        &["attribute-missing", "duration-missing", "namespace", "period-empty"],
    ),
    (
        "dash-mpd-rs/telestream-elements.xml",
        &["attribute-missing", "duration-missing", "namespace", "period-empty"],
    ),
    ("videojs-mpd-parser/maat_vtt_segmentTemplate.mpd", &["default-kid", "pssh"]),
    (
        "videojs-mpd-parser/multiperiod-dynamic.mpd",
        &["default-kid", "initialization-varies", "pssh", "start-time-missing"],
    ),
    ("videojs-mpd-parser/multiperiod-segment-template.mpd", &["attribute-missing"]),
    ("videojs-mpd-parser/multiperiod.mpd", &["default-kid", "initialization-varies", "pssh"]),
    ("videojs-mpd-parser/vtt_codecs.mpd", &["default-kid", "pssh"]),
    ("zencoder-go-dash/mpd/fixtures/adaptationset_switching.mpd", &["attribute-missing"]),
    ("zencoder-go-dash/mpd/fixtures/events.mpd", &["attribute-missing"]),
    ("zencoder-go-dash/mpd/fixtures/hbbtv_profile.mpd", &["id-repeated"]),
    ("zencoder-go-dash/mpd/fixtures/inband_event_stream.mpd", &["addressing-missing"]),
    ("zencoder-go-dash/mpd/fixtures/invalid.mpd", &["malformed"]),
    ("zencoder-go-dash/mpd/fixtures/live_profile.mpd", &["id-repeated"]),
    ("zencoder-go-dash/mpd/fixtures/live_profile_dynamic.mpd", &["attribute-missing", "id-repeated"]),
    ("zencoder-go-dash/mpd/fixtures/live_profile_multi_base_url.mpd", &["id-repeated"]),
    ("zencoder-go-dash/mpd/fixtures/location.mpd", &["attribute-missing", "period-missing"]),
    ("zencoder-go-dash/mpd/fixtures/multiple_supplementals.mpd", &["attribute-missing"]),
    ("zencoder-go-dash/mpd/fixtures/newperiod.mpd", &["id-repeated", "period-start-unknown"]),
    ("zencoder-go-dash/mpd/fixtures/ondemand_profile.mpd", &["id-repeated"]),
    (
        "zencoder-go-dash/mpd/fixtures/scte35.mpd",
        &["period-empty", "period-start-unknown", "splice-binary", "splice-missing"],
    ),
];

#[test]
fn every_error_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dash");
    let mut found: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let mut folders = vec![root.clone()];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            if !is_xml(&bytes) {
                continue;
            }
            count += 1;
            let errors: BTreeSet<_> = check(&bytes)
                .into_iter()
                .filter(|finding| finding.severity == Severity::Error)
                .map(|finding| finding.code)
                .collect();
            if !errors.is_empty() {
                found.insert(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(), errors);
            }
        }
    }
    let expected: BTreeMap<_, _> =
        WRONG.iter().map(|(name, codes)| ((*name).to_owned(), codes.iter().copied().collect())).collect();
    assert!(count >= 60, "{count} MPDs");
    assert_eq!(found, expected, "{found:#?}");
}
