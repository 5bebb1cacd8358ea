//! Which site, title, resource and kind of thing a request asks for.
//!
//! ```text
//! /healthz                                    whether the Worker is alive
//! /version                                    which build it is
//! /_stagedoor/sync                            documents from the origin service (crate::control says where)
//! /_stagedoor/wanted                          creatives that nobody has conditioned, for the origin service
//! /_stagedoor/explain                         how a request is decided, for ops
//! /{title}/{resource}                         entry: a manifest, with a viewer token
//! /~{session token}/{title}/{resource}        everything below the entry
//! /{title}/{resource}?sd_session={token}      the same, where the site signs so
//! /~{old}/…?sd_session={token}                the same, from a renewed playlist: the token in the path is ignored
//! …/{title}/{folder}/_stagedoor/steering.json below a session: the steering manifest
//! …/{title}/{folder}/_stagedoor/time          below a session: the time
//! …/{title}/{folder}/_stagedoor/break/…       below a session: the pod of a break (crate::resource::Listing)
//! …/{title}/{folder}/_stagedoor/ad/…          below a session: a file of an ad (crate::resource::AdAddress)
//! ```

use crate::catalog::{SESSION_PARAMETER, SyncBatch, WantedQuestion};
use crate::control;
use crate::denial::{Denial, Reason};
use crate::facts::{Facts, Method};
use crate::redacted::Redacted;
use crate::resource::MediaRequest;
use crate::token::Credentials;

/// Where a request goes.
#[derive(Clone, Debug)]
pub enum Route {
    /// A web page asks which requests it may send ([CORS preflight]).
    ///
    /// [CORS preflight]: https://fetch.spec.whatwg.org/#cors-preflight-fetch
    Preflight,
    /// Whether the Worker is alive.
    Healthz,
    /// Which build it is.
    Version,
    /// Documents from the origin service, with the folder in front of the path, which
    /// [`ControlPlace`](crate::control::ControlPlace) compares with the deployment's.
    Sync(Option<Redacted<String>>),
    /// The creatives that nobody has conditioned, for the origin service; with the folder in front of the path.
    Wanted(Option<Redacted<String>>),
    /// The explanation of a decision, for ops; with the folder in front of the path.
    Explain(Option<Redacted<String>>),
    /// Media of a title, with a viewer token somewhere in the request. The token may stand in the path, so the title
    /// and the resource are known once the token has been read ([`MediaRequest::at_entry`]).
    Entry,
    /// Media of a title, below a session.
    Below(MediaRequest, Redacted<String>),
}

/// The longest path and the longest query, in bytes: either may hold a viewer token of 8 KiB besides its other parts.
pub const LONGEST_PART: usize = 10 * 1_024;

/// A query without the session's parameter, however its name is spelled.
pub(crate) fn without_session(query: &str) -> String {
    let is_session = |pair: &str| {
        url::form_urlencoded::parse(pair.as_bytes()).next().is_some_and(|(name, _)| name == SESSION_PARAMETER)
    };
    let others: Vec<_> = query.split('&').filter(|pair| !is_session(pair)).collect();
    others.join("&")
}

