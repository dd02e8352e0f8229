//! Lists of known failures, as users meet them: the run, the update of the list, and the mistakes in it.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

mod support;

use milvus_conformance::contract::{Contract, Tree};
use milvus_conformance::diagnostic::SourceText;
use milvus_conformance::engine::{self, Caller, CaseReport, Checked, Event, Interrupt, Ledger, Options, Session};
use milvus_conformance::exchange::{Request, Response};
use milvus_conformance::known::{Excuses, File, KnownSummary, NOT_EXPLAINED, Standing, editor_schema};
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::{Config, Reference};
use milvus_conformance::results::{self, Results, WarningKind};
use milvus_conformance::scenario::Library;
use milvus_conformance::target::{Answer, Redactor, Target};
use milvus_conformance::verdict::{Finding, Level, Verdict};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::{Ended, Server, run, tool};
use tempfile::TempDir;
use tokio::sync::mpsc;

const TOKEN: &str = "root:Br0mbeere-7";
const CASE: &str = "indexes/drop-loaded";
const REQUIREMENT: &str = "error.index-drop-loaded";

/// A server of one version judged as another, which fails [`CASE`] for [`REQUIREMENT`].
struct Failing {
    server: Server,
    folder: TempDir,
}

impl Failing {
    fn new() -> Self {
        let server = Server::start(&["--token", TOKEN, "--profile", "milvus-2.4"]);
        Self { server, folder: tempfile::tempdir().unwrap() }
    }

    fn runs(&self, paths: &[&str], more: &[&str]) -> Ended {
        let arguments = ["run", "--target", &self.server.url, "--profile", "milvus-3.0", "--token", TOKEN];
        let arguments = [&arguments, ["--gate", "observed", "--results", "r.json"].as_slice(), paths, more].concat();
        // Sentences that the tests look for stand on one line.
        run(tool(self.folder.path()).args(arguments).env("COLUMNS", "500"))
    }

    fn with(&self, paths: &[&str], list: &str) -> Ended {
        std::fs::write(self.folder.path().join("known.toml"), list).unwrap();
        self.runs(paths, &["--known", "known.toml"])
    }

    fn results(&self) -> Results {
        results::read(&std::fs::read_to_string(self.folder.path().join("r.json")).unwrap()).unwrap()
    }

    fn standing(&self) -> Vec<Standing> {
        let known: KnownSummary = self.results().outcome.known.unwrap();
        known.entries.into_iter().map(|entry| entry.standing).collect()
    }

    fn found(&self) -> BTreeSet<String> {
        self.results().cases.into_iter().flat_map(|case| case.findings).map(|finding| finding.requirement).collect()
    }
}

fn entry(keys: &str) -> String {
    format!("[[known]]\n{keys}\nreason = \"the server is of another version\"\n")
}

#[test]
fn a_listed_failure_is_known_and_does_not_close_the_gate() {
    let failing = Failing::new();
    failing.runs(&[CASE], &[]).exits(1);
    let found = failing.found();
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), [REQUIREMENT]);
    let ended = failing.with(&[CASE], &entry("case = \"indexes/*-loaded\"")).exits(0);
    assert!(ended.out.contains("1 known") && ended.out.contains("known in 1 case"), "{}", ended.out);
    let results = failing.results();
    assert_eq!(results.cases[0].verdict, Verdict::Known);
    assert_eq!(results.cases[0].reason.as_deref(), Some("the server is of another version"));
    assert!(results.cases[0].findings.iter().all(|finding| finding.verdict == Verdict::Known));
    let requirement = results.outcome.requirements.iter().find(|one| one.id == REQUIREMENT).unwrap();
    assert_eq!(requirement.verdict, Verdict::Known);
    assert_eq!(failing.standing(), [Standing::Used]);
    failing.with(&[CASE], &entry(&format!("requirement = \"{REQUIREMENT}\""))).exits(0);
    failing.with(&[CASE], &entry(&format!("requirement = [\"alias.*\", \"{REQUIREMENT}\"]"))).exits(0);
    failing.with(&[CASE], &entry("requirement = \"alias.*\"")).exits(1);

    // What is for another profile or target excuses nothing, and neither does what is over.
    for (more, standing) in [
        ("profile = \"milvus-2.5\"", Standing::Elsewhere),
        ("target = \"https://*\"", Standing::Elsewhere),
        ("expires = 2024-02-29", Standing::Expired),
        ("expires = \"2024-02-29\"", Standing::Expired),
    ] {
        failing.with(&[CASE], &entry(&format!("case = \"{CASE}\"\n{more}"))).exits(1);
        assert_eq!(failing.standing(), [standing], "{more}");
    }
    let more = "profile = [\"milvus-2.5\", \"milvus-3.0\"]\ntarget = \"http://127.*\"\nexpires = 2999-01-01";
    failing.with(&[CASE], &entry(&format!("case = \"{CASE}\"\n{more}"))).exits(0);
}

