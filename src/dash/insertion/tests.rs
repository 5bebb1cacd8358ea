//! Periods of other sources, and where the URIs of theirs and of the title's lead.

use serde_json::json;
use url::Url;

use super::*;
use crate::catalog::{Caps, ForeignPolicy};
use crate::dash::{compile, compile_patch};
use crate::manifest::{Frame, Query, Signing};
use crate::resource::ResourcePath;
use crate::token::Credentials;

/// A title at `https://media.example/vod/h/`, and a source at `https://ads.example/c1/` that lies at the edge as `ads/c1/`.
fn compiled(
    mpd: &str,
    signing: Signing,
    inserted: &[(Option<&str>, &str, &str)],
) -> Result<String, CompileError> {
    let url = |text: &str| Url::parse(text).unwrap();
    let (title, source) = (url("https://media.example/vod/h/"), url("https://ads.example/c1/"));
    let resources = ["dash/live.mpd", "ad.mpd"].map(|path| ResourcePath::parse(path).unwrap());
    let policy = |json| -> ForeignPolicy { serde_json::from_value(json).unwrap() };
    let (of_title, of_source) = (policy(json!({})), policy(json!({ "pass": ["pass.example"] })));
    let frame = Frame {
        folder: &title,
        root: "harbour/",
        resource: &resources[0],
        query: Query::new(""),
        signing,
        foreign: &of_title,
        authority: "https://watch.example",
        credentials: Credentials::SESSION,
    };
    let other =
        Frame { folder: &source, root: "ads/c1/", resource: &resources[1], foreign: &of_source, ..frame };
    let urls: Vec<_> = inserted.iter().map(|(_, base_url, _)| url(base_url)).collect();
    let ids: Vec<_> = (1..=inserted.len()).map(|number| format!("ad-{number}")).collect();
    let inserted: Vec<_> = inserted
        .iter()
        .zip(&urls)
        .zip(&ids)
        .map(|(((before, _, period), base_url), id)| InsertedPeriod {
            before: *before,
            id,
            period,
            base_url,
            frame: other,
        })
        .collect();
    let caps = Caps::default();
    let edits = Edits { inserted: &inserted, ..Edits::within(&caps) };
    let is_patch = mpd.starts_with("<Patch");
    let compile = if is_patch { compile_patch } else { compile };
    let template = compile(mpd.as_bytes(), Some(&frame), &edits)?;
    Ok(String::from_utf8(template.render("S").into_owned()).unwrap())
}

const SOURCE: &str = "https://ads.example/c1/ad.mpd";

fn set(media: &str) -> String {
    format!("<AdaptationSet><SegmentTemplate media=\"{media}\"/><Representation id=\"v\"/></AdaptationSet>")
}

fn period(id: &str, inner: &str) -> String {
    format!("<Period id=\"{id}\">{inner}</Period>")
}

/// An MPD of some Periods, each in a line.
fn mpd(top: &str, periods: &[String]) -> String {
    format!("<MPD>{top}\n  {}\n</MPD>", periods.join("\n  "))
}

