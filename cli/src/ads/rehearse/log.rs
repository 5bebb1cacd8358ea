//! A cue log: a line for each mark, with its time.

use std::time::Duration;

use stagedoor::ads::signals::{Cue, Moment, Signal};
use stagedoor::scte35;
use stagedoor::time::UnixMillis;

use crate::input;

/// The most marks of a log.
const MARKS_MAX: usize = 100_000;

/// The latest time of a log, in seconds: the year 9999.
const LATEST_S: f64 = 253_402_300_799.0;

/// Reads a log. Errors name the line.
pub(super) fn signals(text: &str) -> Result<Vec<Signal>, String> {
    let mut signals = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if signals.len() == MARKS_MAX {
            return Err(format!("expected at most {MARKS_MAX} marks, found more"));
        }
        signals.push(signal(line).map_err(|why| format!("line {}: {why}", number + 1))?);
    }
    if signals.is_empty() {
        Err("expected lines with a time and a cue, found none".to_owned())
    } else {
        Ok(signals)
    }
}

fn signal(line: &str) -> Result<Signal, String> {
    let (time, cue) =
        line.split_once(char::is_whitespace).ok_or("expected a time and a cue, found one word")?;
    Ok(Signal { at: Moment::stated(None, Some(moment(time)?)), id: None, cue: self::cue(cue.trim())? })
}

fn moment(text: &str) -> Result<UnixMillis, String> {
    if text.contains('T') {
        let whole = text.split_once('.').and_then(|(whole, rest)| {
            let digits = rest.find(|sign: char| !sign.is_ascii_digit())?;
            let (fraction, zone) = rest.split_at_checked(digits)?;
            let ms = format!("{fraction:0<3}").get(..3)?.parse::<u64>().ok()?;
            Some((format!("{whole}{zone}"), ms))
        });
        let (whole, ms) = whole.unwrap_or((text.to_owned(), 0));
        return Ok(UnixMillis(input::instant(&whole)?.as_secs() * 1_000 + ms));
    }
    seconds(text).map(|time| UnixMillis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=LATEST_S).contains(seconds));
    seconds
        .map(Duration::from_secs_f64)
        .ok_or_else(|| format!("expected seconds or a date and time (RFC 3339), found `{text}`"))
}

fn cue(text: &str) -> Result<Cue, String> {
    match text.split_once(':') {
        None if text == "OUT" => Ok(Cue::Out { planned: None }),
        None if text == "IN" => Ok(Cue::In),
        Some(("OUT", planned)) => Ok(Cue::Out { planned: Some(seconds(planned)?) }),
        Some(("CONT", rest)) => {
            let (elapsed, planned) = rest.split_once('/').unwrap_or((rest, ""));
            let planned = if planned.is_empty() { None } else { Some(seconds(planned)?) };
            Ok(Cue::Continue { elapsed: seconds(elapsed)?, planned, section: None })
        }
        _ => {
            let other = |why| format!("expected OUT, IN, CONT or a message of SCTE 35: {why}");
            let bytes = scte35::bytes(text).map_err(|error| other(error.to_string()))?;
            let section = scte35::decode(&bytes).map_err(|error| other(error.to_string()))?;
            Ok(Cue::Section { section: Box::new(section), planned: None })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_a_time_and_a_cue() {
        let log =
            "# one\n\n0.5 OUT:60\n2026-12-01T00:00:00.25Z IN\n7 CONT:8/30\n9\t/DARAAAAAAAAAP/wAAAAAHpPv/8=\n";
        let signals = signals(log).unwrap();
        let dates: Vec<_> = signals.iter().map(|signal| signal.at.date.unwrap().0).collect();
        assert_eq!(dates, [500, 1_796_083_200_250, 7_000, 9_000]);
        assert_eq!(signals[0].cue, Cue::Out { planned: Some(Duration::from_secs(60)) });
        for (log, expected) in [
            ("", "expected lines"),
            ("1\n", "line 1: expected a time and a cue"),
            ("1 OUT\nx IN", "line 2: expected seconds or a date"),
            ("-1 IN", "line 1: expected seconds"),
            ("1 OUT:x", "line 1: expected seconds"),
            ("1 AWAY", "line 1: expected OUT, IN, CONT or a message of SCTE 35"),
        ] {
            let why = super::signals(log).unwrap_err();
            assert!(why.starts_with(expected), "{log}: {why}");
        }
    }
}
