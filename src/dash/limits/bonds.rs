//! Elements that are removed together with a removed element.
//!
//! | element | is removed with |
//! | --- | --- |
//! | a Representation | its AdaptationSet; any Representation in its `@dependencyId`; the last Representation in its `@associationId` |
//! | an AdaptationSet | its last Representation; a set that never had any stays |
//! | a trick mode set | the last set that it is a trick mode of |
//! | a set that only plays together with others (`urn:mpeg:dash:preselection:2016`, essential) | any of those sets |
//!
//! ISO/IEC 23009-1 sections 5.3.5.2, 5.3.3.1 and 5.3.11. An id that no element has binds nothing. Each bond is followed
//! once, so that a chain of bonds takes time linear in its length.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::descriptor::properties;
use super::list::{ids, items};
use super::period::{Period, trick_modes};

/// Removes the elements that depend on removed ones.
pub(super) fn leave_out(period: &mut Period<'_, '_>) {
    let is_complete =
        period.sets.iter().all(|set| set.is_kept) && period.representations.iter().all(|one| one.is_kept);
    if is_complete {
        return;
    }
    let sets = period.sets.len();
    let mut bonds = Bonds::new(sets + period.representations.len());
    let (mut set_names, mut names) = (Names::default(), Names::default());
    for (number, set) in period.sets.iter().enumerate() {
        let components = set.element.children_named("ContentComponent");
        for one in std::iter::once(set.element).chain(components) {
            set_names.add(one.value("id"), number);
        }
    }
    for (number, one) in period.representations.iter().enumerate() {
        names.add(one.element.value("id"), sets + number);
    }
    let (set_names, names) = (set_names.bound(&mut bonds), names.bound(&mut bonds));
    for (number, set) in period.sets.iter().enumerate() {
        let start = period.representations.partition_point(|one| one.set < number);
        bonds.bind(number, (0..period.of_set(number).count()).map(|one| sets + start + one));
        for trick_mode in trick_modes(set.element) {
            bonds.bind(number, known(&set_names, &ids(trick_mode, "value")));
        }
        for property in
            properties(set.element).filter(|one| one.is_essential() && is_preselection(&one.scheme))
        {
            for name in known(&set_names, &preselected(&property.value())) {
                bonds.bind(number, [name]);
            }
        }
    }
    for (number, one) in period.representations.iter().enumerate() {
        let node = sets + number;
        bonds.bind(node, [one.set]);
        for name in known(&names, &ids(one.element, "dependencyId")) {
            bonds.bind(node, [name]);
        }
        bonds.bind(node, known(&names, &ids(one.element, "associationId")));
    }
    let gone =
        period.sets.iter().map(|set| set.is_kept).chain(period.representations.iter().map(|one| one.is_kept));
    bonds.leave_out(gone.enumerate().filter(|(_, is_kept)| !is_kept).map(|(node, _)| node).collect());
    for (number, set) in period.sets.iter_mut().enumerate() {
        set.is_kept = !bonds.is_gone(number);
    }
    for (number, one) in period.representations.iter_mut().enumerate() {
        one.is_kept = !bonds.is_gone(sets + number);
    }
    period.gone_sets = gone_names(set_names, &bonds);
    period.gone_representations = gone_names(names, &bonds);
}

/// Whether a scheme names sets that are played together; its value is `{tag},{ids}` or empty.
pub(super) fn is_preselection(scheme: &str) -> bool {
    scheme == "urn:mpeg:dash:preselection:2016"
}

/// The ids in the value of a preselection descriptor.
pub(super) fn preselected(value: &str) -> Vec<Cow<'_, str>> {
    let (_, list) = value.split_once(',').unwrap_or_default();
    items(list).map(Cow::Borrowed).collect()
}

/// The elements with an id: one or, against the specification, several.
#[derive(Default)]
struct Names<'a>(BTreeMap<Cow<'a, str>, Vec<usize>>);

impl<'a> Names<'a> {
    fn add(&mut self, name: Option<Cow<'a, str>>, node: usize) {
        if let Some(name) = name {
            self.0.entry(name).or_default().push(node);
        }
    }

    /// Gives each id a node of its own, which is removed with the last element of that id.
    fn bound(self, bonds: &mut Bonds) -> BTreeMap<Cow<'a, str>, usize> {
        let bind = |(name, bearers)| {
            let node = bonds.add();
            bonds.bind(node, bearers);
            (name, node)
        };
        self.0.into_iter().map(bind).collect()
    }
}

fn known(names: &BTreeMap<Cow<'_, str>, usize>, ids: &[Cow<'_, str>]) -> Vec<usize> {
    ids.iter().filter_map(|id| names.get(id)).copied().collect()
}

fn gone_names<'a>(names: BTreeMap<Cow<'a, str>, usize>, bonds: &Bonds) -> BTreeSet<Cow<'a, str>> {
    names.into_iter().filter(|(_, node)| bonds.is_gone(*node)).map(|(name, _)| name).collect()
}

