//! What fills a break of a viewer: the decision on its pod.
//!
//! ```text
//! known      a pod that was decided lately -> itself
//! supply     the ad server, if there is one -> candidates, and creatives that are wanted
//! campaigns  the site's own -> candidates for the time that the ad server leaves, or before it
//! content    the codecs and heights that ads have to match
//! fit        candidates, bumpers and slate -> the pod, and ads that are left, of which their servers are told
//! ```
//!
//! Nothing that fails here stops the viewer: the break is left to the content, and the log has the reason.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::ad_order::{self, AdSupply};
use super::{Choosing, Decided, Decision, Note, SharedPod, ViewersBreak, breaks, content};
use crate::ads::address::Listing;
use crate::ads::house::{self, Audience, Count, Sources};
use crate::ads::macros::{Values, fill_tracking};
use crate::ads::resolve::{Choice, Chosen, Direct, Order, PINGS_MAX, Ping, Reach};
use crate::ads::vast::Needs;
use crate::ads::{
    AdEvent, Break, Candidate, Content, Ending, Filler, Fitted, Format, Furniture, Happening, Left, Offered,
    Opening, Pod, Room, Terms, TrackingEvent, fit, viewer,
};
use crate::catalog::{
    AdPolicy, AdServer, CampaignId, CampaignUse, Creative, CreativeId, Document, Join, WantedCreative,
};
use crate::fault::Fault;
use crate::manifest::Streams;
use crate::sorting;

/// The longest time for the documents of a decision, beside the time of the ad server.
const DOCUMENTS: Duration = Duration::from_secs(3);

/// The time of an ad server that a break or a title names, where the site has none.
const USUAL_MS: u32 = AdServer::TOTAL_MS;

/// How long a decision holds, in milliseconds: for the retries of a player, and for a viewer who goes back a little. Later the break
/// is decided anew.
const POD_KEPT_MS: u64 = 30 * 60 * 1_000;

/// How long a break stays left to the content, in milliseconds: an ad server that failed may answer again.
const EMPTY_KEPT_MS: u64 = 60 * 1_000;

/// The same after a decision ahead: long enough for a list that waits for it, and the next one is decided anew.
const EMPTY_AHEAD_KEPT_MS: u64 = 2 * 1_000;

/// The longest time for a decision ahead: work behind a reply is cut off after 30 s, and may begin with a wait for a VMAP document.
const AHEAD: Duration = Duration::from_secs(20);

/// The time of a pod that is left as full: an ad server has no shorter ads.
const SHORTEST: Duration = Duration::from_secs(5);

