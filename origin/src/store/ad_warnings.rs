//! Warnings about the documents of advertising.

use serde::Deserialize;
use serde::de::IgnoredAny;
use sqlx::SqliteConnection;
use stagedoor::ads::macros::{MACROS, VARIABLES};
use stagedoor::catalog::{
    AdPolicy, AdTemplate, Campaign, Campaigns, Creative, CreativeId, CreativeKind, DocumentKey, DocumentKind,
    Host, Mode, Territories, Territory, Title,
};

use super::lookup::Lookup;
use super::record;
use super::warnings::{MOST, Warning, WarningCode, unknown_site};
use crate::clock::UnixMillis;

/// Sites of a creative without a document.
pub(super) async fn of_creative(
    lookup: &mut Lookup,
    connection: &mut SqliteConnection,
    creative: &Creative,
) -> Result<Vec<Warning>, sqlx::Error> {
    lookup.learn(connection, DocumentKind::Site, creative.sites.iter().map(Host::as_str)).await?;
    let unknown = |(_, host): &(usize, &Host)| !lookup.exists(DocumentKind::Site, host.as_str());
    let unknown = creative.sites.iter().enumerate().filter(unknown);
    Ok(unknown.map(|(index, host)| unknown_site(format!("sites[{index}]"), host)).collect())
}

/// Names of nothing in a site's campaigns, flights that are over, and campaigns that no viewer sees.
pub(super) async fn of_campaigns(
    lookup: &mut Lookup,
    connection: &mut SqliteConnection,
    Campaigns { host, campaigns, .. }: &Campaigns,
) -> Result<Vec<Warning>, sqlx::Error> {
    lookup.learn(connection, DocumentKind::Site, [host.as_str()]).await?;
    let mut warnings = Vec::new();
    let is_site = lookup.exists(DocumentKind::Site, host.as_str());
    if !is_site {
        warnings.push(unknown_site("host".to_owned(), host));
    } else if !sells_ads(connection, host).await? {
        let detail = format!(
            "expected a site with the member `ads`, found {host} without it: no viewer sees ads there"
        );
        warnings.push(Warning::new(WarningCode::NoAds, "host", detail));
    }
    let creatives = campaigns.iter().flat_map(|own| &own.creatives).map(CreativeId::as_str);
    lookup.learn(connection, DocumentKind::Creative, creatives.clone()).await?;
    lookup.learn_shown(connection, DocumentKind::Creative, host, creatives).await?;
    let titles = campaigns.iter().flat_map(|own| &own.titles).map(stagedoor::catalog::TitleId::as_str);
    lookup.learn(connection, DocumentKind::Title, titles.clone()).await?;
    lookup.learn_shown(connection, DocumentKind::Title, host, titles).await?;
    let groups = if is_site { Some(lookup.groups(connection, host).await?.clone()) } else { None };
    let now = UnixMillis::now().seconds();
    for (index, campaign) in campaigns.iter().enumerate().filter(|(_, own)| own.mode != Mode::Off) {
        if warnings.len() > MOST {
            break;
        }
        let at = |member: &str| format!("campaigns[{index}].{member}");
        let Campaign { creatives, titles, window, territories, .. } = campaign;
        for (number, id) in creatives.iter().enumerate() {
            warnings.extend(creative(lookup, host, at(&format!("creatives[{number}]")), id));
        }
        for (number, id) in titles.iter().enumerate() {
            warnings.extend(title(lookup, host, at(&format!("titles[{number}]")), id.as_str()));
        }
        if let Some(until) = window.until().filter(|_| window.closed_by(now)) {
            let detail = format!("expected a time to come, found {until}: the flight is over");
            warnings.push(Warning::new(WarningCode::FlightOver, at("window.until"), detail));
        }
        if let (Some(territories), Some(groups)) = (territories, &groups) {
            let unknown = groups_in(territories).filter(|(_, name)| !groups.contains(name));
            warnings.extend(
                unknown.map(|(entry, name)| unknown_group(at(&format!("territories.{entry}")), name, host)),
            );
        }
    }
    Ok(warnings)
}

/// Creatives of a site's policy that do not exist, or cannot be shown there, and macros of nothing.
pub(super) async fn of_policy(
    lookup: &mut Lookup,
    connection: &mut SqliteConnection,
    host: &Host,
    policy: &AdPolicy,
) -> Result<Vec<Warning>, sqlx::Error> {
    let named =
        [("slate", &policy.slate), ("bumper_in", &policy.bumper_in), ("bumper_out", &policy.bumper_out)];
    let named: Vec<_> = named.into_iter().filter_map(|(member, id)| Some((member, id.as_ref()?))).collect();
    let ids = named.iter().map(|(_, id)| id.as_str());
    lookup.learn(connection, DocumentKind::Creative, ids.clone()).await?;
    lookup.learn_shown(connection, DocumentKind::Creative, host, ids).await?;
    let mut warnings = Vec::new();
    for (member, id) in named {
        let field = format!("ads.{member}");
        match creative(lookup, host, field.clone(), id) {
            Some(warning) => warnings.push(warning),
            None if !is_linear(connection, id).await? => {
                let detail =
                    format!("expected a linear creative, found `{id}`, which is shown beside the content");
                warnings.push(Warning::new(WarningCode::CreativeNotLinear, field, detail));
            }
            None => {}
        }
    }
    if let Some(server) = &policy.server {
        warnings.extend(unknown_macros("ads.server.url", &server.url));
    }
    if let Some(vast) = policy.breaks.as_ref().and_then(|breaks| breaks.vast.as_ref()) {
        warnings.extend(unknown_macros("ads.breaks.vast", vast));
    }
    Ok(warnings)
}

