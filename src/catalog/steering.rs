//! How a site steers its players between pathways: redundant copies of a stream, on other hosts.
//!
//! [Content Steering], draft 05, defines how players use it, and section 7 of [HTTP Live Streaming 2nd Edition], draft
//! 22, the parts that belong to HLS. Players go to a clone's host with the URIs that they have, session tokens
//! included. So a site's document is refused if a clone leads to a host that may not receive its tokens
//! (`media.foreign.sign`).
//!
//! [Content Steering]: https://datatracker.ietf.org/doc/html/draft-pantos-content-steering-05
//! [HTTP Live Streaming 2nd Edition]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-7

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use url::Url;

use super::range::bounded;
use super::{
    ForeignPolicy, GeographyPolicy, Host, ParameterName, ParameterValue, PathwayId, SESSION_PARAMETER,
    StableId, Territories, Territory, TitleId,
};

/// How a site steers its players between pathways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SteeringPolicy {
    /// Seconds after which players ask again, 10 to 3,600.
    #[serde(default = "SteeringPolicy::default_ttl_s", deserialize_with = "ttl")]
    #[cfg_attr(feature = "schema", schemars(range(min = 10, max = 3_600)))]
    pub ttl_s: u64,
    /// The pathways of the site's playlists (`PATHWAY-ID`), in the order used for viewers without an order in
    /// `priorities`. `.` stands for the variants that name no pathway. 1 to 32, clones included.
    #[serde(default = "SteeringPolicy::default_pathways")]
    pub pathways: Vec<PathwayId>,
    /// Further pathways that no playlist names: copies of a pathway on another host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clones: Vec<PathwayClone>,
    /// Pathway orders for some viewers. The first order that matches a viewer counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priorities: Vec<PathwayPriority>,
    /// The lowest acceptable throughput, in kilobits a second. A pathway for which a player reports less goes last in
    /// the next order. Absent: no pathway is moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_kbps: Option<u32>,
    /// How the edge treats the media origin's own steering. Absent: `replace`.
    #[serde(default, skip_serializing_if = "ExistingSteering::is_default")]
    pub existing: ExistingSteering,
}

impl SteeringPolicy {
    /// The interval that [Content Steering section 4] recommends.
    ///
    /// [Content Steering section 4]: https://datatracker.ietf.org/doc/html/draft-pantos-content-steering-05#section-4
    const fn default_ttl_s() -> u64 {
        300
    }

    fn default_pathways() -> Vec<PathwayId> {
        vec![PathwayId::unnamed()]
    }

    /// Every pathway, in the order for viewers whom no other order matches. Clones come last.
    pub fn ids(&self) -> impl Iterator<Item = &PathwayId> {
        self.pathways.iter().chain(self.clones.iter().map(|clone| &clone.id))
    }

    /// Checks that the members agree with each other. An error begins with the path of the member, as in
    /// `clones[0].host`.
    pub(super) fn check(
        &self,
        host: &Host,
        foreign: &ForeignPolicy,
        geography: &GeographyPolicy,
    ) -> Result<(), SteeringError> {
        let mut known = BTreeSet::new();
        let of_playlists = indexed("pathways", "", &self.pathways);
        let of_clones = indexed("clones", ".id", self.clones.iter().map(|clone| &clone.id));
        for (at, id) in of_playlists.chain(of_clones) {
            if !known.insert(id) {
                return Err(expected(at, "an id that no other pathway has", id));
            }
        }
        if self.pathways.is_empty() || known.len() > MOST_PATHWAYS {
            let error = "expected 1 to 32 pathways, clones included".to_owned();
            return Err(SteeringError { at: "pathways".to_owned(), error });
        }
        for (at, clone) in indexed("clones", "", &self.clones) {
            clone.check(&at, self, host, foreign)?;
        }
        for (at, priority) in indexed("priorities", "", &self.priorities) {
            priority.check(&at, &known, geography)?;
        }
        Ok(())
    }
}

/// A bound that keeps the work for a request small.
const MOST_PATHWAYS: usize = 32;

