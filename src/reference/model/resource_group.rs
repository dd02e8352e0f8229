//! Resource groups: parts of the query nodes, of which this target has one.

use super::failure::{self, Failure, MissingText};
use super::{Answer, Arguments, Model, Outcome, names, text};
use crate::reference::json::{Node, Value as Json};
use crate::reference::render;
use indexmap::IndexMap;
use serde_json::json;

/// The group that is always there and holds the nodes that no other group asks for.
pub(super) const DEFAULT: &str = "__default_resource_group";

/// As many nodes as the default group may have.
const UNBOUNDED: i64 = 1_000_000;

const MOST_GROUPS: usize = 1_024;

/// The query nodes of this target.
const NODES: i64 = 1;

/// How many nodes a group is to have and may have, and where they come from and go to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wanted {
    requests: i64,
    limits: i64,
    /// Groups that nodes are taken from first.
    from: Vec<String>,
    /// Groups that nodes are given to first.
    to: Vec<String>,
    /// The labels that a node has to have, as keys and values.
    labels: Vec<(String, String)>,
}

/// The groups beside the default one.
#[derive(Clone, Debug, Default)]
pub(super) struct ResourceGroups {
    groups: IndexMap<String, Wanted>,
}

impl Wanted {
    /// Reads a configuration; what is not there stands for none.
    fn read(config: Option<&Node<'_>>) -> Self {
        let under = |key: &str| config.and_then(|config| config.get(key));
        let nodes = |key: &str| match under(key).and_then(|part| part.get("node_num")).map(|node| &node.value) {
            Some(Json::Number(number)) => number.parse().unwrap_or_default(),
            _ => 0,
        };
        let groups = |key: &str| {
            let entries = under(key).map_or(&[][..], Node::items);
            entries.iter().map(|entry| text(entry, "resource_group").to_owned()).collect()
        };
        let labels = under("node_filter").and_then(|filter| filter.get("node_labels")).map_or(&[][..], Node::items);
        Self {
            requests: nodes("requests"),
            limits: nodes("limits"),
            from: groups("transfer_from"),
            to: groups("transfer_to"),
            labels: labels.iter().map(|one| (text(one, "key").to_owned(), text(one, "value").to_owned())).collect(),
        }
    }

    /// Read from the source; refusals of these were not measured.
    fn check(&self, name: &str, groups: &ResourceGroups) -> Result<(), Failure> {
        let refuse = |reason: &str| Err(failure::resource_group_config(name, reason));
        if self.requests < 0 || self.limits < 0 {
            return refuse("node num in `requests` or `limits` should not less than 0");
        }
        if self.limits < self.requests {
            return refuse("limits node num should not less than requests node num");
        }
        for (way, others) in [("TransferFrom", &self.from), ("TransferTo", &self.to)] {
            for other in others {
                if other == name {
                    return refuse(&format!("resource group in `{way}` {other} should not be itself"));
                }
                if !groups.has(other) {
                    return refuse(&format!("resource group in `{way}` {other} not exist"));
                }
            }
        }
        Ok(())
    }

    /// The configuration as it is told; what is zero or empty is left out.
    fn told(&self) -> String {
        let part = |number: i64| if number == 0 { json!({}) } else { json!({"node_num": number}) };
        let groups = |names: &[String]| names.iter().map(|name| json!({"resource_group": name})).collect();
        let labels: Vec<_> = self.labels.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        let lists = [
            ("transfer_from", self.from.is_empty(), groups(&self.from)),
            ("transfer_to", self.to.is_empty(), groups(&self.to)),
            ("node_filter", labels.is_empty(), json!({"node_labels": labels})),
        ];
        let numbers = [("requests", part(self.requests)), ("limits", part(self.limits))];
        let given = lists.into_iter().filter(|(_, is_empty, _)| !is_empty).map(|(key, _, value)| (key, value));
        let parts = numbers.into_iter().chain(given).map(|(key, value)| format!("\"{key}\":{}", render::json(&value)));
        format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
    }

    /// How many of the nodes that are left the group takes; no node of this target has labels.
    fn takes(&self, left: i64) -> i64 {
        if self.labels.is_empty() { self.requests.min(left) } else { 0 }
    }
}

impl ResourceGroups {
    fn has(&self, name: &str) -> bool {
        name == DEFAULT || self.groups.contains_key(name)
    }

    fn wanted(&self, name: &str) -> Option<Wanted> {
        let default = (name == DEFAULT).then(|| Wanted { limits: UNBOUNDED, ..Wanted::default() });
        default.or_else(|| self.groups.get(name).cloned())
    }

    /// How many nodes a group holds: those that ask first are served first, the default group keeps the rest.
    fn nodes(&self, name: &str) -> i64 {
        let mut left = NODES;
        for (group, wanted) in &self.groups {
            let taken = wanted.takes(left);
            if group == name {
                return taken;
            }
            left -= taken;
        }
        if name == DEFAULT { left } else { 0 }
    }
}

