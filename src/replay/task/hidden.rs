//! What the row implies and no line tells: bounded, never dated exactly, and no worker named.

use crate::events::row_events::{put_back_at, reset_text};
use crate::model::column::Column;
use crate::model::event::{Event, Further};
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::Claim;
use crate::replay::task::ends::Final;
use crate::replay::task::requeues::{self, Requeue};
use crate::replay::task::world::World;

/// Between a requeue that nothing tells and the next claim lay at most 35 s (evidence-rules class 6);
/// the middle of half a minute is said.
const BEFORE_CLAIM_S: f64 = 15.0;
/// So many failures that are counted end a task for good (evidence-rules fact 8).
const ATTEMPTS_MAX: i64 = 3;
/// More claims than these no row counts truly: a sweep that counts takes a task up to the third time.
const MISSING_MAX: usize = 100;
/// Why a way back into the queue is certain.
const LATER_CLAIM: &str = "a later claim implies it";
const WAITS: &str = "its row says that it waits";
const EMPTIED: &str = "its row has the claim no more";

/// The requeue that a later claim implies: the kill of the holder, or its end, where that lies between, else
/// shortly before that claim; bounded by both (evidence-rules fact 10).
pub(crate) fn requeue(
    row: &TaskRow,
    claim: &Claim,
    next: Option<&Claim>,
    world: &World<'_>,
) -> Option<Requeue> {
    let latest = next.map_or_else(|| world.ended_or_later(claim), |next| next.at);
    // the row says that it waits, and not since when: it was seen much later
    let bound = next.map_or(world.seen_at().map_or(latest, |seen| seen.max(latest)), |_| latest);
    let why = if next.is_some() { LATER_CLAIM } else { WAITS };
    let holder = claim.worker.as_ref();
    let condemned = holder.and_then(|worker| world.condemned(worker, claim.at, latest));
    let ended = condemned.or_else(|| world.ended(holder?));
    let middle = Micros(claim.at.0 + (latest.0 - claim.at.0) / 2);
    let near = ended
        .filter(|at| claim.at < *at && *at < latest)
        .unwrap_or_else(|| latest.plus_seconds(-BEFORE_CLAIM_S).max(middle));
    let made =
        event(row, EventKind::TaskRequeueInferred, near, (claim.at, bound), &claim.at.to_string());
    Some(Requeue::implied(made, why))
}

/// The way back into the queue that a claim after an end implies: shortly before that claim.
pub(crate) fn revival(row: &TaskRow, end: Micros, claim: Micros) -> Event {
    let middle = Micros(end.0 + (claim.0 - end.0) / 2);
    let near = claim.plus_seconds(-BEFORE_CLAIM_S).max(middle);
    event(row, EventKind::TaskRevivalInferred, near, (end, claim), &end.to_string())
}

/// The end that a row undid, between the last sign of the open task and that row: which names it.
pub(crate) fn end(row: &TaskRow, since: Micros, undone: &Event) -> Event {
    let middle = Micros(since.0 + (undone.at.0 - since.0) / 2);
    let (of, bounds) = ((&row.id, Column::Status), (since, undone.at));
    let kind = EventKind::TaskEndInferred;
    let made = Event::implied_by_task(of, kind, middle, bounds, &undone.at.to_string());
    let further = Further { confirmed_by: vec![undone.evidence.clone()], ..Further::default() };
    Event { further: Some(Box::new(further)), ..made }
}

impl World<'_> {
    fn ended_or_later(&self, claim: &Claim) -> Micros {
        let ended = claim.worker.as_ref().and_then(|worker| self.ended(worker));
        ended
            .filter(|at| claim.at < *at)
            .unwrap_or_else(|| claim.at.plus_seconds(BEFORE_CLAIM_S * 2.0))
    }
}

