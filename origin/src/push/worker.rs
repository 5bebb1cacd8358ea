//! The one task that talks to the edge, one batch at a time, so that nothing overtakes.

use std::sync::Arc;
use std::time::Duration;

use stagedoor::catalog::SyncBatch;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::pacing::Pacing;
use super::{Pace, PushError, Sink, batch, verdict};
use crate::clock::UnixMillis;
use crate::store::{Due, Settlement, Store, StoreError, Verdict};

/// Empties the outbox into a sink.
#[derive(Debug)]
pub struct Worker {
    store: Store,
    sink: Sink,
    wake: Arc<Notify>,
    pacing: Pacing,
}

/// How long to look again when nothing is pending and nobody wakes us, in case that another process writes.
const IDLE: Duration = Duration::from_secs(30);

impl Worker {
    /// A worker that `wake` wakes when there is something new in the outbox.
    pub fn new(store: Store, sink: Sink, wake: Arc<Notify>, pace: Pace) -> Self {
        Self { store, sink, wake, pacing: Pacing::new(pace, Instant::now()) }
    }

    /// Works until `stop`, beginning with what an earlier run has left. A batch that is in flight is finished.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let again_at = match self.round().await {
                Ok(again_at) => again_at,
                Err(error) => {
                    let wait = self.pacing.edge_failed(Instant::now());
                    tracing::error!(%error, wait_ms = wait.as_millis(), "the outbox cannot be worked off");
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

    /// Sends one batch, if anything may be sent now, and says when to look again.
    async fn round(&mut self) -> Result<Instant, StoreError> {
        let now = Instant::now();
        if let Some(until) = self.pacing.edge_held_until(now) {
            return Ok(until);
        }
        // Even if every held document is among them, there is a whole batch of others.
        let held = self.pacing.keys_held(now);
        let due = self.store.due(SyncBatch::MAX_CHANGES + held).await?;
        let held_until = |due: &Due| self.pacing.key_held_until(&due.key, now);
        let (held, ready): (Vec<Due>, Vec<Due>) = due.into_iter().partition(|due| held_until(due).is_some());
        if ready.is_empty() {
            return Ok(held.iter().filter_map(held_until).min().unwrap_or(now + IDLE));
        }
        let batch = batch::batch(&ready)?;
        let report = self.sink.push(&batch).await;
        match report.and_then(|report| verdict::settlements(&batch, report)) {
            Ok(settlements) => self.answered(&settlements).await?,
            Err(error) => self.unanswered(&batch, &error).await?,
        }
        // There may be more than fits into a batch.
        Ok(self.pacing.edge_held_until(Instant::now()).unwrap_or_else(Instant::now))
    }

    async fn answered(&mut self, settlements: &[Settlement]) -> Result<(), StoreError> {
        let now = Instant::now();
        self.pacing.edge_answered(now);
        for Settlement { key, revision, verdict, .. } in settlements {
            // What the edge says of a document may quote it: that stays out of the log.
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
                    self.pacing.key_failed(key, now);
                    tracing::warn!(%key, revision, "the edge could not write a document, it is sent again");
                }
            }
        }
        self.store.settle(settlements, UnixMillis::now()).await
    }

    async fn unanswered(&mut self, batch: &SyncBatch, error: &PushError) -> Result<(), StoreError> {
        let wait = self.pacing.edge_failed(Instant::now());
        tracing::warn!(%error, changes = batch.changes.len(), wait_ms = wait.as_millis(), "the edge did not answer");
        let retry = |change: &stagedoor::catalog::Change| Settlement {
            key: change.key.clone(),
            revision: change.revision,
            edge_revision: None,
            verdict: Verdict::Retry(error.to_string()),
        };
        let settlements: Vec<_> = batch.changes.iter().map(retry).collect();
        self.store.settle(&settlements, UnixMillis::now()).await
    }
}
