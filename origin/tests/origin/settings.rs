//! Settings are checked at the start: each mistake has its exit code, and a line that says what was expected and found.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use tempfile::TempDir;

use crate::app::title;
use crate::edge::{FakeEdge, SECRET};
use crate::process::{OriginProcess, command, run};

/// A mistake.
struct Mistake {
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
    exit_code: i32,
    /// Texts in the error.
    says: &'static [&'static str],
}

const EDGE: &[&str] = &["serve", "--listen", "127.0.0.1:0", "--edge", "http://127.0.0.1:1"];
const SET: &[(&str, &str)] = &[("SYNC_SECRET", SECRET)];

/// The folder has: a database `stagedoor.db`, one of another program `other.db`, one of a newer version `newer.db`, an empty file
/// `empty.db`, a text `text.db`, a folder `folder`, and files with secrets: `secret`, `short`, `two-lines`, `empty`, `binary`.
const MISTAKES: &[Mistake] = &[
    // The database.
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--database", "mistyped.db"],
        environment: SET,
        exit_code: 2,
        says: &["expected a database at mistyped.db, found none", "--create-database"],
    },
    Mistake {
        arguments: &[
            "serve",
            "--edge",
            "http://127.0.0.1:1",
            "--database",
            "nowhere/new.db",
            "--create-database",
        ],
        environment: SET,
        exit_code: 2,
        says: &["nowhere/new.db", "No such file or directory"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--database", "empty.db"],
        environment: SET,
        exit_code: 2,
        says: &["expected a database at empty.db, found none"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--database", "text.db"],
        environment: SET,
        exit_code: 2,
        says: &["expected a database of stagedoor-origin at text.db, found a file of another kind"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--database", "other.db", "--create-database"],
        environment: SET,
        exit_code: 2,
        says: &["found the database of another program"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--database", "newer.db"],
        environment: SET,
        exit_code: 2,
        says: &["migrated by a newer stagedoor-origin", "restore the backup"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--database", "folder"],
        environment: SET,
        exit_code: 2,
        says: &["expected a database of stagedoor-origin at folder, found a folder"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--database", "postgres://me:hunter2@db/x"],
        environment: SET,
        exit_code: 2,
        says: &["only SQLite is built in"],
    },
    Mistake {
        arguments: &["api-key", "create", "--name", "cms", "--database", "mistyped.db"],
        environment: &[],
        exit_code: 2,
        says: &["expected a database at mistyped.db, found none", "--create-database"],
    },
    Mistake {
        arguments: &["api-key", "list", "--database", "mistyped.db"],
        environment: &[],
        exit_code: 2,
        says: &["expected a database at mistyped.db, found none: check the path"],
    },
    Mistake {
        arguments: &["api-key", "revoke", "cms", "--database", "mistyped.db"],
        environment: &[],
        exit_code: 2,
        says: &["expected a database at mistyped.db, found none"],
    },
    Mistake {
        arguments: &["backup", "copy.db", "--database", "mistyped.db"],
        environment: &[],
        exit_code: 2,
        says: &["expected a database at mistyped.db, found none"],
    },
    Mistake {
        arguments: &["resend", "--database", "mistyped.db"],
        environment: &[],
        exit_code: 2,
        says: &["expected a database at mistyped.db, found none"],
    },
    // Secrets.
    Mistake {
        arguments: EDGE,
        environment: &[],
        exit_code: 2,
        says: &["SYNC_SECRET", "--sync-secret-file", "found neither", "openssl rand -hex 32"],
    },
    Mistake {
        arguments: EDGE,
        environment: &[("SYNC_SECRET", "short")],
        exit_code: 2,
        says: &["at least 32 characters", "found 5", "openssl rand -hex 32"],
    },
    Mistake {
        arguments: EDGE,
        environment: &[("SYNC_SECRET_FILE", "short")],
        exit_code: 2,
        says: &["at least 32 characters", "found 5", "openssl rand -hex 32"],
    },
    Mistake {
        arguments: EDGE,
        environment: &[("SYNC_SECRET", SECRET), ("SYNC_SECRET_FILE", "secret")],
        exit_code: 2,
        says: &["expected SYNC_SECRET once", "the file secret", "remove one of them"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--sync-secret-file", "two-lines"],
        environment: &[],
        exit_code: 2,
        says: &["expected one line", "the file two-lines"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--sync-secret-file", "absent"],
        environment: &[],
        exit_code: 2,
        says: &["cannot read the secret in absent: No such file or directory"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--sync-secret-file", "empty"],
        environment: &[],
        exit_code: 2,
        says: &["the secret in empty: expected a secret, found nothing"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--sync-secret-file", "binary"],
        environment: &[],
        exit_code: 2,
        says: &["not UTF-8"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--sync-secret-file", "stagedoor.db"],
        environment: &[],
        exit_code: 2,
        says: &["expected 4096 bytes at most"],
    },
    Mistake {
        arguments: EDGE,
        environment: &[("SYNC_SECRET", SECRET), ("CONTROL_PATH", "easy")],
        exit_code: 2,
        says: &["CONTROL_PATH: expected 16 to 128 of"],
    },
    Mistake {
        arguments: EDGE,
        environment: &[
            ("SYNC_SECRET", SECRET),
            ("CONTROL_PATH", "a-folder-of-its-own"),
            ("CONTROL_PATH_FILE", "secret"),
        ],
        exit_code: 2,
        says: &["expected CONTROL_PATH once"],
    },
    // The edge.
    Mistake { arguments: &["serve"], environment: SET, exit_code: 2, says: &["--edge <URL>"] },
    Mistake {
        arguments: &["serve", "--edge", "watch.example.com"],
        environment: SET,
        exit_code: 2,
        says: &["--edge", "such as https://watch.example.com"],
    },
    Mistake {
        arguments: &["serve", "--edge", "watch.example.com:8787"],
        environment: SET,
        exit_code: 2,
        says: &["expected the edge's address as https://host", "`watch.example.com:8787`"],
    },
    Mistake {
        arguments: &["serve", "--edge", "https://me:hunter2@watch.example.com/_stagedoor/sync"],
        environment: SET,
        exit_code: 2,
        says: &["without a user, path or query", "`https://watch.example.com/_stagedoor/sync`"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://watch.example.com"],
        environment: SET,
        exit_code: 2,
        says: &["found http to watch.example.com", "unencrypted", "--plain-http"],
    },
    // The machine.
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--listen", "localhost:8788"],
        environment: SET,
        exit_code: 2,
        says: &["expected an IP address with a port, such as 127.0.0.1:8788"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--listen", "192.0.2.1:0"],
        environment: SET,
        exit_code: 3,
        says: &["cannot listen on 192.0.2.1:0: this machine has no such address"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--listen", "127.0.0.1:0", "--media", "absent"],
        environment: SET,
        exit_code: 2,
        says: &["cannot read the folder of media absent: No such file or directory"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--listen", "127.0.0.1:0", "--media", "secret"],
        environment: SET,
        exit_code: 2,
        says: &["cannot read the folder of media secret: Not a directory"],
    },
    Mistake {
        arguments: EDGE,
        environment: &[("SYNC_SECRET", SECRET), ("RUST_LOG", "inof")],
        exit_code: 2,
        says: &["RUST_LOG", "off, error, warn, info, debug and trace", "found `inof`"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--lag-alarm-s", "0"],
        environment: SET,
        exit_code: 2,
        says: &["--lag-alarm-s", "expected a whole number from 1"],
    },
    Mistake {
        arguments: &["serve", "--edge", "http://127.0.0.1:1", "--connections", "many"],
        environment: SET,
        exit_code: 2,
        says: &["--connections", "expected a whole number from 1"],
    },
    Mistake {
        arguments: EDGE,
        environment: &[("SYNC_SECRET", SECRET), ("STAGEDOOR_LOG_FORMAT", "xml")],
        exit_code: 2,
        says: &["--log-format", "text, json"],
    },
    // The keys of the API.
    Mistake {
        arguments: &["api-key", "create", "--name", "a b"],
        environment: &[],
        exit_code: 2,
        says: &["visible ASCII"],
    },
    Mistake {
        arguments: &["api-key", "create", "--name", "cms"],
        environment: &[],
        exit_code: 1,
        says: &["a valid key is named `cms` already"],
    },
    Mistake {
        arguments: &["api-key", "create", "--name", "other", "--out", "secret"],
        environment: &[],
        exit_code: 2,
        says: &["expected no file at secret, found one"],
    },
    Mistake {
        arguments: &["api-key", "create", "--name", "other", "--out", "nowhere/key"],
        environment: &[],
        exit_code: 2,
        says: &["cannot write the key to nowhere/key: No such file or directory", "no key was made"],
    },
    Mistake {
        arguments: &["api-key", "revoke", "nobody"],
        environment: &[],
        exit_code: 1,
        says: &["expected the name of a valid key, found `nobody`"],
    },
    Mistake { arguments: &["backup"], environment: &[], exit_code: 2, says: &["<FILE>"] },
    Mistake { arguments: &["sevre"], environment: &[], exit_code: 2, says: &["sevre"] },
];

async fn furnish(folder: &TempDir) {
    for name in ["stagedoor.db", "newer.db"] {
        let database = ["--create-database", "--database", name];
        run(folder, &[&["api-key", "create", "--name", "cms"], &database[..]].concat()).await.unwrap();
    }
    let path = |name: &str| folder.path().join(name);
    execute(&path("newer.db"), "INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, true, x'00', 0)")
        .await;
    fs::write(path("other.db"), "").unwrap();
    execute(&path("other.db"), "CREATE TABLE recipes (name TEXT)").await;
    fs::write(path("text.db"), "This is a file of text, and no database.".repeat(100)).unwrap();
    fs::create_dir(path("folder")).unwrap();
    for (name, content) in
        [("empty.db", ""), ("empty", "\n"), ("short", "short\n"), ("two-lines", "one\ntwo\n")]
    {
        fs::write(path(name), content).unwrap();
    }
    fs::write(path("secret"), format!("{SECRET}\n")).unwrap();
    fs::write(path("binary"), [0xff, 0xfe, 0x00]).unwrap();
}

async fn execute(database: &Path, statement: &'static str) {
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    sqlx::query(statement).execute(&pool).await.unwrap();
    pool.close().await;
}

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    // They lie beside a database that is open.
    names.retain(|name| !["-wal", "-shm", ".lock"].iter().any(|end| name.ends_with(end)));
    names.sort();
    names
}

#[tokio::test]
async fn each_mistake_is_told_in_words() {
    let folder = tempfile::tempdir().unwrap();
    furnish(&folder).await;
    let before = names(&folder);
    for Mistake { arguments, environment, exit_code, says } in MISTAKES {
        let output = command(&folder).args(*arguments).envs(environment.iter().copied()).output();
        let limit = std::time::Duration::from_secs(20);
        let output = tokio::time::timeout(limit, output)
            .await
            .unwrap_or_else(|_| panic!("{arguments:?} goes on"))
            .unwrap();
        let (printed, said) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        let case = format!("{arguments:?} {environment:?}:\n{said}");
        assert_eq!(output.status.code(), Some(*exit_code), "{case}");
        assert_eq!(printed, "", "{case}");
        for text in *says {
            assert!(said.contains(text), "expected `{text}` of {case}");
        }
        let never = [
            "panicked",
            "os error",
            "Error {",
            "Error(",
            "Err(",
            "Some(",
            "RUST_BACKTRACE",
            SECRET,
            "hunter2",
        ];
        for text in never {
            assert!(!said.contains(text), "`{text}` in {case}");
        }
    }
    assert_eq!(names(&folder), before, "a mistake left a file behind");
}

#[tokio::test]
async fn a_taken_port_is_told_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let arguments = ["serve", "--create-database", "--edge", "http://127.0.0.1:1", "--listen", &listen];
    let output = command(&folder).args(arguments).env("SYNC_SECRET", SECRET).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains(&format!("cannot listen on {listen}: another program listens there: stop it")),
        "{said}"
    );
}

#[tokio::test]
async fn a_second_service_on_the_same_database_is_refused() {
    let (folder, edge) = (tempfile::tempdir().unwrap(), FakeEdge::start());
    let key = run(&folder, &["api-key", "create", "--name", "cms", "--create-database"]).await.unwrap();
    let first = OriginProcess::start(&folder, &edge, key.trim()).await;
    let second = command(&folder).args(EDGE).env("SYNC_SECRET", SECRET).output().await.unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(3), "{said}");
    assert!(said.contains("another stagedoor-origin serves the database"), "{said}");
    first.kill().await;
    OriginProcess::start(&folder, &edge, key.trim()).await.terminate().await;
}

#[tokio::test]
async fn a_key_goes_into_a_file_of_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let create = ["api-key", "create", "--name", "cms", "--out", "api-key", "--create-database"];
    assert_eq!(run(&folder, &create).await.unwrap(), "", "the key is printed all the same");
    let file = folder.path().join("api-key");
    let key = fs::read_to_string(&file).unwrap();
    assert!(key.starts_with("sdk_") && key.ends_with('\n') && key.len() == 4 + 12 + 1 + 64 + 1, "{key}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // A key of a taken name makes no file, and a taken file makes no key.
    let again = ["api-key", "create", "--name", "cms", "--out", "second"];
    assert!(run(&folder, &again).await.is_err());
    assert!(!folder.path().join("second").exists());
    let onto = ["api-key", "create", "--name", "other", "--out", "api-key"];
    assert!(run(&folder, &onto).await.is_err());
    assert_eq!(fs::read_to_string(&file).unwrap(), key);
    assert_eq!(run(&folder, &["api-key", "list"]).await.unwrap().lines().count(), 1);
}

#[tokio::test]
async fn secrets_come_from_files_without_their_newline() {
    let (folder, edge) = (tempfile::tempdir().unwrap(), FakeEdge::start());
    let key = run(&folder, &["api-key", "create", "--name", "cms", "--create-database"]).await.unwrap();
    for newline in ["", "\n", "\r\n"] {
        fs::write(folder.path().join("secret"), format!("{SECRET}{newline}")).unwrap();
        let origin =
            OriginProcess::start_with(&folder, &edge, key.trim(), &[("SYNC_SECRET_FILE", "secret")]).await;
        let id = format!("t{}", newline.len());
        origin.api.put(&format!("/titles/{id}"), &title(&id, "one")).await;
        // The edge accepts only what is signed with the secret.
        origin.api.wait_for_state(&format!("/titles/{id}"), "synced").await;
        origin.kill().await;
    }
}

#[tokio::test]
async fn every_command_has_examples_in_its_help() {
    let folder = tempfile::tempdir().unwrap();
    for of in [&["--help"][..], &["serve", "--help"], &["backup", "--help"]] {
        assert!(
            run(&folder, of).await.unwrap().contains("Examples:\n  stagedoor-origin ") || of[0] == "serve",
            "{of:?}"
        );
    }
    for command in ["create", "list", "revoke"] {
        let help = run(&folder, &["api-key", command, "--help"]).await.unwrap();
        assert!(help.contains(&format!("  stagedoor-origin api-key {command}")), "{help}");
    }
    let serve = run(&folder, &["serve", "--help"]).await.unwrap();
    for name in [
        "SYNC_SECRET ",
        "CONTROL_PATH ",
        "RUST_LOG ",
        "SYNC_SECRET_FILE",
        "CONTROL_PATH_FILE",
        "DATABASE_URL",
    ] {
        assert!(serve.contains(name), "{name}");
    }
}
