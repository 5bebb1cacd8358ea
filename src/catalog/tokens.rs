//! Which viewer tokens a site accepts, where it looks for them, and what it demands of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::Issuer;
use super::site::bounded;

/// Which viewer tokens a site accepts.
///
/// `issuers`, `audience`, `placements` and `leeway_s` hold for every dialect in `accept` that does not say
/// otherwise. Without `accept`, JSON Web Tokens are accepted and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TokenPolicy {
    /// Who may sign them: each has its keys under `v1/keys/{issuer}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<Issuer>,
    /// The `aud` that they must name ([RFC 7519 section 4.1.3]); absent: any or none.
    ///
    /// [RFC 7519 section 4.1.3]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Where to look for a token, in this order.
    #[serde(default = "TokenPolicy::default_placements")]
    pub placements: Vec<Placement>,
    /// Seconds by which clocks may disagree about `exp`, `nbf` and `iat`: 0 to 300.
    #[serde(default, deserialize_with = "leeway")]
    #[cfg_attr(feature = "schema", schemars(range(max = 300)))]
    pub leeway_s: u64,
    /// The dialects, in the order in which they are tried: the first token that can be read counts.
    #[serde(default = "TokenPolicy::default_accept")]
    pub accept: Vec<Acceptance>,
    /// A store of used tokens, for tokens that may be used once or whose second use is to be reported. Without it,
    /// tokens that may be used once are refused, and nothing is reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<ReplayPolicy>,
}

/// What a site does about tokens that are used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayPolicy {
    /// Every token may be used once, whatever it says of itself.
    #[serde(default)]
    pub once: bool,
    /// The uses of every token are counted, whatever it says of itself, and a further one is reported in the log.
    #[serde(default)]
    pub detect: bool,
}

impl TokenPolicy {
    fn default_placements() -> Vec<Placement> {
        vec![Placement::Query("token".to_owned()), Placement::Authorization]
    }

    fn default_accept() -> Vec<Acceptance> {
        vec![Acceptance::Jwt(JwtPolicy::default())]
    }
}

fn leeway<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 0, 300)
}

/// A place in a request where a viewer token may stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// A query parameter of this name.
    Query(String),
    /// `Authorization: Bearer …` ([RFC 6750 section 2.1]).
    ///
    /// [RFC 6750 section 2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    Authorization,
    /// A cookie of this name.
    Cookie(String),
    /// The whole value of a header of this name.
    Header(String),
    /// A segment of the path.
    Path(PathPlacement),
}

/// How a token stands in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PathPlacement {
    /// As the first segment, before the title: `/{token}/{title}/{manifest}`.
    Before,
    /// As the first segment, in the title's place, where the token names the title: `/{token}/{manifest}`.
    Title,
    /// As a path-style parameter of this name in any segment: `/{title}/{manifest};{name}={token}`
    /// ([RFC 3986 section 3.3]).
    ///
    /// [RFC 3986 section 3.3]: https://www.rfc-editor.org/rfc/rfc3986#section-3.3
    Parameter(String),
}

/// A dialect that a site accepts, and what it demands of its tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Acceptance {
    /// JSON Web Tokens ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)).
    Jwt(JwtPolicy),
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
    /// Whether the dialect's tokens name their issuer and the site's list decides on it.
    pub const fn needs_issuers(&self) -> bool {
        match self {
            Self::Jwt(own) => own.issuers.is_none(),
            Self::Cat(own) => own.issuers.is_none() && own.keys.is_none(),
            Self::UriSigning(own) => own.issuers.is_none() && own.keys.is_none(),
            _ => false,
        }
    }
}

/// What a site demands of JSON Web Tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JwtPolicy {
    /// In place of the site's issuers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuers: Option<Vec<Issuer>>,
    /// In place of the site's audience.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// In place of the site's placements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placements: Option<Vec<Placement>>,
    /// The values of `typ` of which the header has to have one, such as `at+jwt`, without regard to case and to a
    /// leading `application/`; empty: any or none ([RFC 8725 section 3.11]).
    ///
    /// [RFC 8725 section 3.11]: https://www.rfc-editor.org/rfc/rfc8725#section-3.11
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Where the issuer writes what a grant holds.
    #[serde(default, skip_serializing_if = "ClaimMapping::is_default")]
    pub claims: ClaimMapping,
}

/// Where an issuer writes what a grant holds: for each, the claim. An absent one is looked for under the name that
/// [`crate::token::jwt`] documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ClaimMapping {
    /// The claim with the viewer's plans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plans: Option<String>,
    /// What the issuer's names of plans mean here; a plan that is not named keeps its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub plan_names: BTreeMap<String, String>,
}

