//! Age ratings, and the age that each of them stands for.
//!
//! Each mark is mapped to the age that a profile needs. Where a system bars younger viewers, or requires company for
//! them, this is the system's own age: the edge cannot see whether an adult is present. A mark that only advises (PG,
//! TV-PG) stands for 8, the age that the BBFC names for its own PG: "should not unsettle a child aged around eight or
//! older".
//!
//! - MPA: <https://www.motionpictures.org/film-ratings/>
//! - TV Parental Guidelines: <http://www.tvguidelines.org/ratings.html>
//! - BBFC: <https://www.bbfc.co.uk/about-classification/classification-guidelines>
//! - FSK: <https://www.fsk.de/en/age-classifications>
//! - United Arab Emirates, the Media Council's marks with 21+ of December 2021:
//!   <https://www.geo.tv/latest/388652-uae-ends-cinema-censorship-introduces-21-rating>
//! - Saudi Arabia, the General Authority of Media Regulation (before: GCAM), R12 of 2018 and PG15 of 2022:
//!   <https://www.zawya.com/en/legal/regulations/saudi-gcam-unveils-mechanism-for-clearing-cinematic-films-pyd209pq>
//! - Kuwait, the Ministry of Information's marks of January 2025:
//!   <https://menafn.com/1109093204/Kuwait-Information-Ministry-Categorizes-Movies-On-Show>
//!
//! Bahrain, Oman and Qatar have published no list of marks that could be cited; a site may say which system counts there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Territory;

macro_rules! systems {
    ($($(#[$doc:meta])* $system:ident $member:ident $home:literal { $($mark:ident $text:literal $age:literal,)* })*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum $system {
            $(#[doc = concat!("`", $text, "`, from ", $age)] #[serde(rename = $text)] $mark,)*
        }

        impl $system {
            /// Every mark.
            pub const ALL: &[Self] = &[$(Self::$mark,)*];

            /// The mark as text.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$mark => $text,)* }
            }

            /// The age that it stands for.
            pub const fn age(self) -> u8 {
                match self { $(Self::$mark => $age,)* }
            }
        })*

        /// A system of ratings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum RatingSystem {
            $($(#[$doc])* $system,)*
        }

        impl RatingSystem {
            /// The system's name, as it stands in documents.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$system => stringify!($member),)* }
            }

            /// The country whose system it is.
            pub const fn home(self) -> &'static str {
                match self { $(Self::$system => $home,)* }
            }
        }

        /// A title's ratings, at most one for each system.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct Ratings {
            $($(#[$doc])*
            #[doc = "\n Absent: the title has no mark of this system."]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $member: Option<$system>,)*
        }

        impl Ratings {
            /// Whether the list is empty.
            pub fn is_empty(&self) -> bool {
                *self == Self::default()
            }

            /// Each of them.
            pub fn iter(&self) -> impl Iterator<Item = Rated> {
                let all = [$(self.$member.map(|mark| Rated {
                    system: RatingSystem::$system,
                    mark: mark.text(),
                    age: mark.age(),
                }),)*];
                all.into_iter().flatten()
            }
        }
    };
}

/// One rating of a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rated {
    /// The system.
    pub system: RatingSystem,
    /// The mark as text.
    pub mark: &'static str,
    /// The age that it stands for.
    pub age: u8,
}

