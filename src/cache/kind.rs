//! The kinds of file that are kept for times of their own.

use serde::Serialize;

use super::Directives;
use crate::catalog::{CachePolicy, KeepPolicy};
use crate::manifest::Timing;
use crate::resource::{ResourceKind, ResourcePath};

macro_rules! kinds {
    ($($variant:ident $name:literal $policy:ident $meaning:literal;)*) => {
        /// A kind of file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FileKind {
            $(#[doc = $meaning] $variant,)*
        }

        impl FileKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The kind's name, as it stands in documents.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Takes a kind by its name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// A site's policy for the kind.
            pub const fn policy(self, policy: &CachePolicy) -> KeepPolicy {
                match self { $(Self::$variant => policy.$policy,)* }
            }
        }
    };
}

kinds! {
    Multivariant "multivariant" multivariant "A Multivariant Playlist.";
    Vod "vod" vod "A Media Playlist or MPD that does not change any more.";
    Live "live" live "A Media Playlist that grows, an MPD that changes, what has changed of one, and any other manifest.";
    LowLatency "low_latency" low_latency "A Media Playlist that grows by Partial Segments.";
    Blocked "blocked" blocked "A Media Playlist that was asked for with `_HLS_msn`.";
    Segment "segment" segment "A Media Segment or Partial Segment.";
    Init "init" init "A Media Initialization Section, as far as its name tells.";
    Key "key" key "A decryption key.";
    Subtitle "subtitle" subtitle "A file of subtitles, or a segment of them.";
    Data "data" data "JSON or XML: a list of assets, session data.";
    Other "other" other "Any other file: it may be a key, so it is kept for as short a time.";
}

impl FileKind {
    /// The kind of a file by its name; `None` for a manifest, whose kind depends on its content.
    ///
    /// | kind | name |
    /// | --- | --- |
    /// | key | one of its words is `key`: `key.bin`, `enc.key`, `key-2.ts` |
    /// | subtitle | `*.vtt`, `*.webvtt`, `*.srt`, `*.ttml`, `*.dfxp` |
    /// | data | `*.json`, `*.xml` |
    /// | init | one of its words is `header`, or begins or ends with `init`, and it is an MP4 file by its extension, or has none; `*.init` |
    /// | segment | the extension is one of media |
    /// | other | everything else |
    ///
    /// Words are letters and digits; digits at their end do not count.
    pub fn of_file(resource: &ResourcePath) -> Option<Self> {
        if resource.kind() != ResourceKind::Segment {
            return None;
        }
        let name = resource.as_str().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let words = || {
            let all = name.split(|c: char| !c.is_ascii_alphanumeric());
            all.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
        };
        if words().any(|word| word == "key") {
            return Some(Self::Key);
        }
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let is_init =
            || words().any(|word| word == "header" || word.starts_with("init") || word.ends_with("init"));
        Some(match extension {
            "vtt" | "webvtt" | "srt" | "ttml" | "dfxp" => Self::Subtitle,
            "json" | "xml" => Self::Data,
            "init" => Self::Init,
            "" | "mp4" | "m4s" | "m4v" | "m4a" | "m4f" | "cmfv" | "cmfa" | "cmft" | "cmfm" if is_init() => {
                Self::Init
            }
            _ if MEDIA.contains(&extension) => Self::Segment,
            _ => Self::Other,
        })
    }

    /// The kind of a manifest, by its content and by the request's directives.
    ///
    /// > A Server MUST ignore \_HLS\_msn and \_HLS\_part if the Playlist contains an EXT-X-ENDLIST tag.
    ///
    /// [Section 6.2.5.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.2.5.2)
    pub const fn of_playlist(timing: &Timing, directives: &Directives) -> Self {
        if timing.ended {
            Self::Vod
        } else if directives.is_blocking() {
            Self::Blocked
        } else if timing.multivariant {
            Self::Multivariant
        } else if timing.part_target_ms.is_some() {
            Self::LowLatency
        } else {
            Self::Live
        }
    }
}

