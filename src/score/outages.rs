//! `gaps` of the GPU orchestrator against the windows in which it truly could not log.

use serde::Serialize;

use crate::model::time::Micros;
use crate::score::KEPT_MAX;
use crate::score::error::ScoreError;
use crate::score::rows::{Rows, time};
use crate::score::truth::Truth;

/// A shorter gap is not held against anyone.
const FALSE_GAP_S_MIN: f64 = 120.0;

/// How well outages of logging are told.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outages {
    /// True windows.
    pub outages: usize,
    /// Of the window told worst: what it shares with the gap that fits it best, of what both cover.
    pub overlap: Option<f64>,
    /// Gaps that are told, those of retention left out.
    pub gaps_reported: usize,
    /// Gaps longer than 120 s that touch no true window.
    pub false_gaps: usize,
    /// The first of them: begin and end, in ISO's spelling, UTC.
    pub false_gap_times: Vec<[String; 2]>,
}

/// An interval of some length.
pub(super) type Interval = (Micros, Micros);

/// The gaps as told.
pub(super) fn read(rows: &Rows<'_>) -> Result<Vec<Interval>, ScoreError> {
    let sql = "select began_at, ended_at from gaps
        where source_type = 'orchestrator_gpu' and cause <> 'retention' order by 1, 2";
    let mut gaps = Vec::new();
    rows.each(sql, &[], |cells| {
        let gap = time(&cells[0]).zip(time(&cells[1]));
        gaps.extend(gap.filter(|(began, ended)| began < ended));
    })?;
    Ok(gaps)
}

/// Compares what is told with the truth.
pub(super) fn compare(truth: &Truth, gaps: &[Interval]) -> Outages {
    let windows: Vec<Interval> = truth
        .outage_windows
        .iter()
        .filter_map(|window| window.began_at.zip(window.ended_at))
        .collect();
    let best =
        |window: &Interval| gaps.iter().map(|gap| common_share(*window, *gap)).fold(0.0, f64::max);
    let touches = |gap: Interval| windows.iter().any(|window| 0.0 < common_seconds(*window, gap));
    let invented: Vec<&Interval> = gaps
        .iter()
        .filter(|gap| FALSE_GAP_S_MIN < gap.1.seconds_since(gap.0) && !touches(**gap))
        .collect();
    Outages {
        outages: windows.len(),
        overlap: windows.iter().map(best).reduce(f64::min),
        gaps_reported: gaps.len(),
        false_gaps: invented.len(),
        false_gap_times: invented
            .iter()
            .take(KEPT_MAX)
            .map(|(began, ended)| [began.to_string(), ended.to_string()])
            .collect(),
    }
}

/// Seconds in both; negative where they lie apart.
fn common_seconds(a: Interval, b: Interval) -> f64 {
    a.1.min(b.1).seconds_since(a.0.max(b.0))
}

/// What both cover, of what either covers or lies between.
fn common_share(a: Interval, b: Interval) -> f64 {
    common_seconds(a, b).max(0.0) / a.1.max(b.1).seconds_since(a.0.min(b.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The true windows are 0 s to 1000 s and, under the older names, 5000 s to 6000 s.
    fn compared(gaps: &[(i64, i64)]) -> Outages {
        let text = r#"{"sim_end": "2026-01-05T12:00:00Z", "outage_windows": [
            {"t0": "1970-01-01T00:00:00Z", "t1": "1970-01-01T00:16:40Z"},
            {"start": "1970-01-01T01:23:20Z", "end": "1970-01-01T01:40:00Z"}]}"#;
        let truth = Truth::parse(text.as_bytes()).expect("a truth");
        let at = |second: i64| Micros(second * 1_000_000);
        let gaps: Vec<Interval> = gaps.iter().map(|(s, e)| (at(*s), at(*e))).collect();
        compare(&truth, &gaps)
    }

    #[test]
    fn the_window_told_worst_counts() {
        let figures = compared(&[(0, 1_000), (5_000, 6_000)]);
        assert_eq!((figures.outages, figures.overlap, figures.false_gaps), (2, Some(1.0), 0));
        assert_eq!(compared(&[(0, 1_000), (5_500, 6_000)]).overlap, Some(0.5));
        assert_eq!(compared(&[(0, 1_000)]).overlap, Some(0.0));
    }

    #[test]
    fn only_a_long_gap_that_touches_no_window_is_false() {
        let figures = compared(&[(900, 1_200), (2_000, 2_120), (3_000, 3_121)]);
        assert_eq!((figures.gaps_reported, figures.false_gaps), (3, 1));
        assert_eq!(figures.false_gap_times[0][0], "1970-01-01T00:50:00.000000Z");
    }

    #[test]
    fn without_an_outage_there_is_nothing_to_overlap() {
        let truth = Truth::parse(r#"{"sim_end": "2026-01-05T12:00:00Z"}"#.as_bytes());
        let figures = compare(&truth.expect("a truth"), &[]);
        assert_eq!(figures, Outages::default());
    }
}
