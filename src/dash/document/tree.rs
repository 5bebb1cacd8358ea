//! A document, its elements and their attributes.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use quick_xml::escape::unescape;

use super::alike::may_hold_reference;
use super::malformed::{Flaw, Malformed, line_of};
use super::read::{self, Node, split_name};
use crate::manifest::Span;

/// A document.
#[derive(Debug)]
pub(in crate::dash) struct Document<'a> {
    text: &'a str,
    /// In the order of their start tags.
    nodes: Vec<Node>,
}

impl<'a> Document<'a> {
    /// Reads a document. Takes time and memory linear in its length.
    pub(in crate::dash) fn read(text: &'a str) -> Result<Self, Malformed> {
        match read::nodes(text) {
            Ok(nodes) => Ok(Self { text, nodes }),
            Err(Flaw { at, why, is_forbidden }) => {
                Err(Malformed { line: line_of(text, at), why, is_forbidden })
            }
        }
    }

    pub(in crate::dash) const fn text(&self) -> &'a str {
        self.text
    }

    /// The start of the white space before an offset; the offset itself if there is none.
    pub(in crate::dash) fn without_space_before(&self, at: usize) -> usize {
        let front = Span::whole(self.text).cut(0..at);
        front.map_or(at, |front| front.text().trim_ascii_end().len())
    }

    /// The root element.
    pub(in crate::dash) fn root(&self) -> Element<'_, 'a> {
        // Invariant: a document without a root element is refused.
        Element { document: self, id: 0 }
    }
}

/// An element of a document.
#[derive(Clone, Copy)]
pub(in crate::dash) struct Element<'d, 'a> {
    document: &'d Document<'a>,
    id: usize,
}

impl<'d, 'a> Element<'d, 'a> {
    fn node(self) -> Node {
        // Invariant: ids are made from the length of the list, which only grows.
        const NONE: Node = Node { start: 0, tag_end: 0, inner_end: 0, end: 0, parent: 0, after: 0 };
        self.document.nodes.get(self.id).copied().unwrap_or(NONE)
    }

    pub(in crate::dash) const fn document(self) -> &'d Document<'a> {
        self.document
    }

    /// Its number in the document, ascending in the order of start tags.
    pub(in crate::dash) const fn id(self) -> usize {
        self.id
    }

