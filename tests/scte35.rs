//! Messages of other projects decode as their own decoders say, and samples of the standard as it says.
//!
//! `tests/fixtures/scte35/cues.json` has what threefive (PyPI) and scte35 (npm) say of each; `tests/fixtures/scte35/README.md`
//! tells how to make it anew.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use stagedoor::scte35::{
    Broken, Command, Content, Descriptor, Error, Section, Ticks, bytes, decode, examine,
};

fn cues() -> Vec<Value> {
    serde_json::from_str(include_str!("fixtures/scte35/cues.json")).unwrap()
}

/// A message without its checksum, and with it.
fn finished(hex: &str) -> Vec<u8> {
    let mut section = bytes(hex).unwrap();
    let length = u16::try_from(section.len() + 1).unwrap();
    section[1] = 0x30 | u8::try_from(length >> 8).unwrap();
    section[2] = u8::try_from(length & 0xff).unwrap();
    section.extend([0; 4]);
    // The checksum is as the examination computes it.
    let (_, checksum) = examine(&section).checksum.unwrap();
    let end = section.len() - 4;
    section[end..].copy_from_slice(&checksum.to_be_bytes());
    section
}

fn seconds(ticks: Ticks) -> f64 {
    (ticks.duration().as_secs_f64() * 1e6).round() / 1e6
}

#[test]
fn every_message_of_the_corpus_decodes() {
    let mut count = 0;
    for cue in cues() {
        let name = cue["base64"].as_str().unwrap();
        let from_base64 = bytes(name).unwrap();
        assert_eq!(from_base64, bytes(cue["hex"].as_str().unwrap()).unwrap(), "{name}");
        let examined = examine(&from_base64);
        let is_whole = cue["crc32_ok"] == true && cue["length_ok"] == true;
        match decode(&from_base64) {
            Ok(section) => {
                assert!(is_whole, "{name}");
                assert_eq!(examined.section, Ok(section.clone()), "{name}");
                agrees_with_threefive(&section, &cue["threefive"], name);
                agrees_with_scte35_js(&section, &cue["scte35_js_0_2_4"], name);
            }
            Err(Error::Broken(broken)) => {
                assert!(!is_whole, "{name}: {broken}");
                assert_eq!(examined.broken, Some(broken), "{name}");
            }
            Err(other) => panic!("{name}: {other}"),
        }
        count += 1;
    }
    assert_eq!(count, 39);
}

fn agrees_with_threefive(section: &Section, said: &Value, name: &str) {
    let (info, command) = (&said["info_section"], &said["command"]);
    if info.is_null() {
        return;
    }
    let frame = section.frame.as_ref().unwrap();
    assert_eq!(u64::from(frame.section_length), info["section_length"], "{name}");
    assert_eq!(u64::from(frame.splice_command_length), info["splice_command_length"], "{name}");
    assert_eq!(frame.splice_command_type.map(u64::from), info["splice_command_type"].as_u64(), "{name}");
    let number = |value: &Value| u16::from_str_radix(value.as_str()?.trim_start_matches("0x"), 16).ok();
    assert_eq!(Some(section.tier), number(&info["tier"]), "{name}");
    assert_eq!(seconds(section.pts_adjustment), info["pts_adjustment"].as_f64().unwrap(), "{name}");
    let json = serde_json::to_value(section).unwrap();
    let time = |value: &Value| value["pts_time"]["seconds"].as_f64();
    let ours = match section.command().unwrap() {
        Command::SpliceInsert(insert) => {
            assert_eq!(u64::from(insert.splice_event_id), command["splice_event_id"], "{name}");
            let splice = &json["splice_command"]["splice_insert"];
            assert_eq!(splice["out_of_network_indicator"], command["out_of_network_indicator"], "{name}");
            assert_eq!(splice["unique_program_id"], command["unique_program_id"], "{name}");
            let duration = splice["break_duration"]["duration"]["seconds"].as_f64();
            near(duration, &command["break_duration"], name);
            time(&splice["splice_time"])
        }
        Command::TimeSignal(_) => time(&json["splice_command"]["time_signal"]),
        _ => None,
    };
    near(ours, &command["pts_time"], name);
    // threefive reads no descriptors behind a command whose length is not stated.
    if frame.splice_command_length == 0xfff {
        return;
    }
    let theirs = said["descriptors"].as_array().unwrap();
    assert_eq!(section.descriptors().len(), theirs.len(), "{name}");
    for (ours, theirs) in section.descriptors().iter().zip(theirs) {
        agrees_about(ours, theirs, name);
    }
}

