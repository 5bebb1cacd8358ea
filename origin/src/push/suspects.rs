//! Searches for the document that makes the edge refuse a batch.
//!
//! The edge answers for each document separately. But an older edge, or a proxy in front of it, may refuse a batch as a whole.
//! The documents of that batch are then suspects. They are sent in halves, alternating with all other documents, until one is
//! refused alone. One bad document in a hundred is found with fourteen batches, and no other document waits for more than one of
//! them.

use std::collections::VecDeque;

use stagedoor::catalog::DocumentKey;

/// The groups of suspects that are still to be sent. A restart forgets them, and starts with a whole batch again.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    groups: VecDeque<Vec<DocumentKey>>,
    /// Whether the next batch has suspects, if other documents wait too.
    turn: bool,
}

impl Suspects {
    /// The number of suspects.
    pub(super) fn len(&self) -> usize {
        self.groups.iter().map(Vec::len).sum()
    }

    /// Whether a document is a suspect.
    pub(super) fn contains(&self, key: &DocumentKey) -> bool {
        self.groups.iter().any(|group| group.contains(key))
    }

    /// Takes the group that is to be sent now, if it is the suspects' turn. `others` says whether other documents wait; `is_held`
    /// says which documents may not be sent yet.
    pub(super) fn next(
        &mut self,
        others: bool,
        is_held: impl Fn(&DocumentKey) -> bool,
    ) -> Option<Vec<DocumentKey>> {
        let Some(at) = self.groups.iter().position(|group| !group.iter().any(&is_held)) else {
            self.turn = false;
            return None;
        };
        self.turn = !self.turn || !others;
        if self.turn { self.groups.remove(at) } else { None }
    }

    /// Splits a refused batch of two or more documents.
    pub(super) fn split(&mut self, keys: &[DocumentKey]) {
        let (first, second) = keys.split_at(keys.len() / 2);
        for half in [second, first] {
            self.put_back(half.to_vec());
        }
    }

    /// Sends a document alone again that the edge did not answer for when it was sent alone.
    pub(super) fn isolate(&mut self, key: DocumentKey) {
        self.groups.push_back(vec![key]);
    }

    /// Puts a group back that could not be sent.
    pub(super) fn put_back(&mut self, keys: Vec<DocumentKey>) {
        if !keys.is_empty() {
            self.groups.push_front(keys);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(count: usize) -> Vec<DocumentKey> {
        (0..count).map(|n| format!("v1/title/t{n}").parse().unwrap()).collect()
    }

    #[test]
    fn one_bad_document_of_a_hundred_is_found_in_fourteen_batches() {
        for bad in keys(100) {
            let (mut suspects, mut batches, mut good) = (Suspects::default(), 0, 0);
            suspects.split(&keys(100));
            while let Some(group) = suspects.next(false, |_| false) {
                batches += 1;
                match group.as_slice() {
                    [alone] if *alone == bad => {}
                    group if group.contains(&bad) => suspects.split(group),
                    group => good += group.len(),
                }
            }
            assert!(batches <= 14 && good == 99, "{bad}: {batches} batches, {good} delivered");
        }
    }

    #[test]
    fn others_wait_for_one_batch_of_suspects_at_most() {
        let mut suspects = Suspects::default();
        suspects.split(&keys(8));
        let turns: Vec<bool> = (0..4).map(|_| suspects.next(true, |_| false).is_some()).collect();
        assert_eq!(turns, [true, false, true, false]);
        assert!(suspects.next(false, |_| false).is_none() && suspects.len() == 0);
        let [held, other] = keys(2).try_into().unwrap();
        suspects.isolate(held.clone());
        assert_eq!(suspects.next(false, |key| *key == held), None);
        suspects.isolate(other.clone());
        assert_eq!(suspects.next(false, |key| *key == held), Some(vec![other]));
        assert!(suspects.contains(&held));
    }
}
