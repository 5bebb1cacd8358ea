//! Checks that the target of a revocation exists. A typing error would revoke nothing, and nobody would notice.
//!
//! An API key for some sites is told no more than its own sites know: an issuer or a title of other sites is unknown to it.

use sqlx::{Row, SqliteConnection};
use stagedoor::catalog::{DocumentKey, DocumentKind, Host, Issuer, KeyId, KeySet, Revoked, TitleId};

use super::nearest::{self, nearest};
use super::warnings::{Warning, WarningCode};
use super::{Scope, Store, StoreError, document_sites, record, site_keys};
use crate::validate::FieldError;

/// What was found out about the target of a revocation.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// The names of nothing.
    pub(super) unknown: Vec<Unknown>,
    /// Doubts that refuse nothing.
    pub(super) warnings: Vec<Warning>,
}

/// A name that is not known.
#[derive(Debug)]
pub(super) struct Unknown {
    code: WarningCode,
    /// The member with the name.
    field: &'static str,
    /// The name.
    found: String,
    /// What the name should have been, and what is wrong with it.
    detail: String,
    /// The ids of the set, for a key that is not in it.
    kids: Vec<String>,
}

impl Unknown {
    /// The warning of a revocation that was forced.
    pub(super) fn into_warning(self) -> Warning {
        Warning::new(self.code, self.field, self.detail)
    }
}

/// Checks the site and the target of a revocation, within the transaction that adds it.
pub(super) async fn check(
    connection: &mut SqliteConnection,
    host: &Host,
    what: &Revoked,
    scope: &Scope,
) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    let site_exists = exists(connection, &DocumentKey::Site(host.clone())).await?;
    if !site_exists {
        checked.miss(WarningCode::UnknownSite, "host", host.as_str(), "the host of a site, in the path");
    }
    let known = match what {
        Revoked::Session(_) | Revoked::Everything {} => return Ok(checked),
        Revoked::Title(id) => return title(connection, checked, (host, site_exists), id, scope).await,
        Revoked::Subject { issuer, .. } => {
            issuer_is_known(connection, host, issuer, scope, "what.subject.issuer").await?
        }
        Revoked::Token { issuer, .. } => {
            issuer_is_known(connection, host, issuer, scope, "what.token.issuer").await?
        }
        Revoked::Key { issuer, .. } => {
            issuer_is_known(connection, host, issuer, scope, "what.key.issuer").await?
        }
    };
    match known {
        Known::No(field, issuer) => {
            let expected = "an issuer, or a set of keys, that has a document or that a site names";
            checked.miss(WarningCode::UnknownIssuer, field, issuer.as_str(), expected);
            return Ok(checked);
        }
        Known::Elsewhere(field, issuer) if site_exists => {
            let detail = format!(
                "expected an issuer, or a set of keys, that the site {host} names, found `{issuer}`: \
                 the revocation affects nobody on that site as long as it does not"
            );
            checked.warnings.push(Warning::new(WarningCode::IssuerNotOfSite, field, detail));
        }
        Known::Elsewhere(..) | Known::Here => {}
    }
    if let Revoked::Key { issuer, kid } = what {
        key(connection, &mut checked, issuer, kid).await?;
    }
    Ok(checked)
}

impl Checked {
    fn miss(&mut self, code: WarningCode, field: &'static str, found: &str, expected: &str) {
        let detail = format!("expected {expected}, found `{found}`");
        self.unknown.push(Unknown { code, field, found: found.to_owned(), detail, kids: Vec::new() });
    }
}

async fn title(
    connection: &mut SqliteConnection,
    mut checked: Checked,
    (host, site_exists): (&Host, bool),
    id: &TitleId,
    scope: &Scope,
) -> Result<Checked, StoreError> {
    let field = "what.title";
    if document_sites::shows(connection, DocumentKind::Title, host, id.as_str()).await? {
        return Ok(checked);
    }
    if scope.sites().is_none() && exists(connection, &DocumentKey::Title(id.clone())).await? {
        if site_exists {
            let detail = format!(
                "expected a title that is shown on {host}, found `{id}`, which is shown on other sites only"
            );
            checked.warnings.push(Warning::new(WarningCode::TitleNotOnSite, field, detail));
        }
        return Ok(checked);
    }
    let expected = match scope.sites() {
        None => "the id of a title".to_owned(),
        Some(_) => format!("the id of a title that is shown on {host}"),
    };
    checked.miss(WarningCode::UnknownTitle, field, id.as_str(), &expected);
    Ok(checked)
}

/// Who knows an issuer.
enum Known<'a> {
    /// The site.
    Here,
    /// Other sites, or a set of keys that the site does not name.
    Elsewhere(&'static str, &'a Issuer),
    /// Nobody that the API key may know of.
    No(&'static str, &'a Issuer),
}

