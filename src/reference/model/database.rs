//! Databases.

use super::collection::Collection;
use super::failure;
use super::{Answer, Arguments, DEFAULT_DATABASE, Model, Outcome, key_values, names, properties, time};
use crate::profile::Version;
use indexmap::IndexMap;
use serde_json::json;

/// How many databases there may be.
const MOST: usize = 64;

/// A database with everything in it.
#[derive(Clone, Debug)]
pub(super) struct Database {
    pub(super) id: i64,
    properties: IndexMap<String, String>,
    pub(super) collections: IndexMap<String, Collection>,
    /// The collection that each alias stands for.
    pub(super) aliases: IndexMap<String, String>,
}

impl Database {
    pub(super) fn new(id: i64, properties: IndexMap<String, String>) -> Self {
        Self { id, properties, collections: IndexMap::new(), aliases: IndexMap::new() }
    }

    /// The real name behind a name or alias.
    fn real_name<'n>(&'n self, name: &'n str) -> &'n str {
        self.aliases.get(name).map_or(name, String::as_str)
    }

    /// The collection of this name or alias.
    pub(super) fn resolve(&self, name: &str) -> Option<&Collection> {
        self.collections.get(self.real_name(name))
    }

    /// The collection of this name or alias.
    pub(super) fn resolve_mut(&mut self, name: &str) -> Option<&mut Collection> {
        let real = self.aliases.get(name).map_or(name, String::as_str);
        self.collections.get_mut(real)
    }

    /// The aliases of a collection.
    pub(super) fn aliases_of(&self, collection: &str) -> Vec<&str> {
        let owned = self.aliases.iter().filter(|(_, owner)| *owner == collection);
        owned.map(|(alias, _)| alias.as_str()).collect()
    }
}

pub(in crate::reference) fn create(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("dbName");
    names::check_database(name)?;
    if model.databases.len() >= MOST {
        return Err(failure::too_many_databases(MOST));
    }
    if model.databases.contains_key(name) {
        return Err(failure::database_exists(model.version, name));
    }
    let properties = properties(&arguments.body, "properties");
    if model.version >= Version(2, 6) {
        time::check_zone(&properties)?;
    }
    let id = model.new_id(name);
    model.databases.insert(name.to_owned(), Database::new(id, properties));
    Ok(Answer::done())
}

pub(in crate::reference) fn drop(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("dbName");
    if name == DEFAULT_DATABASE {
        return Err(failure::default_database(model.version));
    }
    if model.databases.get(name).is_some_and(|database| !database.collections.is_empty()) {
        return Err(failure::database_not_empty(model.version, name));
    }
    model.databases.shift_remove(name);
    Ok(Answer::done())
}

#[expect(clippy::unnecessary_wraps, reason = "every operation has the same signature")]
pub(in crate::reference) fn list(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let names = model.databases.keys().filter(|name| model.shows_database(arguments, name));
    Ok(Answer::data(names.cloned().collect()))
}

pub(in crate::reference) fn describe(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let name = arguments.text("dbName");
    let database = model.database(name)?;
    Ok(Answer::data(json!({"dbID": database.id, "dbName": name, "properties": key_values(&database.properties)})))
}

pub(in crate::reference) fn alter(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let added = properties(&arguments.body, "properties");
    let (version, name) = (model.version, arguments.text("dbName"));
    let missing = || failure::database_to_alter_missing(version, name);
    let database = model.databases.get_mut(name).ok_or_else(missing)?;
    if added.is_empty() {
        return Err(failure::database_nothing_to_alter(version));
    }
    if version >= Version(2, 6) {
        time::check_zone(&added)?;
    }
    database.properties.extend(added);
    Ok(Answer::done())
}

pub(in crate::reference) fn drop_properties(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let keys = arguments.texts("propertyKeys");
    let (version, name) = (model.version, arguments.text("dbName"));
    let missing = || failure::database_to_alter_missing(version, name);
    let database = model.databases.get_mut(name).ok_or_else(missing)?;
    if keys.is_empty() {
        return Err(failure::database_nothing_to_alter(version));
    }
    database.properties.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(Answer::done())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, quick, refused};
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn a_database_is_made_once_and_dropped_as_often_as_you_like() {
        let mut model = Model::new(Profile::Milvus26, None);
        data(&mut model, "databases/create", &json!({"dbName": "d", "properties": {"a": 1, "b": true}}));
        assert_eq!(refused(&mut model, "databases/create", &json!({"dbName": "d"})).0, 65535);
        let described = data(&mut model, "databases/describe", &json!({"dbName": "d"}));
        assert_eq!(described["properties"], json!([{"key": "a", "value": "1"}, {"key": "b", "value": "true"}]));
        assert_eq!(data(&mut model, "databases/list", &json!({})), json!(["default", "d"]));
        data(&mut model, "databases/drop", &json!({"dbName": "d"}));
        data(&mut model, "databases/drop", &json!({"dbName": "d"}));
        assert_eq!(refused(&mut model, "databases/describe", &json!({"dbName": "d"})).0, 800);
    }

    #[test]
    fn there_are_at_most_64() {
        let mut model = Model::new(Profile::Milvus26, None);
        for number in 1..64 {
            data(&mut model, "databases/create", &json!({"dbName": format!("d{number}")}));
        }
        let (code, text) = refused(&mut model, "databases/create", &json!({"dbName": "d64"}));
        assert_eq!((code, text.as_str()), (801, "exceeded the limit number of database[limit=64]"));
    }

    #[test]
    fn the_default_database_and_one_in_use_stay() {
        let mut model = quick(Profile::Milvus30);
        assert_eq!(refused(&mut model, "databases/drop", &json!({"dbName": "default"})).0, 1100);
        data(&mut model, "databases/create", &json!({"dbName": "d"}));
        data(&mut model, "collections/create", &json!({"dbName": "d", "collectionName": "c", "dimension": 2}));
        let (code, text) = refused(&mut model, "databases/drop", &json!({"dbName": "d"}));
        assert_eq!(code, 1100);
        assert!(text.starts_with("database:d not empty"));
    }

    #[test]
    fn properties_are_altered_and_dropped() {
        let mut model = Model::new(Profile::Milvus25, None);
        data(&mut model, "databases/create", &json!({"dbName": "d"}));
        data(&mut model, "databases/alter", &json!({"dbName": "d", "properties": {"k": "v"}}));
        data(&mut model, "databases/drop_properties", &json!({"dbName": "d", "propertyKeys": ["k", "other"]}));
        assert_eq!(data(&mut model, "databases/describe", &json!({"dbName": "d"}))["properties"], json!([]));
        assert_eq!(refused(&mut model, "databases/alter", &json!({"dbName": "d", "properties": {}})).0, 65535);
    }
}
