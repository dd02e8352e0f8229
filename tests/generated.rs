//! Cases made from the request schemas: that they stay the same, that the reference target passes them, that a failing
//! one is made small and tried again, and that nothing hazardous leaves the harness unasked.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

mod support;

use bytes::Bytes;
use milvus_conformance::contract::{Contract, Tree};
use milvus_conformance::engine::{
    Caller, CaseReport, Checked, Event, Interrupt, Ledger, OF_THE_EMBEDDED, Options, Session, start,
};
use milvus_conformance::exchange::{Request, Response};
use milvus_conformance::generate::{self, Bases};
use milvus_conformance::hazard;
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::{Config, Reference};
use milvus_conformance::results;
use milvus_conformance::scenario::{Library, check};
use milvus_conformance::target::{Answer, Redactor, Secret, Target};
use milvus_conformance::verdict::{Level, Verdict};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{run, tool};

const TOKEN: &str = "root:Milvus";

fn contract() -> Arc<Contract> {
    Arc::new(Contract::load(&Tree::embedded()).unwrap())
}

fn reference(profile: Profile) -> Reference {
    Reference::new(Config { profile, token: Some(TOKEN.to_owned()) })
}

/// What becomes of the generated cases that are wanted, against an implementation in this process.
fn outcome(
    profile: Profile,
    target: Arc<dyn Answer>,
    hazardous: bool,
    wanted: impl Fn(usize, &str) -> bool,
) -> Vec<CaseReport> {
    let contract = contract();
    let compiled = contract.compile(profile).unwrap();
    let all = generate::cases(&compiled).unwrap();
    let made = all.into_iter().enumerate().filter(|(number, case)| wanted(*number, &case.id)).map(|(_, case)| case);
    let library = Library::of_contract(&Tree::embedded()).unwrap();
    let library = library.with_scenarios(made.map(|case| (case.id, case.text)));
    run_all(&contract, profile, library, target, hazardous, true)
}

fn run_all(
    contract: &Arc<Contract>,
    profile: Profile,
    library: Library,
    target: Arc<dyn Answer>,
    hazardous: bool,
    generated: bool,
) -> Vec<CaseReport> {
    let nothing = library.with_scenarios([]);
    let mut checked = Checked::read(if generated { &nothing } else { &library }, contract, None).unwrap();
    if generated {
        checked.read_generated(&library, contract, None).unwrap();
    }
    let facts = contract.profiles.get(&profile).unwrap().capabilities.iter().cloned();
    let more = ["password", "heavy"].into_iter().chain(OF_THE_EMBEDDED).chain(hazardous.then_some("hazardous"));
    let plan = checked.plan(profile, &facts.chain(more.map(str::to_owned)).collect());
    let token = Secret::new(TOKEN);
    let redactor = Redactor::new(Some(&token), []);
    let caller = Caller::new(Target::InProcess(target), Some(&token), redactor, None, Duration::from_secs(10));
    let options = Options { gate: Level::Observed, token: Some(token), hazardous, ..Options::default() };
    let compiled = contract.compile(profile).unwrap();
    let interrupt = Arc::new(Interrupt::default());
    let session = Session::new(compiled, library, options, Ledger::in_memory(), "mc_generated", interrupt);
    let (events, mut heard) = tokio::sync::mpsc::channel(256);
    let mut reports: Vec<CaseReport> = plan.skipped.iter().map(milvus_conformance::engine::Skipped::report).collect();
    let running = start(&Arc::new(session), &caller, plan, &events).unwrap();
    drop(events);
    while let Some(event) = heard.blocking_recv() {
        if let Event::CaseFinished(report) = event {
            reports.push(*report);
        }
    }
    running.join();
    reports
}

/// Passes calls on, but spoils the answers to those that it does not like.
struct Spoilt<F> {
    reference: Reference,
    spoils: F,
}

impl<F: Fn(&Request) -> Option<Response> + Send + Sync> Answer for Spoilt<F> {
    fn answer(&self, request: &Request) -> Response {
        (self.spoils)(request).unwrap_or_else(|| self.reference.answer(request))
    }
}

fn spoilt(spoils: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static) -> Arc<dyn Answer> {
    Arc::new(Spoilt { reference: reference(Profile::Milvus26), spoils })
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}

fn crash() -> Response {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Response { status: 500, headers: headers.into(), body: Bytes::from_static(b"{\"code\":500}") }
}

