//! The catalogue of mutants. What becomes of all of them takes minutes in an optimised build; `selftest` shows it, and the
//! checks of the repository run it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

use milvus_conformance::contract::{Contract, Tree};
use milvus_conformance::reference::mutant::{Kind, Mutant};
use milvus_conformance::selftest::{Choice, HOMES, applies};
use std::collections::BTreeSet;
use std::sync::Arc;

fn contract() -> Arc<Contract> {
    Arc::new(Contract::load(&Tree::embedded()).unwrap())
}

#[test]
fn mutants_have_unique_ids_and_a_profile_each() {
    let contract = contract();
    let all = Mutant::catalogue(&contract);
    assert!(all.len() >= 250, "only {} mutants", all.len());
    let ids: BTreeSet<&str> = all.iter().map(|mutant| mutant.id.as_str()).collect();
    assert_eq!(ids.len(), all.len(), "ids of mutants are unique");
    for kind in Kind::ALL {
        assert!(all.iter().any(|mutant| mutant.kind == kind), "no mutant is of the kind {}", kind.word());
    }
    for mutant in &all {
        assert!(HOMES.iter().any(|home| applies(&contract, *home, mutant)), "no profile has all that {mutant} names");
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
