//! Media files of a creative, and which of them fits.

use std::cmp::Reverse;

use super::reading::name;
use super::text;
use crate::ads::xml::Element;

/// A media file (VAST 4.3 section 3.9.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaFile {
    /// Its URL.
    pub url: String,
    /// Its media type, in lower case and without parameters.
    pub media_type: String,
    /// Its codecs, as they are stated.
    pub codec: Option<String>,
    /// Its width, in pixels.
    pub width: Option<u32>,
    /// Its height, in pixels.
    pub height: Option<u32>,
    /// Its bit rate, or the highest of its bit rates, in kbit/s.
    pub kbps: Option<u32>,
}

/// What players need in order to play a media file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// HLS.
    Hls,
    /// DASH.
    Dash,
    /// One file.
    Progressive,
}

impl MediaFile {
    /// Reads an element `MediaFile` or `Mezzanine`. `None`: it has no URL or no type.
    pub(super) fn read(element: Element<'_, '_>) -> Option<Self> {
        let number = |name| element.attribute(name).and_then(|value| value.parse().ok());
        let media_type = name(element.attribute("type"))?;
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Some(Self {
            url: text::url(element.text())?,
            media_type: Some(media_type).filter(|name| name.contains('/'))?,
            codec: name(element.attribute("codec")).filter(|codec| codec != "0"),
            width: number("width"),
            height: number("height"),
            kbps: number("bitrate").or_else(|| number("maxBitrate")),
        })
    }

    /// What players need for it; `None`: nobody plays it.
    pub fn family(&self) -> Option<Family> {
        match self.media_type.as_str() {
            "application/x-mpegurl"
            | "application/vnd.apple.mpegurl"
            | "audio/mpegurl"
            | "audio/x-mpegurl" => Some(Family::Hls),
            "application/dash+xml" | "video/vnd.mpeg.dash.mpd" => Some(Family::Dash),
            "video/mp4" | "video/webm" | "video/quicktime" | "video/mpeg" | "video/mp2t" | "video/3gpp"
            | "video/ogg" | "video/x-m4v" => Some(Family::Progressive),
            _ => None,
        }
    }

    /// The family of codecs, by which files are compared with the content: `H.264`, `avc1.64001f` and `AVC` are one.
    fn codec_family(&self) -> Option<&'static str> {
        codec_family(self.codec.as_deref()?)
    }
}

/// The family of the first codec of pictures in a list.
fn codec_family(codecs: &str) -> Option<&'static str> {
    const FAMILIES: [(&str, &[&str]); 5] = [
        ("avc", &["avc", "h264", "h.264", "mpeg-4 avc"]),
        ("hevc", &["hev", "hvc", "h265", "h.265", "dvh"]),
        ("av1", &["av01", "av1"]),
        ("vp9", &["vp9", "vp09"]),
        ("vp8", &["vp8", "vp08"]),
    ];
    codecs.split(',').map(|codec| codec.trim().to_ascii_lowercase()).find_map(|codec| {
        let known = |(_, names): &&(&str, &[&str])| names.iter().any(|name| codec.starts_with(name));
        FAMILIES.iter().find(known).map(|(family, _)| *family)
    })
}

/// The media files that a viewer can be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The codecs of the content, by RFC 6381. Empty: not known.
    pub codecs: Vec<String>,
    /// The greatest height, in pixels.
    pub height: Option<u32>,
    /// The highest bit rate, in kbit/s.
    pub kbps: Option<u32>,
}

/// The file that fits best: a codec of the content before a file that states none before another codec; within the height and
/// the bit rate before above them; then the largest and fastest within them, or the smallest and slowest above. Of equals, the
/// first.
pub fn best<'f>(files: impl IntoIterator<Item = &'f MediaFile>, needs: &Needs) -> Option<&'f MediaFile> {
    let content: Vec<_> = needs.codecs.iter().filter_map(|codecs| codec_family(codecs)).collect();
    let rank = |file: &MediaFile| {
        let codec = match file.codec_family() {
            _ if content.is_empty() => 0,
            Some(family) if content.contains(&family) => 0,
            None => 1,
            Some(_) => 2,
        };
        let over =
            |value: Option<u32>, most: Option<u32>| value.zip(most).is_some_and(|(value, most)| value > most);
        let (height, kbps) = (file.height.unwrap_or(0), file.kbps.unwrap_or(0));
        let is_over = over(file.height, needs.height) || over(file.kbps, needs.kbps);
        let size = |value: u32| if is_over { i64::from(value) } else { -i64::from(value) };
        (codec, is_over, size(height), size(kbps))
    };
    files.into_iter().min_by_key(|file| rank(file))
}

/// The file from which a creative is conditioned: a mezzanine, else the one file of the best quality, else a manifest. It
/// depends on nothing but the creative, so it has the same id for all viewers.
pub fn source<'f>(mezzanines: &'f [MediaFile], files: &'f [MediaFile]) -> Option<&'f MediaFile> {
    let largest = |file: &&MediaFile| {
        (file.family() == Some(Family::Progressive), file.height.unwrap_or(0), file.kbps.unwrap_or(0))
    };
    mezzanines
        .iter()
        .min_by_key(|file| Reverse(largest(file)))
        .or_else(|| files.iter().min_by_key(|file| Reverse(largest(file))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(url: &str, codec: Option<&str>, height: u32, kbps: u32) -> MediaFile {
        MediaFile {
            url: url.to_owned(),
            media_type: "video/mp4".to_owned(),
            codec: codec.map(str::to_owned),
            width: None,
            height: Some(height),
            kbps: Some(kbps),
        }
    }

    #[test]
    fn the_best_file_has_the_content_s_codec_and_fits() {
        let files = [
            file("hevc", Some("hev1.1.6.L120"), 1080, 5_000),
            file("low", Some("H.264"), 360, 600),
            file("high", Some("avc1.64001f, mp4a.40.2"), 1080, 6_000),
            file("middle", None, 720, 2_000),
        ];
        let choose = |codecs: &[&str], height, kbps| {
            let codecs = codecs.iter().map(|codec| (*codec).to_owned()).collect();
            best(&files, &Needs { codecs, height, kbps }).unwrap().url.as_str()
        };
        assert_eq!(choose(&["avc1.4d401e,mp4a.40.2"], None, None), "high");
        assert_eq!(choose(&["avc1.4d401e"], Some(720), None), "low");
        assert_eq!(choose(&["hvc1.1.6.L93"], None, None), "hevc");
        assert_eq!(choose(&[], Some(720), Some(3_000)), "middle");
        assert_eq!(choose(&["avc1.4d401e"], Some(240), None), "low");
        assert_eq!(choose(&["av01.0.05M.08"], None, None), "middle");
    }

    #[test]
    fn creatives_are_conditioned_from_the_best_file() {
        let files = [file("a", None, 360, 500), file("b", None, 720, 1_500), file("c", None, 720, 900)];
        assert_eq!(source(&[], &files).unwrap().url, "b");
        assert_eq!(source(&[file("m", None, 1080, 9_000)], &files).unwrap().url, "m");
        assert_eq!(source(&[], &[]), None);
    }
}
