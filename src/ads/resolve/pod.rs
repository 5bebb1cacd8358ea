//! The ads of a decision, in order.

use std::time::Duration;

use super::MERGED_MAX;
use super::fetch::{Failure, Fetch};
use super::merge::{self, Resolved, merge, wrapper};
use super::order::{Order, Start};
use super::tree::{Ping, Tree, told};
use crate::ads::vast::Kind;
use crate::ads::{AdEvent, ErrorCode, Happening};
use crate::sorting;

/// The outcome of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The ads, in the order in which they are shown; spares last.
    pub ads: Vec<Resolved>,
    /// The places of the pod whose ads failed, and which spares may take.
    pub failed: Vec<u32>,
    /// URLs that ad servers are told of errors so far.
    pub pings: Vec<Ping>,
    /// What happened, in order.
    pub events: Vec<Happening>,
    /// The requests that were made.
    pub requests: usize,
    /// How long it took.
    pub took: Duration,
}

/// Asks an ad server, and follows its wrappers within the budget.
pub async fn resolve<F: Fetch>(fetch: &F, order: &Order<'_>) -> Resolution {
    let began_ms = fetch.now_ms();
    let passed = || Duration::from_millis(fetch.now_ms().saturating_sub(began_ms));
    let mut tree = Tree::new(order);
    match order.start {
        Start::Template(template) => tree.begin(template),
        Start::Document(bytes) => tree.take(None, None, bytes),
    }
    loop {
        let errands = tree.next();
        if errands.is_empty() {
            break;
        }
        let left = order.total.saturating_sub(passed());
        if left.is_zero() {
            for errand in errands {
                tree.arrived(&errand, Err(Failure::Timeout));
            }
            continue;
        }
        let within = left.min(order.each);
        let asks: Vec<_> = errands.iter().map(|errand| tree.ask(errand, within)).collect();
        let mut answers = fetch.fetch(asks).await.into_iter();
        for errand in errands {
            // Invariant: there is an answer to each question.
            let answer = answers.next().unwrap_or_else(|| Err(Failure::Unreachable("no answer".to_owned())));
            tree.arrived(&errand, answer);
        }
    }
    let (ads, failed) = ads(&mut tree);
    Resolution {
        ads,
        failed,
        pings: tree.pings,
        events: tree.events,
        requests: tree.requests,
        took: passed(),
    }
}

/// The ads with their wrappers: those with a place in a pod first, in order. Beside them the places whose ads failed.
fn ads(tree: &mut Tree<'_>) -> (Vec<Resolved>, Vec<u32>) {
    let mut order = Vec::new();
    walk(tree, None, false, &mut order);
    let mut room = MERGED_MAX;
    let (mut pod, mut spares, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    // Places are numbered anew, because a pod within a pod states numbers of its own.
    let mut place = 0;
    for (number, Found { id, is_placed }) in order.into_iter().enumerate() {
        let resolved = ad(tree, id, number, &mut room);
        let falls_back = tree.falls_back(id);
        if is_placed && (resolved.is_some() || falls_back) {
            place += 1;
        }
        match (resolved, is_placed) {
            (Some(ad), true) => pod.push(Resolved { sequence: Some(place), ..ad }),
            (Some(ad), false) => spares.push(ad),
            (None, true) if falls_back => failed.push(place),
            (None, _) => {}
        }
    }
    pod.append(&mut spares);
    (pod, failed)
}

/// An ad with its wrappers; `None`: it failed.
fn ad(tree: &mut Tree<'_>, id: usize, number: usize, room: &mut usize) -> Option<Resolved> {
    let chain = tree.chain(id);
    let nodes: Vec<_> = chain.iter().filter_map(|id| tree.nodes.get(*id)).collect();
    let (node, wrappers) = nodes.split_last()?;
    let Kind::InLine(inline) = &node.ad.kind else { return None };
    if node.failed {
        return None;
    }
    let wrappers: Vec<_> = wrappers.iter().filter_map(|node| Some((&node.ad, wrapper(&node.ad)?))).collect();
    let Some(rest) = room.checked_sub(merge::bytes(&wrappers, &node.ad, inline)) else {
        let why = format!("expected {MERGED_MAX} bytes of URLs of all ads at most");
        let told = told(&node.ad);
        tree.events.push(Happening::new(AdEvent::InvalidAd, why).of_ad(&told, None));
        return None;
    };
    *room = rest;
    let resolved = merge(&wrappers, &node.ad, inline, number, &tree.order.values.site);
    if resolved.film.is_none() && resolved.non_linear.is_empty() {
        let why = "expected a linear creative, or a non-linear one that can be shown";
        tree.fail(id, ErrorCode::Linearity, AdEvent::MissingCreatives, why);
        return None;
    }
    if let Some(category) = resolved.blocked.clone() {
        let why = format!("a wrapper blocks the category `{category}`");
        tree.fail(id, ErrorCode::Category, AdEvent::CategoryBlocked, why);
        return None;
    }
    Some(resolved)
}

/// An ad, or a wrapper that failed.
struct Found {
    id: usize,
    /// It, or a wrapper in front of it, states a place in a pod.
    is_placed: bool,
}

/// The ads behind a wrapper, those with a sequence first.
fn walk(tree: &Tree<'_>, parent: Option<usize>, is_placed: bool, order: &mut Vec<Found>) {
    let is_child = |(_, node): &(usize, &super::tree::Node)| node.parent == parent;
    let mut children: Vec<_> = tree.nodes.iter().enumerate().filter(is_child).collect();
    sorting::by_key(&mut children, |(_, node)| node.ad.sequence.unwrap_or(u32::MAX));
    for (id, node) in children {
        let is_placed = is_placed || node.ad.sequence.is_some();
        match node.ad.kind {
            // Invariant: nodes and wrappers are few, so this is neither deep nor long.
            Kind::Wrapper(_) if !node.failed => walk(tree, Some(id), is_placed, order),
            Kind::Wrapper(_) | Kind::InLine(_) => order.push(Found { id, is_placed }),
        }
    }
}
