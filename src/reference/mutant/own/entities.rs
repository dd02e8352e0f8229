//! Rows.

use super::super::{is_failure, is_success, parsed, success};
use super::Deed::{Accepts, Answers, Asks, Does, Ignores, Nothing, Refuses};
use super::{Broken, Call, Own, and_then, exists, is_loaded, items, lose_rows, own};
use serde_json::{Value, json};

fn keys_of(call: &Call<'_>) -> Vec<Value> {
    let rows = call.body["data"].as_array().cloned().unwrap_or_default();
    rows.iter().filter_map(|row| row.get("id").cloned()).collect()
}

fn count_of(broken: &Broken, call: &Call<'_>, keys: &[Value]) -> usize {
    let body = json!({"collectionName": call.text("collectionName"), "id": keys, "outputFields": ["id"]});
    let found = broken.ask(call, "entities/get", body);
    found["data"].as_array().map_or(0, Vec::len)
}

fn reversed(body: &mut Value) {
    items(body, "/data").reverse();
}

/// Inserts the rows that the model would take and leaves the others out.
fn insert_the_good(broken: &Broken, call: &Call<'_>) {
    for row in call.body["data"].as_array().into_iter().flatten() {
        let mut body = call.body.clone();
        body["data"] = json!([row]);
        broken.with_body(call, &body);
    }
}

