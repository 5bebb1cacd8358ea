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
    /// What a playlist is checked for.
    clause = clause;

    M3uMissing "m3u-missing" Error bis "4.4.1.1" "There is no `#EXTM3U`.";
    M3uMisplaced "m3u-misplaced" Error bis "4.4.1.1" "`#EXTM3U` stands behind a line that says something.";
    M3uBlank "m3u-blank" Warning bis "4.4.1.1" "Blank lines stand in front of `#EXTM3U`.";
    NotUtf8 "not-utf8" Error bis "4.1" "The playlist is not UTF-8.";
    ByteOrderMark "byte-order-mark" Warning bis "4.1" "The playlist begins with a byte order mark.";
    ControlCharacter "control-character" Warning bis "4.1" "A line has a control character.";
    LineEnd "line-end" Warning bis "4.1" "A line has a sign that some players take for its end: CR alone, U+2028, U+2029.";
    TagGlued "tag-glued" Warning bis "4.1" "A line has a tag behind something else: some players find it there.";
    WhiteSpace "white-space" Warning bis "4.1" "White space stands before or behind a line, a value or an attribute's name.";
    TagUnknown "tag-unknown" Info bis "6.3.1" "The tag is not known.";

    KindUnknown "kind-unknown" Warning bis "4.1" "No tag tells whether it is a Media Playlist or a Multivariant Playlist.";
    KindsMixed "kinds-mixed" Error bis "4.4.6" "Tags of a Media Playlist stand beside tags of a Multivariant Playlist.";
    TagRepeated "tag-repeated" Error bis "4.4" "A tag that may stand once stands again.";
    SequenceLate "sequence-late" Error bis "4.4.3" "A sequence number stands behind the first segment or discontinuity.";
    VodUnended "vod-unended" Warning bis "4.4.3.5" "`EXT-X-PLAYLIST-TYPE` is `VOD`, and there is no `EXT-X-ENDLIST`.";
    AfterEndList "after-end-list" Warning bis "4.4.3.4" "A segment follows `EXT-X-ENDLIST`, where some players stop reading.";

    ValueMissing "value-missing" Error bis "4.4" "A tag lacks its value.";
    ValueUnexpected "value-unexpected" Warning bis "4.4" "A tag without a value has one.";
    ValueSyntax "value-syntax" Error bis "4.4" "A tag's value is not of its type.";
    ExtinfComma "extinf-comma" Warning bis "4.4.4.1" "`EXTINF` lacks the comma behind its duration.";
    ExtinfAttributes "extinf-attributes" Warning bis "4.4.4.1" "`EXTINF` has attributes of IPTV behind its duration.";
    AttributeSyntax "attribute-syntax" Error bis "4.2" "An attribute list is not one: players read it differently.";
    AttributeRepeated "attribute-repeated" Error bis "4.2" "An attribute stands twice in a list.";
    AttributeMissing "attribute-missing" Error bis "4.4" "A tag lacks an attribute that it has to have.";
    AttributeForbidden "attribute-forbidden" Error bis "4.4" "A tag has an attribute that it must not have beside the others.";
    AttributeType "attribute-type" Error bis "4.2" "An attribute's value is not of its type.";
    HexadecimalCase "hexadecimal-case" Warning bis "4.2" "A hexadecimal sequence has small letters.";
    AttributeWord "attribute-word" Warning bis "6.3.1" "An attribute's value is none of the words that are defined.";
    AttributeUnknown "attribute-unknown" Info bis "6.3.1" "The attribute is not known.";
    UriSyntax "uri-syntax" Warning bis "4.1" "A URI has a sign that no URI may have, such as a space.";
    DateZone "date-zone" Warning bis "4.4.4.6" "A date does not tell its time zone.";

    VersionLow "version-low" Error bis "8" "The playlist has what its `EXT-X-VERSION` does not.";
    VersionUnknown "version-unknown" Info bis "8" "`EXT-X-VERSION` is higher than any that is known.";
    Removed "removed" Info bis "8" "A tag or an attribute was removed in an earlier version.";

    TargetDurationMissing "target-duration-missing" Error bis "4.4.3.1" "A Media Playlist lacks `EXT-X-TARGETDURATION`.";
    TargetDurationZero "target-duration-zero" Error bis "4.4.3.1" "`EXT-X-TARGETDURATION` is 0.";
    DurationLong "duration-long" Error bis "4.4.3.1" "A segment is longer than the target duration.";
    UriMissing "uri-missing" Error bis "4.4" "No URI follows a tag that is for one.";
    ExtinfMissing "extinf-missing" Error bis "4.4.4.1" "A segment lacks `EXTINF`.";
    ExtinfRepeated "extinf-repeated" Error bis "4.4.4.1" "A segment has `EXTINF` twice.";
    StreamInfMissing "stream-inf-missing" Error bis "4.4.6.2" "A URI of a Multivariant Playlist lacks `EXT-X-STREAM-INF`.";
    ByteRangeStart "byte-range-start" Error bis "4.4.4.2" "A range without an offset continues none of the same resource.";

    MapMissing "map-missing" Warning bis "3.1.2" "A segment is named as fragmented MP4, and no `EXT-X-MAP` stands before it.";

    IvLength "iv-length" Error bis "4.4.4.4" "An initialization vector is longer than 128 bits.";
    KeyFormatVersions "key-format-versions" Error bis "4.4.4.4" "`KEYFORMATVERSIONS` is no list of positive integers.";
    SessionKeyNone "session-key-none" Error bis "4.4.6.5" "`EXT-X-SESSION-KEY` has the method `NONE`.";
    SessionKeyRepeated "session-key-repeated" Error bis "4.4.6.5" "`EXT-X-SESSION-KEY` stands twice with the same values.";
    MapIv "map-iv" Error bis "4.4.4.5" "An encrypted `EXT-X-MAP` has no initialization vector.";

    PartInfMissing "part-inf-missing" Error bis "4.4.3.7" "There is `EXT-X-PART`, and no `EXT-X-PART-INF`.";
    PartLong "part-long" Error bis "4.4.4.9" "A part is longer than the part target duration.";
    PartShort "part-short" Error bis "4.4.4.9" "A part is shorter than 85 % of the part target duration.";
    HoldBackShort "hold-back-short" Error bis "4.4.3.8" "A distance in `EXT-X-SERVER-CONTROL` is shorter than it may be.";
    PartHoldBackNear "part-hold-back-near" Warning bis "4.4.3.8" "`PART-HOLD-BACK` is shorter than three parts.";
    DeltaUpdate "delta-update" Warning bis "4.4.5.2" "The playlist is a delta update: who has no earlier one cannot play it.";
    SkipUnoffered "skip-unoffered" Error bis "6.2.5.1" "`EXT-X-SKIP` stands where `CAN-SKIP-UNTIL` does not offer it.";
    PreloadHintEnded "preload-hint-ended" Error bis "4.4.5.3" "`EXT-X-PRELOAD-HINT` stands in a playlist that has ended.";
    PreloadHintRepeated "preload-hint-repeated" Warning bis "6.3.8" "`EXT-X-PRELOAD-HINT` stands twice with one `TYPE`.";
    ReportAbsolute "report-absolute" Warning bis "4.4.5.4" "The URI of `EXT-X-RENDITION-REPORT` is not relative.";

    DateRangeClock "daterange-clock" Error bis "4.4.5.1" "There is `EXT-X-DATERANGE`, and no `EXT-X-PROGRAM-DATE-TIME`.";
    DateRangeEnd "daterange-end" Error bis "4.4.5.1" "A range of dates ends before it starts, or not after its duration.";
    DateRangeChanged "daterange-changed" Error bis "4.4.5.1" "Two tags of one range of dates give an attribute different values.";
    EndOnNext "end-on-next" Error bis "4.4.5.1" "`END-ON-NEXT` stands without `CLASS`, or with an end.";
    CueBoth "cue-both" Error bis "4.4.5.1" "`CUE` has both `PRE` and `POST`.";
    InterstitialAsset "interstitial-asset" Error bis "D.2" "An interstitial has not one of `X-ASSET-URI` and `X-ASSET-LIST`.";
    InterstitialRelative "interstitial-relative" Warning bis "D.2" "`X-ASSET-URI` is not absolute.";
    InterstitialWord "interstitial-word" Warning bis "D.2" "An interstitial's attribute is none of the words that are defined.";

    SpliceBinary "splice-binary" Error bis "4.4.5.1.1" "A message of SCTE 35 is no splice information section, or is not written as one.";
    SpliceSection "splice-section" Error other "ANSI/SCTE 35 9.6" "A splice information section has another length or checksum than it says.";

    GroupMissing "group-missing" Error bis "4.4.6.2" "A variant names a group that has no rendition.";
    GroupNames "group-names" Error bis "4.4.6.1.1" "Two renditions of a group have one name.";
    GroupDefaults "group-defaults" Error bis "4.4.6.1.1" "Two renditions of a group are its default.";
    GroupMembers "group-members" Warning bis "4.4.6.1.1" "Groups of one type have different members.";
    AutoselectNo "autoselect-no" Error bis "4.4.6.1" "A rendition is the default, and not to be selected.";
    AutoselectAlike "autoselect-alike" Warning bis "4.4.6.1.1" "Two renditions of a group cannot be told apart by a player.";
    InstreamId "instream-id" Error bis "4.4.6.1" "`INSTREAM-ID` is none that its `TYPE` may have.";
    CaptionsNone "captions-none" Error bis "4.4.6.2" "`CLOSED-CAPTIONS=NONE` stands in some variants and not in others.";
    AverageAbovePeak "average-above-peak" Warning bis "4.4.6.2" "`AVERAGE-BANDWIDTH` is above `BANDWIDTH`, which is the peak.";
    StableId "stable-id" Error bis "4.4.6" "A stable identifier has a character that it may not have.";

    SessionDataOne "session-data-one" Error bis "4.4.6.4" "`EXT-X-SESSION-DATA` has not one of `VALUE` and `URI`.";
    SessionDataRepeated "session-data-repeated" Error bis "4.4.6.4" "Two `EXT-X-SESSION-DATA` are for one `DATA-ID` and language.";
    PathwayUnknown "pathway-unknown" Error bis "4.4.6.6" "`EXT-X-CONTENT-STEERING` names a pathway of no variant.";

    DefineOne "define-one" Error bis "4.4.2.3" "`EXT-X-DEFINE` has not one of `NAME`, `IMPORT` and `QUERYPARAM`.";
    DefineImport "define-import" Error bis "4.4.2.3" "A Multivariant Playlist imports a variable.";
    VariableName "variable-name" Error bis "4.4.2.3" "A variable's name has a character that it may not have.";
    VariableRepeated "variable-repeated" Error bis "4.4.2.3" "A variable is defined twice.";
    VariableUndefined "variable-undefined" Error bis "4.3" "A variable is used that is not defined before.";

    TooMany "too-many" Info bis "4" "There are more findings than are told.";
}
