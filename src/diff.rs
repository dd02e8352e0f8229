//! What differs between the contracts of two profiles, and whether it can break a client that goes from one to the other.
//!
//! Both are compared as the documents that `export openapi` writes, in which every schema has its name.

use crate::contract::{Contract, Operation};
use crate::diagnostic::Diagnostic;
use crate::export::openapi;
use crate::profile::Profile;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What differs between two profiles.
#[derive(Clone, Debug, Serialize)]
pub struct Diff {
    /// The profile that a client knows.
    pub from: Profile,
    /// The profile that it goes to.
    pub to: Profile,
    /// What differs, operation by operation.
    pub changes: Vec<Change>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The operation; none for limits of the server as a whole.
    pub operation: Option<String>,
    /// Of what it is a change.
    pub part: Part,
    /// The property as a JSON pointer, the name of a header, an error or a limit; empty for an operation as a whole.
    pub at: String,
    /// What became of it.
    pub change: Kind,
    /// What it was.
    pub before: Value,
    /// What it is.
    pub after: Value,
    /// Whether a client that was right before may be wrong after.
    pub breaking: bool,
    /// Why it can break a client, or why it cannot.
    pub why: &'static str,
}

/// A part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// An operation as a whole.
    Operation,
    /// A header field of requests.
    Header,
    /// A property of requests.
    Request,
    /// A property of answers.
    Response,
    /// A failure that it may give.
    Error,
    /// A number that the server keeps to.
    Limit,
}

impl Part {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Part::Operation => "operation",
            Part::Header => "header",
            Part::Request => "request",
            Part::Response => "response",
            Part::Error => "error",
            Part::Limit => "limit",
        }
    }
}

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another.
    Changed,
}

/// Compares two profiles.
///
/// # Errors
/// Schemas that are missing or not JSON.
pub fn diff(contract: &Contract, from: Profile, to: Profile) -> Result<Diff, Vec<Diagnostic>> {
    let sides = [Side::new(contract, from)?, Side::new(contract, to)?];
    let mut changes = Vec::new();
    let [before, after] = &sides;
    limits(contract, from, to, &mut changes);
    let names: BTreeSet<&&str> = before.operations.keys().chain(after.operations.keys()).collect();
    for name in names {
        let mut add = |part, at: &str, change, before, after, (breaking, why)| {
            let operation = Some((*name).to_owned());
            changes.push(Change { operation, part, at: at.to_owned(), change, before, after, breaking, why });
        };
        match (before.operations.get(*name), after.operations.get(*name)) {
            (Some(_), None) => {
                let why = (true, "calls to it fail");
                add(Part::Operation, "", Kind::Removed, Value::Null, Value::Null, why);
            }
            (None, Some(_)) => {
                let why = (false, "nobody calls it yet");
                add(Part::Operation, "", Kind::Added, Value::Null, Value::Null, why);
            }
            (Some(one), Some(other)) => {
                for (at, old, new) in joined(&one.headers, &other.headers) {
                    let (change, verdict) = match (old, new) {
                        (Some(_), None) => (Kind::Removed, (true, "who sends it is not heard")),
                        (None, Some(required)) if *required => (Kind::Added, (true, "it has to be sent")),
                        (None, Some(_)) => (Kind::Added, (false, "it may be left out")),
                        (Some(false), Some(true)) => (Kind::Changed, (true, "it has to be sent")),
                        _ => (Kind::Changed, (false, "it may be left out")),
                    };
                    add(Part::Header, at, change, json!(old), json!(new), verdict);
                }
                for (at, old, new) in joined(&one.request, &other.request) {
                    let (change, mut verdict) = in_request(old, new);
                    if change == Kind::Added && parent(at).is_some_and(|above| !one.request.contains_key(above)) {
                        verdict = (false, "it is part of what is new");
                    }
                    add(Part::Request, at, change, json!(old), json!(new), verdict);
                }
                for (at, old, new) in joined(&one.response, &other.response) {
                    let (change, verdict) = in_response(old, new);
                    add(Part::Response, at, change, json!(old), json!(new), verdict);
                }
                for (at, old, new) in joined(&one.errors, &other.errors) {
                    let (change, verdict) = match (old, new) {
                        (Some(_), None) => (Kind::Removed, (false, "it no longer comes")),
                        (None, Some(_)) => (Kind::Added, (false, "calls may fail for any reason")),
                        (Some(old), Some(new)) if new.is_subset(old) => {
                            (Kind::Changed, (false, "its codes were known before"))
                        }
                        _ => (Kind::Changed, (true, "who tells failures by their code does not know the new one")),
                    };
                    add(Part::Error, at, change, json!(old), json!(new), verdict);
                }
            }
            (None, None) => {}
        }
    }
    Ok(Diff { from, to, changes })
}

