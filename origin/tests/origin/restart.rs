//! Kills the service in the middle of its work, and starts it again on the same database.

use std::time::Duration;

use stagedoor_origin::store::Store;

use crate::app::{database, eventually, title};
use crate::edge::{FakeEdge, Mode};
use crate::process::{OriginProcess, run};

async fn api_key(folder: &tempfile::TempDir) -> String {
    run(folder, &["api-key", "create", "--name", "cms", "--create-database"]).await.unwrap().trim().to_owned()
}

async fn deliver_all(origin: &OriginProcess) {
    eventually("nothing is pending", async || origin.api.get("/sync").await.body["pending"] == 0).await;
}

#[tokio::test]
async fn killed_between_the_edges_confirmation_and_its_record() {
    let (folder, edge) = (tempfile::tempdir().unwrap(), FakeEdge::start());
    let key = api_key(&folder).await;
    edge.set(Mode::ApplyAndHang);
    let origin = OriginProcess::start(&folder, &edge, &key).await;
    let put = origin.api.put("/titles/harbour", &title("harbour", "one")).await;
    eventually("the edge has applied it", async || edge.held("v1/title/harbour").is_some()).await;
    origin.kill().await;

    edge.set(Mode::Answer);
    let origin = OriginProcess::start(&folder, &edge, &key).await;
    let synced = origin.api.wait_for_state("/titles/harbour", "synced").await;
    assert_eq!(synced.body["sync"]["revision_at_edge"], put.revision());
    assert_eq!(edge.revisions("v1/title/harbour"), [put.revision(); 2], "the edge was not asked again");
}

#[tokio::test]
async fn killed_while_the_edge_hangs_nothing_is_lost_or_reordered() {
    let (folder, edge) = (tempfile::tempdir().unwrap(), FakeEdge::start());
    let key = api_key(&folder).await;
    edge.set(Mode::Hang);
    let origin = OriginProcess::start(&folder, &edge, &key).await;
    let mut last = Vec::new();
    for n in 0..150 {
        origin.api.put(&format!("/titles/t{n}"), &title(&format!("t{n}"), "one")).await;
        last.push((
            n,
            origin.api.put(&format!("/titles/t{n}"), &title(&format!("t{n}"), "two")).await.revision(),
        ));
    }
    let deleted = origin.api.delete("/titles/t7").await.revision();
    eventually("a push is in flight", async || edge.look(|memory| memory.in_flight) > 0).await;
    origin.kill().await;

    edge.set(Mode::Answer);
    let origin = OriginProcess::start(&folder, &edge, &key).await;
    deliver_all(&origin).await;
    for (n, revision) in last {
        let (held, document) = edge.held(&format!("v1/title/t{n}")).unwrap();
        assert_eq!(
            (held, document.is_none()),
            if n == 7 { (deleted, true) } else { (revision, false) },
            "t{n}"
        );
    }
    edge.look(|memory| {
        for key in memory.held.keys() {
            let revisions = memory.received.iter().filter(|(_, change)| change.key.to_string() == *key);
            assert!(revisions.map(|(_, change)| change.revision).is_sorted(), "{key} went back");
        }
    });
}

#[tokio::test]
async fn killed_again_and_again_under_load() {
    let (folder, edge) = (tempfile::tempdir().unwrap(), FakeEdge::start());
    let key = api_key(&folder).await;
    let mut revisions = Vec::new();
    for round in 0..5 {
        edge.set(Mode::Slow(Duration::from_millis(20)));
        let origin = OriginProcess::start(&folder, &edge, &key).await;
        for n in 0..20 {
            let name = format!("{round}-{n}");
            revisions.push(origin.api.put("/titles/harbour", &title("harbour", &name)).await.revision());
            origin.api.put(&format!("/titles/r{name}"), &title(&format!("r{name}"), "one")).await;
        }
        origin.kill().await;
    }
    assert!(revisions.is_sorted_by(|one, next| one < next), "{revisions:?}");
    let origin = OriginProcess::start(&folder, &edge, &key).await;
    deliver_all(&origin).await;
    assert_eq!(edge.held("v1/title/harbour").map(|(revision, _)| revision), revisions.last().copied());
    assert_eq!(edge.look(|memory| memory.held.len()), 101);
    assert!(edge.revisions("v1/title/harbour").is_sorted(), "it went back");
}

