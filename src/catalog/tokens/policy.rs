//! Which viewer tokens a site accepts, where they stand in a request, and the site's requirements for them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Acceptance, Placement};
use crate::catalog::Issuer;
use crate::catalog::range::{bounded, within};

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

/// How a site treats tokens that are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayPolicy {
    /// Whether every token may be used once only, whatever its claims say.
    #[serde(default)]
    pub once: bool,
    /// Whether the uses of every token are counted, whatever its claims say, and a further use is reported in the log.
    #[serde(default)]
    pub detect: bool,
    /// Seconds within which another request from the network of the first one is the same use, 0 to 300: many players
    /// open a manifest twice, or ask for it at its entry as long as they play. 0: each request is a use.
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
