//! Renditions, their groups, and the variants that name them ([draft-pantos-hls-rfc8216bis-22 section 4.4.6.1.1][bis]).
//!
//! [bis]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6.1.1

use std::collections::{BTreeMap, BTreeSet};

use super::entry::Entry;
use super::outline::Outline;
use super::rule::Rule;
use super::scalar;
use super::subject::{Check, Report};
use crate::hls::read::tag::Tag;
use crate::manifest::quote;

/// A type and a group's identifier.
type Name<'a> = (&'a [u8], &'a [u8]);

#[derive(Default)]
pub(super) struct Renditions<'a> {
    groups: BTreeMap<Name<'a>, Group<'a>>,
    /// The groups that variants name, and where.
    named: Vec<(Name<'a>, usize)>,
    /// The first variant with the captions `NONE`, and the first variant with other captions.
    captions: (Option<usize>, Option<usize>),
}

#[derive(Default)]
struct Group<'a> {
    at: usize,
    names: BTreeSet<&'a [u8]>,
    has_default: bool,
    /// The properties by which a player selects among members: language, associated language, forced, characteristics.
    alike: BTreeSet<[Option<&'a [u8]>; 4]>,
}

impl<'a> Check<'a> for Renditions<'a> {
    fn line(&mut self, entry: &Entry<'a, '_>, _: &Outline, report: &mut Report) {
        average(entry, report);
        match entry.tag() {
            Some(Tag::Media) => {
                media(entry, report);
                self.member(entry, report);
            }
            Some(tag @ (Tag::StreamInf | Tag::IFrameStreamInf)) => {
                stable_id(entry, "STABLE-VARIANT-ID", report);
                for kind in ["AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"] {
                    if let Some(group) = entry.get(kind).filter(|group| group.quoted) {
                        self.named.push(((kind.as_bytes(), group.value), entry.at_value(kind)));
                    }
                }
                if tag == Tag::StreamInf {
                    let none = entry.says("CLOSED-CAPTIONS", "NONE");
                    let first = if none { &mut self.captions.0 } else { &mut self.captions.1 };
                    first.get_or_insert(entry.at());
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, _: &Outline, report: &mut Report) {
        for ((kind, group), at) in self.named.iter().filter(|(name, _)| !self.groups.contains_key(name)) {
            report.add(Rule::GroupMissing, *at, || {
                format!(
                    "expected an `EXT-X-MEDIA` of the type {} and the group {}, found none",
                    quote(kind),
                    quote(group)
                )
            });
        }
        if let (Some(none), Some(other)) = self.captions {
            report.add(Rule::CaptionsNone, none.max(other), || {
                "expected `CLOSED-CAPTIONS=NONE` in each variant or in none, found it in some".to_owned()
            });
        }
        let mut first: BTreeMap<&[u8], &Group<'_>> = BTreeMap::new();
        for ((kind, name), group) in &self.groups {
            let expected = first.entry(kind).or_insert(group);
            if expected.names != group.names {
                report.add(Rule::GroupMembers, group.at, || {
                    format!(
                        "expected the names of another group of the type {} in {}, found others",
                        quote(kind),
                        quote(name)
                    )
                });
            }
        }
    }
}

impl<'a> Renditions<'a> {
    fn member(&mut self, entry: &Entry<'a, '_>, report: &mut Report) {
        let (Some(kind), Some(id)) = (entry.value("TYPE"), entry.value("GROUP-ID")) else { return };
        let group =
            self.groups.entry((kind, id)).or_insert_with(|| Group { at: entry.at(), ..Group::default() });
        if let Some(name) = entry.value("NAME")
            && !group.names.insert(name)
        {
            report.add(Rule::GroupNames, entry.at_value("NAME"), || {
                format!("expected names that differ in the group {}, found {} again", quote(id), quote(name))
            });
        }
        if entry.says("DEFAULT", "YES") && std::mem::replace(&mut group.has_default, true) {
            report.add(Rule::GroupDefaults, entry.at_value("DEFAULT"), || {
                format!("expected one default in the group {}, found another", quote(id))
            });
        }
        if entry.says("AUTOSELECT", "YES") {
            let tells =
                ["LANGUAGE", "ASSOC-LANGUAGE", "FORCED", "CHARACTERISTICS"].map(|name| entry.value(name));
            if !group.alike.insert(tells) {
                report.add(Rule::AutoselectAlike, entry.at(), || {
                    "expected another language or other characteristics than before, found the same"
                        .to_owned()
                });
            }
        }
    }
}

/// Both are what the variant needs, the one at its peak. By the clause they MUST be exact where all segments exist already,
/// and SHOULD be near where not, which the playlist does not tell.
fn average(entry: &Entry<'_, '_>, report: &mut Report) {
    let number = |name| entry.value(name).and_then(scalar::integer);
    if let (Some(peak), Some(average)) = (number("BANDWIDTH"), number("AVERAGE-BANDWIDTH"))
        && average > peak
    {
        report.add(Rule::AverageAbovePeak, entry.at_value("AVERAGE-BANDWIDTH"), || {
            format!("expected {peak} at most, which is `BANDWIDTH`, found {average}")
        });
    }
}

fn media(entry: &Entry<'_, '_>, report: &mut Report) {
    stable_id(entry, "STABLE-RENDITION-ID", report);
    let Some(kind) = entry.value("TYPE") else { return };
    if entry.says("DEFAULT", "YES") && entry.says("AUTOSELECT", "NO") {
        report.add(Rule::AutoselectNo, entry.at_value("AUTOSELECT"), || {
            "expected `AUTOSELECT=YES` beside `DEFAULT=YES`, found `NO`".to_owned()
        });
    }
    let forbidden: &[&str] = match kind {
        b"AUDIO" => &["FORCED"],
        b"SUBTITLES" => &["CHANNELS", "BIT-DEPTH", "SAMPLE-RATE"],
        b"CLOSED-CAPTIONS" => &["FORCED", "CHANNELS", "BIT-DEPTH", "SAMPLE-RATE", "URI"],
        _ => &["FORCED", "CHANNELS", "BIT-DEPTH", "SAMPLE-RATE"],
    };
    for name in forbidden.iter().filter(|name| entry.has(name)) {
        report.add_to(Tag::Media.clause(), Rule::AttributeForbidden, entry.at_value(name), || {
            format!("expected no `{name}` with the type {}, found one", quote(kind))
        });
    }
    let required = match kind {
        b"SUBTITLES" => "URI",
        b"CLOSED-CAPTIONS" => "INSTREAM-ID",
        _ => return instream_id(kind, entry, report),
    };
    if !entry.has(required) {
        report.add_to(Tag::Media.clause(), Rule::AttributeMissing, entry.at(), || {
            format!("expected `{required}` with the type {}, found none", quote(kind))
        });
    }
    instream_id(kind, entry, report);
}

fn instream_id(kind: &[u8], entry: &Entry<'_, '_>, report: &mut Report) {
    let Some(id) = entry.value("INSTREAM-ID") else { return };
    let right = if kind == b"CLOSED-CAPTIONS" {
        let service = id.strip_prefix(b"SERVICE").and_then(scalar::integer);
        matches!(id, b"CC1" | b"CC2" | b"CC3" | b"CC4")
            || service.is_some_and(|number| (1..=63).contains(&number))
    } else {
        id.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'.')
    };
    if !right {
        let expected = if kind == b"CLOSED-CAPTIONS" {
            "CC1 to CC4, or SERVICE1 to SERVICE63"
        } else {
            "A-Z, a-z, 0-9 and `.`"
        };
        report.add(Rule::InstreamId, entry.at_value("INSTREAM-ID"), || {
            format!("expected {expected}, found {}", quote(id))
        });
    }
}

fn stable_id(entry: &Entry<'_, '_>, name: &str, report: &mut Report) {
    if let Some(id) = entry.value(name)
        && !id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=.-_".contains(byte))
    {
        report.add(Rule::StableId, entry.at_value(name), || {
            format!("expected A-Z, a-z, 0-9 and `+/=.-_`, found {}", quote(id))
        });
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::hls::check::tests::Row;

    pub(in crate::hls::check) const ROWS: &[Row] = &[
        (
            "group-missing",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\nb\n",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\nb\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\"\n",
        ),
        (
            "group-missing",
            "#EXTM3U\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"b\",VIDEO=\"a\"\n",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CLOSED-CAPTIONS=NONE\nb\n",
        ),
        (
            "group-names",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\"\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\"\n",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\"\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"b\",NAME=\"c\"\n#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"a\",NAME=\"c\"\n",
        ),
        (
            "group-defaults",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\",DEFAULT=YES\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"d\",DEFAULT=YES\n",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\",DEFAULT=YES\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"b\",NAME=\"c\",DEFAULT=YES\n",
        ),
        (
            "group-members",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\"\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"b\",NAME=\"d\"\n",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\"\n#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"b\",NAME=\"d\"\n",
        ),
        (
            "autoselect-no",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\",DEFAULT=YES,AUTOSELECT=NO\n",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\",DEFAULT=YES\n",
        ),
        (
            "autoselect-alike",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\",AUTOSELECT=YES\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"d\",AUTOSELECT=YES\n",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\",AUTOSELECT=YES\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"d\",AUTOSELECT=YES,LANGUAGE=\"de\"\n",
        ),
        (
            "attribute-forbidden",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\",FORCED=YES\n",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"a\",NAME=\"c\",FORCED=YES,URI=\"b\"\n",
        ),
        (
            "attribute-forbidden",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"a\",NAME=\"c\",CHANNELS=\"2\"\n",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\",CHANNELS=\"2\"\n",
        ),
        (
            "attribute-forbidden",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"a\",NAME=\"c\",INSTREAM-ID=\"CC1\",URI=\"b\"\n",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"a\",NAME=\"c\",INSTREAM-ID=\"CC1\"\n",
        ),
        (
            "attribute-missing",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"a\",NAME=\"c\"\n",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\"\n",
        ),
        (
            "attribute-missing",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"a\",NAME=\"c\"\n",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"a\",NAME=\"c\",INSTREAM-ID=\"CC1\"\n",
        ),
        (
            "instream-id",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"a\",NAME=\"c\",INSTREAM-ID=\"SERVICE64\"\n",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"a\",NAME=\"c\",INSTREAM-ID=\"SERVICE63\"\n",
        ),
        (
            "instream-id",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\",INSTREAM-ID=\"a b\"\n",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"c\",INSTREAM-ID=\"a.b\"\n",
        ),
        (
            "captions-none",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CLOSED-CAPTIONS=NONE\nb\n#EXT-X-STREAM-INF:BANDWIDTH=1\nb\n",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CLOSED-CAPTIONS=NONE\nb\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"b\"\n",
        ),
        (
            "average-above-peak",
            "#EXTM3U\n#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=2,BANDWIDTH=1\nb\n",
            "#EXTM3U\n#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=1,BANDWIDTH=1\nb\n",
        ),
        (
            "average-above-peak",
            "#EXTM3U\n#EXT-X-I-FRAME-STREAM-INF:AVERAGE-BANDWIDTH=2,BANDWIDTH=1,URI=\"b\"\n",
            "#EXTM3U\n#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=2\nb\n",
        ),
        (
            "stable-id",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,STABLE-VARIANT-ID=\"a b\"\nb\n",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,STABLE-VARIANT-ID=\"a+/=.-_0\"\nb\n",
        ),
    ];
}
