//! Encryption: `ContentProtection`, its key identifiers and its `pssh` boxes.
//!
//! ISO/IEC 23009-1 sections 5.8.4.1 and 5.8.5.2, and ISO/IEC 23001-7 section 11.2.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::events::decoded;
use super::outline::Outline;
use super::rule::{Report, Rule};
use super::scalar::uuid;
use crate::dash::document::Element;
use crate::manifest::quote;

const ENCRYPTED: &str = "urn:mpeg:dash:mp4protection:2011";
const SYSTEM: &str = "urn:uuid:";

pub(super) fn check(outline: &Outline<'_, '_>, report: &mut Report) {
    let all = || outline.mpd.descendants().filter(|element| element.name() == "ContentProtection");
    let targets: BTreeSet<Cow<'_, str>> = all().filter_map(|protection| protection.value("refId")).collect();
    for protection in all() {
        if let Some(reference) =
            protection.attribute("ref").filter(|reference| !targets.contains(&reference.value()))
        {
            report.add(Rule::ProtectionReference, reference.at, || {
                format!(
                    "expected the `refId` of a `ContentProtection`, found {}",
                    quote(reference.raw.as_bytes())
                )
            });
        }
        let scheme = protection.value("schemeIdUri").unwrap_or_default();
        key(protection, &scheme, report);
        for pssh in protection.children_named("pssh") {
            self::pssh(pssh, &scheme, report);
        }
    }
}

fn key(protection: Element<'_, '_>, scheme: &str, report: &mut Report) {
    let kid = protection.attributes().find(|attribute| attribute.local_name() == "default_KID");
    let Some(kid) = kid else {
        if scheme == ENCRYPTED && protection.attribute("ref").is_none() {
            report.add(Rule::DefaultKidMissing, protection.tag().start, || {
                "expected `cenc:default_KID`, found none".to_owned()
            });
        }
        return;
    };
    let text = kid.value();
    let mut ids = text.split_ascii_whitespace().peekable();
    if ids.peek().is_none() || !ids.all(|id| uuid(id).is_some()) {
        report.add(Rule::DefaultKid, kid.at, || {
            format!(
                "expected a UUID, such as `34e5db32-8625-47cd-ba06-68fca0655a72`, found {}",
                quote(text.as_bytes())
            )
        });
    }
}

fn pssh(element: Element<'_, '_>, scheme: &str, report: &mut Report) {
    let at = element.tag().start;
    let text = element.content().unwrap_or_default();
    let Some(system) = decoded(&text).as_deref().and_then(system_of) else {
        report.add(Rule::Pssh, at, || {
            format!("expected a `pssh` box in base64, found {}", quote(text.trim_ascii().as_bytes()))
        });
        return;
    };
    let named = scheme.get(..SYSTEM.len()).filter(|start| start.eq_ignore_ascii_case(SYSTEM));
    let named = named.and_then(|start| scheme.get(start.len()..)).and_then(uuid);
    if named.is_some_and(|named| named != system) {
        report.add(Rule::PsshSystem, at, || {
            format!("expected a box of the system {}, found one of another", quote(scheme.as_bytes()))
        });
    }
}

/// The system of a `pssh` box: it follows the length, the name, the version and the flags.
fn system_of(bytes: &[u8]) -> Option<[u8; 16]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let rest = rest.strip_prefix(b"pssh")?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let system = *rest.get(4..)?.first_chunk::<16>()?;
    (32..=bytes.len()).contains(&length).then_some(system)
}

#[cfg(test)]
pub(super) mod rows {
    use crate::dash::check::tests::{Row, set};

    macro_rules! protection {
        ($attributes:literal, $inner:literal) => {
            set!("", concat!("<ContentProtection ", $attributes, ">", $inner, "</ContentProtection>"))
        };
    }

    /// For the system whose UUID consists of ones.
    macro_rules! widest {
        () => {
            "<cenc:pssh>AAAAIHBzc2gAAAAA/////////////////////wAAAAA=</cenc:pssh>"
        };
    }

    pub(in crate::dash::check) const ROWS: &[Row] = &[
        (
            "default-kid-missing",
            protection!("schemeIdUri='urn:mpeg:dash:mp4protection:2011'", ""),
            protection!(
                "schemeIdUri='urn:mpeg:dash:mp4protection:2011' cenc:default_KID='34e5db32-8625-47cd-ba06-68fca0655a72'",
                ""
            ),
        ),
        (
            "default-kid",
            protection!("cenc:default_KID='34e5db32862547cdba0668fca0655a72'", ""),
            protection!(
                "cenc:default_KID='34E5DB32-8625-47CD-BA06-68FCA0655A72 34e5db32-8625-47cd-ba06-68fca0655a73'",
                ""
            ),
        ),
        ("default-kid", protection!("cenc:default_KID=''", ""), protection!("", "")),
        (
            "pssh",
            protection!("", "<cenc:pssh>AAAAIHBzc2g=</cenc:pssh>"),
            set!("", concat!("<ContentProtection>", widest!(), "</ContentProtection>")),
        ),
        ("pssh", protection!("", "<cenc:pssh>!</cenc:pssh>"), protection!("", "<cenc:other>!</cenc:other>")),
        (
            "pssh-system",
            set!(
                "",
                concat!(
                    "<ContentProtection schemeIdUri='urn:uuid:00000000-0000-0000-0000-000000000000'>",
                    widest!(),
                    "</ContentProtection>"
                )
            ),
            set!(
                "",
                concat!(
                    "<ContentProtection schemeIdUri='URN:UUID:FFFFFFFF-ffff-ffff-ffff-ffffffffffff'>",
                    widest!(),
                    "</ContentProtection>"
                )
            ),
        ),
        (
            "protection-reference",
            protection!("ref='a'", ""),
            set!(
                "",
                "<ContentProtection ref='a'/><Representation><ContentProtection refId='a'/></Representation>"
            ),
        ),
    ];
}
