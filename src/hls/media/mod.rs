//! The edits of live Media Playlists: the rewind window, which stays when they end, and delta updates.

mod break_mark;
mod cut;
mod dateranges;
mod delta;
mod edit;
mod in_force;
mod item;
mod live;
mod part_range;
#[cfg(test)]
mod tests;
mod window;

pub(super) use edit::shape;
