//! The service accepts the JSON examples of the documentation: each fenced `json` block is a document, or members of one.
//! A block marked `json output` shows the output of a program, and only has to be JSON.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use stagedoor::catalog::{DocumentKey, DocumentKind};
use stagedoor_origin::validate::{self, Invalid};

#[test]
fn json_blocks_are_documents() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut count = 0;
    for page in [&docs, &docs.join("tokens")].into_iter().flat_map(|folder| pages(folder)) {
        for (line, mark, text) in blocks(&fs::read_to_string(&page).unwrap()) {
            let at = format!("{}:{line}", page.display());
            let json: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{at}: {error}"));
            count += 1;
            if mark == "output" {
                continue;
            }
            assert_eq!(mark, "", "{at}: expected no mark, or `output`");
            let members = json.as_object().unwrap_or_else(|| panic!("{at}: expected an object"));
            let (key, document) =
                whole(members).unwrap_or_else(|| panic!("{at}: no kind of document has these members"));
            if let Err(Invalid::Fields(errors)) = validate::document(&key, document.to_string().as_bytes()) {
                panic!("{at}: {errors:?}");
            }
        }
    }
    assert!(count > 20, "expected more than 20 blocks, found {count}");
}

/// Completes members to a whole document of the kind that has them.
fn whole(members: &Map<String, Value>) -> Option<(DocumentKey, Value)> {
    let has = |names: &[&str]| names.iter().any(|name| members.contains_key(*name));
    // Sites and titles have a member `ads` each, with other members.
    let breaks = ["pre_roll", "mid_rolls", "post_roll", "vmap", "vast", "ignore_markers"];
    let has_breaks = members.get("ads").is_some_and(|ads| breaks.iter().any(|name| ads.get(name).is_some()));
    let (kind, mut document) = if has(&["issuer", "keys"]) {
        (DocumentKind::Keys, json!({ "issuer": "https://id.example.com/", "keys": [] }))
    } else if has(&["campaigns"]) {
        (DocumentKind::Campaigns, json!({ "host": "watch.example.com" }))
    } else if has(&["kind"]) {
        (DocumentKind::Creative, json!({ "id": "plum", "sites": ["watch.example.com"] }))
    } else if has_breaks
        || has(&["genres", "languages", "offers", "blackouts", "variances", "embargo", "generation", "sites"])
    {
        (DocumentKind::Title, json!({ "id": "harbour", "sites": ["watch.example.com"], "offers": [] }))
    } else if has(&[
        "ads",
        "media",
        "tokens",
        "sessions",
        "geography",
        "ratings",
        "devices",
        "playlists",
        "rules",
        "steering",
        "cache",
        "cors",
    ]) {
        let site = json!({
            "host": "watch.example.com",
            "media": { "origin": "https://media.example.com/vod/" },
            "tokens": { "issuers": ["https://id.example.com/"] },
            "sessions": { "keys": "watch-sessions" },
        });
        (DocumentKind::Site, site)
    } else {
        return None;
    };
    merge(&mut document, &Value::Object(members.clone()));
    let id = document[validate::id_field(kind)].as_str()?.to_owned();
    Some((DocumentKey::new(kind, &id).ok()?, document))
}

/// Merges the members of `over` into `under`.
fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                merge(under.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    found.sort();
    found
}

/// The `json` blocks of a page: the line where each begins, its mark, and its text.
fn blocks(page: &str) -> Vec<(usize, String, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if let Some(mark) = line.strip_prefix("```json") {
            let text: Vec<_> =
                lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            found.push((index + 2, mark.trim().to_owned(), text.join("\n")));
        }
    }
    found
}
