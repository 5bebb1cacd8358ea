//! `make bench`, what a manifest may cost at most: shapes that make as much work as their bytes allow, up to the longest that
//! is read. See README.md.
//!
//! Time and memory have to grow with the bytes and no faster, and no manifest may take more than 250 ms of processor time and
//! 64 MiB, refused or not. Shapes beyond a limit are marked. Memory is the same on each machine, so the benchmark
//! fails if a shape takes more. Time differs, so the benchmark fails only if a shape takes twice the limit.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]

#[path = "../tests/support/adversarial.rs"]
mod adversarial;
#[expect(dead_code, reason = "the others take more of it")]
#[path = "support/measure.rs"]
mod measure;

use std::hint::black_box;
use std::process::ExitCode;

use adversarial::{Format, SHAPES};
use cpu_time::ThreadTime;
use measure::peak;
use stagedoor::catalog::PlaylistPolicy;

const MIB: usize = 1024 * 1024;
const MOST_MS: f64 = 250.0;
const MOST_BYTES: usize = 64 * MIB;
/// On a busy machine, too, nothing takes so much longer.
const LENIENCE: f64 = 2.0;

/// Seconds of one call, as this thread's processor time: the least of three.
fn once<A>(call: impl Fn() -> A) -> f64 {
    let time = || {
        let start = ThreadTime::now();
        drop(black_box(call()));
        start.elapsed().as_secs_f64()
    };
    (0..3).map(|_| time()).fold(f64::MAX, f64::min)
}

fn main() -> ExitCode {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let policy = PlaylistPolicy::default();
    println!(
        "At most {MOST_MS} ms and {} MiB of memory for each; `!` marks what takes more.\n",
        MOST_BYTES / MIB
    );
    println!("| manifest | MiB | ms | ms for a MiB | MiB of memory | for one of the manifest | | |");
    println!("|---|--:|--:|--:|--:|--:|---|---|");
    let mut beyond = Vec::new();
    let mut has_failed = false;
    for shape in SHAPES.iter().filter(|shape| only.as_ref().is_none_or(|only| shape.name.contains(only))) {
        let longest = if quick { MIB } else { policy.longest_bytes(shape.format != Format::Playlist) };
        // The longest that is served may be shorter than the longest that is read.
        let served = Some(shape.longest).filter(|served| (longest / 4..longest).contains(served));
        for bytes in [Some(longest / 16), Some(longest / 4), served, Some(longest)].into_iter().flatten() {
            let manifest = shape.manifest(bytes - bytes / 64);
            let ms = once(|| shape.compile(&manifest)) * 1_000.0;
            let memory = peak(|| shape.compile(&manifest));
            let told = shape.compile(&manifest).map_or_else(|error| error, |_| "served".to_owned());
            let mib = manifest.len() as f64 / MIB as f64;
            let is_beyond = ms > MOST_MS || memory > MOST_BYTES;
            has_failed |= ms > MOST_MS * LENIENCE || memory > MOST_BYTES;
            println!(
                "| {} | {mib:.2} | {ms:.1} | {:.1} | {:.1} | {:.2} | {} | {} |",
                shape.name,
                ms / mib,
                memory as f64 / MIB as f64,
                memory as f64 / manifest.len() as f64,
                told.chars().take(90).collect::<String>(),
                if is_beyond { "!" } else { "" },
            );
            if is_beyond {
                beyond.push(format!("{} of {mib:.2} MiB: {ms:.0} ms, {} MiB", shape.name, memory / MIB));
            }
        }
    }
    println!(
        "\nBeyond {MOST_MS} ms or {} MiB: {}",
        MOST_BYTES / MIB,
        if beyond.is_empty() { "none" } else { "" }
    );
    beyond.iter().for_each(|told| println!("- {told}"));
    if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
