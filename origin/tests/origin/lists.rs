//! Filters and the search of lists, and the list of warnings.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stagedoor::catalog::{DocumentKind, Outcome};
use stagedoor_origin::clock::UnixMillis;
use stagedoor_origin::store::{Expectation, Manner, Scope, Store};

use crate::app::{ApiClient, FAST, TestApp, database, keys, nobody, rows, site, title};
use crate::edge::FakeEdge;

/// The ids of a list over all pages of two.
async fn ids(client: &ApiClient, path: &str) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}&limit=2{after}")).await;
        assert_eq!(page.status, 200, "{path}: {page:?}");
        let items = page.body["items"].as_array().unwrap();
        assert!(items.len() <= 2, "{path}: {page:?}");
        for item in items {
            found.push(item["key"].as_str().unwrap().splitn(3, '/').last().unwrap().to_owned());
        }
        match page.body["next"].as_str() {
            Some(next) => after = format!("&after={}", next.replace('/', "%2F").replace(':', "%3A")),
            None => return found,
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn named(id: &str, names: Value, sites: &[&str]) -> Value {
    let mut document = title(id, "");
    document["names"] = names;
    document["sites"] = json!(sites);
    document
}

#[tokio::test]
async fn every_word_of_a_search_occurs_in_the_id_or_a_name_in_any_script() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    for (id, names) in [
        ("night-train", json!({ "en": "The Night Train", "de": "Der Nachtzug" })),
        ("day-train", json!({ "en": "A Day on the Train" })),
        ("odos", json!({ "el": "ΟΔΟΣ ΟΝΕΙΡΩΝ" })),
        ("street", json!({ "de": "Die lange Straße" })),
        ("harbour", json!({ "ar": "ميناء الليل", "ru": "Гавань" })),
        ("cafe", json!({ "fr": "Cafe\u{301} de nuit" })),
        ("literal", json!({ "en": "100% under_score \\ back" })),
        ("nameless", json!({})),
    ] {
        assert_eq!(
            app.api.put(&format!("/titles/{id}"), &named(id, names, &["a.example"])).await.status,
            201
        );
    }
    for (text, expected) in [
        ("train", &["day-train", "night-train"][..]),
        ("TRAIN night", &["night-train"]),
        ("nacht train", &["night-train"]),
        ("train zug day", &[]),
        ("οδοσ", &["odos"]),
        ("Οδός", &[]),
        ("ονειρων", &["odos"]),
        ("STRASSE", &["street"]),
        ("الليل", &["harbour"]),
        ("гАВ", &["harbour"]),
        ("caf\u{e9} nuit", &["cafe"]),
        ("100%", &["literal"]),
        ("r_s", &["literal"]),
        ("_rain", &[]),
        ("%", &["literal"]),
        ("\\ back", &["literal"]),
        ("nameless", &["nameless"]),
        ("' OR 1=1 --", &[]),
        ("  ", &["cafe", "day-train", "harbour", "literal", "nameless", "night-train", "odos", "street"]),
    ] {
        assert_eq!(ids(&app.api, &format!("/titles?q={}", encoded(text))).await, expected, "{text}");
    }
    // A name that was changed, and a title that was deleted.
    app.api.put("/titles/odos", &named("odos", json!({ "en": "Street of Dreams" }), &["a.example"])).await;
    app.api.delete("/titles/street").await;
    assert_eq!(ids(&app.api, "/titles?q=street").await, ["odos"]);
    // Other documents have no names.
    for host in ["watch.example.com", "watch.example.net", "tv.example.com"] {
        app.api.put(&format!("/sites/{host}"), &site(host)).await;
    }
    app.api.put("/keys/https%3A%2F%2FID.example.com%2F", &keys("https://ID.example.com/")).await;
    assert_eq!(ids(&app.api, "/sites?q=Watch+com").await, ["watch.example.com"]);
    assert_eq!(ids(&app.api, "/keys?q=id.EXAMPLE").await, ["https://ID.example.com/"]);
    for bad in [
        format!("/titles?q={}", "x".repeat(201)),
        "/titles?q=a+b+c+d+e+f+g+h+i+j+k".to_owned(),
        "/titles?state=done".to_owned(),
        "/titles?site=two%20words".to_owned(),
        "/titles?query=x".to_owned(),
        "/sites?site=a.example".to_owned(),
    ] {
        assert_eq!(app.api.get(&bad).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn lists_are_filtered_by_state_and_site() {
    let app = TestApp::start().await;
    for n in 0..3 {
        app.edge.look(|memory| memory.outcomes.insert(format!("v1/title/bad{n}"), Outcome::Invalid));
        app.edge.look(|memory| memory.outcomes.insert(format!("v1/title/busy{n}"), Outcome::Failed));
    }
    for n in 0..3 {
        let (host, other) = if n == 1 { ("b.example", "c.example") } else { ("a.example", "b.example") };
        for (id, sites) in [
            (format!("good{n}"), vec![host]),
            (format!("bad{n}"), vec![host, other]),
            (format!("busy{n}"), vec![other]),
        ] {
            app.api.put(&format!("/titles/{id}"), &named(&id, json!({}), &sites)).await;
        }
    }
    for n in 0..3 {
        app.api.wait_for_state(&format!("/titles/good{n}"), "synced").await;
        app.api.wait_for_state(&format!("/titles/bad{n}"), "failed").await;
    }
    assert_eq!(ids(&app.api, "/titles?state=failed").await, ["bad0", "bad1", "bad2"]);
    assert_eq!(ids(&app.api, "/titles?state=pending").await, ["busy0", "busy1", "busy2"]);
    assert_eq!(ids(&app.api, "/titles?state=synced").await, ["good0", "good1", "good2"]);
    assert_eq!(ids(&app.api, "/titles?site=a.example").await, ["bad0", "bad2", "good0", "good2"]);
    assert_eq!(ids(&app.api, "/titles?site=B.example&state=failed").await, ["bad0", "bad1", "bad2"]);
    assert_eq!(ids(&app.api, "/titles?site=c.example&state=pending&q=busy").await, ["busy1"]);
    assert_eq!(ids(&app.api, "/titles?site=nobody.example").await, Vec::<String>::new());

    let scope = Scope::new([], ["a.example".parse().unwrap(), "b.example".parse().unwrap()]).unwrap();
    let tenant = app.client("tenant", &scope).await;
    assert_eq!(
        ids(&tenant, "/titles?state=failed").await,
        ["bad0", "bad2"],
        "the other one is on c.example too"
    );
    assert_eq!(ids(&tenant, "/titles?site=b.example").await, ["bad0", "bad2", "busy0", "busy2", "good1"]);
    assert_eq!(ids(&tenant, "/titles?q=good").await, ["good0", "good1", "good2"]);
    assert_eq!(tenant.get("/titles?site=c.example").await.status, 403);
    // The delivered changes are not kept for ever.
    sqlx::query("DELETE FROM outbox WHERE state = 'done'").execute(&rows(&app.folder).await).await.unwrap();
    assert_eq!(ids(&app.api, "/titles?state=synced").await, ["good0", "good1", "good2"]);
}

/// Titles that were written past the API, which is faster.
async fn many(store: &Store, count: usize, sites: &[&str]) {
    for n in 0..count {
        let id = format!("t{n:05}");
        let body = named(&id, json!({ "en": format!("Number {n}") }), sites).to_string();
        let key = format!("v1/title/{id}").parse().unwrap();
        let (any, by) = (Expectation::Any, nobody());
        store.write(&key, Some(&body), &any, Manner::default(), &by, UnixMillis::now()).await.unwrap();
    }
}

#[tokio::test]
async fn a_rare_match_is_found_among_many_and_deleted_titles_do_not_hide_it() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    many(&app.store, 2_300, &["a.example"]).await;
    for n in 1_000..1_100 {
        app.api.delete(&format!("/titles/t{n:05}")).await;
    }
    let scope = Scope::new([], ["a.example".parse().unwrap()]).unwrap();
    for client in [app.api.clone(), app.client("tenant", &scope).await] {
        assert_eq!(ids(&client, "/titles?q=number+2299").await, ["t02299"]);
        assert_eq!(ids(&client, "/titles?q=t0105").await, Vec::<String>::new());
        let nines = ids(&client, "/titles?q=99").await;
        let expected: BTreeSet<_> = (0..2_300)
            .filter(|n| n.to_string().contains("99") && *n != 1_099)
            .map(|n| format!("t{n:05}"))
            .collect();
        assert_eq!(nines, expected.into_iter().collect::<Vec<_>>());
    }
    let page = app.api.get("/titles?q=number+2299").await.body;
    assert_eq!(
        (page["items"].as_array().unwrap().len(), &page["next"]),
        (1, &Value::Null),
        "it took several pages"
    );
}

#[tokio::test]
async fn titles_of_an_earlier_database_are_found() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    app.api.put("/titles/harbour", &title("harbour", "The Quay")).await;
    sqlx::query("DELETE FROM document_names").execute(&rows(&app.folder).await).await.unwrap();
    assert_eq!(ids(&app.api, "/titles?q=quay").await, Vec::<String>::new());
    Store::open(&database(&app.folder)).await.unwrap();
    assert_eq!(ids(&app.api, "/titles?q=quay").await, ["harbour"]);
}

#[tokio::test]
async fn documents_with_warnings_are_listed() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    assert_eq!(app.api.get("/warnings").await.body, json!({ "items": [], "next": null }));
    app.api.put("/keys/watch-sessions", &keys("watch-sessions")).await;
    for host in ["a.example", "b.example"] {
        app.api.put(&format!("/sites/{host}"), &site(host)).await;
    }
    for (id, sites) in [
        ("a", vec!["a.example"]),
        ("b", vec!["b.example"]),
        ("c", vec!["a.example", "c.example"]),
        ("d", vec!["c.example"]),
    ] {
        app.api.put(&format!("/titles/{id}"), &named(id, json!({}), &sites)).await;
    }
    app.api.post("/revocations/c.example?force=true", &json!({ "what": { "everything": {} } })).await;
    let mut listed = Vec::new();
    let mut after = String::new();
    loop {
        let page = app.api.get(&format!("/warnings?limit=1{after}")).await.body;
        for item in page["items"].as_array().unwrap() {
            listed.push(format!(
                "{} {}",
                item["key"].as_str().unwrap(),
                item["warnings"][0]["code"].as_str().unwrap()
            ));
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={}", next.replace('/', "%2F")),
            None => break,
        }
    }
    assert_eq!(
        listed,
        [
            "v1/site/a.example unknown_issuer",
            "v1/site/b.example unknown_issuer",
            "v1/title/c unknown_site",
            "v1/title/d unknown_site",
            "v1/revocations/c.example unknown_site",
        ]
    );
    assert_eq!(app.api.get("/warnings?after=harbour").await.status, 400);

    let keys_of = |page: &Value| -> Vec<String> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["key"].as_str().unwrap().to_owned())
            .collect()
    };
    let tenant = app.client("tenant", &Scope::new([], ["a.example".parse().unwrap()]).unwrap()).await;
    assert_eq!(keys_of(&tenant.get("/warnings").await.body), ["v1/site/a.example"]);
    let editor = app.client("editor", &Scope::new([DocumentKind::Title], []).unwrap()).await;
    assert_eq!(keys_of(&editor.get("/warnings").await.body), ["v1/title/c", "v1/title/d"]);
}

/// A page of warnings checks no more than some documents, and the next page goes on after them.
#[tokio::test]
async fn a_page_of_warnings_ends_before_it_costs_too_much() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    app.api.put("/sites/a.example", &site("a.example")).await;
    many(&app.store, 2_500, &["a.example"]).await;
    app.api.put("/titles/z", &named("z", json!({}), &["b.example"])).await;
    let first = app.api.get("/warnings").await.body;
    assert_eq!((&first["items"][0]["key"], &first["items"][1]), (&json!("v1/site/a.example"), &Value::Null));
    let next = first["next"].as_str().unwrap().replace('/', "%2F");
    let second = app.api.get(&format!("/warnings?after={next}")).await.body;
    assert_eq!(
        (&second["items"][0]["key"], &second["next"]),
        (&json!("v1/title/z"), &Value::Null),
        "{second}"
    );
}
