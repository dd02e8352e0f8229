//! Mutants of the API v1.

use super::super::{Broken, Call, json_answer, parsed};
use super::Deed::{Accepts, Answers, Asks, Chats, Does, Ignores, Nothing, Refuses};
use super::{Own, own};
use serde_json::{Value, json};

fn done() -> crate::exchange::Response {
    json_answer(200, &json!({"code": 200, "data": {}}))
}

/// Whether the model refuses the call with a message that holds this text.
fn refused_with(broken: &Broken, call: &Call<'_>, text: &str) -> bool {
    let answer = parsed(&broken.reference.copy().answer(call.request));
    answer["message"].as_str().is_some_and(|message| message.contains(text))
}

/// Whether v1, which the oldest profile has alone, lists a collection of this name.
fn lists(broken: &Broken, call: &Call<'_>, name: &str) -> bool {
    let mut request = call.request.clone();
    "GET".clone_into(&mut request.method);
    "/v1/vector/collections".clone_into(&mut request.path);
    request.body = bytes::Bytes::new();
    let answer = parsed(&broken.reference.copy().answer(&request));
    answer["data"].as_array().is_some_and(|names| names.iter().any(|listed| listed == name))
}

fn list(body: &mut Value) -> Option<&mut Vec<Value>> {
    body.get_mut("data")?.as_array_mut()
}

