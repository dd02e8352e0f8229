//! Indexes.

use super::super::{is_success, parsed, success};
use super::Deed::{Accepts, Answers, Asks, Does, Nothing, Refuses};
use super::{Broken, Call, Own, and_then, empty, is_loaded, is_released, own};
use serde_json::{Value, json};

fn named(broken: &Broken, call: &Call<'_>, index: &str) -> Value {
    let body = json!({"collectionName": call.text("collectionName"), "indexName": index});
    broken.ask(call, "indexes/describe", body)
}

fn first_name<'c>(call: &'c Call<'_>) -> &'c str {
    call.body["indexParams"][0]["indexName"].as_str().unwrap_or_default()
}

pub(super) const TABLE: &[Own] = &[
    own(
        "index-create-makes-nothing",
        "An index is accepted and not made.",
        &["indexes/create"],
        &["index.create.creates"],
        Nothing,
    ),
    own(
        "index-create-another-metric",
        "An index gets another metric than the one asked for.",
        &["indexes/create"],
        &["index.create.creates"],
        Asks(|_, _, body| {
            if body["indexParams"][0]["metricType"] == "IP" {
                body["indexParams"][0]["metricType"] = json!("L2");
            }
        }),
    ),
    own(
        "index-create-once",
        "The same index is refused the second time.",
        &["indexes/create"],
        &["index.create.repeat"],
        Refuses(|broken, call| is_success(&named(broken, call, first_name(call))), 65535, "index already exists"),
    ),
    own(
        "index-create-listed-twice",
        "Making the same index again lists it twice.",
        &["indexes/create", "indexes/list"],
        &["index.create.repeat"],
        Does(|broken, call| {
            if call.operation == "indexes/create" {
                if is_success(&named(broken, call, first_name(call))) {
                    broken.memory().insert(call.collection(), json!(first_name(call)));
                }
                return None;
            }
            let twice = broken.memory().get(&call.collection()).cloned()?;
            let mut body = parsed(&broken.honest(call));
            body["data"].as_array_mut()?.push(twice);
            Some(super::super::json_answer(200, &body))
        }),
    ),
    own(
        "index-create-second",
        "A second index on a field is accepted.",
        &["indexes/create"],
        &["index.create.one-per-field"],
        Accepts("multiple indexes on same field"),
    ),
    own(
        "index-create-one-in-all",
        "A collection that has an index gets no other on another field.",
        &["indexes/create"],
        &["index.create.one-per-field"],
        Refuses(
            |broken, call| {
                let body = broken.ask(call, "indexes/list", json!({"collectionName": call.text("collectionName")}));
                body["data"]
                    .as_array()
                    .is_some_and(|names| !names.is_empty() && !names.contains(&json!(first_name(call))))
            },
            65535,
            "CreateIndex failed: at most one index",
        ),
    ),
    own(
        "index-create-other-parameters",
        "An index made again with another metric is accepted.",
        &["indexes/create"],
        &["index.create.other-parameters"],
        Accepts("distinct index"),
    ),
    own(
        "index-create-changes-parameters",
        "An index made again with another metric shows that metric, beside the refusal.",
        &["indexes/create", "indexes/describe"],
        &["index.create.other-parameters"],
        Does(|broken, call| {
            if call.operation == "indexes/create" {
                let honest = broken.honest(call);
                if parsed(&honest)["message"].as_str().is_some_and(|message| message.contains("distinct index")) {
                    broken.memory().insert(call.collection(), call.body["indexParams"][0]["metricType"].clone());
                }
                return Some(honest);
            }
            let metric = broken.memory().get(&call.collection()).cloned()?;
            let mut body = parsed(&broken.honest(call));
            *body.pointer_mut("/data/0/metricType")? = metric;
            Some(super::super::json_answer(200, &body))
        }),
    ),
    own(
        "index-create-on-a-missing-field",
        "An index on a missing field is accepted.",
        &["indexes/create"],
        &["index.create.missing-field"],
        Accepts("non-exist field"),
    ),
    own(
        "index-create-any-type",
        "Any index type is accepted.",
        &["indexes/create"],
        &["index.create.unknown-type"],
        Accepts("invalid index type"),
    ),
    own(
        "index-create-any-metric",
        "Any metric is accepted.",
        &["indexes/create"],
        &["index.create.metric"],
        Accepts("does not support metric type"),
    ),
    own(
        "index-create-any-name",
        "Any text is accepted as the name of an index.",
        &["indexes/create"],
        &["index.create.name-form"],
        Accepts("Invalid index name"),
    ),
    own(
        "index-default-name",
        "The index of quick setup has a name of its own.",
        &["indexes/list"],
        &["index.create.default-name", "collection.create.quick"],
        Answers(|_, _, body| {
            if body["data"] == json!(["vector"]) {
                body["data"] = json!(["idx_0"]);
            }
        }),
    ),
    own(
        "index-list-never-empty",
        "A collection without an index has one in its list.",
        &["indexes/list"],
        &["index.list.none", "collection.create.unindexed-unloaded"],
        Answers(|_, _, body| {
            if body["data"] == json!([]) {
                body["data"] = json!(["vector"]);
            }
        }),
    ),
    own(
        "index-list-of-none-refused",
        "The empty list of indexes is answered as a failure.",
        &["indexes/list"],
        &["index.list.none"],
        Does(|broken, call| {
            let none = parsed(&broken.honest(call))["data"] == json!([]);
            none.then(|| super::refusal(700, "index not found"))
        }),
    ),
    own(
        "index-describe-of-nothing",
        "A missing index is described.",
        &["indexes/describe"],
        &["index.describe.missing"],
        Accepts("index not found"),
    ),
    own(
        "index-drop-drops-nothing",
        "A drop of an index leaves it where it is.",
        &["indexes/drop"],
        &["index.drop.drops"],
        Nothing,
    ),
    own(
        "index-drop-while-loaded",
        "The vector index of a loaded collection is dropped.",
        &["indexes/drop"],
        &["index.drop.loaded"],
        Does(|broken, call| {
            if !is_loaded(broken, call) {
                return None;
            }
            broken.ask(call, "collections/release", json!({"collectionName": call.text("collectionName")}));
            and_then(broken, call, || {})
        }),
    ),
    own(
        "index-drop-never",
        "The vector index is not dropped after the release either.",
        &["indexes/drop"],
        &["index.drop.loaded", "index.drop.drops"],
        Refuses(
            |broken, call| is_success(&named(broken, call, call.text("indexName"))),
            65535,
            "index cannot be dropped, collection is loaded, please release it first",
        ),
    ),
    own(
        "index-drop-misses-a-missing-one",
        "Dropping an index that does not exist is refused.",
        &["indexes/drop"],
        &["index.drop.missing"],
        Refuses(
            |broken, call| is_released(broken, call) && !is_success(&named(broken, call, call.text("indexName"))),
            700,
            "index not found",
        ),
    ),
    own(
        "index-drop-keeps-loading",
        "A collection whose index was dropped can still be loaded.",
        &["collections/load"],
        &["index.drop.drops", "load.load.index-first"],
        Does(|broken, call| {
            let refused = parsed(&broken.reference.copy().answer(call.request))["code"] == json!(700);
            refused.then(|| success(&empty()))
        }),
    ),
];