/// A pathway that players derive from another pathway by rewriting its URIs ([Content Steering section 5]).
///
/// [Content Steering section 5]: https://datatracker.ietf.org/doc/html/draft-pantos-content-steering-05#section-5
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PathwayClone {
    /// The clone's id. No playlist uses it.
    pub id: PathwayId,
    /// The pathway that the clone copies: one of `pathways`.
    pub base_id: PathwayId,
    /// The host name in the clone's URIs, in place of the base's host name. The port stays. The host is the site's own
    /// host or a host in `media.foreign.sign`, because the URIs carry the session's token.
    pub host: Host,
    /// Query parameters that are added to the clone's URIs, or replaced in them. All other parameters stay, including
    /// the session's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<ParameterName, ParameterValue>,
    /// URIs of variants' playlists in the clone, by `STABLE-VARIANT-ID`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub per_variant_uris: BTreeMap<StableId, CloneUri>,
    /// URIs of renditions' playlists in the clone, by `STABLE-RENDITION-ID`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub per_rendition_uris: BTreeMap<StableId, CloneUri>,
}

impl PathwayClone {
    fn check(
        &self,
        at: &str,
        policy: &SteeringPolicy,
        site: &Host,
        foreign: &ForeignPolicy,
    ) -> Result<(), SteeringError> {
        if !policy.pathways.contains(&self.base_id) {
            return Err(expected(format!("{at}.base_id"), "one of `pathways`", &self.base_id));
        }
        let host = self.host.as_str();
        if self.host != *site && !foreign.signs(host, true) {
            return Err(expected(
                format!("{at}.host"),
                "the site's own host or one of `media.foreign.sign`, which may have session tokens",
                host,
            ));
        }
        if let Some(name) = self.params.keys().find(|name| name.as_str() == SESSION_PARAMETER) {
            return Err(expected(format!("{at}.params"), "parameters other than the session's", name));
        }
        for (member, uris) in
            [("per_variant_uris", &self.per_variant_uris), ("per_rendition_uris", &self.per_rendition_uris)]
        {
            for (id, uri) in uris {
                if uri.reach(site, foreign).is_none() {
                    return Err(expected(
                        format!("{at}.{member}[{id:?}]", id = id.as_str()),
                        "a URI below `/{title}/` of the site's own host, or on a host of `media.foreign`",
                        uri,
                    ));
                }
            }
        }
        Ok(())
    }
}

/// An absolute URI of a playlist, in which `{title}` stands for the title's id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("pattern" = "^https?://")))]
pub struct CloneUri(String);

/// Whether a session's token goes to a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It does.
    Signed,
    /// It does not: the URI is passed on as it is.
    Passed,
}

impl CloneUri {
    /// The URI of a title.
    pub fn of(&self, title: &TitleId) -> Option<Url> {
        Url::parse(&self.0.replace("{title}", title.as_str())).ok()
    }

    /// Whether a session's token goes there; `None`: to a host that the site has not chosen.
    pub fn reach(&self, site: &Host, foreign: &ForeignPolicy) -> Option<Reach> {
        let url = Url::parse(&self.0).ok()?;
        let host = url.host_str()?;
        if host == site.as_str() {
            // As the URL Standard writes it; dot segments are gone by then.
            return url.path().starts_with("/%7Btitle%7D/").then_some(Reach::Signed);
        }
        if foreign.signs(host, true) {
            return Some(Reach::Signed);
        }
        foreign.passes(Some(host)).then_some(Reach::Passed)
    }
}

impl fmt::Display for CloneUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CloneUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let url = Url::parse(&text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
                && text.starts_with(&format!("{}://", url.scheme()))
                && !url.authority().contains(['{', '@'])
                && url.fragment().is_none()
                && !url.path().starts_with("/~")
                && url.query_pairs().all(|(name, _)| name != SESSION_PARAMETER)
        });
        if url.is_some() {
            return Ok(Self(text));
        }
        Err(de::Error::custom(format_args!(
            "expected an absolute http or https URI without credentials, fragment or session, found `{text}`"
        )))
    }
}

/// An order of pathways for some viewers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PathwayPriority {
    /// The viewers to whom the order applies. Absent: all viewers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub territories: Option<Territories>,
    /// The pathways, in order of preference. Pathways that are not listed follow in their usual order, so that a player
    /// has an alternative while a pathway is down.
    pub order: Vec<PathwayId>,
    /// Shares of the sessions, by pathway, 0 to 10,000 each. They decide which of these pathways comes first for a
    /// session. A session keeps its pathway until the shares change.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<PathwayId, u16>,
}

