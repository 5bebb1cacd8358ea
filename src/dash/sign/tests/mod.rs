use serde_json::json;
use url::Url;

use super::*;
use crate::catalog::{Caps, ForeignPolicy};
use crate::dash::{Edits, compile};
use crate::manifest::{Own, Query};
use crate::route::ResourcePath;
use crate::token::Credentials;

fn signed(mpd: &str, signing: Signing) -> Result<String, String> {
    let folder = Url::parse("https://media.example/vod/h/").unwrap();
    let resource = ResourcePath::parse("dash/live.mpd").unwrap();
    let foreign: ForeignPolicy =
        serde_json::from_value(json!({ "pass": ["pass.example"], "sign": ["*.cdn.example"] })).unwrap();
    let frame = Frame {
        folder: &folder,
        root: "harbour/",
        resource: &resource,
        query: Query::new("token=secret&start=5"),
        signing,
        foreign: &foreign,
        authority: "https://watch.example",
        credentials: &Credentials::usual(),
    };
    let caps = Caps::default();
    let template =
        compile(mpd.as_bytes(), Some(&frame), &Edits::within(&caps)).map_err(|error| error.to_string())?;
    let own = Own { token: "S", query: "start=5" };
    Ok(String::from_utf8(template.render(own).into_owned()).unwrap())
}

/// What stands in an MPD of one Period, AdaptationSet and Representation: `@M`, `@P`, `@A` and `@R` of these.
fn mpd(place: &str) -> String {
    let (level, text) = place.split_at(2);
    let fill = |known: &str| if level == known { text } else { "" };
    format!(
        "<MPD xmlns:xlink=\"x\">{}<Period>{}<AdaptationSet>{}<Representation id=\"1\">{}</Representation></AdaptationSet></Period></MPD>",
        fill("@M"),
        fill("@P"),
        fill("@A"),
        fill("@R")
    )
}

/// Every place where a URI can stand: `@` is the URI.
const PLACES: [&str; 21] = [
    "@M<BaseURL>@</BaseURL>",
    "@P<BaseURL serviceLocation=\"a\" dvb:priority=\"1\">\n @ </BaseURL>",
    "@A<BaseURL><![CDATA[@]]></BaseURL>",
    "@R<BaseURL>@</BaseURL><SegmentBase indexRange=\"0-1\"/>",
    "@M<Location>@</Location>",
    "@M<PatchLocation ttl=\"60\">@</PatchLocation>",
    "@P<SegmentTemplate media=\"@\"/>",
    "@A<SegmentTemplate initialization='@'/>",
    "@R<SegmentTemplate index=\"@\" bitstreamSwitching=\"a\"/>",
    "@R<SegmentTemplate bitstreamSwitching=\"@\"/>",
    "@R<SegmentList><SegmentURL media=\"@\"/></SegmentList>",
    "@R<SegmentList><SegmentURL mediaRange=\"0-1\" index=\"@\"/></SegmentList>",
    "@A<SegmentBase><Initialization sourceURL=\"@\"/></SegmentBase>",
    "@R<SegmentBase><RepresentationIndex sourceURL=\"@\"/></SegmentBase>",
    "@A<SegmentTemplate><BitstreamSwitching sourceURL=\"@\"/></SegmentTemplate>",
    "@M<InitializationSet initialization=\"@\"/>",
    "@P<EventStream><Event><InsertPresentation uri=\"@\"/></Event></EventStream>",
    "@P<EventStream schemeIdUri=\"urn:mpeg:dash:event:callback:2015\"><Event>@</Event></EventStream>",
    "@P<EventStream schemeIdUri=\"urn:mpeg:dash:event:callback:2015\"><Event messageData=\"@\"/></EventStream>",
    "@M<SupplementalProperty schemeIdUri=\"urn:mpeg:dash:chaining:2016\" value=\"@\"/>",
    "@A<EssentialProperty schemeIdUri=\"urn:dvb:dash:fontdownload:2014\" dvb:url=\"@\"/>",
];

