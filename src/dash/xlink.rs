//! Remote parts of an MPD: `xlink:href` (ISO/IEC 23009-1 section 5.5).
//!
//! ```text
//! <Period xlink:href="urn:mpeg:dash:resolve-to-zero:2013"/>       is removed
//! <Period xlink:href="ads/1.xml" xlink:actuate="onLoad">…</Period>  is replaced by the fetched part, or else by its content
//! ```
//!
//! Parts within the title are inserted before any edit, so that their URIs are signed, the limits apply to them, and
//! players have nothing more to fetch. Remote parts within a part are not fetched; they remain, and the MPD is refused.
//! A part on another host is a URI like any other.

use std::ops::Range;

use url::Url;

use super::change::{Changes, Edited};
use super::document::{Attribute, Document, Element, utf8};
use super::edits::Edits;
use super::error::CompileError;
use crate::manifest::{Misplaced, below};
use crate::resource::ResourcePath;

/// The most parts that are fetched for one MPD.
const PARTS_MAX: usize = 16;

/// The bytes that an MPD and its parts may have together: all of them are in memory at once, together with the result.
#[derive(Debug)]
pub struct Room {
    most: usize,
    taken: usize,
}

impl Room {
    /// The room that an MPD leaves for its parts, out of a total.
    pub const fn beside(mpd: &[u8], most: usize) -> Self {
        Self { most, taken: mpd.len() }
    }

    /// The most bytes of the next part.
    pub const fn left(&self) -> usize {
        self.most.saturating_sub(self.taken)
    }

    /// Counts a part, which is no longer than the room that is left.
    pub const fn take(&mut self, part: &[u8]) {
        self.taken = self.taken.saturating_add(part.len());
    }
}

/// The URI of an empty part.
const TO_ZERO: &str = "urn:mpeg:dash:resolve-to-zero:2013";

/// The URLs of the remote parts within the title, in document order. `url` is the MPD's own URL, `folder` the title's.
pub fn remote_parts(mpd: &[u8], url: &Url, folder: &Url) -> Vec<Url> {
    let Some(document) = document(mpd) else { return Vec::new() };
    parts(&document, url, folder).map(|(_, url)| url).collect()
}

/// Inserts the parts of an MPD, in the order of [`remote_parts`]; `None`: a part that could not be fetched. A missing
/// or invalid part is replaced by the content of its element.
///
/// Takes memory of about three times the bytes of all of them.
pub fn with_remote_parts(mpd: &[u8], url: &Url, folder: &Url, fetched: Vec<Option<Vec<u8>>>) -> Vec<u8> {
    let Some(document) = document(mpd) else { return mpd.to_vec() };
    let mut changes = Changes::default();
    for ((element, _), fetched) in parts(&document, url, folder).zip(fetched) {
        match fetched.and_then(|part| read_part(part, element.name())) {
            Some(part) => changes.replace(element.range(), part),
            None if element.children().next().is_none() => changes.remove(element.range()),
            None => links(element).for_each(|link| changes.remove(link)),
        }
    }
    match Edited::new(document.text()).apply(changes) {
        Ok(edited) => edited.text.into_owned().into_bytes(),
        // Its links remain, so signing refuses it.
        Err(Misplaced { .. }) => mpd.to_vec(),
    }
}

/// Removes elements that stand for an empty part.
pub(super) fn leave_out(document: &Document<'_>, _: &Edits<'_>) -> Result<Changes, CompileError> {
    let mut changes = Changes::default();
    for element in linked(document.root()) {
        if href(element).is_some_and(|href| href.value().trim() == TO_ZERO) {
            changes.remove(element.range());
        }
    }
    Ok(changes)
}

/// Whether an MPD may have empty parts.
pub(super) fn stands_for_nothing(mpd: &str) -> bool {
    mpd.contains(TO_ZERO)
}

/// Reads an MPD that may have remote parts.
fn document(mpd: &[u8]) -> Option<Document<'_>> {
    memchr::memmem::find(mpd, b":href")?;
    Document::read(utf8(mpd).ok()?).ok()
}

