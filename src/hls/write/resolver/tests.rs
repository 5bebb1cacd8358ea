//! Where URIs lead, and how they are written, in tables.

use serde_json::json;

use super::*;
use crate::catalog::ForeignPolicy;
use crate::manifest::{MOST_RESOLVED, Query, is_local};
use crate::token::Credentials;

fn place_with(signing: Signing, foreign: &ForeignPolicy, uri: &str) -> Result<WrittenUri, UriError> {
    let folder = Url::parse("https://media.example/vod/h/").unwrap();
    let resource = ResourcePath::parse("hls/index.m3u8").unwrap();
    let mut variables = Variables::default();
    for list in [
        r#"NAME="dir",VALUE="v/1""#,
        r#"NAME="base",VALUE="https://media.example/vod/h""#,
        r#"NAME="up",VALUE="../.""#,
        r#"NAME="own",VALUE="sd_sess""#,
    ] {
        variables.define(list.as_bytes(), Query::new(""), Credentials::SESSION).unwrap();
    }
    let frame =
        Frame { foreign, ..Frame::new("https://watch.example", "harbour/", &folder, &resource, signing) };
    Resolver::new(&frame, &Budget::default()).written(uri.as_bytes(), &variables)
}

/// The URI as it is written, with `S` for the token.
fn written(signing: Signing, foreign: &ForeignPolicy, uri: &str) -> Result<String, UriError> {
    Ok(match place_with(signing, foreign, uri)? {
        WrittenUri::AsIs | WrittenUri::Relative => uri.to_owned(),
        WrittenUri::Below => format!("/~S/harbour/hls/{uri}"),
        WrittenUri::With(mark) => format!("{uri}{mark}{SESSION_PARAMETER}=S"),
        WrittenUri::Signed(before, after) => format!("{before}S{after}"),
        WrittenUri::Unsigned(text) => text,
    })
}

fn place(signing: Signing, uri: &str) -> Result<String, UriError> {
    written(signing, &ForeignPolicy::REFUSE, uri)
}

/// What a playlist's URIs count for, and how many of them there may be.
#[test]
fn what_is_resolved_has_a_budget() {
    let folder = Url::parse("https://media.example/vod/h/").unwrap();
    let resource = ResourcePath::parse("hls/index.m3u8").unwrap();
    let hosts: Vec<_> = (0..1_000).map(|number| format!("h{number}.example")).collect();
    let many: ForeignPolicy = serde_json::from_value(json!({ "pass": hosts })).unwrap();
    let one = serde_json::from_value(json!({ "pass": ["h999.example"] })).unwrap();
    let spent = |signing, foreign: &ForeignPolicy, uri: &str, reading: Option<Reading>, times: usize| {
        let frame =
            Frame { foreign, ..Frame::new("https://watch.example", "harbour/", &folder, &resource, signing) };
        let budget = Budget::default();
        let resolver = Resolver::new(&frame, &budget);
        let variables = Variables::default();
        for _ in 0..times {
            match reading {
                Some(reading) => resolver.written_to_read(uri.as_bytes(), &variables, reading)?,
                None => resolver.written(uri.as_bytes(), &variables)?,
            };
        }
        Ok(resolver.spent())
    };
    let each = |signing, uri: &str| spent(signing, &ForeignPolicy::REFUSE, uri, None, 1).unwrap();
    for signing in [Signing::Inherited, Signing::Path, Signing::Query, Signing::Renewed] {
        assert_eq!(each(signing, "v/a.ts?x=1"), 0);
        assert!(each(signing, "../a.ts") > 64);
        assert_eq!(each(signing, "/vod/h/a.ts"), each(Signing::Path, "/vod/h/a.ts"));
        let far = format!("/vod/h/{}", "a/".repeat(400));
        let far = far.trim_end_matches('/');
        let most = MOST_RESOLVED / each(signing, far);
        let spent = |times| spent(signing, &ForeignPolicy::REFUSE, far, None, times);
        assert!(spent(most).is_ok());
        assert_eq!(spent(most + 1), Err(UriError::Exhausted));
        // Where it leads at the edge is looked at too where it might stay as it is.
        let stays = matches!(signing, Signing::Inherited | Signing::Renewed);
        assert_eq!(each(signing, "../a.ts") > each(Signing::Path, "../a.ts"), stays);
    }
    // The host of each foreign URI is compared with each host of the site's lists.
    let foreign =
        |policy: &ForeignPolicy| spent(Signing::Path, policy, "//h999.example/a", None, 10).unwrap();
    assert!(foreign(&many) >= foreign(&one) + 10 * 999 * 8);
    let read = |times| spent(Signing::Path, &many, "../a", Some(Reading::Playlist), times);
    assert_eq!(read(MOST_RESOLVED), Err(UriError::Exhausted));
}

