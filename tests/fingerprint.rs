//! Every profile of the reference target is recognised for what it is, and how sure that is is told.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

mod support;

use bytes::Bytes;
use milvus_conformance::contract::{Contract, Tree};
use milvus_conformance::exchange::Request;
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::{Config, Reference};
use milvus_conformance::target::{Certainty, Recognition, Target, preflight};
use std::sync::Arc;
use std::time::Duration;
use support::{Server, run, tool};

fn reference(profile: Profile) -> Reference {
    Reference::new(Config { profile, token: None })
}

fn recognised(profile: Profile) -> Recognition {
    let contract = Contract::load(&Tree::embedded()).unwrap();
    let target = Target::InProcess(Arc::new(reference(profile)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(preflight(&target, &contract, None, None, Duration::from_secs(30))).unwrap()
}

/// Whether the reference target has what tells Zilliz Cloud from Milvus.
fn has_what_marks_the_cloud() -> bool {
    let path = "/v2/vectordb/jobs/import/get_progress".to_owned();
    let request =
        Request { method: "POST".to_owned(), path, headers: Vec::new().into(), body: Bytes::from_static(b"{}") };
    reference(Profile::ZillizCloud).answer(&request).status != 404
}

#[test]
fn every_profile_of_the_reference_target_is_recognised() {
    for profile in Profile::ALL {
        let found = recognised(profile);
        if profile == Profile::ZillizCloud {
            // Nothing of it was ever measured, so that documents alone speak for it.
            if has_what_marks_the_cloud() {
                assert!(found.profile == profile && found.certainty < Certainty::Certain, "{found:?}");
            } else {
                assert_eq!(found.profile, Profile::Milvus26);
            }
        } else {
            assert_eq!((found.profile, found.certainty), (profile, Certainty::Certain), "{}", found.why);
        }
    }
}

#[test]
fn a_run_says_what_it_found_and_how_sure_it_is() {
    let server = Server::start(&["--profile", "milvus-2.5"]);
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["run", "partitions/drop-loaded", "--target", &server.url, "--results", "r.json"];
    let shown = run(tool(folder.path()).args(arguments)).exits(0).out;
    assert!(shown.contains("milvus-2.5 (certain: has collections/flush"), "{shown}");
    let results = std::fs::read_to_string(folder.path().join("r.json")).unwrap();
    assert!(results.contains(r#""profile_certainty":"certain""#));
}
