//! `snapshot`, `run --shard` with `merge`, and the config file, as users meet them: the real binary, its files and screens.
//!
//! After a deliberate change of a screen: `INSTA_UPDATE=always cargo test --test snapshot_command`, then read the difference.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

mod support;

use insta::Settings;
use milvus_conformance::results::{self, Results};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use support::{Deed, Ended, Relay, Server, folder, run, tool, tool_in};
use tempfile::TempDir;

/// A password that no server is delivered with, so that it has no business in any file.
const TOKEN: &str = "root:Br0mbeere-7";
const PASSWORD: &str = "Br0mbeere-7";

fn with_input(folder: &TempDir, arguments: &[&str], input: &str) -> Ended {
    let mut command = tool(folder.path());
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn screen(name: &str, text: &str) {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("snapshots/snapshot_command");
    settings.add_filter(r"/tmp/\.tmp\w+", "[folder]");
    settings.add_filter(r"\b\d+ (pass|scenarios|cases|of them)\b", "[n] $1");
    settings.bind(|| insta::assert_snapshot!(name, text.trim_end()));
}

/// Every file below a folder, by its path from there.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    fn add(folder: &Path, root: &Path, found: &mut BTreeMap<PathBuf, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(&path, root, found);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(path.strip_prefix(root).unwrap().to_path_buf(), text);
            }
        }
    }
    let mut found = BTreeMap::new();
    add(folder, folder, &mut found);
    found
}

// ---- recording and checking

/// Another server, another port, another run name, other ids, another order, another clock and other costs: nothing of that
/// shows.
#[test]
fn two_recordings_of_one_server_differ_in_nothing() {
    let folder = folder();
    let server = ["--profile", "milvus-2.6", "--token", TOKEN];
    let noisy = |server: &Server, cost: &'static str, time: &'static str| {
        Relay::start(server.address(), move |_, _| {
            Deed::Rewrite(Box::new(move |answer| answer.replace("\"cost\":0", cost).replace("T00:00:00Z", time)))
        })
    };
    let one = Server::start(&server);
    let first = noisy(&one, "\"cost\":3", "T01:02:03Z");
    tool_in(&folder, &["snapshot", "record", "--target", &first.url, "--token", TOKEN, "--into", "one"]).exits(0);
    let recorded = files(&folder.path().join("one"));
    assert!(recorded.len() > 200, "{} snapshots", recorded.len());

    let other = Server::start(&server);
    // What was there before moves every id that the server gives out.
    tool_in(&folder, &["run", "partitions", "entities", "--target", &other.url, "--token", TOKEN, "-q"]).exits(0);
    let relay = noisy(&other, "\"cost\":17", "T12:34:56Z");
    let with = |verb: &str, more: &[&str]| {
        let mut arguments = vec!["snapshot", verb, "--target", &relay.url, "--token", TOKEN, "--jobs", "3"];
        arguments.extend(more);
        tool_in(&folder, &arguments).exits(0)
    };
    with("record", &["--into", "two"]);
    let again = files(&folder.path().join("two"));
    assert_eq!(recorded.keys().collect::<Vec<_>>(), again.keys().collect::<Vec<_>>());
    let differing: Vec<_> =
        recorded.iter().filter(|(path, text)| **text != again[*path]).map(|(path, _)| path).collect();
    assert!(differing.is_empty(), "{differing:?}");
    let same = with("check", &["two"]);
    assert!(same.out.contains("the same"), "{}", same.out);
    assert!(
        recorded.values().any(|text| text.contains("<cost>")) && recorded.values().any(|text| text.contains("<time>"))
    );

    for (path, text) in recorded.iter().chain(&again) {
        let secret = text.contains(PASSWORD) || text.contains("cm9vdDpCcjBtYmVlcmUtN");
        assert!(!secret, "{} holds the password", path.display());
        for url in [&first.url, &relay.url] {
            let address = url.trim_start_matches("http://");
            assert!(!text.contains(address), "{} says where the server was", path.display());
        }
    }
}

