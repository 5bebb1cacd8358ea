//! The lists in the docs agree with the code: reasons and faults in `docs/REFERENCE.md`, tags and rules in `docs/HLS.md`, elements
//! and rules in `docs/DASH.md`, members of documents in `docs/DOCUMENTS.md`, macros, codes and events in `docs/VAST.md`. `UPDATE=1 cargo test --test reference` writes the lists anew.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "reference/documents.rs"]
mod documents;

use std::fs;

use stagedoor::ads::macros::{MACROS, Support, VARIABLES};
use stagedoor::ads::signals::{COMMANDS, TYPES};
use stagedoor::ads::{AdEvent, ErrorCode};
use stagedoor::dash;
use stagedoor::denial::Reason;
use stagedoor::fault::FaultKind;
use stagedoor::hls::{Known, Rule, SPECIFICATION, Stands, Tag, Value};
use stagedoor::manifest::Severity;

#[test]
fn the_lists_are_those_of_the_code() {
    let reasons = Reason::ALL.iter().map(|reason| {
        [reason.code(), &reason.status().to_string(), reason.meaning(), reason.remedy()].map(str::to_owned)
    });
    let faults = FaultKind::ALL
        .iter()
        .map(|kind| [kind.code(), &kind.status().to_string(), kind.meaning()].map(str::to_owned));
    update("REFERENCE.md", |found| {
        let expected = with_list(&found, "denials", ["reason", "status", "meaning", "remedy"], reasons);
        with_list(&expected, "faults", ["reason", "status", "meaning"], faults)
    });
}

#[test]
fn the_tags_and_the_rules_are_those_of_the_code() {
    let tags = Tag::ALL.iter().map(|tag| {
        let stands = match tag.stands() {
            Stands::Multivariant => "multivariant",
            Stands::Media => "media",
            Stands::Both => "both",
        };
        [tag.name().to_owned(), tag.clause().to_owned(), stands.to_owned(), value(tag.value())]
    });
    let rules = Rule::ALL.iter().map(|rule| {
        [rule.code(), severity(rule.severity()), rule.clause(), rule.meaning()].map(str::to_owned)
    });
    update("HLS.md", |found| {
        assert!(found.contains(SPECIFICATION), "docs/HLS.md is about another version than {SPECIFICATION}");
        let expected = with_list(&found, "tags", ["tag", "clause", "playlist", "value"], tags);
        with_list(&expected, "rules", ["code", "severity", "clause", "meaning"], rules)
    });
}

#[test]
fn the_elements_and_the_rules_of_mpds_are_those_of_the_code() {
    let elements = dash::Known::ALL
        .iter()
        .map(|element| [element.name.to_owned(), element.clause.to_owned(), inside(element)]);
    let rules = dash::Rule::ALL.iter().map(|rule| {
        [rule.code(), severity(rule.severity()), rule.clause(), rule.meaning()].map(str::to_owned)
    });
    update("DASH.md", |found| {
        let version = dash::SPECIFICATION;
        assert!(found.contains(version), "docs/DASH.md is about another version than {version}");
        let expected =
            with_list(&found, "elements", ["element", "clause", "attributes (elements)"], elements);
        with_list(&expected, "mpd-rules", ["code", "severity", "clause", "meaning"], rules)
    });
}

#[test]
fn the_effects_of_messages_are_those_of_the_code() {
    let commands =
        COMMANDS.iter().map(|row| [row.command, row.when, row.effect.name(), row.clause].map(str::to_owned));
    let types = TYPES.iter().map(|row| {
        let (first, last) = row.types;
        let types =
            if first == last { format!("{first:#04x}") } else { format!("{first:#04x} to {last:#04x}") };
        [types, row.start.name().to_owned(), row.end.name().to_owned(), row.why.to_owned()]
    });
    update("SCTE35.md", |found| {
        let expected = with_list(&found, "cue-commands", ["command", "if", "effect", "clause"], commands);
        with_list(&expected, "cue-types", ["segmentation_type_id", "start", "end", "because"], types)
    });
}

