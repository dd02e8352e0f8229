//! Filling in `${…}`.

use crate::base64;
use crate::templated::is_template;
use serde_json::{Map, Number, Value, json};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// The variables of a case while it runs.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    variables: HashMap<String, Value>,
    prefix: String,
    /// From which passwords are made, so that nobody can guess them from the names of a run.
    keys: RandomState,
}

/// A template that cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The `${` has no `}`.
    #[error("`{0}` opens a template with ${{ and does not close it")]
    Open(String),
    /// No such variable.
    #[error("there is no variable `{0}` here")]
    Unknown(String),
    /// A word that looks like a call and is none.
    #[error(
        "`{0}` is no call of a template function; known are name(word), name(word, bytes), password(word), \
         repeat(text, times), vector(dimension, seed), vectors(count, dimension, seed), rows(count, dimension, seed), \
         base64(variable), for at most {LONGEST} bytes or numbers"
    )]
    Function(String),
    /// Text that became no regular expression once filled in.
    #[error("not a regular expression once filled in: {0}")]
    Pattern(String),
}

impl From<regex::Error> for TemplateError {
    fn from(error: regex::Error) -> Self {
        TemplateError::Pattern(error.to_string())
    }
}

/// Texts made by `repeat` and vectors are at most this long, so that a slip of the pen cannot fill the memory.
const LONGEST: usize = 4 * 1024 * 1024;

impl Scope {
    /// A scope whose `${name(…)}` start with the prefix.
    pub fn new(prefix: &str) -> Self {
        Self { variables: HashMap::new(), prefix: prefix.to_owned(), keys: RandomState::new() }
    }

    /// Sets a variable.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.variables.insert(name.into(), value);
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    /// The name that `${name(word)}` stands for.
    pub fn name(&self, word: &str) -> String {
        format!("{}{word}", self.prefix)
    }

    /// The password that `${password(word)}` stands for: upper and lower case, digits and another character.
    fn password(&self, word: &str) -> String {
        format!("Pw-{:016x}-1", self.keys.hash_one(word))
    }

    /// Fills in every template in a value. Keys of objects may hold templates, too.
    ///
    /// # Errors
    /// The first template that cannot be filled in.
    pub fn fill(&self, value: &Value) -> Result<Value, TemplateError> {
        Ok(match value {
            Value::String(text) => self.fill_text(text)?,
            Value::Array(items) => Value::Array(items.iter().map(|item| self.fill(item)).collect::<Result<_, _>>()?),
            Value::Object(map) => {
                let mut filled = Map::with_capacity(map.len());
                for (key, inner) in map {
                    let key = if key.contains('$') { as_text(&self.fill_text(key)?) } else { key.clone() };
                    filled.insert(key, self.fill(inner)?);
                }
                Value::Object(filled)
            }
            other => other.clone(),
        })
    }

    /// Fills in a text; a text that is only one template takes the type of its value.
    ///
    /// # Errors
    /// The first template that cannot be filled in.
    pub fn fill_text(&self, text: &str) -> Result<Value, TemplateError> {
        if !is_template(text) {
            return Ok(Value::String(text.to_owned()));
        }
        let parts = parts(text)?;
        if let [Part::Expression(expression)] = parts.as_slice() {
            return self.evaluate(expression);
        }
        let mut filled = String::with_capacity(text.len());
        for part in parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Escaped => filled.push_str("${"),
                Part::Expression(expression) => filled.push_str(&as_text(&self.evaluate(expression)?)),
            }
        }
        Ok(Value::String(filled))
    }

    fn evaluate(&self, expression: &str) -> Result<Value, TemplateError> {
        match Expression::parse(expression)? {
            Expression::Name(word, bytes) => {
                let name = self.name(word);
                let missing = bytes.unwrap_or_default().saturating_sub(name.len());
                Ok(Value::String(name + &"x".repeat(missing)))
            }
            Expression::Password(word) => Ok(Value::String(self.password(word))),
            Expression::Repeat(text, times) => Ok(Value::String(text.repeat(times))),
            Expression::Vector(dimension, seed) => Ok(vector(dimension, seed)),
            Expression::Base64(path) => {
                let text = as_text(&self.evaluate(path)?);
                Ok(Value::String(base64::encode(text.as_bytes())))
            }
            Expression::Vectors(count, dimension, seed) => Ok(vectors(count, dimension, seed).collect()),
            Expression::Rows(count, dimension, seed) => Ok(rows(count, dimension, seed)),
            Expression::Variable(path) => {
                let mut words = path.split('.');
                let first = words.next().unwrap_or_default();
                let unknown = || TemplateError::Unknown(path.to_owned());
                let mut value = self.variables.get(first).ok_or_else(unknown)?;
                for word in words {
                    value = match value {
                        Value::Object(map) => map.get(word),
                        Value::Array(items) => word.parse::<usize>().ok().and_then(|index| items.get(index)),
                        _ => None,
                    }
                    .ok_or_else(unknown)?;
                }
                Ok(value.clone())
            }
        }
    }
}

