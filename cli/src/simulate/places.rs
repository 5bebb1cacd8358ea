//! The places of a simulation: exact ones, and territories under the names that documents have for them.

use std::collections::BTreeSet;

use stagedoor::catalog::{Code, CountryCode, GeographyPolicy, Site, Territories, Territory, Title};
use stagedoor::facts::Geography;
use stagedoor::rights;

use crate::failure::Misuse;

/// A row of places that share a name.
pub(super) struct Place {
    /// As `--countries` and the documents write it: `AE`, `group:gulf`, `*`.
    pub(super) name: String,
    /// The places to decide at: one for an exact place, the places of a territory that no other row is about, and none for a group
    /// that the site does not define.
    pub(super) samples: Vec<Sample>,
}

/// A place to decide at.
#[derive(Clone)]
pub(super) struct Sample {
    /// As documents write it, without the details that only tell it from other rows.
    pub(super) name: String,
    pub(super) geography: Geography,
}

/// The unknown place.
const UNKNOWN: &str = "XX";

/// The places of `--countries`, or else each entry of the titles' territories, and the unknown place.
pub(super) fn places(given: &[String], titles: &[Title], site: &Site) -> Result<Vec<Place>, Misuse> {
    if given.is_empty() {
        let named: BTreeSet<_> = titles.iter().flat_map(territories).cloned().collect();
        // The nearest first, as the edge decides.
        let mut named: Vec<_> = named.into_iter().collect();
        named.sort_by(|a, b| a.nearness().cmp(&b.nearness()).reverse().then(a.cmp(b)));
        let atlas = Atlas::new(&named, titles, site);
        let rows = named.iter().map(|territory| atlas.place(territory));
        return Ok(rows.chain([exact(UNKNOWN, Geography::default())]).collect());
    }
    let wanted: Vec<_> = given.iter().map(|text| Wanted::read(text)).collect::<Result<_, _>>()?;
    let named: Vec<_> = wanted.iter().filter_map(Wanted::territory).collect();
    let atlas = Atlas::new(&named, titles, site);
    Ok(wanted
        .into_iter()
        .map(|wanted| match wanted {
            Wanted::Exact(name, geography) => exact(&name, geography),
            Wanted::Territory(territory) => atlas.place(&territory),
        })
        .collect())
}

/// A place as `--countries` takes it.
enum Wanted {
    Exact(String, Geography),
    Territory(Territory),
}

impl Wanted {
    fn read(text: &str) -> Result<Self, Misuse> {
        if text == "*" || text.contains(':') {
            return text
                .parse()
                .map(Self::Territory)
                .map_err(|error| Misuse(format!("--countries: {error}")));
        }
        let expected = "a place such as AE, US-CA or US-CA;dma=803, or a territory such as *, continent:EU or group:gulf";
        let geography: Geography =
            text.parse().map_err(|_| Misuse(format!("--countries: expected {expected}, found `{text}`")))?;
        match geography.country.and_then(rights::unassigned) {
            Some(detail) => Err(Misuse(format!("--countries: {detail}"))),
            None => Ok(Self::Exact(text.to_owned(), geography)),
        }
    }

    /// The territory that other rows leave out.
    fn territory(&self) -> Option<Territory> {
        match self {
            Self::Exact(name, _) => name.parse().ok(),
            Self::Territory(territory) => Some(territory.clone()),
        }
    }
}

fn exact(name: &str, geography: Geography) -> Place {
    Place { name: name.to_owned(), samples: vec![Sample { name: name.to_owned(), geography }] }
}

/// The territories that a title names.
fn territories(title: &Title) -> impl Iterator<Item = &Territory> {
    let premieres = title.offers.iter().flat_map(|offer| &offer.premieres);
    let offers = title.offers.iter().map(|offer| &offer.territories);
    let blackouts = title.blackouts.iter().map(|blackout| &blackout.territories);
    let cuts = title.variances.iter().filter_map(|variance| variance.territories.as_ref());
    let lists = offers.chain(premieres.map(|premiere| &premiere.territories)).chain(blackouts).chain(cuts);
    lists.flat_map(|list| list.allow.iter().chain(&list.deny))
}

/// The territories of all rows, for telling apart which places each row is about.
struct Atlas<'a> {
    policy: &'a GeographyPolicy,
    rows: &'a [Territory],
    /// Every territory that decides anything: of the rows, of the titles and of the site's groups.
    named: BTreeSet<Territory>,
}

impl<'a> Atlas<'a> {
    fn new(rows: &'a [Territory], titles: &[Title], site: &'a Site) -> Self {
        let policy = &site.geography;
        let members = policy.groups.values().flatten();
        let systems = site.ratings.systems.keys();
        let named = rows.iter().chain(titles.iter().flat_map(territories)).chain(members).chain(systems);
        Self { policy, rows, named: named.cloned().collect() }
    }

