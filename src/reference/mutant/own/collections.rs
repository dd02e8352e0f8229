//! Collections, without loading.

use super::super::{is_failure, is_success, parsed, success};
use super::Deed::{Accepts, Answers, Asks, Chats, Does, Ignores, Nothing, Refuses};
use super::{
    Call, Own, aliases_of, and_then, drop_aliases, empty, exists, is_loaded, is_released, items, lose_rows,
    names_an_alias, names_nothing, own, owner,
};
use serde_json::{Value, json};

fn named(call: &Call<'_>) -> Value {
    json!({"collectionName": call.text("collectionName")})
}

fn is_bare_schema(call: &Call<'_>) -> bool {
    call.body.get("schema").is_some() && call.body.get("indexParams").is_none()
}

fn field(body: &mut Value, name: &str) -> Option<Value> {
    let fields = items(body, "/data/fields");
    fields.iter().find(|field| field["name"] == name).cloned()
}

pub(super) const TABLE: &[Own] = &[
    own(
        "collection-release-releases-nothing",
        "A released collection stays loaded.",
        &["collections/release"],
        &["collection.release.by-alias"],
        Nothing,
    ),
    own(
        "collection-release-says-only",
        "A released collection says that it is not loaded, and can be read all the same.",
        &["entities/search", "entities/query", "entities/get"],
        &["collection.release.unloads", "load.search.needs-load", "load.query.needs-load"],
        Accepts("collection not loaded"),
    ),
    own(
        "collection-release-loses-rows",
        "The rows of a released collection are lost.",
        &["collections/release"],
        &["collection.release.keeps-data", "load.load.after-release"],
        Does(|broken, call| {
            lose_rows(broken, call, None);
            Some(broken.honest(call))
        }),
    ),
    own(
        "collection-release-chats",
        "A release answers more than {}.",
        &["collections/release"],
        &["collection.release.empty-data"],
        Chats,
    ),
    own(
        "collection-release-of-nothing",
        "Releasing a missing collection succeeds.",
        &["collections/release"],
        &["collection.release.missing-collection"],
        Accepts("collection not found"),
    ),
    own(
        "collection-release-in-no-database",
        "Releasing in a missing database succeeds.",
        &["collections/release"],
        &["collection.release.missing-database"],
        Accepts("database not found"),
    ),
    own(
        "collection-release-without-a-name",
        "A release without a name succeeds.",
        &["collections/release"],
        &["collection.release.required-name"],
        Accepts("missing required"),
    ),
    own(
        "collection-release-in-default",
        "A release looks in the database default, whichever is named.",
        &["collections/release"],
        &["collection.release.in-database", "collection.release.missing-database"],
        Ignores(&["dbName"]),
    ),
    own(
        "collection-release-in-all-databases",
        "A release releases the collection of that name in default, too.",
        &["collections/release"],
        &["collection.release.in-database"],
        Does(|broken, call| {
            let mut body = named(call);
            body["dbName"] = json!("default");
            let other = !["", "default"].contains(&call.text("dbName"));
            and_then(broken, call, || {
                if other {
                    broken.ask(call, "collections/release", body);
                }
            })
        }),
    ),
    own(
        "collection-release-once",
        "Releasing what is not loaded is refused.",
        &["collections/release"],
        &["collection.release.repeat"],
        Refuses(is_released, 101, "collection not loaded"),
    ),
    own(
        "collection-release-not-by-alias",
        "A release by alias is refused.",
        &["collections/release"],
        &["collection.release.by-alias"],
        Refuses(names_an_alias, 100, "collection not found"),
    ),
    own(
        "collection-create-makes-nothing",
        "A collection is accepted and not made.",
        &["collections/create"],
        &[
            "collection.create.quick",
            "collection.has.answers",
            "collection.list.names",
            "collection.create.schema-wins",
        ],
        Nothing,
    ),
    own(
        "collection-create-quick-unloaded",
        "A collection by quick setup is not loaded.",
        &["collections/create"],
        &["collection.create.quick"],
        Does(|broken, call| {
            call.body.get("dimension")?;
            and_then(broken, call, || drop(broken.ask(call, "collections/release", named(call))))
        }),
    ),
    own(
        "collection-create-quick-another-dimension",
        "A collection by quick setup is described with another dimension.",
        &["collections/describe"],
        &["collection.create.quick"],
        Answers(|_, _, body| {
            for field in items(body, "/data/fields") {
                for param in items(field, "/params") {
                    if param["key"] == "dim" {
                        param["value"] = json!("77");
                    }
                }
            }
        }),
    ),
    own(
        "collection-create-quick-another-metric",
        "A collection by quick setup without a metric gets L2.",
        &["collections/create"],
        &["collection.create.quick"],
        Asks(|_, _, body| {
            if body.get("dimension").is_some() && body.get("metricType").is_none() {
                body["metricType"] = json!("L2");
            }
        }),
    ),
    own(
        "collection-create-without-dimension",
        "A collection with neither dimension nor schema is accepted.",
        &["collections/create"],
        &["collection.create.needs-dimension"],
        Accepts("dimension is required"),
    ),
    own(
        "collection-create-dimension-wins",
        "Beside a dimension the schema is ignored.",
        &["collections/create"],
        &["collection.create.schema-wins"],
        Asks(|_, _, body| {
            if body.get("dimension").is_some()
                && let Some(body) = body.as_object_mut()
            {
                body.remove("schema");
            }
        }),
    ),
    own(
        "collection-create-always-loads",
        "A collection without index parameters is indexed and loaded all the same.",
        &["collections/create"],
        &["collection.create.unindexed-unloaded"],
        Asks(|_, call, body| {
            let fields = call.body["schema"]["fields"].as_array().cloned().unwrap_or_default();
            let vectors = fields.iter().filter(|field| field["dataType"] == "FloatVector");
            let params: Vec<Value> =
                vectors.map(|field| json!({"fieldName": field["fieldName"], "metricType": "L2"})).collect();
            if is_bare_schema(call) && !params.is_empty() {
                body["indexParams"] = json!(params);
            }
        }),
    ),
    own(
        "collection-create-indexed-unloaded",
        "A collection with index parameters is indexed and not loaded.",
        &["collections/create"],
        &["collection.create.indexed-loaded"],
        Does(|broken, call| {
            call.body.get("indexParams")?;
            and_then(broken, call, || drop(broken.ask(call, "collections/release", named(call))))
        }),
    ),
    own(
        "collection-create-unindexed",
        "Index parameters given to create are ignored.",
        &["collections/create"],
        &["collection.create.indexed-loaded"],
        Ignores(&["indexParams"]),
    ),
    own(
        "collection-create-any-schema",
        "A schema with a wrong primary field is accepted.",
        &["collections/create"],
        &["collection.create.primary-key"],
        Accepts("primary"),
    ),
    own(
        "collection-create-any-vectors",
        "A schema without vectors is accepted.",
        &["collections/create"],
        &["collection.create.needs-vector"],
        Accepts("vector field"),
    ),
    own(
        "collection-create-any-length",
        "A VarChar key without max_length is accepted.",
        &["collections/create"],
        &["collection.create.max-length"],
        Accepts("max_length"),
    ),
    own(
        "collection-create-any-dimension",
        "Any dimension is accepted.",
        &["collections/create"],
        &["collection.create.dimension-range"],
        Accepts("invalid dimension"),
    ),
    own(
        "collection-create-refused-but-made",
        "A collection that is refused is made all the same.",
        &["collections/create"],
        &["collection.create.primary-key", "collection.create.needs-vector"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            if is_failure(&parsed(&honest)) && call.body.get("schema").is_some() {
                let quick = json!({"collectionName": call.text("collectionName"), "dimension": 4});
                broken.ask(call, "collections/create", quick);
            }
            Some(honest)
        }),
    ),
    own(
        "collection-create-any-name",
        "Any text is accepted as the name of a collection.",
        &["collections/create"],
        &["collection.create.name-form"],
        Accepts("Invalid collection name"),
    ),
    own(
        "collection-create-in-no-database",
        "A collection in a missing database is accepted.",
        &["collections/create"],
        &["collection.create.missing-database"],
        Accepts("database not found"),
    ),
    own(
        "collection-create-once",
        "The same collection is refused the second time.",
        &["collections/create"],
        &["collection.create.repeat"],
        Refuses(|broken, call| exists(broken, call, call.text("collectionName")), 65535, "collection already exists"),
    ),
    own(
        "collection-create-again-empties",
        "Making the same collection again empties it.",
        &["collections/create"],
        &["collection.create.repeat"],
        Does(|broken, call| {
            if !exists(broken, call, call.text("collectionName")) {
                return None;
            }
            and_then(broken, call, || lose_rows(broken, call, None))
        }),
    ),
    own(
        "collection-create-different",
        "A collection of the same name with another shape is accepted.",
        &["collections/create"],
        &["collection.create.different"],
        Accepts("duplicate collection"),
    ),
    own(
        "collection-create-different-empties",
        "A refused collection of the same name empties the present one.",
        &["collections/create"],
        &["collection.create.different"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            if is_failure(&parsed(&honest)) {
                lose_rows(broken, call, None);
            }
            Some(honest)
        }),
    ),
    own(
        "collection-create-named-like-an-alias",
        "A collection with the name of an alias is accepted.",
        &["collections/create"],
        &["collection.create.alias-name"],
        Accepts("alias"),
    ),
    own(
        "collection-create-bounded",
        "The consistency level asked for is ignored, and so are unknown ones.",
        &["collections/create"],
        &["collection.create.consistency", "collection.create.unknown-consistency"],
        Ignores(&["params"]),
    ),
    own(
        "collection-create-strong",
        "A collection is Strong unless another level is asked for.",
        &["collections/create"],
        &["collection.create.consistency"],
        Asks(|_, _, body| {
            if body.get("params").is_none() {
                body["params"] = json!({"consistencyLevel": "Strong"});
            }
        }),
    ),
    own(
        "collection-drop-drops-nothing",
        "A dropped collection stays.",
        &["collections/drop"],
        &["collection.drop.removes", "collection.drop.loaded", "collection.drop.with-alias"],
        Nothing,
    ),
    own(
        "collection-drop-leaves-rows",
        "A new collection brings the rows of a dropped one of that name back.",
        &["entities/insert", "collections/create"],
        &["collection.drop.removes"],
        Does(|broken, call| {
            let key = call.collection();
            if call.operation == "entities/insert" {
                let rows = call.body.clone();
                return and_then(broken, call, || drop(broken.memory().insert(key, rows)));
            }
            if exists(broken, call, call.text("collectionName")) {
                return None;
            }
            let rows = broken.memory().get(&key).cloned()?;
            and_then(broken, call, || drop(broken.ask(call, "entities/insert", rows)))
        }),
    ),
    own(
        "collection-drop-stays-listed",
        "Dropped collections stay in the list.",
        &["collections/drop", "collections/list"],
        &["collection.drop.removes"],
        Does(|broken, call| {
            if call.operation == "collections/drop" {
                broken.memory().insert(call.text("collectionName").to_owned(), Value::Null);
                return None;
            }
            let mut body = parsed(&broken.honest(call));
            body["data"].as_array_mut()?.extend(broken.memory().keys().map(|name| json!(name)));
            Some(super::super::json_answer(200, &body))
        }),
    ),
    own(
        "collection-drop-needs-release",
        "A loaded collection is not dropped.",
        &["collections/drop"],
        &["collection.drop.loaded"],
        Refuses(is_loaded, 65535, "collection is loaded, please release it first"),
    ),
    own(
        "collection-drop-misses-a-missing-one",
        "Dropping a collection that does not exist is refused.",
        &["collections/drop"],
        &["collection.drop.missing"],
        Refuses(names_nothing, 100, "collection not found"),
    ),
    own(
        "collection-drop-with-aliases",
        "A collection is dropped with its aliases.",
        &["collections/drop"],
        &["collection.drop.with-alias"],
        Does(|broken, call| {
            let name = call.text("collectionName");
            if owner(broken, call, name).is_some() || aliases_of(broken, call, name).is_empty() {
                return None;
            }
            drop_aliases(broken, call, name);
            Some(broken.honest(call))
        }),
    ),
    own(
        "collection-drop-by-alias",
        "A collection is dropped by its alias.",
        &["collections/drop"],
        &["collection.drop.by-alias"],
        Does(|broken, call| {
            let collection = owner(broken, call, call.text("collectionName"))?;
            drop_aliases(broken, call, &collection);
            broken.ask(call, "collections/drop", json!({"collectionName": collection}));
            Some(success(&empty()))
        }),
    ),
    own(
        "collection-list-omits",
        "The list omits the collections.",
        &["collections/list"],
        &["collection.list.names"],
        Answers(|_, _, body| {
            if let Some(names) = body.pointer_mut("/data").and_then(Value::as_array_mut) {
                names.clear();
            }
        }),
    ),
    own(
        "collection-list-twice",
        "The list names each collection twice.",
        &["collections/list"],
        &["database.collections.apart"],
        Answers(|_, _, body| {
            if let Some(names) = body.pointer_mut("/data").and_then(Value::as_array_mut) {
                names.extend(names.clone());
            }
        }),
    ),
    own(
        "collection-list-with-aliases",
        "Aliases are listed among the collections.",
        &["collections/list"],
        &["collection.list.no-aliases"],
        Answers(|broken, call, body| {
            let aliases = broken.ask(call, "aliases/list", json!({}));
            if let (Some(names), Some(aliases)) =
                (body.pointer_mut("/data").and_then(Value::as_array_mut), aliases["data"].as_array())
            {
                names.extend(aliases.iter().cloned());
            }
        }),
    ),
    own(
        "collection-has-never",
        "has answers false.",
        &["collections/has"],
        &["collection.has.answers", "collection.create.quick", "collection.rename.renames"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["has"] = json!(false);
            }
        }),
    ),
    own(
        "collection-has-always",
        "has answers true.",
        &["collections/has"],
        &["collection.has.answers", "collection.drop.removes", "collection.drop.loaded", "alias.drop.drops"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["has"] = json!(true);
            }
        }),
    ),
    own(
        "collection-has-misses",
        "has of a missing collection answers null.",
        &["collections/has"],
        &["collection.has.answers"],
        Answers(|_, _, body| {
            if body.pointer("/data/has") == Some(&json!(false)) {
                body["data"]["has"] = Value::Null;
            }
        }),
    ),
    own(
        "collection-has-in-no-database",
        "has in a missing database answers false.",
        &["collections/has"],
        &["collection.has.missing-database"],
        Does(|broken, call| {
            let refused = parsed(&broken.honest(call))["code"] == json!(800);
            refused.then(|| success(&json!({"has": false})))
        }),
    ),
    own(
        "collection-has-refuses-no-database",
        "has in a missing database is refused.",
        &["collections/has"],
        &["collection.has.missing-database-2-4"],
        Does(|broken, call| {
            let all = broken.ask(call, "databases/list", json!({}));
            let named = call.text("dbName");
            let missing = !named.is_empty() && !all["data"].as_array()?.contains(&json!(named));
            missing.then(|| super::refusal(800, "database not found"))
        }),
    ),
    own(
        "collection-describe-another-name",
        "A collection is described with another name.",
        &["collections/describe"],
        &["collection.describe.answers", "collection.create.quick"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["collectionName"] = json!("another");
            }
        }),
    ),
    own(
        "collection-describe-no-scalars",
        "Scalar fields are left out of a description.",
        &["collections/describe"],
        &["collection.describe.answers"],
        Answers(|_, _, body| {
            if field(body, "title").is_some()
                && let Some(fields) = body.pointer_mut("/data/fields").and_then(Value::as_array_mut)
            {
                fields.retain(|field| field["name"] != "title");
            }
        }),
    ),
    own(
        "collection-describe-partitions",
        "A description counts the partitions wrong.",
        &["collections/describe"],
        &["collection.describe.answers"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["partitionsNum"] = json!(16);
            }
        }),
    ),
    own(
        "collection-describe-aliases",
        "A description has an alias that does not exist.",
        &["collections/describe"],
        &["collection.describe.answers"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["aliases"] = json!(["ghost"]);
            }
        }),
    ),
    own(
        "collection-stats-text",
        "The row count is text.",
        &["collections/get_stats"],
        &["collection.get_stats.row-count"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["rowCount"] = json!("6");
            }
        }),
    ),
    own(
        "collection-stats-too-many",
        "The row count is far too large.",
        &["collections/get_stats"],
        &["collection.get_stats.row-count"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["rowCount"] = json!(1_000_000);
            }
        }),
    ),
    own(
        "collection-rename-renames-nothing",
        "A renamed collection keeps its name.",
        &["collections/rename"],
        &["collection.rename.renames", "collection.rename.with-alias"],
        Nothing,
    ),
    own(
        "collection-rename-keeps-the-old-name",
        "After a rename there is a collection of the old name, too.",
        &["collections/rename"],
        &["collection.rename.renames"],
        Does(|broken, call| {
            and_then(broken, call, || {
                let quick = json!({"collectionName": call.text("collectionName"), "dimension": 4});
                broken.ask(call, "collections/create", quick);
            })
        }),
    ),
    own(
        "collection-rename-loses-rows",
        "A rename loses the rows.",
        &["collections/rename"],
        &["collection.rename.renames"],
        Does(|broken, call| {
            lose_rows(broken, call, None);
            Some(broken.honest(call))
        }),
    ),
    own(
        "collection-rename-releases",
        "A rename releases the collection.",
        &["collections/rename"],
        &["collection.rename.keeps-load-state"],
        Does(|broken, call| {
            and_then(broken, call, || {
                broken.ask(call, "collections/release", json!({"collectionName": call.text("newCollectionName")}));
            })
        }),
    ),
    own(
        "collection-rename-to-itself",
        "A rename to the present name is accepted.",
        &["collections/rename"],
        &["collection.rename.same-name"],
        Does(|broken, call| {
            let same = call.text("newCollectionName") == call.text("collectionName");
            (same && is_failure(&parsed(&broken.honest(call)))).then(|| success(&empty()))
        }),
    ),
    own(
        "collection-rename-onto-a-collection",
        "A rename to the name of another collection is accepted.",
        &["collections/rename"],
        &["collection.rename.taken-name"],
        Does(|broken, call| {
            let new = call.text("newCollectionName");
            let taken =
                new != call.text("collectionName") && owner(broken, call, new).is_none() && exists(broken, call, new);
            (taken && is_failure(&parsed(&broken.honest(call)))).then(|| success(&empty()))
        }),
    ),
    own(
        "collection-rename-onto-an-alias",
        "A rename to the name of an alias is accepted.",
        &["collections/rename"],
        &["collection.rename.taken-name"],
        Does(|broken, call| {
            let taken = owner(broken, call, call.text("newCollectionName")).is_some();
            (taken && is_failure(&parsed(&broken.honest(call)))).then(|| success(&empty()))
        }),
    ),
    own(
        "collection-rename-of-nothing",
        "Renaming a missing collection succeeds.",
        &["collections/rename"],
        &["collection.rename.missing"],
        Accepts("collection not found"),
    ),
    own(
        "collection-rename-to-no-database",
        "Moving a collection to a missing database succeeds.",
        &["collections/rename"],
        &["collection.rename.missing-target-database"],
        Accepts("target database"),
    ),
    own(
        "collection-rename-not-with-alias",
        "A collection that has an alias is not renamed.",
        &["collections/rename"],
        &["collection.rename.with-alias"],
        Refuses(
            |broken, call| !aliases_of(broken, call, call.text("collectionName")).is_empty(),
            65535,
            "unsupported use an alias to rename collection",
        ),
    ),
    own(
        "collection-rename-drops-aliases",
        "A rename drops the aliases.",
        &["collections/rename"],
        &["collection.rename.with-alias"],
        Does(|broken, call| and_then(broken, call, || drop_aliases(broken, call, call.text("newCollectionName")))),
    ),
    own(
        "collection-rename-by-alias",
        "A collection is renamed by its alias.",
        &["collections/rename"],
        &["collection.rename.by-alias"],
        Asks(|broken, call, body| {
            if let Some(owner) = owner(broken, call, call.text("collectionName")) {
                body["collectionName"] = json!(owner);
            }
        }),
    ),
];
