//! Rows: how the values of a request become stored cells, and how cells are written back.

use super::failure::{self, Failure};
use super::schema::{DataType, Field, Schema};
use crate::profile::Version;
use crate::reference::json::{self, Node, Value as Json};
use crate::reference::{base64, render};
use serde_json::{Map, Value, json};
use std::cmp::Ordering;
use std::str::FromStr;

/// The longest JSON value and the longest set of dynamic keys of one row, in bytes.
const LONGEST_JSON: usize = 65_536;

/// How much text around a fault the decoder of vectors and arrays shows.
const WINDOW: usize = 16;

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

impl Cell {
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
    Upsert,
    /// An upsert that keeps what the row does not name.
    Update,
}

/// Converts one row of a request; `number` is its place among the rows.
pub(super) fn convert(
    node: &Node<'_>,
    number: usize,
    schema: &Schema,
    write: Write,
    version: Version,
) -> Result<Draft, Failure> {
    let mut cells = Vec::with_capacity(schema.fields.len());
    for field in &schema.fields {
        let value = node.get(&field.name);
        if field.primary && schema.auto_id {
            let name = &field.name;
            if write == Write::Insert && value.is_some() {
                return Err(failure::row(&format!(
                    "no need to pass pk field({name}) when autoid==true in insert: invalid parameter"
                )));
            }
            if write != Write::Insert && value.is_none() {
                return Err(failure::row(&format!("row {number} does not has field {name}")));
            }
            cells.push(None);
            continue;
        }
        if write == Write::Update && value.is_none() {
            cells.push(None);
            continue;
        }
        if field.function_output && value.is_none() {
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
            dynamic.insert(key.clone().into_owned(), value.to_output());
        }
    }
    Ok(dynamic)
}

fn cell(node: Option<&Node<'_>>, field: &Field, version: Version) -> Result<Cell, Failure> {
    if node.is_none_or(Node::is_null) {
        if let Some(default) = &field.default {
            return Ok(default.clone());
        }
        if field.nullable {
            return Ok(Cell::Null);
        }
    }
    if field.data_type.is_vector() {
        return vector(node, field, version);
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
        DataType::Float => match text.parse::<f32>() {
            Ok(number) if number.is_finite() || !text.contains(|digit: char| digit.is_ascii_digit()) => {
                Ok(Cell::Float(number))
            }
            _ => Err(cast("float32")),
        },
        DataType::Double => text.parse().map(Cell::Double).map_err(|_| cast("float64")),
        DataType::Json => Ok(Cell::Json(text)),
        DataType::Array => array(node, field, version),
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

/// The list that a value is, or that the text in it holds.
fn list<'n>(node: &'n Node<'_>, text: &'n str) -> Result<Node<'n>, String> {
    let parsed = match &node.value {
        Json::String(_) => json::parse(text).map_err(|_| syntax_fault(text))?,
        _ => node.clone(),
    };
    match parsed.value {
        Json::Array(_) => Ok(parsed),
        _ => Err(format!("Mismatch type [] with value {}", parsed.kind())),
    }
}

/// The surroundings of a place in a text, with a pointer to the place.
fn surroundings(text: &str, at: usize) -> String {
    let (from, to) = (at.saturating_sub(WINDOW), (at.max(WINDOW) + WINDOW).min(text.len()));
    let window = text.get(from..to).unwrap_or(text);
    let pointer = format!("{}^{}", ".".repeat(at - from), ".".repeat(to.saturating_sub(at + 1)));
    format!("\n\n\t{window}\n\t{pointer}\n")
}

/// What the decoder says of the element at this place in a text.
pub(super) fn decoder_fault(raw: &str, element: &Node<'_>, go_type: &str) -> String {
    let at = element.raw.as_ptr() as usize - raw.as_ptr() as usize;
    let place = format!("at index {at}: mismatched type with value{}", surroundings(raw, at));
    format!("Mismatch type {go_type} with value {} {place:?}", element.kind())
}

/// What the decoder says of a text that is no JSON. Where exactly it stops is not followed.
pub(super) fn syntax_fault(text: &str) -> String {
    let place = format!("Syntax error at index 1: invalid char{}", surroundings(text, 1.min(text.len())));
    format!("{place:?}")
}

