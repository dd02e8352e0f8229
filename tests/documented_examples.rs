//! Holds every documented example of a request or an answer against our schema of that operation and version.
//!
//! The documents do not belong to the repository; without them the test says so and passes. Where an example does not fit,
//! `documented_examples/defects.json` says which defect of the document explains it; what is explained and fits nevertheless
//! has to go from there.

#![expect(clippy::print_stdout, reason = "the figures are what the test is run for")]
#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

use milvus_conformance::contract::{CompiledOperation, Contract, ProfileContract, Tree};
use milvus_conformance::profile::Profile;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// The documents and the profiles whose contract they state.
const DOCUMENTS: [(&str, Profile); 5] = [
    ("milvus-v2.4.x", Profile::Milvus24),
    ("milvus-v2.5.x", Profile::Milvus25),
    ("milvus-v2.6.x", Profile::Milvus26),
    ("milvus-v3.0.x", Profile::Milvus30),
    ("zilliz-data-plane", Profile::ZillizCloud),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defect {
    /// What is wrong with the document.
    why: String,
    /// The profiles whose documents have it.
    profiles: Vec<Profile>,
    /// The places in examples that it explains, in each of these documents: operation, side, name of the example, pointer.
    places: Vec<String>,
}

#[derive(Deserialize)]
struct Document {
    operations: Vec<Documented>,
}

#[derive(Deserialize)]
struct Documented {
    path: String,
    method: String,
    request: Option<Examples>,
    #[serde(default)]
    responses: BTreeMap<String, Examples>,
}

#[derive(Deserialize)]
struct Examples {
    #[serde(default)]
    examples: Vec<Example>,
}

#[derive(Deserialize)]
struct Example {
    name: String,
    summary: Option<String>,
    value: Value,
}

#[derive(Default)]
struct Counts {
    operations: usize,
    missing: BTreeSet<String>,
    missing_examples: usize,
    requests: usize,
    answers: usize,
    fit: usize,
    explained: usize,
}

/// An answer is a success by its label, or by its code where it has none.
fn is_success(example: &Example) -> bool {
    match example.summary.as_deref() {
        Some("success") => true,
        Some("failure") => false,
        _ => matches!(example.value.get("code").and_then(Value::as_i64), Some(0 | 200)),
    }
}

/// The places where an example does not fit, list positions as `*`, each with what is wrong there.
fn faults(operation: &CompiledOperation, example: &Example, request: bool) -> BTreeMap<String, String> {
    let value = &example.value;
    let (faults, unnamed) = if request {
        (operation.request_faults(value), operation.undocumented_in_request(value))
    } else {
        let success = is_success(example);
        (operation.answer_faults(value, success), operation.undocumented(value, success))
    };
    let place = |pointer: &str| {
        let parts = pointer.split('/').map(|part| if part.parse::<usize>().is_ok() { "*" } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for fault in faults {
        found.entry(place(&fault.pointer)).or_insert_with(|| fault.message.chars().take(160).collect());
    }
    for pointer in unnamed {
        found.entry(place(&pointer)).or_insert_with(|| "our schema does not name it".to_owned());
    }
    found
}

fn operation<'c>(compiled: &'c ProfileContract, documented: &Documented) -> Option<&'c CompiledOperation> {
    let named = compiled
        .whole()
        .operations
        .values()
        .find(|operation| operation.file.path == documented.path && operation.file.method == documented.method)?;
    compiled.operation(&named.name)
}

#[test]
fn documented_examples_fit_our_schemas_or_have_a_known_defect() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/facts/contract");
    if !folder.is_dir() {
        println!("skipped: there are no documents at {}", folder.display());
        return;
    }
    let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap());
    let list = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/documented_examples/defects.json");
    let defects: Vec<Defect> = serde_json::from_str(&std::fs::read_to_string(list).unwrap()).unwrap();
    let mut explained: BTreeMap<String, &str> = BTreeMap::new();
    for Defect { why, profiles, places } in &defects {
        let all = profiles.iter().flat_map(|profile| places.iter().map(move |place| format!("{profile} {place}")));
        explained.extend(all.map(|place| (place, why.as_str())));
    }
    let mut by_defect: BTreeMap<&str, usize> = BTreeMap::new();
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut unexplained: Vec<String> = Vec::new();
    let mut missing: Vec<String> = Vec::new();
    println!("{:<14} operations missing requests answers   fit explained", "");
    for (document, profile) in DOCUMENTS {
        let compiled = contract.compile(profile).unwrap();
        let text = std::fs::read_to_string(folder.join(format!("{document}.json"))).unwrap();
        let document: Document = serde_json::from_str(&text).unwrap();
        let mut counts = Counts::default();
        for documented in &document.operations {
            counts.operations += 1;
            let requests = documented.request.iter().flat_map(|side| &side.examples).map(|example| (example, true));
            let answers = documented.responses.values().flat_map(|side| &side.examples).map(|example| (example, false));
            let examples: Vec<_> = requests.chain(answers).collect();
            let Some(operation) = operation(&compiled, documented) else {
                counts.missing.insert(format!("{} {}", documented.method, documented.path));
                counts.missing_examples += examples.len();
                continue;
            };
            for (example, request) in examples {
                let side = if request { "request" } else { "answer" };
                *(if request { &mut counts.requests } else { &mut counts.answers }) += 1;
                let found = faults(operation, example, request);
                counts.fit += usize::from(found.is_empty());
                let name = &operation.operation().name;
                let mut all_explained = !found.is_empty();
                for (place, fault) in found {
                    let id = format!("{profile} {name} {side} {} {place}", example.name).trim_end().to_owned();
                    if let Some(why) = explained.get(&id) {
                        *by_defect.entry(why).or_default() += 1;
                        used.insert(id);
                    } else {
                        all_explained = false;
                        unexplained.push(format!("{id}: {fault}"));
                    }
                }
                counts.explained += usize::from(all_explained);
            }
        }
        println!(
            "{:<14} {:>10} {:>7} {:>8} {:>7} {:>5} {:>9}",
            profile.name(),
            counts.operations,
            counts.missing.len(),
            counts.requests,
            counts.answers,
            counts.fit,
            counts.explained
        );
        if !counts.missing.is_empty() {
            println!("  not in specs, with {} examples:", counts.missing_examples);
            counts.missing.iter().for_each(|name| println!("    {name}"));
        }
        missing.extend(counts.missing.into_iter().map(|name| format!("{profile}: {name}")));
    }
    println!("places explained by defects of the documents:");
    by_defect.iter().for_each(|(why, places)| println!("  {places:>4} {why}"));
    let unused: Vec<&String> = explained.keys().filter(|place| !used.contains(*place)).collect();
    assert!(unexplained.is_empty(), "{} places without an explanation: {unexplained:#?}", unexplained.len());
    assert!(unused.is_empty(), "these fit by now, so take them from the list: {unused:#?}");
    assert!(missing.is_empty(), "documented, but not in specs: {missing:#?}");
}
