//! All decisions of a simulation.

use std::collections::BTreeSet;

use stagedoor::catalog::{DeviceClass, Entitlement, Plan, Site, Title};
use stagedoor::denial::Denial;
use stagedoor::life;
use stagedoor::rights::{self, Decision, Policies, Viewer};
use stagedoor::time::UnixTime;

use super::Arguments;
use super::places::{self, Place, Sample};
use super::words::cell;
use crate::failure::Misuse;
use crate::input;

/// The most decisions of one run.
const MOST: usize = 1_000_000;

/// One value of a dimension, and how it was written.
pub(super) struct Named<T>(pub(super) String, pub(super) T);

impl<T> Named<T> {
    fn all(names: &[String], what: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<Self>, Misuse> {
        let one = |name: &String| match read(name) {
            Some(value) => Ok(Self(name.clone(), value)),
            None => Err(Misuse(format!("expected {what}, found `{name}`"))),
        };
        names.iter().map(one).collect()
    }
}

/// The values of each dimension.
pub(super) struct Matrix<'a> {
    pub(super) site: &'a Site,
    pub(super) titles: Vec<Title>,
    pub(super) places: Vec<Place>,
    pub(super) plans: Vec<Named<Vec<Plan>>>,
    pub(super) viewers: Vec<Person>,
    pub(super) instants: Vec<UnixTime>,
    bucket: u8,
}

/// A viewer's properties besides the place and the plan.
pub(super) struct Person {
    pub(super) entitlements: Named<Vec<Entitlement>>,
    pub(super) device: Named<Option<DeviceClass>>,
    pub(super) age: Named<Option<u8>>,
}

/// The decisions on a viewer at places with one outcome, one decision for each plan.
#[derive(Clone)]
pub(super) struct Row<'m> {
    pub(super) title: &'m Title,
    pub(super) at: UnixTime,
    /// The name of the places' row.
    pub(super) place: &'m str,
    /// The places that it stands for. `None`: the row is about one place alone, which it names.
    pub(super) decided_at: Option<Vec<&'m str>>,
    /// Whether the row's places were split, because they have different outcomes.
    pub(super) is_part: bool,
    pub(super) person: &'m Person,
    pub(super) decisions: Vec<Decision>,
}

impl<'a> Matrix<'a> {
    pub(super) fn new(arguments: &Arguments, site: &'a Site, titles: Vec<Title>) -> Result<Self, Misuse> {
        let plans = match arguments.plans.as_slice() {
            [] => named_plans(&titles),
            given => given.to_vec(),
        };
        let parts = |text: &str| -> Vec<String> {
            if text == "none" { Vec::new() } else { text.split('+').map(str::to_owned).collect() }
        };
        let unless_unknown = |text: &str| (text != "unknown").then(|| text.to_owned());
        let instants = match arguments.at.as_slice() {
            [] => vec![input::now(None)?],
            given => given.iter().map(|text| instant(text)).collect::<Result<_, _>>()?,
        };
        let places = places::places(&arguments.countries, &titles, site)?;
        let plans = Named::all(&plans, "plans, or `none`, in --plans", |text| {
            parts(text).iter().map(|plan| plan.parse().ok()).collect()
        })?;
        let held = |id: &String| Some(Entitlement { id: id.parse().ok()?, from: None, until: None });
        let mut viewers = Vec::new();
        for entitlements in &arguments.entitlements {
            for device in &arguments.devices {
                for age in &arguments.ages {
                    let one = |name: &String| vec![name.clone()];
                    let ids = "ids, or `none`, in --entitlements";
                    let classes = "device classes, or `unknown`, in --devices";
                    let years = "ages in years, or `unknown`, in --ages";
                    let entitlements =
                        Named::all(&one(entitlements), ids, |text| parts(text).iter().map(held).collect())?;
                    let device = Named::all(&one(device), classes, |text| {
                        unless_unknown(text)
                            .map_or(Some(None), |name| DeviceClass::from_name(&name).map(Some))
                    })?;
                    let age = Named::all(&one(age), years, |text| {
                        unless_unknown(text).map_or(Some(None), |age| age.parse().ok().map(Some))
                    })?;
                    let all = entitlements.into_iter().zip(device).zip(age);
                    viewers.extend(all.map(|((entitlements, device), age)| Person {
                        entitlements,
                        device,
                        age,
                    }));
                }
            }
        }
        let matrix = Self { site, titles, places, plans, viewers, instants, bucket: arguments.bucket };
        let size = matrix.size();
        if size > MOST {
            return Err(Misuse(format!(
                "expected at most {MOST} decisions, found {size}: ask for fewer titles, --countries, --plans, --devices, \
                 --ages or --at"
            )));
        }
        Ok(matrix)
    }

