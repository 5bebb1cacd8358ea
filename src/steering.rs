//! The steering manifest of a session: the pathways for a player, in order.
//!
//! ```text
//! /~{session}/{title}/{folder}/_stagedoor/steering.json
//! /{title}/{folder}/_stagedoor/steering.json?sd_session={session}
//! ```
//!
//! [Content Steering section 4], draft 05. The same manifest serves HLS ([HLS section 7], draft 22) and for DASH (ETSI
//! TS 103 998 clause 6): they differ in the names of the players' reports.
//!
//! Players derive the URIs of a clone from their own, which carry the session already: `HOST` and `PARAMS` do not change the path and
//! the other parameters, so the token stays. URIs that replace a whole playlist URI are signed here.
//!
//! [Content Steering section 4]: https://datatracker.ietf.org/doc/html/draft-pantos-content-steering-05#section-4
//! [HLS section 7]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-7

use std::collections::BTreeMap;

use serde::Serialize;
use url::Url;

use crate::admission::{Admission, path_at_session};
use crate::catalog::{
    CloneUri, ParameterName, ParameterValue, PathwayClone, PathwayId, PathwayPriority, Reach,
    SESSION_PARAMETER, SessionId, Site, StableId, SteeringPolicy,
};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::manifest::{Signing, Steering};
use crate::redacted::Redacted;
use crate::reply::Reply;
use crate::resource::{MediaRequest, ResourceKind, STEERING_RESOURCE};
use crate::rights;
use crate::sorting;

/// The steering policy of a site; a denial if the site does not steer.
pub fn policy(site: &Site) -> Result<&SteeringPolicy, Denial> {
    site.steering.as_ref().ok_or_else(|| {
        Denial::new(Reason::NotFound, format!("{} does not steer: it has no `steering`", site.host))
    })
}

/// Writes the steering manifest of a session. Its `RELOAD-URI` carries `token`, which is valid until the player asks again.
pub fn answer(
    facts: &Facts,
    request: &MediaRequest,
    site: &Site,
    policy: &SteeringPolicy,
    admission: &Admission,
    token: &Redacted<String>,
) -> Reply {
    let mut order = order(policy, site, facts, admission.session.id);
    let slow = slow(policy, facts);
    sorting::by_key(&mut order, |id| slow.contains(id));
    let clones = policy.clones.iter().map(|clone| CloneObject::new(clone, request, site, admission, token));
    let manifest = Manifest {
        version: 1,
        ttl: policy.ttl_s,
        // A relative one is allowed, but Shaka Player 5.2 then stops reloading.
        reload_uri: facts.authority() + &path_at_session(request, admission.signing, token, ""),
        pathway_priority: order,
        pathway_clones: clones.collect(),
    };
    // Invariant: only texts and numbers, which always serialize.
    let body = serde_json::to_vec(&manifest).unwrap_or_default();
    // Half of the TTL, so that a player that reloads in time gets the current order.
    let kept = format!("private, max-age={}", policy.ttl_s / 2);
    Reply::new(200, ResourceKind::Steering.media_type(), body).with("Cache-Control", kept)
}

/// The viewer's own order of a site's pathways, which the manifest at the entry announces.
///
/// A player then starts on the pathway that the steering manifest will prefer. `None` below a session, where a manifest has the
/// same bytes for every viewer, apart from the token.
pub(crate) fn own_order<'a>(
    facts: &Facts,
    site: &'a Site,
    admission: &Admission,
) -> Option<Vec<&'a PathwayId>> {
    let policy = site.steering.as_ref().filter(|_| admission.entered)?;
    Some(order(policy, site, facts, admission.session.id))
}

/// The steering that a playlist announces to every viewer, if the site steers.
pub fn of_site(site: &Site) -> Option<Steering<'_>> {
    let policy = site.steering.as_ref()?;
    Some(Steering {
        server_uri: STEERING_RESOURCE,
        order: policy.ids().collect(),
        clones: &policy.clones,
        existing: policy.existing,
    })
}

/// Every pathway of a site, in the order of a viewer and a session.
fn order<'a>(policy: &'a SteeringPolicy, site: &Site, facts: &Facts, id: SessionId) -> Vec<&'a PathwayId> {
    let holds = |priority: &&PathwayPriority| {
        let territories = priority.territories.as_ref();
        territories.is_none_or(|list| rights::is_inside(list, &facts.geography, &site.geography))
    };
    let priority = policy.priorities.iter().find(holds);
    let mut order = Vec::new();
    order.extend(priority.and_then(|priority| drawn(priority, id)));
    for id in priority.iter().flat_map(|priority| &priority.order).chain(policy.ids()) {
        if !order.contains(&id) {
            order.push(id);
        }
    }
    order
}

