//! The memories of an isolate stay within their budget, whatever strangers put into them. The budget's own counter is compared with
//! the allocator's.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::rc::Rc;
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use stagedoor::ads::address::Listing;
use stagedoor::ads::{AdTag, Opening, Place};
use stagedoor::catalog::SessionId;
use stagedoor::isolate::KnownAhead;
use stagedoor::life::Ahead;
use stagedoor::shelf::plan::{AHEAD, LIMIT, ROOMS, SHARES};
use stagedoor::shelf::{Budget, Memory, Purpose, Slot, Weigh};

/// Bytes of a manifest or a file.
struct Bytes(Vec<u8>);

impl Weigh for Bytes {
    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }
}

impl Slot for Bytes {}

/// A generator with the same numbers in each run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((number ^ (number >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }
}

fn every_memory() -> (Rc<Budget>, Vec<Memory<String, Bytes>>) {
    let budget = Budget::new(LIMIT, ROOMS, 1);
    let memories = SHARES.iter().map(|share| share.of(&budget)).collect();
    (budget, memories)
}

/// A key and a value whose lengths strangers choose: long keys with empty values, short keys with large values, and both small.
fn adversarial(numbers: &mut Numbers, at: usize) -> (String, Bytes) {
    let (key, value) = match numbers.below(10) {
        0..4 => (1_024, 0),
        4..7 => (numbers.below(1_024), numbers.below(2_000)),
        7 => (20, numbers.below(200_000)),
        8 => (20, 0),
        _ if numbers.below(200) == 0 => (20, 40 * 1024 * 1024),
        _ => (20, numbers.below(64)),
    };
    (format!("{at:020}{}", "k".repeat(key)), Bytes(Vec::with_capacity(value)))
}

#[test]
fn every_memory_filled_at_once_stays_within_the_budget() {
    let mut numbers = Numbers(11);
    let mut held = None;
    let AllocationInfo { bytes_current, bytes_max, .. } = measure(|| {
        let (budget, memories) = every_memory();
        let mut reserved = Vec::new();
        for at in 0..40_000 {
            let memory = &memories[numbers.below(memories.len())];
            let (key, value) = adversarial(&mut numbers, at);
            memory.insert(key, value, 0);
            if at % 64 == 0 {
                let whose = if at % 128 == 0 { (Purpose::File, "a") } else { (Purpose::Manifest, "b") };
                reserved.extend(budget.reserve(whose, numbers.below(300_000), 0, Duration::from_secs(1)));
            }
            if at % 640 == 0 {
                reserved.clear();
            }
            assert!(budget.bytes() <= LIMIT, "{budget:?}");
        }
        drop(reserved);
        assert!(budget.bytes() > LIMIT * 3 / 4, "{budget:?}: it was not filled");
        held = Some((budget, memories));
    });
    // The counter agrees with the allocator. Only slightly more is allocated on the way, when tables grow and before a value that
    // is too heavy is dropped.
    let counted = i64::try_from(held.as_ref().unwrap().0.bytes()).unwrap();
    assert!(bytes_current <= counted, "{bytes_current} of {counted}");
    assert!(bytes_current > counted * 8 / 10, "{bytes_current} of {counted}: it is counted too high");
    let most = u64::try_from(LIMIT).unwrap() + 44 * 1024 * 1024;
    assert!(bytes_max <= most, "{bytes_max}");
}

#[test]
fn a_memory_within_its_share_loses_nothing_to_a_flood_of_all_others() {
    let mut numbers = Numbers(12);
    let (budget, memories) = every_memory();
    let (quiet, others) = memories.split_last().unwrap();
    let mut kept = Vec::new();
    while quiet.bytes() < SHARES.last().unwrap().bytes * 9 / 10 {
        let key = format!("kept-{}", kept.len());
        quiet.insert(key.clone(), Bytes(Vec::with_capacity(1_000)), 0);
        kept.push(key);
    }
    for at in 0..20_000 {
        let (key, value) = adversarial(&mut numbers, at);
        others[numbers.below(others.len())].insert(key, value, 0);
    }
    assert!(budget.bytes() <= LIMIT);
    assert!(kept.iter().all(|key| quiet.find(key.as_str(), |_| ()).is_some()));
}

/// One entry may take up to half of the budget, such as a title of 25 MiB. It takes room only from memories that exceed their
/// share.
#[test]
fn a_title_of_25_mib_pushes_out_what_is_over_its_share() {
    let (budget, memories) = every_memory();
    let named = |name: &str| &memories[SHARES.iter().position(|share| share.name == name).unwrap()];
    let (titles, files, sites) = (named("titles"), named("files"), named("sites"));
    for at in 0..10_000 {
        files.insert(format!("file-{at}"), Bytes(Vec::with_capacity(10_000)), 0);
    }
    for at in 0..100 {
        sites.insert(format!("site-{at}"), Bytes(Vec::with_capacity(10_000)), 0);
    }
    titles.insert("long".to_owned(), Bytes(Vec::with_capacity(25 * 1024 * 1024)), 0);
    assert!(budget.bytes() <= LIMIT);
    assert!(titles.find("long", |_| ()).is_some());
    assert_eq!(sites.len(), 100);
}

/// Each viewer has got another version of a playlist whose breaks carry long tags.
#[test]
fn breaks_that_are_decided_ahead_count_with_each_viewer() {
    let (host, title) = ("watch.example.com".parse().unwrap(), "harbour".parse().unwrap());
    let ahead = Ahead {
        host: &host,
        title: &title,
        session: SessionId([1; 8]),
        listing: Listing::Assets,
        within: Duration::from_secs(100),
        position: Duration::ZERO,
        now_ms: 0,
    };
    let opening = |number: u64| Opening {
        id: format!("mid-{number}").parse().unwrap(),
        place: Place::MidRoll,
        start: Some(Duration::from_secs(1 + number)),
        date: None,
        planned: None,
        event_id: None,
        tag: Some(AdTag::Url("a".repeat(500))),
    };
    let mut held = None;
    let AllocationInfo { bytes_current, .. } = measure(|| {
        let budget = Budget::new(LIMIT, ROOMS, 1);
        let memory: Memory<u64, KnownAhead> = AHEAD.of(&budget);
        for viewer in 0..300 {
            let breaks: Vec<_> = (0..500).map(opening).collect();
            assert!(memory.with(&viewer, 0, |known| known.take(Some(&breaks), &ahead)).is_some());
            assert!(budget.bytes() <= LIMIT, "{budget:?}");
        }
        held = Some((budget, memory));
    });
    let counted = i64::try_from(held.as_ref().unwrap().0.bytes()).unwrap();
    assert!(bytes_current <= counted, "{bytes_current} of {counted}");
    assert!(bytes_current > counted * 8 / 10, "{bytes_current} of {counted}: it is counted too high");
}
