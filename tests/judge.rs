//! `judge` as its users meet it, and what real servers answered: none of that may count against them.
//!
//! The recordings do not belong to the repository; without them their tests say so and pass.

#![expect(clippy::print_stdout, reason = "the figures are what the tests over recordings are run for")]
#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

mod support;

use milvus_conformance::contract::{Contract, Tree};
use milvus_conformance::profile::Profile;
use milvus_conformance::results;
use milvus_conformance::traffic::{LeftOut, Refused, Report, each};
use milvus_conformance::verdict::Level;
use serde_json::{Value, json};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::{Ended, run, tool};
use tempfile::TempDir;

fn line(server: &str, operation: &str, body: &Value) -> String {
    let line = json!({
        "server": server, "method": "POST", "path": format!("/v2/vectordb/{operation}"), "request": {}, "status": 200,
        "response_headers": {"content-type": "application/json; charset=utf-8"}, "body": body,
    });
    format!("{line}\n")
}

fn good(server: &str) -> String {
    line(server, "partitions/has", &json!({"code": 0, "data": {"has": true}}))
}

fn bad(server: &str) -> String {
    line(server, "partitions/has", &json!({"code": 0, "data": {"has": "yes"}}))
}

fn judge_in(folder: &TempDir, text: &str, arguments: &[&str]) -> Ended {
    std::fs::write(folder.path().join("traffic.jsonl"), text).unwrap();
    // Sentences that the tests look for stand on one line.
    run(tool(folder.path()).args(["judge", "traffic.jsonl"]).args(arguments).env("COLUMNS", "500"))
}

fn judge(text: &str, arguments: &[&str]) -> Ended {
    judge_in(&tempfile::tempdir().unwrap(), text, arguments)
}

