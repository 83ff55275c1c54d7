"""The small fold of peers.rs in polars: `fold.py EVENTS_PARQUET RUNS`. Prints its version, the stays, and the
least seconds from the file and from memory."""

import sys
import time

import polars as pl

MOVES = {
    "task_created": "queued",
    "task_reset_listed": "queued",
    "task_claimed": "in_progress",
    "task_claim_recorded": "in_progress",
    "task_completed": "complete",
    "task_failed": "failed",
    "task_cancelled": "cancelled",
}
COLUMNS = ["task_id", "happened_at", "event_id", "kind"]


def fold(events: pl.LazyFrame) -> int:
    """Events that move a task into its stays, of repeats the first; returns how many."""
    changed = (
        events.filter(pl.col("task_id").is_not_null() & pl.col("kind").is_in(list(MOVES)))
        .with_columns(state=pl.col("kind").replace_strict(MOVES))
        .sort("task_id", "happened_at", "event_id")
        .with_columns(before=pl.col("state").shift(1).over("task_id"))
        .filter(pl.col("state").ne_missing(pl.col("before")))
    )
    return changed.with_columns(left_at=pl.col("happened_at").shift(-1).over("task_id")).collect().height


def least(work, runs: int) -> tuple[float, int]:
    """The least seconds of some runs, and what they gave."""
    best, made = float("inf"), 0
    for _ in range(runs):
        began = time.perf_counter()
        made = work()
        best = min(best, time.perf_counter() - began)
    return best, made


path, runs = sys.argv[1], int(sys.argv[2])
held = pl.read_parquet(path, columns=COLUMNS)
in_memory, stays = least(lambda: fold(held.lazy()), runs)
from_file, _ = least(lambda: fold(pl.scan_parquet(path).select(COLUMNS)), runs)
print(pl.__version__, stays, in_memory, from_file)
