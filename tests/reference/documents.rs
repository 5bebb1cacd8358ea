//! The lists of `docs/DOCUMENTS.md`: every member of every document, from `kv-schemas/`.
//!
//! A type that stands in several places, and every kind of text, has a section of its own. Any other type is listed where it
//! stands, under the whole path.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;
use stagedoor::catalog::DocumentKind;

#[path = "pages.rs"]
mod pages;
#[path = "prose.rs"]
mod prose;
#[path = "schema.rs"]
mod schema;

use pages::{PAGES, UNITS};
use prose::{prose, split_absent, values, with_commas};
use schema::{count, description, forms, map, may_be_null, plain_type};

/// The section of the kinds of text.
const TEXTS: &str = "#kinds-of-text";

/// The lists, as Markdown: a section for each document, for each type that stands in several places, and for the texts.
pub(crate) fn lists() -> String {
    let mut reference = Reference::read();
    let mut text = String::new();
    for kind in DocumentKind::ALL {
        text += &reference.document(kind);
    }
    text += "## Types that stand in several places\n\n";
    for name in reference.sections() {
        text += &reference.section(&name);
    }
    text += &reference.texts();
    reference.check();
    text
}

struct Reference {
    documents: BTreeMap<&'static str, Value>,
    definitions: BTreeMap<String, Value>,
    /// How often each definition is referred to.
    references: BTreeMap<String, usize>,
    /// Where each type with a section stands.
    places: BTreeMap<String, BTreeSet<String>>,
    pages: BTreeSet<&'static str>,
    faults: Vec<String>,
}

/// A row: the path, and the other cells.
type Row = [String; 6];

