use std::collections::BTreeMap;

use proptest::prelude::*;

use super::segments::is_within;
use super::*;
use crate::ads::{Break, Ending};
use crate::catalog::Caps;
use crate::dash::emsg::tests::{boxed, emsg};
use crate::dash::emsg::{EventMessage, EventTime};
use crate::dash::{Edits, compile};

const MOST: usize = 4 * 1024 * 1024;
/// `splice_insert` 721 at `pts_time` 1,710,000: out of the network for 30 s, without `auto_return`.
const OUT: &str = "/DAlAAAAAAAAAP/wFAUAAALRf+/+ABoXsH4AKTLgAAEBAQAAYR8KQg==";
/// `splice_insert` 721, back in the network after 20 s.
const IN: &str = "/DAgAAAAAAAAAP/wDwUAAALRf0/+ADWO8AABAQEAAGgOuPE=";
/// `splice_insert` 722, out of the network for an unknown time.
const OPEN: &str = "/DAgAAAAAAAAAP/wDwUAAALSf8/+ABoXsAABAQEAAPAQHF0=";
/// 40 s behind 100 s, where the Period begins.
const NOW_MS: u64 = 1_767_225_600_000 + 140_000;

const EVERY_4_S: &str = "<SegmentTemplate timescale='1000' presentationTimeOffset='5000' media='$RepresentationID$/$Time$.m4s'><SegmentTimeline><S t='5000' d='4000' r='9'/></SegmentTimeline></SegmentTemplate>";

fn mpd(template: &str) -> String {
    with_streams("<InbandEventStream schemeIdUri='urn:scte:scte35:2013:bin' value='1'/>", template)
}

fn with_streams(streams: &str, template: &str) -> String {
    format!(
        "<MPD type='dynamic' availabilityStartTime='2026-01-01T00:00:00Z'><Period start='PT100S'><AdaptationSet>{streams}{template}<Representation id='v' bandwidth='2'/><Representation id='low' bandwidth='1'/></AdaptationSet></Period></MPD>"
    )
}

fn unread(mpd: &[u8]) -> Vec<SegmentHead> {
    unread_at(mpd, NOW_MS)
}

fn unread_at(mpd: &[u8], now_ms: u64) -> Vec<SegmentHead> {
    let url = Url::parse("https://media.example/vod/h/dash/live.mpd").unwrap();
    let folder = Url::parse("https://media.example/vod/h/").unwrap();
    unread_segments(mpd, &url, &folder, now_ms)
}

/// The paths of the segments that are to be read, below the MPD's folder.
fn paths(mpd: &str) -> Vec<String> {
    let path = |head: SegmentHead| head.url.as_str().replace("https://media.example/vod/h/dash/", "");
    unread(mpd.as_bytes()).into_iter().map(path).collect()
}

fn message(section: &str, time: EventTime) -> EventMessage<'static> {
    EventMessage {
        scheme_id_uri: "urn:scte:scte35:2013:bin",
        value: "",
        timescale: 1_000,
        time,
        duration: None,
        id: 7,
        message_data: scte35::bytes(section).unwrap().leak(),
    }
}

/// The MPD after reading what there is in its segments, by their paths, until all are read.
fn looked(mpd: &str, segments: &BTreeMap<&str, Vec<u8>>) -> (String, Vec<String>) {
    let (mut mpd, mut flaws) = (mpd.as_bytes().to_vec(), Vec::new());
    loop {
        let heads = unread(&mpd);
        if heads.is_empty() {
            return (String::from_utf8(mpd).unwrap(), flaws);
        }
        let read = heads.into_iter().map(|head| {
            let path = head.url.path().replace("/vod/h/dash/", "");
            let bytes = segments.get(path.as_str()).cloned().unwrap_or_else(|| boxed(b"mdat", b""));
            (head, Beginning::Read(bytes))
        });
        let (written, flaw) = with_segments(&mpd, read.collect(), MOST);
        flaws.extend(flaw);
        mpd = written;
    }
}

fn breaks(mpd: &str) -> Vec<Break> {
    let document = Document::read(mpd).unwrap();
    let times = Times::of(document.root());
    let mut signals = super::super::signals::of(&times);
    signals.extend(super::signals(document.root(), &times));
    crate::ads::signals::breaks(&signals)
}

fn ids(mpd: &str) -> Vec<(String, u128)> {
    let id = |found: Break| (found.opening.id.to_string(), found.opening.start.unwrap().as_millis());
    breaks(mpd).into_iter().map(id).collect()
}

