use super::*;
use crate::hls::read::work;

const HEAD: &str = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PROGRAM-DATE-TIME:2026-12-01T12:00:00Z\n";
const NOON_MS: u64 = 1_796_126_400_000;
/// A `splice_insert` that opens a break of a minute (ANSI/SCTE 35 section 14.2).
const OUT: &str = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=";

/// The kind, the seconds after noon and the planned seconds of each signal in a live playlist, whose fourth segment has a mark.
fn told(mark: &str) -> Vec<(&'static str, f64, Option<f64>)> {
    let playlist =
        [HEAD, &"#EXTINF:4,\na.ts\n".repeat(3), mark, "\n", &"#EXTINF:4,\na.ts\n".repeat(3)].concat();
    let marks = Marks::read(Span::whole(playlist.as_bytes())).unwrap();
    let signals = marks.signals();
    let told = signals.iter().map(|signal| {
        let (name, planned) = match &signal.cue {
            Cue::Section { planned, .. } => ("section", planned),
            Cue::Out { planned } => ("out", planned),
            Cue::Continue { planned, .. } => ("continue", planned),
            Cue::In => ("in", &None),
        };
        let at = signal.at.date.unwrap().0 - NOON_MS;
        (name, Duration::from_millis(at).as_secs_f64(), planned.map(|planned| planned.as_secs_f64()))
    });
    told.collect()
}

#[test]
fn each_spelling_of_a_mark_is_read() {
    let hex: String = {
        let bytes = crate::scte35::bytes(OUT).unwrap();
        bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    };
    let range =
        |more: &str| format!("#EXT-X-DATERANGE:ID=\"7\",START-DATE=\"2026-12-01T12:00:08.500Z\",{more}");
    for (mark, expected) in [
        ("#EXT-X-CUE-OUT".to_owned(), vec![("out", 12.0, None)]),
        ("#EXT-X-CUE-OUT:30.5".to_owned(), vec![("out", 12.0, Some(30.5))]),
        ("#EXT-X-CUE-OUT:DURATION=\"30\"".to_owned(), vec![("out", 12.0, Some(30.0))]),
        ("#EXT-X-CUE-OUT:ID=1,Duration=30".to_owned(), vec![("out", 12.0, Some(30.0))]),
        (format!("#EXT-X-CUE-OUT:DURATION=30,CUE=\"{OUT}\""), vec![("section", 12.0, Some(30.0))]),
        (format!("#EXT-X-CUE-OUT:30,SCTE35={OUT}"), vec![("section", 12.0, None)]),
        ("#EXT-X-CUE-OUT:30,SCTE35=nonsense".to_owned(), vec![("out", 12.0, None)]),
        ("#EXT-X-CUE-IN".to_owned(), vec![("in", 12.0, None)]),
        ("#EXT-X-CUE:TYPE=\"SpliceOut\",ID=\"1\",DURATION=30".to_owned(), vec![("out", 12.0, Some(30.0))]),
        ("#EXT-X-CUE:TYPE=\"SpliceIn\"".to_owned(), vec![("in", 12.0, None)]),
        (format!("#EXT-OATCLS-SCTE35:{OUT}"), vec![("section", 12.0, None)]),
        (format!("#EXT-X-SPLICEPOINT-SCTE35:{OUT}"), vec![("section", 12.0, None)]),
        ("#EXT-OATCLS-SCTE35:/DAvAAAAAAAA".to_owned(), vec![]),
        (format!("#EXT-X-SCTE35:CUE=\"{OUT}\",CUE-OUT=YES,DURATION=30"), vec![("section", 12.0, Some(30.0))]),
        ("#EXT-X-SCTE35:CUE=\"\",CUE-OUT=YES,DURATION=30".to_owned(), vec![("out", 12.0, Some(30.0))]),
        ("#EXT-SCTE35:CUE=\"\",CUE-IN=YES".to_owned(), vec![("in", 12.0, None)]),
        (range(&format!("SCTE35-OUT=0x{hex},PLANNED-DURATION=30")), vec![("section", 8.5, Some(30.0))]),
        (range("SCTE35-OUT=0xFC,PLANNED-DURATION=30"), vec![("out", 8.5, Some(30.0))]),
        (range("SCTE35-OUT=0xFC,DURATION=4"), vec![("out", 8.5, None), ("in", 12.5, None)]),
        (range("SCTE35-IN=0xFC,DURATION=4"), vec![("in", 12.5, None)]),
        (range(&format!("SCTE35-CMD=0x{hex}")), vec![("section", 8.5, None)]),
        (range("SCTE35-CMD=0xFC"), vec![]),
        (range("CLASS=\"com.apple.hls.interstitial\",SCTE35-OUT=0xFC"), vec![]),
        ("#EXT-X-DATERANGE:START-DATE=\"2026-12-01T12:00:08Z\",SCTE35-OUT=0xFC".to_owned(), vec![]),
        ("#EXT-X-ASSET:CAID=0x1".to_owned(), vec![]),
        // One mark that goes on tells nothing about the beginning.
        ("#EXT-X-CUE-OUT-CONT:8/30".to_owned(), vec![]),
    ] {
        assert_eq!(told(&mark), expected, "{mark}");
    }
    // The message names the break, and its ID is the range's.
    let playlist = [HEAD, &range(&format!("SCTE35-OUT=0x{hex}")), "\n#EXTINF:4,\na\n"].concat();
    let signals = Marks::read(Span::whole(playlist.as_bytes())).unwrap().signals();
    assert_eq!((signals[0].id.as_deref(), signals[0].at.is_stated), (Some("7"), true));
}

