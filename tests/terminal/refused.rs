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

#[test]
fn a_price_that_no_machine_has_is_refused() {
    let bench = outage();
    for price in ["1e308", "-1", "NaN", "inf", "100001", "cheap"] {
        for verb in ["pods", "findings"] {
            let ran = bench.run(verb, "s", &["--price", price]);
            assert_eq!(ran.code, 2, "{verb} {price}");
            assert!(ran.stderr.contains("dollars from 0 to 100000"), "{price}: {}", ran.stderr);
        }
    }
    bench.run("pods", "s", &["--price", "0.69"]).ok();
    for verb in ["tasks", "workers", "orchestrator"] {
        for hours in ["0", "-1", "1e9", "NaN", "inf", "soon"] {
            let ran = bench.run(verb, "s", &["--hours", hours]);
            assert_eq!(ran.code, 2, "{verb} {hours}");
            assert!(ran.stderr.contains("such as 2 or 0.5"), "{verb} {hours}: {}", ran.stderr);
        }
    }
}
