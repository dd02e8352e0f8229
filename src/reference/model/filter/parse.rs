//! The grammar of filters.

use super::Fault;
use super::expr::{Column, Comparison, Contains, Expr, Literal, Step, arithmetic};
use super::token::{Token, TokenKind, extraneous};
use crate::profile::Version;
use crate::reference::json::{Node, Value as Json};
use crate::reference::model::row::Cell;
use crate::reference::model::schema::{DYNAMIC_FIELD, DataType, Schema};

/// How deep parentheses and signs may be nested.
const DEPTH_LIMIT: usize = 200;

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

/// Reads the words of a filter by the strength of its operators.
pub(super) struct Parser<'p> {
    pub(super) tokens: &'p [Token],
    pub(super) at: usize,
    pub(super) depth: usize,
    pub(super) schema: &'p Schema,
    pub(super) templates: Option<&'p Node<'p>>,
    pub(super) version: Version,
}

impl<'p> Parser<'p> {
    pub(super) fn peek(&self) -> Option<&'p Token> {
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

    fn demand(&mut self, text: &str) -> Result<(), Fault> {
        let token = self.next()?;
        if token.text == text { Ok(()) } else { Err(extraneous(token)) }
    }

    pub(super) fn expression(&mut self, binding: u8) -> Result<Expr, Fault> {
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
                    self.demand("IN")?;
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
                    self.demand(")")?;
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
                self.demand(",")?;
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
                self.demand("NULL")?;
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
            self.demand("]")?;
        }
        if name == DYNAMIC_FIELD
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
        self.demand("(")?;
        let token = self.next()?;
        let item = self.column(token)?;
        let function = name.text.to_ascii_lowercase();
        if function == "array_length" {
            self.demand(")")?;
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
        self.demand(",")?;
        let wanted = self.constant()?;
        if how != Contains::One && !matches!(wanted, Literal::List(_)) {
            return Err(Fault::Parse(format!("Contains{how:?} operation element must be an array")));
        }
        self.demand(")")?;
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
