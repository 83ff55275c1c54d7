//! The answers to one question against the truth.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::findings::finding::{Finding, Verdict};
use crate::score::error::ScoreError;
use crate::score::evidence;
use crate::score::names::Names;
use crate::score::rows::Rows;
use crate::score::share_of;
use crate::score::truth::Moment;

/// How well one question is answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Question {
    /// Subjects of confirmed and probable findings against the true ones.
    #[serde(flatten)]
    pub names: Names,
    /// Confirmed findings.
    pub confirmed: usize,
    /// Share of them whose subject is a true one.
    pub confirmed_precision: Option<f64>,
    /// Findings by verdict; those refuted are left out, as they are from the report.
    pub verdicts: BTreeMap<&'static str, usize>,
    /// Those of `missed` of which a finding says that the evidence does not decide, sorted.
    pub undecided: Vec<String>,
    /// Share of the cited pieces of evidence that are in the snapshot.
    pub evidence_resolves: Option<f64>,
    /// Share of the findings of which a piece names the subject.
    pub evidence_on_subject: Option<f64>,
    /// Share of the findings whose time is within 60 s of a true moment of the subject.
    pub evidence_time_right: Option<f64>,
}

impl Question {
    /// Compares one query's findings, of every verdict, with the true subjects and the moments at
    /// which it truly happened to them.
    pub(super) fn judge(
        found: &[&Finding],
        truth: &[String],
        moments: &[Moment<'_>],
        rows: &Rows<'_>,
    ) -> Result<Self, ScoreError> {
        let positive: Vec<&Finding> =
            found.iter().copied().filter(|finding| finding.verdict.is_positive()).collect();
        let evidence = evidence::check(&positive, moments, rows)?;
        let mut question = Self::of(found, truth);
        question.evidence_resolves = evidence.resolves;
        question.evidence_on_subject = evidence.on_subject;
        question.evidence_time_right = evidence.time_right;
        Ok(question)
    }

    /// What needs no look at the evidence.
    fn of(found: &[&Finding], truth: &[String]) -> Self {
        let subjects = |wanted: &dyn Fn(Verdict) -> bool| -> Vec<String> {
            let chosen = found.iter().filter(|finding| wanted(finding.verdict));
            chosen.map(|finding| finding.subject_id.clone()).collect()
        };
        let names = Names::compare(subjects(&Verdict::is_positive), truth.to_vec());
        let sure = subjects(&|verdict| verdict == Verdict::Confirmed);
        let truth: BTreeSet<&String> = truth.iter().collect();
        let right = sure.iter().filter(|id| truth.contains(id)).count();
        let open: BTreeSet<String> =
            subjects(&|verdict| verdict == Verdict::InsufficientEvidence).into_iter().collect();
        let mut verdicts = BTreeMap::new();
        for finding in found.iter().filter(|finding| finding.verdict != Verdict::Refuted) {
            *verdicts.entry(finding.verdict.name()).or_default() += 1;
        }
        Self {
            undecided: names.missed.iter().filter(|id| open.contains(*id)).cloned().collect(),
            names,
            confirmed: sure.len(),
            confirmed_precision: share_of(right, sure.len()),
            verdicts,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::finding::Severity;
    use Verdict::{Confirmed, InsufficientEvidence, Probable, Refuted};

    fn finding(subject: &str, verdict: Verdict) -> Finding {
        Finding {
            query: "q".to_string(),
            severity: Severity::High,
            verdict,
            subject_kind: "worker".to_string(),
            subject_id: subject.to_string(),
            happened_at: None,
            summary: String::new(),
            evidence: Vec::new(),
            columns: Vec::new(),
            pieces: Vec::new(),
            lowered: false,
        }
    }

    fn judged(found: &[(&str, Verdict)], truth: &[&str]) -> Question {
        let found: Vec<Finding> = found.iter().map(|(id, verdict)| finding(id, *verdict)).collect();
        let truth: Vec<String> = truth.iter().map(|id| id.to_string()).collect();
        Question::of(&found.iter().collect::<Vec<&Finding>>(), &truth)
    }

    #[test]
    fn only_a_yes_counts_as_named() {
        let found =
            [("a", Confirmed), ("b", Probable), ("c", InsufficientEvidence), ("d", Refuted)];
        let question = judged(&found, &["a", "b", "c", "d"]);
        assert_eq!((question.names.hit, question.names.precision), (2, Some(1.0)));
        assert_eq!(question.names.missed, ["c", "d"]);
        assert_eq!(question.undecided, ["c"]);
        let counted: Vec<_> = question.verdicts.into_iter().collect();
        assert_eq!(counted, [("confirmed", 1), ("insufficient_evidence", 1), ("probable", 1)]);
    }

    #[test]
    fn a_false_yes_counts_against_its_verdict() {
        let question = judged(&[("a", Confirmed), ("x", Confirmed), ("y", Probable)], &["a"]);
        assert_eq!((question.confirmed, question.confirmed_precision), (2, Some(0.5)));
        assert_eq!(question.names.wrong, ["x", "y"]);
        let question = judged(&[("x", InsufficientEvidence)], &[]);
        assert_eq!((question.names.predicted, question.confirmed_precision), (0, None));
        assert!(question.undecided.is_empty(), "nothing was missed");
    }
}
