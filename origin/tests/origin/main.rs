//! The whole service against a scripted edge, over HTTP and a database of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests"
)]

mod ads;
mod app;
mod auth;
mod backup;
mod docs;
mod documents;
mod dry_run;
mod edge;
mod history;
mod lists;
mod media;
mod messages;
mod migration;
mod poison;
mod process;
mod put_back;
mod restart;
mod revocations;
mod secrets;
mod settings;
mod strangers;
mod sync;
mod targets;
mod tenants;
mod validation;
mod warnings;
