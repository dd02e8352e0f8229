//! Schemas, limits, states, and points that documents tell in several ways.

use super::super::{is_failure, is_success, json_answer, parsed, success};
use super::Deed::{Accepts, Answers, Asks, Does, Ignores, Refuses};
use super::{Broken, Call, Own, empty, exists, is_loaded, is_released, items, own};
use crate::exchange::Response;
use serde_json::{Value, json};

/// Neither of the forms that an answer may have: a failure without a word.
fn mute() -> Response {
    json_answer(200, &json!({"code": 65535}))
}

/// The fields of the schema that a create asks for.
fn fields<'c>(call: &'c Call<'_>) -> &'c [Value] {
    call.body["schema"]["fields"].as_array().map_or(&[], Vec::as_slice)
}

fn has_field(call: &Call<'_>, wanted: impl Fn(&Value) -> bool) -> bool {
    fields(call).iter().any(wanted)
}

fn number_of(call: &Call<'_>, kind: &str) -> usize {
    fields(call).iter().filter(|field| field["dataType"] == kind).count()
}

fn indexes(broken: &Broken, call: &Call<'_>) -> Value {
    broken.ask(call, "indexes/list", json!({"collectionName": call.text("collectionName")}))["data"].clone()
}

fn is_unindexed(broken: &Broken, call: &Call<'_>) -> bool {
    indexes(broken, call) == json!([])
}

/// Whether a vector field called front is all that has an index.
fn is_half_indexed(broken: &Broken, call: &Call<'_>) -> bool {
    indexes(broken, call) == json!(["by_front"])
}

/// Whether some partitions are loaded and others are not.
fn is_partly_loaded(broken: &Broken, call: &Call<'_>) -> bool {
    let collection = json!({"collectionName": call.text("collectionName")});
    let names = broken.ask(call, "partitions/list", collection)["data"].clone();
    let asked = json!({"collectionName": call.text("collectionName"), "partitionNames": names});
    let state = broken.ask(call, "collections/get_load_state", asked);
    state["data"]["loadProgress"] == json!(-1)
}

fn first_index<'c>(call: &'c Call<'_>) -> &'c Value {
    &call.body["indexParams"][0]
}

/// What is refused is made under another name, so that the refusal leaves something.
#[expect(clippy::unnecessary_wraps, reason = "it is a deed")]
fn leaves_something(broken: &Broken, call: &Call<'_>) -> Option<Response> {
    let honest = broken.honest(call);
    if is_failure(&parsed(&honest)) && !exists(broken, call, call.text("collectionName")) {
        let body = json!({"collectionName": call.text("collectionName"), "dimension": 4});
        broken.ask(call, "collections/create", body);
    }
    Some(honest)
}

