//! Decisions on the pods of breaks, through the steps of a life: what ad servers, the log and the origin are told beside the list.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "other tests use more of it")]
mod support;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stagedoor::ads::AdEvent;
use stagedoor::facts::{Facts, Geography, Headers};
use stagedoor::life::{Ended, Note};
use stagedoor::redacted::Redacted;
use stagedoor::reply::Reply;
use stagedoor::time::UnixTime;
use support::edge::{Edge, Isolate, Scripted, Stores};
use support::mint;

const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);

/// The pre-roll of `harbour`, without the extension of a list.
const PRE: &str =
    "_stagedoor/break/eyJpZCI6InByZSIsInBsYWNlIjoicHJlX3JvbGwiLCJwbGFubmVkX21zIjozMDAwMH0.YpP-JK83v0uuovpv";

/// The URL that the ad server of [`World::new`] is asked for the pre-roll.
const ASKED: &str = "https://ads.example.com/vast";

/// A viewer in a session of `harbour`, on an edge with these documents.
struct World {
    documents: BTreeMap<String, Value>,
    upstream: BTreeMap<String, Scripted>,
    stores: Stores,
    isolate: Isolate,
    session: String,
    now: UnixTime,
}

impl World {
    /// An edge whose site has these settings of ads, with further documents, and replies by their URLs.
    fn new(ads: &Value, documents: &[(&str, Value)], upstream: &[(&str, &str)]) -> Self {
        let base: Value = serde_json::from_str(include_str!("flows/base.json")).unwrap();
        let mut site = base["documents"]["v1/site/watch.example.com"].clone();
        site["ads"] = ads.clone();
        let title = json!({
            "revision": 1, "id": "harbour", "sites": ["watch.example.com"], "manifest": "master.m3u8",
            "ads": { "pre_roll": { "longest_s": 30 } },
            "offers": [{ "id": "free", "territories": { "allow": ["*"] }, "ads": "guided" }],
        });
        let keys = ["v1/keys/https://id.example.com/", "v1/keys/watch-sessions"];
        let mut all: BTreeMap<_, _> =
            keys.iter().map(|key| ((*key).to_owned(), base["documents"][key].clone())).collect();
        all.insert("v1/site/watch.example.com".to_owned(), site);
        all.insert("v1/title/harbour".to_owned(), title);
        all.extend(documents.iter().map(|(key, document)| ((*key).to_owned(), document.clone())));
        let master = "https://media.example.com/vod/harbour/master.m3u8";
        let mut replies: BTreeMap<_, Scripted> = BTreeMap::new();
        replies.insert(master.to_owned(), serde_json::from_value(base["upstream"][master].clone()).unwrap());
        replies.extend(upstream.iter().map(|(url, body)| ((*url).to_owned(), Scripted::from(*body))));
        let keys = serde_json::from_value(base["private_keys"].clone()).unwrap();
        let wanted = serde_json::from_value(json!({ "key": "h1" })).unwrap();
        let claims = json!({
            "iss": "https://id.example.com/", "aud": "watch", "sub": "viewer-1", "exp": NOW.as_secs() + 3_600,
        });
        let token = mint::mint(&wanted, claims.as_object().unwrap(), &keys);
        let mut world = Self {
            documents: all,
            upstream: replies,
            stores: Stores::default(),
            isolate: Isolate::default(),
            session: String::new(),
            now: NOW,
        };
        let (_, entered) = world.get("/harbour/master.m3u8", &format!("token={token}"), &[]);
        let at = entered.find("/~").unwrap();
        entered[at..at + 102].clone_into(&mut world.session);
        world
    }

    fn live(&self, path: &str, query: &str, headers: &[(&str, &str)]) -> Ended<Reply> {
        let all =
            headers.iter().map(|(name, value)| ((*name).to_owned(), Redacted::new((*value).to_owned())));
        let facts = Facts {
            host: "watch.example.com".to_owned(),
            path: path.to_owned(),
            query: Redacted::new(query.to_owned()),
            headers: Headers { all: all.collect(), ..Headers::default() },
            geography: Geography::in_country_of_cloudflare("AE"),
            ..Facts::default()
        };
        Edge::new(&self.documents, self.upstream.clone(), &self.stores, &self.isolate).live(&facts, self.now)
    }

    fn get(&self, path: &str, query: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let reply = self.live(path, query, headers).reply;
        (reply.status, String::from_utf8(reply.body).unwrap())
    }

    /// A resource of the title, below the session.
    fn below(&self, resource: &str) -> (u16, String) {
        self.get(&format!("{}/harbour/{resource}", self.session), "", &[])
    }
}

