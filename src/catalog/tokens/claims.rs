//! The claims in which an issuer writes the contents of a grant.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// The claims in which an issuer writes the contents of a grant.
///
/// An unmapped claim is read under its own name here. It must be as documented, or the token is refused. A mapped claim
/// uses the issuer's vocabulary. Values without a meaning here are left out, unless that would widen the grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ClaimMapping {
    /// The viewer. Unmapped: `sub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Claim>,
    /// The token's id, for revocation. Unmapped: `jti`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<Claim>,
    /// The viewer's plans. Unmapped: `plan`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plans: Option<Claim>,
    /// The titles to which the token is limited. Unmapped: `titles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub titles: Option<Claim>,
    /// The places in which the token is valid: countries (`AE`), subdivisions (`AE-DU`) or `*`.
    /// Unmapped: `territories`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub territories: Option<Claim>,
    /// The greatest height of a picture, in pixels, as a number or as `720p`. Unmapped: `max_height`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_height: Option<Claim>,
    /// How many streams the viewer may watch at a time. Unmapped: `max_streams`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_streams: Option<Claim>,
    /// The device class. Unmapped: `device`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Claim>,
    /// The viewer's purchases and rentals: ids, or objects with `id`, `from` and `until`. Unmapped: `entitlements`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entitlements: Option<Claim>,
    /// The age of the viewer's profile, in years. Unmapped: `age`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<Claim>,
}

impl ClaimMapping {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A claim of an issuer: its name alone, or its name and how to read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Claim {
    /// The claim's name, such as `custom:plan` or `https://example.com/plan`. A text that begins with `/`, such as
    /// `/realm_access/roles`, is a JSON Pointer ([RFC 6901]).
    ///
    /// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
    Named(String),
    /// The claim and how to read its values.
    Mapped(MappedClaim),
}

impl<'de> Deserialize<'de> for Claim {
    /// The first byte decides. The code that serde derives for an untagged enum reads the whole value before it looks
    /// for the variant.
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

/// A claim and how to read its values. The claim is a list, a text of values with spaces or commas between them, a
/// number, or true or false.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MappedClaim {
    /// The claim's name or JSON Pointer.
    pub from: String,
    /// The prefix of the values, such as `plan:`. It is cut off. Values without the prefix are left out.
    /// Absent: every value counts as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The names here of the issuer's values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// How a value that `names` does not list is treated.
    #[serde(default)]
    pub unknown: UnknownName,
}

/// How a value without a name here is treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownName {
    /// The value stays as it is.
    #[default]
    Keep,
    /// The value is left out.
    Drop,
}
