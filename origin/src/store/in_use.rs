//! The documents that depend on another one, which is therefore not deleted by mistake: the titles, creatives and campaigns of a
//! site, the sites that name a set of keys, and the campaigns and sites that name a creative.

use std::fmt;

use sqlx::SqliteConnection;
use stagedoor::catalog::{DocumentKey, DocumentKind};

use super::warnings::{Warning, WarningCode};
use super::{Scope, record};

/// The documents that depend on a document. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependents(Vec<Group>);

/// The documents of one kind that depend on a document. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    relation: &'static Relation,
    /// Some of those that the API key may see.
    named: Vec<DocumentKey>,
    /// Their number, if the API key may see all of them.
    count: Option<usize>,
}

/// How documents of a kind depend on a document.
#[derive(Debug, PartialEq, Eq)]
struct Relation {
    kind: DocumentKind,
    /// The query of their ids in order: `$1` is the id of the document, and `$2` the greatest number.
    ids: &'static str,
    /// What is said of one of them, and of several.
    one: &'static str,
    several: &'static str,
}

const OF_SITE: &[Relation] = &[
    Relation {
        kind: DocumentKind::Title,
        ids: "SELECT id FROM document_sites WHERE kind = 'title' AND host = $1 ORDER BY id LIMIT $2",
        one: "one title is shown on it",
        several: "titles are shown on it",
    },
    Relation {
        kind: DocumentKind::Creative,
        ids: "SELECT id FROM document_sites WHERE kind = 'creative' AND host = $1 ORDER BY id LIMIT $2",
        one: "one creative may be shown on it",
        several: "creatives may be shown on it",
    },
    Relation {
        kind: DocumentKind::Campaigns,
        ids: "SELECT id FROM documents WHERE kind = 'campaigns' AND id = $1 AND body IS NOT NULL LIMIT $2",
        one: "one document of campaigns belongs to it",
        several: "documents of campaigns belong to it",
    },
];

const OF_KEYS: &[Relation] = &[Relation {
    kind: DocumentKind::Site,
    ids: "SELECT host FROM site_keys WHERE issuer = $1 ORDER BY host LIMIT $2",
    one: "one site names it",
    several: "sites name it",
}];

const OF_CREATIVE: &[Relation] = &[
    Relation {
        kind: DocumentKind::Campaigns,
        ids: "SELECT id FROM creative_uses WHERE kind = 'campaigns' AND creative = $1 ORDER BY id LIMIT $2",
        one: "one site has campaigns that name it",
        several: "sites have campaigns that name it",
    },
    Relation {
        kind: DocumentKind::Site,
        ids: "SELECT id FROM creative_uses WHERE kind = 'site' AND creative = $1 ORDER BY id LIMIT $2",
        one: "one site names it in its `ads`",
        several: "sites name it in their `ads`",
    },
];

impl Dependents {
    /// The greatest number of named documents of a kind.
    const NAMED: usize = 10;

    /// The greatest number of documents that are looked at for the names of those that a limited key may see.
    const SEARCHED: usize = 100;

    /// The greatest number that is counted.
    const COUNTED: usize = 1_000;

    /// The documents that depend on one, within the transaction that deletes it.
    pub(super) async fn of(
        connection: &mut SqliteConnection,
        key: &DocumentKey,
        scope: &Scope,
    ) -> Result<Option<Self>, sqlx::Error> {
        let relations = match key {
            DocumentKey::Site(_) => OF_SITE,
            DocumentKey::Keys(_) => OF_KEYS,
            DocumentKey::Creative(_) => OF_CREATIVE,
            DocumentKey::Title(_) | DocumentKey::Revocations(_) | DocumentKey::Campaigns(_) => &[],
        };
        let mut groups = Vec::new();
        for relation in relations {
            groups.extend(Group::of(connection, relation, key.id(), scope).await?);
        }
        Ok(Some(Self(groups)).filter(|found| !found.0.is_empty()))
    }

    /// Some of those that the API key may see.
    pub fn named(&self) -> Vec<DocumentKey> {
        self.0.iter().flat_map(|group| group.named.iter().cloned()).collect()
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

impl Group {
    async fn of(
        connection: &mut SqliteConnection,
        relation: &'static Relation,
        id: &str,
        scope: &Scope,
    ) -> Result<Option<Self>, sqlx::Error> {
        let kind = relation.kind;
        let most = i64::try_from(Dependents::COUNTED + 1).unwrap_or(i64::MAX);
        let ids: Vec<String> =
            sqlx::query_scalar(relation.ids).bind(id).bind(most).fetch_all(&mut *connection).await?;
        if ids.is_empty() {
            return Ok(None);
        }
        let mut named = Vec::new();
        for id in ids.iter().take(Dependents::SEARCHED).filter(|_| scope.check_kind(kind).is_ok()) {
            let Ok(dependent) = DocumentKey::new(kind, id) else { continue };
            let visible = scope.sites().is_none() || {
                let body = record::find(connection, &dependent).await?.and_then(|record| record.body);
                body.is_some_and(|body| scope.check(&dependent, Some(body.expose())).is_ok())
            };
            if visible {
                named.push(dependent);
            }
            if named.len() == Dependents::NAMED {
                break;
            }
        }
        // The number of other tenants' documents is confidential.
        let may_count = scope.sites().is_none() && scope.check_kind(kind).is_ok();
        Ok(Some(Self { relation, named, count: may_count.then_some(ids.len()) }))
    }
}

impl fmt::Display for Dependents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, group) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{group}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const COUNTED: usize = Dependents::COUNTED;
        let named: Vec<_> = self.named.iter().map(|key| format!("`{}`", key.id())).collect();
        let named = named.join(", ");
        let Relation { one, several, .. } = self.relation;
        match self.count {
            Some(1) => write!(f, "{one}: {named}"),
            Some(count) if count > COUNTED => {
                write!(f, "more than {COUNTED} {several}, the first of them {named}")
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
