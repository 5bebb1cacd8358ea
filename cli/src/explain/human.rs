//! An explanation for people: what was asked, which step stopped it, why, and what would change it.
//!
//! It is made of the JSON of an explanation, so that the edge's own reply and the command's read alike. Members that an older edge does
//! not send are left out.

use serde_json::Value;

use super::steps;
use super::{breaks, rules};
use crate::terminal::{plain, wrap};

/// The text of an explanation.
pub(crate) fn text(trace: &Value, width: usize) -> String {
    let mut page = Page::new(width);
    headline(&mut page, trace);
    asked(&mut page, trace);
    steps::write(&mut page, trace);
    why(&mut page, trace);
    granted(&mut page, trace);
    breaks::write(&mut page, trace);
    remedy(&mut page, trace);
    page.text
}

/// A text under construction.
pub(crate) struct Page {
    width: usize,
    pub(crate) text: String,
}

impl Page {
    pub(crate) const fn new(width: usize) -> Self {
        Self { width, text: String::new() }
    }

    pub(crate) fn section(&mut self, name: &str) {
        self.text.push('\n');
        self.line("", name);
    }

    /// A line, which continues below its own beginning.
    pub(crate) fn line(&mut self, head: &str, text: &str) {
        let indent = " ".repeat(crate::terminal::width(head));
        self.text.push_str(wrap(&plain(text), self.width, head, &indent).trim_end());
        self.text.push('\n');
    }
}

/// The text at a path of members.
pub(crate) fn member<'v>(value: &'v Value, path: &[&str]) -> Option<&'v str> {
    path.iter().try_fold(value, |value, name| value.get(name))?.as_str().filter(|text| !text.is_empty())
}

/// What the step of this name saw.
pub(super) fn saw<'v>(trace: &'v Value, name: &str) -> Option<&'v Value> {
    all_saw(trace, name).next()
}

/// What each step of this name saw.
pub(crate) fn all_saw<'v>(trace: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    let steps = trace.get("steps").and_then(Value::as_array).into_iter().flatten();
    let named = steps.filter(move |step| step.get("step").and_then(Value::as_str) == Some(name));
    named.filter_map(|step| step.get("saw"))
}

/// A sentence: with a capital, unless it begins with a name, and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let is_word =
        text.split(' ').next().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let mut chars = text.chars();
    let capital =
        chars.next().into_iter().flat_map(char::to_uppercase).filter(|_| is_word).collect::<String>();
    let rest = if is_word { chars.as_str() } else { text };
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{capital}{rest}{end}")
}

fn headline(page: &mut Page, trace: &Value) {
    let reason = || {
        let (meaning, reason) = (member(trace, &["meaning"]), member(trace, &["reason"]));
        format!("{} ({})", meaning.unwrap_or("No meaning is given."), reason.unwrap_or("no reason"))
    };
    match member(trace, &["outcome"]) {
        Some("permit") => page.line("LET IN ", &format!("{}.", rules::offer(trace))),
        Some("denial") => page.line("REFUSED: ", &reason()),
        Some("fault") => page.line("BROKEN: ", &reason()),
        Some("unchecked") if trace.get("caps").is_some() => page.line(
            "NOT CHECKED: ",
            &format!("let in {}, if the signature is right. It cannot be checked.", rules::offer(trace)),
        ),
        Some("unchecked") => {
            page.line("NOT CHECKED: ", "The key that the token needs is not in these documents.");
        }
        _ => page.line("UNKNOWN: ", "This outcome is of a newer edge: use --json."),
    }
}

fn asked(page: &mut Page, trace: &Value) {
    let Some(facts) = saw(trace, "facts") else { return };
    let of = |name| member(facts, &[name]);
    page.section("Asked");
    let (method, host) = (of("method").unwrap_or("Another method"), of("host").unwrap_or_default());
    let what =
        of("resource").map_or_else(|| "a path that names no title".to_owned(), |path| format!("/{path}"));
    page.line("  ", &format!("{method} {what} on {host}"));
    let place = of("place").unwrap_or("an unknown place");
    page.line("  ", &format!("from {place}, at {}", of("now").map_or_else(String::new, rules::time)));
    match saw(trace, "route").and_then(|route| member(route, &["credential"])) {
        Some("session token") => page.line("  ", "with a session, as the URLs of a manifest carry it"),
        Some(_) => page.line("  ", "as an entry, which needs a viewer token"),
        None => {}
    }
}

