//! Values that decisions derive from a title once.

use super::index::Index;
use super::permit::Class;
use crate::catalog::{Rule, Title, UnknownPlace};

/// Values that decisions derive from a title once: a request for a segment must not hash every offer again.
#[derive(Debug)]
pub struct Prepared {
    /// The offers' territories.
    pub(super) offers: Index,
    /// The blackouts' territories.
    pub(super) blackouts: Index,
    /// The blackouts that hold for viewers whose location is too imprecise to tell (`"unknown": "inside"`).
    pub(super) careful: Vec<usize>,
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
                .map(|offer| {
                    let class = Class::of(offer, &title.ratings);
                    let named =
                        title.variances.iter().find(|variance| offer.variance.as_ref() == Some(&variance.id));
                    named.map_or(class, |variance| class.with(Class::variance(&variance.media)))
                })
                .collect(),
            lenient: (0..)
                .zip(&title.offers)
                .filter(|(_, offer)| offer.rules.of(Rule::Territory).is_some())
                .map(|(number, _)| number)
                .collect(),
        }
    }
}
