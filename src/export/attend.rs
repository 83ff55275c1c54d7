//! Work that waits for a server: it ends when someone says stop, and when nothing comes for too long.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use crate::export::error::ExportError;

/// How often is looked whether something came, and whether to stop.
const TICK: Duration = Duration::from_millis(100);

/// A silence of this length is worth a word; the next word comes when it has doubled.
const WORD_AFTER: Duration = Duration::from_secs(30);

/// What ends work before its time.
pub(super) struct Limits<'a> {
    /// Whether to stop.
    pub(super) stop: &'a dyn Fn() -> bool,
    /// For how long the server may say nothing.
    pub(super) silence_max: Duration,
}

/// Runs work that sets `came` whenever the server said something. It ends before its time by being
/// dropped, so that must leave nothing behind.
///
/// Silence is counted in looks at work that waits, and not by a clock: a disk that keeps us busy or a
/// machine that slept is no silence of the server's.
pub(super) async fn attend<T>(
    limits: Limits<'_>,
    came: &Cell<bool>,
    note: &dyn Fn(String),
    work: impl Future<Output = Result<T, ExportError>>,
) -> Result<T, ExportError> {
    let mut work = pin!(work);
    let mut silence = Silence::new(limits.silence_max);
    loop {
        if let Ok(done) = tokio::time::timeout(TICK, &mut work).await {
            return done;
        }
        if (limits.stop)() {
            return Err(ExportError::Stopped);
        }
        match silence.look(came.take()) {
            Heard::Nothing => {}
            Heard::Long(seconds) => {
                note(format!("the server has sent nothing for {seconds} s; still waiting"));
            }
            Heard::TooLong(seconds) => return Err(ExportError::Silent { seconds }),
        }
    }
}

/// How long nothing came.
struct Silence {
    time: Duration,
    word_after: Duration,
    max: Duration,
}

/// What a look at it says.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// Nothing worth a word.
    Nothing,
    /// So many seconds, which is worth one.
    Long(u64),
    /// So many seconds, which is the end.
    TooLong(u64),
}

impl Silence {
    fn new(max: Duration) -> Self {
        Self { time: Duration::ZERO, word_after: WORD_AFTER, max }
    }

    /// One look later.
    fn look(&mut self, came: bool) -> Heard {
        if came {
            *self = Self::new(self.max);
            return Heard::Nothing;
        }
        self.time += TICK;
        if self.time >= self.max {
            return Heard::TooLong(self.time.as_secs());
        }
        if self.time < self.word_after {
            return Heard::Nothing;
        }
        self.word_after *= 2;
        Heard::Long(self.time.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is heard where something comes after each of these pauses, with the second of it.
    fn heard(pauses_s: &[u32], max_s: u64) -> Vec<Heard> {
        let mut silence = Silence::new(Duration::from_secs(max_s));
        let looks = pauses_s.iter().flat_map(|s| (0..s * 10).map(|look| look == 0));
        looks.map(|came| silence.look(came)).filter(|heard| *heard != Heard::Nothing).collect()
    }

    #[test]
    fn silence_is_told_and_ends_and_anything_breaks_it() {
        assert_eq!(heard(&[29, 29, 29], 100), []);
        assert_eq!(heard(&[40, 40], 100), [Heard::Long(30), Heard::Long(30)]);
        let ending = heard(&[101], 100);
        assert_eq!(ending[..3], [Heard::Long(30), Heard::Long(60), Heard::TooLong(100)]);
    }

    #[test]
    fn a_stop_ends_it() {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let limits = Limits { stop: &|| true, silence_max: Duration::MAX };
        let work = std::future::pending::<Result<(), ExportError>>();
        let ended = runtime.block_on(attend(limits, &Cell::new(false), &|_| {}, work));
        assert!(matches!(ended, Err(ExportError::Stopped)), "{ended:?}");
    }
}
