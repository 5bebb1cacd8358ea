//! Messages for wrong arguments and unreadable inputs.

use std::fs;

use serde_json::json;

use crate::desk::Desk;

#[test]
fn misuse_says_what_was_expected() {
    let desk = Desk::new();
    fs::write(desk.path("broken.json"), "{").unwrap();
    let table: [(&[&str], &str); 7] = [
        (&[], "Usage: stagedoor"),
        (&["token", "mint", "--key", "absent.json"], "absent.json: No such file"),
        (&["token", "mint", "--key", "broken.json"], "broken.json: EOF"),
        (&["token", "mint", "--key", "hs256.json", "--claims", "[]"], "--claims: expected a JSON object"),
        (
            &["token", "verify", "--site", "documents/harbour.json", "--url", "https://a/b"],
            "missing field `host`",
        ),
        (&["manifest", "rewrite", "--url", "nonsense", "-"], "expected an absolute URL, found `nonsense`"),
        (
            &[
                "manifest",
                "rewrite",
                "--url",
                "https://a/~T/b/c.m3u8",
                "--signing",
                "query",
                "--session",
                "T",
                "-",
            ],
            "--signing query: the path of --url carries a session already",
        ),
    ];
    for (arguments, why) in table {
        let message = desk.misuse(arguments);
        assert!(message.contains(why), "{message} does not say {why}");
    }
    desk.file(
        "documents/twice.json",
        &serde_json::from_slice(&fs::read(desk.path("documents/harbour.json")).unwrap()).unwrap(),
    );
    desk.file("request.json", &json!({ "url": "https://a/b" }));
    let message = desk.misuse(&["explain", "--documents", "documents", "--request", "request.json"]);
    assert!(message.contains("v1/title/harbour is there twice"), "{message}");
}
