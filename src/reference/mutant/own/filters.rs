//! Filters.

use super::super::success;
use super::Deed::{Accepts, Asks, Does, Ignores, Refuses};
use super::{Call, Own, own};
use serde_json::{Value, json};

const QUERY: &[&str] = &["entities/query"];

/// Writes another filter into the request.
fn rewrite(call: &Call<'_>, body: &mut Value, change: impl FnOnce(&str) -> String) {
    let filter = call.text("filter");
    if !filter.is_empty() {
        body["filter"] = change(filter).into();
    }
}

/// Takes every occurrence of some words for others.
fn swap(call: &Call<'_>, body: &mut Value, words: &[(&str, &str)]) {
    rewrite(call, body, |filter| words.iter().fold(filter.to_owned(), |filter, (from, to)| filter.replace(from, to)));
}

pub(super) const TABLE: &[Own] = &[
    own(
        "filter-at-most-is-less",
        "At most is taken for less.",
        QUERY,
        &["filter.comparison"],
        Asks(|_, call, body| swap(call, body, &[("<=", "<")])),
    ),
    own(
        "filter-different-is-equal",
        "Different is taken for equal.",
        QUERY,
        &["filter.comparison"],
        Asks(|_, call, body| swap(call, body, &[("!=", "==")])),
    ),
    own(
        "filter-sides-stay",
        "A constant on the left is compared as if it stood on the right.",
        QUERY,
        &["filter.sides"],
        Asks(|_, call, body| {
            rewrite(call, body, |filter| match filter.split(' ').collect::<Vec<_>>()[..] {
                [left, op, "id"] if left.parse::<i64>().is_ok() => format!("id {op} {left}"),
                _ => filter.to_owned(),
            });
        }),
    ),
    own(
        "filter-and-is-or",
        "And is taken for or.",
        QUERY,
        &["filter.logic"],
        Asks(|_, call, body| swap(call, body, &[(" and ", " or ")])),
    ),
    own(
        "filter-not-is-dropped",
        "Not is read over.",
        QUERY,
        &["filter.logic"],
        Asks(|_, call, body| swap(call, body, &[("not (", "("), ("!(", "(")])),
    ),
    own(
        "filter-small-words-only",
        "Logical words in capital letters are refused.",
        QUERY,
        &["filter.logic"],
        Refuses(|_, call| call.text("filter").contains(" AND "), 1100, "failed to create query plan"),
    ),
    own(
        "filter-or-binds-tighter",
        "Or binds tighter than and.",
        QUERY,
        &["filter.precedence"],
        Asks(|_, call, body| {
            rewrite(call, body, |filter| match filter.split_once(" and ") {
                Some((left, right)) if left.contains(" or ") && !filter.contains('(') => {
                    format!("({left}) and {right}")
                }
                _ => filter.to_owned(),
            });
        }),
    ),
    own(
        "filter-parentheses-are-dropped",
        "Parentheses around conditions are read over.",
        QUERY,
        &["filter.precedence"],
        Asks(|_, call, body| {
            rewrite(call, body, |filter| match filter.strip_prefix('(') {
                Some(inner) => inner.replacen(')', "", 1),
                None => filter.to_owned(),
            });
        }),
    ),
    own(
        "filter-range-has-its-ends",
        "The ends of a range always belong to it.",
        QUERY,
        &["filter.range"],
        Asks(|_, call, body| {
            rewrite(call, body, |filter| {
                let chained = filter.matches(" < ").count() == 2 && !filter.contains(" and ");
                if chained { filter.replace(" < ", " <= ") } else { filter.to_owned() }
            });
        }),
    ),
    own(
        "filter-range-has-no-end",
        "Of a range the second bound is read over.",
        QUERY,
        &["filter.range"],
        Asks(|_, call, body| {
            rewrite(call, body, |filter| match filter.split(' ').collect::<Vec<_>>()[..] {
                [low, op, column, second, _] if second.starts_with('<') => format!("{low} {op} {column}"),
                _ => filter.to_owned(),
            });
        }),
    ),
    own(
        "filter-calculates-nothing",
        "Calculations with a field are read over.",
        QUERY,
        &["filter.arithmetic"],
        Asks(|_, call, body| swap(call, body, &[("id + 1", "id"), ("id * 2", "id")])),
    ),
    own(
        "filter-constants-are-not-folded",
        "Calculations of constants are refused.",
        QUERY,
        &["filter.constants"],
        Refuses(|_, call| call.text("filter").contains("== 2 + "), 1100, "failed to create query plan"),
    ),
    own(
        "filter-divides-with-fractions",
        "Integers divide to fractions.",
        QUERY,
        &["filter.constants"],
        Asks(|_, call, body| swap(call, body, &[("10 / 3", "10.0 / 3")])),
    ),
    own(
        "filter-in-is-inverted",
        "in selects the rows whose value is not listed.",
        QUERY,
        &["filter.in"],
        Asks(|_, call, body| swap(call, body, &[("id in [2", "id not in [2"), ("id IN", "id not in")])),
    ),
    own(
        "filter-in-knows-one-value",
        "Of a list the first value is looked at.",
        QUERY,
        &["filter.in"],
        Asks(|_, call, body| swap(call, body, &[("[2, 4, 99]", "[2]")])),
    ),
    own(
        "filter-not-in-is-in",
        "not in is taken for in.",
        QUERY,
        &["filter.not-in"],
        Asks(|_, call, body| swap(call, body, &[(" not in ", " in "), (" NOT IN ", " in ")])),
    ),
    own(
        "filter-empty-lists-are-refused",
        "Empty lists are refused.",
        QUERY,
        &["filter.empty-list"],
        Refuses(|_, call| call.text("filter").contains("[]"), 1100, "failed to create query plan"),
    ),
    own(
        "filter-empty-list-holds-all",
        "An empty list holds every value.",
        QUERY,
        &["filter.empty-list"],
        Asks(|_, call, body| swap(call, body, &[("id in []", "id > 0")])),
    ),
    own(
        "filter-like-is-equal",
        "A pattern is taken for the text itself.",
        QUERY,
        &["filter.like"],
        Asks(|_, call, body| swap(call, body, &[(" like ", " == ")])),
    ),
    own(
        "filter-like-ends-open",
        "A pattern matches longer texts as well.",
        QUERY,
        &["filter.like"],
        Asks(|_, call, body| swap(call, body, &[("like \"app\"", "like \"app%\"")])),
    ),
    own(
        "filter-like-one-is-any",
        "An underscore matches any text.",
        QUERY,
        &["filter.like-one"],
        Asks(|_, call, body| swap(call, body, &[("ap_", "ap%")])),
    ),
    own(
        "filter-escapes-are-refused",
        "Escapes are refused.",
        QUERY,
        &["filter.strings"],
        Refuses(|_, call| call.text("filter").contains('\\'), 1100, "failed to create query plan"),
    ),
    own(
        "filter-json-first-step",
        "Of a way the first step alone is taken.",
        QUERY,
        &["filter.json-path"],
        Asks(|_, call, body| swap(call, body, &[("[\"b\"][\"c\"]", "[\"b\"]"), ("[\"l\"][0]", "[\"l\"]")])),
    ),
    own(
        "filter-json-counts-from-one",
        "Places in JSON lists count from one.",
        QUERY,
        &["filter.json-path"],
        Asks(|_, call, body| swap(call, body, &[("[\"l\"][1]", "[\"l\"][0]")])),
    ),
    own(
        "filter-json-kinds-mix",
        "In JSON a text equals the number that it shows.",
        QUERY,
        &["filter.json-kinds"],
        Asks(|_, call, body| swap(call, body, &[("== \"3\"", "== 3"), ("== \"1\"", "== 1")])),
    ),
    own(
        "filter-dynamic-keys-unknown",
        "Dynamic keys have no value.",
        QUERY,
        &["filter.dynamic-keys"],
        Asks(|_, call, body| swap(call, body, &[("color", "colour"), ("size", "sizes")])),
    ),
    own(
        "filter-meta-unknown",
        "Dynamic keys inside $meta have no value.",
        QUERY,
        &["filter.dynamic-keys"],
        Asks(|_, call, body| swap(call, body, &[("$meta[\"", "$meta[\"no ")])),
    ),
    own(
        "filter-exists-always",
        "Every way leads to a value.",
        QUERY,
        &["filter.exists"],
        Asks(|_, call, body| {
            swap(call, body, &[("not exists info[\"a\"]", "id > 0"), ("exists info[\"extra\"]", "id > 0")]);
        }),
    ),
    own(
        "filter-json-contains-inverted",
        "json_contains tells whether the item is missing.",
        QUERY,
        &["filter.json-contains"],
        Asks(|_, call, body| swap(call, body, &[("json_contains(info[\"l\"], ", "not json_contains(info[\"l\"], ")])),
    ),
    own(
        "filter-json-contains-all-is-any",
        "One item is enough for json_contains_all.",
        QUERY,
        &["filter.json-contains-all"],
        Asks(|_, call, body| swap(call, body, &[("json_contains_all", "json_contains_any")])),
    ),
    own(
        "filter-json-contains-any-is-all",
        "json_contains_any wants all items.",
        QUERY,
        &["filter.json-contains-any"],
        Asks(|_, call, body| swap(call, body, &[("json_contains_any", "json_contains_all")])),
    ),
    own(
        "filter-array-contains-inverted",
        "array_contains tells whether the item is missing.",
        QUERY,
        &["filter.array-contains"],
        Asks(|_, call, body| swap(call, body, &[("array_contains(marks, ", "not array_contains(marks, ")])),
    ),
    own(
        "filter-array-contains-all-is-any",
        "One item is enough for array_contains_all.",
        QUERY,
        &["filter.array-contains-all"],
        Asks(|_, call, body| swap(call, body, &[("array_contains_all", "array_contains_any")])),
    ),
    own(
        "filter-array-contains-any-is-all",
        "array_contains_any wants all items.",
        QUERY,
        &["filter.array-contains-any"],
        Asks(|_, call, body| swap(call, body, &[("array_contains_any", "array_contains_all")])),
    ),
    own(
        "filter-array-length-off-by-one",
        "Arrays are one item longer.",
        QUERY,
        &["filter.array-length"],
        Asks(|_, call, body| swap(call, body, &[("array_length(marks) == 2", "array_length(marks) == 1")])),
    ),
    own(
        "filter-array-counts-from-one",
        "Places in arrays count from one.",
        QUERY,
        &["filter.array-item"],
        Asks(|_, call, body| swap(call, body, &[("[1] == 5", "[0] == 5")])),
    ),
    own(
        "filter-null-is-false",
        "No value is ever null.",
        QUERY,
        &["filter.null"],
        Asks(|_, call, body| swap(call, body, &[("rank is null", "id < 0")])),
    ),
    own(
        "filter-null-is-true",
        "Every value is null.",
        QUERY,
        &["filter.null"],
        Asks(|_, call, body| swap(call, body, &[("rank is not null", "id < 0")])),
    ),
    own(
        "filter-null-differs",
        "A value that is null is different from any other.",
        QUERY,
        &["filter.null-compared"],
        Asks(|_, call, body| swap(call, body, &[("rank != 5", "(rank != 5 or rank is null)")])),
    ),
    own(
        "filter-templates-ignored",
        "The values of templates are not looked at.",
        QUERY,
        &["filter.template"],
        Ignores(&["exprParams"]),
    ),
    own(
        "filter-templates-empty",
        "A filter with templates selects nothing.",
        QUERY,
        &["filter.template"],
        Does(|_, call| call.body.get("exprParams").is_some().then(|| success(&json!([])))),
    ),
    own(
        "filter-templates-missing",
        "A template without a value selects nothing.",
        QUERY,
        &["filter.template-missing"],
        Accepts("template variable"),
    ),
    own(
        "filter-syntax-lenient",
        "What follows an expression is read over.",
        QUERY,
        &["filter.syntax-refused"],
        Accepts("invalid expression"),
    ),
    own(
        "filter-syntax-selects-nothing",
        "What is no expression selects nothing.",
        QUERY,
        &["filter.syntax-refused"],
        Accepts("line 1:"),
    ),
    own(
        "filter-values-as-conditions",
        "A value counts as a condition.",
        QUERY,
        &["filter.no-condition-refused"],
        Accepts("boolean expression"),
    ),
    own(
        "filter-types-mix",
        "Kinds that do not go together are compared.",
        QUERY,
        &["filter.types-refused"],
        Accepts("comparisons between"),
    ),
    own(
        "filter-types-are-cast",
        "Fractions are cast to integers.",
        QUERY,
        &["filter.types-refused"],
        Accepts("cannot cast value"),
    ),
    own(
        "filter-calculates-in-steps",
        "Calculations in several steps are accepted.",
        QUERY,
        &["filter.calculation-refused"],
        Accepts("complicated arithmetic"),
    ),
    own(
        "filter-words-all",
        "A match of words is asked for another word.",
        QUERY,
        &["filter.text-match"],
        Asks(|_, call, body| swap(call, body, &[("'machine'", "'deep'")])),
    ),
    own(
        "filter-words-anywhere",
        "Words are matched in every field of texts.",
        QUERY,
        &["filter.text-match-enabled"],
        Accepts("does not enable match"),
    ),
    own(
        "filter-phrase-is-words",
        "A phrase is matched word by word.",
        QUERY,
        &["filter.phrase-match"],
        Asks(|_, call, body| {
            swap(
                call,
                body,
                &[
                    ("phrase_match", "text_match"),
                    ("PHRASE_MATCH(title, 'machine learning', 0)", "text_match(title, 'machine learning')"),
                ],
            );
        }),
    ),
    own(
        "filter-sample-of-all",
        "A sample is taken of all rows.",
        QUERY,
        &["filter.sample"],
        Asks(|_, call, body| swap(call, body, &[("id <= 2 and ", "")])),
    ),
    own(
        "filter-sample-of-any-share",
        "A sample may have any share.",
        QUERY,
        &["filter.sample-share"],
        Accepts("the sample factor should be"),
    ),
    own(
        "filter-time-is-text",
        "Times are compared without their zones.",
        QUERY,
        &["filter.time"],
        Asks(|_, call, body| {
            swap(call, body, &[("+08:00", "Z"), ("== ISO '2024-12-31T22:00:00Z'", "== ISO '2024-12-31T22:00:01Z'")]);
        }),
    ),
    own(
        "filter-span-is-dropped",
        "Spans are read over.",
        QUERY,
        &["filter.time-span"],
        Asks(|_, call, body| swap(call, body, &[(" + INTERVAL 'PT2H'", ""), (" - INTERVAL 'P31D'", "")])),
    ),
    own(
        "filter-any-time",
        "Any text is a point in time.",
        QUERY,
        &["filter.time-refused"],
        Accepts("invalid timestamp string"),
    ),
    own(
        "filter-shape-contains-is-within",
        "A shape that contains is taken for one that lies within.",
        QUERY,
        &["filter.shape-contains"],
        Asks(|_, call, body| swap(call, body, &[("ST_CONTAINS", "st_within")])),
    ),
    own(
        "filter-shape-intersects-is-within",
        "A shape that shares a point is taken for one that lies within.",
        QUERY,
        &["filter.shape-intersects"],
        Asks(|_, call, body| swap(call, body, &[("st_intersects", "st_within")])),
    ),
    own(
        "filter-shape-equals-is-intersects",
        "A shape that covers the same points is taken for one that shares a point.",
        QUERY,
        &["filter.shape-equals"],
        Asks(|_, call, body| swap(call, body, &[("st_equals", "st_intersects")])),
    ),
    own(
        "filter-pattern-is-text",
        "A regular expression is compared as a text.",
        QUERY,
        &["filter.pattern"],
        Asks(|_, call, body| swap(call, body, &[("=~", "==")])),
    ),
    own(
        "filter-pattern-early",
        "Regular expressions are known in every version.",
        QUERY,
        &["filter.pattern-unknown"],
        Accepts("=~"),
    ),
];
