//! The URL of a file at the media origin, and the key under which the edge keeps it.
//!
//! ```text
//! https://{site}/_cache/{generation}/{scheme}/{media origin's host}/{path}?{query}
//! https://{site}/_cache/{generation}/{depth}/{scheme}/{media origin's host}/{path}?{query}     an MPD
//! https://{site}/_cache/{generation}/{kind}/…                      read as another kind than its name says
//! ```
//!
//! | part of the key | why |
//! | --- | --- |
//! | the site | no tenant reads another's files |
//! | the generation of the title, or of the creative of an ad | raising it purges everything of the title or creative |
//! | the kind of resource, if the file is read as another kind than its name says | the kind decides how it is read, kept and refused: requests with one mark do not affect requests with another |
//! | for an MPD, the number of path segments of the title's folder | it is kept with its remote parts, and one title's parts are not for another title's viewers |
//! | the URL at the media origin | a title whose media moved is not served from its old place |
//! | the path in one spelling | one file, one key: [`ResourcePath`](crate::resource::ResourcePath) |
//! | the query parameters that the site lists, by name | they change the file |
//! | the delivery directives of a playlist | they change the playlist |
//! | the `publishTime` of a patch | it names the MPD that the patch applies to |
//!
//! Nothing else: no token, no session, no CMCD, and no header. Of a viewer's headers, only `Range` and conditions go to
//! the media origin. They choose among the bytes of a file and change none of them, so no header can make two files of
//! one URL. `Accept-Encoding` is the runtime's own.

use url::Url;

use super::{Directives, FileKind, query};
use crate::catalog::{CachePolicy, Caps, KEPT_SEGMENT, Site, is_kept_by_edges};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::resource::{MediaRequest, ResourceKind, is_plain_path};
use crate::shelf::{Weigh, allocation};
use crate::stop::Stop;
use crate::token::{self, Credentials};

/// Something at the media origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its URL there.
    pub url: Url,
    /// The title's folder there.
    pub folder: Url,
    /// The URL under which the edge keeps it: the same for every spelling, viewer and token.
    pub cache_key: String,
    /// The same without delivery directives, where it has some.
    plain_key: Option<String>,
    /// The kind of resource.
    pub resource: ResourceKind,
    /// The kind of file, if its name says it; the kind of a manifest depends on its content.
    pub kind: Option<FileKind>,
    /// The delivery directives of the request.
    pub directives: Directives,
    /// The times for which the site keeps each kind of file.
    pub policy: CachePolicy,
    /// The longest manifest that is read, in bytes.
    pub longest_manifest_bytes: usize,
    /// Whether messages in the segments of an MPD are read: the site sells breaks.
    pub reads_segments: bool,
}

impl Source {
    /// The URL for people and logs, without its query, which may hold a signature.
    pub fn place(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.into()
    }

    /// The site's host, which is also the host of the cache key.
    pub fn site(&self) -> &str {
        let rest = self.cache_key.split_once("://").map_or("", |(_, rest)| rest);
        rest.split_once('/').map_or(rest, |(host, _)| host)
    }

    /// The key of the playlist that a request with delivery directives is for.
    pub fn plain_key(&self) -> &str {
        self.plain_key.as_deref().unwrap_or(&self.cache_key)
    }
}

impl Weigh for Source {
    fn heap_bytes(&self) -> usize {
        let url = |url: &Url| allocation(url.as_str().len());
        url(&self.url) + url(&self.folder) + self.cache_key.heap_bytes() + self.plain_key.heap_bytes()
    }
}

/// Why there is no source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The title's folder or path does not resolve below the media origin.
    #[error("expected a URL below {origin}, found {found}")]
    Outside {
        /// Where it should be.
        origin: String,
        /// The value that was found.
        found: String,
    },
    /// The title's folder lies in an edge's cache.
    #[error("expected a folder of a media origin, found {found}, where edges keep their files")]
    Kept {
        /// The folder.
        found: String,
    },
    /// A delivery directive cannot be read, a token stands in the path, the path is where edges keep their files, or the
    /// parameters that the site lists are too long.
    #[error("{0}")]
    Denied(Denial),
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Denied(denial) => denial.into(),
            error @ (SourceError::Outside { .. } | SourceError::Kept { .. }) => {
                Fault::new(FaultKind::DocumentInvalid, error.to_string()).into()
            }
        }
    }
}

