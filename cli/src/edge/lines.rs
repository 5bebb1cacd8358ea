//! The sources of an edge's log: what `wrangler tail --format json` prints, and what `wrangler dev` or a log store has kept.
//!
//! ```text
//! {"outcome": "ok", "eventTimestamp": 1795370400000, "logs": [{"message": ["{\"kind\":\"denial\",…}"], "timestamp": 1795370400000}],
//!  "exceptions": [], "event": {"request": {…}}}
//! {"detail":"…","host":"watch.example.com","kind":"denial","place":"GB","reason":"territory","resource":"harbour/master.m3u8"}
//! [wrangler:info] GET /harbour/master.m3u8 403 Forbidden (33ms)
//! ```
//!
//! The first is a tail event, which wrangler prints over several lines. Its request's URL may hold a token, and is not shown. The
//! second is a line of the edge. Everything else is passed over.

use std::io::{BufRead, Read as _};
use std::ops::ControlFlow;

use serde_json::{Value, json};
use stagedoor::time::UnixTime;

use super::event::Event;
use crate::failure::{Failure, io_reason};

/// The longest tail event. Cloudflare limits its logs to 256 KB.
const LONGEST: usize = 4 * 1024 * 1024;

/// Tells every line of the edge as it comes, until `tell` breaks off.
pub(super) fn read(
    mut source: impl BufRead,
    mut tell: impl FnMut(&Event) -> ControlFlow<Result<(), Failure>>,
) -> Result<(), Failure> {
    let mut open = Vec::new();
    loop {
        let mut line = Vec::new();
        // A line that is longer than any event is read in pieces, and none of them is one.
        let room = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        let read = source.by_ref().take(room).read_until(b'\n', &mut line);
        if read.map_err(|error| Failure::Broken(format!("the log cannot be read: {}", io_reason(&error))))?
            == 0
        {
            return Ok(());
        }
        let mut value = parsed(&mut open, &line);
        if value.is_none() && open.is_empty() {
            // What was open may have been something else. Then this line stands for itself.
            value = parsed(&mut open, &line);
        }
        for event in value.map(events).unwrap_or_default() {
            if let ControlFlow::Break(ended) = tell(&event) {
                return ended;
            }
        }
    }
}

/// The object that a line ends. An object that goes on stays open; a line that belongs to none leaves nothing open.
fn parsed(open: &mut Vec<u8>, line: &[u8]) -> Option<Value> {
    if open.is_empty() && !line.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    open.extend_from_slice(line);
    match serde_json::from_slice(open) {
        Ok(value) => {
            open.clear();
            Some(value)
        }
        Err(error) if error.is_eof() && open.len() < LONGEST => None,
        Err(_) => {
            open.clear();
            None
        }
    }
}

/// The edge's lines in a JSON object.
fn events(value: Value) -> Vec<Event> {
    if value.get("logs").is_none() && value.get("exceptions").is_none() {
        return Event::of(value, None).into_iter().collect();
    }
    let list = |name: &str| value.get(name).and_then(Value::as_array).into_iter().flatten();
    let mut events: Vec<_> = list("logs")
        .flat_map(|log| {
            let time = time(log.get("timestamp"));
            let messages = log.get("message").and_then(Value::as_array).into_iter().flatten();
            let lines = messages.filter_map(Value::as_str).filter_map(|line| serde_json::from_str(line).ok());
            lines.filter_map(move |line| Event::of(line, time.clone()))
        })
        .collect();
    // What the edge could not log itself, since it was stopped.
    let fault = |reason: &str, detail: &str| {
        let line = json!({ "kind": "fault", "reason": reason, "detail": detail });
        Event::of(line, time(value.get("eventTimestamp")))
    };
    events.extend(list("exceptions").filter_map(|exception| {
        let of = |name| exception.get(name).and_then(Value::as_str).unwrap_or_default();
        fault("exception", &format!("{}: {}", of("name"), of("message")))
    }));
    let outcome = value.get("outcome").and_then(Value::as_str).unwrap_or("ok");
    // A viewer who goes away cancels a request, which is no fault.
    if !["ok", "exception", "canceled", "responseStreamDisconnected", "unknown"].contains(&outcome) {
        events.extend(fault(outcome, "the Workers runtime has ended the request"));
    }
    events
}

/// The time of day of a time in Unix milliseconds.
fn time(millis: Option<&Value>) -> Option<String> {
    let time = UnixTime::from_secs(millis?.as_u64()? / 1000).to_string();
    time.get(11..19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &str) -> Vec<String> {
        let mut told = Vec::new();
        read(source.as_bytes(), |event| {
            told.push(event.told());
            ControlFlow::Continue(())
        })
        .unwrap();
        told
    }

    const DENIAL: &str = r#"{"detail":"d","host":"a.example","kind":"denial","place":"GB","reason":"territory","resource":"h/m.m3u8","session":"c9"}"#;

    #[test]
    fn lines_are_found_among_others() {
        let line = "REFUSED territory  a.example/h/m.m3u8  from GB  session c9  d";
        let event = json!({ "outcome": "ok", "eventTimestamp": 1_795_370_400_000_u64, "exceptions": [],
            "logs": [{ "message": [DENIAL], "level": "log", "timestamp": 1_795_370_401_999_u64 }, { "message": ["x"], "timestamp": 1 }],
            "event": { "request": { "url": "https://a.example/h/m.m3u8?token=secret" } } });
        let pretty = serde_json::to_string_pretty(&event).unwrap();
        let timed = format!("18:00:01  {line}");
        for (source, expected) in [
            (
                format!("⎔ Starting\n{DENIAL}\n[wrangler:info] GET / 403 (1ms)\n{{}}\n{DENIAL}"),
                vec![line, line],
            ),
            (format!("{event}\n"), vec![&timed]),
            (format!("Connected\n{pretty}\n{pretty}\n"), vec![&timed, &timed]),
            // What is broken hides nothing that comes later.
            (format!("{{\"a\": \n{DENIAL}\n]\n{DENIAL}\n"), vec![line]),
            (format!("{{\"a\"\n{DENIAL}\n{DENIAL}\n"), vec![line, line]),
            (format!("{{ no json\n{DENIAL}\n"), vec![line]),
            ("{\"kind\":\"other\"}\n".to_owned(), vec![]),
        ] {
            assert_eq!(told(&source), expected, "{source}");
        }
    }

    #[test]
    fn what_stops_the_edge_is_a_fault() {
        let event = |outcome: &str, exceptions: Value| {
            json!({ "outcome": outcome, "logs": [], "exceptions": exceptions }).to_string()
        };
        assert_eq!(
            told(&event("exception", json!([{ "name": "RuntimeError", "message": "unreachable\u{1b}[2J" }]))),
            ["FAULT exception  RuntimeError: unreachable\\u{1b}[2J"]
        );
        let expected = ["FAULT exceededCpu  the Workers runtime has ended the request"];
        assert_eq!(told(&event("exceededCpu", json!([]))), expected);
        assert!(told(&event("canceled", json!([]))).is_empty());
    }
}
