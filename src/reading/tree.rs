//! JSON as a tree that keeps the order of members, and members that occur twice.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Number;

use super::quote::Quoted;
use super::syntax::Malformed;

/// How deep the arrays and objects of a document may nest. Its own object counts.
pub const DEEPEST: usize = 32;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Self>),
    /// An object. A name may occur twice.
    Members(Vec<(String, Self)>),
    /// An array or object below too many others. Its contents are not kept.
    TooDeep,
}

impl Tree {
    /// Parses one JSON value and nothing behind it.
    pub fn parse(json: &[u8]) -> Result<Self, Malformed> {
        let mut parser = serde_json::Deserializer::from_slice(json);
        Level(0)
            .deserialize(&mut parser)
            .and_then(|tree| parser.end().map(|()| tree))
            .map_err(|error| Malformed::new(json, &error))
    }

    /// The value of a member; of a name that occurs twice, the first value.
    pub fn member(&self, name: &str) -> Option<&Self> {
        let Self::Members(members) = self else { return None };
        members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The value of a member, for changing it.
    pub fn member_mut(&mut self, name: &str) -> Option<&mut Self> {
        let Self::Members(members) = self else { return None };
        members.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Takes the members of a name out of an object, and returns the value of the first of them.
    pub fn take(&mut self, name: &str) -> Option<Self> {
        let Self::Members(members) = self else { return None };
        let mut taken = None;
        members.retain_mut(|(known, value)| {
            let keep = known != name;
            if !keep && taken.is_none() {
                taken = Some(std::mem::replace(value, Self::Null));
            }
            keep
        });
        taken
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What was found, for a message: short values themselves, and of others their type.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => Quoted(text).fmt(f),
            Self::List(_) => f.write_str("an array"),
            Self::Members(_) => f.write_str("an object"),
            Self::TooDeep => f.write_str("too many levels"),
        }
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null | Self::TooDeep => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Members(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// A value within this many arrays and objects.
struct Level(usize);

impl Level {
    /// The level below, unless it is too deep. A document may stand in the reply that the API gave, hence one level more.
    const fn below(&self) -> Option<Self> {
        if self.0 <= DEEPEST + 1 { Some(Self(self.0 + 1)) } else { None }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Tree, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Tree, E> {
        Number::from_f64(value).map(Tree::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        if self.below().is_none() {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Tree::TooDeep);
        }
        while let Some(item) = items.next_element_seed(Self(self.0 + 1))? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut members = Vec::new();
        if self.below().is_none() {
            while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Tree::TooDeep);
        }
        while let Some(name) = entries.next_key()? {
            members.push((name, entries.next_value_seed(Self(self.0 + 1))?));
        }
        Ok(Tree::Members(members))
    }
}
