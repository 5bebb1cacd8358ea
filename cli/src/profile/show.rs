//! `stagedoor profile`

use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::{Answer, text};

#[derive(clap::Args)]
#[command(after_help = "\
Profiles are in the file that STAGEDOOR_PROFILES names, by default
~/.config/stagedoor/profiles.toml:

  default = \"demo\"

  [profiles.demo]
  origin = \"http://127.0.0.1:8788\"
  edge = \"http://localhost:8787\"
  api_key_file = \"api-key\"                 # or api_key_env = \"NAME\"
  explain_secret_file = \"explain-secret\"   # or explain_secret_env
  control_path_file = \"control-path\"       # if the Worker has CONTROL_PATH
  wrangler_env = \"production\"              # for `stagedoor edge tail`

Secrets are in files or environment variables, never in the file itself. Paths
are relative to its folder. Without a profile, these variables count:
STAGEDOOR_ORIGIN_URL, STAGEDOOR_EDGE_URL, STAGEDOOR_API_KEY, EXPLAIN_SECRET and
CONTROL_PATH. With _FILE behind its name, a variable names a file with the
value.

Examples:
  stagedoor profile
  stagedoor --profile production profile")]
pub(crate) struct Arguments {}

pub(crate) fn run(Arguments {}: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let profile = context.profile()?;
    let state = |found: bool| if found { "set" } else { "not set" };
    let shown = json!({
        "profile": profile.name,
        "origin": profile.origin,
        "edge": profile.edge,
        "api_key": state(profile.setting(&profile.api_key)?.is_some()),
        "explain_secret": state(profile.setting(&profile.explain_secret)?.is_some()),
        "control_path": state(profile.control_path()?.is_some()),
        "wrangler_env": profile.wrangler_env(),
    });
    context.output.result(&shown, || text::members(&shown))?;
    Ok(Answer::Yes)
}
