//! An independent reader of Media Playlists: it stores, for each segment, everything that applies to it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset, TimeDelta};

/// A Media Playlist.
#[derive(Clone, Debug, Default)]
pub(crate) struct Playlist {
    /// The tags of the playlist, by name.
    pub(crate) settings: BTreeMap<String, String>,
    /// The Media Sequence Number of the first segment, written or skipped.
    pub(crate) first: u64,
    /// The Discontinuity Sequence Number.
    pub(crate) discontinuity: u64,
    /// The number of skipped segments.
    pub(crate) skipped: Option<u64>,
    /// The segments that are written.
    pub(crate) segments: Vec<Segment>,
    /// The lines of its date ranges.
    pub(crate) dateranges: BTreeSet<String>,
    /// The date and the other lines of a part after the last segment.
    pub(crate) tail: Vec<String>,
}

/// A segment, with everything that applies to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    pub(crate) discontinuity: u64,
    pub(crate) uri: String,
    pub(crate) duration_ms: u64,
    /// The keys in force, by format.
    pub(crate) keys: BTreeMap<String, String>,
    /// The map in force, with its keys.
    pub(crate) map: Option<(String, BTreeMap<String, String>)>,
    pub(crate) range: Option<(u64, u64)>,
    pub(crate) date: Option<DateTime<FixedOffset>>,
    pub(crate) bitrate: Option<String>,
    /// Its other lines: parts, gaps.
    pub(crate) own: Vec<String>,
    /// In a break, the elapsed time and the duration.
    pub(crate) cue: Option<(u64, u64)>,
}

impl Playlist {
    /// Reads a playlist that follows the specification.
    pub(crate) fn read(text: &str) -> Self {
        let mut playlist = Self::default();
        let mut next = Segment::default();
        let mut tags = 0;
        let mut written = 0;
        let mut range: Option<String> = None;
        let mut part: Option<(String, u64)> = None;
        let mut keys_in_order: Vec<(String, String)> = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            match name {
                "#EXTM3U" => {}
                "#EXTINF" => next.duration_ms = milliseconds(value.split(',').next().unwrap_or("")),
                "#EXT-X-DISCONTINUITY" => tags += 1,
                "#EXT-X-KEY" => {
                    if value.contains("METHOD=NONE") {
                        next.keys.clear();
                        keys_in_order.clear();
                    } else {
                        let format = value
                            .split("KEYFORMAT=\"")
                            .nth(1)
                            .map_or("identity", |rest| rest.split('"').next().unwrap_or(""));
                        next.keys.insert(format.to_owned(), value.to_owned());
                    }
                }
                "#EXT-X-MAP" => next.map = Some((value.to_owned(), next.keys.clone())),
                "#EXT-X-BITRATE" => next.bitrate = Some(value.to_owned()),
                "#EXT-X-BYTERANGE" => range = Some(value.to_owned()),
                "#EXT-X-PROGRAM-DATE-TIME" => next.date = DateTime::parse_from_rfc3339(value).ok(),
                "#EXT-X-PART" => {
                    let explicit;
                    (part, explicit) = part_range(part, line);
                    next.own.push(explicit);
                }
                "#EXT-X-GAP" => next.own.push(line.to_owned()),
                "#EXT-X-CUE-OUT" => next.cue = Some((0, milliseconds(value))),
                "#EXT-X-CUE-OUT-CONT" => {
                    next.cue =
                        value.split_once('/').map(|(elapsed, of)| (milliseconds(elapsed), milliseconds(of)));
                }
                "#EXT-X-CUE-IN" => next.cue = None,
                "#EXT-X-DATERANGE" => drop(playlist.dateranges.insert(line.to_owned())),
                "#EXT-X-SKIP" => {
                    let count = value
                        .split("SKIPPED-SEGMENTS=")
                        .nth(1)
                        .map(|rest| rest.split(',').next().unwrap_or(""));
                    playlist.skipped = count.and_then(|count| count.parse().ok());
                }
                _ if name.starts_with("#EXT-X-RENDITION") || name.starts_with("#EXT-X-PRELOAD") => {
                    playlist.tail.push(line.to_owned());
                }
                _ if name.starts_with("#EXT-X-") => {
                    assert!(
                        playlist.settings.insert(name.to_owned(), value.to_owned()).is_none()
                            || name.contains("OWN"),
                        "{name} stands twice"
                    );
                    if name.ends_with("-SEQUENCE") {
                        assert_eq!((written, tags), (0, 0), "{name} stands behind segments");
                    }
                }
                _ if name.starts_with('#') => {}
                _ => {
                    let number =
                        |name: &str| playlist.settings.get(name).map_or(0, |value| value.parse().unwrap());
                    next.number = number("#EXT-X-MEDIA-SEQUENCE") + playlist.skipped.unwrap_or(0) + written;
                    next.discontinuity = number("#EXT-X-DISCONTINUITY-SEQUENCE") + tags;
                    line.clone_into(&mut next.uri);
                    let before = playlist.segments.last().and_then(|segment: &Segment| segment.range);
                    next.range = range.take().map(|range| match range.split_once('@') {
                        Some((length, offset)) => (offset.parse().unwrap(), length.parse().unwrap()),
                        None => {
                            let (offset, length) =
                                before.expect("a sub-range that continues one that is there");
                            (offset + length, range.parse().unwrap())
                        }
                    });
                    let following = next.following();
                    playlist.segments.push(std::mem::replace(&mut next, following));
                    written += 1;
                }
            }
        }
        let number = |name: &str| playlist.settings.get(name).map_or(0, |value| value.parse().unwrap());
        (playlist.first, playlist.discontinuity) =
            (number("#EXT-X-MEDIA-SEQUENCE"), number("#EXT-X-DISCONTINUITY-SEQUENCE"));
        playlist.tail.extend(next.own);
        playlist
    }

    /// The duration of its segments.
    pub(crate) fn duration_ms(&self) -> u64 {
        self.segments.iter().map(|segment| segment.duration_ms).sum()
    }

    /// Applies this delta update to an older copy. An error if a client would have to request the whole playlist.
    pub(crate) fn merged(&self, before: &Self) -> Result<Self, String> {
        let skipped = self.skipped.ok_or("nothing is skipped")?;
        let mut segments = Vec::new();
        for number in self.first..self.first + skipped {
            let known = before.segments.iter().find(|segment| segment.number == number);
            segments.push(known.ok_or(format!("segment {number} is not at hand"))?.clone());
        }
        let base = segments.last().map_or(0, |segment| segment.discontinuity) - self.discontinuity;
        for written in &self.segments {
            let following = segments.last().map(Segment::following).unwrap_or_default();
            let mut written = written.clone();
            written.discontinuity += base;
            written.date = written.date.or(following.date);
            written.bitrate = written.bitrate.or(following.bitrate);
            segments.push(written);
        }
        Ok(Self { segments, skipped: None, ..self.clone() })
    }
}

