//! Reads a text with `quick-xml`'s events.

use std::ops::Range;

use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::alike::{
    PSEUDO_ATTRIBUTES, check_attributes, is_ascii_superset, is_name, is_read_alike, unknown_reference,
};
use super::malformed::{Flaw, reader_message, shortened};
use crate::manifest::Span;

/// The greatest depth of elements. An MPD with a SCTE 35 signal has nine levels.
pub(super) const DEPTH_MAX: usize = 64;

/// The most elements: they take 6 MB of an isolate's 128, and twice that while the list grows.
const ELEMENTS_MAX: usize = 250_000;

/// An element. Offsets are in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// Where the start tag begins.
    pub(super) start: u32,
    /// Where the start tag ends; of an empty element, all of it.
    pub(super) tag_end: u32,
    /// Where the end tag begins.
    pub(super) inner_end: u32,
    /// Where the element ends.
    pub(super) end: u32,
    pub(super) parent: u32,
    /// The next element that is not within this one.
    pub(super) after: u32,
}

/// The elements of a text, in the order of their start tags. Takes time and memory linear in its length.
pub(super) fn nodes(text: &str) -> Result<Vec<Node>, Flaw> {
    let mut reading = Reading { text, nodes: Vec::new() };
    reading.fill()?;
    Ok(reading.nodes)
}

/// A text, and the elements found so far.
struct Reading<'a> {
    text: &'a str,
    nodes: Vec<Node>,
}

impl<'a> Reading<'a> {
    fn fill(&mut self) -> Result<(), Flaw> {
        let bytes = self.text.as_bytes();
        let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
        if let Some(at) = bytes.iter().position(is_control) {
            return Err(Flaw::slip(at, "expected no control character, found one"));
        }
        let behind_mark = self.text.strip_prefix('\u{feff}').unwrap_or(self.text);
        let skipped = self.text.len() - behind_mark.len();
        let mut reader = Reader::from_str(behind_mark);
        reader.config_mut().check_comments = true;
        let mut open: Vec<u32> = Vec::new();
        let mut start = skipped;
        loop {
            let event = reader.read_event();
            let end = skipped + offset(reader.buffer_position());
            let event = event.map_err(|error| {
                let at = skipped + offset(reader.error_position());
                match error {
                    quick_xml::Error::Escape(_) => Flaw::forbidden(at, reader_message(&error)),
                    _ => Flaw::slip(at, reader_message(&error)),
                }
            })?;
            // Elements begin and end where events do, so no range of theirs needs another check.
            let part = self.cut(start..end)?;
            let is_inside = !open.is_empty();
            match event {
                Event::Start(tag) => {
                    let id =
                        self.add(start, end, open.last(), &tag).map_err(|why| Flaw { at: start, ..why })?;
                    open.push(id);
                    if open.len() > DEPTH_MAX {
                        return Err(Flaw::slip(
                            start,
                            format!("expected {DEPTH_MAX} elements in one another at most"),
                        ));
                    }
                }
                Event::Empty(tag) => {
                    self.add(start, end, open.last(), &tag).map_err(|why| Flaw { at: start, ..why })?;
                }
                Event::End(_) => {
                    let after = small(self.nodes.len());
                    let node = open.pop().and_then(|id| self.nodes.get_mut(id as usize));
                    // Invariant: quick-xml reports no end tag without a start tag.
                    let node = node.ok_or_else(|| Flaw::slip(start, "expected a start tag"))?;
                    (node.inner_end, node.end, node.after) = (small(start), small(end), after);
                }
                Event::Text(text) if !is_inside => {
                    if !text.trim_ascii().is_empty() {
                        return Err(Flaw::slip(start, "expected an element, found text"));
                    }
                }
                Event::CData(_) if !is_inside => {
                    return Err(Flaw::slip(start, "expected an element, found CDATA"));
                }
                Event::GeneralRef(_) if !is_inside => {
                    return Err(Flaw::slip(start, "expected an element, found a reference"));
                }
                Event::Text(_) | Event::CData(_) => {}
                Event::Comment(_) => {
                    // `<!-->` opens a comment for some parsers, and is a whole comment for others.
                    if end - start < "<!---->".len() {
                        return Err(Flaw::slip(start, "expected a comment with an end of its own"));
                    }
                }
                Event::GeneralRef(_) => {
                    unescape(part).map_err(|_| Flaw::forbidden(start, unknown_reference(part)))?;
                }
                Event::Decl(declaration) => {
                    if start != skipped {
                        return Err(Flaw::slip(start, "expected the XML declaration in front of all"));
                    }
                    if !is_read_alike(&declaration) {
                        return Err(Flaw::slip(start, PSEUDO_ATTRIBUTES));
                    }
                    if let Some(encoding) = declaration.encoding() {
                        let encoding = encoding.map_err(|error| Flaw::slip(start, reader_message(&error)))?;
                        let is_ascii = self.text.is_ascii() && is_ascii_superset(&encoding);
                        if !encoding.eq_ignore_ascii_case("utf-8") && !is_ascii {
                            return Err(Flaw::forbidden(
                                start,
                                format!("expected UTF-8, found `{}`", shortened(&encoding)),
                            ));
                        }
                    }
                }
                Event::PI(instruction) => {
                    if !is_read_alike(&instruction) {
                        return Err(Flaw::slip(start, PSEUDO_ATTRIBUTES));
                    }
                }
                Event::DocType(_) => {
                    return Err(Flaw::forbidden(start, "expected no document type declaration, found one"));
                }
                Event::Eof => break,
            }
            start = end;
        }
        if let Some(node) = open.last().and_then(|id| self.nodes.get(*id as usize)) {
            let (name, _) = split_name(self.cut(node.start as usize..node.tag_end as usize)?);
            return Err(Flaw::slip(self.text.len(), format!("expected `</{name}>`, found the end")));
        }
        if self.nodes.is_empty() {
            return Err(Flaw::slip(self.text.len(), "expected an element, found none"));
        }
        Ok(())
    }

    /// A part of the text. Every offset from the XML reader is checked here, once.
    fn cut(&self, range: Range<usize>) -> Result<&'a str, Flaw> {
        let part = Span::whole(self.text).cut(range).map_err(|error| Flaw::misplaced(&error))?;
        Ok(part.text())
    }

    fn add(
        &mut self,
        start: usize,
        end: usize,
        parent: Option<&u32>,
        tag: &BytesStart<'_>,
    ) -> Result<u32, Flaw> {
        if parent.is_none() && !self.nodes.is_empty() {
            return Err(Flaw::slip(start, "expected one root element, found a second"));
        }
        if self.nodes.len() == ELEMENTS_MAX {
            return Err(Flaw::slip(start, format!("expected {ELEMENTS_MAX} elements at most")));
        }
        let name = tag.name();
        if !is_name(name.as_ref()) {
            return Err(Flaw::slip(
                start,
                format!("expected an element's name, found `{}`", shortened(name.as_ref())),
            ));
        }
        check_attributes(tag)?;
        let id = small(self.nodes.len());
        let (start, end) = (small(start), small(end));
        let node =
            Node { start, tag_end: end, inner_end: end, end, parent: *parent.unwrap_or(&id), after: id + 1 };
        self.nodes.push(node);
        Ok(id)
    }
}

/// The qualified name in a start tag, and the rest.
pub(super) fn split_name(tag: &str) -> (&str, &str) {
    let tag = tag.strip_prefix('<').unwrap_or(tag);
    let is_end = |c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>');
    tag.split_at(tag.find(is_end).unwrap_or(tag.len()))
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// An offset of a text; texts are far shorter than 4 GiB.
pub(in crate::dash) fn small(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
