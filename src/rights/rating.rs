//! The age that a title asks for where the viewer is.

use super::place::ViewerPlace;
use crate::catalog::{Rated, RatingPolicy, Ratings, Unrated};

/// The age that a title asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Required {
    /// The age of the rating that counts.
    Rated(Rated),
    /// The title has no rating, and the site decides. `None`: no age is enough.
    Unrated(Option<u8>),
}

impl Required {
    /// The age; `None`: no age is enough.
    pub(super) const fn age(self) -> Option<u8> {
        match self {
            Self::Rated(rated) => Some(rated.age),
            Self::Unrated(age) => age,
        }
    }
}

/// Finds the rating that counts: the one of the nearest system that the site names, else of the viewer's own country,
/// else the strictest.
pub(super) fn required(ratings: &Ratings, place: &ViewerPlace<'_>, policy: &RatingPolicy) -> Required {
    let strictest =
        |counts: &dyn Fn(&Rated) -> bool| ratings.iter().filter(counts).max_by_key(|rated| rated.age);
    let inside = policy.systems.iter().filter(|(territory, _)| place.is_in(territory));
    let named = inside.max_by_key(|(territory, _)| territory.nearness()).map(|(_, system)| system);
    let own = |rated: &Rated| place.country().is_some_and(|code| code.as_str() == rated.system.home());
    let counts = named
        .and_then(|system| strictest(&|rated| rated.system == *system))
        .or_else(|| strictest(&own))
        .or_else(|| strictest(&|_| true));
    match (counts, policy.unrated) {
        (Some(rated), _) => Required::Rated(rated),
        (None, Unrated::Allow) => Required::Unrated(Some(0)),
        (None, Unrated::Age(age)) => Required::Unrated(Some(age)),
        (None, Unrated::Deny) => Required::Unrated(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::catalog::GeographyPolicy;

    #[test]
    fn the_rating_that_counts() {
        let film = json!({ "mpaa": "PG-13", "tvpg": "TV-14", "fsk": "12", "uae": "18+" });
        let geography: GeographyPolicy =
            serde_json::from_value(json!({ "groups": { "gulf": ["AE", "SA", "QA"] } })).unwrap();
        let table: [(&Value, Value, &str, Option<u8>); 15] = [
            (&film, json!({}), "DE", Some(12)),
            (&film, json!({}), "AE", Some(18)),
            (&film, json!({}), "US", Some(14)),
            (&film, json!({}), "GB", Some(18)),
            (&film, json!({}), "", Some(18)),
            (&film, json!({ "systems": { "US": "mpaa" } }), "US", Some(13)),
            (&film, json!({ "systems": { "*": "fsk" } }), "GB", Some(12)),
            (&film, json!({ "systems": { "*": "fsk", "group:gulf": "uae" } }), "QA", Some(18)),
            (&film, json!({ "systems": { "continent:EU": "fsk", "GB": "mpaa" } }), "GB", Some(13)),
            // The title has no rating of the system that is named.
            (&film, json!({ "systems": { "DE": "bbfc" } }), "DE", Some(12)),
            (&film, json!({ "systems": { "GB": "bbfc" } }), "GB", Some(18)),
            (&json!({}), json!({}), "DE", Some(0)),
            (&json!({}), json!({ "unrated": "deny" }), "DE", None),
            (&json!({}), json!({ "unrated": { "age": 18 } }), "DE", Some(18)),
            (&film, json!({ "unrated": "deny" }), "DE", Some(12)),
        ];
        for (ratings, policy, place, expected) in table {
            let found = required(
                &serde_json::from_value(ratings.clone()).unwrap(),
                &ViewerPlace::new(&place.parse().unwrap(), &geography),
                &serde_json::from_value(policy.clone()).unwrap(),
            );
            assert_eq!(found.age(), expected, "{ratings} under {policy} in {place:?}");
        }
    }
}
