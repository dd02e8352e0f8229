//! Every check can fail: the suite is run against the reference target, against all its mutants, and against servers that
//! say the same to everything.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]
#![expect(clippy::print_stdout, reason = "the figures are what the test is run for")]

use milvus_conformance::contract::{Contract, Tree};
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::mutant::{Kind, Mutant};
use milvus_conformance::selftest::{Choice, DummyResult, Fate, HOMES, Matrix, Suite, applies, dummies, kill};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::runtime::Runtime;

fn contract() -> Arc<Contract> {
    Arc::new(Contract::load(&Tree::embedded()).unwrap())
}

/// What becomes of these mutants in one profile.
fn fates(contract: &Arc<Contract>, profile: Profile, choose: impl Fn(&Suite, &Mutant) -> bool) -> Vec<Fate> {
    Runtime::new().unwrap().block_on(async {
        let suite = Arc::new(Suite::new(contract, profile).await.unwrap());
        let mut mutants = Mutant::catalogue(contract);
        mutants.retain(|mutant| applies(contract, profile, mutant) && choose(&suite, mutant));
        kill(&suite, mutants, || ()).await.unwrap()
    })
}

#[test]
#[ignore = "takes minutes; the test below runs each in one profile"]
fn mutants_written_by_hand_trip_their_requirements_in_every_profile() {
    let contract = contract();
    for profile in Profile::ALL.into_iter().filter(|profile| *profile != Profile::Milvus26) {
        // What no case of the profile covers is told as skipped in its runs, and cannot be tripped: Zilliz Cloud promises
        // no databases, for example.
        let tried = |suite: &Suite, mutant: &Mutant| mutant.is_own() && mutant.trips.iter().all(|id| suite.tries(id));
        let fates = fates(&contract, profile, tried);
        let matrix = Matrix::new(&[profile], &contract, &fates, Vec::new(), |_| false);
        assert!(matrix.problems.is_empty(), "{profile}: {:#?}", matrix.problems);
    }
}

#[test]
#[ignore = "takes many minutes; `selftest` does the same from the command line"]
fn every_mutant_is_caught_and_every_requirement_tripped() {
    let contract = contract();
    let all = Mutant::catalogue(&contract);
    let ids: BTreeSet<&str> = all.iter().map(|mutant| mutant.id.as_str()).collect();
    assert_eq!(ids.len(), all.len(), "ids of mutants are unique");
    let started = std::time::Instant::now();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut all_fates = Vec::new();
    for profile in HOMES {
        let fates = fates(&contract, profile, |_, mutant| !seen.contains(&mutant.id));
        seen.extend(fates.iter().map(|fate| fate.mutant.id.clone()));
        println!("{profile}: {} mutants, {:?} since the start", fates.len(), started.elapsed());
        all_fates.extend(fates);
    }
    let left: Vec<&str> = ids.into_iter().filter(|id| !seen.contains(*id)).collect();
    assert!(left.is_empty(), "no profile has all that these name: {left:?}");
    let holds = |id: &str| HOMES.iter().any(|home| contract.requirements[id].bounds.hold_for(*home));
    let matrix = Matrix::new(&HOMES, &contract, &all_fates, Vec::new(), holds);
    println!("{:?}", matrix.total());
    for (kind, tally) in &matrix.kinds {
        println!("{kind}: {tally:?}");
    }
    let told: Vec<String> = matrix.problems.iter().map(|one| format!("{}: {}", one.id, one.problem)).collect();
    assert!(told.is_empty(), "{} problems:\n{}", told.len(), told.join("\n"));
    assert!(matrix.mutants.len() >= 250 && matrix.kinds.len() == Kind::ALL.len());
    assert!(matrix.requirements.len() > 300, "only {} requirements", matrix.requirements.len());
}

#[test]
#[ignore = "takes minutes; `selftest` does the same from the command line"]
fn no_case_passes_against_a_server_that_says_the_same_to_everything() {
    let contract = contract();
    for profile in Profile::ALL {
        let results: Vec<DummyResult> = Runtime::new().unwrap().block_on(async {
            let suite = Suite::new(&contract, profile).await.unwrap();
            dummies(&suite).await
        });
        assert_eq!(results.len(), 3);
        for result in results {
            println!("{profile}, {}: {:?}", result.id, result.verdicts);
            assert!(result.cases > 10, "{profile}: only {} cases", result.cases);
            assert!(
                result.passed.is_empty(),
                "{profile}: {} against `{}`: {:?}",
                result.passed.len(),
                result.id,
                result.passed
            );
        }
    }
}

#[test]
fn mutants_are_chosen_by_pattern_and_by_seed() {
    let contract = contract();
    let of = |choice: Choice| -> Vec<String> {
        choice.of(Mutant::catalogue(&contract)).into_iter().map(|mutant| mutant.id).collect()
    };
    let sample = |seed| of(Choice { sample: Some(20), seed, ..Choice::default() });
    assert_eq!(sample(1).len(), 20);
    assert_eq!(sample(1), sample(1));
    assert_ne!(sample(1), sample(2));
    let by_id = of(Choice { filter: Some("aliases-drop-*".to_owned()), ..Choice::default() });
    assert!(by_id.len() > 10 && by_id.iter().all(|id| id.starts_with("aliases-drop-")), "{by_id:?}");
    let by_kind = Choice { filter: Some("values".to_owned()), ..Choice::default() }.of(Mutant::catalogue(&contract));
    assert!(!by_kind.is_empty() && by_kind.iter().any(|mutant| mutant.kind == Kind::Values));
    for mutant in Mutant::catalogue(&contract) {
        assert!(contract.requirements.contains_key(&mutant.requirement), "{mutant} violates no requirement");
    }
}
