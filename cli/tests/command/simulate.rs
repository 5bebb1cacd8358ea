//! `stagedoor simulate`.

use serde_json::{Value, json};

use crate::desk::Desk;

#[test]
fn simulate_shows_who_may_watch_what() {
    let desk = Desk::new();
    let mut site = desk.site();
    site["ads"] = json!({});
    desk.file("documents/site.json", &site);
    desk.file(
        "documents/harbour.json",
        &json!({
            "id": "harbour", "sites": ["watch.example.com"], "offers": [
                { "id": "gulf", "territories": { "allow": ["AE"] }, "model": "avod",
                  "caps": { "max_height": 360, "audio": ["ar", "en"] } },
                { "id": "tv", "territories": { "allow": ["AE"] }, "plans": ["gold"], "devices": ["tv"],
                  "window": { "until": "2026-11-22T19:00:00Z" } },
            ],
        }),
    );
    let simulate = |more: &[&str]| {
        let common = ["simulate", "--documents", "documents", "--site", "watch.example.com"];
        let output = desk.run(&[&common, more].concat(), "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let at = ["--at", "2026-11-22T18:00:00Z,1795374000", "--devices", "tv,mobile"];
    let table = simulate(&[&["--title", "harbour"], &at[..]].concat());
    let caps = "gulf 360p audio=ar|en ads:guided";
    let expected = format!(
        "\
harbour on watch.example.com, 2026-11-22T18:00:00Z

place  device  no plan
AE     tv      {caps}
AE     mobile  {caps}
XX     tv      - geography_unknown
XX     mobile  - geography_unknown

place  device  gold
AE     tv      tv
AE     mobile  {caps}
XX     tv      - geography_unknown
XX     mobile  - geography_unknown

harbour on watch.example.com, 2026-11-22T19:00:00Z

place  device  no plan
AE     tv      {caps}
AE     mobile  {caps}
XX     tv      - geography_unknown
XX     mobile  - geography_unknown

place  device  gold
AE     tv      {caps}
AE     mobile  {caps}
XX     tv      - geography_unknown
XX     mobile  - geography_unknown

A cell is the offer with its limits, or `-` and the reason of the refusal.
XX is an unknown place.
"
    );
    assert_eq!(table, expected);
    let one =
        ["--countries", "AE,GB", "--plans", "basic+gold", "--devices", "tv", "--at", "2026-11-22T18:00:00Z"];
    let csv = simulate(&[&["--all", "--format", "csv"], &one[..]].concat());
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1].starts_with(
        "harbour,2026-11-22T18:00:00Z,AE,,none,tv,unknown,basic+gold,permit,tv,,,,,2026-11-22T19:00:00Z,"
    ));
    assert!(lines[2].contains(",denial,,,,,,,territory,\"none of the 2 offers"), "{}", lines[2]);
    let json = desk.json(
        0,
        &[&["simulate", "--documents", "documents", "--site", "watch.example.com", "--all"], &one[..]]
            .concat(),
    );
    assert_eq!(
        json["decisions"][0],
        json!({ "title": "harbour", "at": "2026-11-22T18:00:00Z", "place": "AE", "decided_at": null, "entitlements": [],
            "device": "tv", "age": null, "plans": ["basic", "gold"], "outcome": "permit", "offer": "tv", "caps": {},
            "until": "2026-11-22T19:00:00Z", "rehearsed": [] })
    );
    assert_eq!(json["decisions"][1]["reason"], "territory");
    let one =
        simulate(&["--all", "--format", "csv", "--countries", "AE", "--plans", "none", "--at", "1795370400"]);
    let expected = "none,permit,gulf,audio=ar|en max_height=360,guided,,,,,,";
    assert!(one.lines().nth(1).unwrap().ends_with(expected), "{one}");
    let misuse = |more: &[&str]| {
        let common = ["simulate", "--documents", "documents", "--site", "watch.example.com", "--all"];
        desk.misuse(&[&common, more].concat())
    };
    let table: [(&[&str], &str); 5] = [
        (&["--ages", "x"], "--ages, found `x`"),
        (&["--countries", "AE,UK"], "found `UK`; the United Kingdom is GB"),
        (&["--countries", "continent:XX"], "--countries: expected a territory such as AE"),
        (&["--countries", "usa"], "--countries: expected a place such as AE"),
        (&["--at", "soon"], "--at: "),
    ];
    for (more, expected) in table {
        let misuse = misuse(more);
        assert!(misuse.contains(expected), "{misuse}");
    }
    let both = [
        "--json",
        "simulate",
        "--documents",
        "documents",
        "--site",
        "watch.example.com",
        "--all",
        "--format",
        "csv",
    ];
    let output = desk.run(&both, "");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &said["error"]["kind"]), (Some(2), &json!("misuse")));
}

