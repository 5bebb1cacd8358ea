//! The offers of a title, and which of them fits.

use std::cmp::Reverse;

use super::hearing::{Ask, Common, Cut, Hearing};
use super::permit::{Class, Permit, Replaced};
use super::place::Standing;
use super::proved::{Entitled, Proved};
use super::trace::{Decided, Wording};
use crate::catalog::{
    Ageless, Caps, DocumentKind, Mode, Model, Offer, Premiere, Rule, Territory, UnknownDevice, UnknownPlace,
};
use crate::denial::{Denial, Reason};
use crate::time::UnixTime;

/// How far an offer came before it did not fit; a later step says more about the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// It is not of the session's class.
    Class,
    Rule(Rule),
    /// It names a cut that is not there.
    Variance,
}

/// An offer that does not fit.
#[derive(Clone, Copy)]
struct Misfit {
    step: Step,
    reason: Reason,
    offer: usize,
}

impl<'a> Hearing<'a> {
    /// The offers that have to be looked at, in their order, each with the viewer's standing to its territories. All
    /// others do not hold where the viewer is.
    fn candidates(&self) -> Vec<(usize, Standing<'a>)> {
        let prepared = self.prepared;
        let standings = prepared.offers.standings(&self.place).into_iter();
        let standings = standings.map(|(number, standing)| match self.title.offers.get(number) {
            Some(offer) => (number, self.stance(offer, standing)),
            None => (number, standing),
        });
        let every = self.recorder.is_on() || self.mode(Rule::Territory, None) != Mode::Enforce;
        if !every && prepared.lenient.is_empty() {
            return standings.filter(|(_, standing)| standing.is_inside()).collect();
        }
        let mut standings = standings.peekable();
        let mut lenient = prepared.lenient.iter().peekable();
        let all = (0..self.title.offers.len()).filter_map(|number| {
            let standing = standings.next_if(|(found, _)| *found == number).map(|(_, standing)| standing);
            let own = lenient.next_if(|found| **found == number).is_some();
            let standing = standing.unwrap_or_default();
            (every || own || standing.is_inside()).then_some((number, standing))
        });
        all.collect()
    }

