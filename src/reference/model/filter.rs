//! Filter expressions: a parser for the common part of the grammar, and its evaluation on rows.

use super::row::{Cell, Row};
use super::schema::{DataType, Schema};
use crate::profile::Version;
use crate::reference::json::{self, Node, Value as Json};
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// How deep parentheses and signs may be nested.
const DEPTH_LIMIT: usize = 200;

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
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0, depth: 0, schema, templates, version };
        let condition = parser.expression(0)?;
        match parser.peek() {
            Some(_) if version < Version(2, 5) => return Err(Fault::Parse(format!("invalid expression: {text}"))),
            Some(token) => return Err(extraneous(token)),
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

/// A constant.
#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Literal>),
    Object(Map<String, Value>),
}

impl Literal {
    fn type_name(&self) -> &'static str {
        match self {
            Literal::Bool(_) => DataType::Bool.name(),
            Literal::Int(_) => DataType::Int64.name(),
            Literal::Float(_) => DataType::Double.name(),
            Literal::Text(_) => DataType::VarChar.name(),
            Literal::Null | Literal::List(_) | Literal::Object(_) => DataType::Json.name(),
        }
    }

    fn from_json(value: &Value) -> Self {
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

    fn from_cell(cell: &Cell) -> Self {
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

    fn number(&self) -> Option<f64> {
        match self {
            Literal::Int(number) => Some(*number as f64),
            Literal::Float(number) => Some(*number),
            _ => None,
        }
    }

    fn compare(&self, other: &Self) -> Option<Ordering> {
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
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    fn holds(self, left: &Literal, right: &Literal) -> bool {
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

    fn is_order(self) -> bool {
        !matches!(self, Comparison::Equal | Comparison::NotEqual)
    }
}

/// One step into a JSON value or an array.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// A field or dynamic key, with the way into its value.
#[derive(Clone, Debug, PartialEq)]
struct Column {
    name: String,
    /// The type of what the way leads to; JSON where that is open.
    data_type: DataType,
    path: Vec<Step>,
}

/// The functions that look into lists, named as in filters after their prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contains {
    One,
    All,
    Any,
}

#[derive(Clone, Debug, PartialEq)]
enum Expr {
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
struct Scope<'r> {
    row: &'r Row,
    schema: &'r Schema,
}

impl Column {
    fn read(&self, scope: &Scope<'_>) -> Literal {
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
    fn value(&self, scope: &Scope<'_>) -> Literal {
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

    fn holds(&self, scope: &Scope<'_>) -> bool {
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
    fn into_all(self) -> Vec<Expr> {
        match self {
            Expr::All(conditions) => conditions,
            single => vec![single],
        }
    }

    /// The conditions of a chain of `or`, or the expression as the only one.
    fn into_any(self) -> Vec<Expr> {
        match self {
            Expr::Any(conditions) => conditions,
            single => vec![single],
        }
    }

    fn is_condition(&self) -> bool {
        !matches!(self, Expr::Column(_) | Expr::Arithmetic(..) | Expr::Length(_) | Expr::Literal(_))
            || matches!(self, Expr::Literal(Literal::Bool(_)))
    }
}

fn arithmetic(op: char, left: &Literal, right: &Literal) -> Literal {
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

fn contains(how: Contains, list: &Literal, wanted: &Literal) -> bool {
    let Literal::List(items) = list else { return false };
    let has = |wanted: &Literal| items.iter().any(|item| Comparison::Equal.holds(item, wanted));
    match (how, wanted) {
        (Contains::All, Literal::List(wanted)) => wanted.iter().all(has),
        (Contains::Any, Literal::List(wanted)) => wanted.iter().any(has),
        _ => has(wanted),
    }
}

/// Matches `%` with any text and `_` with any character; a backslash takes the next character as it is.
fn like(text: &str, pattern: &str) -> bool {
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

/// A word of the expression with the byte it begins at.
#[derive(Clone, Debug, PartialEq)]
struct Token {
    at: usize,
    text: String,
    kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq)]
enum TokenKind {
    Name,
    Int(i64),
    Float(f64),
    Text(String),
    Symbol,
    /// A name in braces that a template value stands for.
    Template,
}

const SYMBOLS: [&str; 22] = [
    "==", "!=", "<=", ">=", "&&", "||", "**", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", "!", "~", "?",
];

fn extraneous(token: &Token) -> Fault {
    Fault::Parse(format!("line 1:{} no viable alternative at input '{}'", token.at, token.text))
}

fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = match first {
            blank if blank.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            letter if letter.is_ascii_alphabetic() || matches!(letter, '_' | '$') => {
                let end = rest.find(|each: char| !each.is_ascii_alphanumeric() && !matches!(each, '_' | '$'));
                let length = end.unwrap_or(rest.len());
                tokens.push(Token { at, text: rest[..length].to_owned(), kind: TokenKind::Name });
                length
            }
            digit
                if digit.is_ascii_digit()
                    || (digit == '.' && rest[1..].starts_with(|next: char| next.is_ascii_digit())) =>
            {
                let (length, kind) = number(rest).ok_or_else(|| unreadable(at, rest))?;
                tokens.push(Token { at, text: rest[..length].to_owned(), kind });
                length
            }
            '"' | '\'' => {
                let (length, value) = quoted(rest, first).ok_or_else(|| unreadable(at, rest))?;
                tokens.push(Token { at, text: rest[..length].to_owned(), kind: TokenKind::Text(value) });
                length
            }
            '{' => {
                let length = rest.find('}').ok_or_else(|| unreadable(at, rest))? + 1;
                let name = rest[1..length - 1].trim().to_owned();
                tokens.push(Token { at, text: name, kind: TokenKind::Template });
                length
            }
            _ => {
                let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
                let symbol = symbol.ok_or_else(|| unreadable(at, rest))?;
                tokens.push(Token { at, text: (*symbol).to_owned(), kind: TokenKind::Symbol });
                symbol.len()
            }
        };
        at += length;
    }
    Ok(tokens)
}

fn unreadable(at: usize, rest: &str) -> Fault {
    let shown: String = rest.chars().take(1).collect();
    Fault::Parse(format!("line 1:{at} token recognition error at: '{shown}'"))
}

fn number(text: &str) -> Option<(usize, TokenKind)> {
    let end = |text: &str| text.find(|each: char| !each.is_ascii_digit()).unwrap_or(text.len());
    let whole = end(text);
    let mut length = whole;
    if text[length..].starts_with('.') {
        length += 1 + end(&text[length + 1..]);
    }
    if text[length..].starts_with(['e', 'E']) {
        let sign = usize::from(text[length + 1..].starts_with(['+', '-']));
        let digits = end(&text[length + 1 + sign..]);
        length += 1 + sign + digits;
    }
    let kind = match text[..length].parse::<i64>() {
        Ok(number) => TokenKind::Int(number),
        Err(_) => TokenKind::Float(text[..length].parse().ok()?),
    };
    Some((length, kind))
}

/// Reads a text in quotes with its C escapes; gives its length with the quotes and its value.
fn quoted(text: &str, quote: char) -> Option<(usize, String)> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return Some((at + 1, value));
        }
        if character != '\\' {
            value.push(character);
            continue;
        }
        match characters.next()?.1 {
            'n' => value.push('\n'),
            't' => value.push('\t'),
            'r' => value.push('\r'),
            escaped @ ('\\' | '"' | '\'') => value.push(escaped),
            'u' => {
                let digits: String = characters.by_ref().take(4).map(|(_, digit)| digit).collect();
                value.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
            }
            _ => return None,
        }
    }
    None
}

/// The infix operators with how tightly they bind.
const OPERATORS: [(&str, u8); 20] = [
    ("or", 1),
    ("OR", 1),
    ("||", 1),
    ("and", 2),
    ("AND", 2),
    ("&&", 2),
    ("==", 3),
    ("!=", 3),
    ("<", 4),
    ("<=", 4),
    (">", 4),
    (">=", 4),
    ("in", 5),
    ("IN", 5),
    ("not", 5),
    ("+", 6),
    ("-", 6),
    ("*", 7),
    ("/", 7),
    ("%", 7),
];

struct Parser<'p> {
    tokens: &'p [Token],
    at: usize,
    depth: usize,
    schema: &'p Schema,
    templates: Option<&'p Node<'p>>,
    version: Version,
}