fn creative(id: &str, linear: &Value) -> (String, Value) {
    let mut media = json!({ "media": format!("ads/{id}/"), "duration_ms": 10_000 });
    media.as_object_mut().unwrap().extend(linear.as_object().unwrap().clone());
    let document =
        json!({ "revision": 1, "id": id, "sites": ["watch.example.com"], "kind": { "linear": media } });
    (format!("v1/creative/{id}"), document)
}

fn house(creatives: &[&str]) -> (&'static str, Value) {
    let campaigns: Vec<_> =
        creatives.iter().map(|id| json!({ "id": format!("of-{id}"), "creatives": [id] })).collect();
    let document = json!({ "revision": 1, "host": "watch.example.com", "campaigns": campaigns });
    ("v1/campaigns/watch.example.com", document)
}

#[test]
fn a_break_is_decided_for_each_format() {
    let (hls, dash) = (
        creative("plum", &json!({ "hls": "master.m3u8" })),
        creative("peach", &json!({ "dash": "main.mpd" })),
    );
    let documents = [(&*hls.0, hls.1.clone()), (&*dash.0, dash.1.clone()), house(&["plum", "peach"])];
    let world = World::new(&json!({}), &documents, &[]);
    for _ in 0..2 {
        let (status, list) = world.below(&format!("{PRE}.json"));
        assert!(status == 200 && list.contains("/plum/") && !list.contains("/peach/"), "{list}");
        let (status, list) = world.below(&format!("{PRE}.mpd"));
        assert!(status == 200 && list.contains("/peach/") && !list.contains("/plum/"), "{list}");
    }
}

