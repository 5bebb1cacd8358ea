//! Messages of SCTE 35 as XML (ANSI/SCTE 35 section 11.2 and SCTE 214-1): `SpliceInfoSection` with its command and descriptors.
//!
//! Names are compared without their prefix, as in the rest of an MPD. Times and durations are ticks of 90 kHz.

use super::times::number;
use crate::dash::document::Element;
use crate::scte35::{
    self, BreakDuration, Command, Component, Descriptor, Restrictions, Section, Segment, Segmentation,
    SegmentationType, Splice, SpliceInsert, SpliceTime, Spliced, SubSegments, Ticks, Upid, UpidKind,
};

/// Reads a `SpliceInfoSection`. `None`: its command is none that a break could begin or end with, or it is not understood.
pub(super) fn section(info: Element<'_, '_>) -> Option<Section> {
    let command = info.children().find_map(command)?;
    let descriptors = info.children_named("SegmentationDescriptor").filter_map(segmentation);
    let section = Section::of(command, descriptors.map(Descriptor::Segmentation).collect());
    Some(Section {
        pts_adjustment: Ticks(number(info, "ptsAdjustment").unwrap_or(0)),
        tier: small(info, "tier").unwrap_or(section.tier),
        ..section
    })
}

fn command(element: Element<'_, '_>) -> Option<Command> {
    match element.name() {
        "SpliceInsert" => splice_insert(element).map(Command::SpliceInsert),
        "TimeSignal" => Some(Command::TimeSignal(splice_time(element).unwrap_or_default())),
        "SpliceNull" => Some(Command::SpliceNull),
        _ => None,
    }
}

fn splice_insert(insert: Element<'_, '_>) -> Option<SpliceInsert> {
    let cancelled = flag(insert, "spliceEventCancelIndicator").unwrap_or(false);
    let splice = || Splice {
        out_of_network_indicator: flag(insert, "outOfNetworkIndicator").unwrap_or(false),
        spliced: spliced(insert),
        splice_immediate_flag: flag(insert, "spliceImmediateFlag").unwrap_or(false),
        event_id_compliance_flag: flag(insert, "eventIdComplianceFlag").unwrap_or(false),
        break_duration: insert.child("BreakDuration").and_then(|duration| {
            Some(BreakDuration {
                auto_return: flag(duration, "autoReturn").unwrap_or(false),
                duration: Ticks(number(duration, "duration")?),
            })
        }),
        unique_program_id: small(insert, "uniqueProgramId").unwrap_or(0),
        avail_num: small(insert, "availNum").unwrap_or(0),
        avails_expected: small(insert, "availsExpected").unwrap_or(0),
    };
    Some(SpliceInsert {
        splice_event_id: small(insert, "spliceEventId")?,
        splice_event_cancel_indicator: cancelled,
        splice: (!cancelled).then(splice),
    })
}

fn spliced(insert: Element<'_, '_>) -> Spliced {
    let mut components = insert.children_named("Component").peekable();
    if components.peek().is_none() {
        return Spliced::Program(insert.child("Program").and_then(splice_time));
    }
    let component = |component| {
        let component_tag = small(component, "componentTag")?;
        Some(Component { component_tag, splice_time: splice_time(component) })
    };
    Spliced::Components(components.filter_map(component).collect())
}

fn splice_time(parent: Element<'_, '_>) -> Option<SpliceTime> {
    parent.child("SpliceTime").map(|time| SpliceTime { pts_time: number(time, "ptsTime").map(Ticks) })
}

fn segmentation(element: Element<'_, '_>) -> Option<Segmentation> {
    // Some packagers write `spliceEventId`.
    let event_id = ["segmentationEventId", "spliceEventId"].iter().find_map(|name| small(element, name))?;
    let cancelled = flag(element, "segmentationEventCancelIndicator").unwrap_or(false);
    let segment = if cancelled { None } else { Some(segment(element)?) };
    Some(Segmentation {
        segmentation_event_id: event_id,
        segmentation_event_cancel_indicator: cancelled,
        segmentation_event_id_compliance_indicator: flag(element, "segmentationEventIdComplianceIndicator")
            .unwrap_or(false),
        segment,
    })
}

fn segment(element: Element<'_, '_>) -> Option<Segment> {
    let sub_segments = || {
        Some(SubSegments {
            sub_segment_num: small(element, "subSegmentNum")?,
            sub_segments_expected: small(element, "subSegmentsExpected")?,
        })
    };
    Some(Segment {
        components: None,
        duration: number(element, "segmentationDuration").map(Ticks),
        restrictions: element.child("DeliveryRestrictions").map(restrictions),
        upid: upid(element).unwrap_or(Upid::NONE),
        kind: SegmentationType(small(element, "segmentationTypeId")?),
        segment_num: small(element, "segmentNum").unwrap_or(0),
        segments_expected: small(element, "segmentsExpected").unwrap_or(0),
        sub_segments: sub_segments(),
        rest: scte35::Bytes::default(),
    })
}

fn restrictions(element: Element<'_, '_>) -> Restrictions {
    let allowed = |name| flag(element, name).unwrap_or(true);
    Restrictions {
        web_delivery_allowed_flag: allowed("webDeliveryAllowedFlag"),
        no_regional_blackout_flag: allowed("noRegionalBlackoutFlag"),
        archive_allowed_flag: allowed("archiveAllowedFlag"),
        device_restrictions: small(element, "deviceRestrictions").unwrap_or(3),
    }
}

/// The UPID of a descriptor: an element, or attributes of the descriptor.
fn upid(descriptor: Element<'_, '_>) -> Option<Upid> {
    if let Some(upid) = descriptor.child("SegmentationUpid") {
        let kind = UpidKind(small(upid, "segmentationUpidType")?);
        let text = upid.content()?;
        let format = upid.value("segmentationUpidFormat").unwrap_or("hexbinary".into());
        let bytes = if format == "text" {
            text.trim_ascii().as_bytes().to_vec()
        } else if format.starts_with("base") {
            scte35::bytes(&text).ok()?
        } else {
            scte35::bytes(&format!("0x{}", text.trim_ascii())).ok()?
        };
        return Upid::new(kind, &bytes).ok();
    }
    let kind = UpidKind(small(descriptor, "segmentationUpidType")?);
    Upid::new(kind, descriptor.value("segmentationUpid")?.as_bytes()).ok()
}

fn small<T: TryFrom<u64>>(element: Element<'_, '_>, name: &str) -> Option<T> {
    number(element, name).and_then(|number| T::try_from(number).ok())
}

fn flag(element: Element<'_, '_>, name: &str) -> Option<bool> {
    match element.value(name)?.trim_ascii() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
