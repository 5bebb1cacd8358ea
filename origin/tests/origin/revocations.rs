//! Revocations of a site.

use serde_json::{Value, json};
use stagedoor::catalog::{Host, Revocation, Revocations, Revoked, SyncBatch};
use stagedoor::time::UnixTime;
use stagedoor::token::RevocationIndex;
use stagedoor_origin::clock::UnixMillis;
use stagedoor_origin::store::{Expectation, Manner, Revoking, State, Store, StoreError};

use crate::app::{FAST, TestApp, database, eventually, nobody, rows, site};
use crate::edge::FakeEdge;

/// For revocations without a site.
const FORCE: Manner = Manner { dry_run: false, force: true };

#[tokio::test]
async fn each_revocation_has_its_own_generation() {
    let app = TestApp::start().await;
    let subject = |name: &str| json!({ "what": { "subject": { "issuer": "id", "subject": name } } });
    let names = ["v1", "v2", "v3", "v4", "v5", "v6"].map(subject);
    let post = |body| app.api.post("/revocations/a.example?force=true", body);
    let [a, b, c, d, e, f] = names.each_ref().map(post);
    let (a, b, c, d, e, f) = tokio::join!(a, b, c, d, e, f);
    let replies = [a, b, c, d, e, f];
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    assert!(replies.iter().all(|reply| reply.body["document"]["revoked"].as_array().unwrap().len() == 1));
    let held = app.api.get("/revocations/a.example").await;
    assert_eq!(held.body["revocations"], json!({ "count": 6, "next": null }));
    let document = &held.body["document"];
    assert_eq!(document["host"], "a.example");
    let mut generations: Vec<_> = document["revoked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["generation"].as_u64().unwrap())
        .collect();
    generations.sort_unstable();
    generations.dedup();
    assert_eq!((generations.len(), generations.last().copied()), (6, document["generation"].as_u64()));
    assert!(generations[0] > 1_700_000_000, "a generation is no less than the clock: {generations:?}");
    app.api.wait_for_state("/revocations/a.example", "synced").await;
    let (_, at_edge) = app.edge.held("v1/revocations/a.example").unwrap();
    assert_eq!(at_edge.unwrap(), *document);
}

#[tokio::test]
async fn a_revocation_is_taken_back_and_its_generation_is_not_given_again() {
    let app = TestApp::start().await;
    let session = json!({ "what": { "session": "0123456789abcdef" }, "note": "shared link" });
    let first = app.api.post("/revocations/a.example?force=true", &session).await;
    let entry = &first.body["document"]["revoked"][0];
    let generation = entry["generation"].as_u64().unwrap();
    assert_eq!(entry["note"], "shared link");
    assert!(entry["until"].is_string(), "a session's entry may be dropped after a week: {entry}");
    assert_eq!(app.api.delete("/revocations/a.example/7").await.status, 404);
    let back = app.api.delete(&format!("/revocations/a.example/{generation}")).await;
    assert_eq!((back.status, &back.body["document"]["revoked"]), (200, &json!([])));
    assert_eq!(back.body["revocations"]["count"], 0);
    assert_eq!(app.api.get("/revocations/a.example").await.body["document"]["revoked"], json!([]));
    let second =
        app.api.post("/revocations/a.example?force=true", &json!({ "what": { "everything": {} } })).await;
    assert!(second.body["document"]["revoked"][0]["generation"].as_u64().unwrap() > generation);
}

#[tokio::test]
async fn expired_revocations_are_dropped_and_invalid_ones_are_refused() {
    let app = TestApp::start().await;
    let over = json!({ "what": { "title": "harbour" }, "until": "2020-01-01T00:00:00Z" });
    let reply = app.api.post("/revocations/a.example?force=true", &over).await;
    assert_eq!(reply.status, 200);
    let told = reply.body["warnings"].as_array().unwrap();
    assert!(
        told.iter().any(|warning| warning["code"] == "time_past" && warning["field"] == "until"),
        "{reply:?}"
    );
    let expired = json!({ "what": { "title": "harbour" }, "expires": "2020-01-01T00:00:00Z" });
    let reply = app.api.post("/revocations/a.example?force=true&dry_run=true", &expired).await;
    let told = reply.body["warnings"].as_array().unwrap();
    assert!(
        told.iter().any(|warning| warning["code"] == "time_past" && warning["field"] == "expires"),
        "{reply:?}"
    );
    let reply =
        app.api.post("/revocations/a.example?force=true", &json!({ "what": { "title": "other" } })).await;
    assert_eq!(reply.body["revocations"]["count"], 1, "what is over was kept");
    let long = "x".repeat(1_025);
    for (bad, field) in [
        (json!({ "what": { "title": "../x" } }), "what.title"),
        (json!({ "what": { "session": "xyz" } }), "what.session"),
        (json!({ "what": { "everything": {} }, "generation": 9 }), "generation"),
        (json!({ "what": { "nobody": {} } }), "what"),
        (json!({ "what": { "title": "t" }, "note": "x".repeat(501) }), "note"),
        (json!({ "what": { "title": "t" }, "note": "x".repeat(900_000) }), "note"),
        (json!({ "what": { "subject": { "issuer": "i", "subject": long } } }), "what.subject.subject"),
        (json!({ "what": { "token": { "issuer": "i", "id": long } } }), "what.token.id"),
        (json!({ "what": { "subject": { "issuer": "i", "subject": "" } } }), "what.subject.subject"),
        (json!({ "what": { "token": { "issuer": "i", "id": "" } } }), "what.token.id"),
    ] {
        let reply = app.api.post("/revocations/a.example?force=true", &bad).await;
        assert_eq!(reply.status, 422, "{bad}: {reply:?}");
        let named = reply.body["errors"][0].to_string();
        assert!(named.contains(field), "{named} does not name {field}");
    }
    assert_eq!(app.api.delete("/revocations/a.example").await.status, 405, "a generation is never forgotten");
    assert_eq!(app.api.put("/revocations/a.example", &json!({})).await.status, 405);
}

fn at_edge(app: &TestApp, host: &str) -> Value {
    app.edge.held(&format!("v1/revocations/{host}")).unwrap().1.unwrap()
}

/// Adds revocations past the API, which is faster.
async fn revoke_many(store: &Store, host: &str, count: usize, until: Option<UnixTime>) {
    let host: Host = host.parse().unwrap();
    for n in 0..count {
        let make = |generation| Revocation {
            what: Revoked::Subject { issuer: "id".parse().unwrap(), subject: format!("v{n}") },
            generation,
            at: UnixTime::from_secs(1_795_370_400),
            until,
            note: Some("x".repeat(Revocation::MAX_NOTE_CHARS)),
        };
        let what = Revoked::Everything {};
        let done = store.revoke(&host, &what, make, FORCE, &nobody(), UnixMillis::now()).await.unwrap();
        assert!(matches!(done, Revoking::Done(_)));
    }
}

#[tokio::test]
async fn many_revocations_are_packed_for_the_edge_and_paged_for_people() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    revoke_many(&app.store, "a.example", Revocations::MOST_SPELLED_OUT, None).await;
    app.edge.up();
    // A change through the API wakes the worker.
    let last = json!({ "what": { "subject": { "issuer": "id", "subject": "last" } } });
    assert_eq!(
        app.api.post("/revocations/a.example?force=true", &last).await.body["revocations"]["count"],
        1_001
    );
    app.api.wait_for_state("/revocations/a.example", "synced").await;
    let packed = at_edge(&app, "a.example");
    assert!(packed["packed"].is_object() && packed["revoked"].is_null());
    let index: RevocationIndex = serde_json::from_value(packed.clone()).unwrap();
    assert_eq!(u64::from(index.generation()), packed["generation"].as_u64().unwrap());
    assert_eq!(index.bytes(), 16 * (Revocations::MOST_SPELLED_OUT + 1));

    let (mut after, mut seen) = (String::new(), 0);
    loop {
        let page = app.api.get(&format!("/revocations/a.example?limit=300&after={after}")).await.body;
        let entries = page["document"]["revoked"].as_array().unwrap();
        assert!(entries.len() <= 300 && page["revocations"]["count"] == 1_001);
        seen += entries.len();
        match page["revocations"]["next"].as_u64() {
            Some(next) => after = next.to_string(),
            None => break,
        }
    }
    assert_eq!(seen, 1_001);
    assert_eq!(app.api.get("/revocations/a.example?after=x").await.status, 400);
    // The list of sites has no entries in it.
    assert!(app.api.get("/revocations").await.body.to_string().len() < 1_000);

    // One is taken back. The rest would be few enough to be spelled out, without its notes.
    let generation = index.generation();
    assert_eq!(app.api.delete(&format!("/revocations/a.example/{generation}")).await.status, 200);
    app.api.wait_for_state("/revocations/a.example", "synced").await;
    assert!(at_edge(&app, "a.example")["packed"].is_object(), "500 KB of notes go with each change");
}

