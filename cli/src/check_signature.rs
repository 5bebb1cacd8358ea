//! `stagedoor token check-signature`

use std::path::PathBuf;

use serde_json::json;
use stagedoor::denial::Denial;
use stagedoor::token::jws::{self, Verified, Verifiers};

use crate::context::Context;
use crate::failure::{Failure, Misuse};
use crate::{Answer, input, text};

#[derive(clap::Args)]
#[command(after_help = "\
The exit code is 1 if the signature is wrong.

Example:
  stagedoor token check-signature --jwks jwks.json -- \"$TOKEN\"")]
pub(crate) struct Arguments {
    /// The keys: a JWK Set, one JWK, or a key document.
    #[arg(long, value_name = "FILE")]
    jwks: PathBuf,
    /// The signed content of a detached token (RFC 7515 appendix F).
    #[arg(long, value_name = "FILE")]
    payload: Option<PathBuf>,
    /// The token: a JWS in compact, flattened or general serialisation.
    #[arg(allow_hyphen_values = true)]
    token: String,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let file = |why: String| Misuse(format!("{}: {why}", input::name(&arguments.jwks)));
    let keys = Verifiers::from_slice(&input::bytes(&arguments.jwks)?).map_err(file)?;
    let payload = arguments.payload.as_deref().map(input::bytes).transpose()?;
    match jws::check(&arguments.token, &keys, payload.as_deref()) {
        Ok(Verified { algorithm, kid }) => {
            let verified = json!({ "ok": true, "alg": algorithm.name(), "kid": kid });
            context.output.result(&verified, || text::members(&verified))?;
            Ok(Answer::Yes)
        }
        Err(Denial { reason, detail, .. }) => {
            let refused = json!({ "ok": false, "reason": reason.code(), "detail": detail });
            context.output.result(&refused, || text::members(&refused))?;
            Ok(Answer::Denied)
        }
    }
}
