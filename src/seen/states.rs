//! The state of each collection of a case, as its own calls have made it. What may be done hangs on it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How far a collection is from being searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// No vector field has an index.
    NoIndex,
    /// Some vector fields have one.
    PartlyIndexed,
    /// All have one, and it is not loaded.
    Indexed,
    /// A load was asked for and has not been seen to have ended.
    Loading,
    /// Loaded.
    Loaded,
    /// Only partitions were loaded.
    PartitionsLoaded,
}

impl State {
    /// All of them.
    pub const ALL: [State; 6] =
        [State::NoIndex, State::PartlyIndexed, State::Indexed, State::Loading, State::Loaded, State::PartitionsLoaded];

    /// The word in reports and results.
    pub const fn word(self) -> &'static str {
        match self {
            State::NoIndex => "no-index",
            State::PartlyIndexed => "partly-indexed",
            State::Indexed => "indexed",
            State::Loading => "loading",
            State::Loaded => "loaded",
            State::PartitionsLoaded => "partitions-loaded",
        }
    }
}

/// The collections that the calls of a case have made.
#[derive(Clone, Debug, Default)]
pub struct States(HashMap<String, Collection>);

#[derive(Clone, Debug, Default)]
struct Collection {
    vectors: BTreeSet<String>,
    /// Fields by the names of their indexes.
    indexes: BTreeMap<String, String>,
    load: Load,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Load {
    #[default]
    Not,
    Loading,
    Loaded,
    /// Some partitions by name. `*` stands for those that stay when others of a loaded collection are released.
    Partitions(BTreeSet<String>),
}

impl States {
    /// The state of the collection that a request names.
    pub fn of(&self, request: &Value) -> Option<State> {
        let collection = self.0.get(text(request, "collectionName")?)?;
        Some(match &collection.load {
            Load::Loading => State::Loading,
            Load::Loaded => State::Loaded,
            Load::Partitions(_) => State::PartitionsLoaded,
            Load::Not => {
                let indexed = |field: &&String| collection.indexes.values().any(|indexed| indexed == *field);
                match collection.vectors.iter().filter(indexed).count() {
                    0 => State::NoIndex,
                    some if some < collection.vectors.len() => State::PartlyIndexed,
                    _ => State::Indexed,
                }
            }
        })
    }

    /// Takes in a call that succeeded.
    pub fn succeeded(&mut self, operation: &str, request: &Value, answer: &Value) {
        let Some(name) = text(request, "collectionName") else { return };
        match operation {
            "collections/create" => drop(self.0.insert(name.to_owned(), made(request))),
            "collections/drop" => drop(self.0.remove(name)),
            "collections/rename" => {
                if let (Some(collection), Some(new)) = (self.0.remove(name), text(request, "newCollectionName")) {
                    self.0.insert(new.to_owned(), collection);
                }
            }
            _ => {
                if let Some(collection) = self.0.get_mut(name) {
                    collection.succeeded(operation, request, answer);
                }
            }
        }
    }
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

fn list<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// A collection as it is made: by quick setup, which indexes and loads it, or by a schema.
fn made(request: &Value) -> Collection {
    let mut collection = Collection::default();
    let is_vector = |field: &&Value| text(field, "dataType").is_some_and(|kind| kind.ends_with("Vector"));
    let by_schema = list(request, "/schema/fields").next().is_some();
    if by_schema {
        let vectors = list(request, "/schema/fields").filter(is_vector);
        collection.vectors = vectors.filter_map(|field| text(field, "fieldName")).map(str::to_owned).collect();
        collection.index(request);
    } else {
        let field = text(request, "vectorFieldName").unwrap_or("vector").to_owned();
        collection.indexes.insert(field.clone(), field.clone());
        collection.vectors.insert(field);
    }
    let indexed = |field: &String| collection.indexes.values().any(|indexed| indexed == field);
    // With a schema a collection is loaded as soon as its indexes allow for it.
    if !collection.indexes.is_empty() && collection.vectors.iter().all(indexed) {
        collection.load = Load::Loading;
    }
    collection
}

impl Collection {
    fn index(&mut self, request: &Value) {
        for index in list(request, "/indexParams") {
            if let Some(field) = text(index, "fieldName") {
                let name = text(index, "indexName").unwrap_or(field);
                self.indexes.insert(name.to_owned(), field.to_owned());
            }
        }
    }

