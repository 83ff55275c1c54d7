//! The engine, started on a thread of its own: that takes as long as to open a snapshot, which goes on
//! meanwhile.

use std::thread::JoinHandle;

use duckdb::Connection;

/// An engine that is starting.
pub struct Engine {
    thread: Option<JoinHandle<duckdb::Result<Connection>>>,
}

impl Engine {
    /// Starts one, empty and in memory.
    pub fn start() -> Self {
        Self { thread: Some(std::thread::spawn(Connection::open_in_memory)) }
    }

    /// Waits until it has started.
    pub(super) fn ready(mut self) -> duckdb::Result<Connection> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(started)) => started,
            // a thread that panicked said why
            Some(Err(_)) | None => Connection::open_in_memory(),
        }
    }
}

impl Drop for Engine {
    /// A process must not end while the engine starts: it would take away from under it what it builds.
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
