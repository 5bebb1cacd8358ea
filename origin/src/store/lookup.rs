//! Looks up the documents that other documents name, each once for a request.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Deserialize;
use sqlx::{Row, Sqlite, SqliteConnection};
use stagedoor::catalog::{
    Algorithm, DocumentKey, DocumentKind, GeographyPolicy, GroupName, Host, Issuer, KeySet,
};

use super::record;

/// The looked-up facts. They hold within one transaction.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    exists: HashMap<(DocumentKind, String), bool>,
    shown: HashSet<(DocumentKind, Host, String)>,
    groups: HashMap<Host, BTreeSet<GroupName>>,
    keys: HashMap<Issuer, SetOfKeys>,
}

/// The uses of a set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SetOfKeys {
    /// It has no key, and the issuer publishes none.
    pub(super) is_empty: bool,
    /// Its first key signs sessions.
    pub(super) signs_sessions: bool,
}

/// The greatest number of ids in a query.
const CHUNK: usize = 500;

impl Lookup {
    /// Finds out which documents of a kind exist.
    pub(super) async fn learn<'a>(
        &mut self,
        connection: &mut SqliteConnection,
        kind: DocumentKind,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), sqlx::Error> {
        let unknown: Vec<&str> = ids.into_iter().filter(|id| !self.knows(kind, id)).collect();
        for chunk in unknown.chunks(CHUNK) {
            let mut query = sqlx::QueryBuilder::<Sqlite>::new("SELECT id FROM documents WHERE kind = ");
            query.push_bind(kind.name()).push(" AND body IS NOT NULL AND id IN (");
            let mut list = query.separated(", ");
            for id in chunk {
                list.push_bind(*id);
                self.exists.insert((kind, (*id).to_owned()), false);
            }
            query.push(")");
            for row in query.build().fetch_all(&mut *connection).await? {
                self.exists.insert((kind, row.try_get("id")?), true);
            }
        }
        Ok(())
    }

    /// Finds out which documents of a kind may be shown on a site.
    pub(super) async fn learn_shown<'a>(
        &mut self,
        connection: &mut SqliteConnection,
        kind: DocumentKind,
        host: &Host,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), sqlx::Error> {
        let ids: Vec<&str> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        for chunk in ids.chunks(CHUNK) {
            let mut query = sqlx::QueryBuilder::<Sqlite>::new("SELECT id FROM document_sites WHERE kind = ");
            query.push_bind(kind.name()).push(" AND host = ").push_bind(host.as_str()).push(" AND id IN (");
            let mut list = query.separated(", ");
            for id in chunk {
                list.push_bind(*id);
            }
            query.push(")");
            for row in query.build().fetch_all(&mut *connection).await? {
                self.shown.insert((kind, host.clone(), row.try_get("id")?));
            }
        }
        Ok(())
    }

    /// Whether a document may be shown on a site, as [`Self::learn_shown`] found.
    pub(super) fn shows(&self, kind: DocumentKind, host: &Host, id: &str) -> bool {
        self.shown.contains(&(kind, host.clone(), id.to_owned()))
    }

    fn knows(&self, kind: DocumentKind, id: &str) -> bool {
        self.exists.contains_key(&(kind, id.to_owned()))
    }

    /// Whether a document exists, as [`Self::learn`] found.
    pub(super) fn exists(&self, kind: DocumentKind, id: &str) -> bool {
        self.exists.get(&(kind, id.to_owned())).copied().unwrap_or_default()
    }

    /// The groups of territories that a site defines.
    pub(super) async fn groups(
        &mut self,
        connection: &mut SqliteConnection,
        host: &Host,
    ) -> Result<&BTreeSet<GroupName>, sqlx::Error> {
        #[derive(Deserialize)]
        struct Groups {
            #[serde(default)]
            geography: GeographyPolicy,
        }
        if !self.groups.contains_key(host) {
            let body = body(connection, &DocumentKey::Site(host.clone())).await?;
            let site: Option<Groups> = body.and_then(|body| serde_json::from_str(&body).ok());
            let groups = site.map(|Groups { geography }| {
                geography.groups.keys().filter(|name| geography.group(name).is_some()).cloned().collect()
            });
            self.groups.insert(host.clone(), groups.unwrap_or_default());
        }
        Ok(self.groups.entry(host.clone()).or_default())
    }

    /// The uses of an existing set of keys. A set that cannot be read counts as useful.
    pub(super) async fn keys(
        &mut self,
        connection: &mut SqliteConnection,
        issuer: &Issuer,
    ) -> Result<SetOfKeys, sqlx::Error> {
        if let Some(known) = self.keys.get(issuer) {
            return Ok(*known);
        }
        let body = body(connection, &DocumentKey::Keys(issuer.clone())).await?;
        let set: Option<KeySet> = body.and_then(|body| serde_json::from_str(&body).ok());
        let uses = set.map_or(SetOfKeys { is_empty: false, signs_sessions: true }, |set| SetOfKeys {
            is_empty: set.keys.is_empty() && set.published.is_none(),
            signs_sessions: set.keys.first().is_some_and(|key| key.permits(Algorithm::HS256)),
        });
        self.keys.insert(issuer.clone(), uses);
        Ok(uses)
    }
}

async fn body(connection: &mut SqliteConnection, key: &DocumentKey) -> Result<Option<String>, sqlx::Error> {
    let body = record::find(connection, key).await?.and_then(|record| record.body);
    Ok(body.map(|body| body.expose().clone()))
}
