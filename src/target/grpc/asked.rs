//! The body of a request, as the calls want its parts.

use super::call::Stop;
use super::proto::{ConsistencyLevel, KeyValuePair};
use serde_json::{Map, Value};

/// The body of a request over HTTP. What is left out is sent empty, so that the server decides what that means.
pub(super) struct Asked(Map<String, Value>);

impl Asked {
    /// Takes a body.
    pub(super) fn new(body: Map<String, Value>) -> Self {
        Self(body)
    }

    /// The body as a whole.
    pub(super) fn body(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The value under a key; null is as good as left out.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// The text under a key.
    pub(super) fn text(&self, key: &str) -> String {
        self.get(key).map(as_text).unwrap_or_default()
    }

    pub(super) fn database(&self) -> String {
        self.text("dbName")
    }

    pub(super) fn collection(&self) -> String {
        self.text("collectionName")
    }

    /// The texts under a key.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        self.list(key).iter().map(as_text).collect()
    }

    /// The list under a key.
    pub(super) fn list(&self, key: &str) -> &[Value] {
        self.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        self.get(key).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(super) fn number(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Value::as_i64)
    }

    /// The number under a key, 0 when there is none or it is out of range.
    pub(super) fn small(&self, key: &str) -> i32 {
        self.number(key).and_then(|number| i32::try_from(number).ok()).unwrap_or_default()
    }

    /// The object under a key, as pairs of texts.
    pub(super) fn pairs(&self, key: &str) -> Vec<KeyValuePair> {
        let object = self.get(key).and_then(Value::as_object);
        object.into_iter().flatten().map(|(key, value)| pair(key, as_text(value))).collect()
    }

    /// The consistency asked for; nothing stands for that of the collection.
    pub(super) fn consistency(&self) -> Result<Option<ConsistencyLevel>, Stop> {
        consistency(self.get("consistencyLevel"))
    }
}

/// Reads the name of a consistency level.
pub(super) fn consistency(named: Option<&Value>) -> Result<Option<ConsistencyLevel>, Stop> {
    let Some(name) = named.map(as_text).filter(|name| !name.is_empty()) else { return Ok(None) };
    match ConsistencyLevel::from_str_name(&name) {
        Some(level) => Ok(Some(level)),
        None => Err(Stop::failure(1100, format!("`{name}` is no consistency level that gRPC could carry"))),
    }
}

/// A pair of texts.
pub(super) fn pair(key: &str, value: impl Into<String>) -> KeyValuePair {
    KeyValuePair { key: key.to_owned(), value: value.into() }
}

/// A value where a text is wanted: texts as they are, anything else as JSON.
pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
