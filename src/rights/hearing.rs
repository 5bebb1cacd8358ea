//! One title, one viewer, one instant: the rules in their order.

use std::cmp::Reverse;

use super::permit::{Class, Permit};
use super::place::{Standing, ViewerPlace};
use super::prepared::Prepared;
use super::question::{Decision, Policies, Resumed, Viewer};
use super::rating::{Required, required};
use super::trace::{Decided, Recorder, Wording};
use super::whereabouts::anonymiser;
use crate::catalog::{
    Anonymised, Blackout, BlackoutAction, DeviceClass, DocumentKind, Enforcement, Mode, Replacement, Rule,
    Territory, Title, UnknownGeography, Variance,
};
use crate::denial::{Denial, Reason};
use crate::facts::Geography;
use crate::time::UnixTime;

/// The subject of a decision: a viewer at the entry, or a resumed session.
#[derive(Clone, Copy)]
pub(super) enum Ask<'a> {
    Enter(&'a Viewer<'a>),
    Resume(&'a Resumed<'a>),
}

impl<'a> Ask<'a> {
    pub(super) const fn geography(self) -> &'a Geography {
        match self {
            Self::Enter(viewer) => viewer.geography,
            Self::Resume(resumed) => resumed.geography,
        }
    }

    pub(super) const fn bucket(self) -> u8 {
        match self {
            Self::Enter(viewer) => viewer.bucket,
            Self::Resume(resumed) => resumed.bucket,
        }
    }

    pub(super) fn max_height(self) -> Option<u32> {
        let height = match self {
            Self::Enter(viewer) => viewer.max_height,
            Self::Resume(resumed) => resumed.max_height,
        };
        // A session carries 16 bits of it, and decisions at the entry and below have to agree.
        height.map(|height| height.min(u16::MAX.into()))
    }

    /// Below a session, the session's token carries the limit. It changes no bytes, so the caps of a class do not
    /// depend on it.
    pub(super) const fn max_streams(self) -> Option<u32> {
        match self {
            Self::Enter(viewer) => viewer.max_streams,
            Self::Resume(_) => None,
        }
    }

    /// The age of the viewer's profile.
    pub(super) fn age(self) -> Option<u8> {
        match self {
            Self::Enter(viewer) => viewer.age,
            Self::Resume(resumed) => resumed.proved?.age,
        }
    }

    /// The class of the viewer's device.
    pub(super) fn device(self) -> Option<DeviceClass> {
        match self {
            Self::Enter(viewer) => viewer.device,
            Self::Resume(resumed) => resumed.proved?.device,
        }
    }

    /// The rules of an offer that are decided now, in their order.
    pub(super) const fn rules(self) -> &'static [Rule] {
        match self {
            Self::Enter(_) | Self::Resume(Resumed { proved: Some(_), .. }) => {
                &[Rule::Territory, Rule::Window, Rule::Device, Rule::Plan, Rule::Entitlement, Rule::Rating]
            }
            Self::Resume(Resumed { proved: None, .. }) => &[Rule::Territory, Rule::Window],
        }
    }
}

pub(super) struct Hearing<'a> {
    pub(super) title: &'a Title,
    pub(super) prepared: &'a Prepared,
    pub(super) ask: Ask<'a>,
    pub(super) policies: Policies<'a>,
    pub(super) now: UnixTime,
    pub(super) place: ViewerPlace<'a>,
    /// Whether the viewer's country is known, and counts.
    pub(super) located: bool,
    pub(super) recorder: Recorder,
    pub(super) rehearsed: Vec<Denial>,
}

/// The cut that an offer shows; `None`: the title's own.
pub(super) type Cut<'a> = Option<&'a Variance>;

