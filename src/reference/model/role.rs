//! Roles and what is granted to them.

use super::failure::Failure;
use super::rights::privilege::{self, Level, Object, object_of};
use super::rights::{ADMIN, ANY, Grant, PUBLIC, Role, failure};
use super::{Answer, Arguments, Model, Outcome, names};

/// How many roles there may be, the built-in ones among them.
const MOST_ROLES: usize = 10;

#[expect(clippy::unnecessary_wraps, reason = "every operation has the same signature")]
pub(in crate::reference) fn list(model: &mut Model, _: &Arguments<'_>) -> Outcome {
    Ok(Answer::data(model.rights.roles.keys().cloned().collect()))
}

pub(in crate::reference) fn describe(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("roleName");
    names::check_right("role name", name)?;
    let missing = || failure::role_missing_by_name(model.version, name);
    let role = model.rights.roles.get(name).ok_or_else(missing)?;
    let database = arguments.database();
    let shown = role.grants.iter().filter(|grant| database == ANY || grant.is_in(database));
    let answer = Answer::data(shown.map(Grant::describe).collect());
    if model.describes_accounts() {
        return Ok(answer.with("description", role.description.as_str()));
    }
    Ok(answer)
}

pub(in crate::reference) fn create(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("roleName");
    names::check_right("role name", name)?;
    if model.rights.roles.contains_key(name) {
        return Err(failure::role_exists(model.version, name));
    }
    if model.rights.roles.len() >= MOST_ROLES {
        return Err(failure::too_many_roles(model.version));
    }
    let description = if model.describes_accounts() { arguments.text("description") } else { "" };
    let role = Role { description: description.to_owned(), grants: Vec::new() };
    model.rights.roles.insert(name.to_owned(), role);
    Ok(Answer::done())
}

/// Documented; not measured.
pub(in crate::reference) fn alter(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("roleName");
    names::check_right("role name", name)?;
    let missing = || failure::role_missing_by_name(model.version, name);
    let role = model.rights.roles.get_mut(name).ok_or_else(missing)?;
    arguments.text("description").clone_into(&mut role.description);
    Ok(Answer::done())
}

pub(in crate::reference) fn drop(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("roleName");
    names::check_right("role name", name)?;
    if [ADMIN, PUBLIC].contains(&name) {
        return Err(failure::default_role(name));
    }
    let role = model.rights.roles.get(name).ok_or_else(|| failure::role_missing(model.version))?;
    if !role.grants.is_empty() {
        return Err(failure::role_has_privileges(model.version));
    }
    model.rights.roles.shift_remove(name);
    for user in model.rights.users.values_mut() {
        user.roles.retain(|held| held != name);
    }
    Ok(Answer::done())
}

pub(in crate::reference) fn grant(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let grant = typed(model, arguments)?;
    give(model, arguments, grant)
}

pub(in crate::reference) fn revoke(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let grant = typed(model, arguments)?;
    take(model, arguments, &grant)
}

pub(in crate::reference) fn grant_v2(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let grant = levelled(model, arguments)?;
    give(model, arguments, grant)
}

pub(in crate::reference) fn revoke_v2(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let grant = levelled(model, arguments)?;
    take(model, arguments, &grant)
}

fn give(model: &mut Model, arguments: &Arguments<'_>, grant: Grant) -> Outcome {
    let grants = grants(model, arguments)?;
    if !grants.iter().any(|held| held.is_like(&grant)) {
        grants.push(grant);
    }
    Ok(Answer::done())
}

fn take(model: &mut Model, arguments: &Arguments<'_>, grant: &Grant) -> Outcome {
    grants(model, arguments)?.retain(|held| !held.is_like(grant));
    Ok(Answer::done())
}

fn grants<'m>(model: &'m mut Model, arguments: &Arguments<'_>) -> Result<&'m mut Vec<Grant>, Failure> {
    let name = arguments.text("roleName");
    let missing = failure::role_missing_for_grant(model.version, name);
    model.rights.roles.get_mut(name).map(|role| &mut role.grants).ok_or(missing)
}

/// A grant of the first form: a privilege on an object of a type.
fn typed(model: &mut Model, arguments: &Arguments<'_>) -> Result<Grant, Failure> {
    let version = model.version;
    let (object_type, object) = (arguments.text("objectType"), arguments.text("objectName"));
    let privilege = arguments.text("privilege");
    names::check_right("role name", arguments.text("roleName"))?;
    if object != ANY {
        names::check_right("object name", object)?;
    }
    if privilege != ANY {
        names::check_right("Privilege", privilege)?;
    }
    names::check_right("ObjectType", object_type)?;
    let grantor = grantor(model, arguments)?;
    let kind = Object::of(object_type).ok_or_else(|| failure::object_type(version))?;
    grants(model, arguments)?;
    if object_of(privilege, version) != Some(kind) && !names_all(privilege) && !is_group(model, privilege) {
        return Err(failure::privilege_of_object(version, privilege, object_type));
    }
    let object = if kind == Object::Global { ANY } else { object };
    Ok(Grant {
        database: arguments.database().to_owned(),
        object_type: object_type.to_owned(),
        object: object.to_owned(),
        privilege: privilege.to_owned(),
        grantor,
    })
}

