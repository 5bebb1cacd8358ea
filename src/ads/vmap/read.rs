//! Elements of a VMAP document.

use std::collections::HashSet;

use super::BREAKS_MAX;
use super::document::{AdBreak, AdSource, Vmap, VmapError};
use crate::ads::vast::text::{self, boolean, duration};
use crate::ads::xml::{Element, Tree};
use crate::ads::{AdEvent, Happening, Offset, Tracking, TrackingEvent};

impl Vmap {
    /// Reads a document.
    pub fn read(bytes: &[u8]) -> Result<Self, VmapError> {
        let tree = Tree::read(bytes)?;
        let root = tree.root().filter(|root| root.is("VMAP"));
        let Some(root) = root else {
            let found = tree.root().map(Element::shown_name).unwrap_or_default();
            return Err(VmapError::Root(found));
        };
        let version = root.attribute("version");
        if let Some(other) = version.as_ref().filter(|version| !version.starts_with("1.") && *version != "1")
        {
            return Err(VmapError::Version(other.chars().take(20).collect()));
        }
        let mut vmap = Self { version, breaks: Vec::new(), left_out: Vec::new() };
        let mut ids = HashSet::new();
        for (number, element) in root.children_named("AdBreak").enumerate() {
            if number == BREAKS_MAX {
                let why = format!("expected {BREAKS_MAX} breaks at most, the others are left out");
                vmap.left_out.push(Happening::new(AdEvent::ElementIgnored, why));
                break;
            }
            match read_break(element, number, &mut ids) {
                Ok(found) => vmap.breaks.push(found),
                Err(why) => vmap.left_out.push(Happening::new(AdEvent::ElementIgnored, why)),
            }
        }
        Ok(vmap)
    }
}

fn read_break(element: Element<'_, '_>, number: usize, ids: &mut HashSet<String>) -> Result<AdBreak, String> {
    let stated = element.attribute("breakId").filter(|id| id.len() <= ID_MAX && !ids.contains(id));
    let id = stated.unwrap_or_else(|| {
        let numbers = (number + 1..).map(|number| format!("break-{number}"));
        numbers.into_iter().find(|name| !ids.contains(name)).unwrap_or_default()
    });
    let told = format!("the break `{}`", id.chars().take(40).collect::<String>());
    let types = element.attribute("breakType").unwrap_or_else(|| "linear".to_owned()).to_ascii_lowercase();
    let has = |name: &str| types.split(',').any(|kind| kind.trim() == name);
    let (linear, non_linear) = (has("linear"), has("nonlinear"));
    if !linear && !non_linear {
        return Err(format!("{told} is for displays alone, which are not shown"));
    }
    let found = element.attribute("timeOffset").unwrap_or_default();
    let offset = offset(&found).ok_or_else(|| {
        let found: String = found.chars().take(40).collect();
        format!("{told}: expected a `timeOffset` such as `start`, `end`, `00:10:00`, `50%` or `#1`, found `{found}`")
    })?;
    let source = element.child("AdSource").ok_or_else(|| format!("{told}: expected an `AdSource`"))?;
    let flag = |name| source.attribute(name).as_deref().and_then(boolean);
    let found = AdBreak {
        offset,
        repeat_after: element
            .attribute("repeatAfter")
            .and_then(|text| duration(&text))
            .filter(|time| !time.is_zero()),
        linear,
        non_linear,
        allows_pod: flag("allowMultipleAds"),
        follows: flag("followRedirects"),
        source: ads_of(source).ok_or_else(|| {
            format!(
                "{told}: expected `VASTAdData` with a VAST document, or `AdTagURI` with an http or https URL"
            )
        })?,
        tracking: tracking(element),
        id: id.clone(),
    };
    ids.insert(id);
    Ok(found)
}

/// The longest `breakId`, in bytes.
const ID_MAX: usize = 128;

fn offset(text: &str) -> Option<Offset> {
    match text {
        _ if text.eq_ignore_ascii_case("start") => Some(Offset::Start),
        _ if text.eq_ignore_ascii_case("end") => Some(Offset::End),
        _ => match text.strip_prefix('#') {
            Some(number) => number.parse().ok().filter(|number| *number > 0).map(Offset::Mark),
            None => match text::Offset::read(text)? {
                text::Offset::Time(time) => Some(Offset::Time(time)),
                text::Offset::Part(part) => Some(Offset::Share(part)),
            },
        },
    }
}

