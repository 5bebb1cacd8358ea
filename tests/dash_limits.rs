//! Limits applied to MPDs, checked by a reader that shares no code with the one under test.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "support/offer.rs"]
mod offer;
#[path = "support/xml.rs"]
mod xml;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use offer::offered;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use stagedoor::catalog::Caps;
use stagedoor::dash::{CompileError, Edits, compile};

fn caps(caps: &Value) -> Caps {
    serde_json::from_value(caps.clone()).unwrap()
}

/// A Representation: a size, a dynamic range, a bit rate, and the Representation that it depends on.
fn representations() -> impl Strategy<Value = Vec<(usize, bool, u32, Option<u8>)>> {
    vec((0..4_usize, any::<bool>(), 1..9_u32, prop::option::weighted(0.2, 0..12_u8)), 0..4)
}

/// A set: its type, its language, whether it refers to another set, a role, and its Representations.
fn sets() -> impl Strategy<Value = String> {
    const LANGUAGES: [&str; 4] = ["", " lang=\"en\"", " lang='en-GB'", " lang=\"fr\""];
    const ROLES: [&str; 3] = ["", "main", "description"];
    let set = (0..5_usize, 0..4_usize, prop::option::weighted(0.3, 0..6_u8), 0..3_usize, representations());
    vec(set, 0..6).prop_map(|sets| {
        let mut text = String::new();
        let mut id = 0;
        for (number, (kind, language, names, role, representations)) in sets.iter().enumerate() {
            let media = ["video", "audio", "audio", "text", "image"][*kind];
            write!(
                text,
                "\n  <AdaptationSet id=\"{number}\" contentType=\"{media}\"{} maxHeight='2160'>",
                LANGUAGES[*language]
            )
            .unwrap();
            if *role > 0 {
                write!(text, "<Role schemeIdUri='urn:mpeg:dash:role:2011' value='{}'/>", ROLES[*role]).unwrap();
            }
            if let Some(named) = names {
                let scheme = ["http://dashif.org/guidelines/trickmode", "urn:mpeg:dash:adaptation-set-switching:2016"];
                let scheme = scheme[usize::from(named % 2)];
                write!(text, "<SupplementalProperty schemeIdUri='{scheme}' value='{named}'/>").unwrap();
            }
            for (size, is_high, mbits, needs) in representations {
                let size = ["", " height='360'", " width='1280' height='720'", " width='1080' height='1920'"][*size];
                let needs = needs.map_or(String::new(), |needs| {
                    format!(" {}='r{needs} r9'", ["dependencyId", "associationId"][usize::from(needs % 2)])
                });
                write!(text, "\n    <Representation id='r{id}' bandwidth='{mbits}000000'{size}{needs}").unwrap();
                text += if *is_high && media == "video" {
                    "><EssentialProperty schemeIdUri='urn:mpeg:mpegB:cicp:TransferCharacteristics' value='16'/></Representation>"
                } else {
                    "/>"
                };
                id += 1;
            }
            text += "\n  </AdaptationSet>";
        }
        text
    })
}

fn mpds() -> impl Strategy<Value = String> {
    let lists = vec(vec(0..6_u8, 1..4), 0..3);
    vec((sets(), lists), 1..3).prop_map(|periods| {
        let mut text = String::from("<MPD>");
        for (sets, lists) in periods {
            write!(text, "\n <Period>{sets}").unwrap();
            for (number, list) in lists.iter().enumerate() {
                let list: Vec<_> = list.iter().map(u8::to_string).collect();
                let (name, attribute) =
                    [("Preselection", "preselectionComponents"), ("Subset", "contains")][number % 2];
                write!(text, "\n  <{name} {attribute}='{}'/>", list.join(" ")).unwrap();
            }
            text += "\n </Period>";
        }
        text + "\n</MPD>\n"
    })
}

