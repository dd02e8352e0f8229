//! What may change in a collection that is there: fields and functions are added and altered, rows taken away.

use super::super::failure::{self, MissingText};
use super::super::row::Row;
use super::super::schema;
use super::super::{Answer, Arguments, Model, Outcome, text};
use super::Collection;
use crate::profile::Version;
use serde_json::json;

/// The id of a compaction that found nothing to do.
const NO_COMPACTION: i64 = -1;

impl Collection {
    /// Takes over the changed schema as the one that the collection was made with.
    fn settle_schema(&mut self, version: Version) {
        if version >= Version(3, 0) {
            let last = self.schema.last_field_id().to_string();
            self.properties.insert("max_field_id".to_owned(), last);
        }
        self.definition.schema = self.schema.clone();
    }
}

pub(in crate::reference) fn add_field(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let collection = model.collection(arguments, MissingText::Find)?;
    let Some(node) = arguments.body.get("schema") else { return Err(failure::missing_keys("schema")) };
    let name = collection.name.clone();
    let value = collection.schema.add_field(node, &name, version)?;
    let added = text(node, "fieldName");
    let rows = collection.partitions.values_mut().flat_map(|partition| &mut partition.rows);
    rows.for_each(|Row { cells, dynamic }| {
        cells.push(value.clone());
        dynamic.remove(added);
    });
    collection.settle_schema(version);
    Ok(Answer::done())
}

pub(in crate::reference) fn alter_field(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let collection = model.collection(arguments, MissingText::Found)?;
    let params = schema::field_params(arguments.body.get("fieldParams"));
    let field = arguments.text("fieldName");
    if collection.is_in_use() && params.iter().any(|(key, _)| schema::moves_data(key)) {
        let action = "can not alter collection field properties if collection loaded";
        return Err(failure::loaded_collection(action, &collection.name));
    }
    collection.schema.check_alteration(field, &params, version)?;
    collection.schema.alter_field(field, params);
    collection.settle_schema(version);
    Ok(Answer::done())
}

/// Functions for keyword search are refused before anything is looked at.
fn refuse_keyword_function(version: Version, kind: &str, action: &str) -> Result<(), failure::Failure> {
    if kind == "BM25" {
        return Err(failure::unclassified(version, format!("currently does not support {action} BM25 function")));
    }
    Ok(())
}

pub(in crate::reference) fn add_function(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let Some(node) = arguments.body.get("function") else { return Err(failure::missing_keys("function")) };
    refuse_keyword_function(version, text(node, "type"), "adding")?;
    let collection = model.collection(arguments, MissingText::Found)?;
    collection.schema.add_function(node, version)?;
    collection.settle_schema(version);
    Ok(Answer::done())
}

pub(in crate::reference) fn alter_function(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let Some(node) = arguments.body.get("function") else { return Err(failure::missing_keys("function")) };
    refuse_keyword_function(version, text(node, "type"), "alter")?;
    let collection = model.collection(arguments, MissingText::Found)?;
    collection.schema.alter_function(arguments.text("functionName"), node, version)?;
    collection.settle_schema(version);
    Ok(Answer::done())
}

pub(in crate::reference) fn drop_function(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let collection = model.collection(arguments, MissingText::Found)?;
    collection.schema.drop_function(arguments.text("FunctionName"), version)?;
    collection.settle_schema(version);
    Ok(Answer::done())
}

/// Takes all rows away; schema, indexes and load stay.
pub(in crate::reference) fn truncate(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let collection = model.collection(arguments, MissingText::Found)?;
    for partition in collection.partitions.values_mut() {
        partition.rows.clear();
        partition.sealed = 0;
        partition.imported = 0;
    }
    Ok(Answer::done())
}

/// There are no segments in the model, hence never any to merge.
pub(in crate::reference) fn compact(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    model.database(arguments.database()).map_err(|missing| failure::limiter(&missing))?;
    model.named_collection(arguments, MissingText::Found)?;
    Ok(Answer::data(json!({"compactionID": NO_COMPACTION})))
}

