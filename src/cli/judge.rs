//! `judge`: recorded traffic, judged without anything being sent.

use super::arguments::{ContractArguments, JudgeArguments};
use super::console::{Console, Detail};
use super::exit;
use super::failure::{Failure, count};
use super::run::exit_code;
use super::style;
use super::workspace::Workspace;
use crate::engine::{CaseReport, Event};
use crate::profile::Profile;
use crate::results::{Head, Outcome, Recorder, SCHEMA, TargetFacts, Tool, Totals};
use crate::target::{Certainty, Redactor};
use crate::traffic::{OfProfile, Refused, Report, each};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Unknown routes and unnamed failures shown without `-v`.
const SHOWN: usize = 10;

pub(super) fn judge(contract: &ContractArguments, arguments: &JudgeArguments) -> Result<u8, Failure> {
    let workspace = Workspace::load(contract)?;
    let begun = Instant::now();
    let mut report = Report::new(workspace.contract, arguments.profile, arguments.gate, arguments.strict);
    for file in &arguments.files {
        read(file, &mut report)?;
    }
    if report.profiles.is_empty() {
        let left_out = report.left_out.values().sum::<u64>();
        let why = format!("{} of the API, {} left out", calls(report.calls - left_out - report.elsewhere), left_out);
        return Err(Failure::NothingToRun(format!("nothing to judge: {why}")));
    }
    let duration_ms = begun.elapsed().as_secs_f64() * 1e3;
    let several = report.profiles.len() > 1;
    let mut told = Vec::new();
    let mut codes = Vec::new();
    for (profile, judged) in &report.profiles {
        let results = results_file(&arguments.results, several.then_some(*profile));
        let mut one = Judged::new(*profile, judged, arguments, duration_ms);
        one.record(&results)?;
        codes.push(exit_code(&one.outcome));
        if arguments.json {
            told.push(one.as_json(&results));
        } else {
            one.show(arguments, &results)?;
        }
    }
    if arguments.json {
        let left_out = report.left_out.iter().map(|(why, calls)| (why.words().to_owned(), json!(calls)));
        let all = json!({
            "files": arguments.files,
            "calls": report.calls,
            "left_out": left_out.collect::<serde_json::Map<_, _>>(),
            "elsewhere": report.elsewhere,
            "profiles": told,
        });
        let text = serde_json::to_string_pretty(&all).map_err(std::io::Error::from)?;
        writeln!(anstream::stdout().lock(), "{text}")?;
    } else if !arguments.quiet {
        anstream::stdout().lock().write_all(not_judged(&report).as_bytes())?;
    }
    Ok(worst(&codes))
}

/// One profile with findings decides; of the rest, one of which something was learned.
fn worst(codes: &[u8]) -> u8 {
    [exit::FINDINGS, exit::SUCCESS].into_iter().find(|code| codes.contains(code)).unwrap_or(exit::NOTHING_RAN)
}

fn read(file: &Path, report: &mut Report) -> Result<(), Failure> {
    let opened = File::open(file).map_err(|source| Failure::Unreadable { path: file.to_owned(), source })?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    each(BufReader::with_capacity(1 << 16, opened), |call| report.add(&name, &call)).map_err(|refused| match refused {
        Refused::Mistakes(mistakes) => Failure::Mistakes(mistakes),
        other => Failure::Usage(format!("{}: {other}", file.display())),
    })
}

/// `results.json` becomes `results.milvus-2.6.json` where there are calls of several profiles.
fn results_file(path: &Path, profile: Option<Profile>) -> PathBuf {
    let Some(profile) = profile else { return path.to_path_buf() };
    let ending = path.extension().map_or_else(|| "json".into(), std::ffi::OsStr::to_string_lossy);
    path.with_extension(format!("{profile}.{ending}"))
}

/// What came of the calls of one profile.
struct Judged<'a> {
    head: Head,
    cases: Vec<CaseReport>,
    outcome: Outcome,
    calls: &'a OfProfile,
}

impl<'a> Judged<'a> {
    fn new(profile: Profile, judged: &'a OfProfile, arguments: &JudgeArguments, duration_ms: f64) -> Self {
        let files: Vec<_> = arguments.files.iter().map(|file| file.to_string_lossy()).collect();
        let head = Head {
            schema: SCHEMA.to_owned(),
            tool: Tool::this(),
            target: TargetFacts { address: files.join(", "), embedded: false, auth: false },
            profile,
            profile_reason: match arguments.profile {
                Some(_) => "named by the user".to_owned(),
                None => "named by the recording".to_owned(),
            },
            profile_certainty: Certainty::Named,
            run: "recorded".to_owned(),
            started: jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string(),
            gate: arguments.gate,
        };
        let cases = judged.cases();
        let mut totals = Totals::default();
        cases.iter().for_each(|case| totals.add(case));
        let outcome = totals.outcome(judged.contract().whole(), profile, duration_ms, true);
        Self { head, cases, outcome, calls: judged }
    }

