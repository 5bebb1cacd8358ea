//! The transaction that changes a document and adds the change to the outbox.

use serde::Deserialize;
use serde::de::IgnoredAny;
use sqlx::SqliteConnection;
use stagedoor::catalog::{DocumentKey, DocumentKind};

use super::{
    Actor, OutOfScope, Record, Store, StoreError, Urgency, hosts, record, revision, title_sites, turn,
};
use crate::clock::UnixMillis;
use crate::validate::FieldError;

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

/// The outcome of a write.
#[derive(Clone, Debug)]
pub enum Written {
    /// The document did not exist, or was deleted.
    Created(Record),
    /// The document was different.
    Changed(Record),
    /// The document was the same, and nothing was written. A deletion may find neither document nor tombstone.
    Unchanged(Option<Record>),
    /// The key has no access, and nothing was written.
    Forbidden(OutOfScope),
    /// Edges would fetch from a site's host, and nothing was written.
    Clashes(Vec<FieldError>),
    /// The expectation was not met, and nothing was written.
    Refused {
        /// The current revision of the document, if there is one.
        found: Option<u64>,
    },
}

impl Store {
    /// Writes a document, or deletes it with `None`, and adds the change to the outbox: both or neither.
    pub async fn write(
        &self,
        key: &DocumentKey,
        body: Option<&str>,
        expectation: &Expectation,
        by: &Actor,
        now: UnixMillis,
    ) -> Result<Written, StoreError> {
        let mut transaction = self.write_transaction().await?;
        let current = record::find(&mut transaction, key).await?;
        // Both the replaced document and the new one have to be within the scope.
        let replaced = current.as_ref().and_then(|record| record.body.as_ref());
        for body in [replaced.map(|body| body.expose().as_str()), body] {
            if let Err(refusal) = by.scope.check(key, body) {
                return Ok(Written::Forbidden(refusal));
            }
        }
        let live = current.as_ref().and_then(|record| Some((record.revision, record.body.as_ref()?)));
        let found = live.map(|(revision, _)| revision);
        if !expectation.holds(found) {
            return Ok(Written::Refused { found });
        }
        if let Some(body) = body {
            let errors = hosts::clashes(&mut transaction, key, body, &by.scope).await?;
            if !errors.is_empty() {
                return Ok(Written::Clashes(errors));
            }
        }
        if live.map(|(_, body)| body.expose().as_str()) == body {
            return Ok(Written::Unchanged(current));
        }
        let revision = revision::next(&mut transaction, now).await?;
        record::put(&mut transaction, key, revision, body, Some(&by.id)).await?;
        if key.kind() == DocumentKind::Title {
            title_sites::note(&mut transaction, key.id(), body).await?;
        }
        let replaced = replaced.map(|body| body.expose().as_str());
        let change = Queued {
            document: (key.kind().name(), key.id()),
            revision,
            urgency: urgency(key.kind(), body),
            party: &turn::party(by, key, body.or(replaced)),
            by: Some(&by.id),
        };
        enqueue(&mut transaction, change, now).await?;
        let record = record::find(&mut transaction, key).await?.ok_or(sqlx::Error::RowNotFound)?;
        transaction.commit().await?;
        Ok(if found.is_none() { Written::Created(record) } else { Written::Changed(record) })
    }

    /// Adds every refused document to the outbox again, and returns their number.
    ///
    /// Each gets a new revision, so that the edge accepts it even if it has a document of another database.
    pub async fn retry_failed(&self, now: UnixMillis) -> Result<usize, StoreError> {
        let mut transaction = self.write_transaction().await?;
        // By the columns, because this version may be unable to read the key.
        let failed: Vec<(String, String, Option<String>, String)> = sqlx::query_as(
            "SELECT d.kind, d.id, d.body, o.party FROM outbox o JOIN documents d ON d.revision = o.revision
              WHERE o.state = 'failed' ORDER BY o.revision",
        )
        .fetch_all(&mut *transaction)
        .await?;
        for (kind, id, body, party) in &failed {
            let revision = revision::next(&mut transaction, now).await?;
            sqlx::query("UPDATE documents SET revision = $1 WHERE kind = $2 AND id = $3")
                .bind(revision)
                .bind(kind)
                .bind(id)
                .execute(&mut *transaction)
                .await?;
            let known = DocumentKind::ALL.into_iter().find(|known| known.name() == kind);
            let urgency = known.map_or(Urgency::Ordinary, |known| urgency(known, body.as_deref()));
            let change = Queued { document: (kind, id), revision, urgency, party, by: None };
            enqueue(&mut transaction, change, now).await?;
        }
        transaction.commit().await?;
        Ok(failed.len())
    }
}

/// The urgency of a change of a document.
fn urgency(kind: DocumentKind, body: Option<&str>) -> Urgency {
    /// The members of a title that decide whether anybody may watch it.
    #[derive(Deserialize)]
    struct Offered {
        offers: Vec<IgnoredAny>,
    }
    match (kind, body) {
        (DocumentKind::Revocations, _) => Urgency::Revocation,
        (_, None) | (DocumentKind::Keys, _) => Urgency::TakeDown,
        (DocumentKind::Title, Some(body)) => match serde_json::from_str(body) {
            Ok(Offered { offers }) if offers.is_empty() => Urgency::TakeDown,
            Ok(_) | Err(_) => Urgency::Ordinary,
        },
        (DocumentKind::Site, Some(_)) => Urgency::Ordinary,
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
