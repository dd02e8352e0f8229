//! Rows: how the values of a request become stored cells, and how cells are written back.

use super::decoder::{self, element_fault, range_fault, syntax_fault};
use super::failure::{self, Failure};
use super::schema::{DataType, Field, Schema};
use super::{geometry, time, vector};
use crate::profile::Version;
use crate::reference::json::{Node, Value as Json};
use crate::reference::render;
use serde_json::{Map, Value, json};
use std::cmp::Ordering;

/// The longest JSON value and the longest set of dynamic keys of one row, in bytes.
const LONGEST_JSON: usize = 65_536;

/// A stored value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    Float(f32),
    Double(f64),
    Text(String),
    /// The text of a JSON value as sent.
    Json(String),
    Array(DataType, Vec<Cell>),
    Vector(Vec<f32>),
    /// A vector of another type, as it is written back.
    Opaque(Value),
}

/// The value of a primary key, to find rows by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key<'a> {
    Int(i64),
    Text(&'a str),
    /// What no primary key holds.
    None,
}

impl Cell {
    /// The value as a primary key.
    pub(super) fn key(&self) -> Key<'_> {
        match self {
            Cell::Int(number) => Key::Int(*number),
            Cell::Text(text) => Key::Text(text),
            _ => Key::None,
        }
    }

    /// The value for output; 64-bit integers as text if so asked.
    pub(super) fn to_output(&self, ids_as_text: bool) -> Value {
        match self {
            Cell::Null => Value::Null,
            Cell::Bool(flag) => (*flag).into(),
            Cell::Int(number) if ids_as_text => number.to_string().into(),
            Cell::Int(number) => (*number).into(),
            Cell::Float(number) => render::single(*number),
            Cell::Double(number) => (*number).into(),
            Cell::Text(text) | Cell::Json(text) => text.as_str().into(),
            Cell::Array(..) => self.wrapped(),
            Cell::Vector(numbers) => numbers.iter().map(|number| render::single(*number)).collect(),
            Cell::Opaque(value) => value.clone(),
        }
    }

    /// The value inside the wrapper in which the server shows arrays and default values.
    pub(super) fn wrapped(&self) -> Value {
        let (kind, value) = match self {
            Cell::Bool(flag) => ("BoolData", (*flag).into()),
            Cell::Int(number) => ("LongData", (*number).into()),
            Cell::Float(number) => ("FloatData", render::single(*number)),
            Cell::Double(number) => ("DoubleData", (*number).into()),
            Cell::Array(element, items) => {
                let items: Value = items.iter().map(|item| item.to_output(false)).collect();
                let data = if items == json!([]) { json!({}) } else { json!({"data": items}) };
                (array_kind(*element), data)
            }
            other => ("StringData", other.to_output(false)),
        };
        json!({"Data": {kind: value}})
    }

    /// The order of primary keys.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Cell::Int(one), Cell::Int(two)) => one.cmp(two),
            (Cell::Text(one), Cell::Text(two)) => one.cmp(two),
            _ => Ordering::Equal,
        }
    }
}

fn array_kind(element: DataType) -> &'static str {
    match element {
        DataType::Bool => "BoolData",
        DataType::Int64 => "LongData",
        DataType::Float => "FloatData",
        DataType::Double => "DoubleData",
        DataType::VarChar => "StringData",
        _ => "IntData",
    }
}

/// A row: one cell for every field of the schema, and the dynamic keys.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    pub(super) dynamic: Map<String, Value>,
}

impl Row {
    /// The cell of this field.
    pub(super) fn cell(&self, schema: &Schema, field: &str) -> Option<&Cell> {
        let position = schema.fields.iter().position(|known| known.name == field)?;
        self.cells.get(position)
    }

    /// The primary key.
    pub(super) fn key(&self, schema: &Schema) -> &Cell {
        self.cell(schema, &schema.primary().name).unwrap_or(&Cell::Null)
    }
}

/// A row on its way in; what the request may leave open is `None`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    pub(super) cells: Vec<Option<Cell>>,
    pub(super) dynamic: Map<String, Value>,
}

