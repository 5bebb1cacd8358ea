//! Content steering, as a Multivariant Playlist announces it (`EXT-X-CONTENT-STEERING`).
//!
//! [HLS section 4.4.6.6](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6.6), draft 22.

use super::master::{DEFAULT_PATHWAY, PATHWAY_ID};
use crate::catalog::{ExistingSteering, PathwayId};
use crate::hls::read::attributes::attribute;
use crate::hls::read::line::{Line, LineKind, TagLine, lines};
use crate::hls::read::tag::Tag;
use crate::hls::write::shape::{Part, Piece, Shape};
use crate::manifest::{Misplaced, Span, Steering};

/// Announces steering in a playlist after its other edits.
///
/// A playlist without variant streams stays as it is. A playlist with fewer than two of the pathways, clones included, gets
/// no tag: there is nothing to choose. `PATHWAY-ID` is the first pathway of the order that a variant names, because it has to
/// be the pathway of a variant. The attribute is left out for the pathway of variants that name none.
pub(in crate::hls) fn announce<'a>(
    shape: Shape<'a>,
    steering: &Steering<'_>,
) -> Result<Shape<'a>, Misplaced> {
    let found = Found::of(&shape, steering);
    if !found.has_variants || (found.has_tag && steering.existing == ExistingSteering::Keep) {
        return Ok(shape);
    }
    let mut announced = (found.choices() > 1).then(|| found.tag(steering));
    let announce = |Part { source, pieces }: Part<'a>| {
        let mut announcing = Vec::with_capacity(pieces.len() + 2);
        for piece in pieces {
            let mut rest = match piece {
                Piece::Lines(lines) => lines,
                // Another edit has mended the tag that this one replaces.
                Piece::Changed(line, _) if lines(line).any(|line| tag_of_steering(&line).is_some()) => {
                    continue;
                }
                _ => {
                    announcing.push(piece);
                    continue;
                }
            };
            for line in lines(rest) {
                let LineKind::Tag(tag) = line.kind() else { continue };
                if tag.known == Some(Tag::ContentSteering) {
                    announcing.push(Piece::Lines(rest.take_to(line.start())?));
                    rest.take_to(line.end())?;
                } else if let Some(text) = announced.take() {
                    let is_header = tag.known == Some(Tag::M3u);
                    let front = rest.take_to(if is_header { line.end() } else { line.start() })?;
                    announcing.extend([Piece::Lines(front), Piece::Text(text + line.newline())]);
                }
            }
            announcing.push(Piece::Lines(rest));
        }
        Ok(Part { source, pieces: announcing })
    };
    shape.into_iter().map(announce).collect()
}

/// The pathways of a playlist.
struct Found<'s> {
    has_variants: bool,
    has_tag: bool,
    /// The pathways that variants name, in the order of preference.
    pathways: Vec<&'s PathwayId>,
    /// How many clones have one of them for their base.
    clones: usize,
}

impl<'s> Found<'s> {
    fn of(shape: &[Part<'_>], steering: &'s Steering<'_>) -> Self {
        let mut named = vec![false; steering.order.len()];
        let (mut has_variants, mut has_tag) = (false, false);
        let mut read = |line: Line<'_>| {
            has_tag |= tag_of_steering(&line).is_some();
            let LineKind::Tag(tag) = line.kind() else { return };
            if let Some(list) = tag.value_of(Tag::StreamInf) {
                has_variants = true;
                let id = attribute(list.text(), PATHWAY_ID).unwrap_or(DEFAULT_PATHWAY);
                let known = steering.order.iter().position(|known| known.as_str().as_bytes() == id);
                if let Some(named) = known.and_then(|at| named.get_mut(at)) {
                    *named = true;
                }
            }
        };
        for piece in shape.iter().flat_map(|part| &part.pieces) {
            match piece {
                Piece::Lines(text) | Piece::Changed(text, _) => lines(*text).for_each(&mut read),
                Piece::Text(text) => lines(Span::whole(text.as_bytes())).for_each(&mut read),
            }
        }
        let pathways = steering.order.iter().zip(named).filter(|(_, named)| *named);
        let pathways: Vec<_> = pathways.map(|(id, _)| *id).collect();
        let clones = steering.clones.iter().filter(|clone| pathways.contains(&&clone.base_id)).count();
        Self { has_variants, has_tag, pathways, clones }
    }

