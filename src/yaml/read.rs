//! Reading types from the tree.

use super::mistake::Mistake;
use super::tree::{Entry, Kind, Node, Place};
use serde::de::value::U64Deserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};

/// The newtype under which a type asks for its place: a number that holds the place, then the value.
pub(super) const AT: &str = "\0milvus-conformance/At";

impl Node<'_> {
    #[cold]
    fn wanted(&self, what: &str) -> Mistake {
        Mistake::new(self.place, what)
    }

    fn list(&self) -> Result<&[Self], Mistake> {
        match &self.kind {
            Kind::List(items) => Ok(items),
            Kind::Scalar { .. } if self.is_null() => Ok(&[]),
            _ => Err(self.wanted("a list is wanted here; write [a, b], or a line with `- ` for each")),
        }
    }

    fn boolean(&self) -> Result<bool, Mistake> {
        self.text().and_then(boolean).ok_or_else(|| self.wanted("true or false is wanted here"))
    }

    fn integer<T: TryFrom<i128>>(&self, wanted: &str) -> Result<T, Mistake> {
        let number = self.text().and_then(|text| integer(trimmed(text)));
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| self.wanted(wanted))
    }

    fn float(&self) -> Result<f64, Mistake> {
        let number = self.text().and_then(|text| trimmed(text).parse::<f64>().ok());
        number.filter(|number| number.is_finite()).ok_or_else(|| self.wanted("a number is wanted here"))
    }

    /// Reads a plain scalar as what it looks like.
    fn plain_scalar<'de, V: Visitor<'de>>(&self, text: &str, visitor: V) -> Result<V::Value, Mistake> {
        match text.as_bytes().first() {
            Some(b'0'..=b'9' | b'+' | b'-' | b'.') => self.plain_number(text, visitor),
            _ if self.is_null() => visitor.visit_unit(),
            _ => match boolean(text) {
                Some(boolean) => visitor.visit_bool(boolean),
                None => visitor.visit_str(text),
            },
        }
    }

    /// Reads as a number what may be one by its first character.
    fn plain_number<'de, V: Visitor<'de>>(&self, text: &str, visitor: V) -> Result<V::Value, Mistake> {
        if text.starts_with(|first: char| matches!(first, '1'..='9'))
            && let Ok(number) = text.parse::<u64>()
        {
            return visitor.visit_u64(number);
        }
        if let Some(number) = integer(text) {
            if let Ok(number) = u64::try_from(number) {
                return visitor.visit_u64(number);
            }
            if let Ok(number) = i64::try_from(number) {
                return visitor.visit_i64(number);
            }
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => visitor.visit_f64(number),
            // `+inf` and the like, which Rust reads as numbers and YAML does not.
            Ok(_) if text.bytes().any(|byte| matches!(byte, b'n' | b'N')) => visitor.visit_str(text),
            Err(_) if !is_infinite_or_none(text) => visitor.visit_str(text),
            _ => Err(self.wanted(&format!("JSON has no number `{text}`; put a text in quotes"))),
        }
    }
}

/// Whether this is YAML's word for infinity, or for what is not a number.
fn is_infinite_or_none(text: &str) -> bool {
    let word = text.trim_start_matches(['+', '-']);
    text.len() - word.len() < 2 && (word.eq_ignore_ascii_case(".inf") || word.eq_ignore_ascii_case(".nan"))
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

fn boolean(text: &str) -> Option<bool> {
    let text = trimmed(text);
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A whole number with its sign, in decimal, `0x`, `0o` or `0b`, with single underscores between digits.
fn integer(text: &str) -> Option<i128> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match rest.get(..2) {
        Some("0x" | "0X") => (16, &rest[2..]),
        Some("0o" | "0O") => (8, &rest[2..]),
        Some("0b" | "0B") => (2, &rest[2..]),
        Some(_) if rest.starts_with('0') => return None,
        _ => (10, rest),
    };
    let split = |byte: u8| byte == b'_';
    let bytes = digits.as_bytes();
    let well_split = !bytes.first().copied().is_none_or(split)
        && !bytes.last().copied().is_none_or(split)
        && !bytes.windows(2).any(|pair| pair == b"__");
    if !well_split {
        return None;
    }
    let number = digits.chars().filter(|digit| *digit != '_').try_fold(0_i128, |number, digit| {
        number.checked_mul(i128::from(radix))?.checked_add(i128::from(digit.to_digit(radix)?))
    })?;
    Some(if negative { -number } else { number })
}

macro_rules! integers {
    ($($deserialize:ident $visit:ident $wanted:literal,)*) => {
        $(fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            visitor.$visit(self.integer($wanted)?)
        })*
    };
}

