//! The media type with which a file of the media origin goes to players.
//!
//! The media origin states the types of its files, and a browser believes it: a file with `text/html` on a site's host
//! would be a page of that host, whoever wrote it. So only types that no browser executes are passed on:
//!
//! | type | |
//! | --- | --- |
//! | `video/*`, `audio/*`, `font/*` | but none that ends in `+xml` |
//! | `image/` `apng`, `avif`, `bmp`, `gif`, `heic`, `heif`, `jpeg`, `jpg`, `jxl`, `png`, `webp` | pictures made of pixels |
//! | `text/plain`, `text/vtt`, `text/srt`, `application/x-subrip` | text and subtitles |
//! | `application/mp4`, `application/json`, `application/ttml+xml` | subtitles in MP4, asset lists, TTML |
//! | `application/vnd.apple.mpegurl`, `application/x-mpegurl` | playlists under names of other files |
//! | `multipart/byteranges` | several ranges of a file |
//!
//! Any other type, `application/octet-stream` included, is replaced with the type of the path's extension, or
//! `application/octet-stream`. Parameters without commas stay: readers disagree about two types in one header.

use std::borrow::Cow;

/// The type of a file, by the media origin's `Content-Type` and by its path.
pub(crate) fn of(told: Option<&str>, path: &str, status: u16) -> Cow<'static, str> {
    let told = told.unwrap_or_default().trim();
    let (essence, parameters) =
        told.split_once(';').map_or((told, ""), |(essence, rest)| (essence.trim(), rest));
    let essence = essence.to_ascii_lowercase();
    match essence.split_once('/') {
        Some((kind, subtype)) if is_passive(kind, subtype) || is_parts(&essence, status) => {
            if parameters.is_empty() || parameters.contains(',') {
                essence.into()
            } else {
                format!("{essence};{parameters}").into()
            }
        }
        _ => by_extension(path).unwrap_or(UNKNOWN).into(),
    }
}

fn is_passive(kind: &str, subtype: &str) -> bool {
    let is_token = !subtype.is_empty()
        && subtype.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte));
    match kind {
        "video" | "audio" | "font" => is_token && !subtype.ends_with("+xml"),
        "image" => matches!(
            subtype,
            "apng" | "avif" | "bmp" | "gif" | "heic" | "heif" | "jpeg" | "jpg" | "jxl" | "png" | "webp"
        ),
        "text" => matches!(subtype, "plain" | "vtt" | "srt"),
        "application" => {
            matches!(subtype, "mp4" | "json" | "ttml+xml" | "x-subrip" | "vnd.apple.mpegurl" | "x-mpegurl")
        }
        _ => false,
    }
}

/// Several ranges, each under a header of its own, which browsers do not read.
fn is_parts(essence: &str, status: u16) -> bool {
    status == 206 && essence == "multipart/byteranges"
}

/// The type that the extension of a path stands for.
fn by_extension(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next()?;
    let extension = name.rsplit_once('.')?.1.to_ascii_lowercase();
    Some(match extension.as_str() {
        "ts" | "m2ts" | "mts" => "video/mp2t",
        "mp4" | "m4s" | "m4v" | "m4f" | "fmp4" | "cmfv" | "init" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "m4a" | "cmfa" => "audio/mp4",
        "cmft" | "cmfm" => "application/mp4",
        "aac" | "adts" => "audio/aac",
        "mp2" | "mp3" => "audio/mpeg",
        "ac3" => "audio/ac3",
        "ec3" | "eac3" => "audio/eac3",
        "ac4" => "audio/ac4",
        "flac" => "audio/flac",
        "ogg" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "gif" => "image/gif",
        "vtt" | "webvtt" => "text/vtt",
        "srt" => "application/x-subrip",
        "ttml" | "dfxp" => "application/ttml+xml",
        "json" => "application/json",
        _ => return None,
    })
}

const UNKNOWN: &str = "application/octet-stream";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_media_is_called_is_passed_on() {
        for told in [
            "video/mp4",
            "video/MP2T",
            "video/mp4; codecs=avc1.64001f",
            "audio/aac",
            "audio/x-mpegurl",
            "image/jpeg",
            "text/vtt;charset=utf-8",
            "text/plain",
            "application/mp4",
            "application/ttml+xml",
            "application/json",
            "font/woff2",
        ] {
            assert!(of(Some(told), "/a.bin", 200).eq_ignore_ascii_case(told), "{told}");
        }
        let quoted = r#"video/mp4; codecs="avc1.64001f, mp4a.40.2""#;
        assert_eq!(of(Some(quoted), "/a.mp4", 200), "video/mp4", "a comma may begin another type");
        let parts = "multipart/byteranges; boundary=x";
        assert_eq!(of(Some(parts), "/a.mp4", 206), parts);
        assert_eq!(of(Some(parts), "/a.mp4", 200), "video/mp4");
    }

    #[test]
    fn what_a_browser_would_run_is_not() {
        for told in [
            "text/html",
            "TEXT/HTML; charset=utf-8",
            " text/html",
            "application/xhtml+xml",
            "image/svg+xml",
            "video/x+xml",
            "text/xml",
            "application/xml",
            "application/dash+xml",
            "text/javascript",
            "application/javascript",
            "application/x-javascript",
            "text/css",
            "application/pdf",
            "application/wasm",
            "multipart/x-mixed-replace; boundary=x",
            "multipart/related",
            "message/rfc822",
            "text/html, video/mp4",
            "video/mp4, text/html",
            "video/",
            "video",
            "*/*",
            "",
        ] {
            assert_eq!(of(Some(told), "/vod/h/page.html", 200), UNKNOWN, "{told}");
            assert_eq!(of(Some(told), "/vod/h/1.m4s", 200), "video/mp4", "{told}");
        }
        assert_eq!(of(Some("video/mp4;a=b, text/html"), "/a", 200), "video/mp4");
    }

    #[test]
    fn without_a_type_the_extension_says_it() {
        for (path, expected) in [
            ("/v/1.TS", "video/mp2t"),
            ("/v/1.m4s", "video/mp4"),
            ("/a.b/1.vtt", "text/vtt"),
            ("/k/key.bin", UNKNOWN),
            ("/v.mp4/1", UNKNOWN),
            ("/v/1.svg", UNKNOWN),
            ("/v/1.js", UNKNOWN),
            ("/v/1.xml", UNKNOWN),
        ] {
            assert_eq!(of(None, path, 200), expected, "{path}");
            assert_eq!(of(Some("binary/octet-stream"), path, 206), expected, "{path}");
        }
    }
}
