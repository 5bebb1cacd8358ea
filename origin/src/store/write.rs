//! The transaction that changes a document and adds the change to the outbox.

use serde::Deserialize;
use serde::de::IgnoredAny;
use sqlx::SqliteConnection;
use stagedoor::catalog::{DocumentKey, DocumentKind};

use super::{
    Action, Actor, Dependents, OutOfScope, Record, Store, StoreError, Urgency, Warning, creative_uses,
    document_names, document_sites, history, hosts, record, revision, site_keys, turn, warnings,
};
use crate::clock::UnixMillis;
use crate::validate::{self, FieldError};

/// The state that a write expects of the document that it replaces (`If-Match`, `If-None-Match`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Any state.
    Any,
    /// The document does not exist, or was deleted.
    Absent,
    /// The document exists.
    Present,
    /// The document is at one of these revisions.
    Revision(Vec<u64>),
}

impl Expectation {
    /// Whether a document at this revision, or a missing document, meets it.
    fn holds(&self, live: Option<u64>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => live.is_none(),
            Self::Present => live.is_some(),
            Self::Revision(revisions) => live.is_some_and(|revision| revisions.contains(&revision)),
        }
    }
}

/// The manner of a change. Default: the change is stored, and refused where it does harm by mistake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Everything is checked, and nothing is stored.
    pub dry_run: bool,
    /// The change is made although other documents depend on it, or although it names nothing. It warns then.
    pub force: bool,
}

/// The outcome of a write. Unless it is done, nothing was written.
#[derive(Clone, Debug)]
pub enum Written {
    /// The write was made, or would be, in a dry run.
    Done(Box<Done>),
    /// There is no document to delete. The tombstone, if the document existed before.
    Missing(Option<Record>),
    /// The key has no access.
    Forbidden(OutOfScope),
    /// Edges would fetch from a site's host, or a secret that the document keeps is not stored.
    Invalid(Vec<FieldError>),
    /// Other documents depend on the document that was to be deleted.
    InUse(Dependents),
    /// The expectation was not met.
    Refused {
        /// The current revision of the document, if there is one.
        found: Option<u64>,
    },
}

/// A write that was made, or would be.
#[derive(Clone, Debug)]
pub struct Done {
    /// Its effect.
    pub effect: Effect,
    /// The document after it, or its tombstone.
    pub record: Record,
    /// The revision of the document before it; `None` if there was no document.
    pub found: Option<u64>,
    /// Warnings about the document after it.
    pub warnings: Vec<Warning>,
}

/// The effect of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The document did not exist, or was deleted.
    Create,
    /// The document was different.
    Change,
    /// The document was the same.
    Nothing,
    /// The document existed.
    Delete,
}

impl Store {
    /// Writes a document, or deletes it with `None`, and adds the change to the outbox: both or neither.
    pub async fn write(
        &self,
        key: &DocumentKey,
        body: Option<&str>,
        expectation: &Expectation,
        manner: Manner,
        by: &Actor,
        now: UnixMillis,
    ) -> Result<Written, StoreError> {
        let mut transaction = self.write_transaction().await?;
        let current = record::find(&mut transaction, key).await?;
        // Both the replaced document and the new one have to be within the scope.
        let replaced = current.as_ref().and_then(|record| record.body.as_ref());
        let replaced = replaced.map(|body| body.expose().as_str());
        for body in [replaced, body] {
            if let Err(refusal) = by.scope.check(key, body) {
                return Ok(Written::Forbidden(refusal));
            }
        }
        let found = current.as_ref().filter(|_| replaced.is_some()).map(|record| record.revision);
        if !expectation.holds(found) {
            return Ok(Written::Refused { found });
        }
        let completed = match body.map(|body| validate::with_stored_secrets(key, body, replaced)).transpose()
        {
            Ok(completed) => completed,
            Err(errors) => return Ok(Written::Invalid(errors)),
        };
        let body = completed.as_deref();
        let effect = match (replaced, body) {
            (None, None) => return Ok(Written::Missing(current)),
            (None, Some(_)) => Effect::Create,
            (Some(_), None) => Effect::Delete,
            (Some(replaced), Some(body)) if replaced == body => Effect::Nothing,
            (Some(_), Some(_)) => Effect::Change,
        };
        if let Some(body) = body {
            let errors = hosts::clashes(&mut transaction, key, body, &by.scope).await?;
            if !errors.is_empty() {
                return Ok(Written::Invalid(errors));
            }
        }
        let mut dependents = None;
        if effect == Effect::Delete {
            dependents = Dependents::of(&mut transaction, key, &by.scope).await?;
            if let Some(dependents) = dependents.as_ref().filter(|_| !manner.force) {
                return Ok(Written::InUse(dependents.clone()));
            }
        }
        let action = match effect {
            Effect::Create => Some(Action::Create),
            Effect::Change => Some(Action::Change),
            Effect::Delete => Some(Action::Delete),
            Effect::Nothing => None,
        };
        if let Some(action) = action {
            store(&mut transaction, key, (replaced, body), action, by, now).await?;
        }
        let record = record::find(&mut transaction, key).await?.ok_or(sqlx::Error::RowNotFound)?;
        let warnings = match body {
            Some(body) if warnings::is_set_without_key(key, body) => {
                let dependents = Dependents::of(&mut transaction, key, &by.scope).await?;
                dependents.iter().map(Dependents::warning_without_key).collect()
            }
            Some(body) => warnings::with_suggestions(&mut transaction, key, body, &by.scope).await?,
            None => dependents.iter().map(Dependents::warning).collect(),
        };
        // A transaction that is not committed is rolled back.
        if !manner.dry_run {
            transaction.commit().await?;
        }
        Ok(Written::Done(Box::new(Done { effect, record, found, warnings })))
    }

