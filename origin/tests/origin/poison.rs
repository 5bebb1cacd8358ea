//! One document that the edge refuses, and the documents of others.

use serde_json::json;
use stagedoor::catalog::{DocumentKey, SyncBatch};
use stagedoor_origin::clock::UnixMillis;
use stagedoor_origin::push::Pace;
use stagedoor_origin::store::{Expectation, Manner};

use crate::app::{FAST, TestApp, eventually, nobody, send, site, title};
use crate::edge::{FakeEdge, Mode, Poison};

/// Writes a document past the API, as an older version or an import may have left it.
async fn smuggle(app: &TestApp, key: &str, body: &str) {
    let key: DocumentKey = key.parse().unwrap();
    app.store
        .write(&key, Some(body), &Expectation::Any, Manner::default(), &nobody(), UnixMillis::now())
        .await
        .unwrap();
}

/// An edge that is down while documents gather, so that they come in one batch.
async fn gathering(older: bool) -> TestApp {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    app.edge.look(|memory| memory.older = older);
    app
}

/// A claim that a site requires, nested so deeply that a batch around it is too deep to be read.
fn deep_site() -> String {
    let mut site = site("deep.example");
    site["tokens"]["accept"] = json!([{ "jwt": { "require": { "x": "DEEP" } } }]);
    let deep = format!("{}1{}", "[".repeat(121), "]".repeat(121));
    site.to_string().replace("\"DEEP\"", &deep)
}

/// A document of `bytes`; its content does not matter.
fn padded(id: &str, bytes: usize) -> String {
    let mut title = title(id, "");
    title["names"]["en"] = json!("x".repeat(bytes));
    title.to_string()
}

async fn all_but_one_arrive(app: &TestApp, poison: &str, good: usize) {
    app.edge.up();
    eventually("nothing is pending", async || app.api.get("/sync").await.body["pending"] == 0).await;
    let status = app.api.get("/sync").await.body;
    assert_eq!(
        (&status["failed_count"], &status["failed"][0]["key"]),
        (&json!(1), &json!(poison)),
        "{status}"
    );
    assert!(!status["failed"][0]["detail"].as_str().unwrap().is_empty());
    app.edge.look(|memory| {
        assert_eq!(memory.held.len(), good, "a document was held up by another's failure");
        let tries = memory.batches.iter().filter(|batch| batch.iter().any(|key| key == poison)).count();
        assert!(tries <= 9, "{poison} was tried {tries} times");
    });
    // It is not retried by itself, and newer changes pass it.
    let tries = app.edge.look(|memory| memory.requests);
    app.api.put("/titles/later", &title("later", "")).await;
    app.api.wait_for_state("/titles/later", "synced").await;
    assert_eq!(app.edge.look(|memory| memory.requests), tries + 1, "the refused document was tried again");
}

#[tokio::test]
async fn each_kind_of_poison_fails_alone() {
    for older in [true, false] {
        let poisons = [
            ("v1/site/deep.example", deep_site()),
            ("v1/title/oversize", padded("oversize", SyncBatch::MAX_BYTES + 1)),
            ("v1/title/not-json", "{".to_owned()),
        ];
        for (poison, body) in poisons {
            if poison.contains("deep") && !older {
                // An edge that reads each change by itself takes it: 127 levels are within its limit.
                continue;
            }
            let app = gathering(older).await;
            for n in 0..60 {
                app.api.put(&format!("/titles/t{n}"), &title(&format!("t{n}"), "")).await;
                if n == 23 {
                    smuggle(&app, poison, &body).await;
                }
            }
            all_but_one_arrive(&app, poison, 60).await;
        }
    }
}

#[tokio::test]
async fn a_document_of_a_kind_that_an_older_edge_does_not_know_fails_alone() {
    for (older, status) in [(true, Some(400)), (false, None)] {
        let app = gathering(older).await;
        let poison = "v1/title/newer";
        match status {
            Some(status) => {
                app.edge.look(|memory| memory.poison.insert(poison.to_owned(), Poison::Status(status)))
            }
            None => None,
        };
        if status.is_none() {
            app.edge.look(|memory| {
                memory.outcomes.insert(poison.to_owned(), stagedoor::catalog::Outcome::Invalid)
            });
        }
        for n in 0..40 {
            app.api.put(&format!("/titles/t{n}"), &title(&format!("t{n}"), "")).await;
        }
        app.api.put("/titles/newer", &title("newer", "")).await;
        all_but_one_arrive(&app, poison, 40).await;
        let failed = app.api.get("/titles/newer").await;
        assert_eq!(failed.body["sync"]["state"], "failed");
        assert!(!failed.body["sync"]["last_error"].as_str().unwrap().is_empty());

        // A new revision is sent, and so is the same one if the operator asks.
        app.edge.look(|memory| {
            memory.poison.clear();
            memory.outcomes.clear();
        });
        assert_eq!(send(app.api.request(reqwest::Method::POST, "/sync/retry")).await.body["requeued"], 1);
        app.api.wait_for_state("/titles/newer", "synced").await;
    }
}

