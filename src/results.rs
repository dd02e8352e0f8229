//! The results file: what a run found, from which every report is made.
//!
//! It is written as the run goes, one case a line, so that a run that was cut off keeps what it knew. When the run ends,
//! the file is one JSON object. [`read`] takes both.

use crate::contract::Contract;
use crate::engine::{CaseReport, Latency};
use crate::known::KnownSummary;
use crate::profile::Profile;
use crate::target::Certainty;
use crate::verdict::{Level, Source, Verdict};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The form of the file. Its number grows when a reader of the old form could misread the new one.
pub const SCHEMA: &str = "milvus-conformance/results/1";

/// What a run found.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Results of a run of milvus-conformance")]
pub struct Results {
    /// What the run was; these keys stand first in the file.
    #[serde(flatten)]
    pub head: Head,
    /// The cases, in the order in which they ended.
    pub cases: Vec<CaseReport>,
    /// What came of it all; missing in the file of a run that was cut off.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What is known before the first case.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// The form of the file: [`SCHEMA`].
    pub schema: String,
    /// Who wrote it.
    pub tool: Tool,
    /// The server.
    pub target: TargetFacts,
    /// The profile whose contract was applied.
    pub profile: Profile,
    /// How the profile was chosen.
    pub profile_reason: String,
    /// How sure that is.
    #[serde(default)]
    pub profile_certainty: Certainty,
    /// The run's name, with which the names that it made begin.
    pub run: String,
    /// When it began, in UTC.
    pub started: String,
    /// Findings of this level and of more binding ones fail a case.
    pub gate: Level,
}

/// Who wrote the file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `milvus-conformance`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// This build.
    pub fn this() -> Self {
        Self { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// The server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TargetFacts {
    /// Its address, or what the embedded target is called.
    pub address: String,
    /// Whether it is the embedded reference target.
    pub embedded: bool,
    /// Whether it checks tokens.
    pub auth: bool,
}

/// What came of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Outcome {
    /// Every requirement of the profile, with what is said of it.
    pub requirements: Vec<RequirementResult>,
    /// Which form of each reading the target follows, with the number of answers that had it.
    pub readings: IndexMap<String, IndexMap<String, u64>>,
    /// How long answers took, by operation, cleaning up left out.
    pub latency: IndexMap<String, Latency>,
    /// Cases by verdict.
    pub summary: Counts,
    /// Calls made, polls included.
    pub calls: u64,
    /// From the first case to the last, in milliseconds.
    pub duration_ms: f64,
    /// Whether every case of the plan was begun and ended.
    pub complete: bool,
    /// What became of the list of known failures, when there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<KnownSummary>,
    /// Why the run proves less than it seems to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// Which share of the scenarios it had, such as `2/5`, when it had not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
}

/// Cases by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are the verdicts, which are described where they are defined")]
pub struct Counts {
    pub pass: u64,
    pub fail: u64,
    pub error: u64,
    pub known: u64,
    pub flaky: u64,
    pub fixed: u64,
    pub unsupported: u64,
    pub skipped: u64,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, verdict: Verdict) {
        *self.of(verdict) += 1;
    }

    /// How many of a verdict.
    pub fn get(mut self, verdict: Verdict) -> u64 {
        *self.of(verdict)
    }

    /// All together.
    pub fn total(self) -> u64 {
        Verdict::ALL.into_iter().map(|verdict| self.get(verdict)).sum()
    }

    /// Those of which something was learned.
    pub fn ran(self) -> u64 {
        self.total() - self.skipped - self.unsupported
    }

    fn of(&mut self, verdict: Verdict) -> &mut u64 {
        match verdict {
            Verdict::Pass => &mut self.pass,
            Verdict::Fail => &mut self.fail,
            Verdict::Error => &mut self.error,
            Verdict::Known => &mut self.known,
            Verdict::Flaky => &mut self.flaky,
            Verdict::Fixed => &mut self.fixed,
            Verdict::Unsupported => &mut self.unsupported,
            Verdict::Skipped => &mut self.skipped,
        }
    }
}

