//! The definition of an element, and the functions by which the table writes one.

/// A known element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// The specification and its clause.
    pub clause: &'static str,
    /// The attributes: a group that several elements share, and its own.
    attributes: [&'static [Attribute]; 2],
    /// The children, in order: a group that several elements share, and its own.
    children: [&'static [Child]; 2],
}

/// A known attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Type,
    /// Whether it is required.
    pub required: bool,
}

/// A known child of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its name.
    pub name: &'static str,
    /// Whether it may repeat.
    pub repeats: bool,
}

/// The type of an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Anything.
    Text,
    /// A URI that players fetch, or a template for such URIs.
    Uri,
    /// A URI that identifies something and is not fetched.
    Name,
    /// A text without white space.
    Token,
    /// Texts with white space between them.
    Tokens,
    /// An unsigned integer of 32 bits.
    Integer,
    /// An unsigned integer of 64 bits.
    Long,
    /// An integer.
    Signed,
    /// Integers with white space between them.
    Integers,
    /// The id of an AdaptationSet or an Event: an integer, although many packagers write text.
    Id,
    /// A number: `1.5`, `INF`.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `true`, `false`, or an integer, as in earlier editions.
    Alignment,
    /// A duration: `PT1.5S`.
    Duration,
    /// A date and a time.
    Date,
    /// One of these words; the list is closed.
    Words(&'static [&'static str]),
    /// Two integers: `16:9`.
    Ratio,
    /// `25` or `30000/1001`.
    FrameRate,
    /// One rate, or the lowest and the highest rate.
    Rates,
    /// A tag of BCP 47.
    Language,
    /// Bytes: `0-499`.
    Range,
    /// 0 to 6.
    AccessPoint,
}

impl Known {
    /// Its attributes.
    pub fn attributes(&self) -> impl Iterator<Item = &'static Attribute> {
        let [shared, own] = self.attributes;
        shared.iter().chain(own)
    }

    /// Its children, in order.
    pub fn children(&self) -> impl Iterator<Item = &'static Child> {
        let [shared, own] = self.children;
        shared.iter().chain(own)
    }

    pub(super) const fn with(mut self, attributes: &'static [Attribute], children: &'static [Child]) -> Self {
        (self.attributes[0], self.children[0]) = (attributes, children);
        self
    }
}

pub(super) const fn may(name: &'static str, kind: Type) -> Attribute {
    Attribute { name, kind, required: false }
}

pub(super) const fn must(name: &'static str, kind: Type) -> Attribute {
    Attribute { name, kind, required: true }
}

pub(super) const fn one(name: &'static str) -> Child {
    Child { name, repeats: false }
}

pub(super) const fn many(name: &'static str) -> Child {
    Child { name, repeats: true }
}

pub(super) const fn element(
    name: &'static str,
    clause: &'static str,
    attributes: &'static [Attribute],
    children: &'static [Child],
) -> Known {
    Known { name, clause, attributes: [&[], attributes], children: [&[], children] }
}
