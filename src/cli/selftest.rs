//! `selftest`: whether every check can fail.

use super::arguments::{ContractArguments, SelftestArguments};
use super::failure::{Failure, count};
use super::workspace::Workspace;
use super::{exit, style};
use crate::contract::Contract;
use crate::profile::Profile;
use crate::reference::mutant::{Kind, Mutant};
use crate::selftest::{Choice, Fate, HOMES, Matrix, Outcome, Suite, SuiteError, Tally, applies, dummies, kill};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

impl From<SuiteError> for Failure {
    fn from(error: SuiteError) -> Self {
        match error {
            SuiteError::Mistakes(mistakes) => Failure::Mistakes(mistakes),
            SuiteError::Plan(error) => error.into(),
            error @ SuiteError::Reference { .. } => Failure::Broken(error.to_string()),
        }
    }
}

pub(super) fn selftest(contract: &ContractArguments, arguments: &SelftestArguments) -> Result<u8, Failure> {
    let started = Instant::now();
    let workspace = Workspace::load(contract)?;
    let contract = &workspace.contract;
    let choice = Choice { filter: arguments.filter.clone(), sample: arguments.sample, seed: arguments.seed };
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::Broken(format!("cannot start the runtime: {error}")))?;
    let catalogue = choice.of(Mutant::catalogue(contract));
    let (matrix, cases) = match arguments.profile {
        Some(profile) => runtime.block_on(in_one(contract, profile, catalogue, choice.is_all()))?,
        None => runtime.block_on(everywhere(contract, catalogue, choice.is_all()))?,
    };
    let mut out = std::io::BufWriter::new(anstream::stdout().lock());
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&matrix).map_err(std::io::Error::from)?)?;
    } else {
        write!(out, "{}", text(&matrix, cases, started.elapsed(), arguments.verbose))?;
    }
    out.flush()?;
    Ok(if matrix.problems.is_empty() { exit::SUCCESS } else { exit::FINDINGS })
}

/// Runs the mutants that apply to one profile there, and says what it can of the profile's requirements.
async fn in_one(
    contract: &Arc<Contract>,
    profile: Profile,
    mut mutants: Vec<Mutant>,
    all: bool,
) -> Result<(Matrix, usize), Failure> {
    let suite = Arc::new(Suite::new(contract, profile).await?);
    mutants.retain(|mutant| applies(contract, profile, mutant) && mutant.trips.iter().all(|id| suite.tries(id)));
    if mutants.is_empty() {
        return Err(Failure::NothingToRun("no mutant fits".to_owned()));
    }
    let fates = killed(&suite, mutants).await?;
    let dummies = if all { dummies(&suite).await } else { Vec::new() };
    let demanded = |id: &str| {
        let holds = contract.requirements.get(id).is_some_and(|one| one.bounds.hold_for(profile));
        all && holds && suite.tries(id)
    };
    Ok((Matrix::new(&[profile], contract, &fates, dummies, demanded), suite.size()))
}

/// Runs each mutant in the first profile that it applies to, so that something is said of every requirement.
async fn everywhere(contract: &Arc<Contract>, mut left: Vec<Mutant>, all: bool) -> Result<(Matrix, usize), Failure> {
    if left.is_empty() {
        return Err(Failure::NothingToRun("no mutant fits".to_owned()));
    }
    let (mut fates, mut told, mut profiles, mut cases) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for profile in HOMES {
        let (mutants, others) = left.into_iter().partition(|mutant| applies(contract, profile, mutant));
        left = others;
        if mutants.is_empty() && !all {
            continue;
        }
        let suite = Arc::new(Suite::new(contract, profile).await?);
        profiles.push(profile);
        cases += suite.size();
        fates.extend(killed(&suite, mutants).await?);
        if all {
            told.extend(dummies(&suite).await);
        }
    }
    let holds = |id: &str| HOMES.iter().any(|home| contract.requirements[id].bounds.hold_for(*home));
    let mut matrix = Matrix::new(&profiles, contract, &fates, told, |id| all && holds(id));
    matrix.homeless(&left);
    Ok((matrix, cases))
}

async fn killed(suite: &Arc<Suite>, mutants: Vec<Mutant>) -> Result<Vec<Fate>, Failure> {
    let bar = bar(mutants.len());
    let done = bar.clone();
    let fates = kill(suite, mutants, move || done.inc(1)).await?;
    bar.finish_and_clear();
    Ok(fates)
}

