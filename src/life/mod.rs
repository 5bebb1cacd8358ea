//! The life of a request, from its facts to its reply.
//!
//! It is written once, in `sequence.rs` with `decide.rs` and `deliver.rs`, as an `async fn` that asks typed questions. An
//! [`Evidence`] answers the questions of the decision: documents, signatures, the time. A [`Delivery`] answers the others:
//! manifests, files, and the stores that count. Each driver is both:
//!
//! | driver | answers |
//! | --- | --- |
//! | `worker/lane.rs` | out of isolate memory, at once. A question that memory cannot answer stays pending, and the life is dropped |
//! | `worker/answers.rs` | with awaits: KV, the cache, the media origin, Durable Objects |
//! | [`explain`](crate::explain) | out of documents, as far as the source of the bytes |
//! | `tests/support/edge.rs` | out of a script |
//!
//! No question has an effect before it is answered. So a life that is dropped leaves nothing behind, and the same request can
//! begin another one.

mod ad_file;
mod ad_order;
mod ahead;
mod at_once;
mod below;
mod breaks;
mod choosing;
mod clock;
mod content;
mod decide;
mod deliver;
mod delivery;
mod entry;
mod evidence;
mod filling;
mod learned;
mod pod;
mod renewal;
mod sequence;
mod shown;
pub(crate) mod trace;

pub use ahead::{Ahead, DecisionAhead};
pub use at_once::{Unanswered, at_once};
pub use choosing::{Choosing, SharedPod, ViewersBreak};
pub use decide::{Decided, check_site};
pub use delivery::{Answer, Delivery, Found};
pub use evidence::{EntryDocuments, Evidence, Permitted, SessionDocuments, TokenKeys, keys_missing};
pub use learned::{Decision, Learned, Note};
pub use sequence::{Ended, answer, explain, explain_pod};
pub use trace::Step;

#[cfg(test)]
pub(crate) use below::check as check_session;