/// `VASTAdData` (in older documents `VASTData`), whose document some write as text, else `AdTagURI`. `CustomAdData` is of nobody but its ad server.
fn ads_of(source: Element<'_, '_>) -> Option<AdSource> {
    let data = source.child("VASTAdData").or_else(|| source.child("VASTData"));
    let vast = data.and_then(|data| data.child("VAST"));
    if let Some(vast) = vast {
        return Some(AdSource::Vast(vast.as_it_came().to_owned()));
    }
    let text = data.map(Element::text).filter(|text| text.trim_start().starts_with('<'));
    if let Some(text) = text {
        return Some(AdSource::Vast(text.trim().to_owned()));
    }
    source.child("AdTagURI").and_then(|tag| text::url(tag.text())).map(AdSource::Tag)
}

fn tracking(element: Element<'_, '_>) -> Vec<Tracking> {
    let all = element.children_named("TrackingEvents").flat_map(|events| events.children_named("Tracking"));
    let read = |found: Element<'_, '_>| {
        let name = found.attribute("event")?;
        let event = [TrackingEvent::BreakStart, TrackingEvent::BreakEnd, TrackingEvent::Error]
            .into_iter()
            .find(|event| event.name().eq_ignore_ascii_case(&name))?;
        Some(Tracking { event, offset: None, url: text::url(found.text())? })
    };
    all.filter_map(read).take(TRACKERS_MAX).collect()
}

/// The most URLs of a break.
const TRACKERS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn vmap(breaks: &str) -> Vmap {
        let text =
            format!("<vmap:VMAP xmlns:vmap='http://www.iab.net/vmap-1.0' version='1.0'>{breaks}</vmap:VMAP>");
        Vmap::read(text.as_bytes()).unwrap()
    }

    fn one(attributes: &str) -> Option<AdBreak> {
        let tag = "<vmap:AdSource><vmap:AdTagURI>https://a.example/</vmap:AdTagURI></vmap:AdSource>";
        vmap(&format!("<vmap:AdBreak {attributes}>{tag}</vmap:AdBreak>")).breaks.pop()
    }

    #[test]
    fn a_break_lies_at_a_time_a_part_or_a_mark() {
        for (text, expected) in [
            ("start", Some(Offset::Start)),
            ("end", Some(Offset::End)),
            ("00:10:23.125", Some(Offset::Time(Duration::from_millis(623_125)))),
            ("50%", Some(Offset::Share(50_000))),
            ("#2", Some(Offset::Mark(2))),
            ("#0", None),
            ("101%", None),
            ("soon", None),
            ("", None),
        ] {
            let found = one(&format!("timeOffset='{text}' breakType='linear'"));
            assert_eq!(found.map(|found| found.offset), expected, "{text}");
        }
    }

    #[test]
    fn breaks_of_displays_are_left_out() {
        assert!(one("timeOffset='start' breakType='display'").is_none());
        let both = one("timeOffset='start' breakType='linear,nonlinear' repeatAfter='00:05:00'").unwrap();
        assert!(both.linear && both.non_linear);
        assert_eq!(both.repeat_after, Some(Duration::from_secs(300)));
    }

    #[test]
    fn ids_are_made_unique() {
        let tag = "<AdSource><AdTagURI>https://a.example/</AdTagURI></AdSource>";
        let one = |id: &str| format!("<AdBreak timeOffset='start' {id}>{tag}</AdBreak>");
        let found = vmap(&[one("breakId='a'"), one("breakId='a'"), one("")].concat());
        let ids: Vec<_> = found.breaks.iter().map(|found| found.id.as_str()).collect();
        assert_eq!(ids, ["a", "break-2", "break-3"]);
    }

    #[test]
    fn a_vast_document_may_stand_in_it_as_text() {
        let found = vmap(
            "<AdBreak timeOffset='start'><AdSource><VASTAdData>\n<![CDATA[<VAST version='3.0'><Ad/></VAST>]]>\n</VASTAdData></AdSource></AdBreak>",
        );
        assert_eq!(found.breaks[0].source, AdSource::Vast("<VAST version='3.0'><Ad/></VAST>".to_owned()));
    }

    #[test]
    fn a_vast_document_stands_in_it() {
        let found = vmap(
            "<AdBreak timeOffset='start'><AdSource allowMultipleAds='true'><VASTAdData><VAST version='3.0'><Ad/></VAST>\
             </VASTAdData></AdSource><TrackingEvents><Tracking event='breakStart'> https://a.example/s </Tracking>\
             <Tracking event='other'>https://a.example/o</Tracking></TrackingEvents></AdBreak>",
        );
        let found = &found.breaks[0];
        assert_eq!(found.source, AdSource::Vast("<VAST version='3.0'><Ad/></VAST>".to_owned()));
        assert_eq!((found.allows_pod, found.tracking.len()), (Some(true), 1));
    }
}
