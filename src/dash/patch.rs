//! Patches of an MPD (ISO/IEC 23009-1 section 5.15): changes of its text, as [RFC 5261] defines them.
//!
//! ```text
//! <Patch mpdId="channel" originalPublishTime="…" publishTime="…">
//!   <replace sel="/MPD/PatchLocation[1]"><PatchLocation>live.mpp?publishTime=…</PatchLocation></replace>
//!   <add sel="/MPD/Period[@id='1']/…/SegmentTimeline"><S d="4"/></add>
//! </Patch>
//! ```
//!
//! Its URIs are signed like the URIs of an MPD (sign/). A patch is read without its MPD, so the base URLs are unknown: a
//! plain relative URI stays as it is, an absolute one is mapped, and any other URI refuses the patch. The reply is then
//! a patch that fits no MPD ([`VOID_PATCH`]), upon which players request the whole MPD (section 5.15.3.3): dash.js 5.2
//! at once, Shaka Player 5.2 with its next update. Neither does so after an error.
//!
//! [RFC 5261]: https://www.rfc-editor.org/rfc/rfc5261

use super::change::Edited;
use super::document::{Document, Element, Malformed, line_of, utf8};
use super::edits::Edits;
use super::error::CompileError;
use super::selector::Selected;
use super::update::is_within;
use super::{limits, sign};
use crate::catalog::{Caps, MOST_MPD_BYTES};
use crate::manifest::{Frame, Template};

/// A patch that fits no MPD.
pub const VOID_PATCH: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Patch xmlns=\"urn:mpeg:dash:schema:mpd-patch:2020\" mpdId=\"void\" originalPublishTime=\"1970-01-01T00:00:00Z\" publishTime=\"1970-01-01T00:00:00Z\"/>\n";

/// Whether an MPD with these limits may be patched: a patch addresses elements by position, so no limit may remove one. An MPD
/// whose marks open breaks may not be patched under any limits ([`compile_patch`]).
pub fn are_patched(caps: &Caps) -> bool {
    !limits::are_in(caps)
}

/// Compiles a patch: makes every URI of it carry the session. Without a frame, URIs stay as they are.
///
/// A patch that would undo an edit of the MPD is refused.
pub fn compile_patch(
    patch: &[u8],
    frame: Option<&Frame<'_>>,
    edits: &Edits<'_>,
) -> Result<Template, CompileError> {
    let (limit, found) = (edits.max_bytes.min(MOST_MPD_BYTES), patch.len());
    if found > limit {
        return Err(CompileError::TooLong { limit, found });
    }
    let text = utf8(patch)?;
    let document = Document::read(text)?;
    let root = document.root();
    if root.name() != "Patch" {
        let why = format!("expected an element `Patch`, found `{}`", root.name());
        return Err(Malformed { line: line_of(text, root.tag().start), why, is_forbidden: false }.into());
    }
    if !edits.inserted.is_empty() {
        let line = line_of(text, root.tag().start);
        return Err(CompileError::Unsupported {
            line,
            what: "a patch of an MPD that has Periods of other sources",
        });
    }
    if edits.announce_marks() {
        let line = line_of(text, root.tag().start);
        return Err(CompileError::Unsupported { line, what: "a patch of an MPD whose breaks are announced" });
    }
    for operation in root.children() {
        let stop = |what| Err(CompileError::Unsupported { line: line_of(text, operation.tag().start), what });
        let Some(selected) = Selected::of(operation) else {
            return stop("an operation with a selector that not every player reads alike");
        };
        if undoes(operation, &selected, edits) {
            return stop("a patch of what the edge has changed in the MPD");
        }
    }
    sign::write(&document, text, &Edited::new(text), frame, edits)
}

