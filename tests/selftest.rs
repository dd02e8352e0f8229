//! `selftest` and `serve --mutant`, as users meet them.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

mod support;

use milvus_conformance::contract::{Contract, Tree};
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::mutant::Mutant;
use milvus_conformance::selftest::{Fate, Matrix, Outcome};
use serde_json::Value;
use std::collections::BTreeSet;
use support::{Server, run, tool};

#[test]
fn mutants_of_one_operation_are_killed_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["selftest", "--filter", "aliases-drop-*"];
    let ended = run(tool(folder.path()).args(arguments)).exits(0);
    for told in ["kind ", "envelope ", "Requirements, and the mutants that trip them", "PASS ", " 0 problems"] {
        assert!(ended.out.contains(told), "{told}:\n{}", ended.out);
    }
    let json = run(tool(folder.path()).args(["selftest", "--filter", "aliases-drop-*", "--sample", "4", "--json"]));
    let json: Value = serde_json::from_str(&json.exits(0).out).unwrap();
    let mutants = json["mutants"].as_array().unwrap();
    assert_eq!(mutants.len(), 4);
    for mutant in mutants {
        assert!(mutant["id"].as_str().unwrap().starts_with("aliases-drop-"), "{mutant}");
        assert!(mutant["kind"].is_string() && mutant["requirement"].is_string());
        assert!(mutant["outcome"] != "killed" || !mutant["killed_by"].as_array().unwrap().is_empty(), "{mutant}");
    }
    assert!(json["problems"].as_array().unwrap().is_empty());
    let none = run(tool(folder.path()).args(["selftest", "--filter", "nothing-*"])).exits(4);
    assert!(none.err.contains("no mutant fits"), "{}", none.err);
}

#[test]
fn a_mutant_can_be_served() {
    let folder = tempfile::tempdir().unwrap();
    let mutant = Server::start(&["--mutant", "aliases-list-data-null"]);
    let ended =
        run(tool(folder.path()).args(["run", "aliases/list", "--target", &mutant.url, "-q", "--patience", "500ms"]))
            .exits(1);
    assert!(ended.out.contains("response.aliases/list"), "{}", ended.out);
    let unknown = run(tool(folder.path()).args(["serve", "--mutant", "aliases-list-data-nul"])).exits(2);
    assert!(unknown.err.contains("`aliases-list-data-null`?"), "{}", unknown.err);
}

/// A mutant that came to this.
fn fate(id: &str, strikes: u64, killed_by: &[&str], errors: &[&str], tripped: &[&str]) -> Fate {
    let contract = Contract::load(&Tree::embedded()).unwrap();
    let mutant = Mutant::catalogue(&contract).into_iter().find(|mutant| mutant.id == id).unwrap();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let tripped: BTreeSet<String> = texts(tripped).into_iter().collect();
    Fate { mutant, strikes, killed_by: texts(killed_by), errors: texts(errors), tripped }
}

#[test]
fn what_is_wrong_with_a_suite_is_a_problem() {
    let contract = Contract::load(&Tree::embedded()).unwrap();
    let profile = [Profile::Milvus26];
    let matrix = |fate: Fate| Matrix::new(&profile, &contract, &[fate], Vec::new(), |_| false);
    let outcome = |matrix: &Matrix| (matrix.mutants[0].outcome, matrix.problems.len());
    let id = "aliases-drop-html";
    assert_eq!(outcome(&matrix(fate(id, 3, &["a"], &["b"], &[]))), (Outcome::Killed, 0));
    assert_eq!(outcome(&matrix(fate(id, 3, &[], &["b"], &[]))), (Outcome::ErrorsOnly, 1));
    assert_eq!(outcome(&matrix(fate(id, 3, &[], &[], &[]))), (Outcome::Survived, 1));
    assert_eq!(outcome(&matrix(fate(id, 0, &[], &[], &[]))), (Outcome::Idle, 1));
    assert_eq!(outcome(&matrix(fate("aliases-drop-route-missing", 3, &[], &[], &[]))), (Outcome::Survived, 0));
    // One written by hand is to trip what it names.
    let own = "partition-release-releases-all";
    assert_eq!(outcome(&matrix(fate(own, 3, &["a"], &[], &[]))), (Outcome::Killed, 1));
    assert_eq!(outcome(&matrix(fate(own, 3, &["a"], &[], &["partition.release.others-stay"]))), (Outcome::Killed, 0));
    // A requirement that is demanded and that nothing trips.
    let demanded = |id: &str| id == "partition.release.others-stay";
    let missed = Matrix::new(&profile, &contract, &[fate(id, 3, &["a"], &[], &[])], Vec::new(), demanded);
    assert_eq!(missed.problems[0].problem, "no mutant trips it");
    let tripped = fate(own, 3, &["a"], &[], &["partition.release.others-stay"]);
    let met = Matrix::new(&profile, &contract, &[tripped], Vec::new(), demanded);
    assert!(met.problems.is_empty(), "{:?}", met.problems);
}
