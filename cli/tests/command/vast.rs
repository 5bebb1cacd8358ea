//! `stagedoor vast resolve`

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::desk::Desk;

const REPLY: &str = "<VAST version='4.2'><Ad id='one'><InLine><AdSystem>s</AdSystem><AdTitle>one</AdTitle>\
    <Impression>https://ads.example.com/shown</Impression><Creatives><Creative>\
    <UniversalAdId idRegistry='Ad-ID.org'>CNPA0484000H</UniversalAdId><Linear><Duration>00:00:10</Duration><MediaFiles>\
    <MediaFile delivery='progressive' type='video/mp4' width='640' height='360'>https://ads.example.com/one.mp4</MediaFile>\
    </MediaFiles></Linear></Creative></Creatives></InLine></Ad></VAST>";

#[test]
fn the_ids_of_a_sites_creatives_are_those_that_the_origin_service_takes() {
    let run = |arguments: &[&str]| {
        let output = Desk::new().run(&[&["vast", "resolve"], arguments, &["-"]].concat(), REPLY);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let json = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let found = json(run(&["--json", "--site", "a.example"]));
    let id = "as-32eb9f7a49b15089-5fda58b2faa3eb55604638d4";
    assert_eq!(found["creatives"], json!([{ "ad": "one", "creative": id }]));
    assert_eq!(found["pod"]["slots"][0]["ad"]["id"], "one");
    assert_eq!(json(run(&["--json"]))["creatives"], Value::Null);
    assert!(run(&["--site", "a.example"]).contains(&format!("     {id} of ad one\n")));
}

fn inline(id: &str, sequence: &str) -> String {
    format!(
        "<Ad id='{id}' {sequence}><InLine><Impression>https://t.example/{id}</Impression><Creatives><Creative><Linear>\
         <Duration>00:00:10</Duration><MediaFiles><MediaFile delivery='progressive' type='video/mp4' width='1' height='1'>\
         https://c.example/{id}.mp4</MediaFile></MediaFiles></Linear></Creative></Creatives></InLine></Ad>"
    )
}

fn vmap(breaks: &str) -> String {
    format!("<vmap:VMAP xmlns:vmap='http://www.iab.net/videosuite/vmap' version='1.0'>{breaks}</vmap:VMAP>")
}

/// A break with ads of its own.
fn filled(attributes: &str, source: &str, ads: &str) -> String {
    format!(
        "<vmap:AdBreak breakType='linear' {attributes}><vmap:AdSource {source}><vmap:VASTAdData><VAST version='3.0'>{ads}</VAST>\
         </vmap:VASTAdData></vmap:AdSource><vmap:TrackingEvents><vmap:Tracking event='breakStart'>https://t.example/b\
         </vmap:Tracking></vmap:TrackingEvents></vmap:AdBreak>"
    )
}

fn resolved(input: &str, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = Desk::new().run(&[&["vast", "resolve", "--json"], arguments].concat(), input);
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

fn ids(slots: &Value) -> Vec<&str> {
    slots.as_array().unwrap().iter().map(|slot| slot["ad"]["id"].as_str().unwrap()).collect()
}

#[test]
fn a_place_whose_ad_fails_goes_to_a_spare() {
    let failing = "<Ad id='b' sequence='2'><InLine><Creatives/></InLine></Ad>";
    let ads = [inline("a", "sequence='1'"), failing.to_owned(), inline("c", ""), inline("d", "")].concat();
    let (code, json) = resolved(&format!("<VAST version='4.2'>{ads}</VAST>"), &["-"]);
    assert_eq!(
        (code, ids(&json["pod"]["slots"]), ids(&json["spares"])),
        (Some(0), vec!["a", "c"], vec!["d"])
    );
}

#[test]
fn the_breaks_of_a_vmap_document_are_told_whole() {
    let display = "<vmap:AdBreak timeOffset='10%' breakType='display'/>";
    let several = [inline("a", ""), inline("b", "")].concat();
    let text = vmap(
        &[
            display,
            &filled("timeOffset='start' breakId='pre'", "allowMultipleAds='false'", &several),
            &filled("timeOffset='00:05:00' repeatAfter='00:10:00'", "", &several),
        ]
        .concat(),
    );
    let (code, json) = resolved(&text, &["-"]);
    assert_eq!(code, Some(0));
    let told: Vec<_> =
        json.as_array().unwrap().iter().map(|found| (&found["break"], ids(&found["pod"]["slots"]))).collect();
    let again = "break-3, at 300 s, again after each 600 s";
    assert_eq!(told, [(&json!("pre, start"), vec!["a"]), (&json!(again), vec!["a", "b"])]);
    assert_eq!(json[0]["tracking"], json!([{ "event": "breakStart", "url": "https://t.example/b" }]));
    assert_eq!(json[0]["events"][0]["event"], "WARNING_ELEMENT_IGNORED");
    let wrapper = "<Ad id='w'><Wrapper><VASTAdTagURI>http://127.0.0.1:1/</VASTAdTagURI></Wrapper></Ad>";
    let (_, json) =
        resolved(&vmap(&filled("timeOffset='start'", "followRedirects='false'", wrapper)), &["-"]);
    assert!(json["events"].to_string().contains("expected 0 wrappers"), "{json}");
}

#[test]
fn a_vmap_document_without_breaks_or_of_another_version_has_no_ad() {
    for (text, event) in [
        (vmap(""), "EMPTY_VMAP_RESPONSE"),
        (vmap("").replace("1.0", "2.0"), "ERROR_ADS_RESPONSE_UNKNOWN_ROOT_ELEMENT"),
    ] {
        let (code, json) = resolved(&text, &["-"]);
        assert_eq!((code, &json["events"][0]["event"]), (Some(1), &json!(event)), "{json}");
    }
}

#[test]
fn a_vmap_document_of_a_url_is_read_and_names_no_private_host() {
    let tag = |url: &str| {
        let source = format!("<vmap:AdSource><vmap:AdTagURI>{url}</vmap:AdTagURI></vmap:AdSource>");
        format!("<vmap:AdBreak timeOffset='end' breakType='linear'>{source}</vmap:AdBreak>")
    };
    let text =
        vmap(&[filled("timeOffset='start'", "", &inline("a", "")), tag("http://10.0.0.1:8080/v")].concat());
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/vmap", server.local_addr().unwrap());
    let body = text.clone();
    std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all([head, body].concat().as_bytes()).unwrap();
    });
    for (input, source) in [("", url.as_str()), (text.as_str(), "-")] {
        let (code, json) = resolved(input, &[source]);
        assert_eq!((code, ids(&json[0]["pod"]["slots"])), (Some(1), vec!["a"]), "{source}: {json}");
        assert!(json[1]["events"].to_string().contains("expected a public host"), "{source}: {json}");
    }
}
