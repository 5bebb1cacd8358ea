//! Warnings about documents that name nothing, and the refusal to delete a document on which others depend.

use serde_json::{Value, json};
use stagedoor::catalog::DocumentKind;
use stagedoor_origin::store::{Scope, WarningCode};

use crate::app::{Answer, TestApp, keys, site, title};

fn warnings(body: &Value) -> Vec<(&str, &str)> {
    let list = body["warnings"].as_array().unwrap_or_else(|| panic!("no warnings in {body}"));
    list.iter().map(|one| (one["code"].as_str().unwrap(), one["field"].as_str().unwrap())).collect()
}

fn tenant(host: &str) -> Scope {
    Scope::new([], [host.parse().unwrap()]).unwrap()
}

#[tokio::test]
async fn a_name_of_nothing_warns_in_each_reply_until_it_names_something() {
    let app = TestApp::start().await;
    let mut harbour = title("harbour", "Harbour");
    harbour["sites"] = json!(["watch.example.com", "wacth.example.com"]);
    harbour["offers"][0]["territories"] = json!({ "allow": ["*"], "deny": ["group:mena", "group:gulf"] });
    let put = app.api.put("/titles/harbour", &harbour).await;
    assert_eq!(
        (put.status, warnings(&put.body)),
        (201, vec![("unknown_site", "sites[0]"), ("unknown_site", "sites[1]")])
    );

    let put = app.api.put("/sites/watch.example.com", &site("watch.example.com")).await;
    assert_eq!(
        (put.status, warnings(&put.body)),
        (201, vec![("unknown_issuer", "tokens.issuers[0]"), ("unknown_keys", "sessions.keys")])
    );
    let detail = put.body["warnings"][1]["detail"].as_str().unwrap();
    assert!(detail.contains("`watch-sessions`") && detail.contains("no session can be opened"), "{detail}");
    let found = app.api.get("/titles/harbour").await;
    let groups = [
        ("unknown_group", "offers[0].territories.deny[0]"),
        ("unknown_group", "offers[0].territories.deny[1]"),
    ];
    assert_eq!(warnings(&found.body), [&[("unknown_site", "sites[1]")][..], &groups].concat());

    // A set of keys that cannot sign sessions, and an issuer without keys.
    let public = json!({ "kty": "EC", "kid": "b", "alg": "ES256", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" });
    app.api.put("/keys/watch-sessions", &json!({ "issuer": "watch-sessions", "keys": [public] })).await;
    let issuer = "/keys/https%3A%2F%2Fid.example.com%2F";
    let put = app.api.put(issuer, &json!({ "issuer": "https://id.example.com/", "keys": [] })).await;
    assert_eq!(warnings(&put.body), [("unusable_keys", "keys")], "a site names the set: {put:?}");
    let detail = put.body["warnings"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("`watch.example.com`"), "{detail}");
    let put = app.api.put("/keys/spare", &json!({ "issuer": "spare", "keys": [] })).await;
    assert_eq!(warnings(&put.body), [], "nobody needs the set: {put:?}");
    let found = app.api.get("/sites/watch.example.com").await;
    let useless = vec![("unusable_keys", "tokens.issuers[0]"), ("unusable_keys", "sessions.keys")];
    assert_eq!(warnings(&found.body), useless);

    app.api.put("/keys/watch-sessions", &keys("watch-sessions")).await;
    app.api.put(issuer, &keys("https://id.example.com/")).await;
    let mut grouped = site("watch.example.com");
    grouped["geography"] = json!({ "groups": { "mena": ["AE"], "gulf": ["QA"] } });
    assert_eq!(warnings(&app.api.put("/sites/watch.example.com", &grouped).await.body), []);
    harbour["sites"] = json!(["watch.example.com"]);
    assert_eq!(warnings(&app.api.put("/titles/harbour", &harbour).await.body), []);
    let unchanged = app.api.put("/titles/harbour", &harbour).await;
    assert_eq!((unchanged.status, warnings(&unchanged.body)), (200, vec![]));
    assert_eq!(warnings(&app.api.get("/keys/watch-sessions").await.body), []);
    assert_eq!(warnings(&app.api.delete("/titles/harbour").await.body), []);
}

/// The most frequent typing error: an issuer without the slash at its end.
#[tokio::test]
async fn a_warning_suggests_the_nearest_known_name_that_the_key_may_see() {
    let app = TestApp::start().await;
    app.api.put("/keys/https%3A%2F%2Fid.example.com%2F", &keys("https://id.example.com/")).await;
    app.api.put("/keys/watch-sessions", &keys("watch-sessions")).await;
    let mut document = site("watch.example.com");
    document["tokens"]["issuers"] = json!(["https://id.example.com"]);
    document["sessions"]["keys"] = json!("wacth-sessions");
    let put = app.api.put("/sites/watch.example.com", &document).await;
    let get = app.api.get("/sites/watch.example.com").await;
    for answer in [put, get] {
        for (index, near) in ["`https://id.example.com/`", "`watch-sessions`"].into_iter().enumerate() {
            let detail = answer.body["warnings"][index]["detail"].as_str().unwrap();
            assert!(detail.ends_with(&format!("; did you mean {near}?")), "{detail}");
        }
    }
    let mut harbour = title("harbour", "");
    harbour["sites"] = json!(["watch.exmaple.com", "elsewhere.test"]);
    let put = app.api.put("/titles/harbour", &harbour).await;
    let details: Vec<_> =
        put.body["warnings"].as_array().unwrap().iter().map(|one| one["detail"].as_str().unwrap()).collect();
    assert!(
        details[0].ends_with("; did you mean `watch.example.com`?") && !details[1].contains("did you"),
        "{details:?}"
    );
    // Keys belong to no site, and sites are not for a key of titles.
    let own = app.client("own", &tenant("watch.example.com")).await;
    let editor = app.client("editor", &Scope::new([DocumentKind::Title], []).unwrap()).await;
    for answer in [own.get("/sites/watch.example.com").await, editor.get("/titles/harbour").await] {
        assert!(answer.status == 200 && !answer.body.to_string().contains("did you mean"), "{answer:?}");
    }
}

#[tokio::test]
async fn the_number_of_warnings_is_bounded() {
    let app = TestApp::start().await;
    let mut many = title("many", "");
    many["sites"] = json!((0..5_000).map(|n| format!("s{n}.example")).collect::<Vec<_>>());
    let put = app.api.put("/titles/many", &many).await;
    let found = warnings(&put.body);
    assert_eq!((found.len(), found[98], found[99]), (100, ("unknown_site", "sites[98]"), ("more", ".")));
    assert!(put.body["warnings"][99]["detail"].as_str().unwrap().contains("4901 more"), "{put:?}");
}

#[tokio::test]
async fn a_document_in_use_is_deleted_by_force_only() {
    let app = TestApp::start().await;
    app.api.put("/keys/watch-sessions", &keys("watch-sessions")).await;
    app.api.put("/sites/watch.example.com", &site("watch.example.com")).await;
    for n in 0..12 {
        let id = format!("t{n:02}");
        app.api.put(&format!("/titles/{id}"), &title(&id, "")).await;
    }
    let in_use = |answer: &Answer| {
        assert_eq!(
            (answer.status, &answer.body["type"]),
            (409, &json!("urn:stagedoor:problem:in-use")),
            "{answer:?}"
        );
        answer.body["detail"].as_str().unwrap().to_owned()
    };
    for query in ["", "?dry_run=true", "?force=false"] {
        let refused = app.api.delete(&format!("/sites/watch.example.com{query}")).await;
        let detail = in_use(&refused);
        assert!(
            detail.contains("12 titles") && detail.contains("`t00`") && detail.contains("force=true"),
            "{detail}"
        );
        assert_eq!(refused.body["dependents"].as_array().unwrap().len(), 10);
        assert_eq!(refused.body["dependents"][0], "v1/title/t00");
    }
    let refused = app.api.delete("/keys/watch-sessions").await;
    assert!(in_use(&refused).contains("one site names it: `watch.example.com`"), "{refused:?}");
    assert_eq!(app.api.get("/keys/watch-sessions").await.status, 200);

    let would = app.api.delete("/sites/watch.example.com?force=true&dry_run=true").await;
    assert_eq!((&would.body["would"], warnings(&would.body)), (&json!("delete"), vec![("in_use", ".")]));
    assert_eq!(app.api.get("/sites/watch.example.com").await.status, 200);
    let forced = app.api.delete("/sites/watch.example.com?force=true").await;
    assert_eq!((forced.status, warnings(&forced.body)), (200, vec![("in_use", ".")]), "{forced:?}");
    // Now no site names the keys.
    let deleted = app.api.delete("/keys/watch-sessions").await;
    assert_eq!((deleted.status, warnings(&deleted.body)), (200, vec![]));
    assert_eq!(warnings(&app.api.get("/titles/t00").await.body), [("unknown_site", "sites[0]")]);
    // Without titles, a site needs no force.
    app.api.put("/sites/empty.example", &site("empty.example")).await;
    assert_eq!(app.api.delete("/sites/empty.example").await.status, 200);
}

#[tokio::test]
async fn a_limited_key_is_told_of_no_dependent_of_others() {
    let app = TestApp::start().await;
    app.api.put("/keys/watch-sessions", &keys("watch-sessions")).await;
    for host in ["a.example", "b.example"] {
        app.api.put(&format!("/sites/{host}"), &site(host)).await;
    }
    let mut shared = title("shared-secretly", "");
    shared["sites"] = json!(["a.example", "b.example"]);
    app.api.put("/titles/shared-secretly", &shared).await;
    let a = app.client("a", &tenant("a.example")).await;
    let refused = a.delete("/sites/a.example").await;
    assert_eq!(refused.status, 409);
    assert!(!refused.body.to_string().contains("secretly"), "{refused:?}");
    assert_eq!(refused.body["dependents"], json!([]));
    let mut own = title("own", "");
    own["sites"] = json!(["a.example"]);
    a.put("/titles/own", &own).await;
    let refused = a.delete("/sites/a.example").await;
    assert_eq!(refused.body["dependents"], json!(["v1/title/own"]));
    assert!(!refused.body.to_string().contains("secretly"), "{refused:?}");
    let forced = a.delete("/sites/a.example?force=true").await;
    assert!(forced.status == 200 && !forced.body.to_string().contains("secretly"), "{forced:?}");

    let keeper = app.client("keeper", &Scope::new([DocumentKind::Keys], []).unwrap()).await;
    let refused = keeper.delete("/keys/watch-sessions").await;
    assert!(refused.status == 409 && !refused.body.to_string().contains("b.example"), "{refused:?}");
}

/// A title is put on a site while the site is deleted: one of the two comes first, and the other knows.
#[tokio::test]
async fn a_deletion_and_a_new_dependent_do_not_miss_each_other() {
    let app = TestApp::start().await;
    for n in 0..20 {
        let host = format!("s{n}.example");
        app.api.put(&format!("/sites/{host}"), &site(&host)).await;
        let mut dependent = title(&format!("t{n}"), "");
        dependent["sites"] = json!([host]);
        let (at_site, at_title) = (format!("/sites/{host}"), format!("/titles/t{n}"));
        let (deleted, put) = tokio::join!(app.api.delete(&at_site), app.api.put(&at_title, &dependent));
        let told = warnings(&put.body) == [("unknown_site", "sites[0]")];
        assert!(matches!((deleted.status, told), (409, false) | (200, true)), "{deleted:?} {put:?}");
    }
}

#[test]
fn the_documentation_lists_every_code() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/REFERENCE.md");
    let page = std::fs::read_to_string(page).unwrap();
    for code in WarningCode::NAMES {
        assert!(page.contains(&format!("| `{code}` |")), "{code}");
    }
}