impl PathwayPriority {
    fn check(
        &self,
        at: &str,
        known: &BTreeSet<&PathwayId>,
        geography: &GeographyPolicy,
    ) -> Result<(), SteeringError> {
        let mut named = BTreeSet::new();
        for (at, id) in indexed(&format!("{at}.order"), "", &self.order) {
            if !known.contains(id) {
                return Err(expected(at, "the id of a pathway or of a clone", id));
            }
            if !named.insert(id) {
                return Err(expected(at, "each pathway once", id));
            }
        }
        let weights = format!("{at}.weights");
        if let Some(id) = self.weights.keys().find(|id| !named.contains(id)) {
            return Err(expected(weights, "pathways of `order`", id));
        }
        if let Some(weight) = self.weights.values().find(|weight| **weight > MOST_WEIGHT) {
            return Err(expected(weights, "0 to 10000 each", weight));
        }
        if !self.weights.is_empty() && self.weights.values().all(|weight| *weight == 0) {
            return Err(expected(weights, "at least one that is not 0", 0));
        }
        let Territories { allow, deny } = self.territories.clone().unwrap_or_default();
        for (member, list) in [("allow", &allow), ("deny", &deny)] {
            for (at, territory) in indexed(&format!("{at}.territories.{member}"), "", list) {
                if matches!(territory, Territory::Group(name) if geography.group(name).is_none()) {
                    return Err(expected(at, "a group of `geography.groups`", territory));
                }
            }
        }
        Ok(())
    }
}

const MOST_WEIGHT: u16 = 10_000;

/// How the edge treats steering that a playlist of the media origin announces (`EXT-X-CONTENT-STEERING`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExistingSteering {
    /// The site's own steering replaces it.
    #[default]
    Replace,
    /// It stays, and the site's own steering is not announced in that playlist. Clones from the media origin's steering
    /// server may send players, and their tokens, to any host.
    Keep,
}

impl ExistingSteering {
    /// Whether it is the default.
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// An error in a site's steering, and its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("steering.{at}: {error}")]
pub struct SteeringError {
    at: String,
    error: String,
}

fn expected(at: String, expected: &str, found: impl fmt::Display) -> SteeringError {
    SteeringError { at, error: format!("expected {expected}, found `{found}`") }
}

/// The members of a list, each with its path.
fn indexed<'t, T>(
    list: &'t str,
    member: &'t str,
    items: impl IntoIterator<Item = T>,
) -> impl Iterator<Item = (String, T)> {
    items.into_iter().enumerate().map(move |(index, item)| (format!("{list}[{index}]{member}"), item))
}

