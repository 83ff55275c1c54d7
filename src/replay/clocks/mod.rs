//! How far each clock is off the database's, from events that both tell of.
//!
//! What comes after another thing bounds a clock from above, what comes before it from below: a clock
//! that is ahead by less than nothing or by more than all would turn some pair around.

mod bounds;
mod estimate;
mod leads;
mod pairs;

use rustc_hash::FxHashMap;

use crate::model::event::{Clock, Event};

pub use bounds::ClockOffset;
pub use pairs::Pairs;

/// Moves what was read from another clock onto the database's, and widens its bounds by what is not
/// known of that clock.
#[derive(Default)]
pub struct Correction<'a> {
    /// By worker.
    workers: FxHashMap<&'a str, &'a ClockOffset>,
    /// By orchestrator process.
    runs: FxHashMap<&'a str, &'a ClockOffset>,
    edge: Option<&'a ClockOffset>,
}

impl<'a> Correction<'a> {
    /// By the offsets that were estimated.
    pub fn of(clocks: &'a [ClockOffset]) -> Self {
        let mut all = Self::default();
        for clock in clocks {
            match clock.clock.split_once(':') {
                Some(("worker", id)) => drop(all.workers.insert(id, clock)),
                Some(("run", id)) => drop(all.runs.insert(id, clock)),
                Some(_) => {}
                None if clock.clock == pairs::EDGE => all.edge = Some(clock),
                None => {}
            }
        }
        all
    }

    /// Corrects one event, which must name its run.
    pub fn correct(&self, event: &mut Event) {
        // what no line says is on the database's clock
        if !event.source.0.is_empty()
            && let Some(clock) = self.clock_of(event)
        {
            clock.correct(event);
        }
    }

    fn clock_of(&self, event: &Event) -> Option<&'a ClockOffset> {
        match event.clock {
            Clock::Worker => self.workers.get(&*event.source.1).copied(),
            Clock::Orchestrator => self.runs.get(event.run.as_ref()?.as_str()).copied(),
            Clock::Edge => self.edge,
            Clock::Database => None,
        }
    }
}
