//! `coverage`: how much of the contract a run has shown.

use super::arguments::{ContractArguments, CoverageArguments};
use super::exit;
use super::failure::Failure;
use super::files;
use super::run::{DEFAULT_PROFILE, runtime};
use super::style;
use super::workspace::Workspace;
use crate::engine::{self, Caller, Checked, Event, Interrupt, Ledger, OF_THE_EMBEDDED, Options, Session};
use crate::profile::Profile;
use crate::reference::{Config, Reference};
use crate::report::{self, Coverage};
use crate::results::{Head, Outcome, Results, SCHEMA, TargetFacts, Tool};
use crate::seen::{USES, has_use};
use crate::target::{Redactor, Secret, Target, preflight};
use crate::verdict::Level;
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

pub(super) fn coverage(contract: &ContractArguments, arguments: &CoverageArguments) -> Result<u8, Failure> {
    let workspace = Workspace::load(contract)?;
    let results = match &arguments.results {
        Some(path) => stored(path, arguments.profile)?,
        None => fresh(&workspace, arguments.profile.unwrap_or(DEFAULT_PROFILE), arguments.generated)?,
    };
    let compiled = workspace.contract.compile(results.head.profile).map_err(Failure::Mistakes)?;
    let coverage = report::coverage(&results, &compiled);
    let mut out = std::io::BufWriter::new(anstream::stdout().lock());
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&coverage).map_err(std::io::Error::from)?)?;
    } else {
        write!(out, "{}", text(&coverage, &results.head))?;
    }
    out.flush()?;
    Ok(exit::SUCCESS)
}

/// The results of a run before, which has to be of the wanted profile.
fn stored(path: &Path, wanted: Option<Profile>) -> Result<Results, Failure> {
    let results = files::results(path)?;
    let profile = results.head.profile;
    match wanted {
        Some(wanted) if wanted != profile => {
            Err(Failure::Usage(format!("{}: it is of a run for {profile}, not {wanted}", path.display())))
        }
        _ => Ok(results),
    }
}

/// The results of a run of every scenario against a fresh reference target, which nothing can harm.
fn fresh(workspace: &Workspace, profile: Profile, generated: bool) -> Result<Results, Failure> {
    let mut checked = Checked::read(&workspace.library, &workspace.contract, None)?;
    if let Some(made) = workspace.generated(&[], generated, profile)? {
        checked.read_generated(&made, &workspace.contract, None)?;
    }
    let token = Secret::new("root:Milvus");
    let redactor = Redactor::new(Some(&token), []);
    let config = Config { profile, token: Some(token.expose().to_owned()) };
    let target = Target::InProcess(Arc::new(Reference::new(config)));
    let timeout = Duration::from_secs(30);
    runtime()?.block_on(async {
        let recognition = preflight(&target, &workspace.contract, Some(&token), Some(profile), timeout).await?;
        let mut capabilities = recognition.capabilities(&workspace.contract, Some(&token));
        capabilities.extend(["hazardous", "heavy"].into_iter().chain(OF_THE_EMBEDDED).map(str::to_owned));
        let plan = checked.plan(profile, &capabilities);
        let compiled = workspace.contract.compile(profile).map_err(Failure::Mistakes)?;
        let name = Session::fresh_name();
        let caller = Caller::new(target.clone(), Some(&token), redactor, None, timeout);
        let options =
            Options { token: Some(token.clone()), gate: Level::Observed, hazardous: true, ..Options::default() };
        let head = Head {
            schema: SCHEMA.to_owned(),
            tool: Tool::this(),
            target: TargetFacts { address: target.address().to_owned(), embedded: true, auth: recognition.auth },
            profile,
            profile_reason: recognition.why,
            profile_certainty: recognition.certainty,
            run: name.clone(),
            started: jiff::Timestamp::now().to_string(),
            gate: Level::Observed,
        };
        let library = workspace.library.clone();
        let interrupt = Arc::new(Interrupt::default());
        let session = Arc::new(Session::new(compiled, library, options, Ledger::in_memory(), name, interrupt));
        let (events, mut heard) = mpsc::channel(256);
        let mut cases: Vec<_> = plan.skipped.iter().map(engine::Skipped::report).collect();
        let running = engine::start(&session, &caller, plan, &events)
            .map_err(|error| Failure::Broken(format!("cannot start the run: {error}")))?;
        drop(events);
        while let Some(event) = heard.recv().await {
            if let Event::CaseFinished(case) = event {
                cases.push(*case);
            }
        }
        running.join();
        Ok(Results { head, cases, outcome: Outcome::default() })
    })
}

