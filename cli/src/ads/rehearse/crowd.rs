//! Simulated viewers, who reach breaks and ask for their pods as the edge's decisions do.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use stagedoor::ads::resolve::Pace;
use stagedoor::ads::{Ad, Break, Candidate, Content, Ending, Furniture, Media, Offered, Role, Terms, fit};
use stagedoor::catalog::{AdPolicy, Join};
use stagedoor::time::UnixMillis;

/// Viewers of one stream, and the ad server that is asked for them.
pub(super) struct Crowd<'a> {
    pub(super) viewers: u32,
    /// The time within which they join.
    pub(super) join: Duration,
    /// The time within which their players reach a break.
    pub(super) spread: Duration,
    pub(super) isolates: u32,
    pub(super) seed: u64,
    pub(super) server: Server,
    /// The questions to Durable Objects that the site's own campaigns ask for one decision.
    pub(super) own: u32,
    pub(super) policy: &'a AdPolicy,
}

/// The ad server, and how it is asked.
pub(super) struct Server {
    /// The ads that it offers for each break.
    pub(super) ads: Vec<Duration>,
    pub(super) answer: Duration,
    pub(super) wrappers: u32,
    pub(super) failing_percent: u32,
    pub(super) request: Duration,
    pub(super) total: Duration,
    pub(super) jitter: Duration,
    pub(super) peak_per_s: Option<u32>,
    pub(super) is_shared: bool,
}

/// How a break was used.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Use {
    pub(super) id: String,
    /// From the first mark of the log.
    pub(super) start: Duration,
    pub(super) planned: Option<Duration>,
    /// As it ended; zero if it was cancelled.
    pub(super) duration: Duration,
    /// Viewers who were there for some of it.
    pub(super) viewers: u64,
    pub(super) decisions: u64,
    /// Requests to the ad server by the second, counted from the first mark of the log.
    pub(super) requests: BTreeMap<u64, u64>,
    /// Decisions that found no moment within the rate.
    pub(super) refused: u64,
    /// Decisions whose ad server failed or took too long.
    pub(super) failed: u64,
    /// Questions to Durable Objects.
    pub(super) questions: u64,
    /// Ads that began.
    pub(super) ads: u64,
    /// Seconds of ads that were seen.
    pub(super) seen_s: f64,
    /// Seconds of the break, of all viewers who were there.
    pub(super) there_s: f64,
}

/// How long viewers of an isolate share a reply, as in the edge.
const SHARED_MS: u64 = 2_000;

/// How long an isolate leaves a Durable Object alone that has no moment, as in the edge.
const LEFT_ALONE_MS: u64 = 200;

/// A decision that is due.
struct Due {
    at_ms: u64,
    viewer: u32,
    elapsed: Duration,
}

