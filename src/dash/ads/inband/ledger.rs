//! What is known of the messages in segments, as an element of the MPD.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::times::number;
use super::super::write::Tag;
use crate::dash::document::{Document, Element, utf8};
use crate::scte35;

/// The element.
pub(super) const NAME: &str = "StagedoorInband";

/// The most cues that are kept. Of more, the last are kept.
const CUES_MAX: usize = 128;

/// The most bytes of their messages.
const BYTES_MAX: usize = 64 * 1024;

/// The most segments that are known as read: twice as many as are asked for.
const LOOKED_MAX: usize = 128;

/// No ledger is longer: its messages in base64, and its times. So an MPD's own length is known without reading it.
const LENGTH_MAX: usize = 128 * 1024;

/// A message of SCTE 35 in a segment. Copies with the same time are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cue {
    /// Its time on the MPD's timeline.
    pub(super) at_ms: u64,
    /// The duration of the event, if it states one.
    pub(super) planned_ms: Option<u64>,
    pub(super) message: Vec<u8>,
}

/// What is known of the messages in segments.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// `availabilityStartTime`: with another, all times are others.
    zero: String,
    /// The starts of the segments that were read, of those that could not be read once, and of those that were not there yet.
    looked: BTreeSet<u64>,
    tried: BTreeSet<u64>,
    missed: BTreeSet<u64>,
    /// The durations of the cues, by time and message.
    cues: BTreeMap<(u64, Vec<u8>), Option<u64>>,
}

impl Ledger {
    /// The ledger of an MPD; an empty one if it has none.
    pub(super) fn of(mpd: Element<'_, '_>) -> Self {
        let zero = mpd.value("availabilityStartTime").unwrap_or_default();
        match mpd.child(NAME).map(Self::read) {
            Some(ledger) if ledger.zero == zero => ledger,
            _ => Self { zero: zero.into_owned(), ..Self::default() },
        }
    }

    /// The ledger in the bytes of an MPD.
    pub(super) fn find(mpd: &[u8]) -> Option<Self> {
        let document = Document::read(utf8(text(mpd)?).ok()?).ok()?;
        Some(Self::read(document.root()))
    }

    /// How much of an MPD is its ledger.
    pub(super) fn length(mpd: &[u8]) -> usize {
        text(mpd).map_or(0, |ledger| ledger.len().min(LENGTH_MAX))
    }

    fn read(element: Element<'_, '_>) -> Self {
        let times = |name| {
            let text = element.value(name).unwrap_or_default();
            let mut times = BTreeSet::new();
            times.extend(text.split_ascii_whitespace().filter_map(|time| time.parse::<u64>().ok()));
            times
        };
        let mut ledger = Self {
            zero: element.value("zero").unwrap_or_default().into_owned(),
            looked: times("looked"),
            tried: times("tried"),
            missed: times("missed"),
            cues: BTreeMap::new(),
        };
        let cue = |cue: Element<'_, '_>| {
            Some(Cue {
                at_ms: number(cue, "at")?,
                planned_ms: number(cue, "planned"),
                message: scte35::bytes(&cue.content()?).ok()?,
            })
        };
        element.children_named("Cue").filter_map(cue).for_each(|cue| ledger.add(cue));
        ledger
    }

    /// Adds what another one knows of the same timeline.
    pub(super) fn merge(&mut self, mut other: Self) {
        if other.zero == self.zero {
            self.looked.append(&mut other.looked);
            self.tried.append(&mut other.tried);
            self.missed.append(&mut other.missed);
            other.into_cues().for_each(|cue| self.add(cue));
        }
    }

    pub(super) fn add(&mut self, Cue { at_ms, planned_ms, message }: Cue) {
        let known = self.cues.entry((at_ms, message)).or_default();
        *known = planned_ms.max(*known);
    }

    pub(super) fn look(&mut self, segment_ms: u64) {
        self.looked.insert(segment_ms);
    }

    /// A segment could not be read. The second time, it counts as read.
    pub(super) fn fail(&mut self, segment_ms: u64) {
        if !self.tried.insert(segment_ms) {
            self.looked.insert(segment_ms);
        }
    }

    /// A segment was not there yet.
    pub(super) fn miss(&mut self, segment_ms: u64) {
        self.missed.insert(segment_ms);
    }

    pub(super) fn is_looked(&self, segment_ms: u64) -> bool {
        self.looked.contains(&segment_ms)
    }

    pub(super) fn is_tried(&self, segment_ms: u64) -> bool {
        self.tried.contains(&segment_ms)
    }

    pub(super) fn is_missed(&self, segment_ms: u64) -> bool {
        self.missed.contains(&segment_ms)
    }

    /// The cues in order of their times.
    pub(super) fn into_cues(self) -> impl Iterator<Item = Cue> {
        let cues = self.cues.into_iter();
        cues.map(|((at_ms, message), planned_ms)| Cue { at_ms, planned_ms, message })
    }
}

impl fmt::Display for Ledger {
    /// Writes the element, with the last of what there is too much of.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let looked = last(&self.looked, |_| true);
        let tried = last(&self.tried, |time| !self.looked.contains(time));
        let missed = last(&self.missed, |time| !self.looked.contains(time));
        let mut left = BYTES_MAX;
        let fitting = self.cues.keys().rev().take(CUES_MAX).take_while(|(_, message)| {
            let rest = left.checked_sub(message.len());
            left = rest.unwrap_or_default();
            rest.is_some()
        });
        let first = self.cues.len() - fitting.count();
        let element = |((at_ms, message), planned_ms): (&(u64, Vec<u8>), &Option<u64>)| {
            Tag::new("", "Cue")
                .with("at", at_ms)
                .maybe("planned", *planned_ms)
                .around(&STANDARD.encode(message))
        };
        let text: String = self.cues.iter().skip(first).map(element).collect();
        let tag = Tag::new("", NAME).with("zero", &self.zero).with("looked", looked).with("tried", tried);
        let tag = tag.with("missed", missed);
        // With an end tag, by which it is found.
        f.write_str(&tag.around(&(text + "\n")))
    }
}

/// The element in the bytes of an MPD, in which it stands last.
fn text(mpd: &[u8]) -> Option<&[u8]> {
    let (open, close) = (format!("<{NAME}"), format!("</{NAME}>"));
    let from = mpd.get(memchr::memmem::rfind(mpd, open.as_bytes())?..)?;
    from.get(..memchr::memmem::find(from, close.as_bytes())? + close.len())
}

/// The last times, in order.
fn last(times: &BTreeSet<u64>, is_told: impl Fn(&u64) -> bool) -> String {
    let told: Vec<_> = times.iter().rev().take(LOOKED_MAX).filter(|time| is_told(time)).collect();
    told.into_iter().rev().map(u64::to_string).collect::<Vec<_>>().join(" ")
}
