//! How often players of a live stream ask for its MPD: `minimumUpdatePeriod`.
//!
//! ISO/IEC 23009-1 section 5.3.1.2: without it, the MPD does not change and is not requested again, so that no reply
//! would renew the session. `PT0S` means that something else triggers the request.

use super::change::Changes;
use super::document::Document;
use super::duration::{milliseconds, of_seconds};
use super::edits::Edits;
use super::error::CompileError;

/// Writes a shorter period where the MPD has none or a longer one.
pub(super) fn shorten(document: &Document<'_>, edits: &Edits<'_>) -> Result<Changes, CompileError> {
    let mut changes = Changes::default();
    let mpd = document.root();
    let is_dynamic = mpd.value("type").is_some_and(|kind| kind == "dynamic");
    let Some(within_s) = edits.update_within_s.filter(|_| is_dynamic) else { return Ok(changes) };
    if !mpd.value(PERIOD).is_some_and(|period| is_within(&period, within_s)) {
        let (range, text) = mpd.with_attribute(PERIOD, &of_seconds(within_s));
        changes.replace(range, text);
    }
    Ok(changes)
}

const PERIOD: &str = "minimumUpdatePeriod";

/// Whether every player reads a period, and it is at most so many seconds.
pub(super) fn is_within(period: &str, within_s: u64) -> bool {
    milliseconds(period).is_some_and(|period_ms| period_ms <= within_s.saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use crate::catalog::Caps;
    use crate::dash::{Edits, compile};

    #[test]
    fn a_period_is_shortened_and_never_made_longer() {
        let mpd = |attributes: &str| format!("<d:MPD{attributes} type=\"dynamic\"/>");
        let period = |text: &str| format!(" minimumUpdatePeriod=\"{text}\"");
        let caps = Caps::default();
        let edits = Edits { update_within_s: Some(30), ..Edits::within(&caps) };
        for (before, after) in [
            (mpd(""), mpd(&period("PT30S"))),
            (mpd(&period("PT2S")), mpd(&period("PT2S"))),
            (mpd(&period("PT0S")), mpd(&period("PT0S"))),
            (mpd(&period("PT30.5S")), mpd(&period("PT30S"))),
            (mpd(&period("P1D")), mpd(&period("PT30S"))),
            (mpd(&period("soon")), mpd(&period("PT30S"))),
            ("<MPD/>".to_owned(), "<MPD/>".to_owned()),
            (
                "<MPD type='static' minimumUpdatePeriod='P1D'/><!--dynamic-->".to_owned(),
                "<MPD type='static' minimumUpdatePeriod='P1D'/><!--dynamic-->".to_owned(),
            ),
        ] {
            let template = compile(before.as_bytes(), None, &edits).unwrap();
            assert_eq!(str::from_utf8(&template.render("")).unwrap(), after, "{before}");
        }
    }
}