/// What is said of a requirement.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RequirementResult {
    /// Its id.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// What is said of it: the worst of its checks; `skipped` when nothing was checked.
    pub verdict: Verdict,
    /// The statement.
    pub statement: String,
    /// Checks that held.
    pub passed: u64,
    /// Checks that did not.
    pub failed: u64,
    /// Why it cannot be checked through REST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_testable: Option<String>,
    /// Where it comes from.
    pub sources: Vec<Source>,
}

/// Why a run proves less than it seems to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// One sentence.
    pub message: String,
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WarningKind {
    /// Most answers were HTTP 401 or 403.
    Refused,
    /// Most answers were HTTP 404.
    NotFound,
    /// Cases were left out for something that the target, or the way it was reached, lacks.
    Capability,
    /// Of a group of cases none could be done.
    Group,
    /// Nothing was checked that could have failed a case.
    NothingGated,
}

/// Sums up cases as they end, without keeping them.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    counts: Counts,
    calls: u64,
    statuses: BTreeMap<u16, u64>,
    groups: BTreeMap<String, Group>,
    /// Why cases were left out, as far as that is a matter of the target and the way it is reached.
    lacking: BTreeMap<String, u64>,
    checks: IndexMap<String, Checked>,
    readings: IndexMap<String, IndexMap<String, u64>>,
    latency: IndexMap<String, Latency>,
}

#[derive(Clone, Debug, Default)]
struct Checked {
    passed: u64,
    failed: u64,
    /// Findings that a list of known failures excused.
    known: u64,
    /// Findings that are not excused.
    found: u64,
    /// Whether a check did not hold, and held when its case was repeated.
    flaky: bool,
    /// The worst verdict of a case that covers it and did not come to an end.
    cut_short: Option<Verdict>,
}

/// The cases of a group that were begun.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    unsupported: u64,
    others: u64,
}

impl Totals {
    /// Counts a case in.
    pub fn add(&mut self, case: &CaseReport) {
        self.counts.add(case.verdict);
        self.calls += case.calls;
        for (operation, latency) in &case.latency {
            self.latency.entry(operation.clone()).or_default().merge(latency);
        }
        for (status, times) in &case.statuses {
            *self.statuses.entry(*status).or_default() += times;
        }
        let group = case.id.split('/').next().unwrap_or_default();
        match case.verdict {
            Verdict::Skipped => {
                if let Some(why) = case.reason.as_ref().filter(|why| LACKS.contains(&why.as_str())) {
                    *self.lacking.entry(why.clone()).or_default() += 1;
                }
            }
            Verdict::Unsupported => self.groups.entry(group.to_owned()).or_default().unsupported += 1,
            _ => self.groups.entry(group.to_owned()).or_default().others += 1,
        }
        for finding in &case.findings {
            let checked = self.checks.entry(finding.requirement.clone()).or_default();
            match finding.verdict {
                Verdict::Known => checked.known += 1,
                Verdict::Flaky => checked.flaky = true,
                _ => checked.found += 1,
            }
        }
        for (id, tally) in &case.requirements {
            let checked = self.checks.entry(id.clone()).or_default();
            checked.passed += tally.passed;
            checked.failed += tally.failed;
        }
        if matches!(case.verdict, Verdict::Error | Verdict::Unsupported) {
            for id in &case.covers {
                let checked = self.checks.entry(id.clone()).or_default();
                checked.cut_short = checked.cut_short.max(Some(case.verdict));
            }
        }
        for (reading, forms) in &case.readings {
            for (form, times) in forms {
                *self.readings.entry(reading.clone()).or_default().entry(form.clone()).or_default() += times;
            }
        }
    }

