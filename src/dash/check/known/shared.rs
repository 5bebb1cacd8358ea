//! Attributes and children that several elements have in common.

use super::types::{Attribute, Child, Type, many, may, must, one};
use Type::{
    AccessPoint, Alignment, Boolean, Duration, FrameRate, Id, Integer, Integers, Language, Long, Name,
    Number, Range, Rates, Ratio, Signed, Text, Tokens, Uri, Words,
};

pub(super) const DESCRIPTOR: &[Attribute] = &[must("schemeIdUri", Name), may("value", Text), may("id", Text)];

pub(super) const KINDS: Type = Words(&["text", "image", "audio", "video", "application", "font"]);

/// Attributes common to AdaptationSets, Representations, SubRepresentations and Preselections (5.3.7).
pub(super) const COMMON: &[Attribute] = &[
    may("profiles", Text),
    may("width", Integer),
    may("height", Integer),
    may("sar", Ratio),
    may("frameRate", FrameRate),
    may("audioSamplingRate", Rates),
    may("mimeType", Text),
    may("segmentProfiles", Tokens),
    may("codecs", Text),
    may("containerProfiles", Tokens),
    may("maximumSAPPeriod", Number),
    may("startWithSAP", AccessPoint),
    may("maxPlayoutRate", Number),
    may("codingDependency", Boolean),
    may("scanType", Words(&["progressive", "interlaced", "unknown"])),
    may("selectionPriority", Integer),
    may("tag", Text),
];

pub(super) const COMMON_CHILDREN: &[Child] = &[
    many("FramePacking"),
    many("AudioChannelConfiguration"),
    many("ContentProtection"),
    one("OutputProtection"),
    many("EssentialProperty"),
    many("SupplementalProperty"),
    many("InbandEventStream"),
    many("Switching"),
    many("RandomAccess"),
    many("GroupLabel"),
    many("Label"),
    many("ProducerReferenceTime"),
    many("ContentPopularityRate"),
    many("Resync"),
    many("SegmentSequenceProperties"),
];

/// Descriptors that players choose by.
pub(super) const CHOICE: &[Child] = &[many("Accessibility"), many("Role"), many("Rating"), many("Viewpoint")];

/// Segment Base Information (5.3.9.2).
pub(super) const SEGMENTS: &[Attribute] = &[
    may("timescale", Integer),
    may("eptDelta", Signed),
    may("pdDelta", Signed),
    may("presentationTimeOffset", Long),
    may("presentationDuration", Long),
    may("timeShiftBufferDepth", Duration),
    may("indexRange", Range),
    may("indexRangeExact", Boolean),
    may("availabilityTimeOffset", Number),
    may("availabilityTimeComplete", Boolean),
];

/// Multiple Segment Base Information (5.3.9.2), and a template's own (5.3.9.4).
pub(super) const TEMPLATE: &[Attribute] = &[
    may("duration", Integer),
    may("startNumber", Integer),
    may("endNumber", Integer),
    may("media", Uri),
    may("index", Uri),
    may("initialization", Uri),
    may("bitstreamSwitching", Uri),
];

pub(super) const LIST: &[Attribute] =
    &[may("duration", Integer), may("startNumber", Integer), may("endNumber", Integer)];

pub(super) const SEGMENTS_CHILDREN: &[Child] =
    &[one("Initialization"), one("RepresentationIndex"), one("FailoverContent")];

pub(super) const ADAPTATION_SET: &[Attribute] = &[
    may("id", Id),
    may("group", Integer),
    may("lang", Language),
    may("contentType", KINDS),
    may("par", Ratio),
    may("minBandwidth", Integer),
    may("maxBandwidth", Integer),
    may("minWidth", Integer),
    may("maxWidth", Integer),
    may("minHeight", Integer),
    may("maxHeight", Integer),
    may("minFrameRate", FrameRate),
    may("maxFrameRate", FrameRate),
    may("segmentAlignment", Alignment),
    may("subsegmentAlignment", Alignment),
    may("subsegmentStartsWithSAP", AccessPoint),
    may("bitstreamSwitching", Boolean),
    may("initializationSetRef", Integers),
    may("initializationPrincipal", Uri),
];

pub(super) const ADAPTATION_SET_CHILDREN: &[Child] = &[
    many("Accessibility"),
    many("Role"),
    many("Rating"),
    many("Viewpoint"),
    many("ContentComponent"),
    many("BaseURL"),
    one("SegmentBase"),
    one("SegmentList"),
    one("SegmentTemplate"),
    many("Representation"),
];

pub(super) const URL: &[Attribute] = &[may("sourceURL", Uri), may("range", Range)];

pub(super) const LABEL: &[Attribute] = &[may("id", Integer), may("lang", Language)];

pub(super) const EVENT_STREAM: &[Attribute] = &[
    must("schemeIdUri", Name),
    may("value", Text),
    may("timescale", Integer),
    may("presentationTimeOffset", Long),
];

/// The presentation of another MPD in an event's place.
pub(super) const PRESENTATION: &[Attribute] = &[
    must("uri", Uri),
    may("earliestResolutionTimeOffset", Number),
    may("maxDuration", Long),
    may("serviceDescriptionId", Integer),
    may("returnOffset", Long),
    may("executeOnce", Boolean),
    may("noJump", Integer),
    may("skipAfter", Duration),
];
