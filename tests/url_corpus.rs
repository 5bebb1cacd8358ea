//! URL tests of other projects: the `url` crate on the web platform's cases, and the edge's canonical path on purell's.
//!
//! `tests/fixtures/url/*/SOURCE.txt` says where the cases come from.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};
use stagedoor::facts::Facts;
use stagedoor::resource::{MediaRequest, ResourcePath};
use stagedoor::route::{Route, route};
use url::{Url, quirks};

const CASES: &str = include_str!("fixtures/url/wpt-urltestdata/urltestdata.json");
const SETTERS: &str = include_str!("fixtures/url/wpt-urltestdata/setters_tests.json");
const PURELL: &str = include_str!("fixtures/url/purell/cases.json");

#[derive(Deserialize)]
struct Case {
    input: String,
    base: Option<String>,
    href: Option<String>,
    #[serde(default)]
    failure: bool,
}

fn cases() -> Vec<Case> {
    let all: Vec<Value> = serde_json::from_str(CASES).unwrap();
    // Texts between the cases are comments.
    all.into_iter().filter(Value::is_object).map(|case| serde_json::from_value(case).unwrap()).collect()
}

/// Whether a URL has a scheme that occurs in Stagedoor, so that it has to be read like in browsers.
fn is_ours(text: &str) -> bool {
    ["http:", "https:"].iter().any(|scheme| text.trim_start().to_ascii_lowercase().starts_with(scheme))
}

#[test]
fn urls_are_read_as_browsers_read_them() {
    let (mut right, mut wrong) = (0, 0);
    for Case { input, base, href, failure } in cases() {
        let found = match &base {
            Some(base) => Url::parse(base).and_then(|base| base.join(&input)),
            None => Url::parse(&input),
        };
        let expected = href.filter(|_| !failure);
        if found.as_ref().ok().map(Url::as_str) == expected.as_deref() {
            right += 1;
            continue;
        }
        // Failures that the crate lists itself: `file:` URLs with drive letters or hosts, and opaque schemes. Neither documents
        // nor requests contain them.
        let told = format!("{input:?} against {base:?}: found {found:?}, expected {expected:?}");
        let http = expected.as_deref().is_some_and(is_ours) || is_ours(&input);
        // The crate refuses three slashes, which browsers read as two. A refused URL leads nowhere.
        let closed = input.starts_with("///") && found.is_err();
        assert!(!http || closed, "{told}");
        wrong += 1;
    }
    assert!(right > 800 && wrong < 60, "{right} right, {wrong} wrong");
}

#[test]
fn parts_are_set_as_browsers_set_them() {
    let all: Map<String, Value> = serde_json::from_str(SETTERS).unwrap();
    let mut count = 0;
    for (attribute, cases) in all.iter().filter(|(name, _)| name.as_str() != "comment") {
        for case in cases.as_array().unwrap() {
            let text = |name: &str| case.get(name).and_then(Value::as_str).unwrap();
            let (href, value) = (text("href"), text("new_value"));
            let mut url = Url::parse(href).unwrap();
            // A setter that refuses leaves the URL unchanged, as the case expects.
            let refused = match attribute.as_str() {
                "protocol" => quirks::set_protocol(&mut url, value).is_err(),
                "username" => quirks::set_username(&mut url, value).is_err(),
                "password" => quirks::set_password(&mut url, value).is_err(),
                "host" => quirks::set_host(&mut url, value).is_err(),
                "hostname" => quirks::set_hostname(&mut url, value).is_err(),
                "port" => quirks::set_port(&mut url, value).is_err(),
                "href" => quirks::set_href(&mut url, value).is_err(),
                part => {
                    match part {
                        "pathname" => quirks::set_pathname(&mut url, value),
                        "search" => quirks::set_search(&mut url, value),
                        "hash" => quirks::set_hash(&mut url, value),
                        other => unreachable!("an attribute {other}"),
                    }
                    false
                }
            };
            let expected = case.get("expected").and_then(|expected| expected.get("href"));
            let Some(expected) = expected.and_then(Value::as_str) else { continue };
            if is_ours(href) && is_ours(expected) {
                assert_eq!(
                    url.as_str(),
                    expected,
                    "{attribute} of {href} set to {value:?}, refused: {refused}"
                );
                count += 1;
            }
        }
    }
    assert!(count > 140, "{count} cases");
}

