//! Instants as PostgreSQL and Python print them, quickly: lines come in order, so a second is
//! rendered once.

use serde::{Serialize, Serializer};

use crate::model::time::{Micros, SECOND};

/// Renders instants; remembers the last second.
#[derive(Default)]
pub(super) struct Stamp {
    second: Option<i64>,
    date: String,
    time: String,
}

impl Stamp {
    fn turn_to(&mut self, at: i64) {
        let second = at.div_euclid(SECOND);
        if self.second != Some(second) {
            self.second = Some(second);
            // 2026-01-12T06:00:00.000000Z
            let text = Micros(second * SECOND).to_string();
            self.date = text.get(..10).unwrap_or_default().to_string();
            self.time = text.get(11..19).unwrap_or_default().to_string();
        }
    }

    /// `2026-01-12 06:00:00.01+00`: no fraction when it is zero, no trailing zeros.
    pub(super) fn postgres(&mut self, at: i64, out: &mut Vec<u8>) {
        self.turn_to(at);
        out.extend_from_slice(self.date.as_bytes());
        out.push(b' ');
        out.extend_from_slice(self.time.as_bytes());
        let micros = at.rem_euclid(SECOND);
        if micros != 0 {
            out.push(b'.');
            let from = out.len();
            push_six_digits(micros, out);
            while out.len() > from && out.last() == Some(&b'0') {
                out.pop();
            }
        }
        out.extend_from_slice(b"+00");
    }
}

fn push_six_digits(micros: i64, out: &mut Vec<u8>) {
    let mut rest = micros;
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&digits);
}

/// `2026-01-12 06:00:00.01+00`
pub(super) fn postgres(at: i64) -> String {
    let mut out = Vec::new();
    Stamp::default().postgres(at, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// `2026-01-12T06:00:00.010000+00:00`, Python's `isoformat()`: no fraction when it is zero.
pub(super) fn iso(at: i64) -> String {
    let text = Micros(at).to_string();
    let whole = at.rem_euclid(SECOND) == 0;
    let end = if whole { 19 } else { text.len() - 1 };
    format!("{}+00:00", text.get(..end).unwrap_or_default())
}

/// The same with six digits always, as `truth.json` has it.
pub(super) fn truth(at: i64) -> String {
    let text = Micros(at).to_string();
    format!("{}+00:00", text.trim_end_matches('Z'))
}

/// An instant in an entry of `truth.json`.
#[derive(Clone, Copy, Debug)]
pub(super) struct At(pub(super) i64);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&truth(self.0))
    }
}

/// `06:00:00`
pub(super) fn time_of_day(at: i64) -> String {
    Micros(at).to_string().get(11..19).unwrap_or_default().to_string()
}

/// `20260112_060000`, as worker ids carry it.
pub(super) fn compact(at: i64) -> String {
    let text = Micros(at).to_string();
    text.get(..19).unwrap_or_default().replace(['-', ':'], "").replace('T', "_")
}

/// `2026-01-12-06h00m00s`, as files of results are named.
pub(super) fn file_name(at: i64) -> String {
    let text = Micros(at).to_string();
    let part = |from, to| text.get(from..to).unwrap_or_default();
    format!("{}-{}h{}m{}s", part(0, 10), part(11, 13), part(14, 16), part(17, 19))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_cuts_trailing_zeros_and_python_does_not() {
        let at = 1_762_178_400_010_000;
        assert_eq!(postgres(at), "2025-11-03 14:00:00.01+00");
        assert_eq!(postgres(at - 10_000), "2025-11-03 14:00:00+00");
        assert_eq!(iso(at), "2025-11-03T14:00:00.010000+00:00");
        assert_eq!(iso(at - 10_000), "2025-11-03T14:00:00+00:00");
        assert_eq!(compact(at), "20251103_140000");
        assert_eq!(file_name(at), "2025-11-03-14h00m00s");
    }
}
