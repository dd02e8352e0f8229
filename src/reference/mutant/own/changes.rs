//! What changes in databases, collections, indexes and fields after they were made; analyzers.

use super::super::is_success;
use super::Deed::{Accepts, Answers, Asks, Does, Refuses};
use super::{Broken, Call, Own, and_then, items, own};
use serde_json::{Value, json};

/// The names of the properties that this description tells.
fn keys(described: &Value) -> Vec<String> {
    let entries = described["data"]["properties"].as_array().cloned().unwrap_or_default();
    entries.iter().filter_map(|entry| entry["key"].as_str().map(str::to_owned)).collect()
}

fn of_database(broken: &Broken, call: &Call<'_>) -> Vec<String> {
    keys(&broken.ask(call, "databases/describe", json!({"dbName": call.text("dbName")})))
}

fn of_collection(broken: &Broken, call: &Call<'_>) -> Vec<String> {
    keys(&broken.ask(call, "collections/describe", json!({"collectionName": call.text("collectionName")})))
}

/// Whether a call drops nothing that is there.
fn drops_unset(call: &Call<'_>, present: &[String]) -> bool {
    let asked = call.body["propertyKeys"].as_array().map_or(&[][..], Vec::as_slice);
    !present.is_empty() && !asked.is_empty() && asked.iter().all(|key| !present.iter().any(|one| key == one))
}

/// Those of the properties that the call does not give.
fn others(call: &Call<'_>, present: Vec<String>) -> Vec<String> {
    present.into_iter().filter(|key| call.body["properties"].get(key).is_none()).collect()
}

fn releases(broken: &Broken, call: &Call<'_>) {
    broken.ask(call, "collections/release", json!({"collectionName": call.text("collectionName")}));
}

