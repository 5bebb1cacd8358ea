use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use super::*;
use crate::ads::macros::Values;
use crate::ads::vast::Needs;
use crate::ads::{AdEvent, ErrorCode, Format, Media, TrackingEvent};
use crate::catalog::{Creative, CreativeId, Host, HostPattern};

/// Ad servers by URL, and a clock that each round moves on.
#[derive(Default)]
struct Servers {
    documents: HashMap<String, Result<String, Failure>>,
    now_ms: Cell<u64>,
    round_ms: u64,
    asked: RefCell<Vec<Vec<String>>>,
}

impl Servers {
    fn with(mut self, url: &str, document: &str) -> Self {
        self.documents.insert(url.to_owned(), Ok(document.to_owned()));
        self
    }

    fn failing(mut self, url: &str, failure: Failure) -> Self {
        self.documents.insert(url.to_owned(), Err(failure));
        self
    }

    fn resolve(&self, template: &str) -> Resolution {
        self.resolve_within(template, Duration::from_secs(8))
    }

    fn resolve_within(&self, template: &str, total: Duration) -> Resolution {
        let values = Values::default();
        let order = Order {
            start: Start::Template(template),
            values: &values,
            reach: Reach::new(None, template, None, false),
            each: Duration::from_secs(3),
            total,
            wrappers: 3,
        };
        now(resolve(self, &order))
    }
}

impl Fetch for Servers {
    fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    async fn fetch(&self, asks: Vec<Ask>) -> Vec<Result<Reply, Failure>> {
        self.now_ms.set(self.now_ms.get() + self.round_ms);
        self.asked.borrow_mut().push(asks.iter().map(|ask| ask.url.to_string()).collect());
        let answer = |Ask { url, .. }: Ask| match self.documents.get(url.as_str()) {
            Some(Ok(text)) => Ok(Reply { url, bytes: text.clone().into_bytes() }),
            Some(Err(failure)) => Err(failure.clone()),
            None => Err(Failure::Status(404)),
        };
        asks.into_iter().map(answer).collect()
    }
}

/// The value of a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the future waits"),
    }
}

fn vast(ads: &str) -> String {
    format!("<VAST version='4.2'>{ads}</VAST>")
}

fn inline(id: &str, sequence: &str) -> String {
    format!(
        "<Ad id='{id}' {sequence}><InLine><AdSystem>s</AdSystem><AdTitle>{id}</AdTitle><Error>https://e.example/{id}?[ERRORCODE]</Error>\
         <Impression>https://i.example/{id}</Impression><Creatives><Creative id='c-{id}'><Linear><Duration>00:00:10</Duration>\
         <TrackingEvents><Tracking event='start'>https://t.example/{id}</Tracking></TrackingEvents><MediaFiles>\
         <MediaFile type='video/mp4' width='1280' height='720' bitrate='2000'>https://m.example/{id}.mp4</MediaFile>\
         </MediaFiles></Linear></Creative></Creatives></InLine></Ad>"
    )
}

fn wrapper(id: &str, attributes: &str, inner: &str, uri: &str) -> String {
    format!(
        "<Ad id='{id}' {attributes}><Wrapper {inner}><AdSystem>w</AdSystem><VASTAdTagURI><![CDATA[{uri}]]></VASTAdTagURI>\
         <Error>https://e.example/{id}?[ERRORCODE]</Error><Impression>https://i.example/{id}</Impression><Creatives><Creative><Linear>\
         <TrackingEvents><Tracking event='start'>https://t.example/{id}</Tracking><Tracking event='progress' offset='50%'>https://p.example/{id}\
         </Tracking></TrackingEvents><VideoClicks><ClickTracking>https://c.example/{id}</ClickTracking></VideoClicks></Linear></Creative></Creatives>\
         </Wrapper></Ad>"
    )
}

fn ids(resolution: &Resolution) -> Vec<(&str, Option<u32>)> {
    resolution.ads.iter().map(|ad| (ad.ad.id.as_str(), ad.sequence)).collect()
}

fn pings(resolution: &Resolution) -> Vec<&str> {
    resolution.pings.iter().map(|ping| ping.url.as_str()).collect()
}

fn has(resolution: &Resolution, event: AdEvent) -> bool {
    resolution.events.iter().any(|happening| happening.event == event)
}

