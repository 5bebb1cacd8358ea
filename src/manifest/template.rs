//! A manifest compiled once, and rendered for each viewer by copying.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem;

use super::Span;
use crate::ads::Opening;
use crate::shelf::{Weigh, allocation};

/// The most bytes that are written for one manifest with a token of this length: a quarter of an isolate's memory. A
/// token and variables in each URI can multiply the length of a manifest.
pub(crate) const MOST_WRITTEN: usize = 32 * 1024 * 1024;
pub(crate) const TOKEN_BYTES: usize = 100;

/// The bytes of a manifest, with holes for the viewer's own values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    bytes: Vec<u8>,
    /// The offsets of the session's token in `bytes`, ascending.
    holes: Vec<usize>,
    /// The offsets of other holes, behind the token at the same offset. There are few of them.
    others: Vec<(usize, Hole)>,
    /// The entity tag.
    tag: String,
    /// The breaks that it announces, in order, where they are decided ahead.
    breaks: Box<[Opening]>,
}

/// A hole for a value of the viewer's own, apart from the session's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Hole {
    /// The query behind a path, as XML text: `?a=1&amp;b=2`, or nothing where it is empty.
    Query,
    /// The same behind a parameter: `&amp;a=1&amp;b=2`, or nothing.
    Parameters,
}

/// The values of one viewer for the holes of a template.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    /// The session's token.
    pub token: &'a str,
    /// The query of the manifest's URL, unchanged except for parameters that may hold a token.
    pub query: &'a str,
}

impl<'a> From<&'a str> for Own<'a> {
    /// For a viewer whose URL has a session's token and no other query.
    fn from(token: &'a str) -> Self {
        Self { token, query: "" }
    }
}

impl Template {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), ..Self::default() }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn push_hole(&mut self) {
        self.holes.push(self.bytes.len());
    }

    pub(crate) fn push_other(&mut self, hole: Hole) {
        self.others.push((self.bytes.len(), hole));
    }

    /// Computes the entity tag, and frees unused memory.
    pub(crate) fn finished(mut self) -> Self {
        let mut hash = DefaultHasher::new();
        hash.write(&self.bytes);
        // The offsets of the holes count: the same bytes around other holes are another manifest.
        self.holes.iter().for_each(|hole| hash.write_u64(*hole as u64));
        self.others.iter().for_each(|(at, hole)| (*at as u64, hole).hash(&mut hash));
        self.tag = format!("\"{:016x}-{:x}\"", hash.finish(), self.bytes.len());
        self.bytes.shrink_to_fit();
        self.holes.shrink_to_fit();
        self.others.shrink_to_fit();
        self
    }

    /// An entity tag ([RFC 9110 section 8.8.3]) for the reply to one URL: the URL contains all values for the holes.
    ///
    /// It is a 64-bit SipHash and the length: nobody gains from a collision in a playlist of their own session, and
    /// SHA-256 took a fifth of the time of a long playlist. The hash may differ between builds, which costs a player
    /// one full reply.
    ///
    /// [RFC 9110 section 8.8.3]: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The same, with the breaks that it announces.
    pub(crate) fn with_breaks(self, breaks: Vec<Opening>) -> Self {
        Self { breaks: breaks.into(), ..self }
    }

    /// The breaks that it announces, in order. Empty where no break is decided ahead.
    pub fn breaks(&self) -> &[Opening] {
        &self.breaks
    }

    /// Whether all viewers get the same bytes.
    pub const fn is_shared(&self) -> bool {
        self.holes.is_empty() && self.others.is_empty()
    }

    /// Whether it has a hole for the viewer's query.
    pub const fn takes_query(&self) -> bool {
        !self.others.is_empty()
    }

    /// The length with a token of this length, in bytes, without a query.
    pub(crate) const fn size_rendered(&self, token_bytes: usize) -> usize {
        self.bytes.len() + self.holes.len() * token_bytes
    }

    /// The bytes, and the offsets of the session's token in them.
    pub(crate) fn parts(&self) -> (&[u8], &[usize]) {
        (&self.bytes, &self.holes)
    }

    /// Whether a text stands in it.
    pub(crate) fn holds(&self, text: &str) -> bool {
        memchr::memmem::find(&self.bytes, text.as_bytes()).is_some()
    }

    /// The memory that it takes, in bytes.
    pub fn size_bytes(&self) -> usize {
        self.heap_bytes()
    }

    /// A viewer's copy.
    pub fn render<'o>(&self, own: impl Into<Own<'o>>) -> Cow<'_, [u8]> {
        if self.is_shared() {
            return Cow::Borrowed(&self.bytes);
        }
        let own = own.into();
        let mut copy = Writing {
            rest: Span::whole(&*self.bytes),
            to: Vec::with_capacity(self.size_rendered(own.token.len()) + self.others.len() * own.query.len()),
        };
        let mut holes = self.holes.as_slice();
        for (at, other) in &self.others {
            let (before, behind) = holes.split_at(holes.partition_point(|hole| hole <= at));
            copy.with_token(before, own.token);
            copy.up_to(*at);
            other.fill(own.query, &mut copy.to);
            holes = behind;
        }
        copy.with_token(holes, own.token);
        copy.up_to(self.bytes.len());
        Cow::Owned(copy.to)
    }
}