    /// Adds every refused document to the outbox again, and returns their number.
    ///
    /// Each gets a new revision, so that the edge accepts it even if it has a document of another database.
    pub async fn retry_failed(&self, now: UnixMillis) -> Result<usize, StoreError> {
        let mut transaction = self.write_transaction().await?;
        // By the columns, because this version may be unable to read the key.
        let failed: Vec<(String, String, Option<String>, String, i64)> = sqlx::query_as(
            "SELECT d.kind, d.id, d.body, o.party, o.revision FROM outbox o JOIN documents d ON d.revision = o.revision
              WHERE o.state = 'failed' ORDER BY o.revision",
        )
        .fetch_all(&mut *transaction)
        .await?;
        for (kind, id, body, party, refused) in &failed {
            send_again(&mut transaction, (kind, id), body.as_deref(), *refused, party, now).await?;
        }
        transaction.commit().await?;
        Ok(failed.len())
    }

    /// Adds every document to the outbox again, deleted ones too, and returns their number.
    ///
    /// After the restoration of a backup, the edge holds newer revisions than the database. Each document gets a new revision, which
    /// the edge accepts. All of them are of one party, so that they keep no other change waiting.
    pub async fn resend(&self, now: UnixMillis) -> Result<usize, StoreError> {
        let (mut sent, mut last) = (0, (String::new(), String::new()));
        loop {
            let mut transaction = self.write_transaction().await?;
            let page: Vec<(String, String, Option<String>, i64)> = sqlx::query_as(
                "SELECT kind, id, body, revision FROM documents WHERE (kind, id) > ($1, $2) ORDER BY kind, id LIMIT $3",
            )
            .bind(&last.0)
            .bind(&last.1)
            .bind(RESEND_PAGE)
            .fetch_all(&mut *transaction)
            .await?;
            for (kind, id, body, revision) in &page {
                send_again(&mut transaction, (kind, id), body.as_deref(), *revision, "resend", now).await?;
            }
            transaction.commit().await?;
            sent += page.len();
            match page.into_iter().next_back() {
                Some((kind, id, ..)) => last = (kind, id),
                None => return Ok(sent),
            }
        }
    }
}

/// How many documents are sent again in one transaction: others write in between.
const RESEND_PAGE: i64 = 200;

/// Gives the current state of a document a new revision, and adds it to the outbox.
async fn send_again(
    transaction: &mut SqliteConnection,
    (kind, id): (&str, &str),
    body: Option<&str>,
    current: i64,
    party: &str,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let revision = revision::next(transaction, now).await?;
    history::renumber(transaction, current, revision).await?;
    sqlx::query("UPDATE documents SET revision = $1 WHERE kind = $2 AND id = $3")
        .bind(revision)
        .bind(kind)
        .bind(id)
        .execute(&mut *transaction)
        .await?;
    let known = DocumentKind::ALL.into_iter().find(|known| known.name() == kind);
    let urgency = known.map_or(Urgency::Ordinary, |known| urgency(known, body));
    let change = Queued { document: (kind, id), revision, urgency, party, by: None };
    Ok(enqueue(transaction, change, now).await?)
}

/// Stores a document, or its tombstone, with everything that is derived from it, and adds the change to the outbox.
async fn store(
    transaction: &mut SqliteConnection,
    key: &DocumentKey,
    (replaced, body): (Option<&str>, Option<&str>),
    action: Action,
    by: &Actor,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let revision = revision::next(transaction, now).await?;
    record::put(transaction, key, revision, body, Some(&by.id)).await?;
    match key.kind() {
        kind @ (DocumentKind::Title | DocumentKind::Creative) => {
            document_sites::note(transaction, kind, key.id(), body).await?;
            document_names::note(transaction, kind, key.id(), body).await?;
        }
        kind @ DocumentKind::Site => {
            site_keys::note(transaction, key.id(), body).await?;
            creative_uses::note(transaction, kind, key.id(), body).await?;
        }
        kind @ DocumentKind::Campaigns => creative_uses::note(transaction, kind, key.id(), body).await?,
        DocumentKind::Keys | DocumentKind::Revocations => {}
    }
    let state = history::State { key, revision, action, body: body.or(replaced), by: &by.id };
    history::begin(transaction, state, replaced, now).await?;
    let change = Queued {
        document: (key.kind().name(), key.id()),
        revision,
        urgency: urgency(key.kind(), body),
        party: &turn::party(by, key, body.or(replaced)),
        by: Some(&by.id),
    };
    Ok(enqueue(transaction, change, now).await?)
}

