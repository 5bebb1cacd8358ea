//! Values that decisions derive from a title once.

use std::collections::HashMap;

use super::index::Index;
use super::permit::Class;
use crate::catalog::{Rule, Title, UnknownPlace, VarianceId};

/// Values that decisions derive from a title once: a request for a segment must not hash every offer again.
#[derive(Debug)]
pub struct Prepared {
    /// The offers' territories.
    pub(super) offers: Index,
    /// The blackouts' territories.
    pub(super) blackouts: Index,
    /// The blackouts that hold for viewers whose location is too imprecise to tell (`"unknown": "inside"`).
    pub(super) careful: Vec<usize>,
    /// The number of the cut that each offer names; `None`: it names no cut, or a cut that the title does not have.
    pub(super) cuts: Vec<Option<usize>>,
    /// The class of each offer's permits with the cut that it names, before the viewer's territory and token change it.
    pub(super) classes: Vec<Class>,
    /// The offers with their own rule for how territories are enforced: the index does not rule them out.
    pub(super) lenient: Vec<usize>,
}

impl Prepared {
    /// The values of a title, derived on first use.
    pub fn of_title(title: &Title) -> &Self {
        title.memo.of(|| Self::of(title))
    }

    /// Derives the values.
    pub(super) fn of(title: &Title) -> Self {
        // By its id, since a title may have thousands of offers and of cuts.
        let mut numbers = HashMap::new();
        for (number, variance) in title.variances.iter().enumerate() {
            numbers.entry(&variance.id).or_insert(number);
        }
        let cut_of = |named: &VarianceId| numbers.get(named).copied();
        let cuts: Vec<_> =
            title.offers.iter().map(|offer| offer.variance.as_ref().and_then(cut_of)).collect();
        Self {
            offers: Index::new(title.offers.iter().map(|offer| &offer.territories)),
            blackouts: Index::new(title.blackouts.iter().map(|blackout| &blackout.territories)),
            careful: (0..)
                .zip(&title.blackouts)
                .filter(|(_, blackout)| blackout.unknown == UnknownPlace::Inside)
                .map(|(number, _)| number)
                .collect(),
            classes: title
                .offers
                .iter()
                .zip(&cuts)
                .map(|(offer, cut)| {
                    let class = Class::of(offer, &title.ratings);
                    let named = cut.and_then(|number| title.variances.get(number));
                    named.map_or(class, |variance| class.with(Class::variance(&variance.media)))
                })
                .collect(),
            lenient: (0..)
                .zip(&title.offers)
                .filter(|(_, offer)| offer.rules.of(Rule::Territory).is_some())
                .map(|(number, _)| number)
                .collect(),
            cuts,
        }
    }
}
