//! Instants that our calendar has no place for, as PostgreSQL prints them.

use crate::model::time::{Micros, SECOND};

const DAY: i64 = 86_400 * SECOND;
/// Days from 0000-03-01, where years are easy to count, to 2000-01-01.
const DAYS_TO_2000: i64 = 730_425;

/// Whether a timestamp column can keep it: from year 1 to where times in text can still be parsed.
pub(super) fn is_in_calendar(at: Micros) -> bool {
    let year_1 = Micros(-62_135_596_800 * SECOND);
    at >= year_1 && at.is_in_calendar()
}

/// `0044-03-15 00:00:00+00 BC`, `10000-01-01 00:00:00.5+00`: microseconds since 2000 in ISO style.
pub(super) fn print(since_2000: i64, zone: &str) -> String {
    let (days, in_day) = (since_2000.div_euclid(DAY), since_2000.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let (seconds, fraction) = (in_day / SECOND, in_day % SECOND);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let (shown, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    let mut text = format!("{shown:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
    if fraction != 0 {
        text += format!(".{fraction:06}").trim_end_matches('0');
    }
    text + zone + era
}

/// Year, month, day of a day counted from 2000-01-01, in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_2000;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_like_postgresql() {
        // (select extract(epoch from t) - 946684800, t) on PostgreSQL 15.
        for (seconds, zone, want) in [
            (0, "+00", "2000-01-01 00:00:00+00"),
            (60, "", "2000-01-01 00:01:00"),
            (252_455_616_000, "+00", "10000-01-01 00:00:00+00"),
            (-64_464_508_800, "+00", "0044-03-15 00:00:00+00 BC"),
            (-211_781_865_600, "", "4713-11-24 00:00:00 BC"),
        ] {
            let text = print(seconds * SECOND, zone);
            assert_eq!(text, want);
        }
        assert_eq!(print(500_000, ""), "2000-01-01 00:00:00.5");
    }

    #[test]
    fn agrees_with_the_calendar_where_both_have_a_day() {
        for days in (-700_000..2_900_000).step_by(997) {
            let at = jiff::Timestamp::from_microsecond(946_684_800 * SECOND + days * DAY);
            let want = at.expect("within the calendar").strftime("%Y-%m-%d %H:%M:%S").to_string();
            assert_eq!(print(days * DAY, ""), want);
        }
    }
}
