//! Its life as one line: when it was alive, silent, and when nobody could have told.

use crate::answers::page::{Page, Value};
use crate::answers::worker::life::Life;
use crate::model::time::Micros;

/// Characters of the bar: with its name and indent it fits into 80 columns.
const CELLS: usize = 60;
const ALIVE: char = '█';
const SILENT: char = '▒';
const UNKNOWN: char = '·';

/// One stretch of a life.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    sign: char,
    from: Micros,
    until: Micros,
}

fn sign(liveness: &str) -> char {
    match liveness {
        "alive" => ALIVE,
        "silent" => SILENT,
        _ => UNKNOWN,
    }
}

/// The stretches of a life between two instants; neighbours of one sign are one.
fn stretches(life: &Life, begin: Micros, end: Micros) -> Vec<Stretch> {
    let mut made: Vec<Stretch> = Vec::new();
    for row in &life.liveness {
        let from = row.time("entered_at").unwrap_or(begin).max(begin);
        let until = row.time("left_at").unwrap_or(end).min(end);
        let sign = sign(row.text("liveness").unwrap_or_default());
        match made.last_mut() {
            _ if until <= from => {}
            Some(last) if last.sign == sign && last.until == from => last.until = until,
            Some(_) | None => made.push(Stretch { sign, from, until }),
        }
    }
    made
}

/// A sign for each equal part: what it was for most of it.
fn bar(stretches: &[Stretch], begin: Micros, end: Micros) -> String {
    let width = end.seconds_since(begin) / CELLS as f64;
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
        let (alive, silent) = (share(ALIVE), share(SILENT));
        let unknown = until.seconds_since(from) - alive - silent;
        if silent >= alive && silent >= unknown {
            SILENT
        } else if alive >= unknown {
            ALIVE
        } else {
            UNKNOWN
        }
    };
    (0..CELLS).map(cell).collect()
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
        Value::Seconds(of.map(|one| one.until.seconds_since(one.from)).fold(0.0, |a, b| a + b))
    };
    page.fields(
        "liveness",
        "Signs of life",
        vec![
            ("bar", Value::Id(bar(&stretches, begin, end))),
            ("from", Value::Time(begin)),
            ("until", Value::Time(end)),
            ("alive_s", total(ALIVE)),
            ("silent_s", total(SILENT)),
            ("unknown_s", total(UNKNOWN)),
            (
                "legend",
                Value::Text(format!(
                    "{ALIVE} alive  {SILENT} silent  {UNKNOWN} nothing could tell"
                )),
            ),
        ],
    );
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
        let made = bar(&life, begin, at(60.0));
        assert_eq!(made, format!("{}{}{}", "·".repeat(15), "█".repeat(15), "▒".repeat(30)));
        assert_eq!(bar(&[], begin, at(60.0)), "·".repeat(60));
    }
}