fn agrees_about(ours: &Descriptor, theirs: &Value, name: &str) {
    let json = serde_json::to_value(ours).unwrap();
    match ours {
        Descriptor::Segmentation(segmentation) => {
            let ours = &json["segmentation"];
            let id = theirs["segmentation_event_id"].as_str().unwrap();
            let id = u32::from_str_radix(id.trim_start_matches("0x"), 16).unwrap();
            assert_eq!(segmentation.segmentation_event_id, id, "{name}");
            for field in ["segmentation_type_id", "segment_num", "segments_expected"] {
                assert_eq!(ours[field], theirs[field], "{name}: {field}");
            }
            let upid = &ours["segmentation_upid"];
            assert_eq!(upid["length"], theirs["segmentation_upid_length"], "{name}");
            // threefive calls each empty UPID unused.
            if upid["length"] != 0 {
                assert_eq!(upid["type"], theirs["segmentation_upid_type"], "{name}");
            }
            for field in [
                "delivery_not_restricted_flag",
                "web_delivery_allowed_flag",
                "no_regional_blackout_flag",
                "archive_allowed_flag",
                "sub_segment_num",
                "sub_segments_expected",
            ] {
                if !theirs[field].is_null() && !ours[field].is_null() {
                    assert_eq!(ours[field], theirs[field], "{name}: {field}");
                }
            }
            near(ours["segmentation_duration"]["seconds"].as_f64(), &theirs["segmentation_duration"], name);
            if let (Some(ours), Some(theirs)) =
                (ours["segmentation_upid"]["value"].as_str(), theirs["segmentation_upid"].as_str())
                && !theirs.starts_with("0x")
            {
                assert_eq!(ours, theirs, "{name}");
            }
        }
        Descriptor::Avail(avail) => {
            assert_eq!(u64::from(avail.provider_avail_id), theirs["provider_avail_id"], "{name}");
        }
        Descriptor::Dtmf(dtmf) => {
            let theirs: String =
                theirs["dtmf_chars"].as_array().unwrap().iter().map(|sign| sign.as_str().unwrap()).collect();
            assert_eq!(dtmf.chars, theirs, "{name}");
        }
        Descriptor::Private(private) => {
            assert_eq!(private.identifier.to_string(), theirs["identifier"].as_str().unwrap(), "{name}");
        }
        Descriptor::Time(_) | Descriptor::Audio(_) => panic!("{name}: {ours:?}"),
    }
}

fn near(ours: Option<f64>, theirs: &Value, name: &str) {
    let Some(theirs) = theirs.as_f64() else { return };
    let ours = ours.unwrap_or_else(|| panic!("{name}: expected {theirs}"));
    assert!((ours - theirs).abs() < 2e-6, "{name}: {ours} {theirs}");
}

fn agrees_with_scte35_js(section: &Section, said: &Value, name: &str) {
    if said.is_null() {
        return;
    }
    assert_eq!(section.pts_adjustment.0, said["ptsAdjustment"], "{name}");
    assert_eq!(u64::from(section.tier), said["tier"], "{name}");
    // It takes what stands behind the descriptors for the checksum, stuffing too.
    let frame = section.frame.as_ref().unwrap();
    if frame.alignment_stuffing.0.is_empty() {
        assert_eq!(frame.crc_32.map(u64::from), said["crc"].as_u64(), "{name}");
    }
    // It misreads a splice_insert that has a time.
    if let Some(Command::TimeSignal(time)) = section.command() {
        assert_eq!(time.pts_time.map(|time| time.0), said["spliceCommand"]["pts"].as_u64(), "{name}");
    }
}

