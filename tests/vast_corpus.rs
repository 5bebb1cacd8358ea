//! The VAST and VMAP documents of other projects.
//!
//! `tests/fixtures/vast/README.md` lists their sources. Each document is read as this table says, or refused with the reason in it.
//! `tests/edge/vast.test.mjs` compares the outcome with npm's vast-client and vmap.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use stagedoor::ads::vast::{Kind, Vast, VastAd};
use stagedoor::ads::vmap::{AdSource, Vmap};
use stagedoor::ads::{AdEvent, ErrorCode, Offset};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vast")
}

fn read(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

/// An ad in a few words: its kind, its id, its sequence, and how many files, URLs and verifications it has.
fn told(ad: &VastAd) -> String {
    let id = ad.id.as_deref().unwrap_or("-");
    let sequence = ad.sequence.map(|sequence| format!(" #{sequence}")).unwrap_or_default();
    let what = match &ad.kind {
        Kind::InLine(inline) => {
            let linears: Vec<_> = inline
                .linears
                .iter()
                .map(|linear| {
                    let seconds = linear.duration.map_or(-1.0, |duration| duration.as_secs_f64());
                    format!("{seconds} s, {} files, {} urls", linear.files.len(), linear.tracking.len())
                })
                .collect();
            format!("linear [{}] beside {}", linears.join("; "), inline.non_linears.len())
        }
        Kind::Wrapper(wrapper) => format!("-> {} ({} urls)", wrapper.uri, wrapper.linear_tracking.len()),
    };
    let (seen, errors, scripts) = (ad.impressions.len(), ad.errors.len(), ad.verifications.len());
    format!("{id}{sequence}: {what}; {seen} impressions, {errors} errors, {scripts} scripts")
}

/// The ads of a document, or why it is refused.
type Expected<'a> = Result<&'a [&'a str], (ErrorCode, &'a str)>;

/// Each document.
const VAST: [(&str, Expected<'static>); 17] = [
    ("vast-client/empty-no-ad.xml", Ok(&[])),
    ("vast-client/empty-no-creative.xml", Ok(&["-: linear [] beside 0; 0 impressions, 1 errors, 0 scripts"])),
    (
        "vast-client/inline-linear.xml",
        Ok(&["20001: linear [16 s, 1 files, 6 urls] beside 0; 1 impressions, 1 errors, 0 scripts"]),
    ),
    ("vast-client/invalid-xmlfile.xml", Err((ErrorCode::Xml, "expected an element, found text"))),
    ("vast-client/outdated-vast.xml", Err((ErrorCode::Version, "found `1.0`"))),
    (
        "vast-client/sample.xml",
        Ok(&[
            "ad_id_0001 #1: linear [90.123 s, 1 files, 10 urls] beside 0; 3 impressions, 1 errors, 2 scripts",
            "ad_id_0002: linear [30 s, 0 files, 1 urls] beside 0; 1 impressions, 0 errors, 0 scripts",
        ]),
    ),
    (
        "vast-client/vpaid.xml",
        Ok(&["VPAID: linear [-1 s, 0 files, 0 urls] beside 0; 0 impressions, 0 errors, 0 scripts"]),
    ),
    (
        "vast-client/vpaid2.xml",
        Ok(&["preroll-1: linear [1 s, 0 files, 0 urls] beside 0; 0 impressions, 0 errors, 0 scripts"]),
    ),
    (
        "vast-client/wrapper-a.xml",
        Ok(&[
            "4321: -> wrapper-b.xml (9 urls); 1 impressions, 1 errors, 0 scripts",
            "2032: -> vpaid.xml (0 urls); 1 impressions, 1 errors, 0 scripts",
        ]),
    ),
    (
        "vast-client/wrapper-attributes-multiple-ads.xml",
        Ok(&[
            "201: -> sample.xml (0 urls); 1 impressions, 1 errors, 0 scripts",
            "202: -> wrapper-b.xml (0 urls); 1 impressions, 1 errors, 0 scripts",
            "203: -> wrapper-b.xml (0 urls); 1 impressions, 1 errors, 0 scripts",
            "204: -> sample.xml (0 urls); 1 impressions, 1 errors, 0 scripts",
        ]),
    ),
    ("vast-client/wrapper-b.xml", Ok(&["1234: -> sample.xml (5 urls); 2 impressions, 1 errors, 0 scripts"])),
    (
        "vast-client/wrapper-empty-no-creative.xml",
        Ok(&["-: -> empty-no-creative.xml (3 urls); 1 impressions, 1 errors, 0 scripts"]),
    ),
    (
        "vast-client/wrapper-empty.xml",
        Ok(&["-: -> empty-no-ad.xml (3 urls); 1 impressions, 1 errors, 0 scripts"]),
    ),
    (
        "vast-client/wrapper-legacy.xml",
        Ok(&["-: -> inline-linear.xml (3 urls); 1 impressions, 1 errors, 0 scripts"]),
    ),
    (
        "vast-client/wrapper-multiple-ads.xml",
        Ok(&[
            "201: -> sample.xml (0 urls); 1 impressions, 1 errors, 0 scripts",
            "20011 #1: -> vpaid.xml (0 urls); 1 impressions, 1 errors, 0 scripts",
            "20012 #2: -> inline-linear.xml (0 urls); 1 impressions, 1 errors, 0 scripts",
            "2032: -> vpaid2.xml (0 urls); 1 impressions, 1 errors, 0 scripts",
        ]),
    ),
    (
        "vast-client/wrapper-unavailable-url.xml",
        Ok(&["-: -> invalid-url (3 urls); 1 impressions, 1 errors, 0 scripts"]),
    ),
    (
        "test-adserver/test_vast.xml",
        Ok(&["test-ad_1: linear [16 s, 3 files, 5 urls] beside 0; 0 impressions, 0 errors, 0 scripts"]),
    ),
];

#[test]
fn every_document_is_in_a_table() {
    let here: BTreeSet<_> = VAST.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut found = BTreeSet::new();
    for project in ["vast-client", "test-adserver"] {
        for entry in fs::read_dir(folder().join(project)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            found.extend(Some(format!("{project}/{name}")).filter(|name| name.ends_with(".xml")));
        }
    }
    assert_eq!(found, here);
}

#[test]
fn vast_documents_are_read_or_refused_with_a_reason() {
    let mut behind = Vec::new();
    for (name, expected) in VAST {
        match (Vast::read(&read(name)), expected) {
            (Ok(vast), Ok(expected)) => {
                let found: Vec<_> = vast.ads.iter().map(told).collect();
                if found != expected {
                    behind.push(format!("{name}: {found:#?}"));
                }
            }
            (Err(error), Err((code, why))) => {
                assert_eq!(error.code(), code, "{name}");
                assert!(error.to_string().contains(why), "{name}: {error}");
            }
            (found, _) => panic!("{name}: {found:?}"),
        }
    }
    assert!(behind.is_empty(), "{}", behind.join("\n"));
}

#[test]
fn vpaid_is_dropped_with_a_reason() {
    for name in ["vast-client/vpaid.xml", "vast-client/vpaid2.xml"] {
        let vast = Vast::read(&read(name)).unwrap();
        assert!(vast.left_out.iter().any(|happening| happening.event == AdEvent::VpaidDropped), "{name}");
    }
}

#[test]
fn vmap_documents_are_read_or_refused_with_a_reason() {
    let vmap = |name: &str| Vmap::read(&read(&format!("vmap/{name}")));
    let breaks = vmap("correct-vmap.xml").unwrap().breaks;
    let places: Vec<_> =
        breaks.iter().map(|found| (found.id.as_str(), found.offset, found.tracking.len())).collect();
    let millis = std::time::Duration::from_millis;
    assert_eq!(
        places,
        [("mypre", Offset::Start, 4), ("myid", Offset::Time(millis(623_125)), 1), ("mypost", Offset::End, 1)]
    );
    assert!(matches!(&breaks.first().unwrap().source, AdSource::Vast(_)));
    assert_eq!(breaks.last().unwrap().source, AdSource::Tag("http://server.com/vast.xml".to_owned()));
    assert_eq!(vmap("correct-vmap-with-extension.xml").unwrap().breaks.len(), 1);
    for name in ["incorrect-vmap.xml", "parsing-example.xml"] {
        let error = vmap(name).unwrap_err().to_string();
        assert!(error.contains("expected the root element `VMAP`"), "{name}: {error}");
    }
}
