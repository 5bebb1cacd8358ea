//! Viewers of several sites, who share an isolate.
//!
//! Whoever asked the isolate before, each viewer gets the reply of a fresh isolate: the same status, headers and body. Bytes
//! choose the sites, viewers, manifests and requests, so that a property test and a fuzzer run the same code.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stagedoor::ads::address::{Listing, Seal};
use stagedoor::catalog::{Algorithm, KeySet, KvDocument};
use stagedoor::facts::{Facts, Headers, Method, Scheme};
use stagedoor::redacted::Redacted;
use stagedoor::reply::Reply;
use stagedoor::time::UnixTime;
use stagedoor::token::mint::PrivateKey;

use crate::edge::{Edge, Isolate, Scripted, Stores};

const NOW: u64 = 1_795_370_400;
const SECRET: &str = "aHMyNTYtc2VjcmV0LW9mLXRoZS1mbG93LXRlc3RzLSE";
const HOSTS: [&str; 2] = ["one.example", "two.example"];
/// The folder of the second title lies within the folder of the first.
const TITLES: [(&str, &str); 2] = [("harbour", "harbour/"), ("quay", "harbour/quay/")];

/// Bytes that make choices. Once they are used up, each choice is the first.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn below(&mut self, end: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % end
    }

    fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    fn flip(&mut self) -> bool {
        self.below(2) == 1
    }
}

/// What a request asks for, as places in lists such as `HOSTS` and `TITLES`.
#[derive(Clone, Copy, Default)]
struct Wanted {
    revision: usize,
    version: usize,
    host: usize,
    title: usize,
    name: usize,
    folder: usize,
}

impl Wanted {
    /// Changes two members at most, so that the isolate often remembers something that the next request needs.
    fn change(&mut self, choices: &mut Choices<'_>) {
        for _ in 0..choices.below(3) {
            match choices.below(7) {
                0 => self.revision = choices.below(2),
                1 => self.version = choices.below(2),
                2 => self.host = choices.below(HOSTS.len()),
                3 => self.title = choices.below(TITLES.len()),
                4 => self.folder = choices.below(3),
                _ => self.name = choices.below(MANIFESTS.len() + OWN),
            }
        }
    }
}

/// The document of a site, with members that the bytes choose.
fn site(host: &str, revision: u64, choices: &mut Choices<'_>) -> Value {
    let policies = [
        json!({}),
        json!({ "pass": ["ads.example"] }),
        json!({ "pass": ["*"] }),
        json!({ "sign": ["cdn.example"], "pass": ["ads.example"] }),
    ];
    let foreign = choices.pick(&policies);
    let pages = [json!(["*"]), json!(["https://page.example"]), json!([])];
    let cors = choices.pick(&pages);
    let mut site = json!({
        "revision": revision,
        "host": host,
        "media": {
            "origin": "https://media.example/vod/",
            "foreign": foreign,
            "query": if choices.flip() { json!(["a"]) } else { json!([]) },
            "low_latency": choices.flip(),
        },
        "tokens": { "issuers": ["id"] },
        "sessions": { "keys": "s", "signing": choices.pick(&["path", "query"]), "lifetime_s": 3600 },
        "playlists": { "delta_updates": choices.flip(), "start": { "mobile": { "max_height": 360 } } },
        "cors": { "origins": cors },
    });
    if choices.flip() {
        site["ads"] = json!({
            "breaks": { "mid_rolls": { "at_s": [choices.pick(&[4, 8])], "longest_s": 20 } },
            "insertion": { "restrict": choices.pick(&[json!([]), json!(["skip"])]) },
        });
    }
    if choices.flip() {
        site["steering"] = json!({
            "pathways": ["p", "q"],
            "priorities": [{ "order": ["p", "q"], "weights": { "p": 1, "q": 1 } }],
        });
    }
    site
}