#[test]
fn the_config_file_may_name_the_list_and_the_command_line_another() {
    let failing = Failing::new();
    let folder = failing.folder.path();
    let below = folder.join("deep/er");
    std::fs::create_dir_all(&below).unwrap();
    std::fs::write(folder.join("milvus-conformance.toml"), "known = 'deep/listed.toml'").unwrap();
    std::fs::write(folder.join("deep/listed.toml"), entry(&format!("case = \"{CASE}\""))).unwrap();
    std::fs::write(folder.join("other.toml"), entry("case = \"aliases/list\"")).unwrap();
    let ended = failing.runs(&[CASE], &[]).exits(0);
    assert!(ended.out.contains("Known failures (deep/listed.toml)"), "{}", ended.out);
    assert_eq!(failing.standing(), [Standing::Used]);
    failing.runs(&[CASE], &["--known", "other.toml"]).exits(1);
    assert_eq!(failing.standing(), [Standing::Unused]);

    // The path is seen from the file, wherever the tool runs.
    let server = ["run", CASE, "--target", &failing.server.url, "--profile", "milvus-3.0", "--token", TOKEN];
    run(tool(&below).args(server).args(["--gate", "observed"])).exits(0);
    std::fs::write(folder.join("milvus-conformance.toml"), "known = 'none.toml'").unwrap();
    let ended = failing.runs(&[CASE], &[]).exits(2);
    assert!(ended.err.contains("cannot read none.toml"), "{}", ended.err);
}

#[test]
fn what_is_listed_and_passes_is_fixed_and_closes_the_gate() {
    let failing = Failing::new();
    let ended = failing.with(&["aliases/list"], &entry("case = \"aliases/list\"")).exits(1);
    assert!(ended.out.contains("listed as a known failure (line 1), yet it passed"), "{}", ended.out);
    assert_eq!(failing.results().cases[0].verdict, Verdict::Fixed);
    assert_eq!(failing.standing(), [Standing::Fixed]);
    let ended = failing.with(&["aliases/list"], &entry("case = \"aliases/drop\"")).exits(0);
    assert!(ended.out.contains("nothing that ran is meant by it"), "{}", ended.out);
    // A part of the suite may not hold the case that fails.
    failing.with(&["aliases"], &entry("requirement = \"alias.list.all\"")).exits(0);
    assert_eq!(failing.standing(), [Standing::Unused]);
    let whole = ["run", "--results", "r.json", "--known", "known.toml"];
    let ended = run(tool(failing.folder.path()).args(whole)).exits(1);
    assert!(ended.out.contains("fixed it does not fail any more"), "{}", ended.out);
    assert_eq!(failing.standing(), [Standing::Fixed]);
}

#[test]
fn an_expired_entry_closes_the_gate_though_nothing_fails() {
    let failing = Failing::new();
    let over = "case = \"aliases/none\"\nexpires = 2024-02-29\nowner = \"the storage team\"";
    let ended = failing.with(&["aliases/list"], &entry(over)).exits(1);
    assert!(ended.out.contains("its last day was 2024-02-29; the storage team looks after it"), "{}", ended.out);
    assert!(ended.out.contains("FAIL 1 case: 1 pass"), "{}", ended.out);
}

