//! The model: databases, collections, partitions, aliases, indexes and rows as one pure state machine.
//!
//! It knows neither HTTP nor time. A load advances with the calls that look at it, ids come from names and counters, so
//! that the same calls on a collection have the same answers whatever happens to other collections meanwhile.

pub(super) mod alias;
pub(super) mod analyzer;
pub(super) mod cloud;
pub(super) mod collection;
pub(super) mod database;
mod decoder;
pub(super) mod entity;
pub(super) mod external_refresh;
pub(super) mod failure;
mod field_op;
mod filter;
mod function;
mod geometry;
mod half;
pub(super) mod import_job;
pub(super) mod index;
mod index_params;
pub(super) mod instance;
mod names;
pub(super) mod partition;
pub(super) mod privilege_group;
pub(super) mod resource_group;
mod rights;
pub(super) mod role;
mod row;
mod schema;
mod search;
mod time;
pub(super) mod user;
pub(super) mod v1;
mod vector;

use super::Objects;
use super::json::{Node, Value as Json};
use crate::profile::{Profile, Version};
use collection::Collection;
use database::Database;
use external_refresh::Refreshes;
use failure::{Failure, MissingText};
pub use filter::{PRODUCTIONS, Productions, productions};
use import_job::Imports;
use indexmap::IndexMap;
use resource_group::ResourceGroups;
use rights::Rights;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The smallest id; real ids have as many digits.
const FIRST_ID: i64 = 450_000_000_000_000_000;

/// The database of calls that name none.
const DEFAULT_DATABASE: &str = "default";

/// What a call gives back.
pub(super) type Outcome = Result<Answer, Failure>;

/// The result of a successful call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    /// The value of `data`.
    pub(super) data: Value,
    /// The further keys of the envelope.
    pub(super) extra: Vec<(&'static str, Value)>,
    /// The whole body, of the calls that are answered without an envelope.
    pub(super) bare: Option<String>,
}

impl Answer {
    /// Success without payload.
    fn done() -> Self {
        Self::data(json!({}))
    }

    fn data(data: Value) -> Self {
        Self { data, extra: Vec::new(), bare: None }
    }

    /// An answer without an envelope.
    fn bare(body: String) -> Self {
        Self { bare: Some(body), ..Self::done() }
    }

    fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.extra.push((key, value.into()));
        self
    }
}

/// The bound request of one call.
pub(super) struct Arguments<'a> {
    /// The object with the canonical spelling of every key.
    pub(super) body: Node<'a>,
    /// The database that a header names, if any.
    pub(super) header_database: Option<&'a str>,
    /// Whether 64-bit integers are to be answered as text.
    pub(super) ids_as_text: bool,
    /// The user who calls, when credentials are checked.
    pub(super) caller: Option<String>,
}

impl Arguments<'_> {
    /// The database of the call: the body wins over the header, empty names count as none.
    fn database(&self) -> &str {
        let named = Some(self.text("dbName")).filter(|name| !name.is_empty());
        named.or(self.header_database.filter(|name| !name.is_empty())).unwrap_or(DEFAULT_DATABASE)
    }

    fn text(&self, key: &str) -> &str {
        text(&self.body, key)
    }

    fn flag(&self, key: &str) -> bool {
        flag(&self.body, key)
    }

    fn int(&self, key: &str) -> Option<i64> {
        int(&self.body, key)
    }

    fn texts(&self, key: &str) -> Vec<&str> {
        texts(&self.body, key)
    }
}

fn text<'n>(node: &'n Node<'_>, key: &str) -> &'n str {
    node.get(key).and_then(Node::as_str).unwrap_or_default()
}

fn flag(node: &Node<'_>, key: &str) -> bool {
    node.get(key).is_some_and(|node| node.value == Json::Bool(true))
}

fn int(node: &Node<'_>, key: &str) -> Option<i64> {
    match node.get(key)?.value {
        Json::Number(number) => number.parse().ok(),
        _ => None,
    }
}

fn texts<'n>(node: &'n Node<'_>, key: &str) -> Vec<&'n str> {
    node.get(key).map_or(&[][..], Node::items).iter().map(|item| item.as_str().unwrap_or_default()).collect()
}

/// The text of an untyped value as Go's default formatting prints it.
fn go_text(node: &Node<'_>) -> String {
    match &node.value {
        Json::Null => "<nil>".to_owned(),
        Json::Number(number) => number.parse::<f64>().map_or_else(|_| (*number).to_owned(), super::render::general),
        Json::String(text) => text.clone().into_owned(),
        Json::Array(items) => format!("[{}]", items.iter().map(go_text).collect::<Vec<_>>().join(" ")),
        Json::Bool(_) | Json::Object(_) => node.raw.to_owned(),
    }
}

/// The entries of an untyped object as keys and texts, of equal keys the last.
fn properties(node: &Node<'_>, key: &str) -> IndexMap<String, String> {
    let entries = node.get(key).map_or(&[][..], Node::entries);
    entries.iter().map(|(key, value)| (key.clone().into_owned(), go_text(value))).collect()
}

