//! Reads the edge's answer for each document of a batch.

use stagedoor::catalog::{Outcome, SyncBatch, SyncReport, SyncResult};

use super::PushError;
use crate::store::{Settlement, Verdict};

/// Reads a report. It has to have one result for each change of the batch, in the same order.
pub(super) fn settlements(batch: &SyncBatch, report: SyncReport) -> Result<Vec<Settlement>, PushError> {
    let sent = batch.changes.iter().map(|change| change.key.to_string());
    if !sent.eq(report.results.iter().map(|result| result.key.clone())) {
        return Err(PushError::Report("expected one result for each change, in its order".to_owned()));
    }
    let settlement = |(change, result): (&stagedoor::catalog::Change, SyncResult)| Settlement {
        key: change.key.clone(),
        revision: change.revision,
        edge_revision: result.revision,
        verdict: verdict(change.revision, result),
    };
    Ok(batch.changes.iter().zip(report.results).map(settlement).collect())
}

fn verdict(sent: u64, SyncResult { revision, outcome, detail, .. }: SyncResult) -> Verdict {
    let detail = || detail.unwrap_or_else(|| "the edge gave no reason".to_owned());
    match (outcome, revision) {
        // This database has no newer revision. So another database writes to this edge, or this one is an old copy. The
        // edge decides by a foreign document, and "delivered" would hide that.
        (Outcome::Stale, Some(held)) if held > sent => Verdict::Refuse(format!(
            "the edge holds revision {held}, which is newer and not of this database: retry to replace it"
        )),
        (Outcome::Applied | Outcome::Stale, _) => Verdict::Deliver,
        (Outcome::Invalid, _) => Verdict::Refuse(detail()),
        (Outcome::Failed, _) => Verdict::Retry(detail()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(outcome: Outcome, revision: Option<u64>) -> SyncResult {
        SyncResult { key: "v1/title/a".to_owned(), revision, outcome, detail: Some("why".to_owned()) }
    }

    #[test]
    fn outcomes_become_verdicts() {
        assert_eq!(verdict(5, result(Outcome::Applied, Some(5))), Verdict::Deliver);
        assert_eq!(
            verdict(5, result(Outcome::Stale, Some(5))),
            Verdict::Deliver,
            "it was sent before a crash"
        );
        assert_eq!(verdict(5, result(Outcome::Invalid, None)), Verdict::Refuse("why".to_owned()));
        assert_eq!(verdict(5, result(Outcome::Failed, Some(4))), Verdict::Retry("why".to_owned()));
        assert!(
            matches!(verdict(5, result(Outcome::Stale, Some(6))), Verdict::Refuse(why) if why.contains("holds revision 6"))
        );
    }

    #[test]
    fn a_report_has_to_answer_the_batch() {
        let batch =
            serde_json::from_str(r#"{"changes":[{"key":"v1/title/b","revision":5,"document":null}]}"#)
                .unwrap();
        let report = |results| SyncReport { results, visible_within_s: 0 };
        assert!(settlements(&batch, report(vec![result(Outcome::Applied, Some(5))])).is_err(), "another key");
        assert!(settlements(&batch, report(vec![])).is_err(), "no result");
    }
}
