//! Every check can fail: the suite is run against the reference target and against all its mutants.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]
#![expect(clippy::print_stdout, reason = "the figures are what the test is run for")]

use milvus_conformance::contract::{Contract, ProfileContract, Tree};
use milvus_conformance::engine::{
    Caller, CaseReport, Checked, Interrupt, Ledger, Options, PlannedCase, Session, run_one,
};
use milvus_conformance::exchange::{Request, Response};
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::mutant::{Broken, Mutant};
use milvus_conformance::reference::{Config, Reference};
use milvus_conformance::scenario::Library;
use milvus_conformance::target::{Answer, Redactor, Secret, Target};
use milvus_conformance::verdict::{Level, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

const TOKEN: &str = "root:Milvus";

/// Loads of the reference target end after three looks, so that what has not come true by then never will.
const PATIENCE: Duration = Duration::from_millis(250);

/// Generated mutants that the suite does not catch, by the ends of their ids, and why that is right.
const SURVIVORS: &[(&str, &str)] = &[
    ("-route-missing", "a target that lacks an operation is told as `unsupported`, and not accused"),
    ("databases-describe-key-db-i-d-missing", "no document of 2.6 promises the key"),
    ("collections-describe-key-functions-missing", "the documents leave the key out of a collection without functions"),
    ("entities-delete-key-delete-count-missing", "the documents answer an empty object"),
    ("collections-compact-key-compaction-i-d-missing", "the documents answer an empty object"),
    ("collections-compact-no-effect", "no answer shows whether segments were merged"),
    ("collections-refresh-load-no-effect", "it would show in data that was imported while the collection was loaded"),
    ("-function-no-effect", "servers accept no function that does without an embedding service"),
    ("-function-failure-is-404", "they never succeed, so that a bare 404 says that the target lacks them"),
    ("jobs-import-describe-key-create-time-missing", "builds before 2.6.5 lack the key"),
    ("jobs-import-get-progress-key-create-time-missing", "builds before 2.6.5 lack the key"),
    ("resource-groups-transfer-replica-failure-is-404", NO_TRANSFER),
    ("resource-groups-transfer-replica-no-effect", NO_TRANSFER),
    ("jobs-external-collection-describe-failure-is-404", NO_REFRESH),
    ("jobs-external-collection-refresh-failure-is-404", NO_REFRESH),
    ("jobs-external-collection-refresh-no-effect", NO_REFRESH),
];

/// Of these operations the generated mutants cannot strike, and why.
const NEVER_STRUCK: &[(&str, &str)] = &[
    ("databases-list-", "it never fails, so that its failures have no defects"),
    ("collections-add-function-", "servers accept no function that does without an embedding service"),
    ("collections-alter-function-", "servers accept no function that does without an embedding service"),
    ("collections-drop-function-", "there is no function that could be dropped"),
    ("resource-groups-describe-success-", "its successes have neither code nor data"),
    ("resource-groups-describe-data-", "its successes have neither code nor data"),
    ("resource-groups-transfer-replica-", NO_TRANSFER),
    ("jobs-external-collection-describe-", NO_REFRESH),
    ("jobs-external-collection-refresh-", NO_REFRESH),
];

/// Why a transfer of replicas has only refusals.
const NO_TRANSFER: &str = "no transfer succeeds without a query node taken away from others";

/// Why a refresh has only refusals.
const NO_REFRESH: &str = "no refresh succeeds without a source that REST cannot make";

/// Requirements that no mutant trips, and why.
const UNTRIPPED: &[(&str, &str)] = &[];

/// A suite for one profile, with what each case calls.
struct Suite {
    profile: Profile,
    contract: Arc<ProfileContract>,
    library: Arc<Library>,
    cases: Vec<(PlannedCase, BTreeSet<String>)>,
}

/// What became of a mutant.
struct Fate {
    mutant: Mutant,
    strikes: u64,
    caught: bool,
    tripped: BTreeSet<String>,
}

/// Passes calls on and notes which operations they are for.
struct Listening {
    contract: Arc<ProfileContract>,
    reference: Reference,
    heard: Mutex<BTreeSet<String>>,
}

impl Answer for Listening {
    fn answer(&self, request: &Request) -> Response {
        let path = request.path.split('?').next().unwrap_or_default();
        if let Some(operation) = self.contract.whole().operation_at(path) {
            self.heard.lock().unwrap().insert(operation.name.clone());
        }
        self.reference.answer(request)
    }
}

fn config(profile: Profile) -> Config {
    Config { profile, token: Some(TOKEN.to_owned()) }
}

fn caller(target: Arc<dyn Answer>) -> Caller {
    let token = Secret::new(TOKEN);
    let redactor = Redactor::new(Some(&token), []);
    Caller::new(Target::InProcess(target), Some(&token), redactor, None, Duration::from_secs(5))
}

impl Suite {
    /// Plans the suite and runs it against the reference target, which has to pass.
    async fn new(contract: &Arc<Contract>, profile: Profile) -> Self {
        let library = Library::of_contract(contract.tree()).unwrap();
        let facts = &contract.profiles[&profile];
        let capabilities =
            facts.capabilities.iter().cloned().chain(["password", "heavy", "stand-in"].map(str::to_owned)).collect();
        let plan = Checked::read(&library, contract, None).unwrap().plan(profile, &capabilities);
        let mut suite = Self {
            profile,
            contract: Arc::new(contract.compile(profile).unwrap()),
            library: Arc::new(library),
            cases: Vec::new(),
        };
        let session = suite.session();
        for (index, case) in plan.cases.into_iter().enumerate() {
            let (contract, reference) = (Arc::clone(&suite.contract), Reference::new(config(profile)));
            let listening = Arc::new(Listening { contract, reference, heard: Mutex::default() });
            let report = run_one(&session, &caller(Arc::clone(&listening) as _), index + 1, &case).await;
            assert_eq!(report.verdict, Verdict::Pass, "{}: {:?} {:#?}", case.id, report.reason, report.findings);
            assert!(report.findings.is_empty(), "{}: {:#?}", case.id, report.findings);
            let heard = std::mem::take(&mut *listening.heard.lock().unwrap());
            suite.cases.push((case, heard));
        }
        suite
    }

    fn session(&self) -> Session {
        let options = Options {
            patience: PATIENCE,
            gate: Level::Observed,
            token: Some(Secret::new(TOKEN)),
            ..Options::default()
        };
        let (contract, library) = (Arc::clone(&self.contract), Arc::clone(&self.library));
        let interrupt = Arc::new(Interrupt::default());
        Session::new(contract, library, options, Ledger::in_memory(), "mc_mutants", interrupt)
    }

    /// Runs every case against the reference target, which has to pass.
    async fn passes(&self) {
        let session = self.session();
        let caller = caller(Arc::new(Reference::new(config(self.profile))));
        for (index, (case, _)) in self.cases.iter().enumerate().filter(|(_, (case, _))| !case.id.starts_with("heavy/"))
        {
            let report = run_one(&session, &caller, index + 1, case).await;
            assert!(!is_caught(&report), "{}: {:?} {:#?}", case.id, report.reason, report.findings);
        }
    }

    /// Runs the cases that call the mutated operations. Of a generated mutant it is enough to be caught.
    async fn fate(&self, mutant: Mutant) -> Fate {
        let broken = Arc::new(Broken::new(config(self.profile), mutant.clone()));
        let caller = caller(Arc::clone(&broken) as _);
        let session = self.session();
        let mut fate = Fate { mutant, strikes: 0, caught: false, tripped: BTreeSet::new() };
        for (index, (case, calls)) in self.cases.iter().enumerate() {
            let names = &fate.mutant.operations;
            if !names.is_empty() && !names.iter().any(|name| calls.contains(name)) {
                continue;
            }
            // These make a thousand calls each, so that only the mutants meant for them meet them.
            let meant = fate.mutant.trips.iter().any(|id| case.covers.iter().any(|covered| covered == id));
            if case.id.starts_with("heavy/") && !meant {
                continue;
            }
            let report = run_one(&session, &caller, index + 1, case).await;
            fate.caught |= is_caught(&report);
            fate.tripped.extend(report.findings.into_iter().map(|finding| finding.requirement));
            if fate.caught && !fate.mutant.is_own() {
                break;
            }
        }
        fate.strikes = broken.strikes();
        fate
    }
}

fn is_caught(report: &CaseReport) -> bool {
    matches!(report.verdict, Verdict::Fail | Verdict::Error)
}

/// How many mutants run at the same time.
const AT_ONCE: usize = 24;

async fn fates(suite: &Arc<Suite>, mutants: Vec<Mutant>) -> Vec<Fate> {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    // The reference amid its mutants: what catches them is their fault, and not the load of the machine.
    let controls: Vec<_> = (0..4)
        .map(|_| {
            let suite = Arc::clone(suite);
            tokio::spawn(async move { suite.passes().await })
        })
        .collect();
    let running: Vec<_> = mutants
        .into_iter()
        .map(|mutant| {
            let (suite, permits) = (Arc::clone(suite), Arc::clone(&permits));
            tokio::spawn(async move {
                let _permit = permits.acquire_owned().await.unwrap();
                suite.fate(mutant).await
            })
        })
        .collect();
    let mut fates = Vec::with_capacity(running.len());
    for running in running {
        fates.push(running.await.unwrap());
    }
    for control in controls {
        control.await.unwrap();
    }
    fates
}

/// Whether the profile has every requirement that the mutant names and an operation that it spoils.
fn applies(contract: &Contract, profile: Profile, mutant: &Mutant) -> bool {
    let requirement = |id: &&str| contract.requirements.get(*id).unwrap_or_else(|| panic!("{mutant} names {id}"));
    let has = |name: &String| contract.operations.get(name).is_none_or(|operation| operation.bounds.hold_for(profile));
    (mutant.operations.is_empty() || mutant.operations.iter().any(has))
        && mutant.trips.iter().map(requirement).all(|requirement| requirement.bounds.hold_for(profile))
}

/// The profiles in which mutants are run, each in the first that it applies to.
const HOMES: [Profile; 5] =
    [Profile::Milvus26, Profile::Milvus24, Profile::Milvus30, Profile::ZillizCloud, Profile::Milvus23];

/// What a mutant names and did not trip.
fn untripped(fate: &Fate) -> Vec<String> {
    let missed = fate.mutant.trips.iter().filter(|id| !fate.tripped.contains(**id));
    missed.map(|id| format!("{} did not trip {id}, but {:?}", fate.mutant, fate.tripped)).collect()
}

#[test]
#[ignore = "takes two minutes; the first test runs them in one profile"]
fn mutants_written_by_hand_trip_their_requirements_in_every_profile() {
    let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap());
    let runtime = Runtime::new().unwrap();
    for profile in Profile::ALL.into_iter().filter(|profile| *profile != Profile::Milvus26) {
        let fates = runtime.block_on(async {
            let suite = Arc::new(Suite::new(&contract, profile).await);
            // What no case of the profile covers is told as skipped in its runs, and cannot be tripped: Zilliz Cloud
            // promises no databases, for example.
            let covered: BTreeSet<&str> =
                suite.cases.iter().flat_map(|(case, _)| &case.covers).map(String::as_str).collect();
            let tried = |id: &&str| covered.contains(id) || contract.requirements[*id].automatic;
            let mutants = Mutant::catalogue(&contract).into_iter();
            let mutants = mutants.filter(|mutant| {
                mutant.is_own() && applies(&contract, profile, mutant) && mutant.trips.iter().all(tried)
            });
            let mutants = mutants.collect();
            fates(&suite, mutants).await
        });
        let problems: Vec<String> = fates.iter().flat_map(untripped).collect();
        assert!(problems.is_empty(), "{profile}:\n{}", problems.join("\n"));
    }
}