systems! {
    /// The Motion Picture Association, United States.
    Mpaa mpaa "US" { G "G" 0, Pg "PG" 8, Pg13 "PG-13" 13, R "R" 17, Nc17 "NC-17" 18, }
    /// The TV Parental Guidelines, United States.
    Tvpg tvpg "US" {
        Y "TV-Y" 0, Y7 "TV-Y7" 7, G "TV-G" 0, Pg "TV-PG" 8, Tv14 "TV-14" 14, Ma "TV-MA" 17,
    }
    /// The British Board of Film Classification.
    Bbfc bbfc "GB" { U "U" 0, Pg "PG" 8, Twelve "12" 12, TwelveA "12A" 12, Fifteen "15" 15, Eighteen "18" 18, R18 "R18" 18, }
    /// The Freiwillige Selbstkontrolle der Filmwirtschaft, Germany.
    Fsk fsk "DE" { Zero "0" 0, Six "6" 6, Twelve "12" 12, Sixteen "16" 16, Eighteen "18" 18, }
    /// The Media Council of the United Arab Emirates.
    Uae uae "AE" {
        G "G" 0, Pg "PG" 8, Pg13 "PG13" 13, Pg15 "PG15" 15, From15 "15+" 15, From18 "18+" 18, From21 "21+" 21,
    }
    /// The General Authority of Media Regulation, Saudi Arabia.
    Ksa ksa "SA" { G "G" 0, Pg "PG" 8, Pg12 "PG12" 12, Pg15 "PG15" 15, R12 "R12" 12, R15 "R15" 15, R18 "R18" 18, }
    /// The Ministry of Information, Kuwait.
    Kuwait kuwait "KW" { G "G" 0, Pg "PG" 8, Pg12 "PG12" 12, P15 "P15" 15, R15 "R15" 15, R18 "R18" 18, }
}

/// How a site treats ratings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RatingPolicy {
    /// The rating system that counts, by territory. The nearest territory to the viewer decides, if the title has a
    /// rating in its system. Otherwise the title's rating in the system of the viewer's country counts, or else the
    /// title's strictest rating.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub systems: BTreeMap<Territory, RatingSystem>,
    /// How the site treats a viewer whose token names no age. Absent: `allow`.
    #[serde(default, skip_serializing_if = "Ageless::is_default")]
    pub ageless: Ageless,
    /// How the site treats a title without ratings. Absent: `allow`.
    #[serde(default, skip_serializing_if = "Unrated::is_default")]
    pub unrated: Unrated,
}

impl RatingPolicy {
    /// Whether every member has its default.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How a site treats a viewer whose token names no age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Ageless {
    /// The viewer may watch everything.
    #[default]
    Allow,
    /// The viewer counts as being of this age.
    DenyAbove(u8),
}

impl Ageless {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How a site treats a title without ratings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unrated {
    /// Every viewer may watch the title.
    #[default]
    Allow,
    /// No viewer may watch the title.
    Deny,
    /// The title counts as being rated for this age.
    Age(u8),
}

impl Unrated {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_their_ages() {
        let ages = |ratings: &str| -> Vec<_> {
            let ratings: Ratings = serde_json::from_str(ratings).unwrap();
            ratings.iter().map(|rated| (rated.system.name(), rated.mark, rated.age)).collect()
        };
        assert_eq!(ages("{}"), []);
        assert_eq!(
            ages(
                r#"{"mpaa":"PG-13","tvpg":"TV-14","bbfc":"12A","fsk":"16","uae":"21+","ksa":"R15","kuwait":"P15"}"#
            ),
            [
                ("mpaa", "PG-13", 13),
                ("tvpg", "TV-14", 14),
                ("bbfc", "12A", 12),
                ("fsk", "16", 16),
                ("uae", "21+", 21),
                ("ksa", "R15", 15),
                ("kuwait", "P15", 15),
            ]
        );
        assert!(serde_json::from_str::<Ratings>(r#"{"fsk":"15"}"#).is_err());
    }

    #[test]
    fn systems_have_the_names_of_their_members() {
        for (json, system) in [(r#""mpaa""#, RatingSystem::Mpaa), (r#""kuwait""#, RatingSystem::Kuwait)] {
            assert_eq!(serde_json::from_str::<RatingSystem>(json).unwrap(), system);
            assert_eq!(json.trim_matches('"'), system.name());
            assert!(system.home().parse::<super::super::CountryCode>().is_ok());
        }
    }
}