fn array(node: Option<&Node<'_>>, field: &Field, version: Version) -> Result<Cell, Failure> {
    let element = field.element.unwrap_or(DataType::Int64);
    let expected = format!("Array of {}", element.name());
    let text = node.map(plain_text).unwrap_or_default();
    let refuse = |reason: String| failure::row_value(&reason, &expected, &text);
    let Some(node) = node.filter(|node| !node.is_null()) else {
        return Err(refuse("\"Syntax error at index 0: eof\\n\\n\\t\\n\\t^\\n\"".to_owned()));
    };
    let list = list(node, &text).map_err(&refuse)?;
    let mut cells = Vec::new();
    let mut fault = None;
    for item in list.items() {
        match array_element(item, element) {
            Some(cell) => cells.push(cell),
            None => fault = Some(item),
        }
    }
    match fault {
        None => Ok(Cell::Array(element, cells)),
        Some(item) => Err(refuse(decoder_fault(list.raw, item, go_element(element, version)))),
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

fn array_element(item: &Node<'_>, element: DataType) -> Option<Cell> {
    Some(match (element, &item.value) {
        (DataType::Bool, Json::Null) => Cell::Bool(false),
        (DataType::Bool, Json::Bool(flag)) => Cell::Bool(*flag),
        (DataType::VarChar, Json::Null) => Cell::Text(String::new()),
        (DataType::VarChar, Json::String(text)) => Cell::Text(text.clone().into_owned()),
        (DataType::Float, Json::Null) => Cell::Float(0.0),
        (DataType::Float, Json::Number(number)) => Cell::Float(number.parse().ok()?),
        (DataType::Double, Json::Null) => Cell::Double(0.0),
        (DataType::Double, Json::Number(number)) => Cell::Double(number.parse().ok()?),
        (integer, Json::Null) if integer.is_integer() => Cell::Int(0),
        (DataType::Int64, Json::Number(number)) => Cell::Int(number.parse().ok()?),
        (integer, Json::Number(number)) if integer.is_integer() => Cell::Int(number.parse::<i32>().ok()?.into()),
        _ => return None,
    })
}

fn vector(node: Option<&Node<'_>>, field: &Field, version: Version) -> Result<Cell, Failure> {
    let text = node.map(plain_text).unwrap_or_default();
    let refuse = |reason: String| failure::row_value(&reason, field.data_type.name(), &text);
    let Some(node) = node.filter(|node| !node.is_null() && node.as_str() != Some("")) else {
        return Err(failure::row_value(&format!("missing vector field: {}", field.name), field.data_type.name(), ""));
    };
    match (field.data_type, &node.value) {
        (DataType::SparseFloatVector, Json::Object(_)) => {
            sparse(node).map(Cell::Opaque).ok_or_else(|| refuse("invalid sparse vector".to_owned()))
        }
        (DataType::SparseFloatVector, _) => Err(refuse("invalid sparse vector".to_owned())),
        (DataType::FloatVector, _) => {
            let list = list(node, &text).map_err(&refuse)?;
            let numbers = floats(&list).map_err(&refuse)?;
            check_size(numbers.len(), field.dimension(), "[]float32", field, version)?;
            Ok(Cell::Vector(numbers))
        }
        (DataType::BinaryVector, _) => {
            let bytes = bytes(node, &text).map_err(&refuse)?;
            check_size(bytes.len(), field.dimension() / 8, "[]byte", field, version)?;
            Ok(Cell::Opaque(base64::encode(&bytes).into()))
        }
        (DataType::Int8Vector, _) => {
            let list = list(node, &text).map_err(&refuse)?;
            let numbers: Vec<i8> = elements(&list, "int8").map_err(&refuse)?;
            check_size(numbers.len(), field.dimension(), "[]int8", field, version)?;
            let bytes: Vec<u8> = numbers.into_iter().map(i8::cast_unsigned).collect();
            Ok(Cell::Opaque(base64::encode(&bytes).into()))
        }
        (_, Json::Array(items)) => {
            check_size(items.len(), field.dimension(), "[]float32", field, version)?;
            Ok(Cell::Opaque(node.to_output()))
        }
        (_, Json::String(_)) => {
            let bytes = base64::decode(&text).map_err(|at| refuse(illegal_base64(at)))?;
            check_size(bytes.len(), field.dimension() * 2, "[]byte", field, version)?;
            Ok(Cell::Opaque(text.into()))
        }
        _ => Err(refuse(format!("Mismatch type [] with value {}", node.kind()))),
    }
}

/// The bytes of a vector, given as a list of numbers or as base64.
fn bytes(node: &Node<'_>, text: &str) -> Result<Vec<u8>, String> {
    match node.value {
        Json::Array(_) => elements(node, "uint8"),
        Json::String(_) => base64::decode(text).map_err(illegal_base64),
        _ => Err(format!("Mismatch type [] with value {}", node.kind())),
    }
}

fn illegal_base64(at: usize) -> String {
    format!("illegal base64 data at input byte {at}")
}

/// The elements of a list of small integers; `null` stands for zero.
fn elements<T: FromStr + Default>(list: &Node<'_>, go_type: &str) -> Result<Vec<T>, String> {
    let element = |item: &Node<'_>| match item.value {
        Json::Null => Ok(T::default()),
        Json::Number(text) => text.parse().map_err(|_| decoder_fault(list.raw, item, go_type)),
        _ => Err(decoder_fault(list.raw, item, go_type)),
    };
    list.items().iter().map(element).collect()
}

fn check_size(size: usize, wanted: usize, what: &str, field: &Field, version: Version) -> Result<(), Failure> {
    if size == wanted {
        return Ok(());
    }
    let ending = if version < Version(3, 0) { "" } else { ": invalid parameter" };
    let (dimension, kind) = (field.dimension(), field.data_type.name());
    let text = format!("{what} size {size} doesn't equal to vector dimension {dimension} of {kind}{ending}");
    Err(failure::row(&text))
}

/// The numbers of a list as single-precision floats; `null` stands for zero.
fn floats(list: &Node<'_>) -> Result<Vec<f32>, String> {
    floats_within(list, list.raw)
}

/// The same of a list that is a part of this text, in which faults are shown.
pub(super) fn floats_within(list: &Node<'_>, text: &str) -> Result<Vec<f32>, String> {
    let mut numbers = Vec::with_capacity(list.items().len());
    let mut fault = None;
    for item in list.items() {
        match item.value {
            Json::Null => numbers.push(0.0),
            Json::Number(number) => match number.parse::<f32>() {
                Ok(single) if single.is_finite() => numbers.push(single),
                _ => return Err(format!("json: cannot unmarshal {number} into Go value of type float32")),
            },
            _ => fault = Some(item),
        }
    }
    match fault {
        None => Ok(numbers),
        Some(item) => Err(decoder_fault(text, item, "float32")),
    }
}

/// A sparse vector, given by its entries or by a list of places and a list of values.
fn sparse(node: &Node<'_>) -> Option<Value> {
    let number = |node: &Node<'_>| node.raw.parse::<f32>().ok().filter(|number| *number >= 0.0 && number.is_finite());
    let mut entries = Map::new();
    if let (Some(places), Some(values)) = (node.get("indices"), node.get("values")) {
        if places.items().len() != values.items().len() {
            return None;
        }
        for (place, value) in places.items().iter().zip(values.items()) {
            entries.insert(place.raw.parse::<u32>().ok()?.to_string(), render::single(number(value)?));
        }
        return Some(Value::Object(entries));
    }
    for (key, value) in node.entries() {
        entries.insert(key.parse::<u32>().ok()?.to_string(), render::single(number(value)?));
    }
    Some(Value::Object(entries))
}

/// The checks of stored values that come after every row was converted: lengths, capacities, numbers that are none.
pub(super) fn check_values(rows: &[Draft], schema: &Schema, write: Write, version: Version) -> Result<(), Failure> {
    for (position, field) in schema.fields.iter().enumerate() {
        for (number, row) in rows.iter().enumerate() {
            if let Some(cell) = &row.cells[position] {
                check_value(cell, field, number, write, version)?;
            }
        }
    }
    Ok(())
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
            Err(failure::mismatched(&text, "valid length json", "length exceeds max length"))
        }
        Cell::Array(element, items) => {
            // Only 3.0 looks at the capacity when rows are replaced.
            if write == Write::Insert || version >= Version(3, 0) {
                check_capacity(items.len(), field, row)?;
            }
            check_array(*element, items, field, row)
        }
        _ => Ok(()),
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

fn check_capacity(length: usize, field: &Field, row: usize) -> Result<(), Failure> {
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

    #[test]
    fn a_decoding_fault_points_at_its_element() {
        let text = r#"[1, "x"]"#;
        let node = json::parse(text).unwrap();
        let fault = decoder_fault(node.raw, &node.items()[1], "int64");
        assert!(fault.starts_with(r#"Mismatch type int64 with value string "at index 4: mismatched"#), "{fault}");
    }
}
