//! A filter made ready for rows: names are resolved, constants cast, lists sorted. Asking it of a row copies nothing, but
//! where the row keeps JSON as text, which is read then.

use super::spatial::{Figure, Relation};
use super::syntax::{Arithmetic, Comparison, Step};
use super::token::Contains;
use super::value::{Datum, Fields, Literal, calculate};
use crate::reference::model::schema::DataType;
use jiff::{Span, Timestamp, tz::TimeZone};
use regex::Regex;
use serde_json::Value;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Where a column gets its values from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Field(usize),
    Dynamic(String),
    /// All dynamic keys as one object, which no filter can look at as a whole.
    Everything,
}

/// A field or dynamic key, with the way into its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) source: Source,
    pub(super) path: Vec<Step>,
    pub(super) data_type: DataType,
    pub(super) element: Option<DataType>,
}

impl Column {
    /// The type of what the way leads to; JSON where that is open.
    pub(super) fn target(&self) -> DataType {
        self.element.filter(|_| !self.path.is_empty()).unwrap_or(self.data_type)
    }

    /// Whether it is a list of one type as a whole.
    pub(super) fn is_whole_array(&self) -> bool {
        self.data_type == DataType::Array && self.path.is_empty()
    }

    fn read<R>(&self, row: &impl Fields, then: impl FnOnce(Datum<'_>) -> R) -> R {
        let datum = match &self.source {
            Source::Field(position) => row.field(*position),
            Source::Dynamic(key) => row.dynamic(key),
            Source::Everything => Datum::Missing,
        };
        match datum {
            Datum::Unread(text) => match serde_json::from_str::<Value>(text) {
                Ok(value) => then(walk(Datum::json(&value), &self.path)),
                // A text that was sent bare is kept without its quotes and is no JSON any more.
                Err(_) => then(Datum::Missing),
            },
            read => then(walk(read, &self.path)),
        }
    }
}

fn walk<'r>(mut datum: Datum<'r>, path: &[Step]) -> Datum<'r> {
    for step in path {
        let place = || step.index.or_else(|| step.key.parse().ok());
        datum = match datum {
            Datum::Null => Datum::Null,
            Datum::Json(Value::Object(entries)) => entries.get(&step.key).map_or(Datum::Missing, Datum::json),
            Datum::Json(Value::Array(items)) => {
                place().and_then(|place| items.get(place)).map_or(Datum::Missing, Datum::json)
            }
            Datum::Items(items) => place().and_then(|place| items.get(place)).map_or(Datum::Missing, Datum::of),
            _ => Datum::Missing,
        };
    }
    datum
}

/// The constants of a list, so that looking one up takes few steps.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Listed {
    /// In ascending order.
    Ints(Vec<i64>),
    /// In ascending order.
    Texts(Vec<String>),
    Mixed(Vec<Literal>),
}

impl Listed {
    pub(super) fn new(items: Vec<Literal>, data_type: DataType) -> Self {
        if data_type.is_integer() {
            let ints = items.iter().map(|item| if let Literal::Int(number) = item { Some(*number) } else { None });
            if let Some(mut ints) = ints.collect::<Option<Vec<i64>>>() {
                ints.sort_unstable();
                return Listed::Ints(ints);
            }
        }
        if data_type.is_text() {
            let texts = items.iter().map(|item| if let Literal::Text(text) = item { Some(text.clone()) } else { None });
            if let Some(mut texts) = texts.collect::<Option<Vec<String>>>() {
                texts.sort_unstable();
                return Listed::Texts(texts);
            }
        }
        Listed::Mixed(items)
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Listed::Ints(ints) => ints.len(),
            Listed::Texts(texts) => texts.len(),
            Listed::Mixed(items) => items.len(),
        }
    }

    fn has(&self, datum: Datum<'_>) -> bool {
        match (self, datum) {
            (Listed::Ints(ints), Datum::Int(number)) => ints.binary_search(&number).is_ok(),
            (Listed::Texts(texts), Datum::Text(text)) => texts.binary_search_by(|each| each.as_str().cmp(text)).is_ok(),
            (Listed::Mixed(items), datum) => items.iter().any(|item| item.equals(datum)),
            _ => false,
        }
    }
}

/// One end of a range, and whether it belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bound {
    pub(super) value: Literal,
    pub(super) included: bool,
}

/// A pattern as the user writes it: `%` for any text, `_` for any character, a backslash before what is meant as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Piece>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Anything,
    Any,
    One(char),
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            pieces.push(match character {
                '%' => Piece::Anything,
                '_' => Piece::Any,
                '\\' => Piece::One(characters.next().unwrap_or('\\')),
                other => Piece::One(other),
            });
        }
        Self(pieces)
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let mut at = 0;
        let mut rest = text.chars();
        // Where to go on after a wrong guess of how much the last `%` stands for.
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let before = rest.clone();
            match (self.0.get(at), rest.next()) {
                (None, None) => return true,
                (Some(Piece::Anything), _) => {
                    retry = Some((at, before.clone()));
                    rest = before;
                    at += 1;
                    continue;
                }
                (Some(Piece::Any), Some(_)) => {
                    at += 1;
                    continue;
                }
                (Some(Piece::One(wanted)), Some(found)) if *wanted == found => {
                    at += 1;
                    continue;
                }
                _ => {}
            }
            let Some((star, mut from)) = retry.take() else { return false };
            if from.next().is_none() {
                return false;
            }
            rest = from.clone();
            at = star + 1;
            retry = Some((star, from));
        }
    }
}