pub(super) const TABLE: &[Own] = &[
    own(
        "entity-insert-inserts-nothing",
        "Small inserts are counted and not stored.",
        &["entities/insert"],
        &["entity.insert.inserts", "entity.insert.generated-keys", "load.insert.found", "entity.search.strong"],
        Does(|broken, call| {
            let small = call.body["data"].as_array().is_some_and(|rows| rows.len() <= 2);
            small.then(|| broken.reference.copy().answer(call.request))
        }),
    ),
    own(
        "entity-insert-counts-one",
        "Two rows are counted as one.",
        &["entities/insert"],
        &["entity.insert.inserts"],
        Answers(|_, _, body| {
            if body["data"]["insertCount"] == json!(2) {
                body["data"]["insertCount"] = json!(1);
            }
        }),
    ),
    own(
        "entity-insert-sorts-ids",
        "The keys of inserted rows are answered in ascending order.",
        &["entities/insert"],
        &["entity.insert.ids"],
        Answers(|_, _, body| items(body, "/data/insertIds").sort_by_key(Value::to_string)),
    ),
    own(
        "entity-insert-changes-values",
        "Texts are stored in capitals.",
        &["entities/insert"],
        &["entity.insert.inserts", "entity.query.filters", "entity.get.by-key"],
        Asks(|_, _, body| {
            for row in items(body, "/data") {
                if let Some(title) = row["title"].as_str().map(str::to_uppercase) {
                    row["title"] = json!(title);
                }
            }
        }),
    ),
    own(
        "entity-insert-any-row",
        "Rows that do not fit the schema are accepted.",
        &["entities/insert"],
        &["entity.insert.every-field", "entity.insert.key-not-wanted", "load.dynamic.reserved-key"],
        Accepts("fail to deal the insert data"),
    ),
    own(
        "entity-insert-no-rows",
        "An insert without rows succeeds.",
        &["entities/insert"],
        &["entity.insert.no-rows"],
        Does(|_, call| {
            let none = call.body["data"].as_array()?.is_empty();
            none.then(|| success(&json!({"insertCount": 0, "insertIds": []})))
        }),
    ),
    own(
        "entity-insert-extra-keys",
        "Keys outside of the schema are dropped without a word.",
        &["entities/insert"],
        &["entity.insert.extra-keys"],
        Asks(|_, call, body| {
            let full = call.body["data"][0].get("year").is_some();
            for row in items(body, "/data").iter_mut().filter_map(Value::as_object_mut) {
                if full {
                    row.remove("color");
                }
            }
        }),
    ),
    own(
        "entity-insert-any-dimension",
        "Vectors are cut or filled up to the dimension of their field.",
        &["entities/insert"],
        &["entity.insert.dimension"],
        Asks(|_, _, body| {
            for row in items(body, "/data") {
                if let Some(vector) = row.pointer_mut("/vector").and_then(Value::as_array_mut) {
                    vector.resize(4, json!(0.0));
                }
            }
        }),
    ),
    own(
        "entity-insert-any-type",
        "Values that cannot be read as their field's type become zero.",
        &["entities/insert"],
        &["entity.insert.value-type"],
        Asks(|_, _, body| {
            for row in items(body, "/data") {
                if row.get("id").is_some_and(|id| !id.is_i64()) {
                    row["id"] = json!(0);
                }
            }
        }),
    ),
    own(
        "entity-insert-any-length",
        "Texts of any length are accepted.",
        &["entities/insert"],
        &["entity.insert.max-length"],
        Accepts("length"),
    ),
    own(
        "entity-insert-the-good",
        "An insert with a bad row is refused, and its good rows stored.",
        &["entities/insert"],
        &["entity.insert.all-or-nothing"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            if is_failure(&parsed(&honest)) {
                insert_the_good(broken, call);
            }
            Some(honest)
        }),
    ),
    own(
        "entity-insert-fills-numbers",
        "A number that a row leaves out is stored as zero.",
        &["entities/insert"],
        &["entity.insert.every-field"],
        Asks(|_, call, body| {
            let refused = ["title", "vector"].iter().all(|key| call.body["data"][0].get(key).is_some());
            for row in items(body, "/data") {
                if refused && row.get("year").is_none() {
                    row["year"] = json!(0);
                }
            }
        }),
    ),
    own(
        "entity-insert-cuts-texts",
        "A text that is too long is cut.",
        &["entities/insert"],
        &["entity.insert.max-length"],
        Asks(|_, _, body| {
            for row in items(body, "/data") {
                if let Some(title) =
                    row["title"].as_str().filter(|title| title.len() > 16).map(|title| title[..16].to_owned())
                {
                    row["title"] = json!(title);
                }
            }
        }),
    ),
    own(
        "entity-insert-keeps-given-keys",
        "With generated keys a key that a row brings is ignored.",
        &["entities/insert"],
        &["entity.insert.key-not-wanted"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            let mut body = call.body.clone();
            for row in items(&mut body, "/data") {
                row.as_object_mut()?.remove("id");
            }
            let retry = is_failure(&parsed(&honest)).then(|| broken.with_body(call, &body))?;
            is_success(&parsed(&retry)).then_some(retry)
        }),
    ),
    own(
        "entity-insert-same-key",
        "An insert of a key that exists is refused.",
        &["entities/insert"],
        &["entity.insert.same-key"],
        Refuses(
            |broken, call| {
                let keys = keys_of(call);
                !keys.is_empty() && is_loaded(broken, call) && count_of(broken, call, &keys) > 0
            },
            1100,
            "duplicate primary key",
        ),
    ),
    own(
        "entity-insert-text-required",
        "A row without a text field is refused.",
        &["entities/insert"],
        &["entity.insert.missing-text"],
        Refuses(
            |_, call| {
                let row = &call.body["data"][0];
                row.get("year").is_some() && row.get("title").is_none()
            },
            1804,
            "fail to deal the insert data, error: missing field",
        ),
    ),
    own(
        "entity-insert-text-null",
        "A text field that a row leaves out is stored as a dash.",
        &["entities/insert"],
        &["entity.insert.missing-text"],
        Asks(|_, _, body| {
            for row in items(body, "/data") {
                if row.get("year").is_some() && row.get("title").is_none() {
                    row["title"] = json!("-");
                }
            }
        }),
    ),
    own(
        "entity-insert-ids-always-numbers",
        "Keys are answered as numbers, whatever is asked for.",
        &["entities/insert"],
        &["entity.insert.ids-as-text"],
        Answers(|_, _, body| {
            for id in items(body, "/data/insertIds") {
                if let Some(number) = id.as_str().and_then(|id| id.parse::<i64>().ok()) {
                    *id = json!(number);
                }
            }
        }),
    ),
    own(
        "entity-insert-generated-ids-wrong",
        "The generated keys that an insert answers are not those of its rows.",
        &["entities/insert"],
        &["entity.insert.generated-keys"],
        Answers(|_, call, body| {
            if call.body["data"][0].get("id").is_none() {
                for id in items(body, "/data/insertIds") {
                    *id = id.as_i64().map_or(Value::Null, |id| json!(id + 1_000_003));
                }
            }
        }),
    ),
    own(
        "entity-insert-generated-ids-swapped",
        "The generated keys that an insert answers are in the wrong order.",
        &["entities/insert"],
        &["entity.insert.generated-keys"],
        Answers(|_, call, body| {
            if call.body["data"][0].get("id").is_none() {
                items(body, "/data/insertIds").reverse();
            }
        }),
    ),
    own(
        "entity-upsert-does-nothing",
        "An upsert changes nothing.",
        &["entities/upsert"],
        &["entity.upsert.replaces"],
        Nothing,
    ),
    own(
        "entity-upsert-inserts-a-second",
        "An upsert of a key that exists adds a second row.",
        &["entities/query", "entities/get", "entities/upsert"],
        &["entity.upsert.replaces"],
        Does(|broken, call| {
            if call.operation == "entities/upsert" {
                let keys = keys_of(call);
                let known = count_of(broken, call, &keys) > 0;
                let key = call.collection();
                return and_then(broken, call, || {
                    if known {
                        broken.memory().insert(key, json!(keys));
                    }
                });
            }
            let twice = broken.memory().get(&call.collection()).cloned()?;
            let mut body = parsed(&broken.honest(call));
            let first = body["data"].as_array()?.iter().find(|row| row["id"] == twice[0]).cloned()?;
            body["data"].as_array_mut()?.push(first);
            Some(super::super::json_answer(200, &body))
        }),
    ),
    own(
        "entity-upsert-only-replaces",
        "An upsert of a new key adds nothing.",
        &["entities/upsert"],
        &["entity.upsert.inserts"],
        Does(|broken, call| {
            let mut body = call.body.clone();
            let rows = body["data"].as_array_mut()?;
            rows.retain(|row| row.get("id").is_none_or(|id| count_of(broken, call, std::slice::from_ref(id)) > 0));
            let answer = broken.reference.copy().answer(call.request);
            if is_success(&parsed(&answer)) {
                broken.with_body(call, &body);
            }
            Some(answer)
        }),
    ),
    own(
        "entity-upsert-keys-twice",
        "An upsert may name a key twice.",
        &["entities/upsert"],
        &["entity.upsert.duplicate-keys"],
        Accepts("duplicate primary keys"),
    ),
    own(
        "entity-upsert-keeps-generated-keys",
        "With generated keys an upsert answers the key that it was given.",
        &["entities/upsert"],
        &["entity.upsert.generated-keys"],
        Answers(|_, call, body| {
            if is_success(body) {
                body["data"]["upsertIds"] = json!(keys_of(call));
            }
        }),
    ),
    own(
        "entity-delete-deletes-nothing",
        "A delete deletes nothing.",
        &["entities/delete"],
        &["entity.delete.by-key", "entity.delete.by-filter"],
        Nothing,
    ),
    own(
        "entity-delete-deletes-all",
        "A delete deletes every row.",
        &["entities/delete"],
        &["entity.delete.by-key", "entity.delete.by-filter"],
        Asks(|_, call, body| {
            if !call.text("filter").is_empty() {
                body["filter"] = json!("id >= 0");
            }
        }),
    ),
    own(
        "entity-delete-only-the-first",
        "Of several keys a delete deletes the first.",
        &["entities/delete"],
        &["entity.delete.by-key"],
        Asks(|_, call, body| {
            if call.text("filter") == "id in [1, 2]" {
                body["filter"] = json!("id in [1]");
            }
        }),
    ),
    own(
        "entity-delete-without-filter",
        "A delete without a filter succeeds.",
        &["entities/delete"],
        &["entity.delete.needs-filter"],
        Accepts("missing required"),
    ),
    own(
        "entity-delete-without-filter-deletes-all",
        "A delete without a filter is refused, and deletes every row.",
        &["entities/delete"],
        &["entity.delete.needs-filter"],
        Does(|broken, call| {
            if call.text("filter").is_empty() {
                lose_rows(broken, call, None);
            }
            Some(broken.honest(call))
        }),
    ),
    own(
        "entity-delete-unloaded",
        "A delete by filter needs no load.",
        &["entities/delete"],
        &["entity.delete.filter-needs-load"],
        Accepts("not loaded"),
    ),
    own(
        "entity-get-all",
        "get answers every row, whatever the keys.",
        &["entities/get"],
        &["entity.get.by-key"],
        Asks(|_, call, body| {
            if call.body["id"].is_array() || call.body["id"].is_number() {
                body["id"] = json!([1, 2, 3, 4, 5, 6, 7, 8]);
            }
        }),
    ),
    own(
        "entity-get-one",
        "get answers the first key only.",
        &["entities/get"],
        &["entity.get.by-key"],
        Asks(|_, _, body| {
            if let Some(keys) = body.pointer_mut("/id").and_then(Value::as_array_mut) {
                keys.truncate(1);
            }
        }),
    ),
    own(
        "entity-get-misses",
        "get of a key that does not exist is a failure.",
        &["entities/get"],
        &["entity.get.by-key"],
        Does(|broken, call| {
            let keys = call.body["id"].as_array()?.clone();
            let loaded = is_loaded(broken, call) && keys.iter().all(Value::is_number);
            (loaded && count_of(broken, call, &keys) < keys.len()).then(|| super::refusal(1100, "no such key"))
        }),
    ),
    own(
        "entity-get-lists-only",
        "get takes no single key.",
        &["entities/get"],
        &["entity.get.scalar-key"],
        Refuses(|_, call| call.body["id"].is_number(), 1801, "can only accept json format request, id is no list"),
    ),
    own(
        "entity-get-any-key",
        "Keys of any type are accepted.",
        &["entities/get"],
        &["entity.get.bad-key"],
        Accepts("please check the primary key"),
    ),
    own(
        "entity-get-elsewhere",
        "get looks in another collection.",
        &["entities/get"],
        &["entity.get.by-key", "entity.insert.inserts", "alias.create.resolves"],
        Asks(|broken, call, body| {
            let quick = json!({"collectionName": "elsewhere", "dimension": 4});
            if !exists(broken, call, "elsewhere") {
                broken.ask(call, "collections/create", quick);
            }
            // A look ends the load.
            for _ in 0..4 {
                broken.ask(call, "collections/get_load_state", json!({"collectionName": "elsewhere"}));
            }
            if is_loaded(broken, call) {
                body["collectionName"] = json!("elsewhere");
            }
        }),
    ),
    own(
        "entity-query-unfiltered",
        "A query selects every row, whatever the filter.",
        &["entities/query"],
        &["entity.query.filters"],
        Asks(|_, call, body| {
            if call.text("filter").len() > 3 {
                body["filter"] = json!("id >= 0");
            }
        }),
    ),
    own(
        "entity-query-or-is-and",
        "or in a filter means and.",
        &["entities/query"],
        &["entity.query.filters"],
        Asks(|_, call, body| {
            let filter = call.text("filter").replace(" or ", " and ");
            if body.get("filter").is_some() {
                body["filter"] = json!(filter);
            }
        }),
    ),
    own(
        "entity-query-like-is-equal",
        "like in a filter selects nothing.",
        &["entities/query"],
        &["entity.query.filters"],
        Asks(|_, call, body| {
            if call.text("filter").contains(" like ") {
                body["filter"] = json!("id < 0");
            }
        }),
    ),
    own(
        "entity-query-not-is-ignored",
        "not in a filter is ignored.",
        &["entities/query"],
        &["entity.query.filters"],
        Asks(|_, call, body| {
            if let Some(rest) = call.text("filter").strip_prefix("not ") {
                body["filter"] = json!(rest);
            }
        }),
    ),
    own(
        "entity-query-unlimited",
        "limit and its bound are ignored by a query.",
        &["entities/query"],
        &["entity.query.limit"],
        Ignores(&["limit"]),
    ),
    own(
        "entity-query-no-offset",
        "offset is ignored by a query.",
        &["entities/query"],
        &["entity.query.limit"],
        Ignores(&["offset"]),
    ),
    own(
        "entity-query-all-fields",
        "A query answers every field.",
        &["entities/query"],
        &["entity.query.output-fields"],
        Asks(|_, call, body| {
            if call.body["outputFields"] == json!(["title"]) {
                body["outputFields"] = json!(["*"]);
            }
        }),
    ),
    own(
        "entity-query-without-key",
        "A query leaves the key out when it is not asked for.",
        &["entities/query"],
        &["entity.query.output-fields"],
        Answers(|_, call, body| {
            if call.body["outputFields"] == json!(["title"]) {
                for row in items(body, "/data") {
                    drop(row.as_object_mut().and_then(|row| row.remove("id")));
                }
            }
        }),
    ),
    own(
        "entity-query-without-dynamic-keys-and-key",
        "A query that names no output fields answers nothing but dynamic keys.",
        &["entities/query"],
        &["entity.query.dynamic-keys"],
        Answers(|_, call, body| {
            if call.body.get("outputFields").is_none() {
                for row in items(body, "/data") {
                    drop(row.as_object_mut().and_then(|row| row.remove("id")));
                }
            }
        }),
    ),
    own(
        "entity-query-counts-all",
        "count(*) counts every row.",
        &["entities/query"],
        &["entity.query.count"],
        Asks(|_, call, body| {
            if call.body["outputFields"] == json!(["count(*)"]) {
                body["filter"] = json!("");
            }
        }),
    ),
    own(
        "entity-query-counts-beside",
        "count(*) may stand beside another field.",
        &["entities/query"],
        &["entity.query.count-alone"],
        Asks(|_, call, body| {
            if call.body["outputFields"]
                .as_array()
                .is_some_and(|fields| fields.len() > 1 && fields.contains(&json!("count(*)")))
            {
                body["outputFields"] = json!(["count(*)"]);
            }
        }),
    ),
    own(
        "entity-query-unknown-field",
        "A filter on a field that is not there selects nothing.",
        &["entities/query"],
        &["entity.query.unknown-field"],
        Does(|broken, call| {
            let refused = parsed(&broken.honest(call));
            let unknown = call.body["filter"].as_str()?.contains("nosuchfield");
            (unknown && refused["message"].is_string()).then(|| success(&json!([])))
        }),
    ),
    own(
        "entity-query-any-filter",
        "A filter that cannot be read selects nothing.",
        &["entities/query"],
        &["entity.query.bad-filter"],
        Does(|broken, call| {
            let refused = parsed(&broken.honest(call));
            refused["message"].as_str()?.contains("plan").then(|| success(&json!([])))
        }),
    ),
    own(
        "entity-query-any-window",
        "A query may ask for any number of rows.",
        &["entities/query"],
        &["entity.query.window"],
        Accepts("window"),
    ),
    own(
        "entity-search-unordered",
        "Hits come worst first.",
        &["entities/search"],
        &["entity.search.order", "entity.search.limit"],
        Answers(|_, _, body| reversed(body)),
    ),
    own(
        "entity-search-no-metric",
        "Every hit has the distance 0.5.",
        &["entities/search"],
        &["entity.search.order"],
        Answers(|_, _, body| {
            for hit in items(body, "/data") {
                if hit.get("distance").is_some() {
                    hit["distance"] = json!(0.5);
                }
            }
        }),
    ),
    own(
        "entity-search-always-l2",
        "Every collection has the metric L2.",
        &["collections/create"],
        &["entity.search.order"],
        Asks(|_, _, body| {
            if body.get("metricType").is_some() {
                body["metricType"] = json!("L2");
            }
        }),
    ),
    own(
        "entity-search-negative-distances",
        "Distances have the wrong sign.",
        &["entities/search"],
        &["entity.search.order"],
        Answers(|_, _, body| {
            for hit in items(body, "/data") {
                if let Some(distance) = hit.get("distance").and_then(Value::as_f64) {
                    hit["distance"] = json!(-distance);
                }
            }
        }),
    ),
    own(
        "entity-search-unlimited",
        "limit and its bounds are ignored by a search.",
        &["entities/search"],
        &["entity.search.limit"],
        Ignores(&["limit"]),
    ),
    own(
        "entity-search-no-offset",
        "offset is ignored by a search.",
        &["entities/search"],
        &["entity.search.limit"],
        Ignores(&["offset"]),
    ),
    own(
        "entity-search-unfiltered",
        "The filter of a search is ignored.",
        &["entities/search"],
        &["entity.search.filter", "load.dynamic.available"],
        Ignores(&["filter"]),
    ),
    own(
        "entity-search-no-output-fields",
        "outputFields is ignored by a search.",
        &["entities/search"],
        &["entity.search.output-fields"],
        Ignores(&["outputFields"]),
    ),
    own(
        "entity-search-all-fields",
        "A search answers every field.",
        &["entities/search"],
        &["entity.search.output-fields"],
        Asks(|_, call, body| {
            if call.body.get("outputFields").is_some() {
                body["outputFields"] = json!(["*"]);
            }
        }),
    ),
    own(
        "entity-search-one-vector",
        "Of several query vectors the first is searched.",
        &["entities/search"],
        &["entity.search.several-vectors"],
        Asks(|_, _, body| {
            if let Some(vectors) = body.pointer_mut("/data").and_then(Value::as_array_mut) {
                vectors.truncate(1);
            }
        }),
    ),
    own(
        "entity-search-any-dimension",
        "Query vectors of any dimension are accepted.",
        &["entities/search"],
        &["entity.search.dimension"],
        Accepts("can only accept json"),
    ),
    own(
        "entity-search-any-window",
        "A search may ask for any number of hits.",
        &["entities/search"],
        &["entity.search.window"],
        Accepts("topk"),
    ),
    own(
        "entity-search-for-nothing",
        "A search for no hits finds none.",
        &["entities/search"],
        &["entity.search.limit-positive"],
        Does(|_, call| (call.body["limit"].as_i64()? <= 0).then(|| success(&json!([])))),
    ),
    own(
        "entity-search-any-metric",
        "The metric asked for in a search is ignored.",
        &["entities/search"],
        &["entity.search.metric"],
        Ignores(&["searchParams"]),
    ),
    own(
        "entity-search-any-level",
        "The consistency level of a search is ignored, and so are unknown ones.",
        &["entities/search"],
        &["entity.search.unknown-level"],
        Ignores(&["consistencyLevel"]),
    ),
    own(
        "entity-search-strong-is-late",
        "A search of level Strong does not find a row inserted just before.",
        &["entities/search"],
        &["entity.search.strong"],
        Does(|_, call| (call.text("consistencyLevel") == "Strong").then(|| success(&json!([])))),
    ),
    own(
        "entity-reads-of-all-collections",
        "A read of a released collection answers no rows.",
        &["entities/query", "entities/get", "entities/search"],
        &["load.query.needs-load", "load.search.needs-load", "collection.release.unloads"],
        Does(|broken, call| {
            let refused = parsed(&broken.honest(call))["code"] == json!(101);
            refused.then(|| success(&json!([])))
        }),
    ),
    own(
        "entity-update-changes-nothing",
        "A partial update changes nothing.",
        &["entities/upsert"],
        &["entity.update.keeps", "entity.update.whole-row"],
        Nothing,
    ),
    own(
        "entity-update-unlike-rows",
        "The rows of a partial update may name different fields.",
        &["entities/upsert"],
        &["entity.update.same-fields"],
        Accepts("has length"),
    ),
    own(
        "entity-update-adds-half-rows",
        "A partial update of a new key may leave fields out.",
        &["entities/upsert"],
        &["entity.update.new-needs-fields"],
        Accepts("no corresponding fieldData"),
    ),
    own(
        "entity-update-without-flag",
        "Rows may leave vectors out without the flag.",
        &["entities/upsert"],
        &["entity.update.ignored"],
        Accepts("missing vector field"),
    ),
];
