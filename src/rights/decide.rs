//! Which offer fits a viewer.

use super::permit::{Class, Permit};
use crate::catalog::{GeographyPolicy, Offer, Plan, Title, UnknownGeography};
use crate::denial::{Denial, Reason};
use crate::facts::Geography;
use crate::time::UnixTime;

/// What a decision looks at in a viewer.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    /// Where the viewer is.
    pub geography: &'a Geography,
    /// The plans of the viewer's token.
    pub plans: &'a [Plan],
}

/// Decides what a viewer may see of a title.
///
/// Of the offers that fit, the one with the greatest height wins, the first of equals. When none fits, the
/// denial is that of the offer that came closest: a missing plan says more than a closed window, and that more
/// than a foreign territory.
pub fn decide(
    title: &Title,
    viewer: Viewer<'_>,
    policy: GeographyPolicy,
    now: UnixTime,
) -> Result<Permit, Denial> {
    best(title, viewer.geography, policy, |offer| {
        misfit(offer, viewer.geography, now).or_else(|| plan(offer, viewer.plans))
    })
}

/// Decides again, for a session that was opened earlier: the plans were proved then, and are part of the class, so an
/// offer fits that is of the session's class, in its territory and in its window.
pub fn resume(
    title: &Title,
    class: Class,
    geography: &Geography,
    policy: GeographyPolicy,
    now: UnixTime,
) -> Result<Permit, Denial> {
    best(title, geography, policy, |offer| {
        if Class::of(offer) == class {
            misfit(offer, geography, now)
        } else {
            Some((Step::Class, Reason::OfferChanged))
        }
    })
}

/// How far an offer came before it did not fit; a later step says more about the viewer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Class,
    Territory,
    Window,
    Plan,
}

fn best(
    title: &Title,
    geography: &Geography,
    policy: GeographyPolicy,
    misfit: impl Fn(&Offer) -> Option<(Step, Reason)>,
) -> Result<Permit, Denial> {
    if geography.country.is_none() && policy.unknown == UnknownGeography::Deny {
        return Err(Denial::new(Reason::GeographyUnknown, "the viewer's country is unknown"));
    }
    let mut closest = (None, Reason::NoOffer);
    let mut found: Option<Permit> = None;
    for offer in &title.offers {
        match misfit(offer) {
            None => {
                let height = |permit: &Permit| permit.caps.max_height.unwrap_or(u32::MAX);
                let permit = Permit::of(offer);
                if found.as_ref().is_none_or(|best| height(best) < height(&permit)) {
                    found = Some(permit);
                }
            }
            Some((step, reason)) if closest.0 < Some(step) => closest = (Some(step), reason),
            Some(_) => {}
        }
    }
    found.ok_or_else(|| {
        Denial::new(
            closest.1,
            format!(
                "none of the {} offers of `{}` fits a viewer in {geography}",
                title.offers.len(),
                title.id
            ),
        )
    })
}

fn misfit(offer: &Offer, geography: &Geography, now: UnixTime) -> Option<(Step, Reason)> {
    let inside = |list: &[crate::catalog::Territory]| {
        list.iter().any(|territory| territory.contains(geography.country))
    };
    if !inside(&offer.territories.allow) || inside(&offer.territories.deny) {
        Some((Step::Territory, Reason::Territory))
    } else if offer.window.opens_after(now) {
        Some((Step::Window, Reason::WindowNotOpen))
    } else if offer.window.closed_by(now) {
        Some((Step::Window, Reason::WindowClosed))
    } else {
        None
    }
}

