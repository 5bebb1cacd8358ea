//! The tags of a playlist: the tags of the specification, and tags of others that playlists in the wild have.
//!
//! ```text
//! tag  = "#" name [ ":" value ]
//! name = "EXT" *( ALPHA / DIGIT / "-" )
//! ```
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.4][bis] has every tag of [RFC 8216 section 4.3][rfc] but `EXT-X-ALLOW-CACHE`,
//! and a name is followed here by its clause there. A few names of others do not begin with `EXT`; they are tags by being
//! listed.
//!
//! [bis]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4
//! [rfc]: https://www.rfc-editor.org/rfc/rfc8216#section-4.3

mod known;

pub use known::{Known, Type};

/// The specification's name in the clause of a tag or of a finding.
macro_rules! bis {
    () => {
        "rfc8216bis-22"
    };
}
pub(in crate::hls) use bis;

/// The specification whose clauses are named, with the newest version that was known when the table was written.
pub const SPECIFICATION: &str = concat!("draft-pantos-hls-", bis!());

/// The kinds of playlist in which a tag may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// In Multivariant Playlists alone.
    Multivariant,
    /// In Media Playlists alone.
    Media,
    /// In both.
    Both,
}

/// The subject of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// The playlist.
    Playlist,
    /// The next segment.
    Segment,
    /// Each segment from there on, until the next tag of that name.
    Onwards,
    /// The next URI, of a Media Playlist.
    Variant,
    /// Something else that it describes itself: a rendition, a part, a range of dates.
    Itself,
}

/// The syntax behind the colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing; there is no colon.
    Nothing,
    /// A decimal-integer.
    Integer,
    /// A duration, a comma, and a title that may be empty.
    Duration,
    /// A length, and an offset that may be left out: `n[@o]`.
    Range,
    /// A date and a time of ISO 8601.
    Date,
    /// One of these words.
    Word(&'static [&'static str]),
    /// An attribute list, with the attributes that are known.
    List(&'static [Known]),
    /// A URI.
    Uri,
    /// Anything: the syntax is not checked.
    Free,
}

macro_rules! tags {
    ($($variant:ident $name:literal $clause:expr, $stands:ident $applies:ident $value:expr, $once:literal;)*) => {
        /// A tag that is known.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Tag {
            $(#[doc = concat!("`#", $name, "`")] $variant,)*
        }

        impl Tag {
            /// Every tag: first the specification's, in its order, then those of others.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name, without its `#`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The specification and its clause, or who made the tag up.
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$variant => $clause,)* }
            }

            /// Where it may stand.
            pub const fn stands(self) -> Stands {
                match self { $(Self::$variant => Stands::$stands,)* }
            }

            /// Its subject.
            pub const fn applies(self) -> Applies {
                match self { $(Self::$variant => Applies::$applies,)* }
            }

            /// The syntax of its value.
            pub const fn value(self) -> Value {
                match self { $(Self::$variant => $value,)* }
            }

            /// Whether a playlist may have it only once.
            pub const fn once(self) -> bool {
                match self { $(Self::$variant => $once,)* }
            }
        }
    };
}

/// The clause of a tag of the specification.
macro_rules! clause {
    ($section:literal) => {
        concat!(bis!(), " ", $section)
    };
}

use Value::{Date, Duration, Free, Integer, List, Nothing, Range, Uri, Word};

