//! Whether the answers agree with the truth, for a person who wants one word.

use crate::score::Score;
use crate::score::question::Question;

/// One kind of disagreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// Which kind.
    pub kind: DisagreementKind,
    /// How many.
    pub count: usize,
    /// The subjects: all of them, but of false names only the first tasks.
    pub ids: Vec<String>,
}

/// How an answer can be at odds with the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisagreementKind {
    /// A worker was killed while healthy, and no finding says so or leaves it open.
    KillMissed,
    /// A worker is said to have been killed while healthy, and was not.
    KillInvented,
    /// A generation is missing, and no finding says so or leaves it open.
    MissingMissed,
    /// A generation is said to be missing, and is not.
    MissingInvented,
    /// An attempt names a worker that never claimed the task.
    FalseName,
}

/// What there is to say about agreement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// What is wrong; empty when the answers agree with the truth.
    pub disagreements: Vec<Disagreement>,
    /// True subjects of which a finding says that the evidence does not decide: an honest shortfall.
    pub undecided: Vec<String>,
}

impl Agreement {
    /// Whether nothing false is said and nothing true is left unsaid, but for what no evidence decides.
    pub fn holds(&self) -> bool {
        self.disagreements.is_empty()
    }
}

impl Score {
    /// Whether both questions are answered as the truth is, and no attempt names a wrong worker.
    pub fn agreement(&self) -> Agreement {
        use DisagreementKind as Kind;
        let (killed, missing) = (&self.killed_while_healthy, &self.missing_generation);
        let kinds = [
            (Kind::KillMissed, unsaid(killed)),
            (Kind::KillInvented, killed.names.wrong.clone()),
            (Kind::MissingMissed, unsaid(missing)),
            (Kind::MissingInvented, missing.names.wrong.clone()),
        ];
        let said =
            kinds.into_iter().map(|(kind, ids)| Disagreement { kind, count: ids.len(), ids });
        let mut disagreements: Vec<Disagreement> = said.filter(|one| 0 < one.count).collect();
        let attempts = &self.task_attempts;
        if 0 < attempts.false_names {
            disagreements.push(Disagreement {
                kind: Kind::FalseName,
                count: attempts.false_names,
                ids: attempts.false_name_tasks.clone(),
            });
        }
        let undecided = killed.undecided.iter().chain(&missing.undecided).cloned().collect();
        Agreement { disagreements, undecided }
    }
}

/// True subjects that no finding names or leaves open.
fn unsaid(question: &Question) -> Vec<String> {
    let missed = question.names.missed.iter();
    missed.filter(|id| !question.undecided.contains(id)).cloned().collect()
}
