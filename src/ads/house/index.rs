//! The campaigns of a document by their conditions, so that a decision does not go through all of them.

use std::collections::HashMap;
use std::hash::Hash;

use super::Audience;
use super::dice::spot;
use super::rule::ranges;
use crate::catalog::{Campaigns, Mode, Territories};
use crate::memory_key::digest;
use crate::rights::Places;

/// A set of campaigns by their numbers.
#[derive(Clone, Debug)]
struct Set(Vec<u64>);

impl Set {
    fn empty(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)])
    }

    fn insert(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    fn intersect(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
    }

    fn numbers(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(at * 64 + bit as usize)
            })
        })
    }
}

/// One condition of all campaigns: who states none, and who states a value.
///
/// Values are known by their digests of 64 bits, so that a document with half a million titles takes 16 bytes for each of them.
/// Authors who make two of one digest harm their own campaigns only.
#[derive(Debug)]
struct Condition {
    open: Set,
    /// A digest of a value and the number of a campaign that states it, in order.
    stated: Vec<(u64, u32)>,
}

impl Condition {
    fn new<K: Hash, V>(lists: impl ExactSizeIterator<Item = V> + Clone) -> Self
    where
        V: IntoIterator<Item = K>,
    {
        let mut open = Set::empty(lists.len());
        let length = lists.clone().map(|list| list.into_iter().count()).sum();
        let mut stated = Vec::with_capacity(length);
        // Invariant: a document has 10,000 campaigns at most.
        for (number, list) in (0_u32..).zip(lists) {
            let before = stated.len();
            stated.extend(list.into_iter().map(|value| (digest(&value), number)));
            if stated.len() == before {
                open.insert(number as usize);
            }
        }
        stated.sort_unstable();
        Self { open, stated }
    }

    /// The campaigns that state no value, or one of these.
    fn met_by<Q: Hash>(&self, values: impl IntoIterator<Item = Q>) -> Set {
        let mut met = self.open.clone();
        for value in values {
            let digest = digest(&value);
            let first = self.stated.partition_point(|(other, _)| *other < digest);
            let same = self.stated.iter().skip(first).take_while(|(other, _)| *other == digest);
            same.for_each(|(_, number)| met.insert(*number as usize));
        }
        met
    }
}

/// The campaigns of a document by their conditions.
#[derive(Debug)]
pub(super) struct Index {
    /// The campaigns that are not off, and have a creative.
    on: Set,
    /// The different lists of territories. Many campaigns share few of them.
    lists: Places,
    /// The campaigns by the number of their list.
    territories: Condition,
    places: Condition,
    devices: Condition,
    titles: Condition,
    genres: Condition,
    languages: Condition,
    /// A number of each campaign, by which chance chooses.
    pub(super) spots: Vec<u64>,
}

impl Index {
    /// The index of a document, made on first use.
    pub(super) fn of(document: &Campaigns) -> &Self {
        document.memo.of(|| Self::new(document))
    }

    fn new(document: &Campaigns) -> Self {
        let campaigns = &document.campaigns;
        let mut on = Set::empty(campaigns.len());
        let mut numbers: HashMap<(&[_], &[_]), usize> = HashMap::new();
        let mut lists: Vec<&Territories> = Vec::new();
        let mut list_of = Vec::with_capacity(campaigns.len());
        for (number, campaign) in campaigns.iter().enumerate() {
            if campaign.mode != Mode::Off && !campaign.creatives.is_empty() {
                on.insert(number);
            }
            list_of.push(campaign.territories.as_ref().map(|list| {
                *numbers.entry((&list.allow, &list.deny)).or_insert_with(|| {
                    lists.push(list);
                    lists.len() - 1
                })
            }));
        }
        Self {
            on,
            lists: Places::new(lists.into_iter()),
            territories: Condition::new(list_of.iter().copied()),
            places: Condition::new(campaigns.iter().map(|one| &one.places)),
            devices: Condition::new(campaigns.iter().map(|one| &one.devices)),
            titles: Condition::new(campaigns.iter().map(|one| &one.titles)),
            genres: Condition::new(campaigns.iter().map(|one| &one.genres)),
            languages: Condition::new(
                campaigns.iter().map(|one| one.languages.iter().map(|tag| tag.to_ascii_lowercase())),
            ),
            spots: campaigns.iter().map(|one| spot(one.id.as_str())).collect(),
        }
    }

    /// The campaigns whose conditions a viewer's break meets, by their numbers, apart from flight and plans.
    pub(super) fn meeting(&self, audience: &Audience<'_>) -> impl Iterator<Item = usize> {
        let mut met = self.on.clone();
        met.intersect(&self.places.met_by([&audience.opening.place]));
        met.intersect(&self.devices.met_by(audience.device));
        met.intersect(&self.titles.met_by([&audience.title.id]));
        met.intersect(&self.genres.met_by(&audience.title.genres));
        let languages: Vec<_> = audience.title.languages.iter().flat_map(|tag| ranges(tag)).collect();
        met.intersect(&self.languages.met_by(&languages));
        let lists: Vec<_> = self.lists.containing(&audience.whereabouts).collect();
        met.intersect(&self.territories.met_by(&lists));
        met.numbers().collect::<Vec<_>>().into_iter()
    }
}
