//! Messages of SCTE 35 in the segments of a live MPD, where it announces them by `InbandEventStream`.
//!
//! An MPD does not have them. So the edge reads the beginnings of the newest segments of one announced Representation, behind the
//! reply, and writes what it finds into its own copy of the MPD, as the last element:
//!
//! ```text
//! <StagedoorInband zero="1970-01-01T00:00:00Z" looked="1764500000000 …" tried="" missed="">
//!   <Cue at="1764500004000" planned="30000">/DAhAAAA…</Cue>
//! </StagedoorInband>
//! ```
//!
//! `looked` has the segments that were read, by their times, `tried` those that could not be read once, and `missed` those that were
//! not there yet. So a segment that is there is asked for twice at most, and whoever keeps the MPD keeps the messages: other isolates
//! take both out of the data centre's cache, and a template depends on the messages because it depends on the MPD's bytes. A newer
//! version of the MPD takes them over ([`with_known_cues`]). The compiler takes the element out ([`leave_out`]); players never see it.
//!
//! The time of a cue is the time of its event on the MPD's timeline (ISO/IEC 23009-1 section 5.10.3.3.4): it depends on the message
//! and on the MPD alone, never on when it was read.

mod ledger;
mod segments;

use std::time::Duration;

use url::Url;

use self::ledger::{Cue, Ledger, NAME};
use self::segments::Place;
use super::signals::decoded;
use super::times::Times;
use crate::ads::signals::{Cue as Said, Effect, Signal};
use crate::dash::change::{Changes, Edited};
use crate::dash::document::{Document, Element, utf8};
use crate::dash::emsg::event_messages;
use crate::scte35::{self, Section};
use crate::time::UnixMillis;

/// The longest MPD whose segments are read, without what is known of them.
const LONGEST: usize = 512 * 1024;

/// How many segments are read for one version of an MPD: the newest, then some older ones.
const AT_ONCE: usize = 8;

/// How late media origins publish their segments. The newest number follows from the clock, so it may be asked for too early.
const LATEST_MS: u64 = 30_000;

/// A segment whose beginning is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentHead {
    /// Its URL at the media origin.
    pub url: Url,
    /// Whether it could not be read once before.
    pub is_tried: bool,
    /// Whether its end is so recent that the media origin may not have it yet.
    pub may_come: bool,
    place: Place,
}

/// What became of the request for a segment's beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// The bytes.
    Read(Vec<u8>),
    /// The media origin does not have the segment yet: it is asked again.
    NotYet,
    /// It could not be read.
    Failed,
}

/// An MPD with the cues that are known of an older version of it, or of the same; not longer than `most`.
pub fn with_known_cues(mpd: Vec<u8>, known: &[u8], most: usize) -> Vec<u8> {
    if !are_announced(&mpd) {
        return mpd;
    }
    let known = Ledger::find(known);
    let found = known.and_then(|known| {
        let document = Document::read(utf8(&mpd).ok()?).ok()?;
        let mut ledger = Ledger::of(document.root());
        ledger.merge(known);
        written(&document, &ledger, most)
    });
    found.unwrap_or(mpd)
}

/// The segments whose beginnings are to be read: the newest, and of them those that nobody has read. If there are others, up to half
/// are segments that were not there before, the oldest first: they are the likeliest to be there by now. `url` is the MPD's own URL,
/// `folder` the title's: segments elsewhere are not read.
pub fn unread_segments(mpd: &[u8], url: &Url, folder: &Url, now_ms: u64) -> Vec<SegmentHead> {
    let read = || Document::read(utf8(mpd).ok()?).ok();
    let Some(document) = Some(()).filter(|()| are_announced(mpd)).and_then(|()| read()) else {
        return Vec::new();
    };
    let times = Times::of(document.root());
    if !times.is_live {
        return Vec::new();
    }
    let ledger = Ledger::of(document.root());
    let now = times.start_of(UnixMillis(now_ms)).and_then(|now| u64::try_from(now.as_millis()).ok());
    let newest = segments::newest(document.root(), &times, url, now);
    let unread = newest.into_iter().filter(|(place, _)| !ledger.is_looked(place.start_ms()));
    let heads = unread.filter_map(|(place, url)| {
        let is_tried = ledger.is_tried(place.start_ms());
        let may_come = now.is_some_and(|now| now < place.end_ms().saturating_add(LATEST_MS));
        segments::is_within(folder, &url).then_some(SegmentHead { url, is_tried, may_come, place })
    });
    let (missed, others): (Vec<_>, Vec<_>) = heads.partition(|head| ledger.is_missed(head.place.start_ms()));
    let first = others.into_iter().take(AT_ONCE - missed.len().min(AT_ONCE / 2));
    first.chain(missed.into_iter().rev()).take(AT_ONCE).collect()
}

