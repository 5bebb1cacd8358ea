use super::*;
use crate::ads::{Break, Ending, signals};
use crate::dash::document::Document;
use crate::scte35::{Command, Descriptor, Ticks};
use crate::time::UnixMillis;

fn read(mpd: &str) -> Vec<Signal> {
    let document = Document::read(mpd).unwrap();
    of(&Times::of(document.root()))
}

fn section(signal: &Signal) -> (&Section, Option<Duration>) {
    match &signal.cue {
        Cue::Section { section, planned } => (section, *planned),
        other => panic!("{other:?}"),
    }
}

/// The media time in milliseconds, the duration, and how a break ends.
fn breaks(mpd: &str) -> Vec<(u128, Option<u128>, Ending)> {
    let told = |Break { opening, ending }: Break| {
        (opening.start.unwrap().as_millis(), opening.planned.map(|planned| planned.as_millis()), ending)
    };
    signals::breaks(&read(mpd)).into_iter().map(told).collect()
}

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/fixtures/dash/dash-mpd-rs/", $name))
    };
}

/// MPDs of Telestream, AWS Elemental and Orange.
#[test]
fn the_marks_of_packagers_are_breaks() {
    let after = |ms| Ending::After(Duration::from_millis(ms));
    assert_eq!(
        breaks(fixture!("telestream-binary.xml")),
        [(10_000, Some(19_000), Ending::Planned), (40_000, Some(19_000), Ending::Planned)]
    );
    // The second message ends what the first began.
    assert_eq!(breaks(fixture!("telestream-elements.xml")), [(10_000, Some(30_000), after(30_000))]);
    let found = read(fixture!("orange.xml"));
    let at = found.first().unwrap().at;
    assert_eq!(at.start, Some(Duration::from_millis(1_684_932_467_725)));
    assert_eq!(at.date, Some(UnixMillis(1_684_932_467_725)));
    assert_eq!(section(found.first().unwrap()).1, Some(Duration::from_secs(30)));
    let found = read(fixture!("mediapackage.xml"));
    let (found, _) = section(found.first().unwrap());
    let Some(Command::SpliceInsert(insert)) = found.command() else { panic!("{found:?}") };
    assert!(insert.splice_event_id == 1000 && insert.splice.as_ref().unwrap().out_of_network_indicator);
    assert_eq!(found.pts().unwrap().0, 3_783_780 + 183_003);
}

#[test]
fn an_event_lies_where_its_period_and_its_stream_say() {
    let event = "<Signal><Binary>/DAhAAAAAAAAAP/wEAUAAALRf+9//gAaF7DAAAAAAAA+MhNj</Binary></Signal>";
    let mpd = |stream: &str, event: &str| {
        format!(
            "<MPD type='dynamic' availabilityStartTime='2026-01-01T00:00:00Z'><Period start='PT100S'><EventStream schemeIdUri='urn:scte:scte35:2014:xml+bin' {stream}>{event}</EventStream></Period></MPD>"
        )
    };
    let found = read(&mpd(
        "timescale='1000' presentationTimeOffset='5000'",
        &format!("<Event presentationTime='12000' duration='6000' id='7'>{event}</Event>"),
    ));
    let found = found.first().unwrap();
    assert_eq!(found.at.start, Some(Duration::from_secs(107)));
    assert_eq!(found.at.date, Some(UnixMillis(1_767_225_600_000 + 107_000)));
    assert!(found.at.is_stated);
    assert_eq!(found.id.as_deref(), Some("7"));
    assert_eq!(section(found).1, Some(Duration::from_secs(6)));
    // Not before its Period, and without a timescale in seconds.
    let found =
        read(&mpd("presentationTimeOffset='9'", &format!("<Event presentationTime='5'>{event}</Event>")));
    assert_eq!(found.first().unwrap().at.start, Some(Duration::from_secs(100)));
    for unread in ["<Event/>", "<Event>!</Event>", "<Event><Signal><Binary>AAAA</Binary></Signal></Event>"] {
        assert_eq!(read(&mpd("", unread)), [], "{unread}");
    }
    let early = mpd("", &format!("<Event>{event}</Event>")).replace(" start='PT100S'", "");
    assert_eq!(read(&early), [], "a Period whose start is not known");
}

