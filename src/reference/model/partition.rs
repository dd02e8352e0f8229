//! Partitions and their load.

use super::collection::Collection;
use super::failure::{self, Failure, MissingText};
use super::row::Row;
use super::{Answer, Arguments, Model, Outcome, names};
use crate::profile::Version;
use serde_json::json;

/// The partition that every collection begins with.
pub(super) const DEFAULT: &str = "_default";

/// How many partitions a collection may have.
pub(super) const MOST: usize = 1_024;

/// How far a partition is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    Released,
    /// Being loaded, and looked at this many times.
    Loading {
        looks: u8,
    },
    Loaded,
}

/// How many looks at a load it takes to be over; the next one finds it loaded.
const LOOKS: u8 = 1;

/// A partition with its rows.
#[derive(Clone, Debug)]
pub(super) struct Partition {
    pub(super) id: i64,
    pub(super) load: Load,
    pub(super) rows: Vec<Row>,
    /// The rows that statistics count: those there at the last flush.
    pub(super) sealed: usize,
    /// Rows that imports brought in, of which nothing but their number is known.
    pub(super) imported: usize,
}

impl Partition {
    pub(super) fn new(id: i64, load: Load) -> Self {
        Self { id, load, rows: Vec::new(), sealed: 0, imported: 0 }
    }

    /// Starts to load the partition unless that has been done.
    pub(super) fn start_load(&mut self) {
        if self.load == Load::Released {
            self.load = Load::Loading { looks: 0 };
        }
    }

    /// Looks at the load, which brings it on.
    pub(super) fn look(&mut self) {
        self.load = match self.load {
            Load::Loading { looks } if looks >= LOOKS => Load::Loaded,
            Load::Loading { looks } => Load::Loading { looks: looks + 1 },
            other => other,
        };
    }

    /// How many rows statistics tell.
    pub(super) fn counted(&self) -> usize {
        self.sealed + self.imported
    }

    pub(super) fn is_released(&self) -> bool {
        self.load == Load::Released
    }
}

pub(in crate::reference) fn list(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let collection = model.collection(arguments, MissingText::Found)?;
    Ok(Answer::data(collection.partitions.keys().cloned().collect()))
}

pub(in crate::reference) fn has(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let collection = named(model, arguments, version)?;
    Ok(Answer::data(json!({"has": collection.partitions.contains_key(partition_name(arguments))})))
}

pub(in crate::reference) fn get_stats(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let collection = model.collection(arguments, MissingText::Found)?;
    let partition = collection.partition(arguments.text("partitionName"))?;
    Ok(Answer::data(json!({"rowCount": partition.counted()})))
}

pub(in crate::reference) fn create(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let collection = named(model, arguments, version)?;
    refuse_partition_key(collection, version, "create partition")?;
    let name = partition_name(arguments);
    if collection.partitions.contains_key(name) {
        return Ok(Answer::done());
    }
    if collection.partitions.len() >= MOST {
        return Err(failure::too_many_partitions(version, collection.partitions.len(), MOST, &collection.name));
    }
    collection.add_partition(name);
    Ok(Answer::done())
}

pub(in crate::reference) fn drop(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let collection = named(model, arguments, version)?;
    refuse_partition_key(collection, version, "drop partition")?;
    let name = partition_name(arguments);
    let Some(partition) = collection.partitions.get(name) else { return Ok(Answer::done()) };
    if !partition.is_released() {
        return Err(failure::partition_loaded(version));
    }
    if name == DEFAULT {
        return Err(failure::default_partition(version));
    }
    collection.partitions.shift_remove(name);
    Ok(Answer::done())
}

pub(in crate::reference) fn load(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let asked = arguments.text("collectionName");
    let collection = model.collection(arguments, MissingText::Found)?;
    refuse_partition_key(collection, version, "load partitions")?;
    collection.check_indexes(asked, version)?;
    let names = arguments.texts("partitionNames");
    if names.is_empty() {
        return Err(failure::no_partition_to_load(version));
    }
    collection.check_partitions(&names)?;
    for name in names {
        if let Some(partition) = collection.partitions.get_mut(name) {
            partition.start_load();
        }
    }
    Ok(Answer::done())
}

