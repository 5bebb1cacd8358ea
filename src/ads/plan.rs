//! Where the breaks of a presentation lie: one list out of the title's policy, its VMAP document and the marks in its media.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::address::Seal;
use super::schedule::{Offset, Scheduled, whole_seconds};
use super::{AdTag, Break, BreakId, Ending, Opening, Place};
use crate::catalog::{AdPolicy, MidRolls, TitleAds};
use crate::sorting;

/// Everything that decides where the breaks of a title lie. Every part of it is a document or a part of one, so two requests with
/// the same documents get the same breaks.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The site's policy.
    pub policy: &'a AdPolicy,
    /// The policy of the title; `None`: neither the title nor the site has one, and only marks in the media are breaks.
    pub ads: Option<&'a TitleAds>,
    /// The breaks of the title's VMAP document, in place of the policy's.
    pub vmap: Option<&'a [Scheduled]>,
    /// Breaks that are given besides, as the command does. They count as if the media marked them.
    pub given: &'a [Break],
    /// Makes the addresses of pods.
    pub seal: Seal<'a>,
}

/// The presentation whose breaks are sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// Its duration, if it is known.
    pub duration: Option<Duration>,
    /// Whether it is live: then only the break before the content comes from a policy.
    pub is_live: bool,
}

/// The most breaks of a manifest.
pub const MOST_BREAKS: usize = 500;

/// Two breaks within this time are one break: cues and policies round differently, and players snap both to one segment.
const APART: Duration = Duration::from_secs(1);

impl<'a> Plan<'a> {
    /// The plan of a title: its own policy, or else the site's.
    pub fn of(
        policy: &'a AdPolicy,
        ads: Option<&'a TitleAds>,
        vmap: Option<&'a [Scheduled]>,
        seal: Seal<'a>,
    ) -> Self {
        Self { policy, ads: AdPolicy::breaks_of(Some(policy), ads), vmap, given: &[], seal }
    }

    /// Lists all breaks, in order. `marked` has the breaks that the media marks.
    ///
    /// On demand, a break is left out if it lies within an earlier one or within a second of it, and if it lies at 0 where there is
    /// a break before the content. Marks come before the VMAP document and the policy, and positions come before periods. The
    /// limits of `mid_rolls` hold for all breaks within the content.
    ///
    /// In live, no break that the media marks is left out: players have been told of it, and it may not come and go as the window
    /// slides.
    pub fn breaks(&self, marked: Vec<Break>, presentation: Presentation) -> Vec<Break> {
        let mut ids: HashSet<BreakId> = HashSet::new();
        let is_first = |mark: &Break| ids.insert(mark.opening.id.clone());
        let is_ignored = self.ads.is_some_and(|ads| ads.ignore_markers);
        let marked = if is_ignored { Vec::new() } else { marked };
        let marked = marked.into_iter().chain(self.given.iter().cloned()).filter(is_first).collect();
        if presentation.is_live { self.live(marked) } else { self.on_demand(marked, presentation.duration) }
    }

    fn live(&self, mut marked: Vec<Break>) -> Vec<Break> {
        sorting::by_key(&mut marked, |Break { opening, .. }| (opening.date, opening.start));
        // Of too many, the latest: players have passed the others.
        let passed = marked.len().saturating_sub(MOST_BREAKS);
        self.pre_roll().into_iter().chain(marked.into_iter().skip(passed)).collect()
    }

    fn on_demand(&self, mut marked: Vec<Break>, duration: Option<Duration>) -> Vec<Break> {
        marked.retain(|mark| mark.ending != Ending::Cancelled && mark.opening.start.is_some());
        sorting::by_key(&mut marked, |mark| mark.opening.start);
        let rolls = self.ads.and_then(|ads| ads.mid_rolls.as_ref());
        let limits = Limits::of(rolls, duration);
        let mut own = Vec::new();
        match (self.vmap, rolls) {
            (Some(scheduled), _) => own = self.scheduled(scheduled, &mut marked, rolls, duration),
            (None, Some(rolls)) => {
                let planned = Some(seconds(rolls.longest_s));
                own.extend(positions(rolls, duration).map(|at| mid_roll(at, planned, None)));
            }
            (None, None) => {}
        }
        let (pre, post) = (self.pre_roll(), self.post_roll());
        let mut within =
            Within { earliest: if pre.is_some() { APART } else { Duration::ZERO }, ..Within::default() };
        for mark in marked {
            let span = mark.duration().unwrap_or_default();
            within.insert(mark, span, limits);
        }
        // The content goes on behind a break that is inserted, so such a break takes no time of it.
        own.into_iter().for_each(|found| within.insert(found, Duration::ZERO, limits));
        pre.into_iter().chain(within.breaks.into_values().map(|(_, found)| found)).chain(post).collect()
    }

    /// The breaks of a VMAP document within the content. A break at a mark leaves the mark where it is, and names the source of its
    /// ads.
    fn scheduled(
        &self,
        scheduled: &[Scheduled],
        marked: &mut [Break],
        rolls: Option<&MidRolls>,
        duration: Option<Duration>,
    ) -> Vec<Break> {
        let planned = Some(self.planned(rolls.map(|rolls| rolls.longest_s)));
        let mut breaks = Vec::new();
        for one in scheduled {
            let tag = AdTag::Vmap(one.id.clone());
            if let Offset::Mark(number) = one.at {
                let number = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
                if let Some(mark) = number.and_then(|number| marked.get_mut(number)) {
                    mark.opening.tag.get_or_insert(tag);
                }
                continue;
            }
            let again = one.repeat_after.filter(|after| *after >= APART);
            let mut next = one.at.in_content(duration);
            while let Some(at) = next.filter(|_| breaks.len() < MOST_BREAKS) {
                breaks.push(mid_roll(at, planned, Some(tag.clone())));
                let end = duration.unwrap_or_default();
                next = again.and_then(|after| at.checked_add(after)).filter(|next| *next < end);
            }
        }
        breaks
    }

