//! A splice information section (section 9.6).

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::fields::{Error, Fields};
use super::frame::{self, Broken};
use super::{Bytes, Command, Descriptor, Ticks};

/// A splice information section (9.6).
///
/// [`Section::of`] makes one of a command and descriptors that did not come as bytes, such as XML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The stream access point of the splice: 0 to 2 as in ISO/IEC 14496-12, 3 if not specified.
    pub sap_type: u8,
    /// The algorithm of an encrypted section (11.3).
    pub encryption_algorithm: u8,
    /// The time that is added to all times of the clock.
    pub pts_adjustment: Ticks,
    /// The control word that decrypts it.
    pub cw_index: u8,
    /// The tier of authorisation; 0xfff is none.
    pub tier: u16,
    /// The command and its descriptors.
    pub content: Content,
    /// The fields of its bytes; `None` if it did not come as bytes.
    pub frame: Option<Frame>,
}

/// The command of a section, and its descriptors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// In the clear.
    Clear {
        /// The command.
        command: Command,
        /// Its descriptors.
        descriptors: Vec<Descriptor>,
    },
    /// Encrypted (11.1): from `splice_command_type` to `E_CRC_32`.
    Encrypted(Bytes),
}

/// The fields of a section that its bytes alone have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// `section_syntax_indicator`: 0 by the standard.
    pub section_syntax_indicator: bool,
    /// `private_indicator`: 0 by the standard.
    pub private_indicator: bool,
    /// `section_length`.
    pub section_length: u16,
    /// `splice_command_length`: 0xfff if it is not stated.
    pub splice_command_length: u16,
    /// `splice_command_type`; `None` if it is encrypted.
    pub splice_command_type: Option<u8>,
    /// `descriptor_loop_length`; `None` if it is encrypted.
    pub descriptor_loop_length: Option<u16>,
    /// `alignment_stuffing`.
    pub alignment_stuffing: Bytes,
    /// `CRC_32`; `None` if the section ends before it.
    pub crc_32: Option<u32>,
}

/// A section of which something may be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// Its length in bytes: as it says, and as it is. `None` if it is too short to say.
    pub length: Option<(usize, usize)>,
    /// Its checksum: as it says, and as its bytes are. `None` if the section ends before it.
    pub checksum: Option<(u32, u32)>,
    /// What it says, read as if nothing were wrong with it.
    pub section: Result<Section, Error>,
    /// What it says up to the error: its command, and the descriptors in front of the error. `None` if there is no error, or it
    /// stands in front of the descriptors.
    pub begun: Option<Section>,
    /// What is wrong with its frame.
    pub broken: Option<Broken>,
}

/// Reads a section. Takes time linear in its length.
pub fn decode(section: &[u8]) -> Result<Section, Error> {
    frame::check(section)?;
    // Invariant: a checked section is longer than a checksum.
    let (content, checksum) = section.split_last_chunk().unwrap_or((section, &[0; 4]));
    read(content, Some(u32::from_be_bytes(*checksum))).map_err(|stopped| stopped.error)
}

/// Reads as much as there is of a section that may be broken, for people.
pub fn examine(section: &[u8]) -> Examination {
    let length = frame::stated(section).map(|said| (said, section.len()));
    let said = length.map_or(0, |(said, _)| said);
    let whole = section.get(..said).filter(|whole| whole.len() > frame::CHECKSUM_BYTES);
    let (content, checksum) = match whole.and_then(|whole| whole.split_last_chunk()) {
        Some((content, checksum)) => (content, Some(u32::from_be_bytes(*checksum))),
        None => (section, None),
    };
    let checksum_pair = checksum.map(|said| (said, frame::crc_32(content)));
    let broken = frame::check(section).err();
    let (section, begun) = match read(content, checksum) {
        Ok(section) => (Ok(section), None),
        Err(Stopped { error, begun }) => (Err(error), begun.map(|begun| *begun)),
    };
    Examination { length, checksum: checksum_pair, section, begun, broken }
}

/// An error, and what stands in front of it.
struct Stopped {
    error: Error,
    begun: Option<Box<Section>>,
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self { error, begun: None }
    }
}

impl From<Broken> for Stopped {
    fn from(broken: Broken) -> Self {
        Error::from(broken).into()
    }
}

/// Reads a section without its checksum.
fn read(section: &[u8], crc_32: Option<u32>) -> Result<Section, Stopped> {
    let mut fields = Fields::new(section, 0, "the section");
    let table = fields.u8("table_id")?;
    if table != frame::TABLE {
        return Err(Broken::Table { found: Some(table) }.into());
    }
    let section_syntax_indicator = fields.flag("section_syntax_indicator")?;
    let private_indicator = fields.flag("private_indicator")?;
    let sap_type = fields.small(2, "sap_type")?;
    let section_length = fields.u16(12, "section_length")?;
    let found = fields.u8("protocol_version")?;
    if found != 0 {
        return Err(Error::Version { found }.into());
    }
    let is_encrypted = fields.flag("encrypted_packet")?;
    let encryption_algorithm = fields.small(6, "encryption_algorithm")?;
    let pts_adjustment = Ticks(fields.bits(33, "pts_adjustment")?);
    let cw_index = fields.u8("cw_index")?;
    let tier = fields.u16(12, "tier")?;
    let splice_command_length = fields.u16(12, "splice_command_length")?;
    let mut frame = Frame {
        section_syntax_indicator,
        private_indicator,
        section_length,
        splice_command_length,
        splice_command_type: None,
        descriptor_loop_length: None,
        alignment_stuffing: Bytes::default(),
        crc_32,
    };
    let mut stopped = None;
    let content = if is_encrypted {
        Content::Encrypted(Bytes::of(fields.rest()))
    } else {
        let kind = fields.u8("splice_command_type")?;
        let command = Command::read(kind, usize::from(splice_command_length), &mut fields)?;
        frame.splice_command_type = Some(kind);
        let mut found = Vec::new();
        stopped = descriptors(&mut fields, &mut frame, &mut found).err();
        Content::Clear { command, descriptors: found }
    };
    let section = Section {
        sap_type,
        encryption_algorithm,
        pts_adjustment,
        cw_index,
        tier,
        content,
        frame: Some(frame),
    };
    match stopped {
        None => Ok(section),
        Some(error) => Err(Stopped { error, begun: Some(Box::new(section)) }),
    }
}