/// A copy in progress.
struct Writing<'t> {
    /// The bytes that are not copied yet.
    rest: Span<'t>,
    to: Vec<u8>,
}

impl Writing<'_> {
    fn up_to(&mut self, end: usize) {
        // Invariant: holes are only made at the end of the bytes, so their offsets ascend and fit. Any other offset would
        // copy all the rest, and lose nothing.
        let part = self.rest.take_to(end);
        let part = part.unwrap_or_else(|_| mem::replace(&mut self.rest, Span::whole(&[])));
        self.to.extend_from_slice(part.text());
    }

    fn with_token(&mut self, holes: &[usize], token: &str) {
        for hole in holes {
            self.up_to(*hole);
            self.to.extend_from_slice(token.as_bytes());
        }
    }
}

impl Hole {
    fn fill(self, query: &str, to: &mut Vec<u8>) {
        if query.is_empty() {
            return;
        }
        let mark: &[u8] = match self {
            Self::Query => b"?",
            Self::Parameters => b"&amp;",
        };
        to.extend_from_slice(mark);
        for byte in query.bytes() {
            match byte {
                b'&' => to.extend_from_slice(b"&amp;"),
                b'<' => to.extend_from_slice(b"&lt;"),
                _ => to.push(byte),
            }
        }
    }
}

impl Weigh for Template {
    fn heap_bytes(&self) -> usize {
        let others = allocation(self.others.capacity() * size_of::<(usize, Hole)>());
        let breaks = self.breaks.heap_bytes();
        self.bytes.heap_bytes() + self.holes.heap_bytes() + others + self.tag.heap_bytes() + breaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_where_they_are() {
        let mut template = Template::with_capacity(0);
        template.push_hole();
        template.push(b"a ");
        template.push_hole();
        template.push(b"b ");
        template.push_hole();
        assert_eq!(&*template.render("/~s/"), b"/~s/a /~s/b /~s/");
        assert!(!template.is_shared());
    }

    #[test]
    fn the_query_is_put_in_among_the_tokens() {
        let mut template = Template::with_capacity(0);
        template.push(b"/~");
        template.push_hole();
        template.push(b"/a");
        template.push_other(Hole::Query);
        template.push(b" /a?s=");
        template.push_hole();
        template.push_other(Hole::Parameters);
        assert!(template.takes_query() && !template.is_shared());
        let rendered = |query| {
            let own = Own { token: "S", query };
            String::from_utf8(template.render(own).into_owned()).unwrap()
        };
        assert_eq!(rendered(""), "/~S/a /a?s=S");
        assert_eq!(rendered("b=1&c=<"), "/~S/a?b=1&amp;c=&lt; /a?s=S&amp;b=1&amp;c=&lt;");
    }

    #[test]
    fn the_same_bytes_around_other_holes_have_another_tag() {
        let template = |before: &str, behind: &str| {
            let mut template = Template::with_capacity(0);
            template.push(before.as_bytes());
            template.push_hole();
            template.push(behind.as_bytes());
            template.finished()
        };
        assert_eq!(template("ab", "c").tag(), template("ab", "c").tag());
        assert_ne!(template("ab", "c").tag(), template("a", "bc").tag());
    }
}
