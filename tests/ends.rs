//! How a run ends when it does not end by itself: interrupted, killed, or left alone by its server. Whatever happens,
//! nothing is left that is not written down, and no case is blamed.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

mod support;

use milvus_conformance::results::{self, Results};
use milvus_conformance::verdict::Verdict;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::{Deed, Ended, Relay, Running, Server, run, tool, until};
use tempfile::TempDir;

/// Scenarios that make a collection and wait for something that a relay can withhold.
const SCRIPT: &str = "title: A released collection is loaded again
given: {books: quick}
steps:
  - call: collections/release
    with: {collectionName: \"${books}\"}
  - call: collections/load
    with: {collectionName: \"${books}\"}
  - call: collections/get_load_state
    with: {collectionName: \"${books}\"}
    eventually: {loadState: {reading: load-state.loaded}}
    proves: [load.state.loaded]
covers: [load.state.loaded]
";

/// What a collection answers that is not loaded yet.
const LOADING: &str = r#"{"code":0,"data":{"loadProgress":0,"loadState":"LoadStateLoading"},"message":""}"#;

/// A folder with scripts, results and ledgers of its own.
struct Place(TempDir);

impl Place {
    fn new(scripts: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("mine")).unwrap();
        for number in 0..scripts {
            std::fs::write(folder.path().join(format!("mine/script-{number}.yaml")), SCRIPT).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, url: &str, more: &[&str]) -> Command {
        let mut command = tool(self.path());
        command.args(["run", "mine", "--profile", "milvus-2.6", "--results", "results.json", "--ledger", "ledger"]);
        command.args(["--target", url]).args(more);
        command
    }

    fn sweep(&self, url: &str) -> Ended {
        run(tool(self.path()).args(["sweep", "--ledger", "ledger", "--target", url]))
    }

    fn results(&self) -> Results {
        results::read(&std::fs::read_to_string(self.path().join("results.json")).unwrap()).unwrap()
    }

    fn ledgers(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.path().join("ledger")) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

fn own_names(server: &Server) -> Vec<String> {
    server.names().into_iter().filter(|name| name.starts_with("mc_")).collect()
}

/// A relay behind which a collection that is loaded for the second time never becomes loaded, once the gate is shut.
fn never_loaded(server: &Server) -> Relay {
    Relay::start(server.address(), |path, _| {
        if path.ends_with("/get_load_state") { Deed::Answer(LOADING.to_owned()) } else { Deed::Pass }
    })
}

/// A relay that lets every case begin, and withholds the state of loads that a case asks for.
fn withholding(server: &Server) -> (Relay, Arc<AtomicBool>) {
    let shut = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&shut);
    let relay = Relay::start(server.address(), move |path, _| {
        if path.ends_with("/collections/load") {
            seen.store(true, Ordering::SeqCst);
        }
        if path.ends_with("/get_load_state") && seen.load(Ordering::SeqCst) {
            Deed::Answer(LOADING.to_owned())
        } else {
            Deed::Pass
        }
    });
    (relay, shut)
}

#[test]
fn the_first_signal_cleans_up_and_writes_the_results() {
    for name in ["INT", "TERM"] {
        let server = Server::start(&[]);
        let (relay, shut) = withholding(&server);
        let place = Place::new(6);
        let running = Running::start(&mut place.run(&relay.url, &["-j2", "--patience", "60s"]));
        until("a case waits for a load", || shut.load(Ordering::SeqCst) && relay.count("/get_load_state") > 5);
        assert!(!own_names(&server).is_empty());
        let signalled = Instant::now();
        running.signal(name);
        let ended = running.end().exits(1);
        assert!(signalled.elapsed() < Duration::from_secs(20), "{name}: the end took {:?}", signalled.elapsed());
        assert!(ended.err.contains("cleaning up"), "{}", ended.err);
        assert_eq!(own_names(&server), [] as [String; 0], "{name}");
        assert_eq!(place.ledgers(), [] as [PathBuf; 0], "{name}");
        let text = std::fs::read_to_string(place.path().join("results.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
        let results = place.results();
        assert!(!results.outcome.complete);
        assert_eq!(results.cases.len(), 6, "every case of the plan is in the results");
        for case in &results.cases {
            assert!(matches!(case.verdict, Verdict::Skipped | Verdict::Pass), "an ended run blames nobody: {case:?}");
        }
        assert!(results.cases.iter().any(|case| case.reason.as_deref() == Some("the run was ended")));
        assert!(ended.out.contains("ENDED EARLY"), "{}", ended.out);
    }
}

#[test]
fn the_second_signal_leaves_at_once_and_the_ledger_tells_what_is_left() {
    let server = Server::start(&[]);
    // Drops hang, so that cleaning up cannot end by itself; what they hang on is let go at the end of the test.
    let (hang, shut) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let (hangs, seen) = (Arc::clone(&hang), Arc::clone(&shut));
    let relay = Relay::start(server.address(), move |path, _| {
        if path.ends_with("/collections/load") {
            seen.store(true, Ordering::SeqCst);
        }
        if path.ends_with("/collections/drop") {
            until("the test lets go", || !hangs.load(Ordering::SeqCst));
        }
        if path.ends_with("/get_load_state") && seen.load(Ordering::SeqCst) {
            Deed::Answer(LOADING.to_owned())
        } else {
            Deed::Pass
        }
    });
    let place = Place::new(2);
    let running = Running::start(&mut place.run(&relay.url, &["-j2"]));
    until("a case waits for a load", || shut.load(Ordering::SeqCst) && relay.count("/get_load_state") > 3);
    running.signal("INT");
    until("cleaning up begins", || relay.count("/collections/drop") > 0);
    let signalled = Instant::now();
    running.signal("INT");
    let ended = running.end().exits(1);
    assert!(signalled.elapsed() < Duration::from_secs(10), "it took {:?}", signalled.elapsed());
    assert!(ended.err.contains("sweep"), "{}", ended.err);
    assert_eq!(place.ledgers().len(), 1);
    assert!(!own_names(&server).is_empty());
    hang.store(false, Ordering::SeqCst);
    place.sweep(&relay.url).exits(0);
    until("what was dropped late is gone, too", || own_names(&server).is_empty());
    assert_eq!(place.ledgers(), [] as [PathBuf; 0]);
}

#[test]
fn a_killed_run_leaves_a_ledger_and_results_that_can_be_read() {
    let server = Server::start(&[]);
    // The first two cases get through; then loads never end.
    let relay = Relay::start(server.address(), {
        let loads = std::sync::atomic::AtomicUsize::new(0);
        move |path, _| {
            let loads = if path.ends_with("/collections/load") {
                loads.fetch_add(1, Ordering::SeqCst) + 1
            } else {
                loads.load(Ordering::SeqCst)
            };
            if path.ends_with("/get_load_state") && loads > 2 { Deed::Answer(LOADING.to_owned()) } else { Deed::Pass }
        }
    });
    let place = Place::new(5);
    let running = Running::start(&mut place.run(&relay.url, &["-j1"]));
    until("the third case waits", || relay.count("/collections/load") == 3 && relay.count("/get_load_state") > 6);
    running.signal("KILL");
    assert_eq!(running.end().code, None);
    assert!(!own_names(&server).is_empty());
    assert_eq!(place.ledgers().len(), 1);
    let results = place.results();
    assert_eq!(results.cases.len(), 2);
    assert!(!results.outcome.complete);

    // A ledger of another server is none of its business.
    let elsewhere = place.path().join("ledger/mc_elsewhere.jsonl");
    std::fs::write(
        &elsewhere,
        "{\"run\":{\"run\":\"mc_elsewhere\",\"target\":\"http://127.0.0.1:9\"}}\n\
         {\"make\":{\"object\":\"collection\",\"name\":\"mc_elsewhere_1_books\"}}\n",
    )
    .unwrap();
    let swept = place.sweep(&relay.url).exits(0);
    assert!(swept.out.contains("left alone: 1 ledger of other servers (http://127.0.0.1:9)"), "{}", swept.out);
    assert!(swept.out.contains("removed 1 object of run mc_"), "{}", swept.out);
    assert_eq!(own_names(&server), [] as [String; 0]);
    assert_eq!(place.ledgers(), [elsewhere]);
    let again = place.sweep(&relay.url).exits(0);
    assert!(again.out.contains("nothing to sweep"), "{}", again.out);
}

#[test]
fn a_server_that_dies_makes_errors_and_no_findings() {
    let mut server = Server::start(&[]);
    let relay = never_loaded(&server);
    // Behind the relay nothing ever loads, so each case waits for its fixture until the server is gone.
    let dead = Arc::new(AtomicBool::new(false));
    let place = Place::new(4);
    let gone = Arc::clone(&dead);
    let front = Relay::start(relay.url.trim_start_matches("http://"), move |path, _| {
        if path.ends_with("/get_load_state") && gone.load(Ordering::SeqCst) { Deed::BreakOff } else { Deed::Pass }
    });
    let running = Running::start(&mut place.run(&front.url, &["-j2", "--timeout", "5s"]));
    until("cases wait for their fixtures", || front.count("/get_load_state") > 5);
    dead.store(true, Ordering::SeqCst);
    server.kill();
    let begun = Instant::now();
    let ended = running.end().exits(1);
    assert!(begun.elapsed() < Duration::from_mins(1), "it took {:?}", begun.elapsed());
    let results = place.results();
    assert!(results.outcome.complete);
    assert_eq!(results.cases.len(), 4);
    for case in &results.cases {
        assert_eq!(case.verdict, Verdict::Error, "{case:?}");
        assert!(case.findings.is_empty(), "{case:?}");
    }
    assert!(ended.out.contains("May be left on the target"), "{}", ended.out);
    assert_eq!(place.ledgers().len(), 1, "what may be left is written down");
}

#[test]
fn a_server_that_refuses_every_drop_is_told_of_and_blames_no_case() {
    let server = Server::start(&[]);
    let refuses = Arc::new(AtomicBool::new(true));
    let refusing = Arc::clone(&refuses);
    let relay = Relay::start(server.address(), move |path, _| {
        if path.ends_with("/collections/drop") && refusing.load(Ordering::SeqCst) {
            Deed::Answer("{\"code\":65535,\"message\":\"not today\"}".to_owned())
        } else {
            Deed::Pass
        }
    });
    let place = Place::new(3);
    let ended = run(&mut place.run(&relay.url, &[])).exits(0);
    assert!(ended.out.contains("May be left on the target"), "{}", ended.out);
    assert!(ended.out.contains("not today") && ended.out.contains("sweep"), "{}", ended.out);
    let results = place.results();
    for case in &results.cases {
        assert_eq!(case.verdict, Verdict::Pass, "{case:?}");
        assert_eq!(case.cleanup.left.len(), 1, "{case:?}");
    }
    assert_eq!(place.ledgers().len(), 1);
    let swept = place.sweep(&relay.url).exits(1);
    assert!(swept.out.contains("not today"), "{}", swept.out);
    assert_eq!(place.ledgers().len(), 1, "a sweep that did not remove everything keeps the ledger");
    refuses.store(false, Ordering::SeqCst);
    place.sweep(&relay.url).exits(0);
    assert_eq!(own_names(&server), [] as [String; 0]);
    assert_eq!(place.ledgers(), [] as [PathBuf; 0]);
}

#[test]
fn a_reader_that_goes_away_does_not_keep_a_run_from_cleaning_up() {
    let server = Server::start(&[]);
    let place = Place::new(4);
    let mut child = place.run(&server.url, &["-vv"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut status = None;
    until("the run ends", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.unwrap().code(), Some(0));
    assert_eq!(own_names(&server), [] as [String; 0]);
    assert!(place.results().outcome.complete);
}

#[test]
fn the_reference_target_ends_at_once_when_asked() {
    for name in ["INT", "TERM"] {
        let server = Server::start(&[]);
        let idle: Vec<TcpStream> = (0..3).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
        until("it answers", || server.names().contains(&"default".to_owned()));
        let signalled = Instant::now();
        server.signal(name);
        assert_eq!(server.end(), Some(0), "{name}");
        assert!(signalled.elapsed() < Duration::from_secs(10), "{name}: it took {:?}", signalled.elapsed());
        drop(idle);
    }
}

#[test]
fn a_port_that_is_taken_is_a_mistake_of_the_user() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let ended = run(tool(folder.path()).args(["serve", "--listen", &address])).exits(2);
    assert!(ended.err.contains(&format!("cannot listen on {address}")), "{}", ended.err);
    assert_eq!(ended.out, "", "no address is told that is not served");
}