/// The variables that the templates of a value name, without the paths behind them, each with its template as written.
///
/// # Errors
/// A template that is not well formed.
pub(super) fn variables(value: &Value) -> Result<Vec<String>, TemplateError> {
    let mut found = Vec::new();
    collect(value, &mut found)?;
    Ok(found)
}

fn collect(value: &Value, found: &mut Vec<String>) -> Result<(), TemplateError> {
    match value {
        Value::String(text) => collect_text(text, found),
        Value::Array(items) => items.iter().try_for_each(|item| collect(item, found)),
        Value::Object(map) => map.iter().try_for_each(|(key, inner)| {
            collect_text(key, found)?;
            collect(inner, found)
        }),
        _ => Ok(()),
    }
}

fn collect_text(text: &str, found: &mut Vec<String>) -> Result<(), TemplateError> {
    for part in parts(text)? {
        if let Part::Expression(expression) = part
            && let Expression::Variable(path) | Expression::Base64(path) = Expression::parse(expression)?
        {
            found.push(path.split('.').next().unwrap_or_default().to_owned());
        }
    }
    Ok(())
}

enum Part<'a> {
    Text(&'a str),
    Escaped,
    Expression(&'a str),
}

fn parts(text: &str) -> Result<Vec<Part<'_>>, TemplateError> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            parts.push(Part::Text(&rest[..at - 1]));
            parts.push(Part::Escaped);
            rest = &rest[at + 2..];
            continue;
        }
        let end = rest[at..].find('}').ok_or_else(|| TemplateError::Open(text.to_owned()))? + at;
        if at > 0 {
            parts.push(Part::Text(&rest[..at]));
        }
        parts.push(Part::Expression(rest[at + 2..end].trim()));
        rest = &rest[end + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    Ok(parts)
}

