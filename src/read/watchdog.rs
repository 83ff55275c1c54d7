//! Stops a query that takes too long: the engine itself has no time limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often an expired query is interrupted again: an interrupt that comes before the engine has
/// begun is forgotten by it.
const REPEAT: Duration = Duration::from_millis(50);

/// A timer beside one query.
pub(crate) struct Watchdog {
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    expired: Arc<AtomicBool>,
}

impl Watchdog {
    /// Interrupts the connection's query when `limit` has passed and this value still lives.
    pub(crate) fn start(connection: &duckdb::Connection, limit: Duration) -> Self {
        let (done, ended) = channel::<()>();
        let expired = Arc::new(AtomicBool::new(false));
        let (flag, handle) = (expired.clone(), connection.interrupt_handle());
        let thread = std::thread::spawn(move || {
            let mut wait = limit;
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                flag.store(true, Ordering::SeqCst);
                handle.interrupt();
                wait = REPEAT;
            }
        });
        Self { done: Some(done), thread: Some(thread), expired }
    }

    /// Whether the time ran out.
    pub(crate) fn has_expired(&self) -> bool {
        self.expired.load(Ordering::SeqCst)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(thread) = self.thread.take() {
            // The thread only waits and interrupts; it cannot panic.
            drop(thread.join());
        }
    }
}
