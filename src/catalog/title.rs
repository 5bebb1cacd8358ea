//! `v1/title/{id}`: what can be watched, and by whom.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Host, IdError, OfferId, Plan, Territories, TitleId, Window};

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
    /// The manifest, below that folder, that a player opens first; for consoles and pages, the edge serves any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// Who may watch it. A viewer whom no offer fits is denied.
    pub offers: Vec<Offer>,
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
    /// When it holds; absent: always.
    #[serde(default, skip_serializing_if = "is_always")]
    pub window: Window,
    /// The plans of which the viewer's token has to name one; empty: any viewer with a valid token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<Plan>,
    /// What it limits.
    #[serde(default, skip_serializing_if = "Caps::is_none")]
    pub caps: Caps,
}

fn is_always(window: &Window) -> bool {
    *window == Window::default()
}

/// The limits that an offer puts on a manifest. An absent limit does not limit.
///
/// They shape what a player is offered. They are not access control within a title: who writes the URL of a larger
/// rendition by hand, with a session of the title, gets it. What may not leave the edge belongs into another title.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Caps {
    /// The greatest height of a picture, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_height: Option<u32>,
}

impl Caps {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
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