#[test]
fn every_place_where_a_uri_can_stand() {
    for place in PLACES {
        // What is read by its name has the name.
        let is_read = ["<Location", "InsertPresentation", "chaining"].iter().any(|name| place.contains(name));
        let named = |text: &str| text.replace(".mpp", if is_read { ".mpd" } else { ".mpp" });
        let with = |uri: &str| {
            let uri = named(uri);
            let uri = if place.contains("CDATA") { uri.replace("&amp;", "&") } else { uri };
            mpd(&place.replacen('@', "#", 1).replace('@', &uri).replacen('#', "@", 1))
        };
        let own = with("https://media.example/vod/h/v/a.mpp?b=1&amp;c");
        for (signing, uri) in [
            (Signing::Path, "/v/a.mpp?b=1&amp;c"),
            (Signing::Inherited, "../v/a.mpp?b=1&amp;c"),
            (Signing::Query, "/harbour/v/a.mpp?b=1&amp;c&amp;sd_session=S"),
        ] {
            let found = signed(&own, signing).unwrap();
            assert!(found.contains(&named(uri)), "{place}, {signing:?}: {found}");
            assert_eq!(found.matches("media.example").count(), 0, "{place}, {signing:?}: {found}");
            // Below the session there is nothing of it in the MPD.
            assert_eq!(found.contains("~S"), signing == Signing::Path, "{place}, {signing:?}: {found}");
        }
        let below = signed(&with("v/a.mpp"), Signing::Inherited);
        assert_eq!(below, Ok(with("v/a.mpp")), "{place}: relative URIs stay");
        let query = signed(&with("v/a.mpp"), Signing::Query).unwrap();
        assert!(query.contains(&named("v/a.mpp?sd_session=S")), "{place}: {query}");
        let foreign = signed(&with("https://ads.example/a.mpp"), Signing::Inherited);
        let is_optional = place.contains("callback");
        assert_eq!(foreign.is_ok(), is_optional, "{place}: {foreign:?}");
        let cdn = signed(&with("https://b.cdn.example/a.mpp"), Signing::Path).unwrap();
        assert_eq!(cdn.contains(&named("https://b.cdn.example/~S/a.mpp")), !is_optional, "{place}: {cdn}");
    }
}

#[test]
fn at_the_entry_relative_uris_get_a_base_url_that_has_the_session() {
    let mpd =
        "<?xml version='1.0'?>\n<d:MPD type=\"dynamic\">\n  <d:ProgramInformation/>\n  <d:Period/>\n</d:MPD>";
    let base = "\n  <d:BaseURL>https://watch.example/~S/harbour/dash/</d:BaseURL>";
    let location = "\n  <d:Location>https://watch.example/~S/harbour/dash/live.mpd?start=5</d:Location>";
    let expected = mpd.replace("Information/>", &format!("Information/>{base}{location}"));
    assert_eq!(signed(mpd, Signing::Path), Ok(expected));
    let location = location.replace("~S/", "").replace("start=5", "sd_session=S&amp;start=5");
    let expected = mpd.replace("Information/>", &format!("Information/>{location}"));
    assert_eq!(signed(mpd, Signing::Query), Ok(expected));
    assert_eq!(signed(mpd, Signing::Inherited).as_deref(), Ok(mpd));
    // One that is there is mapped, and a stream that is over has no next MPD.
    let theirs = "<MPD type=\"dynamic\"><Location>https://media.example/vod/h/x.mpd</Location></MPD>";
    let expected = theirs.replace(
        "<Location>https://media.example/vod/h",
        "<BaseURL>https://watch.example/~S/harbour/dash/</BaseURL><Location>https://watch.example/~S/harbour",
    );
    assert_eq!(signed(theirs, Signing::Path), Ok(expected));
    assert_eq!(
        signed("<MPD><Period/></MPD>", Signing::Path).unwrap(),
        "<MPD><BaseURL>https://watch.example/~S/harbour/dash/</BaseURL><Period/></MPD>"
    );
    assert_eq!(signed("<MPD/>", Signing::Path).unwrap(), "<MPD/>");
}

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

