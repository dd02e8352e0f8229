//! `snapshot diff`: what is answered otherwise than before.

use crate::cli::arguments::{ContractArguments, SnapshotDiffArguments};
use crate::cli::exit;
use crate::cli::failure::{Failure, count};
use crate::cli::files;
use crate::cli::style;
use crate::cli::workspace::Workspace;
use crate::cli::wrap::{width, wrapped};
use crate::contract::Bounds;
use crate::profile::Profile;
use crate::regression::{Announced, Change, Place, Regression, Side, markdown, of_runs, of_snapshots};
use crate::results::Results;
use crate::scenario::Library;
use crate::snapshot::{Set, Snapshot};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

pub(super) fn diff(contract: &ContractArguments, arguments: &SnapshotDiffArguments) -> Result<u8, Failure> {
    let workspace = Workspace::load(contract)?;
    let names = [&arguments.before, &arguments.now].map(|path| path.display().to_string());
    let found = match [Source::load(&arguments.before)?, Source::load(&arguments.now)?] {
        [Source::Set(before), Source::Set(after)] => sets(&workspace, &names, [&before, &after])?,
        [Source::Run(before), Source::Run(after)] => vec![runs(&workspace, &names, [&before, &after])?],
        _ => {
            let why = "compare two folders of snapshots, or two results files, but not one with the other";
            return Err(Failure::Usage(why.to_owned()));
        }
    };
    let ending = arguments.output.as_ref().and_then(|path| path.extension()).and_then(|end| end.to_str());
    let text = match ending {
        _ if arguments.json => as_json(&found)?,
        _ if arguments.markdown => found.iter().map(markdown).collect::<Vec<_>>().join("\n"),
        Some("json") => as_json(&found)?,
        Some("md") => found.iter().map(markdown).collect::<Vec<_>>().join("\n"),
        Some(_) if arguments.output.is_some() => {
            return Err(Failure::Usage(
                "the ending of --output is .md or .json, or say --markdown or --json".to_owned(),
            ));
        }
        _ => found.iter().map(|regression| text(regression, arguments.verbose)).collect::<Vec<_>>().join("\n"),
    };
    match &arguments.output {
        None => anstream::stdout().lock().write_all(text.as_bytes())?,
        Some(path) => super::write(path, &anstream::adapter::strip_str(&text).to_string())?,
    }
    Ok(if found.iter().all(Regression::is_harmless) { exit::SUCCESS } else { exit::FINDINGS })
}

/// One of the two things to compare.
enum Source {
    Set(Set),
    Run(Box<Results>),
}

impl Source {
    fn load(path: &Path) -> Result<Self, Failure> {
        if path.is_file() {
            return Ok(Source::Run(Box::new(files::results(path)?)));
        }
        let set = Set::load(path).map_err(|error| Failure::Usage(error.to_string()))?;
        if set.snapshots.is_empty() {
            return Err(Failure::Usage(format!("there are no snapshots in {}", path.display())));
        }
        Ok(Source::Set(set))
    }
}

/// Compares what two sets have of the same profile; two sets of one profile each are compared whatever these are.
fn sets(workspace: &Workspace, names: &[String; 2], sets: [&Set; 2]) -> Result<Vec<Regression>, Failure> {
    let profiles = sets.map(Set::profiles);
    let pairs: Vec<(Profile, Profile)> = match [profiles[0].as_slice(), profiles[1].as_slice()] {
        [[one], [other]] => vec![(*one, *other)],
        [ones, others] => {
            let all = ones.iter().filter(|profile| others.contains(profile));
            all.map(|profile| (*profile, *profile)).collect()
        }
    };
    if pairs.is_empty() {
        let why = "the two have no profile in common; name the folder of one profile each, such as old/milvus-2.5";
        return Err(Failure::Usage(why.to_owned()));
    }
    let bounds = bounds(workspace)?;
    let mut found = Vec::new();
    for (from, to) in pairs {
        let of = |set: &Set, profile: Profile| -> BTreeMap<String, Snapshot> {
            let all = set.snapshots.iter().filter(|((its, _), _)| *its == profile);
            all.map(|((_, id), snapshot)| (id.clone(), snapshot.clone())).collect()
        };
        let (before, after) = (of(sets[0], from), of(sets[1], to));
        let sides = sides(names, from, to);
        let old = workspace.contract.compile(from).map_err(Failure::Mistakes)?;
        let announced = announced(workspace, from, to)?;
        let regression = of_snapshots(sides, [&before, &after], &old, &announced, &is_for(&bounds));
        found.push(regression.map_err(Failure::Usage)?);
    }
    Ok(found)
}

fn runs(workspace: &Workspace, names: &[String; 2], runs: [&Results; 2]) -> Result<Regression, Failure> {
    let (from, to) = (runs[0].head.profile, runs[1].head.profile);
    let bounds = bounds(workspace)?;
    let announced = announced(workspace, from, to)?;
    Ok(of_runs(sides(names, from, to), runs, &announced, &is_for(&bounds)))
}

