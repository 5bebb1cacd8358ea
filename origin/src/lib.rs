//! The origin service of Stagedoor: takes the catalogue from the CMS, validates it, and keeps the edge's KV
//! documents in step.
//!
//! A change lives through it like this: [`api`] reads and authenticates the request, [`validate`] checks the
//! document against the types that the edge reads it with, [`store`] writes it and its row in the outbox in
//! one transaction, and [`push`] tells the edge, until the edge confirms.

pub mod api;
pub mod cli;
pub mod clock;
mod media;
pub mod origin;
pub mod push;
pub mod server;
pub mod store;
pub mod validate;
