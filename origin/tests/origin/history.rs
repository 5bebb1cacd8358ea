//! Who changed what, and the document of each revision.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use stagedoor::catalog::{DocumentKind, Outcome};
use stagedoor_origin::clock::UnixMillis;
use stagedoor_origin::store::Scope;

use crate::app::{Answer, ApiClient, FAST, KEY_SECRET, TestApp, keys, rows, send, site, title};
use crate::edge::FakeEdge;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn only(host: &str) -> Scope {
    Scope::new([], [host.parse().unwrap()]).unwrap()
}

fn on(id: &str, name: &str, sites: &[&str]) -> Value {
    let mut document = title(id, name);
    document["sites"] = json!(sites);
    document
}

/// What happened, as `action key`, over all pages of two.
async fn events(client: &ApiClient, path: &str) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}?limit=2{after}")).await;
        assert_eq!(page.status, 200, "{path}: {page:?}");
        for item in page.body["items"].as_array().unwrap() {
            found.push(format!("{} {}", item["action"].as_str().unwrap(), item["key"].as_str().unwrap()));
        }
        match page.body["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return found,
        }
    }
}

async fn name_at(client: &ApiClient, revision: u64) -> Answer {
    client.get(&format!("/titles/harbour?revision={revision}")).await
}

#[tokio::test]
async fn each_change_is_remembered_with_its_author_and_its_document() {
    let app = TestApp::start().await;
    let editor = app.client("editor", &Scope::FULL).await;
    app.api.put("/sites/watch.example.com", &site("watch.example.com")).await;
    let one = app.api.put("/titles/harbour", &title("harbour", "one")).await;
    app.api.put("/titles/harbour", &title("harbour", "one")).await;
    app.api.put("/titles/harbour?dry_run=true", &title("harbour", "never")).await;
    let two = editor.put("/titles/harbour", &title("harbour", "two")).await;
    let revoked =
        editor.post("/revocations/watch.example.com", &json!({ "what": { "title": "harbour" } })).await;
    let gone = editor.delete("/titles/harbour").await;
    let generation = revoked.body["document"]["generation"].as_u64().unwrap();
    editor.delete(&format!("/revocations/watch.example.com/{generation}")).await;

    let (of_title, of_site) = ("v1/title/harbour", "v1/revocations/watch.example.com");
    assert_eq!(
        events(&app.api, "/history").await,
        [
            format!("unrevoke {of_site}"),
            format!("delete {of_title}"),
            format!("revoke {of_site}"),
            format!("change {of_title}"),
            format!("create {of_title}"),
            "create v1/site/watch.example.com".to_owned(),
        ]
    );
    let list = app.api.get("/titles/harbour/history").await.body;
    let revisions: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| &item["revision"]).collect();
    assert_eq!(revisions, [&gone.body["revision"], &two.body["revision"], &one.body["revision"]]);
    let id = |client: &ApiClient| client.key.split('_').nth(1).unwrap().to_owned();
    assert_eq!(list["items"][0]["by"], json!({ "id": id(&editor), "name": "editor" }));
    assert_eq!(list["items"][2]["by"], json!({ "id": id(&app.api), "name": "cms" }));
    assert!(list["items"][0]["at"].as_str().unwrap().ends_with('Z'), "{list}");
    assert_eq!(list["next"], Value::Null);
    let revocations = app.api.get("/revocations/watch.example.com/history").await.body;
    for item in revocations["items"].as_array().unwrap() {
        assert_eq!(
            (&item["revocation"]["what"], &item["revocation"]["generation"]),
            (&json!({ "title": "harbour" }), &json!(generation))
        );
    }

    let past = name_at(&app.api, one.revision()).await;
    assert_eq!((past.status, &past.body["document"]["names"]["en"]), (200, &json!("one")), "{past:?}");
    assert_eq!((&past.body["action"], &past.body["by"]["name"]), (&json!("create"), &json!("cms")));
    assert_eq!(name_at(&app.api, two.revision()).await.body["document"]["names"]["en"], "two");
    assert_eq!(name_at(&app.api, gone.revision()).await.body["document"], Value::Null);
    // It is put back as it was given.
    let back = app.api.put("/titles/harbour", &past.body["document"]).await;
    assert_eq!((back.status, &back.body["document"]), (201, &one.body["document"]));
    assert_eq!(name_at(&app.api, back.revision()).await.body["document"]["names"]["en"], "one");
    for (path, status) in [
        ("/titles/harbour?revision=7", 404),
        ("/titles/never?revision=7", 404),
        ("/titles/harbour?revision=x", 400),
        ("/titles/harbour?revison=7", 400),
        ("/titles/never/history", 404),
        ("/history?after=x", 400),
        ("/history?limit=501", 400),
    ] {
        assert_eq!(app.api.get(path).await.status, status, "{path}");
    }
    // A revision of another document.
    assert_eq!(
        app.api.get(&format!("/sites/watch.example.com?revision={}", one.revision())).await.status,
        404
    );
}

