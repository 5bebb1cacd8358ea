//! Base URLs, and what is resolved against them.

use super::signed;
use crate::manifest::Signing;

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