    fn succeeded(&mut self, operation: &str, request: &Value, answer: &Value) {
        let names = || list(request, "/partitionNames").filter_map(Value::as_str).map(str::to_owned);
        match operation {
            "indexes/create" => self.index(request),
            "indexes/drop" => {
                text(request, "indexName").and_then(|name| self.indexes.remove(name));
            }
            "collections/load" if self.load != Load::Loaded => self.load = Load::Loading,
            "collections/release" => self.load = Load::Not,
            "partitions/load" => match &mut self.load {
                Load::Not => self.load = Load::Partitions(names().collect()),
                Load::Partitions(loaded) => loaded.extend(names()),
                Load::Loading | Load::Loaded => {}
            },
            "partitions/release" => {
                let mut rest = match &self.load {
                    Load::Not => return,
                    Load::Partitions(loaded) => loaded.clone(),
                    Load::Loading | Load::Loaded => BTreeSet::from(["*".to_owned()]),
                };
                rest.retain(|loaded| names().all(|name| name != *loaded));
                self.load = if rest.is_empty() { Load::Not } else { Load::Partitions(rest) };
            }
            "collections/get_load_state" if names().next().is_none() => {
                self.told(answer.pointer("/data/loadState").and_then(Value::as_str));
            }
            "collections/describe" => self.told(answer.pointer("/data/load").and_then(Value::as_str)),
            // Only what is loaded is searched.
            "entities/search" | "entities/query" | "entities/get" if self.load == Load::Loading => {
                self.load = Load::Loaded;
            }
            _ => {}
        }
    }

    fn told(&mut self, state: Option<&str>) {
        match state {
            Some("LoadStateLoaded") if self.load == Load::Loading => self.load = Load::Loaded,
            Some("LoadStateNotLoad" | "LoadStateNotLoaded") => self.load = Load::Not,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The states after each call.
    fn states(calls: &[(&str, Value, Value)]) -> Vec<Option<State>> {
        let mut states = States::default();
        let after = calls.iter().map(|(operation, request, answer)| {
            let mut request = request.clone();
            request["collectionName"] = "c".into();
            states.succeeded(operation, &request, answer);
            states.of(&request)
        });
        after.collect()
    }

    #[test]
    fn quick_setup_loads_and_a_schema_does_so_with_all_its_indexes() {
        let loaded = json!({"data": {"loadState": "LoadStateLoaded"}});
        let none = || json!({});
        let quick = [
            ("collections/create", json!({"dimension": 4}), none()),
            ("collections/get_load_state", none(), loaded),
            ("partitions/release", json!({"partitionNames": ["a"]}), none()),
            ("collections/release", none(), none()),
            ("indexes/drop", json!({"indexName": "vector"}), none()),
            ("collections/drop", none(), none()),
        ];
        let expected = [
            Some(State::Loading),
            Some(State::Loaded),
            Some(State::PartitionsLoaded),
            Some(State::Indexed),
            Some(State::NoIndex),
            None,
        ];
        assert_eq!(states(&quick), expected);
        let fields = json!([
            {"fieldName": "id", "dataType": "Int64"},
            {"fieldName": "a", "dataType": "FloatVector"},
            {"fieldName": "b", "dataType": "BinaryVector"},
        ]);
        let schema = [
            ("collections/create", json!({"schema": {"fields": fields}}), none()),
            ("indexes/create", json!({"indexParams": [{"fieldName": "a", "indexName": "x"}]}), none()),
            ("indexes/create", json!({"indexParams": [{"fieldName": "b"}]}), none()),
            ("partitions/load", json!({"partitionNames": ["p", "q"]}), none()),
            ("partitions/release", json!({"partitionNames": ["p"]}), none()),
            ("partitions/release", json!({"partitionNames": ["q"]}), none()),
            ("collections/load", none(), none()),
            ("entities/query", none(), none()),
            ("collections/describe", none(), json!({"data": {"load": "LoadStateNotLoad"}})),
        ];
        let expected = [
            State::NoIndex,
            State::PartlyIndexed,
            State::Indexed,
            State::PartitionsLoaded,
            State::PartitionsLoaded,
            State::Indexed,
            State::Loading,
            State::Loaded,
            State::Indexed,
        ];
        assert_eq!(states(&schema), expected.map(Some));
    }
}
