//! How far each clock is off the database's, from events that both tell of.
//!
//! What comes after another thing bounds a clock from above, what comes before it from below: a clock
//! that is ahead by less than nothing or by more than all would turn some pair around.

mod bounds;
mod estimate;
mod pairs;

use std::collections::BTreeMap;

use crate::model::event::{Clock, Event};
use crate::model::events::Events;

pub use bounds::ClockOffset;
pub use pairs::Pairs;

/// Moves what was read from another clock onto the database's, and widens its bounds by what is not
/// known of that clock. The events must name their runs.
pub fn correct(events: &mut Events, clocks: &[ClockOffset]) {
    let clocks: BTreeMap<&str, &ClockOffset> =
        clocks.iter().map(|clock| (clock.clock.as_str(), clock)).collect();
    let mut name = String::new();
    for event in events.iter_mut().filter(|event| !event.source.0.is_empty()) {
        name_of(event, &mut name);
        if let Some(clock) = clocks.get(name.as_str()) {
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
