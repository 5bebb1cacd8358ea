//! No message of SCTE 35 panics, as bytes or as text. Breaks of any signals are in order, few enough, and each has an id of its own.

use std::collections::BTreeSet;
use std::time::Duration;

use stagedoor::ads::signals::{BREAKS_MAX, Cue, Effect, Moment, Signal, breaks};
use stagedoor::scte35::{self, Content, Section, decode, examine};
use stagedoor::time::UnixMillis;

/// Takes one input: signals, each of a kind, a time and a duration, and a message.
pub fn run((marks, message): (Vec<(u8, u16, u8)>, &[u8])) {
    let whole = attempt(message);
    let repaired = attempt(&repaired(message));
    if let Ok(text) = str::from_utf8(message)
        && let Ok(bytes) = scte35::bytes(text)
    {
        attempt(&bytes);
    }
    let section = whole.or(repaired);
    let signals: Vec<_> = marks.iter().filter_map(|mark| signal(*mark, section.as_ref())).collect();
    let found = breaks(&signals);
    assert!(found.len() <= BREAKS_MAX);
    assert!(found.is_sorted_by_key(|found| found.opening.date));
    let ids: BTreeSet<_> = found.iter().map(|found| &found.opening.id).collect();
    assert_eq!(ids.len(), found.len());
    assert_eq!(breaks(&signals), found);
}

fn attempt(bytes: &[u8]) -> Option<Section> {
    let examined = examine(bytes);
    let section = decode(bytes).ok()?;
    assert_eq!(examined.section.as_ref(), Ok(&section));
    assert_eq!((examined.broken, examined.length), (None, Some((bytes.len(), bytes.len()))));
    let json = serde_json::to_string(&section).unwrap();
    // A byte may be four digits in a name and its value.
    assert!(json.len() < 200 * (bytes.len() + 20), "{} bytes of JSON for {}", json.len(), bytes.len());
    let effects = Effect::of_section(&section);
    assert_eq!(effects.is_empty(), matches!(section.content, Content::Encrypted(_)));
    Some(section)
}

/// The message with the frame of a whole one: so that mutations reach what is within.
fn repaired(message: &[u8]) -> Vec<u8> {
    let mut bytes = message.get(..4_000).unwrap_or(message).to_vec();
    bytes.resize(bytes.len().max(20), 0);
    let length = u16::try_from(bytes.len() - 3).unwrap();
    bytes[0] = 0xfc;
    bytes[1] = 0x30 | u8::try_from(length >> 8).unwrap();
    bytes[2] = u8::try_from(length & 0xff).unwrap();
    bytes[3] = 0;
    if let Some((_, computed)) = examine(&bytes).checksum {
        let end = bytes.len() - 4;
        bytes[end..].copy_from_slice(&computed.to_be_bytes());
    }
    bytes
}

fn signal((kind, time, seconds): (u8, u16, u8), section: Option<&Section>) -> Option<Signal> {
    let planned = (kind & 0x08 == 0).then(|| Duration::from_secs(u64::from(seconds)));
    let section = section.cloned().map(Box::new);
    let cue = match kind % 5 {
        0 => Cue::Out { planned },
        1 => Cue::In,
        2 => Cue::Continue { elapsed: Duration::from_secs(u64::from(seconds / 2)), planned, section: None },
        3 => Cue::Continue { elapsed: Duration::from_secs(u64::from(seconds / 2)), planned, section },
        _ => Cue::Section { section: section?, planned },
    };
    let at = Moment {
        start: None,
        date: Some(UnixMillis(1_796_126_400_000 + u64::from(time) * 100)),
        is_stated: kind & 0x10 != 0,
    };
    let id = (kind & 0x20 != 0).then(|| format!("{}", kind >> 6));
    Some(Signal { at, id, cue })
}
