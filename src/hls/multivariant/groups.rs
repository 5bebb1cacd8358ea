//! Groups of renditions: which are empty, and which nobody names any more.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.4.6.1.1](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6.1.1)

use std::borrow::Cow;
use std::collections::BTreeMap;

/// A type of rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Media {
    Audio,
    Video,
    Subtitles,
    ClosedCaptions,
}

impl Media {
    pub(super) const ALL: [Self; 4] = [Self::Audio, Self::Video, Self::Subtitles, Self::ClosedCaptions];

    /// Its `TYPE`, which is also the attribute by which a variant names a group of it.
    pub(super) const fn name(self) -> &'static [u8] {
        match self {
            Self::Audio => b"AUDIO",
            Self::Video => b"VIDEO",
            Self::Subtitles => b"SUBTITLES",
            Self::ClosedCaptions => b"CLOSED-CAPTIONS",
        }
    }

    pub(super) fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|media| media.name() == name)
    }
}

/// A group, as an index into the groups of its playlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GroupId(pub(super) usize);

/// A group of renditions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) media: Media,
    /// How many renditions it had, and how many remain.
    had: usize,
    pub(super) has: usize,
    /// A remaining rendition has `DEFAULT=YES`.
    pub(super) has_default: bool,
    /// A removed rendition had `DEFAULT=YES`.
    pub(super) lost_default: bool,
    /// A stream named it, and a stream that remains names it.
    was_named: bool,
    is_named: bool,
}

impl Group {
    /// Whether it has lost all its renditions.
    pub(super) const fn is_lost(&self) -> bool {
        self.had > 0 && self.has == 0
    }

    /// Whether streams named it, and none of them remains.
    pub(super) const fn is_forgotten(&self) -> bool {
        self.was_named && !self.is_named
    }
}

/// The groups of a playlist, by type and name.
#[derive(Debug, Default)]
pub(super) struct Groups<'a> {
    ids: BTreeMap<(Media, Cow<'a, [u8]>), GroupId>,
    all: Vec<Group>,
}

impl<'a> Groups<'a> {
    /// The group of a name, whether it has renditions or not.
    pub(super) fn named(&mut self, media: Media, name: Cow<'a, [u8]>) -> GroupId {
        let all = &mut self.all;
        *self.ids.entry((media, name)).or_insert_with(|| {
            all.push(Group {
                media,
                had: 0,
                has: 0,
                has_default: false,
                lost_default: false,
                was_named: false,
                is_named: false,
            });
            GroupId(all.len() - 1)
        })
    }

    /// Takes a rendition in.
    pub(super) fn add(&mut self, id: GroupId, is_default: bool, is_kept: bool) {
        let Some(group) = self.all.get_mut(id.0) else { return };
        group.had += 1;
        group.has += usize::from(is_kept);
        group.has_default |= is_default && is_kept;
        group.lost_default |= is_default && !is_kept;
    }

    pub(super) fn get(&self, id: GroupId) -> Option<&Group> {
        self.all.get(id.0)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether a stream names a group that has lost all its renditions.
    pub(super) fn is_lost(&self, id: Option<GroupId>) -> bool {
        id.and_then(|id| self.get(id)).is_some_and(Group::is_lost)
    }

    /// Adds the groups that a stream names. The stream remains, or was left out.
    pub(super) fn name(&mut self, named: &[Option<GroupId>], is_kept: bool) {
        for id in named.iter().flatten() {
            if let Some(group) = self.all.get_mut(id.0) {
                group.was_named = true;
                group.is_named |= is_kept;
            }
        }
    }
}
