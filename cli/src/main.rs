//! The `stagedoor` command for operators: the edge's own decisions on the command line.
//!
//! Results go to standard output as JSON or bytes, errors to standard error. The exit code is 0 for success, 1 for a
//! denial or a finding with severity `error`, and 2 for a wrong argument or an unreadable input.

mod cache_key;
mod check_manifest;
mod check_signature;
mod documents;
mod explain;
mod input;
mod manifest;
mod mint;
mod request;
mod simulate;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::input::Misuse;

/// The result of a command that could be carried out.
enum Answer {
    Yes,
    Denied,
}

#[derive(Parser)]
#[command(name = "stagedoor", version, about, long_about = None, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 success; 1 denial or error finding; 2 wrong argument or unreadable input (the reason is on standard error)."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Mint and verify tokens.
    #[command(subcommand, arg_required_else_help = true)]
    Token(Token),
    /// Rewrite manifests as the edge does.
    #[command(subcommand, arg_required_else_help = true)]
    Manifest(Manifest),
    /// Print the cache key of a URL.
    CacheKey(cache_key::Arguments),
    /// Show step by step how the edge decides on a request.
    Explain(explain::Arguments),
    /// Show which viewers may watch which titles, in a table over places, plans, devices, ages and times.
    Simulate(simulate::Arguments),
}

#[derive(Subcommand)]
enum Token {
    /// Mint a token, for tests and to reproduce a viewer's request.
    Mint(mint::Arguments),
    /// Check the signature of a JWS and the rules of its key. Claims are not checked.
    CheckSignature(check_signature::Arguments),
    /// Verify the token of a request against a site and its keys.
    Verify(verify::Arguments),
}

#[derive(Subcommand)]
enum Manifest {
    /// Check a playlist or an MPD against its specification. Prints findings as JSON. The exit code is 1 if a finding
    /// is an error.
    Check(check_manifest::Arguments),
    /// Rewrite a manifest for a permit and a session. Without both, the output equals the input.
    Rewrite(manifest::Arguments),
}

fn main() -> ExitCode {
    let answer = match Arguments::parse().command {
        Command::Token(Token::Mint(arguments)) => mint::run(&arguments),
        Command::Token(Token::CheckSignature(arguments)) => check_signature::run(&arguments),
        Command::Token(Token::Verify(arguments)) => verify::run(&arguments),
        Command::Manifest(Manifest::Check(arguments)) => check_manifest::run(&arguments),
        Command::Manifest(Manifest::Rewrite(arguments)) => manifest::run(&arguments),
        Command::CacheKey(arguments) => cache_key::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
    };
    match answer {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::Denied) => ExitCode::from(1),
        Err(Misuse(why)) => {
            eprintln!("stagedoor: {why}");
            ExitCode::from(2)
        }
    }
}
