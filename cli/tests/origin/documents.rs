//! Documents: put, get, list, find, delete, purge, export.

use std::fs;

use serde_json::{Value, json};

use crate::service::{Service, api_key, title};

#[test]
fn what_get_prints_can_be_put_back() {
    let service = Service::with_catalogue();
    let text = service.text(&["origin", "get", "title/harbour"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["offers"][0]["id"], "gulf");
    let reply = service.json(0, &["origin", "get", "v1/title/harbour"]);
    assert_eq!((&reply["key"], &reply["document"]), (&json!("v1/title/harbour"), &document));
    let put = service.run(&["origin", "put", "title/harbour", "-"], &text);
    let said = String::from_utf8(put.stdout).unwrap();
    let revision = reply["revision"].as_u64().unwrap();
    assert!(said.starts_with(&format!("title/harbour: stored, revision {revision}\n")), "{said}");
}

#[test]
fn a_change_is_guarded_by_the_revision_that_it_expects() {
    let service = Service::with_catalogue();
    service.file("harbour.json", &title("harbour", "Renamed"));
    let put = ["origin", "put", "title/harbour", "harbour.json"];
    let refused = service.json(1, &[&put[..], &["--if-revision", "7"]].concat());
    assert_eq!(refused["error"]["problem"]["status"], 412);
    assert_eq!(service.json(1, &[&put[..], &["--if-absent"]].concat())["error"]["problem"]["status"], 412);
    let revision = service.json(0, &["origin", "get", "title/harbour"])["revision"].to_string();
    let stored = service.json(0, &[&put[..], &["--if-revision", &revision]].concat());
    assert_eq!(stored["document"]["names"]["en"], "Renamed");
}

#[test]
fn waiting_tells_when_the_edge_holds_the_change() {
    let service = Service::with_catalogue();
    service.file("harbour.json", &title("harbour", "Renamed"));
    let put = ["origin", "put", "title/harbour", "harbour.json", "--wait"];
    let reply = service.json(0, &put);
    assert_eq!(reply["sync"]["state"], "synced");
    assert_eq!(reply["sync"]["revision_at_edge"], reply["revision"]);
    assert!(reply["waited_ms"].is_u64(), "{reply}");
    service.file("harbour.json", &title("harbour", "Again"));
    let said = service.text(&put);
    assert!(
        said.starts_with("title/harbour: stored, ") && said.contains("\nThe edge holds it after "),
        "{said}"
    );
    let said = service.text(&["origin", "delete", "title/harbour", "--wait"]);
    assert!(
        said.starts_with("title/harbour: deleted, ") && said.contains("\nThe edge holds it after "),
        "{said}"
    );
}

#[test]
fn lists_and_deletes() {
    let service = Service::with_catalogue();
    service.put("title/quay", &title("quay", "The quay"));
    let list = service.text(&["origin", "list", "titles"]);
    let lines: Vec<_> = list.lines().collect();
    assert!(lines[0].starts_with("STATE") && lines.len() == 3, "{list}");
    assert!(lines[1].contains("title/harbour  Harbour lights") && lines[1].contains(" ago "), "{list}");
    let page = service.json(0, &["origin", "list", "titles", "--limit", "1"]);
    assert_eq!((page["items"].as_array().unwrap().len(), &page["next"]), (1, &json!("harbour")));
    let rest = service.json(0, &["origin", "list", "titles", "--after", "harbour"]);
    assert_eq!(rest["items"][0]["key"], "v1/title/quay");
    let all = service.run(&["origin", "list", "titles", "--all", "--json"], "");
    assert_eq!(String::from_utf8(all.stdout).unwrap().lines().count(), 2);
    let said = service.text(&["origin", "delete", "title/quay"]);
    assert!(said.starts_with("title/quay: deleted, revision "), "{said}");
    assert_eq!(service.json(1, &["origin", "get", "title/quay"])["error"]["problem"]["status"], 404);
}

#[test]
fn a_purge_raises_the_generation() {
    let service = Service::with_catalogue();
    let said = service.text(&["origin", "purge", "title/harbour"]);
    assert!(said.contains("The generation is 1."), "{said}");
    let reply = service.json(0, &["origin", "purge", "title/harbour", "--wait"]);
    assert_eq!(reply["document"]["generation"], 2);
    assert_eq!(service.json(2, &["origin", "purge", "site/watch.example.com"])["error"]["kind"], "misuse");
}

#[test]
fn an_export_is_a_folder_for_simulate() {
    let service = Service::with_catalogue();
    let session = ["origin", "revoke", "watch.example.com", "--session", "0123456789abcdef"];
    service.json(0, &session);
    let report = service.json(0, &["origin", "export", "documents"]);
    let expected =
        json!({ "titles": 1, "sites": 1, "keys": 2, "revocations": 1, "campaigns": 0, "creatives": 0 });
    assert_eq!((&report["documents"], &report["left_out"]), (&expected, &json!([])));
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(service.path("documents").join(name)).unwrap()).unwrap()
    };
    assert!(read("titles/harbour.json")["revision"].is_u64());
    assert_eq!(read("keys/https%3A%2F%2Fid.example.com%2F.json")["keys"][0]["k"], "[redacted]");
    assert_eq!(
        read("revocations/watch.example.com.json")["revoked"][0]["what"]["session"],
        "0123456789abcdef"
    );

    let again = service.json(2, &["origin", "export", "documents"]);
    assert!(again["error"]["detail"].as_str().unwrap().contains("expected an empty folder"), "{again}");
    service.text(&["origin", "delete", "title/harbour"]);
    service.put("title/quay", &title("quay", "The quay"));
    service.json(0, &["origin", "export", "documents", "--force"]);
    assert!(!service.path("documents/titles/harbour.json").exists(), "a deleted title is still there");
    let simulate = ["simulate", "--documents", "documents", "--site", "watch.example.com", "--all"];
    let table = service.run(&simulate, "");
    assert!(String::from_utf8(table.stdout).unwrap().contains("quay"));
    let request = json!({ "url": "https://watch.example.com/quay/master.m3u8", "geo": "AE" });
    service.file("request.json", &request);
    let explained = service.json(1, &["explain", "--documents", "documents", "--request", "request.json"]);
    assert_eq!(explained["reason"], "token_missing");
}

