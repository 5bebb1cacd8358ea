//! The `stagedoor` command for operators: the edge's own decisions on the command line, and running systems.
//!
//! Every command has one form: [`Context`] (the output, the profile) and its own arguments in, an [`Answer`] or a [`Failure`] out.
//! [`context`] shows how a command talks to a system of a profile.

mod ads;
mod cache_key;
mod check_manifest;
mod check_signature;
mod client;
mod completions;
mod context;
mod documents;
mod edge;
mod explain;
mod failure;
mod input;
mod manifest;
mod manifest_ads;
mod mint;
mod origin;
mod output;
mod profile;
mod request;
mod scte35;
mod simulate;
mod terminal;
mod text;
mod vast;
mod verify;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

/// The result of a command that could be carried out.
enum Answer {
    Yes,
    /// The result, which has been printed, says no.
    Denied,
    /// The result, which has been printed, depends on something that the input does not have.
    Unchecked,
    /// The result, which has been printed, says that something is broken.
    Broken,
}

/// Shows what the edge decides and why, and talks to running systems.
#[derive(Parser)]
#[command(name = "stagedoor", version, about, arg_required_else_help = true, max_term_width = 80)]
#[command(after_help = "\
Exit codes:
  0  success
  1  refused: a denial, a refusal of a service, an invalid document or manifest
  2  misuse: a wrong argument, or an input that cannot be read
  3  broken: a fault, a system that cannot be reached, a time limit

Output:
  Results go to standard output, errors and remarks to standard error. With
  --json, standard output has one JSON value whatever happens; an error is
  {\"error\": {\"kind\": \"refused\" | \"misuse\" | \"broken\", \"detail\": \"...\"}}.")]
struct Arguments {
    /// Print JSON instead of text, errors included.
    #[arg(long, global = true, help_heading = "Global options")]
    json: bool,
    /// The profile with the addresses and secrets of the systems. See `stagedoor profile --help`.
    #[arg(
        long,
        global = true,
        env = "STAGEDOOR_PROFILE",
        hide_env_values = true,
        value_name = "NAME",
        help_heading = "Global options"
    )]
    profile: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Change and look up the documents of an origin service.
    #[command(subcommand, arg_required_else_help = true)]
    Origin(origin::Command),
    /// Mint and verify tokens.
    #[command(subcommand, arg_required_else_help = true)]
    Token(Token),
    /// Check manifests, and rewrite them as the edge does.
    #[command(subcommand, arg_required_else_help = true)]
    Manifest(Manifest),
    /// Rehearse advertising.
    #[command(subcommand, arg_required_else_help = true)]
    Ads(ads::Command),
    /// Read messages of SCTE 35.
    #[command(subcommand, arg_required_else_help = true)]
    Scte35(Scte35),
    /// Print the cache key of a URL.
    CacheKey(cache_key::Arguments),
    /// Ask a running edge: how it decides, whether it is well, what it refuses.
    #[command(subcommand, arg_required_else_help = true)]
    Edge(edge::Command),
    /// Show how the edge decides a request, from a folder of documents: which step stops it, and what would change it.
    Explain(explain::Arguments),
    /// Show which viewers may watch which titles, in a table over places, plans, devices, ages and times.
    Simulate(simulate::Arguments),
    /// Resolve documents of ad servers.
    #[command(subcommand, arg_required_else_help = true)]
    Vast(vast::Command),
    /// Show the profile in use, and how to write one. Secrets are not shown.
    Profile(profile::show::Arguments),
    /// Print a shell's completions of this command.
    Completions(completions::Completions),
    /// Write the manual pages of this command into a folder.
    Man(completions::Man),
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
    /// Check a playlist or an MPD against its specification. The exit code is 1 if a finding is an error.
    Check(check_manifest::Arguments),
    /// Rewrite a manifest for a permit and a session. Without both, the output equals the input.
    Rewrite(manifest::Arguments),
}

