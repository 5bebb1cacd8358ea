//! Puts a batch together.

use stagedoor::catalog::{Change, SyncBatch};

use crate::store::{Due, StoreError};

/// As many of the due documents as a batch may hold, in their order; always the first.
pub(super) fn batch(due: &[Due]) -> Result<SyncBatch, StoreError> {
    let mut bytes = ENVELOPE_BYTES;
    let within = |due: &&Due| {
        bytes +=
            ENVELOPE_BYTES + due.key.id().len() + due.body.as_ref().map_or(0, |body| body.expose().len());
        bytes <= SyncBatch::MAX_BYTES
    };
    let fitting = due.iter().take(SyncBatch::MAX_CHANGES).take_while(within).count().max(1);
    let changes = due.iter().take(fitting).map(change).collect::<Result<_, _>>()?;
    Ok(SyncBatch { changes })
}

/// More than the member names, the revision and the kind of a change take.
const ENVELOPE_BYTES: usize = 128;

fn change(due: &Due) -> Result<Change, StoreError> {
    let corrupt = |_| StoreError::Corrupt(due.key.clone());
    let document = due.body.as_ref().map(|body| serde_json::from_str(body.expose()).map_err(corrupt));
    Ok(Change { key: due.key.clone(), revision: due.revision, document: document.transpose()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stagedoor::redacted::Redacted;

    fn due(count: usize, body_bytes: usize) -> Vec<Due> {
        let body = format!("\"{}\"", "x".repeat(body_bytes - 2));
        let key = |n: usize| format!("v1/title/title-{n}").parse().unwrap();
        (0..count)
            .map(|n| Due { key: key(n), revision: n as u64, body: Some(Redacted::new(body.clone())) })
            .collect()
    }

    #[test]
    fn a_batch_keeps_within_its_bounds() {
        for (documents, body_bytes, expected) in [
            (1, 10, 1),
            (250, 10, SyncBatch::MAX_CHANGES),
            (10, 1024 * 1024, 3),
            (2, SyncBatch::MAX_BYTES, 1),
        ] {
            let batch = batch(&due(documents, body_bytes)).unwrap();
            assert_eq!(batch.changes.len(), expected, "{documents} documents of {body_bytes} bytes");
            assert!(
                batch.changes.iter().map(|change| change.revision).eq(0..expected as u64),
                "not in order"
            );
            let bytes = serde_json::to_vec(&batch).unwrap().len();
            assert!(expected == 1 || bytes <= SyncBatch::MAX_BYTES, "{bytes} bytes");
        }
    }
}