/// The urgency of a change of a document.
fn urgency(kind: DocumentKind, body: Option<&str>) -> Urgency {
    /// The members of a title that decide whether anybody may watch it.
    #[derive(Deserialize)]
    struct Offered {
        offers: Vec<IgnoredAny>,
    }
    /// The members of a document of campaigns that decide whether anything is advertised.
    #[derive(Deserialize)]
    struct Advertised {
        campaigns: Vec<IgnoredAny>,
    }
    match (kind, body) {
        (DocumentKind::Revocations, _) => Urgency::Revocation,
        (_, None) | (DocumentKind::Keys, _) => Urgency::TakeDown,
        (DocumentKind::Title, Some(body)) => match serde_json::from_str(body) {
            Ok(Offered { offers }) if offers.is_empty() => Urgency::TakeDown,
            Ok(_) | Err(_) => Urgency::Ordinary,
        },
        (DocumentKind::Campaigns, Some(body)) => match serde_json::from_str(body) {
            Ok(Advertised { campaigns }) if campaigns.is_empty() => Urgency::TakeDown,
            Ok(_) | Err(_) => Urgency::Ordinary,
        },
        (DocumentKind::Site | DocumentKind::Creative, Some(_)) => Urgency::Ordinary,
    }
}

/// A change for the outbox.
pub(super) struct Queued<'a> {
    /// Kind and id.
    pub(super) document: (&'a str, &'a str),
    pub(super) revision: i64,
    pub(super) urgency: Urgency,
    /// Its party.
    pub(super) party: &'a str,
    /// The public id of the API key that made it.
    pub(super) by: Option<&'a str>,
}

/// Adds a change to the outbox.
pub(super) async fn enqueue(
    transaction: &mut SqliteConnection,
    Queued { document: (kind, id), revision, urgency, party, by }: Queued<'_>,
    now: UnixMillis,
) -> Result<(), sqlx::Error> {
    let turn = turn::next(transaction, (kind, id), urgency, party).await?;
    let insert = sqlx::query(
        "INSERT INTO outbox (revision, kind, id, changed_at, urgency, changed_by, party, turn)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    );
    let insert = insert.bind(revision).bind(kind).bind(id).bind(now).bind(urgency).bind(by);
    let insert = insert.bind(party).bind(turn);
    insert.execute(transaction).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_that_take_access_away_are_urgent() {
        let title = |offers: &str| format!(r#"{{"id":"a","sites":["a.example"],"offers":[{offers}]}}"#);
        for (kind, body, expected) in [
            (DocumentKind::Revocations, Some("{}".to_owned()), Urgency::Revocation),
            (DocumentKind::Title, None, Urgency::TakeDown),
            (DocumentKind::Site, None, Urgency::TakeDown),
            (DocumentKind::Keys, Some("{}".to_owned()), Urgency::TakeDown),
            (DocumentKind::Title, Some(title("")), Urgency::TakeDown),
            (DocumentKind::Title, Some(title(r#"{"id":"all"}"#)), Urgency::Ordinary),
            (DocumentKind::Site, Some("{}".to_owned()), Urgency::Ordinary),
            (DocumentKind::Creative, None, Urgency::TakeDown),
            (DocumentKind::Creative, Some("{}".to_owned()), Urgency::Ordinary),
            (DocumentKind::Campaigns, Some(r#"{"campaigns":[]}"#.to_owned()), Urgency::TakeDown),
            (DocumentKind::Campaigns, Some(r#"{"campaigns":[{}]}"#.to_owned()), Urgency::Ordinary),
        ] {
            assert_eq!(urgency(kind, body.as_deref()), expected, "{kind:?} {body:?}");
        }
    }

    #[test]
    fn a_deleted_document_counts_as_none() {
        assert!(Expectation::Any.holds(None) && Expectation::Any.holds(Some(1)));
        assert!(Expectation::Absent.holds(None) && !Expectation::Absent.holds(Some(1)));
        assert!(Expectation::Present.holds(Some(1)) && !Expectation::Present.holds(None));
        let revision = Expectation::Revision(vec![1, 2]);
        assert!(revision.holds(Some(2)) && !revision.holds(Some(3)) && !revision.holds(None));
    }
}
