//! The properties of the whole playlist that the rules have to know before they look at its lines.

use super::scalar;
use crate::hls::read::event::{EventKind, events};
use crate::hls::read::tag::{Stands, Tag};

#[derive(Default)]
pub(super) struct Outline {
    /// Whether there is a tag of the specification for Media Playlists alone.
    pub(super) is_media: bool,
    /// Whether there is a tag of the specification for Multivariant Playlists alone.
    pub(super) is_multivariant: bool,
    pub(super) version: Option<u64>,
    pub(super) target_secs: Option<f64>,
    pub(super) part_target_secs: Option<f64>,
    pub(super) has_end_list: bool,
    pub(super) has_part_inf: bool,
    pub(super) has_skip: bool,
    pub(super) has_clock: bool,
    pub(super) is_i_frames_only: bool,
    pub(super) is_images_only: bool,
    pub(super) can_skip: bool,
}

impl Outline {
    pub(super) fn of(playlist: &[u8]) -> Self {
        let mut outline = Self::default();
        for event in events(playlist) {
            let EventKind::Tag { known: Some(tag), value, .. } = event.kind else { continue };
            let value = value.unwrap_or_default().trim_ascii();
            let secs = |name: &str| {
                event
                    .attributes()
                    .find(|found| found.name == name.as_bytes())
                    .and_then(|found| scalar::float(found.value))
            };
            match tag {
                Tag::Version => outline.version = outline.version.or(scalar::integer(value)),
                Tag::TargetDuration => outline.target_secs = outline.target_secs.or(scalar::float(value)),
                Tag::PartInf => {
                    outline.has_part_inf = true;
                    outline.part_target_secs = outline.part_target_secs.or_else(|| secs("PART-TARGET"));
                }
                Tag::ServerControl => outline.can_skip |= secs("CAN-SKIP-UNTIL").is_some(),
                Tag::EndList => outline.has_end_list = true,
                Tag::Skip => outline.has_skip = true,
                Tag::ProgramDateTime => outline.has_clock = true,
                Tag::IFramesOnly => outline.is_i_frames_only = true,
                Tag::ImagesOnly => outline.is_images_only = true,
                _ => {}
            }
            if is_of_the_specification(tag) {
                outline.is_media |= tag.stands() == Stands::Media;
                outline.is_multivariant |= tag.stands() == Stands::Multivariant;
            }
        }
        outline
    }
}

/// Whether the specification has the tag: only then does it tell of what kind a playlist is.
pub(super) fn is_of_the_specification(tag: Tag) -> bool {
    tag <= Tag::ContentSteering
}
