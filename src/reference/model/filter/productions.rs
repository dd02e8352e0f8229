//! Which productions of the grammar a filter is made of.

use super::parse::Parser;
use super::syntax::{Arithmetic, Form, Sign};
use super::token::{self, Contains};
use crate::profile::Version;
use std::collections::BTreeSet;

/// What a filter is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Productions {
    /// The productions, by the names that [`PRODUCTIONS`] has.
    pub names: BTreeSet<&'static str>,
    /// The fields and dynamic keys that it asks for.
    pub columns: BTreeSet<String>,
}

const FIRST: Version = Version(2, 4);
const V25: Version = Version(2, 5);
const V26: Version = Version(2, 6);
const V30: Version = Version(3, 0);

/// Every production, with the first version that has it. Operators on bits, which no server carries out, are none.
pub const PRODUCTIONS: &[(&str, Version)] = &[
    ("==", FIRST),
    ("!=", FIRST),
    ("<", FIRST),
    ("<=", FIRST),
    (">", FIRST),
    (">=", FIRST),
    ("range", FIRST),
    ("and", FIRST),
    ("or", FIRST),
    ("not", FIRST),
    ("parentheses", FIRST),
    ("sign", FIRST),
    ("+", FIRST),
    ("-", FIRST),
    ("*", FIRST),
    ("/", FIRST),
    ("%", FIRST),
    ("**", FIRST),
    ("in", FIRST),
    ("not in", FIRST),
    ("list", FIRST),
    ("like", FIRST),
    ("=~", V30),
    ("true or false", FIRST),
    ("integer", FIRST),
    ("number with a point", FIRST),
    ("text", FIRST),
    ("field", FIRST),
    ("way into a value", FIRST),
    ("template", V25),
    ("is null", V25),
    ("is not null", V25),
    ("exists", FIRST),
    ("contains", FIRST),
    ("contains all", FIRST),
    ("contains any", FIRST),
    ("array_length", FIRST),
    ("text_match", V25),
    ("phrase_match", V26),
    ("random_sample", V26),
    ("ISO", V26),
    ("INTERVAL", V26),
    ("st_equals", V26),
    ("st_touches", V26),
    ("st_overlaps", V26),
    ("st_crosses", V26),
    ("st_contains", V26),
    ("st_intersects", V26),
    ("st_within", V26),
    ("st_dwithin", V26),
    ("st_isvalid", V30),
];

/// Takes a filter apart that was read by a server; nothing when the newest grammar does not have it.
pub fn productions(text: &str) -> Option<Productions> {
    let words = token::words(text, V30);
    let tree = Parser::new(&words, text, V30).whole().ok()?;
    let mut found = Productions::default();
    let mut left = vec![&tree];
    while let Some(part) = left.pop() {
        if part.words != part.bare {
            found.names.insert("parentheses");
        }
        found.enter(&part.form);
        left.extend(part.children());
    }
    Some(found)
}

impl Productions {
    fn enter(&mut self, form: &Form) {
        let (name, column) = match form {
            Form::Bool(_) => ("true or false", None),
            Form::Int(_) | Form::Huge(_) => ("integer", None),
            Form::Float(_) | Form::HugeFloat(_) => ("number with a point", None),
            Form::Text(_) => ("text", None),
            Form::Column(name) if name.path.is_empty() => ("field", Some(name)),
            Form::Column(name) => ("way into a value", Some(name)),
            Form::Template(_) => ("template", None),
            Form::List(_) => ("list", None),
            Form::Signed(signs, _) => {
                let not = signs.contains(&Sign::Not).then_some("not");
                let sign = signs.iter().any(|sign| *sign != Sign::Not).then_some("sign");
                self.names.extend(not.into_iter().chain(sign));
                return;
            }
            Form::Arithmetic(operator, ..) => (arithmetic(*operator), None),
            Form::Compare(comparison, ..) => (comparison.symbol(), None),
            Form::Range(range) => ("range", Some(&range.column)),
            Form::In { negated: false, .. } => ("in", None),
            Form::In { .. } => ("not in", None),
            Form::Like(..) => ("like", None),
            Form::Regex(..) => ("=~", None),
            Form::Null(name, false) => ("is null", Some(name)),
            Form::Null(name, true) => ("is not null", Some(name)),
            Form::Exists(_) => ("exists", None),
            Form::All(_) => ("and", None),
            Form::Any(_) => ("or", None),
            Form::Contains(Contains::One, ..) => ("contains", None),
            Form::Contains(Contains::All, ..) => ("contains all", None),
            Form::Contains(Contains::Any, ..) => ("contains any", None),
            Form::Length(name) => ("array_length", Some(name)),
            Form::TextMatch { column, .. } => ("text_match", Some(column)),
            Form::PhraseMatch { column, .. } => ("phrase_match", Some(column)),
            Form::Sample(_) => ("random_sample", None),
            Form::Spatial(relation, name, _) => (relation.call, Some(name)),
            Form::Time(time) => {
                self.names.extend(time.span.as_ref().map(|_| "INTERVAL"));
                ("ISO", Some(&time.column))
            }
            Form::BadText | Form::NotUtf8 | Form::Bits(..) | Form::Call(..) => return,
        };
        self.names.insert(name);
        self.columns.extend(column.map(|name| name.name.clone()));
    }
}

fn arithmetic(operator: Arithmetic) -> &'static str {
    match operator {
        Arithmetic::Add => "+",
        Arithmetic::Subtract => "-",
        Arithmetic::Multiply => "*",
        Arithmetic::Divide => "/",
        Arithmetic::Modulo => "%",
        Arithmetic::Power => "**",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_taken_apart() {
        let found = productions("not (year + 1 in [2, 3]) and facts['a'] >= -1.5 or title is not null").unwrap();
        let names: Vec<&str> = found.names.iter().copied().collect();
        let wanted = [
            "+",
            ">=",
            "and",
            "field",
            "in",
            "integer",
            "is not null",
            "list",
            "not",
            "number with a point",
            "or",
            "parentheses",
            "way into a value",
        ];
        assert!(wanted.iter().all(|name| names.contains(name)), "{names:?}");
        assert_eq!(found.columns.iter().collect::<Vec<_>>(), ["facts", "title", "year"]);
        assert_eq!(productions("year >"), None);
    }

    #[test]
    fn every_production_that_is_told_is_listed() {
        let texts = [
            "1 < a <= 5",
            "a like 'b%'",
            "a =~ 'b'",
            "a == {t}",
            "exists a['b']",
            "array_contains(a, 1)",
            "json_contains_all(a, [1])",
            "json_contains_any(a, [1])",
            "array_length(a) == 1",
            "text_match(a, 'b')",
            "phrase_match(a, 'b c', 1)",
            "a > 1 and random_sample(0.5)",
            "t > ISO '2024-01-01T00:00:00Z'",
            "t + INTERVAL 'P1D' > ISO '2024-01-01T00:00:00Z'",
            "st_touches(s, 'POINT (0 0)')",
            "a not in [1]",
            "a is null",
            "a ** 2 == 4",
            "a % 2 == 1",
            "a - 1 != 4",
            "a * 2 < 4",
            "a / 2 > 4",
            "a == true",
            "a == 'b'",
        ];
        for text in texts {
            let found = productions(text).unwrap_or_else(|| panic!("{text}"));
            for name in found.names {
                assert!(PRODUCTIONS.iter().any(|(known, _)| *known == name), "{name}");
            }
        }
    }
}