impl Segment {
    /// The state that also applies to the next segment.
    fn following(&self) -> Self {
        let passed = TimeDelta::milliseconds(self.duration_ms.try_into().unwrap());
        Self {
            keys: self.keys.clone(),
            map: self.map.clone(),
            bitrate: self.bitrate.clone(),
            date: self.date.map(|date| date + passed),
            cue: self
                .cue
                .map(|(elapsed, of)| (elapsed + self.duration_ms, of))
                .filter(|(elapsed, of)| elapsed < of),
            ..Self::default()
        }
    }
}

/// The end of a part's sub-range and its file, and its line with an offset.
fn part_range(before: Option<(String, u64)>, line: &str) -> (Option<(String, u64)>, String) {
    let value = |name: &str| Some(line.split(name).nth(1)?.split('"').next()?.to_owned());
    let Some((range, uri)) = value("BYTERANGE=\"").zip(value("URI=\"")) else {
        return (None, line.to_owned());
    };
    let (length, offset) = match range.split_once('@') {
        Some((length, offset)) => (length, offset.parse().unwrap()),
        None => {
            let before = before.filter(|(of, _)| *of == uri).map(|(_, end)| end);
            (range.as_str(), before.expect("a part that continues one that is there"))
        }
    };
    let end = offset + length.parse::<u64>().unwrap();
    (Some((uri, end)), line.replace(&format!("\"{range}\""), &format!("\"{length}@{offset}\"")))
}

fn milliseconds(seconds: &str) -> u64 {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let fraction = format!("{fraction:0<3}");
    whole.parse::<u64>().unwrap_or(0) * 1000 + fraction[..3].parse::<u64>().unwrap_or(0)
}