    /// Cases by verdict so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What is said of each requirement of a profile, in the order of the contract; then of those that only the cases
    /// know, such as a user's own scenarios.
    pub fn requirements(&self, contract: &Contract, profile: Profile) -> Vec<RequirementResult> {
        let nothing = Checked::default();
        let stated = contract.requirements.values().filter(|stated| stated.bounds.hold_for(profile)).map(|stated| {
            let checked = self.checks.get(&stated.id).unwrap_or(&nothing);
            RequirementResult {
                id: stated.id.clone(),
                level: stated.level,
                verdict: checked.verdict(),
                statement: stated.statement.clone(),
                passed: checked.passed,
                failed: checked.failed,
                // Over gRPC some of what REST cannot show was checked after all.
                not_testable: stated.not_testable.clone().filter(|_| checked.passed + checked.failed == 0),
                sources: stated.sources.clone(),
            }
        });
        let own =
            self.checks.iter().filter(|(id, _)| id.starts_with("scenario.")).map(|(id, checked)| RequirementResult {
                id: id.clone(),
                level: Level::Must,
                verdict: checked.verdict(),
                statement: "What this scenario expects comes true.".to_owned(),
                passed: checked.passed,
                failed: checked.failed,
                not_testable: None,
                sources: Vec::new(),
            });
        stated.chain(own).collect()
    }

    /// The end of the results.
    pub fn outcome(&self, contract: &Contract, profile: Profile, duration_ms: f64, complete: bool) -> Outcome {
        let mut readings = self.readings.clone();
        readings.sort_keys();
        let mut latency = self.latency.clone();
        latency.sort_keys();
        Outcome {
            requirements: self.requirements(contract, profile),
            readings,
            latency,
            summary: self.counts,
            calls: self.calls,
            duration_ms,
            complete,
            known: None,
            warnings: Vec::new(),
            shard: None,
        }
    }

    /// Why the run proves less than it seems to.
    pub fn warnings(&self, contract: &Contract, gate: Level) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let mut warn = |kind, message| warnings.push(Warning { kind, message });
        let all: u64 = self.statuses.values().sum();
        let with = |statuses: &[u16]| statuses.iter().filter_map(|status| self.statuses.get(status)).sum::<u64>();
        let (refused, missing) = (with(&[401, 403]), with(&[404]));
        if refused * 2 > all {
            let message = format!("{refused} of {all} answers were HTTP 401 or 403: is the token right?");
            warn(WarningKind::Refused, message);
        }
        if missing * 2 > all {
            let message = format!("{missing} of {all} answers were HTTP 404: is this the address of the API?");
            warn(WarningKind::NotFound, message);
        }
        for (why, cases) in &self.lacking {
            let cases = if *cases == 1 { "1 case was".to_owned() } else { format!("{cases} cases were") };
            warn(WarningKind::Capability, format!("{cases} left out: {why}"));
        }
        for (group, cases) in self.groups.iter().filter(|(_, cases)| cases.others == 0) {
            let message = format!(
                "nothing of {group} could be done: the target has none of what its {} cases need",
                cases.unsupported
            );
            warn(WarningKind::Group, message);
        }
        let gated = self.checks.iter().any(|(id, checked)| {
            let level = match contract.requirements.get(id) {
                Some(requirement) if requirement.automatic => None,
                Some(requirement) => Some(requirement.level),
                None => id.starts_with("scenario.").then_some(Level::Must),
            };
            checked.passed + checked.failed > 0 && level.is_some_and(|level| level <= gate)
        });
        if !gated && self.counts.ran() > 0 {
            let message = format!("no requirement of the level {gate}, or of a more binding one, was checked");
            warn(WarningKind::NothingGated, message);
        }
        warnings
    }
}

/// Reasons to leave cases out that lie in the target, or in the way it is reached.
const LACKS: [&str; 2] = [crate::engine::NEEDS_AUTH, crate::engine::NEEDS_PASSWORD];

impl Checked {
    /// The worst of what is known: an error outweighs what passed elsewhere, as nothing may pass in silence.
    fn verdict(&self) -> Verdict {
        let checked = match (self.failed, self.passed) {
            (0, _) if self.flaky => Verdict::Flaky,
            (0, 0) => Verdict::Skipped,
            (0, _) => Verdict::Pass,
            // Findings at the same place are told once, so that their number is not that of the checks.
            _ if self.known > 0 && self.found == 0 => Verdict::Known,
            _ => Verdict::Fail,
        };
        checked.max(self.cut_short.unwrap_or(Verdict::Skipped))
    }
}

