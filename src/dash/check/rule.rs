//! The rules, in one table.

use crate::manifest::rules;

/// The findings so far.
pub(super) type Report = crate::manifest::Report<Rule>;

macro_rules! clause {
    (iso $section:literal) => {
        concat!("ISO/IEC 23009-1 ", $section)
    };
    (cenc $section:literal) => {
        concat!("ISO/IEC 23001-7 ", $section)
    };
    (xml $section:literal) => {
        concat!("XML 1.0 ", $section)
    };
    (other $text:literal) => {
        $text
    };
}

rules! {
    /// The rules that an MPD is checked against.
    clause = clause;

    Malformed "malformed" Error xml "2.1" "The MPD is not well-formed XML, or XML readers interpret it differently.";
    Forbidden "forbidden" Error xml "2.8" "The MPD has a document type declaration, an entity, or an encoding other than UTF-8.";
    RootName "root-name" Error iso "5.3.1" "The root element is not `MPD`.";
    Namespace "namespace" Error iso "5.2.2" "The root element is not in the MPD namespace.";
    ElementUnknown "element-unknown" Info iso "5.2.2" "The element is unknown at this position.";
    AttributeUnknown "attribute-unknown" Info iso "5.2.2" "The attribute is unknown.";
    ElementOrder "element-order" Warning iso "5.2.2" "The element stands behind an element that the schema requires to follow it.";
    ElementRepeated "element-repeated" Error iso "5.2.2" "An element that may occur once occurs again.";
    AttributeMissing "attribute-missing" Error iso "5.2.2" "A required attribute is missing.";
    AttributeType "attribute-type" Error iso "5.2.2" "An attribute's value does not match its type.";
    AttributeLoose "attribute-loose" Warning iso "5.2.2" "An attribute's value does not match its type, but players accept it.";
    DateZone "date-zone" Warning iso "5.3.1.2" "A date has no time zone.";
    Language "language" Warning iso "5.3.3.2" "A language is not a BCP 47 tag.";
    LanguageUndetermined "language-undetermined" Info iso "5.3.3.2" "A language is `und`, so players cannot select by it.";
    IdRepeated "id-repeated" Error iso "5.3" "Two elements of the same level have the same `id`.";
    IdShared "id-shared" Warning iso "5.3.5.2" "Representations in two AdaptationSets of a Period have the same `id`.";

    StartTimeMissing "start-time-missing" Error iso "5.3.1.2" "A dynamic MPD lacks `availabilityStartTime`.";
    PublishTimeMissing "publish-time-missing" Warning iso "5.3.1.2" "A dynamic MPD lacks `publishTime`.";
    ClockMissing "clock-missing" Warning iso "5.8.4.11" "A dynamic MPD lacks `UTCTiming`, so players use their own clock.";
    UpdateMissing "update-missing" Info iso "5.3.1.2" "A dynamic MPD lacks `minimumUpdatePeriod`, so players do not update it.";
    EndBeforeStart "end-before-start" Error iso "5.3.1.2" "`availabilityEndTime` is before `availabilityStartTime`.";
    DurationMissing "duration-missing" Error iso "5.3.1.2" "The duration of a static MPD is unknown.";
    LiveOnly "live-only" Warning iso "5.3.1.2" "A static MPD has an attribute that only dynamic MPDs use.";
    DelayLong "delay-long" Warning iso "5.3.1.2" "`suggestedPresentationDelay` is longer than `timeShiftBufferDepth`.";
    SegmentLong "segment-long" Warning iso "5.3.1.2" "A segment is longer than `maxSegmentDuration`.";
    PatchIdentity "patch-identity" Error iso "5.15" "An MPD with `PatchLocation` lacks `id` or `publishTime`.";
    PatchStatic "patch-static" Warning iso "5.15" "A static MPD has `PatchLocation`.";

    PeriodMissing "period-missing" Error iso "5.3.2" "The MPD has no Period.";
    PeriodEmpty "period-empty" Error iso "5.3.2.2" "A Period with a duration has no AdaptationSet.";
    PeriodIdMissing "period-id-missing" Warning iso "5.3.2.2" "A Period of a dynamic MPD lacks `id`.";
    PeriodStartUnknown "period-start-unknown" Error iso "5.3.2.1" "The start of a Period of a static MPD is unknown.";
    PeriodEarly "period-early" Info iso "5.3.2.1" "The start of a Period of a dynamic MPD is not known yet.";
    PeriodOrder "period-order" Error iso "5.3.2.1" "A Period starts before the start of the previous Period.";
    PeriodOverlap "period-overlap" Warning iso "5.3.2.1" "A Period starts before the end of the previous Period.";
    PeriodGap "period-gap" Info iso "5.3.2.1" "There is a gap between two Periods.";
    ContinuityUnknown "continuity-unknown" Warning iso "5.3.2.4" "An AdaptationSet claims to continue an AdaptationSet of a Period that does not exist.";
    ContinuityAsset "continuity-asset" Warning iso "5.3.2.4" "An AdaptationSet claims to continue an AdaptationSet of another asset.";

    KindUnknown "kind-unknown" Warning iso "5.3.3.2" "An AdaptationSet has neither a `contentType` nor a MIME type or codec.";
    MimeMissing "mime-missing" Error iso "5.3.7.2" "Neither a Representation nor its AdaptationSet has `mimeType`.";
    MimeDiffers "mime-differs" Warning iso "5.3.7.2" "Representations of an AdaptationSet have different MIME types.";
    Bounds "bounds" Warning iso "5.3.3.2" "A Representation's value is outside the bounds that its AdaptationSet states.";
    AlignmentMissing "alignment-missing" Info iso "5.3.3.2" "An AdaptationSet with several Representations does not state that they are aligned.";
    RoleUnknown "role-unknown" Warning iso "5.8.5.5" "A role is not one of the defined values.";
    SwitchingUnknown "switching-unknown" Warning iso "5.3.3.5" "An AdaptationSet names an AdaptationSet to switch with that does not exist.";
    TrickModeUnknown "trick-mode-unknown" Warning other "DASH-IF IOP 4.3" "An AdaptationSet for trick modes names a main AdaptationSet that does not exist.";
    PreselectionUnknown "preselection-unknown" Error iso "5.3.11" "A Preselection has a component that does not exist.";
    SubsetUnknown "subset-unknown" Error iso "5.3.8" "A Subset contains an AdaptationSet that does not exist.";

    BandwidthZero "bandwidth-zero" Warning iso "5.3.5.2" "A Representation's `bandwidth` is 0.";
    IdCharacters "id-characters" Warning iso "5.3.9.4.4" "An `id` that is inserted into URLs has a character that delimits URL components.";
    CodecsMissing "codecs-missing" Warning iso "5.3.7.2" "A Representation with video or audio lacks `codecs`.";
    CodecsSyntax "codecs-syntax" Warning iso "5.3.7.2" "A codec of the ISO base media file format lacks the profile that RFC 6381 requires.";
    SizeMissing "size-missing" Info iso "5.3.7.2" "A Representation with video lacks `width` or `height`.";
    ChannelsMissing "channels-missing" Info iso "5.8.4.7" "A Representation with audio lacks `AudioChannelConfiguration`.";
    SamplingRateMissing "sampling-rate-missing" Info iso "5.3.7.2" "A Representation with audio lacks `audioSamplingRate`.";
    DependencyUnknown "dependency-unknown" Error iso "5.3.5.2" "A Representation depends on, or is associated with, a Representation that does not exist.";

    AddressingMixed "addressing-mixed" Error iso "5.3.9.1" "A level uses two kinds of segment addressing.";
    AddressingMissing "addressing-missing" Error iso "5.3.9.1" "A Representation has no segment addressing.";
    TimescaleZero "timescale-zero" Error iso "5.3.9.2" "A `timescale` is 0.";
    SegmentDurationZero "segment-duration-zero" Error iso "5.3.9.2" "A segment's duration is 0.";
    SegmentDurationMissing "segment-duration-missing" Error iso "5.3.9.2" "The duration of the segments of a template or list is missing.";
    SegmentDurationTwice "segment-duration-twice" Warning iso "5.3.9.2" "Segments have both `duration` and `SegmentTimeline`.";
    NumberOrder "number-order" Error iso "5.3.9.2" "`endNumber` is below `startNumber`.";
    RangeOrder "range-order" Error iso "5.3.9.2" "A byte range ends before it starts.";
    MediaMissing "media-missing" Error iso "5.3.9.4" "A `SegmentTemplate` has no `media`.";
    TemplateConstant "template-constant" Error iso "5.3.9.4.4" "A template for several segments has neither `$Number$` nor `$Time$`.";
    TemplateBoth "template-both" Error iso "5.3.9.4.4" "A template has both `$Number$` and `$Time$`.";
    TemplateIdentifier "template-identifier" Error iso "5.3.9.4.4" "A template has an unknown identifier.";
    TemplateDollar "template-dollar" Error iso "5.3.9.4.4" "A template has an unclosed `$`.";
    TemplateWidth "template-width" Error iso "5.3.9.4.4" "An identifier in a template has an invalid format tag.";
    TemplateShared "template-shared" Warning iso "5.3.9.4.4" "Several Representations have the same segment URLs.";
    InitializationVaries "initialization-varies" Error iso "5.3.9.4.2" "A template for initialization segments has `$Number$` or `$Time$`.";
    TimeWithoutTimeline "time-without-timeline" Warning iso "5.3.9.4.4" "A template has `$Time$` without a `SegmentTimeline`.";
    ListLength "list-length" Warning iso "5.3.9.3" "The length of a list of segments differs from its Period's or its `SegmentTimeline`'s.";
    SegmentUrlEmpty "segment-url-empty" Error iso "5.3.9.3" "A `SegmentURL` has neither `media` nor `mediaRange`.";

    TimelineEmpty "timeline-empty" Warning iso "5.3.9.6" "A `SegmentTimeline` has no `S`.";
    TimelineBackwards "timeline-backwards" Error iso "5.3.9.6" "An `S` starts before the start of the previous `S`.";
    TimelineOverlap "timeline-overlap" Warning iso "5.3.9.6" "An `S` starts before the end of the previous `S`.";
    TimelineGap "timeline-gap" Warning iso "5.3.9.6" "There is a gap between two `S`.";
    RepeatOpen "repeat-open" Error iso "5.3.9.6" "An `S` repeats up to the next `S`, which has no `t`.";
    RepeatNegative "repeat-negative" Warning iso "5.3.9.6" "An `S` repeats a negative number of times other than -1.";
    TimelineLength "timeline-length" Warning iso "5.3.9.6" "A `SegmentTimeline` and its Period differ in length.";
    TimelineStart "timeline-start" Warning iso "5.3.9.2" "The first segment does not start where its Period starts.";
    EptDelta "ept-delta" Warning iso "5.3.9.2" "`eptDelta` differs from the start of the first segment.";

    OffsetComplete "offset-complete" Warning iso "5.3.9.2" "Segments are available early, but are not marked as incomplete.";
    OffsetLong "offset-long" Warning iso "5.3.9.2" "Segments are available before they begin.";
    OffsetInfinite "offset-infinite" Info iso "5.3.9.2" "Segments are available at any time.";
    LatencyOrder "latency-order" Error iso "Annex K" "The latencies of a service are not in the order minimum, target, maximum.";
    RateOrder "rate-order" Error iso "Annex K" "The playback rates of a service exclude 1.";
    ReferenceUnknown "reference-unknown" Warning iso "Annex K" "A latency refers to a ProducerReferenceTime that does not exist.";

    BaseUrlEmpty "base-url-empty" Warning iso "5.6" "A `BaseURL` is empty.";
    BaseUrlPlain "base-url-plain" Info iso "5.6" "A URL uses `http`, and pages served over `https` do not load it.";
    UriSyntax "uri-syntax" Warning iso "5.6" "A URI has a character that URIs may not have, such as a space.";
    ServiceLocationRepeated "service-location-repeated" Info iso "5.6" "Two `BaseURL` of the same level have the same `serviceLocation`.";
    SteeringDefault "steering-default" Warning other "ETSI TS 103 998" "`ContentSteering` lacks `defaultServiceLocation`.";
    SteeringUnknown "steering-unknown" Warning other "ETSI TS 103 998" "`ContentSteering` names a service location that no `BaseURL` has.";
    XlinkActuate "xlink-actuate" Info iso "5.5.3" "A remote element does not state when to load it (`xlink:actuate`).";
    XlinkNested "xlink-nested" Warning iso "5.5" "A remote element is inside another remote element.";
    XlinkZero "xlink-zero" Info iso "5.5" "A remote element resolves to zero, so players omit it.";
    ClockScheme "clock-scheme" Warning iso "5.8.5.7" "A `UTCTiming` is of a scheme that is not known.";
    ClockValue "clock-value" Warning iso "5.8.5.7" "A `UTCTiming` lacks its `value`.";

    EventLate "event-late" Warning iso "5.10.2" "An event starts after the end of its Period.";
    EventIdRepeated "event-id-repeated" Warning iso "5.10.2" "Two events of a stream have the same `id` but different times, so players drop one.";
    EventEncoding "event-encoding" Error iso "5.10.2" "An event's content is not valid base64, although `contentEncoding` is `base64`.";
    EventEmpty "event-empty" Warning iso "5.10.4" "An event that players act upon has no content.";
    AlternativeType "alternative-type" Warning other "ISO/IEC 23009-1, 6th edition" "An event that inserts another MPD is in a dynamic MPD.";
    AlternativeId "alternative-id" Warning other "ISO/IEC 23009-1, 6th edition" "An event that presents another MPD lacks a number as its `id`, so players present it again when the MPD is updated.";
    AlternativeDuration "alternative-duration" Warning other "ISO/IEC 23009-1, 6th edition" "An event that presents another MPD lacks `duration`, so Shaka Player does not present it.";
    AlternativeRelative "alternative-relative" Info other "ISO/IEC 23009-1, 6th edition" "The URI of another MPD is relative, and Shaka Player resolves it against the page.";
    ListProfile "list-profile" Warning other "ISO/IEC 23009-1, 6th edition" "An MPD of the type `list` lacks the profile of lists.";
    ListedDuration "listed-duration" Error other "ISO/IEC 23009-1, 6th edition" "A Period that imports an MPD lacks `duration`, so the start of the next is unknown.";
    ListedUri "listed-uri" Error other "ISO/IEC 23009-1, 6th edition" "An `ImportedMPD` is empty.";
    ListedPeriods "listed-periods" Error other "ISO/IEC 23009-1, 6th edition" "An MPD of the profile of imported MPDs is not a static MPD of one Period.";
    SpliceMissing "splice-missing" Error other "ANSI/SCTE 214-1" "An SCTE 35 event has no message.";
    SpliceBinary "splice-binary" Error other "ANSI/SCTE 214-1" "An SCTE 35 message is not base64, or is not a splice information section.";
    SpliceSection "splice-section" Error other "ANSI/SCTE 35 9.6" "The length or checksum of a splice information section is wrong.";

    DefaultKidMissing "default-kid-missing" Warning iso "5.8.5.2" "A `ContentProtection` lacks `default_KID`.";
    DefaultKid "default-kid" Error cenc "11.2" "A `default_KID` is not a UUID.";
    Pssh "pssh" Error cenc "11.2" "A `pssh` is not a `pssh` box in base64.";
    PsshSystem "pssh-system" Warning cenc "11.2" "A `pssh` belongs to another DRM system than its `ContentProtection`.";
    ProtectionReference "protection-reference" Error iso "5.8.4.1" "A `ContentProtection` refers to a `ContentProtection` that does not exist.";

    TooMany "too-many" Info iso "5" "There are more findings than the report lists.";
}
