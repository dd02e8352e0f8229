//! Aliases.

use super::super::{is_success, parsed, success};
use super::Deed::{Accepts, Answers, Asks, Chats, Does, Ignores, Nothing, Refuses};
use super::{Own, aliases_of, and_then, drop_aliases, empty, exists, names_an_alias, own, owner};
use serde_json::json;

pub(super) const TABLE: &[Own] = &[
    own(
        "alias-drop-drops-nothing",
        "A drop of an alias leaves it where it is.",
        &["aliases/drop"],
        &[
            "alias.drop.drops",
            "alias.drop.name-is-enough",
            "alias.drop.collection-name",
            "alias.drop.wrong-collection-name",
        ],
        Nothing,
    ),
    own(
        "alias-drop-needs-the-collection",
        "A drop of an alias that does not name the collection is refused.",
        &["aliases/drop"],
        &["alias.drop.path", "alias.drop.name-is-enough"],
        Refuses(
            |_, call| call.text("collectionName").is_empty(),
            1802,
            "missing required parameters, error: collectionName",
        ),
    ),
    own(
        "alias-drop-refuses-the-collection",
        "A drop of an alias that names the collection as well is refused.",
        &["aliases/drop"],
        &["alias.drop.collection-name"],
        Refuses(
            |_, call| !call.text("collectionName").is_empty(),
            1801,
            "can only accept json format request, unknown key",
        ),
    ),
    own(
        "alias-drop-minds-the-collection",
        "A drop of an alias that names another collection is refused.",
        &["aliases/drop"],
        &["alias.drop.wrong-collection-name"],
        Refuses(
            |broken, call| {
                let named = call.text("collectionName");
                !named.is_empty() && owner(broken, call, call.text("aliasName")).is_some_and(|owner| owner != named)
            },
            1600,
            "alias not found",
        ),
    ),
    own(
        "alias-drop-takes-the-collection",
        "Dropping an alias drops its collection as well.",
        &["aliases/drop"],
        &["alias.drop.keeps-collection"],
        Does(|broken, call| {
            let collection = owner(broken, call, call.text("aliasName"))?;
            drop_aliases(broken, call, &collection);
            broken.ask(call, "collections/drop", json!({"collectionName": collection}));
            Some(success(&empty()))
        }),
    ),
    own(
        "alias-drop-takes-its-siblings",
        "Dropping an alias drops all aliases of its collection.",
        &["aliases/drop"],
        &["alias.drop.keeps-collection"],
        Does(|broken, call| {
            let collection = owner(broken, call, call.text("aliasName"))?;
            drop_aliases(broken, call, &collection);
            Some(success(&empty()))
        }),
    ),
    own(
        "alias-drop-misses-a-missing-one",
        "Dropping an alias that does not exist is refused.",
        &["aliases/drop"],
        &["alias.drop.missing", "alias.drop.repeat"],
        Refuses(
            |broken, call| !call.text("aliasName").is_empty() && owner(broken, call, call.text("aliasName")).is_none(),
            1600,
            "alias not found",
        ),
    ),
    own(
        "alias-drop-drops-a-collection-of-that-name",
        "A collection's name given to the drop of an alias drops the collection.",
        &["aliases/drop"],
        &["alias.drop.collections-name"],
        Does(|broken, call| {
            let name = call.text("aliasName");
            if owner(broken, call, name).is_some() || !exists(broken, call, name) {
                return None;
            }
            drop_aliases(broken, call, name);
            broken.ask(call, "collections/drop", json!({"collectionName": name}));
            Some(success(&empty()))
        }),
    ),
    own(
        "alias-drop-without-a-name",
        "A drop that names no alias succeeds.",
        &["aliases/drop"],
        &["alias.drop.required-name"],
        Accepts("missing required"),
    ),
    own(
        "alias-drop-chats",
        "A drop of an alias answers more than {}.",
        &["aliases/drop"],
        &["alias.drop.empty-data"],
        Chats,
    ),
    own(
        "alias-create-makes-nothing",
        "An alias is accepted and not made.",
        &["aliases/create"],
        &["alias.create.resolves"],
        Nothing,
    ),
    own(
        "alias-create-moves-the-alias",
        "An alias of another collection is silently moved.",
        &["aliases/create"],
        &["alias.create.one-collection"],
        Does(|broken, call| {
            let present = owner(broken, call, call.text("aliasName"))?;
            if present == call.text("collectionName") || !exists(broken, call, call.text("collectionName")) {
                return None;
            }
            broken.ask(call, "aliases/alter", call.body.clone());
            Some(success(&empty()))
        }),
    ),
    own(
        "alias-create-accepts-a-taken-name",
        "An alias of another collection is accepted, and nothing done.",
        &["aliases/create"],
        &["alias.create.one-collection"],
        Accepts("alias to another collection"),
    ),
    own(
        "alias-create-allows-one",
        "A collection that has an alias gets no other.",
        &["aliases/create"],
        &["alias.create.several"],
        Refuses(
            |broken, call| {
                let others = aliases_of(broken, call, call.text("collectionName"));
                others.iter().any(|other| other != call.text("aliasName"))
            },
            65535,
            "one alias is enough",
        ),
    ),
    own(
        "alias-create-without-collection",
        "An alias of a missing collection is accepted.",
        &["aliases/create"],
        &["alias.create.missing-collection", "transport.collection.missing"],
        Accepts("collection not found"),
    ),
    own(
        "alias-create-clashes",
        "An alias with the name of a collection is accepted.",
        &["aliases/create"],
        &["alias.create.collections-name"],
        Accepts("conflict"),
    ),
    own(
        "alias-create-any-name",
        "Any text is accepted as an alias.",
        &["aliases/create"],
        &["alias.create.name-form"],
        Accepts("Invalid collection alias"),
    ),
    own(
        "alias-create-once",
        "The same alias of the same collection is refused the second time.",
        &["aliases/create"],
        &["alias.create.repeat"],
        Refuses(
            |broken, call| owner(broken, call, call.text("aliasName")).is_some(),
            1602,
            "alias to another collection: alias already exist",
        ),
    ),
    own(
        "alias-is-no-name-for-rows",
        "Rows are neither written nor read through an alias.",
        &["entities/insert", "entities/query", "entities/search", "entities/get"],
        &["alias.create.resolves"],
        Refuses(names_an_alias, 100, "can't find collection"),
    ),
    own(
        "alias-alter-moves-nothing",
        "An altered alias stays where it is.",
        &["aliases/alter"],
        &["alias.alter.moves"],
        Nothing,
    ),
    own(
        "alias-alter-leaves-a-copy",
        "An altered alias is listed for its former collection, too.",
        &["aliases/alter", "aliases/list"],
        &["alias.alter.moves"],
        Does(|broken, call| {
            if call.operation == "aliases/alter" {
                let before = owner(broken, call, call.text("aliasName"))?;
                let honest = broken.honest(call);
                if is_success(&parsed(&honest)) && before != call.text("collectionName") {
                    broken.memory().insert(before, json!(call.text("aliasName")));
                }
                return Some(honest);
            }
            let ghost = broken.memory().get(call.text("collectionName")).cloned()?;
            let mut body = parsed(&broken.honest(call));
            body["data"].as_array_mut()?.push(ghost);
            Some(super::super::json_answer(200, &body))
        }),
    ),
    own(
        "alias-alter-once",
        "Altering an alias to the collection that it belongs to is refused.",
        &["aliases/alter"],
        &["alias.alter.repeat"],
        Refuses(
            |broken, call| {
                owner(broken, call, call.text("aliasName")).is_some_and(|owner| owner == call.text("collectionName"))
            },
            65535,
            "nothing to alter",
        ),
    ),
    own(
        "alias-alter-makes-one",
        "Altering an alias that does not exist makes it.",
        &["aliases/alter"],
        &["alias.alter.missing-alias"],
        Does(|broken, call| {
            if owner(broken, call, call.text("aliasName")).is_some()
                || !exists(broken, call, call.text("collectionName"))
            {
                return None;
            }
            broken.ask(call, "aliases/create", call.body.clone());
            Some(success(&empty()))
        }),
    ),
    own(
        "alias-alter-to-nowhere",
        "An alias may be given to a missing collection, which leaves it where it is.",
        &["aliases/alter"],
        &["alias.alter.missing-collection"],
        Accepts("collection not found"),
    ),
    own(
        "alias-alter-failure-drops",
        "A refused alteration drops the alias.",
        &["aliases/alter"],
        &["alias.alter.missing-collection"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            if !is_success(&parsed(&honest)) {
                broken.ask(call, "aliases/drop", json!({"aliasName": call.text("aliasName")}));
            }
            Some(honest)
        }),
    ),
    own(
        "alias-describe-elsewhere",
        "An alias is described with another collection.",
        &["aliases/describe"],
        &["alias.describe.answers"],
        Answers(|_, _, body| {
            if is_success(body) {
                body["data"]["collectionName"] = json!("elsewhere");
            }
        }),
    ),
    own(
        "alias-describe-of-nothing",
        "A missing alias is described.",
        &["aliases/describe"],
        &["alias.describe.missing", "alias.drop.drops"],
        Accepts("alias not found"),
    ),
    own(
        "alias-list-shows-nothing",
        "The list of the database's aliases is empty.",
        &["aliases/list"],
        &["alias.list.all"],
        Answers(|_, call, body| {
            if is_success(body) && call.text("collectionName").is_empty() {
                body["data"] = json!([]);
            }
        }),
    ),
    own(
        "alias-list-shows-all",
        "The list of a collection's aliases is that of the database.",
        &["aliases/list"],
        &["alias.list.of-collection", "alias.list.missing-collection"],
        Ignores(&["collectionName"]),
    ),
    own(
        "alias-list-of-nothing",
        "The aliases of a missing collection are listed.",
        &["aliases/list"],
        &["alias.list.missing-collection"],
        Accepts("collection not found"),
    ),
    own(
        "alias-list-keeps-the-dropped",
        "Dropped aliases stay in the lists.",
        &["aliases/drop", "aliases/list"],
        &["alias.drop.drops", "alias.drop.collection-name"],
        Does(|broken, call| {
            if call.operation == "aliases/drop" {
                let alias = call.text("aliasName");
                if let Some(owner) = owner(broken, call, alias) {
                    broken.memory().insert(alias.to_owned(), json!(owner));
                }
                return None;
            }
            let mut body = parsed(&broken.honest(call));
            let memory = broken.memory();
            let of = call.text("collectionName");
            let ghosts = memory.iter().filter(|(_, owner)| of.is_empty() || owner.as_str() == Some(of));
            body["data"].as_array_mut()?.extend(ghosts.map(|(alias, _)| json!(alias)));
            Some(super::super::json_answer(200, &body))
        }),
    ),
    own(
        "alias-stays-usable",
        "A dropped alias still leads to its collection when rows are read.",
        &["aliases/drop", "entities/query", "entities/search", "collections/has"],
        &["alias.drop.drops"],
        Does(|broken, call| {
            if call.operation == "aliases/drop" {
                let owner = owner(broken, call, call.text("aliasName"))?;
                return and_then(broken, call, || {
                    broken.memory().insert(call.text("aliasName").to_owned(), json!(owner));
                });
            }
            let owner = broken.memory().get(call.text("collectionName")).cloned()?;
            let mut body = call.body.clone();
            body["collectionName"] = owner;
            Some(broken.with_body(call, &body))
        }),
    ),
    own(
        "alias-create-for-the-wrong-collection",
        "An alias is made for any collection but the one named.",
        &["aliases/create"],
        &["alias.describe.answers", "alias.list.of-collection"],
        Asks(|broken, call, body| {
            let all = broken.ask(call, "collections/list", json!({}));
            let named = call.text("collectionName");
            let other = all["data"].as_array().and_then(|names| names.iter().find(|name| name.as_str() != Some(named)));
            if let (Some(other), true) = (other, exists(broken, call, named)) {
                body["collectionName"] = other.clone();
            }
        }),
    ),
];
