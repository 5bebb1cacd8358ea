//! The content of an AdaptationSet: pictures, sound, text.
//!
//! Players determine it in different ways: dash.js from codecs and `@mimeType` after `ContentComponent`, Shaka Player
//! from `@contentType` first. Where an MPD states it in several ways, they count in this order:
//!
//! | | |
//! | --- | --- |
//! | a thumbnail descriptor | images, whatever the attributes say |
//! | `ContentComponent@contentType` | all types that they name |
//! | `@contentType` | |
//! | `@mimeType` | the top-level type; for `application/`, the subtype |
//! | `@codecs` | by the family of each |
//!
//! A video set whose codecs include an audio codec also holds sound.

use super::descriptor::{Descriptor, properties};
use crate::dash::document::Element;
use crate::manifest::codecs::{family, is_text, items};

/// The kinds of content in an AdaptationSet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) pictures: bool,
    pub(super) sound: bool,
    pub(super) text: bool,
    /// Still images, shown beside the content: thumbnails.
    pub(super) images: bool,
}

impl Content {
    const PICTURES: Self = Self { pictures: true, ..Self::NONE };
    pub(super) const SOUND: Self = Self { sound: true, ..Self::NONE };
    pub(super) const TEXT: Self = Self { text: true, ..Self::NONE };
    const IMAGES: Self = Self { images: true, ..Self::NONE };
    const NONE: Self = Self { pictures: false, sound: false, text: false, images: false };

    /// Looks at a set and its Representations.
    pub(super) fn of(set: Element<'_, '_>) -> Self {
        let representations = || set.children_named("Representation");
        if std::iter::once(set).chain(representations()).any(|one| thumbnails(one).is_some()) {
            return Self::IMAGES;
        }
        let components = set
            .children_named("ContentComponent")
            .filter_map(|component| component.value("contentType").and_then(|kind| Self::of_type(&kind)));
        let said = components
            .reduce(Self::and)
            .or_else(|| set.value("contentType").and_then(|kind| Self::of_type(&kind)))
            .or_else(|| of_each(set, "mimeType", Self::of_media_type).reduce(Self::and));
        let coded = of_each(set, "codecs", Self::of_codecs).reduce(Self::and).unwrap_or(Self::NONE);
        match said {
            Some(said) => Self { sound: said.sound || said.pictures && coded.sound, ..said },
            None => coded,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            pictures: self.pictures || other.pictures,
            sound: self.sound || other.sound,
            text: self.text || other.text,
            images: self.images || other.images,
        }
    }

    /// A `@contentType`: a top-level media type (RFC 6838).
    fn of_type(kind: &str) -> Option<Self> {
        match kind.trim().to_ascii_lowercase().as_str() {
            "video" => Some(Self::PICTURES),
            "audio" => Some(Self::SOUND),
            "text" => Some(Self::TEXT),
            "image" => Some(Self::IMAGES),
            _ => None,
        }
    }

    fn of_media_type(media_type: &str) -> Option<Self> {
        let (kind, name) = media_type.split_once('/')?;
        let is_text = || ["ttml", "vtt"].iter().any(|known| name.to_ascii_lowercase().contains(known));
        Self::of_type(kind).or_else(|| is_text().then_some(Self::TEXT))
    }

    fn of_codecs(codecs: &str) -> Option<Self> {
        items(codecs).filter_map(Self::of_codec).reduce(Self::and)
    }

    fn of_codec(codec: &str) -> Option<Self> {
        let family = family(codec);
        let is_one_of = |known: &[&str]| known.iter().any(|known| family.eq_ignore_ascii_case(known));
        if is_text(codec) {
            Some(Self::TEXT)
        } else if is_one_of(&PICTURES) {
            Some(Self::PICTURES)
        } else {
            is_one_of(&SOUND).then_some(Self::SOUND)
        }
    }
}

/// The values of an attribute: of the set, or else of each of its Representations.
fn of_each<'e>(
    set: Element<'e, '_>,
    name: &'static str,
    read: impl Fn(&str) -> Option<Content> + 'e,
) -> impl Iterator<Item = Content> + 'e {
    let all = std::iter::once(set).chain(set.children_named("Representation"));
    all.filter_map(move |one| one.value(name).and_then(|value| read(&value)))
}