#[tokio::test]
async fn revocations_are_dropped_once_what_they_concern_has_ended() {
    let app = TestApp::start().await;
    let mut bounded = site("a.example");
    bounded["tokens"]["longest_s"] = json!(86_400);
    app.api.put("/sites/a.example", &bounded).await;
    let until = async |host: &str, body: Value| {
        let reply = app.api.post(&format!("/revocations/{host}?force=true"), &body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let entry = &reply.body["document"]["revoked"][0];
        let secs =
            |name: &str| serde_json::from_value::<UnixTime>(entry[name].clone()).map(UnixTime::as_secs);
        secs("until").ok().map(|until| until - secs("at").unwrap())
    };
    let subject = json!({ "what": { "subject": { "issuer": "id", "subject": "v" } } });
    let session = json!({ "what": { "session": "0123456789abcdef" } });
    let key = json!({ "what": { "key": { "issuer": "id", "kid": "k" } } });
    // By the site's limit, if it has one.
    assert_eq!(until("a.example", subject.clone()).await, Some(86_400 + 3_600));
    assert_eq!(until("b.example", subject.clone()).await, None);
    for host in ["a.example", "b.example"] {
        assert_eq!(until(host, session.clone()).await, Some(604_800));
        assert_eq!(until(host, key.clone()).await, None, "whoever has the key goes on signing");
    }
    // By the expiry that the operator gives.
    let token =
        json!({ "what": { "token": { "issuer": "id", "id": "t" } }, "expires": "2020-01-01T00:00:00Z" });
    assert_eq!(until("b.example", token).await, Some(3_600));

    let host: Host = "c.example".parse().unwrap();
    revoke_many(&app.store, "c.example", 3, Some(UnixTime::from_secs(1_800_000_000))).await;
    let before = app.api.get("/revocations/c.example").await;
    // The revocations of the other sites have expired by then.
    app.store.prune_revocations(UnixMillis(1_799_999_999_000)).await.unwrap();
    assert_eq!(app.store.count_revocations(&host).await.unwrap(), 3);
    assert_eq!(app.store.prune_revocations(UnixMillis(1_800_000_000_000)).await.unwrap(), 1);
    assert_eq!(app.store.count_revocations(&host).await.unwrap(), 0);
    let after = app.api.get("/revocations/c.example").await;
    assert!(after.revision() > before.revision(), "the edge is not told");
    assert_eq!(after.body["document"]["generation"], before.body["document"]["generation"]);
}

#[tokio::test]
async fn documents_of_older_versions_keep_their_revocations() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&database(&folder)).await.unwrap();
    let key = "v1/revocations/a.example".parse().unwrap();
    let entry = |n: u32| {
        json!({ "what": { "subject": { "issuer": "id", "subject": format!("v{n}") } }, "generation": n,
                "at": "2026-11-22T18:00:00Z", "note": "x".repeat(200) })
    };
    // More than a batch can hold, as an earlier version could write it.
    let old = json!({ "host": "a.example", "generation": 28_000,
                      "revoked": (1..=28_000).map(entry).collect::<Vec<_>>() });
    let old = old.to_string();
    assert!(old.len() > SyncBatch::MAX_BYTES);
    store
        .write(&key, Some(&old), &Expectation::Any, Manner::default(), &nobody(), UnixMillis::now())
        .await
        .unwrap();
    store.close().await;

    let store = Store::open(&database(&folder)).await.unwrap();
    assert_eq!(store.count_revocations(&"a.example".parse().unwrap()).await.unwrap(), 28_000);
    let outgoing = store.outgoing(&key).await.unwrap().unwrap();
    let document = outgoing.body.unwrap();
    assert!(document.expose().len() < 1024 * 1024, "{} bytes", document.expose().len());
    let index: RevocationIndex = serde_json::from_str(document.expose()).unwrap();
    assert_eq!((index.generation(), index.bytes()), (28_000, 28_000 * 16));
}

