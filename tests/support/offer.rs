//! What an MPD offers, found out in the plainest way, and whether it is within limits: for tests, which hold it against what
//! the edge makes of it.

use std::collections::BTreeSet;

use stagedoor::catalog::Caps;
use stagedoor::dash::{CompileError, Edits, compile};

use crate::xml::{Element, read};

/// What becomes of an MPD, and checks that have to hold of any.
pub(crate) fn offered(mpd: &str, caps: &Caps) -> Result<String, CompileError> {
    let edits = Edits::within(caps);
    let text = String::from_utf8(compile(mpd.as_bytes(), None, &edits)?.render("").into_owned()).unwrap();
    let again = compile(text.as_bytes(), None, &edits).map(|template| template.render("").into_owned());
    assert_eq!(
        again.map(|text| String::from_utf8(text).unwrap()),
        Ok(text.clone()),
        "twice is not once: {mpd}"
    );
    let (before, after) = (read(mpd).unwrap(), read(&text).unwrap());
    assert_eq!(before.named("Period").count(), after.named("Period").count());
    for (before, after) in before.named("Period").zip(after.named("Period")) {
        is_something_left(before, after);
        is_nothing_missed(before, after);
        for set in after.named("AdaptationSet") {
            is_within(set, caps);
        }
    }
    Ok(text)
}

/// A Period and each kind of what it plays have something left, and each set.
fn is_something_left(before: &Element, after: &Element) {
    for kind in ["", "video", "audio"] {
        assert_eq!(plays(before, kind), plays(after, kind), "{kind} of {before:?}");
    }
    let empty = |period: &Element| {
        period.named("AdaptationSet").filter(|set| set.named("Representation").next().is_none()).count()
    };
    assert!(empty(after) <= empty(before), "a set was emptied: {before:?}");
}

fn plays(period: &Element, kind: &str) -> bool {
    let is_it = |set: &&Element| kind.is_empty() || set.value("contentType") == Some(kind) && is_plain(set);
    period.named("AdaptationSet").filter(is_it).any(|set| set.named("Representation").next().is_some())
}

/// Whether a set is what it says it is: no thumbnails, no trick mode, of one component.
fn is_plain(set: &Element) -> bool {
    let mut is_plain = true;
    set.walk(&mut |one| {
        let scheme = one.value("schemeIdUri").unwrap_or_default();
        is_plain &= !scheme.starts_with("http://dashif.org/") && one.name != "ContentComponent";
    });
    is_plain
}

/// What remains refers to nothing that was there and is not there any more.
fn is_nothing_missed(before: &Element, after: &Element) {
    let ids = |period: &Element, name: &str| {
        let mut ids = BTreeSet::new();
        period.walk(&mut |one| {
            if one.name == name {
                ids.extend(one.value("id").map(str::to_owned));
            }
        });
        ids
    };
    for (name, references) in [
        ("Representation", &["dependencyId", "associationId"][..]),
        ("AdaptationSet", &["preselectionComponents", "contains"]),
    ] {
        let gone: BTreeSet<_> = ids(before, name).difference(&ids(after, name)).cloned().collect();
        after.walk(&mut |one| {
            for reference in references.iter().filter_map(|reference| one.value(reference)) {
                let mut named = reference.split(|c: char| c.is_ascii_whitespace() || c == ',');
                assert!(!named.any(|id| gone.contains(id)), "{reference} refers to one that is gone");
            }
            let scheme = one.value("schemeIdUri").unwrap_or_default();
            if name == "AdaptationSet"
                && (scheme.ends_with("set-switching:2016") || scheme.ends_with("/trickmode"))
            {
                let mut named = one.value("value").unwrap_or_default().split([',', ' ']);
                assert!(!named.any(|id| gone.contains(id)), "a property names a set that is gone");
            }
        });
    }
}

fn is_within(set: &Element, caps: &Caps) {
    let media = set.value("contentType");
    let languages = match media {
        Some("audio") => caps.audio.as_ref(),
        Some("text") => caps.subtitles.as_ref(),
        _ => None,
    };
    if let (Some(languages), Some(tag), true) = (languages, set.value("lang"), is_plain(set))
        && tag.len() == 2
    {
        assert!(languages.iter().any(|one| one.eq_ignore_ascii_case(tag)), "{tag} is none of {languages:?}");
    }
    for one in set.named("Representation") {
        let value =
            |name: &str| one.value(name).or(set.value(name)).map(str::trim).filter(|value| !value.is_empty());
        let number = |value: &str| {
            value.split('.').next().unwrap().parse::<u128>().expect("a number that is not readable")
        };
        if let (Some(limit), true) = (caps.max_height, is_plain(set)) {
            let sides: Vec<_> =
                ["width", "height"].iter().filter_map(|side| value(side)).map(number).collect();
            let least = sides.iter().filter(|side| **side > 0).min();
            assert!(least.is_none_or(|least| *least <= limit.into()), "{sides:?} is above {limit}");
        }
        if let (Some(limit), Some(bits)) = (caps.max_bitrate_kbps, one.value("bandwidth")) {
            assert!(
                bits.trim().is_empty() || number(bits.trim()) <= u128::from(limit) * 1000,
                "{bits} is above {limit}"
            );
        }
        let codecs = value("codecs").unwrap_or_default();
        if let (Some(listed), Some("video" | "audio"), true) = (&caps.codecs, media, is_plain(set)) {
            const TEXT: [&str; 5] = ["wvtt", "stpp", "tx3g", "c608", "c708"];
            for codec in codecs.split(',').map(str::trim).filter(|codec| !codec.is_empty()) {
                let codec = codec.to_ascii_lowercase();
                let is_listed = listed.iter().any(|start| codec.starts_with(&start.to_ascii_lowercase()));
                assert!(
                    is_listed || TEXT.contains(&codec.split('.').next().unwrap()),
                    "{codec} is not listed"
                );
            }
        }
        if caps.hdr == Some(false) {
            assert!(!codecs.contains("dvh1"), "Dolby Vision is left");
            for property in set.children.iter().chain(&one.children) {
                let is_transfer =
                    property.value("schemeIdUri") == Some("urn:mpeg:mpegB:cicp:TransferCharacteristics");
                let is_property = matches!(&*property.name, "EssentialProperty" | "SupplementalProperty");
                let value = property.value("value").unwrap_or_default().trim();
                assert!(
                    !(is_property && is_transfer && ["16", "18"].contains(&value)),
                    "{value} is high range"
                );
            }
        }
    }
}