/// The MPD with what the beginnings of segments say. Also tells of the first message that is not understood. An MPD that would be
/// longer than `most` stays as it is.
pub fn with_segments(
    mpd: &[u8],
    read: Vec<(SegmentHead, Beginning)>,
    most: usize,
) -> (Vec<u8>, Option<String>) {
    let mut flaw = None;
    let found = utf8(mpd).ok().and_then(|text| Document::read(text).ok()).and_then(|document| {
        let mut ledger = Ledger::of(document.root());
        for (SegmentHead { place, url, .. }, beginning) in read {
            match beginning {
                Beginning::Read(bytes) => {
                    ledger.look(place.start_ms());
                    let unread = take(&mut ledger, place, &bytes).err();
                    flaw = flaw.take().or_else(|| Some(format!("{}: {}", url.path(), unread?)));
                }
                Beginning::NotYet => ledger.miss(place.start_ms()),
                Beginning::Failed => ledger.fail(place.start_ms()),
            }
        }
        written(&document, &ledger, most)
    });
    (found.unwrap_or_else(|| mpd.to_vec()), flaw)
}

/// Takes the cues out of the beginning of a segment.
fn take(ledger: &mut Ledger, place: Place, segment: &[u8]) -> Result<(), String> {
    let mut outcome = Ok(());
    for message in event_messages(segment) {
        let message = match message {
            Ok(message) if super::signals::is_scte35(message.scheme_id_uri) => message,
            Ok(_) => continue,
            Err(error) => {
                outcome = outcome.and(Err(format!("`emsg` at {error}")));
                continue;
            }
        };
        let Some(section) = section(message.message_data) else {
            outcome = outcome.and(Err(format!("expected a message of SCTE 35 in the `emsg` {}", message.id)));
            continue;
        };
        let concerns = |effect| matches!(effect, Effect::Opens | Effect::Closes | Effect::Cancels);
        let at_ms = place.event_ms(message.time, message.timescale);
        if let Some(at_ms) = at_ms.filter(|_| Effect::of_section(&section).into_iter().any(concerns)) {
            let ticks = message.duration.filter(|ticks| *ticks > 0);
            let planned_ms = ticks.map(|ticks| u64::from(ticks) * 1000 / u64::from(message.timescale));
            ledger.add(Cue { at_ms, planned_ms, message: message.message_data.to_vec() });
        }
    }
    outcome
}

/// The message: a section, as `urn:scte:scte35:2013:bin` has it, or elements, or base64.
fn section(message: &[u8]) -> Option<Section> {
    if message.first() == Some(&scte35::TABLE) {
        return scte35::decode(message).ok();
    }
    let text = str::from_utf8(message).ok()?;
    match Document::read(text) {
        Ok(document) => super::signals::of_elements(document.root()),
        Err(_) => decoded(text.trim_end_matches('\0')),
    }
}

/// The signals that the cues of an MPD are.
pub(super) fn signals(mpd: Element<'_, '_>, times: &Times<'_, '_>) -> Vec<Signal> {
    let signal = |cue: Cue| {
        let section = Box::new(section(&cue.message)?);
        let planned = cue.planned_ms.map(Duration::from_millis);
        let at = times.moment(Duration::from_millis(cue.at_ms));
        // Without the id of the event: some packagers write the same one into all.
        Some(Signal { at, id: None, cue: Said::Section { section, planned } })
    };
    Ledger::of(mpd).into_cues().filter_map(signal).collect()
}

/// Takes the element out: it is the edge's own.
pub(in crate::dash) fn leave_out(mpd: Element<'_, '_>, changes: &mut Changes) {
    for own in mpd.children_named(NAME) {
        changes.remove(own.range());
    }
}

/// Whether an MPD may announce messages.
fn are_announced(mpd: &[u8]) -> bool {
    let holds = |text: &str| memchr::memmem::find(mpd, text.as_bytes()).is_some();
    mpd.len() - Ledger::length(mpd) <= LONGEST
        && holds(segments::ANNOUNCEMENT)
        && holds(super::signals::SCHEMES)
}

/// The MPD with a ledger in place of any other, if it is not longer than `most`.
fn written(document: &Document<'_>, ledger: &Ledger, most: usize) -> Option<Vec<u8>> {
    let mut changes = Changes::default();
    leave_out(document.root(), &mut changes);
    changes.insert(document.root().inner()?.end, ledger.to_string());
    let edited = Edited::new(document.text()).apply(changes).ok()?;
    Some(edited.text.into_owned().into_bytes()).filter(|mpd| mpd.len() <= most)
}

#[cfg(test)]
mod tests;