    /// The name without its prefix.
    pub(in crate::dash) fn name(self) -> &'a str {
        local(self.qualified_name())
    }

    /// The name as it stands.
    pub(in crate::dash) fn qualified_name(self) -> &'a str {
        split_name(self.tag_text()).0
    }

    /// The prefix of the name with its colon; empty if it has none.
    pub(in crate::dash) fn prefix(self) -> &'a str {
        let name = self.qualified_name();
        name.strip_suffix(local(name)).unwrap_or_default()
    }

    /// Whether it has the same prefix as the root element, or like it none.
    pub(in crate::dash) fn is_prefixed_as_root(self) -> bool {
        self.prefix() == self.document.root().prefix()
    }

    /// All of it, with its tags.
    pub(in crate::dash) fn range(self) -> Range<usize> {
        let node = self.node();
        node.start as usize..node.end as usize
    }

    /// The white space in front of it.
    pub(in crate::dash) fn space_in_front(self) -> &'a str {
        let at = self.range().start;
        self.slice(self.document.without_space_before(at)..at)
    }

    /// Its start tag; of an empty element, all of it.
    pub(in crate::dash) fn tag(self) -> Range<usize> {
        let node = self.node();
        node.start as usize..node.tag_end as usize
    }

    /// The range between its tags; `None`: an empty element such as `<BaseURL/>`.
    pub(in crate::dash) fn inner(self) -> Option<Range<usize>> {
        let node = self.node();
        (node.end > node.tag_end).then_some(node.tag_end as usize..node.inner_end as usize)
    }

    pub(in crate::dash) fn parent(self) -> Option<Self> {
        (self.id > 0).then(|| Self { id: self.node().parent as usize, ..self })
    }

    pub(in crate::dash) fn children(self) -> impl Iterator<Item = Self> + use<'d, 'a> {
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
    pub(in crate::dash) fn children_named(
        self,
        name: &'static str,
    ) -> impl Iterator<Item = Self> + use<'d, 'a> {
        self.children().filter(move |child| child.name() == name)
    }

    pub(in crate::dash) fn child(self, name: &'static str) -> Option<Self> {
        self.children_named(name).next()
    }

    /// Everything below it, in the order of start tags.
    pub(in crate::dash) fn descendants(self) -> impl Iterator<Item = Self> + use<'d, 'a> {
        (self.id + 1..self.node().after as usize).map(move |id| Self { id, ..self })
    }

    pub(in crate::dash) fn attributes(self) -> impl Iterator<Item = Attribute<'a>> {
        let tag = self.tag();
        let text = self.slice(tag.clone());
        let content = text.strip_suffix('>').unwrap_or(text);
        let content = content.strip_suffix('/').unwrap_or(content);
        let mut attributes = quick_attributes(split_name(content).1);
        std::iter::from_fn(move || {
            let (name, raw, quote) = attributes.next()?;
            let at = |part: &str| tag.start + (part.as_ptr() as usize - text.as_ptr() as usize);
            Some(Attribute { name, name_at: at(name), raw, at: at(raw), quote })
        })
    }

    /// An attribute with its name, its quotes, and the white space in front of it.
    pub(in crate::dash) fn extent(self, attribute: &Attribute<'_>) -> Range<usize> {
        let start = self.document.without_space_before(attribute.name_at);
        start..attribute.range().end + attribute.quote.len_utf8()
    }

    /// The attribute of a qualified name.
    pub(in crate::dash) fn attribute(self, name: &str) -> Option<Attribute<'a>> {
        self.attributes().find(|attribute| attribute.name == name)
    }

    /// The value of an attribute, with its references resolved.
    pub(in crate::dash) fn value(self, name: &str) -> Option<Cow<'a, str>> {
        self.attribute(name).map(|attribute| attribute.value())
    }

    /// The change that sets an attribute to a value without references: a range, and its replacement.
    pub(in crate::dash) fn with_attribute(self, name: &str, value: &str) -> (Range<usize>, String) {
        match self.attribute(name) {
            Some(attribute) => (attribute.range(), value.to_owned()),
            None => {
                let at = self.tag().start + 1 + self.qualified_name().len();
                (at..at, format!(" {name}=\"{value}\""))
            }
        }
    }

    /// Its text content, with references resolved; `None`: it contains more than one text. Parsers differ on several
    /// texts: some take the last, some join them, and some resolve references in CDATA.
    pub(in crate::dash) fn content(self) -> Option<Cow<'a, str>> {
        let Some(inner) = self.inner_text() else { return Some(Cow::Borrowed("")) };
        if !inner.contains('<') {
            return Some(resolved(inner));
        }
        let data = inner.trim().strip_prefix("<![CDATA[")?.strip_suffix("]]>")?;
        let is_one = !data.contains("]]>") && !may_hold_reference(data);
        is_one.then_some(Cow::Borrowed(data))
    }

    /// All of it, with its tags.
    pub(in crate::dash) fn span(self) -> Span<'a, str> {
        self.part(self.range())
    }

    /// The text of all of it, with its tags.
    pub(in crate::dash) fn text(self) -> &'a str {
        self.slice(self.range())
    }

    /// The text of its start tag; of an empty element, of all of it.
    pub(in crate::dash) fn tag_text(self) -> &'a str {
        self.slice(self.tag())
    }

    /// The text between its tags.
    pub(in crate::dash) fn inner_text(self) -> Option<&'a str> {
        self.inner().map(|inner| self.slice(inner))
    }

    fn slice(self, range: Range<usize>) -> &'a str {
        self.part(range).text()
    }

    fn part(self, range: Range<usize>) -> Span<'a, str> {
        let whole = Span::whole(self.document.text);
        // Invariant: an element begins and ends where events do, and those were cut from the text when it was read.
        whole.cut(range).unwrap_or(whole)
    }
}

impl fmt::Debug for Element<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag_text())
    }
}

/// An attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dash) struct Attribute<'a> {
    /// The name, with its prefix.
    pub(in crate::dash) name: &'a str,
    /// The raw value, without its quotes.
    pub(in crate::dash) raw: &'a str,
    /// Where the value begins in the text.
    pub(in crate::dash) at: usize,
    /// Where the name begins in the text.
    pub(in crate::dash) name_at: usize,
    /// The quote around the value.
    pub(in crate::dash) quote: char,
}

impl<'a> Attribute<'a> {
    /// The value with its references resolved.
    pub(in crate::dash) fn value(&self) -> Cow<'a, str> {
        resolved(self.raw)
    }

    /// The range of the value, without its quotes.
    pub(in crate::dash) const fn range(&self) -> Range<usize> {
        self.at..self.at + self.raw.len()
    }

    /// Whether it makes its element a remote one: `xlink:href`, with any prefix.
    pub(in crate::dash) fn is_remote(&self) -> bool {
        self.name != "href" && self.local_name() == "href"
    }

    /// The name without its prefix.
    pub(in crate::dash) fn local_name(&self) -> &'a str {
        local(self.name)
    }
}

/// The names, values and quotes of the attributes in a checked start tag.
fn quick_attributes(attributes: &str) -> impl Iterator<Item = (&str, &str, char)> {
    let mut rest = attributes;
    std::iter::from_fn(move || {
        let (name, behind) = rest.split_once('=')?;
        let behind = behind.trim_start();
        let quote = behind.chars().next()?;
        let (value, behind) = behind.get(1..)?.split_once(quote)?;
        rest = behind;
        Some((name.trim(), value, quote))
    })
}

fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

/// A raw text of a document, with references resolved.
pub(in crate::dash) fn resolved(raw: &str) -> Cow<'_, str> {
    // Invariant: references have been checked when the document was read.
    unescape(raw).unwrap_or(Cow::Borrowed(raw))
}
