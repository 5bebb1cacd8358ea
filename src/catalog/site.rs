//! `v1/site/{host}`: a tenant's settings.

use std::fmt;
use std::net::Ipv4Addr;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

use super::host::host_name;
use super::{
    CachePolicy, DeviceClass, DevicePolicy, ForeignPolicy, GeographyPolicy, Host, Issuer, Lock,
    PlaylistPolicy, RatingPolicy, SiteRules, SteeringPolicy, TokenPolicy,
};

/// A site: one host name in front of one media origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "Self")]
pub struct Site {
    /// The host name under which it is stored and reached.
    pub host: Host,
    /// Where its media lies.
    pub media: MediaPolicy,
    /// Which viewer tokens it accepts.
    pub tokens: TokenPolicy,
    /// The sessions that it opens for them.
    pub sessions: SessionPolicy,
    /// What it makes of a viewer's place.
    #[serde(default)]
    pub geography: GeographyPolicy,
    /// What it makes of titles' ratings.
    #[serde(default, skip_serializing_if = "RatingPolicy::is_default")]
    pub ratings: RatingPolicy,
    /// How it recognises devices.
    #[serde(default, skip_serializing_if = "DevicePolicy::is_default")]
    pub devices: DevicePolicy,
    /// How the rules of its titles are enforced.
    #[serde(default, skip_serializing_if = "SiteRules::is_empty")]
    pub rules: SiteRules,
    /// What it makes of playlists.
    #[serde(default, skip_serializing_if = "PlaylistPolicy::is_default")]
    pub playlists: PlaylistPolicy,
    /// How it steers players between pathways; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steering: Option<SteeringPolicy>,
    /// How long the edge keeps what it has fetched.
    #[serde(default)]
    pub cache: CachePolicy,
    /// Which web pages may play it.
    #[serde(default)]
    pub cors: CorsPolicy,
}

impl Serialize for Site {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Site {
    /// Reads the members, and then checks those that depend on others.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let site = Self::deserialize(deserializer)?;
        site.media.check(&site.host).map_err(de::Error::custom)?;
        match site.steering.as_ref().map(|steering| steering.check(&site)) {
            Some(Err(error)) => Err(de::Error::custom(error)),
            Some(Ok(())) | None => Ok(site),
        }
    }
}

/// Where a site's media lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MediaPolicy {
    /// The folder that holds the titles' folders.
    pub origin: BaseUrl,
    /// Query parameters that the media origin needs: they are passed on, and are part of the cache key. All
    /// others (CMCD, players' cache busters) stop at the edge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<String>,
    /// What becomes of URIs of manifests that lead elsewhere.
    #[serde(default, skip_serializing_if = "ForeignPolicy::is_default")]
    pub foreign: ForeignPolicy,
    /// Whether the media origin understands the delivery directives of low-latency HLS (`_HLS_msn`, `_HLS_part`,
    /// `_HLS_skip`): then they are passed on for playlists, and are part of the cache key. Else they stop at the edge, and live
    /// playlists do not offer what takes them.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub low_latency: bool,
}

impl MediaPolicy {
    /// Checks that the media lies at a media origin: not at the site itself, and not where edges keep what they have
    /// fetched, of this site or of another one.
    fn check(&self, site: &Host) -> Result<(), String> {
        let origin = self.origin.url();
        if is_kept_by_edges(origin) {
            return Err(format!(
                "media.origin: expected a folder of a media origin, found `{origin}`, where edges keep their files"
            ));
        }
        if leads_to(origin, site) {
            return Err(format!(
                "media.origin: expected a media origin, found the site's own host, `{site}`"
            ));
        }
        Ok(())
    }
}

/// The first segment of the paths under which edges keep what they have fetched: nobody fetches from there.
pub(crate) const KEPT_SEGMENT: &str = "_cache";

