//! Fills a batch with documents.

use stagedoor::catalog::{Change, DocumentKey, SyncBatch};

use crate::store::Outgoing;

/// A batch that is being filled.
#[derive(Debug)]
pub(super) struct Filling {
    changes: Vec<Change>,
    bytes: usize,
    room: Room,
}

/// The capacity of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    changes: usize,
    bytes: usize,
}

impl Room {
    /// A whole batch.
    pub(super) const WHOLE: Self = Self { changes: SyncBatch::MAX_CHANGES, bytes: SyncBatch::MAX_BYTES };

    /// The capacity for urgent documents while other documents wait. It leaves room for one document of any size, so a flood
    /// of revocations does not keep the rest of the catalogue from the edge.
    pub(super) const BESIDE_OTHERS: Self = Self {
        changes: SyncBatch::MAX_CHANGES / 4 * 3,
        bytes: SyncBatch::MAX_BYTES
            - SyncBatch::MAX_DOCUMENT_BYTES
            - 2 * SyncBatch::ENVELOPE_BYTES
            - LONGEST_ID,
    };
}

/// The longest identifier of a document; issuers have the longest.
const LONGEST_ID: usize = 256;

impl Filling {
    pub(super) const fn new(room: Room) -> Self {
        Self { changes: Vec::new(), bytes: SyncBatch::ENVELOPE_BYTES, room }
    }

    /// Gives the batch more capacity, for the next documents.
    pub(super) const fn widen(&mut self, room: Room) {
        self.room = room;
    }

    /// Whether the batch has the greatest number of documents.
    pub(super) const fn is_full(&self) -> bool {
        self.changes.len() >= self.room.changes
    }

    /// Adds a document if it fits; the first one always does. Returns whether it was added.
    pub(super) fn take(
        &mut self,
        key: &DocumentKey,
        Outgoing { revision, body }: Outgoing,
    ) -> Result<bool, CorruptDocument> {
        let body_bytes = body.as_ref().map_or(0, |body| body.expose().len());
        let bytes = self.bytes + SyncBatch::ENVELOPE_BYTES + key.id().len() + body_bytes;
        if self.is_full() || (!self.changes.is_empty() && bytes > self.room.bytes) {
            return Ok(false);
        }
        let raw = |body: stagedoor::redacted::Redacted<String>| {
            serde_json::value::RawValue::from_string(body.expose().clone())
        };
        let document = body.map(raw).transpose().map_err(|_| CorruptDocument { revision })?;
        self.bytes = bytes;
        self.changes.push(Change { key: key.clone(), revision, document });
        Ok(true)
    }

    /// The filled batch.
    pub(super) fn done(self) -> SyncBatch {
        SyncBatch { changes: self.changes }
    }
}

/// The database holds a document that is not JSON.
#[derive(Debug)]
pub(super) struct CorruptDocument {
    /// Its revision.
    pub(super) revision: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use stagedoor::redacted::Redacted;

    fn filled(room: Room, count: usize, body_bytes: usize) -> SyncBatch {
        let body = format!("\"{}\"", "x".repeat(body_bytes - 2));
        let mut filling = Filling::new(room);
        for n in 0..count {
            let key = format!("v1/title/title-{n}").parse().unwrap();
            let outgoing = Outgoing { revision: n as u64, body: Some(Redacted::new(body.clone())) };
            if !filling.take(&key, outgoing).unwrap() {
                break;
            }
        }
        filling.done()
    }

    #[test]
    fn a_batch_keeps_within_its_bounds() {
        for (documents, body_bytes, expected) in [
            (1, 10, 1),
            (250, 10, SyncBatch::MAX_CHANGES),
            (10, 1024 * 1024, 3),
            (2, SyncBatch::MAX_BYTES, 1),
        ] {
            let batch = filled(Room::WHOLE, documents, body_bytes);
            assert_eq!(batch.changes.len(), expected, "{documents} documents of {body_bytes} bytes");
            assert!(
                batch.changes.iter().map(|change| change.revision).eq(0..expected as u64),
                "not in order"
            );
            let bytes = serde_json::to_vec(&batch).unwrap().len();
            assert!(expected == 1 || bytes <= SyncBatch::MAX_BYTES, "{bytes} bytes");
        }
    }

    #[test]
    fn urgent_documents_leave_room_for_the_largest_of_the_others() {
        let largest = || Outgoing {
            revision: 1,
            body: Some(Redacted::new(format!("\"{}\"", "x".repeat(SyncBatch::MAX_DOCUMENT_BYTES - 2)))),
        };
        let key = format!("v1/keys/{}", "i".repeat(LONGEST_ID)).parse().unwrap();
        for (count, body_bytes) in [(200, 10), (200, 300_000), (3, 2_900_000)] {
            let urgent = filled(Room::BESIDE_OTHERS, count, body_bytes);
            let mut filling = Filling::new(Room::BESIDE_OTHERS);
            for change in urgent.changes {
                let body = change.document.map(|raw| Redacted::new(raw.get().to_owned()));
                filling.take(&change.key, Outgoing { revision: change.revision, body }).unwrap();
            }
            filling.widen(Room::WHOLE);
            assert!(filling.take(&key, largest()).unwrap(), "{count} of {body_bytes} bytes left no room");
            let bytes = serde_json::to_vec(&filling.done()).unwrap().len();
            assert!(bytes <= SyncBatch::MAX_BYTES, "{bytes} bytes");
        }
    }
}