#[test]
fn what_is_covered_in_each_style() {
    for (uri, path, query) in [
        ("a.m3u8", "hls/a.m3u8", "a.m3u8?"),
        ("v/1/a.m3u8", "hls/v/1/a.m3u8", "v/1/a.m3u8?"),
        ("a.ts?x=1", "hls/a.ts?x=1", "a.ts?x=1&"),
        ("a,b;c=(1).ts", "hls/a,b;c=(1).ts", "a,b;c=(1).ts?"),
        ("./a.ts", "hls/a.ts", "/harbour/hls/a.ts?"),
        ("../a.ts", "a.ts", "/harbour/a.ts?"),
        ("a b.ts", "hls/a%20b.ts", "/harbour/hls/a%20b.ts?"),
        ("a%2eb.ts?x={}", "hls/a%2eb.ts?x={}", "/harbour/hls/a%2eb.ts?x={}&"),
        ("/vod/h/a.ts", "a.ts", "/harbour/a.ts?"),
        ("//media.example/vod/h/a.ts", "a.ts", "/harbour/a.ts?"),
        ("https://media.example/vod/h/a.ts?b", "a.ts?b", "/harbour/a.ts?b&"),
        ("HTTPS://MEDIA.example:443/vod/h/a.ts", "a.ts", "/harbour/a.ts?"),
        (".a.ts", "hls/.a.ts", "/harbour/hls/.a.ts?"),
        ("{$dir}/a.ts", "hls/v/1/a.ts", "v/1/a.ts?"),
        ("{$base}/a.ts", "a.ts", "/harbour/a.ts?"),
        ("{$up}/a.ts", "a.ts", "/harbour/a.ts?"),
        ("x/{$unknown}", "hls/x/{$unknown}", "/harbour/hls/x/{$unknown}?"),
        ("x.ts?{$unknown}", "hls/x.ts?{$unknown}", "/harbour/hls/x.ts?{$unknown}&"),
        (
            "https://media.example/vod/h/b/1.ts?t={$unknown}",
            "b/1.ts?t={$unknown}",
            "/harbour/b/1.ts?t={$unknown}&",
        ),
        ("/vod/h/b/1.ts?t={$unknown}", "b/1.ts?t={$unknown}", "/harbour/b/1.ts?t={$unknown}&"),
        ("{$base}/1.ts?t={$unknown}", "1.ts?t={$unknown}", "/harbour/1.ts?t={$unknown}&"),
        ("{$dir}/{$unknown}/1.ts", "hls/{$dir}/{$unknown}/1.ts", "/harbour/hls/{$dir}/{$unknown}/1.ts?"),
        ("a.ts?sd_session=old&x=1", "hls/a.ts?x=1", "/harbour/hls/a.ts?x=1&"),
        ("a.ts?sd_session=old", "hls/a.ts", "/harbour/hls/a.ts?"),
        ("a.ts?sd%5Fsession=old", "hls/a.ts", "/harbour/hls/a.ts?"),
    ] {
        assert_eq!(place(Signing::Path, uri), Ok(format!("/~S/harbour/{path}")), "{uri}");
        assert_eq!(place(Signing::Query, uri), Ok(format!("{query}{SESSION_PARAMETER}=S")), "{uri}");
    }
    assert_eq!(place(Signing::Query, "x/{$unknown}#f").unwrap(), "/harbour/hls/x/{$unknown}?sd_session=S#f");
    assert_eq!(place(Signing::Query, "./a.ts?x#f").unwrap(), "/harbour/hls/a.ts?x&sd_session=S#f");
    assert_eq!(place(Signing::Path, "./a.ts?x#f").unwrap(), "/~S/harbour/hls/a.ts?x#f");
}

