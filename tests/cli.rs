//! The command line as its users meet it: the real binary, its screens, its exit codes and its files.
//!
//! After a deliberate change of a screen: `INSTA_UPDATE=always cargo test --test cli`, then read the difference.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

mod support;

use insta::Settings;
use milvus_conformance::results::{self, Results};
use milvus_conformance::verdict::Verdict;
use serde_json::Value;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use support::{Ended, Relay, Server, folder, run, tool, tool_in};
use tempfile::TempDir;

/// A password that no server is delivered with, so that it has no business on any screen.
const TOKEN: &str = "root:Br0mbeere-7";
const PASSWORD: &str = "Br0mbeere-7";

fn said(arguments: &[&str]) -> Ended {
    tool_in(&folder(), arguments)
}

/// Snapshots with what varies from run to run taken out.
fn screen(name: &str, text: &str) {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("snapshots/cli");
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[port]");
    settings.add_filter(r"mc_[a-z]{7}", "mc_[run]");
    settings.add_filter(r"\b\d{15,19}\b", "[id]");
    settings.add_filter(r" *\b\d+(\.\d)? ms\b", " [time]");
    // The contract grows, and with it these numbers; no screen is another for that.
    settings.add_filter(r"\b\d+ (pass|skipped|fail|calls?|cases|operations|scenarios|of them)\b", "[n] $1");
    settings.add_filter(r"(must|should|observed) +\d+  ", "$1 [n]  ");
    settings.add_filter(r" \(\d+\)", " ([n])");
    settings.add_filter(r"step \d+, ", "step [n], ");
    settings.add_filter(r"in \d+\.\d s\b", "in [time]");
    settings.add_filter(r"within [\d.]+m?s", "within [time]");
    settings.add_filter(r"milvus-conformance \d+\.\d+\.\d+", "milvus-conformance [version]");
    settings.add_filter(r"/tmp/\.tmp\w+", "[folder]");
    settings.bind(|| insta::assert_snapshot!(name, text.trim_end()));
}

fn read_results(path: &Path) -> Results {
    results::read(&std::fs::read_to_string(path).unwrap()).unwrap()
}

// ---- help and arguments

#[test]
fn every_command_has_help_that_fits_80_columns() {
    screen("help", &said(&["--help"]).exits(0).out);
    for command in [
        "run",
        "list",
        "explain",
        "lint",
        "report",
        "compare",
        "coverage",
        "export",
        "diff",
        "judge",
        "replay",
        "known",
        "selftest",
        "snapshot",
        "snapshot record",
        "snapshot check",
        "snapshot review",
        "snapshot diff",
        "merge",
        "init",
        "serve",
        "sweep",
        "completions",
        "man",
    ] {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = said(&words).exits(0).out;
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "`{command} --help` is wider than 80: {line}");
        }
        screen(&format!("help-{}", command.replace(' ', "-")), &help);
    }
    assert_eq!(said(&["help", "run"]).exits(0).out, said(&["run", "--help"]).out);
    let none = said(&[]).exits(2);
    assert!(none.out.is_empty() && none.err.contains("Usage:"));
}

#[test]
fn sentences_are_broken_where_the_screen_ends() {
    let own = folder();
    let at = |columns: &str, arguments: &[&str]| run(tool(own.path()).args(arguments).env("COLUMNS", columns));
    let operation = ["explain", "partitions/drop"];
    for arguments in
        [&operation as &[&str], &["explain", "success-code"], &["list", "requirements"], &["list", "errors"]]
    {
        for width in [60, 80, 100] {
            let told = at(&width.to_string(), arguments).exits(0).out;
            // Examples are to be copied, and what has no blank cannot be broken.
            let long = |line: &&str| line.chars().count() > width && !line.contains("{\"") && line.trim().contains(' ');
            assert_eq!(told.lines().find(long), None, "{arguments:?} at {width}");
        }
    }
    let lines = |columns: &str| at(columns, &operation).exits(0).out.lines().count();
    assert!(lines("60") > lines("80") && lines("80") > lines("200"));
    // A filter keeps its form, with the mark below its mistake.
    let filter = format!("{} & grop(b)", ["tag(a)"; 12].join(" & "));
    let ended = at("60", &["run", "--filter", &filter]).exits(2);
    let mark = ended.err.lines().position(|line| line.trim() == "^").unwrap();
    let line = ended.err.lines().nth(mark - 1).unwrap();
    assert!(
        line.ends_with(&filter) && line.find("grop") == ended.err.lines().nth(mark).unwrap().find('^'),
        "{}",
        ended.err
    );
    // Without a terminal and without a word from the environment, 80 columns.
    let unknown = run(tool(own.path()).args(operation).env_remove("COLUMNS")).exits(0);
    assert_eq!(unknown.out, at("80", &operation).exits(0).out);
}

