//! The model of a break and of the pod that fills it.

mod ad;
mod creative;
mod media;
mod opening;
mod pod;
mod tracking;

pub use ad::{Ad, Identifier, Verification};
pub use media::{Media, NonLinear};
pub use opening::{AdTag, Break, Ending, Opening};
pub use pod::{Pod, Role, Slot};
pub use tracking::Tracking;
