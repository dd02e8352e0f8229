//! The types of the fields that calls have touched, as the calls of a case made them.

use crate::profile::Version;
use crate::reference::productions;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Every type of a field, with the first version that has it.
pub const TYPES: &[(&str, Version)] = {
    const FIRST: Version = Version(2, 4);
    const LATER: Version = Version(2, 6);
    &[
        ("Bool", FIRST),
        ("Int8", FIRST),
        ("Int16", FIRST),
        ("Int32", FIRST),
        ("Int64", FIRST),
        ("Float", FIRST),
        ("Double", FIRST),
        ("VarChar", FIRST),
        ("JSON", FIRST),
        ("Array of Bool", FIRST),
        ("Array of Int8", FIRST),
        ("Array of Int16", FIRST),
        ("Array of Int32", FIRST),
        ("Array of Int64", FIRST),
        ("Array of Float", FIRST),
        ("Array of Double", FIRST),
        ("Array of VarChar", FIRST),
        (DYNAMIC, FIRST),
        ("FloatVector", FIRST),
        ("BinaryVector", FIRST),
        ("Float16Vector", FIRST),
        ("BFloat16Vector", FIRST),
        ("SparseFloatVector", FIRST),
        ("Int8Vector", LATER),
        ("Geometry", LATER),
        ("Timestamptz", LATER),
    ]
};

/// A key outside the schema.
const DYNAMIC: &str = "dynamic key";

/// What the operations on rows do with fields.
pub const USES: [&str; 8] = [
    "collections/create",
    "indexes/create",
    "entities/insert",
    "entities/upsert",
    "entities/get",
    "entities/query",
    "entities/search",
    "filter",
];

/// Whether a field of this type can be used so at all: no filter asks for a vector, and no dynamic key is made by a
/// schema.
pub fn has_use(kind: &str, usage: &str) -> bool {
    match usage {
        "filter" => !kind.ends_with("Vector"),
        "collections/create" => kind != DYNAMIC,
        _ => true,
    }
}

/// What one call that succeeded has shown of types and filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// The types of the fields that it made, wrote, read or indexed.
    pub types: BTreeSet<String>,
    /// The types of the fields that its filters asked for.
    pub filtered: BTreeSet<String>,
    /// The productions of its filters.
    pub grammar: BTreeSet<String>,
}

/// The fields of the collections that the calls of a case have made: types by names.
#[derive(Clone, Debug, Default)]
pub struct Schemas(HashMap<String, HashMap<String, String>>);

impl Schemas {
    /// Takes in a call that succeeded and tells what it touched.
    pub fn succeeded(&mut self, operation: &str, request: &Value, answer: &Value) -> Touched {
        let mut touched = Touched::default();
        let Some(name) = request["collectionName"].as_str() else { return touched };
        match operation {
            "collections/create" => {
                let fields = made(request);
                touched.types = fields.values().cloned().collect();
                self.0.insert(name.to_owned(), fields);
            }
            "collections/rename" => {
                if let (Some(fields), Some(new)) = (self.0.remove(name), request["newCollectionName"].as_str()) {
                    self.0.insert(new.to_owned(), fields);
                }
            }
            "collections/fields/add" => {
                let added = field(&request["schema"]);
                self.0.entry(name.to_owned()).or_default().extend(added);
            }
            "indexes/create" => {
                let params = request["indexParams"].as_array().into_iter().flatten();
                let names = params.filter_map(|param| param["fieldName"].as_str());
                touched.types = names.filter_map(|field| self.kind(name, field)).collect();
            }
            "entities/insert" | "entities/upsert" => touched.types = self.kinds(name, &request["data"]),
            "entities/get" | "entities/query" => touched.types = self.kinds(name, &answer["data"]),
            "entities/search" | "entities/hybrid_search" => {
                touched.types = self.kinds(name, &answer["data"]);
                let found = answer["data"].as_array().is_some_and(|hits| !hits.is_empty());
                let searched = request["annsField"].as_str().filter(|_| found);
                touched.types.extend(searched.and_then(|field| self.kind(name, field)));
            }
            _ => {}
        }
        let parts = request["search"].as_array().into_iter().flatten();
        for filter in std::iter::once(request).chain(parts).filter_map(|part| part["filter"].as_str()) {
            let Some(found) = productions(filter) else { continue };
            touched.filtered.extend(found.columns.iter().filter_map(|column| self.kind(name, column)));
            touched.grammar.extend(found.names.into_iter().map(str::to_owned));
        }
        touched
    }

