use proptest::prelude::*;

use super::super::{Purpose, Rooms};
use super::*;

#[derive(Clone, Debug, Default, PartialEq)]
struct Value {
    bytes: usize,
    spent: bool,
    busy: bool,
    /// How often it was looked at when room was made.
    looked: Rc<Cell<usize>>,
}

impl Weigh for Value {
    fn heap_bytes(&self) -> usize {
        self.bytes
    }
}

impl Slot for Value {
    fn is_spent(&self, _: u64) -> bool {
        self.spent
    }

    fn is_busy(&self, _: u64) -> bool {
        self.looked.set(self.looked.get() + 1);
        self.busy
    }
}

fn of(bytes: usize) -> Value {
    Value { bytes, ..Value::default() }
}

const LIMIT: usize = 64 * 1024;

fn memory(budget: &Rc<Budget>) -> Memory<String, Value> {
    budget.memory("test", LIMIT)
}

impl<K: Weigh + Hash + Eq, S: Slot> Memory<K, S> {
    /// Counts everything again, and follows every chain.
    fn check(&self) {
        let entries = self.shelf.entries.borrow();
        let taken: Vec<_> = (0..u32::try_from(entries.nodes.len()).unwrap())
            .filter(|at| entries.node(*at).is_some())
            .collect();
        assert_eq!(taken.len(), entries.count);
        let heap: usize = taken
            .iter()
            .map(|at| entries.node(*at).unwrap())
            .map(|node| node.key.heap_bytes() + node.slot.heap_bytes())
            .sum();
        assert_eq!(heap, entries.heap);
        assert_eq!(entries.bytes(), self.bytes());
        for at in taken {
            let node = entries.node(at).unwrap();
            assert_eq!(entries.position(node.hash, |key| *key == node.key), Some(at));
        }
        let mut queue = 0;
        let (mut at, mut newer) = (entries.newest, None);
        while let Some(node) = at.and_then(|at| entries.node(at)) {
            assert_eq!(node.newer, newer);
            queue += 1;
            (newer, at) = (at, node.older);
        }
        assert_eq!((queue, entries.oldest), (entries.count, newer));
    }
}

/// Keys of one hash: an attacker's dream.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Same(u8);

impl Hash for Same {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Weigh for Same {
    fn heap_bytes(&self) -> usize {
        0
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u8, usize),
    Find(u8),
    Remove(u8),
    Change(u8, usize, bool, bool),
    Reserve(usize),
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..40_u8, 0..9_000_usize).prop_map(|(key, bytes)| Step::Insert(key, bytes)),
        (0..40_u8).prop_map(Step::Find),
        (0..40_u8).prop_map(Step::Remove),
        (0..40_u8, 0..9_000_usize, any::<bool>(), any::<bool>())
            .prop_map(|(key, bytes, spent, busy)| Step::Change(key, bytes, spent, busy)),
        (0..20_000_usize).prop_map(Step::Reserve),
        Just(Step::Release),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_bytes_are_counted_and_within_the_limit(steps in prop::collection::vec(step(), 0..400)) {
        let budget = Budget::new(LIMIT, Rooms { manifests: 16 * 1024, ..Rooms::default() }, 7);
        let texts = budget.memory::<String, Value>("texts", 24 * 1024);
        let same = budget.memory::<Same, Value>("same", 24 * 1024);
        let mut reserved = Vec::new();
        let mut last: HashMap<u8, usize> = HashMap::new();
        for step in steps {
            match step {
                Step::Insert(key, bytes) => {
                    last.insert(key, bytes);
                    texts.insert(key.to_string(), of(bytes), 0);
                    same.insert(Same(key), of(bytes), 0);
                }
                Step::Find(key) => {
                    for found in [texts.find(key.to_string().as_str(), Value::clone), same.find(&Same(key), Value::clone)] {
                        prop_assert!(found.is_none_or(|found| last.get(&key) == Some(&found.bytes)));
                    }
                }
                Step::Remove(key) => {
                    last.remove(&key);
                    texts.remove(key.to_string().as_str());
                    same.remove(&Same(key));
                }
                Step::Change(key, bytes, spent, busy) => {
                    last.insert(key, bytes);
                    let change = |value: &mut Value| (value.bytes, value.spent, value.busy) = (bytes, spent, busy);
                    texts.with(key.to_string().as_str(), 0, change);
                    same.insert(Same(key), Value { spent, busy, ..of(bytes) }, 0);
                }
                Step::Reserve(bytes) => {
                    let second = std::time::Duration::from_secs(1);
                    reserved.extend(budget.reserve((Purpose::Manifest, "a"), bytes, 0, second));
                },
                Step::Release => drop(reserved.pop()),
            }
            prop_assert!(reserved.is_empty() == (budget.reserved() == 0));
            texts.check();
            same.check();
            prop_assert_eq!(texts.bytes() + same.bytes() + budget.reserved(), budget.bytes());
            prop_assert!(budget.bytes() <= LIMIT);
        }
    }
}

