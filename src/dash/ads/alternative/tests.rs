use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::ads::address::Seal;
use crate::catalog::{AdPolicy, Caps, Host, KeySet, KvDocument, TitleAds, TitleId};
use crate::dash::{check, compile, compile_patch};
use crate::manifest::{Frame, Signing};
use crate::resource::ResourcePath;

/// The MPD of a title with this policy of the site and these breaks of the title, signed if there is a way.
fn announced(mpd: &str, policy: Value, ads: Value, signing: Option<Signing>) -> String {
    let policy: AdPolicy = serde_json::from_value(policy).unwrap();
    let ads: TitleAds = serde_json::from_value(ads).unwrap();
    with_plan(&policy, &ads, |edits| {
        let folder = Url::parse("https://media.example/h/").unwrap();
        let resource = ResourcePath::parse("dash/m.mpd").unwrap();
        let frame = signing
            .map(|signing| Frame::new("https://watch.example", "harbour/", &folder, &resource, signing));
        let template = compile(mpd.as_bytes(), frame.as_ref(), edits).unwrap();
        String::from_utf8(template.render("TOKEN").into_owned()).unwrap()
    })
}

fn with_plan<T>(policy: &AdPolicy, ads: &TitleAds, take: impl FnOnce(&Edits<'_>) -> T) -> T {
    let keys = format!(
        r#"{{"issuer":"s","keys":[{{"kid":"a","kty":"oct","alg":"HS256","k":"{}"}}]}}"#,
        "AA".repeat(22)
    );
    let keys = KeySet::read(keys.as_bytes()).unwrap().0;
    let (host, title): (Host, TitleId) = ("watch.example".parse().unwrap(), "harbour".parse().unwrap());
    let plan = Plan::of(policy, Some(ads), None, Seal { keys: &keys, host: &host, title: &title });
    let caps = Caps::default();
    take(&Edits { ads: Some(&plan), ..Edits::within(&caps) })
}

/// Whether no rule about alternative MPDs finds anything, the form of URIs apart: these are signed later.
fn check_is_silent(mpd: &str) -> bool {
    check(mpd.as_bytes())
        .iter()
        .all(|found| !found.code.starts_with("alternative-") || found.code == "alternative-relative")
}

/// An MPD with every sealed break replaced by its id.
fn readable(mpd: &str) -> String {
    use base64::Engine as _;
    let mut parts = mpd.split("_stagedoor/break/");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (sealed, rest) = part.split_once(".mpd").unwrap();
        let body = sealed.split('.').next().unwrap();
        let body = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(body).unwrap();
        let opening: Value = serde_json::from_slice(&body).unwrap();
        text += &format!("_stagedoor/break/({}).mpd{rest}", opening["id"].as_str().unwrap());
    }
    text
}

const FILM: &str = "<MPD mediaPresentationDuration=\"PT60S\">\n  <Period id=\"1\" duration=\"PT20S\">\n    <BaseURL>a/</BaseURL>\n    <AdaptationSet/>\n  </Period>\n  <Period id=\"2\">\n    <AdaptationSet/>\n  </Period>\n</MPD>";

#[test]
fn breaks_of_a_film_are_events_of_its_periods() {
    let ads = json!({
        "pre_roll": { "longest_s": 30 },
        "mid_rolls": { "at_s": [20, 40], "longest_s": 60 },
        "post_roll": { "longest_s": 15 },
    });
    let expected = "<MPD mediaPresentationDuration=\"PT60S\">\n  <Period id=\"1\" duration=\"PT20S\">\n    <BaseURL>a/</BaseURL>\
        \n    <EventStream schemeIdUri=\"urn:mpeg:dash:event:alternativeMPD:insert:2025\" timescale=\"1000\">\
        <Event presentationTime=\"0\" duration=\"1000\" id=\"PRE\"><InsertPresentation uri=\"_stagedoor/break/(pre).mpd\" maxDuration=\"35000\"/></Event>\
        </EventStream>\n    <AdaptationSet/>\n  </Period>\n  <Period id=\"2\">\
        \n    <EventStream schemeIdUri=\"urn:mpeg:dash:event:alternativeMPD:insert:2025\" timescale=\"1000\">\
        <Event presentationTime=\"0\" duration=\"1000\" id=\"MID1\"><InsertPresentation uri=\"_stagedoor/break/(mid-20000).mpd\" maxDuration=\"65000\"/></Event>\
        <Event presentationTime=\"20000\" duration=\"1000\" id=\"MID2\"><InsertPresentation uri=\"_stagedoor/break/(mid-40000).mpd\" maxDuration=\"65000\"/></Event>\
        <Event presentationTime=\"39500\" duration=\"1000\" id=\"POST\"><InsertPresentation uri=\"_stagedoor/break/(post).mpd\" maxDuration=\"20000\"/></Event>\
        </EventStream>\n    <AdaptationSet/>\n  </Period>\n</MPD>";
    let mut expected = expected.to_owned();
    for (name, id) in [("PRE", "pre"), ("MID1", "mid-20000"), ("MID2", "mid-40000"), ("POST", "post")] {
        let id = event_id(&id.parse().unwrap());
        expected = expected.replace(&format!("\"{name}\""), &format!("\"{id}\""));
    }
    assert_eq!(readable(&announced(FILM, json!({}), ads, None)), expected);
}