/// Extensions of media files. A file with another extension, or without one, may change at any time.
const MEDIA: [&str; 33] = [
    "ts", "m2ts", "mts", "mp4", "m4s", "m4v", "m4a", "m4f", "fmp4", "cmfv", "cmfa", "cmft", "cmfm", "mov",
    "webm", "aac", "adts", "mp2", "mp3", "ac3", "ec3", "eac3", "ac4", "flac", "opus", "ogg", "wav", "jpg",
    "jpeg", "png", "webp", "avif", "gif",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::timing;

    #[test]
    fn files_are_told_by_their_names() {
        for (path, expected) in [
            ("v/1.m4s", Some(FileKind::Segment)),
            ("v/1.ts", Some(FileKind::Segment)),
            ("v/movie.mp4", Some(FileKind::Segment)),
            ("v/1.AAC", Some(FileKind::Segment)),
            ("v/1.ac3", Some(FileKind::Segment)),
            ("v/keyframes_1.jpg", Some(FileKind::Segment)),
            ("v/monkey.ts", Some(FileKind::Segment)),
            ("v/reinitialised.mp4", Some(FileKind::Segment)),
            ("v/init.ts", Some(FileKind::Segment)),
            ("key/1.ts", Some(FileKind::Segment)),
            ("v/1", Some(FileKind::Other)),
            ("k/1.bin", Some(FileKind::Other)),
            ("k/license.php", Some(FileKind::Other)),
            ("v/Fragments(video=0)", Some(FileKind::Other)),
            ("v/init", Some(FileKind::Init)),
            ("v/initial_01.mp4", Some(FileKind::Init)),
            ("v/videoinit.mp4", Some(FileKind::Init)),
            ("v/init-0.mp4", Some(FileKind::Init)),
            ("v/video_init0.cmfv", Some(FileKind::Init)),
            ("v/header.mp4", Some(FileKind::Init)),
            ("k/key.bin", Some(FileKind::Key)),
            ("k/enc.key", Some(FileKind::Key)),
            ("k/KEY", Some(FileKind::Key)),
            ("k/stream-key_7.ts", Some(FileKind::Key)),
            ("k/key42.bin", Some(FileKind::Key)),
            ("k/key.json", Some(FileKind::Key)),
            ("v/init.mp4", Some(FileKind::Init)),
            ("v/video_Init-1.M4S", Some(FileKind::Init)),
            ("v/1080p.init", Some(FileKind::Init)),
            ("init/1.m4s", Some(FileKind::Segment)),
            ("k/1.key", Some(FileKind::Key)),
            ("t/en_1.vtt", Some(FileKind::Subtitle)),
            ("t/en.ttml", Some(FileKind::Subtitle)),
            ("ads/list.json", Some(FileKind::Data)),
            ("v/index.m3u8", None),
            ("v/index.mpd", None),
        ] {
            assert_eq!(FileKind::of_file(&ResourcePath::parse(path).unwrap()), expected, "{path}");
        }
    }

    #[test]
    fn playlists_are_told_by_what_they_say() {
        let blocking = Directives { msn: Some(7), ..Directives::default() };
        let plain = Directives::default();
        for (playlist, directives, expected) in [
            ("#EXT-X-TARGETDURATION:4\n", plain, FileKind::Live),
            ("#EXT-X-TARGETDURATION:4\n#EXT-X-PART-INF:PART-TARGET=0.5\n", plain, FileKind::LowLatency),
            ("#EXT-X-TARGETDURATION:4\n#EXT-X-PART-INF:PART-TARGET=0.5\n", blocking, FileKind::Blocked),
            (
                "#EXT-X-TARGETDURATION:4\n#EXT-X-PART-INF:PART-TARGET=0.5\n#EXT-X-ENDLIST\n",
                blocking,
                FileKind::Vod,
            ),
            ("#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n", plain, FileKind::Multivariant),
            ("", plain, FileKind::Live),
            ("<MPD type=\"static\"/>", plain, FileKind::Vod),
            ("<MPD type=\"dynamic\"/>", plain, FileKind::Live),
            ("<Patch/>", plain, FileKind::Live),
        ] {
            assert_eq!(
                FileKind::of_playlist(&timing(playlist.as_bytes()), &directives),
                expected,
                "{playlist}"
            );
        }
    }

    #[test]
    fn names_are_those_of_the_document() {
        for kind in FileKind::ALL {
            assert_eq!(FileKind::from_name(kind.name()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            let json = format!(r#"{{"{}":{{"fresh_s":77}}}}"#, kind.name());
            let policy: CachePolicy = serde_json::from_str(&json).unwrap();
            assert_eq!(kind.policy(&policy).fresh_s, Some(77), "{json}");
        }
    }
}
