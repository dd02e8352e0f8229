//! Filter expressions: words, a tree of them, a check against the schema, and an expression that is asked of rows.
//!
//! Grammar and messages are those of the server. What a filter has to know of a row is behind the trait [`Fields`].

mod check;
mod expr;
mod parse;
mod shape;
mod syntax;
mod time;
mod token;
mod value;

use super::failure::{self, Failure};
use super::schema::Schema;
use crate::profile::Version;
use crate::reference::json::Node;
use check::{Checker, Part};
use expr::{Column, Expr, Source};
use parse::Parser;
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
            Checker { schema, version, text, words: &words, values: None, templates: false, uncomputed: None };
        let mut condition = whole(&mut checker, &tree)?;
        if checker.templates {
            checker.values = Some(templates);
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
            ("id >", "line 1:4 no viable alternative at input '>'"),
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
        for filter in ["id == \"a\" + \"b\"", "id == -true", "not -5 < s > \"z\" or id == 1", "nofunc(nope)"] {
            let body = json!({"collectionName": "c", "filter": filter});
            assert_eq!(refused(&mut quick(Profile::Milvus25), "entities/query", &body).0, 1100, "{filter}");
        }
        let long = vec!["id == 1"; 10_000].join(" or ");
        data(&mut quick(Profile::Milvus26), "entities/query", &json!({"collectionName": "c", "filter": long}));
        let deep = format!("{}id == 1{}", "(".repeat(3_000), ")".repeat(3_000));
        let body = json!({"collectionName": "c", "filter": deep});
        assert_eq!(refused(&mut quick(Profile::Milvus26), "entities/query", &body).0, 1100);
    }
}
