//! `DEFAULT` and `AUTOSELECT` of the renditions that remain in a group.
//!
//! > A Group MUST NOT have more than one member with a DEFAULT attribute of YES.
//! >
//! > If the AUTOSELECT attribute is present, its value MUST be YES if the value of the DEFAULT attribute is YES.
//!
//! A group that has lost its default gets another one. A group that never had a default gets none. The groups of one type
//! have the same members in different encodings, so the same rendition (by `NAME` and `LANGUAGE`) becomes the default of
//! each group.
//!
//! [draft-pantos-hls-rfc8216bis-22 section 4.4.6.1](https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-4.4.6.1)

use super::groups::{Group, Media};
use super::master::{Master, Rendition};
use super::script::Script;
use crate::hls::read::attributes::{attribute, attributes};

/// How well a rendition would do as a default: the least does best.
type Rank = (bool, bool);

/// Gives groups that have lost their default another one.
pub(super) fn repair_defaults<'a>(master: &Master<'a>, script: &mut Script<'a>) {
    for media in Media::ALL {
        let lacks = |group: &&Group| {
            group.media == media && group.lost_default && !group.has_default && group.has > 0
        };
        let candidates = || {
            let kept = master.renditions.iter().filter(|rendition| rendition.is_kept);
            let lacking = kept.filter(|rendition| master.groups.get(rendition.group).filter(lacks).is_some());
            lacking.filter_map(|rendition| Some((rank(rendition)?, rendition)))
        };
        let Some((_, model)) = candidates().min_by_key(|(rank, _)| *rank) else { continue };
        let model = identity(model);
        // Of each group, the rendition that is like the model, or else the best one.
        let mut chosen: Vec<Option<((bool, Rank), &Rendition<'_>)>> = vec![None; master.groups.len()];
        for (rank, rendition) in candidates() {
            let rank = (identity(rendition) != model, rank);
            if let Some(chosen) = chosen.get_mut(rendition.group.0)
                && chosen.is_none_or(|(best, _)| rank < best)
            {
                *chosen = Some((rank, rendition));
            }
        }
        for (_, rendition) in chosen.into_iter().flatten() {
            let tag = &rendition.tag;
            let changes = [tag.with("DEFAULT", "YES"), tag.with("AUTOSELECT", "YES")];
            script.change(tag.line, changes.into_iter().flatten().collect());
        }
    }
}

/// First renditions for everybody (without `CHARACTERISTICS`, which tell of descriptions of pictures and sounds), then those
/// that players may choose by themselves. `None`: forced subtitles are no default, and a list that players read differently is not
/// edited.
fn rank(rendition: &Rendition<'_>) -> Option<Rank> {
    let list = rendition.tag.list.text();
    let says = |name: &[u8]| attribute(list, name).map(<[u8]>::trim_ascii);
    let fits = says(b"FORCED") != Some(b"YES") && attributes(list).all(|attribute| attribute.exact);
    fits.then(|| {
        let is_special = says(b"CHARACTERISTICS").is_some_and(|all| !all.is_empty());
        (is_special, says(b"AUTOSELECT") != Some(b"YES"))
    })
}

