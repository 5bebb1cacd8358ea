//! The site's own campaigns: which of them may be taken for a viewer's break, in which order, and which are.
//!
//! ```text
//! audience   a viewer's break, as campaigns see it
//! rule       the conditions of a campaign, each in words
//! index      the campaigns by their conditions, made once for each document
//! dice       the chance by which campaigns of one priority come first
//! order      which campaigns may be taken, by priority and then by weight
//! count      how often campaigns with a cap are taken
//! choose     the choice, with the questions that it asks
//! told       why each campaign was taken or left
//! ```

mod audience;
mod choose;
mod count;
mod dice;
mod index;
mod order;
mod rule;
mod told;

pub use audience::Audience;
pub use choose::{Chosen, Sources, choose};
pub use count::{Count, Counter, total_after};
pub use told::{Told, Why};

use crate::catalog::Campaigns;

/// Derives the values that decisions derive from a site's campaigns once.
pub fn prepare(campaigns: &Campaigns) {
    index::Index::of(campaigns);
}
