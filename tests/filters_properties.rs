//! Random filters select the rows that a second, naive reading of them selects.
//!
//! The naive side shares nothing with the target: it works on the generated conditions, never on their text.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]
#![expect(clippy::print_stdout, reason = "the figures are what the test is run for")]

use bytes::Bytes;
use milvus_conformance::exchange::Request;
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::{Config, Reference};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::BoxedStrategy;
use proptest::test_runner::{Config as Cases, TestRunner};
use serde_json::{Value, json};
use std::cell::Cell;

/// How many filters are tried; each is asked of all rows.
const FILTERS: u32 = 2_000;
const ROWS: i64 = 40;

/// A row as the naive side keeps it.
#[derive(Clone, Debug)]
struct Row {
    id: i64,
    flag: bool,
    price: f64,
    title: String,
    rank: Option<i64>,
    marks: Vec<i64>,
    /// `info["a"]`, which some rows have as a number, some as a text and some not at all.
    info: Value,
    color: Option<&'static str>,
}

const TITLES: [&str; 6] = ["", "apple", "app", "a%b", "it's \"x\"", "Äpfel"];
const COLORS: [Option<&str>; 3] = [Some("red"), Some("blue"), None];

fn rows() -> Vec<Row> {
    let row = |id: i64| {
        let place = usize::try_from(id).unwrap();
        Row {
            id,
            flag: id % 3 == 0,
            price: id as f64 / 4.0 - 2.0,
            title: TITLES[place % TITLES.len()].to_owned(),
            rank: (id % 4 != 0).then_some(id % 7),
            marks: (0..id % 4).map(|mark| mark + id % 3).collect(),
            info: match id % 3 {
                0 => json!({"a": id % 5, "l": [id % 5, "x"]}),
                1 => json!({"a": TITLES[place % 3]}),
                _ => json!({"b": 1}),
            },
            color: COLORS[place % COLORS.len()],
        }
    };
    (0..ROWS).map(row).collect()
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Op {
    fn text(self) -> &'static str {
        match self {
            Op::Equal => "==",
            Op::NotEqual => "!=",
            Op::Less => "<",
            Op::AtMost => "<=",
            Op::More => ">",
            Op::AtLeast => ">=",
        }
    }

    fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Op::Equal => left == right,
            Op::NotEqual => left != right,
            Op::Less => left < right,
            Op::AtMost => left <= right,
            Op::More => left > right,
            Op::AtLeast => left >= right,
        }
    }

    /// The text with its sides exchanged.
    fn turned(self) -> &'static str {
        match self {
            Op::Less => ">",
            Op::AtMost => ">=",
            Op::More => "<",
            Op::AtLeast => "<=",
            same => same.text(),
        }
    }
}

