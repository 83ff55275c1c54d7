//! Those whom a question could be asked of, and what may explain who of them was hit.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::findings::border::{Border, Split, can_divide};
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;

/// Everything that a question could be asked of, by feature: a border is looked for as often as there are
/// stories.
#[derive(Debug, Default)]
pub(super) struct Population {
    /// Each subject with its row, sorted.
    subjects: Vec<(String, usize)>,
    features: Vec<Feature>,
}

/// A column of a population.
#[derive(Debug)]
struct Feature {
    name: String,
    /// Its times with their rows, sorted.
    times: Vec<(Micros, usize)>,
    /// The rows of each of its texts.
    texts: BTreeMap<String, Vec<usize>>,
}

/// On which side of a border a row is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Hit,
    Other,
    /// A member of another story of the query: no innocent other.
    Neither,
}

impl Population {
    /// Reads it by a query's own SELECT: `subject_id`, then the features.
    pub(super) fn read(database: &Database, sql: &str, limit: Duration) -> Result<Self, ReadError> {
        let answer = database.query_ours(sql, &[], limit)?;
        let names = answer.columns.into_iter().skip(1).map(|column| column.name);
        Ok(Self::of(names.collect(), answer.rows))
    }

    /// The same of rows: the subject, then a cell a feature.
    fn of(names: Vec<String>, rows: Vec<Vec<Cell>>) -> Self {
        let feature = |name| Feature { name, times: Vec::new(), texts: BTreeMap::new() };
        let mut of = Self {
            subjects: Vec::with_capacity(rows.len()),
            features: names.into_iter().map(feature).collect(),
        };
        for row in rows {
            let mut cells = row.into_iter();
            let Some(Cell::Text(subject)) = cells.next() else { continue };
            let at = of.subjects.len();
            for (feature, cell) in of.features.iter_mut().zip(cells) {
                feature.take(at, cell);
            }
            of.subjects.push((subject, at));
        }
        of.subjects.sort_unstable();
        of.features.iter_mut().for_each(|feature| feature.times.sort_unstable());
        of
    }

    /// The cleanest border between the ones hit and the rest. `positive` are all that the query found:
    /// the members of its other stories are no innocent others.
    pub(super) fn border(&self, hit: &BTreeSet<&str>, positive: &BTreeSet<&str>) -> Option<Border> {
        let mut best: Option<Border> = None;
        if !can_divide(hit) {
            return None;
        }
        let mut sides = vec![Side::Other; self.subjects.len()];
        positive.iter().for_each(|subject| self.put(&mut sides, subject, Side::Neither));
        hit.iter().for_each(|subject| self.put(&mut sides, subject, Side::Hit));
        for feature in &self.features {
            for border in [feature.in_time(&sides), feature.in_text(&sides)].into_iter().flatten() {
                let better = best.as_ref().is_none_or(|best| border.weight() > best.weight());
                if border.is_clean() && better {
                    best = Some(border);
                }
            }
        }
        best
    }

    fn put(&self, sides: &mut [Side], subject: &str, side: Side) {
        let first = self.subjects.partition_point(|(known, _)| known.as_str() < subject);
        let own = self.subjects[first..].iter().take_while(|(known, _)| known == subject);
        own.for_each(|(_, at)| sides[*at] = side);
    }
}

impl Feature {
    fn take(&mut self, at: usize, cell: Cell) {
        if let Some(time) = cell.as_time() {
            self.times.push((time, at));
        } else if let Cell::Text(text) = cell {
            self.texts.entry(text).or_default().push(at);
        }
    }

    /// The instant that divides best, in either direction.
    fn in_time(&self, sides: &[Side]) -> Option<Border> {
        let told = || {
            let times = self.times.iter().map(|(time, at)| (*time, sides[*at]));
            times.filter(|(_, side)| *side != Side::Neither)
        };
        let hits = told().filter(|(_, side)| *side == Side::Hit).count();
        let others = told().count() - hits;
        let (mut hit_before, mut other_before) = (0, 0);
        let mut best: Option<Split> = None;
        for ((time, side), (next, _)) in told().zip(told().skip(1)) {
            if side == Side::Hit {
                hit_before += 1
            } else {
                other_before += 1
            }
            if time == next {
                continue;
            }
            let of = |relation, hit, other| Split {
                relation,
                between: (time, next),
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
        best.map(|split| split.told(&self.name))
    }

    /// The value that most of the ones hit share.
    fn in_text(&self, sides: &[Side]) -> Option<Border> {
        let mut most: Option<(&str, usize, usize)> = None;
        let (mut hits, mut others) = (0, 0);
        for (text, rows) in &self.texts {
            let of = |side| rows.iter().filter(|at| sides[**at] == side).count();
            let (hit, other) = (of(Side::Hit), of(Side::Other));
            hits += hit;
            others += other;
            if hit > 0 && most.is_none_or(|(_, most, _)| hit >= most) {
                most = Some((text, hit, other));
            }
        }
        let (value, hit, other) = most?;
        Some(Border {
            feature: self.name.clone(),
            relation: "equals",
            value: value.to_string(),
            hit: (hit, hits),
            others: (other, others),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population(rows: &[(&str, i64, &str)]) -> Population {
        let text = |text: &str| Cell::Text(text.to_string());
        let rows = rows
            .iter()
            .map(|(subject, at, path)| vec![text(subject), Cell::Time(Micros(*at)), text(path)]);
        Population::of(vec!["made_at".into(), "path".into()], rows.collect())
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
