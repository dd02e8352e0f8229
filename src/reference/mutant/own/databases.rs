//! Databases.

use super::super::{is_success, parsed, success};
use super::Deed::{Accepts, Answers, Does, Ignores, Nothing, Refuses};
use super::{Broken, Call, Own, empty, own};
use serde_json::{Value, json};

fn is_missing(broken: &Broken, call: &Call<'_>) -> bool {
    !is_success(&broken.ask(call, "databases/describe", json!({"dbName": call.text("dbName")})))
}

pub(super) const TABLE: &[Own] = &[
    own(
        "database-list-without-default",
        "The database default is not listed.",
        &["databases/list"],
        &["database.list.default"],
        Answers(|_, _, body| {
            if let Some(names) = body.pointer_mut("/data").and_then(Value::as_array_mut) {
                names.retain(|name| name != "default");
            }
        }),
    ),
    own(
        "database-create-makes-nothing",
        "A database is accepted and not made.",
        &["databases/create"],
        &["database.create.creates"],
        Nothing,
    ),
    own(
        "database-create-again",
        "A database that exists is accepted again.",
        &["databases/create"],
        &["database.create.exists"],
        Accepts("already exist"),
    ),
    own(
        "database-create-any-name",
        "Any text is accepted as the name of a database.",
        &["databases/create"],
        &["database.create.name-form"],
        Accepts("invalid database name"),
    ),
    own(
        "database-describe-another",
        "A database is described with another name.",
        &["databases/describe"],
        &["database.create.creates"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["dbName"] = json!("another");
            }
        }),
    ),
    own(
        "database-describe-of-nothing",
        "A missing database is described.",
        &["databases/describe"],
        &["database.describe.missing"],
        Accepts("database not found"),
    ),
    own(
        "database-drop-drops-nothing",
        "A drop of a database leaves it where it is.",
        &["databases/drop"],
        &["database.drop.drops"],
        Nothing,
    ),
    own(
        "database-drop-misses-a-missing-one",
        "Dropping a database that does not exist is refused.",
        &["databases/drop"],
        &["database.drop.missing"],
        Refuses(is_missing, 800, "database not found"),
    ),
    own(
        "database-drop-with-collections",
        "A database is dropped with its collections.",
        &["databases/drop"],
        &["database.drop.not-empty"],
        Does(|broken, call| {
            let all = broken.ask(call, "collections/list", json!({}));
            for name in all["data"].as_array()? {
                broken.ask(call, "collections/drop", json!({"collectionName": name}));
            }
            broken.honest(call);
            Some(success(&empty()))
        }),
    ),
    own(
        "database-drop-never-when-used",
        "A database that once held a collection is never dropped.",
        &["databases/drop", "collections/create"],
        &["database.drop.not-empty"],
        Does(|broken, call| {
            let database = call.text("dbName").to_owned();
            if call.operation == "collections/create" {
                broken.memory().insert(database, json!(true));
                return None;
            }
            let used = broken.memory().contains_key(&database);
            used.then(|| super::refusal(65535, "not empty, must drop all collections before drop database"))
        }),
    ),
    own(
        "database-create-ignored-by-has",
        "has looks in the database default, whichever is named.",
        &["collections/has"],
        &["database.collections.apart", "collection.has.missing-database"],
        Ignores(&["dbName"]),
    ),
    own(
        "database-list-leaks",
        "The list of a database holds the collections of default as well.",
        &["collections/list"],
        &["database.collections.apart"],
        Does(|broken, call| {
            let mut body = parsed(&broken.honest(call));
            if ["", "default"].contains(&call.text("dbName")) {
                return None;
            }
            let leak = broken.ask(call, "collections/list", json!({"dbName": "default"}));
            body["data"].as_array_mut()?.extend(leak["data"].as_array()?.iter().cloned());
            Some(super::super::json_answer(200, &body))
        }),
    ),
];
