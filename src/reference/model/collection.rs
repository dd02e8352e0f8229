//! Collections: their life, their load and what is told of them.

pub(in crate::reference) mod change;
mod properties;

pub(in crate::reference) use properties::{alter_properties, drop_properties};

use super::external_refresh::{self, Source};
use super::failure::{self, Failure, MissingText, Read};
use super::index::{self, Index};
use super::partition::{self, Load, Partition};
use super::rights::failure::invisible_collection;
use super::schema::{CONSISTENCY_LEVELS, DataType, Schema};
use super::{Answer, Arguments, Model, Outcome, go_text, key_values, names};
use crate::profile::Version;
use crate::reference::json::Node;
use indexmap::IndexMap;
use serde_json::{Value, json};

const MOST_SHARDS: i64 = 16;
const DEFAULT_KEYED_PARTITIONS: i64 = 16;

/// The first ids that a collection gives to its rows lie this far above its own.
const ROW_IDS: i64 = 1 << 17;

/// A describe does not show progress, so it takes several to bring a load on.
const DESCRIBES_A_LOOK: u8 = 3;

const TTL: &str = "collection.ttl.seconds";

/// The property that keeps partition keys apart.
const ISOLATION: &str = "partitionkey.isolation";

/// What a request to create asks for; equal definitions make the same collection.
#[derive(Clone, Debug, PartialEq)]
struct Definition {
    schema: Schema,
    description: String,
    shards: i64,
    consistency: String,
    properties: IndexMap<String, String>,
    partitions: usize,
    source: Option<Source>,
}

/// A collection.
#[derive(Clone, Debug)]
pub(super) struct Collection {
    pub(super) id: i64,
    pub(super) name: String,
    definition: Definition,
    pub(super) schema: Schema,
    properties: IndexMap<String, String>,
    pub(super) partitions: IndexMap<String, Partition>,
    partitions_made: i64,
    pub(super) indexes: IndexMap<String, Index>,
    rows_made: i64,
    /// From 2.6 on a collection says it is loading once more after one of several partitions was released.
    unsettled: bool,
    describes: u8,
    /// Of two flushes in a row the limiter refuses the second.
    flushed: bool,
}

/// The load of a collection: of the partitions that are wanted, how many are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    NotLoaded,
    Loading { progress: usize },
    Loaded,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::NotLoaded => "LoadStateNotLoad",
            State::Loading { .. } => "LoadStateLoading",
            State::Loaded => "LoadStateLoaded",
        }
    }

    fn describe(self) -> Value {
        match self {
            State::NotLoaded => json!({"loadState": self.name()}),
            State::Loading { progress } => json!({"loadProgress": progress, "loadState": self.name()}),
            State::Loaded => json!({"loadProgress": 100, "loadState": self.name()}),
        }
    }
}

impl Collection {
    fn new(id: i64, name: &str, definition: Definition, version: Version) -> Self {
        let mut all = definition.properties.clone();
        if version >= Version(2, 6) {
            all.insert("timezone".to_owned(), "UTC".to_owned());
        }
        if version >= Version(3, 0) {
            all.insert("namespace.sharding.enabled".to_owned(), "false".to_owned());
            all.insert("max_field_id".to_owned(), definition.schema.last_field_id().to_string());
        }
        let mut collection = Self {
            id,
            name: name.to_owned(),
            schema: definition.schema.clone(),
            properties: all,
            partitions: IndexMap::new(),
            partitions_made: 0,
            indexes: IndexMap::new(),
            rows_made: 0,
            unsettled: false,
            describes: 0,
            flushed: false,
            definition,
        };
        for number in 0..collection.definition.partitions {
            let keyed = collection.schema.has_partition_key();
            let name = if keyed { format!("{}_{number}", partition::DEFAULT) } else { partition::DEFAULT.to_owned() };
            collection.add_partition(&name);
        }
        collection
    }

