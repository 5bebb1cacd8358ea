//! Which campaigns may be taken for a viewer's break, and in which order: by priority, then by chance in proportion to their
//! weights.

use std::cmp::{Ordering, Reverse};

use super::Audience;
use super::dice::Dice;
use super::index::Index;
use super::rule::Rule;
use crate::catalog::{Campaign, Campaigns, Mode};

/// The campaigns that may be taken, in the order in which they are tried.
pub(super) struct Ordered<'a> {
    /// Those in force, with their numbers in the document.
    pub(super) campaigns: Vec<(usize, &'a Campaign)>,
    /// Those that are rehearsed.
    pub(super) rehearsed: Vec<&'a Campaign>,
    /// The number of campaigns that may be taken, in force or not.
    pub(super) eligible: usize,
}

/// The most campaigns that are tried for one break.
pub(super) const MOST_TRIED: usize = 64;

/// The most campaigns that an answer names as rehearsed.
const MOST_REHEARSED: usize = 8;

/// Orders the campaigns of a document for a viewer's break.
pub(super) fn order<'a>(document: &'a Campaigns, audience: &Audience<'_>) -> Ordered<'a> {
    let index = Index::of(document);
    let dice = Dice::of(audience);
    let mut drawn: Vec<Drawn> = Vec::new();
    for number in index.meeting(audience) {
        let Some(campaign) = document.campaigns.get(number) else { continue };
        if [Rule::Flight, Rule::Plan].iter().all(|rule| rule.is_met(campaign, audience)) {
            let spot = index.spots.get(number).copied().unwrap_or_default();
            drawn.push(Drawn { priority: campaign.priority, lot: dice.lot(spot, campaign.weight), number });
        }
    }
    let eligible = drawn.len();
    let is_rehearsed = |one: &Drawn| {
        document.campaigns.get(one.number).is_some_and(|campaign| campaign.mode != Mode::Enforce)
    };
    let (rehearsed, drawn): (Vec<_>, Vec<_>) = drawn.into_iter().partition(is_rehearsed);
    let campaign = |one: Drawn| document.campaigns.get(one.number).map(|campaign| (one.number, campaign));
    Ordered {
        campaigns: first(drawn, MOST_TRIED).filter_map(campaign).collect(),
        rehearsed: first(rehearsed, MOST_REHEARSED)
            .filter_map(campaign)
            .map(|(_, campaign)| campaign)
            .collect(),
        eligible,
    }
}

/// A campaign with its lot.
struct Drawn {
    priority: u8,
    lot: f64,
    number: usize,
}

impl Drawn {
    fn compare(&self, other: &Self) -> Ordering {
        Reverse(self.priority)
            .cmp(&Reverse(other.priority))
            .then(self.lot.total_cmp(&other.lot))
            .then(self.number.cmp(&other.number))
    }
}

/// The first few in order.
fn first(mut drawn: Vec<Drawn>, most: usize) -> impl Iterator<Item = Drawn> {
    if drawn.len() > most {
        drawn.select_nth_unstable_by(most, Drawn::compare);
        drawn.truncate(most);
    }
    drawn.sort_unstable_by(Drawn::compare);
    drawn.into_iter()
}
