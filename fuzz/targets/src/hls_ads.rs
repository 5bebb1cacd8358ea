//! No playlist with breaks panics. All its lines stay in their order, with lines of ours between, and they are the same each time.
//! No pod makes an asset list that a player could misread.

use std::sync::LazyLock;

use serde_json::Value;
use stagedoor::ads::address::Seal;
use stagedoor::ads::{ListRequest, Opening, Plan, Pod};
use stagedoor::catalog::{AdPolicy, Caps, Host, KeySet, SigningStyle, TitleId};
use stagedoor::hls::{Edits, asset_list, compile};

static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let key = serde_json::json!({ "kid": "a", "kty": "oct", "alg": "HS256", "k": "A".repeat(43) });
    serde_json::from_value(serde_json::json!({ "issuer": "s", "keys": [key] })).unwrap()
});

/// The policies of sites.
static POLICIES: LazyLock<[AdPolicy; 2]> = LazyLock::new(|| {
    let policy = serde_json::json!({
        "breaks": {
            "pre_roll": { "longest_s": 30 }, "mid_rolls": { "every_s": 10, "longest_s": 60 }, "post_roll": { "longest_s": 30 },
        },
        "insertion": {
            "restrict": ["skip", "jump"], "occupies_range": true, "primary_style": true, "preload_s": 20,
            "skip": { "offset_s": 5, "label": "skip-ad" },
        },
    });
    [AdPolicy::default(), serde_json::from_value(policy).unwrap()]
});

/// Takes one input: a playlist, with the number of the policy and a rewind window; the same bytes are also read as a pod.
pub fn run((settings, rewind_s, bytes): (u8, u8, &[u8])) {
    let (host, title): (Host, TitleId) = ("watch.example.com".parse().unwrap(), "harbour".parse().unwrap());
    let policy = &POLICIES[usize::from(settings % 2)];
    let plan = Plan::of(policy, None, None, Seal { keys: &KEYS, host: &host, title: &title });
    let caps = Caps { rewind_s: (settings & 4 != 0).then_some(rewind_s.into()), ..Caps::default() };
    let edits = Edits { ads: Some(&plan), delta_updates: settings & 8 != 0, ..Edits::within(&caps) };
    if let Ok(template) = compile(bytes, None, &edits) {
        let written = template.render("");
        assert_eq!(compile(bytes, None, &edits).unwrap().render(""), written);
        if settings & 12 == 0 && !contains(bytes, b"CAN-SKIP-UNTIL") {
            only_adds(bytes, &written);
        }
    }
    if let Ok(pod) = serde_json::from_slice::<Pod>(bytes) {
        lists(&pod, &title);
    }
}

/// Every line stays, and each added line is a date range of ours, or the date of the first segment.
fn only_adds(before: &[u8], after: &[u8]) {
    let mut rest = before.split_inclusive(|byte| *byte == b'\n').peekable();
    for line in after.split_inclusive(|byte| *byte == b'\n') {
        if rest.next_if(|next| *next == line).is_none() {
            let is_ours = line.starts_with(b"#EXT-X-DATERANGE:ID=\"sd-")
                || line.starts_with(b"#EXT-X-PROGRAM-DATE-TIME:2000-01-01T00:00:00.000Z");
            assert!(is_ours, "{}", String::from_utf8_lossy(line));
            assert!(!contains(line, b"{$"));
        }
    }
    assert!(rest.next().is_none());
}

fn lists(pod: &Pod, title: &TitleId) {
    let opening: Opening = serde_json::from_value(serde_json::json!({
        "id": pod.break_id, "place": "mid_roll", "start_ms": 1_000, "planned_ms": 60_000,
    }))
    .unwrap();
    let request = ListRequest {
        authority: "https://watch.example.com",
        title,
        folder: "hls/",
        token: "S",
        signing: SigningStyle::Path,
    };
    let list: Value = serde_json::from_slice(&asset_list(&opening, pod, None, &request).unwrap()).unwrap();
    for asset in list["ASSETS"].as_array().unwrap() {
        let uri = asset["URI"].as_str().unwrap();
        assert!(url::Url::parse(uri).is_ok(), "{uri}");
        assert!(asset["DURATION"].as_f64().unwrap() >= 0.0);
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
