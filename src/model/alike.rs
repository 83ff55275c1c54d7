//! Names that were probably meant by one that does not exist.

/// Names that are told.
const TOLD_MAX: usize = 3;

/// The names most like a text, the likest first; none that nobody would take it for.
pub fn alike<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    // of a word of six letters two may be wrong
    let far = text.chars().count().max(6) / 3;
    let mut near: Vec<(usize, &str)> = Vec::new();
    for name in names {
        let apart = distance(text, name);
        if apart <= far {
            near.push((apart, name));
        } else if text.len() > 2 && name.contains(text) {
            near.push((far + 1, name));
        }
    }
    near.sort_unstable();
    near.into_iter().take(TOLD_MAX).map(|(_, name)| name).collect()
}

/// Characters to put in, take out or change until one text is the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (n, of_a) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = n + 1;
        for (m, of_b) in b.iter().enumerate() {
            let changed = before + usize::from(of_a != *of_b);
            before = row[m + 1];
            row[m + 1] = changed.min(before + 1).min(row[m] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_near_by_their_letters_or_hold_the_text() {
        let names =
            ["task_missing_generation", "worker_zombie", "worker_resurrected", "pod_orphaned"];
        assert_eq!(alike("task_mising_generation", names), ["task_missing_generation"]);
        assert_eq!(alike("zombie", names), ["worker_zombie"]);
        assert_eq!(alike("worker", names), ["worker_resurrected", "worker_zombie"]);
        assert_eq!(alike("frog", names), Vec::<&str>::new());
        assert_eq!((distance("", "abc"), distance("kitten", "sitting")), (3, 3));
    }
}