#[derive(Subcommand)]
enum Scte35 {
    /// Decode a message of SCTE 35, and show what it does to breaks. The exit code is 1 if something is wrong with it.
    Decode(scte35::Arguments),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return unparsed(&error),
    };
    let context = Context { output: Output { json: arguments.json }, profile: arguments.profile };
    match run(&arguments.command, &context) {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::Denied) => ExitCode::from(1),
        Ok(Answer::Unchecked) => ExitCode::from(2),
        Ok(Answer::Broken) => ExitCode::from(3),
        Err(failure) => {
            context.output.failure(&failure);
            failure.code()
        }
    }
}

fn run(command: &Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::Token(Token::Mint(arguments)) => mint::run(arguments, context),
        Command::Token(Token::CheckSignature(arguments)) => check_signature::run(arguments, context),
        Command::Token(Token::Verify(arguments)) => verify::run(arguments, context),
        Command::Manifest(Manifest::Check(arguments)) => check_manifest::run(arguments, context),
        Command::Manifest(Manifest::Rewrite(arguments)) => manifest::run(arguments, context),
        Command::Ads(command) => ads::run(command, context),
        Command::Scte35(Scte35::Decode(arguments)) => scte35::run(arguments, context),
        Command::CacheKey(arguments) => cache_key::run(arguments, context),
        Command::Edge(command) => edge::run(command, context),
        Command::Explain(arguments) => explain::run(arguments, context),
        Command::Simulate(arguments) => simulate::run(arguments, context),
        Command::Vast(command) => vast::run(command, context),
        Command::Origin(command) => origin::run(command, context),
        Command::Profile(arguments) => profile::show::run(arguments, context),
        Command::Completions(arguments) => completions::run(arguments, context),
        Command::Man(arguments) => completions::man(arguments, context),
    }
}

/// Help and the version, or why the arguments cannot be read.
fn unparsed(error: &clap::Error) -> ExitCode {
    let json =
        std::env::args().skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json");
    let asked = !error.use_stderr();
    if asked || !json {
        // Nothing else could be said if the output is closed.
        let _closed = error.print();
    } else if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let expected = "expected a subcommand or arguments, found none. For more information, try '--help'.";
        Output { json }.failure(&Failure::Misuse(expected.to_owned()));
    } else {
        let text = error.render().to_string();
        let said = text.split("\n\nUsage:").next().unwrap_or_default();
        Output { json }.failure(&Failure::Misuse(said.trim_start_matches("error: ").trim().to_owned()));
    }
    if asked { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    /// Every command that does something, with its words.
    fn commands() -> Vec<(String, clap::Command)> {
        fn collect(words: &str, command: &clap::Command, found: &mut Vec<(String, clap::Command)>) {
            if !command.has_subcommands() {
                found.push((words.to_owned(), command.clone()));
            }
            for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
                collect(&format!("{words} {}", below.get_name()), below, found);
            }
        }
        let mut found = Vec::new();
        let mut command = Arguments::command();
        command.build();
        collect("stagedoor", &command, &mut found);
        found
    }

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_help_has_an_example_and_fits_a_terminal() {
        for (words, mut command) in commands() {
            let help = command.render_long_help().to_string();
            assert!(help.contains("Example"), "`{words} --help` has no example");
            let written = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in help.lines().chain(written.lines()) {
                assert!(line.chars().count() <= 80, "`{words} --help`: {line}");
            }
        }
    }

    #[test]
    fn the_reference_lists_every_command() {
        let reference = include_str!("../../docs/REFERENCE.md");
        let (_, section) = reference.split_once("\n## The command\n").expect("the section of the command");
        let section = section.split("\n## ").next().unwrap_or_default();
        let row = |line: &str| Some(line.strip_prefix("| `stagedoor ")?.split_once('`')?.0.to_owned());
        let mut listed: Vec<_> = section.lines().filter_map(row).collect();
        let mut known: Vec<_> = commands()
            .into_iter()
            .map(|(words, _)| words.trim_start_matches("stagedoor ").to_owned())
            .collect();
        listed.sort();
        known.sort();
        assert_eq!(
            listed, known,
            "docs/REFERENCE.md, section The command, has other commands than this program"
        );
    }
}
