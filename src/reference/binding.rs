//! Binds a request body to the keys that an operation knows, with the refusals of the server's decoder.

use super::json::{self, Malformed, Node, Value};
use crate::profile::Version;
use std::borrow::Cow;

/// The keys of a request; `name` is the type that refusals speak of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

/// One key of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// The key in JSON; matched without regard to case, except for kinds that are re-read from the raw text.
    key: &'static str,
    /// What refusals of a missing key call it.
    title: &'static str,
    kind: Kind,
    required: Required,
    /// The first version that knows the key.
    since: Version,
    /// The first version that does not know it, or not in this form, any more.
    until: Version,
}

/// No version is later.
const NEVER: Version = Version(u16::MAX, u16::MAX);

#[derive(Clone, Copy, Debug)]
enum Required {
    Never,
    Always,
    /// Required in versions before this one.
    Before(Version),
    /// It may be left out; when it is there, its own required keys have to be, too.
    Inside,
}

/// What a key may hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Flag,
    Int32,
    Int64,
    Int64List,
    TextList,
    /// A list of lists of texts.
    TextLists,
    /// An object of texts.
    TextMap,
    /// A list of numbers of single precision.
    Floats,
    Map,
    /// A list of objects.
    Maps,
    /// An object of numbers.
    FloatMap,
    Any,
    /// A list of anything, re-read by its exact key.
    RawList,
    /// A list of objects, re-read by its exact key.
    RawMaps,
    /// Any value, re-read by its exact key.
    RawAny,
    Struct(&'static Shape),
    /// A struct that counts as missing as a whole when it is left out; of a plain one its required keys do.
    Pointer(&'static Shape),
    Structs(&'static Shape),
    /// An object of structs under any names.
    StructMap(&'static Shape),
}

impl Kind {
    fn type_name(self) -> String {
        match self {
            Kind::Text => "string".to_owned(),
            Kind::Flag => "bool".to_owned(),
            Kind::Int32 => "int32".to_owned(),
            Kind::Int64 => "int64".to_owned(),
            Kind::Int64List => "[]int64".to_owned(),
            Kind::TextLists => "[][]string".to_owned(),
            Kind::TextMap => "map[string]string".to_owned(),
            Kind::StructMap(shape) => format!("map[string]*httpserver.{}", shape.name),
            Kind::TextList => "[]string".to_owned(),
            Kind::Floats => "[]float32".to_owned(),
            Kind::Map => "map[string]interface {}".to_owned(),
            Kind::FloatMap => "map[string]float64".to_owned(),
            Kind::Any | Kind::RawAny => "interface {}".to_owned(),
            Kind::RawList => "[]interface {}".to_owned(),
            Kind::Maps | Kind::RawMaps => "[]map[string]interface {}".to_owned(),
            Kind::Struct(shape) | Kind::Pointer(shape) => format!("httpserver.{}", shape.name),
            Kind::Structs(shape) => format!("[]httpserver.{}", shape.name),
        }
    }

    fn is_raw(self) -> bool {
        matches!(self, Kind::RawList | Kind::RawMaps | Kind::RawAny)
    }
}

impl Field {
    /// A key that may be left out.
    pub(super) const fn optional(key: &'static str, kind: Kind) -> Self {
        Self { key, title: key, kind, required: Required::Never, since: Version(0, 0), until: NEVER }
    }

    /// A key that must be there and not be empty text.
    pub(super) const fn required(key: &'static str, title: &'static str, kind: Kind) -> Self {
        Self { key, title, kind, required: Required::Always, since: Version(0, 0), until: NEVER }
    }

    /// A key that must be there in versions before the one given.
    pub(super) const fn required_before(version: Version, key: &'static str, title: &'static str, kind: Kind) -> Self {
        Self { key, title, kind, required: Required::Before(version), since: Version(0, 0), until: NEVER }
    }

    /// The same key, known from this version on.
    pub(super) const fn since(self, version: Version) -> Self {
        Self { since: version, ..self }
    }

    /// The same key, known before this version.
    pub(super) const fn until(self, version: Version) -> Self {
        Self { until: version, ..self }
    }

    fn is_known(&self, version: Version) -> bool {
        self.since <= version && version < self.until
    }

    /// A struct that may be left out, of which the required keys are asked for when it is there.
    pub(super) const fn filled(key: &'static str, title: &'static str, kind: Kind) -> Self {
        Self { key, title, kind, required: Required::Inside, since: Version(0, 0), until: NEVER }
    }

    fn is_required(&self, version: Version) -> bool {
        match self.required {
            Required::Never | Required::Inside => false,
            Required::Always => true,
            Required::Before(limit) => version < limit,
        }
    }
}

/// Why a body does not fit its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// The body is empty.
    Nothing,
    /// The body is not JSON, or a value has the wrong type.
    Decoding(String),
    /// Required keys are missing, one a line.
    Missing(String),
}

/// Binds the text of a body: the result is an object with the canonical spelling of every known key.
pub(super) fn bind<'a>(shape: &Shape, body: &'a str, version: Version) -> Result<Node<'a>, Unfit> {
    let root = json::parse(body).map_err(|malformed| match malformed {
        Malformed::Nothing => Unfit::Nothing,
        Malformed::Truncated => Unfit::Decoding("unexpected EOF".to_owned()),
        Malformed::Syntax(message) => Unfit::Decoding(message),
    })?;
    // 3.0 reads the request of an import with another decoder than all others.
    let other = shape.name == "ImportReq" && version >= Version(3, 0);
    let mut binder = Binder { fault: None, version, other_decoder: other.then_some(body) };
    let bound = match root.value {
        Value::Object(_) => binder.fields(shape, &root, ""),
        Value::Null => Node { raw: root.raw, value: Value::Object(Vec::new()) },
        _ if other => {
            let message = told_by_place(body, &root, "httpserver.importReqAlias");
            return Err(Unfit::Decoding(message));
        }
        _ => {
            let message =
                format!("json: cannot unmarshal {} into Go value of type httpserver.{}", root.kind(), shape.name);
            return Err(Unfit::Decoding(message));
        }
    };
    if let Some(fault) = binder.fault {
        return Err(Unfit::Decoding(fault));
    }
    let mut missing = Vec::new();
    find_missing(shape, Some(&bound), shape.name, version, &mut missing);
    if missing.is_empty() { Ok(bound) } else { Err(Unfit::Missing(missing.join("\n"))) }
}

