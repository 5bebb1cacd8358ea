//! The faults of a playlist: findings, each with its place and the clause that it violates.
//!
//! A playlist is read twice: once for its outline (its kind, version and target durations), once line by line. Each file
//! here has the rules of one subject, and looks at each line once. Only the playlist is checked, not the files that
//! its URIs lead to, nor an earlier version of it. Takes time linear in the playlist's length, or a logarithm more where
//! names have to be told apart, and tells at most [`FINDINGS_MAX`](crate::manifest::FINDINGS_MAX) findings.

mod dateranges;
mod entry;
mod keys;
mod lines;
mod low_latency;
mod outline;
mod placement;
mod renditions;
mod rule;
mod run;
mod scalar;
mod segments;
mod session;
mod splice;
mod subject;
#[cfg(test)]
mod tests;
mod uris;
mod values;
mod variables;
mod version;

pub use rule::Rule;
pub use run::check;
