//! What a run shows: a listener to the engine's events.

use super::failure::count;
use super::style;
use super::wrap::{width, wrapped};
use crate::engine::{CaseReport, Event, Leftover};
use crate::exchange::Exchange;
use crate::known::{KnownEntry, KnownSummary, Standing};
use crate::results::{Counts, Head, Outcome, RequirementResult, Warning};
use crate::target::{Certainty, Redactor};
use crate::verdict::{Finding, Verdict};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

/// How far in a line goes on that is longer than the screen is wide.
const HANG: usize = 4;

/// The columns that a label of a finding takes.
const LABEL: usize = 10;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    /// Failed cases and the last line.
    Quiet,
    /// Failed cases, a progress bar and the summary.
    Normal,
    /// Every case.
    Cases,
    /// Every call and answer.
    Exchanges,
}

/// Shows a run on the terminal: what stays on standard output, the progress bar on standard error.
pub(super) struct Console {
    detail: Detail,
    bar: ProgressBar,
    redactor: Redactor,
    /// By requirement: the first finding below the gate, and how many there were.
    below_gate: BTreeMap<String, (Finding, u64)>,
    /// By operation that the target does not have: the cases that could not be done.
    unsupported: BTreeMap<String, u64>,
    left: Vec<Leftover>,
    undocumented: BTreeMap<(String, String), u64>,
}

impl Console {
    /// A console for a run of so many cases.
    pub(super) fn new(detail: Detail, cases: usize, redactor: Redactor) -> Self {
        let bar = match detail {
            // Indicatif hides the bar by itself when standard error is no terminal.
            Detail::Normal => ProgressBar::with_draw_target(Some(cases as u64), ProgressDrawTarget::stderr_with_hz(15)),
            Detail::Quiet | Detail::Cases | Detail::Exchanges => ProgressBar::hidden(),
        };
        let template = "{bar:24} {pos}/{len} {elapsed:>4} {wide_msg:.dim}";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self {
            detail,
            bar,
            redactor,
            below_gate: BTreeMap::new(),
            unsupported: BTreeMap::new(),
            left: Vec::new(),
            undocumented: BTreeMap::new(),
        }
    }

    /// The first lines: who talks to whom about what.
    pub(super) fn begin(&self, head: &Head, cases: usize, skipped: usize, jobs: usize) -> io::Result<()> {
        if self.detail == Detail::Quiet {
            return Ok(());
        }
        self.print(&wrapped(&begin(head, cases, skipped, jobs), width(), HANG))
    }

    /// Says that a run may end the server, before it starts.
    pub(super) fn hazardous(&self, cases: usize) -> io::Result<()> {
        if cases == 0 {
            return Ok(());
        }
        let cases = count(cases, "case");
        self.print(&format!(
            "{} the last {cases} may end the server's process; what has ended one before is in specs/hazards.yaml\n\n",
            style::note("hazardous")
        ))
    }

    /// Shows an event.
    pub(super) fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::CaseStarted { id } => {
                self.bar.set_message(id.clone());
                Ok(())
            }
            Event::Exchanged { id, step, exchange } => self.print(&exchanged(id, step, exchange, &self.redactor)),
            Event::CaseFinished(case) => self.finished(case),
        }
    }

    fn finished(&mut self, case: &CaseReport) -> io::Result<()> {
        self.bar.inc(1);
        self.left.extend(case.cleanup.left.iter().cloned());
        for note in &case.undocumented {
            *self.undocumented.entry((note.operation.clone(), note.pointer.clone())).or_default() += 1;
        }
        match case.verdict {
            Verdict::Fail | Verdict::Error | Verdict::Fixed | Verdict::Flaky => self.print(&failed(case)),
            verdict => {
                for finding in case.findings.iter().filter(|finding| finding.verdict != Verdict::Known) {
                    let times = self.below_gate.entry(finding.requirement.clone());
                    times.or_insert_with(|| (finding.clone(), 0)).1 += 1;
                }
                if verdict == Verdict::Unsupported {
                    *self.unsupported.entry(case.reason.clone().unwrap_or_default()).or_default() += 1;
                }
                if self.detail < Detail::Cases {
                    return Ok(());
                }
                let findings: String = case.findings.iter().map(found).collect();
                self.print(&format!("{}{findings}", line(case, verdict)))
            }
        }
    }

    /// The summary and the last line.
    pub(super) fn end(&mut self, outcome: &Outcome, results: &str) -> io::Result<()> {
        self.bar.finish_and_clear();
        let mut text = String::new();
        if self.detail >= Detail::Cases {
            text.push('\n');
        }
        if self.detail > Detail::Quiet {
            text.push_str(&told(&self.below_gate, self.detail));
            text.push_str(&unsupported(&self.unsupported));
            text.push_str(&seeds(&outcome.requirements));
            text.push_str(&requirements(&outcome.requirements));
            text.push_str(&readings(outcome));
            text.push_str(&undocumented(&self.undocumented, self.detail));
            text.push_str(&warnings(&outcome.warnings));
        }
        if let Some(summary) = &outcome.known {
            text.push_str(&known(summary, self.detail));
        }
        text.push_str(&left(&self.left));
        text.push_str(&last_line(outcome, results));
        self.print(&wrapped(&text, width(), HANG))
    }

    /// Prints above the progress bar.
    fn print(&self, text: &str) -> io::Result<()> {
        self.bar.suspend(|| {
            let mut out = anstream::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()
        })
    }
}

