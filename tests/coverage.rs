//! `coverage`: what it tells, that it is a function of the results, and the floor below which it may not fall.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

mod support;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use support::{Ended, run, tool};

fn said(folder: &Path, arguments: &[&str]) -> Ended {
    run(tool(folder).args(arguments))
}

fn coverage(arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let ended = said(folder.path(), &[&["coverage", "--json"], arguments].concat()).exits(0);
    serde_json::from_str(&ended.out).unwrap()
}

fn number(found: &Value, pointer: &str) -> usize {
    usize::try_from(found.pointer(pointer).unwrap().as_u64().unwrap()).unwrap()
}

fn names(found: &Value, pointer: &str) -> usize {
    found.pointer(pointer).unwrap().as_array().unwrap().len()
}

#[test]
fn every_number_has_its_names() {
    let found = coverage(&[]);
    let rest = [
        ("/operations/total", "/operations/with_success", "/operations/without_success"),
        ("/operations/total", "/operations/with_failure", "/operations/without_failure"),
        ("/requirements/testable", "/requirements/checked", "/requirements/unchecked"),
        ("/errors/total", "/errors/produced", "/errors/not_produced"),
        ("/operation_errors/total", "/operation_errors/produced", "/operation_errors/not_produced"),
        ("/response_properties/documented", "/response_properties/seen", "/response_properties/unseen"),
        ("/request_properties/documented", "/request_properties/seen", "/request_properties/unseen"),
        ("/orderings/total", "/orderings/tried", "/orderings/untried"),
    ];
    for (all, some, missing) in rest {
        assert_eq!(number(&found, all), number(&found, some) + names(&found, missing), "{missing}");
        assert!(number(&found, some) > 0, "{some}");
    }
    let not_testable = found["requirements"]["not_testable"].as_object().unwrap();
    assert_eq!(number(&found, "/requirements/total"), number(&found, "/requirements/testable") + not_testable.len());
}

#[test]
fn a_stored_run_tells_what_it_covered() {
    let folder = tempfile::tempdir().unwrap();
    said(folder.path(), &["run", "partitions/drop-loaded", "--results", "some.json"]).exits(0);
    let ended = said(folder.path(), &["coverage", "some.json", "--json"]).exits(0);
    let found: Value = serde_json::from_str(&ended.out).unwrap();
    let drop = &found["by_operation"]["partitions/drop"];
    assert_eq!((&drop["success"], &drop["failure"], &drop["errors"][0]), (&json!(true), &json!(true), &json!(1)));
    assert_eq!(found["by_operation"]["aliases/drop"]["success"], json!(false));
    assert!(!found["orderings"]["untried"].as_array().unwrap().contains(&json!("loaded partitions/drop")));
    assert!(!found["requirements"]["unchecked"].as_array().unwrap().contains(&json!("partition.drop.needs-release")));
    assert!(found["errors"]["produced"].as_u64() < found["errors"]["total"].as_u64());

    let text = said(folder.path(), &["coverage", "some.json"]).exits(0).out;
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.contains("operations that succeeded"));

    let other = said(folder.path(), &["coverage", "some.json", "--profile", "milvus-2.4"]).exits(2);
    assert!(other.err.contains("for milvus-2.6, not milvus-2.4"), "{}", other.err);
    assert!(said(folder.path(), &["coverage", "none.json"]).exits(2).err.contains("none.json"));
}

#[test]
fn a_whole_run_and_its_stored_results_tell_the_same() {
    let folder = tempfile::tempdir().unwrap();
    said(folder.path(), &["run", "-q", "--hazardous", "--heavy", "--results", "all.json"]).exits(0);
    let stored = said(folder.path(), &["coverage", "all.json", "--json"]).exits(0).out;
    assert_eq!(serde_json::from_str::<Value>(&stored).unwrap(), coverage(&[]));
}

/// The shares of a profile, in percent.
fn shares(found: &Value) -> BTreeMap<String, f64> {
    let share = |name: &str, part: &str, whole: &str| {
        let (part, whole) = (number(found, part), number(found, whole));
        // One digit after the point, rounded down, so that a floor is never above what was reached.
        (name.to_owned(), (part * 1000 / whole.max(1)) as f64 / 10.0)
    };
    BTreeMap::from([
        share("operations-with-success", "/operations/with_success", "/operations/total"),
        share("operations-with-failure", "/operations/with_failure", "/operations/total"),
        share("requirements", "/requirements/checked", "/requirements/testable"),
        share("errors", "/errors/produced", "/errors/total"),
        share("response-properties", "/response_properties/seen", "/response_properties/documented"),
    ])
}

/// After a rise: `UPDATE_FLOOR=1 cargo test --test coverage`, which lowers nothing.
#[test]
fn coverage_of_the_reference_target_does_not_fall() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/coverage_floor.json");
    let mut floors: BTreeMap<String, BTreeMap<String, f64>> =
        serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let mut below = Vec::new();
    for profile in ["milvus-2.4", "milvus-2.5", "milvus-2.6", "milvus-3.0", "zilliz-cloud"] {
        let floors = floors.entry(profile.to_owned()).or_default();
        for (name, reached) in shares(&coverage(&["--profile", profile])) {
            let floor = floors.entry(name.clone()).or_insert(0.0);
            if reached < *floor {
                below.push(format!("{profile} {name}: {reached} % instead of at least {floor} %"));
            }
            *floor = floor.max(reached);
        }
    }
    if std::env::var_os("UPDATE_FLOOR").is_some() {
        std::fs::write(&file, serde_json::to_string_pretty(&floors).unwrap() + "\n").unwrap();
    }
    assert!(below.is_empty(), "{below:#?}");
}