#[test]
fn the_list_is_written_from_results_without_losing_what_people_wrote() {
    let failing = Failing::new();
    let update = || run(tool(failing.folder.path()).args(["known", "update", "r.json", "--file", "known.toml"]));
    let list = || std::fs::read_to_string(failing.folder.path().join("known.toml")).unwrap();
    failing.runs(&["indexes"], &[]).exits(1);
    let ended = update().exits(0);
    assert!(ended.out.contains("added"), "{}", ended.out);
    let written = list();
    assert!(written.starts_with("# Failures that are known already.") && written.contains(NOT_EXPLAINED), "{written}");
    let ended = failing.runs(&["indexes"], &["--known", "known.toml"]).exits(0);
    assert!(ended.out.contains("not explained yet"), "{}", ended.out);
    assert!(failing.standing().iter().all(|standing| *standing == Standing::Used), "{:?}", failing.standing());
    assert!(update().exits(0).out.contains("no changes"), "what is listed is not listed again");
    assert_eq!(list(), written);

    // Explained by a person, with what has been fixed since, and what is for others.
    let explained = written.replacen(NOT_EXPLAINED, "until the move to 3.0 # is done", 1)
        + "\n# What follows is fixed.\n[[known]]\ncase = [\"aliases/list\", \"aliases/elsewhere\"]\nreason = \"old\"\n"
        + "\n[[known]]\ncase = \"aliases/describe\"\nreason = \"gone\"\n"
        + "\n[[known]]\n# Only there.\ncase = \"aliases/drop\"\nprofile = \"milvus-2.5\"\nreason = \"theirs\"\n"
        + "\n[[flaky]]\ncase = \"load/*\"\nreason = \"slow disks\"\n";
    std::fs::write(failing.folder.path().join("known.toml"), &explained).unwrap();
    failing.runs(&["indexes", "aliases"], &["--known", "known.toml"]).exits(1);
    let ended = update().exits(0);
    assert!(ended.out.contains("removed aliases/describe (gone)"), "{}", ended.out);
    let now = list();
    for kept in ["until the move to 3.0 # is done", "# Only there.", "theirs", "slow disks", "aliases/elsewhere", "old"]
    {
        assert!(now.contains(kept), "`{kept}` was lost:\n{now}");
    }
    for gone in ["aliases/describe", "\"aliases/list\"", "gone"] {
        assert!(!now.contains(gone), "`{gone}` is still there:\n{now}");
    }
    failing.runs(&["indexes", "aliases"], &["--known", "known.toml"]).exits(0);

    // One more case of a requirement that is listed joins its entry, and its reason.
    let narrow =
        format!("[[known]]\nrequirement = \"{REQUIREMENT}\" # here\ncase = \"indexes/none\"\nreason = \"said once\"\n");
    std::fs::write(failing.folder.path().join("known.toml"), narrow).unwrap();
    failing.runs(&[CASE], &[]).exits(1);
    update().exits(0);
    let now = list();
    assert!(now.contains(&format!("case = [\"indexes/none\", \"{CASE}\"]")) && now.contains("# here"), "{now}");
    assert_eq!(now.matches(REQUIREMENT).count(), 1, "{now}");
}

#[test]
fn mistakes_in_the_list_show_their_place_before_anything_is_sent() {
    let failing = Failing::new();
    let mut told = String::new();
    for list in [
        "[[known]\ncase = \"a\"\nreason = \"b\"\n",
        "[known]\ncase = \"a\"\nreason = \"b\"\n",
        "[[knwon]]\ncase = \"a\"\nreason = \"b\"\n",
        "[[known]]\nreason = \"b\"\n",
        "[[known]]\ncase = \"a\"\n",
        "[[known]]\ncase = \"a\"\nreason = \" \"\n",
        "[[known]]\ncase = []\nreason = \"b\"\n",
        "[[known]]\ncase = [\"a\", 5]\nreason = \"b\"\n",
        "[[known]]\ncase = 5\nreason = \"b\"\n",
        "[[known]]\ncase = \"a\"\nreson = \"b\"\n",
        "[[known]]\ncase = \"a\"\nreason = \"b\"\nprofile = \"milvus-2.7\"\n",
        "[[known]]\ncase = \"a\"\nreason = \"b\"\nexpires = \"next year\"\n",
        "[[known]]\ncase = \"a\"\nreason = \"b\"\nexpires = 2026-02-30\n",
        "[[known]]\nrequirement = \"index.drop.mising\"\nreason = \"b\"\n",
        "[[flaky]]\nrequirement = \"index.drop.missing\"\nreason = \"b\"\n",
        "[[known]]\ncase = \"a\"\ncase = \"b\"\nreason = \"c\"\n",
    ] {
        let ended = failing.with(&["aliases/list"], list).exits(2);
        assert!(ended.out.is_empty(), "{}", ended.out);
        told.push_str(&format!("{}\n\n", ended.err.trim_end()));
        let schema = serde_json::to_value(editor_schema()).unwrap();
        let schema = jsonschema::options().offline().should_validate_formats(true).build(&schema).unwrap();
        if let Ok(value) = toml_edit::de::from_str::<serde_json::Value>(list)
            && !list.contains("mising")
            && !list.contains("\" \"")
        {
            assert!(!schema.is_valid(&value), "editors do not mark\n{list}");
        }
    }
    let missing = failing.runs(&["aliases/list"], &["--known", "nowhere.toml"]).exits(2);
    assert!(missing.err.contains("cannot read nowhere.toml"), "{}", missing.err);
    insta::with_settings!({snapshot_path => "snapshots/known", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("mistakes", told.trim_end());
    });
}

