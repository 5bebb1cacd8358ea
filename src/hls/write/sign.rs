//! Makes every URI of a playlist carry the session.

use super::define;
use super::resolver::{Resolver, UriError, WrittenUri};
use super::shape::{Change, Part, Piece, Source};
use super::uris::{FetchedUri, Fetching, LineError, Uris};
use crate::catalog::{ExistingSteering, SESSION_PARAMETER};
use crate::hls::edits::Edits;
use crate::hls::error::CompileError;
use crate::hls::read::attributes::attributes;
use crate::hls::read::line::{Line, LineKind, lines};
use crate::hls::read::tag::Tag;
use crate::hls::read::variables::{OPEN, Variables};
use crate::manifest::{Budget, Frame, MOST_RESOLVED, MOST_WRITTEN, Span, TOKEN_BYTES, Template};

/// Writes the parts of a playlist into a template. `own` is the frame of the playlist that is asked for.
pub(in crate::hls) fn write(
    shape: &[Part<'_>],
    own: Option<&Frame<'_>>,
    edits: &Edits<'_>,
) -> Result<Template, CompileError> {
    let bytes: usize = shape.iter().flat_map(|part| &part.pieces).map(Piece::size).sum();
    let budget = Budget::default();
    let mut signer = Signer {
        line_bytes: edits.bounds.line_bytes,
        takes_variables: true,
        variables: Variables::default(),
        playlist_follows: false,
        keeps_steering: edits.steering.is_some_and(|steering| steering.existing == ExistingSteering::Keep),
        template: Template::with_capacity(bytes + bytes / 8),
    };
    for part in shape {
        let base = part.source.frame.map(|frame| Base::new(&part.source, frame, own, &budget));
        for piece in &part.pieces {
            match piece {
                Piece::Lines(lines) => signer.lines(base.as_ref(), part.source.text, *lines, &[])?,
                Piece::Changed(line, changes) => {
                    signer.lines(base.as_ref(), part.source.text, *line, changes)?;
                }
                Piece::Text(text) => {
                    let text = Span::whole(text.as_bytes());
                    signer.lines(base.as_ref(), text, text, &[])?;
                }
            }
        }
    }
    let defined = edits.define && signer.takes_variables;
    Ok(if defined { define::defined(signer.template)? } else { signer.template }.finished())
}

/// Where the URIs of one source lead.
struct Base<'f> {
    resolver: Resolver<'f>,
    fetching: Fetching<'f>,
    /// The folder of its playlist at the edge, behind the session: `/harbour/hls/`.
    below: String,
    /// The way there from the folder of the playlist that is asked for: `../../spots/12/`; nothing for its own.
    beside: String,
}

impl<'f> Base<'f> {
    fn new(source: &Source<'_>, frame: &'f Frame<'f>, own: Option<&Frame<'_>>, budget: &'f Budget) -> Self {
        let folder = [frame.root, frame.resource.folder()].concat();
        let mut resolver = Resolver::new(frame, budget);
        resolver.is_inserted = source.is_inserted;
        let beside = match own.filter(|_| source.is_inserted) {
            Some(own) => {
                let depth = [own.root, own.resource.folder()].concat().matches('/').count();
                "../".repeat(depth) + &folder
            }
            None => String::new(),
        };
        Self {
            resolver,
            fetching: Fetching { frame, passes_local: frame.foreign.passes(None) },
            below: ["/", &folder].concat(),
            beside,
        }
    }
}

struct Signer<'a> {
    line_bytes: usize,
    /// Whether each token so far stands where players replace variables: in a line that is a URI, or in quotes.
    takes_variables: bool,
    /// The variables that the playlist defines.
    variables: Variables<'a>,
    /// The site trusts the steering servers that its playlists name.
    keeps_steering: bool,
    /// The next URI leads to a variant's playlist.
    playlist_follows: bool,
    template: Template,
}

impl<'a> Signer<'a> {
    /// Writes some lines of a text. Without a base, URIs stay as they are.
    fn lines(
        &mut self,
        base: Option<&Base<'_>>,
        text: Span<'a>,
        written: Span<'a>,
        changes: &[Change],
    ) -> Result<(), CompileError> {
        let mut rest = written;
        let mut changes = changes.iter().peekable();
        for line in lines(written) {
            let number = || lines(text).take_while(|before| before.start() < line.start()).count() + 1;
            let found = line.end() - line.start();
            if found > self.line_bytes {
                return Err(CompileError::LineTooLong { line: number(), limit: self.line_bytes, found });
            }
            let uncovered =
                |why, uri: &[u8]| CompileError::Uncovered { line: number(), why, uri: quote(uri) };
            let Some(base) = base else { continue };
            let size = self.template.size_rendered(TOKEN_BYTES);
            if size > MOST_WRITTEN {
                return Err(CompileError::TooLong { limit: MOST_WRITTEN, found: size });
            }
            let kind = line.kind();
            if self.is_left_out(&kind, &base.resolver) {
                while let Some(change) = changes.next_if(|change| change.at.start < line.start()) {
                    self.change(&mut rest, change)?;
                }
                self.template.push(rest.take_to(line.start())?.text());
                while changes.next_if(|change| change.at.start < line.end()).is_some() {}
                rest.take_to(line.end())?;
                continue;
            }
            let uris = self
                .uris(&line, &kind, base)
                .map_err(|error| error.of_playlist(|why| uncovered(why, line.text.text())))?;
            for FetchedUri { uri, reading, takes_variables } in uris {
                while let Some(change) = changes.next_if(|change| change.at.start < uri.start()) {
                    self.change(&mut rest, change)?;
                }
                let written = match reading {
                    Some(reading) => base.resolver.written_to_read(uri.text(), &self.variables, reading),
                    None => base.resolver.written(uri.text(), &self.variables),
                };
                let written = written.map_err(|error| match error {
                    UriError::Exhausted => CompileError::TooMuch {
                        line: number(),
                        limit: MOST_RESOLVED,
                        found: base.resolver.spent(),
                    },
                    error => uncovered(error.why(), uri.text()),
                })?;
                match written {
                    WrittenUri::AsIs => {}
                    WrittenUri::Relative if base.beside.is_empty() => {}
                    written => {
                        self.template.push(rest.take_to(uri.start())?.text());
                        self.takes_variables &= takes_variables;
                        self.uri(&written, uri.text(), base);
                        rest.take_to(uri.end())?;
                    }
                }
            }
        }
        for change in changes {
            self.change(&mut rest, change)?;
        }
        self.template.push(rest.text());
        Ok(())
    }

