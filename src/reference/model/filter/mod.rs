//! Filter expressions: words, a tree of them, a check against the schema, and an expression that is asked of rows.
//!
//! Grammar and messages are those of the server. What a filter has to know of a row is behind the trait [`Fields`].

mod check;
mod expr;
mod parse;
mod productions;
mod shape;
mod spatial;
mod syntax;
mod time;
mod token;
mod value;

use super::failure::{self, Failure};
use super::schema::Schema;
use crate::profile::Version;
use crate::reference::json::Node;
use check::{Checker, Part, Values};
use expr::{Column, Expr, Source};
use parse::Parser;
pub use productions::{PRODUCTIONS, Productions, productions};
use syntax::Comparison;
pub(super) use value::Fields;
use value::Literal;

/// Why a filter cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The text is no expression, or compares what cannot be compared.
    Parse(String),
    /// Something follows the expression.
    Leftover,
    UnknownField(String),
    /// The whole is a value, not a condition.
    NotBoolean {
        data_type: &'static str,
    },
    /// A template has no value, or one that does not fit.
    Template(String),
    /// A text is made of bytes that are none.
    NotUtf8,
    /// A function that this target does not compute, or that nobody knows.
    Uncomputed(String),
}

/// A filter ready to be asked of rows.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    condition: Option<Expr>,
}

impl Filter {
    /// Reads a filter; a blank one matches every row.
    pub(super) fn parse(
        text: &str,
        schema: &Schema,
        templates: Option<&Node<'_>>,
        version: Version,
    ) -> Result<Self, Fault> {
        if text.trim().is_empty() {
            return Ok(Self { condition: None });
        }
        let words = token::words(text, version);
        let tree = Parser::new(&words, text, version).whole()?;
        let mut checker =
            Checker { schema, version, text, words: &words, values: Values::Open, templates: false, uncomputed: None };
        let mut condition = whole(&mut checker, &tree)?;
        if checker.templates {
            checker.values = Values::Given(templates);
            condition = whole(&mut checker, &tree).map_err(|fault| match fault {
                Fault::Parse(reason) => Fault::Template(reason),
                other => other,
            })?;
        }
        match checker.uncomputed {
            Some(function) => Err(Fault::Uncomputed(function)),
            None => Ok(Self { condition: Some(condition) }),
        }
    }

    /// Whether the row passes. Where a value is null, neither a condition on it nor its opposite holds.
    pub(super) fn matches(&self, row: &impl Fields) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.holds(row) == Some(true))
    }

    /// Whether the filter compares constants only, and passes everything.
    pub(super) fn is_always_true(&self) -> bool {
        matches!(self.condition, Some(Expr::Always(true)))
    }

    /// How many keys the filter lists, if it does nothing but list primary keys.
    pub(super) fn listed_keys(&self, schema: &Schema) -> Option<usize> {
        let is_key = |column: &Column| match column.source {
            Source::Field(position) => schema.fields.get(position).is_some_and(|field| field.primary),
            _ => false,
        };
        match self.condition.as_ref()? {
            Expr::In { column, list, negated: false } if is_key(column) => Some(list.len()),
            Expr::Compare { column, op: Comparison::Equal, .. } if is_key(column) => Some(1),
            _ => None,
        }
    }
}

fn whole(checker: &mut Checker<'_>, tree: &syntax::Tree) -> Result<Expr, Fault> {
    match checker.part(tree)? {
        Part::Condition(condition) => Ok(condition),
        Part::Constant { value: Literal::Bool(flag), bare } if !bare || checker.version >= Version(3, 0) => {
            Ok(Expr::Always(flag))
        }
        Part::Sample(share) => Ok(checker.sampled(share)),
        other => Err(Fault::NotBoolean { data_type: other.type_name() }),
    }
}

