//! Checks the nesting of a document before it is read, and reports the path that is too deep.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use stagedoor::catalog::SyncBatch;

use super::FieldError;

/// Checks that no value is nested deeper than [`SyncBatch::DEEPEST`].
pub(super) fn check(body: &[u8]) -> Result<(), FieldError> {
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_slice(body);
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    Level(0).deserialize(tracked).map_err(|error| {
        let field = track.path().to_string().chars().take(LONGEST_PATH).collect();
        FieldError { field, detail: super::field::without_position(&error) }
    })
}

/// The longest path that is reported; its names may be long.
const LONGEST_PATH: usize = 160;

/// A value within this many arrays and objects.
struct Level(usize);

impl Level {
    fn below<E: Error>(&self) -> Result<usize, E> {
        if self.0 < SyncBatch::DEEPEST {
            Ok(self.0 + 1)
        } else {
            Err(E::custom(format_args!("expected {} levels of nesting at most", SyncBatch::DEEPEST)))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let depth = self.below()?;
        while items.next_element_seed(Level(depth))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let depth = self.below()?;
        while members.next_key::<IgnoredAny>()?.is_some() {
            members.next_value_seed(Level(depth))?;
        }
        Ok(())
    }
}