#[test]
fn what_is_answered_otherwise_is_shown_kept_aside_and_reviewed() {
    let folder = folder();
    let check = ["snapshot", "check", "kept", "aliases"];
    tool_in(&folder, &["snapshot", "record", "aliases", "--into", "kept"]).exits(0);
    let clean = files(&folder.path().join("kept"));
    tool_in(&folder, &check).exits(0);
    assert_eq!(files(&folder.path().join("kept")), clean, "a check that finds nothing writes something");

    let path = folder.path().join("kept/milvus-2.6/aliases/alter.snap");
    let text = std::fs::read_to_string(&path).unwrap();
    let other = text.replacen("\"code\": 100", "\"code\": 101", 1);
    assert_ne!(text, other);
    std::fs::write(&path, &other).unwrap();

    // A build server finds it, too, and writes nothing.
    let in_ci = run(tool(folder.path()).args(check).env("CI", "true")).exits(1);
    assert!(in_ci.out.contains("+ < 200 {\"code\": 100"), "{}", in_ci.out);
    assert!(!path.with_extension("snap.new").exists());
    let review = ["snapshot", "review", "kept"];
    run(tool(folder.path()).args(review).arg("--accept-all").env("CI", "1")).exits(2);

    let found = tool_in(&folder, &check).exits(1);
    screen("check-differs", &found.out);
    let waiting = path.with_extension("snap.new");
    assert_eq!(std::fs::read_to_string(&waiting).unwrap(), text);

    let skipped = with_input(&folder, &review, "what\ns\n").exits(1);
    screen("review", &skipped.out);
    assert!(waiting.exists());
    with_input(&folder, &review, "").exits(1);
    assert!(with_input(&folder, &review, "r\n").exits(0).out.contains("1 rejected, 0 left"));
    assert_eq!((waiting.exists(), std::fs::read_to_string(&path).unwrap()), (false, other));

    tool_in(&folder, &check).exits(1);
    assert!(with_input(&folder, &review, "a\n").exits(0).out.contains("1 accepted"));
    assert_eq!(files(&folder.path().join("kept")), clean);
    assert!(tool_in(&folder, &review).exits(0).out.contains("nothing to review"));
}

#[test]
fn a_scenario_that_is_new_or_gone_is_a_difference() {
    let folder = folder();
    tool_in(&folder, &["snapshot", "record", "--into", "kept"]).exits(0);
    let kept = folder.path().join("kept/milvus-2.6");
    let alter = kept.join("aliases/alter.snap");
    let text = std::fs::read_to_string(&alter).unwrap();
    std::fs::remove_file(&alter).unwrap();
    std::fs::write(kept.join("aliases/old.snap"), text.replace("aliases/alter", "aliases/old")).unwrap();
    let found = tool_in(&folder, &["snapshot", "check", "kept"]).exits(1);
    assert!(found.out.contains("new aliases/alter") && found.out.contains("gone aliases/old"), "{}", found.out);
    tool_in(&folder, &["snapshot", "review", "kept", "--accept-all"]).exits(0);
    assert_eq!(std::fs::read_to_string(&alter).unwrap(), text);
    let again = tool_in(&folder, &["snapshot", "record", "--into", "kept"]).exits(0);
    assert!(again.out.contains("0 new, 0 changed") && again.out.contains("1 removed"), "{}", again.out);
    tool_in(&folder, &["snapshot", "check", "kept"]).exits(0);
}

