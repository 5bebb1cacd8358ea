//! The territories of an offer.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::GroupName;
use crate::reading::Quoted;

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

/// The reason why a text is not a territory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct TerritoryError {
    expected: &'static str,
    found: String,
}

impl TerritoryError {
    fn new(expected: &'static str, found: &str) -> Self {
        Self { expected, found: Quoted(found).to_string() }
    }
}

impl FromStr for CountryCode {
    type Err = TerritoryError;

    fn from_str(text: &str) -> Result<Self, TerritoryError> {
        match text.as_bytes() {
            &[a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Ok(Self([a, b])),
            _ => Err(TerritoryError::new("a country as two capital letters, such as AE", text)),
        }
    }
}

/// A short code of ASCII capitals and digits, at most `N`: kept in place, so that lists of many are flat.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code<const N: usize>([u8; N]);

impl<const N: usize> Code<N> {
    /// Takes 1 to `N` ASCII letters and digits; letters become capitals.
    pub fn new(text: &str) -> Option<Self> {
        let mut code = [0; N];
        let fits = (1..=N).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        code.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from.to_ascii_uppercase());
        fits.then_some(Self(code))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        let len = self.0.iter().position(|byte| *byte == 0).unwrap_or(N);
        // Invariant: only `new` makes one, of ASCII.
        self.0.get(..len).and_then(|code| str::from_utf8(code).ok()).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Debug for Code<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One entry of a list of territories.
///
/// ```text
/// territory   = "*"                                        ; everywhere, unknown places included
///             / "continent:" continent
///             / "group:" name                              ; of the site's `geography.groups`
///             / country
///             / country "-" 1*3(ALPHA / DIGIT)             ; a subdivision of ISO 3166-2
///             / "dma:" number                              ; a metro code of the United States
///             / "postal:" country "-" 1*10(ALPHA / DIGIT)  ; the start of a postal code, without spaces
///             / "asn:" number                              ; an autonomous system
/// continent   = "AF" / "AN" / "AS" / "EU" / "NA" / "OC" / "SA"
/// country     = 2ALPHA                                     ; in capitals
/// ```
///
/// The kinds are in order, from the farthest to the nearest to the viewer. Of two postal codes, the longer code is
/// nearer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", extend("pattern" = TERRITORY_PATTERN)))]
pub enum Territory {
    /// Everywhere, unknown places included.
    World,
    /// A continent by its two letters.
    Continent(Code<2>),
    /// A group that the site names.
    Group(GroupName),
    /// One country.
    Country(CountryCode),
    /// A subdivision of a country.
    Subdivision(CountryCode, Code<3>),
    /// A metro code.
    Dma(u16),
    /// The places of a country whose postal codes begin with this text.
    Postal(CountryCode, Code<10>),
    /// An autonomous system.
    Asn(u32),
}

#[cfg(feature = "schema")]
const TERRITORY_PATTERN: &str = concat!(
    r"^(\*|[A-Z]{2}(-[A-Za-z0-9]{1,3})?|continent:(AF|AN|AS|EU|NA|OC|SA)|group:[a-z0-9][a-z0-9_.-]{0,63}|",
    r"dma:[0-9]{1,5}|postal:[A-Z]{2}-[A-Za-z0-9]{1,10}|asn:[0-9]{1,10})$"
);

const CONTINENTS: [&str; 7] = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"];

/// How near a territory is to a viewer in it: of several, the nearest decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nearness(u8);

impl Territory {
    /// How near it is to those in it.
    pub fn nearness(&self) -> Nearness {
        Nearness(match self {
            Self::World => 0,
            Self::Continent(_) => 1,
            Self::Group(_) => 2,
            Self::Country(_) => 3,
            Self::Subdivision(..) => 4,
            Self::Dma(_) => 5,
            // Invariant: a code has at most 10 characters.
            Self::Postal(_, prefix) => 5 + u8::try_from(prefix.as_str().len()).unwrap_or(10),
            Self::Asn(_) => 16,
        })
    }
}

impl Territory {
    /// The country that it names.
    pub const fn country(&self) -> Option<CountryCode> {
        match self {
            Self::Country(country) | Self::Subdivision(country, _) | Self::Postal(country, _) => {
                Some(*country)
            }
            Self::World | Self::Continent(_) | Self::Group(_) | Self::Dma(_) | Self::Asn(_) => None,
        }
    }
}

impl fmt::Display for Territory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::World => f.write_str("*"),
            Self::Continent(code) => write!(f, "continent:{}", code.as_str()),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Country(code) => code.fmt(f),
            Self::Subdivision(country, code) => write!(f, "{country}-{}", code.as_str()),
            Self::Dma(number) => write!(f, "dma:{number}"),
            Self::Postal(country, prefix) => write!(f, "postal:{country}-{}", prefix.as_str()),
            Self::Asn(number) => write!(f, "asn:{number}"),
        }
    }
}

