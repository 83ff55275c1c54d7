//! Time by the clock, and time that cores worked for us: on a shared machine the first says little.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Done;

/// What something took.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// Seconds of the clock.
    wall: f64,
    /// Seconds of all cores together; as the first where the system does not tell.
    cores: f64,
}

impl Cost {
    /// Not measured yet.
    pub(crate) const NONE: Self = Self { wall: f64::MAX, cores: f64::MAX };

    /// Does something once, and keeps the least of each that was seen.
    pub(crate) fn least<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (began, worked) = (Instant::now(), worked());
        let made = work();
        let wall = began.elapsed().as_secs_f64();
        let cores = crate::cost::worked().zip(worked).map(|(now, then)| now - then);
        // the system counts in ticks: what is shorter has no measure but the clock
        let cores = cores.filter(|cores| *cores > 0.0).unwrap_or(wall);
        self.wall = self.wall.min(wall);
        self.cores = self.cores.min(cores);
        made
    }

    /// So many of something in a second, and in a core-second, in thousands.
    pub(crate) fn rate(self, things: u64) -> String {
        let thousands = |seconds: f64| things as f64 / seconds / 1e3;
        format!("{:>7.0} k/s {:>7.0} k/core-s", thousands(self.wall), thousands(self.cores))
    }

    /// Both together, one after the other.
    pub(crate) fn and(self, then: Self) -> Self {
        Self { wall: self.wall + then.wall, cores: self.cores + then.cores }
    }
}

/// Seconds that all threads of this process ran, where Linux tells.
fn worked() -> Option<f64> {
    // what the thread in hand ran is counted when it gives way
    std::thread::yield_now();
    let mut nanoseconds = 0.0;
    for thread in fs::read_dir("/proc/self/task").ok()? {
        let told = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        nanoseconds += told.split(' ').next()?.parse::<f64>().ok()?;
    }
    Some(nanoseconds / 1e9)
}

/// Makes the system forget what it holds of a snapshot's files, so that they come from the disk again.
pub(crate) fn forget(dir: &Path) -> Done<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            forget(&path)?;
            continue;
        }
        let of = format!("if={}", path.display());
        let mut told = Command::new("dd");
        told.args([&of, "iflag=nocache", "count=0"]).stderr(Stdio::null());
        if !told.status()?.success() {
            return Err("this system cannot forget a file: no cold figures".into());
        }
    }
    Ok(())
}
