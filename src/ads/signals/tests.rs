use std::time::Duration;

use super::*;
use crate::ads::{AdTag, Break, Ending};
use crate::scte35::{
    BreakDuration, Command, Descriptor, Section, Segment, Segmentation, SegmentationType, Splice,
    SpliceInsert, SpliceTime, Spliced, Ticks, Upid, UpidKind,
};
use crate::time::UnixMillis;

/// 2026-12-01T12:00:00Z.
const NOON_MS: u64 = 1_796_126_400_000;

fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A mark in front of a segment, so many seconds after noon.
fn placed(seconds: f64, cue: Cue) -> Signal {
    let date = NOON_MS + u64::try_from(secs(seconds).as_millis()).unwrap();
    Signal { at: Moment::placed(None, Some(UnixMillis(date))), id: None, cue }
}

/// A mark that states its time and id.
fn stated(id: &str, seconds: f64, cue: Cue) -> Signal {
    let at = Moment { is_stated: true, ..placed(seconds, Cue::In).at };
    Signal { at, id: Some(id.to_owned()), cue }
}

fn out(seconds: impl Into<Option<f64>>) -> Cue {
    Cue::Out { planned: seconds.into().map(secs) }
}

fn goes_on(elapsed: f64, planned: f64) -> Cue {
    Cue::Continue { elapsed: secs(elapsed), planned: Some(secs(planned)), section: None }
}

fn section(section: Section) -> Cue {
    Cue::Section { section: Box::new(section), planned: None }
}

fn ticks(seconds: f64) -> Ticks {
    Ticks::of(secs(seconds))
}

/// `splice_insert`, at so many seconds after the clock's noon.
fn insert(event_id: u32, is_out: bool, pts: Option<f64>, duration: Option<(f64, bool)>) -> Section {
    let splice = Splice {
        out_of_network_indicator: is_out,
        spliced: Spliced::Program(Some(SpliceTime { pts_time: pts.map(ticks) })),
        splice_immediate_flag: pts.is_none(),
        event_id_compliance_flag: true,
        break_duration: duration
            .map(|(seconds, auto_return)| BreakDuration { auto_return, duration: ticks(seconds) }),
        unique_program_id: 1,
        avail_num: 0,
        avails_expected: 0,
    };
    let insert = SpliceInsert {
        splice_event_id: event_id,
        splice_event_cancel_indicator: false,
        splice: Some(splice),
    };
    Section::of(Command::SpliceInsert(insert), Vec::new())
}

fn cancel(event_id: u32) -> Section {
    let insert =
        SpliceInsert { splice_event_id: event_id, splice_event_cancel_indicator: true, splice: None };
    Section::of(Command::SpliceInsert(insert), Vec::new())
}

/// `time_signal` with segments: event id, type and duration.
fn segments(pts: f64, segments: &[(u32, u8, Option<f64>)]) -> Section {
    let descriptor = |(event_id, kind, duration): &(u32, u8, Option<f64>)| {
        Descriptor::Segmentation(Segmentation {
            segmentation_event_id: *event_id,
            segmentation_event_cancel_indicator: false,
            segmentation_event_id_compliance_indicator: true,
            segment: Some(Segment {
                components: None,
                duration: duration.map(ticks),
                restrictions: None,
                upid: Upid::NONE,
                kind: SegmentationType(*kind),
                segment_num: 0,
                segments_expected: 0,
                sub_segments: None,
                rest: crate::scte35::Bytes::default(),
            }),
        })
    };
    let time = SpliceTime { pts_time: Some(ticks(pts)) };
    Section::of(Command::TimeSignal(time), segments.iter().map(descriptor).collect())
}

/// Id, start in seconds after noon, planned seconds, and the ending.
type Told = (String, f64, Option<f64>, Ending);

fn told(breaks: &[Break]) -> Vec<Told> {
    let told = |found: &Break| {
        let opening = &found.opening;
        let start = Duration::from_millis(opening.date.unwrap().0 - NOON_MS).as_secs_f64();
        (opening.id.to_string(), start, opening.planned.map(|planned| planned.as_secs_f64()), found.ending)
    };
    breaks.iter().map(told).collect()
}

