//! Writes the session's token once, as a variable, in place of once for each URI.
//!
//! ```text
//! #EXTM3U
//! #EXT-X-VERSION:8
//! #EXT-X-DEFINE:NAME="sd_session",VALUE="{token}"
//! /~{$sd_session}/harbour/hls/1.ts
//! ```
//!
//! The variable has the name of the session's query parameter, so that no Media Playlist may import it: there, its value
//! could be put anywhere.
//!
//! A client asks for it, since it has to know `EXT-X-DEFINE`, which takes version 8.
//!
//! [draft-pantos-hls-rfc8216bis-22 sections 4.4.2.3 and 8](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.2.3)

use std::ops::Range;

use crate::catalog::SESSION_PARAMETER;
use crate::hls::read::line::{is_header, lines};
use crate::manifest::Template;

const VERSION: &[u8] = b"#EXT-X-VERSION:";
const LEAST_VERSION: u32 = 8;
const REFERENCE: &[u8] = b"{$sd_session}";

/// The template with one hole, in a definition that stands behind the header. As it was, where that would not make it
/// shorter, where a URI stands above the header, and where the playlist names a variable of this name itself.
pub(in crate::hls) fn defined(template: Template) -> Template {
    let Template { bytes, holes, .. } = &template;
    let header = lines(bytes).find(|line| is_header(line.text)).map_or(0..0, |line| line.start..line.end);
    let is_used_above = holes.first().is_some_and(|hole| *hole < header.end);
    if holes.len() < 2 || is_used_above || names_session(bytes) {
        return template;
    }
    let version = version(bytes);
    let mut compact = Template::with_capacity(bytes.len() + holes.len() * REFERENCE.len() + 64);
    compact.push(bytes.get(..header.end).unwrap_or_default());
    if version.is_none() {
        compact.push(format!("#EXT-X-VERSION:{LEAST_VERSION}\n").as_bytes());
    }
    compact.push(b"#EXT-X-DEFINE:NAME=\"sd_session\",VALUE=\"");
    compact.push_hole();
    compact.push(b"\"\n");
    let raised = version.filter(|(_, number)| *number < LEAST_VERSION).map(|(at, _)| at);
    let mut copied = header.end;
    let mut copy_to = |compact: &mut Template, to: usize| {
        match &raised {
            Some(at) if copied <= at.start && at.end <= to => {
                compact.push(bytes.get(copied..at.start).unwrap_or_default());
                compact.push(LEAST_VERSION.to_string().as_bytes());
                compact.push(bytes.get(at.end..to).unwrap_or_default());
            }
            _ => compact.push(bytes.get(copied..to).unwrap_or_default()),
        }
        copied = to;
    };
    for hole in holes {
        copy_to(&mut compact, *hole);
        compact.push(REFERENCE);
    }
    copy_to(&mut compact, bytes.len());
    compact
}

/// Where the number of the version stands, and which it is; one that cannot be read is none that is too low.
fn version(bytes: &[u8]) -> Option<(Range<usize>, u32)> {
    lines(bytes).find_map(|line| {
        let number = line.text.strip_prefix(VERSION)?;
        let at = line.text_start + VERSION.len();
        let value = str::from_utf8(number).ok().and_then(|number| number.parse().ok());
        Some((at..at + number.len(), value.unwrap_or(u32::MAX)))
    })
}

/// Whether the playlist defines a variable of this name itself, or refers to one: it would get the token there.
fn names_session(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, REFERENCE).is_some()
        || lines(bytes).any(|line| {
            line.text.starts_with(b"#EXT-X-DEFINE:")
                && memchr::memmem::find(line.text, SESSION_PARAMETER.as_bytes()).is_some()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(lines: &[&str]) -> String {
        let mut template = Template::with_capacity(0);
        for (at, part) in lines.iter().enumerate() {
            if at > 0 {
                template.push_hole();
            }
            template.push(part.as_bytes());
        }
        String::from_utf8(defined(template).render("TOKEN").into_owned()).unwrap()
    }

    #[test]
    fn the_token_stands_in_a_definition() {
        for (lines, expected) in [
            (
                &["#EXTM3U\r\n#EXT-X-VERSION:3\r\n/~", "/a\r\n/~", "/b\r\n"][..],
                "#EXTM3U\r\n#EXT-X-DEFINE:NAME=\"sd_session\",VALUE=\"TOKEN\"\n#EXT-X-VERSION:8\r\n/~{$sd_session}/a\r\n/~{$sd_session}/b\r\n",
            ),
            (
                &["#EXTM3U\n/~", "/a\n#EXT-X-VERSION:12\n/~", ""],
                "#EXTM3U\n#EXT-X-DEFINE:NAME=\"sd_session\",VALUE=\"TOKEN\"\n/~{$sd_session}/a\n#EXT-X-VERSION:12\n/~{$sd_session}",
            ),
            (
                &["#EXTM3U\n/~", "/a\n/~", "/b"],
                "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-DEFINE:NAME=\"sd_session\",VALUE=\"TOKEN\"\n/~{$sd_session}/a\n/~{$sd_session}/b",
            ),
            (&["#EXTM3U\n/~", "/a\n"], "#EXTM3U\n/~TOKEN/a\n"),
            (&["/~", "/a\n#EXTM3U\n/~", "/b\n"], "/~TOKEN/a\n#EXTM3U\n/~TOKEN/b\n"),
            (
                &["#EXTM3U\n#EXT-X-DEFINE:NAME=\"sd_session\",VALUE=\"x\"\n/~", "/a\n/~", "/b"],
                "#EXTM3U\n#EXT-X-DEFINE:NAME=\"sd_session\",VALUE=\"x\"\n/~TOKEN/a\n/~TOKEN/b",
            ),
            (
                &["#EXTM3U\nhttps://ads.example/?{$sd_session}\n/~", "/a\n/~", "/b"],
                "#EXTM3U\nhttps://ads.example/?{$sd_session}\n/~TOKEN/a\n/~TOKEN/b",
            ),
        ] {
            assert_eq!(render(lines), expected);
        }
    }
}