#[test]
fn messages_are_read_in_each_form() {
    const BINARY: &str = "/DAhAAAAAAAAAP/wEAUAAALRf+9//gAaF7DAAAAAAAA+MhNj";
    let mpd = |scheme: &str, event: &str| {
        format!(
            "<MPD><Period><EventStream schemeIdUri='urn:scte:scte35:{scheme}'>{event}</EventStream></Period></MPD>"
        )
    };
    for (scheme, event) in [
        ("2014:xml+bin", format!("<Event><s:Signal><s:Binary>\n{BINARY}\n</s:Binary></s:Signal></Event>")),
        ("2013:bin", format!("<Event>{BINARY}</Event>")),
        ("2014:bin", format!("<Event messageData='{BINARY}'/>")),
        (
            "2013:xml",
            "<Event><SpliceInfoSection><SpliceInsert spliceEventId='721' outOfNetworkIndicator='1'><BreakDuration autoReturn='true' duration='1710000'/></SpliceInsert></SpliceInfoSection></Event>"
                .to_owned(),
        ),
    ] {
        let found = read(&mpd(scheme, &event));
        let (found, _) = section(found.first().unwrap());
        let Some(Command::SpliceInsert(insert)) = found.command() else { panic!("{found:?}") };
        assert!(insert.splice.as_ref().unwrap().out_of_network_indicator, "{scheme}");
        assert_eq!(insert.splice_event_id, 721, "{scheme}");
    }
    assert_eq!(
        read(&mpd("2013:xml", "<Event><SpliceInfoSection><SpliceSchedule/></SpliceInfoSection></Event>")),
        []
    );
    let other = mpd("x", &format!("<Event>{BINARY}</Event>")).replace("urn:scte:scte35", "urn:other");
    assert_eq!(read(&other), []);
}

#[test]
fn elements_say_all_that_bytes_say() {
    let info = "<SpliceInfoSection ptsAdjustment='9' tier='5'><TimeSignal><SpliceTime ptsTime='90000'/></TimeSignal>\
        <SegmentationDescriptor segmentationEventId='3' segmentationTypeId='52' segmentationDuration='2700000' segmentNum='1' segmentsExpected='2' subSegmentNum='1' subSegmentsExpected='4'>\
        <DeliveryRestrictions webDeliveryAllowedFlag='0' noRegionalBlackoutFlag='1' archiveAllowedFlag='true' deviceRestrictions='2'/>\
        <SegmentationUpid segmentationUpidType='15' segmentationUpidFormat='text'>https://a.example/</SegmentationUpid></SegmentationDescriptor>\
        <SegmentationDescriptor segmentationEventId='4' segmentationEventCancelIndicator='true'/></SpliceInfoSection>";
    let mpd = format!(
        "<MPD><Period><EventStream schemeIdUri='urn:scte:scte35:2013:xml'><Event>{info}</Event></EventStream></Period></MPD>"
    );
    let found = read(&mpd);
    let (found, _) = section(found.first().unwrap());
    assert_eq!((found.tier, found.pts().map(|pts| pts.0)), (5, Some(90_009)));
    let [Descriptor::Segmentation(first), Descriptor::Segmentation(second)] = found.descriptors() else {
        panic!("{found:?}")
    };
    let segment = first.segment.as_ref().unwrap();
    assert_eq!((first.segmentation_event_id, segment.kind.0, segment.segments_expected), (3, 52, 2));
    assert_eq!(segment.duration.map(Ticks::duration), Some(Duration::from_secs(30)));
    assert_eq!(segment.sub_segments.map(|sub| sub.sub_segments_expected), Some(4));
    let restrictions = segment.restrictions.unwrap();
    assert!(!restrictions.web_delivery_allowed_flag && restrictions.no_regional_blackout_flag);
    assert_eq!(restrictions.device_restrictions, 2);
    assert_eq!(segment.upid.bytes.0, b"https://a.example/");
    assert!(second.segmentation_event_id == 4 && second.segment.is_none());
}
