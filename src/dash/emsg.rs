//! Event messages in segments: the box `emsg` (ISO/IEC 23009-1 section 5.10.3.3), among the boxes of a segment (ISO/IEC 14496-12
//! section 4.2).
//!
//! ```text
//! aligned(8) class DASHEventMessageBox extends FullBox('emsg', version, flags = 0) {
//!   if (version == 0) {
//!     string scheme_id_uri;
//!     string value;
//!     unsigned int(32) timescale;
//!     unsigned int(32) presentation_time_delta;
//!     unsigned int(32) event_duration;
//!     unsigned int(32) id;
//!   } else if (version == 1) {
//!     unsigned int(32) timescale;
//!     unsigned int(64) presentation_time;
//!     unsigned int(32) event_duration;
//!     unsigned int(32) id;
//!     string scheme_id_uri;
//!     string value;
//!   }
//!   unsigned int(8) message_data[];
//! }
//! ```
//!
//! Other boxes are passed over by their sizes, whatever is in them: `styp`, `sidx` and `prft` in front of the message, `moof` and
//! `mdat` of the chunks in front of it. The size of a box may be 64 bits, and a size of 0 reaches to the end. Boxes within boxes are
//! not looked into: an `emsg` stands at the top.

/// An event message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventMessage<'a> {
    /// What the message is, and with `value` which stream of events it belongs to.
    pub scheme_id_uri: &'a str,
    /// Defined by the scheme.
    pub value: &'a str,
    /// Ticks in a second. Never 0.
    pub timescale: u32,
    /// When the event begins.
    pub time: EventTime,
    /// How long it lasts, in ticks; `None`: not known.
    pub duration: Option<u32>,
    /// Equal in all copies of the message.
    pub id: u32,
    /// The message.
    pub message_data: &'a [u8],
}

/// When an event begins, in ticks of its own timescale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventTime {
    /// Behind the earliest presentation time of its segment (version 0).
    Delta(u32),
    /// On the media's timeline (version 1).
    At(u64),
}

/// Why an event message cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: expected {expected}")]
pub struct EmsgError {
    /// Where its box begins.
    pub at: usize,
    /// The missing part.
    pub expected: &'static str,
}

/// The event messages among the boxes of a segment, or of the beginning of one. Takes time linear in its length.
///
/// It ends where a box does, or where what follows is no box. A box that is not whole ends it too: without an error, unless it is an
/// `emsg`.
pub fn event_messages(segment: &[u8]) -> impl Iterator<Item = Result<EventMessage<'_>, EmsgError>> {
    let mut rest = Bytes(segment);
    std::iter::from_fn(move || {
        loop {
            let at = segment.len() - rest.0.len();
            let (kind, content) = rest.next_box()?;
            if kind == *b"emsg" {
                let message = content.ok_or("as many bytes as the box states").and_then(EventMessage::read);
                return Some(message.map_err(|expected| EmsgError { at, expected }));
            }
            content?;
        }
    })
}

impl<'a> EventMessage<'a> {
    fn read(mut content: Bytes<'a>) -> Result<Self, &'static str> {
        let version = content.u32().ok_or("a version")? >> 24;
        let mut strings = ("", "");
        if version == 0 {
            strings = content.strings()?;
        }
        let timescale = content.u32().filter(|timescale| *timescale > 0).ok_or("a `timescale` above 0")?;
        let time = match version {
            0 => content.u32().map(EventTime::Delta).ok_or("a `presentation_time_delta`")?,
            1 => content.u64().map(EventTime::At).ok_or("a `presentation_time`")?,
            _ => return Err("version 0 or 1"),
        };
        let duration = content.u32().ok_or("an `event_duration`")?;
        let id = content.u32().ok_or("an `id`")?;
        if version == 1 {
            strings = content.strings()?;
        }
        let (scheme_id_uri, value) = strings;
        let duration = Some(duration).filter(|ticks| *ticks != u32::MAX);
        Ok(Self { scheme_id_uri, value, timescale, time, duration, id, message_data: content.0 })
    }
}

/// Bytes that are read from their beginning.
#[derive(Clone, Copy, Debug)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A text that ends with a zero byte.
    fn string(&mut self) -> Option<&'a str> {
        let text = self.take(memchr::memchr(0, self.0)?)?;
        self.take(1)?;
        str::from_utf8(text).ok()
    }

    fn strings(&mut self) -> Result<(&'a str, &'a str), &'static str> {
        Ok((self.string().ok_or("a `scheme_id_uri`")?, self.string().ok_or("a `value`")?))
    }

    /// The type of the next box, and its content; `None` within: there is less of it than it states.
    fn next_box(&mut self) -> Option<([u8; 4], Option<Self>)> {
        let whole = self.0.len();
        let size = self.u32()?;
        let kind = self.array()?;
        let size = match size {
            0 => Some(whole),
            1 => usize::try_from(self.u64()?).ok(),
            _ => usize::try_from(size).ok(),
        };
        // A size within the head of the box is as wrong as one behind the end.
        let length = size.and_then(|size| size.checked_sub(whole - self.0.len()));
        let content = length.and_then(|length| self.take(length)).map(Self);
        if content.is_none() {
            self.0 = &[];
        }
        Some((kind, content))
    }
}

#[cfg(test)]
pub(in crate::dash) mod tests;