/// A title that names the world, a continent, two groups and a country in one of them.
fn named_territories(desk: &Desk) {
    let mut site = desk.site();
    site["geography"] = json!({ "groups": { "isles": ["IE", "dma:501"], "gulf": ["AE", "SA"] } });
    desk.file("documents/site.json", &site);
    desk.file(
        "documents/many.json",
        &json!({
            "id": "many", "sites": ["watch.example.com"],
            "offers": [
                { "id": "world", "territories": { "allow": ["*"], "deny": ["continent:AF", "US-CA"] }, "plans": ["gold"] },
                { "id": "near", "territories": { "allow": ["group:gulf", "group:none"], "deny": ["SA"] } },
            ],
            "blackouts": [{ "id": "b", "territories": { "allow": ["group:isles"] }, "action": "deny" }],
        }),
    );
}

#[test]
fn territories_keep_their_names() {
    let desk = Desk::new();
    named_territories(&desk);
    let common =
        ["simulate", "--documents", "documents", "--site", "watch.example.com", "--at", "1795370400"];
    let output = desk.run(&[&common[..], &["--title", "many"]].concat(), "");
    let expected = "\
many on watch.example.com, 2026-11-22T18:00:00Z

place         no plan              gold
US-CA         - territory          - territory
SA            - plan               world
group:gulf    near                 world
group:isles   - blackout           - blackout
continent:AF  - territory          - territory
*             - plan               world
XX            - geography_unknown  - geography_unknown

A cell is the offer with its limits, or `-` and the reason of the refusal.
XX is an unknown place.
* is everywhere else, 189 places.
continent:AF is AO, BF, BI, BJ, BW, CD and 52 more.
group:gulf is AE.
group:isles is IE, dma:501.
group:none is not defined by the site: nobody is in it.
";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    // A row whose places have different outcomes is split.
    let split = [&common[..], &["--title", "many", "--countries", "*,GB", "--plans", "gold"]].concat();
    let json = desk.json(0, &split);
    let rows: Vec<_> = json["decisions"].as_array().unwrap().iter().collect();
    let found: Vec<_> = rows
        .iter()
        .map(|row| {
            let places = row["decided_at"]
                .as_array()
                .map(|places| places.iter().map(|place| place.as_str().unwrap()).collect::<Vec<_>>());
            let of = |place: &str| places.as_ref().is_some_and(|places| places.contains(&place));
            (
                row["place"].as_str().unwrap(),
                row["outcome"].as_str().unwrap(),
                of("FR"),
                of("EG"),
                of("IE"),
                of("GB"),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("*", "permit", true, false, false, false),
            ("*", "denial", false, true, false, false),
            ("*", "denial", false, false, true, false),
            ("GB", "permit", false, false, false, false),
        ]
    );
    let table = String::from_utf8(desk.run(&split, "").stdout).unwrap();
    assert!(table.lines().any(|line| line.starts_with("*: IE ") && line.ends_with("- blackout")), "{table}");
}

#[test]
fn tables_fit_a_terminal() {
    let desk = Desk::new();
    let plans: Vec<_> = (0..12).map(|number| format!("a-plan-with-a-long-name-{number}")).collect();
    let offers: Vec<_> = plans
        .iter()
        .map(|plan| {
            json!({ "id": format!("offer-of-{plan}"), "territories": { "allow": ["AE"] }, "plans": [plan],
            "caps": { "max_height": 720, "audio": ["ar", "en", "fr", "de", "es"], "subtitles": ["ar", "en", "fr", "de", "es"] } })
        })
        .collect();
    desk.file(
        "documents/harbour.json",
        &json!({ "id": "harbour", "sites": ["watch.example.com"], "offers": offers }),
    );
    let common =
        ["simulate", "--documents", "documents", "--site", "watch.example.com", "--title", "harbour"];
    let output = desk.run(&[&common[..], &["--devices", "tv,mobile", "--ages", "12,18"]].concat(), "");
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    for plan in plans {
        assert!(
            table.lines().any(|line| line.starts_with("place") && line.contains(&plan)),
            "{plan}: {table}"
        );
    }
}

#[test]
fn simulates_an_exported_folder() {
    let desk = Desk::new();
    let read = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(desk.path(&format!("documents/{name}.json"))).unwrap()).unwrap()
    };
    let (site, title, mut keys) = (read("site"), read("harbour"), read("session-keys"));
    keys["keys"][0]["k"] = json!("[redacted]");
    std::fs::create_dir_all(desk.path("exported/titles")).unwrap();
    desk.file(
        "exported/site.json",
        &json!({ "key": "v1/site/watch.example.com", "revision": 4, "document": site }),
    );
    desk.file(
        "exported/titles/harbour.json",
        &json!({ "key": "v1/title/harbour", "revision": 8, "document": title }),
    );
    desk.file("exported/keys.json", &keys);
    let common = ["simulate", "--site", "watch.example.com", "--all", "--at", "1795370400", "--documents"];
    let decided = desk.json(0, &[&common[..], &["documents"]].concat());
    assert_eq!(desk.json(0, &[&common[..], &["exported"]].concat()), decided);
    assert_eq!(decided["decisions"][0]["outcome"], "permit");
    desk.file(
        "exported/titles/harbour.json",
        &json!({ "key": "v1/title/other", "revision": 8, "document": title }),
    );
    let said = desk.misuse(&[&common[..], &["exported"]].concat());
    assert!(
        said.contains(
            "expected the document of v1/title/other, as `key` says, found that of v1/title/harbour"
        ),
        "{said}"
    );
}