const FIRST: &str = "https://ads.example.com/vast";

#[test]
fn urls_of_wrappers_come_first() {
    let servers = Servers::default()
        .with(FIRST, &vast(&wrapper("a", "", "", "https://b.example.com/")))
        .with("https://b.example.com/", &vast(&wrapper("b", "", "", "//c.example.com/x")))
        .with("https://c.example.com/x", &vast(&inline("c", "")));
    let found = servers.resolve(FIRST);
    assert_eq!(ids(&found), [("c", None)]);
    let of = |event| {
        let urls = found.ads[0].ad.tracking.iter().filter(|tracking| tracking.event == event);
        urls.map(|tracking| tracking.url.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        of(TrackingEvent::Impression),
        ["https://i.example/a", "https://i.example/b", "https://i.example/c"]
    );
    assert_eq!(
        of(TrackingEvent::Start),
        ["https://t.example/a", "https://t.example/b", "https://t.example/c"]
    );
    assert_eq!(of(TrackingEvent::ClickTracking), ["https://c.example/a", "https://c.example/b"]);
    let progress = found.ads[0].ad.tracking.iter().find(|tracking| tracking.event == TrackingEvent::Progress);
    assert_eq!(progress.unwrap().offset, Some(Duration::from_secs(5)));
    assert_eq!(
        found.ads[0].errors,
        [
            "https://e.example/a?[ERRORCODE]",
            "https://e.example/b?[ERRORCODE]",
            "https://e.example/c?[ERRORCODE]"
        ]
    );
    assert_eq!((found.requests, found.pings.len()), (3, 0));
}

#[test]
fn a_pod_has_the_order_of_its_sequence_and_spares_behind_it() {
    let pod = [
        inline("c", "sequence='3'"),
        inline("spare", ""),
        wrapper("w", "sequence='2'", "", "https://b.example.com/"),
        inline("a", "sequence='1'"),
    ];
    let servers = Servers::default()
        .with(FIRST, &vast(&pod.concat()))
        .with("https://b.example.com/", &vast(&inline("b", "sequence='1'")));
    let found = servers.resolve(FIRST);
    assert_eq!(ids(&found), [("a", Some(1)), ("b", Some(2)), ("c", Some(3)), ("spare", None)]);
    assert_eq!(found.failed, [] as [u32; 0]);
}

#[test]
fn the_wrappers_of_a_pod_are_asked_for_at_the_same_time() {
    let pod: String = (1..=8)
        .map(|n| wrapper("w", &format!("sequence='{n}'"), "", &format!("https://b.example.com/{n}")))
        .collect();
    let servers = Servers::default().with(FIRST, &vast(&pod));
    servers.resolve(FIRST);
    let rounds: Vec<_> = servers.asked.borrow().iter().map(Vec::len).collect();
    assert_eq!(rounds, [1, 6, 2]);
}

#[test]
fn a_wrapper_without_an_ad_leaves_its_place_to_a_spare_unless_it_says_no() {
    let pod = |falls: &str| {
        let wrapper = wrapper("w", "sequence='1'", falls, "https://b.example.com/");
        vast(&[wrapper, inline("b", "sequence='2'"), inline("spare", "")].concat())
    };
    let servers =
        |falls: &str| Servers::default().with(FIRST, &pod(falls)).with("https://b.example.com/", &vast(""));
    let found = servers("").resolve(FIRST);
    assert_eq!((ids(&found), found.failed.as_slice()), (vec![("b", Some(2)), ("spare", None)], &[1][..]));
    assert_eq!(pings(&found), ["https://e.example/w?303"]);
    let found = servers("fallbackOnNoAd='false'").resolve(FIRST);
    assert_eq!((ids(&found), found.failed.len()), (vec![("b", Some(1)), ("spare", None)], 0));
}

#[test]
fn a_wrapper_allows_one_ad_unless_it_says_more() {
    let pod = vast(&[inline("a", "sequence='1'"), inline("b", "sequence='2'"), inline("alone", "")].concat());
    let behind = |inner: &str| {
        let servers =
            Servers::default().with(FIRST, &vast(&wrapper("w", "", inner, "https://b.example.com/")));
        servers.with("https://b.example.com/", &pod).resolve(FIRST)
    };
    assert_eq!(ids(&behind("")), [("alone", None)]);
    assert_eq!(ids(&behind("allowMultipleAds='true'")), [("a", Some(1)), ("b", Some(2)), ("alone", None)]);
    let follow = Servers::default()
        .with(FIRST, &vast(&wrapper("w", "", "followAdditionalWrappers='0'", "https://b.example.com/")))
        .with("https://b.example.com/", &vast(&wrapper("x", "", "", "https://c.example.com/")))
        .with("https://c.example.com/", &vast(&inline("c", "")));
    let found = follow.resolve(FIRST);
    assert_eq!((found.requests, pings(&found)), (2, vec!["https://e.example/w?303"]));
}

#[test]
fn wrappers_end_at_the_limit_and_in_no_circle() {
    let chain = |length: usize| {
        let mut servers = Servers::default();
        for number in 0..length {
            let next = format!("https://w.example.com/{}", number + 1);
            servers = servers.with(
                &format!("https://w.example.com/{number}"),
                &vast(&wrapper(&number.to_string(), "", "", &next)),
            );
        }
        servers.with(&format!("https://w.example.com/{length}"), &vast(&inline("end", "")))
    };
    assert_eq!(ids(&chain(3).resolve("https://w.example.com/0")), [("end", None)]);
    let found = chain(4).resolve("https://w.example.com/0");
    assert!(found.ads.is_empty() && has(&found, AdEvent::RedirectLimit));
    assert_eq!(pings(&found), (0..4).map(|n| format!("https://e.example/{n}?302")).collect::<Vec<_>>());
    // The address differs each time, as far as the edge can see.
    let circle = vast(&wrapper("w", "", "", "https://ads.example.com/vast?[CACHEBUSTING]"));
    let mut servers = Servers::default().with(FIRST, &circle);
    for _ in 0..3 {
        let found = servers.resolve(FIRST);
        assert!(found.ads.is_empty());
        let asked = servers.asked.borrow().last().unwrap()[0].clone();
        servers = servers.with(&asked, &circle);
    }
    let found = servers.resolve(FIRST);
    assert!(has(&found, AdEvent::RedirectLimit), "{:?}", found.events);
    assert_eq!(found.requests, 2);
}

#[test]
fn error_urls_are_told_the_right_code() {
    let behind = |document: Result<&str, Failure>| {
        let servers = Servers::default().with(FIRST, &vast(&wrapper("w", "", "", "https://b.example.com/")));
        match document {
            Ok(text) => servers.with("https://b.example.com/", text),
            Err(failure) => servers.failing("https://b.example.com/", failure),
        }
        .resolve(FIRST)
    };
    let empty = "<Ad id='x'><InLine><Error>https://e.example/x?[ERRORCODE]</Error><Creatives/></InLine></Ad>";
    for (document, codes) in [
        (Ok("{ vast: null }"), vec!["w?100"]),
        (Ok("<VAST version='4.2'><Ad>"), vec!["w?100"]),
        (Ok("<html/>"), vec!["w?101"]),
        (Ok("<VAST version='9.0'/>"), vec!["w?102"]),
        (Ok("<VideoAdServingTemplate/>"), vec!["w?102"]),
        (Ok(""), vec!["w?303"]),
        (
            Ok("<VAST version='4.2'><Error>https://e.example/v?[ERRORCODE]</Error></VAST>"),
            vec!["w?303", "v?303"],
        ),
        (Err(Failure::Timeout), vec!["w?301"]),
        (Err(Failure::Status(500)), vec!["w?301"]),
        (Err(Failure::Disallowed("no".to_owned())), vec!["w?300"]),
        (Ok(&vast(empty)), vec!["w?201", "x?201"]),
        (Ok(&vast(&inline("x", "conditionalAd='true'"))), vec!["w?408", "x?408"]),
    ] {
        let found = behind(document.clone());
        let expected: Vec<_> = codes.iter().map(|code| format!("https://e.example/{code}")).collect();
        assert_eq!(pings(&found), expected, "{document:?}");
        assert!(found.ads.is_empty());
    }
}

#[test]
fn a_wrapper_leads_to_no_private_address() {
    for uri in [
        "http://127.0.0.1/",
        "http://[::1]/",
        "https://ads.example.com:22/",
        "ftp://a.example.com/",
        "http://2130706433/",
    ] {
        let servers = Servers::default().with(FIRST, &vast(&wrapper("w", "", "", uri)));
        let found = servers.resolve(FIRST);
        assert!(has(&found, AdEvent::DisallowedHost), "{uri}");
        assert_eq!((found.requests, pings(&found)), (1, vec!["https://e.example/w?300"]), "{uri}");
    }
}

#[test]
fn the_budget_of_time_holds_for_all_requests() {
    let mut servers = Servers { round_ms: 3_000, ..Servers::default() }
        .with(FIRST, &vast(&wrapper("a", "", "", "https://b.example.com/")))
        .with("https://b.example.com/", &vast(&wrapper("b", "", "", "https://c.example.com/")))
        .with("https://c.example.com/", &vast(&inline("c", "")));
    let found = servers.resolve_within(FIRST, Duration::from_secs(6));
    assert_eq!(
        (found.requests, pings(&found)),
        (3, vec!["https://e.example/a?301", "https://e.example/b?301"])
    );
    assert_eq!(servers.asked.borrow().len(), 2);
    servers.now_ms = Cell::new(0);
    assert_eq!(ids(&servers.resolve(FIRST)), [("c", None)]);
}

#[test]
fn strangers_cause_a_limited_number_of_requests() {
    let pod = |level: usize| {
        let ads = (0..20).map(|n| {
            wrapper(
                "w",
                &format!("sequence='{}'", n + 1),
                "allowMultipleAds='true'",
                &format!("https://w{level}.example.com/{n}/[CACHEBUSTING]"),
            )
        });
        vast(&ads.collect::<String>())
    };
    struct Endless(String);
    impl Fetch for Endless {
        fn now_ms(&self) -> u64 {
            0
        }
        async fn fetch(&self, asks: Vec<Ask>) -> Vec<Result<Reply, Failure>> {
            asks.into_iter()
                .map(|ask| Ok(Reply { url: ask.url, bytes: self.0.clone().into_bytes() }))
                .collect()
        }
    }
    let values = Values::default();
    let order = Order {
        start: Start::Template(FIRST),
        values: &values,
        reach: Reach::new(None, FIRST, None, false),
        each: Duration::from_secs(3),
        total: Duration::from_secs(8),
        wrappers: 200,
    };
    let found = now(resolve(&Endless(pod(0)), &order));
    assert!(found.ads.is_empty());
    assert!(found.requests <= REQUESTS_MAX && found.pings.len() <= PINGS_MAX, "{}", found.requests);
}

#[test]
fn urls_of_wrappers_are_counted_for_each_ad_behind_them() {
    let trackers: String = (0..400)
        .map(|n| format!("<Impression>https://i.example/{n}/{}</Impression>", "x".repeat(900)))
        .collect();
    let outer = format!(
        "<Ad><Wrapper allowMultipleAds='1'><VASTAdTagURI>https://b.example.com/</VASTAdTagURI>{trackers}</Wrapper></Ad>"
    );
    let pod: String = (1..=40).map(|n| inline(&n.to_string(), &format!("sequence='{n}'"))).collect();
    let servers = Servers::default().with(FIRST, &vast(&outer)).with("https://b.example.com/", &vast(&pod));
    let found = servers.resolve(FIRST);
    let bytes: usize =
        found.ads.iter().flat_map(|ad| &ad.ad.tracking).map(|tracking| tracking.url.len()).sum();
    assert!(bytes <= MERGED_MAX && (1..40).contains(&found.ads.len()), "{bytes}");
}

/// A pod of many ads behind a wrapper whose URLs are short and many, and whose scripts are long: each ad, and each of its non-linear
/// items, would have a copy of all.
#[test]
fn whatever_is_copied_for_each_ad_and_item_is_counted() {
    let script = format!(
        "<Verification vendor='v'><JavaScriptResource>//v.example/{}</JavaScriptResource><VerificationParameters>{}\
         </VerificationParameters></Verification>",
        "v".repeat(7_000),
        "p".repeat(4_000)
    );
    let item = "<NonLinear width='1' height='1'><StaticResource creativeType='image/a'>//a</StaticResource></NonLinear>";
    for (inner, items) in [
        ("<Impression>//a</Impression>".repeat(1_900), 0),
        ("<Impression>//a</Impression>".repeat(1_900), 8),
        ("<Error>//a</Error>".repeat(1_900), 8),
        (format!("<AdVerifications>{}</AdVerifications>", script.repeat(32)), 0),
    ] {
        let wrapper = format!(
            "<Ad><Wrapper allowMultipleAds='true'><VASTAdTagURI>https://b.example.com/</VASTAdTagURI>{inner}</Wrapper></Ad>"
        );
        let beside =
            format!("<Creative><NonLinearAds>{}</NonLinearAds></Creative></Creatives>", item.repeat(items));
        let pod: String = (0..60)
            .map(|number| inline(&format!("a{number}"), "").replace("</Creatives>", &beside))
            .collect();
        let servers =
            Servers::default().with(FIRST, &vast(&wrapper)).with("https://b.example.com/", &vast(&pod));
        let found = servers.resolve(FIRST);
        let ads = found
            .ads
            .iter()
            .flat_map(|found| std::iter::once(&found.ad).chain(found.non_linear.iter().map(|item| &item.ad)));
        let (mut urls, mut bytes) = (0, 0);
        for ad in ads {
            urls += ad.tracking.len();
            bytes += ad.tracking.iter().map(|tracking| tracking.url.len()).sum::<usize>();
            bytes += serde_json::to_string(&ad.verifications).unwrap().len();
        }
        assert!(bytes <= MERGED_MAX && urls <= MERGED_MAX / 96, "{items} items: {bytes} bytes, {urls} URLs");
        assert!(found.ads.len() < 60 && has(&found, AdEvent::InvalidAd), "{} ads", found.ads.len());
    }
}

#[test]
fn blocked_categories_are_refused_and_told() {
    let blocks = "<Ad><Wrapper><VASTAdTagURI>https://b.example.com/?[BLOCKEDADCATEGORIES]</VASTAdTagURI>\
                  <BlockedAdCategories authority='iabtechlab.com'>IAB1-6,IAB1-7</BlockedAdCategories></Wrapper></Ad>";
    let ad = inline("x", "")
        .replace("<AdTitle>", "<Category authority='iabtechlab.com'>IAB1-7</Category><AdTitle>");
    let servers = Servers::default()
        .with(FIRST, &vast(blocks))
        .with("https://b.example.com/?IAB1-6%2CIAB1-7", &vast(&ad));
    let found = servers.resolve(FIRST);
    assert_eq!(pings(&found), ["https://e.example/x?205"]);
    assert_eq!(found.pings[0].code, ErrorCode::Category);
}

/// Chooses the media of the ads of a document.
fn choose(ads: &str, format: Format, direct: &[HostPattern], creatives: &[Creative]) -> Chosen {
    let document = vast(ads);
    let values = Values { site: "watch.example.com".to_owned(), ..Values::default() };
    let order = Order {
        start: Start::Document(document.as_bytes()),
        values: &values,
        reach: Reach::new(None, FIRST, None, false),
        each: Duration::from_secs(3),
        total: Duration::from_secs(8),
        wrappers: 3,
    };
    let site: Host = "watch.example.com".parse().unwrap();
    let choice = Choice { format, site: Some(&site), direct: Direct::Hosts(direct), needs: Needs::default() };
    let known = |id: &CreativeId| creatives.iter().find(|creative| creative.id == *id);
    now(resolve(&Servers::default(), &order)).choose(&order, &choice, known)
}

fn creative(id: &CreativeId) -> Creative {
    let document = serde_json::json!({
        "id": id,
        "sites": ["watch.example.com"],
        "kind": { "linear": {
            "media": "ads/x/", "hls": "m.m3u8", "duration_ms": 10_040, "codecs": ["avc1.4d401e"], "heights": [360, 720],
        } },
    });
    serde_json::from_value(document).unwrap()
}

#[test]
fn ads_are_shown_from_conditioned_creatives_and_others_are_wanted() {
    let ads = [inline("a", "sequence='1'"), inline("b", "sequence='2'"), inline("spare", "")].concat();
    let known =
        creative(&CreativeId::of_ad_server("watch.example.com", &["file", "https://m.example/b.mp4"]));
    let chosen = choose(&ads, Format::Hls, &[], std::slice::from_ref(&known));
    let places: Vec<_> =
        chosen.offered.places.iter().map(|place| place.as_ref().map(|ad| ad.ad.id.as_str())).collect();
    assert_eq!((places, chosen.offered.spares.len()), (vec![None, Some("b")], 0));
    let shown = chosen.offered.places[1].as_ref().unwrap();
    assert_eq!(shown.duration, Duration::from_millis(10_040));
    assert_eq!(
        shown.media,
        Media::Creative { id: known.id.clone(), hls: Some("m.m3u8".to_owned()), dash: None }
    );
    let wanted: Vec<_> = chosen.wanted.iter().map(|source| source.url.as_deref().unwrap()).collect();
    assert_eq!(wanted, ["https://m.example/a.mp4", "https://m.example/spare.mp4"]);
    let pings: Vec<_> = chosen.pings.iter().map(|ping| ping.url.as_str()).collect();
    assert_eq!(pings, ["https://e.example/a?407", "https://e.example/spare?407"]);
    // A creative without an MPD is not shown to a player of DASH.
    assert!(choose(&ads, Format::Dash, &[], &[known]).offered.places.iter().all(Option::is_none));
}

#[test]
fn a_universal_ad_id_names_the_creative_whatever_the_file() {
    let ad = inline("a", "")
        .replace("<Linear>", "<UniversalAdId idRegistry='Ad-ID.org'>CNPA0484000H</UniversalAdId><Linear>");
    let known =
        creative(&CreativeId::of_ad_server("watch.example.com", &["uaid", "ad-id.org", "CNPA0484000H"]));
    assert!(choose(&ad, Format::Hls, &[], &[known]).offered.places[0].is_some());
}

#[test]
fn a_creative_of_another_site_is_neither_shown_nor_told_of() {
    let ad = inline("a", "");
    let parts = ["file", "https://m.example/a.mp4"];
    // The document of the other site's id, and this site's own id with a document that is not for this site.
    let of_other = creative(&CreativeId::of_ad_server("other.example.com", &parts));
    let mut taken = creative(&CreativeId::of_ad_server("watch.example.com", &parts));
    taken.sites = vec!["other.example.com".parse().unwrap()];
    for known in [of_other, taken] {
        let chosen = choose(&ad, Format::Hls, &[], &[known]);
        assert!(chosen.offered.places.iter().all(Option::is_none));
        let codes: Vec<_> = chosen.pings.iter().map(|ping| ping.code).collect();
        assert_eq!((chosen.wanted.len(), codes), (1, vec![ErrorCode::NotConditioned]));
    }
}

#[test]
fn manifests_of_trusted_hosts_are_played_from_there() {
    let files = "<MediaFile type='application/x-mpegURL' codec='avc1.64001f'>https://m.example.com/a.m3u8</MediaFile>\
                 <MediaFile type='application/dash+xml'>https://m.example.com/a.mpd</MediaFile></MediaFiles>";
    let ad = inline("a", "").replace("</MediaFiles>", files);
    let hosts: Vec<HostPattern> = serde_json::from_str(r#"["m.example.com"]"#).unwrap();
    let url = |format, hosts: &[HostPattern]| {
        let chosen = choose(&ad, format, hosts, &[]);
        match chosen.offered.places.into_iter().flatten().next()?.media {
            Media::Direct { url, .. } => Some(url.to_string()),
            Media::Creative { .. } => None,
        }
    };
    assert_eq!(url(Format::Hls, &hosts).as_deref(), Some("https://m.example.com/a.m3u8"));
    assert_eq!(url(Format::Dash, &hosts).as_deref(), Some("https://m.example.com/a.mpd"));
    assert_eq!(url(Format::Hls, &[]), None);
}

#[test]
fn vpaid_is_dropped_with_its_code() {
    let file =
        "<MediaFile type='application/javascript' apiFramework='VPAID'>https://m.example/v.js</MediaFile>";
    let start = inline("a", "");
    let (front, behind) =
        (start.split("<MediaFiles>").next().unwrap(), start.split("</MediaFiles>").nth(1).unwrap());
    let chosen = choose(&format!("{front}<MediaFiles>{file}</MediaFiles>{behind}"), Format::Hls, &[], &[]);
    assert!(chosen.events.iter().any(|happening| happening.event == AdEvent::VpaidDropped));
    assert_eq!(chosen.pings[0].url, "https://e.example/a?901");
    assert_eq!((chosen.offered.places.len(), chosen.wanted.len()), (0, 0));
}
