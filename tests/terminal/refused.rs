//! Values of options that nobody can have meant.

use super::outage;

#[test]
fn an_offset_that_no_clock_has_is_refused() {
    let bench = outage();
    for zone in ["+25:00", "+14:30", "-12:01", "-23:30"] {
        let ran = bench.run("pods", "s", &["--tz", zone]);
        assert_eq!(ran.code, 2, "{zone}");
        assert!(ran.stderr.contains("from -12:00 to +14:00"), "{zone}: {}", ran.stderr);
    }
    for (zone, hour) in [("-05:00", "13"), ("+14:00", "08"), ("UTC", "18")] {
        let said = bench.run("pods", "s", &["--tz", zone]).ok();
        assert!(said.contains(&format!(" {hour}:16:02.000 {zone}")), "{zone}: {said}");
        // times in sentences and messages stand as they were written
        assert_eq!(said.contains("times inside sentences are UTC"), zone != "UTC", "{said}");
    }
}
