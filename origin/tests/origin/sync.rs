//! Which changes are sent, in which order, and what happens if the edge fails.

use std::time::Duration;

use serde_json::{Value, json};
use stagedoor::catalog::{Outcome, SyncBatch};
use stagedoor_origin::push::Pace;

use crate::app::{FAST, TestApp, eventually, title};
use crate::edge::{FakeEdge, Mode};

#[tokio::test]
async fn a_change_reaches_the_edge_without_waiting_for_a_poll() {
    // With these waits, the second change arrives within the test's ten seconds only if the worker is woken.
    let slow = Pace {
        key_interval: Duration::ZERO,
        backoff_base: Duration::from_secs(60),
        backoff_cap: Duration::from_secs(60),
    };
    let app = TestApp::start_with(FakeEdge::start(), slow, None).await;
    for name in ["one", "two"] {
        let put = app.api.put("/titles/harbour", &title("harbour", name)).await;
        eventually("the edge holds it", async || {
            app.edge.held("v1/title/harbour").is_some_and(|(revision, _)| revision == put.revision())
        })
        .await;
    }
    assert_eq!(app.edge.look(|memory| memory.badly_signed), 0);
}

#[tokio::test]
async fn a_title_that_changes_fast_keeps_its_order_and_its_pace() {
    let interval = Duration::from_millis(100);
    let pace = Pace { key_interval: interval, ..FAST };
    let app = TestApp::start_with(FakeEdge::start(), pace, None).await;
    let mut last = 0;
    for n in 0..40 {
        last = app.api.put("/titles/harbour", &title("harbour", &n.to_string())).await.revision();
        app.api.put(&format!("/titles/other-{n}"), &title(&format!("other-{n}"), "")).await;
    }
    app.api.wait_for_state("/titles/harbour", "synced").await;
    let revisions = app.edge.revisions("v1/title/harbour");
    assert!(revisions.is_sorted_by(|one, next| one < next), "{revisions:?}");
    assert_eq!(revisions.last(), Some(&last));
    assert!(revisions.len() < 40, "superseded states were sent too");
    let times: Vec<_> = app.edge.look(|memory| {
        let harbour = memory
            .received
            .iter()
            .filter(|(_, change)| change.revision <= last && change.key.id() == "harbour");
        harbour.map(|(at, _)| *at).collect()
    });
    // The edge's time is the arrival of the batch; the service's is the answer, which is later.
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= interval), "{times:?}");
    eventually("nothing is pending", async || app.api.get("/sync").await.body["pending"] == 0).await;
    assert_eq!(app.edge.look(|memory| memory.held.len()), 41);
    assert_eq!(app.edge.look(|memory| memory.most_in_flight), 1);
}

#[tokio::test]
async fn changes_during_an_outage_of_the_edge_are_delivered_after_it() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    let documents = 2 * SyncBatch::MAX_CHANGES + 5;
    for n in 0..documents {
        app.api.put(&format!("/titles/t{n}"), &title(&format!("t{n}"), "one")).await;
    }
    eventually("the failure shows", async || !app.api.get("/sync").await.body["last_error"].is_null()).await;
    let status = app.api.get("/sync").await.body;
    assert_eq!((&status["pending"], &status["failed_count"]), (&json!(documents), &json!(0)));
    assert!(status["lag_s"].is_u64() && status["last_success_at"].is_null(), "{status}");
    assert!(status["last_error"]["detail"].as_str().unwrap().contains("cannot reach the edge"), "{status}");
    let waiting = app.api.get("/titles/t0").await.body;
    assert_eq!(waiting["sync"]["state"], "pending");
    assert!(waiting["sync"]["last_error"].is_string(), "{waiting}");

    app.edge.up();
    eventually("all is delivered", async || app.edge.look(|memory| memory.held.len()) == documents).await;
    eventually("all is noted", async || app.api.get("/sync").await.body["pending"] == 0).await;
    let status = app.api.get("/sync").await.body;
    assert!(status["lag_s"].is_null() && status["last_success_at"].is_string(), "{status}");
    assert_eq!(app.api.get("/titles/t0").await.body["sync"]["last_error"], Value::Null);
    let sorted =
        app.edge.look(|memory| memory.received.iter().map(|(_, change)| change.revision).is_sorted());
    assert!(sorted, "documents overtook each other");
}