impl Diff {
    /// How many changes can break a client.
    pub fn breaking(&self) -> usize {
        self.changes.iter().filter(|change| change.breaking).count()
    }
}

/// What differs between two maps.
fn joined<'a, K: AsRef<str> + Ord, V: PartialEq>(
    one: &'a BTreeMap<K, V>,
    other: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a str, Option<&'a V>, Option<&'a V>)> {
    let keys: BTreeSet<&K> = one.keys().chain(other.keys()).collect();
    keys.into_iter().map(|key| (key.as_ref(), one.get(key), other.get(key))).filter(|(_, old, new)| old != new)
}

/// What a property is in.
fn parent(at: &str) -> Option<&str> {
    at.rsplit_once('/').map(|(above, _)| above).filter(|above| !above.is_empty())
}

fn in_request(old: Option<&Property>, new: Option<&Property>) -> (Kind, (bool, &'static str)) {
    match (old, new) {
        (Some(_), None) => (Kind::Removed, (true, "who sends it is not heard")),
        (None, Some(new)) if new.required => (Kind::Added, (true, "it has to be sent")),
        (None, _) => (Kind::Added, (false, "it may be left out")),
        (Some(old), Some(new)) if new.required && !old.required => (Kind::Changed, (true, "it has to be sent")),
        (Some(old), Some(new)) if new.allows(old) => (Kind::Changed, (false, "what was right before still is")),
        (Some(_), Some(_)) => (Kind::Changed, (true, "what was right before may be refused")),
    }
}

fn in_response(old: Option<&Property>, new: Option<&Property>) -> (Kind, (bool, &'static str)) {
    match (old, new) {
        (Some(_), None) => (Kind::Removed, (true, "who reads it finds nothing")),
        (None, _) => (Kind::Added, (false, "nobody reads it yet")),
        (Some(old), Some(new)) if old.required && !new.required => (Kind::Changed, (true, "it may be missing")),
        (Some(old), Some(new)) if old.allows(new) => (Kind::Changed, (false, "what comes could come before")),
        (Some(_), Some(_)) => (Kind::Changed, (true, "what comes could not come before")),
    }
}

fn limits(contract: &Contract, from: Profile, to: Profile, changes: &mut Vec<Change>) {
    let of = |profile: Profile| -> BTreeMap<String, Value> {
        let facts = contract.profiles.get(&profile);
        facts.into_iter().flat_map(|facts| facts.limits.clone()).collect()
    };
    let (one, other) = (of(from), of(to));
    for (at, old, new) in joined(&one, &other) {
        let number = |value: Option<&Value>| value.and_then(Value::as_f64);
        let lowest = at.starts_with("min-");
        let (change, (breaking, why)) = match (number(old), number(new)) {
            // That no document or measurement names a limit does not say that there is none.
            (Some(_), None) => (Kind::Removed, (false, "it is not known there")),
            (None, _) => (Kind::Added, (false, "it is not known what was before")),
            (Some(old), Some(new)) if (new < old) == lowest => (Kind::Changed, (false, "more is allowed")),
            _ => (Kind::Changed, (true, "less is allowed")),
        };
        let (before, after) = (json!(old), json!(new));
        let at = at.to_owned();
        changes.push(Change { operation: None, part: Part::Limit, at, change, before, after, breaking, why });
    }
}

/// One profile, ready to be compared.
struct Side<'c> {
    operations: BTreeMap<&'c str, Facts>,
}

/// What of an operation is compared.
#[derive(Default)]
struct Facts {
    /// Whether each header is required.
    headers: BTreeMap<String, bool>,
    request: BTreeMap<String, Property>,
    response: BTreeMap<String, Property>,
    /// Codes by failure.
    errors: BTreeMap<String, BTreeSet<i64>>,
}

/// What a schema says of one property.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Property {
    /// The JSON types that it may have; none said: any.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    types: BTreeSet<String>,
    /// The values that it may have, as JSON; none said: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<BTreeSet<String>>,
    /// Bounds by keyword.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    bounds: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "is_false")]
    required: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Keywords that bound a value from below, from above, and in other ways.
const LOWER: [&str; 4] = ["minimum", "exclusiveMinimum", "minLength", "minItems"];
const UPPER: [&str; 4] = ["maximum", "exclusiveMaximum", "maxLength", "maxItems"];
const OTHER: [&str; 3] = ["pattern", "multipleOf", "uniqueItems"];

impl Property {
    /// Whether every value that the other allows is allowed.
    fn allows(&self, other: &Property) -> bool {
        let integers_are_numbers = |kind: &String| kind == "integer" && self.types.contains("number");
        let known = |kind: &String| self.types.contains(kind) || integers_are_numbers(kind);
        let types = self.types.is_empty() || !other.types.is_empty() && other.types.iter().all(known);
        let values = match (&self.values, &other.values) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(values), Some(others)) => others.is_subset(values),
        };
        let bounds = self.bounds.iter().all(|(word, bound)| {
            let (bound, theirs) = (bound.as_f64(), other.bounds.get(word).and_then(Value::as_f64));
            match (bound, theirs) {
                (Some(bound), Some(theirs)) if LOWER.contains(&word.as_str()) => theirs >= bound,
                (Some(bound), Some(theirs)) if UPPER.contains(&word.as_str()) => theirs <= bound,
                _ => other.bounds.get(word) == self.bounds.get(word),
            }
        });
        types && values && bounds
    }
}

