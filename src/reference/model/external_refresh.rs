//! External collections and their refreshes.
//!
//! Refusals for collections that are missing and jobs that are unknown were measured on the beta of 3.0; all else is as
//! documented. What is read lies nowhere, so that a refresh is over when it is looked at and finds no rows.

use super::collection::Collection;
use super::failure::{self, Failure, MissingText};
use super::{Answer, Arguments, Model, Outcome, text};
use crate::profile::Version;
use indexmap::IndexMap;
use serde_json::{Value, json};

/// Where the rows of an external collection lie, and how they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) place: String,
    pub(super) spec: String,
}

/// A refresh that was asked for.
#[derive(Clone, Debug)]
struct Refresh {
    name: String,
    collection: i64,
    source: Source,
}

/// The refreshes by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Refreshes(IndexMap<i64, Refresh>);

/// The source that a create names, where there are external collections.
pub(super) fn source(arguments: &Arguments<'_>, version: Version, is_cloud: bool) -> Option<Source> {
    let schema = arguments.body.get("schema").filter(|_| is_cloud || version >= Version(3, 0))?;
    let place = text(schema, "externalSource").to_owned();
    (!place.is_empty()).then(|| Source { place, spec: text(schema, "externalSpec").to_owned() })
}

/// Refuses to do to an external collection what only managed ones have.
pub(super) fn check_managed(collection: &Collection, doing: &str) -> Result<(), Failure> {
    if collection.source().is_none() {
        return Ok(());
    }
    Err(failure::invalid(format!("{doing} is not supported for external collection {}", collection.name)))
}

/// Begins a refresh of an external collection; the words for one that is not external were read from the source.
pub(in crate::reference) fn refresh(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let given = ["externalSource", "externalSpec"].map(|key| arguments.text(key).to_owned());
    let collection = model.collection(arguments, MissingText::Found)?;
    let (name, collection, known) = (collection.name.clone(), collection.id, collection.source().cloned());
    if given[0].is_empty() != given[1].is_empty() {
        return Err(failure::invalid("externalSource and externalSpec must be both provided or both omitted"));
    }
    let Some(known) = known else {
        return Err(failure::invalid(format!("collection {name} is not an external collection")));
    };
    let [place, spec] = given;
    let source = if place.is_empty() { known } else { Source { place, spec } };
    let id = model.new_id(&format!("refresh/{name}"));
    model.refreshes.0.insert(id, Refresh { name, collection, source });
    Ok(Answer::data(json!({"jobId": id})))
}

/// The refreshes that are told, of a collection or of all, by number.
fn told(model: &Model, of: Option<i64>) -> impl Iterator<Item = (i64, Value)> {
    let jobs = model.refreshes.0.iter().filter(move |(_, job)| of.is_none_or(|of| of == job.collection));
    jobs.map(|(id, job)| {
        let told = json!({
            "jobId": id, "collectionName": job.name, "state": "RefreshCompleted", "progress": 100,
            "externalSource": job.source.place, "externalSpec": job.source.spec, "startTime": 0, "endTime": 0,
        });
        (*id, told)
    })
}

pub(in crate::reference) fn describe(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let asked = arguments.int("jobId").unwrap_or_default();
    let job = told(model, None).find(|(id, _)| *id == asked);
    job.map(|(_, told)| Answer::data(told)).ok_or_else(|| failure::invalid(format!("refresh job {asked} not found")))
}

pub(in crate::reference) fn list(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let of = match arguments.text("collectionName") {
        "" => None,
        _ => Some(model.collection(arguments, MissingText::Found)?.id),
    };
    let records: Vec<_> = told(model, of).map(|(_, told)| told).collect();
    Ok(Answer::data(json!({"records": records})))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, quick, refused};
    use super::*;
    use crate::profile::Profile;

    fn external(profile: Profile) -> Model {
        let mut model = quick(profile);
        let fields = json!([
            {"fieldName": "id", "dataType": "Int64", "isPrimary": true, "externalField": "id"},
            {"fieldName": "v", "dataType": "FloatVector", "elementTypeParams": {"dim": 2}, "externalField": "v"},
        ]);
        let schema = json!({"fields": fields, "externalSource": "s3://a", "externalSpec": "{}"});
        data(&mut model, "collections/create", &json!({"collectionName": "e", "schema": schema}));
        model
    }

    #[test]
    fn of_a_managed_collection_there_is_nothing_to_refresh() {
        let mut model = quick(Profile::Milvus30);
        assert_eq!(refused(&mut model, "jobs/external_collection/refresh", &json!({"collectionName": "d"})).0, 100);
        assert_eq!(refused(&mut model, "jobs/external_collection/refresh", &json!({"collectionName": "c"})).0, 1100);
        let (code, text) = refused(&mut model, "jobs/external_collection/describe", &json!({"jobId": 1}));
        assert_eq!((code, text.as_str()), (1100, "refresh job 1 not found: invalid parameter"));
        assert_eq!(data(&mut model, "jobs/external_collection/list", &json!({})), json!({"records": []}));
    }

    #[test]
    fn what_was_made_with_a_source_is_refreshed() {
        for profile in [Profile::Milvus30, Profile::ZillizCloud] {
            let mut model = external(profile);
            let refused = refused(&mut model, "jobs/external_collection/refresh", &json!({"collectionName": "c"}));
            assert_eq!(refused.0, 1100);
            let job = data(&mut model, "jobs/external_collection/refresh", &json!({"collectionName": "e"}));
            let told = data(&mut model, "jobs/external_collection/describe", &job);
            assert_eq!((&told["state"], &told["collectionName"]), (&json!("RefreshCompleted"), &json!("e")));
            assert_eq!(told["externalSource"], "s3://a");
            let listed = data(&mut model, "jobs/external_collection/list", &json!({"collectionName": "c"}));
            assert_eq!(listed["records"], json!([]));
        }
    }

    #[test]
    fn an_external_collection_tells_its_source_and_has_neither_properties_nor_indexes_to_drop() {
        let mut model = external(Profile::Milvus30);
        let described = data(&mut model, "collections/describe", &json!({"collectionName": "e"}));
        assert_eq!((&described["externalSource"], &described["externalSpec"]), (&json!("s3://a"), &json!("{}")));
        assert_eq!(described["fields"][1]["externalField"], "v");
        let properties = json!({"collectionName": "e", "properties": {"collection.ttl.seconds": 60}});
        assert_eq!(refused(&mut model, "collections/alter_properties", &properties).0, 1100);
        let index = json!({"collectionName": "e", "indexName": "v"});
        assert_eq!(refused(&mut model, "indexes/drop", &index).0, 1100);
    }

    #[test]
    fn before_3_0_the_keys_of_a_source_are_not_read() {
        let mut model = external(Profile::Milvus26);
        let properties = json!({"collectionName": "e", "properties": {"collection.ttl.seconds": 60}});
        data(&mut model, "collections/alter_properties", &properties);
    }
}
