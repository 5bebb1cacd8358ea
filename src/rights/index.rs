//! An index of many lists of territories. Looking a viewer's place up takes time in proportion to the lists that
//! contain it, not to all lists.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::place::{Standing, ViewerPlace};
use crate::catalog::{Territories, Territory};

/// The entries of many lists, and which lists have them.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: HashMap<Territory, Holders>,
    /// The groups among the entries.
    groups: Vec<Territory>,
}

#[derive(Debug, Default)]
struct Holders {
    allow: Vec<usize>,
    deny: Vec<usize>,
}

impl Index {
    pub(super) fn new<'t>(lists: impl Iterator<Item = &'t Territories>) -> Self {
        let mut entries: HashMap<Territory, Holders> = HashMap::new();
        for (number, list) in lists.enumerate() {
            for entry in &list.allow {
                entries.entry(entry.clone()).or_default().allow.push(number);
            }
            for entry in &list.deny {
                entries.entry(entry.clone()).or_default().deny.push(number);
            }
        }
        let mut groups: Vec<_> =
            entries.keys().filter(|entry| matches!(entry, Territory::Group(_))).cloned().collect();
        groups.sort();
        Self { entries, groups }
    }

    /// The lists with an entry for a viewer's place, by their numbers, in order. In every other list, the viewer is in
    /// no entry.
    pub(super) fn standings(&self, place: &ViewerPlace<'_>) -> Vec<(usize, Standing<'_>)> {
        let mut hits: Vec<(usize, Standing<'_>)> = Vec::new();
        let hit = |number: &usize, standing| (*number, standing);
        for (key, holders) in self.found(place) {
            let allow = Standing { allow: Some(key), ..Standing::default() };
            let deny = Standing { deny: Some(key), ..Standing::default() };
            hits.extend(holders.allow.iter().map(|number| hit(number, allow)));
            hits.extend(holders.deny.iter().map(|number| hit(number, deny)));
        }
        for key in &self.groups {
            if let (Territory::Group(name), Some(holders)) = (key, self.entries.get(key))
                && place.is_undefined(name)
            {
                let allow = Standing { undefined_in_allow: Some(key), ..Standing::default() };
                let deny = Standing { undefined_in_deny: Some(key), ..Standing::default() };
                hits.extend(holders.allow.iter().map(|number| hit(number, allow)));
                hits.extend(holders.deny.iter().map(|number| hit(number, deny)));
            }
        }
        // The sort is stable, so the nearest entry stays in front. It is fast on lists that consist of sorted runs.
        hits.sort_by_key(|(number, _)| *number);
        hits.dedup_by(|(number, later), (kept, first)| {
            let same = number == kept;
            if same {
                first.allow = first.allow.or(later.allow);
                first.deny = first.deny.or(later.deny);
                first.undefined_in_allow = first.undefined_in_allow.or(later.undefined_in_allow);
                first.undefined_in_deny = first.undefined_in_deny.or(later.undefined_in_deny);
            }
            same
        });
        hits
    }

    /// The entries that the viewer is in, the nearest first. Most titles have so few entries that going through them is
    /// faster than looking up every place that the viewer is in.
    fn found(&self, place: &ViewerPlace<'_>) -> Vec<(&Territory, &Holders)> {
        const FEW: usize = 32;
        if self.entries.len() > FEW {
            return place.keys().iter().filter_map(|key| self.entries.get_key_value(key)).collect();
        }
        let mut found: Vec<_> = self.entries.iter().filter(|(entry, _)| place.is_in(entry)).collect();
        found.sort_unstable_by_key(|(entry, _)| (Reverse(entry.nearness()), *entry));
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::json;

    use super::*;
    use crate::catalog::GeographyPolicy;

    const ENTRIES: [&str; 16] = [
        "*",
        "continent:AS",
        "continent:NA",
        "group:gulf",
        "group:west",
        "group:none",
        "AE",
        "US",
        "AE-DU",
        "US-CA",
        "dma:803",
        "postal:US-9",
        "postal:US-902",
        "postal:US-90210",
        "asn:5384",
        "asn:1",
    ];
    const PLACES: [&str; 6] =
        ["", "AE", "AE-DU;asn=5384", "US-CA;dma=803;postal=90210", "US;postal=90310;asn=1", "GB"];

    proptest! {
        #[test]
        fn the_index_says_what_the_lists_say(
            lists in prop::collection::vec(
                (prop::collection::vec(select(&ENTRIES[..]), 0..5), prop::collection::vec(select(&ENTRIES[..]), 0..5)),
                0..6,
            ),
            place in select(&PLACES[..]),
            // So many entries that the viewer's keys are looked up, or so few that the entries are gone through.
            many in any::<bool>(),
        ) {
            let policy: GeographyPolicy =
                serde_json::from_value(json!({ "groups": { "gulf": ["AE"], "west": ["US-CA", "postal:US-903"] } })).unwrap();
            let lists: Vec<Territories> = lists
                .iter()
                .map(|(allow, deny)| serde_json::from_value(json!({ "allow": allow, "deny": deny })).unwrap())
                .collect();
            let place = ViewerPlace::new(&place.parse().unwrap(), &policy);
            let padding: Vec<_> = (0..40).map(|number| Territory::Asn(64_000 + number)).collect();
            let padding = many.then_some(Territories { allow: padding, deny: Vec::new() });
            let index = Index::new(lists.iter().chain(&padding));
            let found = index.standings(&place);
            prop_assert!(found.is_sorted_by(|(a, _), (b, _)| a < b));
            for (number, list) in lists.iter().enumerate() {
                let indexed = found.iter().find(|(found, _)| *found == number).map(|(_, standing)| *standing);
                let (indexed, read) = (indexed.unwrap_or_default(), place.standing(list));
                prop_assert_eq!(indexed.allow.map(Territory::nearness), read.allow.map(Territory::nearness));
                prop_assert_eq!(indexed.deny.map(Territory::nearness), read.deny.map(Territory::nearness));
                prop_assert_eq!(indexed.undefined_in_allow, read.undefined_in_allow);
                prop_assert_eq!(indexed.undefined_in_deny, read.undefined_in_deny);
                prop_assert_eq!(indexed.is_inside(), read.is_inside());
            }
        }

        #[test]
        fn one_more_entry_in_deny_never_widens(
            allow in prop::collection::vec(select(&ENTRIES[..]), 0..5),
            deny in prop::collection::vec(select(&ENTRIES[..]), 0..5),
            more in select(&ENTRIES[..]),
            place in select(&PLACES[..]),
        ) {
            let policy = GeographyPolicy::default();
            let place = ViewerPlace::new(&place.parse().unwrap(), &policy);
            let list = |deny: &[&str]| -> Territories {
                serde_json::from_value(json!({ "allow": allow, "deny": deny })).unwrap()
            };
            let (before, after) = (list(&deny), list(&[&deny[..], &[more]].concat()));
            prop_assert!(place.standing(&before).is_inside() || !place.standing(&after).is_inside());
        }
    }
}
