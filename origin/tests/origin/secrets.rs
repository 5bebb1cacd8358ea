//! Secrets stay where they belong: in the database and at the edge.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::app::{KEY_SECRET, TestApp, keys};
use crate::edge::{Mode, SECRET};

#[tokio::test]
async fn shared_secrets_are_sent_to_the_edge_and_never_back_to_the_cms() {
    let app = TestApp::start().await;
    let put = app.api.put("/keys/watch-sessions", &keys("watch-sessions")).await;
    assert_eq!((put.status, &put.body["document"]["keys"][0]["k"]), (201, &"[redacted]".into()));
    let get = app.api.wait_for_state("/keys/watch-sessions", "synced").await;
    let list = app.api.get("/keys").await;
    for answer in [&put, &get, &list] {
        assert!(!answer.body.to_string().contains(KEY_SECRET), "{answer:?}");
    }
    let (_, at_edge) = app.edge.held("v1/keys/watch-sessions").unwrap();
    assert_eq!(at_edge.unwrap()["keys"][0]["k"], KEY_SECRET);
}

/// Captures the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_is_logged_even_at_the_finest_level() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    tracing::subscriber::set_global_default(subscriber.with_writer(log.clone()).finish()).unwrap();
    let app = TestApp::start().await;
    app.edge.set(Mode::Refuse(503));
    app.api.put("/keys/watch-sessions", &keys("watch-sessions")).await;
    app.api.get("/keys?token=in-the-query").await;
    app.api.wait_for_state("/keys/watch-sessions", "pending").await;
    app.edge.set(Mode::Answer);
    app.api.wait_for_state("/keys/watch-sessions", "synced").await;
    app.api.get("/keys").await;
    assert!(
        !format!("{:?}", app.store.document(&"v1/keys/watch-sessions".parse().unwrap()).await)
            .contains(KEY_SECRET)
    );

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let (public, secret) = app.api.key.rsplit_once('_').unwrap();
    let line =
        text.lines().find(|line| line.contains("method=PUT") && line.contains("/api/v1/keys/watch-sessions"));
    let line = line.unwrap_or_else(|| panic!("the request was not logged"));
    assert!(
        line.contains("status=201") && line.contains("duration_ms=") && !text.contains("in-the-query"),
        "{line}"
    );
    assert!(line.contains(&format!("api_key=\"{}\"", public.strip_prefix("sdk_").unwrap())), "{line}");
    for secret in [secret, KEY_SECRET, SECRET] {
        let found = text.lines().find(|line| line.contains(secret));
        assert_eq!(found, None);
    }
}