#[test]
fn a_period_of_another_source_has_a_base_of_its_own() {
    use Signing::{Inherited, Path, Query};
    let [first, second] = ["1", "2"].map(|id| period(id, &set("v/$Number$.m4s")));
    let title = |top: &str| mpd(top, &[first.clone(), second.clone()]);
    let ad = |inner: &str| period("ad-1", &(inner.to_owned() + &set("v/$Number$.m4s")));
    let own = "https://media.example/vod/h/x/";
    let with_base = "<BaseURL>b/</BaseURL>";
    for (signing, top, source, given, put_top, put) in [
        (Inherited, "", SOURCE, "", "", "../../ads/c1/"),
        (Path, "", SOURCE, "", "https://watch.example/~S/harbour/dash/", "../../ads/c1/"),
        (Query, "", SOURCE, "", "", "/ads/c1/"),
        // The title's base URL does not lead into the source.
        (Inherited, own, SOURCE, "", "../x/", "../../ads/c1/"),
        (Path, own, SOURCE, "", "https://watch.example/~S/harbour/x/", "../../ads/c1/"),
        (Query, own, SOURCE, "", "/harbour/x/", "/ads/c1/"),
        // A base URL of the source is relative to the source.
        (Inherited, own, SOURCE, with_base, "../x/", "../../ads/c1/b/"),
        (Inherited, "", "https://ads.example/c1/p/ad.mpd", with_base, "", "../../ads/c1/p/b/"),
        // A host that the frame passes is left as it is, in every style.
        (Inherited, own, "https://pass.example/c/ad.mpd", "", "../x/", "https://pass.example/c/"),
        (
            Path,
            own,
            "https://pass.example/c/ad.mpd",
            "",
            "https://watch.example/~S/harbour/x/",
            "https://pass.example/c/",
        ),
        (Query, own, "https://pass.example/c/ad.mpd", with_base, "/harbour/x/", "https://pass.example/c/b/"),
    ] {
        let base = |text: &str| {
            if text.is_empty() { String::new() } else { format!("<BaseURL>{text}</BaseURL>") }
        };
        let found = compiled(&title(&base(top)), signing, &[(Some("2"), source, &ad(given))]).unwrap();
        let parameter = |is_covered: bool| {
            if signing == Query && is_covered { "v/$Number$.m4s?sd_session=S" } else { "v/$Number$.m4s" }
        };
        let signed = |text: String, is_covered| text.replace("v/$Number$.m4s", parameter(is_covered));
        let expected = mpd(
            &if put_top.starts_with("https") && top.is_empty() {
                format!("\n  {}", base(put_top))
            } else {
                base(put_top)
            },
            &[
                signed(first.clone(), true),
                signed(ad(&base(put)), !source.contains("pass")),
                signed(second.clone(), true),
            ],
        );
        assert_eq!(found, expected, "{signing:?} {top} {source}");
    }
}

/// What players make of it: the URL of a segment in each Period.
#[test]
fn segments_are_fetched_from_where_their_source_is() {
    let title = mpd("<BaseURL>x/</BaseURL>", &[period("1", &set("$Number$")), period("2", &set("$Number$"))]);
    let ad = period("ad-1", &set("$Number$"));
    let found = compiled(&title, Signing::Inherited, &[(Some("2"), SOURCE, &ad)]).unwrap();
    let document = Document::read(&found).unwrap();
    let own = Url::parse("https://watch.example/~S/harbour/dash/live.mpd").unwrap();
    let join = |url: &Url, level: Element<'_, '_>| match level.child("BaseURL") {
        Some(base) => url.join(&base.content().unwrap()).unwrap(),
        None => url.clone(),
    };
    let base = join(&own, document.root());
    let segments: Vec<_> = document
        .root()
        .children_named("Period")
        .map(|period| join(&base, period).join("7").unwrap().path().to_owned())
        .collect();
    assert_eq!(segments, ["/~S/harbour/dash/x/7", "/~S/ads/c1/7", "/~S/harbour/dash/x/7"]);
}

#[test]
fn other_uris_of_an_inserted_period_are_its_sources_own() {
    let event = |uri: &str| {
        period(
            "ad-1",
            &format!("<EventStream><Event><InsertPresentation uri=\"{uri}\"/></Event></EventStream>"),
        )
    };
    let title = mpd("<BaseURL>x/y/</BaseURL>", &[period("1", "")]);
    let found = compiled(&title, Signing::Inherited, &[(None, SOURCE, &event("more.mpd"))]).unwrap();
    // Some players resolve it against the MPD's own URL, and some against the base URL: it is the same.
    assert!(found.contains("uri=\"../../ads/c1/more.mpd\""), "{found}");
    for base in ["/~S/harbour/dash/", "/~S/ads/c1/"] {
        let base = Url::parse("https://watch.example").unwrap().join(base).unwrap();
        assert_eq!(base.join("../../ads/c1/more.mpd").unwrap().path(), "/~S/ads/c1/more.mpd");
    }
    for uri in ["https://media.example/vod/h/a.mpd", "https://evil.example/a.mpd", "../a.mpd"] {
        let refused = compiled(&title, Signing::Inherited, &[(None, SOURCE, &event(uri))]);
        assert!(matches!(refused, Err(CompileError::Uncovered { .. })), "{uri}: {refused:?}");
    }
    // Nor does the source's frame cover anything of the title.
    let title = mpd("", &[period("1", &set("https://ads.example/c1/$Number$"))]);
    let refused = compiled(&title, Signing::Inherited, &[(None, SOURCE, &period("ad-1", ""))]);
    assert!(matches!(refused, Err(CompileError::Uncovered { .. })), "{refused:?}");
}

