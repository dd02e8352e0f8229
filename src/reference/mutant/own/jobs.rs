//! Mutants of import jobs and of refreshes.

use super::Deed::{Accepts, Answers, Does};
use super::{Own, empty, own, success};
use serde_json::json;

/// Hand-written mutants of this group.
pub(super) const TABLE: &[Own] = &[
    own(
        "import-cloud-of-nothing",
        "An import into a cluster begins without a collection.",
        &["jobs/import/create"],
        &["import.cloud.required"],
        Does(|_, call| {
            let named = call.body.get("collectionName").is_some();
            (call.body.get("clusterId").is_some() && !named).then(|| success(&json!({"jobId": "1"})))
        }),
    ),
    own(
        "import-cloud-job-without-number",
        "The state of an import into a cluster leaves out its number.",
        &["jobs/import/get_progress"],
        &["import.cloud.told"],
        Answers(|_, call, body| {
            if let (true, Some(data)) = (call.body.get("clusterId").is_some(), body["data"].as_object_mut()) {
                data.remove("jobId");
            }
        }),
    ),
    own(
        "import-cloud-anywhere",
        "Imports of another cluster begin here.",
        &["jobs/import/create"],
        &["import.cloud.other"],
        Does(|_, call| (call.text("clusterId") == "in01-other").then(|| success(&json!({"jobId": "1"})))),
    ),
    own(
        "import-job-is-a-number",
        "The number of a job is no text.",
        &["jobs/import/create"],
        &["import.create.job"],
        Answers(|_, _, body| {
            if let Some(job) = body["data"]["jobId"].as_str().and_then(|job| job.parse::<i64>().ok()) {
                body["data"]["jobId"] = json!(job);
            }
        }),
    ),
    own(
        "import-twice-is-one",
        "The same create again gives the same job.",
        &["jobs/import/create"],
        &["import.create.repeatable"],
        Answers(|broken, call, body| {
            if body["data"]["jobId"].is_string() {
                let first = broken.memory().entry(call.collection()).or_insert_with(|| body["data"].clone()).clone();
                body["data"] = first;
            }
        }),
    ),
    own(
        "import-into-nothing",
        "An import into a collection that is not there begins.",
        &["jobs/import/create"],
        &["import.create.missing-collection"],
        Accepts("collection not found"),
    ),
    own(
        "import-into-no-partition",
        "An import into a partition that is not there begins.",
        &["jobs/import/create"],
        &["import.create.missing-partition"],
        Accepts("partition not found"),
    ),
    own(
        "import-partition-with-key",
        "With a partition key an import may name a partition.",
        &["jobs/import/create"],
        &["import.create.partition-key"],
        Accepts("partition key"),
    ),
    own(
        "import-without-files",
        "An import without files begins.",
        &["jobs/import/create"],
        &["import.create.required"],
        Accepts("missing required parameters"),
    ),
    own(
        "import-of-nothing",
        "An import of no file begins.",
        &["jobs/import/create"],
        &["import.create.empty"],
        Accepts("request is empty"),
    ),
    own(
        "import-any-kind",
        "Files of any kind are taken.",
        &["jobs/import/create"],
        &["import.create.file-kinds"],
        Accepts("file type"),
    ),
    own(
        "import-several-files",
        "A batch may be several files.",
        &["jobs/import/create"],
        &["import.create.one-file"],
        Accepts("accepts only one file"),
    ),
    own(
        "import-flat-list",
        "Files may stand in a list.",
        &["jobs/import/create"],
        &["import.create.file-lists"],
        Accepts("can only accept json"),
    ),
    own(
        "import-any-number",
        "Any number of files is taken.",
        &["jobs/import/create"],
        &["import.create.most-files"],
        Accepts("max number of import files"),
    ),
    own(
        "import-any-time",
        "Any text is a time limit.",
        &["jobs/import/create"],
        &["import.create.time-limit"],
        Accepts("parse timeout"),
    ),
    own(
        "import-fails-silently",
        "A failed job does not say why.",
        &["jobs/import/describe"],
        &["import.missing-file"],
        Answers(|_, _, body| {
            if body["data"]["reason"].is_string() {
                body["data"]["reason"] = json!("");
            }
        }),
    ),
    own(
        "import-of-another",
        "A job is told with another collection.",
        &["jobs/import/describe"],
        &["import.describe.told"],
        Answers(|_, _, body| {
            if body["data"]["collectionName"].is_string() {
                body["data"]["collectionName"] = json!("another");
            }
        }),
    ),
    own(
        "import-progress-of-another",
        "get_progress tells another job.",
        &["jobs/import/get_progress"],
        &["import.describe.same"],
        Answers(|_, _, body| {
            if body["data"]["jobId"].is_string() {
                body["data"]["jobId"] = json!("7");
            }
        }),
    ),
    own(
        "import-unknown-is-fine",
        "A job that is not there is told.",
        &["jobs/import/describe", "jobs/import/get_progress"],
        &["import.describe.missing"],
        Accepts("does not exist"),
    ),
    own(
        "import-any-id",
        "The number of a job may be any text.",
        &["jobs/import/describe", "jobs/import/get_progress"],
        &["import.describe.number"],
        Accepts("parse job id"),
    ),
    own(
        "import-without-id",
        "A describe names no job and succeeds.",
        &["jobs/import/describe", "jobs/import/get_progress"],
        &["import.describe.required"],
        Accepts("missing required parameters"),
    ),
    own(
        "import-dies-with-collection",
        "A job goes with its collection.",
        &["jobs/import/describe"],
        &["import.describe.outlives"],
        Does(|broken, call| {
            let mut told = super::super::parsed(&broken.honest(call));
            let name = told["data"]["collectionName"].as_str().unwrap_or_default().to_owned();
            let gone = !name.is_empty() && !super::exists(broken, call, &name);
            if gone {
                told = json!({"code": 2100, "message": "import job does not exist"});
            }
            gone.then(|| super::super::json_answer(200, &told))
        }),
    ),
    own(
        "import-lists-others",
        "The list of a collection holds the jobs of all.",
        &["jobs/import/list"],
        &["import.list.of-collection"],
        Does(|broken, call| {
            let honest = super::super::parsed(&broken.honest(call));
            (honest["code"] == json!(0)).then(|| broken.with_body(call, &empty()))
        }),
    ),
    own(
        "import-lists-no-others",
        "Without a collection nothing is listed.",
        &["jobs/import/list"],
        &["import.list.all"],
        Does(|_, call| call.text("collectionName").is_empty().then(|| success(&json!({"records": []})))),
    ),
    own(
        "import-lists-of-nothing",
        "The jobs of a collection that is not there are listed.",
        &["jobs/import/list"],
        &["import.list.missing"],
        Accepts("collection not found"),
    ),
    own(
        "external-refresh-of-nothing",
        "A collection that is not there is refreshed.",
        &["jobs/external_collection/refresh"],
        &["external.refresh.missing"],
        Accepts("collection not found"),
    ),
    own(
        "external-refresh-without-a-name",
        "A refresh names no collection and begins.",
        &["jobs/external_collection/refresh"],
        &["external.refresh.required"],
        Accepts("missing required parameters"),
    ),
    own(
        "external-refresh-of-any",
        "Any collection is refreshed.",
        &["jobs/external_collection/refresh"],
        &["external.refresh.managed"],
        Accepts("is not an external collection"),
    ),
    own(
        "external-describe-of-nothing",
        "A refresh that is not there is told.",
        &["jobs/external_collection/describe"],
        &["external.describe.missing"],
        Accepts("not found"),
    ),
    own(
        "external-describe-without-id",
        "A describe names no refresh and succeeds.",
        &["jobs/external_collection/describe"],
        &["external.describe.required"],
        Accepts("missing required parameters"),
    ),
    own(
        "external-list-without-records",
        "A list has no records.",
        &["jobs/external_collection/list"],
        &["external.list.records"],
        Answers(|_, _, body| {
            if body["data"]["records"].is_array() {
                body["data"] = json!({"records": "none"});
            }
        }),
    ),
    own(
        "external-list-any-text",
        "A list takes any text.",
        &["jobs/external_collection/list"],
        &["external.list.text"],
        Accepts("can only accept json"),
    ),
];
