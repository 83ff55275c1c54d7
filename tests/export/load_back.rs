//! A snapshot can be loaded back into PostgreSQL: `source_schema.json` says how, the rows say what.

use std::collections::BTreeSet;
use std::fs;

use backstory::model::table::Table;
use backstory::model::time::Micros;
use backstory::snapshot::open::Snapshot;
use serde_json::Value;

use crate::export::Home;
use crate::export::kept::{Cell, Rows, kept};
use crate::export::value_round_trip::{all_columns, filled, literal, printed};
use crate::support::postgres::{Database, database};

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// The statement that makes a type; what an extension brings, it brings.
fn make_type(of: &Value) -> String {
    let name = text(of, "name");
    let made = match text(of, "kind") {
        "enum" => {
            let labels = list(&of["labels"]).iter().filter_map(Value::as_str).map(literal);
            format!("as enum ({})", labels.collect::<Vec<_>>().join(", "))
        }
        "composite" => {
            let fields = list(&of["fields"]).iter();
            let fields = fields
                .map(|field| format!("{} {}", quote(text(field, "name")), text(field, "type")));
            format!("as ({})", fields.collect::<Vec<_>>().join(", "))
        }
        "range" => format!(
            "as range (subtype = {}, multirange_type_name = {})",
            text(of, "subtype"),
            text(of, "multirange")
        ),
        "domain" => {
            let mut sql = format!("create domain {name} as {}", text(of, "base"));
            if let Some(default) = of["default"].as_str() {
                sql += &format!(" default {default}");
            }
            if of["not_null"] == true {
                sql += " not null";
            }
            for check in list(&of["checks"]) {
                sql += &format!(" {}", check.as_str().expect("SQL"));
            }
            return sql + ";\n";
        }
        _ => return String::new(),
    };
    format!("create type {name} {made};\n")
}

fn make_column(of: &Value) -> String {
    let mut sql = format!("{} {}", quote(text(of, "name")), text(of, "type"));
    match (of["generated"].as_str(), of["identity"].as_str(), of["default"].as_str()) {
        (Some(stored), _, Some(by)) => sql += &format!(" generated always as ({by}) {stored}"),
        (_, Some(when), _) => sql += &format!(" generated {when} as identity"),
        (_, _, Some(default)) => sql += &format!(" default {default}"),
        (_, _, None) => {}
    }
    if of["not_null"] == true { sql + " not null" } else { sql }
}

fn make_tables(schema: &Value) -> String {
    let mut sql: String = list(&schema["types"]).iter().map(make_type).collect();
    for (name, table) in schema["tables"].as_object().expect("tables") {
        let mut parts: Vec<String> = list(&table["columns"]).iter().map(make_column).collect();
        if let Some(key) = table["primary_key"].as_array() {
            let key = key.iter().filter_map(Value::as_str).map(quote);
            parts.push(format!("primary key ({})", key.collect::<Vec<_>>().join(", ")));
        }
        sql += &format!("create table public.{name} ({});\n", parts.join(", "));
    }
    sql
}

/// Keys that name other tables come when there are rows.
fn make_keys(schema: &Value) -> String {
    let mut sql = String::new();
    for (name, table) in schema["tables"].as_object().expect("tables") {
        for key in list(&table["keys"]) {
            let (constraint, definition) = (quote(text(key, "name")), text(key, "definition"));
            sql +=
                &format!("alter table public.{name} add constraint {constraint} {definition};\n");
        }
    }
    sql
}

/// A kept value as an input text.
fn input(cell: Option<&Cell>) -> String {
    match cell {
        None | Some(Cell::Null) => "null".to_string(),
        Some(Cell::Number(number)) => literal(&number.to_string()),
        Some(Cell::Double(bits)) => literal(&f64::from_bits(*bits).to_string()),
        Some(Cell::Bool(truth)) => literal(&truth.to_string()),
        Some(Cell::Time(at)) => literal(&Micros(*at).to_string()),
        Some(Cell::Text(text)) => literal(text),
    }
}

