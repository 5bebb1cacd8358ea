//! `stagedoor scte35 decode`

use std::path::Path;

use serde_json::{Value, json};
use stagedoor::ads::signals::Effect;
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
    stagedoor scte35 decode -")]
pub(crate) struct Arguments {
    /// The message in base64, or in hexadecimal digits with or without `0x`. `-` reads standard input.
    #[arg(value_name = "BASE64|HEX", allow_hyphen_values = true)]
    message: String,
}

pub(crate) fn run(arguments: &Arguments, _: &Context) -> Result<Answer, Failure> {
    let text = match arguments.message.as_str() {
        "-" => {
            let bytes = input::bytes(Path::new("-"))?;
            String::from_utf8(bytes).map_err(|_| Misuse("standard input: expected text".to_owned()))?
        }
        text => text.to_owned(),
    };
    // An attribute of a playlist or of an MPD comes with its quotes.
    let bytes = scte35::bytes(text.trim().trim_matches('"')).map_err(|error| Misuse(error.to_string()))?;
    let examined = scte35::examine(&bytes);
    let error = match (examined.broken, &examined.section) {
        (Some(broken), _) => Some(broken.to_string()),
        (None, Err(error)) => Some(error.to_string()),
        (None, Ok(_)) => None,
    };
    print(&told(&examined, bytes.len(), error.as_deref()))?;
    Ok(if error.is_none() { Answer::Yes } else { Answer::Denied })
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
