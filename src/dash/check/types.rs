//! The values of attributes: whether they match their types.
//!
//! Common mistakes that every player tolerates are warnings: text in an AdaptationSet's `id`, a decimal frame rate,
//! `True`.

use super::known::{self, Known, Type};
use super::rule::{Report, Rule};
use super::{scalar, uris};
use crate::dash::document::Attribute;
use crate::dash::duration;
use crate::manifest::quote;

/// How a value matches its type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Exact,
    Loose,
    Wrong,
}

pub(super) fn check(
    element: &'static Known,
    known: &known::Attribute,
    attribute: &Attribute<'_>,
    report: &mut Report,
) {
    let value = attribute.value();
    let text = value.trim_ascii();
    let fit = fit(known.kind, text);
    if fit != Fit::Exact {
        let rule = if fit == Fit::Loose { Rule::AttributeLoose } else { Rule::AttributeType };
        report.add_to(element.clause, rule, attribute.at, || {
            format!("expected {}, found {}", expected(known.kind), quote(text.as_bytes()))
        });
        return;
    }
    match known.kind {
        Type::Date if scalar::date(text).is_some_and(|date| !date.has_zone) => {
            report.add(Rule::DateZone, attribute.at, || {
                format!("expected a time zone, such as `Z`, found {}", quote(text.as_bytes()))
            });
        }
        Type::Language if text.eq_ignore_ascii_case("und") => {
            report.add(Rule::LanguageUndetermined, attribute.at, || {
                "expected a language, found `und`".to_owned()
            });
        }
        Type::Language if !scalar::is_language(text) => report.add(Rule::Language, attribute.at, || {
            format!("expected a tag such as `en` or `zh-Hant`, found {}", quote(text.as_bytes()))
        }),
        Type::Range => {
            if let Some((first, Some(last))) =
                scalar::range(text).filter(|(first, last)| Some(*first) > *last)
            {
                report.add(Rule::RangeOrder, attribute.at, || {
                    format!("expected a last byte behind {first}, found {last}")
                });
            }
        }
        Type::Uri => uris::spelling(attribute.raw, attribute.at, report),
        _ => {}
    }
}

fn fit(kind: Type, text: &str) -> Fit {
    let integer = scalar::integer(text);
    let is_number = || scalar::number(text).is_some_and(|number| number >= 0.0 && number.is_finite());
    let each = |is_right: fn(&str) -> bool| text.split_ascii_whitespace().all(is_right);
    let exact = match kind {
        Type::Text | Type::Uri | Type::Name | Type::Language | Type::Tokens => true,
        Type::Token => !text.contains(char::is_whitespace),
        Type::Integer => integer.is_some_and(|integer| u32::try_from(integer).is_ok()),
        Type::Long | Type::Id => integer.is_some(),
        Type::Signed => scalar::signed(text).is_some(),
        Type::Integers => each(|text| scalar::integer(text).is_some()),
        Type::Number => scalar::number(text).is_some(),
        Type::Boolean => is_boolean(text),
        Type::Alignment => is_boolean(text) || integer.is_some(),
        Type::Duration => duration::milliseconds(text).is_some(),
        Type::Date => scalar::date(text).is_some(),
        Type::Words(words) => words.contains(&text),
        Type::Ratio => scalar::ratio(text).is_some(),
        Type::FrameRate => scalar::frame_rate(text).is_some(),
        Type::Rates => {
            each(|text| scalar::integer(text).is_some())
                && (1..=2).contains(&text.split_ascii_whitespace().count())
        }
        Type::Range => scalar::range(text).is_some(),
        Type::AccessPoint => integer.is_some_and(|integer| integer <= 6),
    };
    if exact {
        return Fit::Exact;
    }
    let loose = match kind {
        Type::Integer | Type::Long | Type::FrameRate => is_number(),
        Type::Id => !text.is_empty(),
        Type::Boolean | Type::Alignment => is_boolean(&text.to_ascii_lowercase()),
        Type::Words(words) => words.iter().any(|word| word.eq_ignore_ascii_case(text)),
        _ => false,
    };
    if loose { Fit::Loose } else { Fit::Wrong }
}

