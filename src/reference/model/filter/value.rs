//! Constants of filters and the values of rows that they are compared with.

use super::syntax::{Arithmetic, Comparison};
use crate::reference::json::{Node, Value as Json};
use crate::reference::model::row::{Cell, Row};
use crate::reference::model::schema::DataType;
use serde_json::Value;
use std::cmp::Ordering;

/// What a filter has to know of a row: the values of its fields by their places in the schema, and its dynamic keys.
pub(in crate::reference::model) trait Fields {
    fn field(&self, position: usize) -> Datum<'_>;
    fn dynamic(&self, key: &str) -> Datum<'_>;
}

impl Fields for Row {
    fn field(&self, position: usize) -> Datum<'_> {
        self.cells.get(position).map_or(Datum::Null, Datum::of)
    }

    fn dynamic(&self, key: &str) -> Datum<'_> {
        self.dynamic.get(key).map_or(Datum::Missing, Datum::json)
    }
}

/// A value of a row, as far as filters tell values apart; nothing is copied.
#[derive(Clone, Copy, Debug)]
pub(in crate::reference::model) enum Datum<'r> {
    /// A field without a value.
    Null,
    /// A way that leads nowhere.
    Missing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'r str),
    /// The text of a JSON value.
    Unread(&'r str),
    /// A list or an object inside a JSON value.
    Json(&'r Value),
    Items(&'r [Cell]),
    /// A vector or the like, which no filter looks into.
    Other,
}

impl<'r> Datum<'r> {
    pub(super) fn of(cell: &'r Cell) -> Self {
        match cell {
            Cell::Null => Datum::Null,
            Cell::Bool(flag) => Datum::Bool(*flag),
            Cell::Int(number) => Datum::Int(*number),
            Cell::Float(number) => Datum::Float(f64::from(*number)),
            Cell::Double(number) => Datum::Float(*number),
            Cell::Text(text) | Cell::Opaque(Value::String(text)) => Datum::Text(text),
            Cell::Json(text) => Datum::Unread(text),
            Cell::Array(_, items) => Datum::Items(items),
            Cell::Vector(_) | Cell::Opaque(_) => Datum::Other,
        }
    }

    pub(super) fn json(value: &'r Value) -> Self {
        match value {
            // A null inside JSON is as if it were not there.
            Value::Null => Datum::Missing,
            Value::Bool(flag) => Datum::Bool(*flag),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Datum::Int(whole),
                (None, Some(float)) => Datum::Float(float),
                (None, None) => Datum::Missing,
            },
            Value::String(text) => Datum::Text(text),
            Value::Array(_) | Value::Object(_) => Datum::Json(value),
        }
    }

    pub(super) fn number(self) -> Option<f64> {
        match self {
            Datum::Int(number) => Some(number as f64),
            Datum::Float(number) => Some(number),
            _ => None,
        }
    }

    /// The order of two values, if they can be compared.
    pub(super) fn order(self, other: Datum<'_>) -> Option<Ordering> {
        match (self, other) {
            (Datum::Int(one), Datum::Int(two)) => Some(one.cmp(&two)),
            (Datum::Text(one), Datum::Text(two)) => Some(one.cmp(two)),
            (Datum::Bool(one), Datum::Bool(two)) => Some(one.cmp(&two)),
            (one, two) => one.number()?.partial_cmp(&two.number()?),
        }
    }

    /// The items of a list, each given to the function until it says yes.
    pub(super) fn any_item(self, mut holds: impl FnMut(Datum<'_>) -> bool) -> bool {
        match self {
            Datum::Items(items) => items.iter().any(|item| holds(Datum::of(item))),
            Datum::Json(Value::Array(items)) => items.iter().any(|item| holds(Datum::json(item))),
            _ => false,
        }
    }

    /// How many items a list has.
    pub(super) fn length(self) -> Option<usize> {
        match self {
            Datum::Items(items) => Some(items.len()),
            Datum::Json(Value::Array(items)) => Some(items.len()),
            _ => None,
        }
    }
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Literal>),
}

/// Why a template value cannot be passed on: the server fails while it reads the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unencodable;

impl Literal {
    /// Reads a template value. Numbers have gone through a double, whole ones become integers again.
    pub(super) fn template(node: &Node<'_>) -> Result<Self, Unencodable> {
        match &node.value {
            Json::Null | Json::Object(_) => Err(Unencodable),
            Json::Bool(flag) => Ok(Literal::Bool(*flag)),
            Json::Number(text) => {
                let number: f64 = text.parse().map_err(|_| Unencodable)?;
                Ok(whole(number).map_or(Literal::Float(number), Literal::Int))
            }
            Json::String(text) => Ok(Literal::Text(text.clone().into_owned())),
            Json::Array(items) if items.is_empty() => Err(Unencodable),
            Json::Array(items) => items.iter().map(Self::template).collect::<Result<_, _>>().map(Literal::List),
        }
    }

    pub(super) fn datum(&self) -> Datum<'_> {
        match self {
            Literal::Bool(flag) => Datum::Bool(*flag),
            Literal::Int(number) => Datum::Int(*number),
            Literal::Float(number) => Datum::Float(*number),
            Literal::Text(text) => Datum::Text(text),
            Literal::List(_) => Datum::Other,
        }
    }

    /// Whether a value of a row is equal to this.
    pub(super) fn equals(&self, datum: Datum<'_>) -> bool {
        match self {
            Literal::List(items) => {
                let mut expected = items.iter();
                let mut all = datum.length() == Some(items.len());
                datum.any_item(|item| {
                    all = all && expected.next().is_some_and(|expected| expected.equals(item));
                    !all
                });
                all
            }
            simple => simple.datum().order(datum) == Some(Ordering::Equal),
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        self.datum().number()
    }

    /// The result of an operation on numbers; integers wrap around.
    pub(super) fn combine(&self, op: Arithmetic, other: &Self) -> Option<Self> {
        if let (Literal::Int(left), Literal::Int(right)) = (self, other) {
            let (left, right) = (*left, *right);
            return match op {
                Arithmetic::Add => Some(Literal::Int(left.wrapping_add(right))),
                Arithmetic::Subtract => Some(Literal::Int(left.wrapping_sub(right))),
                Arithmetic::Multiply => Some(Literal::Int(left.wrapping_mul(right))),
                Arithmetic::Divide if right != 0 => Some(Literal::Int(left.wrapping_div(right))),
                Arithmetic::Modulo if right != 0 => Some(Literal::Int(left.wrapping_rem(right))),
                Arithmetic::Divide | Arithmetic::Modulo => None,
                Arithmetic::Power => {
                    let power = (left as f64).powf(right as f64);
                    Some(whole(power).map_or(Literal::Float(power), Literal::Int))
                }
            };
        }
        calculate(op, self.number()?, other.number()?).map(Literal::Float)
    }

    /// The constant as the server's messages print it.
    pub(super) fn shown(&self) -> String {
        match self {
            Literal::Bool(flag) => format!("bool_val:{flag}"),
            Literal::Int(number) => format!("int64_val:{number}"),
            Literal::Float(number) => format!("float_val:{}", short(*number)),
            Literal::Text(text) => format!("string_val:{text:?}"),
            Literal::List(items) => {
                let shown: Vec<String> = items.iter().map(|item| format!("array:{{{}}}", item.shown())).collect();
                let first = items.first().map(Self::data_type);
                let same = items.iter().all(|item| Some(item.data_type()) == first);
                let element = first.filter(|_| same).map_or("JSON", DataType::name);
                format!("array_val:{{{}  same_type:{same}  element_type:{element}}}", shown.join("  "))
            }
        }
    }

    pub(super) fn data_type(&self) -> DataType {
        match self {
            Literal::Bool(_) => DataType::Bool,
            Literal::Int(_) => DataType::Int64,
            Literal::Float(_) => DataType::Double,
            Literal::Text(_) => DataType::VarChar,
            Literal::List(_) => DataType::Array,
        }
    }
}

/// The integer that a number is, if it is one of 64 bits.
fn whole(number: f64) -> Option<i64> {
    let within = number.fract() == 0.0 && number.abs() < 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "the number has no fraction and is in range")]
    let whole = number as i64;
    within.then_some(whole)
}

pub(super) fn calculate(op: Arithmetic, left: f64, right: f64) -> Option<f64> {
    match op {
        Arithmetic::Add => Some(left + right),
        Arithmetic::Subtract => Some(left - right),
        Arithmetic::Multiply => Some(left * right),
        Arithmetic::Divide if right != 0.0 => Some(left / right),
        Arithmetic::Power => Some(left.powf(right)),
        Arithmetic::Divide | Arithmetic::Modulo => None,
    }
}

/// A number in the shortest form of Go's `%g`: with an exponent below 1e-4, and where it has fewer digits than places.
fn short(number: f64) -> String {
    let text = format!("{number:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let power: i32 = exponent.parse().unwrap_or_default();
    if (-4..21).contains(&power) && !(power >= 6 && digits.len() < usize::try_from(power).unwrap_or_default()) {
        return number.to_string();
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", power.abs())
}

impl Comparison {
    /// Whether two values that can be ordered so stand to each other.
    pub(super) fn admits(self, order: Ordering) -> bool {
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
    }
}
