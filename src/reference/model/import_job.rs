//! Imports: jobs that read files from the object storage of the server, of which this target has none.
//!
//! A job goes on when it is looked at. Since no file is there, every job ends as failed, in the words of each version;
//! but a file of one name stands in for all that are not there, and so do those of the managed service.

use super::failure::{self, Failure, MissingText};
use super::{Answer, Arguments, Model, Outcome};
use crate::profile::Version;
use crate::reference::json::Node;
use indexmap::IndexMap;
use serde_json::{Value, json};

/// For how many looks a job is waiting, and for how many more it is at work. Versions took as long when they were measured.
const fn pace(version: Version) -> (u32, u32) {
    match version {
        Version(2, 5) => (4, 4),
        Version(2, 6) => (2, 6),
        _ => (2, 4),
    }
}

/// The file that is there, with two entities that have the keys 1 and 2.
const STAND_IN: &str = "stand-in.json";

/// The bytes in it, and the entities.
const STAND_IN_BYTES: usize = 64;
const STAND_IN_ROWS: usize = 2;

const MOST_FILES: usize = 1_024;

/// The jobs by their ids, the first made first.
#[derive(Clone, Debug, Default)]
pub(super) struct Imports {
    jobs: IndexMap<i64, Job>,
}

impl Imports {
    pub(super) fn insert(&mut self, id: i64, job: Job) {
        self.jobs.insert(id, job);
    }

    /// The job, which goes on by this.
    pub(super) fn look(&mut self, id: i64) -> Option<&Job> {
        let job = self.jobs.get_mut(&id)?;
        job.looks += 1;
        Some(job)
    }

    /// The jobs as they are.
    pub(super) fn jobs(&self) -> impl Iterator<Item = (&i64, &Job)> {
        self.jobs.iter()
    }
}

/// An import.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) collection: String,
    collection_id: i64,
    files: Vec<Vec<String>>,
    looks: u32,
    pace: (u32, u32),
}

impl Job {
    pub(super) fn new(collection: String, collection_id: i64, files: Vec<Vec<String>>, version: Version) -> Self {
        Self { collection, collection_id, files, looks: 0, pace: pace(version) }
    }

    /// The first of its files.
    pub(super) fn file(&self) -> &str {
        self.files.first().and_then(|batch| batch.first()).map_or("", String::as_str)
    }

    /// Whether it reads what is there.
    fn is_readable(&self) -> bool {
        let url = self.file().contains("://");
        url || self.files.iter().flatten().all(|file| file == STAND_IN)
    }

    fn is_waiting(&self) -> bool {
        self.looks <= self.pace.0
    }

    pub(super) fn is_over(&self) -> bool {
        self.looks > self.pace.0 + self.pace.1
    }

    pub(super) fn state(&self) -> (&'static str, u8) {
        match self {
            job if job.is_waiting() => ("Pending", 0),
            job if job.is_over() && job.is_readable() => ("Completed", 100),
            job if job.is_over() => ("Failed", 0),
            _ => ("Importing", 10),
        }
    }

    /// Why the job failed: the first of its files is not there.
    fn reason(&self, id: i64, version: Version) -> Option<String> {
        let batch = self.files.first().filter(|_| self.is_over() && !self.is_readable())?;
        let file = batch.first()?;
        let kind = extension(file);
        if version >= Version(3, 0) {
            let text = format!("read {kind} file failed, path={file}: key not found[key={file}]");
            return Some(format!("error: {text}, file: id:{}  paths:\"{file}\"", id + 4));
        }
        let text =
            format!("read {kind} file failed, path={file}, err=key not found[key={file}]: importing data failed");
        if version < Version(2, 5) {
            return Some(text);
        }
        Some(format!("error: {text}, file: id:{}  paths:\"{file}\"", id + 4))
    }

    fn brief(&self, id: i64, version: Version) -> Value {
        let (state, progress) = self.state();
        let mut told = json!({
            "collectionName": self.collection,
            "jobId": id.to_string(),
            "progress": progress,
            "state": state,
        });
        if let Some(reason) = self.reason(id, version) {
            told["reason"] = reason.into();
        }
        told
    }
}

