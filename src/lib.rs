//! The core of Stagedoor: the delivery layer between a streaming service's media origin and its viewers'
//! players.
//!
//! Everything here but the `worker` module is a pure function of bytes, documents and a time, and is the same
//! code in a Cloudflare Worker, in the origin service and in the `stagedoor` command. `docs/ARCHITECTURE.md`
//! walks through one request.

pub mod admission;
pub mod cache;
pub mod catalog;
pub mod control;
pub mod dash;
pub mod denial;
pub mod explain;
pub mod facts;
pub mod fault;
pub mod heading;
pub mod hls;
pub mod isolate;
mod json;
pub mod life;
pub mod manifest;
pub mod media_origin;
mod media_type;
pub mod memory_key;
pub mod offline;
pub mod redacted;
pub mod repeats;
pub mod reply;
pub mod resource;
pub mod rewrite;
pub mod rights;
pub mod route;
mod scte35;
pub mod shelf;
pub mod steering;
pub mod stop;
pub mod streams;
pub mod time;
pub mod token;
pub mod variation;

#[cfg(target_arch = "wasm32")]
mod worker;