fn parts<'d, 'a>(
    document: &'d Document<'a>,
    url: &Url,
    folder: &Url,
) -> impl Iterator<Item = (Element<'d, 'a>, Url)> {
    let mut end = 0;
    let parts = linked(document.root()).into_iter().filter_map(move |element| {
        // The content of a remote element counts only if the part cannot be fetched.
        let is_outer = element.range().start >= end;
        let href = href(element).filter(|_| is_outer)?;
        let part = url.join(href.value().trim()).ok()?;
        // A path that some readers resolve to outside the title is not within the title.
        ResourcePath::parse(below(folder, &part)?.split('?').next()?).ok()?;
        end = element.range().end;
        Some((element, part))
    });
    parts.take(PARTS_MAX).collect::<Vec<_>>().into_iter()
}

/// The remote elements. The content of events is not part of the MPD.
fn linked<'d, 'a>(root: Element<'d, 'a>) -> Vec<Element<'d, 'a>> {
    let mut passed = 0;
    root.descendants()
        .filter(|element| {
            if element.range().start < passed {
                return false;
            }
            let is_opaque =
                matches!(element.name(), "Event" | "ContentProtection" | "ProgramInformation" | "Metrics");
            if is_opaque {
                passed = element.range().end;
            }
            !is_opaque && href(*element).is_some()
        })
        .collect()
}

fn href<'a>(element: Element<'_, 'a>) -> Option<Attribute<'a>> {
    element.attributes().find(Attribute::is_remote)
}

/// The ranges of the XLink attributes of an element, each with the white space in front of it.
fn links(element: Element<'_, '_>) -> impl Iterator<Item = Range<usize>> {
    let prefix = href(element).and_then(|href| href.name.split_once(':')).map(|(prefix, _)| prefix);
    element.attributes().filter_map(move |attribute| {
        let (found, _) = attribute.name.split_once(':')?;
        (Some(found) == prefix).then(|| element.extent(&attribute))
    })
}