    /// Adds a partition; in a loaded collection it is loaded at once.
    pub(super) fn add_partition(&mut self, name: &str) {
        self.partitions_made += 1;
        let load = if self.is_wholly_loaded() { Load::Loaded } else { Load::Released };
        self.partitions.insert(name.to_owned(), Partition::new(self.id + self.partitions_made, load));
    }

    fn is_wholly_loaded(&self) -> bool {
        !self.partitions.is_empty() && self.partitions.values().all(|partition| partition.load == Load::Loaded)
    }

    /// The id for a row that brings none.
    pub(super) fn next_row_id(&mut self) -> i64 {
        self.rows_made += 1;
        self.id + ROW_IDS + self.rows_made
    }

    pub(super) fn partition(&self, name: &str) -> Result<&Partition, Failure> {
        self.partitions.get(name).ok_or_else(|| failure::partition_missing(name))
    }

    /// Refuses a list of partitions of which one is missing.
    pub(super) fn check_partitions(&self, names: &[&str]) -> Result<(), Failure> {
        names.iter().try_for_each(|name| self.partition(name).map(|_| ()))
    }

    /// Refuses a load as long as a vector lacks its index; `asked` is the name that the call used.
    pub(super) fn check_indexes(&self, asked: &str, version: Version) -> Result<(), Failure> {
        if self.indexes.is_empty() {
            return Err(failure::index_missing_for_load(asked));
        }
        let indexed = |field: &str| self.indexes.values().any(|index| index.field == field);
        let bare: Vec<_> =
            self.schema.vectors().map(|field| field.name.as_str()).filter(|name| !indexed(name)).collect();
        if bare.is_empty() { Ok(()) } else { Err(failure::vector_index_missing(version, &bare)) }
    }

    fn load(&mut self, asked: &str, version: Version) -> Result<(), Failure> {
        self.check_indexes(asked, version)?;
        self.partitions.values_mut().for_each(Partition::start_load);
        Ok(())
    }

    /// Releases these partitions.
    pub(super) fn release(&mut self, names: &[&str], version: Version) {
        for name in names {
            if let Some(partition) = self.partitions.get_mut(*name) {
                partition.load = Load::Released;
            }
        }
        self.unsettled = version >= Version(2, 6) && self.state() == State::Loaded;
    }

    pub(super) fn state(&self) -> State {
        let wanted: Vec<_> = self.partitions.values().filter(|partition| !partition.is_released()).collect();
        let loaded = wanted.iter().filter(|partition| partition.load == Load::Loaded).count();
        match wanted.len() {
            0 => State::NotLoaded,
            all if all == loaded => State::Loaded,
            all => State::Loading { progress: loaded * 100 / all },
        }
    }

    /// Whether anything of the collection is loaded or being loaded.
    pub(super) fn is_in_use(&self) -> bool {
        self.state() != State::NotLoaded
    }

    /// Looks at the load, which brings it on, and gives its state.
    fn look(&mut self) -> State {
        self.partitions.values_mut().for_each(Partition::look);
        self.state()
    }

    /// Brings a load to its end.
    pub(super) fn finish_load(&mut self) {
        while matches!(self.look(), State::Loading { .. }) {}
    }

    /// Refuses a read as long as the collection is not loaded; every refusal while it loads brings the load on.
    pub(super) fn check_readable(&mut self, read: Read) -> Result<(), Failure> {
        match self.look() {
            State::Loaded => Ok(()),
            State::NotLoaded => Err(failure::not_loaded(read.doing(), self.id)),
            State::Loading { .. } => Err(failure::not_fully_loaded(read.doing(), self.id)),
        }
    }

    /// Where its rows lie, if that is outside.
    pub(super) fn source(&self) -> Option<&Source> {
        self.definition.source.as_ref()
    }

