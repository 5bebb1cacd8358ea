//! The streams and renditions of a Multivariant Playlist, and whether each is within the limits.

use std::borrow::Cow;

use super::groups::{GroupId, Groups, Media};
use super::language;
use super::limits::{self, Stream};
use super::list_tag::ListTag;
use super::value::Value;
use crate::catalog::Caps;
use crate::hls::read::attributes::attributes;
use crate::hls::read::line::{LineKind, lines};
use crate::hls::read::tag::Tag;
use crate::hls::read::variables::Variables;
use crate::manifest::{Limit, Query, Span};
use crate::token::Credentials;

/// A variant stream, or a stream of I-frames or images.
#[derive(Debug)]
pub(super) struct Variant<'a> {
    pub(super) tag: ListTag<'a>,
    /// The line of its URI; an I-frame stream has none.
    pub(super) uri: Option<Span<'a>>,
    /// Another tag stands between this one and its URI.
    pub(super) is_split: bool,
    /// Its URI line follows the next variant's tag, so some players take the next variant's URI for this one's.
    pub(super) shares_uri: bool,
    /// The groups that it names, by their type.
    pub(super) groups: [Option<GroupId>; Media::ALL.len()],
    pub(super) pathway: Cow<'a, [u8]>,
    pub(super) resolution: Option<&'a [u8]>,
    /// One of its supplemental codecs is not within the limits.
    pub(super) loses_supplement: bool,
    /// The first limit that it is not within.
    pub(super) beyond: Option<Limit>,
    pub(super) is_kept: bool,
}

/// A rendition.
#[derive(Debug)]
pub(super) struct Rendition<'a> {
    pub(super) tag: ListTag<'a>,
    pub(super) group: GroupId,
    pub(super) is_kept: bool,
}

/// A Multivariant Playlist.
#[derive(Debug, Default)]
pub(super) struct Master<'a> {
    /// The variant streams (`EXT-X-STREAM-INF`).
    pub(super) variants: Vec<Variant<'a>>,
    /// The streams of I-frames and of images.
    pub(super) pictures: Vec<Variant<'a>>,
    pub(super) renditions: Vec<Rendition<'a>>,
    pub(super) groups: Groups<'a>,
    /// The tags `EXT-X-CONTENT-STEERING`, with the pathway that each names.
    pub(super) steering: Vec<(ListTag<'a>, Cow<'a, [u8]>)>,
    /// Where the last tag `EXT-X-DEFINE` stands.
    pub(super) last_define: usize,
}

impl<'a> Master<'a> {
    /// Reads a playlist, and judges each stream and rendition for itself. Variables have the value that they have where
    /// they are used.
    pub(super) fn read(playlist: Span<'a>, query: Query<'_>, caps: &Caps) -> Self {
        let mut master = Self::default();
        let Self { variants, pictures, renditions, groups, steering, last_define } = &mut master;
        let mut variables = Variables::default();
        // Whether the URI of the last variant is still to come.
        let mut is_open = false;
        for line in lines(playlist) {
            let tag = match line.kind() {
                LineKind::Blank | LineKind::Ambiguous => continue,
                LineKind::Uri => {
                    if let Some(variant) = variants.last_mut().filter(|_| is_open) {
                        variant.uri = Some(line.whole);
                    }
                    is_open = false;
                    continue;
                }
                LineKind::Tag(tag) => tag,
            };
            let (known, list) = (tag.known, tag.list());
            let tag = ListTag { line: line.whole, list };
            let open = variants.last_mut().filter(|_| is_open);
            if known == Some(Tag::StreamInf) {
                if let Some(open) = open {
                    open.shares_uri = true;
                }
                variants.push(Variant::read(tag, Stream::Played, groups, &variables, caps));
                is_open = true;
                continue;
            }
            if let Some(open) = open {
                open.is_split = true;
            }
            match known {
                Some(Tag::IFrameStreamInf) => {
                    pictures.push(Variant::read(tag, Stream::Played, groups, &variables, caps));
                }
                Some(Tag::ImageStreamInf) => {
                    pictures.push(Variant::read(tag, Stream::Images, groups, &variables, caps));
                }
                Some(Tag::Media) => renditions.extend(Rendition::read(tag, groups, &variables, caps)),
                Some(Tag::ContentSteering) => {
                    let named = attributes(list.text()).find(|attribute| attribute.name == PATHWAY_ID);
                    let pathway = named.map(|named| Value::of(&named, &variables).key(&named));
                    steering.extend(pathway.map(|pathway| (tag, pathway)));
                }
                Some(Tag::Define) => {
                    // Signing refuses the playlist for a definition that is not allowed. Here it is passed over.
                    variables.define(list.text(), query, Credentials::SESSION).unwrap_or_default();
                    *last_define = line.start();
                }
                _ => {}
            }
        }
        master
    }
}

