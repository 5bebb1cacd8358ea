//! `kv-schemas/` agrees with `src/catalog`: a JSON Schema of each document, and an example that both accept.
//!
//! `UPDATE=1 cargo test --features schema --test kv_schemas` writes the schemas anew.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stagedoor::catalog::{
    Campaigns, Creative, Document, DocumentKey, DocumentKind, KeySet, Revocations, Site, Title,
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/kv-schemas");

#[test]
fn site() {
    check::<Site>(DocumentKind::Site);
}

#[test]
fn title() {
    check::<Title>(DocumentKind::Title);
}

#[test]
fn keys() {
    check::<KeySet>(DocumentKind::Keys);
}

#[test]
fn revocations() {
    check::<Revocations>(DocumentKind::Revocations);
}

#[test]
fn campaigns() {
    check::<Campaigns>(DocumentKind::Campaigns);
}

#[test]
fn creative() {
    check::<Creative>(DocumentKind::Creative);
}

#[test]
fn every_kind_has_its_two_files() {
    let mut expected: Vec<_> = DocumentKind::ALL
        .iter()
        .flat_map(|kind| ["schema", "example"].map(|what| format!("{}.{what}.json", kind.name())))
        .collect();
    expected.sort();
    let mut found: Vec<_> = fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, expected);
}

fn check<D: JsonSchema + DeserializeOwned + Serialize>(kind: DocumentKind) {
    let path = |what| format!("{FOLDER}/{}.{what}.json", kind.name());
    let schema = serde_json::to_value(schema_for!(Document<D>)).unwrap();
    let written = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path("schema"), &written).unwrap();
    }
    let committed = fs::read_to_string(path("schema")).unwrap();
    assert_eq!(committed, written, "{} is not what src/catalog says", path("schema"));

    let example: Value = serde_json::from_str(&fs::read_to_string(path("example")).unwrap()).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(&example).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{} does not follow its schema: {errors:?}", path("example"));
    let document: Document<D> = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(
        serde_json::to_value(&document).unwrap(),
        example,
        "the example states defaults, or loses something"
    );
    let id = ["host", "id", "issuer"]
        .iter()
        .find_map(|member| example.get(member))
        .and_then(Value::as_str)
        .unwrap();
    DocumentKey::new(kind, id).unwrap().check(example.to_string().as_bytes()).unwrap();

    assert_eq!(schema.pointer("/properties/revision/readOnly"), Some(&Value::Bool(true)));
    let mut sent = example;
    sent.as_object_mut().unwrap().remove("revision");
    assert!(validator.is_valid(&sent), "the schema asks for a revision, which the origin service assigns");
}
