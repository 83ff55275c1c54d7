//! Where the events of each row stand.

use crate::model::event::Event;
use crate::replay::seen::Seen;
use crate::spool::keyed::Keyed;

/// Rows that events name, by number, each with the place of the event; in the order of the events.
pub(super) type Pairs = Vec<(u32, u32)>;

/// The places of the events of each row, beside each other.
#[derive(Default)]
pub(super) struct Places {
    /// The first place in `all` of each row, and the end.
    starts: Vec<u32>,
    all: Vec<u32>,
}

impl Places {
    /// Of so many rows.
    pub(super) fn of(pairs: &Pairs, rows: usize) -> Self {
        // counted first, so that each place is written once
        let mut starts = vec![0u32; rows + 1];
        pairs.iter().for_each(|(row, _)| starts[*row as usize + 1] += 1);
        let mut sum = 0;
        starts.iter_mut().for_each(|start| {
            sum += *start;
            *start = sum;
        });
        let (mut next, mut all) = (starts.clone(), vec![0; pairs.len()]);
        for (row, place) in pairs {
            let at = &mut next[*row as usize];
            all[*at as usize] = *place;
            *at += 1;
        }
        Self { starts, all }
    }

    /// The events of a row, of those that are held.
    pub(super) fn events<'a>(&self, held: &'a [Keyed<Event>], row: usize) -> Vec<Seen<'a>> {
        let [from, until] = [self.starts[row], self.starts[row + 1]].map(|at| at as usize);
        self.all[from..until].iter().map(|place| Seen::of(&held[*place as usize])).collect()
    }
}
