//! Simulated viewers, who reach breaks and ask for their pods as the edge's decisions do.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use stagedoor::ads::resolve::Pace;
use stagedoor::ads::{Ad, Break, Candidate, Content, Ending, Furniture, Media, Offered, Role, Terms, fit};
use stagedoor::catalog::{AdPolicy, CampaignUse, Join};
use stagedoor::time::{UnixMillis, UnixTime};

use super::own::Own;

/// Viewers of one stream, and the ad server that is asked for them.
pub(super) struct Crowd<'a> {
    pub(super) viewers: u32,
    /// The time within which they join.
    pub(super) join: Duration,
    /// The time within which their players reach a break.
    pub(super) spread: Duration,
    pub(super) isolates: u32,
    pub(super) seed: u64,
    /// `None`: the site has none.
    pub(super) server: Option<Server>,
    /// The site's own campaigns.
    pub(super) own: Option<Own>,
    /// The time of the first mark, in milliseconds since 1970.
    pub(super) clock_ms: u64,
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
        let chance = Chance::of(self.seed, start_ms);
        let due = self.due(start_ms, duration, &mut used);
        let mut asked = Asked { used, chance, rates: Rates::default() };
        let whole = self.pod(&announced, None, self.offered());
        for Due { at_ms, viewer, elapsed } in due {
            if !elapsed.is_zero() && self.policy.join == Join::Nothing {
                continue;
            }
            asked.used.decisions += 1;
            let elapsed = Some(elapsed).filter(|elapsed| !elapsed.is_zero());
            let ads = if self.own.is_some() {
                let candidates = self.candidates(&announced, at_ms, viewer, elapsed, &mut asked);
                self.pod(&announced, elapsed, candidates)
            } else if !self.ask(at_ms, viewer, &mut asked) {
                Vec::new()
            } else if elapsed.is_none() || self.policy.join == Join::Whole {
                whole.clone()
            } else {
                self.pod(&announced, elapsed, self.offered())
            };
            let mut left = duration.saturating_sub(elapsed.unwrap_or_default());
            for ad in ads {
                let seen = ad.min(left);
                left -= seen;
                if !seen.is_zero() {
                    asked.used.ads += 1;
                    asked.used.seen_s += seen.as_secs_f64();
                }
            }
        }
        Some(asked.used)
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

    /// The ads of the ad server and of the site's own campaigns, in the order of the site's policy.
    fn candidates(
        &self,
        of: &Break,
        at_ms: u64,
        viewer: u32,
        elapsed: Option<Duration>,
        asked: &mut Asked,
    ) -> Vec<Candidate> {
        let now = UnixTime::from_secs((self.clock_ms + at_ms) / 1_000);
        let own = |before: &[Candidate], used: &mut Use| {
            let chosen = self.own.as_ref().map(|own| own.ads(of, viewer, elapsed, now, before));
            let (ads, questions) = chosen.unwrap_or_default();
            used.questions += questions;
            ads
        };
        let (mut ads, is_last) = match self.policy.campaigns {
            CampaignUse::First => (own(&[], &mut asked.used), false),
            CampaignUse::Last => (Vec::new(), true),
            CampaignUse::Never => (Vec::new(), false),
        };
        if self.ask(at_ms, viewer, asked) {
            ads.extend(self.offered());
        }
        if is_last {
            let more = own(&ads, &mut asked.used);
            ads.extend(more);
        }
        ads
    }

    /// Asks the ad server for a decision, as the site allows it. Whether it answered in time.
    fn ask(&self, at_ms: u64, viewer: u32, asked: &mut Asked) -> bool {
        let Some(server) = &self.server else { return false };
        let Asked { used, chance, rates } = asked;
        let isolate = viewer % self.isolates;
        let jitter_ms = chance.below(millis(server.jitter) + 1);
        let mut now_ms = at_ms + jitter_ms;
        if let Some(per_s) = server.peak_per_s {
            let shard = chance.below(Pace::shards(per_s).into());
            let rests_until = rates.left_alone.entry((isolate, shard)).or_default();
            let patience_ms = millis(server.total).saturating_sub(jitter_ms) / 2;
            let moment = if *rests_until > now_ms {
                None
            } else {
                used.questions += 1;
                rates.paces.entry(shard).or_default().take(now_ms, Pace::part(per_s), patience_ms)
            };
            let Some(wait_ms) = moment else {
                *rests_until = (*rests_until).max(now_ms + LEFT_ALONE_MS);
                used.refused += 1;
                return false;
            };
            now_ms += wait_ms;
        }
        let known = rates.shared.get(&isolate).filter(|(until, _)| server.is_shared && now_ms < *until);
        let answered = match known {
            Some((_, answered)) => *answered,
            None => {
                let answered = server.request(now_ms, jitter_ms, used, chance);
                rates.shared.insert(isolate, (now_ms + millis(server.answer) + SHARED_MS, answered));
                answered
            }
        };
        used.failed += u64::from(!answered);
        answered
    }

    /// The ads that the ad server offers.
    fn offered(&self) -> Vec<Candidate> {
        let ads = self.server.as_ref().map_or(&[][..], |server| &server.ads);
        let candidate = |(number, duration): (usize, &Duration)| {
            let id = format!("ad-{number}");
            Some(Candidate {
                media: Media::Creative { id: id.parse().ok()?, hls: Some("m.m3u8".to_owned()), dash: None },
                ad: Ad { id, ..Ad::default() },
                duration: *duration,
                separation: Vec::new(),
                sequence: None,
                codecs: Vec::new(),
                heights: Vec::new(),
            })
        };
        ads.iter().enumerate().filter_map(candidate).collect()
    }

    /// The durations of the ads of a pod. Bumpers and slates are left out.
    fn pod(&self, of: &Break, elapsed: Option<Duration>, candidates: Vec<Candidate>) -> Vec<Duration> {
        let places = candidates.into_iter().map(Some).collect();
        let offered = Offered { places, spares: Vec::new(), non_linear: Vec::new() };
        let furniture = Furniture::default();
        let terms =
            Terms { policy: self.policy, elapsed, content: Content::default(), furniture: &furniture };
        let pod = fit(of, offered, &terms).pod;
        pod.slots.iter().filter(|slot| slot.role == Role::Ad).map(|slot| slot.duration).collect()
    }
}