fn begin(head: &Head, cases: usize, skipped: usize, jobs: usize) -> String {
    // What the user said himself needs no word about how sure it is.
    let sure = match head.profile_certainty {
        Certainty::Named => String::new(),
        certainty => format!("{}: ", certainty.word()),
    };
    let mut text = format!(
        "{} {} against {}\n{} {} ({sure}{})\n",
        style::strong(&head.tool.name),
        head.tool.version,
        style::strong(&head.target.address),
        style::faint("profile"),
        head.profile,
        head.profile_reason
    );
    let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        text,
        "{}    {}{skipped}, {jobs} at a time, names begin with {}\n",
        style::faint("run"),
        count(cases, "case"),
        head.run
    );
    text
}

fn line(case: &CaseReport, verdict: Verdict) -> String {
    let reason = case.reason.as_ref().map(|reason| style::faint(&format!(" ({reason})"))).unwrap_or_default();
    let line = format!("{} {:>7.0} ms  {}{reason}\n", style::verdict(verdict), case.duration_ms, case.id);
    wrapped(&line, width(), HANG)
}

/// A failed case in ten lines: what, against which rule, expected, actual, source, and how to repeat it.
fn failed(case: &CaseReport) -> String {
    let mut text = format!("{} {}\n  {}\n", style::verdict(case.verdict), style::strong(&case.id), case.title);
    if let Some(reason) = &case.reason {
        let _ = writeln!(text, "  {reason}");
    }
    text = wrapped(&text, width(), 0);
    for finding in &case.findings {
        text.push_str(&found(finding));
    }
    let _ = writeln!(text, "  {}\n", style::faint(&case.file));
    text
}

fn found(finding: &Finding) -> String {
    let at = match finding.pointer.as_str() {
        "" => String::new(),
        pointer => format!(" at {pointer}"),
    };
    let sources: Vec<String> = finding.sources.iter().map(ToString::to_string).collect();
    let sentence = |text: String| wrapped(&text, width(), 0);
    let labelled = |label: &str, text: &str| wrapped(&format!("    {label:<9} {text}"), width(), LABEL);
    let lines = [
        sentence(format!(
            "  {} {} · step {}, {}",
            style::note(finding.level.word()),
            style::strong(&finding.requirement),
            finding.step,
            finding.operation
        )),
        sentence(format!("    {}", finding.message)),
        labelled("expected", &finding.expected),
        labelled("actual", &format!("{}{at}", finding.actual)),
        labelled("source", &sources.join("; ")),
        // To be taken from the screen and run: the terminal may break this line, a blank of its own would be in the way.
        format!("    {}", style::faint(&finding.curl)),
    ];
    lines.map(|line| line + "\n").concat()
}

fn exchanged(id: &str, step: &str, exchange: &Exchange, redactor: &Redactor) -> String {
    let body = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let text = redactor.redact(text.trim_end());
        match text.char_indices().nth(2000) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text.into_owned(),
        }
    };
    format!(
        "{}\n  > {} {} {}\n  < {} {} {}\n",
        style::faint(&format!("{id} step {step}")),
        exchange.request.method,
        exchange.request.path,
        body(&exchange.request.body),
        exchange.response.status,
        body(&exchange.response.body),
        style::faint(&format!("{:.1} ms", exchange.took.as_secs_f64() * 1e3)),
    )
}