/// By INSERT: to COPY, a line `\.` inside a quoted value is the end of the data (before PostgreSQL 18).
fn load(database: &Database, schema: &Value, table: Table, rows: &Rows) {
    let columns = list(&schema["tables"][table.name()]["columns"]).iter();
    let given = columns.filter(|column| column["generated"].is_null());
    let names: Vec<&str> = given.map(|column| text(column, "name")).collect();
    let columns = names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ");
    let mut sql = "begin;\n".to_string();
    for row in rows.values() {
        let values = names.iter().map(|name| input(row.get(*name))).collect::<Vec<_>>();
        sql += &format!("insert into public.{table} ({columns}) values ({});\n", values.join(", "));
    }
    database.sql(&(sql + "commit;\n"));
}

fn schema_of(home: &Home) -> Value {
    let file = home.path().join("snapshot/source_schema.json");
    serde_json::from_slice(&fs::read(file).expect("a schema")).expect("JSON")
}

#[test]
fn a_snapshot_is_loaded_back_as_it_was() {
    let (original, _) = filled("load_back_original");
    let home = Home::new();
    home.export_under("none", &original);
    let schema = schema_of(&home);
    let snapshot = Snapshot::open(&home.path().join("snapshot")).expect("a snapshot");

    let copy = database("load_back_copy");
    copy.sql(
        "select format('create extension %I schema public', name) from pg_available_extensions \
         where name in ('citext', 'hstore', 'ltree') \\gexec",
    );
    copy.sql(&make_tables(&schema));
    let mut compared = 0;
    for table in Table::ALL.into_iter().filter(|table| snapshot.holds(*table)) {
        let before = printed(&original, table.name(), home.path());
        let kept = kept(&snapshot, table, &all_columns(&before));
        load(&copy, &schema, table, &kept);
        let mut after = printed(&copy, table.name(), home.path());
        // The one column of the original that has a name of ours, and no place in a snapshot.
        let left_out: BTreeSet<&str> =
            if table == Table::Tasks { ["_capture"].into() } else { [].into() };
        for (id, row) in &mut after {
            for (name, text) in row {
                let same = left_out.contains(name.as_str()) || before[id][name] == *text;
                assert!(same, "{table}:{id}, {name}");
                compared += 1;
            }
        }
        assert_eq!(before.len(), after.len(), "{table}");
    }
    assert!(compared > 90_000, "{compared} values");

    copy.sql(&make_keys(&schema));
    let again = Home::new();
    again.export_under("none", &copy);
    assert_eq!(schema_of(&again), schema, "what was made is not what was described");
}

#[test]
fn the_schema_names_every_type_that_a_table_is_made_of() {
    let (database, _) = filled("load_back_schema");
    let home = Home::new();
    home.export_under("none", &database);
    let schema = schema_of(&home);
    let types = list(&schema["types"]);
    let find = |name: &str| types.iter().position(|of| of["name"] == name);
    let place = |name: &str| find(name).unwrap_or_else(|| panic!("no {name}"));
    assert!(place("public.state") < place("public.inner_state"), "parts come first");
    assert!(place("public.pair") < place("public.\"Nested Pair\""), "parts come first");
    assert_eq!(types[place("public.small_number")]["default"], "7");
    assert_eq!(types[place("public.small_number")]["checks"][0], "CHECK ((VALUE <> 13))");
    assert_eq!(types[place("public.span")]["multirange"], "public.multispan");
    assert_eq!(schema["enums"]["public.\"odd label\""][2], "In Progress");
    let columns = list(&schema["tables"]["task_types"]["columns"]);
    let column = |name: &str| columns.iter().find(|column| column["name"] == name).expect("one");
    assert_eq!(column("x_stored")["generated"], "stored");
    assert_eq!(column("x_stored")["default"], "length(id)");
    assert_eq!(column("x_identity")["identity"], "by default");
    assert_eq!(column("Quoted Name")["default"], "'with \"quotes\"'::text");
    assert!(columns.iter().all(|column| column["name"] != "x_dropped"));
}
