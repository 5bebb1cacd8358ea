//! Encryption: `EXT-X-KEY`, `EXT-X-SESSION-KEY`, and their requirements for `EXT-X-MAP`.

use std::collections::BTreeSet;

use super::entry::Entry;
use super::outline::Outline;
use super::rule::Rule;
use super::scalar;
use super::subject::{Check, Report};
use crate::hls::read::tag::Tag;
use crate::manifest::quote;

/// Method, URI, initialization vector, format and versions.
type SessionKey<'a> = [Option<&'a [u8]>; 5];

#[derive(Default)]
pub(super) struct Keys<'a> {
    /// The key that is in force is AES-128 without an initialization vector.
    lacks_vector: bool,
    session: BTreeSet<SessionKey<'a>>,
}

impl<'a> Check<'a> for Keys<'a> {
    fn line(&mut self, entry: &Entry<'a, '_>, _: &Outline, report: &mut Report) {
        match entry.tag() {
            Some(tag @ (Tag::Key | Tag::SessionKey)) => {
                self.lacks_vector = tag == Tag::Key
                    && entry.says("METHOD", "AES-128")
                    && !entry.has("IV")
                    && is_identity(entry);
                key(tag, entry, report);
                if tag == Tag::SessionKey {
                    self.session_key(entry, report);
                }
            }
            Some(Tag::Map) if self.lacks_vector => report.add(Rule::MapIv, entry.at(), || {
                "expected `IV` in the `EXT-X-KEY` of AES-128 that applies to `EXT-X-MAP`, found none"
                    .to_owned()
            }),
            _ => {}
        }
    }
}

impl<'a> Keys<'a> {
    fn session_key(&mut self, entry: &Entry<'a, '_>, report: &mut Report) {
        if entry.says("METHOD", "NONE") {
            report.add(Rule::SessionKeyNone, entry.at_value("METHOD"), || {
                "expected a method of encryption, found `NONE`".to_owned()
            });
        }
        let values = ["METHOD", "URI", "IV", "KEYFORMAT", "KEYFORMATVERSIONS"].map(|name| entry.value(name));
        if !self.session.insert(values) {
            report.add(Rule::SessionKeyRepeated, entry.at(), || {
                "expected these values once, found them again".to_owned()
            });
        }
    }
}

fn is_identity(entry: &Entry<'_, '_>) -> bool {
    entry.value("KEYFORMAT").is_none_or(|format| format == b"identity")
}

fn key(tag: Tag, entry: &Entry<'_, '_>, report: &mut Report) {
    let Some(method) = entry.value("METHOD") else { return };
    let forbidden: &[&str] = match method {
        b"NONE" => &["URI", "IV", "KEYFORMAT", "KEYFORMATVERSIONS"],
        b"AES-256-GCM" | b"SAMPLE-AES-CTR" => &["IV"],
        _ => &[],
    };
    for name in forbidden.iter().filter(|name| entry.has(name)) {
        report.add_to(tag.clause(), Rule::AttributeForbidden, entry.at_value(name), || {
            format!("expected no `{name}` with the method {}, found one", quote(method))
        });
    }
    if method != b"NONE" && !entry.has("URI") {
        report.add_to(tag.clause(), Rule::AttributeMissing, entry.at(), || {
            format!("expected `URI` with the method {}, found none", quote(method))
        });
    }
    if let Some(digits) = entry.value("IV").and_then(scalar::hexadecimal)
        && digits.len() > 32
    {
        report.add(Rule::IvLength, entry.at_value("IV"), || {
            format!("expected 32 digits at most, which are 128 bits, found {}", digits.len())
        });
    }
    if let Some(versions) = entry.value("KEYFORMATVERSIONS")
        && !versions
            .split(|byte| *byte == b'/')
            .all(|version| scalar::integer(version).is_some_and(|number| number > 0))
    {
        report.add(Rule::KeyFormatVersions, entry.at_value("KEYFORMATVERSIONS"), || {
            format!("expected positive integers with `/` between them, found {}", quote(versions))
        });
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::hls::check::tests::Row;

    pub(in crate::hls::check) const ROWS: &[Row] = &[
        (
            "attribute-forbidden",
            "#EXTM3U\n#EXT-X-KEY:METHOD=NONE,URI=\"a\"\n",
            "#EXTM3U\n#EXT-X-KEY:METHOD=NONE\n",
        ),
        (
            "attribute-forbidden",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-256-GCM,URI=\"a\",IV=0x1\n",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\",IV=0x1\n",
        ),
        ("attribute-missing", "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128\n", "#EXTM3U\n#EXT-X-KEY:METHOD=NONE\n"),
        (
            "attribute-missing",
            "#EXTM3U\n#EXT-X-SESSION-KEY:METHOD=AES-128\n",
            "#EXTM3U\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"a\"\n",
        ),
        (
            "iv-length",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\",IV=0x000000000000000000000000000000001\n",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\",IV=0x00000000000000000000000000000001\n",
        ),
        (
            "key-format-versions",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\",KEYFORMATVERSIONS=\"1,2\"\n",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\",KEYFORMATVERSIONS=\"1/2\"\n",
        ),
        (
            "session-key-none",
            "#EXTM3U\n#EXT-X-SESSION-KEY:METHOD=NONE\n",
            "#EXTM3U\n#EXT-X-KEY:METHOD=NONE\n",
        ),
        (
            "session-key-repeated",
            "#EXTM3U\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"a\"\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"a\"\n",
            "#EXTM3U\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"a\"\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"b\"\n",
        ),
        (
            "map-iv",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\"\n#EXT-X-MAP:URI=\"b\"\n",
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\",IV=0x1\n#EXT-X-MAP:URI=\"b\"\n#EXT-X-KEY:METHOD=NONE\n#EXT-X-MAP:URI=\"b\"\n",
        ),
    ];
}