fn fold(signals: &[Signal]) -> Vec<Told> {
    told(&breaks(signals))
}

fn after(seconds: f64) -> Ending {
    Ending::After(secs(seconds))
}

/// One break without an event, which began at 30 s and is planned for 60 s.
fn plain(ending: Ending) -> Vec<Told> {
    vec![(format!("at-{}", NOON_MS + 30_000), 30.0, Some(60.0), ending)]
}

#[test]
fn a_break_ends_as_its_marks_say() {
    for (name, signals, ending) in [
        ("planned; the IN is lost", vec![placed(30.0, out(60.0))], Ending::Planned),
        ("in time", vec![placed(30.0, out(60.0)), placed(90.1, Cue::In)], after(60.0)),
        ("early", vec![placed(30.0, out(60.0)), placed(50.0, Cue::In)], after(20.0)),
        ("extended", vec![placed(30.0, out(60.0)), placed(120.0, Cue::In)], after(90.0)),
        (
            "the IN of a break that was lost",
            vec![placed(30.0, out(60.0)), placed(900.0, Cue::In)],
            Ending::Planned,
        ),
        (
            "the IN is repeated",
            vec![placed(30.0, out(60.0)), placed(50.0, Cue::In), placed(56.0, Cue::In)],
            after(20.0),
        ),
        ("marks in any order", vec![placed(50.0, Cue::In), placed(30.0, out(60.0))], after(20.0)),
        (
            "an OUT for each segment",
            (0..9).map(|n| placed(30.0 + 6.0 * f64::from(n), out(60.0))).collect(),
            Ending::Planned,
        ),
        (
            "an OUT for each segment, with the time that is left",
            (0..9).map(|n| placed(30.0 + 6.0 * f64::from(n), out(60.0 - 6.0 * f64::from(n)))).collect(),
            Ending::Planned,
        ),
        ("it goes on", vec![placed(30.0, out(60.0)), placed(36.0, goes_on(6.0, 60.0))], Ending::Planned),
        ("its beginning has left the window", vec![placed(78.0, goes_on(48.0, 60.0))], Ending::Planned),
        (
            "extended by a mark that it goes on",
            vec![placed(30.0, out(60.0)), placed(36.0, goes_on(6.0, 90.0))],
            after(90.0),
        ),
        ("two kinds of marks", vec![placed(30.0, out(60.0)), placed(30.0, out(None))], Ending::Planned),
    ] {
        assert_eq!(fold(&signals), plain(ending), "{name}");
    }
    let lost = [placed(30.0, out(None)), placed(90.0, out(30.0))];
    let found = fold(&lost);
    assert_eq!((found[0].3, found[1].3), (after(60.0), Ending::Planned), "both lost");
    let repeated: Vec<_> = (0..9).map(|n| placed(30.0 + 6.0 * f64::from(n), out(None))).collect();
    assert_eq!(fold(&repeated).len(), 1, "an OUT for each segment, without a duration");
    assert_eq!(fold(&[placed(30.0, out(None))])[0].3, Ending::Planned);
    assert_eq!(fold(&[placed(30.0, Cue::In)]), []);
}

#[test]
fn renditions_agree() {
    // The sound's segments end up to 22 ms beside the picture's, and it lacks a mark.
    let picture = [placed(30.03, out(60.0)), placed(36.03, goes_on(6.006, 60.0)), placed(60.06, Cue::In)];
    let sound = [placed(36.015, goes_on(5.994, 60.0)), placed(60.044, Cue::In)];
    assert_eq!(breaks(&picture), breaks(&sound));
    let event = |seconds, pts| placed(seconds, section(insert(7, true, Some(pts), Some((60.0, false)))));
    assert_eq!(breaks(&[event(30.03, 1030.0)]), breaks(&[event(30.01, 1030.0)]));
    assert_eq!(fold(&[event(30.03, 1030.0)])[0].0, format!("event-7-{}", 1030 * 90_000));
}

