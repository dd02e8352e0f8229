//! What calls about users, roles and groups of privileges are refused with.
//!
//! Measured on Milvus 2.4 – 3.0 unless a comment says otherwise.

use crate::profile::Version;
use crate::reference::model::failure::{Failure, invalid, mismatched, plain_invalid, unclassified};

const V26: Version = Version(2, 6);
const V30: Version = Version(3, 0);

/// From 2.6 on some checks say which they are.
fn prefixed(version: Version, check: &str, text: &str) -> String {
    if version < V26 { text.to_owned() } else { format!("{check}: {text}") }
}

pub(super) fn denied(privilege: &str, user: &str, database: &str) -> Failure {
    let message = format!(
        "rpc error: code = PermissionDenied desc = Privilege{privilege}: \
         permission deny to {user} in the `{database}` database"
    );
    Failure { code: 65535, message }
}

pub(in crate::reference::model) fn invisible_collection(name: &str) -> Failure {
    not_permitted(&format!("not allowed to access collection, collection name: {name}"))
}

fn not_permitted(text: &str) -> Failure {
    Failure { code: 1401, message: format!("{text}: privilege not permitted") }
}

pub(in crate::reference::model) fn user_without_name() -> Failure {
    invalid("username must be not empty")
}

pub(in crate::reference::model) fn user_name_long(version: Version, name: &str, longest: usize) -> Failure {
    let limit = if version < V30 { format!("%!d(string={longest})") } else { longest.to_string() };
    let length = name.len();
    invalid(format!("invalid username {name} with length {length}, the length of username must be less than {limit}"))
}

pub(in crate::reference::model) fn user_name_start(name: &str) -> Failure {
    let first = name.chars().next().unwrap_or_default();
    invalid(format!("invalid user name {name}, the first character must be a letter, but got {first}"))
}

pub(in crate::reference::model) fn user_name(version: Version, name: &str, byte: u8) -> Failure {
    let allowed = if version < V26 { "letters and underscores" } else { "letters, underscores, dots, and hyphens" };
    let text = format!("username must contain only numbers, {allowed}, but got %!s(uint8={byte})");
    invalid(format!("invalid user name {name}, {text}"))
}

pub(in crate::reference::model) fn password_length(length: usize) -> Failure {
    plain_invalid(format!("invalid password length: invalid parameter[{length} out of range 6 <= value <= 72]"))
}

pub(in crate::reference::model) fn user_exists(version: Version, name: &str) -> Failure {
    unclassified(version, format!("user already exists: {name}"))
}

/// Read in the server's source.
pub(in crate::reference::model) fn too_many_users(version: Version) -> Failure {
    unclassified(version, "unable to add user because the number of users has reached the limit")
}

pub(in crate::reference::model) fn old_password(user: &str) -> Failure {
    Failure { code: 1400, message: format!("old password not correct for {user}: not authenticated") }
}

pub(in crate::reference::model) fn nothing_to_update() -> Failure {
    invalid("must update either password or description")
}

pub(in crate::reference::model) fn root_stays() -> Failure {
    not_permitted("root user cannot be deleted")
}

/// A change of the description of a missing user was not measured; the text is that of a missing user elsewhere in 3.0.
pub(in crate::reference::model) fn user_missing(name: &str) -> Failure {
    invalid(format!("user {name:?} not found"))
}

pub(in crate::reference::model) fn user_missing_for_role(version: Version, name: &str) -> Failure {
    let check = "failed to check if operate user role";
    if version < V30 {
        let text = "not found the user, maybe the user isn't existed or internal system error";
        return Failure { code: 65535, message: prefixed(version, check, text) };
    }
    invalid(format!("{check}: user {name:?} not found"))
}

const ROLE_MISSING: &str = "not found the role, maybe the role isn't existed or internal system error";

pub(in crate::reference::model) fn role_missing(version: Version) -> Failure {
    unclassified(version, ROLE_MISSING)
}

pub(in crate::reference::model) fn role_missing_by_name(version: Version, name: &str) -> Failure {
    if version < V30 { role_missing(version) } else { invalid(format!("the role {name:?} does not exist")) }
}

pub(in crate::reference::model) fn role_missing_for_grant(version: Version, name: &str) -> Failure {
    if version < V30 {
        return Failure { code: 65535, message: prefixed(version, COMMON_CHECK, ROLE_MISSING) };
    }
    invalid(format!("{COMMON_CHECK}: the role {name:?} does not exist"))
}

const COMMON_CHECK: &str = "failed to operate privilege common check";

pub(in crate::reference::model) fn object_type(version: Version) -> Failure {
    unclassified(version, prefixed(version, COMMON_CHECK, "the object entity in the request is nil or invalid"))
}

