//! The documents of advertising: creatives and campaigns, by the API, as far as the edge.

use serde_json::{Value, json};
use stagedoor::catalog::{
    Campaigns, CreativeId, DocumentKey, DocumentKind, SyncBatch, UniversalAdId, WantedCreative, WantedFile,
    WantedSighting,
};
use stagedoor_origin::clock::UnixMillis;
use stagedoor_origin::store::Scope;

use crate::app::{Answer, ApiClient, FAST, TestApp, eventually, keys, site, title};
use crate::edge::FakeEdge;

fn creative(id: &str, name: &str, sites: &[&str]) -> Value {
    json!({
        "id": id, "sites": sites, "name": name,
        "kind": { "linear": { "media": format!("ads/{id}/"), "hls": "master.m3u8", "duration_ms": 20_000 } },
    })
}

fn campaigns(host: &str, list: &Value) -> Value {
    json!({ "host": host, "campaigns": list })
}

fn keys_of(page: &Answer) -> Vec<&str> {
    page.body["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn creatives_and_campaigns_are_documents_like_any_other() {
    let app = TestApp::start().await;
    let (one, list) = ("/creatives/plum", "/campaigns/watch.example.com");
    for (path, document) in [
        (one, creative("plum", "Plum, autumn", &["watch.example.com"])),
        (list, campaigns("watch.example.com", &json!([{ "id": "autumn", "creatives": ["plum"] }]))),
    ] {
        let would = app.api.put(&format!("{path}?dry_run=true"), &document).await;
        assert_eq!((would.status, &would.body["would"]), (200, &json!("create")), "{would:?}");
        assert_eq!(app.api.get(path).await.status, 404);
        let first = app.api.put(path, &document).await;
        assert_eq!((first.status, &first.body["document"]), (201, &document), "{first:?}");
        app.api.wait_for_state(path, "synced").await;
        assert!(app.edge.held(first.body["key"].as_str().unwrap()).is_some(), "the edge has no {path}");
        let mut changed = document.clone();
        match path == one {
            true => changed["name"] = json!("Plum, winter"),
            false => changed["campaigns"][0]["priority"] = json!(5),
        }
        let stale = app.api.request(reqwest::Method::PUT, path).header("if-none-match", "*");
        let stale = stale.header("content-type", "application/json").body(changed.to_string());
        assert_eq!(crate::app::send(stale).await.status, 412);
        assert_eq!(app.api.put(path, &changed).await.status, 200);
        let history = app.api.get(&format!("{path}/history")).await;
        let actions: Vec<_> =
            history.body["items"].as_array().unwrap().iter().map(|event| &event["action"]).collect();
        assert_eq!(actions, ["change", "create"], "{history:?}");
        let before = app.api.get(&format!("{path}?revision={}", first.revision())).await;
        assert_eq!(before.body["document"], document);
    }
    let deleted = app.api.delete(list).await;
    assert_eq!((deleted.status, &deleted.body["document"]), (200, &Value::Null), "{deleted:?}");
    assert_eq!(app.api.delete(one).await.status, 200);
    app.api.wait_for_state(one, "synced").await;
    assert_eq!(app.api.get(one).await.status, 404);
}

#[tokio::test]
async fn lists_of_creatives_are_searched_by_id_and_name_and_filtered_by_site() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    for (id, name, sites) in [
        ("plum", "Plum, autumn", &["a.example"][..]),
        ("pear", "Pear, AUTUMN", &["b.example"]),
        ("both", "House", &["a.example", "b.example"]),
    ] {
        assert_eq!(app.api.put(&format!("/creatives/{id}"), &creative(id, name, sites)).await.status, 201);
    }
    // A title of the same id is another document.
    app.api.put("/titles/plum", &title("plum", "Plum pudding")).await;
    for (query, expected) in [
        ("?limit=500", &["v1/creative/both", "v1/creative/pear", "v1/creative/plum"][..]),
        ("?q=autumn", &["v1/creative/pear", "v1/creative/plum"]),
        ("?q=pudding", &[]),
        ("?q=PLUM", &["v1/creative/plum"]),
        ("?site=a.example", &["v1/creative/both", "v1/creative/plum"]),
        ("?site=b.example&q=house&state=pending", &["v1/creative/both"]),
        ("?state=synced", &[]),
        ("?limit=1&after=both", &["v1/creative/pear"]),
    ] {
        let page = app.api.get(&format!("/creatives{query}")).await;
        assert_eq!(keys_of(&page), expected, "{query}: {page:?}");
    }
    assert_eq!(keys_of(&app.api.get("/titles?q=autumn").await), [""; 0]);
    app.api.put("/campaigns/a.example", &campaigns("a.example", &json!([]))).await;
    assert_eq!(keys_of(&app.api.get("/campaigns?q=a.ex").await), ["v1/campaigns/a.example"]);
    assert_eq!(app.api.get("/campaigns?site=a.example").await.status, 400);
}

