//! Which viewer tokens a site accepts, where it looks for them, and what it demands of them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::site::{bounded, within};
use super::{Issuer, SyncBatch};
use crate::json;
use crate::redacted::Redacted;

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
    /// The `aud` that they must name ([RFC 7519 section 4.1.3]), or `*` for any or none; absent: a token that names one is
    /// refused.
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
    /// The longest life of a viewer token, from when it was signed (`iat`) to its expiry, in seconds, 60 to 31,622,400 (366
    /// days). A token that lives longer, or does not say both, is refused. Absent: tokens live as long as they say. With it, a
    /// revocation of a viewer, a token, a title or everything is dropped when no token can be alive any more that it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "longest")]
    #[cfg_attr(feature = "schema", schemars(range(min = 60, max = 31_622_400)))]
    pub longest_s: Option<u64>,
    /// The dialects, 100 at most, in the order in which they are tried: the first token that can be read counts.
    #[serde(default = "TokenPolicy::default_accept", deserialize_with = "accepted")]
    pub accept: Vec<Acceptance>,
    /// A store of used tokens, for tokens that may be used once or whose second use is to be reported. Without it,
    /// tokens that may be used once are refused, and nothing is reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<ReplayPolicy>,
}

/// What a site does about tokens that are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayPolicy {
    /// Every token may be used once, whatever it says of itself.
    #[serde(default)]
    pub once: bool,
    /// The uses of every token are counted, whatever it says of itself, and a further one is reported in the log.
    #[serde(default)]
    pub detect: bool,
    /// A use by the network of the first one is no further use when it comes within so many seconds of the last, 0 to 300:
    /// many players open a manifest twice, or ask for it again at its entry as long as they play. 0: each use is one.
    #[serde(default = "ReplayPolicy::default_again_within_s", deserialize_with = "again_within")]
    #[cfg_attr(feature = "schema", schemars(range(max = 300)))]
    pub again_within_s: u64,
}

impl ReplayPolicy {
    const fn default_again_within_s() -> u64 {
        30
    }
}

impl Default for ReplayPolicy {
    fn default() -> Self {
        Self { once: false, detect: false, again_within_s: Self::default_again_within_s() }
    }
}

fn again_within<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 0, 300)
}

impl TokenPolicy {
    fn default_placements() -> Vec<Placement> {
        vec![Placement::Query("token".to_owned()), Placement::Authorization]
    }

    fn default_accept() -> Vec<Acceptance> {
        vec![Acceptance::Jwt(Box::default())]
    }
}

fn longest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Option::deserialize(deserializer)?.map(|secs| within(secs, 60, 31_622_400)).transpose()
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JwtPolicy {
    /// In place of the site's issuers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuers: Option<Vec<Issuer>>,
    /// In place of the site's audience.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The claim that names the audience, such as `client_id` in access tokens of Amazon Cognito or `azp` in those of
    /// Keycloak.
    #[serde(default = "JwtPolicy::default_audience_claim")]
    pub audience_claim: String,
    /// In place of the site's placements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placements: Option<Vec<Placement>>,
    /// The values of `typ` of which the header has to have one, such as `at+jwt`, without regard to case and to a
    /// leading `application/`; empty: any or none ([RFC 8725 section 3.11]).
    ///
    /// [RFC 8725 section 3.11]: https://www.rfc-editor.org/rfc/rfc8725#section-3.11
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// What claims have to be, such as `{"token_use": "access"}`: the value, one of a list of values, or a list that
    /// has one of them. Claims are named as in `claims`. There are 1,000 values in all, at most.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "required")]
    pub require: BTreeMap<String, serde_json::Value>,
    /// Where the issuer writes what a grant holds.
    #[serde(default, skip_serializing_if = "ClaimMapping::is_default")]
    pub claims: ClaimMapping,
}

impl JwtPolicy {
    fn default_audience_claim() -> String {
        "aud".to_owned()
    }
}