    fn describe(&mut self, asked: &str, aliases: &[&str], version: Version) -> Answer {
        let through_alias = asked != self.name;
        let old = version < Version(2, 6);
        let shown_aliases = if through_alias && old { &[] } else { aliases };
        let indexes: Value = self.indexes.iter().map(|(name, index)| index.brief(name)).collect();
        let unindexed = self.indexes.is_empty().then(|| format!("index not found[collection={asked}];"));
        let unknown = (through_alias && old).then(|| format!("collection not found[collection={asked}]."));
        let message: String = unindexed.into_iter().chain(unknown).collect();
        let mut data = json!({
            "aliases": shown_aliases,
            "autoId": self.schema.auto_id,
            "collectionID": self.id,
            "collectionName": asked,
            "consistencyLevel": self.definition.consistency,
            "description": self.definition.description,
            "enableDynamicField": self.schema.dynamic,
            "fields": self.schema.describe_fields(version),
            "indexes": indexes,
            "load": self.state().name(),
            "partitionsNum": self.partitions.len(),
            "properties": key_values(&self.properties),
            "shardsNum": self.definition.shards,
        });
        if version >= Version(2, 5) {
            data["functions"] = self.schema.describe_functions();
        }
        if version >= Version(3, 0) || self.source().is_some() {
            let source = self.source().cloned().unwrap_or_default();
            data["externalSource"] = source.place.into();
            data["externalSpec"] = source.spec.into();
        }
        if version >= Version(3, 0) {
            data["structFields"] = json!([]);
        }
        self.describes += 1;
        if self.describes.is_multiple_of(DESCRIBES_A_LOOK) {
            self.describes = 0;
            self.look();
        }
        Answer::data(data).with("message", message)
    }
}

impl Definition {
    fn read(arguments: &Arguments<'_>, version: Version) -> Result<Self, Failure> {
        let spelt_out = arguments
            .body
            .get("schema")
            .filter(|schema| schema.get("fields").is_some_and(|fields| !fields.items().is_empty()));
        let schema = match spelt_out {
            Some(schema) => Schema::custom(schema, version)?,
            None => Schema::quick(arguments, version)?,
        };
        let param = |key: &str| arguments.body.get("params").and_then(|params| params.get(key));
        let consistency = consistency(param("consistencyLevel"))?;
        let shards = param("shardsNum").and_then(|node| go_text(node).parse().ok()).filter(|shards| *shards > 0);
        let shards = shards.unwrap_or(1);
        if shards > MOST_SHARDS {
            let text = format!("maximum shards's number should be limited to {MOST_SHARDS}");
            return Err(failure::unclassified(version, text));
        }
        let mut properties = IndexMap::new();
        let stored = [("ttlSeconds", TTL), ("partitionKeyIsolation", ISOLATION), ("mmap.enabled", "mmap.enabled")];
        for (key, property) in stored {
            if let Some(node) = param(key) {
                properties.insert(property.to_owned(), go_text(node));
            }
        }
        let partitions = if schema.has_partition_key() {
            let asked = param("partitionsNum").and_then(|node| go_text(node).parse().ok());
            keyed_partitions(asked.unwrap_or(DEFAULT_KEYED_PARTITIONS))?
        } else {
            1
        };
        let description = arguments.text("description").to_owned();
        Ok(Self { schema, description, shards, consistency, properties, partitions, source: None })
    }
}

fn keyed_partitions(asked: i64) -> Result<usize, Failure> {
    let number = usize::try_from(asked).unwrap_or_default();
    if number > partition::MOST {
        let text = format!("partition number ({asked}) exceeds max configuration ({})", partition::MOST);
        return Err(failure::invalid(text));
    }
    Ok(number.max(1))
}

fn consistency(asked: Option<&Node<'_>>) -> Result<String, Failure> {
    let Some(node) = asked else { return Ok("Bounded".to_owned()) };
    let level = go_text(node);
    if CONSISTENCY_LEVELS.contains(&level.as_str()) {
        return Ok(level);
    }
    let levels = CONSISTENCY_LEVELS.join(", ");
    let text = format!("consistencyLevel can only be [{levels}], default: Bounded: ");
    Err(failure::mismatched(&text, &levels, &level))
}