/// What a write does, as far as the conversion of rows depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    Insert,
    /// An insert into a collection that makes its keys and takes those that rows bring.
    InsertWithKeys,
    Upsert,
    /// An upsert that keeps what the row does not name.
    Update,
}

impl Write {
    /// Whether rows are added and none is replaced.
    pub(super) fn is_insert(self) -> bool {
        matches!(self, Write::Insert | Write::InsertWithKeys)
    }
}

/// Converts one row of a request; `number` is its place among the rows.
pub(super) fn convert(
    node: &Node<'_>,
    number: usize,
    schema: &Schema,
    write: Write,
    version: Version,
) -> Result<Draft, Failure> {
    if node.is_null() {
        let text = "NULL:0, FALSE:1, NUMBER:2, STRING:3, TRUE:4, JSON:5: invalid parameter[expected=JSON][actual=Null]";
        return Err(failure::row(text));
    }
    let mut cells = Vec::with_capacity(schema.fields.len());
    for field in &schema.fields {
        let value = node.get(&field.name);
        if field.primary && schema.auto_id {
            let name = &field.name;
            let given = value.filter(|value| !plain_text(value).is_empty());
            let read = given.map(|value| cell(Some(value), field, version)).transpose()?;
            if write == Write::InsertWithKeys {
                cells.push(read);
                continue;
            }
            if write == Write::Insert && given.is_some() {
                return Err(failure::row(&format!(
                    "no need to pass pk field({name}) when autoid==true in insert: invalid parameter"
                )));
            }
            if write != Write::Insert && given.is_none() {
                return Err(failure::row(&format!("row {number} does not has field {name}")));
            }
            cells.push(None);
            continue;
        }
        if write == Write::Update && value.is_none() {
            cells.push(None);
            continue;
        }
        if field.function_output {
            if value.is_some_and(|value| !value.is_null()) {
                return Err(failure::function_output(version, &field.name));
            }
            cells.push(Some(Cell::Null));
            continue;
        }
        cells.push(Some(cell(value, field, version)?));
    }
    Ok(Draft { cells, dynamic: dynamic(node, schema)? })
}

fn dynamic(node: &Node<'_>, schema: &Schema) -> Result<Map<String, Value>, Failure> {
    let mut dynamic = Map::new();
    for (key, value) in node.entries() {
        if schema.field(key).is_some() {
            continue;
        }
        if !schema.dynamic {
            return Err(failure::row("has pass more field without dynamic schema, please check it: invalid parameter"));
        }
        if key == super::schema::DYNAMIC_FIELD {
            let text = "use the invalid field name($meta) when enable dynamicField: invalid parameter";
            return Err(failure::row(text));
        }
        if !value.is_null() && !dynamic.contains_key(key.as_ref()) {
            dynamic.insert(key.clone().into_owned(), dynamic_value(value));
        }
    }
    Ok(dynamic)
}

/// The value of a dynamic key. A number whose text has no point is read as an integer, which is 0 where it is none.
fn dynamic_value(node: &Node<'_>) -> Value {
    match node.value {
        Json::Number(text) if text.parse::<i64>().is_ok() => node.to_output(),
        Json::Number(text) => match text.parse::<f64>().unwrap_or_default() {
            0.0 => 0.into(),
            // From here on the text of the number has an exponent and no point.
            number if number.abs() >= 1e21 => 0.into(),
            number if number.fract() == 0.0 => number.to_string().parse::<i64>().unwrap_or_default().into(),
            number if number.abs() < 1e-6 && !render::float(number).contains('.') => 0.into(),
            number => number.into(),
        },
        _ => node.to_output(),
    }
}

