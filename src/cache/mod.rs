//! What is fetched from the media origin, under which name it is kept, and for how long.

use url::Url;

use crate::catalog::Site;
use crate::facts::Facts;
use crate::route::{MediaRequest, ResourceKind};

/// Something at the media origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its URL there.
    pub url: Url,
    /// The title's folder there.
    pub folder: Url,
    /// The URL under which the edge keeps it: one for every spelling, viewer and token.
    pub cache_key: String,
    /// How long the edge keeps it, in seconds.
    pub ttl_s: u32,
}

impl Source {
    /// The URL for people and logs, without its query, which may hold a signature.
    pub fn place(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.into()
    }
}

/// Why a title's media has no URL: its folder or path does not resolve below the media origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a URL below {origin}, found {found}")]
pub struct SourceError {
    origin: String,
    found: String,
}

/// Finds what a request asks for at the media origin.
///
/// `folder` is the title's, or that of the cut or slate that a permit names, below the site's media origin. The cache key is built from the site's host, so that no tenant reads another's entries, and from the URL at
/// the media origin, so that a title whose media moved is not served from its old place. It holds the query
/// parameters that the site lists, sorted by name, and nothing else of the query.
pub fn source(
    facts: &Facts,
    request: &MediaRequest,
    site: &Site,
    folder: &str,
) -> Result<Source, SourceError> {
    let origin = site.media.origin.url();
    let error = |found: &str| SourceError { origin: origin.to_string(), found: found.to_owned() };
    let below = |base: &Url, path: &str| {
        base.join(path).ok().filter(|url| url.as_str().starts_with(base.as_str())).ok_or_else(|| error(path))
    };
    let folder = below(origin, folder)?;
    // `./` keeps a first segment with a colon from being taken for a scheme.
    let mut url = below(&folder, &format!("./{}", request.resource))?;
    let mut query: Vec<_> = url::form_urlencoded::parse(facts.query.expose().as_bytes())
        .filter(|(name, _)| site.media.query.iter().any(|listed| listed == name))
        .collect();
    if !query.is_empty() {
        query.sort();
        url.query_pairs_mut().extend_pairs(query);
    }
    let cache_key = format!("https://{}/_cache/{}", site.host, url.as_str().replacen("://", "/", 1));
    let ttl_s = match request.kind {
        ResourceKind::Playlist | ResourceKind::Mpd => site.cache.playlist_s,
        ResourceKind::Segment => site.cache.segment_s,
    };
    Ok(Source { url, folder, cache_key, ttl_s })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::redacted::Redacted;
    use crate::route::{Route, route};

    fn find(path: &str, query: &str) -> Source {
        let site = serde_json::from_value(json!({
            "host": "watch.example.com",
            "media": { "origin": "https://media.example/vod/", "query": ["b", "a"] },
            "tokens": { "issuers": ["id"] },
            "sessions": { "keys": "s" },
        }))
        .unwrap();
        let facts =
            Facts { path: path.to_owned(), query: Redacted::new(query.to_owned()), ..Facts::default() };
        let request = match route(&facts) {
            Ok(Route::Below(request, _)) => request,
            _ => MediaRequest::at_entry(path).unwrap(),
        };
        source(&facts, &request, &site, "h/").unwrap()
    }

    #[test]
    fn a_key_has_no_token_and_one_spelling() {
        let plain = find("/h/v/1.m4s", "");
        assert_eq!(plain.url.as_str(), "https://media.example/vod/h/v/1.m4s");
        assert_eq!(plain.cache_key, "https://watch.example.com/_cache/https/media.example/vod/h/v/1.m4s");
        for (path, query) in
            [("/~tokenA/h/v/1.m4s", ""), ("/%7EtokenB/h/v/%31.m4s", "CMCD=bl%3D1"), ("/h/v/1.m4s", "token=x")]
        {
            assert_eq!(find(path, query), plain, "{path}?{query}");
        }
    }

    #[test]
    fn listed_parameters_are_passed_on_in_order() {
        let source = find("/h/1.m4s", "b=2&token=x&a=1%26");
        assert_eq!(source.url.query(), Some("a=1%26&b=2"));
        assert!(source.cache_key.ends_with("/1.m4s?a=1%26&b=2"), "{}", source.cache_key);
        assert_eq!(find("/h/1.m4s", "a=1%26&b=2"), source);
    }

    #[test]
    fn a_colon_is_no_scheme() {
        assert_eq!(find("/h/a:b.ts", "").url.as_str(), "https://media.example/vod/h/a:b.ts");
    }

    #[test]
    fn playlists_are_kept_for_less_time_than_segments() {
        assert_eq!((find("/h/a.m3u8", "").ttl_s, find("/h/a.ts", "").ttl_s), (2, 86_400));
    }
}