#[test]
fn dates_in_front_of_the_first_are_counted_back() {
    let playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na\n#EXT-X-CUE-OUT:8\n#EXTINF:4,\nb\n\
        #EXT-X-PROGRAM-DATE-TIME:2026-12-01T12:00:08Z\n#EXTINF:4,\nc\n";
    let signals = Marks::read(Span::whole(playlist.as_bytes())).unwrap().signals();
    assert_eq!(signals[0].at.date, Some(UnixMillis(NOON_MS + 4_000)));
}

#[test]
fn a_playlist_is_whole_if_it_lost_no_segment() {
    for (tags, expected) in [
        ("", false),
        ("#EXT-X-ENDLIST\n", true),
        ("#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-ENDLIST\n", true),
        ("#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-ENDLIST\n", false),
        ("#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-PLAYLIST-TYPE:VOD\n", true),
        ("#EXT-X-PLAYLIST-TYPE:EVENT\n", false),
    ] {
        let playlist = [HEAD, tags, "#EXTINF:4,\na\n"].concat();
        assert_eq!(Marks::read(Span::whole(playlist.as_bytes())).unwrap().is_whole, expected, "{tags}");
    }
}

/// A playlist of nothing but marks is read in one pass, and the last of them count.
#[test]
fn of_too_many_marks_the_last_are_kept() {
    let marked = "#EXT-X-CUE-OUT:1\n#EXTINF:4,\na\n#EXT-X-CUE-IN\n#EXTINF:4,\na\n";
    let read = |count: usize| {
        let playlist = [HEAD, &marked.repeat(count)].concat();
        work::of(|| Marks::read(Span::whole(playlist.as_bytes())).unwrap().signals())
    };
    let (few, _) = read(1_000);
    let (many, signals) = read(50_000);
    assert!(many < few * 51, "{many} {few}");
    assert!((MARKS_MAX..=2 * MARKS_MAX).contains(&signals.len()), "{}", signals.len());
    let last = signals.iter().filter_map(|signal| signal.at.date).max().unwrap();
    assert_eq!(last.0 - NOON_MS, (50_000 * 8 - 4) * 1_000);
}
