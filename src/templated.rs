//! Whether values wait to be filled in.

use serde_json::Value;

/// Whether a text holds a template.
pub(crate) fn is_template(text: &str) -> bool {
    // Hardly any text holds a `$`, which is quicker to find than the two together.
    text.as_bytes().contains(&b'$') && text.contains("${")
}

/// Whether a text anywhere in a value holds a template.
pub(crate) fn has_template(value: &Value) -> bool {
    match value {
        Value::String(text) => is_template(text),
        Value::Array(items) => items.iter().any(has_template),
        Value::Object(map) => map.iter().any(|(key, inner)| is_template(key) || has_template(inner)),
        _ => false,
    }
}
