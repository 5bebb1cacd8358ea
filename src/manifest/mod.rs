//! What playlists and MPDs have in common: where they lie, how their URIs carry the session, and what they are compiled
//! into.

mod frame;
mod reference;
mod template;

pub use frame::{Frame, Signing};
pub(crate) use reference::{below, is_local, is_relative, plain, with_parameter};
pub use template::Template;
