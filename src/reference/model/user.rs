//! Users: their names, passwords and roles.

use super::rights::{ROOT, User, failure};
use super::{Answer, Arguments, Model, Outcome, names};
use crate::profile::Version;
use serde_json::json;

/// How long a password may be, in bytes.
const PASSWORD: std::ops::RangeInclusive<usize> = 6..=72;

/// How many users there may be.
const MOST_USERS: usize = 100;

#[expect(clippy::unnecessary_wraps, reason = "every operation has the same signature")]
pub(in crate::reference) fn list(model: &mut Model, _: &Arguments<'_>) -> Outcome {
    Ok(Answer::data(model.rights.users.keys().cloned().collect()))
}

pub(in crate::reference) fn describe(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("userName");
    names::check_user(name, model.version)?;
    let user = model.rights.users.get(name);
    let answer = Answer::data(json!(user.map_or(&[][..], |user| &user.roles)));
    if !model.describes_accounts() {
        return Ok(answer);
    }
    Ok(answer.with("description", user.map_or("", |user| &user.description)))
}

pub(in crate::reference) fn create(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let (name, password) = (arguments.text("userName"), arguments.text("password"));
    names::check_user(name, model.version)?;
    check_password(password)?;
    if model.rights.users.contains_key(name) {
        return Err(failure::user_exists(model.version, name));
    }
    if model.rights.users.len() >= MOST_USERS {
        return Err(failure::too_many_users(model.version));
    }
    let description = if model.describes_accounts() { arguments.text("description") } else { "" };
    model.rights.users.insert(name.to_owned(), User::new(password, description));
    Ok(Answer::done())
}

pub(in crate::reference) fn update_password(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("userName");
    let new = arguments.text("newPassword");
    let description = arguments.body.get("description").map(|_| arguments.text("description"));
    let description = description.filter(|_| model.describes_accounts());
    if new.is_empty() {
        let Some(description) = description else { return Err(failure::nothing_to_update()) };
        let user = model.rights.users.get_mut(name).ok_or_else(|| failure::user_missing(name))?;
        description.clone_into(&mut user.description);
        return Ok(Answer::done());
    }
    check_password(new)?;
    let user = model.rights.users.get_mut(name).filter(|user| user.password == arguments.text("password"));
    let user = user.ok_or_else(|| failure::old_password(name))?;
    new.clone_into(&mut user.password);
    if let Some(description) = description {
        description.clone_into(&mut user.description);
    }
    Ok(Answer::done())
}

pub(in crate::reference) fn drop(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("userName");
    if name == ROOT {
        return Err(failure::root_stays());
    }
    model.rights.users.shift_remove(name);
    Ok(Answer::done())
}

pub(in crate::reference) fn grant_role(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let (name, role) = checked(model, arguments)?;
    let missing = || failure::user_missing_for_role(model.version, name);
    let user = model.rights.users.get_mut(name).ok_or_else(missing)?;
    if !user.roles.iter().any(|held| held == role) {
        user.roles.push(role.to_owned());
    }
    Ok(Answer::done())
}

pub(in crate::reference) fn revoke_role(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let (name, role) = checked(model, arguments)?;
    if let Some(user) = model.rights.users.get_mut(name) {
        user.roles.retain(|held| held != role);
    }
    Ok(Answer::done())
}

/// The names of the user and of a role that exists.
fn checked<'a>(model: &Model, arguments: &'a Arguments<'_>) -> Result<(&'a str, &'a str), super::failure::Failure> {
    let (name, role) = (arguments.text("userName"), arguments.text("roleName"));
    names::check_user(name, model.version)?;
    names::check_right("role name", role)?;
    if !model.rights.roles.contains_key(role) {
        return Err(failure::role_missing(model.version));
    }
    Ok((name, role))
}

fn check_password(password: &str) -> Result<(), super::failure::Failure> {
    let length = password.len();
    if PASSWORD.contains(&length) { Ok(()) } else { Err(failure::password_length(length)) }
}

impl Model {
    /// Whether users and roles have a description.
    pub(super) fn describes_accounts(&self) -> bool {
        self.version >= Version(3, 0) || self.is_cloud
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, data, refused};
    use super::*;
    use crate::profile::Profile;
    use serde_json::Value;

    fn user(name: &str, password: &str) -> Value {
        json!({"userName": name, "password": password})
    }

    #[test]
    fn a_user_is_made_once_and_dropped_as_often_as_you_like() {
        let mut model = Model::new(Profile::Milvus26, None);
        data(&mut model, "users/create", &user("u", "P@ssw0rd"));
        assert_eq!(refused(&mut model, "users/create", &user("u", "P@ssw0rd")).0, 65535);
        assert_eq!(data(&mut model, "users/list", &json!({})), json!(["root", "u"]));
        for _ in 0..2 {
            data(&mut model, "users/drop", &json!({"userName": "u"}));
        }
        assert_eq!(refused(&mut model, "users/drop", &json!({"userName": "root"})).0, 1401);
        assert_eq!(data(&mut model, "users/describe", &json!({"userName": "u"})), json!([]));
    }

    #[test]
    fn passwords_have_6_to_72_bytes_and_are_changed_by_who_knows_the_old_one() {
        let mut model = Model::new(Profile::Milvus24, None);
        for (password, fits) in [("short", false), ("sixsix", true), (&*"x".repeat(73), false)] {
            assert_eq!(call(&mut model, "users/create", &user("u", password)).is_ok(), fits, "{password}");
        }
        let change = |old: &str, new: &str| json!({"userName": "u", "password": old, "newPassword": new});
        assert_eq!(refused(&mut model, "users/update_password", &change("wrong!", "sevenxx")).0, 1400);
        assert_eq!(refused(&mut model, "users/update_password", &change("sixsix", "x")).0, 1100);
        data(&mut model, "users/update_password", &change("sixsix", "sevenxx"));
        assert!(model.knows("u", "sevenxx") && !model.knows("u", "sixsix"));
    }

    #[test]
    fn names_may_have_dots_and_hyphens_from_2_6_on() {
        for (profile, fits) in [(Profile::Milvus25, false), (Profile::Milvus26, true)] {
            let mut model = Model::new(profile, None);
            for name in ["a-b", "a.b"] {
                assert_eq!(call(&mut model, "users/create", &user(name, "P@ssw0rd")).is_ok(), fits, "{name}");
            }
            for name in ["1a", "_a", "a b", &"a".repeat(33)] {
                assert_eq!(refused(&mut model, "users/create", &user(name, "P@ssw0rd")).0, 1100, "{name}");
            }
        }
    }

    #[test]
    fn from_3_0_on_a_description_may_be_changed_alone() {
        let mut model = Model::new(Profile::Milvus30, None);
        data(&mut model, "users/create", &json!({"userName": "u", "password": "P@ssw0rd", "description": "a"}));
        data(&mut model, "users/update_password", &json!({"userName": "u", "description": "b"}));
        let answer = call(&mut model, "users/describe", &json!({"userName": "u"})).unwrap();
        assert_eq!(answer.extra, [("description", json!("b"))]);
        assert_eq!(refused(&mut model, "users/update_password", &json!({"userName": "u"})).0, 1100);
    }
}