fn extension(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, extension)| extension)
}

pub(in crate::reference) fn create(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let collection = model.collection(arguments, MissingText::Found)?;
    let partition = arguments.text("partitionName");
    if !partition.is_empty() {
        if collection.schema.has_partition_key() {
            return Err(failure::import("not allow to set partition name for collection with partition key"));
        }
        collection.partition(partition)?;
    }
    let (name, collection_id) = (collection.name.clone(), collection.id);
    let files = files(arguments);
    if files.is_empty() {
        return Err(failure::invalid("import request is empty"));
    }
    if files.len() > MOST_FILES {
        let text = format!("The max number of import files should not exceed {MOST_FILES}, but got {}", files.len());
        return Err(failure::import(&text));
    }
    files.iter().try_for_each(|batch| check_types(batch, version))?;
    if let Some(timeout) = arguments.body.get("options").and_then(|options| options.get("timeout")?.as_str())
        && !is_duration(timeout)
    {
        return Err(failure::import(&format!("parse timeout failed, err=time: invalid duration {timeout:?}")));
    }
    let id = model.new_id(&format!("import/{name}"));
    model.imports.jobs.insert(id, Job::new(name, collection_id, files, version));
    Ok(Answer::data(json!({"jobId": id.to_string()})))
}

/// The batches of files that name one at least.
fn files(arguments: &Arguments<'_>) -> Vec<Vec<String>> {
    let batches = arguments.body.get("files").map_or(&[][..], Node::items).iter();
    let batches = batches.map(|batch| batch.items().iter().filter_map(Node::as_str).map(str::to_owned).collect());
    batches.filter(|batch: &Vec<String>| !batch.is_empty()).collect()
}

/// Refuses files of a kind that is not read, and batches of several files where only `.npy` has such.
fn check_types(batch: &[String], version: Version) -> Result<(), Failure> {
    let several = batch.len() > 1;
    let (unexpected, csv) =
        if version < Version(2, 5) { ("unexpect file type", false) } else { ("unexpected file type", true) };
    let kinds: Vec<&str> = batch.iter().map(|file| extension(file)).collect();
    let all = |kind: &str| kinds.iter().all(|one| *one == kind);
    match kinds.first() {
        Some(&"json") if all("json") && several => Err(failure::import("for JSON import, accepts only one file")),
        Some(&"json") if all("json") => Ok(()),
        Some(&"parquet") if all("parquet") && several => {
            Err(failure::import("for Parquet import, accepts only one file"))
        }
        Some(&"parquet") if all("parquet") => Ok(()),
        Some(&"csv") if csv && all("csv") && several => Err(failure::import("for CSV import, accepts only one file")),
        Some(&"csv") if csv && all("csv") => Ok(()),
        Some(&"npy") if all("npy") => Ok(()),
        _ => Err(failure::import(&format!("{unexpected}, files=[{}]", batch.join(" ")))),
    }
}

/// Whether Go would read the text as a duration: numbers with units, such as `1h30m`.
fn is_duration(text: &str) -> bool {
    let mut rest = text.trim_start_matches(['+', '-']);
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
        let units = ["ns", "us", "ms", "s", "m", "h"];
        let Some(unit) = units.iter().find(|unit| number.starts_with(**unit)).filter(|_| number.len() < rest.len())
        else {
            return rest == "0";
        };
        rest = &number[unit.len()..];
    }
    !text.is_empty()
}

