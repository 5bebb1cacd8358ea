//! The place of a value, and an error there in plain words.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::field::FieldError;
use super::quote::{Quoted, Short};
use super::spelling::hint;

/// The place of a value within a document, on the stack of its reader.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    /// The array or object around it.
    around: Option<&'p Place<'p>>,
    step: Step<'p>,
    /// The number of arrays and objects around it.
    pub(super) depth: usize,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Root,
    Item(usize),
    Member(&'p str),
}

impl<'p> Place<'p> {
    pub(super) const ROOT: Self = Self { around: None, step: Step::Root, depth: 0 };

    pub(super) const fn item(&'p self, index: usize) -> Self {
        Self { around: Some(self), step: Step::Item(index), depth: self.depth + 1 }
    }

    pub(super) const fn member(&'p self, name: &'p str) -> Self {
        Self { around: Some(self), step: Step::Member(name), depth: self.depth + 1 }
    }

    /// The name, if it is a member's place.
    pub(super) const fn name(&self) -> Option<&'p str> {
        match self.step {
            Step::Member(name) => Some(name),
            Step::Root | Step::Item(_) => None,
        }
    }
}

/// The path, `.` for the document itself. Its names may be long, and are shortened.
impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(around) = self.around else { return f.write_str(".") };
        let is_first = around.around.is_none();
        if !is_first {
            around.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Item(index) => write!(f, "[{index}]"),
            Step::Member(name) => {
                let dot = if is_first { "" } else { "." };
                write!(f, "{dot}{}", Short(name))
            }
        }
    }
}

/// An error of reading, placed at the innermost value around it.
#[derive(Debug)]
pub(super) struct Error {
    place: Option<String>,
    /// A member of the value at that place.
    member: Option<String>,
    detail: String,
}

impl Error {
    pub(super) fn new(detail: String) -> Self {
        Self { place: None, member: None, detail }
    }

    /// The error at this place, unless it has a place already.
    pub(super) fn at(self, place: &Place<'_>) -> Self {
        if self.place.is_some() {
            return self;
        }
        let path = match &self.member {
            Some(name) => place.member(name).to_string(),
            None => place.to_string(),
        };
        Self { place: Some(path), ..self }
    }

    pub(super) fn into_field(self) -> FieldError {
        FieldError { field: self.place.unwrap_or_else(|| ".".to_owned()), detail: self.detail }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl de::Error for Error {
    /// Two of the catalogue's checks concern several members, and name theirs at the beginning of the message:
    /// `media.origin: expected …` (a path from the document), and ``key `a`: `k`: expected …`` (a member of a key).
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        if let Some((path, rest)) = message.split_once(": expected ")
            && !path.contains([' ', '`'])
        {
            let detail = format!("expected {rest}");
            return Self { place: Some(path.to_owned()), member: None, detail };
        }
        let of_key = message.strip_prefix("key `").and_then(|rest| rest.split_once("`: `"));
        let member = of_key.and_then(|(_, rest)| rest.split_once('`')).map(|(name, _)| name.to_owned());
        Self { place: None, member, detail: message }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {}, found {}", in_plain_words(&expected.to_string()), Found(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(found: usize, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {}, found {found}", in_plain_words(&expected.to_string())))
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        let (known, hint) = (OneOf(expected), hint(found, expected));
        Self::new(format!("expected {known}, found {}{hint}", Found(Unexpected::Str(found))))
    }

    fn unknown_field(found: &str, expected: &'static [&'static str]) -> Self {
        // Serde asks while it reads the name, whose place is the member's.
        Self::new(no_such_member(found, expected))
    }

    fn missing_field(name: &'static str) -> Self {
        let detail = "this member is required, and it is missing".to_owned();
        Self { member: Some(name.to_owned()), ..Self::new(detail) }
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self { member: Some(name.to_owned()), ..Self::new(REPEATED.to_owned()) }
    }
}

/// The detail of a repeated member.
pub(super) const REPEATED: &str = "expected this member once, found it twice";

/// The detail of an unknown member, of an object with these members.
pub(super) fn no_such_member(found: &str, known: &[&str]) -> String {
    format!("there is no such member{}", hint(found, known))
}

/// What a type expects, in the words of JSON. The types of the catalogue say it themselves; the others are of a closed list.
pub(super) fn in_plain_words(expected: &str) -> &str {
    match expected {
        "a boolean" => "true or false",
        "a sequence" => "an array",
        "a map" => "an object",
        "a character" => "one character",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" | "a JSON number" => "a number",
        "unit" | "option" => "null",
        _ if ["struct ", "internally tagged ", "adjacently tagged "]
            .iter()
            .any(|rust| expected.starts_with(rust)) =>
        {
            "an object"
        }
        _ if expected.starts_with("tuple ") => "an array",
        _ => expected,
    }
}

/// A value that was found.
struct Found<'a>(Unexpected<'a>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unexpected::Bool(value) => value.fmt(f),
            Unexpected::Unsigned(number) => number.fmt(f),
            Unexpected::Signed(number) => number.fmt(f),
            // With `.0`, or a whole number would seem to be refused.
            Unexpected::Float(number) => write!(f, "{number:?}"),
            Unexpected::Str(text) => Quoted(text).fmt(f),
            Unexpected::Char(char) => Quoted(char.encode_utf8(&mut [0; 4])).fmt(f),
            Unexpected::Unit | Unexpected::Option => f.write_str("null"),
            Unexpected::Seq => f.write_str("an array"),
            Unexpected::Map => f.write_str("an object"),
            Unexpected::Other(words) => f.write_str(words),
            _ => f.write_str("another value"),
        }
    }
}

/// `` `a`, `b` or `c` ``
pub(super) struct OneOf(pub(super) &'static [&'static str]);

impl fmt::Display for OneOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let before = match index {
                0 => "",
                _ if index + 1 == self.0.len() => " or ",
                _ => ", ",
            };
            write!(f, "{before}`{name}`")?;
        }
        Ok(())
    }
}
