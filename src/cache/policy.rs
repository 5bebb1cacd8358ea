//! How long a file is kept, and the `Cache-Control` for the player.
//!
//! A time is the site's if its document gives one (`cache.{kind}`), else the media origin's if the site sets
//! `cache.respect_origin`, else derived. `target` is the Target Duration, or of an MPD the time in which it may change;
//! `part` is the Part Target Duration. Without such a statement in the manifest, `target` counts as 2 s and `part` as
//! `target` / 2.
//!
//! | kind | fresh | then stale, while the edge fetches it again | then stale, while the media origin fails |
//! | --- | --- | --- | --- |
//! | multivariant | 30 s | 30 s | 1 h |
//! | vod | 5 min | 5 min | 1 day |
//! | live | `target` / 2, at least 1 s | the same, until it is `target` old at most | until it is 3 `target` old |
//! | low_latency | `part` | the same, until it is `target` old at most | until it is 3 `target` old |
//! | blocked | `part` | | |
//! | segment | 1 day | 1 h | 1 day |
//! | init | 5 min | 1 min | 1 day |
//! | key | 1 min | | 5 min |
//! | subtitle | 5 min | 5 min | 1 day |
//! | data | 5 s | | 1 min |
//! | other | 1 min | | 5 min |
//!
//! A live playlist is never older than `target` while the media origin answers, which is how often a player asks
//! ([section 6.3.4](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.3.4)). With a
//! playlist older than 3 `target`, players would start behind the others (`HOLD-BACK`, [section
//! 4.4.3.8](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.3.8)).

use serde::Serialize;

use super::{Directives, FileKind, OriginControl};
use crate::catalog::{CachePolicy, KeepPolicy};
use crate::manifest::Timing;
use crate::resource::ResourceKind;
use crate::{dash, hls};

/// How long one file is kept. Times are in milliseconds; the second and third count from the end of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Lifetime {
    /// Its kind.
    pub kind: FileKind,
    /// Served without asking the media origin.
    pub fresh_ms: u64,
    /// Served while the edge fetches it again.
    pub stale_ms: u64,
    /// Served while the media origin fails.
    pub error_ms: u64,
    /// A player need never ask for it again.
    pub immutable: bool,
}

impl Lifetime {
    /// The times of a file that is read whole: a manifest, or a list that a manifest refers to. Every viewer is refused
    /// an unreadable file, so it is kept only long enough to spare the media origin repeated requests.
    pub fn of_read(
        resource: ResourceKind,
        bytes: &[u8],
        timing: &Timing,
        directives: &Directives,
        policy: &CachePolicy,
        origin: &OriginControl,
    ) -> Self {
        let (found, is_readable) = match resource {
            ResourceKind::Assets | ResourceKind::OriginSteering => {
                (Self::of_file(FileKind::Data, policy, origin), hls::is_list(bytes))
            }
            ResourceKind::Mpd | ResourceKind::Patch => {
                (Self::of_playlist(timing, directives, policy, origin), dash::is_xml(bytes))
            }
            _ => (Self::of_playlist(timing, directives, policy, origin), hls::is_playlist(bytes)),
        };
        if is_readable { found } else { found.of_unreadable() }
    }

    fn of_unreadable(self) -> Self {
        Self { fresh_ms: self.fresh_ms.min(SECOND_MS), ..Self::none(self.kind) }
    }

    /// The times of a manifest.
    pub fn of_playlist(
        timing: &Timing,
        directives: &Directives,
        policy: &CachePolicy,
        origin: &OriginControl,
    ) -> Self {
        let target_ms = timing.target_ms.map_or(UNKNOWN_TARGET_MS, u64::from);
        let part_ms = timing.part_target_ms.map_or(target_ms / 2, u64::from);
        Self::of(FileKind::of_playlist(timing, directives), (target_ms, part_ms), policy, origin)
    }

    /// The times of another file.
    pub fn of_file(kind: FileKind, policy: &CachePolicy, origin: &OriginControl) -> Self {
        Self::of(kind, (UNKNOWN_TARGET_MS, UNKNOWN_TARGET_MS / 2), policy, origin)
    }