/// Adds the claims that the row counts and no witness tells, where the task is thought to have waited longest.
pub(crate) fn complete(
    row: &TaskRow,
    events: &[Seen<'_>],
    claims: &mut Vec<Claim>,
    requeues: &mut Vec<Option<Requeue>>,
    end: Option<&Final>,
    world: &World<'_>,
) {
    let beyond = row.created_at.zip(world.oldest_log()).is_some_and(|(made, log)| made < log);
    let missing = counted(row, requeues, beyond).saturating_sub(claims.len()).min(MISSING_MAX);
    let over = over(row, claims, end, world);
    let Some(wait) = (missing > 0).then(|| longest_wait(row, claims, requeues, over)).flatten()
    else {
        return;
    };
    let step = (wait.until.0 - wait.from.0) / (missing as i64 * 2 + 1);
    let is_at_end = wait.place == claims.len();
    // where lines of the others reached us, which of them is missing is not known
    let latest = end.filter(|_| !beyond).map_or(wait.until, |end| end.at);
    let bounds = (row.created_at.unwrap_or(wait.from), latest);
    let mut at = wait.from;
    for n in 0..missing {
        let is_latest = is_at_end && n + 1 == missing;
        let stays = is_latest && ends_in_progress(row);
        let known = if stays { row.started_at } else { swept_after(row).filter(|_| is_latest) };
        let known = known.filter(|known| wait.from < *known && *known < wait.until);
        at = Micros(at.0 + step);
        let value = n.to_string();
        let claim_at = known.unwrap_or(at);
        let made = event(row, EventKind::TaskClaimInferred, claim_at, bounds, &value);
        claims.insert(wait.place + n, Claim::implied(made));
        at = match known {
            Some(known) => known.plus_seconds(swept_age_s(row).max(BEFORE_CLAIM_S)).min(wait.until),
            None => Micros(at.0 + step),
        };
        let listed = known.and_then(|known| listed_after(events, known));
        let back = || listed.unwrap_or_else(|| back(row, is_latest, (at, bounds), &value));
        let back = (!stays).then(back);
        requeues.insert(wait.place + n, back);
    }
}

/// The way back into the queue after a claim that only the row counts.
fn back(
    row: &TaskRow,
    is_latest: bool,
    (at, bounds): (Micros, (Micros, Micros)),
    value: &str,
) -> Requeue {
    let after_all = if row.status == "Queued" { WAITS } else { EMPTIED };
    let why = if is_latest { after_all } else { LATER_CLAIM };
    let told = put_back_at(row).filter(|_| is_latest).map(|told| (told, (told, told)));
    let (at, bounds) = told.unwrap_or((at, bounds));
    Requeue::implied(event(row, EventKind::TaskRequeueInferred, at, bounds, value), why)
}

/// A time in the queue, and the place of the claim that ends it.
struct Wait {
    place: usize,
    from: Micros,
    until: Micros,
}

/// When its last time in the queue was over, as far as that is told: by the claim that the row keeps, or by its end;
/// of one that waits again, by the text that says since when, or else when it was seen.
fn over(row: &TaskRow, claims: &[Claim], end: Option<&Final>, world: &World<'_>) -> Option<Micros> {
    let told = row.started_at.filter(|_| claims.is_empty()).or(end.map(|end| end.at));
    let waits = row.status == "Queued" && claims.is_empty();
    told.or_else(|| put_back_at(row).or(world.seen_at()).filter(|_| waits))
}

/// The claim of a task that a sweep put back: the sweeps leave the time that the claim wrote (domain/worker-app.md T2,
/// T10).
fn swept_after(row: &TaskRow) -> Option<Micros> {
    let is_swept = row.status == "Queued" && reset_text(row)?.starts_with("Reset ");
    row.updated_at.filter(|at| is_swept && row.created_at < Some(*at))
}

/// How long a task showed nothing before the sweep of its text takes it (domain/orchestrator.md section 3).
fn swept_age_s(row: &TaskRow) -> f64 {
    let text = reset_text(row).unwrap_or_default();
    let minutes = text.split(' ').find_map(|word| word.parse::<u16>().ok());
    if text.starts_with("Reset - no activity") {
        f64::from(minutes.unwrap_or(30)) * 60.0
    } else if text.starts_with("Reset - stuck in progress") {
        900.0
    } else if text.starts_with("Reset - orphaned from API worker") {
        300.0
    } else {
        0.0
    }
}

/// The sweep that says that it put the task back after an instant.
fn listed_after(events: &[Seen<'_>], after: Micros) -> Option<Requeue> {
    let listed = |event: &&Seen<'_>| event.kind == EventKind::TaskResetListed && after < event.at;
    events.iter().find(listed).map(|event| requeues::listed(event))
}

/// Whether its last claim lasted until its end, and was not put back before it: a reset empties the worker and the time
/// of the claim, and neither a failure nor a cancellation does (domain/worker-app.md T7 to T14). The last failure that
/// is counted, and a crash after it, end the task where it is (evidence-rules fact 8, T11).
fn ends_in_progress(row: &TaskRow) -> bool {
    let keeps_claim = row.worker.is_some() || row.started_at.is_some();
    let is_crash = row.error_message.as_deref().unwrap_or("").starts_with("Failed: worker crashed");
    let is_counted = row.attempts >= ATTEMPTS_MAX && !row.is_failed_by_others();
    let (failed, cancelled) = (row.status == "Failed", row.status == "Cancelled");
    let stays = failed && (is_crash || is_counted);
    row.status != "Queued" && (keeps_claim || stays || !(failed || cancelled))
}

/// The longest of a task's times in the queue.
fn longest_wait(
    row: &TaskRow,
    claims: &[Claim],
    requeues: &[Option<Requeue>],
    over: Option<Micros>,
) -> Option<Wait> {
    let until = |place: usize| claims.get(place).map(|claim| claim.at).or(over);
    let back = requeues.iter().enumerate();
    let back = back.filter_map(|(n, requeue)| Some((n + 1, requeue.as_ref()?.at)));
    let waits = row.created_at.map(|created| (0, created)).into_iter().chain(back);
    let waits = waits.filter_map(|(place, from)| Some(Wait { place, from, until: until(place)? }));
    // the first of those that are as long
    waits.filter(|wait| wait.from < wait.until).min_by_key(|wait| wait.from.0 - wait.until.0)
}

/// How many claims the row counts (evidence-rules classes 16 and 17, fact 8): `attempts` counts
/// failures that were reported and API resets; a reset text proves at least one earlier claim. Where no line can tell
/// of a failure that was not counted, the holder of a failed row counts as well.
fn counted(row: &TaskRow, requeues: &[Option<Requeue>], beyond: bool) -> usize {
    let told = requeues.iter().flatten().count();
    let attempts = usize::try_from(row.attempts).unwrap_or(0);
    // its last child completes an orchestrator task that waits again, too (domain/worker-app.md T5)
    let waits = row.is_orchestrator() && row.worker.is_none();
    let holds = row.status == "In Progress" || (row.status == "Complete" && !waits);
    let is_holder = row.status == "Failed" && row.worker.is_some();
    // a crash that finds them all used up counts none (domain/worker-app.md T11)
    let is_uncounted = row.attempts < ATTEMPTS_MAX || row.is_failed_by_others();
    // a retry empties the worker: who stands there claimed it after the last one that is counted (T9)
    let is_retried = row.worker.is_some()
        && matches!(row.status.as_str(), "Failed" | "Cancelled")
        && reset_text(row).is_some_and(|text| text.starts_with("Retry "));
    let failed_holding = (beyond && is_holder && is_uncounted) || is_retried;
    let by_attempts = attempts + usize::from(attempts > 0 && (holds || failed_holding));
    // a reset empties the worker: who stands there now claimed it after (domain/worker-app.md T10)
    let claimed_since = holds || row.worker.is_some();
    let one_more = usize::from(claimed_since);
    let by_text = if reset_text(row).is_some() && told == 0 { 1 + one_more } else { 0 };
    by_attempts.max(by_text)
}

/// What the count of attempts in the row implies.
fn event(
    row: &TaskRow,
    kind: EventKind,
    at: Micros,
    bounds: (Micros, Micros),
    value: &str,
) -> Event {
    Event::implied_by_task((&row.id, Column::Attempts), kind, at, bounds, value)
}
