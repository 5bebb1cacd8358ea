//! The table of the elements, in the order of the schema.

use super::shared::{
    ADAPTATION_SET, ADAPTATION_SET_CHILDREN, CHOICE, COMMON, COMMON_CHILDREN, DESCRIPTOR, EVENT_STREAM,
    KINDS, LABEL, LIST, PRESENTATION, SEGMENTS, SEGMENTS_CHILDREN, TEMPLATE, URL,
};
use super::types::{Known, Type, element, many, may, must, one};
use Type::{
    AccessPoint, Boolean, Date, Duration, FrameRate, Id, Integer, Integers, Language, Long, Name, Number,
    Range, Ratio, Signed, Text, Token, Tokens, Uri, Words,
};

/// The version that the clauses are of.
pub const SPECIFICATION: &str = "ISO/IEC 23009-1:2022";

impl Known {
    /// Every element.
    pub const ALL: &[Self] = ELEMENTS;

    /// The element of a name.
    pub(in crate::dash::check) fn of(name: &str) -> Option<&'static Self> {
        ELEMENTS.iter().find(|known| known.name == name)
    }
}

/// A descriptor (5.8.2).
const fn descriptor(name: &'static str, clause: &'static str) -> Known {
    element(name, clause, DESCRIPTOR, &[])
}

macro_rules! iso {
    ($section:literal) => {
        concat!("ISO/IEC 23009-1 ", $section)
    };
}

/// Additions of the sixth edition.
const SIXTH: &str = "ISO/IEC 23009-1, 6th edition";

const STEERING: &str = "ETSI TS 103 998";

