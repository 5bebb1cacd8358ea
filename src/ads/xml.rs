//! XML of ad servers as a flat tree over its text ([XML 1.0]), read with `quick-xml`'s events.
//!
//! Strangers write it, so it has limits: [`LONGEST`] bytes, `ELEMENTS_MAX` elements, `DEPTH_MAX` levels and `ATTRIBUTES_MAX`
//! attributes of an element. A document type declaration is refused, so there are no entities but the five of XML and characters by
//! number; a reference stands for one character, and no text grows. Only UTF-8 is read. Reading takes time and memory linear in the
//! length of the text.
//!
//! Namespaces are not resolved, because ad servers declare wrong ones: elements are known by their local names. Names are
//! compared without regard to case, since `Inline` and `adID` are common.
//!
//! [XML 1.0]: https://www.w3.org/TR/xml/

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// The longest document, in bytes. A pod of 20 ads with three wrappers' trackers has about 200 KiB.
pub const LONGEST: usize = 512 * 1024;

/// The most elements. They take about 100 bytes each, so 2 MB.
pub(super) const ELEMENTS_MAX: usize = 20_000;

/// The greatest depth of elements. A VAST document within a VMAP document has 14 levels.
pub(super) const DEPTH_MAX: usize = 32;

/// The most attributes of an element. `MediaFile` of VAST 4.3 has 16.
pub(super) const ATTRIBUTES_MAX: usize = 48;

/// Why a text is not a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: {why}")]
pub struct Malformed {
    /// The offset in the text.
    pub at: usize,
    /// What was expected, and what was found.
    pub why: String,
}

impl Malformed {
    fn new(at: usize, why: impl Into<String>) -> Self {
        Self { at, why: why.into() }
    }
}

/// A document.
#[derive(Debug)]
pub(in crate::ads) struct Tree<'a> {
    text: &'a str,
    /// In the order of their start tags.
    nodes: Vec<Node<'a>>,
}

#[derive(Debug)]
struct Node<'a> {
    tag: BytesStart<'a>,
    /// The texts directly within it, one behind the other.
    text: Cow<'a, str>,
    /// All of it, with its tags.
    range: Range<usize>,
    /// The next element that is not within this one.
    after: usize,
}

/// An element of a document.
#[derive(Clone, Copy, Debug)]
pub(in crate::ads) struct Element<'t, 'a> {
    node: &'t Node<'a>,
    tree: &'t Tree<'a>,
    id: usize,
}