#[test]
fn a_uri_is_held_against_the_base_urls_of_each_representation() {
    let mpd = |bases: &str, media: &str, own: &str| {
        format!(
            "<MPD>{bases}<Period><AdaptationSet><SegmentTemplate media=\"{media}\"/><Representation id=\"1\">{own}</Representation><Representation id=\"2\"/></AdaptationSet></Period></MPD>"
        )
    };
    let two = "<BaseURL>https://media.example/vod/h/v/</BaseURL><BaseURL serviceLocation=\"b\">https://b.cdn.example/</BaseURL>";
    let both = "<BaseURL>https://watch.example/~S/harbour/v/</BaseURL><BaseURL serviceLocation=\"b\">https://b.cdn.example/~S/</BaseURL>";
    assert_eq!(signed(&mpd(two, "$Number$", ""), Signing::Path).unwrap(), mpd(both, "$Number$", ""));
    assert_eq!(
        signed(&mpd(two, "$Number$", "<BaseURL>1/</BaseURL>"), Signing::Path).unwrap(),
        mpd(both, "$Number$", "<BaseURL>1/</BaseURL>")
    );
    // Up from one of them is out of the title.
    assert!(signed(&mpd("", "../$Number$", ""), Signing::Inherited).is_ok());
    let error = signed(&mpd("", "../$Number$", "<BaseURL>../</BaseURL>"), Signing::Inherited).unwrap_err();
    assert_eq!(error, "line 1: a URI outside the title: ../$Number$");
    let error = signed(&mpd(two, "/vod/h/$Number$", ""), Signing::Path).unwrap_err();
    assert_eq!(
        error,
        "line 1: a URI that leads from one base URL into the title, and from another elsewhere: /vod/h/$Number$"
    );
    let many: String = (0..33).map(|n| format!("<BaseURL>{n}/</BaseURL>")).collect();
    assert!(signed(&mpd(&many, "$Number$", ""), Signing::Inherited).unwrap_err().contains("32 combinations"));
}

#[test]
fn a_base_url_has_the_parameter_where_it_may_be_all_that_there_is() {
    let mpd = |folder: &str, file: &str| {
        format!(
            "<MPD><BaseURL>{folder}</BaseURL><Period><AdaptationSet><Representation id=\"1\"><BaseURL>{file}</BaseURL></Representation></AdaptationSet></Period></MPD>"
        )
    };
    assert_eq!(signed(&mpd("v/", "a.mp4"), Signing::Query).unwrap(), mpd("v/", "a.mp4?sd_session=S"));
    assert_eq!(
        signed(&mpd("https://media.example/vod/h/", "a.mp4?x"), Signing::Query).unwrap(),
        mpd("/harbour/", "a.mp4?x&amp;sd_session=S")
    );
}

#[test]
fn what_brings_no_media_may_lead_elsewhere() {
    for text in [
        "<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:direct:2014\" value=\"2026-01-01T00:00:00Z\"/>",
        "<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-xsdate:2014\" value=\"https://time.example/?iso&amp;ms https://b.example/\"/>",
        "<ContentProtection><ms:laurl licenseUrl=\"https://licence.example/\"/><dashif:Laurl>https://licence.example/</dashif:Laurl></ContentProtection>",
        "<EventStream schemeIdUri=\"urn:scte:scte35:2014:xml+bin\"><Event><Signal><Binary>/DAl</Binary></Signal></Event></EventStream>",
        "<ProgramInformation moreInformationURL=\"https://a.example/\"><Source>x</Source></ProgramInformation>",
        "<Initialization sourceURL=\"data:video/mp4;base64,AA==\"/>",
    ] {
        let mpd = format!("<MPD><Period>{text}</Period></MPD>");
        assert_eq!(signed(&mpd, Signing::Inherited).as_deref(), Ok(&*mpd), "{text}");
    }
    let own = mpd(
        "@M<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"https://t.example/ https://media.example/vod/h/time\"/>",
    );
    assert!(signed(&own, Signing::Inherited).unwrap().contains("\"https://t.example/ _stagedoor/time\""));
}

