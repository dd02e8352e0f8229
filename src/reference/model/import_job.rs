//! Imports: jobs that read files from the object storage of the server.
//!
//! A job goes on when it is looked at. Without a file it ends as failed, in the words of each version. Of the files that are
//! there the target knows how many rows they hold, which statistics count, but not the rows, which no read finds. A
//! file of one name stands in for all that are not there, and so does any that is named by a URL.

use super::failure::{self, Failure, MissingText};
use super::{Answer, Arguments, Model, Outcome};
use crate::profile::Version;
use crate::reference::json::Node;
use crate::reference::{Object, Objects};
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
const STAND_IN_BYTES: u64 = 64;
const STAND_IN_ROWS: u64 = 2;

const MOST_FILES: usize = 1_024;

/// When a job was made and when it was over: the target knows no time.
const TIME: &str = "1970-01-01T00:00:00Z";

/// The jobs by their ids, the first made first, and the storage that they read.
#[derive(Clone, Debug, Default)]
pub(super) struct Imports {
    jobs: IndexMap<i64, Job>,
    objects: Objects,
}

impl Imports {
    pub(super) fn keep(&mut self, objects: Objects) {
        self.objects.extend(objects);
    }
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
    partition: String,
    files: Vec<Vec<String>>,
    /// What keeps the first bad batch from being read, and the batch.
    fault: Option<(String, String)>,
    /// The batches with rows, as they are told when they are in.
    details: Vec<Value>,
    rows: u64,
    size: u64,
    looks: u32,
    pace: (u32, u32),
}

impl Job {
    /// A job for a collection, by its name and id.
    pub(super) fn new(collection: String, collection_id: i64, files: Vec<Vec<String>>, version: Version) -> Self {
        Self {
            collection,
            collection_id,
            partition: String::new(),
            files,
            fault: None,
            details: Vec::new(),
            rows: 0,
            size: 0,
            looks: 0,
            pace: pace(version),
        }
    }

