//! JSON Schemas of one profile: pruned by their marks, and the tree of properties that some document names.

use super::Bounds;
use super::bounds::MARKS;
use crate::matcher::push_pointer;
use crate::profile::Profile;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Leaves out what does not hold for the profile, and the marks themselves.
pub(super) fn pruned(schema: &Value, profile: Profile) -> Value {
    match schema {
        Value::Object(map) => Value::Object(pruned_object(map, profile)),
        Value::Array(items) => {
            Value::Array(items.iter().filter(|item| applies(item, profile)).map(|item| pruned(item, profile)).collect())
        }
        other => other.clone(),
    }
}

fn pruned_object(map: &Map<String, Value>, profile: Profile) -> Map<String, Value> {
    let mut kept: Map<String, Value> = map
        .iter()
        .filter(|(key, value)| !MARKS.contains(&key.as_str()) && applies(value, profile))
        .map(|(key, value)| (key.clone(), pruned(value, profile)))
        .collect();
    let left_out: Vec<&String> = map
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter(|(_, value)| !applies(value, profile))
        .map(|(key, _)| key)
        .collect();
    if let Some(Value::Array(required)) = kept.get_mut("required") {
        required.retain(|name| !left_out.iter().any(|left_out| name == left_out.as_str()));
    }
    kept
}

/// What is wrong with the marks of a schema, each with the JSON pointer of the mark. A mark that cannot be read would bind
/// nothing, and nobody would see it.
pub fn mark_mistakes(schema: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect_mark_mistakes(schema, "", &mut found);
    found
}