    /// The row of a territory: the places in it that no nearer row is about, or all of them if there are none.
    fn place(&self, territory: &Territory) -> Place {
        let all = self.samples(territory);
        let is_of_nearer = |sample: &Sample| {
            let mut nearer = self.rows.iter().filter(|row| row.nearness() > territory.nearness());
            nearer.any(|row| self.is_in(sample, row))
        };
        let own: Vec<_> = all.iter().filter(|sample| !is_of_nearer(sample)).cloned().collect();
        Place { name: territory.to_string(), samples: if own.is_empty() { all } else { own } }
    }

    fn is_in(&self, sample: &Sample, territory: &Territory) -> bool {
        let list = Territories { allow: vec![territory.clone()], ..Territories::default() };
        rights::is_inside(&list, &sample.geography, self.policy)
    }

    fn samples(&self, territory: &Territory) -> Vec<Sample> {
        match territory {
            Territory::World => rights::countries().map(|country| self.country(country)).collect(),
            Territory::Continent(code) => {
                rights::countries_of(*code).map(|country| self.country(country)).collect()
            }
            Territory::Group(name) => {
                let members = self.policy.group(name).unwrap_or_default();
                members.iter().flat_map(|member| self.samples(member)).collect()
            }
            Territory::Country(country) => vec![self.country(*country)],
            Territory::Subdivision(country, code) => {
                vec![self.sample(
                    territory,
                    Geography { subdivision: Some(code.as_str().to_owned()), ..of(*country) },
                )]
            }
            Territory::Dma(number) => {
                let america = Geography { country: "US".parse().ok(), ..Geography::default() };
                vec![self.sample(territory, Geography { dma: Some(*number), ..america })]
            }
            Territory::Postal(country, prefix) => {
                vec![self.sample(
                    territory,
                    Geography { postal: Some(prefix.as_str().to_owned()), ..of(*country) },
                )]
            }
            Territory::Asn(number) => {
                let america = Geography { country: "US".parse().ok(), ..Geography::default() };
                vec![self.sample(territory, Geography { asn: Some(*number), ..america })]
            }
        }
    }

    fn country(&self, country: CountryCode) -> Sample {
        self.sample(&Territory::Country(country), of(country))
    }

    /// A place of a territory that is in no nearer one: what documents tell apart is known of it, and is none of what they name.
    fn sample(&self, territory: &Territory, mut geography: Geography) -> Sample {
        let Some(country) = geography.country else {
            return Sample { name: territory.to_string(), geography };
        };
        let subdivisions = self.named.iter().filter_map(|named| match named {
            Territory::Subdivision(of, code) if *of == country => Some(code.as_str()),
            _ => None,
        });
        let postals = self.named.iter().filter_map(|named| match named {
            Territory::Postal(of, code) if *of == country => Some(code.as_str()),
            _ => None,
        });
        let dmas = self.named.iter().filter_map(|named| match named {
            Territory::Dma(number) if country.as_str() == "US" => Some(*number),
            _ => None,
        });
        let asns = self.named.iter().filter_map(|named| match named {
            Territory::Asn(number) => Some(*number),
            _ => None,
        });
        let asns = asns.chain(self.policy.hosting.asns.iter().copied());
        geography.subdivision =
            geography.subdivision.or_else(|| other_text(subdivisions, |code, named| code == named));
        geography.postal =
            geography.postal.or_else(|| other_text(postals, |code, named| code.starts_with(named)));
        geography.dma = geography.dma.or_else(|| other_number(dmas, u16::MAX, |number| number - 1));
        geography.asn = geography.asn.or_else(|| other_number(asns, u32::MAX, |number| number - 1));
        Sample { name: territory.to_string(), geography }
    }
}

fn of(country: CountryCode) -> Geography {
    Geography { country: Some(country), ..Geography::default() }
}

/// A code that is none of some; `None`: there are none to tell it from.
fn other_text<'t>(
    named: impl Iterator<Item = &'t str>,
    is_of: impl Fn(&str, &str) -> bool,
) -> Option<String> {
    let named: Vec<_> = named.collect();
    let letters = (b'0'..=b'9').chain(b'A'..=b'Z').rev();
    let codes = letters.flat_map(|letter| [1, 2, 3].map(|len| char::from(letter).to_string().repeat(len)));
    let mut codes = codes.filter(|code| Code::<3>::new(code).is_some());
    codes.find(|code| !named.iter().any(|named| is_of(code, named))).filter(|_| !named.is_empty())
}

/// A number that is none of some, counted down; `None`: there are none to tell it from.
fn other_number<N: Copy + Ord>(
    named: impl Iterator<Item = N>,
    from: N,
    before: impl Fn(N) -> N,
) -> Option<N> {
    let named: BTreeSet<_> = named.collect();
    let mut number = from;
    while named.contains(&number) {
        number = before(number);
    }
    Some(number).filter(|_| !named.is_empty())
}