struct Binder<'a> {
    /// The first mismatch; the decoder goes on and reports it at the end.
    fault: Option<String>,
    /// The whole text, where the decoder is the one that shows the place of a fault in it.
    other_decoder: Option<&'a str>,
    version: Version,
}

/// Where a value stands: its innermost struct, the path of keys and what it should be.
#[derive(Clone, Copy)]
struct Place<'p> {
    shape: &'static str,
    path: &'p str,
}

impl Binder<'_> {
    fn mismatch(&mut self, at: &Node<'_>, what: &str, place: Place<'_>, type_name: &str) {
        let Place { shape, path } = place;
        if let Some(body) = self.other_decoder {
            self.fault.get_or_insert_with(|| told_by_place(body, at, type_name));
        }
        self.fault.get_or_insert_with(|| {
            format!("json: cannot unmarshal {what} into Go struct field {shape}.{path} of type {type_name}")
        });
    }

    fn fields<'a>(&mut self, shape: &Shape, object: &Node<'a>, prefix: &str) -> Node<'a> {
        let mut bound: Vec<(Cow<'a, str>, Node<'a>)> = Vec::new();
        for (key, node) in object.entries() {
            let known = |field: &&Field| field.key.eq_ignore_ascii_case(key) && field.is_known(self.version);
            let Some(field) = shape.fields.iter().find(known) else { continue };
            let path = if prefix.is_empty() { field.key.to_owned() } else { format!("{prefix}.{}", field.key) };
            let place = Place { shape: shape.name, path: &path };
            if let Some(node) = self.value(field.kind, node, place) {
                bound.retain(|(known, _)| known != field.key);
                bound.push((Cow::Borrowed(field.key), node));
            }
        }
        for field in shape.fields.iter().filter(|field| field.kind.is_raw()) {
            if let Some(entry) = bound.iter_mut().find(|(known, _)| known == field.key) {
                entry.1 = object.get(field.key).unwrap_or(&entry.1).clone();
            }
        }
        Node { raw: object.raw, value: Value::Object(bound) }
    }

    fn value<'a>(&mut self, kind: Kind, node: &Node<'a>, place: Place<'_>) -> Option<Node<'a>> {
        if node.is_null() {
            return None;
        }
        match (kind, &node.value) {
            (Kind::Text, Value::String(_)) | (Kind::Flag, Value::Bool(_)) => Some(node.clone()),
            (Kind::Int32, Value::Number(text)) if text.parse::<i32>().is_ok() => Some(node.clone()),
            (Kind::Int32, Value::Number(text)) => {
                self.mismatch(node, &format!("number {text}"), place, "int32");
                None
            }
            (Kind::Int64, Value::Number(text)) if text.parse::<i64>().is_ok() => Some(node.clone()),
            (Kind::Int64, Value::Number(text)) => {
                self.mismatch(node, &format!("number {text}"), place, "int64");
                None
            }
            (Kind::Int64List, Value::Array(items)) => {
                for item in items.iter().filter(|item| !item.is_null()) {
                    self.value(Kind::Int64, item, place);
                }
                Some(node.clone())
            }
            (Kind::TextLists, Value::Array(items)) => {
                for item in items.iter().filter(|item| !item.is_null()) {
                    match &item.value {
                        Value::Array(_) => drop(self.value(Kind::TextList, item, place)),
                        _ => self.mismatch(item, item.kind(), place, "[]string"),
                    }
                }
                Some(node.clone())
            }
            (Kind::TextMap, Value::Object(entries)) => {
                for (_, item) in entries.iter().filter(|(_, item)| !item.is_null() && item.as_str().is_none()) {
                    self.mismatch(item, item.kind(), place, "string");
                }
                Some(node.clone())
            }
            (Kind::StructMap(shape), Value::Object(entries)) => {
                let bound = entries.iter().map(|(key, item)| {
                    if !matches!(item.value, Value::Object(_) | Value::Null) {
                        self.mismatch(item, item.kind(), place, &format!("httpserver.{}", shape.name));
                    }
                    (key.clone(), self.fields(shape, item, place.path))
                });
                let bound = bound.collect();
                Some(Node { raw: node.raw, value: Value::Object(bound) })
            }
            (Kind::TextList, Value::Array(items)) => {
                for item in items.iter().filter(|item| !item.is_null() && item.as_str().is_none()) {
                    self.mismatch(item, item.kind(), place, "string");
                }
                Some(node.clone())
            }
            (Kind::Map, Value::Object(_)) | (Kind::RawList, Value::Array(_)) | (Kind::Any | Kind::RawAny, _) => {
                self.check_numbers(node, place);
                Some(node.clone())
            }
            (Kind::FloatMap, Value::Object(entries)) => {
                for (_, item) in
                    entries.iter().filter(|(_, item)| !matches!(item.value, Value::Number(_) | Value::Null))
                {
                    self.mismatch(item, item.kind(), place, "float64");
                }
                self.check_numbers(node, place);
                Some(node.clone())
            }
            (Kind::Floats, Value::Array(items)) => {
                for item in items.iter().filter(|item| !item.is_null()) {
                    match item.value {
                        Value::Number(text) if text.parse::<f32>().is_ok_and(f32::is_finite) => {}
                        Value::Number(text) => self.mismatch(item, &format!("number {text}"), place, "float32"),
                        _ => self.mismatch(item, item.kind(), place, "float32"),
                    }
                }
                Some(node.clone())
            }
            (Kind::Maps | Kind::RawMaps, Value::Array(items)) => {
                for item in items {
                    match item.value {
                        Value::Object(_) | Value::Null => self.check_numbers(item, place),
                        _ => self.mismatch(item, item.kind(), place, "map[string]interface {}"),
                    }
                }
                Some(node.clone())
            }
            (Kind::Struct(shape) | Kind::Pointer(shape), Value::Object(_)) => {
                Some(self.fields(shape, node, place.path))
            }
            (Kind::Structs(shape), Value::Array(items)) => Some(self.structs(shape, node.raw, items, place)),
            _ => {
                self.mismatch(node, node.kind(), place, &kind.type_name());
                None
            }
        }
    }

    fn structs<'a>(&mut self, shape: &'static Shape, raw: &'a str, items: &[Node<'a>], place: Place<'_>) -> Node<'a> {
        let bound = items.iter().map(|item| {
            if !matches!(item.value, Value::Object(_) | Value::Null) {
                self.mismatch(item, item.kind(), place, &format!("httpserver.{}", shape.name));
            }
            self.fields(shape, item, place.path)
        });
        let items = bound.collect();
        Node { raw, value: Value::Array(items) }
    }

    /// Every number inside an untyped value has to fit a double.
    fn check_numbers(&mut self, node: &Node<'_>, place: Place<'_>) {
        match &node.value {
            Value::Number(text) if text.parse::<f64>().is_ok_and(f64::is_infinite) => {
                self.mismatch(node, &format!("number {text}"), place, "float64");
            }
            Value::Array(items) => items.iter().for_each(|item| self.check_numbers(item, place)),
            Value::Object(entries) => entries.iter().for_each(|(_, item)| self.check_numbers(item, place)),
            _ => {}
        }
    }
}