impl<'p> Parser<'p> {
    fn peek(&self) -> Option<&'p Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<&'p Token, Fault> {
        let token = self.tokens.get(self.at);
        self.at += 1;
        token.ok_or_else(|| self.unfinished())
    }

    /// What is said when the text ends too early.
    fn unfinished(&self) -> Fault {
        let Some(last) = self.tokens.last() else {
            return Fault::Parse("line 1:0 mismatched input '<EOF>'".to_owned());
        };
        let end = last.at + last.text.len();
        Fault::Parse(match last.text.as_str() {
            order @ ("<" | "<=" | ">" | ">=") => format!("line 1:{end} no viable alternative at input '{order}'"),
            _ => format!("line 1:{end} mismatched input '<EOF>'"),
        })
    }

    /// Takes the next token if it is this symbol or word.
    fn take(&mut self, text: &str) -> bool {
        let is = self.peek().is_some_and(|token| token.text == text && !matches!(token.kind, TokenKind::Text(_)));
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, text: &str) -> Result<(), Fault> {
        let token = self.next()?;
        if token.text == text { Ok(()) } else { Err(extraneous(token)) }
    }

    fn expression(&mut self, binding: u8) -> Result<Expr, Fault> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(Fault::Parse("expression is nested too deeply".to_owned()));
        }
        let mut left = self.operand()?;
        while let Some(token) = self.peek() {
            let known = OPERATORS.iter().find(|(name, _)| *name == token.text);
            let Some((name, own)) = known.filter(|(_, own)| *own > binding) else { break };
            if matches!(token.kind, TokenKind::Text(_)) {
                break;
            }
            self.at += 1;
            left = self.infix(name, *own, left)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn infix(&mut self, name: &str, binding: u8, left: Expr) -> Result<Expr, Fault> {
        match name {
            "in" | "IN" => return self.membership(left, false),
            "not" => {
                if !self.take("in") {
                    self.expect("IN")?;
                }
                return self.membership(left, true);
            }
            _ => {}
        }
        let right = self.expression(binding)?;
        match name {
            "or" | "OR" | "||" => Ok(Expr::Any(self.joined(left, right, Expr::into_any)?)),
            "and" | "AND" | "&&" => Ok(Expr::All(self.joined(left, right, Expr::into_all)?)),
            "==" => compare(Comparison::Equal, left, right),
            "!=" => compare(Comparison::NotEqual, left, right),
            "<" => compare(Comparison::Less, left, right),
            "<=" => compare(Comparison::LessOrEqual, left, right),
            ">" => compare(Comparison::Greater, left, right),
            ">=" => compare(Comparison::GreaterOrEqual, left, right),
            operator => combine(operator, left, right),
        }
    }

    /// Adds a condition to a chain. Before 3.0 a bare truth value is none.
    fn joined(&self, left: Expr, right: Expr, chain: fn(Expr) -> Vec<Expr>) -> Result<Vec<Expr>, Fault> {
        let bare = |side: &Expr| matches!(side, Expr::Literal(_));
        if self.version < Version(3, 0) && (bare(&left) || bare(&right)) {
            return Err(not_conditions());
        }
        let mut conditions = chain(condition(left)?);
        conditions.push(condition(right)?);
        Ok(conditions)
    }

    fn membership(&mut self, item: Expr, negated: bool) -> Result<Expr, Fault> {
        let Literal::List(mut list) = self.constant()? else {
            return Err(Fault::Parse("the right-hand side of 'in' must be a list".to_owned()));
        };
        match &item {
            Expr::Column(column) => {
                for literal in &mut list {
                    fit(column.data_type, literal)?;
                }
            }
            Expr::Arithmetic(..) | Expr::Length(_) => {}
            _ => return Err(Fault::Parse("'term' can only be used on single field".to_owned())),
        }
        Ok(Expr::In { item: Box::new(item), list, negated })
    }

    /// A constant where only a constant may stand: a literal, a list or a template.
    fn constant(&mut self) -> Result<Literal, Fault> {
        match self.expression(5)? {
            Expr::Literal(literal) => Ok(literal),
            _ => Err(Fault::Parse("value must be a constant".to_owned())),
        }
    }

    fn operand(&mut self) -> Result<Expr, Fault> {
        let token = self.next()?;
        match &token.kind {
            TokenKind::Int(number) => Ok(Expr::Literal(Literal::Int(*number))),
            TokenKind::Float(number) => Ok(Expr::Literal(Literal::Float(*number))),
            TokenKind::Text(text) => Ok(Expr::Literal(Literal::Text(text.clone()))),
            TokenKind::Template => self.template(&token.text),
            TokenKind::Name => self.word(token),
            TokenKind::Symbol => match token.text.as_str() {
                "(" => {
                    let inner = self.expression(0)?;
                    self.expect(")")?;
                    Ok(inner)
                }
                "[" => self.list(),
                "!" => Ok(Expr::Not(Box::new(condition(self.expression(7)?)?))),
                "-" | "+" => self.signed(&token.text),
                _ => Err(extraneous(token)),
            },
        }
    }

    fn signed(&mut self, sign: &str) -> Result<Expr, Fault> {
        match (self.expression(7)?, sign) {
            (Expr::Literal(Literal::Int(number)), "-") => Ok(Expr::Literal(Literal::Int(number.wrapping_neg()))),
            (Expr::Literal(Literal::Float(number)), "-") => Ok(Expr::Literal(Literal::Float(-number))),
            (literal @ Expr::Literal(Literal::Int(_) | Literal::Float(_)), _) => Ok(literal),
            _ => Err(Fault::Parse(format!("unsupported operand of unary {sign}"))),
        }
    }

    fn list(&mut self) -> Result<Expr, Fault> {
        let mut items = Vec::new();
        while !self.take("]") {
            if !items.is_empty() {
                self.expect(",")?;
                if self.take("]") {
                    break;
                }
            }
            items.push(self.constant()?);
        }
        Ok(Expr::Literal(Literal::List(items)))
    }

    fn template(&self, name: &str) -> Result<Expr, Fault> {
        let value = self.templates.and_then(|templates| templates.get(name));
        let missing =
            || Fault::Parse(format!("the value of expression template variable name {{{name}}} is not found"));
        let value = value.filter(|value| !matches!(value.value, Json::Null | Json::Object(_))).ok_or_else(missing)?;
        Ok(Expr::Literal(Literal::from_json(&value.to_output())))
    }

    fn word(&mut self, token: &Token) -> Result<Expr, Fault> {
        let word = token.text.as_str();
        match word.to_ascii_lowercase().as_str() {
            "true" => return Ok(Expr::Literal(Literal::Bool(true))),
            "false" => return Ok(Expr::Literal(Literal::Bool(false))),
            _ => {}
        }
        match word {
            "not" | "NOT" => return Ok(Expr::Not(Box::new(condition(self.expression(7)?)?))),
            "exists" | "EXISTS" => {
                let token = self.next()?;
                return Ok(Expr::Exists(self.column(token)?));
            }
            _ => {}
        }
        if self.peek().is_some_and(|next| next.text == "(") {
            return self.call(token);
        }
        let column = self.column(token)?;
        self.suffix(column)
    }

    /// What may follow a column: a pattern or a test for null.
    fn suffix(&mut self, column: Column) -> Result<Expr, Fault> {
        if self.take("like") || self.take("LIKE") {
            let pattern = self.next()?;
            if !column.data_type.is_text() && column.data_type != DataType::Json {
                let text = "like operation on non-string or no-json field is unsupported";
                return Err(Fault::Parse(text.to_owned()));
            }
            return match &pattern.kind {
                TokenKind::Text(text) => Ok(Expr::Like { item: column, pattern: text.clone() }),
                _ => Err(extraneous(pattern)),
            };
        }
        if self.version >= Version(2, 5) && (self.take("is") || self.take("IS")) {
            let negated = self.take("not") || self.take("NOT");
            if !self.take("null") {
                self.expect("NULL")?;
            }
            return Ok(Expr::IsNull { item: column, negated });
        }
        Ok(Expr::Column(column))
    }

    fn column(&mut self, token: &Token) -> Result<Column, Fault> {
        if token.kind != TokenKind::Name {
            return Err(extraneous(token));
        }
        let mut name = token.text.clone();
        let known = self.schema.field(&name);
        if known.is_none() && !self.schema.dynamic {
            return Err(Fault::UnknownField(name));
        }
        let (own, element) = known.map_or((DataType::Json, None), |field| (field.data_type, field.element));
        let mut path = Vec::new();
        while self.take("[") {
            let step = self.next()?;
            path.push(match &step.kind {
                TokenKind::Text(key) => Step::Key(key.clone()),
                TokenKind::Int(index) => Step::Index(usize::try_from(*index).unwrap_or(usize::MAX)),
                _ => return Err(extraneous(step)),
            });
            self.expect("]")?;
        }
        if name == super::schema::DYNAMIC_FIELD
            && let Some(Step::Key(key)) = path.first()
        {
            name.clone_from(key);
            path.remove(0);
        }
        let data_type = match (own, element) {
            (DataType::Array, Some(element)) if !path.is_empty() => element,
            _ => own,
        };
        Ok(Column { name, data_type, path })
    }

    fn call(&mut self, name: &Token) -> Result<Expr, Fault> {
        self.expect("(")?;
        let token = self.next()?;
        let item = self.column(token)?;
        let function = name.text.to_ascii_lowercase();
        if function == "array_length" {
            self.expect(")")?;
            return Ok(Expr::Length(item));
        }
        let how = match function.as_str() {
            "json_contains" | "array_contains" => Contains::One,
            "json_contains_all" | "array_contains_all" => Contains::All,
            "json_contains_any" | "array_contains_any" => Contains::Any,
            _ => return Err(Fault::Parse(format!("function {} not found", name.text))),
        };
        if !matches!(item.data_type, DataType::Json | DataType::Array) {
            let text = format!("contains operation are only supported on json or array fields now, got: {}", item.name);
            return Err(Fault::Parse(text));
        }
        self.expect(",")?;
        let wanted = self.constant()?;
        if how != Contains::One && !matches!(wanted, Literal::List(_)) {
            return Err(Fault::Parse(format!("Contains{how:?} operation element must be an array")));
        }
        self.expect(")")?;
        Ok(Expr::Contains { how, item, wanted })
    }
}

