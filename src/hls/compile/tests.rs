//! Tables of playlists, and of the bytes that are written of them.

use url::Url;

use super::*;
use crate::catalog::{Caps, ForeignPolicy, PlaylistBounds};
use crate::manifest::Signing;
use crate::resource::ResourcePath;
use crate::token::Credentials;

fn template(playlist: &str, signing: Signing, edits: &Edits<'_>) -> Result<Template, CompileError> {
    let folder = Url::parse("https://media.example/vod/harbour/").unwrap();
    let resource = ResourcePath::parse("hls/master.m3u8").unwrap();
    let foreign = &ForeignPolicy::REFUSE;
    let frame = Frame {
        query: Query::new("q=v"),
        foreign,
        credentials: &Credentials::usual(),
        ..Frame::new("https://watch.example", "harbour/", &folder, &resource, signing)
    };
    compile(playlist.as_bytes(), Some(&frame), edits)
}

fn rewrite(playlist: &str, signing: Signing, max_height: Option<u32>) -> Result<String, CompileError> {
    let caps = Caps { max_height, ..Caps::default() };
    let template = template(playlist, signing, &Edits::within(&caps))?;
    Ok(String::from_utf8(template.render("S").into_owned()).unwrap())
}

const MASTER: &str = "#EXTM3U\r\n\
    #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"English, UK\",URI=\"audio/en.m3u8\"\r\n\
    #EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360,AUDIO=\"a\"\r\n\
    video/360.m3u8\r\n\
    #EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=1920x1080,AUDIO=\"a\"\r\n\
    # a comment between\r\n\
    video/1080.m3u8\r\n\
    #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=3,RESOLUTION=1920x1080,URI=\"video/iframes.m3u8\"\r\n";

#[test]
fn at_the_entry_every_uri_carries_the_session() {
    let expected =
        MASTER.replace("audio/", "/~S/harbour/hls/audio/").replace("video/", "/~S/harbour/hls/video/");
    assert_eq!(rewrite(MASTER, Signing::Path, None).unwrap(), expected);
}

#[test]
fn below_a_session_a_relative_playlist_is_untouched_and_shared() {
    assert_eq!(rewrite(MASTER, Signing::Inherited, None).unwrap(), MASTER);
}

/// hls.js gives up a playlist in which the path of a segment that it knows has changed, and VLC resolves what is relative
/// against the URL that it was given first.
#[test]
fn a_renewed_playlist_changes_in_parameters_alone_and_leads_to_playlists_as_before() {
    let playlist = "#EXTM3U\n#EXT-X-MAP:URI=\"i.mp4\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"../k?a=b\"\n\
        #EXTINF:4,\na.m4s\n#EXT-X-PART:DURATION=1,URI=\"b.0.m4s\"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"b.1.m4s\"\n\
        #EXT-X-RENDITION-REPORT:URI=\"c/d.m3u8\",LAST-MSN=1\n";
    let expected = "#EXTM3U\n#EXT-X-MAP:URI=\"i.mp4?sd_session=S\"\n\
        #EXT-X-KEY:METHOD=AES-128,URI=\"../k?a=b&sd_session=S\"\n\
        #EXTINF:4,\na.m4s?sd_session=S\n#EXT-X-PART:DURATION=1,URI=\"b.0.m4s?sd_session=S\"\n\
        #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"b.1.m4s?sd_session=S\"\n\
        #EXT-X-RENDITION-REPORT:URI=\"c/d.m3u8\",LAST-MSN=1\n";
    assert_eq!(rewrite(playlist, Signing::Renewed, None).unwrap(), expected);
    assert_eq!(rewrite(MASTER, Signing::Renewed, None).unwrap(), MASTER);
    // What is written with the token in its path is led to the longer one there.
    let absolute = "#EXTM3U\n#EXTINF:4,\nhttps://media.example/vod/harbour/a.ts\n";
    let expected = "#EXTM3U\n#EXTINF:4,\n/~S/harbour/a.ts\n";
    assert_eq!(rewrite(absolute, Signing::Renewed, None).unwrap(), expected);
}

