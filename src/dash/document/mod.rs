//! An XML document as a flat tree over its text ([XML 1.0]), read with `quick-xml`'s events.
//!
//! An element knows where it stands, and nothing is copied: what is not edited is written again byte for byte. Readers of
//! MPDs differ in what they forgive. So what is not well-formed is refused, and so is what some take for one thing and some
//! for another: document types and their entities, other encodings than UTF-8, markup within processing instructions.
//!
//! Namespaces are not resolved: players look at names alone, most of them without the prefix.
//!
//! [XML 1.0]: https://www.w3.org/TR/xml/

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// How deep elements may stand in one another. An MPD with a SCTE 35 signal takes nine.
const DEPTH_MAX: usize = 64;

/// How many elements there may be: 6 MB of an isolate's 128, and twice as much while the list grows.
const ELEMENTS_MAX: usize = 250_000;

/// How many attributes an element may have. A Representation of ISO/IEC 23009-1 has 37.
const ATTRIBUTES_MAX: usize = 128;

/// Why a text is no document that every reader would read alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, counted from 1.
    pub line: usize,
    /// What was expected, and what was found.
    pub why: String,
    /// It is something that makes readers read more than stands there: a document type, an entity, another encoding.
    pub is_forbidden: bool,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// A document.
#[derive(Debug)]
pub(super) struct Document<'a> {
    text: &'a str,
    /// In the order of their start tags.
    nodes: Vec<Node>,
}

/// An element. Offsets are those of the text.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// Where the start tag begins.
    start: u32,
    /// Where the start tag ends; of an empty element, all of it.
    tag_end: u32,
    /// Where the end tag begins.
    inner_end: u32,
    /// Where the element ends.
    end: u32,
    parent: u32,
    /// The next element that is not within this one.
    after: u32,
}

impl<'a> Document<'a> {
    /// Reads a document. Takes time and memory linear in its length.
    pub(super) fn read(text: &'a str) -> Result<Self, Malformed> {
        let mut document = Self { text, nodes: Vec::new() };
        match document.fill() {
            Ok(()) => Ok(document),
            Err(Found { at, why, is_forbidden }) => {
                Err(Malformed { line: line_of(text, at), why, is_forbidden })
            }
        }
    }

