//! `stagedoor simulate`

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::Value;
use stagedoor::catalog::{
    Caps, DeviceClass, DocumentKey, Entitlement, Host, KvDocument, Plan, Site, Territory, Title, TitleId,
};
use stagedoor::denial::Denial;
use stagedoor::documents::Documents;
use stagedoor::facts::Geography;
use stagedoor::life;
use stagedoor::rights::{self, Decision, Permit, Policies, Viewer};
use stagedoor::time::UnixTime;

use crate::context::Context;
use crate::failure::{Failure, Misuse};
use crate::{Answer, documents, input, output};

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["title", "all"]))]
pub(crate) struct Arguments {
    /// A folder with the documents (.json files) of sites and titles.
    #[arg(long, value_name = "DIR")]
    documents: PathBuf,
    /// A title's id. May be repeated.
    #[arg(long, value_name = "ID")]
    title: Vec<TitleId>,
    /// Every title of the site.
    #[arg(long)]
    all: bool,
    /// The site's host name.
    #[arg(long, value_name = "HOST")]
    site: Host,
    /// Places, such as AE,US-CA,'US-CA;dma=803'. XX is an unknown place. Default: a place in each territory that the
    /// titles name, and XX.
    #[arg(long, value_name = "PLACES", value_delimiter = ',')]
    countries: Vec<String>,
    /// Plans, one column each. `none` is no plan, and a+b is both plans. Default: `none`, and each plan that the titles
    /// name.
    #[arg(long, value_name = "PLANS", value_delimiter = ',')]
    plans: Vec<String>,
    /// Entitlements, which begin at each instant. `none` is no entitlement, and a+b is both entitlements.
    #[arg(long, value_name = "IDS", value_delimiter = ',', default_value = "none")]
    entitlements: Vec<String>,
    /// Device classes. `unknown` is a device that is not recognised.
    #[arg(long, value_name = "CLASSES", value_delimiter = ',', default_value = "unknown")]
    devices: Vec<String>,
    /// Ages. `unknown` is a token without an age.
    #[arg(long, value_name = "AGES", value_delimiter = ',', default_value = "unknown")]
    ages: Vec<String>,
    /// Instants, in RFC 3339 or Unix seconds. Default: now.
    #[arg(long, value_name = "INSTANTS", value_delimiter = ',')]
    at: Vec<String>,
    /// The viewers' bucket, 0 to 99. A roll-out of N percent applies to the buckets below N.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..100))]
    bucket: u8,
    /// The output format: a table with one row for each place, or CSV with one row for each decision.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Aligned columns.
    Table,
    /// CSV (RFC 4180).
    Csv,
}

/// The most decisions of one run.
const MOST: usize = 1_000_000;

pub(crate) fn run(arguments: &Arguments, _context: &Context) -> Result<Answer, Failure> {
    let documents = documents::read(&arguments.documents)?;
    let site: Site = read(&documents, &DocumentKey::Site(arguments.site.clone()))?;
    let matrix = Matrix::new(arguments, &site, titles(arguments, &documents, &site)?)?;
    let size = matrix.size();
    if size > MOST {
        return Err(Failure::Misuse(format!(
            "expected at most {MOST} decisions, found {size}: ask for fewer of each"
        )));
    }
    let text = match arguments.format {
        Format::Table => matrix.table(&site),
        Format::Csv => matrix.csv(&site)?,
    };
    output::write(&text)?;
    Ok(Answer::Yes)
}

fn read<D: KvDocument>(documents: &Documents, key: &DocumentKey) -> Result<D, Misuse> {
    let found = documents.read::<D>(key).map_err(|fault| Misuse(fault.to_string()))?;
    found.map(|document| document.body).ok_or_else(|| Misuse(format!("--documents has no {key}")))
}

fn titles(arguments: &Arguments, documents: &Documents, site: &Site) -> Result<Vec<Title>, Misuse> {
    if !arguments.all {
        let key = |id: &TitleId| DocumentKey::Title(id.clone());
        return arguments.title.iter().map(|id| read(documents, &key(id))).collect();
    }
    let keys = documents.0.keys().filter(|key| matches!(key, DocumentKey::Title(_)));
    let titles: Vec<Title> = keys.map(|key| read(documents, key)).collect::<Result<_, _>>()?;
    Ok(titles.into_iter().filter(|title| title.sites.contains(&site.host)).collect())
}

