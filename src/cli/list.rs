//! `list`: what there is.

use super::arguments::{ContractArguments, ListArguments, Listed};
use super::exit;
use super::failure::Failure;
use super::run::DEFAULT_PROFILE;
use super::style;
use super::workspace::Workspace;
use super::wrap::{width, wrapped};
use crate::engine::{Filter, Subject};
use crate::profile::Profile;
use crate::scenario::Library;
use serde_json::{Value, json};
use std::io::Write;

/// A row on the screen and as JSON.
struct Row {
    id: String,
    mark: String,
    text: String,
    json: Value,
}

pub(super) fn list(contract: &ContractArguments, arguments: &ListArguments) -> Result<u8, Failure> {
    let workspace = Workspace::load(contract)?;
    let rows = match arguments.what {
        Listed::Scenarios => scenarios(&workspace, arguments)?,
        Listed::Requirements => requirements(&workspace, arguments.profile),
        Listed::Operations => operations(&workspace, arguments.profile),
        Listed::Errors => errors(&workspace),
        Listed::Readings => readings(&workspace),
        Listed::Profiles => profiles(&workspace),
    };
    if rows.is_empty() {
        return Err(Failure::NothingToRun("nothing to list: nothing is selected".to_owned()));
    }
    let mut out = std::io::BufWriter::new(anstream::stdout().lock());
    if arguments.json {
        let rows: Vec<Value> = rows.into_iter().map(|row| row.json).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&rows).map_err(std::io::Error::from)?)?;
    } else {
        let width = width();
        for row in rows {
            let mark = if row.mark.is_empty() { String::new() } else { format!(" {}", style::faint(&row.mark)) };
            let heading = format!("{}{mark}", style::strong(&row.id));
            writeln!(out, "{}", wrapped(&heading, width, 4))?;
            writeln!(out, "{}", wrapped(&format!("    {}", row.text), width, 0))?;
        }
    }
    out.flush()?;
    Ok(exit::SUCCESS)
}

fn scenarios(workspace: &Workspace, arguments: &ListArguments) -> Result<Vec<Row>, Failure> {
    let filter = arguments.filter.as_deref().map(Filter::parse).transpose()?;
    let profile = arguments.profile.unwrap_or(DEFAULT_PROFILE);
    let library = match workspace.generated(&arguments.paths, arguments.generated, profile)? {
        Some(made) => made,
        None => workspace.selected(&arguments.paths)?,
    };
    let mut rows = Vec::new();
    let mut mistakes = Vec::new();
    for (id, source) in library.scenarios() {
        let source = source.text()?;
        let scenario = match Library::parse(&source) {
            Ok(scenario) => scenario,
            Err(mistake) => {
                mistakes.push(mistake);
                continue;
            }
        };
        let subject = Subject::of(id, &scenario, &workspace.contract);
        if filter.as_ref().is_some_and(|filter| !filter.selects(&subject))
            || arguments.profile.is_some_and(|profile| !scenario.bounds().hold_for(profile))
        {
            continue;
        }
        let needs: Vec<&str> = scenario.needs.iter().map(|need| need.value.as_str()).collect();
        let covers: Vec<&str> = scenario.covers.iter().map(|id| id.value.as_str()).collect();
        rows.push(Row {
            id: id.clone(),
            mark: if needs.is_empty() { String::new() } else { format!("needs {}", needs.join(", ")) },
            text: scenario.title.clone(),
            json: json!({
                "id": id, "title": scenario.title, "file": &*source.file, "covers": covers, "tags": scenario.tags,
                "needs": needs, "operations": subject.operations, "steps": scenario.steps.len(),
                "profiles": profiles_of(|profile| scenario.bounds().hold_for(profile)),
            }),
        });
    }
    if mistakes.is_empty() { Ok(rows) } else { Err(Failure::Mistakes(mistakes)) }
}