    pub(super) const fn text(&self) -> &'a str {
        self.text
    }

    /// The root element.
    pub(super) fn root(&self) -> Element<'_, 'a> {
        // Invariant: a document without a root is not read.
        Element { document: self, id: 0 }
    }

    fn fill(&mut self) -> Result<(), Found> {
        let bytes = self.text.as_bytes();
        let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
        if let Some(at) = bytes.iter().position(is_control) {
            return Err(Found::slip(at, "expected no control character, found one"));
        }
        let skipped = if self.text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut reader = Reader::from_str(self.text.get(skipped..).unwrap_or_default());
        reader.config_mut().check_comments = true;
        let mut open: Vec<u32> = Vec::new();
        let mut start = skipped;
        loop {
            let event = reader.read_event();
            let end = skipped + offset(reader.buffer_position());
            let event = event.map_err(|error| {
                let at = skipped + offset(reader.error_position());
                match error {
                    quick_xml::Error::Escape(_) => Found::forbidden(at, told(&error)),
                    _ => Found::slip(at, told(&error)),
                }
            })?;
            let is_inside = !open.is_empty();
            match event {
                Event::Start(tag) => {
                    let id =
                        self.add(start, end, open.last(), &tag).map_err(|why| Found { at: start, ..why })?;
                    open.push(id);
                    if open.len() > DEPTH_MAX {
                        return Err(Found::slip(
                            start,
                            format!("expected {DEPTH_MAX} elements in one another at most"),
                        ));
                    }
                }
                Event::Empty(tag) => {
                    self.add(start, end, open.last(), &tag).map_err(|why| Found { at: start, ..why })?;
                }
                Event::End(_) => {
                    let after = small(self.nodes.len());
                    let node = open.pop().and_then(|id| self.nodes.get_mut(id as usize));
                    // Invariant: quick-xml lets no end tag through that has no start tag.
                    let node = node.ok_or_else(|| Found::slip(start, "expected a start tag"))?;
                    (node.inner_end, node.end, node.after) = (small(start), small(end), after);
                }
                Event::Text(text) if !is_inside => {
                    if !text.trim_ascii().is_empty() {
                        return Err(Found::slip(start, "expected an element, found text"));
                    }
                }
                Event::CData(_) if !is_inside => {
                    return Err(Found::slip(start, "expected an element, found CDATA"));
                }
                Event::GeneralRef(_) if !is_inside => {
                    return Err(Found::slip(start, "expected an element, found a reference"));
                }
                Event::Text(_) | Event::CData(_) => {}
                Event::Comment(_) => {
                    // `<!-->` begins a comment for some readers, and is one for others.
                    if end - start < "<!---->".len() {
                        return Err(Found::slip(start, "expected a comment with an end of its own"));
                    }
                }
                Event::GeneralRef(_) => {
                    let reference = self.text.get(start..end).unwrap_or_default();
                    unescape(reference).map_err(|_| Found::forbidden(start, unknown_reference(reference)))?;
                }
                Event::Decl(declaration) => {
                    if start != skipped {
                        return Err(Found::slip(start, "expected the XML declaration in front of all"));
                    }
                    if !is_read_alike(&declaration) {
                        return Err(Found::slip(start, PSEUDO_ATTRIBUTES));
                    }
                    if let Some(encoding) = declaration.encoding() {
                        let encoding = encoding.map_err(|error| Found::slip(start, told(&error)))?;
                        let is_ascii = self.text.is_ascii() && is_ascii_superset(&encoding);
                        if !encoding.eq_ignore_ascii_case("utf-8") && !is_ascii {
                            return Err(Found::forbidden(
                                start,
                                format!("expected UTF-8, found `{}`", shortened(&encoding)),
                            ));
                        }
                    }
                }
                Event::PI(instruction) => {
                    if !is_read_alike(&instruction) {
                        return Err(Found::slip(start, PSEUDO_ATTRIBUTES));
                    }
                }
                Event::DocType(_) => {
                    return Err(Found::forbidden(start, "expected no document type declaration, found one"));
                }
                Event::Eof => break,
            }
            start = end;
        }
        if let Some(node) = open.last().and_then(|id| self.nodes.get(*id as usize)) {
            let name = self.text.get(node.start as usize..node.tag_end as usize).unwrap_or_default();
            let name = name_of(name);
            return Err(Found::slip(self.text.len(), format!("expected `</{name}>`, found the end")));
        }
        if self.nodes.is_empty() {
            return Err(Found::slip(self.text.len(), "expected an element, found none"));
        }
        Ok(())
    }

    fn add(
        &mut self,
        start: usize,
        end: usize,
        parent: Option<&u32>,
        tag: &BytesStart<'_>,
    ) -> Result<u32, Found> {
        if parent.is_none() && !self.nodes.is_empty() {
            return Err(Found::slip(start, "expected one root element, found a second"));
        }
        if self.nodes.len() == ELEMENTS_MAX {
            return Err(Found::slip(start, format!("expected {ELEMENTS_MAX} elements at most")));
        }
        let name = tag.name();
        if !is_name(name.as_ref()) {
            return Err(Found::slip(
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

/// An element of a document.
#[derive(Clone, Copy)]
pub(super) struct Element<'d, 'a> {
    document: &'d Document<'a>,
    id: usize,
}

impl<'d, 'a> Element<'d, 'a> {
    fn node(self) -> Node {
        // Invariant: ids are made from the length of the list, which only grows.
        const NONE: Node = Node { start: 0, tag_end: 0, inner_end: 0, end: 0, parent: 0, after: 0 };
        self.document.nodes.get(self.id).copied().unwrap_or(NONE)
    }

    pub(super) const fn document(self) -> &'d Document<'a> {
        self.document
    }

    /// A number by which it is known within its document, ascending in the order of start tags.
    pub(super) const fn id(self) -> usize {
        self.id
    }

    /// The name without its prefix.
    pub(super) fn name(self) -> &'a str {
        local(self.qualified_name())
    }

    /// The name as it stands.
    pub(super) fn qualified_name(self) -> &'a str {
        name_of(self.slice(self.tag()))
    }

    /// Whether it has the prefix of the root element, or none as that.
    pub(super) fn is_prefixed_as_root(self) -> bool {
        let prefix = |element: Self| element.qualified_name().split_once(':').map(|(prefix, _)| prefix);
        prefix(self) == prefix(self.document.root())
    }

    /// All of it, with its tags.
    pub(super) fn range(self) -> Range<usize> {
        let node = self.node();
        node.start as usize..node.end as usize
    }

    /// Its start tag; of an empty element, all of it.
    pub(super) fn tag(self) -> Range<usize> {
        let node = self.node();
        node.start as usize..node.tag_end as usize
    }

    /// What stands between its tags; `None`: it has one tag only, `<BaseURL/>`.
    pub(super) fn inner(self) -> Option<Range<usize>> {
        let node = self.node();
        (node.end > node.tag_end).then_some(node.tag_end as usize..node.inner_end as usize)
    }

    pub(super) fn parent(self) -> Option<Self> {
        (self.id > 0).then(|| Self { id: self.node().parent as usize, ..self })
    }

    pub(super) fn children(self) -> impl Iterator<Item = Self> + use<'d, 'a> {
        let end = self.node().after as usize;
        let mut next = self.id + 1;
        std::iter::from_fn(move || {
            let child = Self { id: next, ..self };
            (next < end).then(|| {
                next = child.node().after as usize;
                child
            })
        })
    }

    /// The children of a name.
    pub(super) fn children_named(self, name: &'static str) -> impl Iterator<Item = Self> + use<'d, 'a> {
        self.children().filter(move |child| child.name() == name)
    }

    pub(super) fn child(self, name: &'static str) -> Option<Self> {
        self.children_named(name).next()
    }

    /// Everything below it, in the order of start tags.
    pub(super) fn descendants(self) -> impl Iterator<Item = Self> + use<'d, 'a> {
        (self.id + 1..self.node().after as usize).map(move |id| Self { id, ..self })
    }

    pub(super) fn attributes(self) -> impl Iterator<Item = Attribute<'a>> {
        let tag = self.tag();
        let text = self.slice(tag.clone());
        let name_len = name_of(text).len();
        let content = text.get(1..text.len() - 1).unwrap_or_default();
        let content = content.strip_suffix('/').unwrap_or(content);
        let mut attributes = quick_attributes(content, name_len);
        std::iter::from_fn(move || {
            let (name, value) = attributes.next()?;
            let at = tag.start + (value.as_ptr() as usize - text.as_ptr() as usize);
            Some(Attribute { name, raw: value, at })
        })
    }

    /// The attribute of a qualified name.
    pub(super) fn attribute(self, name: &str) -> Option<Attribute<'a>> {
        self.attributes().find(|attribute| attribute.name == name)
    }

    /// The value of an attribute, with its references resolved.
    pub(super) fn value(self, name: &str) -> Option<Cow<'a, str>> {
        self.attribute(name).map(|attribute| attribute.value())
    }

    /// What gives it an attribute of a value that needs no references: a text, and the place where it goes.
    pub(super) fn with_attribute(self, name: &str, value: &str) -> (Range<usize>, String) {
        match self.attribute(name) {
            Some(attribute) => (attribute.range(), value.to_owned()),
            None => {
                let at = self.tag().start + 1 + self.qualified_name().len();
                (at..at, format!(" {name}=\"{value}\""))
            }
        }
    }

    /// The one text between its tags, with references resolved; `None`: there is more between them. Some readers take the
    /// last of several texts for all of it, some join them, and some resolve references in CDATA.
    pub(super) fn content(self) -> Option<Cow<'a, str>> {
        let Some(inner) = self.inner() else { return Some(Cow::Borrowed("")) };
        let inner = self.slice(inner);
        if !inner.contains('<') {
            // Invariant: references have been checked when the document was read.
            return Some(unescape(inner).unwrap_or(Cow::Borrowed(inner)));
        }
        let data = inner.trim().strip_prefix("<![CDATA[")?.strip_suffix("]]>")?;
        let is_one = !data.contains("]]>") && !may_hold_reference(data);
        is_one.then_some(Cow::Borrowed(data))
    }

    fn slice(self, range: Range<usize>) -> &'a str {
        self.document.text.get(range).unwrap_or_default()
    }
}

