//! `v1/title/{id}`: a title, and the viewers who may watch it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ads::bounds;
use super::{Blackout, Host, Label, MediaPath, Memo, Offer, Ratings, TitleAds, TitleId, Variance, crowd};
use crate::time::UnixTime;

/// A title: its sites, where its media lies, and its offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Title {
    /// The title's id: the name of its document, and the first segment of its URLs.
    pub id: TitleId,
    /// The sites that may serve the title. The title is unknown on every other site.
    pub sites: Vec<Host>,
    /// The title's names, by language tag (BCP 47), for people.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// The title's folder below the site's media origin. Absent: `{id}/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<MediaPath>,
    /// The generation of the title's files in the edges' caches. It is part of each cache key, so raising it purges all
    /// files of the title. Absent: 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generation: u64,
    /// The path, below that folder, of the manifest that a player opens first. Consoles and web pages use it. The edge
    /// serves every manifest of the title. The path does not leave the folder and has no query. Absent: unnamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = MANIFEST_PATTERN)))]
    pub manifest: Option<String>,
    /// The instant before which no viewer may watch the title. It overrides the offers. Absent: no embargo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embargo: Option<UnixTime>,
    /// The title's age ratings.
    #[serde(default, skip_serializing_if = "Ratings::is_empty")]
    pub ratings: Ratings,
    /// The title's genres, by which campaigns choose. 64 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::list::<_, _, 64>")]
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub genres: Vec<Label>,
    /// The languages of its sound, as language tags (BCP 47), by which campaigns choose. 64 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounds::languages")]
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub languages: Vec<String>,
    /// Where the title's breaks lie. Absent: the site's `ads.breaks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ads: Option<TitleAds>,
    /// The title's cuts, besides the cut in `media`. Their territories may have 10,000 entries together.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "crowd::variances")]
    pub variances: Vec<Variance>,
    /// The title's blackouts: places and times in which it is not shown as usual. Those that hold at one place may have
    /// 10,000 entries together.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "crowd::blackouts")]
    pub blackouts: Vec<Blackout>,
    /// The title's offers. A viewer who meets the conditions of no offer is denied. An empty list takes the title
    /// down. The offers that hold at one place may have 10,000 entries together.
    #[serde(deserialize_with = "crowd::offers")]
    pub offers: Vec<Offer>,
    /// Values that other modules derive from the title.
    #[serde(skip)]
    pub memo: Memo,
}

#[cfg(feature = "schema")]
const MANIFEST_PATTERN: &str =
    r"^(?![A-Za-z][A-Za-z0-9+.-]*:)(?!(.*/)?\.{1,2}(/|$))(?!.*//)[^/?#\\]([^?#\\]*[^/?#\\])?$";

impl Title {
    /// The title's folder below the media origin, ending in `/`.
    pub fn media_folder(&self) -> String {
        match &self.media {
            Some(path) => path.as_str().to_owned(),
            None => format!("{}/", self.id),
        }
    }
}

const fn is_zero(generation: &u64) -> bool {
    *generation == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_without_a_folder_lies_under_its_id() {
        let title: Title =
            serde_json::from_str(r#"{"id":"harbour","sites":["a.example"],"offers":[]}"#).unwrap();
        assert_eq!(title.media_folder(), "harbour/");
    }
}
