//! What a value has to be: the matchers of `returns`, `eventually` and of the forms of a reading.

use crate::ranks::Ranks;
use crate::templated::{has_template, is_template};
use regex::Regex;
use schemars::{JsonSchema, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use std::fmt;
use std::sync::OnceLock;

/// A place in an answer: keys and list positions.
///
/// It starts at `data`, unless its first word names a part of the envelope, or is `$` for the whole body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    written: Box<str>,
    start: Start,
}

/// Where the first word of a path is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Start {
    /// In the value itself.
    Here,
    /// In its `data`.
    Data,
    /// In the value itself, after the word `$`.
    Body,
}

/// The words that start a path at the body instead of at `data`.
const ENVELOPE: [&str; 5] = ["code", "message", "data", "cost", "topks"];

impl Path {
    /// Reads a path as authors write it: `loadState`, `0.id`, `data.has`, `$`.
    pub fn in_answer(text: &str) -> Self {
        let start = match text.split('.').find(|part| !part.is_empty()) {
            Some("$") => Start::Body,
            Some(first) if ENVELOPE.contains(&first) => Start::Here,
            _ => Start::Data,
        };
        Self { written: text.into(), start }
    }

    /// Reads a path that starts at the value itself.
    pub fn within(text: &str) -> Self {
        Self { written: text.into(), start: Start::Here }
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The keys and list positions, from the outermost.
    fn segments(&self) -> impl Iterator<Item = &str> {
        let data = (self.start == Start::Data).then_some("data");
        let words = self.written.split('.').filter(|part| !part.is_empty());
        data.into_iter().chain(words.skip(usize::from(self.start == Start::Body)))
    }

    /// The value at this place.
    pub fn find<'a>(&self, mut value: &'a Value) -> Option<&'a Value> {
        for segment in self.segments() {
            value = match value {
                Value::Object(map) => map.get(segment)?,
                Value::Array(items) => items.get(segment.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(value)
    }

    /// The place as a JSON pointer.
    pub fn pointer(&self) -> String {
        self.segments().fold(String::new(), |pointer, segment| push_pointer(&pointer, segment))
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Path::in_answer(&text))
    }
}

impl JsonSchema for Path {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Path".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        json_schema!({"type": "string", "description": "A place in the answer, such as `loadState` or `0.id`."})
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// A JSON pointer one step longer, with the step escaped as RFC 6901 says.
pub fn push_pointer(pointer: &str, segment: &str) -> String {
    format!("{pointer}/{}", segment.replace('~', "~0").replace('/', "~1"))
}

/// What a value has to be.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// Equal; numbers by value, so `1` equals `1.0`.
    Equals(Value),
    /// One of the forms of a reading, by its id.
    Reading(String),
    /// Text in which the pattern finds something.
    Matches(Pattern),
    /// One of these.
    In(Vec<Value>),
    /// Of this JSON type.
    Type(JsonType),
    /// A list with exactly these items in any order.
    Set(Vec<Value>),
    /// A list with this item, or a text with this part.
    Contains(Value),
    /// A list without this item, or a text without this part.
    Lacks(Value),
    /// A list, object or text whose length matches.
    Length(Box<Matcher>),
    /// A number within bounds, both inclusive.
    Bounds {
        /// The least allowed.
        at_least: Option<Value>,
        /// The greatest allowed.
        at_most: Option<Value>,
    },
    /// A number no further than `within` from `value`.
    Near {
        /// The middle.
        value: Value,
        /// The greatest distance allowed.
        within: f64,
    },
    /// Equal once every number is rounded to single precision.
    Single(Value),
    /// A list in order.
    Sorted(Order),
    /// The hits of a search: the nearest rows, best first.
    Ranks(Box<Ranks>),
    /// A list of at least one item, each of which matches.
    Each(Box<Matcher>),
    /// A list with an item that matches.
    Some(Box<Matcher>),
    /// An object whose paths match.
    Has(Vec<(Path, Matcher)>),
    /// A value that is there and does not match.
    Not(Box<Matcher>),
    /// No value at all.
    Absent,
    /// Any value.
    Present,
}

/// A regular expression with the text it was made from. Text that holds a template is compiled when it is filled in, and any
/// other when it is first looked for: most failures of a contract never come.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    regex: OnceLock<Option<Regex>>,
}