/// Whether a URL, however it is spelled, is of what edges keep.
pub fn is_kept_by_edges(url: &Url) -> bool {
    let path = url.path();
    if path.contains(['%', '\\']) { is_kept(&decoded(path)) } else { is_kept(path) }
}

fn is_kept(path: &str) -> bool {
    let first = path.split(['/', '\\']).find(|segment| !segment.is_empty()).unwrap_or_default();
    // Some servers cut parameters off a segment, and some do not tell capitals apart.
    first.split(';').next().unwrap_or_default().eq_ignore_ascii_case(KEPT_SEGMENT)
}

/// Without percent-encoding, and without it once more: some servers decode twice.
fn decoded(path: &str) -> String {
    let once = percent_decode_str(path).decode_utf8_lossy();
    percent_decode_str(&once).decode_utf8_lossy().into_owned()
}

const fn yes() -> bool {
    true
}

const fn is_yes(value: &bool) -> bool {
    *value
}

/// An `http` or `https` URL of a folder: it ends in `/` and has no query, fragment or credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "uri", "pattern" = "^https?://.*/$")))]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// The URL.
    pub const fn url(&self) -> &Url {
        &self.0
    }
}

/// Whether a URL leads to a site's host, on any port. Of this machine's own names, ports tell apart what runs there.
pub fn leads_to(url: &Url, site: &Host) -> bool {
    url.host_str().map(host_name) == Some(site.as_str()) && !is_this_machine(site.as_str())
}

/// Whether a host is this machine, by a name or address of its own ([RFC 6761 section 6.3]): a developer's.
///
/// [RFC 6761 section 6.3]: https://www.rfc-editor.org/rfc/rfc6761#section-6.3
fn is_this_machine(host: &str) -> bool {
    let is_loopback = |address: Ipv4Addr| address.is_loopback();
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
        || host.parse().is_ok_and(is_loopback)
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for BaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let url = Url::parse(&text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.path().ends_with('/')
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
        });
        url.map(Self).ok_or_else(|| {
            de::Error::custom(format_args!(
                "expected an http or https URL ending in `/`, without query, fragment or credentials, found `{text}`"
            ))
        })
    }
}

/// The sessions that a site opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionPolicy {
    /// The document `v1/keys/{keys}` that holds the session keys (HS256). Its first key signs, all of them
    /// verify, so that a new key is put in front and the old one removed once its last session has ended.
    pub keys: Issuer,
    /// How long a session's token lasts, in seconds, 60 to 86,400; it never outlives the viewer token.
    #[serde(default = "SessionPolicy::default_lifetime_s", deserialize_with = "lifetime")]
    #[cfg_attr(feature = "schema", schemars(range(min = 60, max = 86_400)))]
    pub lifetime_s: u64,
    /// How long before its expiry a session's token is renewed, in seconds, 0 to 86,400: the URIs of a manifest that is
    /// asked for then lead to the same session under a longer token. Absent: a quarter of the lifetime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(max = 86_400)))]
    pub renew_before_s: Option<u64>,
    /// For how long after its expiry a session's token is still accepted, in seconds, 0 to 86,400: for segments in
    /// flight, and for a player that comes back from a pause and asks for a playlist.
    #[serde(default = "SessionPolicy::default_grace_s", deserialize_with = "grace")]
    #[cfg_attr(feature = "schema", schemars(range(max = 86_400)))]
    pub grace_s: u64,
    /// The end of a session whose viewer token names no expiry, in seconds after its beginning, 60 to 604,800.
    #[serde(default = "SessionPolicy::default_longest_s", deserialize_with = "longest")]
    #[cfg_attr(feature = "schema", schemars(range(min = 60, max = 604_800)))]
    pub longest_s: u64,
    /// For how long a stream still counts that has not been seen any more, in seconds, 5 to 600, where a viewer may
    /// watch a limited number at a time.
    #[serde(default = "SessionPolicy::default_streams_idle_s", deserialize_with = "streams_idle")]
    #[cfg_attr(feature = "schema", schemars(range(min = 5, max = 600)))]
    pub streams_idle_s: u64,
    /// Clients whose tokens cannot be renewed, and last long from the beginning.
    #[serde(default, skip_serializing_if = "Unrenewed::is_default")]
    pub unrenewed: Unrenewed,
    /// How the URIs of manifests carry the session.
    #[serde(default, skip_serializing_if = "SigningStyle::is_default")]
    pub signing: SigningStyle,
    /// What a session is bound to, as it was at the entry, whatever its viewer token says. A viewer who moves to
    /// another network (a phone that leaves a Wi-Fi) has to enter again.
    #[serde(default, skip_serializing_if = "Lock::is_open")]
    pub lock: Lock,
}