#[test]
fn rules_of_the_config_file_hold_and_useless_ones_are_told() {
    let folder = folder();
    let rules = "[[snapshot.rules]]\nreason = 'numbers of shards differ'\noperations = ['collections/describe']\n\
        path = '$.data.shardsNum'\nreplace = '<shards>'\n\
        [[snapshot.rules]]\nreason = 'useless'\npath = '$.data.nothing.at.all'\nsort = true\n";
    std::fs::write(folder.path().join("milvus-conformance.toml"), rules).unwrap();
    let told = tool_in(&folder, &["snapshot", "record", "--into", "kept"]).exits(0);
    assert!(told.out.contains("met nothing: useless") && !told.out.contains("shards differ"), "{}", told.out);
    let texts = files(&folder.path().join("kept"));
    assert!(texts.values().any(|text| text.contains("\"shardsNum\": <shards>")));
    tool_in(&folder, &["snapshot", "check", "kept"]).exits(0);
    // Without the rule, the number shows.
    std::fs::remove_file(folder.path().join("milvus-conformance.toml")).unwrap();
    tool_in(&folder, &["snapshot", "check", "kept"]).exits(1);
}

// ---- the regression report

#[test]
fn what_a_new_version_answers_otherwise_is_told_with_its_meaning() {
    let folder = folder();
    for profile in ["milvus-2.5", "milvus-2.6"] {
        let arguments = ["snapshot", "record", "databases", "limits", "--profile", profile, "--into", profile];
        tool_in(&folder, &arguments).exits(0);
    }
    let diff = |more: &[&str], code| {
        let mut arguments = vec!["snapshot", "diff"];
        arguments.extend(more);
        tool_in(&folder, &arguments).exits(code)
    };
    screen("diff", &diff(&["milvus-2.5", "milvus-2.6"], 1).out);
    screen("diff-verbose", &diff(&["milvus-2.5", "milvus-2.6", "-v"], 1).out);
    let markdown = diff(&["milvus-2.5", "milvus-2.6", "--markdown"], 1).out;
    screen("diff-markdown", &markdown);
    diff(&["milvus-2.5", "milvus-2.6", "-o", "out/report.md"], 1);
    assert_eq!(std::fs::read_to_string(folder.path().join("out/report.md")).unwrap(), markdown);
    let json: Value = serde_json::from_str(&diff(&["milvus-2.5", "milvus-2.6", "--json"], 1).out).unwrap();
    let found = &json["comparisons"][0];
    assert_eq!((&found["from"]["profile"], &found["to"]["profile"]), (&"milvus-2.5".into(), &"milvus-2.6".into()));
    let changes = found["changes"].as_array().unwrap();
    let marked = |mark: &str| changes.iter().filter(|change| !change[mark].is_null()).count();
    let of_scenarios = found["scenarios"].as_array().unwrap().iter().filter(|it| !it["announced"].is_null()).count();
    assert_eq!(found["summary"]["announced"], marked("announced") + of_scenarios);
    assert!(marked("announced") > 0 && marked("breaking") > 0);

    let same = diff(&["milvus-2.5", "milvus-2.5"], 0).out;
    assert!(same.contains("0 changes"), "{same}");
    diff(&["milvus-2.5", "nowhere"], 2);
    diff(&["milvus-2.5", "milvus-2.6", "-o", "report.pdf"], 2);
}

#[test]
fn two_runs_are_compared_like_two_sets() {
    let folder = folder();
    let server = Server::start(&["--profile", "milvus-2.6", "--token", TOKEN]);
    let relay = Relay::start(server.address(), |_, _| {
        Deed::Rewrite(Box::new(|answer| {
            answer.replace("\"has\":true", "\"has\":\"true\"").replace("\"data\":{}", "\"data\":{\"more\":1}")
        }))
    });
    for (url, file, code) in [(&server.url, "old.json", 0), (&relay.url, "new.json", 1)] {
        let target = ["--target", url, "--token", TOKEN];
        tool_in(&folder, &[&["run", "partitions", "--results", file, "-q"], &target[..]].concat()).exits(code);
    }
    let told = tool_in(&folder, &["snapshot", "diff", "old.json", "new.json"]).exits(1).out;
    assert!(told.contains("+ finding /data/has") && told.contains("breaking: a document demands"), "{told}");
    assert!(told.contains("+ undocumented /data/more") && told.contains("pass → "), "{told}");
    let back = tool_in(&folder, &["snapshot", "diff", "new.json", "old.json"]).exits(1).out;
    assert!(back.contains("- finding /data/has") && back.contains("0 breaking"), "{back}");
    let same = tool_in(&folder, &["snapshot", "diff", "new.json", "new.json"]).exits(0).out;
    assert!(same.contains("0 changes"), "{same}");
    tool_in(&folder, &["snapshot", "record", "aliases", "--into", "kept"]).exits(0);
    let mixed = tool_in(&folder, &["snapshot", "diff", "kept", "new.json"]).exits(2);
    assert!(mixed.err.contains("but not one with"), "{}", mixed.err);
}