#[test]
fn good_traffic_passes_and_what_was_not_judged_is_told() {
    let unknown = line("2.6", "no/such", &json!({}));
    let cut = r#"{"server":"2.6","method":"POST","path":"/v2/vectordb/partitions/has","status":200,"body_cut":"{"}"#;
    let page = r#"{"server":"2.6","method":"GET","path":"/metrics","status":200,"body_raw":"up 1"}"#;
    let ended = judge(&format!("{}{unknown}{cut}\n{page}\n", good("2.6")), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    for told in [
        "PASS 1 case: 1 pass; 1 call",
        "POST /v2/vectordb/no/such (1)",
        "4 calls, 1 answer judged",
        "1 the body is not shown, or cut",
        "1 to routes that are no operation",
        "1 to pages outside the API",
    ] {
        assert!(ended.out.contains(told), "{told}: {}", ended.out);
    }
}

#[test]
fn a_finding_names_its_line_its_rule_and_how_to_repeat_the_call() {
    let folder = tempfile::tempdir().unwrap();
    let ended = judge_in(&folder, &format!("{}{}", good("2.6"), bad("2.6")), &["-q", "--results", "out/r.json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    for told in
        ["must response.partitions/has · step traffic.jsonl:2, partitions/has", "curl -sS -X POST", "FAIL 1 case"]
    {
        assert!(ended.out.contains(told), "{told}: {}", ended.out);
    }
    let text = std::fs::read_to_string(folder.path().join("out/r.json")).unwrap();
    let results = results::read(&text).unwrap();
    assert_eq!((results.head.profile, results.cases.len(), results.outcome.calls), (Profile::Milvus26, 1, 2));
    assert!(results.outcome.complete);
}

#[test]
fn each_profile_has_results_of_its_own_and_the_user_may_name_one() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{}{}", good("2.5"), bad("milvus-2.6"));
    let ended = judge_in(&folder, &text, &["--results", "r.json", "--json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    let told: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(told["profiles"][0]["summary"]["pass"], 1);
    assert_eq!(told["profiles"][1]["summary"]["fail"], 1);
    for (profile, passed) in [("milvus-2.5", 1), ("milvus-2.6", 0)] {
        let text = std::fs::read_to_string(folder.path().join(format!("r.{profile}.json"))).unwrap();
        assert_eq!(results::read(&text).unwrap().outcome.summary.pass, passed);
    }
    let one = judge_in(&folder, &text, &["--profile", "milvus-3.0", "--json"]);
    let told: Value = serde_json::from_str(&one.out).unwrap();
    assert_eq!((&told["profiles"][0]["profile"], &told["profiles"][0]["judged"]), (&json!("milvus-3.0"), &json!(2)));
}

#[test]
fn har_is_judged_like_lines_and_needs_a_profile() {
    let har = json!({"log": {"version": "1.2", "creator": {"name": "a", "version": "1"}, "entries": [
        {
            "request": {
                "method": "POST", "url": "https://in01.example.com/v2/vectordb/partitions/has",
                "headers": [{"name": "Authorization", "value": "Bearer key-Verborgen"}],
                "postData": {"mimeType": "application/json", "text": "{}"},
            },
            "response": {
                "status": 200, "headers": [{"name": "content-type", "value": "application/json"}],
                "content": {"size": 3, "mimeType": "application/json", "text": "{\"code\":0,\"data\":{\"has\":\"key-Verborgen\"}}"},
            },
        },
    ]}});
    let without = judge(&har.to_string(), &[]);
    assert_eq!(without.code, Some(2));
    assert!(without.err.contains("say --profile"), "{}", without.err);
    let ended = judge(&har.to_string(), &["--profile", "zilliz-cloud"]);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(ended.out.contains("step traffic.jsonl:1, partitions/has"), "{}", ended.out);
    assert!(!ended.out.contains("Verborgen"), "{}", ended.out);
}

#[test]
fn what_cannot_be_judged_is_refused_and_not_passed() {
    let told = |text: &str, arguments: &[&str]| {
        let ended = judge(text, arguments);
        (ended.code.unwrap(), ended.err)
    };
    assert_eq!(told("", &[]).0, 2);
    let (code, why) = told(&format!("{}nonsense\n", good("2.6")), &[]);
    assert!(code == 2 && why.contains("line 2: "), "{code} {why}");
    let (code, why) = told(&good("production"), &[]);
    assert!(code == 2 && why.contains("`production` is no profile; say --profile"), "{code} {why}");
    let (code, why) = told(r#"{"server":"2.6","method":"GET","path":"/metrics","status":200,"body_raw":""}"#, &[]);
    assert!(code == 4 && why.contains("nothing to judge"), "{code} {why}");
    let gone = r#"{"server":"2.6","method":"POST","path":"/v2/vectordb/partitions/has","status":404,"body_raw":"404 page not found"}"#;
    assert_eq!(told(gone, &[]).0, 4);
}

/// Everything that real servers were seen to break at is read as that, in the versions that break, and nowhere else.
#[test]
fn broken_answers_of_real_servers_are_a_reading_where_they_were_measured() {
    let broken = |profile: &str, request: Value| {
        let line = json!({
            "method": "POST", "path": "/v2/vectordb/entities/query", "request": request, "status": 500,
            "response_headers": {"content-type": "application/json"}, "body": {"code": 500},
        });
        judge(&line.to_string(), &["--profile", profile]).code.unwrap()
    };
    assert_eq!(broken("milvus-2.6", json!({"filter": "id == {x}", "exprParams": {"x": null}})), 0);
    assert_eq!(broken("milvus-2.6", json!({"filter": "id == 1"})), 1);
}

fn facts(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/facts").join(file)
}

/// Judges a file down to what was merely observed; answers what was found.
fn findings(contract: &Arc<Contract>, path: &Path, profile: Option<Profile>) -> Vec<String> {
    let mut report = Report::new(Arc::clone(contract), profile, Level::Observed, false);
    let name = path.file_name().unwrap().to_string_lossy();
    let input = BufReader::new(File::open(path).unwrap());
    each(input, |call| report.add(&name, &call)).unwrap_or_else(|refused: Refused| panic!("{name}: {refused}"));
    let mut found = Vec::new();
    let left_out = |why: LeftOut| report.left_out.get(&why).copied().unwrap_or_default();
    let mut judged = 0;
    for (profile, of_profile) in &report.profiles {
        judged += of_profile.judged;
        for case in of_profile.cases() {
            for (requirement, tally) in case.requirements.iter().filter(|(_, tally)| tally.failed > 0) {
                let first = case.findings.iter().find(|finding| finding.requirement == *requirement).unwrap();
                found.push(format!("{profile} {requirement}, {} times, as in\n{first}", tally.failed));
            }
        }
        let unnamed: u64 = of_profile.unnamed.values().map(|(calls, _)| calls).sum();
        let unknown: u64 = of_profile.unknown.values().sum();
        println!(
            "{name:<28} {profile:<12} {:>6} judged {unknown:>5} no operation {unnamed:>4} failures without a name",
            of_profile.judged
        );
    }
    let all = left_out(LeftOut::NoAnswer) + left_out(LeftOut::NoBody) + left_out(LeftOut::NoPath);
    println!(
        "{name:<28} {} calls, {judged} judged, {all} not shown, {} not trusted",
        report.calls,
        left_out(LeftOut::NotTrusted)
    );
    assert!(judged > 0, "{name}: nothing was judged");
    found
}

fn recorded(begins: &str) -> Option<Vec<PathBuf>> {
    let folder = facts("recorded");
    if !folder.is_dir() {
        println!("skipped: there are no recordings at {}", folder.display());
        return None;
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with(begins) && name.ends_with(".jsonl")
    });
    files.sort();
    Some(files)
}

fn nothing_found(files: &[PathBuf], profile: Option<Profile>) {
    let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap());
    let found: Vec<String> = files.iter().flat_map(|path| findings(&contract, path, profile)).collect();
    assert!(found.is_empty(), "real servers are accused:\n{}", found.join("\n"));
}

#[test]
fn recorded_sessions_of_real_servers_have_no_finding() {
    if let Some(files) = recorded("session-") {
        nothing_found(&files, None);
    }
}

#[test]
fn recorded_values_of_real_servers_have_no_finding() {
    if let Some(files) = recorded("values-") {
        nothing_found(&files, None);
    }
}

#[test]
fn single_exchanges_with_released_servers_have_no_finding() {
    if let Some(files) = recorded("exchanges") {
        nothing_found(&files, None);
    }
}

#[test]
fn the_transcripts_of_v1_have_no_finding() {
    let transcripts = facts("real/v1-transcripts.jsonl");
    if transcripts.is_file() {
        nothing_found(&[transcripts], Some(Profile::Milvus23));
    } else {
        println!("skipped: there are no transcripts at {}", transcripts.display());
    }
}
