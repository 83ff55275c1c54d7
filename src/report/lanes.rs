//! Lanes as a drawing of blocks: each character is the state that filled most of its time.

use std::collections::BTreeMap;
use std::io;

use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;

use crate::answers::lanes::{Lane, Lanes, Span};
use crate::model::time::Micros;
use crate::report::plain::{cut, printable};
use crate::report::words::{duration, instant};

/// A state as it is drawn: a block, a letter where blocks cannot be shown, a colour.
struct Mark {
    state: &'static str,
    block: char,
    letter: char,
    colour: AnsiColor,
}

const fn mark(state: &'static str, block: char, letter: char, colour: AnsiColor) -> Mark {
    Mark { state, block, letter, colour }
}

/// Work is full, waiting is light, what went wrong is red.
const MARKS: [Mark; 28] = [
    mark("queued", '\u{00b7}', '.', AnsiColor::Yellow),
    mark("in_progress", '\u{2588}', '#', AnsiColor::Blue),
    mark("complete", '\u{2588}', 'C', AnsiColor::Green),
    mark("failed", '\u{2588}', 'F', AnsiColor::Red),
    mark("cancelled", '\u{2592}', 'X', AnsiColor::Magenta),
    mark("requested", '\u{00b7}', '.', AnsiColor::Yellow),
    mark("spawning_pod_pending", '\u{2591}', 'p', AnsiColor::Yellow),
    mark("spawning_script_pending", '\u{2591}', 's', AnsiColor::Yellow),
    mark("spawning_script_running", '\u{2591}', 'r', AnsiColor::Yellow),
    mark("active_initialising", '\u{2592}', 'i', AnsiColor::Cyan),
    mark("active_idle", '\u{2500}', '-', AnsiColor::Cyan),
    mark("active_busy", '\u{2588}', '#', AnsiColor::Green),
    mark("condemned", '\u{2593}', '!', AnsiColor::Red),
    mark("ended", ' ', ' ', AnsiColor::White),
    mark("alive", '\u{2588}', '#', AnsiColor::Green),
    mark("silent", '\u{2591}', '!', AnsiColor::Red),
    mark("unknown", '?', '?', AnsiColor::Yellow),
    mark("reset", '\u{2593}', 'R', AnsiColor::Red),
    mark("requeued", '\u{2593}', 'Q', AnsiColor::Magenta),
    mark("lost", '\u{2593}', 'L', AnsiColor::Red),
    mark("overtaken", '\u{2592}', 'O', AnsiColor::Magenta),
    mark("duplicate", '\u{2592}', 'D', AnsiColor::Magenta),
    mark("open", '\u{2588}', '#', AnsiColor::Blue),
    mark("logging_outage", '\u{2593}', '!', AnsiColor::Red),
    mark("process_down", '\u{2591}', 'd', AnsiColor::Yellow),
    mark("dropped", '\u{2592}', 'b', AnsiColor::Magenta),
    mark("retention", '\u{2591}', 'o', AnsiColor::White),
    mark("not_exported", '\u{2591}', 'n', AnsiColor::White),
];
/// A state that has no mark of its own.
const OTHER: Mark = mark("other", '\u{2592}', '*', AnsiColor::White);

/// Narrower, a drawing tells nothing.
const NARROWEST: usize = 20;
/// Where no terminal says how wide it is.
const USUAL: usize = 100;
/// Labels are cut rather than leave no room for the drawing.
const LABEL_MAX: usize = 36;

