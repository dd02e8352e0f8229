//! From a tree to an expression: names are looked up, types checked, constants folded.
//!
//! A filter with templates is checked twice, as the server does it: first with the templates open, then with their values.
//! What the second pass finds can only be the fault of a value, and is told in other words.

use super::Fault;
use super::expr::{Bound, Column, Expr, Listed, Pattern, Source, Sum, words};
use super::shape::Shape;
use super::spatial::{Figure, Relation};
use super::syntax::{Arithmetic, Bits, Comparison, EDGE, Form, Name, Range, Sign, Time, Tree};
use super::token::{Contains, Spatial, Words};
use super::value::Literal;
use crate::profile::Version;
use crate::reference::json::Node;
use crate::reference::model::schema::{DYNAMIC_FIELD, DataType, Schema};

/// How close to nothing or everything a sample may come.
const SAMPLE_MARGIN: f64 = 1e-10;

pub(super) struct Checker<'c> {
    pub(super) schema: &'c Schema,
    pub(super) version: Version,
    pub(super) text: &'c str,
    pub(super) words: &'c Words<'c>,
    pub(super) values: Values<'c>,
    /// Whether a template was met.
    pub(super) templates: bool,
    /// A function that was met and that has no model.
    pub(super) uncomputed: Option<String>,
}

/// The values of templates, as far as they are known.
#[derive(Clone, Copy)]
pub(super) enum Values<'c> {
    /// The first pass goes without them.
    Open,
    /// What the request brings, if it brings any.
    Given(Option<&'c Node<'c>>),
}

/// What a part of a filter is.
pub(super) enum Part {
    Constant {
        value: Literal,
        /// Whether it was written down or calculated, and not the outcome of a comparison.
        bare: bool,
    },
    Template(String),
    Column(Column),
    Sum(Sum),
    /// More than one operation, which only fails where it is compared.
    Nested(DataType),
    Length(Column),
    Condition(Expr),
    Sample(f64),
}

/// A constant, and whether a template gave it; without a value while templates are open.
struct Given {
    value: Option<Literal>,
    template: Option<String>,
}

/// A type as comparisons see it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Type {
    data_type: Option<DataType>,
    element: Option<DataType>,
}

impl Type {
    fn of(data_type: DataType) -> Self {
        Self { data_type: Some(data_type), element: None }
    }

    fn name(self) -> String {
        let name = |data_type: Option<DataType>| data_type.map_or("None", DataType::name);
        match self.data_type {
            Some(DataType::Array) => format!("Array[{}]", name(self.element)),
            other => name(other).to_owned(),
        }
    }

    /// The type of one value: of a list that of its items.
    fn single(self) -> Option<DataType> {
        if self.data_type == Some(DataType::Array) { self.element } else { self.data_type }
    }

    fn can_be_compared(self, other: Self) -> bool {
        match (self.single(), other.single()) {
            (Some(DataType::Json), other) => is_scalar(other) || other.is_none(),
            (one, Some(DataType::Json)) => is_scalar(one) || one.is_none(),
            (Some(DataType::Bool), Some(DataType::Bool)) => true,
            (Some(one), Some(two)) => is_number(one) && is_number(two) || is_text(one) && is_text(two),
            _ => false,
        }
    }
}

fn is_number(data_type: DataType) -> bool {
    data_type.is_integer() || is_float(data_type)
}

fn is_float(data_type: DataType) -> bool {
    matches!(data_type, DataType::Float | DataType::Double)
}

fn is_text(data_type: DataType) -> bool {
    data_type.is_text() || data_type == DataType::String
}

fn is_scalar(data_type: Option<DataType>) -> bool {
    data_type.is_some_and(|data_type| {
        is_number(data_type) || is_text(data_type) || matches!(data_type, DataType::Bool | DataType::Json)
    })
}

fn list_element(items: &[Literal]) -> Option<DataType> {
    let first = items.first()?.data_type();
    if items.iter().all(|item| item.data_type() == first) {
        return Some(first);
    }
    let numbers = items.iter().all(|item| item.number().is_some());
    Some(if numbers { DataType::Double } else { DataType::Json })
}

fn fault<T>(text: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Parse(text.into()))
}

/// Makes a constant fit what it is compared with.
fn cast(value: Literal, data_type: DataType) -> Result<Literal, Literal> {
    match (data_type, value) {
        (DataType::Json, value)
        | (DataType::Bool, value @ Literal::Bool(_))
        | (DataType::Array, value @ Literal::List(_))
        | (DataType::Double, value @ Literal::Float(_))
        | (DataType::Timestamptz, value @ Literal::Text(_)) => Ok(value),
        (text, value @ Literal::Text(_)) if is_text(text) => Ok(value),
        (integer, value @ Literal::Int(_)) if integer.is_integer() => Ok(value),
        (DataType::Float, Literal::Float(wide)) => Ok(Literal::Float(narrow(wide))),
        (float, Literal::Int(whole)) if is_float(float) => Ok(Literal::Float(whole as f64)),
        (_, value) => Err(value),
    }
}

fn uncastable(data_type: DataType, value: &Literal) -> Fault {
    Fault::Parse(format!("cannot cast value to {}, value: {}", data_type.name(), value.shown()))
}

#[expect(clippy::cast_possible_truncation, reason = "columns of this type hold single precision")]
fn narrow(number: f64) -> f64 {
    f64::from(number as f32)
}