/// Writes the file as the run goes.
#[derive(Debug)]
pub struct Recorder {
    out: BufWriter<File>,
    cases: u64,
}

impl Recorder {
    /// Makes the file, with its folder, and writes the head.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(path: &Path, head: &Head) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let mut out = BufWriter::new(File::create(path)?);
        let head = serde_json::to_string(head)?;
        write!(out, "{},\"cases\":[", head.strip_suffix('}').unwrap_or(&head))?;
        out.flush()?;
        Ok(Self { out, cases: 0 })
    }

    /// Adds a case and hands it to the system, so that a crash loses at most the cases that run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&mut self, case: &CaseReport) -> io::Result<()> {
        self.out.write_all(if self.cases == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut self.out, case)?;
        self.cases += 1;
        self.out.flush()
    }

    /// Writes the end.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self, outcome: &Outcome) -> io::Result<()> {
        let outcome = serde_json::to_string(outcome)?;
        writeln!(self.out, "\n],{}", outcome.strip_prefix('{').unwrap_or(&outcome))?;
        self.out.flush()
    }
}

/// Reads a results file, also one of a run that was cut off: its whole lines count.
///
/// # Errors
/// When it is not a results file, or of a form that this build does not know.
pub fn read(text: &str) -> Result<Results, ReadError> {
    if let Ok(results) = serde_json::from_str::<Results>(text) {
        return known(&results.head.schema).map(|()| results);
    }
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let Some(head) = first.strip_suffix(",\"cases\":[").map(|head| format!("{head}}}")) else {
        // One object of another form has other keys, too; the form is the better reason.
        let form: Form = serde_json::from_str(text).map_err(ReadError::Json)?;
        known(&form.schema)?;
        return serde_json::from_str(text).map_err(ReadError::Json);
    };
    let form: Form = serde_json::from_str(&head).map_err(ReadError::Json)?;
    known(&form.schema)?;
    let head = serde_json::from_str(&head).map_err(ReadError::Json)?;
    let cases = lines.map_while(|line| serde_json::from_str(line.trim_end_matches(',')).ok()).collect();
    Ok(Results { head, cases, outcome: Outcome::default() })
}

/// Reads a results file that has its end.
///
/// # Errors
/// As [`read`], and when the file was cut off.
pub fn read_whole(text: &str) -> Result<Results, ReadError> {
    let results = read(text)?;
    match serde_json::from_str::<Form>(text) {
        Ok(_) => Ok(results),
        Err(_) => Err(ReadError::CutOff { cases: results.cases.len() }),
    }
}

/// The key by which the form of a file is told.
#[derive(Deserialize)]
struct Form {
    schema: String,
}

fn known(schema: &str) -> Result<(), ReadError> {
    if schema == SCHEMA { Ok(()) } else { Err(ReadError::Schema(schema.to_owned())) }
}

