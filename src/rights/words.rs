//! The rules in words, for denials and traces.

use super::hearing::{Ask, Common, Hearing};
use super::place::Standing;
use super::rating::Required;
use super::trace::Wording;
use crate::catalog::{Ageless, Blackout, EntitlementId, Model, Offer, Plan, Rule, Territories, Territory};
use crate::time::UnixTime;

impl Hearing<'_> {
    /// A rule of an offer, in words.
    pub(super) fn wording(
        &self,
        rule: Rule,
        offer: &Offer,
        standing: Standing<'_>,
        common: &Common<'_>,
    ) -> Wording {
        let opened_with = |met: bool| {
            let with = if met { "with" } else { "without" };
            format!("a session that was opened {with} one")
        };
        let (wanted, saw, cure) = match rule {
            Rule::Territory => {
                let wanted = format!("a viewer in {}", in_words(&offer.territories));
                let saw = format!("{}{}", self.place_in_words(), standing_in_words(standing));
                (wanted.clone(), saw, wanted)
            }
            Rule::Window => {
                let (from, until) = (self.opens(offer), offer.window.until());
                let end = |name: &str, end: Option<UnixTime>| end.map(|end| format!("{name} {end}"));
                let ends: Vec<_> = [end("from", from), end("until", until)].into_iter().flatten().collect();
                let wanted = if ends.is_empty() {
                    "any time".to_owned()
                } else {
                    format!("a time {}", ends.join(" "))
                };
                (wanted.clone(), self.now.to_string(), wanted)
            }
            Rule::Device => {
                let names: Vec<_> = offer.devices.iter().map(|device| device.name()).collect();
                let wanted = if names.is_empty() {
                    "any device".to_owned()
                } else {
                    format!("a device of {}", names.join(", "))
                };
                let device = self.ask.device();
                let saw = device
                    .map_or_else(|| "an unrecognised device".to_owned(), |device| device.name().to_owned());
                (wanted.clone(), saw, self.anew(&wanted))
            }
            Rule::Plan => {
                let wanted = match (offer.plans.as_slice(), offer.model) {
                    ([], Some(Model::Svod)) => "a plan, of which the offer names none".to_owned(),
                    ([], _) => "no plan".to_owned(),
                    (plans, _) => format!("a plan of {}", joined(plans.iter().map(Plan::as_str))),
                };
                let saw = match self.ask {
                    Ask::Enter(viewer) => joined(viewer.plans.iter().map(Plan::as_str)),
                    Ask::Resume(resumed) => opened_with(resumed.proved.is_some_and(|proved| proved.plan)),
                };
                (wanted.clone(), saw, self.anew(&format!("{wanted} in the token")))
            }
            Rule::Entitlement => {
                let wanted = match (offer.entitlements.as_slice(), offer.model) {
                    ([], Some(Model::Tvod)) => "an entitlement, of which the offer names none".to_owned(),
                    ([], _) => "no entitlement".to_owned(),
                    (ids, _) => {
                        format!("an entitlement of {}", joined(ids.iter().map(EntitlementId::as_str)))
                    }
                };
                let wanted = match offer.rental_s {
                    Some(secs) => format!("{wanted}, begun less than {secs} s ago"),
                    None => wanted,
                };
                let saw = match self.ask {
                    Ask::Enter(viewer) => joined(viewer.entitlements.iter().map(|held| {
                        let end = |name: &str, end: Option<UnixTime>| {
                            end.map(|end| format!(" {name} {end}")).unwrap_or_default()
                        };
                        format!("{}{}{}", held.id, end("from", held.from), end("until", held.until))
                    })),
                    Ask::Resume(resumed) => {
                        let met = resumed.proved.is_some_and(|proved| proved.entitled.at(self.now));
                        opened_with(met) + " that lasts as long as it does"
                    }
                };
                (wanted.clone(), saw, self.anew(&format!("{wanted}, in the token")))
            }
            Rule::Rating => {
                let wanted = match common.required {
                    Required::Rated(rated) => {
                        format!("a viewer from {} ({} {})", rated.age, rated.system.name(), rated.mark)
                    }
                    Required::Unrated(Some(age)) => format!("a viewer from {age} (the title has no rating)"),
                    Required::Unrated(None) => "a title with a rating".to_owned(),
                };
                let saw = match (self.ask.age(), self.policies.ratings.ageless) {
                    (Some(age), _) => format!("a viewer of {age}"),
                    (None, Ageless::Allow) => "a viewer without an age".to_owned(),
                    (None, Ageless::DenyAbove(age)) => {
                        format!("a viewer without an age, which counts as {age}")
                    }
                };
                (wanted.clone(), saw, self.anew(&wanted))
            }
            Rule::Anonymiser | Rule::UnknownGeography | Rule::Embargo | Rule::Blackout => Default::default(),
        };
        Wording { wanted, saw, cure }
    }

    /// The remedy for a rule about the viewer's person. Below a session, such a rule can pass only in a new session.
    fn anew(&self, cure: &str) -> String {
        match self.ask {
            Ask::Enter(_) => cure.to_owned(),
            Ask::Resume(_) => format!("the manifest opened anew with {cure}"),
        }
    }

    /// As far as anybody but the rules needs to know: no postal code, no network.
    pub(super) fn place_in_words(&self) -> String {
        if self.located { self.ask.geography().to_string() } else { "an unknown place".to_owned() }
    }

    pub(super) fn told_blackout(&self, blackout: &Blackout, standing: Standing<'_>) -> Wording {
        let Blackout { id, territories, window, .. } = blackout;
        let end =
            |name: &str, end: Option<UnixTime>| end.map(|end| format!(" {name} {end}")).unwrap_or_default();
        let ends = end("from", window.from()) + &end("until", window.until());
        Wording {
            wanted: format!("a viewer outside of blackout `{id}`, {}{ends}", list(&territories.allow)),
            saw: format!("{} at {}{}", self.place_in_words(), self.now, standing_in_words(standing)),
            cure: match window.until() {
                Some(until) => format!("the same request from {until} on, or from elsewhere"),
                None => "the same request from elsewhere".to_owned(),
            },
        }
    }
}

/// The entries of a list that speak for or against the viewer.
fn standing_in_words(standing: Standing<'_>) -> String {
    let mut words = Vec::new();
    let mut add = |what: &str, entry: Option<&Territory>| {
        words.extend(entry.map(|entry| format!("{what} `{entry}`")));
    };
    add("allowed by", standing.allow);
    add("denied by", standing.deny);
    add("allowed only by the undefined", standing.undefined_in_allow);
    add("denied by the undefined", standing.undefined_in_deny);
    add("too little is known to tell", standing.untold);
    add("too little is known to rule out", standing.untold_in_deny);
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}

/// A part of the world in words.
pub fn in_words(territories: &Territories) -> String {
    match territories.deny.as_slice() {
        [] => list(&territories.allow),
        deny => format!("{}, not {}", list(&territories.allow), list(deny)),
    }
}

fn list(entries: &[Territory]) -> String {
    joined(entries.iter().map(ToString::to_string))
}

/// The first few of a list.
fn joined<T: AsRef<str>>(items: impl Iterator<Item = T>) -> String {
    const MOST: usize = 8;
    let mut shown: Vec<String> = Vec::new();
    let mut left = 0;
    for item in items {
        if shown.len() < MOST { shown.push(item.as_ref().to_owned()) } else { left += 1 }
    }
    match (shown.is_empty(), left) {
        (true, _) => "none".to_owned(),
        (false, 0) => shown.join(", "),
        (false, left) => format!("{} and {left} more", shown.join(", ")),
    }
}
