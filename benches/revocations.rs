//! `make bench`, the revocations: what it takes to read a document and to ask it, spelled out and packed, in one run. See
//! README.md.
//!
//! The other side reads each revocation as JSON, hashes it, and puts it into a hash table, as the edge did when there was no
//! other form. Both sides refuse the same viewers, which is checked before anything is measured.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark fails by panicking, and is native: it may look at the clock"
)]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use stagedoor::catalog::{Revocation, Revocations, Revoked, TitleId};
use stagedoor::time::UnixTime;
use stagedoor::token::{Dialect, Grant, RevocationIndex, pack, tags::subject_tag};

const SIZES: [usize; 4] = [100, 1_000, 10_000, Revocations::MOST];
const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);
const PATIENCE: Duration = Duration::from_millis(60);
const ROUNDS: usize = 5;

fn main() {
    println!(
        "| revocations | bytes, spelled out | packed | in memory | reading, spelled out to packed | ms packed | asking, to a hash table |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    for size in SIZES {
        let revoked: Vec<_> = (0..size).map(revocation).collect();
        let document = |revoked, packed| {
            let host = "a.example".parse().unwrap();
            let generation = u32::try_from(size).unwrap();
            serde_json::to_vec(&Revocations { host, generation, revoked, packed }).unwrap()
        };
        let packed = document(None, Some(pack(revoked.iter().cloned())));
        let spelled_out = document(Some(revoked), None);
        let index: RevocationIndex = serde_json::from_slice(&packed).unwrap();
        let table = table(&spelled_out);
        let title: TitleId = "harbour".parse().unwrap();
        let viewers: Vec<_> = (0..64).map(|n| viewer(n * size / 32)).collect();
        for viewer in &viewers {
            let refused = index.grant(viewer, &title).is_err();
            assert_eq!(refused, table.contains_key(&tag(viewer)), "{:?}", viewer.subject);
        }
        let reading = median(|| {
            drop(black_box(serde_json::from_slice::<RevocationIndex>(black_box(&packed)).unwrap()));
        });
        let reading_other = median(|| drop(black_box(self::table(black_box(&spelled_out)))));
        let asking =
            median(|| viewers.iter().for_each(|viewer| drop(black_box(index.grant(viewer, &title)))));
        let asking_other = median(|| {
            viewers.iter().for_each(|viewer| {
                // The hash that both need.
                black_box(table.get(&tag(viewer)));
            });
        });
        println!(
            "| {size} | {} | {} | {} | {:.1} | {:.2} | {:.2} |",
            spelled_out.len(),
            packed.len(),
            index.bytes(),
            reading_other / reading,
            reading * 1e3,
            asking / asking_other,
        );
    }
}

fn revocation(n: usize) -> Revocation {
    Revocation {
        what: Revoked::Subject {
            issuer: "https://id.example.com/".parse().unwrap(),
            subject: format!("viewer-{n}"),
        },
        generation: u32::try_from(n).unwrap(),
        at: NOW,
        until: None,
        note: None,
    }
}

/// The first so many are revoked.
fn viewer(n: usize) -> Grant {
    Grant {
        subject: Some(format!("viewer-{n}")),
        issued_at: Some(NOW),
        ..Grant::new(Dialect::Jwt, "https://id.example.com/".parse().unwrap(), "k".parse().unwrap())
    }
}

fn tag(viewer: &Grant) -> [u8; 8] {
    subject_tag(&viewer.issuer, viewer.subject.as_deref().unwrap_or_default())
}

fn table(spelled_out: &[u8]) -> HashMap<[u8; 8], (u32, UnixTime)> {
    let document: Revocations = serde_json::from_slice(spelled_out).unwrap();
    let entries = document.revoked.unwrap_or_default().into_iter();
    let entry = |Revocation { what, generation, at, .. }: Revocation| match what {
        Revoked::Subject { issuer, subject } => Some((subject_tag(&issuer, &subject), (generation, at))),
        _ => None,
    };
    entries.filter_map(entry).collect()
}

/// Seconds, of the median round.
fn median(mut run: impl FnMut()) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let (began, mut runs) = (Instant::now(), 0_u32);
            while began.elapsed() < PATIENCE || runs == 0 {
                run();
                runs += 1;
            }
            began.elapsed().as_secs_f64() / f64::from(runs)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds.get(ROUNDS / 2).copied().unwrap_or_default()
}