/// The pod of a viewer's break. It is decided once.
pub(super) async fn decide<S, C: Choosing>(
    decided: &Decided<'_, S>,
    opening: &Opening,
    listing: Listing,
    choosing: &C,
    notes: &mut Vec<Note>,
) -> Rc<Pod> {
    let Decided { site, title, admission, .. } = decided;
    let empty = || Rc::new(Pod::empty(opening.id.clone()));
    let Some(policy) = site.body.ads.as_ref().filter(|_| breaks::are_shown(decided)) else {
        choosing.record("pod", || json!({ "break": opening.id, "advertising": false }));
        return empty();
    };
    let length = opening.planned.unwrap_or_else(|| Duration::from_secs(policy.longest_s.into()));
    let offset = decided.facts.raw_query_parameter("_HLS_start_offset");
    let has_joined =
        || decided.ahead.is_none() && has_joined(opening, length, listing, offset, choosing.now_ms());
    // Who joins within a break that is not shown to them gets no decision, which could be for a later request.
    if policy.join == Join::Nothing && has_joined() {
        choosing.record("pod", || json!({ "break": opening.id, "joined": true }));
        return empty();
    }
    let of = ViewersBreak {
        host: &site.body.host,
        title: &title.body.id,
        session: admission.session.id,
        break_id: &opening.id,
        format: match listing {
            Listing::Assets => Format::Hls,
            Listing::Mpd => Format::Dash,
        },
    };
    let limit_ms =
        policy.server.as_ref().map_or(USUAL_MS, |server| server.total_ms.saturating_add(server.jitter_ms));
    let limit = Duration::from_millis(limit_ms.into()) + DOCUMENTS;
    let limit = if decided.ahead.is_some() { limit.min(AHEAD) } else { limit };
    if let Some(pod) = choosing.decided_pod(&of, limit).await {
        return pod;
    }
    // Campaigns choose alike everywhere.
    let is_shared = ad_order::may_ask(policy, title.body.ads.as_ref(), opening);
    let shared = if is_shared { choosing.shared_pod(&of).await } else { None };
    let began_ms = choosing.now_ms();
    if let Some(SharedPod { pod, until_ms }) = shared.filter(|shared| shared.until_ms > began_ms) {
        let is_empty = pod.is_empty();
        // Where a decision ahead has brought nothing, the viewer's own request decides anew, and no other one ahead.
        if !is_empty || decided.ahead.is_some() {
            let brief_ms = began_ms.saturating_add(EMPTY_AHEAD_KEPT_MS);
            let pod = Rc::new(pod);
            choosing.remember_pod(&of, &pod, if is_empty { brief_ms } else { until_ms });
            return pod;
        }
    }
    let filling = Filling {
        decided,
        policy,
        opening,
        format: of.format,
        choosing,
        faults: RefCell::default(),
        events: RefCell::default(),
        rehearsed: RefCell::default(),
        asked: RefCell::default(),
    };
    if let Some(until) = decided.ahead {
        let detail = format!("the break begins in {} s", until.as_secs());
        filling.tell(Happening::new(AdEvent::DecidedAhead, detail));
    }
    let pod = match choosing.within(limit, filling.pod()).await {
        Some(pod) => Rc::new(pod),
        None => {
            filling.tell(Happening::new(AdEvent::Timeout, format!("no decision within {limit:?}")));
            filling.tell_of_left(&[], Duration::ZERO);
            empty()
        }
    };
    let is_ahead = decided.ahead.is_some();
    let until = |kept_ms: u64| choosing.now_ms().saturating_add(kept_ms);
    let (kept_ms, shared_ms) = match (pod.is_empty(), is_ahead) {
        (false, _) => (POD_KEPT_MS, Some(POD_KEPT_MS)),
        (true, true) => (EMPTY_AHEAD_KEPT_MS, Some(EMPTY_KEPT_MS)),
        (true, false) => (EMPTY_KEPT_MS, None),
    };
    choosing.remember_pod(&of, &pod, until(kept_ms));
    if let Some(shared_ms) = shared_ms.filter(|_| is_shared) {
        choosing.share_pod(&of, &SharedPod { pod: (*pod).clone(), until_ms: until(shared_ms) });
    }
    choosing.record("pod", || json!({ "break": opening, "pod": *pod }));
    let (faults, events, rehearsed) =
        (filling.faults.take(), filling.events.take(), filling.rehearsed.take());
    notes.extend(faults.into_iter().map(Note::Overcome));
    let took = Duration::from_millis(choosing.now_ms().saturating_sub(began_ms));
    notes.push(Note::Ads(Decision { break_id: Some(opening.id.clone()), took, events, rehearsed }));
    pod
}

/// Whether a viewer has joined the stream within a live break of this length.
///
/// HLS players tell how much of it has passed for the viewer (`_HLS_start_offset`). To DASH players, the clock tells it: they ask when the viewer comes to
/// the break, which is some time behind the live moment.
fn has_joined(
    opening: &Opening,
    length: Duration,
    listing: Listing,
    offset: Option<&str>,
    now_ms: u64,
) -> bool {
    let Some(began) = opening.date else { return false };
    let (passed, late) = match listing {
        Listing::Assets => {
            let passed = offset.and_then(|offset| Duration::try_from_secs_f64(offset.parse().ok()?).ok());
            (passed.unwrap_or_default(), LATE)
        }
        Listing::Mpd => (Duration::from_millis(now_ms.saturating_sub(began.0)), LATE + BEHIND),
    };
    // A viewer who is behind by more than the break sees all of it.
    passed > late && passed < length.saturating_add(late)
}

/// How late a player may be and still count as one that sees the start of a break.
const LATE: Duration = Duration::from_secs(2);