#[test]
fn splice_inserts_open_and_close() {
    let opened =
        |seconds, pts: Option<f64>, duration| placed(seconds, section(insert(7, true, pts, Some(duration))));
    let closed = |event, seconds, pts| placed(seconds, section(insert(event, false, Some(pts), None)));
    // The last times lie around the end of the clock.
    let last = 95_443.0;
    for (name, signals, ending) in [
        (
            "early, to the tick",
            vec![opened(30.0, Some(last), (60.0, false)), closed(7, 60.2, last + 30.1)],
            after(30.1),
        ),
        (
            "by another event",
            vec![opened(30.0, Some(1.0), (60.0, false)), closed(8, 60.0, 31.0)],
            after(30.0),
        ),
        ("late", vec![opened(30.0, Some(1.0), (60.0, false)), closed(7, 150.0, 121.0)], after(120.0)),
        ("never late", vec![opened(30.0, Some(1.0), (60.0, true)), closed(7, 150.0, 121.0)], Ending::Planned),
        (
            "the clock begins anew",
            vec![opened(30.0, Some(1.0), (60.0, false)), closed(7, 60.0, 9000.0)],
            after(30.0),
        ),
        (
            "repeated",
            vec![opened(30.0, Some(1.0), (60.0, false)), opened(36.0, Some(1.0), (60.0, false))],
            Ending::Planned,
        ),
        (
            "immediate, repeated",
            vec![opened(30.0, None, (60.0, false)), opened(36.0, None, (60.0, false))],
            Ending::Planned,
        ),
        (
            "extended",
            vec![opened(30.0, Some(1.0), (60.0, false)), opened(60.0, Some(1.0), (90.0, false))],
            after(90.0),
        ),
        (
            "shortened",
            vec![opened(30.0, Some(1.0), (60.0, false)), opened(36.0, Some(1.0), (20.0, false))],
            after(20.0),
        ),
    ] {
        let found = fold(&signals);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert_eq!((found[0].1, found[0].2, found[0].3), (30.0, Some(60.0), ending), "{name}");
    }
    // An event id that is used again is another break.
    let again = [opened(30.0, Some(1.0), (60.0, false)), opened(630.0, Some(601.0), (60.0, false))];
    assert_eq!(fold(&again).len(), 2);
    let adjusted = Section { pts_adjustment: ticks(10.0), ..insert(7, true, Some(20.0), None) };
    assert_eq!(fold(&[placed(30.0, section(adjusted))])[0].0, format!("event-7-{}", 30 * 90_000));
}

#[test]
fn cancelled_breaks() {
    let opened = |seconds, pts| placed(seconds, section(insert(7, true, Some(pts), Some((60.0, false)))));
    let cancelled = |event, seconds| placed(seconds, section(cancel(event)));
    let endings = |signals: &[Signal]| fold(signals).into_iter().map(|found| found.3).collect::<Vec<_>>();
    assert_eq!(endings(&[cancelled(7, 24.0), opened(30.0, 1.0)]), [Ending::Cancelled]);
    assert_eq!(endings(&[opened(30.0, 1.0), cancelled(7, 30.0)]), [Ending::Cancelled]);
    assert_eq!(endings(&[opened(30.0, 1.0), cancelled(7, 50.0)]), [after(20.0)]);
    assert_eq!(endings(&[opened(30.0, 1.0), cancelled(8, 24.0)]), [Ending::Planned]);
    // It was cancelled once; the event's next break was not.
    let again = [cancelled(7, 24.0), opened(30.0, 1.0), opened(330.0, 301.0)];
    assert_eq!(endings(&again), [Ending::Cancelled, Ending::Planned]);
    let mut segment = segments(1.0, &[(7, 0x34, Some(60.0))]);
    let opened = placed(30.0, section(segment.clone()));
    if let crate::scte35::Content::Clear { descriptors, .. } = &mut segment.content
        && let Some(Descriptor::Segmentation(found)) = descriptors.first_mut()
    {
        found.segment = None;
        found.segmentation_event_cancel_indicator = true;
    }
    assert_eq!(endings(&[placed(24.0, section(segment)), opened]), [Ending::Cancelled]);
}

