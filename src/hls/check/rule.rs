//! The rules, in one table.

use crate::hls::read::tag::bis;
use crate::manifest::rules;

macro_rules! clause {
    (bis $section:literal) => {
        concat!(bis!(), " ", $section)
    };
    (other $clause:literal) => {
        $clause
    };
}

rules! {
    /// The rules that a playlist is checked against.
    clause = clause;

    M3uMissing "m3u-missing" Error bis "4.4.1.1" "The playlist lacks `#EXTM3U`.";
    M3uMisplaced "m3u-misplaced" Error bis "4.4.1.1" "`#EXTM3U` is not on the first line that has content.";
    M3uBlank "m3u-blank" Warning bis "4.4.1.1" "Blank lines precede `#EXTM3U`.";
    NotUtf8 "not-utf8" Error bis "4.1" "The playlist is not valid UTF-8.";
    ByteOrderMark "byte-order-mark" Warning bis "4.1" "The playlist begins with a byte order mark.";
    ControlCharacter "control-character" Warning bis "4.1" "A line has a control character.";
    LineEnd "line-end" Warning bis "4.1" "A line contains a character that some players treat as a line end: CR alone, U+2028 or U+2029.";
    TagGlued "tag-glued" Warning bis "4.1" "A tag stands behind other text on a line, where some players recognise it.";
    WhiteSpace "white-space" Warning bis "4.1" "A line, a value or an attribute name has leading or trailing white space.";
    TagUnknown "tag-unknown" Info bis "6.3.1" "The tag is unknown.";

    KindUnknown "kind-unknown" Warning bis "4.1" "No tag shows whether the playlist is a Media Playlist or a Multivariant Playlist.";
    KindsMixed "kinds-mixed" Error bis "4.4.6" "The playlist has tags of both a Media Playlist and a Multivariant Playlist.";
    TagRepeated "tag-repeated" Error bis "4.4" "A tag that may occur once occurs again.";
    SequenceLate "sequence-late" Error bis "4.4.3" "A sequence number tag stands after the first segment or discontinuity.";
    VodUnended "vod-unended" Warning bis "4.4.3.5" "A playlist with `EXT-X-PLAYLIST-TYPE` `VOD` lacks `EXT-X-ENDLIST`.";
    AfterEndList "after-end-list" Warning bis "4.4.3.4" "A segment follows `EXT-X-ENDLIST`, where some players stop reading.";

    ValueMissing "value-missing" Error bis "4.4" "A tag lacks its value.";
    ValueUnexpected "value-unexpected" Warning bis "4.4" "A tag that takes no value has one.";
    ValueSyntax "value-syntax" Error bis "4.4" "A tag's value does not match its type.";
    ExtinfComma "extinf-comma" Warning bis "4.4.4.1" "`EXTINF` lacks the comma after its duration.";
    ExtinfAttributes "extinf-attributes" Warning bis "4.4.4.1" "`EXTINF` has IPTV attributes after its duration.";
    AttributeSyntax "attribute-syntax" Error bis "4.2" "An attribute list is malformed, so players read it differently.";
    AttributeRepeated "attribute-repeated" Error bis "4.2" "An attribute occurs twice in a list.";
    AttributeMissing "attribute-missing" Error bis "4.4" "A tag lacks a required attribute.";
    AttributeForbidden "attribute-forbidden" Error bis "4.4" "A tag has an attribute that must not be combined with its other attributes.";
    AttributeType "attribute-type" Error bis "4.2" "An attribute's value does not match its type.";
    HexadecimalCase "hexadecimal-case" Warning bis "4.2" "A hexadecimal sequence has lowercase letters.";
    AttributeWord "attribute-word" Warning bis "6.3.1" "An attribute's value is not one of the defined values.";
    AttributeUnknown "attribute-unknown" Info bis "6.3.1" "The attribute is unknown.";
    UriSyntax "uri-syntax" Warning bis "4.1" "A URI has a character that URIs may not have, such as a space.";
    DateZone "date-zone" Warning bis "4.4.4.6" "A date has no time zone.";

    VersionLow "version-low" Error bis "8" "The playlist uses a feature that needs a higher `EXT-X-VERSION`.";
    VersionUnknown "version-unknown" Info bis "8" "`EXT-X-VERSION` is higher than the highest known version.";
    Removed "removed" Info bis "8" "The protocol version no longer has the tag or attribute.";

    TargetDurationMissing "target-duration-missing" Error bis "4.4.3.1" "A Media Playlist lacks `EXT-X-TARGETDURATION`.";
    TargetDurationZero "target-duration-zero" Error bis "4.4.3.1" "`EXT-X-TARGETDURATION` is 0.";
    DurationLong "duration-long" Error bis "4.4.3.1" "A segment is longer than the target duration.";
    UriMissing "uri-missing" Error bis "4.4" "A tag that needs a URI line is not followed by one.";
    ExtinfMissing "extinf-missing" Error bis "4.4.4.1" "A segment lacks `EXTINF`.";
    ExtinfRepeated "extinf-repeated" Error bis "4.4.4.1" "A segment has `EXTINF` twice.";
    StreamInfMissing "stream-inf-missing" Error bis "4.4.6.2" "A URI of a Multivariant Playlist lacks `EXT-X-STREAM-INF`.";
    ByteRangeStart "byte-range-start" Error bis "4.4.4.2" "A byte range without an offset does not follow a range of the same resource.";

    MapMissing "map-missing" Warning bis "3.1.2" "A segment's name has an extension of fragmented MP4, but no `EXT-X-MAP` precedes it.";

    IvLength "iv-length" Error bis "4.4.4.4" "An initialization vector is longer than 128 bits.";
    KeyFormatVersions "key-format-versions" Error bis "4.4.4.4" "`KEYFORMATVERSIONS` is not a list of positive integers.";
    SessionKeyNone "session-key-none" Error bis "4.4.6.5" "`EXT-X-SESSION-KEY` has the method `NONE`.";
    SessionKeyRepeated "session-key-repeated" Error bis "4.4.6.5" "Two `EXT-X-SESSION-KEY` tags have the same values.";
    MapIv "map-iv" Error bis "4.4.4.5" "An encrypted `EXT-X-MAP` has no initialization vector.";

    PartInfMissing "part-inf-missing" Error bis "4.4.3.7" "A playlist with `EXT-X-PART` lacks `EXT-X-PART-INF`.";
    PartLong "part-long" Error bis "4.4.4.9" "A part is longer than the part target duration.";
    PartShort "part-short" Error bis "4.4.4.9" "A part is shorter than 85 % of the part target duration.";
    HoldBackShort "hold-back-short" Error bis "4.4.3.8" "A distance in `EXT-X-SERVER-CONTROL` is shorter than the minimum.";
    PartHoldBackNear "part-hold-back-near" Warning bis "4.4.3.8" "`PART-HOLD-BACK` is shorter than three part target durations.";
    DeltaUpdate "delta-update" Warning bis "4.4.5.2" "The playlist is a delta update, which players without an earlier playlist cannot play.";
    SkipUnoffered "skip-unoffered" Error bis "6.2.5.1" "The playlist has `EXT-X-SKIP` without `CAN-SKIP-UNTIL`.";
    PreloadHintEnded "preload-hint-ended" Error bis "4.4.5.3" "A playlist that has ended has `EXT-X-PRELOAD-HINT`.";
    PreloadHintRepeated "preload-hint-repeated" Warning bis "6.3.8" "Two `EXT-X-PRELOAD-HINT` tags have the same `TYPE`.";
    ReportAbsolute "report-absolute" Warning bis "4.4.5.4" "The URI of `EXT-X-RENDITION-REPORT` is not relative.";

    DateRangeClock "daterange-clock" Error bis "4.4.5.1" "A playlist with `EXT-X-DATERANGE` lacks `EXT-X-PROGRAM-DATE-TIME`.";
    DateRangeEnd "daterange-end" Error bis "4.4.5.1" "A date range ends before it starts, or its end differs from its start plus its duration.";
    DateRangeChanged "daterange-changed" Error bis "4.4.5.1" "Two tags of the same date range give an attribute different values.";
    EndOnNext "end-on-next" Error bis "4.4.5.1" "`END-ON-NEXT` is used without `CLASS`, or with `DURATION` or `END-DATE`.";
    CueBoth "cue-both" Error bis "4.4.5.1" "`CUE` has both `PRE` and `POST`.";
    InterstitialAsset "interstitial-asset" Error bis "D.2" "An interstitial has neither or both of `X-ASSET-URI` and `X-ASSET-LIST`.";
    InterstitialClass "interstitial-class" Warning bis "D.2" "A date range has `X-ASSET-URI` or `X-ASSET-LIST`, but is not of the class of interstitials, so players ignore it.";
    InterstitialRelative "interstitial-relative" Warning bis "D.2" "`X-ASSET-URI` is not absolute.";
    InterstitialWord "interstitial-word" Warning bis "D.2" "An interstitial's attribute is not one of the defined values.";

    SpliceBinary "splice-binary" Error bis "4.4.5.1.1" "An SCTE 35 message is not a splice information section, or is not in hexadecimal.";
    SpliceSection "splice-section" Error other "ANSI/SCTE 35 9.6" "The length or checksum of a splice information section is wrong.";

    GroupMissing "group-missing" Error bis "4.4.6.2" "A variant names a group that has no renditions.";
    GroupNames "group-names" Error bis "4.4.6.1.1" "Two renditions of a group have the same name.";
    GroupDefaults "group-defaults" Error bis "4.4.6.1.1" "A group has two default renditions.";
    GroupMembers "group-members" Warning bis "4.4.6.1.1" "Groups of the same type have different members.";
    AutoselectNo "autoselect-no" Error bis "4.4.6.1" "A rendition with `DEFAULT=YES` has `AUTOSELECT=NO`.";
    AutoselectAlike "autoselect-alike" Warning bis "4.4.6.1.1" "Players cannot distinguish two renditions of a group.";
    InstreamId "instream-id" Error bis "4.4.6.1" "`INSTREAM-ID` has a value that its `TYPE` does not allow.";
    CaptionsNone "captions-none" Error bis "4.4.6.2" "Some variants have `CLOSED-CAPTIONS=NONE` and others do not.";
    AverageAbovePeak "average-above-peak" Warning bis "4.4.6.2" "`AVERAGE-BANDWIDTH` is above the peak, `BANDWIDTH`.";
    StableId "stable-id" Error bis "4.4.6" "A stable identifier has a character that is not allowed.";

    SessionDataOne "session-data-one" Error bis "4.4.6.4" "`EXT-X-SESSION-DATA` has neither or both of `VALUE` and `URI`.";
    SessionDataRepeated "session-data-repeated" Error bis "4.4.6.4" "Two `EXT-X-SESSION-DATA` tags have the same `DATA-ID` and language.";
    PathwayUnknown "pathway-unknown" Error bis "4.4.6.6" "`EXT-X-CONTENT-STEERING` names a pathway that no variant belongs to.";

    DefineOne "define-one" Error bis "4.4.2.3" "`EXT-X-DEFINE` does not have exactly one of `NAME`, `IMPORT` and `QUERYPARAM`.";
    DefineImport "define-import" Error bis "4.4.2.3" "A Multivariant Playlist imports a variable.";
    VariableName "variable-name" Error bis "4.4.2.3" "A variable's name has a character that is not allowed.";
    VariableRepeated "variable-repeated" Error bis "4.4.2.3" "A variable is defined twice.";
    VariableUndefined "variable-undefined" Error bis "4.3" "A variable is used before it is defined, or is never defined.";

    TooMany "too-many" Info bis "4" "There are more findings than the report lists.";
}