fn cell(node: Option<&Node<'_>>, field: &Field, version: Version) -> Result<Cell, Failure> {
    if node.is_none_or(Node::is_null) {
        if field.data_type == DataType::Geometry && field.nullable && version < Version(2, 6) {
            return Err(failure::null_type(&field.name, field.data_type.name()));
        }
        if let Some(default) = &field.default {
            return Ok(default.clone());
        }
        if field.nullable {
            return Ok(Cell::Null);
        }
    }
    if field.data_type.is_vector() {
        return vector::convert(node, field, version);
    }
    let text = node.map(plain_text).unwrap_or_default();
    let refuse = |reason: String| failure::row_value(&reason, field.data_type.name(), &text);
    let cast = |go_type: &str| refuse(format!("unable to cast {text:?} of type string to {go_type}"));
    match field.data_type {
        DataType::Bool => go_bool(&text)
            .map(Cell::Bool)
            .ok_or_else(|| refuse(format!("strconv.ParseBool: parsing {text:?}: invalid syntax"))),
        DataType::Int8 => based_integer(&text).map(|number| Cell::Int(wrap(number, 8))).ok_or_else(|| cast("int8")),
        DataType::Int16 => based_integer(&text).map(|number| Cell::Int(wrap(number, 16))).ok_or_else(|| cast("int16")),
        DataType::Int32 => based_integer(&text).map(|number| Cell::Int(wrap(number, 32))).ok_or_else(|| cast("int32")),
        DataType::Int64 => text.parse().map(Cell::Int).map_err(|error| refuse(integer_fault(&text, &error))),
        DataType::Float => single(&text).map(Cell::Float).ok_or_else(|| cast("float32")),
        DataType::Double => double(&text).map(Cell::Double).ok_or_else(|| cast("float64")),
        DataType::Json => Ok(Cell::Json(text)),
        DataType::Array => array(node, field, version),
        DataType::Geometry if version < Version(2, 6) => Err(failure::row_type(&field.name, field.data_type.name())),
        _ => Ok(Cell::Text(text)),
    }
}

/// A value as text: strings without quotes, numbers without exponent, everything else as sent.
pub(super) fn plain_text(node: &Node<'_>) -> String {
    match &node.value {
        Json::Null => String::new(),
        Json::String(text) => text.clone().into_owned(),
        Json::Number(text) if text.contains(['.', 'e', 'E']) => {
            text.parse::<f64>().map_or_else(|_| (*text).to_owned(), |number| number.to_string())
        }
        _ => node.raw.to_owned(),
    }
}

/// A primary key as text.
pub(super) fn key_text(key: &Cell) -> String {
    match key {
        Cell::Int(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
        _ => String::new(),
    }
}

/// The truth that a text stands for, as Go reads it.
pub(in crate::reference) fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// The single-precision number in a text. What is named and not written in digits may be infinite or none at all.
#[expect(clippy::cast_possible_truncation, reason = "rounding to the smaller type is the rule")]
fn single(text: &str) -> Option<f32> {
    let plain = text.replace('_', "");
    let number = match hexadecimal(&plain) {
        Some(number) => number as f32,
        None => plain.parse().ok()?,
    };
    (number.is_finite() || is_named(text)).then_some(number)
}

/// The double-precision number in a text, under the same rules.
fn double(text: &str) -> Option<f64> {
    let plain = text.replace('_', "");
    let number = hexadecimal(&plain).or_else(|| plain.parse().ok())?;
    (number.is_finite() || is_named(text)).then_some(number)
}

fn is_named(text: &str) -> bool {
    !text.contains(|digit: char| digit.is_ascii_digit())
}

/// A number in base sixteen with the power of two that it needs.
fn hexadecimal(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"))?;
    let (digits, power) = digits.split_once(['p', 'P'])?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let number = u32::from_str_radix(&format!("{whole}{fraction}"), 16).ok()?;
    let shift = i32::try_from(fraction.len()).ok()? * 4;
    Some(sign * f64::from(number) * 2_f64.powi(power.parse::<i32>().ok()?.checked_sub(shift)?))
}

fn integer_fault(text: &str, error: &std::num::ParseIntError) -> String {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    let reason =
        if matches!(error.kind(), PosOverflow | NegOverflow) { "value out of range" } else { "invalid syntax" };
    format!("strconv.ParseInt: parsing {text:?}: {reason}")
}

/// An integer with an optional prefix for its base; a leading zero means base eight.
fn based_integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some(_) if lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    i64::from_str_radix(&format!("{sign}{}", digits.replace('_', "")), base).ok()
}

