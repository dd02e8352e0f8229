//! Vectors of every type, as searches compare them.

use super::super::row::Cell;
use super::super::schema::DataType;
use crate::base64;
use serde_json::Value;
use std::borrow::Cow;

/// A vector, of a row or of a query.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Vector<'a> {
    Numbers(Cow<'a, [f32]>),
    Bits(Cow<'a, [u8]>),
    /// Places in ascending order, with their numbers.
    Sparse(Vec<(u32, f32)>),
    /// The words of a text that is searched for.
    Words(Vec<String>),
}

impl<'a> Vector<'a> {
    /// The vector that a cell of this type holds.
    pub(super) fn stored(cell: &'a Cell, data_type: DataType) -> Option<Self> {
        match cell {
            Cell::Vector(numbers) => Some(Vector::Numbers(Cow::Borrowed(numbers))),
            Cell::Opaque(value) => Self::written(value, data_type),
            _ => None,
        }
    }

    /// The vector of this type that is written back as such a value.
    fn written(value: &Value, data_type: DataType) -> Option<Self> {
        if data_type == DataType::SparseFloatVector {
            let entries = value.as_object()?.iter();
            let places = entries.map(|(place, number)| Some((place.parse().ok()?, single(number.as_f64()?))));
            return Some(Vector::sparse(places.collect::<Option<_>>()?));
        }
        if let Value::Array(items) = value {
            let numbers: Option<Vec<f32>> = items.iter().map(|item| item.as_f64().map(single)).collect();
            return Some(Vector::Numbers(Cow::Owned(numbers?)));
        }
        Self::from_bytes(base64::decode(value.as_str()?).ok()?, data_type)
    }

    /// The vector of this type that has these bytes.
    pub(super) fn from_bytes(bytes: Vec<u8>, data_type: DataType) -> Option<Self> {
        let numbers: Vec<f32> = match data_type {
            DataType::BinaryVector => return Some(Vector::Bits(Cow::Owned(bytes))),
            DataType::Int8Vector => bytes.into_iter().map(|byte| f32::from(byte.cast_signed())).collect(),
            DataType::Float16Vector => {
                bytes.chunks_exact(2).map(|pair| half(u16::from_le_bytes([pair[0], pair[1]]))).collect()
            }
            DataType::BFloat16Vector => {
                bytes.chunks_exact(2).map(|pair| f32::from_le_bytes([0, 0, pair[0], pair[1]])).collect()
            }
            _ => return None,
        };
        Some(Vector::Numbers(Cow::Owned(numbers)))
    }

    /// A sparse vector of these entries, in any order.
    pub(super) fn sparse(mut entries: Vec<(u32, f32)>) -> Self {
        entries.sort_by_key(|(place, _)| *place);
        Vector::Sparse(entries)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "vectors hold single precision")]
fn single(number: f64) -> f32 {
    number as f32
}

/// The number that these bits stand for in half precision.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f32::from(bits & 0x3ff);
    match exponent {
        0 => sign * fraction * 2_f32.powi(-24),
        0x1f if fraction == 0.0 => sign * f32::INFINITY,
        0x1f => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bytes_become_numbers() {
        let numbers = |bytes: &[u8], data_type| match Vector::from_bytes(bytes.to_vec(), data_type) {
            Some(Vector::Numbers(numbers)) => numbers.into_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            numbers(&[0x00, 0x3c, 0x00, 0xc1, 0x01, 0x00], DataType::Float16Vector),
            [1.0, -2.5, 5.960_464_5e-8]
        );
        assert_eq!(numbers(&[0x80, 0x3f, 0x20, 0xc0], DataType::BFloat16Vector), [1.0, -2.5]);
        assert_eq!(numbers(&[127, 128], DataType::Int8Vector), [127.0, -128.0]);
    }

    #[test]
    fn a_sparse_vector_is_sorted_by_number_and_not_by_text() {
        let stored = Cell::Opaque(json!({"10": 1.0, "9": 0.5}));
        let vector = Vector::stored(&stored, DataType::SparseFloatVector);
        assert_eq!(vector, Some(Vector::Sparse(vec![(9, 0.5), (10, 1.0)])));
    }
}
