//! The campaigns of a document by their conditions, so that a decision does not go through all of them.

use std::collections::HashMap;
use std::hash::Hash;

use super::Audience;
use super::dice::spot;
use super::rule::ranges;
use crate::catalog::{Campaigns, DeviceClass, Label, Mode, Place, Territories, TitleId};
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
#[derive(Debug)]
struct Condition<K> {
    open: Set,
    by_value: HashMap<K, Vec<usize>>,
}

impl<K: Hash + Eq> Condition<K> {
    fn new<V>(lists: impl ExactSizeIterator<Item = V>) -> Self
    where
        V: IntoIterator<Item = K>,
    {
        let mut condition = Self { open: Set::empty(lists.len()), by_value: HashMap::new() };
        for (number, list) in lists.enumerate() {
            let mut is_open = true;
            for value in list {
                is_open = false;
                condition.by_value.entry(value).or_default().push(number);
            }
            if is_open {
                condition.open.insert(number);
            }
        }
        condition
    }

    /// The campaigns that state no value, or one of these.
    fn met_by<'k>(&self, values: impl IntoIterator<Item = &'k K>) -> Set
    where
        K: 'k,
    {
        let mut met = self.open.clone();
        for value in values {
            self.by_value.get(value).into_iter().flatten().for_each(|number| met.insert(*number));
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
    territories: Condition<usize>,
    places: Condition<Place>,
    devices: Condition<DeviceClass>,
    titles: Condition<TitleId>,
    genres: Condition<Label>,
    languages: Condition<String>,
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
            territories: Condition::new(list_of.into_iter()),
            places: Condition::new(campaigns.iter().map(|one| one.places.iter().copied())),
            devices: Condition::new(campaigns.iter().map(|one| one.devices.iter().copied())),
            titles: Condition::new(campaigns.iter().map(|one| one.titles.iter().cloned())),
            genres: Condition::new(campaigns.iter().map(|one| one.genres.iter().cloned())),
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
        met.intersect(&self.devices.met_by(&audience.device));
        met.intersect(&self.titles.met_by([&audience.title.id]));
        met.intersect(&self.genres.met_by(&audience.title.genres));
        let languages: Vec<_> = audience.title.languages.iter().flat_map(|tag| ranges(tag)).collect();
        met.intersect(&self.languages.met_by(&languages));
        let lists: Vec<_> = self.lists.containing(&audience.whereabouts).collect();
        met.intersect(&self.territories.met_by(&lists));
        met.numbers().collect::<Vec<_>>().into_iter()
    }
}