    fn pre_roll(&self) -> Option<Break> {
        let roll = self.ads.and_then(|ads| ads.pre_roll);
        self.roll(Offset::Start, "pre", Place::PreRoll, roll.map(|roll| roll.longest_s))
    }

    fn post_roll(&self) -> Option<Break> {
        let roll = self.ads.and_then(|ads| ads.post_roll);
        self.roll(Offset::End, "post", Place::PostRoll, roll.map(|roll| roll.longest_s))
    }

    /// The break before or behind the content. It states no time: the renditions of a title end some milliseconds apart, and have
    /// to agree about its breaks.
    fn roll(&self, at: Offset, id: &str, place: Place, longest_s: Option<u32>) -> Option<Break> {
        let tag = match self.vmap {
            Some(scheduled) => {
                let found = scheduled.iter().find(|one| one.at == at)?;
                Some(AdTag::Vmap(found.id.clone()))
            }
            None => {
                longest_s?;
                None
            }
        };
        let planned = Some(self.planned(longest_s));
        let (start, date, event_id) = (None, None, None);
        let opening = Opening { id: id.parse().ok()?, place, start, date, planned, event_id, tag };
        Some(Break { opening, ending: Ending::Planned })
    }

    /// The longest duration of a break: the title's, or else the site's for any pod.
    fn planned(&self, longest_s: Option<u32>) -> Duration {
        seconds(longest_s.unwrap_or(self.policy.longest_s))
    }
}

/// The breaks within the content, none of which lies in another.
#[derive(Default)]
struct Within {
    /// The earliest start.
    earliest: Duration,
    /// The breaks, each with the time of the content that it takes, by their starts.
    breaks: BTreeMap<Duration, (Duration, Break)>,
}

impl Within {
    /// Adds a break, if there is room for it. A break in its place that names no source of ads takes over its own.
    fn insert(&mut self, found: Break, span: Duration, limits: Limits) {
        let Some(start) = found.opening.start.filter(|start| limits.contain(*start)) else { return };
        let end = start.saturating_add(span.max(APART));
        let before = self.breaks.range_mut(..=start).next_back();
        if let Some((at, (span, earlier))) = before
            && start < at.saturating_add((*span).max(APART))
        {
            if start < at.saturating_add(APART) && earlier.opening.tag.is_none() {
                earlier.opening.tag = found.opening.tag;
            }
            return;
        }
        let is_free = start >= self.earliest && self.breaks.range(start..end).next().is_none();
        if is_free && self.breaks.len() < limits.most {
            self.breaks.insert(start, (span, found));
        }
    }
}

/// The limits of the breaks within the content.
#[derive(Clone, Copy)]
struct Limits {
    from: Duration,
    until: Duration,
    most: usize,
}

impl Limits {
    fn of(rolls: Option<&MidRolls>, duration: Option<Duration>) -> Self {
        let (first_s, last_s) = rolls.map_or((0, 0), |rolls| (rolls.not_first_s, rolls.not_last_s));
        let last = |duration| Duration::from_secs(whole_seconds(duration).saturating_sub(last_s.into()));
        Self {
            from: seconds(first_s),
            until: duration.map_or(Duration::MAX, last),
            most: rolls
                .and_then(|rolls| rolls.most)
                .map_or(MOST_BREAKS, |most| usize::from(most).min(MOST_BREAKS)),
        }
    }

    fn contain(self, start: Duration) -> bool {
        (self.from..self.until).contains(&start)
    }
}

/// The positions of a policy, then its periods. Without a duration there are no periods, because they have no end.
fn positions(rolls: &MidRolls, duration: Option<Duration>) -> impl Iterator<Item = Duration> {
    let at = rolls.at_s.iter().take(MOST_BREAKS).map(|secs| seconds(*secs));
    let every_s = rolls.every_s.filter(|secs| *secs > 0).map_or(u64::MAX, u64::from);
    let end = duration.map_or(0, whole_seconds);
    // Twice as many as a manifest has, since some of them may lie within other breaks or before the first second that has one.
    let skipped = u64::from(rolls.not_first_s) / every_s;
    let periods = (1 + skipped.saturating_sub(1)..).take(2 * MOST_BREAKS);
    at.chain(
        periods
            .map(move |number| number.saturating_mul(every_s))
            .take_while(move |secs| *secs < end)
            .map(Duration::from_secs),
    )
}

fn mid_roll(at: Duration, planned: Option<Duration>, tag: Option<AdTag>) -> Break {
    Break {
        opening: Opening {
            id: BreakId::at(at),
            place: Place::MidRoll,
            start: Some(at),
            date: None,
            planned,
            event_id: None,
            tag,
        },
        ending: Ending::Planned,
    }
}

fn seconds(secs: u32) -> Duration {
    Duration::from_secs(secs.into())
}

#[cfg(test)]
mod tests;
