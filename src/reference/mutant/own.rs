//! Mutants written by hand, each for the requirements that it names: a table a group of operations.

mod aliases;
mod changes;
mod collections;
mod databases;
mod disputed;
mod entities;
mod filters;
mod guides;
mod indexes;
mod jobs;
mod load;
mod partitions;
mod privilege_groups;
mod resource_groups;
mod roles;
mod rules;
mod search;
mod transport;
mod users;
mod v1;
mod values;
mod wire;

use super::{Broken, Call, Kind, empty, is_failure, is_success, parsed, refusal, rewritten, success};
use crate::exchange::Response;
use serde_json::{Value, json};

/// A mutant written by hand.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) id: &'static str,
    pub(super) about: &'static str,
    pub(super) operations: &'static [&'static str],
    pub(super) trips: &'static [&'static str],
    deed: Deed,
}

/// What a mutant does wrong.
#[derive(Debug)]
enum Deed {
    /// Answers success, and does nothing.
    Nothing,
    /// Answers an empty success where the model refuses with a message that holds this text.
    Accepts(&'static str),
    /// Reads these keys of the request as if they were not there.
    Ignores(&'static [&'static str]),
    /// Does nothing and answers an empty success where the model refuses with this HTTP status.
    Admits(u16),
    /// Answers an object that is not empty.
    Chats,
    /// Refuses what the model would do, under this condition, with this code and message.
    Refuses(fn(&Broken, &Call<'_>) -> bool, i64, &'static str),
    /// Changes the request.
    Asks(fn(&Broken, &Call<'_>, &mut Value)),
    /// Changes the answer.
    Answers(fn(&Broken, &Call<'_>, &mut Value)),
    /// Anything else; `None` leaves the call to the model.
    Does(fn(&Broken, &Call<'_>) -> Option<Response>),
}

/// All of them.
pub(super) const TABLES: &[&[Own]] = &[
    aliases::TABLE,
    changes::TABLE,
    collections::TABLE,
    databases::TABLE,
    disputed::TABLE,
    entities::TABLE,
    filters::TABLE,
    guides::TABLE,
    indexes::TABLE,
    jobs::TABLE,
    load::TABLE,
    partitions::TABLE,
    privilege_groups::TABLE,
    resource_groups::TABLE,
    roles::TABLE,
    rules::TABLE,
    search::TABLE,
    transport::TABLE,
    users::TABLE,
    v1::TABLE,
    values::TABLE,
    wire::TABLE,
];

const fn own(
    id: &'static str,
    about: &'static str,
    operations: &'static [&'static str],
    trips: &'static [&'static str],
    deed: Deed,
) -> Own {
    Own { id, about, operations, trips, deed }
}

impl Own {
    /// What it is about: told by its table, else by its deed.
    pub(super) fn kind(&self) -> Kind {
        let of = |tables: &[&[Own]]| tables.iter().copied().flatten().any(|own| own.id == self.id);
        if of(&[transport::TABLE, wire::TABLE]) {
            Kind::Transport
        } else if of(&[values::TABLE, filters::TABLE, search::TABLE]) {
            Kind::Values
        } else {
            match self.deed {
                Deed::Accepts(_) | Deed::Admits(_) | Deed::Refuses(..) => Kind::Error,
                Deed::Chats => Kind::Payload,
                Deed::Nothing | Deed::Ignores(_) | Deed::Asks(_) | Deed::Answers(_) | Deed::Does(_) => Kind::State,
            }
        }
    }

    /// The answer, and whether the violation showed in it or behind it.
    pub(super) fn answer(&self, broken: &Broken, call: &Call<'_>) -> (Response, bool) {
        match &self.deed {
            Deed::Nothing => (broken.reference.copy().answer(call.request), true),
            Deed::Accepts(text) => {
                let honest = broken.honest(call);
                let body = parsed(&honest);
                let meant = is_failure(&body) && body["message"].as_str().is_some_and(|message| message.contains(text));
                if meant { (success(&empty()), true) } else { (honest, false) }
            }
            Deed::Admits(status) => {
                let honest = broken.honest(call);
                if honest.status == *status { (success(&empty()), true) } else { (honest, false) }
            }
            Deed::Ignores(keys) => changed(broken, call, |body| {
                if let Some(body) = body.as_object_mut() {
                    keys.iter().for_each(|key| drop(body.remove(*key)));
                }
            }),
            Deed::Chats => spoilt(broken.honest(call), |body| {
                if is_success(body) {
                    body["data"] = json!({"done": true});
                }
            }),
            Deed::Refuses(when, code, message) => {
                if when(broken, call) {
                    (refusal(*code, message), true)
                } else {
                    (broken.honest(call), false)
                }
            }
            Deed::Asks(change) => changed(broken, call, |body| change(broken, call, body)),
            Deed::Answers(change) => spoilt(broken.honest(call), |body| change(broken, call, body)),
            Deed::Does(act) => match act(broken, call) {
                Some(response) => (response, true),
                None => (broken.honest(call), false),
            },
        }
    }
}

fn changed(broken: &Broken, call: &Call<'_>, change: impl FnOnce(&mut Value)) -> (Response, bool) {
    let mut body = call.body.clone();
    change(&mut body);
    if body == call.body { (broken.honest(call), false) } else { (broken.with_body(call, &body), true) }
}

fn spoilt(honest: Response, change: impl FnOnce(&mut Value)) -> (Response, bool) {
    let before = parsed(&honest);
    let mut body = before.clone();
    change(&mut body);
    if body == before { (honest, false) } else { (rewritten(&honest, &body), true) }
}

/// Does what the model does and, after a success, something more.
#[expect(clippy::unnecessary_wraps, reason = "it is the last word of many deeds")]
fn and_then(broken: &Broken, call: &Call<'_>, more: impl FnOnce()) -> Option<Response> {
    let honest = broken.honest(call);
    if is_success(&parsed(&honest)) {
        more();
    }
    Some(honest)
}

fn state(broken: &Broken, call: &Call<'_>) -> String {
    let body = broken.ask(call, "collections/describe", json!({"collectionName": call.text("collectionName")}));
    body["data"]["load"].as_str().unwrap_or_default().to_owned()
}

fn is_released(broken: &Broken, call: &Call<'_>) -> bool {
    state(broken, call) == "LoadStateNotLoad"
}

fn is_loaded(broken: &Broken, call: &Call<'_>) -> bool {
    state(broken, call) == "LoadStateLoaded"
}

/// Whether there is a collection of this name or alias.
fn exists(broken: &Broken, call: &Call<'_>, name: &str) -> bool {
    broken.ask(call, "collections/has", json!({"collectionName": name}))["data"]["has"] == json!(true)
}

/// The collection of an alias.
fn owner(broken: &Broken, call: &Call<'_>, alias: &str) -> Option<String> {
    let body = broken.ask(call, "aliases/describe", json!({"aliasName": alias}));
    Some(body["data"]["collectionName"].as_str()?.to_owned())
}

fn names_an_alias(broken: &Broken, call: &Call<'_>) -> bool {
    owner(broken, call, call.text("collectionName")).is_some()
}

fn names_nothing(broken: &Broken, call: &Call<'_>) -> bool {
    !call.text("collectionName").is_empty() && !exists(broken, call, call.text("collectionName"))
}

fn aliases_of(broken: &Broken, call: &Call<'_>, collection: &str) -> Vec<String> {
    let body = broken.ask(call, "aliases/list", json!({"collectionName": collection}));
    let names = body["data"].as_array().cloned().unwrap_or_default();
    names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

fn drop_aliases(broken: &Broken, call: &Call<'_>, collection: &str) {
    for alias in aliases_of(broken, call, collection) {
        broken.ask(call, "aliases/drop", json!({"aliasName": alias}));
    }
}

/// Deletes rows, all or those of a partition. The collection has to be loaded.
fn lose_rows(broken: &Broken, call: &Call<'_>, partition: Option<&str>) {
    let mut body = json!({"collectionName": call.text("collectionName"), "filter": "id >= 0"});
    if let Some(partition) = partition {
        body["partitionName"] = json!(partition);
    }
    broken.ask(call, "entities/delete", body);
}

/// The items of the list at this place, if there is one.
fn items<'v>(value: &'v mut Value, pointer: &str) -> &'v mut [Value] {
    value.pointer_mut(pointer).and_then(Value::as_array_mut).map_or(&mut [], Vec::as_mut_slice)
}