// ---- shares

fn read(folder: &TempDir, file: &str) -> Results {
    results::read(&std::fs::read_to_string(folder.path().join(file)).unwrap()).unwrap()
}

#[test]
fn shares_make_up_the_whole() {
    let folder = folder();
    let run = |more: &[&str], code| {
        let mut arguments = vec!["run", "aliases", "partitions", "-q"];
        arguments.extend(more);
        tool_in(&folder, &arguments).exits(code)
    };
    run(&["--results", "whole.json"], 0);
    let names = ["1.json", "2.json", "3.json"];
    for (index, name) in names.iter().enumerate() {
        run(&["--results", name, "--shard", &format!("{}/3", index + 1)], 0);
    }
    let merged = tool_in(&folder, &["merge", "1.json", "2.json", "3.json", "-o", "all/merged.json"]).exits(0);
    assert!(!merged.out.contains("not the whole"), "{}", merged.out);
    let (whole, all) = (read(&folder, "whole.json"), read(&folder, "all/merged.json"));
    let ids = |results: &Results| -> BTreeSet<(String, String)> {
        results.cases.iter().map(|case| (case.id.clone(), case.verdict.to_string())).collect()
    };
    assert_eq!(ids(&whole), ids(&all));
    assert_eq!(whole.outcome.summary, all.outcome.summary);
    let said = |results: &Results| -> Vec<(String, String, u64)> {
        let all = results.outcome.requirements.iter();
        all.map(|said| (said.id.clone(), said.verdict.to_string(), said.failed)).collect()
    };
    assert_eq!(said(&whole), said(&all));

    let part = tool_in(&folder, &["merge", "1.json", "3.json", "-o", "part.json"]).exits(1);
    assert!(part.out.contains("a share is missing"), "{}", part.out);
    let twice = tool_in(&folder, &["merge", "1.json", "1.json", "-o", "part.json"]).exits(2);
    assert!(twice.err.contains("is in 1.json and in 1.json"), "{}", twice.err);
    let empty = tool_in(&folder, &["run", "aliases/alter", "--shard", "1/97"]).exits(4);
    assert!(empty.err.contains("falls into share 1/97"), "{}", empty.err);
}

// ---- the config file

fn config(folder: &TempDir, text: &str) {
    std::fs::write(folder.path().join("milvus-conformance.toml"), text).unwrap();
}

#[test]
fn a_config_file_is_written_once_and_does_nothing_by_itself() {
    let folder = folder();
    screen("init", &tool_in(&folder, &["init"]).exits(0).out);
    let again = tool_in(&folder, &["init"]).exits(2);
    assert!(again.err.contains("stays as it is"), "{}", again.err);
    tool_in(&folder, &["run", "aliases/alter", "-q"]).exits(0);
    tool_in(&folder, &["init", "none/a.toml"]).exits(2);
}

