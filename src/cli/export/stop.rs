//! Ctrl-C, a terminal that is closed, and the word of whoever stops services: an export cleans up before it goes.

use std::fs;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// How often a wait looks whether it is over.
const LOOK: Duration = Duration::from_millis(50);

/// Whether someone said stop, and how.
pub(super) struct Stop {
    signal: Arc<AtomicUsize>,
}

impl Stop {
    /// Listens from now on. A second word ends the program at once, as the first would without us.
    pub(super) fn listen() -> io::Result<Self> {
        let (said, signal) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        // who began it under `nohup` wants it to go on without its terminal
        let hangs_up = (!is_ignored(SIGHUP)).then_some(SIGHUP);
        for number in [SIGINT, SIGTERM].into_iter().chain(hangs_up) {
            // in this order: the first one passes it before it is told
            flag::register_conditional_shutdown(number, 128 + number, said.clone())?;
            flag::register(number, said.clone())?;
            flag::register_usize(number, signal.clone(), usize::try_from(number).unwrap_or(1))?;
        }
        Ok(Self { signal })
    }

    /// Whether someone said stop.
    pub(super) fn is_said(&self) -> bool {
        self.signal.load(Ordering::Relaxed) != 0
    }

    /// Waits, unless someone says stop; whether someone did.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let begun = Instant::now();
        while !self.is_said() {
            let left = time.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return false;
            }
            thread::sleep(left.min(LOOK));
        }
        true
    }

    /// 130 for Ctrl-C, 143 for a service that is stopped, 129 for a terminal that is closed, as shells have it.
    pub(super) fn exit_code(&self) -> ExitCode {
        let signal = u8::try_from(self.signal.load(Ordering::Relaxed)).unwrap_or(0);
        ExitCode::from(128 + signal)
    }
}

/// Whether whoever began this program told it to ignore a signal. Where the kernel does not say, it is heeded.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
