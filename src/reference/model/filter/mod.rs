//! Filter expressions: a parser for the common part of the grammar, and its evaluation on rows.

mod expr;
mod parse;
mod token;

use super::row::Row;
use super::schema::{DataType, Schema};
use crate::profile::Version;
use crate::reference::json::Node;
use expr::{Comparison, Expr, Literal, Scope};
use parse::Parser;

/// Why a filter cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The text is no expression, or compares what cannot be compared.
    Parse(String),
    UnknownField(String),
    /// The whole is a value, not a condition.
    NotBoolean {
        data_type: &'static str,
    },
}

/// A filter ready to be asked of rows.
#[derive(Clone, Debug, PartialEq)]
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
        let tokens = token::tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0, depth: 0, schema, templates, version };
        let condition = parser.expression(0)?;
        match parser.peek() {
            Some(_) if version < Version(2, 5) => return Err(Fault::Parse(format!("invalid expression: {text}"))),
            Some(token) => return Err(token::extraneous(token)),
            None => {}
        }
        match &condition {
            Expr::Literal(Literal::Bool(_)) if version >= Version(3, 0) => {}
            Expr::Literal(literal) => return Err(Fault::NotBoolean { data_type: literal.type_name() }),
            Expr::Column(column) => return Err(Fault::NotBoolean { data_type: column.data_type.name() }),
            Expr::Arithmetic(..) => return Err(Fault::NotBoolean { data_type: DataType::Int64.name() }),
            _ => {}
        }
        Ok(Self { condition: Some(condition) })
    }

    /// Whether the row passes. A comparison with something that is not there does not hold.
    pub(super) fn matches(&self, row: &Row, schema: &Schema) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.holds(&Scope { row, schema }))
    }

    /// Whether the filter compares constants only, and passes everything.
    pub(super) fn is_always_true(&self) -> bool {
        match &self.condition {
            Some(Expr::Compare(op, left, right)) => match (&**left, &**right) {
                (Expr::Literal(left), Expr::Literal(right)) => op.holds(left, right),
                _ => false,
            },
            _ => false,
        }
    }

    /// How many keys the filter lists, if it does nothing but list primary keys.
    pub(super) fn listed_keys(&self, schema: &Schema) -> Option<usize> {
        let is_key = |expr: &Expr| matches!(expr, Expr::Column(column) if column.name == schema.primary().name);
        match self.condition.as_ref()? {
            Expr::In { item, list, negated: false } if is_key(item) => Some(list.len()),
            Expr::Compare(Comparison::Equal, left, right) if is_key(left) && matches!(**right, Expr::Literal(_)) => {
                Some(1)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, quick, refused};
    use super::expr::like;
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

    #[test]
    fn patterns_match_any_text_and_any_character() {
        assert!(like("abc", "a%") && like("abc", "a_c") && like("", "%") && like("a%", "a\\%"));
        assert!(!like("abc", "b%") && !like("abc", "a_") && !like("ab", "a\\%"));
    }
}
