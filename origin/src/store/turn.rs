//! Fair order in the outbox: a party with many changes does not delay the others.
//!
//! A change gets a turn when it is made, among the changes of its urgency. The turn is one more than the party's last waiting
//! turn, and at least one more than the last delivered turn. So each party has one change in each turn, a party without waiting
//! changes is next, and no party can save up turns. The changes that are due are read from an index in order, however many
//! wait.

use sqlx::SqliteConnection;
use stagedoor::catalog::DocumentKey;

use super::{Actor, Urgency, document_sites};

/// The party of a change: a tenant's API key, or the site concerned if the key is for all sites.
pub(super) fn party(by: &Actor, key: &DocumentKey, body: Option<&str>) -> String {
    let site = match key {
        _ if by.scope.sites().is_some() => None,
        DocumentKey::Site(host) | DocumentKey::Revocations(host) | DocumentKey::Campaigns(host) => {
            Some(host.clone())
        }
        DocumentKey::Title(_) | DocumentKey::Creative(_) => {
            body.and_then(|body| document_sites::shown_on(body).into_iter().next())
        }
        DocumentKey::Keys(_) => None,
    };
    site.map_or_else(|| format!("key:{}", by.id), |host| format!("site:{host}"))
}

/// The turn of a change of a document, before its row is written.
///
/// A document that waits already keeps its turn, but never one that has passed. Otherwise a document that changes all the time
/// would always be first.
pub(super) async fn next(
    connection: &mut SqliteConnection,
    (kind, id): (&str, &str),
    urgency: Urgency,
    party: &str,
) -> Result<i64, sqlx::Error> {
    let delivered: Option<i64> =
        sqlx::query_scalar("SELECT MAX(turn) FROM outbox WHERE state = 'done' AND urgency = $1")
            .bind(urgency)
            .fetch_one(&mut *connection)
            .await?;
    let least = delivered.unwrap_or(0).saturating_add(1);
    let kept: Option<i64> = sqlx::query_scalar(
        "SELECT turn FROM (SELECT * FROM outbox WHERE kind = $1 AND id = $2 ORDER BY revision DESC LIMIT 1) AS newest
          WHERE state = 'pending' AND urgency = $3 AND party = $4",
    )
    .bind(kind)
    .bind(id)
    .bind(urgency)
    .bind(party)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(kept) = kept {
        return Ok(kept.max(least));
    }
    let last: Option<i64> = sqlx::query_scalar(
        "SELECT MAX(turn) FROM outbox WHERE state = 'pending' AND urgency = $1 AND party = $2",
    )
    .bind(urgency)
    .bind(party)
    .fetch_one(&mut *connection)
    .await?;
    Ok(last.map_or(least, |last| least.max(last.saturating_add(1))))
}