impl fmt::Debug for Element<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slice(self.tag()))
    }
}

/// An attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attribute<'a> {
    /// The name as it stands, with its prefix.
    pub(super) name: &'a str,
    /// The value as it stands, without its quotes.
    pub(super) raw: &'a str,
    /// Where the value begins in the text.
    pub(super) at: usize,
}

impl<'a> Attribute<'a> {
    /// The value with its references resolved.
    pub(super) fn value(&self) -> Cow<'a, str> {
        // Invariant: references have been checked when the document was read.
        unescape(self.raw).unwrap_or(Cow::Borrowed(self.raw))
    }

    /// Where the value stands, without its quotes.
    pub(super) const fn range(&self) -> Range<usize> {
        self.at..self.at + self.raw.len()
    }

    /// The name without its prefix.
    pub(super) fn local_name(&self) -> &'a str {
        local(self.name)
    }
}

/// Names and values out of a start tag that has been checked.
fn quick_attributes(content: &str, name_len: usize) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = content.get(name_len..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (name, behind) = rest.split_once('=')?;
        let behind = behind.trim_start();
        let quote = behind.chars().next()?;
        let (value, behind) = behind.get(1..)?.split_once(quote)?;
        rest = behind;
        Some((name.trim(), value))
    })
}

/// What makes a text no document, and where.
struct Found {
    at: usize,
    why: String,
    is_forbidden: bool,
}