/// What leads players further is read at the edge, whatever its name is; a steering server outside the title is left out.
#[test]
fn what_leads_players_further_is_read() {
    let location = |uri: &str| format!("<Location>{uri}</Location>");
    let imported = |uri: &str| format!("<ImportedMPD>{uri}</ImportedMPD>");
    let chained = |uri: &str| {
        format!("<SupplementalProperty schemeIdUri=\"urn:mpeg:dash:chaining:2016\" value=\"{uri}\"/>")
    };
    let presented =
        |uri: &str| format!("<EventStream><Event><ReplacePresentation url=\"{uri}\"/></Event></EventStream>");
    for (level, of) in [
        ("@M", &location as &dyn Fn(&str) -> String),
        ("@P", &imported),
        ("@M", &chained),
        ("@P", &presented),
    ] {
        for (uri, inherited, query) in [
            ("next", "next.sd-mpd", "next.sd-mpd?sd_session=S"),
            ("v/next.xml?x=1", "v/next.xml.sd-mpd?x=1", "v/next.xml.sd-mpd?x=1&amp;sd_session=S"),
            ("next.mpd", "next.mpd", "next.mpd?sd_session=S"),
            ("https://pass.example/next", "https://pass.example/next", "https://pass.example/next"),
        ] {
            for (signing, expected) in [(Signing::Inherited, inherited), (Signing::Query, query)] {
                let found = signed(&mpd(&format!("{level}{}", of(uri))), signing).unwrap();
                assert!(found.contains(&of(expected)), "{signing:?} {uri}: {found}");
            }
        }
    }
    let steered = |uri: &str| mpd(&format!("@M<ContentSteering>{uri}</ContentSteering>"));
    assert_eq!(signed(&steered("s.json"), Signing::Inherited), Ok(steered("s.json.sd-steering")));
    assert_eq!(
        signed(&steered("https://media.example/vod/h/dash/s"), Signing::Inherited),
        Ok(steered("s.sd-steering"))
    );
    for uri in ["https://evil.example/s", "https://pass.example/s", "https://b.cdn.example/s", "data:,x"] {
        let found = signed(&steered(uri), Signing::Inherited).unwrap();
        assert!(!found.contains("ContentSteering"), "{found}");
    }
}

/// A host that has the token for its media is asked for the time, and called back, without it.
#[test]
fn what_brings_no_media_has_the_token_in_the_title_alone() {
    let clock =
        |uri: &str| format!("<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-head:2014\" value=\"{uri}\"/>");
    let callback = |uri: &str| {
        format!(
            "<EventStream schemeIdUri=\"urn:mpeg:dash:event:callback:2015\"><Event messageData=\"{uri}\"/></EventStream>"
        )
    };
    let text = |uri: &str| {
        format!(
            "<EventStream schemeIdUri=\"urn:mpeg:dash:event:callback:2015\"><Event>{uri}</Event></EventStream>"
        )
    };
    let cdn = "https://b.cdn.example/x/";
    for signing in [Signing::Inherited, Signing::Path, Signing::Query] {
        for (level, of) in [("@M", &clock as &dyn Fn(&str) -> String), ("@P", &callback), ("@P", &text)] {
            for (base, uri, expected) in [
                ("", "https://b.cdn.example/time?x", "https://b.cdn.example/time?x"),
                ("", "https://other.example/time", "https://other.example/time"),
                (cdn, "https://b.cdn.example/time", "https://b.cdn.example/time"),
                // From the MPD's own URL it is the title's.
                (
                    cdn,
                    "time",
                    if signing == Signing::Query {
                        "https://watch.example/harbour/dash/time?sd_session=S"
                    } else {
                        "https://watch.example/~S/harbour/dash/time"
                    },
                ),
                (cdn, "../../../time", "https://media.example/time"),
            ] {
                let base = if base.is_empty() { String::new() } else { format!("<BaseURL>{base}</BaseURL>") };
                let found = signed(&mpd(&format!("{level}{base}{}", of(uri))), signing).unwrap();
                assert!(found.contains(&of(expected)), "{signing:?} {base} {uri}: {found}");
            }
        }
    }
}