impl Default for JwtPolicy {
    fn default() -> Self {
        Self {
            issuers: None,
            audience: None,
            audience_claim: Self::default_audience_claim(),
            placements: None,
            types: Vec::new(),
            require: BTreeMap::new(),
            claims: ClaimMapping::default(),
        }
    }
}

/// Where an issuer writes what a grant holds: for each, the claim.
///
/// A claim that is not mapped is looked for under its own name here, and has to be as documented: the token is refused
/// when it is not. A claim that is mapped is somebody else's words: values that mean nothing here are left out, unless
/// that would widen the grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ClaimMapping {
    /// Who the viewer is; unmapped: `sub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Claim>,
    /// The token's own name, for revocation; unmapped: `jti`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<Claim>,
    /// The viewer's plans; unmapped: `plan`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plans: Option<Claim>,
    /// The only titles that the token is good for; unmapped: `titles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub titles: Option<Claim>,
    /// Where the token is good: countries (`AE`), subdivisions (`AE-DU`), `*`; unmapped: `territories`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub territories: Option<Claim>,
    /// The greatest height of a picture, in pixels, as a number or as `720p`; unmapped: `max_height`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_height: Option<Claim>,
    /// How many streams the viewer may watch at a time; unmapped: `max_streams`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_streams: Option<Claim>,
    /// The kind of device; unmapped: `device`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Claim>,
    /// What the viewer has bought or rented: ids, or objects with `id`, `from` and `until`; unmapped: `entitlements`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entitlements: Option<Claim>,
    /// The age of the viewer's profile, in years; unmapped: `age`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<Claim>,
}

impl ClaimMapping {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A dialect's policy takes up to a hundred times the memory of its spelling.
const MOST_ACCEPTED: usize = 100;

fn accepted<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<Acceptance>, D::Error> {
    struct Dialects;
    impl<'de> de::Visitor<'de> for Dialects {
        type Value = Vec<Acceptance>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "an array of {MOST_ACCEPTED} dialects at most")
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
            let mut dialects = Vec::new();
            while let Some(dialect) = values.next_element()? {
                if dialects.len() == MOST_ACCEPTED {
                    return Err(de::Error::invalid_length(MOST_ACCEPTED + 1, &self));
                }
                dialects.push(dialect);
            }
            Ok(dialects)
        }
    }
    json.deserialize_seq(Dialects)
}

/// A value takes many times the memory of its spelling.
const MOST_REQUIRED: usize = 1_000;

fn required<'de, D: Deserializer<'de>>(json: D) -> Result<BTreeMap<String, serde_json::Value>, D::Error> {
    let members = json::few(json, SyncBatch::DEEPEST, MOST_REQUIRED).map_err(|error| {
        de::Error::custom(format_args!("`require`, of {MOST_REQUIRED} values at most: {error}"))
    })?;
    Ok(members.into_iter().collect())
}

/// A claim of an issuer: its name alone, or how to read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Claim {
    /// The claim's name, such as `custom:plan` or `https://example.com/plan`; a JSON Pointer ([RFC 6901]) if it begins
    /// with `/`, such as `/realm_access/roles`.
    ///
    /// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
    Named(String),
    /// The claim and how to read its values.
    Mapped(MappedClaim),
}

impl<'de> Deserialize<'de> for Claim {
    /// By its first byte. What serde derives for an untagged enum reads all of it before it looks for the variant.
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> de::Visitor<'de> for Either {
            type Value = Claim;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a claim, or an object with `from`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Claim, E> {
                Ok(Claim::Named(name.to_owned()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, members: A) -> Result<Claim, A::Error> {
                MappedClaim::deserialize(de::value::MapAccessDeserializer::new(members)).map(Claim::Mapped)
            }
        }
        json.deserialize_any(Either)
    }
}

/// A claim and how to read its values. They are a list, a text with spaces or commas between them, a number, or true or
/// false.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MappedClaim {
    /// The claim's name or JSON Pointer.
    pub from: String,
    /// What has to stand before a value, and is cut off, such as `plan:`; values without it are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// What the issuer's values mean here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// What becomes of a value that `names` does not have.
    #[serde(default)]
    pub unknown: UnknownName,
}