/// A grant of the second form: a privilege or a group of them at a level.
fn levelled(model: &mut Model, arguments: &Arguments<'_>) -> Result<Grant, Failure> {
    let version = model.version;
    let (privilege, object) = (arguments.text("privilege"), arguments.text("collectionName"));
    names::check_right("role name", arguments.text("roleName"))?;
    if privilege != ANY {
        names::check_right("Privilege", privilege)?;
    }
    if object.is_empty() {
        return Err(failure::empty_name("collection name"));
    }
    let database = Some(arguments.text("dbName")).filter(|name| !name.is_empty()).unwrap_or(super::DEFAULT_DATABASE);
    if database != ANY {
        names::check_database(database)?;
    }
    let grantor = grantor(model, arguments)?;
    grants(model, arguments)?;
    let own = || model.rights.groups.get(privilege).and_then(|members| members.first());
    let level = privilege::level_of(privilege, version)
        .or_else(|| own().and_then(|member| privilege::level_of(member, version)));
    match level {
        None if !is_group(model, privilege) && !names_all(privilege) => {
            return Err(failure::privilege_missing(version, privilege));
        }
        Some(Level::Cluster) if (database, object) != (ANY, ANY) => return Err(failure::cluster_level(privilege)),
        Some(Level::Database) if object != ANY => return Err(failure::database_level(privilege)),
        _ => {}
    }
    let kind = object_of(privilege, version).unwrap_or(Object::Global);
    Ok(Grant {
        database: database.to_owned(),
        object_type: kind.word().to_owned(),
        object: object.to_owned(),
        privilege: privilege.to_owned(),
        grantor,
    })
}

fn names_all(privilege: &str) -> bool {
    privilege == ANY || privilege == super::rights::privilege::ALL
}

fn is_group(model: &Model, name: &str) -> bool {
    model.rights.groups.contains_key(name) || privilege::groups().any(|group| group == name)
}

/// Grants are made in somebody's name: without authorization there is nobody.
fn grantor(model: &Model, arguments: &Arguments<'_>) -> Result<String, Failure> {
    arguments.caller.clone().ok_or_else(|| failure::no_grantor(model.version))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call_as, data, refused};
    use super::*;
    use crate::profile::Profile;
    use serde_json::{Value, json};

    fn role() -> Value {
        json!({"roleName": "r"})
    }

    fn grant(object_type: &str, object: &str, privilege: &str) -> Value {
        json!({"roleName": "r", "objectType": object_type, "objectName": object, "privilege": privilege})
    }

    #[test]
    fn a_role_is_dropped_once_it_has_no_privileges() {
        let mut model = Model::new(Profile::Milvus26, None);
        data(&mut model, "roles/create", &role());
        assert_eq!(refused(&mut model, "roles/create", &role()).1, "role [name:\"r\"] already exists");
        let held = grant("Collection", "*", "Search");
        assert_eq!(refused(&mut model, "roles/grant_privilege", &held).0, 65535, "in nobody's name");
        for _ in 0..2 {
            call_as(&mut model, "root", "roles/grant_privilege", &held).unwrap();
        }
        let described = json!([{
            "dbName": "default", "grantor": "root", "objectName": "*", "objectType": "Collection", "privilege": "Search"
        }]);
        assert_eq!(data(&mut model, "roles/describe", &role()), described);
        assert!(refused(&mut model, "roles/drop", &role()).1.starts_with("failed to check if drop role: "));
        for _ in 0..2 {
            call_as(&mut model, "root", "roles/revoke_privilege", &held).unwrap();
        }
        data(&mut model, "roles/drop", &role());
        assert_eq!(refused(&mut model, "roles/drop", &role()).0, 65535);
        assert_eq!(refused(&mut model, "roles/drop", &json!({"roleName": "admin"})).0, 1401);
    }

    #[test]
    fn a_grant_names_an_object_type_a_privilege_of_it_and_a_role_in_this_order() {
        let mut model = Model::new(Profile::Milvus30, None);
        let mut code = |body: &Value| call_as(&mut model, "root", "roles/grant_privilege", body).unwrap_err().message;
        assert!(code(&grant("Nope", "*", "Nope")).contains("the object entity"));
        assert!(code(&grant("Collection", "*", "Nope")).contains("the role \"r\" does not exist"));
        data(&mut model, "roles/create", &role());
        let wrong = call_as(&mut model, "root", "roles/grant_privilege", &grant("Global", "*", "Search")).unwrap_err();
        assert_eq!(wrong.message, "not found the privilege name[Search] in object[Global]: invalid parameter");
        call_as(&mut model, "root", "roles/grant_privilege", &grant("Global", "x", "CreateCollection")).unwrap();
        assert_eq!(data(&mut model, "roles/describe", &role())[0]["objectName"], "*");
    }

    #[test]
    fn levels_say_which_names_a_grant_of_the_second_form_may_have() {
        let mut model = Model::new(Profile::Milvus25, None);
        data(&mut model, "roles/create", &role());
        let mut grant = |privilege: &str, database: &str, collection: &str| {
            let body = json!({
                "roleName": "r", "privilege": privilege, "dbName": database, "collectionName": collection
            });
            call_as(&mut model, "root", "roles/grant_privilege_v2", &body).map_err(|failure| failure.code)
        };
        assert!(grant("ClusterAdmin", "*", "*").is_ok());
        assert_eq!(grant("ClusterAdmin", "default", "x").unwrap_err(), 1100);
        assert_eq!(grant("DatabaseAdmin", "default", "x").unwrap_err(), 1100);
        assert!(grant("CollectionAdmin", "default", "x").is_ok());
        assert_eq!(grant("Search", "default", "").unwrap_err(), 1100);
        assert_eq!(grant("Nope", "*", "*").unwrap_err(), 65535);
    }

    #[test]
    fn there_are_at_most_ten_roles() {
        let mut model = Model::new(Profile::Milvus26, None);
        for number in 0..8 {
            data(&mut model, "roles/create", &json!({"roleName": format!("r{number}")}));
        }
        assert!(refused(&mut model, "roles/create", &role()).1.contains("reached the limit"));
    }
}