/// Of a recording, ads take the place of what was sent in the break.
#[test]
fn a_mark_in_a_film_is_a_break_whose_content_is_passed_over() {
    let mark = "<EventStream schemeIdUri=\"urn:scte:scte35:2014:xml+bin\" timescale=\"1000\"><Event presentationTime=\"30000\" id=\"4\"><Signal><Binary>/DAhAAAAAAAAAP/wEAUAAALRf+9//gAaF7DAAAAAAAA+MhNj</Binary></Signal></Event></EventStream>";
    let film = FILM.replace("<Period id=\"2\">", &format!("<Period id=\"2\">{mark}"));
    let found = announced(&film, json!({}), json!({}), None);
    let (before, event) = found.split_once(mark).unwrap();
    assert!(!before.contains("alternativeMPD"), "{found}");
    assert!(event.contains("alternativeMPD:replace:2025\""), "{found}");
    assert!(event.contains("<Event presentationTime=\"30000\" duration=\"19000\""), "{found}");
    assert!(event.contains(" maxDuration=\"24000\" returnOffset=\"19000\"/>"), "{found}");
    assert!(check_is_silent(&found), "{found}");
    let ignored = announced(&film, json!({}), json!({ "ignore_markers": true }), None);
    assert_eq!(ignored, film);
}

/// Shaka Player resolves the URI of an event against the page.
#[test]
fn the_uri_of_an_event_has_host_and_session() {
    let ads = json!({ "pre_roll": { "longest_s": 30 } });
    for (signing, expected) in [
        (Signing::Inherited, "https://watch.example/~TOKEN/harbour/dash/_stagedoor/break/(pre).mpd\""),
        (Signing::Path, "https://watch.example/~TOKEN/harbour/dash/_stagedoor/break/(pre).mpd\""),
        (Signing::Query, "https://watch.example/harbour/dash/_stagedoor/break/(pre).mpd?sd_session=TOKEN\""),
    ] {
        let found = readable(&announced(FILM, json!({}), ads.clone(), Some(signing)));
        assert!(found.contains(&format!("uri=\"{expected}")), "{signing:?}: {found}");
    }
}

#[test]
fn the_policy_of_a_site_is_in_its_events() {
    let ads = json!({ "pre_roll": { "longest_s": 30 } });
    for (insertion, expected) in [
        (json!({}), "maxDuration=\"35000\"/>"),
        (json!({ "restrict": ["jump"] }), "maxDuration=\"35000\" noJump=\"2\"/>"),
        (json!({ "restrict": ["skip"] }), "maxDuration=\"35000\" skipAfter=\"PT31S\"/>"),
        (
            json!({ "restrict": ["skip"], "skip": { "offset_s": 5 } }),
            "maxDuration=\"35000\" skipAfter=\"PT5S\"/>",
        ),
        (json!({ "preload_s": 8 }), "maxDuration=\"35000\" earliestResolutionTimeOffset=\"8000\"/>"),
    ] {
        let found = announced(FILM, json!({ "insertion": insertion }), ads.clone(), None);
        assert!(found.contains(expected), "{insertion}: {found}");
    }
}