/// Decides where a request goes.
pub fn route(facts: &Facts) -> Result<Route, Denial> {
    for (part, found, reason) in [
        ("path", facts.path.len(), Reason::PathTooLong),
        ("query", facts.query.expose().len(), Reason::QueryTooLong),
    ] {
        if found > LONGEST_PART {
            let detail = format!("expected a {part} of {LONGEST_PART} bytes at most, found {found}");
            return Err(Denial::new(reason, detail));
        }
    }
    let path = facts.path.strip_prefix('/').unwrap_or(&facts.path);
    match (facts.method, path) {
        (Method::Options, _) => return Ok(Route::Preflight),
        (Method::Get | Method::Head, "healthz") => return Ok(Route::Healthz),
        (Method::Get | Method::Head, "version") => return Ok(Route::Version),
        (Method::Post, _) => {
            let own = |endpoint, route: fn(Option<Redacted<String>>) -> Route| {
                let folder = control::folder_before(&facts.path, endpoint)?;
                Some(route(folder.map(|folder| Redacted::new(folder.to_owned()))))
            };
            return own(SyncBatch::PATH, Route::Sync)
                .or_else(|| own(WantedQuestion::PATH, Route::Wanted))
                .or_else(|| own(control::EXPLAIN_PATH, Route::Explain))
                .ok_or_else(Denial::method_not_allowed);
        }
        (Method::Get | Method::Head, _)
            if ![SyncBatch::PATH, WantedQuestion::PATH, control::EXPLAIN_PATH].contains(&&*facts.path) => {}
        _ => return Err(Denial::method_not_allowed()),
    }
    match session_prefix(&facts.path) {
        Some(rest) => {
            let (token, path) = rest.split_once('/').ok_or_else(Denial::unknown_path)?;
            let longer = facts.query_parameter(SESSION_PARAMETER);
            let token = longer.unwrap_or_else(|| token.to_owned());
            Ok(Route::Below(MediaRequest::parse(path)?, Redacted::new(token)))
        }
        None => match facts.query_parameter(SESSION_PARAMETER) {
            Some(token) => Ok(Route::Below(MediaRequest::at_entry(&facts.path)?, Redacted::new(token))),
            None => Ok(Route::Entry),
        },
    }
}

/// The path of a request for the log: the path below the session, without the query and without any segment that may
/// hold a viewer's credential.
pub fn logged_path(facts: &Facts) -> Option<String> {
    let request = match route(facts) {
        Ok(Route::Below(request, _)) => request,
        Ok(Route::Entry) => MediaRequest::at_entry(&facts.path).ok()?,
        _ => return None,
    };
    // The site's placements of tokens are unknown here: a parameter of any name may be a token.
    let is_entry = session_prefix(&facts.path).is_none();
    let told = Credentials::usual().hidden(&format!("{}/{}", request.title, request.resource));
    let hidden = |segment: &str| {
        let parameters =
            if is_entry { Some(segment) } else { segment.split_once(';').map(|(_, found)| found) };
        parameters.is_some_and(|found| found.contains([';', '=']))
    };
    let segments = told.split('/').map(|segment| if hidden(segment) { "[…]" } else { segment });
    Some(segments.collect::<Vec<_>>().join("/"))
}

