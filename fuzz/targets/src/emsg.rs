//! No segment panics. Its messages lie within it, and an MPD that takes them in stays within its limit, whatever order they are read
//! in, and shows players nothing of them.

use stagedoor::catalog::Caps;
use stagedoor::dash::{Beginning, Edits, compile, event_messages, unread_segments, with_known_cues, with_segments};
use url::Url;

const MPD: &str = "<MPD type='dynamic' availabilityStartTime='1970-01-01T00:00:00Z'><Period start='PT0S'><AdaptationSet><InbandEventStream schemeIdUri='urn:scte:scte35:2013:bin'/><SegmentTemplate media='$Time$.m4s' timescale='90000'><SegmentTimeline><S t='90000000' d='180000' r='1'/></SegmentTimeline></SegmentTemplate><Representation id='v' bandwidth='1'/></AdaptationSet></Period></MPD>";
const MOST: usize = 256 * 1024;

/// Takes two inputs: the beginnings of two segments.
pub fn run((first, second): (Vec<u8>, &[u8])) {
    let messages = event_messages(second).count();
    assert!(messages <= second.len() / 8 + 1);
    for message in event_messages(second).flatten() {
        assert!(message.timescale > 0);
        let strings = message.scheme_id_uri.len() + message.value.len();
        assert!(message.message_data.len() + strings < second.len());
    }
    let folder = Url::parse("https://media.example/h/").unwrap();
    let url = folder.join("live.mpd").unwrap();
    let heads = unread_segments(MPD.as_bytes(), &url, &folder, 1_010_000);
    assert_eq!(heads.len(), 2);
    let read: Vec<_> = heads.into_iter().zip([first, second.to_vec()]).map(|(head, bytes)| (head, Beginning::Read(bytes))).collect();
    let of = |read: Vec<_>| with_segments(MPD.as_bytes(), read, MOST).0;
    let whole = of(read.clone());
    assert!(whole.len() <= MOST);
    assert!(unread_segments(&whole, &url, &folder, 1_010_000).is_empty());
    assert_eq!(with_known_cues(whole.clone(), &whole, MOST), whole);
    let [one, other]: [_; 2] = read.try_into().unwrap();
    let (one, other) = (of(vec![one]), of(vec![other]));
    let merged = with_known_cues(one.clone(), &other, MOST);
    assert_eq!(merged, with_known_cues(other, &one, MOST));
    let template = compile(&whole, None, &Edits::within(&Caps::default())).unwrap();
    assert_eq!(&*template.render(""), MPD.as_bytes());
}
