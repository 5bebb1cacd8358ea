//! `stagedoor simulate`

mod csv;
mod matrix;
mod places;
mod table;
mod words;

use std::path::PathBuf;

use clap::ValueEnum;
use stagedoor::catalog::{DocumentKey, Host, KvDocument, Site, Title, TitleId};
use stagedoor::documents::Documents;

use self::matrix::Matrix;
use crate::context::Context;
use crate::failure::{Failure, Misuse};
use crate::{Answer, documents, input, output, terminal};

/// Show which viewers may watch which titles, in a table over places, plans, devices, ages and times.
#[derive(clap::Args)]
#[command(override_usage = "stagedoor simulate --documents <DIR> --site <HOST> <--title <ID>|--all>")]
#[command(group = clap::ArgGroup::new("which").required(true).args(["title", "all"]))]
#[command(after_help = "\
Examples:
  stagedoor simulate --documents export --site watch.example.com --title harbour
  stagedoor simulate --documents export --site watch.example.com --all \\
    --countries 'AE,group:gulf,*' --plans none,basic --devices tv,mobile
  stagedoor simulate --documents export --site watch.example.com --title news \\
    --at 2026-12-05T21:00:00Z,2026-12-06T00:00:00Z --format csv

`*`, continents and groups stand for the places in them that no other row is
about. If such places have different outcomes, their row is split.")]
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
    /// Places, such as AE,US-CA,'US-CA;dma=803', or territories, such as group:gulf,continent:EU,*. XX is an unknown place.
    /// Default: each territory that the titles name, and XX.
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
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = input::between(0, 99_u8))]
    bucket: u8,
    /// The output format: tables that fit the terminal, or CSV with one row for each decision.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Aligned columns.
    Table,
    /// CSV (RFC 4180).
    Csv,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    if context.output.json && arguments.format == Format::Csv {
        return Err(Misuse("expected --json or --format csv, found both".to_owned()).into());
    }
    let folder = documents::read(&arguments.documents)?;
    let documents = &folder.documents;
    let site: Site = read(documents, &DocumentKey::Site(arguments.site.clone()))?;
    let matrix = Matrix::new(arguments, &site, titles(arguments, documents, &site)?)?;
    if arguments.format == Format::Csv {
        output::write(&csv::csv(&matrix)?)?;
    } else if context.output.json {
        output::print(&csv::json(&matrix))?;
    } else {
        output::write(table::tables(&matrix, terminal::columns()).as_bytes())?;
    }
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
    let titles: Vec<_> = titles.into_iter().filter(|title| title.sites.contains(&site.host)).collect();
    if titles.is_empty() {
        return Err(Misuse(format!("--documents has no title of {}", site.host)));
    }
    Ok(titles)
}
