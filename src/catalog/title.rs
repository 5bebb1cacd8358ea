//! `v1/title/{id}`: what can be watched, and by whom.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::crowd;
use super::{
    AdsMode, BlackoutId, Caps, DeviceClass, Enforcement, EntitlementId, Host, IdError, Memo, Model, OfferId,
    OfferRules, Plan, Ratings, Territories, TitleId, VarianceId, Window,
};
use crate::time::UnixTime;

/// A title: its sites, where its media lies, and its offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Title {
    /// The id under which it is stored, and the first segment of its URLs.
    pub id: TitleId,
    /// The sites that may serve it. A title is unknown on every other site.
    pub sites: Vec<Host>,
    /// Its name by language tag (BCP 47), for people.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// Its folder below the site's media origin; absent: `{id}/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<MediaPath>,
    /// Raising it purges everything of the title from the edges' caches: it is part of each cache key. Absent: 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generation: u64,
    /// The manifest, below that folder, that a player opens first; for consoles and pages, the edge serves any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// Nobody watches it before this instant, whatever the offers say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embargo: Option<UnixTime>,
    /// Its age ratings.
    #[serde(default, skip_serializing_if = "Ratings::is_empty")]
    pub ratings: Ratings,
    /// Its cuts, beside the one in `media`.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "crowd::variances")]
    pub variances: Vec<Variance>,
    /// Where and when it is not shown as usual.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "crowd::blackouts")]
    pub blackouts: Vec<Blackout>,
    /// Who may watch it. A viewer whom no offer fits is denied.
    #[serde(deserialize_with = "crowd::offers")]
    pub offers: Vec<Offer>,
    /// What other modules derive from all this.
    #[serde(skip)]
    pub memo: Memo,
}

impl Title {
    /// The title's folder below the media origin, ending in `/`.
    pub fn media_folder(&self) -> String {
        match &self.media {
            Some(path) => path.as_str().to_owned(),
            None => format!("{}/", self.id),
        }
    }
}

/// One way in which a title may be watched. All that it states has to fit the viewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offer {
    /// Names the offer in traces and logs; unique within the title.
    pub id: OfferId,
    /// Where it holds.
    pub territories: Territories,
    /// Viewers who may be where its territories deny, and nowhere nearer that they allow, where too little is known of them
    /// to tell; absent: `inside`.
    #[serde(default = "inside", skip_serializing_if = "is_inside")]
    pub unknown: UnknownPlace,
    /// When it holds; absent: always.
    #[serde(default, skip_serializing_if = "is_always")]
    pub window: Window,
    /// Where it opens at another time than its window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub premieres: Vec<Premiere>,
    /// What the viewer has to bring; absent: what `plans` and `entitlements` ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// The plans of which the viewer's token has to name one; empty: any viewer with a valid token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<Plan>,
    /// What the viewer has to have bought or rented, one of these; empty: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entitlements: Vec<EntitlementId>,
    /// How long a rental lasts, in seconds, from the entitlement's `from`; absent: as long as the entitlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub rental_s: Option<u64>,
    /// The only device classes; empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceClass>,
    /// How advertising reaches the viewer; absent: not at all, and `guided` under the model `avod`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ads: Option<AdsMode>,
    /// The cut that it shows; absent: the one for the viewer's territory, else the title's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variance: Option<VarianceId>,
    /// How its rules are enforced, in place of the site's `rules`.
    #[serde(default, skip_serializing_if = "OfferRules::is_empty")]
    pub rules: OfferRules,
    /// What it limits.
    #[serde(default, skip_serializing_if = "Caps::is_none")]
    pub caps: Caps,
}

impl Offer {
    /// How advertising reaches its viewers.
    pub fn ads(&self) -> Option<AdsMode> {
        self.ads.or((self.model == Some(Model::Avod)).then_some(AdsMode::Guided))
    }
}

const fn is_zero(generation: &u64) -> bool {
    *generation == 0
}

