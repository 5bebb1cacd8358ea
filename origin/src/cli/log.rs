//! The log of `serve`.

use std::env::{self, VarError};
use std::io::{self, IsTerminal};

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use super::failure::Failure;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

/// Starts the log on standard error.
pub(super) fn start(format: LogFormat) -> Result<(), Failure> {
    let filter = match env::var(VARIABLE) {
        Ok(text) if !text.is_empty() => filter(&text)?,
        Ok(_) | Err(VarError::NotPresent) => EnvFilter::default().add_directive(LevelFilter::INFO.into()),
        Err(VarError::NotUnicode(_)) => return Err(unreadable("bytes that are not UTF-8")),
    };
    let colour = io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colour);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

const VARIABLE: &str = "RUST_LOG";

/// Reads the levels. A single word is a level here: tracing takes any other word for a module, and then logs nothing.
fn filter(text: &str) -> Result<EnvFilter, Failure> {
    let is_level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok();
    let mistyped = text.split(',').map(str::trim).find(|part| !part.contains(['=', '[']) && !is_level(part));
    match mistyped {
        Some(part) => Err(unreadable(&format!("`{part}`"))),
        None => text.parse().map_err(|_| unreadable(&format!("`{text}`"))),
    }
}

fn unreadable(found: &str) -> Failure {
    Failure::Misuse(format!(
        "expected a level in the variable {VARIABLE}, which is one of off, error, warn, info, debug and trace, or MODULE=LEVEL such as \
         stagedoor_origin=debug, found {found}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_and_nonsense_is_refused() {
        for good in
            ["info", "WARN", "warn,stagedoor_origin=debug", "stagedoor_origin::push=trace, error", "off"]
        {
            assert!(filter(good).is_ok(), "{good}");
        }
        for bad in ["inof", "warn,everything", "stagedoor_origin=loud", "a=b=c", ","] {
            assert!(filter(bad).unwrap_err().to_string().contains("RUST_LOG"), "{bad}");
        }
    }
}