pub(super) const TABLE: &[Own] = &[
    own(
        "database-alter-replaces",
        "Properties given to a database take away all others.",
        &["databases/alter_properties"],
        &["database.alter.sets"],
        Does(|broken, call| {
            let others = others(call, of_database(broken, call));
            and_then(broken, call, || {
                let body = json!({"dbName": call.text("dbName"), "propertyKeys": others});
                broken.ask(call, "databases/drop_properties", body);
            })
        }),
    ),
    own(
        "database-alter-nothing",
        "An alteration of a database without properties is accepted.",
        &["databases/alter"],
        &["database.alter.nothing"],
        Accepts("empty"),
    ),
    own(
        "database-alter-once",
        "Properties that a database has are not given again.",
        &["databases/alter"],
        &["database.alter.repeat"],
        Refuses(
            |broken, call| {
                let present = of_database(broken, call);
                call.body["properties"]
                    .as_object()
                    .is_some_and(|given| !given.is_empty() && given.keys().all(|key| present.contains(key)))
            },
            1100,
            "the properties are set already: invalid parameter",
        ),
    ),
    own(
        "database-alter-of-nothing",
        "A missing database is altered.",
        &["databases/alter"],
        &["database.alter.missing"],
        Accepts("database not found"),
    ),
    own(
        "database-drop-properties-of-nothing",
        "Properties of a missing database are dropped.",
        &["databases/drop_properties"],
        &["database.drop-properties.missing"],
        Accepts("database not found"),
    ),
    own(
        "database-drop-properties-all",
        "Dropping one property of a database drops all.",
        &["databases/drop_properties"],
        &["database.drop-properties.resets"],
        Asks(|broken, call, body| {
            if !call.text("dbName").is_empty() {
                body["propertyKeys"] = json!(of_database(broken, call));
            }
        }),
    ),
    own(
        "database-drop-properties-unset",
        "Dropping a property that a database does not have is refused.",
        &["databases/drop_properties"],
        &["database.drop-properties.unset"],
        Refuses(
            |broken, call| drops_unset(call, &of_database(broken, call)),
            1100,
            "there is no such property: invalid parameter",
        ),
    ),
    own(
        "collection-alter-replaces",
        "Properties given to a collection take away all others.",
        &["collections/alter_properties"],
        &["collection.properties.alter"],
        Does(|broken, call| {
            let others = others(call, of_collection(broken, call));
            and_then(broken, call, || {
                let body = json!({"collectionName": call.text("collectionName"), "propertyKeys": others});
                broken.ask(call, "collections/drop_properties", body);
            })
        }),
    ),
    own(
        "collection-drop-properties-all",
        "Dropping one property of a collection drops all.",
        &["collections/drop_properties"],
        &["collection.properties.drop"],
        Asks(|broken, call, body| {
            if body["propertyKeys"].as_array().is_some_and(|asked| !asked.is_empty()) {
                body["propertyKeys"] = json!(of_collection(broken, call));
            }
        }),
    ),
    own(
        "collection-drop-properties-unset",
        "Dropping a property that a collection does not have is refused.",
        &["collections/drop_properties"],
        &["collection.properties.drop-unset"],
        Refuses(
            |broken, call| drops_unset(call, &of_collection(broken, call)),
            1100,
            "there is no such property: invalid parameter",
        ),
    ),
    own(
        "collection-alter-nothing",
        "An alteration of a collection without properties is accepted.",
        &["collections/alter_properties", "collections/drop_properties"],
        &["collection.properties.nothing"],
        Accepts("delete"),
    ),
    own(
        "collection-alter-loaded",
        "The mmap setting of a loaded collection is changed.",
        &["collections/alter_properties"],
        &["collection.properties.needs-release"],
        Accepts("can not alter mmap properties"),
    ),
    own(
        "collection-alter-mmap-never",
        "The mmap setting of a collection is never changed.",
        &["collections/alter_properties"],
        &["collection.properties.needs-release"],
        Refuses(
            |_, call| call.body["properties"].get("mmap.enabled").is_some(),
            104,
            "can not alter mmap properties if collection loaded: collection already loaded[collection=c]",
        ),
    ),
    own(
        "collection-ttl-any",
        "Any time to live is accepted.",
        &["collections/alter_properties"],
        &["collection.properties.ttl"],
        Accepts("collection TTL"),
    ),
    own(
        "collection-ttl-only-small",
        "The longest time to live is refused.",
        &["collections/alter_properties"],
        &["collection.properties.ttl"],
        Refuses(
            |_, call| call.body["properties"]["collection.ttl.seconds"] == "3155760000",
            1100,
            "collection TTL is out of range: invalid parameter",
        ),
    ),
    own(
        "collection-flush-at-any-rate",
        "A collection is flushed as often as asked for.",
        &["collections/flush"],
        &["collection.flush.rate"],
        Accepts("rate limit exceeded"),
    ),
    own(
        "collection-compact-without-object",
        "A compaction answers a number alone.",
        &["collections/compact"],
        &["collection.compact.answers"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"] = json!({"compactionID": "-1"});
            }
        }),
    ),
    own(
        "collection-compact-of-nothing",
        "A missing collection is compacted.",
        &["collections/compact"],
        &["collection.compact.missing"],
        Accepts("collection not found"),
    ),
    own(
        "compaction-state-of-another",
        "The state of a compaction is told with another id.",
        &["collections/get_compaction_state"],
        &["collection.compaction-state.tells"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["compactionID"] = json!(77);
            }
        }),
    ),
    own(
        "compaction-state-with-plans",
        "A compaction that never was has plans.",
        &["collections/get_compaction_state"],
        &["collection.compaction-state.unknown"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["completedPlanNumber"] = json!(5);
            }
        }),
    ),
    own(
        "truncate-releases",
        "A truncated collection is released.",
        &["collections/truncate"],
        &["collection.truncate.keeps"],
        Does(|broken, call| and_then(broken, call, || releases(broken, call))),
    ),
    own(
        "refresh-load-releases",
        "A refreshed collection is released.",
        &["collections/refresh_load"],
        &["collection.refresh-load.loaded"],
        Does(|broken, call| and_then(broken, call, || releases(broken, call))),
    ),
    own(
        "refresh-load-released",
        "The load of a released collection is refreshed.",
        &["collections/refresh_load"],
        &["collection.refresh-load.released"],
        Accepts("collection not loaded"),
    ),
    own(
        "refresh-load-unindexed",
        "The load of a collection without index is refreshed.",
        &["collections/refresh_load"],
        &["collection.refresh-load.unindexed"],
        Accepts("index not found[collection="),
    ),
    own(
        "field-add-no-vector",
        "No vector is added to a collection.",
        &["collections/fields/add"],
        &["field.add.vector"],
        Refuses(
            |_, call| call.body["schema"]["dataType"].as_str().is_some_and(|name| name.ends_with("Vector")),
            1100,
            "not support to add vector field",
        ),
    ),
    own(
        "field-add-another-type",
        "A field is added with another type.",
        &["collections/fields/add"],
        &["field.add.adds"],
        Asks(|_, _, body| {
            if body["schema"]["dataType"] == "Int64" {
                body["schema"]["dataType"] = json!("Int32");
            }
        }),
    ),
    own(
        "field-add-without-default",
        "The default of an added field is left out.",
        &["collections/fields/add"],
        &["field.add.old-rows"],
        Asks(|_, _, body| {
            if let Some(schema) = body["schema"].as_object_mut() {
                schema.remove("defaultValue");
            }
        }),
    ),
    own(
        "field-add-required",
        "A field that is not nullable is added.",
        &["collections/fields/add"],
        &["field.add.nullable"],
        Accepts("must be nullable"),
    ),
    own(
        "field-add-never",
        "No field is ever added.",
        &["collections/fields/add"],
        &["field.add.nullable", "field.add.adds"],
        Refuses(|_, call| call.body["schema"]["nullable"] == true, 1100, "not support to add field: invalid parameter"),
    ),
    own(
        "field-add-twice",
        "A field is added whose name is taken.",
        &["collections/fields/add"],
        &["field.add.taken"],
        Accepts("field name"),
    ),
    own(
        "field-add-dynamic",
        "The dynamic field is added.",
        &["collections/fields/add"],
        &["field.add.dynamic"],
        Accepts("system field"),
    ),
    own(
        "field-add-keys",
        "A second primary key and a partition key are added.",
        &["collections/fields/add"],
        &["field.add.keys"],
        Accepts("not support to add p"),
    ),
    own(
        "field-alter-longer",
        "The greatest length of a field becomes ten times what was asked for.",
        &["collections/fields/alter_properties"],
        &["field.alter.length"],
        Asks(|_, _, body| {
            if let Some(length) = body["fieldParams"]["max_length"].as_i64() {
                body["fieldParams"]["max_length"] = json!(length * 10);
            }
        }),
    ),
    own(
        "field-alter-unknown",
        "Any parameter of a field is changed.",
        &["collections/fields/alter_properties"],
        &["field.alter.unknown"],
        Accepts("does not allow update"),
    ),
    own(
        "field-alter-loaded",
        "The mmap setting of a field is changed while its collection is loaded.",
        &["collections/fields/alter_properties"],
        &["field.alter.needs-release"],
        Accepts("can not alter collection field properties"),
    ),
    own(
        "field-alter-mmap-never",
        "The mmap setting of a field is never changed.",
        &["collections/fields/alter_properties"],
        &["field.alter.needs-release"],
        Refuses(
            |_, call| call.body["fieldParams"].get("mmap.enabled").is_some(),
            104,
            "can not alter collection field properties if collection loaded: collection already loaded[collection=c]",
        ),
    ),
    own(
        "function-add-keyword",
        "BM25 functions are accepted, without effect.",
        &["collections/add_function", "collections/alter_function"],
        &["function.add.keyword", "function.missing-collection"],
        Accepts("does not support"),
    ),
    own(
        "function-drop-of-nothing",
        "A function of a missing collection is dropped.",
        &["collections/drop_function"],
        &["function.missing-collection"],
        Accepts("collection not found"),
    ),
    own(
        "index-alter-loaded",
        "The mmap setting of an index is changed while its collection is loaded.",
        &["indexes/alter_properties"],
        &["index.properties.needs-release"],
        Accepts("can't alter index on loaded collection"),
    ),
    own(
        "index-alter-unknown",
        "Any property of an index is set.",
        &["indexes/alter_properties", "indexes/drop_properties"],
        &["index.properties.unknown"],
        Accepts("is not a configable index prop"),
    ),
    own(
        "index-alter-of-nothing",
        "Properties of a missing index are set.",
        &["indexes/alter_properties"],
        &["index.properties.missing"],
        Accepts("index not found[indexName="),
    ),
    own(
        "analyzer-keeps-case",
        "The standard analyzer leaves capitals as they are.",
        &["common/run_analyzer"],
        &["analyzer.standard"],
        Asks(|_, _, body| {
            if body["analyzerParams"] == r#"{"type": "standard"}"# {
                body["analyzerParams"] = json!(r#"{"tokenizer": "standard"}"#);
            }
        }),
    ),
    own(
        "analyzer-turns-texts-round",
        "The entries of the answer come in another order than the texts.",
        &["common/run_analyzer"],
        &["analyzer.texts"],
        Answers(|_, _, body| items(body, "/data/results").reverse()),
    ),
    own(
        "analyzer-keeps-details",
        "The places of tokens are told to nobody.",
        &["common/run_analyzer"],
        &["analyzer.details"],
        Asks(|_, _, body| {
            if let Some(body) = body.as_object_mut() {
                body.remove("withDetail");
            }
        }),
    ),
    own(
        "analyzer-chats",
        "The places of tokens are told without being asked for.",
        &["common/run_analyzer"],
        &["analyzer.details"],
        Asks(|_, _, body| body["withDetail"] = json!(true)),
    ),
    own(
        "analyzer-any",
        "Any analyzer is accepted.",
        &["common/run_analyzer"],
        &["analyzer.unknown"],
        Accepts("create tokenizer failed"),
    ),
];