fn limits() -> impl Strategy<Value = Value> {
    let languages = || prop::option::of(vec(prop::sample::select(vec!["en", "en-gb", "fr", "ar"]), 0..3));
    let height = prop::option::of(prop::sample::select(vec![240, 360, 720, 1080]));
    (height, prop::option::of(1..9_u32), any::<Option<bool>>(), languages(), languages()).prop_map(
        |(height, mbits, hdr, audio, subtitles)| {
            let mut caps = json!({ "max_height": height, "max_bitrate_kbps": mbits.map(|mbits| mbits * 1000),
                "hdr": hdr, "audio": audio, "subtitles": subtitles });
            caps.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            caps
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn what_is_left_is_within_the_limits_and_never_empty(mpd in mpds(), limits in limits()) {
        match offered(&mpd, &caps(&limits)) {
            Ok(_) => {}
            Err(CompileError::NoRepresentation { .. }) => {}
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn limits_that_leave_everything_change_nothing(mpd in mpds()) {
        for wide in [
            json!({}),
            json!({ "max_streams": 1, "allowed_cpc": {}, "hdr": true }),
            json!({ "max_height": 1080, "max_bitrate_kbps": 8000, "max_frame_rate": 60, "codecs": [], "hdcp": "NONE" }),
        ] {
            prop_assert_eq!(offered(&mpd, &caps(&wide)), Ok(mpd.clone()));
        }
    }

    #[test]
    fn narrower_limits_add_nothing(mpd in mpds(), one in limits(), other in limits()) {
        let (one, other) = (caps(&one), caps(&other));
        let Ok(narrow) = offered(&mpd, &one.narrow(&other)) else { return Ok(()) };
        let wide = offered(&mpd, &one);
        prop_assert!(wide.is_ok(), "{:?}", wide);
        let wide = wide.unwrap();
        for line in narrow.lines().filter(|line| line.contains("<Representation")) {
            let id = line.split("id='").nth(1).unwrap().split('\'').next().unwrap();
            prop_assert!(wide.contains(&format!("<Representation id='{id}'")), "{} is new", id);
        }
    }
}

/// Every readable MPD of other projects.
fn fixtures() -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dash")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "mpd" || extension == "xml") {
                let text = fs::read_to_string(&path).unwrap();
                let none = Caps::default();
                if compile(text.as_bytes(), None, &Edits::within(&none)).is_ok() {
                    found.push((path, text));
                }
            }
        }
    }
    assert_eq!(found.len(), 62);
    found
}

#[test]
fn mpds_of_others() {
    // The numbers of unchanged, changed and refused MPDs. Two change only by losing their `PatchLocation`.
    for (limits, expected) in [
        (json!({}), [62, 0, 0]),
        (json!({ "max_height": 720 }), [52, 9, 1]),
        (json!({ "max_bitrate_kbps": 2000 }), [32, 21, 9]),
        (json!({ "max_bitrate_kbps": 100 }), [9, 0, 53]),
        (json!({ "codecs": ["avc1", "mp4a"] }), [53, 3, 6]),
        (json!({ "hdr": false }), [60, 2, 0]),
        (json!({ "max_frame_rate": 25 }), [32, 1, 29]),
        (json!({ "audio": ["en"] }), [47, 6, 9]),
        (json!({ "audio": ["de", "fr", "es", "en"], "subtitles": [] }), [36, 19, 7]),
    ] {
        let [mut same, mut changed, mut denied] = [0; 3];
        for (path, mpd) in fixtures() {
            match offered(&mpd, &caps(&limits)) {
                Ok(text) if text == mpd => same += 1,
                Ok(text) => {
                    changed += 1;
                    let blank = |text: &str| text.lines().filter(|line| line.trim().is_empty()).count();
                    assert!(blank(&text) <= blank(&mpd), "{}: blank lines piled up", path.display());
                }
                Err(CompileError::NoRepresentation { .. }) => denied += 1,
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
        assert_eq!([same, changed, denied], expected, "{limits}");
    }
}

/// Each Representation depends on the next, and the last exceeds the limit; sets refer to one another.
#[test]
fn what_depends_on_what_is_left_out_goes_along_a_chain_of_thousands() {
    let mpd = |count: usize| {
        let mut text = String::from(
            "<MPD><Period><AdaptationSet contentType='video'><Representation id='v' height='9'/>",
        );
        for number in 0..count {
            let height = if number + 1 == count { 1080 } else { 9 };
            write!(text, "<Representation id='{number}' dependencyId='{}' height='{height}'/>", number + 1)
                .unwrap();
        }
        text += "</AdaptationSet>";
        for number in 0..count {
            write!(
                text,
                "<AdaptationSet id='s{number}' contentType='audio' lang='{}'><SupplementalProperty schemeIdUri='urn:mpeg:dash:adaptation-set-switching:2016' value='s{}'/><Representation/></AdaptationSet><Preselection preselectionComponents='s{number}'/>",
                ["fr", "en", "de"][number % 3],
                number + 1
            )
            .unwrap();
        }
        text + "</Period></MPD>"
    };
    let caps = caps(&json!({ "max_height": 360, "audio": ["en", "fr"] }));
    let template = compile(mpd(4_000).as_bytes(), None, &Edits::within(&caps)).unwrap();
    let left = String::from_utf8(template.render("").into_owned()).unwrap();
    assert!(left.contains("<Representation id='v' height='9'/>") && !left.contains("dependencyId"));
}
