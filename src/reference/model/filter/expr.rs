//! Expressions and what they make of a row.

use crate::reference::json;
use crate::reference::model::row::{Cell, Row};
use crate::reference::model::schema::{DataType, Schema};
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Literal>),
    Object(Map<String, Value>),
}

impl Literal {
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Literal::Bool(_) => DataType::Bool.name(),
            Literal::Int(_) => DataType::Int64.name(),
            Literal::Float(_) => DataType::Double.name(),
            Literal::Text(_) => DataType::VarChar.name(),
            Literal::Null | Literal::List(_) | Literal::Object(_) => DataType::Json.name(),
        }
    }

    pub(super) fn from_json(value: &Value) -> Self {
        match value {
            Value::Null => Literal::Null,
            Value::Bool(flag) => Literal::Bool(*flag),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Literal::Int(whole),
                None => Literal::Float(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => Literal::Text(text.clone()),
            Value::Array(items) => Literal::List(items.iter().map(Self::from_json).collect()),
            Value::Object(entries) => Literal::Object(entries.clone()),
        }
    }

    pub(super) fn from_cell(cell: &Cell) -> Self {
        match cell {
            Cell::Null => Literal::Null,
            Cell::Int(number) => Literal::Int(*number),
            Cell::Json(text) => match json::parse(text) {
                Ok(node) => Self::from_json(&node.to_output()),
                Err(_) => Literal::Text(text.clone()),
            },
            Cell::Array(_, items) => Literal::List(items.iter().map(Self::from_cell).collect()),
            other => Self::from_json(&other.to_output(false)),
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Literal::Int(number) => Some(*number as f64),
            Literal::Float(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Literal::Int(one), Literal::Int(two)) => Some(one.cmp(two)),
            (Literal::Text(one), Literal::Text(two)) => Some(one.cmp(two)),
            (Literal::Bool(one), Literal::Bool(two)) => Some(one.cmp(two)),
            (Literal::List(_), Literal::List(_)) => (self == other).then_some(Ordering::Equal),
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) fn holds(self, left: &Literal, right: &Literal) -> bool {
        let Some(order) = left.compare(right) else {
            let absent = matches!(left, Literal::Null) || matches!(right, Literal::Null);
            return self == Comparison::NotEqual && !absent;
        };
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
    }

    pub(super) fn is_order(self) -> bool {
        !matches!(self, Comparison::Equal | Comparison::NotEqual)
    }
}

/// One step into a JSON value or an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// A field or dynamic key, with the way into its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    /// The type of what the way leads to; JSON where that is open.
    pub(super) data_type: DataType,
    pub(super) path: Vec<Step>,
}

/// The functions that look into lists, named as in filters after their prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contains {
    One,
    All,
    Any,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Literal(Literal),
    Column(Column),
    Arithmetic(char, Box<Expr>, Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    In {
        item: Box<Expr>,
        list: Vec<Literal>,
        negated: bool,
    },
    Like {
        item: Column,
        pattern: String,
    },
    IsNull {
        item: Column,
        negated: bool,
    },
    Exists(Column),
    Contains {
        how: Contains,
        item: Column,
        wanted: Literal,
    },
    Length(Column),
    /// Conditions joined by `and`; one list for a whole chain, however long.
    All(Vec<Expr>),
    /// Conditions joined by `or`.
    Any(Vec<Expr>),
    Not(Box<Expr>),
}

/// The row that an expression is asked of.
pub(super) struct Scope<'r> {
    pub(super) row: &'r Row,
    pub(super) schema: &'r Schema,
}

impl Column {
    pub(super) fn read(&self, scope: &Scope<'_>) -> Literal {
        let mut value = match scope.row.cell(scope.schema, &self.name) {
            Some(cell) => Literal::from_cell(cell),
            None => scope.row.dynamic.get(&self.name).map_or(Literal::Null, Literal::from_json),
        };
        for step in &self.path {
            value = match (value, step) {
                (Literal::Object(entries), Step::Key(key)) => {
                    entries.get(key).map_or(Literal::Null, Literal::from_json)
                }
                (Literal::List(mut items), Step::Index(index)) if *index < items.len() => items.swap_remove(*index),
                _ => Literal::Null,
            };
        }
        value
    }
}

