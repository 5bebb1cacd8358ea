//! Times and durations of commands (section 9.8).

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::Ticks;
use super::fields::{Error, Fields};

/// `splice_time` (9.8.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpliceTime {
    /// The time on the clock, before `pts_adjustment`; `None` if it is not specified, which means immediately.
    pub pts_time: Option<Ticks>,
}

impl Serialize for SpliceTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("time_specified_flag", &self.pts_time.is_some())?;
        if let Some(time) = self.pts_time {
            fields.serialize_entry("pts_time", &time)?;
        }
        fields.end()
    }
}

/// `break_duration` (9.8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BreakDuration {
    /// Whether the break ends after its duration, without another command.
    pub auto_return: bool,
    /// The duration.
    pub duration: Ticks,
}

impl SpliceTime {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let pts_time = if fields.flag("time_specified_flag")? {
            fields.skip(6)?;
            Some(Ticks(fields.bits(33, "pts_time")?))
        } else {
            fields.skip(7)?;
            None
        };
        Ok(Self { pts_time })
    }
}

impl BreakDuration {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let auto_return = fields.flag("auto_return")?;
        fields.skip(6)?;
        Ok(Self { auto_return, duration: Ticks(fields.bits(33, "duration")?) })
    }
}
