//! The memory for reading a batch is at most eight times the greatest size of a batch, whatever it contains.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use allocation_counter::measure;
use stagedoor::catalog::{DocumentKind, ReceivedBatch, SyncBatch, SyncResult, WantedState};

/// The limit, out of the 128 MB of an isolate, beside its memories.
const MOST: usize = 8 * SyncBatch::MAX_BYTES;

/// Reads a batch as the edge does, without KV. Returns how many changes it would write, and how many it answers for.
fn take(body: &[u8]) -> Option<(usize, usize)> {
    let mut results = Vec::new();
    let mut written = 0;
    for change in ReceivedBatch::read(body).ok()?.changes() {
        let stored = change.change.and_then(|WantedState { key, revision, document }| {
            document
                .map(|own| key.stored(revision, own.get()).map_err(|error| SyncResult::detail_of(&error)))
                .transpose()
        });
        written += usize::from(stored.is_ok());
        results.push((change.name.to_string(), stored.err()));
    }
    Some((written, results.len()))
}

/// The peak memory in bytes, the body included, and the result of [`take`].
fn held(body: &str) -> (usize, Option<(usize, usize)>) {
    let mut taken = None;
    let info = measure(|| {
        let body = body.as_bytes().to_vec();
        taken = take(&body);
    });
    (usize::try_from(info.bytes_max).unwrap(), taken)
}

/// As many copies of `item`, separated by commas, as fit.
fn filled(before: &str, item: &str, after: &str, bytes: usize) -> String {
    let count = (bytes - before.len() - after.len() + 1) / (item.len() + 1);
    let text = format!("{before}{}{after}", vec![item; count].join(","));
    assert!(text.len() <= bytes && text.len() + item.len() + 1 > bytes, "{} of {bytes}", text.len());
    text
}

/// A batch, filled with the shortest JSON values.
#[test]
fn four_mebibytes_of_tiny_values_beside_the_documents() {
    let change = |document: &str| {
        (
            format!("{{\"changes\":[{{\"key\":\"v1/title/a\",\"revision\":1,\"document\":{document}"),
            "}]}".to_owned(),
        )
    };
    let (before, after) = change("");
    let quoted = |text: &str| filled("", text, "", SyncBatch::MAX_BYTES - 100);
    for (name, body) in [
        ("changes", filled("{\"changes\":[", "1", "]}", SyncBatch::MAX_BYTES)),
        ("changes that are objects", filled("{\"changes\":[", "{}", "]}", SyncBatch::MAX_BYTES)),
        ("changes that are deep", filled("{\"changes\":[", "[[[[0]]]]", "]}", SyncBatch::MAX_BYTES)),
        ("one change", filled(&format!("{before}["), "0", &format!("]{after}"), SyncBatch::MAX_BYTES)),
        ("a member beside them", filled("{\"x\":[", "0", "],\"changes\":[]}", SyncBatch::MAX_BYTES)),
        ("a text", format!("\"{}\"", quoted("\u{7f}"))),
        ("a text for changes", format!("{{\"changes\":\"{}\"}}", quoted("\u{7f}"))),
        ("a text for a revision", {
            let text = quoted("\u{7f}");
            format!("{{\"changes\":[{{\"key\":\"v1/title/a\",\"revision\":\"{text}\",\"document\":null}}]}}")
        }),
        ("a key", format!("{{\"changes\":[{{\"key\":\"{}\"}}]}}", quoted("\\n"))),
    ] {
        let (bytes, taken) = held(&body);
        println!("{name}: {bytes} bytes");
        assert!(bytes <= MOST, "{name}: {bytes} bytes, {taken:?}");
        assert!(taken.is_none_or(|(written, _)| written == 0), "{name}: {taken:?}");
    }
}

