//! Pods that are decided ahead: behind the reply to a manifest that announces a break, or to the list of the break before it.
//!
//! | | a break is due |
//! | --- | --- |
//! | live | from a time before its date until its date. The time is at most `ads.server.prefetch_s` and at least half of it, and differs between viewers, so that they do not all ask at once |
//! | on demand | with the first manifest of the viewer, if it lies within `prefetch_s` of the start; and with the list of another break, if it lies within `prefetch_s` behind that |
//!
//! A decision ahead is the decision of [`filling`], and the list of the break finds its pod. A break without a pod is decided when
//! the viewer asks, as if nothing had been decided ahead.

use std::borrow::Cow;
use std::hash::Hash;
use std::time::Duration;

use super::ad_order::AdSupply;
use super::{Choosing, Decided, Decision, Note, breaks, filling};
use crate::ads::address::Listing;
use crate::ads::macros::{asks_for_parameters, consent_parameters};
use crate::ads::resolve::Start;
use crate::ads::{AdEvent, Happening, Opening, Place};
use crate::catalog::{Host, SessionId, TitleId};
use crate::memory_key::digest;
use crate::resource::ResourceKind;

/// When breaks are decided ahead for a viewer of a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ahead<'a> {
    /// The site.
    pub host: &'a Host,
    /// The title.
    pub title: &'a TitleId,
    /// The viewer's session.
    pub session: SessionId,
    /// The format of the viewer's lists.
    pub listing: Listing,
    /// The longest time before a break.
    pub within: Duration,
    /// The viewer's place in content on demand.
    pub position: Duration,
    /// The time, in Unix milliseconds.
    pub now_ms: u64,
}

impl<'a> Ahead<'a> {
    /// The breaks that may be decided ahead for the viewer of a request. `position`: the viewer's place in content on demand. `None`:
    /// none are.
    pub(super) fn of<S>(
        decided: &'a Decided<'_, S>,
        listing: Listing,
        position: Duration,
        now_ms: u64,
    ) -> Option<Self> {
        let Decided { site, title, admission, .. } = decided;
        let server = site.body.ads.as_ref()?.server.as_ref()?;
        let is_shown = server.prefetch_s > 0 && breaks::are_shown(decided);
        is_shown.then(|| Self {
            host: &site.body.host,
            title: &title.body.id,
            session: admission.session.id,
            listing,
            within: Duration::from_secs(server.prefetch_s.into()),
            position,
            now_ms,
        })
    }

    /// The viewer: the values by which memory knows what was begun.
    pub const fn viewer(&self) -> impl Hash + Eq + use<'a> {
        (self.host, self.title, self.session, self.listing)
    }

    /// The time until a break begins, if its decision is due.
    pub fn until(&self, opening: &Opening) -> Option<Duration> {
        let (until, within) = match (opening.date, opening.place, opening.start) {
            (Some(date), ..) => (
                Duration::from_millis(date.0.checked_sub(self.now_ms)?),
                self.within.mul_f64(self.share(opening)),
            ),
            (None, Place::MidRoll, Some(start)) => (start.checked_sub(self.position)?, self.within),
            // Players ask for it at once, or nobody knows when it begins.
            (None, ..) => return None,
        };
        (!until.is_zero() && until <= within).then_some(until)
    }

    /// The viewer's share of the time before a live break, from a half to 1.
    fn share(&self, opening: &Opening) -> f64 {
        let [share, ..] = digest(&(self.session, &opening.id)).to_be_bytes();
        0.5 + f64::from(share) / 512.0
    }
}

/// The format of the lists of a manifest's breaks. `None`: the resource announces none.
pub(super) const fn listing(kind: ResourceKind) -> Option<Listing> {
    match kind {
        ResourceKind::Playlist => Some(Listing::Assets),
        ResourceKind::Mpd => Some(Listing::Mpd),
        _ => None,
    }
}

/// The longest time for a decision ahead as a whole: what is behind a reply may take 30 s.
const LONGEST: Duration = Duration::from_secs(25);

/// A decision that is made ahead, behind the reply.
#[derive(Debug)]
pub struct DecisionAhead<S> {
    pub(super) decided: Decided<'static, S>,
    pub(super) opening: Opening,
    pub(super) listing: Listing,
}

impl<S> DecisionAhead<S> {
    /// The site, for the log.
    pub fn host(&self) -> &Host {
        &self.decided.site.body.host
    }

    /// The title, for the log.
    pub fn title(&self) -> &TitleId {
        &self.decided.title.body.id
    }

