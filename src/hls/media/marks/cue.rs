//! What one mark says. No specification has most of them; these are the spellings that are met.
//!
//! ```text
//! #EXT-X-CUE-OUT:30            #EXT-X-CUE-OUT:DURATION=30.0,CUE="/DA…"        #EXT-X-CUE-IN
//! #EXT-X-CUE-OUT-CONT:8/30     #EXT-X-CUE-OUT-CONT:ElapsedTime=8.0,Duration=30,SCTE35=/DA…
//! #EXT-OATCLS-SCTE35:/DA…      #EXT-X-SPLICEPOINT-SCTE35:/DA…                 #EXT-X-CUE:TYPE="SpliceOut",DURATION=30
//! #EXT-X-SCTE35:CUE="/DA…",CUE-OUT=YES            (or CONT with ELAPSED and DURATION, or CUE-IN=YES)
//! #EXT-X-DATERANGE:ID="7",START-DATE=…,PLANNED-DURATION=30,SCTE35-OUT=0xFC…     (SCTE35-IN, SCTE35-CMD)
//! ```

use std::time::Duration;

use super::clock::instant;
use crate::ads::signals::Cue;
use crate::hls::read::attributes::{attribute, attributes};
use crate::hls::read::seconds::seconds;
use crate::hls::read::tag::Tag;
use crate::scte35::{self, Section};
use crate::time::UnixMillis;

/// How far a break has gone on.
#[derive(Clone, Debug)]
pub(super) struct Elapsed {
    pub(super) passed: Duration,
    pub(super) planned: Option<Duration>,
    pub(super) section: Option<Section>,
}

/// How far the break around a mark has gone on. `None`: it does not say that.
pub(super) fn elapsed(tag: Tag, value: &[u8]) -> Option<Elapsed> {
    match tag {
        Tag::CueOutCont => {
            let (passed, planned) = match value.split(|byte| *byte == b'/').collect::<Vec<_>>()[..] {
                [passed, planned] if !value.contains(&b'=') => (seconds(passed), seconds(planned)),
                _ => (named(value, "ELAPSEDTIME"), named(value, "DURATION")),
            };
            Some(Elapsed { passed: passed?, planned: planned.and_then(known), section: message(value) })
        }
        Tag::Scte35 | Tag::ExtScte35 if says(value, "CUE-OUT", b"CONT") => Some(Elapsed {
            passed: named(value, "ELAPSED")?,
            planned: named(value, "DURATION").and_then(known),
            section: message(value),
        }),
        _ => None,
    }
}

/// A planned duration, which encoders write as 0 where they know none.
fn known(planned: Duration) -> Option<Duration> {
    (!planned.is_zero()).then_some(planned)
}

/// What a mark in front of a segment says. `None`: nothing about a break.
pub(super) fn cue_of(tag: Tag, value: &[u8]) -> Option<Cue> {
    let of_message = |section, planned| Cue::Section { section: Box::new(section), planned };
    match tag {
        Tag::CueOut => {
            let planned = seconds(value)
                .filter(|_| !value.contains(&b'='))
                .or_else(|| named(value, "DURATION"))
                .or_else(|| named(value, "PLANNEDDURATION"));
            Some(message(value).map_or(Cue::Out { planned }, |section| of_message(section, planned)))
        }
        Tag::CueIn => Some(Cue::In),
        Tag::Cue => {
            let kind = text(value, "TYPE")?;
            let planned = named(value, "DURATION");
            match () {
                () if kind.eq_ignore_ascii_case(b"SpliceOut") => Some(Cue::Out { planned }),
                () if kind.eq_ignore_ascii_case(b"SpliceIn") => Some(Cue::In),
                () => None,
            }
        }
        Tag::OatclsScte35 | Tag::SplicepointScte35 => {
            let list = || message(value);
            section(value).or_else(list).map(|section| of_message(section, None))
        }
        Tag::Scte35 | Tag::ExtScte35 => {
            let planned = named(value, "DURATION");
            match message(value) {
                Some(section) => Some(of_message(section, planned)),
                None if says(value, "CUE-OUT", b"YES") => Some(Cue::Out { planned }),
                None if says(value, "CUE-IN", b"YES") => Some(Cue::In),
                None => None,
            }
        }
        _ => None,
    }
}

/// What a date range says, each with its date and the range's id. An interstitial of the media origin's own has ads already.
pub(super) fn cues_of_range(list: &[u8]) -> Vec<(UnixMillis, String, Cue)> {
    let mut cues = Vec::new();
    let id = attribute(list, b"ID").and_then(|id| str::from_utf8(id).ok());
    let is_filled = attribute(list, b"CLASS").is_some_and(|class| class.starts_with(b"com.apple.hls."));
    let Some(id) = id.filter(|id| !id.is_empty() && !is_filled) else { return cues };
    let start = attribute(list, b"START-DATE").and_then(instant);
    let length = |name: &[u8]| attribute(list, name).and_then(seconds);
    let end = attribute(list, b"END-DATE").and_then(instant).or_else(|| {
        let millis = u64::try_from(length(b"DURATION")?.as_millis()).ok()?;
        Some(UnixMillis(start?.0.saturating_add(millis)))
    });
    let planned = length(b"PLANNED-DURATION").and_then(known);
    for (name, opens) in [(&b"SCTE35-OUT"[..], true), (b"SCTE35-CMD", false), (b"SCTE35-IN", false)] {
        let Some(value) = attribute(list, name) else { continue };
        let closes = name == b"SCTE35-IN";
        let Some(date) = (if closes { end.or(start) } else { start }) else { continue };
        let cue = match section(value) {
            Some(section) => Cue::Section { section: Box::new(section), planned },
            None if opens => Cue::Out { planned },
            None if closes => Cue::In,
            None => continue,
        };
        cues.push((date, id.to_owned(), cue));
        // The tag of one that has ended says so in its OUT as well.
        let has_in = attribute(list, b"SCTE35-IN").is_some();
        if let Some(end) = end.filter(|_| opens && !has_in) {
            cues.push((end, id.to_owned(), Cue::In));
        }
    }
    cues
}

/// The message in an attribute of a list, wherever it stands.
fn message(list: &[u8]) -> Option<Section> {
    let is_message = |name: &[u8]| {
        [&b"SCTE35"[..], b"CUE", b"SCTE35-OUT"].iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    attributes(list).filter(|found| is_message(found.name)).find_map(|found| section(found.value))
}

/// A message in base64 or hexadecimal digits.
fn section(text: &[u8]) -> Option<Section> {
    let text = str::from_utf8(text).ok()?.trim().trim_matches('"');
    scte35::decode(&scte35::bytes(text).ok()?).ok()
}

/// The number of an attribute, in whatever case its name is written.
fn named(list: &[u8], name: &str) -> Option<Duration> {
    seconds(text(list, name)?)
}

fn text<'a>(list: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let found = attributes(list).find(|found| found.name.eq_ignore_ascii_case(name.as_bytes()))?;
    Some(found.value)
}

fn says(list: &[u8], name: &str, word: &[u8]) -> bool {
    text(list, name).is_some_and(|found| found.eq_ignore_ascii_case(word))
}