#[test]
fn the_newest_segments_are_read_first() {
    let newest: Vec<_> = (0..8).map(|back| format!("low/{}.m4s", 41_000 - back * 4_000)).collect();
    assert_eq!(paths(&mpd(EVERY_4_S)), newest);
    let (read, _) = looked(&mpd(EVERY_4_S), &BTreeMap::new());
    assert!(read.contains(" looked=\"100000 104000 108000 "), "{read}");
    let more = read.replace("r='9'", "r='11'");
    assert_eq!(paths(&more), ["low/49000.m4s", "low/45000.m4s"]);
}

#[test]
fn segments_are_where_the_template_says() {
    let at = |template: &str, expected: &[&str]| assert_eq!(paths(&mpd(template)), expected, "{template}");
    let number = "<SegmentTemplate timescale='90000' duration='900000' startNumber='7' media='a/$Number%05d$-$Bandwidth$$$.m4s'/>";
    // 40 s of the Period are there.
    at(number, &["a/00010-1$.m4s", "a/00009-1$.m4s", "a/00008-1$.m4s", "a/00007-1$.m4s"]);
    at(&number.replace("duration=", "endNumber='8' duration="), &["a/00008-1$.m4s", "a/00007-1$.m4s"]);
    let timeline = |attributes: &str, entries: &str| {
        format!(
            "<SegmentTemplate {attributes}><SegmentTimeline>{entries}</SegmentTimeline></SegmentTemplate>"
        )
    };
    let plain = "media='$Number$.m4s' startNumber='3'";
    at(&timeline(plain, "<S d='2'/><S t='4' d='2' r='1'/>"), &["5.m4s", "4.m4s", "3.m4s"]);
    at(&timeline(plain, "<S d='2' r='-1'/><S t='4' d='2'/>"), &["5.m4s", "4.m4s", "3.m4s"]);
    at(&timeline(plain, "<S t='20' d='10' r='-1'/>"), &["4.m4s", "3.m4s"]);
    at(&timeline(plain, "<S d='2'/><S n='9' d='2'/>"), &["9.m4s", "3.m4s"]);
    for other in [
        timeline("media='$Number$.m4s'", "<S d='2' k='4'/>"),
        timeline("media='$Number$.m4s'", "<S p='1'/>"),
        timeline("media='$Number$.m4s'", "<S d='0'/>"),
        timeline("media='$Number$.m4s'", "<S d='9' r='9223372036854775807'/>"),
        timeline("media='$SubNumber$.m4s'", "<S d='2'/>"),
        timeline("media='$Number%05x$.m4s'", "<S d='2'/>"),
        timeline("media='1.m4s' timescale='0'", "<S d='2'/>"),
        timeline("", "<S d='2'/>"),
        "<SegmentList duration='2'><SegmentURL media='1.m4s'/></SegmentList>".to_owned(),
        String::new(),
    ] {
        at(&other, &[]);
    }
}

#[test]
fn segments_elsewhere_are_not_read() {
    let one = |media: &str, base: &str| {
        let template = format!(
            "<SegmentTemplate media='{media}'><SegmentTimeline><S d='1'/></SegmentTimeline></SegmentTemplate>"
        );
        paths(&mpd(&template).replace("<Period", &format!("{base}<Period")))
    };
    assert_eq!(one("1.m4s", ""), ["1.m4s"]);
    assert_eq!(one("1.m4s", "<BaseURL> ../v/ </BaseURL>"), ["https://media.example/vod/h/v/1.m4s"]);
    for (media, base) in [
        ("1.m4s", "<BaseURL>https://cdn.example/h/</BaseURL>"),
        ("../../other/1.m4s", ""),
        ("..%2f..%2f1.m4s", ""),
        ("http://media.example/vod/h/1.m4s", ""),
    ] {
        assert_eq!(one(media, base), Vec::<String>::new(), "{media} {base}");
    }
    let folder = Url::parse("https://media.example/").unwrap();
    let url = |path: &str| folder.join(path).unwrap();
    assert!(is_within(&folder, &url("a/1.m4s")) && !is_within(&folder, &url("_cache/0/https/a/1.m4s")));
}