#[test]
fn every_mutant_is_caught_and_every_requirement_tripped() {
    let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap());
    let mut mutants = Mutant::catalogue(&contract);
    let ids: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.id.as_str()).collect();
    assert_eq!(ids.len(), mutants.len(), "ids of mutants are unique");
    let runtime = Runtime::new().unwrap();
    let started = std::time::Instant::now();
    let fates = runtime.block_on(async {
        let mut fates = Vec::new();
        for profile in HOMES {
            let (own, others) = mutants.into_iter().partition(|mutant| applies(&contract, profile, mutant));
            mutants = others;
            let suite = Arc::new(Suite::new(&contract, profile).await);
            println!("the reference of {profile} passes after {:?}", started.elapsed());
            fates.extend(self::fates(&suite, own).await);
        }
        fates
    });
    println!("all mutants have run after {:?}", started.elapsed());

    let mut problems = Vec::new();
    let mut survivors: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut idle = Vec::new();
    let mut tripped: BTreeMap<&str, usize> = BTreeMap::new();
    for fate in &fates {
        fate.tripped.iter().for_each(|id| *tripped.entry(id).or_default() += 1);
        let id = fate.mutant.id.as_str();
        if fate.strikes == 0 && fate.mutant.is_own() {
            problems.push(format!("{id} never struck"));
        } else if fate.strikes == 0 {
            let known = id.contains("-key-") || NEVER_STRUCK.iter().any(|(operation, _)| id.starts_with(operation));
            if !known {
                problems.push(format!("{id} never struck"));
            }
            idle.push(id);
        } else if !fate.caught {
            match SURVIVORS.iter().find(|(end, _)| id.ends_with(end)) {
                Some((_, why)) => survivors.entry(why).or_default().push(id),
                None => problems.push(format!("{id} was not caught: {}", fate.mutant.about)),
            }
        }
        problems.extend(untripped(fate));
    }
    let testable = contract.requirements.values().filter(|requirement| {
        let id = &requirement.id;
        let generated = id.starts_with("response.") || id.starts_with("error.");
        let measured = HOMES.iter().any(|one| requirement.bounds.hold_for(*one));
        requirement.not_testable.is_none() && !generated && measured
    });
    let (mut all, mut killed) = (0, 0);
    for requirement in testable {
        let id = requirement.id.as_str();
        all += 1;
        let is_tripped = tripped.contains_key(id);
        killed += usize::from(is_tripped);
        let explained = UNTRIPPED.iter().any(|(one, _)| *one == id);
        if is_tripped == explained {
            problems
                .push(format!("{id} is {}tripped", if is_tripped { "listed as untripped, yet " } else { "never " }));
        }
    }
    let own = fates.iter().filter(|fate| fate.mutant.is_own()).count();
    let caught = fates.iter().filter(|fate| fate.caught).count();
    println!(
        "{} mutants, {own} of them written by hand: {caught} caught, {} without a strike",
        fates.len(),
        idle.len()
    );
    println!("without a strike, since the reference answers no such key, or never fails: {idle:?}");
    for (why, ids) in &survivors {
        println!("{} survive, since {why}: {ids:?}", ids.len());
    }
    println!("{killed} of {all} requirements are tripped");
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}