/// The name and language by which renditions of two groups are the same.
fn identity<'a>(rendition: &Rendition<'a>) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
    (attribute(rendition.tag.list.text(), b"NAME"), attribute(rendition.tag.list.text(), b"LANGUAGE"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::hls::multivariant::testing::try_rows;

    #[test]
    fn a_default_that_is_gone_is_replaced() {
        try_rows(&[
            (
                "the same rendition in each group, whatever their order",
                r#"#EXTM3U
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="Deutsch",LANGUAGE="de",DEFAULT=YES,AUTOSELECT=YES,URI="1" =>
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,URI="2" => #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="2"
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="Arabic",LANGUAGE="ar",AUTOSELECT=YES,URI="3"
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="ac3",NAME="Arabic",LANGUAGE="ar",AUTOSELECT=YES,URI="4"
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="ac3",NAME="English",LANGUAGE="en",URI="5" => #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="ac3",NAME="English",LANGUAGE="en",URI="5",DEFAULT=YES,AUTOSELECT=YES
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="ac3",NAME="Deutsch",LANGUAGE="de",DEFAULT=YES,URI="6" =>
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="ec3",NAME="Arabic",LANGUAGE="ar",URI="7" => #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="ec3",NAME="Arabic",LANGUAGE="ar",URI="7",DEFAULT=YES,AUTOSELECT=YES
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="ec3",NAME="Deutsch",LANGUAGE="de",DEFAULT=YES,URI="8" =>"#,
                json!({ "audio": ["en", "ar"] }),
            ),
            (
                "a group that had no default, a group that keeps its own, and an empty group",
                r#"#EXTM3U
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="de",LANGUAGE="de",DEFAULT=NO =>
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",LANGUAGE="en",AUTOSELECT=YES
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="de",LANGUAGE="de",DEFAULT=YES =>
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="en",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="c",NAME="de",LANGUAGE="de",DEFAULT=YES =>
                #EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="b",NAME="de",LANGUAGE="de",DEFAULT=NO"#,
                json!({ "audio": ["en"] }),
            ),
            (
                "renditions for everybody first, then renditions that players may choose",
                r#"#EXTM3U
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="de",LANGUAGE="de",DEFAULT=YES,URI="1" =>
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="AD",LANGUAGE="en",AUTOSELECT=YES,CHARACTERISTICS="public.accessibility.describes-video",URI="2"
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Comments",LANGUAGE="en",AUTOSELECT=NO,URI="3"
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",AUTOSELECT=YES,LANGUAGE="en",URI="4" => #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",AUTOSELECT=YES,LANGUAGE="en",URI="4",DEFAULT=YES
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Arabic",AUTOSELECT=YES,LANGUAGE="ar",URI="5""#,
                json!({ "audio": ["en", "ar"] }),
            ),
            (
                "if nothing else is left, a rendition that is not for everybody",
                r#"#EXTM3U
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="de",LANGUAGE="de",DEFAULT=YES,URI="1" =>
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="AD",LANGUAGE="en",AUTOSELECT="NO",DEFAULT=NO,CHARACTERISTICS="x",URI="2" => #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="AD",LANGUAGE="en",AUTOSELECT="YES",DEFAULT=YES,CHARACTERISTICS="x",URI="2""#,
                json!({ "audio": ["en"] }),
            ),
            (
                "forced subtitles are no default, nor is a list that players read differently",
                r#"#EXTM3U
                #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="de",LANGUAGE="de",DEFAULT=YES,AUTOSELECT=YES,URI="1" =>
                #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="en!",LANGUAGE="en",FORCED=YES,AUTOSELECT=YES,URI="2"
                #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",LANGUAGE="en",URI="4",NAME="unclosed"#,
                json!({ "subtitles": ["en"] }),
            ),
            (
                "captions are subtitles, and what has no language stays",
                r#"#EXTM3U
                #EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="1",LANGUAGE="de",INSTREAM-ID="CC1",DEFAULT=YES =>
                #EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="2",ASSOC-LANGUAGE="de",INSTREAM-ID="CC2" => #EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="2",ASSOC-LANGUAGE="de",INSTREAM-ID="CC2",DEFAULT=YES,AUTOSELECT=YES
                #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="c",NAME="3",LANGUAGE="de",ASSOC-LANGUAGE="en",URI="3" =>"#,
                json!({ "subtitles": ["en"] }),
            ),
            (
                "attributes that stand there twice",
                r#"#EXTM3U
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="de",LANGUAGE="en",LANGUAGE="de",DEFAULT=YES =>
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",DEFAULT=NO,DEFAULT=NO => #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",DEFAULT=YES,DEFAULT=YES,AUTOSELECT=YES"#,
                json!({ "audio": ["en"] }),
            ),
        ]);
    }
}
