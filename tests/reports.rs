//! Every report of one run with findings, read by what its format is for.
//!
//! The run in `tests/reports/results.json` was made against the reference target as Milvus 2.4, judged as 3.0, and
//! shortened; its `own/` cases were added by hand: a server that tries to break out of every format, and a preparation
//! that broke. After a deliberate change: `INSTA_UPDATE=always cargo test --test reports`, then read the difference.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

mod support;

use milvus_conformance::report::{Comparison, Format, Named};
use milvus_conformance::results::{self, Results};
use milvus_conformance::verdict::Verdict;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{Server, run, tool};

const FORMATS: [(&str, Format); 9] = [
    ("junit", Format::Junit),
    ("json", Format::Json),
    ("markdown", Format::Markdown),
    ("html", Format::Html),
    ("sarif", Format::Sarif),
    ("annotations", Format::Annotations),
    ("tap", Format::Tap),
    ("badge", Format::Badge),
    ("badge-json", Format::BadgeJson),
];

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/results.json")
}

fn results() -> Results {
    results::read(&std::fs::read_to_string(example()).unwrap()).unwrap()
}

fn of(format: Format) -> String {
    format.of(&results()).unwrap()
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("snapshots/reports");
    // Style and script stand in the repository as files of their own; so does the version.
    settings.add_filter(r"(?s)<style>.*?</style>", "<style>[style]</style>");
    settings.add_filter(r#"(?s)<script>"use strict".*?</script>"#, "<script>[script]</script>");
    settings.add_filter(r"sha256-[\w+/=]+", "sha256-[hash]");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Says what is not tried, past the capture of the test runner.
fn skipped(why: &str) {
    // Whoever closed the stream does not want to know.
    let _ = writeln!(std::io::stderr(), "skipped: a consumer of a report, since {why}");
}

/// The answer of a program that reads the text; nothing, said aloud, when there is no such program.
fn consumed(program: &str, arguments: &[&str], text: &str) -> Option<(bool, String)> {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        skipped(&format!("there is no `{program}`"));
        return None;
    };
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    Some((ended.status.success(), said))
}

#[test]
fn every_report_says_what_it_said() {
    for (name, format) in FORMATS {
        snapshot(name, &of(format));
    }
}

#[test]
fn the_json_report_fits_the_schema_of_results_and_is_read_as_results() {
    let text = of(Format::Json);
    let value: Value = serde_json::from_str(&text).unwrap();
    let schema =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/schemas/results.schema.json"));
    let schema = serde_json::from_str(&schema.unwrap()).unwrap();
    jsonschema::options().offline().build(&schema).unwrap().validate(&value).unwrap();
    let again = results::read(&text).unwrap();
    assert_eq!(Format::Json.of(&again).unwrap(), text, "a report of the report is the report");
}

#[test]
fn junit_counts_as_the_run_does() {
    let report = quick_junit::Report::deserialize_from_str(&of(Format::Junit)).unwrap();
    let counts = results().outcome.summary;
    assert_eq!((report.failures as u64, report.errors as u64), (counts.fail, counts.error));
    assert_eq!(report.tests as u64, counts.total());
}

#[test]
fn a_consumer_of_tap_counts_as_the_run_does() {
    let results = results();
    let text = of(Format::Tap);
    let points: Vec<&str> =
        text.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok ")).collect();
    let failed = points.iter().filter(|line| line.starts_with("not ok ")).count() as u64;
    assert_eq!(points.len() as u64, results.outcome.summary.total());
    assert_eq!(failed, results.outcome.summary.fail + results.outcome.summary.error);
    let script = "use TAP::Parser; my $p = TAP::Parser->new({tap => join('', <STDIN>)}); \
                  while (my $r = $p->next) { print 'unknown: ', $r->raw, \"\\n\" if $r->is_unknown } \
                  print join(' ', $p->tests_run, scalar($p->failed), scalar($p->skipped), scalar($p->todo), \
                  scalar($p->parse_errors)), \"\\n\"";
    let Some((_, said)) = consumed("perl", &["-e", script], &text) else { return };
    if said.contains("Can't locate TAP/Parser.pm") {
        skipped("this perl has no TAP::Parser");
        return;
    }
    let counts = results.outcome.summary;
    let skipped = counts.skipped + counts.unsupported;
    assert_eq!(said.trim(), format!("{} {failed} {skipped} 0 0", counts.total()));
}

#[test]
fn sarif_fits_its_schema_and_points_at_steps() {
    let text = of(Format::Sarif);
    let log: Value = serde_json::from_str(&text).unwrap();
    let run = &log["runs"][0];
    let found = run["results"].as_array().unwrap();
    let findings: usize = results().cases.iter().map(|case| case.findings.len()).sum();
    assert_eq!(found.len(), findings);
    for result in found {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
    }
    let place = &found[0]["locations"][0]["physicalLocation"];
    let file = place["artifactLocation"]["uri"].as_str().unwrap();
    let line = usize::try_from(place["region"]["startLine"].as_u64().unwrap()).unwrap();
    assert!(file.starts_with("specs/scenarios/") && line > 1, "{place}");
    // The package is made from the published schema, and knows no other properties than it does.
    let script = "import sys\ntry:\n    from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Log\n\
                  except ImportError:\n    sys.exit(77)\nlog = Log.model_validate_json(sys.stdin.read())\n\
                  print(len(log.runs[0].results), 'results')";
    let Some((fits, said)) = consumed("python3", &["-c", script], &text) else { return };
    if said.is_empty() && !fits {
        skipped("this python has no package `pydantic-sarif`, which knows the schema of SARIF 2.1.0");
        return;
    }
    assert_eq!((fits, said.trim()), (true, format!("{findings} results").as_str()));
}

#[test]
fn annotations_are_one_well_formed_command_a_line() {
    let form = regex::Regex::new(
        r"^::(error|warning|notice) ((file=[^:,\r\n]+,line=\d+,)?title=[^:,\r\n]+)::([^%\r\n]|%25|%0A|%0D)+$",
    );
    let form = form.unwrap();
    let text = of(Format::Annotations);
    text.lines().for_each(|line| assert!(form.is_match(line), "{line}"));
    let kinds = |kind: &str| text.lines().filter(|line| line.starts_with(&format!("::{kind} "))).count();
    let results = results();
    let gate = results.head.gate;
    let (gated, below): (Vec<_>, Vec<_>) =
        results.cases.iter().flat_map(|case| &case.findings).partition(|finding| finding.level <= gate);
    let broken = results.cases.iter().filter(|case| case.verdict == Verdict::Error).count();
    assert!(!gated.is_empty() && !below.is_empty() && broken > 0);
    assert_eq!((kinds("error"), kinds("warning"), kinds("notice")), (gated.len() + broken, below.len(), 1));
}

#[test]
fn the_badge_is_well_formed_in_both_forms() {
    let json: Value = serde_json::from_str(&of(Format::BadgeJson)).unwrap();
    assert_eq!(json["schemaVersion"], 1);
    for key in ["label", "message", "color"] {
        assert!(json[key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
    }
    for format in [Format::Badge, Format::Junit] {
        let Some((sound, said)) = consumed("xmllint", &["--noout", "-"], &of(format)) else { return };
        assert!(sound, "{said}");
    }
    let mut cut = results();
    cut.outcome = results::Outcome::default();
    assert!(Format::Badge.of(&cut).unwrap().contains("incomplete"), "what is not known is not praised");
}

#[test]
fn what_a_server_says_never_becomes_markup() {
    let page = of(Format::Html);
    assert_eq!(page.matches("<img").count(), 0);
    // The data, and the script itself.
    assert_eq!((page.matches("<script").count(), page.matches("</script>").count()), (2, 2));
    assert!(page.contains("\\u003cimg src=x"), "the text itself is there");
    assert!(!page.contains("http-equiv=\"refresh\"") && page.contains("default-src 'none'"));
    for network in [" src=", "@import", "url(", "fetch(", "XMLHttpRequest"] {
        let own = page.split("id=\"data\"").next().unwrap();
        assert!(!own.contains(network), "{network}");
    }
    // Between fences and behind backticks nothing is markup.
    let text = of(Format::Markdown);
    let outside = text.split("  ```").step_by(2).collect::<String>();
    assert!(text.contains("<img") && outside.lines().all(|line| !line.contains("<img") || line.contains('`')));
}

#[test]
fn the_comparison_of_runs_says_what_it_said() {
    let before = results();
    let mut after = before.clone();
    after.head.started = "2026-02-02T03:04:05Z".to_owned();
    for requirement in &mut after.outcome.requirements {
        requirement.verdict = match requirement.id.as_str() {
            "collection.create.key-not-null" => Verdict::Pass,
            "alias.alter.moves" => Verdict::Fail,
            _ => requirement.verdict,
        };
    }
    let named = |name: &str, results: Results| Named { name: name.to_owned(), results };
    let compared = Comparison::of(&[named("before", before), named("<after>", after)]);
    snapshot("compare-markdown", &compared.markdown());
    snapshot("compare-html", &compared.html());
    snapshot("compare-json", &compared.json().unwrap());
    assert!(!compared.html().contains("<after>"));
}

// ---- the commands

#[test]
fn a_report_after_the_run_is_that_of_the_run_and_no_secret_is_in_any() {
    const TOKEN: &str = "root:Br0mbeere-7";
    let server = Server::start(&["--token", TOKEN, "--profile", "milvus-2.4"]);
    let own = tempfile::tempdir().unwrap();
    let file = |name: &str| own.path().join(name).display().to_string();
    let names = ["junit", "json", "markdown", "html", "sarif", "annotations", "tap", "badge"];
    let wanted: Vec<String> = names.iter().map(|name| format!("{name}={}", file(&format!("run.{name}")))).collect();
    let mut command = tool(own.path());
    command.args(["run", "collections", "transport", "--target", &server.url, "--token", TOKEN, "-q"]);
    command.args(["--profile", "milvus-3.0", "--gate", "observed", "--results", "r.json", "--record-exchanges"]);
    command.args(wanted.iter().flat_map(|report| ["--report", report]));
    run(&mut command).exits(1);
    for name in names {
        let made = std::fs::read_to_string(file(&format!("run.{name}"))).unwrap();
        assert!(!made.contains("Br0mbeere-7") && !made.contains("cm9vdDpCcjBtYmVlcmUtN"), "{name}");
        let later = run(tool(own.path()).args(["report", name, "r.json"])).exits(0);
        assert_eq!(later.out, made, "{name}");
    }
    let results = results::read(&std::fs::read_to_string(own.path().join("r.json")).unwrap()).unwrap();
    let calls = |verdict| {
        let cases = results.cases.iter().filter(move |case| case.verdict == verdict && case.calls > 0);
        cases.map(|case| case.exchanges.len()).min().unwrap()
    };
    assert!(calls(Verdict::Pass) > 0 && calls(Verdict::Fail) > 0);
    assert!(results.outcome.latency["collections/create"].quantile(0.5).is_some_and(|median| median > 0.0));
    assert!(results.cases.iter().any(|case| case.offset_ms > 0.0));
    assert!(results.cases.iter().flat_map(|case| &case.findings).any(|finding| finding.line.is_some()));
}

#[test]
fn what_is_no_whole_results_file_is_refused_with_the_reason() {
    let own = tempfile::tempdir().unwrap();
    let whole = std::fs::read_to_string(example()).unwrap();
    let put = |name: &str, text: &str| std::fs::write(own.path().join(name), text).unwrap();
    put("cut.json", &whole[..whole.len() / 2]);
    put("other.json", "{\"a\":1}");
    put("text.json", "not JSON");
    put("newer.json", &whole.replacen("results/1", "results/2", 1));
    let told = |arguments: &[&str]| run(tool(own.path()).args(arguments)).exits(2).err;
    for (file, why) in [
        ("cut.json", "cut off after "),
        ("other.json", "not a results file"),
        ("text.json", "not a results file"),
        ("newer.json", "a results file of the form `milvus-conformance/results/2`"),
        ("none.json", "cannot read none.json"),
    ] {
        assert!(told(&["report", "tap", file]).contains(why), "{file}: {}", told(&["report", "tap", file]));
    }
    assert!(told(&["compare", "cut.json", "cut.json"]).contains("cut off"));
    assert!(told(&["compare", "a.json", "b.json", "-o", "c.pdf"]).contains(".html, .md or .json"));
    assert!(told(&["report", "htm"]).contains("html"));
    let part = run(tool(own.path()).args(["report", "tap", "cut.json", "--partial"])).exits(0);
    assert!(part.out.contains("Bail out!") && part.err.contains("did not come to its end"));
}

#[test]
fn runs_are_compared_in_the_form_of_the_file() {
    let own = tempfile::tempdir().unwrap();
    let example = example().display().to_string();
    for (file, begin) in [("deep/c.html", "<!doctype html>"), ("c.md", "# Comparison"), ("c.json", "{\n")] {
        run(tool(own.path()).args(["compare", &example, &example, "-o", file])).exits(0);
        assert!(std::fs::read_to_string(own.path().join(file)).unwrap().starts_with(begin), "{file}");
    }
    let out = run(tool(own.path()).args(["compare", &example, &example])).exits(0).out;
    assert!(out.starts_with("# Comparison"));
}