/// The edge takes the first of two parameters, and a parameter before the path.
#[test]
fn no_uri_brings_a_session_of_its_own() {
    for (uri, others) in [
        ("a.ts?sd_session=X", ""),
        ("./a.ts?sd_session=X", ""),
        ("a.ts?x=1&sd_session=X&y", "x=1&y"),
        ("a.ts?sd%5Fsession=X&x=1", "x=1"),
        ("a.ts?%73d_session=X&sd_session", ""),
        ("a.ts?sd_ses\tsion=X", ""),
        ("https://media.example/vod/h/hls/a.ts?sd_session=X&x=1", "x=1"),
        ("{$base}/hls/a.ts?sd_session=X", ""),
        ("a.ts?x=1&{$own}ion=X", "x=1"),
    ] {
        let mark = |mark| if others.is_empty() { "" } else { mark };
        for signing in [Signing::Inherited, Signing::Path, Signing::Renewed] {
            let expected = format!("/~S/harbour/hls/a.ts{}{others}", mark("?"));
            assert_eq!(place(signing, uri), Ok(expected), "{signing:?} {uri}");
        }
        let expected = format!("/harbour/hls/a.ts?{others}{}sd_session=S", mark("&"));
        assert_eq!(place(Signing::Query, uri), Ok(expected), "{uri}");
    }
    for signing in [Signing::Inherited, Signing::Path, Signing::Renewed, Signing::Query] {
        for uri in ["x/{$unknown}.ts?sd_session=X", "x/{$unknown}.ts?a&sd%5fsession=X"] {
            assert_eq!(place(signing, uri), Err(UriError::Session), "{signing:?} {uri}");
        }
    }
}

#[test]
fn below_a_session_relative_uris_stay() {
    for uri in
        ["a.ts", "v/1/a.ts", "./a.ts", "../a.ts", "a.ts?x=1", "a b.ts", "?x=1", "{$dir}/a.ts", "x/{$unknown}"]
    {
        assert_eq!(place(Signing::Inherited, uri).as_deref(), Ok(uri), "{uri}");
    }
    for uri in [
        "/vod/h/a.ts",
        "https://media.example/vod/h/a.ts",
        "//media.example/vod/h/a.ts",
        "\\vod\\h\\a.ts",
        " //media.example/vod/h/a.ts",
        "\t/vod/h/a.ts",
        "../../h/a.ts",
        "{$base}/a.ts",
    ] {
        assert_eq!(place(Signing::Inherited, uri).as_deref(), Ok("/~S/harbour/a.ts"), "{uri}");
    }
    for (uri, path) in [
        (" a.ts", "hls/a.ts"),
        ("\u{a0}a.ts", "hls/%C2%A0a.ts"),
        ("https:a.ts", "hls/a.ts"),
        ("HTTPS:./a.ts", "hls/a.ts"),
    ] {
        assert_eq!(place(Signing::Inherited, uri), Ok(format!("/~S/harbour/{path}")), "{uri}");
    }
    assert_eq!(place(Signing::Inherited, "a/b:c.ts").as_deref(), Ok("a/b:c.ts"));
    assert_eq!(place(Signing::Inherited, "x{$unknown}").as_deref(), Ok("./x{$unknown}"));
}

