//! The replacements in a text.

use std::ops::Range;

use crate::dash::document::small;
use crate::dash::error::CompileError;
use crate::manifest::{Hole, MOST_WRITTEN, Span, TOKEN_BYTES, Template};
use crate::sorting;

/// The replacements in a text.
///
/// All replacements share one string: an MPD may have hundreds of thousands of URIs.
#[derive(Default)]
pub(super) struct Written {
    pub(super) text: String,
    rewrites: Vec<Replaced>,
    /// Holes of the viewer's own apart from the token, as offsets in the string.
    pub(super) others: Vec<(u32, Hole)>,
    /// The length of all replacements with their tokens, in bytes.
    pub(super) bytes: usize,
}

/// A replaced range. Documents are shorter than 4 GiB.
struct Replaced {
    at: Range<u32>,
    /// The replacement, as a range of the string.
    with: Range<u32>,
    /// The offset of the token in the string.
    hole: Option<u32>,
}

impl Written {
    /// Replaces a range by texts; with `after`, the token stands between the two lists of texts.
    pub(super) fn put(&mut self, at: Range<usize>, before: &[&str], after: Option<&[&str]>) {
        let start = small(self.text.len());
        before.iter().for_each(|text| self.text += text);
        let hole = after.map(|after| {
            let hole = small(self.text.len());
            after.iter().for_each(|text| self.text += text);
            hole
        });
        let with = start..small(self.text.len());
        self.bytes += with.len() + hole.map_or(0, |_| TOKEN_BYTES);
        self.rewrites.push(Replaced { at: small(at.start)..small(at.end), with, hole });
    }

    pub(super) fn template(mut self, text: &str) -> Result<Template, CompileError> {
        // Replacements at one offset keep their order.
        sorting::by_key(&mut self.rewrites, |replaced| (replaced.at.start, replaced.at.end));
        let gone: usize = self.rewrites.iter().map(|replaced| replaced.at.len()).sum();
        let found = (text.len() + self.bytes).saturating_sub(gone);
        if found > MOST_WRITTEN {
            return Err(CompileError::TooLong { limit: MOST_WRITTEN, found });
        }
        let mut template = Template::with_capacity((text.len() + self.text.len()).saturating_sub(gone));
        let (mut rest, written) = (Span::whole(text), Span::whole(&*self.text));
        let push = |template: &mut Template, part: Span<'_, str>| template.push(part.text().as_bytes());
        for Replaced { at, with, hole } in &self.rewrites {
            push(&mut template, rest.take_to(at.start as usize)?);
            rest.take_to(at.end as usize)?;
            let mut put = written.cut(with.start as usize..with.end as usize)?;
            if let Some(hole) = *hole {
                push(&mut template, put.take_to(hole as usize)?);
                template.push_hole();
                for (other, kind) in self.others.iter().filter(|(other, _)| (hole..with.end).contains(other))
                {
                    push(&mut template, put.take_to(*other as usize)?);
                    template.push_other(*kind);
                }
            }
            push(&mut template, put);
        }
        push(&mut template, rest);
        Ok(template.finished())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_outside_the_text_is_refused() {
        for (first, second) in [(0..2, 3..9), (0..2, 1..3), (0..1, 2..3)] {
            let mut written = Written::default();
            written.put(first.clone(), &["x"], None);
            written.put(second.clone(), &["y"], Some(&["z"]));
            let refused = written.template("abñd").unwrap_err();
            assert!(matches!(refused, CompileError::Misplaced(_)), "{first:?} {second:?}: {refused}");
        }
    }
}
