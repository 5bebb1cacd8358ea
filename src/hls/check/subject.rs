//! What the rules of one subject have in common.

use super::entry::Entry;
use super::outline::Outline;
use super::rule::Rule;

/// The findings so far.
pub(super) type Report = crate::manifest::Report<Rule>;

/// The rules of one subject.
pub(super) trait Check<'a> {
    /// Looks at a line.
    fn line(&mut self, entry: &Entry<'a, '_>, outline: &Outline, report: &mut Report);

    /// Looks back when there is no more.
    fn end(&mut self, _outline: &Outline, _report: &mut Report) {}
}