    /// Makes it.
    pub async fn make<C: Choosing>(&self, choosing: &C) -> Vec<Note> {
        let Self { decided, opening, listing } = self;
        let mut notes = Vec::new();
        let work = async {
            if lacks_parameters(decided, opening, choosing).await == Some(false) {
                filling::decide(decided, opening, *listing, choosing, &mut notes).await;
            }
        };
        // The platform would cut it off without a word.
        if choosing.within(LONGEST, work).await.is_none() {
            let late = Happening::new(AdEvent::Timeout, format!("no decision ahead within {LONGEST:?}"));
            let break_id = Some(opening.id.clone());
            notes.push(Note::Ads(Decision {
                break_id,
                took: LONGEST,
                events: vec![late],
                rehearsed: Vec::new(),
            }));
        }
        notes
    }
}

/// Whether an ad server is asked for parameters of the viewer's query, such as consent, and this request has none of them: the
/// viewer's own request for the list may have them. `None`: no ad server is asked.
async fn lacks_parameters<S, C: Choosing>(
    decided: &Decided<'_, S>,
    opening: &Opening,
    choosing: &C,
) -> Option<bool> {
    let Decided { facts, site, title, .. } = decided;
    let policy = site.body.ads.as_ref()?;
    let vmap = breaks::vmap(decided, choosing).await;
    let supply = AdSupply::of(policy, title.body.ads.as_ref(), opening, vmap)?;
    let Start::Template(template) = supply.start() else { return Some(false) };
    let names: Vec<_> = supply.server.player_params.iter().map(ToString::to_string).collect();
    let has = |name: &str| facts.raw_query_parameter(name).is_some();
    let has_some = names.iter().map(String::as_str).chain(consent_parameters().iter().copied()).any(has);
    Some(!has_some && asks_for_parameters(template, &names))
}

impl<S> Decided<'_, S> {
    /// The same for a decision that outlives the request.
    pub(super) fn ahead_of(self, until: Duration) -> Decided<'static, S> {
        let Self { facts, site, session_keys, title, request, admission, usage, instead, ad, source, .. } =
            self;
        Decided {
            facts: Cow::Owned(facts.into_owned()),
            site,
            session_keys,
            title,
            request,
            admission,
            usage,
            instead,
            ad,
            source,
            ahead: Some(until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixMillis;

    fn opening(place: Place, start_s: Option<u64>, date_s: Option<u64>) -> Opening {
        Opening {
            id: "a".parse().unwrap(),
            place,
            start: start_s.map(Duration::from_secs),
            date: date_s.map(|secs| UnixMillis(secs * 1_000)),
            planned: None,
            event_id: None,
            tag: None,
        }
    }

    #[test]
    fn viewers_decide_on_a_live_break_one_after_the_other_within_the_first_half_of_the_time() {
        let (host, title) = ("watch.example.com".parse().unwrap(), "harbour".parse().unwrap());
        let due = |number: u8, until_s: u64| {
            let ahead = Ahead {
                host: &host,
                title: &title,
                session: SessionId([number; 8]),
                listing: Listing::Assets,
                within: Duration::from_secs(100),
                position: Duration::ZERO,
                now_ms: 1_000_000,
            };
            ahead.until(&opening(Place::MidRoll, None, Some(1_000 + until_s)))
        };
        let number = |until_s: u64| (0..=255).filter(|viewer| due(*viewer, until_s).is_some()).count();
        assert_eq!((number(101), number(50), number(1), number(0)), (0, 256, 256, 0));
        for (until_s, least, most) in [(90, 25, 80), (75, 90, 166), (60, 170, 230)] {
            assert!((least..=most).contains(&number(until_s)), "{} at {until_s} s", number(until_s));
        }
        assert_eq!(due(1, 20), Some(Duration::from_secs(20)));
    }

    #[test]
    fn on_demand_the_breaks_near_behind_the_viewer_are_due() {
        let (host, title) = ("watch.example.com".parse().unwrap(), "harbour".parse().unwrap());
        let ahead = Ahead {
            host: &host,
            title: &title,
            session: SessionId([1; 8]),
            listing: Listing::Mpd,
            within: Duration::from_secs(100),
            position: Duration::from_secs(60),
            now_ms: 1_000_000,
        };
        for (place, start_s, expected) in [
            (Place::PreRoll, None, None),
            (Place::PreRoll, Some(0), None),
            (Place::MidRoll, Some(59), None),
            (Place::MidRoll, Some(60), None),
            (Place::MidRoll, Some(61), Some(1)),
            (Place::MidRoll, Some(160), Some(100)),
            (Place::MidRoll, Some(161), None),
            (Place::MidRoll, None, None),
            (Place::PostRoll, None, None),
        ] {
            let found = ahead.until(&opening(place, start_s, None));
            assert_eq!(found, expected.map(Duration::from_secs), "{place:?} {start_s:?}");
        }
    }
}