/// What becomes of a value that has no name here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownName {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is left out.
    Drop,
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
    /// Where to look; absent: the headers `CTA-Common-Access-Token` and `Common-Access-Token`, the cookies of these
    /// names and the query parameter `CAT`, then the site's placements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placements: Option<Vec<Placement>>,
    /// Claims that may be ignored although they are not understood, by label or name, such as `-70001` or `catpor`.
    /// Without it, a token with such a claim is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
    /// The claim with the viewer's plans, by label or name: a text or an array of texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plans: Option<String>,
}

/// What a site demands of signed URIs (RFC 9246).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UriSigningPolicy {
    /// In place of the site's issuers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuers: Option<Vec<Issuer>>,
    /// The document `v1/keys/{…}` of an issuer whose `iss` cannot name a document, such as `uCDN Inc`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub issuer_keys: BTreeMap<String, Issuer>,
    /// The document `v1/keys/{keys}` for tokens that name no issuer; absent: such tokens are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Issuer>,
    /// In place of the site's audience. Without one, tokens that name an audience are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The name of the parameter or cookie; absent: `URISigningPackage` ([RFC 9246 section 2.1]).
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

/// What a site demands of EdgeAuth tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EdgeAuthPolicy {
    /// The document `v1/keys/{keys}`: the current key and the transition key, of type `oct` and without `alg`. Akamai
    /// shows a key in hexadecimal; `k` is the base64url of its bytes.
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
    /// The salt, where one is agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Redacted<String>>,
    /// Whether a token for one URL is signed over its path alone, whatever the query.
    #[serde(default)]
    pub ignore_query: bool,
    /// What stands between fields.
    #[serde(default = "EdgeAuthPolicy::default_field_delimiter")]
    pub field_delimiter: char,
    /// What stands between the patterns of an ACL.
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
    /// The document `v1/keys/{keys}`, with keys of type `oct` and without `alg`; `k` is the base64url of the secret's
    /// text.
    pub keys: Issuer,
    /// The name of the last query parameter: `verify` for a rule with the separator `?verify=`, of length 8; empty for
    /// one with the separator `?`, of length 1.
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

/// What a site demands of Google's signed requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MediaCdnPolicy {
    /// The document `v1/keys/{keys}`: keys named as in `KeyName`, of type `OKP` for Ed25519 and `oct` for HMAC. A token
    /// that names no key is tried with those of its algorithm.
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

/// What a site demands of nginx's secure links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecureLinkPolicy {
    /// The document `v1/keys/{keys}`, with keys of type `oct`: `k` is the base64url of the secret's text, which is put
    /// in place of `{secret}`.
    pub keys: Issuer,
    /// What is hashed: nginx's `secure_link_md5`.
    pub expression: SecureLinkExpression,
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

/// What a secure link hashes: text with variables, of which `{secret}` has to be one. `{expires}{uri}{address} {secret}`
/// is nginx's `"$secure_link_expires$uri$remote_addr secret"`.
///
/// | variable | | nginx |
/// | --- | --- | --- |
/// | `{secret}` | the key | the secret's text |
/// | `{expires}` | the expiry as it came; without it, a link does not say when it ends | `$secure_link_expires`, `$arg_expires` |
/// | `{uri}` | the path without percent-encoding | `$uri` |
/// | `{path}` | the path as it came | |
/// | `{folder}` | the path without percent-encoding up to its last `/` | a `map` of `$uri` |
/// | `{title}` | the first segment of the path | a capture of `location` |
/// | `{address}` | the viewer's address; the session stays bound to it | `$remote_addr` |
/// | `{host}`, `{scheme}` | of the URL | `$host`, `$scheme` |
/// | `{arg:name}` | the query parameter as it came, or nothing | `$arg_name` |
/// | `{header:name}` | the header, or nothing | `$http_name` |
/// | `{cookie:name}` | the cookie, or nothing | `$cookie_name` |
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(try_from = "String", into = "String")]
pub struct SecureLinkExpression(Vec<SecureLinkPart>);