/// Indicatif hides it by itself when standard error is no terminal.
fn bar(mutants: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(mutants as u64), ProgressDrawTarget::stderr_with_hz(5));
    let style = ProgressStyle::with_template("{bar:24} {pos}/{len} mutants {elapsed:>4}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn text(matrix: &Matrix, cases: usize, took: Duration, verbose: bool) -> String {
    let total = matrix.total();
    let profiles: Vec<String> = matrix.profiles.iter().map(ToString::to_string).collect();
    let mut text = format!(
        "{} against {} of the reference target of {}\n\n",
        count(cases, "case"),
        count(matrix.mutants.len(), "mutant"),
        profiles.join(", ")
    );
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        text,
        "{}",
        style::strong(&format!(
            "{:<12} {:>8} {:>8} {:>12} {:>9} {:>6}",
            "kind", "mutants", "killed", "errors only", "survived", "idle"
        ))
    );
    let row = |name: &str, tally: &Tally| {
        let Tally { mutants, killed, errors_only, survived, idle } = tally;
        format!("{name:<12} {mutants:>8} {killed:>8} {errors_only:>12} {survived:>9} {idle:>6}\n")
    };
    for kind in Kind::ALL {
        if let Some(tally) = matrix.kinds.get(kind.word()) {
            text.push_str(&row(kind.word(), tally));
        }
    }
    text.push_str(&row("all", &total));
    text.push('\n');
    text.push_str(&requirements(matrix, verbose));
    text.push_str(&explained(matrix, verbose));
    if !matrix.dummies.is_empty() {
        let _ = writeln!(text, "{}", style::strong("Servers that say the same to everything"));
        for dummy in &matrix.dummies {
            let verdicts: Vec<String> =
                dummy.verdicts.iter().map(|(verdict, cases)| format!("{cases} {verdict}")).collect();
            let _ = writeln!(
                text,
                "  {:<12} {:<8} {:<27} {} of {} pass: {}",
                dummy.profile,
                dummy.id,
                dummy.about,
                dummy.passed.len(),
                count(dummy.cases, "case"),
                verdicts.join(", ")
            );
        }
        text.push('\n');
    }
    for problem in &matrix.problems {
        let _ = writeln!(text, "{} {}: {}", style::bad("problem"), problem.id, problem.problem);
    }
    let verdict = match matrix.problems.len() {
        0 => style::good("PASS"),
        _ => style::bad("FAIL"),
    };
    let _ = writeln!(
        text,
        "{verdict} {} killed, {}; {:.1} s",
        count(usize::try_from(total.killed).unwrap_or(usize::MAX), "mutant"),
        count(matrix.problems.len(), "problem"),
        took.as_secs_f64()
    );
    text
}

/// The kill matrix, condensed: requirements by group, or each of them, with the number of mutants that trip them.
fn requirements(matrix: &Matrix, verbose: bool) -> String {
    let mut text = format!("{}\n", style::strong("Requirements, and the mutants that trip them"));
    if verbose {
        for line in &matrix.requirements {
            let why = line.why.map(|why| style::faint(&format!(" ({why})"))).unwrap_or_default();
            let _ = writeln!(text, "  {:>5} {}{why}", line.mutants, line.id);
        }
    } else {
        let mut groups: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for line in &matrix.requirements {
            groups.entry(line.id.split('.').next().unwrap_or_default()).or_default().push(line.mutants);
        }
        for (group, mutants) in groups {
            let tripped = mutants.iter().filter(|mutants| **mutants > 0).count();
            let (least, most) = (mutants.iter().min().unwrap_or(&0), mutants.iter().max().unwrap_or(&0));
            let _ = writeln!(
                text,
                "  {group:<18} {tripped:>4} of {:>4} tripped, by {least} to {most} mutants",
                mutants.len()
            );
        }
        let _ = writeln!(text, "  {}", style::faint("-v shows them one by one, --json every mutant"));
    }
    text.push('\n');
    text
}

/// What was not killed, by the reason.
fn explained(matrix: &Matrix, verbose: bool) -> String {
    let mut reasons: BTreeMap<(Outcome, &str), Vec<&str>> = BTreeMap::new();
    for line in &matrix.mutants {
        if let Some(why) = line.why {
            reasons.entry((line.outcome, why)).or_default().push(&line.id);
        }
    }
    if reasons.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", style::strong("Not killed, and why that is right"));
    for ((outcome, why), ids) in reasons {
        let what = match outcome {
            Outcome::Killed => "killed",
            Outcome::ErrorsOnly => "end cases in errors only",
            Outcome::Survived => "survive",
            Outcome::Idle => "never strike",
        };
        let _ = writeln!(text, "  {:>4} {what}: {why}", ids.len());
        if verbose {
            let _ = writeln!(text, "       {}", style::faint(&ids.join(", ")));
        }
    }
    text.push('\n');
    text
}