impl SessionPolicy {
    /// No session lasts longer, whatever its viewer token and the site say: seven days, in seconds. Then a player enters again.
    /// A revocation of a session may be dropped after that.
    pub const MOST_S: u64 = 604_800;

    const fn default_lifetime_s() -> u64 {
        14_400
    }

    const fn default_grace_s() -> u64 {
        120
    }

    const fn default_longest_s() -> u64 {
        86_400
    }

    const fn default_streams_idle_s() -> u64 {
        90
    }

    /// How long the first token of a session lasts, in seconds, by what its client says of itself.
    pub fn first_lifetime_s(&self, device: Option<DeviceClass>, user_agent: Option<&str>) -> u64 {
        if self.unrenewed.has(device, user_agent) {
            self.unrenewed.lifetime_s.max(self.lifetime_s)
        } else {
            self.lifetime_s
        }
    }

    /// How long before its expiry a session's token is renewed, in seconds.
    pub fn renewal_s(&self) -> u64 {
        self.renew_before_s.unwrap_or(self.lifetime_s / 4)
    }

    /// In how many seconds a live manifest has to be asked for again, so that one request and, should it fail, another one
    /// fall into the time in which the session's token is renewed; `None`: it is not renewed before its expiry.
    pub fn update_within_s(&self) -> Option<u64> {
        let renewal_s = self.renewal_s();
        (renewal_s > 0).then_some((renewal_s / 2).max(1))
    }
}

/// Clients that go on with the URLs of the first manifest that they got, whatever later ones say. A token that is renewed does
/// not reach them, so that their first one has to last.
///
/// What tells them is their own word. It gives nobody more than the viewer token does: no session outlives that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unrenewed {
    /// What their `User-Agent` begins with, such as `Lavf/` (FFmpeg) or `VLC/`: 16 texts at most, of 1 to 64 bytes each.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "user_agents")]
    #[cfg_attr(feature = "schema", schemars(length(max = 16)))]
    pub user_agents: Vec<String>,
    /// The classes of their devices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceClass>,
    /// How long their first token lasts, in seconds, 60 to 604,800, and no less than that of others; it never outlives the
    /// viewer token.
    #[serde(default = "SessionPolicy::default_longest_s", deserialize_with = "longest")]
    #[cfg_attr(feature = "schema", schemars(range(min = 60, max = 604_800)))]
    pub lifetime_s: u64,
}

impl Default for Unrenewed {
    fn default() -> Self {
        let lifetime_s = SessionPolicy::default_longest_s();
        Self { user_agents: Vec::new(), devices: Vec::new(), lifetime_s }
    }
}

impl Unrenewed {
    /// Whether nothing is said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    fn has(&self, device: Option<DeviceClass>, user_agent: Option<&str>) -> bool {
        let begins = |found: &str| self.user_agents.iter().any(|known| found.starts_with(known.as_str()));
        user_agent.is_some_and(begins) || device.is_some_and(|device| self.devices.contains(&device))
    }
}

/// The query parameter that carries a session's token, where its path does not.
pub const SESSION_PARAMETER: &str = "sd_session";