#[test]
fn only_announced_streams_of_live_mpds_are_read() {
    let announced = mpd(EVERY_4_S);
    assert_eq!(unread(announced.as_bytes()).len(), 8);
    for other in [
        announced.replace("dynamic", "static"),
        announced.replace("urn:scte:scte35:2013:bin", "https://aomedia.org/emsg/ID3"),
        with_streams("", EVERY_4_S),
        announced.replace("</MPD>", ""),
        announced.replace("<MPD ", &format!("<!--{}--><MPD ", "x".repeat(LONGEST))),
    ] {
        assert_eq!(unread(other.as_bytes()), [], "{}", other.len());
        assert_eq!(
            with_known_cues(other.clone().into_bytes(), b"<StagedoorInband/>", MOST),
            other.as_bytes()
        );
    }
    // A Representation may announce them alone.
    let own = with_streams("", EVERY_4_S).replace(
        "<Representation id='v' bandwidth='2'/>",
        "<Representation id='v' bandwidth='2'><InbandEventStream schemeIdUri='urn:scte:scte35:2014:xml+bin'/></Representation>",
    );
    assert_eq!(paths(&own).first().unwrap(), "v/41000.m4s");
}

/// The same cue as an `Event` of the MPD.
#[test]
fn a_message_in_a_segment_opens_the_same_break_as_an_event() {
    let stream = format!(
        "<EventStream schemeIdUri='urn:scte:scte35:2013:bin' timescale='1000'><Event presentationTime='21000'>{OUT}</Event></EventStream>"
    );
    let event = with_streams("", EVERY_4_S).replace("<AdaptationSet>", &format!("{stream}<AdaptationSet>"));
    let expected = breaks(&event);
    assert_eq!(expected.len(), 1);
    assert_eq!(expected.first().unwrap().opening.start, Some(Duration::from_secs(121)));
    let opening = |mpd: &str| breaks(mpd).into_iter().map(|found| found.opening).collect::<Vec<_>>();
    for time in [
        // The segment begins at 17 - 5 s of the Period.
        ("low/17000.m4s", EventTime::Delta(9_000)),
        ("low/17000.m4s", EventTime::At(26_000)),
    ] {
        let segments = BTreeMap::from([(time.0, emsg(&message(OUT, time.1)))]);
        let (found, flaws) = looked(&mpd(EVERY_4_S), &segments);
        assert_eq!(flaws, Vec::<String>::new());
        assert_eq!(opening(&found), expected.iter().map(|found| found.opening.clone()).collect::<Vec<_>>());
    }
}

#[test]
fn copies_of_a_message_are_one_break() {
    let segments = BTreeMap::from([
        ("low/9000.m4s", emsg(&message(OUT, EventTime::At(26_000)))),
        (
            "low/13000.m4s",
            [emsg(&message(OUT, EventTime::Delta(13_000))), emsg(&message(OUT, EventTime::At(26_000)))]
                .concat(),
        ),
        ("low/17000.m4s", emsg(&message(OUT, EventTime::At(26_001)))),
    ]);
    let (found, _) = looked(&mpd(EVERY_4_S), &segments);
    assert_eq!(found.matches("<Cue ").count(), 2, "{found}");
    assert_eq!(ids(&found), [("event-721-1710000".to_owned(), 121_000)]);
}

/// In whatever order isolates read the segments, they find the same.
#[test]
fn the_order_of_reading_does_not_matter() {
    let segments = [
        (9_000, emsg(&message(OUT, EventTime::Delta(17_000)))),
        (13_000, emsg(&message(OUT, EventTime::At(26_001)))),
        (41_000, emsg(&message(OPEN, EventTime::At(300_000)))),
    ];
    let mpd = mpd(EVERY_4_S);
    let all = || unread(mpd.as_bytes()).into_iter().map(|head| (head.place.start, head));
    proptest!(|(order in Just(all().collect::<Vec<_>>()).prop_shuffle(), cut in 1..8_usize)| {
        let read = |heads: &[(u64, SegmentHead)]| -> Vec<_> {
            let bytes = |start| segments.iter().find(|(at, _)| *at == start).map(|(_, bytes)| bytes.clone());
            let beginning = |start| Beginning::Read(bytes(start).unwrap_or_default());
            heads.iter().map(|(start, head)| (head.clone(), beginning(*start))).collect()
        };
        let (first, rest) = order.split_at(cut);
        // One isolate reads some, another the others, and each learns of the other's.
        let (one, _) = with_segments(mpd.as_bytes(), read(first), MOST);
        let (other, _) = with_segments(mpd.as_bytes(), read(rest), MOST);
        let merged = with_known_cues(one.clone(), &other, MOST);
        prop_assert_eq!(&merged, &with_known_cues(other, &one, MOST));
        let (whole, _) = with_segments(mpd.as_bytes(), read(&order), MOST);
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(ids(str::from_utf8(&whole).unwrap()).len(), 2);
    });
}