    fn of(
        kind: FileKind,
        (target_ms, part_ms): (u64, u64),
        policy: &CachePolicy,
        origin: &OriginControl,
    ) -> Self {
        if origin.refuses {
            return Self::none(kind);
        }
        let KeepPolicy { fresh_s, stale_s, error_s } = kind.policy(policy);
        let told = Some(origin).filter(|_| policy.respect_origin);
        let own_or = |site_s: Option<u64>, told_ms: Option<u64>| site_s.map(|secs| secs * 1000).or(told_ms);
        let fresh_told = told.and_then(|told| told.fresh_ms);
        let fresh_derived = derived_fresh_ms(kind, target_ms, part_ms);
        let fresh_ms = own_or(fresh_s, fresh_told).unwrap_or(fresh_derived);
        let (stale_derived, error_derived) = match kind {
            FileKind::Multivariant => (30 * SECOND_MS, HOUR_MS),
            FileKind::Vod | FileKind::Subtitle => (5 * MINUTE_MS, DAY_MS),
            // Not longer for a site that keeps it longer fresh: it would be older than a player can use.
            FileKind::Live | FileKind::LowLatency => (
                fresh_derived.min(fresh_ms).min(target_ms.saturating_sub(fresh_ms)),
                (3 * target_ms).saturating_sub(fresh_ms),
            ),
            FileKind::Blocked => (0, 0),
            FileKind::Segment => (HOUR_MS, DAY_MS),
            FileKind::Init => (MINUTE_MS, DAY_MS),
            FileKind::Key | FileKind::Other => (0, 5 * MINUTE_MS),
            FileKind::Data => (0, MINUTE_MS),
        };
        // Times that the media origin does not decide count from the reply's arrival; the player also receives the
        // `Age`.
        let age_ms = if policy.respect_origin { 0 } else { origin.age_ms };
        Self {
            kind,
            fresh_ms: fresh_ms.saturating_add(age_ms),
            stale_ms: own_or(stale_s, told.and_then(|told| told.stale_ms)).unwrap_or(stale_derived),
            error_ms: own_or(error_s, told.and_then(|told| told.error_ms)).unwrap_or(error_derived),
            immutable: match told {
                // A media origin that gives a segment a time of its own may mean to change it.
                Some(told) if fresh_s.is_none() && told.fresh_ms.is_some() => told.immutable,
                _ => kind == FileKind::Segment && fresh_ms > 0,
            },
        }
    }

    /// Not kept.
    pub const fn none(kind: FileKind) -> Self {
        Self { kind, fresh_ms: 0, stale_ms: 0, error_ms: 0, immutable: false }
    }

    /// From its fetch to its end, in milliseconds; 0: not kept.
    pub const fn whole_ms(&self) -> u64 {
        let (stale_ms, error_ms) = (self.stale_ms, self.error_ms);
        self.fresh_ms.saturating_add(if stale_ms > error_ms { stale_ms } else { error_ms })
    }

    /// The `Cache-Control` for the player. The session stands in the URL, so no shared cache may store the reply.
    ///
    /// `max-age` counts whole seconds, downwards: a player keeps nothing for longer than the edge does.
    pub fn for_player(&self) -> String {
        let immutable = if self.immutable { ", immutable" } else { "" };
        match self.whole_ms() {
            0 => "private, no-store".to_owned(),
            _ => format!("private, max-age={}{immutable}", self.fresh_ms / SECOND_MS),
        }
    }
}

const fn derived_fresh_ms(kind: FileKind, target_ms: u64, part_ms: u64) -> u64 {
    match kind {
        FileKind::Multivariant => 30 * SECOND_MS,
        FileKind::Vod | FileKind::Subtitle | FileKind::Init => 5 * MINUTE_MS,
        FileKind::Live if target_ms / 2 > SECOND_MS => target_ms / 2,
        FileKind::Live => SECOND_MS,
        FileKind::LowLatency | FileKind::Blocked => part_ms,
        FileKind::Segment => DAY_MS,
        FileKind::Key | FileKind::Other => MINUTE_MS,
        FileKind::Data => 5 * SECOND_MS,
    }
}

/// How long the edge remembers that the media origin does not have a file, in milliseconds. The kind of a missing
/// manifest is unknown.
pub fn missing_ms(kind: Option<FileKind>, resource: ResourceKind, policy: &CachePolicy) -> u64 {
    let missing = policy.missing;
    SECOND_MS
        * match (resource, kind) {
            (ResourceKind::Playlist | ResourceKind::Mpd | ResourceKind::Patch, _) => missing.playlist_s,
            (ResourceKind::Segment, None | Some(FileKind::Segment | FileKind::Other)) => missing.segment_s,
            (
                ResourceKind::Segment
                | ResourceKind::Steering
                | ResourceKind::Time
                | ResourceKind::Break(_)
                | ResourceKind::Assets
                | ResourceKind::OriginSteering,
                _,
            ) => missing.other_s,
        }
}

/// For how long a blocking request is held, in milliseconds: three Target Durations where they are known from an earlier
/// reply, and never longer than [`LONGEST_HOLD_MS`].
///
/// > A Server that cannot provide the requested Playlist after blocking for more than three Target Durations SHOULD
/// > return Service Unavailable, such as HTTP 503.
///
/// [Section 6.2.5.2](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.2.5.2)
pub fn hold_ms(target_ms: Option<u32>) -> u64 {
    target_ms.map_or(LONGEST_HOLD_MS, |target_ms| (3 * u64::from(target_ms)).min(LONGEST_HOLD_MS))
}

