//! The attributes of each tag that has a list of them.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.2)
//! has the types; the attributes come from the tags' own clauses, of its Appendix D (interstitials) and Appendix F
//! (preloading), and `PROGRAM-ID` of the versions before RFC 8216.

/// An attribute that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Type,
    /// Whether every tag has to have it, whatever else the tag has.
    pub required: bool,
    /// Whether its value is a URI that players fetch.
    pub is_uri: bool,
}

/// The type of an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A decimal-integer, up to 2^64-1.
    Integer,
    /// A hexadecimal-sequence.
    Hexadecimal,
    /// A decimal-floating-point.
    Float,
    /// A signed-decimal-floating-point.
    SignedFloat,
    /// A quoted-string, not empty.
    Quoted,
    /// A quoted-string that may be empty.
    QuotedOrEmpty,
    /// An enumerated-string: one of these words, for ever.
    Enumerated(&'static [&'static str]),
    /// An enumerated-string to which later versions may add words.
    Open(&'static [&'static str]),
    /// An enumerated-string-list: words in quotes, with commas between them.
    Words(&'static [&'static str]),
    /// A quoted-string, or the word `NONE`.
    QuotedOrNone,
    /// A decimal-resolution.
    Resolution,
    /// A length and an offset in quotes: `"n@o"`; whether the offset may be left out.
    Range {
        /// Whether the offset has to be there.
        offset: bool,
    },
    /// A date and a time of ISO 8601, in quotes.
    Date,
    /// Anything.
    Any,
}

const fn optional(name: &'static str, kind: Type) -> Known {
    Known { name, kind, required: false, is_uri: false }
}

const fn required(name: &'static str, kind: Type) -> Known {
    Known { name, kind, required: true, is_uri: false }
}

impl Known {
    const fn uri(self) -> Self {
        Self { is_uri: true, ..self }
    }
}

use Type::{
    Any, Date, Enumerated, Float, Hexadecimal, Integer, Open, Quoted, QuotedOrEmpty, QuotedOrNone, Range,
    Resolution, SignedFloat, Words,
};

const YES_NO: Type = Enumerated(&["YES", "NO"]);
const YES: Type = Enumerated(&["YES"]);

pub(in crate::hls) const START: &[Known] =
    &[required("TIME-OFFSET", SignedFloat), optional("PRECISE", YES_NO)];

pub(in crate::hls) const DEFINE: &[Known] = &[
    optional("NAME", Quoted),
    optional("VALUE", QuotedOrEmpty),
    optional("IMPORT", Quoted),
    optional("QUERYPARAM", Quoted),
];

pub(in crate::hls) const PART_INF: &[Known] = &[required("PART-TARGET", Float)];

pub(in crate::hls) const SERVER_CONTROL: &[Known] = &[
    optional("CAN-SKIP-UNTIL", Float),
    optional("CAN-SKIP-DATERANGES", YES_NO),
    optional("HOLD-BACK", Float),
    optional("PART-HOLD-BACK", Float),
    optional("CAN-BLOCK-RELOAD", YES_NO),
];

pub(in crate::hls) const KEY: &[Known] = &[
    required("METHOD", Open(&["NONE", "AES-128", "SAMPLE-AES", "SAMPLE-AES-CTR", "AES-256-GCM"])),
    optional("URI", Quoted).uri(),
    optional("IV", Hexadecimal),
    optional("KEYFORMAT", Quoted),
    optional("KEYFORMATVERSIONS", Quoted),
];

pub(in crate::hls) const MAP: &[Known] =
    &[required("URI", Quoted).uri(), optional("BYTERANGE", Range { offset: true })];

pub(in crate::hls) const PART: &[Known] = &[
    required("URI", Quoted).uri(),
    required("DURATION", Float),
    optional("INDEPENDENT", YES_NO),
    optional("BYTERANGE", Range { offset: false }),
    optional("GAP", YES_NO),
];

pub(in crate::hls) const DATERANGE: &[Known] = &[
    required("ID", Quoted),
    optional("CLASS", Quoted),
    optional("START-DATE", Date),
    optional("CUE", Words(&["PRE", "POST", "ONCE"])),
    optional("END-DATE", Date),
    optional("DURATION", Float),
    optional("PLANNED-DURATION", Float),
    optional("SCTE35-CMD", Hexadecimal),
    optional("SCTE35-OUT", Hexadecimal),
    optional("SCTE35-IN", Hexadecimal),
    optional("END-ON-NEXT", YES),
    optional("X-ASSET-URI", Quoted).uri(),
    optional("X-ASSET-LIST", Quoted).uri(),
    optional("X-RESUME-OFFSET", SignedFloat),
    optional("X-PLAYOUT-LIMIT", Float),
    optional("X-SNAP", Words(&["OUT", "IN"])),
    optional("X-RESTRICT", Words(&["SKIP", "JUMP"])),
    optional("X-CONTENT-MAY-VARY", Quoted),
    optional("X-TIMELINE-OCCUPIES", Quoted),
    optional("X-TIMELINE-STYLE", Quoted),
    optional("X-SKIP-CONTROL-OFFSET", Float),
    optional("X-SKIP-CONTROL-DURATION", Float),
    optional("X-SKIP-CONTROL-LABEL-ID", Quoted),
    optional("X-URI", Quoted).uri(),
    optional("X-TARGET-ID", Quoted),
    optional("X-TARGET-CLASS", Quoted),
];