#[test]
fn an_export_leaves_out_what_the_key_is_not_for() {
    let service = Service::with_catalogue();
    let key = api_key(&service.folder, &["--name", "tenant", "--kinds", "title"]);
    fs::write(service.path("api-key"), key).unwrap();
    let report = service.json(0, &["origin", "export", "documents"]);
    assert_eq!(report["left_out"], json!(["sites", "keys", "revocations", "campaigns", "creatives"]));
    assert_eq!(report["documents"], json!({ "titles": 1 }));
}

#[test]
fn the_status_tells_what_the_edge_refuses() {
    let service = Service::start();
    service.edge.set("invalid");
    service.file("harbour.json", &title("harbour", "Harbour"));
    let put = ["origin", "put", "title/harbour", "harbour.json", "--wait"];
    let refused = service.json(1, &put);
    assert!(
        refused["error"]["detail"].as_str().unwrap().contains("the edge refuses it: not today"),
        "{refused}"
    );
    assert_eq!(service.json(1, &["origin", "status"])["failed_count"], 1);
    service.edge.set("applied");
    assert_eq!(service.json(0, &["origin", "retry"])["requeued"], 1);
    service.json(0, &put);
    let said = service.text(&["origin", "status"]);
    assert!(said.starts_with("The edge holds every change.\nLast success: "), "{said}");
}

#[test]
fn a_dry_run_stores_nothing() {
    let service = Service::with_catalogue();
    service.file("harbour.json", &title("harbour", "Renamed"));
    let put = ["origin", "put", "title/harbour", "harbour.json", "--dry-run"];
    let before = service.json(0, &["origin", "get", "title/harbour"]);
    let reply = service.json(0, &put);
    assert_eq!((&reply["would"], &reply["revision"]), (&json!("change"), &before["revision"]));
    let said = service.text(&put);
    assert_eq!(said, "title/harbour: valid; would change, nothing is stored\n");
    assert_eq!(service.json(0, &["origin", "purge", "title/harbour", "--dry-run"])["would"], "change");
    assert_eq!(service.json(0, &["origin", "delete", "title/harbour", "--dry-run"])["would"], "delete");
    assert_eq!(service.json(0, &["origin", "get", "title/harbour"])["document"], before["document"]);
}

