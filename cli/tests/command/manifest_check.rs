//! `stagedoor manifest check`.

use serde_json::{Value, json};

use crate::desk::{Desk, MASTER};

#[test]
fn check_tells_findings_and_whether_one_is_an_error() {
    let desk = Desk::new();
    let check = |input: &str| {
        let output = desk.run(&["--json", "manifest", "check", "-"], input);
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    assert_eq!(check(MASTER), (Some(0), json!([])));
    let unknown = check("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-NEW\n");
    assert_eq!((unknown.0, &unknown.1[0]["severity"]), (Some(0), &json!("info")));
    let wrong =
        check("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\u{e9}\n#EXT-X-KEY:METHOD=NONE,URI=\"a\"\na.ts\n");
    let expected = json!([{
        "line": 4,
        "column": 29,
        "clause": "rfc8216bis-22 4.4.4.4",
        "severity": "error",
        "code": "attribute-forbidden",
        "message": "expected no `URI` with the method `NONE`, found one",
    }]);
    assert_eq!(wrong, (Some(1), expected));
    assert_eq!(desk.run(&["manifest", "check", "missing.m3u8"], "").status.code(), Some(2));
    assert_eq!(desk.run(&["manifest", "check"], "").status.code(), Some(2));
}

#[test]
fn check_tells_mpds_by_their_content() {
    let desk = Desk::new();
    let check = |input: &str| {
        let output = desk.run(&["--json", "manifest", "check", "-"], input);
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    let mpd = |start: &str| {
        format!(
            "<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' profiles='a' minBufferTime='PT1S'>\n<Period duration='PT1S' \
             start='{start}'><AdaptationSet contentType='text'/></Period>\n</MPD>\n"
        )
    };
    assert_eq!(check(&mpd("PT0S")), (Some(0), json!([])));
    let expected = json!([{
        "line": 2,
        "column": 32,
        "clause": "ISO/IEC 23009-1 5.3.2",
        "severity": "error",
        "code": "attribute-type",
        "message": "expected a duration, such as `PT1.5S`, found `0`",
    }]);
    assert_eq!(check(&mpd("0")), (Some(1), expected));
    let cut_off = check("\u{feff}\n <MPD>");
    assert_eq!((cut_off.0, &cut_off.1[0]["code"]), (Some(1), &json!("malformed")));
}
