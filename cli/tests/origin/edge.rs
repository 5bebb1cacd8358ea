//! A stand-in for the edge's sync endpoint: it holds what it is sent, or refuses it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

pub(crate) struct FakeEdge {
    pub(crate) url: String,
    outcome: Arc<Mutex<&'static str>>,
}

impl FakeEdge {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let outcome = Arc::new(Mutex::new("applied"));
        let answered = outcome.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let answered = answered.clone();
                thread::spawn(move || answer(stream.unwrap(), *answered.lock().unwrap()));
            }
        });
        Self { url, outcome }
    }

    /// The outcome of all changes from now on: `applied`, `invalid` or `failed`.
    pub(crate) fn set(&self, outcome: &'static str) {
        *self.outcome.lock().unwrap() = outcome;
    }
}

/// Answers one batch. `None`: the client has gone away.
fn answer(stream: TcpStream, outcome: &str) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let batch: Value = serde_json::from_slice(&body).unwrap();
    let result = |change: &Value| {
        let held = (outcome == "applied").then(|| change["revision"].clone());
        json!({ "key": change["key"], "revision": held, "outcome": outcome, "detail": "not today" })
    };
    let results: Vec<_> = batch["changes"].as_array().unwrap().iter().map(result).collect();
    let reply = json!({ "results": results, "visible_within_s": 120 }).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        reply.len()
    );
    reader.into_inner().write_all(format!("{head}{reply}").as_bytes()).ok()
}
