//! Loading, load states and dynamic keys.

use super::super::{is_success, parsed, success};
use super::Deed::{Accepts, Answers, Asks, Chats, Does, Nothing, Refuses};
use super::{Own, and_then, empty, is_loaded, is_released, items, own};
use serde_json::{Value, json};

const LOADED: [&str; 1] = ["LoadStateLoaded"];

pub(super) const TABLE: &[Own] = &[
    own(
        "load-loads-nothing",
        "A load is accepted and nothing loaded.",
        &["collections/load"],
        &["load.load.makes-readable", "load.state.loaded"],
        Nothing,
    ),
    own("load-chats", "A load answers more than {}.", &["collections/load"], &["load.load.empty-data"], Chats),
    own(
        "load-once",
        "Loading a loaded collection is refused.",
        &["collections/load"],
        &["load.load.repeat"],
        Refuses(is_loaded, 104, "collection already loaded"),
    ),
    own(
        "load-only-once-ever",
        "A collection that was released is never loaded again.",
        &["collections/load", "collections/release"],
        &["load.load.after-release"],
        Does(|broken, call| {
            if call.operation == "collections/release" {
                let key = call.collection();
                let loads = broken.memory().contains_key(&format!("{key} loaded"));
                if loads {
                    broken.memory().insert(key, Value::Null);
                }
                return None;
            }
            let key = call.collection();
            if broken.memory().contains_key(&key) {
                return Some(success(&empty()));
            }
            and_then(broken, call, || drop(broken.memory().insert(format!("{key} loaded"), Value::Null)))
        }),
    ),
    own(
        "load-of-nothing",
        "Loading a missing collection succeeds.",
        &["collections/load"],
        &["load.load.missing-collection"],
        Accepts("collection not found"),
    ),
    own(
        "load-without-index",
        "A collection without an index is loaded.",
        &["collections/load", "partitions/load"],
        &["load.load.index-first"],
        Accepts("index not found"),
    ),
    own(
        "load-without-every-index",
        "A collection with a vector that has no index is loaded.",
        &["collections/load"],
        &["load.load.every-vector-indexed"],
        Accepts("no vector index"),
    ),
    own(
        "load-failure-loads",
        "After a load that failed the state says that the collection is loaded.",
        &["collections/load", "collections/get_load_state"],
        &["load.load.failure-changes-nothing"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            let failed = !is_success(&parsed(&honest));
            if call.operation == "collections/load" {
                if failed {
                    broken.memory().insert(call.collection(), Value::Null);
                } else {
                    broken.memory().remove(&call.collection());
                }
                return Some(honest);
            }
            let claims = !failed && broken.memory().contains_key(&call.collection());
            let state = success(&json!({"loadState": LOADED[0], "loadProgress": 100}));
            Some(if claims { state } else { honest })
        }),
    ),
    own(
        "load-scalars-left-out",
        "Text fields of a schema can be neither filtered nor read.",
        &["entities/query", "entities/search"],
        &["load.load.all-fields"],
        Answers(|_, _, body| {
            for row in items(body, "/data") {
                if let Some(row) = row.as_object_mut() {
                    row.remove("title");
                }
            }
        }),
    ),
    own(
        "load-ends-at-99",
        "The progress of a loaded collection is 99.",
        &["collections/get_load_state"],
        &["load.state.loaded"],
        Answers(|_, call, body| {
            let of_load = call.body.get("partitionNames").is_none();
            if of_load && body["data"]["loadState"] == LOADED[0] && body["data"]["loadProgress"] == 100 {
                body["data"]["loadProgress"] = json!(99);
            }
        }),
    ),
    own(
        "load-state-never-loaded-again",
        "A collection that was released stays in the state Loading after its next load.",
        &["collections/load", "collections/get_load_state"],
        &["load.load.makes-readable", "load.state.loaded"],
        Does(|broken, call| {
            let key = call.collection();
            if call.operation == "collections/load" {
                return and_then(broken, call, || drop(broken.memory().insert(key, Value::Null)));
            }
            // A second look could find what the first did not.
            let honest = broken.honest(call);
            let mut body = parsed(&honest);
            if !broken.memory().contains_key(&key) || body["data"]["loadState"] != LOADED[0] {
                return Some(honest);
            }
            body["data"] = json!({"loadState": "LoadStateLoading", "loadProgress": 50});
            Some(super::super::json_answer(200, &body))
        }),
    ),
    own(
        "load-state-without-message",
        "The message of a load state is a number.",
        &["collections/get_load_state"],
        &["load.state.message"],
        Answers(|_, _, body| {
            if body["data"]["loadState"] == LOADED[0] {
                body["message"] = json!(7);
            }
        }),
    ),
    own(
        "load-state-released-with-progress",
        "A collection that is not loaded has a progress.",
        &["collections/get_load_state"],
        &["load.state.released", "load.state.never-loaded"],
        Answers(|_, _, body| {
            if body["data"]["loadState"] == "LoadStateNotLoad" {
                body["data"]["loadProgress"] = json!(100);
            }
        }),
    ),
    own(
        "load-state-never-loaded-is-loaded",
        "A collection that was never loaded is in the state loaded.",
        &["collections/get_load_state", "collections/release"],
        &["load.state.never-loaded"],
        Does(|broken, call| {
            if call.operation == "collections/release" {
                return and_then(broken, call, || drop(broken.memory().insert(call.collection(), Value::Null)));
            }
            let body = parsed(&broken.honest(call));
            let never = !broken.memory().contains_key(&call.collection());
            let claims = never && body["data"]["loadState"] == "LoadStateNotLoad";
            claims.then(|| success(&json!({"loadState": LOADED[0], "loadProgress": 100})))
        }),
    ),
    own(
        "load-state-of-nothing",
        "A missing collection has a load state.",
        &["collections/get_load_state"],
        &["collection.get_load_state.missing-collection"],
        Accepts("collection not found"),
    ),
    own(
        "load-state-described-otherwise",
        "describe always says that a collection is loaded.",
        &["collections/describe"],
        &["load.state.described"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["load"] = json!(LOADED[0]);
            }
        }),
    ),
    own(
        "load-state-described-never",
        "describe never says that a collection is loaded.",
        &["collections/describe"],
        &["load.state.described", "collection.describe.answers"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["load"] = json!("LoadStateNotLoad");
            }
        }),
    ),
    own(
        "load-inserts-stay-unseen",
        "Rows inserted into a loaded collection are found only after another load.",
        &["entities/insert", "collections/load"],
        &["load.insert.found", "entity.insert.inserts"],
        Does(|broken, call| {
            let key = call.collection();
            if call.operation == "collections/load" {
                let waiting = broken.memory().remove(&key);
                return and_then(broken, call, || {
                    for rows in waiting.into_iter().flat_map(|waiting| waiting.as_array().cloned().unwrap_or_default())
                    {
                        broken.ask(call, "entities/insert", rows);
                    }
                });
            }
            if !is_loaded(broken, call) {
                return None;
            }
            // Fixtures wait for six rows at least; they are let through, else no check would be reached.
            if call.body["data"].as_array().is_some_and(|rows| rows.len() > 2) {
                return None;
            }
            let answer = broken.reference.copy().answer(call.request);
            if is_success(&parsed(&answer)) {
                let mut memory = broken.memory();
                let waiting = memory.entry(key).or_insert_with(|| json!([]));
                waiting.as_array_mut()?.push(call.body.clone());
            }
            Some(answer)
        }),
    ),
    own(
        "load-inserts-while-released-are-lost",
        "Rows inserted while a collection is released are never found.",
        &["entities/insert"],
        &["load.insert.while-released"],
        Does(|broken, call| is_released(broken, call).then(|| broken.reference.copy().answer(call.request))),
    ),
    own(
        "load-dynamic-keys-are-lost",
        "Keys outside of the schema are dropped.",
        &["entities/insert"],
        &["load.dynamic.stores", "load.dynamic.available"],
        Asks(|_, _, body| {
            for row in items(body, "/data") {
                if let Some(row) = row.as_object_mut() {
                    row.retain(|key, _| !["color", "pages"].contains(&key.as_str()));
                }
            }
        }),
    ),
    own(
        "load-dynamic-keys-unfiltered",
        "Dynamic keys select nothing in filters.",
        &["entities/query", "entities/search"],
        &["load.dynamic.available"],
        Asks(|_, call, body| {
            if ["color", "pages"].iter().any(|key| call.text("filter").contains(key)) {
                body["filter"] = json!("id < 0");
            }
        }),
    ),
    own(
        "load-dynamic-meta",
        "$meta is accepted as a field and as a key.",
        &["entities/insert", "collections/create"],
        &["load.dynamic.reserved"],
        Accepts("$meta"),
    ),
];
