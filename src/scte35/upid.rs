//! `segmentation_upid` (section 10.3.3.1, table 22): which content a segment has.

use std::fmt::Write as _;

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::fields::{Error, Fields};
use super::{Bytes, Identifier};

/// A unique program identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upid {
    /// `segmentation_upid_type`.
    pub kind: UpidKind,
    /// Its bytes.
    pub bytes: Bytes,
    /// What they say.
    pub value: UpidValue,
}

/// `segmentation_upid_type`: by which registry content is identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UpidKind(pub u8);

/// What a UPID says. Bytes that are not what their type promises are [`UpidValue::Bytes`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpidValue {
    /// Nothing.
    None,
    /// An identifier as its registry writes it.
    Text(String),
    /// An ATSC content identifier (A/57B).
    AtscContent {
        /// `TSID`.
        tsid: u16,
        /// `end_of_day`: the hour.
        end_of_day: u8,
        /// `unique_for`: days.
        unique_for: u16,
        /// `content_id`.
        content_id: Bytes,
    },
    /// `MPU()` (10.3.3.3): private data of a registered identifier.
    Private {
        /// Whose data they are.
        format_identifier: Identifier,
        /// The data.
        private_data: Bytes,
    },
    /// `MID()` (10.3.3.4): several.
    Several(Vec<Upid>),
    /// Bytes that are not read here.
    Bytes,
}

impl UpidKind {
    /// Private data of a registered identifier.
    pub const MPU: Self = Self(0x0c);
    /// Several UPIDs.
    pub const MID: Self = Self(0x0d);

    /// Its name in the standard.
    pub const fn name(self) -> &'static str {
        match self.0 {
            0x00 => "Not Used",
            0x01 => "User Defined",
            0x02 => "ISCI",
            0x03 => "Ad-ID",
            0x04 => "UMID",
            0x05 => "ISAN (deprecated)",
            0x06 => "ISAN",
            0x07 => "TID",
            0x08 => "TI",
            0x09 => "ADI",
            0x0a => "EIDR",
            0x0b => "ATSC Content Identifier",
            0x0c => "MPU()",
            0x0d => "MID()",
            0x0e => "ADS Information",
            0x0f => "URI",
            0x10 => "UUID",
            0x11 => "SCR",
            _ => "Reserved",
        }
    }
}

impl Upid {
    /// The greatest length in bytes: `segmentation_upid_length` has eight bits.
    pub const LONGEST: usize = 255;

    /// No UPID.
    pub const NONE: Self = Self { kind: UpidKind(0), bytes: Bytes(Vec::new()), value: UpidValue::None };

    /// Reads `segmentation_upid_type`, `segmentation_upid_length` and `segmentation_upid`.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let kind = UpidKind(fields.u8("segmentation_upid_type")?);
        let length = usize::from(fields.u8("segmentation_upid_length")?);
        let inner = fields.within(length, "segmentation_upid")?;
        Self::of(kind, inner)
    }

    /// A UPID of bytes, as XML has them: no more than `segmentation_upid_length` can state.
    pub fn new(kind: UpidKind, bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > Self::LONGEST {
            return Err(Error::UpidLength { found: bytes.len() });
        }
        Self::of(kind, Fields::new(bytes, 0, "segmentation_upid"))
    }

    fn of(kind: UpidKind, mut inner: Fields<'_>) -> Result<Self, Error> {
        let bytes = inner.rest();
        let value = match (kind.0, bytes.len()) {
            (_, 0) => UpidValue::None,
            (0x0b, 4..) => UpidValue::AtscContent {
                tsid: inner.u16(16, "TSID")?,
                end_of_day: {
                    inner.skip(2)?;
                    inner.small(5, "end_of_day")?
                },
                unique_for: inner.u16(9, "unique_for")?,
                content_id: Bytes::of(inner.rest()),
            },
            (0x0c, 4..) => UpidValue::Private {
                format_identifier: Identifier(inner.u32("format_identifier")?),
                private_data: Bytes::of(inner.rest()),
            },
            (0x0d, _) => UpidValue::Several(several(&mut inner)?),
            _ => text(kind.0, bytes).map_or(UpidValue::Bytes, UpidValue::Text),
        };
        Ok(Self { kind, bytes: Bytes::of(bytes), value })
    }

    /// This UPID, or all that it has within.
    pub fn each(&self) -> impl Iterator<Item = &Self> {
        match &self.value {
            UpidValue::Several(upids) => upids.iter(),
            _ => std::slice::from_ref(self).iter(),
        }
    }
}

fn several(fields: &mut Fields<'_>) -> Result<Vec<Upid>, Error> {
    let mut upids = Vec::new();
    while !fields.rest().is_empty() {
        let at = fields.at();
        let kind = UpidKind(fields.u8("segmentation_upid_type")?);
        if kind == UpidKind::MID {
            return Err(Error::Nested { at });
        }
        let length = usize::from(fields.u8("length")?);
        let inner = fields.within(length, "segmentation_upid")?;
        upids.push(Upid::of(kind, inner)?);
    }
    Ok(upids)
}