#[test]
fn what_leads_out_is_foreign() {
    for signing in [Signing::Inherited, Signing::Path, Signing::Query, Signing::Renewed] {
        for uri in [
            "https://ads.example/a.ts",
            "http://media.example/vod/h/a.ts",
            "https://media.example:444/vod/h/a.ts",
            "https://u:p@media.example/vod/h/a.ts",
            "//ads.example/a.ts",
            "/vod/other/a.ts",
            "../../other/a.ts",
            "%2e%2e/%2e%2e/other/a.ts",
            "/vod/h/",
            "/\t/media.example/vod/h/a.ts#",
            "javascript:alert(1)",
            "blob:https://media.example/1",
            "data:text/plain;base64,AA==",
            "skd://key",
        ] {
            let expected = if uri.starts_with("/\t/") { place(signing, uri) } else { Err(UriError::Foreign) };
            assert_eq!(place(signing, uri), expected, "{uri}");
        }
        for uri in [
            "{$unknown}/a.ts",
            "{$",
            "{$unknown}",
            "{$unknown}?x={$dir}",
            "https://{$unknown}/a.ts?x",
            "https://media.example/vod/h/{$unknown}?x",
            "{$base}{$unknown}/a.ts",
        ] {
            assert_eq!(place(signing, uri), Err(UriError::Variable), "{uri}");
        }
        for uri in ["https://ads.example/a.ts?t={$unknown}", "//ads.example/a.ts#{$unknown}"] {
            assert_eq!(place(signing, uri), Err(UriError::Foreign), "{uri}");
        }
        for uri in ["..%2f..%2fother/a.ts", "a/%5c../x.ts", "v//a.ts", "100%.ts"] {
            assert_eq!(place(signing, uri), Err(UriError::Spelling), "{uri}");
        }
    }
    for uri in ["data:text/plain;base64,AA==", "skd://key", "SKD://key", "urn:uuid:1"] {
        assert!(is_local(uri.as_bytes()), "{uri}");
    }
}

#[test]
fn a_foreign_uri_is_passed_or_signed_where_the_site_says_so() {
    let policy: ForeignPolicy = serde_json::from_value(
        json!({ "pass": ["ads.example", "media.example"], "sign": ["*.cdn.example"] }),
    )
    .unwrap();
    for (uri, path, query) in [
        ("https://ads.example/a.ts?x", "https://ads.example/a.ts?x", "https://ads.example/a.ts?x"),
        ("//ads.example/a.ts", "https://ads.example/a.ts", "https://ads.example/a.ts"),
        (
            "https://ads.example/a.ts?t={$unknown}",
            "https://ads.example/a.ts?t={$unknown}",
            "https://ads.example/a.ts?t={$unknown}",
        ),
        (
            "https://b.cdn.example/a.ts?t={$unknown}",
            "https://b.cdn.example/~S/a.ts?t={$unknown}",
            "https://b.cdn.example/a.ts?t={$unknown}&sd_session=S",
        ),
        ("/vod/other/a.ts", "https://media.example/vod/other/a.ts", "https://media.example/vod/other/a.ts"),
        (
            "https://b.cdn.example/a.ts",
            "https://b.cdn.example/~S/a.ts",
            "https://b.cdn.example/a.ts?sd_session=S",
        ),
        (
            "https://u:p@b.cdn.example:8443/a.ts?sd%5Fsession=old&x=1#f",
            "https://b.cdn.example:8443/~S/a.ts?x=1#f",
            "https://b.cdn.example:8443/a.ts?x=1&sd_session=S#f",
        ),
    ] {
        assert_eq!(written(Signing::Path, &policy, uri).as_deref(), Ok(path), "{uri}");
        assert_eq!(written(Signing::Inherited, &policy, uri).as_deref(), Ok(path), "{uri}");
        assert_eq!(written(Signing::Query, &policy, uri).as_deref(), Ok(query), "{uri}");
    }
    assert_eq!(written(Signing::Path, &policy, "https://cdn.example/a.ts"), Err(UriError::Foreign));
    for bad in ["ftp://b.cdn.example/a.ts", "http://b.cdn.example/a.ts"] {
        assert_eq!(written(Signing::Path, &policy, bad), Err(UriError::Foreign), "{bad}");
    }
    assert_eq!(written(Signing::Path, &policy, "https://b.cdn.example/%7Eold/a.ts"), Err(UriError::Spelling));
    assert_eq!(written(Signing::Path, &ForeignPolicy::pass_all(), "blob:x").as_deref(), Ok("blob:x"));
}