/// The screen's width that everything fits.
const WIDTH: usize = 78;

/// So many names are told of each kind; the rest is in `--json`.
const NAMES: usize = 30;

fn text(coverage: &Coverage, head: &Head) -> String {
    let Coverage { operations, requirements, errors, operation_errors, .. } = coverage;
    let mut text = format!("coverage of {} on {}\n\n", style::strong(head.profile.name()), head.target.address);
    let mut row = |name: &str, part: usize, whole: usize| {
        let line = format!("{name:<38} {part:>5} of {whole:>5} {:>7}", percent(part, whole));
        let _ = writeln!(text, "{}", if part < whole { style::note(&line) } else { line });
    };
    row("operations that succeeded", operations.with_success, operations.total);
    row("operations that failed", operations.with_failure, operations.total);
    row("requirements checked", requirements.checked, requirements.testable);
    for level in [Level::Must, Level::Should, Level::Observed] {
        let group = requirements.by_level.get(level.word()).copied().unwrap_or_default();
        row(&format!("  level {level}"), group.checked, group.testable);
    }
    for (source, group) in &requirements.by_source {
        row(&format!("  source {source}"), group.checked, group.testable);
    }
    row("errors produced", errors.produced, errors.total);
    row("errors produced, by operation", operation_errors.produced, operation_errors.total);
    row("properties of answers seen", coverage.response_properties.seen, coverage.response_properties.documented);
    row("properties of requests seen", coverage.request_properties.seen, coverage.request_properties.documented);
    row("states × operations tried", coverage.orderings.tried, coverage.orderings.total);
    row("types of fields × uses shown", coverage.field_types.shown, coverage.field_types.total);
    row("productions of filters shown", coverage.filter_grammar.shown, coverage.filter_grammar.total);
    row("transport rules × operations proven", coverage.transport_rules.proven, coverage.transport_rules.total);
    let generated = || coverage.by_operation.values().map(|covered| covered.generated).filter(|cases| *cases > 0);
    if generated().next().is_some() {
        let (cases, operations) = (generated().sum::<usize>(), generated().count());
        let _ = writeln!(text, "{cases} generated cases of {operations} operations were run");
    }
    let _ = writeln!(text, "{} of the requirements cannot be tested over REST", requirements.not_testable.len());
    let _ = writeln!(text, "{} further errors can be brought about by no call", errors.not_producible.len());
    if !operations.documented_only.is_empty() {
        let _ =
            writeln!(text, "{} further operations are documented and nowhere served", operations.documented_only.len());
    }
    table(coverage, &mut text);
    types(coverage, &mut text);
    grammar(coverage, &mut text);
    names("without a success", &operations.without_success, &mut text);
    names("without a failure", &operations.without_failure, &mut text);
    names("requirements without a check", &requirements.unchecked, &mut text);
    names("errors not produced", &errors.not_produced, &mut text);
    names("errors not produced, by operation", &operation_errors.not_produced, &mut text);
    names("properties of answers not seen", &coverage.response_properties.unseen, &mut text);
    names("properties of requests not seen", &coverage.request_properties.unseen, &mut text);
    names("types of fields × uses not shown", &coverage.field_types.not_shown, &mut text);
    names("productions of filters not shown", &coverage.filter_grammar.not_shown, &mut text);
    names("states × operations not tried", &coverage.orderings.untried, &mut text);
    let rules = coverage.transport_rules.by_rule.iter().filter(|(_, operations)| **operations == 0);
    let rules: Vec<String> = rules.map(|(rule, _)| rule.clone()).collect();
    names("transport rules proven with no operation", &rules, &mut text);
    text
}