/// The pathway that weights put first for a session.
fn drawn(priority: &PathwayPriority, id: SessionId) -> Option<&PathwayId> {
    let total: u64 = priority.weights.values().map(|weight| u64::from(*weight)).sum();
    let mut draw = mixed(u64::from_be_bytes(id.0)).checked_rem(total)?;
    priority.weights.iter().find_map(|(id, weight)| {
        let within = draw < u64::from(*weight);
        draw = draw.saturating_sub(u64::from(*weight));
        within.then_some(id)
    })
}

/// Mixes every bit of a number into each bit (the finalizer of SplitMix64). Session ids decide other shares too, and the shares
/// should be independent.
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The pathways for which a player reports less than the site's floor.
///
/// ```text
/// _HLS_pathway=id                _HLS_throughput=bits per second
/// _DASH_pathway=id *("," id)     _DASH_throughput=[number] *("," [number])
/// ```
///
/// Pathways may be quoted ([HLS section 7.4]; players omit the quotes). Unreadable reports are ignored.
///
/// [HLS section 7.4]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-7.4
fn slow<'a>(policy: &'a SteeringPolicy, facts: &Facts) -> Vec<&'a PathwayId> {
    let Some(floor_kbps) = policy.floor_kbps else { return Vec::new() };
    let report = |protocol| {
        let named = |what| facts.query_parameter(&format!("_{protocol}_{what}"));
        named("pathway").zip(named("throughput"))
    };
    let report = report("HLS").or_else(|| report("DASH"));
    let Some((pathways, throughputs)) = report else { return Vec::new() };
    let pathways = pathways.trim_matches('"').split(',').map(|id| id.trim().trim_matches('"'));
    let below = |throughput: &str| {
        throughput.trim().parse::<u64>().is_ok_and(|bits| bits / 1_000 < floor_kbps.into())
    };
    let reported = pathways.zip(throughputs.split(',')).filter(|(_, throughput)| below(throughput));
    // The list comes from the player, so at most as many as there are pathways.
    let known = reported.filter_map(|(id, _)| policy.ids().find(|known| known.as_str() == id));
    known.take(policy.ids().count()).collect()
}

/// A steering manifest, its members in the order of the specification.
#[derive(Serialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
struct Manifest<'a> {
    version: u8,
    ttl: u64,
    reload_uri: String,
    pathway_priority: Vec<&'a PathwayId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pathway_clones: Vec<CloneObject<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
struct CloneObject<'a> {
    base_id: &'a PathwayId,
    id: &'a PathwayId,
    uri_replacement: Replacement<'a>,
}

/// `HOST` and `PARAMS` are optional, but some players need both.
#[derive(Serialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
struct Replacement<'a> {
    host: &'a str,
    params: &'a BTreeMap<ParameterName, ParameterValue>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    per_variant_uris: BTreeMap<&'a StableId, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    per_rendition_uris: BTreeMap<&'a StableId, String>,
}

impl<'a> CloneObject<'a> {
    fn new(
        clone: &'a PathwayClone,
        request: &MediaRequest,
        site: &Site,
        admission: &Admission,
        token: &Redacted<String>,
    ) -> Self {
        let written = |(id, uri): (&'a StableId, &CloneUri)| {
            let url = uri.of(&request.title)?;
            Some((
                id,
                match uri.reach(&site.host, &site.media.foreign)? {
                    Reach::Signed => signed(url, admission.signing, token),
                    Reach::Passed => url.into(),
                },
            ))
        };
        Self {
            base_id: &clone.base_id,
            id: &clone.id,
            uri_replacement: Replacement {
                host: clone.host.as_str(),
                params: &clone.params,
                per_variant_uris: clone.per_variant_uris.iter().filter_map(written).collect(),
                per_rendition_uris: clone.per_rendition_uris.iter().filter_map(written).collect(),
            },
        }
    }
}