#[test]
fn keys_count_and_so_do_the_tables() {
    let budget = Budget::new(64 * LIMIT, Rooms::default(), 1);
    let memory = memory(&budget);
    memory.insert("k".repeat(10_000), of(0), 0);
    assert!(memory.bytes() >= 10_000);
    let one = memory.bytes();
    for key in 0..1_000 {
        memory.insert(format!("{key:04}"), of(0), 0);
    }
    assert!(memory.bytes() - one >= 1_000 * (size_of::<Node<String, Value>>() + 4));
    memory.check();
}

#[test]
fn a_flood_passes_through_without_taking_what_is_asked_for_along() {
    let budget = Budget::new(LIMIT, Rooms::default(), 1);
    let memory = memory(&budget);
    for key in 0..20 {
        memory.insert(format!("wanted-{key}"), of(500), 0);
    }
    for flood in 0..10_000 {
        memory.insert(format!("flood-{flood}"), of(500), 0);
        if flood % 10 == 0 {
            for key in 0..20 {
                assert!(memory.find(format!("wanted-{key}").as_str(), |_| ()).is_some(), "{key} at {flood}");
            }
        }
    }
}

#[test]
fn the_spent_go_first_and_the_busy_last() {
    let budget = Budget::new(LIMIT, Rooms::default(), 1);
    let memory = memory(&budget);
    memory.insert("busy".to_owned(), Value { busy: true, ..of(1_000) }, 0);
    memory.insert("spent".to_owned(), Value { spent: true, ..of(1_000) }, 0);
    memory.insert("plain".to_owned(), of(1_000), 0);
    for _ in 0..2 {
        assert!(memory.find("spent", |_| ()).is_some() && memory.find("plain", |_| ()).is_some());
    }
    let mut filled = 0;
    while memory.len() == 3 + filled {
        memory.insert(format!("more-{filled}"), of(1_000), 0);
        filled += 1;
    }
    assert!(memory.find("spent", |_| ()).is_none() && memory.find("plain", |_| ()).is_some());
    for key in 0..1_000 {
        memory.insert(format!("more-{key}"), of(1_000), 0);
    }
    assert!(memory.find("plain", |_| ()).is_none());
    assert!(memory.find("busy", |_| ()).is_some());
}

#[test]
fn the_limit_holds_however_many_are_busy() {
    let budget = Budget::new(LIMIT, Rooms::default(), 1);
    let memory = memory(&budget);
    for key in 0..5_000 {
        memory.insert(key.to_string(), Value { busy: true, ..of(100) }, 0);
        assert!(budget.bytes() <= LIMIT);
    }
}

/// What making room takes, in looks at entries: constant for each insertion and hit, and not a walk through all.
#[test]
fn making_room_is_paid_for_by_insertions_and_hits() {
    for limit in [LIMIT, 64 * LIMIT] {
        let budget = Budget::new(limit, Rooms::default(), 1);
        let memory = memory(&budget);
        let looked = Rc::new(Cell::new(0));
        let value = |bytes| Value { looked: Rc::clone(&looked), ..of(bytes) };
        let mut paid = 0;
        for key in 0..20_000 {
            memory.insert(key.to_string(), value(100), 0);
            paid += 1;
            if key % 3 == 0 {
                paid += usize::from(memory.find((key / 2).to_string().as_str(), |_| ()).is_some());
            }
        }
        assert!(looked.get() <= 2 * paid, "{} looks for {paid}", looked.get());
    }
}

#[test]
fn tables_of_small_entries_that_are_gone_are_given_back() {
    let budget = Budget::new(1024 * LIMIT, Rooms::default(), 1);
    let memory = memory(&budget);
    for key in 0..100_000 {
        memory.insert(key.to_string(), of(0), 0);
    }
    assert!(memory.bytes() > 100_000 * size_of::<Node<String, Value>>());
    for key in 0..100_000 {
        memory.remove(key.to_string().as_str());
    }
    assert!(memory.is_empty());
    assert!(memory.bytes() < SMALL * 4 * (size_of::<SlabEntry<String, Value>>() + 64), "{}", memory.bytes());
    memory.check();
}