#[test]
fn variants_above_the_cap_are_left_out_with_their_uri() {
    let expected = "#EXTM3U\r\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"English, UK\",URI=\"audio/en.m3u8\"\r\n\
        #EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360,AUDIO=\"a\"\r\n\
        video/360.m3u8\r\n\
        # a comment between\r\n";
    assert_eq!(rewrite(MASTER, Signing::Inherited, Some(360)).unwrap(), expected);
    let left_out = "2 above max_height 359".to_owned();
    assert_eq!(rewrite(MASTER, Signing::Inherited, Some(359)), Err(CompileError::NoVariant { left_out }));
    assert_eq!(rewrite(MASTER, Signing::Inherited, Some(1080)).unwrap(), MASTER);
}

#[test]
fn every_place_where_a_uri_can_stand() {
    let places = [
        "@",
        "#EXT-X-KEY:METHOD=AES-128,URI=\"@\",IV=0x1",
        "#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"@\"",
        "#EXT-X-MAP:URI=\"@\",BYTERANGE=\"1@0\"",
        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",URI=\"@\"",
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"@\"",
        "#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI=\"@\"",
        "#EXT-X-PART:DURATION=1,URI=\"@\"",
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"@\"",
        "#EXT-X-RENDITION-REPORT:URI=\"@\",LAST-MSN=1",
        "#EXT-X-SESSION-DATA:DATA-ID=\"a\",URI=\"@\"",
        "#EXT-X-CONTENT-STEERING:SERVER-URI=\"@\",PATHWAY-ID=\"a\"",
        "#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",X-ASSET-URI=\"@\"",
        "#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.interstitial\",X-ASSET-LIST=\"@\"",
        "#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.apple.hls.preload\",X-URI=\"@\"",
        "#EXT-X-SOMETHING-NEW:URI=\"@\"",
        "#EXT-X-SOMETHING-NEW:X-COM-EXAMPLE-URI=\"@\"",
        "#EXT-X-PREFETCH:@",
        "#EXT-X-TWITCH-PREFETCH:@",
        "#EXT-X-MAP:URI=@",
    ];
    for place in places {
        let playlist = format!("#EXTM3U\n{place}\n")
            .replace("@\"", "a.x\"")
            .replace("=@", "=a.x")
            .replace(":@", ":a.x")
            .replace("\n@\n", "\na.x\n");
        let reading = match place {
            _ if place.contains("X-ASSET-LIST") => ".sd-assets",
            _ if place.contains("SERVER-URI") => ".sd-steering",
            _ if ["MEDIA:", "-STREAM-INF:", "RENDITION-REPORT:", "X-ASSET-URI"]
                .iter()
                .any(|name| place.contains(name)) =>
            {
                ".sd-m3u8"
            }
            _ => "",
        };
        let expected = playlist.replace("a.x", &format!("/~S/harbour/hls/a.x{reading}"));
        assert_ne!(playlist, expected, "{place} has no URI");
        assert_eq!(rewrite(&playlist, Signing::Path, None).unwrap(), expected, "{place}");
        let foreign = playlist.replace("a.x", "https://ads.example/a.x");
        for signing in [Signing::Path, Signing::Inherited] {
            let found = rewrite(&foreign, signing, None);
            let refused = matches!(found, Err(CompileError::Uncovered { line: 2, .. }));
            let is_left_out = place.contains("SERVER-URI") && found == Ok("#EXTM3U\n".to_owned());
            assert!(refused || is_left_out, "{place} lets a foreign URI through");
        }
    }
}

#[test]
fn what_is_no_uri_stays() {
    let playlist = "#EXTM3U\n# URI=\"a\"\n#EXTINF:4,URI=\"a\"\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://k\",KEYFORMAT=\"a\"\n";
    assert_eq!(rewrite(playlist, Signing::Path, None).unwrap(), playlist);
}

