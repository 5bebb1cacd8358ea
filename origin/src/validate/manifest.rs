//! The path of a title's manifest, which web pages and consoles put behind the title's URL.

use std::fmt::Write as _;

use stagedoor::resource::{LONGEST_RESOURCE, ResourcePath};

/// Why a path cannot lead to a manifest below its title: it leads elsewhere, or the edge serves no such path.
pub(super) fn wrong(path: &str) -> Option<String> {
    if path.len() > LONGEST_RESOURCE {
        return Some(format!("expected {LONGEST_RESOURCE} bytes at most, found {}", path.len()));
    }
    let why = if path.is_empty() {
        "which names no file"
    } else if has_scheme(path) || path.starts_with("//") {
        "which is a URL"
    } else if path.starts_with('/') {
        "which begins at the site's root"
    } else if path.contains(['?', '#']) {
        "which has a query or a fragment"
    } else if leaves(path) {
        "which leaves the folder"
    } else if ResourcePath::parse(&encoded(path)).is_err() {
        "which is no path that the edge serves: a segment is empty, or has a backslash, an encoded slash or a control character"
    } else {
        return None;
    };
    Some(format!("expected a path below the title's folder, such as master.m3u8, found `{path}`, {why}"))
}

/// Whether it begins as an absolute URL does ([RFC 3986 section 3.1]).
///
/// [RFC 3986 section 3.1]: https://www.rfc-editor.org/rfc/rfc3986#section-3.1
fn has_scheme(path: &str) -> bool {
    path.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}

/// Whether a segment is `.` or `..` for a reader that takes the path as it is, or for the edge.
fn leaves(path: &str) -> bool {
    let dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%25", "%").replace("%2e", ".");
        matches!(plain.split(';').next(), Some("." | ".."))
    };
    path.split(['/', '\\']).any(dots)
}

/// The path as it stands in a URL: players encode spaces and characters outside of ASCII.
fn encoded(path: &str) -> String {
    let mut url = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte == b' ' || !byte.is_ascii() {
            // Writing to a string does not fail.
            let _ = write!(url, "%{byte:02X}");
        } else {
            url.push(char::from(byte));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_lies_below_its_title() {
        for good in [
            "master.m3u8",
            "hls/v2/master.m3u8",
            "manifest(format=m3u8-cmaf)",
            "a b.mpd",
            "فيلم.mpd",
            "a%20b.mpd",
            "v1.0/x",
        ] {
            assert_eq!(wrong(good), None, "{good}");
        }
        for (bad, why) in [
            ("", "names no file"),
            ("https://cdn.example.net/master.m3u8", "is a URL"),
            ("//cdn.example.net/master.m3u8", "is a URL"),
            ("javascript:alert(1)", "is a URL"),
            ("/other/master.m3u8", "the site's root"),
            ("master.m3u8?token=x", "a query or a fragment"),
            ("master.m3u8#t=1", "a query or a fragment"),
            ("../other/master.m3u8", "leaves the folder"),
            ("hls/../../other/master.m3u8", "leaves the folder"),
            ("./master.m3u8", "leaves the folder"),
            ("%2e%2e/other/master.m3u8", "leaves the folder"),
            ("%2E./other/master.m3u8", "leaves the folder"),
            ("%252e%252e/other/master.m3u8", "leaves the folder"),
            ("..;x/other/master.m3u8", "leaves the folder"),
            ("..\\other\\master.m3u8", "leaves the folder"),
            ("%25252e%25252e/other", "no path that the edge serves"),
            ("hls//master.m3u8", "no path that the edge serves"),
            ("hls/", "no path that the edge serves"),
            ("hls%2fmaster.m3u8", "no path that the edge serves"),
            ("hls\\master.m3u8", "no path that the edge serves"),
            ("a\nb", "no path that the edge serves"),
            ("100%.m3u8", "no path that the edge serves"),
        ] {
            let found = wrong(bad).unwrap_or_else(|| panic!("{bad} was taken"));
            assert!(found.contains(why), "{bad}: {found}");
        }
        assert!(wrong(&"a".repeat(LONGEST_RESOURCE + 1)).unwrap().starts_with("expected 1024 bytes at most"));
    }
}
