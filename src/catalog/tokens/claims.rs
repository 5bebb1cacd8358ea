//! The claims in which an issuer writes the contents of a grant.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// The claims in which an issuer writes the contents of a grant.
///
/// An unmapped claim is read under its own name here, and must be as documented: the token is refused otherwise. A
/// mapped claim uses the issuer's vocabulary: values without a meaning here are left out, unless that would widen the
/// grant.
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
    /// The only titles that the token covers; unmapped: `titles`.
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
    /// The viewer's purchases and rentals: ids, or objects with `id`, `from` and `until`; unmapped: `entitlements`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entitlements: Option<Claim>,
    /// The age of the viewer's profile, in years; unmapped: `age`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<Claim>,
}

impl ClaimMapping {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
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
    /// The prefix of the values, such as `plan:`, which is cut off; values without it are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The issuer's values, and their names here.
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
    /// It stays as it is.
    #[default]
    Keep,
    /// It is left out.
    Drop,
}