pub(in crate::reference) fn create(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let asked = arguments.text("collectionName");
    let mut definition = Definition::read(arguments, version)?;
    definition.source = external_refresh::source(arguments, version, model.is_cloud);
    definition.schema.check_counts(version)?;
    names::check_collection(asked, "name", version)?;
    let name = names::trimmed(asked, version);
    definition.schema.check_fields(name, version)?;
    if let Some(asked) = definition.properties.get(ISOLATION) {
        definition.schema.check_isolation(asked, name, version)?;
    }
    if let Some(seconds) = definition.properties.get(TTL).filter(|_| version >= Version(2, 6)) {
        seconds.parse::<i64>().map_err(|_| failure::time_to_live(version, seconds))?;
    }
    let database_name = arguments.database();
    let id = model.new_id(&format!("{database_name}/{name}"));
    let database = model.database_mut(database_name)?;
    if database.aliases.contains_key(name) {
        return Err(failure::collection_named_like_alias(version, database_name, name));
    }
    let collection = database
        .collections
        .entry(name.to_owned())
        .or_insert_with(|| Collection::new(id, name, definition.clone(), version));
    if collection.definition != definition || collection.partitions.len() != definition.partitions {
        return Err(failure::duplicate_collection(version, name));
    }
    prepare(collection, arguments, version)?;
    Ok(Answer::done())
}

/// Makes the indexes that a create asks for and starts the load; a refusal leaves the collection as it is by then.
fn prepare(collection: &mut Collection, arguments: &Arguments<'_>, version: Version) -> Result<(), Failure> {
    let spelt_out = arguments.body.get("schema").and_then(|schema| schema.get("fields"));
    if spelt_out.is_none_or(|fields| fields.items().is_empty()) {
        let metric = match arguments.text("metricType") {
            "" => "COSINE",
            metric => metric,
        };
        let field = collection.schema.vectors().next().map(|field| field.name.clone()).unwrap_or_default();
        // v1 gives the index a name of its own; v2 has no such key in a create.
        let name = match arguments.text("indexName") {
            "" => &field,
            name => name,
        };
        index::create_default(collection, &field, name, metric, version)?;
        return collection.load(&collection.name.clone(), version);
    }
    let params = arguments.body.get("indexParams").map_or(&[][..], Node::items);
    for param in params {
        let field = super::text(param, "fieldName");
        if collection.schema.field(field).is_none() {
            return Err(failure::index_field_not_in_schema(field));
        }
        index::create_one(collection, param, version)?;
    }
    if params.is_empty() { Ok(()) } else { collection.load(&collection.name.clone(), version) }
}

pub(in crate::reference) fn list(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let names = model.database(arguments.database())?.collections.keys();
    Ok(Answer::data(names.filter(|name| model.shows_collection(arguments, name)).cloned().collect()))
}

pub(in crate::reference) fn has(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let asked = arguments.text("collectionName");
    names::check_collection(asked, "name", version)?;
    let has = match model.database(arguments.database()) {
        Ok(database) => database.resolve(names::trimmed(asked, version)).is_some(),
        Err(_) if version < Version(2, 5) => false,
        Err(missing) => return Err(missing),
    };
    Ok(Answer::data(json!({"has": has})))
}

pub(in crate::reference) fn describe(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let name = model.collection(arguments, MissingText::Find)?.name.clone();
    // 2.5 alone refuses to describe what the caller may not see.
    let is_2_5 = version >= Version(2, 5) && version < Version(2, 6);
    if is_2_5 && !model.shows_collection(arguments, &name) {
        return Err(invisible_collection(arguments.text("collectionName")));
    }
    let unknown_load = model.allow("GetLoadState", arguments).err();
    let database = model.database_mut(arguments.database())?;
    let aliases: Vec<String> = database.aliases_of(&name).into_iter().map(str::to_owned).collect();
    let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
    let asked = names::trimmed(arguments.text("collectionName"), version);
    let missing = || failure::collection_missing(MissingText::Find, arguments.database(), asked);
    let collection = database.collections.get_mut(&name).ok_or_else(missing)?;
    let mut answer = collection.describe(asked, &aliases, version);
    if let Some(denied) = unknown_load {
        // The load is asked for on the way; its refusal becomes a remark.
        answer.data["load"] = "".into();
        for (_, remark) in answer.extra.iter_mut().filter(|(key, _)| *key == "message") {
            *remark = format!("{};{}", denied.message, remark.as_str().unwrap_or_default()).into();
        }
    }
    Ok(answer)
}

