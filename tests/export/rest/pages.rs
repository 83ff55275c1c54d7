//! Pages: short ones, limits of the server, rows that come while they are read, counts that differ.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use backstory::model::table::Table;

use super::{assert_whole, export, export_as, exported, fill, ready, snapshot};
use crate::export::Home;
use crate::support::rest::{ANON_KEY, Fault, Rest, SERVICE_KEY, Setup};

#[test]
fn a_short_page_is_not_the_end() {
    let database = ready("rest_short");
    fill(&database, 101);
    database.sql("insert into public.tasks (status) select 'Queued' from generate_series(1, 33)");
    for rows_max in [1, 7, 101, 1_000] {
        let home = Home::new();
        let rest = Rest::serve(&database, Setup { rows_max, ..Setup::default() });
        exported(&home, &rest);
        assert_whole(&database, &home);
        let taken = snapshot(&home);
        let capture = &taken.captures()[0];
        assert_eq!(capture.guarantee, "paged");
        assert_eq!(capture.notes, Vec::<String>::new());
        assert_eq!(capture.tables["tasks"].rows_new, 33, "pages of {rows_max}");
        assert_eq!(capture.tables["system_logs"].rows_repeated, 0);
    }
}

#[test]
fn the_url_of_the_project_and_of_the_api_both_work() {
    let database = ready("rest_urls");
    fill(&database, 3);
    let supabase = Rest::serve(&database, Setup::default());
    let own = Rest::serve(&database, Setup { prefix: "", ..Setup::default() });
    for url in [
        supabase.url(),
        format!("{}/", supabase.url()),
        format!("{}/rest/v1", supabase.url()),
        format!("{}/rest/v1/", supabase.url()),
        own.url(),
    ] {
        let home = Home::new();
        let run = export_as(&home, &url, SERVICE_KEY, &[]);
        assert_eq!(run.code, 0, "{url}: {}", run.stderr);
        assert_whole(&database, &home);
    }
    assert!(
        own.asked().iter().all(|asked| asked.starts_with("GET ") || asked.starts_with("HEAD "))
    );
}

