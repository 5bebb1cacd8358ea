//! `stagedoor explain`.

use serde_json::json;

use crate::desk::{Desk, NOW};

#[test]
fn explain_tells_each_step_and_no_secret() {
    let desk = Desk::new();
    let token = desk.mint("es256.json", &json!({ "iss": "https://id.example.com/", "sub": "v" }));
    let url = format!("https://watch.example.com/harbour/master.m3u8?token={token}");
    let explain = |code, geo: &str| {
        desk.file("request.json", &json!({ "url": url, "geo": geo }));
        desk.json(code, &["explain", "--documents", "documents", "--request", "request.json", "--now", NOW])
    };
    let permit = explain(0, "AE");
    assert_eq!((&permit["outcome"], &permit["caps"]["max_height"]), (&json!("permit"), &json!(720)));
    let steps: Vec<_> =
        permit["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(
        steps,
        [
            "facts",
            "route",
            "document",
            "document",
            "document",
            "document",
            "token",
            "grant",
            "document",
            "credential",
            "rights",
            "permit",
            "source"
        ]
    );
    assert!(permit.to_string().contains(r#""key":"v1/title/harbour","revision":7"#));
    assert!(!permit.to_string().contains(&token));
    let denial = explain(1, "GB");
    assert_eq!((&denial["outcome"], &denial["reason"]), (&json!("denial"), &json!("territory")));
    assert!(denial["remedy"].as_str().unwrap().contains("territories"), "{denial}");
    let rights = denial["steps"].as_array().unwrap().iter().find(|step| step["step"] == "rights").unwrap();
    assert_eq!(
        rights["saw"]["by"],
        json!({ "key": "v1/title/harbour", "revision": 7, "decided": {
            "document": "title", "of": "offer gulf", "rule": "territory", "reason": "territory",
            "would_pass": "a viewer in AE" } })
    );
    assert_eq!(
        rights["saw"]["findings"][1],
        json!({ "of": "offer gulf", "rule": "territory", "mode": "enforce", "passed": false,
            "wanted": "a viewer in AE", "saw": "GB" })
    );
}