#[derive(Clone, Debug)]
enum Condition {
    Id(Op, i64),
    IdTurned(i64, Op),
    Calculated(char, i64, Op, i64),
    Between(i64, bool, bool, i64),
    IdIn(Vec<i64>, bool),
    Flag(Op, bool),
    Price(Op, f64),
    Title(Op, &'static str),
    TitleIn(Vec<&'static str>),
    /// The parts of a pattern: `%`, `_` or a letter.
    Like(Vec<char>),
    Rank(Op, i64),
    RankNull(bool),
    Mark(usize, Op, i64),
    Marks(&'static str, Vec<i64>),
    Length(Op, i64),
    Info(Op, i64),
    InfoText(&'static str),
    Exists(&'static str),
    JsonHas(i64),
    Color(&'static str),
    Not(Box<Condition>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
}

use Condition as C;

fn op() -> impl Strategy<Value = Op> {
    select(vec![Op::Equal, Op::NotEqual, Op::Less, Op::AtMost, Op::More, Op::AtLeast])
}

fn condition() -> BoxedStrategy<Condition> {
    let number = -3..ROWS + 3;
    let leaf =
        prop_oneof![
            (op(), number.clone()).prop_map(|(op, value)| C::Id(op, value)),
            (number.clone(), op()).prop_map(|(value, op)| C::IdTurned(value, op)),
            (select(vec!['+', '-', '*', '/', '%']), 1..6_i64, op(), number.clone())
                .prop_map(|(sign, operand, op, value)| C::Calculated(sign, operand, op, value)),
            (number.clone(), any::<bool>(), any::<bool>(), 1..9_i64)
                .prop_map(|(low, first, second, width)| C::Between(low, first, second, low + width)),
            (proptest::collection::vec(number.clone(), 0..6), any::<bool>())
                .prop_map(|(list, negated)| C::IdIn(list, negated)),
            (op(), any::<bool>()).prop_map(|(op, value)| C::Flag(op, value)),
            (op(), (-12..40_i32).prop_map(|quarters| f64::from(quarters) / 4.0))
                .prop_map(|(op, value)| C::Price(op, value)),
            (op(), select(TITLES.to_vec())).prop_map(|(op, value)| C::Title(op, value)),
            proptest::collection::vec(select(TITLES.to_vec()), 0..4).prop_map(C::TitleIn),
            proptest::collection::vec(select(vec!['%', '_', 'a', 'p', 'l', 'e', 'Ä']), 0..6).prop_map(C::Like),
            (op(), -1..8_i64).prop_map(|(op, value)| C::Rank(op, value)),
            any::<bool>().prop_map(C::RankNull),
            (0..4_usize, select(vec![Op::Equal, Op::Less, Op::AtLeast]), -1..6_i64)
                .prop_map(|(place, op, value)| C::Mark(place, op, value)),
            (select(vec!["", "_all", "_any"]), proptest::collection::vec(0..5_i64, 1..4))
                .prop_map(|(how, list)| C::Marks(how, list)),
            (op(), -1..5_i64).prop_map(|(op, value)| C::Length(op, value)),
            (select(vec![Op::Equal, Op::Less, Op::More]), -1..6_i64).prop_map(|(op, value)| C::Info(op, value)),
            select(TITLES.to_vec()).prop_map(C::InfoText),
            select(vec!["info[\"a\"]", "info[\"none\"]", "color"]).prop_map(C::Exists),
            (0..6_i64).prop_map(C::JsonHas),
            select(vec!["red", "blue", "grey"]).prop_map(C::Color),
        ];
    let nested = leaf.prop_recursive(5, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| C::Not(Box::new(inner))),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(C::And),
            proptest::collection::vec(inner, 2..4).prop_map(C::Or),
        ]
    });
    nested.boxed()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn list<T>(items: &[T], write: impl Fn(&T) -> String) -> String {
    format!("[{}]", items.iter().map(write).collect::<Vec<_>>().join(", "))
}

/// The condition as a filter, in parentheses where it has parts.
fn text(condition: &Condition) -> String {
    match condition {
        C::Id(op, value) => format!("id {} {value}", op.text()),
        C::IdTurned(value, op) => format!("{value} {} id", op.turned()),
        C::Calculated(sign, operand, op, value) => format!("id {sign} {operand} {} {value}", op.text()),
        C::Between(low, first, second, high) => {
            let sign = |closed: &bool| if *closed { "<=" } else { "<" };
            format!("{low} {} id {} {high}", sign(first), sign(second))
        }
        C::IdIn(items, negated) => {
            format!("id {} {}", if *negated { "not in" } else { "in" }, list(items, ToString::to_string))
        }
        C::Flag(op, value) => format!("flag {} {value}", op.text()),
        C::Price(op, value) => format!("price {} {value:?}", op.text()),
        C::Title(op, value) => format!("title {} {}", op.text(), quoted(value)),
        C::TitleIn(items) => format!("title in {}", list(items, |item| quoted(item))),
        C::Like(parts) => format!("title like \"{}\"", parts.iter().collect::<String>()),
        C::Rank(op, value) => format!("rank {} {value}", op.text()),
        C::RankNull(negated) => format!("rank is {}null", if *negated { "not " } else { "" }),
        C::Mark(place, op, value) => format!("marks[{place}] {} {value}", op.text()),
        C::Marks("", items) => format!("array_contains(marks, {})", items[0]),
        C::Marks(how, items) => format!("array_contains{how}(marks, {})", list(items, ToString::to_string)),
        C::Length(op, value) => format!("array_length(marks) {} {value}", op.text()),
        C::Info(op, value) => format!("info[\"a\"] {} {value}", op.text()),
        C::InfoText(value) => format!("info[\"a\"] == {}", quoted(value)),
        C::Exists(way) => format!("exists {way}"),
        C::JsonHas(value) => format!("json_contains(info[\"l\"], {value})"),
        C::Color(value) => format!("color == '{value}'"),
        C::Not(inner) => format!("not ({})", text(inner)),
        C::And(parts) => parts.iter().map(|part| format!("({})", text(part))).collect::<Vec<_>>().join(" and "),
        C::Or(parts) => parts.iter().map(|part| format!("({})", text(part))).collect::<Vec<_>>().join(" or "),
    }
}

fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|skipped| like(&text[skipped..], rest)),
        Some((first, rest)) => {
            text.split_first().is_some_and(|(head, tail)| (*first == '_' || head == first) && like(tail, rest))
        }
    }
}

/// Whether the condition holds; `None` where a null decides.
fn holds(condition: &Condition, row: &Row) -> Option<bool> {
    let number = |value: &Value| value.as_i64();
    Some(match condition {
        C::Id(op, value) | C::IdTurned(value, op) => op.holds(&row.id, value),
        C::Calculated(sign, operand, op, value) => {
            let result = match sign {
                '+' => row.id + operand,
                '-' => row.id - operand,
                '*' => row.id * operand,
                '/' => row.id / operand,
                _ => row.id % operand,
            };
            op.holds(&result, value)
        }
        C::Between(low, first, second, high) => {
            let above = if *first { row.id >= *low } else { row.id > *low };
            above && if *second { row.id <= *high } else { row.id < *high }
        }
        C::IdIn(items, negated) => items.contains(&row.id) != *negated,
        C::Flag(op, value) => op.holds(&row.flag, value),
        C::Price(op, value) => op.holds(&row.price, value),
        C::Title(op, value) => op.holds(&row.title.as_str(), value),
        C::TitleIn(items) => items.contains(&row.title.as_str()),
        C::Like(parts) => like(&row.title.chars().collect::<Vec<_>>(), parts),
        C::Rank(op, value) => op.holds(&row.rank?, value),
        C::RankNull(negated) => row.rank.is_none() != *negated,
        C::Mark(place, op, value) => row.marks.get(*place).is_some_and(|mark| op.holds(mark, value)),
        C::Marks("_all", items) => items.iter().all(|item| row.marks.contains(item)),
        C::Marks("_any", items) => items.iter().any(|item| row.marks.contains(item)),
        C::Marks(_, items) => row.marks.contains(&items[0]),
        C::Length(op, value) => op.holds(&i64::try_from(row.marks.len()).unwrap(), value),
        C::Info(op, value) => number(&row.info["a"]).is_some_and(|own| op.holds(&own, value)),
        C::InfoText(value) => row.info["a"] == **value,
        C::Exists("color") => row.color.is_some(),
        C::Exists(way) => !way.contains("none") && row.info.get("a").is_some(),
        C::JsonHas(value) => row.info["l"].as_array().is_some_and(|items| items.contains(&json!(value))),
        C::Color(value) => row.color == Some(*value),
        C::Not(inner) => !holds(inner, row)?,
        C::And(parts) => {
            let outcomes: Vec<Option<bool>> = parts.iter().map(|part| holds(part, row)).collect();
            return if outcomes.contains(&Some(false)) {
                Some(false)
            } else {
                outcomes.into_iter().collect::<Option<Vec<bool>>>().map(|_| true)
            };
        }
        C::Or(parts) => {
            let outcomes: Vec<Option<bool>> = parts.iter().map(|part| holds(part, row)).collect();
            return if outcomes.contains(&Some(true)) {
                Some(true)
            } else {
                outcomes.into_iter().collect::<Option<Vec<bool>>>().map(|_| false)
            };
        }
    })
}

fn ask(reference: &Reference, operation: &str, body: &Value) -> Value {
    let request = Request {
        method: "POST".to_owned(),
        path: format!("/v2/vectordb/{operation}"),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())].into(),
        body: Bytes::from(body.to_string()),
    };
    serde_json::from_slice(&reference.answer(&request).body).unwrap()
}