impl Crowd<'_> {
    /// Plays the breaks, in their order.
    pub(super) fn play(&self, breaks: &[Break], begin: UnixMillis) -> Vec<Use> {
        breaks.iter().filter_map(|of| self.one(of, begin)).collect()
    }

    fn one(&self, of: &Break, begin: UnixMillis) -> Option<Use> {
        let start_ms = of.opening.date?.0.saturating_sub(begin.0);
        let longest = Duration::from_secs(self.policy.longest_s.into());
        let duration = of.duration().unwrap_or(longest);
        let mut used = Use {
            id: of.opening.id.to_string(),
            start: Duration::from_millis(start_ms),
            planned: of.opening.planned,
            duration,
            ..Use::default()
        };
        if of.ending == Ending::Cancelled {
            return Some(used);
        }
        // Pods are decided when a break begins: its end is not known yet.
        let announced = Break { opening: of.opening.clone(), ending: Ending::Planned };
        let mut chance = Chance::of(self.seed, start_ms);
        let due = self.due(start_ms, duration, &mut used);
        let mut paces: HashMap<u64, Pace> = HashMap::new();
        let mut left_alone: HashMap<(u32, u64), u64> = HashMap::new();
        let mut shared: HashMap<u32, (u64, bool)> = HashMap::new();
        let whole = self.pod(&announced, Duration::ZERO);
        for Due { at_ms, viewer, elapsed } in due {
            let has_pod = elapsed.is_zero() || self.policy.join != Join::Nothing;
            if !has_pod {
                continue;
            }
            used.decisions += 1;
            used.questions += u64::from(self.own);
            let isolate = viewer % self.isolates;
            let jitter_ms = chance.below(millis(self.server.jitter) + 1);
            let mut now_ms = at_ms + jitter_ms;
            if let Some(per_s) = self.server.peak_per_s {
                let shard = chance.below(Pace::shards(per_s).into());
                let rests_until = left_alone.entry((isolate, shard)).or_default();
                let patience_ms = millis(self.server.total).saturating_sub(jitter_ms) / 2;
                let moment = if *rests_until > now_ms {
                    None
                } else {
                    used.questions += 1;
                    paces.entry(shard).or_default().take(now_ms, Pace::part(per_s), patience_ms)
                };
                match moment {
                    Some(wait_ms) => now_ms += wait_ms,
                    None => {
                        *rests_until = (*rests_until).max(now_ms + LEFT_ALONE_MS);
                        used.refused += 1;
                        continue;
                    }
                }
            }
            let known = shared.get(&isolate).filter(|(until, _)| self.server.is_shared && now_ms < *until);
            let answered = match known {
                Some((_, answered)) => *answered,
                None => {
                    let answered = self.ask(now_ms, jitter_ms, &mut used, &mut chance);
                    shared.insert(isolate, (now_ms + millis(self.server.answer) + SHARED_MS, answered));
                    answered
                }
            };
            if !answered {
                used.failed += 1;
                continue;
            }
            let anew;
            let ads = if elapsed.is_zero() || self.policy.join == Join::Whole {
                &whole
            } else {
                anew = self.pod(&announced, elapsed);
                &anew
            };
            let mut left = duration.saturating_sub(elapsed);
            for ad in ads.iter().take_while(|_| !left.is_zero()).collect::<Vec<_>>() {
                let seen = (*ad).min(left);
                left -= seen;
                if !seen.is_zero() {
                    used.ads += 1;
                    used.seen_s += seen.as_secs_f64();
                }
            }
        }
        Some(used)
    }

    /// The decisions of a break, in the order of time.
    fn due(&self, start_ms: u64, duration: Duration, used: &mut Use) -> Vec<Due> {
        // A viewer joins at the same time, and is as far from the live edge, in each break.
        let mut chance = Chance::of(self.seed, u64::MAX);
        let mut due = Vec::new();
        for viewer in 0..self.viewers {
            let joined_ms = chance.below(millis(self.join) + 1);
            let starts_ms = start_ms + chance.below(millis(self.spread) + 1);
            let ends_ms = starts_ms + millis(duration);
            if joined_ms >= ends_ms {
                continue;
            }
            let at_ms = starts_ms.max(joined_ms);
            let elapsed = Duration::from_millis(at_ms - starts_ms);
            used.viewers += 1;
            used.there_s += duration.saturating_sub(elapsed).as_secs_f64();
            due.push(Due { at_ms, viewer, elapsed });
        }
        due.sort_by_key(|due| (due.at_ms, due.viewer));
        due
    }

    /// Asks the ad server and the wrappers behind it. Whether all answered in time.
    fn ask(&self, now_ms: u64, jitter_ms: u64, used: &mut Use, chance: &mut Chance) -> bool {
        let server = &self.server;
        let mut at_ms = now_ms;
        for _ in 0..=server.wrappers {
            *used.requests.entry(at_ms / 1_000).or_default() += 1;
            at_ms += millis(server.answer);
            let is_late = server.answer > server.request || at_ms - now_ms + jitter_ms > millis(server.total);
            if is_late || chance.below(100) < u64::from(server.failing_percent) {
                return false;
            }
        }
        true
    }

    /// The durations of the ads of a pod, with the break's bumpers and slates left out.
    fn pod(&self, of: &Break, elapsed: Duration) -> Vec<Duration> {
        let candidate = |(number, duration): (usize, &Duration)| {
            let id = format!("ad-{number}").parse().ok()?;
            Some(Some(Candidate {
                ad: Ad { id: format!("ad-{number}"), ..Ad::default() },
                media: Media::Creative { id, hls: Some("m.m3u8".to_owned()), dash: None },
                duration: *duration,
                separation: Vec::new(),
                sequence: None,
                codecs: Vec::new(),
                heights: Vec::new(),
            }))
        };
        let places = self.server.ads.iter().enumerate().filter_map(candidate).collect();
        let offered = Offered { places, spares: Vec::new(), non_linear: Vec::new() };
        let elapsed = Some(elapsed).filter(|elapsed| !elapsed.is_zero());
        let furniture = Furniture::default();
        let terms =
            Terms { policy: self.policy, elapsed, content: Content::default(), furniture: &furniture };
        let pod = fit(of, offered, &terms).pod;
        pod.slots.iter().filter(|slot| slot.role == Role::Ad).map(|slot| slot.duration).collect()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Numbers by chance that a seed repeats (SplitMix64).
struct Chance(u64);

impl Chance {
    fn of(seed: u64, of: u64) -> Self {
        Self(seed ^ of.rotate_left(32))
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut next = self.0;
        next = (next ^ (next >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        next = (next ^ (next >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (next ^ (next >> 31)) % limit.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::rehearse::log;
    use stagedoor::ads::signals::breaks;

    fn crowd(policy: &AdPolicy) -> Crowd<'_> {
        Crowd {
            viewers: 1_000,
            join: Duration::ZERO,
            spread: Duration::from_secs(10),
            isolates: 10,
            seed: 1,
            server: Server {
                ads: vec![Duration::from_secs(30); 4],
                answer: Duration::from_millis(200),
                wrappers: 0,
                failing_percent: 0,
                request: Duration::from_secs(3),
                total: Duration::from_secs(8),
                jitter: Duration::ZERO,
                peak_per_s: None,
                is_shared: false,
            },
            own: 0,
            policy,
        }
    }

    fn played(crowd: &Crowd<'_>, log: &str) -> Vec<Use> {
        crowd.play(&breaks(&log::signals(log).unwrap()), UnixMillis(0))
    }

    fn asked(used: &Use) -> u64 {
        used.requests.values().sum()
    }

    #[test]
    fn a_break_is_filled_as_far_as_it_lasts() {
        let policy = AdPolicy::default();
        let crowd = crowd(&policy);
        let of = |log: &str| played(&crowd, log).remove(0);
        let full = of("0 OUT:60");
        assert_eq!((full.viewers, full.decisions, asked(&full), full.ads), (1_000, 1_000, 1_000, 2_000));
        assert_eq!((full.seen_s, full.there_s), (60_000.0, 60_000.0));
        let early = of("0 OUT:60\n40 IN");
        assert_eq!((early.ads, early.seen_s, early.there_s), (2_000, 40_000.0, 40_000.0));
        let short = of("0 OUT:45");
        assert_eq!((short.seen_s, short.there_s), (30_000.0, 45_000.0));
    }

    #[test]
    fn a_rate_holds_and_refuses() {
        let policy = AdPolicy::default();
        let mut crowd = crowd(&policy);
        crowd.server.peak_per_s = Some(50);
        let used = played(&crowd, "0 OUT:60").remove(0);
        let peak = used.requests.values().copied().max().unwrap();
        assert!(peak <= 50 + 7, "{peak}");
        assert_eq!(asked(&used) + used.refused, 1_000);
        assert!(used.refused > 0 && used.questions < 1_000, "{used:?}");
        crowd.spread = Duration::from_secs(40);
        assert_eq!(played(&crowd, "0 OUT:60").remove(0).refused, 0);
    }

    #[test]
    fn replies_are_shared_within_an_isolate() {
        let policy = AdPolicy::default();
        let mut crowd = crowd(&policy);
        crowd.server.is_shared = true;
        crowd.server.wrappers = 2;
        let used = played(&crowd, "0 OUT:60").remove(0);
        // Ten isolates, which ask each 2.2 seconds of ten.
        assert_eq!(asked(&used), 10 * 5 * 3);
        assert_eq!(used.seen_s, 60_000.0);
    }

    #[test]
    fn who_joins_within_a_break_gets_the_rest_and_who_asks_in_vain_gets_the_content() {
        let mut policy = AdPolicy::default();
        {
            let mut crowd = crowd(&policy);
            crowd.join = Duration::from_secs(120);
            let used = played(&crowd, "0 OUT:60").remove(0);
            assert!((450..650).contains(&used.viewers), "{}", used.viewers);
            assert!(used.seen_s < used.there_s);
            crowd.join = Duration::ZERO;
            crowd.server.answer = Duration::from_secs(4);
            let used = played(&crowd, "0 OUT:60").remove(0);
            assert_eq!((used.failed, used.ads), (1_000, 0));
        }
        policy.join = Join::Nothing;
        let mut crowd = crowd(&policy);
        crowd.join = Duration::from_secs(120);
        let used = played(&crowd, "0 OUT:60").remove(0);
        assert!(used.decisions < used.viewers / 4, "{} {}", used.decisions, used.viewers);
    }
}