pub(in crate::reference) fn get_stats(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let collection = model.collection(arguments, MissingText::Found)?;
    let rows: usize = collection.partitions.values().map(Partition::counted).sum();
    Ok(Answer::data(json!({"rowCount": rows})))
}

pub(in crate::reference) fn get_load_state(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let asked = arguments.text("collectionName");
    names::check_collection(asked, "name", version)?;
    let name = names::trimmed(asked, version);
    let missing = || failure::collection_missing(MissingText::Bare, "", name);
    let database = model.databases.get_mut(arguments.database()).ok_or_else(missing)?;
    let collection = database.resolve_mut(name).ok_or_else(missing)?;
    if !collection.is_in_use() {
        return Ok(Answer::data(State::NotLoaded.describe()));
    }
    let asked = arguments.texts("partitionNames");
    if let Some(reason) = asked.iter().find_map(|name| unloaded(collection, name)) {
        let data = json!({"loadProgress": -1, "loadState": "LoadStateLoading"});
        return Ok(Answer::data(data).with("message", reason));
    }
    let state =
        if std::mem::take(&mut collection.unsettled) { State::Loading { progress: 0 } } else { collection.look() };
    Ok(Answer::data(state.describe()).with("message", ""))
}

/// Why no progress can be told of this partition.
fn unloaded(collection: &Collection, partition: &str) -> Option<String> {
    match collection.partitions.get(partition) {
        None => Some(format!("partition not found[partition={partition}].")),
        Some(partition) if partition.is_released() => {
            Some(format!("partition not loaded[partition={}].", partition.id))
        }
        Some(_) => None,
    }
}

pub(in crate::reference) fn drop(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let asked = arguments.text("collectionName");
    if version < Version(2, 6) {
        names::check_collection(asked, "name", version)?;
    }
    let name = names::trimmed(asked, version);
    let Ok(database) = model.database_mut(arguments.database()) else { return Ok(Answer::done()) };
    if database.aliases.contains_key(name) {
        return Err(failure::drop_through_alias(version, name));
    }
    let aliases = database.aliases_of(name);
    if !aliases.is_empty() {
        return Err(failure::collection_has_aliases(version, name, &aliases));
    }
    database.collections.shift_remove(name);
    Ok(Answer::done())
}

pub(in crate::reference) fn rename(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let (old, new) = (names::trimmed(arguments.text("collectionName"), version), arguments.text("newCollectionName"));
    names::check_collection(new, "name", version)?;
    let new = names::trimmed(new, version);
    let origin = arguments.database();
    let target = match arguments.text("newDbName") {
        "" => origin,
        name => name,
    };
    if version >= Version(2, 6) && old == new && origin == target {
        return Err(failure::rename_to_itself());
    }
    check_rename_databases(model, arguments, origin, target)?;
    let taken = model.database(target)?;
    if taken.aliases.contains_key(new) {
        return Err(failure::rename_onto_alias(version, target, new));
    }
    if taken.collections.contains_key(new) {
        return Err(failure::new_name_taken(version, target, new));
    }
    let missing = |id| failure::renamed_collection_missing(version, origin, id, old);
    let Ok(from) = model.database_mut(origin) else { return Err(missing(0)) };
    if from.aliases.contains_key(old) {
        return Err(failure::rename_through_alias(version, old));
    }
    if origin != target && !from.aliases_of(old).is_empty() {
        return Err(failure::rename_moves_aliases(version));
    }
    let id = from.id;
    let mut collection = from.collections.shift_remove(old).ok_or_else(|| missing(id))?;
    for owner in from.aliases.values_mut().filter(|owner| *owner == old) {
        new.clone_into(owner);
    }
    new.clone_into(&mut collection.name);
    model.database_mut(target)?.collections.insert(new.to_owned(), collection);
    Ok(Answer::done())
}