/// How far behind the live moment viewers of MPDs may be.
const BEHIND: Duration = Duration::from_secs(30);

/// A decision under way.
struct Filling<'a, 'f, S, C> {
    decided: &'a Decided<'f, S>,
    policy: &'a AdPolicy,
    opening: &'a Opening,
    format: Format,
    choosing: &'a C,
    faults: RefCell<Vec<Fault>>,
    events: RefCell<Vec<Happening>>,
    /// Campaigns that are only rehearsed.
    rehearsed: RefCell<Vec<CampaignId>>,
    /// The ad server that was asked.
    asked: RefCell<Option<Asked>>,
}

/// An ad server that was asked, which is told of errors as soon as the pod is decided.
struct Asked {
    reach: Reach,
    values: Values,
    pings: Vec<Ping>,
}

impl<S, C: Choosing> Filling<'_, '_, S, C> {
    fn tell(&self, happening: Happening) {
        self.events.borrow_mut().push(happening);
    }

    async fn pod(&self) -> Pod {
        let furniture = self.furniture().await;
        let vmap = breaks::vmap(self.decided, self.choosing).await;
        let supply = AdSupply::of(self.policy, self.decided.title.body.ads.as_ref(), self.opening, vmap);
        let policy = self.policy_of(supply.as_ref());
        let streams = content::streams(self.decided, self.choosing).await;
        let terms = Terms {
            policy: &policy,
            // Players skip the time that has passed by themselves.
            elapsed: None,
            content: Content {
                codecs: &streams.codecs,
                max_height: streams.max_height,
                format: Some(self.format),
            },
            furniture: &furniture,
        };
        let of = Break { opening: self.opening.clone(), ending: Ending::Planned };
        let room = Room::of(&of, &terms);
        let whole = room.time;
        let offered = match (&supply, policy.campaigns) {
            (None, _) => self.with_campaigns(Offered::default(), CampaignUse::Last, room).await,
            (Some(supply), CampaignUse::Never) => self.supplied(supply, &room, &streams).await,
            (Some(supply), CampaignUse::Last) => {
                let offered = self.supplied(supply, &room, &streams).await;
                self.with_campaigns(offered, CampaignUse::Last, room).await
            }
            (Some(supply), CampaignUse::First) => {
                let own = self.with_campaigns(Offered::default(), CampaignUse::First, room.clone()).await;
                let left = without(room, own.places.iter().flatten());
                if left.time < SHORTEST || left.ads == 0 {
                    own
                } else {
                    let Offered { places, spares, non_linear } = self.supplied(supply, &left, &streams).await;
                    let places = own.places.into_iter().chain(places).collect();
                    let non_linear = own.non_linear.into_iter().chain(non_linear).collect();
                    Offered { places, spares, non_linear }
                }
            }
        };
        let Fitted { mut pod, left, abandoned } = fit(&of, offered, &terms);
        self.choosing.record("fit", || {
            let left: Vec<_> = left
                .iter()
                .map(|left| json!({ "ad": left.candidate.ad.id, "why": left.why.to_string() }))
                .collect();
            json!({ "left": left, "abandoned": abandoned })
        });
        let is_asked = self.asked.borrow().is_some();
        self.tell_of_left(&left, whole);
        self.tell_outcome(&pod, abandoned, is_asked);
        let now_ms = self.choosing.now_ms();
        fill_tracking(&mut pod, &ad_order::values(self.decided, &policy, self.opening, whole, now_ms));
        pod
    }

    /// Tells the log and the ad server of its ads that are not in the pod. `whole`: the time of the break.
    fn tell_of_left(&self, left: &[Left], whole: Duration) {
        let Some(Asked { reach, values, mut pings }) = self.asked.take() else { return };
        for left in left.iter().filter(|left| left.candidate.ad.campaign.is_none()) {
            let (ad, Some(code)) = (&left.candidate.ad, left.code(whole)) else { continue };
            self.tell(Happening::new(AdEvent::AdLeftOut, left.why.to_string()).of_ad(&ad.id, Some(code)));
            let errors = ad.tracking.iter().filter(|tracking| tracking.event == TrackingEvent::Error);
            let room = PINGS_MAX.saturating_sub(pings.len());
            pings.extend(errors.take(room).filter_map(|error| Ping::new(&error.url, code, &values)));
        }
        if !pings.is_empty() {
            self.choosing.tell_ad_servers(&self.decided.site.body, &reach, &values, pings);
        }
    }

