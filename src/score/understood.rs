//! Log lines that the grammar knows. Needs no truth.

use serde::Serialize;

use crate::score::error::ScoreError;
use crate::score::rows::{Rows, count};
use crate::score::share;

/// How much of the log is understood.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Understood {
    /// Rows of `system_logs`.
    pub log_rows: u64,
    /// Share of them that is understood.
    pub understood: Option<f64>,
    /// Templates of the others.
    pub unknown_templates: u64,
}

/// Counts.
pub(super) fn read(rows: &Rows<'_>) -> Result<Understood, ScoreError> {
    let (mut unknown, mut unknown_templates, mut log_rows) = (0, 0, 0);
    let sql = "select coalesce(sum(count), 0), count(*) from unknown_messages";
    rows.each(sql, &[], |cells| {
        (unknown, unknown_templates) = (count(&cells[0]), count(&cells[1]));
    })?;
    rows.each("select count(*) from system_logs", &[], |cells| log_rows = count(&cells[0]))?;
    Ok(figures(log_rows, unknown, unknown_templates))
}

fn figures(log_rows: u64, unknown: u64, unknown_templates: u64) -> Understood {
    let understood = share(unknown as f64, log_rows as f64).map(|share| 1.0 - share);
    Understood { log_rows, understood, unknown_templates }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_template_knows_is_taken_off() {
        assert_eq!(figures(8, 2, 1).understood, Some(0.75));
        assert_eq!(figures(0, 0, 0).understood, None);
    }
}