/// A live MPD with an event for each start, in seconds, duration and kind of `splice_insert`.
fn live(events: &[(u32, u32, bool)]) -> String {
    let event = |(number, (at, duration, is_out)): (usize, &(u32, u32, bool))| {
        let length = if *is_out {
            format!("<BreakDuration duration='{}'/>", duration * 90_000)
        } else {
            String::new()
        };
        format!(
            "<Event presentationTime='{at}' id='{number}'><SpliceInfoSection><SpliceInsert spliceEventId='7' outOfNetworkIndicator='{is_out}'>{length}</SpliceInsert></SpliceInfoSection></Event>"
        )
    };
    let events: String = events.iter().enumerate().map(event).collect();
    format!(
        "<d:MPD type='dynamic' availabilityStartTime='2026-01-01T00:00:00Z'><d:PatchLocation>a.mpp</d:PatchLocation><d:Period start='PT1000S'><d:EventStream schemeIdUri='urn:scte:scte35:2013:xml'>{}</d:EventStream><d:AdaptationSet/></d:Period></d:MPD>",
        events.replace("<Event ", "<d:Event ").replace("</Event>", "</d:Event>")
    )
}

#[test]
fn breaks_of_a_channel_take_the_place_of_the_content() {
    let ads = || json!({ "pre_roll": { "longest_s": 30 } });
    let policy = || json!({ "longest_s": 90, "insertion": { "restrict": ["jump"] } });
    let of = |events: &[(u32, u32, bool)]| {
        let found = readable(&announced(&live(events), policy(), ads(), None));
        let (_, found) = found.split_once("</d:EventStream>").unwrap();
        found.split_once("<d:AdaptationSet/>").unwrap().0.to_owned()
    };
    let stream = |at_ms: u32, length_ms: u32, id: u32, uri: &str, status: &str| {
        format!(
            "<d:EventStream schemeIdUri=\"urn:mpeg:dash:event:alternativeMPD:replace:2025\" timescale=\"1000\"><d:Event presentationTime=\"{at_ms}\" duration=\"{length_ms}\" id=\"{id}\"{status}><d:ReplacePresentation uri=\"_stagedoor/break/({uri}).mpd\" maxDuration=\"{length_ms}\" returnOffset=\"{length_ms}\" startWithOffset=\"true\"/></d:Event></d:EventStream>"
        )
    };
    let id = "range-0";
    let number = event_id(&id.parse().unwrap());
    assert_eq!(of(&[(20, 30, true)]), stream(20_000, 30_000, number, id, ""));
    // The end of a break that states none is still to come.
    assert_eq!(of(&[(20, 0, true)]), stream(20_000, 90_000, number, id, ""));
    // Back early: the same event with another length.
    let updated = " status=\"update\"";
    assert_eq!(of(&[(20, 30, true), (32, 0, false)]), stream(20_000, 12_000, number, id, updated));
    assert_eq!(of(&[(20, 0, true), (32, 0, false)]), stream(20_000, 12_000, number, id, updated));
    // Back in time: the event has been told.
    assert_eq!(of(&[(20, 30, true), (50, 0, false)]), stream(20_000, 30_000, number, id, ""));
    assert_eq!(of(&[]), "");
}

