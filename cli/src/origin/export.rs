//! `stagedoor origin export`: a folder of documents, as `stagedoor explain` and `simulate` take it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use stagedoor::reading::Tree;

use super::api::Api;
use super::reference::Kind;
use crate::Answer;
use crate::context::Context;
use crate::failure::{Failure, Misuse, io_reason};

#[derive(clap::Args)]
#[command(after_help = "\
Writes DIR/titles, DIR/sites, DIR/keys, DIR/revocations, DIR/campaigns and
DIR/creatives, one file for each document, with its revision. Shared secrets
read [redacted].

Examples:
  stagedoor origin export backup
  stagedoor origin export documents --force
  stagedoor simulate --documents documents --site watch.example.com --all")]
pub(crate) struct Arguments {
    /// The folder, which is created.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Replace an earlier export: the .json files in its folders are removed first.
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(Arguments { folder, force }: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let api = Api::new(context)?;
    prepare(folder, *force)?;
    let (mut counts, mut left_out) = (Vec::new(), Vec::new());
    for kind in Kind::ALL {
        match export(&api, kind, &folder.join(kind.folder())) {
            Ok(count) => counts.push((kind.folder(), count)),
            Err(failure) if failure.status() == Some(403) => left_out.push(kind.folder()),
            Err(failure) => return Err(failure),
        }
    }
    let report = json!({ "folder": folder, "documents": counts.iter().copied().collect::<BTreeMap<_, _>>(), "left_out": left_out });
    context.output.result(&report, || {
        let counts: Vec<_> = counts.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let mut text = format!("{}: {}", folder.display(), counts.join(", "));
        if !left_out.is_empty() {
            text.push_str(&format!("\nLeft out, since the API key is not for them: {}", left_out.join(", ")));
        }
        text
    })?;
    Ok(Answer::Yes)
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::Misuse(format!("{}: {}", path.display(), io_reason(error)))
}

/// Refuses a folder that has something in it, or removes an earlier export.
fn prepare(folder: &Path, force: bool) -> Result<(), Failure> {
    let is_empty = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(failed(folder, &error)),
    };
    if !is_empty && !force {
        return Err(Failure::Misuse(format!(
            "{}: expected an empty folder, found files: name another one, or replace an earlier export with --force",
            folder.display()
        )));
    }
    for kind in Kind::ALL {
        let folder = folder.join(kind.folder());
        fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
        for entry in fs::read_dir(&folder).map_err(|error| failed(&folder, &error))? {
            let path = entry.map_err(|error| failed(&folder, &error))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                fs::remove_file(&path).map_err(|error| failed(&path, &error))?;
            }
        }
    }
    Ok(())
}

/// Writes all documents of a kind, and returns their number.
fn export(api: &Api, kind: Kind, folder: &Path) -> Result<usize, Failure> {
    let mut names = Names::default();
    let mut count = 0;
    for page in api.documents(kind) {
        for (reference, revision, mut document) in page? {
            if let Tree::Members(members) = &mut document {
                members.insert(0, ("revision".to_owned(), Tree::Number(revision.into())));
            }
            let path = folder.join(names.of(reference.id()));
            let text = serde_json::to_string_pretty(&document).map_err(|error| Misuse(error.to_string()))?;
            fs::write(&path, format!("{text}\n")).map_err(|error| failed(&path, &error))?;
            count += 1;
        }
    }
    Ok(count)
}

/// The names of files so far, in lower case: a file system may not tell upper case from lower case.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    /// What is not safe in a file name on any system.
    const UNSAFE: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
    /// Far from the 255 bytes that file systems allow.
    const LONGEST: usize = 160;

    /// A name for the file of an id, which no other file has.
    fn of(&mut self, id: &str) -> String {
        let encoded = utf8_percent_encode(id, &Self::UNSAFE).to_string();
        let encoded: String = encoded.chars().take(Self::LONGEST).collect();
        let mut name = format!("{encoded}.json");
        let mut number = 2;
        while !self.0.insert(name.to_lowercase()) {
            name = format!("{encoded}~{number}.json");
            number += 1;
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_a_safe_name_of_its_own() {
        let mut names = Names::default();
        for (id, expected) in [
            ("harbour", "harbour.json"),
            ("https://id.example.com/", "https%3A%2F%2Fid.example.com%2F.json"),
            ("HTTPS://id.example.com/", "HTTPS%3A%2F%2Fid.example.com%2F~2.json"),
            ("..", "...json"),
        ] {
            assert_eq!(names.of(id), expected);
        }
        let long = "é".repeat(256);
        assert!(names.of(&long).len() <= 170 && names.of(&long).contains("~2"));
    }
}
