//! `stagedoor origin revoke` and `unrevoke`.

use serde_json::json;

use crate::service::Service;

#[test]
fn each_kind_of_target_is_revoked_and_taken_back() {
    let service = Service::with_catalogue();
    let issuer = "https://id.example.com/";
    for (target, what) in [
        (
            &["--subject", issuer, "viewer-1"][..],
            json!({ "subject": { "issuer": issuer, "subject": "viewer-1" } }),
        ),
        (&["--session", "0123456789abcdef"], json!({ "session": "0123456789abcdef" })),
        (&["--token", issuer, "jti-1"], json!({ "token": { "issuer": issuer, "id": "jti-1" } })),
        (&["--title", "harbour"], json!({ "title": "harbour" })),
        (&["--key", issuer, "h1"], json!({ "key": { "issuer": issuer, "kid": "h1" } })),
        (&["--everything"], json!({ "everything": {} })),
    ] {
        let revoke = ["origin", "revoke", "watch.example.com", "--note", "a test"];
        let reply = service.json(0, &[&revoke[..], target].concat());
        let entry = &reply["document"]["revoked"][0];
        assert_eq!((&entry["what"], &entry["note"]), (&what, &json!("a test")));
        let generation = entry["generation"].to_string();
        let said = service.text(&["origin", "unrevoke", "watch.example.com", &generation]);
        assert!(said.contains(&format!("revocation {generation} taken back")), "{said}");
    }
    let left = service.json(0, &["origin", "get", "revocations/watch.example.com"]);
    assert_eq!(left["document"]["revoked"], json!([]));
}

#[test]
fn a_revocation_tells_when_the_edge_holds_it_and_how_to_take_it_back() {
    let service = Service::with_catalogue();
    let revoke = ["origin", "revoke", "watch.example.com", "--title", "harbour"];
    let said = service.text(&[&revoke[..], &["--dry-run"]].concat());
    assert!(said.contains("would revoke") && !said.contains("unrevoke"), "nothing can be taken back: {said}");
    let said = service.text(&revoke);
    let expected = "stagedoor origin unrevoke watch.example.com ";
    assert!(said.starts_with("revocations/watch.example.com: revoked") && said.contains(expected), "{said}");
    let reply = service.json(0, &[&revoke[..], &["--wait", "--expires", "2030-01-01T00:00:00Z"]].concat());
    assert_eq!(reply["sync"]["revision_at_edge"], reply["revision"]);
    assert!(reply["waited_ms"].is_u64());
}

#[test]
fn more_entries_than_a_page_are_all_printed() {
    let service = Service::with_catalogue();
    let body = |n: u32| json!({ "what": { "session": format!("{n:016x}") } }).to_string();
    let key = std::fs::read_to_string(service.path("api-key")).unwrap();
    for n in 0..501 {
        let url = format!("http://{}/api/v1/revocations/watch.example.com", service.address);
        let request = ureq::post(url).header("authorization", format!("Bearer {}", key.trim()));
        assert!(
            request.header("content-type", "application/json").send(body(n)).unwrap().status().is_success()
        );
    }
    let reply = service.json(0, &["origin", "get", "revocations/watch.example.com"]);
    assert_eq!(reply["document"]["revoked"].as_array().unwrap().len(), 501);
}

#[test]
fn typing_errors_are_told_before_anything_is_sent() {
    let service = Service::start();
    for (target, expected) in [
        (&["--session", "01234567 9abcdef"][..], "16 hexadecimal digits"),
        (&["--title", "Harbour Lights"], "cannot be revoked"),
        (&["--key", "https://id.example.com/", "a b"], "cannot be revoked"),
        (&[], "required"),
        (&["--title", "harbour", "--everything"], "cannot be used with"),
        (&["--subject", "https://id.example.com/"], "2 values required"),
        (&["--title", "harbour", "--expires", "tomorrow"], "expected an RFC 3339 date and time"),
    ] {
        let refused = service.json(2, &[&["origin", "revoke", "watch.example.com"], target].concat());
        let detail = refused["error"]["detail"].as_str().unwrap();
        assert!(detail.contains(expected), "{target:?}: {detail}");
    }
}

#[test]
fn what_the_service_does_not_know_is_revoked_with_force() {
    let service = Service::with_catalogue();
    let revoke = ["origin", "revoke", "watch.example.com", "--title", "harbor"];
    let refused = service.json(1, &revoke);
    let error = &refused["error"];
    assert_eq!(error["problem"]["type"], "urn:stagedoor:problem:unknown-target");
    assert!(error["detail"].as_str().unwrap().contains("harbour"), "the nearest title is not named: {error}");
    let said = service.text(&[&revoke[..], &["--force"]].concat());
    assert!(said.contains("revoked") && said.contains("warning "), "{said}");
}