#[test]
fn what_players_read_differently_is_refused() {
    for line in [
        "#EXTINF:4,t\rhttps://evil.example/a.ts",
        "# a\rhttps://evil.example/a.ts",
        "#EXTINF:4,t\u{2028}https://evil.example/a.ts",
        "##EXT-X-MEDIA:TYPE=AUDIO,URI=\"https://evil.example/a.m3u8\"",
        "# #EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"https://evil.example/k\"",
        " #EXT-X-KEY:METHOD=AES-128,URI=\"https://evil.example/k\"",
        "#EXTM3U#EXT-X-KEY:METHOD=AES-128,URI=\"https://evil.example/k\"",
        "#EXT-X-MEDIA:NAME=\"English,URI=https://evil.example/a.m3u8",
        "#EXT-X-MEDIA:NAME=\"English,URI=\"https://evil.example/a.m3u8\"",
        "#EXT-X-MAP:BYTERANGE=\"1@0,URI=https://evil.example/k",
        "#EXT-X-KEY:METHOD=AES-128,\u{a0}URI=\"https://evil.example/k\"",
        "#EXT-X-KEY:METHOD=AES-128,uri=\"https://evil.example/k\"",
        "#EXT-X-KEY:METHOD=AES-128,URI =x\"https://evil.example/k\"",
        "#EXT-X-KEY:METHOD=AES-128,XURI=\"https://evil.example/k\"",
        "#EXT-X-KEY:METHOD=AES-128,URI=\"a\"URI=\"https://evil.example/k\"",
        "#EXT-X-KEY:URI=\"a\",NAME=\"URI=\"https://evil.example/k\"",
        "#EXT-X-DATERANGE:x-asset-list=\"https://evil.example/k\"",
        "#EXT-X-KEYURI=\"https://evil.example/k\"",
        "#EXT-X-MEDIA:TYPE=AUDIO,URI=\"data:application/vnd.apple.mpegurl,x\"",
    ] {
        for signing in [Signing::Path, Signing::Inherited] {
            let found = rewrite(&format!("#EXTM3U\n{line}\n"), signing, None);
            assert!(matches!(found, Err(CompileError::Uncovered { line: 2, .. })), "{line:?}: {found:?}");
        }
    }
}

#[test]
fn a_value_may_name_uris() {
    let playlist = "#EXTM3U\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"b?uri=c\",X=URI=d\n#EXT-X-KEY:METHOD=AES-128,URI=\"k?uri=a&URI=b\",IV=0x1\n#EXTINF:4,URI=\nseg?uri=x\n";
    let expected = playlist.replace("k?", "/~S/harbour/hls/k?").replace("seg?", "/~S/harbour/hls/seg?");
    assert_eq!(rewrite(playlist, Signing::Path, None).unwrap(), expected);
    assert_eq!(rewrite(playlist, Signing::Inherited, None).unwrap(), playlist);
}

#[test]
fn a_variant_behind_a_comment_sign_is_capped_too() {
    let playlist =
        "#EXTM3U\n#EXT-X-STREAM-INF:RESOLUTION=640x360\na.m3u8\n##EXT-X-STREAM-INF:RESOLUTION=1920x1080\nb\n";
    let expected = "#EXTM3U\n#EXT-X-STREAM-INF:RESOLUTION=640x360\na.m3u8\n";
    assert_eq!(rewrite(playlist, Signing::Inherited, Some(360)).unwrap(), expected);
}

#[test]
fn an_error_names_the_line_and_no_query() {
    let error =
        rewrite("#EXTM3U\n\nhttps://ads.example/a.ts?token=secret", Signing::Inherited, None).unwrap_err();
    assert_eq!(error.to_string(), "line 3: a URI outside the title: https://ads.example/a.ts");
    assert_eq!(rewrite("<html>", Signing::Inherited, None), Err(CompileError::NotAPlaylist));
    assert_eq!(rewrite("", Signing::Inherited, None), Err(CompileError::NotAPlaylist));
}

#[test]
fn a_playlist_begins_with_a_tag() {
    for (playlist, is_one) in [
        ("\u{feff}#EXTM3U", true),
        ("\n \r\n# made by x\n#EXTM3U x-tvg-url=\"https://a.example/\"\na", true),
        ("#EXTINF:4,\na", true),
        ("#made by x", false),
        ("https://a.example/\n#EXTM3U", false),
    ] {
        assert_eq!(rewrite(playlist, Signing::Inherited, None).is_ok(), is_one, "{playlist:?}");
    }
}

