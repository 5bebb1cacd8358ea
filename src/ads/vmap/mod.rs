//! VMAP documents, version 1.0 ([VMAP 1.0.1]): where the breaks of a title lie, and where their ads come from.
//!
//! The reader has the limits of XML ([`LONGEST`](super::vast::LONGEST) and others), and [`BREAKS_MAX`] breaks. A break of
//! displays alone, or without an ad source or a valid time, is left out with the reason.
//!
//! [VMAP 1.0.1]: https://www.iab.com/wp-content/uploads/2015/06/VMAPv1_0.pdf

mod document;
mod read;

pub use document::{AdBreak, AdSource, Vmap, VmapError};

/// The most breaks of a document.
pub const BREAKS_MAX: usize = 200;