fn plan(offer: &Offer, plans: &[Plan]) -> Option<(Step, Reason)> {
    let fits = offer.plans.is_empty() || offer.plans.iter().any(|plan| plans.contains(plan));
    (!fits).then_some((Step::Plan, Reason::Plan))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);

    fn title(offers: &Value) -> Title {
        serde_json::from_value(json!({ "id": "harbour", "sites": ["a.example"], "offers": offers })).unwrap()
    }

    fn decide_in(
        offers: &Value,
        place: &str,
        plans: &[&str],
        unknown: UnknownGeography,
    ) -> Result<Permit, Reason> {
        let plans: Vec<Plan> = plans.iter().map(|plan| plan.parse().unwrap()).collect();
        let geography = place.parse().unwrap();
        let viewer = Viewer { geography: &geography, plans: &plans };
        decide(&title(offers), viewer, GeographyPolicy { unknown }, NOW).map_err(|denial| denial.reason)
    }

    #[test]
    fn every_rule_both_ways() {
        let gulf = json!({ "id": "gulf", "territories": { "allow": ["AE", "SA"] } });
        let world = json!({ "id": "world", "territories": { "allow": ["*"], "deny": ["KP"] } });
        let nowhere = json!({ "id": "nowhere", "territories": { "allow": [] } });
        let past = json!({ "id": "past", "territories": { "allow": ["*"] }, "window": { "until": "2026-11-22T18:00:00Z" } });
        let future = json!({ "id": "future", "territories": { "allow": ["*"] }, "window": { "from": "2026-11-22T18:00:01Z" } });
        let open = json!({ "id": "open", "territories": { "allow": ["*"] },
            "window": { "from": "2026-11-22T18:00:00Z", "until": "2026-11-22T18:00:01Z" } });
        let gold = json!({ "id": "gold", "territories": { "allow": ["AE"] }, "plans": ["gold", "platinum"] });
        type Row<'a> = (Value, &'a str, &'a [&'a str], Result<&'a str, Reason>);
        let table: [Row<'_>; 17] = [
            (json!([gulf]), "AE", &[], Ok("gulf")),
            (json!([gulf]), "AE-DU", &[], Ok("gulf")),
            (json!([gulf]), "GB", &[], Err(Reason::Territory)),
            (json!([gulf]), "", &[], Err(Reason::GeographyUnknown)),
            (json!([world]), "GB", &[], Ok("world")),
            (json!([world]), "KP", &[], Err(Reason::Territory)),
            (json!([nowhere]), "GB", &[], Err(Reason::Territory)),
            (json!([past]), "GB", &[], Err(Reason::WindowClosed)),
            (json!([future]), "GB", &[], Err(Reason::WindowNotOpen)),
            (json!([open]), "GB", &[], Ok("open")),
            (json!([gold]), "AE", &["gold"], Ok("gold")),
            (json!([gold]), "AE", &["basic", "platinum"], Ok("gold")),
            (json!([gold]), "AE", &["basic"], Err(Reason::Plan)),
            (json!([gold]), "GB", &["gold"], Err(Reason::Territory)),
            (json!([gold, future, nowhere]), "AE", &[], Err(Reason::Plan)),
            (json!([nowhere, future]), "AE", &[], Err(Reason::WindowNotOpen)),
            (json!([]), "AE", &[], Err(Reason::NoOffer)),
        ];
        for (offers, place, plans, expected) in table {
            let found = decide_in(&offers, place, plans, UnknownGeography::Deny)
                .map(|permit| permit.offer.to_string());
            assert_eq!(found, expected.map(str::to_owned), "{offers} in {place:?} with {plans:?}");
        }
        let world_only = decide_in(&json!([gulf, world]), "", &[], UnknownGeography::World);
        assert_eq!(world_only.unwrap().offer.as_str(), "world");
    }

    #[test]
    fn the_most_generous_offer_wins() {
        let offers = json!([
            { "id": "sd", "territories": { "allow": ["*"] }, "caps": { "max_height": 360 } },
            { "id": "hd", "territories": { "allow": ["*"] }, "plans": ["gold"], "caps": { "max_height": 1080 } },
            { "id": "hd2", "territories": { "allow": ["*"] }, "plans": ["gold"], "caps": { "max_height": 1080 } },
        ]);
        let offer = |plans: &[&str]| {
            decide_in(&offers, "GB", plans, UnknownGeography::Deny).unwrap().offer.to_string()
        };
        assert_eq!((offer(&[]), offer(&["gold"])), ("sd".to_owned(), "hd".to_owned()));
    }

    #[test]
    fn a_session_lives_by_offers_of_its_class() {
        let sd = json!({ "id": "sd", "territories": { "allow": ["*"] }, "plans": ["basic"], "caps": { "max_height": 360 } });
        let hd = json!({ "id": "hd", "territories": { "allow": ["*"], "deny": ["KP"] } });
        let class = Permit::of(&title(&json!([sd])).offers[0]).class();
        let resume = |offers: Value, place: &str| {
            resume(&title(&offers), class, &place.parse().unwrap(), GeographyPolicy::default(), NOW)
                .map_err(|denial| denial.reason)
        };
        assert_eq!(resume(json!([hd, sd]), "GB").unwrap().caps.max_height, Some(360));
        assert_eq!(resume(json!([hd]), "GB"), Err(Reason::OfferChanged));
        let mut dearer = sd.clone();
        dearer["plans"] = json!(["gold"]);
        assert_eq!(resume(json!([dearer]), "GB"), Err(Reason::OfferChanged));
        let mut narrowed = sd.clone();
        narrowed["territories"] = json!({ "allow": ["AE"] });
        assert_eq!(resume(json!([hd, narrowed]), "GB"), Err(Reason::Territory));
        assert_eq!(resume(json!([sd]), ""), Err(Reason::GeographyUnknown));
    }
}