impl Expr {
    pub(super) fn value(&self, scope: &Scope<'_>) -> Literal {
        match self {
            Expr::Literal(literal) => literal.clone(),
            Expr::Column(column) => column.read(scope),
            Expr::Arithmetic(op, left, right) => arithmetic(*op, &left.value(scope), &right.value(scope)),
            Expr::Length(column) => match column.read(scope) {
                Literal::List(items) => Literal::Int(i64::try_from(items.len()).unwrap_or(i64::MAX)),
                _ => Literal::Null,
            },
            condition => Literal::Bool(condition.holds(scope)),
        }
    }

    pub(super) fn holds(&self, scope: &Scope<'_>) -> bool {
        match self {
            Expr::Literal(literal) => *literal == Literal::Bool(true),
            Expr::Compare(op, left, right) => op.holds(&left.value(scope), &right.value(scope)),
            Expr::In { item, list, negated } => {
                let value = item.value(scope);
                let listed = list.iter().any(|each| Comparison::Equal.holds(&value, each));
                value != Literal::Null && listed != *negated
            }
            Expr::Like { item, pattern } => match item.read(scope) {
                Literal::Text(text) => like(&text, pattern),
                _ => false,
            },
            Expr::IsNull { item, negated } => (item.read(scope) == Literal::Null) != *negated,
            Expr::Exists(column) => column.read(scope) != Literal::Null,
            Expr::Contains { how, item, wanted } => contains(*how, &item.read(scope), wanted),
            Expr::All(conditions) => conditions.iter().all(|each| each.holds(scope)),
            Expr::Any(conditions) => conditions.iter().any(|each| each.holds(scope)),
            Expr::Not(inner) => !inner.holds(scope),
            Expr::Column(_) | Expr::Arithmetic(..) | Expr::Length(_) => false,
        }
    }

    /// The conditions of a chain of `and`, or the expression as the only one.
    pub(super) fn into_all(self) -> Vec<Expr> {
        match self {
            Expr::All(conditions) => conditions,
            single => vec![single],
        }
    }

    /// The conditions of a chain of `or`, or the expression as the only one.
    pub(super) fn into_any(self) -> Vec<Expr> {
        match self {
            Expr::Any(conditions) => conditions,
            single => vec![single],
        }
    }

    pub(super) fn is_condition(&self) -> bool {
        !matches!(self, Expr::Column(_) | Expr::Arithmetic(..) | Expr::Length(_) | Expr::Literal(_))
            || matches!(self, Expr::Literal(Literal::Bool(_)))
    }
}

pub(super) fn arithmetic(op: char, left: &Literal, right: &Literal) -> Literal {
    if let (Literal::Int(left), Literal::Int(right)) = (left, right) {
        let result = match op {
            '+' => left.checked_add(*right),
            '-' => left.checked_sub(*right),
            '*' => left.checked_mul(*right),
            '/' => left.checked_div(*right),
            _ => left.checked_rem(*right),
        };
        return result.map_or(Literal::Null, Literal::Int);
    }
    match (left.number(), right.number(), op) {
        (Some(left), Some(right), '+') => Literal::Float(left + right),
        (Some(left), Some(right), '-') => Literal::Float(left - right),
        (Some(left), Some(right), '*') => Literal::Float(left * right),
        (Some(left), Some(right), '/') => Literal::Float(left / right),
        _ => Literal::Null,
    }
}

pub(super) fn contains(how: Contains, list: &Literal, wanted: &Literal) -> bool {
    let Literal::List(items) = list else { return false };
    let has = |wanted: &Literal| items.iter().any(|item| Comparison::Equal.holds(item, wanted));
    match (how, wanted) {
        (Contains::All, Literal::List(wanted)) => wanted.iter().all(has),
        (Contains::Any, Literal::List(wanted)) => wanted.iter().any(has),
        _ => has(wanted),
    }
}

/// Matches `%` with any text and `_` with any character; a backslash takes the next character as it is.
pub(super) fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut reachable = vec![false; text.len() + 1];
    reachable[0] = true;
    let mut pattern = pattern.chars();
    while let Some(character) = pattern.next() {
        let mut next = vec![false; text.len() + 1];
        match character {
            '%' => {
                let first = reachable.iter().position(|reached| *reached).unwrap_or(reachable.len());
                next[first..].fill(true);
            }
            '_' => next[1..].copy_from_slice(&reachable[..text.len()]),
            other => {
                let literal = if other == '\\' { pattern.next().unwrap_or(other) } else { other };
                for (index, each) in text.iter().enumerate() {
                    next[index + 1] = reachable[index] && *each == literal;
                }
            }
        }
        reachable = next;
    }
    reachable[text.len()]
}
