//! CBOR, as far as tokens need it ([RFC 8949]): read leniently, written deterministically.
//!
//! Real tokens are not in the deterministic encoding: JavaScript's encoder writes lengths in more bytes than they need
//! and wraps maps in tag 259. Both are read, and so are arrays and maps of indefinite length. What could mean two things
//! is refused: a map with one key twice, bytes behind the end, and a string in pieces.
//!
//! [RFC 8949]: https://www.rfc-editor.org/rfc/rfc8949

use crate::sorting;
use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};

/// A data item.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Integer(i64),
    Float(f64),
    Bool(bool),
    /// `null` or `undefined`.
    Null,
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Value>),
    /// A map in its written order, without repeated keys.
    Map(Map),
    Tag(u64, Box<Value>),
}

/// The entries of a map.
pub(super) type Map = Vec<(Value, Value)>;

/// The deepest nesting of arrays, maps and tags.
const DEEPEST: usize = 16;
/// The most data items of one token: four times as many as the longest in use.
const MOST: usize = 2_000;
/// A map of a JavaScript `Map` object, in the registry of tags: any map.
const MAP_DATATYPE: u64 = 259;

impl Value {
    /// Reads one data item, which ends where the bytes end. The error names the expected item and the byte.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = Reader { decoder: Decoder::new(bytes), left: MOST };
        let value = reader.item(DEEPEST)?;
        match bytes.len() - reader.decoder.position() {
            0 => Ok(value),
            more => Err(format!("expected the end at byte {}, found {more} more", reader.decoder.position())),
        }
    }

    /// The deterministic encoding ([RFC 8949 section 4.2.1]), but for floating-point numbers of 16 bits.
    ///
    /// [RFC 8949 section 4.2.1]: https://www.rfc-editor.org/rfc/rfc8949#section-4.2.1
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }

    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Integer(number) => match u64::try_from(*number) {
                Ok(number) => head(out, 0, number),
                Err(_) => head(out, 1, number.unsigned_abs() - 1),
            },
            Self::Bytes(bytes) => {
                head(out, 2, length(bytes.len()));
                out.extend(bytes);
            }
            Self::Text(text) => {
                head(out, 3, length(text.len()));
                out.extend(text.as_bytes());
            }
            Self::Array(items) => {
                head(out, 4, length(items.len()));
                items.iter().for_each(|item| item.put(out));
            }
            Self::Map(entries) => {
                head(out, 5, length(entries.len()));
                let mut sorted: Vec<_> =
                    entries.iter().map(|(key, value)| (key.write(), value.write())).collect();
                sorting::by(&mut sorted, Ord::cmp);
                sorted.iter().for_each(|(key, value)| {
                    out.extend(key);
                    out.extend(value);
                });
            }
            Self::Tag(tag, item) => {
                head(out, 6, *tag);
                item.put(out);
            }
            Self::Bool(yes) => out.push(0xf4 + u8::from(*yes)),
            Self::Null => out.push(0xf6),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is tried whether the shorter form says the same"
            )]
            Self::Float(number) => {
                let short = *number as f32;
                if f64::from(short) == *number {
                    out.push(0xfa);
                    out.extend(short.to_be_bytes());
                } else {
                    out.push(0xfb);
                    out.extend(number.to_be_bytes());
                }
            }
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    pub(super) fn array(&self) -> Option<&[Value]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    pub(super) fn map(&self) -> Option<&[(Value, Value)]> {
        if let Self::Map(entries) = self { Some(entries) } else { None }
    }

    /// An integer or a finite floating-point number.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "degrees and metres are far below 2^53")]
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) if number.is_finite() => Some(*number),
            _ => None,
        }
    }

    /// A list, or one item in place of a list of one.
    pub(super) fn list(&self) -> &[Value] {
        if let Self::Array(items) = self { items } else { std::slice::from_ref(self) }
    }
}