#[test]
fn the_example_of_the_documents_is_a_list_that_editors_take() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/known-failures.md")).unwrap();
    let schema = serde_json::to_value(editor_schema()).unwrap();
    let schema = jsonschema::options().offline().build(&schema).unwrap();
    let contract = Contract::load(&Tree::embedded()).unwrap();
    let mut examples = 0;
    let dates = regex::Regex::new(r"(?m)= (\d{4}-\d\d-\d\d)").unwrap();
    for example in text.split("```toml\n").skip(1) {
        let example = example.split("```").next().unwrap();
        let source = SourceText::new("docs/known-failures.md", example);
        let file = File::read(&source, contract.requirements.keys().map(String::as_str)).unwrap();
        assert!(!file.known.is_empty() && !file.flaky.is_empty(), "{example}");
        // Editors know a date as a text.
        let quoted = dates.replace_all(example, "= \"$1\"");
        let value: serde_json::Value = toml_edit::de::from_str(&quoted).unwrap();
        assert!(schema.is_valid(&value), "{example}");
        examples += 1;
    }
    assert!(examples > 0);
}

/// Answers HTTP 500 to the first calls of an operation.
struct Unsteady {
    reference: Reference,
    failures: AtomicUsize,
}

impl Answer for Unsteady {
    fn answer(&self, request: &Request) -> Response {
        let response = self.reference.answer(request);
        let fails = request.path.ends_with("/aliases/list")
            && self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        Response { status: if fails { 500 } else { response.status }, ..response }
    }
}

/// The report of one case against a target that fails so many times.
fn unsteady(failures: usize, list: &str) -> CaseReport {
    let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap());
    let library = Library::of_contract(contract.tree()).unwrap().select(&["aliases/list".to_owned()]).unwrap();
    let plan = Checked::read(&library, &contract, None).unwrap().plan(Profile::Milvus26, &BTreeSet::new());
    let source = SourceText::new("known.toml", list);
    let file = File::read(&source, contract.requirements.keys().map(String::as_str)).unwrap();
    let today = "2026-06-01".parse().unwrap();
    let known = Arc::new(Excuses::new(file, Profile::Milvus26, "somewhere", today));
    let reference = Reference::new(Config { profile: Profile::Milvus26, token: None });
    let target = Target::InProcess(Arc::new(Unsteady { reference, failures: AtomicUsize::new(failures) }));
    let caller = Caller::new(target, None, Redactor::default(), None, Duration::from_secs(5));
    let compiled = contract.compile(Profile::Milvus26).unwrap();
    let options = Options { known, gate: Level::Must, ..Options::default() };
    let interrupt = Arc::new(Interrupt::default());
    let session = Arc::new(Session::new(compiled, library, options, Ledger::in_memory(), "mc_known", interrupt));
    let (events, mut heard) = mpsc::channel(16);
    engine::start(&session, &caller, plan, &events).unwrap().join();
    drop(events);
    let mut reports = Vec::new();
    while let Ok(event) = heard.try_recv() {
        if let Event::CaseFinished(report) = event {
            reports.push(*report);
        }
    }
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

#[test]
fn a_flaky_case_is_repeated_once_and_told_apart() {
    let flaky = "[[flaky]]\ncase = \"aliases/*\"\nreason = \"the proxy drops a call at times\"\n";
    assert_eq!(unsteady(0, flaky).verdict, Verdict::Pass);
    assert_eq!(unsteady(1, "").verdict, Verdict::Fail);
    let once = unsteady(1, flaky);
    assert_eq!(once.verdict, Verdict::Flaky, "{once:#?}");
    assert!(once.reason.unwrap().contains("passed when it was repeated"));
    assert!(!once.findings.is_empty() && once.findings.iter().all(|finding| finding.verdict == Verdict::Flaky));
    assert_eq!(once.statuses[&500], 1);
    let ever = unsteady(1000, flaky);
    assert_eq!(ever.verdict, Verdict::Fail);
    assert_eq!(ever.reason.as_deref(), Some("failed again when it was repeated"));
    // What is over is not repeated; what fails twice may be known for another reason.
    assert_eq!(unsteady(1, &format!("{flaky}expires = 2026-05-31\n")).verdict, Verdict::Fail);
    assert_eq!(unsteady(1, &format!("{flaky}expires = 2026-06-01\n")).verdict, Verdict::Flaky);
    let known = format!("{flaky}[[known]]\ncase = \"aliases/list\"\nreason = \"broken\"\n");
    assert_eq!(unsteady(1000, &known).verdict, Verdict::Known);
}

