//! Asks an ad server, and follows its wrappers.
//!
//! ```text
//! fetch       the one question to the outside: documents of these URLs
//! reach       the addresses that requests may lead to
//! order       what is asked: a template or a document, within a budget
//! pace        the most requests a second
//! tree        documents, their ads, and the wrappers between them
//! merge       an ad with its wrappers
//! pod         the ads in order
//! source      the conditioned creative of an ad
//! candidates  ads whose media can be shown
//! ```
//!
//! Wrappers are followed level by level, and the documents of a level are asked for at the same time, so a pod of wrappers takes as
//! long as its longest chain. Everything that a stranger's reply can cause has a limit: [`REQUESTS_MAX`] requests and [`BYTES_MAX`]
//! bytes of a decision, [`ADS_MAX`] ads, [`MERGED_MAX`] bytes of their URLs, [`PINGS_MAX`] error URLs.

mod candidates;
mod fetch;
mod merge;
mod order;
mod pace;
mod pod;
mod reach;
mod source;
mod tree;

pub use candidates::{Choice, Chosen, Direct};
pub use fetch::{Ask, Failure, Fetch, Reply};
pub use merge::{Film, Resolved};
pub use order::{Order, Start};
pub use pace::Pace;
pub use pod::{Resolution, resolve};
pub use reach::Reach;
pub use source::Source;
pub use tree::Ping;

/// The most requests of a decision: a pod of six wrappers, each with five behind it.
pub const REQUESTS_MAX: usize = 36;

/// The most requests at a time: a Worker has six connections.
pub const AT_ONCE_MAX: usize = 6;

/// The bytes of replies after which a decision asks no further. With the replies that are under way then, it has at most
/// 2 MiB + 6 × 512 KiB.
pub const BYTES_MAX: usize = 2 * 1024 * 1024;

/// The most ads of a decision.
pub const ADS_MAX: usize = 64;

/// The most bytes of URLs of all ads of a decision, wrappers' URLs counted for each ad behind them, and for each of its non-linear
/// items. A URL counts for 96 bytes beside its text.
pub const MERGED_MAX: usize = 2 * 1024 * 1024;

/// The most creatives that a decision reports as not conditioned.
pub const WANTED_MAX: usize = 16;

/// The most error URLs that are requested for a decision.
pub const PINGS_MAX: usize = 32;

#[cfg(test)]
mod tests;
