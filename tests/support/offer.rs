//! An independent, simple check of an MPD's offer against limits. Tests compare the edge's result with it.

use std::collections::BTreeSet;

use stagedoor::catalog::Caps;
use stagedoor::dash::{CompileError, Edits, compile};

use crate::xml::{Element, read};

/// Limits an MPD, and checks the properties that hold for every MPD.
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

/// Each Period, each content type in it and each set has something left. A set of a known type may be replaced by one of an
/// unknown type.
fn is_something_left(before: &Element, after: &Element) {
    assert_eq!(has(before, |_| true), has(after, |_| true), "nothing is left of {before:?}");
    for kind in ["video", "audio"] {
        let is_it = |set: &Element| set.value("contentType") == Some(kind) && is_plain(set);
        let may_be = |set: &Element| is_it(set) || set.value("contentType").is_none() || !is_plain(set);
        let is_muxed = |set: &Element| set.value("contentType") == Some("video") && has_both(set);
        assert!(
            !has(before, is_it) || has(after, |set| may_be(set) || is_muxed(set)),
            "no {kind} is left of {before:?}"
        );
    }
    let empty = |period: &Element| {
        period.named("AdaptationSet").filter(|set| set.named("Representation").next().is_none()).count()
    };
    assert!(empty(after) <= empty(before), "a set was emptied: {before:?}");
}

fn has(period: &Element, is_it: impl Fn(&Element) -> bool) -> bool {
    period
        .named("AdaptationSet")
        .filter(|set| is_it(set))
        .any(|set| set.named("Representation").next().is_some())
}

/// Whether a set may have audio beside video.
fn has_both(set: &Element) -> bool {
    let mut has_both = false;
    set.walk(&mut |one| has_both |= one.value("codecs").is_some());
    has_both
}

/// Whether a set is plain: no thumbnails, no trick mode, one component.
fn is_plain(set: &Element) -> bool {
    let mut is_plain = true;
    set.walk(&mut |one| {
        let scheme = one.value("schemeIdUri").unwrap_or_default();
        is_plain &= !scheme.starts_with("http://dashif.org/") && one.name != "ContentComponent";
    });
    is_plain
}

/// No remaining element refers to a removed one.
fn is_nothing_missed(before: &Element, after: &Element) {
    let sets = |period: &Element| ids(period.named("AdaptationSet"));
    let representations = |period: &Element| ids(representations(period));
    let gone: BTreeSet<_> = representations(before).difference(&representations(after)).cloned().collect();
    for one in self::representations(after) {
        names_none_of(&gone, one, "dependencyId");
        names_none_of(&gone, one, "associationId");
    }
    let gone: BTreeSet<_> = sets(before).difference(&sets(after)).cloned().collect();
    after.named("Preselection").for_each(|one| names_none_of(&gone, one, "preselectionComponents"));
    after.named("Subset").for_each(|one| names_none_of(&gone, one, "contains"));
    for property in after.named("AdaptationSet").flat_map(|set| set.named("SupplementalProperty")) {
        let scheme = property.value("schemeIdUri").unwrap_or_default();
        if ["urn:mpeg:dash:adaptation-set-switching:2016", "http://dashif.org/guidelines/trickmode"]
            .contains(&scheme)
        {
            names_none_of(&gone, property, "value");
        }
    }
}

fn representations(period: &Element) -> impl Iterator<Item = &Element> {
    period.named("AdaptationSet").flat_map(|set| set.named("Representation"))
}

fn ids<'e>(all: impl Iterator<Item = &'e Element>) -> BTreeSet<String> {
    all.filter_map(|one| one.value("id").map(str::to_owned)).collect()
}

fn names_none_of(gone: &BTreeSet<String>, element: &Element, name: &str) {
    let mut named =
        element.value(name).unwrap_or_default().split(|c: char| c.is_ascii_whitespace() || c == ',');
    assert!(
        !named.any(|id| !id.is_empty() && gone.contains(id)),
        "{name} names one that is gone: {element:?}"
    );
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
            let is_high = codecs.split(',').any(|codec| codec.trim().starts_with("dvh1"));
            assert!(!is_high, "Dolby Vision is left");
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
