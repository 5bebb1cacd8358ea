//! Where an offer holds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A country by its two-letter [ISO 3166-1] code, in capitals.
///
/// Only the shape is checked, not that the code is assigned: codes come and go, and `XK` is in use without
/// ever having been assigned.
///
/// [ISO 3166-1]: https://www.iso.org/iso-3166-country-codes.html
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        // Invariant: only `from_str` makes one, of two ASCII capitals.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The two letters as bytes.
    pub const fn bytes(self) -> [u8; 2] {
        self.0
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a territory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a country as two capital letters, such as AE, found `{0}`")]
pub struct TerritoryError(String);

impl FromStr for CountryCode {
    type Err = TerritoryError;

    fn from_str(text: &str) -> Result<Self, TerritoryError> {
        match text.as_bytes() {
            &[a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Ok(Self([a, b])),
            _ => Err(TerritoryError(text.chars().take(80).collect())),
        }
    }
}

/// One entry of a list of territories: a country, or `*` for the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", extend("pattern" = r"^(\*|[A-Z]{2})$")))]
pub enum Territory {
    /// Everywhere, unknown places included.
    World,
    /// One country.
    Country(CountryCode),
}

impl Territory {
    /// Whether a viewer in `country` is inside; `None` is a viewer whose country nobody knows.
    pub fn contains(self, country: Option<CountryCode>) -> bool {
        match self {
            Self::World => true,
            Self::Country(code) => country == Some(code),
        }
    }
}

impl fmt::Display for Territory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::World => f.write_str("*"),
            Self::Country(code) => code.fmt(f),
        }
    }
}

impl FromStr for Territory {
    type Err = TerritoryError;

    fn from_str(text: &str) -> Result<Self, TerritoryError> {
        if text == "*" { Ok(Self::World) } else { text.parse().map(Self::Country) }
    }
}

impl Serialize for Territory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Territory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Where an offer holds: in `allow`, less what is in `deny`. An empty `allow` is nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Territories {
    /// Countries in which the offer holds, or `*`.
    pub allow: Vec<Territory>,
    /// Countries in which it does not, whatever `allow` says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<Territory>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_countries_and_the_world() {
        assert_eq!("*".parse(), Ok(Territory::World));
        assert_eq!("AE".parse::<Territory>().unwrap().to_string(), "AE");
        for bad in ["", "ae", "ARE", "A1", "**"] {
            assert!(bad.parse::<Territory>().is_err(), "{bad:?} was taken for a territory");
        }
    }

    #[test]
    fn an_unknown_country_is_only_in_the_world() {
        assert!(Territory::World.contains(None));
        assert!(!"AE".parse::<Territory>().unwrap().contains(None));
    }
}
