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
//! Only a client that asks for it gets the variable, because the client has to know `EXT-X-DEFINE` (version 8).
//!
//! [draft-pantos-hls-rfc8216bis-22 sections 4.4.2.3 and 8](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.2.3)

use crate::catalog::SESSION_PARAMETER;
use crate::hls::read::line::{Line, TagLine, lines};
use crate::hls::read::tag::Tag;
use crate::manifest::{Misplaced, Span, Template};

const LEAST_VERSION: u32 = 8;
const REFERENCE: &[u8] = b"{$sd_session}";

/// Moves the token of a template into one definition behind the header. The template stays as it is if the definition would
/// not make it shorter, if a URI stands above the header, or if the playlist itself names a variable of this name.
pub(in crate::hls) fn defined(template: Template) -> Result<Template, Misplaced> {
    let (bytes, holes) = template.parts();
    let mut rest = Span::whole(bytes);
    let is_header = |line: &Line<'_>| {
        line.text.text().starts_with(b"#EXTM3U") && TagLine::read(line.text).known == Some(Tag::M3u)
    };
    let header_end = lines(rest).find(is_header).map_or(0, |line| line.end());
    let is_used_above = holes.first().is_some_and(|hole| *hole < header_end);
    if holes.len() < 2 || is_used_above || names_session(rest) {
        return Ok(template);
    }
    // Where the number of the version stands.
    let version = tags(rest).find_map(|tag| tag.value_of(Tag::Version));
    let mut compact = Template::with_capacity(bytes.len() + holes.len() * REFERENCE.len() + 64);
    compact.push(rest.take_to(header_end)?.text());
    if version.is_none() {
        compact.push(format!("#EXT-X-VERSION:{LEAST_VERSION}\n").as_bytes());
    }
    compact.push(b"#EXT-X-DEFINE:NAME=\"sd_session\",VALUE=\"");
    compact.push_hole();
    compact.push(b"\"\n");
    let mut raised = version.filter(|number| is_too_low(number.text()) && number.start() >= header_end);
    for end in holes.iter().copied().map(Some).chain([None]) {
        let to = end.unwrap_or(bytes.len());
        if let Some(number) = raised.take_if(|number| number.end() <= to) {
            compact.push(rest.take_to(number.start())?.text());
            compact.push(LEAST_VERSION.to_string().as_bytes());
            rest.take_to(number.end())?;
        }
        compact.push(rest.take_to(to)?.text());
        if end.is_some() {
            compact.push(REFERENCE);
        }
    }
    Ok(compact)
}

/// The tags of a playlist, by the letter.
fn tags(text: Span<'_>) -> impl Iterator<Item = TagLine<'_>> {
    lines(text).filter(|line| line.text.text().starts_with(b"#EXT")).map(|line| TagLine::read(line.text))
}

/// Whether a version is too low for variables. A number that cannot be read is not.
fn is_too_low(number: &[u8]) -> bool {
    let number = str::from_utf8(number).ok().and_then(|number| number.parse::<u32>().ok());
    number.is_some_and(|number| number < LEAST_VERSION)
}

/// Whether the playlist defines a variable of this name itself, or refers to one: it would get the token there.
fn names_session(text: Span<'_>) -> bool {
    text.find(REFERENCE).is_some()
        || tags(text)
            .filter_map(|tag| tag.value_of(Tag::Define))
            .any(|list| list.find(SESSION_PARAMETER.as_bytes()).is_some())
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
        String::from_utf8(defined(template).unwrap().render("TOKEN").into_owned()).unwrap()
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
