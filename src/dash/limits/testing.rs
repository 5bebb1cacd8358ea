//! Helpers for the tables of this folder.

use serde_json::Value;

use crate::catalog::Caps;
use crate::dash::{CompileError, Edits, compile};

/// An MPD after its edits, with its URIs as they are.
pub(super) fn edited(mpd: &str, caps: &Value) -> Result<String, CompileError> {
    let caps: Caps = serde_json::from_value(caps.clone()).unwrap();
    let template = compile(mpd.as_bytes(), None, &Edits::within(&caps))?;
    Ok(String::from_utf8(template.render("").into_owned()).unwrap())
}

/// A Period of this content.
pub(super) fn period(inner: &str) -> String {
    format!("<Period>{inner}</Period>")
}

/// Tries rows of a name, a Period's content or a whole MPD, and limits. In the content, a line `a => b` says that the
/// edits turn `a` into `b`, or remove it where `b` is empty; all other lines stay as they are.
pub(super) fn try_rows(rows: &[(&str, &str, Value)]) {
    for (name, script, caps) in rows {
        let (mut mpd, mut expected) = (String::new(), String::new());
        for line in script.lines() {
            let (before, after) = match line.split_once(" =>") {
                Some((before, after)) => (before, Some(after.trim()).filter(|after| !after.is_empty())),
                None => (line, Some(line.trim())),
            };
            let indent = &before[..before.len() - before.trim_start().len()];
            mpd.extend(["\n", before]);
            if let Some(after) = after {
                expected.extend(["\n", indent, after]);
            }
        }
        let whole = |text: String| {
            if text.contains("<MPD") { text } else { format!("<MPD>\n {}\n</MPD>", period(&text)) }
        };
        let (mpd, expected) = (whole(mpd), whole(expected));
        let mpd = mpd.trim_start_matches('\n');
        let expected = expected.trim_start_matches('\n');
        let found = edited(mpd, caps);
        assert_eq!(found.as_deref(), Ok(expected), "{name}");
        // Edits are idempotent: the result is within the limits.
        assert_eq!(edited(expected, caps).as_deref(), Ok(expected), "{name}, again");
    }
}