/// The value of a map's entry.
pub(super) fn entry(map: &[(Value, Value)], key: i64) -> Option<&Value> {
    map.iter().find(|(found, _)| found.integer() == Some(key)).map(|(_, value)| value)
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The initial bytes of a data item, in the shortest form.
#[expect(clippy::cast_possible_truncation, reason = "each arm has the range of its type")]
fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    match argument {
        0..=23 => out.push(major | argument as u8),
        24..=0xff => out.extend([major | 24, argument as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend((argument as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend((argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(argument.to_be_bytes());
        }
    }
}

struct Reader<'a> {
    decoder: Decoder<'a>,
    /// How many more items may come.
    left: usize,
}

impl Reader<'_> {
    fn item(&mut self, depth: usize) -> Result<Value, String> {
        let at = self.decoder.position();
        self.left = self.left.checked_sub(1).ok_or_else(|| format!("expected {MOST} data items at most"))?;
        let deeper =
            || depth.checked_sub(1).ok_or_else(|| format!("expected {DEEPEST} levels at most, at byte {at}"));
        let wrong = |error: Error| format!("{error}, at byte {at}");
        let kind = self.decoder.datatype().map_err(wrong)?;
        Ok(match kind {
            Type::U8
            | Type::U16
            | Type::U32
            | Type::U64
            | Type::I8
            | Type::I16
            | Type::I32
            | Type::I64
            | Type::Int => {
                let number = self.decoder.int().map_err(wrong)?;
                let fits = i64::try_from(i128::from(number));
                Value::Integer(fits.map_err(|_| format!("expected an integer of 64 bits at byte {at}"))?)
            }
            Type::Bytes => Value::Bytes(self.decoder.bytes().map_err(wrong)?.to_vec()),
            Type::String => Value::Text(self.decoder.str().map_err(wrong)?.to_owned()),
            Type::Array | Type::ArrayIndef => {
                let announced = self.decoder.array().map_err(wrong)?;
                let depth = deeper()?;
                let mut items = Vec::new();
                while self.more(announced, items.len())? {
                    items.push(self.item(depth)?);
                }
                Value::Array(items)
            }
            Type::Map | Type::MapIndef => {
                let announced = self.decoder.map().map_err(wrong)?;
                let depth = deeper()?;
                let mut entries: Map = Vec::new();
                while self.more(announced, entries.len())? {
                    let at = self.decoder.position();
                    let key = self.item(depth)?;
                    if entries.iter().any(|(known, _)| *known == key) {
                        return Err(format!("expected each key of a map once, found one twice at byte {at}"));
                    }
                    entries.push((key, self.item(depth)?));
                }
                Value::Map(entries)
            }
            Type::Tag => {
                let tag = self.decoder.tag().map_err(wrong)?.as_u64();
                match self.item(deeper()?)? {
                    map @ Value::Map(_) if tag == MAP_DATATYPE => map,
                    item => Value::Tag(tag, Box::new(item)),
                }
            }
            Type::Bool => Value::Bool(self.decoder.bool().map_err(wrong)?),
            Type::Null => {
                self.decoder.null().map_err(wrong)?;
                Value::Null
            }
            Type::Undefined => {
                self.decoder.undefined().map_err(wrong)?;
                Value::Null
            }
            Type::F16 => {
                let half = match self.decoder.input().get(at + 1..at + 3) {
                    Some(&[high, low]) => u16::from_be_bytes([high, low]),
                    _ => return Err(format!("expected two more bytes at byte {at}")),
                };
                self.decoder.set_position(at + 3);
                Value::Float(half_float(half))
            }
            Type::F32 => Value::Float(self.decoder.f32().map_err(wrong)?.into()),
            Type::F64 => Value::Float(self.decoder.f64().map_err(wrong)?),
            other => {
                return Err(format!("expected a data item that tokens have, found {other} at byte {at}"));
            }
        })
    }

    /// Whether an array or a map goes on.
    fn more(&mut self, announced: Option<u64>, read: usize) -> Result<bool, String> {
        if let Some(announced) = announced {
            return Ok(length(read) < announced);
        }
        let at = self.decoder.position();
        if self.decoder.datatype().map_err(|error| format!("{error}, at byte {at}"))? == Type::Break {
            self.decoder.set_position(at + 1);
            return Ok(false);
        }
        Ok(true)
    }
}

/// A number of 16 bits: 1 of sign, 5 of exponent, 10 of fraction ([RFC 8949 appendix D]).
///
/// [RFC 8949 appendix D]: https://www.rfc-editor.org/rfc/rfc8949#appendix-D
fn half_float(half: u16) -> f64 {
    let (exponent, fraction) = (i32::from(half >> 10 & 0x1f), f64::from(half & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (fraction + 1024.0) * 2f64.powi(exponent - 25),
    };
    if half >> 15 == 1 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hexadecimal digits as bytes.
    fn hex(digits: &str) -> Vec<u8> {
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    }

    /// RFC 8949 appendix A.
    #[test]
    fn reads_and_writes_the_examples_of_the_specification() {
        use Value::{Array, Bool, Bytes, Float, Integer, Null, Tag, Text};
        let map = |entries: &[(Value, Value)]| Value::Map(entries.to_vec());
        let text = |text: &str| Text(text.to_owned());
        for (encoded, value) in [
            ("00", Integer(0)),
            ("17", Integer(23)),
            ("1818", Integer(24)),
            ("1903e8", Integer(1000)),
            ("1a000f4240", Integer(1_000_000)),
            ("1b000000e8d4a51000", Integer(1_000_000_000_000)),
            ("20", Integer(-1)),
            ("3903e7", Integer(-1000)),
            ("3b7fffffffffffffff", Integer(i64::MIN)),
            ("fb3ff199999999999a", Float(1.1)),
            ("fa47c35000", Float(100_000.0)),
            ("f4", Bool(false)),
            ("f5", Bool(true)),
            ("f6", Null),
            ("4401020304", Bytes(vec![1, 2, 3, 4])),
            ("6449455446", text("IETF")),
            (
                "8301820203820405",
                Array(vec![
                    Integer(1),
                    Array(vec![Integer(2), Integer(3)]),
                    Array(vec![Integer(4), Integer(5)]),
                ]),
            ),
            ("a201020304", map(&[(Integer(1), Integer(2)), (Integer(3), Integer(4))])),
            ("c11a514b67b0", Tag(1, Box::new(Integer(1_363_896_240)))),
        ] {
            assert_eq!(Value::read(&hex(encoded)), Ok(value.clone()), "{encoded}");
            assert_eq!(value.write(), hex(encoded), "{encoded}");
        }
    }

    #[test]
    fn reads_what_is_not_deterministic() {
        let one = Value::Map(vec![(Value::Integer(1), Value::Integer(2))]);
        for (encoded, value) in [
            ("b900010102", &one),
            ("d90103a10102", &one),
            ("bf0102ff", &one),
            ("9f01ff", &Value::Array(vec![Value::Integer(1)])),
            ("1900ff", &Value::Integer(255)),
            ("f93c00", &Value::Float(1.0)),
            ("f90001", &Value::Float(5.960_464_477_539_063e-8)),
            ("f9c400", &Value::Float(-4.0)),
            ("f9fc00", &Value::Float(f64::NEG_INFINITY)),
            ("f7", &Value::Null),
        ] {
            assert_eq!(Value::read(&hex(encoded)).as_ref(), Ok(value), "{encoded}");
        }
        let unsorted = Value::read(&hex("a203040102")).unwrap();
        assert_eq!(unsorted.write(), hex("a201020304"));
    }

    #[test]
    fn says_what_is_refused() {
        let deep = "81".repeat(17) + "00";
        let many = "9a00010000".to_owned() + &"00".repeat(2_001);
        for (bad, why) in [
            ("", "end of input"),
            ("a201020103", "found one twice at byte 3"),
            ("0000", "found 1 more"),
            ("5f4101ff", "found indefinite bytes"),
            ("7f6161ff", "found indefinite string"),
            ("1bffffffffffffffff", "64 bits"),
            ("61ff", "at byte 0"),
            ("e0", "found simple"),
            ("f93c", "at byte 0"),
            ("9f00", "end of input"),
            ("9bffffffffffffffff", "end of input"),
            ("1c", "at byte 0"),
            (&deep, "16 levels"),
            (&many, "2000 data items"),
        ] {
            let error = Value::read(&hex(bad)).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
