//! The choice among campaigns, by their limits and a viewer's history.

use std::collections::{BTreeSet, HashMap};

use super::{Answer, Choosable, DAY_S, Limit, Question, Record, Refused, Taken};
use crate::catalog::{CampaignId, Label};
use crate::time::UnixTime;

/// Answers a question from a viewer's records. A decision that was recorded for the same break of the same session is the answer
/// again.
///
/// The campaigns are gone through in their order, and each takes one place; then again, for those that may stand in a break several
/// times, until the pod is full or nothing more fits. A campaign's creatives take turns, from one ad to the next.
pub fn decide(question: &Question, records: &[Record], now: UnixTime) -> Answer {
    let is_own = |record: &&Record| {
        record.session == question.session && record.break_id == question.break_id.as_str()
    };
    let recorded = records.iter().find(is_own).filter(|record| !question.anew && !record.taken.is_empty());
    if let Some(record) = recorded {
        return Answer { taken: record.taken.clone(), again: true, refused: Vec::new() };
    }
    // A decision that is replaced was never shown.
    let history = History::of(records.iter().filter(|record| !is_own(record)), question, now);
    let mut pod = Pod {
        left_ms: question.room_ms,
        ads: question.ads,
        labels: question.labels.iter().collect(),
        beside: false,
        taken: Vec::new(),
    };
    let mut refused = Vec::new();
    let mut counts = vec![0_u32; question.choices.len()];
    for round in 0.. {
        let mut is_done = true;
        for (choice, count) in question.choices.iter().zip(&mut counts) {
            if *count < round {
                continue;
            }
            match pod.take(choice, *count, history.of_campaign(&choice.campaign)) {
                Ok(()) => {
                    *count += 1;
                    is_done = false;
                }
                Err(limit) if round == 0 => {
                    refused.push(Refused { campaign: choice.campaign.clone(), limit });
                }
                Err(_) => {}
            }
        }
        if is_done {
            break;
        }
    }
    Answer { taken: pod.taken, again: false, refused }
}

/// A pod that is being filled.
struct Pod<'q> {
    left_ms: u64,
    ads: u32,
    labels: BTreeSet<&'q Label>,
    /// Whether an item beside the content is in it.
    beside: bool,
    taken: Vec<Taken>,
}

impl<'q> Pod<'q> {
    /// Takes one ad of a campaign, of which the pod has `count`.
    fn take(&mut self, choice: &'q Choosable, count: u32, seen: Seen) -> Result<(), Limit> {
        let Choosable { campaign, frequency, separation, creatives, turn, .. } = choice;
        if count >= frequency.per_break.unwrap_or(1) {
            return Err(Limit::PerBreak);
        }
        let reached = |most: Option<u32>, seen: u32| {
            let seen = seen.saturating_add(count);
            most.filter(|most| seen >= *most).map(|most| (seen, most))
        };
        if let Some((seen, most)) = reached(frequency.per_session, seen.in_session) {
            return Err(Limit::PerSession(seen, most));
        }
        if let Some((seen, most)) = reached(frequency.per_day, seen.in_day) {
            return Err(Limit::PerDay(seen, most));
        }
        if let Some(least_s) = frequency.delay_s.filter(|least_s| *least_s > 0) {
            let apart_s = if count > 0 { Some(0) } else { seen.apart_s };
            if let Some(apart_s) = apart_s.filter(|apart_s| *apart_s < u64::from(least_s)) {
                return Err(Limit::Delay(apart_s, least_s));
            }
        }
        if let Some(label) = separation.iter().find(|label| self.labels.contains(label)) {
            return Err(Limit::Separated(label.clone()));
        }
        if self.ads == 0 {
            return Err(Limit::TooMany);
        }
        let turn = u64::from(*turn) + u64::from(seen.ever) + u64::from(count);
        let first = usize::try_from(turn % (creatives.len().max(1) as u64)).unwrap_or_default();
        let in_turn = creatives.iter().cycle().skip(first).take(creatives.len());
        let shortest_ms = creatives.iter().map(|creative| creative.duration_ms).min().unwrap_or_default();
        let fits = |ms: u64| if ms == 0 { !self.beside } else { ms <= self.left_ms };
        let Some(creative) = in_turn.into_iter().find(|creative| fits(creative.duration_ms)) else {
            return Err(Limit::TooLong(shortest_ms, self.left_ms));
        };
        self.left_ms = self.left_ms.saturating_sub(creative.duration_ms);
        self.beside |= creative.duration_ms == 0;
        self.ads -= 1;
        self.labels.extend(separation);
        self.taken.push(Taken { campaign: campaign.clone(), creative: creative.id.clone() });
        Ok(())
    }
}

