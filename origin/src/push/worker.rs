//! The only task that talks to the edge. It sends one batch at a time, so no change overtakes another.

use std::sync::Arc;
use std::time::Duration;

use stagedoor::catalog::{Change, DocumentKey, SyncBatch};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::batch::{CorruptDocument, Filling, Room};
use super::pacing::Pacing;
use super::suspects::Suspects;
use super::{Pace, PushError, Sink, verdict};
use crate::clock::{UnixMillis, millis};
use crate::store::{Settlement, Store, StoreError, Verdict};

/// Empties the outbox into a sink.
#[derive(Debug)]
pub struct Worker {
    store: Store,
    sink: Sink,
    wake: Arc<Notify>,
    pacing: Pacing,
    suspects: Suspects,
}

/// The interval between looks at an empty outbox, in case another process writes to it.
const IDLE: Duration = Duration::from_secs(30);

impl Worker {
    /// A worker that `wake` wakes when the outbox has a new change.
    pub fn new(store: Store, sink: Sink, wake: Arc<Notify>, pace: Pace) -> Self {
        Self { store, sink, wake, pacing: Pacing::new(pace, Instant::now()), suspects: Suspects::default() }
    }

    /// Works until `stop`. It starts with the changes of earlier runs, and finishes a batch in flight.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let again_at = match self.round().await {
                Ok(again_at) => again_at,
                Err(error) => {
                    let wait = self.pacing.edge_failed(Instant::now());
                    tracing::error!(%error, wait_ms = millis(wait), "the outbox cannot be processed");
                    Instant::now() + wait
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep_until(again_at) => {}
            }
        }
    }

    /// Sends one batch, if a document may be sent now, and returns when to look again.
    async fn round(&mut self) -> Result<Instant, StoreError> {
        let now = Instant::now();
        if let Some(until) = self.pacing.edge_held_until(now) {
            return Ok(until);
        }
        // Enough for a whole batch even if every waiting and suspected document is among them.
        let limit = SyncBatch::MAX_CHANGES + self.pacing.keys_held(now) + self.suspects.len();
        let (mut queues, mut held_until) = ([Vec::new(), Vec::new()], None::<Instant>);
        for (queue, urgent) in queues.iter_mut().zip([true, false]) {
            for key in self.store.due(urgent, limit).await? {
                match self.pacing.key_held_until(&key, now) {
                    Some(until) => {
                        held_until = Some(held_until.map_or(until, |earliest| earliest.min(until)));
                    }
                    None if self.suspects.contains(&key) => {}
                    None => queue.push(key),
                }
            }
        }
        let [urgent, ordinary] = queues;
        let others = !urgent.is_empty() || !ordinary.is_empty();
        let pacing = &self.pacing;
        let group = self.suspects.next(others, |key| pacing.key_held_until(key, now).is_some());
        let suspected = group.is_some();
        let batch = match group {
            Some(group) => self.batch_of_suspects(group).await?,
            None if others => self.batch(&urgent, &ordinary).await?,
            None => return Ok(held_until.unwrap_or(now + IDLE)),
        };
        if !batch.changes.is_empty() {
            self.send(&batch, suspected).await?;
        }
        // More documents may wait than fit into a batch.
        Ok(self.pacing.edge_held_until(Instant::now()).unwrap_or_else(Instant::now))
    }

    /// The urgent documents, then as many others as fit.
    async fn batch(
        &mut self,
        urgent: &[DocumentKey],
        ordinary: &[DocumentKey],
    ) -> Result<SyncBatch, StoreError> {
        let mut filling = Filling::new(if ordinary.is_empty() { Room::WHOLE } else { Room::BESIDE_OTHERS });
        self.fill(&mut filling, urgent).await?;
        filling.widen(Room::WHOLE);
        self.fill(&mut filling, ordinary).await?;
        Ok(filling.done())
    }

    /// A group of suspects. Those that do not fit are sent in the next group.
    async fn batch_of_suspects(&mut self, group: Vec<DocumentKey>) -> Result<SyncBatch, StoreError> {
        let mut filling = Filling::new(Room::WHOLE);
        let taken = self.fill(&mut filling, &group).await?;
        self.suspects.put_back(group.into_iter().skip(taken).collect());
        Ok(filling.done())
    }

    /// Adds documents to a batch until one does not fit. Returns how many were processed before it.
    async fn fill(&mut self, filling: &mut Filling, keys: &[DocumentKey]) -> Result<usize, StoreError> {
        for (at, key) in keys.iter().enumerate() {
            if filling.is_full() {
                return Ok(at);
            }
            // The document may have been settled in the meantime.
            let outgoing = match self.store.outgoing(key).await {
                Ok(Some(outgoing)) => outgoing,
                Ok(None) => continue,
                Err(StoreError::Unreadable { revision, why, .. }) => {
                    self.refuse_unsent(key, revision, why).await?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            match filling.take(key, outgoing) {
                Ok(true) => {}
                Ok(false) => return Ok(at),
                Err(CorruptDocument { revision }) => {
                    let why = "the database holds a text that is not JSON: put the document again".to_owned();
                    self.refuse_unsent(key, revision, why).await?;
                }
            }
        }
        Ok(keys.len())
    }

    /// Marks a document that cannot be sent as failed; the others go on. The edge was not asked, so its pace does not change.
    async fn refuse_unsent(&self, key: &DocumentKey, revision: u64, why: String) -> Result<(), StoreError> {
        tracing::error!(%key, revision, why, "a document cannot be sent, see /api/v1/sync");
        let verdict = Verdict::Refuse(why);
        let settlement = Settlement { key: key.clone(), revision, edge_revision: None, verdict };
        self.store.settle(&[settlement], UnixMillis::now()).await
    }

    async fn send(&mut self, batch: &SyncBatch, suspected: bool) -> Result<(), StoreError> {
        let began = Instant::now();
        let report = self.sink.push(batch).await;
        let error = match report.and_then(|report| verdict::settlements(batch, report)) {
            Ok(settlements) => return self.answered(&settlements).await,
            Err(error) => error,
        };
        let took = began.elapsed();
        let keys = || batch.changes.iter().map(|change| change.key.clone()).collect::<Vec<_>>();
        // An empty batch shows whether the edge accepts any batch, or only refuses this one.
        let empty = SyncBatch { changes: Vec::new() };
        if error.is_about_the_edge() || self.sink.push(&empty).await.is_err() {
            if suspected {
                self.suspects.put_back(keys());
            }
            return self.unanswered(batch, &error).await;
        }
        self.pacing.edge_answered(Instant::now());
        match batch.changes.as_slice() {
            [alone] if error.is_final() => match self.push_again(batch).await {
                Ok(settlements) => self.answered(&settlements).await,
                Err(again) if again.is_final() => {
                    self.settle_one(&alone.key, alone.revision, Verdict::Refuse(again.to_string())).await
                }
                Err(again) => self.isolate(alone, &again, took).await,
            },
            [alone] => self.isolate(alone, &error, took).await,
            changes => {
                tracing::warn!(%error, changes = changes.len(), "the edge refuses a batch, it is sent in parts");
                self.suspects.split(&keys());
                Ok(())
            }
        }
    }

    /// Sends a document that was refused alone once more, now that the edge accepts others: the edge may have recovered in the
    /// meantime.
    async fn push_again(&self, batch: &SyncBatch) -> Result<Vec<Settlement>, PushError> {
        self.sink.push(batch).await.and_then(|report| verdict::settlements(batch, report))
    }

    /// Lets a document without an answer wait separately.
    async fn isolate(&mut self, alone: &Change, error: &PushError, took: Duration) -> Result<(), StoreError> {
        let Change { key, revision, .. } = alone;
        tracing::warn!(%error, %key, revision, "the edge gave no answer for a document, it is sent again alone");
        self.pacing.key_failed(key, Instant::now(), took);
        self.suspects.isolate(key.clone());
        self.store.settle(&[unsettled(alone, error)], UnixMillis::now()).await
    }

    async fn settle_one(
        &mut self,
        key: &DocumentKey,
        revision: u64,
        verdict: Verdict,
    ) -> Result<(), StoreError> {
        let settlement = Settlement { key: key.clone(), revision, edge_revision: None, verdict };
        self.answered(&[settlement]).await
    }

    async fn answered(&mut self, settlements: &[Settlement]) -> Result<(), StoreError> {
        let now = Instant::now();
        self.pacing.edge_answered(now);
        for Settlement { key, revision, verdict, .. } in settlements {
            // The edge's detail may quote the document, so it is not logged.
            match verdict {
                Verdict::Deliver => {
                    self.pacing.key_settled(key, now);
                    tracing::info!(%key, revision, "delivered");
                }
                Verdict::Refuse(_) => {
                    self.pacing.key_settled(key, now);
                    tracing::error!(%key, revision, "the edge refuses a document, see /api/v1/sync");
                }
                Verdict::Retry(_) => {
                    self.pacing.key_failed(key, now, Duration::ZERO);
                    tracing::warn!(%key, revision, "the edge could not write a document, it is sent again");
                }
            }
        }
        self.store.settle(settlements, UnixMillis::now()).await
    }

    async fn unanswered(&mut self, batch: &SyncBatch, error: &PushError) -> Result<(), StoreError> {
        let wait = self.pacing.edge_failed(Instant::now());
        tracing::warn!(%error, changes = batch.changes.len(), wait_ms = millis(wait), "the edge did not answer");
        let settlements: Vec<_> = batch.changes.iter().map(|change| unsettled(change, error)).collect();
        self.store.settle(&settlements, UnixMillis::now()).await
    }
}

/// The settlement of a change that is to be sent again.
fn unsettled(change: &Change, error: &PushError) -> Settlement {
    Settlement {
        key: change.key.clone(),
        revision: change.revision,
        edge_revision: None,
        verdict: Verdict::Retry(error.to_string()),
    }
}