#[tokio::test]
async fn an_edge_that_refuses_or_hangs_is_tried_again_with_back_off() {
    let app = TestApp::start().await;
    for mode in [Mode::Refuse(500), Mode::Refuse(401), Mode::Refuse(302), Mode::Hang] {
        app.edge.set(mode);
        let before = app.edge.look(|memory| memory.requests);
        let name = format!("{mode:?}");
        let put = app.api.put("/titles/harbour", &title("harbour", &name)).await;
        eventually("it was tried again", async || app.edge.look(|memory| memory.requests) >= before + 2)
            .await;
        assert_eq!(app.api.get("/titles/harbour").await.body["sync"]["state"], "pending", "{mode:?}");
        app.edge.set(Mode::Answer);
        let synced = app.api.wait_for_state("/titles/harbour", "synced").await;
        assert_eq!(synced.body["sync"]["revision_at_edge"], put.revision(), "{mode:?}");
    }
}

#[tokio::test]
async fn a_change_made_while_an_older_one_is_in_flight_is_sent_too() {
    let app = TestApp::start().await;
    app.edge.set(Mode::Slow(Duration::from_millis(200)));
    let one = app.api.put("/titles/harbour", &title("harbour", "one")).await.revision();
    eventually("a push is in flight", async || app.edge.look(|memory| memory.in_flight) > 0).await;
    let two = app.api.put("/titles/harbour", &title("harbour", "two")).await.revision();
    app.api.wait_for_state("/titles/harbour", "synced").await;
    assert_eq!(app.edge.revisions("v1/title/harbour"), [one, two]);
}

#[tokio::test]
async fn waiting_for_the_edge_is_not_cut_short_by_new_changes() {
    let minute = Duration::from_secs(60);
    let pace = Pace { key_interval: Duration::ZERO, backoff_base: minute, backoff_cap: minute };
    let app = TestApp::start_with(FakeEdge::start(), pace, None).await;
    app.edge.set(Mode::Refuse(503));
    for n in 0..50 {
        app.api.put(&format!("/titles/t{n}"), &title(&format!("t{n}"), "one")).await;
    }
    eventually("it was tried", async || app.edge.look(|memory| memory.requests) > 0).await;
    // Each attempt sends a batch and an empty one. A random wait may be very short, but hardly five times in a row.
    assert!(app.edge.look(|memory| memory.requests) < 10, "each change knocked at a door known to be shut");
}

#[tokio::test]
async fn a_document_that_the_edge_finds_invalid_is_reported_and_blocks_nothing() {
    let app = TestApp::start().await;
    app.edge.look(|memory| memory.outcomes.insert("v1/title/bad".to_owned(), Outcome::Invalid));
    let bad = app.api.put("/titles/bad", &title("bad", "one")).await;
    app.api.put("/titles/good", &title("good", "one")).await;
    app.api.wait_for_state("/titles/good", "synced").await;
    let failed = app.api.wait_for_state("/titles/bad", "failed").await;
    assert_eq!(failed.body["sync"]["last_error"], "expected better");
    let status = app.api.get("/sync").await.body;
    assert_eq!((&status["failed_count"], &status["pending"]), (&json!(1), &json!(0)));
    assert_eq!(status["failed"][0]["key"], "v1/title/bad");
    assert_eq!(status["failed"][0]["revision"], bad.revision());
    assert_eq!(app.edge.revisions("v1/title/bad").len(), 1, "it was sent again in vain");

    app.edge.look(|memory| memory.outcomes.clear());
    let retry = crate::app::send(app.api.request(reqwest::Method::POST, "/sync/retry")).await;
    assert_eq!(retry.body["requeued"], 1);
    let synced = app.api.wait_for_state("/titles/bad", "synced").await;
    assert!(synced.revision() > bad.revision());
    assert_eq!(app.api.get("/sync").await.body["failed_count"], 0);
}