/// The graph of dependencies: which node is removed with which.
struct Bonds {
    nodes: Vec<Node>,
    bonds: Vec<Bond>,
}

#[derive(Clone, Default)]
struct Node {
    /// The bonds that depend on this node.
    holding: Vec<usize>,
    is_gone: bool,
}

/// A bond from one node to several: the node is removed with the last of them.
struct Bond {
    bound: usize,
    left: usize,
}

impl Bonds {
    fn new(nodes: usize) -> Self {
        Self { nodes: vec![Node::default(); nodes], bonds: Vec::new() }
    }

    fn add(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    /// Binds a node to others. An empty list binds nothing.
    fn bind(&mut self, bound: usize, to: impl IntoIterator<Item = usize>) {
        let mut left = 0;
        for node in to {
            if let Some(node) = self.nodes.get_mut(node) {
                node.holding.push(self.bonds.len());
                left += 1;
            }
        }
        self.bonds.push(Bond { bound, left });
    }

    fn leave_out(&mut self, mut leaving: Vec<usize>) {
        while let Some(node) = leaving.pop() {
            let Some(node) = self.nodes.get_mut(node).filter(|node| !node.is_gone) else { continue };
            node.is_gone = true;
            for bond in &node.holding {
                let Some(bond) = self.bonds.get_mut(*bond) else { continue };
                bond.left -= 1;
                if bond.left == 0 {
                    leaving.push(bond.bound);
                }
            }
        }
    }

    fn is_gone(&self, node: usize) -> bool {
        self.nodes.get(node).is_some_and(|node| node.is_gone)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::dash::limits::testing::try_rows;

    #[test]
    fn dependents_are_removed_with_their_elements() {
        try_rows(&[
            (
                "a Representation with any of those that it depends on, whatever their order",
                "<AdaptationSet contentType='video'>
                   <Representation id='top' dependencyId='base middle' height='360'/> =>
                   <Representation id='middle' dependencyId='large' height='360'/> =>
                   <Representation id='base' height='360'/>
                   <Representation id='large' height='1080'/> =>
                   <Representation id='other' dependencyId='base unknown' height='360'/>
                 </AdaptationSet>",
                json!({ "max_height": 360 }),
            ),
            (
                "what is associated with the last",
                "<AdaptationSet contentType='video'>
                   <Representation id='1' height='360'/>
                   <Representation id='2' height='1080'/> =>
                 </AdaptationSet>
                 <AdaptationSet mimeType='application/mp4'>
                   <Representation id='3' associationId='2' associationType='cdsc'/> =>
                   <Representation id='4' associationId='1' associationType='cdsc'/>
                   <Representation id='5' associationId='9' associationType='cdsc'/>
                 </AdaptationSet>",
                json!({ "max_height": 360 }),
            ),
            (
                "a set with the last of its Representations, and a trick mode with the last of its sets",
                "<AdaptationSet id='1' contentType='video'><Representation height='360'/></AdaptationSet>
                 <AdaptationSet id='2' contentType='video'><Representation height='1080'/></AdaptationSet> =>
                 <AdaptationSet id='3' contentType='video'/>
                 <AdaptationSet id='4' contentType='video'><EssentialProperty schemeIdUri='http://dashif.org/guidelines/trickmode' value='2'/><Representation height='240'/></AdaptationSet> =>
                 <AdaptationSet id='5' contentType='video'><EssentialProperty schemeIdUri='http://dashif.org/guidelines/trickmode' value='1'/><Representation height='240'/></AdaptationSet>
                 <AdaptationSet id='6' contentType='video'><EssentialProperty schemeIdUri='http://dashif.org/guidelines/trickmode' value='9'/><Representation height='240'/></AdaptationSet>",
                json!({ "max_height": 360 }),
            ),
            (
                "a set that is played with others alone",
                "<AdaptationSet id='1' contentType='audio' lang='en'><Representation/></AdaptationSet>
                 <AdaptationSet id='2' contentType='audio' lang='fr'><Representation/></AdaptationSet> =>
                 <AdaptationSet id='3' contentType='audio'><EssentialProperty schemeIdUri='urn:mpeg:dash:preselection:2016' value='main,3 2'/><Representation/></AdaptationSet> =>
                 <AdaptationSet id='4' contentType='audio'><EssentialProperty schemeIdUri='urn:mpeg:dash:preselection:2016' value='main,4 1'/><Representation/></AdaptationSet>
                 <AdaptationSet id='5' contentType='audio'><EssentialProperty schemeIdUri='urn:mpeg:dash:preselection:2016'/><Representation/></AdaptationSet>",
                json!({ "audio": ["en"] }),
            ),
            (
                "an id that two have is gone with both",
                "<AdaptationSet contentType='video'>
                   <Representation id='1' height='360'/>
                   <Representation id='1' height='1080'/> =>
                   <Representation id='2' dependencyId='1' height='360'/>
                 </AdaptationSet>",
                json!({ "max_height": 360 }),
            ),
        ]);
    }
}
