//! Coverage: how much of the contract of a profile a run has shown, and what it has not.

use crate::contract::{CompiledOperation, KnownFailure, Operation, ProfileContract, Requirement, Side, automatic};
use crate::profile::Profile;
use crate::reference::PRODUCTIONS;
use crate::results::{Results, Totals};
use crate::seen::{Seen, State, TYPES, USES, has_use};
use crate::verdict::{Level, Verdict};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How much of a contract a run has shown. Every number has the names behind it.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    /// The operations of the profile.
    pub operations: Operations,
    /// The requirements that hold for it.
    pub requirements: Requirements,
    /// The named failures that it has.
    pub errors: Errors,
    /// The named failures of each operation.
    pub operation_errors: Errors,
    /// Properties of answers.
    pub response_properties: Properties,
    /// Properties of requests.
    pub request_properties: Properties,
    /// Rules of transport, each with each operation.
    pub transport_rules: TransportRules,
    /// Operations whose outcome hangs on the state of the collection, in each state.
    pub orderings: Orderings,
    /// Types of fields, each in each use that it can have.
    pub field_types: FieldTypes,
    /// Productions of the grammar of filters.
    pub filter_grammar: Grammar,
    /// What was seen of each operation.
    pub by_operation: BTreeMap<String, OperationCoverage>,
}

/// Types of fields times uses of them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FieldTypes {
    /// All pairs that there can be.
    pub total: usize,
    /// Those that came.
    pub shown: usize,
    /// The uses that came of each type.
    pub by_type: BTreeMap<&'static str, Vec<&'static str>>,
    /// Those that did not: type and use.
    pub not_shown: Vec<String>,
}

/// Productions of the grammar of filters.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Grammar {
    /// All that the version has.
    pub total: usize,
    /// Those in filters that were carried out.
    pub shown: usize,
    /// The operations of which a filter had it, for each that came.
    pub by_production: BTreeMap<&'static str, Vec<String>>,
    /// Those that did not come.
    pub not_shown: Vec<String>,
}

/// Operations with a success and a failure.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Operations {
    /// All.
    pub total: usize,
    /// Those that have succeeded.
    pub with_success: usize,
    /// Those that have failed in the documented form.
    pub with_failure: usize,
    /// Those that have not succeeded.
    pub without_success: Vec<String>,
    /// Those that have not failed.
    pub without_failure: Vec<String>,
    /// Those that documents have and no server of the profile, with the reason. They count nowhere.
    pub documented_only: BTreeMap<String, String>,
}

/// Requirements with a check.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Requirements {
    /// All.
    pub total: usize,
    /// Those that can be checked through REST.
    pub testable: usize,
    /// Those with at least one check that was made.
    pub checked: usize,
    /// Those that cannot be checked, with the reason.
    pub not_testable: BTreeMap<String, String>,
    /// Testable ones without a check.
    pub unchecked: Vec<String>,
    /// By how binding they are.
    pub by_level: BTreeMap<&'static str, Checked>,
    /// By where they come from; one with several kinds of sources counts in each.
    pub by_source: BTreeMap<&'static str, Checked>,
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// All that can be checked.
    pub testable: usize,
    /// Those that were.
    pub checked: usize,
}

/// Failures that came.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Errors {
    /// All.
    pub total: usize,
    /// Those that came with their known code and message.
    pub produced: usize,
    /// Those that did not.
    pub not_produced: Vec<String>,
    /// Those that no call can bring about, with the reason. They do not count, unless they came nevertheless.
    pub not_producible: BTreeMap<String, String>,
}

/// Properties that came.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Properties {
    /// All that the schemas name, counted for each operation.
    pub documented: usize,
    /// Those that were there at least once.
    pub seen: usize,
    /// Those that never were: operation and JSON pointer.
    pub unseen: Vec<String>,
}

/// Rules of transport, tried with operations.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TransportRules {
    /// Rules times operations.
    pub total: usize,
    /// The pairs of these that were proven.
    pub proven: usize,
    /// With how many operations each rule was proven.
    pub by_rule: BTreeMap<String, usize>,
}

/// States of a collection times operations.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Orderings {
    /// All pairs.
    pub total: usize,
    /// Those that were tried.
    pub tried: usize,
    /// Those that were not: state and operation.
    pub untried: Vec<String>,
}

/// What was seen of one operation.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OperationCoverage {
    /// Whether it has succeeded.
    pub success: bool,
    /// Whether it has failed.
    pub failure: bool,
    /// Its failures that came, and all that it is said to give.
    pub errors: (usize, usize),
    /// The rules of transport proven with it.
    pub rules: BTreeSet<String>,
    /// Properties of its requests: those sent, and all.
    pub request: (usize, usize),
    /// Properties of its answers: those that came, and all.
    pub answer: (usize, usize),
    /// How many cases made from its request schema were run.
    pub generated: usize,
}

/// Operations whose outcome hangs on how far a collection is from being searched.
const ORDERED: [&str; 10] = [
    "collections/load",
    "collections/release",
    "partitions/drop",
    "indexes/drop",
    "collections/alter_properties",
    "entities/search",
    "entities/query",
    "entities/insert",
    "collections/rename",
    "collections/drop",
];

