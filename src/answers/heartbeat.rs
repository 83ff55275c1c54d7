//! How fresh a heartbeat is, in the classes that people know from the old tool.

use crate::model::time::Micros;

/// Younger than this, a heartbeat is healthy, in seconds (domain/orchestrator.md 6, `worker`).
pub(in crate::answers) const HEALTHY_S: f64 = 60.0;
/// Younger than this, it is a warning; older, it is stale (domain/orchestrator.md 6, `worker`).
const WARNING_S: f64 = 300.0;
/// The row itself was made with a heartbeat; a true one comes later than this after its creation, in seconds
/// (domain/orchestrator.md 1.3, 2.1).
const REAL_AFTER_S: f64 = 5.0;

/// The class of a worker's last heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heartbeat {
    /// Under 60 s old.
    Healthy,
    /// Under 300 s old.
    Warning,
    /// Older.
    Stale,
    /// None: the column is empty, or holds what the row was made with.
    None,
    /// The row keeps its last heartbeat alone, and that came after the instant told of.
    Unknown,
}

impl Heartbeat {
    /// The class at an instant. A row without a heartbeat has none: it is neither healthy nor forgotten.
    pub fn at(now: Micros, created_at: Option<Micros>, last: Option<Micros>) -> Self {
        Self::as_of(now, created_at, last, last)
    }

    /// The same where `last` is the last one that is known to have come by then, and the row holds `kept`: a
    /// fresh one is fresh, but that it is old says nothing once a later one has taken its place.
    pub fn as_of(
        now: Micros,
        created_at: Option<Micros>,
        last: Option<Micros>,
        kept: Option<Micros>,
    ) -> Self {
        match (Self::class(now, created_at, last), kept) {
            (class @ Self::Healthy, _) => class,
            (Self::Warning | Self::Stale | Self::None, Some(kept)) if kept > now => Self::Unknown,
            (class @ (Self::Warning | Self::Stale | Self::None | Self::Unknown), _) => class,
        }
    }

    fn class(now: Micros, created_at: Option<Micros>, last: Option<Micros>) -> Self {
        let Some(last) = last else { return Self::None };
        if created_at.is_some_and(|created| last.seconds_since(created).abs() <= REAL_AFTER_S) {
            return Self::None;
        }
        match now.seconds_since(last) {
            age if age < HEALTHY_S => Self::Healthy,
            age if age < WARNING_S => Self::Warning,
            _ => Self::Stale,
        }
    }

    /// The old tool's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "HEALTHY",
            Self::Warning => "WARNING",
            Self::Stale => "STALE",
            Self::None => "NONE",
            Self::Unknown => "NOT KNOWN",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_heartbeat_and_that_of_the_insert_are_none() {
        let created = Micros::parse("2026-01-05T09:00:00Z").expect("an instant");
        let after = |seconds: f64| Some(created.plus_seconds(seconds));
        let now = created.plus_seconds(1000.0);
        for (last, class) in [
            (None, Heartbeat::None),
            (after(0.2), Heartbeat::None),
            (after(941.0), Heartbeat::Healthy),
            (after(940.0), Heartbeat::Warning),
            (after(701.0), Heartbeat::Warning),
            (after(700.0), Heartbeat::Stale),
        ] {
            assert_eq!(Heartbeat::at(now, Some(created), last), class, "{last:?}");
        }
        assert_eq!(Heartbeat::at(now, None, after(990.0)), Heartbeat::Healthy);
        // a later heartbeat took its place: its age then is not known
        let later = after(2000.0);
        for (last, class) in [
            (after(990.0), Heartbeat::Healthy),
            (after(700.0), Heartbeat::Unknown),
            (None, Heartbeat::Unknown),
        ] {
            assert_eq!(Heartbeat::as_of(now, Some(created), last, later), class, "{last:?}");
        }
    }
}