#[test]
fn the_ids_are_unique_and_stay_as_many_for_each_operation() {
    let contract = contract();
    let mut counts: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    for profile in Profile::ALL {
        let cases = generate::cases(&contract.compile(profile).unwrap()).unwrap();
        let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids.len(), cases.len());
        for case in &cases {
            assert_eq!(case.id, format!("generated/{}/{}", case.operation, case.what()));
            *counts.entry(profile.name()).or_default().entry(case.operation.clone()).or_default() += 1;
        }
    }
    insta::assert_yaml_snapshot!("generated_by_operation", counts);
}

#[test]
fn each_operation_that_a_profile_serves_has_a_valid_request() {
    let contract = contract();
    let bases = Bases::load(&contract).unwrap();
    for profile in Profile::ALL {
        let compiled = contract.compile(profile).unwrap();
        let served = contract.operations_of(profile).filter(|one| !one.file.documented_only.contains_key(&profile));
        for operation in served {
            let base = bases.of(&operation.name, profile).unwrap_or_else(|| panic!("{profile}: {}", operation.name));
            let known = compiled.operation(&operation.name).unwrap();
            let faults = known.request_faults(&base.with);
            // The forms of imports differ between products; of others nothing may be said at all.
            assert!(faults.is_empty() || base.unsure, "{profile}: {} {faults:?}", operation.name);
        }
    }
}

#[test]
fn every_case_is_a_sound_scenario_and_the_same_each_time() {
    let contract = contract();
    let library = Library::of_contract(&Tree::embedded()).unwrap();
    for profile in Profile::ALL {
        let cases = generate::cases(&contract.compile(profile).unwrap()).unwrap();
        let again = generate::cases(&contract.compile(profile).unwrap()).unwrap();
        assert!(cases.iter().map(|case| &case.text.text).eq(again.iter().map(|case| &case.text.text)));
        for case in cases.iter().step_by(13) {
            let scenario = Library::parse(&case.text).unwrap_or_else(|mistake| panic!("{mistake}"));
            let mistakes = check(&case.text, &scenario, &contract, &library);
            assert!(mistakes.is_empty(), "{}", mistakes[0]);
            assert!(scenario.bounds().hold_for(profile), "{}", case.id);
        }
    }
}

#[test]
fn the_reference_target_passes_a_share_of_them_in_each_profile() {
    for (part, profile) in Profile::ALL.into_iter().enumerate() {
        let reports = outcome(profile, Arc::new(reference(profile)), true, |number, id| {
            number % 61 == part || id.contains("/plain") || id.contains("/hazard-")
        });
        // Of 2.3, which has v1 alone, hardly anything is claimed.
        let least = if profile == Profile::Milvus23 { 5 } else { 150 };
        assert!(reports.len() > least, "{profile}: {}", reports.len());
        for report in &reports {
            let wrong = matches!(report.verdict, Verdict::Fail | Verdict::Error | Verdict::Flaky);
            assert!(!wrong, "{profile}: {} {:?} {:#?}", report.id, report.reason, report.findings);
            assert!(report.cleanup.is_empty(), "{profile}: {} {:?}", report.id, report.cleanup);
        }
    }
}

#[test]
fn a_defect_is_shown_by_the_smallest_request_that_has_it() {
    let target = spoilt(|request| (body(request)["offset"] == json!(-1)).then(crash));
    let reports = outcome(Profile::Milvus26, target, false, |_, id| id == "generated/entities/search/negative-offset");
    let [report] = reports.as_slice() else { panic!("{} reports", reports.len()) };
    assert_eq!(report.verdict, Verdict::Fail);
    let finding = report.findings.iter().find(|finding| finding.requirement == "transport.request.answered").unwrap();
    assert!(finding.curl.ends_with("--data-raw '{\"offset\":-1}'"), "{}", finding.curl);
    let reason = report.reason.as_deref().unwrap();
    assert!(reason.contains("as small as it could be") && reason.contains("failed again"), "{reason}");
}