/// An expression of this length at most that repeats nothing a number of times is small when it is compiled.
const SMALL: usize = 400;

impl Pattern {
    /// Takes the expression, which is compiled later if that cannot fail.
    ///
    /// # Errors
    /// When it is not a regular expression.
    pub fn new(text: &str) -> Result<Self, regex::Error> {
        let pattern = |regex: OnceLock<Option<Regex>>| Self { text: text.to_owned(), regex };
        if is_template(text) {
            return Ok(pattern(OnceLock::from(None)));
        }
        if text.len() <= SMALL && !text.contains('{') && regex_syntax::parse(text).is_ok() {
            return Ok(pattern(OnceLock::new()));
        }
        Ok(pattern(OnceLock::from(Some(Regex::new(text)?))))
    }

    /// Whether the pattern finds something; a pattern that still holds a template finds nothing.
    pub fn finds(&self, text: &str) -> bool {
        // What is left for later was found to be an expression, and too short to be too large.
        self.regex.get_or_init(|| Regex::new(&self.text).ok()).as_ref().is_some_and(|regex| regex.is_match(text))
    }

    /// Whether it holds a template, so that it is no expression yet.
    fn is_template(&self) -> bool {
        matches!(self.regex.get(), Some(None))
    }

    /// The expression as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// A JSON type by the name that JSON Schema gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of JSON Schema and say all there is")]
pub enum JsonType {
    String,
    Integer,
    Number,
    Boolean,
    Array,
    Object,
    Null,
}

impl JsonType {
    const ALL: [(&'static str, JsonType); 7] = [
        ("string", JsonType::String),
        ("integer", JsonType::Integer),
        ("number", JsonType::Number),
        ("boolean", JsonType::Boolean),
        ("array", JsonType::Array),
        ("object", JsonType::Object),
        ("null", JsonType::Null),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, each)| *each == self).map_or("", |(word, _)| word)
    }

    fn holds(self, value: &Value) -> bool {
        match self {
            JsonType::String => value.is_string(),
            JsonType::Integer => {
                value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
            }
            JsonType::Number => value.is_number(),
            JsonType::Boolean => value.is_boolean(),
            JsonType::Array => value.is_array(),
            JsonType::Object => value.is_object(),
            JsonType::Null => value.is_null(),
        }
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// No item is less than the one before it.
    Ascending,
    /// No item is greater than the one before it.
    Descending,
}

/// Why a value does not match.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// What would have been right, in words.
    pub expected: String,
    /// The value found; `None` when there is none.
    pub actual: Option<Value>,
    /// JSON pointer to it from the value that was matched.
    pub pointer: String,
}

/// What the readings allow, asked while matching. Returns the id of the form that the value has, or the list of forms.
pub trait Readings {
    /// The form that the value has, or in words what the forms are.
    ///
    /// # Errors
    /// The accepted forms in words, when the value has none of them.
    fn form_of(&self, reading: &str, value: Option<&Value>) -> Result<String, String>;
}

/// No readings: every question is answered with "unknown".
impl Readings for () {
    fn form_of(&self, reading: &str, _: Option<&Value>) -> Result<String, String> {
        Err(format!("a form of the unknown reading `{reading}`"))
    }
}

/// A reading met while matching: its id and the form that the value had.
pub type ReadingSeen = (String, String);

