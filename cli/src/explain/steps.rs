//! The steps of a decision, each in a line: passed, stopped, or not reached.

use serde_json::Value;
use stagedoor::token::Dialect;

use super::human::{Page, all_saw, member, saw};
use super::rules::{document, time};

/// Writes the steps in the order in which the edge takes them.
pub(super) fn write(page: &mut Page, trace: &Value) {
    page.section("Steps");
    let below = saw(trace, "route").and_then(|route| member(route, &["credential"])) == Some("session token");
    let names: &[&str] = if below {
        &["request", "site", "session", "revocations", "title", "rights", "media"]
    } else {
        &["request", "site", "token", "title", "revocations", "rights", "media"]
    };
    let stopped = member(trace, &["stopped_at"]);
    let mut is_over = false;
    for name in names {
        let passed = passed(trace, name);
        let is_stop = stopped == Some(name);
        let (mark, text) = match passed {
            _ if is_stop && member(trace, &["outcome"]) == Some("unchecked") => {
                ("?   ", "cannot be checked".to_owned())
            }
            _ if is_stop => ("STOP", stop(trace)),
            Some(text) if is_unchecked(trace, name) => ("?   ", text),
            Some(text) => ("ok  ", text),
            None if is_over => ("-   ", "not reached".to_owned()),
            None => continue,
        };
        is_over |= is_stop;
        page.line(&format!("  {mark}  {name:<11}  "), &text);
    }
    if let Some(stopped) = stopped.filter(|stopped| !names.contains(stopped)) {
        page.line(&format!("  STOP  {stopped:<11}  "), &stop(trace));
    }
}

/// A few words on the stop. The section "Why" has the details.
fn stop(trace: &Value) -> String {
    member(trace, &["reason"]).unwrap_or("refused").to_owned()
}

fn is_unchecked(trace: &Value, name: &str) -> bool {
    let session = name == "session";
    let of = |saw: &Value| (member(saw, &["dialect"]) == Some("session")) == session;
    (session || name == "token") && all_saw(trace, "unchecked").any(of)
}

/// What a step that was passed saw. `None`: it was not reached.
fn passed(trace: &Value, name: &str) -> Option<String> {
    match name {
        "request" => saw(trace, "route").map(|_| "the path is one that the edge serves".to_owned()),
        "site" => read(trace, "v1/site/"),
        "title" => read(trace, "v1/title/"),
        "token" => saw(trace, "grant").map(grant),
        "session" => saw(trace, "credential").map(|_| match is_unchecked(trace, "session") {
            true => "taken for genuine: its signature cannot be checked".to_owned(),
            false => "it is genuine, for this title, and has not ended".to_owned(),
        }),
        "revocations" => {
            let credential = saw(trace, "credential")
                .filter(|credential| credential.get("refused").is_none_or(Value::is_null))?;
            let revision =
                credential.get("revocations").and_then(|list| list.get("revision")).and_then(Value::as_u64);
            Some(match revision {
                Some(0) | None => "nothing was ever revoked on this site".to_owned(),
                Some(revision) => format!("not among the revocations, revision {revision}"),
            })
        }
        "rights" => saw(trace, "permit").map(|permit| {
            let offer = member(permit, &["offer"]).unwrap_or_default();
            format!("the offer {offer} fits")
        }),
        "media" if saw(trace, "pod").is_some() => {
            Some("the list of a break, which the edge makes".to_owned())
        }
        "media" => saw(trace, "source").map(|source| {
            let of = |name| member(source, &[name]).unwrap_or_default();
            format!("{}/{} at the media origin", of("title"), of("resource"))
        }),
        _ => None,
    }
}

/// The document of a kind that was found.
fn read(trace: &Value, prefix: &str) -> Option<String> {
    let key = |saw: &&Value| member(saw, &["key"]).is_some_and(|key| key.starts_with(prefix));
    let found = all_saw(trace, "document").find(key)?;
    let is_found = found.get("found").and_then(Value::as_bool) == Some(true);
    let revision = found.get("revision").and_then(Value::as_u64)?;
    let name = document(member(found, &["key"])?);
    let revision = if revision == 0 { String::new() } else { format!(", revision {revision}") };
    is_found.then(|| format!("{name}{revision}"))
}

/// Whose token it is, and for what.
fn grant(saw: &Value) -> String {
    let of = |name| member(saw, &["grant", name]);
    let list = |name| {
        let items = saw.get("grant").and_then(|grant| grant.get(name)).and_then(Value::as_array);
        let items: Vec<_> = items.into_iter().flatten().filter_map(Value::as_str).collect();
        (!items.is_empty()).then(|| items.join(", "))
    };
    let name = member(saw, &["dialect"]).unwrap_or_default();
    let dialect =
        Dialect::ALL.iter().find(|dialect| dialect.name() == name).map_or(name, |dialect| dialect.title());
    let dialect = dialect.split(" (").next().unwrap_or_default();
    let mut words = vec![format!("{dialect} of {}", of("issuer").unwrap_or_default())];
    if saw.get("verified").and_then(Value::as_bool) == Some(false) {
        words.push(format!("key {} NOT CHECKED", of("key").unwrap_or_default()));
    } else {
        words.push(format!("key {}", of("key").unwrap_or_default()));
    }
    words.extend(of("subject").map(|subject| format!("viewer {subject}")));
    words.push(list("plans").map_or_else(|| "no plan".to_owned(), |plans| format!("plan {plans}")));
    words.extend(list("titles").map(|titles| format!("titles {titles}")));
    words.extend(of("expires_at").map(|expires| format!("until {}", time(expires))));
    words.join(", ")
}