/// Tells the coverage of a run.
pub fn coverage(results: &Results, contract: &ProfileContract) -> Coverage {
    let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
    for case in &results.cases {
        for (operation, found) in &case.seen {
            seen.entry(operation).or_default().add(found);
        }
    }
    let profile = contract.profile();
    let mut coverage = Coverage {
        operations: Operations::default(),
        requirements: requirements(results, contract),
        errors: Errors::default(),
        operation_errors: Errors::default(),
        response_properties: Properties::default(),
        request_properties: Properties::default(),
        transport_rules: TransportRules::default(),
        orderings: Orderings::default(),
        field_types: FieldTypes::default(),
        filter_grammar: Grammar::default(),
        by_operation: BTreeMap::new(),
    };
    let rules: Vec<&Requirement> = stated(contract).filter(|stated| stated.id.starts_with("transport.")).collect();
    let rules = rules.into_iter().filter(|stated| stated.not_testable.is_none());
    coverage.transport_rules.by_rule = rules.map(|stated| (stated.id.clone(), 0)).collect();
    let nothing = Seen::default();
    for operation in contract.whole().operations_of(profile) {
        let name = operation.name.as_str();
        if let Some(why) = operation.file.documented_only.get(&profile) {
            coverage.operations.documented_only.insert(name.to_owned(), why.clone());
            continue;
        }
        let seen = seen.get(name).unwrap_or(&nothing);
        if let Some(compiled) = contract.operation(name) {
            coverage.operation(compiled, seen, contract);
        }
    }
    for case in results.cases.iter().filter(|case| case.verdict != Verdict::Skipped) {
        let operation = case.id.strip_prefix("generated/").and_then(|rest| rest.rsplit_once('/')).map(|(name, _)| name);
        if let Some(covered) = operation.and_then(|name| coverage.by_operation.get_mut(name)) {
            covered.generated += 1;
        }
    }
    let failures = contract.whole().failures.iter();
    let produced: BTreeSet<&String> = seen.values().flat_map(|seen| &seen.errors).collect();
    let named = |id: &str, operation: &Operation| operation.file.errors.iter().any(|named| named.value == id);
    for (id, failure) in failures.filter(|(_, failure)| comes(failure, profile)) {
        // What only operations of other profiles give is no failure of this one.
        let whole = contract.whole();
        let elsewhere = whole.operations.values().any(|operation| named(id, operation));
        if elsewhere && !whole.operations_of(profile).any(|operation| named(id, operation)) {
            continue;
        }
        coverage.errors.add(id.clone(), produced.contains(id), failure.not_producible.as_ref());
    }
    for operation in ORDERED.into_iter().filter(|name| coverage.by_operation.contains_key(*name)) {
        for state in State::ALL {
            coverage.orderings.total += 1;
            if seen.get(operation).is_some_and(|seen| seen.states.contains(&state)) {
                coverage.orderings.tried += 1;
            } else {
                coverage.orderings.untried.push(format!("{} {operation}", state.word()));
            }
        }
    }
    coverage.field_types = field_types(&seen, profile);
    coverage.filter_grammar = grammar(&seen, profile);
    coverage
}

/// Which types came in which use.
fn field_types(seen: &BTreeMap<&str, Seen>, profile: Profile) -> FieldTypes {
    let mut found = FieldTypes::default();
    let own = |kind: &str| !(profile == Profile::ZillizCloud && NOT_IN_THE_CLOUD.contains(&kind));
    for (kind, _) in TYPES.iter().filter(|(kind, since)| *since <= profile.version() && own(kind)) {
        let uses = found.by_type.entry(kind).or_default();
        for usage in USES.into_iter().filter(|usage| has_use(kind, usage)) {
            let came = match usage {
                "filter" => seen.values().any(|seen| seen.filtered.contains(*kind)),
                "entities/search" => [usage, "entities/hybrid_search"]
                    .iter()
                    .any(|operation| seen.get(operation).is_some_and(|seen| seen.types.contains(*kind))),
                _ => seen.get(usage).is_some_and(|seen| seen.types.contains(*kind)),
            };
            found.total += 1;
            if came {
                found.shown += 1;
                uses.push(usage);
            } else {
                found.not_shown.push(format!("{kind} {usage}"));
            }
        }
    }
    found
}

/// Types that no document of the managed service has.
const NOT_IN_THE_CLOUD: [&str; 3] = ["Int8Vector", "Geometry", "Timestamptz"];

/// Which productions came in filters of which operations.
fn grammar(seen: &BTreeMap<&str, Seen>, profile: Profile) -> Grammar {
    let mut found = Grammar::default();
    for (name, _) in PRODUCTIONS.iter().filter(|(_, since)| *since <= profile.version()) {
        let operations = seen.iter().filter(|(_, seen)| seen.grammar.contains(*name));
        let operations: Vec<String> = operations.map(|(operation, _)| (*operation).to_owned()).collect();
        found.total += 1;
        if operations.is_empty() {
            found.not_shown.push((*name).to_owned());
        } else {
            found.shown += 1;
            found.by_production.insert(name, operations);
        }
    }
    found
}

