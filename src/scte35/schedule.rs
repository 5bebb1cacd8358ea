//! `splice_schedule` (section 9.7.2): splices that are planned for a time of the day.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::BreakDuration;
use super::fields::{Error, Fields};

/// `splice_schedule` (9.7.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpliceSchedule {
    /// The planned splices.
    pub splices: Vec<ScheduledSplice>,
}

/// A planned splice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScheduledSplice {
    /// The id of the event.
    pub splice_event_id: u32,
    /// Whether the event was cancelled: then it has no `splice`.
    pub splice_event_cancel_indicator: bool,
    /// `event_id_compliance_flag`. The bit is 0 if the id follows the standard's rules for ids.
    pub event_id_compliance_flag: bool,
    /// The splice; `None` if the event was cancelled.
    #[serde(flatten)]
    pub splice: Option<PlannedSplice>,
}

/// The splice of a planned event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedSplice {
    /// Whether the stream leaves the network, rather than returns to it.
    pub out_of_network_indicator: bool,
    /// Which streams are spliced, and when.
    #[serde(flatten)]
    pub spliced: ScheduledSpliced,
    /// The duration of the break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_duration: Option<BreakDuration>,
    /// The id of the program.
    pub unique_program_id: u16,
    /// The number of this avail within the program; 0 if unknown.
    pub avail_num: u8,
    /// How many avails the program has; 0 if unknown.
    pub avails_expected: u8,
}

/// Which streams are spliced, and when. Times are seconds since 1980-01-06T00:00:00Z.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduledSpliced {
    /// All of the program's, at one time.
    Program(u32),
    /// Some of the program's.
    Components(Vec<ScheduledComponent>),
}

impl Serialize for ScheduledSpliced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("program_splice_flag", &matches!(self, Self::Program(_)))?;
        match self {
            Self::Program(time) => fields.serialize_entry("utc_splice_time", time)?,
            Self::Components(components) => fields.serialize_entry("components", components)?,
        }
        fields.end()
    }
}

/// A stream whose splice is planned by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ScheduledComponent {
    /// The `component_tag` of its `stream_identifier_descriptor`.
    pub component_tag: u8,
    /// Its time, in seconds since 1980-01-06T00:00:00Z.
    pub utc_splice_time: u32,
}

impl SpliceSchedule {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let count = fields.u8("splice_count")?;
        let splices = (0..count).map(|_| ScheduledSplice::read(fields)).collect::<Result<_, _>>()?;
        Ok(Self { splices })
    }
}

impl ScheduledSplice {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let splice_event_id = fields.u32("splice_event_id")?;
        let cancelled = fields.flag("splice_event_cancel_indicator")?;
        let event_id_compliance_flag = fields.flag("event_id_compliance_flag")?;
        fields.skip(6)?;
        let splice = if cancelled { None } else { Some(PlannedSplice::read(fields)?) };
        Ok(Self {
            splice_event_id,
            splice_event_cancel_indicator: cancelled,
            event_id_compliance_flag,
            splice,
        })
    }
}

impl PlannedSplice {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let out_of_network_indicator = fields.flag("out_of_network_indicator")?;
        let is_program = fields.flag("program_splice_flag")?;
        let has_duration = fields.flag("duration_flag")?;
        fields.skip(5)?;
        let spliced = if is_program {
            ScheduledSpliced::Program(fields.u32("utc_splice_time")?)
        } else {
            let count = fields.u8("component_count")?;
            let component = |_| {
                let component_tag = fields.u8("component_tag")?;
                Ok(ScheduledComponent { component_tag, utc_splice_time: fields.u32("utc_splice_time")? })
            };
            ScheduledSpliced::Components((0..count).map(component).collect::<Result<_, Error>>()?)
        };
        let break_duration = if has_duration { Some(BreakDuration::read(fields)?) } else { None };
        Ok(Self {
            out_of_network_indicator,
            spliced,
            break_duration,
            unique_program_id: fields.u16(16, "unique_program_id")?,
            avail_num: fields.u8("avail_num")?,
            avails_expected: fields.u8("avails_expected")?,
        })
    }
}