fn title((id, folder): (&str, &str)) -> Value {
    json!({
        "revision": 1, "id": id, "sites": HOSTS, "media": folder,
        "offers": [
            { "id": "gold", "territories": { "allow": ["*"] }, "plans": ["gold"] },
            { "id": "small", "territories": { "allow": ["*"] }, "plans": ["small"], "caps": { "max_height": 360 } },
            { "id": "short", "territories": { "allow": ["*"] }, "ads": "guided", "caps": { "rewind_s": 30 } },
        ],
        "ads": if id == "quay" { json!({ "pre_roll": { "longest_s": 30 } }) } else { Value::Null },
    })
}

/// Addresses of the edge's own, behind those of manifests: a pod in either format, and the manifest of an ad.
const OWN: usize = 3;

/// The address of the pod of a break.
fn pod(host: &str, title: &str, keys: &Value, listing: Listing) -> String {
    let opening = json!({ "id": "mid-4000", "place": "mid_roll", "start_ms": 4000, "planned_ms": 20000 });
    let (host, title) = (host.parse().unwrap(), title.parse().unwrap());
    let (keys, _) = KeySet::read(keys.to_string().as_bytes()).unwrap();
    let seal = Seal { keys: &keys, host: &host, title: &title };
    listing.address(&seal.seal(&serde_json::from_value(opening).unwrap()).unwrap())
}

/// Two campaigns, so that the choice differs between sessions and titles.
fn advertising(documents: &mut BTreeMap<String, Value>) {
    for id in ["plum", "peach"] {
        let media = json!({
            "media": format!("ads/{id}/"), "hls": "live.m3u8", "dash": "live.mpd", "duration_ms": 20_000,
        });
        let creative = json!({ "revision": 1, "id": id, "sites": [HOSTS[0]], "kind": { "linear": media } });
        documents.insert(format!("v1/creative/{id}"), creative);
    }
    for host in HOSTS {
        let campaigns = json!([
            { "id": "a", "creatives": ["plum"] },
            { "id": "b", "creatives": ["peach", "plum"] },
        ]);
        let document = json!({ "revision": 1, "host": host, "campaigns": campaigns });
        documents.insert(format!("v1/campaigns/{host}"), document);
    }
}

/// Each with two versions, of which the second is the later one of a live stream.
const MANIFESTS: [(&str, [&str; 2]); 7] = [
    (
        "live.mpd",
        [
            "<MPD type=\"dynamic\"><Period><AdaptationSet><SegmentTemplate media=\"$Number$.m4s\"/><Representation id=\"1\" bandwidth=\"1\"/></AdaptationSet></Period></MPD>",
            "<MPD type=\"dynamic\"><BaseURL>https://cdn.example/v/</BaseURL><Period><AdaptationSet><SegmentTemplate media=\"$Time$.m4s\"/><Representation id=\"1\" bandwidth=\"1\" width=\"1920\" height=\"1080\"/><Representation id=\"2\" bandwidth=\"1\" width=\"640\" height=\"360\"/></AdaptationSet></Period></MPD>",
        ],
    ),
    (
        "main.m3u8",
        [
            "#EXTM3U\n#EXT-X-DEFINE:QUERYPARAM=\"a\"\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360,PATHWAY-ID=\"p\"\nv{$a}.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=1920x1080,PATHWAY-ID=\"q\"\nw/live.m3u8\n",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=1920x1080,PATHWAY-ID=\"p\"\nv/live.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360,PATHWAY-ID=\"q\"\nhttps://cdn.example/w/live.m3u8\n",
        ],
    ),
    (
        "live.m3u8",
        [
            "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:4,\n1.ts\n#EXTINF:4,\n2.ts\n#EXTINF:4,\n3.ts\n#EXTINF:4,\n4.ts\n#EXTINF:4,\n5.ts\n#EXTINF:4,\n6.ts\n#EXTINF:4,\n7.ts\n#EXTINF:4,\n8.ts\n#EXTINF:4,\n9.ts\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:8\n#EXT-X-KEY:METHOD=AES-128,URI=\"https://media.example/vod/harbour/k\"\n#EXTINF:4,\n../x/1.ts\n#EXTINF:4,\n2.ts?b=1\n",
        ],
    ),
    (
        "values.m3u8",
        [
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-DEFINE:QUERYPARAM=\"a\"\n#EXTINF:4,\nx/{$a}.ts\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"n\"\n#EXTINF:4,\nx/{$a}.ts\n",
        ],
    ),
    (
        "query.mpd",
        [
            "<MPD type=\"dynamic\"><Period><EssentialProperty schemeIdUri=\"urn:mpeg:dash:urlparam:2014\"><UrlQueryInfo useMPDUrlQuery=\"true\"/></EssentialProperty></Period></MPD>",
            "<MPD><Period><EssentialProperty schemeIdUri=\"urn:mpeg:dash:urlparam:2014\"><UrlQueryInfo useMPDUrlQuery=\"false\"/></EssentialProperty></Period></MPD>",
        ],
    ),
    (
        "parts.mpd",
        [
            "<MPD xmlns:xlink=\"http://www.w3.org/1999/xlink\"><Period xlink:href=\"../part.xml\"/></MPD>",
            "<MPD xmlns:xlink=\"http://www.w3.org/1999/xlink\"><Period xlink:href=\"part.xml\"/></MPD>",
        ],
    ),
    (
        "live.mpp",
        [
            "<Patch><replace sel=\"/MPD/@publishTime\">1</replace></Patch>",
            "<Patch><replace sel=\"/MPD/PatchLocation[1]\"><PatchLocation>live.mpp?publishTime=2</PatchLocation></replace></Patch>",
        ],
    ),
];

