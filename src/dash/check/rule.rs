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

    Malformed "malformed" Error xml "2.1" "It is no well-formed XML, or readers differ in what they read of it.";
    Forbidden "forbidden" Error xml "2.8" "It has a document type, an entity or another encoding than UTF-8.";
    RootName "root-name" Error iso "5.3.1" "The root element is not `MPD`.";
    Namespace "namespace" Error iso "5.2.2" "The root element is not of the namespace of MPDs.";
    ElementUnknown "element-unknown" Info iso "5.2.2" "The element is not known where it stands.";
    AttributeUnknown "attribute-unknown" Info iso "5.2.2" "The attribute is not known.";
    ElementOrder "element-order" Warning iso "5.2.2" "An element stands behind one that the schema has behind it.";
    ElementRepeated "element-repeated" Error iso "5.2.2" "An element that may stand once stands again.";
    AttributeMissing "attribute-missing" Error iso "5.2.2" "An element lacks an attribute that it has to have.";
    AttributeType "attribute-type" Error iso "5.2.2" "An attribute's value is not of its type.";
    AttributeLoose "attribute-loose" Warning iso "5.2.2" "An attribute's value is not of its type, and players read it all the same.";
    DateZone "date-zone" Warning iso "5.3.1.2" "A date does not tell its time zone.";
    Language "language" Warning iso "5.3.3.2" "A language is no tag of BCP 47.";
    LanguageUndetermined "language-undetermined" Info iso "5.3.3.2" "A language is `und`: players cannot choose by it.";
    IdRepeated "id-repeated" Error iso "5.3" "Two elements of a level have one `id`.";
    IdShared "id-shared" Warning iso "5.3.5.2" "Representations of two AdaptationSets of a Period have one `id`.";

    StartTimeMissing "start-time-missing" Error iso "5.3.1.2" "A dynamic MPD lacks `availabilityStartTime`.";
    PublishTimeMissing "publish-time-missing" Warning iso "5.3.1.2" "A dynamic MPD lacks `publishTime`.";
    ClockMissing "clock-missing" Warning iso "5.8.4.11" "A dynamic MPD lacks `UTCTiming`: players take their own clock.";
    UpdateMissing "update-missing" Info iso "5.3.1.2" "A dynamic MPD lacks `minimumUpdatePeriod`: players do not ask for another.";
    EndBeforeStart "end-before-start" Error iso "5.3.1.2" "`availabilityEndTime` is before `availabilityStartTime`.";
    DurationMissing "duration-missing" Error iso "5.3.1.2" "Nothing tells how long a static MPD is.";
    LiveOnly "live-only" Warning iso "5.3.1.2" "A static MPD has an attribute of live streams.";
    DelayLong "delay-long" Warning iso "5.3.1.2" "`suggestedPresentationDelay` is longer than the window.";
    SegmentLong "segment-long" Warning iso "5.3.1.2" "A segment is longer than `maxSegmentDuration`.";
    PatchIdentity "patch-identity" Error iso "5.15" "There is `PatchLocation`, and not both of `id` and `publishTime`.";
    PatchStatic "patch-static" Warning iso "5.15" "A static MPD has `PatchLocation`.";

    PeriodMissing "period-missing" Error iso "5.3.2" "There is no Period.";
    PeriodEmpty "period-empty" Error iso "5.3.2.2" "A Period that takes time has no AdaptationSet.";
    PeriodIdMissing "period-id-missing" Warning iso "5.3.2.2" "A Period of a dynamic MPD lacks `id`.";
    PeriodStartUnknown "period-start-unknown" Error iso "5.3.2.1" "Nothing tells where a Period of a static MPD starts.";
    PeriodEarly "period-early" Info iso "5.3.2.1" "Nothing tells yet where a Period of a dynamic MPD starts.";
    PeriodOrder "period-order" Error iso "5.3.2.1" "A Period starts before the one in front of it.";
    PeriodOverlap "period-overlap" Warning iso "5.3.2.1" "A Period starts before the end of the one in front of it.";
    PeriodGap "period-gap" Info iso "5.3.2.1" "There is time between two Periods.";
    ContinuityUnknown "continuity-unknown" Warning iso "5.3.2.4" "A set is said to continue one of a Period that is not there.";
    ContinuityAsset "continuity-asset" Warning iso "5.3.2.4" "A set is said to continue one of another asset.";

    KindUnknown "kind-unknown" Warning iso "5.3.3.2" "Neither `contentType` nor a type or codec tells what an AdaptationSet is.";
    MimeMissing "mime-missing" Error iso "5.3.7.2" "Neither a Representation nor its AdaptationSet has `mimeType`.";
    MimeDiffers "mime-differs" Warning iso "5.3.7.2" "Representations of an AdaptationSet have different types.";
    Bounds "bounds" Warning iso "5.3.3.2" "A Representation is beyond what its AdaptationSet tells.";
    AlignmentMissing "alignment-missing" Info iso "5.3.3.2" "Several Representations are not said to be aligned.";
    RoleUnknown "role-unknown" Warning iso "5.8.5.5" "A role is none of the words that are defined.";
    SwitchingUnknown "switching-unknown" Warning iso "5.3.3.5" "A set is said to switch with one that is not there.";
    TrickModeUnknown "trick-mode-unknown" Warning other "DASH-IF IOP 4.3" "Pictures for trick modes are of a set that is not there.";
    PreselectionUnknown "preselection-unknown" Error iso "5.3.11" "A Preselection has a component that is not there.";
    SubsetUnknown "subset-unknown" Error iso "5.3.8" "A Subset contains an AdaptationSet that is not there.";

    BandwidthZero "bandwidth-zero" Warning iso "5.3.5.2" "A Representation's `bandwidth` is 0.";
    IdCharacters "id-characters" Warning iso "5.3.9.4.4" "An `id` that goes into URLs has a sign that ends a part of them.";
    CodecsMissing "codecs-missing" Warning iso "5.3.7.2" "A Representation with video or sound lacks `codecs`.";
    CodecsSyntax "codecs-syntax" Warning iso "5.3.7.2" "A codec of ISO files does not tell its profile as RFC 6381 has it.";
    SizeMissing "size-missing" Info iso "5.3.7.2" "A Representation with video lacks `width` or `height`.";
    ChannelsMissing "channels-missing" Info iso "5.8.4.7" "A Representation with sound lacks `AudioChannelConfiguration`.";
    SamplingRateMissing "sampling-rate-missing" Info iso "5.3.7.2" "A Representation with sound lacks `audioSamplingRate`.";
    DependencyUnknown "dependency-unknown" Error iso "5.3.5.2" "A Representation depends on one that is not there.";

    AddressingMixed "addressing-mixed" Error iso "5.3.9.1" "A level has two kinds of addressing of segments.";
    AddressingMissing "addressing-missing" Error iso "5.3.9.1" "Nothing tells where the segments of a Representation are.";
    TimescaleZero "timescale-zero" Error iso "5.3.9.2" "A `timescale` is 0.";
    SegmentDurationZero "segment-duration-zero" Error iso "5.3.9.2" "A segment's duration is 0.";
    SegmentDurationMissing "segment-duration-missing" Error iso "5.3.9.2" "Nothing tells how long the segments of a template or list are.";
    SegmentDurationTwice "segment-duration-twice" Warning iso "5.3.9.2" "Segments have both `duration` and `SegmentTimeline`.";
    NumberOrder "number-order" Error iso "5.3.9.2" "`endNumber` is below `startNumber`.";
    RangeOrder "range-order" Error iso "5.3.9.2" "A range of bytes ends before it starts.";
    MediaMissing "media-missing" Error iso "5.3.9.4" "A `SegmentTemplate` has no `media`.";
    TemplateConstant "template-constant" Error iso "5.3.9.4.4" "A template of several segments has neither `$Number$` nor `$Time$`.";
    TemplateBoth "template-both" Error iso "5.3.9.4.4" "A template has both `$Number$` and `$Time$`.";
    TemplateIdentifier "template-identifier" Error iso "5.3.9.4.4" "A template has an identifier that is not known.";
    TemplateDollar "template-dollar" Error iso "5.3.9.4.4" "A template has a dollar sign that nothing closes.";
    TemplateWidth "template-width" Error iso "5.3.9.4.4" "An identifier of a template has a format that is none.";
    TemplateShared "template-shared" Warning iso "5.3.9.4.4" "Several Representations have the same URLs of segments.";
    InitializationVaries "initialization-varies" Error iso "5.3.9.4.2" "A template of initialization segments has `$Number$` or `$Time$`.";
    TimeWithoutTimeline "time-without-timeline" Warning iso "5.3.9.4.4" "A template has `$Time$`, and there is no `SegmentTimeline`.";
    ListLength "list-length" Warning iso "5.3.9.3" "A list of segments is not as long as its Period.";
    SegmentUrlEmpty "segment-url-empty" Error iso "5.3.9.3" "A `SegmentURL` has neither `media` nor `mediaRange`.";

    TimelineEmpty "timeline-empty" Warning iso "5.3.9.6" "A `SegmentTimeline` has no `S`.";
    TimelineBackwards "timeline-backwards" Error iso "5.3.9.6" "An `S` starts before the one in front of it.";
    TimelineOverlap "timeline-overlap" Warning iso "5.3.9.6" "An `S` starts before the end of the one in front of it.";
    TimelineGap "timeline-gap" Warning iso "5.3.9.6" "There is time between two `S`.";
    RepeatOpen "repeat-open" Error iso "5.3.9.6" "An `S` repeats up to the next one, which does not tell its time.";
    RepeatNegative "repeat-negative" Warning iso "5.3.9.6" "An `S` repeats a negative number of times other than -1.";
    TimelineLength "timeline-length" Warning iso "5.3.9.6" "A `SegmentTimeline` is not as long as its Period.";
    TimelineStart "timeline-start" Warning iso "5.3.9.2" "The first segment is not where its Period starts.";
    EptDelta "ept-delta" Warning iso "5.3.9.2" "`eptDelta` is not where the first segment starts.";

    OffsetComplete "offset-complete" Warning iso "5.3.9.2" "Segments are offered early, and are not said to be incomplete.";
    OffsetLong "offset-long" Warning iso "5.3.9.2" "Segments are offered before they begin.";
    OffsetInfinite "offset-infinite" Info iso "5.3.9.2" "Segments are offered at any time.";
    LatencyOrder "latency-order" Error iso "Annex K" "The latencies of a service are not in the order of minimum, target and maximum.";
    RateOrder "rate-order" Error iso "Annex K" "The rates of a service are not around 1.";
    ReferenceUnknown "reference-unknown" Warning iso "Annex K" "A latency is of a ProducerReferenceTime that is not there.";

    BaseUrlEmpty "base-url-empty" Warning iso "5.6" "A `BaseURL` is empty.";
    BaseUrlPlain "base-url-plain" Info iso "5.6" "A URL is absolute and in plain text: pages of https do not load it.";
    UriSyntax "uri-syntax" Warning iso "5.6" "A URI has a sign that no URI may have, such as a space.";
    ServiceLocationRepeated "service-location-repeated" Info iso "5.6" "Two `BaseURL` of a level have one `serviceLocation`.";
    SteeringDefault "steering-default" Warning other "ETSI TS 103 998" "`ContentSteering` lacks `defaultServiceLocation`.";
    SteeringUnknown "steering-unknown" Warning other "ETSI TS 103 998" "`ContentSteering` names a service location of no `BaseURL`.";
    XlinkActuate "xlink-actuate" Info iso "5.5.3" "A remote element does not tell when it is to be had.";
    XlinkNested "xlink-nested" Warning iso "5.5" "A remote element stands in another.";
    XlinkZero "xlink-zero" Info iso "5.5" "A remote element is one that players leave out.";
    ClockScheme "clock-scheme" Warning iso "5.8.5.7" "A `UTCTiming` is of a scheme that is not known.";
    ClockValue "clock-value" Warning iso "5.8.5.7" "A `UTCTiming` lacks its `value`.";

    EventLate "event-late" Warning iso "5.10.2" "An event starts behind its Period.";
    EventIdRepeated "event-id-repeated" Warning iso "5.10.2" "Two events of a stream at different times have one `id`: players drop one.";
    EventEncoding "event-encoding" Error iso "5.10.2" "What an event says is not the base64 that it is said to be.";
    EventEmpty "event-empty" Warning iso "5.10.4" "An event that players act upon says nothing.";
    SpliceMissing "splice-missing" Error other "ANSI/SCTE 214-1" "An event of SCTE 35 has no message.";
    SpliceBinary "splice-binary" Error other "ANSI/SCTE 214-1" "A message of SCTE 35 is not base64, or no splice information.";
    SpliceSection "splice-section" Error other "ANSI/SCTE 35 9.6" "A splice information section has another length or checksum than it says.";

    DefaultKidMissing "default-kid-missing" Warning iso "5.8.5.2" "Encryption does not tell its `default_KID`.";
    DefaultKid "default-kid" Error cenc "11.2" "A `default_KID` is no UUID.";
    Pssh "pssh" Error cenc "11.2" "A `pssh` is no box in base64.";
    PsshSystem "pssh-system" Warning cenc "11.2" "A `pssh` is of another system than its `ContentProtection`.";
    ProtectionReference "protection-reference" Error iso "5.8.4.1" "A `ContentProtection` refers to one that is not there.";

    TooMany "too-many" Info iso "5" "There are more findings than are told.";
}
