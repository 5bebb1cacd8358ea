//! The descriptors behind a command (section 10.3).

use serde::Serialize;

use super::fields::{Error, Fields};
use super::{Bytes, Identifier, Segmentation, Ticks};

/// A descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Descriptor {
    /// `avail_descriptor` (10.3.1).
    Avail(Avail),
    /// `DTMF_descriptor` (10.3.2).
    #[serde(rename = "DTMF")]
    Dtmf(Dtmf),
    /// `segmentation_descriptor` (10.3.3).
    Segmentation(Segmentation),
    /// `time_descriptor` (10.3.4).
    Time(Time),
    /// `audio_descriptor` (10.3.5).
    Audio(Audio),
    /// A descriptor of another identifier, or of a tag that the standard does not have.
    Private(PrivateDescriptor),
}

/// `avail_descriptor` (10.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Avail {
    /// The provider's id of the avail.
    pub provider_avail_id: u32,
}

/// `DTMF_descriptor` (10.3.2): tones for equipment that listens to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dtmf {
    /// The time from the last tone to the splice, in tenths of a second.
    pub preroll: u8,
    /// The tones.
    #[serde(rename = "DTMF_chars")]
    pub chars: String,
}

/// `time_descriptor` (10.3.4): the wall clock at the time of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Time {
    /// Seconds of International Atomic Time since 1970-01-01T00:00:00Z.
    #[serde(rename = "TAI_seconds")]
    pub tai_seconds: u64,
    /// Nanoseconds.
    #[serde(rename = "TAI_ns")]
    pub tai_ns: u32,
    /// Seconds between International Atomic Time and UTC.
    #[serde(rename = "UTC_offset")]
    pub utc_offset: u16,
}

/// `audio_descriptor` (10.3.5): the sound of the segment that begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Audio {
    /// The audio streams.
    pub components: Vec<AudioComponent>,
}

/// An audio stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AudioComponent {
    /// The `component_tag` of its `stream_identifier_descriptor`.
    pub component_tag: u8,
    /// Its language (ISO 639-2).
    #[serde(rename = "ISO_code")]
    pub iso_code: String,
    /// `Bit_Stream_Mode` (ATSC A/52 table 5.7).
    #[serde(rename = "Bit_Stream_Mode")]
    pub bit_stream_mode: u8,
    /// `Num_Channels` (ATSC A/52 table A4.5).
    #[serde(rename = "Num_Channels")]
    pub num_channels: u8,
    /// Whether it is a full service by itself.
    #[serde(rename = "Full_Srvc_Audio")]
    pub full_srvc_audio: bool,
}

/// A descriptor that the standard does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrivateDescriptor {
    /// Its tag.
    pub splice_descriptor_tag: u8,
    /// Whose it is.
    pub identifier: Identifier,
    /// Its contents.
    pub private_bytes: Bytes,
}

impl Descriptor {
    /// Reads a descriptor, and leaves `fields` behind it.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let tag = fields.u8("splice_descriptor_tag")?;
        let length = usize::from(fields.u8("descriptor_length")?);
        let mut inner = fields.within(length, "the descriptor")?;
        let identifier = Identifier(inner.u32("identifier")?);
        let descriptor = match tag {
            0x00..=0x04 if identifier != Identifier::CUEI => Self::private(tag, identifier, &inner),
            0x00 => Self::Avail(Avail { provider_avail_id: inner.u32("provider_avail_id")? }),
            0x01 => Self::Dtmf(Dtmf::read(&mut inner)?),
            0x02 => Self::Segmentation(Segmentation::read(&mut inner)?),
            0x03 => Self::Time(Time {
                tai_seconds: inner.bits(48, "TAI_seconds")?,
                tai_ns: inner.u32("TAI_ns")?,
                utc_offset: inner.u16(16, "UTC_offset")?,
            }),
            0x04 => Self::Audio(Audio::read(&mut inner)?),
            _ => Self::private(tag, identifier, &inner),
        };
        Ok(descriptor)
    }

    fn private(tag: u8, identifier: Identifier, inner: &Fields<'_>) -> Self {
        let private_bytes = Bytes::of(inner.rest());
        Self::Private(PrivateDescriptor { splice_descriptor_tag: tag, identifier, private_bytes })
    }
}

impl Dtmf {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let preroll = fields.u8("preroll")?;
        let count = usize::from(fields.small(3, "dtmf_count")?);
        fields.skip(5)?;
        Ok(Self { preroll, chars: latin(fields.bytes(count, "DTMF_char")?) })
    }

    /// The time from the last tone to the splice.
    pub fn preroll(&self) -> Ticks {
        Ticks(u64::from(self.preroll) * Ticks::RATE / 10)
    }
}

impl Audio {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let count = fields.small(4, "audio_count")?;
        fields.skip(4)?;
        let component = |_| {
            Ok(AudioComponent {
                component_tag: fields.u8("component_tag")?,
                iso_code: latin(fields.bytes(3, "ISO_code")?),
                bit_stream_mode: fields.small(3, "Bit_Stream_Mode")?,
                num_channels: fields.small(4, "Num_Channels")?,
                full_srvc_audio: fields.flag("Full_Srvc_Audio")?,
            })
        };
        Ok(Self { components: (0..count).map(component).collect::<Result<_, Error>>()? })
    }
}

/// Characters of ISO 8859-1, which ASCII is a part of.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}
