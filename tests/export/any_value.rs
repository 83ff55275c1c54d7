//! Values that nobody chose: every character there is, and random ones of each type.

use std::collections::BTreeMap;

use backstory::model::table::Table;
use backstory::snapshot::open::Snapshot;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::export::Home;
use crate::export::kept::{Cell, kept};
use crate::export::value_round_trip::{all_columns, differences, literal, printed};
use crate::support::postgres::database;

const SCHEMA: &str = include_str!("schema.sql");
/// Characters in one text of the test of all characters.
const BLOCK: usize = 2_048;
/// Random values of each type.
const VALUES: usize = 120;
/// Microseconds from 2000 to the ends of what PostgreSQL has.
const INSTANTS: std::ops::Range<i64> = -211_810_204_800_000_000..9_223_371_331_200_000_000;

#[test]
fn every_character_that_utf8_has_is_kept() {
    let all: Vec<char> = ('\u{1}'..=char::MAX).collect();
    assert_eq!(all.len(), 0x11_0000 - 0x800 - 1, "all but the surrogates and U+0000");
    let database = database("value_characters");
    database.sql(SCHEMA);
    let mut sql =
        "create table public.task_types (id text primary key, x_text text, x_char char(4000), \
                   x_array text[], x_json json, x_jsonb jsonb, x_pair public.pair, name text);\n"
            .to_string();
    let blocks: BTreeMap<String, String> = all
        .chunks(BLOCK)
        .map(|block| (format!("U+{:06X}", u32::from(block[0])), block.iter().collect()))
        .collect();
    for (id, text) in &blocks {
        sql += &format!(
            "insert into public.task_types select '{id}', t, t, array[t, null, t], to_json(t), \
             to_jsonb(t), row (1, t)::public.pair from (select {} as t) s;\n",
            literal(text)
        );
    }
    database.sql(&sql);
    let home = Home::new();
    home.export_under("none", &database);
    let snapshot = Snapshot::open(&home.path().join("snapshot")).expect("a snapshot");
    let printed = printed(&database, "task_types", home.path());
    let kept = kept(&snapshot, Table::TaskTypes, &all_columns(&printed));
    let differing = differences(&kept, &printed);
    assert!(differing.is_empty(), "{differing:#?}");
    // The oracle may not have lost them either.
    for (id, text) in &blocks {
        assert!(kept[id]["x_text"] == Cell::Text(text.clone()), "{id}");
    }
}

/// A text as an element of an array or a field of a record.
fn element(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn text() -> BoxedStrategy<String> {
    let hard = prop::sample::select(vec![
        '\\', '"', '\'', ',', '{', '}', '(', ')', ' ', '\n', '\r', '\t', '.', 'N', '[', ']',
    ]);
    let any = any::<char>().prop_filter("PostgreSQL has no U+0000", |c| *c != '\0');
    vec(prop_oneof![hard, any], 0..40).prop_map(|chars| chars.into_iter().collect()).boxed()
}

fn digits(most: usize) -> BoxedStrategy<String> {
    (any::<bool>(), vec(0u8..10, 1..most), vec(0u8..10, 0..most))
        .prop_map(|(minus, whole, broken)| {
            let text = |digits: Vec<u8>| digits.iter().map(u8::to_string).collect::<String>();
            let sign = if minus { "-" } else { "" };
            let (whole, broken) = (text(whole), text(broken));
            if broken.is_empty() {
                sign.to_string() + &whole
            } else {
                format!("{sign}{whole}.{broken}")
            }
        })
        .boxed()
}

fn list<T: Strategy<Value = String> + 'static>(of: T) -> BoxedStrategy<String> {
    let items = vec(proptest::option::weighted(0.8, of), 0..6);
    items
        .prop_map(|items| {
            let item = |item: Option<String>| item.map_or("NULL".to_string(), |t| element(&t));
            format!("{{{}}}", items.into_iter().map(item).collect::<Vec<_>>().join(","))
        })
        .boxed()
}

fn document() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        Just("null".to_string()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        digits(25).prop_map(|number| {
            // JSON has no leading zeros.
            let (sign, rest) = number.split_at(usize::from(number.starts_with('-')));
            let rest = rest.trim_start_matches('0');
            let zero = if rest.is_empty() || rest.starts_with('.') { "0" } else { "" };
            format!("{sign}{zero}{rest}")
        }),
        text().prop_map(|text| serde_json::Value::String(text).to_string()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = text().prop_map(|text| serde_json::Value::String(text).to_string());
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            vec((key, inner), 0..4).prop_map(|members| {
                let member = |(key, value): (String, String)| format!("{key} :{value}");
                format!("{{{}}}", members.into_iter().map(member).collect::<Vec<_>>().join(","))
            }),
        ]
    })
    .boxed()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Input texts by type; times are given as microseconds since 2000.
