//! `stagedoor completions` and `stagedoor man`.

use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_complete::Shell;
use serde_json::json;

use crate::Answer;
use crate::context::Context;
use crate::failure::{Failure, Misuse, io_reason};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  stagedoor completions bash \\
    > ~/.local/share/bash-completion/completions/stagedoor
  stagedoor completions zsh > ~/.zfunc/_stagedoor
  stagedoor completions fish > ~/.config/fish/completions/stagedoor.fish
  stagedoor completions powershell >> $PROFILE")]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  stagedoor man ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// The folder, which has to exist.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn run(Completions { shell }: &Completions, context: &Context) -> Result<Answer, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut crate::Arguments::command(), "stagedoor", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    context.output.result(&json!({ "shell": shell.to_string(), "script": script }), || script.clone())?;
    Ok(Answer::Yes)
}

pub(crate) fn man(Man { folder }: &Man, context: &Context) -> Result<Answer, Failure> {
    clap_mangen::generate_to(crate::Arguments::command(), folder)
        .map_err(|error| Misuse(format!("{}: {}", folder.display(), io_reason(&error))))?;
    context.output.result(&json!({ "folder": folder }), || {
        format!("The pages are in {}: man stagedoor, man stagedoor-origin-put", folder.display())
    })?;
    Ok(Answer::Yes)
}
