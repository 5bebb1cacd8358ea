//! Templates of the URLs of segments.

use super::{mpd, signed};
use crate::manifest::Signing;

#[test]
fn templates_keep_their_identifiers() {
    let template = |media: &str, id: &str| {
        format!(
            "<MPD><Period><AdaptationSet><SegmentTemplate media=\"{media}\"/><Representation id=\"{id}\"/></AdaptationSet></Period></MPD>"
        )
    };
    for (media, path, query) in [
        (
            "$RepresentationID$/$Number%05d$.m4s",
            "$RepresentationID$/$Number%05d$.m4s",
            "$RepresentationID$/$Number%05d$.m4s?sd_session=S",
        ),
        (
            "https://media.example/vod/h/$Time$/a b$$.m4s",
            "../$Time$/a%20b$$.m4s",
            "/harbour/$Time$/a%20b$$.m4s?sd_session=S",
        ),
        (
            "../$Bandwidth$-$SubNumber%03X$?t=$Time$",
            "../$Bandwidth$-$SubNumber%03X$?t=$Time$",
            "../$Bandwidth$-$SubNumber%03X$?t=$Time$&amp;sd_session=S",
        ),
    ] {
        let below = signed(&template(media, "v"), Signing::Inherited).unwrap();
        assert_eq!(below, template(path, "v"));
        assert_eq!(signed(&template(media, "v"), Signing::Query).unwrap(), template(query, "v"));
    }
    for (media, id, is_covered) in [
        ("$RepresentationID$/a", "video=1500000", true),
        ("$RepresentationID$/a", "v/1", true),
        ("$RepresentationID$/a", "a b", true),
        ("$RepresentationID$/a", "..", true),
        ("$RepresentationID$/a", "../..", false),
        ("$RepresentationID$/a", "https://ads.example", false),
        ("$RepresentationID$/a", "https://media.example/vod/h", false),
        ("$RepresentationID$//ads.example/a", "https:", false),
        ("x/$RepresentationID$/a", "%2e%2e%2f", false),
        ("x/$Number$/a", "../../..", true),
    ] {
        let found = signed(&template(media, id), Signing::Inherited);
        assert_eq!(found.is_ok(), is_covered, "{media} {id}: {found:?}");
    }
}

/// The edge takes it before the session in the path, and the first of two.
#[test]
fn segments_get_no_session_from_the_mpd() {
    for own in ["sd_session=X", "sd%5Fsession=X", "x=1&amp;sd_session=X"] {
        for signing in [Signing::Inherited, Signing::Path, Signing::Query] {
            for media in ["$Number$.m4s", "../v/$Number$.m4s", "https://media.example/vod/h/$Number$.m4s"] {
                let mpd = mpd(&format!("@A<SegmentTemplate media=\"{media}?{own}\"/>"));
                let found = signed(&mpd, signing).unwrap();
                assert!(!found.contains("=X"), "{signing:?}: {found}");
            }
            for attribute in ["queryTemplate", "queryString"] {
                let info = format!(
                    "@A<EssentialProperty><up:UrlQueryInfo {attribute}=\"{own}\"/></EssentialProperty>"
                );
                assert!(signed(&mpd(&info), signing).unwrap_err().contains("a session of its own"));
            }
        }
    }
    let with_id = |id: &str| {
        let representation = format!("<Representation id=\"{id}\"/>");
        mpd(&format!("@A<SegmentTemplate media=\"$Number$.m4s?x=$RepresentationID$\"/>{representation}"))
    };
    assert!(signed(&with_id("1&amp;sd_session=X"), Signing::Inherited).is_err());
}
