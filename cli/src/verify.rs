//! `stagedoor token verify`

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stagedoor::catalog::{Issuer, KeySet, Site};
use stagedoor::denial::{Denial, Reason};
use stagedoor::facts::Facts;
use stagedoor::redacted;
use stagedoor::route::{Route, route};
use stagedoor::time::UnixTime;
use stagedoor::token::session::Session;
use stagedoor::token::{self, Asked, native};

use crate::context::Context;
use crate::failure::{Failure, Misuse};
use crate::{Answer, input, request, text};

#[derive(clap::Args)]
#[command(after_help = "\
The exit code is 1 if the token is refused.

Examples:
  stagedoor token verify --site site.json --keys keys.json --geo AE \\
    --url \"https://watch.example.com/harbour/master.m3u8?token=$TOKEN\"
  stagedoor token verify --site site.json --keys keys.json \\
    --url https://watch.example.com/harbour/master.m3u8 \\
    --header \"Authorization: Bearer $TOKEN\"")]
pub(crate) struct Arguments {
    /// The site's document.
    #[arg(long, value_name = "SITE.json")]
    site: PathBuf,
    /// The keys of the site's issuers and sessions: one key document, or a list of key documents. A JWK Set without an
    /// `issuer` applies to every issuer that the site names.
    #[arg(long, value_name = "KEYS.json")]
    keys: Option<PathBuf>,
    /// The URL of the request: an entry URL, or a URL below a session.
    #[arg(long)]
    url: String,
    /// The method of the request.
    #[arg(long, value_name = "M", default_value = "GET")]
    method: String,
    /// A header of the request. May be repeated.
    #[arg(long, value_name = "N: V")]
    header: Vec<String>,
    /// The viewer's location, such as AE, AE-DU or US-CA;asn=7922.
    #[arg(long, value_name = "PLACE", default_value = "")]
    geo: String,
    /// The viewer's IP address.
    #[arg(long, value_name = "ADDR")]
    ip: Option<IpAddr>,
    /// The time in Unix seconds. Default: this machine's clock.
    #[arg(long, value_name = "UNIX", value_parser = input::whole)]
    now: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let site: Site = input::document(&arguments.site)?;
    let keys = arguments.keys.as_deref().map(|path| read_keys(path, &site)).transpose()?.unwrap_or_default();
    let headers = arguments.header.iter().map(|header| request::header(header));
    let headers = headers.collect::<Result<Vec<_>, _>>()?;
    let facts = request::facts(&arguments.method, &arguments.url, headers, &arguments.geo, arguments.ip)?;
    let now = input::now(arguments.now)?;
    match verify(&facts, &site, &keys, now) {
        Ok(proved) => {
            context.output.result(&proved, || text::members(&proved))?;
            Ok(Answer::Yes)
        }
        Err(Denial { reason, detail, reply }) => {
            let mut refused = json!({ "ok": false, "reason": reason.code(), "detail": detail });
            if let (Some(wanted), Value::Object(refused)) = (reply, &mut refused) {
                let headers = wanted.headers.iter().map(|(name, value)| (name, value.expose()));
                let headers: BTreeMap<_, _> = headers.collect();
                refused.insert("reply".to_owned(), json!({ "status": wanted.status, "headers": headers }));
            }
            context.output.result(&refused, || text::members(&refused))?;
            Ok(Answer::Denied)
        }
    }
}

/// Verifies the token of a request, whatever its path: whether the edge serves that path is not checked.
fn verify(facts: &Facts, site: &Site, keys: &[KeySet], now: UnixTime) -> Result<serde_json::Value, Denial> {
    let of = |issuer: &Issuer| {
        let found = keys.iter().find(|set| set.issuer == *issuer);
        found.ok_or_else(|| Denial::new(Reason::TokenKeyUnknown, format!("--keys has no keys of `{issuer}`")))
    };
    if let Ok(Route::Below(request, token)) = route(facts) {
        let keys = of(&site.sessions.keys)?;
        let (session, _) = Session::open(token.expose(), keys, site.host.as_str())?;
        session.check(&request, facts, now, site.sessions.grace_s)?;
        return Ok(json!({ "ok": true, "dialect": "session", "grant": {
            "session": session.id.to_string(), "expires_at": session.expires_at, "ends_at": session.ends_at,
            "titles": [request.title], "class": session.class.to_string(),
        }}));
    }
    let presented = token::present(facts, &site.tokens)?;
    let asked = Asked { facts, policy: &site.tokens, now };
    let grant = native::prove(presented.as_ref(), of(presented.keys())?, &asked)?;
    Ok(json!({ "ok": true, "dialect": grant.dialect.name(), "grant": grant }))
}

fn read_keys(path: &Path, site: &Site) -> Result<Vec<KeySet>, Misuse> {
    let failed = |error: &dyn std::fmt::Display| Misuse(format!("{}: {error}", input::name(path)));
    let read = |document: &Value| {
        let mut keys = document.get("keys").and_then(Value::as_array).into_iter().flatten();
        if let Some(key) = keys.find(|key| key.get("k").and_then(Value::as_str) == Some(redacted::MARK)) {
            let kid = key.get("kid").and_then(Value::as_str).unwrap_or_default();
            return Err(failed(&format!(
                "expected the secret of key `{kid}`, found `{}`: put the secret into `k`, or ask the edge with \
                 `stagedoor edge explain`",
                redacted::MARK
            )));
        }
        input::document_in(document.to_string().as_bytes()).map_err(|error| failed(&error))
    };
    let keys: Value = input::json(path)?;
    let list = match keys {
        Value::Array(list) => list,
        one => vec![one],
    };
    let mut sets = Vec::new();
    for document in list {
        if document.get("issuer").is_some() {
            sets.push(read(&document)?);
            continue;
        }
        for issuer in issuers(&serde_json::to_value(site).map_err(|error| failed(&error))?) {
            let mut document = document.clone();
            if let Some(members) = document.as_object_mut() {
                members.insert("issuer".to_owned(), issuer.into());
            }
            sets.push(read(&document)?);
        }
    }
    Ok(sets)
}

/// The issuers and key documents that a site's document names.
fn issuers(site: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let members = site.as_object().into_iter().flatten();
    for (name, value) in members {
        match (name.as_str(), value) {
            ("keys", Value::String(issuer)) => found.push(issuer.clone()),
            ("issuers", Value::Array(list)) => {
                found.extend(list.iter().filter_map(|issuer| issuer.as_str().map(str::to_owned)));
            }
            (_, Value::Array(list)) => found.extend(list.iter().flat_map(issuers)),
            (_, value) => found.extend(issuers(value)),
        }
    }
    found
}
