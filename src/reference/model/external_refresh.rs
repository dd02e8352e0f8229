//! Refreshes of external collections. As Milvus this target makes none, so that there is nothing to refresh.
//!
//! Measured on the beta of 3.0, for collections that are missing and jobs that are unknown.

use super::failure::{self, MissingText};
use super::{Answer, Arguments, Model, Outcome, cloud};
use serde_json::json;

/// Refuses every collection; the words for one that is not external were read from the source.
pub(in crate::reference) fn refresh(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let given = ["externalSource", "externalSpec"].map(|key| !arguments.text(key).is_empty());
    let collection = model.collection(arguments, MissingText::Found)?;
    let (name, id) = (collection.name.clone(), collection.id);
    if given[0] != given[1] {
        return Err(failure::invalid("externalSource and externalSpec must be both provided or both omitted"));
    }
    if cloud::is_external(model, id) {
        return cloud::refresh(model, name, id);
    }
    Err(failure::invalid(format!("collection {name} is not an external collection")))
}

pub(in crate::reference) fn describe(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let job = arguments.int("jobId").unwrap_or_default();
    let told = cloud::refreshes(model, None).find(|(id, _)| *id == job);
    told.map(|(_, told)| Answer::data(told)).ok_or_else(|| failure::invalid(format!("refresh job {job} not found")))
}

pub(in crate::reference) fn list(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let of = match arguments.text("collectionName") {
        "" => None,
        _ => Some(model.collection(arguments, MissingText::Found)?.id),
    };
    let records: Vec<_> = cloud::refreshes(model, of).map(|(_, told)| told).collect();
    Ok(Answer::data(json!({"records": records})))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, quick, refused};
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn there_is_nothing_to_refresh() {
        let mut model = quick(Profile::Milvus30);
        assert_eq!(refused(&mut model, "jobs/external_collection/refresh", &json!({"collectionName": "d"})).0, 100);
        assert_eq!(refused(&mut model, "jobs/external_collection/refresh", &json!({"collectionName": "c"})).0, 1100);
        let (code, text) = refused(&mut model, "jobs/external_collection/describe", &json!({"jobId": 1}));
        assert_eq!((code, text.as_str()), (1100, "refresh job 1 not found: invalid parameter"));
        assert_eq!(data(&mut model, "jobs/external_collection/list", &json!({})), json!({"records": []}));
    }
}