#[tokio::test]
async fn notes_and_numbers_that_once_stopped_the_queue_delay_no_other_document() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    revoke_many(&app.store, "a.example", 1_001, None).await;
    app.api.put("/titles/t", &crate::app::title("t", "t")).await;
    app.edge.up();
    app.api.wait_for_state("/titles/t", "synced").await;
    app.api.wait_for_state("/revocations/a.example", "synced").await;
    assert_eq!(app.edge.look(|memory| memory.batches.len()), 1, "one batch held both");
}

/// One row for each revocation, without a copy of the others.
#[tokio::test]
async fn a_revocation_writes_no_more_when_there_are_many() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    revoke_many(&app.store, "a.example", 300, None).await;
    let reply =
        app.api.post("/revocations/a.example?force=true", &json!({ "what": { "everything": {} } })).await;
    let bytes = reply.body.to_string().len();
    assert!(bytes < 1_000, "a reply of {bytes} bytes");
    let record = app.store.document(&"v1/revocations/a.example".parse().unwrap()).await.unwrap().unwrap();
    assert!(record.body.unwrap().expose().len() < 100);
}

/// A revocation as a newer version may have written it.
async fn smuggle_row(folder: &tempfile::TempDir, host: &str, until: Option<i64>) {
    let insert = "INSERT INTO revocations (host, generation, what, at, until)
                  VALUES ($1, 7, '{\"device\":\"d\"}', 1795370400, $2)";
    sqlx::query(insert).bind(host).bind(until).execute(&rows(folder).await).await.unwrap();
}

