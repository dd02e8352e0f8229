//! What guides say beyond the reference.

use super::Deed::{Accepts, Answers, Asks, Does, Ignores, Refuses};
use super::{Own, empty, own, success};
use serde_json::{Value, json};

/// Takes a part out of the configuration of a resource group.
fn forget(body: &mut Value, part: &str) {
    if let Some(config) = body.pointer_mut("/resource_group/config").and_then(Value::as_object_mut) {
        config.remove(part);
    }
}

pub(super) const TABLE: &[Own] = &[
    own(
        "guides-any-zone",
        "A collection may be in a zone that does not exist.",
        &["collections/alter_properties"],
        &["collection.properties.zone"],
        Accepts("IANA"),
    ),
    own(
        "guides-any-zone-of-database",
        "A database may be in a zone that does not exist.",
        &["databases/alter_properties"],
        &["database.properties.zone"],
        Accepts("IANA"),
    ),
    own(
        "guides-dynamic-switch",
        "The switch of the dynamic field is dropped.",
        &["collections/drop_properties"],
        &["collection.properties.dynamic-switch"],
        Accepts("cannot delete key"),
    ),
    own(
        "guides-two-ends",
        "Rows may be over after a time and at a time.",
        &["collections/alter_properties"],
        &["collection.properties.ttl-field"],
        Accepts("ttl field"),
    ),
    own(
        "guides-field-too-many",
        "A collection of 64 fields takes another.",
        &["collections/fields/add"],
        &["field.add.room"],
        Accepts("number"),
    ),
    own(
        "guides-capacity-stays",
        "The capacity of an array stays as it was.",
        &["collections/fields/alter_properties"],
        &["field.alter.capacity"],
        Does(|broken, call| {
            let capacity = &call.body["fieldParams"]["max_capacity"];
            (!capacity.is_null()).then(|| broken.reference.copy().answer(call.request))
        }),
    ),
    own(
        "guides-any-default",
        "Values of every type may have a default.",
        &["collections/create"],
        &["collection.create.default-kinds"],
        Accepts("Unexpected default value type"),
    ),
    own(
        "guides-any-function",
        "A function may read and write whatever it likes.",
        &["collections/create"],
        &["collection.create.keyword-function"],
        Accepts("unction"),
    ),
    own(
        "guides-any-keyword-metric",
        "Words may be indexed with any metric.",
        &["indexes/create"],
        &["index.create.keyword-metric"],
        Accepts("BM25"),
    ),
    own(
        "guides-one-json-path",
        "A JSON field has one index only.",
        &["indexes/create"],
        &["index.create.json-paths"],
        Refuses(
            |broken, call| {
                let asked = &call.body["indexParams"][0]["params"]["json_path"];
                let body = json!({"collectionName": call.text("collectionName")});
                !asked.is_null() && broken.ask(call, "indexes/list", body)["data"] != json!([])
            },
            65535,
            "CreateIndex failed: creating multiple indexes on same field is not supported",
        ),
    ),
    own(
        "guides-external-index-dropped",
        "The index of an external collection is dropped.",
        &["indexes/drop"],
        &["index.drop.external"],
        Accepts("external collection"),
    ),
    own(
        "guides-function-output-sent",
        "A row may bring what a function writes.",
        &["entities/insert"],
        &["entity.insert.function-output"],
        Accepts("function output field"),
    ),
    own(
        "guides-function-output-asked",
        "What a function writes may be asked for.",
        &["entities/search", "entities/query"],
        &["entity.search.function-output"],
        Accepts("not allowed to retrieve"),
    ),
    own(
        "guides-own-keys-never",
        "The property that lets keys in is accepted and does nothing.",
        &["collections/alter_properties"],
        &["entity.insert.own-keys"],
        Does(|broken, call| {
            let allowed = &call.body["properties"]["allow_insert_auto_id"];
            (!allowed.is_null()).then(|| broken.reference.copy().answer(call.request))
        }),
    ),
    own(
        "guides-update-unloaded",
        "A partial update of a released collection is accepted.",
        &["entities/upsert"],
        &["entity.update.needs-load"],
        Accepts("collection not loaded"),
    ),
    own(
        "guides-update-any-field",
        "A partial update may name fields that are not there.",
        &["entities/upsert"],
        &["entity.update.known-fields"],
        Accepts("has pass more field"),
    ),
    own(
        "guides-append-replaces",
        "Arrays are replaced whatever is asked for.",
        &["entities/upsert"],
        &["entity.update.append-refused"],
        Ignores(&["fieldOps"]),
    ),
    own(
        "guides-range-any-order",
        "The bounds of a range may stand in any order.",
        &["entities/search"],
        &["search.range-order"],
        Accepts("range_filter"),
    ),
    own(
        "guides-null-vector-found",
        "A row without a vector is a hit.",
        &["entities/search"],
        &["search.null-vectors"],
        Answers(|_, _, body| {
            if let Some(hits) = body["data"].as_array_mut().filter(|hits| hits.len() == 1) {
                hits.push(json!({"id": 2, "distance": 0.0}));
            }
        }),
    ),
    own(
        "guides-null-vector-asked",
        "A filter may ask whether a vector is null.",
        &["entities/query"],
        &["filter.null-vectors"],
        Accepts("not supported on vector fields"),
    ),
    own(
        "guides-import-two-partitions",
        "An import may name two partitions.",
        &["jobs/import/create"],
        &["import.create.one-partition"],
        Accepts("partitionName"),
    ),
    own(
        "guides-external-untold",
        "An external collection does not tell its source.",
        &["collections/describe"],
        &["external.described"],
        Answers(|_, _, body| {
            if body["data"]["externalSource"].is_string() {
                body["data"]["externalSource"] = json!("");
            }
        }),
    ),
    own(
        "guides-external-properties",
        "An external collection may have a time to live.",
        &["collections/alter_properties"],
        &["external.properties"],
        Accepts("external collection"),
    ),
    own(
        "guides-group-transfers-untold",
        "A resource group does not tell where its nodes come from.",
        &["resource_groups/describe"],
        &["resource-group.transfer-groups"],
        Answers(|_, _, body| forget(body, "transfer_from")),
    ),
    own(
        "guides-group-transfers-nowhere",
        "A resource group may take its nodes from a group that is not there.",
        &["resource_groups/alter"],
        &["resource-group.transfer-groups.missing"],
        Accepts("resource group in `Transfer"),
    ),
    own(
        "guides-group-filter-untold",
        "A resource group does not tell which nodes it wants.",
        &["resource_groups/describe"],
        &["resource-group.node-filter"],
        Answers(|_, _, body| forget(body, "node_filter")),
    ),
    own(
        "guides-group-nodes-untold",
        "A resource group does not tell its nodes.",
        &["resource_groups/describe"],
        &["resource-group.describe.nodes"],
        Answers(|_, _, body| {
            if let Some(group) = body["resource_group"].as_object_mut() {
                group.remove("nodes");
            }
        }),
    ),
    own(
        "guides-password-alone",
        "One of the two passwords is enough.",
        &["users/update_password"],
        &["user.update.together"],
        Does(|_, call| {
            let given = ["password", "newPassword"].map(|key| !call.body[key].is_null());
            (given[0] != given[1]).then(|| success(&empty()))
        }),
    ),
    own(
        "guides-v1-ten",
        "A search of v1 without a limit answers ten entities.",
        &["v1/entities/search"],
        &["v1.search.default-limit"],
        Asks(|_, call, body| {
            if call.body["limit"].is_null() {
                body["limit"] = json!(10);
            }
        }),
    ),
    own(
        "guides-get-otherwise",
        "A get answers truth values and shapes as text of its own.",
        &["entities/get"],
        &["value.same-everywhere"],
        Answers(|_, _, body| {
            for key in ["flag", "shape"] {
                if !body["data"][0][key].is_null() {
                    body["data"][0][key] = json!("otherwise");
                }
            }
        }),
    ),
    own(
        "guides-no-small-index",
        "Fields of type Int8 are not indexed.",
        &["indexes/create"],
        &["index.create.scalar-types"],
        Refuses(
            |_, call| call.body["indexParams"][0]["fieldName"] == "i8",
            1100,
            "no index for this type: invalid parameter",
        ),
    ),
];
