//! `repeat 30s 09:00:00..10:00:00 LINE`: a line over and over, as a living process writes it.

use crate::cases::error::Problem;

const DAY_S: u32 = 24 * 60 * 60;

/// The lines of a repetition: `{time}` stands for the time of each and `{n}` for its number from 1.
pub(super) fn repeated(rest: &str) -> Result<Vec<String>, Problem> {
    let mut parts = rest.splitn(3, ' ');
    let (Some(step), Some(span), Some(line)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("a repetition is written `repeat 30s 09:00:00..10:00:00 LINE`".to_string());
    };
    let step: u32 = step
        .strip_suffix('s')
        .and_then(|step| step.parse().ok())
        .filter(|step| *step > 0)
        .ok_or("the step is written `30s`")?;
    let (from, until) = span.split_once("..").ok_or("the span is written `09:00:00..10:00:00`")?;
    let (from, until) = (seconds(from)?, seconds(until)?);
    let mut lines = Vec::new();
    let mut at = from;
    while at <= until {
        let time = format!("{:02}:{:02}:{:02}", at / 3600, at / 60 % 60, at % 60);
        let number = (lines.len() + 1).to_string();
        lines.push(line.replace("{time}", &time).replace("{n}", &number));
        at += step;
    }
    Ok(lines)
}

fn seconds(time: &str) -> Result<u32, Problem> {
    let mut total = 0;
    let mut parts = 0;
    for part in time.split(':') {
        let part: u32 = part.parse().map_err(|_| format!("`{time}` is no time of a day"))?;
        total = total * 60 + part;
        parts += 1;
    }
    if parts == 3 && total < DAY_S {
        Ok(total)
    } else {
        Err(format!("`{time}` is no time of a day"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_repeated_with_its_time_and_number() {
        let lines = repeated("30s 09:59:30..10:00:10 log {time} gpu#{n} INFO x").expect("lines");
        assert_eq!(lines, ["log 09:59:30 gpu#1 INFO x", "log 10:00:00 gpu#2 INFO x"]);
        for bad in ["30 09:00:00..10:00:00 x", "0s 09:00:00..10:00:00 x", "1s 9..10 x", "1s x"] {
            assert!(repeated(bad).is_err(), "{bad}");
        }
    }
}
