//! Alternative MPD events (ISO/IEC 23009-1, 6th edition): at a time of the content, players present another MPD.
//!
//! ```text
//! <EventStream schemeIdUri="urn:mpeg:dash:event:alternativeMPD:insert:2025" timescale="1000">
//!   <Event presentationTime="600000" duration="1000" id="1234">
//!     <InsertPresentation uri="_stagedoor/break/….mpd" maxDuration="65000"/>
//!   </Event>
//! </EventStream>
//! ```
//!
//! A pod is inserted (`insert`), or takes the place of the content (`replace`): in live, and on demand in a break that the media
//! marks. An event is the same for all viewers of a title. Its URI is signed with all others ([`sign`](crate::dash)): with scheme, host and session, because Shaka
//! Player 5.2 resolves it against the page.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::times::Times;
use super::write::{Tag, ticks};
use super::{inband, signals};
use crate::ads::address::Listing;
use crate::ads::{Break, BreakId, Ending, Place, Plan, Presentation};
use crate::catalog::{Insertion, Join, Restriction};
use crate::dash::change::Changes;
use crate::dash::document::{Document, Element};
use crate::dash::duration::of_seconds;
use crate::dash::edits::Edits;
use crate::dash::error::CompileError;
use crate::dash::limits;

/// How long behind its time an inserted presentation may begin. Shaka Player 5.2 never begins one whose event has no duration,
/// and shows the presentation to those who seek into this time.
const TRIGGER: Duration = Duration::from_secs(1);

/// How much longer than its break an inserted presentation may take: Shaka Player 5.2 counts the time of loading, and cuts off
/// the end of a pod that fills its break. Pods are never longer than their breaks.
const GRACE: Duration = Duration::from_secs(5);

/// How long before the end of the content a post-roll lies. Shaka Player 5.2 looks for events while the content plays, so it never
/// reaches an event at the very end; and media often ends some frames before the MPD says so.
const BEFORE_END: Duration = Duration::from_millis(500);

/// Announces the breaks of the title.
pub(in crate::dash) fn announce(document: &Document<'_>, edits: &Edits<'_>) -> Result<Changes, CompileError> {
    let mut changes = Changes::default();
    let mpd = document.root();
    let Some(plan) = edits.ads.filter(|_| !is_list(mpd)) else { return Ok(changes) };
    let times = Times::of(mpd);
    let mut signals = signals::of(&times);
    signals.extend(inband::signals(mpd, &times));
    let marked = crate::ads::signals::breaks(&signals);
    // Ads take the place of the content of a mark that has a length.
    let replacing: BTreeSet<BreakId> =
        marked.iter().filter(|found| length(found).is_some()).map(|found| found.opening.id.clone()).collect();
    let presentation = Presentation { duration: times.duration, is_live: times.is_live };
    let mut events: BTreeMap<(usize, Kind), String> = BTreeMap::new();
    for found in plan.breaks(marked, presentation) {
        let kind = match times.is_live || replacing.contains(&found.opening.id) {
            true => Kind::Replace,
            false => Kind::Insert,
        };
        let Some((period, event)) = event(&found, kind, plan, &times, mpd.prefix()) else { continue };
        *events.entry((period, kind)).or_default() += &event;
    }
    for ((period, kind), events) in &events {
        let Some(period) = times.periods.get(*period) else { continue };
        put(period.element, &stream(*kind, mpd.prefix(), events), &mut changes);
    }
    // The origin's patches do not fit the edited MPD, and a patch could bring marks that the edge has not read.
    if times.is_live && edits.announce_marks() {
        limits::leave_out_patches(mpd, &mut changes);
    }
    Ok(changes)
}

/// Whether an MPD lists other MPDs.
fn is_list(mpd: Element<'_, '_>) -> bool {
    mpd.value("type").is_some_and(|kind| kind == "list")
}

/// The duration of a break, if it is known.
fn length(found: &Break) -> Option<Duration> {
    found.duration().filter(|duration| !duration.is_zero())
}

/// What an event does with the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// It goes on behind the pod, where it stopped. Only on demand.
    Insert,
    /// It goes on below the pod.
    Replace,
}

