//! `stagedoor scte35 decode`

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stagedoor::ads::signals::Effect;
use stagedoor::dash::{EmsgError, EventMessage, EventTime, event_messages};
use stagedoor::scte35::{self, Examination};

use crate::context::Context;
use crate::failure::{Failure, Misuse};
use crate::output::print;
use crate::{Answer, input};

#[derive(clap::Args)]
#[command(after_help = "\
Prints JSON: whether the length and the checksum are right, the message with
every field, and what its command and segments do to breaks. If the length or
the checksum is wrong, or a field is missing, `error` says where, `section` has
what stands in front of it, and the exit code is 1.

Examples:
  stagedoor scte35 decode -- \\
    /DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g=
  stagedoor scte35 decode -- 0xFC301100000000000000FFFFFF0000004F253396
  grep -o 'SCTE35-OUT=[^,]*' live.m3u8 | cut -d= -f2 | tail -1 |
    stagedoor scte35 decode -
  stagedoor scte35 decode --segment 42.m4s")]
pub(crate) struct Arguments {
    /// The message in base64, or in hexadecimal digits with or without `0x`. `-` reads standard input.
    #[arg(value_name = "BASE64|HEX", allow_hyphen_values = true, required_unless_present = "segment")]
    message: Option<String>,
    /// A DASH segment: prints the event messages (`emsg`) in it. `-` reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "message")]
    segment: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, _: &Context) -> Result<Answer, Failure> {
    if let Some(segment) = &arguments.segment {
        return in_segment(&input::bytes(segment)?);
    }
    let text = match arguments.message.as_deref().unwrap_or("-") {
        "-" => {
            let bytes = input::bytes(Path::new("-"))?;
            String::from_utf8(bytes).map_err(|_| Misuse("standard input: expected text".to_owned()))?
        }
        text => text.to_owned(),
    };
    // An attribute of a playlist or of an MPD comes with its quotes.
    let bytes = scte35::bytes(text.trim().trim_matches('"')).map_err(|error| Misuse(error.to_string()))?;
    let (json, is_right) = examined(&bytes);
    print(&json)?;
    Ok(if is_right { Answer::Yes } else { Answer::Denied })
}

/// The event messages of a segment.
fn in_segment(segment: &[u8]) -> Result<Answer, Failure> {
    let mut are_right = true;
    let mut told = |message: Result<EventMessage<'_>, EmsgError>| match message {
        Ok(EventMessage { scheme_id_uri, value, timescale, time, duration, id, message_data }) => {
            let (name, ticks) = match time {
                EventTime::Delta(delta) => ("presentation_time_delta", u64::from(delta)),
                EventTime::At(at) => ("presentation_time", at),
            };
            let message =
                scheme_id_uri.starts_with("urn:scte:scte35:").then(|| match str::from_utf8(message_data) {
                    Ok(text) => text.into(),
                    Err(_) => {
                        let (message, is_right) = examined(message_data);
                        are_right &= is_right;
                        message
                    }
                });
            json!({
                "scheme_id_uri": scheme_id_uri, "value": value, "id": id, "timescale": timescale,
                name: ticks, "event_duration": duration, "message": message,
            })
        }
        Err(error) => {
            are_right = false;
            json!({ "error": error.to_string() })
        }
    };
    let messages: Vec<_> = event_messages(segment).map(&mut told).collect();
    print(&messages)?;
    Ok(if are_right { Answer::Yes } else { Answer::Denied })
}

/// A message, and whether it is right.
fn examined(bytes: &[u8]) -> (Value, bool) {
    let examined = scte35::examine(bytes);
    let error = match (examined.broken, &examined.section) {
        (Some(broken), _) => Some(broken.to_string()),
        (None, Err(error)) => Some(error.to_string()),
        (None, Ok(_)) => None,
    };
    (told(&examined, bytes.len(), error.as_deref()), error.is_none())
}

fn told(examined: &Examination, found: usize, error: Option<&str>) -> Value {
    let length = match examined.length {
        Some((said, _)) => json!({ "ok": said == found, "stated": said, "found": found }),
        None => json!({ "ok": false, "found": found }),
    };
    let hexadecimal = |number| format!("{number:#010x}");
    let checksum = match examined.checksum {
        Some((said, computed)) => json!({
            "ok": said == computed,
            "stated": hexadecimal(said),
            "computed": hexadecimal(computed),
        }),
        None => json!({ "ok": false }),
    };
    let section = examined.section.as_ref().ok().or(examined.begun.as_ref());
    let effects: Vec<_> =
        section.map(Effect::of_section).unwrap_or_default().into_iter().map(Effect::name).collect();
    json!({ "length": length, "crc": checksum, "error": error, "section": section, "effects": effects })
}
