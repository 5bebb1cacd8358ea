//! Lists of codecs in manifests ([RFC 6381 section 3.3]).
//!
//! [RFC 6381 section 3.3]: https://www.rfc-editor.org/rfc/rfc6381#section-3.3

/// The items of a list with commas.
pub(crate) fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// Whether the limits allow a codec, by prefix. Text codecs need no decoder and are always allowed; languages limit
/// text.
pub(crate) fn is_listed(listed: &[String], codec: &str) -> bool {
    is_text(codec) || listed.iter().any(|start| begins(codec, start))
}

/// Sample entries of subtitles and captions ([MP4 Registration Authority]), with which some packagers name renditions in
/// the `CODECS` of variants.
///
/// [MP4 Registration Authority]: https://mp4ra.org/registered-types/sampleentries
pub(crate) fn is_text(codec: &str) -> bool {
    const TEXT: [&str; 5] = ["wvtt", "stpp", "tx3g", "c608", "c708"];
    TEXT.iter().any(|known| family(codec).eq_ignore_ascii_case(known))
}

/// The part of a codec string that selects the decoder.
pub(crate) fn family(codec: &str) -> &str {
    codec.split('.').next().unwrap_or_default()
}

/// Sample entries of Dolby Vision, on HEVC, AVC, AV1 and VVC
/// ([Dolby Vision Streams Within the HTTP Live Streaming Format]).
///
/// [Dolby Vision Streams Within the HTTP Live Streaming Format]: https://professional.dolby.com/siteassets/content-creation/dolby-vision-for-content-creators/dolby-vision-streams-within-the-http-live-streaming-format-v2.0-13-november-2018.pdf
pub(crate) fn is_dolby_vision(codec: &str) -> bool {
    ["dvh1", "dvhe", "dva1", "dvav", "dav1", "dvc1", "dvi1"].iter().any(|known| begins(codec, known))
}

fn begins(name: &str, start: &str) -> bool {
    name.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_are_known_by_how_they_begin() {
        let listed = ["HVC1.2", "mp4a"].map(str::to_owned);
        for (codec, is_listed_too) in [
            ("hvc1.2.4.L120", true),
            ("hvc1.1.6", false),
            ("mp4a.40.2", true),
            ("mp4", false),
            ("é", false),
            ("wvtt", true),
            ("STPP.ttml.im1t", true),
            ("stppx", false),
        ] {
            assert_eq!(is_listed(&listed, codec), is_listed_too, "{codec}");
        }
        assert!(is_dolby_vision("DVH1.05.06") && !is_dolby_vision("hvc1"));
        assert_eq!(items(" a ,, b.1").collect::<Vec<_>>(), ["a", "b.1"]);
    }
}
