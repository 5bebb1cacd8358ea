//! Tenants do not see each other's documents, and do not wait for each other's changes.

use serde_json::json;
use stagedoor::catalog::{DocumentKey, DocumentKind};
use stagedoor_origin::clock::UnixMillis;
use stagedoor_origin::store::{Actor, Expectation, Filter, List, Manner, Scope, Store};

use crate::app::{FAST, TestApp, database, eventually, nobody, rows, site, title};
use crate::edge::FakeEdge;

fn only(host: &str) -> Scope {
    Scope::new([], [host.parse().unwrap()]).unwrap()
}

fn tenant(host: &str) -> Actor {
    Actor { id: host.to_owned(), scope: only(host) }
}

async fn write(store: &Store, by: &Actor, site: &str, id: &str, text: Option<&str>) {
    let key: DocumentKey = format!("v1/title/{id}").parse().unwrap();
    let body = text.map(|text| {
        let mut title = title(id, text);
        title["sites"] = json!([site]);
        title.to_string()
    });
    store
        .write(&key, body.as_deref(), &Expectation::Any, Manner::default(), by, UnixMillis::now())
        .await
        .unwrap();
}

#[tokio::test]
async fn no_tenant_waits_for_the_many_changes_of_another() {
    for take_down in [false, true] {
        // By API keys of the tenants, and by a CMS that writes for all of them.
        for (a, b) in [(tenant("a.example"), tenant("b.example")), (nobody(), nobody())] {
            let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
            write(&app.store, &b, "b.example", "bee", Some("")).await;
            for n in 0..400 {
                let id = format!("a{n}");
                write(&app.store, &a, "a.example", &id, Some("")).await;
                if take_down {
                    write(&app.store, &a, "a.example", &id, None).await;
                }
            }
            let last = Some("changed").filter(|_| !take_down);
            write(&app.store, &b, "b.example", "bee", last).await;
            app.edge.up();
            app.api.put("/titles/wake", &title("wake", "")).await;
            eventually("b's change is there", async || app.edge.held("v1/title/bee").is_some()).await;
            let batches = app.edge.look(|memory| memory.batches.clone());
            let at = batches.iter().position(|batch| batch.iter().any(|key| key == "v1/title/bee"));
            assert!(at <= Some(1), "take-downs: {take_down}: it came in batch {at:?}, from 0");
        }
    }
}

#[tokio::test]
async fn turns_are_neither_saved_up_nor_lost() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    let (a, b) = (tenant("a.example"), tenant("b.example"));
    for n in 0..3 {
        write(&app.store, &a, "a.example", &format!("a{n}"), Some("")).await;
    }
    // A waiting document that changes often keeps its turn, and does not delay the other documents of its tenant.
    for n in 0..5 {
        write(&app.store, &a, "a.example", "a1", Some(&n.to_string())).await;
    }
    write(&app.store, &a, "a.example", "a3", Some("")).await;
    for n in 0..3 {
        write(&app.store, &b, "b.example", &format!("b{n}"), Some("")).await;
    }
    let due = async || -> Vec<String> {
        app.store.due(false, 100).await.unwrap().iter().map(|key| key.id().to_owned()).collect()
    };
    assert_eq!(due().await, ["a0", "b0", "a1", "b1", "a2", "b2", "a3"]);
}

/// The changes that are due are read from an index in order, without sorting, however many wait.
#[tokio::test]
async fn finding_due_changes_sorts_nothing() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    let pool = rows(&app.folder).await;
    for (urgency, order) in [("< 2", "o.urgency, o.turn, o.revision"), ("= 2", "o.turn, o.revision")] {
        let query = format!(
            "EXPLAIN QUERY PLAN SELECT d.kind, d.id, d.revision FROM outbox o JOIN documents d ON d.revision = o.revision
              WHERE o.state = 'pending' AND o.urgency {urgency} ORDER BY {order} LIMIT 100"
        );
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(query)).fetch_all(&pool).await.unwrap();
        let plan = format!("{plan:?}");
        assert!(plan.contains("outbox_by_turn") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}