pub(super) const TABLE: &[Own] = &[
    own(
        "rules-key-nullable",
        "A primary field that may be null, or has a default, is taken for an ordinary one.",
        &["collections/create"],
        &["collection.create.key-not-null"],
        Accepts("primary field not support"),
    ),
    own(
        "rules-partition-keys",
        "Several partition keys are accepted.",
        &["collections/create"],
        &["collection.create.one-partition-key"],
        Accepts("more than one partition key"),
    ),
    own(
        "rules-partition-key-type",
        "A partition key may be of any type.",
        &["collections/create"],
        &["collection.create.partition-key-type"],
        Accepts("data type of partition key"),
    ),
    own(
        "rules-partition-key-nullable",
        "A partition key may be null.",
        &["collections/create"],
        &["collection.create.partition-key-not-null"],
        Accepts("partition key field not support nullable"),
    ),
    own(
        "rules-partition-key-refused",
        "No field can be the partition key.",
        &["collections/create"],
        &["collection.create.one-partition-key"],
        Refuses(
            |_, call| has_field(call, |field| field["isPartitionKey"] == json!(true)),
            65535,
            "there are more than one partition key",
        ),
    ),
    own(
        "rules-field-keywords",
        "Words of filters may name fields.",
        &["collections/create"],
        &["collection.create.field-keywords"],
        Asks(|_, _, body| {
            for field in items(body, "/schema/fields") {
                if ["in", "like", "not"].iter().any(|word| field["fieldName"] == *word) {
                    field["fieldName"] = json!("word");
                }
            }
        }),
    ),
    own(
        "rules-field-names",
        "Any text may name a field.",
        &["collections/create"],
        &["collection.create.field-name-form"],
        Asks(|_, _, body| {
            for field in items(body, "/schema/fields") {
                let name = field["fieldName"].as_str().unwrap_or_default();
                if name.len() > 255 || name.starts_with('1') || name.contains([' ', '-']) {
                    field["fieldName"] = json!("some");
                }
            }
        }),
    ),
    own(
        "rules-field-names-short",
        "The name of a field has at most 100 bytes.",
        &["collections/create"],
        &["collection.create.field-name-form"],
        Refuses(
            |_, call| has_field(call, |field| field["fieldName"].as_str().is_some_and(|name| name.len() > 100)),
            1701,
            "field name too long: field name invalid[field=x]",
        ),
    ),
    own(
        "rules-field-names-alike",
        "Two fields may have one name.",
        &["collections/create"],
        &["collection.create.field-names-differ"],
        Accepts("duplicated field name"),
    ),
    own(
        "rules-numbers-only",
        "The dimension of a field has to be a number.",
        &["collections/create"],
        &["collection.create.numbers-as-text"],
        Refuses(
            |_, call| has_field(call, |field| field["elementTypeParams"]["dim"].is_string()),
            65535,
            "invalid dimension: text",
        ),
    ),
    own(
        "rules-texts-ignored",
        "A dimension given as text is taken for 8.",
        &["collections/create"],
        &["collection.create.numbers-as-text"],
        Asks(|_, _, body| {
            for field in items(body, "/schema/fields") {
                if field.pointer("/elementTypeParams/dim").is_some_and(Value::is_string) {
                    field["elementTypeParams"]["dim"] = json!(8);
                }
            }
        }),
    ),
    own(
        "rules-type-names-mute",
        "A type that is spelt as in the tables is refused without a word.",
        &["collections/create"],
        &["collection.create.type-names"],
        Does(|_, call| {
            let spelt = has_field(call, |field| field["dataType"].as_str().is_some_and(|kind| kind.contains('.')));
            spelt.then(mute)
        }),
    ),
    own(
        "rules-auto-id-untold",
        "describe tells of generated keys by a word.",
        &["collections/describe"],
        &["collection.create.auto-id-spelling"],
        Answers(|_, _, body| {
            if body.pointer("/data/autoId") == Some(&json!(true)) {
                body["data"]["autoId"] = json!("yes");
            }
        }),
    ),
    own(
        "rules-dynamic-untold",
        "describe tells of the dynamic field by a word.",
        &["collections/describe"],
        &["collection.create.dynamic-spelling"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["enableDynamicField"] = json!("perhaps");
            }
        }),
    ),
    own(
        "rules-least-dimension-mute",
        "One dimension is refused without a word.",
        &["collections/create"],
        &["collection.create.least-dimension"],
        Does(|_, call| (call.body["dimension"] == json!(1)).then(mute)),
    ),
    own(
        "rules-binary-dimension",
        "A binary vector may have any dimension.",
        &["collections/create"],
        &["collection.create.binary-dimension"],
        Accepts("multiple of 8"),
    ),
    own(
        "rules-max-length",
        "A text may be of any length.",
        &["collections/create"],
        &["collection.create.max-length-range"],
        Accepts("maximum length specified"),
    ),
    own(
        "rules-max-length-short",
        "A text has at most 1024 bytes.",
        &["collections/create"],
        &["collection.create.max-length-range"],
        Refuses(
            |_, call| has_field(call, |field| field["elementTypeParams"]["max_length"] == json!(65535)),
            1100,
            "the maximum length specified for the field should be in (0, 1024]",
        ),
    ),
    own(
        "rules-capacity",
        "An array may hold any number of elements.",
        &["collections/create"],
        &["collection.create.capacity-range"],
        Accepts("maximum capacity"),
    ),
    own(
        "rules-capacity-unsaid",
        "An array need not say how much it holds.",
        &["collections/create"],
        &["collection.create.capacity-range"],
        Accepts("max_capacity"),
    ),
    own(
        "rules-quick-wins",
        "Beside a schema, generated keys of quick setup are switched on.",
        &["collections/create"],
        &["collection.create.schema-wins-all"],
        Asks(|_, _, body| {
            if body.get("autoID") == Some(&json!(true)) && body.get("schema").is_some() {
                body["schema"]["autoID"] = json!(true);
            }
        }),
    ),
    own(
        "rules-nothing-left-behind",
        "A create that fails at its indexes is undone.",
        &["collections/create"],
        &["collection.create.left-behind"],
        Does(|broken, call| {
            let before = exists(broken, call, call.text("collectionName"));
            let honest = broken.honest(call);
            if is_failure(&parsed(&honest)) && !before {
                broken.ask(call, "collections/drop", json!({"collectionName": call.text("collectionName")}));
            }
            Some(honest)
        }),
    ),
    own(
        "rules-something-left",
        "A create that fails at its schema makes a quick collection.",
        &["collections/create"],
        &["collection.create.nothing-left", "limit.shards.most"],
        Does(leaves_something),
    ),
    own(
        "rules-consistency-name",
        "describe tells the level by a number.",
        &["collections/describe"],
        &["collection.describe.consistency-name"],
        Answers(|_, _, body| {
            if body.pointer("/data/consistencyLevel") == Some(&json!("Eventually")) {
                body["data"]["consistencyLevel"] = json!("3");
            }
        }),
    ),
    own(
        "rules-rename-stays",
        "A rename never moves a collection to another database.",
        &["collections/rename"],
        &["collection.rename.moves"],
        Ignores(&["newDbName"]),
    ),
    own(
        "rules-rename-in-default-only",
        "Collections of another database than default are not renamed.",
        &["collections/rename"],
        &["collection.rename.default-database"],
        Refuses(|_, call| !call.text("dbName").is_empty(), 65535, "target database:x not found"),
    ),
    own(
        "rules-rename-copies",
        "A rename in another database leaves the old name.",
        &["collections/rename"],
        &["collection.rename.default-database"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            if is_success(&parsed(&honest)) {
                let again = json!({"collectionName": call.text("collectionName"), "dimension": 4});
                broken.ask(call, "collections/create", again);
            }
            Some(honest)
        }),
    ),
    own(
        "rules-rename-nowhere",
        "A rename in a missing database succeeds.",
        &["collections/rename"],
        &["collection.rename.missing-database"],
        Accepts("database"),
    ),
    own(
        "rules-rename-any-name",
        "A rename to an ill-formed name succeeds.",
        &["collections/rename"],
        &["collection.rename.name-form"],
        Accepts("Invalid collection name"),
    ),
    own(
        "rules-drop-nowhere",
        "Dropping a collection of a missing database is an error.",
        &["collections/drop"],
        &["collection.drop.missing-database"],
        Refuses(
            |broken, call| {
                let database = json!({"dbName": call.text("dbName")});
                !call.text("dbName").is_empty() && is_failure(&broken.ask(call, "collections/list", database))
            },
            800,
            "database not found[database=x]",
        ),
    ),
    own(
        "rules-index-typed-without-metric",
        "An index of a named type without metric is accepted.",
        &["indexes/create"],
        &["index.create.typed-needs-metric"],
        Accepts("metric type not set"),
    ),
    own(
        "rules-index-untyped-mute",
        "A vector index without type and metric is refused without a word.",
        &["indexes/create"],
        &["index.create.untyped"],
        Does(|_, call| {
            let index = first_index(call);
            let bare = index["fieldName"] == "vector" && index.get("metricType").is_none();
            (bare && index.get("indexType").is_none()).then(mute)
        }),
    ),
    own(
        "rules-index-scalar-metric",
        "A scalar index needs a metric.",
        &["indexes/create"],
        &["index.create.scalar-without-metric"],
        Refuses(
            |_, call| first_index(call)["fieldName"] == "title" && first_index(call).get("metricType").is_none(),
            1100,
            "metric type not set: invalid parameter",
        ),
    ),
    own(
        "rules-index-type-beside",
        "indexType beside the name of the field is not read.",
        &["indexes/create"],
        &["index.create.type-beside"],
        Asks(|_, _, body| {
            if let Some(index) = body.pointer_mut("/indexParams/0").and_then(Value::as_object_mut)
                && index.contains_key("metricType")
                && index.remove("indexType").is_some()
            {
                index.remove("params");
            }
        }),
    ),
    own(
        "rules-index-type-in-params",
        "params.index_type is not read.",
        &["indexes/create"],
        &["index.create.type-in-params"],
        Asks(|_, _, body| {
            if body.pointer("/indexParams/0/params/index_type").is_some() {
                body["indexParams"][0]["params"] = json!({});
            }
        }),
    ),
    own(
        "rules-index-type-in-config",
        "indexConfig makes an index of a type that nobody asked for.",
        &["indexes/create"],
        &["index.create.type-in-config"],
        Asks(|_, _, body| {
            if body.pointer("/indexParams/0/indexConfig").is_some() {
                body["indexParams"][0]["indexType"] = json!("FLAT");
            }
        }),
    ),
    own(
        "rules-index-never-automatic",
        "No index is of type AUTOINDEX.",
        &["indexes/describe"],
        &["index.create.zilliz-type"],
        Answers(|_, _, body| {
            if let Some(kind) = body.pointer_mut("/data/0/indexType") {
                *kind = json!("HNSW");
            }
        }),
    ),
    own(
        "rules-index-binary-any-metric",
        "Binary vectors are indexed with any metric.",
        &["indexes/create"],
        &["index.create.binary-metrics"],
        Accepts("binary vector index does not support"),
    ),
    own(
        "rules-index-binary-hamming-only",
        "Binary vectors are indexed with HAMMING alone.",
        &["indexes/create"],
        &["index.create.binary-metrics"],
        Refuses(
            |_, call| first_index(call)["metricType"] == "JACCARD",
            1100,
            "binary vector index does not support metric type: JACCARD",
        ),
    ),
    own(
        "rules-index-name-long",
        "The name of an index may have any length.",
        &["indexes/create"],
        &["index.create.name-length"],
        Accepts("Invalid index name"),
    ),
    own(
        "rules-index-nothing-refused",
        "A request for no index is refused.",
        &["indexes/create"],
        &["index.create.nothing"],
        Refuses(
            |_, call| call.body["indexParams"] == json!([]),
            1802,
            "missing required parameters, error: indexParams",
        ),
    ),
    own(
        "rules-index-all-or-nothing",
        "Of several indexes all are made or none.",
        &["indexes/create"],
        &["index.create.earlier-kept"],
        Does(|broken, call| {
            let honest = broken.reference.copy().answer(call.request);
            is_failure(&parsed(&honest)).then_some(honest)
        }),
    ),
    own(
        "rules-alias-again-mute",
        "Making an alias again is refused without a word.",
        &["aliases/create"],
        &["alias.create.again"],
        Does(|broken, call| {
            let owner = super::owner(broken, call, call.text("aliasName"))?;
            (owner == call.text("collectionName")).then(mute)
        }),
    ),
    own(
        "rules-alias-refused-yet-moved",
        "An alias of another collection is moved, and refused all the same.",
        &["aliases/create"],
        &["alias.create.refused-keeps"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            if parsed(&honest)["code"] == json!(1602) {
                broken.ask(call, "aliases/alter", call.body.clone());
            }
            Some(honest)
        }),
    ),
    own(
        "rules-alias-short",
        "The name of an alias has at most 100 bytes.",
        &["aliases/create"],
        &["alias.create.name-length"],
        Refuses(|_, call| call.text("aliasName").len() > 100, 1100, "Invalid collection alias: too long"),
    ),
    own(
        "rules-delete-by-id-mute",
        "A delete by id is refused without a word.",
        &["entities/delete"],
        &["entity.delete.by-id"],
        Does(|_, call| call.body.get("id").map(|_| mute())),
    ),
    own(
        "rules-upsert-without-key",
        "A row without a key is upserted.",
        &["entities/upsert"],
        &["entity.upsert.needs-key"],
        Accepts("fail to deal the insert data"),
    ),
    own(
        "rules-key-twice-mute",
        "A key that exists is refused without a word.",
        &["entities/insert"],
        &["entity.insert.key-twice"],
        Does(|broken, call| {
            let id = call.body["data"][0].get("id")?.clone();
            let asked = json!({"collectionName": call.text("collectionName"), "id": [id]});
            let found = broken.ask(call, "entities/get", asked)["data"][0].is_object();
            found.then(mute)
        }),
    ),
    own(
        "rules-window-bound-mute",
        "Exactly 16384 rows or hits are refused without a word.",
        &["entities/query", "entities/search"],
        &["entity.query.window-bound", "entity.search.window-bound"],
        Does(|_, call| (call.body["limit"] == json!(16_384)).then(mute)),
    ),
    own(
        "rules-no-bound-mute",
        "A query with neither a filter nor a limit is refused without a word.",
        &["entities/query"],
        &["entity.query.no-bound"],
        Does(|_, call| (call.body.get("filter").is_none() && call.body.get("limit").is_none()).then(mute)),
    ),
    own(
        "rules-cost-text",
        "The cost of a query is a text.",
        &["entities/query"],
        &["entity.query.cost"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["cost"] = json!("nothing");
            }
        }),
    ),
    own(
        "rules-flat-vector-mute",
        "A flat vector is refused without a word.",
        &["entities/search"],
        &["entity.search.flat-vector"],
        Does(|_, call| call.body["data"][0].is_number().then(mute)),
    ),
    own(
        "rules-other-level-mute",
        "A search of another level is refused without a word.",
        &["entities/search"],
        &["entity.search.other-level"],
        Does(|_, call| (call.text("consistencyLevel") == "Eventually").then(mute)),
    ),
    own(
        "rules-names-as-text-mute",
        "The name of a partition as text is refused without a word.",
        &["collections/get_load_state"],
        &["load.state.names-as-text"],
        Does(|_, call| call.body["partitionNames"].is_string().then(mute)),
    ),
    own(
        "rules-fields-few",
        "A collection has at most 60 fields.",
        &["collections/create"],
        &["limit.fields.room"],
        Refuses(|_, call| fields(call).len() > 60, 65535, "maximum field's number should be limited to 60"),
    ),
    own(
        "rules-fields-any",
        "A collection has any number of fields.",
        &["collections/create"],
        &["limit.fields.most"],
        Accepts("maximum field's number"),
    ),
    own(
        "rules-vectors-few",
        "A collection has at most three vector fields.",
        &["collections/create"],
        &["limit.vector-fields.room"],
        Refuses(
            |_, call| number_of(call, "FloatVector") > 3,
            65535,
            "maximum vector field's number should be limited to 3",
        ),
    ),
    own(
        "rules-vectors-any",
        "A collection has any number of vector fields.",
        &["collections/create"],
        &["limit.vector-fields.most"],
        Accepts("maximum vector field's number"),
    ),
    own(
        "rules-shards-one",
        "A collection has one shard, whatever was asked for.",
        &["collections/create"],
        &["limit.shards.room", "limit.shards.most"],
        Asks(|_, _, body| {
            if body.pointer("/params/shardsNum").is_some() {
                body["params"]["shardsNum"] = json!(1);
            }
        }),
    ),
    own(
        "rules-partitions-few",
        "A collection has at most 1,000 partitions.",
        &["partitions/create"],
        &["limit.partitions.room"],
        Refuses(
            |_, call| call.text("partitionName") == "p1000",
            65535,
            "partition number (1000) exceeds max configuration (1000)",
        ),
    ),
    own(
        "rules-partitions-mute",
        "One partition too many is refused without a word.",
        &["partitions/create"],
        &["limit.partitions.next"],
        Does(|_, call| (call.text("partitionName") == "next").then(mute)),
    ),
    own(
        "rules-unindexed-bound",
        "A collection without index is not renamed.",
        &["collections/rename"],
        &["state.unindexed.free"],
        Refuses(is_unindexed, 700, "index not found[collection=x]"),
    ),
    own(
        "rules-unindexed-readable",
        "A collection without index is read as if it were empty.",
        &["entities/search", "entities/query", "entities/get", "entities/delete"],
        &["state.unindexed.unreadable"],
        Does(|broken, call| is_unindexed(broken, call).then(|| success(&json!([])))),
    ),
    own(
        "rules-half-indexed-bound",
        "A collection with a vector field left without index is not renamed.",
        &["collections/rename"],
        &["state.half-indexed.free"],
        Refuses(is_half_indexed, 65535, "there is no vector index on field: [back]"),
    ),
    own(
        "rules-half-indexed-readable",
        "A collection with a vector field left without index is read as if it were empty.",
        &["entities/search", "entities/query"],
        &["state.half-indexed.unreadable"],
        Does(|broken, call| is_half_indexed(broken, call).then(|| success(&json!([])))),
    ),
    own(
        "rules-released-bound",
        "A partition is dropped from a loaded collection alone.",
        &["partitions/drop"],
        &["state.released.free", "state.unindexed.free", "state.half-indexed.free"],
        Refuses(is_released, 101, "collection not loaded[collection=1]"),
    ),
    own(
        "rules-loaded-bound",
        "A loaded collection is not renamed.",
        &["collections/rename"],
        &["state.loaded.free", "state.partly-loaded.free"],
        Refuses(is_loaded, 104, "collection already loaded[collection=x]"),
    ),
    own(
        "rules-partly-loaded-load-rest",
        "A load of a collection with loaded partitions leaves it as it is.",
        &["collections/load"],
        &["state.partly-loaded.load-rest"],
        Does(|broken, call| is_partly_loaded(broken, call).then(|| success(&empty()))),
    ),
    own(
        "rules-partly-loaded-bound",
        "No partition is dropped while others are loaded.",
        &["partitions/drop"],
        &["state.partly-loaded.free"],
        Refuses(is_partly_loaded, 65535, "partition cannot be dropped, partition is loaded, please release it first"),
    ),
    own(
        "rules-partly-loaded-index-dropped",
        "The index of a collection with loaded partitions is dropped.",
        &["indexes/drop"],
        &["state.partly-loaded.keeps"],
        Does(|broken, call| is_partly_loaded(broken, call).then(|| success(&empty()))),
    ),
    own(
        "rules-partly-loaded-readable",
        "Released partitions are read as if they were empty.",
        &["entities/query", "entities/search"],
        &["state.partly-loaded.unreadable"],
        Accepts("partition not loaded"),
    ),
];