/// An update of a live MPD has the same inserted Period, and no patch takes the place of an update.
#[test]
fn updates_repeat_inserted_periods_and_offer_no_patches() {
    let live = |segments: &str| {
        let timeline = format!("<SegmentTimeline>{segments}</SegmentTimeline>");
        let of_title = set("$Time$").replace("/><Rep", &format!(">{timeline}</SegmentTemplate><Rep"));
        let location = "<PatchLocation ttl=\"60\">live.mpp?publishTime=1</PatchLocation>";
        let next = period("2", &of_title).replace("\">", "\" start=\"PT70S\">");
        mpd(location, &[period("1", &set("$Time$")), next]).replacen("<MPD", "<MPD type=\"static\"", 1)
    };
    let ad = period("ad-1", &set("$Time$")).replacen('>', " start=\"PT60S\" duration=\"PT10S\">", 1);
    let slate = period("ad-2", &set("$Time$"));
    let at = |segments: &str| {
        let inserted = [(Some("2"), SOURCE, &*ad), (None, SOURCE, &*slate)];
        compiled(&live(segments), Signing::Inherited, &inserted).unwrap()
    };
    let (one, next) = (at("<S t=\"0\" d=\"4\"/>"), at("<S t=\"0\" d=\"4\" r=\"1\"/>"));
    assert_eq!(next, one.replace("d=\"4\"/>", "d=\"4\" r=\"1\"/>"));
    assert!(!one.contains("PatchLocation"), "{one}");
    let ids: Vec<_> =
        one.match_indices("<Period id=\"").map(|(at, start)| &one[at + start.len()..][..4]).collect();
    assert_eq!(ids, ["1\"><", "ad-1", "2\" s", "ad-2"]);
    let patch = "<Patch mpdId=\"c\"><add sel=\"/MPD/Period[2]\"><EventStream/></add></Patch>";
    assert!(compiled(patch, Signing::Inherited, &[]).is_ok());
    let refused = compiled(patch, Signing::Inherited, &[(None, SOURCE, &slate)]);
    assert!(matches!(refused, Err(CompileError::Unsupported { .. })), "{refused:?}");
}

#[test]
fn an_insertion_that_does_not_fit_the_mpd_is_refused() {
    let title = mpd("", &[period("1", ""), period("ad-2", "")]);
    let good = period("ad-1", "");
    for (title, inserted, expected) in [
        (&*title, &[(Some("3"), SOURCE, &*good)][..], "line 1: no Period with the id"),
        (
            &title,
            &[(None, SOURCE, &*good), (None, SOURCE, &period("ad-2", ""))],
            "a Period with the id of one",
        ),
        (&title, &[(None, SOURCE, "<Period/>")], "expected one element `Period` with the id `ad-1`"),
        (&title, &[(None, SOURCE, "<AdaptationSet id=\"ad-1\"/>")], "found `AdaptationSet`"),
        (&title, &[(None, SOURCE, "<d:Period id=\"ad-1\"/>")], "found `d:Period`"),
        (&title, &[(None, SOURCE, "<Period id=\"ad-1\"/><Period/>")], "one root element"),
        (&title, &[(None, "https://evil.example/", &*good)], "a URI outside the title"),
        ("<MPD/>", &[(None, SOURCE, &*good)], "no Period that another could be put behind"),
    ] {
        let refused = compiled(title, Signing::Inherited, inserted).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}