/// Every compaction is over, those that never were as well.
#[expect(clippy::unnecessary_wraps, reason = "every operation has the same signature")]
pub(in crate::reference) fn get_compaction_state(_: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    Ok(Answer::data(json!({
        "compactionID": arguments.int("jobID").unwrap_or_default(),
        "completedPlanNumber": 0,
        "executingPlanNumber": 0,
        "state": "Completed",
        "timeoutPlanNumber": 0,
    })))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{call, data, quick, refused};
    use super::*;
    use crate::profile::Profile;
    use serde_json::Value;

    fn add(field: &Value) -> Value {
        json!({"collectionName": "c", "schema": field})
    }

    fn filled(profile: Profile) -> Model {
        let mut model = quick(profile);
        let rows = json!([{"id": 1, "vector": [1, 2], "added": "dynamic"}]);
        data(&mut model, "entities/insert", &json!({"collectionName": "c", "data": rows}));
        model
    }

    fn query(model: &mut Model) -> Value {
        let body = json!({"collectionName": "c", "filter": "id > 0", "outputFields": ["added"]});
        data(model, "entities/query", &body)
    }

    #[test]
    fn rows_from_before_hold_null_or_the_default_of_an_added_field() {
        let mut model = filled(Profile::Milvus26);
        let field = json!({"fieldName": "added", "dataType": "Int64", "nullable": true, "defaultValue": 7});
        data(&mut model, "collections/fields/add", &add(&field));
        assert_eq!(query(&mut model), json!([{"added": 7, "id": 1}]));
        let described = data(&mut model, "collections/describe", &json!({"collectionName": "c"}));
        assert_eq!((&described["fields"][2]["name"], &described["fields"][2]["id"]), (&json!("added"), &json!(103)));

        let mut model = filled(Profile::Milvus30);
        let field = json!({"fieldName": "added", "dataType": "Int64", "nullable": true});
        data(&mut model, "collections/fields/add", &add(&field));
        assert_eq!(query(&mut model), json!([{"added": null, "id": 1}]));
        assert_eq!(refused(&mut model, "collections/fields/add", &add(&field)), {
            (1100, "duplicated field name added: invalid parameter".to_owned())
        });
    }

    #[test]
    fn what_cannot_be_added_is_refused_and_adds_nothing() {
        let mut model = filled(Profile::Milvus26);
        for field in [
            json!({"fieldName": "n", "dataType": "Int64"}),
            json!({"fieldName": "n", "dataType": "Int64", "nullable": true, "isPrimary": true}),
            json!({"fieldName": "n", "dataType": "Int64", "nullable": true, "isPartitionKey": true}),
            json!({"fieldName": "$meta", "dataType": "JSON", "nullable": true}),
            json!({"fieldName": "n", "dataType": "Nope", "nullable": true}),
        ] {
            assert_eq!(refused(&mut model, "collections/fields/add", &add(&field)).0, 1100, "{field}");
        }
        let described = data(&mut model, "collections/describe", &json!({"collectionName": "c"}));
        assert_eq!(described["fields"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn of_a_field_its_limits_may_change() {
        let mut model = filled(Profile::Milvus26);
        let field = json!({
            "fieldName": "s", "dataType": "VarChar", "nullable": true, "elementTypeParams": {"max_length": 4},
        });
        data(&mut model, "collections/fields/add", &add(&field));
        let alter = |params: Value| json!({"collectionName": "c", "fieldName": "s", "fieldParams": params});
        let path = "collections/fields/alter_properties";
        data(&mut model, path, &alter(json!({"max_length": 9})));
        let described = data(&mut model, "collections/describe", &json!({"collectionName": "c"}));
        assert_eq!(described["fields"][2]["params"], json!([{"key": "max_length", "value": "9"}]));
        assert_eq!(refused(&mut model, path, &alter(json!({"dim": 9}))).0, 1100);
        assert_eq!(refused(&mut model, path, &alter(json!({"max_capacity": 9}))).0, 1100);
        assert_eq!(refused(&mut model, path, &alter(json!({"mmap.enabled": true}))).0, 104);
        data(&mut model, "collections/release", &json!({"collectionName": "c"}));
        data(&mut model, path, &alter(json!({"mmap.enabled": true})));
    }

    #[test]
    fn functions_are_kept_with_the_schema() {
        let mut model = quick(Profile::Milvus26);
        let field = json!({
            "fieldName": "s", "dataType": "VarChar", "nullable": true, "elementTypeParams": {"max_length": 4},
        });
        data(&mut model, "collections/fields/add", &add(&field));
        let function = |kind: &str, provider: &str| {
            json!({
                "name": "f", "type": kind, "inputFieldNames": ["s"], "outputFieldNames": ["vector"],
                "params": {"provider": provider},
            })
        };
        let body = |function: Value| json!({"collectionName": "c", "functionName": "f", "function": function});
        let functions = |model: &mut Model| {
            data(model, "collections/describe", &json!({"collectionName": "c"}))["functions"].clone()
        };
        let keyword = body(function("BM25", "one"));
        assert_eq!(refused(&mut model, "collections/add_function", &keyword).0, 65535);
        let embedding = body(function("TextEmbedding", "one"));
        assert!(call(&mut model, "collections/alter_function", &embedding).is_err());
        data(&mut model, "collections/add_function", &embedding);
        assert_eq!(refused(&mut model, "collections/add_function", &embedding).0, 1100);
        data(&mut model, "collections/alter_function", &body(function("TextEmbedding", "two")));
        let told = functions(&mut model);
        assert_eq!((&told[0]["type"], &told[0]["params"][0]["value"]), (&json!(2), &json!("two")));
        data(&mut model, "collections/drop_function", &json!({"collectionName": "c", "functionName": "f"}));
        assert_eq!(functions(&mut model), json!([]));
    }

    #[test]
    fn a_truncated_collection_is_empty_and_otherwise_as_it_was() {
        let mut model = filled(Profile::Milvus26);
        data(&mut model, "collections/flush", &json!({"collectionName": "c"}));
        data(&mut model, "collections/truncate", &json!({"collectionName": "c"}));
        assert_eq!(query(&mut model), json!([]));
        assert_eq!(data(&mut model, "collections/get_stats", &json!({"collectionName": "c"})), json!({"rowCount": 0}));
        assert_eq!(data(&mut model, "indexes/list", &json!({"collectionName": "c"})), json!(["vector"]));
        assert_eq!(refused(&mut model, "collections/truncate", &json!({"collectionName": "d"})).0, 100);
    }

    #[test]
    fn compactions_find_nothing_to_do() {
        let mut model = filled(Profile::Milvus25);
        let id = data(&mut model, "collections/compact", &json!({"collectionName": "c"}))["compactionID"].clone();
        let state = data(&mut model, "collections/get_compaction_state", &json!({"jobID": id}));
        assert_eq!((&state["compactionID"], &state["state"]), (&json!(-1), &json!("Completed")));
        let elsewhere = json!({"collectionName": "c", "dbName": "nope"});
        assert_eq!(refused(&mut model, "collections/compact", &elsewhere).0, 1807);
        assert_eq!(refused(&mut model, "collections/compact", &json!({"collectionName": "d"})).0, 100);
    }
}