/// Joins the results of runs that shared the work: each with its name, which is told when it does not go with the others.
///
/// # Errors
/// What cannot be joined: other profiles or gates, cases that are there twice, or nothing at all.
pub fn merge(parts: &[(String, Results)], contract: &Contract) -> Result<Results, MergeError> {
    let (first_name, first) = parts.first().ok_or(MergeError::Nothing)?;
    let mut totals = Totals::default();
    let mut cases: Vec<CaseReport> = Vec::new();
    let mut from: HashMap<&str, &str> = HashMap::new();
    let (mut head, mut runs) = (first.head.clone(), Vec::new());
    for (name, part) in parts {
        for (what, one, other) in [
            ("profile", first.head.profile.to_string(), part.head.profile.to_string()),
            ("gate", first.head.gate.to_string(), part.head.gate.to_string()),
            ("version of the tool", first.head.tool.version.clone(), part.head.tool.version.clone()),
            ("number of shares", shares(first), shares(part)),
        ] {
            if one != other {
                let (first, name) = (first_name.clone(), name.clone());
                return Err(MergeError::Differ { what, first, one, name, other });
            }
        }
        for case in &part.cases {
            if let Some(first) = from.insert(&case.id, name) {
                let (case, first, second) = (case.id.clone(), first.to_owned(), name.clone());
                return Err(MergeError::Twice { case, first, second });
            }
            totals.add(case);
            cases.push(case.clone());
        }
        runs.push(part.head.run.clone());
        head.started = head.started.min(part.head.started.clone());
    }
    head.run = runs.join("+");
    let present: BTreeSet<&str> = parts.iter().filter_map(|(_, part)| part.outcome.shard.as_deref()).collect();
    let wanted = shares(first).parse().unwrap_or(present.len());
    let complete = parts.iter().all(|(_, part)| part.outcome.complete) && present.len() == wanted;
    let longest = parts.iter().map(|(_, part)| part.outcome.duration_ms).fold(0.0, f64::max);
    let outcome = totals.outcome(contract, head.profile, longest, complete);
    Ok(Results { head, cases, outcome })
}

/// Of how many shares a run was one; empty when it was whole, or nobody knows since it was cut off.
fn shares(results: &Results) -> String {
    results
        .outcome
        .shard
        .as_deref()
        .and_then(|shard| shard.split_once('/'))
        .map(|(_, of)| of.to_owned())
        .unwrap_or_default()
}

/// Results cannot be joined.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There are none.
    #[error("there are no results to join")]
    Nothing,
    /// They are of runs of another kind.
    #[error("the {what} of {first} is `{one}`, that of {name} is `{other}`")]
    Differ {
        /// In what they differ.
        what: &'static str,
        /// The first file.
        first: String,
        /// What it says.
        one: String,
        /// The other file.
        name: String,
        /// What that says.
        other: String,
    },
    /// A case is there twice.
    #[error("{case} is in {first} and in {second}")]
    Twice {
        /// The case.
        case: String,
        /// The first file that has it.
        first: String,
        /// The second.
        second: String,
    },
}

