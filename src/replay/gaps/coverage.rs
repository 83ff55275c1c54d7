//! Every source cut into stretches that touch: reachable, or not and why.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::event::SourceKey;
use crate::model::state::GapCause;
use crate::model::time::Micros;
use crate::replay::gaps::Gap;

/// A stretch of one source with whether its lines could have reached us.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// Source type and id.
    pub source: SourceKey,
    /// What of it: its id for all its lines, else a kind of event that it does not log any more.
    pub entity: Arc<str>,
    /// From.
    pub from: Micros,
    /// Until.
    pub until: Micros,
    /// The cause, where it could not.
    pub why_not: Option<GapCause>,
}

/// The stretches of all sources. Where gaps overlap, the cause declared first in [`GapCause`] counts.
pub(super) fn of(gaps: &[Gap], spans: &BTreeMap<SourceKey, (Micros, Micros)>) -> Vec<Coverage> {
    let mut coverage = Vec::new();
    for (source, (from, until)) in spans {
        let first = gaps.partition_point(|gap| gap.source < *source);
        let gaps = gaps[first..].iter().take_while(|gap| gap.source == *source);
        let mut turns: Vec<(Micros, GapCause, bool)> = gaps
            .flat_map(|gap| [(gap.began_at, gap.cause, true), (gap.ended_at, gap.cause, false)])
            .collect();
        turns.sort_unstable();
        stretches(source, (*from, *until), &turns, &mut coverage);
    }
    coverage
}

/// Walks the begins and ends of gaps; a stretch ends where the cause changes.
fn stretches(
    source: &SourceKey,
    (begin, until): (Micros, Micros),
    turns: &[(Micros, GapCause, bool)],
    out: &mut Vec<Coverage>,
) {
    let mut open: BTreeMap<GapCause, u32> = BTreeMap::new();
    let (mut from, mut why) = (begin, None);
    let mut stretch = |from: Micros, until: Micros, why_not: Option<GapCause>| {
        if from < until {
            let (source, entity) = (source.clone(), source.1.clone());
            out.push(Coverage { source, entity, from, until, why_not });
        }
    };
    for (place, (at, cause, begins)) in turns.iter().enumerate() {
        let count = open.entry(*cause).or_insert(0);
        *count = if *begins { *count + 1 } else { count.saturating_sub(1) };
        open.retain(|_, count| *count > 0);
        // what turns at one instant turns together
        let more = turns.get(place + 1).is_some_and(|next| next.0 == *at);
        let now = open.keys().next().copied();
        if !more && now != why {
            stretch(from, *at, why);
            (from, why) = (*at, now);
        }
    }
    stretch(from, until, why);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::Basis;

    fn covered(gaps: &[(i64, i64, GapCause)]) -> Vec<(i64, i64, Option<GapCause>)> {
        let source: SourceKey = Arc::new(("worker".into(), "w".into()));
        let gaps: Vec<Gap> = gaps
            .iter()
            .map(|(began, ended, cause)| Gap {
                source: source.clone(),
                began_at: Micros(*began),
                ended_at: Micros(*ended),
                cause: *cause,
                basis: Basis::Logged,
                run: None,
                why: String::new(),
            })
            .collect();
        let spans = BTreeMap::from([(source, (Micros(0), Micros(100)))]);
        of(&gaps, &spans).into_iter().map(|c| (c.from.0, c.until.0, c.why_not)).collect()
    }

    #[test]
    fn stretches_touch_and_do_not_overlap() {
        use GapCause::{LoggingOutage, ProcessDown, Retention, Unsent};
        assert_eq!(covered(&[]), [(0, 100, None)]);
        assert_eq!(
            covered(&[(0, 10, Retention), (40, 60, LoggingOutage), (40, 45, Unsent)]),
            [
                (0, 10, Some(Retention)),
                (10, 40, None),
                (40, 45, Some(Unsent)),
                (45, 60, Some(LoggingOutage)),
                (60, 100, None)
            ]
        );
        // gaps that touch with one cause are one stretch
        let twice = [(10, 20, ProcessDown), (20, 100, ProcessDown)];
        assert_eq!(covered(&twice), [(0, 10, None), (10, 100, Some(ProcessDown))]);
    }
}
