//! Runs each target for some seconds: over its seeds, over earlier findings, and over random mutations of both.
//!
//! The random seed is the day's number, or `FUZZ_SEED`. `FUZZ_SECONDS` is the time for each target. A failing input is written to
//! `fuzz/artifacts/`, and runs first until it is deleted.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, panic};

use stagedoor_fuzz_targets as targets;

/// The longest input, in bytes.
const LONGEST: usize = 16 * 1024;

macro_rules! seconds {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name), targets::$name);
        })*

        #[test]
        fn none_is_left_out() {
            let here = [$(stringify!($name)),*];
            assert_eq!(targets::ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>(), here);
        }
    };
}

seconds! {
    cat cloud_front cue edge_auth emsg hls_ads hls_check hls_events hls_window jws_json jwt media_cdn mpd mpd_check mpd_limits mpd_patch playlist route
    secure_link secure_media session timed_hmac token uri_signing vast viewers vmap
}

#[expect(clippy::disallowed_methods, reason = "a test has a clock")]
fn run(name: &str, target: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let artifacts = fuzz.join("artifacts").join(name);
    let mut inputs = files(&artifacts);
    inputs.extend(files(&fuzz.join("seeds").join(name)));
    inputs.extend(files(&fuzz.join("corpus").join(name)));
    inputs.push(Vec::new());
    let number = |name: &str| env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let seed = number("FUZZ_SEED").unwrap_or_else(|| {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() / 86_400
    });
    let until = Instant::now() + Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(2));
    let attempt = |input: &[u8]| {
        if let Err(panic) = panic::catch_unwind(|| target(input)) {
            let file = artifacts.join(format!("seconds-{:016x}", Chance::of(seed, input).next()));
            fs::create_dir_all(&artifacts).unwrap();
            fs::write(&file, input).unwrap();
            eprintln!("{name}: failed with FUZZ_SEED={seed}, for the input in {}", file.display());
            panic::resume_unwind(panic);
        }
    };
    inputs.iter().for_each(|input| attempt(input));
    let mut chance = Chance::of(seed, name.as_bytes());
    let mut count = inputs.len();
    while Instant::now() < until {
        attempt(&chance.mutated(&inputs));
        count += 1;
    }
    println!("{name}: {count} inputs, FUZZ_SEED={seed}");
}

/// The files of a folder by name; none if there is no folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Building blocks of the formats.
const WORDS: &[&str] = &[
    "\"",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    ".",
    "/",
    "..",
    "//",
    "%",
    "%2e",
    "%2F",
    "~",
    "=",
    "&",
    ";",
    "\n",
    "\r\n",
    "\0",
    "-1",
    "0",
    "1",
    "18446744073709551616",
    "1e999",
    "null",
    "true",
    "#EXT",
    "URI=\"",
    "exp",
    "\u{e9}",
    "\u{1f600}",
    "\\u0000",
];

/// SplitMix64: <https://prng.di.unimi.it/splitmix64.c>.
struct Chance(u64);

impl Chance {
    /// The chance of a seed and a name (FNV-1a).
    fn of(seed: u64, name: &[u8]) -> Self {
        Self(name.iter().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, 0 where there is none.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 32).unwrap() % end.max(1)
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// A part of an input, of 64 bytes at most.
    fn part(&mut self, input: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(input.len() + 1);
        let length = self.below(64.min(input.len() - start) + 1);
        start..start + length
    }

    /// One of the inputs, changed in one to eight ways.
    fn mutated(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.pick(inputs).clone();
        for _ in 0..=self.below(8) {
            let at = self.below(input.len() + 1);
            match self.below(7) {
                0 if at < input.len() => input[at] ^= 1 << self.below(8),
                1 if at < input.len() => input[at] = self.next().to_le_bytes()[0],
                2 => drop(input.drain(self.part(&input))),
                3 => drop(input.splice(at..at, input[self.part(&input)].to_vec())),
                4 => drop(input.splice(at..at, self.pick(WORDS).bytes())),
                5 => drop(input.splice(self.part(&input), self.pick(WORDS).bytes())),
                _ => {
                    let other = self.pick(inputs);
                    let part = self.part(other);
                    drop(input.splice(at..at, other[part].to_vec()));
                }
            }
        }
        input.truncate(LONGEST);
        input
    }
}
