//! Reading a JSON Schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Counts the references to each definition.
pub(crate) fn count(schema: &Value, references: &mut BTreeMap<String, usize>) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value.as_str()) {
                    ("$ref", Some(reference)) => {
                        *references.entry(reference.rsplit('/').next().unwrap().to_owned()).or_default() += 1;
                    }
                    _ => count(value, references),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| count(value, references)),
        _ => {}
    }
}

/// The forms that a value may have.
pub(crate) fn forms(schema: &Value) -> impl Iterator<Item = &Value> {
    ["oneOf", "anyOf"].into_iter().filter_map(|member| schema.get(member)?.as_array()).flatten()
}

/// The pattern of the names of an object's members, and their values, if the names are free.
pub(crate) fn map(schema: &Value) -> Option<(String, Value)> {
    let patterns: Option<&Map<_, _>> = schema.get("patternProperties").and_then(Value::as_object);
    match patterns.and_then(|patterns| patterns.iter().next()) {
        Some((pattern, value)) => Some((pattern.clone(), value.clone())),
        None => match schema.get("additionalProperties")? {
            Value::Bool(true) => Some((String::new(), Value::Bool(true))),
            value @ Value::Object(_) => Some((String::new(), value.clone())),
            _ => None,
        },
    }
}

/// The type of a schema, other than `null`.
pub(crate) fn plain_type(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap()
        }
        _ => "any value",
    }
}

/// Whether a value may be `null`, so that an absent one is not an empty one.
pub(crate) fn may_be_null(schema: &Value) -> bool {
    schema["type"].as_array().is_some_and(|names| names.contains(&"null".into()))
        || forms(schema).any(|form| form["type"] == "null")
}

/// The description of a schema, or an empty text.
pub(crate) fn description(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}