impl<'c> Side<'c> {
    fn new(contract: &'c Contract, profile: Profile) -> Result<Self, Vec<Diagnostic>> {
        let document = openapi(contract, profile)?;
        let operations = contract
            .operations_of(profile)
            .map(|operation| (operation.name.as_str(), facts(contract, profile, operation, &document)));
        Ok(Self { operations: operations.collect() })
    }
}

fn facts(contract: &Contract, profile: Profile, operation: &Operation, document: &Value) -> Facts {
    let method = operation.file.method.to_lowercase();
    let item = &document["paths"][&operation.file.path][&method];
    let mut facts = Facts::default();
    for parameter in item["parameters"].as_array().into_iter().flatten() {
        let (name, required) = (&parameter["name"], parameter["required"] == true);
        let name = name.as_str().unwrap_or_default();
        if parameter["in"] == "header" {
            facts.headers.insert(name.to_owned(), required);
        } else {
            collect(&parameter["schema"], document, &format!("/{name}"), required, 0, &mut facts.request);
        }
    }
    let body = |side: &Value| side["content"]["application/json"]["schema"].clone();
    collect(&body(&item["requestBody"]), document, "", true, 0, &mut facts.request);
    // Of the answers that come with 200 the success is what clients read; failures have one form everywhere.
    let component = format!("/components/schemas/{}.response.success", operation.name.replace('/', "."));
    if let Some(success) = document.pointer(&component) {
        collect(success, document, "", true, 0, &mut facts.response);
    }
    for id in &operation.file.errors {
        let codes = contract.failures.get(id.value.as_str()).and_then(|failure| failure.codes.get(profile));
        if let Some(codes) = codes {
            facts.errors.insert(id.value.clone(), codes.iter().copied().collect());
        }
    }
    facts
}

/// References nest this deep at most; schemas that refer to themselves end there.
const DEPTH: usize = 12;