fn is_boolean(text: &str) -> bool {
    matches!(text, "true" | "false" | "1" | "0")
}

fn expected(kind: Type) -> String {
    match kind {
        Type::Text | Type::Uri | Type::Name | Type::Tokens => "a text",
        Type::Token => "a text without white space",
        Type::Integer => "an integer of 32 bits that is not negative",
        Type::Long | Type::Id => "an integer that is not negative",
        Type::Signed => "an integer",
        Type::Integers => "integers with white space between them",
        Type::Number => "a number, or INF",
        Type::Boolean => "`true` or `false`",
        Type::Alignment => "`true`, `false` or an integer",
        Type::Duration => "a duration, such as `PT1.5S`",
        Type::Date => "a date and a time, such as `2026-01-01T00:00:00Z`",
        Type::Ratio => "two integers with a colon between them: `16:9`",
        Type::FrameRate => "an integer, or two with a slash between them: `30000/1001`",
        Type::Rates => "one integer or two",
        Type::Language => "a language",
        Type::Range => "the first byte and the last: `0-499`",
        Type::AccessPoint => "0 to 6",
        Type::Words(words) => return format!("one of {}", words.join(", ")),
    }
    .to_owned()
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, mpd, period, representation, set};

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        ("attribute-type", mpd!("type='live'", ""), mpd!("type='dynamic'", "")),
        (
            "attribute-type",
            mpd!("availabilityStartTime='now'", ""),
            mpd!("availabilityStartTime='2026-01-01T00:00:00Z'", ""),
        ),
        ("attribute-type", period!("start='10'", ""), period!("start='PT10S'", "")),
        ("attribute-type", representation!("width='wide'", ""), representation!("width='640'", "")),
        (
            "attribute-type",
            representation!("frameRate='25fps'", ""),
            representation!("frameRate='30000/1001'", ""),
        ),
        ("attribute-type", representation!("sar='1'", ""), representation!("sar='1:1'", "")),
        ("attribute-type", set!("par='16/9'", ""), set!("par='16:9'", "")),
        (
            "attribute-type",
            representation!("audioSamplingRate='1 2 3'", ""),
            representation!("audioSamplingRate='1 2'", ""),
        ),
        ("attribute-type", representation!("startWithSAP='7'", ""), representation!("startWithSAP='1'", "")),
        (
            "attribute-type",
            set!("", "<Representation id='a b' bandwidth='1'/>"),
            set!("", "<Representation id='a.b' bandwidth='1'/>"),
        ),
        (
            "attribute-type",
            representation!("", "<SegmentBase indexRange='all'/>"),
            representation!("", "<SegmentBase indexRange='0-'/>"),
        ),
        (
            "attribute-type",
            representation!("", "<SegmentBase availabilityTimeOffset='inf'/>"),
            representation!("", "<SegmentBase availabilityTimeOffset='INF'/>"),
        ),
        ("attribute-type", set!("segmentAlignment='yes'", ""), set!("segmentAlignment='1'", "")),
        (
            "attribute-type",
            representation!("", "<SegmentBase eptDelta='x'/>"),
            representation!("", "<SegmentBase eptDelta='-1'/>"),
        ),
        ("attribute-loose", set!("id='video'", ""), set!("id='1'", "")),
        ("attribute-loose", set!("segmentAlignment='True'", ""), set!("segmentAlignment='true'", "")),
        ("attribute-loose", set!("contentType='Video'", ""), set!("contentType='video'", "")),
        (
            "attribute-loose",
            representation!("frameRate='23.976'", ""),
            representation!("frameRate='24000/1001'", ""),
        ),
        (
            "date-zone",
            mpd!("publishTime='2026-01-01T00:00:00'", ""),
            mpd!("publishTime='2026-01-01T00:00:00+01:00'", ""),
        ),
        ("language", set!("lang='en_US'", ""), set!("lang='en-US'", "")),
        ("language", set!("lang=''", ""), set!("", "")),
        ("language-undetermined", set!("lang='und'", ""), set!("lang='mul'", "")),
        (
            "range-order",
            representation!("", "<SegmentBase indexRange='9-0'/>"),
            representation!("", "<SegmentBase indexRange='9-9'/>"),
        ),
    ];
}
