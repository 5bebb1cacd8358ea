//! Rules for documents that their types do not express.

use std::collections::BTreeSet;
use std::fmt::Display;

use stagedoor::cache::PASSED_HEADERS;
use stagedoor::catalog::{
    Acceptance, GroupName, KeySet, Model, Offer, Placement, Revocations, Site, Territories, Territory, Title,
    TokenPolicy, VarianceId, is_kept_by_edges,
};
use stagedoor::reading::nearest;
use stagedoor::rights::unassigned;
use stagedoor::token::Credentials;
use url::Url;

use super::{ads, manifest};

/// The rules of one kind of document.
pub(super) trait Rules {
    /// The identifier that the document repeats.
    fn id(&self) -> &str;

    /// Calls `report` with the field and the detail of each broken rule.
    fn rules(&self, report: &mut dyn FnMut(String, String));
}

impl Rules for Title {
    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn rules(&self, report: &mut dyn FnMut(String, String)) {
        if self.sites.is_empty() {
            report(
                "sites".to_owned(),
                "expected at least one site, or nobody can reach the title".to_owned(),
            );
        }
        if let Some(detail) = self.manifest.as_deref().and_then(manifest::wrong) {
            report("manifest".to_owned(), detail);
        }
        if let Some(breaks) = &self.ads {
            ads::breaks_rules(breaks, "ads", report);
        }
        unique(report, "offers", "id", "offer", self.offers.iter().map(|offer| &offer.id));
        unique(report, "variances", "id", "variance", self.variances.iter().map(|variance| &variance.id));
        unique(report, "blackouts", "id", "blackout", self.blackouts.iter().map(|blackout| &blackout.id));
        let cuts = self.variances.iter().map(|variance| &variance.id).collect();
        for (index, offer) in self.offers.iter().enumerate() {
            countries(report, &format!("offers[{index}].territories"), &offer.territories);
            for (number, premiere) in offer.premieres.iter().enumerate() {
                let list = format!("offers[{index}].premieres[{number}].territories");
                countries(report, &list, &premiere.territories);
            }
            offer_rules(offer, &cuts, &mut |member, detail| {
                report(format!("offers[{index}].{member}"), detail);
            });
        }
        for (index, variance) in self.variances.iter().enumerate() {
            if let Some(territories) = &variance.territories {
                countries(report, &format!("variances[{index}].territories"), territories);
            }
        }
        for (index, blackout) in self.blackouts.iter().enumerate() {
            countries(report, &format!("blackouts[{index}].territories"), &blackout.territories);
            if blackout.territories.allow.is_empty() {
                let detail = "expected at least one territory, or the blackout is nowhere".to_owned();
                report(format!("blackouts[{index}].territories.allow"), detail);
            }
        }
    }
}

/// Reports contradictions in an offer, which would then fit nobody, or other viewers than its editor meant. `cuts` are the ids of
/// the title's variances.
fn offer_rules(offer: &Offer, cuts: &BTreeSet<&VarianceId>, report: &mut dyn FnMut(&str, String)) {
    let mut expect = |holds: bool, member: &str, detail: &str| {
        if !holds {
            report(member, detail.to_owned());
        }
    };
    let (has_plans, has_entitlements) = (!offer.plans.is_empty(), !offer.entitlements.is_empty());
    match offer.model {
        Some(Model::Svod) => expect(has_plans, "plans", "expected at least one plan under the model `svod`"),
        Some(Model::Tvod) => {
            expect(
                has_entitlements,
                "entitlements",
                "expected at least one entitlement under the model `tvod`",
            );
        }
        Some(Model::Free) => {
            expect(!has_plans, "plans", "expected no plans under the model `free`");
            expect(!has_entitlements, "entitlements", "expected no entitlements under the model `free`");
        }
        Some(Model::Avod) | None => {}
    }
    if let Some(rental_s) = offer.rental_s {
        expect(
            has_entitlements,
            "rental_s",
            "expected `entitlements` beside it, which say when a rental began",
        );
        expect(rental_s > 0, "rental_s", "expected at least one second");
    }
    if let Some(id) = &offer.variance
        && !cuts.contains(id)
    {
        let near = meant(id.as_str(), cuts.iter().map(|cut| cut.as_str()));
        report("variance", format!("expected one of the title's `variances`, found `{id}`{near}"));
    }
    for (index, premiere) in offer.premieres.iter().enumerate() {
        if let Some(until) = offer.window.until().filter(|until| premiere.from >= *until) {
            let detail =
                format!("expected a time before the window's `until`, {until}, found {}", premiere.from);
            report(&format!("premieres[{index}].from"), detail);
        }
    }
}