    /// The site's policy, within the limits that the VMAP document states for the break.
    fn policy_of(&self, supply: Option<&AdSupply<'_>>) -> AdPolicy {
        let is_one =
            supply.and_then(AdSupply::scheduled).is_some_and(|found| found.allows_pod == Some(false));
        let most_ads = if is_one { 1 } else { self.policy.most_ads };
        AdPolicy { most_ads, ..self.policy.clone() }
    }

    fn tell_outcome(&self, pod: &Pod, abandoned: bool, is_asked: bool) {
        let seconds = pod.duration().as_secs_f64();
        if !pod.slots.is_empty() {
            let detail = format!("{} items, {seconds} s", pod.slots.len());
            self.tell(Happening::new(AdEvent::FilledAvail, detail));
        }
        if !pod.non_linear.is_empty() {
            let detail = format!("{} items beside the content", pod.non_linear.len());
            self.tell(Happening::new(AdEvent::FilledOverlay, detail));
        }
        if pod.is_empty() {
            let why = match (abandoned, is_asked) {
                (true, _) => "the ads are shorter together than the site's `ads.shortest_s`",
                (false, true) => "neither the ad server nor a campaign has an ad that can be shown",
                (false, false) => "no campaign has an ad that can be shown",
            };
            self.tell(Happening::new(AdEvent::NoAdvertisements, why));
        }
    }

    /// The site's bumpers and slate.
    async fn furniture(&self) -> Furniture {
        let AdPolicy { bumper_in, bumper_out, slate, .. } = self.policy;
        let ids: Vec<_> = [bumper_in, bumper_out, slate].into_iter().flatten().cloned().collect();
        let found = if ids.is_empty() { Vec::new() } else { self.creatives(&ids).await };
        let host = &self.decided.site.body.host;
        let filler = |id: &Option<CreativeId>| {
            let of_id = |creative: &&Rc<Document<Creative>>| {
                Some(&creative.body.id) == id.as_ref() && creative.body.sites.contains(host)
            };
            found.iter().flatten().find(of_id).and_then(|found| Filler::of_creative(&found.body))
        };
        Furniture { bumper_in: filler(bumper_in), bumper_out: filler(bumper_out), slate: filler(slate) }
    }

    /// Adds the ads of the site's own campaigns, for the room that the others leave.
    async fn with_campaigns(&self, mut offered: Offered, order: CampaignUse, room: Room<'_>) -> Offered {
        let Decided { facts, site, title, admission, .. } = self.decided;
        let document = match self.choosing.campaigns(&site.body.host).await {
            Ok(Some(document)) => document,
            Ok(None) => return offered,
            Err(fault) => {
                self.faults.borrow_mut().push(fault);
                return offered;
            }
        };
        let room = without(room, offered.places.iter().flatten());
        let audience = Audience::of(
            &site.body,
            &title.body,
            &admission.permit,
            &admission.session,
            &facts.geography,
            self.opening,
            self.choosing.now(),
        );
        let chosen = house::choose(&document.body, &audience, &room, self, C::RECORDS).await;
        self.choosing.record("campaigns", || {
            json!({ "revision": document.revision, "eligible": chosen.eligible, "rehearsed": chosen.rehearsed, "why": chosen.why })
        });
        self.rehearsed.borrow_mut().clone_from(&chosen.rehearsed);
        chosen.offer(&mut offered, order);
        offered
    }

