//! The commands of a section (section 9.7), but for `splice_schedule`.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::fields::{Error, Fields};
use super::{BreakDuration, Bytes, Identifier, SpliceSchedule, SpliceTime, Ticks};

/// The command of a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// `splice_null` (9.7.1).
    SpliceNull,
    /// `splice_schedule` (9.7.2).
    SpliceSchedule(SpliceSchedule),
    /// `splice_insert` (9.7.3).
    SpliceInsert(SpliceInsert),
    /// `time_signal` (9.7.4): descriptors say what happens at its time.
    TimeSignal(SpliceTime),
    /// `bandwidth_reservation` (9.7.5).
    BandwidthReservation,
    /// `private_command` (9.7.6).
    PrivateCommand(PrivateCommand),
    /// A command of a reserved type.
    Reserved(Bytes),
}

/// `splice_insert` (9.7.3): the stream leaves the network, or returns to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpliceInsert {
    /// The id of the event.
    pub splice_event_id: u32,
    /// Whether the event was cancelled: then it has no `splice`.
    pub splice_event_cancel_indicator: bool,
    /// The splice; `None` if the event was cancelled.
    #[serde(flatten)]
    pub splice: Option<Splice>,
}

/// The splice of a `splice_insert`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Splice {
    /// Whether the stream leaves the network, rather than returns to it.
    pub out_of_network_indicator: bool,
    /// Which streams are spliced, and when.
    #[serde(flatten)]
    pub spliced: Spliced,
    /// Whether they are spliced at the first opportunity: then there are no times.
    pub splice_immediate_flag: bool,
    /// `event_id_compliance_flag`. The bit is 0 if the id follows the standard's rules for ids.
    pub event_id_compliance_flag: bool,
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

/// Which streams are spliced, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spliced {
    /// All of the program's, at one time; `None` if immediately.
    Program(Option<SpliceTime>),
    /// Some of the program's.
    Components(Vec<Component>),
}

impl Serialize for Spliced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("program_splice_flag", &matches!(self, Self::Program(_)))?;
        match self {
            Self::Program(None) => {}
            Self::Program(Some(time)) => fields.serialize_entry("splice_time", time)?,
            Self::Components(components) => fields.serialize_entry("components", components)?,
        }
        fields.end()
    }
}

/// A stream that is spliced by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Component {
    /// The `component_tag` of its `stream_identifier_descriptor`.
    pub component_tag: u8,
    /// Its time; `None` if immediately.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub splice_time: Option<SpliceTime>,
}

/// `private_command` (9.7.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrivateCommand {
    /// Whose command it is.
    pub identifier: Identifier,
    /// Its contents.
    pub private_bytes: Bytes,
}

/// The `splice_command_length` of older equipment, which does not state it.
const UNSTATED: usize = 0xfff;

impl Command {
    /// Its name in the standard.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SpliceNull => "splice_null",
            Self::SpliceSchedule(_) => "splice_schedule",
            Self::SpliceInsert(_) => "splice_insert",
            Self::TimeSignal(_) => "time_signal",
            Self::BandwidthReservation => "bandwidth_reservation",
            Self::PrivateCommand(_) => "private_command",
            Self::Reserved(_) => "reserved",
        }
    }

    /// Reads a command of a type and a length, and leaves `fields` behind it.
    pub(super) fn read(kind: u8, said: usize, fields: &mut Fields<'_>) -> Result<Self, Error> {
        let at = fields.at();
        let rest = fields.rest();
        let stated = if said == UNSTATED { None } else { Some(said) };
        // A command may be longer than its stated length only by mistake: it is read from all that follows, to tell so.
        let mut inner = Fields::new(rest, at, "the command");
        let command = match kind {
            0x00 => Self::SpliceNull,
            0x04 => Self::SpliceSchedule(SpliceSchedule::read(&mut inner)?),
            0x05 => Self::SpliceInsert(SpliceInsert::read(&mut inner)?),
            0x06 => Self::TimeSignal(SpliceTime::read(&mut inner)?),
            0x07 => Self::BandwidthReservation,
            _ => {
                let length = stated.ok_or(Error::CommandEnd { kind })?;
                let mut inner = inner.within(length, "the command")?;
                let command = if kind == 0xff {
                    Self::PrivateCommand(PrivateCommand {
                        identifier: Identifier(inner.u32("identifier")?),
                        private_bytes: Bytes::of(inner.rest()),
                    })
                } else {
                    Self::Reserved(Bytes::of(inner.rest()))
                };
                fields.bytes(length, "the command")?;
                return Ok(command);
            }
        };
        let found = inner.consumed();
        let length = stated.unwrap_or(found);
        if found > length {
            return Err(Error::CommandLength { at, said: length, found });
        }
        fields.bytes(length, "the command")?;
        Ok(command)
    }
}

impl SpliceInsert {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let splice_event_id = fields.u32("splice_event_id")?;
        let cancelled = fields.flag("splice_event_cancel_indicator")?;
        fields.skip(7)?;
        let splice = if cancelled { None } else { Some(Splice::read(fields)?) };
        Ok(Self { splice_event_id, splice_event_cancel_indicator: cancelled, splice })
    }
}

impl Splice {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let out_of_network_indicator = fields.flag("out_of_network_indicator")?;
        let is_program = fields.flag("program_splice_flag")?;
        let has_duration = fields.flag("duration_flag")?;
        let splice_immediate_flag = fields.flag("splice_immediate_flag")?;
        let event_id_compliance_flag = fields.flag("event_id_compliance_flag")?;
        fields.skip(3)?;
        let time = |fields: &mut Fields<'_>| {
            if splice_immediate_flag { Ok(None) } else { SpliceTime::read(fields).map(Some) }
        };
        let spliced = if is_program {
            Spliced::Program(time(fields)?)
        } else {
            let count = fields.u8("component_count")?;
            let component = |_| {
                let component_tag = fields.u8("component_tag")?;
                Ok(Component { component_tag, splice_time: time(fields)? })
            };
            Spliced::Components((0..count).map(component).collect::<Result<_, Error>>()?)
        };
        let break_duration = if has_duration { Some(BreakDuration::read(fields)?) } else { None };
        Ok(Self {
            out_of_network_indicator,
            spliced,
            splice_immediate_flag,
            event_id_compliance_flag,
            break_duration,
            unique_program_id: fields.u16(16, "unique_program_id")?,
            avail_num: fields.u8("avail_num")?,
            avails_expected: fields.u8("avails_expected")?,
        })
    }

    /// The time of the splice on the clock, before `pts_adjustment`: the earliest, if components have their own. `None` if
    /// immediately.
    pub fn pts_time(&self) -> Option<Ticks> {
        match &self.spliced {
            Spliced::Program(time) => time.and_then(|time| time.pts_time),
            Spliced::Components(components) => {
                components.iter().filter_map(|component| component.splice_time?.pts_time).min()
            }
        }
    }
}
