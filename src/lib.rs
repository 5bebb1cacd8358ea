//! The core of Stagedoor: the delivery layer between a streaming service's media origin and its viewers'
//! players.
//!
//! Everything here but [`worker`](https://docs.rs/worker)'s own corner is a pure function of bytes, documents
//! and a time, and is the same code in a Cloudflare Worker, in the origin service and in the `stagedoor`
//! command. `docs/ARCHITECTURE.md` walks through one request.

pub mod catalog;
pub mod redacted;
pub mod time;