/// Makes a playlist that follows the specification from any bytes. Each byte makes a few lines, so a playlist grows with its
/// bytes.
pub(crate) fn playlist(settings: u8, bytes: &[u8]) -> String {
    let mut text = String::from("#EXTM3U\n#EXT-X-TARGETDURATION:4\n");
    let on = |bit: u8| settings & (1 << bit) != 0;
    for (bit, line) in [
        (0, "#EXT-X-MEDIA-SEQUENCE:100"),
        (1, "#EXT-X-DISCONTINUITY-SEQUENCE:7"),
        (2, "#EXT-X-VERSION:6"),
        (3, "#EXT-X-PLAYLIST-TYPE:EVENT"),
        (4, "#EXT-X-SERVER-CONTROL:HOLD-BACK=14"),
        (5, "#EXT-X-INDEPENDENT-SEGMENTS"),
        (6, "#EXT-X-START:TIME-OFFSET=9.5"),
    ] {
        if on(bit) {
            text += line;
            text += "\n";
        }
    }
    let eol = if on(7) { "\r\n" } else { "\n" };
    let start = DateTime::parse_from_rfc3339("2026-11-01T10:00:00.250+04:00").unwrap();
    let (mut elapsed_ms, mut number, mut in_range) = (0_i64, 0, false);
    let mut in_parts = false;
    for (at, byte) in bytes.iter().enumerate() {
        let choice = byte >> 5;
        let at_ms = start + TimeDelta::milliseconds(elapsed_ms);
        let date = at_ms.to_rfc3339_opts(chrono::SecondsFormat::Millis, false);
        let line = match byte & 31 {
            0..=13 => {
                let length_ms = 1_000 + i64::from(choice) * 431;
                elapsed_ms += length_ms;
                number += 1;
                let range = match byte & 31 {
                    12 => format!("#EXT-X-BYTERANGE:{}@{}{eol}", 100 + number, number),
                    13 if in_range => format!("#EXT-X-BYTERANGE:{}{eol}", 100 + number),
                    _ => String::new(),
                };
                in_range = !range.is_empty();
                format!("{range}#EXTINF:{}.{:03},{eol}s{number}.ts", length_ms / 1000, length_ms % 1000)
            }
            14 => "#EXT-X-DISCONTINUITY".to_owned(),
            15 => format!("#EXT-X-KEY:METHOD=AES-128,URI=\"k{at}\""),
            16 => format!("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k{at}\",KEYFORMAT=\"f{}\"", choice % 3),
            17 => "#EXT-X-KEY:METHOD=NONE".to_owned(),
            18 => format!("#EXT-X-MAP:URI=\"m{at}.mp4\""),
            19 => format!("#EXT-X-PROGRAM-DATE-TIME:{date}"),
            20 => {
                // A jump forward.
                elapsed_ms += i64::from(choice) * 1_000;
                let jumped = start + TimeDelta::milliseconds(elapsed_ms);
                let date = jumped.to_rfc3339_opts(chrono::SecondsFormat::Millis, false);
                format!("#EXT-X-DISCONTINUITY{eol}#EXT-X-PROGRAM-DATE-TIME:{date}")
            }
            21 => "#EXT-X-GAP".to_owned(),
            22 => format!("#EXT-X-BITRATE:{}", 100 + u32::from(choice)),
            23 => {
                let range = match choice {
                    0..=1 => format!(",URI=\"p{at}.mp4\""),
                    2..=5 if in_parts => format!(",URI=\"p.mp4\",BYTERANGE=\"{}\"", 100 + at),
                    _ => format!(",URI=\"p.mp4\",BYTERANGE=\"{}@{at}\"", 100 + at),
                };
                in_parts = choice > 1;
                format!("#EXT-X-PART:DURATION=0.5{range}")
            }
            24 => format!("#EXT-X-DATERANGE:ID=\"d{at}\",START-DATE=\"{date}\",DURATION={choice}.5"),
            25 => {
                let end = at_ms + TimeDelta::seconds(i64::from(choice));
                let end = end.to_rfc3339_opts(chrono::SecondsFormat::Millis, false);
                format!("#EXT-X-DATERANGE:ID=\"d{at}\",START-DATE=\"{date}\",END-DATE=\"{end}\"")
            }
            26 => format!("#EXT-X-DATERANGE:ID=\"d{at}\",START-DATE=\"{date}\""),
            27 => format!("#EXT-X-CUE-OUT:{}", 5 + choice),
            28 => "#EXT-X-CUE-IN".to_owned(),
            29 => "# a comment".to_owned(),
            30 => format!("#EXT-X-OWN-{at}:x"),
            _ => String::new(),
        };
        text += &line;
        text += eol;
    }
    text
}
