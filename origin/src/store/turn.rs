//! Whose turn it is in the outbox. Those who change much wait for themselves, not the others for them.
//!
//! Each change has a turn among those of its urgency, given when it is made: one more than the last turn of the same party
//! that waits, and no less than one more than the last turn that was delivered. So each party has one change in a turn, whoever
//! has nothing waiting comes next, and nobody saves up turns. To look for what is due reads an index in its order, however
//! much waits.

use sqlx::SqliteConnection;
use stagedoor::catalog::DocumentKey;

use super::{Actor, Urgency, title_sites};

/// For whom a change is made: a tenant's API key, or the site that an API key for all sites changes.
pub(super) fn party(by: &Actor, key: &DocumentKey, body: Option<&str>) -> String {
    let site = match key {
        _ if by.scope.sites().is_some() => None,
        DocumentKey::Site(host) | DocumentKey::Revocations(host) => Some(host.clone()),
        DocumentKey::Title(_) => body.and_then(|body| title_sites::shown_on(body).into_iter().next()),
        DocumentKey::Keys(_) => None,
    };
    site.map_or_else(|| format!("key:{}", by.id), |host| format!("site:{host}"))
}

/// The turn of a change of a document, before its row is there.
///
/// A document that waits already keeps its place. It gets no turn that has passed, or one that changes all the time would
/// always be the first.
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
