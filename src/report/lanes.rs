//! Lanes as a drawing of blocks: each character is the state that filled most of its time.

use std::collections::BTreeMap;
use std::io;

use anstyle::Style;
use jiff::tz::TimeZone;

use crate::answers::lanes::{Lane, Lanes, Span};
use crate::model::time::Micros;
use crate::report::marks::{Mark, mark_of};
use crate::report::plain::printable;
use crate::report::words::{duration, instant};

/// Narrower, a drawing tells nothing, and an instant does not stand in it.
const NARROWEST: usize = 23;
/// Where no terminal says how wide it is.
const USUAL: usize = 100;
/// Narrower, the label stands above its lane rather than take the drawing's room.
const COMFORTABLE: usize = 40;
/// What a line stands in.
const INDENT: usize = 2;

/// How lanes are laid out: labels before the drawings, in a column of this width, or above them.
#[derive(Clone, Copy)]
struct Room {
    label: Option<usize>,
    cells: usize,
}

impl Room {
    fn of(lanes: &Lanes, width: Option<u16>) -> Self {
        let longest = lanes.lanes.iter().map(|lane| lane.label.chars().count()).max().unwrap_or(0);
        let width = width.map_or(USUAL, usize::from);
        let beside = width.saturating_sub(longest + 2 * INDENT);
        // a short label leaves room enough in any terminal
        if beside >= COMFORTABLE || longest < NARROWEST && beside >= NARROWEST {
            return Self { label: Some(longest), cells: beside };
        }
        Self { label: None, cells: width.saturating_sub(2 * INDENT).max(NARROWEST) }
    }

    /// What stands before the lines below the drawings, and how long these may be: below narrow ones they begin
    /// further left.
    fn below(self, width: Option<u16>) -> (String, usize) {
        if self.cells >= COMFORTABLE {
            return (self.blank(), self.cells);
        }
        let room = width.map_or(USUAL, usize::from).saturating_sub(INDENT);
        (" ".repeat(INDENT), room)
    }

    /// What stands before a drawing that is not a lane's.
    fn blank(self) -> String {
        " ".repeat(self.label.map_or(2 * INDENT, |label| label + 2 * INDENT))
    }
}

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
    let room = Room::of(lanes, width);
    let (cells, blank) = (room.cells, room.blank());
    let length = lanes.until.seconds_since(lanes.from);
    let (from, until) = (instant(lanes.from, zone), instant(lanes.until, zone));
    if from.len() + until.len() + 2 <= cells {
        let between = " ".repeat(cells - from.len() - until.len());
        writeln!(out, "{blank}{from}{between}{until}")?;
    } else {
        writeln!(out, "{blank}{from}")?;
        writeln!(out, "{blank}{until:>cells$}")?;
    }
    let mut used: BTreeMap<&str, &Mark> = BTreeMap::new();
    for lane in &lanes.lanes {
        let label = printable(&lane.label);
        match room.label {
            Some(width) => write!(out, "  {label:width$}  ")?,
            None => write!(out, "  {label}\n{blank}")?,
        }
        for state in cells_of(lane, lanes.from, length, cells) {
            let Some(state) = state else {
                write!(out, " ")?;
                continue;
            };
            let mark = mark_of(state);
            used.insert(state, mark);
            let style = Style::new().fg_color(Some(mark.colour.into()));
            let sign = if ascii { mark.letter } else { mark.block };
            write!(out, "{style}{sign}{style:#}")?;
        }
        writeln!(out)?;
    }
    let (blank, room) = room.below(width);
    writeln!(out, "{blank}one character is {}", duration(length / cells as f64))?;
    let lines = legend(&used, ascii, room);
    lines.iter().try_for_each(|line| writeln!(out, "{blank}{line}"))
}

/// What the marks mean, in lines of at most so many characters; none is broken.
fn legend(used: &BTreeMap<&str, &Mark>, ascii: bool, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (state, mark) in used {
        let shown = match if ascii { mark.letter } else { mark.block } {
            ' ' => "(blank)".to_string(),
            sign => sign.to_string(),
        };
        let told = format!("{shown} {}", printable(state).replace('_', " "));
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

    fn drawn(width: u16, ascii: bool) -> String {
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
        write_lanes(&mut out, &lanes, Some(width), ascii, &TimeZone::UTC).expect("a drawing");
        String::from_utf8(out.into_inner()).expect("text")
    }

    #[test]
    fn a_character_is_the_state_that_filled_it() {
        assert_eq!(
            drawn(33, true),
            "         2026-01-05 10:00:00.000\n\
             \x20         2026-01-05 10:16:40.000\n\
             \x20 state  ......######CCCCCCCCCCCC\n\
             \x20 w1           LLLLLL            \n\
             \x20 one character is 42 s\n\
             \x20 C complete   # in progress\n\
             \x20 L lost   . queued\n"
        );
    }

    #[test]
    fn a_label_that_leaves_no_room_stands_above_its_lane() {
        let told = drawn(28, true);
        assert!(told.contains("\n  state\n    ......######"), "{told}");
        assert!(told.lines().all(|line| line.chars().count() <= 28), "{told}");
    }

    #[test]
    fn blocks_are_used_where_they_can_be_shown() {
        assert!(drawn(33, false).contains("\u{00b7}\u{00b7}\u{2588}"));
    }
}
