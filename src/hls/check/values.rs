//! The values of tags and of their attributes, by their types.

use std::collections::BTreeSet;

use super::entry::Entry;
use super::outline::Outline;
use super::rule::Rule;
use super::scalar;
use super::subject::{Check, Report};
use crate::hls::read::attributes::Attribute;
use crate::hls::read::tag::{Tag, Type, Value};
use crate::hls::read::variables::OPEN;
use crate::manifest::quote;

pub(super) struct Values;

impl Check<'_> for Values {
    fn line(&mut self, entry: &Entry<'_, '_>, _: &Outline, report: &mut Report) {
        let Some(tag) = entry.tag() else { return };
        let name = tag.name();
        let Some((value, at)) = entry.stated() else {
            if !matches!(tag.value(), Value::Nothing | Value::Free) && !tag.may_be_bare() {
                report.add_to(tag.clause(), Rule::ValueMissing, entry.at(), || {
                    format!("expected `:` and a value behind `#{name}`")
                });
            }
            return;
        };
        if at > entry.event.value_at() && !matches!(tag.value(), Value::List(_) | Value::Free) {
            report.add(Rule::WhiteSpace, entry.event.value_at(), || {
                "expected no white space before a value, found some".to_owned()
            });
        }
        let mut wrong = |expected: &str| {
            report.add_to(tag.clause(), Rule::ValueSyntax, at, || {
                format!("expected {expected}, found {}", quote(value))
            });
        };
        match tag.value() {
            Value::Nothing => report.add_to(tag.clause(), Rule::ValueUnexpected, at, || {
                format!("expected nothing behind `#{name}`, found {}", quote(value))
            }),
            Value::Integer if scalar::integer(value).is_none() => wrong("a decimal integer"),
            Value::Range if scalar::range(value).is_none() => {
                wrong("a length, or a length and an offset: `n@o`");
            }
            Value::Date => date(value, at, Some(tag), report),
            Value::Word(words) if !words.iter().any(|word| word.as_bytes() == value) => {
                wrong(&format!("one of {}", words.join(", ")));
            }
            Value::Uri if value.is_empty() => wrong("a URI"),
            Value::Duration => duration(value, at, report),
            Value::List(_) => list(tag, entry, report),
            _ => {}
        }
    }
}

impl Tag {
    /// Whether some write the tag without a value although it may have one.
    const fn may_be_bare(self) -> bool {
        matches!(self, Self::Cue | Self::CueSpan | Self::Asset | Self::TwitchInfo)
    }
}

fn date(value: &[u8], at: usize, tag: Option<Tag>, report: &mut Report) {
    let found = scalar::date(value);
    if found.is_none() {
        let message = || format!("expected a date and a time of ISO 8601, found {}", quote(value));
        match tag {
            Some(tag) => report.add_to(tag.clause(), Rule::ValueSyntax, at, message),
            None => report.add(Rule::AttributeType, at, message),
        }
    } else if found.is_some_and(|instant| !instant.has_zone) {
        report.add(Rule::DateZone, at, || format!("expected a time zone, found {}", quote(value)));
    }
}

/// `<duration>,[<title>]`
fn duration(value: &[u8], at: usize, report: &mut Report) {
    let comma = memchr::memchr(b',', value);
    let number = value.split(|byte| *byte == b',').next().unwrap_or(value);
    // The form of IPTV's lists: `-1 tvg-id="a" group-title="b, c",title`.
    let first = number.split(u8::is_ascii_whitespace).next().unwrap_or(number);
    if scalar::float(first).is_none() {
        report
            .add(Rule::ValueSyntax, at, || format!("expected a duration in seconds, found {}", quote(first)));
    }
    if first.len() < number.trim_ascii_end().len() {
        report.add(Rule::ExtinfAttributes, at + first.len(), || {
            format!(
                "expected a comma behind the duration, found {}",
                quote(number.strip_prefix(first).unwrap_or(number))
            )
        });
    } else if comma.is_none() {
        report.add(Rule::ExtinfComma, at + value.len(), || {
            "expected a comma behind the duration, found none".to_owned()
        });
    }
}

