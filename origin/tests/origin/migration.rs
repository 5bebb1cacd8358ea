//! A database of an earlier version, with data in it, is brought up to date when it is opened.

use std::borrow::Cow;

use serde_json::json;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use stagedoor_origin::clock::UnixMillis;
use stagedoor_origin::store::{Action, Actor, Changes, Expectation, Manner, Scope, Store, Written};
use tempfile::TempDir;

use crate::app::{KEY_SECRET, database, keys, nobody, site, title};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The last migration of that version.
const EARLIER: i64 = 5;

/// A database as that version left it: a site, its keys, a title and the tombstone of another one.
async fn earlier(folder: &TempDir) -> SqlitePool {
    let file = folder.path().join("stagedoor.db");
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let migrations: Vec<_> = MIGRATIONS.iter().filter(|step| step.version <= EARLIER).cloned().collect();
    let migrator = Migrator { migrations: Cow::Owned(migrations), ..Migrator::DEFAULT };
    migrator.run(&pool).await.unwrap();
    for (revision, kind, id, body) in [
        (1_795_370_400_001_i64, "keys", "watch-sessions", Some(keys("watch-sessions"))),
        (1_795_370_400_002, "site", "watch.example.com", Some(site("watch.example.com"))),
        (1_795_370_400_003, "title", "harbour", Some(title("harbour", "Harbour"))),
        (1_795_370_400_004, "title", "gone", None),
    ] {
        let insert =
            "INSERT INTO documents (kind, id, revision, body, changed_by) VALUES ($1, $2, $3, $4, 'cms')";
        let insert = sqlx::query(insert).bind(kind).bind(id).bind(revision);
        insert.bind(body.map(|body| body.to_string())).execute(&pool).await.unwrap();
    }
    sqlx::query("INSERT INTO title_sites (host, id) VALUES ('watch.example.com', 'harbour')")
        .execute(&pool)
        .await
        .unwrap();
    pool
}

#[tokio::test]
async fn the_sites_of_an_earlier_database_keep_their_keys_from_deletion() {
    let folder = tempfile::tempdir().unwrap();
    earlier(&folder).await.close().await;
    // Opened twice, as by the service and by a command beside it.
    Store::open(&database(&folder)).await.unwrap().close().await;
    let store = Store::open(&database(&folder)).await.unwrap();
    for key in ["v1/keys/watch-sessions", "v1/site/watch.example.com"] {
        let key = key.parse().unwrap();
        let (any, by) = (Expectation::Any, nobody());
        let delete = store.write(&key, None, &any, Manner::default(), &by, UnixMillis::now()).await;
        assert!(matches!(delete.unwrap(), Written::InUse(_)), "{key}");
    }
    let stored = store.document(&"v1/keys/watch-sessions".parse().unwrap()).await.unwrap().unwrap();
    assert!(stored.body.unwrap().expose().contains(KEY_SECRET));
    let (_, warnings) =
        store.document_and_warnings(&"v1/title/harbour".parse().unwrap(), &Scope::FULL).await.unwrap();
    assert_eq!(json!(warnings), json!([]));
}

#[tokio::test]
async fn the_state_before_the_first_change_is_in_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let pool = earlier(&folder).await;
    // A version that had no rows for the sites of titles yet.
    sqlx::query("DELETE FROM title_sites").execute(&pool).await.unwrap();
    pool.close().await;
    let store = Store::open(&database(&folder)).await.unwrap();
    let by = Actor {
        id: "tenant".to_owned(),
        scope: Scope::new([], ["watch.example.com".parse().unwrap()]).unwrap(),
    };
    let events = async |by: &Actor, of: Option<&str>| {
        let of = of.map(|key| key.parse().unwrap());
        let changes = Changes { of: of.as_ref(), before: u64::MAX, limit: 10 };
        let (events, more) = store.history(changes, by).await.unwrap();
        assert!(!more);
        events
            .into_iter()
            .map(|event| (event.revision, event.action, event.by.unwrap().id))
            .collect::<Vec<_>>()
    };
    let row = |last: u64, action| (1_795_370_400_000 + last, action, "cms".to_owned());
    let all =
        [row(4, Action::Delete), row(3, Action::Change), row(2, Action::Change), row(1, Action::Change)];
    assert_eq!(events(&nobody(), None).await, all);
    assert_eq!(events(&by, None).await, all[1..3], "its own title and site");

    let key = "v1/title/harbour".parse().unwrap();
    let changed = title("harbour", "Pier").to_string();
    let (any, now) = (Expectation::Any, UnixMillis::now());
    store.write(&key, Some(&changed), &any, Manner::default(), &by, now).await.unwrap();
    let past = store.past(&key, 1_795_370_400_003, &by).await.unwrap().unwrap();
    assert_eq!(past.body.unwrap(), title("harbour", "Harbour").to_string());
    assert_eq!(past.event.at, UnixMillis(1_795_370_400_003));
    assert_eq!(events(&by, Some("v1/title/harbour")).await.len(), 2);
}
