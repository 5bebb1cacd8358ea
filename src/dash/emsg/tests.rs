use super::*;

/// A box.
pub(in crate::dash) fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(8 + content.len()).unwrap().to_be_bytes();
    [&size[..], kind, content].concat()
}

/// A box with a size of 64 bits.
fn large(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u64::try_from(16 + content.len()).unwrap().to_be_bytes();
    [&[0, 0, 0, 1][..], kind, &size, content].concat()
}

/// The `emsg` of a message, as section 5.10.3.3.3 has it.
pub(in crate::dash) fn emsg(message: &EventMessage<'_>) -> Vec<u8> {
    let &EventMessage { scheme_id_uri, value, timescale, time, duration, id, message_data } = message;
    let strings = format!("{scheme_id_uri}\0{value}\0");
    let rest = [duration.unwrap_or(u32::MAX), id].map(u32::to_be_bytes).concat();
    let timescale = timescale.to_be_bytes();
    let content = match time {
        EventTime::Delta(delta) => {
            [&[0; 4], strings.as_bytes(), &timescale, &delta.to_be_bytes(), &rest, message_data].concat()
        }
        EventTime::At(at) => {
            [&[1, 0, 0, 0], &timescale[..], &at.to_be_bytes(), &rest, strings.as_bytes(), message_data]
                .concat()
        }
    };
    boxed(b"emsg", &content)
}

const MESSAGE: EventMessage<'_> = EventMessage {
    scheme_id_uri: "urn:scte:scte35:2013:bin",
    value: "1001",
    timescale: 90_000,
    time: EventTime::At(153_000_000_000_000),
    duration: Some(2_700_000),
    id: 7,
    message_data: &[0xfc, 0x30, 0],
};

fn read(segment: &[u8]) -> Vec<Result<EventMessage<'_>, EmsgError>> {
    event_messages(segment).collect()
}

#[test]
fn both_versions_are_read() {
    let delta = EventMessage { time: EventTime::Delta(180_000), duration: None, value: "", ..MESSAGE };
    for message in [MESSAGE, delta] {
        assert_eq!(read(&emsg(&message)), [Ok(message)]);
    }
}

/// Written by codem-isoboxer 0.3.10, the boxes of dash.js: `tests/fixtures/scte35/README.md` tells how.
#[test]
fn the_boxes_of_another_writer_are_read() {
    let segment = include_bytes!("../../../tests/fixtures/scte35/isoboxer.m4s");
    let delta = EventMessage { time: EventTime::Delta(180_000), duration: None, ..MESSAGE };
    let section = crate::scte35::bytes("/DAhAAAAAAAAAP/wEAUAAALRf+9//gAaF7DAAAAAAAA+MhNj").unwrap();
    assert_eq!(
        read(segment),
        [
            Ok(EventMessage { message_data: &section, ..MESSAGE }),
            Ok(EventMessage { message_data: &section, ..delta })
        ]
    );
}

#[test]
fn messages_are_found_among_other_boxes() {
    let (one, other) = (emsg(&MESSAGE), emsg(&EventMessage { id: 8, ..MESSAGE }));
    let content = one.get(8..).unwrap();
    let moof = boxed(b"moof", &boxed(b"emsg", content));
    let segment = [
        boxed(b"styp", b"msdh\0\0\0\0"),
        large(b"prft", &[0; 24]),
        boxed(b"sidx", &[0; 32]),
        one.clone(),
        boxed(b"free", b""),
        large(b"emsg", content),
        moof,
        boxed(b"mdat", &one),
        other,
    ]
    .concat();
    let ids: Vec<_> = read(&segment).into_iter().map(|message| message.unwrap().id).collect();
    assert_eq!(ids, [7, 7, 8], "boxes within boxes are not looked into");
    // The last box may reach to the end.
    let open = [&[0; 4], b"emsg", content].concat();
    assert_eq!(read(&[boxed(b"styp", b""), open].concat()), [Ok(MESSAGE)]);
}

#[test]
fn a_segment_that_is_cut_off_ends() {
    let (styp, one) = (boxed(b"styp", b"msdh\0\0\0\0"), emsg(&MESSAGE));
    let whole = [&styp[..], &one].concat();
    let error = EmsgError { at: styp.len(), expected: "as many bytes as the box states" };
    for end in 0..whole.len() {
        let found = read(whole.get(..end).unwrap());
        let expected = if end < styp.len() + 8 { vec![] } else { vec![Err(error)] };
        assert_eq!(found, expected, "{end}");
    }
    assert_eq!(read(&[styp, boxed(b"mdat", &[0; 40]).get(..20).unwrap().to_vec()].concat()), []);
}

#[test]
fn boxes_that_lie_are_refused() {
    let at = |expected| vec![Err(EmsgError { at: 0, expected })];
    let content = emsg(&MESSAGE).get(8..).unwrap().to_vec();
    let with = |place: usize, bytes: &[u8]| {
        let mut changed = content.clone();
        changed.get_mut(place..place + bytes.len()).unwrap().copy_from_slice(bytes);
        boxed(b"emsg", &changed)
    };
    for (segment, expected) in [
        (with(0, &[2]), at("version 0 or 1")),
        (with(4, &[0; 4]), at("a `timescale` above 0")),
        (with(24, &[0xff]), at("a `scheme_id_uri`")),
        (boxed(b"emsg", b""), at("a version")),
        (boxed(b"emsg", &[1, 0, 0, 0, 0, 0, 0, 1]), at("a `presentation_time`")),
        (boxed(b"emsg", content.get(..16).unwrap()), at("an `event_duration`")),
        (boxed(b"emsg", content.get(..20).unwrap()), at("an `id`")),
        (boxed(b"emsg", content.get(..30).unwrap()), at("a `scheme_id_uri`")),
        (boxed(b"emsg", content.get(..50).unwrap()), at("a `value`")),
        (boxed(b"emsg", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]), at("a `presentation_time_delta`")),
        ([&[0xff; 4], &b"emsg"[..], &content].concat(), at("as many bytes as the box states")),
        ([&[0, 0, 0, 1], &b"emsg"[..], &[0xff; 8], &content].concat(), at("as many bytes as the box states")),
        // Sizes within their own head, and heads that are cut off.
        ([&[0, 0, 0, 4], &b"emsg"[..], &content].concat(), at("as many bytes as the box states")),
        ([&[0, 0, 0, 4], &b"styp"[..], &emsg(&MESSAGE)].concat(), vec![]),
        ([&[0, 0, 0, 1], &b"styp"[..], &[0; 7]].concat(), vec![]),
        (b"not a segment".to_vec(), vec![]),
    ] {
        assert_eq!(read(&segment), expected);
    }
}

#[test]
fn a_broken_message_does_not_hide_the_next() {
    let segment = [boxed(b"emsg", b""), emsg(&MESSAGE)].concat();
    assert_eq!(read(&segment), [Err(EmsgError { at: 0, expected: "a version" }), Ok(MESSAGE)]);
}