/// An absolute URI with a session, as the URIs of playlists carry it.
fn signed(mut url: Url, signing: Signing, token: &Redacted<String>) -> String {
    let token = token.expose();
    match signing {
        Signing::Inherited | Signing::Path | Signing::Renewed => {
            let path = format!("/~{token}{}", url.path());
            url.set_path(&path);
        }
        Signing::Query => {
            let others = url.query().filter(|query| !query.is_empty()).map(|query| format!("{query}&"));
            let query = format!("{}{SESSION_PARAMETER}={token}", others.unwrap_or_default());
            url.set_query(Some(&query));
        }
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn site(steering: &Value) -> Site {
        serde_json::from_value(json!({
            "host": "watch.example.com",
            "media": { "origin": "https://media.example/vod/", "foreign": { "sign": ["c.example"], "pass": ["p.example"] } },
            "tokens": { "issuers": ["id"] },
            "sessions": { "keys": "s" },
            "geography": { "groups": { "gulf": ["AE"] } },
            "steering": steering,
        }))
        .unwrap()
    }

    fn facts(place: &str, query: &str) -> Facts {
        let query = Redacted::new(query.to_owned());
        Facts { geography: place.parse().unwrap(), query, ..Facts::default() }
    }

    fn ordered(site: &Site, facts: &Facts, id: u64) -> String {
        let policy = site.steering.as_ref().unwrap();
        let mut order = order(policy, site, facts, SessionId(id.to_be_bytes()));
        let slow = slow(policy, facts);
        order.sort_by_key(|id| slow.contains(id));
        order.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_first_priority_that_holds_decides_and_the_rest_follow() {
        let site = site(&json!({
            "pathways": ["a", "b"],
            "clones": [{ "id": "c", "base_id": "a", "host": "c.example" }],
            "priorities": [
                { "territories": { "allow": ["group:gulf"] }, "order": ["c"] },
                { "territories": { "allow": ["continent:EU"], "deny": ["GB"] }, "order": ["b", "c"] },
                { "territories": { "allow": ["FR", "US"] }, "order": ["c", "b"] },
            ],
        }));
        for (place, expected) in [
            ("AE", "c a b"),
            ("DE", "b c a"),
            ("FR", "b c a"),
            ("US", "c b a"),
            ("GB", "a b c"),
            ("", "a b c"),
        ] {
            assert_eq!(ordered(&site, &facts(place, ""), 7), expected, "{place}");
        }
    }

    #[test]
    fn weights_share_the_sessions_and_each_keeps_its_place() {
        let priority = json!({ "order": ["a", "b", "c"], "weights": { "b": 3, "c": 1 } });
        let site = site(&json!({ "pathways": ["a", "b", "c"], "priorities": [priority] }));
        let facts = facts("AE", "");
        let orders: Vec<_> = (0..4_000).map(|id| ordered(&site, &facts, id)).collect();
        let share = |order: &str| orders.iter().filter(|found| *found == order).count();
        let (b, c) = (share("b a c"), share("c a b"));
        assert_eq!(b + c, 4_000);
        assert!((2_850..3_150).contains(&b), "{b} of 4,000");
        assert_eq!(ordered(&site, &facts, 11), orders[11]);
    }

    #[test]
    fn a_slow_pathway_goes_last() {
        let site = site(&json!({ "pathways": ["a", "b", "c"], "floor_kbps": 800 }));
        for (query, expected) in [
            ("", "a b c"),
            ("_HLS_pathway=a&_HLS_throughput=799999", "b c a"),
            ("_HLS_pathway=%22a%22&_HLS_throughput=1", "b c a"),
            ("_HLS_pathway=a&_HLS_throughput=800000", "a b c"),
            ("_HLS_pathway=b&_HLS_throughput=0", "a c b"),
            ("_HLS_pathway=a", "a b c"),
            ("_HLS_throughput=1", "a b c"),
            ("_HLS_pathway=a&_HLS_throughput=-1", "a b c"),
            ("_HLS_pathway=a&_HLS_throughput=slow", "a b c"),
            ("_HLS_pathway=unknown&_HLS_throughput=1", "a b c"),
            ("_DASH_pathway=%22a,c%22&_DASH_throughput=5,900000", "b c a"),
            ("_DASH_pathway=a,b&_DASH_throughput=,5", "a c b"),
            ("_DASH_pathway=c,b,a,c&_DASH_throughput=1,1,1,1", "a b c"),
        ] {
            assert_eq!(ordered(&site, &facts("AE", query), 7), expected, "{query}");
        }
    }

    #[test]
    fn a_uri_that_replaces_another_carries_the_session() {
        let token = Redacted::new("S".to_owned());
        for (uri, path, query) in [
            (
                "https://c.example/x/a.m3u8",
                "https://c.example/~S/x/a.m3u8",
                "https://c.example/x/a.m3u8?sd_session=S",
            ),
            (
                "https://c.example:8443/a.m3u8?v=1",
                "https://c.example:8443/~S/a.m3u8?v=1",
                "https://c.example:8443/a.m3u8?v=1&sd_session=S",
            ),
            ("https://c.example?", "https://c.example/~S/?", "https://c.example/?sd_session=S"),
        ] {
            let url = || Url::parse(uri).unwrap();
            assert_eq!(signed(url(), Signing::Path, &token), path);
            assert_eq!(signed(url(), Signing::Inherited, &token), path);
            assert_eq!(signed(url(), Signing::Query, &token), query);
        }
    }
}