/// The nearest of the names that would be right.
fn meant<'n>(found: &str, known: impl Iterator<Item = &'n str>) -> String {
    nearest(found, known).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// Reports each entry with the code of no country.
pub(super) fn countries(report: &mut dyn FnMut(String, String), list: &str, territories: &Territories) {
    for (member, entries) in [("allow", &territories.allow), ("deny", &territories.deny)] {
        for (index, entry) in entries.iter().enumerate() {
            if let Some(detail) = entry.country().and_then(unassigned) {
                report(format!("{list}.{member}[{index}]"), detail);
            }
        }
    }
}

/// Reports each repeated name of a list.
pub(super) fn unique<'a, T: Ord + Display + 'a>(
    report: &mut dyn FnMut(String, String),
    list: &str,
    member: &str,
    what: &str,
    names: impl Iterator<Item = &'a T>,
) {
    let mut seen = BTreeSet::new();
    for (index, name) in names.enumerate() {
        if !seen.insert(name) {
            let detail = format!("expected a unique id for each {what}, found `{name}` again");
            report(format!("{list}[{index}].{member}"), detail);
        }
    }
}

impl Rules for Site {
    fn id(&self) -> &str {
        self.host.as_str()
    }

    fn rules(&self, report: &mut dyn FnMut(String, String)) {
        if self.sessions.renewal_s() >= self.sessions.lifetime_s {
            let detail = format!("expected less than `lifetime_s`, {}", self.sessions.lifetime_s);
            report("sessions.renew_before_s".to_owned(), detail);
        }
        let nobody = |acceptance: &Acceptance| acceptance.needs_issuers() && self.tokens.issuers.is_empty();
        if self.tokens.accept.is_empty() {
            report(
                "tokens.accept".to_owned(),
                "expected at least one dialect, or no token is accepted".to_owned(),
            );
        } else if self.tokens.accept.iter().any(nobody) {
            let detail = "expected at least one issuer, or no token is accepted".to_owned();
            report("tokens.issuers".to_owned(), detail);
        }
        for (index, origin) in self.cors.origins.iter().enumerate() {
            if !matches!(origin.as_str(), "*" | "null") && !is_origin(origin) {
                let detail = format!(
                    "expected an origin as browsers send it, such as https://www.example.com, or `*`, found `{origin}`"
                );
                report(format!("cors.origins[{index}]"), detail);
            }
        }
        let credentials = Credentials::of(self);
        for (index, name) in self.media.query.iter().enumerate() {
            if credentials.holds_parameter(name) {
                let detail =
                    format!("expected a parameter that holds no viewer token or session, found `{name}`");
                report(format!("media.query[{index}]"), detail);
            }
        }
        for (at, placements) in placements(&self.tokens) {
            for (index, placement) in placements.iter().enumerate() {
                if let Placement::Header(name) = placement
                    && PASSED_HEADERS.iter().any(|passed| passed.eq_ignore_ascii_case(name))
                {
                    let detail =
                        format!("expected a header that is not sent to the media origin, found `{name}`");
                    report(format!("{at}[{index}].header"), detail);
                }
            }
        }
        for (name, members) in &self.geography.groups {
            for (index, member) in members.iter().enumerate() {
                if matches!(member, Territory::Group(_)) {
                    let detail = format!("expected no group within a group, found `{member}`");
                    report(format!("geography.groups.{name}[{index}]"), detail);
                }
                if let Some(detail) = member.country().and_then(unassigned) {
                    report(format!("geography.groups.{name}[{index}]"), detail);
                }
            }
        }
        if let Some(policy) = &self.ads {
            ads::policy(policy, &credentials, report);
        }
        let priorities = self.steering.iter().flat_map(|steering| &steering.priorities);
        for (index, priority) in priorities.enumerate() {
            if let Some(territories) = &priority.territories {
                countries(report, &format!("steering.priorities[{index}].territories"), territories);
            }
        }
        for territory in self.ratings.systems.keys() {
            if let Some(detail) = territory.country().and_then(unassigned) {
                report(format!("ratings.systems.{territory}"), detail);
            }
            if let Territory::Group(name) = territory
                && self.geography.group(name).is_none()
            {
                let near = meant(name.as_str(), self.geography.groups.keys().map(GroupName::as_str));
                let detail = format!("expected a group of `geography.groups`, found `{name}`{near}");
                report(format!("ratings.systems.{territory}"), detail);
            }
        }
    }
}

/// Whether a text is the origin of a page as browsers write it: a URL without a path, in its canonical spelling. For the schemes of
/// apps, any spelling is accepted.
fn is_origin(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    if matches!(url.scheme(), "http" | "https") {
        url.origin().ascii_serialization() == text
    } else {
        text.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?', '#', ' ']))
    }
}

/// The lists of placements of a site, each with its path.
fn placements(tokens: &TokenPolicy) -> Vec<(String, &[Placement])> {
    let mut lists = vec![("tokens.placements".to_owned(), tokens.placements.as_slice())];
    for (index, accepted) in tokens.accept.iter().enumerate() {
        let (name, placements) = match accepted {
            Acceptance::Jwt(own) => ("jwt", &own.placements),
            Acceptance::Cat(own) => ("cat", &own.placements),
            Acceptance::Stream(own) => ("stream", &own.placements),
            _ => continue,
        };
        lists.extend(
            placements
                .iter()
                .map(|list| (format!("tokens.accept[{index}].{name}.placements"), list.as_slice())),
        );
    }
    lists
}

impl Rules for KeySet {
    fn id(&self) -> &str {
        self.issuer.as_str()
    }

    fn rules(&self, report: &mut dyn FnMut(String, String)) {
        if let Some(published) = self.published.as_ref().filter(|published| is_kept_by_edges(&published.url))
        {
            let detail = format!(
                "expected a URL of the issuer, found `{}`, where edges keep their files",
                published.url
            );
            report("published.url".to_owned(), detail);
        }
    }
}

impl Rules for Revocations {
    fn id(&self) -> &str {
        self.host.as_str()
    }

    fn rules(&self, report: &mut dyn FnMut(String, String)) {
        for (index, entry) in self.revoked.iter().flatten().enumerate() {
            if entry.generation > self.generation {
                let detail = format!("expected {} at most, the document's own", self.generation);
                report(format!("revoked[{index}].generation"), detail);
            }
        }
    }
}