/// One value of a dimension, and how it was written.
struct Named<T>(String, T);

impl<T> Named<T> {
    fn all(names: &[String], what: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<Self>, Misuse> {
        let one = |name: &String| match read(name) {
            Some(value) => Ok(Self(name.clone(), value)),
            None => Err(Misuse(format!("expected {what}, found `{name}`"))),
        };
        names.iter().map(one).collect()
    }
}

struct Matrix {
    titles: Vec<Title>,
    places: Vec<Named<Geography>>,
    plans: Vec<Named<Vec<Plan>>>,
    entitlements: Vec<Named<Vec<Entitlement>>>,
    devices: Vec<Named<Option<DeviceClass>>>,
    ages: Vec<Named<Option<u8>>>,
    instants: Vec<UnixTime>,
    bucket: u8,
}

/// The values that all plans of a row have in common.
struct Row<'a> {
    title: &'a Title,
    at: UnixTime,
    place: &'a Named<Geography>,
    entitlements: &'a Named<Vec<Entitlement>>,
    device: &'a Named<Option<DeviceClass>>,
    age: &'a Named<Option<u8>>,
}

const HEAD: [&str; 6] = ["title", "at", "country", "entitlements", "device", "age"];

impl Row<'_> {
    fn names(&self) -> [String; 6] {
        let Self { title, at, place, entitlements, device, age } = self;
        [&title.id.to_string(), &at.to_string(), &place.0, &entitlements.0, &device.0, &age.0]
            .map(Clone::clone)
    }
}

impl Matrix {
    fn new(arguments: &Arguments, site: &Site, titles: Vec<Title>) -> Result<Self, Misuse> {
        let countries = match arguments.countries.as_slice() {
            [] => named_places(&titles, site)?,
            given => given.to_vec(),
        };
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
        let places: Vec<Named<Geography>> =
            Named::all(&countries, "a place such as AE, US-CA or US-CA;dma=803 in --countries", |text| {
                text.parse().ok()
            })?;
        if !arguments.countries.is_empty() {
            let mut given = places.iter().filter_map(|Named(_, place)| place.country);
            if let Some(detail) = given.find_map(rights::unassigned) {
                return Err(Misuse(format!("--countries: {detail}")));
            }
        }
        Ok(Self {
            places,
            plans: Named::all(&plans, "plans, or `none`, in --plans", |text| {
                parts(text).iter().map(|plan| plan.parse().ok()).collect()
            })?,
            entitlements: Named::all(&arguments.entitlements, "ids, or `none`, in --entitlements", |text| {
                let held = |id: &String| Some(Entitlement { id: id.parse().ok()?, from: None, until: None });
                parts(text).iter().map(held).collect()
            })?,
            devices: Named::all(&arguments.devices, "device classes, or `unknown`, in --devices", |text| {
                unless_unknown(text).map_or(Some(None), |name| DeviceClass::from_name(&name).map(Some))
            })?,
            ages: Named::all(&arguments.ages, "ages in years, or `unknown`, in --ages", |text| {
                unless_unknown(text).map_or(Some(None), |age| age.parse().ok().map(Some))
            })?,
            instants,
            bucket: arguments.bucket,
            titles,
        })
    }

    fn size(&self) -> usize {
        [
            self.titles.len(),
            self.places.len(),
            self.plans.len(),
            self.entitlements.len(),
            self.devices.len(),
            self.ages.len(),
            self.instants.len(),
        ]
        .into_iter()
        .fold(1, usize::saturating_mul)
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let mut rows = Vec::new();
        for title in &self.titles {
            for at in &self.instants {
                for place in &self.places {
                    for entitlements in &self.entitlements {
                        for device in &self.devices {
                            for age in &self.ages {
                                rows.push(Row { title, at: *at, place, entitlements, device, age });
                            }
                        }
                    }
                }
            }
        }
        rows
    }