fn condition(expr: Expr) -> Result<Expr, Fault> {
    if expr.is_condition() {
        return Ok(expr);
    }
    Err(not_conditions())
}

fn not_conditions() -> Fault {
    Fault::Parse("'and', 'or' and 'not' can only be used between boolean expressions".to_owned())
}

fn combine(operator: &str, left: Expr, right: Expr) -> Result<Expr, Fault> {
    let op = operator.chars().next().unwrap_or('+');
    match (&left, &right) {
        (Expr::Literal(one), Expr::Literal(two)) if one.number().is_some() && two.number().is_some() => {
            match arithmetic(op, one, two) {
                Literal::Null => Err(Fault::Parse("cannot divide by zero".to_owned())),
                folded => Ok(Expr::Literal(folded)),
            }
        }
        (Expr::Column(_), Expr::Literal(number)) if number.number().is_some() => {
            Ok(Expr::Arithmetic(op, Box::new(left), Box::new(right)))
        }
        _ => Err(Fault::Parse(format!("'{operator}' can only be used between a field and a number"))),
    }
}

fn compare(op: Comparison, left: Expr, mut right: Expr) -> Result<Expr, Fault> {
    // A chain such as `1 < a < 5` reads as two comparisons with the same middle.
    if let Expr::Compare(first, _, middle) = &left
        && first.is_order()
        && op.is_order()
    {
        let second = compare(op, (**middle).clone(), right)?;
        return Ok(Expr::All(vec![left, second]));
    }
    let is_value = |side: &Expr| !side.is_condition() || matches!(side, Expr::Literal(_));
    if !is_value(&left) || !is_value(&right) {
        return Err(Fault::Parse("comparisons between conditions are not supported".to_owned()));
    }
    let mut left = left;
    match (&mut left, &mut right) {
        (Expr::Column(column), Expr::Literal(literal)) | (Expr::Literal(literal), Expr::Column(column)) => {
            fit(column.data_type, literal)?;
        }
        (Expr::Literal(Literal::Text(_)), Expr::Literal(other))
        | (Expr::Literal(other), Expr::Literal(Literal::Text(_)))
            if !matches!(other, Literal::Text(_)) =>
        {
            return Err(Fault::Parse("comparisons between different types are not supported".to_owned()));
        }
        _ => {}
    }
    Ok(Expr::Compare(op, Box::new(left), Box::new(right)))
}

