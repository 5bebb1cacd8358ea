//! The `stagedoor` command, for ops: the edge's own decisions, made here.
//!
//! JSON or bytes on standard output, errors on standard error; exit code 0, 1 when the answer is a denial or a finding
//! is an error, 2 when the command was not understood or its input cannot be read.

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

/// What a command came to, when it could be carried out.
enum Answer {
    Yes,
    Denied,
}

#[derive(Parser)]
#[command(name = "stagedoor", version, about, long_about = None, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 denied or found wrong, 2 misuse (the reason is on standard error)."
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
    /// Print the key under which the edge keeps what a URL stands for.
    CacheKey(cache_key::Arguments),
    /// Show how the edge decides on a request, step by step.
    Explain(explain::Arguments),
    /// Show who may watch what: places, plans, devices, ages and instants against the offers of titles.
    Simulate(simulate::Arguments),
}

#[derive(Subcommand)]
enum Token {
    /// Mint a token, for tests and for a look at what a viewer would get.
    Mint(mint::Arguments),
    /// Check the signature of a JWS and the rules of its key, and nothing that it says.
    CheckSignature(check_signature::Arguments),
    /// Verify the token of a request against a site and its keys.
    Verify(verify::Arguments),
}

#[derive(Subcommand)]
enum Manifest {
    /// Check a playlist or an MPD against its specification: findings as JSON, and exit code 1 where one is an error.
    Check(check_manifest::Arguments),
    /// Rewrite a manifest for a permit and a session; without both, it comes out unchanged.
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