impl Reference {
    fn read() -> Self {
        let mut documents = BTreeMap::new();
        let mut definitions = BTreeMap::new();
        for kind in DocumentKind::ALL {
            let path = format!("{}/kv-schemas/{}.schema.json", env!("CARGO_MANIFEST_DIR"), kind.name());
            let text = fs::read_to_string(path).unwrap();
            let mut schema: Value = serde_json::from_str(&text).unwrap();
            // A secret is another type in another document.
            if definitions.get("Redacted").is_some_and(|known| *known != schema["$defs"]["Redacted"]) {
                schema = serde_json::from_str(&text.replace("Redacted\"", "Redacted0\"")).unwrap();
            }
            definitions.extend(schema["$defs"].as_object().unwrap().clone());
            documents.insert(kind.name(), schema);
        }
        let mut references = BTreeMap::new();
        for schema in documents.values().map(|schema| &schema["properties"]).chain(definitions.values()) {
            count(schema, &mut references);
        }
        Self {
            documents,
            definitions,
            references,
            places: BTreeMap::new(),
            pages: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    fn document(&mut self, kind: DocumentKind) -> String {
        let name = kind.name();
        let schema = self.documents[name].clone();
        let mut rows = Vec::new();
        self.members(name, &schema, "", &mut rows);
        let title = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        format!(
            "## {title}\n\n[Schema](../kv-schemas/{name}.schema.json), [example](../kv-schemas/{name}.example.json).\n\n{}",
            table(&rows, name)
        )
    }

    /// The names of the types with a section of their own.
    fn sections(&self) -> Vec<String> {
        self.definitions.keys().filter(|name| self.has_section(name)).cloned().collect()
    }

    fn section(&mut self, name: &str) -> String {
        let schema = self.definitions[name].clone();
        let mut rows = Vec::new();
        let values = values(&schema);
        self.inside(name, &schema, &mut rows);
        let page = self.page(name);
        let places = self.places.remove(name).unwrap_or_default();
        let places: Vec<_> = places.iter().map(|path| format!("`{path}`")).collect();
        let rows = if rows.is_empty() { String::new() } else { table(&rows, name) };
        format!(
            "### {name}\n\n{} {values}See {page}.\n\nStands at {}.\n\n{rows}",
            prose(description(&schema)),
            places.join(", ")
        )
    }

    fn texts(&mut self) -> String {
        let mut rows = String::new();
        let names: Vec<_> = self.definitions.keys().filter(|name| self.is_text(name)).cloned().collect();
        for name in names {
            let schema = self.definitions[&name].clone();
            let form =
                ["pattern", "format"].iter().find_map(|member| schema.get(member)).and_then(Value::as_str);
            let form = form.map(|form| format!("`{}`", form.replace('|', "\\|"))).unwrap_or_default();
            rows +=
                &format!("| {name} | {form} | {} | {} |\n", prose(description(&schema)), self.page(&name));
        }
        format!("## Kinds of text\n\n| kind | form | meaning | page |\n| --- | --- | --- | --- |\n{rows}\n")
    }

    /// The members of an object, the required ones first. `before` begins the meaning of each.
    fn members(&mut self, path: &str, schema: &Value, before: &str, rows: &mut Vec<Row>) {
        let required: BTreeSet<_> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut members: Vec<_> = schema["properties"].as_object().into_iter().flatten().collect();
        members.sort_by_key(|(name, _)| !required.contains(name.as_str()));
        for (name, member) in members {
            let path = format!("{path}.{name}");
            let described = prose(description(member));
            let (meaning, absent) = split_absent(&described);
            if meaning.is_empty() {
                self.faults.push(format!("{path} has no description"));
            }
            let default = if member["readOnly"] == true {
                "set by the origin service".to_owned()
            } else if required.contains(name.as_str()) {
                "required".to_owned()
            } else {
                self.default(&path, member, absent)
            };
            self.row(&path, member, &format!("{before}{meaning}"), default, rows);
        }
        if schema.get("oneOf").is_some() {
            self.alternatives(path, schema, rows);
        }
    }

    /// One member, and the members inside of it.
    fn row(&mut self, path: &str, schema: &Value, meaning: &str, default: String, rows: &mut Vec<Row>) {
        let target = self.resolve(schema).1;
        let is_number = matches!(plain_type(&target), "integer" | "number");
        let unit = UNITS.iter().find(|(end, _)| is_number && path.ends_with(end));
        let kind =
            format!("{}{}", self.kind(schema), unit.map(|(_, unit)| format!(", {unit}")).unwrap_or_default());
        let values = if self.name(schema).is_some_and(|name| self.has_section(&name)) {
            String::new()
        } else {
            values(&target)
        };
        let meaning = format!("{} {values}", meaning.trim_end());
        let page = self.page(path);
        rows.push([path.to_owned(), kind, default, self.limits(schema), meaning.trim_end().to_owned(), page]);
        self.inside(path, schema, rows);
    }

    /// The rows of what is inside of a value.
    fn inside(&mut self, path: &str, schema: &Value, rows: &mut Vec<Row>) {
        let (name, target) = self.resolve(schema);
        if let Some(name) = name.filter(|name| self.has_section(name) && path != name) {
            self.places.entry(name).or_default().insert(path.to_owned());
        } else if let Some(items) = target.get("items") {
            self.inside(&format!("{path}[]"), items, rows);
        } else if target.get("properties").is_some() {
            self.members(path, &target, "", rows);
        } else if let Some((_, value)) = map(&target) {
            self.inside(&format!("{path}.*"), &value, rows);
        } else {
            self.alternatives(path, &target, rows);
        }
    }

    /// The rows of a value that has one of several forms.
    fn alternatives(&mut self, path: &str, schema: &Value, rows: &mut Vec<Row>) {
        let all: Vec<Value> = forms(schema).cloned().collect();
        // The member that tells the forms apart by its value, as `kty` of a key.
        let tag = all.first().and_then(|first| {
            let mut constants = first["properties"].as_object()?.iter();
            constants.find(|(_, member)| member.get("const").is_some()).map(|(name, _)| name.clone())
        });
        let Some(tag) = tag else {
            for form in all {
                if form.get("properties").is_none() {
                    self.inside(path, &form, rows);
                    continue;
                }
                let (name, member) = form["properties"].as_object().unwrap().iter().next().unwrap();
                self.row(
                    &format!("{path}.{name}"),
                    member,
                    description(&form),
                    "one of the forms".to_owned(),
                    rows,
                );
            }
            return;
        };
        let word = |form: &Value| form["properties"][&tag]["const"].as_str().unwrap_or_default().to_owned();
        let meanings: Vec<_> =
            all.iter().map(|form| format!("`{}`: {}", word(form), description(form))).collect();
        let words: Vec<_> = all.iter().map(|form| format!("`{}`", word(form))).collect();
        let path_of_tag = format!("{path}.{tag}");
        let page = self.page(&path_of_tag);
        let kind = format!("one of {}", words.join(", "));
        rows.push([
            path_of_tag,
            kind,
            "required".to_owned(),
            String::new(),
            prose(&meanings.join(" ")),
            page,
        ]);
        for mut form in all {
            let before = format!("With the {tag} `{}`: ", word(&form));
            form["properties"].as_object_mut().unwrap().remove(&tag);
            self.members(path, &form, &before, rows);
        }
    }

    /// The type of a value, in words.
    fn kind(&self, schema: &Value) -> String {
        let (name, target) = self.resolve(schema);
        match name {
            Some(name) if self.is_text(&name) => return format!("[{name}]({TEXTS})"),
            Some(name) if self.has_section(&name) => return format!("[{name}](#{})", name.to_lowercase()),
            _ => {}
        }
        let forms: Vec<_> = forms(&target).collect();
        if !forms.is_empty() && target.get("properties").is_none() {
            let mut kinds: Vec<_> = forms.iter().map(|form| self.kind(form)).collect();
            kinds.dedup();
            return if let [only] = kinds.as_slice() {
                only.clone()
            } else {
                format!("one of {}", kinds.join(", "))
            };
        }
        if let Some(constant) = target.get("const") {
            return format!("`{}`", constant.as_str().unwrap());
        }
        if let Some(items) = target.get("items") {
            return format!("list of {}", self.kind(items));
        }
        if let Some((key, value)) = map(&target) {
            return format!("object: {} by {}", self.kind(&value), self.key(&target, &key));
        }
        match plain_type(&target) {
            "string" => "text".to_owned(),
            other => other.to_owned(),
        }
    }

    /// The names of a map's members: of the kind of text with this pattern, if there is only one, or of an enumeration.
    fn key(&self, schema: &Value, pattern: &str) -> String {
        if schema["propertyNames"]["enum"].is_array() {
            return "[DeviceClass](#deviceclass)".to_owned();
        }
        let mut same = self.definitions.iter().filter(|(_, text)| text["pattern"] == pattern);
        match (same.next(), same.next()) {
            (Some((name, _)), None) => format!("[{name}]({TEXTS})"),
            _ => "name".to_owned(),
        }
    }

    fn default(&mut self, path: &str, schema: &Value, absent: Option<&str>) -> String {
        let target = self.resolve(schema).1;
        let is_object = plain_type(&target) == "object";
        let is_list = plain_type(&target) == "array";
        match (absent, schema.get("default")) {
            (Some(absent), _) => absent.to_owned(),
            (None, Some(_)) if is_object => "`{}`".to_owned(),
            (None, Some(default)) => {
                default.as_str().map_or_else(|| format!("`{default}`"), |text| format!("`{text}`"))
            }
            (None, None) if !may_be_null(schema) && is_object && target.get("required").is_none() => {
                "`{}`".to_owned()
            }
            (None, None) if !may_be_null(schema) && is_list => "`[]`".to_owned(),
            (None, None) => {
                self.faults.push(format!("{path} has no default: say `Absent: …` in its description"));
                String::new()
            }
        }
    }

    fn limits(&self, schema: &Value) -> String {
        let (name, target) = self.resolve(schema);
        if name.is_some_and(|name| self.is_text(&name)) {
            return String::new();
        }
        // The greatest number of a type is no limit of the member.
        let of_a_type = |number: &f64| *number == f64::from(u16::MAX);
        let number = |member: &str| {
            target.get(member).and_then(Value::as_f64).filter(|number| !of_a_type(number)).map(with_commas)
        };
        let mut limits = Vec::new();
        match (number("minimum"), number("maximum")) {
            (Some(least), Some(most)) => limits.push(format!("{least} to {most}")),
            (Some(least), None) => limits.push(format!("{least} or more")),
            (None, Some(most)) => limits.push(format!("at most {most}")),
            (None, None) => {}
        }
        match (number("minLength"), number("maxLength")) {
            (Some(least), Some(most)) if least == most => limits.push(format!("{least} character")),
            (Some(least), Some(most)) => limits.push(format!("{least} to {most} characters")),
            (Some(least), None) => limits.push(format!("at least {least} characters")),
            (None, Some(most)) => limits.push(format!("at most {most} characters")),
            (None, None) => {}
        }
        match (number("minItems"), number("maxItems")) {
            (Some(least), Some(most)) => limits.push(format!("{least} to {most} entries")),
            (Some(least), None) => limits.push(format!("at least {least} entries")),
            (None, Some(most)) => limits.push(format!("at most {most} entries")),
            (None, None) => {}
        }
        if let Some((_, value)) = map(&target) {
            limits.extend(Some(self.limits(&value)).filter(|inside| !inside.is_empty()));
        }
        if let Some(items) = target.get("items") {
            limits.extend(
                Some(self.limits(items))
                    .filter(|inside| !inside.is_empty())
                    .map(|inside| format!("each {inside}")),
            );
        }
        limits.join("; ")
    }

    /// A link to the page that explains a member.
    fn page(&mut self, path: &str) -> String {
        let begins = |start: &str| {
            path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let found = PAGES.iter().filter(|(start, _)| begins(start)).max_by_key(|(start, _)| start.len());
        let Some((start, page)) = found else {
            self.faults.push(format!("no page explains {path}: add it to PAGES"));
            return String::new();
        };
        self.pages.insert(start);
        let name = page.split('#').next().unwrap().trim_start_matches("tokens/").trim_end_matches(".md");
        format!("[{name}]({page})")
    }

    /// Every member has a description, a default and a page, and every page explains a member.
    fn check(mut self) {
        let idle = PAGES.iter().filter(|(start, _)| !self.pages.contains(start));
        self.faults.extend(idle.map(|(start, _)| format!("PAGES has {start}, which no document has")));
        assert!(self.faults.is_empty(), "{}", self.faults.join("\n"));
    }

    fn name(&self, schema: &Value) -> Option<String> {
        self.resolve(schema).0
    }

    /// A schema behind its references and without `null`, with the name of the last definition that is more than a reference.
    fn resolve(&self, schema: &Value) -> (Option<String>, Value) {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap();
            let target = &self.definitions[name];
            return if target.get("$ref").is_some() {
                self.resolve(target)
            } else {
                (Some(name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned()), target.clone())
            };
        }
        let mut some = forms(schema).filter(|form| form["type"] != "null");
        match (some.next(), some.next()) {
            (Some(only), None) if schema.get("properties").is_none() => self.resolve(only),
            _ => (None, schema.clone()),
        }
    }

    /// Whether a definition is a text of some form.
    fn is_text(&self, name: &str) -> bool {
        let schema = &self.definitions[name];
        // `Records2` is `Records` of another size.
        let is_another = name.ends_with(|c: char| c.is_ascii_digit());
        plain_type(schema) == "string"
            && schema.get("pattern").or(schema.get("format")).is_some()
            && !is_another
            || name == "Host"
            || name == "SecureLinkExpression"
    }

    /// Whether a type is listed in a section of its own.
    fn has_section(&self, name: &str) -> bool {
        let schema = &self.definitions[name];
        let is_made = plain_type(schema) == "object" || forms(schema).next().is_some();
        is_made && self.references.get(name).is_some_and(|count| *count > 1)
    }
}

/// A table of members. The paths are without the name of the document or type.
fn table(rows: &[Row], root: &str) -> String {
    let mut text =
        "| member | type | default | limits | meaning | page |\n| --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for [path, rest @ ..] in rows {
        let path = path.strip_prefix(root).unwrap().trim_start_matches('.');
        text += &format!("| `{path}` | {} |\n", rest.join(" | "));
    }
    text + "\n"
}
