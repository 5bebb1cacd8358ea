//! Asks the edge which creatives ad servers named and nobody has conditioned.

use std::time::Duration;

use stagedoor::catalog::{WantedQuestion, WantedSince};
use tokio_util::sync::CancellationToken;

use super::{PushError, Sink, backoff};
use crate::clock::millis;
use crate::store::{Store, StoreError};

/// Asks for the wanted creatives of all sites, again and again.
#[derive(Debug)]
pub struct Inquiry {
    store: Store,
    sink: Sink,
    every: Duration,
}

/// The longest pause after failures: an edge of an earlier version does not know the question.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// Why a round of questions ended early.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Edge(#[from] PushError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Inquiry {
    /// An inquiry that asks every so often.
    pub const fn new(store: Store, sink: Sink, every: Duration) -> Self {
        Self { store, sink, every }
    }

    /// Asks until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut failures = 0_u32;
        loop {
            let pause = match self.round().await {
                Ok(()) => {
                    failures = 0;
                    self.every
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    let longest = self.every.max(LONGEST_PAUSE);
                    let wait = self.every + backoff::delay(failures, self.every, longest, backoff::random());
                    tracing::warn!(%error, wait_ms = millis(wait), "the edge did not say which creatives are wanted");
                    wait
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Asks for every site with advertising, until the edge has no more.
    async fn round(&self) -> Result<(), RoundError> {
        for group in self.store.wanted_marks().await?.chunks(WantedQuestion::MOST_SITES) {
            let mut sites = group.to_vec();
            while !sites.is_empty() {
                let answer = self.sink.ask_wanted(&WantedQuestion { sites }).await?;
                self.store.note_wanted(&answer).await?;
                let more = answer.sites.into_iter().filter(|site| site.more && !site.creatives.is_empty());
                sites = more.map(|site| WantedSince { site: site.site, after: site.next }).collect();
            }
        }
        Ok(())
    }
}