/// The descriptor of tiled thumbnails ([DASH-IF IOP v4.3] section 6.2.6): `{columns}x{rows}`.
///
/// [DASH-IF IOP v4.3]: https://dashif.org/docs/DASH-IF-IOP-v4.3.pdf
pub(super) fn thumbnails<'d, 'a>(element: Element<'d, 'a>) -> Option<Descriptor<'d, 'a>> {
    properties(element).find(|property| {
        ["http://dashif.org/guidelines/thumbnail_tile", "http://dashif.org/thumbnail_tile"]
            .contains(&&*property.scheme)
    })
}

/// Sample entries of video ([MP4 Registration Authority]), and codec names in WebM.
///
/// [MP4 Registration Authority]: https://mp4ra.org/registered-types/sampleentries
const PICTURES: [&str; 29] = [
    "avc1", "avc2", "avc3", "avc4", "av01", "dav1", "dva1", "dvav", "dvc1", "dvh1", "dvhe", "dvi1", "evc1",
    "hev1", "hvc1", "hvc2", "lhe1", "lhv1", "lvc1", "mp4v", "mvc1", "svc1", "theora", "vp08", "vp09", "vp8",
    "vp9", "vvc1", "vvi1",
];

/// The same for audio.
const SOUND: [&str; 23] = [
    "ac-3", "ac-4", "alac", "dtsc", "dtse", "dtsh", "dtsl", "dtsx", "dtsy", "ec-3", "flac", "iamf", "ipcm",
    "fpcm", "mha1", "mha2", "mhm1", "mhm2", "mp4a", "opus", "samr", "sawb", "vorbis",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dash::document::Document;

    #[test]
    fn the_content_of_a_set() {
        const MUXED: Content = Content { sound: true, ..Content::PICTURES };
        let tiles =
            "<EssentialProperty schemeIdUri=\"http://dashif.org/guidelines/thumbnail_tile\" value=\"1x1\"/>";
        for (set, expected) in [
            ("<A contentType='video' mimeType='audio/mp4'/>".to_owned(), Content::PICTURES),
            ("<A contentType=' Audio '/>".to_owned(), Content::SOUND),
            ("<A contentType='application' mimeType='text/vtt'/>".to_owned(), Content::TEXT),
            ("<A mimeType='audio/webm' codecs='opus'/>".to_owned(), Content::SOUND),
            ("<A><Representation mimeType='video/mp4'/></A>".to_owned(), Content::PICTURES),
            ("<A mimeType='application/ttml+xml'/>".to_owned(), Content::TEXT),
            (
                "<A mimeType='application/mp4'><Representation codecs='stpp.ttml.im1t'/></A>".to_owned(),
                Content::TEXT,
            ),
            ("<A mimeType='application/mp4' codecs='wvtt'/>".to_owned(), Content::TEXT),
            ("<A mimeType='image/jpeg'/>".to_owned(), Content::IMAGES),
            ("<A mimeType='video/mp2t' codecs='avc1.4d401f,mp4a.40.2'/>".to_owned(), MUXED),
            ("<A codecs='MP4A.40.2'/>".to_owned(), Content::SOUND),
            (
                "<A><ContentComponent contentType='video'/><ContentComponent contentType='audio'/></A>"
                    .to_owned(),
                MUXED,
            ),
            ("<A contentType='audio'><ContentComponent id='1'/></A>".to_owned(), Content::SOUND),
            ("<A mimeType='application/mp4' codecs='meta'/>".to_owned(), Content::NONE),
            ("<A/>".to_owned(), Content::NONE),
            (format!("<A contentType='video'>{tiles}</A>"), Content::IMAGES),
            (
                format!("<A mimeType='video/mp4'><Representation>{tiles}</Representation></A>"),
                Content::IMAGES,
            ),
        ] {
            let document = Document::read(&set).unwrap();
            assert_eq!(Content::of(document.root()), expected, "{set}");
        }
    }
}