fn ttl<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 10, 3_600)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::catalog::Site;

    fn read(steering: &Value) -> Result<Site, String> {
        let site = json!({
            "host": "watch.example.com",
            "media": { "origin": "https://media.example/vod/", "foreign": { "sign": ["*.cdn.example"], "pass": ["ads.example"] } },
            "tokens": { "issuers": ["id"] },
            "sessions": { "keys": "s" },
            "geography": { "groups": { "gulf": ["AE"] } },
            "steering": steering,
        });
        serde_json::from_value(site).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_filled_in_and_written_back() {
        let site = read(&json!({})).unwrap();
        let policy = site.steering.clone().unwrap();
        assert_eq!((policy.ttl_s, policy.pathways.as_slice()), (300, [PathwayId::unnamed()].as_slice()));
        assert_eq!(policy.existing, ExistingSteering::Replace);
        let written = serde_json::to_string(&site).unwrap();
        assert_eq!(serde_json::from_str::<Site>(&written).unwrap(), site);
        assert_eq!(read(&Value::Null).unwrap().steering, None);
    }

    #[test]
    fn a_token_goes_to_chosen_hosts_alone() {
        let clone = |members: &Value| {
            let mut clone = json!({ "id": "c", "base_id": ".", "host": "c.cdn.example" });
            clone.as_object_mut().unwrap().append(&mut members.as_object().unwrap().clone());
            read(&json!({ "clones": [clone] }))
        };
        let uri = |uri: &str| json!({ "per_variant_uris": { "v/1": uri } });
        for good in [
            json!({}),
            json!({ "host": "watch.example.com" }),
            json!({ "host": "C.CDN.example" }),
            uri("https://b.cdn.example/x.m3u8?v=1"),
            uri("https://ads.example/{title}/x.m3u8"),
            uri("https://watch.example.com/{title}/x.m3u8"),
        ] {
            assert_eq!(clone(&good).err(), None, "{good}");
        }
        for (bad, expected) in [
            (
                json!({ "host": "evil.example" }),
                "steering.clones[0].host: expected the site's own host or one of `media.foreign.sign`, which may have session tokens, found `evil.example`",
            ),
            (json!({ "host": "cdn.example" }), "steering.clones[0].host: expected"),
            (json!({ "host": "ads.example" }), "steering.clones[0].host: expected"),
            (json!({ "host": "c.cdn.example:8443" }), "expected a host name without a port"),
            (
                json!({ "params": { "sd_session": "x" } }),
                "steering.clones[0].params: expected parameters other than the session's",
            ),
            (json!({ "params": { "_HLS_msn": "1" } }), "expected a parameter's name"),
            (json!({ "params": { "a": "b&sd_session=c" } }), "expected a parameter's value"),
            (json!({ "base_id": "b" }), "steering.clones[0].base_id: expected one of `pathways`, found `b`"),
            (
                uri("https://evil.example/x.m3u8"),
                "steering.clones[0].per_variant_uris[\"v/1\"]: expected a URI below",
            ),
            (
                json!({ "per_rendition_uris": { "r": "https://evil.example/" } }),
                "steering.clones[0].per_rendition_uris[\"r\"]: expected a URI below",
            ),
            (uri("https://watch.example.com/harbour/x.m3u8"), "expected a URI below"),
            (uri("https://watch.example.com/{title}x.m3u8"), "expected a URI below"),
            (uri("https://watch.example.com?/{title}/x.m3u8"), "expected a URI below"),
            (uri("https://watch.example.com/{title}/%2e%2e/x/a.m3u8"), "expected a URI below"),
            (uri("https://ads.example@evil.example/"), "expected an absolute"),
            (uri("https://{title}.cdn.example/"), "expected an absolute"),
            (uri("https://b.cdn.example/~S/x.m3u8"), "expected an absolute"),
            (uri("https://b.cdn.example/x.m3u8?sd_session=1"), "expected an absolute"),
            (uri("https://b.cdn.example/x.m3u8#f"), "expected an absolute"),
            (uri("https:\\\\b.cdn.example/"), "expected an absolute"),
            (uri("https:/watch.example.com/{title}/x"), "expected an absolute"),
            (uri("x.m3u8"), "expected an absolute"),
            (uri("ftp://b.cdn.example/"), "expected an absolute"),
        ] {
            let found = clone(&bad).unwrap_err();
            assert!(found.contains(expected), "{bad}: {found}");
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused_by_name() {
        for (bad, expected) in [
            (json!({ "ttl_s": 9 }), "expected 10 to 3600 seconds, found 9"),
            (json!({ "pathways": [] }), "steering.pathways: expected 1 to 32 pathways"),
            (json!({ "pathways": (0..33).map(|n| format!("p{n}")).collect::<Vec<_>>() }), "expected 1 to 32"),
            (
                json!({ "pathways": ["a", "b", "a"] }),
                "steering.pathways[2]: expected an id that no other pathway has, found `a`",
            ),
            (json!({ "pathways": ["a b"] }), "expected a pathway id"),
            (
                json!({ "clones": [{ "id": ".", "base_id": ".", "host": "c.cdn.example" }] }),
                "steering.clones[0].id: expected an id that no other",
            ),
            (
                json!({ "priorities": [{ "order": ["x"] }] }),
                "steering.priorities[0].order[0]: expected the id of a pathway or of a clone, found `x`",
            ),
            (
                json!({ "priorities": [{ "order": [".", "."] }] }),
                "steering.priorities[0].order[1]: expected each pathway once",
            ),
            (
                json!({ "priorities": [{ "order": [], "weights": { ".": 1 } }] }),
                "steering.priorities[0].weights: expected pathways of `order`",
            ),
            (
                json!({ "priorities": [{ "order": ["."], "weights": { ".": 0 } }] }),
                "steering.priorities[0].weights: expected at least one that is not 0",
            ),
            (
                json!({ "priorities": [{ "order": ["."], "weights": { ".": 10_001 } }] }),
                "steering.priorities[0].weights: expected 0 to 10000 each",
            ),
            (
                json!({ "priorities": [{ "order": ["."] }, { "territories": { "allow": ["AE", "group:mena"] }, "order": ["."] }] }),
                "steering.priorities[1].territories.allow[1]: expected a group of `geography.groups`, found `group:mena`",
            ),
        ] {
            let found = read(&bad).unwrap_err();
            assert!(found.contains(expected), "{bad}: {found}");
        }
    }
}
