//! From the signals of a presentation to its breaks.
//!
//! [`hls`](crate::hls) and [`dash`](crate::dash) turn the marks of a manifest into [`Signal`]s; [`breaks`] folds them. The fold has
//! no memory: it sees the signals that the manifest has now, which in live streams is a window that moves on. So that each
//! rendition and each isolate finds the same breaks, an opening is made of values that all of them share: the times that marks
//! state, ids, and positions between segments rounded to a grid that the renditions' own roundings do not reach.

mod actions;
mod draft;
mod effect;
mod fold;
mod signal;
mod tag;

pub use effect::{COMMANDS, CommandEffect, Effect, Layer, TYPES, TypeEffect};
pub use fold::{BREAKS_MAX, breaks};
pub use signal::{Cue, Moment, Signal};

#[cfg(test)]
mod tests;