#[test]
fn a_newer_mpd_takes_over_what_is_known() {
    let segments = BTreeMap::from([("low/17000.m4s", emsg(&message(OUT, EventTime::At(26_000))))]);
    let (known, _) = looked(&mpd(EVERY_4_S), &segments);
    // The segment of the message has left the window.
    let newer = mpd(&EVERY_4_S.replace("t='5000' d='4000' r='9'", "t='29000' d='4000' r='4'"));
    let taken = with_known_cues(newer.clone().into_bytes(), known.as_bytes(), MOST);
    let taken = str::from_utf8(&taken).unwrap();
    assert_eq!(ids(taken), [("event-721-1710000".to_owned(), 121_000)]);
    assert_eq!(paths(taken), ["low/45000.m4s"]);
    assert_eq!(with_known_cues(taken.into(), known.as_bytes(), MOST), taken.as_bytes(), "nothing new");
    // A channel that began anew has another timeline.
    let anew = newer.replace("2026-01-01", "2026-01-02");
    assert_eq!(ids(str::from_utf8(&with_known_cues(anew.into(), known.as_bytes(), MOST)).unwrap()), []);
    assert_eq!(with_known_cues(newer.clone().into(), known.as_bytes(), newer.len() + 9), newer.as_bytes());
}

#[test]
fn a_segment_that_cannot_be_read_is_asked_for_twice() {
    let mut mpd = mpd(EVERY_4_S).into_bytes();
    let fail = |mpd: &[u8]| {
        let tried: Vec<_> = unread(mpd).into_iter().map(|head| (head, Beginning::Failed)).collect();
        let again: Vec<_> = tried.iter().map(|(head, _): &(SegmentHead, _)| head.is_tried).collect();
        (with_segments(mpd, tried, MOST).0, again)
    };
    for expected in [vec![false; 8], vec![true; 8], vec![false; 2], vec![true; 2], vec![]] {
        let (written, again) = fail(&mpd);
        assert_eq!(again, expected);
        mpd = written;
    }
}

/// The newest number follows from the clock, whether the media origin has the segment or not.
#[test]
fn a_segment_that_comes_late_is_asked_for_until_it_is_there() {
    let starts = |heads: &[SegmentHead]| heads.iter().map(|head| head.place.start).collect::<Vec<_>>();
    let answered = |mpd: &[u8], heads: Vec<SegmentHead>, beginning: Beginning| {
        let answers = heads.into_iter().map(|head| (head, beginning.clone())).collect();
        with_segments(mpd, answers, MOST).0
    };
    let mut mpd = mpd(EVERY_4_S).into_bytes();
    // Those behind the eight newest, then the oldest of the eight: they are the likeliest to be there by now.
    for expected in [
        [41_000, 37_000, 33_000, 29_000, 25_000, 21_000, 17_000, 13_000],
        [9_000, 5_000, 13_000, 17_000, 21_000, 25_000, 29_000, 33_000],
        [5_000, 9_000, 13_000, 17_000, 21_000, 25_000, 29_000, 33_000],
    ] {
        let heads = unread(&mpd);
        assert_eq!(starts(&heads), expected);
        assert!(heads.iter().all(|head| head.may_come == (head.place.start >= 13_000) && !head.is_tried));
        mpd = answered(&mpd, heads, Beginning::NotYet);
    }
    // A newer MPD knows of them, and asks for those that are newer first. Half of the eight are theirs.
    let newer = str::from_utf8(&mpd).unwrap().replace("r='9'", "r='15'");
    let newer = with_known_cues(newer.into_bytes(), &mpd, MOST);
    let expected = [65_000, 61_000, 57_000, 53_000, 5_000, 9_000, 13_000, 17_000];
    assert_eq!(starts(&unread(&newer)), expected);
    // What is there is read, and what is not there 30 s after its end fails.
    let heads = unread(&mpd);
    let read = answered(&mpd, heads, Beginning::Read(Vec::new()));
    assert_eq!(starts(&unread(&read)), [37_000, 41_000]);
    let heads = unread_at(&read, NOW_MS + 26_000);
    assert_eq!(heads.iter().map(|head| head.may_come).collect::<Vec<_>>(), [false, true]);
    let failed = answered(&read, heads.clone(), Beginning::Failed);
    assert_eq!(unread_at(&answered(&failed, heads, Beginning::Failed), NOW_MS + 26_000), []);
}