/// The number that is left in so many bits.
fn wrap(number: i64, bits: u32) -> i64 {
    (number << (64 - bits)) >> (64 - bits)
}

fn array(node: Option<&Node<'_>>, field: &Field, version: Version) -> Result<Cell, Failure> {
    let element = field.element.unwrap_or(DataType::Int64);
    let expected = format!("Array of {}", element.name());
    let text = node.map(plain_text).unwrap_or_default();
    let refuse = |reason: String| failure::row_value(&reason, &expected, &text);
    let Some(node) = node.filter(|node| !node.is_null()) else {
        return Err(refuse(syntax_fault("")));
    };
    let go_type = go_element(element, version);
    let list = decoder::list(node, &text, go_type).map_err(refuse)?;
    let mut cells = Vec::new();
    let mut fault = None;
    for item in list.items() {
        match (array_element(item, element, version), &item.value) {
            (Some(Cell::Float(number)), Json::Number(text)) if number.is_infinite() => {
                return Err(refuse(range_fault(text, go_type)));
            }
            (Some(cell), _) => cells.push(cell),
            (None, _) => fault = Some(item),
        }
    }
    match fault {
        None => Ok(Cell::Array(element, cells)),
        Some(item) => Err(refuse(element_fault(list.raw, item, go_type))),
    }
}

fn go_element(element: DataType, version: Version) -> &'static str {
    match element {
        DataType::Bool => "bool",
        DataType::Int64 if version < Version(2, 5) => "json.Number",
        DataType::Int64 => "int64",
        DataType::Float => "float32",
        DataType::Double => "float64",
        DataType::VarChar => "string",
        _ => "int32",
    }
}

fn array_element(item: &Node<'_>, element: DataType, version: Version) -> Option<Cell> {
    Some(match (element, &item.value) {
        (DataType::Bool, Json::Null) => Cell::Bool(false),
        (DataType::Bool, Json::Bool(flag)) => Cell::Bool(*flag),
        (DataType::VarChar, Json::Null) => Cell::Text(String::new()),
        (DataType::VarChar, Json::String(text)) => Cell::Text(text.clone().into_owned()),
        (DataType::Float, Json::Null) => Cell::Float(0.0),
        (DataType::Float, Json::Number(number)) => Cell::Float(number.parse().ok()?),
        (DataType::Double, Json::Null) => Cell::Double(0.0),
        (DataType::Double, Json::Number(number)) => Cell::Double(number.parse().ok()?),
        (DataType::Int64, Json::Null) if version < Version(2, 5) => return None,
        (integer, Json::Null) if integer.is_integer() => Cell::Int(0),
        (DataType::Int64, Json::Number(number)) => Cell::Int(number.parse().ok()?),
        // 2.4 reads these numbers as texts first.
        (DataType::Int64, Json::String(number)) if version < Version(2, 5) => Cell::Int(number.parse().ok()?),
        (integer, Json::Number(number)) if integer.is_integer() => Cell::Int(number.parse::<i32>().ok()?.into()),
        _ => return None,
    })
}

/// The checks of stored values that come after every row was converted: lengths, capacities, numbers that are none.
/// Times and shapes take their normal form.
pub(super) fn check_values(rows: &mut [Draft], schema: &Schema, write: Write, version: Version) -> Result<(), Failure> {
    for (position, field) in schema.fields.iter().enumerate() {
        for (number, row) in rows.iter_mut().enumerate() {
            let Some(cell) = &mut row.cells[position] else { continue };
            check_value(cell, field, number, write, version)?;
            if let Cell::Text(text) = cell {
                match field.data_type {
                    DataType::Timestamptz => *text = time::normal(text)?,
                    DataType::Geometry => *text = geometry::normal(text, version)?,
                    _ => {}
                }
            }
        }
    }
    if let Some(length) = rows.iter().map(|row| dynamic_length(&row.dynamic)).find(|length| *length > LONGEST_JSON) {
        let text = format!("the length ({length}) of dynamic field exceeds max length ({LONGEST_JSON}): ");
        return Err(failure::mismatched(&text, "valid length dynamic field", "length exceeds max length"));
    }
    Ok(())
}

