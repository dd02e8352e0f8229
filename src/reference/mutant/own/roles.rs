//! Roles, and what they allow.

use super::super::{is_failure, parsed, refusal};
use super::Deed::{Accepts, Admits, Answers, Does, Nothing, Refuses};
use super::{Broken, Call, Own, own};
use serde_json::json;

fn holds(broken: &Broken, call: &Call<'_>) -> bool {
    let body = broken.ask(call, "roles/describe", json!({"roleName": call.text("roleName")}));
    body["data"]
        .as_array()
        .is_some_and(|grants| grants.iter().any(|grant| grant["privilege"] == call.text("privilege")))
}

pub(super) const TABLE: &[Own] = &[
    own(
        "role-list-without-public",
        "The role public is not listed.",
        &["roles/list"],
        &["role.list.built-in"],
        Answers(|_, _, body| {
            for name in super::items(body, "/data") {
                if name == "public" {
                    *name = json!("other");
                }
            }
        }),
    ),
    own(
        "role-create-makes-nothing",
        "A role is accepted and not made.",
        &["roles/create"],
        &["role.create.creates"],
        Nothing,
    ),
    own(
        "role-create-again",
        "A role that exists is accepted again.",
        &["roles/create"],
        &["role.create.exists"],
        Accepts("already exists"),
    ),
    own(
        "role-create-any-name",
        "Any text is accepted as the name of a role.",
        &["roles/create"],
        &["role.create.name-form"],
        Accepts("role name "),
    ),
    own(
        "role-create-without-name",
        "A role is made without a name.",
        &["roles/create"],
        &["role.create.required"],
        Accepts("missing required"),
    ),
    own(
        "role-drop-drops-nothing",
        "A drop of a role leaves it where it is.",
        &["roles/drop"],
        &["role.drop.drops", "role.drop.held"],
        Nothing,
    ),
    own(
        "role-drop-of-nothing",
        "Dropping a role that does not exist succeeds.",
        &["roles/drop"],
        &["role.drop.missing"],
        Accepts("not found the role"),
    ),
    own(
        "role-drop-not-when-held",
        "A role that users have is not dropped.",
        &["roles/drop", "users/grant_role"],
        &["role.drop.held"],
        Does(|broken, call| {
            if call.operation == "users/grant_role" {
                broken.memory().insert(call.text("roleName").to_owned(), json!(true));
                return None;
            }
            let held = broken.memory().contains_key(call.text("roleName"));
            held.then(|| refusal(65535, "users have the role"))
        }),
    ),
    own(
        "role-drop-with-privileges",
        "A role is said to be dropped with its privileges.",
        &["roles/drop"],
        &["role.drop.with-privileges"],
        Accepts("has privileges"),
    ),
    own(
        "role-drop-refused-revokes",
        "A refused drop of a role revokes its privileges.",
        &["roles/drop"],
        &["role.drop.with-privileges"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            if is_failure(&parsed(&honest)) {
                let body = json!({
                    "roleName": call.text("roleName"), "objectType": "Collection", "objectName": "*", "privilege": "Search"
                });
                broken.ask(call, "roles/revoke_privilege", body);
            }
            Some(honest)
        }),
    ),
    own(
        "role-describe-elsewhere",
        "A grant is described on another object.",
        &["roles/describe"],
        &["role.describe.grants", "role.grant.global"],
        Answers(|_, _, body| {
            for grant in super::items(body, "/data") {
                grant["objectName"] = json!("elsewhere");
            }
        }),
    ),
    own(
        "role-describe-of-nothing",
        "A role that does not exist is described.",
        &["roles/describe"],
        &["role.describe.missing"],
        Accepts("role"),
    ),
    own(
        "role-alter-alters-nothing",
        "The description of a role stays as it was.",
        &["roles/alter"],
        &["role.alter.description"],
        Nothing,
    ),
    own(
        "role-grant-grants-nothing",
        "A privilege is accepted and not granted.",
        &["roles/grant_privilege"],
        &["role.grant.grants", "role.rights.granted"],
        Nothing,
    ),
    own(
        "role-grant-once",
        "A privilege that was granted is not granted again.",
        &["roles/grant_privilege"],
        &["role.grant.grants"],
        Refuses(holds, 1100, "granted already"),
    ),
    own(
        "role-grant-without-role",
        "A role that does not exist is granted something.",
        &["roles/grant_privilege", "roles/grant_privilege_v2"],
        &["role.grant.missing-role"],
        Accepts("the role"),
    ),
    own(
        "role-grant-on-anything",
        "Any type of objects is accepted.",
        &["roles/grant_privilege"],
        &["role.grant.object-type"],
        Accepts("object entity"),
    ),
    own(
        "role-grant-anything",
        "Any text is accepted as a privilege.",
        &["roles/grant_privilege"],
        &["role.grant.privilege"],
        Accepts("privilege name["),
    ),
    own(
        "role-grant-global-by-name",
        "A privilege of the type Global needs the object `*`.",
        &["roles/grant_privilege"],
        &["role.grant.global"],
        Refuses(|_, call| call.text("objectType") == "Global" && call.text("objectName") != "*", 1100, "only *"),
    ),
    own(
        "role-revoke-revokes-nothing",
        "A revoked privilege stays.",
        &["roles/revoke_privilege"],
        &["role.revoke.revokes", "role.rights.revoked"],
        Nothing,
    ),
    own(
        "role-revoke-once",
        "Revoking what was not granted is refused.",
        &["roles/revoke_privilege"],
        &["role.revoke.not-granted"],
        Refuses(|broken, call| !holds(broken, call), 1100, "not granted"),
    ),
    own(
        "role-revoke-without-role",
        "Something is revoked from a role that does not exist.",
        &["roles/revoke_privilege", "roles/revoke_privilege_v2"],
        &["role.revoke.missing-role"],
        Accepts("the role"),
    ),
    own(
        "role-grant-by-level-grants-nothing",
        "A privilege granted by level is accepted and not granted.",
        &["roles/grant_privilege_v2"],
        &["role.grant-v2.grants", "role.rights.group"],
        Nothing,
    ),
    own(
        "role-grant-by-any-level",
        "A privilege of the cluster is granted on a collection.",
        &["roles/grant_privilege_v2"],
        &["role.grant-v2.levels", "role.grant-v2.database-level"],
        Accepts("level privilege"),
    ),
    own(
        "role-grant-never-by-level",
        "A privilege of the cluster or a database is never granted.",
        &["roles/grant_privilege_v2"],
        &["role.grant-v2.levels", "role.grant-v2.database-level"],
        Refuses(
            |_, call| call.text("privilege").contains("ReadOnly"),
            1100,
            "should be * for the cluster level privilege",
        ),
    ),
    own(
        "role-grant-without-collection",
        "A grant by level needs no collection.",
        &["roles/grant_privilege_v2"],
        &["role.grant-v2.collection"],
        Accepts("collection name should be not empty"),
    ),
    own(
        "role-revoke-by-level-revokes-nothing",
        "A privilege revoked by level stays.",
        &["roles/revoke_privilege_v2"],
        &["role.revoke-v2.revokes"],
        Nothing,
    ),
    own(
        "rights-for-everybody",
        "Whoever is let in may do everything.",
        &[],
        &["role.rights.denied", "role.rights.taken", "role.rights.group"],
        Admits(403),
    ),
    own(
        "rights-for-nobody",
        "Grants allow nothing.",
        &["partitions/list"],
        &["role.rights.granted", "role.rights.group", "role.rights.taken"],
        Does(|_, call| {
            let other = call.request.header("authorization").is_some_and(|header| !header.contains("root:"));
            other.then(|| {
                super::super::json_answer(403, &json!({"code": 65535, "message": "permission deny to everybody"}))
            })
        }),
    ),
];