#[tokio::test]
async fn every_status_for_a_batch_is_traced_to_its_document() {
    for status in [400, 403, 404, 409, 413, 415, 422, 451] {
        let app = gathering(false).await;
        app.edge.look(|memory| memory.poison.insert("v1/title/bad".to_owned(), Poison::Status(status)));
        app.api.put("/titles/bad", &title("bad", "")).await;
        app.api.put("/titles/good", &title("good", "")).await;
        all_but_one_arrive(&app, "v1/title/bad", 1).await;
    }
}

#[tokio::test]
async fn a_document_that_breaks_or_hangs_the_edge_waits_separately() {
    for poison in [Poison::Status(500), Poison::Status(503), Poison::Hang] {
        let app = gathering(false).await;
        app.edge.look(|memory| memory.poison.insert("v1/title/bad".to_owned(), poison));
        app.api.put("/titles/bad", &title("bad", "")).await;
        for n in 0..20 {
            app.api.put(&format!("/titles/t{n}"), &title(&format!("t{n}"), "")).await;
        }
        app.edge.up();
        for n in 0..20 {
            app.api.wait_for_state(&format!("/titles/t{n}"), "synced").await;
        }
        // The edge may be at fault, so the document is sent again, alone.
        let tries = || app.edge.look(|memory| memory.batches.clone());
        let before = tries().len();
        eventually("it is sent again", async || tries().len() > before).await;
        assert!(tries()[before..].iter().all(|batch| batch == &["v1/title/bad"]), "{poison:?}");
        assert_eq!(app.api.get("/titles/bad").await.body["sync"]["state"], "pending");
        app.edge.look(|memory| memory.poison.clear());
        app.api.wait_for_state("/titles/bad", "synced").await;
    }
}

#[tokio::test]
async fn an_edge_that_refuses_everything_is_not_the_fault_of_a_document() {
    let app = TestApp::start().await;
    for status in [400, 401, 403, 404, 413, 429, 500] {
        app.edge.set(Mode::Refuse(status));
        let before = app.edge.look(|memory| memory.requests);
        app.api.put("/titles/harbour", &title("harbour", &status.to_string())).await;
        eventually("it was tried again", async || app.edge.look(|memory| memory.requests) > before + 4).await;
        assert_eq!(app.api.get("/titles/harbour").await.body["sync"]["state"], "pending", "{status}");
        app.edge.set(Mode::Answer);
        app.api.wait_for_state("/titles/harbour", "synced").await;
    }
}

#[tokio::test]
async fn revocations_and_take_downs_pass_everything_that_waits() {
    let app = gathering(false).await;
    for n in 0..250 {
        app.api.put(&format!("/titles/t{n}"), &title(&format!("t{n}"), "")).await;
    }
    app.api.put("/titles/gone", &title("gone", "")).await;
    app.api.delete("/titles/gone").await;
    app.api.post("/revocations/a.example?force=true", &json!({ "what": { "everything": {} } })).await;
    app.edge.up();
    eventually("nothing is pending", async || app.api.get("/sync").await.body["pending"] == 0).await;
    // The first batch may have been made before the revocation came, or before the title was deleted.
    let batches = app.edge.look(|memory| memory.batches.clone());
    let behind = |key: &str| {
        let of_it = batches.iter().position(|batch| batch.iter().any(|sent| sent == key)).unwrap();
        (of_it, batches[of_it].iter().position(|sent| sent == key).unwrap())
    };
    let (revocations, gone) = (behind("v1/revocations/a.example"), behind("v1/title/gone"));
    assert!(revocations.0 <= 1 && revocations.1 == 0, "{batches:?}");
    assert!(gone.0 <= revocations.0 && gone.1 <= 1, "{batches:?}");
    assert!(batches.len() > 2, "{batches:?}");
}

#[tokio::test]
async fn revocations_pass_a_search_for_a_bad_document() {
    let pace = Pace { key_interval: std::time::Duration::ZERO, ..FAST };
    let app = TestApp::start_with(FakeEdge::down(), pace, None).await;
    app.edge.look(|memory| memory.poison.insert("v1/title/t50".to_owned(), Poison::Status(413)));
    for n in 0..100 {
        app.api.put(&format!("/titles/t{n}"), &title(&format!("t{n}"), "")).await;
    }
    app.edge.set(Mode::Slow(std::time::Duration::from_millis(30)));
    app.edge.up();
    eventually("the batch was refused", async || app.edge.look(|memory| !memory.batches.is_empty())).await;
    let revoked =
        app.api.post("/revocations/a.example?force=true", &json!({ "what": { "everything": {} } })).await;
    let before = app.edge.look(|memory| memory.batches.len());
    eventually("the edge knows of the revocation", async || {
        app.edge.held("v1/revocations/a.example").is_some_and(|(revision, _)| revision == revoked.revision())
    })
    .await;
    let batches = app.edge.look(|memory| memory.batches.clone());
    let at = batches.iter().position(|batch| batch.iter().any(|key| key.contains("revocations"))).unwrap();
    assert!(at <= before + 1, "it waited for more than one batch: {batches:?}");
    eventually("nothing is pending", async || app.api.get("/sync").await.body["pending"] == 0).await;
    assert_eq!(app.edge.look(|memory| memory.held.len()), 100);
}