/// Finds the URL of a request at the media origin, and its cache key.
///
/// `folder` is the folder, below the site's media origin, of the title, of the cut or slate that a permit names, or of the
/// creative of an ad; `generation` is the title's or the creative's. So an ad has one key in all titles and breaks. With a rewind window among
/// the permit's limits, and where the site sells breaks, the whole playlist is requested: window and breaks depend on segments that a
/// delta update leaves out.
pub fn source(
    facts: &Facts,
    request: &MediaRequest,
    site: &Site,
    folder: &str,
    caps: &Caps,
    generation: u64,
) -> Result<Source, SourceError> {
    let origin = site.media.origin.url();
    let error = |found: &str| SourceError::Outside { origin: origin.to_string(), found: found.to_owned() };
    let below = |base: &Url, path: &str| {
        base.join(path).ok().filter(|url| url.as_str().starts_with(base.as_str())).ok_or_else(|| error(path))
    };
    let file = request.file();
    let path = file.at_origin();
    if (Credentials::may_hold(path) && Credentials::of(site).holds_path(path))
        || token::stands_in_path(path, site)
    {
        let detail = "expected a path without a token besides the one that opened the session";
        return Err(SourceError::Denied(Denial::new(Reason::PathInvalid, detail)));
    }
    let folder = below(origin, folder)?;
    if is_kept_by_edges(&folder) {
        return Err(SourceError::Kept { found: folder.into() });
    }
    let inner = folder.path().get(origin.path().len()..).unwrap_or_default();
    if !inner.is_empty() && !is_plain_path(inner.strip_suffix('/').unwrap_or(inner)) {
        return Err(error(folder.as_str()));
    }
    // `./` keeps a first segment with a colon from being taken for a scheme.
    let mut url = below(&folder, &format!("./{path}"))?;
    if is_kept_by_edges(&url) {
        return Err(SourceError::Denied(Denial::new(Reason::NotFound, "the edge's own files are no media")));
    }
    let sent = facts.query.expose();
    let directives = match request.kind {
        ResourceKind::Playlist if site.media.low_latency && !sent.is_empty() => {
            let read = Directives::read(sent).map_err(SourceError::Denied)?;
            let is_whole = caps.rewind_s.is_some() || site.ads.is_some();
            Directives { skip: read.skip.filter(|_| !is_whole), ..read }
        }
        _ => Directives::default(),
    };
    let is_patch = request.kind == ResourceKind::Patch;
    let mut parameters =
        if site.media.query.is_empty() && !is_patch { Vec::new() } else { listed(sent, site, is_patch) };
    let length = query::write(&parameters).len();
    if length > LONGEST_LISTED {
        let detail = format!(
            "expected {LONGEST_LISTED} bytes at most of the parameters that `media.query` lists, found {length}"
        );
        return Err(SourceError::Denied(Denial::new(Reason::QueryTooLong, detail)));
    }
    parameters.sort_by(|(a, _), (b, _)| a.cmp(b));
    // An MPD is kept with its remote parts, which come from the title's folder.
    let depth = match request.kind {
        ResourceKind::Mpd => format!("{}/", folder.path().matches('/').count().saturating_sub(1)),
        _ => String::new(),
    };
    // One file may be read as several kinds, and the kind decides how long it is kept.
    let (slash, kind) = match request.kind {
        kind if kind == file.kind_by_name() => ("", ""),
        kind => ("/", kind.name()),
    };
    let key = |url: &Url| {
        let place = url.as_str().replacen("://", "/", 1);
        format!("https://{}/{KEPT_SEGMENT}/{generation}{slash}{kind}/{depth}{place}", site.host)
    };
    set_query(&mut url, &parameters);
    let mut plain_key = None;
    if directives != Directives::default() {
        plain_key = Some(key(&url));
        parameters.extend(directives.parameters());
        parameters.sort_by(|(a, _), (b, _)| a.cmp(b));
        set_query(&mut url, &parameters);
    }
    Ok(Source {
        cache_key: key(&url),
        plain_key,
        url,
        folder,
        resource: request.kind,
        kind: FileKind::of_file(file),
        directives,
        policy: site.cache.clone(),
        longest_manifest_bytes: site
            .playlists
            .longest_bytes(matches!(request.kind, ResourceKind::Mpd | ResourceKind::Patch)),
        reads_segments: request.kind == ResourceKind::Mpd && site.ads.is_some(),
    })
}