    fn choices(&self) -> usize {
        self.pathways.len() + self.clones
    }

    /// The tag, without the end of its line.
    fn tag(&self, steering: &Steering<'_>) -> String {
        let first = self.pathways.first().filter(|id| id.as_str().as_bytes() != DEFAULT_PATHWAY);
        let pathway = first.map(|id| format!(",PATHWAY-ID=\"{id}\"")).unwrap_or_default();
        format!("#EXT-X-CONTENT-STEERING:SERVER-URI=\"{}\"{pathway}", steering.server_uri)
    }
}

/// The tag of a line that announces steering.
fn tag_of_steering<'a>(line: &Line<'a>) -> Option<TagLine<'a>> {
    match line.kind() {
        LineKind::Tag(tag) if tag.known == Some(Tag::ContentSteering) => Some(tag),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use url::Url;

    use super::*;
    use crate::catalog::{Caps, ForeignPolicy, PathwayClone};
    use crate::hls::{Edits, compile};
    use crate::manifest::{Frame, Signing};
    use crate::resource::ResourcePath;

    /// Two pathways: one on the title's own host, one on a host that the site has chosen.
    const TWO: &str = "#EXTM3U\n\
        #EXT-X-VERSION:6\n\
        #EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360,PATHWAY-ID=\"a\"\n\
        360.m3u8\n\
        #EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=1920x1080,PATHWAY-ID=\"a\"\n\
        1080.m3u8\n\
        #EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360,PATHWAY-ID=\"b\"\n\
        https://b.example/vod/360.m3u8\n\
        #EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=1920x1080,PATHWAY-ID=\"b\"\n\
        https://b.example/vod/1080.m3u8?x=1\n";

    fn id(text: &str) -> PathwayId {
        text.parse().unwrap()
    }

    fn edited(
        playlist: &str,
        order: &[&str],
        signing: Option<Signing>,
        change: impl FnOnce(&mut Steering<'_>, &mut Caps),
    ) -> String {
        let ids: Vec<_> = order.iter().map(|text| id(text)).collect();
        let clones: Vec<PathwayClone> =
            serde_json::from_value(json!([{ "id": "c", "base_id": ".", "host": "c.example" }])).unwrap();
        let mut steering = Steering {
            server_uri: "_stagedoor/steering.json",
            order: ids.iter().collect(),
            clones: if order.contains(&"c") { &clones } else { &[] },
            existing: ExistingSteering::Replace,
        };
        let mut caps = Caps::default();
        change(&mut steering, &mut caps);
        let folder = Url::parse("https://media.example/vod/h/").unwrap();
        let resource = ResourcePath::parse("hls/master.m3u8").unwrap();
        let foreign: ForeignPolicy = serde_json::from_value(json!({ "sign": ["b.example"] })).unwrap();
        let frame = signing.map(|signing| Frame {
            foreign: &foreign,
            ..Frame::new("https://watch.example", "harbour/", &folder, &resource, signing)
        });
        let edits = Edits { steering: Some(&steering), ..Edits::within(&caps) };
        let template = compile(playlist.as_bytes(), frame.as_ref(), &edits).unwrap();
        String::from_utf8(template.render("S").into_owned()).unwrap()
    }

    fn announced(playlist: &str, order: &[&str]) -> String {
        edited(playlist, order, None, |_, _| ())
    }

    #[test]
    fn a_playlist_of_two_pathways_carries_the_session_in_both() {
        let tag =
            |uri: &str| format!("#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI=\"{uri}\",PATHWAY-ID=\"b\"\n");
        let path = TWO
            .replace("#EXTM3U\n", &tag("/~S/harbour/hls/_stagedoor/steering.json"))
            .replace("\n360", "\n/~S/harbour/hls/360")
            .replace("\n1080", "\n/~S/harbour/hls/1080")
            .replace("b.example/", "b.example/~S/");
        let query = TWO
            .replace("#EXTM3U\n", &tag("_stagedoor/steering.json?sd_session=S"))
            .replace("360.m3u8", "360.m3u8?sd_session=S")
            .replace("\n1080.m3u8", "\n1080.m3u8?sd_session=S")
            .replace("?x=1", "?x=1&sd_session=S");
        let inherited =
            TWO.replace("#EXTM3U\n", &tag("_stagedoor/steering.json")).replace("b.example/", "b.example/~S/");
        for (signing, expected) in
            [(Signing::Path, path), (Signing::Query, query), (Signing::Inherited, inherited)]
        {
            assert_eq!(edited(TWO, &["b", "a"], Some(signing), |_, _| ()), expected, "{signing:?}");
        }
    }

    #[test]
    fn the_pathway_is_the_first_that_is_there() {
        let pathway = |order: &[&str]| {
            let written = announced(TWO, order);
            let line = written.lines().nth(1).unwrap().to_owned();
            line.strip_prefix("#EXT-X-CONTENT-STEERING:SERVER-URI=\"_stagedoor/steering.json\"")
                .map(str::to_owned)
        };
        for (order, expected) in [
            (&["a", "b"][..], Some(",PATHWAY-ID=\"a\"")),
            (&["x", "b", "a"], Some(",PATHWAY-ID=\"b\"")),
            (&["a", "x"], None),
            (&["."], None),
        ] {
            assert_eq!(pathway(order).as_deref(), expected, "{order:?}");
        }
    }

    #[test]
    fn a_clone_makes_two_of_one_and_variants_without_a_name_get_none() {
        let playlist = "#EXTM3U\r\n#EXT-X-STREAM-INF:BANDWIDTH=1\r\na.m3u8\r\n";
        let expected = playlist.replace(
            "#EXTM3U\r\n",
            "#EXTM3U\r\n#EXT-X-CONTENT-STEERING:SERVER-URI=\"_stagedoor/steering.json\"\r\n",
        );
        assert_eq!(announced(playlist, &["c", "."]), expected);
        assert_eq!(announced(playlist, &["."]), playlist);
        assert_eq!(announced(TWO, &["c", "."]), TWO, "the clone's base is not there");
    }

    #[test]
    fn a_tag_that_is_there_is_replaced_or_kept() {
        let theirs = "#EXT-X-CONTENT-STEERING:SERVER-URI=\"/steer\",PATHWAY-ID=\"b\"\n";
        let playlist = format!("{TWO}{theirs}");
        assert_eq!(announced(&playlist, &["a", "b"]), announced(TWO, &["a", "b"]));
        assert_eq!(
            announced(&playlist, &["a"]),
            TWO,
            "what leads elsewhere goes, even where there is nothing to choose"
        );
        let kept =
            edited(&playlist, &["a", "b"], None, |steering, _| steering.existing = ExistingSteering::Keep);
        assert_eq!(kept, playlist);
        let doubled = playlist.replace("#EXT-X-VERSION", &format!("{theirs}#EXT-X-VERSION"));
        assert_eq!(announced(&doubled, &["a", "b"]), announced(TWO, &["a", "b"]));
    }

    #[test]
    fn only_what_limits_leave_counts() {
        let playlist = TWO.replace(
            "BANDWIDTH=1,RESOLUTION=640x360,PATHWAY-ID=\"b\"",
            "BANDWIDTH=1,RESOLUTION=1x999,PATHWAY-ID=\"b\"",
        );
        let written = edited(&playlist, &["b", "a"], None, |_, caps| caps.max_height = Some(360));
        assert_eq!(
            written,
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360,PATHWAY-ID=\"a\"\n360.m3u8\n"
        );
        // Another edit changes the tag that is there: it begins with a pathway that is gone.
        let theirs = "#EXT-X-CONTENT-STEERING:SERVER-URI=\"/steer\",PATHWAY-ID=\"b\"\n";
        let playlist = playlist.replace("#EXT-X-VERSION", &format!("{theirs}#EXT-X-VERSION"));
        let replaced = edited(&playlist, &["b", "a"], None, |_, caps| caps.max_height = Some(360));
        assert_eq!(replaced, written);
    }

    #[test]
    fn other_playlists_stay_as_they_are() {
        for playlist in [
            "#EXTM3U\n#EXTINF:4,\na.ts\n",
            "#EXTM3U",
            "\u{feff}#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nx.m3u8",
        ] {
            assert_eq!(announced(playlist, &["a", "b", "c"]), playlist);
        }
        let bare = "\u{feff}\n#EXT-X-STREAM-INF:BANDWIDTH=1\nx.m3u8";
        let tag = "#EXT-X-CONTENT-STEERING:SERVER-URI=\"_stagedoor/steering.json\"\n";
        assert_eq!(announced(bare, &[".", "c"]), bare.replace("#EXT", &format!("{tag}#EXT")));
    }
}
