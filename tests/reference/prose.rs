//! Descriptions of a schema as Markdown.

use serde_json::Value;

use super::schema::{description, forms};

/// The meanings of the words that a value may be.
pub(crate) fn values(schema: &Value) -> String {
    let words = forms(schema).filter_map(|form| Some((form.get("const")?.as_str()?, description(form))));
    let meanings: Vec<_> = words
        .map(|(word, meaning)| {
            let word = format!("`{word}`");
            if meaning.starts_with(&word) { prose(meaning) } else { format!("{word}: {}", prose(meaning)) }
        })
        .collect();
    match meanings.is_empty() {
        true => String::new(),
        false => format!("{}. ", meanings.join("; ").replace(".;", ";").trim_end_matches('.')),
    }
}

/// A description, and what it says about an absent member.
pub(crate) fn split_absent(text: &str) -> (String, Option<&str>) {
    for mark in ["Absent:", "Unmapped:", "Empty:"] {
        if let Some((before, rest)) = text.split_once(mark) {
            let rest = rest.trim_start();
            let end = rest.find(". ").unwrap_or(rest.trim_end_matches('.').len());
            let (absent, after) = rest.split_at(end);
            return (format!("{before}{}", after.trim_start_matches('.').trim_start()), Some(absent));
        }
    }
    (text.to_owned(), None)
}

/// A description as one line of Markdown: links in place, without blocks, quotations and tables.
pub(crate) fn prose(text: &str) -> String {
    let mut links = Vec::new();
    let mut words = Vec::new();
    let mut is_code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if let Some((name, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
            links.push((format!("[{name}]"), target));
        } else if !is_code && !line.starts_with(['>', '|']) {
            words.push(line.trim());
        }
    }
    let mut line = words.join(" ").split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    for (name, target) in links {
        line = line.replace(&name, &format!("{name}({target})"));
    }
    line
}

/// A number with a comma before each three digits.
pub(crate) fn with_commas(number: f64) -> String {
    let text = number.to_string();
    let (whole, fraction) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let digits: Vec<char> = whole.chars().rev().collect();
    let groups: Vec<String> = digits.chunks(3).map(|group| group.iter().collect()).collect();
    let whole: String = groups.join(",").chars().rev().collect();
    fraction.map_or(whole.clone(), |fraction| format!("{whole}.{fraction}"))
}
