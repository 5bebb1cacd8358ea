use proptest::prelude::*;

use super::*;

const PATIENCE: Duration = Duration::from_millis(100);

const POLICY: Policy = Policy { retry_ms: 50, retry_without_ms: 20, alone_ms: 30 };

/// Fresh until 10 after `at_ms`, stale until 20, on error until 40.
const fn times(at_ms: u64) -> Times {
    Times { fresh_until_ms: at_ms + 10, stale_until_ms: at_ms + 20, error_until_ms: at_ms + 40 }
}

type Known = Fetched<u32, &'static str>;

const TICKET: Ticket = Ticket(0);

fn settled(outcome: Outcome<u32, &'static str>, now_ms: u64) -> Known {
    let mut known = Known::default();
    known.look(now_ms, PATIENCE);
    known.settle(outcome, &POLICY, now_ms);
    known
}

#[test]
fn what_a_request_is_to_do() {
    let later = Ticket(1);
    for (outcome, now_ms, first, second) in [
        (None, 0, Look::Fetch(TICKET), Look::Wait(TICKET)),
        (Some(Outcome::Value(7, times(0))), 9, Look::Serve(&7), Look::Serve(&7)),
        (Some(Outcome::Value(7, times(0))), 10, Look::Refresh(&7), Look::Serve(&7)),
        (Some(Outcome::Value(7, times(0))), 19, Look::Refresh(&7), Look::Serve(&7)),
        (Some(Outcome::Value(7, times(0))), 20, Look::Fetch(later), Look::Wait(later)),
        (Some(Outcome::Value(7, times(0))), 40, Look::Fetch(later), Look::Wait(later)),
        (Some(Outcome::Failed("broken")), 19, Look::Failed(&"broken"), Look::Failed(&"broken")),
        (Some(Outcome::Failed("broken")), 20, Look::Fetch(later), Look::Wait(later)),
        (Some(Outcome::Missing("gone", 15)), 14, Look::Failed(&"gone"), Look::Failed(&"gone")),
        (Some(Outcome::Missing("gone", 15)), 15, Look::Fetch(later), Look::Wait(later)),
        (Some(Outcome::Unshared), 29, Look::Alone, Look::Alone),
        (Some(Outcome::Unshared), 30, Look::Fetch(later), Look::Wait(later)),
    ] {
        let case = format!("{outcome:?} at {now_ms}");
        let mut known = outcome.map_or_else(Known::default, |outcome| settled(outcome, 0));
        assert_eq!(known.look(now_ms, PATIENCE), first, "{case}");
        assert_eq!(known.look(now_ms, PATIENCE), second, "{case}, the second");
    }
}

#[test]
fn a_value_serves_on_while_its_source_fails() {
    let mut known = settled(Outcome::Value(7, times(0)), 0);
    for (failed_at_ms, left_alone_until_ms) in [(12, 40), (25, 40)] {
        known.settle(Outcome::Failed("broken"), &POLICY, failed_at_ms);
        for now_ms in failed_at_ms..left_alone_until_ms {
            assert_eq!(known.look(now_ms, PATIENCE), Look::Serve(&7), "{now_ms}");
        }
    }
    // Nothing serves any more, and the source is still to be left alone.
    assert_eq!(known.look(40, PATIENCE), Look::Failed(&"broken"));
    assert_eq!(known.look(75, PATIENCE), Look::Fetch(Ticket(3)));
}

#[test]
fn a_value_that_arrives_ends_the_back_off() {
    let mut known = settled(Outcome::Missing("gone", 1_000), 0);
    known.begin(5, PATIENCE);
    known.settle(Outcome::Value(8, times(5)), &POLICY, 5);
    assert_eq!((known.missing_until_ms(6), known.is_failing(6)), (None, false));
    assert_eq!(known.look(6, PATIENCE), Look::Serve(&8));
}