impl Part {
    fn kind(&self) -> Type {
        match self {
            Part::Constant { value: Literal::List(items), .. } => {
                Type { data_type: Some(DataType::Array), element: list_element(items) }
            }
            Part::Constant { value, .. } => Type::of(value.data_type()),
            Part::Template(_) => Type { data_type: None, element: None },
            Part::Column(column) => Type { data_type: Some(column.data_type), element: column.element },
            Part::Sum(sum) => Type::of(sum.data_type),
            Part::Nested(data_type) => Type::of(*data_type),
            Part::Length(_) => Type::of(DataType::Int64),
            Part::Condition(_) | Part::Sample(_) => Type::of(DataType::Bool),
        }
    }

    /// What the messages call the type of a filter that is no condition.
    pub(super) fn type_name(&self) -> &'static str {
        self.kind().data_type.map_or("None", DataType::name)
    }

    fn bool_constant(&self) -> Option<bool> {
        match self {
            Part::Constant { value: Literal::Bool(flag), .. } => Some(*flag),
            _ => None,
        }
    }

    fn is_constant(&self) -> bool {
        matches!(self, Part::Constant { .. })
    }
}

fn decided(flag: bool) -> Part {
    Part::Constant { value: Literal::Bool(flag), bare: false }
}

fn bare(value: Literal) -> Part {
    Part::Constant { value, bare: true }
}