const ELEMENTS: &[Known] = &[
    element(
        "MPD",
        iso!("5.3.1"),
        &[
            may("id", Text),
            must("profiles", Text),
            may("type", Words(&["static", "dynamic", "list"])),
            may("availabilityStartTime", Date),
            may("availabilityEndTime", Date),
            may("publishTime", Date),
            may("mediaPresentationDuration", Duration),
            may("minimumUpdatePeriod", Duration),
            must("minBufferTime", Duration),
            may("timeShiftBufferDepth", Duration),
            may("suggestedPresentationDelay", Duration),
            may("maxSegmentDuration", Duration),
            may("maxSubsegmentDuration", Duration),
        ],
        &[
            many("ProgramInformation"),
            many("BaseURL"),
            many("Location"),
            many("PatchLocation"),
            many("ContentSteering"),
            many("ServiceDescription"),
            many("InitializationSet"),
            many("InitializationGroup"),
            many("InitializationPresentation"),
            many("ContentProtection"),
            many("Period"),
            many("Metrics"),
            many("EssentialProperty"),
            many("SupplementalProperty"),
            many("UTCTiming"),
            one("LeapSecondInformation"),
        ],
    ),
    element(
        "ProgramInformation",
        iso!("5.7"),
        &[may("lang", Language), may("moreInformationURL", Text)],
        &[one("Title"), one("Source"), one("Copyright")],
    ),
    element("Title", iso!("5.7"), &[], &[]),
    element("Source", iso!("5.7"), &[], &[]),
    element("Copyright", iso!("5.7"), &[], &[]),
    element(
        "BaseURL",
        iso!("5.6"),
        &[
            may("serviceLocation", Text),
            may("byteRange", Text),
            may("availabilityTimeOffset", Number),
            may("availabilityTimeComplete", Boolean),
            may("timeShiftBufferDepth", Duration),
            may("rangeAccess", Boolean),
        ],
        &[],
    ),
    element("Location", iso!("5.3.1"), &[may("serviceLocation", Text)], &[]),
    element("PatchLocation", iso!("5.15"), &[may("ttl", Number), may("serviceLocation", Text)], &[]),
    element(
        "ContentSteering",
        STEERING,
        &[
            may("defaultServiceLocation", Token),
            may("queryBeforeStart", Boolean),
            may("clientRequirement", Boolean),
        ],
        &[],
    ),
    element(
        "ServiceDescription",
        iso!("Annex K"),
        &[may("id", Integer)],
        &[
            many("Scope"),
            many("Latency"),
            many("PlaybackRate"),
            many("OperatingQuality"),
            many("OperatingBandwidth"),
            many("ContentSteering"),
            many("ClientDataReporting"),
            many("EventRestrictions"),
            many("PlaybackRestrictions"),
        ],
    ),
    descriptor("Scope", iso!("Annex K")),
    element(
        "Latency",
        iso!("Annex K"),
        &[may("referenceId", Integer), may("target", Integer), may("max", Integer), may("min", Integer)],
        &[many("QualityLatency")],
    ),
    element("QualityLatency", iso!("Annex K"), &[may("type", Name)], &[]),
    element("PlaybackRate", iso!("Annex K"), &[may("max", Number), may("min", Number)], &[]),
    element(
        "OperatingQuality",
        iso!("Annex K"),
        &[
            may("mediaType", Words(&["video", "audio", "any", "all"])),
            may("min", Integer),
            may("max", Integer),
            may("target", Integer),
            may("type", Name),
            may("maxDifference", Integer),
        ],
        &[],
    ),
    element(
        "OperatingBandwidth",
        iso!("Annex K"),
        &[
            may("mediaType", Words(&["video", "audio", "any", "all"])),
            may("min", Integer),
            may("max", Integer),
            may("target", Integer),
        ],
        &[],
    ),
    element(
        "ClientDataReporting",
        SIXTH,
        &[may("serviceLocations", Tokens), may("adaptationSets", Integers)],
        &[many("ReportingSystem")],
    ),
    descriptor("ReportingSystem", SIXTH),
    element("EventRestrictions", SIXTH, &[may("executeOnce", Boolean), may("noJump", Boolean)], &[]),
    element("PlaybackRestrictions", SIXTH, &[may("skipAfter", Number)], &[]),
    element(
        "InitializationSet",
        iso!("5.3.12"),
        &[
            must("id", Integer),
            may("inAllPeriods", Boolean),
            may("contentType", KINDS),
            may("par", Ratio),
            may("maxWidth", Integer),
            may("maxHeight", Integer),
            may("maxFrameRate", FrameRate),
            may("initialization", Uri),
        ],
        CHOICE,
    )
    .with(COMMON, COMMON_CHILDREN),
    element(
        "InitializationGroup",
        iso!("5.3.12"),
        &[must("id", Integer), may("profiles", Text), may("contentType", KINDS)],
        &[],
    ),
    element(
        "InitializationPresentation",
        iso!("5.3.12"),
        &[must("id", Integer), may("profiles", Text), may("contentType", KINDS)],
        &[],
    ),
    element(
        "Period",
        iso!("5.3.2"),
        &[
            may("id", Text),
            may("start", Duration),
            may("duration", Duration),
            may("bitstreamSwitching", Boolean),
        ],
        &[
            many("BaseURL"),
            one("SegmentBase"),
            one("SegmentList"),
            one("SegmentTemplate"),
            one("AssetIdentifier"),
            one("ImportedMPD"),
            many("EventStream"),
            many("ServiceDescription"),
            many("ContentProtection"),
            many("AdaptationSet"),
            many("Subset"),
            many("SupplementalProperty"),
            many("EmptyAdaptationSet"),
            many("GroupLabel"),
            many("Preselection"),
        ],
    ),
    element("ImportedMPD", SIXTH, &[may("earliestResolutionTimeOffset", Number)], &[]),
    descriptor("AssetIdentifier", iso!("5.8.4.10")),
    element(
        "EventStream",
        iso!("5.10.2"),
        EVENT_STREAM,
        &[many("Event"), one("ServiceDescription"), many("EssentialProperty"), many("SupplementalProperty")],
    ),
    element(
        "Event",
        iso!("5.10.2"),
        &[
            may("presentationTime", Long),
            may("duration", Long),
            may("id", Id),
            may("contentEncoding", Words(&["base64"])),
            may("messageData", Text),
            may("status", Words(&["none", "update", "repeat"])),
        ],
        &[
            one("SelectionInfo"),
            one("ServiceDescription"),
            one("InsertPresentation"),
            one("ReplacePresentation"),
            many("SupplementalProperty"),
            many("EssentialProperty"),
        ],
    ),
    element(
        "SelectionInfo",
        SIXTH,
        &[may("selectionInfo", Text), must("contactURL", Text)],
        &[many("Selection")],
    ),
    element(
        "Selection",
        SIXTH,
        &[may("dataEncoding", Words(&["base64"])), must("parameter", Text), may("data", Text)],
        &[],
    ),
    element("InsertPresentation", SIXTH, PRESENTATION, &[many("SupplementalProperty")]),
    element(
        "ReplacePresentation",
        SIXTH,
        &[may("clip", Boolean), may("startAtOffset", Boolean), may("startWithOffset", Boolean)],
        &[many("SupplementalProperty")],
    )
    .with(PRESENTATION, &[]),
    element("InbandEventStream", iso!("5.10.3"), EVENT_STREAM, &[]),
    element("AdaptationSet", iso!("5.3.3"), ADAPTATION_SET, ADAPTATION_SET_CHILDREN)
        .with(COMMON, COMMON_CHILDREN),
    element("EmptyAdaptationSet", iso!("5.3.3"), ADAPTATION_SET, ADAPTATION_SET_CHILDREN)
        .with(COMMON, COMMON_CHILDREN),
    element(
        "ContentComponent",
        iso!("5.3.4"),
        &[
            may("id", Integer),
            may("lang", Language),
            may("contentType", KINDS),
            may("par", Ratio),
            may("tag", Text),
        ],
        CHOICE,
    ),
    element(
        "Representation",
        iso!("5.3.5"),
        &[
            must("id", Token),
            must("bandwidth", Integer),
            may("qualityRanking", Integer),
            may("dependencyId", Tokens),
            may("associationId", Tokens),
            may("associationType", Tokens),
            may("mediaStreamStructureId", Tokens),
        ],
        &[
            many("BaseURL"),
            many("ExtendedBandwidth"),
            many("SubRepresentation"),
            one("SegmentBase"),
            one("SegmentList"),
            one("SegmentTemplate"),
        ],
    )
    .with(COMMON, COMMON_CHILDREN),
    element("ExtendedBandwidth", iso!("5.3.5"), &[may("vbr", Boolean)], &[many("ModelPair")]),
    element("ModelPair", iso!("5.3.5"), &[must("bufferTime", Duration), must("bandwidth", Integer)], &[]),
    element(
        "SubRepresentation",
        iso!("5.3.6"),
        &[
            may("level", Integer),
            may("dependencyLevel", Integers),
            may("bandwidth", Integer),
            may("contentComponent", Tokens),
        ],
        &[],
    )
    .with(COMMON, COMMON_CHILDREN),
    descriptor("FramePacking", iso!("5.8.4.6")),
    descriptor("AudioChannelConfiguration", iso!("5.8.4.7")),
    element(
        "ContentProtection",
        iso!("5.8.4.1"),
        &[may("robustness", Token), may("refId", Text), may("ref", Text)],
        &[],
    )
    .with(DESCRIPTOR, &[]),
    descriptor("OutputProtection", iso!("5.8.4")),
    descriptor("EssentialProperty", iso!("5.8.4.8")),
    descriptor("SupplementalProperty", iso!("5.8.4.9")),
    element(
        "Switching",
        iso!("5.3.3"),
        &[must("interval", Integer), may("type", Words(&["media", "bitstream"]))],
        &[],
    ),
    element(
        "RandomAccess",
        iso!("5.3.5"),
        &[
            must("interval", Integer),
            may("type", Words(&["closed", "open", "gradual"])),
            may("minBufferTime", Duration),
            may("bandwidth", Integer),
        ],
        &[],
    ),
    element("GroupLabel", iso!("5.3.10"), LABEL, &[]),
    element("Label", iso!("5.3.10"), LABEL, &[]),
    element(
        "ProducerReferenceTime",
        iso!("5.12"),
        &[
            must("id", Integer),
            may("inband", Boolean),
            may("type", Words(&["encoder", "captured", "application"])),
            may("applicationScheme", Text),
            must("wallClockTime", Text),
            must("presentationTime", Long),
        ],
        &[one("UTCTiming")],
    ),
    element(
        "ContentPopularityRate",
        iso!("5.3.7"),
        &[must("source", Words(&["content", "statistics", "other"])), may("source_description", Text)],
        &[many("PR")],
    ),
    element(
        "PR",
        iso!("5.3.7"),
        &[may("popularityRate", Integer), may("start", Long), may("r", Signed)],
        &[],
    ),
    element(
        "Resync",
        iso!("5.3.13"),
        &[
            may("type", AccessPoint),
            may("dT", Integer),
            may("dImax", Number),
            may("dImin", Number),
            may("marker", Boolean),
        ],
        &[],
    ),
    element(
        "SegmentSequenceProperties",
        SIXTH,
        &[may("type", AccessPoint), may("cadence", Integer), may("event", Boolean), may("alignment", Token)],
        &[many("SAP")],
    ),
    element("SAP", SIXTH, &[must("type", AccessPoint), may("cadence", Integer)], &[]),
    descriptor("Accessibility", iso!("5.8.4.3")),
    descriptor("Role", iso!("5.8.4.2")),
    descriptor("Rating", iso!("5.8.4.4")),
    descriptor("Viewpoint", iso!("5.8.4.5")),
    element("Subset", iso!("5.3.8"), &[must("contains", Tokens), may("id", Text)], &[]),
    element(
        "Preselection",
        iso!("5.3.11"),
        &[
            may("id", Token),
            must("preselectionComponents", Tokens),
            may("lang", Language),
            may("order", Words(&["undefined", "time-ordered", "fully-ordered"])),
        ],
        CHOICE,
    )
    .with(COMMON, COMMON_CHILDREN),
    element("SegmentBase", iso!("5.3.9.2"), &[], &[]).with(SEGMENTS, SEGMENTS_CHILDREN),
    element(
        "SegmentList",
        iso!("5.3.9.3"),
        LIST,
        &[one("SegmentTimeline"), one("BitstreamSwitching"), many("SegmentURL")],
    )
    .with(SEGMENTS, SEGMENTS_CHILDREN),
    element(
        "SegmentTemplate",
        iso!("5.3.9.4"),
        TEMPLATE,
        &[one("SegmentTimeline"), one("BitstreamSwitching")],
    )
    .with(SEGMENTS, SEGMENTS_CHILDREN),
    element("Initialization", iso!("5.3.9.2"), URL, &[]),
    element("RepresentationIndex", iso!("5.3.9.2"), URL, &[]),
    element("BitstreamSwitching", iso!("5.3.9.2"), URL, &[]),
    element("FailoverContent", iso!("5.3.9.7"), &[may("valid", Boolean)], &[many("FCS")]),
    element("FCS", iso!("5.3.9.7"), &[must("t", Long), may("d", Long)], &[]),
    element(
        "SegmentURL",
        iso!("5.3.9.3"),
        &[may("media", Uri), may("mediaRange", Range), may("index", Uri), may("indexRange", Range)],
        &[],
    ),
    element("SegmentTimeline", iso!("5.3.9.6"), &[], &[many("Pattern"), many("S")]),
    element("Pattern", SIXTH, &[must("id", Integer)], &[many("P")]),
    element("P", SIXTH, &[must("d", Long), may("r", Integer)], &[]),
    element(
        "S",
        iso!("5.3.9.6"),
        &[
            may("t", Long),
            may("n", Long),
            may("d", Long),
            may("r", Signed),
            may("k", Long),
            may("p", Integer),
            may("pE", Integer),
            may("ssp", Integer),
        ],
        &[],
    ),
    element("Metrics", iso!("5.9"), &[must("metrics", Text)], &[many("Range"), many("Reporting")]),
    element("Range", iso!("5.9"), &[may("starttime", Duration), may("duration", Duration)], &[]),
    descriptor("Reporting", iso!("5.9")),
    descriptor("UTCTiming", iso!("5.8.4.11")),
    element(
        "LeapSecondInformation",
        iso!("5.13"),
        &[
            must("availabilityStartLeapOffset", Signed),
            may("nextAvailabilityStartLeapOffset", Signed),
            may("nextLeapChangeTime", Date),
        ],
        &[],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_element_is_told_once_and_every_child_is_known() {
        let names: BTreeSet<_> = Known::ALL.iter().map(|known| known.name).collect();
        assert_eq!(names.len(), Known::ALL.len());
        for known in Known::ALL {
            for child in known.children() {
                assert!(names.contains(child.name), "{} in {}", child.name, known.name);
            }
            let attributes: BTreeSet<_> = known.attributes().map(|attribute| attribute.name).collect();
            assert_eq!(attributes.len(), known.attributes().count(), "{}", known.name);
        }
    }
}