#[test]
fn what_is_missing_is_told_from_what_failed() {
    let mut known = settled(Outcome::Missing("gone", 1_000), 0);
    assert_eq!((known.missing_until_ms(999), known.missing_until_ms(1_000)), (Some(1_000), None));
    // A request that fetched for itself has seen the source fail: that does not make it missing again.
    known.back_off(2_000);
    assert_eq!((known.missing_until_ms(1_500), known.is_failing(1_999)), (None, true));
    assert_eq!(settled(Outcome::Failed("broken"), 0).missing_until_ms(1), None);
}

#[test]
fn who_waits_gets_what_arrived_since() {
    let mut known = Known::default();
    let Look::Fetch(ticket) = known.look(0, PATIENCE) else { panic!("nobody fetches") };
    assert_eq!(known.arrived(ticket, 99), None);
    assert_eq!(known.arrived(ticket, 100), Some(Arrived::Nothing), "it was cut off");
    // A value that serves only if the fetch fails does not arrive. A value that is over before anybody looks does.
    known.hold(1, times(0));
    assert_eq!(known.arrived(ticket, 1), None);
    known.bring(2, Times::fresh_only(1));
    assert_eq!(known.arrived(ticket, 50), Some(Arrived::Value(&2)));
    assert!(known.is_under_way(50), "a value that is brought does not end the fetch");
    known.settle(Outcome::Failed("broken"), &POLICY, 60);
    assert_eq!(known.arrived(ticket, 60), Some(Arrived::Failed(&"broken")));
    known.settle(Outcome::Unshared, &POLICY, 70);
    assert_eq!(known.arrived(ticket, 70), Some(Arrived::Nothing));
}