impl<'a> Tree<'a> {
    /// Reads a document.
    pub(in crate::ads) fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() > LONGEST {
            return Err(Malformed::new(LONGEST, format!("expected {LONGEST} bytes at most")));
        }
        let text = str::from_utf8(bytes)
            .map_err(|error| Malformed::new(error.valid_up_to(), "expected UTF-8, found another encoding"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut tree = Self { text, nodes: Vec::new() };
        tree.fill()?;
        if tree.nodes.is_empty() {
            return Err(Malformed::new(text.len(), "expected an element, found none"));
        }
        Ok(tree)
    }

    /// The root element.
    pub(in crate::ads) fn root(&self) -> Option<Element<'_, 'a>> {
        self.element(0)
    }

    fn element(&self, id: usize) -> Option<Element<'_, 'a>> {
        self.nodes.get(id).map(|node| Element { node, tree: self, id })
    }

    fn fill(&mut self) -> Result<(), Malformed> {
        let mut reader = Reader::from_str(self.text);
        let mut open: Vec<usize> = Vec::new();
        let mut start = 0;
        loop {
            let event = reader.read_event();
            let end = offset(reader.buffer_position());
            let event =
                event.map_err(|error| Malformed::new(offset(reader.error_position()), shortened(&error)))?;
            match event {
                Event::Start(tag) => {
                    if open.len() == DEPTH_MAX {
                        let why = format!("expected {DEPTH_MAX} elements in one another at most");
                        return Err(Malformed::new(start, why));
                    }
                    let id = self.add(tag, start..end, open.is_empty())?;
                    open.push(id);
                }
                Event::Empty(tag) => {
                    self.add(tag, start..end, open.is_empty())?;
                }
                Event::End(_) => {
                    let after = self.nodes.len();
                    // Invariant: quick-xml reports no end tag without a start tag.
                    if let Some(node) = open.pop().and_then(|id| self.nodes.get_mut(id)) {
                        (node.range.end, node.after) = (end, after);
                    }
                }
                Event::Text(text) => self.say(open.last(), text.into_inner(), start)?,
                Event::CData(text) => self.say(open.last(), text.into_inner(), start)?,
                Event::GeneralRef(reference) => {
                    let known = format!("&{};", reference.into_inner());
                    let character = unescape(&known).map_err(|_| {
                        let why =
                            format!("expected a reference of XML itself, found `{}`", shortened(&known));
                        Malformed::new(start, why)
                    })?;
                    self.say(open.last(), Cow::Owned(character.into_owned()), start)?;
                }
                Event::Decl(declaration) => {
                    let encoding = declaration.encoding().transpose();
                    let encoding = encoding.map_err(|error| Malformed::new(start, shortened(&error)))?;
                    let is_utf8 = |name: &str| {
                        name.eq_ignore_ascii_case("utf-8")
                            || name.eq_ignore_ascii_case("utf8")
                            || self.text.is_ascii()
                    };
                    if let Some(name) = encoding.filter(|name| !is_utf8(name)) {
                        let why = format!("expected UTF-8, found `{}`", shortened(&name));
                        return Err(Malformed::new(start, why));
                    }
                }
                Event::DocType(_) => {
                    return Err(Malformed::new(start, "expected no document type declaration, found one"));
                }
                Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
            start = end;
        }
        match open.last().and_then(|id| self.nodes.get(*id)) {
            Some(node) => {
                let name = shortened(&node.tag.name().0);
                Err(Malformed::new(self.text.len(), format!("expected `</{name}>`, found the end")))
            }
            None => Ok(()),
        }
    }

    fn add(&mut self, tag: BytesStart<'a>, range: Range<usize>, is_root: bool) -> Result<usize, Malformed> {
        let at = range.start;
        if is_root && !self.nodes.is_empty() {
            return Err(Malformed::new(at, "expected one root element, found a second"));
        }
        if self.nodes.len() == ELEMENTS_MAX {
            return Err(Malformed::new(at, format!("expected {ELEMENTS_MAX} elements at most")));
        }
        // Each attribute is compared with those in front of it, and there are few.
        for (number, attribute) in tag.attributes().enumerate() {
            if number == ATTRIBUTES_MAX {
                return Err(Malformed::new(at, format!("expected {ATTRIBUTES_MAX} attributes at most")));
            }
            let attribute = attribute.map_err(|error| Malformed::new(at, shortened(&error)))?;
            unescape(&attribute.value).map_err(|error| Malformed::new(at, shortened(&error)))?;
        }
        let id = self.nodes.len();
        self.nodes.push(Node { tag, text: Cow::Borrowed(""), range, after: id + 1 });
        Ok(id)
    }

    /// Adds a text to the element that is open.
    fn say(&mut self, open: Option<&usize>, text: Cow<'a, str>, at: usize) -> Result<(), Malformed> {
        match open.and_then(|id| self.nodes.get_mut(*id)) {
            Some(node) if node.text.is_empty() => node.text = text,
            Some(node) => node.text.to_mut().push_str(&text),
            None if text.trim_ascii().is_empty() => {}
            None => return Err(Malformed::new(at, "expected an element, found text")),
        }
        Ok(())
    }
}

impl<'t, 'a> Element<'t, 'a> {
    /// The name without its prefix.
    fn name(self) -> &'t str {
        self.node.tag.local_name().into_inner()
    }

    /// Whether it has this name.
    pub(in crate::ads) fn is(self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// The name, shortened, for a message.
    pub(in crate::ads) fn shown_name(self) -> String {
        shortened(&self.name())
    }

    /// Its own text, without white space around it.
    pub(in crate::ads) fn text(self) -> &'t str {
        self.node.text.trim()
    }

    /// Its own text, if it has any.
    pub(in crate::ads) fn some_text(self) -> Option<String> {
        Some(self.text()).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// All of it as it came, with its tags.
    pub(in crate::ads) fn as_it_came(self) -> &'a str {
        self.tree.text.get(self.node.range.clone()).unwrap_or_default()
    }

    /// The value of an attribute, without white space around it; `None` if it is empty.
    pub(in crate::ads) fn attribute(self, name: &str) -> Option<String> {
        let mut attributes = self.node.tag.attributes();
        let found = attributes
            .with_checks(false)
            .flatten()
            .find(|attribute| attribute.key.local_name().into_inner().eq_ignore_ascii_case(name))?;
        let value = unescape(&found.value).ok()?;
        Some(value.trim()).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// The elements directly within it.
    pub(in crate::ads) fn children(self) -> impl Iterator<Item = Element<'t, 'a>> {
        let mut next = self.id + 1;
        std::iter::from_fn(move || {
            let child = self.tree.element(next).filter(|_| next < self.node.after)?;
            next = child.node.after;
            Some(child)
        })
    }

    /// The elements of a name directly within it.
    pub(in crate::ads) fn children_named(self, name: &'static str) -> impl Iterator<Item = Element<'t, 'a>> {
        self.children().filter(move |child| child.is(name))
    }

    /// The first element of a name directly within it.
    pub(in crate::ads) fn child(self, name: &'static str) -> Option<Element<'t, 'a>> {
        self.children_named(name).next()
    }
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// A text of a stranger, shortened for a message.
fn shortened(text: &impl ToString) -> String {
    text.to_string().chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        Tree::read(text.as_bytes()).unwrap_err().why
    }

    #[test]
    fn texts_and_references_are_joined() {
        let text = "\u{feff}<?xml version='1.0' encoding=\"utf-8\"?>\n<!-- x --><v:A xmlns:v='u' B='1&amp;2'> a&#x62;<![CDATA[c&d]]><C/>e </v:A>";
        let tree = Tree::read(text.as_bytes()).unwrap();
        let root = tree.root().unwrap();
        assert!(root.is("a"));
        assert_eq!((root.text(), root.attribute("b").as_deref()), ("abc&de", Some("1&2")));
        assert_eq!(root.child("C").unwrap().as_it_came(), "<C/>");
    }

    #[test]
    fn hostile_texts_are_refused() {
        for (text, expected) in [
            ("", "expected an element, found none"),
            ("<a/><b/>", "second"),
            ("text", "expected an element, found text"),
            ("<a>", "expected `</a>`"),
            ("<a></b>", "expected"),
            ("<a b='1' b='2'/>", "duplicate"),
            ("<a>&lol;</a>", "reference of XML itself"),
            ("<a b='&lol;'/>", "lol"),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "no document type declaration"),
            ("<!DOCTYPE a SYSTEM 'http://evil.example/x.dtd'><a/>", "no document type declaration"),
            ("<?xml version='1.0' encoding='utf-16'?><a>\u{e9}</a>", "expected UTF-8"),
        ] {
            assert!(why(text).contains(expected), "{text}: {}", why(text));
        }
        assert!(Tree::read(b"<a>\xff</a>").unwrap_err().why.contains("UTF-8"));
        assert!(why(&"<a>".repeat(DEPTH_MAX + 1)).contains("in one another"));
        assert!(why(&format!("<a>{}</a>", "<b/>".repeat(ELEMENTS_MAX))).contains("elements at most"));
        let attributes: String = (0..=ATTRIBUTES_MAX).map(|number| format!(" a{number}='1'")).collect();
        assert!(why(&format!("<a{attributes}/>")).contains("attributes at most"));
        assert!(why(&" ".repeat(LONGEST + 1)).contains("bytes at most"));
        assert!(why(&format!("<a>&{};</a>", "x".repeat(10_000))).len() < 250);
    }
}