#[test]
fn variables_are_put_in_where_a_uri_is_written_anew() {
    let playlist = "#EXTM3U\n#EXT-X-DEFINE:NAME=\"n\",VALUE=\"v/1\"\n#EXT-X-DEFINE:QUERYPARAM=\"q\"\n#EXT-X-MAP:URI=\"{$n}/i.mp4?{$q}\"\n{$n}/a.ts\n";
    let expected = playlist
        .replace("{$n}/i.mp4?{$q}", "/~S/harbour/hls/v/1/i.mp4?v")
        .replace("{$n}/a", "/~S/harbour/hls/v/1/a");
    let caps = Caps::default();
    let signed = template(playlist, Signing::Path, &Edits::within(&caps)).unwrap();
    assert_eq!(str::from_utf8(&signed.render("S")).unwrap(), expected);
    assert_eq!(rewrite(playlist, Signing::Inherited, None).unwrap(), playlist);
}

#[test]
fn a_line_and_a_playlist_have_a_greatest_length() {
    let caps = Caps::default();
    let edits =
        Edits { bounds: PlaylistBounds { playlist_bytes: 30, line_bytes: 10 }, ..Edits::within(&caps) };
    let error = |playlist: &str| template(playlist, Signing::Path, &edits).unwrap_err().to_string();
    assert_eq!(error("#EXTM3U\n\n123456789.ts\n"), "line 3: expected 10 bytes at most, found 13");
    assert_eq!(error(&"#EXTM3U\n".repeat(4)), "expected 30 bytes at most, found 32");
    assert!(template("#EXTM3U\n123456.ts\n", Signing::Path, &edits).is_ok());
}

#[test]
fn the_token_stands_once_where_the_client_asks_for_it() {
    let caps = Caps::default();
    let edits = Edits { define: true, ..Edits::within(&caps) };
    let playlist = "#EXTM3U\n#EXT-X-VERSION:9\na.ts\nb.ts\n";
    let signed = template(playlist, Signing::Path, &edits).unwrap();
    assert_eq!(
        str::from_utf8(&signed.render("S")).unwrap(),
        "#EXTM3U\n#EXT-X-DEFINE:NAME=\"sd_session\",VALUE=\"S\"\n#EXT-X-VERSION:9\n\
         /~{$sd_session}/harbour/hls/a.ts\n/~{$sd_session}/harbour/hls/b.ts\n"
    );
    // Outside quotes, players put no variables in.
    let bare = template("#EXTM3U\n#EXT-X-MAP:URI=i.mp4\na.ts\n", Signing::Path, &edits).unwrap();
    assert!(!String::from_utf8_lossy(&bare.render("S")).contains("{$"));
}

/// The token would be sent to the media origin, or to another host, in whatever place the variable has: a path, a query.
#[test]
fn no_credential_gets_into_a_variable() {
    let folder = Url::parse("https://media.example/vod/harbour/").unwrap();
    let resource = ResourcePath::parse("hls/master.m3u8").unwrap();
    let caps = Caps::default();
    for (define, is_refused) in [
        ("QUERYPARAM=\"token\"", true),
        ("QUERYPARAM=token", true),
        ("QUERYPARAM=\"%74oken\"", true),
        ("QUERYPARAM=\"hdnts\"", true),
        ("QUERYPARAM=\"sd_session\"", true),
        ("IMPORT=\"token\"", true),
        ("IMPORT=\"sd_session\"", true),
        ("NAME=\"a\",VALUE=\"1\",QUERYPARAM=\"token\"", true),
        ("NAME=\"token\",VALUE=\"1\"", false),
        ("QUERYPARAM=\"cdn\"", false),
        ("IMPORT=\"cdn\"", false),
    ] {
        for policy in [ForeignPolicy::REFUSE, ForeignPolicy::pass_all(), ForeignPolicy::sign_all()] {
            for signing in [Signing::Inherited, Signing::Path, Signing::Query] {
                let frame = Frame {
                    query: Query::new("token=t&cdn=c"),
                    foreign: &policy,
                    credentials: &Credentials::usual(),
                    ..Frame::new("https://watch.example", "harbour/", &folder, &resource, signing)
                };
                let playlist = format!("#EXTM3U\n#EXT-X-DEFINE:{define}\nx/{{$cdn}}.m3u8\n");
                let found = compile(playlist.as_bytes(), Some(&frame), &Edits::within(&caps));
                let refused = matches!(found, Err(CompileError::Uncovered { line: 2, .. }));
                assert_eq!(refused, is_refused, "{define} {found:?}");
            }
        }
    }
    // The same variable is refused if only another playlist can have defined it.
    let playlist = "#EXTM3U\nx.ts?{$sd_session}\n";
    let error = rewrite(playlist, Signing::Path, None).unwrap_err().to_string();
    assert_eq!(error, "line 2: a URI with a variable whose value may be a credential of the viewer: x.ts");
}