/// A file is not a results file.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not JSON of the known form.
    #[error("not a results file: {0}")]
    Json(serde_json::Error),
    /// Of another form.
    #[error("a results file of the form `{0}`; this build reads `{SCHEMA}`")]
    Schema(String),
    /// Without its end.
    #[error("cut off after {cases} whole cases")]
    CutOff {
        /// The cases that can be read.
        cases: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::RequirementTally;

    fn head() -> Head {
        Head {
            schema: SCHEMA.to_owned(),
            tool: Tool::this(),
            target: TargetFacts { address: "http://127.0.0.1:1".to_owned(), embedded: false, auth: true },
            profile: Profile::Milvus26,
            profile_reason: "given".to_owned(),
            profile_certainty: Certainty::Named,
            run: "mc_test".to_owned(),
            started: "2026-01-01T00:00:00Z".to_owned(),
            gate: Level::Must,
        }
    }

    fn case(id: &str, verdict: Verdict, checks: &[(&str, u64, u64)]) -> CaseReport {
        let mut case = CaseReport::new(id, "A rule holds", "a.yaml", &["rule.a".to_owned()], verdict, None);
        for (id, passed, failed) in checks {
            case.requirements.insert((*id).to_owned(), RequirementTally { passed: *passed, failed: *failed });
        }
        case
    }

    #[test]
    fn a_finished_file_is_one_object_and_a_cut_one_keeps_its_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/results.json");
        let mut recorder = Recorder::create(&path, &head()).unwrap();
        recorder.record(&case("a", Verdict::Pass, &[])).unwrap();
        recorder.record(&case("b", Verdict::Fail, &[])).unwrap();
        let cut = std::fs::read_to_string(&path).unwrap();
        recorder.finish(&Outcome { complete: true, ..Outcome::default() }).unwrap();
        let whole = read(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert!(whole.outcome.complete);
        assert_eq!(whole.cases.len(), 2);
        for cut in [cut.as_str(), &cut[..cut.len() - 9]] {
            let kept = read(cut).unwrap();
            assert_eq!(kept.head.run, "mc_test");
            assert!(!kept.outcome.complete && !kept.cases.is_empty());
        }
        assert!(matches!(read("{}"), Err(ReadError::Json(_))));
        assert!(matches!(read_whole(&cut), Err(ReadError::CutOff { cases: 2 })));
    }

    #[test]
    fn a_file_of_another_form_is_told_as_such_whatever_it_holds() {
        let other = r#"{"schema":"milvus-conformance/results/9","cases":"#;
        for text in [format!("{other}{{}}}}"), format!("{other}[\n"), format!("{other}[]}}")] {
            assert!(matches!(read(&text), Err(ReadError::Schema(form)) if form.ends_with("/9")), "{text}");
        }
    }

    fn part(run: &str, shard: Option<&str>, cases: Vec<CaseReport>) -> (String, Results) {
        let outcome =
            Outcome { complete: true, shard: shard.map(str::to_owned), duration_ms: 5.0, ..Outcome::default() };
        (format!("{run}.json"), Results { head: Head { run: run.to_owned(), ..head() }, cases, outcome })
    }

    #[test]
    fn shares_are_joined_and_a_missing_one_is_seen() {
        let contract = Contract::load(&crate::contract::Tree::embedded()).unwrap();
        let one = part("a", Some("1/2"), vec![case("x", Verdict::Pass, &[("scenario.x", 1, 0)])]);
        let other = part("b", Some("2/2"), vec![case("y", Verdict::Fail, &[("scenario.x", 0, 1)])]);
        let both = merge(&[one.clone(), other.clone()], &contract).unwrap();
        assert!(both.outcome.complete);
        assert_eq!((both.head.run.as_str(), both.outcome.summary.total()), ("a+b", 2));
        let said = both.outcome.requirements.iter().find(|said| said.id == "scenario.x").unwrap();
        assert_eq!((said.passed, said.failed, said.verdict), (1, 1, Verdict::Fail));
        assert!(!merge(std::slice::from_ref(&one), &contract).unwrap().outcome.complete);
        for (parts, why) in [
            (vec![], "no results"),
            (vec![one.clone(), one.clone()], "x is in a.json and in a.json"),
            (vec![one.clone(), part("c", Some("3/3"), vec![])], "number of shares"),
            (vec![one.clone(), part("c", None, vec![])], "number of shares"),
        ] {
            let told = merge(&parts, &contract).unwrap_err().to_string();
            assert!(told.contains(why), "{told}");
        }
        let mut elsewhere = other;
        elsewhere.1.head.profile = Profile::Milvus24;
        assert!(merge(&[one, elsewhere], &contract).unwrap_err().to_string().contains("profile"));
    }

    #[test]
    fn an_empty_run_still_makes_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        Recorder::create(&path, &head()).unwrap().finish(&Outcome::default()).unwrap();
        assert!(read(&std::fs::read_to_string(&path).unwrap()).unwrap().cases.is_empty());
    }

    #[test]
    fn the_worst_of_its_checks_is_said_of_a_requirement() {
        let verdict = |cases: &[CaseReport]| {
            let mut totals = Totals::default();
            cases.iter().for_each(|case| totals.add(case));
            totals.checks.get("rule.a").map_or(Verdict::Skipped, Checked::verdict)
        };
        let pass = case("a", Verdict::Pass, &[("rule.a", 2, 0)]);
        assert_eq!(verdict(std::slice::from_ref(&pass)), Verdict::Pass);
        assert_eq!(verdict(&[pass.clone(), case("b", Verdict::Error, &[])]), Verdict::Error);
        assert_eq!(verdict(&[pass.clone(), case("b", Verdict::Unsupported, &[])]), Verdict::Pass);
        assert_eq!(verdict(&[pass, case("b", Verdict::Fail, &[("rule.a", 1, 1)])]), Verdict::Fail);
        assert_eq!(verdict(&[case("b", Verdict::Skipped, &[])]), Verdict::Skipped);
    }
}