fn table(coverage: &Coverage, text: &mut String) {
    let head = format!(
        "{:<36} {:>3} {:>4} {:>7} {:>6} {:>8} {:>7}",
        "operation", "ok", "fail", "errors", "rules", "request", "answer"
    );
    let _ = writeln!(text, "\n{}", style::strong(&head));
    let rules = coverage.transport_rules.by_rule.len();
    for (name, covered) in &coverage.by_operation {
        let mark = |yes: bool| if yes { "yes" } else { "no" };
        let of = |(part, whole): (usize, usize)| format!("{part}/{whole}");
        let name: String = name.chars().take(36).collect();
        let line = format!(
            "{name:<36} {:>3} {:>4} {:>7} {:>6} {:>8} {:>7}",
            mark(covered.success),
            mark(covered.failure),
            of(covered.errors),
            of((covered.rules.len(), rules)),
            of(covered.request),
            of(covered.answer)
        );
        let _ = writeln!(text, "{}", if covered.success && covered.failure { line } else { style::note(&line) });
    }
}

/// Which types of fields came in which use.
fn types(coverage: &Coverage, text: &mut String) {
    let short = |usage: &'static str| {
        usage.split_once('/').map_or(usage, |(group, verb)| match group {
            "collections" => "made",
            "indexes" => "index",
            _ => verb,
        })
    };
    let head: String = USES.iter().map(|usage| format!(" {:>6}", short(usage))).collect();
    let _ = writeln!(text, "\n{}", style::strong(&format!("{:<18}{head}", "type of field")));
    for (kind, came) in &coverage.field_types.by_type {
        let mark = |usage: &&'static str| match came.contains(usage) {
            true => "yes",
            false if has_use(kind, usage) => "no",
            false => "",
        };
        let marks: String = USES.iter().map(|usage| format!(" {:>6}", mark(usage))).collect();
        let line = format!("{kind:<18}{marks}");
        let whole = USES.iter().filter(|usage| has_use(kind, usage)).count() == came.len();
        let _ = writeln!(text, "{}", if whole { line } else { style::note(&line) });
    }
}

/// Which productions of filters came, and where.
fn grammar(coverage: &Coverage, text: &mut String) {
    let _ = writeln!(text, "\n{}", style::strong(&format!("{:<20} {}", "production", "in filters of")));
    for (name, operations) in &coverage.filter_grammar.by_production {
        let mut line = format!("{name:<20}");
        for operation in operations {
            let word = operation.replacen("entities/", "", 1);
            if line.chars().count() + word.chars().count() >= WIDTH {
                let _ = writeln!(text, "{line}");
                line = " ".repeat(20);
            }
            let _ = write!(line, " {word}");
        }
        let _ = writeln!(text, "{line}");
    }
}

fn names(title: &str, names: &[String], text: &mut String) {
    if names.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{} ({})", style::strong(title), names.len());
    let mut line = String::from(" ");
    for (index, name) in names.iter().take(NAMES).enumerate() {
        let comma = if index + 1 < names.len().min(NAMES) { "," } else { "" };
        if line.chars().count() + name.chars().count() + 2 > WIDTH && line.len() > 1 {
            let _ = writeln!(text, "{line}");
            line = String::from(" ");
        }
        let _ = write!(line, " {name}{comma}");
    }
    let _ = writeln!(text, "{line}");
    if names.len() > NAMES {
        let _ = writeln!(text, "  … and {} more, which --json tells", names.len() - NAMES);
    }
}

/// A share, never rounded up to all.
fn percent(part: usize, whole: usize) -> String {
    if part >= whole { "100 %".to_owned() } else { format!("{:.1} %", (part * 1000 / whole) as f64 / 10.0) }
}
