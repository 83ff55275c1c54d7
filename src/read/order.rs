//! Which of two events came first, asked in SQL.

/// `happened_before(event_id_a, event_id_b)`: what [`Before`](crate::model::order::Before) says of the
/// bounds of two events; NULL where one of them is not there (with an instant: had not happened yet).
///
/// A macro is pasted where it is called, so its names must be nobody else's.
pub(super) const HAPPENED_BEFORE: &str = "create macro happened_before(event_id_a, event_id_b) as (\
    select case when _first_.latest < _second_.earliest then 'yes' \
        when _second_.latest < _first_.earliest then 'no' else 'undecidable' end \
    from events as _first_, events as _second_ \
    where _first_.event_id = event_id_a and _second_.event_id = event_id_b)";