pub(in crate::hls) const SKIP: &[Known] =
    &[required("SKIPPED-SEGMENTS", Integer), optional("RECENTLY-REMOVED-DATERANGES", QuotedOrEmpty)];

pub(in crate::hls) const PRELOAD_HINT: &[Known] = &[
    required("TYPE", Open(&["PART", "MAP"])),
    required("URI", Quoted).uri(),
    optional("BYTERANGE-START", Integer),
    optional("BYTERANGE-LENGTH", Integer),
];

/// A server may leave out attributes that are the same in the playlist that has the report, mandatory ones included.
pub(in crate::hls) const RENDITION_REPORT: &[Known] =
    &[optional("URI", Quoted).uri(), optional("LAST-MSN", Integer), optional("LAST-PART", Integer)];

pub(in crate::hls) const MEDIA: &[Known] = &[
    required("TYPE", Enumerated(&["AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"])),
    optional("URI", Quoted).uri(),
    required("GROUP-ID", Quoted),
    optional("LANGUAGE", Quoted),
    optional("ASSOC-LANGUAGE", Quoted),
    required("NAME", Quoted),
    optional("STABLE-RENDITION-ID", Quoted),
    optional("DEFAULT", YES_NO),
    optional("AUTOSELECT", YES_NO),
    optional("FORCED", YES_NO),
    optional("INSTREAM-ID", Quoted),
    optional("BIT-DEPTH", Integer),
    optional("SAMPLE-RATE", Integer),
    optional("CHARACTERISTICS", Quoted),
    optional("CHANNELS", Quoted),
];

pub(in crate::hls) const STREAM_INF: &[Known] = &[
    required("BANDWIDTH", Integer),
    optional("AVERAGE-BANDWIDTH", Integer),
    optional("SCORE", Float),
    optional("CODECS", Quoted),
    optional("SUPPLEMENTAL-CODECS", Quoted),
    optional("RESOLUTION", Resolution),
    optional("FRAME-RATE", Float),
    optional("HDCP-LEVEL", Open(&["TYPE-0", "TYPE-1", "NONE"])),
    optional("ALLOWED-CPC", QuotedOrEmpty),
    optional("VIDEO-RANGE", Open(&["SDR", "HLG", "PQ"])),
    optional("REQ-VIDEO-LAYOUT", Quoted),
    optional("STABLE-VARIANT-ID", Quoted),
    optional("AUDIO", Quoted),
    optional("VIDEO", Quoted),
    optional("SUBTITLES", Quoted),
    optional("CLOSED-CAPTIONS", QuotedOrNone),
    optional("PATHWAY-ID", Quoted),
    optional("NAME", Quoted),
    optional("PROGRAM-ID", Integer),
];

pub(in crate::hls) const I_FRAME_STREAM_INF: &[Known] = &[
    required("URI", Quoted).uri(),
    required("BANDWIDTH", Integer),
    optional("AVERAGE-BANDWIDTH", Integer),
    optional("SCORE", Float),
    optional("CODECS", Quoted),
    optional("SUPPLEMENTAL-CODECS", Quoted),
    optional("RESOLUTION", Resolution),
    optional("HDCP-LEVEL", Open(&["TYPE-0", "TYPE-1", "NONE"])),
    optional("ALLOWED-CPC", QuotedOrEmpty),
    optional("VIDEO-RANGE", Open(&["SDR", "HLG", "PQ"])),
    optional("REQ-VIDEO-LAYOUT", Quoted),
    optional("STABLE-VARIANT-ID", Quoted),
    optional("VIDEO", Quoted),
    optional("PATHWAY-ID", Quoted),
    optional("NAME", Quoted),
    optional("PROGRAM-ID", Integer),
];

pub(in crate::hls) const SESSION_DATA: &[Known] = &[
    required("DATA-ID", Quoted),
    optional("VALUE", Quoted),
    optional("URI", Quoted).uri(),
    optional("FORMAT", Enumerated(&["JSON", "RAW"])),
    optional("LANGUAGE", Quoted),
];

pub(in crate::hls) const CONTENT_STEERING: &[Known] =
    &[required("SERVER-URI", Quoted).uri(), optional("PATHWAY-ID", Quoted)];

pub(in crate::hls) const SCTE35: &[Known] = &[
    required("CUE", Any),
    optional("ID", Any),
    optional("TYPE", Any),
    optional("TIME", Any),
    optional("DURATION", Any),
    optional("ELAPSED", Any),
    optional("UPID", Any),
    optional("CUE-OUT", Any),
    optional("CUE-IN", Any),
    optional("BLACKOUT", Any),
    optional("SEGNE", Any),
];

pub(in crate::hls) const IMAGE_STREAM_INF: &[Known] = &[
    required("URI", Quoted).uri(),
    required("BANDWIDTH", Integer),
    optional("AVERAGE-BANDWIDTH", Integer),
    optional("RESOLUTION", Resolution),
    optional("CODECS", Quoted),
    optional("VIDEO-RANGE", Any),
    optional("LAYOUT", Resolution),
    optional("NAME", Quoted),
    optional("PROGRAM-ID", Integer),
];

pub(in crate::hls) const TILES: &[Known] = &[
    required("RESOLUTION", Resolution),
    required("LAYOUT", Resolution),
    required("DURATION", Float),
    optional("URI", Quoted).uri(),
];
