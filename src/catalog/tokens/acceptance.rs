//! The dialects of viewer tokens.

use serde::{Deserialize, Serialize};

use super::{
    CatPolicy, CloudFrontPolicy, EdgeAuthPolicy, JwtPolicy, MediaCdnPolicy, SecureLinkPolicy,
    SecureMediaPolicy, StreamPolicy, TimedHmacPolicy, UriSigningPolicy,
};

/// A dialect that a site accepts, with its requirements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Acceptance {
    /// JSON Web Tokens ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)).
    Jwt(Box<JwtPolicy>),
    /// Common Access Tokens (CTA-5007).
    Cat(CatPolicy),
    /// URI signing for CDN interconnection ([RFC 9246](https://www.rfc-editor.org/rfc/rfc9246)).
    UriSigning(UriSigningPolicy),
    /// Akamai's EdgeAuth 2.0.
    EdgeAuth(EdgeAuthPolicy),
    /// AWS Secure Media Delivery at the Edge.
    SecureMedia(SecureMediaPolicy),
    /// Cloudflare Stream's signed tokens.
    Stream(StreamPolicy),
    /// Cloudflare WAF's `is_timed_hmac_valid_v0`.
    TimedHmac(TimedHmacPolicy),
    /// Google Media CDN and Cloud CDN.
    MediaCdn(MediaCdnPolicy),
    /// nginx's `secure_link_md5`.
    SecureLink(SecureLinkPolicy),
    /// CloudFront's signed URLs and cookies.
    CloudFront(CloudFrontPolicy),
}

impl Acceptance {
    /// Whether the dialect's tokens name their issuer, which the site's list has to contain.
    pub const fn needs_issuers(&self) -> bool {
        match self {
            Self::Jwt(own) => own.issuers.is_none(),
            Self::Cat(own) => own.issuers.is_none() && own.keys.is_none(),
            Self::UriSigning(own) => own.issuers.is_none() && own.keys.is_none(),
            _ => false,
        }
    }
}
