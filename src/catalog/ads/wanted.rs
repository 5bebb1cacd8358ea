//! Creatives that ad servers named and that nobody has conditioned: how the edge reports them to the origin service.
//!
//! ```text
//! POST /_stagedoor/wanted
//! Stagedoor-Signature: t=1795370400,v1=<64 hex digits>
//! Stagedoor-Signed-Head: n=61,h=<64 hex digits>
//!
//! {"sites":[{"site":"watch.example.com","after":1795370400123}]}
//! ```
//!
//! The signature is that of a batch ([`SyncSignature`](crate::catalog::SyncSignature)). The edge answers with the creatives
//! of each site that were seen after the mark `after`, and with the mark for the next question. Asking twice does no harm.

use serde::{Deserialize, Serialize};

use super::{UniversalAdId, bounds};
use crate::catalog::{CreativeId, Host};
use crate::time::UnixTime;

/// A creative that an ad server named and that has no document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedCreative {
    /// The id that its document would have ([`CreativeId::of_ad_server`]).
    pub id: CreativeId,
    /// Its universal ad ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub universal_ad_ids: Vec<UniversalAdId>,
    /// The file from which it would be conditioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<WantedFile>,
    /// Its duration as the ad server states it, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

/// A media file of an ad server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedFile {
    /// Its URL.
    pub url: String,
    /// Its media type.
    pub media_type: String,
    /// Its codecs, as they are stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// Its width in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Its height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Its bit rate in kbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bitrate_kbps: Option<u32>,
}

impl WantedCreative {
    /// The longest URL that is reported, in bytes. A creative with a longer one is reported without its file.
    pub const LONGEST_URL: usize = 2_048;

    /// The longest other text, in bytes.
    pub const LONGEST_TEXT: usize = 256;

    /// The most universal ad ids.
    pub const MOST_IDS: usize = 4;

    /// The creative without the parts that are too long, or that the origin service cannot read. An ad server is a stranger.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let is_short = |text: &str| text.len() <= Self::LONGEST_TEXT;
        let is_known =
            |id: &UniversalAdId| bounds::is_registered(&id.registry) && bounds::is_registered(&id.id);
        self.universal_ad_ids.retain(is_known);
        self.universal_ad_ids.truncate(Self::MOST_IDS);
        self.file =
            self.file.filter(|file| file.url.len() <= Self::LONGEST_URL && is_short(&file.media_type));
        if let Some(file) = &mut self.file {
            file.codec = file.codec.take().filter(|codec| is_short(codec));
        }
        self
    }
}

/// A creative that is wanted, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedSighting {
    /// The creative, as it was seen last.
    pub creative: WantedCreative,
    /// How often it was skipped, at least: an isolate that ends may have counted more than it reported.
    pub times: u64,
    /// When it was seen first.
    pub first: UnixTime,
    /// When it was seen last.
    pub last: UnixTime,
}

/// The question which creatives are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedQuestion {
    /// The sites, at most [`WantedQuestion::MOST_SITES`].
    pub sites: Vec<WantedSince>,
}

/// The creatives of a site that were seen after a mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedSince {
    /// The site.
    pub site: Host,
    /// The mark of the last answer; 0 for all.
    pub after: u64,
}

impl WantedQuestion {
    /// The path of the edge's endpoint.
    pub const PATH: &'static str = "/_stagedoor/wanted";

    /// The most sites of a question: the edge asks an object for each.
    pub const MOST_SITES: usize = 20;

    /// The longest question, in bytes.
    pub const MAX_BYTES: usize = 16 * 1024;
}

/// The answer: which creatives are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedAnswer {
    /// The sites of the question, in order.
    pub sites: Vec<WantedOfSite>,
}

/// The creatives that are wanted for a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedOfSite {
    /// The site.
    pub site: Host,
    /// Some of the creatives that were seen after the mark, at most [`WantedOfSite::MOST`].
    pub creatives: Vec<WantedSighting>,
    /// The mark for the next question.
    pub next: u64,
    /// Whether there are more.
    pub more: bool,
}

impl WantedOfSite {
    /// The most creatives in an answer.
    pub const MOST: usize = 50;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A creative that the store could not read would take the others of its report with it.
        #[test]
        fn what_is_reported_can_be_read(
            ids in prop::collection::vec((".{0,260}", ".{0,260}"), 0..6),
            file in prop::option::of((".*", ".{0,300}", prop::option::of(".{0,300}"))),
            sizes in prop::array::uniform3(prop::option::of(any::<u32>())), duration_ms in prop::option::of(any::<u64>()),
        ) {
            let [width, height, bitrate_kbps] = sizes;
            let wanted = WantedCreative {
                id: CreativeId::of_ad_server("a.example", &["file", "x"]),
                universal_ad_ids: ids.into_iter().map(|(registry, id)| UniversalAdId { registry, id }).collect(),
                file: file.map(|(url, media_type, codec)| WantedFile { url, media_type, codec, width, height, bitrate_kbps }),
                duration_ms,
            };
            let bounded = wanted.bounded();
            let json = serde_json::to_string(&bounded).unwrap();
            prop_assert_eq!(serde_json::from_str::<WantedCreative>(&json).unwrap(), bounded);
        }
    }

    #[test]
    fn what_an_ad_server_states_is_bounded() {
        let id = |length: usize| UniversalAdId { registry: "ad-id.org".to_owned(), id: "x".repeat(length) };
        let file = |url: usize| WantedFile {
            url: "u".repeat(url),
            media_type: "video/mp4".to_owned(),
            codec: Some("c".repeat(10_000)),
            width: None,
            height: Some(720),
            bitrate_kbps: None,
        };
        let wanted = |ids, url| WantedCreative {
            id: "as-1".parse().unwrap(),
            universal_ad_ids: ids,
            file: Some(file(url)),
            duration_ms: Some(20_000),
        };
        let kept = wanted(vec![id(300), id(8)], 2_048).bounded();
        assert_eq!(kept.universal_ad_ids, [id(8)]);
        assert_eq!(kept.file, Some(WantedFile { codec: None, ..file(2_048) }));
        let named = |id: &str| UniversalAdId { registry: "ad-id.org".to_owned(), id: id.to_owned() };
        let kept =
            wanted(vec![named("CNPA 0484"), named("Grün"), named(""), named("CNPA0484")], 2_048).bounded();
        assert_eq!(kept.universal_ad_ids, [named("CNPA0484")]);
        let kept = wanted(vec![id(8); 100], 2_049).bounded();
        assert_eq!((kept.universal_ad_ids.len(), kept.file), (WantedCreative::MOST_IDS, None));
        // The longest answer: a question of the most sites, each with the most creatives.
        let creative = wanted(vec![id(256); 100], 2_048).bounded();
        let bytes = serde_json::to_string(&creative).unwrap().len() + 200;
        assert!(bytes * WantedOfSite::MOST * WantedQuestion::MOST_SITES < 8 * 1024 * 1024, "{bytes}");
    }

    #[test]
    fn a_question_has_its_form() {
        let question: WantedQuestion =
            serde_json::from_str(r#"{"sites":[{"site":"watch.example.com","after":7}]}"#).unwrap();
        assert_eq!(question.sites[0].after, 7);
        let sites = vec![
            WantedSince { site: "x".repeat(253).parse().unwrap(), after: u64::MAX };
            WantedQuestion::MOST_SITES
        ];
        let longest = serde_json::to_string(&WantedQuestion { sites }).unwrap().len();
        assert!(longest < WantedQuestion::MAX_BYTES, "{longest}");
    }
}
