//! A score in words.

use crate::report::score_text::{closing_line, share, write};
use crate::score::Score;
use crate::score::names::Names;

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| id.to_string()).collect()
}

/// Two killed workers and one missing generation, all found.
fn perfect() -> Score {
    let mut score = Score::default();
    score.killed_while_healthy.names = Names::compare(ids(&["w1", "w2"]), ids(&["w1", "w2"]));
    score.missing_generation.names = Names::compare(ids(&["t1"]), ids(&["t1"]));
    score.task_states.tasks = 3;
    score.task_states.live_agreement = Some(0.999_99);
    score.task_states.same_sequence = Some(1.0);
    score.task_attempts.exact = Some(1.0);
    score
}

fn line(score: &Score) -> String {
    closing_line(score, &score.agreement())
}

#[test]
fn agreement_is_said_in_numbers() {
    let score = perfect();
    assert!(score.agreement().holds());
    assert_eq!(
        line(&score),
        "agreed with the truth: 2 of 2 killed workers, 1 of 1 missing generation, no false one"
    );
}

#[test]
fn each_kind_of_disagreement_is_named_with_its_ids() {
    let mut score = perfect();
    score.killed_while_healthy.names = Names::compare(ids(&["w1", "w9"]), ids(&["w1", "w2"]));
    assert!(!score.agreement().holds());
    assert_eq!(
        line(&score),
        "DISAGREES with the truth: 1 killed worker missed (w2), \
         1 worker wrongly said to be killed while healthy (w9)"
    );
    let mut score = perfect();
    score.missing_generation.names = Names::compare(ids(&["t9", "t8"]), ids(&["t1"]));
    score.task_attempts.false_names = 3;
    score.task_attempts.false_name_tasks = ids(&["t4", "t5"]);
    assert_eq!(
        line(&score),
        "DISAGREES with the truth: 1 missing generation missed (t1), \
         2 generations wrongly said to be missing of tasks (t8, t9), \
         3 attempts name workers that never claimed the task (t4, t5)"
    );
}

#[test]
fn what_no_evidence_decides_is_no_disagreement() {
    let mut score = perfect();
    score.killed_while_healthy.names = Names::compare(ids(&["w1"]), ids(&["w1", "w2"]));
    score.killed_while_healthy.undecided = ids(&["w2"]);
    assert!(score.agreement().holds());
    assert_eq!(
        line(&score),
        "contradicted nothing of the truth: 1 of 2 killed workers, 1 of 1 missing generation, no false one; \
         the evidence does not decide 1 (w2)"
    );
    score.killed_while_healthy.undecided = Vec::new();
    assert!(!score.agreement().holds());
}

#[test]
fn many_ids_are_counted() {
    let many: Vec<String> = (1..=7).map(|n| format!("w{n}")).collect();
    let mut score = perfect();
    score.killed_while_healthy.names = Names::compare(Vec::new(), many);
    assert_eq!(
        line(&score),
        "DISAGREES with the truth: 7 killed workers missed (w1, w2, w3, w4, w5, and 2 more)"
    );
}

#[test]
fn the_table_does_not_round_up() {
    assert_eq!((share(Some(0.999_99)), share(Some(1.0))), ("99.99 %".into(), "100.00 %".into()));
    assert_eq!(share(None), "-");
    let mut score = perfect();
    score.killed_while_healthy.names = Names::compare(ids(&["w1"]), ids(&["w1", "w2", "w3"]));
    score.killed_while_healthy.undecided = ids(&["w2"]);
    let mut out = Vec::new();
    write(&mut out, &score).expect("a buffer");
    let text = anstream::adapter::strip_bytes(&out).into_vec();
    let text = String::from_utf8(text).expect("UTF-8");
    insta::assert_snapshot!(text, @r"
    what truly happened, and what backstory says
                                         truly     found    missed undecided     wrong
      workers killed while healthy           3         1         1         1         0
      missing generations                    1         1         0         0         0
      states of unfinished tasks      right 99.99 % of the time
      task states                     right and in order for 100.00 % of 3
      attempts of tasks               exact for 100.00 % of the claimed tasks (- of 0 retried)
      workers named in attempts       0 false, 0 left open
    DISAGREES with the truth: 1 killed worker missed (w3); the evidence does not decide 1 (w2)
    ");
}
