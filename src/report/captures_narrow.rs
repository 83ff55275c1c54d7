//! The answer of `captures` where its table would not fit: one block a capture.

use std::io;

use crate::model::time::Micros;
use crate::read::cell::plain_time;
use crate::report::captures::{Capture, CapturesReport};
use crate::report::plain::printable;

/// Writes the blocks, oldest first.
pub(super) fn write(out: &mut impl io::Write, report: &CapturesReport) -> io::Result<()> {
    report.captures.iter().try_for_each(|capture| block(out, capture))
}

fn block(out: &mut impl io::Write, capture: &Capture) -> io::Result<()> {
    let began = seconds(Some(&capture.began_at));
    let ended = seconds(Some(&capture.ended_at));
    writeln!(out, "{}  {}", printable(&capture.capture), printable(&capture.guarantee))?;
    writeln!(out, "  taken     {began} to {ended}")?;
    for (name, held) in &capture.tables {
        let (new, read) = (held.rows_new, held.rows_read);
        writeln!(out, "  {:<20} {new:>9} new of {read:>9} read", printable(name))?;
    }
    let [from, to, horizon] = [&capture.min_time, &capture.max_time, &capture.retention_horizon]
        .map(|at| seconds(at.as_deref()));
    writeln!(out, "  rows of   {from} to {to}")?;
    writeln!(out, "  horizon   {horizon}")?;
    let Capture { files, bytes, disappeared, unreadable, .. } = capture;
    writeln!(out, "  files     {files}, {bytes} bytes")?;
    writeln!(out, "  rows      {disappeared} disappeared, {unreadable} unreadable")
}

/// A time in whole seconds.
pub(super) fn seconds(text: Option<&str>) -> String {
    let Some(text) = text else { return "none".to_string() };
    let plain = Micros::parse(text).map_or_else(|| printable(text).to_string(), plain_time);
    plain.split('.').next().unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::report::captures::{
        Capture, CapturesReport, Hole, Redaction, TableCounts, write_text,
    };
    use crate::report::captures_words::guarantee;

    fn report() -> CapturesReport {
        let counts = TableCounts {
            rows_read: 146_549,
            rows_new: 120,
            rows_repeated: 0,
            rows_changed: 0,
            min_time: None,
            max_time: None,
            rows_unreadable: 0,
            since_xid: Some(812),
            since_time: None,
            missing_from: None,
            oldest_at_source: Some("2025-11-03T13:00:00.000000Z".into()),
            read_until: None,
            disappeared: Vec::new(),
            files: 1,
            bytes: 7_400,
        };
        let capture = Capture {
            capture: "c000001".into(),
            began_at: "2026-01-05T12:00:00.000000Z".into(),
            ended_at: "2026-01-05T12:00:01.500000Z".into(),
            guarantee: "transactional".into(),
            guarantee_means: guarantee("transactional"),
            captured_under: Some("none".into()),
            notes: Vec::new(),
            rows_read: 146_549,
            rows_new: 120,
            rows_repeated: 0,
            min_time: Some("2025-11-03T14:00:00.000000Z".into()),
            max_time: Some("2025-11-03T15:00:00.000000Z".into()),
            retention_horizon: None,
            disappeared: 0,
            unreadable: 2,
            unreadable_lines: Vec::new(),
            files: 1,
            bytes: 7_400,
            tables: BTreeMap::from([("system_logs".to_string(), counts)]),
        };
        let redaction = Redaction { policy: "standard".into(), key_fingerprint: "5558".into() };
        CapturesReport {
            format: 1,
            snapshot: "s".into(),
            source: BTreeMap::from([("kind".into(), "files".into())]),
            redaction,
            captures: vec![capture],
            holes: vec![Hole {
                before: "c000001".into(),
                from: "2025-10-30T13:00:00.000000Z".into(),
                until: "2025-11-03T12:00:00.250000Z".into(),
                cause: "not_exported",
            }],
        }
    }

    #[test]
    fn a_terminal_that_the_table_does_not_fit_gets_blocks() {
        let text = |width| {
            let mut out = Vec::new();
            write_text(&mut out, &report(), width).expect("memory takes it");
            String::from_utf8(out).expect("UTF-8")
        };
        assert_eq!(text(None), text(Some(400)));
        insta::assert_snapshot!(text(Some(60)), @r"
        c000001  transactional
          taken     2026-01-05 12:00:00 to 2026-01-05 12:00:01
          system_logs                120 new of    146549 read
          rows of   2025-11-03 14:00:00 to 2025-11-03 15:00:00
          horizon   none
          files     1, 7400 bytes
          rows      0 disappeared, 2 unreadable
        c000001: every row of every table, as all of them stood at one instant; log rows of transactions from 812 on were asked for; the oldest log row there was of 2025-11-03 13:00:00; without workers, tasks, generations, generation_variants, task_types; captured under `none`, redacted again since
        hole before c000001: log lines between 2025-10-30 13:00:00 and 2025-11-03 12:00:00 were deleted before anyone took them (not_exported)
        times: UTC, whole seconds here
        redaction: standard (key 5558)
        source: kind files
        ");
    }
}