/// A finding about a requirement.
fn finding(requirement: &str, level: Level) -> Finding {
    Finding {
        requirement: requirement.to_owned(),
        level,
        verdict: Verdict::Fail,
        sources: Vec::new(),
        step: "1".to_owned(),
        operation: "aliases/list".to_owned(),
        message: "wrong".to_owned(),
        expected: "right".to_owned(),
        actual: serde_json::Value::Null,
        pointer: String::new(),
        line: None,
        curl: String::new(),
    }
}

#[test]
fn an_error_is_covered_only_by_an_entry_for_the_case_and_a_finding_below_the_gate_is_no_pass() {
    let judge = |list: &str, verdict: Verdict, mut findings: Vec<Finding>, checked: &str| {
        let file = File::read(&SourceText::new("known.toml", list), ["rule.a", "rule.b"].into_iter()).unwrap();
        let excuses = Excuses::new(file, Profile::Milvus26, "somewhere", "2026-06-01".parse().unwrap());
        excuses.judge("aliases/list", verdict, Level::Must, &mut findings, |fits| fits(checked)).verdict
    };
    let by_case = entry("case = \"aliases/list\"");
    let by_rule = entry("requirement = \"rule.a\"");
    let by_both = entry("case = \"aliases/list\"\nrequirement = \"rule.a\"");
    assert_eq!(judge(&by_case, Verdict::Error, vec![], ""), Verdict::Known);
    assert_eq!(judge(&by_rule, Verdict::Error, vec![finding("rule.a", Level::Must)], ""), Verdict::Error);
    assert_eq!(judge(&by_rule, Verdict::Fail, vec![finding("rule.a", Level::Must)], ""), Verdict::Known);
    let both = || vec![finding("rule.a", Level::Must), finding("rule.b", Level::Must)];
    assert_eq!(judge(&by_rule, Verdict::Fail, both(), ""), Verdict::Fail);
    let below = vec![finding("rule.a", Level::Must), finding("rule.b", Level::Observed)];
    assert_eq!(judge(&by_rule, Verdict::Fail, below, ""), Verdict::Known);
    assert_eq!(judge(&by_case, Verdict::Pass, vec![finding("rule.b", Level::Observed)], ""), Verdict::Pass);
    assert_eq!(judge(&by_case, Verdict::Pass, vec![], ""), Verdict::Fixed);
    assert_eq!(judge(&by_rule, Verdict::Pass, vec![], "rule.a"), Verdict::Pass);
    assert_eq!(judge(&by_both, Verdict::Pass, vec![], "rule.a"), Verdict::Fixed);
    assert_eq!(judge(&by_both, Verdict::Pass, vec![], "rule.b"), Verdict::Pass);
    for verdict in [Verdict::Skipped, Verdict::Unsupported] {
        assert_eq!(judge(&by_case, verdict, vec![], ""), verdict);
    }
}

#[test]
fn a_run_that_proves_little_says_so() {
    let failing = Failing::new();
    let kinds = |results: &Results| -> Vec<WarningKind> {
        results.outcome.warnings.iter().map(|warning| warning.kind).collect()
    };
    let ended = failing.runs(&["aliases"], &[]).exits(0);
    assert!(!ended.out.contains("proves less"), "{}", ended.out);
    // 2.4 has no such operations.
    let ended = failing.runs(&["resource_groups"], &[]);
    assert!(kinds(&failing.results()).contains(&WarningKind::Group), "{}", ended.out);
    assert!(kinds(&failing.results()).contains(&WarningKind::NotFound), "{}", ended.out);
    assert!(ended.out.contains("nothing of resource_groups could be done"), "{}", ended.out);
    let open = Server::start(&["--profile", "milvus-2.6"]);
    let own = ["run", "--target", &open.url, "--results", "r.json"];
    let ended =
        run(tool(failing.folder.path()).args([&own, ["transport", "aliases/list"].as_slice()].concat())).exits(0);
    assert!(kinds(&failing.results()).contains(&WarningKind::Capability), "{}", ended.out);
    // Nothing but rules that no document states.
    let observed = ["--filter", "level(observed) - level(must) - level(should)"];
    let ended = run(tool(failing.folder.path()).args([&own, observed.as_slice()].concat())).exits(0);
    assert!(kinds(&failing.results()).contains(&WarningKind::NothingGated), "{}", ended.out);
}