/// What a viewer has seen, by campaign.
struct History<'r>(HashMap<&'r CampaignId, Seen>);

#[derive(Clone, Copy, Default)]
struct Seen {
    in_session: u32,
    in_day: u32,
    ever: u32,
    /// The shortest time from this break to another with the campaign.
    apart_s: Option<u64>,
}

impl<'r> History<'r> {
    /// Two breaks of a session are as far apart as they lie in the content or as they were decided, whichever is longer: some players
    /// ask for all breaks at once, and viewers make pauses.
    fn of(records: impl Iterator<Item = &'r Record>, question: &Question, now: UnixTime) -> Self {
        let mut history: HashMap<_, Seen> = HashMap::new();
        for record in records {
            let is_same = record.session == question.session;
            let ago_s = now.secs_since(record.at);
            let lies = question.position.zip(record.position).filter(|_| is_same);
            let apart_s = lies.and_then(|(one, other)| one.apart_s(other)).unwrap_or_default().max(ago_s);
            for taken in &record.taken {
                let seen = history.entry(&taken.campaign).or_default();
                seen.in_session += u32::from(is_same);
                seen.in_day += u32::from(ago_s < DAY_S);
                seen.ever += 1;
                seen.apart_s = Some(seen.apart_s.map_or(apart_s, |nearest| nearest.min(apart_s)));
            }
        }
        Self(history)
    }

