//! What players are told about the ads of a pod, besides their media: the pieces that asset lists and MPDs share.
//!
//! | | |
//! | --- | --- |
//! | [`svta`] | Ad Creative Signaling by SVTA 2053-2, which Shaka Player and others act on |
//! | [`media_tailor`] | the tracking document of AWS Elemental MediaTailor, which SDKs of its players act on |
//!
//! Both are JSON with numbers as numbers, and times in seconds from the start of the pod.

mod events;
pub mod media_tailor;
mod seconds;
pub mod svta;

pub use seconds::Seconds;
