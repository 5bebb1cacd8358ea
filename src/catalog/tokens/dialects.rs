//! A site's requirements for the tokens of other dialects.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::Placement;
use crate::catalog::Issuer;
use crate::catalog::range::bounded;
use crate::redacted::Redacted;

/// A site's requirements for Common Access Tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CatPolicy {
    /// The accepted issuers. Absent: the site's `tokens.issuers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuers: Option<Vec<Issuer>>,
    /// The name of the document `v1/keys/{keys}` for tokens without an issuer. Absent: such tokens are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Issuer>,
    /// The required audience. Absent: the site's `tokens.audience`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Where the edge looks for a token. Absent: the headers `CTA-Common-Access-Token` and `Common-Access-Token`, the
    /// cookies of these names and the query parameter `CAT`, then the site's placements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placements: Option<Vec<Placement>>,
    /// Claims that the edge does not understand and may ignore, by label or name, such as `-70001` or `catpor`. A token
    /// with another unknown claim is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
    /// The claim with the viewer's plans, by label or name: a text or an array of texts. Absent: a
    /// viewer has no plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plans: Option<String>,
}

/// A site's requirements for signed URIs (RFC 9246).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UriSigningPolicy {
    /// The accepted issuers. Absent: the site's `tokens.issuers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuers: Option<Vec<Issuer>>,
    /// The names of documents `v1/keys/{…}` for issuers whose `iss` cannot name a document, such as `uCDN Inc`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub issuer_keys: BTreeMap<String, Issuer>,
    /// The name of the document `v1/keys/{keys}` for tokens without an issuer. Absent: such tokens are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Issuer>,
    /// The required audience. Without an audience here and in the site's `tokens.audience`, tokens that name an
    /// audience are refused. Absent: the site's `tokens.audience`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The name of the parameter or cookie. Absent: `URISigningPackage` ([RFC 9246 section 2.1]).
    ///
    /// [RFC 9246 section 2.1]: https://www.rfc-editor.org/rfc/rfc9246#section-2.1
    #[serde(default = "UriSigningPolicy::default_name")]
    pub name: String,
}

impl UriSigningPolicy {
    fn default_name() -> String {
        "URISigningPackage".to_owned()
    }
}

impl Default for UriSigningPolicy {
    fn default() -> Self {
        Self {
            issuers: None,
            issuer_keys: BTreeMap::new(),
            keys: None,
            audience: None,
            name: Self::default_name(),
        }
    }
}

/// A site's requirements for EdgeAuth tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EdgeAuthPolicy {
    /// The name of the document `v1/keys/{keys}` with the current key and the transition key, of type `oct` and without
    /// `alg`. Akamai shows a key in hexadecimal. `k` is the base64url of its bytes.
    pub keys: Issuer,
    /// The hash of the HMAC.
    #[serde(default)]
    pub algorithm: EdgeAuthAlgorithm,
    /// The names of the query parameter, cookie or header, in this order.
    #[serde(default = "EdgeAuthPolicy::default_names")]
    pub names: Vec<String>,
    /// Whether the token's author escapes `ip`, `id`, `data` and `url` before signing.
    #[serde(default)]
    pub escape_early: bool,
    /// The salt, if the token's author uses one. Absent: no salt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Redacted<String>>,
    /// Whether a token for one URL is signed over its path alone, without the query.
    #[serde(default)]
    pub ignore_query: bool,
    /// The delimiter between fields.
    #[serde(default = "EdgeAuthPolicy::default_field_delimiter")]
    pub field_delimiter: char,
    /// The delimiter between the patterns of an ACL.
    #[serde(default = "EdgeAuthPolicy::default_acl_delimiter")]
    pub acl_delimiter: char,
}

impl EdgeAuthPolicy {
    /// The names that are looked for where the site's document has none.
    pub const NAMES: [&str; 4] = ["__token__", "hdnts", "hdnea", "__hdnea__"];

    fn default_names() -> Vec<String> {
        Self::NAMES.map(str::to_owned).to_vec()
    }

    const fn default_field_delimiter() -> char {
        '~'
    }

    const fn default_acl_delimiter() -> char {
        '!'
    }
}

/// The hash of an EdgeAuth token's HMAC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EdgeAuthAlgorithm {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-1.
    Sha1,
    /// MD5.
    Md5,
}

/// A site's requirements for AWS Secure Media Delivery tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecureMediaPolicy {
    /// The name of the document `v1/keys/{keys}` with one key for each `kid`.
    pub keys: Issuer,
}

/// A site's requirements for Cloudflare Stream tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StreamPolicy {
    /// The name of the document `v1/keys/{keys}` with one RSA key for each `kid`.
    pub keys: Issuer,
    /// Where the edge looks for a token. Absent: `[{"path": "title"}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placements: Option<Vec<Placement>>,
}

/// A site's requirements for timed HMACs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TimedHmacPolicy {
    /// The name of the document `v1/keys/{keys}` with keys of type `oct` and without `alg`. `k` is the base64url of the
    /// secret's text.
    pub keys: Issuer,
    /// The name of the last query parameter: `verify` for a rule with the separator `?verify=` (length 8), empty for a
    /// rule with the separator `?` (length 1).
    #[serde(default = "TimedHmacPolicy::default_name")]
    pub name: String,
    /// Seconds for which a token is valid: 1 to 31,536,000.
    #[serde(deserialize_with = "lifetime")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 31_536_000)))]
    pub lifetime_s: u64,
}

impl TimedHmacPolicy {
    fn default_name() -> String {
        "verify".to_owned()
    }
}

fn lifetime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 1, 31_536_000)
}

/// A site's requirements for Google's signed requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MediaCdnPolicy {
    /// The name of the document `v1/keys/{keys}` with keys named as in `KeyName`, of type `OKP` for Ed25519 and `oct`
    /// for HMAC. A token without a key name is tried with all keys of its algorithm.
    pub keys: Issuer,
    /// The names of the query parameter, cookie or header of a token of the dual-token kind, in this order.
    #[serde(default = "MediaCdnPolicy::default_names")]
    pub names: Vec<String>,
    /// The query parameter of a token for an ad pod (Ad Manager's DAI).
    #[serde(default = "MediaCdnPolicy::default_pod")]
    pub pod: String,
}

impl MediaCdnPolicy {
    /// The names that are looked for where the site's document has none.
    pub const NAMES: [&str; 3] = ["edge-cache-token", "hdnts", "hdntl"];

    /// The name of a token for an ad pod where the site's document has none.
    pub const POD: &str = "auth-token";

    fn default_names() -> Vec<String> {
        Self::NAMES.map(str::to_owned).to_vec()
    }

    fn default_pod() -> String {
        Self::POD.to_owned()
    }
}

/// A site's requirements for CloudFront's signed URLs and cookies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloudFrontPolicy {
    /// The name of the document `v1/keys/{keys}` with keys named as in `Key-Pair-Id`.
    pub keys: Issuer,
}