/// A mismatch in the words of the decoder that shows where it is: some characters around the place, and dots below them.
fn told_by_place(body: &str, at: &Node<'_>, type_name: &str) -> String {
    const AROUND: usize = 16;
    let place = (at.raw.as_ptr() as usize).saturating_sub(body.as_ptr() as usize).min(body.len());
    let (mut from, mut to, mut before) = match place.checked_sub(AROUND) {
        Some(from) => (from, place + AROUND, AROUND),
        None => (0, 2 * AROUND, place),
    };
    if to > body.len() {
        let beyond = to - body.len();
        to = body.len();
        if from > beyond {
            from -= beyond;
            before += beyond;
        }
    }
    let shown = String::from_utf8_lossy(&body.as_bytes()[from..to]).into_owned();
    let after = (to - from).saturating_sub(before + 1);
    let marks = format!("{}^{}", ".".repeat(before), ".".repeat(after));
    let text = format!("at index {place}: mismatched type with value\n\n\t{shown}\n\t{marks}\n");
    format!("Mismatch type {type_name} with value {} {text:?}", at.kind())
}

fn find_missing(shape: &Shape, bound: Option<&Node<'_>>, path: &str, version: Version, missing: &mut Vec<String>) {
    for field in shape.fields {
        let node = bound.and_then(|bound| bound.get(field.key));
        let inner = match field.kind {
            Kind::Struct(inner) => Some(inner),
            Kind::Pointer(inner) => node.map(|_| inner),
            _ => None,
        };
        if let Some(inner) = inner {
            let inside = matches!(field.required, Required::Inside) && node.is_some();
            if inside || field.is_required(version) {
                find_missing(inner, node, &format!("{path}.{}", field.title), version, missing);
            }
            continue;
        }
        let empty = node.is_none_or(|node| match field.kind {
            Kind::Text => node.as_str() == Some(""),
            Kind::Int32 | Kind::Int64 => node.raw.trim() == "0",
            _ => false,
        });
        if empty && field.is_required(version) {
            let title = field.title;
            missing.push(format!(
                "Key: '{path}.{title}' Error:Field validation for '{title}' failed on the 'required' tag"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INNER: Shape = Shape { name: "Inner", fields: &[Field::required("fieldName", "FieldName", Kind::Text)] };
    const OUTER: Shape = Shape {
        name: "Outer",
        fields: &[
            Field::required("collectionName", "CollectionName", Kind::Text),
            Field::required_before(Version(2, 6), "data", "Data", Kind::RawList),
            Field::optional("limit", Kind::Int32),
            Field::optional("names", Kind::TextList),
            Field::optional("parts", Kind::Structs(&INNER)),
        ],
    };

    fn refusal(body: &str) -> Unfit {
        bind(&OUTER, body, Version(2, 5)).unwrap_err()
    }

    #[test]
    fn keys_match_in_any_case_and_of_equal_ones_the_last_counts_but_raw_ones_are_exact_and_first() {
        let body = r#"{"COLLECTIONNAME":"a","collectionName":"b","data":[1],"data":[2],"Data":[3],"nope":1}"#;
        let bound = bind(&OUTER, body, Version(2, 5)).unwrap();
        assert_eq!(bound.get("collectionName").unwrap().as_str(), Some("b"));
        assert_eq!(bound.get("data").unwrap().raw, "[1]");
        assert!(bound.get("nope").is_none());
    }

    #[test]
    fn the_first_mismatch_is_told_after_the_whole_text_was_read() {
        let decoding = |text: &str| Unfit::Decoding(text.to_owned());
        assert_eq!(
            refusal(r#"{"collectionName":1,"limit":"x"}"#),
            decoding("json: cannot unmarshal number into Go struct field Outer.collectionName of type string")
        );
        assert_eq!(
            refusal(r#"{"limit":1.5}"#),
            decoding("json: cannot unmarshal number 1.5 into Go struct field Outer.limit of type int32")
        );
        assert_eq!(
            refusal(r#"{"parts":[{"fieldName":7}]}"#),
            decoding("json: cannot unmarshal number into Go struct field Inner.parts.fieldName of type string")
        );
        assert_eq!(refusal(r#"{"limit":"x""#), decoding("unexpected EOF"));
        assert_eq!(refusal(""), Unfit::Nothing);
        assert_eq!(refusal("[]"), decoding("json: cannot unmarshal array into Go value of type httpserver.Outer"));
    }

    #[test]
    fn missing_keys_are_told_one_a_line() {
        let Unfit::Missing(text) = refusal("null") else { panic!("accepted") };
        assert_eq!(text.lines().count(), 2);
        assert!(text.starts_with("Key: 'Outer.CollectionName' Error:Field validation for 'CollectionName' failed"));
        assert!(bind(&OUTER, r#"{"collectionName":"c"}"#, Version(2, 6)).is_ok(), "data is optional from 2.6 on");
    }
}
