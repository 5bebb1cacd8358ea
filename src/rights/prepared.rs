//! What decisions need of a title, worked out once.

use super::index::Index;
use super::permit::Class;
use crate::catalog::{Rule, Title, UnknownPlace};

/// What decisions need of a title, worked out once: a segment's request must not hash every offer again.
#[derive(Debug)]
pub struct Prepared {
    /// The offers' territories.
    pub(super) offers: Index,
    /// The blackouts' territories.
    pub(super) blackouts: Index,
    /// The blackouts that are on for viewers of whom too little is known.
    pub(super) careful: Vec<usize>,
    /// The class of each offer's permits, with the cut that it names, before what its viewer's territory and token do to
    /// it.
    pub(super) classes: Vec<Class>,
    /// The offers that say themselves how their territories are enforced: the index does not rule them out.
    pub(super) lenient: Vec<usize>,
}

impl Prepared {
    /// Of a title, worked out when it is first asked for.
    pub fn of_title(title: &Title) -> &Self {
        title.memo.of(|| Self::of(title))
    }

    /// Works it out.
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