/// Makes a constant fit the column that it is compared with.
fn fit(data_type: DataType, literal: &mut Literal) -> Result<(), Fault> {
    let number = matches!(literal, Literal::Int(_) | Literal::Float(_));
    match (data_type, &*literal) {
        (DataType::Json, _)
        | (DataType::Float, Literal::Int(_))
        | (DataType::Double, Literal::Int(_) | Literal::Float(_))
        | (DataType::Array, Literal::List(_))
        | (DataType::Bool, Literal::Bool(_)) => Ok(()),
        (DataType::Float, Literal::Float(wide)) => {
            *literal = Literal::from_cell(&Cell::Float(narrow(*wide)));
            Ok(())
        }
        (integer, Literal::Int(_)) if integer.is_integer() => Ok(()),
        (integer, Literal::Float(value)) if integer.is_integer() => {
            Err(Fault::Parse(format!("cannot cast value to {}, value: float_val:{value}", data_type.name())))
        }
        (text, Literal::Text(_)) if !number && (text.is_text() || text == DataType::Timestamptz) => Ok(()),
        (_, other) => Err(Fault::Parse(format!(
            "comparisons between {} and {} are not supported",
            data_type.name(),
            other.type_name()
        ))),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "columns of this type hold single precision")]
fn narrow(number: f64) -> f32 {
    number as f32
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, quick, refused};
    use super::*;
    use crate::profile::Profile;
    use serde_json::json;

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