fn list(tag: Tag, entry: &Entry<'_, '_>, report: &mut Report) {
    let (Value::List(known), Some(value)) = (tag.value(), entry.event.value()) else { return };
    let list_at = entry.event.value_at();
    let mut names = BTreeSet::new();
    let mut seen = 0;
    for attribute in entry.attributes {
        let at = list_at + attribute.at;
        syntax(value, seen, attribute, list_at, report);
        seen = behind(attribute);
        if !names.insert(attribute.name) {
            report.add(Rule::AttributeRepeated, at, || {
                format!("expected {} once, found it again", quote(attribute.name))
            });
        }
        match tag.attribute(attribute.name) {
            Some(found) => typed(found.kind, attribute, at, report),
            // Anybody may make up `X-` attributes, and vendors' lists are theirs.
            None if known.is_empty() || (tag == Tag::DateRange && attribute.name.starts_with(b"X-")) => {}
            None => report.add(Rule::AttributeUnknown, at, || {
                format!("found the attribute {}, which is not known", quote(attribute.name))
            }),
        }
    }
    if let Some(rest) = value.get(seen..).filter(|rest| !rest.is_empty()) {
        report.add(Rule::AttributeSyntax, list_at + seen, || {
            format!("expected `NAME=VALUE`, found {}", quote(rest))
        });
    }
    for required in known.iter().filter(|known| known.required && !names.contains(known.name.as_bytes())) {
        report.add_to(tag.clause(), Rule::AttributeMissing, entry.at(), || {
            format!("expected `{}`, found none", required.name)
        });
    }
}

/// The offset behind an attribute's value, with its closing quote.
const fn behind(attribute: &Attribute<'_>) -> usize {
    attribute.at + attribute.value.len() + (attribute.quoted && attribute.exact) as usize
}

/// Between one value and the next there is a comma and a name, and nothing else.
fn syntax(list: &[u8], seen: usize, attribute: &Attribute<'_>, list_at: usize, report: &mut Report) {
    let name_end = attribute.at - usize::from(attribute.quoted) - 1;
    let Some(between) = list.get(seen..name_end) else { return };
    let name = if seen == 0 { Some(between) } else { between.trim_ascii_start().strip_prefix(b",") };
    let is_name = |name: &[u8]| {
        !name.is_empty()
            && name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'-')
    };
    if !name.is_some_and(|name| is_name(name.trim_ascii())) {
        report.add(Rule::AttributeSyntax, list_at + seen, || {
            format!("expected an attribute's name of A-Z, 0-9 and `-`, found {}", quote(between))
        });
    } else if between.iter().any(u8::is_ascii_whitespace) {
        report.add(Rule::WhiteSpace, list_at + seen, || {
            "expected no white space around an attribute's name, found some".to_owned()
        });
    }
    if !attribute.exact {
        report.add(Rule::AttributeSyntax, list_at + attribute.at, || {
            format!("expected a value in quotes or without, found {}", quote(attribute.value))
        });
    }
}