#[tokio::test]
async fn the_history_keeps_no_secret() {
    let app = TestApp::start().await;
    let one = app.api.put("/keys/k", &keys("k")).await;
    let mut other = keys("k");
    other["keys"][0]["kid"] = json!("two");
    other["keys"][0]["k"] = json!("b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItb3Q");
    let two = app.api.put("/keys/k", &other).await;
    assert_eq!(two.status, 200, "{two:?}");
    for revision in [one.revision(), two.revision()] {
        let past = app.api.get(&format!("/keys/k?revision={revision}")).await;
        assert_eq!(
            (past.status, &past.body["document"]["keys"][0]["k"]),
            (200, &json!("[redacted]")),
            "{past:?}"
        );
    }
    app.api.delete("/keys/k").await;
    let pool = rows(&app.folder).await;
    let kept: Vec<Option<String>> =
        sqlx::query_scalar("SELECT body FROM history").fetch_all(&pool).await.unwrap();
    let kept = format!("{kept:?}");
    assert!(
        kept.contains("[redacted]") && !kept.contains(KEY_SECRET) && !kept.contains("b3RoZXIt"),
        "{kept}"
    );
}

#[tokio::test]
async fn a_limited_key_sees_the_history_of_its_own_documents() {
    let app = TestApp::start().await;
    for host in ["a.example", "b.example"] {
        app.api.put(&format!("/sites/{host}"), &site(host)).await;
        app.api.post(&format!("/revocations/{host}"), &json!({ "what": { "everything": {} } })).await;
    }
    app.api.put("/keys/k", &keys("k")).await;
    let a = app.client("tenant-a", &only("a.example")).await;
    a.put("/titles/own", &on("own", "", &["a.example"])).await;
    app.api.put("/titles/shared", &on("shared", "", &["a.example", "b.example"])).await;
    // It moves from one tenant to the other.
    let theirs = app.api.put("/titles/moved", &on("moved", "secretly", &["b.example"])).await;
    let ours = app.api.put("/titles/moved", &on("moved", "ours", &["a.example"])).await;
    assert_eq!(
        events(&a, "/history").await,
        [
            "change v1/title/moved",
            "create v1/title/own",
            "revoke v1/revocations/a.example",
            "create v1/site/a.example"
        ]
    );
    assert_eq!(events(&a, "/titles/moved/history").await, ["change v1/title/moved"]);
    assert_eq!(a.get(&format!("/titles/moved?revision={}", ours.revision())).await.status, 200);
    let refused = a.get(&format!("/titles/moved?revision={}", theirs.revision())).await;
    assert!(refused.status == 404 && !refused.body.to_string().contains("secretly"), "{refused:?}");
    // Of the holders of API keys, it sees the names of none but its own.
    let list = a.get("/history").await.body;
    assert_eq!(
        (&list["items"][0]["by"]["name"], &list["items"][1]["by"]["name"]),
        (&Value::Null, &json!("tenant-a"))
    );
    assert!(list["items"][0]["by"]["id"].is_string() && !list.to_string().contains("cms"), "{list}");
    for path in [
        "/titles/shared/history",
        "/sites/b.example/history",
        "/revocations/b.example/history",
        "/keys/k/history",
        "/keys/k?revision=1",
    ] {
        assert_eq!(a.get(path).await.status, 403, "{path}");
    }
    // Deleted, it belongs to no site, but its history does.
    a.delete("/titles/own").await;
    app.api.delete("/titles/shared").await;
    assert_eq!(events(&a, "/titles/own/history").await, ["delete v1/title/own", "create v1/title/own"]);
    assert_eq!(events(&a, "/titles/shared/history").await, Vec::<String>::new());

    let of_titles =
        app.client("titles", &Scope::new([DocumentKind::Title, DocumentKind::Site], []).unwrap()).await;
    let found = events(&of_titles, "/history").await;
    assert_eq!((found.len(), found[0].as_str()), (8, "delete v1/title/shared"), "{found:?}");
    assert!(found.iter().all(|event| event.contains("/title/") || event.contains("/site/")), "{found:?}");
    let both = Scope::new([DocumentKind::Site], ["a.example".parse().unwrap()]).unwrap();
    assert_eq!(events(&app.client("both", &both).await, "/history").await, ["create v1/site/a.example"]);
}

