//! Every place where a URI can stand, and how it is read and written there.

use super::{mpd, signed};
use crate::manifest::Signing;

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
    for rewrite in PLACES {
        // What is read by its name has the name.
        let is_read =
            ["<Location", "InsertPresentation", "chaining"].iter().any(|name| rewrite.contains(name));
        let named = |text: &str| text.replace(".mpp", if is_read { ".mpd" } else { ".mpp" });
        let with = |uri: &str| {
            let uri = named(uri);
            let uri = if rewrite.contains("CDATA") { uri.replace("&amp;", "&") } else { uri };
            mpd(&rewrite.replacen('@', "#", 1).replace('@', &uri).replacen('#', "@", 1))
        };
        let own = with("https://media.example/vod/h/v/a.mpp?b=1&amp;c");
        for (signing, uri) in [
            (Signing::Path, "/v/a.mpp?b=1&amp;c"),
            (Signing::Inherited, "../v/a.mpp?b=1&amp;c"),
            (Signing::Query, "/harbour/v/a.mpp?b=1&amp;c&amp;sd_session=S"),
        ] {
            let found = signed(&own, signing).unwrap();
            assert!(found.contains(&named(uri)), "{rewrite}, {signing:?}: {found}");
            assert_eq!(found.matches("media.example").count(), 0, "{rewrite}, {signing:?}: {found}");
            // Below the session there is nothing of it in the MPD.
            assert_eq!(found.contains("~S"), signing == Signing::Path, "{rewrite}, {signing:?}: {found}");
        }
        let below = signed(&with("v/a.mpp"), Signing::Inherited);
        assert_eq!(below, Ok(with("v/a.mpp")), "{rewrite}: relative URIs stay");
        let query = signed(&with("v/a.mpp"), Signing::Query).unwrap();
        assert!(query.contains(&named("v/a.mpp?sd_session=S")), "{rewrite}: {query}");
        let foreign = signed(&with("https://ads.example/a.mpp"), Signing::Inherited);
        let is_optional = rewrite.contains("callback");
        assert_eq!(foreign.is_ok(), is_optional, "{rewrite}: {foreign:?}");
        let cdn = signed(&with("https://b.cdn.example/a.mpp"), Signing::Path).unwrap();
        assert_eq!(cdn.contains(&named("https://b.cdn.example/~S/a.mpp")), !is_optional, "{rewrite}: {cdn}");
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
fn markup_that_players_read_differently_is_refused() {
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
