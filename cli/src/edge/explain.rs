//! `stagedoor edge explain`

use serde_json::Value;
use stagedoor::catalog::SyncSignature;
use stagedoor::control::EXPLAIN_PATH;
use stagedoor::explain::{MAX_BYTES, Verdict};

use crate::client::{Client, Reply};
use crate::context::Context;
use crate::explain::{answer, asked, human};
use crate::failure::{Failure, Misuse};
use crate::{Answer, input, terminal};

#[derive(clap::Args)]
#[command(after_help = "\
The request is signed with the profile's explain secret, the Worker's
EXPLAIN_SECRET. Nothing is played: no session is opened, and no use of the token
is counted. A URL may leave out the edge's address: /harbour/m.m3u8?token=...

Examples:
  stagedoor edge explain --geo GB \\
    'https://watch.example.com/harbour/master.m3u8?token=eyJ...'
  stagedoor edge explain --request player.har
  pbpaste | stagedoor edge explain --request -      # a copied curl command

Exit codes: 0 let in; 1 refused, or the edge does not explain; 2 misuse;
3 something is broken, or the edge cannot be reached.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    asked: asked::Asked,
}

pub(crate) fn run(Arguments { asked }: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let profile = context.profile()?;
    let edge = profile.edge()?;
    let (request, body) = asked.request(Some(edge))?;
    request.facts().map_err(|error| Misuse(error.to_string()))?;
    if body.len() > MAX_BYTES {
        return Err(
            Misuse(format!("expected a request of {MAX_BYTES} bytes at most, found {}", body.len())).into()
        );
    }
    let secret = profile.explain_secret()?;
    if secret.expose().len() < 32 {
        return Err(Misuse(
            "expected an explain secret of 32 characters or more, as the edge does".to_owned(),
        )
        .into());
    }
    let path = match profile.control_path()? {
        Some(folder) => format!("/{}{EXPLAIN_PATH}", folder.expose()),
        None => EXPLAIN_PATH.to_owned(),
    };
    let client = Client::new(edge, context.output)?;
    let signed = SyncSignature::sign(&secret, &body, input::now(None)?).headers();
    let mut headers: Vec<_> = signed.iter().map(|(name, value)| (*name, value.as_str())).collect();
    headers.push(("Content-Type", "application/json"));
    let reply = client.send("POST", &path, &headers, Some(&body))?;
    if reply.status != 200 {
        return Err(unexplained(&reply));
    }
    let trace: Option<Value> = reply.json();
    let outcome = trace.as_ref().and_then(|trace| trace.get("outcome")).and_then(Value::as_str);
    let verdict = Verdict::ALL.into_iter().find(|verdict| Some(verdict.name()) == outcome);
    let (Some(trace), Some(verdict)) = (trace, verdict) else {
        return Err(Failure::Broken(format!(
            "{edge}: expected a trace with an `outcome`, found something else"
        )));
    };
    context.output.result(&trace, || human::text(&trace, terminal::columns()))?;
    Ok(answer(verdict))
}

/// Why the edge does not explain.
fn unexplained(reply: &Reply) -> Failure {
    let problem: Option<Value> = reply.json();
    let detail = problem.as_ref().and_then(|problem| problem.get("detail")).and_then(Value::as_str);
    let detail = terminal::plain(detail.unwrap_or("no reason is given"));
    let status = reply.status;
    let hint = match status {
        401 => {
            "See that the profile's explain secret is the Worker's EXPLAIN_SECRET, and that this machine's clock is right."
        }
        404 => "Give the Worker the secret EXPLAIN_SECRET, and see that the profile's `edge` is its address.",
        405 => {
            "See that the profile has the Worker's CONTROL_PATH, and that its `edge` is the Worker's CONTROL_HOST."
        }
        429 => "Wait a minute.",
        _ => "Look into the edge's log: stagedoor edge tail.",
    };
    let detail = format!("the edge does not explain (status {status}): {detail}. {hint}");
    if status >= 500 { Failure::Broken(detail) } else { Failure::Refused { detail, problem } }
}
