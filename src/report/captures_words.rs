//! The answer of `captures` in sentences: what each one promises, what it asked for, what nobody took.

use std::io;

use crate::model::state::Guarantee;
use crate::model::table::Table;
use crate::report::captures::{Capture, CapturesReport};
use crate::report::captures_narrow::seconds;
use crate::report::plain::printable;

/// A guarantee in words.
pub fn guarantee(name: &str) -> &'static str {
    let Some(guarantee) = Guarantee::from_name(name) else {
        return "a guarantee that this build does not know";
    };
    match guarantee {
        Guarantee::Transactional => "every row of every table, as all of them stood at one instant",
        Guarantee::TransactionalPooled => {
            "every row of every table, as all of them stood at one instant, as long as the pooler leads to \
             one server"
        }
        Guarantee::TransactionalStandby => {
            "every row that had reached the standby, as all of them stood at one instant; what had not is \
             asked for by the next capture"
        }
        Guarantee::Paged => {
            "every row that stood there all the while; each page is of a moment of its own, and a log row \
             that comes later than the overlap is missed"
        }
        Guarantee::AsGiven => "what the files hold, which may be any part of the source",
    }
}

/// Writes a sentence for each capture, then one for each hole.
pub(super) fn write(out: &mut impl io::Write, report: &CapturesReport) -> io::Result<()> {
    for capture in &report.captures {
        writeln!(out, "{}: {}", printable(&capture.capture), told(capture).join("; "))?;
    }
    for hole in &report.holes {
        let (from, until) = (seconds(Some(&hole.from)), seconds(Some(&hole.until)));
        writeln!(
            out,
            "hole before {}: log lines between {from} and {until} were deleted before anyone took them ({})",
            printable(&hole.before),
            hole.cause
        )?;
    }
    Ok(())
}

fn told(capture: &Capture) -> Vec<String> {
    let mut told = vec![capture.guarantee_means.to_string()];
    if let Some(log) = capture.tables.get(Table::SystemLogs.name()) {
        let at = |text: &Option<String>| seconds(text.as_deref());
        if let Some(xid) = log.since_xid {
            told.push(format!("log rows of transactions from {xid} on were asked for"));
        } else if log.since_time.is_some() {
            told.push(format!("log rows from {} on were asked for", at(&log.since_time)));
        } else if capture.guarantee != Guarantee::AsGiven.name() {
            told.push("all log rows were asked for".to_string());
        }
        if log.oldest_at_source.is_some() {
            told.push(format!("the oldest log row there was of {}", at(&log.oldest_at_source)));
        }
        if log.missing_from.is_some() {
            told.push(format!("log rows are missing from {} on", at(&log.missing_from)));
        }
    }
    let is_absent = |table: &&Table| !capture.tables.contains_key(table.name());
    let absent: Vec<&str> = Table::ALL.iter().filter(is_absent).map(|table| table.name()).collect();
    if !absent.is_empty() {
        told.push(format!("without {}", absent.join(", ")));
    }
    if let Some(policy) = &capture.captured_under {
        told.push(format!("captured under `{}`, redacted again since", printable(policy)));
    }
    told
}