impl Checker<'_> {
    fn shown(&self, (from, to): (usize, usize)) -> String {
        self.words.tokens.get(from..to).unwrap_or_default().iter().map(|token| token.text).collect()
    }

    /// Checks a tree from its leaves up, without calling itself, so that no nesting is too deep for the stack.
    pub(super) fn part(&mut self, tree: &Tree) -> Result<Part, Fault> {
        let mut open = vec![(tree, false)];
        let mut parts = Vec::new();
        while let Some((tree, ready)) = open.pop() {
            let children = tree.children();
            if ready || children.is_empty() {
                let own = parts.split_off(parts.len() - children.len());
                parts.push(self.build(tree, own)?);
            } else {
                open.push((tree, true));
                open.extend(children.into_iter().rev().map(|child| (child, false)));
            }
        }
        parts.pop().ok_or(Fault::Leftover)
    }

    /// Checks one form, whose parts have been checked.
    fn build(&mut self, tree: &Tree, parts: Vec<Part>) -> Result<Part, Fault> {
        let mut parts = parts.into_iter();
        let mut next = || parts.next().ok_or(Fault::Leftover);
        match &tree.form {
            Form::Bool(flag) => Ok(bare(Literal::Bool(*flag))),
            Form::Int(number) => Ok(bare(Literal::Int(*number))),
            Form::Float(number) => Ok(bare(Literal::Float(*number))),
            Form::Text(text) => Ok(bare(Literal::Text(text.clone()))),
            Form::BadText => fault("invalid syntax"),
            Form::NotUtf8 => Err(Fault::NotUtf8),
            Form::Huge(text) if text == EDGE && self.version >= Version(2, 6) => {
                fault(format!("int64 overflow: {text}"))
            }
            Form::Huge(text) => fault(format!("strconv.ParseInt: parsing {text:?}: value out of range")),
            Form::HugeFloat(text) => fault(format!("strconv.ParseFloat: parsing {text:?}: value out of range")),
            Form::Column(name) => self.column(name).map(Part::Column),
            Form::Template(name) => {
                self.templates = true;
                Ok(Part::Template(name.clone()))
            }
            Form::List(items) => {
                let values = items.iter().zip(parts).map(|(item, part)| self.item(item, part));
                Ok(bare(Literal::List(values.collect::<Result<_, _>>()?)))
            }
            Form::Signed(signs, inner) => self.signed(signs, inner, parts.next()),
            Form::Arithmetic(op, ..) => self.arithmetic(tree, *op, next()?, next()?),
            Form::Bits(op, ..) => self.bits(tree, *op),
            Form::Compare(op, ..) => self.compare(tree, *op, next()?, next()?),
            Form::Range(range) => self.range(range, next()?, next()?).map(Part::Condition),
            Form::In { item, list, negated } => {
                let column = self.listable(item, next()?)?;
                self.listed(column, list, next()?, *negated).map(Part::Condition)
            }
            Form::Like(_, pattern) => self.like(next()?, pattern, next()?).map(Part::Condition),
            Form::Regex(_, pattern) => self.regex(next()?, pattern).map(Part::Condition),
            Form::Null(name, negated) => self.null(tree, name, *negated).map(Part::Condition),
            Form::Exists(inner) => self.exists(inner, next()?),
            Form::All(_) => self.connected(parts, true),
            Form::Any(_) => self.connected(parts, false),
            Form::Contains(how, item, wanted) => {
                self.contains(*how, (item, next()?), (wanted, next()?)).map(Part::Condition)
            }
            Form::Length(name) => self.length(tree, name),
            Form::TextMatch { column, query, least } => {
                let (column, query) = self.text_match(column, query, next()?, "text")?;
                let least = match least {
                    Some(least @ ..1) => return fault(format!("minimum_should_match should be >= 1, got {least}")),
                    Some(least @ 1001..) => {
                        return fault(format!("minimum_should_match should be <= 1000, got {least}"));
                    }
                    Some(least) => usize::try_from(*least).unwrap_or(1),
                    None => 1,
                };
                Ok(Part::Condition(Expr::Words(column, words(&query), least)))
            }
            Form::PhraseMatch { column, query, slop } => {
                let (column, query) = self.text_match(column, query, next()?, "phrase")?;
                let slop = match slop {
                    Some(slop) => self.slop(slop, &next()?)?,
                    None => 0,
                };
                Ok(Part::Condition(Expr::Phrase(column, words(&query), slop)))
            }
            Form::Sample(share) => self.sample(share, &next()?),
            Form::Spatial(spatial, column, arguments) => {
                self.spatial(tree, *spatial, column, arguments.iter().zip(parts).collect())
            }
            Form::Time(time) => self.time(time).map(Part::Condition),
            Form::Call(name, _) => Ok(self.call(name, &parts.collect::<Vec<_>>())),
        }
    }

    fn null(&self, tree: &Tree, name: &Name, negated: bool) -> Result<Expr, Fault> {
        let column = self.column(name)?;
        if self.version >= Version(2, 6) && column.data_type == DataType::Array && !column.path.is_empty() {
            let text = self.shown(tree.bare);
            return fault(format!(
                "IsNull/IsNotNull operations are not supported on array element access, got: {text}: invalid parameter"
            ));
        }
        if self.version >= Version(2, 6) && column.data_type.is_vector() {
            return fault("IsNull/IsNotNull operations are not supported on vector fields");
        }
        Ok(Expr::Null { column, negated })
    }

    fn length(&self, tree: &Tree, name: &Name) -> Result<Part, Fault> {
        let column = self.column(name)?;
        if column.data_type == DataType::Json || column.is_whole_array() {
            return Ok(Part::Length(column));
        }
        let text = self.shown(tree.bare);
        fault(format!("array_length operation are only supported on json or array fields now, got: {text}"))
    }

    fn bits(&self, tree: &Tree, op: Bits) -> Result<Part, Fault> {
        let text = self.shown(tree.bare);
        fault(match op {
            Bits::ShiftLeft | Bits::ShiftRight => format!("shift is not supported: {text}"),
            Bits::And => format!("BitAnd is not supported: {text}"),
            Bits::Xor => format!("BitXor is not supported: {text}"),
            Bits::Or => format!("BitOr is not supported: {text}"),
        })
    }

    fn exists(&self, inner: &Tree, part: Part) -> Result<Part, Fault> {
        let Part::Column(column) = part else {
            let text = self.shown(inner.words);
            return fault(format!("exists operations are only supported on single fields now, got: {text}"));
        };
        if column.data_type != DataType::Json {
            let name = column.data_type.name();
            return fault(format!("exists operations are only supportted on json field, got:{name}"));
        }
        if column.path.is_empty() && !matches!(column.source, Source::Dynamic(_)) {
            return fault("exists operations are only supportted on json key");
        }
        Ok(Part::Condition(Expr::Exists(column)))
    }

    fn column(&self, name: &Name) -> Result<Column, Fault> {
        let Name { name, path } = name;
        if let Some(position) = self.schema.fields.iter().position(|field| field.name == *name) {
            let field = &self.schema.fields[position];
            if !path.is_empty() && !matches!(field.data_type, DataType::Json | DataType::Array) {
                let name = field.data_type.name();
                return fault(format!("{name} data type not supported accessed with []"));
            }
            if field.data_type == DataType::Array && path.iter().any(|step| step.index.is_none()) {
                return fault("can only access array field with integer index");
            }
            let (data_type, element) = (field.data_type, field.element);
            return Ok(Column { source: Source::Field(position), path: path.clone(), data_type, element });
        }
        if !self.schema.dynamic {
            return Err(Fault::UnknownField(name.clone()));
        }
        let (source, path) = match (name == DYNAMIC_FIELD, path.split_first()) {
            (true, None) => (Source::Everything, Vec::new()),
            (true, Some((first, rest))) => (Source::Dynamic(first.key.clone()), rest.to_vec()),
            (false, _) => (Source::Dynamic(name.clone()), path.clone()),
        };
        Ok(Column { source, path, data_type: DataType::Json, element: None })
    }

    /// The constant that a part is, if it is one.
    fn given(&self, part: Part) -> Result<Result<Given, Part>, Fault> {
        match part {
            Part::Constant { value, .. } => Ok(Ok(Given { value: Some(value), template: None })),
            Part::Template(name) => {
                let Values::Given(values) = self.values else {
                    return Ok(Ok(Given { value: None, template: Some(name) }));
                };
                let missing =
                    || Fault::Parse(format!("the value of expression template variable name {{{name}}} is not found"));
                let node = values.and_then(|values| values.get(&name)).ok_or_else(missing)?;
                let value = Literal::template(node).map_err(|_| missing())?;
                Ok(Ok(Given { value: Some(value), template: Some(name) }))
            }
            other => Ok(Err(other)),
        }
    }

    fn item(&self, item: &Tree, part: Part) -> Result<Literal, Fault> {
        match part {
            Part::Constant { value, .. } => Ok(value),
            _ => {
                let text = self.shown(item.words);
                fault(format!("array element type must be generic value, but got: {text}"))
            }
        }
    }

    /// Signs before a part; the edge of the integers is one only with its sign, and has no part without.
    fn signed(&self, signs: &[Sign], inner: &Tree, part: Option<Part>) -> Result<Part, Fault> {
        let (mut part, signs) = match part {
            Some(part) => (part, signs),
            None if self.version >= Version(2, 6) => (bare(Literal::Int(i64::MIN)), signs.get(1..).unwrap_or_default()),
            None => {
                let text = self.shown(inner.bare);
                return fault(format!("strconv.ParseInt: parsing {text:?}: value out of range"));
            }
        };
        for sign in signs {
            part = match (sign, part) {
                (Sign::Complement, _) => return fault("unexpected op: ~"),
                (Sign::Plus, part) => part,
                (Sign::Minus, Part::Constant { value: Literal::Int(number), .. }) => {
                    bare(Literal::Int(number.wrapping_neg()))
                }
                (Sign::Minus, Part::Constant { value: Literal::Float(number), .. }) => bare(Literal::Float(-number)),
                (Sign::Minus, Part::Constant { .. }) => {
                    return fault(format!("unsupported expression: {}", self.text));
                }
                (Sign::Minus, _) => return fault("unexpected op: -"),
                (Sign::Not, Part::Condition(Expr::Not(inner))) => Part::Condition(*inner),
                (Sign::Not, Part::Condition(condition)) => Part::Condition(Expr::Not(Box::new(condition))),
                (Sign::Not, Part::Sample(_)) => {
                    return fault("random sample expression cannot be used in unary expression");
                }
                (Sign::Not, part) => match part.bool_constant() {
                    Some(flag) => decided(!flag),
                    None => return fault("not op can only be applied on boolean expression"),
                },
            };
        }
        Ok(part)
    }

    fn arithmetic(&self, tree: &Tree, op: Arithmetic, left: Part, right: Part) -> Result<Part, Fault> {
        match (&left, &right) {
            (Part::Constant { value: one, .. }, Part::Constant { value: two, .. }) => return self.folded(op, one, two),
            (Part::Template(_), Part::Constant { .. } | Part::Template(_))
            | (Part::Constant { .. }, Part::Template(_)) => {
                return fault(format!(
                    "placeholder was not supported between two constants with operator: {}",
                    op.symbol()
                ));
            }
            _ => {}
        }
        if op == Arithmetic::Power {
            return fault(format!("power can only apply on constants: {}", self.shown(tree.bare)));
        }
        let whole_array = |part: &Part| matches!(part, Part::Column(column) if column.is_whole_array());
        if whole_array(&left) || whole_array(&right) {
            return fault("can not comparisons array fields directly");
        }
        let (one, two) = (left.kind(), right.kind());
        if [&left, &right].iter().any(|part| matches!(part, Part::Constant { value: Literal::List(_), .. })) {
            return fault(format!("incompatible data type, {}, None", one.name()));
        }
        let open = matches!(left, Part::Template(_)) || matches!(right, Part::Template(_));
        let numeric =
            |data_type: Option<DataType>| data_type.is_some_and(|each| is_number(each) || each == DataType::Json);
        // An integer column takes no fraction from 2.5 on.
        let exact = self.version < Version(2, 5)
            || [(&left, one, two), (&right, two, one)].into_iter().all(|(part, own, other)| {
                part.is_constant()
                    || own.single().is_none_or(|own| !own.is_integer())
                    || other.single().is_none_or(|other| !is_float(other))
            });
        let both_json = one.single() == Some(DataType::Json) && two.single() == Some(DataType::Json);
        if !open && (!numeric(one.single()) || !numeric(two.single()) || !exact || both_json) {
            let name = |kind: Type| kind.single().map_or("None", DataType::name);
            return fault(format!(
                "'{}' cannot perform arithmetic between {} field and {}",
                op.name(),
                name(one),
                name(two)
            ));
        }
        let types = [one.single(), two.single()];
        if op == Arithmetic::Modulo && types.iter().flatten().any(|each| is_float(*each)) {
            return fault("modulo can only apply on integer types");
        }
        let data_type = if types.contains(&Some(DataType::Json)) {
            DataType::Json
        } else if types.iter().flatten().any(|each| is_float(*each)) {
            DataType::Double
        } else {
            DataType::Int64
        };
        let (column, constant, swapped) = match (left, right) {
            (Part::Column(column), constant @ (Part::Constant { .. } | Part::Template(_))) => (column, constant, false),
            (constant @ (Part::Constant { .. } | Part::Template(_)), Part::Column(column)) => (column, constant, true),
            (Part::Constant { .. } | Part::Template(_), _) | (_, Part::Constant { .. } | Part::Template(_)) => {
                return Ok(Part::Nested(data_type));
            }
            _ => return fault("not supported to do arithmetic operations between multiple fields"),
        };
        let Ok(given) = self.given(constant)? else { return Ok(Part::Nested(data_type)) };
        let operand = match given.value {
            Some(value) if given.template.is_some() => {
                cast(value, column.target()).map_err(|value| uncastable(column.target(), &value))?
            }
            Some(value) => value,
            None => Literal::Int(1),
        };
        Ok(Part::Sum(Sum { op, column, operand, swapped, data_type }))
    }

    fn folded(&self, op: Arithmetic, left: &Literal, right: &Literal) -> Result<Part, Fault> {
        for side in [left, right] {
            let kind = match side {
                Literal::Text(_) => "string",
                Literal::Bool(_) => "bool",
                Literal::List(_) => "array",
                Literal::Int(_) | Literal::Float(_) => continue,
            };
            return fault(format!("{} cannot apply on {kind} field", op.name()));
        }
        let whole = matches!((left, right), (Literal::Int(_), Literal::Int(_)));
        if op == Arithmetic::Modulo && !whole {
            return fault("modulo can only apply on integer");
        }
        match left.combine(op, right) {
            None if op == Arithmetic::Modulo => fault("cannot modulo by zero"),
            None => fault("cannot divide by zero"),
            Some(Literal::Int(power)) if op == Arithmetic::Power && (!whole || self.version < Version(2, 5)) => {
                Ok(bare(Literal::Float(power as f64)))
            }
            Some(result) => Ok(bare(result)),
        }
    }

    fn compare(&self, tree: &Tree, op: Comparison, left: Part, right: Part) -> Result<Part, Fault> {
        let whole_array = |part: &Part| matches!(part, Part::Column(column) if column.is_whole_array());
        if op.is_order() && (whole_array(&left) || whole_array(&right)) {
            return fault("can not comparisons array fields directly");
        }
        let open = |part: &Part| matches!(part, Part::Template(_));
        if (open(&left) || left.is_constant()) && (open(&right) || right.is_constant()) {
            if let (Part::Constant { value: one, .. }, Part::Constant { value: two, .. }) = (&left, &right) {
                let equal_lists = match (one, two) {
                    (Literal::List(_), Literal::List(_)) => Some(one == two),
                    _ => None,
                };
                let order = one.datum().order(two.datum());
                return match (order, equal_lists) {
                    (Some(order), _) => Ok(decided(op.admits(order))),
                    (None, Some(equal)) if !op.is_order() => Ok(decided(equal == (op == Comparison::Equal))),
                    _ => fault(format!(
                        "comparison operations cannot be applied to two incompatible operands: {}",
                        self.shown(tree.bare)
                    )),
                };
            }
            let symbol = op.symbol();
            return fault(format!("placeholder was not supported between two constants with operator: {symbol}"));
        }
        if !open(&left) && !open(&right) && !left.kind().can_be_compared(right.kind()) {
            let (one, two) = (left.kind().name(), right.kind().name());
            return fault(format!("comparisons between {one} and {two} are not supported"));
        }
        let (side, given, op) = match (self.given(left)?, self.given(right)?) {
            (Err(left), Ok(given)) => (left, given, op),
            (Ok(given), Err(right)) => (right, given, op.flipped()),
            (Err(left), Err(right)) => return self.columns(left, op, right).map(Part::Condition),
            (Ok(_), Ok(_)) => return fault("comparisons need a field"),
        };
        self.with_constant(side, op, given).map(Part::Condition)
    }

    fn columns(&self, left: Part, op: Comparison, right: Part) -> Result<Expr, Fault> {
        let json = |part: &Part| part.kind().data_type == Some(DataType::Json);
        if self.version >= Version(2, 6) && (json(&left) || json(&right)) {
            return fault("two column comparison with JSON type is not supported");
        }
        match (left, right) {
            (Part::Column(left), Part::Column(right)) => Ok(Expr::Columns(left, op, right)),
            _ => fault("only comparison between two fields is supported"),
        }
    }

    fn with_constant(&self, side: Part, op: Comparison, given: Given) -> Result<Expr, Fault> {
        let fit =
            |value: Literal, data_type: DataType| cast(value, data_type).map_err(|value| uncastable(data_type, &value));
        match side {
            Part::Column(column) => {
                let Some(value) = given.value else { return Ok(Expr::Always(true)) };
                let value = fit(value, column.target())?;
                let missing_differs = self.version >= Version(2, 6);
                Ok(Expr::Compare { column, op, value, missing_differs })
            }
            Part::Sum(sum) => {
                if sum.swapped && !matches!(sum.op, Arithmetic::Add | Arithmetic::Multiply) {
                    return fault("module field is not yet supported");
                }
                let divides = matches!(sum.op, Arithmetic::Divide | Arithmetic::Modulo);
                if self.version >= Version(2, 6) && divides && sum.operand.number() == Some(0.0) {
                    return fault("division or modulus by zero");
                }
                let Some(value) = given.value else { return Ok(Expr::Always(true)) };
                let value = fit(value, sum.data_type)?;
                Ok(Expr::Sum(sum, op, value))
            }
            Part::Nested(_) => fault("complicated arithmetic operations are not supported"),
            Part::Length(column) => {
                let Some(value) = given.value else { return Ok(Expr::Always(true)) };
                Ok(Expr::Length(column, op, fit(value, DataType::Int64)?))
            }
            _ => fault("not supported to combine multiple fields"),
        }
    }

    fn range(&self, range: &Range, left: Part, right: Part) -> Result<Expr, Fault> {
        let column = self.column(&range.column)?;
        let (left, right) = ((&range.left, left), (&range.right, right));
        let (low, low_op, high, high_op) = if range.first.is_rising() {
            (left, range.first, right, range.second)
        } else {
            (right, range.second, left, range.first)
        };
        let mut bounds = [None, None];
        for (place, ((tree, part), name)) in [(low, "lowerbound"), (high, "upperbound")].into_iter().enumerate() {
            match self.given(part)? {
                Ok(given) => bounds[place] = Some(given),
                Err(_) => {
                    let text = self.shown(tree.words);
                    return fault(format!("{name} cannot be a non-const expression: {text}"));
                }
            }
        }
        let target = column.target();
        if target == DataType::Bool {
            return fault("invalid range operations on boolean expr");
        }
        let [Some(low), Some(high)] = bounds else { return fault("invalid range operations") };
        let fits = |value: &Literal| match value {
            Literal::Int(_) => is_number(target) || target == DataType::Json,
            Literal::Float(_) => is_float(target) || target == DataType::Json,
            Literal::Text(_) => is_text(target) || matches!(target, DataType::Json | DataType::Timestamptz),
            Literal::Bool(_) | Literal::List(_) => false,
        };
        let known =
            [&low, &high].into_iter().filter(|given| given.template.is_none()).filter_map(|given| given.value.as_ref());
        if !known.into_iter().all(fits) {
            return fault("invalid range operations");
        }
        let (Some(low), Some(high)) = (low.value, high.value) else { return Ok(Expr::Always(true)) };
        let fit = |value: Literal| cast(value, target).map_err(|value| uncastable(target, &value));
        let (low, high) = (fit(low)?, fit(high)?);
        let closed =
            [low_op, high_op].iter().all(|op| matches!(op, Comparison::LessOrEqual | Comparison::GreaterOrEqual));
        match low.datum().order(high.datum()) {
            None => return fault("invalid range operations"),
            Some(order) if order.is_gt() || order.is_eq() && !closed => {
                return fault("invalid range: lowerbound is greater than upperbound");
            }
            Some(_) => {}
        }
        let bound = |value: Literal, op: Comparison| Bound {
            value,
            included: matches!(op, Comparison::LessOrEqual | Comparison::GreaterOrEqual),
        };
        Ok(Expr::Range { column, low: bound(low, low_op), high: bound(high, high_op) })
    }

    /// The column that is looked up in a list.
    fn listable(&self, item: &Tree, part: Part) -> Result<Column, Fault> {
        let shown = self.shown(item.words);
        match part {
            Part::Column(column) => Ok(column),
            Part::Constant { .. } | Part::Template(_) => {
                fault(format!("'term' can only be used on non-const expression, but got: {shown}"))
            }
            _ => fault(format!("'term' can only be used on single field, but got: {shown}")),
        }
    }

    fn listed(&self, column: Column, list: &Tree, right: Part, negated: bool) -> Result<Expr, Fault> {
        let Ok(given) = self.given(right)? else {
            let text = self.shown(list.words);
            return fault(format!("value '{text}' in list cannot be a non-const expression"));
        };
        let items = match (given.value, &given.template) {
            (None, _) => return Ok(Expr::Always(true)),
            (Some(Literal::List(items)), _) => items,
            (Some(_), Some(name)) => {
                return fault(format!("the value of term expression template variable {{{name}}} is not array"));
            }
            (Some(_), None) => {
                let text = self.shown(list.words);
                return fault(format!("the right-hand side of 'in' must be a list, but got: {text}"));
            }
        };
        let target = column.target();
        let items = items.into_iter().map(|item| {
            cast(item, target).map_err(|value| match given.template {
                Some(_) => uncastable(target, &value),
                None => {
                    let (shown, name) = (value.shown(), target.name());
                    Fault::Parse(format!("value '{shown}' in list cannot be casted to {name}"))
                }
            })
        });
        let list = Listed::new(items.collect::<Result<_, _>>()?, target);
        Ok(Expr::In { column, list, negated })
    }

    /// The column of a test on text.
    fn text_column(item: Part) -> Result<Column, Fault> {
        let Part::Column(column) = item else {
            return fault("like operation on complicated expr is unsupported");
        };
        if column.is_whole_array() {
            return fault("can not comparisons array fields directly");
        }
        if !is_text(column.target()) && column.target() != DataType::Json {
            return fault("like operation on non-string or no-json field is unsupported");
        }
        Ok(column)
    }

    fn like(&self, item: Part, pattern: &Tree, part: Part) -> Result<Expr, Fault> {
        self.demand_literal(pattern)?;
        let column = Self::text_column(item)?;
        let given = self.given(part)?.ok();
        match given {
            Some(Given { value: Some(Literal::Text(text)), .. }) => Ok(Expr::Like(column, Pattern::new(&text))),
            Some(Given { value: None, .. }) => Ok(Expr::Always(true)),
            Some(Given { template: Some(name), .. }) => {
                fault(format!("the value of like expression template variable {{{name}}} is not string"))
            }
            _ => {
                let text = self.shown(pattern.words);
                fault(format!(
                    "like pattern should be a string literal or template variable, got: {text}: invalid parameter"
                ))
            }
        }
    }

    /// Before 2.6 the grammar has a text in quotes in such a place, and nothing else.
    fn demand_literal(&self, tree: &Tree) -> Result<(), Fault> {
        if self.version >= Version(2, 6) || matches!(tree.form, Form::Text(_) | Form::BadText | Form::NotUtf8) {
            return Ok(());
        }
        let token = self.words.tokens.get(tree.words.0);
        let (line, column, text) = token.map_or((1, 0, ""), |token| (token.line, token.column, token.text));
        fault(format!("line {line}:{column} mismatched input '{text}' expecting StringLiteral"))
    }

    fn regex(&self, item: Part, pattern: &Tree) -> Result<Expr, Fault> {
        let column = Self::text_column(item)?;
        let Form::Text(text) = &pattern.form else {
            let text = self.shown(pattern.words);
            return fault(format!("regex pattern should be a string literal, got: {text}: invalid parameter"));
        };
        match regex::Regex::new(text) {
            Ok(regex) => Ok(Expr::Regex(column, regex)),
            Err(_) => fault(format!("invalid regex pattern: {text}")),
        }
    }

    fn connected(&self, parts: impl Iterator<Item = Part>, all: bool) -> Result<Part, Fault> {
        let word = if all { "and" } else { "or" };
        let unfit = || fault(format!("'{word}' can only be used between boolean expressions"));
        let folds = self.version >= Version(3, 0);
        // A constant on one side is no condition before 3.0; there it decides, or drops out.
        let mut conditions = Vec::new();
        let mut pending: Option<Part> = None;
        let mut sampled = false;
        for (place, part) in parts.enumerate() {
            if place == 0 {
                pending = Some(part);
                continue;
            }
            let left = pending.take();
            let sample = |part: &Part| matches!(part, Part::Sample(_));
            if sampled || left.as_ref().is_some_and(sample) {
                return fault(if all {
                    "random sample expression can only be the last expression in the logical and expression"
                } else {
                    "random sample expression cannot be used in logical and expression"
                });
            }
            if sample(&part) && !all {
                return fault("random sample expression cannot be used in logical and expression");
            }
            let left_constant = left.as_ref().filter(|left| left.is_constant());
            match (left_constant.is_some(), part.is_constant()) {
                (false, false) => {
                    let sides = left.into_iter().chain([part]);
                    for side in sides {
                        match side {
                            Part::Condition(Expr::All(inner)) if all => conditions.extend(inner),
                            Part::Condition(Expr::Any(inner)) if !all => conditions.extend(inner),
                            Part::Condition(condition) => conditions.push(condition),
                            Part::Sample(share) => {
                                sampled = true;
                                conditions.push(self.sampled(share));
                            }
                            _ => return unfit(),
                        }
                    }
                }
                (true, true) => match (left_constant.and_then(Part::bool_constant), part.bool_constant()) {
                    (Some(one), Some(two)) => pending = Some(decided(if all { one && two } else { one || two })),
                    _ => return unfit(),
                },
                (left_is, _) => {
                    let constant =
                        if left_is { left_constant.and_then(Part::bool_constant) } else { part.bool_constant() };
                    match constant {
                        Some(flag) if folds && flag == all => {
                            if left_is {
                                pending = Some(part);
                            } else if left.is_some() {
                                pending = left;
                            }
                        }
                        Some(flag) if folds => {
                            conditions.clear();
                            pending = Some(decided(flag));
                        }
                        _ => return unfit(),
                    }
                }
            }
        }
        match (pending, conditions.is_empty()) {
            (Some(part), true) => Ok(part),
            (Some(Part::Condition(condition)), false) => {
                conditions.push(condition);
                Ok(Part::Condition(if all { Expr::All(conditions) } else { Expr::Any(conditions) }))
            }
            (Some(_), false) => unfit(),
            (None, _) => Ok(Part::Condition(if all { Expr::All(conditions) } else { Expr::Any(conditions) })),
        }
    }

    fn contains(&self, how: Contains, item: (&Tree, Part), wanted: (&Tree, Part)) -> Result<Expr, Fault> {
        let (name, title) = match how {
            Contains::One => ("contains", "Contains"),
            Contains::All => ("contains_all", "ContainsAll"),
            Contains::Any => ("contains_any", "ContainsAny"),
        };
        let shown = self.shown(item.0.words);
        let column = match item.1 {
            Part::Column(column) if column.data_type == DataType::Json || column.is_whole_array() => column,
            _ => {
                return fault(format!("{name} operation are only supported on json or array fields now, got: {shown}"));
            }
        };
        let Ok(given) = self.given(wanted.1)? else {
            let text = self.shown(wanted.0.words);
            return fault(format!("{name} operation are only supported explicitly specified element, got: {text}"));
        };
        let Some(value) = given.value else { return Ok(Expr::Always(true)) };
        let wanted = match (how, value) {
            (Contains::One, value) => match column.element {
                Some(element) => vec![cast(value, element).map_err(|value| uncastable(element, &value))?],
                None => vec![value],
            },
            (_, Literal::List(items)) => items,
            _ => return fault(format!("{title} operation element must be an array")),
        };
        if let Some(element) = column.element {
            let unlike = wanted.iter().find(|item| !Type::of(element).can_be_compared(Type::of(item.data_type())));
            if let Some(unlike) = unlike {
                let (one, two) = (element.name(), unlike.data_type().name());
                return fault(format!("{title} operation can't compare between array element type: {one} and {two}"));
            }
        }
        Ok(Expr::Contains(how, column, wanted))
    }

    /// The column and the query of a match of words; `kind` is what the messages call it.
    fn text_match(&self, name: &Name, query: &Tree, part: Part, kind: &str) -> Result<(Column, String), Fault> {
        self.demand_literal(query)?;
        let column = self.column(name)?;
        if !is_text(column.data_type) {
            return fault(format!("{kind} match operation on non-string is unsupported"));
        }
        let field = self.schema.field(&name.name);
        if self.version >= Version(2, 6) && field.is_none_or(|field| field.param("enable_match") != Some("true")) {
            return fault(format!("field {:?} does not enable match", name.name));
        }
        match self.given(part)? {
            Ok(Given { value: Some(Literal::Text(text)), .. }) => Ok((column, text)),
            Ok(Given { value: None, .. }) => Ok((column, String::new())),
            _ => {
                let text = self.shown(query.words);
                fault(format!(
                    "{kind}_match query should be a string literal or template variable, got: {text}: invalid parameter"
                ))
            }
        }
    }

    fn slop(&self, tree: &Tree, part: &Part) -> Result<usize, Fault> {
        let text = self.shown(tree.words);
        match part {
            Part::Constant { value: Literal::Int(..0), .. } => {
                fault(format!("\"slop\" should not be a negative interger. \"slop\" passed: {text}"))
            }
            Part::Constant { value: Literal::Int(slop), .. } => match u32::try_from(*slop) {
                Ok(slop) => Ok(usize::try_from(slop).unwrap_or(usize::MAX)),
                Err(_) => {
                    fault(format!("\"slop\" exceeds the range of \"uint32\". \"slop\" expression passed: {text}"))
                }
            },
            Part::Constant { .. } => Ok(0),
            _ => fault(format!("\"slop\" should be a const integer expression. \"slop\" expression passed: {text}")),
        }
    }

    fn sample(&self, share: &Tree, part: &Part) -> Result<Part, Fault> {
        let text = self.shown(share.words);
        match part {
            Part::Constant { value, .. } => {
                let share = value.number().unwrap_or_default();
                if (SAMPLE_MARGIN..=1.0 - SAMPLE_MARGIN).contains(&share) {
                    return Ok(Part::Sample(share));
                }
                fault(format!(
                    "the sample factor should be between 0 and 1 and not too close to 0 or 1(the difference should \
                     be larger than 1e-10), but got {text}"
                ))
            }
            _ => fault(format!("\"float factor\" should be a const float expression: \"float factor\" passed: {text}")),
        }
    }

    /// The condition that takes this share of all rows.
    pub(super) fn sampled(&self, share: f64) -> Expr {
        let position = self.schema.fields.iter().position(|field| field.primary).unwrap_or_default();
        let data_type = self.schema.primary().data_type;
        let key = Column { source: Source::Field(position), path: Vec::new(), data_type, element: None };
        Expr::Sample(share, key)
    }

    fn spatial(
        &mut self,
        tree: &Tree,
        spatial: Spatial,
        name: &Name,
        arguments: Vec<(&Tree, Part)>,
    ) -> Result<Part, Fault> {
        let column = self.column(name)?;
        if column.data_type != DataType::Geometry {
            let text = self.shown(tree.bare);
            let name = if self.version < Version(3, 0) { spatial.name } else { "spatial" };
            return fault(format!("{name} operation are only supported on geometry fields now, got: {text}"));
        }
        let mut arguments = arguments.into_iter();
        let mut figure = None;
        let mut open = false;
        if let Some((shape, part)) = arguments.next() {
            let text = self.shown(shape.words);
            let shape = match self.given(part)? {
                Ok(Given { value: Some(Literal::Text(text)), .. }) => Some(text),
                Ok(Given { value: None, .. }) => None,
                _ => {
                    return fault(format!(
                        "WKT string should be a string literal or template variable, got: {text}: invalid parameter"
                    ));
                }
            };
            open = shape.is_none();
            if let Some(shape) = shape {
                let read = Shape::read(&shape).map_err(Fault::Parse)?;
                if spatial.further == 2 && !read.is_point() {
                    return fault(format!("only supports POINT geometry: {shape}"));
                }
                figure = Figure::read(&shape);
            }
        }
        if let Some((distance, part)) = arguments.next() {
            let text = self.shown(distance.words);
            match part {
                Part::Constant { value, .. } if value.number().is_some() => {
                    let distance = value.number().unwrap_or_default();
                    if distance < 0.0 {
                        return fault(format!("distance parameter must be non-negative, got: {distance:.6}"));
                    }
                }
                _ => {
                    return fault(format!("distance parameter must be a numeric value (int or float), got: {text}"));
                }
            }
        }
        if let (Some(relation), Some(figure)) = (Relation::named(spatial.call), figure) {
            return Ok(Part::Condition(Expr::Spatial(column, relation, figure)));
        }
        if !open || Relation::named(spatial.call).is_none() {
            self.uncomputed = Some(spatial.call.to_owned());
        }
        Ok(Part::Condition(Expr::Always(false)))
    }

    fn time(&self, time: &Time) -> Result<Expr, Fault> {
        let Time { column, span, comparison, instant } = time;
        let column = self.column(column)?;
        if column.data_type != DataType::Timestamptz {
            return fault("field '%!s(<nil>)' is not a timestamptz datatype");
        }
        let span = match span {
            Some((away, text)) => match super::time::span(text) {
                Some(span) => Some((*away, span)),
                None => return fault(format!("invalid ISO 8601 duration: {text}")),
            },
            None => None,
        };
        match super::time::instant(instant) {
            Some(instant) => Ok(Expr::Time { column, span, op: *comparison, instant }),
            None => fault(format!("invalid timestamp string: '{instant}'. Does not match any known format")),
        }
    }

    /// A function that only the core knows. Two of them exist in every version that has calls.
    fn call(&mut self, name: &str, parts: &[Part]) -> Part {
        let is_text_column = |column: &Column| is_text(column.target());
        Part::Condition(match (name, parts) {
            ("empty", [Part::Column(column)]) if is_text_column(column) => Expr::Like(column.clone(), Pattern::new("")),
            ("starts_with", [Part::Column(column), Part::Constant { value: Literal::Text(start), .. }])
                if is_text_column(column) =>
            {
                Expr::StartsWith(column.clone(), start.clone())
            }
            _ => {
                self.uncomputed = Some(name.to_owned());
                Expr::Always(false)
            }
        })
    }
}