fn key_values(properties: &IndexMap<String, String>) -> Value {
    properties.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

/// The whole state.
#[derive(Clone, Debug)]
pub(super) struct Model {
    version: Version,
    /// Whether it is to be like the managed service where the documents of that differ.
    is_cloud: bool,
    databases: IndexMap<String, Database>,
    resource_groups: ResourceGroups,
    imports: Imports,
    refreshes: Refreshes,
    /// How often a name has been used, so that a collection made anew gets another id.
    uses: HashMap<String, i64>,
    rights: Rights,
}

impl Model {
    /// An empty store of this profile, whose superuser has these credentials when they are checked at all.
    pub(super) fn new(profile: Profile, token: Option<&str>) -> Self {
        let databases = IndexMap::from([(DEFAULT_DATABASE.to_owned(), Database::new(1, IndexMap::new()))]);
        Self {
            version: profile.version(),
            is_cloud: profile == Profile::ZillizCloud,
            databases,
            resource_groups: ResourceGroups::default(),
            imports: Imports::default(),
            refreshes: Refreshes::default(),
            uses: HashMap::new(),
            rights: Rights::new(token),
        }
    }

    /// Puts files into the object storage that imports read from.
    pub(super) fn keep(&mut self, objects: Objects) {
        self.imports.keep(objects);
    }

    /// An id that depends on the name and on how often it was asked for, on nothing else.
    fn new_id(&mut self, name: &str) -> i64 {
        let uses = self.uses.entry(name.to_owned()).or_default();
        *uses += 1;
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let spread = i64::try_from(hash >> 26).unwrap_or_default() + *uses;
        FIRST_ID + (spread << 18)
    }

    fn database(&self, name: &str) -> Result<&Database, Failure> {
        self.databases.get(name).ok_or_else(|| failure::database_missing(name))
    }

    fn database_mut(&mut self, name: &str) -> Result<&mut Database, Failure> {
        self.databases.get_mut(name).ok_or_else(|| failure::database_missing(name))
    }

    /// The collection that a call names, itself or by alias, after the checks of its name and database.
    fn collection(&mut self, arguments: &Arguments<'_>, text: MissingText) -> Result<&mut Collection, Failure> {
        names::check_collection(arguments.text("collectionName"), "name", self.version)?;
        self.named_collection(arguments, text)
    }

    /// The collection that a call names; its name is not checked.
    fn named_collection(&mut self, arguments: &Arguments<'_>, text: MissingText) -> Result<&mut Collection, Failure> {
        let name = names::trimmed(arguments.text("collectionName"), self.version);
        let database = arguments.database();
        self.database_mut(database)?.resolve_mut(name).ok_or_else(|| failure::collection_missing(text, database, name))
    }
}

#[cfg(test)]
pub(super) mod testing {
    //! Calls on a model in few words, for the tests of each resource.

    use super::super::{binding, operations};
    use super::*;

    /// Makes one call and gives its outcome.
    pub(in crate::reference) fn call(model: &mut Model, path: &str, body: &Value) -> Outcome {
        make(model, None, path, body)
    }

    /// Makes one call as this user and gives its outcome.
    pub(in crate::reference) fn call_as(model: &mut Model, caller: &str, path: &str, body: &Value) -> Outcome {
        make(model, Some(caller), path, body)
    }

    fn make(model: &mut Model, caller: Option<&str>, path: &str, body: &Value) -> Outcome {
        let operation = operations::find(path, model.version, model.is_cloud).unwrap();
        let text = body.to_string();
        let version = operations::version_of(path, model.version, model.is_cloud);
        let body = binding::bind(&operation.shape, &text, version).unwrap();
        let caller = caller.map(str::to_owned);
        let arguments = Arguments { body, header_database: None, ids_as_text: false, caller };
        model.permit(path, &arguments)?;
        (operation.run)(model, &arguments)
    }

    /// Makes one call that succeeds and gives its data.
    pub(in crate::reference) fn data(model: &mut Model, path: &str, body: &Value) -> Value {
        call(model, path, body).unwrap().data
    }

    /// Makes one call that fails and gives code and text.
    pub(in crate::reference) fn refused(model: &mut Model, path: &str, body: &Value) -> (i32, String) {
        let failure = call(model, path, body).unwrap_err();
        (failure.code, failure.message)
    }

    /// A model of this profile with the collection `c`: quick setup, dimension 2, metric L2, loaded.
    pub(in crate::reference) fn quick(profile: Profile) -> Model {
        let mut model = Model::new(profile, None);
        data(&mut model, "collections/create", &json!({"collectionName": "c", "dimension": 2, "metricType": "L2"}));
        settle(&mut model, "c");
        model
    }

    /// Looks at the load of a collection until it is over.
    pub(in crate::reference) fn settle(model: &mut Model, collection: &str) {
        for _ in 0..3 {
            data(model, "collections/get_load_state", &json!({"collectionName": collection}));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_the_name_and_its_uses_only() {
        let (mut one, mut two) = (Model::new(Profile::Milvus26, None), Model::new(Profile::Milvus26, None));
        two.new_id("other");
        assert_eq!(one.new_id("default/c"), two.new_id("default/c"));
        let (first, second) = (one.new_id("default/d"), one.new_id("default/d"));
        assert_ne!(first, second);
        assert_eq!(first.to_string().len(), 18);
    }
}