#[tokio::test]
async fn a_newer_change_takes_the_place_of_one_that_was_refused() {
    let app = TestApp::start().await;
    app.edge.look(|memory| memory.outcomes.insert("v1/title/harbour".to_owned(), Outcome::Invalid));
    app.api.put("/titles/harbour", &title("harbour", "one")).await;
    app.api.wait_for_state("/titles/harbour", "failed").await;
    app.edge.look(|memory| memory.outcomes.clear());
    app.api.put("/titles/harbour", &title("harbour", "two")).await;
    let synced = app.api.wait_for_state("/titles/harbour", "synced").await;
    assert_eq!(synced.body["sync"]["lag_s"], Value::Null);
    assert_eq!(app.api.get("/sync").await.body["failed"], json!([]));
}

#[tokio::test]
async fn a_write_that_kv_refused_is_sent_again() {
    let app = TestApp::start().await;
    app.edge.look(|memory| memory.outcomes.insert("v1/title/busy".to_owned(), Outcome::Failed));
    app.api.put("/titles/busy", &title("busy", "one")).await;
    eventually("it is sent again", async || app.edge.revisions("v1/title/busy").len() > 2).await;
    app.edge.look(|memory| memory.outcomes.clear());
    app.api.wait_for_state("/titles/busy", "synced").await;
}

#[tokio::test]
async fn a_write_that_kv_refused_delays_no_other_document() {
    let minute = Duration::from_secs(60);
    let pace = Pace { key_interval: Duration::ZERO, backoff_base: minute, backoff_cap: minute };
    let app = TestApp::start_with(FakeEdge::start(), pace, None).await;
    app.edge.look(|memory| memory.outcomes.insert("v1/title/busy".to_owned(), Outcome::Failed));
    app.api.put("/titles/busy", &title("busy", "one")).await;
    eventually("it was refused", async || {
        app.api.get("/titles/busy").await.body["sync"]["last_error"].is_string()
    })
    .await;
    for n in 0..3 {
        app.api.put(&format!("/titles/good-{n}"), &title(&format!("good-{n}"), "one")).await;
        app.api.wait_for_state(&format!("/titles/good-{n}"), "synced").await;
        assert_eq!(app.edge.revisions(&format!("v1/title/good-{n}")).len(), 1);
    }
}

#[tokio::test]
async fn a_newer_foreign_revision_at_the_edge_is_no_success() {
    let app = TestApp::start().await;
    app.edge.look(|memory| memory.held.insert("v1/title/harbour".to_owned(), (u64::MAX >> 2, None)));
    app.api.put("/titles/harbour", &title("harbour", "one")).await;
    let failed = app.api.wait_for_state("/titles/harbour", "failed").await;
    assert_eq!(failed.body["sync"]["revision_at_edge"], u64::MAX >> 2);
}

/// It knows `Stagedoor-Signature` but not `Stagedoor-Signed-Head`.
#[tokio::test]
async fn an_older_edge_takes_what_a_newer_origin_signs() {
    let edge = FakeEdge::start();
    edge.look(|memory| memory.older = true);
    let app = TestApp::start_with(edge, FAST, None).await;
    let put = app.api.put("/titles/harbour", &title("harbour", "one")).await;
    eventually("the edge holds it", async || {
        app.edge.held("v1/title/harbour").is_some_and(|(revision, _)| revision == put.revision())
    })
    .await;
    assert_eq!(app.edge.look(|memory| memory.badly_signed), 0);
}