impl Matcher {
    /// Matches a value, which may be absent, and notes the readings met.
    ///
    /// # Errors
    /// The first mismatch.
    pub fn check(
        &self,
        value: Option<&Value>,
        readings: &dyn Readings,
        seen: &mut Vec<ReadingSeen>,
    ) -> Result<(), Mismatch> {
        let mismatch = || Mismatch { expected: self.to_string(), actual: value.cloned(), pointer: String::new() };
        match self {
            Matcher::Absent => return if value.is_none() { Ok(()) } else { Err(mismatch()) },
            Matcher::Reading(id) => {
                return match readings.form_of(id, value) {
                    Ok(form) => {
                        seen.push((id.clone(), form));
                        Ok(())
                    }
                    Err(forms) => Err(Mismatch { expected: forms, ..mismatch() }),
                };
            }
            _ => {}
        }
        let Some(present) = value else { return Err(mismatch()) };
        match self {
            Matcher::Length(inner) => {
                let length = length_of(present).ok_or_else(mismatch)?;
                return inner.check(Some(&json!(length)), readings, seen).map_err(|inner| Mismatch {
                    expected: format!("a length of {}", inner.expected),
                    actual: Some(json!({"length": length})),
                    pointer: String::new(),
                });
            }
            Matcher::Some(inner) => {
                let items = present.as_array().map_or(&[][..], Vec::as_slice);
                let found = items.iter().any(|item| {
                    let before = seen.len();
                    let matches = inner.check(Some(item), readings, seen).is_ok();
                    if !matches {
                        seen.truncate(before);
                    }
                    matches
                });
                return if found { Ok(()) } else { Err(mismatch()) };
            }
            Matcher::Ranks(ranks) => {
                return ranks.check(present).map_err(|fault| Mismatch {
                    expected: fault.expected,
                    actual: present.pointer(&fault.pointer).or(value).cloned(),
                    pointer: fault.pointer,
                });
            }
            Matcher::Each(inner) => {
                let items = present.as_array().filter(|items| !items.is_empty()).ok_or_else(mismatch)?;
                for (index, item) in items.iter().enumerate() {
                    inner
                        .check(Some(item), readings, seen)
                        .map_err(|inner| Mismatch { pointer: format!("/{index}{}", inner.pointer), ..inner })?;
                }
                return Ok(());
            }
            Matcher::Has(parts) => {
                for (path, part) in parts {
                    part.check(path.find(present), readings, seen).map_err(|inner| Mismatch {
                        pointer: format!("{}{}", path.pointer(), inner.pointer),
                        ..inner
                    })?;
                }
                return Ok(());
            }
            Matcher::Not(inner) => {
                return match inner.check(value, readings, &mut Vec::new()) {
                    Ok(()) => Err(mismatch()),
                    Err(_) => Ok(()),
                };
            }
            _ => {}
        }
        if self.holds(present) { Ok(()) } else { Err(mismatch()) }
    }

    /// The matchers that need neither readings nor an absent value.
    fn holds(&self, value: &Value) -> bool {
        match self {
            Matcher::Equals(expected) => equal(expected, value),
            Matcher::Matches(pattern) => value.as_str().is_some_and(|text| pattern.finds(text)),
            Matcher::In(allowed) => allowed.iter().any(|each| equal(each, value)),
            Matcher::Type(kind) => kind.holds(value),
            Matcher::Set(expected) => value.as_array().is_some_and(|items| same_items(expected, items)),
            Matcher::Contains(part) => contains(value, part) == Some(true),
            Matcher::Lacks(part) => contains(value, part) == Some(false),
            Matcher::Bounds { at_least, at_most } => {
                value.is_number()
                    && at_least.as_ref().is_none_or(|bound| order(bound, value).is_some_and(std::cmp::Ordering::is_le))
                    && at_most.as_ref().is_none_or(|bound| order(value, bound).is_some_and(std::cmp::Ordering::is_le))
            }
            Matcher::Near { value: middle, within } => match (middle.as_f64(), value.as_f64()) {
                (Some(middle), Some(value)) => (middle - value).abs() <= *within,
                _ => false,
            },
            Matcher::Single(expected) => equal(&single(expected), &single(value)),
            Matcher::Sorted(direction) => value.as_array().is_some_and(|items| sorted(items, *direction)),
            Matcher::Present => true,
            Matcher::Absent
            | Matcher::Reading(_)
            | Matcher::Length(_)
            | Matcher::Ranks(_)
            | Matcher::Each(_)
            | Matcher::Some(_)
            | Matcher::Has(_)
            | Matcher::Not(_) => false,
        }
    }