#[test]
fn a_limit_that_changes_and_a_server_that_is_too_slow_lose_nothing() {
    let database = ready("rest_slow");
    fill(&database, 300);
    let rest = Rest::serve(&database, Setup { rows_max: 100, ..Setup::default() });
    rest.hook(|asked| {
        let limit = asked.path.rsplit_once("limit=").and_then(|(_, limit)| limit.parse().ok());
        let slow = asked.method == "GET" && limit.is_some_and(|limit: usize| limit > 400);
        slow.then_some(Fault::Status(500, "", r#"{"code":"57014","message":"statement timeout"}"#))
    });
    let home = Home::new();
    let said = exported(&home, &rest);
    assert!(said.contains("too much at once for the server; 312 rows a page now"), "{said}");
    assert_whole(&database, &home);
}

#[test]
fn rows_that_arrive_behind_the_page_are_found_by_the_count() {
    let database = ready("rest_behind");
    fill(&database, 90);
    let rest = Rest::serve(&database, Setup { rows_max: 20, ..Setup::default() });
    let (late, pages) = (database.clone(), AtomicUsize::new(0));
    rest.hook(move |asked| {
        if asked.path.contains("/system_logs?select=*") && pages.fetch_add(1, Ordering::Relaxed) == 2 {
            late.sql(
                "insert into public.system_logs (timestamp, message)
                 values (now() - interval '2 hours', 'late, behind'), (now() - interval '3 hours', 'before all')",
            );
        }
        None
    });
    let home = Home::new();
    let said = exported(&home, &rest);
    assert_whole(&database, &home);
    assert!(!said.contains("the source counts"), "{said}");
    assert!(snapshot(&home).captures()[0].notes.is_empty());
}

/// A row comes with every page that is asked for: one that read up to the end would never get there.
#[test]
fn a_log_that_is_written_faster_than_it_is_read_comes_to_an_end() {
    let database = ready("rest_chased");
    fill(&database, 90);
    let rest = Rest::serve(&database, Setup { rows_max: 20, ..Setup::default() });
    let (writer, asked) = (database.clone(), Arc::new(AtomicUsize::new(0)));
    let pages = asked.clone();
    rest.hook(move |asked| {
        if asked.path.contains("/system_logs?select=*")
            && pages.fetch_add(1, Ordering::Relaxed) < 100
        {
            writer.sql("insert into public.system_logs (timestamp, message) values (clock_timestamp(), 'x')");
        }
        None
    });
    let home = Home::new();
    let said = exported(&home, &rest);
    let asked = asked.load(Ordering::Relaxed);
    assert!(asked < 30, "{asked} pages: {said}");
    rest.unhook();
    database.sql("insert into public.system_logs (timestamp, message) values ('2300-01-01', 'x')");
    exported(&home, &rest);
    assert_whole(&database, &home);
}

#[test]
fn rows_that_never_come_are_said_and_asked_for_again() {
    let database = ready("rest_missing");
    fill(&database, 50);
    let rest = Rest::serve(&database, Setup { rows_max: 20, ..Setup::default() });
    // a broken proxy: the first row of each page is lost
    rest.hook(|asked| {
        (asked.method == "GET" && asked.path.contains("/system_logs?select=*"))
            .then_some(Fault::WithoutFirst)
    });
    let home = Home::new();
    let said = exported(&home, &rest);
    assert!(said.contains("the source counts 50 rows and 47 came, in 3 readings"), "{said}");
    let first = snapshot(&home).captures()[0].clone();
    assert_eq!(first.notes.len(), 1, "{:?}", first.notes);
    assert!(first.tables["system_logs"].missing_from.is_some());
    rest.unhook();
    let said = exported(&home, &rest);
    assert!(said.contains("50 rows read, 3 new"), "{said}");
    assert_whole(&database, &home);
    assert_eq!(snapshot(&home).captures()[1].tables["system_logs"].missing_from, None);
}

#[test]
fn a_row_that_was_lost_on_the_way_is_not_gone() {
    let database = ready("rest_lost");
    fill(&database, 5);
    database
        .sql("insert into public.workers (id, status) values ('w1', 'active'), ('w2', 'active')");
    let rest = Rest::serve(&database, Setup::default());
    let home = Home::new();
    exported(&home, &rest);
    rest.hook(|asked| {
        (asked.method == "GET" && asked.path.contains("/workers?select=*"))
            .then_some(Fault::WithoutFirst)
    });
    let said = exported(&home, &rest);
    assert!(said.contains("workers: the source counts 2 rows and 1 came"), "{said}");
    assert!(!said.contains("are gone"), "{said}");
    rest.unhook();
    database.sql("delete from public.workers where id = 'w1'");
    let said = exported(&home, &rest);
    assert!(said.contains("workers: rows that an earlier capture holds are gone: 1"), "{said}");
}

#[test]
fn intervals_of_many_rows_are_counted_one_by_one() {
    let database = ready("rest_intervals");
    fill(&database, 45_000);
    let rest = Rest::serve(&database, Setup { rows_max: 10_000, ..Setup::default() });
    let home = Home::new();
    exported(&home, &rest);
    assert_whole(&database, &home);
    let counts = rest.asked();
    let counts: Vec<&String> = counts
        .iter()
        .filter(|asked| asked.starts_with("HEAD") && asked.contains("system_logs"))
        .collect();
    // times reach into the future, which stays uncounted
    assert!(counts.len() >= 2, "{counts:?}");
    assert!(counts[1..].iter().all(|asked| asked.contains("timestamp=gte.")), "{counts:?}");
}

#[test]
fn a_source_that_does_not_count_is_believed_aloud() {
    let database = ready("rest_uncounted");
    fill(&database, 5);
    let rest = Rest::serve(&database, Setup::default());
    rest.hook(|asked| (asked.method == "HEAD").then_some(Fault::Status(500, "", "")));
    let home = Home::new();
    let said = exported(&home, &rest);
    assert!(said.contains("does not count its rows"), "{said}");
    assert_eq!(snapshot(&home).captures()[0].notes.len(), 1);
    assert_whole(&database, &home);
}

#[test]
fn keys_from_which_rows_are_hidden_are_said_and_recorded() {
    let database = ready("rest_anon");
    fill(&database, 5);
    let rest = Rest::serve(&database, Setup::default());
    let home = Home::new();
    let run = export_as(&home, &rest.url(), ANON_KEY, &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("warning: the key is one of the role `anon`"), "{}", run.stderr);
    let taken = snapshot(&home);
    assert_eq!(taken.manifest().source["role"], "anon");
    assert!(taken.captures()[0].notes[0].contains("`anon`"));
    // another key may see what that one did not: all is read again
    rest.asked();
    exported(&home, &rest);
    assert_eq!(snapshot(&home).captures()[1].tables["system_logs"].since_time, None);
}

#[test]
fn columns_that_change_between_pages_end_it() {
    let database = ready("rest_columns");
    fill(&database, 50);
    let rest = Rest::serve(&database, Setup { rows_max: 20, ..Setup::default() });
    let (changed, pages) = (Arc::clone(&database), AtomicUsize::new(0));
    rest.hook(move |asked| {
        if asked.path.contains("/system_logs?select=*")
            && pages.fetch_add(1, Ordering::Relaxed) == 1
        {
            changed.sql("alter table public.system_logs add column cycle_number integer");
        }
        None
    });
    let home = Home::new();
    let run = export(&home, &rest, &[]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.contains("the columns of `system_logs` changed"), "{}", run.stderr);
    assert!(!home.path().join("snapshot").exists());
    rest.unhook();
    exported(&home, &rest);
    database.sql("alter table public.system_logs drop column log_level");
    let said = exported(&home, &rest);
    assert!(said.contains("system_logs: column `log_level` is gone (was text)"), "{said}");
    assert_eq!(snapshot(&home).captures()[1].tables[Table::SystemLogs.name()].rows_new, 0);
}