#[tokio::test]
async fn a_tenant_writes_and_sees_creatives_and_campaigns_of_its_sites_only() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    let tenant = app.client("tenant", &Scope::new([], ["a.example".parse().unwrap()]).unwrap()).await;
    let seller = app.client("seller", &Scope::new([DocumentKind::Campaigns], []).unwrap()).await;
    assert_eq!(tenant.put("/creatives/own", &creative("own", "", &["a.example"])).await.status, 201);
    for sites in [&["b.example"][..], &["a.example", "b.example"]] {
        assert_eq!(
            tenant.put("/creatives/more", &creative("more", "", sites)).await.status,
            403,
            "{sites:?}"
        );
    }
    app.api.put("/creatives/shared", &creative("shared", "", &["a.example", "b.example"])).await;
    app.api.put("/creatives/theirs", &creative("theirs", "", &["b.example"])).await;
    for path in ["/creatives/shared", "/creatives/theirs"] {
        assert_eq!(tenant.get(path).await.status, 403, "{path}");
        assert_eq!(tenant.delete(path).await.status, 403, "{path}");
    }
    assert_eq!(keys_of(&tenant.get("/creatives").await), ["v1/creative/own"]);
    assert_eq!(tenant.get("/creatives?site=b.example").await.status, 403);
    for (path, host, expected) in
        [("/campaigns/a.example", "a.example", 201), ("/campaigns/b.example", "b.example", 403)]
    {
        assert_eq!(tenant.put(path, &campaigns(host, &json!([]))).await.status, expected, "{path}");
    }
    app.api.put("/campaigns/b.example", &campaigns("b.example", &json!([]))).await;
    assert_eq!(keys_of(&tenant.get("/campaigns").await), ["v1/campaigns/a.example"]);
    assert_eq!(tenant.get("/campaigns/b.example").await.status, 403);
    let events = tenant.get("/history").await;
    let seen: Vec<_> =
        events.body["items"].as_array().unwrap().iter().map(|event| event["key"].as_str().unwrap()).collect();
    assert_eq!(seen, ["v1/campaigns/a.example", "v1/creative/own"]);
    // A key for a kind.
    assert_eq!(keys_of(&seller.get("/campaigns").await).len(), 2);
    assert_eq!(seller.get("/creatives").await.status, 403);
}

#[tokio::test]
async fn the_id_of_an_ad_servers_creative_is_for_its_site_alone() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    let tenant = app.client("tenant", &Scope::new([], ["a.example".parse().unwrap()]).unwrap()).await;
    for (site, expected) in [("a.example", 201), ("b.example", 422)] {
        let id = CreativeId::of_ad_server(site, &["uaid", "ad-id.org", "PLUM1"]);
        let answer =
            tenant.put(&format!("/creatives/{id}"), &creative(id.as_str(), "", &["a.example"])).await;
        assert_eq!(answer.status, expected, "{answer:?}");
    }
}

#[tokio::test]
async fn what_others_need_is_deleted_by_force_only() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    app.api.put("/keys/watch-sessions", &keys("watch-sessions")).await;
    for id in ["plum", "slate", "idle"] {
        app.api.put(&format!("/creatives/{id}"), &creative(id, "", &["watch.example.com"])).await;
    }
    let mut own = site("watch.example.com");
    own["ads"] = json!({ "slate": "slate", "unfilled": "slate" });
    app.api.put("/sites/watch.example.com", &own).await;
    let list = json!([{ "id": "autumn", "creatives": ["plum"] }]);
    app.api.put("/campaigns/watch.example.com", &campaigns("watch.example.com", &list)).await;
    for (path, said, dependents) in [
        ("/creatives/plum", "one site has campaigns that name it", json!(["v1/campaigns/watch.example.com"])),
        ("/creatives/slate", "one site names it in its `ads`", json!(["v1/site/watch.example.com"])),
        (
            "/sites/watch.example.com",
            "3 creatives may be shown on it: `idle`, `plum`, `slate`; one document of campaigns belongs to it",
            json!([
                "v1/creative/idle",
                "v1/creative/plum",
                "v1/creative/slate",
                "v1/campaigns/watch.example.com"
            ]),
        ),
    ] {
        let refused = app.api.delete(path).await;
        assert_eq!((refused.status, &refused.body["dependents"]), (409, &dependents), "{refused:?}");
        assert!(refused.body["detail"].as_str().unwrap().contains(said), "{refused:?}");
    }
    assert_eq!(app.api.delete("/creatives/idle").await.status, 200);
    // Once nobody names it any more.
    app.api.put("/campaigns/watch.example.com", &campaigns("watch.example.com", &json!([]))).await;
    assert_eq!(app.api.delete("/creatives/plum").await.status, 200);
    let forced = app.api.delete("/creatives/slate?force=true").await;
    assert_eq!((forced.status, &forced.body["warnings"][0]["code"]), (200, &json!("in_use")), "{forced:?}");
}

