//! Settings as scripts read them, and as people do.

use super::json;
use crate::support::replayed::Bench;

/// Two workers with volumes of their own; cycles half a minute apart.
const VOLUMES: &str = "
# volumes: of two names
on 2026-05-14
worker w1 created=09:00:00 beat=09:50:00 status=active meta={\"storage_volume\": \"Peter\"}
worker w2 created=09:00:00 beat=09:50:00 status=active meta={\"storage_volume\": \"Paul\"}
repeat 30s 09:30:00..10:10:00 log {time} gpu#{n} INFO Cycle #{n}: scaling=0 active=0
";

#[test]
fn a_setting_is_a_value_or_none_and_how_sure_stands_beside_it() {
    let bench = Bench::of_case(VOLUMES);
    let page = json(&bench, "config", &[]);
    let row = |name: &str| {
        let rows = page["settings"].as_array().expect("settings");
        rows.iter().find(|row| row["setting"] == name).expect("a setting").clone()
    };
    let unknown = row("RUNPOD_WORKER_IMAGE");
    assert!(unknown["value"].is_null(), "{unknown}");
    assert_eq!(unknown["value_said"], "no row tells");
    let poll = row("ORCHESTRATOR_POLL_SEC");
    assert_eq!((&poll["value"], &poll["value_said"]), (&"30".into(), &"about 30".into()), "{poll}");
    let gpu = row("RUNPOD_GPU_TYPE");
    assert_eq!(gpu["value"], "NVIDIA GeForce RTX 4090", "{gpu}");
    let volume = row("RUNPOD_STORAGE_NAME");
    assert!(volume["value"].is_null(), "{volume}");
    assert_eq!(volume["value_said"], "no row tells; pods have had Paul, Peter");
    let logging = row("ENABLE_DB_LOGGING");
    assert_eq!(logging["value"], "true", "{logging}");
    assert!(logging["first_event"].as_str().is_some_and(|id| id.starts_with("runs:")), "{logging}");
    let text = bench.run("config", "s", &[]).ok();
    assert!(text.contains("no row tells") && text.contains("about 30"), "{text}");
    assert!(!text.contains("value said"), "{text}");
}