impl Found {
    fn slip(at: usize, why: impl Into<String>) -> Self {
        Self { at, why: why.into(), is_forbidden: false }
    }

    fn forbidden(at: usize, why: impl Into<String>) -> Self {
        Self { is_forbidden: true, ..Self::slip(at, why) }
    }
}

/// Whether the attributes of a tag are ones that every reader finds, and finds the same.
fn check_attributes(tag: &BytesStart<'_>) -> Result<(), Found> {
    let raw = tag.attributes_raw();
    if raw.trim_ascii().is_empty() {
        return Ok(());
    }
    let mut names: Vec<&str> = Vec::new();
    let mut end = 0;
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| Found::slip(0, told(&error)))?;
        let Cow::Borrowed(value) = attribute.value else {
            return Err(Found::slip(0, "expected a value as it stands"));
        };
        let name = attribute.key.0;
        // Some readers skip other signs at its beginning.
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !is_name(name) || !name.is_ascii()
        {
            return Err(Found::slip(0, format!("expected an attribute's name, found `{}`", shortened(name))));
        }
        let from = |text: &str| (text.as_ptr() as usize).wrapping_sub(raw.as_ptr() as usize);
        if !raw.get(end..from(name)).is_some_and(|space| space.starts_with(|c: char| c.is_ascii_whitespace()))
        {
            return Err(Found::slip(0, format!("expected white space in front of `{name}`")));
        }
        if is_of_readers(name) {
            return Err(Found::slip(
                0,
                format!("expected no attribute `{name}`, which some readers take for their own"),
            ));
        }
        end = from(value) + value.len() + 1;
        // In order: of 128 names, each would be compared with each.
        let Err(place) = names.binary_search(&name) else {
            return Err(Found::slip(0, format!("expected one attribute `{name}`, found a second")));
        };
        if names.len() == ATTRIBUTES_MAX {
            return Err(Found::slip(0, format!("expected {ATTRIBUTES_MAX} attributes at most")));
        }
        names.insert(place, name);
        if value.contains('<') {
            return Err(Found::slip(0, format!("expected a value without `<`, found one in `{name}`")));
        }
        if let Some(at) = value.find('&') {
            unescape(value)
                .map_err(|_| Found::forbidden(0, unknown_reference(value.get(at..).unwrap_or_default())))?;
        }
    }
    Ok(())
}

/// Whether a text has what some readers may take for a reference.
fn may_hold_reference(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '#';
    text.split('&').skip(1).any(|behind| behind.trim_start_matches(is_part).starts_with(';'))
}

