//! URIs that lead to no segments: clocks, callbacks, other MPDs, steering, patches, fonts and reports.

use super::{mpd, signed};
use crate::manifest::Signing;

#[test]
fn uris_that_fetch_no_media_may_lead_out_of_the_title() {
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
fn files_that_lead_players_further_are_read() {
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
fn uris_that_fetch_no_media_have_the_token_in_the_title_alone() {
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

/// Of several URIs in one attribute, each is written for the quotes of the attribute.
#[test]
fn no_uri_of_several_ends_its_attribute() {
    let clocks = |uris: &str| {
        mpd(&format!("@M<UTCTiming schemeIdUri='urn:mpeg:dash:utc:http-head:2014' value='{uris}'/>"))
    };
    let uris = "https://t.example/ https://media.example/vod/h/dash/a&apos;b";
    assert_eq!(signed(&clocks(uris), Signing::Inherited), Ok(clocks("https://t.example/ a&apos;b")));
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
fn a_patch_by_another_name_is_not_offered() {
    let mpd =
        |rewrite: &str| format!("<MPD>{rewrite}<PatchLocation>b.mpp?publishTime=1</PatchLocation></MPD>");
    for uri in ["b.mpd", "patch?a.mpp", "", "https://pass.example/b"] {
        let rewrite = format!("<PatchLocation ttl=\"9\">{uri}</PatchLocation>");
        assert_eq!(signed(&mpd(&rewrite), Signing::Inherited), Ok(mpd("")), "{uri}");
    }
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

#[test]
fn players_report_urls_to_nobody() {
    let metrics = "<Metrics metrics=\"DVBErrors\"><Reporting schemeIdUri=\"urn:dvb:dash:reporting:2014\" dvb:reportingUrl=\"https://r.example/\"/></Metrics>";
    let other = "<Metrics metrics=\"x\"/>";
    assert_eq!(
        signed(&mpd(&format!("@M{metrics}{other}")), Signing::Inherited),
        Ok(mpd(&format!("@M{other}")))
    );
}