/// Whether an operation would undo an edit.
fn undoes(operation: Element<'_, '_>, selected: &Selected<'_>, edits: &Edits<'_>) -> bool {
    let is_steered = edits.steering.is_some() && matches!(selected.element, "BaseURL" | "ContentSteering");
    match selected.attribute {
        // Steering has changed their order.
        _ if is_steered => true,
        Some("timeShiftBufferDepth") => edits.caps.rewind_s.is_some(),
        Some("minimumUpdatePeriod") => edits.update_within_s.is_some_and(|within_s| {
            let period = operation.content().unwrap_or_default();
            operation.name() == "remove" || !is_within(&period, within_s)
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use url::Url;

    use super::*;
    use crate::catalog::{ExistingSteering, ForeignPolicy};
    use crate::manifest::{Query, Signing, Steering};
    use crate::resource::ResourcePath;
    use crate::token::Credentials;

    fn signed(patch: &str, signing: Signing) -> Result<String, String> {
        let caps = Caps { rewind_s: Some(60), ..Caps::default() };
        compiled(patch, signing, &Edits { update_within_s: Some(30), ..Edits::within(&caps) })
    }

    fn compiled(patch: &str, signing: Signing, edits: &Edits<'_>) -> Result<String, String> {
        let folder = Url::parse("https://media.example/vod/h/").unwrap();
        let resource = ResourcePath::parse("dash/live.mpp").unwrap();
        let foreign: ForeignPolicy =
            serde_json::from_value(json!({ "pass": ["pass.example"], "sign": ["b.example"] })).unwrap();
        let frame = Frame {
            folder: &folder,
            root: "harbour/",
            resource: &resource,
            query: Query::new("publishTime=1"),
            signing,
            foreign: &foreign,
            authority: "https://watch.example",
            credentials: Credentials::SESSION,
        };
        let template = compile_patch(patch.as_bytes(), Some(&frame), edits);
        let template = template.map_err(|error| error.to_string())?;
        Ok(String::from_utf8(template.render("S").into_owned()).unwrap())
    }

    fn patch(operations: &str) -> String {
        format!("<Patch mpdId=\"c\">{operations}</Patch>")
    }

    #[test]
    fn plain_operations_stay_as_they_are() {
        let plain = patch(concat!(
            "<!-- c --><replace sel=\"/MPD/@publishTime\">2026-11-22T00:00:00Z</replace>",
            "<add sel=\"/MPD/Period/AdaptationSet[@id='1']/SegmentTemplate/SegmentTimeline\"><S t=\"1\" d=\"4\"/></add>",
            "<remove sel=\"/MPD/Period/AdaptationSet[@id='1']/SegmentTemplate/SegmentTimeline/S[1]\"/>",
            "<add sel=\"/MPD/Period\" type=\"@duration\">PT4S</add>",
            "<replace sel=\"/MPD/@minimumUpdatePeriod\">PT4S</replace>",
            "<add sel=\"/MPD\" pos=\"prepend\"><UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:direct:2014\" value=\"x\"/></add>",
        ));
        for signing in [Signing::Inherited, Signing::Query] {
            assert_eq!(signed(&plain, signing).as_deref(), Ok(&*plain));
        }
        let relative = patch(concat!(
            "<add sel=\"/MPD\"><Period id=\"2\"><BaseURL>v/</BaseURL><AdaptationSet>",
            "<SegmentTemplate media=\"$RepresentationID$/$Number$.m4s\"/><Representation id=\"1\"/>",
            "</AdaptationSet></Period></add>",
            "<replace sel=\"/MPD/Period/SegmentTemplate/@media\">a/$Time$.m4s</replace>",
            "<replace sel=\"/MPD/BaseURL[1]/text()\">w/</replace>",
            "<add sel=\"/MPD/Period\" pos=\"prepend\"><BaseURL>v/</BaseURL></add>",
        ));
        assert_eq!(signed(&relative, Signing::Inherited).as_deref(), Ok(&*relative));
        // The unknown base URL may be on a host that must not get the token.
        assert!(signed(&relative, Signing::Query).is_err());
    }

    #[test]
    fn the_next_patch_carries_the_session() {
        let next = |uri: &str| {
            patch(&format!(
                "<replace sel=\"/MPD/PatchLocation[1]\"><PatchLocation ttl=\"60\">{uri}</PatchLocation></replace>"
            ))
        };
        let path = "/~S/harbour/dash/live.mpp?publishTime=2&amp;b";
        let query = "/harbour/dash/live.mpp?publishTime=2&amp;b&amp;sd_session=S";
        for uri in [
            "live.mpp?publishTime=2&amp;b",
            "./dash/live.mpp?publishTime=2&amp;b",
            "../live.mpp?publishTime=2&amp;b&amp;sd_session=x",
        ] {
            assert_eq!(signed(&next(uri), Signing::Inherited), Ok(next(path)), "{uri}");
            assert_eq!(signed(&next(uri), Signing::Query), Ok(next(query)), "{uri}");
        }
        for uri in [
            "https://media.example/vod/h/dash/live.mpp?publishTime=2&amp;b",
            "/vod/h/dash/live.mpp?publishTime=2&amp;b",
        ] {
            assert_eq!(
                signed(&next(uri), Signing::Inherited),
                Ok(next(&format!("https://watch.example{path}")))
            );
            assert_eq!(
                signed(&next(uri), Signing::Query),
                Ok(next(&format!("https://watch.example{query}")))
            );
        }
        let text = patch("<replace sel='/MPD/PatchLocation/text()'>live.mpp</replace>");
        assert_eq!(
            signed(&text, Signing::Inherited),
            Ok(text.replace(">live.mpp", ">/~S/harbour/dash/live.mpp"))
        );
        for uri in [
            "other.mpp",
            "xlive.mpp",
            "live.mpd?publishTime=2",
            "patch?x.mpp",
            "?publishTime=2",
            "",
            "//a/live.mpp",
        ] {
            assert!(signed(&next(uri), Signing::Inherited).is_err(), "{uri}");
        }
    }

    #[test]
    fn absolute_uris_are_mapped() {
        for (operation, expected) in [
            (
                "<replace sel='/MPD/BaseURL[1]'><BaseURL>https://media.example/vod/h/v/</BaseURL></replace>",
                "https://watch.example/~S/harbour/v/",
            ),
            (
                "<replace sel='/MPD/BaseURL[1]/text()'>https://media.example/vod/h/v/</replace>",
                "https://watch.example/~S/harbour/v/",
            ),
            (
                "<replace sel='/MPD/SegmentTemplate/@media'>https://media.example/vod/h/$Number%05d$.m4s</replace>",
                "https://watch.example/~S/harbour/$Number%05d$.m4s",
            ),
            (
                "<add sel='/MPD/SegmentTemplate' type='@initialization'>https://b.example/i.mp4</add>",
                "https://b.example/~S/i.mp4",
            ),
            (
                "<add sel='/MPD/SegmentList'><SegmentURL media='https://media.example/vod/h/1.m4s'/></add>",
                "https://watch.example/~S/harbour/1.m4s",
            ),
            (
                "<replace sel='/MPD/Location/text()'>/vod/h/live.mpd</replace>",
                "https://watch.example/~S/harbour/live.mpd",
            ),
        ] {
            let found = signed(&patch(operation), Signing::Inherited).unwrap();
            assert!(
                found.contains(&format!("{expected}<")) || found.contains(&format!("{expected}'")),
                "{found}"
            );
        }
    }

    #[test]
    fn an_uncovered_uri_refuses_the_patch() {
        for operation in [
            "<copy sel='/MPD'/>",
            "<replace sel='/MPD/Location/text()'>live.mpd</replace>",
            "<replace sel='/MPD/Period/BaseURL/text()'>../v/</replace>",
            "<replace sel='/MPD/Period/BaseURL/text()'>/vod/h/</replace>",
            "<replace sel='/MPD/BaseURL/text()'>https://media.example/vod/other/</replace>",
            "<replace sel='/*/*/text()'>https://media.example/vod/other/</replace>",
            "<add sel='/MPD/BaseURL'>v/</add>",
            "<replace sel='/MPD/SegmentTemplate/@media'>../$Number$</replace>",
            "<replace sel='/MPD/SegmentTemplate/@media'>$RepresentationID$/$Number$</replace>",
            "<replace sel='/MPD/SegmentTemplate/@media'><x/></replace>",
            "<add sel='/MPD/AdaptationSet'><Representation id='../x'/></add>",
            "<replace sel='/MPD/Representation/@id'>../x</replace>",
            "<replace sel='/MPD/Representation/@bandwidth'>../x</replace>",
            "<add sel='/MPD/Representation' type='@nodeName'>BaseURL</add>",
            "<add sel='/MPD/Period' type='@xlink:href'>a.xml</add>",
            "<add sel='/MPD'><Period xlink:href='a.xml'/></add>",
            "<replace sel='/MPD/UTCTiming/@value'>https://media.example/vod/h/time</replace>",
            "<replace sel='/MPD/SupplementalProperty/@schemeIdUri'>urn:mpeg:dash:chaining:2016</replace>",
            "<replace sel='/MPD/SupplementalProperty/@value'>https://media.example/vod/h/x.mpd</replace>",
            "<replace sel='/MPD/@timeShiftBufferDepth'>PT1H</replace>",
            "<replace sel='/MPD/@minimumUpdatePeriod'>PT1H</replace>",
            "<remove sel='/MPD/@minimumUpdatePeriod'/>",
            "<add sel='/MPD/Period/BaseURL/text()' type='@x'>y</add>",
        ] {
            let found = signed(&patch(operation), Signing::Inherited);
            assert!(found.is_err(), "{operation}: {found:?}");
        }
        assert!(signed("<MPD/>", Signing::Inherited).unwrap_err().contains("expected an element `Patch`"));
    }

    /// `b.example` is a host that URIs with the session may lead to.
    #[test]
    fn a_patch_brings_no_steering_server_to_a_site_that_keeps_those_of_its_mpds() {
        let existing = ExistingSteering::Keep;
        let steering = Steering { server_uri: "steering.json", order: Vec::new(), clones: &[], existing };
        let caps = Caps::default();
        let edits = Edits { steering: Some(&steering), ..Edits::within(&caps) };
        for uri in ["https://b.example/s", "https://pass.example/s", "s"] {
            let text = patch(&format!("<add sel='/MPD'><ContentSteering>{uri}</ContentSteering></add>"));
            let found = compiled(&text, Signing::Path, &edits).unwrap_err();
            assert!(found.contains("a steering server whose manifest is not read"), "{uri}: {found}");
        }
    }

    #[test]
    fn a_patch_with_a_place_for_reports_is_refused_as_such() {
        let reporting = "<Reporting schemeIdUri='a' reportingUrl='https://r.example/'/>";
        let text = patch(&format!("<add sel='/MPD'><Metrics metrics='x'>{reporting}</Metrics></add>"));
        let found = signed(&text, Signing::Inherited).unwrap_err();
        assert!(found.contains("a place that URLs are reported to"), "{found}");
    }

    #[test]
    fn limits_that_take_something_out_leave_no_patches() {
        let caps = |json: &str| serde_json::from_str::<Caps>(json).unwrap();
        assert!(are_patched(&caps(r#"{ "rewind_s": 60, "max_streams": 1, "offline": false }"#)));
        assert!(!are_patched(&caps(r#"{ "max_height": 720 }"#)));
        assert!(compile_patch(VOID_PATCH.as_bytes(), None, &Edits::within(&Caps::default())).is_ok());
    }
}
