//! Where a viewer counts as being, for rules beyond those of a title: of campaigns.

use super::index::Index;
use super::place::ViewerPlace;
use super::question::Policies;
use crate::catalog::{Anonymised, GeographyPolicy, Mode, Rule, Territories};
use crate::facts::Geography;

/// Where a viewer counts as being on a site.
#[derive(Clone, Debug)]
pub struct Whereabouts<'a> {
    place: ViewerPlace<'a>,
    /// The place as far as anybody needs to know.
    told: String,
}

impl<'a> Whereabouts<'a> {
    /// The place of a viewer. A viewer behind an anonymiser is at an unknown place, if the site says so and enforces it.
    pub fn of(geography: &Geography, policies: &Policies<'a>, bucket: u8) -> Self {
        let policy = policies.geography;
        let mode = policies.rules.of(Rule::Anonymiser).unwrap_or_default().mode_for(bucket);
        let is_hidden = mode == Mode::Enforce
            && anonymiser(geography, policy).is_some_and(|(_, viewers)| viewers == Anonymised::Unknown);
        let place =
            if is_hidden { ViewerPlace::unknown(policy) } else { ViewerPlace::new(geography, policy) };
        let told = match place.country() {
            Some(_) => geography.to_string(),
            None => "an unknown place".to_owned(),
        };
        Self { place, told }
    }

    /// Whether it is certainly in a part of the world.
    pub fn is_in(&self, territories: &Territories) -> bool {
        self.place.standing(territories).is_inside()
    }

    /// The place in words: no postal code, no network.
    pub fn in_words(&self) -> &str {
        &self.told
    }
}

/// Many lists of territories, among which the lists that contain a viewer are found without going through all of them.
#[derive(Debug)]
pub struct Places(Index);

impl Places {
    /// Indexes lists.
    pub fn new<'t>(lists: impl Iterator<Item = &'t Territories>) -> Self {
        Self(Index::new(lists))
    }

    /// The numbers of the lists that certainly contain a viewer, in order.
    pub fn containing(&self, whereabouts: &Whereabouts<'_>) -> impl Iterator<Item = usize> {
        let standings = self.0.standings(&whereabouts.place);
        standings.into_iter().filter(|(_, standing)| standing.is_inside()).map(|(number, _)| number)
    }
}

/// The hosting network of a viewer behind an anonymiser (`None`: the Tor network), and how such viewers count. `None`: the viewer is
/// behind no anonymiser that the policy knows.
pub(super) fn anonymiser(
    geography: &Geography,
    policy: &GeographyPolicy,
) -> Option<(Option<u32>, Anonymised)> {
    if geography.tor {
        return Some((None, policy.tor));
    }
    let asn = geography.asn.filter(|asn| policy.hosting.asns.contains(asn))?;
    Some((Some(asn), policy.hosting.viewers))
}
