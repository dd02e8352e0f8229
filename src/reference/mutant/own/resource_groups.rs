//! Mutants of resource groups.

use super::Deed::{Accepts, Answers, Does, Nothing, Refuses};
use super::{Own, empty, own, success};
use serde_json::{Value, json};

/// Hand-written mutants of this group.
pub(super) const TABLE: &[Own] = &[
    own(
        "resource-group-create-makes-nothing",
        "A create is accepted and makes no group.",
        &["resource_groups/create"],
        &["resource-group.create.listed"],
        Nothing,
    ),
    own(
        "resource-group-create-once",
        "A second create of a group is refused.",
        &["resource_groups/create"],
        &["resource-group.create.again"],
        Refuses(
            |broken, call| {
                let list = broken.ask(call, "resource_groups/list", empty());
                list["data"].as_array().is_some_and(|names| names.contains(&call.body["name"]))
            },
            301,
            "resource group already exist",
        ),
    ),
    own(
        "resource-group-any-name",
        "A group may have any name.",
        &["resource_groups/create"],
        &["resource-group.create.name-form"],
        Accepts("Invalid resource group name"),
    ),
    own(
        "resource-group-zero-nodes",
        "A create takes zero nodes.",
        &["resource_groups/create"],
        &["resource-group.create.zero-nodes"],
        Accepts("NodeNum"),
    ),
    own(
        "resource-group-told-empty",
        "A described group has no configuration.",
        &["resource_groups/describe"],
        &["resource-group.describe.told"],
        Answers(|_, _, body| {
            if body["resource_group"].is_object() {
                body["resource_group"]["config"] = empty();
            }
        }),
    ),
    own(
        "resource-group-missing-is-fine",
        "Calls on a group that is not there succeed.",
        &["resource_groups/describe", "resource_groups/alter"],
        &["resource-group.missing"],
        Accepts("resource group not found"),
    ),
    own(
        "resource-group-alter-changes-nothing",
        "An alter is accepted and changes nothing.",
        &["resource_groups/alter"],
        &["resource-group.alter.changes"],
        Nothing,
    ),
    own(
        "resource-group-alter-needs-a-group",
        "An alter of no group is refused.",
        &["resource_groups/alter"],
        &["resource-group.alter.nothing"],
        Refuses(
            |_, call| call.body["resource_groups"].as_object().is_some_and(serde_json::Map::is_empty),
            1100,
            "no resource group",
        ),
    ),
    own(
        "resource-group-any-config",
        "A group may be promised less than nothing.",
        &["resource_groups/alter"],
        &["resource-group.alter.config"],
        Accepts("node num in"),
    ),
    own(
        "resource-group-drop-full",
        "A group that may have nodes is dropped.",
        &["resource_groups/drop"],
        &["resource-group.drop.empty-first"],
        Does(|broken, call| {
            let none = json!({"requests": {"node_num": 0}, "limits": {"node_num": 0}});
            let body = Value::Object([(call.text("name").to_owned(), none)].into_iter().collect());
            broken.ask(call, "resource_groups/alter", json!({"resource_groups": body}));
            Some(broken.honest(call))
        }),
    ),
    own(
        "resource-group-drop-missing-fails",
        "A drop of what is not there is refused.",
        &["resource_groups/drop"],
        &["resource-group.drop.missing"],
        Refuses(
            |broken, call| {
                let list = broken.ask(call, "resource_groups/list", empty());
                !call.text("name").is_empty()
                    && !list["data"].as_array().is_some_and(|names| names.contains(&call.body["name"]))
            },
            300,
            "resource group not found",
        ),
    ),
    own(
        "resource-group-without-a-name",
        "Calls that name no group succeed.",
        &["resource_groups/create", "resource_groups/describe", "resource_groups/drop", "resource_groups/alter"],
        &["resource-group.required"],
        Accepts("missing required parameters"),
    ),
    own(
        "resource-group-transfer-of-nothing",
        "A transfer that lacks a key succeeds.",
        &["resource_groups/transfer_replica"],
        &["resource-group.transfer.required"],
        Accepts("missing required parameters"),
    ),
    own(
        "resource-group-transfer-anywhere",
        "A transfer between groups that are not there succeeds.",
        &["resource_groups/transfer_replica"],
        &["resource-group.transfer.missing"],
        Does(|_, call| {
            (!call.text("sourceRgName").is_empty()
                && !call.text("targetRgName").is_empty()
                && !call.text("collectionName").is_empty()
                && call.body["replicaNum"] == json!(1))
            .then(|| success(&empty()))
        }),
    ),
];