/// Tells a job; it goes on with every look.
pub(in crate::reference) fn describe(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let (version, text) = (model.version, arguments.text("jobId"));
    let id: i64 = text.parse().map_err(|_| failure::import_job_id(version, text))?;
    let job = model.imports.look(id).ok_or_else(|| failure::import_job_missing(version, id))?;
    let mut told = job.brief(id, version);
    for key in ["fileSize", "importedRows", "totalRows"] {
        told[key] = json!(0);
    }
    told["completeTime"] = json!("");
    told["details"] = json!([]);
    if job.is_over() && job.is_readable() {
        let mut file = json!({"fileName": job.file(), "state": "Completed", "progress": 100, "reason": ""});
        for (key, value) in [
            ("fileSize", json!(STAND_IN_BYTES)),
            ("importedRows", json!(STAND_IN_ROWS)),
            ("totalRows", json!(STAND_IN_ROWS)),
            ("completeTime", json!("1970-01-01T00:00:00Z")),
        ] {
            file[key] = value.clone();
            told[key] = value;
        }
        told["details"] = json!([file]);
    }
    if version >= Version(2, 6) {
        // The target knows no time.
        told["createTime"] = json!("1970-01-01T00:00:00Z");
    }
    Ok(Answer::data(told))
}

/// Lists the jobs of a collection, or all. Without a collection the database is not looked at.
pub(in crate::reference) fn list(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let of = if arguments.text("collectionName").is_empty() {
        None
    } else {
        Some(model.collection(arguments, MissingText::Found)?.id)
    };
    let jobs = model.imports.jobs.iter_mut().filter(|(_, job)| of.is_none_or(|of| of == job.collection_id));
    let records: Vec<Value> = jobs
        .map(|(id, job)| {
            job.looks += 1;
            job.brief(*id, version)
        })
        .collect();
    Ok(Answer::data(json!({"records": records})))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, data, quick, refused};
    use super::*;
    use crate::profile::Profile;

    fn import(files: &Value) -> Value {
        json!({"collectionName": "c", "files": files})
    }

    #[test]
    fn a_job_waits_works_and_fails_since_there_is_no_file() {
        let mut model = quick(Profile::Milvus26);
        let job = data(&mut model, "jobs/import/create", &import(&json!([["a.json"]])));
        let states: Vec<Value> =
            (0..9).map(|_| data(&mut model, "jobs/import/describe", &job)["state"].clone()).collect();
        assert_eq!(
            states,
            [
                "Pending",
                "Pending",
                "Importing",
                "Importing",
                "Importing",
                "Importing",
                "Importing",
                "Importing",
                "Failed"
            ]
        );
        let told = data(&mut model, "jobs/import/get_progress", &job);
        assert!(told["reason"].as_str().unwrap().contains("key not found[key=a.json]"));
        let listed = data(&mut model, "jobs/import/list", &json!({"collectionName": "c"}));
        assert_eq!(listed["records"][0]["jobId"], job["jobId"]);
        data(&mut model, "collections/drop", &json!({"collectionName": "c"}));
        assert_eq!(data(&mut model, "jobs/import/describe", &job)["collectionName"], "c", "a job outlives it");
    }

    #[test]
    fn what_no_import_reads_is_refused_at_once() {
        for (profile, csv) in [(Profile::Milvus24, 2100), (Profile::Milvus25, 0)] {
            let mut model = quick(profile);
            for (files, code) in [
                (json!([]), 1100),
                (json!([[]]), 1100),
                (json!([["a.txt"]]), 2100),
                (json!([["a.csv"]]), csv),
                (json!([["a.json", "b.json"]]), 2100),
                (json!([["a.npy", "b.npy"]]), 0),
                (json!([["a.parquet"], ["b.json"]]), 0),
            ] {
                let made = call(&mut model, "jobs/import/create", &import(&files));
                assert_eq!(made.map_or_else(|refusal| refusal.code, |_| 0), code, "{profile} {files}");
            }
        }
    }

    #[test]
    fn durations_are_those_of_go() {
        for (text, is) in [("300s", true), ("1h30m", true), ("1.5h", true), ("0", true), ("abc", false), ("5", false)] {
            assert_eq!(is_duration(text), is, "{text}");
        }
    }

    #[test]
    fn an_unknown_job_is_told_by_number() {
        for (profile, code) in [(Profile::Milvus25, 2100), (Profile::Milvus30, 2101)] {
            let mut model = quick(profile);
            assert_eq!(refused(&mut model, "jobs/import/describe", &json!({"jobId": "5"})).0, code);
        }
    }
}
