//! Refreshes of external collections. This target makes none, so that there is nothing to refresh.
//!
//! Measured on the beta of 3.0, for collections that are missing and jobs that are unknown.

use super::failure::{self, MissingText};
use super::{Answer, Arguments, Model, Outcome};
use serde_json::json;

/// Refuses every collection; the words for one that is not external were read from the source.
pub(in crate::reference) fn refresh(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let given = ["externalSource", "externalSpec"].map(|key| !arguments.text(key).is_empty());
    let name = model.collection(arguments, MissingText::Found)?.name.clone();
    if given[0] != given[1] {
        return Err(failure::invalid("externalSource and externalSpec must be both provided or both omitted"));
    }
    Err(failure::invalid(format!("collection {name} is not an external collection")))
}

pub(in crate::reference) fn describe(_: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let job = arguments.int("jobId").unwrap_or_default();
    Err(failure::invalid(format!("refresh job {job} not found")))
}

pub(in crate::reference) fn list(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    if !arguments.text("collectionName").is_empty() {
        model.collection(arguments, MissingText::Found)?;
    }
    Ok(Answer::data(json!({"records": []})))
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
