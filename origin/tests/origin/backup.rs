//! `stagedoor-origin backup`: a copy while writes go on, and the service that starts with it.

use std::fs;

use crate::app::{ApiClient, title};
use crate::edge::FakeEdge;
use crate::process::{OriginProcess, run};

/// A client of its own task: it writes titles until it is told to stop, and returns how many were confirmed.
async fn write_titles(api: ApiClient, mut stop: tokio::sync::oneshot::Receiver<()>) -> usize {
    let mut confirmed = 0;
    while stop.try_recv().is_err() {
        let id = format!("t{confirmed:05}");
        assert_eq!(api.put(&format!("/titles/{id}"), &title(&id, "one")).await.status, 201);
        confirmed += 1;
    }
    confirmed
}

#[tokio::test]
async fn a_copy_made_while_writes_go_on_is_whole_and_starts() {
    let (folder, edge) = (tempfile::tempdir().unwrap(), FakeEdge::start());
    let created = run(&folder, &["api-key", "create", "--name", "cms", "--create-database"]).await.unwrap();
    let key = created.trim().to_owned();
    let origin = OriginProcess::start(&folder, &edge, &key).await;
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let writer = tokio::spawn(write_titles(origin.api.clone(), stopped));
    crate::app::eventually("the writer writes", async || {
        origin.api.get("/titles/t00005").await.status == 200
    })
    .await;
    let mut copies = Vec::new();
    for n in 0..5 {
        let copy = folder.path().join(format!("copy-{n}.db"));
        let said = run(&folder, &["backup", copy.to_str().unwrap()]).await.unwrap();
        assert!(said.contains(&format!("{} bytes", fs::metadata(&copy).unwrap().len())), "{said}");
        copies.push(copy);
    }
    stop.send(()).unwrap();
    let confirmed = writer.await.unwrap();
    assert!(confirmed > 6, "{confirmed} titles: nothing was written meanwhile");
    origin.kill().await;

    let mut last = 0;
    for copy in &copies {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(copy).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let restored = tempfile::tempdir().unwrap();
        fs::copy(copy, restored.path().join("stagedoor.db")).unwrap();
        let origin = OriginProcess::start(&restored, &FakeEdge::start(), &key).await;
        // A moment's state: all titles before it, and none after it.
        let held = held(&origin.api, confirmed).await;
        assert!(held >= last.max(6), "{held} titles after {last}");
        assert_eq!(origin.api.put("/titles/new", &title("new", "one")).await.status, 201);
        last = held;
        origin.kill().await;
    }
}

/// How many of the titles are there, which are the first ones.
async fn held(api: &ApiClient, of: usize) -> usize {
    let mut held = 0;
    for n in 0..of {
        if api.get(&format!("/titles/t{n:05}")).await.status == 200 {
            assert_eq!(held, n, "a title is there, and an earlier one is missing");
            held += 1;
        }
    }
    held
}

/// The edge is newer than a restored database, and takes its documents all the same.
#[tokio::test]
async fn after_a_restoration_the_edge_goes_back_to_the_backup() {
    let (folder, edge) = (tempfile::tempdir().unwrap(), FakeEdge::start());
    let created = run(&folder, &["api-key", "create", "--name", "cms", "--create-database"]).await.unwrap();
    let key = created.trim().to_owned();
    let origin = OriginProcess::start(&folder, &edge, &key).await;
    origin.api.put("/titles/harbour", &title("harbour", "before")).await;
    origin.api.put("/titles/gone", &title("gone", "before")).await;
    assert_eq!(origin.api.delete("/titles/gone").await.status, 200);
    run(&folder, &["backup", "copy.db"]).await.unwrap();
    origin.api.put("/titles/harbour", &title("harbour", "after")).await;
    origin.api.put("/titles/gone", &title("gone", "after")).await;
    origin.api.wait_for_state("/titles/harbour", "synced").await;
    origin.api.wait_for_state("/titles/gone", "synced").await;
    origin.kill().await;

    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(folder.path().join(format!("stagedoor.db{suffix}")));
    }
    fs::rename(folder.path().join("copy.db"), folder.path().join("stagedoor.db")).unwrap();
    let said = run(&folder, &["resend"]).await.unwrap();
    assert_eq!(said, "2 documents are on their way to the edge again\n");
    let origin = OriginProcess::start(&folder, &edge, &key).await;
    let synced = origin.api.wait_for_state("/titles/harbour", "synced").await;
    let (revision, document) = edge.held("v1/title/harbour").unwrap();
    assert_eq!((synced.revision(), &document.unwrap()["names"]["en"]), (revision, &"before".into()));
    crate::app::eventually("the edge has forgotten the title", async || {
        edge.held("v1/title/gone").is_some_and(|(_, document)| document.is_none())
    })
    .await;
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    run(&folder, &["api-key", "create", "--name", "cms", "--create-database"]).await.unwrap();
    let file = folder.path().join("copy.db");
    fs::write(&file, "precious").unwrap();
    let refused = run(&folder, &["backup", "copy.db"]).await.unwrap_err();
    assert!(refused.contains("copy.db") && refused.contains("overwrites nothing"), "{refused}");
    assert_eq!(fs::read(&file).unwrap(), b"precious");

    let refused = run(&folder, &["backup", "nowhere/copy.db"]).await.unwrap_err();
    assert!(refused.contains("No such file or directory"), "{refused}");
    fs::write(folder.path().join("stagedoor.db"), "no database at all, however long it is").unwrap();
    let refused = run(&folder, &["backup", "damaged.db"]).await.unwrap_err();
    assert!(refused.contains("cannot copy the database"), "{refused}");
    let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_str().unwrap().contains("damaged")), "{left:?}");
}