/// The headers of a viewer's request that go to the media origin; they choose among the bytes of a file. Sites never
/// take viewer tokens from them.
pub const PASSED_HEADERS: [&str; 3] = ["Range", "If-None-Match", "If-Modified-Since"];

/// The longest parameters for the media origin, in bytes as they are written: strangers choose their values, and they are
/// part of the cache key.
pub const LONGEST_LISTED: usize = 1_024;

/// The query parameter with which a patch names the MPD that it applies to.
const PUBLISH_TIME: &str = "publishTime";

/// The parameters that the site lists, and the parameter of a patch. Parameters with one name keep their order, which
/// may be significant. A parameter that may hold a viewer's credential is left out even if it is listed.
fn listed(sent: &str, site: &Site, is_patch: bool) -> Vec<(String, String)> {
    let credentials = Credentials::of(site);
    let names: Vec<_> = site
        .media
        .query
        .iter()
        .filter(|name| !Directives::NAMES.contains(&name.as_str()) && !credentials.holds_parameter(name))
        .map(|name| query::canonical(name))
        .collect();
    let is_listed = |name: &String| names.contains(name) || (is_patch && name == PUBLISH_TIME);
    let kept = sent.split('&').filter(|pair| !credentials.holds_pair(pair));
    kept.flat_map(query::parameters).filter(|(name, _)| is_listed(name)).collect()
}

