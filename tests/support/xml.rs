//! A small, independent XML reader for tests.

use std::collections::BTreeMap;

/// An element, without comments and without the prefix of its name. Attribute names keep their prefixes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) children: Vec<Element>,
    /// The text directly inside it, trimmed.
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn named<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// The element and everything below it.
    pub(crate) fn walk(&self, visit: &mut impl FnMut(&Self)) {
        visit(self);
        for child in &self.children {
            child.walk(visit);
        }
    }
}

/// Reads a well-formed document; `None` if it is cut off.
pub(crate) fn read(text: &str) -> Option<Element> {
    // The first element represents the document.
    let mut open = vec![Element::default()];
    let mut rest = text.trim_start_matches('\u{feff}');
    while let Some(at) = rest.find('<') {
        open.last_mut()?.text += &unescaped(&rest[..at]);
        rest = &rest[at..];
        let end = ["<!--", "<![CDATA[", "<?"].iter().position(|start| rest.starts_with(start));
        if let Some(kind) = end {
            let end = ["-->", "]]>", "?>"][kind];
            let (inner, behind) = rest.split_once(end)?;
            if kind == 1 {
                open.last_mut()?.text += &inner["<![CDATA[".len()..];
            }
            rest = behind;
            continue;
        }
        let tag = tag(rest)?;
        rest = &rest[tag.len()..];
        let inner = &tag[1..tag.len() - 1];
        if inner.starts_with('/') {
            close(&mut open)?;
            continue;
        }
        open.push(start(inner.strip_suffix('/').unwrap_or(inner)));
        if inner.ends_with('/') {
            close(&mut open)?;
        }
    }
    let document = open.pop().filter(|_| open.is_empty())?;
    document.children.into_iter().next()
}

fn close(open: &mut Vec<Element>) -> Option<()> {
    let mut element = open.pop()?;
    element.text = element.text.trim().to_owned();
    open.last_mut()?.children.push(element);
    Some(())
}

/// From `<` to the next `>` outside of quotes.
fn tag(text: &str) -> Option<&str> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return text.get(..=at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

fn start(inner: &str) -> Element {
    let (name, mut rest) = inner.split_at(inner.find(char::is_whitespace).unwrap_or(inner.len()));
    let name = name.rsplit(':').next().unwrap_or_default().to_owned();
    let mut attributes = BTreeMap::new();
    while let Some((name, behind)) = rest.split_once('=') {
        let behind = behind.trim_start();
        let Some((value, behind)) = behind.chars().next().and_then(|quote| behind[1..].split_once(quote))
        else {
            break;
        };
        attributes.insert(name.trim().to_owned(), unescaped(value));
        rest = behind;
    }
    Element { name, attributes, ..Element::default() }
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut found = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, behind) = part.split_once(';').unwrap_or((part, ""));
        let number = name.strip_prefix("#x").map(|digits| u32::from_str_radix(digits, 16));
        let number = number.or_else(|| name.strip_prefix('#').map(str::parse));
        let sign = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => number.and_then(Result::ok).and_then(char::from_u32),
        };
        found.extend(sign);
        found += behind;
    }
    found
}
