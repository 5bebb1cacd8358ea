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
        (
            &["token", "mint", "--key", "broken.json"],
            "broken.json: line 1, column 1: expected `}`, found the end of the text",
        ),
        (
            &["token", "mint", "--key", "hs256.json", "--claims", "[]"],
            "--claims: expected an object, found an array",
        ),
        (
            &["token", "verify", "--site", "documents/harbour.json", "--url", "https://a/b"],
            "harbour.json: id: there is no such member",
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

#[test]
fn what_the_operating_system_refuses_is_said_without_words_of_rust() {
    let desk = Desk::new();
    for (arguments, expected) in [
        (&["token", "mint", "--key", "absent.json"][..], "absent.json: No such file or directory\n"),
        (&["edge", "tail", "--from", "absent.log"], "absent.log: No such file or directory\n"),
        (&["man", "absent"], "absent: No such file or directory\n"),
        (&["explain", "--documents", "absent", "https://a/b"], "absent: No such file or directory\n"),
    ] {
        let message = desk.misuse(arguments);
        assert!(message.ends_with(expected), "{arguments:?}: {message}");
    }
}

/// What would be dropped, encoded or ignored without a word is refused.
#[test]
fn arguments_that_cannot_be_meant_are_refused() {
    let desk = Desk::new();
    for (name, permit) in [
        ("list", json!([])),
        ("nothing", json!({})),
        ("listed", json!({ "caps": [] })),
        ("null", json!(null)),
    ] {
        desk.file(&format!("{name}.json"), &permit);
    }
    let rewrite = ["manifest", "rewrite", "--url", "https://a.example/b/c.m3u8"];
    let verify = ["token", "verify", "--site", "documents/site.json"];
    let url = ["--url", "https://watch.example.com/harbour/a.m3u8"];
    let at = |base: &[&'static str], more: &[&'static str]| [base, more].concat();
    let table = [
        (at(&rewrite, &["--permit", "list.json", "-"]), "expected an object, found an array"),
        (at(&rewrite, &["--permit", "nothing.json", "-"]), "caps"),
        (at(&rewrite, &["--permit", "listed.json", "-"]), "caps: expected an object, found an array"),
        (at(&rewrite, &["--permit", "null.json", "-"]), "expected an object"),
        (at(&rewrite, &["--session", "a b", "-"]), "--session: expected a session token"),
        (at(&rewrite, &["--session", "", "-"]), "--session: expected a session token"),
        (at(&rewrite, &["--session", "a/b", "-"]), "--session: expected a session token"),
        (
            vec!["manifest", "rewrite", "--url", "https://a.example/~a%20b/c/d.m3u8", "-"],
            "--url: expected a session token",
        ),
        (vec!["manifest", "rewrite", "--url", "https://a.example/b c.m3u8", "-"], "without spaces"),
        (at(&verify, &["--url", " https://watch.example.com/harbour/a.m3u8"]), "without spaces"),
        (at(&verify, &[url[0], url[1], "--method", "get"]), "--method: methods are in capital letters"),
        (at(&verify, &[url[0], url[1], "--method", "GET /"]), "--method: expected a method such as GET"),
        (at(&verify, &[url[0], url[1], "--header", "Authorization"]), "--header: expected `Name: value`"),
        (at(&verify, &[url[0], url[1], "--header", "A B: c"]), "--header: expected `Name: value`"),
        (
            at(&verify, &[url[0], url[1], "--geo", "UK"]),
            "--geo: expected a country of ISO 3166-1, found `UK`",
        ),
        (vec!["token", "mint", "--key", "hs256.json", "--expires-in", "0"], "0 is not in 1.."),
        (vec!["origin", "unrevoke", "watch.example.com", "last"], "expected a whole number, found `last`"),
        (vec!["origin", "get", "title/t", "--revision", "last"], "expected a whole number, found `last`"),
        (vec!["origin", "put", "title/t", "-", "--if-revision", "r1"], "expected a whole number, found `r1`"),
        (vec!["origin", "delete", "title/t", "--if-revision", "r1"], "expected a whole number, found `r1`"),
        (
            vec!["origin", "list", "titles", "--limit", "all"],
            "expected a whole number from 1 to 500, found `all`",
        ),
        (vec!["origin", "history", "--limit", "501"], "expected a whole number from 1 to 500, found `501`"),
        (vec!["origin", "rollback", "title/t", "--to", "-"], "expected a whole number, found `-`"),
        (
            vec!["origin", "delete", "title/t", "--wait", "--wait-within", "1m"],
            "expected a whole number, found `1m`",
        ),
        (vec!["token", "mint", "--key", "hs256.json", "--url", "https://a b/"], "without spaces"),
    ];
    for (arguments, why) in table {
        let message = desk.misuse(&arguments);
        assert!(message.contains(why), "{arguments:?}: {message}");
    }
}

#[test]
fn wrong_arguments_are_json_too() {
    let desk = Desk::new();
    for arguments in [
        &["--json", "token", "mynt"][..],
        &["token", "mint", "--json"],
        &["cache-key", "--json", "--site"],
        &["--json"],
        &["--json", "origin"],
    ] {
        let output = desk.run(arguments, "");
        assert_eq!((output.status.code(), output.stderr.len()), (Some(2), 0), "{arguments:?}");
        let error: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(error["error"]["kind"], "misuse", "{error}");
        assert!(!error["error"]["detail"].as_str().unwrap().contains("Usage"), "{error}");
    }
}

#[test]
fn every_shell_has_completions() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = desk.run(&["completions", shell], "");
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && script.contains("unrevoke"), "{shell}");
    }
    assert!(desk.run(&["man", "."], "").status.success());
    assert!(fs::read_to_string(desk.path("stagedoor-origin-put.1")).unwrap().contains("title/harbour"));
}

#[test]
fn a_document_that_cannot_be_read_is_refused_in_plain_words() {
    let desk = Desk::new();
    desk.file("request.json", &json!({ "url": "https://a/b" }));
    for (document, why) in [
        (
            json!({ "id": "pier", "sites": ["a.example"], "ofers": [] }),
            "v1/title/pier: ofers: there is no such member; did you mean `offers`?; offers: this member is required",
        ),
        (
            json!({ "id": "pier", "sites": {}, "offers": [] }),
            "v1/title/pier: sites: expected an array, found an object",
        ),
        (json!({ "issuer": "i", "keys": 7 }), "v1/keys/i: keys: expected an array, found 7"),
        (
            json!({ "host": "b.example", "media": "m" }),
            "v1/site/b.example: media: expected an object, found `m`",
        ),
        (
            json!({ "host": "b.example", "generation": "1", "revoked": [] }),
            "v1/revocations/b.example: generation: expected a whole number from 0 to 4294967295, found `1`",
        ),
    ] {
        desk.file("documents/wrong.json", &document);
        let message = desk.misuse(&["explain", "--documents", "documents", "--request", "request.json"]);
        assert!(message.contains(why), "{message} does not say {why}");
    }
}