/// How the URIs of a manifest carry a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SigningStyle {
    /// In front of the path, `/~{token}/{title}/…`: relative URIs inherit it, so that playlists are the same bytes for
    /// every viewer of a class.
    #[default]
    Path,
    /// As a query parameter, `/{title}/…?sd_session={token}`, of each URI: the paths are those of the media origin, but
    /// every playlist is written anew for every viewer.
    Query,
}

impl SigningStyle {
    /// Whether it is the default.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn lifetime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 60, 86_400)
}

fn grace<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 0, 86_400)
}

fn longest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 60, 604_800)
}

fn user_agents<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    if texts.len() > 16 {
        return Err(de::Error::custom(format_args!("expected 16 texts at most, found {}", texts.len())));
    }
    match texts.iter().find(|text| !(1..=64).contains(&text.len())) {
        Some(odd) => {
            Err(de::Error::custom(format_args!("expected texts of 1 to 64 bytes, found {} bytes", odd.len())))
        }
        None => Ok(texts),
    }
}

fn streams_idle<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded(deserializer, 5, 600)
}

/// Which web pages may play a site's media ([CORS]). Those that are listed by name may send credentials, such as cookies.
///
/// [CORS]: https://fetch.spec.whatwg.org/#http-cors-protocol
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CorsPolicy {
    /// Origins, such as `https://www.example.com`, or `*` for any page, which then sends no credentials.
    pub origins: Vec<String>,
}

/// Any page.
const ANY_PAGE: &str = "*";

/// What browsers call the origin of every page that has none of its own, such as a sandboxed frame.
const NO_ORIGIN: &str = "null";

impl CorsPolicy {
    /// Whether any page may read what the site answers.
    pub fn allows_any(&self) -> bool {
        self.origins.iter().any(|listed| listed == ANY_PAGE)
    }

    /// Whether some page is listed by name, so that what a reply allows depends on who asks.
    pub fn lists_some(&self) -> bool {
        self.origins.iter().any(|listed| listed != ANY_PAGE)
    }

    /// The page that asks, by the request's `Origin`, if it is listed by name: all that a reply may say of it. What is not
    /// listed is not remembered.
    pub fn listed(&self, origin: Option<&str>) -> Option<&str> {
        let origin = origin.filter(|origin| *origin != ANY_PAGE)?;
        self.origins.iter().find(|listed| *listed == origin).map(String::as_str)
    }

    /// Whether a page may send credentials and read the reply: `null` may not, since it names nobody.
    pub fn allows_credentials(&self, origin: &str) -> bool {
        origin != NO_ORIGIN && self.listed(Some(origin)).is_some()
    }
}

impl Default for CorsPolicy {
    fn default() -> Self {
        Self { origins: vec!["*".to_owned()] }
    }
}

pub(super) fn bounded<'de, D: Deserializer<'de>>(
    deserializer: D,
    least: u64,
    most: u64,
) -> Result<u64, D::Error> {
    within(u64::deserialize(deserializer)?, least, most)
}

