//! Warnings about a document that is valid, and may not do what its editor means: most of them about names of nothing.

use serde::Serialize;
use sqlx::SqliteConnection;
use stagedoor::catalog::{DocumentKey, DocumentKind, Host, Issuer, KeySet, Site, Title};

use super::lookup::{Lookup, SetOfKeys};
use super::references::{self, KeysReference, Role};
use super::{Scope, ad_warnings, nearest};

/// A warning about one member of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The kind of warning.
    pub code: WarningCode,
    /// The member's path, as in an error; `.` is the document itself.
    pub field: String,
    /// The expected and the found state, for people.
    pub detail: String,
    /// The document that it names and that does not exist, by its kind and id.
    #[serde(skip)]
    pub(super) names: Option<(DocumentKind, String)>,
}

impl Warning {
    pub(crate) fn new(code: WarningCode, field: impl Into<String>, detail: String) -> Self {
        Self { code, field: field.into(), detail, names: None }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal,)*) => {
        /// The kinds of warnings. The names are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub enum WarningCode {
            $($(#[doc = $doc])* #[serde(rename = $name)] $variant,)*
        }

        impl WarningCode {
            /// The name of each.
            pub const NAMES: &[&str] = &[$($name,)*];
        }
    };
}

codes! {
    /// There is no such site.
    UnknownSite "unknown_site",
    /// There is no such title.
    UnknownTitle "unknown_title",
    /// No set of keys has the name of the issuer.
    UnknownIssuer "unknown_issuer",
    /// There is no such set of keys.
    UnknownKeys "unknown_keys",
    /// The set of keys has no such key.
    UnknownKey "unknown_key",
    /// The site does not define the group of territories.
    UnknownGroup "unknown_group",
    /// The set of keys exists, and has no key for this use.
    UnusableKeys "unusable_keys",
    /// The issuer publishes keys, so the origin service does not know whether the key exists.
    UnverifiedKey "unverified_key",
    /// The title exists, and is not shown on the site.
    TitleNotOnSite "title_not_on_site",
    /// The issuer is known, and the site does not name it.
    IssuerNotOfSite "issuer_not_of_site",
    /// A time of the revocation has passed already.
    TimePast "time_past",
    /// There is no such creative.
    UnknownCreative "unknown_creative",
    /// The creative exists, and may not be shown on the site.
    CreativeNotOnSite "creative_not_on_site",
    /// The creative is shown beside the content, and a linear one is needed.
    CreativeNotLinear "creative_not_linear",
    /// The flight of a campaign is over.
    FlightOver "flight_over",
    /// The site shows no ads.
    NoAds "no_ads",
    /// A macro of a template has no value.
    UnknownMacro "unknown_macro",
    /// Other documents depend on the deleted document.
    InUse "in_use",
    /// There are more warnings than are listed.
    More "more",
}

/// The greatest number of warnings about a document.
pub(super) const MOST: usize = 100;

/// The greatest number of unknown names for which a near name is searched.
const SUGGESTED: usize = 3;

/// The warnings about an existing document, with the known names that may have been meant, as far as a scope allows.
pub(super) async fn with_suggestions(
    connection: &mut SqliteConnection,
    key: &DocumentKey,
    body: &str,
    scope: &Scope,
) -> Result<Vec<Warning>, sqlx::Error> {
    let mut warnings = of(&mut Lookup::default(), connection, key, body).await?;
    let unknown = warnings.iter_mut().filter_map(|warning| match &warning.names {
        Some((kind, name)) => Some((*kind, name.clone(), &mut warning.detail)),
        None => None,
    });
    for (kind, name, detail) in unknown.take(SUGGESTED) {
        detail.push_str(&nearest::question(nearest::document(connection, kind, &name, scope).await?));
    }
    Ok(warnings)
}

/// The warnings about an existing document. `body` is its JSON; a document that cannot be read has none.
pub(super) async fn of(
    lookup: &mut Lookup,
    connection: &mut SqliteConnection,
    key: &DocumentKey,
    body: &str,
) -> Result<Vec<Warning>, sqlx::Error> {
    let mut warnings = match key {
        DocumentKey::Title(_) => match serde_json::from_str(body) {
            Ok(title) => of_title(lookup, connection, &title).await?,
            Err(_) => Vec::new(),
        },
        DocumentKey::Site(_) => match serde_json::from_str(body) {
            Ok(site) => of_site(lookup, connection, &site).await?,
            Err(_) => Vec::new(),
        },
        DocumentKey::Creative(_) => match serde_json::from_str(body) {
            Ok(creative) => ad_warnings::of_creative(lookup, connection, &creative).await?,
            Err(_) => Vec::new(),
        },
        DocumentKey::Campaigns(_) => match serde_json::from_str(body) {
            Ok(campaigns) => ad_warnings::of_campaigns(lookup, connection, &campaigns).await?,
            Err(_) => Vec::new(),
        },
        DocumentKey::Revocations(host) => {
            lookup.learn(connection, DocumentKind::Site, [host.as_str()]).await?;
            let known = lookup.exists(DocumentKind::Site, host.as_str());
            (!known).then(|| unknown_site("host".to_owned(), host)).into_iter().collect()
        }
        DocumentKey::Keys(_) => Vec::new(),
    };
    if warnings.len() > MOST {
        let more = warnings.len() + 1 - MOST;
        warnings.truncate(MOST - 1);
        let detail = format!("expected {MOST} warnings at most, found {more} more");
        warnings.push(Warning::new(WarningCode::More, ".", detail));
    }
    Ok(warnings)
}