/// A target that holds the rows.
fn filled(rows: &[Row]) -> Reference {
    let reference = Reference::new(Config { profile: Profile::Milvus26, token: None });
    let fields = json!([
        {"fieldName": "id", "dataType": "Int64", "isPrimary": true},
        {"fieldName": "flag", "dataType": "Bool"},
        {"fieldName": "price", "dataType": "Double"},
        {"fieldName": "title", "dataType": "VarChar", "elementTypeParams": {"max_length": 32}},
        {"fieldName": "rank", "dataType": "Int64", "nullable": true},
        {"fieldName": "marks", "dataType": "Array", "elementDataType": "Int64", "elementTypeParams": {"max_capacity": 8}},
        {"fieldName": "info", "dataType": "JSON"},
        {"fieldName": "vector", "dataType": "FloatVector", "elementTypeParams": {"dim": "2"}},
    ]);
    let create = json!({
        "collectionName": "c",
        "schema": {"fields": fields, "enableDynamicField": true},
        "indexParams": [{"fieldName": "vector", "indexName": "vector", "metricType": "L2"}],
    });
    assert_eq!(ask(&reference, "collections/create", &create)["code"], 0);
    for _ in 0..4 {
        ask(&reference, "collections/get_load_state", &json!({"collectionName": "c"}));
    }
    let data: Vec<Value> = rows
        .iter()
        .map(|row| {
            let mut written = json!({
                "id": row.id, "flag": row.flag, "price": row.price, "title": row.title, "rank": row.rank,
                "marks": row.marks, "info": row.info, "vector": [0.5, 0.25],
            });
            if let Some(color) = row.color {
                written["color"] = json!(color);
            }
            written
        })
        .collect();
    let answer = ask(&reference, "entities/insert", &json!({"collectionName": "c", "data": data}));
    assert_eq!(answer["data"]["insertCount"], ROWS, "{answer}");
    reference
}

