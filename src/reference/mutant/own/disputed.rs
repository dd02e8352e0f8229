//! Points that documents tell in several ways: answers that have none of the told forms.

use super::super::{is_failure, json_answer, parsed};
use super::Deed::{Answers, Asks, Does};
use super::{Call, Own, aliases_of, exists, own, refusal};
use crate::exchange::Response;
use serde_json::{Value, json};

/// A failure without a word, which no document has.
fn mute() -> Response {
    json_answer(200, &json!({"code": 65535}))
}

fn has_field(call: &Call<'_>, wanted: impl Fn(&Value) -> bool) -> bool {
    call.body["schema"]["fields"].as_array().is_some_and(|fields| fields.iter().any(wanted))
}

pub(super) const TABLE: &[Own] = &[
    own(
        "disputed-rename-mute",
        "A collection with an alias is refused its new name without a word.",
        &["collections/rename"],
        &["collection.rename.alias-disputed"],
        Does(|broken, call| (!aliases_of(broken, call, call.text("collectionName")).is_empty()).then(mute)),
    ),
    own(
        "disputed-flush-mute",
        "A second flush is refused without a word.",
        &["collections/flush"],
        &["collection.flush.rate-disputed"],
        Does(|broken, call| is_failure(&parsed(&broken.reference.copy().answer(call.request))).then(mute)),
    ),
    own(
        "disputed-property-mute",
        "The property mmmap.enabled is refused without a word.",
        &["collections/alter_properties"],
        &["collection.properties.misspelt"],
        Does(|_, call| (!call.body["properties"]["mmmap.enabled"].is_null()).then(mute)),
    ),
    own(
        "disputed-null-default-mute",
        "A default that is null is refused without a word.",
        &["collections/create"],
        &["collection.create.null-default"],
        Does(|_, call| (has_field(call, |field| field.get("defaultValue").is_some_and(Value::is_null))).then(mute)),
    ),
    own(
        "disputed-default-text-mute",
        "A default in text is refused without a word.",
        &["collections/create"],
        &["collection.create.default-as-text"],
        Does(|_, call| {
            (has_field(call, |field| field["dataType"] == "Int64" && field["defaultValue"].is_string())).then(mute)
        }),
    ),
    own(
        "disputed-keyed-partitions",
        "A partition key brings 15 partitions.",
        &["partitions/list"],
        &["collection.create.keyed-partitions"],
        Answers(|_, _, body| {
            if let Some(names) = body["data"].as_array_mut().filter(|names| names.len() == 16) {
                names.pop();
            }
        }),
    ),
    own(
        "disputed-session-mute",
        "The level Session is refused without a word.",
        &["collections/create"],
        &["collection.create.session"],
        Does(|_, call| (call.body["params"]["consistencyLevel"] == "Session").then(mute)),
    ),
    own(
        "disputed-second-index-mute",
        "The index of a text is refused without a word.",
        &["indexes/create"],
        &["index.create.several"],
        Does(|_, call| (call.body["indexParams"][0]["fieldName"] == "title").then(mute)),
    ),
    own(
        "disputed-isolation-mixes",
        "A search that names the key of one owner finds the rows of all.",
        &["entities/search"],
        &["partition.key.isolated-search"],
        Asks(|_, call, body| {
            if call.text("filter") == "owner == 1" {
                body["filter"] = json!("");
            }
        }),
    ),
    own(
        "disputed-keyword-key-mute",
        "A row with a keyword among its keys is refused without a word.",
        &["entities/insert"],
        &["entity.insert.keyword-key"],
        Does(|_, call| (!call.body["data"][0]["like"].is_null()).then(mute)),
    ),
    own(
        "disputed-large-number",
        "Large numbers among dynamic keys come back as text.",
        &["entities/query"],
        &["value.large-json-numbers"],
        Answers(|_, _, body| {
            if body["data"][0]["huge"].is_number() {
                body["data"][0]["huge"] = json!("huge");
            }
        }),
    ),
    own(
        "disputed-text-left-out-mute",
        "A row without its text is refused without a word.",
        &["entities/insert"],
        &["entity.insert.text-left-out"],
        Does(|_, call| {
            (!call.body["data"][0]["facts"].is_null() && call.body["data"][0]["title"].is_null()).then(mute)
        }),
    ),
    own(
        "disputed-append-nothing",
        "ARRAY_APPEND is accepted and does nothing.",
        &["entities/upsert"],
        &["entity.update.append"],
        Does(|broken, call| call.body.get("fieldOps").is_some().then(|| broken.reference.copy().answer(call.request))),
    ),
    own(
        "disputed-group-size-mute",
        "groupSize alone is refused without a word.",
        &["entities/search"],
        &["search.group-size-alone"],
        Does(|_, call| (!call.body["groupSize"].is_null() && call.body["groupingField"].is_null()).then(mute)),
    ),
    own(
        "disputed-group-nullable-mute",
        "A search by groups is refused without a word.",
        &["entities/search"],
        &["search.group-by-nullable"],
        Does(|_, call| (call.text("groupingField") == "shelf").then(mute)),
    ),
    own(
        "disputed-ids-mute",
        "A search by keys is refused without a word.",
        &["entities/search"],
        &["search.by-ids-disputed"],
        Does(|_, call| (!call.body["ids"].is_null()).then(mute)),
    ),
    own(
        "disputed-several-queries-mute",
        "A hybrid search with several query vectors is refused without a word.",
        &["entities/hybrid_search"],
        &["hybrid.several-queries"],
        Does(|_, call| (call.body["search"][0]["data"].as_array().is_some_and(|data| data.len() == 2)).then(mute)),
    ),
    own(
        "disputed-bare-search-mute",
        "A hybrid search without filters is refused without a word.",
        &["entities/hybrid_search"],
        &["hybrid.bare-search"],
        Does(|_, call| (call.body["search"][0]["data"].as_array().is_some_and(|data| data.len() == 1)).then(mute)),
    ),
    own(
        "disputed-guide-path",
        "The path of the guides finds no operation.",
        &[],
        &["hybrid.guide-path"],
        Does(|_, call| (call.operation == "entities/advanced_search").then(|| refusal(1100, "there is no such path"))),
    ),
    own(
        "disputed-revoke-mute",
        "Revoking what was not granted is refused without a word.",
        &["roles/revoke_privilege"],
        &["role.revoke.disputed"],
        Does(|broken, call| {
            (broken.ask(call, "roles/describe", json!({"roleName": call.text("roleName")}))["data"] == json!([]))
                .then(mute)
        }),
    ),
    own(
        "disputed-revoke-role-mute",
        "Taking a role is refused without a word.",
        &["users/revoke_role"],
        &["user.revoke-role.disputed"],
        Does(|broken, call| {
            (broken.ask(call, "users/describe", json!({"userName": call.text("userName")}))["data"] == json!([]))
                .then(mute)
        }),
    ),
    own(
        "disputed-global-mute",
        "A privilege of the type Global on one object is refused without a word.",
        &["roles/grant_privilege"],
        &["role.grant.global-disputed"],
        Does(|_, call| (call.text("objectType") == "Global" && call.text("objectName") != "*").then(mute)),
    ),
    own(
        "disputed-denied-mute",
        "Who lacks a right is refused without a word.",
        &["collections/drop"],
        &["role.rights.denied-form"],
        Does(|broken, call| (broken.reference.copy().answer(call.request).status == 403).then(mute)),
    ),
    own(
        "disputed-grants-doubled",
        "What a role was granted on a collection that was dropped is listed twice.",
        &["roles/describe"],
        &["role.grants-of-dropped"],
        Answers(|broken, call, body| {
            let name = body["data"][0]["objectName"].as_str().unwrap_or("*").to_owned();
            if name != "*" && !exists(broken, call, &name) {
                let grant = body["data"][0].clone();
                body["data"] = json!([grant, grant]);
            }
        }),
    ),
    own(
        "disputed-v1-hundred-mute",
        "A long insert of v1 is refused without a word.",
        &["v1/entities/insert"],
        &["v1.insert.hundred"],
        Does(|_, call| (call.body["data"].as_array().is_some_and(|rows| rows.len() > 100)).then(mute)),
    ),
    own(
        "disputed-v1-example-mute",
        "The example of a search of v1 is refused without a word.",
        &["v1/entities/search"],
        &["v1.search.example"],
        Does(|_, call| (!call.body["annsField"].is_null()).then(mute)),
    ),
    own(
        "disputed-v1-offset-mute",
        "An offset of 0 is refused without a word.",
        &["v1/entities/query"],
        &["v1.query.zero-offset"],
        Does(|_, call| (call.body["offset"] == json!(0)).then(mute)),
    ),
    own(
        "disputed-added-vector-mute",
        "A vector field is refused without a word.",
        &["collections/fields/add"],
        &["field.add.vector-disputed"],
        Does(|_, call| (call.body["schema"]["dataType"] == "FloatVector").then(mute)),
    ),
];