pub(super) fn within<E: de::Error>(secs: u64, least: u64, most: u64) -> Result<u64, E> {
    if (least..=most).contains(&secs) {
        Ok(secs)
    } else {
        Err(de::Error::custom(format_args!("expected {least} to {most} seconds, found {secs}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Placement, UnknownGeography};

    const SMALLEST: &str = r#"{
        "host": "watch.example.com",
        "media": { "origin": "https://media.example.com/vod/" },
        "tokens": { "issuers": ["https://id.example.com/"] },
        "sessions": { "keys": "watch-sessions" }
    }"#;

    #[test]
    fn defaults_are_filled_in() {
        let site: Site = serde_json::from_str(SMALLEST).unwrap();
        assert_eq!(site.tokens.placements, [Placement::Query("token".into()), Placement::Authorization]);
        assert_eq!(site.sessions.lifetime_s, 14_400);
        assert_eq!(site.geography.unknown, UnknownGeography::Deny);
        let written = serde_json::to_string(&site).unwrap();
        assert_eq!(serde_json::from_str::<Site>(&written).unwrap(), site);
    }

    #[test]
    fn a_media_origin_is_a_folder() {
        for bad in [
            "media.example.com/",
            "https://media.example.com/vod",
            "ftp://a/",
            "https://a/?x/",
            "https://u:p@a/",
        ] {
            let json = SMALLEST.replace("https://media.example.com/vod/", bad);
            assert!(serde_json::from_str::<Site>(&json).is_err(), "{bad:?} was taken for a folder");
        }
    }

    #[test]
    fn a_media_origin_is_none_of_the_edges_own() {
        for own in [
            "https://watch.example.com/",
            "https://WATCH.example.com./vod/",
            "http://watch.example.com:8080/vod/",
            "https://watch.other.example/_cache/0/https/media.example.com/vod/",
            "https://watch.other.example/%5Fcache/",
            "https://watch.other.example/%255Fcache/",
            "https://watch.other.example//_CACHE;a=b/0/",
            "https://watch.other.example/a/../_cache/",
        ] {
            let json = SMALLEST.replace("https://media.example.com/vod/", own);
            let error = serde_json::from_str::<Site>(&json).unwrap_err().to_string();
            assert!(error.starts_with("media.origin: expected a"), "{own}: {error}");
        }
        for other in ["https://media.example.com/vod/_cache/", "https://watch.example.com.cdn.example/"] {
            let json = SMALLEST.replace("https://media.example.com/vod/", other);
            assert!(serde_json::from_str::<Site>(&json).is_ok(), "{other}");
        }
        let local = SMALLEST.replace("watch.example.com", "localhost");
        let local = local.replace("https://media.example.com/vod/", "http://localhost:8788/media/");
        assert!(serde_json::from_str::<Site>(&local).is_ok(), "two programs of one machine");
    }

    #[test]
    fn clients_whose_tokens_are_not_renewed_are_known_by_a_word_of_theirs() {
        let with = |unrenewed: &str| {
            let sessions = format!(r#""watch-sessions", "lifetime_s": 600, "unrenewed": {unrenewed}"#);
            serde_json::from_str::<Site>(&SMALLEST.replace(r#""watch-sessions""#, &sessions))
        };
        let site = with(r#"{ "user_agents": ["VLC/"], "devices": ["stb"], "lifetime_s": 7200 }"#).unwrap();
        let lifetime_s = |device, user_agent| site.sessions.first_lifetime_s(device, user_agent);
        assert_eq!(lifetime_s(None, Some("VLC/3.0.24 LibVLC/3.0.24")), 7_200);
        assert_eq!(lifetime_s(Some(DeviceClass::Stb), None), 7_200);
        assert_eq!(lifetime_s(Some(DeviceClass::Tv), Some("Mozilla/5.0 VLC/3")), 600);
        assert_eq!(lifetime_s(None, None), 600);
        let shorter = with(r#"{ "devices": ["stb"], "lifetime_s": 60 }"#).unwrap();
        assert_eq!(shorter.sessions.first_lifetime_s(Some(DeviceClass::Stb), None), 600);
        assert_eq!(with(r#"{ "devices": ["stb"] }"#).unwrap().sessions.unrenewed.lifetime_s, 86_400);
        let many = format!(r#"{{ "user_agents": ["{}"] }}"#, ["a"; 17].join(r#"",""#));
        let long = format!(r#"{{ "user_agents": ["{}"] }}"#, "a".repeat(65));
        for bad in [&many, &long, r#"{ "user_agents": [""] }"#, r#"{ "lifetime_s": 604801 }"#] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_session_lasts_a_day_at_most() {
        let json = SMALLEST.replace(r#""watch-sessions""#, r#""watch-sessions", "lifetime_s": 86401"#);
        let error = serde_json::from_str::<Site>(&json).unwrap_err().to_string();
        assert!(error.contains("expected 60 to 86400 seconds, found 86401"), "{error}");
    }
}