#[test]
fn a_schedule_has_programs_components_and_cancellations() {
    let section = decode(&finished(
        "fc0000 00 00 00000000 00 fff 02e 04 \
         03 \
         00000001 7f ef 4f000000 fe005265c0 1111 01 02 \
         00000002 ff \
         00000003 7f 0f 02 05 4f000001 06 4f000002 2222 03 04 \
         0000",
    ))
    .unwrap();
    let json = serde_json::to_value(&section).unwrap();
    let splices = &json["splice_command"]["splice_schedule"]["splices"];
    assert_eq!(splices[0]["utc_splice_time"], 0x4f00_0000);
    assert_eq!(splices[0]["break_duration"]["auto_return"], true);
    assert_eq!(splices[0]["break_duration"]["duration"], json!({ "ticks": 5_400_000, "seconds": 60.0 }));
    assert_eq!(
        splices[1],
        json!({
            "splice_event_id": 2, "splice_event_cancel_indicator": true, "event_id_compliance_flag": true
        })
    );
    assert_eq!(splices[2]["components"][1], json!({ "component_tag": 6, "utc_splice_time": 0x4f00_0002 }));
    assert_eq!(splices[2]["avails_expected"], 4);
}

#[test]
fn components_are_spliced_by_themselves() {
    let section = decode(&finished(
        "fc0000 00 00 00000000 00 fff 017 05 00000007 7f 8f 02 01 fe00015f90 02 fe00015f8f 0001 02 03 0000",
    ))
    .unwrap();
    assert_eq!(section.pts(), Some(Ticks(0x0001_5f8f)));
    let json = serde_json::to_value(&section).unwrap();
    let insert = &json["splice_command"]["splice_insert"];
    assert_eq!(insert["program_splice_flag"], false);
    assert_eq!(
        insert["components"][0]["splice_time"]["pts_time"],
        json!({ "ticks": 90_000, "seconds": 1.0 })
    );
}

#[test]
fn every_descriptor_is_read() {
    let section = decode(&finished(
        "fc0000 00 00 00000000 00 fff 005 06 fe00000000 0067 \
         00 08 43554549 00000135 \
         01 0a 43554549 32 9f 3132312a \
         03 10 43554549 000068c71d25 075bcd15 0025 \
         04 0f 43554549 2f 01 656e67 0d 02 646575 10 \
         02 26 43554549 00000009 7f 4b 02 01 fe00000001 02 fe00000002 0000293200 0e 03 313233 30 01 02 03 04 \
         e0 04 41424344",
    ))
    .unwrap();
    let json = serde_json::to_value(section.descriptors()).unwrap();
    assert_eq!(json[0], json!({ "avail": { "provider_avail_id": 309 } }));
    assert_eq!(json[1], json!({ "DTMF": { "preroll": 50, "DTMF_chars": "121*" } }));
    assert_eq!(
        json[2],
        json!({ "time": { "TAI_seconds": 0x68c7_1d25, "TAI_ns": 123_456_789, "UTC_offset": 37 } })
    );
    assert_eq!(json[3]["audio"]["components"][1]["ISO_code"], "deu");
    assert_eq!(json[3]["audio"]["components"][0]["Num_Channels"], 6);
    let segmentation = &json[4]["segmentation"];
    assert_eq!(segmentation["components"][1]["pts_offset"]["ticks"], 2);
    assert_eq!(segmentation["archive_allowed_flag"], false);
    assert_eq!(segmentation["no_regional_blackout_flag"], true);
    assert_eq!(segmentation["device_restrictions"], 3);
    assert_eq!(segmentation["segmentation_duration"]["ticks"], 0x0029_3200);
    assert_eq!(
        segmentation["segmentation_upid"],
        json!({ "type": 14, "name": "ADS Information", "length": 3, "value": "123" })
    );
    assert_eq!(
        (&segmentation["sub_segment_num"], &segmentation["sub_segments_expected"]),
        (&json!(3), &json!(4))
    );
    assert_eq!(
        json[5]["private"],
        json!({ "splice_descriptor_tag": 224, "identifier": "ABCD", "private_bytes": "0x" })
    );
}