fn check_rename_databases(model: &Model, arguments: &Arguments<'_>, origin: &str, target: &str) -> Result<(), Failure> {
    let version = model.version;
    let known = |name: &str| model.databases.contains_key(name);
    if version < Version(2, 6) {
        return if known(target) { Ok(()) } else { Err(failure::rename_target_unclassified(target)) };
    }
    let moves = !arguments.text("newDbName").is_empty();
    match (known(origin), moves) {
        (false, true) => Err(failure::rename_origin_missing(origin)),
        (false, false) if version < Version(3, 0) => Err(failure::rename_target_unclassified(target)),
        (false, false) => Err(failure::database_missing(origin)),
        (true, _) if !known(target) => Err(failure::rename_target_missing(target)),
        (true, _) => Ok(()),
    }
}

pub(in crate::reference) fn load(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let collection = model.collection(arguments, MissingText::Found)?;
    collection.load(arguments.text("collectionName"), version)?;
    Ok(Answer::done())
}

pub(in crate::reference) fn refresh_load(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let collection = model.collection(arguments, MissingText::Found)?;
    collection.check_indexes(arguments.text("collectionName"), version)?;
    match collection.look() {
        State::Loaded => Ok(Answer::done()),
        state => Err(failure::refresh_refused(version, collection.id, state != State::NotLoaded)),
    }
}

pub(in crate::reference) fn release(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let collection = model.collection(arguments, MissingText::Found)?;
    collection.partitions.values_mut().for_each(|partition| partition.load = Load::Released);
    collection.unsettled = false;
    Ok(Answer::done())
}

pub(in crate::reference) fn flush(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let collection = model.named_collection(arguments, MissingText::Found);
    let collection = collection.map_err(|missing| failure::limiter(&missing))?;
    if std::mem::take(&mut collection.flushed) {
        return Err(failure::rate_limited());
    }
    collection.flushed = true;
    // Before 2.6 a flush took so long that a load got to its end meanwhile; later a load was seen to go on.
    if version < Version(2, 6) {
        collection.finish_load();
    }
    collection.partitions.values_mut().for_each(|partition| partition.sealed = partition.rows.len());
    Ok(Answer::done())
}