#[test]
fn the_macros_codes_and_events_of_ad_servers_are_those_of_the_code() {
    let macros = MACROS.iter().map(|(name, support, value)| {
        let value = match support {
            Support::Known => (*value).to_owned(),
            Support::Parameter => format!("The parameter {value}"),
            Support::Unknown => "`-1`: not known here.".to_owned(),
            Support::Later => format!("In URLs of events and errors only. {value}").trim_end().to_owned(),
        };
        [(*name).to_owned(), value]
    });
    let variables = VARIABLES.iter().map(|(name, value)| [format!("[{name}]"), (*value).to_owned()]);
    let codes = ErrorCode::ALL.iter().map(|code| [code.number().to_string(), code.meaning().to_owned()]);
    let events = AdEvent::ALL.iter().map(|event| [event.name().to_owned(), event.meaning().to_owned()]);
    update("VAST.md", |found| {
        let expected = with_list(&found, "macros", ["macro", "value"], macros);
        let expected = with_list(&expected, "variables", ["variable", "value"], variables);
        let expected = with_list(&expected, "codes", ["code", "meaning"], codes);
        with_list(&expected, "events", ["event", "meaning"], events)
    });
}

#[test]
fn every_reason_has_a_place_among_the_symptoms() {
    let page = fs::read_to_string(format!("{}/docs/TROUBLESHOOTING.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let reasons = Reason::ALL.iter().map(|reason| reason.code());
    let missing: Vec<_> = reasons
        .chain(FaultKind::ALL.iter().map(|kind| kind.code()))
        .filter(|code| !page.contains(&format!("`{code}`")))
        .collect();
    assert!(missing.is_empty(), "docs/TROUBLESHOOTING.md says nothing about {missing:?}");
}

#[test]
fn the_members_of_documents_are_those_of_the_schemas() {
    update("DOCUMENTS.md", |found| with_block(&found, "documents", &documents::lists()));
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// The attributes of an element, marked like those of a tag, and the elements that may be inside.
fn inside(element: &dash::Known) -> String {
    let attribute =
        |known: &dash::KnownAttribute| marked(known.name, known.required, known.kind == dash::Type::Uri);
    let attributes: Vec<_> = element.attributes().map(attribute).collect();
    let children: Vec<_> = element
        .children()
        .map(|child| format!("{}{}", child.name, if child.repeats { "\\*" } else { "" }))
        .collect();
    let children = if children.is_empty() { String::new() } else { format!("({})", children.join(", ")) };
    [attributes.join(", "), children]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A name: bold if it is required, in italics if it is a URI.
fn marked(name: &str, required: bool, is_uri: bool) -> String {
    match (required, is_uri) {
        (true, true) => format!("***{name}***"),
        (true, false) => format!("**{name}**"),
        (false, true) => format!("*{name}*"),
        (false, false) => name.to_owned(),
    }
}

/// The value of a tag. For a list, its attributes: bold if required, in italics if a URI.
fn value(value: Value) -> String {
    let attribute = |known: &Known| marked(known.name, known.required, known.is_uri);
    match value {
        Value::Nothing => "none".to_owned(),
        Value::Integer => "integer".to_owned(),
        Value::Duration => "duration, title".to_owned(),
        Value::Range => "length[@offset]".to_owned(),
        Value::Date => "date".to_owned(),
        Value::Word(words) => words.join(", "),
        Value::List([]) => "any list".to_owned(),
        Value::List(known) => known.iter().map(attribute).collect::<Vec<_>>().join(", "),
        Value::Uri => "*a URI*".to_owned(),
        _ => "free".to_owned(),
    }
}

/// Rewrites the lists of a page, or compares them with the page.
fn update(name: &str, lists: impl FnOnce(String) -> String) {
    let path = format!("{}/docs/{name}", env!("CARGO_MANIFEST_DIR"));
    let found = fs::read_to_string(&path).unwrap();
    let expected = lists(found.clone());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, &expected).unwrap();
    } else {
        assert!(found == expected, "docs/{name} is behind: UPDATE=1 cargo test --test reference");
    }
}

/// Writes a table between the marks of a list; the first column is code.
fn with_list<const N: usize>(
    text: &str,
    name: &str,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let rows: String =
        rows.map(|row| format!("| `{} |\n", row.join(" | ").replacen(" |", "` |", 1))).collect();
    let rule = ["---"; N].join(" | ");
    with_block(text, name, &format!("| {} |\n| {rule} |\n{rows}\n", head.join(" | ")))
}

/// Writes Markdown between the marks of a list.
fn with_block(text: &str, name: &str, block: &str) -> String {
    let start = format!("<!-- {name}: written by tests/reference.rs -->\n");
    let (before, rest) = text.split_once(&start).unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    format!("{before}{start}\n{block}<!-- end -->{after}")
}