#[test]
fn the_time_of_the_title_is_the_edge_s() {
    let mpd = |kind: &str, uri: &str| {
        mpd(&format!("@M<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:{kind}:2014\" value=\"{uri}\"/>"))
    };
    for uri in ["time", "/vod/h/time?x", "https://media.example/vod/h/time"] {
        for (signing, expected) in [
            (Signing::Inherited, "_stagedoor/time"),
            (Signing::Path, "https://watch.example/~S/harbour/dash/_stagedoor/time"),
            (Signing::Query, "https://watch.example/harbour/dash/_stagedoor/time?sd_session=S"),
        ] {
            let found = signed(&mpd("http-xsdate", uri), signing).unwrap();
            assert!(found.contains(&format!("value=\"{expected}\"")), "{uri}: {found}");
        }
    }
    for (kind, uri) in [("http-head", "time"), ("http-iso", "https://t.example/"), ("direct", "time")] {
        let before = mpd(kind, uri);
        assert_eq!(signed(&before, Signing::Inherited), Ok(before.clone()));
    }
}

#[test]
fn a_part_of_the_title_s_mpd_is_not_left_for_players_to_fetch() {
    let with = |uri: &str| mpd(&format!("@P<EventStream xlink:href=\"{uri}\"/>"));
    for uri in ["a.xml", "https://media.example/vod/h/a.xml"] {
        let error = signed(&with(uri), Signing::Inherited).unwrap_err();
        assert_eq!(error, "line 1: a part of the MPD that is to be had elsewhere in the title");
    }
    let pass = with("https://pass.example/a.xml");
    assert_eq!(signed(&pass, Signing::Inherited).as_deref(), Ok(&*pass));
    assert!(
        signed(&with("https://ads.example/a.xml"), Signing::Inherited)
            .unwrap_err()
            .contains("outside the title")
    );
}

#[test]
fn base_urls_of_pathways_are_whole() {
    let mpd = |a: &str, steering: &str| {
        format!("<MPD><BaseURL serviceLocation=\"a\">{a}</BaseURL>{steering}<Period/></MPD>")
    };
    let steering = |uri: &str| format!("<ContentSteering>{uri}</ContentSteering>");
    let own = "https://media.example/vod/h/v/";
    let whole = "https://watch.example/~S/harbour/v/";
    assert_eq!(signed(&mpd(own, ""), Signing::Inherited), Ok(mpd("../v/", "")));
    for uri in [own, "../v/"] {
        let before = mpd(uri, &steering("_stagedoor/steering.json"));
        let after = steering("https://watch.example/~S/harbour/dash/_stagedoor/steering.json");
        assert_eq!(signed(&before, Signing::Inherited), Ok(mpd(whole, &after)));
        assert_eq!(signed(&before, Signing::Path), Ok(mpd(whole, &after)));
    }
}

#[test]
fn a_patch_by_another_name_is_not_offered() {
    let mpd = |place: &str| format!("<MPD>{place}<PatchLocation>b.mpp?publishTime=1</PatchLocation></MPD>");
    for uri in ["b.mpd", "patch?a.mpp", "", "https://pass.example/b"] {
        let place = format!("<PatchLocation ttl=\"9\">{uri}</PatchLocation>");
        assert_eq!(signed(&mpd(&place), Signing::Inherited), Ok(mpd("")), "{uri}");
    }
}

/// Some players resolve it against the MPD's own URL, and some against the base URL: one text does for both.
#[test]
fn a_fragment_stands_behind_the_parameter() {
    let with = |uri: &str| {
        mpd(&format!(
            "@P<BaseURL>https://b.cdn.example/x/</BaseURL><EventStream><Event><InsertPresentation uri=\"{uri}\"/></Event></EventStream>"
        ))
    };
    for (uri, expected) in [
        ("alt.mpd#period=2", "alt.mpd?sd_session=S#period=2"),
        ("v/alt.mpd?x=1#t=5", "v/alt.mpd?x=1&amp;sd_session=S#t=5"),
    ] {
        let query = signed(&with(uri), Signing::Query).unwrap();
        assert!(query.contains(&format!("\"{expected}\"")), "{uri}: {query}");
        let below = signed(&with(uri), Signing::Inherited).unwrap();
        assert!(below.contains(&format!("\"{uri}\"")), "{uri}: {below}");
    }
}

