//! Why no variant remains, for whoever wrote the limits: how many each of them left out.

use super::groups::Media;
use super::master::{Master, Variant};
use crate::catalog::Caps;
use crate::hls::read::attributes::attribute;
use crate::manifest::{Limit, language};

/// Says how many variants each limit left out. For a variant beyond several limits, the first attribute counts.
pub(super) fn describe(master: &Master<'_>, caps: &Caps) -> String {
    let played = || master.variants.iter().filter(|variant| variant.uri.is_some());
    let [mut silent, mut shared] = [0_usize; 2];
    let mut beyond = [0_usize; Limit::ALL.len()];
    for variant in played() {
        match variant.beyond {
            Some(limit) => {
                if let Some(count) = beyond.get_mut(limit as usize) {
                    *count += 1;
                }
            }
            None if is_silent(master, variant) => silent += 1,
            None => shared += 1,
        }
    }
    let mut parts: Vec<String> = Vec::new();
    for (limit, count) in Limit::ALL.into_iter().zip(beyond).filter(|(_, count)| *count > 0) {
        parts.push(format!("{count} {}", limit.describe(caps)));
    }
    if silent > 0 {
        parts.push(format!("{silent} with another audio language{}", found(master)));
    }
    if shared > 0 {
        parts.push(format!("{shared} with the URI of another"));
    }
    parts.join(", ")
}

/// Whether its group of sound has lost all its renditions.
fn is_silent(master: &Master<'_>, variant: &Variant<'_>) -> bool {
    let [audio, ..] = variant.groups;
    master.groups.is_lost(audio)
}

/// The languages of sound that there were, some of them.
fn found(master: &Master<'_>) -> String {
    let is_sound =
        |group| master.groups.get(group).is_some_and(|group| group.media == Media::Audio && group.is_lost());
    let renditions = master.renditions.iter().filter(|rendition| is_sound(rendition.group));
    language::found_languages(renditions.filter_map(|rendition| {
        attribute(rendition.tag.list.text(), b"LANGUAGE").and_then(|tag| str::from_utf8(tag).ok())
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::hls::multivariant::testing::edited;

    #[test]
    fn each_limit_is_named_with_what_it_left_out() {
        let sound = |groups: &str| {
            let mut playlist = String::from("#EXTM3U\n");
            for (number, language) in groups.split(' ').enumerate() {
                playlist += &format!(
                    "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"{number}\",LANGUAGE=\"{language}\"\n"
                );
            }
            playlist
                + "#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\n1\n#EXT-X-STREAM-INF:BANDWIDTH=9000000,AUDIO=\"a\"\n2\n"
        };
        let all = "#EXTM3U\n\
            #EXT-X-STREAM-INF:BANDWIDTH=9000000,RESOLUTION=1920x1080\n1\n\
            #EXT-X-STREAM-INF:RESOLUTION=1920x1080,BANDWIDTH=9000000\n2\n\
            #EXT-X-STREAM-INF:RESOLUTION=1920x1080\n3\n\
            #EXT-X-STREAM-INF:FRAME-RATE=60\n4\n\
            #EXT-X-STREAM-INF:VIDEO-RANGE=PQ\n5\n\
            #EXT-X-STREAM-INF:CODECS=\"dvh1.05.06\"\n6\n\
            #EXT-X-STREAM-INF:CODECS=\"avc1\"\n7\n\
            #EXT-X-STREAM-INF:HDCP-LEVEL=TYPE-1\n8\n\
            #EXT-X-STREAM-INF:ALLOWED-CPC=\"a:X\"\n9\n\
            #EXT-X-STREAM-INF:FRAME-RATE=60\n#EXT-X-STREAM-INF:CODECS=\"hvc1\"\n10\n\
            #EXT-X-I-FRAME-STREAM-INF:RESOLUTION=1920x1080,URI=\"i\"\n";
        let limits = json!({ "max_height": 720, "max_bitrate_kbps": 3000, "max_frame_rate": 29.97, "hdr": false,
            "codecs": ["hvc1", "dvh1"], "hdcp": "TYPE-0", "allowed_cpc": { "a": [] } });
        let long = "x".repeat(17);
        for (playlist, caps, expected) in [
            (
                all.to_owned(),
                limits,
                "2 above max_height 720, 1 above max_bitrate_kbps 3000, 1 above max_frame_rate 29.97, 2 with hdr, \
                 1 with other codecs, 1 above hdcp TYPE-0, 1 outside allowed_cpc, 1 with the URI of another",
            ),
            (
                sound("eng ara eng"),
                json!({ "audio": ["fr"] }),
                "2 with another audio language (found eng, ara)",
            ),
            (
                sound("eng ara"),
                json!({ "audio": ["fr"], "max_bitrate_kbps": 1000 }),
                "1 above max_bitrate_kbps 1000, 1 with another audio language (found eng, ara)",
            ),
            (
                sound("a b c d a e f"),
                json!({ "audio": ["fr"] }),
                "2 with another audio language (found a, b, c, d and others)",
            ),
            (sound(&format!("{long} é {{$x}}")), json!({ "audio": ["fr"] }), "2 with another audio language"),
        ] {
            let error = edited(&playlist, &caps, None).unwrap_err().to_string();
            assert_eq!(error, format!("no variant stream is within the limits: {expected}"));
        }
    }
}