/// The files of the media origin, in one of two versions.
fn upstream(version: usize) -> BTreeMap<String, Scripted> {
    let others = ["harbour/w/", "harbour/quay/w/", "ads/plum/"];
    let folders = TITLES.iter().map(|(_, folder)| *folder).chain(others);
    let mut upstream = BTreeMap::new();
    for folder in folders {
        for (name, versions) in MANIFESTS {
            for query in ["", "?a=1", "?a=2", "?publishTime=1", "?a=1&publishTime=1", "?a=2&publishTime=1"] {
                let url = format!("https://media.example/vod/{folder}{name}{query}");
                upstream.insert(url, Scripted::from(versions[version]));
            }
        }
        let part = format!("<Period id=\"{folder}\"/>").replace('/', "-").replace("->", "/>");
        upstream.insert(format!("https://media.example/vod/{folder}part.xml"), Scripted::from(&*part));
    }
    upstream
}

/// A viewer token.
fn token(viewer: usize) -> String {
    let jwk = json!({ "kty": "oct", "kid": "k", "k": SECRET });
    let key = PrivateKey::from_jwk(jwk.as_object().unwrap()).unwrap();
    let plans: &[&str] = [&["gold"][..], &["small"], &[]][viewer % 3];
    let claims = json!({ "iss": "id", "sub": format!("viewer-{viewer}"), "exp": NOW + 3000, "plan": plans });
    key.jws(Algorithm::HS256, serde_json::Map::new(), claims.to_string().as_bytes()).unwrap()
}

/// The session that a reply of an entry leads to.
fn session(reply: &Reply) -> Option<String> {
    let body = String::from_utf8_lossy(&reply.body);
    let found = ["/~", "sd_session="].into_iter().find_map(|mark| Some(body.find(mark)? + mark.len()))?;
    body.get(found..found + 100).map(str::to_owned)
}

