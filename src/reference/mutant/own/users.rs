//! Users.

use super::super::{is_failure, parsed, success};
use super::Deed::{Accepts, Admits, Answers, Chats, Does, Nothing, Refuses};
use super::{Broken, Call, Own, and_then, empty, own};
use serde_json::{Value, json};

/// Takes a name out of the list answered.
fn without(body: &mut Value, name: &str) {
    if let Some(names) = body.pointer_mut("/data").and_then(Value::as_array_mut) {
        names.retain(|listed| listed != name);
    }
}

fn lists(broken: &Broken, call: &Call<'_>, operation: &str, name: &str) -> bool {
    let body = broken.ask(call, operation, json!({}));
    body["data"].as_array().is_some_and(|names| names.contains(&json!(name)))
}

fn is_missing(broken: &Broken, call: &Call<'_>) -> bool {
    !call.text("userName").is_empty() && !lists(broken, call, "users/list", call.text("userName"))
}

fn role_is_missing(broken: &Broken, call: &Call<'_>) -> bool {
    !lists(broken, call, "roles/list", call.text("roleName"))
}

fn roles(broken: &Broken, call: &Call<'_>) -> Vec<Value> {
    let body = broken.ask(call, "users/describe", json!({"userName": call.text("userName")}));
    body["data"].as_array().cloned().unwrap_or_default()
}

