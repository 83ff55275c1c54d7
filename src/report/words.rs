//! Values as a person reads them: instants in their zone with an age, durations, shares, money.

use jiff::tz::TimeZone;

use crate::answers::page::Value;
use crate::model::time::Micros;
use crate::report::plain::printable;

const MINUTE_S: f64 = 60.0;
const HOUR_S: f64 = 3600.0;
const DAY_S: f64 = 86_400.0;

/// What stands where nothing is known.
pub const NOTHING: &str = "-";

/// A value without its age.
pub fn plain(value: &Value, zone: &TimeZone) -> String {
    match value {
        Value::Missing => NOTHING.to_string(),
        Value::Text(text) | Value::Id(text) => printable(text),
        Value::Time(at) => instant(*at, zone),
        Value::Seconds(seconds) => duration(*seconds),
        Value::Count(count) => count.to_string(),
        Value::Number(number) => number_of(*number),
        Value::Share(share) => format!("{:.1} %", share * 100.0),
        // a sum of nothing may be a negative zero
        Value::Money(dollars) => format!("${:.2}", dollars + 0.0),
        Value::Flag(yes) => if *yes { "yes" } else { "no" }.to_string(),
        Value::List(values) if values.is_empty() => NOTHING.to_string(),
        Value::List(values) => {
            values.iter().map(|value| plain(value, zone)).collect::<Vec<_>>().join(", ")
        }
    }
}

/// The same; an instant with how long before (or after) another it was.
pub fn with_age(value: &Value, zone: &TimeZone, now: Option<Micros>) -> String {
    match (value, now) {
        (Value::Time(at), Some(now)) => format!("{} ({})", instant(*at, zone), age(*at, now)),
        (value, _) => plain(value, zone),
    }
}
/// `2026-01-05 17:55:00.123` in a zone; what no calendar has, in microseconds.
pub fn instant(at: Micros, zone: &TimeZone) -> String {
    match jiff::Timestamp::from_microsecond(at.0) {
        Ok(instant) => {
            let local = zone.to_datetime(instant);
            let millis = local.subsec_nanosecond() / 1_000_000;
            format!("{}.{millis:03}", local.strftime("%Y-%m-%d %H:%M:%S"))
        }
        Err(_) => at.to_string(),
    }
}

/// `12 min 3 s ago`, `in 4.0 s`.
pub fn age(at: Micros, now: Micros) -> String {
    let seconds = now.seconds_since(at);
    if seconds < 0.0 {
        format!("in {}", duration(-seconds))
    } else {
        format!("{} ago", duration(seconds))
    }
}

/// A duration in the two units that matter.
pub fn duration(seconds: f64) -> String {
    if seconds < 0.0 {
        return format!("-{}", duration(-seconds));
    }
    // what rounds up to the next unit is written in that
    let whole = seconds.round();
    if seconds < 9.95 {
        format!("{seconds:.1} s")
    } else if whole < MINUTE_S {
        format!("{whole:.0} s")
    } else if whole < HOUR_S {
        two(whole, MINUTE_S, "min", 1.0, "s")
    } else if whole < DAY_S {
        two((whole / MINUTE_S).round() * MINUTE_S, HOUR_S, "h", MINUTE_S, "min")
    } else {
        two((whole / HOUR_S).round() * HOUR_S, DAY_S, "d", HOUR_S, "h")
    }
}

fn two(seconds: f64, large_s: f64, large: &str, small_s: f64, small: &str) -> String {
    let (whole, rest) = ((seconds / large_s).floor(), (seconds % large_s / small_s).floor());
    if rest == 0.0 { format!("{whole} {large}") } else { format!("{whole} {large} {rest} {small}") }
}

fn number_of(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_the_two_units_that_matter() {
        for (seconds, told) in [
            (0.0, "0.0 s"),
            (9.949, "9.9 s"),
            (9.96, "10 s"),
            (59.4, "59 s"),
            (59.6, "1 min"),
            (61.0, "1 min 1 s"),
            (3599.7, "1 h"),
            (7_500.0, "2 h 5 min"),
            (86_399.0, "24 h"),
            (100_800.0, "1 d 4 h"),
            (-5.0, "-5.0 s"),
        ] {
            assert_eq!(duration(seconds), told, "{seconds}");
        }
    }

    #[test]
    fn an_instant_is_told_in_its_zone_with_its_age() {
        let at = Micros::parse("2026-01-05T17:55:00.1239Z").expect("an instant");
        let now = at.plus_seconds(90.0);
        assert_eq!(
            with_age(&Value::Time(at), &TimeZone::UTC, Some(now)),
            "2026-01-05 17:55:00.123 (1 min 30 s ago)"
        );
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(plain(&Value::Time(at), &zone), "2026-01-05 19:55:00.123");
        assert_eq!(age(now, at), "in 1 min 30 s");
    }

    #[test]
    fn values_have_their_units() {
        let plain = |value: &Value| plain(value, &TimeZone::UTC);
        assert_eq!(plain(&Value::Share(0.125)), "12.5 %");
        assert_eq!(plain(&Value::Money(0.689)), "$0.69");
        assert_eq!(plain(&Value::Money(-0.0)), "$0.00");
        assert_eq!(plain(&Value::Number(2.50)), "2.5");
        assert_eq!(plain(&Value::Missing), "-");
        assert_eq!(plain(&Value::List(vec![Value::Count(1), Value::Flag(true)])), "1, yes");
    }
}
