//! Tries the tables of this folder.

use serde_json::Value;

use crate::catalog::{Caps, Start};
use crate::hls::{CompileError, Edits, compile};

/// A playlist after its edits, with its URIs as they are.
pub(super) fn edited(playlist: &str, caps: &Value, start: Option<Start>) -> Result<String, CompileError> {
    let caps: Caps = serde_json::from_value(caps.clone()).unwrap();
    let edits = Edits { start, ..Edits::within(&caps) };
    let template = compile(playlist.as_bytes(), None, &edits)?;
    Ok(String::from_utf8(template.render("").into_owned()).unwrap())
}

/// Tries rows of a name, a playlist and limits. The text of a line behind ` => ` is the line after the edits, nothing
/// if nothing is there; all other lines stay as they are.
pub(super) fn try_rows(rows: &[(&str, &str, Value)]) {
    for (name, script, caps) in rows {
        let (mut playlist, mut expected) = (String::new(), String::new());
        for line in script.lines().map(str::trim) {
            let (before, after) = match line.split_once("=>") {
                Some((before, after)) => {
                    (before.trim(), Some(after.trim()).filter(|after| !after.is_empty()))
                }
                None => (line, Some(line)),
            };
            playlist.extend([before, "\n"]);
            if let Some(after) = after {
                expected.extend([after, "\n"]);
            }
        }
        let found = edited(&playlist, caps, None);
        assert_eq!(found.as_deref(), Ok(expected.as_str()), "{name}");
        // The edited playlist is within the limits already.
        assert_eq!(edited(&expected, caps, None).as_deref(), Ok(expected.as_str()), "{name}, again");
    }
}
