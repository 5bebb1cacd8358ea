//! A site's policy for viewer tokens: which tokens it accepts, where they stand in a request, and its requirements.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Acceptance, Placement};
use crate::catalog::Issuer;
use crate::catalog::range::{bounded, within};

/// A site's policy for viewer tokens.
///
/// `issuers`, `audience`, `placements` and `leeway_s` apply to every dialect in `accept` that does not override them.
/// Without `accept`, only JSON Web Tokens are accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TokenPolicy {
    /// The issuers that may sign viewer tokens. Each issuer has its keys under `v1/keys/{issuer}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<Issuer>,
    /// The `aud` that a viewer token must name ([RFC 7519 section 4.1.3]). `*`: any audience, or no audience. Absent: a
    /// token that names an audience is refused.
    ///
    /// [RFC 7519 section 4.1.3]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Where the edge looks for a token, in this order.
    #[serde(default = "TokenPolicy::default_placements")]
    pub placements: Vec<Placement>,
    /// Seconds by which clocks may disagree about `exp`, `nbf` and `iat`: 0 to 300.
    #[serde(default, deserialize_with = "leeway")]
    #[cfg_attr(feature = "schema", schemars(range(max = 300)))]
    pub leeway_s: u64,
    /// The longest lifetime of a viewer token, from its signing (`iat`) to its expiry, in seconds, 60 to 31,622,400
    /// (366 days). A token with a longer lifetime, or without either claim, is refused. Absent: no limit. With a limit,
    /// a revocation of a viewer, a token, a title or everything is dropped once all tokens that it affects have
    /// expired.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "longest")]
    #[cfg_attr(feature = "schema", schemars(range(min = 60, max = 31_622_400)))]
    pub longest_s: Option<u64>,
    /// The accepted dialects, 100 at most, in the order in which they are tried. The first token that can be read
    /// counts.
    #[serde(default = "TokenPolicy::default_accept", deserialize_with = "accepted")]
    pub accept: Vec<Acceptance>,
    /// The store of used tokens. It detects a second use of tokens that may be used once, or whose uses are reported.
    /// Absent: tokens that may be used once are refused, and no use is reported.
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

/// How a site treats tokens that are used more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayPolicy {
    /// Whether every token may be used once only, whatever its claims say.
    #[serde(default)]
    pub once: bool,
    /// Whether the edge counts the uses of every token, whatever its claims say, and reports a further use in the log.
    #[serde(default)]
    pub detect: bool,
    /// Seconds within which another request from the same network counts as the same use, 0 to 300. Many players open a
    /// manifest twice, or request it at its entry for as long as they play. 0: each request is a use.
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