/// The bytes that the dynamic keys of a row take.
fn dynamic_length(dynamic: &Map<String, Value>) -> usize {
    // Writing them out is only worth the while where they may be too long.
    let size = |value: &Value| match value {
        Value::String(text) => text.len(),
        Value::Number(_) | Value::Bool(_) | Value::Null => 0,
        other => other.to_string().len(),
    };
    let least: usize = dynamic.iter().map(|(key, value)| key.len() + size(value)).sum();
    if least < LONGEST_JSON / 2 { least } else { render::json(&Value::Object(dynamic.clone())).len() }
}

fn check_value(cell: &Cell, field: &Field, row: usize, write: Write, version: Version) -> Result<(), Failure> {
    let name = &field.name;
    match cell {
        Cell::Float(number) if !number.is_finite() => Err(not_finite(f64::from(*number), version)),
        Cell::Double(number) if !number.is_finite() => Err(not_finite(*number, version)),
        Cell::Text(text) if text.len() > field.max_length() => Err(failure::invalid(format!(
            "length of varchar field {name} exceeds max length, row number: {row}, length: {}, max length: {}",
            text.len(),
            field.max_length()
        ))),
        Cell::Json(text) if text.len() > LONGEST_JSON => {
            let text =
                format!("the length ({}) of json field ({name}) exceeds max length ({LONGEST_JSON}): ", text.len());
            Err(failure::mismatched(&text, "valid length json string", "length exceeds max length"))
        }
        Cell::Array(element, items) => {
            // Only 3.0 looks at the capacity when rows are replaced.
            if write.is_insert() || version >= Version(3, 0) {
                check_capacity(items.len(), field, row)?;
            }
            check_array(*element, items, field, row)
        }
        _ => vector::check_finite(cell, field, version),
    }
}

fn not_finite(number: f64, version: Version) -> Failure {
    let text = match (number.is_nan(), number > 0.0) {
        (true, _) => "NaN",
        (_, true) => "+Inf",
        _ => "-Inf",
    };
    failure::unclassified(version, format!("value '{text}' is not a number or infinity"))
}

pub(super) fn check_capacity(length: usize, field: &Field, row: usize) -> Result<(), Failure> {
    let most = field.max_capacity();
    if length <= most {
        return Ok(());
    }
    let text = format!("the length ({length}) of {row}th array exceeds max capacity ({most}): ");
    Err(failure::mismatched(&text, "valid length array", "array length exceeds max capacity"))
}

fn check_array(element: DataType, items: &[Cell], field: &Field, row: usize) -> Result<(), Failure> {
    let range = element.integers();
    for (index, item) in items.iter().enumerate() {
        match item {
            Cell::Int(number) if !range.contains(number) => {
                let (low, high) = range.into_inner();
                return Err(failure::invalid(format!(
                    "the {index}th element ({number}) out of range: [{low}, {high}]"
                )));
            }
            Cell::Text(text) if text.len() > field.max_length() => {
                return Err(failure::invalid(format!(
                    "length of Array array field \"{}\" exceeds max length, row number: {row}, array index: {index}, \
                     length: {}, max length: {}",
                    field.name,
                    text.len(),
                    field.max_length()
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::json;

    #[test]
    fn integers_are_read_with_their_base_and_wrap() {
        for (text, number) in [("0x10", 16), ("017", 15), ("1_000", 1000), ("-5", -5), ("0", 0)] {
            assert_eq!(based_integer(text), Some(number), "{text}");
        }
        assert_eq!(based_integer("1.5"), None);
        assert_eq!(wrap(300, 8), 44);
        assert_eq!(wrap(40_000, 16), -25_536);
    }

    #[test]
    fn values_become_text_as_the_server_does_it() {
        for (sent, text) in [("1e3", "1000"), ("7.0", "7"), ("\"x\"", "x"), ("[1, 2]", "[1, 2]"), ("null", "")] {
            assert_eq!(plain_text(&json::parse(sent).unwrap()), text);
        }
    }
}
