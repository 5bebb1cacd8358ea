//! Viewer tokens, which a site's issuers sign, and session tokens, which the edge signs.
//!
//! Every dialect of viewer token takes the same three steps, since the caller verifies asymmetric signatures (with
//! `crypto.subtle` in the Worker):
//!
//! ```text
//! present      finds the token in the request and reads it: Box<dyn Presented>
//! challenges   picks the keys, and says what to verify
//! grant        reads the claims of a genuine token, checks them against the request, and returns a Grant
//! ```

mod ambient;
mod base64_fault;
pub mod cat;
mod challenge;
mod claims;
pub mod cloud_front;
mod compact;
pub mod credentials;
mod dialect;
pub mod edge_auth;
mod grant;
pub(crate) mod hex;
#[cfg(not(target_arch = "wasm32"))]
pub mod jws;
mod jwt;
mod mapping;
pub mod media_cdn;
#[cfg(not(target_arch = "wasm32"))]
pub mod mint;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
mod network;
mod placement;
mod posix;
mod present;
mod presented;
mod replay;
mod revocation;
pub mod secure_link;
pub mod secure_media;
pub mod session;
pub mod signed_url;
mod spot;
mod stream;
pub mod tags;
pub mod timed_hmac;
pub mod uri_signing;

pub use challenge::Challenge;
pub use credentials::Credentials;
pub use dialect::Dialect;
pub use grant::{Grant, Renewal, Replay};
pub(crate) use present::stands_in_path;
pub use present::{present, present_to_site};
pub use presented::{Asked, Presented, genuine};
pub use replay::{Record, Seen, TokenName, Use};
pub use revocation::{RevocationIndex, pack};