#[test]
fn what_makes_many_objects_is_run_only_when_asked_for() {
    let without = said(&["run", "heavy/partitions"]).exits(4);
    assert!(without.err.ends_with("with --heavy\n"), "{}", without.err);
    let with = said(&["run", "heavy/partitions", "--heavy"]).exits(0);
    assert!(with.out.contains("partitions.most: 1024"), "{}", with.out);
}

#[test]
fn the_version_is_that_of_the_package() {
    for flag in ["--version", "-V"] {
        assert_eq!(said(&[flag]).exits(0).out.trim(), concat!("milvus-conformance ", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn a_mistake_on_the_command_line_is_told_with_what_was_probably_meant() {
    let mut told = String::new();
    for arguments in [
        &["lis"] as &[&str],
        &["run", "--profle", "milvus-2.6"],
        &["run", "--profile", "milvus-2.7"],
        &["run", "--gate", "musst"],
        &["run", "--report", "hmtl=x.html"],
        &["run", "--report", "pdf=x.pdf"],
        &["report", "tapp"],
        &["run", "--report", "junit"],
        &["run", "--jobs", "0"],
        &["run", "--timeout", "30"],
        &["run", "--timeout", "0s"],
        &["run", "-q", "-v"],
        &["run", "--shard", "6/5"],
        &["run", "--config", "none.toml"],
        &["snapshot", "check", "nowhere"],
        &["merge", "none.json", "-o", "all.json"],
        &["run", "--fail-fast", "--max-failures", "2"],
        &["run", "--filter", "grop(aliases)"],
        &["run", "--filter", "id(aliases/*"],
        &["run", "--target", "localhost:19530"],
        &["run", "--target", "http://root:hunter22@localhost:19530"],
        &["run", "--target", "http://localhost:19530/v2/vectordb"],
        &["run", "--target", "https://localhost:19530", "--ca-cert", "none.pem"],
        &["run", "--proxy", "proxy:3128", "--target", "http://localhost:19530"],
        &["run", "partions"],
        &["run", "partitions/drop-loadd"],
        &["run", "scripts/none.yaml"],
        &["list", "requirments"],
        &["explain", "partition.drop.need-release"],
        &["explain", "partitions/dorp"],
        &["lint", "nowhere.yaml"],
        &["lint", "--specs", "nowhere"],
        &["serve", "--token", "root"],
        &["serve", "--listen", "19530"],
        &["sweep"],
        &["completions", "bsh"],
    ] {
        let ended = said(arguments).exits(2);
        assert_eq!(ended.out, "", "{arguments:?} writes a mistake to standard output");
        assert!(!ended.err.contains("hunter22") && !ended.err.contains('\u{1b}'));
        told.push_str(&format!("$ {}\n{}\n\n", arguments.join(" "), ended.err.trim_end()));
    }
    screen("mistakes", &told);
}

#[test]
fn a_script_with_mistakes_is_shown_before_anything_is_sent() {
    let relay = Relay::answering("{}");
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_scripts");
    let own = folder();
    std::fs::copy(scripts.join("unknown-error.yaml"), own.path().join("mine.yaml")).unwrap();
    let ended = tool_in(&own, &["run", "mine.yaml", "--target", &relay.url]).exits(2);
    assert_eq!(relay.connections(), 0);
    screen("run-bad-script", &ended.err);
    screen("lint-bad-script", &tool_in(&own, &["lint", "mine.yaml"]).exits(2).out);
    let json: Value = serde_json::from_str(&tool_in(&own, &["lint", "mine.yaml", "--json"]).exits(2).out).unwrap();
    assert_eq!(json["problems"][0]["line"], 8);
    assert_eq!(json["problems"][0]["file"], "mine.yaml");
}

#[test]
fn nothing_selected_has_an_exit_code_of_its_own() {
    let mut told = String::new();
    let empty = folder();
    for arguments in [
        &["run", "--filter", "tag(none-has-this)"] as &[&str],
        &["run", "partitions/drop-loaded", "--filter", "group(aliases)"],
        &["run", "."],
        &["run", "transport/bare-credentials", "--profile", "zilliz-cloud"],
        &["list", "--filter", "tag(none-has-this)"],
    ] {
        let ended = tool_in(&empty, arguments).exits(4);
        told.push_str(&format!("$ {}\n{}\n\n", arguments.join(" "), ended.err.trim_end()));
    }
    assert!(!empty.path().join("target/milvus-conformance/ledger").exists());
    screen("nothing-ran", &told);
}

// ---- reaching a server

#[test]
fn a_target_that_cannot_be_used_is_told_apart_from_findings() {
    let server = Server::start(&["--token", TOKEN]);
    let https = server.url.replace("http://", "https://");
    let no_milvus = Relay::answering("<html>It works!</html>");
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let mut told = String::new();
    for (what, url, more) in [
        ("nobody listens", &nobody, &[] as &[&str]),
        ("no token", &server.url, &[]),
        ("an empty token", &server.url, &["--token", ""]),
        ("a wrong token", &server.url, &["--token", "root:Himbeere-8"]),
        ("https to a plain port", &https, &["--token", TOKEN]),
        ("not Milvus", &no_milvus.url, &[]),
    ] {
        let own = folder();
        let ended = tool_in(&own, &[&["run", "--timeout", "2s", "--target", url.as_str()], more].concat()).exits(3);
        assert!(!ended.err.contains(PASSWORD) && !ended.err.contains("Himbeere"), "{}", ended.err);
        assert_eq!(ended.out, "");
        let left: Vec<_> = walk(own.path());
        assert!(left.is_empty(), "{what}: files were left behind: {left:?}");
        told.push_str(&format!("# {what}\n{}\n\n", ended.err.trim_end()));
    }
    screen("targets-that-cannot-be-used", &told);
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn target_and_token_may_come_from_the_environment() {
    let server = Server::start(&["--token", TOKEN]);
    let own = folder();
    let by_environment = |token: &str| {
        run(tool(own.path())
            .args(["run", "transport/bare-credentials"])
            .env("MILVUS_URI", &server.url)
            .env("MILVUS_TOKEN", token))
    };
    let ended = by_environment(TOKEN).exits(0);
    assert!(ended.out.contains(&server.url) && !ended.out.contains(PASSWORD));
    by_environment("root:Himbeere-8").exits(3);
    let help = run(tool(own.path()).args(["run", "--help"]).env("MILVUS_TOKEN", TOKEN)).exits(0);
    assert!(!help.out.contains(PASSWORD));
    assert!(server.names().len() <= 1, "{:?}", server.names());
}

#[test]
fn what_cannot_be_written_is_told_before_anything_is_sent() {
    let relay = Relay::answering("{}");
    let own = folder();
    std::fs::write(own.path().join("file"), "").unwrap();
    let mut told = String::new();
    for arguments in
        [&["--results", "file/results.json"] as &[&str], &["--results", "."], &["--report", "junit=file/x"]]
    {
        let ended = tool_in(&own, &[&["run", "--target", &relay.url], arguments].concat()).exits(2);
        told.push_str(&format!("$ run {}\n{}\n\n", arguments.join(" "), ended.err.trim_end()));
    }
    assert_eq!(relay.connections(), 0, "something was sent");
    let server = Server::start(&[]);
    let watched = Relay::start(server.address(), |_, _| support::Deed::Pass);
    let ended = tool_in(&own, &["run", "--target", &watched.url, "--ledger", "file/ledger"]).exits(2);
    told.push_str(&format!("$ run --ledger file/ledger\n{}\n", ended.err.trim_end()));
    assert_eq!(watched.count("/create"), 0, "something was made without a ledger");
    screen("unwritable", &told);
}

#[test]
fn a_run_that_does_not_come_about_leaves_no_empty_files() {
    let own = folder();
    let nothing = ["run", "--filter", "tag(none)", "--results", "r.json", "--report", "junit=j.xml"];
    tool_in(&own, &nothing).exits(4);
    tool_in(&own, &["run", "--target", "http://127.0.0.1:1", "--results", "r.json", "--report", "junit=j.xml"])
        .exits(3);
    let left: Vec<_> = ["r.json", "j.xml"].into_iter().filter(|name| own.path().join(name).exists()).collect();
    assert!(left.is_empty(), "{left:?}");
}

// ---- a run and its files

#[test]
fn a_run_without_findings_lists_every_seed_with_its_requirements() {
    let own = folder();
    let ended = tool_in(&own, &["run", "partitions", "aliases"]).exits(0);
    assert_eq!(ended.err, "", "a run says nothing on standard error when nobody watches");
    let lists = |seed: &str, requirement: &str| ended.out.contains(seed) && ended.out.contains(requirement);
    assert!(lists("002_0342455617010e64.txt", "partition.drop.needs-release"));
    assert!(lists("004_e8646ba4aae7311c.txt", "alias.drop.name-is-enough"));
    screen("run-passes", &ended.out);
    screen("run-quiet", &tool_in(&own, &["run", "partitions/drop-loaded", "-q"]).exits(0).out);
    screen("run-verbose", &tool_in(&own, &["run", "partitions/drop-loaded", "-v"]).exits(0).out);
    let every = tool_in(&own, &["run", "partitions/drop-loaded", "-vv", "-j1"]).exits(0).out;
    assert!(every.contains("> POST /v2/vectordb/partitions/drop {") && every.contains("< 200 {"));
    screen("run-every-exchange", &every);
}

#[test]
fn output_for_a_file_or_a_pipe_has_no_escape_codes() {
    let own = folder();
    for (arguments, code) in [
        (&["run", "partitions"] as &[&str], 0),
        (&["run", "--profile", "milvus-2.4", "-vv", "partitions/drop-loaded"], 0),
        (&["list"], 0),
        (&["explain", "partitions/drop"], 0),
        (&["run", "--target", "http://127.0.0.1:1"], 3),
        (&["lint"], 0),
    ] {
        for name in [None, Some("NO_COLOR")] {
            let mut command = tool(own.path());
            command.args(arguments);
            if let Some(name) = name {
                command.env(name, "1");
            }
            let ended = run(&mut command).exits(code);
            assert!(!ended.out.contains('\u{1b}') && !ended.err.contains('\u{1b}'), "{arguments:?}");
        }
    }
    let coloured = run(tool(own.path()).args(["run", "partitions/drop-loaded"]).env("CLICOLOR_FORCE", "1")).exits(0);
    assert!(coloured.out.contains('\u{1b}'), "colours can be asked for");
}

/// A server of one version judged as another: findings at every level that the tests want.
fn against_another_version(own: &TempDir, server: &Server, more: &[&str]) -> Ended {
    let arguments = ["run", "--target", &server.url, "--profile", "milvus-3.0", "--token", TOKEN];
    tool_in(own, &[&arguments, more].concat())
}

#[test]
fn findings_are_readable_and_lead_to_exit_code_1() {
    let server = Server::start(&["--token", TOKEN, "--profile", "milvus-2.4"]);
    let own = folder();
    let observed =
        against_another_version(&own, &server, &["--gate", "observed", "indexes/drop-loaded", "-q"]).exits(1);
    screen("run-fails", &observed.out);
    // On a narrow screen sentences take several lines.
    let arguments = ["run", "--target", &server.url, "--profile", "milvus-3.0", "--token", TOKEN, "--gate", "observed"];
    let wide = run(tool(own.path()).args(arguments).args(["indexes/drop-loaded", "-q"]).env("COLUMNS", "500")).exits(1);
    let case = wide.out.split("\n\n").next().unwrap();
    assert!(case.lines().count() <= 10, "a failure is longer than ten lines:\n{case}");
    let must = against_another_version(&own, &server, &["indexes/drop-loaded"]).exits(0);
    screen("run-below-the-gate", &must.out);
    let own_script =
        "title: The answer names a port\nsteps:\n  - call: collections/list\n    returns: {$: {has: {port: 19530}}}\n";
    std::fs::write(own.path().join("mine.yaml"), own_script).unwrap();
    screen("run-own-script-fails", &tool_in(&own, &["run", "mine.yaml", "-q"]).exits(1).out);
    assert!(server.names().iter().all(|name| !name.starts_with("mc_")), "{:?}", server.names());
}

#[test]
fn a_run_can_be_told_when_to_stop() {
    let server = Server::start(&["--token", TOKEN, "--profile", "milvus-2.4"]);
    let own = folder();
    let results = own.path().join("results.json");
    let course = |more: &[&str]| {
        // A version that never does what another does is not waited for a minute each time.
        let quick = ["collections", "indexes", "--patience", "300ms", "--gate", "observed", "-j1", "-q"];
        let more = [&quick[..], &["--results", results.to_str().unwrap()], more].concat();
        against_another_version(&own, &server, &more).exits(1);
        read_results(&results)
    };
    let all = course(&[]).outcome.summary;
    assert!(all.fail >= 3, "the test wants more failures than {all:?}");
    let first = course(&["--fail-fast"]);
    assert_eq!(first.outcome.summary.fail, 1);
    assert!(all.skipped > 0 && !first.outcome.complete);
    assert!(first.outcome.summary.skipped > all.skipped && first.cases.len() as u64 == all.total());
    let two = course(&["--max-failures", "2"]);
    assert_eq!(two.outcome.summary.fail, 2);
    let why = two.cases.iter().filter_map(|case| case.reason.as_deref()).find(|why| why.contains("had failed"));
    assert_eq!(why, Some("2 cases had failed"));
    // Cases that did not begin have not passed.
    let ended = tool_in(&own, &["run", "--deadline", "1ms", "-j1"]).exits(1);
    assert!(ended.out.contains("ENDED EARLY"), "{}", ended.out);
}

#[test]
fn strict_turns_undocumented_properties_into_findings() {
    let server = Server::start(&["--profile", "milvus-2.6"]);
    let relay = Relay::start(server.address(), |path, _| {
        if path.ends_with("/partitions/has") {
            support::Deed::Answer("{\"code\":0,\"data\":{\"has\":true,\"since\":1}}".to_owned())
        } else {
            support::Deed::Pass
        }
    });
    let own = folder();
    std::fs::write(
        own.path().join("mine.yaml"),
        "title: A partition is there\ngiven: {books: quick-released}\nsteps:\n  - call: partitions/has\n    \
         with: {collectionName: \"${books}\", partitionName: _default}\n    returns: {has: true}\n",
    )
    .unwrap();
    let arguments = ["run", "mine.yaml", "--profile", "milvus-2.6", "--target", &relay.url];
    screen("run-undocumented", &tool_in(&own, &arguments).exits(0).out);
    let strict = tool_in(&own, &[&arguments[..], &["--strict", "-q"]].concat()).exits(1);
    screen("run-undocumented-strict", &strict.out);
}

#[test]
fn no_secret_is_ever_shown_or_stored() {
    let server = Server::start(&["--token", TOKEN, "--profile", "milvus-2.4"]);
    let own = folder();
    let report = own.path().join("junit.xml");
    let more = ["--gate", "observed", "-vv", "--report", &format!("junit={}", report.display())];
    let ended = against_another_version(&own, &server, &more).exits(1);
    assert!(ended.out.len() > 100_000, "the run was to say much");
    // The token in Basic authentication is base64 of the whole.
    for secret in [PASSWORD, "cm9vdDpCcjBtYmVlcmUtN"] {
        assert!(!ended.out.contains(secret), "{secret} on standard output");
        assert!(!ended.err.contains(secret), "{secret} on standard error");
        let files = walk(own.path());
        assert!(files.len() >= 2, "{files:?}");
        for file in files {
            assert!(!std::fs::read_to_string(&file).unwrap().contains(secret), "{secret} in {}", file.display());
        }
    }
    assert!(ended.out.contains("$MILVUS_TOKEN"), "the curl lines have a stand-in");
}

#[test]
fn the_results_fit_their_schema_and_the_report_says_the_same() {
    let server = Server::start(&["--token", TOKEN, "--profile", "milvus-2.4"]);
    let own = folder();
    let (results, report) = (own.path().join("results.json"), own.path().join("deep/junit.xml"));
    let more = ["--gate", "observed", "-q", "--results", results.to_str().unwrap()];
    let junit = format!("junit={}", report.display());
    against_another_version(&own, &server, &[&more[..], &["--report", &junit]].concat()).exits(1);
    let value: Value = serde_json::from_str(&std::fs::read_to_string(&results).unwrap()).unwrap();
    let schema =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/schemas/results.schema.json"));
    let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let schema = jsonschema::options().offline().build(&schema).unwrap();
    let wrong: Vec<String> =
        schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");

    let results = read_results(&results);
    assert!(results.outcome.complete && results.outcome.calls > 500);
    let xml = quick_junit::Report::deserialize_from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
    let counts = results.outcome.summary;
    assert_eq!(xml.tests as u64, counts.total());
    assert_eq!(xml.failures as u64, counts.fail);
    assert_eq!(xml.errors as u64, counts.error);
    let cases = || xml.test_suites.iter().flat_map(|suite| &suite.test_cases);
    let skipped = cases().filter(|case| matches!(case.status, quick_junit::TestCaseStatus::Skipped { .. })).count();
    assert_eq!(skipped as u64, counts.skipped + counts.unsupported);
    assert_eq!(cases().count() as u64, counts.total());
    for case in results.cases.iter().filter(|case| case.verdict == Verdict::Fail) {
        for finding in &case.findings {
            assert!(finding.curl.starts_with("curl ") && !finding.sources.is_empty(), "{finding:?}");
        }
    }
}

// ---- what there is

#[test]
fn everything_can_be_listed_as_text_and_as_json() {
    let head = |text: &str| text.lines().take(6).collect::<Vec<_>>().join("\n");
    let mut shown = String::new();
    for (kind, least) in [
        ("scenarios", 100),
        ("requirements", 200),
        ("operations", 30),
        ("errors", 40),
        ("readings", 10),
        ("profiles", 5),
    ] {
        let text = said(&["list", kind]).exits(0).out;
        shown.push_str(&format!("$ list {kind}\n{}\n\n", head(&text)));
        let json: Vec<Value> = serde_json::from_str(&said(&["list", kind, "--json"]).exits(0).out).unwrap();
        assert!(json.len() >= least, "{kind}: {}", json.len());
        assert_eq!(text.lines().filter(|line| !line.starts_with(' ')).count(), json.len(), "a row has one heading");
        for row in &json {
            assert!(row["id"].as_str().is_some_and(|id| text.contains(id)), "{row}");
        }
    }
    let some: Vec<Value> =
        serde_json::from_str(&said(&["list", "--filter", "op(partitions/drop)", "--json"]).exits(0).out).unwrap();
    assert!(!some.is_empty());
    for row in some {
        assert!(row["operations"].as_array().unwrap().iter().any(|name| name == "partitions/drop"), "{row}");
    }
    screen("list", &shown);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let own = folder();
    std::fs::write(own.path().join("mine.yaml"), "title: No\nsteps:\n  - call: collections/list\n    fails: any\n")
        .unwrap();
    for (arguments, code) in [
        (&["list", "requirements"] as &[&str], 0),
        (&["explain", "partitions/drop"], 0),
        (&["man"], 0),
        (&["run", "-vv"], 0),
        (&["run", "-vv", "mine.yaml"], 1),
    ] {
        let mut child = tool(own.path()).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), err.as_str()), (Some(code), ""), "{arguments:?}");
    }
}

#[test]
fn every_kind_of_id_can_be_explained() {
    for (name, id) in [
        ("requirement", "partition.drop.needs-release"),
        ("requirement-not-testable", "transport.timeout.none"),
        ("requirement-automatic", "envelope.json"),
        ("requirement-made", "response.partitions/drop"),
        ("operation", "partitions/drop"),
        ("error", "partition-loaded"),
        ("reading", "load-state.released"),
        ("scenario", "partitions/drop-loaded"),
    ] {
        screen(&format!("explain-{name}"), &said(&["explain", id]).exits(0).out);
    }
}

#[test]
fn lint_of_our_own_contract_finds_nothing() {
    assert!(said(&["lint"]).exits(0).out.starts_with("no mistakes in "));
    let json: Value = serde_json::from_str(&said(&["lint", "--json"]).exits(0).out).unwrap();
    assert_eq!(json["problems"], serde_json::json!([]));
    assert!(json["requirements"].as_u64() > Some(200));
}

#[test]
fn a_contract_in_a_directory_takes_the_place_of_the_one_built_in() {
    let own = folder();
    std::fs::write(own.path().join("errors.yaml"), "partition-loaded:\n  meanin: x\n").unwrap();
    let ended = tool_in(&own, &["lint", "--specs", "."]).exits(2);
    screen("lint-other-contract", &ended.out);
    tool_in(&own, &["run", "--specs", "."]).exits(2);
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    tool_in(&own, &["--specs", specs.to_str().unwrap(), "lint"]).exits(0);
}

#[test]
fn completions_and_the_manual_page_are_made_of_the_same_definitions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = said(&["completions", shell]).exits(0).out;
        for word in ["sweep", "hazardous", "max-failures"] {
            assert!(script.contains(word), "{shell} does not complete `{word}`");
        }
    }
    let page = said(&["man"]).exits(0).out;
    for word in [".TH", "milvus\\-conformance", "hazardous", "MILVUS_URI"] {
        assert!(page.contains(word), "`man` does not say {word}");
    }
}
