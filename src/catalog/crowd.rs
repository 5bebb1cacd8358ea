//! How many rules of a title the edge checks for one viewer.
//!
//! The edge looks rules that depend on a viewer's place up in an index, however many there are ([`Memo`](super::Memo)).
//! Rules that hold at one place are checked one by one with each request, so their number, and the number of values in
//! them, has a limit:
//!
//! | entry | counts |
//! | --- | --- |
//! | entry of an offer's `allow` | one, and one for each of its plans, its entitlements and the entries of its premieres; under `"unknown": "outside"`, of its `deny` too |
//! | entry of an offer's `deny` | one |
//! | offer that says itself how its territories are enforced | as much as an entry everywhere |
//! | entry of a blackout | one; everywhere, if `"unknown": "inside"` |
//! | entry of a variance's `territories` | one, everywhere |
//!
//! The sum adds up all entries for one place: all entries that hold for `*` and for groups, since any viewer may be in
//! a group, and for each other kind of place the entries of its most crowded place. So the sum is never less than the
//! number of rules checked for any viewer.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, de};

use super::{Blackout, Offer, Rule, Territories, Territory, UnknownPlace, Variance};

/// The most rules that are checked for one viewer, counted apart for the offers, the blackouts and the variances of a
/// title. 2,000 offers that hold everywhere, each for some plans, have room.
pub(crate) const MOST: usize = 10_000;

/// Reads the offers of a title.
pub(super) fn offers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Offer>, D::Error> {
    let offers = Vec::<Offer>::deserialize(deserializer)?;
    let mut crowd = Crowd::default();
    for offer in &offers {
        let premieres = offer.premieres.iter().map(|premiere| entries(&premiere.territories)).sum::<usize>();
        let denied = if offer.unknown == UnknownPlace::Outside { offer.territories.deny.len() } else { 0 };
        let within = 1 + offer.plans.len() + offer.entitlements.len() + premieres + denied;
        crowd.add(&offer.territories, within);
        if offer.rules.of(Rule::Territory).is_some() {
            crowd.everywhere += within;
        }
    }
    crowd.fits("offers")?;
    Ok(offers)
}

/// Reads the blackouts of a title.
pub(super) fn blackouts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Blackout>, D::Error> {
    let blackouts = Vec::<Blackout>::deserialize(deserializer)?;
    let mut crowd = Crowd::default();
    for Blackout { territories, unknown, .. } in &blackouts {
        match unknown {
            UnknownPlace::Inside => crowd.everywhere += entries(territories).max(1),
            UnknownPlace::Outside => crowd.add(territories, 1),
        }
    }
    crowd.fits("blackouts")?;
    Ok(blackouts)
}

/// Reads the cuts of a title.
pub(super) fn variances<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Variance>, D::Error> {
    let variances = Vec::<Variance>::deserialize(deserializer)?;
    let everywhere = variances.iter().filter_map(|variance| variance.territories.as_ref()).map(entries).sum();
    Crowd { everywhere, ..Crowd::default() }.fits("variances")?;
    Ok(variances)
}

fn entries(list: &Territories) -> usize {
    list.allow.len() + list.deny.len()
}

/// The rules to check, by the place of the viewer.
#[derive(Default)]
struct Crowd<'t> {
    everywhere: usize,
    at: HashMap<&'t Territory, usize>,
}

impl<'t> Crowd<'t> {
    fn add(&mut self, list: &'t Territories, within: usize) {
        let allowed = list.allow.iter().map(|entry| (entry, within));
        for (entry, looks) in allowed.chain(list.deny.iter().map(|entry| (entry, 1))) {
            match entry {
                Territory::World | Territory::Group(_) => self.everywhere += looks,
                _ => *self.at.entry(entry).or_default() += looks,
            }
        }
    }

    /// The rules to check for a viewer in the most crowded place.
    fn most(&self) -> usize {
        let mut kinds: HashMap<_, usize> = HashMap::new();
        for (entry, own) in &self.at {
            let looks = match entry {
                // A viewer with a postal code is also in the areas of all its prefixes.
                Territory::Postal(country, code) => {
                    let code = code.as_str();
                    let beginnings = (1..=code.len()).filter_map(|len| super::Code::new(code.get(..len)?));
                    beginnings.filter_map(|code| self.at.get(&Territory::Postal(*country, code))).sum()
                }
                _ => *own,
            };
            let most = kinds.entry(std::mem::discriminant(*entry)).or_default();
            *most = looks.max(*most);
        }
        self.everywhere + kinds.values().sum::<usize>()
    }

