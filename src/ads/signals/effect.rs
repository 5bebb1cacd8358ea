//! Which commands and segmentation types open, close, extend or never open a break: the one table of it.

use crate::scte35::{Command, Descriptor, Section, SegmentationType};

/// The effect of a message on breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Opens a break. Repeated with another duration, it extends or shortens the break.
    Opens,
    /// Closes a break: early, in time, or late.
    Closes,
    /// Cancels a break that has not begun; closes it if it has.
    Cancels,
    /// Tells of a break ahead, which another message opens.
    Announces,
    /// Has no effect on breaks.
    Never,
}

/// How far out a break lies, if messages of several kinds mark it: a break within another is a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// A mark without a type: `splice_insert`, `EXT-X-CUE-OUT`.
    Splice,
    /// An ad block.
    Block,
    /// A break.
    Break,
    /// A placement opportunity.
    Opportunity,
    /// One advertisement.
    Advertisement,
}

/// A command, and its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandEffect {
    /// The command.
    pub command: &'static str,
    /// The value of its field that the effect depends on.
    pub when: &'static str,
    /// The effect.
    pub effect: Effect,
    /// Its clause in ANSI/SCTE 35 2023.
    pub clause: &'static str,
}

/// A range of segmentation types, and their effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeEffect {
    /// The first and the last type.
    pub types: (u8, u8),
    /// The effect of the first, and of every second one behind it.
    pub start: Effect,
    /// The effect of those between.
    pub end: Effect,
    /// How far out their breaks lie.
    pub layer: Layer,
    /// Why.
    pub why: &'static str,
}

/// Commands.
pub const COMMANDS: &[CommandEffect] = &[
    row("splice_null", "", Effect::Never, "9.7.1"),
    row("splice_schedule", "", Effect::Announces, "9.7.2"),
    row("splice_insert", "out_of_network_indicator 1", Effect::Opens, "9.7.3"),
    row("splice_insert", "out_of_network_indicator 0", Effect::Closes, "9.7.3"),
    row("splice_insert", "splice_event_cancel_indicator 1", Effect::Cancels, "9.7.3"),
    row("time_signal", "without segmentation_descriptor", Effect::Never, "9.7.4"),
    row("bandwidth_reservation", "", Effect::Never, "9.7.5"),
    row("private_command", "", Effect::Never, "9.7.6"),
    row("segmentation_descriptor", "segmentation_event_cancel_indicator 1", Effect::Cancels, "10.3.3.1"),
];

const fn row(
    command: &'static str,
    when: &'static str,
    effect: Effect,
    clause: &'static str,
) -> CommandEffect {
    CommandEffect { command, when, effect, clause }
}

/// Segmentation types (section 10.3.3.1, table 23). Types that no row has never open a break.
pub const TYPES: &[TypeEffect] = &[
    never(0x00, 0x01, "they identify content"),
    TypeEffect {
        types: (0x02, 0x02),
        start: Effect::Announces,
        end: Effect::Announces,
        layer: Layer::Break,
        why: "the ad server may be asked ahead of the break",
    },
    never(0x10, 0x1a, "they are about programs, blackouts included"),
    never(0x20, 0x21, "they are chapters"),
    opens(0x22, 0x23, Layer::Break, "a break"),
    never(0x24, 0x27, "they are credits"),
    opens(0x30, 0x33, Layer::Advertisement, "an advertisement, of the provider or of the distributor"),
    opens(0x34, 0x37, Layer::Opportunity, "a placement opportunity, of the provider or of the distributor"),
    never(0x38, 0x3b, "overlays leave the content where it is"),
    never(0x3c, 0x3f, "promos are content of the network"),
    never(0x40, 0x41, "an unscheduled event is content"),
    never(0x42, 0x43, "alternate content is no advertisement"),
    opens(0x44, 0x47, Layer::Block, "an ad block, of the provider or of the distributor"),
    never(0x50, 0x51, "they are networks"),
];

const fn never(first: u8, last: u8, why: &'static str) -> TypeEffect {
    TypeEffect { types: (first, last), start: Effect::Never, end: Effect::Never, layer: Layer::Break, why }
}

const fn opens(first: u8, last: u8, layer: Layer, why: &'static str) -> TypeEffect {
    TypeEffect { types: (first, last), start: Effect::Opens, end: Effect::Closes, layer, why }
}

impl Effect {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opens => "opens",
            Self::Closes => "closes",
            Self::Cancels => "cancels",
            Self::Announces => "announces",
            Self::Never => "never",
        }
    }

    /// The effects of a message's command and of its segments, in order. None of an encrypted message.
    pub fn of_section(section: &Section) -> Vec<Self> {
        let command = match section.command() {
            None => return Vec::new(),
            Some(Command::SpliceInsert(insert)) => match &insert.splice {
                None => Self::Cancels,
                Some(splice) if splice.out_of_network_indicator => Self::Opens,
                Some(_) => Self::Closes,
            },
            Some(Command::SpliceSchedule(_)) => Self::Announces,
            Some(_) => Self::Never,
        };
        let segments = section.descriptors().iter().filter_map(|descriptor| match descriptor {
            Descriptor::Segmentation(segmentation) => {
                Some(segmentation.segment.as_ref().map_or(Self::Cancels, |segment| Self::of(segment.kind).0))
            }
            _ => None,
        });
        std::iter::once(command).chain(segments).collect()
    }

    /// The effect of a segmentation type, and how far out its break lies.
    pub fn of(kind: SegmentationType) -> (Self, Layer) {
        let row = TYPES.iter().find(|row| (row.types.0..=row.types.1).contains(&kind.0));
        row.map_or((Self::Never, Layer::Break), |row| {
            let effect = if (kind.0 - row.types.0).is_multiple_of(2) { row.start } else { row.end };
            (effect, row.layer)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_open_and_close_breaks_by_the_table() {
        assert!(TYPES.is_sorted_by(|one, next| one.types.1 < next.types.0));
        let of = |effect| -> Vec<u8> {
            (0..=u8::MAX).filter(|kind| Effect::of(SegmentationType(*kind)).0 == effect).collect()
        };
        assert_eq!(of(Effect::Opens), [0x22, 0x30, 0x32, 0x34, 0x36, 0x44, 0x46]);
        assert_eq!(of(Effect::Closes), [0x23, 0x31, 0x33, 0x35, 0x37, 0x45, 0x47]);
        assert_eq!(of(Effect::Announces), [0x02]);
        for kind in SegmentationType::all() {
            assert!(
                TYPES.iter().any(|row| (row.types.0..=row.types.1).contains(&kind.0)),
                "{kind} has no row"
            );
        }
    }
}