pub(super) const TABLE: &[Own] = &[
    own(
        "user-list-without-root",
        "The user root is not listed.",
        &["users/list"],
        &["user.list.root"],
        Answers(|_, _, body| without(body, "root")),
    ),
    own(
        "user-create-makes-nothing",
        "A user is accepted and not made.",
        &["users/create"],
        &["user.create.creates", "user.create.authenticates"],
        Nothing,
    ),
    own(
        "user-create-again",
        "A user that exists is accepted again.",
        &["users/create"],
        &["user.create.exists"],
        Accepts("already exists"),
    ),
    own(
        "user-create-again-changes",
        "Making a user again changes its password, although it is refused.",
        &["users/create"],
        &["user.create.exists"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            if is_failure(&parsed(&honest)) {
                broken.ask(call, "users/drop", json!({"userName": call.text("userName")}));
                broken.honest(call);
            }
            Some(honest)
        }),
    ),
    own(
        "user-create-any-name",
        "Any text is accepted as the name of a user.",
        &["users/create"],
        &["user.create.name-form"],
        Accepts("invalid user name"),
    ),
    own(
        "user-create-any-length",
        "The name of a user may be of any length.",
        &["users/create"],
        &["user.create.name-length"],
        Accepts("invalid username"),
    ),
    own(
        "user-create-hyphens",
        "Hyphens and dots are accepted in the names of users.",
        &["users/create"],
        &["user.create.name-punctuation"],
        Accepts("username must contain only"),
    ),
    own(
        "user-create-no-hyphens",
        "Hyphens and dots are refused in the names of users.",
        &["users/create"],
        &["user.create.name-hyphen"],
        Refuses(|_, call| call.text("userName").contains(['-', '.']), 1100, "invalid user name"),
    ),
    own(
        "user-create-short-names",
        "The name of a user has at most 31 characters.",
        &["users/create"],
        &["user.create.name-length"],
        Refuses(|_, call| call.text("userName").len() == 32, 1100, "invalid username"),
    ),
    own(
        "user-create-any-password",
        "Any text is accepted as a password.",
        &["users/create"],
        &["user.create.password-length", "user.create.password-bytes"],
        Accepts("invalid password length"),
    ),
    own(
        "user-create-long-passwords",
        "Passwords of more than 60 characters are refused.",
        &["users/create"],
        &["user.create.password-length", "user.create.password-bytes"],
        Refuses(|_, call| call.text("password").len() > 60, 1100, "invalid password length"),
    ),
    own(
        "user-create-without-password",
        "A user is made without name or password.",
        &["users/create"],
        &["user.create.required"],
        Accepts("missing required"),
    ),
    own(
        "user-log-in-with-anything",
        "Any password of a user is accepted.",
        &[],
        &["user.create.authenticates", "user.update.changes", "user.drop.drops"],
        Admits(401),
    ),
    own(
        "user-describe-no-roles",
        "A user is described without roles.",
        &["users/describe"],
        &["user.describe.roles", "user.grant-role.grants"],
        Answers(|_, _, body| body["data"] = json!([])),
    ),
    own(
        "user-describe-of-nothing",
        "An unknown user is not described.",
        &["users/describe"],
        &["user.describe.missing"],
        Refuses(is_missing, 1100, "user not found"),
    ),
    own(
        "user-describe-another",
        "A user is described with another description.",
        &["users/describe"],
        &["user.describe.description"],
        Answers(|_, _, body| body["description"] = json!("another")),
    ),
    own(
        "user-update-changes-nothing",
        "A change of the password is accepted and not made.",
        &["users/update_password"],
        &["user.update.changes", "user.update.old-password"],
        Nothing,
    ),
    own(
        "user-update-describes-nothing",
        "A new description is accepted and not kept.",
        &["users/update_password"],
        &["user.update.description"],
        Does(|_, call| call.text("newPassword").is_empty().then(|| success(&empty()))),
    ),
    own(
        "user-update-chats",
        "A change of the password answers more than {}.",
        &["users/update_password"],
        &["user.update.empty-data"],
        Chats,
    ),
    own(
        "user-update-with-any-password",
        "A wrong old password is accepted.",
        &["users/update_password"],
        &["user.update.old-password", "user.update.missing"],
        Accepts("old password not correct"),
    ),
    own(
        "user-update-to-any-password",
        "A bad new password is accepted.",
        &["users/update_password"],
        &["user.update.new-password"],
        Accepts("invalid password length"),
    ),
    own(
        "user-update-not-to-the-same",
        "The new password must be another.",
        &["users/update_password"],
        &["user.update.same"],
        Refuses(|_, call| call.text("password") == call.text("newPassword"), 1100, "the same password"),
    ),
    own(
        "user-update-of-nothing",
        "A call that changes nothing is accepted.",
        &["users/update_password"],
        &["user.update.required"],
        Does(|_, call| call.body.as_object().is_some_and(|body| body.len() == 1).then(|| success(&empty()))),
    ),
    own(
        "user-describe-not-oneself",
        "A user may not look at its own account.",
        &["users/describe"],
        &["role.rights.own"],
        Does(|_, call| {
            let other = call.request.header("authorization").is_some_and(|header| !header.contains("root:"));
            other.then(|| {
                super::super::json_answer(403, &json!({"code": 65535, "message": "permission deny to everybody"}))
            })
        }),
    ),
    own(
        "user-drop-drops-nothing",
        "A drop of a user leaves it where it is.",
        &["users/drop"],
        &["user.drop.drops", "user.drop.with-roles"],
        Nothing,
    ),
    own(
        "user-drop-misses-a-missing-one",
        "Dropping a user that does not exist is refused.",
        &["users/drop"],
        &["user.drop.missing"],
        Refuses(is_missing, 1100, "user not found"),
    ),
    own(
        "user-drop-not-with-roles",
        "A user who has roles is not dropped.",
        &["users/drop"],
        &["user.drop.with-roles"],
        Refuses(|broken, call| !roles(broken, call).is_empty(), 65535, "the user has roles"),
    ),
    own(
        "user-drop-takes-its-roles",
        "Dropping a user drops its roles.",
        &["users/drop"],
        &["user.drop.with-roles"],
        Does(|broken, call| {
            let roles = roles(broken, call);
            and_then(broken, call, || {
                for role in roles {
                    broken.ask(call, "roles/drop", json!({"roleName": role}));
                }
            })
        }),
    ),
    own(
        "user-drop-self",
        "A user may do to itself what it may do to no other.",
        &["users/drop"],
        &["user.drop.self"],
        Admits(403),
    ),
    own(
        "user-grant-role-grants-nothing",
        "A role is accepted and not given.",
        &["users/grant_role"],
        &["user.grant-role.grants", "user.describe.roles", "role.rights.granted"],
        Nothing,
    ),
    own(
        "user-grant-role-once",
        "A role that a user has is not given again.",
        &["users/grant_role"],
        &["user.grant-role.repeat"],
        Refuses(|broken, call| roles(broken, call).contains(&json!(call.text("roleName"))), 1100, "has it"),
    ),
    own(
        "user-grant-role-missing-role",
        "A role that does not exist is given.",
        &["users/grant_role"],
        &["user.grant-role.missing-role"],
        Accepts("not found the role"),
    ),
    own(
        "user-grant-role-missing-user",
        "A user that does not exist is given a role.",
        &["users/grant_role"],
        &["user.grant-role.missing-user"],
        Does(|broken, call| (is_missing(broken, call) && !role_is_missing(broken, call)).then(|| success(&empty()))),
    ),
    own(
        "user-revoke-role-revokes-nothing",
        "A role that was taken stays.",
        &["users/revoke_role"],
        &["user.revoke-role.revokes", "role.rights.taken"],
        Nothing,
    ),
    own(
        "user-revoke-role-drops",
        "Taking a role from a user drops the role.",
        &["users/revoke_role"],
        &["user.revoke-role.revokes"],
        Does(|broken, call| {
            if !roles(broken, call).contains(&json!(call.text("roleName"))) {
                return None;
            }
            and_then(broken, call, || {
                broken.ask(call, "roles/drop", json!({"roleName": call.text("roleName")}));
            })
        }),
    ),
    own(
        "user-revoke-role-once",
        "Taking a role that the user does not have is refused.",
        &["users/revoke_role"],
        &["user.revoke-role.not-held"],
        Refuses(
            |broken, call| {
                !role_is_missing(broken, call) && !roles(broken, call).contains(&json!(call.text("roleName")))
            },
            1100,
            "the user has no such role",
        ),
    ),
    own(
        "user-revoke-role-missing-role",
        "A role that does not exist is taken.",
        &["users/revoke_role"],
        &["user.revoke-role.missing-role"],
        Accepts("not found the role"),
    ),
];
