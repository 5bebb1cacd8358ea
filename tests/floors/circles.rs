//! Circles in a graph: its strongly connected components of more than one node.

use std::collections::{BTreeMap, BTreeSet};

/// The circles of a graph, each with its nodes in order.
pub fn circles<'a>(edges: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Vec<&'a str>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in edges {
        next.entry(from).or_default().insert(to);
        next.entry(to).or_default();
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        next.keys().map(|node| (*node, reach(&next, node))).collect();
    let mut told = BTreeSet::new();
    let mut circles = Vec::new();
    for (node, far) in &reached {
        if told.contains(node) || !far.contains(node) {
            continue;
        }
        let circle: Vec<_> = far.iter().copied().filter(|other| reached[other].contains(node)).collect();
        told.extend(circle.iter().copied());
        circles.push(circle);
    }
    circles
}

/// The nodes that are reached from a node by one edge or more.
fn reach<'a>(next: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        for other in next.get(node).into_iter().flatten() {
            if reached.insert(*other) {
                open.push(other);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found_and_what_leads_to_them_is_not() {
        assert_eq!(circles([("a", "b"), ("b", "c"), ("a", "c")]), Vec::<Vec<&str>>::new());
        let edges = [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d"), ("e", "f"), ("f", "g"), ("g", "e")];
        assert_eq!(circles(edges), [vec!["b", "c"], vec!["e", "f", "g"]]);
    }
}