impl Server {
    /// One request, and those of the wrappers behind it. Whether all were answered in time.
    fn request(&self, now_ms: u64, jitter_ms: u64, used: &mut Use, chance: &mut Chance) -> bool {
        let mut at_ms = now_ms;
        for _ in 0..=self.wrappers {
            *used.requests.entry(at_ms / 1_000).or_default() += 1;
            at_ms += millis(self.answer);
            let is_late = self.answer > self.request || at_ms - now_ms + jitter_ms > millis(self.total);
            if is_late || chance.below(100) < u64::from(self.failing_percent) {
                return false;
            }
        }
        true
    }
}

/// What the decisions of a break have asked so far.
struct Asked {
    used: Use,
    chance: Chance,
    rates: Rates,
}

#[derive(Default)]
struct Rates {
    paces: HashMap<u64, Pace>,
    /// Until when an isolate leaves an object alone.
    left_alone: HashMap<(u32, u64), u64>,
    /// Until when an isolate's viewers share a reply, and whether it has ads.
    shared: HashMap<u32, (u64, bool)>,
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
            server: Some(Server {
                ads: vec![Duration::from_secs(30); 4],
                answer: Duration::from_millis(200),
                wrappers: 0,
                failing_percent: 0,
                request: Duration::from_secs(3),
                total: Duration::from_secs(8),
                jitter: Duration::ZERO,
                peak_per_s: None,
                is_shared: false,
            }),
            own: None,
            clock_ms: 0,
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
        crowd.server.as_mut().unwrap().peak_per_s = Some(50);
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
        crowd.server.as_mut().unwrap().is_shared = true;
        crowd.server.as_mut().unwrap().wrappers = 2;
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
            crowd.server.as_mut().unwrap().answer = Duration::from_secs(4);
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
