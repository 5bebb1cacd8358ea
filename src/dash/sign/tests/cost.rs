//! How much work signing may make.

use url::Url;

use super::{mpd, signed};
use crate::catalog::{Caps, ForeignPolicy};
use crate::dash::Edits;
use crate::dash::change::Edited;
use crate::dash::document::Document;
use crate::dash::error::CompileError;
use crate::dash::resolver;
use crate::dash::sign::bases::BASES_MAX;
use crate::dash::sign::signer::Signer;
use crate::dash::sign::template::ELEMENT_LOOKED_AT;
use crate::manifest::{Frame, MOST_RESOLVED, Query, Signing};
use crate::resource::ResourcePath;
use crate::token::Credentials;

#[test]
fn work_is_bounded() {
    let long = "a".repeat(resolver::URI_BYTES_MAX + 1);
    for (name, mpd) in [
        ("a long base URL", mpd(&format!("@M<BaseURL>./{long}</BaseURL>"))),
        (
            "a long template",
            mpd(&format!("@A<SegmentTemplate media=\"{}\"/>", "$$".repeat(resolver::URI_BYTES_MAX))),
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
    let caps = Caps::default();
    let mut signer = Signer::new(&frame, &Edits::within(&caps));
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