/// Passed on unread, they could lead players, and the session with them, to any host.
#[test]
fn what_leads_players_further_is_read_whatever_its_name_is() {
    let asset = |list: &str| format!("#EXT-X-DATERANGE:ID=\"a\",{list}\n");
    for (line, path, query) in [
        ("#EXT-X-STREAM-INF:BANDWIDTH=1\n@\n".to_owned(), "v.txt.sd-m3u8?x=1", "v.txt.sd-m3u8?x=1&"),
        ("#EXT-X-MEDIA:TYPE=AUDIO,URI=\"@\"\n".to_owned(), "v.txt.sd-m3u8?x=1", "v.txt.sd-m3u8?x=1&"),
        (asset("X-ASSET-URI=\"@\""), "v.txt.sd-m3u8?x=1", "v.txt.sd-m3u8?x=1&"),
        (asset("X-ASSET-LIST=\"@\""), "v.txt.sd-assets?x=1", "v.txt.sd-assets?x=1&"),
        (
            "#EXT-X-CONTENT-STEERING:SERVER-URI=\"@\"\n".to_owned(),
            "v.txt.sd-steering?x=1",
            "v.txt.sd-steering?x=1&",
        ),
        ("#EXTINF:4,\n@\n".to_owned(), "v.txt?x=1", "v.txt?x=1&"),
        ("#EXT-X-KEY:METHOD=AES-128,URI=\"@\"\n".to_owned(), "v.txt?x=1", "v.txt?x=1&"),
    ] {
        let with = |uri: &str| format!("#EXTM3U\n{}", line.replace('@', uri));
        let found = |signing| rewrite(&with("v.txt?x=1"), signing, None).unwrap();
        assert_eq!(found(Signing::Inherited), with(path));
        assert_eq!(found(Signing::Path), with(&format!("/~S/harbour/hls/{path}")));
        assert_eq!(found(Signing::Query), with(&format!("{query}sd_session=S")));
    }
    // Neither a name that tells nor a host that is passed is marked.
    let named = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.M3U8?x=1\n";
    assert_eq!(rewrite(named, Signing::Inherited, None).unwrap(), named);
    // What it is read as is not a variable's to say.
    let error = rewrite("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nx/{$v}.m3u8\n", Signing::Path, None);
    assert!(matches!(error, Err(CompileError::Uncovered { line: 3, .. })), "{error:?}");
    for uri in ["https://evil.example/s", "//evil.example/s.json", "data:,x", "{$unknown}/s"] {
        let tag = format!("#EXT-X-CONTENT-STEERING:PATHWAY-ID=\"a\",SERVER-URI=\"{uri}\"\n");
        let playlist = |tag: &str| format!("#EXTM3U\n{tag}#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n");
        assert_eq!(rewrite(&playlist(&tag), Signing::Inherited, None), Ok(playlist("")), "{uri}");
    }
}