/// Draws the lanes.
pub fn write_lanes(
    out: &mut dyn io::Write,
    lanes: &Lanes,
    width: Option<u16>,
    ascii: bool,
    zone: &TimeZone,
) -> io::Result<()> {
    if lanes.lanes.is_empty() {
        return writeln!(out, "  nothing happened in it");
    }
    let longest = lanes.lanes.iter().map(|lane| lane.label.chars().count()).max().unwrap_or(0);
    let label = longest.min(LABEL_MAX);
    let cells = width.map_or(USUAL, usize::from).saturating_sub(label + 4).max(NARROWEST);
    let length = lanes.until.seconds_since(lanes.from);
    let (from, until) = (instant(lanes.from, zone), instant(lanes.until, zone));
    let axis = if from.len() + until.len() + 2 <= cells {
        format!("{from}{}{until}", " ".repeat(cells - from.len() - until.len()))
    } else {
        from
    };
    writeln!(out, "  {:label$}  {axis}", "")?;
    let mut used: BTreeMap<&'static str, &Mark> = BTreeMap::new();
    for lane in &lanes.lanes {
        let drawn = cells_of(lane, lanes.from, length, cells);
        write!(out, "  {:label$}  ", cut(&printable(&lane.label), label))?;
        for state in drawn {
            match state {
                None => write!(out, " ")?,
                Some(state) => {
                    let mark = mark_of(state);
                    used.insert(mark.state, mark);
                    let style = Style::new().fg_color(Some(mark.colour.into()));
                    write!(
                        out,
                        "{style}{}{style:#}",
                        if ascii { mark.letter } else { mark.block }
                    )?;
                }
            }
        }
        writeln!(out)?;
    }
    let each = duration(length / cells as f64);
    writeln!(out, "  {:label$}  one character is {each}", "")?;
    let lines = legend(used.into_values(), ascii, cells);
    lines.iter().try_for_each(|line| writeln!(out, "  {:label$}  {line}", ""))
}

/// What the marks mean, in lines of at most so many characters; none is broken.
fn legend<'a>(used: impl Iterator<Item = &'a Mark>, ascii: bool, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for mark in used.filter(|mark| mark.block != ' ') {
        let shown = if ascii { mark.letter } else { mark.block };
        let told = format!("{shown} {}", mark.state.replace('_', " "));
        match lines.last_mut() {
            Some(line) if line.chars().count() + 3 + told.chars().count() <= width => {
                line.push_str("   ");
                line.push_str(&told);
            }
            Some(_) | None => lines.push(told),
        }
    }
    lines
}

fn mark_of(state: &str) -> &'static Mark {
    MARKS.iter().find(|mark| mark.state == state).unwrap_or(&OTHER)
}

/// The state that filled most of each character's time.
fn cells_of(lane: &Lane, from: Micros, length: f64, cells: usize) -> Vec<Option<&str>> {
    let cell = length / cells as f64;
    (0..cells)
        .map(|at| {
            let (begin, end) = (at as f64 * cell, (at as f64 + 1.0) * cell);
            let filled = |span: &Span| {
                let span_end = span.until.map_or(length, |until| until.seconds_since(from));
                span_end.min(end) - span.from.seconds_since(from).max(begin)
            };
            // what lasted no time at all is shown where it was
            let inside = lane.spans.iter().filter(|span| {
                filled(span) > 0.0
                    || (span.until == Some(span.from)
                        && (begin..end).contains(&span.from.seconds_since(from)))
            });
            inside.max_by(|a, b| filled(a).total_cmp(&filled(b))).map(|span| span.state.as_str())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(ascii: bool) -> String {
        let from = Micros::parse("2026-01-05T10:00:00Z").expect("an instant");
        let at = |seconds: f64| from.plus_seconds(seconds);
        let span = |from: f64, until: Option<f64>, state: &str| Span {
            from: at(from),
            until: until.map(at),
            state: state.to_string(),
        };
        let state = vec![
            span(0.0, Some(250.0), "queued"),
            span(250.0, Some(500.0), "in_progress"),
            span(500.0, None, "complete"),
        ];
        let lanes = Lanes {
            from,
            until: at(1000.0),
            lanes: vec![
                Lane { label: "state".to_string(), spans: state },
                Lane { label: "w1".to_string(), spans: vec![span(250.0, Some(500.0), "lost")] },
            ],
        };
        let mut out = anstream::StripStream::new(Vec::new());
        write_lanes(&mut out, &lanes, Some(29), ascii, &TimeZone::UTC).expect("a drawing");
        String::from_utf8(out.into_inner()).expect("text")
    }

    #[test]
    fn a_character_is_the_state_that_filled_it() {
        assert_eq!(
            drawn(true),
            "         2026-01-05 10:00:00.000\n\
             \x20 state  .....#####CCCCCCCCCC\n\
             \x20 w1          LLLLL          \n\
             \x20        one character is 50 s\n\
             \x20        C complete\n\
             \x20        # in progress\n\
             \x20        L lost   . queued\n"
        );
    }

    #[test]
    fn blocks_are_used_where_they_can_be_shown() {
        assert!(drawn(false).contains("\u{00b7}\u{00b7}\u{2588}"));
    }
}