/// A column with one operation on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sum {
    pub(super) op: Arithmetic,
    pub(super) column: Column,
    pub(super) operand: Literal,
    /// Whether the constant stands on the left.
    pub(super) swapped: bool,
    pub(super) data_type: DataType,
}

impl Sum {
    fn of(&self, datum: Datum<'_>) -> Option<Literal> {
        match (datum, &self.operand) {
            (Datum::Int(number), Literal::Int(_)) => Literal::Int(number).combine(self.op, &self.operand),
            (datum, operand) => calculate(self.op, datum.number()?, operand.number()?).map(Literal::Float),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Expr {
    Always(bool),
    Compare {
        column: Column,
        op: Comparison,
        value: Literal,
        /// Whether a value that is not there, or of another kind, counts as different.
        missing_differs: bool,
    },
    Columns(Column, Comparison, Column),
    Range {
        column: Column,
        low: Bound,
        high: Bound,
    },
    Sum(Sum, Comparison, Literal),
    Length(Column, Comparison, Literal),
    In {
        column: Column,
        list: Listed,
        negated: bool,
    },
    Like(Column, Pattern),
    Regex(Column, Regex),
    Null {
        column: Column,
        negated: bool,
    },
    Exists(Column),
    Contains(Contains, Column, Vec<Literal>),
    /// At least so many of the words are in the text.
    Words(Column, Vec<String>, usize),
    /// The words are in the text in this order, with so many others between them at most.
    Phrase(Column, Vec<String>, usize),
    StartsWith(Column, String),
    Time {
        column: Column,
        span: Option<(bool, Span)>,
        op: Comparison,
        instant: Timestamp,
    },
    Spatial(Column, Relation, Figure),
    /// This share of all rows, told by their keys.
    Sample(f64, Column),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Not(Box<Expr>),
}

impl Expr {
    /// Whether the row passes; `None` where a value is null, so that neither this nor its opposite holds.
    pub(super) fn holds(&self, row: &impl Fields) -> Option<bool> {
        match self {
            Expr::All(conditions) => {
                let mut all = Some(true);
                for condition in conditions {
                    match condition.holds(row) {
                        Some(false) => return Some(false),
                        None => all = None,
                        Some(true) => {}
                    }
                }
                all
            }
            Expr::Any(conditions) => {
                let mut any = Some(false);
                for condition in conditions {
                    match condition.holds(row) {
                        Some(true) => return Some(true),
                        None => any = None,
                        Some(false) => {}
                    }
                }
                any
            }
            Expr::Not(inner) => inner.holds(row).map(|holds| !holds),
            leaf => leaf.leaf_holds(row),
        }
    }

    /// The same for what has no conditions inside. It stands apart so that nesting takes little stack.
    fn leaf_holds(&self, row: &impl Fields) -> Option<bool> {
        match self {
            Expr::Always(flag) => Some(*flag),
            Expr::Compare { column, op, value, missing_differs } => column.read(row, |datum| {
                if matches!(datum, Datum::Null) {
                    return None;
                }
                if let Literal::List(_) = value {
                    let equal = value.equals(datum);
                    let comparable = datum.length().is_some() || *missing_differs;
                    return Some(if *op == Comparison::NotEqual { comparable && !equal } else { equal });
                }
                Some(match datum.order(value.datum()) {
                    Some(order) => op.admits(order),
                    None => *missing_differs && *op == Comparison::NotEqual,
                })
            }),
            Expr::Columns(left, op, right) => left.read(row, |left| {
                right.read(row, |right| match (left, right) {
                    (Datum::Null, _) | (_, Datum::Null) => None,
                    (Datum::Json(left), Datum::Json(right)) => Some(match op {
                        Comparison::Equal => left == right,
                        Comparison::NotEqual => left != right,
                        _ => false,
                    }),
                    _ => Some(left.order(right).is_some_and(|order| op.admits(order))),
                })
            }),
            Expr::Range { column, low, high } => column.read(row, |datum| {
                if matches!(datum, Datum::Null) {
                    return None;
                }
                let above = datum.order(low.value.datum());
                let below = datum.order(high.value.datum());
                Some(
                    above.is_some_and(|order| order.is_gt() || low.included && order.is_eq())
                        && below.is_some_and(|order| order.is_lt() || high.included && order.is_eq()),
                )
            }),
            Expr::Sum(sum, op, value) => sum.column.read(row, |datum| {
                if matches!(datum, Datum::Null) {
                    return None;
                }
                let order = sum.of(datum).and_then(|result| result.datum().order(value.datum()));
                Some(order.is_some_and(|order| op.admits(order)))
            }),
            Expr::Length(column, op, value) => column.read(row, |datum| {
                if matches!(datum, Datum::Null) {
                    return None;
                }
                let length = datum.length().and_then(|length| i64::try_from(length).ok());
                let order = length.and_then(|length| Datum::Int(length).order(value.datum()));
                Some(order.is_some_and(|order| op.admits(order)))
            }),
            Expr::In { column, list, negated } => {
                column.read(row, |datum| (!matches!(datum, Datum::Null)).then(|| list.has(datum) != *negated))
            }
            Expr::Like(column, pattern) => text(column, row, |text| pattern.matches(text)),
            Expr::Regex(column, pattern) => text(column, row, |text| pattern.is_match(text)),
            Expr::StartsWith(column, start) => text(column, row, |text| text.starts_with(start.as_str())),
            Expr::Null { column, negated } => column.read(row, |datum| {
                let null = match datum {
                    Datum::Null => true,
                    // A way that leads nowhere is null; a bare text in a JSON field, which has no value either, is not.
                    Datum::Missing => !column.path.is_empty() || matches!(column.source, Source::Dynamic(_)),
                    _ => false,
                };
                Some(null != *negated)
            }),
            Expr::Exists(column) => column.read(row, |datum| Some(!matches!(datum, Datum::Null | Datum::Missing))),
            Expr::Contains(how, column, wanted) => column.read(row, |datum| {
                if matches!(datum, Datum::Null) {
                    return None;
                }
                let has = |wanted: &Literal| datum.any_item(|item| wanted.equals(item));
                Some(match how {
                    Contains::One | Contains::Any => wanted.iter().any(has),
                    Contains::All => datum.length().is_some() && wanted.iter().all(has),
                })
            }),
            Expr::Words(column, wanted, least) => text(column, row, |text| {
                let found = words(text);
                wanted.iter().filter(|word| found.contains(word)).count() >= *least
            }),
            Expr::Phrase(column, wanted, slop) => text(column, row, |text| phrase(&words(text), wanted, *slop)),
            Expr::Spatial(column, relation, figure) => {
                text(column, row, |text| Figure::read(text).is_some_and(|own| relation.holds(&own, figure)))
            }
            Expr::Time { column, span, op, instant } => column.read(row, |datum| match datum {
                Datum::Null => None,
                Datum::Text(text) => {
                    let moved = super::time::instant(text).and_then(|own| match span {
                        Some((away, span)) => moved(own, if *away { -*span } else { *span }),
                        None => Some(own),
                    });
                    Some(moved.is_some_and(|own| op.admits(own.cmp(instant))))
                }
                _ => Some(false),
            }),
            Expr::Sample(share, key) => key.read(row, |datum| {
                let mut hasher = DefaultHasher::new();
                match datum {
                    Datum::Int(number) => number.hash(&mut hasher),
                    Datum::Text(text) => text.hash(&mut hasher),
                    _ => {}
                }
                Some((hasher.finish() as f64) < share * u64::MAX as f64)
            }),
            Expr::All(_) | Expr::Any(_) | Expr::Not(_) => None,
        }
    }
}

fn text(column: &Column, row: &impl Fields, holds: impl FnOnce(&str) -> bool) -> Option<bool> {
    column.read(row, |datum| match datum {
        Datum::Null => None,
        Datum::Text(text) => Some(holds(text)),
        _ => Some(false),
    })
}

fn moved(instant: Timestamp, span: Span) -> Option<Timestamp> {
    instant.to_zoned(TimeZone::UTC).checked_add(span).ok().map(|zoned| zoned.timestamp())
}

/// The words of a text as the standard analyzer cuts them.
pub(super) fn words(text: &str) -> Vec<String> {
    let pieces = text.split(|each: char| !each.is_alphanumeric());
    pieces.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn phrase(found: &[String], wanted: &[String], slop: usize) -> bool {
    let Some((first, rest)) = wanted.split_first() else { return true };
    found.iter().enumerate().filter(|(_, word)| *word == first).any(|(start, _)| {
        let mut at = start;
        let reached = rest.iter().all(|wanted| {
            let next = found[at + 1..].iter().position(|word| word == wanted);
            at += next.map_or(0, |steps| steps + 1);
            next.is_some()
        });
        reached && at - start <= rest.len() + slop
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_any_text_and_any_character() {
        let cases = [
            ("abc", "a%", true),
            ("abc", "a_c", true),
            ("", "%", true),
            ("", "", true),
            ("a%", "a\\%", true),
            ("a\\", "a\\\\", true),
            ("mississippi", "m%iss%ip%i", true),
            ("😀x", "__", true),
            ("abc", "b%", false),
            ("abc", "a_", false),
            ("ab", "a\\%", false),
            ("abc", "", false),
            ("mississippi", "m%isx%", false),
        ];
        for (text, pattern, expected) in cases {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{text} like {pattern}");
        }
    }

    #[test]
    fn phrases_leave_room_for_as_many_words_as_allowed() {
        let (found, wanted) = (words("The quick brown fox, the fox"), words("quick fox"));
        assert!(!phrase(&found, &wanted, 0));
        assert!(phrase(&found, &wanted, 1));
        assert!(!phrase(&found, &words("fox quick"), 3));
        assert!(phrase(&found, &[], 0));
    }
}
