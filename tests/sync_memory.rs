//! The memory for reading a batch is at most eight times the greatest size of a batch, whatever it contains.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use allocation_counter::measure;
use stagedoor::catalog::{Campaigns, DocumentKind, ReceivedBatch, SyncBatch, SyncResult, WantedState};
use stagedoor::isolate::read_document;

/// The limit, out of the 128 MB of an isolate, beside its memories.
const MOST: usize = 8 * SyncBatch::MAX_BYTES;

/// The limit of a site's campaigns with their index, while they are read.
const MOST_OF_CAMPAIGNS: usize = 12 * Campaigns::MAX_BYTES;

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

/// Names of so many bytes, each another one.
fn names(bytes: u32) -> impl Iterator<Item = String> + Clone {
    const SIGNS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    (0..36_usize.pow(bytes)).map(move |number| {
        let sign = move |at: u32| char::from(SIGNS[number / 36_usize.pow(at) % 36]);
        (0..bytes).map(sign).collect()
    })
}

/// A site's campaigns of the greatest length. Each campaign has so many values of the list `member`.
fn campaigns(member: &str, values: usize, names: &mut dyn Iterator<Item = String>) -> String {
    let mut text = "{\"host\":\"a.example\",\"campaigns\":[".to_owned();
    for number in 0..Campaigns::MOST {
        let list: Vec<_> = names.take(values).map(|name| format!("\"{name}\"")).collect();
        let list = match member {
            "territories" => format!("\"territories\":{{\"allow\":[{}]}}", list.join(",")),
            _ => format!("\"{member}\":[{}]", list.join(",")),
        };
        let creatives = if member == "creatives" { "" } else { "\"creatives\":[\"a\"]," };
        let campaign = format!("{{\"id\":\"c{number}\",{creatives}{list}}}");
        if text.len() + campaign.len() + 3 > Campaigns::MAX_BYTES {
            break;
        }
        text.push_str(if number == 0 { "" } else { "," });
        text.push_str(&campaign);
    }
    text + "]}"
}

/// A site's campaigns with the longest lists: in a batch, and as an isolate reads them from KV and makes their index.
#[test]
fn campaigns_at_their_largest() {
    for (name, member, values, mut names) in [
        (
            "creatives of one byte",
            "creatives",
            100,
            Box::new(names(1).cycle()) as Box<dyn Iterator<Item = String>>,
        ),
        ("creatives", "creatives", 100, Box::new(names(4))),
        ("titles of one byte", "titles", 1_000, Box::new(names(1).cycle())),
        ("titles, each of one campaign", "titles", 1_000, Box::new(names(4))),
        ("titles, a few of each campaign", "titles", 40, Box::new(names(3).cycle())),
        ("genres", "genres", 100, Box::new(names(4))),
        ("plans", "plans", 100, Box::new(names(4))),
        (
            "languages",
            "languages",
            64,
            Box::new(["ar", "en-GB", "pt-BR"].map(str::to_owned).into_iter().cycle()),
        ),
        (
            "territories, each of one campaign",
            "territories",
            1_000,
            Box::new(["AE", "SA", "GB", "AE-DU"].map(str::to_owned).into_iter().cycle()),
        ),
        (
            "many territories",
            "territories",
            30,
            Box::new((0..).map(|n: u32| {
                ["AE", "SA", "GB-WLS", "US-CA", "FR"][(n.wrapping_mul(2_654_435_761) >> 16) as usize % 5]
                    .to_owned()
            })),
        ),
    ] {
        let document = campaigns(member, values, &mut names);
        let change = format!(
            "{{\"changes\":[{{\"key\":\"v1/campaigns/a.example\",\"revision\":1,\"document\":{document}}}]}}"
        );
        let (bytes, taken) = held(&change);
        assert_eq!(taken, Some((1, 1)), "{name}");
        let stored = document.replacen('{', "{\"revision\":1,", 1);
        let mut is_read = false;
        let read = measure(|| {
            is_read =
                read_document::<Campaigns>(stored.as_bytes()).is_ok_and(|(parsed, _)| parsed.found.is_some());
        });
        assert!(is_read, "{name}");
        println!(
            "{name}: {} bytes of JSON, {bytes} bytes in a batch, {} bytes in an isolate",
            document.len(),
            read.bytes_max
        );
        assert!(bytes <= MOST, "{name}: {bytes} bytes");
        assert!(
            usize::try_from(read.bytes_max).unwrap() <= MOST_OF_CAMPAIGNS,
            "{name}: {} bytes",
            read.bytes_max
        );
    }
}
