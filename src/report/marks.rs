//! The signs of states in a drawing.

use anstyle::AnsiColor;

/// A state as it is drawn: a block, a letter where blocks cannot be shown, a colour.
pub(super) struct Mark {
    state: &'static str,
    /// The sign of its own.
    pub(super) block: char,
    /// The same where blocks cannot be shown.
    pub(super) letter: char,
    /// What helps to find it.
    pub(super) colour: AnsiColor,
}

const fn mark(state: &'static str, block: char, letter: char, colour: AnsiColor) -> Mark {
    Mark { state, block, letter, colour }
}

/// Each state has a sign of its own, so that a drawing says the same without colours. Waiting is light, work is
/// full, what went wrong is red.
const MARKS: [Mark; 30] = [
    mark("queued", '\u{00b7}', '.', AnsiColor::Yellow),
    mark("in_progress", '\u{2588}', '#', AnsiColor::Blue),
    mark("complete", '\u{25a0}', 'C', AnsiColor::Green),
    mark("failed", '\u{2573}', 'F', AnsiColor::Red),
    mark("cancelled", '\u{25a1}', 'X', AnsiColor::Magenta),
    mark("requested", '\u{2508}', ',', AnsiColor::Yellow),
    mark("spawning_pod_pending", '\u{2591}', 'p', AnsiColor::Yellow),
    mark("spawning_script_pending", '\u{2592}', 's', AnsiColor::Yellow),
    mark("spawning_script_running", '\u{2593}', 'r', AnsiColor::Yellow),
    mark("active_initialising", '\u{2582}', 'i', AnsiColor::Cyan),
    mark("active_idle", '\u{2500}', '-', AnsiColor::Cyan),
    mark("active_busy", '\u{2586}', 'B', AnsiColor::Green),
    mark("condemned", '\u{259e}', '!', AnsiColor::Red),
    mark("ended", ' ', ' ', AnsiColor::White),
    mark("alive", '\u{2550}', '=', AnsiColor::Green),
    mark("silent", '\u{25cb}', '_', AnsiColor::Red),
    mark("unknown", '?', '?', AnsiColor::Yellow),
    mark("reset", '\u{25c1}', 'R', AnsiColor::Red),
    mark("requeued", '\u{25b7}', 'Q', AnsiColor::Magenta),
    mark("lost", '\u{25c6}', 'L', AnsiColor::Red),
    mark("overtaken", '\u{25ba}', 'O', AnsiColor::Magenta),
    mark("duplicate", '\u{256b}', 'D', AnsiColor::Magenta),
    mark("open", '\u{258c}', 'o', AnsiColor::Blue),
    mark("logging_outage", '\u{259a}', 'G', AnsiColor::Red),
    mark("process_down", '\u{25bd}', 'd', AnsiColor::Yellow),
    mark("dropped", '\u{25bc}', 'b', AnsiColor::Magenta),
    mark("level_demoted", '\u{25b4}', 'm', AnsiColor::White),
    mark("no_heartbeat", '\u{25b3}', 'h', AnsiColor::Yellow),
    mark("retention", '\u{25c7}', 'e', AnsiColor::White),
    mark("not_exported", '\u{25b2}', 'n', AnsiColor::White),
];
/// A state that has no mark of its own.
const OTHER: Mark = mark("other", '\u{2217}', '*', AnsiColor::White);

/// The sign of a state.
pub(super) fn mark_of(state: &str) -> &'static Mark {
    MARKS.iter().find(|mark| mark.state == state).unwrap_or(&OTHER)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::state::{Outcome, TaskStateName, WorkerStateName};

    #[test]
    fn no_two_states_have_one_sign() {
        let all = || MARKS.iter().chain([&OTHER]);
        let blocks: BTreeSet<char> = all().map(|mark| mark.block).collect();
        let letters: BTreeSet<char> = all().map(|mark| mark.letter).collect();
        assert_eq!((blocks.len(), letters.len()), (MARKS.len() + 1, MARKS.len() + 1));
        assert!(letters.iter().all(char::is_ascii));
    }

    #[test]
    fn every_state_of_the_vocabulary_has_one() {
        let tasks = TaskStateName::ALL.iter().map(|state| state.name());
        let workers = WorkerStateName::ALL.iter().map(|state| state.name());
        let outcomes = Outcome::ALL.iter().map(|outcome| outcome.name());
        for state in tasks.chain(workers).chain(outcomes) {
            assert_eq!(mark_of(state).state, state);
        }
    }
}