/// Whether a field of the collection is a vector.
pub(super) fn is_vector(collection: &Collection, field: &str) -> bool {
    collection.schema.field(field).is_some_and(|field| DataType::is_vector(field.data_type))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, quick, refused, settle};
    use super::*;
    use crate::profile::Profile;

    fn c() -> Value {
        json!({"collectionName": "c"})
    }

    #[test]
    fn a_quick_setup_is_indexed_and_loads_at_once() {
        let mut model = Model::new(Profile::Milvus26, None);
        data(&mut model, "collections/create", &json!({"collectionName": "c", "dimension": 4}));
        assert_eq!(data(&mut model, "indexes/list", &c()), json!(["vector"]));
        let loading = data(&mut model, "collections/get_load_state", &c());
        assert_eq!(loading, json!({"loadProgress": 0, "loadState": "LoadStateLoading"}));
        assert_eq!(data(&mut model, "collections/get_load_state", &c())["loadProgress"], 100);
    }

    #[test]
    fn a_client_that_only_retries_its_read_gets_there() {
        let mut model = Model::new(Profile::Milvus26, None);
        data(&mut model, "collections/create", &json!({"collectionName": "c", "dimension": 2}));
        let query = json!({"collectionName": "c", "filter": "id > 0"});
        assert_eq!(refused(&mut model, "entities/query", &query).0, 103);
        assert_eq!(data(&mut model, "entities/query", &query), json!([]));
    }

    #[test]
    fn an_equal_create_is_repeated_and_another_is_refused() {
        let mut model = quick(Profile::Milvus26);
        let create =
            |metric: &str, dimension: u8| json!({"collectionName": "c", "dimension": dimension, "metricType": metric});
        data(&mut model, "collections/create", &create("L2", 2));
        let (_, text) = refused(&mut model, "collections/create", &create("L2", 8));
        assert_eq!(text, "create duplicate collection with different parameters, collection: c");
        let (_, text) = refused(&mut model, "collections/create", &create("IP", 2));
        assert_eq!(text, "CreateIndex failed: at most one distinct index is allowed per field");
        data(&mut model, "partitions/create", &json!({"collectionName": "c", "partitionName": "p"}));
        assert_eq!(refused(&mut model, "collections/create", &create("L2", 2)).0, 65535);
    }

    #[test]
    fn a_refused_index_leaves_the_collection() {
        let mut model = Model::new(Profile::Milvus26, None);
        let body = json!({"collectionName": "c", "dimension": 2, "metricType": "NOPE"});
        assert_eq!(refused(&mut model, "collections/create", &body).0, 1100);
        assert_eq!(data(&mut model, "collections/has", &c()), json!({"has": true}));
        assert_eq!(refused(&mut model, "collections/load", &c()).0, 700);
    }

    #[test]
    fn a_rename_keeps_id_load_and_aliases() {
        let mut model = quick(Profile::Milvus26);
        data(&mut model, "aliases/create", &json!({"collectionName": "c", "aliasName": "a"}));
        let id = data(&mut model, "collections/describe", &c())["collectionID"].clone();
        data(&mut model, "collections/rename", &json!({"collectionName": "c", "newCollectionName": "d"}));
        let described = data(&mut model, "collections/describe", &json!({"collectionName": "d"}));
        assert_eq!((&described["collectionID"], &described["load"]), (&id, &json!("LoadStateLoaded")));
        assert_eq!(data(&mut model, "aliases/describe", &json!({"aliasName": "a"}))["collectionName"], "d");
        assert_eq!(refused(&mut model, "collections/describe", &c()).0, 100);
    }

    #[test]
    fn loading_the_rest_begins_half_way() {
        let mut model = quick(Profile::Milvus26);
        data(&mut model, "partitions/create", &json!({"collectionName": "c", "partitionName": "p"}));
        data(&mut model, "partitions/release", &json!({"collectionName": "c", "partitionNames": ["p"]}));
        settle(&mut model, "c");
        data(&mut model, "collections/load", &c());
        assert_eq!(data(&mut model, "collections/get_load_state", &c())["loadProgress"], 50);
        assert_eq!(data(&mut model, "collections/get_load_state", &c())["loadProgress"], 100);
    }

    #[test]
    fn statistics_count_what_was_flushed() {
        let mut model = quick(Profile::Milvus26);
        let rows = json!([{"id": 1, "vector": [1, 2]}, {"id": 2, "vector": [1, 2]}]);
        data(&mut model, "entities/insert", &json!({"collectionName": "c", "data": rows}));
        assert_eq!(data(&mut model, "collections/get_stats", &c()), json!({"rowCount": 0}));
        data(&mut model, "collections/flush", &c());
        assert_eq!(data(&mut model, "collections/get_stats", &c()), json!({"rowCount": 2}));
        assert_eq!(refused(&mut model, "collections/flush", &c()).0, 1807);
    }

    #[test]
    fn versions_word_the_same_refusal_differently() {
        let body = json!({"collectionName": "c", "newCollectionName": "c"});
        assert_eq!(refused(&mut quick(Profile::Milvus25), "collections/rename", &body).0, 65535);
        assert_eq!(refused(&mut quick(Profile::Milvus26), "collections/rename", &body), {
            (1100, "collection name or database name should be different: invalid parameter".to_owned())
        });
    }
}