#[tokio::test]
async fn a_revocation_that_cannot_be_read_fails_alone_and_is_not_taken_back() {
    let app = TestApp::start().await;
    let everything = json!({ "what": { "everything": {} } });
    app.api.post("/revocations/a.example?force=true", &everything).await;
    let record =
        async || app.store.document(&"v1/revocations/a.example".parse().unwrap()).await.unwrap().unwrap();
    eventually("the edge knows", async || app.edge.held("v1/revocations/a.example").is_some()).await;
    let held = at_edge(&app, "a.example");
    smuggle_row(&app.folder, "a.example", None).await;
    assert_eq!(app.api.post("/revocations/a.example?force=true", &everything).await.status, 200);
    app.api.put("/titles/t", &crate::app::title("t", "t")).await;
    app.api.post("/revocations/b.example?force=true", &everything).await;
    app.api.wait_for_state("/titles/t", "synced").await;
    app.api.wait_for_state("/revocations/b.example", "synced").await;
    eventually("it failed", async || record().await.state == State::Failed).await;
    assert_eq!(at_edge(&app, "a.example"), held, "the edge was told of some and not of others");
    let status = app.api.get("/sync").await.body;
    assert_eq!(status["failed"][0]["key"], "v1/revocations/a.example", "{status}");
    assert!(status["failed"][0]["detail"].as_str().unwrap().contains("generation 7"), "{status}");

    // An operator takes it back.
    assert_eq!(app.api.delete("/revocations/a.example/7").await.status, 200);
    app.api.wait_for_state("/revocations/a.example", "synced").await;
    assert_eq!(at_edge(&app, "a.example")["revoked"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_site_whose_revocations_cannot_be_pruned_delays_no_other() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    for host in ["a.example", "b.example"] {
        revoke_many(&app.store, host, 1, Some(UnixTime::from_secs(1_800_000_000))).await;
    }
    let pool = rows(&app.folder).await;
    let newer = "UPDATE documents SET body = '{\"host\":\"a.example\",\"generation\":1,\"devices\":[]}' WHERE id = 'a.example'";
    sqlx::query(newer).execute(&pool).await.unwrap();
    assert_eq!(app.store.prune_revocations(UnixMillis(1_800_000_000_000)).await.unwrap(), 1);
    let count = async |host: &str| app.store.count_revocations(&host.parse().unwrap()).await.unwrap();
    assert_eq!((count("a.example").await, count("b.example").await), (1, 0));
    let kept = app.store.document(&"v1/revocations/a.example".parse().unwrap()).await.unwrap().unwrap();
    assert!(kept.state == State::Failed && kept.body.unwrap().expose().contains("devices"));
}

#[tokio::test]
async fn documents_that_cannot_be_adopted_are_kept_and_fail_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&database(&folder)).await.unwrap();
    let write = async |host: &str, entries: &str| {
        let body = format!(r#"{{"host":"{host}","generation":1,"revoked":[{entries}]}}"#);
        let key = format!("v1/revocations/{host}").parse().unwrap();
        store
            .write(&key, Some(&body), &Expectation::Any, Manner::default(), &nobody(), UnixMillis::now())
            .await
            .unwrap();
    };
    let entry = |what: &str| format!(r#"{{"what":{what},"generation":1,"at":"2026-11-22T18:00:00Z"}}"#);
    let [one, other, newer] = [r#"{"title":"t"}"#, r#"{"title":"u"}"#, r#"{"device":"d"}"#].map(entry);
    write("newer.example", &newer).await;
    write("twice.example", &format!("{one},{other}")).await;
    write("good.example", &one).await;
    store.close().await;

    let store =
        Store::open(&database(&folder)).await.expect("one site's document keeps the service from its start");
    assert_eq!(store.count_revocations(&"good.example".parse().unwrap()).await.unwrap(), 1);
    assert!(store.outgoing(&"v1/revocations/good.example".parse().unwrap()).await.unwrap().is_some());
    for host in ["newer.example", "twice.example"] {
        let key = format!("v1/revocations/{host}").parse().unwrap();
        let record = store.document(&key).await.unwrap().unwrap();
        assert_eq!(record.state, State::Failed, "{host}");
        assert!(record.body.unwrap().expose().contains("2026-11-22"), "{host}: what it revokes is lost");
        let host: Host = host.parse().unwrap();
        assert_eq!(store.count_revocations(&host).await.unwrap(), 0, "{host} was adopted in part");
    }
    // It is neither sent nor overwritten without its entries.
    assert_eq!(store.retry_failed(UnixMillis::now()).await.unwrap(), 2);
    for host in ["newer.example", "twice.example"] {
        let key = format!("v1/revocations/{host}").parse().unwrap();
        let host: Host = host.parse().unwrap();
        assert!(matches!(store.outgoing(&key).await, Err(StoreError::Unreadable { .. })), "{host}");
        let make = |generation| Revocation {
            what: Revoked::Everything {},
            generation,
            at: UnixTime::from_secs(1_795_370_400),
            until: None,
            note: None,
        };
        let what = Revoked::Everything {};
        let done = store.revoke(&host, &what, make, FORCE, &nobody(), UnixMillis::now()).await;
        assert!(done.is_err(), "{host}");
    }
}
