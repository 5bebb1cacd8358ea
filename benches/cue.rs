//! `make bench`, messages of SCTE 35: how long decoding one takes beside a Rust crate and npm's scte35. See README.md.
//!
//! All sides decode the messages of the corpus that each of them can decode. Before anything is measured, they have to find the
//! same times.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]

#[expect(dead_code, reason = "the others take more of it")]
#[path = "support/measure.rs"]
mod measure;

use std::io::Write as _;
use std::process::{Command, Stdio};

use measure::{least, patience, ratio};
use scte35::{SpliceCommand, parse_splice_info_section};
use serde_json::{Value, json};
use stagedoor::scte35::{Command as Ours, bytes, decode};

fn main() {
    let cues: Vec<Value> = serde_json::from_str(include_str!("../tests/fixtures/scte35/cues.json")).unwrap();
    let messages: Vec<(&str, Vec<u8>)> = cues
        .iter()
        // The crate takes the length of a command as it is stated, and misreads private commands.
        .filter(|cue| {
            let theirs = &cue["threefive"];
            let length = theirs["command"]["command_length"].as_u64();
            let info = &theirs["info_section"];
            length.is_some()
                && length == info["splice_command_length"].as_u64()
                && info["splice_command_type"] != 0xff
        })
        .filter_map(|cue| {
            let text = cue["base64"].as_str().unwrap();
            let message = bytes(text).unwrap();
            let is_decoded = decode(&message).is_ok() && parse_splice_info_section(&message).is_ok();
            (is_decoded && !cue["scte35_js_0_2_4"].is_null()).then_some((text, message))
        })
        .collect();
    assert!(messages.len() > 20, "{}", messages.len());
    for (text, message) in &messages {
        assert_eq!(time(message), time_of_crate(message), "{text}");
    }
    let patience = patience();
    let node = node(&messages, patience.as_millis());
    println!("| other | takes, to ours |");
    println!("|---|--:|");
    let all = |decode: &dyn Fn(&[u8])| messages.iter().for_each(|(_, message)| decode(message));
    let crate_to_ours = ratio(
        patience,
        || all(&|message| drop(parse_splice_info_section(message))),
        || all(&|message| drop(decode(message))),
    );
    println!("| scte35 (crate), bytes | {crate_to_ours} |");
    let texts = || messages.iter().for_each(|(text, _)| drop(decode(&bytes(text).unwrap())));
    #[expect(clippy::cast_precision_loss, reason = "it is small")]
    let ours = least(patience, texts) * 1e9 / messages.len() as f64;
    println!("| scte35 (npm, in Node), base64 | {:.2} |", node / ours);
}

/// The time of a `time_signal`.
fn time(message: &[u8]) -> Option<u64> {
    match decode(message).unwrap().command() {
        Some(Ours::TimeSignal(time)) => time.pts_time.map(|time| time.0),
        _ => None,
    }
}

fn time_of_crate(message: &[u8]) -> Option<u64> {
    match parse_splice_info_section(message).unwrap().splice_command {
        SpliceCommand::TimeSignal(signal) => signal.splice_time.pts_time,
        _ => None,
    }
}

/// Nanoseconds of a message in Node.
fn node(messages: &[(&str, Vec<u8>)], ms: u128) -> f64 {
    let mut node = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peer/cue.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let texts: Vec<_> = messages.iter().map(|(text, _)| text).collect();
    let question = json!({ "messages": texts, "ms": u64::try_from(ms).unwrap() });
    node.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let answer: Value = serde_json::from_slice(&node.wait_with_output().unwrap().stdout).unwrap();
    let times: Vec<_> = messages.iter().map(|(_, message)| time(message)).collect();
    assert_eq!(answer["times"], json!(times));
    answer["ns"].as_f64().unwrap()
}
