//! The media origin of a site.

use std::fmt;
use std::net::Ipv4Addr;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

use super::{ForeignPolicy, Host, host_name};

/// A site's media origin, and the edge's requests to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MediaPolicy {
    /// The URL of the folder that holds the titles' folders.
    pub origin: BaseUrl,
    /// Query parameters that the media origin needs. The edge passes them on, and they are part of the cache key. All
    /// other parameters (CMCD, players' cache busters) stop at the edge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<String>,
    /// How the edge treats URIs of manifests outside the title's folder.
    #[serde(default, skip_serializing_if = "ForeignPolicy::is_default")]
    pub foreign: ForeignPolicy,
    /// Whether the media origin understands the delivery directives of low-latency HLS (`_HLS_msn`, `_HLS_part`,
    /// `_HLS_skip`). If so, the edge passes them on for playlists, and they are part of the cache key. Otherwise they
    /// stop at the edge, and live playlists do not offer features that need them. Absent: `true`.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub low_latency: bool,
}

impl MediaPolicy {
    /// Checks that the media lies at a media origin: not at the site itself, and not in the cache of this or another
    /// site.
    pub(super) fn check(&self, site: &Host) -> Result<(), String> {
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

/// The first segment of the paths of the edge's cache keys, from which the edge never fetches.
pub(crate) const KEPT_SEGMENT: &str = "_cache";

/// Whether a URL, in any spelling, is one of the edge's cache keys.
pub fn is_kept_by_edges(url: &Url) -> bool {
    let path = url.path();
    if path.contains(['%', '\\']) { is_kept(&decoded(path)) } else { is_kept(path) }
}

fn is_kept(path: &str) -> bool {
    let first = path.split(['/', '\\']).find(|segment| !segment.is_empty()).unwrap_or_default();
    // Some servers cut parameters off a segment, and some do not tell capitals apart.
    first.split(';').next().unwrap_or_default().eq_ignore_ascii_case(KEPT_SEGMENT)
}

/// Decodes percent-encoding twice, as some servers do.
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

/// Whether a URL leads to a site's host on any port. The names of the local machine are exempt: there, ports tell
/// programs apart.
pub fn leads_to(url: &Url, site: &Host) -> bool {
    url.host_str().map(host_name) == Some(site.as_str()) && !is_this_machine(site.as_str())
}

/// Whether a host is a name or address of the local machine ([RFC 6761 section 6.3]), as in development.
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