/// The event of a break, and the number of its Period. `None`: it cannot be told in an MPD of this type.
fn event(
    found: &Break,
    kind: Kind,
    plan: &Plan<'_>,
    times: &Times<'_, '_>,
    prefix: &str,
) -> Option<(usize, String)> {
    let at = time(found, times)?;
    let number = times.period(at)?;
    let in_period = at.saturating_sub(times.periods.get(number)?.start);
    let uri = plan.seal.address(&found.opening, Listing::Mpd)?;
    let longest = Duration::from_secs(plan.policy.longest_s.into());
    let length = length(found).unwrap_or(longest);
    let (name, lasts, limit) = match kind {
        Kind::Insert => ("InsertPresentation", TRIGGER, length.saturating_add(GRACE)),
        Kind::Replace if times.is_live => ("ReplacePresentation", length, length),
        Kind::Replace => ("ReplacePresentation", length, length.saturating_add(GRACE)),
    };
    let insertion = &plan.policy.insertion;
    // Not in live, where it would show those who join a break that is long over.
    let no_jump = (!times.is_live && insertion.restrict.contains(&Restriction::Jump)).then_some(LATEST);
    let presentation = Tag::new(prefix, name).with("uri", uri).with("maxDuration", ticks(limit));
    let presentation = of_policy(presentation, insertion, length).maybe("noJump", no_jump);
    let presentation = match kind {
        Kind::Insert => presentation,
        Kind::Replace => presentation.with("returnOffset", ticks(length)),
    };
    let presentation = if times.is_live { joined(presentation, plan.policy.join) } else { presentation };
    let event = Tag::new(prefix, "Event")
        .with("presentationTime", ticks(in_period))
        .with("duration", ticks(lasts))
        .with("id", event_id(&found.opening.id))
        .maybe("status", (times.is_live && has_changed(found, longest)).then_some("update"));
    Some((number, event.around(&presentation.around(""))))
}

/// Whether a break ends at another time than the one that players may have been told: then its event updates the one before it
/// (ISO/IEC 23009-1 section 5.10.2).
fn has_changed(found: &Break, longest: Duration) -> bool {
    matches!(found.ending, Ending::After(length) if length != found.opening.planned.unwrap_or(longest))
}

/// What viewers who join within a live break see of its pod: the part that belongs to the rest of the break, or all of it.
fn joined(tag: Tag, join: Join) -> Tag {
    match join {
        Join::Nothing | Join::Rest => tag.with("startWithOffset", true),
        Join::Whole => tag.with("clip", false),
    }
}

/// `noJump`: of the events that a viewer seeks over, the latest is presented.
const LATEST: u8 = 2;

/// Adds the site's policy for insertion.
fn of_policy(tag: Tag, insertion: &Insertion, length: Duration) -> Tag {
    let early = insertion.preload_s.map(|early_s| u64::from(early_s) * 1000);
    let after_s = match &insertion.skip {
        Some(skip) => Some(u64::from(skip.offset_s)),
        // Without the attribute, the standard allows to skip at once: viewers may skip what is over.
        None => insertion.restrict.contains(&Restriction::Skip).then(|| length.as_secs().saturating_add(1)),
    };
    tag.maybe("earliestResolutionTimeOffset", early).maybe("skipAfter", after_s.map(of_seconds))
}

/// The media time at which a break is announced.
fn time(found: &Break, times: &Times<'_, '_>) -> Option<Duration> {
    if found.ending == Ending::Cancelled {
        return None;
    }
    match found.opening.place {
        // In live, it belongs to no time of the content.
        Place::PreRoll | Place::PostRoll if times.is_live => None,
        Place::PreRoll => times.periods.first().map(|first| first.start),
        Place::PostRoll => times.duration.map(|end| end.saturating_sub(BEFORE_END)),
        Place::MidRoll => {
            let start = found.opening.start;
            start.or_else(|| times.start_of(found.opening.date?))
        }
    }
}

/// The id of the event of a break. It is the same in every MPD, because players know events by their ids.
fn event_id(id: &BreakId) -> u32 {
    let hash = Sha256::digest(id.as_str());
    let bytes = hash.first_chunk().copied().unwrap_or_default();
    // Some readers take ids as signed numbers.
    u32::from_be_bytes(bytes) >> 1
}

fn stream(kind: Kind, prefix: &str, events: &str) -> String {
    let kind = match kind {
        Kind::Insert => "insert",
        Kind::Replace => "replace",
    };
    Tag::new(prefix, "EventStream")
        .with("schemeIdUri", format_args!("urn:mpeg:dash:event:alternativeMPD:{kind}:2025"))
        .with("timescale", 1000)
        .around(events)
}

/// Puts an event stream into a Period, where the schema has it.
fn put(period: Element<'_, '_>, stream: &str, changes: &mut Changes) {
    const BEFORE: &[&str] = &[
        "BaseURL",
        "SegmentBase",
        "SegmentList",
        "SegmentTemplate",
        "AssetIdentifier",
        "ImportedMPD",
        "EventStream",
    ];
    // An empty Period has nothing to play.
    let Some(inner) = period.inner() else { return };
    let last = period.children().filter(|child| BEFORE.contains(&child.name())).last();
    match last {
        Some(last) => changes.insert(last.range().end, [last.space_in_front(), stream].concat()),
        None => {
            let space = period.children().next().map_or("", |first| first.space_in_front());
            changes.insert(inner.start, [space, stream].concat());
        }
    }
}

#[cfg(test)]
mod tests;
