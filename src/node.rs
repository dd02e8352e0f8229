//! Reading JSON as the most lenient of servers would, to see what a request might do.
//!
//! Keys may stand twice, numbers may be of any size, lists may nest deeply, escapes may be broken and the end may be missing.
//! What cannot be read at all ends the reading.

use serde_json::{Map, Value};

/// A JSON value in which keys may stand twice.
#[derive(Debug)]
pub(crate) enum Node {
    /// Keys with their values.
    Object(Vec<(String, Node)>),
    /// Items.
    List(Vec<Node>),
    /// A text.
    Text(String),
    /// No value.
    Null,
    /// A number or a boolean, or what is too deep inside.
    Other,
}

/// Deeper values are read over: no server looks for names or filters there.
const DEEPEST: usize = 200;

impl Node {
    /// Reads the first value of a body.
    pub(crate) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        Reader { rest: text.trim_start_matches('\u{feff}') }.value(0)
    }

    /// The value as other code knows it; of keys that stand twice, the last.
    pub(crate) fn value(&self) -> Value {
        match self {
            Node::Object(members) => {
                let members = members.iter().map(|(key, inner)| (key.clone(), inner.value()));
                Value::Object(members.collect::<Map<_, _>>())
            }
            Node::List(items) => Value::Array(items.iter().map(Node::value).collect()),
            Node::Text(text) => Value::String(text.clone()),
            Node::Null | Node::Other => Value::Null,
        }
    }

    /// The text, where it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Node::Text(text) = self { Some(text) } else { None }
    }

    /// The keys of an object with their values.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &Node)> {
        let members = if let Node::Object(members) = self { members.as_slice() } else { &[] };
        members.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// All values under a key, however deep.
    pub(crate) fn under<'n>(&'n self, key: &str, found: &mut Vec<&'n Node>) {
        match self {
            Node::Object(members) => {
                for (name, inner) in members {
                    if name.eq_ignore_ascii_case(key) {
                        found.push(inner);
                    }
                    inner.under(key, found);
                }
            }
            Node::List(items) => items.iter().for_each(|item| item.under(key, found)),
            _ => {}
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes a character when it comes next, behind blanks.
    fn takes(&mut self, wanted: char) -> bool {
        self.blanks();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize) -> Node {
        self.blanks();
        match self.rest.chars().next() {
            Some('{' | '[') if depth == DEEPEST => {
                self.over();
                Node::Other
            }
            Some('{') => self.object(depth),
            Some('[') => self.list(depth),
            Some('"') => Node::Text(self.text()),
            _ => {
                let end = self.rest.find([',', '}', ']', ':', '"', ' ', '\n', '\r', '\t']).unwrap_or(self.rest.len());
                let (word, rest) = self.rest.split_at(end);
                self.rest = rest;
                if word == "null" { Node::Null } else { Node::Other }
            }
        }
    }

    fn object(&mut self, depth: usize) -> Node {
        let mut members = Vec::new();
        self.takes('{');
        loop {
            self.blanks();
            if !self.rest.starts_with('"') {
                // The end, or no JSON any more.
                self.takes('}');
                return Node::Object(members);
            }
            let key = self.text();
            if !self.takes(':') {
                return Node::Object(members);
            }
            members.push((key, self.value(depth + 1)));
            if !self.takes(',') {
                self.takes('}');
                return Node::Object(members);
            }
        }
    }

    fn list(&mut self, depth: usize) -> Node {
        let mut items = Vec::new();
        self.takes('[');
        if self.takes(']') {
            return Node::List(items);
        }
        loop {
            items.push(self.value(depth + 1));
            if !self.takes(',') {
                self.takes(']');
                return Node::List(items);
            }
        }
    }

    /// A text and its escapes; half of a pair that is alone becomes the sign for what cannot be read.
    fn text(&mut self) -> String {
        let mut text = String::new();
        let mut units = Vec::new();
        self.takes('"');
        let mut letters = self.rest.char_indices();
        let mut end = self.rest.len();
        while let Some((at, letter)) = letters.next() {
            let plain = match letter {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => match letters.next() {
                    Some((at, 'u')) => {
                        let digits = self.rest.get(at + 1..at + 5);
                        match digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
                            Some(unit) => {
                                units.push(unit);
                                letters = self.rest.char_indices();
                                letters.by_ref().take_while(|(next, _)| *next < at + 4).for_each(drop);
                                continue;
                            }
                            None => 'u',
                        }
                    }
                    Some((_, 'n')) => '\n',
                    Some((_, 't')) => '\t',
                    Some((_, 'r')) => '\r',
                    Some((_, 'b')) => '\u{8}',
                    Some((_, 'f')) => '\u{c}',
                    Some((_, other)) => other,
                    None => break,
                },
                other => other,
            };
            text.push_str(&String::from_utf16_lossy(&std::mem::take(&mut units)));
            text.push(plain);
        }
        text.push_str(&String::from_utf16_lossy(&units));
        self.rest = self.rest.get(end..).unwrap_or_default();
        text
    }

    /// Reads over a list or an object, however deep it is.
    fn over(&mut self) {
        let mut open = 0_usize;
        while let Some(letter) = self.rest.chars().next() {
            if letter == '"' {
                self.text();
                continue;
            }
            self.rest = &self.rest[letter.len_utf8()..];
            match letter {
                '{' | '[' => open += 1,
                '}' | ']' => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_other_readers_refuse_is_read_as_far_as_it_goes() {
        let read = |text: &str| Node::read(text.as_bytes()).value();
        assert_eq!(read(r#"{"a":"x","b":1e400}"#), json!({"a": "x", "b": null}));
        assert_eq!(read(r#"{"a":"x\ud800y\u0041"#), json!({"a": "x\u{fffd}yA"}));
        assert_eq!(read("\u{feff} {\"a\" : [\"b\", {\"c\":\"d\"}]} and more"), json!({"a": ["b", {"c": "d"}]}));
        let deep = format!(r#"{{"x":{}"]"{},"a":"b"}}"#, "[".repeat(9999), "]".repeat(9999));
        assert_eq!(read(&deep)["a"], json!("b"));
        let doubled = Node::read(br#"{"a":"b","A":"c","a":"d"}"#);
        assert_eq!(doubled.members().filter_map(|(_, value)| value.text()).collect::<Vec<_>>(), ["b", "c", "d"]);
        for text in ["", "{", "[", "\"", "{\"", "{\"a", "{\"a\":", "[,", "{,}", "\\", "{\"a\":\"\\", "{\"a\":\"\\u12"] {
            read(text);
        }
    }

    proptest! {
        #[test]
        fn texts_and_nesting_are_those_of_other_readers(
            texts in prop::collection::vec(".{0,8}", 0..4),
            key in ".{1,6}",
        ) {
            let value = json!({&key: {"inner": texts, "none": null}});
            prop_assert_eq!(Node::read(value.to_string().as_bytes()).value(), value);
        }

        #[test]
        fn no_text_is_too_odd(text in ".{0,40}", more in "[\\[\\]{}\":,\\\\u0-9a ]{0,60}") {
            Node::read(text.as_bytes()).value();
            Node::read(more.as_bytes()).value();
        }
    }
}
