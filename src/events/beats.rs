//! When a source logged, in a few bytes a row: there are as many as rows of orchestrators.

use serde::{Deserialize, Serialize};

use crate::model::time::Micros;

/// One log row of a source: when, and in which cycle.
pub type Beat = (Micros, Option<i64>);

/// Rows that are unpacked together.
const BLOCK: usize = 256;

/// Rows of one source, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Beats {
    blocks: Vec<Block>,
    last: Option<Beat>,
    len: usize,
}

/// Some rows beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Block {
    first: Beat,
    /// How far each of the others is from the one before it.
    rest: Box<[u8]>,
}

impl Beats {
    /// How many.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first row.
    pub fn first(&self) -> Option<Beat> {
        self.blocks.first().map(|block| block.first)
    }

    /// The last row.
    pub fn last(&self) -> Option<Beat> {
        self.last
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Beat> {
        self.blocks.iter().flat_map(Block::beats)
    }

    /// Those from an instant on.
    pub fn since(&self, at: Micros) -> impl Iterator<Item = Beat> {
        let beats = self.blocks[self.block(at)..].iter().flat_map(Block::beats);
        beats.skip_while(move |beat| beat.0 < at)
    }

    /// How many came before an instant.
    pub fn before(&self, at: Micros) -> usize {
        let block = self.block(at);
        let inside = self.blocks.get(block).into_iter().flat_map(Block::beats);
        // every block but the last is full
        block * BLOCK + inside.take_while(|beat| beat.0 < at).count()
    }

    /// The last block that begins before an instant.
    fn block(&self, at: Micros) -> usize {
        self.blocks.partition_point(|block| block.first.0 < at).saturating_sub(1)
    }

    /// Packs rows that are in order.
    pub(super) fn pack(beats: impl IntoIterator<Item = Beat>) -> Self {
        let (mut beats, mut packed) = (beats.into_iter(), Self::default());
        while let Some(first) = beats.next() {
            let (mut bytes, mut before) = (Vec::with_capacity(BLOCK * 4), first);
            packed.len += 1;
            for beat in beats.by_ref().take(BLOCK - 1) {
                let step = u128::from(beat.0.0.wrapping_sub(before.0.0) as u64) << 1;
                let turns = beat.1 != before.1;
                put(&mut bytes, step | u128::from(turns));
                if turns {
                    put(&mut bytes, beat.1.map_or(0, |cycle| u128::from(cycle as u64) + 1));
                }
                before = beat;
                packed.len += 1;
            }
            packed.last = Some(before);
            packed.blocks.push(Block { first, rest: bytes.into() });
        }
        packed.blocks.shrink_to_fit();
        packed
    }
}

impl FromIterator<Beat> for Beats {
    /// Of rows in any order.
    fn from_iter<I: IntoIterator<Item = Beat>>(beats: I) -> Self {
        let mut beats: Vec<Beat> = beats.into_iter().collect();
        beats.sort_unstable();
        Self::pack(beats)
    }
}

impl Block {
    fn beats(&self) -> impl Iterator<Item = Beat> {
        let (mut rest, mut last) = (&self.rest[..], self.first);
        let others = std::iter::from_fn(move || {
            let step = take(&mut rest)?;
            last.0 = Micros(last.0.0.wrapping_add((step >> 1) as i64));
            if step & 1 == 1 {
                last.1 = take(&mut rest)?.checked_sub(1).map(|cycle| cycle as i64);
            }
            Some(last)
        });
        std::iter::once(self.first).chain(others)
    }
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn put(bytes: &mut Vec<u8>, mut number: u128) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u128> {
    let (mut number, mut shift) = (0u128, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u128::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn times() -> impl Strategy<Value = i64> {
        prop_oneof![8 => 0i64..900, 1 => any::<i64>(), 1 => Just(i64::MIN), 1 => Just(i64::MAX)]
    }

    fn cycles() -> impl Strategy<Value = Option<i64>> {
        prop::option::of(prop_oneof![8 => 0i64..4, 1 => any::<i64>()])
    }

    proptest! {
        #[test]
        fn what_is_packed_is_all_there(
            beats in prop::collection::vec((times(), cycles()), 0..2_000),
            at in times(),
        ) {
            let mut beats: Vec<Beat> = beats.into_iter().map(|(at, c)| (Micros(at), c)).collect();
            let packed: Beats = beats.iter().copied().collect();
            beats.sort_unstable();
            prop_assert_eq!(packed.iter().collect::<Vec<_>>(), beats.clone());
            prop_assert_eq!((packed.len(), packed.is_empty()), (beats.len(), beats.is_empty()));
            prop_assert_eq!(packed.first(), beats.first().copied());
            prop_assert_eq!(packed.last(), beats.last().copied());
            let before = beats.partition_point(|beat| beat.0 < Micros(at));
            prop_assert_eq!(packed.before(Micros(at)), before);
            prop_assert_eq!(packed.since(Micros(at)).collect::<Vec<_>>(), &beats[before..]);
        }
    }
}
