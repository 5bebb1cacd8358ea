//! The audience of a set: everybody, or a special audience.
//!
//! | | scheme | values |
//! | --- | --- | --- |
//! | `Role` | `urn:mpeg:dash:role:2011` | `main`: the default |
//! | `Role` | the same | `description`, `commentary`, `emergency`, `enhanced-audio-intelligibility`, `sign`, `easyreader`, `karaoke`, `metadata`, `forced-subtitle`: a special audience |
//! | `Accessibility` | any, except captions in the video stream | a special audience |
//! | both | `urn:tva:metadata:cs:AudioPurposeCS:2007` (ETSI TS 103 285 section 6.1.2) | all except 6, the main programme: a special audience |
//!
//! ISO/IEC 23009-1 section 5.8.5.5. A `Role` without a scheme counts as the MPEG scheme, as in players.

use super::captions::is_of_captions;
use super::descriptor::{self, Descriptor};
use crate::dash::document::Element;

/// Whether a set is the main one.
pub(super) fn is_main(set: Element<'_, '_>) -> bool {
    descriptor::of(set, |name| name == ROLE).any(|role| is_role(&role) && role.value() == "main")
}

/// Whether a set is for a special audience: as the default, it would surprise everybody else.
pub(super) fn is_for_some(set: Element<'_, '_>) -> bool {
    descriptor::of(set, |name| matches!(name, ROLE | "Accessibility")).any(|descriptor| {
        let value = descriptor.value();
        if descriptor.scheme == "urn:tva:metadata:cs:AudioPurposeCS:2007" {
            return value != "6";
        }
        if descriptor.element.name() == ROLE {
            return is_role(&descriptor) && FOR_SOME.contains(&&*value);
        }
        !is_of_captions(&descriptor.scheme)
    })
}

fn is_role(descriptor: &Descriptor<'_, '_>) -> bool {
    matches!(&*descriptor.scheme, "" | "urn:mpeg:dash:role:2011")
}

const ROLE: &str = "Role";

const FOR_SOME: [&str; 10] = [
    "description",
    "commentary",
    "emergency",
    "enhanced-audio-intelligibility",
    "sign",
    "easyreader",
    "karaoke",
    "metadata",
    "forced-subtitle",
    "forced_subtitle",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dash::document::Document;

    #[test]
    fn purposes() {
        let (role, tva) = ("urn:mpeg:dash:role:2011", "urn:tva:metadata:cs:AudioPurposeCS:2007");
        for (name, scheme, value, expected) in [
            ("Role", role, "main", (true, false)),
            ("Role", "", "main", (true, false)),
            ("Role", "urn:x", "main", (false, false)),
            ("Role", role, "alternate", (false, false)),
            ("Role", role, "description", (false, true)),
            ("Role", "urn:x", "description", (false, false)),
            ("Role", role, "forced-subtitle", (false, true)),
            ("Role", tva, "1", (false, true)),
            ("Accessibility", tva, "1", (false, true)),
            ("Accessibility", tva, "6", (false, false)),
            ("Accessibility", role, "description", (false, true)),
            ("Accessibility", "urn:x", "", (false, true)),
            ("Accessibility", "urn:scte:dash:cc:cea-608:2015", "CC1=eng", (false, false)),
            ("SupplementalProperty", role, "main", (false, false)),
        ] {
            let text = format!("<A><{name} schemeIdUri='{scheme}' value='{value}'/></A>");
            let document = Document::read(&text).unwrap();
            assert_eq!((is_main(document.root()), is_for_some(document.root())), expected, "{text}");
        }
    }
}
