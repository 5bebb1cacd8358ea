//! `v1/title/{id}`: what can be watched, and by whom.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Blackout, Host, MediaPath, Memo, Offer, Ratings, TitleId, Variance, crowd};
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
    /// The instant before which no viewer may watch it, whatever the offers say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embargo: Option<UnixTime>,
    /// Its age ratings.
    #[serde(default, skip_serializing_if = "Ratings::is_empty")]
    pub ratings: Ratings,
    /// Its cuts besides the one in `media`.
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
