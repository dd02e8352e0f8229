//! The vectors that a request searches for: `data`, in the words in which each version refuses what it cannot read.

use super::super::failure::{self, Failure};
use super::super::schema::{DataType, Field};
use super::super::{decoder, row, vector};
use super::text;
use super::vector::Vector;
use crate::base64;
use crate::profile::Version;
use crate::reference::json::{self, Node, Value as Json};
use std::borrow::Cow;

/// What the decoder says of an empty text.
const NOTHING: &str = "\"Syntax error no sources available, the input json is empty: errors.SyntaxError{Pos:0, \
                       Src:\\\"\\\", Code:0x1, Msg:\\\"\\\"}\"";

/// The places of a sparse vector end before this one.
const PLACES: u64 = u32::MAX as u64;

/// Reads the query vectors for this field.
pub(super) fn vectors(data: &Node<'_>, field: &Field, version: Version) -> Result<Vec<Vector<'static>>, Failure> {
    let reader = Reader { data, field, version };
    data.items().iter().map(|item| reader.vector(item)).collect()
}

/// What is said of a search whose `data` is not there although it has to be read.
pub(super) fn nothing(field: &Field) -> Failure {
    refusal(NOTHING, field, "")
}

fn refusal(reason: &str, field: &Field, actual: &str) -> Failure {
    let kind = field.data_type.name();
    failure::bad_json(&format!("error: {reason}: invalid parameter[expected={kind}][actual={actual}]"))
}

struct Reader<'r, 'n> {
    data: &'r Node<'n>,
    field: &'r Field,
    version: Version,
}

impl Reader<'_, '_> {
    fn vector(&self, item: &Node<'_>) -> Result<Vector<'static>, Failure> {
        if self.field.function_output {
            return Ok(Vector::Words(text::words(&row::plain_text(item))));
        }
        match self.field.data_type {
            DataType::SparseFloatVector => self.sparse(item),
            DataType::BinaryVector => self.bits(item),
            DataType::Int8Vector => self.small_numbers(item),
            DataType::Float16Vector | DataType::BFloat16Vector if item.as_str().is_some() => self.halves(item),
            _ => self.numbers(item),
        }
    }

    fn refuse(&self, reason: &str, actual: &str) -> Failure {
        refusal(reason, self.field, actual)
    }

    /// The decoder reads a list to its end and points at the last fault.
    fn mismatch(&self, item: &Node<'_>, go_type: &str) -> Failure {
        let last = self.data.items().last().unwrap_or(item);
        self.refuse(&decoder::element_fault(self.data.raw, last, go_type), self.data.raw)
    }

    fn numbers(&self, item: &Node<'_>) -> Result<Vector<'static>, Failure> {
        if self.version < Version(2, 5) {
            return self.numbers_of_text(item);
        }
        if !matches!(item.value, Json::Array(_) | Json::Null) {
            return Err(self.mismatch(item, "[]float32"));
        }
        // The text of the whole list is shown, so faults are placed in it.
        let numbers =
            vector::floats_within(item, self.data.raw).map_err(|reason| self.refuse(&reason, self.data.raw))?;
        self.sized(numbers, self.data.raw)
    }

    /// 2.4 reads the vectors one by one, from their texts, and shows the one at fault.
    fn numbers_of_text(&self, item: &Node<'_>) -> Result<Vector<'static>, Failure> {
        let text = match &item.value {
            Json::Null => "",
            Json::String(text) => text,
            _ => item.raw,
        };
        if text.is_empty() {
            return Err(self.refuse(NOTHING, ""));
        }
        let parsed = json::parse(text).map_err(|_| self.refuse(&decoder::syntax_fault(text), text))?;
        if !matches!(parsed.value, Json::Array(_) | Json::Null) {
            return Err(self.refuse(&decoder::element_fault(text, &parsed, "[]float32"), text));
        }
        let numbers = vector::floats_within(&parsed, text).map_err(|reason| self.refuse(&reason, text))?;
        self.sized(numbers, text)
    }

    fn sized(&self, numbers: Vec<f32>, actual: &str) -> Result<Vector<'static>, Failure> {
        let dimension = self.field.dimension();
        if numbers.len() != dimension {
            let text = format!("dimension: {dimension}, but length of []float: {}", numbers.len());
            return Err(self.refuse(&text, actual));
        }
        Ok(Vector::Numbers(Cow::Owned(numbers)))
    }

    fn bits(&self, item: &Node<'_>) -> Result<Vector<'static>, Failure> {
        let bytes = match &item.value {
            Json::Null => Vec::new(),
            Json::String(text) => self.decoded(text)?,
            Json::Array(items) => self.bytes(items)?,
            _ => return Err(self.mismatch(item, "[]uint8")),
        };
        self.bytes_sized(bytes, self.field.dimension() / 8)
    }

    fn halves(&self, item: &Node<'_>) -> Result<Vector<'static>, Failure> {
        let bytes = self.decoded(item.as_str().unwrap_or_default())?;
        self.bytes_sized(bytes, self.field.dimension() * 2)
    }

    fn bytes_sized(&self, bytes: Vec<u8>, wanted: usize) -> Result<Vector<'static>, Failure> {
        let (dimension, length) = (self.field.dimension(), bytes.len());
        if length != wanted {
            let text = format!("dimension: {dimension}, bytesLen: {wanted}, but length of []byte: {length}");
            return Err(self.refuse(&text, &String::from_utf8_lossy(&bytes)));
        }
        Vector::from_bytes(bytes, self.field.data_type).ok_or_else(|| self.refuse("no vector", self.data.raw))
    }

    fn decoded(&self, text: &str) -> Result<Vec<u8>, Failure> {
        let illegal = |at| self.refuse(&format!("illegal base64 data at input byte {at}"), self.data.raw);
        base64::decode(text).map_err(illegal)
    }

    fn bytes(&self, items: &[Node<'_>]) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::with_capacity(items.len());
        let mut fault = None;
        for item in items {
            match &item.value {
                Json::Null => bytes.push(0),
                Json::Number(text) => match (text.parse(), text.parse::<u64>()) {
                    (Ok(byte), _) => bytes.push(byte),
                    (_, Ok(_)) => {
                        let reason = format!("json: cannot unmarshal {text} into Go value of type uint8");
                        return Err(self.refuse(&reason, self.data.raw));
                    }
                    _ => fault = Some(item),
                },
                _ => fault = Some(item),
            }
        }
        match fault {
            None => Ok(bytes),
            Some(item) => Err(self.refuse(&decoder::element_fault(self.data.raw, item, "uint8"), self.data.raw)),
        }
    }

    fn small_numbers(&self, item: &Node<'_>) -> Result<Vector<'static>, Failure> {
        let Json::Array(items) = &item.value else { return Err(self.mismatch(item, "[]int8")) };
        let number = |item: &Node<'_>| item.raw.parse::<i8>().map(f32::from);
        let numbers: Result<Vec<f32>, _> = items.iter().map(number).collect();
        let numbers = numbers.map_err(|_| self.mismatch(item, "int8"))?;
        self.sized(numbers, self.data.raw)
    }

    fn sparse(&self, item: &Node<'_>) -> Result<Vector<'static>, Failure> {
        let text = match &item.value {
            Json::Null => "",
            Json::String(text) => text,
            _ => item.raw,
        };
        let entries = match json::parse(text) {
            Ok(parsed) => sparse_entries(&parsed),
            Err(json::Malformed::Syntax(reason)) => Err((reason, false)),
            Err(json::Malformed::Nothing) => Err(("EOF".to_owned(), false)),
            Err(json::Malformed::Truncated) => Err(("unexpected EOF".to_owned(), false)),
        };
        // What the check of the values says is classified in 3.0, what the decoder says is not.
        entries.map(Vector::sparse).map_err(|(reason, checked)| {
            let ending = if checked && self.version >= Version(3, 0) { ": invalid parameter" } else { "" };
            self.refuse(&format!("{reason}{ending}"), text)
        })
    }
}

/// The entries of a sparse vector, or why it has none and whether that was found by the check of its values.
fn sparse_entries(node: &Node<'_>) -> Result<Vec<(u32, f32)>, (String, bool)> {
    let checked = |text: &str| (text.to_owned(), true);
    if !matches!(node.value, Json::Object(_)) {
        let reason = format!("json: cannot unmarshal {} into Go value of type map[string]interface {{}}", node.kind());
        return Err((reason, false));
    }
    let number = |node: &Node<'_>| match node.value {
        Json::Number(text) => match text.parse::<f64>() {
            Ok(number) if number < 0.0 => Err(checked("negative value in sparse float vector")),
            #[expect(clippy::cast_possible_truncation, reason = "sparse vectors hold single precision")]
            Ok(number) if number <= f64::from(f32::MAX) => Ok(number as f32),
            Ok(number) => {
                Err(checked(&format!("value too large in JSON: {}", super::super::super::render::float(number))))
            }
            Err(_) => Err(checked("invalid value")),
        },
        _ => Err(checked(&format!("invalid value type in JSON: {}", node.kind()))),
    };
    let place = |place: u64| match u32::try_from(place) {
        Ok(small) if place < PLACES => Ok(small),
        _ => Err(checked("invalid index in sparse float vector: must be less than 2^32-1")),
    };
    let mut entries = Vec::new();
    if let (Some(places), Some(values)) = (node.get("indices"), node.get("values")) {
        if places.items().len() != values.items().len() {
            return Err(checked("indices and values length mismatch"));
        }
        for (index, value) in places.items().iter().zip(values.items()) {
            let index = index.raw.parse::<u64>().map_err(|_| checked("invalid index type in JSON"))?;
            entries.push((place(index)?, number(value)?));
        }
    } else {
        for (key, value) in node.entries() {
            let index = match key.parse::<u64>() {
                Ok(index) if index <= PLACES => index,
                Ok(_) => return Err((format!("strconv.ParseUint: parsing {key:?}: value out of range"), false)),
                Err(_) => return Err((format!("strconv.ParseUint: parsing {key:?}: invalid syntax"), false)),
            };
            entries.push((place(index)?, number(value)?));
        }
    }
    entries.sort_by_key(|(place, _)| *place);
    if entries.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(checked("unsorted or same indices in sparse float vector"));
    }
    Ok(entries)
}
