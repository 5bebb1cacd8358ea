//! Whether advertising reaches a viewer: by the offer, and by the site's policy about ages and territories.
//!
//! It is decided with every request, below a session too, so a changed policy reaches running sessions. A session carries the age
//! that its viewer had at the entry. A session of an earlier version carries none: its viewer sees no advertising where the site
//! states a least age, since the viewer may be a child.

use super::hearing::{Ask, Hearing};
use super::question::Resumed;
use super::trace::Finding;
use super::words::in_words;
use crate::catalog::{AdPolicy, AdsMode, Mode, Offer};

/// Why a viewer sees no advertising.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAds {
    /// The offer has none.
    Offer,
    /// The site has no policy about advertising.
    Site,
    /// The viewer is too young, or may be.
    Age,
    /// The viewer is not in a territory with advertising.
    Territory,
}

impl Hearing<'_> {
    /// How advertising reaches the viewer of an offer.
    pub(super) fn ads(&self, offer: &Offer) -> Result<AdsMode, NoAds> {
        let mode = offer.ads().ok_or(NoAds::Offer)?;
        let policy = self.policies.ads.ok_or(NoAds::Site)?;
        if !self.is_old_enough(policy) {
            return Err(NoAds::Age);
        }
        match &policy.territories {
            Some(territories) if !self.place.standing(territories).is_inside() => Err(NoAds::Territory),
            _ => Ok(mode),
        }
    }

    fn is_old_enough(&self, policy: &AdPolicy) -> bool {
        match (self.ask, self.ask.age()) {
            (_, Some(age)) => age >= policy.least_age,
            (Ask::Resume(Resumed { proved: None, .. }), None) => policy.least_age == 0,
            (_, None) => true,
        }
    }

    /// Tells what the offer and the site's policy say, up to the first that leaves the viewer without advertising. Where neither of
    /// them speaks of advertising, there is nothing to tell.
    pub(super) fn tell_ads(&mut self, offer: &Offer) {
        if !self.recorder.is_on() || (offer.ads().is_none() && self.policies.ads.is_none()) {
            return;
        }
        let outcome = self.ads(offer);
        let of_offer = format!("offer {}", offer.id);
        let offered = offer.ads().map_or("none", AdsMode::name).to_owned();
        let mut told = vec![(
            NoAds::Offer,
            of_offer,
            "ads",
            "an offer whose `ads` is `guided` or `stitched`".to_owned(),
            format!("`{offered}`"),
        )];
        let site = || "site".to_owned();
        let has_policy = if self.policies.ads.is_some() { "`ads`" } else { "no `ads`" };
        told.push((NoAds::Site, site(), "ads", "a site with `ads`".to_owned(), has_policy.to_owned()));
        if let Some(policy) = self.policies.ads {
            if policy.least_age > 0 {
                let wanted = format!("a viewer from {} for advertising", policy.least_age);
                let saw = match (self.ask, self.ask.age()) {
                    (_, Some(age)) => format!("a viewer of {age}"),
                    (Ask::Resume(Resumed { proved: None, .. }), None) => {
                        "a session that does not carry the age of its viewer".to_owned()
                    }
                    (_, None) => "a viewer without an age".to_owned(),
                };
                told.push((NoAds::Age, site(), "ads_age", wanted, saw));
            }
            if let Some(territories) = &policy.territories {
                let wanted = format!("a viewer in {} for advertising", in_words(territories));
                told.push((NoAds::Territory, site(), "ads_territory", wanted, self.place_in_words()));
            }
        }
        for (step, of, rule, wanted, saw) in told {
            let passed = outcome != Err(step);
            self.recorder.told(|| Finding { of, rule, mode: Mode::Enforce.name(), passed, wanted, saw });
            if !passed {
                break;
            }
        }
    }
}