/// FFmpeg fetches each of these foreign hosts.
#[test]
fn a_uri_that_ffmpeg_alone_finds_is_refused() {
    for line in [
        r"#EXT-X-KEY:METHOD=AES-128 URI=https://evil.example/k",
        r#"#EXT-X-MAP:URI="i.mp4",X=a URI=https://evil.example/i.mp4"#,
        r#"#EXT-X-MAP:URI="i.mp4",X="\",Y=",URI=https://evil.example/i.mp4,Z=""#,
        r#"#EXT-X-MAP:URI="i.mp4","X="a,URI=https://evil.example/i.mp4,Z=""#,
        r#"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME=a URI=https://evil.example/x.m3u8"#,
        "#EXT-X-MEDIA:TYPE=AUDIO\tURI=https://evil.example/k,GROUP-ID=\"a\",NAME=\"a\"",
        r#"#EXT-X-STREAM-INF:BANDWIDTH=1,VIDEO="\",X=",URI=https://evil.example/i.mp4,Z=""#,
        r#"#EXT-X-MAP:URI="h\ttps:/evil.example/i.mp4""#,
        "#EXT-X-MAP:URI=i.mp4 x",
        "#EXTINF:4,t\0https://evil.example/a.ts",
        "#EXTINF:4,\n# x\0https://evil.example/a.ts",
        "# x\u{b}https://evil.example/a.ts",
        "# x\u{85}https://evil.example/a.ts",
    ] {
        for signing in [Signing::Inherited, Signing::Path, Signing::Query, Signing::Renewed] {
            let found = rewrite(&format!("#EXTM3U\n{line}\na.ts\n"), signing, None);
            assert!(matches!(found, Err(CompileError::Uncovered { .. })), "{line:?}: {found:?}");
        }
    }
    for line in [
        r#"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a, URI=b",URI="x.m3u8""#,
        r#"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=a b,NAME="a\b",URI="x.m3u8""#,
        r#"#EXT-X-SESSION-DATA:DATA-ID="a",VALUE="{\"a\":1}""#,
    ] {
        let found = rewrite(&format!("#EXTM3U\n{line}\n"), Signing::Inherited, None);
        assert!(found.is_ok(), "{line}: {found:?}");
    }
}

#[test]
fn an_extinf_holds_a_duration_and_a_title_alone() {
    let compiled = |playlist: &str| rewrite(playlist, Signing::Path, None);
    for (line, is_refused) in [
        ("4 https://evil.example/a.ts\n", true),
        ("4 //evil.example/a.ts?t={$token}\n", true),
        ("4 https:/evil.example/a.ts\n", true),
        ("4 \\\\evil.example/a.ts\n", true),
        ("4 {$base}/a.ts\n", true),
        ("4 a.ts\n", true),
        ("4.5.6,x\n", true),
        ("https://evil.example/a.ts\n", true),
        ("4 t=\"x\" //evil.example/a.ts\n", true),
        ("4 t=\"x\"//evil.example/a.ts\n", true),
        ("4 //evil.example/t=\"x\",News\n", true),
        ("4 t=\"x\n", true),
        ("4;x,News\n", true),
        ("4,foo https://evil.example/a.ts", true),
        ("4,foo //evil.example/a.ts", true),
        ("4,", false),
        ("4\na.ts\n", false),
        (" 4.5 \na.ts\n", false),
        (".5,\na.ts\n", false),
        ("4.,a\na.ts\n", false),
        (",a\na.ts\n", false),
        ("4 , a b\na.ts\n", false),
        ("4,see https://example.com/\na.ts\n", false),
        ("-1 tvg-logo=\"https://a.example/l.png\" group=\"\",News\na.ts\n", false),
    ] {
        let found = compiled(&format!("#EXTM3U\n#EXTINF:{line}"));
        let refused = matches!(found, Err(CompileError::Uncovered { line: 2, .. }));
        assert_eq!(refused, is_refused, "{line}");
    }
    // A tag of another name has attributes.
    let found = compiled("#EXTM3U\n#EXTINFO:URI=\"https://evil.example/a.ts\"\n");
    assert!(matches!(found, Err(CompileError::Uncovered { line: 2, .. })));
}

#[test]
fn what_is_written_has_an_end() {
    let playlist = format!("#EXTM3U\n{}", "a\n".repeat(400_000));
    let error = rewrite(&playlist, Signing::Path, None).unwrap_err().to_string();
    assert!(error.starts_with("expected 33554432 bytes at most, found 335544"), "{error}");
    assert!(rewrite(&playlist, Signing::Inherited, None).is_ok());
}