    fn decide(&self, row: &Row<'_>, plans: &[Plan], site: &Site) -> Decision {
        if let Err(denial) = life::check_site(row.title, &site.host) {
            return Decision { outcome: Err(denial), rehearsed: Vec::new() };
        }
        let begun = |held: &Entitlement| Entitlement { from: Some(row.at), ..held.clone() };
        let entitlements: Vec<_> = row.entitlements.1.iter().map(begun).collect();
        let viewer = Viewer {
            geography: &row.place.1,
            plans,
            entitlements: &entitlements,
            age: row.age.1,
            device: row.device.1,
            max_height: None,
            max_streams: None,
            bucket: self.bucket,
        };
        rights::decide(row.title, &viewer, Policies::from(site), row.at)
    }

    fn table(&self, site: &Site) -> Vec<u8> {
        let head = HEAD.iter().map(|name| (*name).to_owned());
        let plans = self.plans.iter().map(|Named(name, _)| format!("plans {name}"));
        let mut lines: Vec<Vec<String>> = vec![head.chain(plans).collect()];
        for row in self.rows() {
            let cells = self.plans.iter().map(|Named(_, plans)| cell(&self.decide(&row, plans, site)));
            lines.push(row.names().into_iter().chain(cells).collect());
        }
        aligned(&lines)
    }

    fn csv(&self, site: &Site) -> Result<Vec<u8>, Misuse> {
        let failed = |error: csv::Error| Misuse(error.to_string());
        let mut writer = csv::Writer::from_writer(Vec::new());
        let outcome = [
            "plans",
            "outcome",
            "offer",
            "caps",
            "ads",
            "variance",
            "replaced",
            "until",
            "reason",
            "detail",
            "rehearsed",
        ];
        writer.write_record(HEAD.iter().chain(&outcome)).map_err(failed)?;
        for row in self.rows() {
            for Named(name, plans) in &self.plans {
                let decision = self.decide(&row, plans, site);
                let outcome = match &decision.outcome {
                    Ok(permit) => permitted(permit),
                    Err(Denial { reason, detail, .. }) => {
                        let none = String::new;
                        [
                            "denial".into(),
                            none(),
                            none(),
                            none(),
                            none(),
                            none(),
                            none(),
                            reason.to_string(),
                            detail.clone(),
                        ]
                    }
                };
                let record = row.names().into_iter().chain([name.clone()]).chain(outcome);
                writer.write_record(record.chain([rehearsed(&decision)])).map_err(failed)?;
            }
        }
        writer.into_inner().map_err(|error| Misuse(error.to_string()))
    }
}

/// RFC 3339, or Unix seconds.
fn instant(text: &str) -> Result<UnixTime, Misuse> {
    match text.parse() {
        Ok(secs) => Ok(UnixTime::from_secs(secs)),
        Err(_) => serde_json::from_value(Value::from(text)).map_err(|error| Misuse(format!("--at: {error}"))),
    }
}

/// One place for each entry of the titles' territories, with groups replaced by their members, and the unknown place.
fn named_places(titles: &[Title], site: &Site) -> Result<Vec<String>, Misuse> {
    let lists = titles.iter().flat_map(|title| {
        let premieres = title.offers.iter().flat_map(|offer| &offer.premieres);
        let offers = title.offers.iter().map(|offer| &offer.territories);
        let blackouts = title.blackouts.iter().map(|blackout| &blackout.territories);
        let cuts = title.variances.iter().filter_map(|variance| variance.territories.as_ref());
        offers.chain(premieres.map(|premiere| &premiere.territories)).chain(blackouts).chain(cuts)
    });
    let entries = lists.flat_map(|list| list.allow.iter().chain(&list.deny));
    let mut places = BTreeSet::new();
    for entry in entries {
        match entry {
            Territory::Group(name) => {
                let members = site.geography.group(name).unwrap_or_default();
                places.extend(members.iter().filter_map(sample));
            }
            entry => places.extend(sample(entry)),
        }
    }
    if places.is_empty() {
        return Err(Misuse("expected --countries, since the titles name no place".to_owned()));
    }
    Ok(places.into_iter().chain(["XX".to_owned()]).collect())
}

