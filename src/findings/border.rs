//! What those who were hit have in common, and the others have not: a time before or since which, or a
//! value. Told only where it divides both sides nearly cleanly; it is a hint where to look, and no cause.

use std::collections::BTreeSet;
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
        share(self.hit) - share(self.others)
    }

    fn is_clean(&self) -> bool {
        self.hit.1 >= SIDE_MIN
            && self.others.1 >= SIDE_MIN
            && share(self.hit) >= SHARE_MIN
            && share(self.others) <= 1.0 - SHARE_MIN
    }
}

fn share((part, whole): (usize, usize)) -> f64 {
    part as f64 / whole as f64
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
        // most stories are of one: no side of theirs is more than chance
        let names = self.names.iter().enumerate().filter(|_| hit.len() >= SIDE_MIN);
        for (at, name) in names {
            let mut told: Vec<(&Cell, bool)> = Vec::new();
            for (subject, cells) in &self.rows {
                let is_hit = hit.contains(subject.as_str());
                if is_hit || !positive.contains(subject.as_str()) {
                    told.push((&cells[at], is_hit));
                }
            }
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
    times.sort();
    let hits = times.iter().filter(|(_, hit)| *hit).count();
    let others = times.len() - hits;
    let (mut hit_before, mut other_before) = (0, 0);
    let mut best: Option<Border> = None;
    for two in times.windows(2) {
        if two[0].1 {
            hit_before += 1
        } else {
            other_before += 1
        }
        if two[0].0 == two[1].0 {
            continue;
        }
        let value = format!("{} to {}", two[0].0, two[1].0);
        let of = |relation, hit, other| Border {
            feature: feature.to_string(),
            relation,
            value: value.clone(),
            hit: (hit, hits),
            others: (other, others),
        };
        for border in [
            of("before", hit_before, other_before),
            of("since", hits - hit_before, others - other_before),
        ] {
            if best.as_ref().is_none_or(|best| border.weight() > best.weight()) {
                best = Some(border);
            }
        }
    }
    best
}

/// The value that most of the ones hit share.
fn of_texts(feature: &str, told: &[(&Cell, bool)]) -> Option<Border> {
    let texts: Vec<(&str, bool)> =
        told.iter().filter_map(|(cell, hit)| Some((cell.as_text()?, *hit))).collect();
    let hits = texts.iter().filter(|(_, hit)| *hit).count();
    let values: BTreeSet<&str> =
        texts.iter().filter(|(_, hit)| *hit).map(|(text, _)| *text).collect();
    let count = |value: &str, of: bool| {
        texts.iter().filter(|(text, hit)| *hit == of && *text == value).count()
    };
    let value = values.into_iter().max_by_key(|value| count(value, true))?;
    Some(Border {
        feature: feature.to_string(),
        relation: "equals",
        value: value.to_string(),
        hit: (count(value, true), hits),
        others: (count(value, false), texts.len() - hits),
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
