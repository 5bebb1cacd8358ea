//! The frame of a splice information section (ANSI/SCTE 35 2023, section 9.6): whether a message arrived whole.
//!
//! ```text
//! table_id                 8   0xFC
//! section_syntax_indicator 1   0
//! private_indicator        1   0
//! sap_type                 2
//! section_length          12   the bytes behind it, to the end of the section
//! …                            section.rs
//! CRC_32                  32   MPEG-2, over all before it
//! ```

use std::fmt;

/// The `table_id` of a splice information section.
pub(crate) const TABLE: u8 = 0xfc;

/// The bytes up to and including `section_length`.
const HEAD_BYTES: usize = 3;

/// The bytes of `CRC_32`.
pub(super) const CHECKSUM_BYTES: usize = 4;

/// The shortest section: a null command without descriptors.
const SHORTEST_BYTES: usize = 20;

/// An error in the frame of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It is no splice information section.
    Table {
        /// Its first byte.
        found: Option<u8>,
    },
    /// Its length differs from its `section_length`, or is less than the shortest.
    Length {
        /// The length that it states, with its head.
        said: usize,
        /// Its length in bytes.
        found: usize,
    },
    /// Its checksum does not match.
    Checksum {
        /// The checksum that it states.
        said: u32,
        /// The checksum of its bytes.
        found: u32,
    },
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table { found: None } => {
                f.write_str("expected a splice information section, found nothing")
            }
            Self::Table { found: Some(found) } => {
                write!(f, "expected the table_id 0xfc of a splice information section, found {found:#04x}")
            }
            Self::Length { said, found } if *said < SHORTEST_BYTES => {
                write!(
                    f,
                    "expected a section of {SHORTEST_BYTES} bytes or more, found {said} by its section_length, and {found}"
                )
            }
            Self::Length { said, found } => {
                write!(f, "expected a section of {said} bytes by its section_length, found {found}")
            }
            Self::Checksum { said, found } => {
                write!(f, "expected the CRC_32 {found:#010x} of its bytes, found {said:#010x}")
            }
        }
    }
}

impl std::error::Error for Broken {}

/// Checks the frame of a message. Takes time linear in its length.
pub(crate) fn check(section: &[u8]) -> Result<(), Broken> {
    let found = section.first().copied();
    if found != Some(TABLE) {
        return Err(Broken::Table { found });
    }
    let (said, found) = (stated(section).unwrap_or(HEAD_BYTES), section.len());
    if said != found || said < SHORTEST_BYTES {
        return Err(Broken::Length { said, found });
    }
    // Invariant: it is longer than a checksum.
    let Some((content, checksum)) = section.split_last_chunk() else {
        return Err(Broken::Length { said, found });
    };
    let (said, found) = (u32::from_be_bytes(*checksum), crc_32(content));
    if said == found { Ok(()) } else { Err(Broken::Checksum { said, found }) }
}

/// The length of a section, as its `section_length` says. `None` if it is too short to say.
pub(super) fn stated(section: &[u8]) -> Option<usize> {
    match section {
        [_, high, low, ..] => Some(HEAD_BYTES + usize::from(u16::from_be_bytes([high & 0x0f, *low]))),
        _ => None,
    }
}

/// CRC-32/MPEG-2 (ISO/IEC 13818-1 Annex A): no reflection, and no inversion at the end.
pub(super) fn crc_32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| {
        let [high, ..] = crc.to_be_bytes();
        // Invariant: the table has an entry for every byte.
        (crc << 8) ^ TABLE_OF_CRC.get(usize::from(high ^ byte)).copied().unwrap_or_default()
    })
}

/// The checksum of each byte.
const TABLE_OF_CRC: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u32;
    let mut rest: &mut [u32] = &mut table;
    while let [entry, others @ ..] = rest {
        let mut crc = byte << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000_0000 == 0 { crc << 1 } else { (crc << 1) ^ 0x04c1_1db7 };
            bit += 1;
        }
        *entry = crc;
        byte += 1;
        rest = others;
    }
    table
};

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// Sample 14.1 of ANSI/SCTE 35: a placement opportunity starts.
    const SAMPLE: &str = "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==";

    #[test]
    fn the_known_checksum() {
        assert_eq!(crc_32(b"123456789"), 0x0376_e6e7);
    }

    #[test]
    fn a_message_is_whole_or_is_told_what_it_lacks() {
        let sample = STANDARD.decode(SAMPLE).unwrap();
        assert_eq!(check(&sample), Ok(()));
        for at in 0..sample.len() {
            let mut changed = sample.clone();
            changed[at] ^= 0x01;
            assert!(check(&changed).is_err(), "byte {at}");
            assert!(check(&sample[..at]).is_err(), "{at} bytes");
        }
        assert_eq!(check(&[&sample[..], &[0]].concat()), Err(Broken::Length { said: 55, found: 56 }));
        assert_eq!(check(&[]), Err(Broken::Table { found: None }));
        assert_eq!(check(&[0xfc]), Err(Broken::Length { said: 3, found: 1 }));
        let zero = [&[0xfc, 0x30, 0x00][..], &crc_32(&[0xfc, 0x30, 0x00]).to_be_bytes()].concat();
        assert_eq!(check(&zero), Err(Broken::Length { said: 3, found: 7 }));
        let mut other = sample;
        other[20] ^= 0x80;
        let told = check(&other).unwrap_err().to_string();
        assert!(told.ends_with("of its bytes, found 0x9ac9d17e"), "{told}");
    }

    /// The messages of other projects, with what their own decoders say of length and checksum.
    #[test]
    fn messages_of_other_projects() {
        let cues = include_str!("../../tests/fixtures/scte35/cues.tsv");
        let mut count = 0;
        for line in cues.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.split('\t');
            let (section, expected) = (fields.next().unwrap(), fields.next().unwrap());
            let found = match check(&STANDARD.decode(section).unwrap()) {
                Ok(()) => "whole",
                Err(Broken::Table { .. }) => "table",
                Err(Broken::Length { .. }) => "length",
                Err(Broken::Checksum { .. }) => "checksum",
            };
            assert_eq!(found, expected, "{line}");
            count += 1;
        }
        assert_eq!(count, 39);
    }
}