/// The elements with which a part replaces an element of this name: one or more elements of the same name.
fn read_part(part: Vec<u8>, name: &str) -> Option<String> {
    const OPEN: &str = "<parts>";
    const CLOSE: &str = "</parts>";
    let wrapped = {
        let part = utf8(&part).ok()?.trim_start_matches('\u{feff}').trim();
        let part = match part.strip_prefix("<?xml") {
            Some(declared) => declared.split_once("?>")?.1,
            None => part,
        };
        [OPEN, part.trim(), CLOSE].concat()
    };
    drop(part);
    let document = Document::read(&wrapped).ok()?;
    let root = document.root();
    let is_alike = root.children().all(|child| child.name() == name) && root.children().next().is_some();
    if !is_alike || !linked(root).is_empty() {
        return None;
    }
    drop(document);
    let mut part = wrapped;
    part.truncate(part.len() - CLOSE.len());
    part.drain(..OPEN.len());
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Caps;
    use crate::dash::compile;

    fn resolved(mpd: &str, fetched: &[Option<&str>]) -> (Vec<String>, String) {
        let url = Url::parse("https://media.example/vod/h/dash/x.mpd").unwrap();
        let folder = Url::parse("https://media.example/vod/h/").unwrap();
        let wanted = remote_parts(mpd.as_bytes(), &url, &folder);
        let fetched: Vec<_> = fetched.iter().map(|part| part.map(|part| part.as_bytes().to_vec())).collect();
        let found = with_remote_parts(mpd.as_bytes(), &url, &folder, fetched);
        (wanted.into_iter().map(String::from).collect(), String::from_utf8(found).unwrap())
    }

    #[test]
    fn parts_are_put_in() {
        let mpd = concat!(
            "<MPD xmlns:x=\"http://www.w3.org/1999/xlink\"><Period id=\"1\"/>\n",
            "<Period x:href=\"../ads/1.xml?a=1&amp;b=2\" x:actuate=\"onLoad\"><Period x:href=\"no.xml\"/></Period>\n",
            "<Period><EventStream x:href=\"https://media.example/vod/h/e.xml\"/><AdaptationSet x:href=\"https://ads.example/a\"/></Period></MPD>"
        );
        let periods = "<?xml version=\"1.0\"?>\n<Period id=\"a\"><BaseURL>a/</BaseURL></Period><!-- c --><Period id=\"b\"/>\n";
        let (wanted, found) = resolved(mpd, &[Some(periods), Some("\u{feff}<EventStream/>")]);
        assert_eq!(
            wanted,
            ["https://media.example/vod/h/ads/1.xml?a=1&b=2", "https://media.example/vod/h/e.xml"]
        );
        assert_eq!(
            found,
            concat!(
                "<MPD xmlns:x=\"http://www.w3.org/1999/xlink\"><Period id=\"1\"/>\n",
                "<Period id=\"a\"><BaseURL>a/</BaseURL></Period><!-- c --><Period id=\"b\"/>\n",
                "<Period><EventStream/><AdaptationSet x:href=\"https://ads.example/a\"/></Period></MPD>"
            )
        );
    }

    #[test]
    fn a_missing_or_invalid_part_is_replaced_by_the_content_of_its_element() {
        let mpd = |inner: &str| format!("<MPD>{inner}</MPD>");
        let full = mpd("<Period  x:href='a.xml'\n x:actuate=\"onLoad\" id='1' ><AdaptationSet/></Period>");
        let left = mpd("<Period id='1' ><AdaptationSet/></Period>");
        for part in [
            None,
            Some(""),
            Some("<Period>"),
            Some("<AdaptationSet/>"),
            Some("<Period/><AdaptationSet/>"),
            Some("<Period><EventStream x:href='b.xml'/></Period>"),
            Some("<!DOCTYPE a><Period/>"),
            Some("</parts><Period/><parts>"),
            Some("not found"),
        ] {
            assert_eq!(resolved(&full, &[part]).1, left, "{part:?}");
            assert_eq!(resolved(&mpd("<Period x:href='a.xml'/>a"), &[part]).1, mpd("a"), "{part:?}");
        }
    }

    #[test]
    fn the_number_of_parts_is_limited() {
        let many = "<Period x:href='a.xml'/>".repeat(PARTS_MAX + 1);
        let (wanted, found) = resolved(&format!("<MPD>{many}</MPD>"), &vec![Some("<Period/>"); PARTS_MAX]);
        assert_eq!((wanted.len(), found.matches("<Period/>").count()), (PARTS_MAX, PARTS_MAX));
        assert_eq!(found.matches("href").count(), 1);
        let nothing = "<MPD href='x'><Period><EventStream><Event x:href='a'><x y:href='b'/></Event></EventStream></Period></MPD>";
        assert_eq!(resolved(nothing, &[]), (Vec::new(), nothing.to_owned()));
        assert_eq!(resolved("<MPD x:href='a'", &[]).1, "<MPD x:href='a'");
    }

    #[test]
    fn an_mpd_and_its_parts_have_one_room() {
        let mut room = Room::beside(b"<MPD/>", 20);
        assert_eq!(room.left(), 14);
        room.take(b"<Period/>");
        assert_eq!(room.left(), 5);
        room.take(b"<Period/>");
        assert_eq!(room.left(), 0);
        assert_eq!(Room::beside(b"<MPD/>", 3).left(), 0);
    }

    #[test]
    fn empty_parts_are_removed() {
        let caps = Caps::default();
        let of = |mpd: &str| {
            let template = compile(mpd.as_bytes(), None, &Edits::within(&caps)).unwrap();
            String::from_utf8(template.render("").into_owned()).unwrap()
        };
        let mpd =
            "<MPD><Period x:href='urn:mpeg:dash:resolve-to-zero:2013'><x/></Period><Period id='1'/></MPD>";
        assert_eq!(of(mpd), "<MPD><Period id='1'/></MPD>");
    }
}