/// Whether a processing instruction is one that readers find the end of which take it for an element: a target, and names
/// with values in quotes.
fn is_read_alike(instruction: &str) -> bool {
    let target = instruction.find(|c: char| c.is_ascii_whitespace()).unwrap_or(instruction.len());
    let (target, mut rest) = instruction.split_at(target);
    let is_space = |c: char| c.is_ascii_whitespace();
    while let Some((name, behind)) = rest.split_once('=') {
        let (name, behind) = (name.strip_prefix(is_space).map(str::trim), behind.trim_start());
        let Some(quote) = behind.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else {
            return false;
        };
        let Some((_, behind)) = behind.get(1..).and_then(|value| value.split_once(quote)) else {
            return false;
        };
        if !name.is_some_and(|name| name.is_ascii() && is_name(name)) {
            return false;
        }
        rest = behind;
    }
    rest.trim().is_empty() && is_name(target) && !instruction.contains(['<', '>'])
}

const PSEUDO_ATTRIBUTES: &str =
    "expected nothing in a processing instruction but names with values in quotes, without markup";

fn unknown_reference(text: &str) -> String {
    let reference = text.split_inclusive(';').next().unwrap_or_default();
    format!(
        "expected `&amp;`, `&lt;`, `&gt;`, `&quot;`, `&apos;` or a character reference, found `{}`",
        shortened(reference)
    )
}

/// Whether a name is one under which a reader keeps what it knows of a node: dash.js has attributes beside that.
pub(super) fn is_of_readers(name: &str) -> bool {
    const TAKEN: [&str; 16] = [
        "nodeName",
        "nodeType",
        "nodeValue",
        "tagName",
        "localName",
        "namespaceURI",
        "prefix",
        "childNodes",
        "children",
        "attributes",
        "textContent",
        "innerHTML",
        "parentElement",
        "parentNode",
        "baseUri",
        "baseURI",
    ];
    TAKEN.contains(&name) || name.starts_with("__")
}

