//! Variables: `EXT-X-DEFINE`, and where they are used ([draft-pantos-hls-rfc8216bis-22 section 4.3][bis]).
//!
//! [bis]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.3

use std::collections::BTreeSet;

use super::entry::Entry;
use super::outline::Outline;
use super::rule::Rule;
use super::subject::{Check, Report};
use crate::hls::read::event::EventKind;
use crate::hls::read::tag::Tag;
use crate::hls::read::variables::OPEN;
use crate::manifest::quote;

#[derive(Default)]
pub(super) struct Variables<'a> {
    defined: BTreeSet<&'a [u8]>,
}

impl<'a> Check<'a> for Variables<'a> {
    fn line(&mut self, entry: &Entry<'a, '_>, outline: &Outline, report: &mut Report) {
        if entry.is(Tag::Define) {
            self.define(entry, outline, report);
            return;
        }
        if let EventKind::Uri(uri) = entry.event.kind {
            self.used(uri, entry.at(), report);
        }
        for attribute in entry.attributes.iter().filter(|found| found.quoted || found.value.starts_with(b"0"))
        {
            self.used(attribute.value, entry.event.value_at() + attribute.at, report);
        }
    }
}

impl<'a> Variables<'a> {
    fn define(&mut self, entry: &Entry<'a, '_>, outline: &Outline, report: &mut Report) {
        let names =
            ["NAME", "IMPORT", "QUERYPARAM"].map(|name| entry.get(name).map(|found| (name, found.value)));
        let count = names.iter().flatten().count();
        if count != 1 {
            report.add(Rule::DefineOne, entry.at(), || {
                format!("expected one of `NAME`, `IMPORT` and `QUERYPARAM`, found {count}")
            });
        }
        match (entry.has("NAME"), entry.has("VALUE")) {
            (true, false) => report.add_to(Tag::Define.clause(), Rule::AttributeMissing, entry.at(), || {
                "expected `VALUE` beside `NAME`, found none".to_owned()
            }),
            (false, true) => {
                report.add_to(
                    Tag::Define.clause(),
                    Rule::AttributeForbidden,
                    entry.at_value("VALUE"),
                    || "expected no `VALUE` without `NAME`, found one".to_owned(),
                );
            }
            _ => {}
        }
        if entry.has("IMPORT") && outline.is_multivariant {
            report.add(Rule::DefineImport, entry.at_value("IMPORT"), || {
                "expected no `IMPORT` in a Multivariant Playlist, found one".to_owned()
            });
        }
        for (name, value) in names.into_iter().flatten() {
            if !is_name(value) {
                report.add(Rule::VariableName, entry.at_value(name), || {
                    format!("expected A-Z, a-z, 0-9, `-` and `_`, found {}", quote(value))
                });
            }
            if !self.defined.insert(value) {
                report.add(Rule::VariableRepeated, entry.at_value(name), || {
                    format!("expected {} to be defined once, found it again", quote(value))
                });
            }
        }
    }

    fn used(&self, value: &[u8], value_at: usize, report: &mut Report) {
        for at in memchr::memmem::find_iter(value, OPEN.as_bytes()) {
            let Some(rest) = value.get(at + 2..) else { continue };
            // A name ends at the first character that no name has. So the scan of a line stays linear.
            let len = rest.iter().position(|byte| !is_name(&[*byte])).unwrap_or(rest.len());
            let Some((name, behind)) = rest.split_at_checked(len) else { continue };
            if !name.is_empty() && behind.first() == Some(&b'}') && !self.defined.contains(name) {
                report.add(Rule::VariableUndefined, value_at + at, || {
                    format!("expected a variable that is defined before, found {}", quote(name))
                });
            }
        }
    }
}

fn is_name(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
pub(super) mod rows {
    use crate::hls::check::tests::Row;

    pub(in crate::hls::check) const ROWS: &[Row] = &[
        (
            "define-one",
            "#EXTM3U\n#EXT-X-DEFINE:VALUE=\"a\"\n",
            "#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"\"\n",
        ),
        (
            "define-one",
            "#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"a\",QUERYPARAM=\"b\"\n",
            "#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"a\"\n#EXT-X-DEFINE:QUERYPARAM=\"b\"\n",
        ),
        (
            "attribute-missing",
            "#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\"\n",
            "#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n",
        ),
        (
            "attribute-forbidden",
            "#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"a\",VALUE=\"b\"\n",
            "#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n",
        ),
        (
            "define-import",
            "#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"a\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nb\n",
            "#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"a\"\n#EXT-X-TARGETDURATION:4\n",
        ),
        (
            "variable-name",
            "#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"a b\"\n",
            "#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"a-_0Z\"\n",
        ),
        (
            "variable-repeated",
            "#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"a\"\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"\"\n",
            "#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"a\"\n#EXT-X-DEFINE:NAME=\"A\",VALUE=\"\"\n",
        ),
        (
            "variable-undefined",
            "#EXTM3U\n#EXTINF:4,\n{$a}.ts\n",
            "#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"a\"\n#EXTINF:4,{$b}\n{$a}{$ .ts\n",
        ),
        (
            "variable-undefined",
            "#EXTM3U\n#EXT-X-MAP:URI=\"{$a}\"\n#EXT-X-DEFINE:IMPORT=\"a\"\n",
            "#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"a\"\n#EXT-X-MAP:URI=\"{$a}\"\n",
        ),
    ];
}
