//! Events that do not fit into memory, dealt into files by the rows that they name.

use std::ops::Range;
use std::sync::Arc;

use crate::model::event::Event;
use crate::spool::Spool;
use crate::spool::run::{Run, Writer};

/// Each part is an open file: of more events than so many times the memory, parts are larger.
const PARTS_MAX: usize = 200;
/// Two parts at once are in memory beside what the sequences of events hold.
const PART_OF_BUDGET: usize = 8;

/// Puts events into a file for each part.
pub(super) struct Dealer {
    ranges: Vec<Range<usize>>,
    files: Vec<Writer<Event>>,
    /// The parts of the event in hand.
    parts: Vec<usize>,
}

impl Dealer {
    /// For rows whose events weigh so much.
    pub(super) fn new(weights: Vec<usize>, spool: &Arc<Spool>) -> Self {
        let all: usize = weights.iter().sum();
        let room = (spool.budget() / PART_OF_BUDGET).max(all / PARTS_MAX);
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut held = 0;
        for (row, weight) in weights.into_iter().enumerate() {
            held += weight;
            match ranges.last_mut() {
                Some(range) if held <= room => range.end = row + 1,
                Some(_) | None => {
                    held = weight;
                    ranges.push(row..row + 1);
                }
            }
        }
        let files = ranges.iter().map(|_| Writer::new(spool)).collect();
        Self { ranges, files, parts: Vec::new() }
    }

    /// Puts an event where its rows are.
    pub(super) fn deal(&mut self, event: &Event, rows: impl Iterator<Item = u32>) {
        let of = |row: u32| self.ranges.partition_point(|rows| rows.end <= row as usize);
        self.parts.clear();
        self.parts.extend(rows.map(of));
        // one that names several rows of a part stands there once
        self.parts.sort_unstable();
        self.parts.dedup();
        self.parts.iter().for_each(|part| self.files[*part].push(event));
    }

    /// The rows of each part, and their events.
    pub(super) fn finish(self) -> impl Iterator<Item = (Range<usize>, Run<Event>)> {
        self.ranges.into_iter().zip(self.files.into_iter().map(Writer::finish))
    }
}
