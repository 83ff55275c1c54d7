//! An event of a task's story in words.

use super::event::Told;
use crate::model::kind::EventKind;

/// What is said of the kinds that a task's story is made of; of any other, its own name.
const SAID: [(EventKind, &str); 41] = [
    (EventKind::TaskCreated, "created"),
    (EventKind::TaskClaimed, "claimed"),
    (EventKind::TaskClaimRecorded, "claimed, by its row"),
    (EventKind::TaskClaimInferred, "must have been claimed: its row implies it"),
    (EventKind::TaskStarted, "its worker began to work on it"),
    (EventKind::TaskRecovered, "its worker took it up again"),
    (EventKind::TaskListedActive, "listed as in progress"),
    (EventKind::TaskListedAmbiguous, "a task with such a short id listed as in progress"),
    (
        EventKind::TaskHeldAtKill,
        "begun then, say the diagnostics of its worker, which was killed with it in hand",
    ),
    (EventKind::TaskHandlerSucceeded, "its worker is done, not yet uploaded"),
    (EventKind::TaskHandlerFailed, "its worker failed on it"),
    (EventKind::TaskRetryScheduled, "its worker asks for another try"),
    (EventKind::GenerationFailed, "the engine failed"),
    (EventKind::TaskStatusUpdated, "its status was written"),
    (EventKind::TaskStatusRefused, "a change of its status was refused"),
    (EventKind::TaskResetListed, "put back into the queue, by name"),
    (EventKind::TasksReset, "put back into the queue, with the tasks of its worker"),
    (EventKind::TasksSwept, "put back into the queue, by a sweep of dead workers' tasks"),
    (EventKind::WorkerTasksReset, "put back into the queue, with the tasks of its worker"),
    (EventKind::TaskResetText, "put back, its row says"),
    (
        EventKind::TaskRequeueInferred,
        "must have gone back into the queue: a later claim implies it",
    ),
    (EventKind::TaskRevivalInferred, "must have come back after its end: a later claim implies it"),
    (EventKind::TaskEndInferred, "must have ended: who undid that says so"),
    (EventKind::WorkerSelfTerminated, "its worker gave itself up"),
    (EventKind::WorkerCrashed, "its worker's process was reported dead"),
    (EventKind::WorkerMarkedError, "its worker was marked as error"),
    (EventKind::CompletionRequested, "its worker asked to complete it"),
    (EventKind::CompletionAcknowledged, "the completion was acknowledged"),
    (EventKind::CompletionRepeated, "completed again"),
    (EventKind::CompletionFailed, "the completion failed"),
    (EventKind::TaskCompletionSaid, "said to be complete"),
    (EventKind::TaskFailureSaid, "said to have failed"),
    (EventKind::GenerationCreated, "a generation was created"),
    (EventKind::GenerationCreationFailed, "the generation could not be created"),
    (EventKind::GenerationSkipped, "the generation was left out"),
    (EventKind::UploadFailed, "the upload failed"),
    (EventKind::UploadFellBack, "the provider's URL stands in for the upload"),
    (EventKind::TaskCompleted, "Complete, by its row"),
    (EventKind::TaskFailed, "Failed, by its row"),
    (EventKind::TaskCancelled, "Cancelled, by its row"),
    (EventKind::WorkerLogged, "its worker wrote about it"),
];

/// What happened, with what the row says of it.
pub(super) fn sentence(event: &Told) -> String {
    let known = SAID.iter().find(|(kind, _)| *kind == event.kind).map(|(_, said)| *said);
    let what = known.map_or_else(|| event.kind.name().replace('_', " "), str::to_string);
    // a worker's lines say as many things as there are: they are told by their number
    if event.kind == EventKind::WorkerLogged {
        return what;
    }
    let status = event.said("new_status").or_else(|| event.said("status"));
    let said = ["text", "reason", "url"].iter().find_map(|name| event.said(name));
    let said = event.error().or(said);
    let mode = event.said("mode").filter(|_| event.kind == EventKind::CompletionRequested);
    let through = event.said("function");
    let mut parts = vec![what];
    parts.extend(status.filter(|_| event.kind == EventKind::TaskStatusUpdated).map(str::to_string));
    parts.extend(said.map(str::to_string));
    parts.extend(mode.map(str::to_string));
    let through = through.map(|name| format!(" ({name})")).unwrap_or_default();
    format!("{}{through}", parts.join(": "))
}
