//! Its life as one line: when it was alive, silent, and when nobody could have told.

use std::collections::BTreeSet;

use crate::answers::ask::Row;
use crate::answers::page::{Page, Value};
use crate::answers::worker::life::{Life, PARTS};
use crate::model::time::Micros;

const ALIVE: char = '█';
/// Lines of its own, where nothing else tells that it lived on between them.
const HEARD: char = '▄';
/// Its guardian outlived the process that works (domain/worker-app.md 4.1).
const GUARDIAN: char = '▁';
const SILENT: char = '▒';
const UNKNOWN: char = '·';

/// One stretch of a life.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    sign: char,
    from: Micros,
    until: Micros,
}

fn sign(row: &Row) -> char {
    match (row.text("liveness"), row.text("process")) {
        (Some("alive"), Some("silent")) => GUARDIAN,
        (Some("alive"), _) => ALIVE,
        (Some("silent"), _) => SILENT,
        (Some(_) | None, _) => UNKNOWN,
    }
}

/// The stretches of a life between two instants; neighbours of one sign are one.
fn stretches(life: &Life, begin: Micros, end: Micros) -> Vec<Stretch> {
    let mut made: Vec<Stretch> = Vec::new();
    for row in &life.liveness {
        let from = row.time("entered_at").unwrap_or(begin).max(begin);
        let until = row.time("left_at").unwrap_or(end).min(end);
        let sign = sign(row);
        match made.last_mut() {
            _ if until <= from => {}
            Some(last) if last.sign == sign && last.until == from => last.until = until,
            Some(_) | None => made.push(Stretch { sign, from, until }),
        }
    }
    made
}

/// A sign for each equal part: what it was for most of it, and where that is not known, whether it was heard.
fn bar(stretches: &[Stretch], heard: &BTreeSet<i64>, begin: Micros, end: Micros) -> String {
    let width = end.seconds_since(begin) / PARTS as f64;
    let cell = |n: usize| {
        let from = begin.plus_seconds(width * n as f64);
        let until = begin.plus_seconds(width * (n + 1) as f64);
        let share = |wanted: char| -> f64 {
            let inside = stretches.iter().filter(|stretch| stretch.sign == wanted);
            let parts = inside
                .map(|stretch| stretch.until.min(until).seconds_since(stretch.from.max(from)));
            parts.filter(|part| *part > 0.0).sum()
        };
        // silence wins a tie: it is what one looks for
        let known = [SILENT, GUARDIAN, ALIVE].map(|sign| (sign, share(sign)));
        let unknown = until.seconds_since(from) - known.iter().map(|(_, share)| share).sum::<f64>();
        let most = known.into_iter().fold((UNKNOWN, unknown), |most, one| {
            let is_first = most.0 == UNKNOWN && one.1 >= most.1;
            if is_first || one.1 > most.1 { one } else { most }
        });
        match most.0 {
            UNKNOWN if heard.contains(&(n as i64)) => HEARD,
            sign => sign,
        }
    };
    (0..PARTS).map(cell).collect()
}

/// Adds the bar.
pub(super) fn add(page: &mut Page, life: &Life) {
    let (Some(begin), end) = (life.began_at(), life.until()) else { return };
    if end <= begin || life.liveness.is_empty() {
        return;
    }
    let stretches = stretches(life, begin, end);
    let total = |sign: char| {
        let of = stretches.iter().filter(|stretch| stretch.sign == sign);
        // the sum of nothing is -0.0
        of.map(|one| one.until.seconds_since(one.from)).fold(0.0, |a, b| a + b)
    };
    let mut fields = vec![
        ("bar", Value::Id(bar(&stretches, &life.heard, begin, end))),
        ("from", Value::Time(begin)),
        ("until", Value::Time(end)),
        ("alive_s", Value::Seconds(total(ALIVE))),
    ];
    let alone = total(GUARDIAN);
    if alone > 0.0 {
        fields.push(("guardian_alone_s", Value::Seconds(alone)));
    }
    fields.extend([
        ("silent_s", Value::Seconds(total(SILENT))),
        ("unknown_s", Value::Seconds(total(UNKNOWN))),
        ("legend", Value::Text(legend())),
    ]);
    page.fields("liveness", "Signs of life", fields);
}

fn legend() -> String {
    format!(
        "{ALIVE} alive  {HEARD} lines of its own  {GUARDIAN} its guardian alone  {SILENT} silent  \
         {UNKNOWN} nothing tells"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_what_each_part_was_most_of_the_time() {
        let begin = Micros::parse("2026-01-05T09:00:00Z").expect("an instant");
        let at = |s: f64| begin.plus_seconds(s);
        let life = [
            Stretch { sign: UNKNOWN, from: at(0.0), until: at(15.0) },
            Stretch { sign: ALIVE, from: at(15.0), until: at(30.0) },
            Stretch { sign: SILENT, from: at(30.0), until: at(60.0) },
        ];
        let made = bar(&life, &BTreeSet::from([3, 20, 40]), begin, at(60.0));
        let begins = format!("{}▄{}", "·".repeat(3), "·".repeat(11));
        assert_eq!(made, format!("{begins}{}{}", "█".repeat(15), "▒".repeat(30)));
        assert_eq!(bar(&[], &BTreeSet::new(), begin, at(60.0)), "·".repeat(60));
    }

    #[test]
    fn silence_wins_a_tie() {
        let begin = Micros::parse("2026-01-05T09:00:00Z").expect("an instant");
        let at = |s: f64| begin.plus_seconds(s);
        let life = [
            Stretch { sign: ALIVE, from: at(0.0), until: at(30.0) },
            Stretch { sign: SILENT, from: at(30.0), until: at(60.0) },
            Stretch { sign: GUARDIAN, from: at(60.0), until: at(90.0) },
        ];
        let made = bar(&life, &BTreeSet::new(), begin, at(3600.0));
        assert_eq!(made, format!("▒▁{}", "·".repeat(58)));
    }
}
