//! `stagedoor manifest check`

use std::path::PathBuf;

use stagedoor::manifest::Severity;
use stagedoor::{dash, hls};

use crate::Answer;
use crate::input::{self, Misuse};
use crate::manifest::Kind;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The manifest: an HLS playlist or an MPD, recognised by its content. `-` reads standard input.
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Misuse> {
    let manifest = input::bytes(&arguments.file)?;
    let findings = match Kind::of(&manifest) {
        Kind::Hls => hls::check(&manifest),
        Kind::Dash => dash::check(&manifest),
    };
    input::print(&findings)?;
    let has_error = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if has_error { Answer::Denied } else { Answer::Yes })
}
