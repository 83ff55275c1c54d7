//! Short names in a case, and the ids they stand for.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::cases::error::Problem;
use crate::model::time::Micros;

/// A short name inside braces.
static IDS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{([wetpgvu]\d+|api)\}").ok());
/// A time of the case's day, or of another.
static TIMES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"@((?:\d{4}-\d\d-\d\dT)?)(\d\d:\d\d:\d\d(?:\.\d+)?)").ok());

/// The full id behind a short name: `w1` a worker of a pod, `e1` one of a pod outside the pool, `api` that of the
/// API orchestrator, `t1` a task, `g1` a generation, `v1` a variant, `u1` a project, `p1` a pod.
pub fn id_of(short: &str, day: &str) -> Result<String, Problem> {
    if short == "api" {
        return Ok("api-worker-main".to_string());
    }
    let unknown = || format!("`{short}` is no short name (w1, e1, t1, g1, v1, u1, p1, api)");
    let (kind, number) = short.split_at_checked(1).ok_or_else(unknown)?;
    let number: u32 = number.parse().map_err(|_| unknown())?;
    let uuid = |family: &str| format!("00000000-0000-4000-{family}-{number:012}");
    match kind {
        "w" => Ok(format!("gpu-{}_090000-aaaaaaa{number}", day.replace('-', ""))),
        "e" => Ok(format!("live-test-aaaaaaa{number}")),
        "t" => Ok(uuid("8000")),
        "g" => Ok(uuid("a000")),
        "v" => Ok(uuid("b000")),
        "u" => Ok(uuid("8fff")),
        "p" => Ok(format!("pod{number:011}")),
        _ => Err(unknown()),
    }
}

/// Puts ids for `{w1}` and times for `@10:00:02` into a text.
pub(super) fn filled(text: &str, day: &str) -> String {
    let mut text = text.to_string();
    if let Some(ids) = &*IDS {
        let id = |found: &Captures<'_>| id_of(&found[1], day).unwrap_or_default();
        text = ids.replace_all(&text, id).into_owned();
    }
    if let Some(times) = &*TIMES {
        let time = |found: &Captures<'_>| match &found[1] {
            "" => format!("{day}T{}+00:00", &found[2]),
            other => format!("{other}{}+00:00", &found[2]),
        };
        text = times.replace_all(&text, time).into_owned();
    }
    text
}

/// A time of the case's day, `09:00:00`, or of another, `2026-01-11T09:00:00`, as the source writes it.
pub(super) fn at(day: &str, time: &str) -> Result<String, Problem> {
    let text = match time.split_once('T') {
        Some((day, time)) => format!("{day} {time}+00"),
        None => format!("{day} {time}+00"),
    };
    match Micros::parse(&text) {
        Some(_) => Ok(text),
        None => Err(format!(
            "`{time}` is no time: it is written 09:00:00, or 2026-01-11T09:00:00 of another day"
        )),
    }
}

/// The day of a case.
pub(super) fn day(text: &str) -> Result<String, Problem> {
    let is_day = text.len() == "2026-01-12".len();
    match Micros::parse(&format!("{text}T00:00:00")) {
        Some(_) if is_day => Ok(text.to_string()),
        Some(_) | None => Err(format!("`{text}` is no day: it is written 2026-01-12")),
    }
}

/// Checks the times inside texts, `@10:00:02`.
pub(super) fn check_times(text: &str, day: &str) -> Result<(), Problem> {
    let Some(times) = &*TIMES else { return Ok(()) };
    for found in times.captures_iter(text) {
        at(day, &format!("{}{}", &found[1], &found[2]))?;
    }
    Ok(())
}

/// Puts short names for ids, and times without the case's day.
pub fn shortened(line: &str, day: &str) -> String {
    let worker = format!("gpu-{}_090000-aaaaaaa", day.replace('-', ""));
    let mut line = line.replace(&format!("{day} "), "").replace(&format!("{day}T"), "");
    line = line.replace(".000000", "").replace("api-worker-main", "api");
    for (kind, prefix) in [
        ("w", worker.as_str()),
        ("e", "live-test-aaaaaaa"),
        ("t", "00000000-0000-4000-8000-"),
        ("g", "00000000-0000-4000-a000-"),
        ("v", "00000000-0000-4000-b000-"),
        ("u", "00000000-0000-4000-8fff-"),
        ("l", "00000000-0000-4000-9000-"),
        ("p", "pod"),
    ] {
        line = without_prefix(&line, prefix, kind);
    }
    line
}

/// `PREFIX000000000012` as `t12`.
fn without_prefix(line: &str, prefix: &str, kind: &str) -> String {
    let mut parts = line.split(prefix);
    let mut made = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        match part[..digits].parse::<u64>() {
            Ok(number) => made.push_str(&format!("{kind}{number}{}", &part[digits..])),
            Err(_) => made.push_str(&format!("{prefix}{part}")),
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_stands_for_an_id_and_comes_back() {
        let day = "2026-01-12";
        for short in ["w1", "e2", "t12", "g3", "v4", "u5", "p2", "api"] {
            let id = id_of(short, day).expect("a name");
            assert_eq!(shortened(&format!("[{id}]"), day), format!("[{short}]"));
        }
        assert!(id_of("x1", day).is_err() && id_of("t", day).is_err() && id_of("", day).is_err());
    }

    #[test]
    fn texts_are_filled_with_ids_and_times() {
        let told = filled("{w1} at @10:00:02.5, {t2} at @2026-01-11T09:00:00", "2026-01-12");
        assert_eq!(
            told,
            "gpu-20260112_090000-aaaaaaa1 at 2026-01-12T10:00:02.5+00:00, \
             00000000-0000-4000-8000-000000000002 at 2026-01-11T09:00:00+00:00"
        );
    }

    #[test]
    fn times_lose_their_day_and_a_fraction_of_nothing() {
        let line = "ended 2026-01-12 10:00:02.000000 and 2026-01-12T10:00:02.250000Z";
        assert_eq!(shortened(line, "2026-01-12"), "ended 10:00:02 and 10:00:02.250000Z");
    }
}