    /// The same matcher with every value in it replaced, used to fill in templates.
    ///
    /// # Errors
    /// What `fill` answers, or a pattern that is no regular expression once filled in.
    pub fn fill<E: From<regex::Error>>(&self, fill: &mut dyn FnMut(&Value) -> Result<Value, E>) -> Result<Matcher, E> {
        let mut all = |values: &[Value]| values.iter().map(&mut *fill).collect::<Result<Vec<_>, E>>();
        Ok(match self {
            Matcher::In(values) => Matcher::In(all(values)?),
            Matcher::Set(values) => Matcher::Set(all(values)?),
            Matcher::Equals(value) => Matcher::Equals(fill(value)?),
            Matcher::Contains(value) => Matcher::Contains(fill(value)?),
            Matcher::Lacks(value) => Matcher::Lacks(fill(value)?),
            Matcher::Single(value) => Matcher::Single(fill(value)?),
            Matcher::Near { value, within } => Matcher::Near { value: fill(value)?, within: *within },
            Matcher::Bounds { at_least, at_most } => Matcher::Bounds {
                at_least: at_least.as_ref().map(&mut *fill).transpose()?,
                at_most: at_most.as_ref().map(&mut *fill).transpose()?,
            },
            Matcher::Matches(pattern) if pattern.is_template() => {
                let text = fill(&Value::String(pattern.text.clone()))?;
                Matcher::Matches(Pattern::new(text.as_str().unwrap_or_default())?)
            }
            Matcher::Ranks(ranks) => Matcher::Ranks(Box::new(ranks.fill(fill)?)),
            Matcher::Length(inner) => Matcher::Length(Box::new(inner.fill(fill)?)),
            Matcher::Each(inner) => Matcher::Each(Box::new(inner.fill(fill)?)),
            Matcher::Some(inner) => Matcher::Some(Box::new(inner.fill(fill)?)),
            Matcher::Not(inner) => Matcher::Not(Box::new(inner.fill(fill)?)),
            Matcher::Has(parts) => {
                let mut filled = Vec::with_capacity(parts.len());
                for (path, part) in parts {
                    filled.push((path.clone(), part.fill(fill)?));
                }
                Matcher::Has(filled)
            }
            Matcher::Reading(_)
            | Matcher::Matches(_)
            | Matcher::Type(_)
            | Matcher::Sorted(_)
            | Matcher::Absent
            | Matcher::Present => self.clone(),
        })
    }

    /// Whether any value in it holds a template, so that it has to be filled in before it is asked.
    pub fn has_templates(&self) -> bool {
        match self {
            Matcher::Equals(value)
            | Matcher::Contains(value)
            | Matcher::Lacks(value)
            | Matcher::Single(value)
            | Matcher::Near { value, .. } => has_template(value),
            Matcher::In(values) | Matcher::Set(values) => values.iter().any(has_template),
            Matcher::Bounds { at_least, at_most } => [at_least, at_most].into_iter().flatten().any(has_template),
            Matcher::Matches(pattern) => pattern.is_template(),
            Matcher::Ranks(ranks) => ranks.has_templates(),
            Matcher::Length(inner) | Matcher::Each(inner) | Matcher::Some(inner) | Matcher::Not(inner) => {
                inner.has_templates()
            }
            Matcher::Has(parts) => parts.iter().any(|(_, part)| part.has_templates()),
            Matcher::Reading(_) | Matcher::Type(_) | Matcher::Sorted(_) | Matcher::Absent | Matcher::Present => false,
        }
    }

    /// The readings that the matcher names, anywhere inside it.
    pub fn readings(&self) -> Vec<&str> {
        match self {
            Matcher::Reading(id) => vec![id],
            Matcher::Length(inner) | Matcher::Each(inner) | Matcher::Some(inner) | Matcher::Not(inner) => {
                inner.readings()
            }
            Matcher::Has(parts) => parts.iter().flat_map(|(_, part)| part.readings()).collect(),
            _ => Vec::new(),
        }
    }