    /// The ads of the ad server.
    async fn supplied(&self, supply: &AdSupply<'_>, room: &Room<'_>, streams: &Streams) -> Offered {
        let Decided { facts, site, admission, .. } = self.decided;
        let server = &supply.server;
        let now_ms = self.choosing.now_ms();
        let values = ad_order::values(self.decided, self.policy, self.opening, room.time, now_ms);
        let order = Order {
            start: supply.start(),
            values: &values,
            reach: self.choosing.reach(&site.body, server, supply.chosen),
            each: Duration::from_millis(server.request_ms.into()),
            total: Duration::from_millis(server.total_ms.into()),
            wrappers: supply.wrappers(),
        };
        let Some(resolution) = self.choosing.ad_server(facts, &site.body, server, &order).await else {
            self.choosing.record("ad server", || json!({ "url": server.url, "asked": false }));
            return Offered::default();
        };
        let mut ids: Vec<_> = resolution.sources().map(|source| source.id.clone()).collect();
        sorting::by(&mut ids, Ord::cmp);
        ids.dedup();
        let known = if ids.is_empty() { Vec::new() } else { self.creatives(&ids).await };
        let caps = &admission.permit.caps;
        let choice = Choice {
            format: self.format,
            site: Some(&site.body.host),
            direct: Direct::Hosts(&self.policy.direct),
            needs: Needs {
                codecs: streams.codecs.clone(),
                height: streams.max_height,
                kbps: caps.max_bitrate_kbps,
            },
        };
        let find = |id: &CreativeId| {
            let found = known.iter().flatten().find(|creative| creative.body.id == *id);
            found.map(|creative| &creative.body)
        };
        let Chosen { offered, wanted, pings, events, .. } = resolution.choose(&order, &choice, find);
        self.events.borrow_mut().extend(events);
        if !wanted.is_empty() {
            self.choosing.report_wanted(&site.body, wanted.iter().map(WantedCreative::from).collect());
        }
        let reach = order.reach;
        *self.asked.borrow_mut() = Some(Asked { reach, values, pings });
        offered
    }
}

/// The questions of campaigns.
impl<S, C: Choosing> Sources for Filling<'_, '_, S, C> {
    async fn creatives(&self, ids: &[CreativeId]) -> Vec<Option<Rc<Document<Creative>>>> {
        match self.choosing.creatives(ids).await {
            Ok(found) => found,
            Err(fault) => {
                self.faults.borrow_mut().push(fault);
                ids.iter().map(|_| None).collect()
            }
        }
    }

    async fn viewer(&self, question: &viewer::Question) -> Option<viewer::Answer> {
        let Decided { facts, site, admission, .. } = self.decided;
        self.choosing.viewer(facts, &site.body, &admission.session, question).await
    }

    async fn count(&self, count: &Count) -> Option<bool> {
        self.choosing.count(&self.decided.facts, &self.decided.site.body, count).await
    }
}

/// The room that ads leave.
fn without<'r, 'c>(mut room: Room<'r>, ads: impl Iterator<Item = &'c Candidate>) -> Room<'r> {
    for candidate in ads {
        // An ad that does not fit leaves the room as it is.
        let _ = room.take(candidate);
    }
    room
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewers_join_behind_the_start_of_a_break_and_before_its_end() {
        let opening = |date_ms: Option<u64>| -> Opening {
            let json = json!({ "id": "at-1", "place": "mid_roll", "date_ms": date_ms });
            serde_json::from_value(json).unwrap()
        };
        let live = opening(Some(1_000_000));
        let length = Duration::from_secs(60);
        for (offset, expected) in [
            (None, false),
            (Some("0"), false),
            (Some("2"), false),
            (Some("2.5"), true),
            (Some("59"), true),
            // Far behind, such a viewer sees all of it.
            (Some("90"), false),
            (Some("-1"), false),
            (Some("x"), false),
        ] {
            let found = has_joined(&live, length, Listing::Assets, offset, 1_500_000);
            assert_eq!(found, expected, "{offset:?}");
        }
        // Who watches ten seconds behind the live moment sees the start of a break ten seconds late.
        for (passed_s, expected) in
            [(0, false), (10, false), (32, false), (33, true), (91, true), (92, false), (3_600, false)]
        {
            let now_ms = 1_000_000 + passed_s * 1_000;
            assert_eq!(has_joined(&live, length, Listing::Mpd, None, now_ms), expected, "{passed_s}");
        }
        assert!(!has_joined(&opening(None), length, Listing::Mpd, None, 1_000_000));
    }
}
