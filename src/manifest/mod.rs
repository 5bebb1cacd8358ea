//! What playlists and MPDs have in common: where they lie, how their URIs carry the session, what they are compiled into,
//! and how what they offer is held against a viewer's limits.

pub(crate) mod codecs;
mod frame;
mod iso_639;
pub(crate) mod language;
mod limit;
mod picture;
mod reference;
mod template;
mod timing;

pub use frame::{Frame, Signing};
pub(crate) use limit::Limit;
pub(crate) use picture::is_low_enough;
pub(crate) use reference::{below, is_local, is_relative, plain, with_parameter};
pub use template::Template;
pub(crate) use timing::LONGEST_MS;
pub use timing::Timing;