impl FromStr for Territory {
    type Err = TerritoryError;

    fn from_str(text: &str) -> Result<Self, TerritoryError> {
        let within = |text: &str| {
            let (country, code) = text.split_once('-')?;
            Some((country.parse().ok()?, code.to_owned()))
        };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let found = match text.split_once(':') {
            None if text == "*" => Some(Self::World),
            None if text.contains('-') => {
                within(text).and_then(|(country, code)| Some(Self::Subdivision(country, Code::new(&code)?)))
            }
            None => text.parse().ok().map(Self::Country),
            Some(("continent", code)) if CONTINENTS.contains(&code) => Code::new(code).map(Self::Continent),
            Some(("group", name)) => name.parse().ok().map(Self::Group),
            Some(("dma", number)) if digits(number) => number.parse().ok().map(Self::Dma),
            Some(("asn", number)) if digits(number) => number.parse().ok().map(Self::Asn),
            Some(("postal", rest)) => {
                within(rest).and_then(|(country, code)| Some(Self::Postal(country, Code::new(&code)?)))
            }
            Some(_) => None,
        };
        found.ok_or_else(|| {
            TerritoryError::new(
                "a territory such as AE, AE-DU, dma:803, postal:US-902, asn:5384, continent:EU, group:mena or *",
                text,
            )
        })
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

/// A part of the world. Of the entries that contain the viewer, the nearest entry decides. Of equally near entries, the
/// entry in `deny` decides. An empty `allow` is nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Territories {
    /// The places that belong to it.
    pub allow: Vec<Territory>,
    /// The places that do not belong to it, unless an entry of `allow` is nearer to the viewer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<Territory>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_every_kind() {
        for text in [
            "*",
            "AE",
            "AE-DU",
            "GB-ENG",
            "dma:803",
            "postal:US-902",
            "asn:5384",
            "continent:EU",
            "group:mena",
        ] {
            assert_eq!(text.parse::<Territory>().unwrap().to_string(), text);
        }
        assert_eq!("postal:GB-sw1a".parse::<Territory>().unwrap().to_string(), "postal:GB-SW1A");
        for bad in [
            "",
            "ae",
            "ARE",
            "A1",
            "**",
            "AE-",
            "AE-DUBA",
            "-DU",
            "dma:",
            "dma:x",
            "dma:+1",
            "dma:70000",
            "postal:902",
            "postal:US-",
            "postal:US-90 2",
            "asn:-1",
            "asn:4294967296",
            "continent:XX",
            "continent:eu",
            "group:",
            "group:MENA",
            "city:paris",
        ] {
            assert!(bad.parse::<Territory>().is_err(), "{bad:?} was taken for a territory");
        }
    }

    #[test]
    fn nearer_and_nearer() {
        let order = [
            "*",
            "continent:AS",
            "group:gulf",
            "AE",
            "AE-DU",
            "dma:803",
            "postal:US-9",
            "postal:US-90210",
            "asn:5384",
        ];
        let nearness: Vec<_> =
            order.iter().map(|text| text.parse::<Territory>().unwrap().nearness()).collect();
        assert!(nearness.is_sorted_by(|a, b| a < b), "{nearness:?}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,24}") {
            let _ = text.parse::<Territory>();
        }

        #[test]
        fn what_is_read_is_written_and_read_again(
            text in "(\\*|[A-Z]{2}(-[A-Za-z0-9]{1,3})?|dma:[0-9]{1,6}|asn:[0-9]{1,11}|postal:[A-Z]{2}-[A-Za-z0-9]{1,11})",
        ) {
            if let Ok(territory) = text.parse::<Territory>() {
                prop_assert_eq!(territory.to_string().parse(), Ok(territory));
            }
        }
    }
}
