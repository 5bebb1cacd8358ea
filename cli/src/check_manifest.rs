//! `stagedoor manifest check`

use std::path::PathBuf;

use stagedoor::hls;
use stagedoor::manifest::Severity;

use crate::Answer;
use crate::input::{self, Misuse};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The manifest; `-` reads standard input.
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Misuse> {
    let findings = hls::check(&input::bytes(&arguments.file)?);
    input::print(&findings)?;
    let has_error = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if has_error { Answer::Denied } else { Answer::Yes })
}
