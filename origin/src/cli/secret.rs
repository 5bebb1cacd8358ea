//! The secrets of the deployment: each comes from its environment variable, or from a file, and never from the command line,
//! which every user of the machine can read.

use std::env::{self, VarError};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use stagedoor::control::PATH_VARIABLE;
use stagedoor::redacted::Redacted;

use super::failure::Failure;
use crate::io_reason::io_reason;

/// The variable with the secret that is shared with the edge.
const SYNC_VARIABLE: &str = "SYNC_SECRET";

/// The longest secret, in bytes. A longer file is another one.
const MAX_BYTES: u64 = 4096;

#[derive(Debug, Args)]
pub(super) struct SecretArgs {
    /// File with the secret that is shared with the edge. Without it, the variable SYNC_SECRET has the secret.
    #[arg(long, env = "SYNC_SECRET_FILE", hide_env_values = true, value_name = "FILE")]
    sync_secret_file: Option<PathBuf>,
    /// File with the folder of the edge's endpoints: the Worker's CONTROL_PATH, if it has one. Without it, the variable
    /// CONTROL_PATH has the folder.
    #[arg(long, env = "CONTROL_PATH_FILE", hide_env_values = true, value_name = "FILE")]
    control_path_file: Option<PathBuf>,
}

impl SecretArgs {
    /// The secret that is shared with the edge.
    pub(super) fn sync(&self) -> Result<Redacted<String>, Failure> {
        let secret = read(SYNC_VARIABLE, "--sync-secret-file", self.sync_secret_file.as_deref())?;
        secret.ok_or_else(|| {
            Failure::Misuse(format!(
                "expected the secret that is shared with the edge, in the variable {SYNC_VARIABLE} or in a file named by \
                 --sync-secret-file, found neither; {HOW_TO_MAKE_ONE}"
            ))
        })
    }

    /// The folder of the edge's endpoints; empty if the Worker has none.
    pub(super) fn control_path(&self) -> Result<Redacted<String>, Failure> {
        let folder = read(PATH_VARIABLE, "--control-path-file", self.control_path_file.as_deref())?;
        Ok(folder.unwrap_or_default())
    }
}

/// The remedy for a secret that is missing or too short.
const HOW_TO_MAKE_ONE: &str =
    "`openssl rand -hex 32` makes one, and the edge needs the same (`wrangler secret put SYNC_SECRET`)";

/// The secret from its variable or its file. An empty variable counts as absent: that is how some tools pass on an unset one.
fn read(variable: &str, option: &str, file: Option<&Path>) -> Result<Option<Redacted<String>>, Failure> {
    let given = match env::var(variable) {
        Ok(text) if text.is_empty() => None,
        Ok(text) => Some(text),
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(_)) => {
            return Err(Failure::Misuse(format!(
                "expected text in the variable {variable}, found bytes that are not UTF-8"
            )));
        }
    };
    match (given, file) {
        (Some(_), Some(file)) => Err(Failure::Misuse(format!(
            "expected {variable} once, found it in the environment and in the file {} ({option}): remove one of them",
            file.display()
        ))),
        (Some(text), None) => checked(text, &format!("the variable {variable}")).map(Some),
        (None, Some(file)) => checked(content(file)?, &format!("the file {}", file.display())).map(Some),
        (None, None) => Ok(None),
    }
}

/// The content of a file, without the newline that editors and `echo` put at its end.
fn content(file: &Path) -> Result<String, Failure> {
    let wrong = |why: &str| Failure::Misuse(format!("cannot read the secret in {}: {why}", file.display()));
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| wrong(&io_reason(&error)))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_BYTES) {
        return Err(wrong(&format!("expected {MAX_BYTES} bytes at most, found more")));
    }
    let text =
        String::from_utf8(bytes).map_err(|_| wrong("expected text, found bytes that are not UTF-8"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(wrong("expected a secret, found nothing"));
    }
    Ok(text.to_owned())
}

/// Refuses spaces at either end, and several lines. They are there by mistake, and the edge's copy has none.
fn checked(text: String, place: &str) -> Result<Redacted<String>, Failure> {
    if text.trim() != text || text.contains(char::is_control) {
        return Err(Failure::Misuse(format!(
            "expected one line without spaces around it in {place}, found more"
        )));
    }
    Ok(Redacted::new(text))
}