/// The part of a path behind the mark of a session, if it has one: the token, and the path below it. Players re-encode
/// `~` when they touch a URL (hls.js 7969), so all spellings count.
pub fn session_prefix(path: &str) -> Option<&str> {
    ["/~", "/%7E", "/%7e"].into_iter().find_map(|mark| path.strip_prefix(mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{LONGEST_RESOURCE, Listing, ResourceKind};

    fn media(path: &str) -> Result<MediaRequest, Denial> {
        match route(&Facts { path: path.to_owned(), ..Facts::default() })? {
            Route::Below(media, token) => {
                assert_eq!(token.expose(), "abc");
                Ok(media)
            }
            Route::Entry => MediaRequest::at_entry(path),
            other => panic!("{path} is {other:?}"),
        }
    }

    #[test]
    fn entry_and_session_urls() {
        let entry = media("/harbour/hls/master.m3u8").unwrap();
        assert_eq!((entry.title.as_str(), entry.resource.as_str()), ("harbour", "hls/master.m3u8"));
        assert_eq!(entry.kind, ResourceKind::Playlist);
        assert_eq!(entry.resource.folder(), "hls/");
        for mark in ["~", "%7E", "%7e"] {
            let below = media(&format!("/{mark}abc/harbour/v/1.m4s")).unwrap();
            assert_eq!(below.kind, ResourceKind::Segment);
        }
        assert_eq!(media("/harbour/a.MPD").unwrap().kind, ResourceKind::Mpd);
        for (path, kind) in [
            ("dash/live.mpp", ResourceKind::Patch),
            ("_stagedoor/steering.json", ResourceKind::Steering),
            ("hls/1/%5Fstagedoor/steering.json", ResourceKind::Steering),
            ("dash/_stagedoor/time", ResourceKind::Time),
            ("dash/x_stagedoor/time", ResourceKind::Segment),
            ("x_stagedoor/steering.json", ResourceKind::Segment),
            ("_stagedoor/steering.json/x", ResourceKind::Segment),
            ("_stagedoor/break/e30.AAAA.json", ResourceKind::Break(Listing::Assets)),
            ("dash/1/%5Fstagedoor/brea%6B/e30.AAAA.mpd", ResourceKind::Break(Listing::Mpd)),
            ("x_stagedoor/break/e30.AAAA.json", ResourceKind::Segment),
            ("hls/_stagedoor/ad/mid-1/0/plum/v/main.m3u8", ResourceKind::Playlist),
            ("_stagedoor/ad/mid-1/0/plum/main.mpd", ResourceKind::Mpd),
            ("_stagedoor/ad/mid-1/0/plum/v/1.m4s", ResourceKind::Segment),
            ("_stagedoor/ad/mid-1/0/plum/v.txt.sd-m3u8", ResourceKind::Playlist),
            ("_stagedoor/ad/mid-1/0/plum/_stagedoor/steering.json", ResourceKind::Steering),
            ("hls/v.txt.sd-m3u8", ResourceKind::Playlist),
            ("dash/live.sd-mpd", ResourceKind::Mpd),
            ("ads.json.sd-assets", ResourceKind::Assets),
            ("steer.sd-steering", ResourceKind::OriginSteering),
            ("steer.json", ResourceKind::Segment),
            ("steer.json.sd-assets.sd-steering", ResourceKind::OriginSteering),
        ] {
            assert_eq!(media(&format!("/~abc/harbour/{path}")).unwrap().kind, kind, "{path}");
        }
    }

    #[test]
    fn an_ad_has_its_own_folder() {
        let request = media("/~abc/harbour/hls/v/_stagedoor/ad/mid-1/2/plum/v/1.m4s").unwrap();
        assert_eq!(request.file().as_str(), "v/1.m4s");
        let ad = request.ad.unwrap();
        assert_eq!(ad.folder, "hls/v/_stagedoor/ad/mid-1/2/plum/");
        assert_eq!((ad.address.slot, ad.address.creative.as_str()), (2, "plum"));
        assert!(media("/~abc/harbour/x_stagedoor/ad/mid-1/2/plum/v/1.m4s").unwrap().ad.is_none());
    }

    /// No file of the media origin below a folder of the edge's own is served.
    #[test]
    fn what_is_no_address_of_an_ad_or_a_break_is_nothing() {
        for none in [
            "_stagedoor/break/e30.AAAA",
            "_stagedoor/break/e30.AAAA.ts",
            "_stagedoor/break/a/e30.AAAA.json",
            "_stagedoor/ad/mid-1/0/plum",
            "_stagedoor/ad/mid-1/00/plum/1.ts",
            "_stagedoor/ad/mid-1/0/PLUM/1.ts",
            "_stagedoor/ad/mid%201/0/plum/1.ts",
            "_stagedoor/ad/1.ts",
            "_stagedoor/ad/mid-1/0/plum/_stagedoor/break/e30.AAAA.json",
            "_stagedoor/ad/mid-1/0/plum/_stagedoor/ad/mid-1/0/plum/1.ts",
            "_stagedoor/break/_stagedoor/ad/mid-1/0/plum/1.ts",
            "a/%5Fstagedoor/%61d/1.ts",
        ] {
            let denial = media(&format!("/~abc/harbour/{none}")).unwrap_err();
            assert_eq!(denial.reason, Reason::NotFound, "{none}");
        }
        for mark in crate::resource::Reading::ALL.map(crate::resource::Reading::mark) {
            let marked = media(&format!("/~abc/harbour/_stagedoor/break/e30.AAAA.json{mark}")).unwrap_err();
            assert_eq!(marked.reason, Reason::PathInvalid, "{mark}");
        }
    }

    #[test]
    fn paths_that_leave_the_title_are_refused() {
        for bad in [
            "/h/../x",
            "/h/a/%2e%2E/x",
            "/h/.",
            "/h//x",
            "/h/a%2fb",
            "/h/a\\b",
            "/h/a%5cb",
            "/h/a%00",
            "/h/%4",
            "/h/",
            "/h/%zz",
            "/h/..;/x",
            "/h/..;a=b/x",
            "/h/..%3b/x",
            "/h/.;x/y",
            "/h/;/x",
            "/h/%2e%2E;jsessionid=1/x",
            "/h/%252e%252e%252fx",
            "/h/%252e%252e/x",
            "/h/a%252f..%252fx",
            "/h/a%255cx",
            "/h/a%2500",
            "/h/%25%32%65%252e/x",
            "/h/%2525252e%2525252e/x",
            "/h/a%2525252525252525",
            "/h/..%c0%afx",
            "/h/%c0%ae%c0%ae/x",
        ] {
            assert_eq!(media(bad).unwrap_err().reason, Reason::PathInvalid, "{bad}");
        }
        for none in ["/", "/h", "/~abc", "/~abc/h", "/H/x", "/favicon.ico"] {
            assert_eq!(media(none).unwrap_err().reason, Reason::NotFound, "{none}");
        }
    }

    #[test]
    fn paths_and_queries_have_a_longest() {
        let longest = "a".repeat(LONGEST_RESOURCE);
        for mark in ["", "~abc/"] {
            assert!(media(&format!("/{mark}h/{longest}")).is_ok());
            let denial = media(&format!("/{mark}h/{longest}a")).unwrap_err();
            assert_eq!((denial.reason, denial.reason.status()), (Reason::PathTooLong, 414));
        }
        // The limit holds before decoding: strangers choose the encoded path, too.
        assert_eq!(media(&format!("/h/{}", "%61".repeat(400))).unwrap_err().reason, Reason::PathTooLong);
        let of = |path: &str, query: &str| {
            let query = Redacted::new(query.to_owned());
            route(&Facts { path: path.to_owned(), query, ..Facts::default() }).map(drop)
        };
        let part = "a".repeat(LONGEST_PART - 1);
        assert_eq!(of(&format!("/{part}"), &part), Ok(()));
        assert_eq!(of(&format!("/{part}aa"), "").unwrap_err().reason, Reason::PathTooLong);
        assert_eq!(of("/h/x", &format!("{part}aa")).unwrap_err().reason, Reason::QueryTooLong);
    }

    #[test]
    fn the_edge_s_own_paths() {
        let route = |method, path: &str| route(&Facts { method, path: path.to_owned(), ..Facts::default() });
        assert!(matches!(route(Method::Get, "/healthz"), Ok(Route::Healthz)));
        assert!(matches!(route(Method::Post, "/_stagedoor/explain"), Ok(Route::Explain(None))));
        assert!(matches!(route(Method::Head, "/version"), Ok(Route::Version)));
        assert!(matches!(route(Method::Post, "/_stagedoor/sync"), Ok(Route::Sync(None))));
        assert!(matches!(route(Method::Options, "/h/x.m3u8"), Ok(Route::Preflight)));
        for (method, path) in [
            (Method::Get, "/_stagedoor/sync"),
            (Method::Get, "/_stagedoor/explain"),
            (Method::Post, "/h/x.m3u8"),
            (Method::Other, "/healthz"),
        ] {
            assert_eq!(route(method, path).unwrap_err().reason, Reason::MethodNotAllowed, "{path}");
        }
    }
}
