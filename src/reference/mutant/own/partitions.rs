//! Partitions.

use super::super::{is_failure, is_success, parsed, success};
use super::Deed::{Accepts, Answers, Asks, Chats, Does, Ignores, Nothing, Refuses};
use super::{Broken, Call, Own, and_then, empty, is_loaded, lose_rows, own};
use serde_json::{Value, json};

fn named(call: &Call<'_>) -> Vec<String> {
    let names = call.body["partitionNames"].as_array().cloned().unwrap_or_default();
    names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

fn has(broken: &Broken, call: &Call<'_>, partition: &str) -> Option<bool> {
    let body = json!({"collectionName": call.text("collectionName"), "partitionName": partition});
    broken.ask(call, "partitions/has", body)["data"]["has"].as_bool()
}

/// Whether the partitions that the call names are all loaded.
fn are_loaded(broken: &Broken, call: &Call<'_>) -> bool {
    let body = json!({"collectionName": call.text("collectionName"), "partitionNames": call.body["partitionNames"]});
    broken.ask(call, "collections/get_load_state", body)["data"]["loadState"] == "LoadStateLoaded"
}

fn release_one(broken: &Broken, call: &Call<'_>) {
    let partition = call.text("partitionName");
    let body = json!({"collectionName": call.text("collectionName"), "partitionNames": [partition]});
    broken.ask(call, "partitions/release", body);
}

fn remembers_the_dropped(broken: &Broken, call: &Call<'_>) -> Option<crate::exchange::Response> {
    let key = format!("{}/{}", call.collection(), call.text("partitionName"));
    if has(broken, call, call.text("partitionName")) != Some(true) {
        return None;
    }
    and_then(broken, call, || drop(broken.memory().insert(key, json!(call.text("partitionName")))))
}

pub(super) const TABLE: &[Own] = &[
    own(
        "partition-release-releases-nothing",
        "A released partition stays loaded.",
        &["partitions/release"],
        &[
            "partition.release.unloads",
            "partition.release.several",
            "partition.release.state-by-name",
            "partition.release.last",
        ],
        Nothing,
    ),
    own(
        "partition-release-says-only",
        "A partition that is not loaded can be read all the same.",
        &["entities/search", "entities/query"],
        &["partition.release.unloads", "partition.load.loads"],
        Accepts("partition not loaded"),
    ),
    own(
        "partition-release-releases-all",
        "Releasing one partition releases all.",
        &["partitions/release"],
        &["partition.release.others-stay"],
        Does(|broken, call| {
            let all = json!({"collectionName": call.text("collectionName")});
            and_then(broken, call, || drop(broken.ask(call, "collections/release", all)))
        }),
    ),
    own(
        "partition-release-only-the-first",
        "Of several partitions named, the first is released.",
        &["partitions/release"],
        &["partition.release.several", "partition.release.last"],
        Asks(|_, _, body| {
            if let Some(names) = body.pointer_mut("/partitionNames").and_then(Value::as_array_mut) {
                names.truncate(1);
            }
        }),
    ),
    own(
        "partition-release-rest-unread",
        "A read that names no partition is refused when one is not loaded.",
        &["partitions/release", "entities/query"],
        &["partition.release.rest-readable"],
        Does(|broken, call| {
            let key = call.collection();
            if call.operation == "partitions/release" {
                return and_then(broken, call, || drop(broken.memory().insert(key, Value::Null)));
            }
            let partly = call.body.get("partitionNames").is_none() && broken.memory().contains_key(&key);
            partly.then(|| super::refusal(201, "fail to Query on QueryNode 1: partition not loaded[partition=1]"))
        }),
    ),
    own(
        "partition-release-last-is-not-last",
        "When all its partitions are released the collection is still loaded.",
        &["partitions/release", "collections/get_load_state"],
        &["partition.release.last", "partition.release.several"],
        Does(|broken, call| {
            let key = call.collection();
            if call.operation == "partitions/release" {
                return and_then(broken, call, || drop(broken.memory().insert(key, Value::Null)));
            }
            let body = parsed(&broken.honest(call));
            let claims = body["data"]["loadState"] == "LoadStateNotLoad" && broken.memory().contains_key(&key);
            claims.then(|| success(&json!({"loadState": "LoadStateLoaded", "loadProgress": 100})))
        }),
    ),
    own(
        "partition-release-state-by-name",
        "A released partition is in the state loaded as long as another is.",
        &["collections/get_load_state"],
        &["partition.release.state-by-name", "partition.release.unloads", "partition.load.loads"],
        Answers(|_, _, body| {
            if body["data"]["loadProgress"] == json!(-1) {
                body["data"] = json!({"loadState": "LoadStateLoaded", "loadProgress": 100});
            }
        }),
    ),
    own(
        "partition-release-loses-rows",
        "The rows of a released partition are lost.",
        &["partitions/release"],
        &["partition.release.keeps-data"],
        Does(|broken, call| {
            named(call).iter().for_each(|name| lose_rows(broken, call, Some(name)));
            Some(broken.honest(call))
        }),
    ),
    own(
        "partition-release-chats",
        "A release answers more than {}.",
        &["partitions/release"],
        &["partition.release.empty-data"],
        Chats,
    ),
    own(
        "partition-release-of-no-collection",
        "Releasing partitions of a missing collection succeeds.",
        &["partitions/release"],
        &["partition.release.missing-collection"],
        Accepts("collection not found"),
    ),
    own(
        "partition-release-without-keys",
        "A release without collection or partitions succeeds.",
        &["partitions/release"],
        &["partition.release.required-keys"],
        Accepts("missing required"),
    ),
    own(
        "partition-release-any-type",
        "Values of any type are accepted.",
        &["partitions/release"],
        &["partition.release.collection-name-text"],
        Accepts("can only accept json"),
    ),
    own(
        "partition-release-takes-one-text",
        "A text in the place of a list of partitions is taken for a list of one.",
        &["partitions/release"],
        &["partition.release.partition-names-list"],
        Asks(|_, _, body| {
            if body["partitionNames"].is_string() {
                body["partitionNames"] = json!([body["partitionNames"]]);
            }
        }),
    ),
    own(
        "partition-release-of-none",
        "An empty list of partitions is accepted.",
        &["partitions/release"],
        &["partition.release.empty-list"],
        Accepts("empty partition list"),
    ),
    own(
        "partition-release-of-nothing",
        "Missing partitions are ignored by a release.",
        &["partitions/release"],
        &["partition.release.missing-partition", "partition.drop.unloads-names"],
        Accepts("partition not found"),
    ),
    own(
        "partition-release-once",
        "Releasing a partition that is not loaded is refused.",
        &["partitions/release"],
        &["partition.release.repeat"],
        Refuses(
            |broken, call| {
                let there = named(call).iter().all(|name| has(broken, call, name) == Some(true));
                !named(call).is_empty() && there && !are_loaded(broken, call)
            },
            201,
            "partition not loaded",
        ),
    ),
    own(
        "partition-drop-drops-nothing",
        "A dropped partition stays.",
        &["partitions/drop"],
        &["partition.drop.removes", "partition.drop.timeout-optional"],
        Nothing,
    ),
    own(
        "partition-drop-stays-in-has",
        "A dropped partition stays in has.",
        &["partitions/drop", "partitions/has"],
        &["partition.drop.removes"],
        Does(|broken, call| {
            if call.operation == "partitions/drop" {
                return remembers_the_dropped(broken, call);
            }
            let key = format!("{}/{}", call.collection(), call.text("partitionName"));
            broken.memory().contains_key(&key).then(|| success(&json!({"has": true})))
        }),
    ),
    own(
        "partition-drop-stays-in-list",
        "A dropped partition stays in the list.",
        &["partitions/drop", "partitions/list"],
        &["partition.drop.removes", "partition.drop.repeat"],
        Does(|broken, call| {
            if call.operation == "partitions/drop" {
                return remembers_the_dropped(broken, call);
            }
            let mut body = parsed(&broken.honest(call));
            let of = format!("{}/", call.collection());
            let memory = broken.memory();
            let ghosts = memory.iter().filter(|(key, _)| key.starts_with(&of)).map(|(_, name)| name.clone());
            body["data"].as_array_mut()?.extend(ghosts);
            Some(super::super::json_answer(200, &body))
        }),
    ),
    own(
        "partition-drop-leaves-rows",
        "The rows of a dropped partition are moved to the default one.",
        &["partitions/drop", "entities/insert"],
        &["partition.drop.removes-rows"],
        Does(|broken, call| {
            let key = format!("{}/{}", call.collection(), call.text("partitionName"));
            if call.operation == "entities/insert" {
                return and_then(broken, call, || drop(broken.memory().insert(key, call.body.clone())));
            }
            let mut rows = broken.memory().get(&key).cloned()?;
            rows.as_object_mut()?.remove("partitionName");
            and_then(broken, call, || drop(broken.ask(call, "entities/insert", rows)))
        }),
    ),
    own(
        "partition-drop-ignores-the-load",
        "A loaded partition is dropped.",
        &["partitions/drop"],
        &["partition.drop.needs-release", "partition.create.in-loaded-collection"],
        Does(|broken, call| {
            let refused = parsed(&broken.honest(call));
            if !refused["message"].as_str()?.contains("partition is loaded") {
                return None;
            }
            release_one(broken, call);
            Some(broken.honest(call))
        }),
    ),
    own(
        "partition-drop-refused-yet-done",
        "A drop that is refused drops the partition all the same.",
        &["partitions/drop"],
        &["partition.drop.refused-keeps"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            if is_failure(&parsed(&honest)) {
                release_one(broken, call);
                broken.honest(call);
            }
            Some(honest)
        }),
    ),
    own(
        "partition-drop-refused-yet-emptied",
        "A drop that is refused deletes the rows all the same.",
        &["partitions/drop"],
        &["partition.drop.refused-keeps"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            if is_failure(&parsed(&honest)) {
                lose_rows(broken, call, Some(call.text("partitionName")));
            }
            Some(honest)
        }),
    ),
    own(
        "partition-drop-needs-all-released",
        "A partition is dropped only when the whole collection is released.",
        &["partitions/drop"],
        &["partition.drop.needs-release", "partition.drop.missing-partition"],
        Refuses(is_loaded, 65535, "partition cannot be dropped, partition is loaded, please release it first"),
    ),
    own(
        "partition-drop-fails",
        "A drop of a released partition fails.",
        &["partitions/drop"],
        &["partition.drop.path", "partition.drop.timeout-optional", "transport.method.post"],
        Refuses(
            |broken, call| parsed(&broken.reference.copy().answer(call.request))["code"] == json!(0),
            65535,
            "broken",
        ),
    ),
    own(
        "partition-drop-twice",
        "Dropping a partition a second time is refused.",
        &["partitions/drop"],
        &["partition.drop.repeat"],
        Does(|broken, call| {
            let key = format!("{}/{}", call.collection(), call.text("partitionName"));
            if broken.memory().contains_key(&key) && has(broken, call, call.text("partitionName")) == Some(false) {
                return Some(super::refusal(200, "partition not found"));
            }
            remembers_the_dropped(broken, call)
        }),
    ),
    own(
        "partition-drop-chats",
        "A drop answers more than {}.",
        &["partitions/drop"],
        &["partition.drop.empty-data"],
        Chats,
    ),
    own(
        "partition-drop-of-no-collection",
        "Dropping a partition of a missing collection succeeds.",
        &["partitions/drop"],
        &["partition.drop.missing-collection"],
        Accepts("collection not found"),
    ),
    own(
        "partition-drop-without-a-name",
        "A drop that names no partition succeeds.",
        &["partitions/drop"],
        &["partition.drop.required-name"],
        Accepts("missing required"),
    ),
    own(
        "partition-drop-misses-a-missing-one",
        "Dropping a partition that does not exist is refused.",
        &["partitions/drop"],
        &["partition.drop.missing-partition"],
        Refuses(
            |broken, call| {
                let partition = call.text("partitionName");
                !partition.is_empty() && has(broken, call, partition) == Some(false)
            },
            200,
            "partition not found",
        ),
    ),
    own(
        "partition-drop-default",
        "The default partition is dropped, or so it says.",
        &["partitions/drop"],
        &["partition.drop.default"],
        Accepts("default partition"),
    ),
    own(
        "partition-drop-timeout-required",
        "A drop without Request-Timeout is refused.",
        &["partitions/drop"],
        &["partition.drop.timeout-optional", "transport.parameters.none"],
        Refuses(|_, call| call.request.header("request-timeout").is_none(), 1802, "missing required parameters"),
    ),
    own(
        "partition-load-loads-nothing",
        "A load of partitions is accepted and nothing loaded.",
        &["partitions/load"],
        &["partition.load.loads"],
        Nothing,
    ),
    own(
        "partition-load-loads-all",
        "A load of one partition loads all.",
        &["partitions/load"],
        &["partition.load.loads"],
        Does(|broken, call| {
            let all = json!({"collectionName": call.text("collectionName")});
            and_then(broken, call, || drop(broken.ask(call, "collections/load", all)))
        }),
    ),
    own(
        "partition-load-state-of-collection",
        "A collection with loaded and released partitions is loading.",
        &["partitions/load", "partitions/release", "collections/release", "collections/get_load_state"],
        &["partition.load.state-of-collection"],
        Does(|broken, call| {
            let key = call.collection();
            match call.operation {
                "partitions/load" | "partitions/release" if named(call).len() == 1 => {
                    return and_then(broken, call, || drop(broken.memory().insert(key, Value::Null)));
                }
                "collections/get_load_state" => {}
                _ => {
                    broken.memory().remove(&key);
                    return None;
                }
            }
            let body = parsed(&broken.honest(call));
            let whole = call.body.get("partitionNames").is_none();
            let claims = whole && body["data"]["loadState"] == "LoadStateLoaded" && broken.memory().contains_key(&key);
            claims.then(|| success(&json!({"loadState": "LoadStateLoading", "loadProgress": 50})))
        }),
    ),
    own(
        "partition-load-of-no-collection",
        "Loading partitions of a missing collection succeeds.",
        &["partitions/load"],
        &["partition.load.missing-collection"],
        Accepts("collection not found"),
    ),
    own(
        "partition-load-of-nothing",
        "Missing partitions are ignored by a load.",
        &["partitions/load"],
        &["partition.load.missing-partition", "partition.drop.unloads-names"],
        Accepts("partition not found"),
    ),
    own(
        "partition-load-of-none",
        "An empty list of partitions is loaded.",
        &["partitions/load"],
        &["partition.load.empty-list"],
        Accepts("no partition specified"),
    ),
    own(
        "partition-load-once",
        "Loading a loaded partition is refused.",
        &["partitions/load"],
        &["partition.load.repeat"],
        Does(|broken, call| {
            let key = format!("{} {}", call.collection(), call.body["partitionNames"]);
            if broken.memory().contains_key(&key) {
                return Some(super::refusal(104, "partition already loaded"));
            }
            and_then(broken, call, || drop(broken.memory().insert(key, Value::Null)))
        }),
    ),
    own(
        "partition-load-again-releases",
        "Loading a loaded partition releases it.",
        &["partitions/load"],
        &["partition.load.repeat"],
        Does(|broken, call| {
            let key = format!("{} {}", call.collection(), call.body["partitionNames"]);
            if broken.memory().contains_key(&key) {
                broken.ask(call, "partitions/release", call.body.clone());
                return Some(success(&empty()));
            }
            and_then(broken, call, || drop(broken.memory().insert(key, Value::Null)))
        }),
    ),
    own(
        "partition-create-makes-nothing",
        "A partition is accepted and not made.",
        &["partitions/create"],
        &["partition.create.creates", "partition.has.answers"],
        Nothing,
    ),
    own(
        "partition-create-once",
        "A partition that exists is refused.",
        &["partitions/create"],
        &["partition.create.repeat"],
        Refuses(
            |broken, call| has(broken, call, call.text("partitionName")) == Some(true),
            65535,
            "partition already exists",
        ),
    ),
    own(
        "partition-create-unloaded",
        "A partition made in a loaded collection is not loaded.",
        &["partitions/create"],
        &["partition.create.in-loaded-collection"],
        Does(|broken, call| and_then(broken, call, || release_one(broken, call))),
    ),
    own(
        "partition-create-any-letters",
        "Letters other than those of ASCII, and dots, are accepted in the name of a partition.",
        &["partitions/create"],
        &["partition.create.name-letters"],
        Does(|_, call| {
            let name = call.body["partitionName"].as_str()?;
            name.contains(['.', 'ä']).then(|| success(&json!({})))
        }),
    ),
    own(
        "partition-create-any-name",
        "Any text is accepted as the name of a partition.",
        &["partitions/create"],
        &["partition.create.name-form"],
        Accepts("Invalid partition name"),
    ),
    own(
        "partition-list-without-default",
        "The default partition is not listed.",
        &["partitions/list"],
        &["partition.list.default"],
        Answers(|_, _, body| {
            if let Some(names) = body.pointer_mut("/data").and_then(Value::as_array_mut) {
                names.retain(|name| name != "_default");
            }
        }),
    ),
    own(
        "partition-list-twice",
        "Partitions are listed twice.",
        &["partitions/list"],
        &["partition.list.default", "partition.create.creates"],
        Answers(|_, _, body| {
            if let Some(names) = body.pointer_mut("/data").and_then(Value::as_array_mut) {
                names.extend(names.clone());
            }
        }),
    ),
    own(
        "partition-has-never",
        "has answers false.",
        &["partitions/has"],
        &[
            "partition.has.answers",
            "partition.create.creates",
            "partition.list.default",
            "partition.drop.refused-keeps",
        ],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["has"] = json!(false);
            }
        }),
    ),
    own(
        "partition-has-always",
        "has answers true.",
        &["partitions/has"],
        &["partition.has.answers", "partition.drop.removes"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["has"] = json!(true);
            }
        }),
    ),
    own(
        "partition-has-misses",
        "has of a missing partition is a failure.",
        &["partitions/has"],
        &["partition.has.answers"],
        Does(|broken, call| {
            let missing = parsed(&broken.honest(call))["data"]["has"] == json!(false);
            missing.then(|| super::refusal(200, "partition not found"))
        }),
    ),
    own(
        "partition-stats-text",
        "The row count is text.",
        &["partitions/get_stats"],
        &["partition.get_stats.row-count"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["rowCount"] = json!("3");
            }
        }),
    ),
    own(
        "partition-stats-of-nothing",
        "A missing partition has statistics.",
        &["partitions/get_stats"],
        &["partition.get_stats.missing-partition"],
        Accepts("partition not found"),
    ),
    own(
        "partition-insert-in-default",
        "Rows go to the default partition, whichever is named.",
        &["entities/insert"],
        &["partition.insert.named"],
        Ignores(&["partitionName"]),
    ),
    own(
        "partition-query-reads-all",
        "A query reads all partitions, whichever are named.",
        &["entities/query"],
        &["partition.insert.named", "partition.load.loads"],
        Ignores(&["partitionNames"]),
    ),
    own(
        "partition-search-reads-all",
        "A search reads all partitions, whichever are named.",
        &["entities/search"],
        &["partition.load.loads"],
        Ignores(&["partitionNames"]),
    ),
    own(
        "partition-search-needs-all",
        "A search in named partitions needs the whole collection loaded.",
        &["entities/search", "partitions/load"],
        &["partition.search.limited"],
        Does(|broken, call| {
            let key = call.collection();
            if call.operation == "partitions/load" {
                return and_then(broken, call, || drop(broken.memory().insert(key, json!(named(call).len()))));
            }
            let limited = call.body.get("partitionNames").is_some() && broken.memory().contains_key(&key);
            limited.then(|| super::refusal(201, "partition not loaded"))
        }),
    ),
    own(
        "partition-insert-in-nothing",
        "Rows for a missing partition are accepted.",
        &["entities/insert"],
        &["partition.insert.missing-partition"],
        Accepts("partition not found"),
    ),
    own(
        "partition-key-by-hand",
        "Partitions that follow from a key are handled by hand.",
        &["partitions/create", "partitions/drop", "partitions/load", "partitions/release", "entities/insert"],
        &["partition.key.not-by-hand"],
        Accepts("partition key mode"),
    ),
    own(
        "partition-key-insert-by-hand",
        "An insert may name a partition that follows from a key.",
        &["entities/insert"],
        &["partition.key.not-by-hand"],
        Accepts("partition key mode"),
    ),
];