/// An identifier as its registry writes it; `None` if these bytes are none.
fn text(kind: u8, bytes: &[u8]) -> Option<String> {
    match (kind, bytes.len()) {
        (0x01, _) | (0x02, 8) | (0x03 | 0x07, 12) | (0x09 | 0x0e | 0x0f | 0x11, 1..) => printed(bytes),
        (0x04, 32) => Some(groups(bytes, &[4; 8], ".")),
        (0x05, 8) => Some(groups(bytes, &[2; 4], "-")),
        (0x06, 12) => Some(groups(bytes, &[2; 6], "-")),
        (0x08, 8) => Some(Bytes::of(bytes).to_string()),
        (0x0a, 12) => Some(eidr(bytes)),
        (0x10, 16) => Some(groups(bytes, &[4, 2, 2, 2, 6], "-").to_ascii_lowercase()),
        _ => None,
    }
}

/// Text without control characters.
fn printed(bytes: &[u8]) -> Option<String> {
    let text = str::from_utf8(bytes).ok()?;
    (!text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// Hexadecimal digits, in groups of so many bytes.
fn groups(mut bytes: &[u8], lengths: &[usize], between: &str) -> String {
    let mut text = String::new();
    for length in lengths {
        let (group, rest) = bytes.split_at_checked(*length).unwrap_or((bytes, &[]));
        if !text.is_empty() {
            text.push_str(between);
        }
        for byte in group {
            // A String takes all that is written.
            let _written = write!(text, "{byte:02X}");
        }
        bytes = rest;
    }
    text
}

/// `10.5240/7791-8534-2C23-9030-8610-5`: the registry's number in decimal, the rest in hexadecimal digits, and a check character
/// (ISO/IEC 7064 MOD 37,36).
fn eidr(bytes: &[u8]) -> String {
    let (registry, rest) = bytes.split_at_checked(2).unwrap_or_default();
    let registry = registry.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    let digits = groups(rest, &[2; 5], "-");
    let mut check = 36_u32;
    for digit in digits.chars().filter_map(|sign| sign.to_digit(36)) {
        let sum = (check + digit) % 36;
        check = (if sum == 0 { 36 } else { sum }) * 2 % 37;
    }
    let check = char::from_digit((37 - check) % 36, 36).unwrap_or('0').to_ascii_uppercase();
    format!("10.{registry}/{digits}-{check}")
}

impl Serialize for Upid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("type", &self.kind.0)?;
        fields.serialize_entry("name", self.kind.name())?;
        fields.serialize_entry("length", &self.bytes.0.len())?;
        match &self.value {
            UpidValue::None => {}
            UpidValue::Text(text) => fields.serialize_entry("value", text)?,
            UpidValue::AtscContent { tsid, end_of_day, unique_for, content_id } => {
                fields.serialize_entry("TSID", tsid)?;
                fields.serialize_entry("end_of_day", end_of_day)?;
                fields.serialize_entry("unique_for", unique_for)?;
                fields.serialize_entry("content_id", content_id)?;
            }
            UpidValue::Private { format_identifier, private_data } => {
                fields.serialize_entry("format_identifier", format_identifier)?;
                fields.serialize_entry("private_data", private_data)?;
                if let Some(text) = printed(&private_data.0) {
                    fields.serialize_entry("private_text", &text)?;
                }
            }
            UpidValue::Several(upids) => fields.serialize_entry("upids", upids)?,
            UpidValue::Bytes => fields.serialize_entry("bytes", &self.bytes)?,
        }
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_write_their_identifiers() {
        let text = |kind: u8, bytes: &[u8]| text(kind, bytes).unwrap_or_default();
        // The example of the EIDR registry.
        let mut eidr = vec![0x14, 0x78];
        eidr.extend([0x77, 0x91, 0x85, 0x34, 0x2c, 0x23, 0x90, 0x30, 0x86, 0x10]);
        assert_eq!(text(0x0a, &eidr), "10.5240/7791-8534-2C23-9030-8610-5");
        assert_eq!(text(0x03, b"ABCD0001000H"), "ABCD0001000H");
        assert_eq!(text(0x08, &[0, 0, 0, 0, 0x2c, 0xa0, 0xa1, 0x8a]), "0x000000002ca0a18a");
        let uuid: Vec<u8> = (0..16).collect();
        assert_eq!(text(0x10, &uuid), "00010203-0405-0607-0809-0a0b0c0d0e0f");
        assert_eq!(text(0x05, &uuid[..8]), "0001-0203-0405-0607");
        assert_eq!(super::text(0x03, b"ABCD"), None);
        assert_eq!(super::text(0x09, b"a\0"), None);
    }

    #[test]
    fn several_have_no_several_within() {
        let upid = Upid::new(UpidKind::MID, &[0x0f, 1, b'a', 0x0d, 0]);
        assert_eq!(upid, Err(Error::Nested { at: 3 }));
        let upid = Upid::new(UpidKind::MID, &[0x0f, 1, b'a', 0x09, 1, b'b']).unwrap();
        let texts: Vec<_> = upid.each().map(|upid| &upid.value).collect();
        assert_eq!(texts, [&UpidValue::Text("a".to_owned()), &UpidValue::Text("b".to_owned())]);
        let ends = Error::Ends { field: "segmentation_upid", at: 2, within: "segmentation_upid" };
        assert_eq!(Upid::new(UpidKind::MID, &[0x0f, 2, b'a']), Err(ends));
    }

    /// XML puts no limit on their length.
    #[test]
    fn a_upid_is_as_long_as_its_length_can_state() {
        let of = |length: usize| Upid::new(UpidKind(0x0f), &vec![b'a'; length]);
        assert!(of(255).is_ok());
        assert_eq!(of(256), Err(Error::UpidLength { found: 256 }));
    }
}