#[test]
fn templates_are_of_a_period_and_below() {
    let outside = mpd("").replace("<Period", &format!("{EVERY_4_S}<Period"));
    assert_eq!(paths(&outside), Vec::<String>::new());
    let inside = mpd("").replace("<AdaptationSet>", &format!("{EVERY_4_S}<AdaptationSet>"));
    assert_eq!(paths(&inside), paths(&mpd(EVERY_4_S)));
}

#[test]
fn older_periods_have_what_the_newer_have_not() {
    let two = |newest: &str| {
        let newest = format!(
            "<Period start='PT140S'><AdaptationSet><InbandEventStream schemeIdUri='urn:scte:scte35:2013:bin'/>{newest}<Representation id='n'/></AdaptationSet></Period></MPD>"
        );
        paths(&mpd(EVERY_4_S).replace("</MPD>", &newest))
    };
    let own = "<SegmentTemplate media='$RepresentationID$.m4s'><SegmentTimeline><S d='1'/></SegmentTimeline></SegmentTemplate>";
    assert_eq!(two(own).get(..2).unwrap(), ["n.m4s", "low/41000.m4s"]);
    assert_eq!(two("").first().unwrap(), "low/41000.m4s");
    let empty = |count: usize| {
        paths(&mpd(EVERY_4_S).replace("</MPD>", &("<Period start='PT140S'/>".repeat(count) + "</MPD>"))).len()
    };
    assert_eq!((empty(63), empty(64)), (8, 0));
}

#[test]
fn a_uri_is_no_longer_than_any_url() {
    let one = |media: &str, id: &str| {
        let template = format!(
            "<SegmentTemplate media='{media}'><SegmentTimeline><S d='1'/></SegmentTimeline></SegmentTemplate>"
        );
        paths(&mpd(&template).replace("'low'", &format!("'{id}'"))).len()
    };
    let long = |bytes: usize| format!("a.m4s?{}", "a".repeat(bytes));
    assert_eq!((one(&long(8_000), "low"), one(&long(8 * 1024), "low")), (1, 0));
    let ids = format!("a.m4s?{}", "$RepresentationID$".repeat(400));
    assert_eq!((one(&ids, &"a".repeat(20)), one(&ids, &"a".repeat(21))), (1, 0));
    let base = |count: usize| {
        let base = format!("<BaseURL>{}</BaseURL><Period", "a/../".repeat(count));
        paths(&mpd(EVERY_4_S).replace("<Period", &base)).len()
    };
    assert_eq!((base(1_600), base(1_700)), (8, 0));
}

/// What is known of an MPD does not make it too long.
#[test]
fn the_length_of_an_mpd_is_its_own() {
    let plain = mpd(EVERY_4_S);
    let comment = format!("<!--{}--><MPD ", "x".repeat(LONGEST - plain.len() - "<!---->".len()));
    let longest = plain.replace("<MPD ", &comment);
    assert_eq!(longest.len(), LONGEST);
    let heads = unread(longest.as_bytes()).into_iter().map(|head| (head, Beginning::Read(Vec::new())));
    let (known, _) = with_segments(longest.as_bytes(), heads.collect(), MOST);
    assert!(known.len() > LONGEST);
    assert_eq!(unread(&known).len(), 2);
    assert_eq!(with_known_cues(longest.into_bytes(), &known, MOST), known);
    assert_eq!(with_known_cues(known.clone(), &known, MOST), known);
}

#[test]
fn an_early_return_is_read() {
    let segments = BTreeMap::from([
        ("low/17000.m4s", emsg(&message(OUT, EventTime::At(26_000)))),
        ("low/37000.m4s", emsg(&message(IN, EventTime::At(46_000)))),
    ]);
    let (found, flaws) = looked(&mpd(EVERY_4_S), &segments);
    assert_eq!(flaws, Vec::<String>::new());
    let found: Vec<_> = breaks(&found).into_iter().map(|found| found.ending).collect();
    assert_eq!(found, [Ending::After(Duration::from_millis(20_000))]);
}