tags! {
    M3u "EXTM3U" clause!("4.4.1.1"), Both Playlist Nothing, true;
    Version "EXT-X-VERSION" clause!("4.4.1.2"), Both Playlist Integer, true;
    IndependentSegments "EXT-X-INDEPENDENT-SEGMENTS" clause!("4.4.2.1"), Both Playlist Nothing, true;
    Start "EXT-X-START" clause!("4.4.2.2"), Both Playlist List(known::START), true;
    Define "EXT-X-DEFINE" clause!("4.4.2.3"), Both Playlist List(known::DEFINE), false;
    TargetDuration "EXT-X-TARGETDURATION" clause!("4.4.3.1"), Media Playlist Integer, true;
    MediaSequence "EXT-X-MEDIA-SEQUENCE" clause!("4.4.3.2"), Media Playlist Integer, true;
    DiscontinuitySequence "EXT-X-DISCONTINUITY-SEQUENCE" clause!("4.4.3.3"), Media Playlist Integer, true;
    EndList "EXT-X-ENDLIST" clause!("4.4.3.4"), Media Playlist Nothing, true;
    PlaylistType "EXT-X-PLAYLIST-TYPE" clause!("4.4.3.5"), Media Playlist Word(&["EVENT", "VOD"]), true;
    IFramesOnly "EXT-X-I-FRAMES-ONLY" clause!("4.4.3.6"), Media Playlist Nothing, true;
    PartInf "EXT-X-PART-INF" clause!("4.4.3.7"), Media Playlist List(known::PART_INF), true;
    ServerControl "EXT-X-SERVER-CONTROL" clause!("4.4.3.8"), Media Playlist List(known::SERVER_CONTROL), true;
    Inf "EXTINF" clause!("4.4.4.1"), Media Segment Duration, false;
    ByteRange "EXT-X-BYTERANGE" clause!("4.4.4.2"), Media Segment Range, false;
    Discontinuity "EXT-X-DISCONTINUITY" clause!("4.4.4.3"), Media Segment Nothing, false;
    Key "EXT-X-KEY" clause!("4.4.4.4"), Media Onwards List(known::KEY), false;
    Map "EXT-X-MAP" clause!("4.4.4.5"), Media Onwards List(known::MAP), false;
    ProgramDateTime "EXT-X-PROGRAM-DATE-TIME" clause!("4.4.4.6"), Media Segment Date, false;
    Gap "EXT-X-GAP" clause!("4.4.4.7"), Media Segment Nothing, false;
    Bitrate "EXT-X-BITRATE" clause!("4.4.4.8"), Media Onwards Integer, false;
    Part "EXT-X-PART" clause!("4.4.4.9"), Media Itself List(known::PART), false;
    DateRange "EXT-X-DATERANGE" clause!("4.4.5.1"), Media Itself List(known::DATERANGE), false;
    Skip "EXT-X-SKIP" clause!("4.4.5.2"), Media Itself List(known::SKIP), true;
    PreloadHint "EXT-X-PRELOAD-HINT" clause!("4.4.5.3"), Media Itself List(known::PRELOAD_HINT), false;
    RenditionReport "EXT-X-RENDITION-REPORT" clause!("4.4.5.4"), Media Itself List(known::RENDITION_REPORT), false;
    Media "EXT-X-MEDIA" clause!("4.4.6.1"), Multivariant Itself List(known::MEDIA), false;
    StreamInf "EXT-X-STREAM-INF" clause!("4.4.6.2"), Multivariant Variant List(known::STREAM_INF), false;
    IFrameStreamInf "EXT-X-I-FRAME-STREAM-INF" clause!("4.4.6.3"), Multivariant Itself List(known::I_FRAME_STREAM_INF), false;
    SessionData "EXT-X-SESSION-DATA" clause!("4.4.6.4"), Multivariant Itself List(known::SESSION_DATA), false;
    SessionKey "EXT-X-SESSION-KEY" clause!("4.4.6.5"), Multivariant Itself List(known::KEY), false;
    ContentSteering "EXT-X-CONTENT-STEERING" clause!("4.4.6.6"), Multivariant Playlist List(known::CONTENT_STEERING), true;

    AllowCache "EXT-X-ALLOW-CACHE" "RFC 8216 7", Both Playlist Word(&["YES", "NO"]), false;

    CueOut "EXT-X-CUE-OUT" "SCTE 35 by Elemental", Media Segment Free, false;
    CueOutCont "EXT-X-CUE-OUT-CONT" "SCTE 35 by Elemental", Media Segment Free, false;
    CueIn "EXT-X-CUE-IN" "SCTE 35 by Elemental", Media Segment Free, false;
    CueSpan "EXT-X-CUE-SPAN" "SCTE 35 by Envivio", Media Segment List(&[]), false;
    Cue "EXT-X-CUE" "SCTE 35 by Envivio", Media Segment List(&[]), false;
    Scte35 "EXT-X-SCTE35" "SCTE 67 12.2", Media Segment List(known::SCTE35), false;
    ExtScte35 "EXT-SCTE35" "SCTE 35 by others", Media Segment List(known::SCTE35), false;
    OatclsScte35 "EXT-OATCLS-SCTE35" "SCTE 35 by OATC", Media Segment Free, false;
    SplicepointScte35 "EXT-X-SPLICEPOINT-SCTE35" "SCTE 35 by Adobe", Media Segment Free, false;
    Asset "EXT-X-ASSET" "SCTE 35 by Elemental", Media Segment List(&[]), false;
    ImageStreamInf "EXT-X-IMAGE-STREAM-INF" "image playlists by Disney, Roku", Multivariant Itself List(known::IMAGE_STREAM_INF), false;
    ImagesOnly "EXT-X-IMAGES-ONLY" "image playlists by Disney, Roku", Media Playlist Nothing, true;
    Tiles "EXT-X-TILES" "image playlists by Disney, Roku", Media Segment List(known::TILES), false;
    Prefetch "EXT-X-PREFETCH" "LHLS by the hls.js community", Media Itself Uri, false;
    PrefetchDiscontinuity "EXT-X-PREFETCH-DISCONTINUITY" "LHLS by the hls.js community", Media Itself Nothing, false;
    TwitchPrefetch "EXT-X-TWITCH-PREFETCH" "Twitch", Media Itself Uri, false;
    TwitchInfo "EXT-X-TWITCH-INFO" "Twitch", Both Playlist List(&[]), false;
    Timestamp "EXT-X-TIMESTAMP" "others", Media Segment Free, false;
    MediaReady "EXT-X-MEDIA-READY" "others", Media Playlist Free, false;
    UspTimestampMap "USP-X-TIMESTAMP-MAP" "Unified Streaming", Media Segment List(&[]), false;
    KodiProp "KODIPROP" "Kodi", Both Segment Free, false;
    VlcOption "EXTVLCOPT" "VLC", Both Segment Free, false;
    Group "EXTGRP" "IPTV", Both Segment Free, false;
    Playlist "PLAYLIST" "M3U", Both Playlist Free, false;
}