impl Model {
    /// The ids and names of the collections that are loaded.
    fn loaded(&self) -> Vec<(i64, String)> {
        let collections = self.databases.values().flat_map(|database| database.collections.values());
        let loaded = collections.filter(|collection| collection.is_in_use());
        loaded.map(|collection| (collection.id, collection.name.clone())).collect()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every operation has the same form")]
pub(in crate::reference) fn list(model: &mut Model, _: &Arguments<'_>) -> Outcome {
    let own = model.resource_groups.groups.keys().map(String::as_str);
    Ok(Answer::data(std::iter::once(DEFAULT).chain(own).collect()))
}

/// The one answer without an envelope; its keys stand in an order of their own, and those that are zero are left out.
pub(in crate::reference) fn describe(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("name");
    let (groups, loaded) = (&model.resource_groups, model.loaded());
    let wanted = groups.wanted(name).ok_or_else(|| failure::resource_group_missing(name))?;
    let nodes = groups.nodes(name);
    let capacity = if name == DEFAULT { UNBOUNDED } else { wanted.requests };
    let mut keys = vec![format!("\"name\":{}", render::json(&json!(name)))];
    let numbers = [("capacity", capacity), ("num_available_node", nodes)];
    keys.extend(numbers.iter().filter(|(_, number)| *number > 0).map(|(key, number)| format!("\"{key}\":{number}")));
    // Replicas belong to the default group; when another group has the node, it comes in there and goes out here.
    let away = nodes == 0 && name == DEFAULT;
    let replicas = [
        ("num_loaded_replica", name == DEFAULT),
        ("num_outgoing_node", away),
        ("num_incoming_node", nodes > 0 && name != DEFAULT),
    ];
    for (key, _) in replicas.iter().filter(|(_, told)| *told && !loaded.is_empty()) {
        let each: serde_json::Map<_, _> = loaded.iter().map(|(_, name)| (name.clone(), json!(1))).collect();
        keys.push(format!("\"{key}\":{}", render::json(&each.into())));
    }
    keys.push(format!("\"config\":{}", wanted.told()));
    if nodes > 0 {
        keys.push(r#""nodes":[{"node_id":1,"address":"127.0.0.1:21123","hostname":"vm"}]"#.to_owned());
    }
    Ok(Answer::bare(format!("{{\"resource_group\":{{{}}}}}", keys.join(","))))
}

pub(in crate::reference) fn create(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("name");
    names::check_resource_group(name)?;
    let wanted = Wanted::read(arguments.body.get("config"));
    wanted.check(name, &model.resource_groups)?;
    let groups = &mut model.resource_groups;
    match groups.wanted(name) {
        Some(known) if known == wanted => return Ok(Answer::done()),
        Some(_) => return Err(failure::resource_group_differs(name)),
        None => {}
    }
    // The default group counts.
    if groups.groups.len() + 1 >= MOST_GROUPS {
        return Err(failure::too_many_resource_groups(MOST_GROUPS));
    }
    groups.groups.insert(name.to_owned(), wanted);
    Ok(Answer::done())
}

pub(in crate::reference) fn drop(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("name");
    if name == DEFAULT {
        return Err(match model.loaded().first() {
            Some((id, _)) => failure::resource_group_serves(name, *id),
            None => failure::default_resource_group(),
        });
    }
    if model.resource_groups.wanted(name).is_some_and(|wanted| wanted.limits != 0) {
        return Err(failure::resource_group_in_use(name));
    }
    model.resource_groups.groups.shift_remove(name);
    Ok(Answer::done())
}

/// Changes all groups that are named, or none.
pub(in crate::reference) fn alter(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let altered = arguments.body.get("resource_groups").map_or(&[][..], Node::entries);
    let groups = &mut model.resource_groups;
    for (name, config) in altered {
        if !groups.has(name) {
            return Err(failure::resource_group_missing(name));
        }
        Wanted::read(Some(config)).check(name, groups)?;
    }
    for (name, config) in altered {
        if let Some(group) = groups.groups.get_mut(name.as_ref()) {
            *group = Wanted::read(Some(config));
        }
    }
    Ok(Answer::done())
}

/// Of a transfer only the refusal for a missing collection was measured; the others were read from the source. There is one
/// replica of a loaded collection, and it stays where it is in all that can be seen.
pub(in crate::reference) fn transfer_replica(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let (source, target) = (arguments.text("sourceRgName"), arguments.text("targetRgName"));
    let collection = model.collection(arguments, MissingText::Found)?;
    let (id, loaded) = (collection.id, collection.is_in_use());
    if let Some(missing) = [source, target].into_iter().find(|name| !model.resource_groups.has(name)) {
        return Err(failure::resource_group_missing(missing));
    }
    if source == target {
        return Err(failure::same_resource_group(source));
    }
    if !loaded {
        return Err(failure::not_loaded("", id));
    }
    let asked = arguments.int("replicaNum").unwrap_or_default();
    let there = i64::from(source == DEFAULT);
    if asked > there { Err(failure::too_few_replicas(asked, there)) } else { Ok(Answer::done()) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, data, quick, refused};
    use super::*;
    use crate::profile::Profile;
    use serde_json::Value;

    fn nodes(requests: i64, limits: i64) -> Value {
        json!({"requests": {"node_num": requests}, "limits": {"node_num": limits}})
    }

    fn described(model: &mut Model, name: &str) -> Value {
        let body = call(model, "resource_groups/describe", &json!({"name": name})).unwrap().bare.unwrap();
        serde_json::from_str::<Value>(&body).unwrap()["resource_group"].clone()
    }

    #[test]
    fn the_node_goes_to_who_asks_for_it_and_comes_back() {
        let mut model = quick(Profile::Milvus26);
        data(&mut model, "resource_groups/create", &json!({"name": "g"}));
        assert_eq!(described(&mut model, "g"), json!({"name": "g", "config": {"requests": {}, "limits": {}}}));
        assert_eq!(described(&mut model, DEFAULT)["num_available_node"], 1);
        data(&mut model, "resource_groups/alter", &json!({"resource_groups": {"g": nodes(1, 1)}}));
        assert_eq!(described(&mut model, "g")["num_available_node"], 1);
        assert_eq!(described(&mut model, DEFAULT)["num_available_node"], Value::Null);
        assert_eq!(refused(&mut model, "resource_groups/drop", &json!({"name": "g"})).0, 1100);
        data(&mut model, "resource_groups/alter", &json!({"resource_groups": {"g": nodes(0, 0)}}));
        data(&mut model, "resource_groups/drop", &json!({"name": "g"}));
        data(&mut model, "resource_groups/drop", &json!({"name": "g"}));
        assert_eq!(data(&mut model, "resource_groups/list", &json!({})), json!([DEFAULT]));
    }

    #[test]
    fn a_loaded_collection_is_told_of_and_keeps_the_default_group_busy() {
        let mut model = quick(Profile::Milvus25);
        assert_eq!(described(&mut model, DEFAULT)["num_loaded_replica"], json!({"c": 1}));
        let (code, message) = refused(&mut model, "resource_groups/drop", &json!({"name": DEFAULT}));
        assert_eq!(code, 1100);
        assert!(
            message.starts_with("some replicas still loaded in resource group[__default_resource_group]"),
            "{message}"
        );
        data(&mut model, "resource_groups/create", &json!({"name": "g"}));
        data(&mut model, "resource_groups/alter", &json!({"resource_groups": {"g": nodes(1, 1)}}));
        assert_eq!(described(&mut model, "g")["num_incoming_node"], json!({"c": 1}));
        assert_eq!(described(&mut model, DEFAULT)["num_outgoing_node"], json!({"c": 1}));
        data(&mut model, "collections/release", &json!({"collectionName": "c"}));
        assert_eq!(described(&mut model, "g")["num_incoming_node"], Value::Null);
        assert!(refused(&mut model, "resource_groups/drop", &json!({"name": DEFAULT})).1.contains("not deletable"));
    }

    #[test]
    fn a_create_again_needs_the_same_configuration() {
        let mut model = quick(Profile::Milvus25);
        for (config, code) in [(json!(null), 0), (json!(null), 0), (nodes(1, 1), 301), (nodes(2, 1), 303)] {
            let made = call(&mut model, "resource_groups/create", &json!({"name": "g", "config": config}));
            assert_eq!(made.map_or_else(|refusal| refusal.code, |_| 0), code, "{config}");
        }
    }

    #[test]
    fn a_configuration_is_told_as_it_was_given() {
        let mut model = quick(Profile::Milvus26);
        let others = json!([{"resource_group": DEFAULT}]);
        let labels = json!({"node_labels": [{"key": "zone", "value": "north"}]});
        let mut config = nodes(1, 2);
        config["transfer_from"] = others.clone();
        config["transfer_to"] = others;
        config["node_filter"] = labels;
        data(&mut model, "resource_groups/create", &json!({"name": "g", "config": config}));
        data(&mut model, "resource_groups/create", &json!({"name": "g", "config": config}));
        let told = described(&mut model, "g");
        assert_eq!(told["config"], config);
        assert_eq!(told["nodes"], Value::Null, "no node has the label");
        for (key, other) in [("transfer_from", "g"), ("transfer_to", "nowhere")] {
            let mut config = nodes(1, 1);
            config[key] = json!([{"resource_group": other}]);
            let body = json!({"resource_groups": {"g": config}});
            assert_eq!(refused(&mut model, "resource_groups/alter", &body).0, 303, "{key}");
        }
    }

    #[test]
    fn a_transfer_looks_at_the_collection_first() {
        let mut model = quick(Profile::Milvus26);
        let mut transfer = |collection: &str, source: &str, target: &str, count: i64| {
            let names = json!({"collectionName": collection, "sourceRgName": source, "targetRgName": target});
            let mut body = names;
            body["replicaNum"] = json!(count);
            call(&mut model, "resource_groups/transfer_replica", &body).map_or_else(|refusal| refusal.code, |_| 0)
        };
        assert_eq!(transfer("nope", "a", "b", 1), 100);
        assert_eq!(transfer("c", "a", DEFAULT, 1), 300);
        assert_eq!(transfer("c", DEFAULT, DEFAULT, 1), 1100);
    }
}