    /// Reads a matcher from its written form.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Object(map) => Self::from_map(map),
            other => Ok(Matcher::Equals(other)),
        }
    }

    fn from_map(mut map: Map<String, Value>) -> Result<Self, String> {
        if let Some(near) = map.remove("near") {
            let within = map.remove("within").and_then(|within| within.as_f64());
            return match (near, within, map.is_empty()) {
                (value @ (Value::Number(_) | Value::String(_)), Some(within), true) => {
                    Ok(Matcher::Near { value, within })
                }
                _ => Err("`near` wants a number and, beside it, only `within`: a number".to_owned()),
            };
        }
        let (at_least, at_most) = (map.remove("at-least"), map.remove("at-most"));
        if at_least.is_some() || at_most.is_some() {
            return match map.keys().next() {
                None => Ok(Matcher::Bounds { at_least, at_most }),
                Some(other) => Err(format!("`{other}` cannot stand beside a bound")),
            };
        }
        let mut entries = map.into_iter();
        let (Some((key, value)), None) = (entries.next(), entries.next()) else {
            return Err("a matcher is one word with its value; write {in: [a, b]} or the like; \
                 to compare with an object, say {equals: {…}}; for several parts of one, {has: {…}}"
                .to_owned());
        };
        Self::from_word(&key, value)
    }

    fn from_word(word: &str, value: Value) -> Result<Self, String> {
        let boxed = |value| Self::from_value(value).map(Box::new);
        let list = |value: Value| match value {
            Value::Array(items) => Ok(items),
            _ => Err(format!("`{word}` wants a list")),
        };
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| format!("`{word}` wants a text"));
        match word {
            "equals" => Ok(Matcher::Equals(value)),
            "reading" => text(&value).map(Matcher::Reading),
            "matches" => {
                let text = text(&value)?;
                Pattern::new(&text).map(Matcher::Matches).map_err(|error| no_pattern(&text, &error))
            }
            "in" => list(value).map(Matcher::In),
            "set" => list(value).map(Matcher::Set),
            "contains" => Ok(Matcher::Contains(value)),
            "lacks" => Ok(Matcher::Lacks(value)),
            "single" => Ok(Matcher::Single(value)),
            "length" => boxed(value).map(Matcher::Length),
            "ranks" => Ranks::from_value(value).map(Box::new).map(Matcher::Ranks),
            "each" => boxed(value).map(Matcher::Each),
            "some" => boxed(value).map(Matcher::Some),
            "not" => boxed(value).map(Matcher::Not),
            "type" => {
                let name = text(&value)?;
                let known = || JsonType::ALL.iter().map(|(word, _)| *word);
                JsonType::ALL.iter().find(|(word, _)| *word == name).map(|(_, kind)| Matcher::Type(*kind)).ok_or_else(
                    || {
                        let help = crate::diagnostic::suggestion(&name, known()).unwrap_or_default();
                        format!("`{name}` is not a JSON type; {help}")
                    },
                )
            }
            "sorted" => match value.as_str() {
                Some("ascending") => Ok(Matcher::Sorted(Order::Ascending)),
                Some("descending") => Ok(Matcher::Sorted(Order::Descending)),
                _ => Err("`sorted` wants `ascending` or `descending`".to_owned()),
            },
            "has" => match value {
                Value::Object(parts) if !parts.is_empty() => parts
                    .into_iter()
                    .map(|(path, part)| Ok((Path::within(&path), Self::from_value(part)?)))
                    .collect::<Result<_, String>>()
                    .map(Matcher::Has),
                _ => Err("`has` wants paths with their matchers".to_owned()),
            },
            "absent" | "present" => match (word, value) {
                ("absent", Value::Bool(true)) => Ok(Matcher::Absent),
                ("present", Value::Bool(true)) => Ok(Matcher::Present),
                _ => Err(format!("`{word}` only takes `true`")),
            },
            other => {
                let help = crate::diagnostic::suggestion(other, WORDS).unwrap_or_default();
                Err(format!("`{other}` is not a matcher; {help}; to compare with an object, say {{equals: {{…}}}}"))
            }
        }
    }
}

/// What is wrong with a regular expression, in one line.
pub fn no_pattern(text: &str, error: &regex::Error) -> String {
    let error = error.to_string();
    let why = error.lines().last().unwrap_or_default();
    format!("`{text}` is not a regular expression: {}", why.trim_start_matches("error: "))
}

/// The words that start a matcher.
const WORDS: [&str; 21] = [
    "equals", "reading", "matches", "in", "type", "set", "contains", "lacks", "length", "at-least", "at-most", "near",
    "single", "sorted", "ranks", "each", "some", "has", "not", "absent", "present",
];