/// Whether the document is a set of keys that has no key, and publishes none.
pub(super) fn is_set_without_key(key: &DocumentKey, body: &str) -> bool {
    let set = matches!(key, DocumentKey::Keys(_)).then(|| serde_json::from_str::<KeySet>(body));
    matches!(set, Some(Ok(set)) if set.keys.is_empty() && set.published.is_none())
}

/// Sites of the title without a document, and groups that its sites do not define.
async fn of_title(
    lookup: &mut Lookup,
    connection: &mut SqliteConnection,
    title: &Title,
) -> Result<Vec<Warning>, sqlx::Error> {
    lookup.learn(connection, DocumentKind::Site, title.sites.iter().map(Host::as_str)).await?;
    let (known, unknown): (Vec<_>, Vec<_>) = title
        .sites
        .iter()
        .enumerate()
        .partition(|(_, host)| lookup.exists(DocumentKind::Site, host.as_str()));
    let mut warnings: Vec<_> =
        unknown.into_iter().map(|(index, host)| unknown_site(format!("sites[{index}]"), host)).collect();
    warnings.extend(ad_warnings::of_title(title));
    let groups = references::groups_of(title);
    if groups.is_empty() {
        return Ok(warnings);
    }
    // With more sites than warnings, the first sites are enough.
    for (_, host) in known.into_iter().take(MOST) {
        let defined = lookup.groups(connection, host).await?;
        for (field, group) in groups.iter().filter(|(_, group)| !defined.contains(group)) {
            if warnings.len() > MOST {
                return Ok(warnings);
            }
            let detail = format!(
                "expected a group that the site {host} defines in `geography.groups`, found `{group}`, which holds nowhere there"
            );
            warnings.push(Warning::new(WarningCode::UnknownGroup, field.clone(), detail));
        }
    }
    Ok(warnings)
}

/// Sets of keys that the site names and that do not exist, or have no key for their use.
async fn of_site(
    lookup: &mut Lookup,
    connection: &mut SqliteConnection,
    site: &Site,
) -> Result<Vec<Warning>, sqlx::Error> {
    let named = references::keys_of(site);
    let names = named.iter().map(|reference| reference.issuer.as_str());
    lookup.learn(connection, DocumentKind::Keys, names).await?;
    let mut warnings = Vec::new();
    for KeysReference { field, issuer, role } in named {
        if warnings.len() > MOST {
            break;
        }
        if !lookup.exists(DocumentKind::Keys, issuer.as_str()) {
            warnings.push(missing_keys(field, issuer, role));
        } else if let Some(detail) = unusable(issuer, role, lookup.keys(connection, issuer).await?) {
            warnings.push(Warning::new(WarningCode::UnusableKeys, field, detail));
        }
    }
    if let Some(policy) = &site.ads {
        warnings.extend(ad_warnings::of_policy(lookup, connection, &site.host, policy).await?);
    }
    Ok(warnings)
}

pub(super) fn unknown_site(field: String, host: &Host) -> Warning {
    let detail = format!("expected the host of a site, found `{host}`, which has no document of a site");
    let names = Some((DocumentKind::Site, host.as_str().to_owned()));
    Warning { names, ..Warning::new(WarningCode::UnknownSite, field, detail) }
}

fn missing_keys(field: String, issuer: &Issuer, role: Role) -> Warning {
    let (code, effect) = match role {
        Role::Issuer => (WarningCode::UnknownIssuer, "no token of this issuer is accepted"),
        Role::Dialect => (WarningCode::UnknownKeys, "no token of this dialect is accepted"),
        Role::Sessions => (WarningCode::UnknownKeys, "no session can be opened"),
    };
    let detail =
        format!("expected the name of a set of keys, found `{issuer}`, which has no document: {effect}");
    let names = Some((DocumentKind::Keys, issuer.as_str().to_owned()));
    Warning { names, ..Warning::new(code, field, detail) }
}

fn unusable(issuer: &Issuer, role: Role, keys: SetOfKeys) -> Option<String> {
    match role {
        Role::Sessions if !keys.signs_sessions => Some(format!(
            "expected a set of keys whose first key is a shared secret for HS256, found `{issuer}`: no session can be opened"
        )),
        Role::Issuer | Role::Dialect if keys.is_empty => Some(format!(
            "expected a set with a key, found `{issuer}`, which has none: no token is accepted by it"
        )),
        _ => None,
    }
}
