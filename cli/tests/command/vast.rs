//! `stagedoor vast resolve`

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
