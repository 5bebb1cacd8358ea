//! `stagedoor-origin`: runs the command line.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use stagedoor_origin::cli::{Cli, Failure};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(cli.run()),
        Err(error) => Err(Failure::Broken(format!("cannot start threads: {error}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody may be reading the error, and the exit code says it too.
            let _ = writeln!(io::stderr(), "stagedoor-origin: {failure}");
            failure.exit_code()
        }
    }
}
