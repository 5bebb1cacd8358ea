//! What an isolate remembers: under keys, for a while, and within one budget of bytes.
//!
//! An isolate has 128 MB for the code, the requests under way and everything that it remembers of all tenants, and what
//! it remembers is chosen by strangers. So every memory counts its keys, its values and its own tables, and all of them
//! share one [`Budget`].
//!
//! ```text
//! weigh     how many bytes a key or a value has on the heap
//! memory    values under keys, the least used of which go first
//! budget    the bytes of all memories and of what is under way, and which memory gives way
//! flight    work that one request does for all that want the same
//! plan      which memories there are, and their shares
//! ```
//!
//! Nothing here knows a clock or the runtime: the time is an argument.

mod budget;
mod flight;
mod memory;
pub mod plan;
mod weigh;

pub use budget::{Account, Budget, Purpose, Reservation, Rooms};
pub use flight::UnderWay;
pub use memory::{Memory, Slot};
pub use weigh::Weigh;
pub(crate) use weigh::allocation;
