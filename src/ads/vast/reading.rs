//! A document that is being read: the parts that are left out, and the room for URLs.

use super::text;
use super::{ADS_MAX, TRACKERS_MAX};
use crate::ads::xml::Element;
use crate::ads::{AdEvent, ErrorCode, Happening};

/// A document that is being read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Parts that are left out, with reasons.
    pub(super) left_out: Vec<Happening>,
    /// The URLs so far.
    trackers: usize,
}

impl Reading {
    /// Notes that a part of an ad is left out.
    pub(super) fn leave_out(
        &mut self,
        event: AdEvent,
        code: Option<ErrorCode>,
        ad: &str,
        why: impl Into<String>,
    ) {
        // A document has few kinds of parts that are left out, but may repeat them.
        if self.left_out.len() < ADS_MAX {
            self.left_out.push(Happening::new(event, why).of_ad(ad, code));
        }
    }

    /// A URL that is requested later, if there is room for it. An empty one is nothing.
    pub(super) fn tracker(&mut self, element: Element<'_, '_>, ad: &str) -> Option<String> {
        let found = element.text();
        // `about:blank` stands where an ad server has to name a URL and wants no request.
        if found.is_empty() || found.eq_ignore_ascii_case("about:blank") {
            return None;
        }
        if self.trackers == TRACKERS_MAX {
            let why = format!("expected {TRACKERS_MAX} URLs at most, the others are not requested");
            self.leave_out(AdEvent::InvalidAd, None, ad, why);
        }
        self.trackers += 1;
        if self.trackers > TRACKERS_MAX {
            return None;
        }
        let url = text::url(found);
        if url.is_none() {
            let found: String = found.chars().take(80).collect();
            let why = format!("expected an http or https URL in `{}`, found `{found}`", element.shown_name());
            self.leave_out(AdEvent::ElementIgnored, None, ad, why);
        }
        url
    }

    /// The URLs of the elements of a name.
    pub(super) fn urls(&mut self, parent: Element<'_, '_>, name: &'static str, ad: &str) -> Vec<String> {
        parent.children_named(name).filter_map(|element| self.tracker(element, ad)).collect()
    }
}

/// The longest id, title or other name, in bytes: events, non-linear items and scripts have copies.
pub(super) const NAME_MAX: usize = 256;

/// A name. One of any length is none.
pub(super) fn name(text: Option<String>) -> Option<String> {
    text.filter(|text| text.len() <= NAME_MAX)
}

/// The extensions of an ad.
pub(super) fn extensions<'t, 'a>(body: Element<'t, 'a>) -> impl Iterator<Item = Element<'t, 'a>> {
    body.children_named("Extensions").flat_map(|parent| parent.children_named("Extension"))
}