fn typed(kind: Type, attribute: &Attribute<'_>, at: usize, report: &mut Report) {
    let Attribute { value, quoted, .. } = *attribute;
    // A variable stands for the value, which is not known here.
    let is_variable = memchr::memmem::find(value, OPEN.as_bytes()).is_some();
    let within = |words: &[&str]| words.iter().any(|word| word.as_bytes() == value);
    let right = match kind {
        Type::Any => true,
        Type::Integer => !quoted && scalar::integer(value).is_some(),
        Type::Hexadecimal => !quoted && (is_variable || scalar::hexadecimal(value).is_some()),
        Type::Float => !quoted && scalar::float(value).is_some(),
        Type::SignedFloat => !quoted && scalar::signed(value).is_some(),
        Type::Resolution => !quoted && scalar::resolution(value).is_some(),
        Type::Quoted | Type::Words(_) => quoted && !value.is_empty(),
        Type::QuotedOrEmpty | Type::Date => quoted,
        Type::QuotedOrNone => {
            if quoted {
                !value.is_empty()
            } else {
                value == b"NONE"
            }
        }
        Type::Enumerated(words) => !quoted && within(words),
        Type::Open(_) => !quoted && !value.is_empty(),
        Type::Range { offset } => {
            let range = scalar::range(value);
            quoted && (is_variable || range.is_some_and(|(_, found)| found.is_some() || !offset))
        }
    };
    if !right {
        report.add(Rule::AttributeType, at, || {
            let quotes = if quoted { " in quotes" } else { "" };
            format!("expected {}, found {}{quotes}", expected(kind), quote(value))
        });
        return;
    }
    match kind {
        Type::Hexadecimal if !is_variable && value.iter().any(|byte| (b'a'..=b'f').contains(byte)) => {
            report.add(Rule::HexadecimalCase, at, || {
                format!("expected digits of 0-9 and A-F, found {}", quote(value))
            });
        }
        Type::Date if !is_variable => date(value, at, None, report),
        Type::Open(words) if !within(words) => report.add(Rule::AttributeWord, at, || {
            format!("expected one of {}, found {}", words.join(", "), quote(value))
        }),
        Type::Words(words) if !is_variable => {
            let unknown = value
                .split(|byte| *byte == b',')
                .find(|word| !words.iter().any(|known| known.as_bytes() == *word));
            if let Some(word) = unknown {
                report.add(Rule::AttributeWord, at, || {
                    format!("expected words of {}, found {}", words.join(", "), quote(word))
                });
            }
        }
        _ => {}
    }
}

fn expected(kind: Type) -> String {
    match kind {
        Type::Any => "a value",
        Type::Integer => "a decimal integer",
        Type::Hexadecimal => "a hexadecimal sequence: `0x` and digits of 0-9 and A-F",
        Type::Float => "a decimal number that is not negative",
        Type::SignedFloat => "a decimal number",
        Type::Resolution => "a resolution: `640x360`",
        Type::Quoted => "a string in quotes that is not empty",
        Type::QuotedOrEmpty => "a string in quotes",
        Type::QuotedOrNone => "a string in quotes, or NONE",
        Type::Date => "a date and a time in quotes",
        Type::Range { offset: true } => "a length and an offset in quotes: `\"n@o\"`",
        Type::Range { offset: false } => "a length, or a length and an offset, in quotes: `\"n@o\"`",
        Type::Enumerated(words) | Type::Open(words) => {
            return format!("one of {} without quotes", words.join(", "));
        }
        Type::Words(words) => return format!("words of {} in quotes", words.join(", ")),
    }
    .to_owned()
}

#[cfg(test)]
pub(super) mod rows {
    use crate::hls::check::tests::Row;

