//! JSON from untrusted senders. A repeated member is refused at every depth, since two readers may take different
//! values ([RFC 8725 section 2.4], [RFC 7515 section 4]), and so is deep nesting.
//!
//! [RFC 8725 section 2.4]: https://www.rfc-editor.org/rfc/rfc8725#section-2.4
//! [RFC 7515 section 4]: https://www.rfc-editor.org/rfc/rfc7515#section-4

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::reading::Quoted;

/// Arrays and objects within each other.
const DEEPEST: usize = 16;

/// Reads one JSON value and nothing behind it.
pub(crate) fn strict(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Node::whole(DEEPEST, usize::MAX, &Cell::new(usize::MAX)).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Reads one JSON object and nothing behind it.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
    members_of(strict(bytes)?)
}

/// Reads the members of one JSON object from another deserializer. Arrays and objects among the members are checked and
/// left empty.
pub(crate) fn members<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    members_of(
        Node { keeps: 1, ..Node::whole(DEEPEST, usize::MAX, &Cell::new(usize::MAX)) }
            .deserialize(deserializer)?,
    )
}

/// Reads one JSON object from another deserializer, with at most `deepest` levels and `most` values on all levels together.
pub(crate) fn few<'de, D: Deserializer<'de>>(
    deserializer: D,
    deepest: usize,
    most: usize,
) -> Result<Map<String, Value>, D::Error> {
    members_of(Node::whole(deepest, most, &Cell::new(most)).deserialize(deserializer)?)
}

fn members_of<E: Error>(value: Value) -> Result<Map<String, Value>, E> {
    match value {
        Value::Object(members) => Ok(members),
        other => Err(E::custom(format_args!("expected an object, found {}", found(&other)))),
    }
}

/// A value that was found, for a message: short values themselves, and of others their type.
pub(crate) fn found(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => Quoted(text).to_string(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// A value at some depth, with the number of levels that are kept.
#[derive(Clone, Copy)]
struct Node<'left> {
    depth: usize,
    deepest: usize,
    keeps: usize,
    /// How many values there may be.
    most: usize,
    /// How many more there may be.
    left: &'left Cell<usize>,
}

impl<'left> Node<'left> {
    const fn whole(deepest: usize, most: usize, left: &'left Cell<usize>) -> Self {
        Self { depth: 0, deepest, keeps: deepest, most, left }
    }

    /// Counts one more value.
    fn count<E: Error>(&self) -> Result<(), E> {
        let more = || E::custom(format_args!("expected {} values at most", self.most));
        let left = self.left.get().checked_sub(1).ok_or_else(more)?;
        self.left.set(left);
        Ok(())
    }

    fn below<E: Error>(&self) -> Result<Self, E> {
        if self.depth < self.deepest {
            Ok(Self { depth: self.depth + 1, keeps: self.keeps.saturating_sub(1), ..*self })
        } else {
            Err(E::custom(format_args!("expected {} levels at most", self.deepest)))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("expected a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            if self.keeps > 0 {
                self.count()?;
                list.push(item);
            }
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if members.contains_key(&name) {
                let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
                return Err(Error::custom(format_args!("expected each member once, found `{name}` twice")));
            }
            self.count()?;
            let value = entries.next_value_seed(below)?;
            // Names are kept until all of them are known to differ.
            members.insert(name, if self.keeps > 0 { value } else { Value::Null });
        }
        if self.keeps == 0 {
            members.clear();
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_two_readers_may_take_for_different_things_is_refused() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        for (bad, why) in [
            (r#"{"a":1,"a":1}"#, "found `a` twice"),
            (r#"{"a":1,"\u0061":2}"#, "found `a` twice"),
            (r#"[{"b":{"c":[{"d":1,"e":2,"d":3}]}}]"#, "found `d` twice"),
            (&deep(17), "16 levels at most"),
            (&deep(10_000), "16 levels at most"),
            ("{} {}", "trailing characters"),
            (r#"{"a":1e999}"#, "number out of range"),
            ("{'a':1}", "key must be a string"),
            ("", "EOF"),
        ] {
            let error = strict(bad.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(why), "{error} does not say {why}");
        }
        assert!(strict(deep(16).as_bytes()).is_ok());
        assert!(object(b"[]").is_err());
    }

    #[test]
    fn of_nested_values_nothing_is_kept_where_members_are_asked_for() {
        let read = |text: &str| members(&mut serde_json::Deserializer::from_str(text));
        let kept = read(r#"{"a":"x","b":[1,{"c":2}],"d":{"e":[3]},"f":4}"#).unwrap();
        assert_eq!(Value::Object(kept), serde_json::json!({ "a": "x", "b": [], "d": {}, "f": 4 }));
        for (bad, why) in [
            (r#"{"a":{"b":1,"b":2}}"#, "found `b` twice"),
            (&format!(r#"{{"a":{}{}}}"#, "[".repeat(16), "]".repeat(16)), "16 levels at most"),
            ("[]", "expected an object"),
        ] {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.contains(why), "{error} does not say {why}");
        }
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_json_reads(text in r#"[\[\]{}:,"a-c0-9.e\\u -]{0,40}"#) {
            match (strict(text.as_bytes()), serde_json::from_str::<Value>(&text)) {
                (Ok(strict), Ok(value)) => prop_assert_eq!(strict, value),
                (Ok(_), Err(error)) => prop_assert!(false, "read what serde_json does not: {error}"),
                (Err(_), _) => {}
            }
        }
    }
}