/// Hand-written mutants of v1.
pub(super) const TABLE: &[Own] = &[
    own(
        "v1-success-code-0",
        "v1 answers the code of v2.",
        &["v1/collections/list", "v1/collections/create", "v1/entities/insert", "v1/entities/search"],
        &["v1.success-code"],
        Answers(|_, _, body| {
            if body["code"] == json!(200) {
                body["code"] = json!(0);
            }
        }),
    ),
    own(
        "v1-list-is-post",
        "A GET finds no list.",
        &["v1/collections/list", "v1/collections/describe"],
        &["v1.methods"],
        Does(|_, call| {
            (call.request.method == "GET").then(|| json_answer(200, &json!({"code": 1801, "message": "POST it"})))
        }),
    ),
    own(
        "v1-any-method",
        "Every method is as good as the other.",
        &["v1/collections/list", "v1/collections/describe", "v1/collections/drop"],
        &["v1.other-methods"],
        Does(|_, call| {
            let other = if call.operation.ends_with("drop") { "GET" } else { "POST" };
            (call.request.method == other).then(done)
        }),
    ),
    own(
        "v1-create-makes-nothing",
        "A create of v1 is accepted and makes nothing.",
        &["v1/collections/create"],
        &["v1.create.makes"],
        Nothing,
    ),
    own(
        "v1-create-ignores-names",
        "The names of the fields are fixed.",
        &["v1/collections/create"],
        &["v1.create.field-names"],
        Ignores(&["primaryField", "vectorField"]),
    ),
    own(
        "v1-create-needs-nothing",
        "A create without name or dimension succeeds.",
        &["v1/collections/create"],
        &["v1.create.required"],
        Accepts("missing required"),
    ),
    own(
        "v1-create-any-dimension",
        "A create with any dimension succeeds.",
        &["v1/collections/create"],
        &["v1.create.dimension"],
        Accepts("invalid dimension"),
    ),
    own(
        "v1-create-any-metric",
        "A create with any metric succeeds.",
        &["v1/collections/create"],
        &["v1.create.metric"],
        Accepts("metric type"),
    ),
    own(
        "v1-create-ignores-metric",
        "Every collection gets another metric than is asked for.",
        &["v1/collections/create"],
        &["v1.create.metric-kept"],
        Ignores(&["metricType"]),
    ),
    own(
        "v1-create-odd-default",
        "Without a metric an odd one is taken.",
        &["v1/collections/describe"],
        &["v1.create.default-metric"],
        Answers(|_, _, body| {
            if body["data"]["indexes"][0].is_object() {
                body["data"]["indexes"][0]["metricType"] = json!("HAMMING");
            }
        }),
    ),
    own(
        "v1-create-any-name",
        "A collection may have any name.",
        &["v1/collections/create"],
        &["v1.create.name-form"],
        Accepts("Invalid collection name"),
    ),
    own(
        "v1-create-once",
        "A second create is refused.",
        &["v1/collections/create"],
        &["v1.create.again"],
        Refuses(|broken, call| lists(broken, call, call.text("collectionName")), 65535, "collection already exists"),
    ),
    own(
        "v1-never-loaded",
        "A collection stays unloaded.",
        &["v1/collections/describe"],
        &["v1.describe.loads"],
        Answers(|_, _, body| {
            if body["data"].is_object() {
                body["data"]["load"] = json!("LoadStateNotLoad");
            }
        }),
    ),
    own(
        "v1-missing-collection-is-fine",
        "A call that names no collection succeeds.",
        &["v1/collections/describe", "v1/entities/insert", "v1/entities/get", "v1/entities/delete"],
        &["v1.missing-collection"],
        Accepts("find collection"),
    ),
    own(
        "v1-describe-needs-nothing",
        "A describe without a name succeeds.",
        &["v1/collections/describe"],
        &["v1.describe.required"],
        Accepts("missing required"),
    ),
    own(
        "v1-drop-drops-nothing",
        "A drop is accepted and drops nothing.",
        &["v1/collections/drop"],
        &["v1.drop.drops"],
        Nothing,
    ),
    own(
        "v1-drop-missing-is-fine",
        "A drop of what is not there succeeds.",
        &["v1/collections/drop"],
        &["v1.drop.missing"],
        Accepts("collection not found"),
    ),
    own(
        "v1-drop-needs-nothing",
        "A drop without a name succeeds.",
        &["v1/collections/drop"],
        &["v1.drop.required"],
        Accepts("missing required"),
    ),
    own(
        "v1-insert-counts-wrong",
        "An insert counts one too many.",
        &["v1/entities/insert"],
        &["v1.insert.counts"],
        Answers(|_, _, body| {
            if let Some(count) = body["data"]["insertCount"].as_u64() {
                body["data"]["insertCount"] = json!(count + 1);
            }
        }),
    ),
    own(
        "v1-insert-needs-nothing",
        "An insert without data succeeds.",
        &["v1/entities/insert"],
        &["v1.insert.required"],
        Accepts("missing required parameters, required"),
    ),
    own(
        "v1-insert-in-part",
        "Of the entities those are inserted that fit.",
        &["v1/entities/insert"],
        &["v1.insert.whole"],
        Does(|broken, call| {
            let rows = call.body.get("data")?.as_array().filter(|rows| rows.len() > 1)?;
            if !refused_with(broken, call, "fail to deal the insert data") {
                return None;
            }
            let mut body = call.body.clone();
            body["data"] = json!([rows[0]]);
            Some(broken.with_body(call, &body))
        }),
    ),
    own(
        "v1-insert-takes-keys",
        "Keys that come along are passed over.",
        &["v1/entities/insert"],
        &["v1.insert.generated-keys"],
        Does(|broken, call| {
            ["autoid==true", "autoID == true"].iter().any(|text| refused_with(broken, call, text)).then(done)
        }),
    ),
    own(
        "v1-insert-ids-always-text",
        "Keys are always texts.",
        &["v1/entities/insert"],
        &["v1.insert.ids-as-numbers"],
        Answers(|_, _, body| {
            for id in body["data"]["insertIds"].as_array_mut().into_iter().flatten() {
                *id = json!(id.to_string());
            }
        }),
    ),
    own(
        "v1-insert-ids-always-numbers",
        "Keys are always numbers.",
        &["v1/entities/insert"],
        &["v1.insert.ids-as-text"],
        Answers(|_, _, body| {
            for id in body["data"]["insertIds"].as_array_mut().into_iter().flatten() {
                *id = json!(id.as_str().and_then(|id| id.parse::<i64>().ok()));
            }
        }),
    ),
    own(
        "v1-upsert-takes-generated",
        "An upsert into a collection with generated keys succeeds.",
        &["v1/entities/upsert"],
        &["v1.upsert.generated-keys"],
        Accepts("autoID collection"),
    ),
    own(
        "v1-upsert-needs-nothing",
        "An upsert without data succeeds.",
        &["v1/entities/upsert"],
        &["v1.upsert.required"],
        Accepts("missing required"),
    ),
    own(
        "v1-upsert-does-nothing",
        "An upsert is accepted and changes nothing.",
        &["v1/entities/upsert"],
        &["v1.upsert.replaces"],
        Nothing,
    ),
    own(
        "v1-query-ignores-filter",
        "A query answers entities that the filter leaves out.",
        &["v1/entities/query"],
        &["v1.query.filter"],
        Asks(|_, _, body| {
            if body["filter"].as_str().is_some_and(|filter| filter.starts_with("year ") && !filter.ends_with('>')) {
                body["filter"] = json!("year > 0");
            }
        }),
    ),
    own(
        "v1-query-needs-nothing",
        "A query without a filter succeeds.",
        &["v1/entities/query"],
        &["v1.query.required"],
        Accepts("missing required"),
    ),
    own(
        "v1-any-filter",
        "A filter that cannot be read selects nothing.",
        &["v1/entities/query", "v1/entities/search"],
        &["v1.query.bad-filter"],
        Accepts("plan"),
    ),
    own(
        "v1-query-any-window",
        "A query may ask for any window.",
        &["v1/entities/query"],
        &["v1.query.window"],
        Accepts("query result window"),
    ),
    own(
        "v1-query-ignores-limit",
        "A query passes over its limit.",
        &["v1/entities/query"],
        &["v1.query.limit"],
        Asks(|_, _, body| {
            if body["limit"].as_i64().is_some_and(|limit| limit <= 16_384) && body["offset"].is_null() {
                body["limit"] = json!(100);
            }
        }),
    ),
    own(
        "v1-query-answers-everything",
        "A query answers every field.",
        &["v1/entities/query"],
        &["v1.query.output"],
        Ignores(&["outputFields"]),
    ),
    own(
        "v1-get-finds-nothing",
        "A get finds nothing.",
        &["v1/entities/get"],
        &["v1.get.by-key"],
        Answers(|_, _, body| {
            if let Some(rows) = list(body) {
                rows.clear();
            }
        }),
    ),
    own(
        "v1-get-needs-all",
        "A get of which one key is absent is refused.",
        &["v1/entities/get"],
        &["v1.get.absent"],
        Refuses(|_, call| call.body["id"].as_array().is_some_and(|ids| ids.contains(&json!(5))), 65535, "no such key"),
    ),
    own(
        "v1-get-needs-nothing",
        "A get without keys succeeds.",
        &["v1/entities/get"],
        &["v1.get.required"],
        Accepts("missing required"),
    ),
    own(
        "v1-get-any-key",
        "A key of another type finds nothing.",
        &["v1/entities/get"],
        &["v1.get.bad-key"],
        Accepts("check the primary key"),
    ),
    own(
        "v1-search-farthest-first",
        "The farthest entities come first.",
        &["v1/entities/search"],
        &["v1.search.nearest-first"],
        Answers(|_, _, body| {
            if let Some(rows) = list(body) {
                rows.reverse();
            }
        }),
    ),
    own(
        "v1-search-ignores-filter",
        "A search passes over its filter.",
        &["v1/entities/search"],
        &["v1.search.filter"],
        Asks(|_, _, body| {
            if body["filter"].as_str().is_some_and(|filter| !filter.ends_with('>')) {
                body["filter"] = json!("");
            }
        }),
    ),
    own(
        "v1-search-needs-nothing",
        "A search without a vector succeeds.",
        &["v1/entities/search"],
        &["v1.search.required"],
        Accepts("missing required"),
    ),
    own(
        "v1-search-any-window",
        "A search may have any limit.",
        &["v1/entities/search"],
        &["v1.search.window"],
        Accepts("topk"),
    ),
    own(
        "v1-search-any-vector",
        "A vector of any length is searched.",
        &["v1/entities/search"],
        &["v1.search.vector-length"],
        Accepts("vector dimension mismatch"),
    ),
    own(
        "v1-search-ignores-range",
        "A search passes over the bounds of distances.",
        &["v1/entities/search"],
        &["v1.search.range"],
        Asks(|_, _, body| {
            if body["params"]["radius"].is_number() {
                body["params"] = json!({});
            }
        }),
    ),
    own(
        "v1-search-range-filter-alone",
        "A range_filter alone is taken.",
        &["v1/entities/search"],
        &["v1.search.range-filter-alone"],
        Accepts("invalid search params"),
    ),
    own(
        "v1-delete-deletes-nothing",
        "A delete is accepted and deletes nothing.",
        &["v1/entities/delete"],
        &["v1.delete.by-key"],
        Nothing,
    ),
    own(
        "v1-delete-ignores-filter",
        "A delete by filter deletes nothing.",
        &["v1/entities/delete"],
        &["v1.delete.by-filter"],
        Does(|_, call| (!call.text("filter").is_empty()).then(done)),
    ),
    own(
        "v1-delete-needs-all",
        "A delete of which one key is absent is refused.",
        &["v1/entities/delete"],
        &["v1.delete.absent"],
        Refuses(|_, call| call.body["id"].as_array().is_some_and(|ids| ids.contains(&json!(5))), 65535, "no such key"),
    ),
    own(
        "v1-delete-needs-nothing",
        "A delete that names nothing succeeds.",
        &["v1/entities/delete"],
        &["v1.delete.required"],
        Accepts("missing required"),
    ),
    own("v1-delete-chats", "A delete answers more than {}.", &["v1/entities/delete"], &["v1.delete.empty-data"], Chats),
    own(
        "v1-missing-database-is-fine",
        "A call in a database that is not there succeeds.",
        &["v1/collections/list", "v1/collections/describe", "v1/entities/query"],
        &["v1.missing-database"],
        Accepts("database not found"),
    ),
    own(
        "v1-any-body",
        "A body that cannot be read counts as none.",
        &["v1/collections/create", "v1/collections/drop", "v1/entities/insert", "v1/entities/search"],
        &["v1.bodies"],
        Accepts("can only accept json"),
    ),
    own(
        "v1-without-credentials",
        "Nobody is asked for credentials.",
        &["v1/collections/list", "v1/entities/query"],
        &["v1.auth"],
        Accepts("authenticated"),
    ),
];
