//! What one signal does: the breaks that it opens, closes and cancels.

use std::time::Duration;

use super::effect::{Effect, Layer};
use super::signal::{Cue, Moment, Signal};
use super::tag;
use crate::ads::AdTag;
use crate::scte35::{Command, Descriptor, Section, Segment, Segmentation, SegmentationType, Ticks};

/// One thing that a signal does, at its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Action<'a> {
    pub(super) at: Moment,
    /// The id of the mark.
    pub(super) id: Option<&'a str>,
    pub(super) event_id: Option<u32>,
    /// The time on the clock of the stream, adjusted.
    pub(super) pts: Option<Ticks>,
    pub(super) deed: Deed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Ahead of others at the same time, so that what ends gives way to what begins.
    Cancel,
    Close {
        /// The type that ends; `None`: whatever there is.
        kind: Option<SegmentationType>,
    },
    Open(Open),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) planned: Option<Duration>,
    pub(super) layer: Layer,
    /// The type that began it.
    pub(super) kind: Option<SegmentationType>,
    /// Whether it ends by itself after its planned duration.
    pub(super) auto_return: bool,
    /// Whether it says only that a break goes on.
    pub(super) is_continued: bool,
    pub(super) tag: Option<AdTag>,
}

impl Deed {
    /// The order of deeds at one time.
    pub(super) const fn rank(&self) -> u8 {
        match self {
            Self::Cancel => 0,
            Self::Close { .. } => 1,
            Self::Open(_) => 2,
        }
    }
}

impl<'a> Action<'a> {
    /// Adds what a signal does to `actions`.
    pub(super) fn add(signal: &'a Signal, actions: &mut Vec<Self>) {
        let at = signal.at;
        let id = signal.id.as_deref();
        let bare = |at: Moment, deed| Self { at: at.shared(), id, event_id: None, pts: None, deed };
        match &signal.cue {
            Cue::Section { section, planned } => {
                of_section(section, *planned, &bare(at, Deed::Cancel), actions);
            }
            Cue::Out { planned } => actions.push(bare(at, Deed::Open(Open::bare(*planned, false)))),
            Cue::Continue { elapsed, planned, section } => {
                let begin = bare(at.earlier(*elapsed), Deed::Open(Open::bare(*planned, true)));
                let mut within = Vec::new();
                if let Some(section) = section {
                    of_section(section, *planned, &begin, &mut within);
                }
                let opened = within.into_iter().find_map(|action| match action.deed {
                    Deed::Open(open) => {
                        let deed = Deed::Open(Open { is_continued: true, ..open });
                        Some(Self { deed, ..action })
                    }
                    _ => None,
                });
                actions.push(opened.unwrap_or(begin));
            }
            Cue::In => actions.push(bare(at, Deed::Close { kind: None })),
        }
    }
}

impl Open {
    fn bare(planned: Option<Duration>, is_continued: bool) -> Self {
        let layer = Layer::Splice;
        Self { planned, layer, kind: None, auto_return: false, is_continued, tag: None }
    }
}

/// Adds what a message does. `base` has its time and the id of its mark.
fn of_section<'a>(
    section: &Section,
    planned: Option<Duration>,
    base: &Action<'a>,
    actions: &mut Vec<Action<'a>>,
) {
    let pts = section.pts();
    let act = |event_id, deed| Action { event_id: Some(event_id), pts, deed, ..base.clone() };
    let mut outer: Option<(u32, Open)> = None;
    match section.command() {
        Some(Command::SpliceInsert(insert)) => match &insert.splice {
            None => actions.push(act(insert.splice_event_id, Deed::Cancel)),
            Some(splice) if splice.out_of_network_indicator => {
                let open = Open {
                    planned: splice.break_duration.and_then(|duration| stated(duration.duration)),
                    auto_return: splice.break_duration.is_some_and(|duration| duration.auto_return),
                    ..Open::bare(None, false)
                };
                outer = Some((insert.splice_event_id, open));
            }
            Some(_) => actions.push(act(insert.splice_event_id, Deed::Close { kind: None })),
        },
        Some(Command::TimeSignal(_) | Command::SpliceNull) => {}
        _ => return,
    }
    for descriptor in section.descriptors() {
        let Descriptor::Segmentation(segmentation) = descriptor else { continue };
        let Segmentation { segmentation_event_id: event_id, segment, .. } = segmentation;
        let Some(segment) = segment else {
            actions.push(act(*event_id, Deed::Cancel));
            continue;
        };
        match Effect::of(segment.kind) {
            (Effect::Closes, _) => {
                actions.push(act(*event_id, Deed::Close { kind: Some(segment.kind) }));
            }
            (Effect::Opens, layer) => outer = Some(with(outer, *event_id, layer, segment)),
            _ => {}
        }
    }
    if let Some((event_id, mut open)) = outer {
        open.planned = open.planned.or(planned);
        actions.push(act(event_id, Deed::Open(open)));
    }
}

/// A duration; `None` if it is zero, which encoders write where they know none.
fn stated(duration: Ticks) -> Option<Duration> {
    Some(duration.duration()).filter(|duration| !duration.is_zero())
}

/// The outermost of a break and of a segment that begin at the same time. It takes what it lacks from the other.
fn with(outer: Option<(u32, Open)>, event_id: u32, layer: Layer, segment: &Segment) -> (u32, Open) {
    let open = Open {
        planned: segment.duration.and_then(stated),
        layer,
        kind: Some(segment.kind),
        auto_return: false,
        is_continued: false,
        tag: tag::of(&segment.upid),
    };
    let Some((other_id, other)) = outer else { return (event_id, open) };
    let (id, outer, inner) =
        if other.layer <= layer { (other_id, other, open) } else { (event_id, open, other) };
    (id, Open { planned: outer.planned.or(inner.planned), tag: outer.tag.or(inner.tag), ..outer })
}
