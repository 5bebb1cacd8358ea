//! Writes the path of a member: `offers[0].territories.allow[1]`.

/// The path of an unknown member.
pub(super) fn ignored(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}[{index}]", ignored(parent)),
        Path::Map { parent, key } => join(&ignored(parent), key),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            ignored(parent)
        }
    }
}

/// The path of the member at which reading stopped. For a missing or repeated member, serde gives the path of its parent, and the
/// member's name only in the message.
pub(super) fn failed(path: &serde_path_to_error::Path, error: &serde_json::Error) -> String {
    let parent = path.to_string();
    let message = error.to_string();
    let name = ["missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start)?.split_once('`').map(|(name, _)| name));
    match name {
        Some(name) if parent == "." => name.to_owned(),
        Some(name) if parent.rsplit('.').next() != Some(name) => join(&parent, name),
        _ => parent,
    }
}

/// The member of an unreadable key. The message names the key and the member: ``key `a`: `x`: expected …``.
pub(super) fn of_key(path: &serde_path_to_error::Path, message: &str) -> Option<String> {
    let (_, rest) = message.strip_prefix("key `")?.split_once("`: `")?;
    Some(join(&path.to_string(), rest.split_once('`')?.0))
}

/// The member and the message of an error from a check over several members. Serde gives it the path of the document; the message
/// begins with the member's own path.
pub(super) fn named_in_message<'e>(
    path: &serde_path_to_error::Path,
    message: &'e str,
) -> Option<(&'e str, &'e str)> {
    message.split_once(": ").filter(|(field, _)| path.to_string() == "." && !field.contains(' '))
}

/// The parser's message without the ` at line L column C` at its end.
pub(super) fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&position).unwrap_or(&message).to_owned()
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}