    /// The first of its files.
    pub(super) fn file(&self) -> &str {
        self.files.first().and_then(|batch| batch.first()).map_or("", String::as_str)
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
            job if job.is_over() && job.fault.is_some() => ("Failed", 0),
            job if job.is_over() => ("Completed", 100),
            _ => ("Importing", 10),
        }
    }

    /// Finds out what the files hold.
    pub(super) fn read(&mut self, objects: &Objects, fields: &[String], version: Version) {
        for batch in &self.files {
            let held: Option<Vec<_>> = batch.iter().map(|file| object(file, objects)).collect();
            let fault = match &held {
                Some(held) => held.iter().find_map(|object| object.fault.clone()),
                None => Some(missing(batch, fields, version)),
            };
            if let Some(fault) = fault {
                self.fault = Some((fault, batch.join(",")));
                return;
            }
            let held = held.unwrap_or_default();
            let size: u64 = held.iter().map(|object| object.size).sum();
            let rows = held.iter().map(|object| object.rows).max().unwrap_or_default();
            self.rows += rows;
            // Later versions tell nothing of a file without rows.
            if rows > 0 || version < Version(2, 5) {
                self.size += size;
                self.details.push(json!({
                    "completeTime": TIME,
                    "fileName": format!("[{}]", batch.join(" ")),
                    "fileSize": size,
                    "importedRows": rows,
                    "progress": 100,
                    "state": "Completed",
                    "totalRows": rows,
                }));
            }
        }
    }

    /// Why the job failed.
    fn reason(&self, id: i64, version: Version) -> Option<String> {
        let (fault, files) = self.fault.as_ref().filter(|_| self.is_over())?;
        if version < Version(2, 5) {
            return Some(fault.clone());
        }
        Some(format!("error: {fault}, file: id:{}  paths:\"{files}\"", id + 4))
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

/// What is at this path. A file of one name stands in for others, and so does any that a URL names.
fn object(file: &str, objects: &Objects) -> Option<Object> {
    let stands_in = file == STAND_IN || file.contains("://");
    let stand_in = || Object { size: STAND_IN_BYTES, rows: STAND_IN_ROWS, fault: None };
    objects.get(file).cloned().or_else(|| stands_in.then(stand_in))
}

/// What is said of a batch of which a file is not there.
fn missing(batch: &[String], fields: &[String], version: Version) -> String {
    let file = batch.first().map_or("", String::as_str);
    let failed = if version < Version(3, 0) { ": importing data failed" } else { "" };
    match extension(file) {
        "parquet" => format!("key not found[key={file}]"),
        "npy" => {
            let stem =
                |file: &String| file.rsplit('/').next().and_then(|name| name.strip_suffix(".npy")).map(str::to_owned);
            let stems: Vec<String> = batch.iter().filter_map(stem).collect();
            match fields.iter().find(|field| !stems.contains(field)) {
                Some(field) => format!("no file for field: {field}, files: [{}]{failed}", batch.join(" ")),
                None => format!("key not found[key={file}]"),
            }
        }
        kind if version < Version(3, 0) => {
            format!("read {kind} file failed, path={file}, err=key not found[key={file}]{failed}")
        }
        kind => format!("read {kind} file failed, path={file}: key not found[key={file}]"),
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
    let fields = collection.schema.sent_fields();
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
    let mut job = Job { partition: partition.to_owned(), ..Job::new(name, collection_id, files, version) };
    job.read(&model.imports.objects, &fields, version);
    model.imports.insert(id, job);
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
    if !model.imports.jobs.contains_key(&id) {
        return Err(failure::import_job_missing(version, id));
    }
    look(model, id);
    let job = &model.imports.jobs[&id];
    let mut told = job.brief(id, version);
    let is_done = job.is_over() && job.fault.is_none();
    let (size, rows) = if is_done { (job.size, job.rows) } else { (0, 0) };
    told["fileSize"] = json!(size);
    told["importedRows"] = json!(rows);
    told["totalRows"] = json!(rows);
    told["completeTime"] = json!(if is_done { TIME } else { "" });
    told["details"] = json!(if is_done { &job.details[..] } else { &[] });
    if version >= Version(2, 6) {
        told["createTime"] = json!(TIME);
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
    let ids: Vec<i64> = model.imports.jobs.keys().copied().collect();
    let mut records = Vec::new();
    for id in ids {
        let job = &model.imports.jobs[&id];
        // Since 2.6 nobody is refused the list, but sees only what there is a right to.
        let is_shown = version < Version(2, 6) || model.shows_collection(arguments, &job.collection);
        if is_shown && of.is_none_or(|of| of == job.collection_id) {
            look(model, id);
            records.push(model.imports.jobs[&id].brief(id, version));
        }
    }
    Ok(Answer::data(json!({"records": records})))
}

/// Looks at a job, which brings it on. When it is over the rows of its files are in the collection, which has long been
/// loaded by then if it is to be.
fn look(model: &mut Model, id: i64) {
    let Some(job) = model.imports.jobs.get_mut(&id) else { return };
    let was_over = job.is_over();
    job.looks += 1;
    if was_over || !job.is_over() {
        return;
    }
    let (of, partition) = (job.collection_id, job.partition.clone());
    let rows = if job.fault.is_none() { usize::try_from(job.rows).unwrap_or(usize::MAX) } else { 0 };
    let mut collections = model.databases.values_mut().flat_map(|database| database.collections.values_mut());
    let Some(collection) = collections.find(|collection| collection.id == of) else { return };
    collection.finish_load();
    let named = collection.partitions.contains_key(&partition);
    let into =
        if named { collection.partitions.get_mut(&partition) } else { collection.partitions.values_mut().next() };
    if let Some(into) = into {
        into.imported += rows;
    }
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
    fn rows_of_files_that_are_there_are_counted_and_those_of_others_are_not() {
        let mut model = quick(Profile::Milvus26);
        let object =
            |size, rows, fault: Option<&str>| crate::reference::Object { size, rows, fault: fault.map(str::to_owned) };
        let objects = [
            ("a.json", object(9, 2, None)),
            ("b.csv", object(7, 3, None)),
            ("bad.json", object(0, 0, Some("failed to parse row"))),
        ];
        model.keep(objects.map(|(name, object)| (name.to_owned(), object)).into());
        data(&mut model, "partitions/create", &json!({"collectionName": "c", "partitionName": "p"}));
        let mut ended = |request: &Value| {
            let job = data(&mut model, "jobs/import/create", request);
            (0..12).map(|_| data(&mut model, "jobs/import/describe", &job)).last().unwrap()
        };
        let both = ended(&import(&json!([["a.json"], ["b.csv"]])));
        assert_eq!(both["state"], "Completed");
        assert_eq!((&both["importedRows"], &both["fileSize"]), (&json!(5), &json!(16)));
        assert_eq!(both["details"][1]["fileName"], "[b.csv]");
        let bad = ended(&import(&json!([["a.json"], ["bad.json"]])));
        assert_eq!((&bad["state"], &bad["importedRows"]), (&json!("Failed"), &json!(0)));
        assert!(bad["reason"].as_str().unwrap().starts_with("error: failed to parse row, file: id:"));
        ended(&json!({"collectionName": "c", "partitionName": "p", "files": [["a.json"]]}));
        let rows = |model: &mut Model, path: &str, partition: &str| {
            data(model, path, &json!({"collectionName": "c", "partitionName": partition}))["rowCount"].clone()
        };
        assert_eq!(rows(&mut model, "partitions/get_stats", "p"), 2);
        assert_eq!(rows(&mut model, "collections/get_stats", ""), 7);
        data(&mut model, "collections/flush", &json!({"collectionName": "c"}));
        assert_eq!(rows(&mut model, "collections/get_stats", ""), 7, "a flush keeps them");
    }

    #[test]
    fn what_is_missing_is_told_by_the_kind_of_the_file() {
        let fields = ["id", "vector"].map(str::to_owned);
        let told = |files: &[&str]| {
            missing(&files.iter().map(|&file| file.to_owned()).collect::<Vec<_>>(), &fields, Version(2, 5))
        };
        assert_eq!(told(&["x.parquet"]), "key not found[key=x.parquet]");
        assert_eq!(told(&["a/id.npy"]), "no file for field: vector, files: [a/id.npy]: importing data failed");
        assert_eq!(told(&["id.npy", "vector.npy"]), "key not found[key=id.npy]");
        assert!(told(&["x.json"]).starts_with("read json file failed, path=x.json, err=key not found[key=x.json]"));
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