    pub(in crate::hls::check) const ROWS: &[Row] = &[
        (
            "hexadecimal-case",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\",IV=0xa\n",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\",IV=0xA\n",
        ),
        (
            "value-missing",
            "#EXTM3U\n#EXT-X-VERSION\n",
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-ENDLIST\n#EXT-X-CUE-OUT\n",
        ),
        ("value-unexpected", "#EXTM3U\n#EXT-X-ENDLIST:\n", "#EXTM3U\n#EXT-X-ENDLIST\n"),
        ("value-syntax", "#EXTM3U\n#EXT-X-VERSION:three\n", "#EXTM3U\n#EXT-X-VERSION:3\n"),
        ("value-syntax", "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:-1\n", "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n"),
        ("value-syntax", "#EXTM3U\n#EXT-X-PLAYLIST-TYPE:vod\n", "#EXTM3U\n#EXT-X-PLAYLIST-TYPE:VOD\n"),
        ("value-syntax", "#EXTM3U\n#EXT-X-BYTERANGE:1@\n", "#EXTM3U\n#EXT-X-BYTERANGE:1@0\n"),
        (
            "value-syntax",
            "#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:now\n",
            "#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n",
        ),
        ("value-syntax", "#EXTM3U\n#EXTINF:-1,a\na.ts\n", "#EXTM3U\n#EXTINF:1.5,a\na.ts\n"),
        ("value-syntax", "#EXTM3U\n#EXT-X-PREFETCH:\n", "#EXTM3U\n#EXT-X-PREFETCH:a.ts\n"),
        ("extinf-comma", "#EXTM3U\n#EXTINF:4\na.ts\n", "#EXTM3U\n#EXTINF:4,\na.ts\n"),
        (
            "extinf-attributes",
            "#EXTM3U\n#EXTINF:4 tvg-id=\"a\",b\na.ts\n",
            "#EXTM3U\n#EXTINF:4,tvg-id=\"a\"\na.ts\n",
        ),
        (
            "attribute-syntax",
            "#EXTM3U\n#EXT-X-KEY:METHOD=NONE;URI=\"a\"\n",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\"\n",
        ),
        ("attribute-syntax", "#EXTM3U\n#EXT-X-MAP:URI=\"a\n", "#EXTM3U\n#EXT-X-MAP:URI=\"a\"\n"),
        ("attribute-syntax", "#EXTM3U\n#EXT-X-MAP:URI=\"a\"b\n", "#EXTM3U\n#EXT-X-MAP:URI=\"a,b=c\"\n"),
        ("attribute-syntax", "#EXTM3U\n#EXT-X-MAP:uri=\"a\"\n", "#EXTM3U\n#EXT-X-MAP:URI=\"a\"\n"),
        ("attribute-syntax", "#EXTM3U\n#EXT-X-MAP:URI=\"a\",\n", "#EXTM3U\n#EXT-X-MAP:URI=\"a\"\n"),
        (
            "attribute-repeated",
            "#EXTM3U\n#EXT-X-MAP:URI=\"a\",URI=\"b\"\n",
            "#EXTM3U\n#EXT-X-MAP:URI=\"a\",BYTERANGE=\"1@0\"\n",
        ),
        ("attribute-missing", "#EXTM3U\n#EXT-X-MAP:BYTERANGE=\"1@0\"\n", "#EXTM3U\n#EXT-X-MAP:URI=\"a\"\n"),
        ("attribute-type", "#EXTM3U\n#EXT-X-MAP:URI=a\n", "#EXTM3U\n#EXT-X-MAP:URI=\"a\"\n"),
        ("attribute-type", "#EXTM3U\n#EXT-X-MAP:URI=\"\"\n", "#EXTM3U\n#EXT-X-MAP:URI=\"a\"\n"),
        (
            "attribute-type",
            "#EXTM3U\n#EXT-X-MAP:URI=\"a\",BYTERANGE=\"1\"\n",
            "#EXTM3U\n#EXT-X-PART:DURATION=1,URI=\"a\",BYTERANGE=\"1\"\n",
        ),
        (
            "attribute-type",
            "#EXTM3U\n#EXT-X-START:TIME-OFFSET=\"1\"\n",
            "#EXTM3U\n#EXT-X-START:TIME-OFFSET=-1.5\n",
        ),
        (
            "attribute-type",
            "#EXTM3U\n#EXT-X-START:TIME-OFFSET=1,PRECISE=yes\n",
            "#EXTM3U\n#EXT-X-START:TIME-OFFSET=1,PRECISE=YES\n",
        ),
        (
            "attribute-type",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=-1\n",
            "#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=1.0\n",
        ),
        (
            "attribute-type",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1.5\na\n",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n",
        ),
        (
            "attribute-type",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1\na\n",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1x1\na\n",
        ),
        (
            "attribute-type",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CLOSED-CAPTIONS=x\na\n",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CLOSED-CAPTIONS=NONE\na\n",
        ),
        (
            "attribute-type",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\",IV=1\n",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\",IV=0x1\n",
        ),
        (
            "attribute-type",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"now\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"{$now}\"\n",
        ),
        (
            "attribute-type",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CUE=ONCE\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",CUE=\"ONCE\"\n",
        ),
        (
            "attribute-word",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-129,URI=\"a\"\n",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\"\n",
        ),
        (
            "attribute-word",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",X-SNAP=\"UP\"\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",X-SNAP=\"OUT,IN\"\n",
        ),
        (
            "attribute-unknown",
            "#EXTM3U\n#EXT-X-MAP:URI=\"a\",X-A=1\n",
            "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",X-A=1\n#EXT-X-ASSET:CAID=1\n",
        ),
        (
            "date-zone",
            "#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00\n",
            "#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00+01:00\n",
        ),
    ];
}