fn collect_mark_mistakes(schema: &Value, pointer: &str, found: &mut Vec<(String, String)>) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                let at = push_pointer(pointer, key);
                if let Some(mistake) = mark_mistake(key, value) {
                    found.push((at, mistake));
                } else {
                    collect_mark_mistakes(value, &at, found);
                }
            }
            if let Some(mistake) = Bounds::from_marks(map).and_then(|bounds| bounds.mistake())
                && let Some(mark) = MARKS.iter().find(|mark| map.contains_key(**mark))
            {
                found.push((push_pointer(pointer, mark), mistake));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect_mark_mistakes(item, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn mark_mistake(key: &str, value: &Value) -> Option<String> {
    if !key.starts_with("x-") {
        return None;
    }
    if !MARKS.contains(&key) {
        let help = crate::diagnostic::suggestion(key, MARKS).unwrap_or_default();
        return Some(format!("`{key}` is no mark; {help}"));
    }
    let names: Vec<&str> = match (key, value) {
        ("x-only" | "x-except", Value::String(name)) => vec![name],
        ("x-only" | "x-except", Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let unknown = names.into_iter().find(|name| name.parse::<Profile>().is_err())?;
    let help = crate::diagnostic::suggestion(unknown, Profile::ALL.map(Profile::name)).unwrap_or_default();
    Some(format!("there is no profile `{unknown}`; {help}"))
}

/// The references in a schema.
pub(super) fn references<'s>(schema: &'s Value, found: &mut Vec<&'s str>) {
    match schema {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|inner| references(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn applies(schema: &Value, profile: Profile) -> bool {
    schema.as_object().and_then(Bounds::from_marks).is_none_or(|bounds| bounds.hold_for(profile))
}

/// The properties that a schema names, followed through references and alternatives.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    /// Whether any other property is allowed for, so that nothing here is undocumented.
    open: bool,
    properties: BTreeMap<String, Named>,
    items: Option<Box<Named>>,
    /// The number of this property among all of the schema.
    number: usize,
}

/// Finds the schema behind a reference, seen from a file, and the file that it is in.
pub(super) type Resolve<'f, 'a> = &'f dyn Fn(&str, &str) -> Option<(&'a str, &'a Value)>;

/// References nest this deep at most; below, everything counts as named.
const DEPTH: usize = 12;

impl Named {
    /// Collects the names of a schema. `resolve` finds the schema behind a reference and the file that it is in.
    pub(super) fn of<'a>(schema: &'a Value, file: &'a str, resolve: Resolve<'_, 'a>) -> Self {
        let mut named = Self::default();
        named.add(schema, file, resolve, 0);
        named.count(&mut 0);
        named
    }

    /// Numbers the properties in the order of [`Named::paths`].
    fn count(&mut self, next: &mut usize) {
        let mut properties: Vec<(&String, &mut Named)> = self.properties.iter_mut().collect();
        properties.sort_by_key(|(name, _)| *name);
        for (_, property) in properties {
            property.number = *next;
            *next += 1;
            property.count(next);
        }
        if let Some(items) = &mut self.items {
            items.count(next);
        }
    }

    /// JSON pointers of all named properties, by number; positions in lists are written as `*`.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.add_paths("", &mut found);
        found
    }

    fn add_paths(&self, pointer: &str, found: &mut Vec<String>) {
        let mut properties: Vec<(&String, &Named)> = self.properties.iter().collect();
        properties.sort_by_key(|(name, _)| *name);
        for (name, property) in properties {
            let at = push_pointer(pointer, name);
            found.push(at.clone());
            property.add_paths(&at, found);
        }
        if let Some(items) = &self.items {
            items.add_paths(&format!("{pointer}/*"), found);
        }
    }

    /// Tells the numbers of the named properties that a value has, the same one several times at times.
    pub(super) fn named_in(&self, value: &Value, tell: &mut dyn FnMut(usize)) {
        match value {
            Value::Object(map) if !self.properties.is_empty() => {
                for (key, inner) in map {
                    if let Some(named) = self.properties.get(key) {
                        tell(named.number);
                        named.named_in(inner, tell);
                    }
                }
            }
            Value::Array(items) => {
                let named = self.items.as_ref().filter(|named| !named.properties.is_empty() || named.items.is_some());
                let Some(named) = named else { return };
                items.iter().for_each(|inner| named.named_in(inner, tell));
            }
            _ => {}
        }
    }

    fn add<'a>(&mut self, schema: &'a Value, file: &'a str, resolve: Resolve<'_, 'a>, depth: usize) {
        let Some(map) = schema.as_object().filter(|_| depth < DEPTH) else {
            self.open = true;
            return;
        };
        if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
            match resolve(file, reference) {
                Some((file, schema)) => self.add(schema, file, resolve, depth + 1),
                None => self.open = true,
            }
        }
        if map.get("additionalProperties").is_some_and(|value| value != &Value::Bool(false)) {
            self.open = true;
        }
        for (name, property) in map.get("properties").and_then(Value::as_object).into_iter().flatten() {
            self.properties.entry(name.clone()).or_default().add(property, file, resolve, depth + 1);
        }
        for word in ["items", "prefixItems"] {
            let schemas: Vec<&Value> = match map.get(word) {
                Some(Value::Array(schemas)) => schemas.iter().collect(),
                Some(schema) => vec![schema],
                None => Vec::new(),
            };
            for schema in schemas {
                self.items.get_or_insert_default().add(schema, file, resolve, depth + 1);
            }
        }
        for word in ["allOf", "anyOf", "oneOf"] {
            for schema in map.get(word).and_then(Value::as_array).into_iter().flatten() {
                self.add(schema, file, resolve, depth + 1);
            }
        }
        // A schema that says nothing about the inside of a value allows for all of it.
        let silent = ["$ref", "properties", "items", "prefixItems", "allOf", "anyOf", "oneOf", "type", "enum", "const"];
        if !silent.iter().any(|word| map.contains_key(*word)) {
            self.open = true;
        }
    }

    /// JSON pointers of the properties that are not named, outermost only.
    pub(super) fn unnamed(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        // Nearly every answer holds nothing unknown; then no pointer has to be written.
        if !self.knows(value) {
            self.collect(value, "", &mut found);
        }
        found
    }

    /// Whether every property is named.
    fn knows(&self, value: &Value) -> bool {
        match value {
            Value::Object(map) => map.iter().all(|(key, inner)| match self.properties.get(key) {
                Some(named) => named.knows(inner),
                None => self.open,
            }),
            Value::Array(items) => self.items.as_ref().is_none_or(|named| items.iter().all(|item| named.knows(item))),
            _ => true,
        }
    }

    fn collect(&self, value: &Value, pointer: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    match self.properties.get(key) {
                        Some(named) if inner.is_object() || inner.is_array() => {
                            named.collect(inner, &push_pointer(pointer, key), found);
                        }
                        Some(_) => {}
                        None if self.open => {}
                        None => found.push(push_pointer(pointer, key)),
                    }
                }
            }
            Value::Array(items) => {
                let Some(named) = &self.items else { return };
                for (index, inner) in items.iter().enumerate() {
                    if inner.is_object() || inner.is_array() {
                        named.collect(inner, &format!("{pointer}/{index}"), found);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample() -> Value {
        json!({
            "type": "object",
            "properties": {
                "always": {"type": "string"},
                "late": {"type": "integer", "x-since": "2.6"},
                "cloud": {"type": "integer", "x-only": "zilliz-cloud"}
            },
            "required": ["always", "late", "cloud"],
            "anyOf": [{"required": ["always"]}, {"required": ["late"], "x-since": "2.6"}]
        })
    }

    #[test]
    fn what_does_not_hold_is_left_out_and_no_longer_required() {
        let old = pruned(&sample(), Profile::Milvus24);
        assert_eq!(
            old,
            json!({
                "type": "object",
                "properties": {"always": {"type": "string"}},
                "required": ["always"],
                "anyOf": [{"required": ["always"]}]
            })
        );
        let cloud = pruned(&sample(), Profile::ZillizCloud);
        assert_eq!(cloud["required"], json!(["always", "late", "cloud"]));
        assert!(!cloud.to_string().contains("x-"));
    }

    #[test]
    fn properties_that_no_schema_names_are_found() {
        let schema = json!({
            "$ref": "#/$defs/base",
            "properties": {"data": {"type": "array", "items": {"properties": {"id": {}}}}, "rows": {"type": "object", "additionalProperties": true}},
        });
        let base = json!({"properties": {"code": {"type": "integer"}}});
        let named = Named::of(&schema, "here", &|_, _| Some(("here", &base)));
        let answer = json!({"code": 0, "extra": 1, "data": [{"id": 1}, {"id": 2, "x/y": 3}], "rows": {"any": 1}});
        assert_eq!(named.unnamed(&answer), ["/data/1/x~1y", "/extra"]);
    }
}