fn why(page: &mut Page, trace: &Value) {
    let detail = member(trace, &["detail"]);
    if member(trace, &["outcome"]) != Some("permit") {
        page.section("Why");
        let is_told_below = trace.get("caps").is_some();
        if let Some(detail) = detail.filter(|_| !is_told_below) {
            page.line("  ", &sentence(detail));
        }
    }
    for unchecked in trace.get("unchecked").and_then(Value::as_array).into_iter().flatten() {
        let key = member(unchecked, &["key"]).unwrap_or_default();
        let document = member(unchecked, &["document"]).unwrap_or_default();
        let what =
            if member(unchecked, &["dialect"]) == Some("session") { "session" } else { "viewer token" };
        page.line(
            "  ",
            &format!(
                "The signature of the {what} cannot be checked: the secret of key `{key}` in {} is redacted. \
                 The later steps take the {what} for genuine.",
                rules::document(document)
            ),
        );
    }
    if let Some(rights) = saw(trace, "rights").filter(|_| member(trace, &["stopped_at"]) == Some("rights")) {
        rules::write(page, rights);
    }
}

/// What the viewer gets.
fn granted(page: &mut Page, trace: &Value) {
    let Some(permit) = saw(trace, "permit").filter(|_| trace.get("caps").is_some()) else { return };
    page.section("What the viewer gets");
    page.line("  offer    ", member(permit, &["offer"]).unwrap_or_default());
    page.line("  limits   ", &rules::caps(permit.get("caps")));
    if let Some(cut) = member(permit, &["variance"]) {
        page.line("  cut      ", cut);
    }
    if let Some(replaced) = permit.get("replaced").filter(|replaced| !replaced.is_null()) {
        let of = |name| member(replaced, &[name]).unwrap_or_default();
        page.line("  instead  ", &format!("{} of the blackout {}", of("by"), of("blackout")));
    }
    match (member(permit, &["ads"]), no_ads(trace)) {
        (Some(ads), _) => page.line("  ads      ", ads),
        (None, Some(why)) => page.line("  ads      ", &why),
        (None, None) => {}
    }
    if let Some(ends_at) = member(permit, &["ends_at"]) {
        page.line("  session  ", &format!("ends at {} at the latest", rules::time(ends_at)));
    }
    // The edge makes the list of a break itself.
    if let Some(source) = saw(trace, "source").filter(|_| saw(trace, "pod").is_none()) {
        let url = member(source, &["url"]).unwrap_or_default();
        page.line("  media    ", url.split('?').next().unwrap_or_default());
    }
    let rehearsed = saw(trace, "rights").and_then(|rights| rights.get("rehearsed")).and_then(Value::as_array);
    for rehearsed in rehearsed.into_iter().flatten() {
        let of = |name| member(rehearsed, &[name]).unwrap_or_default();
        page.line(
            "  note     ",
            &format!("a rehearsed rule would refuse ({}): {}", of("reason"), of("detail")),
        );
    }
    if let Some(replay) = saw(trace, "replay") {
        let once = replay.get("once").and_then(Value::as_bool) == Some(true);
        let what = if once { "it may be used once" } else { "its uses are counted" };
        page.line("  note     ", &format!("whether the token was used before is not asked here; {what}"));
    }
    if let Some(limit) = saw(trace, "streams").and_then(|streams| streams.get("limit")) {
        page.line(
            "  note     ",
            &format!("how many streams are playing is not asked here; the limit is {limit}"),
        );
    }
}

/// Why the viewer sees no advertising, if the site or the offer speaks of it.
pub(crate) fn no_ads(trace: &Value) -> Option<String> {
    let findings = saw(trace, "rights")?.get("findings")?.as_array()?;
    let decides = |finding: &&Value| {
        let is_of_ads = member(finding, &["rule"]).is_some_and(|rule| rule.starts_with("ads"));
        is_of_ads && finding.get("passed").and_then(Value::as_bool) == Some(false)
    };
    let finding = findings.iter().find(decides)?;
    let of = |name| member(finding, &[name]).unwrap_or("nothing");
    Some(format!("none: it would take {}, found {}", of("wanted"), of("saw")))
}

/// What would change the outcome.
fn remedy(page: &mut Page, trace: &Value) {
    let outcome = member(trace, &["outcome"]);
    if outcome == Some("permit") {
        return;
    }
    page.section("What would change it");
    let rights = saw(trace, "rights").filter(|_| member(trace, &["stopped_at"]) == Some("rights"));
    let lacks = rights.map(rules::lacks).unwrap_or_default();
    if !lacks.is_empty() {
        page.line("  ", &sentence(&format!("it would take {}", lacks.join(", and "))));
    }
    if let Some(remedy) = member(trace, &["remedy"]) {
        page.line("  ", remedy);
    }
    if outcome == Some("fault") {
        page.line("  ", rules::remedy_of_fault(member(trace, &["reason"])));
    }
    if trace.get("unchecked").is_some() || outcome == Some("unchecked") {
        page.line("  ", "To have the signature checked, ask the edge: `stagedoor edge explain URL`.");
    }
}