/// Whether a failure is known to come in a profile.
fn comes(failure: &KnownFailure, profile: Profile) -> bool {
    failure.codes.get(profile).is_some_and(|codes| !codes.is_empty())
}

/// The requirements that the files of the contract state for the profile; those made of operations and errors are
/// covered with these.
fn stated(contract: &ProfileContract) -> impl Iterator<Item = &Requirement> {
    let made = |id: &str| id.starts_with("response.") || automatic::failure_of(id).is_some();
    let profile = contract.profile();
    contract.whole().requirements.values().filter(move |stated| stated.bounds.hold_for(profile) && !made(&stated.id))
}

fn requirements(results: &Results, contract: &ProfileContract) -> Requirements {
    let mut totals = Totals::default();
    results.cases.iter().for_each(|case| totals.add(case));
    let results = totals.requirements(contract.whole(), contract.profile());
    let checked: BTreeSet<&str> =
        results.iter().filter(|one| one.passed + one.failed > 0).map(|one| one.id.as_str()).collect();
    let mut found = Requirements::default();
    for level in [Level::Must, Level::Should, Level::Observed] {
        found.by_level.insert(level.word(), Checked::default());
    }
    for stated in stated(contract) {
        found.total += 1;
        if let Some(why) = &stated.not_testable {
            found.not_testable.insert(stated.id.clone(), why.clone());
            continue;
        }
        let is_checked = checked.contains(stated.id.as_str());
        found.testable += 1;
        found.checked += usize::from(is_checked);
        if !is_checked {
            found.unchecked.push(stated.id.clone());
        }
        let kinds = stated.sources.iter().flat_map(|source| {
            let kinds = [
                ("seed", source.seed.is_some()),
                ("doc", source.doc.is_some()),
                ("measured", source.measured.is_some()),
                ("code", source.code.is_some()),
            ];
            kinds.into_iter().filter(|(_, has)| *has).map(|(kind, _)| kind)
        });
        let kinds: BTreeSet<&'static str> = kinds.collect();
        for kind in kinds {
            let group = found.by_source.entry(kind).or_default();
            group.testable += 1;
            group.checked += usize::from(is_checked);
        }
        let level = found.by_level.entry(stated.level.word()).or_default();
        level.testable += 1;
        level.checked += usize::from(is_checked);
    }
    found
}

impl Errors {
    fn add(&mut self, name: String, produced: bool, not_producible: Option<&String>) {
        if let Some(why) = not_producible.filter(|_| !produced) {
            self.not_producible.insert(name, why.clone());
            return;
        }
        self.total += 1;
        if produced {
            self.produced += 1;
        } else {
            self.not_produced.push(name);
        }
    }
}

impl Properties {
    fn add(&mut self, operation: &str, documented: &BTreeSet<&String>, seen: &BTreeSet<String>) -> (usize, usize) {
        let came = documented.iter().filter(|pointer| seen.contains(**pointer)).count();
        self.documented += documented.len();
        self.seen += came;
        let unseen = documented.iter().filter(|pointer| !seen.contains(**pointer));
        self.unseen.extend(unseen.map(|pointer| format!("{operation} {pointer}")));
        (came, documented.len())
    }
}

impl Coverage {
    fn operation(&mut self, operation: &CompiledOperation, seen: &Seen, contract: &ProfileContract) {
        let stated = operation.operation();
        let name = stated.name.clone();
        self.operations.total += 1;
        if seen.success {
            self.operations.with_success += 1;
        } else {
            self.operations.without_success.push(name.clone());
        }
        if seen.failure {
            self.operations.with_failure += 1;
        } else {
            self.operations.without_failure.push(name.clone());
        }
        let known = |id: &&str| contract.failure(id).is_some_and(|failure| comes(failure, contract.profile()));
        let errors: BTreeSet<&str> = stated.file.errors.iter().map(|id| id.value.as_str()).filter(known).collect();
        for id in &errors {
            let why = contract.failure(id).and_then(|failure| failure.not_producible.as_ref());
            self.operation_errors.add(format!("{name} {id}"), seen.errors.contains(*id), why);
        }
        let came = errors.iter().filter(|id| seen.errors.contains(**id)).count();
        for (rule, operations) in &mut self.transport_rules.by_rule {
            self.transport_rules.total += 1;
            let proven = seen.rules.contains(rule);
            *operations += usize::from(proven);
            self.transport_rules.proven += usize::from(proven);
        }
        let sides = |sides: &[Side]| -> BTreeSet<&String> {
            sides.iter().flat_map(|side| operation.properties(*side)).collect()
        };
        let request = self.request_properties.add(&name, &sides(&[Side::Request]), &seen.request);
        let answer = self.response_properties.add(&name, &sides(&[Side::Success, Side::Failure]), &seen.answer);
        let covered = OperationCoverage {
            success: seen.success,
            failure: seen.failure,
            errors: (came, errors.len()),
            rules: seen.rules.clone(),
            request,
            answer,
            generated: 0,
        };
        self.by_operation.insert(name, covered);
    }
}
