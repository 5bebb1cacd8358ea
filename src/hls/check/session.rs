//! What concerns a whole presentation: session data, and content steering.

use std::collections::BTreeSet;

use super::entry::Entry;
use super::outline::Outline;
use super::rule::Rule;
use super::subject::{Check, Report};
use crate::hls::read::tag::Tag;
use crate::manifest::quote;

#[derive(Default)]
pub(super) struct Session<'a> {
    /// Identifiers and languages of session data.
    data: BTreeSet<(&'a [u8], Option<&'a [u8]>)>,
    /// The pathway to start with, and where it is named.
    start: Option<(&'a [u8], usize)>,
    pathways: BTreeSet<&'a [u8]>,
}

impl<'a> Check<'a> for Session<'a> {
    fn line(&mut self, entry: &Entry<'a, '_>, _: &Outline, report: &mut Report) {
        match entry.tag() {
            Some(Tag::SessionData) => {
                let found = match (entry.has("VALUE"), entry.has("URI")) {
                    (true, true) => Some("both"),
                    (false, false) => Some("neither"),
                    _ => None,
                };
                if let Some(found) = found {
                    report.add(Rule::SessionDataOne, entry.at(), || {
                        format!("expected one of `VALUE` and `URI`, found {found}")
                    });
                }
                if let Some(id) = entry.value("DATA-ID")
                    && !self.data.insert((id, entry.value("LANGUAGE")))
                {
                    report.add(Rule::SessionDataRepeated, entry.at_value("DATA-ID"), || {
                        format!("expected {} once in a language, found it again", quote(id))
                    });
                }
            }
            Some(Tag::ContentSteering) => {
                self.start = entry.value("PATHWAY-ID").map(|pathway| (pathway, entry.at_value("PATHWAY-ID")));
            }
            Some(Tag::StreamInf) => {
                self.pathways.insert(entry.value("PATHWAY-ID").unwrap_or(b"."));
            }
            _ => {}
        }
    }

    fn end(&mut self, _: &Outline, report: &mut Report) {
        if let Some((pathway, at)) = self.start.filter(|(pathway, _)| !self.pathways.contains(pathway)) {
            report.add(Rule::PathwayUnknown, at, || {
                format!("expected the pathway of a variant, found {}", quote(pathway))
            });
        }
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::hls::check::tests::Row;

    pub(in crate::hls::check) const ROWS: &[Row] = &[
        (
            "session-data-one",
            "#EXTM3U\n#EXT-X-SESSION-DATA:DATA-ID=\"a\"\n",
            "#EXTM3U\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"b\"\n",
        ),
        (
            "session-data-one",
            "#EXTM3U\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"b\",URI=\"c\"\n",
            "#EXTM3U\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",URI=\"c\"\n",
        ),
        (
            "session-data-repeated",
            "#EXTM3U\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"b\"\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"c\"\n",
            "#EXTM3U\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"b\"\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"c\",LANGUAGE=\"de\"\n",
        ),
        (
            "pathway-unknown",
            "#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI=\"a\",PATHWAY-ID=\"b\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nc\n",
            "#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI=\"a\",PATHWAY-ID=\"b\"\n#EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID=\"b\"\nc\n",
        ),
        (
            "pathway-unknown",
            "#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI=\"a\",PATHWAY-ID=\"b\"\n",
            "#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI=\"a\",PATHWAY-ID=\".\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nc\n",
        ),
    ];
}
