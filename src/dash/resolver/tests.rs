//! Where URIs lead in each style of signing.

use serde_json::json;

use super::*;
use crate::catalog::ForeignPolicy;
use crate::manifest::Query;
use crate::token::Credentials;

fn with<T>(signing: Signing, then: impl FnOnce(&Resolver<'_>) -> T) -> T {
    let folder = Url::parse("https://media.example/vod/h/").unwrap();
    let resource = ResourcePath::parse("dash/live.mpd").unwrap();
    let foreign: ForeignPolicy =
        serde_json::from_value(json!({ "pass": ["time.example"], "sign": ["*.cdn.example"] })).unwrap();
    let frame = Frame {
        folder: &folder,
        root: "harbour/",
        resource: &resource,
        query: Query::new(""),
        signing,
        foreign: &foreign,
        authority: "https://watch.example",
        credentials: Credentials::SESSION,
    };
    then(&Resolver::new(&frame))
}

fn text(uri: &str, rewrite: UriRewrite) -> String {
    match rewrite {
        UriRewrite::Keep => uri.to_owned(),
        UriRewrite::Replace(text) => text,
        UriRewrite::Sign(before, after) => format!("{before}S{after}"),
    }
}

/// The last of several URIs, each but the last a base URL of the next.
fn written(signing: Signing, uris: &[&str]) -> Result<String, UriError> {
    with(signing, |resolver| {
        let mut bases = vec![Base::of_manifest(resolver.frame)?];
        let (last, before) = uris.split_last().unwrap();
        for uri in before {
            bases = resolver.extend(uri, &bases, false)?.1;
        }
        Ok(text(last, resolver.rewrite(last, &bases)?))
    })
}

#[test]
fn a_chain_of_base_urls_in_each_style() {
    let out = Err(UriError::Foreign);
    for (uris, inherited, path, query) in [
        (
            &["a.m4s"][..],
            Ok("a.m4s"),
            Ok("https://watch.example/~S/harbour/dash/a.m4s"),
            Ok("a.m4s?sd_session=S"),
        ),
        (&["../a"], Ok("../a"), Ok("https://watch.example/~S/harbour/a"), Ok("../a?sd_session=S")),
        (&["../../a"], out, out, out),
        (&["../../h/a"], Ok("../a"), Ok("https://watch.example/~S/harbour/a"), Ok("/harbour/a?sd_session=S")),
        (&["v/", "a?x=1"], Ok("a?x=1"), Ok("a?x=1"), Ok("a?x=1&sd_session=S")),
        (&["v/", "../../../a"], out, out, out),
        (
            &["https://media.example/vod/h/"],
            Ok("../"),
            Ok("https://watch.example/~S/harbour/"),
            Ok("/harbour/?sd_session=S"),
        ),
        (&["https://media.example/vod/h/", "a"], Ok("a"), Ok("a"), Ok("a?sd_session=S")),
        (&["https://media.example/vod/h/", "../a"], out, out, out),
        (&["https://media.example/vod/h/v/", "../a"], Ok("../a"), Ok("../a"), Ok("../a?sd_session=S")),
        (&["/vod/h/v/", "/vod/h/a"], Ok("../a"), Ok("../a"), Ok("/harbour/a?sd_session=S")),
        (
            &["https://b.cdn.example:8443/x/"],
            Ok("https://b.cdn.example:8443/~S/x/"),
            Ok("https://b.cdn.example:8443/~S/x/"),
            Ok("https://b.cdn.example:8443/x/?sd_session=S"),
        ),
        (&["https://b.cdn.example/x/", "a"], Ok("a"), Ok("a"), Ok("a?sd_session=S")),
        (&["https://b.cdn.example/x/", "../a"], Ok("../a"), Ok("../a"), Ok("../a?sd_session=S")),
        (&["https://b.cdn.example/x/", "/a"], Ok("../a"), Ok("../a"), Ok("/a?sd_session=S")),
        (
            &["https://b.cdn.example/x/", "https://media.example/vod/h/a"],
            Ok("https://watch.example/~S/harbour/a"),
            Ok("https://watch.example/~S/harbour/a"),
            Ok("https://watch.example/harbour/a?sd_session=S"),
        ),
        (
            &["https://time.example/x/"],
            Ok("https://time.example/x/"),
            Ok("https://time.example/x/"),
            Ok("https://time.example/x/"),
        ),
        (&["https://time.example/x/", "/a"], Ok("/a"), Ok("/a"), Ok("/a")),
        (
            &["//time.example/x/"],
            Ok("https://time.example/x/"),
            Ok("https://time.example/x/"),
            Ok("https://time.example/x/"),
        ),
        (&["https://other.example/"], out, out, out),
        (&["https://edge.stagedoor.invalid/~session/harbour/a"], out, out, out),
        (&["http://b.cdn.example/"], out, out, out),
        (
            &["https://media.example/vod/h/dash/"],
            Ok("./"),
            Ok("https://watch.example/~S/harbour/dash/"),
            Ok("/harbour/dash/?sd_session=S"),
        ),
        (
            &["https://media.example/vod/h/dash/a:b"],
            Ok("/~S/harbour/dash/a:b"),
            Ok("https://watch.example/~S/harbour/dash/a:b"),
            Ok("/harbour/dash/a:b?sd_session=S"),
        ),
        (&[" a"], Ok("a"), Ok("https://watch.example/~S/harbour/dash/a"), Ok("/harbour/dash/a?sd_session=S")),
        (
            &["a?sd_session=x"],
            Ok("a"),
            Ok("https://watch.example/~S/harbour/dash/a"),
            Ok("/harbour/dash/a?sd_session=S"),
        ),
        (&["a#f"], Ok("a#f"), Ok("https://watch.example/~S/harbour/dash/a#f"), Ok("a?sd_session=S#f")),
        (&["v//a"], Err(UriError::Spelling), Err(UriError::Spelling), Err(UriError::Spelling)),
    ] {
        let found = |signing| written(signing, uris);
        assert_eq!(found(Signing::Inherited).as_deref().map_err(|e| *e), inherited, "{uris:?}");
        assert_eq!(found(Signing::Path).as_deref().map_err(|e| *e), path, "{uris:?}");
        assert_eq!(found(Signing::Query).as_deref().map_err(|e| *e), query, "{uris:?}");
    }
}

#[test]
fn below_what_is_not_known_only_what_is_plain_is_covered() {
    let all: ForeignPolicy = serde_json::from_value(json!({ "pass": ["*"] })).unwrap();
    with(Signing::Inherited, |outer| {
        let frame = Frame { foreign: &all, ..*outer.frame };
        let resolver = Resolver::new(&frame);
        let unknown = [Base::unknown().unwrap()];
        assert_eq!(resolver.rewrite("v/a.m4s", &unknown), Ok(UriRewrite::Keep));
        assert_eq!(resolver.rewrite("../a.m4s", &unknown), Err(UriError::Foreign));
        assert_eq!(resolver.extend("v/", &unknown, false), Ok((UriRewrite::Keep, unknown.to_vec())));
        let (_, known) = resolver.extend("https://media.example/vod/h/v/", &unknown, false).unwrap();
        assert_eq!(resolver.rewrite("../a.m4s", &known), Ok(UriRewrite::Keep));
    });
}

#[test]
fn one_text_has_to_do_for_every_base_url() {
    for signing in [Signing::Inherited, Signing::Path, Signing::Query] {
        with(signing, |resolver| {
            let manifest = [Base::of_manifest(resolver.frame).unwrap()];
            let base = |uri| resolver.extend(uri, &manifest, false).unwrap().1;
            let own = || base("https://media.example/vod/h/v/");
            let (cdn, other) = (base("https://b.cdn.example/x/"), base("https://time.example/x/"));
            let both = [own(), cdn].concat();
            let parameter = if signing == Signing::Query { "?sd_session=S" } else { "" };
            let placed = |uri, bases: &[Base]| resolver.rewrite(uri, bases).map(|rewrite| text(uri, rewrite));
            assert_eq!(placed("a.m4s", &both), Ok(format!("a.m4s{parameter}")));
            assert_eq!(placed("/vod/h/a", &both), Err(UriError::Ambiguous));
            let mixed = placed("a.m4s", &[own(), other].concat());
            let expected =
                if parameter.is_empty() { Ok("a.m4s".to_owned()) } else { Err(UriError::Ambiguous) };
            assert_eq!(mixed, expected);
        });
    }
}
