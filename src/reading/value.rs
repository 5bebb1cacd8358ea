//! Reads the types of documents out of a tree.

use std::cell::RefCell;
use std::collections::HashSet;
use std::slice;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::{Error, OneOf, Place, REPEATED, in_plain_words, no_such_member};
use super::field::{FieldError, MOST_ERRORS};
use super::tree::{DEEPEST, Tree};

impl Tree {
    /// Reads a document. The errors are in the order of the document; there may be some beside a document that can be read,
    /// because a type ignores members that it does not know.
    pub fn read<D: DeserializeOwned>(&self) -> (Option<D>, Vec<FieldError>) {
        let notes = Notes(RefCell::default());
        let place = Place::ROOT;
        let read = D::deserialize(Value::new(self, &place, &notes));
        let document = read.map_err(|error| notes.push(|| error.at(&place).into_field())).ok();
        (document, notes.0.into_inner())
    }
}

/// The errors beside which reading goes on.
struct Notes(RefCell<Vec<FieldError>>);

impl Notes {
    fn push(&self, error: impl FnOnce() -> FieldError) {
        // Beyond the limit, an error is not even made: a stranger may send a hundred thousand of them.
        if self.0.borrow().len() < MOST_ERRORS {
            self.0.borrow_mut().push(error());
        }
    }
}

/// A value at its place.
#[derive(Clone, Copy)]
struct Value<'de, 'p> {
    tree: &'de Tree,
    place: &'p Place<'p>,
    /// The members of the object around it, if its type says them.
    siblings: &'static [&'static str],
    notes: &'p Notes,
}

impl<'de, 'p> Value<'de, 'p> {
    const fn new(tree: &'de Tree, place: &'p Place<'p>, notes: &'p Notes) -> Self {
        Self { tree, place, siblings: &[], notes }
    }

    /// An error at this value.
    fn refused(&self, expected: &str) -> Error {
        Error::new(format!("expected {expected}, found {}", self.tree)).at(self.place)
    }

    /// Refuses an array or object that is too deep.
    fn within_depth(&self) -> Result<(), Error> {
        match self.tree {
            Tree::List(_) | Tree::Members(_) if self.place.depth < DEEPEST => Ok(()),
            Tree::List(_) | Tree::Members(_) | Tree::TooDeep => {
                Err(Error::new(format!("expected {DEEPEST} levels of nesting at most")).at(self.place))
            }
            _ => Ok(()),
        }
    }

    fn items(&self, items: &'de [Tree]) -> Items<'de, 'p> {
        Items { items: items.iter().enumerate(), array: *self }
    }

    fn members(&self, members: &'de [(String, Tree)], known: &'static [&'static str]) -> Members<'de, 'p> {
        Members { entries: members.iter(), current: None, seen: HashSet::new(), known, object: *self }
    }
}

impl<'de> Deserializer<'de> for Value<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.within_depth()?;
        let read = match self.tree {
            Tree::Null | Tree::TooDeep => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (None, Some(number), _) => visitor.visit_i64(number),
                (None, None, number) => visitor.visit_f64(number.unwrap_or(f64::MAX)),
            },
            Tree::Text(text) => visitor.visit_borrowed_str(text),
            Tree::List(items) => visitor.visit_seq(self.items(items)),
            Tree::Members(members) => visitor.visit_map(self.members(members, &[])),
        };
        read.map_err(|error| error.at(self.place))
    }

    /// `serde` would take an array for the members in their order.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.within_depth()?;
        match self.tree {
            Tree::Members(members) => {
                visitor.visit_map(self.members(members, known)).map_err(|error| error.at(self.place))
            }
            _ => Err(self.refused(in_plain_words(&(&visitor as &dyn Expected).to_string()))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.tree {
            Tree::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.within_depth()?;
        let variant = match self.tree {
            Tree::Text(name) => Choice { name, content: None, value: self },
            Tree::Members(members) => match members.as_slice() {
                [(name, content)] => Choice { name, content: Some(content), value: self },
                several => {
                    let (known, found) = (OneOf(variants), several.len());
                    let detail = format!("expected {known}, found an object with {found} members");
                    return Err(Error::new(detail).at(self.place));
                }
            },
            _ => return Err(self.refused(&OneOf(variants).to_string())),
        };
        visitor.visit_enum(variant).map_err(|error| error.at(self.place))
    }

    /// A member that the type around it does not know.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if let Some(name) = self.place.name() {
            self.notes.push(|| {
                let detail = no_such_member(name, self.siblings);
                FieldError { field: self.place.to_string(), detail }
            });
        }
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier
    }
}

struct Items<'de, 'p> {
    items: std::iter::Enumerate<slice::Iter<'de, Tree>>,
    array: Value<'de, 'p>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some((index, tree)) = self.items.next() else { return Ok(None) };
        let place = self.array.place.item(index);
        seed.deserialize(Value::new(tree, &place, self.array.notes))
            .map(Some)
            .map_err(|error| error.at(&place))
    }
}

struct Members<'de, 'p> {
    entries: slice::Iter<'de, (String, Tree)>,
    current: Option<&'de (String, Tree)>,
    seen: HashSet<&'de str>,
    known: &'static [&'static str],
    object: Value<'de, 'p>,
}

impl<'de> MapAccess<'de> for Members<'de, '_> {
    type Error = Error;

    /// A repeated member is reported, and not read.
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        for entry in self.entries.by_ref() {
            let place = self.object.place.member(&entry.0);
            if !self.seen.insert(&entry.0) {
                let repeated = || FieldError { field: place.to_string(), detail: REPEATED.to_owned() };
                self.object.notes.push(repeated);
                continue;
            }
            self.current = Some(entry);
            let key = seed.deserialize(BorrowedStrDeserializer::new(&entry.0));
            return key.map(Some).map_err(|error: Error| error.at(&place));
        }
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let Some((name, tree)) = self.current.take() else {
            return Err(Error::new("expected a member's name before its value".to_owned()));
        };
        let place = self.object.place.member(name);
        let value = Value { tree, place: &place, siblings: self.known, notes: self.object.notes };
        seed.deserialize(value).map_err(|error| error.at(&place))
    }
}

/// One of several forms of a value: its name, alone or with its content.
struct Choice<'de, 'p> {
    name: &'de str,
    content: Option<&'de Tree>,
    value: Value<'de, 'p>,
}

impl<'de> EnumAccess<'de> for Choice<'de, '_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name = seed.deserialize(StrDeserializer::new(self.name))?;
        Ok((name, self))
    }
}

impl<'de> Choice<'de, '_> {
    fn read<T>(
        &self,
        example: &str,
        read: impl FnOnce(Value<'de, '_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Some(tree) = self.content else {
            let name = self.name;
            let detail = format!("expected an object, {{\"{name}\": {example}}}, found `{name}` alone");
            return Err(Error::new(detail));
        };
        let place = self.value.place.member(self.name);
        read(Value::new(tree, &place, self.value.notes)).map_err(|error| error.at(&place))
    }
}

impl<'de> VariantAccess<'de> for Choice<'de, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.content {
            None | Some(Tree::Null) => Ok(()),
            Some(_) => Err(Error::new(format!("expected the string `{}`, found an object", self.name))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        self.read("…", |content| seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.read("[…]", |content| content.deserialize_any(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let example = if known.is_empty() { "{}" } else { "{…}" };
        self.read(example, |content| content.deserialize_struct("", known, visitor))
    }
}