#[test]
fn filters_select_what_a_naive_reading_of_them_selects() {
    let rows = rows();
    let reference = filled(&rows);
    let (asked, selected) = (Cell::new(0_u32), Cell::new(0_usize));
    let mut runner = TestRunner::new(Cases { cases: FILTERS, failure_persistence: None, ..Cases::default() });
    let outcome = runner.run(&condition(), |condition| {
        let filter = text(&condition);
        let body = json!({"collectionName": "c", "filter": filter, "outputFields": ["id"], "limit": 1000});
        let answer = ask(&reference, "entities/query", &body);
        let found: Option<Vec<i64>> =
            answer["data"].as_array().map(|found| found.iter().filter_map(|row| row["id"].as_i64()).collect());
        let expected: Vec<i64> =
            rows.iter().filter(|row| holds(&condition, row) == Some(true)).map(|row| row.id).collect();
        asked.set(asked.get() + 1);
        selected.set(selected.get() + expected.len());
        prop_assert_eq!(found, Some(expected), "{}: {}", filter, answer);
        Ok(())
    });
    println!("{} filters asked of {ROWS} rows each, {} rows selected in all", asked.get(), selected.get());
    outcome.unwrap();
    assert!(asked.get() >= FILTERS);
    assert!(selected.get() > usize::try_from(FILTERS).unwrap(), "the filters select next to nothing");
}