    /// The viewer's standing to an offer's territories, once the offer has had its say on those who may be where it denies.
    fn stance(&self, offer: &'a Offer, standing: Standing<'a>) -> Standing<'a> {
        let Some(allow) = standing.allow.filter(|_| offer.unknown == UnknownPlace::Outside) else {
            return standing;
        };
        let near = |entry: &&Territory| entry.nearness() >= allow.nearness() && self.place.may_be_in(entry);
        Standing { untold_in_deny: offer.territories.deny.iter().find(near), ..standing }
    }

    pub(super) fn offers(&mut self, common: &Common<'a>) -> Result<Permit, Denial> {
        let title = self.title;
        let mut closest: Option<Misfit> = None;
        let mut best: Option<(u32, usize, Cut<'a>, Vec<Denial>)> = None;
        let candidates = self.candidates();
        for (number, standing) in &candidates {
            let Some(offer) = title.offers.get(*number) else { continue };
            let mut rehearsed = Vec::new();
            match self.offer(*number, offer, *standing, common, &mut rehearsed) {
                Ok(cut) => {
                    let height = offer.caps.max_height.unwrap_or(u32::MAX);
                    if best.as_ref().is_none_or(|(best, ..)| *best < height) {
                        best = Some((height, *number, cut, rehearsed));
                    }
                }
                Err(misfit) if closest.is_none_or(|closest| closest.step < misfit.step) => {
                    closest = Some(misfit);
                }
                Err(_) => {}
            }
        }
        if let Some((_, number, cut, rehearsed)) = best
            && let Some(offer) = title.offers.get(number)
        {
            let permit = self.permit(number, offer, cut, common);
            self.tell_ads(offer);
            self.rehearsed.extend(rehearsed);
            self.recorder.decided(|| Decided {
                document: DocumentKind::Title,
                of: format!("offer {}", permit.offer),
                rule: None,
                reason: None,
                cure: "it passed: of the offers that fit, the one with the greatest height".to_owned(),
            });
            return Ok(permit);
        }
        let overlooked = || self.overlooked(&candidates, common);
        let closest = match closest {
            Some(misfit) if misfit.step > Step::Rule(Rule::Territory) => Some(misfit),
            found => [overlooked(), found]
                .into_iter()
                .flatten()
                .max_by_key(|misfit| (misfit.step, Reverse(misfit.offer))),
        };
        Err(self.refuse(closest, common))
    }

    /// Of the offers that were not looked at, the first: it does not hold where the viewer is. Below a session, the first
    /// of the session's class.
    fn overlooked(&self, candidates: &[(usize, Standing<'_>)], common: &Common<'_>) -> Option<Misfit> {
        let misfit = |offer, step, reason| Misfit { step, reason, offer };
        let mut candidates = candidates.iter().map(|(number, _)| *number).peekable();
        let mut other = None;
        for (number, offer) in self.title.offers.iter().enumerate() {
            if candidates.next_if_eq(&number).is_some() {
                continue;
            }
            let is_own = match self.ask {
                Ask::Enter(_) => true,
                Ask::Resume(resumed) => self.is_of_class(resumed.class, number, offer, common),
            };
            if is_own {
                return Some(misfit(number, Step::Rule(Rule::Territory), Reason::Territory));
            }
            other = other.or(Some(misfit(number, Step::Class, Reason::OfferChanged)));
        }
        other
    }

    /// Whether an offer fits, and which cut it shows.
    fn offer(
        &mut self,
        number: usize,
        offer: &'a Offer,
        standing: Standing<'a>,
        common: &Common<'a>,
        rehearsed: &mut Vec<Denial>,
    ) -> Result<Cut<'a>, Misfit> {
        let mut misfit = None;
        let mut fails = |step, reason| {
            misfit = misfit.or(Some(Misfit { step, reason, offer: number }));
        };
        if let Ask::Resume(resumed) = self.ask
            && !self.is_of_class(resumed.class, number, offer, common)
        {
            // Of offers of other classes there is nothing to tell: they are other sessions'.
            return Err(Misfit { step: Step::Class, reason: Reason::OfferChanged, offer: number });
        }
        for rule in self.ask.rules() {
            let mode = self.mode(*rule, offer.rules.of(*rule));
            if mode == Mode::Off {
                continue;
            }
            let refused = self.refuses(*rule, offer, standing, common);
            if self.recorder.is_on() {
                let told = self.wording(*rule, offer, standing, common);
                let of = || format!("offer {}", offer.id);
                self.recorder.found(of, *rule, mode, refused.is_none(), || told);
            }
            match (refused, mode) {
                (None, _) | (Some(_), Mode::Off) => {}
                (Some(reason), Mode::Log) => {
                    let Wording { wanted, saw, .. } = self.wording(*rule, offer, standing, common);
                    let detail = format!("offer `{}`: expected {wanted}, found {saw}", offer.id);
                    rehearsed.push(Denial::new(reason, detail));
                }
                (Some(reason), Mode::Enforce) => {
                    fails(Step::Rule(*rule), reason);
                    if !self.recorder.is_on() {
                        break;
                    }
                }
            }
        }
        let cut = match &offer.variance {
            None => common.variance.map(|(variance, _)| variance),
            Some(_) => {
                let named = self.prepared.cuts.get(number).copied().flatten();
                named.and_then(|number| self.title.variances.get(number))
            }
        };
        if offer.variance.is_some() && cut.is_none() {
            fails(Step::Variance, Reason::VarianceUnknown);
        }
        match misfit {
            Some(misfit) => Err(misfit),
            None => Ok(cut),
        }
    }

    fn permit(&self, number: usize, offer: &Offer, variance: Cut<'_>, common: &Common<'_>) -> Permit {
        let (max_height, max_streams) = (self.ask.max_height(), self.ask.max_streams());
        let token = Caps { max_height, max_streams, ..Caps::default() };
        let folder = match (common.replaced, variance) {
            (Some((_, replacement, _)), _) => replacement.media.as_str().to_owned(),
            (None, Some(variance)) => variance.media.as_str().to_owned(),
            (None, None) => self.title.media_folder(),
        };
        let enforces = |rule: Rule| self.mode(rule, offer.rules.of(rule)) == Mode::Enforce;
        let window_end = offer.window.until().filter(|_| enforces(Rule::Window));
        let rental_end = self.rental_end(offer).filter(|_| enforces(Rule::Entitlement));
        Permit {
            offer: offer.id.clone(),
            caps: offer.caps.narrow(&token),
            variance: variance.map(|variance| variance.id.clone()),
            replaced: common.replaced.map(|(blackout, _, by)| Replaced { blackout: blackout.id.clone(), by }),
            folder,
            ads: self.ads(offer).ok(),
            until: [window_end, rental_end].into_iter().flatten().min(),
            class: self.class(number, offer, common),
            proved: self.proved(offer),
        }
    }

    /// The properties that the viewer has proved towards an offer, whatever the modes of the rules are: a rule that is
    /// off may be enforced elsewhere, or tomorrow.
    fn proved(&self, offer: &Offer) -> Option<Proved> {
        let viewer = match self.ask {
            Ask::Enter(viewer) => viewer,
            Ask::Resume(resumed) => return resumed.proved,
        };
        Some(Proved {
            plan: self.has_plan(offer),
            entitled: match self.entitlement(offer) {
                Err(_) => Entitled::No,
                Ok(Some(end)) => Entitled::Until(end),
                Ok(None) => Entitled::Always,
            },
            age: viewer.age,
            device: viewer.device,
        })
    }

    /// Whether the viewer has a plan that an offer asks for, or it asks for none.
    fn has_plan(&self, offer: &Offer) -> bool {
        if offer.plans.is_empty() && offer.model != Some(Model::Svod) {
            return true;
        }
        match self.ask {
            Ask::Enter(viewer) => offer.plans.iter().any(|plan| viewer.plans.contains(plan)),
            Ask::Resume(resumed) => resumed.proved.is_some_and(|proved| proved.plan),
        }
    }

    /// The class of an offer's permits for this viewer.
    fn class(&self, number: usize, offer: &Offer, common: &Common<'_>) -> Class {
        let class = self.prepared.classes.get(number).copied().unwrap_or(Class::NEUTRAL);
        let class = match common.variance {
            Some((_, variance)) if offer.variance.is_none() => class.with(variance),
            _ => class,
        };
        let narrows = match (self.ask.max_height(), offer.caps.max_height) {
            (Some(token), Some(offer)) => token < offer,
            (token, None) => token.is_some(),
            (None, Some(_)) => false,
        };
        if narrows { class.with(common.token_height) } else { class }
    }

    /// Whether a session of a class may have been opened under an offer.
    fn is_of_class(&self, of: Class, number: usize, offer: &Offer, common: &Common<'_>) -> bool {
        of == self.class(number, offer, common)
    }

    /// Whether a rule of an offer refuses the viewer, and why.
    fn refuses(
        &self,
        rule: Rule,
        offer: &Offer,
        standing: Standing<'_>,
        common: &Common<'_>,
    ) -> Option<Reason> {
        let (now, window) = (self.now, offer.window);
        match rule {
            Rule::Territory => (!standing.is_inside()).then_some(Reason::Territory),
            Rule::Window if self.opens(offer).is_some_and(|from| now < from) => Some(Reason::WindowNotOpen),
            Rule::Window => window.closed_by(now).then_some(Reason::WindowClosed),
            Rule::Device => {
                let fits = offer.devices.is_empty()
                    || match self.ask.device() {
                        Some(device) => offer.devices.contains(&device),
                        None => self.policies.devices.unknown == UnknownDevice::Allow,
                    };
                (!fits).then_some(Reason::Device)
            }
            Rule::Plan => (!self.has_plan(offer)).then_some(Reason::Plan),
            Rule::Entitlement => self.entitlement(offer).err(),
            Rule::Rating => {
                let age = match (self.ask.age(), self.policies.ratings.ageless) {
                    (Some(age), _) | (None, Ageless::DenyAbove(age)) => age,
                    (None, Ageless::Allow) if common.required.age().is_some() => return None,
                    (None, Ageless::Allow) => return Some(Reason::Rating),
                };
                common.required.age().is_none_or(|required| age < required).then_some(Reason::Rating)
            }
            Rule::Anonymiser | Rule::UnknownGeography | Rule::Embargo | Rule::Blackout => None,
        }
    }

    /// When an offer opens where the viewer is.
    pub(super) fn opens(&self, offer: &Offer) -> Option<UnixTime> {
        let mut nearest = None;
        let mut undefined = None;
        for Premiere { territories, from } in &offer.premieres {
            let standing = self.place.standing(territories);
            if standing.is_inside() {
                nearest = nearest.max(Some((standing.allow.map(Territory::nearness), *from)));
            }
            // It may be the viewer's: it can only put the opening off.
            if standing.undefined_in_allow.is_some() || standing.undefined_in_deny.is_some() {
                undefined = undefined.max(Some(*from));
            }
        }
        nearest.map(|(_, from)| from).or(offer.window.from()).max(undefined)
    }

    /// Whether, and until when, the viewer has bought or rented what an offer sells.
    fn entitlement(&self, offer: &Offer) -> Result<Option<UnixTime>, Reason> {
        if offer.entitlements.is_empty() && offer.model != Some(Model::Tvod) {
            return Ok(None);
        }
        let viewer = match self.ask {
            Ask::Enter(viewer) => viewer,
            Ask::Resume(resumed) => {
                return match resumed.proved.map(|proved| proved.entitled) {
                    Some(entitled) if entitled.at(self.now) => Ok(None),
                    Some(Entitled::Until(_)) => Err(Reason::RentalExpired),
                    _ => Err(Reason::Entitlement),
                };
            }
        };
        let mut found = Err(Reason::Entitlement);
        for held in viewer.entitlements.iter().filter(|held| offer.entitlements.contains(&held.id)) {
            let rented = match (offer.rental_s, held.from) {
                (Some(secs), Some(from)) => Some(from.plus_secs(secs)),
                // A rental that does not say when it began has no end to hold it to.
                (Some(_), None) => continue,
                (None, _) => None,
            };
            let end = [rented, held.until].into_iter().flatten().min();
            if held.from.is_some_and(|from| self.now < from) {
                continue;
            }
            if end.is_some_and(|end| self.now >= end) {
                found = found.or(Err(Reason::RentalExpired));
                continue;
            }
            let lasts = |end: Option<UnixTime>| end.map_or(u64::MAX, UnixTime::as_secs);
            found = match found {
                Ok(other) if lasts(other) >= lasts(end) => Ok(other),
                _ => Ok(end),
            };
        }
        found
    }

    fn rental_end(&self, offer: &Offer) -> Option<UnixTime> {
        self.entitlement(offer).ok().flatten()
    }

    fn refuse(&mut self, closest: Option<Misfit>, common: &Common<'a>) -> Denial {
        let title = self.title;
        let found = closest.and_then(|misfit| Some((misfit, title.offers.get(misfit.offer)?)));
        let (reason, rule, of, told) = match found {
            None => {
                let told = Wording {
                    wanted: "an offer".into(),
                    saw: "none".into(),
                    cure: "an offer in the title".into(),
                };
                (Reason::NoOffer, None, "title".to_owned(), told)
            }
            Some((Misfit { step, reason, .. }, offer)) => {
                let of = format!("offer {}", offer.id);
                match step {
                    Step::Rule(rule) => {
                        let standing = self.stance(offer, self.place.standing(&offer.territories));
                        (reason, Some(rule), of, self.wording(rule, offer, standing, common))
                    }
                    Step::Class => {
                        let told = Wording {
                            wanted: "an offer of the session's class".to_owned(),
                            saw: format!("{} of other classes", title.offers.len()),
                            cure: "the manifest opened anew with a viewer token".to_owned(),
                        };
                        (reason, None, "title".to_owned(), told)
                    }
                    Step::Variance => {
                        let id = offer.variance.as_ref().map(ToString::to_string).unwrap_or_default();
                        let told = Wording {
                            wanted: format!("the variance `{id}` among the title's"),
                            saw: format!("{} others", title.variances.len()),
                            cure: format!("a variance `{id}` in the title"),
                        };
                        (reason, None, of, told)
                    }
                }
            }
        };
        let Wording { wanted, saw, cure } = told;
        let (id, in_title) = (&title.id, of == "title");
        let misfit = match title.offers.len() {
            0 => format!("`{id}` has no offers"),
            1 if in_title => format!("the only offer of `{id}` does not fit"),
            1 => format!("the {of}, the only one of `{id}`, does not fit"),
            several if in_title => format!("none of the {several} offers of `{id}` fits"),
            several => format!("none of the {several} offers of `{id}` fits; closest is the {of}"),
        };
        let denial = Denial::new(reason, format!("{misfit}: expected {wanted}, found {saw}"));
        self.recorder.decided(|| Decided {
            document: DocumentKind::Title,
            of,
            rule,
            reason: Some(reason),
            cure,
        });
        denial
    }
}