#[test]
fn an_encrypted_section_is_recognised() {
    let section = decode(&finished("fc0000 00 83 00000001 05 fff 005 deadbeef deadbeef deadbeef")).unwrap();
    let Content::Encrypted(content) = &section.content else { panic!("{section:?}") };
    assert_eq!(content.0.len(), 12);
    assert_eq!((section.encryption_algorithm, section.cw_index, section.command()), (1, 5, None));
    let json = serde_json::to_value(&section).unwrap();
    assert_eq!(json["encrypted"], "0xdeadbeefdeadbeefdeadbeef");
}

#[test]
fn other_commands_are_kept() {
    let command = |hex: &str| {
        let section = decode(&finished(&format!("fc0000 00 00 00000000 00 fff {hex} 0000"))).unwrap();
        serde_json::to_value(section.command()).unwrap()
    };
    assert_eq!(command("000 00"), json!("splice_null"));
    assert_eq!(command("000 07"), json!("bandwidth_reservation"));
    assert_eq!(
        command("006 ff 41424344 0102"),
        json!({ "private_command": { "identifier": "ABCD", "private_bytes": "0x0102" } })
    );
    assert_eq!(command("002 0a 0102"), json!({ "reserved": "0x0102" }));
}

#[test]
fn errors_say_where() {
    let error = |hex: &str| decode(&finished(hex)).unwrap_err().to_string();
    for (hex, expected) in [
        ("fc0000 01 00 00000000 00 fff 000 00 0000", "expected protocol_version 0 at byte 3, found 1"),
        (
            "fc0000 00 00 00000000 00 fff 004 06 fe00000000 0000",
            "expected the command at byte 14 to have 4 bytes by its splice_command_length, found 5",
        ),
        (
            "fc0000 00 00 00000000 00 fff fff ff 41424344 0000",
            "expected a splice_command_length, found 0xfff: the end of a command of splice_command_type 0xff is then unknown",
        ),
        (
            "fc0000 00 00 00000000 00 fff 005 06 fe00000000 0006 00 08 43554549",
            "expected the descriptor at byte 23, found the end of the descriptor loop",
        ),
        (
            "fc0000 00 00 00000000 00 fff 005 06 fe00000000 0007 00 05 43554549 01",
            "expected provider_avail_id at byte 27, found the end of the descriptor",
        ),
        (
            "fc0000 00 00 00000000 00 fff 005 06 fe00000000 0020 00 08 43554549",
            "expected the descriptor loop at byte 21, found the end of the section",
        ),
        (
            "fc0000 00 00 00000000 00 fff 00a 05 00000001 7f",
            "expected out_of_network_indicator at byte 19, found the end of the command",
        ),
    ] {
        assert_eq!(error(hex), expected, "{hex}");
    }
}

#[test]
fn a_broken_section_is_examined() {
    let sample = bytes(cues()[0]["base64"].as_str().unwrap()).unwrap();
    let mut changed = sample.clone();
    changed[54] ^= 1;
    let examined = examine(&changed);
    assert_eq!(examined.checksum, Some((0x9ac9_d17f, 0x9ac9_d17e)));
    assert!(examined.section.is_ok());
    let examined = examine(&sample[..50]);
    assert_eq!((examined.length, examined.checksum), (Some((55, 50)), None));
    assert_eq!(examined.broken, Some(Broken::Length { said: 55, found: 50 }));
    let longer = [&sample[..], &[0]].concat();
    let examined = examine(&longer);
    assert_eq!(examined.checksum, Some((0x9ac9_d17e, 0x9ac9_d17e)));
    assert!(examined.section.is_ok());
    assert_eq!(examine(&[]).broken, Some(Broken::Table { found: None }));
}
