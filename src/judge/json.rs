//! Reading a body as JSON, strictly: doubled keys are a fault, since readers disagree on which one counts.

use crate::matcher::push_pointer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::RefCell;
use std::fmt;

/// Why a body is not one JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonFault {
    /// Not JSON at all, or more than one value; what the parser said.
    Syntax(String),
    /// A key that stands twice in one object, as a JSON pointer. The value read last is kept.
    DoubledKey(String),
}

/// Reads a body.
///
/// # Errors
/// When it is not JSON. A doubled key is answered beside the value, as the value can still be judged.
pub fn read(body: &[u8]) -> Result<(Value, Option<JsonFault>), JsonFault> {
    let doubled = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = Strict { pointer: &Pointer::Root, doubled: &doubled }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| JsonFault::Syntax(error.to_string()))?;
    Ok((value, doubled.into_inner().map(JsonFault::DoubledKey)))
}

/// The way to the value being read, kept on the stack so that it costs nothing until it is needed.
enum Pointer<'a> {
    Root,
    Key(&'a Pointer<'a>, &'a str),
    Index(&'a Pointer<'a>, usize),
}

impl Pointer<'_> {
    fn text(&self) -> String {
        match self {
            Pointer::Root => String::new(),
            Pointer::Key(outer, key) => push_pointer(&outer.text(), key),
            Pointer::Index(outer, index) => format!("{}/{index}", outer.text()),
        }
    }
}

struct Strict<'a> {
    pointer: &'a Pointer<'a>,
    doubled: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let pointer = Pointer::Index(self.pointer, items.len());
            match access.next_element_seed(Strict { pointer: &pointer, doubled: self.doubled })? {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let pointer = Pointer::Key(self.pointer, &key);
            let value = access.next_value_seed(Strict { pointer: &pointer, doubled: self.doubled })?;
            if map.contains_key(&key) {
                self.doubled.borrow_mut().get_or_insert_with(|| pointer.text());
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_doubled_key_is_found_wherever_it_stands() {
        let (value, fault) = read(br#"{"a": [{"x": 1, "x/y": 2, "x/y": 3}]}"#).unwrap();
        assert_eq!(fault, Some(JsonFault::DoubledKey("/a/0/x~1y".to_owned())));
        assert_eq!(value["a"][0]["x/y"], 3);
        assert_eq!(read(br#"{"a": {"a": 1}}"#).unwrap().1, None);
    }

    #[test]
    fn anything_but_one_value_is_refused() {
        for body in ["", "{", "{} {}", "nul", "<html>", "{\"a\":1,}", "1e999"] {
            assert!(matches!(read(body.as_bytes()), Err(JsonFault::Syntax(_))), "{body}");
        }
        assert!(read(b"{}\n").is_ok());
        assert!(read(b"\xff").is_err());
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow() {
        assert!(read("[".repeat(100_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_serde_json_reads(text in "[\\[\\]{}\",:0-9a-c. -]{0,40}") {
            let ours = read(text.as_bytes()).ok().map(|(value, _)| value);
            let theirs = serde_json::from_str::<Value>(&text).ok();
            prop_assert_eq!(ours, theirs);
        }
    }
}
