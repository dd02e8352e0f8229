//! What only the documents of the managed service have: imports that name a cluster, of v1 and v2.
//!
//! Documented and never measured. The only cluster is the one of this target, and what is read lies nowhere, so that
//! every file has two entities.

use super::failure::{self, Failure, MissingText};
use super::import_job::{self, Job};
use super::v1::Call;
use super::{Answer, Arguments, Model, Outcome, text};
use crate::reference::Objects;
use crate::reference::json::Node;
use serde_json::{Value, json};

/// The cluster that this target says it is.
const CLUSTER: &str = "in01-stand-in";

const PAGE: usize = 10;

fn check_cluster(body: &Node<'_>) -> Result<(), Failure> {
    if text(body, "clusterId") == CLUSTER {
        return Ok(());
    }
    // The code of the documents for a cluster that is missing or of others.
    Err(failure::v1(80020, "cluster not exist or you don't have permission"))
}

fn url(body: &Node<'_>) -> Vec<Vec<String>> {
    let list = body.get("objectUrls").map_or(&[][..], Node::items).iter();
    let list = list.map(|batch| batch.items().iter().filter_map(Node::as_str).map(str::to_owned).collect());
    match text(body, "objectUrl") {
        "" => list.collect(),
        one => vec![vec![one.to_owned()]],
    }
}

/// Begins an import of v2.
pub(in crate::reference) fn import(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    check_cluster(&arguments.body)?;
    let collection = model.collection(arguments, MissingText::Found)?;
    let (name, id) = (collection.name.clone(), collection.id);
    begin(model, name, id, url(&arguments.body)).map(|job| Answer::data(json!({"jobId": job.to_string()})))
}

fn begin(model: &mut Model, name: String, collection: i64, files: Vec<Vec<String>>) -> Result<i64, Failure> {
    if files.iter().all(Vec::is_empty) {
        return Err(failure::invalid("import request is empty"));
    }
    let id = model.new_id(&format!("import/{name}"));
    let mut job = Job::new(name, collection, files, model.version);
    job.read(&Objects::new(), &[], model.version);
    model.imports.insert(id, job);
    Ok(id)
}

/// Tells an import of v2.
pub(in crate::reference) fn progress(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    check_cluster(&arguments.body)?;
    let mut answer = import_job::describe(model, arguments)?;
    let file = answer.data["details"][0]["fileName"].clone();
    if file.is_string() {
        answer.data["fileName"] = file;
    }
    Ok(answer)
}

/// Lists the imports of v2 by pages.
pub(in crate::reference) fn imports(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    check_cluster(&arguments.body)?;
    let mut answer = import_job::list(model, arguments)?;
    let page = |key: &str, default: i64| arguments.int(key).filter(|number| *number > 0).unwrap_or(default);
    let (size, current) = (page("pageSize", i64::try_from(PAGE).unwrap_or(i64::MAX)), page("currentPage", 1));
    let count = answer.data["records"].as_array().map_or(0, Vec::len);
    if let Some(records) = answer.data["records"].as_array_mut() {
        let before = usize::try_from((current - 1) * size).unwrap_or_default().min(count);
        records.drain(..before);
        records.truncate(usize::try_from(size).unwrap_or_default());
    }
    for (key, number) in [("count", json!(count)), ("currentPage", json!(current)), ("pageSize", json!(size))] {
        answer.data[key] = number;
    }
    Ok(answer)
}

/// Begins an import of v1.
pub(in crate::reference) fn import_v1(model: &mut Model, v1: &Call<'_>) -> Result<Value, Failure> {
    check_cluster(&v1.body)?;
    let name = text(&v1.body, "collectionName");
    let database = model.database(super::DEFAULT_DATABASE)?;
    let missing = || failure::collection_missing(MissingText::Found, super::DEFAULT_DATABASE, name);
    let collection = database.resolve(name).ok_or_else(missing)?;
    let (name, id) = (collection.name.clone(), collection.id);
    begin(model, name, id, url(&v1.body)).map(|job| json!({"jobId": job.to_string()}))
}

/// Tells an import of v1.
pub(in crate::reference) fn progress_v1(model: &mut Model, v1: &Call<'_>) -> Result<Value, Failure> {
    check_cluster(&v1.body)?;
    let version = model.version;
    let asked = text(&v1.body, "jobId");
    let id: i64 = asked.parse().map_err(|_| failure::import_job_id(version, asked))?;
    let job = model.imports.look(id).ok_or_else(|| failure::import_job_missing(version, id))?;
    let done = if job.is_over() { json!("1970-01-01T00:00:00Z") } else { Value::Null };
    let mut file = json!({
        "fileName": job.file(), "fileSize": 0, "readyPercentage": job.state().1, "completeTime": done,
        "errorMessage": Value::Null,
    });
    let details = json!([file.clone()]);
    for (key, value) in [("collectionName", json!(job.collection)), ("jobId", json!(asked)), ("details", details)] {
        file[key] = value;
    }
    Ok(file)
}

/// Lists the imports of v1.
pub(in crate::reference) fn imports_v1(model: &mut Model, v1: &Call<'_>) -> Result<Value, Failure> {
    check_cluster(&v1.body)?;
    let tasks: Vec<Value> = model
        .imports
        .jobs()
        .map(|(id, job)| {
            let state = if job.is_over() { "ImportCompleted" } else { "ImportRunning" };
            json!({"collectionName": job.collection, "jobId": id.to_string(), "state": state})
        })
        .collect();
    Ok(json!({"count": tasks.len(), "currentPage": 1, "pageSize": PAGE, "tasks": tasks}))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, quick, refused};
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn an_import_names_the_cluster_and_comes_to_an_end() {
        let mut model = quick(Profile::ZillizCloud);
        let body = |cluster: &str| json!({"clusterId": cluster, "collectionName": "c", "objectUrl": "s3://a/b.json"});
        assert_eq!(refused(&mut model, "jobs/import/create", &body("in01-other")).0, 80020);
        let job = data(&mut model, "jobs/import/create", &body(CLUSTER))["jobId"].clone();
        let asked = json!({"clusterId": CLUSTER, "jobId": job});
        let states = (0..20).map(|_| data(&mut model, "jobs/import/get_progress", &asked)["state"].clone());
        assert_eq!(states.last(), Some(json!("Completed")));
        let listed = data(&mut model, "jobs/import/list", &json!({"clusterId": CLUSTER, "pageSize": 5}));
        assert_eq!((&listed["count"], &listed["pageSize"]), (&json!(1), &json!(5)));
        let later = data(&mut model, "jobs/import/list", &json!({"clusterId": CLUSTER, "currentPage": 2}));
        assert_eq!(later["records"], json!([]));
    }
}
