//! `stagedoor edge tail`

use std::fs::File;
use std::io::{self, BufReader, IsTerminal as _, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::event::{Event, Filters};
use super::lines;
use crate::context::Context;
use crate::failure::{Failure, io_reason};
use crate::{Answer, terminal};

#[derive(clap::Args)]
#[command(after_help = "\
Runs `wrangler tail` of the project in this folder, which has to be logged in to
Cloudflare. The edge logs one refusal of one viewer once a minute, with the
number of its repeats. On a terminal, a line is cut at its width. With --json,
the edge's own lines come out as they are.

Examples:
  stagedoor edge tail --reason territory --title harbour
  stagedoor edge tail --env staging --json | jq .detail
  stagedoor edge tail --from .demo/edge.log

Exit codes: 0 the log has ended; 2 misuse; 3 wrangler has ended with an error.")]
pub(crate) struct Arguments {
    /// The environment of wrangler.toml. Default: the profile's `wrangler_env`.
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Read lines that were saved, instead of following the edge; `-` reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "env")]
    from: Option<PathBuf>,
    #[command(flatten)]
    filters: Filters,
}

pub(crate) fn run(
    Arguments { env, from, filters }: &Arguments,
    context: &Context,
) -> Result<Answer, Failure> {
    let width = io::stdout().is_terminal().then(terminal::columns);
    let tell = |event: &Event| {
        if !filters.show(event) {
            return ControlFlow::Continue(());
        }
        let told = if context.output.json { event.line.to_string() } else { event.told() };
        write(width.filter(|_| !context.output.json).map_or(told.clone(), |width| cut(&told, width)))
    };
    match from {
        Some(path) if path.as_os_str() == "-" => lines::read(io::stdin().lock(), tell)?,
        Some(path) => {
            let unread =
                |error: io::Error| Failure::Misuse(format!("{}: {}", path.display(), io_reason(&error)));
            lines::read(BufReader::new(File::open(path).map_err(unread)?), tell)?;
        }
        None => follow(env.as_deref(), context, tell)?,
    }
    Ok(Answer::Yes)
}

/// Writes a line. A reader who has read enough, such as `head`, ends the command.
fn write(mut line: String) -> ControlFlow<Result<(), Failure>> {
    line.push('\n');
    let mut output = io::stdout().lock();
    match output.write_all(line.as_bytes()).and_then(|()| output.flush()) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ControlFlow::Break(Ok(())),
        Err(error) => {
            ControlFlow::Break(Err(Failure::Broken(format!("standard output: {}", io_reason(&error)))))
        }
    }
}

/// A line that fits the width.
fn cut(line: &str, width: usize) -> String {
    if terminal::width(line) <= width {
        return line.to_owned();
    }
    let mut cut = String::new();
    for char in line.chars() {
        cut.push(char);
        if terminal::width(&cut) >= width {
            cut.pop();
            break;
        }
    }
    cut + "…"
}

/// Tells the lines of a running edge, by `wrangler tail`.
fn follow(
    env: Option<&str>,
    context: &Context,
    tell: impl FnMut(&Event) -> ControlFlow<Result<(), Failure>>,
) -> Result<(), Failure> {
    let profile = match env {
        Some(_) => None,
        None => Some(context.profile()?),
    };
    let env =
        env.or_else(|| profile.as_ref().and_then(|profile| profile.wrangler_env())).ok_or_else(|| {
            Failure::Misuse(
                "expected --env, or a profile with `wrangler_env`: the environment of wrangler.toml"
                    .to_owned(),
            )
        })?;
    let wrangler = wrangler();
    let mut command = Command::new(&wrangler);
    command.args(["tail", "--env", env, "--format", "json"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::Misuse(
            "expected wrangler in node_modules/.bin or in the PATH, found none: run `npm ci` in the project's folder, and call \
             this command there"
                .to_owned(),
        ),
        _ => Failure::Broken(format!("{}: {}", wrangler.display(), io_reason(&error))),
    })?;
    let mut child = Tail(child);
    context.output.remark(&format!("following the environment {env}; Ctrl-C ends it"));
    if let Some(output) = child.0.stdout.take() {
        lines::read(BufReader::new(output), tell)?;
    }
    match child.0.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Broken(format!("wrangler tail has ended: {status}"))),
        Err(error) => Err(Failure::Broken(format!("wrangler tail: {error}"))),
    }
}

/// The project's own wrangler, in this folder or one above it; else the one in the PATH.
fn wrangler() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let own = here.ancestors().map(|folder| folder.join("node_modules/.bin/wrangler"));
    own.into_iter().find(|path| path.exists()).unwrap_or_else(|| Path::new("wrangler").to_owned())
}

/// A child that ends with this command.
struct Tail(Child);

impl Drop for Tail {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            // wrangler passes SIGTERM on to its own child, and cannot pass on SIGKILL.
            let asked = Command::new("kill").arg(self.0.id().to_string()).stderr(Stdio::null()).status();
            if !asked.is_ok_and(|status| status.success()) {
                // It may have ended by itself.
                let _ended = self.0.kill();
            }
        }
    }
}
