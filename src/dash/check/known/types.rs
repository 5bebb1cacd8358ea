//! What is known of an element, and how the table says it.

/// An element that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// The specification and its clause.
    pub clause: &'static str,
    /// Its attributes: those that several elements have, and its own.
    attributes: [&'static [Attribute]; 2],
    /// What may stand in it, in its order: what several elements have, and its own.
    children: [&'static [Child]; 2],
}

/// An attribute that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Type,
    /// Whether every such element has to have it.
    pub required: bool,
}

/// An element in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its name.
    pub name: &'static str,
    /// Whether there may be several.
    pub repeats: bool,
}

/// The type of an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Anything.
    Text,
    /// A URI that players fetch, or a template of such.
    Uri,
    /// A URI that is a name.
    Name,
    /// A text without white space.
    Token,
    /// Texts with white space between them.
    Tokens,
    /// An integer that is not negative, of 32 bits.
    Integer,
    /// An integer that is not negative, of 64 bits.
    Long,
    /// An integer.
    Signed,
    /// Integers with white space between them.
    Integers,
    /// The id of an AdaptationSet or an Event: an integer, for which many write a text.
    Id,
    /// A number: `1.5`, `INF`.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `true`, `false`, or an integer, as it was in earlier editions.
    Alignment,
    /// A duration: `PT1.5S`.
    Duration,
    /// A date and a time.
    Date,
    /// One of these words, for ever.
    Words(&'static [&'static str]),
    /// Two integers: `16:9`.
    Ratio,
    /// `25` or `30000/1001`.
    FrameRate,
    /// One rate, or the lowest and the highest one.
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

    /// What may stand in it, in its order.
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
