//! The streams of a manifest, as far as other media is compared with them.

use super::codecs::{is_listed, is_text, items};
use crate::catalog::Caps;

/// The codecs and the sizes of a manifest's streams. Nothing is known of what it does not state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Streams {
    /// The codecs of pictures and sound, by RFC 6381.
    pub codecs: Vec<String>,
    /// The greatest height of a picture, in pixels. A wide picture is as high as with its bars, so 1920x800 is 1080.
    pub max_height: Option<u32>,
}

/// The most codecs that are told apart: a ladder has three or four.
const MOST_CODECS: usize = 32;

impl Streams {
    /// Adds the codecs of a stream, as a list with commas.
    pub(crate) fn add_codecs(&mut self, list: &str) {
        for codec in items(list) {
            let is_new = !is_text(codec) && !self.codecs.iter().any(|known| known == codec);
            if is_new && self.codecs.len() < MOST_CODECS {
                self.codecs.push(codec.to_owned());
            }
        }
    }

    /// Adds the size of a picture.
    pub(crate) fn add_picture(&mut self, width: Option<u32>, height: Option<u32>) {
        let with_bars = width.map(|width| width.div_ceil(16).saturating_mul(9));
        let height = height.filter(|height| *height > 0);
        let height = height.max(height.and(with_bars));
        self.max_height = self.max_height.max(height);
    }

    /// The streams within the limits of a viewer.
    #[must_use]
    pub fn within(mut self, caps: &Caps) -> Self {
        if let Some(listed) = &caps.codecs {
            if self.codecs.is_empty() {
                self.codecs.clone_from(listed);
            } else {
                self.codecs.retain(|codec| is_listed(listed, codec));
            }
        }
        self.max_height = [self.max_height, caps.max_height].into_iter().flatten().min();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_picture_is_as_high_as_with_its_bars() {
        for (width, height, expected) in [
            (Some(1920), Some(1080), Some(1080)),
            (Some(1920), Some(800), Some(1080)),
            (Some(1440), Some(1080), Some(1080)),
            (Some(1080), Some(1920), Some(1920)),
            (None, Some(720), Some(720)),
            (Some(1280), None, None),
            (Some(u32::MAX), Some(1), Some(u32::MAX / 16 * 9 + 9)),
        ] {
            let mut streams = Streams::default();
            streams.add_picture(width, height);
            assert_eq!(streams.max_height, expected, "{width:?}x{height:?}");
        }
    }

    #[test]
    fn limits_leave_the_streams_that_a_viewer_is_offered() {
        let mut streams = Streams { max_height: Some(1080), ..Streams::default() };
        streams.add_codecs("avc1.64001f, mp4a.40.2,wvtt");
        streams.add_codecs("hvc1.1.6.L93,mp4a.40.2");
        let caps = |json: serde_json::Value| serde_json::from_value::<Caps>(json).unwrap();
        let limited = caps(serde_json::json!({ "codecs": ["avc1", "mp4a"], "max_height": 720 }));
        let within = streams.clone().within(&limited);
        assert_eq!(
            (&*within.codecs, within.max_height),
            (&["avc1.64001f".to_owned(), "mp4a.40.2".to_owned()][..], Some(720))
        );
        assert_eq!(streams.clone().within(&Caps::default()), streams);
        // Of a manifest that states nothing, the limits are known.
        assert_eq!(Streams::default().within(&limited).codecs, ["avc1", "mp4a"]);
    }
}
