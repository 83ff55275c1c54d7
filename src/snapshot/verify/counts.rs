//! The numbers of a table in a capture against what its files add up to.

use crate::model::time::Micros;
use crate::snapshot::manifest::TableCapture;
use crate::snapshot::verify::evidence::{Sums, count};
use crate::snapshot::verify::flaw::Flaw;

/// What does not add up. `sums` are those of all its files, `None` when one of them is damaged: then
/// only the numbers among themselves can be compared.
pub(crate) fn check(table: &str, held: &TableCapture, sums: Option<Sums>) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut compare = |what: &str, promised: String, found: String| {
        if promised != found {
            flaws.push(count(&format!("{what} of {table}"), promised, found));
        }
    };
    let promised: u64 = held.files.iter().map(|file| file.rows).fold(0, u64::saturating_add);
    let rows = sums.map_or(promised, |sums| sums.rows);
    compare("rows_new", held.rows_new.to_string(), rows.to_string());
    if held.rows_read < held.rows_new {
        compare("rows_read", held.rows_read.to_string(), format!("at least {}", held.rows_new));
    }
    let Some(sums) = sums else { return flaws };
    let time = |at: Option<Micros>| at.map_or_else(|| "nothing".to_string(), |at| at.to_string());
    let told = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_string());
    compare("min_time", told(&held.min_time), time(sums.min_time));
    compare("max_time", told(&held.max_time), time(sums.max_time));
    // The digest is over all rows read; those that an earlier capture holds are not here to be added.
    if held.rows_read == held.rows_new {
        compare("digest", held.digest.clone(), format!("{:032x}", sums.digest));
    }
    flaws
}