#[tokio::test]
async fn replaced_states_are_forgotten_in_time_and_current_ones_never() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    let old = app.api.put("/titles/harbour", &title("harbour", "old")).await;
    for n in 0..1_200 {
        app.api.put("/titles/busy", &title("busy", &n.to_string())).await;
    }
    app.api.post("/revocations/a.example?force=true", &json!({ "what": { "everything": {} } })).await;
    // All of it is long ago, except the last change of `harbour`.
    let pool = rows(&app.folder).await;
    let long_ago = UnixMillis::now().0 - 401 * 24 * 60 * 60 * 1_000;
    for aged in ["UPDATE history SET at = $1", "UPDATE history SET ended_at = $1 WHERE ended_at IS NOT NULL"]
    {
        sqlx::query(aged).bind(long_ago).execute(&pool).await.unwrap();
    }
    let new = app.api.put("/titles/harbour", &title("harbour", "new")).await;
    assert_eq!(app.store.prune_history(400 * DAY, UnixMillis::now()).await.unwrap(), 1_200);
    assert_eq!(app.store.prune_history(400 * DAY, UnixMillis::now()).await.unwrap(), 0);
    assert_eq!(events(&app.api, "/titles/busy/history").await, ["change v1/title/busy"]);
    assert_eq!(events(&app.api, "/titles/harbour/history").await.len(), 2);
    assert_eq!(name_at(&app.api, old.revision()).await.body["document"]["names"]["en"], "old");
    assert_eq!(name_at(&app.api, new.revision()).await.body["document"]["names"]["en"], "new");
    let orphans = "SELECT COUNT(*) FROM history_sites s WHERE NOT EXISTS (SELECT 1 FROM history h WHERE h.revision = s.revision)";
    assert_eq!(sqlx::query_scalar::<_, i64>(orphans).fetch_one(&pool).await.unwrap(), 0);
}

#[tokio::test]
async fn a_retry_changes_no_document_and_adds_no_history() {
    let app = TestApp::start().await;
    app.edge.look(|memory| memory.outcomes.insert("v1/title/harbour".to_owned(), Outcome::Invalid));
    let put = app.api.put("/titles/harbour", &title("harbour", "one")).await;
    app.api.wait_for_state("/titles/harbour", "failed").await;
    app.edge.look(|memory| memory.outcomes.clear());
    send(app.api.request(Method::POST, "/sync/retry")).await;
    let synced = app.api.wait_for_state("/titles/harbour", "synced").await;
    assert!(synced.revision() > put.revision());
    let list = app.api.get("/titles/harbour/history").await.body;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    // So a rollback can name the newest revision in `If-Match`.
    assert_eq!(list["items"][0]["revision"], synced.body["revision"]);
    let tenant = app.client("tenant", &only("watch.example.com")).await;
    assert_eq!(events(&tenant, "/history").await, ["create v1/title/harbour"]);
}

/// Each page is read from an index in order, however long the history is.
#[tokio::test]
async fn a_page_of_the_history_sorts_nothing() {
    let app = TestApp::start().await;
    let pool = rows(&app.folder).await;
    for (name, from, index) in [
        ("all", "history h WHERE h.revision < 9 ORDER BY h.revision", "PRIMARY KEY"),
        ("one", "history h WHERE h.kind = 'title' AND h.id = 'a' AND h.revision < 9 ORDER BY h.revision", "history_by_document"),
        ("kind", "history h WHERE h.kind = 'title' AND h.revision < 9 ORDER BY h.revision", "history_by_kind"),
        (
            "site",
            "history_sites here JOIN history h ON h.revision = here.revision
              WHERE here.host = 'a' AND here.kind = 'title' AND here.revision < 9
                AND NOT EXISTS (SELECT 1 FROM history_sites other WHERE other.revision = h.revision AND other.host NOT IN ('a'))
              ORDER BY here.revision",
            "history_sites",
        ),
    ] {
        let query = format!("EXPLAIN QUERY PLAN SELECT h.revision FROM {from} DESC LIMIT 100");
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(query)).fetch_all(&pool).await.unwrap();
        let plan = format!("{plan:?}");
        let indexed = plan.contains(index) || plan.contains("sqlite_autoindex_history_1");
        assert!(indexed && !plan.contains("TEMP B-TREE") && !plan.contains("SCAN h\""), "{name}: {plan}");
    }
}