/// Macros of nothing in a title's policy.
pub(super) fn of_title(title: &Title) -> Vec<Warning> {
    let vast = title.ads.as_ref().and_then(|breaks| breaks.vast.as_ref());
    vast.map(|vast| unknown_macros("ads.vast", vast)).unwrap_or_default()
}

fn creative(lookup: &Lookup, host: &Host, field: String, id: &CreativeId) -> Option<Warning> {
    if !lookup.exists(DocumentKind::Creative, id.as_str()) {
        let detail =
            format!("expected the id of a creative, found `{id}`, which has no document: it is skipped");
        let names = Some((DocumentKind::Creative, id.as_str().to_owned()));
        return Some(Warning { names, ..Warning::new(WarningCode::UnknownCreative, field, detail) });
    }
    (!lookup.shows(DocumentKind::Creative, host, id.as_str())).then(|| {
        let detail =
            format!("expected a creative with the site {host} in its `sites`, found `{id}`: it is skipped");
        Warning::new(WarningCode::CreativeNotOnSite, field, detail)
    })
}

fn title(lookup: &Lookup, host: &Host, field: String, id: &str) -> Option<Warning> {
    if !lookup.exists(DocumentKind::Title, id) {
        let detail = format!("expected the id of a title, found `{id}`, which has no document");
        let names = Some((DocumentKind::Title, id.to_owned()));
        return Some(Warning { names, ..Warning::new(WarningCode::UnknownTitle, field, detail) });
    }
    (!lookup.shows(DocumentKind::Title, host, id)).then(|| {
        let detail = format!("expected a title that is shown on the site {host}, found `{id}`");
        Warning::new(WarningCode::TitleNotOnSite, field, detail)
    })
}

fn groups_in(territories: &Territories) -> impl Iterator<Item = (String, &stagedoor::catalog::GroupName)> {
    [("allow", &territories.allow), ("deny", &territories.deny)].into_iter().flat_map(|(list, entries)| {
        entries.iter().enumerate().filter_map(move |(index, entry)| match entry {
            Territory::Group(name) => Some((format!("{list}[{index}]"), name)),
            _ => None,
        })
    })
}

fn unknown_group(field: String, group: &stagedoor::catalog::GroupName, host: &Host) -> Warning {
    let detail = format!(
        "expected a group that the site {host} defines in `geography.groups`, found `{group}`, which holds nowhere there"
    );
    Warning::new(WarningCode::UnknownGroup, field, detail)
}

/// Macros that stay as they are, since nothing has their name.
fn unknown_macros(field: &str, template: &AdTemplate) -> Vec<Warning> {
    let is_known = |name: &&str| {
        ["player_params.", "GDPR", "US_PRIVACY", "GPP_", "ADDTL_CONSENT"]
            .iter()
            .any(|known| name.starts_with(known))
            || name.eq_ignore_ascii_case("RANDOM")
            || MACROS.iter().any(|(known, ..)| known == name)
            || VARIABLES.iter().any(|(known, _)| known == name)
    };
    let unknown = template.macros().filter(|name| !is_known(name));
    let warning = |name: &str| {
        let detail = format!(
            "expected a macro of VAST 4 or a variable of docs/VAST.md, found {name}: it stays as it is"
        );
        Warning::new(WarningCode::UnknownMacro, field, detail)
    };
    unknown.map(warning).collect()
}

/// Whether an existing site has a policy of advertising.
async fn sells_ads(connection: &mut SqliteConnection, host: &Host) -> Result<bool, sqlx::Error> {
    #[derive(Deserialize)]
    struct Site {
        ads: Option<IgnoredAny>,
    }
    let record = record::find(connection, &DocumentKey::Site(host.clone())).await?;
    let body = record.and_then(|record| record.body);
    let site: Option<Site> = body.and_then(|body| serde_json::from_str(body.expose()).ok());
    Ok(site.is_none_or(|site| site.ads.is_some()))
}

/// Whether a creative is linear. A creative that cannot be read counts as linear.
async fn is_linear(connection: &mut SqliteConnection, id: &CreativeId) -> Result<bool, sqlx::Error> {
    let record = record::find(connection, &DocumentKey::Creative(id.clone())).await?;
    let body = record.and_then(|record| record.body);
    let creative: Option<Creative> = body.and_then(|body| serde_json::from_str(body.expose()).ok());
    Ok(creative.is_none_or(|creative| matches!(creative.kind, CreativeKind::Linear(_))))
}