/// Has viewers ask one isolate, in an order that the bytes choose. Returns how often it remembered something.
pub(crate) fn run(bytes: &[u8]) -> usize {
    let choices = &mut Choices(bytes);
    // Two revisions of each site. A revision never changes its content.
    let sites: Vec<_> = (0..4).map(|at| site(HOSTS[at % 2], (at / 2 + 1) as u64, choices)).collect();
    let media = [upstream(0), upstream(1)];
    let isolate = Isolate::default();
    let mut documents: BTreeMap<String, Value> = BTreeMap::new();
    let keys = json!([{ "kty": "oct", "kid": "k", "alg": "HS256", "k": SECRET }]);
    for issuer in ["id", "s"] {
        let set = json!({ "revision": 1, "issuer": issuer, "keys": keys });
        documents.insert(format!("v1/keys/{issuer}"), set);
    }
    advertising(&mut documents);
    for one in TITLES {
        documents.insert(format!("v1/title/{}", one.0), title(one));
    }
    let requests = 4 + choices.below(9);
    let mut wanted = Wanted::default();
    for number in 0..requests {
        wanted.change(choices);
        let Wanted { revision, version, host, title, name, folder } = wanted;
        for (at, host) in HOSTS.iter().enumerate() {
            documents.insert(format!("v1/site/{host}"), sites[at + 2 * revision].clone());
        }
        let host = HOSTS[host];
        let viewer = choices.below(4);
        let ask = |isolate: &Isolate, facts: &Facts| {
            let used = Stores::default();
            let mut edge = Edge::new(&documents, media[version].clone(), &used, isolate);
            edge.version = version as u64;
            edge.answer(facts, UnixTime::from_secs(NOW + number as u64))
        };
        let mut facts = Facts { host: host.to_owned(), ..Facts::default() };
        facts.geography = choices.pick(&["AE", "GB"]).parse().unwrap();
        let below = choices.flip();
        let (id, _) = TITLES[title];
        let own = |listing| pod(host, id, &documents["v1/keys/s"], listing);
        let name = match name.checked_sub(MANIFESTS.len()) {
            None => MANIFESTS[name].0.to_owned(),
            Some(0) => own(Listing::Assets),
            Some(1) => own(Listing::Mpd),
            Some(_) => "_stagedoor/ad/mid-4000/0/plum/main.m3u8".to_owned(),
        };
        let folder = ["", "quay/", "w/"][folder];
        let mut query: Vec<String> = Vec::new();
        let extra = ["cb=A", "cb=B&d=%3C", "a=1", "a=2", "_SD_define=YES", "_HLS_skip=YES", "publishTime=1"];
        for _ in 0..choices.below(3) {
            query.push((*choices.pick(&extra)).to_owned());
        }
        let path = format!("/{id}/{folder}{name}");
        facts.path = path.clone();
        let entered = {
            let entry = Facts {
                path: format!("/{id}/live.mpd"),
                headers: bearer(viewer, None, None, false),
                ..facts.clone()
            };
            below.then(|| session(&ask(&Isolate::default(), &entry))).flatten()
        };
        let page = choices.pick(&[None, Some("https://page.example"), Some("https://other.example")]);
        let known = choices.flip().then_some("\"x\"");
        let in_query = choices.flip();
        match &entered {
            Some(session) if in_query => query.push(format!("sd_session={session}")),
            Some(session) => facts.path = format!("/~{session}{path}"),
            None if in_query => query.push(format!("token={}", token(viewer))),
            None => {}
        }
        let authorized = entered.is_none() && !in_query;
        facts.headers = bearer(viewer, *page, known, authorized);
        facts.query = Redacted::new(query.join("&"));
        facts.scheme = if choices.below(8) == 7 { Scheme::Http } else { Scheme::Https };
        facts.port = (choices.below(8) == 7).then_some(8443);
        facts.method = *choices.pick(&[Method::Get, Method::Get, Method::Head]);
        let (shared, fresh) = (ask(&isolate, &facts), ask(&Isolate::default(), &facts));
        assert_eq!((shared.status, &shared.headers), (fresh.status, &fresh.headers), "{facts:?}");
        assert_eq!(body(&shared), body(&fresh), "{facts:?}");
    }
    isolate.hits.get()
}

fn bearer(viewer: usize, page: Option<&str>, known: Option<&str>, authorized: bool) -> Headers {
    let token = || Redacted::new(format!("Bearer {}", token(viewer)));
    // A measurement decides which variant comes first.
    let cmcd = (viewer == 3).then(|| ("cmcd-session".to_owned(), Redacted::new("mtp=500".to_owned())));
    Headers {
        authorization: (authorized || page.is_none() && known.is_none()).then(token),
        origin: page.map(str::to_owned),
        if_none_match: known.map(str::to_owned),
        all: cmcd.into_iter().collect(),
        ..Headers::default()
    }
}

fn body(reply: &Reply) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(&reply.body)
}
