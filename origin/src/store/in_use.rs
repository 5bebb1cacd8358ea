//! The documents that depend on another one, which is therefore not deleted by mistake: the titles of a site, and the sites that
//! name a set of keys.

use std::fmt;

use sqlx::SqliteConnection;
use stagedoor::catalog::{DocumentKey, DocumentKind};

use super::warnings::{Warning, WarningCode};
use super::{Scope, record};

/// The documents that depend on a document. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependents {
    /// Some of those that the API key may see.
    pub named: Vec<DocumentKey>,
    /// Their number, if the API key may see all of them.
    count: Option<usize>,
    kind: DocumentKind,
}

impl Dependents {
    /// The greatest number of named documents.
    const NAMED: usize = 10;

    /// The greatest number of documents that are looked at for the names of those that a limited key may see.
    const SEARCHED: i64 = 100;

    /// The greatest number that is counted.
    const COUNTED: usize = 1_000;

    /// The documents that depend on one, within the transaction that deletes it.
    pub(super) async fn of(
        connection: &mut SqliteConnection,
        key: &DocumentKey,
        scope: &Scope,
    ) -> Result<Option<Self>, sqlx::Error> {
        let (kind, first, count) = match key {
            DocumentKey::Site(_) => (
                DocumentKind::Title,
                "SELECT id FROM title_sites WHERE host = $1 ORDER BY id LIMIT $2",
                "SELECT COUNT(*) FROM (SELECT id FROM title_sites WHERE host = $1 LIMIT $2) AS dependents",
            ),
            DocumentKey::Keys(_) => (
                DocumentKind::Site,
                "SELECT host FROM site_keys WHERE issuer = $1 ORDER BY host LIMIT $2",
                "SELECT COUNT(*) FROM (SELECT host FROM site_keys WHERE issuer = $1 LIMIT $2) AS dependents",
            ),
            DocumentKey::Title(_) | DocumentKey::Revocations(_) => return Ok(None),
        };
        let ids: Vec<String> =
            sqlx::query_scalar(first).bind(key.id()).bind(Self::SEARCHED).fetch_all(&mut *connection).await?;
        if ids.is_empty() {
            return Ok(None);
        }
        let mut named = Vec::new();
        for id in ids.iter().filter(|_| scope.check_kind(kind).is_ok()) {
            let Ok(dependent) = DocumentKey::new(kind, id) else { continue };
            let visible = scope.sites().is_none() || {
                let body = record::find(connection, &dependent).await?.and_then(|record| record.body);
                body.is_some_and(|body| scope.check(&dependent, Some(body.expose())).is_ok())
            };
            if visible {
                named.push(dependent);
            }
            if named.len() == Self::NAMED {
                break;
            }
        }
        // The number of other tenants' documents is confidential.
        let count = if scope.sites().is_none() && scope.check_kind(kind).is_ok() {
            let most = i64::try_from(Self::COUNTED + 1).unwrap_or(i64::MAX);
            let count: i64 =
                sqlx::query_scalar(count).bind(key.id()).bind(most).fetch_one(connection).await?;
            Some(usize::try_from(count).unwrap_or(usize::MAX))
        } else {
            None
        };
        Ok(Some(Self { named, count, kind }))
    }

    /// The warning of a deletion that was forced.
    pub(super) fn warning(&self) -> Warning {
        let detail = format!("expected no document that depends on it: {self}");
        Warning::new(WarningCode::InUse, ".", detail)
    }

    /// The warning of a set of keys that has lost its last key, which has the effect of its deletion.
    pub(super) fn warning_without_key(&self) -> Warning {
        Warning::new(WarningCode::UnusableKeys, "keys", format!("expected a key, found none: {self}"))
    }
}

impl fmt::Display for Dependents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<_> = self.named.iter().map(|key| format!("`{}`", key.id())).collect();
        let named = named.join(", ");
        let (one, several) = match self.kind {
            DocumentKind::Title => ("one title is shown on it", "titles are shown on it"),
            DocumentKind::Site | DocumentKind::Keys | DocumentKind::Revocations => {
                ("one site names it", "sites name it")
            }
        };
        match self.count {
            Some(1) => write!(f, "{one}: {named}"),
            Some(count) if count > Self::COUNTED => {
                write!(f, "more than {} {several}, the first of them {named}", Self::COUNTED)
            }
            Some(count) if count > self.named.len() => {
                write!(f, "{count} {several}, the first of them {named}")
            }
            Some(count) => write!(f, "{count} {several}: {named}"),
            None if self.named.is_empty() => write!(f, "{several} that the API key may not see"),
            None => write!(f, "{several}, among them {named}"),
        }
    }
}