/// The longest time for which a blocking request is held: three Target Durations of 8 s, and less than the 30 s for
/// which the runtime lets work continue after the player has left.
pub const LONGEST_HOLD_MS: u64 = 24_000;

const UNKNOWN_TARGET_MS: u64 = 2_000;
const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::timing as manifest_timing;

    const MPD: &[u8] = b"<MPD type='dynamic' minimumUpdatePeriod='PT2S' maxSegmentDuration='PT6S'/>";

    fn timing(target_ms: u32, part_ms: Option<u32>) -> Timing {
        Timing { target_ms: Some(target_ms), part_target_ms: part_ms, ..Timing::default() }
    }

    fn playlist(timing: &Timing, policy: &CachePolicy, origin: &OriginControl) -> (u64, u64, u64) {
        let found = Lifetime::of_playlist(timing, &Directives::default(), policy, origin);
        (found.fresh_ms, found.stale_ms, found.error_ms)
    }

    fn site(json: &str) -> CachePolicy {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn times_come_from_the_playlist() {
        let origin = OriginControl { fresh_ms: Some(77_000), ..OriginControl::default() };
        for (name, timing, expected) in [
            ("live, 6 s", timing(6_000, None), (3_000, 3_000, 15_000)),
            ("live, 1 s", timing(1_000, None), (1_000, 0, 2_000)),
            ("live, 1.5 s", timing(1_500, None), (1_000, 500, 3_500)),
            ("low latency, few parts", timing(1_000, Some(700)), (700, 300, 2_300)),
            ("live, does not say", Timing::default(), (1_000, 1_000, 5_000)),
            ("low latency", timing(4_000, Some(334)), (334, 334, 11_666)),
            ("an MPD that may change every 2 s", manifest_timing(MPD), (1_000, 1_000, 5_000)),
            ("over", Timing { ended: true, ..timing(4_000, Some(334)) }, (300_000, 300_000, 86_400_000)),
            ("multivariant", Timing { multivariant: true, ..Timing::default() }, (30_000, 30_000, 3_600_000)),
        ] {
            assert_eq!(playlist(&timing, &CachePolicy::default(), &origin), expected, "{name}");
        }
    }

    #[test]
    fn a_live_playlist_is_never_older_than_three_targets() {
        for target_ms in [1_000, 2_000, 6_000, 10_000, 86_400_000] {
            for part_ms in [None, Some(200), Some(1_000)] {
                for site in [site("{}"), site(r#"{"live":{"fresh_s":1},"low_latency":{"fresh_s":1}}"#)] {
                    let (fresh, stale, error) =
                        playlist(&timing(target_ms, part_ms), &site, &OriginControl::default());
                    assert!(fresh + stale.max(error) <= 3 * u64::from(target_ms), "{target_ms} {part_ms:?}");
                    assert!(fresh + stale <= u64::from(target_ms), "{target_ms} {part_ms:?}");
                }
            }
        }
    }

    #[test]
    fn the_site_counts_before_the_media_origin_and_that_before_the_playlist() {
        let live = timing(6_000, None);
        let origin =
            OriginControl { fresh_ms: Some(9_000), stale_ms: Some(8_000), ..OriginControl::default() };
        for (name, site, expected) in [
            ("derived", "{}", (3_000, 3_000, 15_000)),
            ("the media origin", r#"{"respect_origin":true}"#, (9_000, 8_000, 9_000)),
            ("the site", r#"{"live":{"fresh_s":1,"stale_s":0,"error_s":2}}"#, (1_000, 0, 2_000)),
            ("some of each", r#"{"respect_origin":true,"live":{"fresh_s":1}}"#, (1_000, 8_000, 17_000)),
            ("of another kind", r#"{"vod":{"fresh_s":1}}"#, (3_000, 3_000, 15_000)),
        ] {
            assert_eq!(playlist(&live, &self::site(site), &origin), expected, "{name}");
        }
    }

    #[test]
    fn an_old_reply_is_fresh_from_its_arrival_unless_the_media_origin_counts() {
        let origin = OriginControl { fresh_ms: Some(9_000), age_ms: 5_000, ..OriginControl::default() };
        let live = timing(6_000, None);
        assert_eq!(playlist(&live, &site("{}"), &origin), (8_000, 3_000, 15_000));
        assert_eq!(playlist(&live, &site(r#"{"respect_origin":true}"#), &origin), (9_000, 0, 9_000));
    }

    #[test]
    fn what_the_media_origin_refuses_is_kept_for_nobody() {
        let origin = OriginControl { refuses: true, fresh_ms: Some(9_000), ..OriginControl::default() };
        let found = Lifetime::of_file(FileKind::Segment, &site(r#"{"segment":{"fresh_s":60}}"#), &origin);
        assert_eq!((found.whole_ms(), found.for_player()), (0, "private, no-store".to_owned()));
    }

    #[test]
    fn what_a_player_is_told() {
        let origin = |fresh_ms, immutable| OriginControl { fresh_ms, immutable, ..OriginControl::default() };
        let respect = site(r#"{"respect_origin":true}"#);
        for (name, kind, policy, origin, expected) in [
            (
                "a segment",
                FileKind::Segment,
                site("{}"),
                origin(None, false),
                "private, max-age=86400, immutable",
            ),
            ("an init", FileKind::Init, site("{}"), origin(None, true), "private, max-age=300"),
            ("a key", FileKind::Key, site("{}"), origin(None, false), "private, max-age=60"),
            ("what may be one", FileKind::Other, site("{}"), origin(None, false), "private, max-age=60"),
            ("told", FileKind::Segment, respect.clone(), origin(Some(60_000), false), "private, max-age=60"),
            (
                "immutable",
                FileKind::Key,
                respect.clone(),
                origin(Some(9_000), true),
                "private, max-age=9, immutable",
            ),
            (
                "not told",
                FileKind::Segment,
                respect,
                origin(None, false),
                "private, max-age=86400, immutable",
            ),
            (
                "never kept",
                FileKind::Data,
                site(r#"{"data":{"fresh_s":0,"error_s":0}}"#),
                origin(None, false),
                "private, no-store",
            ),
        ] {
            assert_eq!(Lifetime::of_file(kind, &policy, &origin).for_player(), expected, "{name}");
        }
        let low_latency = Lifetime::of_playlist(
            &timing(4_000, Some(500)),
            &Directives::default(),
            &site("{}"),
            &OriginControl::default(),
        );
        assert_eq!(low_latency.for_player(), "private, max-age=0");
    }

    #[test]
    fn a_blocked_playlist_is_kept_for_a_part() {
        let blocking = Directives { msn: Some(1), ..Directives::default() };
        for (timing, fresh_ms) in [(timing(4_000, Some(334)), 334), (timing(4_000, None), 2_000)] {
            let found =
                Lifetime::of_playlist(&timing, &blocking, &CachePolicy::default(), &OriginControl::default());
            assert_eq!((found.fresh_ms, found.stale_ms, found.error_ms), (fresh_ms, 0, 0));
        }
        assert_eq!((hold_ms(Some(4_000)), hold_ms(Some(60_000)), hold_ms(None)), (12_000, 24_000, 24_000));
    }

    /// A page in place of a manifest, a playlist in place of a list: neither the media origin nor the site can extend
    /// their times.
    #[test]
    fn what_cannot_be_read_is_kept_for_a_second_at_most() {
        let playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n".as_slice();
        let (mpd, list, page) =
            (b"<MPD/>".as_slice(), b"{\"ASSETS\":[]}".as_slice(), b"too many requests".as_slice());
        let origin =
            OriginControl { fresh_ms: Some(HOUR_MS), stale_ms: Some(HOUR_MS), ..OriginControl::default() };
        for (resource, good) in [
            (ResourceKind::Playlist, playlist),
            (ResourceKind::Mpd, mpd),
            (ResourceKind::Patch, mpd),
            (ResourceKind::Assets, list),
            (ResourceKind::OriginSteering, list),
        ] {
            for found in [playlist, mpd, list, page, b""] {
                let (timing, policy) = (manifest_timing(found), CachePolicy::default());
                let of = |origin| {
                    Lifetime::of_read(resource, found, &timing, &Directives::default(), &policy, origin)
                };
                let (whole_ms, fresh_ms) = (of(&origin).whole_ms(), of(&origin).fresh_ms);
                if found == good {
                    assert!(whole_ms > SECOND_MS, "{resource:?}");
                } else {
                    assert_eq!((whole_ms, fresh_ms), (SECOND_MS, SECOND_MS), "{resource:?}");
                }
                // A reply that nobody may store is not kept.
                assert_eq!(of(&OriginControl { refuses: true, ..origin }).whole_ms(), 0);
            }
        }
    }

    #[test]
    fn what_is_missing_is_remembered_shortly() {
        let policy = site(r#"{"missing":{"playlist_s":2,"segment_s":0}}"#);
        for (kind, resource, expected) in [
            (None, ResourceKind::Playlist, 2_000),
            (Some(FileKind::Segment), ResourceKind::Segment, 0),
            (Some(FileKind::Other), ResourceKind::Segment, 0),
            (Some(FileKind::Key), ResourceKind::Segment, 5_000),
        ] {
            assert_eq!(missing_ms(kind, resource, &policy), expected, "{kind:?}");
        }
        assert_eq!(
            missing_ms(Some(FileKind::Segment), ResourceKind::Segment, &CachePolicy::default()),
            1_000
        );
    }
}
