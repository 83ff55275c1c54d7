//! What those who were hit have in common, and the others have not: a time before or since which, or a
//! value. Told only where it divides both sides nearly cleanly; it is a hint where to look, and no cause.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;

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
    fn weight(&self) -> f64 {
        weight(self.hit, self.others)
    }

    fn is_clean(&self) -> bool {
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

/// The features of everything that a question could be asked of.
#[derive(Debug, Default)]
pub struct Population {
    names: Vec<String>,
    /// The subject, then a cell a feature.
    rows: Vec<(String, Vec<Cell>)>,
}

impl Population {
    /// Reads it by a query's own SELECT: `subject_id`, then the features.
    pub fn read(database: &Database, sql: &str, limit: Duration) -> Result<Self, ReadError> {
        let answer = database.query_ours(sql, &[], limit)?;
        let names = answer.columns.iter().skip(1).map(|column| column.name.clone()).collect();
        let rows = answer.rows.into_iter().filter_map(|mut row| {
            let features = row.split_off(1.min(row.len()));
            Some((row.first()?.as_text()?.to_string(), features))
        });
        Ok(Self { names, rows: rows.collect() })
    }

    /// The cleanest border between the ones hit and the rest. `positive` are all that the query found:
    /// the members of its other stories are no innocent others.
    pub fn border(&self, hit: &BTreeSet<&str>, positive: &BTreeSet<&str>) -> Option<Border> {
        let mut best: Option<Border> = None;
        if !can_divide(hit) {
            return None;
        }
        let mut sides: Vec<(&[Cell], bool)> = Vec::new();
        for (subject, cells) in &self.rows {
            let is_hit = hit.contains(subject.as_str());
            if is_hit || !positive.contains(subject.as_str()) {
                sides.push((cells, is_hit));
            }
        }
        for (at, name) in self.names.iter().enumerate() {
            let told: Vec<(&Cell, bool)> =
                sides.iter().map(|(cells, is_hit)| (&cells[at], *is_hit)).collect();
            for border in [of_times(name, &told), of_texts(name, &told)].into_iter().flatten() {
                let better = best.as_ref().is_none_or(|best| border.weight() > best.weight());
                if border.is_clean() && better {
                    best = Some(border);
                }
            }
        }
        best
    }
}

/// The instant that divides best, in either direction.
fn of_times(feature: &str, told: &[(&Cell, bool)]) -> Option<Border> {
    let time = |cell: &Cell| if let Cell::Time(at) = cell { Some(*at) } else { None };
    let mut times: Vec<(Micros, bool)> =
        told.iter().filter_map(|(cell, hit)| Some((time(cell)?, *hit))).collect();
    times.sort_unstable();
    let hits = times.iter().filter(|(_, hit)| *hit).count();
    let others = times.len() - hits;
    let (mut hit_before, mut other_before) = (0, 0);
    let mut best: Option<Split> = None;
    for two in times.windows(2) {
        if two[0].1 {
            hit_before += 1
        } else {
            other_before += 1
        }
        if two[0].0 == two[1].0 {
            continue;
        }
        let of = |relation, hit, other| Split {
            relation,
            between: (two[0].0, two[1].0),
            hit: (hit, hits),
            others: (other, others),
        };
        for split in [
            of("before", hit_before, other_before),
            of("since", hits - hit_before, others - other_before),
        ] {
            if best.as_ref().is_none_or(|best| split.weight() > best.weight()) {
                best = Some(split);
            }
        }
    }
    best.map(|split| split.told(feature))
}

/// A border in time before it is put into words: there is one between any two of many times.
struct Split {
    relation: &'static str,
    between: (Micros, Micros),
    hit: (usize, usize),
    others: (usize, usize),
}

impl Split {
    fn weight(&self) -> f64 {
        weight(self.hit, self.others)
    }

    fn told(self, feature: &str) -> Border {
        Border {
            feature: feature.to_string(),
            relation: self.relation,
            value: format!("{} to {}", self.between.0, self.between.1),
            hit: self.hit,
            others: self.others,
        }
    }
}

/// The value that most of the ones hit share.
fn of_texts(feature: &str, told: &[(&Cell, bool)]) -> Option<Border> {
    let (mut counts, mut others) = (BTreeMap::<&str, usize>::new(), 0);
    let texts = || told.iter().filter_map(|(cell, hit)| Some((cell.as_text()?, *hit)));
    for (text, is_hit) in texts() {
        if is_hit {
            *counts.entry(text).or_default() += 1;
        } else {
            others += 1;
        }
    }
    let hits = counts.values().sum();
    let (value, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    let alike = texts().filter(|(text, is_hit)| !is_hit && *text == value).count();
    Some(Border {
        feature: feature.to_string(),
        relation: "equals",
        value: value.to_string(),
        hit: (count, hits),
        others: (alike, others),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population(rows: &[(&str, i64, &str)]) -> Population {
        let rows = rows.iter().map(|(subject, at, text)| {
            let cells = vec![Cell::Time(Micros(*at)), Cell::Text((*text).to_string())];
            ((*subject).to_string(), cells)
        });
        Population { names: vec!["made_at".into(), "path".into()], rows: rows.collect() }
    }

    #[test]
    fn the_cleanest_border_is_told() {
        let of = population(&[
            ("a", 1, "x"),
            ("b", 2, "y"),
            ("c", 3, "x"),
            ("d", 10, "x"),
            ("e", 11, "y"),
            ("f", 12, "x"),
        ]);
        let hit = BTreeSet::from(["a", "b", "c"]);
        let border = of.border(&hit, &hit).expect("a border");
        assert_eq!((border.feature.as_str(), border.relation), ("made_at", "before"));
        assert_eq!((border.hit, border.others), ((3, 3), (0, 3)));
        let late = BTreeSet::from(["d", "e", "f"]);
        assert_eq!(of.border(&late, &late).expect("a border").relation, "since");
    }

    #[test]
    fn a_shared_value_is_told_and_chance_is_not() {
        let of = population(&[
            ("a", 1, "x"),
            ("b", 12, "x"),
            ("c", 3, "x"),
            ("d", 2, "y"),
            ("e", 11, "y"),
            ("f", 4, "y"),
        ]);
        let hit = BTreeSet::from(["a", "b", "c"]);
        let border = of.border(&hit, &hit).expect("a border");
        assert_eq!((border.relation, border.value.as_str()), ("equals", "x"));
        let mixed = BTreeSet::from(["a", "e", "c"]);
        assert_eq!(of.border(&mixed, &mixed), None);
        let few = BTreeSet::from(["a", "c"]);
        assert_eq!(of.border(&few, &few), None, "two are chance");
        // who was hit in another way is no innocent other
        let all = BTreeSet::from(["a", "b", "c", "d", "e"]);
        assert_eq!(of.border(&hit, &all), None, "one other is left");
    }
}