#[test]
fn segments_open_and_close_by_their_types() {
    let at =
        |seconds: f64, list: &[(u32, u8, Option<f64>)]| placed(seconds, section(segments(seconds, list)));
    let opened = at(30.0, &[(7, 0x34, Some(60.0))]);
    let one = |signals: &[Signal]| {
        let found = fold(signals);
        assert_eq!(found.len(), 1, "{found:?}");
        (found[0].2, found[0].3)
    };
    assert_eq!(one(&[opened.clone(), at(60.0, &[(7, 0x35, None)])]), (Some(60.0), after(30.0)));
    // Another event's end of the same type counts; of another type, it does not.
    assert_eq!(one(&[opened.clone(), at(60.0, &[(8, 0x35, None)])]), (Some(60.0), after(30.0)));
    assert_eq!(one(&[opened.clone(), at(60.0, &[(8, 0x31, None)])]), (Some(60.0), Ending::Planned));
    // Advertisements of an opportunity are a part of it, and a program that begins is none of its end.
    let parts = [
        at(30.0, &[(7, 0x34, Some(60.0)), (9, 0x30, Some(30.0))]),
        at(60.0, &[(9, 0x31, None), (10, 0x30, Some(30.0)), (11, 0x10, None)]),
    ];
    assert_eq!(one(&parts), (Some(60.0), Ending::Planned));
    assert_eq!(fold(&parts)[0].0, format!("event-7-{}", 30 * 90_000));
    let reversed = [at(30.0, &[(9, 0x30, Some(30.0)), (7, 0x22, None)]), at(60.0, &[(9, 0x31, None)])];
    assert_eq!(one(&reversed), (Some(30.0), Ending::Planned));
    // The end of one and the start of the next in one message.
    let next = [opened, at(90.0, &[(8, 0x34, Some(30.0)), (7, 0x35, None)])];
    let found = fold(&next);
    assert_eq!((found.len(), found[0].3, found[1].1), (2, after(60.0), 90.0));
    for kind in [0x00, 0x01, 0x02, 0x10, 0x18, 0x20, 0x38, 0x3a, 0x3c, 0x40, 0x42, 0x50, 0x60] {
        assert_eq!(fold(&[at(30.0, &[(7, kind, Some(60.0))])]), [], "{kind:#04x}");
    }
}

#[test]
fn marks_with_ids() {
    let signals =
        [stated("ad one", 30.25, out(60.0)), stated("ad one", 50.25, Cue::In), placed(30.3, out(60.0))];
    let found = fold(&signals);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].1, found[0].3), (30.25, after(20.0)));
    assert!(found[0].0.starts_with("range-") && found[0].0.len() == 30, "{}", found[0].0);
    assert_eq!(fold(&[stated("splice-6", 30.0, out(60.0))])[0].0, "range-splice-6");
    let planned =
        Cue::Section { section: Box::new(segments(1.0, &[(7, 0x22, None)])), planned: Some(secs(45.0)) };
    assert_eq!(fold(&[stated("a", 30.0, planned)])[0].2, Some(45.0));
}

#[test]
fn a_cue_names_the_source_of_its_ads() {
    let mut message = segments(1.0, &[(7, 0x34, Some(60.0))]);
    let upid =
        Upid::new(UpidKind::MPU, &[&b"GOOG"[..], br#"{"adTagUri":"https://ads.example.com/v"}"#].concat());
    if let crate::scte35::Content::Clear { descriptors, .. } = &mut message.content
        && let Some(Descriptor::Segmentation(Segmentation { segment: Some(segment), .. })) =
            descriptors.first_mut()
    {
        segment.upid = upid.unwrap();
    }
    let found = breaks(&[placed(30.0, section(message))]);
    assert_eq!(found[0].opening.tag, Some(AdTag::Url("https://ads.example.com/v".to_owned())));
    assert_eq!(found[0].opening.event_id, Some(7));
}

#[test]
fn the_last_breaks_are_kept() {
    let many: Vec<_> = (0..2_000).map(|number| placed(f64::from(number) * 60.0, out(30.0))).collect();
    let found = fold(&many);
    assert_eq!((found.len(), found[0].1), (BREAKS_MAX, 60.0 * 1_500.0));
    let on_demand = Signal { at: Moment::placed(Some(secs(600.02)), None), id: None, cue: out(30.0) };
    let found = breaks(&[on_demand]);
    assert_eq!((found[0].opening.start, found[0].opening.date), (Some(secs(600.0)), None));
    assert_eq!(found[0].opening.id.as_str(), "at-600000");
}
