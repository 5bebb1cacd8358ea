//! Saved requests: a description in JSON, a HAR file, or a `curl` command line as browsers copy it.
//!
//! ```text
//! {"url": "https://watch.example.com/harbour/master.m3u8?token=...", "geo": "AE"}
//! {"log": {"entries": [{"startedDateTime": "...", "request": {...}, "response": {...}}]}}
//! curl 'https://watch.example.com/harbour/master.m3u8?token=...' -H 'Origin: https://tv.example.com'
//! ```
//!
//! Of a HAR file, the first refused request counts, else the first one of a manifest.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::failure::Misuse;
use crate::input;

/// The header with which the development edge is told a place.
const GEOGRAPHY: &str = "stagedoor-geography";

/// Reads a saved request: the members of a description.
pub(super) fn read(path: &Path) -> Result<Map<String, Value>, Misuse> {
    let failed = |why: String| Misuse(format!("{}: {why}", input::name(path)));
    let text = String::from_utf8(input::bytes(path)?).map_err(|_| failed("expected UTF-8".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.split_whitespace().next().is_some_and(|word| word == "curl" || word.ends_with("/curl")) {
        return curl(text).map_err(failed);
    }
    // The text may hold a token: what cannot be read of it is not quoted.
    let value: Value = serde_json::from_str(text).map_err(|error| {
        failed(format!(
            "expected a request in JSON, a HAR file or a `curl` command line, found something else at line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    match value {
        Value::Object(members) if members.contains_key("log") => har(Value::Object(members)).map_err(failed),
        Value::Object(members) => Ok(members),
        _ => Err(failed("expected an object with the member `url`".to_owned())),
    }
}

/// A description out of a request's parts.
pub(super) fn described(
    method: &str,
    url: &str,
    headers: impl IntoIterator<Item = (String, String)>,
) -> Map<String, Value> {
    let mut described =
        Map::from_iter([("url".to_owned(), json!(url)), ("method".to_owned(), json!(method))]);
    let mut kept = Map::new();
    for (name, value) in headers {
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        // HTTP/2's own (RFC 9113 section 8.3) are in the URL.
        if name.starts_with(':') || name.is_empty() {
            continue;
        }
        if name == GEOGRAPHY {
            described.insert("geo".to_owned(), json!(value));
            continue;
        }
        let joint = if name == "cookie" { "; " } else { ", " };
        let value = match kept.get(&name).and_then(Value::as_str) {
            Some(before) => format!("{before}{joint}{value}"),
            None => value,
        };
        kept.insert(name, json!(value));
    }
    described.insert("headers".to_owned(), Value::Object(kept));
    described
}

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

/// <http://www.softwareishard.com/blog/har-12-spec/#entries>
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "startedDateTime")]
    started: Option<String>,
    request: HarRequest,
    response: Option<HarResponse>,
}

#[derive(Deserialize)]
struct HarRequest {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<HarHeader>,
}

#[derive(Deserialize)]
struct HarHeader {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct HarResponse {
    #[serde(default)]
    status: i64,
    #[serde(default)]
    headers: Vec<HarHeader>,
}

impl Entry {
    /// How much it looks like what somebody wants to have explained.
    fn weight(&self) -> u8 {
        let status = self.response.as_ref().map_or(0, |response| response.status);
        let mut headers = self.response.iter().flat_map(|response| &response.headers);
        let has_reason = headers.any(|header| header.name.eq_ignore_ascii_case("stagedoor-reason"));
        let path = self.request.url.split(['?', '#']).next().unwrap_or_default();
        let is_manifest = [".m3u8", ".mpd"].iter().any(|end| path.to_ascii_lowercase().ends_with(end));
        match () {
            () if has_reason => 4,
            () if status >= 400 && is_manifest => 3,
            () if status >= 400 => 2,
            () if is_manifest => 1,
            () => 0,
        }
    }
}

fn har(value: Value) -> Result<Map<String, Value>, String> {
    let har: Har = serde_json::from_value(value).map_err(|_| {
        "expected a HAR file with log.entries[].request of `method`, `url` and `headers`".to_owned()
    })?;
    // Of equals, the first.
    let entry = har.log.entries.into_iter().rev().max_by_key(Entry::weight);
    let Entry { started, request, .. } = entry.ok_or("expected a request in log.entries, found none")?;
    let headers = request.headers.into_iter().map(|header| (header.name, header.value));
    let mut described = described(&request.method, &request.url, headers);
    // It is explained for the time at which it was sent.
    if let Some(started) = started.and_then(|started| input::instant(&started).ok()) {
        described.insert("now".to_owned(), json!(started.as_secs()));
    }
    Ok(described)
}

/// Options of curl without a value that change nothing about the request.
const IDLE: [&str; 22] = [
    "--compressed",
    "-s",
    "--silent",
    "-S",
    "--show-error",
    "-sS",
    "-L",
    "--location",
    "-k",
    "--insecure",
    "-i",
    "--include",
    "-v",
    "--verbose",
    "--http1.1",
    "--http2",
    "--http3",
    "-f",
    "--fail",
    "-g",
    "--globoff",
    "-#",
];

/// Options of curl with a value that change nothing about the request.
const IDLE_WITH_VALUE: [&str; 8] =
    ["-o", "--output", "-w", "--write-out", "-m", "--max-time", "--connect-timeout", "--resolve"];

fn curl(text: &str) -> Result<Map<String, Value>, String> {
    let text = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let words = shlex::split(&text).ok_or("expected a `curl` command line with its quotes closed")?;
    let (mut url, mut method, mut headers) = (None, None, Vec::new());
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        let (option, attached) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option.to_owned(), Some(value.to_owned())),
            _ => (word.clone(), None),
        };
        let mut value = || {
            attached
                .clone()
                .or_else(|| words.next())
                .ok_or_else(|| format!("expected a value behind curl's {option}"))
        };
        match option.as_str() {
            "-H" | "--header" => {
                let header = value()?;
                let (name, value) =
                    header.split_once(':').ok_or("expected `Name: value` behind curl's -H")?;
                headers.push((name.to_owned(), value.to_owned()));
            }
            "-A" | "--user-agent" => headers.push(("user-agent".to_owned(), value()?)),
            "-e" | "--referer" => headers.push(("referer".to_owned(), value()?)),
            "-r" | "--range" => headers.push(("range".to_owned(), format!("bytes={}", value()?))),
            "-b" | "--cookie" => headers.push(("cookie".to_owned(), value()?)),
            "-X" | "--request" => method = Some(value()?),
            "-I" | "--head" => method = Some("HEAD".to_owned()),
            "--url" => url = Some(value()?),
            idle if IDLE.contains(&idle) => {}
            idle if IDLE_WITH_VALUE.contains(&idle) => {
                value()?;
            }
            unknown if unknown.starts_with('-') => {
                let option = unknown.chars().take(40).collect::<String>();
                return Err(format!(
                    "curl's option {option} is not understood here: describe the request as JSON"
                ));
            }
            _ => url = Some(word),
        }
    }
    let url = url.ok_or("expected a URL in the `curl` command line")?;
    Ok(described(method.as_deref().unwrap_or("GET"), &url, headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_curl_command_is_a_request() {
        let text = "curl 'https://a.example/h/m.m3u8?token=x' \\\n  -H 'Origin: https://tv.example' \\\r\n  -b 'a=1' -H 'Cookie: b=2' \
                    -H 'Stagedoor-Geography: AE' --compressed -X HEAD -o /dev/null";
        let expected = json!({ "url": "https://a.example/h/m.m3u8?token=x", "method": "HEAD", "geo": "AE",
            "headers": { "origin": "https://tv.example", "cookie": "a=1; b=2" } });
        assert_eq!(Value::Object(curl(text).unwrap()), expected);
        for (bad, why) in [
            ("curl 'https://a", "quotes closed"),
            ("curl -H x https://a", "`Name: value`"),
            ("curl -s", "expected a URL"),
            ("curl -H", "a value behind curl's -H"),
            ("curl --data x https://a", "--data is not understood"),
        ] {
            let error = curl(bad).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn of_a_har_file_the_refused_request_counts() {
        let entry = |url: &str, status: u16, reason: bool| {
            let headers = if reason {
                json!([{ "name": "Stagedoor-Reason", "value": "territory" }])
            } else {
                json!([])
            };
            json!({ "startedDateTime": "2026-11-22T18:00:00.250Z",
                "request": { "method": "GET", "url": url, "headers": [{ "name": ":path", "value": "/x" }, { "name": "Origin", "value": "o" }] },
                "response": { "status": status, "headers": headers } })
        };
        let table = [
            (
                vec![
                    entry("https://a/x.js", 200, false),
                    entry("https://a/1.m3u8", 200, false),
                    entry("https://a/2.m3u8", 200, false),
                ],
                "https://a/1.m3u8",
            ),
            (
                vec![entry("https://a/x.js", 404, false), entry("https://a/1.m3u8?t=1", 403, false)],
                "https://a/1.m3u8?t=1",
            ),
            (
                vec![entry("https://a/1.m3u8", 403, false), entry("https://a/2.ts", 403, true)],
                "https://a/2.ts",
            ),
        ];
        for (entries, url) in table {
            let found = har(json!({ "log": { "entries": entries } })).unwrap();
            let expected =
                json!({ "url": url, "method": "GET", "headers": { "origin": "o" }, "now": 1_795_370_400 });
            assert_eq!(Value::Object(found), expected);
        }
        assert!(har(json!({ "log": { "entries": [] } })).unwrap_err().contains("found none"));
        assert!(har(json!({ "log": {} })).unwrap_err().contains("expected a HAR file"));
    }
}