const fn inside() -> UnknownPlace {
    UnknownPlace::Inside
}

fn is_inside(unknown: &UnknownPlace) -> bool {
    *unknown == inside()
}

fn is_always(window: &Window) -> bool {
    *window == Window::default()
}

/// An opening of an offer of its own in some territories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Premiere {
    /// Where; of several premieres, the one whose territory is nearest to the viewer counts, of equals the latest.
    pub territories: Territories,
    /// When the offer opens there, in place of its window's `from`.
    pub from: UnixTime,
}

/// One of several cuts of a title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Variance {
    /// Names it in offers; unique within the title.
    pub id: VarianceId,
    /// Its folder below the site's media origin, in place of the title's.
    pub media: MediaPath,
    /// Where it is shown by offers that name no variance: of several, the one whose territory is nearest to the viewer.
    /// Absent: only where an offer names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub territories: Option<Territories>,
}

/// A title is not shown as usual: somewhere, for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Blackout {
    /// Names it in traces and logs; unique within the title.
    pub id: BlackoutId,
    /// Where; of several blackouts, the one whose territory is nearest to the viewer counts, of equals one that denies.
    pub territories: Territories,
    /// Viewers who may be there, where too little is known of them to tell: a metro code, say, of somebody in the United
    /// States whose own nobody knows. Absent: `outside`.
    #[serde(default, skip_serializing_if = "UnknownPlace::is_default")]
    pub unknown: UnknownPlace,
    /// When; absent: always.
    #[serde(default, skip_serializing_if = "is_always")]
    pub window: Window,
    /// What becomes of the viewers there.
    pub action: BlackoutAction,
    /// How it is enforced, in place of the site's `rules.blackout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Enforcement>,
}

/// What becomes of viewers of whom too little is known to tell whether an offer holds or a blackout is on for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownPlace {
    /// They count as outside of it.
    #[default]
    Outside,
    /// They count as inside of it.
    Inside,
}

impl UnknownPlace {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of viewers under a blackout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BlackoutAction {
    /// They are denied.
    Deny,
    /// They see something that stands in for the title.
    Slate(Replacement),
    /// They see another cut of the event.
    Alternate(Replacement),
}

/// What is shown in place of a title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Replacement {
    /// Its folder below the site's media origin, with the same paths below it as in the title's own.
    pub media: MediaPath,
}

/// A folder below the media origin: `harbour/` or `films/harbour/v2/`.
///
/// Relative, ending in `/`, without empty, `.` or `..` segments, `?`, `#`, `%`, `\` or control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transparent, extend("pattern" = r"^([!-~]+/)+$", "maxLength" = 512)))]
#[serde(transparent)]
pub struct MediaPath(String);

impl MediaPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MediaPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for MediaPath {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let valid = text.len() <= 512
            && text.strip_suffix('/').is_some_and(|inner| {
                inner.split('/').all(|segment| {
                    !matches!(segment, "" | "." | "..")
                        && segment.bytes().all(|b| b.is_ascii_graphic() && !b"?#%\\".contains(&b))
                })
            });
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new(
                "a folder such as films/harbour/, relative, ending in `/`, without `.` or `..`",
                text,
            ))
        }
    }
}

impl<'de> Deserialize<'de> for MediaPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_folders() {
        for good in ["harbour/", "films/harbour/v2/"] {
            assert!(good.parse::<MediaPath>().is_ok(), "{good:?} was refused");
        }
        for bad in
            ["", "/", "harbour", "/harbour/", "a//b/", "../", "a/../b/", "a/./", "a%2e/", "a\\b/", "a?b/"]
        {
            assert!(bad.parse::<MediaPath>().is_err(), "{bad:?} was taken for a folder");
        }
    }

    #[test]
    fn a_title_without_a_folder_lies_under_its_id() {
        let title: Title =
            serde_json::from_str(r#"{"id":"harbour","sites":["a.example"],"offers":[]}"#).unwrap();
        assert_eq!(title.media_folder(), "harbour/");
    }
}
