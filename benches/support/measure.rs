//! How long a call takes, how much memory it has, and what that is to another's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use cpu_time::ThreadTime;

pub(crate) const ROUNDS: usize = 7;

/// How long each side is measured, in each of the rounds: with `--quick`, no longer than it takes to see that it runs.
pub(crate) fn patience() -> Duration {
    let quick = std::env::args().any(|argument| argument == "--quick");
    Duration::from_millis(if quick { 2 } else { 40 })
}

/// The ratio of the times of two functions. Both are called in turns, and they take turns at being first.
pub(crate) fn ratio<A, B>(
    patience: Duration,
    mut above: impl FnMut() -> A,
    mut below: impl FnMut() -> B,
) -> String {
    drop((black_box(above()), black_box(below())));
    let mut ratios: Vec<f64> = (0..ROUNDS)
        .map(|round| {
            if round % 2 == 0 {
                let first = time(patience, &mut above);
                first / time(patience, &mut below)
            } else {
                let first = time(patience, &mut below);
                time(patience, &mut above) / first
            }
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    format!("{:.2} ({:.2} to {:.2})", ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1])
}

/// The least of the rounds.
pub(crate) fn least<A>(patience: Duration, mut call: impl FnMut() -> A) -> f64 {
    (0..ROUNDS).map(|_| time(patience, &mut call)).fold(f64::MAX, f64::min)
}

/// Seconds of one call, as this thread's processor time: other programs may want the same cores.
fn time<A>(patience: Duration, call: &mut impl FnMut() -> A) -> f64 {
    let start = ThreadTime::now();
    let mut calls = 0.0;
    while start.elapsed() < patience {
        // Several calls for each look at the clock, where one takes less than the look.
        for _ in 0..4 {
            drop(black_box(call()));
        }
        calls += 4.0;
    }
    start.elapsed().as_secs_f64() / calls
}

/// The most bytes that a call had at a time, beyond what there was.
pub(crate) fn peak<A>(call: impl FnOnce() -> A) -> usize {
    HELD.store(0, Ordering::Relaxed);
    PEAK.store(0, Ordering::Relaxed);
    COUNTS.store(true, Ordering::Relaxed);
    let result = call();
    COUNTS.store(false, Ordering::Relaxed);
    drop(black_box(result));
    PEAK.load(Ordering::Relaxed)
}

static COUNTS: AtomicBool = AtomicBool::new(false);
static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, which counts while it is asked to; else it costs one look at a flag.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(
    unsafe_code,
    reason = "an allocator is one by this trait, and every call goes on to the system's as it came"
)]
// SAFETY: every method hands its arguments to `System` and returns what that returns.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: the caller's promise is the same.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn count(more: usize, less: usize) {
    if COUNTS.load(Ordering::Relaxed) {
        let held = HELD.load(Ordering::Relaxed).saturating_add(more).saturating_sub(less);
        HELD.store(held, Ordering::Relaxed);
        PEAK.fetch_max(held, Ordering::Relaxed);
    }
}
