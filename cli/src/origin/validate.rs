//! `stagedoor origin validate`

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stagedoor::catalog::{DocumentKey, DocumentKind};
use stagedoor::reading::Tree;

use super::api::{Api, Held};
use super::change::refuse_write;
use super::reference::Reference;
use crate::context::Context;
use crate::failure::Failure;
use crate::{Answer, documents, input, text};

#[derive(clap::Args)]
#[command(after_help = "\
Each document is sent to the service, which checks it and stores nothing. The
members of a file decide its kind. Of a folder, every .json file is checked.
Documents of revocations are skipped, because the service writes them itself.
The exit code is 1 if a document is not valid.

Examples:
  stagedoor origin validate harbour.json
  stagedoor origin validate documents --json")]
pub(crate) struct Arguments {
    /// Files and folders.
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
}

/// The verdict on one file.
enum Verdict {
    /// What would be done.
    Valid(Value),
    Skipped(&'static str),
    Invalid(Failure),
}

pub(crate) fn run(Arguments { paths }: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() { files.extend(documents::files(path)?) } else { files.push(path.clone()) }
    }
    let api = Api::new(context)?;
    let (mut shown, mut lines, mut wrong) = (Vec::new(), Vec::new(), 0);
    for path in &files {
        let (reference, verdict) = check(&api, path)?;
        let name = reference.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
        let key = reference.as_ref().map(|reference| reference.key().to_string());
        let (state, more, why) = match verdict {
            Verdict::Valid(reply) => {
                let held: Held = api.parse(reply.clone())?;
                let warnings: Vec<_> = held.warnings.iter().map(ToString::to_string).collect();
                ("valid", json!({ "would": reply.get("would"), "warnings": reply.get("warnings") }), warnings)
            }
            Verdict::Skipped(why) => ("skipped", json!({ "detail": why }), vec![why.to_owned()]),
            Verdict::Invalid(failure) => {
                wrong += 1;
                ("invalid", failure.json(), failure.to_string().lines().map(str::to_owned).collect())
            }
        };
        let mut entry = json!({ "file": path, "key": key, "state": state });
        if let (Value::Object(entry), Value::Object(more)) = (&mut entry, more) {
            entry.extend(more);
        }
        shown.push(entry);
        lines.push(format!("{state:7}  {name}  {}", input::name(path)));
        lines.extend(why.iter().map(|why| text::wrapped(why, 4)));
    }
    let plural = if files.len() == 1 { "" } else { "s" };
    lines.push(format!("{} file{plural}, {wrong} invalid", files.len()));
    context.output.result(&json!({ "files": shown, "invalid": wrong }), || lines.join("\n"))?;
    Ok(if wrong == 0 { Answer::Yes } else { Answer::Denied })
}

/// Has the service check the document of a file. Its reference is not known if the file cannot be read as a document.
fn check(api: &Api, path: &Path) -> Result<(Option<Reference>, Verdict), Failure> {
    let bytes = input::bytes(path)?;
    let invalid = |why: String| Ok((None, Verdict::Invalid(Failure::refused(why))));
    let document = Tree::parse(&bytes).map_err(|error| error.to_string());
    let document = document.and_then(|tree| serde_json::to_value(tree).map_err(|error| error.to_string()));
    let document = match document {
        Ok(document) => document,
        Err(why) => return invalid(why),
    };
    let key = match key(&document) {
        Ok(key) => key,
        Err(why) => return invalid(why),
    };
    let reference = Reference::from(key);
    if reference.kind().0 == DocumentKind::Revocations {
        let why = "the service writes the revocations itself";
        return Ok((Some(reference), Verdict::Skipped(why)));
    }
    let answer = api.send("PUT", &format!("{}?dry_run=true", reference.path()), &[], Some(&bytes));
    let verdict = match answer {
        Ok(reply) => {
            refuse_write(&reply)?;
            Verdict::Valid(reply)
        }
        // Without access, nothing is said about the document.
        Err(failure) if matches!(failure.status(), Some(401 | 403)) => return Err(failure),
        Err(failure @ Failure::Refused { .. }) => Verdict::Invalid(failure),
        Err(failure) => return Err(failure),
    };
    Ok((Some(reference), verdict))
}

/// The key of a document, or of a reply of the API with a document.
fn key(document: &Value) -> Result<DocumentKey, String> {
    match document.get("key").and_then(Value::as_str) {
        Some(key) if document.get("document").is_some() => {
            key.parse().map_err(|error| format!("`key`: {error}"))
        }
        _ => documents::key(document),
    }
}
