//! The files that must have been in the object storage of a recorded server, told by the jobs that read them.

use super::recording::{Line, Recording};
use crate::reference::{Object, Objects};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

impl Recording {
    /// The files that imports found, as far as the answers tell of them. What cannot be told apart, such as files that
    /// were read together, is left out.
    pub fn objects(&self) -> Objects {
        let mut files: HashMap<&str, Vec<String>> = HashMap::new();
        let mut objects = BTreeMap::new();
        let created = self.lines.iter().filter(|line| line.operation() == "jobs/import/create");
        for line in created {
            let id = line.data().and_then(|data| data["jobId"].as_str());
            if let (Some(id), Some(request)) = (id, line.request_json()) {
                files.insert(id, single_files(&request["files"]));
            }
        }
        let looks = ["jobs/import/describe", "jobs/import/get_progress"];
        let told = self.lines.iter().filter(|line| looks.contains(&line.operation())).filter_map(Line::data);
        for told in told {
            let of_job = told["jobId"].as_str().and_then(|id| files.get(id)).map_or(&[][..], Vec::as_slice);
            match told["state"].as_str() {
                Some("Completed") => {
                    for file in of_job {
                        // A file without rows may not be told of at all.
                        objects.entry(file.clone()).or_insert_with(Object::default);
                    }
                    for detail in told["details"].as_array().into_iter().flatten() {
                        let name = detail["fileName"].as_str().unwrap_or_default();
                        let name = name.trim_start_matches('[').trim_end_matches(']');
                        let number = |key: &str| detail[key].as_u64().unwrap_or_default();
                        let object = Object { size: number("fileSize"), rows: number("totalRows"), fault: None };
                        objects.insert(name.to_owned(), object);
                    }
                }
                Some("Failed") => {
                    if let (Some(fault), [file]) = (told["reason"].as_str().and_then(fault), of_job) {
                        objects.insert(file.clone(), Object { fault: Some(fault.to_owned()), ..Object::default() });
                    }
                }
                _ => {}
            }
        }
        objects
    }
}

/// The files that are read one by one.
fn single_files(batches: &Value) -> Vec<String> {
    let batches = batches.as_array().into_iter().flatten().filter_map(Value::as_array);
    let single = batches.filter(|batch| batch.len() == 1).filter_map(|batch| batch[0].as_str());
    single.map(str::to_owned).collect()
}

/// What is wrong with a file that is there, from the reason of a failed job: without the words around it, which differ by
/// version.
fn fault(reason: &str) -> Option<&str> {
    let fault = reason.strip_prefix("error: ").unwrap_or(reason);
    let fault = fault.split_once(", file: id:").map_or(fault, |(fault, _)| fault);
    let is_missing = fault.contains("key not found[key=") || fault.starts_with("no file for field");
    (!is_missing).then_some(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: &str = r#""method":"POST","path":"/v2/vectordb/jobs/import/create""#;
    const TOLD: &str = r#""method":"POST","path":"/v2/vectordb/jobs/import/describe""#;

    #[test]
    fn files_that_jobs_read_were_there_and_missing_ones_were_not() {
        let job = |id: &str, file: &str, told: &str| {
            format!(
                r#"{{"n":1,{CREATED},"request":{{"files":[["{file}"]]}},"status":200,"body":{{"data":{{"jobId":"{id}"}}}}}}
{{"n":2,{TOLD},"request":{{"jobId":"{id}"}},"status":200,"body":{{"data":{{"jobId":"{id}",{told}}}}}}}
"#
            )
        };
        let done = r#""state":"Completed","details":[{"fileName":"[a.json]","fileSize":9,"totalRows":2}]"#;
        let bad = r#""state":"Failed","reason":"error: no row, file: id:5  paths:\"b.json\"""#;
        let gone = r#""state":"Failed","reason":"error: read json file failed, err=key not found[key=c.json]""#;
        let empty = r#""state":"Completed","details":[]"#;
        let text = job("1", "a.json", done) + &job("2", "b.json", bad) + &job("3", "c.json", gone);
        let objects = Recording::read(&(text + &job("4", "d.json", empty))).unwrap().objects();
        let whole = |size, rows| Object { size, rows, fault: None };
        let faulty = Object { fault: Some("no row".to_owned()), ..Object::default() };
        let expected = [("a.json", whole(9, 2)), ("b.json", faulty), ("d.json", whole(0, 0))];
        assert_eq!(objects, expected.map(|(name, object)| (name.to_owned(), object)).into());
    }
}
