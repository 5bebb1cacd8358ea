//! Viewer tokens of Google's: signed requests of Cloud CDN and Media CDN, Media CDN's dual tokens, and tokens for ad pods.
//!
//! ```text
//! URL     = anything "Expires=" seconds "&KeyName=" key "&Signature=" base64url             ; for this URL
//!         / anything "URLPrefix=" base64url "&Expires=" … "&KeyName=" … "&Signature=" …     ; for all that begin so
//! path    = prefix "edge-cache-token=Expires=" … "&KeyName=" … "&Signature=" … "/" rest     ; for all below the prefix
//! cookie  = "URLPrefix=" … ":Expires=" … ":KeyName=" … ":Signature=" …
//! token   = ("URLPrefix=" … / "PathGlobs=" globs / "FullPath") [ "~Starts=" … ] "~Expires=" … [ "~SessionID=" … ]
//!           [ "~Data=" … ] [ "~Headers=" names ] [ "~IPRanges=" … ] ("~Signature=" base64url / "~hmac=" hex)
//! pod     = name "=" value *( "~" name "=" value ) "~hmac=" hex                             ; names in their order
//! ```
//!
//! The signature covers the text before `Signature`. For a URL, this text includes the scheme and the host. For a prefix, it
//! begins with the field `URLPrefix`. In a dual token, the path stands behind `FullPath`, and the headers' values stand behind
//! their names. The named key is for Ed25519 or HMAC-SHA1; in dual tokens and for pods, HMAC-SHA256 is possible as well.
//!
//! [Signatures], [tokens], [Cloud CDN], [ad pods]
//!
//! [Signatures]: https://cloud.google.com/media-cdn/docs/generate-signatures
//! [tokens]: https://cloud.google.com/media-cdn/docs/generate-tokens
//! [Cloud CDN]: https://cloud.google.com/cdn/docs/using-signed-urls
//! [ad pods]: https://developers.google.com/ad-manager/dynamic-ad-insertion/api/pod-serving/live/pod-segment-requests

#[cfg(not(target_arch = "wasm32"))]
mod mint;
mod read;
mod token;

#[cfg(not(target_arch = "wasm32"))]
pub use mint::{Claims, Form, mint};
pub(super) use read::USUAL;

#[cfg(test)]
mod tests;