pub(in crate::reference) fn release(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let collection = model.collection(arguments, MissingText::Found)?;
    refuse_partition_key(collection, version, "release partitions")?;
    let names = arguments.texts("partitionNames");
    if names.is_empty() {
        return Err(failure::no_partition_to_release());
    }
    collection.check_partitions(&names)?;
    collection.release(&names, version);
    Ok(Answer::done())
}

/// The name of the partition, without the blanks around it.
fn partition_name<'a>(arguments: &'a Arguments<'_>) -> &'a str {
    arguments.text("partitionName").trim()
}

/// The collection of a call that also names a partition, after the checks of both names.
fn named<'m>(model: &'m mut Model, arguments: &Arguments<'_>, version: Version) -> Result<&'m mut Collection, Failure> {
    names::check_collection(arguments.text("collectionName"), "name", version)?;
    names::check_partition(arguments.text("partitionName"), version)?;
    model.named_collection(arguments, MissingText::Found)
}

fn refuse_partition_key(collection: &Collection, version: Version, action: &str) -> Result<(), Failure> {
    if collection.schema.has_partition_key() {
        return Err(failure::partition_key_mode(version, action));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, quick, refused, settle};
    use super::*;
    use crate::profile::Profile;
    use serde_json::Value;

    fn on(partition: &str) -> Value {
        json!({"collectionName": "c", "partitionName": partition, "partitionNames": [partition]})
    }

    #[test]
    fn a_loaded_partition_cannot_be_dropped_until_it_is_released() {
        for (profile, code) in [(Profile::Milvus26, 65535), (Profile::Milvus30, 1100)] {
            let mut model = quick(profile);
            data(&mut model, "partitions/create", &on("p"));
            let (refusal, text) = refused(&mut model, "partitions/drop", &on("p"));
            assert_eq!(refusal, code);
            assert!(text.starts_with("partition cannot be dropped, partition is loaded, please release it first"));
            data(&mut model, "partitions/release", &on("p"));
            data(&mut model, "partitions/drop", &on("p"));
            assert_eq!(data(&mut model, "partitions/has", &on("p")), json!({"has": false}));
        }
    }

    #[test]
    fn the_default_partition_stays_and_a_missing_one_is_dropped_without_a_word() {
        let mut model = quick(Profile::Milvus26);
        data(&mut model, "partitions/drop", &on("nope"));
        data(&mut model, "collections/release", &json!({"collectionName": "c"}));
        assert_eq!(refused(&mut model, "partitions/drop", &on(DEFAULT)).1, "default partition cannot be deleted");
        assert_eq!(data(&mut model, "partitions/list", &on("")), json!([DEFAULT]));
    }

    #[test]
    fn a_partition_is_loaded_after_two_looks_and_the_collection_with_it() {
        let mut model = quick(Profile::Milvus26);
        let collection = json!({"collectionName": "c"});
        data(&mut model, "collections/release", &collection);
        data(&mut model, "partitions/create", &on("p"));
        data(&mut model, "partitions/load", &on("p"));
        let state = json!({"collectionName": "c", "partitionNames": ["p"]});
        let loading = data(&mut model, "collections/get_load_state", &state);
        assert_eq!(loading, json!({"loadProgress": 0, "loadState": "LoadStateLoading"}));
        let loaded = json!({"loadProgress": 100, "loadState": "LoadStateLoaded"});
        assert_eq!(data(&mut model, "collections/get_load_state", &state), loaded);
        assert_eq!(data(&mut model, "collections/get_load_state", &collection), loaded);
        data(&mut model, "partitions/release", &on("p"));
        let released = json!({"loadState": "LoadStateNotLoad"});
        assert_eq!(data(&mut model, "collections/get_load_state", &collection), released);
    }

    #[test]
    fn names_are_looked_at_after_indexes() {
        let mut model = quick(Profile::Milvus26);
        assert_eq!(refused(&mut model, "partitions/load", &on("nope")).0, 200);
        assert_eq!(refused(&mut model, "partitions/release", &on("nope")).0, 200);
        data(&mut model, "collections/release", &json!({"collectionName": "c"}));
        data(&mut model, "indexes/drop", &json!({"collectionName": "c", "indexName": "vector"}));
        assert_eq!(refused(&mut model, "partitions/load", &on("nope")).0, 700);
        settle(&mut model, "c");
    }
}