/// A part of what a secure link hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecureLinkPart {
    /// Text as it stands.
    Text(String),
    /// `{secret}`
    Secret,
    /// `{expires}`
    Expires,
    /// `{uri}`
    Uri,
    /// `{path}`
    Path,
    /// `{folder}`
    Folder,
    /// `{title}`
    Title,
    /// `{address}`
    Address,
    /// `{host}`
    Host,
    /// `{scheme}`
    Scheme,
    /// `{arg:…}`
    Argument(String),
    /// `{header:…}`
    Header(String),
    /// `{cookie:…}`
    Cookie(String),
}

/// Why a text is not what a secure link may hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecureLinkExpressionError {
    /// A variable that is not in the list.
    #[error("expected a variable such as {{uri}}, found `{{{0}}}`")]
    Variable(String),
    /// A brace without its other half.
    #[error("expected each `{{` with its `}}`")]
    Brace,
    /// Anybody could make the hash.
    #[error("expected {{secret}} in the expression")]
    Secret,
    /// It is longer than 512 characters.
    #[error("expected 512 characters at most")]
    Length,
}

impl SecureLinkExpression {
    /// The parts in their order.
    pub fn parts(&self) -> &[SecureLinkPart] {
        &self.0
    }
}

impl TryFrom<String> for SecureLinkExpression {
    type Error = SecureLinkExpressionError;

    fn try_from(text: String) -> Result<Self, SecureLinkExpressionError> {
        use SecureLinkPart as Part;
        if text.len() > 512 {
            return Err(SecureLinkExpressionError::Length);
        }
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, from)) = rest.split_once('{') {
            let (name, after) = from.split_once('}').ok_or(SecureLinkExpressionError::Brace)?;
            if before.contains('}') {
                return Err(SecureLinkExpressionError::Brace);
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(match name.split_once(':') {
                Some(("arg", name)) if !name.is_empty() => Part::Argument(name.to_owned()),
                Some(("header", name)) if !name.is_empty() => Part::Header(name.to_owned()),
                Some(("cookie", name)) if !name.is_empty() => Part::Cookie(name.to_owned()),
                _ => match name {
                    "secret" => Part::Secret,
                    "expires" => Part::Expires,
                    "uri" => Part::Uri,
                    "path" => Part::Path,
                    "folder" => Part::Folder,
                    "title" => Part::Title,
                    "address" => Part::Address,
                    "host" => Part::Host,
                    "scheme" => Part::Scheme,
                    _ => {
                        return Err(SecureLinkExpressionError::Variable(name.chars().take(80).collect()));
                    }
                },
            });
            rest = after;
        }
        if rest.contains('}') {
            return Err(SecureLinkExpressionError::Brace);
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if !parts.contains(&Part::Secret) {
            return Err(SecureLinkExpressionError::Secret);
        }
        Ok(Self(parts))
    }
}

impl From<SecureLinkExpression> for String {
    fn from(expression: SecureLinkExpression) -> Self {
        use SecureLinkPart as Part;
        let parts = expression.0.into_iter().map(|part| match part {
            Part::Text(text) => text,
            Part::Secret => "{secret}".to_owned(),
            Part::Expires => "{expires}".to_owned(),
            Part::Uri => "{uri}".to_owned(),
            Part::Path => "{path}".to_owned(),
            Part::Folder => "{folder}".to_owned(),
            Part::Title => "{title}".to_owned(),
            Part::Address => "{address}".to_owned(),
            Part::Host => "{host}".to_owned(),
            Part::Scheme => "{scheme}".to_owned(),
            Part::Argument(name) => format!("{{arg:{name}}}"),
            Part::Header(name) => format!("{{header:{name}}}"),
            Part::Cookie(name) => format!("{{cookie:{name}}}"),
        });
        parts.collect()
    }
}

/// What a site demands of CloudFront's signed URLs and cookies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloudFrontPolicy {
    /// The document `v1/keys/{keys}`: keys named as in `Key-Pair-Id`.
    pub keys: Issuer,
}
