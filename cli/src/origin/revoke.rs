//! `stagedoor origin revoke` and `unrevoke`

use clap::ArgGroup;
use serde_json::{Map, Value, json};
use stagedoor::catalog::{DocumentKey, Host, Revoked};
use stagedoor::time::UnixTime;

use super::api::Api;
use super::change::{Change, Options};
use super::reference::Reference;
use crate::context::Context;
use crate::failure::{Failure, Misuse};
use crate::{Answer, input};

#[derive(clap::Args)]
#[command(override_usage = "stagedoor origin revoke [OPTIONS] <HOST> <TARGET>")]
#[command(group = ArgGroup::new("what").required(true).args(["subject", "session", "token", "title", "key", "everything"]))]
#[command(after_help = "\
A host, title, issuer or key that the service does not know is refused, because
a typing error would revoke nothing. --force revokes it all the same.

Examples:
  stagedoor origin revoke watch.example.com --wait \\
    --subject https://id.example.com/ viewer-1 --note 'token shared'
  stagedoor origin revoke watch.example.com --session 0123456789abcdef
  stagedoor origin revoke watch.example.com --title harbour
  stagedoor origin revoke watch.example.com \\
    --key https://id.example.com/ 2026-10")]
pub(crate) struct Arguments {
    /// The site's host name.
    host: Host,
    /// A viewer: the running sessions, and the tokens signed until now.
    #[arg(long, num_args = 2, value_names = ["ISSUER", "SUBJECT"])]
    subject: Option<Vec<String>>,
    /// A session, by its id of 16 hexadecimal digits.
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// A viewer token, by its jti or cti, and the sessions opened with it.
    #[arg(long, num_args = 2, value_names = ["ISSUER", "ID"])]
    token: Option<Vec<String>>,
    /// A title: the running sessions, and the tokens signed until now.
    #[arg(long, value_name = "ID")]
    title: Option<String>,
    /// A key, for good: the tokens that it signed, and their sessions.
    #[arg(long, num_args = 2, value_names = ["ISSUER", "KID"])]
    key: Option<Vec<String>>,
    /// Every running session of the site, and the tokens signed until now.
    #[arg(long)]
    everything: bool,
    /// The reason, for people.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// When the last viewer token concerned expires, in RFC 3339. The entry is dropped some time after.
    #[arg(long, value_name = "TIME", value_parser = input::instant)]
    expires: Option<UnixTime>,
    /// Revoke it although the service does not know it.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    options: Options,
}

#[derive(clap::Args)]
#[command(after_help = "\
`stagedoor origin get revocations/watch.example.com` lists the generations.

Example:
  stagedoor origin unrevoke watch.example.com 1795370401 --wait")]
pub(crate) struct Unrevoke {
    /// The site's host name.
    host: Host,
    /// The generation of the revocation.
    #[arg(value_parser = input::whole)]
    generation: u64,
    #[command(flatten)]
    options: Options,
}

impl Arguments {
    /// The member `what` of the request.
    fn what(&self) -> Value {
        let pair = |names: [&str; 2], values: &[String]| -> Value {
            names
                .into_iter()
                .zip(values)
                .map(|(name, value)| (name.to_owned(), json!(value)))
                .collect::<Map<_, _>>()
                .into()
        };
        match self {
            Self { subject: Some(values), .. } => json!({ "subject": pair(["issuer", "subject"], values) }),
            Self { token: Some(values), .. } => json!({ "token": pair(["issuer", "id"], values) }),
            Self { key: Some(values), .. } => json!({ "key": pair(["issuer", "kid"], values) }),
            Self { session: Some(id), .. } => json!({ "session": id }),
            Self { title: Some(id), .. } => json!({ "title": id }),
            _ => json!({ "everything": {} }),
        }
    }
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let Arguments { host, note, expires, force, options, .. } = arguments;
    let what = arguments.what();
    // A typing error is told before anything is sent.
    let _read: Revoked = serde_json::from_value(what.clone())
        .map_err(|error| Misuse(format!("cannot be revoked: {error}")))?;
    let mut body = Map::from_iter([("what".to_owned(), what)]);
    body.extend(note.as_ref().map(|note| ("note".to_owned(), json!(note))));
    body.extend(expires.map(|expires| ("expires".to_owned(), json!(expires))));
    let body = Value::Object(body).to_string();
    let api = Api::new(context)?;
    let change = Change::begin(&api, *options);
    let reference = Reference::from(DocumentKey::Revocations(host.clone()));
    let query: &[&str] = if *force { &["force=true"] } else { &[] };
    let reply = change.send("POST", &reference.path(), query, &[], Some(body.as_bytes()))?;
    let generation = reply.pointer("/document/revoked/0/generation").and_then(Value::as_u64);
    let generation = generation.filter(|_| !options.dry_run);
    let more = generation.map(|generation| {
        format!("Its generation is {generation}. To take it back:\n  stagedoor origin unrevoke {host} {generation}")
    });
    change.report(&reference, reply, "revoked", more.as_slice(), context)?;
    Ok(Answer::Yes)
}

pub(crate) fn unrevoke(arguments: &Unrevoke, context: &Context) -> Result<Answer, Failure> {
    let Unrevoke { host, generation, options } = arguments;
    let api = Api::new(context)?;
    let change = Change::begin(&api, *options);
    let reference = Reference::from(DocumentKey::Revocations(host.clone()));
    let reply = change.send("DELETE", &format!("{}/{generation}", reference.path()), &[], &[], None)?;
    change.report(&reference, reply, &format!("revocation {generation} taken back"), &[], context)?;
    Ok(Answer::Yes)
}