impl<'de> Deserializer<'de> for &Node<'_> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => self.plain_scalar(text, visitor),
            Kind::Scalar { text, plain: false } => visitor.visit_str(text),
            Kind::List(_) => self.deserialize_seq(visitor),
            Kind::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_bool(self.boolean()?)
    }

    integers! {
        deserialize_i8 visit_i8 "a whole number from -128 to 127 is wanted here",
        deserialize_i16 visit_i16 "a whole number from -32768 to 32767 is wanted here",
        deserialize_i32 visit_i32 "a whole number is wanted here",
        deserialize_i64 visit_i64 "a whole number is wanted here",
        deserialize_i128 visit_i128 "a whole number is wanted here",
        deserialize_u8 visit_u8 "a whole number from 0 to 255 is wanted here",
        deserialize_u16 visit_u16 "a whole number from 0 to 65535 is wanted here",
        deserialize_u32 visit_u32 "a whole number from 0 is wanted here",
        deserialize_u64 visit_u64 "a whole number from 0 is wanted here",
        deserialize_u128 visit_u128 "a whole number from 0 is wanted here",
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.text() {
            Some(text) if !self.is_null() => visitor.visit_str(text),
            _ => Err(self.wanted("a text is wanted here")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if self.is_null() { visitor.visit_unit() } else { Err(self.wanted("nothing can stand here")) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Mistake> {
        if name == AT {
            visitor.visit_seq(Placed { node: self, place: Some(self.place) })
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_seq(Items(self.list()?.iter()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Mistake> {
        if self.list()?.len() > length {
            return Err(self.wanted(&format!("a list of {length} is wanted here")));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let entries = match &self.kind {
            Kind::Map(entries) => entries.as_slice(),
            Kind::Scalar { .. } if self.is_null() => &[],
            _ => {
                return Err(
                    self.wanted("keys with their values are wanted here; write {key: value}, or a line for each")
                );
            }
        };
        visitor
            .visit_map(Entries { rest: entries.iter(), value: None })
            .map_err(|mistake| mistake.in_map(self.place, entries.last().map(|(key, _)| key.place)))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let word = self.text().ok_or_else(|| self.wanted("a word is wanted here"))?;
        visitor.visit_enum(word.into_deserializer()).map_err(|mistake: Mistake| mistake.at(self.place))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_unit()
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_str(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_any(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_any(visitor)
    }
}

struct Items<'n, 't>(std::slice::Iter<'n, Node<'t>>);

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Mistake;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Mistake> {
        let Some(item) = self.0.next() else { return Ok(None) };
        seed.deserialize(item).map(Some).map_err(|mistake| mistake.at(item.place))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Entries<'n, 't> {
    rest: std::slice::Iter<'n, Entry<'t>>,
    value: Option<&'n Node<'t>>,
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = Mistake;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Mistake> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(key).map(Some).map_err(|mistake| mistake.at(key.place))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Mistake> {
        let no_key = || serde::de::Error::custom("a value was asked for before its key");
        let value = self.value.take().ok_or_else(no_key)?;
        seed.deserialize(value).map_err(|mistake| mistake.at(value.place))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A value behind its place.
struct Placed<'n, 't> {
    node: &'n Node<'t>,
    place: Option<Place>,
}

impl<'de> SeqAccess<'de> for Placed<'_, '_> {
    type Error = Mistake;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Mistake> {
        match self.place.take() {
            Some(Place { start, length }) => {
                let both = u64::from(start) << 32 | u64::from(length);
                seed.deserialize(U64Deserializer::<Mistake>::new(both)).map(Some)
            }
            None => seed.deserialize(self.node).map(Some).map_err(|mistake| mistake.at(self.node.place)),
        }
    }
}
