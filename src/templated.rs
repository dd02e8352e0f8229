//! Whether values wait to be filled in.

use serde_json::Value;

/// Whether a text anywhere in a value holds a template.
pub(crate) fn has_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("${"),
        Value::Array(items) => items.iter().any(has_template),
        Value::Object(map) => map.iter().any(|(key, inner)| key.contains("${") || has_template(inner)),
        _ => false,
    }
}