fn sides([from, to]: &[String; 2], one: Profile, other: Profile) -> [Side; 2] {
    [Side { name: from.clone(), profile: one }, Side { name: to.clone(), profile: other }]
}

/// For which profiles each scenario of the contract is.
fn bounds(workspace: &Workspace) -> Result<BTreeMap<String, Bounds>, Failure> {
    let mut bounds = BTreeMap::new();
    for (id, source) in workspace.library.scenarios() {
        let scenario = Library::parse(&source.text()?).map_err(|mistake| Failure::Mistakes(vec![mistake]))?;
        bounds.insert(id.clone(), scenario.bounds());
    }
    Ok(bounds)
}

fn is_for(bounds: &BTreeMap<String, Bounds>) -> impl Fn(&str, &Side) -> bool {
    |id, side| bounds.get(id).is_none_or(|bounds| bounds.hold_for(side.profile))
}

fn announced(workspace: &Workspace, from: Profile, to: Profile) -> Result<Vec<Announced>, Failure> {
    super::super::announced::announced(&workspace.contract, from, to)
}

fn as_json(found: &[Regression]) -> Result<String, Failure> {
    let all: Vec<Value> = found
        .iter()
        .map(|regression| {
            let mut value = serde_json::to_value(regression)?;
            value["summary"] = serde_json::to_value(regression.tally())?;
            Ok(value)
        })
        .collect::<Result<_, serde_json::Error>>()
        .map_err(std::io::Error::from)?;
    let text = serde_json::to_string_pretty(&json!({"comparisons": all})).map_err(std::io::Error::from)?;
    Ok(text + "\n")
}

/// How far in a line goes on that is longer than the screen is wide.
const HANG: usize = 2;

fn text(regression: &Regression, verbose: bool) -> String {
    let mut text = String::new();
    for changes in regression.by_operation() {
        let operation = changes.first().map(|change| change.operation.as_str()).unwrap_or_default();
        let _ = writeln!(text, "{}", style::strong(if operation.is_empty() { "readings" } else { operation }));
        changes.iter().for_each(|change| text.push_str(&one(change, verbose)));
        text.push('\n');
    }
    if !regression.scenarios.is_empty() {
        let _ = writeln!(text, "{}", style::strong("scenarios"));
        for scenario in &regression.scenarios {
            let mark = match (&scenario.announced, scenario.breaking) {
                (Some(why), _) => style::good(&format!("announced: {why}")),
                (None, true) => style::bad("breaking"),
                (None, false) => style::note("unexplained"),
            };
            let ends = if scenario.before.is_empty() || scenario.after.is_empty() {
                String::new()
            } else {
                format!(": {} → {}", scenario.before, scenario.after)
            };
            let lines = format!("  {} {}{ends}\n      {mark}\n", scenario.kind.sign(), scenario.scenario);
            text.push_str(&wrapped(&lines, width(), HANG));
        }
        text.push('\n');
    }
    if !regression.asked_otherwise.is_empty() {
        let calls = count(regression.asked_otherwise.len(), "call");
        let _ = writeln!(text, "{}", style::faint(&format!("asked otherwise on the two sides: {calls}")));
    }
    let tally = regression.tally();
    let (from, to) = (&regression.from, &regression.to);
    let last = format!(
        "{} ({}) → {} ({}): {}, {}, {} announced, {}; {} of {} compared are the same\n",
        from.name,
        from.profile,
        to.name,
        to.profile,
        count(tally.changes, "change"),
        marked(tally.breaking, "breaking", style::bad),
        tally.announced,
        marked(tally.unexplained, "unexplained", style::note),
        regression.same,
        regression.compared
    );
    text + &wrapped(&last, width(), HANG)
}

fn marked(number: usize, word: &str, paint: fn(&str) -> String) -> String {
    let text = format!("{number} {word}");
    if number == 0 { text } else { paint(&text) }
}

fn one(change: &Change, verbose: bool) -> String {
    let what = format!("{} {}", change.part.word(), change.at);
    let values = match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{} → {}", short(before), short(after)),
        (Some(value), None) | (None, Some(value)) => short(value),
        (None, None) => String::new(),
    };
    let marks: Vec<String> = change
        .marks()
        .into_iter()
        .map(|mark| match mark {
            "breaking" => style::bad(mark),
            "announced" => style::good(mark),
            other => style::note(other),
        })
        .collect();
    let reasons: Vec<&str> = change.reasons().collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) };
    let mut text = format!(
        "  {} {}  {values}\n      {}{reasons}\n      {}\n",
        change.kind.sign(),
        what.trim_end(),
        marks.join(", "),
        style::faint(&places(&change.places))
    );
    text = wrapped(&text, width(), HANG);
    if verbose {
        change.text.lines().for_each(|line| {
            let _ = writeln!(text, "      {line}");
        });
    }
    text
}

fn places(places: &[Place]) -> String {
    let shown = places.iter().take(2).map(|place| match place.step.as_str() {
        "" => place.scenario.clone(),
        step => format!("{} step {step}", place.scenario),
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    if places.len() > 2 { format!("{shown} and {} more", places.len() - 2) } else { shown }
}

fn short(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(120) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