    fn fits<E: de::Error>(&self, what: &str) -> Result<(), E> {
        let found = self.most();
        if found <= MOST {
            return Ok(());
        }
        Err(E::custom(format_args!(
            "expected {what} with at most {MOST} entries, plans, entitlements and premieres to check for one viewer, found {found}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::catalog::Title;

    fn title(members: &Value) -> Result<Title, String> {
        let mut title = json!({ "id": "harbour", "sites": ["a.example"], "offers": [] });
        title.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        serde_json::from_value(title).map_err(|error| error.to_string())
    }

    fn many(count: usize, each: impl Fn(usize) -> Value) -> Vec<Value> {
        (0..count).map(each).collect()
    }

    fn offers(count: usize, each: impl Fn(usize) -> Value) -> Result<Title, String> {
        title(&json!({ "offers": many(count, |number| {
            let mut offer = json!({ "id": format!("o{number}") });
            offer.as_object_mut().unwrap().extend(each(number).as_object().unwrap().clone());
            offer
        }) }))
    }

    /// Rules for one place have a limit; rules for many places have only the limit of the document.
    #[test]
    fn offers_of_one_place_have_a_limit() {
        let everywhere = |count, allow: &str| {
            offers(count, |_| json!({ "territories": { "allow": [allow] }, "plans": ["a", "b", "c", "d"] }))
        };
        for allow in ["*", "continent:EU", "group:g", "AE", "AE-DU", "dma:803", "postal:US-9", "asn:1"] {
            assert!(everywhere(2_000, allow).is_ok(), "{allow}");
            let error = everywhere(2_001, allow).unwrap_err();
            assert!(error.starts_with("expected offers with at most 10000 entries"), "{error}");
            assert!(error.ends_with("found 10005"), "{error}");
        }
        let by_code = |number| json!({ "territories": { "allow": [format!("postal:US-{number:05}")] } });
        assert!(offers(20_000, by_code).is_ok());
        let countries = |number: usize| {
            let letter = |number: usize| char::from(b'A' + u8::try_from(number % 26).unwrap());
            json!({ "territories": { "allow": [format!("{}{}", letter(number / 26), letter(number))] }, "plans": ["a"] })
        };
        assert!(offers(19_000, countries).is_ok());
    }

    /// Every rule checked for one viewer counts: all kinds of places that the viewer is in, and all values in an offer.
    #[test]
    fn whatever_one_viewer_has_looked_at_counts() {
        let near = [
            "*",
            "group:g",
            "continent:NA",
            "US",
            "US-CA",
            "dma:803",
            "postal:US-9",
            "postal:US-90",
            "asn:1",
        ];
        let each = |number: usize| json!({ "territories": { "allow": [near[number % near.len()]] } });
        assert!(offers(MOST, each).is_ok());
        assert!(offers(MOST + near.len(), each).is_err());
        let world = json!({ "allow": ["*"] });
        let premieres = json!([{ "territories": { "allow": ["AE", "SA"] }, "from": "2027-01-01T00:00:00Z" }]);
        let denied: Vec<_> = (0..200).map(|number| format!("asn:{number}")).collect();
        for (members, looks) in [
            (json!({ "territories": world, "entitlements": ["a", "b"] }), 3),
            (json!({ "territories": world, "premieres": premieres }), 3),
            (json!({ "territories": { "allow": ["*"], "deny": ["AE", "group:g"] } }), 3),
            (json!({ "territories": { "allow": ["*"], "deny": denied }, "unknown": "outside" }), 202),
            (json!({ "territories": { "allow": ["AE"] }, "rules": { "territory": { "mode": "log" } } }), 2),
        ] {
            assert!(offers(MOST / looks - 1, |_| members.clone()).is_ok(), "{members}");
            assert!(offers(MOST / looks + 1, |_| members.clone()).is_err(), "{members}");
        }
        let blackouts = |count, unknown: &str| {
            let each = |number| {
                json!({ "id": format!("b{number}"), "action": "deny", "unknown": unknown,
                    "territories": { "allow": [format!("postal:US-{number:05}")] } })
            };
            title(&json!({ "blackouts": many(count, each) }))
        };
        assert!(blackouts(MOST + 1, "outside").is_ok());
        assert!(blackouts(MOST, "inside").is_ok());
        assert!(blackouts(MOST + 1, "inside").unwrap_err().starts_with("expected blackouts with at most"));
        let variances = |count| {
            let each = |number| json!({ "id": format!("v{number}"), "media": "v/", "territories": { "allow": ["AE", "SA"] } });
            title(&json!({ "variances": many(count, each) }))
        };
        assert!(variances(MOST / 2).is_ok());
        assert!(variances(MOST / 2 + 1).unwrap_err().starts_with("expected variances with at most"));
    }
}