    fn of_campaign(&self, campaign: &CampaignId) -> Seen {
        self.0.get(campaign).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::ads::viewer::Position;

    const NOW: UnixTime = UnixTime::from_secs(1_000_000);

    fn question(break_id: &str, choices: &Value) -> Question {
        let question = json!({ "session": "s1", "ends_at_s": 2_000_000, "break": break_id, "room_ms": 60_000, "ads": 4,
            "choices": choices });
        serde_json::from_value(question).unwrap()
    }

    /// A campaign with creatives of so many seconds, named after both.
    fn choice(id: &str, secs: &[u64], members: &Value) -> Value {
        let creatives: Vec<_> = secs
            .iter()
            .map(|secs| json!({ "id": format!("{id}{secs}"), "duration_ms": secs * 1_000 }))
            .collect();
        let mut choice = json!({ "campaign": id, "creatives": creatives });
        choice.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        choice
    }

    fn record(session: &str, break_id: &str, ago_s: u64, ads: &[&str]) -> Record {
        let taken = |ad: &&str| Taken { campaign: ad[..1].parse().unwrap(), creative: ad.parse().unwrap() };
        Record {
            session: session.to_owned(),
            break_id: break_id.to_owned(),
            position: None,
            at: UnixTime::from_secs(NOW.as_secs() - ago_s),
            taken: ads.iter().map(taken).collect(),
        }
    }

    fn told(answer: &Answer) -> String {
        let ids: Vec<_> = answer.taken.iter().map(|taken| taken.creative.as_str()).collect();
        ids.join(" ")
    }

    #[test]
    fn limits() {
        let frequency = |members: Value| json!({ "frequency": members });
        let own = json!({});
        let table: [(Value, &[Record], &str); 17] = [
            (json!([choice("a", &[30], &own), choice("b", &[30], &own)]), &[], "a30 b30"),
            (
                json!([choice("a", &[30], &own), choice("b", &[31], &own), choice("c", &[30], &own)]),
                &[],
                "a30 c30",
            ),
            (
                json!([choice("a", &[15], &frequency(json!({ "per_break": 2 }))), choice("b", &[15], &own)]),
                &[],
                "a15 b15 a15",
            ),
            (json!([choice("a", &[15], &frequency(json!({ "per_break": 9 })))]), &[], "a15 a15 a15 a15"),
            (json!([choice("a", &[5], &frequency(json!({ "per_break": 9 })))]), &[], "a5 a5 a5 a5"),
            // A delay holds within a break too.
            (json!([choice("a", &[5], &frequency(json!({ "per_break": 9, "delay_s": 1 })))]), &[], "a5"),
            (
                json!([choice("a", &[5], &frequency(json!({ "per_session": 1 })))]),
                &[record("s1", "b", 9, &["a5"])],
                "",
            ),
            (
                json!([choice("a", &[5], &frequency(json!({ "per_session": 1 })))]),
                &[record("s2", "b", 9, &["a5"])],
                "a5",
            ),
            (
                json!([choice("a", &[5], &frequency(json!({ "per_session": 2, "per_break": 3 })))]),
                &[],
                "a5 a5",
            ),
            (
                json!([choice("a", &[5], &frequency(json!({ "per_day": 1 })))]),
                &[record("s2", "b", 86_399, &["a5"])],
                "",
            ),
            (
                json!([choice("a", &[5], &frequency(json!({ "per_day": 1 })))]),
                &[record("s2", "b", 86_400, &["a5"])],
                "a5",
            ),
            (
                json!([choice("a", &[5], &frequency(json!({ "delay_s": 60 })))]),
                &[record("s2", "b", 59, &["a5"])],
                "",
            ),
            (
                json!([choice("a", &[5], &frequency(json!({ "delay_s": 60 })))]),
                &[record("s2", "b", 60, &["a5"])],
                "a5",
            ),
            // Creatives take turns, and a creative that does not fit is passed over.
            (
                json!([choice("a", &[5, 6, 7], &frequency(json!({ "per_break": 4 })))]),
                &[record("s2", "b", 9, &["a5"])],
                "a6 a7 a5 a6",
            ),
            (json!([choice("a", &[90, 6], &own)]), &[], "a6"),
            // Advertisers of one category do not meet.
            (
                json!([
                    choice("a", &[5], &json!({ "separation": ["cars", "fun"] })),
                    choice("b", &[5], &json!({ "separation": ["cars"] })),
                    choice("c", &[5], &json!({ "separation": ["soap"] }))
                ]),
                &[],
                "a5 c5",
            ),
            // One item beside the content, which takes no time.
            (
                json!([choice("a", &[60], &own), choice("b", &[0], &own), choice("c", &[0], &own)]),
                &[],
                "a60 b0",
            ),
        ];
        for (choices, records, expected) in table {
            let answer = decide(&question("mid-1", &choices), records, NOW);
            assert_eq!(
                (told(&answer).as_str(), answer.again),
                (expected, false),
                "{choices} after {records:?}"
            );
        }
    }

    #[test]
    fn the_same_break_of_the_same_session_gets_the_same_answer() {
        let choices = json!([
            choice("a", &[5], &json!({ "frequency": { "per_session": 1 } })),
            choice("b", &[5], &json!({}))
        ]);
        let question = question("mid-1", &choices);
        let records = [record("s1", "mid-1", 9, &["z5"])];
        let answer = decide(&question, &records, NOW);
        assert_eq!((told(&answer).as_str(), answer.again), ("z5", true));
        // A decision that is replaced does not count as seen.
        let records = [record("s1", "mid-1", 9, &["a5"])];
        let answer = decide(&Question { anew: true, ..question }, &records, NOW);
        assert_eq!((told(&answer).as_str(), answer.again), ("a5 b5", false));
    }

    #[test]
    fn a_break_that_was_left_empty_is_decided_again() {
        let question =
            question("mid-1", &json!([choice("a", &[5], &json!({ "frequency": { "per_day": 1 } }))]));
        let answer = decide(&question, &[record("s1", "mid-1", 9, &[])], NOW);
        assert_eq!((told(&answer).as_str(), answer.again), ("a5", false));
        let mut records = Vec::new();
        super::super::record(&mut records, &question, &Answer::default(), NOW);
        assert_eq!(records, []);
        super::super::record(&mut records, &question, &answer, NOW);
        assert_eq!(records.len(), 1);
        // A decision that is taken back leaves no record.
        super::super::record(&mut records, &question, &Answer::default(), NOW);
        assert_eq!(records, []);
    }

    #[test]
    fn a_record_lasts_as_long_as_a_limit_asks_for_it() {
        let ends = |ends_at_s, delay_s: Option<u32>| {
            let choices = json!([choice("a", &[5], &json!({ "frequency": { "delay_s": delay_s } }))]);
            let question = Question { ends_at_s, ..question("mid-1", &choices) };
            question.record_ends_at(NOW).as_secs() - NOW.as_secs()
        };
        let session_s = NOW.as_secs() + 200_000;
        assert_eq!(
            [ends(0, None), ends(0, Some(60)), ends(0, Some(604_800)), ends(session_s, Some(60))],
            [86_400, 86_400, 604_800, 200_000]
        );
    }

    #[test]
    fn a_delay_is_measured_between_breaks_of_a_session_and_else_by_the_clock() {
        const MINUTE: u64 = 60_000;
        let (start, date) = (Position::StartMs, Position::DateMs);
        // the session, the position and the age in seconds of the break before, the position of this one, and whether it is shown
        for (session, before, ago_s, position, is_shown) in [
            // A player that asks for all breaks at once.
            ("s1", Some(start(0)), 0, Some(start(10 * MINUTE)), true),
            ("s1", Some(start(10 * MINUTE)), 0, Some(start(0)), true),
            ("s1", Some(start(10 * MINUTE)), 0, Some(start(20 * MINUTE - 1)), false),
            ("s1", Some(date(90 * MINUTE)), 0, Some(date(100 * MINUTE)), true),
            ("s1", Some(date(90 * MINUTE)), 0, Some(date(99 * MINUTE)), false),
            // A viewer who made a pause.
            ("s1", Some(start(10 * MINUTE)), 600, Some(start(11 * MINUTE)), true),
            // Another session, or positions that cannot be compared.
            ("s2", Some(start(0)), 599, Some(start(10 * MINUTE)), false),
            ("s2", Some(start(0)), 600, Some(start(10 * MINUTE)), true),
            ("s1", Some(start(0)), 0, Some(date(90 * MINUTE)), false),
            ("s1", Some(start(0)), 0, None, false),
        ] {
            let choices = json!([choice("a", &[5], &json!({ "frequency": { "delay_s": 600 } }))]);
            let question = Question { position, ..question("mid-2", &choices) };
            let record = Record { position: before, ..record(session, "mid-1", ago_s, &["a5"]) };
            let answer = decide(&question, &[record], NOW);
            assert_eq!(!answer.taken.is_empty(), is_shown, "{session} {before:?} {ago_s} {position:?}");
        }
    }

    #[test]
    fn the_answer_says_which_limit_kept_a_campaign_out() {
        let choices = json!([
            choice("a", &[50], &json!({ "separation": ["cars"] })),
            choice("b", &[5], &json!({ "separation": ["cars"] })),
            choice("c", &[50], &json!({})),
            choice("d", &[5], &json!({ "frequency": { "per_day": 1 } })),
            choice("e", &[5], &json!({ "frequency": { "delay_s": 60 } })),
        ]);
        let records = [record("s0", "x", 30, &["d5", "e5"])];
        let limits: Vec<_> = decide(&question("mid-1", &choices), &records, NOW)
            .refused
            .into_iter()
            .map(|one| one.limit)
            .collect();
        let expected = [
            Limit::Separated("cars".parse().unwrap()),
            Limit::TooLong(50_000, 10_000),
            Limit::PerDay(1, 1),
            Limit::Delay(30, 60),
        ];
        assert_eq!(limits, expected);
    }

    proptest! {
        #[test]
        fn no_limit_is_exceeded(
            choices in prop::collection::vec((0_usize..5, prop::collection::vec(1_u64..40, 1..3),
                prop::option::of(1_u32..4), prop::option::of(1_u32..4), prop::option::of(1_u32..4), prop::option::of(1_u32..90)), 0..6),
            seen in prop::collection::vec((0_usize..5, 0_u64..100_000, any::<bool>()), 0..12),
            (room_ms, ads) in (0_u64..90_000, 0_u32..6),
        ) {
            const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
            let mut names = BTreeSet::new();
            let choices: Vec<_> = choices.iter().filter(|(name, ..)| names.insert(*name)).map(|(name, secs, per_break, session, day, delay)| {
                let frequency = json!({ "per_break": per_break, "per_session": session, "per_day": day, "delay_s": delay });
                choice(NAMES[*name], secs, &json!({ "frequency": frequency }))
            }).collect();
            let mut question = question("mid-1", &json!(choices));
            (question.room_ms, question.ads) = (room_ms, ads);
            let records: Vec<_> = seen.iter().enumerate().map(|(number, (name, ago, own))| {
                record(if *own { "s1" } else { "s2" }, &format!("b{number}"), *ago, &[NAMES[*name]])
            }).collect();
            let answer = decide(&question, &records, NOW);
            prop_assert_eq!(&answer, &decide(&question, &records, NOW));
            prop_assert!(answer.taken.len() <= ads as usize);
            let mut total = 0;
            for taken in &answer.taken {
                let choice = question.choices.iter().find(|choice| choice.campaign == taken.campaign).unwrap();
                total += choice.creatives.iter().find(|one| one.id == taken.creative).unwrap().duration_ms;
                let here = answer.taken.iter().filter(|other| other.campaign == taken.campaign).count();
                let history = History::of(records.iter(), &question, NOW).of_campaign(&taken.campaign);
                let within = |most: Option<u32>, seen: u32| most.is_none_or(|most| seen as usize + here <= most as usize);
                let Frequency { per_break, per_session, per_day, delay_s } = choice.frequency;
                prop_assert!(within(Some(per_break.unwrap_or(1)), 0));
                prop_assert!(within(per_session, history.in_session) && within(per_day, history.in_day));
                let delay = delay_s.unwrap_or_default();
                prop_assert!(delay == 0 || here == 1);
                prop_assert!(history.apart_s.is_none_or(|apart_s| apart_s >= u64::from(delay)));
            }
            prop_assert!(total <= room_ms);
        }
    }

    use crate::catalog::Frequency;
}