/// A place in a territory, as `--countries` takes it.
fn sample(territory: &Territory) -> Option<String> {
    match territory {
        Territory::World | Territory::Group(_) => None,
        Territory::Continent(code) => rights::countries_of(*code).next().map(|country| country.to_string()),
        Territory::Country(_) | Territory::Subdivision(..) => Some(territory.to_string()),
        Territory::Dma(number) => Some(format!("US;dma={number}")),
        Territory::Postal(country, prefix) => Some(format!("{country};postal={}", prefix.as_str())),
        Territory::Asn(number) => Some(format!("US;asn={number}")),
    }
}

fn named_plans(titles: &[Title]) -> Vec<String> {
    let offers = titles.iter().flat_map(|title| &title.offers);
    let plans: BTreeSet<_> = offers.flat_map(|offer| &offer.plans).map(ToString::to_string).collect();
    ["none".to_owned()].into_iter().chain(plans).collect()
}

/// `offer caps` or the reason, followed by the rules that are only rehearsed.
fn cell(decision: &Decision) -> String {
    let mut words = match &decision.outcome {
        Ok(permit) => {
            let replaced =
                permit.replaced.as_ref().map(|replaced| format!("{}:{}", replaced.by, replaced.blackout));
            let variance = permit.variance.as_ref().map(|id| format!("cut:{id}"));
            let ads = permit.ads.map(|ads| format!("ads:{}", ads.name()));
            let words = [Some(permit.offer.to_string()), Some(short_caps(permit)), ads, variance, replaced];
            words.into_iter().flatten().filter(|word| !word.is_empty()).collect::<Vec<_>>()
        }
        Err(denial) => vec![format!("- {}", denial.reason)],
    };
    if !decision.rehearsed.is_empty() {
        words.push(format!("(log: {})", rehearsed(decision)));
    }
    words.join(" ")
}

fn permitted(permit: &Permit) -> [String; 9] {
    let text = |value: Option<String>| value.unwrap_or_default();
    [
        "permit".to_owned(),
        permit.offer.to_string(),
        caps(&permit.caps),
        text(permit.ads.map(|ads| ads.name().to_owned())),
        text(permit.variance.as_ref().map(ToString::to_string)),
        text(permit.replaced.as_ref().map(|replaced| format!("{}:{}", replaced.by, replaced.blackout))),
        text(permit.until.map(|until| until.to_string())),
        String::new(),
        String::new(),
    ]
}

/// `max_height=360 hdr=false`
fn caps(caps: &Caps) -> String {
    let members = serde_json::to_value(caps).unwrap_or_default();
    let members = members.as_object().into_iter().flatten().map(|(name, value)| match value {
        Value::Array(list) => {
            let list: Vec<_> = list.iter().filter_map(Value::as_str).collect();
            format!("{name}={}", list.join("|"))
        }
        Value::Object(formats) => {
            let labels = |labels: &Value| {
                let labels = labels.as_array().into_iter().flatten().filter_map(Value::as_str);
                labels.collect::<Vec<_>>().join("/")
            };
            let formats = formats.iter().map(|(format, list)| format!("{format}:{}", labels(list)));
            format!("{name}={}", formats.collect::<Vec<_>>().join("|"))
        }
        Value::String(text) => format!("{name}={text}"),
        value => format!("{name}={value}"),
    });
    members.collect::<Vec<_>>().join(" ")
}

/// `360p hdr=false`
fn short_caps(permit: &Permit) -> String {
    let height = permit.caps.max_height.map(|height| format!("{height}p"));
    let others = caps(&Caps { max_height: None, ..permit.caps.clone() }).replace("max_", "");
    [height, Some(others)].into_iter().flatten().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn rehearsed(decision: &Decision) -> String {
    let codes: BTreeSet<_> = decision.rehearsed.iter().map(|denial| denial.reason.code()).collect();
    codes.into_iter().collect::<Vec<_>>().join(" ")
}

/// Lines of columns, each as wide as its widest cell, two spaces between.
fn aligned(lines: &[Vec<String>]) -> Vec<u8> {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text.into_bytes()
}
