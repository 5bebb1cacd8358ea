//! Advertising: breaks, the pods that fill them, and how a pod is chosen.
//!
//! Nothing here knows of HLS or DASH. [`hls`](crate::hls) and [`dash`](crate::dash) find breaks in manifests, and write breaks and
//! pods into manifests; each of their outputs is a rendering of one [`Break`] and one [`Pod`].

pub mod address;
mod candidate;
mod code;
mod event;
mod fit;
pub mod house;
mod list_request;
pub mod macros;
mod model;
mod plan;
pub mod resolve;
mod schedule;
pub mod screen;
pub mod signaling;
pub mod signals;
pub mod vast;
pub mod viewer;
pub mod vmap;
mod xml;

pub use candidate::{Candidate, Offered};
pub use code::ErrorCode;
pub use event::{AdEvent, Happening};
pub use fit::{Content, Filler, Fitted, Furniture, Left, Room, Terms, Unfit, fit};
pub use list_request::{Format, ListRequest, Listed};
pub use model::{
    Ad, AdTag, Break, Ending, Identifier, Media, NonLinear, Opening, Pod, Role, Slot, Tracking, Verification,
};
pub use plan::{MOST_BREAKS, Plan, Presentation};
pub use schedule::{Offset, Scheduled};

pub use crate::catalog::{BreakId, Layout, Place, TrackingEvent};
