//! The forms in which a CMS may send a document.
//!
//! What the API gives can be sent back: a document, a document with its `revision`, or a whole reply with `key` and `document`. The
//! service assigns revisions, so a `revision` has no effect.

use stagedoor::catalog::DocumentKey;
use stagedoor::reading::{FieldError, Tree};

/// The document's own members, out of either form.
pub(super) fn document(key: &DocumentKey, mut sent: Tree) -> Result<Tree, FieldError> {
    let reply = match (sent.member("key"), sent.member("document")) {
        (Some(named), Some(document)) => of_reply(key, named, document).map(|()| true)?,
        _ => false,
    };
    let mut document = if reply { sent.take("document").unwrap_or(Tree::Null) } else { sent };
    document.take("revision");
    Ok(document)
}

/// Checks that a reply is about the document in the path.
fn of_reply(key: &DocumentKey, named: &Tree, document: &Tree) -> Result<(), FieldError> {
    let error = |field: &str, detail| Err(FieldError { field: field.to_owned(), detail });
    if named.text() != Some(&key.to_string()) {
        return error("key", format!("expected `{key}` as in the path, found {named}"));
    }
    match document {
        Tree::Members(_) => Ok(()),
        Tree::Null => {
            error("document", "expected a document, found null: the document was deleted".to_owned())
        }
        found => error("document", format!("expected an object, found {found}")),
    }
}
