//! Representations: the attributes that a player chooses by.

use super::outline::{Outline, Representation, Set};
use super::rule::{Report, Rule};
use super::scalar::integer;
use crate::manifest::quote;

/// Codecs in ISO files whose string continues after a full stop (RFC 6381, and the binding of each codec).
const WITH_PROFILE: [&str; 19] = [
    "avc1", "avc2", "avc3", "avc4", "hvc1", "hev1", "vvc1", "vvi1", "dvh1", "dvhe", "dvav", "dva1", "av01",
    "vp08", "vp09", "mp4a", "mp4v", "ac-4", "mha1",
];

/// Characters that end a component of a URL or begin an escape.
const RESERVED: [char; 8] = ['?', '#', '%', '\\', '"', '<', '>', '^'];

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    for (_, set) in outline.sets() {
        let size = ["width", "height"].map(|name| set.element.attribute(name).is_some());
        for representation in &set.representations {
            identity(representation, report);
            let mime = representation.mime.as_deref().or(set.mime.as_deref()).unwrap_or_default();
            match mime.split_once('/') {
                Some(("video", _)) => {
                    codecs(set, representation, report);
                    video(size, representation, report);
                }
                Some(("audio", _)) => {
                    codecs(set, representation, report);
                    audio(set, representation, report);
                }
                _ => {}
            }
        }
    }
}

fn identity(representation: &Representation<'_, '_>, report: &mut Report) {
    let element = representation.element;
    if let Some(bandwidth) = element.attribute("bandwidth")
        && integer(bandwidth.value().trim_ascii()) == Some(0)
    {
        report.add(Rule::BandwidthZero, bandwidth.at, || "expected bits in a second, found 0".to_owned());
    }
    if let Some(id) = element.attribute("id")
        && let Some(sign) = id.value().chars().find(|sign| RESERVED.contains(sign))
    {
        report.add(Rule::IdCharacters, id.at, || {
            format!("expected an id without `{sign}`, found {}", quote(id.raw.as_bytes()))
        });
    }
}

fn codecs(set: &Set<'_, '_>, representation: &Representation<'_, '_>, report: &mut Report) {
    let own = representation.element.attribute("codecs");
    let at = own.map_or(representation.element.tag().start, |own| own.at);
    let Some(codecs) = representation.codecs.as_deref().or(set.codecs.as_deref()) else {
        report.add(Rule::CodecsMissing, at, || "expected `codecs`, found none".to_owned());
        return;
    };
    // A value of the set is reported once.
    let is_first =
        set.representations.first().is_some_and(|first| first.element.id() == representation.element.id());
    if own.is_none() && !is_first {
        return;
    }
    for codec in codecs.split(',').map(str::trim_ascii) {
        let (name, profile) = codec.split_once('.').unwrap_or((codec, ""));
        let is_hexadecimal =
            |text: &str| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_right = match name {
            "" => false,
            "avc1" | "avc2" | "avc3" | "avc4" => is_hexadecimal(profile),
            _ => !WITH_PROFILE.contains(&name) || !profile.is_empty(),
        };
        if !is_right {
            report.add(Rule::CodecsSyntax, at, || {
                format!(
                    "expected a codec with its profile, such as `avc1.64001f`, found {}",
                    quote(codec.as_bytes())
                )
            });
        }
    }
}

fn video(size: [bool; 2], representation: &Representation<'_, '_>, report: &mut Report) {
    let element = representation.element;
    for (name, is_told) in ["width", "height"].into_iter().zip(size) {
        if !is_told && element.attribute(name).is_none() {
            report.add(Rule::SizeMissing, element.tag().start, || format!("expected `{name}`, found none"));
        }
    }
}

fn audio(set: &Set<'_, '_>, representation: &Representation<'_, '_>, report: &mut Report) {
    let element = representation.element;
    if !set.has_channels && element.child("AudioChannelConfiguration").is_none() {
        report.add(Rule::ChannelsMissing, element.tag().start, || {
            "expected `AudioChannelConfiguration`, found none".to_owned()
        });
    }
    if !set.has_sampling_rate && element.attribute("audioSamplingRate").is_none() {
        report.add(Rule::SamplingRateMissing, element.tag().start, || {
            "expected `audioSamplingRate`, found none".to_owned()
        });
    }
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, set};

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        (
            "bandwidth-zero",
            set!("", "<Representation bandwidth='0'/>"),
            set!("", "<Representation bandwidth='1'/>"),
        ),
        (
            "id-characters",
            set!("", "<Representation id='a?b'/>"),
            set!("", "<Representation id='video/avc1/1_2-3'/>"),
        ),
        (
            "codecs-missing",
            set!("mimeType='video/mp4'", "<Representation/>"),
            set!("mimeType='text/vtt'", "<Representation/>"),
        ),
        (
            "codecs-missing",
            set!("mimeType='audio/mp4'", "<Representation/>"),
            set!("mimeType='audio/mp4' codecs='mp4a.40.2'", "<Representation/>"),
        ),
        (
            "codecs-syntax",
            set!("mimeType='video/mp4'", "<Representation codecs='avc1'/>"),
            set!(
                "mimeType='video/mp4'",
                "<Representation codecs='avc1.64001f, mp4a.40.2'/><Representation codecs='vp8'/>"
            ),
        ),
        (
            "codecs-syntax",
            set!("mimeType='video/mp4' codecs='avc1.66.30'", "<Representation/>"),
            set!("mimeType='video/mp4' codecs='avc1.42001E'", "<Representation/>"),
        ),
        (
            "codecs-syntax",
            set!("mimeType='audio/mp4' codecs='mp4a.40.2,'", "<Representation/>"),
            set!("mimeType='audio/mp4' codecs='mp4a.40.2'", "<Representation/>"),
        ),
        (
            "size-missing",
            set!("mimeType='video/mp4' width='1'", "<Representation/>"),
            set!("mimeType='video/mp4' width='1'", "<Representation height='1'/>"),
        ),
        (
            "channels-missing",
            set!("mimeType='audio/mp4'", "<Representation/>"),
            set!("mimeType='audio/mp4'", "<Representation><AudioChannelConfiguration/></Representation>"),
        ),
        (
            "sampling-rate-missing",
            set!("mimeType='audio/mp4'", "<Representation/>"),
            set!("mimeType='audio/mp4' audioSamplingRate='48000'", "<Representation/>"),
        ),
    ];
}
