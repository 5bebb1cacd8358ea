//! The core of Stagedoor, the delivery layer between a streaming service's media origin and its viewers' players.
//!
//! Everything outside the `worker` module is a pure function of bytes, documents and a time. The same code runs in a Cloudflare
//! Worker, in the origin service and in the `stagedoor` command. `docs/ARCHITECTURE.md` walks through one request.
//!
//! A document is read by its type, and an error names the member:
//!
//! ```
//! use stagedoor::catalog::Title;
//!
//! let title = r#"{
//!     "id": "harbour",
//!     "sites": ["watch.example.com"],
//!     "offers": [{ "id": "gulf", "territories": { "allow": ["AE", "QA"] }, "caps": { "max_height": 720 } }]
//! }"#;
//! let title: Title = serde_json::from_str(title)?;
//! assert_eq!(title.offers[0].caps.max_height, Some(720));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! A manifest is checked against its specification:
//!
//! ```
//! let playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:6,\n1.ts\n#EXT-X-ENDLIST\n";
//! let findings = stagedoor::hls::check(playlist);
//! assert_eq!((findings[0].line, findings[0].code), (3, "duration-long"));
//! ```

pub mod admission;
pub mod ads;
pub mod cache;
pub mod catalog;
pub mod control;
pub mod dash;
pub mod denial;
pub mod documents;
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
pub mod reading;
pub mod redacted;
pub mod repeats;
pub mod reply;
pub mod resource;
pub mod rewrite;
pub mod rights;
pub mod route;
pub mod scte35;
pub mod shelf;
mod sorting;
pub mod steering;
pub mod stop;
pub mod streams;
pub mod time;
pub mod token;
pub mod variation;

#[cfg(target_arch = "wasm32")]
mod worker;
