//! How far each clock is off the database's, from events that both tell of.
//!
//! What comes after another thing bounds a clock from above, what comes before it from below: a clock
//! that is ahead by less than nothing or by more than all would turn some pair around.

mod bounds;
mod estimate;
mod pairs;

use rustc_hash::FxHashMap;

use crate::model::event::{Clock, Event};

pub use bounds::ClockOffset;
pub use pairs::Pairs;

/// Moves what was read from another clock onto the database's, and widens its bounds by what is not
/// known of that clock.
pub struct Correction<'a> {
    clocks: FxHashMap<&'a str, &'a ClockOffset>,
    name: String,
}

impl<'a> Correction<'a> {
    /// By the offsets that were estimated.
    pub fn of(clocks: &'a [ClockOffset]) -> Self {
        let clocks = clocks.iter().map(|clock| (clock.clock.as_str(), clock)).collect();
        Self { clocks, name: String::new() }
    }

    /// Corrects one event, which must name its run.
    pub fn correct(&mut self, event: &mut Event) {
        if event.source.0.is_empty() {
            return;
        }
        name_of(event, &mut self.name);
        if let Some(clock) = self.clocks.get(self.name.as_str()) {
            clock.correct(event);
        }
    }
}

/// The name of a logged event's clock in the table `clocks`.
fn name_of(event: &Event, name: &mut String) {
    name.clear();
    match event.clock {
        Clock::Worker => name.extend(["worker:", &*event.source.1]),
        Clock::Orchestrator => {
            name.extend(["run:", event.run.as_ref().map_or("", |run| run.as_str())]);
        }
        Clock::Edge => name.push_str(pairs::EDGE),
        Clock::Database => {}
    }
}