    fn record(&self, path: &Path) -> Result<(), Failure> {
        let unwritable = |source| Failure::Unwritable { path: path.to_path_buf(), source };
        let mut recorder = Recorder::create(path, &self.head).map_err(unwritable)?;
        self.cases.iter().try_for_each(|case| recorder.record(case)).map_err(Failure::Results)?;
        recorder.finish(&self.outcome).map_err(Failure::Results)
    }

    fn show(&mut self, arguments: &JudgeArguments, results: &Path) -> Result<(), Failure> {
        let detail = match (arguments.quiet, arguments.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Cases,
            _ => Detail::Normal,
        };
        let mut console = Console::new(detail, self.cases.len(), Redactor::default());
        if detail > Detail::Quiet {
            let text = format!(
                "{} {} judges {}\n{} {} ({}), {} judged\n\n",
                style::strong(&self.head.tool.name),
                self.head.tool.version,
                style::strong(&self.head.target.address),
                style::faint("profile"),
                self.head.profile,
                self.head.profile_reason,
                answers(self.calls.judged),
            );
            anstream::stdout().lock().write_all(text.as_bytes())?;
        }
        for case in std::mem::take(&mut self.cases) {
            console.event(&Event::CaseFinished(Box::new(case)))?;
        }
        if detail > Detail::Quiet {
            let text = self.beside(if detail == Detail::Normal { SHOWN } else { usize::MAX });
            anstream::stdout().lock().write_all(text.as_bytes())?;
        }
        console.end(&self.outcome, &results.to_string_lossy())?;
        Ok(())
    }

    /// What is no finding and has to be seen nevertheless.
    fn beside(&self, most: usize) -> String {
        let unknown = self.calls.unknown.iter().map(|((method, route), times)| format!("{method} {route} ({times})"));
        let unnamed = self.calls.unnamed.iter().map(|((operation, code), (times, message))| {
            let message: String = message.chars().take(100).collect();
            format!("{operation} {code} ({times}): {message}")
        });
        [
            listed("Routes that are no operation of the profile", unknown.collect(), most),
            listed("Failures that no document or measurement names, judged in form alone", unnamed.collect(), most),
        ]
        .concat()
    }

    fn as_json(&self, results: &Path) -> Value {
        let unknown = self
            .calls
            .unknown
            .iter()
            .map(|((method, route), calls)| json!({"method": method, "route": route, "calls": calls}));
        let unnamed = self.calls.unnamed.iter().map(|((operation, code), (calls, message))| {
            json!({"operation": operation, "code": code, "calls": calls, "message": message})
        });
        json!({
            "profile": self.head.profile,
            "results": results,
            "judged": self.calls.judged,
            "without_status": self.calls.without_status,
            "without_content_type": self.calls.without_kind,
            "summary": self.outcome.summary,
            "readings": self.outcome.readings,
            "cases": self.cases,
            "unknown_operations": unknown.collect::<Vec<_>>(),
            "unnamed_failures": unnamed.collect::<Vec<_>>(),
        })
    }
}

fn listed(title: &str, rows: Vec<String>, most: usize) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", style::strong(title));
    let more = rows.len().saturating_sub(most);
    for row in rows.into_iter().take(most) {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "  {row}");
    }
    if more > 0 {
        let _ = writeln!(text, "  {}", style::faint(&format!("and {more} more; -v shows them")));
    }
    text.push('\n');
    text
}

/// The calls of which nothing is said, or not all.
fn not_judged(report: &Report) -> String {
    let sum = |of: fn(&OfProfile) -> u64| report.profiles.values().map(of).sum::<u64>();
    let judged = sum(|one| one.judged);
    let mut text = format!("{}, {} judged\n", calls(report.calls), answers(judged));
    let unknown = sum(|one| one.unknown.values().sum());
    let rest = report.left_out.iter().map(|(why, calls)| (why.words(), *calls)).chain([
        ("to routes that are no operation", unknown),
        ("to pages outside the API", report.elsewhere),
        ("judged, but for the HTTP status, which is not shown", sum(|one| one.without_status)),
        ("judged, but for the Content-Type, which is not shown", sum(|one| one.without_kind)),
    ]);
    for (why, calls) in rest.filter(|(_, calls)| *calls > 0) {
        let _ = writeln!(text, "  {calls:>6} {why}");
    }
    text
}

fn calls(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "call")
}

fn answers(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "answer")
}