#[test]
fn it_may_go_first_once_it_spares_nobody_a_question() {
    assert!(Known::default().is_spent(0));
    for (outcome, until_ms) in [
        (Outcome::Value(7, times(0)), 40),
        (Outcome::Failed("broken"), 20),
        (Outcome::Missing("gone", 15), 15),
        (Outcome::Unshared, 30),
    ] {
        let case = format!("{outcome:?}");
        let known = settled(outcome, 0);
        assert_eq!((known.is_spent(until_ms - 1), known.is_spent(until_ms)), (false, true), "{case}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Look,
    Begin,
    Value(Times),
    Bring(Times),
    Hold(Times),
    Unshared,
    Missing(u64),
    Failed,
    BackOff(u64),
}

fn any_times() -> impl Strategy<Value = Times> {
    (0..60_u64, 0..60_u64, 0..90_u64).prop_map(|(fresh_until_ms, stale_until_ms, error_until_ms)| Times {
        fresh_until_ms,
        stale_until_ms,
        error_until_ms,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..40_u64).prop_map(Step::Pass),
        6 => Just(Step::Look),
        1 => Just(Step::Begin),
        3 => any_times().prop_map(Step::Value),
        1 => any_times().prop_map(Step::Bring),
        1 => any_times().prop_map(Step::Hold),
        1 => Just(Step::Unshared),
        1 => (0..90_u64).prop_map(Step::Missing),
        3 => Just(Step::Failed),
        1 => (0..90_u64).prop_map(Step::BackOff),
    ]
}

/// What happened to one [`Fetched`], written down beside it.
#[derive(Default)]
struct Script {
    known: Known,
    now_ms: u64,
    /// When the last fetch began, unless it has ended.
    fetching_since_ms: Option<u64>,
    /// Every value, with its times, when it came, and whether it was brought to those who wait.
    values: Vec<(Times, bool)>,
    /// Each ticket with the number of values that there were.
    waiting: Vec<(Ticket, usize)>,
    /// How many fetches ended without a value.
    ended_without: usize,
}

impl Script {
    /// Times from now on.
    fn add(&mut self, times: Times, brought: bool) -> (u32, Times) {
        let at = |ms: u64| self.now_ms + ms;
        let times = Times {
            fresh_until_ms: at(times.fresh_until_ms),
            stale_until_ms: at(times.stale_until_ms),
            error_until_ms: at(times.error_until_ms),
        };
        self.values.push((times, brought));
        (u32::try_from(self.values.len() - 1).unwrap(), times)
    }

    fn begun(&mut self, ticket: Ticket, is_mine: bool) {
        let is_idle = self.fetching_since_ms.is_none_or(|since| self.now_ms - since >= 100);
        assert_eq!(is_mine, is_idle, "one fetch at a time, unless the first was cut off");
        if is_mine {
            self.fetching_since_ms = Some(self.now_ms);
        }
        self.waiting.push((ticket, self.values.len()));
    }

    fn settle(&mut self, outcome: Outcome<u32, &'static str>) {
        let now_ms = self.now_ms;
        let had = self.known.serving(now_ms).copied();
        let failed = matches!(outcome, Outcome::Failed(_));
        self.ended_without += usize::from(!matches!(outcome, Outcome::Value(..)));
        self.known.settle(outcome, &POLICY, now_ms);
        self.fetching_since_ms = None;
        if failed {
            assert_eq!(self.known.serving(now_ms).copied(), had, "a failure removes nothing");
            if let Some(had) = had {
                assert_eq!(self.known.look(now_ms, PATIENCE), Look::Serve(&had));
            }
        }
    }

    fn run(&mut self, step: &Step) {
        let now_ms = self.now_ms;
        match *step {
            Step::Pass(ms) => self.now_ms += ms,
            Step::Look => match self.known.look(now_ms, PATIENCE).cloned() {
                Look::Serve(value) => {
                    let freshness = self.values[value as usize].0.freshness(now_ms);
                    assert_ne!(freshness, Freshness::Over);
                    let is_fetched = self.fetching_since_ms.is_some() && freshness == Freshness::Stale;
                    assert!(freshness == Freshness::Fresh || is_fetched || self.known.is_failing(now_ms));
                }
                Look::Refresh(value) => {
                    assert_eq!(self.values[value as usize].0.freshness(now_ms), Freshness::Stale);
                    assert!(!self.known.is_failing(now_ms), "the source is left alone");
                    self.begun(Ticket(self.known.arrivals), true);
                }
                Look::Fetch(ticket) => self.begun(ticket, true),
                Look::Wait(ticket) => self.begun(ticket, false),
                Look::Failed(_) => {
                    assert!(self.known.is_failing(now_ms) && self.known.fresh(now_ms).is_none());
                }
                Look::Alone => assert!(self.known.is_alone(now_ms)),
            },
            Step::Begin => match self.known.begin(now_ms, PATIENCE) {
                Turn::Mine(ticket) => self.begun(ticket, true),
                Turn::Theirs(ticket) => self.begun(ticket, false),
            },
            Step::Value(times) => {
                let (value, times) = self.add(times, true);
                self.settle(Outcome::Value(value, times));
            }
            Step::Bring(times) => {
                let (value, times) = self.add(times, true);
                self.known.bring(value, times);
            }
            Step::Hold(times) => {
                let (value, times) = self.add(times, false);
                self.known.hold(value, times);
            }
            Step::Unshared => self.settle(Outcome::Unshared),
            Step::Missing(ms) => self.settle(Outcome::Missing("gone", now_ms + ms)),
            Step::Failed => self.settle(Outcome::Failed("broken")),
            Step::BackOff(ms) => self.known.back_off(now_ms + ms),
        }
        self.check_those_who_wait();
    }

    fn check_those_who_wait(&self) {
        for (ticket, before) in &self.waiting {
            match self.known.arrived(*ticket, self.now_ms) {
                None => assert!(self.known.is_under_way(self.now_ms), "who waits waits for somebody"),
                Some(Arrived::Value(value)) => {
                    let since = *value as usize >= *before;
                    let (times, _) = self.values[*value as usize];
                    let serves_on = self.ended_without > 0 && times.freshness(self.now_ms) != Freshness::Over;
                    assert!(since || serves_on, "an old value arrived");
                }
                Some(Arrived::Failed(_)) => assert!(self.known.serving(self.now_ms).is_none()),
                Some(Arrived::Nothing) => {}
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_one_fetches_and_nothing_serves_beyond_its_times(steps in prop::collection::vec(step(), 0..80)) {
        let mut script = Script::default();
        steps.iter().for_each(|step| script.run(step));
    }
}
