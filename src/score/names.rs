//! Ids that were named against ids that should have been.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::score::share_of;

/// How two sets of ids compare.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Names {
    /// Ids that should be named.
    pub truth: usize,
    /// Ids that are named.
    pub predicted: usize,
    /// Ids that are named and should be.
    pub hit: usize,
    /// Share of the named ones that should be; `None` when none is named.
    pub precision: Option<f64>,
    /// Share of the true ones that are named; `None` when there is none.
    pub recall: Option<f64>,
    /// Ids that should be named and are not, sorted; all of them.
    pub missed: Vec<String>,
    /// Ids that are named and should not be, sorted; all of them.
    pub wrong: Vec<String>,
}

impl Names {
    /// Compares what is named with what should be; an id counts once.
    pub fn compare(
        predicted: impl IntoIterator<Item = String>,
        truth: impl IntoIterator<Item = String>,
    ) -> Self {
        let predicted: BTreeSet<String> = predicted.into_iter().collect();
        let truth: BTreeSet<String> = truth.into_iter().collect();
        let hit = predicted.intersection(&truth).count();
        Self {
            truth: truth.len(),
            predicted: predicted.len(),
            hit,
            precision: share_of(hit, predicted.len()),
            recall: share_of(hit, truth.len()),
            missed: truth.difference(&predicted).cloned().collect(),
            wrong: predicted.difference(&truth).cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(predicted: &[&str], truth: &[&str]) -> Names {
        let owned = |ids: &[&str]| ids.iter().map(|id| id.to_string()).collect::<Vec<String>>();
        Names::compare(owned(predicted), owned(truth))
    }

    #[test]
    fn an_id_counts_once_and_is_kept_where_it_is_wrong() {
        let names = compared(&["b", "a", "b", "x"], &["c", "a", "b"]);
        assert_eq!((names.truth, names.predicted, names.hit), (3, 3, 2));
        assert_eq!((names.precision, names.recall), (Some(2.0 / 3.0), Some(2.0 / 3.0)));
        assert_eq!((names.missed, names.wrong), (vec!["c".to_string()], vec!["x".to_string()]));
    }

    #[test]
    fn nothing_to_compare_is_no_share() {
        assert_eq!(compared(&[], &[]), Names::default());
        let missed = compared(&[], &["a"]);
        assert_eq!((missed.precision, missed.recall), (None, Some(0.0)));
        let wrong = compared(&["a"], &[]);
        assert_eq!((wrong.precision, wrong.recall), (Some(0.0), None));
    }
}
