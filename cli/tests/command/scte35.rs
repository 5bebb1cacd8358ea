//! `stagedoor scte35 decode`

use serde_json::{Value, json};

use crate::desk::Desk;

const SAMPLE: &str = "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==";

fn decoded(message: &str) -> (Option<i32>, Value) {
    let output = Desk::new().run(&["scte35", "decode", "--", message], "");
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

#[test]
fn a_message_is_printed_with_every_field() {
    let (code, json) = decoded(SAMPLE);
    assert_eq!(code, Some(0));
    assert_eq!(json["length"], json!({ "ok": true, "stated": 55, "found": 55 }));
    assert_eq!(json["crc"], json!({ "ok": true, "stated": "0x9ac9d17e", "computed": "0x9ac9d17e" }));
    assert_eq!((&json["error"], &json["effects"]), (&Value::Null, &json!(["never", "opens"])));
    let section = &json["section"];
    assert_eq!(section["splice_command"]["time_signal"]["pts_time"]["ticks"], 1_924_989_008);
    let segmentation = &section["splice_descriptors"][0]["segmentation"];
    assert_eq!(segmentation["segmentation_type"], "Provider Placement Opportunity Start");
    assert_eq!(segmentation["segmentation_upid"]["value"], "0x000000002ca0a18a");
    let hex = "0xfc3034000000000000fffff00506fe72bd0050001e021c435545494800008e7fcf0001a599b00808000000002ca0a18a3402009ac9d17e";
    assert_eq!(decoded(hex), (Some(0), json.clone()));
    assert_eq!(decoded(&format!("\"{SAMPLE}\"\n")), (Some(0), json.clone()));
    assert_eq!(decoded(&hex[2..]), (Some(0), json));
}

#[test]
fn a_wrong_checksum_or_length_is_told() {
    let (code, json) = decoded(&SAMPLE.replace("fg==", "fw=="));
    assert_eq!((code, &json["crc"]["ok"], &json["length"]["ok"]), (Some(1), &json!(false), &json!(true)));
    assert_eq!(json["error"], "expected the CRC_32 0x9ac9d17e of its bytes, found 0x9ac9d17f");
    assert_eq!(json["section"]["tier"], 4095, "what can be read is printed");
    let (code, json) = decoded(&SAMPLE[..40]);
    assert_eq!((code, &json["crc"]["ok"], &json["length"]["ok"]), (Some(1), &json!(false), &json!(false)));
    assert_eq!(json["length"]["stated"], 55);
    for (cut, descriptors) in [(60, 0), (72, 1)] {
        let (_, json) = decoded(&SAMPLE[..cut]);
        assert_eq!(json["section"]["splice_command"]["time_signal"]["pts_time"]["ticks"], 1_924_989_008);
        assert_eq!(json["section"]["splice_descriptors"].as_array().unwrap().len(), descriptors, "{json}");
        assert_eq!(
            json["error"],
            format!("expected a section of 55 bytes by its section_length, found {}", cut / 4 * 3)
        );
    }
    // Two descriptors, of which the second says that it is longer than its loop.
    let (code, json) = decoded(
        "0xFC302A00000000000000FFF00506FE0001000000140008435545490000000100094355454900000000C72D6A62",
    );
    assert_eq!((code, &json["effects"]), (Some(1), &json!(["never"])));
    assert_eq!(json["section"]["splice_descriptors"], json!([{ "avail": { "provider_avail_id": 1 } }]));
    for (message, code) in [("", 2), ("!", 2), ("/DARA", 2), ("AAAA", 1)] {
        assert_eq!(decoded(message).0, Some(code), "{message}");
    }
}

#[test]
fn the_event_messages_of_a_segment_are_printed() {
    let segment = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/scte35/isoboxer.m4s");
    let desk = Desk::new();
    let output = desk.run(&["scte35", "decode", "--segment", segment], "");
    assert_eq!(output.status.code(), Some(0));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [first, second] = &json.as_array().unwrap()[..] else { panic!("{json}") };
    assert_eq!(
        (&first["presentation_time"], &first["event_duration"]),
        (&json!(153_000_000_000_000_u64), &json!(2_700_000))
    );
    assert_eq!(
        (&second["presentation_time_delta"], &second["event_duration"]),
        (&json!(180_000), &Value::Null)
    );
    assert_eq!(first["message"]["effects"], json!(["opens"]));
    assert_eq!(first["message"], second["message"]);
    let cut = std::fs::read(segment).unwrap();
    let path = desk.path("cut.m4s");
    std::fs::write(&path, &cut[..100]).unwrap();
    let output = desk.run(&["scte35", "decode", "--segment", path.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json, json!([{ "error": "byte 24: expected as many bytes as the box states" }]));
}