#[test]
fn a_request_that_has_to_be_refused_keeps_its_mistake_while_it_shrinks() {
    // Accepts a create without a name; what else is in the request makes no difference.
    let target = spoilt(|request| {
        let meant = request.path.ends_with("collections/create") && body(request)["collectionName"].is_null();
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        meant.then(|| Response {
            status: 200,
            headers: headers.into(),
            body: Bytes::from_static(b"{\"code\":0,\"data\":{}}"),
        })
    });
    let case = "generated/collections/create/missing-collectionName";
    let reports = outcome(Profile::Milvus26, target, false, |_, id| id == case);
    assert_eq!(reports[0].verdict, Verdict::Fail);
    let finding = &reports[0].findings[0];
    assert_eq!((finding.requirement.as_str(), finding.level), ("transport.body.missing-key", Level::Must));
    assert!(finding.curl.ends_with("--data-raw '{}'"), "{}", finding.curl);
}

#[test]
fn what_does_not_fail_again_is_flaky_and_no_finding() {
    let struck = AtomicBool::new(false);
    let target = spoilt(move |request| {
        (body(request)["offset"] == json!(-1) && !struck.swap(true, Ordering::SeqCst)).then(crash)
    });
    let reports = outcome(Profile::Milvus26, target, false, |_, id| id == "generated/entities/search/negative-offset");
    assert_eq!(reports[0].verdict, Verdict::Flaky, "{:?}", reports[0].reason);
    assert!(reports[0].findings.iter().all(|finding| finding.verdict == Verdict::Flaky));
    assert!(!reports[0].findings.is_empty());
}

/// A server that looks at every request for hazards.
fn watched(profile: Profile) -> (Arc<dyn Answer>, Arc<Mutex<Vec<String>>>) {
    let contract = contract();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let spoils = move |request: &Request| {
        let operation = contract.operation_at(request.path.split('?').next().unwrap_or_default());
        let name = operation.map(|operation| operation.name.as_str());
        if let Some((id, _)) = hazard::find(&contract, Some(profile), name, &request.body) {
            noted.lock().unwrap().push(id.to_owned());
        }
        None
    };
    (Arc::new(Spoilt { reference: reference(profile), spoils }), seen)
}

#[test]
fn nothing_hazardous_leaves_the_harness_unasked_and_everything_does_when_asked() {
    for profile in [Profile::Milvus24, Profile::Milvus25, Profile::Milvus26] {
        let hazards = contract().hazards.len();
        let is_meant = |_: usize, id: &str| id.contains("/hazard-") || id.contains("hybrid_search/");
        let (target, seen) = watched(profile);
        let reports = outcome(profile, target, false, is_meant);
        assert_eq!(*seen.lock().unwrap(), [""; 0], "{profile}");
        let skipped = reports.iter().filter(|report| report.verdict == Verdict::Skipped);
        assert!(skipped.filter(|report| report.reason.as_deref().unwrap().contains("--hazardous")).count() >= hazards);
        let (target, seen) = watched(profile);
        let reports = outcome(profile, target, true, is_meant);
        let seen: BTreeSet<String> = seen.lock().unwrap().drain(..).collect();
        let known = contract().hazards.values().filter(|hazard| hazard.bounds().hold_for(profile)).count();
        assert_eq!(seen.len(), known, "{profile}: {seen:?}");
        assert!(reports.iter().all(|report| report.verdict != Verdict::Fail && report.verdict != Verdict::Error));
    }
}

#[test]
fn a_script_of_the_users_own_sends_nothing_hazardous_by_any_detour() {
    let steps = [
        "with: {collectionName: a, filter: 'id == -true'}",
        "with: {collectionName: a, FILTER: 'id == - True'}",
        "body: '{\"collectionName\":\"a\",\"filter\":\"id == -true\"}'",
        "body: '{\"collectionName\":\"a\",\"filter\":\"id == -true\",\"x\":1e400}'",
        "body: '{\"collectionName\":\"a\",\"\\u0066ilter\":\"id == -true\"} and more'",
        "body: '{\"filter\":\"id > 0\",\"filter\":\"id == -true\"'",
        "body: '{\"filter\":\"id == -true\"}'\n    encoding: bom",
        "method: PUT\n    with: {filter: 'id == -true'}",
        "path: /v2/vectordb/entities/query/\n    with: {filter: 'id == -true'}",
        "path: /v2/vectordb/entities/advanced_query\n    with: {filter: 'id == -true'}",
        "path: '/v2/vectordb/entities/query?filter=id%20==%20-true'\n    with: {collectionName: a}",
        "with: {collectionName: a, filter: '${part}${rest}'}\n    each: [{part: 'id == -', rest: 'true'}]",
    ];
    let contract = contract();
    for flags in [(false, ""), (false, "needs: [hazardous]\n"), (true, "")] {
        for step in steps {
            let (hazardous, needs) = flags;
            let text =
                format!("title: A detour\n{needs}steps:\n  - call: entities/query\n    invalid: true\n    {step}\n");
            let source = milvus_conformance::diagnostic::SourceText::new("detour.yaml", text.clone());
            let library = Library::of_contract(&Tree::embedded()).unwrap();
            let library = library.with_scenarios([("detour".to_owned(), source)]);
            let calls = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&calls);
            let target = spoilt(move |_| {
                counted.fetch_add(1, Ordering::SeqCst);
                None
            });
            let reports = run_all(&contract, Profile::Milvus26, library, target, hazardous, false);
            assert_eq!(calls.load(Ordering::SeqCst), 0, "{text}");
            let wanted = if needs.is_empty() { Verdict::Error } else { Verdict::Skipped };
            assert_eq!(reports[0].verdict, wanted, "{text} {:?}", reports[0].reason);
            assert!(reports[0].reason.as_deref().unwrap().contains("--hazardous"), "{:?}", reports[0].reason);
        }
    }
}