#[tokio::test]
async fn ten_thousand_campaigns_are_one_document() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    let list: Vec<_> = (0..Campaigns::MOST)
        .map(|n| {
            json!({
                "id": format!("campaign-{n:05}"), "creatives": [format!("creative-{n:05}")], "priority": 5, "weight": 3,
                "window": { "from": "2026-12-01T00:00:00Z", "until": "2026-12-31T00:00:00Z" },
                "territories": { "allow": ["AE"] }, "titles": ["harbour"], "frequency": { "per_session": 2 },
            })
        })
        .collect();
    let document = campaigns("watch.example.com", &json!(list));
    let bytes = document.to_string().len();
    assert!(bytes > 2 * SyncBatch::MAX_DOCUMENT_BYTES && bytes <= Campaigns::MAX_BYTES, "{bytes} bytes");
    let put = app.api.put("/campaigns/watch.example.com", &document).await;
    assert_eq!(put.status, 201, "{}", put.body["detail"]);
    let key: DocumentKey = "v1/campaigns/watch.example.com".parse().unwrap();
    assert!(key.stored(1, &put.body["document"].to_string()).is_ok(), "an edge cannot read it");
    // Other kinds have their own limit.
    let long = creative("long", &"x".repeat(SyncBatch::MAX_DOCUMENT_BYTES), &["watch.example.com"]);
    let refused = app.api.put("/creatives/long", &long).await;
    assert_eq!((refused.status, &refused.body["type"]), (413, &json!("urn:stagedoor:problem:too-large")));
}

