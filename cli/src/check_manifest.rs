//! `stagedoor manifest check`

use std::path::PathBuf;

use stagedoor::manifest::{Finding, Severity};
use stagedoor::{dash, hls};

use crate::context::Context;
use crate::failure::Failure;
use crate::manifest::Kind;
use crate::{Answer, input, text};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  stagedoor manifest check master.m3u8
  curl -s https://media.example.com/harbour/manifest.mpd |
    stagedoor manifest check -")]
pub(crate) struct Arguments {
    /// The manifest: an HLS playlist or an MPD, recognised by its content. `-` reads standard input.
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let manifest = input::bytes(&arguments.file)?;
    let findings = match Kind::of(&manifest) {
        Kind::Hls => hls::check(&manifest),
        Kind::Dash => dash::check(&manifest),
    };
    context.output.result(&findings, || {
        let lines = findings.iter().map(|finding| {
            let Finding { line, column, severity, code, message, clause, .. } = finding;
            format!(
                "{line}:{column} {} {code}\n{}",
                text::name(severity),
                text::wrapped(&format!("{message} ({clause})"), 4)
            )
        });
        if findings.is_empty() { "no findings".to_owned() } else { lines.collect::<Vec<_>>().join("\n") }
    })?;
    let has_error = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if has_error { Answer::Denied } else { Answer::Yes })
}