fn strategies() -> Vec<(&'static str, &'static str, BoxedStrategy<String>)> {
    let as_is = "$";
    let instant = || INSTANTS.prop_map(|at| at.to_string()).boxed();
    let bounds = |a: i32, b: i32| format!("[{},{}]", a.min(b), a.max(b));
    vec![
        ("boolean", as_is, any::<bool>().prop_map(|truth| truth.to_string()).boxed()),
        ("smallint", as_is, any::<i16>().prop_map(|n| n.to_string()).boxed()),
        ("integer", as_is, any::<i32>().prop_map(|n| n.to_string()).boxed()),
        ("bigint", as_is, any::<i64>().prop_map(|n| n.to_string()).boxed()),
        (
            "real",
            as_is,
            any::<u32>().prop_map(|bits| format!("{:e}", f32::from_bits(bits))).boxed(),
        ),
        (
            "double precision",
            as_is,
            any::<u64>().prop_map(|bits| format!("{:e}", f64::from_bits(bits))).boxed(),
        ),
        ("numeric", as_is, digits(60)),
        ("text", as_is, text()),
        ("text[]", as_is, list(text())),
        ("numeric[]", as_is, list(digits(20))),
        ("bytea", "decode($, 'hex')", vec(any::<u8>(), 0..60).prop_map(|b| hex(&b)).boxed()),
        ("uuid", as_is, any::<u128>().prop_map(|n| format!("{n:032x}")).boxed()),
        ("json", as_is, document()),
        ("jsonb", as_is, document()),
        (
            "timestamp with time zone",
            "timestamptz '2000-01-01' + ($ || ' us')::interval",
            instant(),
        ),
        ("timestamp", "timestamp '2000-01-01' + ($ || ' us')::interval", instant()),
        ("date", "(timestamp '2000-01-01' + ($ || ' us')::interval)::date", instant()),
        (
            "interval",
            "($ || ' us')::interval * 1.5",
            (-1i64 << 60..1 << 60).prop_map(|n| n.to_string()).boxed(),
        ),
        ("time", "time '00:00' + ($ || ' us')::interval", instant()),
        (
            "int4range",
            as_is,
            any::<(i32, i32)>().prop_map(move |(a, b)| bounds(a / 2, b / 2)).boxed(),
        ),
        (
            "inet",
            as_is,
            any::<(u32, u8)>()
                .prop_map(|(n, bits)| format!("{}/{}", std::net::Ipv4Addr::from(n), bits % 33))
                .boxed(),
        ),
        (
            "bit varying",
            as_is,
            vec(prop::sample::select(vec!['0', '1']), 0..70)
                .prop_map(|bits| bits.into_iter().collect())
                .boxed(),
        ),
        (
            "point",
            as_is,
            any::<(u32, u32)>()
                .prop_map(|(a, b)| format!("({:e},{:e})", f32::from_bits(a), f32::from_bits(b)))
                .boxed(),
        ),
        (
            "public.pair",
            as_is,
            (proptest::option::of(any::<i32>()), proptest::option::of(text()))
                .prop_map(|(a, b)| {
                    format!(
                        "({},{})",
                        a.map_or(String::new(), |a| a.to_string()),
                        b.map_or(String::new(), |b| element(&b))
                    )
                })
                .boxed(),
        ),
    ]
}

#[test]
fn random_values_of_each_type_come_back_as_postgresql_prints_them() {
    let database = database("value_random");
    database.sql(SCHEMA);
    let strategies = strategies();
    // The same values in every run: a failure can be repeated.
    let mut runner = TestRunner::deterministic();
    let columns: Vec<String> = strategies
        .iter()
        .enumerate()
        .map(|(at, (sql_type, _, _))| format!("x_{at:03} {sql_type}"))
        .collect();
    let mut sql = format!(
        "create table public.task_types (id text primary key, {}, name text);\n",
        columns.join(", ")
    );
    for row in 0..VALUES {
        let values: Vec<String> = strategies
            .iter()
            .map(|(sql_type, shape, strategy)| {
                let value = strategy.new_tree(&mut runner).expect("a value").current();
                let value = match value.as_str() {
                    "inf" | "-inf" => value.replace("inf", "Infinity"),
                    _ => value,
                };
                format!("({})::{sql_type}", shape.replace('$', &literal(&value)))
            })
            .collect();
        sql +=
            &format!("insert into public.task_types values ('{row:03}', {});\n", values.join(", "));
    }
    database.sql(&sql);
    let home = Home::new();
    home.export_under("none", &database);
    let snapshot = Snapshot::open(&home.path().join("snapshot")).expect("a snapshot");
    let printed = printed(&database, "task_types", home.path());
    let kept = kept(&snapshot, Table::TaskTypes, &all_columns(&printed));
    assert_eq!(kept.len(), VALUES);
    let differing = differences(&kept, &printed);
    assert!(differing.is_empty(), "{differing:#?}");
}
