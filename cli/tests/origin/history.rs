//! `stagedoor origin history` and `rollback`.

use serde_json::json;

use crate::service::{Service, title};

#[test]
fn the_history_tells_who_changed_what() {
    let service = Service::with_catalogue();
    service.put("title/harbour", &title("harbour", "Renamed"));
    let history = service.json(0, &["origin", "history", "title/harbour"]);
    let items = history["items"].as_array().unwrap();
    let actions: Vec<_> = items.iter().map(|item| &item["action"]).collect();
    assert_eq!(
        (actions.as_slice(), &items[0]["by"]["name"]),
        (&[&json!("change"), &json!("create")][..], &json!("cms"))
    );
    let said = service.text(&["origin", "history", "title/harbour"]);
    assert!(said.lines().count() == 3 && said.contains("  cms  title/harbour"), "{said}");
    service.json(0, &["origin", "revoke", "watch.example.com", "--title", "harbour"]);
    let whole = service.text(&["origin", "history"]);
    assert!(whole.contains("revocations/watch.example.com, generation "), "{whole}");
    assert!(whole.contains("title harbour"), "{whole}");
    let first = service.json(0, &["origin", "history", "--limit", "1"]);
    let next = first["next"].as_str().unwrap();
    let rest = service.json(0, &["origin", "history", "--after", next]);
    assert_eq!(rest["items"].as_array().unwrap().len(), 5);
}

#[test]
fn an_earlier_revision_is_printed_and_put_back() {
    let service = Service::with_catalogue();
    let first = service.json(0, &["origin", "get", "title/harbour"])["revision"].to_string();
    service.put("title/harbour", &title("harbour", "Renamed"));
    let earlier = service.text(&["origin", "get", "title/harbour", "--revision", &first]);
    assert!(earlier.contains("Harbour lights"), "{earlier}");
    let put = service.run(&["origin", "put", "title/harbour", "-"], &earlier);
    assert_eq!(put.status.code(), Some(0), "{put:?}");
    assert_eq!(
        service.json(0, &["origin", "get", "title/harbour"])["document"]["names"]["en"],
        "Harbour lights"
    );
}

#[test]
fn a_rollback_goes_back_to_the_revision_before() {
    let service = Service::with_catalogue();
    let name = |service: &Service| {
        service.json(0, &["origin", "get", "title/harbour"])["document"]["names"]["en"].clone()
    };
    assert!(
        service.json(1, &["origin", "rollback", "title/harbour"])["error"]["detail"]
            .as_str()
            .unwrap()
            .contains("has no earlier revision")
    );
    let first = service.json(0, &["origin", "get", "title/harbour"])["revision"].to_string();
    service.put("title/harbour", &title("harbour", "Second"));
    service.put("title/harbour", &title("harbour", "Third"));
    assert_eq!(service.json(0, &["origin", "rollback", "title/harbour", "--dry-run"])["would"], "change");
    assert_eq!(name(&service), "Third");
    let said = service.text(&["origin", "rollback", "title/harbour"]);
    assert!(said.starts_with("title/harbour: back at the document of revision "), "{said}");
    assert_eq!(name(&service), "Second");
    service.json(0, &["origin", "rollback", "title/harbour", "--to", &first]);
    assert_eq!(name(&service), "Harbour lights");
    service.json(0, &["origin", "delete", "title/harbour"]);
    service.json(0, &["origin", "rollback", "title/harbour"]);
    assert_eq!(name(&service), "Harbour lights");
    assert_eq!(
        service.json(1, &["origin", "rollback", "title/harbour", "--to", "7"])["error"]["problem"]["status"],
        404
    );
}