/// Findings below the gate, one line for each requirement; asked for, they were shown whole beside their cases.
fn told(findings: &BTreeMap<String, (Finding, u64)>, detail: Detail) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", style::strong("Below the gate"));
    for (requirement, (first, times)) in findings {
        let times = if *times > 1 { format!(" ({times} times)") } else { String::new() };
        let _ = writeln!(
            text,
            "  {} {requirement}{times}: {}, expected {}",
            style::note(first.level.word()),
            first.message,
            first.expected
        );
    }
    if detail < Detail::Cases {
        let _ = writeln!(text, "  {}", style::faint("-v shows them whole"));
    }
    text.push('\n');
    text
}

/// Operations that the target does not have. Cases that need them pass judgement on nothing, so this must be seen.
fn unsupported(operations: &BTreeMap<String, u64>) -> String {
    if operations.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", style::strong("The target does not have"));
    for (operation, cases) in operations {
        let cases = count(usize::try_from(*cases).unwrap_or(usize::MAX), "case");
        let _ = writeln!(text, "  {} {operation}, so {cases} could not be done", style::note("unsupported"));
    }
    text.push('\n');
    text
}

/// Every seed document with what is said of its requirements.
fn seeds(requirements: &[RequirementResult]) -> String {
    let mut by_seed: BTreeMap<&str, Vec<&RequirementResult>> = BTreeMap::new();
    for requirement in requirements.iter().filter(|requirement| !requirement.id.starts_with("response.")) {
        let mut named: Vec<&str> = requirement.sources.iter().filter_map(|source| source.seed.as_deref()).collect();
        named.sort_unstable();
        named.dedup();
        for seed in named {
            by_seed.entry(seed).or_default().push(requirement);
        }
    }
    if by_seed.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", style::strong("Documents the suite starts from"));
    for (seed, requirements) in by_seed {
        let _ = writeln!(text, "  {seed}  {}", style::faint(&verdicts(&requirements)));
        // Of a part of the suite, most requirements are skipped, and their number says enough.
        let touched = requirements.iter().any(|requirement| requirement.verdict != Verdict::Skipped);
        let shown = |requirement: &RequirementResult| {
            requirement.verdict != Verdict::Skipped || (touched && requirement.not_testable.is_some())
        };
        for requirement in requirements.into_iter().filter(|requirement| shown(requirement)) {
            let why = match &requirement.not_testable {
                Some(_) => style::faint(" not testable over REST"),
                None => String::new(),
            };
            let _ = writeln!(
                text,
                "    {} {:<8} {}{why}",
                style::verdict(requirement.verdict),
                requirement.level.word(),
                requirement.id
            );
        }
    }
    text.push('\n');
    text
}

/// All requirements, by level and verdict.
fn requirements(requirements: &[RequirementResult]) -> String {
    if requirements.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", style::strong("Requirements"));
    for level in [crate::verdict::Level::Must, crate::verdict::Level::Should, crate::verdict::Level::Observed] {
        let of_level: Vec<&RequirementResult> =
            requirements.iter().filter(|requirement| requirement.level == level).collect();
        if !of_level.is_empty() {
            let _ = writeln!(text, "  {:<9} {:>4}  {}", level.word(), of_level.len(), verdicts(&of_level));
        }
    }
    let not_testable = requirements.iter().filter(|requirement| requirement.not_testable.is_some()).count();
    if not_testable > 0 {
        let _ = writeln!(text, "  {not_testable} of them cannot be tested over REST and count as skipped");
    }
    text.push('\n');
    text
}

/// `12 pass, 1 fail` without the verdicts that nothing has.
fn verdicts(requirements: &[&RequirementResult]) -> String {
    let mut counts = Counts::default();
    requirements.iter().for_each(|requirement| counts.add(requirement.verdict));
    listed(counts)
}

fn listed(counts: Counts) -> String {
    let some = Verdict::ALL.into_iter().filter(|verdict| counts.get(*verdict) > 0);
    some.map(|verdict| format!("{} {verdict}", counts.get(verdict))).collect::<Vec<_>>().join(", ")
}