/// Everything that all offers of a title share.
pub(super) struct Common<'a> {
    pub(super) replaced: Option<(&'a Blackout, &'a Replacement, &'static str)>,
    pub(super) required: Required,
    /// The cut for the viewer's territory, and its part of a class.
    pub(super) variance: Option<(&'a Variance, Class)>,
    pub(super) token_height: Class,
}

impl<'a> Hearing<'a> {
    pub(super) fn new(
        title: &'a Title,
        ask: Ask<'a>,
        policies: Policies<'a>,
        now: UnixTime,
        recorder: Recorder,
    ) -> Self {
        let prepared = Prepared::of_title(title);
        let place = ViewerPlace::new(ask.geography(), policies.geography);
        let located = ask.geography().country.is_some();
        Self { title, prepared, ask, policies, now, place, located, recorder, rehearsed: Vec::new() }
    }

    pub(super) fn decide(mut self) -> (Decision, Recorder) {
        let outcome = self.hear();
        (Decision { outcome, rehearsed: self.rehearsed }, self.recorder)
    }

    fn hear(&mut self) -> Result<Permit, Denial> {
        self.anonymiser()?;
        self.hear_in_place()
    }

    /// All that comes after the question whether the place is the viewer's own.
    fn hear_in_place(&mut self) -> Result<Permit, Denial> {
        self.unknown_geography()?;
        self.embargo()?;
        let replaced = self.blackout()?;
        let common = Common {
            replaced,
            required: required(&self.title.ratings, &self.place, self.policies.ratings),
            variance: self.nearest_variance().map(|variance| (variance, Class::variance(&variance.media))),
            token_height: self.ask.max_height().map_or(Class::NEUTRAL, Class::token_height),
        };
        self.offers(&common)
    }

    /// The mode of a rule for this viewer.
    pub(super) fn mode(&self, rule: Rule, own: Option<Enforcement>) -> Mode {
        own.or_else(|| self.policies.rules.of(rule)).unwrap_or_default().mode_for(self.ask.bucket())
    }

    /// Carries out a rule of the site or the title that was looked at.
    fn carry_out(
        &mut self,
        rule: Rule,
        mode: Mode,
        refused: Option<Reason>,
        told: impl Fn() -> Wording,
    ) -> Result<(), Denial> {
        self.recorder.found(|| "title".to_owned(), rule, mode, refused.is_none(), &told);
        let Some(reason) = refused else { return Ok(()) };
        let Wording { wanted, saw, cure } = told();
        let denial = Denial::new(reason, format!("expected {wanted}, found {saw}"));
        if mode == Mode::Log {
            self.rehearsed.push(denial);
            return Ok(());
        }
        let document = match rule {
            Rule::Anonymiser | Rule::UnknownGeography => DocumentKind::Site,
            _ => DocumentKind::Title,
        };
        let of = "title".to_owned();
        self.recorder.decided(|| Decided { document, of, rule: Some(rule), reason: Some(reason), cure });
        Err(denial)
    }

    fn anonymiser(&mut self) -> Result<(), Denial> {
        let rule = Rule::Anonymiser;
        let mode = self.mode(rule, None);
        let geography = self.ask.geography();
        let policy = self.policies.geography;
        let Some((hosting, viewers)) = anonymiser(geography, policy) else { return Ok(()) };
        let network = hosting
            .map_or_else(|| "the Tor network".to_owned(), |asn| format!("the hosting network asn:{asn}"));
        let told = |wanted: &str, cure: &str| Wording {
            wanted: wanted.to_owned(),
            saw: network.clone(),
            cure: cure.to_owned(),
        };
        match (mode, viewers) {
            (Mode::Off, _) | (_, Anonymised::Allow) => Ok(()),
            (_, Anonymised::Deny) => {
                let told = || {
                    told("a network of viewers", "the same request from a network that is no anonymiser's")
                };
                self.carry_out(rule, mode, Some(Reason::Anonymiser), told)
            }
            (Mode::Log, Anonymised::Unknown) => {
                let refused = self.elsewhere().hear_in_place().err().map(|denial| denial.reason);
                let told = || told("a place that is the viewer's own, or it counts as unknown", "");
                self.carry_out(rule, mode, refused, told)
            }
            (Mode::Enforce, Anonymised::Unknown) => {
                self.place = ViewerPlace::unknown(policy);
                self.located = false;
                self.carry_out(rule, mode, None, || {
                    told("a place that is the viewer's own, or it counts as unknown", "")
                })
            }
        }
    }

    /// The same hearing of a viewer whose place counts as unknown.
    fn elsewhere(&self) -> Self {
        Self {
            place: ViewerPlace::unknown(self.policies.geography),
            located: false,
            recorder: Recorder(None),
            rehearsed: Vec::new(),
            ..*self
        }
    }

    fn unknown_geography(&mut self) -> Result<(), Denial> {
        let rule = Rule::UnknownGeography;
        let mode = self.mode(rule, None);
        if mode == Mode::Off || self.policies.geography.unknown == UnknownGeography::World {
            return Ok(());
        }
        // Most viewers are located, and nobody asks for the words.
        let saw = if self.located && !self.recorder.is_on() { String::new() } else { self.place_in_words() };
        self.carry_out(rule, mode, (!self.located).then_some(Reason::GeographyUnknown), || Wording {
            wanted: "a viewer whose country is known".to_owned(),
            saw: saw.clone(),
            cure: "the same request from a known country; or `geography.unknown` set to `world`, for what is offered to `*`"
                .to_owned(),
        })
    }

    fn embargo(&mut self) -> Result<(), Denial> {
        let mode = self.mode(Rule::Embargo, None);
        let Some(until) = self.title.embargo.filter(|_| mode != Mode::Off) else { return Ok(()) };
        let now = self.now;
        self.carry_out(Rule::Embargo, mode, (now < until).then_some(Reason::Embargo), || Wording {
            wanted: format!("{until} or later"),
            saw: now.to_string(),
            cure: format!("the same request from {until} on"),
        })
    }

    /// The blackout that counts. Of several blackouts where the viewer is, the one with the nearest territory counts. Of
    /// equally near ones, a blackout that denies counts. A blackout that is only rehearsed goes to the log, and the next one
    /// counts.
    fn blackout(&mut self) -> Result<Option<(&'a Blackout, &'a Replacement, &'static str)>, Denial> {
        let mut covering = Vec::new();
        for (number, standing) in self.blackout_standings() {
            let Some(blackout) = self.title.blackouts.get(number) else { continue };
            if blackout.window.is_open(self.now) && standing.may_be_inside() {
                let entry = standing.undefined_in_allow.or(standing.untold).or(standing.allow);
                let replaces = blackout.action != BlackoutAction::Deny;
                covering.push((
                    Reverse(entry.map(Territory::nearness)),
                    replaces,
                    number,
                    standing,
                    blackout,
                ));
            }
        }
        covering.sort_by_key(|(nearness, replaces, number, ..)| (*nearness, *replaces, *number));
        if self.recorder.is_on() {
            let title = self.title;
            for (number, blackout) in title.blackouts.iter().enumerate() {
                if !covering.iter().any(|(_, _, covering, ..)| *covering == number) {
                    self.tell_blackout(blackout, self.place.standing(&blackout.territories), true);
                }
            }
        }
        for (.., standing, blackout) in covering {
            let mode = self.mode(Rule::Blackout, blackout.rule);
            if mode == Mode::Off {
                continue;
            }
            self.tell_blackout(blackout, standing, false);
            let Wording { wanted, saw, cure } = self.told_blackout(blackout, standing);
            if mode == Mode::Log {
                self.rehearsed.push(Denial::new(Reason::Blackout, format!("expected {wanted}, found {saw}")));
                continue;
            }
            match &blackout.action {
                BlackoutAction::Slate(replacement) => return Ok(Some((blackout, replacement, "slate"))),
                BlackoutAction::Alternate(replacement) => {
                    return Ok(Some((blackout, replacement, "alternate")));
                }
                BlackoutAction::Deny => {
                    let of = format!("blackout {}", blackout.id);
                    let (rule, reason) = (Some(Rule::Blackout), Some(Reason::Blackout));
                    self.recorder.decided(|| Decided {
                        document: DocumentKind::Title,
                        of,
                        rule,
                        reason,
                        cure,
                    });
                    return Err(Denial::new(Reason::Blackout, format!("expected {wanted}, found {saw}")));
                }
            }
        }
        Ok(None)
    }

    /// The blackouts that have something to say about the viewer's place, or about how little is known of it.
    fn blackout_standings(&self) -> Vec<(usize, Standing<'a>)> {
        let (title, prepared) = (self.title, self.prepared);
        let mut standings = prepared.blackouts.standings(&self.place);
        for number in &prepared.careful {
            let blackout = title.blackouts.get(*number).filter(|blackout| blackout.window.is_open(self.now));
            let Some(blackout) = blackout else { continue };
            let standing = self.place.standing(&blackout.territories);
            let may_be_in = blackout.territories.allow.iter().filter(|entry| self.place.may_be_in(entry));
            let untold = may_be_in.max_by_key(|entry| entry.nearness());
            let nearness = |entry: Option<&Territory>| entry.map(Territory::nearness);
            if !standing.may_be_inside() && nearness(untold) > nearness(standing.deny) {
                standings.push((*number, Standing { untold, ..standing }));
            }
        }
        standings
    }

    fn tell_blackout(&mut self, blackout: &Blackout, standing: Standing<'_>, passed: bool) {
        let mode = self.mode(Rule::Blackout, blackout.rule);
        if mode != Mode::Off && self.recorder.is_on() {
            let told = self.told_blackout(blackout, standing);
            self.recorder.found(
                || format!("blackout {}", blackout.id),
                Rule::Blackout,
                mode,
                passed,
                || told,
            );
        }
    }

    fn nearest_variance(&self) -> Option<&'a Variance> {
        let mut nearest = None;
        for variance in &self.title.variances {
            let Some(standing) = variance.territories.as_ref().map(|list| self.place.standing(list)) else {
                continue;
            };
            let nearness = standing.allow.map(Territory::nearness);
            if standing.is_inside() && nearest.as_ref().is_none_or(|(best, _)| *best < nearness) {
                nearest = Some((nearness, variance));
            }
        }
        nearest.map(|(_, variance)| variance)
    }
}