impl<'a> Variant<'a> {
    fn read(
        tag: ListTag<'a>,
        stream: Stream,
        groups: &mut Groups<'a>,
        variables: &Variables<'_>,
        caps: &Caps,
    ) -> Self {
        let mut variant = Self {
            tag,
            uri: None,
            is_split: false,
            shares_uri: false,
            groups: [None; Media::ALL.len()],
            pathway: Cow::Borrowed(DEFAULT_PATHWAY),
            resolution: None,
            loses_supplement: false,
            beyond: None,
            is_kept: true,
        };
        let mut has_pathway = false;
        for attribute in attributes(variant.tag.list.text()) {
            let value = Value::of(&attribute, variables);
            variant.beyond = variant.beyond.or_else(|| limits::beyond(caps, stream, attribute.name, &value));
            match attribute.name {
                b"SUPPLEMENTAL-CODECS" => variant.loses_supplement |= !limits::allow_supplement(caps, &value),
                b"RESOLUTION" => {
                    variant.resolution = variant.resolution.or(Some(attribute.value.trim_ascii()));
                }
                PATHWAY_ID if !has_pathway => {
                    has_pathway = true;
                    variant.pathway = value.key(&attribute);
                }
                name => {
                    let Some(media) = Media::from_name(name) else { continue };
                    if let Some(group) = variant.groups.get_mut(media as usize)
                        && group.is_none()
                        && !(media == Media::ClosedCaptions && attribute.value == NO_CAPTIONS)
                    {
                        *group = Some(groups.named(media, value.key(&attribute)));
                    }
                }
            }
        }
        variant.is_kept = variant.beyond.is_none();
        variant
    }

    /// The first attribute of this name, as it stands.
    pub(super) fn text(&self, name: &[u8]) -> Option<&'a str> {
        attributes(self.tag.list.text())
            .find(|attribute| attribute.name == name)
            .and_then(|attribute| str::from_utf8(attribute.value).ok())
    }
}

impl<'a> Rendition<'a> {
    /// Reads a rendition. `None`: without a group or of an unknown type, it is no part of any variant.
    fn read(
        tag: ListTag<'a>,
        groups: &mut Groups<'a>,
        variables: &Variables<'_>,
        caps: &Caps,
    ) -> Option<Self> {
        let (mut media, mut group, mut is_default) = (None, None, None);
        for attribute in attributes(tag.list.text()) {
            match attribute.name {
                b"TYPE" => media = media.or(Media::from_name(attribute.value.trim_ascii())),
                b"GROUP-ID" if group.is_none() => {
                    group = Some(Value::of(&attribute, variables).key(&attribute));
                }
                b"DEFAULT" => is_default = is_default.or(Some(attribute.value.trim_ascii() == b"YES")),
                _ => {}
            }
        }
        let media = media?;
        let is_kept = attributes(tag.list.text())
            .filter(|attribute| attribute.name == b"LANGUAGE")
            .all(|attribute| language::allows(caps, media, &Value::of(&attribute, variables)));
        let group = groups.named(media, group.unwrap_or_default());
        let is_default = is_default.unwrap_or(false);
        groups.add(group, is_default, is_kept);
        Some(Self { tag, group, is_kept })
    }
}

pub(super) const PATHWAY_ID: &[u8] = b"PATHWAY-ID";

/// The pathway of a variant that names none.
pub(super) const DEFAULT_PATHWAY: &[u8] = b".";

/// The value for a variant without captions, which is not the name of a group.
pub(super) const NO_CAPTIONS: &[u8] = b"NONE";