fn readings(outcome: &Outcome) -> String {
    let mut text = String::new();
    for (reading, forms) in &outcome.readings {
        let mut forms: Vec<(&String, &u64)> = forms.iter().collect();
        forms.sort_by(|left, right| right.1.cmp(left.1));
        let forms: Vec<String> = forms.into_iter().map(|(form, times)| format!("{form} ({times})")).collect();
        let _ = writeln!(text, "  {reading}: {}", forms.join(", "));
    }
    if text.is_empty() { text } else { format!("{}\n{text}\n", style::strong("Readings the target follows")) }
}

fn undocumented(seen: &BTreeMap<(String, String), u64>, detail: Detail) -> String {
    if seen.is_empty() {
        return String::new();
    }
    let shown = if detail >= Detail::Cases { seen.len() } else { 5 };
    let mut text = format!("{}\n", style::strong("Properties that no document names"));
    for (operation, pointer) in seen.keys().take(shown) {
        let _ = writeln!(text, "  {operation} {pointer}");
    }
    if seen.len() > shown {
        let _ = writeln!(text, "  {}", style::faint(&format!("and {} more; -v shows them", seen.len() - shown)));
    }
    text.push('\n');
    text
}

fn warnings(warnings: &[Warning]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", style::strong("This run proves less than it seems to"));
    for warning in warnings {
        let _ = writeln!(text, "  {} {}", style::note("warning"), warning.message);
    }
    text.push('\n');
    text
}

/// The list of known failures: what is not true of it any more, and otherwise what it excused.
fn known(summary: &KnownSummary, detail: Detail) -> String {
    let mut text = String::new();
    for entry in &summary.entries {
        let KnownEntry { line, subject, reason, .. } = entry;
        let what = match entry.standing {
            Standing::Expired => {
                let day = entry.expires.as_deref().unwrap_or_default();
                let owner = entry.owner.as_ref().map(|owner| format!("; {owner} looks after it")).unwrap_or_default();
                format!("{} its last day was {day}{owner}", style::bad("expired"))
            }
            Standing::Fixed => format!("{} it does not fail any more", style::bad("fixed")),
            Standing::Unused if detail > Detail::Quiet => {
                format!("{} nothing that ran is meant by it", style::note("unused"))
            }
            Standing::Used if detail > Detail::Quiet && entry.flaky => match entry.cases {
                0 => continue,
                cases => format!("{} {cases} repeated", style::note("flaky")),
            },
            Standing::Used if detail > Detail::Quiet => {
                format!(
                    "{} in {}",
                    style::note("known"),
                    count(usize::try_from(entry.cases).unwrap_or(usize::MAX), "case")
                )
            }
            Standing::Used | Standing::Unused | Standing::Elsewhere => continue,
        };
        let _ = writeln!(text, "  line {line} {subject}: {what} {}", style::faint(&format!("({reason})")));
    }
    let unexplained = summary.unexplained();
    if unexplained > 0 && detail > Detail::Quiet {
        let entries = if unexplained == 1 { "1 entry is".to_owned() } else { format!("{unexplained} entries are") };
        let _ = writeln!(text, "  {} {entries} not explained yet", style::note("warning"));
    }
    if text.is_empty() {
        text
    } else {
        format!("{}\n{text}\n", style::strong(&format!("Known failures ({})", summary.file)))
    }
}

fn left(left: &[Leftover]) -> String {
    if left.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", style::bad("May be left on the target"));
    for object in left {
        let database = object.database.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
        let _ = writeln!(text, "  {} {}{database}: {}", object.object.word(), object.name, object.why);
    }
    text.push_str("  `milvus-conformance sweep` tries again\n\n");
    text
}

fn last_line(outcome: &Outcome, results: &str) -> String {
    let counts = outcome.summary;
    let untrue = outcome.known.as_ref().is_some_and(KnownSummary::breaks_the_gate);
    let verdict = if counts.fail + counts.error + counts.fixed > 0 || untrue {
        style::bad("FAIL")
    } else if !outcome.complete {
        style::bad("ENDED EARLY")
    } else if counts.ran() == 0 {
        style::bad("NOTHING RAN")
    } else {
        style::good("PASS")
    };
    let seconds = Duration::from_secs_f64(outcome.duration_ms.max(0.0) / 1e3).as_secs_f64();
    format!(
        "{verdict} {}: {}; {} in {seconds:.1} s\n{} {results}\n",
        count(usize::try_from(counts.total()).unwrap_or(usize::MAX), "case"),
        listed(counts),
        count(usize::try_from(outcome.calls).unwrap_or(usize::MAX), "call"),
        style::faint("results")
    )
}