async fn issuer_is_known<'a>(
    connection: &mut SqliteConnection,
    host: &Host,
    issuer: &'a Issuer,
    scope: &Scope,
    field: &'static str,
) -> Result<Known<'a>, StoreError> {
    if site_keys::names(connection, host, issuer).await? {
        return Ok(Known::Here);
    }
    let elsewhere = scope.sites().is_none()
        && (exists(connection, &DocumentKey::Keys(issuer.clone())).await?
            || site_keys::is_named(connection, issuer).await?);
    Ok(if elsewhere { Known::Elsewhere(field, issuer) } else { Known::No(field, issuer) })
}

async fn key(
    connection: &mut SqliteConnection,
    checked: &mut Checked,
    issuer: &Issuer,
    kid: &KeyId,
) -> Result<(), StoreError> {
    let field = "what.key.kid";
    let body = record::find(connection, &DocumentKey::Keys(issuer.clone())).await?;
    let body = body.and_then(|record| record.body);
    let Some(body) = body else {
        let expected = format!("the id of a key of `{issuer}`, of which no set of keys has a document");
        checked.miss(WarningCode::UnknownKey, field, kid.as_str(), &expected);
        return Ok(());
    };
    let doubt = match serde_json::from_str::<KeySet>(body.expose()) {
        Ok(set) if set.key(kid.as_str()).is_some() => return Ok(()),
        Ok(KeySet { keys, published: None, .. }) => {
            let expected = format!("the id of a key of `{issuer}`");
            checked.miss(WarningCode::UnknownKey, field, kid.as_str(), &expected);
            if let Some(unknown) = checked.unknown.last_mut() {
                unknown.kids = keys.into_iter().map(|key| key.kid.as_str().to_owned()).collect();
            }
            return Ok(());
        }
        Ok(_) => "the issuer publishes keys of its own, which only edges read",
        Err(_) => "the stored set of keys cannot be read by this version",
    };
    let detail =
        format!("expected the id of a key of `{issuer}`, found `{kid}`, which is not checked: {doubt}");
    checked.warnings.push(Warning::new(WarningCode::UnverifiedKey, field, detail));
    Ok(())
}

async fn exists(connection: &mut SqliteConnection, key: &DocumentKey) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("SELECT 1 FROM documents WHERE kind = $1 AND id = $2 AND body IS NOT NULL");
    Ok(row.bind(key.kind().name()).bind(key.id()).fetch_optional(connection).await?.is_some())
}

/// The greatest number of a site's titles on either side of an unknown title, in byte order, that are compared with it.
const TITLES: i64 = 10_000;

/// The greatest number of a site's issuers that are compared with an unknown one.
const ISSUERS: i64 = 1_000;

impl Store {
    /// The refusal of a revocation: each unknown name, with the nearest known name that the API key may see.
    pub(super) async fn refusals(
        &self,
        host: &Host,
        unknown: Vec<Unknown>,
        scope: &Scope,
    ) -> Result<Vec<FieldError>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let mut errors = Vec::with_capacity(unknown.len());
        for name in unknown {
            let near = suggestion(&mut connection, host, &name, scope).await?;
            let detail = name.detail + &nearest::question(near);
            errors.push(FieldError { field: name.field.to_owned(), detail });
        }
        Ok(errors)
    }
}

async fn suggestion(
    connection: &mut SqliteConnection,
    host: &Host,
    Unknown { code, found, kids, .. }: &Unknown,
    scope: &Scope,
) -> Result<Option<String>, StoreError> {
    let may_see = |kind| scope.check_kind(kind).is_ok();
    match code {
        WarningCode::UnknownSite => {
            Ok(nearest::document(connection, DocumentKind::Site, found, scope).await?)
        }
        WarningCode::UnknownTitle if may_see(DocumentKind::Title) => {
            let near = nearest(found, titles_near(connection, host, found).await?);
            Ok(nearest::first_visible(connection, DocumentKind::Title, near, scope).await?)
        }
        WarningCode::UnknownIssuer => {
            let mut known = Vec::new();
            if may_see(DocumentKind::Site) {
                let named = sqlx::query_scalar("SELECT issuer FROM site_keys WHERE host = $1 LIMIT $2");
                known = named.bind(host.as_str()).bind(ISSUERS).fetch_all(&mut *connection).await?;
            }
            known.extend(nearest::document(connection, DocumentKind::Keys, found, scope).await?);
            Ok(nearest(found, known).into_iter().next())
        }
        WarningCode::UnknownKey if may_see(DocumentKind::Keys) => {
            Ok(nearest(found, kids.iter().cloned()).into_iter().next())
        }
        _ => Ok(None),
    }
}

/// The ids of a site's titles around `found` in byte order.
async fn titles_near(
    connection: &mut SqliteConnection,
    host: &Host,
    found: &str,
) -> Result<Vec<String>, sqlx::Error> {
    let mut near = Vec::new();
    for side in [
        "SELECT id FROM document_sites WHERE kind = 'title' AND host = $1 AND id >= $2 ORDER BY id LIMIT $3",
        "SELECT id FROM document_sites WHERE kind = 'title' AND host = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
    ] {
        let rows = sqlx::query(side).bind(host.as_str()).bind(found).bind(TITLES);
        for row in rows.fetch_all(&mut *connection).await? {
            near.push(row.try_get("id")?);
        }
    }
    Ok(near)
}
