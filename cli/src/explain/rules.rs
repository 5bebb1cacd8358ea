//! The rules of a title, its offer and its limits in words.

use serde_json::Value;

use super::human::{Page, member, saw};

/// The most offers and blackouts that are listed.
const MOST: usize = 12;

/// Writes which rules of which offers refused. Of the deciding offer, every rule is listed.
pub(super) fn write(page: &mut Page, rights: &Value) {
    let findings: Vec<&Value> =
        rights.get("findings").and_then(Value::as_array).into_iter().flatten().collect();
    let of = |finding: &Value| member(finding, &["of"]).unwrap_or_default().to_owned();
    let mut owners: Vec<String> = Vec::new();
    // The rules of a title and its blackouts are told by the detail.
    for finding in findings.iter().filter(|finding| !passed(finding) && of(finding).starts_with("offer ")) {
        if !owners.contains(&of(finding)) {
            owners.push(of(finding));
        }
    }
    let decided = member(rights, &["by", "decided", "of"]);
    for owner in owners.iter().take(MOST) {
        page.line("  ", owner);
        let own = findings.iter().filter(|finding| of(finding) == *owner);
        for finding in own.filter(|finding| !passed(finding) || decided == Some(owner)) {
            let mark = if passed(finding) { "ok  " } else { "STOP" };
            let rule = member(finding, &["rule"]).unwrap_or_default().replace('_', " ");
            let asks = member(finding, &["wanted"]).unwrap_or("nothing");
            let found = member(finding, &["saw"]).unwrap_or("nothing");
            let rehearsed = if member(finding, &["mode"]) == Some("log") { " (only rehearsed)" } else { "" };
            page.line(
                &format!("    {mark}  {rule:<11}  "),
                &format!("asks for {asks}; found {found}{rehearsed}"),
            );
        }
    }
    if owners.len() > MOST {
        page.line("  ", &format!("and {} more, which --json lists", owners.len() - MOST));
    }
}

fn passed(finding: &Value) -> bool {
    finding.get("passed").and_then(Value::as_bool) == Some(true)
}

/// What the deciding offer or rule asks for and did not find.
pub(super) fn lacks(rights: &Value) -> Vec<String> {
    let Some(owner) = member(rights, &["by", "decided", "of"]) else { return Vec::new() };
    let decided = member(rights, &["by", "decided", "rule"]);
    let cure = member(rights, &["by", "decided", "would_pass"]).map(str::to_owned);
    let findings = rights.get("findings").and_then(Value::as_array).into_iter().flatten();
    let own = findings.filter(|finding| member(finding, &["of"]) == Some(owner) && !passed(finding));
    let enforced = own.filter(|finding| member(finding, &["mode"]) != Some("log"));
    let others = enforced.filter(|finding| decided.is_some() && member(finding, &["rule"]) != decided);
    let others = others.filter_map(|finding| member(finding, &["wanted"])).map(str::to_owned);
    cure.into_iter().chain(others).collect()
}

/// `by the offer gold: pictures of 720p at most`
pub(super) fn offer(trace: &Value) -> String {
    let offer = saw(trace, "permit").and_then(|permit| member(permit, &["offer"]));
    let limits = caps(trace.get("caps"));
    match offer {
        Some(offer) => format!("by the offer {offer}: {limits}"),
        None => limits,
    }
}

/// `pictures of 720p at most, audio ar, en`
pub(super) fn caps(caps: Option<&Value>) -> String {
    let mut members: Vec<_> = caps.and_then(Value::as_object).into_iter().flatten().collect();
    // What viewers notice first stands first.
    members.sort_by_key(|(name, _)| *name != "max_height");
    let words: Vec<_> = members
        .into_iter()
        .map(|(name, value)| match (name.as_str(), value) {
            ("max_height", height) => format!("pictures of {height}p at most"),
            ("max_streams", streams) => format!("{streams} streams at a time"),
            (name, Value::Bool(false)) => format!("no {}", words(name)),
            (name, Value::Bool(true)) => words(name),
            (name, value) => format!("{} {}", words(name), self::value(value)),
        })
        .collect();
    if words.is_empty() { "everything that the title has".to_owned() } else { words.join(", ") }
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(self::value).collect::<Vec<_>>().join(", "),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| format!("{name} {}", self::value(value)))
            .collect::<Vec<_>>()
            .join("; "),
        value => value.to_string(),
    }
}

/// `2026-11-22 18:00:00 UTC`
pub(super) fn time(text: &str) -> String {
    match text.split_once('T') {
        Some((date, time)) if time.ends_with('Z') => format!("{date} {} UTC", time.trim_end_matches('Z')),
        _ => text.to_owned(),
    }
}

/// The name of a document, as other commands take it: `title/harbour`.
pub(super) fn document(key: &str) -> &str {
    key.strip_prefix("v1/").unwrap_or(key)
}

/// The remedy for a fault that ends an explanation.
pub(super) fn remedy_of_fault(reason: Option<&str>) -> &'static str {
    match reason {
        Some("document_missing") => {
            "Store the document that is missing. A folder for --documents needs the site, its session keys, the keys of the token's \
             issuer, and the title."
        }
        Some("document_invalid") => {
            "Correct the document, and store it again. `stagedoor origin validate` checks it."
        }
        Some("document_unavailable") => "Ask again. If it repeats, look at the state of Workers KV.",
        Some("keys_unavailable") => {
            "See that the URL in the issuer's `published.url` answers from the Internet."
        }
        Some("configuration") => "Correct the setting of the Worker that the detail names.",
        _ => "Ask again. If it repeats, look into the edge's log: `stagedoor edge tail`.",
    }
}
