//! Vectors on their way in: how each type is read, and its text for the way out.

use super::decoder::{element_fault, list, plain_syntax_fault, range_fault};
use super::failure::{self, Failure};
use super::half;
use super::row::{Cell, plain_text};
use super::schema::{DataType, Field};
use crate::base64;
use crate::profile::Version;
use crate::reference::json::{self, Node, Value as Json};
use crate::reference::render;
use serde_json::{Map, Value};
use std::str::FromStr;

/// Converts the value of a vector field.
pub(super) fn convert(node: Option<&Node<'_>>, field: &Field, version: Version) -> Result<Cell, Failure> {
    let text = node.map(plain_text).unwrap_or_default();
    let refuse = |reason: String| failure::row_value(&reason, field.data_type.name(), &text);
    let Some(node) = node.filter(|node| !node.is_null() && node.as_str() != Some("")) else {
        return Err(failure::row_value(&format!("missing vector field: {}", field.name), field.data_type.name(), ""));
    };
    match field.data_type {
        DataType::SparseFloatVector => sparse(node).map(Cell::Opaque).map_err(refuse),
        DataType::FloatVector => {
            let list = list(node, &text, "float32").map_err(refuse)?;
            let numbers = floats(&list).map_err(refuse)?;
            check_size(numbers.len(), field.dimension(), "[]float32", field, version)?;
            Ok(Cell::Vector(numbers))
        }
        DataType::Int8Vector => {
            let list = list(node, &text, "int8").map_err(refuse)?;
            let numbers: Vec<i8> = elements(&list, "int8").map_err(refuse)?;
            check_size(numbers.len(), field.dimension(), "[]int8", field, version)?;
            let bytes: Vec<u8> = numbers.into_iter().map(i8::cast_unsigned).collect();
            Ok(Cell::Opaque(base64::encode(&bytes).into()))
        }
        halves => {
            let width = if halves == DataType::BinaryVector { 1 } else { 16 };
            // Before 2.5 every list was one of bytes.
            let of_bytes = halves == DataType::BinaryVector || version < Version(2, 5);
            let bytes = match node.value {
                Json::Array(_) if of_bytes => elements(node, "uint8").map_err(refuse)?,
                Json::Array(_) => {
                    let bits = if halves == DataType::Float16Vector { half::half } else { half::brain };
                    let numbers = floats(node).map_err(refuse)?;
                    numbers.into_iter().flat_map(|number| bits(number).to_le_bytes()).collect()
                }
                Json::String(_) if of_bytes || halves != DataType::BinaryVector => {
                    base64::decode(&text).map_err(|at| refuse(illegal_base64(at)))?
                }
                _ if of_bytes => list(node, &text, "uint8").map(|_| Vec::new()).map_err(refuse)?,
                _ => return Err(refuse(format!("invalid vector field: {}", field.name))),
            };
            check_size(bytes.len(), field.dimension() * width / 8, "[]byte", field, version)?;
            Ok(Cell::Opaque(base64::encode(&bytes).into()))
        }
    }
}

fn illegal_base64(at: usize) -> String {
    format!("illegal base64 data at input byte {at}")
}

/// The elements of a list of small integers; `null` stands for zero. Of several that do not fit the last is told.
fn elements<T: FromStr + Default>(list: &Node<'_>, go_type: &str) -> Result<Vec<T>, String> {
    let mut numbers = Vec::with_capacity(list.items().len());
    let mut fault = None;
    for item in list.items() {
        match item.value {
            Json::Null => numbers.push(T::default()),
            Json::Number(text) => match text.parse() {
                Ok(number) => numbers.push(number),
                Err(_) if text.parse::<i64>().is_ok() => return Err(range_fault(text, go_type)),
                Err(_) => fault = Some(item),
            },
            _ => fault = Some(item),
        }
    }
    fault.map_or(Ok(numbers), |item| Err(element_fault(list.raw, item, go_type)))
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
            Json::Number(written) => match written.parse::<f32>() {
                Ok(number) if number.is_finite() => numbers.push(number),
                _ => return Err(range_fault(written, "float32")),
            },
            _ => fault = Some(item),
        }
    }
    fault.map_or(Ok(numbers), |item| Err(element_fault(text, item, "float32")))
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

