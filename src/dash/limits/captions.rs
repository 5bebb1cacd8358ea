//! Captions in the video stream (CTA-608 and CTA-708), as an `Accessibility` descriptor announces them.
//!
//! ```text
//! value    = (service *(";" service)) / (language *(";" language))
//! service  = number "=" language                                         ; CTA-608: number = "CC1" … "CC4"
//! service  = number "=" parameter *("," parameter)                       ; CTA-708: parameter = "lang:" language …
//! ```
//!
//! ANSI/SCTE 214-1 section 7.2.2, as dash.js and Shaka Player read it. Captions in a language outside the rights are
//! not announced; they remain in the video stream. In a list without service numbers, an entry's position is its
//! number: where an entry is removed, the others get explicit numbers.

use super::erase;
use super::period::Period;
use super::{descriptor, descriptor::Descriptor};
use crate::catalog::Caps;
use crate::dash::change::Changes;
use crate::manifest::language;

/// Removes announcements of captions in languages outside the rights.
pub(super) fn leave_out(period: &Period<'_, '_>, caps: &Caps, changes: &mut Changes) {
    let Some(allowed) = caps.subtitles.as_deref() else { return };
    for set in period.sets.iter().filter(|set| set.is_kept) {
        for descriptor in descriptor::of(set.element, |name| name == "Accessibility") {
            let Some(standard) = Standard::of(&descriptor) else { continue };
            let Some(value) = descriptor.element.attribute("value") else { continue };
            let services: Vec<&str> = value.raw.split(';').collect();
            let kept: Vec<_> = (services.iter().enumerate())
                .filter(|(_, service)| language::allows(allowed, language_of(service)))
                .map(|(index, service)| standard.service(service, index, services.len()))
                .collect();
            if kept.len() == services.len() {
                continue;
            }
            if kept.is_empty() {
                erase::element(descriptor.element, changes);
            } else {
                changes.replace(value.range(), kept.join(";"));
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Standard {
    Cta608,
    Cta708,
}

impl Standard {
    fn of(descriptor: &Descriptor<'_, '_>) -> Option<Self> {
        match &*descriptor.scheme {
            "urn:scte:dash:cc:cea-608:2015" => Some(Self::Cta608),
            "urn:scte:dash:cc:cea-708:2015" => Some(Self::Cta708),
            _ => None,
        }
    }

    /// A service with its number, which may follow from its position alone. Two services are in CC1 and CC3, one in
    /// each field.
    fn service(self, service: &str, index: usize, count: usize) -> String {
        match self {
            _ if service.contains('=') => service.to_owned(),
            Self::Cta608 if count == 2 => format!("CC{}={}", 2 * index + 1, service.trim()),
            Self::Cta608 => format!("CC{}={}", index + 1, service.trim()),
            Self::Cta708 => format!("{}=lang:{}", index + 1, service.trim()),
        }
    }
}

/// The language of a service. A service without a number is a language alone.
fn language_of(service: &str) -> &str {
    let Some((_, told)) = service.split_once('=') else { return service.trim() };
    let named = told.split(',').find_map(|parameter| parameter.trim().strip_prefix("lang:"));
    // Parameters without `lang` name no language.
    named.unwrap_or(if told.contains(':') { "" } else { told }).trim()
}

/// Whether a scheme announces captions in the video stream.
pub(super) fn is_of_captions(scheme: &str) -> bool {
    scheme.starts_with("urn:scte:dash:cc:")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::dash::limits::testing::{edited, period};

    #[test]
    fn captions_in_other_languages_are_not_offered() {
        let mpd = |accessibility: &str| {
            format!(
                "<MPD>{}</MPD>",
                period(&format!(
                    "<AdaptationSet contentType='video'>{accessibility}<Representation/></AdaptationSet>"
                ))
            )
        };
        for (standard, value, expected) in [
            ("608", "CC1=eng;CC3=swe", Some("CC1=eng")),
            ("608", "CC1=swe;CC3=eng", Some("CC3=eng")),
            ("608", "swe;eng", Some("CC3=eng")),
            ("608", "swe;eng;eng", Some("CC2=eng;CC3=eng")),
            ("608", "eng;eng", Some("eng;eng")),
            ("608", "swe", None),
            ("608", "CC1=", Some("CC1=")),
            ("608", "", Some("")),
            ("708", "1=lang:eng;2=lang:deu,war:1,er:1", Some("1=lang:eng")),
            ("708", "1=lang:deu", None),
            ("708", "deu;eng", Some("2=lang:eng")),
            ("708", "1=war:1;2=lang:deu", Some("1=war:1")),
            ("708", "eng;lang:eng,war:1", Some("1=lang:eng")),
        ] {
            let descriptor = |value: &str| {
                mpd(&format!(
                    "<Accessibility schemeIdUri='urn:scte:dash:cc:cea-{standard}:2015' value='{value}'/>"
                ))
            };
            let expected = expected.map_or(mpd(""), descriptor);
            let caps = json!({ "subtitles": ["en"] });
            assert_eq!(edited(&descriptor(value), &caps), Ok(expected.clone()), "{value}");
            assert_eq!(edited(&expected, &caps), Ok(expected), "{value}, again");
            assert_eq!(edited(&descriptor(value), &json!({ "audio": [] })), Ok(descriptor(value)));
        }
        let without = mpd(
            "<Accessibility schemeIdUri='urn:scte:dash:cc:cea-608:2015'/><Accessibility schemeIdUri='urn:mpeg:dash:role:2011' value='swe'/>",
        );
        assert_eq!(edited(&without, &json!({ "subtitles": [] })), Ok(without.clone()));
    }
}