/// The address of a break is made of facts that never change, or players would take it for another.
#[test]
fn an_early_return_changes_no_address() {
    let uri = |events: &[(u32, u32, bool)]| {
        let found = announced(&live(events), json!({}), json!({}), None);
        found.split("uri=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    assert_eq!(uri(&[(20, 30, true)]), uri(&[(20, 30, true), (32, 0, false)]));
}

#[test]
fn who_joins_within_a_live_break_gets_what_the_site_says() {
    for (join, expected) in [
        ("nothing", "returnOffset=\"30000\" startWithOffset=\"true\"/>"),
        ("rest", "returnOffset=\"30000\" startWithOffset=\"true\"/>"),
        ("whole", "returnOffset=\"30000\" clip=\"false\"/>"),
    ] {
        let found = announced(&live(&[(20, 30, true)]), json!({ "join": join }), json!({}), None);
        assert!(found.contains(expected), "{join}: {found}");
    }
}

/// Elements, their order, and attributes are those of the sixth edition.
#[test]
fn no_rule_finds_anything_in_the_events_of_breaks() {
    let mark = |duration: u32, back: bool| {
        let out = format!(
            "<Event presentationTime='20' id='1'><Signal xmlns='http://www.scte.org/schemas/35/2016'/><SpliceInfoSection xmlns='http://www.scte.org/schemas/35/2016'><SpliceInsert spliceEventId='7' outOfNetworkIndicator='true'><BreakDuration autoReturn='false' duration='{}'/></SpliceInsert></SpliceInfoSection></Event>",
            duration * 90_000
        );
        let back = if back {
            "<Event presentationTime='25' id='2'><SpliceInfoSection xmlns='http://www.scte.org/schemas/35/2016'><SpliceInsert spliceEventId='7' outOfNetworkIndicator='false'/></SpliceInfoSection></Event>"
        } else {
            ""
        };
        format!("<EventStream schemeIdUri='urn:scte:scte35:2013:xml' timescale='1'>{out}{back}</EventStream>")
    };
    let mpd = |kind: &str, stream: &str| {
        let times = match kind {
            "dynamic" => {
                "availabilityStartTime='2026-01-01T00:00:00Z' publishTime='2026-01-01T00:00:00Z' minimumUpdatePeriod='PT2S'"
            }
            _ => "mediaPresentationDuration='PT120S'",
        };
        format!(
            "<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' profiles='urn:mpeg:dash:profile:isoff-live:2011' type='{kind}' minBufferTime='PT2S' {times}><Period id='1' start='PT0S'>{stream}<AdaptationSet mimeType='video/mp4' segmentAlignment='true'><SegmentTemplate media='$Number$.m4s' initialization='i.mp4' duration='4'/><Representation id='1' bandwidth='1000' width='640' height='360' codecs='avc1.64001f'/></AdaptationSet></Period></MPD>"
        )
    };
    let policy =
        |join: &str| json!({ "join": join, "insertion": { "restrict": ["skip", "jump"], "preload_s": 20 } });
    let ads = json!({ "pre_roll": { "longest_s": 30 }, "mid_rolls": { "at_s": [80], "longest_s": 60 }, "post_roll": { "longest_s": 30 } });
    for (kind, back, join) in
        [("static", false, "rest"), ("dynamic", true, "rest"), ("dynamic", false, "whole")]
    {
        let own = mpd(kind, &mark(30, back));
        let before: Vec<_> = check(own.as_bytes()).into_iter().map(|found| found.code).collect();
        let found = announced(&own, policy(join), ads.clone(), Some(Signing::Inherited));
        assert!(found.contains("ReplacePresentation"), "{found}");
        assert_eq!(found.contains("InsertPresentation"), kind == "static");
        let after: Vec<_> =
            check(found.as_bytes()).into_iter().filter(|found| !before.contains(&found.code)).collect();
        assert!(after.is_empty(), "{after:?} in {found}");
    }
}

/// Such an address would be longer than any path that the edge serves.
#[test]
fn a_break_whose_address_is_too_long_is_left_out() {
    let of = |slot: usize| {
        let tag =
            format!("GOOG{{\"adTagUri\":\"https://a.example/[a][a][a][a]\",\"a\":\"{}\"}}", "b".repeat(slot));
        let mark = format!(
            "<SpliceInfoSection><TimeSignal/><SegmentationDescriptor segmentationEventId='7' segmentationTypeId='52' segmentationDuration='900000'><SegmentationUpid segmentationUpidType='12' segmentationUpidFormat='text'>{}</SegmentationUpid></SegmentationDescriptor></SpliceInfoSection>",
            tag.replace('"', "&quot;")
        );
        let mpd = format!(
            "<MPD type='dynamic' availabilityStartTime='2026-01-01T00:00:00Z'><Period start='PT0S'><EventStream schemeIdUri='urn:scte:scte35:2013:xml'><Event presentationTime='4'>{mark}</Event></EventStream></Period></MPD>"
        );
        announced(&mpd, json!({}), json!({}), None).contains("ReplacePresentation")
    };
    assert!(of(1) && of(50));
    assert!(!of(130));
}

#[test]
fn a_live_mpd_with_breaks_offers_no_patches() {
    let patch = "<Patch mpdId='a'><replace sel=\"/MPD/@publishTime\">b</replace></Patch>";
    for (ads, is_patched) in [(json!({}), false), (json!({ "ignore_markers": true }), true)] {
        let mpd = announced(&live(&[]), json!({}), ads.clone(), None);
        assert_eq!(mpd.contains("PatchLocation"), is_patched, "{mpd}");
        let ads: TitleAds = serde_json::from_value(ads).unwrap();
        with_plan(&AdPolicy::default(), &ads, |edits| {
            let patched = compile_patch(patch.as_bytes(), None, edits);
            assert_eq!(patched.is_ok(), is_patched, "{patched:?}");
        });
    }
}

#[test]
fn an_mpd_without_breaks_comes_out_identical() {
    for mpd in [
        FILM,
        "<MPD type='static'><Period/></MPD>",
        "<MPD type='list'><Period duration='PT9S'><ImportedMPD>a</ImportedMPD></Period></MPD>",
    ] {
        let ads = if mpd == FILM { json!({}) } else { json!({ "pre_roll": { "longest_s": 30 } }) };
        assert_eq!(announced(mpd, json!({}), ads, None), mpd);
    }
}
