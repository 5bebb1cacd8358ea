//! Removes elements and attributes, with the white space in front of them.

use crate::dash::change::Changes;
use crate::dash::document::{Attribute, Element};

/// Removes an element.
pub(super) fn element(element: Element<'_, '_>, changes: &mut Changes) {
    let range = element.range();
    changes.remove(element.document().without_space_before(range.start)..range.end);
}

/// Removes an attribute of an element.
pub(super) fn attribute(element: Element<'_, '_>, attribute: &Attribute<'_>, changes: &mut Changes) {
    changes.remove(element.extent(attribute));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dash::change::Edited;
    use crate::dash::document::Document;

    #[test]
    fn no_blank_lines_and_no_spaces_pile_up() {
        let text = "<a>\n  <b/>\n  <!-- c --><b x = '1'\n y=\"2=\" z='3'/>\n  <c></c>\n</a>";
        let document = Document::read(text).unwrap();
        let [first, second, third] = document.root().children().collect::<Vec<_>>()[..] else { panic!() };
        let erased = |erase: &dyn Fn(&mut Changes)| {
            let mut changes = Changes::default();
            erase(&mut changes);
            Edited::new(text).apply(changes).unwrap().text.into_owned()
        };
        let attribute =
            |name| erased(&|changes| attribute(second, &second.attribute(name).unwrap(), changes));
        for (found, gone) in [
            (erased(&|changes| element(first, changes)), "\n  <b/>"),
            (erased(&|changes| element(third, changes)), "\n  <c></c>"),
            (attribute("x"), " x = '1'"),
            (attribute("y"), "\n y=\"2=\""),
            (attribute("z"), " z='3'"),
        ] {
            assert_eq!(found, text.replacen(gone, "", 1), "{gone}");
        }
        let both = erased(&|changes| {
            element(first, changes);
            element(second, changes);
        });
        assert_eq!(both, "<a>\n  <!-- c -->\n  <c></c>\n</a>");
    }
}
