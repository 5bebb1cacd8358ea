//! Sends changes to the edge: takes the newest states from the outbox, sends them in batches, records the answers. And asks the edge
//! which creatives nobody has conditioned.

mod backoff;
mod batch;
mod edge;
mod lag;
mod pacing;
mod suspects;
mod verdict;
mod wanted;
mod worker;

pub use edge::{Edge, EdgeError, PushError};
pub use lag::{Alarm, Lag};
pub use pacing::Pace;
pub use wanted::Inquiry;
pub use worker::Worker;

use stagedoor::catalog::{SyncBatch, SyncReport, WantedAnswer, WantedQuestion};

/// The way by which documents reach KV.
#[derive(Clone, Debug)]
pub enum Sink {
    /// The Worker's own signed endpoint, which needs no Cloudflare API token and works in local development.
    Edge(Edge),
}

impl Sink {
    /// Sends a batch and returns the answer.
    async fn push(&self, batch: &SyncBatch) -> Result<SyncReport, PushError> {
        match self {
            Self::Edge(edge) => edge.push(batch).await,
        }
    }

    /// Asks which creatives are wanted.
    async fn ask_wanted(&self, question: &WantedQuestion) -> Result<WantedAnswer, PushError> {
        match self {
            Self::Edge(edge) => edge.ask_wanted(question).await,
        }
    }
}