fn requirements(workspace: &Workspace, profile: Option<Profile>) -> Vec<Row> {
    let all = workspace.contract.requirements.values();
    all.filter(|stated| profile.is_none_or(|profile| stated.bounds.hold_for(profile)))
        .map(|stated| {
            let not_testable = if stated.not_testable.is_some() { ", not testable over REST" } else { "" };
            let operations: Vec<&str> = stated.operations.iter().map(|name| name.value.as_str()).collect();
            Row {
                id: stated.id.clone(),
                mark: format!("{}{not_testable}", stated.level),
                text: stated.statement.clone(),
                json: json!({
                    "id": stated.id, "level": stated.level, "statement": stated.statement, "operations": operations,
                    "sources": stated.sources, "automatic": stated.automatic, "not_testable": stated.not_testable,
                    "profiles": profiles_of(|profile| stated.bounds.hold_for(profile)),
                }),
            }
        })
        .collect()
}

fn operations(workspace: &Workspace, profile: Option<Profile>) -> Vec<Row> {
    let all = workspace.contract.operations.values();
    all.filter(|operation| profile.is_none_or(|profile| operation.bounds.hold_for(profile)))
        .map(|operation| Row {
            id: operation.name.clone(),
            mark: format!("{} {}", operation.file.method, operation.file.path),
            text: operation.file.summary.clone(),
            json: json!({
                "id": operation.name, "summary": operation.file.summary, "path": operation.file.path,
                "method": operation.file.method, "sources": operation.file.sources,
                "errors": operation.file.errors.iter().map(|id| id.value.as_str()).collect::<Vec<_>>(),
                "profiles": profiles_of(|profile| operation.bounds.hold_for(profile)),
            }),
        })
        .collect()
}

fn errors(workspace: &Workspace) -> Vec<Row> {
    let all = workspace.contract.failures.iter();
    all.map(|(id, failure)| {
        let codes: Vec<(&str, Value)> =
            Profile::ALL.iter().map(|profile| (profile.name(), json!(failure.codes.get(*profile)))).collect();
        let mut known: Vec<i64> =
            Profile::ALL.iter().flat_map(|profile| failure.codes.get(*profile).cloned().unwrap_or_default()).collect();
        known.sort_unstable();
        known.dedup();
        let known: Vec<String> = known.iter().map(i64::to_string).collect();
        Row {
            id: id.clone(),
            mark: known.join(" or "),
            text: failure.meaning.clone(),
            json: json!({
                "id": id, "meaning": failure.meaning, "status": failure.status, "sources": failure.sources,
                "codes": codes.into_iter().map(|(name, codes)| (name.to_owned(), codes)).collect::<serde_json::Map<_, _>>(),
            }),
        }
    })
    .collect()
}

fn readings(workspace: &Workspace) -> Vec<Row> {
    let all = workspace.contract.readings.iter();
    all.map(|(id, reading)| {
        let forms: Vec<&str> = reading.forms.iter().map(|form| form.id.as_str()).collect();
        Row {
            id: id.clone(),
            mark: forms.join(" or "),
            text: reading.about.clone(),
            json: json!({
                "id": id, "about": reading.about,
                "forms": reading.forms.iter().map(|form| json!({
                    "id": form.id, "value": form.value.to_string(), "sources": form.sources,
                })).collect::<Vec<_>>(),
            }),
        }
    })
    .collect()
}

fn profiles(workspace: &Workspace) -> Vec<Row> {
    let all = workspace.contract.profiles.iter();
    all.map(|(profile, facts)| Row {
        id: profile.name().to_owned(),
        mark: format!("{} operations", workspace.contract.operations_of(*profile).count()),
        text: facts.title.clone(),
        json: json!({
            "id": profile.name(), "title": facts.title, "capabilities": facts.capabilities, "limits": facts.limits,
            "operations": workspace.contract.operations_of(*profile).map(|operation| operation.name.as_str())
                .collect::<Vec<_>>(),
        }),
    })
    .collect()
}

fn profiles_of(holds: impl Fn(Profile) -> bool) -> Vec<&'static str> {
    Profile::ALL.into_iter().filter(|profile| holds(*profile)).map(Profile::name).collect()
}
