//! `stagedoor completions` and `stagedoor man`.

use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::failure::{Failure, Misuse};
use crate::{Answer, output};

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

pub(crate) fn run(arguments: &Completions) -> Result<Answer, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut crate::Arguments::command(), "stagedoor", &mut script);
    output::write(&script)?;
    Ok(Answer::Yes)
}

pub(crate) fn man(Man { folder }: &Man) -> Result<Answer, Failure> {
    clap_mangen::generate_to(crate::Arguments::command(), folder)
        .map_err(|error| Misuse(format!("{}: {error}", folder.display())))?;
    Ok(Answer::Yes)
}