    /// Whether a line announces a steering server outside the title, which nobody reads: it could send players, and the token
    /// in their URIs, to any host. A site that trusts it keeps it.
    fn is_left_out(&self, kind: &LineKind<'_>, resolver: &Resolver<'_>) -> bool {
        let LineKind::Tag(tag) = kind else { return false };
        if self.keeps_steering {
            return false;
        }
        let Some(list) = tag.value_of(Tag::ContentSteering) else { return false };
        attributes(list.text())
            .filter(|attribute| attribute.name == b"SERVER-URI")
            .any(|attribute| resolver.leads_out(attribute.value, &self.variables))
    }

    /// The URIs of a line that are to carry the session.
    fn uris(&mut self, line: &Line<'a>, kind: &LineKind<'a>, base: &Base<'_>) -> Result<Uris<'a>, LineError> {
        // Players would take the values of the playlist around the inserted line.
        if base.resolver.is_inserted && line.text.find(OPEN.as_bytes()).is_some() {
            return Err(INSERTED_VARIABLE.into());
        }
        match kind {
            LineKind::Blank => Ok(Uris::NONE),
            LineKind::Ambiguous => Err("a line that players read differently".into()),
            LineKind::Uri => {
                let is_playlist = std::mem::take(&mut self.playlist_follows);
                Ok(base.fetching.of_line(line, is_playlist))
            }
            LineKind::Tag(tag) => {
                self.playlist_follows |= tag.value_of(Tag::StreamInf).is_some();
                if let Some(list) = tag.value_of(Tag::Define) {
                    let Frame { query, credentials, .. } = base.fetching.frame;
                    self.variables.define(list.text(), *query, credentials)?;
                }
                base.fetching.of_tag(tag, line)
            }
        }
    }

    /// Writes a change, and the text in front of it.
    fn change(&mut self, rest: &mut Span<'_>, change: &Change) -> Result<(), CompileError> {
        self.template.push(rest.take_to(change.at.start)?.text());
        self.template.push(change.with.as_bytes());
        rest.take_to(change.at.end)?;
        Ok(())
    }

    fn uri(&mut self, written: &WrittenUri, uri: &[u8], base: &Base<'_>) {
        match written {
            WrittenUri::AsIs => self.template.push(uri),
            WrittenUri::Relative => {
                self.template.push(base.beside.as_bytes());
                self.template.push(uri);
            }
            WrittenUri::Below => {
                self.template.push(b"/~");
                self.template.push_hole();
                self.template.push(base.below.as_bytes());
                self.template.push(uri);
            }
            WrittenUri::With(mark) => {
                self.template.push(base.beside.as_bytes());
                self.template.push(uri);
                self.template.push(mark.encode_utf8(&mut [0; 4]).as_bytes());
                self.template.push(SESSION_PARAMETER.as_bytes());
                self.template.push(b"=");
                self.template.push_hole();
            }
            WrittenUri::Signed(before, after) => {
                self.template.push(before.as_bytes());
                self.template.push_hole();
                self.template.push(after.as_bytes());
            }
            WrittenUri::Unsigned(text) => self.template.push(text.as_bytes()),
        }
    }
}

const INSERTED_VARIABLE: &str = "a variable in lines that are put into another playlist";

fn quote(uri: &[u8]) -> String {
    let path = uri.split(|byte| *byte == b'?').next().unwrap_or(uri);
    String::from_utf8_lossy(path).chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Caps;

    /// A mistake of an edit is told; nothing is written without the lines that it does not fit.
    #[test]
    fn a_change_that_does_not_fit_refuses_the_playlist() {
        let playlist = b"#EXTM3U\n#EXT-X-VERSION:3\n";
        let source = Source::own(playlist, None);
        let line = source.text.cut(8..25).unwrap();
        let written = |changes: &[(usize, usize)]| {
            let changes = changes.iter().map(|(from, to)| Change { at: *from..*to, with: "9".to_owned() });
            let shape = [Part { source, pieces: vec![Piece::Changed(line, changes.collect())] }];
            let template = write(&shape, None, &Edits::within(&Caps::default()))?;
            Ok(String::from_utf8(template.render("").into_owned()).unwrap())
        };
        assert_eq!(written(&[(23, 24)]), Ok("#EXT-X-VERSION:9\n".to_owned()));
        for (name, changes, found) in [
            ("in front of the line", &[(2, 3)][..], (8, 2)),
            ("behind the line", &[(23, 40)], (23, 40)),
            ("in another order", &[(23, 24), (10, 11)], (24, 10)),
            ("of bytes that another change took", &[(20, 24), (23, 24)], (24, 23)),
        ] {
            let Err(CompileError::Misplaced(error)) = written(changes) else { panic!("{name}") };
            assert_eq!((error.found.start, error.found.end), found, "{name}");
        }
    }
}