impl ClaimMapping {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a site demands of Common Access Tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CatPolicy {
    /// In place of the site's issuers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuers: Option<Vec<Issuer>>,
    /// The document `v1/keys/{keys}` for tokens that name no issuer; absent: such tokens are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Issuer>,
    /// In place of the site's audience.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Where to look: by default the headers `CTA-Common-Access-Token` and `Common-Access-Token`, the cookies of these
    /// names and the query parameter `CAT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placements: Option<Vec<Placement>>,
}

/// What a site demands of signed URIs (RFC 9246).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UriSigningPolicy {
    /// In place of the site's issuers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuers: Option<Vec<Issuer>>,
    /// The document `v1/keys/{keys}` for tokens that name no issuer; absent: such tokens are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Issuer>,
    /// In place of the site's audience.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The name of the parameter or cookie; absent: `URISigningPackage` ([RFC 9246 section 2.1.1]).
    ///
    /// [RFC 9246 section 2.1.1]: https://www.rfc-editor.org/rfc/rfc9246#section-2.1.1
    #[serde(default = "UriSigningPolicy::default_name")]
    pub name: String,
}

impl UriSigningPolicy {
    fn default_name() -> String {
        "URISigningPackage".to_owned()
    }
}

/// What a site demands of EdgeAuth tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EdgeAuthPolicy {
    /// The document `v1/keys/{keys}`: the current key and the transition key, of type `oct` and without `alg`.
    pub keys: Issuer,
    /// The hash of the HMAC.
    #[serde(default)]
    pub algorithm: EdgeAuthAlgorithm,
    /// The names of the parameter, cookie or header.
    #[serde(default = "EdgeAuthPolicy::default_names")]
    pub names: Vec<String>,
    /// Whether the token's author escaped `ip`, `id`, `data` and `url` before signing.
    #[serde(default)]
    pub escape_early: bool,
    /// The salt, where one is agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<crate::redacted::Redacted<String>>,
}

impl EdgeAuthPolicy {
    fn default_names() -> Vec<String> {
        ["__token__", "hdnts", "hdnea", "__hdnea__"].map(str::to_owned).to_vec()
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

/// What a site demands of AWS Secure Media Delivery tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecureMediaPolicy {
    /// The document `v1/keys/{keys}`: one key for each `kid`.
    pub keys: Issuer,
}

/// What a site demands of Cloudflare Stream tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StreamPolicy {
    /// The document `v1/keys/{keys}`: one RSA key for each `kid`.
    pub keys: Issuer,
    /// In place of `[{"path": "title"}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placements: Option<Vec<Placement>>,
}

/// What a site demands of timed HMACs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TimedHmacPolicy {
    /// The document `v1/keys/{keys}`, with keys of type `oct`.
    pub keys: Issuer,
    /// The name of the last query parameter, such as `verify`.
    #[serde(default = "TimedHmacPolicy::default_name")]
    pub name: String,
    /// Seconds for which a token is valid.
    pub lifetime_s: u64,
    /// The separator between what was signed and the token: the length of `?verify=` in Cloudflare's rule; the path
    /// ends there. Not a part of what is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
}

impl TimedHmacPolicy {
    fn default_name() -> String {
        "verify".to_owned()
    }
}

/// What a site demands of Google's signed requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MediaCdnPolicy {
    /// The document `v1/keys/{keys}`: keys named as in `KeyName`, each with its `alg` (`EdDSA`, `HS1`, `HS256`).
    pub keys: Issuer,
    /// The names of the parameter or cookie of a token of the dual-token kind.
    #[serde(default = "MediaCdnPolicy::default_names")]
    pub names: Vec<String>,
}

impl MediaCdnPolicy {
    fn default_names() -> Vec<String> {
        ["Edge-Cache-Token", "hdnts", "hdntl", "auth-token"].map(str::to_owned).to_vec()
    }
}

/// What a site demands of nginx's secure links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecureLinkPolicy {
    /// The document `v1/keys/{keys}`, with keys of type `oct`: their text is put in place of `{secret}`.
    pub keys: Issuer,
    /// What is hashed: nginx's `secure_link_md5`, with `{expires}`, `{uri}`, `{address}` and `{secret}`, such as
    /// `{expires}{uri}{address} {secret}`.
    pub expression: String,
    /// The query parameter of the hash.
    #[serde(default = "SecureLinkPolicy::default_hash")]
    pub hash: String,
    /// The query parameter of the expiry, in Unix seconds.
    #[serde(default = "SecureLinkPolicy::default_expires")]
    pub expires: String,
}

impl SecureLinkPolicy {
    fn default_hash() -> String {
        "md5".to_owned()
    }

    fn default_expires() -> String {
        "expires".to_owned()
    }
}

/// What a site demands of CloudFront's signed URLs and cookies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloudFrontPolicy {
    /// The document `v1/keys/{keys}`: keys named as in `Key-Pair-Id`.
    pub keys: Issuer,
}
