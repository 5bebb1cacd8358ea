//! Reads the fields of a section, bit by bit, and says where one is missing.

use super::Broken;

/// An error in a section. Positions are bytes from the beginning of the section.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It did not arrive whole.
    #[error("{0}")]
    Broken(#[from] Broken),
    /// It is of a protocol that did not exist when this was written.
    #[error("expected protocol_version 0 at byte 3, found {found}")]
    Version {
        /// Its `protocol_version`.
        found: u8,
    },
    /// A structure ends within a field.
    #[error("expected {field} at byte {at}, found the end of {within}")]
    Ends {
        /// The field.
        field: &'static str,
        /// Where it should begin.
        at: usize,
        /// The structure.
        within: &'static str,
    },
    /// A command is longer than the section says.
    #[error(
        "expected the command at byte {at} to have {said} bytes by its splice_command_length, found {found}"
    )]
    CommandLength {
        /// Where the command begins.
        at: usize,
        /// Its length, as the section says.
        said: usize,
        /// Its length, as its fields say.
        found: usize,
    },
    /// A command whose length nobody states.
    #[error(
        "expected a splice_command_length, found 0xfff: the end of a command of splice_command_type {kind:#04x} is then unknown"
    )]
    CommandEnd {
        /// Its `splice_command_type`.
        kind: u8,
    },
    /// A UPID that no section could have.
    #[error("expected a UPID of 255 bytes at most, found {found}")]
    UpidLength {
        /// Its length.
        found: usize,
    },
    /// Multiple UPIDs within multiple UPIDs.
    #[error("expected a UPID of another type at byte {at}, found a MID within a MID")]
    Nested {
        /// Where the inner UPID begins.
        at: usize,
    },
}

/// The fields of a structure that are still to be read.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    /// The next bit.
    bit: usize,
    /// Where the structure begins in the section.
    base: usize,
    /// The structure's name in messages.
    within: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8], base: usize, within: &'static str) -> Self {
        Self { bytes, bit: 0, base, within }
    }

    /// The position in the section.
    pub(super) fn at(&self) -> usize {
        self.base + self.bit / 8
    }

    /// The bytes that have been read.
    pub(super) fn consumed(&self) -> usize {
        self.bit.div_ceil(8)
    }

    /// The bytes that have not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.consumed()..).unwrap_or_default()
    }

    fn ends(&self, field: &'static str) -> Error {
        Error::Ends { field, at: self.at(), within: self.within }
    }

    /// A number of up to 56 bits.
    pub(super) fn bits(&mut self, count: usize, field: &'static str) -> Result<u64, Error> {
        let end = self.bit + count;
        let bytes = self.bytes.get(self.bit / 8..end.div_ceil(8)).ok_or_else(|| self.ends(field))?;
        let number = bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
        self.bit = end;
        Ok((number >> (end.div_ceil(8) * 8 - end)) & ((1 << count) - 1))
    }

    pub(super) fn skip(&mut self, count: usize) -> Result<(), Error> {
        self.bits(count, "reserved bits").map(|_| ())
    }

    pub(super) fn flag(&mut self, field: &'static str) -> Result<bool, Error> {
        Ok(self.bits(1, field)? == 1)
    }

    pub(super) fn u8(&mut self, field: &'static str) -> Result<u8, Error> {
        self.small(8, field)
    }

    /// A number of up to 8 bits.
    pub(super) fn small(&mut self, count: usize, field: &'static str) -> Result<u8, Error> {
        // Invariant: it has at most 8 bits.
        self.bits(count, field).map(|number| u8::try_from(number).unwrap_or(u8::MAX))
    }

    /// A number of up to 16 bits.
    pub(super) fn u16(&mut self, count: usize, field: &'static str) -> Result<u16, Error> {
        // Invariant: it has at most 16 bits.
        self.bits(count, field).map(|number| u16::try_from(number).unwrap_or(u16::MAX))
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, Error> {
        // Invariant: it has 32 bits.
        self.bits(32, field).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// Whole bytes.
    pub(super) fn bytes(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], Error> {
        let bytes = self.rest().get(..count).ok_or_else(|| self.ends(field))?;
        self.bit = (self.consumed() + count) * 8;
        Ok(bytes)
    }

    /// A structure of so many bytes.
    pub(super) fn within(&mut self, count: usize, structure: &'static str) -> Result<Self, Error> {
        let base = self.at();
        Ok(Self::new(self.bytes(count, structure)?, base, structure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_bit_by_bit() {
        let mut fields = Fields::new(&[0b1010_0101, 0xff, 0x00, 0x12, 0x34], 10, "a test");
        assert_eq!(fields.flag("a"), Ok(true));
        assert_eq!(fields.bits(3, "b"), Ok(0b010));
        assert_eq!(fields.bits(12, "c"), Ok(0x5ff));
        assert_eq!(fields.at(), 12);
        assert_eq!(fields.bits(24, "d"), Ok(0x00_1234));
        assert_eq!(fields.rest(), b"");
        let ends = Error::Ends { field: "e", at: 15, within: "a test" };
        assert_eq!(ends.to_string(), "expected e at byte 15, found the end of a test");
        assert_eq!(fields.flag("e"), Err(ends.clone()));
        assert_eq!(fields.bytes(1, "e"), Err(ends));
        let mut long = Fields::new(&[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff], 0, "a test");
        assert_eq!((long.skip(7), long.bits(33, "f")), (Ok(()), Ok((1 << 33) - 1)));
    }
}