    /// The type of a field of a collection that the case made.
    fn kind(&self, collection: &str, field: &str) -> Option<String> {
        let fields = self.0.get(collection)?;
        let hidden = matches!(field, "distance" | "$meta");
        (!hidden).then(|| fields.get(field).cloned().unwrap_or_else(|| DYNAMIC.to_owned()))
    }

    /// The types of the fields with a value in these rows.
    fn kinds(&self, collection: &str, rows: &Value) -> BTreeSet<String> {
        let rows = rows.as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
        rows.filter(|(_, value)| !value.is_null()).filter_map(|(key, _)| self.kind(collection, key)).collect()
    }
}

/// A field of a schema by name, with its type.
fn field(field: &Value) -> Option<(String, String)> {
    let (name, kind) = (field["fieldName"].as_str()?, field["dataType"].as_str()?);
    let kind = match field["elementDataType"].as_str() {
        Some(element) if kind == "Array" => format!("Array of {element}"),
        _ => kind.to_owned(),
    };
    Some((name.to_owned(), kind))
}

/// The fields of a new collection, by schema or by quick setup.
fn made(request: &Value) -> HashMap<String, String> {
    let fields: HashMap<_, _> =
        request["schema"]["fields"].as_array().into_iter().flatten().filter_map(field).collect();
    if !fields.is_empty() {
        return fields;
    }
    let word = |key: &str, default: &str| request[key].as_str().unwrap_or(default).to_owned();
    let key = match word("idType", "Int64") {
        kind if kind.eq_ignore_ascii_case("varchar") => "VarChar".to_owned(),
        kind => kind,
    };
    [(word("primaryFieldName", "id"), key), (word("vectorFieldName", "vector"), "FloatVector".to_owned())].into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(of: &BTreeSet<String>) -> Vec<&str> {
        of.iter().map(String::as_str).collect()
    }

    #[test]
    fn what_calls_touch_is_told_by_type() {
        let mut schemas = Schemas::default();
        let fields = json!([
            {"fieldName": "id", "dataType": "Int64"},
            {"fieldName": "tags", "dataType": "Array", "elementDataType": "VarChar"},
            {"fieldName": "v", "dataType": "FloatVector"},
        ]);
        let body = json!({"collectionName": "c", "schema": {"fields": fields}});
        let made = schemas.succeeded("collections/create", &body, &json!({"code": 0}));
        assert_eq!(names(&made.types), ["Array of VarChar", "FloatVector", "Int64"]);
        let rows = json!({"collectionName": "c", "data": [{"id": 1, "v": [1], "year": 1, "tags": null}]});
        let written = schemas.succeeded("entities/insert", &rows, &json!({"code": 0}));
        assert_eq!(names(&written.types), ["FloatVector", "Int64", "dynamic key"]);
        let search = json!({"collectionName": "c", "annsField": "v", "filter": "array_length(tags) == 2"});
        let found = schemas.succeeded("entities/search", &search, &json!({"data": [{"id": 1, "distance": 0}]}));
        assert_eq!(names(&found.types), ["FloatVector", "Int64"]);
        assert_eq!(
            (names(&found.filtered), names(&found.grammar)),
            (vec!["Array of VarChar"], vec!["==", "array_length", "integer"])
        );
    }

    #[test]
    fn nothing_is_said_of_collections_that_the_case_did_not_make() {
        let body = json!({"collectionName": "other", "filter": "a > 1"});
        let touched = Schemas::default().succeeded("entities/query", &body, &json!({"data": [{"a": 2}]}));
        assert!(touched.types.is_empty() && touched.filtered.is_empty());
        assert_eq!(
            names(&touched.grammar),
            [">", "integer", "field"]
                .map(str::to_owned)
                .iter()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
        );
    }
}
