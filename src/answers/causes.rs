//! Causes of a gap in words (docs/vocabulary.md, causes of a gap).

/// What a cause means to somebody who reads it for the first time.
pub fn told(cause: &str) -> &str {
    match cause {
        "no_such_source" => "it did not write to the log in those days",
        "not_exported" => {
            "nobody took these rows before they were deleted, or no process ran that could have written them"
        }
        "retention" => "rows of that time had been deleted",
        "unsent" => "its last lines were not sent before it stopped",
        "dropped" => "its log handler dropped lines",
        "level_demoted" => "lines of this kind are of a level that is no longer stored",
        "logging_outage" => "it or another process in its place acted and did not log",
        "process_down" => "the process did not run",
        "not_started" => "it had not begun to log",
        "no_heartbeat" => "its lines travel with its heartbeats, and none came",
        "unknown" => "not knowable",
        other => other,
    }
}
