//! VMAP documents, from isolate memory, else from their servers.
//!
//! One fetch serves all requests of an isolate. The renditions of a viewer have to agree about the breaks, so while the first fetch
//! is under way, all of them wait for its outcome. After a failure nobody waits: the title has the breaks of its policy until a
//! later fetch, behind a reply, brings the document.

use std::rc::Rc;
use std::time::Duration;

use super::ad_server::{self, AdServers};
use super::documents::Documents;
use super::isolate::isolate;
use super::runtime::now_ms;
use super::{heap, respond, single_flight};
use crate::ads::macros::{Values, headers};
use crate::ads::resolve::{Ask, Failure, Fetch};
use crate::ads::vmap::Vmap;
use crate::ads::{AdEvent, Happening};
use crate::catalog::{AdServer, AdTemplate, Site};
use crate::facts::Facts;
use crate::isolate::{VMAP_POLICY, vmap_times};
use crate::life::Decision;
use crate::shelf::{Arrived, Look, Outcome, Weighed};

/// The time of a fetch besides the time of the ad server: for the catalogue, and for what is read.
const BESIDE: Duration = Duration::from_secs(1);

/// The longest time for which a manifest waits: players give up on a playlist that sends nothing for long.
const HELD: Duration = Duration::from_secs(3);

/// The document, while memory has it fresh.
pub(super) fn fresh(site: &Site, url: &AdTemplate, now_ms: u64) -> Option<Rc<Vmap>> {
    let fresh = |known: &crate::isolate::KnownVmap| known.fresh(now_ms).map(|known| Rc::clone(&known.value));
    isolate().vmaps.find(name(site, url).as_str(), fresh).flatten()
}

/// The document; `None`: it cannot be had in time.
pub(super) async fn find(
    documents: &Documents,
    facts: &Facts,
    site: &Site,
    url: &AdTemplate,
) -> Option<Rc<Vmap>> {
    let name = name(site, url);
    let memory = &isolate().vmaps;
    let now = now_ms();
    let server = settings(site, url);
    let patience = Duration::from_millis(server.request_ms.into()) + BESIDE;
    let (looked, has_failed) =
        memory.with(name.as_str(), now, |known| (known.look(now, patience).cloned(), known.has_failed()));
    let ticket = match looked {
        Look::Serve(found) => return Some(found.value),
        Look::Refresh(found) => {
            begin(documents, facts, site, server, name);
            return Some(found.value);
        }
        Look::Fetch(ticket) => {
            begin(documents, facts, site, server, name.clone());
            ticket
        }
        Look::Wait(ticket) => ticket,
        Look::Failed(()) | Look::Alone => return None,
    };
    if has_failed {
        return None;
    }
    let look = || memory.find(name.as_str(), |known| known.arrived(ticket, now_ms()).map(Arrived::cloned));
    match single_flight::arrival(patience.min(HELD), look).await {
        Arrived::Value(found) => Some(found.value),
        Arrived::Failed(()) | Arrived::Nothing => None,
    }
}

/// The site's settings, with the document's URL.
fn settings(site: &Site, url: &AdTemplate) -> AdServer {
    match site.ads.as_ref().and_then(|policy| policy.server.clone()) {
        // A playlist may wait for the document, so it waits for nothing besides.
        Some(server) => AdServer { url: url.clone(), jitter_ms: 0, peak_per_s: None, ..server },
        None => AdServer::at(url.clone()),
    }
}

fn name(site: &Site, AdTemplate(url): &AdTemplate) -> String {
    format!("{} {url}", site.host)
}

/// Fetches the document behind the reply.
fn begin(documents: &Documents, facts: &Facts, site: &Site, server: AdServer, name: String) {
    let (documents, facts, site) = (documents.clone(), facts.clone(), site.clone());
    let context = Rc::clone(&documents.context);
    context.wait_until(async move {
        let began_ms = now_ms();
        let fetched = fetch(&documents, &facts, &site, &server).await;
        let now = now_ms();
        let happened = match &fetched {
            Ok(found) if found.value.breaks.is_empty() => {
                Happening::new(AdEvent::EmptyVmap, "expected an `AdBreak`")
            }
            Ok(found) => {
                Happening::new(AdEvent::VmapResponse, format!("{} breaks", found.value.breaks.len()))
            }
            Err(happened) => happened.clone(),
        };
        let outcome = match fetched {
            Ok(found) => Outcome::Value(found, vmap_times(began_ms, js_sys::Math::random())),
            Err(_) => Outcome::Failed(()),
        };
        isolate().vmaps.with(name.as_str(), now, |known| known.settle(outcome, &VMAP_POLICY, now));
        let took = Duration::from_millis(now.saturating_sub(began_ms));
        respond::log_ads(
            site.host.as_str(),
            None,
            &Decision { break_id: None, took, events: vec![happened], rehearsed: Vec::new() },
        );
    });
}

async fn fetch(
    documents: &Documents,
    facts: &Facts,
    site: &Site,
    server: &AdServer,
) -> Result<Weighed<Rc<Vmap>>, Happening> {
    let values = Values { now_ms: now_ms(), site: site.host.to_string(), ..Values::default() };
    let url = url::Url::parse(&server.url.0)
        .map_err(|error| Happening::new(AdEvent::InvalidTagUri, error.to_string()))?;
    let reach = ad_server::reach(documents, site, server, &server.url.0);
    let servers = AdServers::new(documents, facts, site, server, reach);
    let ask = Ask { url, headers: headers(&values), within: Duration::from_millis(server.request_ms.into()) };
    let answer = servers.fetch(vec![ask]).await.pop();
    let reply = answer
        .unwrap_or(Err(Failure::Timeout))
        .map_err(|failure| Happening::new(failure.event(), failure.to_string()))?;
    let (read, bytes) = heap::weighed(|| Vmap::read(&reply.bytes));
    let value = read.map_err(|error| Happening::new(AdEvent::Parse, error.to_string()))?;
    Ok(Weighed { value: Rc::new(value), bytes })
}