fn length_of(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(items.len()),
        Value::Object(map) => Some(map.len()),
        Value::String(text) => Some(text.chars().count()),
        _ => None,
    }
}

/// Whether a list has the item or a text the part; `None` for anything else.
fn contains(value: &Value, part: &Value) -> Option<bool> {
    match (value, part) {
        (Value::Array(items), part) => Some(items.iter().any(|item| equal(part, item))),
        (Value::String(text), Value::String(part)) => Some(text.contains(part.as_str())),
        _ => None,
    }
}

/// Equal as JSON values: numbers by value, objects without regard to the order of keys.
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => order(left, right) == Some(std::cmp::Ordering::Equal),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => left == right,
    }
}

/// The value with every number rounded to single precision.
#[expect(clippy::cast_possible_truncation, reason = "rounding is what it is for")]
fn single(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, |double| f64::from(double as f32).into()),
        Value::Array(items) => items.iter().map(single).collect(),
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), single(value))).collect(),
        other => other.clone(),
    }
}

/// Order of two numbers or two texts. Integers are compared exactly, beyond the 53 bits of a float.
fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    let integer = |value: &Value| value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => match (integer(left), integer(right)) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
    }
}

fn sorted(items: &[Value], direction: Order) -> bool {
    items.windows(2).all(|pair| match order(&pair[0], &pair[1]) {
        Some(order) => match direction {
            Order::Ascending => order.is_le(),
            Order::Descending => order.is_ge(),
        },
        None => false,
    })
}