/// Collects what a schema says of a value and of all that is in it, through references and alternatives.
fn collect(
    schema: &Value,
    document: &Value,
    at: &str,
    required: bool,
    depth: usize,
    found: &mut BTreeMap<String, Property>,
) {
    let Some(map) = schema.as_object().filter(|_| depth < DEPTH) else { return };
    if !at.is_empty() {
        let property = found.entry(at.to_owned()).or_default();
        property.required |= required;
        match map.get("type") {
            Some(Value::String(kind)) => drop(property.types.insert(kind.clone())),
            Some(Value::Array(kinds)) => {
                property.types.extend(kinds.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            _ => {}
        }
        let listed = map.get("enum").and_then(Value::as_array).cloned();
        let listed = listed.or_else(|| map.get("const").map(|value| vec![value.clone()]));
        if let Some(listed) = listed {
            property.values.get_or_insert_default().extend(listed.iter().map(ToString::to_string));
        }
        for word in LOWER.iter().chain(&UPPER).chain(&OTHER) {
            if let Some(bound) = map.get(*word) {
                property.bounds.insert((*word).to_owned(), bound.clone());
            }
        }
    }
    if let Some(target) = map.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'))
        && let Some(target) = document.pointer(target)
    {
        collect(target, document, at, required, depth + 1, found);
    }
    let must: Vec<&str> =
        map.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in map.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let pointer = crate::matcher::push_pointer(at, name);
        collect(property, document, &pointer, must.contains(&name.as_str()), depth + 1, found);
    }
    if let Some(items) = map.get("items") {
        collect(items, document, &format!("{at}/*"), false, depth + 1, found);
    }
    for word in ["allOf", "anyOf", "oneOf"] {
        for inner in map.get(word).and_then(Value::as_array).into_iter().flatten() {
            // What only one alternative demands may be missing.
            let mut alternative = BTreeMap::new();
            collect(inner, document, at, required, depth + 1, &mut alternative);
            for (pointer, mut property) in alternative {
                property.required &= word == "allOf" || pointer == at;
                merge(found.entry(pointer).or_default(), property);
            }
        }
    }
}

fn merge(into: &mut Property, other: Property) {
    into.types.extend(other.types);
    into.required |= other.required;
    into.bounds.extend(other.bounds);
    if let Some(values) = other.values {
        into.values.get_or_insert_default().extend(values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Tree;

    fn property(schema: &Value) -> Property {
        let mut found = BTreeMap::new();
        collect(schema, &Value::Null, "/p", false, 0, &mut found);
        found.remove("/p").unwrap()
    }

    fn breaks(old: &Value, new: &Value) -> (bool, bool) {
        let (old, new) = (property(old), property(new));
        (in_request(Some(&old), Some(&new)).1.0, in_response(Some(&old), Some(&new)).1.0)
    }

    #[test]
    fn a_request_may_be_asked_less_and_an_answer_may_hold_less() {
        for (narrow, wide) in [
            (json!({"type": "string"}), json!({"type": ["string", "integer"]})),
            (json!({"type": "integer"}), json!({"type": "number"})),
            (json!({"type": "string"}), json!({})),
            (json!({"enum": ["a"]}), json!({"enum": ["a", "b"]})),
            (json!({"maximum": 5}), json!({"maximum": 6})),
            (json!({"minLength": 2}), json!({"minLength": 1})),
            (json!({"pattern": "a"}), json!({})),
        ] {
            assert_eq!(breaks(&narrow, &wide), (false, true), "{narrow} {wide}");
            assert_eq!(breaks(&wide, &narrow), (true, false), "{wide} {narrow}");
        }
        assert_eq!(breaks(&json!({"type": "string"}), &json!({"type": "integer"})), (true, true));
    }

    #[test]
    fn what_is_demanded_or_left_out_breaks() {
        let optional = Property::default();
        let required = Property { required: true, ..Property::default() };
        let request = |old, new| in_request(old, new).1.0;
        let response = |old, new| in_response(old, new).1.0;
        assert!(request(None, Some(&required)) && !request(None, Some(&optional)) && request(Some(&optional), None));
        assert!(request(Some(&optional), Some(&required)) && !request(Some(&required), Some(&optional)));
        assert!(!response(None, Some(&required)) && response(Some(&optional), None));
        assert!(response(Some(&required), Some(&optional)) && !response(Some(&optional), Some(&required)));
    }

    #[test]
    fn profiles_differ_from_others_and_not_from_themselves() {
        let contract = Contract::load(&Tree::embedded()).unwrap();
        for profile in Profile::ALL {
            assert_eq!(diff(&contract, profile, profile).unwrap().changes, []);
        }
        let found = diff(&contract, Profile::Milvus25, Profile::Milvus26).unwrap();
        let vectors = found.changes.iter().find(|change| change.at == "max-vector-fields").unwrap();
        assert_eq!((vectors.part, vectors.breaking), (Part::Limit, false));
        let back = diff(&contract, Profile::Milvus26, Profile::Milvus25).unwrap();
        assert_eq!(back.changes.len(), found.changes.len());
        assert!(back.changes.iter().any(|change| change.at == "max-vector-fields" && change.breaking));
    }
}