#[tokio::test]
async fn a_page_names_no_document_of_others() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    // After the fourth comes another tenant's, and the fifth does not fit.
    let long = "x".repeat(900_000);
    for id in ["t0", "t1", "t2", "t3", "t5"] {
        write(&app.store, &nobody(), "a.example", id, Some(&long)).await;
    }
    write(&app.store, &nobody(), "b.example", "t4-secret", Some("")).await;
    let a = app.client("a", &only("a.example")).await;
    let page = a.get("/titles").await.body;
    assert_eq!((page["items"].as_array().unwrap().len(), &page["next"]), (4, &json!("t3")));
    let page = a.get("/titles?after=t3").await.body;
    assert_eq!((&page["items"][0]["key"], &page["next"]), (&json!("v1/title/t5"), &json!(null)));
}

#[tokio::test]
async fn keys_of_several_sites_list_their_titles_in_order() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    for (id, sites) in [
        ("t1", json!(["a.example"])),
        ("t2", json!(["b.example", "a.example"])),
        ("t3", json!(["c.example", "a.example"])),
        ("t4", json!(["b.example"])),
        ("t5", json!(["a.example"])),
    ] {
        let mut title = title(id, "");
        title["sites"] = sites;
        assert_eq!(app.api.put(&format!("/titles/{id}"), &title).await.status, 201);
    }
    app.api.delete("/titles/t5").await;
    let scope = Scope::new([], ["a.example".parse().unwrap(), "b.example".parse().unwrap()]).unwrap();
    let limits = List { documents: 2, bytes: usize::MAX };
    let ids = async |store: &Store, after: &str| {
        let listed =
            store.documents(DocumentKind::Title, after, limits, &Filter::default(), &scope).await.unwrap();
        (listed.records.iter().map(|record| record.key.id().to_owned()).collect::<Vec<_>>(), listed.next)
    };
    assert_eq!(ids(&app.store, "").await, (vec!["t1".to_owned(), "t2".to_owned()], Some("t2".to_owned())));
    assert_eq!(ids(&app.store, "t2").await, (vec!["t4".to_owned()], None));
    // The sites of titles from earlier versions are stored at the start.
    sqlx::query("DELETE FROM document_sites").execute(&rows(&app.folder).await).await.unwrap();
    let again = Store::open(&database(&app.folder)).await.unwrap();
    assert_eq!(ids(&again, "").await.0, ["t1", "t2"]);
}

#[tokio::test]
async fn two_conflicting_documents_are_not_both_accepted_at_once() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    for n in 0..20 {
        let mut one = site(&format!("a{n}.example"));
        one["media"]["origin"] = json!(format!("https://b{n}.example/"));
        let other = site(&format!("b{n}.example"));
        let (at_one, at_other) = (format!("/sites/a{n}.example"), format!("/sites/b{n}.example"));
        let (x, y) = tokio::join!(app.api.put(&at_one, &one), app.api.put(&at_other, &other));
        let mut found = [x.status, y.status];
        found.sort_unstable();
        assert_eq!(found, [201, 422], "{n}");
    }
}

#[tokio::test]
async fn a_conflict_names_no_document_of_others() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    let mut theirs = site("secret.example");
    theirs["media"]["origin"] = json!("https://b.example/");
    assert_eq!(app.api.put("/sites/secret.example", &theirs).await.status, 201);
    let b = app.client("b", &only("b.example")).await;
    let refused = b.put("/sites/b.example", &site("b.example")).await;
    assert_eq!((refused.status, refused.fields()), (422, vec!["host"]), "{refused:?}");
    assert!(!refused.body.to_string().contains("secret.example"), "{refused:?}");
    // A key that may see the document is told its name.
    let refused = app.api.put("/sites/b.example", &site("b.example")).await;
    assert!(refused.body.to_string().contains("v1/site/secret.example"), "{refused:?}");
}