    fn size(&self) -> usize {
        let places = self.places.iter().map(|place| place.samples.len()).sum();
        [self.titles.len(), places, self.plans.len(), self.viewers.len(), self.instants.len()]
            .into_iter()
            .fold(1, usize::saturating_mul)
    }

    /// The rows of a title at an instant.
    pub(super) fn rows<'m>(&'m self, title: &'m Title, at: UnixTime) -> Vec<Row<'m>> {
        let mut rows = Vec::new();
        for place in &self.places {
            for person in &self.viewers {
                let mut parts: Vec<(Vec<String>, Vec<&str>, Vec<Decision>)> = Vec::new();
                for sample in &place.samples {
                    let plans = self.plans.iter();
                    let decisions: Vec<_> =
                        plans.map(|Named(_, plans)| self.decide(title, at, sample, person, plans)).collect();
                    let cells: Vec<_> = decisions.iter().map(cell).collect();
                    match parts.iter_mut().find(|(known, ..)| *known == cells) {
                        Some((_, names, _)) => names.push(&sample.name),
                        None => parts.push((cells, vec![&sample.name], decisions)),
                    }
                }
                // The largest part is what the name stands for.
                parts.sort_by_key(|(_, names, _)| std::cmp::Reverse(names.len()));
                rows.extend(parts.into_iter().enumerate().map(|(number, (_, names, decisions))| Row {
                    title,
                    at,
                    place: &place.name,
                    decided_at: Some(names).filter(|names| *names != [place.name.as_str()]),
                    is_part: number > 0,
                    person,
                    decisions,
                }));
            }
        }
        rows
    }

    fn decide(
        &self,
        title: &Title,
        at: UnixTime,
        place: &Sample,
        person: &Person,
        plans: &[Plan],
    ) -> Decision {
        if let Err(denial) = life::check_site(title, &self.site.host) {
            return Decision { outcome: Err(denial), rehearsed: Vec::new() };
        }
        let begun = |held: &Entitlement| Entitlement { from: Some(at), ..held.clone() };
        let entitlements: Vec<_> = person.entitlements.1.iter().map(begun).collect();
        let viewer = Viewer {
            geography: &place.geography,
            plans,
            entitlements: &entitlements,
            age: person.age.1,
            device: person.device.1,
            max_height: None,
            max_streams: None,
            bucket: self.bucket,
        };
        rights::decide(title, &viewer, Policies::from(self.site), at)
    }

    /// Groups that the titles name and the site does not define.
    pub(super) fn undefined(&self) -> impl Iterator<Item = &str> {
        self.places.iter().filter(|place| place.samples.is_empty()).map(|place| place.name.as_str())
    }
}

fn instant(text: &str) -> Result<UnixTime, Misuse> {
    input::instant(text).map_err(|error| Misuse(format!("--at: {error}")))
}

fn named_plans(titles: &[Title]) -> Vec<String> {
    let offers = titles.iter().flat_map(|title| &title.offers);
    let plans: BTreeSet<_> = offers.flat_map(|offer| &offer.plans).map(ToString::to_string).collect();
    ["none".to_owned()].into_iter().chain(plans).collect()
}

/// The codes of the rules that are only rehearsed and would refuse.
pub(super) fn rehearsed(decision: &Decision) -> BTreeSet<&'static str> {
    decision.rehearsed.iter().map(|Denial { reason, .. }| reason.code()).collect()
}
