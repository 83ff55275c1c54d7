//! Rings of waits: tasks that wait for each other, so that none of them can ever be claimed.

use std::collections::{BTreeMap, BTreeSet};

/// Who waits for whom.
type Waits<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// The ring that each waiting task lies in, by the same number for all of a ring; others have none.
pub(in crate::answers) fn rings<'a>(
    waits: impl Iterator<Item = (&'a str, &'a str)>,
) -> BTreeMap<&'a str, usize> {
    let (mut ahead, mut back): (Waits<'a>, Waits<'a>) = (BTreeMap::new(), BTreeMap::new());
    for (task, other) in waits {
        ahead.entry(task).or_default().insert(other);
        back.entry(other).or_default().insert(task);
    }
    // what was left last is walked backwards first (Kosaraju): each walk finds all that reach each other
    let mut left = Vec::new();
    let mut seen = BTreeSet::new();
    for task in ahead.keys() {
        left.extend(walk(task, &ahead, &mut seen));
    }
    let mut found = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (number, task) in left.into_iter().rev().enumerate() {
        let ring = walk(task, &back, &mut seen);
        let waits_for_itself = ahead.get(task).is_some_and(|others| others.contains(task));
        if ring.len() > 1 || ring.len() == 1 && waits_for_itself {
            found.extend(ring.into_iter().map(|task| (task, number)));
        }
    }
    found
}

/// All that is reached from a task and was not seen before, each after all that it reaches.
fn walk<'a>(from: &'a str, waits: &Waits<'a>, seen: &mut BTreeSet<&'a str>) -> Vec<&'a str> {
    let others = |task: &str| waits.get(task).into_iter().flatten().copied().collect::<Vec<_>>();
    let mut left = Vec::new();
    let mut path = Vec::new();
    if seen.insert(from) {
        path.push((from, others(from)));
    }
    while let Some((task, ahead)) = path.last_mut() {
        match ahead.pop() {
            Some(next) if seen.insert(next) => path.push((next, others(next))),
            Some(_) => {}
            None => {
                left.push(*task);
                path.pop();
            }
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(waits: &[(&'static str, &'static str)]) -> Vec<BTreeSet<&'static str>> {
        let mut by_number: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        for (task, ring) in rings(waits.iter().copied()) {
            by_number.entry(ring).or_default().insert(task);
        }
        let mut rings: Vec<_> = by_number.into_values().collect();
        rings.sort();
        rings
    }

    #[test]
    fn who_waits_for_each_other_is_a_ring_and_who_waits_for_one_of_them_is_none() {
        let ring = |tasks: &[&'static str]| tasks.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(told(&[("a", "b"), ("b", "a"), ("c", "a")]), [ring(&["a", "b"])]);
        assert_eq!(told(&[("a", "a"), ("b", "c")]), [ring(&["a"])]);
        assert_eq!(told(&[("a", "b"), ("b", "c"), ("c", "d")]), Vec::<BTreeSet<&str>>::new());
        let two = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "x"), ("x", "y"), ("y", "x")];
        assert_eq!(told(&two), [ring(&["a", "b", "c"]), ring(&["x", "y"])]);
    }

    #[test]
    fn a_ring_of_ten_thousand_is_found() {
        let names: Vec<String> = (0..10_000).map(|n| format!("t{n:05}")).collect();
        let next = |n: usize| names[(n + 1) % names.len()].as_str();
        let found = rings(names.iter().enumerate().map(|(n, task)| (task.as_str(), next(n))));
        assert_eq!(found.len(), names.len());
        assert!(found.values().all(|ring| Some(ring) == found.values().next()));
    }
}