#[test]
fn a_path_that_is_served_is_canonical_and_stays_in_its_title() {
    let mut served = 0;
    for href in cases().into_iter().filter_map(|case| case.href).filter(|href| is_ours(href)) {
        let url = Url::parse(&href).unwrap();
        let facts = Facts { path: url.path().to_owned(), ..Facts::default() };
        let request = match route(&facts) {
            Ok(Route::Below(request, _)) => request,
            Ok(Route::Entry) => match MediaRequest::at_entry(&facts.path) {
                Ok(request) => request,
                Err(_) => continue,
            },
            _ => continue,
        };
        let path = request.resource.as_str();
        assert_eq!(ResourcePath::parse(path).unwrap().as_str(), path, "{href}");
        assert!(!path.split('/').any(|segment| matches!(segment, "" | "." | "..")), "{href}");
        let again = url.join(&format!("/{}/{path}", request.title)).unwrap();
        assert_eq!(MediaRequest::at_entry(again.path()).unwrap().resource, request.resource, "{href}");
        served += 1;
    }
    assert!(served > 20, "{served} paths are served");
}

/// Cases that do not apply: purell's change would name another resource, or no request can contain the URL.
const OTHERS: [(&str, &str); 9] = [
    ("TrailingSlash", "a folder is another resource than a file"),
    ("DirectoryIndex", "no index stands for its folder"),
    ("WWW", "another host is another site"),
    ("ForceHTTP", "another scheme is another URL"),
    ("DuplicateSlashes", "an empty segment is refused"),
    ("SortQuery", "the cache key has its own list of parameters"),
    ("Fragment", "a fragment is not sent"),
    ("EmptyQuery", "the query is no part of a path"),
    ("Greedy", "all of the above"),
];

/// Cases with another outcome here.
const LISTED: [(&str, &str); 5] = [
    ("OctalIP-4", "a host with two full stops in a row is no site's"),
    ("DWORDIP-4", "a host with two full stops in a row is no site's"),
    ("HexIP-4", "a host with two full stops in a row is no site's"),
    ("UnnecessaryHostDots-5", "a host with two full stops in a row is no site's"),
    ("UrlNorm-5", "the expected text holds each byte of the path as a character of its own"),
];

#[derive(Deserialize)]
struct Normalisation {
    name: String,
    input: String,
    flags: String,
    expected: String,
}

#[test]
fn what_purell_takes_for_one_url_has_one_cache_key() {
    let all: Vec<Normalisation> = serde_json::from_str(PURELL).unwrap();
    let normal = |text: &str| {
        let url = Url::parse(text).ok()?;
        let path = url.path().strip_prefix('/')?;
        let path = ResourcePath::parse(path.strip_suffix('/').unwrap_or(path)).ok();
        let host = url.host_str()?.trim_matches('.').to_owned();
        Some((url.scheme().to_owned(), host, url.port_or_known_default(), path))
    };
    let mut others = BTreeSet::new();
    let mut count = 0;
    for Normalisation { name, input, flags, expected } in all {
        if let Some((flag, _)) = OTHERS.iter().find(|(flag, _)| flags.contains(flag)) {
            others.insert(*flag);
            continue;
        }
        if LISTED.iter().any(|(listed, _)| *listed == name) {
            assert_ne!(normal(&input), normal(&expected), "{name} is listed, and passes");
            continue;
        }
        assert_eq!(normal(&input), normal(&expected), "{name}: {input} ({flags})");
        count += 1;
    }
    assert!(count >= 40, "{count} cases");
    assert_eq!(others.len(), OTHERS.len(), "a reason that no case needs: {others:?}");
}