#[test]
fn a_document_that_others_need_is_deleted_with_force() {
    let service = Service::with_catalogue();
    let delete = ["origin", "delete", "site/watch.example.com"];
    let refused = service.json(1, &delete);
    assert_eq!(refused["error"]["problem"]["type"], "urn:stagedoor:problem:in-use");
    let said = service.text(&[&delete[..], &["--force"]].concat());
    assert!(said.contains("deleted") && said.contains("warning "), "{said}");
}
#[test]
fn files_and_folders_are_validated() {
    let service = Service::with_catalogue();
    service.json(0, &["origin", "export", "documents"]);
    let valid = service.json(0, &["origin", "validate", "documents"]);
    assert_eq!((valid["files"].as_array().unwrap().len(), &valid["invalid"]), (4, &json!(0)));
    let mut wrong = title("quay", "The quay");
    wrong["sites"] = json!(["watch.example.con"]);
    service.file("documents/titles/quay.json", &wrong);
    let said = service.text(&["origin", "validate", "documents/titles/quay.json"]);
    assert!(said.contains("warning unknown_site: sites[0]: "), "{said}");
    wrong["offer"] = json!([]);
    service.file("documents/titles/quay.json", &wrong);
    fs::write(service.path("documents/broken.json"), "{").unwrap();
    let invalid = service.json(1, &["origin", "validate", "documents"]);
    let states: Vec<_> = invalid["files"].as_array().unwrap().iter().map(|file| &file["state"]).collect();
    assert_eq!(states, ["invalid", "valid", "valid", "valid", "valid", "invalid"]);
    let said = invalid["files"][5]["error"]["detail"].as_str().unwrap();
    assert!(said.contains("offer: there is no such member"), "{said}");
    assert_eq!(service.json(0, &["origin", "list", "titles"])["items"].as_array().unwrap().len(), 1);
}

#[test]
fn documents_are_found_by_words_and_listed_by_site_and_state() {
    let service = Service::with_catalogue();
    service.put("title/quay", &title("quay", "Night train to the harbour"));
    let mut other = title("train", "Elsewhere");
    other["sites"] = json!(["other.example.com"]);
    service.put("title/train", &other);
    let keys = |arguments: &[&str]| -> Vec<String> {
        let found = service.json(0, arguments);
        found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["key"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(keys(&["origin", "find", "HARBOUR"]), ["v1/title/harbour", "v1/title/quay"]);
    assert_eq!(keys(&["origin", "find", "train", "night"]), ["v1/title/quay"]);
    assert_eq!(keys(&["origin", "find", "example", "--kind", "sites"]), ["v1/site/watch.example.com"]);
    assert!(service.text(&["origin", "find", "nothing like it"]).contains("nothing found"));
    assert_eq!(keys(&["origin", "list", "titles", "--site", "other.example.com"]), ["v1/title/train"]);
    service.edge.set("invalid");
    service.file("harbour.json", &title("harbour", "Refused"));
    service.json(1, &["origin", "put", "title/harbour", "harbour.json", "--wait"]);
    assert_eq!(keys(&["origin", "list", "titles", "--state", "failed"]), ["v1/title/harbour"]);
}

#[test]
fn warnings_are_listed() {
    let service = Service::with_catalogue();
    assert_eq!(service.text(&["origin", "warnings"]), "no warnings\n");
    let mut dangling = title("quay", "The quay");
    dangling["sites"] = json!(["watch.example.con"]);
    service.put("title/quay", &dangling);
    let said = service.text(&["origin", "warnings"]);
    assert!(said.starts_with("title/quay\n  warning unknown_site: sites[0]: "), "{said}");
}

/// As `| head -1` does.
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let service = Service::with_catalogue();
    let list = format!("{} origin list titles --all --json", env!("CARGO_BIN_EXE_stagedoor"));
    let output = std::process::Command::new("bash")
        .args(["-c", &format!("set -o pipefail; {{ sleep 0.2; {list}; }} | true")])
        .env("STAGEDOOR_PROFILES", service.path("profiles.toml"))
        .output()
        .unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn purges_at_the_same_time_are_all_counted() {
    let service = Service::with_catalogue();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..3).for_each(|_| drop(service.json(0, &["origin", "purge", "title/harbour"]))));
        }
    });
    assert_eq!(service.json(0, &["origin", "get", "title/harbour"])["document"]["generation"], 6);
}
