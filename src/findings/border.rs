//! What those who were hit have in common, and the others have not: a time before or since which, or a
//! value. Told only where it divides both sides nearly cleanly; it is a hint where to look, and no cause.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::model::time::Micros;

/// On each side there must be so many, or a border is chance.
const SIDE_MIN: usize = 3;
/// So much of each side must stand on its own side of the border.
const SHARE_MIN: f64 = 0.9;

/// What divides the ones hit from the others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Border {
    /// The column of the query's population.
    pub feature: String,
    /// How it divides: `before`, `since` or `equals`.
    pub relation: &'static str,
    /// The value: of a time, between the last on the one side and the first on the other.
    pub value: String,
    /// The ones hit that stand on this side, of all whose value is known.
    pub hit: (usize, usize),
    /// The others that stand on this side all the same, of all whose value is known.
    pub others: (usize, usize),
}

impl Border {
    /// How much it explains: the share of the hit ones inside, less that of the others inside.
    pub(super) fn weight(&self) -> f64 {
        weight(self.hit, self.others)
    }

    pub(super) fn is_clean(&self) -> bool {
        self.hit.1 >= SIDE_MIN
            && self.others.1 >= SIDE_MIN
            && share(self.hit) >= SHARE_MIN
            && share(self.others) <= 1.0 - SHARE_MIN
    }
}

fn weight(hit: (usize, usize), others: (usize, usize)) -> f64 {
    share(hit) - share(others)
}

fn share((part, whole): (usize, usize)) -> f64 {
    part as f64 / whole as f64
}

/// Whether so many can be divided from others by more than chance.
pub fn can_divide(hit: &BTreeSet<&str>) -> bool {
    hit.len() >= SIDE_MIN
}

/// A border in time before it is put into words: there is one between any two of many times.
pub(super) struct Split {
    pub(super) relation: &'static str,
    pub(super) between: (Micros, Micros),
    pub(super) hit: (usize, usize),
    pub(super) others: (usize, usize),
}

impl Split {
    pub(super) fn weight(&self) -> f64 {
        weight(self.hit, self.others)
    }

    pub(super) fn told(self, feature: &str) -> Border {
        Border {
            feature: feature.to_string(),
            relation: self.relation,
            value: format!("{} to {}", self.between.0, self.between.1),
            hit: self.hit,
            others: self.others,
        }
    }
}