enum Expression<'a> {
    Variable(&'a str),
    Name(&'a str, Option<usize>),
    Password(&'a str),
    Repeat(&'a str, usize),
    Vector(usize, u64),
    /// The text of a variable in base64.
    Base64(&'a str),
    Vectors(usize, usize, u64),
    Rows(usize, usize, u64),
}

impl<'a> Expression<'a> {
    fn parse(expression: &'a str) -> Result<Self, TemplateError> {
        let Some((word, arguments)) = expression.strip_suffix(')').and_then(|call| call.split_once('(')) else {
            return Ok(Expression::Variable(expression));
        };
        let wrong = || TemplateError::Function(expression.to_owned());
        let arguments: Vec<&str> = arguments.split(',').map(str::trim).collect();
        match (word.trim(), arguments.as_slice()) {
            ("name", [name]) if !name.is_empty() => Ok(Expression::Name(name, None)),
            ("name", [name, bytes]) if !name.is_empty() => match bytes.parse::<usize>() {
                Ok(bytes) if bytes <= LONGEST => Ok(Expression::Name(name, Some(bytes))),
                _ => Err(wrong()),
            },
            ("password", [word]) if !word.is_empty() => Ok(Expression::Password(word)),
            ("repeat", [text, times]) => {
                let times = times.parse::<usize>().map_err(|_| wrong())?;
                let fits = text.len().checked_mul(times).is_some_and(|length| length <= LONGEST);
                if fits { Ok(Expression::Repeat(text, times)) } else { Err(wrong()) }
            }
            ("vector", [dimension, seed]) => match (dimension.parse::<usize>(), seed.parse()) {
                (Ok(dimension), Ok(seed)) if dimension <= LONGEST => Ok(Expression::Vector(dimension, seed)),
                _ => Err(wrong()),
            },
            ("base64", [path]) if !path.is_empty() && !path.contains('(') => Ok(Expression::Base64(path)),
            ("rows" | "vectors", [count, dimension, seed]) => {
                let (Ok(count), Ok(dimension), Ok(seed)) =
                    (count.parse::<usize>(), dimension.parse::<usize>(), seed.parse())
                else {
                    return Err(wrong());
                };
                match count.checked_mul(dimension) {
                    Some(all) if all <= LONGEST && word == "rows" => Ok(Expression::Rows(count, dimension, seed)),
                    Some(all) if all <= LONGEST => Ok(Expression::Vectors(count, dimension, seed)),
                    _ => Err(wrong()),
                }
            }
            _ => Err(wrong()),
        }
    }
}

/// Numbers in [0, 1) with at most six binary places, which every float type holds exactly.
fn vector(dimension: usize, seed: u64) -> Value {
    let mut generator = fastrand::Rng::with_seed(seed);
    let numbers = (0..dimension).map(|_| f64::from(generator.u8(0..64)) / 64.0);
    Value::Array(numbers.filter_map(Number::from_f64).map(Value::Number).collect())
}

/// So many vectors, each with a seed of its own.
fn vectors(count: usize, dimension: usize, seed: u64) -> impl Iterator<Item = Value> {
    let first = seed.wrapping_mul(1_000_003);
    (1..=count as u64).map(move |number| vector(dimension, first.wrapping_add(number)))
}

/// Rows with the keys 1, 2, 3 … as `id`, each with a vector of its own.
fn rows(count: usize, dimension: usize, seed: u64) -> Value {
    (1..)
        .zip(vectors(count, dimension, seed))
        .map(|(id, vector): (u64, _)| json!({"id": id, "vector": vector}))
        .collect()
}

/// A value inside a longer text: texts without quotes, everything else as JSON.
pub fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scope() -> Scope {
        let mut scope = Scope::new("mc_1_");
        scope.set("ids", json!([1, 2]));
        scope.set("row", json!({"a": {"b": "x"}}));
        scope
    }

    #[test]
    fn a_template_alone_keeps_its_type_and_inside_text_becomes_text() {
        let filled = scope().fill(&json!({"id": "${ids}", "filter": "id in ${ids}", "${row.a.b}": 1})).unwrap();
        assert_eq!(filled, json!({"id": [1, 2], "filter": "id in [1,2]", "x": 1}));
    }

    #[test]
    fn functions_make_names_texts_and_vectors() {
        assert_eq!(scope().fill(&json!("${name(books)}")).unwrap(), json!("mc_1_books"));
        assert_eq!(scope().fill(&json!("${name(books, 12)}")).unwrap(), json!("mc_1_booksxx"));
        assert_eq!(scope().fill(&json!("a${repeat(b, 3)}")).unwrap(), json!("abbb"));
        assert_eq!(scope().fill(&json!("Basic ${base64(row.a.b)}")).unwrap(), json!("Basic eA=="));
        let vector = scope().fill(&json!("${vector(4, 7)}")).unwrap();
        assert_eq!(vector.as_array().unwrap().len(), 4);
        assert_eq!(vector, scope().fill(&json!("${vector(4, 7)}")).unwrap());
        assert_ne!(vector, scope().fill(&json!("${vector(4, 8)}")).unwrap());
        let rows = scope().fill(&json!("${rows(3, 4, 7)}")).unwrap();
        assert_eq!((&rows[0]["id"], &rows[2]["id"]), (&json!(1), &json!(3)));
        assert_ne!(rows[0]["vector"], rows[1]["vector"]);
    }

    #[test]
    fn what_cannot_be_filled_in_says_why() {
        let error = |text: &str| scope().fill(&json!(text)).unwrap_err();
        assert_eq!(error("${ids"), TemplateError::Open("${ids".to_owned()));
        assert_eq!(error("${row.a.c}"), TemplateError::Unknown("row.a.c".to_owned()));
        assert!(matches!(error("${nmae(a)}"), TemplateError::Function(_)));
        assert!(matches!(error("${repeat(a, 99999999999)}"), TemplateError::Function(_)));
    }

    #[test]
    fn an_escaped_template_is_plain_text() {
        assert_eq!(scope().fill(&json!("a$${b}")).unwrap(), json!("a${b}"));
    }

    proptest! {
        #[test]
        fn text_without_a_dollar_is_left_alone(text in "[^$]*") {
            prop_assert_eq!(scope().fill_text(&text).unwrap(), Value::String(text));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[a${}(), .]{0,24}") {
            let _ = scope().fill_text(&text);
            let _ = variables(&Value::String(text));
        }

        #[test]
        fn every_variable_it_needs_is_one_that_it_names(text in "(\\$\\{[a-c]\\}|[a-c ]){0,8}") {
            let value = Value::String(text);
            let mut scope = Scope::new("p_");
            for name in variables(&value).unwrap() {
                scope.set(name, json!(1));
            }
            prop_assert!(scope.fill(&value).is_ok());
        }
    }
}