/// A server that ends the connection at a hazard, answers nothing twice after it, and then goes on.
#[test]
fn that_a_server_was_ended_is_told_with_how_long_it_was_gone() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let model = reference(Profile::Milvus26);
    std::thread::spawn(move || {
        let mut silent = 0;
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let Some(request) = received(&mut stream) else { continue };
            if String::from_utf8_lossy(&request.body).contains("-true") {
                silent = 2;
                continue;
            }
            if silent > 0 {
                silent -= 1;
                continue;
            }
            let answer = model.answer(&request);
            let kind = answer.header("content-type").unwrap_or("text/plain").to_owned();
            let head = format!(
                "HTTP/1.1 {} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                answer.status,
                answer.body.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), &answer.body].concat());
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let ended = run(tool(folder.path()).args([
        "run",
        "generated/entities/query/hazard-filter-negative-boolean",
        "--hazardous",
        "--profile",
        "milvus-2.6",
        "--token",
        TOKEN,
        "--target",
        &url,
        "--results",
        "results.json",
    ]))
    .exits(1);
    assert!(ended.out.contains("may end the server's process"), "{}", ended.out);
    let results = results::read(&std::fs::read_to_string(folder.path().join("results.json")).unwrap()).unwrap();
    let case = results.cases.iter().find(|case| case.verdict == Verdict::Fail).unwrap();
    let reason = case.reason.as_deref().unwrap();
    assert!(reason.contains("filter-negative-boolean"), "{reason}");
    assert!(reason.contains("the server answered again after"), "{reason}");
    assert!(case.cleanup.is_empty(), "what was made before is removed");
}

/// One request, as far as a test needs it.
fn received(stream: &mut std::net::TcpStream) -> Option<Request> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let mut first = lines.next()?.split(' ');
            let headers: Vec<(String, String)> = lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or_default();
            if bytes.len() >= head.len() + 4 + length {
                let body = Bytes::copy_from_slice(&bytes[head.len() + 4..head.len() + 4 + length]);
                let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
                return Some(Request { method, path, headers: headers.into(), body });
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&part[..read]),
        }
    }
}

#[test]
fn one_case_is_listed_explained_and_run_alone() {
    let folder = tempfile::tempdir().unwrap();
    let case = "generated/collections/create/missing-collectionName";
    let listed = run(tool(folder.path()).args(["list", "scenarios", case, "--json"])).exits(0);
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["tags"], json!(["generated"]));
    let explained = run(tool(folder.path()).args(["explain", case])).exits(0);
    for word in ["transport.body.missing-key (must)", "the keys marked as required", "\"dimension\":4", "milvus-2.6"] {
        assert!(explained.out.contains(word), "{word}: {}", explained.out);
    }
    let ran = run(tool(folder.path()).args(["run", case, "--gate", "observed"])).exits(0);
    assert!(ran.out.contains("PASS 1 case"), "{}", ran.out);
    let wrong = run(tool(folder.path()).args(["run", "generated/collections/create/missing-collectionNam"])).exits(2);
    assert!(wrong.err.contains("missing-collectionName"), "{}", wrong.err);
    let none = run(tool(folder.path()).args(["list", "--json"])).exits(0);
    assert!(!none.out.contains("\"generated/"), "none are made unless asked for");
}