/// The same items the same number of times, in any order.
fn same_items(expected: &[Value], actual: &[Value]) -> bool {
    let mut left: Vec<&Value> = actual.iter().collect();
    expected.iter().all(|item| match left.iter().position(|other| equal(item, other)) {
        Some(at) => {
            left.swap_remove(at);
            true
        }
        None => false,
    }) && left.is_empty()
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Matcher::Equals(value) => write!(f, "{value}"),
            Matcher::Reading(id) => write!(f, "a form of the reading `{id}`"),
            Matcher::Matches(pattern) => write!(f, "text that matches `{}`", pattern.text),
            Matcher::In(values) => write!(f, "one of {}", listed(values)),
            Matcher::Type(kind) => write!(f, "a value of type {}", kind.word()),
            Matcher::Set(values) => write!(f, "exactly these in any order: {}", listed(values)),
            Matcher::Contains(value) => write!(f, "something that contains {value}"),
            Matcher::Lacks(value) => write!(f, "something without {value}"),
            Matcher::Length(inner) => write!(f, "a length of {inner}"),
            Matcher::Bounds { at_least, at_most } => match (at_least, at_most) {
                (Some(least), Some(most)) => write!(f, "a number from {least} to {most}"),
                (Some(least), None) => write!(f, "at least {least}"),
                (None, Some(most)) => write!(f, "at most {most}"),
                (None, None) => f.write_str("a number"),
            },
            Matcher::Near { value, within } => write!(f, "{value} ± {within}"),
            Matcher::Single(value) => write!(f, "{value} in single precision"),
            Matcher::Sorted(Order::Ascending) => f.write_str("a list in ascending order"),
            Matcher::Sorted(Order::Descending) => f.write_str("a list in descending order"),
            Matcher::Ranks(ranks) => write!(f, "{ranks}"),
            Matcher::Each(inner) => write!(f, "a list of at least one item, each {inner}"),
            Matcher::Some(inner) => write!(f, "a list with an item that is {inner}"),
            Matcher::Has(parts) => {
                let parts: Vec<String> = parts.iter().map(|(path, part)| format!("{path}: {part}")).collect();
                write!(f, "an object with {}", parts.join(", "))
            }
            Matcher::Not(inner) => write!(f, "anything but {inner}"),
            Matcher::Absent => f.write_str("nothing there"),
            Matcher::Present => f.write_str("any value"),
        }
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Matcher::from_value(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Matcher {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Matcher".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let own = json!({"$ref": "#/$defs/Matcher"});
        let number = json!({"type": ["number", "string"]});
        let word = |word: &str, schema: Value| json!({"type": "object", "properties": {word: schema}, "required": [word], "additionalProperties": false});
        let types: Vec<&str> = JsonType::ALL.iter().map(|(word, _)| *word).collect();
        json_schema!({
            "description": "What a value has to be: a plain value for equality, or a word with its value.",
            "anyOf": [
                {"type": ["string", "number", "boolean", "null", "array"]},
                word("equals", json!(true)),
                word("reading", json!({"type": "string"})),
                word("matches", json!({"type": "string", "format": "regex"})),
                word("in", json!({"type": "array"})),
                word("type", json!({"enum": types})),
                word("set", json!({"type": "array"})),
                word("contains", json!(true)),
                word("lacks", json!(true)),
                word("length", own.clone()),
                {
                    "type": "object", "additionalProperties": false, "minProperties": 1,
                    "properties": {"at-least": number, "at-most": number}
                },
                {
                    "type": "object", "additionalProperties": false, "required": ["near", "within"],
                    "properties": {"near": number, "within": {"type": "number"}}
                },
                word("single", json!(true)),
                word("sorted", json!({"enum": ["ascending", "descending"]})),
                word("ranks", crate::ranks::schema()),
                word("each", own.clone()),
                word("some", own.clone()),
                word("has", json!({"type": "object", "additionalProperties": own.clone(), "minProperties": 1})),
                word("not", own),
                word("absent", json!({"const": true})),
                word("present", json!({"const": true}))
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matcher(written: Value) -> Matcher {
        Matcher::from_value(written).unwrap()
    }

    fn holds(written: Value, value: &Value) -> bool {
        matcher(written).check(Some(value), &(), &mut Vec::new()).is_ok()
    }

    #[test]
    fn a_pattern_that_is_compiled_later_cannot_fail_then() {
        for (text, matched) in [("^a+$", "aaa"), (r"\d+ of \[", "12 of ["), ("", "anything"), ("a{2}", "aa")] {
            let pattern = Pattern::new(text).unwrap();
            assert!(pattern.finds(matched) && !pattern.finds("\n") || text.is_empty(), "{text}");
        }
        for wrong in ["(", "a**(", r"\p{Nothing}", r"\pY", "[z-a]", "(?P<n>a)(?P<n>b)", "x{99999999}"] {
            assert!(Pattern::new(wrong).is_err(), "{wrong}");
        }
        let longest = Pattern::new(&r"\w".repeat(SMALL / 2)).unwrap();
        assert!(longest.regex.get().is_none() && longest.finds(&"ä".repeat(SMALL / 2)));
        assert!(!Pattern::new("${name(books)}").unwrap().finds("${name(books)}"));
    }

    #[test]
    fn each_matcher_accepts_and_refuses() {
        let rows = [
            (json!(1), json!(1.0), json!("1")),
            (json!({"equals": {"a": 1}}), json!({"a": 1}), json!({"a": 1, "b": 2})),
            (json!({"matches": "^a+$"}), json!("aa"), json!("ab")),
            (json!({"in": [1, 2]}), json!(2), json!(3)),
            (json!({"type": "integer"}), json!(7), json!(7.5)),
            (json!({"type": "array"}), json!([]), json!({})),
            (json!({"set": [1, 2, 2]}), json!([2, 1, 2]), json!([1, 2])),
            (json!({"contains": "a"}), json!(["a"]), json!(["b"])),
            (json!({"contains": "bc"}), json!("abcd"), json!(7)),
            (json!({"lacks": "a"}), json!([]), json!(["a"])),
            (json!({"length": 2}), json!([1, 2]), json!([1])),
            (json!({"length": {"at-least": 2}}), json!("äö"), json!("ä")),
            (json!({"at-least": 1, "at-most": 3}), json!(3), json!(3.5)),
            (json!({"near": 0.5, "within": 0.01}), json!(0.505), json!(0.52)),
            (json!({"single": 0.1}), json!(0.100_000_001_490_116_12), json!(0.100_001)),
            (
                json!({"single": [16_777_217, {"a": 0.5}]}),
                json!([16_777_216, {"a": 0.5}]),
                json!([16_777_218, {"a": 0.5}]),
            ),
            (json!({"sorted": "ascending"}), json!([1, 1, 2]), json!([2, 1])),
            (json!({"sorted": "descending"}), json!([]), json!([1, 2])),
            (json!({"each": {"type": "string"}}), json!(["a"]), json!([])),
            (json!({"some": {"has": {"a": 1}}}), json!([{"a": 2}, {"a": 1}]), json!([{"a": 2}])),
            (json!({"not": {"some": {"has": {"a": 1}}}}), json!([{"a": 2}]), json!([{"a": 1}])),
            (json!({"has": {"a.0": 5}}), json!({"a": [5]}), json!({"a": []})),
            (json!({"not": 5}), json!(6), json!(5)),
            (json!({"present": true}), json!(null), json!(null)),
        ];
        for (written, good, bad) in rows {
            assert!(holds(written.clone(), &good), "{written} should accept {good}");
            if written != json!({"present": true}) {
                assert!(!holds(written.clone(), &bad), "{written} should refuse {bad}");
            }
        }
    }

    #[test]
    fn a_value_that_is_not_there_matches_only_absent() {
        for written in
            [json!(null), json!({"not": 5}), json!({"lacks": "a"}), json!({"present": true}), json!({"length": 0})]
        {
            assert!(matcher(written.clone()).check(None, &(), &mut Vec::new()).is_err(), "{written}");
        }
        assert!(matcher(json!({"absent": true})).check(None, &(), &mut Vec::new()).is_ok());
        assert!(!holds(json!({"absent": true}), &json!(null)));
    }

    #[test]
    fn a_mismatch_points_at_the_item() {
        let mismatch = matcher(json!({"each": {"has": {"id": {"type": "integer"}}}}))
            .check(Some(&json!([{"id": 1}, {"id": "x"}])), &(), &mut Vec::new())
            .unwrap_err();
        assert_eq!(mismatch.pointer, "/1/id");
        assert_eq!(mismatch.actual, Some(json!("x")));
    }

    #[test]
    fn numbers_beyond_a_float_are_told_apart() {
        assert!(!holds(json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992_i64)));
        assert!(holds(json!(u64::MAX), &json!(u64::MAX)));
    }

    #[test]
    fn a_wrong_matcher_says_what_is_meant() {
        let wrong = |written: Value| Matcher::from_value(written).unwrap_err();
        assert!(wrong(json!({"machtes": "a"})).contains("did you mean `matches`?"));
        assert!(wrong(json!({"type": "strng"})).contains("did you mean `string`?"));
        assert!(wrong(json!({"matches": "("})).contains("unclosed group"));
        assert!(wrong(json!({"a": 1, "b": 2})).contains("equals"));
        assert!(wrong(json!({"near": 1})).contains("within"));
        assert!(wrong(json!({})).contains("a matcher is one word"));
    }

    #[test]
    fn a_path_starts_at_data_unless_it_names_the_envelope() {
        let body = json!({"code": 0, "data": {"has": true, "rows": [{"a.b": 1, "id": 7}]}});
        let find = |path: &str| Path::in_answer(path).find(&body).cloned();
        assert_eq!(find("has"), Some(json!(true)));
        assert_eq!(find("data.has"), Some(json!(true)));
        assert_eq!(find("code"), Some(json!(0)));
        assert_eq!(find("rows.0.id"), Some(json!(7)));
        assert_eq!(find("rows.1.id"), None);
        assert_eq!(find("$"), Some(body.clone()));
        assert_eq!(find("$.data.has"), Some(json!(true)));
        assert_eq!(Path::in_answer("rows.0.id").pointer(), "/data/rows/0/id");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f32>().prop_map(Value::from),
            "[a-z$~/{}]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z/~]{1,4}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_equals_itself_and_nothing_is_both_a_match_and_not(value in any_json(), other in any_json()) {
            prop_assert!(equal(&value, &value));
            let plain = Matcher::Equals(value.clone());
            let inverse = Matcher::Not(Box::new(plain.clone()));
            let yes = plain.check(Some(&other), &(), &mut Vec::new()).is_ok();
            let no = inverse.check(Some(&other), &(), &mut Vec::new()).is_ok();
            prop_assert_ne!(yes, no);
        }

        #[test]
        fn reading_a_matcher_never_panics(written in any_json()) {
            let _ = Matcher::from_value(written);
        }
    }
}
