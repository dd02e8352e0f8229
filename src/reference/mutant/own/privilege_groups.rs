//! Groups of privileges.

use super::super::success;
use super::Deed::{Accepts, Answers, Does, Nothing, Refuses};
use super::{Own, empty, own};
use serde_json::json;

pub(super) const TABLE: &[Own] = &[
    own(
        "privilege-group-list-without-admins",
        "The built-in groups for administration are not listed.",
        &["privilege_groups/list"],
        &["privilege-group.list.built-in"],
        Answers(|_, _, body| {
            for group in super::items(body, "/data/privilegeGroups") {
                if group["privilegeGroupName"].as_str().is_some_and(|name| name.ends_with("Admin")) {
                    group["privilegeGroupName"] = json!("Other");
                }
            }
        }),
    ),
    own(
        "privilege-group-list-by-name",
        "The groups are answered by their names.",
        &["privilege_groups/list"],
        &["privilege-group.list.form"],
        Answers(|_, _, body| body["data"] = json!({"ClusterAdmin": []})),
    ),
    own(
        "privilege-group-create-makes-nothing",
        "A group is accepted and not made.",
        &["privilege_groups/create"],
        &["privilege-group.create.creates"],
        Nothing,
    ),
    own(
        "privilege-group-create-again",
        "A group that exists is accepted again.",
        &["privilege_groups/create"],
        &["privilege-group.create.exists", "privilege-group.create.built-in"],
        Accepts("is defined by"),
    ),
    own(
        "privilege-group-create-any-name",
        "Any text is accepted as the name of a group.",
        &["privilege_groups/create"],
        &["privilege-group.create.name-form"],
        Accepts("invalid privilege group name"),
    ),
    own(
        "privilege-group-create-without-name",
        "A group is made without a name.",
        &["privilege_groups/create"],
        &["privilege-group.create.required"],
        Accepts("missing required"),
    ),
    own(
        "privilege-group-add-adds-nothing",
        "Privileges are accepted and not added.",
        &["privilege_groups/add_privileges_to_group"],
        &["privilege-group.add.adds", "role.rights.group"],
        Nothing,
    ),
    own(
        "privilege-group-add-to-nothing",
        "Privileges are added to a group that does not exist.",
        &["privilege_groups/add_privileges_to_group"],
        &["privilege-group.add.missing-group"],
        Accepts("there is no privilege group name"),
    ),
    own(
        "privilege-group-add-anything",
        "Any text is accepted as a privilege of a group.",
        &["privilege_groups/add_privileges_to_group"],
        &["privilege-group.add.undefined"],
        Does(|_, call| call.body.to_string().contains("Browse").then(|| success(&empty()))),
    ),
    own(
        "privilege-group-add-any-level",
        "Privileges of any level are accepted in a group.",
        &["privilege_groups/add_privileges_to_group"],
        &["privilege-group.add.levels"],
        Accepts("not the same privilege level"),
    ),
    own(
        "privilege-group-add-nothing-at-all",
        "Adding no privileges is accepted.",
        &["privilege_groups/add_privileges_to_group"],
        &["privilege-group.add.nothing"],
        Accepts("privileges is empty"),
    ),
    own(
        "privilege-group-remove-removes-nothing",
        "Removed privileges stay in their group.",
        &["privilege_groups/remove_privileges_from_group"],
        &["privilege-group.remove.removes"],
        Nothing,
    ),
    own(
        "privilege-group-remove-from-nothing",
        "Privileges are removed from a group that does not exist.",
        &["privilege_groups/remove_privileges_from_group"],
        &["privilege-group.remove.missing-group"],
        Accepts("there is no privilege group name"),
    ),
    own(
        "privilege-group-drop-drops-nothing",
        "A drop of a group leaves it where it is.",
        &["privilege_groups/drop"],
        &["privilege-group.drop.drops"],
        Nothing,
    ),
    own(
        "privilege-group-drop-misses-a-missing-one",
        "Dropping a group that does not exist is refused.",
        &["privilege_groups/drop"],
        &["privilege-group.drop.missing"],
        Refuses(
            |broken, call| {
                let all = broken.ask(call, "privilege_groups/list", json!({})).to_string();
                !all.contains(&format!("\"{}\"", call.text("privilegeGroupName")))
            },
            1100,
            "there is no such group",
        ),
    ),
    own(
        "privilege-group-drop-in-use",
        "A group in use is said to be dropped.",
        &["privilege_groups/drop"],
        &["privilege-group.drop.in-use"],
        Accepts("is used by role"),
    ),
];
