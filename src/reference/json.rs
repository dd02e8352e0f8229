//! Reads a request body the way the server's JSON decoder does.
//!
//! A general JSON library hides what the contract depends on: how a number was written, the text of a value as sent,
//! which of two equal keys counts, and what is said of malformed text. Hence this small reader.

use std::borrow::Cow;

/// How deep arrays and objects may be nested; deeper input is refused, not followed.
const DEPTH_LIMIT: usize = 500;

/// A JSON value together with its text as sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node<'a> {
    /// The text of the value, without surrounding blanks.
    pub(super) raw: &'a str,
    /// The value itself.
    pub(super) value: Value<'a>,
}

/// A JSON value; numbers keep their text and objects keep every key in order, duplicates included.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    String(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// The first value under this very key.
    pub(super) fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The entries of an object, none for any other value.
    pub(super) fn entries(&self) -> &[(Cow<'a, str>, Node<'a>)] {
        match &self.value {
            Value::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of an array, none for any other value.
    pub(super) fn items(&self) -> &[Node<'a>] {
        match &self.value {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub(super) fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// The kind of the value as the decoder's messages call it.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }

    /// The value for output: numbers in range of an `i64` as such, others as `f64`, of equal keys the last.
    pub(super) fn to_output(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(flag) => (*flag).into(),
            Value::Number(text) => match text.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => text.parse::<f64>().unwrap_or(0.0).into(),
            },
            Value::String(text) => text.as_ref().into(),
            Value::Array(items) => items.iter().map(Node::to_output).collect(),
            Value::Object(entries) => {
                entries.iter().map(|(key, node)| (key.clone().into_owned(), node.to_output())).collect()
            }
        }
    }
}

/// Why a text is not JSON, in the decoder's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// The text is empty or blank.
    Nothing,
    /// The text ends inside a value.
    Truncated,
    /// A character is out of place.
    Syntax(String),
}

/// Reads the first JSON value of the text; whatever follows it is ignored.
pub(super) fn parse(text: &str) -> Result<Node<'_>, Malformed> {
    let mut reader = Reader { text, at: 0 };
    reader.skip_blanks();
    if reader.peek().is_none() {
        return Err(Malformed::Nothing);
    }
    reader.value(0)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn unexpected<T>(&self, context: &str) -> Result<T, Malformed> {
        Err(match self.peek() {
            None => Malformed::Truncated,
            Some(byte) => Malformed::Syntax(format!("invalid character {} {context}", quoted(byte))),
        })
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, Malformed> {
        if depth > DEPTH_LIMIT {
            return Err(Malformed::Syntax("exceeded max depth".to_owned()));
        }
        self.skip_blanks();
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b't') => self.literal("true", Value::Bool(true))?,
            Some(b'f') => self.literal("false", Value::Bool(false))?,
            Some(b'n') => self.literal("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            _ => return self.unexpected("looking for beginning of value"),
        };
        Ok(Node { raw: &self.text[start..self.at], value })
    }

    fn literal(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Malformed> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                return self.unexpected(&format!("in literal {word} (expecting {})", quoted(expected)));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<&'a str, Malformed> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self, context: &str) -> Result<(), Malformed> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return self.unexpected(context);
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        self.at += 1;
        let start = self.at;
        let mut decoded: Option<String> = None;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let rest = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(decoded.map_or(Cow::Borrowed(rest), Cow::Owned));
                }
                Some(b'\\') => {
                    let so_far = &self.text[start..self.at];
                    let text = decoded.get_or_insert_with(|| so_far.to_owned());
                    let character = self.escape()?;
                    text.push(character);
                }
                Some(0x20..) => {
                    let Some(character) = self.text[self.at..].chars().next() else { return self.unexpected("") };
                    if let Some(text) = &mut decoded {
                        text.push(character);
                    }
                    self.at += character.len_utf8();
                }
                _ => return self.unexpected("in string literal"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Malformed> {
        self.at += 1;
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return self.unexpected("in string escape code"),
        };
        self.at += 1;
        Ok(plain)
    }

    /// Reads `uXXXX`, joined with a second escape when the two are a surrogate pair; half a pair becomes U+FFFD.
    fn unicode(&mut self) -> Result<char, Malformed> {
        let high = self.hex()?;
        let follows = self.text[self.at..].starts_with("\\u");
        if (0xD800..0xDC00).contains(&high) && follows {
            let back = self.at;
            self.at += 1;
            let low = self.hex()?;
            if (0xDC00..0xE000).contains(&low) {
                let joined = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                return Ok(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Result<u32, Malformed> {
        self.at += 1;
        let mut number = 0;
        for _ in 0..4 {
            match self.peek().and_then(|byte| char::from(byte).to_digit(16)) {
                Some(digit) => number = number * 16 + digit,
                None => return self.unexpected("in \\u hexadecimal character escape"),
            }
            self.at += 1;
        }
        Ok(number)
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, Malformed> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Array(items));
                }
                _ => return self.unexpected("after array element"),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, Malformed> {
        self.at += 1;
        let mut entries = Vec::new();
        self.skip_blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(entries));
        }
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'"') {
                return self.unexpected("looking for beginning of object key string");
            }
            let key = self.string()?;
            self.skip_blanks();
            if self.peek() != Some(b':') {
                return self.unexpected("after object key");
            }
            self.at += 1;
            entries.push((key, self.value(depth + 1)?));
            self.skip_blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(entries));
                }
                _ => return self.unexpected("after object key:value pair"),
            }
        }
    }
}

/// A byte as the decoder shows it: one that is not ASCII stands for the character of the same number.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\n' => r"'\n'".to_owned(),
        b'\r' => r"'\r'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        b'\\' => r"'\\'".to_owned(),
        0..=0x1f | 0x7f => format!("'\\x{byte:02x}'"),
        _ => format!("'{}'", char::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        match parse(text) {
            Err(Malformed::Syntax(message)) => message,
            other => panic!("{text:?} gave {other:?}"),
        }
    }

    #[test]
    fn numbers_and_texts_are_kept_as_sent() {
        let node = parse(r#" {"a": [1.0, 1e3], "b":"x\u00e9\ud83d\ude00\ud800", "b":2} tail"#).unwrap();
        assert_eq!(node.get("a").unwrap().raw, "[1.0, 1e3]");
        assert_eq!(node.get("b").unwrap().as_str(), Some("xé😀\u{fffd}"));
        assert_eq!(node.entries().len(), 3);
    }

    #[test]
    fn faults_are_told_in_the_words_of_the_decoder() {
        assert_eq!(parse(" \n"), Err(Malformed::Nothing));
        assert_eq!(parse(r#"{"a":"x""#), Err(Malformed::Truncated));
        assert_eq!(fault("not json"), "invalid character 'o' in literal null (expecting 'u')");
        assert_eq!(fault(r#"{"a":1,}"#), "invalid character '}' looking for beginning of object key string");
        assert_eq!(fault("{'a':1}"), r"invalid character '\'' looking for beginning of object key string");
        assert_eq!(fault("\u{feff}{}"), "invalid character 'ï' looking for beginning of value");
        assert_eq!(fault(r#"{"a":1/**/}"#), "invalid character '/' after object key:value pair");
        assert_eq!(fault(&"[".repeat(2_000)), "exceeded max depth");
    }
}