/// As many documents of the greatest length as fit into a batch, filled with the shortest values of each list.
#[test]
fn documents_of_tiny_values() {
    let title = "{\"id\":\"a\",\"sites\":[],\"offers\":[],";
    let site = "{\"host\":\"a.example\",\"media\":{\"origin\":\"https://m.example/\"},\"tokens\":{\"issuers\":[\"i\"]},\
                \"sessions\":{\"keys\":\"s\"},";
    let accept = |before: &str| {
        format!(
            "{{\"host\":\"a.example\",\"media\":{{\"origin\":\"https://m.example/\"}},\"sessions\":{{\"keys\":\"s\"}},\
             \"tokens\":{{\"issuers\":[\"i\"],\"accept\":[{before}"
        )
    };
    let keys = "{\"issuer\":\"i\",\"keys\":[";
    let offer = "{\"id\":\"a\",\"territories\":{\"allow\":[]}}";
    for (name, key, before, item, after) in [
        ("unknown members", "v1/title/a", format!("{title}\"x\":["), "0", "]}"),
        ("hosts", "v1/title/a", "{\"id\":\"a\",\"offers\":[],\"sites\":[".to_owned(), "\"a\"", "]}"),
        ("offers", "v1/title/a", "{\"id\":\"a\",\"sites\":[],\"offers\":[".to_owned(), offer, "]}"),
        (
            "blackouts",
            "v1/title/a",
            format!("{title}\"blackouts\":["),
            "{\"id\":\"a\",\"territories\":{\"allow\":[]},\"action\":\"deny\"}",
            "]}",
        ),
        (
            "plans",
            "v1/title/a",
            "{\"id\":\"a\",\"sites\":[],\"offers\":[{\"id\":\"a\",\"territories\":{\"allow\":[]},\"plans\":["
                .to_owned(),
            "\"a\"",
            "]}]}",
        ),
        (
            "devices",
            "v1/title/a",
            "{\"id\":\"a\",\"sites\":[],\"offers\":[{\"id\":\"a\",\"territories\":{\"allow\":[]},\"devices\":["
                .to_owned(),
            "\"tv\"",
            "]}]}",
        ),
        ("networks", "v1/site/a.example", format!("{site}\"geography\":{{\"hosting\":{{\"asns\":["), "0", "]}}}"),
        ("origins of pages", "v1/site/a.example", format!("{site}\"cors\":{{\"origins\":["), "\"\"", "]}}"),
        ("claims that are lists", "v1/site/a.example", accept("{\"jwt\":{\"claims\":{\"plans\":["), "[0]", "]}}}]}}"),
        ("values of claims", "v1/site/a.example", accept("{\"jwt\":{\"require\":{\"x\":["), "{\"a\":0}", "]}}}]}}"),
        ("dialects", "v1/site/a.example", accept(""), "{\"jwt\":{}}", "]}}"),
        ("keys", "v1/keys/i", keys.to_owned(), "{}", "]}"),
        ("members of keys", "v1/keys/i", format!("{keys}{{\"x\":["), "{\"a\":0}", "]}]}"),
        ("lists of keys", "v1/keys/i", format!("{keys}{{\"x\":["), "[0]", "]}]}"),
        (
            "revocations",
            "v1/revocations/a.example",
            "{\"host\":\"a.example\",\"generation\":1,\"revoked\":[".to_owned(),
            "{\"what\":{\"title\":\"a\"},\"generation\":1,\"at\":\"2026-01-01T00:00:00Z\"}",
            "]}",
        ),
        (
            "a text where a number is expected",
            "v1/revocations/a.example",
            "{\"host\":\"a.example\",\"revoked\":[],\"generation\":\"".to_owned(),
            "\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}",
            "\"}",
        ),
    ] {
        let kind = if key.contains("revocations") { DocumentKind::Revocations } else { DocumentKind::Title };
        let document = filled(&before, item, after, SyncBatch::longest_document(kind));
        let change = format!("{{\"key\":\"{key}\",\"revision\":1,\"document\":{document}}}");
        let count = (SyncBatch::MAX_BYTES - 20) / (change.len() + 1);
        let body = format!("{{\"changes\":[{}]}}", vec![change.as_str(); count].join(","));
        let (bytes, taken) = held(&body);
        // An unreadable document takes more memory, the later its error is found.
        let refused = ["keys", "text", "claims", "dialects"].iter().any(|part| name.contains(part));
        let written = if refused { 0 } else { count };
        assert!(count >= 1 && taken == Some((written, count)), "{name}: {taken:?}");
        println!("{name}: {bytes} bytes");
        assert!(bytes <= MOST, "{name}: {bytes} bytes");
    }
}
