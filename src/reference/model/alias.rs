//! Aliases: other names for collections, within one database.

use super::failure::{self, Failure, MissingText};
use super::{Answer, Arguments, Model, Outcome, names};
use crate::profile::Version;
use serde_json::json;

pub(in crate::reference) fn list(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.database();
    let database = model.database(name)?;
    let collection = arguments.text("collectionName");
    if collection.is_empty() {
        return Ok(Answer::data(database.aliases.keys().cloned().collect()));
    }
    let missing = || failure::collection_missing(MissingText::Bare, name, collection);
    let owner = database.resolve(collection).ok_or_else(missing)?;
    Ok(Answer::data(database.aliases_of(&owner.name).into()))
}

pub(in crate::reference) fn describe(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let alias = arguments.text("aliasName");
    names::check_collection(alias, "alias", model.version)?;
    let database = arguments.database();
    let owner = model.database(database)?.aliases.get(alias);
    let owner = owner.ok_or_else(|| failure::alias_missing(database, alias))?;
    Ok(Answer::data(json!({"aliasName": alias, "collectionName": owner, "dbName": database})))
}

/// The collection that an alias is to belong to, by its own name.
fn target(
    model: &Model,
    arguments: &Arguments<'_>,
    follows_aliases: bool,
    missing: MissingText,
) -> Result<String, Failure> {
    let (alias, asked) = (arguments.text("aliasName"), arguments.text("collectionName"));
    names::check_collection(alias, "alias", model.version)?;
    names::check_collection(asked, "name", model.version)?;
    let name = arguments.database();
    let database = model.database(name)?;
    if database.collections.contains_key(alias) {
        return Err(failure::alias_conflict(name, alias));
    }
    let target = if follows_aliases { database.resolve(asked) } else { database.collections.get(asked) };
    Ok(target.ok_or_else(|| failure::collection_missing(missing, name, asked))?.name.clone())
}

pub(in crate::reference) fn create(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    // Versions before 2.6 do not follow an alias here.
    let target = target(model, arguments, model.version >= Version(2, 6), MissingText::Found)?;
    let (name, alias) = (arguments.database(), arguments.text("aliasName"));
    let aliases = &mut model.database_mut(name)?.aliases;
    match aliases.get(alias) {
        Some(owner) if *owner != target => Err(failure::alias_taken(name, alias, owner)),
        _ => {
            aliases.insert(alias.to_owned(), target);
            Ok(Answer::done())
        }
    }
}

pub(in crate::reference) fn alter(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let target = target(model, arguments, true, MissingText::Bare)?;
    let (name, alias) = (arguments.database(), arguments.text("aliasName"));
    let owner = model.database_mut(name)?.aliases.get_mut(alias);
    *owner.ok_or_else(|| failure::alias_missing(name, alias))? = target;
    Ok(Answer::done())
}

pub(in crate::reference) fn drop(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let alias = arguments.text("aliasName");
    if model.version < Version(2, 6) {
        names::check_collection(alias, "alias", model.version)?;
    }
    model.database_mut(arguments.database())?.aliases.shift_remove(alias);
    Ok(Answer::done())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, quick, refused};
    use super::*;
    use crate::profile::Profile;
    use serde_json::Value;

    fn on(collection: &str, alias: &str) -> Value {
        json!({"collectionName": collection, "aliasName": alias})
    }

    #[test]
    fn an_alias_stands_for_one_collection_until_it_is_altered() {
        let mut model = quick(Profile::Milvus26);
        data(&mut model, "collections/create", &json!({"collectionName": "d", "dimension": 2}));
        data(&mut model, "aliases/create", &on("c", "a"));
        data(&mut model, "aliases/create", &on("c", "a"));
        assert_eq!(refused(&mut model, "aliases/create", &on("d", "a")).0, 1602);
        assert_eq!(refused(&mut model, "aliases/create", &on("c", "c")).0, 1601);
        data(&mut model, "aliases/alter", &on("d", "a"));
        assert_eq!(data(&mut model, "aliases/describe", &on("", "a"))["collectionName"], "d");
        assert_eq!(data(&mut model, "aliases/list", &json!({"collectionName": "c"})), json!([]));
        assert_eq!(refused(&mut model, "aliases/alter", &on("c", "b")).0, 1600);
        assert_eq!(refused(&mut model, "aliases/alter", &on("nope", "b")).0, 100, "the target is looked at first");
    }

    #[test]
    fn a_collection_with_an_alias_is_kept() {
        let mut model = quick(Profile::Milvus25);
        data(&mut model, "aliases/create", &on("c", "a"));
        for name in ["a", "c"] {
            assert_eq!(refused(&mut model, "collections/drop", &json!({"collectionName": name})).0, 65535);
        }
        data(&mut model, "aliases/drop", &on("", "a"));
        data(&mut model, "aliases/drop", &on("", "a"));
        data(&mut model, "collections/drop", &json!({"collectionName": "c"}));
    }

    #[test]
    fn an_alias_of_an_alias_is_followed_from_2_6_on() {
        for (profile, made) in [(Profile::Milvus25, false), (Profile::Milvus26, true)] {
            let mut model = quick(profile);
            data(&mut model, "aliases/create", &on("c", "a"));
            let outcome = super::super::testing::call(&mut model, "aliases/create", &on("a", "b"));
            assert_eq!(outcome.is_ok(), made);
        }
    }
}