/// A name ([section 2.3](https://www.w3.org/TR/xml/#NT-Name)); of characters beyond ASCII, all are taken.
fn is_name(name: &str) -> bool {
    let is_start = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':' | 0x80..);
    let mut bytes = name.bytes();
    bytes.next().is_some_and(is_start)
        && bytes.all(|byte| is_start(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
}

/// Whether ASCII means the same in an encoding, and every reader knows that.
fn is_ascii_superset(encoding: &str) -> bool {
    ["us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252"]
        .iter()
        .any(|known| encoding.eq_ignore_ascii_case(known))
}

/// The qualified name in a tag.
fn name_of(tag: &str) -> &str {
    let tag = tag.strip_prefix('<').unwrap_or(tag);
    let is_end = |c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>');
    tag.get(..tag.find(is_end).unwrap_or(tag.len())).unwrap_or_default()
}

fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

/// What the reader has to say, which may quote all of the document.
fn told(error: &impl fmt::Display) -> String {
    error.to_string().chars().take(200).collect()
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The line in which an offset of a text lies, counted from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    memchr::memchr_iter(b'\n', before).count() + 1
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// An offset of a text, which is bounded far below this.
pub(super) fn small(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_know_where_they_stand() {
        let text = "\u{feff}<?xml version='1.0'?>\n<!-- <a/> --><m:MPD  x = 'a&amp;b' y=\">\"\n>t<A/><B>u<![CDATA[<v]]>&#x26;<!--w--></B ></m:MPD >\n";
        let document = Document::read(text).unwrap();
        let root = document.root();
        assert_eq!(
            (root.name(), root.qualified_name(), line_of(text, root.tag().start)),
            ("MPD", "m:MPD", 2)
        );
        let attributes: Vec<_> = root.attributes().map(|a| (a.name, a.value(), &text[a.range()])).collect();
        assert_eq!(attributes, [("x", "a&b".into(), "a&amp;b"), ("y", ">".into(), ">")]);
        let children: Vec<_> = root.children().collect();
        let [a, b] = children[..] else { panic!("{children:?}") };
        assert_eq!((&text[a.range()], a.inner(), a.content()), ("<A/>", None, Some("".into())));
        assert_eq!((b.content(), &text[b.inner().unwrap()]), (None, "u<![CDATA[<v]]>&#x26;<!--w-->"));
        assert_eq!((b.parent().unwrap().id(), root.content()), (0, None));
        assert_eq!(root.descendants().count(), 2);
        assert!(text[root.range()].starts_with("<m:MPD") && text[root.range()].ends_with("</m:MPD >"));
    }

    #[test]
    fn one_text_is_read_alike() {
        for (inner, expected) in [
            ("", Some("")),
            (" a&amp;&#98; ", Some(" a&b ")),
            ("<![CDATA[a&b;]]>", None),
            ("\n<![CDATA[a?b&c]]> ", Some("a?b&c")),
            ("<![CDATA[a]]>b", None),
            ("<![CDATA[a]]><![CDATA[b]]>", None),
            ("a<!-- -->b", None),
            ("<b/>", None),
        ] {
            let text = format!("<a>{inner}</a>");
            let document = Document::read(&text).unwrap();
            assert_eq!(document.root().content().as_deref(), expected, "{inner}");
        }
    }

    #[test]
    fn what_readers_may_read_differently_is_refused() {
        let deep = "<a>".repeat(DEPTH_MAX + 1);
        let wide = (0..=ATTRIBUTES_MAX).map(|n| format!(" a{n}='x'")).collect::<String>();
        for (text, expected) in [
            ("", "expected an element, found none"),
            ("<a>", "expected `</a>`, found the end"),
            ("<a><b></a>", "line 1: "),
            ("</a>", "line 1: "),
            ("<a/><b/>", "expected one root element"),
            ("x<a/>", "found text"),
            ("<a/>\n\n&amp;", "line 3: expected an element, found a reference"),
            ("<a/><![CDATA[x]]>", "found CDATA"),
            ("<!DOCTYPE a><a/>", "no document type"),
            ("<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>", "no document type"),
            ("<a>&e;</a>", "found `&e;`"),
            ("<a b='&e;'/>", "found `&e;`"),
            ("<a b='&'/>", "expected `&amp;`"),
            ("<a>&</a>", "line 1: "),
            ("<a b='<'/>", "without `<`"),
            ("<a b='1' b='2'/>", "found a second"),
            ("<a b='1'c='2'/>", "white space in front of `c`"),
            ("<a b=1/>", "line 1: "),
            ("<a b/>", "line 1: "),
            ("<a \"b\"='1'/>", "line 1: "),
            ("<a/b>", "line 1: "),
            ("<1/>", "expected an element's name"),
            ("<a 1='x'/>", "expected an attribute's name"),
            ("<!--><a/>-->", "line 1: "),
            ("<!-- -- --><a/>", "line 1: "),
            ("<?x <a/> ?><a/>", "without markup"),
            ("<?x y?><a/>", "names with values in quotes"),
            ("<?x y=z?><a/>", "names with values in quotes"),
            ("<?x y='z' w?><a/>", "names with values in quotes"),
            ("<?xml version='1.0' x?><a/>", "line 1: "),
            ("<a nodeName='x'/>", "some readers take for their own"),
            ("<a _media='x'/>", "expected an attribute's name"),
            ("<a :media='x'/>", "expected an attribute's name"),
            ("<a émedia='x'/>", "expected an attribute's name"),
            ("<a mediaé='x'/>", "expected an attribute's name"),
            (" <?xml version='1.0'?><a/>", "in front of all"),
            ("<?xml version='1.0' encoding='UTF-16'?><a/>", "expected UTF-8, found `UTF-16`"),
            ("<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>", "expected UTF-8"),
            ("<a>\u{0}</a>", "control character"),
            (&deep, "64 elements in one another"),
            (&format!("<a{wide}/>"), "128 attributes at most"),
        ] {
            let error = Document::read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let long = format!("<a><b></{}></a>", "b".repeat(1_000));
        assert!(Document::read(&long).unwrap_err().why.len() < 250);
        for text in [
            "<?xml version='1.0' encoding='iso-8859-1'?><a>e</a>",
            "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<?pi?><?x y=\"z\" w = ''?><a\tb='1'\r\nc='é'/>\n<!-- -->",
        ] {
            assert!(Document::read(text).is_ok(), "{text}");
        }
    }
}