/// A sparse vector, given by its entries or by a list of places and a list of values, or by the text of either.
fn sparse(node: &Node<'_>) -> Result<Value, String> {
    let parsed = match &node.value {
        Json::String(text) => json::parse(text).map_err(plain_syntax_fault)?,
        _ => node.clone(),
    };
    if !matches!(parsed.value, Json::Object(_)) {
        let kind = parsed.kind();
        return Err(format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"));
    }
    let mut entries = Map::new();
    let mut add = |place: u32, value: f32| {
        if place == u32::MAX {
            return Err("invalid index in sparse float vector: must be less than 2^32-1".to_owned());
        }
        if value < 0.0 {
            return Err("negative value in sparse float vector".to_owned());
        }
        if entries.insert(place.to_string(), render::single(value)).is_some() {
            return Err("unsorted or same indices in sparse float vector".to_owned());
        }
        Ok(())
    };
    let (places, values) = (parsed.get("indices"), parsed.get("values"));
    if places.is_some() || values.is_some() {
        let list = |node: &Node<'_>| matches!(node.value, Json::Array(_));
        let (Some(places), Some(values)) = (places.filter(|places| list(places)), values.filter(|values| list(values)))
        else {
            return Err("invalid JSON input".to_owned());
        };
        if places.items().len() != values.items().len() {
            return Err("indices and values length mismatch".to_owned());
        }
        for (place, value) in places.items().iter().zip(values.items()) {
            add(sparse_place(place)?, sparse_value(value)?)?;
        }
    } else {
        let entries = parsed.entries();
        for (at, (key, value)) in entries.iter().enumerate() {
            // Of keys that are written alike the last counts.
            if entries[at + 1..].iter().all(|(later, _)| later != key) {
                add(sparse_key(key)?, sparse_value(value)?)?;
            }
        }
    }
    Ok(Value::Object(entries))
}

fn sparse_key(key: &str) -> Result<u32, String> {
    let fault = |reason: &str| format!("strconv.ParseUint: parsing {key:?}: {reason}");
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(fault("invalid syntax"));
    }
    key.parse().map_err(|_| fault("value out of range"))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the number is whole and in range")]
fn sparse_place(node: &Node<'_>) -> Result<u32, String> {
    let Json::Number(text) = node.value else {
        return Err(format!("invalid index type in JSON: {}", go_type(node)));
    };
    match text.parse::<f64>().unwrap_or(f64::NAN) {
        place if place < 0.0 => Err("invalid index in sparse float vector: must be less than 2^32-1".to_owned()),
        place if place.fract() != 0.0 => Err(format!("invalid index in JSON: {}", render::float(place))),
        place if place >= f64::from(u32::MAX) => Err(format!("index too large in JSON: {text}")),
        place => Ok(place as u32),
    }
}

fn sparse_value(node: &Node<'_>) -> Result<f32, String> {
    let Json::Number(text) = node.value else {
        return Err(format!("invalid value type in JSON: {}", go_type(node)));
    };
    let value = text.parse::<f32>().unwrap_or(f32::INFINITY);
    if value.is_infinite() {
        let number = text.parse().map_or_else(|_| text.to_owned(), render::float);
        return Err(format!("value too large in JSON: {number}"));
    }
    Ok(value)
}

/// The type of an untyped value, as Go prints it.
fn go_type(node: &Node<'_>) -> &'static str {
    match node.value {
        Json::Null => "%!s(<nil>)",
        Json::Bool(_) => "bool",
        Json::Number(_) => "float64",
        Json::String(_) => "string",
        Json::Array(_) => "[]interface {}",
        Json::Object(_) => "map[string]interface {}",
    }
}

/// Refuses half-precision vectors that hold a number that is none.
pub(super) fn check_finite(cell: &Cell, field: &Field, version: Version) -> Result<(), Failure> {
    let (name, is_finite): (_, fn(u16) -> bool) = match field.data_type {
        DataType::Float16Vector => ("float16", half::is_finite_half),
        DataType::BFloat16Vector => ("bfloat16", half::is_finite_brain),
        _ => return Ok(()),
    };
    let Cell::Opaque(Value::String(text)) = cell else { return Ok(()) };
    let bytes = base64::decode(text).unwrap_or_default();
    if bytes.chunks_exact(2).all(|pair| is_finite(u16::from_le_bytes([pair[0], pair[1]]))) {
        return Ok(());
    }
    Err(failure::unclassified(version, format!("{name} vector contain nan or infinity value.")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Result<Value, String> {
        sparse(&json::parse(text).unwrap())
    }

    #[test]
    fn sparse_vectors_come_in_two_forms() {
        for text in
            [r#"{"10": 0.5, "2": 1}"#, r#"{"indices": [10, 2.0], "values": [0.5, 1]}"#, r#""{\"2\":1,\"10\":0.5}""#]
        {
            assert_eq!(read(text).unwrap(), json!({"2": 1.0, "10": 0.5}), "{text}");
        }
        assert_eq!(read("{}").unwrap(), json!({}));
        let faults = [
            (r#"{"-1": 1}"#, "strconv.ParseUint: parsing \"-1\": invalid syntax"),
            (r#"{"4294967295": 1}"#, "invalid index in sparse float vector: must be less than 2^32-1"),
            (r#"{"01": 1, "1": 1}"#, "unsorted or same indices in sparse float vector"),
            (r#"{"1": 1e39}"#, "value too large in JSON: 1e+39"),
            (r#"{"1": -1}"#, "negative value in sparse float vector"),
            (r#"{"indices": [1]}"#, "invalid JSON input"),
            (r#"{"indices": [1.5], "values": [1]}"#, "invalid index in JSON: 1.5"),
            ("[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        ];
        for (text, fault) in faults {
            assert_eq!(read(text).unwrap_err(), fault, "{text}");
        }
    }
}