fn codes(answer: &Answer) -> Vec<(&str, &str)> {
    let warnings = answer.body["warnings"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    warnings
        .iter()
        .map(|warning| (warning["code"].as_str().unwrap(), warning["field"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn names_of_nothing_and_campaigns_that_nobody_sees_are_warned_of() {
    let app = TestApp::start_with(FakeEdge::down(), FAST, None).await;
    app.api.put("/keys/watch-sessions", &keys("watch-sessions")).await;
    app.api.put("/keys/https%3A%2F%2Fid.example.com%2F", &keys("https://id.example.com/")).await;
    let list = json!([{
        "id": "autumn", "creatives": ["plum", "other"], "titles": ["harbour", "night"],
        "territories": { "allow": ["group:gulf"] }, "window": { "until": "2020-01-01T00:00:00Z" },
    }, { "id": "off", "creatives": ["nothing"], "mode": "off" }]);
    let path = "/campaigns/watch.example.com";
    let put = app.api.put(path, &campaigns("watch.example.com", &list)).await;
    assert_eq!(codes(&put)[0], ("unknown_site", "host"), "{put:?}");
    app.api.put("/sites/watch.example.com", &site("watch.example.com")).await;
    for (id, host) in [("plums", "watch.example.com"), ("other", "b.example")] {
        app.api.put(&format!("/creatives/{id}"), &creative(id, "", &[host])).await;
    }
    app.api.put("/titles/harbour", &title("harbour", "")).await;
    let mut night = title("night", "");
    night["sites"] = json!(["b.example"]);
    app.api.put("/titles/night", &night).await;
    let found = app.api.get(path).await;
    assert_eq!(
        codes(&found),
        [
            ("no_ads", "host"),
            ("unknown_creative", "campaigns[0].creatives[0]"),
            ("creative_not_on_site", "campaigns[0].creatives[1]"),
            ("title_not_on_site", "campaigns[0].titles[1]"),
            ("flight_over", "campaigns[0].window.until"),
            ("unknown_group", "campaigns[0].territories.allow[0]"),
        ],
        "{found:?}"
    );
    let detail = found.body["warnings"][1]["detail"].as_str().unwrap();
    assert!(detail.contains("did you mean `plums`?"), "{detail}");

    let overlay = json!({ "non_linear": {
        "layout": "pause", "url": "https://a.example/x.png", "media_type": "image/png", "duration_ms": 8_000,
    } });
    app.api
        .put("/creatives/frame", &json!({ "id": "frame", "sites": ["watch.example.com"], "kind": overlay }))
        .await;
    let mut own = site("watch.example.com");
    own["ads"] = json!({
        "slate": "nothing", "bumper_in": "other", "bumper_out": "frame",
        "server": { "url": "https://ads.example.com/?a=[CACHEBUSTING]&b=[session.id]&c=[CACHEBUSTER]" },
    });
    let put = app.api.put("/sites/watch.example.com", &own).await;
    assert_eq!(
        codes(&put),
        [
            ("unknown_creative", "ads.slate"),
            ("creative_not_on_site", "ads.bumper_in"),
            ("creative_not_linear", "ads.bumper_out"),
            ("unknown_macro", "ads.server.url"),
        ],
        "{put:?}"
    );
    assert!(!codes(&app.api.get(path).await).iter().any(|(code, _)| *code == "no_ads"));
    let all = app.api.get("/warnings").await;
    assert!(keys_of(&all).contains(&"v1/campaigns/watch.example.com"), "{all:?}");
}

fn sighting(id: &str, times: u64) -> WantedSighting {
    WantedSighting {
        creative: WantedCreative {
            id: id.parse().unwrap(),
            universal_ad_ids: vec![UniversalAdId { registry: "ad-id.org".to_owned(), id: "PLUM".to_owned() }],
            file: Some(WantedFile {
                url: format!("https://ads.example/{id}.mp4"),
                media_type: "video/mp4".to_owned(),
                codec: None,
                width: None,
                height: Some(720),
                bitrate_kbps: None,
            }),
            duration_ms: Some(20_000),
        },
        times,
        first: UnixMillis::now().seconds(),
        last: UnixMillis::now().seconds(),
    }
}

#[tokio::test]
async fn creatives_that_nobody_has_conditioned_are_fetched_from_the_edge_and_listed_until_they_have_a_document()
 {
    let app = TestApp::start().await;
    let mut own = site("watch.example.com");
    own["ads"] = json!({ "server": { "url": "https://ads.example.com/vast" } });
    let mut other = own.clone();
    other["host"] = json!("b.example");
    app.edge.look(|memory| {
        let of = |site: &str, mark, id, times| (site.to_owned(), mark, sighting(id, times));
        memory.wanted = vec![
            of("watch.example.com", 1, "as-1", 4),
            of("watch.example.com", 2, "as-2", 1),
            of("watch.example.com", 3, "as-3", 2),
            of("b.example", 9, "as-1", 7),
            of("unasked.example", 1, "as-1", 1),
        ];
    });
    app.api.put("/sites/watch.example.com", &own).await;
    app.api.put("/sites/b.example", &other).await;
    app.api.put("/sites/unasked.example", &site("unasked.example")).await;
    let listed = async |client: &ApiClient, query: &str| -> Vec<String> {
        let page = client.get(&format!("/creatives/wanted{query}")).await;
        let items = page.body["items"].as_array().unwrap_or_else(|| panic!("{page:?}"));
        items
            .iter()
            .map(|item| format!("{}/{}", item["site"].as_str().unwrap(), item["id"].as_str().unwrap()))
            .collect()
    };
    let all =
        ["b.example/as-1", "watch.example.com/as-1", "watch.example.com/as-2", "watch.example.com/as-3"];
    eventually("all are listed", async || listed(&app.api, "").await == all).await;
    let page = app.api.get("/creatives/wanted?limit=2").await;
    assert_eq!(page.body["next"], "watch.example.com/as-1", "{page:?}");
    assert_eq!(page.body["items"][1]["times"], 4);
    assert_eq!(page.body["items"][1]["file"]["height"], 720);
    assert_eq!(listed(&app.api, "?limit=2&after=watch.example.com%2Fas-1").await, all[2..]);
    assert_eq!(listed(&app.api, "?site=b.example").await, ["b.example/as-1"]);
    // A creative of another site is still wanted here.
    app.api.put("/creatives/as-1", &creative("as-1", "", &["watch.example.com"])).await;
    assert_eq!(
        listed(&app.api, "").await,
        ["b.example/as-1", "watch.example.com/as-2", "watch.example.com/as-3"]
    );
    app.edge.look(|memory| memory.wanted.push(("watch.example.com".to_owned(), 10, sighting("as-2", 5))));
    eventually("the new count is known", async || {
        let page = app.api.get("/creatives/wanted?site=watch.example.com").await;
        page.body["items"][0]["times"] == 5
    })
    .await;
    let tenant = app.client("tenant", &Scope::new([], ["b.example".parse().unwrap()]).unwrap()).await;
    assert_eq!(listed(&tenant, "").await, ["b.example/as-1"]);
    assert_eq!(tenant.get("/creatives/wanted?site=watch.example.com").await.status, 403);
    let titles = app.client("titles", &Scope::new([DocumentKind::Title], []).unwrap()).await;
    assert_eq!(titles.get("/creatives/wanted").await.status, 403);
    for bad in ["?after=x", "?after=a.example%2FA", "?state=pending", "?limit=0"] {
        assert_eq!(app.api.get(&format!("/creatives/wanted{bad}")).await.status, 400, "{bad}");
    }
}
