//! The exit code of each kind of failure, as text and as JSON.

use std::fs;

use serde_json::json;

use crate::service::Service;

#[test]
fn each_failure_has_its_exit_code_and_its_json() {
    let service = Service::with_catalogue();
    fs::write(service.path("broken.json"), "{").unwrap();
    fs::write(service.path("empty.json"), " \n").unwrap();
    service.file("invalid.json", &json!({ "id": "harbour", "sites": ["watch.example.com"], "offer": [] }));
    let table: [(i32, &str, &[&str], &str); 18] = [
        (1, "refused", &["origin", "get", "title/absent"], "v1/title/absent does not exist"),
        (1, "refused", &["origin", "put", "title/harbour", "invalid.json"], "offer: there is no such member"),
        (
            1,
            "refused",
            &["--profile", "stranger", "origin", "list", "titles"],
            "The API key of the profile is not one of",
        ),
        (1, "refused", &["origin", "unrevoke", "watch.example.com", "7"], "404"),
        (2, "misuse", &["origin", "get", "harbour"], "expected a kind and an id, such as title/harbour"),
        (2, "misuse", &["origin", "get", "title/a b"], "expected"),
        (
            2,
            "misuse",
            &["origin", "put", "title/harbour", "broken.json"],
            "broken.json: line 1, column 1: expected `}`",
        ),
        (
            2,
            "misuse",
            &["origin", "get", "revocations/watch.example.com", "--revision", "7"],
            "no earlier revisions",
        ),
        (
            2,
            "misuse",
            &["origin", "put", "title/harbour", "-"],
            "standard input: line 1, column 1: expected a JSON",
        ),
        (
            2,
            "misuse",
            &["origin", "put", "title/harbour", "empty.json"],
            "expected a JSON document, found nothing",
        ),
        (2, "misuse", &["origin", "put", "title/harbour", "absent.json"], "absent.json: No such file"),
        (2, "misuse", &["origin", "put", "revocations/watch.example.com", "broken.json"], "origin revoke"),
        (
            2,
            "misuse",
            &["origin", "list", "cats"],
            "expected titles, sites, keys, revocations, campaigns or creatives",
        ),
        (
            2,
            "misuse",
            &["origin", "list", "titles", "--limit", "501"],
            "expected a whole number from 1 to 500, found `501`",
        ),
        (2, "misuse", &["origin", "lost"], "unrecognized subcommand"),
        (2, "misuse", &["--profile", "absent", "origin", "status"], "there is no profile `absent`"),
        (3, "broken", &["--profile", "nowhere", "origin", "status"], "refuses the connection"),
        (3, "broken", &["--profile", "nowhere", "origin", "get", "title/harbour"], "refuses the connection"),
    ];
    for (code, kind, arguments, why) in table {
        let failed = service.json(code, arguments);
        let error = &failed["error"];
        assert_eq!(error["kind"], kind, "{arguments:?}");
        assert!(error["detail"].as_str().unwrap().contains(why), "{arguments:?}: {error}");
        let output = service.run(arguments, "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
}

#[test]
fn what_the_edge_does_not_take_in_time_is_broken() {
    let service = Service::start();
    service.edge.set("failed");
    service.file("quay.json", &crate::service::title("quay", "The quay"));
    let put = ["origin", "put", "title/quay", "quay.json", "--wait", "--wait-within", "0"];
    let failed = service.json(3, &put);
    assert!(
        failed["error"]["detail"].as_str().unwrap().contains("is stored, and the edge does not hold it"),
        "{failed}"
    );
    assert_eq!(service.json(0, &["origin", "get", "title/quay"])["document"]["id"], "quay");
}
