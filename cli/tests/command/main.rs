//! The command as ops run it: arguments in, JSON and an exit code out.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod ads_pod;
mod desk;
mod explain;
mod explained;
mod manifest_check;
mod manifest_rewrite;
mod misuse;
mod rehearse;
mod scte35;
mod simulate;
mod token;
mod vast;
