//! Groups of privileges.

use super::failure::Failure;
use super::rights::{failure, privilege};
use super::{Answer, Arguments, Model, Outcome, names};
use crate::profile::Version;
use serde_json::{Value, json};
use std::collections::HashSet;

#[expect(clippy::unnecessary_wraps, reason = "every operation has the same signature")]
pub(in crate::reference) fn list(model: &mut Model, _: &Arguments<'_>) -> Outcome {
    let (cloud, version) = (model.is_cloud, model.version);
    let described = |name: &str, members: &[&str]| {
        // Milvus answers one text; the documents of the cloud show a list.
        let members: Value = if cloud { json!(members) } else { members.join(",").into() };
        json!({"privilegeGroupName": name, "privileges": members})
    };
    let own = model
        .rights
        .groups
        .iter()
        .map(|(name, members)| described(name, &members.iter().map(String::as_str).collect::<Vec<_>>()));
    let built_in = privilege::groups().filter_map(|name| Some(described(name, &privilege::group(name, version)?)));
    let all: Value = own.chain(built_in).collect();
    Ok(Answer::data(if cloud { all } else { json!({"privilegeGroups": all}) }))
}

pub(in crate::reference) fn create(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("privilegeGroupName");
    names::check_privilege_group(name)?;
    if model.rights.groups.contains_key(name) {
        return Err(failure::group_exists(model.version, name, false));
    }
    if privilege::level_of(name, model.version).is_some() {
        return Err(failure::group_exists(model.version, name, true));
    }
    model.rights.groups.insert(name.to_owned(), Vec::new());
    Ok(Answer::done())
}

pub(in crate::reference) fn drop(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("privilegeGroupName");
    names::check_privilege_group(name)?;
    if !model.rights.groups.contains_key(name) {
        return Ok(Answer::done());
    }
    if let Some(role) = model.rights.user_of_group(name) {
        return Err(failure::group_in_use(model.version, name, role));
    }
    model.rights.groups.shift_remove(name);
    Ok(Answer::done())
}

pub(in crate::reference) fn add(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let asked = checked(model, arguments)?;
    let version = model.version;
    let members = members(model, arguments)?;
    let after = members.iter().map(String::as_str).chain(asked.iter().copied());
    // Before 2.6 an unknown privilege has a level of its own.
    let levels: HashSet<_> = after.map(|name| format!("{:?}", privilege::level_of(name, version))).collect();
    if levels.len() > 1 {
        return Err(failure::mixed_levels(version));
    }
    for name in asked {
        if !members.iter().any(|member| member == name) {
            members.push(name.to_owned());
        }
    }
    Ok(Answer::done())
}

pub(in crate::reference) fn remove(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let asked = checked(model, arguments)?;
    members(model, arguments)?.retain(|member| !asked.contains(&member.as_str()));
    Ok(Answer::done())
}

fn members<'m>(model: &'m mut Model, arguments: &Arguments<'_>) -> Result<&'m mut Vec<String>, Failure> {
    let name = arguments.text("privilegeGroupName");
    let missing = failure::group_missing(model.version, name);
    model.rights.groups.get_mut(name).ok_or(missing)
}

/// The privileges that a call names, when its group is there and, from 2.6 on, they are.
fn checked<'a>(model: &mut Model, arguments: &'a Arguments<'_>) -> Result<Vec<&'a str>, Failure> {
    names::check_privilege_group(arguments.text("privilegeGroupName"))?;
    members(model, arguments)?;
    let asked = arguments.texts("privileges");
    if model.version < Version(2, 6) {
        return Ok(asked);
    }
    if asked.is_empty() {
        return Err(failure::no_privileges());
    }
    let defined =
        |name: &str| privilege::level_of(name, model.version).is_some() || model.rights.groups.contains_key(name);
    match asked.iter().find(|name| !defined(name)) {
        Some(unknown) => Err(failure::privilege_undefined(unknown)),
        None => Ok(asked),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, call_as, data, refused};
    use super::*;
    use crate::profile::Profile;

    fn group(privileges: &[&str]) -> Value {
        json!({"privilegeGroupName": "g", "privileges": privileges})
    }

    #[test]
    fn a_group_is_made_once_filled_and_dropped_as_often_as_you_like() {
        let mut model = Model::new(Profile::Milvus26, None);
        data(&mut model, "privilege_groups/create", &group(&[]));
        assert_eq!(refused(&mut model, "privilege_groups/create", &group(&[])).0, 1100);
        data(&mut model, "privilege_groups/add_privileges_to_group", &group(&["Search", "Query"]));
        data(&mut model, "privilege_groups/remove_privileges_from_group", &group(&["Query"]));
        let listed = data(&mut model, "privilege_groups/list", &json!({}));
        assert_eq!(listed["privilegeGroups"][0], json!({"privilegeGroupName": "g", "privileges": "Search"}));
        assert_eq!(listed["privilegeGroups"].as_array().unwrap().len(), 10);
        for _ in 0..2 {
            data(&mut model, "privilege_groups/drop", &group(&[]));
        }
    }

    #[test]
    fn unknown_privileges_and_none_at_all_are_refused_from_2_6_on() {
        for (profile, none, unknown) in [(Profile::Milvus25, None, 65535), (Profile::Milvus26, Some(1100), 1100)] {
            let mut model = Model::new(profile, None);
            data(&mut model, "privilege_groups/create", &group(&[]));
            let mut add = |privileges: &[&str]| {
                call(&mut model, "privilege_groups/add_privileges_to_group", &group(privileges)).map_err(|no| no.code)
            };
            assert_eq!(add(&[]).err(), none);
            add(&["Search"]).unwrap();
            assert_eq!(add(&["Nope"]).err(), Some(unknown));
            assert!(add(&["CreateDatabase"]).is_err(), "another level");
        }
    }

    #[test]
    fn a_group_in_use_stays() {
        let mut model = Model::new(Profile::Milvus26, None);
        data(&mut model, "privilege_groups/create", &group(&[]));
        data(&mut model, "roles/create", &json!({"roleName": "r"}));
        let grant = json!({"roleName": "r", "privilege": "g", "dbName": "*", "collectionName": "*"});
        call_as(&mut model, "root", "roles/grant_privilege_v2", &grant).unwrap();
        assert!(refused(&mut model, "privilege_groups/drop", &group(&[])).1.contains("is used by role [r]"));
    }
}