pub(in crate::reference::model) fn role_exists(version: Version, name: &str) -> Failure {
    unclassified(version, format!("role [name:{name:?}] already exists"))
}

/// Read in the server's source.
pub(in crate::reference::model) fn too_many_roles(version: Version) -> Failure {
    unclassified(version, "unable to create role because the number of roles has reached the limit")
}

pub(in crate::reference::model) fn default_role(name: &str) -> Failure {
    not_permitted(&format!("the role[{name}] is a default role, which can't be dropped"))
}

pub(in crate::reference::model) fn role_has_privileges(version: Version) -> Failure {
    let text = "fail to drop the role that it has privileges. Use REVOKE API to revoke privileges";
    unclassified(version, prefixed(version, "failed to check if drop role", text))
}

pub(in crate::reference::model) fn no_grantor(version: Version) -> Failure {
    unclassified(version, "fail to get authorization from the md, authorization:[token]")
}

pub(in crate::reference::model) fn privilege_of_object(version: Version, privilege: &str, object: &str) -> Failure {
    unclassified(version, format!("not found the privilege name[{privilege}] in object[{object}]"))
}

pub(in crate::reference::model) fn privilege_missing(version: Version, privilege: &str) -> Failure {
    unclassified(version, format!("not found the privilege name[{privilege}]"))
}

pub(in crate::reference::model) fn cluster_level(privilege: &str) -> Failure {
    invalid(format!("dbName and collectionName should be * for the cluster level privilege: {privilege}"))
}

/// The counterpart of the refusal for the cluster level, which alone was measured.
pub(in crate::reference::model) fn database_level(privilege: &str) -> Failure {
    invalid(format!("collectionName should be * for the database level privilege: {privilege}"))
}

/// A name that is missing; only that of a collection was measured.
pub(in crate::reference::model) fn empty_name(what: &str) -> Failure {
    mismatched(&format!("{what} should be not empty: "), "not empty", "")
}

pub(in crate::reference::model) fn name_start(what: &str, first: u8) -> Failure {
    let text = format!("the first character of {what} must be an underscore or letter: ");
    mismatched(&text, &b'_'.to_string(), &first.to_string())
}

/// Read in the server's source.
pub(in crate::reference::model) fn name_long(what: &str, length: usize, longest: usize) -> Failure {
    let text = format!("the length of {what} must be not greater than limit");
    plain_invalid(format!("{text}: invalid parameter[{length} out of range 0 <= value <= {longest}]"))
}

/// Read in the server's source.
pub(in crate::reference::model) fn name_rest(what: &str) -> Failure {
    invalid(format!("{what} can only contain numbers, letters, dollars and underscores"))
}

pub(in crate::reference::model) fn group_name(name: &str, reason: &str) -> Failure {
    Failure { code: 1402, message: format!("{name}: invalid privilege group name[privilegeGroup={reason}]") }
}

/// Read in the server's source.
pub(in crate::reference::model) fn group_name_rest(name: &str) -> Failure {
    invalid(format!("privilege group name {name} can only contain numbers, letters and underscores"))
}

pub(in crate::reference::model) fn group_exists(version: Version, name: &str, built_in: bool) -> Failure {
    let by = if built_in { "built in privileges or privilege groups in system" } else { "users" };
    let text = format!("privilege group name [{name}] is defined by {by}");
    invalid(prefixed(version, "failed to check if privilege group creatable", &text))
}

const ALTERABLE: &str = "failed to check if privilege group alterable";

pub(in crate::reference::model) fn group_missing(version: Version, name: &str) -> Failure {
    let defined = if version < V26 { "" } else { " defined in system" };
    let text = format!("there is no privilege group name [{name}]{defined} to operate");
    invalid(prefixed(version, ALTERABLE, &text))
}

pub(in crate::reference::model) fn no_privileges() -> Failure {
    invalid(format!("{ALTERABLE}: privileges is empty when alter the privilege group"))
}

pub(in crate::reference::model) fn privilege_undefined(name: &str) -> Failure {
    let text = format!("there is no privilege name or privilege group name [{name}] defined in system to operate");
    invalid(format!("{ALTERABLE}: {text}"))
}

/// Measured before 2.6 with an unknown privilege; later versions say so of mixed levels, by their source.
pub(in crate::reference::model) fn mixed_levels(version: Version) -> Failure {
    let text = "privileges are not the same privilege level";
    if version < V26 {
        return Failure { code: 65535, message: text.to_owned() };
    }
    invalid(format!("{ALTERABLE}: {text}"))
}

/// Read in the server's source.
pub(in crate::reference::model) fn group_in_use(version: Version, group: &str, role: &str) -> Failure {
    let text = format!("privilege group [{group}] is used by role [{role}], Use REVOKE API to revoke it first");
    unclassified(version, prefixed(version, "failed to check if privilege group dropable", &text))
}