fn set_query(url: &mut Url, parameters: &[(String, String)]) {
    if !parameters.is_empty() {
        url.set_query(Some(&query::write(parameters)));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::catalog::AdPolicy;
    use crate::redacted::Redacted;
    use crate::resource::Reading;
    use crate::route::{Route, route};

    fn site() -> Site {
        serde_json::from_value(json!({
            "host": "watch.example.com",
            "media": { "origin": "https://media.example/vod/", "query": ["b", "a", "_HLS_pathway", "_HLS_msn", "token", "sd_session"] },
            "tokens": { "issuers": ["id"] },
            "sessions": { "keys": "s" },
        }))
        .unwrap()
    }

    fn of(
        site: &Site,
        path: &str,
        query: &str,
        folder: &str,
        generation: u64,
    ) -> Result<Source, SourceError> {
        let facts =
            Facts { path: path.to_owned(), query: Redacted::new(query.to_owned()), ..Facts::default() };
        let request = match route(&facts) {
            Ok(Route::Below(request, _)) => request,
            _ => MediaRequest::at_entry(path).unwrap(),
        };
        source(&facts, &request, site, folder, &Caps::default(), generation)
    }

    fn find(path: &str, query: &str) -> Source {
        of(&site(), path, query, "h/", 0).unwrap()
    }

    #[test]
    fn listed_parameters_have_a_longest() {
        let longest = "x".repeat(LONGEST_LISTED - "a=".len());
        assert!(find("/h/1.ts", &format!("a={longest}&other={}", "x".repeat(5_000))).cache_key.len() < 1_200);
        // An encoded byte takes three bytes in the key.
        for query in [format!("a={longest}x"), format!("a={longest}&b="), format!("b={}", "%20".repeat(342))]
        {
            let Err(SourceError::Denied(denial)) = of(&site(), "/h/1.ts", &query, "h/", 0) else {
                panic!("{query}")
            };
            assert_eq!(denial.reason, Reason::QueryTooLong, "{query}");
        }
    }

    #[test]
    fn a_patch_is_for_the_mpd_of_one_time() {
        let patch = find("/h/live.mpp", "token=t&publishTime=2026-11-22T10%3a00:00Z&b=1&z=2");
        let expected = "https://media.example/vod/h/live.mpp?b=1&publishTime=2026-11-22T10%3A00%3A00Z";
        assert_eq!(patch.url.as_str(), expected);
        assert_eq!(find("/h/live.mpd", "publishTime=x").url.as_str(), "https://media.example/vod/h/live.mpd");
    }

    #[test]
    fn an_mpd_is_kept_with_the_parts_of_its_title() {
        let key = |path: &str, folder: &str| of(&site(), path, "", folder, 0).unwrap().cache_key;
        let expected = "https://watch.example.com/_cache/0/3/https/media.example/vod/h/q/live.mpd";
        assert_eq!(key("/q/live.mpd", "h/q/"), expected);
        assert_eq!(key("/h/q/live.mpd", "h/"), expected.replace("/0/3/", "/0/2/"));
        assert_eq!(key("/h/q/1.m4s", "h/"), key("/q/1.m4s", "h/q/"));
    }

    /// All files under one key are read in one format and served as one kind of resource.
    #[test]
    fn what_is_read_in_another_way_has_another_key() {
        let mut by_key = HashMap::new();
        let marks = Reading::ALL.map(Reading::mark);
        for name in
            ["a.m3u8", "a.M3U", "a.mpd", "a.mpp", "a.m4s", "a.json", "a.vtt", "a.key", "chunks", "a.sd-mpd.x"]
        {
            let plain = find(&format!("/h/{name}"), "");
            let depth = if plain.resource == ResourceKind::Mpd { "2/" } else { "" };
            let place = format!("https://watch.example.com/_cache/0/{depth}https/media.example/vod/h/{name}");
            assert_eq!(plain.cache_key, place, "a plain name has the key that it had");
            for mark in [""].into_iter().chain(marks) {
                for again in [""].into_iter().chain(marks) {
                    let query = "_HLS_msn=1&publishTime=2";
                    let Source { url, resource, kind, cache_key, directives, plain_key, .. } =
                        find(&format!("/~t/h/{name}{mark}{again}"), query);
                    let read = (url, resource, kind, directives, plain_key);
                    let known = by_key.entry(cache_key.clone()).or_insert_with(|| read.clone());
                    assert_eq!(*known, read, "{name}{mark}{again}: {cache_key}");
                }
            }
        }
        let key = |path: &str| find(path, "").cache_key;
        let place = "https/media.example/vod/h";
        let kept = "https://watch.example.com/_cache/0";
        assert_eq!(key("/h/a.m3u8.sd-assets"), format!("{kept}/assets/{place}/a.m3u8"));
        assert_eq!(key("/h/a.sd-mpd"), format!("{kept}/mpd/2/{place}/a"));
        assert_eq!(key("/h/a.m3u8.sd-m3u8"), key("/h/a.m3u8"));
    }

    /// The media origin logs the URLs that it receives, and keys are shared.
    #[test]
    fn a_token_below_the_session_is_refused() {
        let session = "A-_z".repeat(25);
        let jwt =
            format!("{}.{}.{}", "eyJhbGciOiJIUzI1NiJ9", "eyJpc3MiOiJpZCIsInN1YiI6InYifQ", "A".repeat(43));
        let stream =
            format!("{}.{}.{}", "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ", "eyJzdWIiOiJoIn0", "A".repeat(342));
        let site = |placements: serde_json::Value, accept: serde_json::Value| -> Site {
            let json = json!({
                "host": "watch.example.com", "media": { "origin": "https://media.example/vod/" },
                "tokens": { "issuers": ["id"], "placements": placements, "accept": accept }, "sessions": { "keys": "s" },
            });
            serde_json::from_value(json).unwrap()
        };
        let is_refused = |site: &Site, path: &str| match of(site, path, "", "h/", 0) {
            Ok(_) => false,
            Err(SourceError::Denied(denial)) => denial.reason == Reason::PathInvalid,
            Err(other) => panic!("{path}: {other}"),
        };
        let plain = site(json!(["authorization"]), json!([{ "jwt": {} }]));
        for path in [
            format!("/~A/h/~{session}/h/v.ts"),
            format!("/~A/h/%7E{session}/h/v.ts"),
            format!("/~A/h/%7e{session}"),
            format!("/~A/h/%257E{session}/v.ts"),
            format!("/~A/h/v/~{session}.sd-m3u8"),
            format!("/~A/h/v/~{session};x=1/v.ts"),
        ] {
            assert!(is_refused(&plain, &path), "{path}");
        }
        for path in [
            format!("/~A/h/{session}/v.ts"),
            format!("/~A/h/~{session}x/v.ts"),
            "/~A/h/~x/v.ts".to_owned(),
            format!("/~A/h/{jwt}/v.ts"),
        ] {
            assert!(!is_refused(&plain, &path), "{path}");
        }
        let before = json!([{ "path": "before" }]);
        for (site, token) in [
            (site(before.clone(), json!([{ "jwt": {} }])), jwt.clone()),
            (site(json!(["authorization"]), json!([{ "jwt": { "placements": before } }])), jwt.clone()),
            (site(json!([]), json!([{ "stream": { "keys": "k" } }])), stream.clone()),
        ] {
            for path in
                [format!("/~A/h/{token}/v.ts"), format!("/~A/h/v/{token}"), format!("/~A/h/{token}.sd-m3u8")]
            {
                assert!(is_refused(&site, &path), "{path}");
            }
            for name in ["a.b.c".to_owned(), format!("{}.0001.m4s", "a".repeat(60)), session.clone()] {
                assert!(!is_refused(&site, &format!("/~A/h/v/{name}")), "{name}");
            }
        }
    }

    #[test]
    fn a_key_has_no_token_and_one_spelling() {
        let plain = find("/h/v/1.m4s", "");
        assert_eq!(plain.url.as_str(), "https://media.example/vod/h/v/1.m4s");
        assert_eq!(plain.cache_key, "https://watch.example.com/_cache/0/https/media.example/vod/h/v/1.m4s");
        assert_eq!(plain.site(), "watch.example.com");
        for (path, query) in [
            ("/~tokenA/h/v/1.m4s", ""),
            ("/%7EtokenB/h/v/%31.m4s", "CMCD=bl%3D1"),
            ("/h/v/1.m4s", "token=x"),
            ("/h/v/1.m4s", "sd_session=x"),
        ] {
            assert_eq!(find(path, query), plain, "{path}?{query}");
        }
    }

    #[test]
    fn listed_parameters_are_passed_on_in_order() {
        let source = find("/h/1.m4s", "b=2&token=x&a=1%26");
        assert_eq!(source.url.query(), Some("a=1%26&b=2"));
        assert!(source.cache_key.ends_with("/1.m4s?a=1%26&b=2"), "{}", source.cache_key);
        assert_eq!(find("/h/1.m4s", "a=1%26&b=2"), source);
        // Of two values with one name, some media origins take the first and some the last.
        assert_eq!(find("/h/1.m4s", "a=2&b=3&a=1").url.query(), Some("a=2&a=1&b=3"));
    }

    #[test]
    fn directives_are_passed_on_for_playlists_alone() {
        let query = "_HLS_skip=YES&a=1&_HLS_part=2&_HLS_throughput=9&_HLS_msn=07&_HLS_pathway=x&z=1";
        let playlist = find("/h/a.m3u8", query);
        assert_eq!(playlist.url.query(), Some("_HLS_msn=7&_HLS_part=2&_HLS_pathway=x&_HLS_skip=YES&a=1"));
        assert!(playlist.cache_key.ends_with(playlist.url.query().unwrap()), "{}", playlist.cache_key);
        assert_eq!(playlist.plain_key(), find("/h/a.m3u8", "a=1&_HLS_pathway=x").cache_key);
        assert_eq!(find("/h/a.m4s", query).url.query(), Some("_HLS_pathway=x&a=1"));
        let denied = of(&site(), "/h/a.m3u8", "_HLS_part=2", "h/", 0).unwrap_err();
        assert!(matches!(denied, SourceError::Denied(denial) if denial.reason == Reason::DirectiveInvalid));

        let mut plain = site();
        plain.media.low_latency = false;
        let source = of(&plain, "/h/a.m3u8", "_HLS_part=2&a=1", "h/", 0).unwrap();
        assert_eq!((source.url.query(), source.directives), (Some("a=1"), Directives::default()));
    }

    #[test]
    fn a_playlist_that_is_clamped_or_has_breaks_is_asked_for_whole() {
        let query = "_HLS_msn=7&_HLS_skip=YES";
        let facts = Facts { query: Redacted::new(query.to_owned()), ..Facts::default() };
        let request = MediaRequest::at_entry("/h/a.m3u8").unwrap();
        for (rewind_s, sells, expected) in
            [(None, false, query), (Some(60), false, "_HLS_msn=7"), (None, true, "_HLS_msn=7")]
        {
            let caps = Caps { rewind_s, ..Caps::default() };
            let site = Site { ads: sells.then(AdPolicy::default), ..site() };
            let source = source(&facts, &request, &site, "h/", &caps, 0).unwrap();
            assert_eq!(source.url.query(), Some(expected));
        }
    }

    #[test]
    fn nothing_is_fetched_from_where_edges_keep_their_files() {
        let mut root = site();
        root.media.origin = serde_json::from_value(json!("https://media.example/")).unwrap();
        for folder in ["_cache/", "_CACHE/0/https/other.example/", "%5fcache/"] {
            let error = of(&root, "/h/1.ts", "", folder, 0).unwrap_err();
            assert!(matches!(error, SourceError::Kept { .. }), "{folder}: {error}");
        }
        for path in ["/h/_cache/0/1.ts", "/h/%5Fcache/1.ts", "/h/_cache;a/1.ts"] {
            let error = of(&root, path, "", "", 0).unwrap_err();
            assert!(matches!(error, SourceError::Denied(_)), "{path}: {error}");
        }
        assert!(of(&root, "/h/_cache/1.ts", "", "h/", 0).is_ok());
    }

    #[test]
    fn a_colon_is_no_scheme() {
        assert_eq!(find("/h/a:b.ts", "").url.as_str(), "https://media.example/vod/h/a:b.ts");
    }

    #[test]
    fn whatever_matters_makes_another_key() {
        let keys: Vec<_> = [
            find("/h/1.m4s", ""),
            find("/h/2.m4s", ""),
            find("/h/v/1.m4s", ""),
            find("/h/1.m4s", "a=1"),
            find("/h/1.m4s", "a=2"),
            find("/h/1.m4s", "b=1"),
            find("/h/1.m4s", "a=+"),
            find("/h/1.m4s", "a=%20"),
            find("/h/1.m4s", "a=%2B"),
            of(&site(), "/h/1.m4s", "", "h/", 1).unwrap(),
            of(&site(), "/h/1.m4s", "", "g/", 0).unwrap(),
            of(&Site { host: "b.example".parse().unwrap(), ..site() }, "/h/1.m4s", "", "h/", 0).unwrap(),
            find("/h/a.m3u8", ""),
            find("/h/a.m3u8", "_HLS_msn=1"),
            find("/h/a.m3u8", "_HLS_msn=1&_HLS_part=0"),
            find("/h/a.m3u8", "_HLS_skip=YES"),
            find("/h/a.m3u8", "_HLS_skip=v2"),
        ]
        .into_iter()
        .map(|source| source.cache_key)
        .collect();
        let mut distinct = keys.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), keys.len(), "{keys:#?}");
    }

    /// Any text as a player might spell it: bytes plain where they may be, or encoded in small or capital digits.
    fn spelled(text: &str, how: &[u8]) -> String {
        let mut how = how.iter().cycle();
        let spell = |byte: u8| match how.next().unwrap() % 3 {
            0 if byte.is_ascii_graphic() && !b"%&+=#".contains(&byte) => char::from(byte).to_string(),
            1 => format!("%{byte:02x}"),
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(spell).collect()
    }

    proptest! {
        #[test]
        fn every_spelling_and_order_has_one_key(
            a in "\\PC{0,12}",
            b in "\\PC{0,12}",
            junk in "[a-z]{3,8}",
            how in proptest::collection::vec(any::<u8>(), 1..8),
        ) {
            let plain = find("/h/x.m3u8", &format!("a={}&b={}&_HLS_msn=3", spelled(&a, &[2]), spelled(&b, &[2])));
            let odd = format!(
                "{junk}={}&_HLS_msn=%33&b={}&CMCD={junk}&{}={}",
                spelled(&b, &how), spelled(&b, &how), spelled("a", &how), spelled(&a, &how),
            );
            prop_assert_eq!(&find("/~other/h/%78.m3u8", &odd), &plain);
            // What came out comes out again.
            let again = find("/h/x.m3u8", plain.url.query().unwrap());
            prop_assert_eq!(again, plain);
        }

        #[test]
        fn different_values_have_different_keys(a in "\\PC{0,12}", b in "\\PC{0,12}") {
            let key = |value: &str| find("/h/1.ts", &format!("a={}", spelled(value, &[1]))).cache_key;
            prop_assert_eq!(key(&a) == key(&b), a == b);
            prop_assert_eq!(String::from(Url::parse(&key(&a)).unwrap()), key(&a));
        }

        #[test]
        fn no_query_makes_it_fail(query in "\\PC{0,60}") {
            prop_assert!(of(&site(), "/h/1.ts", &query, "h/", 0).is_ok());
        }
    }
}