#[test]
fn messages_are_read_in_each_form() {
    let binary = scte35::bytes(OUT).unwrap();
    let elements = "<s:SpliceInfoSection xmlns:s='http://www.scte.org/schemas/35'><s:SpliceInsert spliceEventId='721' outOfNetworkIndicator='1'><s:Program><s:SpliceTime ptsTime='1710000'/></s:Program></s:SpliceInsert></s:SpliceInfoSection>";
    let wrapped = format!("<?xml version='1.0'?><Signal><Binary>{OUT}</Binary></Signal>");
    let text = format!("{OUT}\0");
    for (scheme_id_uri, data) in [
        ("urn:scte:scte35:2013:bin", &*binary),
        ("urn:scte:scte35:2014:xml+bin", wrapped.as_bytes()),
        ("urn:scte:scte35:2013:xml", elements.as_bytes()),
        ("urn:scte:scte35:2013:bin", text.as_bytes()),
    ] {
        let message = EventMessage {
            scheme_id_uri,
            message_data: data.to_vec().leak(),
            ..message(OUT, EventTime::At(26_000))
        };
        let (found, flaws) = looked(&mpd(EVERY_4_S), &BTreeMap::from([("low/17000.m4s", emsg(&message))]));
        assert_eq!(
            (ids(&found), flaws),
            (vec![("event-721-1710000".to_owned(), 121_000)], vec![]),
            "{scheme_id_uri}"
        );
    }
}

#[test]
fn the_duration_of_an_event_counts_if_its_message_has_none() {
    for (section, expected) in [(OPEN, 12), (OUT, 30)] {
        let timed =
            EventMessage { duration: Some(6_000), timescale: 500, ..message(section, EventTime::At(13_000)) };
        let (found, _) = looked(&mpd(EVERY_4_S), &BTreeMap::from([("low/17000.m4s", emsg(&timed))]));
        let planned: Vec<_> = breaks(&found).into_iter().map(|found| found.opening.planned).collect();
        assert_eq!(planned, [Some(Duration::from_secs(expected))]);
    }
}

#[test]
fn what_is_not_understood_is_told() {
    let flawed = |segment: Vec<u8>| {
        let (found, flaws) = looked(&mpd(EVERY_4_S), &BTreeMap::from([("low/17000.m4s", segment)]));
        assert!(!found.contains("<Cue"), "{found}");
        flaws
    };
    let broken = EventMessage { message_data: &[0xfc, 0x30], ..message(OUT, EventTime::At(26_000)) };
    let of = |why: &str| vec![format!("/vod/h/dash/low/17000.m4s: {why}")];
    assert_eq!(flawed(emsg(&broken)), of("expected a message of SCTE 35 in the `emsg` 7"));
    let cut = emsg(&message(OUT, EventTime::At(26_000)));
    let cut = cut.get(..40).unwrap().to_vec();
    assert_eq!(flawed(cut), of("`emsg` at byte 0: expected as many bytes as the box states"));
    let other = EventMessage { scheme_id_uri: "https://aomedia.org/emsg/ID3", ..broken };
    assert_eq!(flawed(emsg(&other)), Vec::<String>::new());
    // Days away from its segment, and a message that concerns no break.
    assert_eq!(flawed(emsg(&message(OUT, EventTime::At(u64::MAX)))), Vec::<String>::new());
    assert_eq!(
        flawed(emsg(&message("/DARAAAAAAAAAP/wAAAAAHpPv/8=", EventTime::At(26_000)))),
        Vec::<String>::new()
    );
}

#[test]
fn thousands_of_messages_leave_the_last() {
    let many = |from: u64| -> Vec<u8> {
        (from..from + 400).flat_map(|at| emsg(&message(OUT, EventTime::At(26_000 + at * 2_000)))).collect()
    };
    let segments = BTreeMap::from([("low/9000.m4s", many(0)), ("low/13000.m4s", many(400))]);
    let (found, _) = looked(&mpd(EVERY_4_S), &segments);
    assert_eq!(found.matches("<Cue ").count(), 128);
    assert!(found.len() < 32 * 1024, "{}", found.len());
    let last: u64 = 121_000 + 799 * 2_000;
    assert!(found.contains(&format!("<Cue at=\"{last}\"")), "{found}");
}

#[test]
fn players_never_see_the_edge_s_own_element() {
    let segments = BTreeMap::from([("low/17000.m4s", emsg(&message(OUT, EventTime::At(26_000))))]);
    let plain = mpd(EVERY_4_S);
    let (known, _) = looked(&plain, &segments);
    assert!(known.contains("StagedoorInband"));
    let caps = Caps::default();
    let template = compile(known.as_bytes(), None, &Edits::within(&caps)).unwrap();
    assert_eq!(str::from_utf8(&template.render("")).unwrap(), plain);
}
