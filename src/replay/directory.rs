//! Numbers of ids: mostly found without looking at a text, which stands elsewhere in memory.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::model::id::Shared;

/// Ids that are remembered, each in the place that its text's place in memory names: an older one gives way. As
/// many as workers and tasks are named within some minutes.
const RECENT: usize = 2_048;

/// Numbers of ids, from 0.
#[derive(Clone, Debug)]
pub(super) struct Directory<I> {
    /// Clones share it as long as none is added.
    all: Arc<FxHashMap<I, u32>>,
    /// Each keeps its text, so that no other comes to stand there. With it the number, if it has one.
    recent: Vec<Option<(I, Option<u32>)>>,
}

impl<I: Shared> Directory<I> {
    /// Of these, in their order.
    pub(super) fn of(ids: impl Iterator<Item = I>) -> Self {
        Self { all: Arc::new(ids.zip(0..).collect()), recent: vec![None; RECENT] }
    }

    /// All that have a number, in no order.
    pub(super) fn ids(&self) -> impl Iterator<Item = &I> {
        self.all.keys()
    }

    /// How many have one.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The number of an id.
    pub(super) fn find(&self, id: &I) -> Option<u32> {
        self.all.get(id).copied()
    }

    /// The same of one that is likely to be named again.
    pub(super) fn seen(&mut self, id: &I) -> Option<u32> {
        let recent = &mut self.recent[place(id)];
        if let Some((known, number)) = recent
            && known.address() == id.address()
        {
            return *number;
        }
        let number = self.all.get(id).copied();
        *recent = Some((id.clone(), number));
        number
    }

    /// The same; one without a number gets the next.
    pub(super) fn add(&mut self, id: &I) -> u32 {
        if let Some(number) = self.seen(id) {
            return number;
        }
        let number = self.all.len() as u32;
        Arc::make_mut(&mut self.all).insert(id.clone(), number);
        self.recent[place(id)] = Some((id.clone(), Some(number)));
        number
    }
}

impl<I: Shared> Default for Directory<I> {
    /// Of none yet.
    fn default() -> Self {
        Self::of(std::iter::empty())
    }
}

/// Texts are some dozens of bytes apart.
fn place<I: Shared>(id: &I) -> usize {
    (id.address() >> 5) % RECENT
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::model::id::TaskId;

    proptest! {
        /// However texts come and go, and wherever they stand.
        #[test]
        fn an_id_has_its_number_wherever_its_text_stands(asked in prop::collection::vec(0u16..3_000, 1..400)) {
            let known = |n: &u16| n.is_multiple_of(3);
            let id = |n: &u16| TaskId::from(n.to_string().as_str());
            let mut numbers = BTreeMap::new();
            for n in asked.iter().filter(|n| known(n)) {
                let next = numbers.len() as u32;
                numbers.entry(*n).or_insert(next);
            }
            let mut in_order: Vec<_> = numbers.iter().collect();
            in_order.sort_by_key(|(_, number)| **number);
            let mut some = Directory::of(in_order.into_iter().map(|(n, _)| id(n)));
            let mut all = Directory::default();
            for (n, again) in asked.iter().zip(asked.iter().rev()) {
                for n in [n, again] {
                    prop_assert_eq!(some.seen(&id(n)), numbers.get(n).copied());
                    prop_assert_eq!(some.find(&id(n)), numbers.get(n).copied());
                    let number = all.add(&id(n));
                    prop_assert_eq!(all.seen(&id(n)), Some(number));
                    prop_assert_eq!(all.find(&id(n)), Some(number));
                }
            }
            prop_assert_eq!(some.len(), numbers.len());
        }
    }
}
