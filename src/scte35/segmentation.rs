//! `segmentation_descriptor` (section 10.3.3): what begins or ends at the time of a command.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::fields::{Error, Fields};
use super::{Bytes, SegmentationType, Ticks, Upid};

/// `segmentation_descriptor` (10.3.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Segmentation {
    /// The id of the event.
    pub segmentation_event_id: u32,
    /// Whether the event was cancelled: then it has no `segment`.
    pub segmentation_event_cancel_indicator: bool,
    /// `segmentation_event_id_compliance_indicator`. The bit is 0 if the id follows the standard's rules for ids.
    pub segmentation_event_id_compliance_indicator: bool,
    /// The segment; `None` if the event was cancelled.
    #[serde(flatten)]
    pub segment: Option<Segment>,
}

/// The segment that begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The streams that the segment has, if not all of the program's.
    pub components: Option<Vec<SegmentComponent>>,
    /// Its duration.
    pub duration: Option<Ticks>,
    /// Restrictions of its delivery; `None`: not restricted.
    pub restrictions: Option<Restrictions>,
    /// Its content.
    pub upid: Upid,
    /// What begins or ends.
    pub kind: SegmentationType,
    /// Its number among segments of its kind.
    pub segment_num: u8,
    /// How many segments of its kind there are.
    pub segments_expected: u8,
    /// Its number among the segments of a collection; older messages have none.
    pub sub_segments: Option<SubSegments>,
    /// Bytes behind all that the standard has.
    pub rest: Bytes,
}

/// A stream that a segment has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SegmentComponent {
    /// The `component_tag` of its `stream_identifier_descriptor`.
    pub component_tag: u8,
    /// The time that is added to the command's time.
    pub pts_offset: Ticks,
}

/// Restrictions of a segment's delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Restrictions {
    /// Whether it may be delivered by the web.
    pub web_delivery_allowed_flag: bool,
    /// Whether no region is blacked out.
    pub no_regional_blackout_flag: bool,
    /// Whether it may be recorded.
    pub archive_allowed_flag: bool,
    /// The group of devices that it is restricted from (table 21): 0 to 2; 3 is no restriction.
    pub device_restrictions: u8,
}

/// The number of a segment among the segments of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SubSegments {
    /// Its number.
    pub sub_segment_num: u8,
    /// How many there are.
    pub sub_segments_expected: u8,
}

impl Serialize for Segment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("program_segmentation_flag", &self.components.is_none())?;
        fields.serialize_entry("delivery_not_restricted_flag", &self.restrictions.is_none())?;
        if let Some(restrictions) = self.restrictions {
            fields.serialize_entry("web_delivery_allowed_flag", &restrictions.web_delivery_allowed_flag)?;
            fields.serialize_entry("no_regional_blackout_flag", &restrictions.no_regional_blackout_flag)?;
            fields.serialize_entry("archive_allowed_flag", &restrictions.archive_allowed_flag)?;
            fields.serialize_entry("device_restrictions", &restrictions.device_restrictions)?;
        }
        if let Some(components) = &self.components {
            fields.serialize_entry("components", components)?;
        }
        if let Some(duration) = self.duration {
            fields.serialize_entry("segmentation_duration", &duration)?;
        }
        fields.serialize_entry("segmentation_upid", &self.upid)?;
        fields.serialize_entry("segmentation_type_id", &self.kind.0)?;
        fields.serialize_entry("segmentation_type", self.kind.name())?;
        fields.serialize_entry("segment_num", &self.segment_num)?;
        fields.serialize_entry("segments_expected", &self.segments_expected)?;
        if let Some(sub) = self.sub_segments {
            fields.serialize_entry("sub_segment_num", &sub.sub_segment_num)?;
            fields.serialize_entry("sub_segments_expected", &sub.sub_segments_expected)?;
        }
        if !self.rest.is_empty() {
            fields.serialize_entry("rest", &self.rest)?;
        }
        fields.end()
    }
}

impl Segmentation {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let segmentation_event_id = fields.u32("segmentation_event_id")?;
        let cancelled = fields.flag("segmentation_event_cancel_indicator")?;
        let compliance = fields.flag("segmentation_event_id_compliance_indicator")?;
        fields.skip(6)?;
        let segment = if cancelled { None } else { Some(Segment::read(fields)?) };
        Ok(Self {
            segmentation_event_id,
            segmentation_event_cancel_indicator: cancelled,
            segmentation_event_id_compliance_indicator: compliance,
            segment,
        })
    }
}

impl Segment {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let is_program = fields.flag("program_segmentation_flag")?;
        let has_duration = fields.flag("segmentation_duration_flag")?;
        let is_free = fields.flag("delivery_not_restricted_flag")?;
        let restrictions = Restrictions {
            web_delivery_allowed_flag: fields.flag("web_delivery_allowed_flag")?,
            no_regional_blackout_flag: fields.flag("no_regional_blackout_flag")?,
            archive_allowed_flag: fields.flag("archive_allowed_flag")?,
            device_restrictions: fields.small(2, "device_restrictions")?,
        };
        let restrictions = if is_free { None } else { Some(restrictions) };
        let components = if is_program { None } else { Some(components(fields)?) };
        let duration =
            if has_duration { Some(Ticks(fields.bits(40, "segmentation_duration")?)) } else { None };
        let upid = Upid::read(fields)?;
        let kind = SegmentationType(fields.u8("segmentation_type_id")?);
        let segment_num = fields.u8("segment_num")?;
        let segments_expected = fields.u8("segments_expected")?;
        let sub_segments = if kind.has_sub_segments() && !fields.rest().is_empty() {
            Some(SubSegments {
                sub_segment_num: fields.u8("sub_segment_num")?,
                sub_segments_expected: fields.u8("sub_segments_expected")?,
            })
        } else {
            None
        };
        let rest = Bytes::of(fields.rest());
        Ok(Self {
            components,
            duration,
            restrictions,
            upid,
            kind,
            segment_num,
            segments_expected,
            sub_segments,
            rest,
        })
    }
}

fn components(fields: &mut Fields<'_>) -> Result<Vec<SegmentComponent>, Error> {
    let count = fields.u8("component_count")?;
    let component = |_| {
        let component_tag = fields.u8("component_tag")?;
        fields.skip(7)?;
        Ok(SegmentComponent { component_tag, pts_offset: Ticks(fields.bits(33, "pts_offset")?) })
    };
    (0..count).map(component).collect()
}