#[test]
fn made_up_places_of_an_ad_take_no_room_among_templates() {
    let plum = creative("plum", &json!({ "hls": "master.m3u8", "dash": "main.mpd" }));
    let media = "https://media.example.com/vod/ads/plum/";
    let (master, mpd) = (format!("{media}master.m3u8"), format!("{media}main.mpd"));
    let replies = [
        (&*master, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000\nv/360.m3u8\n"),
        (
            &*mpd,
            "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><BaseURL>https://media.example.com/vod/ads/plum/v/</BaseURL></MPD>",
        ),
    ];
    let world = World::new(&json!({}), &[(&*plum.0, plum.1.clone())], &replies);
    let place = |number: usize| format!("_stagedoor/ad/made-up-{number}/{number}/plum/");
    let templates = || world.isolate.templates.borrow().len();
    let known = templates();
    for number in 0..20 {
        let (status, playlist) = world.below(&format!("{}master.m3u8", place(number)));
        assert!(status == 200 && playlist.contains("v/360.m3u8"), "{playlist}");
    }
    assert_eq!((templates(), world.isolate.hits.get()), (known + 1, 19));
    // A template that names the folder is made for this folder alone.
    for number in [1, 2, 2] {
        let path = format!("/harbour/{}main.mpd", place(number));
        let (status, mpd) = world.get(&path, &format!("sd_session={}", &world.session[2..]), &[]);
        assert!(status == 200 && mpd.contains(&place(number)), "{mpd}");
    }
    assert_eq!((templates(), world.isolate.hits.get()), (known + 2, 20));
}

#[test]
fn a_creative_that_nobody_has_conditioned_is_reported_with_what_it_is_made_of() {
    let vast = r#"<VAST version="4.2"><Ad id="one"><InLine><Creatives><Creative>
        <UniversalAdId idRegistry="ad-id.org">PLUM1</UniversalAdId><Linear><Duration>00:00:10</Duration><MediaFiles>
        <MediaFile type="video/mp4" width="1280" height="720" bitrate="2500" codec="avc1.64001f">https://cdn.example.net/one.mp4</MediaFile>
        </MediaFiles></Linear></Creative></Creatives></InLine></Ad></VAST>"#;
    let world = World::new(&json!({ "server": { "url": ASKED } }), &[], &[(ASKED, vast)]);
    assert_eq!(world.below(&format!("{PRE}.json")).0, 404);
    let wanted = serde_json::to_value(&*world.stores.wanted.borrow()).unwrap();
    assert_eq!(
        wanted[0]["file"],
        json!({
            "url": "https://cdn.example.net/one.mp4", "media_type": "video/mp4", "codec": "avc1.64001f",
            "width": 1280, "height": 720, "bitrate_kbps": 2500,
        })
    );
    assert_eq!(wanted[0]["duration_ms"], 10_000);
}

#[test]
fn no_credential_of_the_viewer_goes_to_an_ad_server() {
    let template = "https://ads.example.com/vast?p=[PAGEURL]&t=[player_params.token]&s=[player_params.sd_session]&ok=[player_params.section]";
    let server =
        json!({ "server": { "url": template, "player_params": ["token", "sd_session", "section"] } });
    let plum = creative("plum", &json!({ "hls": "master.m3u8" }));
    let vast = r#"<VAST version="4.2"><Ad id="one"><InLine><Creatives><Creative><Linear><Duration>00:00:10</Duration><MediaFiles>
        <MediaFile type="application/x-mpegurl">https://direct.example.net/one.m3u8</MediaFile>
        </MediaFiles></Linear></Creative></Creatives></InLine></Ad></VAST>"#;
    let mut server = server;
    server["direct"] = json!(["direct.example.net"]);
    let asked = "https://ads.example.com/vast?p=https%3A%2F%2Fwatch.example.com%2F&t=&s=&ok=sport";
    let world = World::new(&server, &[(&*plum.0, plum.1.clone())], &[(asked, vast)]);
    let path = format!("{}/harbour/{PRE}.json", world.session);
    let referer = format!("https://watch.example.com{}/harbour/master.m3u8", world.session);
    let (status, list) = world.get(&path, "token=T&sd_session=S&section=sport", &[("referer", &referer)]);
    // A query has the session instead of the path, so this one is refused: it names another session.
    assert_ne!(status, 200, "{list}");
    let (status, list) = world.get(&path, "token=T&section=sport", &[("referer", &referer)]);
    assert!(status == 200 && list.contains("direct.example.net/one.m3u8"), "{status} {list}");
}

#[test]
fn isolates_share_the_pods_that_any_ad_server_has_a_part_in_for_as_long_as_they_hold() {
    let one = vast(&[ad("one", None, 20)]);
    let pre_roll = json!({ "longest_s": 30 });
    let named = json!({ "pre_roll": pre_roll, "vast": ASKED });
    let direct = json!(["direct.example.net"]);
    for (settings, own) in [
        (json!({ "server": { "url": ASKED } }), json!({ "pre_roll": pre_roll })),
        (json!({}), named.clone()),
        (json!({ "breaks": named }), Value::Null),
    ] {
        let mut settings = settings;
        settings["direct"] = direct.clone();
        let mut title = json!({
            "revision": 1, "id": "harbour", "sites": ["watch.example.com"], "manifest": "master.m3u8",
            "offers": [{ "id": "free", "territories": { "allow": ["*"] }, "ads": "guided" }],
        });
        if !own.is_null() {
            title["ads"] = own;
        }
        let mut world = World::new(&settings, &[("v1/title/harbour", title)], &[(ASKED, &one)]);
        let list = world.below(&format!("{PRE}.json"));
        assert!(list.0 == 200 && list.1.contains("/one.m3u8"), "{settings}: {list:?}");
        // In another isolate, for which the ad server has nothing.
        world.upstream.remove(ASKED);
        world.isolate = Isolate::default();
        world.now = UnixTime::from_secs(NOW.as_secs() + 29 * 60);
        assert_eq!(world.below(&format!("{PRE}.json")), list, "{settings}");
        // There it holds no longer than where it was decided.
        world.now = UnixTime::from_secs(NOW.as_secs() + 31 * 60);
        let later = world.below(&format!("{PRE}.json"));
        assert!(!later.1.contains("/one.m3u8"), "{settings}: {later:?}");
    }
    let plum = creative("plum", &json!({ "hls": "master.m3u8" }));
    let world = World::new(&json!({}), &[(&*plum.0, plum.1.clone()), house(&["plum"])], &[]);
    assert_eq!(world.below(&format!("{PRE}.json")).0, 200);
    assert!(world.stores.pods.borrow().is_empty(), "campaigns choose alike everywhere");
}

/// The break of `harbour` at 20 s, without the extension of a list.
const MID: &str = "_stagedoor/break/eyJpZCI6Im1pZC0yMDAwMCIsInBsYWNlIjoibWlkX3JvbGwiLCJzdGFydF9tcyI6MjAwMDAsInBsYW5uZWRfbXMiOjMwMDAwfQ.zgOZnczX1INoWNPJ";

#[test]
fn isolates_share_that_a_decision_ahead_has_brought_nothing_and_the_viewer_s_own_request_decides_anew() {
    let settings = json!({
        "server": { "url": "https://ads.example.com/vast?s=[SERVERSIDE]", "prefetch_s": 50 },
        "direct": ["direct.example.net"],
    });
    let title = json!({
        "revision": 1, "id": "harbour", "sites": ["watch.example.com"], "manifest": "master.m3u8",
        "ads": { "mid_rolls": { "at_s": [20], "longest_s": 30 } },
        "offers": [{ "id": "free", "territories": { "allow": ["*"] }, "ads": "guided" }],
    });
    let segments: String = (0..4).map(|number| format!("#EXTINF:10,\n{number}.ts\n")).collect();
    let playlist = format!(
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:10\n#EXT-X-PLAYLIST-TYPE:VOD\n{segments}#EXT-X-ENDLIST\n"
    );
    let late = vast(&[ad("late", None, 20)]);
    let replies = [
        ("https://media.example.com/vod/harbour/a.m3u8", &*playlist),
        ("https://ads.example.com/vast?s=1", &*late),
        ("https://ads.example.com/vast?s=2", "<VAST version=\"4.2\"/>"),
    ];
    let mut world = World::new(&settings, &[("v1/title/harbour", title)], &replies);
    assert!(world.below("a.m3u8").1.contains(MID));
    assert_eq!(world.stores.pods.borrow().len(), 1);
    // In another isolate, the ad server would have an ad ahead by now.
    let early = vast(&[ad("early", None, 20)]);
    world.upstream.insert("https://ads.example.com/vast?s=2".to_owned(), Scripted::from(&*early));
    world.isolate = Isolate::default();
    world.now = UnixTime::from_secs(NOW.as_secs() + 30);
    assert_eq!(world.below("a.m3u8").0, 200);
    world.now = UnixTime::from_secs(NOW.as_secs() + 33);
    let list = world.below(&format!("{MID}.json"));
    assert!(list.0 == 200 && list.1.contains("/late.m3u8"), "{list:?}");
}

/// A title's multivariant playlist with pictures of 720 lines in H.264.
const MASTER: (&str, &str) = (
    "https://media.example.com/vod/harbour/master.m3u8",
    "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=1280x720,CODECS=\"avc1.64001f,mp4a.40.2\"\nv/720.m3u8\n",
);

#[test]
fn campaigns_are_shown_if_their_creatives_are_of_the_content_s_codecs_and_heights() {
    let creatives = [
        creative("hevc", &json!({ "hls": "m.m3u8", "codecs": ["hvc1.1.6.L93", "mp4a.40.2"] })),
        creative("tall", &json!({ "hls": "m.m3u8", "codecs": ["avc1.640028"], "heights": [1080, 2160] })),
        creative("plum", &json!({ "hls": "m.m3u8", "codecs": ["avc1.4d401f"], "heights": [360, 720, 1080] })),
    ];
    let mut documents: Vec<_> = creatives.iter().map(|(key, document)| (&**key, document.clone())).collect();
    documents.push(house(&["hevc", "tall", "plum"]));
    for (replies, shown) in [
        (vec![MASTER], vec!["plum"]),
        // A playlist that states no codecs, and pictures of 1080 lines.
        (vec![], vec!["hevc", "plum", "tall"]),
    ] {
        let world = World::new(&json!({}), &documents, &replies);
        let (status, list) = world.below(&format!("{PRE}.json"));
        assert_eq!(status, 200, "{list}");
        for id in ["hevc", "plum", "tall"] {
            assert_eq!(list.contains(&format!("/{id}/m.m3u8")), shown.contains(&id), "{id}: {list}");
        }
    }
}

/// An ad of so many seconds, with a universal ad id of its own name.
fn ad(id: &str, sequence: Option<u32>, seconds: u32) -> String {
    let sequence = sequence.map_or_else(String::new, |sequence| format!(" sequence=\"{sequence}\""));
    format!(
        "<Ad id=\"{id}\"{sequence}><InLine><Error>https://ads.example.com/error?a={id}&amp;c=[ERRORCODE]</Error>\
         <Impression>https://ads.example.com/shown?a={id}&amp;n=[CACHEBUSTING]&amp;t=[TIMESTAMP]&amp;p=[PODSEQUENCE]</Impression>\
         <Creatives><Creative><Linear><Duration>00:00:{seconds:02}</Duration><MediaFiles>\
         <MediaFile type=\"application/x-mpegurl\" codec=\"{}\">https://direct.example.net/{id}.m3u8</MediaFile>\
         <MediaFile type=\"application/dash+xml\">https://direct.example.net/{id}.mpd</MediaFile>\
         </MediaFiles></Linear></Creative></Creatives></InLine></Ad>",
        if id.starts_with("hevc") { "hvc1.1.6.L93" } else { "avc1.64001f" }
    )
}

fn vast(ads: &[String]) -> String {
    format!("<VAST version=\"4.2\">{}</VAST>", ads.concat())
}

/// The error URLs that were requested: the ad and the code.
fn told(world: &World) -> Vec<String> {
    let told = world.stores.told.borrow();
    told.iter().map(|url| url.replace("https://ads.example.com/error?a=", "").replace("&c=", " ")).collect()
}

#[test]
fn ad_servers_are_told_which_of_their_ads_are_left_out() {
    let settings = json!({ "server": { "url": ASKED }, "direct": ["direct.example.net"] });
    let pod = vast(&[
        ad("first", Some(1), 20),
        ad("longer-than-the-break", Some(2), 40),
        ad("no-time-left", Some(3), 15),
        ad("hevc", Some(4), 5),
        ad("spare", None, 8),
        ad("other-spare", None, 30),
    ]);
    let world = World::new(&settings, &[], &[(ASKED, &pod), MASTER]);
    let ended = world.live(&format!("{}/harbour/{PRE}.json", world.session), "", &[]);
    let list = String::from_utf8(ended.reply.body).unwrap();
    assert!(list.contains("/first.m3u8") && list.contains("/spare.m3u8"), "{list}");
    assert_eq!(told(&world), ["longer-than-the-break 202", "no-time-left 206", "hevc 403"]);
    let [Note::Ads(decision)] = &*ended.learned.notes else { panic!("{:?}", ended.learned.notes) };
    let left = decision.events.iter().filter(|happened| happened.event == AdEvent::AdLeftOut);
    let left: Vec<_> = left.map(|happened| (happened.ad.as_deref().unwrap(), &*happened.detail)).collect();
    assert_eq!(left[0], ("longer-than-the-break", "longer than the 10000 ms that are left"));
    assert_eq!(left[2], ("hevc", "the codec hvc1.1.6.L93, which the content does not use"));
}

#[test]
fn the_most_ads_and_the_shortest_pod_are_reasons_too() {
    let two = vast(&[ad("one", Some(1), 5), ad("two", Some(2), 5)]);
    for (settings, expected) in [
        (json!({ "most_ads": 1 }), vec!["two 206"]),
        (json!({ "shortest_s": 12 }), vec!["one 206", "two 206"]),
    ] {
        let mut settings = settings;
        settings["server"] = json!({ "url": ASKED });
        settings["direct"] = json!(["direct.example.net"]);
        let world = World::new(&settings, &[], &[(ASKED, &two)]);
        world.below(&format!("{PRE}.json"));
        assert_eq!(told(&world), expected, "{settings}");
    }
}

#[test]
fn players_are_told_urls_with_the_values_that_the_edge_knows() {
    let settings = json!({ "server": { "url": ASKED }, "direct": ["direct.example.net"] });
    let pod = vast(&[ad("first", Some(7), 20)]);
    let world = World::new(&settings, &[], &[(ASKED, &pod)]);
    let (_, list) = world.below(&format!("{PRE}.json"));
    let list: Value = serde_json::from_str(&list).unwrap();
    let of_player =
        list["TRACKING"]["avails"][0]["ads"][0]["trackingEvents"][0]["beaconUrls"][0].as_str().unwrap();
    let (front, rest) = of_player.split_once("&n=").unwrap();
    assert_eq!(front, "https://ads.example.com/shown?a=first");
    // The number is a random one, and the time is the player's.
    assert_eq!((&rest[8..], rest[..8].parse::<u32>().is_ok()), ("&t=[TIMESTAMP]&p=7", true), "{rest}");
    // Callback events are requested as they stand.
    let (_, mpd) = world.below(&format!("{PRE}.mpd"));
    assert!(mpd.contains("&amp;t=-1&amp;p=7</Event>"), "{mpd}");
}

#[test]
fn campaigns_that_are_rehearsed_are_logged() {
    let plum = creative("plum", &json!({ "hls": "master.m3u8" }));
    let campaigns = json!({
        "revision": 1, "host": "watch.example.com", "campaigns": [
            { "id": "shown", "creatives": ["plum"] },
            { "id": "rehearsed", "creatives": ["plum"], "mode": "log" },
            { "id": "elsewhere", "creatives": ["plum"], "mode": "log", "titles": ["quay"] },
        ],
    });
    let documents = [(&*plum.0, plum.1.clone()), ("v1/campaigns/watch.example.com", campaigns)];
    let world = World::new(&json!({}), &documents, &[]);
    let ended = world.live(&format!("{}/harbour/{PRE}.json", world.session), "", &[]);
    let [Note::Ads(decision)] = &*ended.learned.notes else { panic!("{:?}", ended.learned.notes) };
    let rehearsed: Vec<_> = decision.rehearsed.iter().map(ToString::to_string).collect();
    assert_eq!(rehearsed, ["rehearsed"]);
}
