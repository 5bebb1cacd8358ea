//! Memories of an isolate: values under keys, for a while, within one budget of bytes.
//!
//! An isolate has 128 MB for the code, the requests under way and the memories of all tenants, and strangers choose the keys.
//! So every memory counts its keys, its values and its own tables, and all of them share one [`Budget`].
//!
//! ```text
//! weigh      how many bytes a key or a value has on the heap
//! memory     values under keys, the least used of which go first
//! budget     the bytes of all memories and of bodies under way, and which memory gives way
//! freshness  for how long a value may serve
//! flight     work that one request does for all that want its outcome
//! fetched    a value that is fetched: fresh, stale, under way, missing, failed, or not to be shared
//! breaker    sources that failed lately, and are left alone
//! delays     requests that are delayed before they are answered
//! plan       which memories there are, and their shares
//! ```
//!
//! Nothing here knows a clock or the runtime: the time is an argument.

mod breaker;
mod budget;
mod delays;
mod fetched;
mod flight;
mod freshness;
mod memory;
pub mod plan;
mod weigh;

pub use breaker::Breaker;
pub use budget::{Account, Budget, Purpose, Reservation, Rooms};
pub use delays::Delays;
pub use fetched::{Arrived, Fetched, Look, Outcome, Policy, Ticket, Turn};
pub use flight::Flight;
pub use freshness::{Freshness, Times, jittered};
pub use memory::{Memory, Slot};
pub(crate) use weigh::allocation;
pub use weigh::{Weigh, Weighed};
