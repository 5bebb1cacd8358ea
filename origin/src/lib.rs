//! The origin service of Stagedoor: takes the catalogue from the CMS, validates it, and keeps the edge's KV
//! documents in step.
//!
//! A change passes through four modules. [`api`] reads and authenticates the request. [`validate`] checks the document against
//! the types with which the edge reads it. [`store`] writes the document and its outbox row in one transaction. [`push`] sends
//! it until the edge confirms it.

pub mod api;
pub mod cli;
pub mod clock;
mod io_reason;
mod media;
pub mod origin;
mod private_file;
pub mod push;
pub mod server;
pub mod store;
pub mod validate;