#[test]
fn the_command_line_comes_before_the_environment_and_that_before_the_file() {
    let folder = folder();
    let server = Server::start(&["--profile", "milvus-2.5", "--token", TOKEN]);
    let url = &server.url;
    config(
        &folder,
        &format!(
            "target = 'mine'\nprofile = 'milvus-2.4'\ngate = 'observed'\njobs = 3\nfilter = 'group(aliases)'\n\
             [targets.mine]\nurl = '{url}'\ntoken-env = 'MINE'\nprofile = 'milvus-2.5'\n[targets.old]\n[targets.bad]\nurl = \
             'http://127.0.0.1:1'\n"
        ),
    );
    let run_with = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = tool(folder.path());
        command.args(["run", "--results", "r.json"]).args(arguments).envs(variables.iter().copied());
        run(&mut command)
    };
    let head = || read(&folder, "r.json").head;
    // The file alone.
    run_with(&[("MINE", TOKEN)], &[]).exits(0);
    let made = read(&folder, "r.json");
    assert_eq!(
        (made.head.target.address.as_str(), made.head.profile.name(), made.head.gate.word()),
        (url.as_str(), "milvus-2.5", "observed")
    );
    let ran: Vec<_> = made.cases.iter().filter(|case| case.verdict.word() != "skipped").collect();
    assert!(!ran.is_empty() && ran.iter().all(|case| case.id.starts_with("aliases/")));
    // From a folder below it.
    let below = folder.path().join("deep/er");
    std::fs::create_dir_all(&below).unwrap();
    run(tool(&below).args(["run", "aliases/alter"]).env("MINE", TOKEN)).exits(0);
    // The environment before the file: its token, and its server.
    run_with(&[("MINE", "root:wr0ng-one"), ("MILVUS_TOKEN", TOKEN)], &["aliases/alter"]).exits(0);
    run_with(&[("MINE", TOKEN), ("MILVUS_URI", "http://127.0.0.1:1")], &["aliases/alter"]).exits(3);
    // A target that is named on the command line brings its token along.
    run_with(&[("MINE", TOKEN), ("MILVUS_TOKEN", "root:wr0ng-one")], &["--target", "mine", "aliases/alter"]).exits(0);
    run_with(&[("MILVUS_URI", url)], &["--target", "bad", "aliases/alter"]).exits(3);
    // The command line before everything.
    run_with(&[("MINE", TOKEN)], &["--target", "old", "--gate", "should", "aliases/alter"]).exits(0);
    assert!(head().target.embedded && head().profile.name() == "milvus-2.4" && head().gate.word() == "should");
    run_with(&[("MINE", TOKEN)], &["--target", "old", "--profile", "milvus-3.0", "aliases/alter"]).exits(0);
    assert_eq!(head().profile.name(), "milvus-3.0");
    let unset = run_with(&[], &["aliases/alter"]).exits(2);
    assert!(unset.err.contains("MINE, which is not set"), "{}", unset.err);
    let unknown = run_with(&[], &["--target", "mien"]).exits(2);
    assert!(unknown.err.contains("has no target `mien`; did you mean `mine`?"), "{}", unknown.err);
}

#[test]
fn mistakes_in_the_config_file_are_shown_where_they_are() {
    let folder = folder();
    let mut told = String::new();
    for text in [
        "profle = 'milvus-2.6'",
        "profile = 'milvus-2.7'",
        "jobs = 'many'",
        "target = 'locl'\n[targets.local]\nurl = 'http://localhost:19530'",
        "[targets.local]\ntoken = 'root:Milvus'\ntoken-env = 'TOKEN'",
        "[targets.local]\nurl = 'http://localhost:19530",
        "filter = 'grop(aliases)'",
        "[[snapshot.rules]]\npath = '$.data['\nsort = true\nreason = 'r'",
        "[[snapshot.rules]]\npattern = '('\nreplace = ''\nreason = 'r'",
        "[[snapshot.rules]]\npath = '$.data'\nsort = true",
    ] {
        config(&folder, text);
        let ended = tool_in(&folder, &["run", "aliases/alter"]).exits(2);
        assert_eq!(ended.out, "");
        told.push_str(&ended.err);
        told.push('\n');
    }
    screen("config-mistakes", &told);
    // Commands that reach no server do not mind.
    tool_in(&folder, &["list", "profiles"]).exits(0);
}