/// Refuses template values that the server fails to read, before it looks at anything else.
pub(super) fn check_templates(templates: Option<&Node<'_>>) -> Result<(), Failure> {
    let values = templates.map_or(&[][..], Node::entries);
    if values.iter().any(|(_, value)| Literal::template(value).is_err()) {
        return Err(failure::template_unreadable());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, quick, refused};
    use crate::profile::Profile;
    use serde_json::{Value, json};

    #[test]
    fn conditions_select_rows() {
        let mut model = quick(Profile::Milvus26);
        let rows: Vec<Value> = (0..6)
            .map(|id| json!({"id": id, "vector": [id, 0], "s": format!("n{id}"), "j": {"a": [id, "x"]}, "f": 0.5}))
            .collect();
        data(&mut model, "entities/insert", &json!({"collectionName": "c", "data": rows}));
        let cases = [
            ("id > 1 and (id < 3 or id == 4)", vec![2, 4]),
            ("id in [1, 2] || id == 5", vec![1, 2, 5]),
            ("id not in [0,1,2]", vec![3, 4, 5]),
            ("not (id >= 1)", vec![0]),
            ("!(id != 3)", vec![3]),
            ("1 < id <= 3", vec![2, 3]),
            ("id + 1 == 3", vec![2]),
            ("id % 4 == 1", vec![1, 5]),
            ("s like \"n%\" and s != 'n0' && id <= 1", vec![1]),
            ("j[\"a\"][0] == 2", vec![2]),
            ("json_contains(j[\"a\"], 5)", vec![5]),
            ("exists j[\"a\"] and id == -0", vec![0]),
            ("nokey == 1", vec![]),
            ("$meta[\"s\"] == \"n4\"", vec![4]),
            ("f == 0.5 and id < 1.0e0 * 1", vec![]),
        ];
        for (filter, expected) in cases {
            let body = json!({"collectionName": "c", "filter": filter, "outputFields": ["id"]});
            if filter.contains("1.0e0") {
                assert_eq!(refused(&mut model, "entities/query", &body).0, 1100);
                continue;
            }
            let found = data(&mut model, "entities/query", &body);
            let ids: Vec<i64> = found.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
            assert_eq!(ids, expected, "{filter}");
        }
    }

    #[test]
    fn faults_are_told_in_the_words_of_the_version() {
        let cases = [
            ("id == \"x\"", "comparisons between Int64 and VarChar are not supported"),
            ("id == 1.0", "cannot cast value to Int64, value: float_val:1"),
            ("id == 5 id", "invalid expression: id == 5 id"),
            ("id == 5;", "line 1:7 token recognition error at: ';'"),
            ("(id < 5", "line 1:7 missing ')' at '<EOF>'"),
            ("id * 2 + 1 == 5", "complicated arithmetic operations are not supported"),
            ("5 < id < 1", "invalid range: lowerbound is greater than upperbound"),
        ];
        for (filter, reason) in cases {
            let body = json!({"collectionName": "c", "filter": filter});
            let older = refused(&mut quick(Profile::Milvus26), "entities/query", &body).1;
            assert_eq!(
                older,
                format!(
                    "failed to create query plan: cannot parse expression: {filter}, error: {reason}: invalid parameter"
                )
            );
            let newer = refused(&mut quick(Profile::Milvus30), "entities/query", &body).1;
            assert_eq!(
                newer,
                format!(
                    "failed to create query plan: cannot parse expression: {filter}: {reason}: query plan failed: invalid parameter"
                )
            );
        }
        let (_, text) =
            refused(&mut quick(Profile::Milvus26), "entities/query", &json!({"collectionName": "c", "filter": "id"}));
        assert!(text.contains("predicate is not a boolean expression: id, data type: Int64"));
    }

    #[test]
    fn requests_that_end_real_servers_are_refused() {
        for filter in
            ["id == \"a\" + \"b\"", "id == -true", "not -5 < s > \"z\" or id == 1", "id == 1 or nope(id) == 1"]
        {
            let body = json!({"collectionName": "c", "filter": filter});
            assert_eq!(refused(&mut quick(Profile::Milvus25), "entities/query", &body).0, 1100, "{filter}");
        }
        let long = vec!["id == 1"; 10_000].join(" or ");
        let nested =
            |count: usize, open: &str, close: &str| format!("{}id == 1{}", open.repeat(count), close.repeat(count));
        let read = [
            long,
            nested(100_000, "(", ")"),
            nested(50_001, "not (", ")"),
            format!("id == {}5", "-".repeat(100_000)),
            format!("id == {}1", "1 + ".repeat(200)),
        ];
        for filter in read {
            let body = json!({"collectionName": "c", "filter": filter});
            data(&mut quick(Profile::Milvus26), "entities/query", &body);
        }
        let bounded = [
            nested(10_000, "not (id > 0 and ", ")"),
            format!("id in {}1{}", "[".repeat(20_000), "]".repeat(20_000)),
            format!("id == {}1", "1 + ".repeat(20_000)),
            format!("{}id", "exists ".repeat(20_000)),
            format!("{}id", "f(".repeat(20_000)),
            "(".repeat(100_000),
            "j".to_owned() + &"[0]".repeat(100_000),
        ];
        for filter in bounded {
            for profile in [Profile::Milvus24, Profile::Milvus30] {
                let body = json!({"collectionName": "c", "filter": filter});
                assert_eq!(refused(&mut quick(profile), "entities/query", &body).0, 1100);
            }
        }
    }

    #[test]
    fn a_filter_is_read_once_and_asked_of_many_rows() {
        use super::super::row::{Cell, Row};
        use super::super::schema::Schema;
        use super::Filter;
        use crate::profile::Version;
        use crate::reference::json;
        let text = r#"{"fields": [
            {"fieldName": "id", "dataType": "Int64", "isPrimary": true},
            {"fieldName": "price", "dataType": "Double"},
            {"fieldName": "title", "dataType": "VarChar", "elementTypeParams": {"max_length": "16"}}
        ]}"#;
        let schema = Schema::custom(&json::parse(text).unwrap(), Version(2, 6)).unwrap();
        let row = |id: i64| Row {
            cells: vec![Cell::Int(id), Cell::Double(id as f64 / 2.0), Cell::Text(format!("title {id}"))],
            dynamic: serde_json::Map::new(),
        };
        let rows: Vec<Row> = (0..100_000).map(row).collect();
        let listed = (0..10_000).map(|each| (each * 10).to_string()).collect::<Vec<_>>().join(", ");
        let filter = format!("id in [{listed}] and price < 25000 and title like \"title %0\" or 7 < id <= 9");
        let filter = Filter::parse(&filter, &schema, None, Version(2, 6)).unwrap();
        let started = std::time::Instant::now();
        let passed = rows.iter().filter(|row| filter.matches(*row)).count();
        assert_eq!(passed, 5_000 + 2);
        let took = started.elapsed();
        assert!(took < std::time::Duration::from_secs(10), "100,000 rows took {took:?}");
    }

    /// Pieces of filters, good ones and bad ones.
    const PIECES: [&str; 47] = [
        "id",
        "s",
        "j[\"a\"]",
        "j['b'][0]",
        "$meta[\"k\"]",
        "$meta",
        "5",
        "0x1F",
        "1.5",
        ".5e2",
        "'t\\x'",
        "\"q\\n\"",
        "true",
        "{x}",
        "[1, 2]",
        "[]",
        "[id, 'a',]",
        "(id == 5)",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "+",
        "-",
        "*",
        "/",
        "%",
        "**",
        "and",
        "||",
        "not",
        "!",
        "~",
        "in",
        "not in",
        "like",
        "is null",
        "is not null",
        "exists",
        "&",
        "<<",
        "json_contains(j, 1)",
        "array_length(a)",
        "f(id, 1)",
        "text_match(s, 'w')",
    ];

    #[test]
    fn what_is_read_is_written_so_that_it_reads_the_same() {
        use super::parse::Parser;
        use super::token::words;
        use crate::profile::Version;
        use proptest::prelude::*;
        use proptest::test_runner::{Config, TestRunner};
        let cases = 20_000;
        let read = std::cell::Cell::new(0);
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        let pieces = proptest::collection::vec(0..PIECES.len(), 1..12);
        let versions = [Version(2, 4), Version(2, 5), Version(2, 6), Version(3, 0)];
        let outcome = runner.run(&(pieces, 0..versions.len()), |(pieces, version)| {
            let version = versions[version];
            let parse = |text: &str| Parser::new(&words(text, version), text, version).whole();
            let text = pieces.into_iter().map(|piece| PIECES[piece]).collect::<Vec<_>>().join(" ");
            if let Ok(tree) = parse(&text) {
                read.set(read.get() + 1);
                let written = tree.to_string();
                prop_assert_eq!(parse(&written), Ok(tree), "{} written as {}", text, written);
            }
            Ok(())
        });
        outcome.unwrap();
        assert!(read.get() > cases / 20, "of {cases} texts only {} are filters", read.get());
    }

    #[test]
    fn any_text_is_read_or_refused() {
        use proptest::prelude::*;
        let mut model = quick(Profile::Milvus26);
        let cases = 2_000;
        let mut runner = proptest::test_runner::TestRunner::new(proptest::test_runner::Config {
            cases,
            failure_persistence: None,
            ..proptest::test_runner::Config::default()
        });
        let asked = std::cell::Cell::new(0);
        let model = std::cell::RefCell::new(&mut model);
        let outcome = runner.run(&"[a-z0-9$_\\[\\](){}\"'\\\\ .,<>=!+*/%&|~^é\n-]{0,24}", |text| {
            let body = json!({"collectionName": "c", "filter": text});
            let outcome = super::super::testing::call(*model.borrow_mut(), "entities/query", &body);
            asked.set(asked.get() + 1);
            if let Err(failure) = outcome {
                prop_assert!(matches!(failure.code, 1100 | 65535) && !failure.message.is_empty(), "{:?}", failure);
            }
            Ok(())
        });
        outcome.unwrap();
        assert_eq!(asked.get(), cases);
    }
}
