//! `happened_before`: yes and no are sure, and what is not sure is said so.

use backstory::model::order::Before;
use backstory::model::time::Micros;
use proptest::prelude::*;

use backstory::cases::case as cases;

use crate::support::replayed::{Bench, case, write_tables};

type Bounds = (Micros, Micros);

fn bounds() -> impl Strategy<Value = Bounds> {
    // so few instants that bounds often touch
    (0_i64..12, 0_i64..4).prop_map(|(from, width)| (Micros(from), Micros(from + width)))
}

proptest! {
    #[test]
    fn it_is_an_order_of_what_is_sure(a in bounds(), b in bounds(), c in bounds()) {
        let (ab, ba) = (Before::of(a, b), Before::of(b, a));
        prop_assert_eq!(ab == Before::Yes, ba == Before::No);
        prop_assert_eq!(ab == Before::Undecidable, ba == Before::Undecidable);
        if ab == Before::Yes && Before::of(b, c) == Before::Yes {
            prop_assert_eq!(Before::of(a, c), Before::Yes);
        }
        let shared = (0_i64..20).any(|at| {
            let inside = |bounds: Bounds| bounds.0.0 <= at && at <= bounds.1.0;
            inside(a) && inside(b)
        });
        prop_assert_eq!(ab == Before::Undecidable, shared);
        prop_assert_eq!(Before::of(a, a), Before::Undecidable);
    }
}

fn time(text: &str) -> Micros {
    Micros::parse(&text.replacen(' ', "T", 1)).unwrap_or_else(|| panic!("{text} is no time"))
}

#[test]
fn the_macro_says_of_every_pair_what_the_function_says() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let rows = bench.sql(
        "s",
        "select a.earliest, a.latest, b.earliest, b.latest, happened_before(a.event_id, b.event_id) \
         from events a, events b",
    );
    let mut told = [0; 3];
    for row in &rows {
        let [a, b, c, d] = [0, 1, 2, 3].map(|at| time(&row[at]));
        let expected = Before::of((a, b), (c, d));
        assert_eq!(row[4], expected.name(), "{row:?}");
        told[expected as usize] += 1;
    }
    assert!(told.iter().all(|count| *count > 20), "{told:?}");
}

#[test]
fn as_of_an_instant_what_came_later_has_not_happened() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let ends = bench.sql(
        "s",
        "select arg_min(event_id, happened_at), arg_max(event_id, happened_at) from events",
    );
    let asked = format!("select happened_before('{}', '{}') as said", ends[0][0], ends[0][1]);
    assert_eq!(bench.sql("s", &asked), [["yes"]]);
    let swapped = format!("select happened_before('{}', '{}') as said", ends[0][1], ends[0][0]);
    assert_eq!(bench.sql("s", &swapped), [["no"]]);
    let cut = bench.run("sql", "s", &["--as-of", "2026-01-05T10:37:01", "--format", "csv", &asked]);
    assert_eq!(cut.ok(), "said\n\n");
    let whole =
        bench.run("sql", "s", &["--as-of", "2026-01-06T00:00:00", "--format", "csv", &asked]);
    assert_eq!(whole.ok(), "said\nyes\n");
    assert_eq!(
        bench.sql("s", "select happened_before('none', 'nobody') is null as said"),
        [["true"]]
    );
}

#[test]
fn a_worker_s_word_is_placed_by_its_clock_and_keeps_what_is_not_known_of_it() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let wide = "select count(*) > 0, bool_and(earliest < latest and earliest <= happened_at \
                and happened_at <= latest) from events where clock like 'worker:%'";
    assert_eq!(bench.sql("s", wide), [["true", "true"]]);
    let outside =
        "select count(*) from events where happened_at < earliest or latest < happened_at";
    assert_eq!(bench.sql("s", outside), [["0"]]);
}

/// What a row keeps no time of, or a later one: its reset, and the claim before the model was loaded.
const UNDATED: &str = "
# undated: the row of a task that was put back and claimed again, of which no line tells
on 2026-05-20
worker w1 created=09:00:00 beat=09:58:00
task t1 status=Complete created=09:40:00 worker=w1 started=09:50:00 processed=09:57:00 updated=09:50:00 error=Requeued: worker crashed (attempt 1)
";

#[test]
fn what_a_row_keeps_no_time_of_lies_between_bounds() {
    let bench = Bench::new();
    let case = &cases::read(UNDATED).expect("a case")[0];
    write_tables(&bench.path("files"), &case.captures[0]);
    bench.replayed(&bench.path("files"), "s");
    let rows = bench.sql(
        "s",
        "select kind, strftime(earliest, '%H:%M:%S'), strftime(latest, '%H:%M:%S'), \
         happened_before(event_id, (select event_id from events where kind = 'task_completed')) \
         from events where kind in ('task_created', 'task_reset_text', 'task_claim_recorded') order by kind",
    );
    let told = |kind: &str| {
        let row = rows.iter().find(|row| row[0] == kind).unwrap_or_else(|| panic!("{rows:?}"));
        (row[1].clone(), row[2].clone(), row[3].clone())
    };
    let between = |from: &str, until: &str| (from.into(), until.into(), "yes".into());
    assert_eq!(told("task_created"), between("09:40:00", "09:40:00"));
    assert_eq!(told("task_claim_recorded"), between("09:40:00", "09:50:00"));
    assert_eq!(told("task_reset_text"), between("09:40:00", "09:50:00"));
    let both = "select happened_before(r.event_id, c.event_id) from events r, events c \
                where r.kind = 'task_reset_text' and c.kind = 'task_claim_recorded'";
    assert_eq!(bench.sql("s", both)[0][0], "undecidable");
}
