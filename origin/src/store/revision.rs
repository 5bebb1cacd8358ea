//! The next revision.

use sqlx::SqliteConnection;

use super::StoreError;
use crate::clock::UnixMillis;

/// The next revision: the time in Unix milliseconds, or the last revision plus one if that is more.
///
/// All documents share one sequence. It follows the clock, so a database that was lost and created again continues above the
/// revisions at the edge. Call it in a write transaction.
pub(super) async fn next(transaction: &mut SqliteConnection, now: UnixMillis) -> Result<i64, StoreError> {
    let last: Option<i64> =
        sqlx::query_scalar("SELECT MAX(revision) FROM documents").fetch_one(transaction).await?;
    Ok(after(last, now))
}

fn after(last: Option<i64>, now: UnixMillis) -> i64 {
    last.map_or(now.0, |last| now.0.max(last.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_follows_the_clock_and_never_goes_back() {
        assert_eq!(after(None, UnixMillis(1_000)), 1_000);
        assert_eq!(after(Some(10), UnixMillis(1_000)), 1_000);
        assert_eq!(after(Some(1_000), UnixMillis(1_000)), 1_001, "two changes in one millisecond");
        assert_eq!(after(Some(5_000), UnixMillis(1_000)), 5_001, "the clock was set back");
    }
}