/// A change and its place in the history are stored together, or not at all.
#[tokio::test]
async fn killed_under_load_the_history_knows_each_confirmed_change() {
    let (folder, edge) = (tempfile::tempdir().unwrap(), FakeEdge::start());
    let key = api_key(&folder).await;
    let mut confirmed = Vec::new();
    for round in 0..4 {
        let origin = OriginProcess::start(&folder, &edge, &key).await;
        for n in 0..15 {
            let name = format!("{round}-{n}");
            let put = origin.api.put("/titles/harbour", &title("harbour", &name)).await;
            confirmed.push((put.revision(), name));
        }
        // One more is cut off, before or after it is stored.
        let api = origin.api.clone();
        let cut = tokio::spawn(async move {
            let body = title("harbour", &format!("{round}-cut")).to_string();
            let put = api.request(reqwest::Method::PUT, "/titles/harbour");
            let _ = put.header("content-type", "application/json").body(body).send().await;
        });
        tokio::time::sleep(Duration::from_millis(round)).await;
        origin.kill().await;
        cut.await.unwrap();
    }
    let origin = OriginProcess::start(&folder, &edge, &key).await;
    let list = origin.api.get("/titles/harbour/history?limit=500").await.body;
    let items = list["items"].as_array().unwrap();
    let current = origin.api.get("/titles/harbour").await;
    assert_eq!(items[0]["revision"], current.body["revision"], "the newest state has another revision");
    let states = [confirmed.len(), confirmed.len() + 4];
    assert!((states[0]..=states[1]).contains(&items.len()), "{} of {states:?}", items.len());
    for (revision, name) in confirmed {
        let past = origin.api.get(&format!("/titles/harbour?revision={revision}")).await;
        assert_eq!(
            (past.status, &past.body["document"]["names"]["en"]),
            (200, &name.clone().into()),
            "{name}"
        );
    }
    let kept = items.iter().map(|item| item["revision"].as_u64().unwrap());
    for revision in kept {
        let past = origin.api.get(&format!("/titles/harbour?revision={revision}")).await;
        assert!(past.body["document"].is_object(), "a state without its document: {past:?}");
    }
}

#[tokio::test]
async fn asked_to_end_it_finishes_the_push_in_flight() {
    let (folder, edge) = (tempfile::tempdir().unwrap(), FakeEdge::start());
    let key = api_key(&folder).await;
    edge.set(Mode::Slow(Duration::from_millis(300)));
    let origin = OriginProcess::start(&folder, &edge, &key).await;
    origin.api.put("/titles/harbour", &title("harbour", "one")).await;
    eventually("a push is in flight", async || edge.look(|memory| memory.in_flight) > 0).await;
    origin.terminate().await;
    let status = Store::open(&database(&folder)).await.unwrap().sync_status().await.unwrap();
    assert_eq!((status.pending, status.last_success_at.is_some()), (0, true), "the answer was not awaited");
}

#[tokio::test]
async fn the_command_line_makes_lists_and_revokes_keys() {
    let folder = tempfile::tempdir().unwrap();
    let key = api_key(&folder).await;
    assert!(key.starts_with("sdk_"), "{key}");
    let list = run(&folder, &["api-key", "list"]).await.unwrap();
    assert!(list.contains("\tcms\t") && list.trim_end().ends_with("\t-") && !list.contains(&key), "{list}");
    assert!(
        run(&folder, &["api-key", "create", "--name", "cms"])
            .await
            .unwrap_err()
            .contains("named `cms` already")
    );
    let limited =
        ["api-key", "create", "--name", "tenant", "--kinds", "title,revocations", "--sites", "A.example"];
    run(&folder, &limited).await.unwrap();
    let list = run(&folder, &["api-key", "list"]).await.unwrap();
    assert!(list.contains("\ttitle,revocations\ta.example\t-") && list.contains("\t*\t*\t-"), "{list}");
    for (kinds, why) in [("keys", "belongs to no site"), ("cats", "expected one of site, title, keys")] {
        let refused = ["api-key", "create", "--name", "x", "--sites", "a.example", "--kinds", kinds];
        assert!(run(&folder, &refused).await.unwrap_err().contains(why), "{kinds}");
    }
    run(&folder, &["api-key", "revoke", "tenant"]).await.unwrap();
    run(&folder, &["api-key", "revoke", "cms"]).await.unwrap();
    assert!(!run(&folder, &["api-key", "list"]).await.unwrap().trim_end().ends_with("\t-"));
    assert!(run(&folder, &["api-key", "revoke", "cms"]).await.is_err());
    let refused = run(&folder, &["serve", "--edge", "http://127.0.0.1:1"]).await.unwrap_err();
    assert!(refused.contains("SYNC_SECRET"), "{refused}");
}