/// Reads the descriptor loop, and what stands behind it. If the section ends within the loop, its descriptors are read that are there.
fn descriptors(fields: &mut Fields<'_>, frame: &mut Frame, found: &mut Vec<Descriptor>) -> Result<(), Error> {
    let length = fields.u16(16, "descriptor_loop_length")?;
    frame.descriptor_loop_length = Some(length);
    let rest = fields.clone();
    let (mut inner, cut) = match fields.within(usize::from(length), "the descriptor loop") {
        Ok(inner) => (inner, None),
        Err(error) => (rest, Some(error)),
    };
    while !inner.rest().is_empty() {
        match Descriptor::read(&mut inner) {
            Ok(descriptor) => found.push(descriptor),
            Err(error) => return Err(cut.unwrap_or(error)),
        }
    }
    frame.alignment_stuffing = Bytes::of(fields.rest());
    cut.map_or(Ok(()), Err)
}

impl Section {
    /// A section that did not come as bytes.
    pub fn of(command: Command, descriptors: Vec<Descriptor>) -> Self {
        Self {
            sap_type: 3,
            encryption_algorithm: 0,
            pts_adjustment: Ticks(0),
            cw_index: 0xff,
            tier: 0xfff,
            content: Content::Clear { command, descriptors },
            frame: None,
        }
    }

    /// Its command; `None` if it is encrypted.
    pub fn command(&self) -> Option<&Command> {
        match &self.content {
            Content::Clear { command, .. } => Some(command),
            Content::Encrypted(_) => None,
        }
    }

    /// Its descriptors; none if it is encrypted.
    pub fn descriptors(&self) -> &[Descriptor] {
        match &self.content {
            Content::Clear { descriptors, .. } => descriptors,
            Content::Encrypted(_) => &[],
        }
    }

    /// The time of its command on the clock, with `pts_adjustment`. `None` if the command has none, or means immediately.
    pub fn pts(&self) -> Option<Ticks> {
        let pts_time = match self.command()? {
            Command::SpliceInsert(insert) => insert.splice.as_ref()?.pts_time(),
            Command::TimeSignal(time) => time.pts_time,
            _ => None,
        };
        pts_time.map(|time| time.adjusted(self.pts_adjustment))
    }
}

impl Serialize for Section {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        let frame = self.frame.as_ref();
        if let Some(frame) = frame {
            fields.serialize_entry("table_id", &frame::TABLE)?;
            fields.serialize_entry("section_syntax_indicator", &frame.section_syntax_indicator)?;
            fields.serialize_entry("private_indicator", &frame.private_indicator)?;
        }
        fields.serialize_entry("sap_type", &self.sap_type)?;
        if let Some(frame) = frame {
            fields.serialize_entry("section_length", &frame.section_length)?;
        }
        fields.serialize_entry("protocol_version", &0)?;
        fields.serialize_entry("encrypted_packet", &matches!(self.content, Content::Encrypted(_)))?;
        fields.serialize_entry("encryption_algorithm", &self.encryption_algorithm)?;
        fields.serialize_entry("pts_adjustment", &self.pts_adjustment)?;
        fields.serialize_entry("cw_index", &self.cw_index)?;
        fields.serialize_entry("tier", &self.tier)?;
        if let Some(frame) = frame {
            fields.serialize_entry("splice_command_length", &frame.splice_command_length)?;
            if let Some(kind) = frame.splice_command_type {
                fields.serialize_entry("splice_command_type", &kind)?;
            }
        }
        match &self.content {
            Content::Clear { command, descriptors } => {
                fields.serialize_entry("splice_command", command)?;
                if let Some(length) = frame.and_then(|frame| frame.descriptor_loop_length) {
                    fields.serialize_entry("descriptor_loop_length", &length)?;
                }
                fields.serialize_entry("splice_descriptors", descriptors)?;
            }
            Content::Encrypted(bytes) => fields.serialize_entry("encrypted", bytes)?,
        }
        if let Some(frame) = frame {
            if !frame.alignment_stuffing.is_empty() {
                fields.serialize_entry("alignment_stuffing", &frame.alignment_stuffing)?;
            }
            if let Some(crc_32) = frame.crc_32 {
                fields.serialize_entry("CRC_32", &format_args!("{crc_32:#010x}"))?;
            }
        }
        fields.end()
    }
}