impl Tag {
    /// The tag of a name, in time that does not grow with the table.
    pub fn named(name: &[u8]) -> Option<Self> {
        let tag = *SLOTS.get(slot(name))?;
        tag.filter(|tag| tag.name().as_bytes() == name)
    }

    /// The known attribute of this name.
    pub fn attribute(self, name: &[u8]) -> Option<&'static Known> {
        let List(known) = self.value() else { return None };
        known.iter().find(|known| known.name.as_bytes() == name)
    }
}

/// Each tag at the slot of its name.
static SLOTS: [Option<Tag>; 256] = slots();

/// Where a tag of this name would be: no two names of the table share a slot.
const fn slot(name: &[u8]) -> usize {
    let middle = match name.split_at(name.len() / 2).1 {
        [middle, ..] => *middle,
        [] => 0,
    };
    let (third_last, last) = match name {
        [.., third_last, _, last] => (*third_last, *last),
        _ => (0, 0),
    };
    // Factors that keep the names apart. Where a new name meets an old one, `slots` does not compile: try others.
    (name.len() + 2 * last as usize + 15 * third_last as usize + 12 * middle as usize) % 256
}

#[expect(clippy::indexing_slicing, reason = "Invariant: evaluated by the compiler, which tells what fails")]
const fn slots() -> [Option<Tag>; 256] {
    let mut slots = [None; 256];
    let mut next = 0;
    while next < Tag::ALL.len() {
        let at = slot(Tag::ALL[next].name().as_bytes());
        assert!(slots[at].is_none(), "two tags share a slot");
        slots[at] = Some(Tag::ALL[next]);
        next += 1;
    }
    slots
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_tag_is_found_by_its_name_and_nothing_else_is() {
        for tag in Tag::ALL {
            assert_eq!(Tag::named(tag.name().as_bytes()), Some(*tag));
            for name in [&format!("{}S", tag.name()), &tag.name().to_lowercase(), &tag.name()[1..]] {
                assert_eq!(Tag::named(name.as_bytes()), None, "{name}");
            }
        }
        assert_eq!(Tag::named(b""), None);
        assert_eq!(Tag::named(b"E"), None);
    }

    #[test]
    fn the_clauses_of_the_specification_are_in_order_and_none_is_missing() {
        // The headings of section 4.4, with how many tags each has.
        let expected: Vec<String> = [(1, 2), (2, 3), (3, 8), (4, 9), (5, 4), (6, 6)]
            .into_iter()
            .flat_map(|(section, count)| {
                (1..=count).map(move |tag| format!("rfc8216bis-22 4.4.{section}.{tag}"))
            })
            .collect();
        let found: Vec<_> =
            Tag::ALL.iter().map(|tag| tag.clause()).filter(|clause| clause.starts_with(bis!())).collect();
        assert_eq!(found, expected);
        assert!(SPECIFICATION.ends_with(bis!()));
    }

    #[test]
    fn no_attribute_is_listed_twice() {
        for tag in Tag::ALL {
            let List(known) = tag.value() else { continue };
            let names: BTreeSet<_> = known.iter().map(|known| known.name).collect();
            assert_eq!(names.len(), known.len(), "{}", tag.name());
        }
    }
}
