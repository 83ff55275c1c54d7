//! A simulated fleet as a snapshot, for benchmarks.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use backstory::simulate::{self, Era, Fault, Plan};
use backstory::snapshot::open::Snapshot;

/// Simulates so many hours of E6 with every fault that leaves its rows, and imports them: log rows, and the
/// snapshot.
pub(crate) fn snapshot(hours: f64, work: &Path) -> Result<(u64, Snapshot), Box<dyn Error>> {
    let (from, to) = (work.join(format!("f-{hours}")), work.join(format!("s-{hours}")));
    let era = Era::E6;
    let faults = Fault::ALL.iter().map(|(fault, _)| *fault);
    let plan = Plan {
        era,
        workers: 8,
        hours,
        seed: 1,
        tasks_per_hour: 64.0,
        faults: faults.filter(|f| f.is_of(era) && !f.hides_rows()).collect(),
        hours_between: 4.0,
    };
    std::fs::create_dir_all(&from)?;
    let rows = simulate::run(&plan, &from, &mut |_, _| {})?.log_rows;
    let import = Command::new(env!("CARGO_BIN_EXE_backstory"))
        .args(["import", "--redact", "none", "--from"])
        .arg(&from)
        .arg("--snapshot")
        .arg(&to)
        .env("XDG_CONFIG_HOME", work)
        .output()?;
    if !import.status.success() {
        return Err(String::from_utf8_lossy(&import.stderr).into());
    }
    std::fs::remove_dir_all(&from)?;
    Ok((rows, Snapshot::open(&to)?))
}