#[test]
fn references_and_quotes_are_read_and_written() {
    let mpd = |uri: &str| {
        format!(
            "<MPD><Period><BaseURL/><SegmentList><SegmentURL media='{uri}'/></SegmentList></Period></MPD>"
        )
    };
    let found =
        signed(&mpd("&#104;ttps://media.example/vod/h/a&apos;b.x?c=1&amp;d=&quot;"), Signing::Inherited)
            .unwrap();
    assert_eq!(found, mpd("../a&apos;b.x?c=1&amp;d=%22"));
    assert!(signed(&mpd("&#104;ttps://ads.example/"), Signing::Inherited).is_err());
    let empty = "<MPD><Period><BaseURL  a='1'/></Period></MPD>";
    assert_eq!(signed(empty, Signing::Inherited).unwrap(), empty);
    assert!(
        signed("<MPD><BaseURL><x/></BaseURL></MPD>", Signing::Inherited)
            .unwrap_err()
            .contains("something besides one text")
    );
}

#[test]
fn the_query_of_the_mpd_is_given_to_no_other_host() {
    let with = |value: &str| {
        mpd(&format!(
            "@A<EssentialProperty schemeIdUri=\"urn:mpeg:dash:urlparam:2014\"><up:UrlQueryInfo queryTemplate=\"$querypart$\" useMPDUrlQuery=\"{value}\"/></EssentialProperty>"
        ))
    };
    for signing in [Signing::Inherited, Signing::Path, Signing::Query] {
        assert!(signed(&with("true"), signing).unwrap_err().contains("useMPDUrlQuery"));
        assert!(signed(&with("false"), signing).is_ok());
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

#[test]
fn what_players_read_differently_is_refused() {
    for mpd in [
        "<MPD><BaseURL><![CDATA[&#104;ttps://evil.example/]]></BaseURL></MPD>",
        "<MPD xmlns:x=\"urn:x\"><x:BaseURL>v/</x:BaseURL><Period/></MPD>",
        "<MPD xmlns:x=\"urn:x\"><x:Period/></MPD>",
        "<MPD><BaseURL>v/?<!-- c -->https://evil.example/</BaseURL></MPD>",
        "<MPD><BaseURL><![CDATA[v/?]]>https://evil.example/</BaseURL></MPD>",
        "<MPD><Period><Representation bandwidth=\"https://evil.example/\"/></Period></MPD>",
        "<MPD><Period><x:SegmentTemplate media=\"a\"/></Period></MPD>",
        "<MPD><Period xlink:href=\"data:application/xml,x\"/></MPD>",
    ] {
        assert!(signed(mpd, Signing::Inherited).is_err(), "{mpd}");
    }
}

#[test]
fn players_report_urls_to_nobody() {
    let metrics = "<Metrics metrics=\"DVBErrors\"><Reporting schemeIdUri=\"urn:dvb:dash:reporting:2014\" dvb:reportingUrl=\"https://r.example/\"/></Metrics>";
    let other = "<Metrics metrics=\"x\"/>";
    assert_eq!(
        signed(&mpd(&format!("@M{metrics}{other}")), Signing::Inherited),
        Ok(mpd(&format!("@M{other}")))
    );
}

#[test]
fn work_is_bounded() {
    let long = "a".repeat(place::URI_BYTES_MAX + 1);
    for (name, mpd) in [
        ("a long base URL", mpd(&format!("@M<BaseURL>./{long}</BaseURL>"))),
        (
            "a long template",
            mpd(&format!("@A<SegmentTemplate media=\"{}\"/>", "$$".repeat(place::URI_BYTES_MAX))),
        ),
        (
            "templates without number",
            mpd(&format!("@A{}", "<SegmentTemplate media=\"$RepresentationID$\"/>".repeat(5))),
        ),
        ("many bases, and a way up that leads out of one of them", {
            let one = |n| format!("<Representation><BaseURL>d{n}/a/b/</BaseURL></Representation>");
            mpd(&format!(
                "@P<AdaptationSet><SegmentTemplate media=\"../../../x/$Number$\"/>{}<Representation/></AdaptationSet>",
                (0..BASES_MAX).map(one).collect::<String>()
            ))
        }),
    ] {
        assert!(signed(&mpd, Signing::Inherited).is_err(), "{name}");
    }
}

/// What the URIs of an MPD take to resolve, if so much has been counted before.
fn work(mpd: &str, before: usize) -> Result<usize, CompileError> {
    let folder = Url::parse("https://media.example/vod/h/").unwrap();
    let resource = ResourcePath::parse("dash/live.mpd").unwrap();
    let frame = Frame {
        folder: &folder,
        root: "harbour/",
        resource: &resource,
        query: Query::new(""),
        signing: Signing::Inherited,
        foreign: &ForeignPolicy::REFUSE,
        authority: "https://watch.example",
        credentials: Credentials::SESSION,
    };
    let document = Document::read(mpd).unwrap();
    let mut signer = Signer::new(&frame);
    signer.resolver.spend(before).unwrap();
    signer.sign(&document, mpd, &Edited::new(mpd))?;
    Ok(signer.resolver.spent() - before)
}

#[test]
fn base_urls_and_what_is_resolved_against_them_have_a_budget() {
    let bases: String = (0..BASES_MAX).map(|n| format!("<BaseURL>d{n}/</BaseURL>")).collect();
    let with =
        |inner: &str| format!("<MPD>{bases}<Period><AdaptationSet>\n{inner}</AdaptationSet></Period></MPD>");
    let segments = "<Representation><SegmentList>\n@</SegmentList></Representation>";
    let template = "<SegmentTemplate media=\"$RepresentationID$/$Number$\"/>\n@";
    for (name, around, each) in [
        ("base URLs", "@", "<Representation id=\"1\"><BaseURL>./r#/</BaseURL></Representation>\n"),
        ("empty base URLs", "@", "<Representation id=\"1\"><BaseURL/></Representation>\n"),
        ("URIs of segments", segments, "<SegmentURL media=\"./#.m4s\"/>\n"),
        (
            "URIs of events",
            "<EventStream>@</EventStream>",
            "<Event><InsertPresentation uri=\"./#.mpd\"/></Event>\n",
        ),
        ("ids in a template", template, "<Representation id=\"a b#\"/>\n"),
    ] {
        let mpd = |count: usize| {
            let each: String = (0..count).map(|n| each.replace('#', &format!("{n:02}"))).collect();
            with(&around.replace('@', &each))
        };
        let spent = |count| work(&mpd(count), 0).unwrap();
        let (none, few, many) = (spent(0), spent(10), spent(40));
        // Each counts with each of the base URLs.
        assert!(few - none > 10 * BASES_MAX * 64, "{name}: {none} {few}");
        assert_eq!(4 * (few - none), many - none, "{name}");
        let error = work(&mpd(40), MOST_RESOLVED - few).unwrap_err();
        let CompileError::TooMuch { line, limit, found } = error else { panic!("{name}: {error}") };
        assert!((2..42).contains(&line) && found > limit, "{name}: line {line}, {found} of {limit}");
        let told =
            format!("expected {MOST_RESOLVED} bytes of URIs at most, each counted with every base URL");
        assert!(error.to_string().contains(&told), "{name}: {error}");
    }
    // Representations that have no base URL of their own have their level's: the same ones.
    let shared = |count: usize| with(&"<Representation id=\"1\"/>\n".repeat(count));
    assert_eq!(work(&shared(10_000), 0).unwrap(), work(&shared(1), 0).unwrap());
}

/// Levels within one another have the same Representations below them.
#[test]
fn ids_are_not_looked_at_again_at_each_level_for_nothing() {
    let mpd = |levels: usize, count: usize| {
        let open = "<Period><SegmentTemplate media=\"$RepresentationID$/$Number$\"/>".repeat(levels);
        let representations = "<Representation id=\"a\"/>".repeat(count);
        format!("<MPD>{open}{representations}{}</MPD>", "</Period>".repeat(levels))
    };
    let one = work(&mpd(1, 1_000), 0).unwrap();
    assert!(one >= 1_000 * ELEMENT_LOOKED_AT);
    assert!(work(&mpd(50, 1_000), 0).unwrap() > 49 * one);
    assert!(matches!(work(&mpd(50, 1_000), MOST_RESOLVED - one), Err(CompileError::TooMuch { .. })));
}
