//! What a person reads who never read our documents, at 100 columns.

use backstory::answers::ask::Ask;
use backstory::answers::page::Page;
use backstory::answers::subject::Subject;
use backstory::answers::worker::{Part, TABLES, worker};
use backstory::cases::case as cases;
use backstory::findings::short;
use backstory::read::database::Database;
use backstory::read::engine::Engine;
use backstory::report::page_text::{Layout, write_text};
use backstory::snapshot::open::Snapshot;
use jiff::tz::TimeZone;

use crate::support::replayed::{Bench, write_tables};

const CASE: &str = include_str!("killed_healthy.txt");

fn at_100_columns(page: &Page) -> String {
    let layout = Layout {
        width: Some(100),
        zone: TimeZone::UTC,
        zone_name: "UTC".to_string(),
        ascii: false,
    };
    let mut text = Vec::new();
    write_text(&mut text, page, &layout).expect("a page");
    anstream::adapter::strip_str(&String::from_utf8(text).expect("UTF-8")).to_string()
}

#[test]
fn a_stranger_reads_of_a_healthy_worker_that_was_killed() {
    let bench = Bench::new();
    let case = &cases::read(CASE).expect("a case")[0];
    write_tables(&bench.path("files"), &case.captures[0]);
    bench.replayed(&bench.path("files"), "s");
    let id = bench.sql("s", "select id from workers")[0][0].clone();
    let snapshot = Snapshot::open(&bench.path("s")).expect("a snapshot");
    let told = short::told(&Database::open(&snapshot).expect("a database")).expect("findings").0;
    let subject = Subject { kind: "worker".to_string(), id };
    let page = |part, tables: &[&str]| {
        let database =
            Database::open_some(Engine::start(), &snapshot, None, tables).expect("a database");
        let ask = Ask::new(&database, None).expect("an instant");
        worker(ask, &subject, part, 20, &told).expect("a page")
    };
    insta::assert_snapshot!("killed_healthy", at_100_columns(&page(Part::Whole, &TABLES)));
    insta::assert_snapshot!(
        "killed_healthy_logging",
        at_100_columns(&page(Part::Logging, &TABLES))
    );
}
