//! `docs/vocabulary.md` is the contract of words: it lists every word that a table can hold.

use backstory::model::event::Basis;
use backstory::model::kind::EventKind;
use backstory::model::order::Before;
use backstory::model::state::{
    AnomalyKind, DecisionKind, EndKind, Formula, GapCause, Outcome, TaskStateName, WorkerStateName,
};

#[test]
fn every_word_that_a_table_can_hold_is_documented() {
    let documented = include_str!("../docs/vocabulary.md");
    let mut words: Vec<&str> = EventKind::ALL.iter().map(|(_, name, _)| *name).collect();
    words.extend(TaskStateName::ALL.iter().map(|word| word.name()));
    words.extend(WorkerStateName::ALL.iter().map(|word| word.name()));
    words.extend(EndKind::ALL.iter().map(|word| word.name()));
    words.extend(Outcome::ALL.iter().map(|word| word.name()));
    words.extend(GapCause::ALL.iter().map(|word| word.name()));
    words.extend(DecisionKind::ALL.iter().map(|word| word.name()));
    words.extend(Formula::ALL.iter().map(|word| word.name()));
    words.extend(AnomalyKind::ALL.iter().map(|word| word.name()));
    words.extend(Before::ALL.iter().map(|word| word.name()));
    let bases = [Basis::Recorded, Basis::Logged, Basis::Observed, Basis::Inferred];
    words.extend(bases.iter().map(|word| word.name()));
    let missing: Vec<&str> =
        words.into_iter().filter(|word| !documented.contains(&format!("| `{word}` |"))).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
